//! Lines of text with tones. In: a `pretty` document and a width, or pieces to put beside each
//! other. Out: lines whose widths are known, then a string, with or without colour. What holds:
//! no line ends in a space.

use std::convert::Infallible;

use pretty::{Arena, DocBuilder, Render, RenderAnnotated};
use unicode_width::UnicodeWidthStr;

/// How a piece of text looks where there is colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    /// Reasons and numbers.
    Dim,
    /// Headings, and words with stress.
    Bold,
    /// Names and commands.
    Code,
}

impl Tone {
    fn escape(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Dim => "\u{1b}[2m",
            Tone::Bold => "\u{1b}[1m",
            Tone::Code => "\u{1b}[36m",
        }
    }
}

const RESET: &str = "\u{1b}[0m";

/// One line: pieces with their tones.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pieces: Vec<(Tone, String)>,
    width: usize,
}

impl Line {
    /// A line of one piece.
    pub(super) fn of(tone: Tone, text: &str) -> Line {
        let mut line = Line::default();
        line.push(tone, text);
        line
    }

    /// How many columns it takes.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Puts a piece at the end. One space between two pieces of the same tone takes that tone.
    pub(super) fn push(&mut self, tone: Tone, text: &str) {
        if text.is_empty() {
            return;
        }
        self.width += text.width();
        match &mut self.pieces[..] {
            [.., (last, piece)] if *last == tone => piece.push_str(text),
            [.., (before, piece), (Tone::Plain, space)] if *before == tone && space == " " => {
                piece.push(' ');
                piece.push_str(text);
                self.pieces.pop();
            }
            _ => self.pieces.push((tone, text.to_string())),
        }
    }

    /// Puts another line at the end.
    pub(super) fn append(&mut self, other: &Line) {
        for (tone, text) in &other.pieces {
            self.push(*tone, text);
        }
    }

    /// Fills with spaces up to a column.
    pub(super) fn pad_to(&mut self, column: usize) {
        let missing = column.saturating_sub(self.width);
        self.push(Tone::Plain, &" ".repeat(missing));
    }

    /// Writes the line and its end.
    pub(super) fn write(&self, colour: bool, out: &mut String) {
        let kept = out.len();
        for (tone, text) in &self.pieces {
            if colour && *tone != Tone::Plain && !text.trim().is_empty() {
                out.push_str(tone.escape());
                out.push_str(text);
                out.push_str(RESET);
            } else {
                out.push_str(text);
            }
        }
        let length = out[kept..].trim_end_matches(' ').len();
        out.truncate(kept + length);
        out.push('\n');
    }
}

/// Lays a document out in lines of at most `width` columns, where its words allow it.
pub(super) fn lay_out<'a>(doc: DocBuilder<'a, Arena<'a, Tone>, Tone>, width: usize) -> Vec<Line> {
    let mut lines = Lines { done: vec![Line::default()], tones: Vec::new() };
    match doc.1.render_raw(width, &mut lines) {
        Ok(()) => lines.done,
        Err(never) => match never {},
    }
}

struct Lines {
    done: Vec<Line>,
    tones: Vec<Tone>,
}

impl Render for Lines {
    type Error = Infallible;

    fn write_str(&mut self, text: &str) -> Result<usize, Infallible> {
        let tone = self.tones.last().copied().unwrap_or(Tone::Plain);
        for (at, piece) in text.split('\n').enumerate() {
            if at > 0 {
                self.done.push(Line::default());
            }
            if let Some(line) = self.done.last_mut() {
                line.push(tone, piece);
            }
        }
        Ok(text.len())
    }

    fn fail_doc(&self) -> Infallible {
        unreachable!("no document here holds Doc::Fail")
    }
}

impl<'a> RenderAnnotated<'a, Tone> for Lines {
    fn push_annotation(&mut self, tone: &'a Tone) -> Result<(), Infallible> {
        self.tones.push(*tone);
        Ok(())
    }

    fn pop_annotation(&mut self) -> Result<(), Infallible> {
        self.tones.pop();
        Ok(())
    }
}
