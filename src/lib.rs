//! backproof derives the gradients of a neural network the way a good textbook writes them, one
//! rule at a time, and proves every step. It judges the gradients of other programs by their exact
//! values, and marks derivations that somebody wrote.
//!
//! ```
//! use backproof::{Ask, Level, derivation_page, lesson, parse_network, render};
//!
//! let net = parse_network(
//!     "input  i[4, 4]
//!      param  w[2, 2], w_fc
//!      target t
//!      c    = conv(i, w, stride: 2, flip: true)
//!      r_p  = max(c)
//!      r_fc = w_fc * r_p
//!      E    = (t - r_fc)^2 / 2
//!      assume r_p = c[1, 0]",
//! )?;
//! let lesson = lesson(net, &Ask::default())?;             // derived, and every step proved
//! let page = derivation_page(&lesson, Level::Textbook);   // worded, numbered
//! let text = render::text(&page, &render::TextStyle::default());
//! assert!(text.contains("∂E/∂w₀₀ = (t − r_fc)·(−w_fc)·i₃₁"));
//! # Ok::<(), backproof::Error>(())
//! ```
//!
//! The way through the crate is a straight line, and each room stands above those that it uses:
//! text ([`lang`]) → network ([`net`]) → graph ([`lower`](mod@lower), [`expr`]) → derivation
//! ([`calculus`]) → proof ([`proof`]) → lesson ([`lesson`](mod@lesson)) → page ([`page`]) →
//! output ([`render`]). Beside it, [`concrete`] runs the network forward and backward in numbers.
//! It shares the network and the number systems with the symbolic side, and none of its rules, so
//! that [`check`](mod@check) can hold one against the other.
//!
//! | for | call |
//! |---|---|
//! | a network from text | [`parse_network`], [`parse_network_with`], [`network_of_formula`] |
//! | a formula, by text or by hand | [`parse_formula`], [`print_formula`], [`Graph`] |
//! | scalars of a network | [`lower`](fn@lower), [`Lowered::parse`] |
//! | a derivation, steps as data | [`lesson`](fn@lesson), [`derive`](fn@derive), [`replay`] |
//! | gradients as expressions | [`gradients`], [`gradient_formulas`] |
//! | proof | [`prove`], [`prove_in`] |
//! | values over any number system | [`evaluate`], [`evaluate_all`], [`forward`], [`backward`] |
//! | values at many points | [`expr::Program`] |
//! | a cross-check | [`check`](fn@check), [`check_gradients`], [`check_supplied`] |
//! | values and gradients from files | `values::read`, `values::values`, `values::gradients` |
//! | marks for somebody's derivation | [`review`](fn@review), [`review::report`] |
//! | training in numbers | [`training`] |
//! | a derivation in indices, or for any depth | [`lesson::indexed_lesson`], [`lesson::general_lesson`] |
//! | the built-in networks | [`examples::find`] |
//! | every limit by its name | [`limits`] |
//! | pages | [`derivation_page`], [`network_page`], [`check_page`], [`training_page`] |
//! | output | [`render::text`], [`render::latex`], [`render::markdown`], [`render::json`] |
//!
//! These and the types that they take and give are the public surface, which keeps to semantic
//! versioning. Types that may get more fields or variants are `#[non_exhaustive]`: options are made
//! by `default()` or `new(…)`, and changed field by field. What this documentation does not show is
//! public only for our own tests and command line, and may change at any time.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod calculus;
pub mod check;
pub mod concrete;
pub mod diag;
pub mod examples;
pub mod expr;
#[doc(hidden)]
pub mod index;
pub mod lang;
#[cfg(test)]
#[path = "../tests/draw/laws.rs"]
mod laws;
pub mod lesson;
mod limits;
pub mod lower;
pub mod net;
mod ordered;
pub mod page;
pub mod proof;
pub mod render;
pub mod review;
pub mod scalar;
mod spell;
mod testing;
#[cfg(feature = "values")]
pub mod values;

pub use calculus::{Derivation, Request, derive, gradients};
pub use check::{check, check_gradients, check_supplied};
pub use concrete::{backward, forward};
pub use diag::Error;
pub use expr::{Graph, evaluate, evaluate_all};
pub use lang::{
    Overrides, network_of_formula, parse_formula, parse_network, parse_network_with, print_formula,
};
pub use lesson::{Ask, Lesson, lesson, training};
pub use limits::{Limit, limits};
pub use lower::{Lowered, lower};
pub use net::Network;
pub use page::{Level, check_page, derivation_page, network_page, training_page};
pub use proof::{Verdict, prove, prove_in, replay};
pub use review::review;
pub use testing::{assert_gradients, formulas, gradient_formulas};

/// The programs of the pages for people, compiled and run with the tests of the documentation.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    pub struct Readme;
    #[doc = include_str!("../docs/tour.md")]
    pub struct Tour;
    #[doc = include_str!("../docs/review.md")]
    pub struct Review;
}
