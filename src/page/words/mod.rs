//! The words of a page: every sentence, heading and reason that a reader sees, by topic. Another
//! language would be another such folder.
//!
//! Goes in: names, numbers and formulas, each under the name of what it is. Comes out: text in
//! pieces, ready for a [`Block`](super::Block). What always holds: nothing else in `page` writes
//! words, as the floors test sees to; a piece of text is never cut or joined elsewhere.

pub(super) mod check;
pub(super) mod derivation;
pub(super) mod how;
pub(super) mod indexed;
pub(super) mod indexed_steps;
pub(super) mod kinks;
pub(super) mod network;
pub(super) mod paths;
pub(super) mod steps;
pub(super) mod supplied;
pub(super) mod training;
pub(super) mod winners;

use std::fmt::Display;

use super::math::Math;
use super::{Inline, Label};
use crate::scalar::show_digits;

/// What a sentence is made of: words, and the formulas and references between them.
pub(super) trait Piece {
    /// The piece as it stands in the text.
    fn piece(self) -> Inline;
}

impl Piece for &str {
    fn piece(self) -> Inline {
        Inline::Words(self.to_string())
    }
}

impl Piece for String {
    fn piece(self) -> Inline {
        Inline::Words(self)
    }
}

impl Piece for Math {
    fn piece(self) -> Inline {
        Inline::Math(self)
    }
}

impl Piece for Label {
    fn piece(self) -> Inline {
        Inline::Reference(self)
    }
}

impl Piece for Inline {
    fn piece(self) -> Inline {
        self
    }
}

/// A sentence, piece by piece: `say!["the derivative of ", loss, " by ", weight]`.
macro_rules! say {
    ($($piece:expr),* $(,)?) => {
        vec![$($crate::page::words::Piece::piece($piece)),*]
    };
}
use say;

/// A command or an option.
fn code(text: impl Into<String>) -> Inline {
    Inline::Code(text.into())
}

/// Words with stress.
fn strong(text: impl Into<String>) -> Inline {
    Inline::Strong(text.into())
}

/// A name as a formula.
fn name(name: &str) -> Math {
    Math::symbol(name)
}

/// What has no language, in the cell of a table: a number, a shape.
pub(super) fn plain(text: impl Display) -> Vec<Inline> {
    say![text.to_string()]
}

/// The heads of a table's columns.
fn heads<const N: usize>(names: [&str; N]) -> Vec<Vec<Inline>> {
    names.into_iter().map(|name| say![name]).collect()
}

/// `a, b and c`.
pub(super) fn joined<P: Piece>(items: Vec<P>) -> Vec<Inline> {
    let count = items.len();
    joined_of(items, count)
}

/// `a, b and c`, the first items of a list of so many; where some are left out there is no `and`.
fn joined_of<P: Piece>(items: Vec<P>, count: usize) -> Vec<Inline> {
    let mut text = Vec::new();
    for (n, item) in items.into_iter().enumerate() {
        match n {
            0 => {}
            _ if n + 1 == count => text.extend(say![" and "]),
            _ => text.extend(say![", "]),
        }
        text.push(item.piece());
    }
    text
}

/// `a, b, c`.
pub(super) fn commas(items: Vec<Math>) -> Vec<Inline> {
    let mut text = Vec::new();
    for item in items {
        if !text.is_empty() {
            text.extend(say![", "]);
        }
        text.push(item.piece());
    }
    text
}

/// `a, b and c`, the middle of a long list left out.
pub(super) fn list(mut items: Vec<Math>) -> Vec<Inline> {
    const LONG: usize = 6;
    if items.len() > LONG {
        items.splice(3..items.len() - 1, [Math::Ellipsis]);
    }
    joined(items)
}

/// `1 cell`, `4 cells`.
fn count(n: usize, of: &str) -> String {
    if n == 1 { format!("1 {of}") } else { format!("{n} {of}s") }
}

/// 12 345 678: digits in groups of three.
fn grouped(number: impl Display) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// A size, to two digits.
pub(super) fn rounded(x: f64) -> Math {
    Math::Decimal(show_digits(x, 2))
}
