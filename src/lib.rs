//! backproof derives the gradients of a neural network one rule a line, proves every line, and
//! checks anybody's gradients against what it proved.
#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod diag;
pub mod expr;
pub mod lang;
pub mod net;
pub mod page;
pub mod scalar;

pub use lang::parse_network;
