//! Running text. In: words, formulas and references. Out: a `pretty` document that fills lines;
//! formulas stay whole where a line can hold them.

use pretty::{Arena, DocAllocator, DocBuilder};
use unicode_width::UnicodeWidthStr;

use super::formula::Formula;
use super::line::{Line, Tone, lay_out};
use crate::page::Inline;
use crate::spell;

/// What a run of text is made of, once it is cut at its spaces.
enum Part {
    Space,
    Text(Tone, String),
    Formula(Formula),
}

/// Running text, cut into what may not be broken and the spaces between.
pub(super) struct Flow {
    parts: Vec<Part>,
}

impl Flow {
    /// Cuts `inlines` up. Plain words get `tone`.
    pub(super) fn new(inlines: &[Inline], unicode: bool, tone: Tone) -> Flow {
        let mut flow = Flow { parts: Vec::new() };
        for inline in inlines {
            match inline {
                Inline::Words(text) => flow.words(text, unicode, tone),
                Inline::Strong(text) => flow.words(text, unicode, Tone::Bold),
                Inline::Math(math) => flow.parts.push(Part::Formula(Formula::new(math, unicode))),
                Inline::Reference(label) => {
                    flow.parts.push(Part::Text(tone, format!("({label})")));
                }
                Inline::Code(text) => {
                    let code = spell::words(text, unicode);
                    flow.words(&format!("`{code}`"), unicode, Tone::Code);
                }
            }
        }
        while matches!(flow.parts.last(), Some(Part::Space)) {
            flow.parts.pop();
        }
        flow
    }

    fn words(&mut self, text: &str, unicode: bool, tone: Tone) {
        let text = spell::words(text, unicode);
        for (at, word) in text.split(' ').enumerate() {
            if at > 0 && !matches!(self.parts.last(), None | Some(Part::Space)) {
                self.parts.push(Part::Space);
            }
            if !word.is_empty() {
                self.parts.push(Part::Text(tone, word.to_string()));
            }
        }
    }

    /// Whether there is nothing to read.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// How many columns the whole takes on one line.
    pub(super) fn width(&self) -> usize {
        self.parts.iter().map(Part::width).sum()
    }

    /// How many columns its widest unbreakable piece takes.
    pub(super) fn narrowest(&self) -> usize {
        let (mut widest, mut run) = (0, 0);
        for part in &self.parts {
            match part {
                Part::Space => run = 0,
                part => run += part.width(),
            }
            widest = widest.max(run);
        }
        widest
    }

    /// The lines, each at most `width` columns wide. Formulas get `tone`, too.
    pub(super) fn lines(&self, width: usize, tone: Tone) -> Vec<Line> {
        let arena = Arena::new();
        lay_out(self.doc(&arena, tone), width)
    }

    fn doc<'a>(
        &'a self,
        arena: &'a Arena<'a, Tone>,
        tone: Tone,
    ) -> DocBuilder<'a, Arena<'a, Tone>, Tone> {
        let mut done = arena.nil();
        // What stands together without a space, and whether a space is before it.
        let (mut run, mut spaced) = (arena.nil(), false);
        for part in &self.parts {
            run = match part {
                Part::Space => {
                    let run = std::mem::replace(&mut run, arena.nil());
                    done = done.append(joined(arena, run, spaced));
                    spaced = true;
                    continue;
                }
                Part::Text(tone, text) => run.append(arena.text(&text[..]).annotate(*tone)),
                Part::Formula(formula) => run.append(formula.doc(arena).nest(2).annotate(tone)),
            };
        }
        done.append(joined(arena, run, spaced))
    }
}

fn joined<'a>(
    arena: &'a Arena<'a, Tone>,
    run: DocBuilder<'a, Arena<'a, Tone>, Tone>,
    spaced: bool,
) -> DocBuilder<'a, Arena<'a, Tone>, Tone> {
    if spaced { arena.line().append(run).group() } else { run }
}

impl Part {
    fn width(&self) -> usize {
        match self {
            Part::Space => 1,
            Part::Text(_, text) => text.width(),
            Part::Formula(formula) => formula.width(),
        }
    }
}
