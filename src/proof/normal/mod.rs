//! The exact normal form, and the proof that a difference is 0 in every case.
//!
//! Evaluating an expression over [`Fraction`] with
//! [`Rest::Symbolic`](crate::expr::Rest::Symbolic) is its normal form; over
//! [`Dual`](crate::scalar::Dual) numbers of fractions, that of a derivative, without any rule
//! of the calculus. [`vanishes`] then asks whether the difference of two sides is 0.

mod budget;
mod cases;
mod elementary;
mod fraction;
mod kernel;
mod monomial;
mod order;
mod polynomial;
mod switch;
#[cfg(test)]
pub(super) mod value_tests;
mod waves;

pub(super) use budget::{within, within_both};
pub use cases::MAX_CASES;
pub(super) use cases::{Outcome, vanishes};
pub(super) use fraction::Fraction;
pub(super) use kernel::Unknown;
pub use kernel::{MAX_KERNEL_TERMS, MAX_NESTING};
pub use polynomial::{MAX_COEFFICIENT_BITS, MAX_POWER, MAX_TERMS};
