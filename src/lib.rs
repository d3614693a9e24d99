//! backproof derives the gradients of a neural network one rule a line, proves every line, and
//! checks anybody's gradients against what it proved.
#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod calculus;
pub mod concrete;
pub mod diag;
pub mod examples;
pub mod expr;
pub mod lang;
pub mod lesson;
pub mod lower;
pub mod net;
pub mod page;
pub mod proof;
pub mod render;
pub mod scalar;

pub use lang::parse_network;
