//! A remark as a compiler would print it: the place, the line of the source, carets, and what
//! there is to know below.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::super::read::Lines;
use super::remark::{Gravity, Remark, counterexample, following, hint, repair};
use super::text::Style;
use super::words::{lines as in_words, wrapped};

/// So much of a line is handed to the renderer on each side of what is wrong; it cuts to the
/// width by itself.
const MAX_LINE: usize = 2000;
/// What stands beside the carets under a line, at most.
const BESIDE_CARETS: usize = 20;
/// A statement on more lines shows its first one.
const MAX_LINES: usize = 6;
/// A longer excerpt shows its first lines.
const MAX_EXCERPT: usize = 1000;
/// What stands before a message: `   = note: `, for line numbers of up to four digits.
const MESSAGE_INDENT: usize = 14;

/// The remark with a picture of its place; `also` are the other lines that it is true of.
pub(super) fn picture(
    remark: &Remark<'_>,
    also: &[usize],
    source: &str,
    lines: &Lines<'_>,
    name: &str,
    style: Style,
) -> String {
    let facts = remark.topic.facts();
    let level = match facts.gravity {
        Gravity::Error => Level::ERROR,
        Gravity::Warning => Level::WARNING,
        Gravity::Note => Level::NOTE,
    };
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    let room = style.width.saturating_sub(facts.word.len() + 2);
    let message = wrapped(&remark.message, room).join("\n");
    let group = level.with_name(facts.word).primary_title(message);
    let mut group = excerpt(Group::with_title(group), remark, source, lines, name, style);
    let also = (!also.is_empty()).then(|| format!("the same holds of {}", in_words(also)));
    let also = also.map(|text| (Level::NOTE, text));
    for (level, text) in below(remark, lines, style.hint).into_iter().chain(also) {
        let text = wrapped(&text, style.width - MESSAGE_INDENT).join("\n");
        group = group.element(level.message(text));
    }
    renderer.term_width(style.width).render(&[group])
}

/// The lines of the source with carets: under what is to be changed, if a change is known, and
/// dashes under the rest of the statement.
fn excerpt<'a>(
    group: Group<'a>,
    remark: &Remark<'_>,
    source: &'a str,
    lines: &Lines<'_>,
    name: &'a str,
    style: Style,
) -> Group<'a> {
    let carets = style.width - BESIDE_CARETS;
    let whole = trimmed(source, &remark.source);
    let window = window(source, &whole);
    let (begin, place) = (lines.place(window.start), lines.place(whole.start));
    let origin = || Origin::path(name).line(place.line).char_column(place.column);
    let Some(shown) = source.get(window.clone()).filter(|shown| !shown.trim().is_empty()) else {
        return group.element(origin());
    };
    let inside = |range: &Range<usize>| {
        let clip = |at: usize| boundary(source, at.clamp(window.start, window.end)) - window.start;
        clip(range.start)..clip(range.end)
    };
    let mut snippet = Snippet::source(shown).line_start(begin.line).fold(true);
    // Of a part of a line, the renderer cannot know the column.
    let group = match begin.column {
        1 => {
            snippet = snippet.path(name);
            group
        }
        _ => group.element(origin()),
    };
    let change = remark.repair.filter(|_| !style.hint).map(|r| trimmed(source, &r.source));
    let change =
        change.filter(|at| *at != whole && window.start <= at.start && at.end <= window.end);
    let primary = |range| AnnotationKind::Primary.span(inside(&range));
    match change {
        Some(change) => {
            snippet = snippet.annotation(primary(shown_part(source, carets, &change)));
            // What is too wide for the picture would push the change out of it.
            if shown_part(source, carets, &whole) == whole {
                snippet = snippet.annotation(AnnotationKind::Context.span(inside(&whole)));
            }
        }
        None => snippet = snippet.annotation(primary(shown_part(source, carets, &whole))),
    }
    group.element(snippet)
}

/// What is said below the picture, in the order of its use.
fn below(remark: &Remark<'_>, lines: &Lines<'_>, hinted: bool) -> Vec<(Level<'static>, String)> {
    let mut all = Vec::new();
    if let Some(found) = remark.counterexample {
        all.push((Level::NOTE, counterexample(found)));
    }
    if hinted {
        // What kind of slip it is, and the way on, without the answer.
        if let Some(slip) = remark.repair.and_then(|repair| repair.slip) {
            all.push((Level::NOTE, format!("look for {}", slip.says())));
        }
        all.extend(remark.hint.map(|found| (Level::HELP, hint(found))));
    } else if let Some(found) = remark.repair {
        let mut text = repair(found, str::to_string);
        let line = lines.place(found.source.start).line;
        if line != lines.place(remark.source.start).line {
            text.push_str(&format!(" (line {line})"));
        }
        all.push((Level::HELP, text));
    }
    if let Some(text) = following(&remark.following) {
        all.push((Level::NOTE, text));
    }
    all
}

/// Whole lines around a range where they are short, or else its neighbourhood.
fn window(source: &str, range: &Range<usize>) -> Range<usize> {
    let start = boundary(source, range.start);
    let end = boundary(source, range.end.min(start + MAX_EXCERPT)).max(start);
    let near = boundary(source, start.saturating_sub(MAX_LINE));
    let from = source[near..start].rfind('\n').map_or(near, |at| near + at + 1);
    let far = boundary(source, end.saturating_add(MAX_LINE));
    let to = source[end..far].find('\n').map_or(far, |at| end + at);
    from..to
}

/// As much of a range as the picture has room for: a few whole lines, or a part of the first.
fn shown_part(source: &str, carets: usize, range: &Range<usize>) -> Range<usize> {
    let text = source.get(range.clone()).unwrap_or_default();
    let few = text.lines().count() <= MAX_LINES;
    if few && text.lines().all(|line| line.width() <= carets) {
        return range.clone();
    }
    let mut width = 0;
    let end = text.char_indices().find(|(_, c)| {
        width += c.width().unwrap_or(0);
        width > carets || *c == '\n'
    });
    let end = end.map_or(text.len(), |(at, _)| at);
    range.start..range.start + text[..end].trim_end().len()
}

/// A range without the space at its ends, so that no caret stands under nothing.
fn trimmed(source: &str, range: &Range<usize>) -> Range<usize> {
    let start = boundary(source, range.start);
    let end = boundary(source, range.end).max(start);
    let text = &source[start..end];
    let from = start + (text.len() - text.trim_start().len());
    from..from.max(start + text.trim_end().len())
}

fn boundary(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}
