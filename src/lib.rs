//! backproof derives the gradients of a neural network one rule a line, proves every line, and
//! checks anybody's gradients against what it proved.
#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod calculus;
pub mod check;
pub mod concrete;
pub mod diag;
pub mod expr;
pub mod lower;
pub mod net;
pub mod page;
pub mod scalar;
