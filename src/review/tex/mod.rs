//! The text of a formula → rows of statements. Reads the LaTeX that tutorials really write, and
//! refuses what has two readings.
//!
//! Goes in: the text of a formula, without its delimiters; what the macros of the document mean
//! ([`Macros`]); how the document writes its names ([`Lexicon`]); and whether a dot between
//! numbers may be a product here ([`Dots`]). Comes out: [`Row`]s, see [`syntax`].
//!
//! What always holds: nothing panics and nothing recurses deeper than [`MAX_DEPTH`] levels of the
//! formula's own nesting; every span lies inside the formula, on the bounds of its characters; the
//! work grows with the length of the formula times its depth. A straight line: text → tokens
//! (`lex`) → tokens without macros (`macros`) → brackets with their partners (`tokens`) → rows
//! (`rows`) → parts (`parts`) → expressions (`expression` and the modules beside it) → rows with
//! their reasons (`reasons`).

mod atoms;
mod blocks;
mod dots;
mod expression;
mod fraction;
mod functions;
mod lex;
mod lexicon;
mod limits;
mod lists;
mod macros;
mod names;
mod notation;
mod parts;
mod reasons;
mod rows;
mod scripts;
mod series;
mod spelling;
mod symbols;
pub mod syntax;
#[cfg(test)]
mod tests;
mod tokens;
mod words;

pub use dots::Dots;
pub use lexicon::Lexicon;
pub use macros::Macros;
pub(in crate::review) use spelling::unaccented;
pub use spelling::written;
pub use syntax::*;
pub use words::{introduces, references};

use std::cell::{Cell, RefCell};

use tokens::{Matched, Source};

/// The most bytes that are read as one formula; a document gives no more than `MAX_FORMULA`.
pub const MAX_LENGTH: usize = 1_000_000;
/// The most signs of a formula, its commands counted as one.
pub const MAX_TOKENS: usize = 200_000;
/// The most signs of a row.
pub const MAX_ROW: usize = 10_000;
/// The deepest nesting of braces, brackets, environments, signs and operators.
pub const MAX_DEPTH: usize = 60;
/// The most letters that stand in a row.
pub const MAX_NAME: usize = 40;
/// How deep parentheses with statements in them may stand in each other.
pub const MAX_ASIDES: usize = 8;
/// The most signs that the macros of one formula may bring.
pub const MAX_EXPANSION: usize = 100_000;
/// How deep macros may call each other.
pub const MAX_MACRO_DEPTH: usize = 20;
/// The most macros of a document.
pub const MAX_MACROS: usize = 2_000;

/// The rows of a formula, in order. What cannot be read is a [`Part::Unread`] with its reason; a
/// formula whose brackets do not fit together is one row with nothing else.
pub fn rows(formula: &str, macros: &Macros, lexicon: &Lexicon, dots: &Dots) -> Vec<Row> {
    counted(formula, macros, lexicon, dots).0
}

/// The rows of a formula, and how often a token of it was looked at.
fn counted(formula: &str, macros: &Macros, lexicon: &Lexicon, dots: &Dots) -> (Vec<Row>, usize) {
    let matched = lex::lex(formula, macros)
        .and_then(|tokens| macros::expand(tokens, macros))
        .and_then(Matched::of);
    let matched = match matched {
        Ok(matched) => matched,
        Err(note) => return (vec![unread(formula, note)], 0),
    };
    let stretches = rows::split(&matched);
    let source = Source {
        text: formula,
        matched,
        lexicon,
        dots,
        warnings: RefCell::default(),
        words: RefCell::default(),
        work: Cell::new(0),
    };
    let rows = stretches.into_iter().map(|stretch| parts::row(&source, stretch)).collect();
    (reasons::joined(rows), source.work.get())
}

fn unread(formula: &str, note: Note) -> Row {
    Row {
        span: 0..formula.len(),
        parts: vec![Part::Unread(Refused::because(note))],
        labels: Vec::new(),
        references: Vec::new(),
        warnings: Vec::new(),
    }
}
