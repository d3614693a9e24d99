//! Dots: whether `2.0` is a number or a product.
//!
//! A tutorial that writes 2P as `2.P` puts in P = 0 as `2.0`. So the formula before says which
//! whole numbers stand before a dot and a name there; in the next one, such a number before a dot
//! and a whole number is read as a product, with a warning. Everywhere else it is a decimal.

use std::collections::BTreeSet;

use super::lex::{Tok, lex};
use super::macros::{Macros, expand};

/// The whole numbers whose dot is a product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dots(BTreeSet<String>);

impl Dots {
    /// No number: every dot between digits is a decimal point.
    pub const NONE: &'static Dots = &Dots(BTreeSet::new());

    /// What `formula` says about the one that follows it directly.
    pub fn after(formula: &str, macros: &Macros) -> Dots {
        let mut found = BTreeSet::new();
        let tokens =
            lex(formula, macros).and_then(|tokens| expand(tokens, macros)).unwrap_or_default();
        let mut number = String::new();
        for (i, token) in tokens.iter().enumerate() {
            match token.tok {
                Tok::Digit(c) if number.is_empty() || !token.spaced => number.push(c),
                Tok::Sign('.') if !number.is_empty() => {
                    let next = tokens.get(i + 1).map(|t| t.tok);
                    if matches!(next, Some(Tok::Letter(_) | Tok::Symbol(_) | Tok::Open)) {
                        found.insert(std::mem::take(&mut number));
                    }
                    number.clear();
                }
                _ => number.clear(),
            }
        }
        Dots(found)
    }

    /// Whether `whole.fraction` is a product.
    pub(super) fn multiply(&self, whole: &str, fraction: &str) -> bool {
        self.0.contains(whole) && (fraction == "0" || !fraction.starts_with('0'))
    }
}
