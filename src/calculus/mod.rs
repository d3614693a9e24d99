//! The calculus (floor 3): derivations whose every step is data.
//!
//! [`rules`] is one table of rewrite rules; [`derive`](fn@derive) is the strategy that applies
//! them the way a textbook goes; [`Derivation`] is what it leaves: lemmas made of [`Step`]s.
//! [`sweep`] is the second, independent way to a gradient: reverse accumulation, without steps;
//! [`gradients`] is the same, tidied for a reader.
//!
//! Invariants: a step rewrites one place by one rule; the line after a step is the line before
//! the next; a lemma uses only results of lemmas that stand before it or inside it; nothing is
//! simplified without a step that says so. Whether steps are true is not decided here: `replay`
//! (floor 4) checks each with code that shares nothing with the rules.

mod derive;
mod path;
mod plan;
#[doc(hidden)]
pub mod rules;
mod step;
#[doc(hidden)]
pub mod sweep;
#[cfg(test)]
mod tests;
mod tidied;

#[doc(hidden)]
pub use derive::{MAX_LINE_PLACES, MAX_LINES, MAX_PLACES, MAX_PUT_IN};
pub use derive::{Request, derive};
pub(crate) use derive::{derive_within, places_of};
#[doc(hidden)]
pub use path::{replace_at, subterm};
#[doc(inline)]
pub use rules::{Group, Rule};
pub use step::{Derivation, Lemma, LemmaId, Role, Step};
pub use tidied::gradients;
