//! Words between formulas: where a formula stands, and what the words make of it.
//!
//! Goes in: the words and formulas of a document in their order. Comes out: for each formula its
//! [`Place`] (section, block, sentence) and its [`Role`]. A straight line: words → tokens →
//! phrases of one table ([`phrases`]) → roles. What always holds:
//! - a phrase acts in its own sentence, and on the formulas behind it up to the next phrase;
//! - words that are in no row of the table mean nothing.

mod cases;
mod outline;
mod phrases;
#[cfg(test)]
mod tests;

pub(super) use outline::{Outline, Place, level};
pub(super) use phrases::{Role, TABLE};
