//! A formula as rows: what stands between two `\\`, inside and outside of its environments. A
//! line that begins with an operator goes on with the row before.

use super::lex::Tok;
use super::symbols;
use super::tokens::{Matched, is_space};

/// A stretch of tokens that is one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub from: usize,
    pub to: usize,
}

/// The rows of a formula, in order, none empty.
pub(super) fn split(matched: &Matched) -> Vec<Stretch> {
    let mut lines = Vec::new();
    let end = matched.tokens.len();
    lines_of(matched, 0, end, &mut lines);
    joined(matched, lines)
}

/// Collects the lines between `from` and `to`. An environment of rows ends the line before it;
/// its nesting is bounded by that of the brackets.
fn lines_of(matched: &Matched, from: usize, to: usize, out: &mut Vec<Stretch>) {
    let (mut start, mut i) = (from, from);
    let close = |start: usize, i: usize, out: &mut Vec<Stretch>| {
        let tokens = &matched.tokens[start..i];
        if tokens.iter().any(|t| !is_space(t.tok)) {
            out.push(Stretch { from: start, to: i });
        }
    };
    while i < to {
        let token = &matched.tokens[i];
        let next = matched.past(i);
        match token.tok {
            Tok::Break | Tok::Aside(_) => {
                close(start, i, out);
                if token.tok != Tok::Break {
                    out.push(Stretch { from: i, to: i + 1 });
                }
                start = i + 1;
            }
            Tok::Begin(name) if symbols::holds_rows(name) && !goes_on(matched, start, i) => {
                close(start, i, out);
                lines_of(matched, i + 1, next - 1, out);
                start = next;
            }
            // Braces or a single large brace around nothing but rows.
            Tok::Open | Tok::Fence(true, _)
                if opens_rows(matched, i, next) && blank(matched, start, i) =>
            {
                close(start, i, out);
                lines_of(matched, i + 2, next - 2, out);
                start = next;
            }
            _ => {}
        }
        i = next;
    }
    close(start, to, out);
}

fn blank(matched: &Matched, from: usize, to: usize) -> bool {
    matched.tokens[from..to]
        .iter()
        .all(|t| matches!(t.tok, Tok::Amp | Tok::Wide | Tok::Command("boxed")))
}

/// Whether the line up to the environment at `at` ends in a relation or an operator, so that the
/// environment is a part of its formula.
fn goes_on(matched: &Matched, start: usize, at: usize) -> bool {
    let last = matched.tokens[start..at].iter().rev().find(|t| !is_space(t.tok));
    last.is_some_and(|t| relates(t.tok) || operates(t.tok) || t.tok == Tok::Sign('-'))
}

fn opens_rows(matched: &Matched, open: usize, next: usize) -> bool {
    let inner = open + 1;
    match matched.tokens.get(inner).map(|t| t.tok) {
        Some(Tok::Begin(name)) => {
            symbols::holds_rows(name) && matched.past(inner) + 1 == next
                || matches!(matched.tokens[open].tok, Tok::Fence(true, '⦃'))
                    && name == "array"
                    && matched.past(inner) + 1 == next
        }
        _ => false,
    }
}

pub(super) fn relates(tok: Tok) -> bool {
    match tok {
        Tok::Sign(c) => symbols::relation_sign(c).is_some(),
        Tok::Command(c) => symbols::relation(c).is_some(),
        _ => false,
    }
}

fn operates(tok: Tok) -> bool {
    matches!(tok, Tok::Sign('+' | '·' | '*' | '/'))
}

/// Lines that go on with the line before, joined to it.
fn joined(matched: &Matched, lines: Vec<Stretch>) -> Vec<Stretch> {
    let mut out: Vec<Stretch> = Vec::new();
    for line in lines {
        let tokens = &matched.tokens[line.from..line.to];
        let space = is_space;
        let first = tokens.iter().find(|t| !space(t.tok)).map(|t| t.tok);
        let marked = tokens.first().is_some_and(|t| t.tok == Tok::Amp);
        let mut relation = false;
        let mut i = line.from;
        while i < line.to {
            relation |= relates(matched.tokens[i].tok);
            i = matched.past(i);
        }
        let begins = match first {
            Some(tok) if operates(tok) => true,
            Some(Tok::Sign('-')) => !relation || marked,
            _ => false,
        };
        let open = out.last().is_some_and(|before| {
            let tokens = &matched.tokens[before.from..before.to];
            let last = tokens.iter().rev().find(|t| !space(t.tok)).map(|t| t.tok);
            // A relation may end a line and begin the next one again: `a = \\ = b`.
            last.is_some_and(|t| operates(t) || t == Tok::Sign('-') || relates(t))
        });
        match out.last_mut() {
            Some(before) if (begins || open) && stated(matched, before) => before.to = line.to,
            _ => out.push(line),
        }
    }
    out
}

/// Whether a line is a formula and no row of words.
fn stated(matched: &Matched, line: &Stretch) -> bool {
    !matches!(matched.tokens[line.from].tok, Tok::Aside(_))
}
