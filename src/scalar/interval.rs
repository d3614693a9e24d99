//! Closed intervals of `f64` that enclose the exact value (stub in the skeleton).
use std::cmp::Ordering;

use super::{Fault, Function, Rational, Scalar};

/// A closed interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}
impl Scalar for Interval {
    fn from_rational(_: &Rational) -> Result<Self, Fault> {
        Err(Fault::Overlap)
    }
    fn add(&self, _: &Self) -> Result<Self, Fault> {
        Err(Fault::Overlap)
    }
    fn sub(&self, _: &Self) -> Result<Self, Fault> {
        Err(Fault::Overlap)
    }
    fn mul(&self, _: &Self) -> Result<Self, Fault> {
        Err(Fault::Overlap)
    }
    fn neg(&self) -> Self {
        *self
    }
    fn div(&self, _: &Self) -> Result<Self, Fault> {
        Err(Fault::Overlap)
    }
    fn powi(&self, _: i32) -> Result<Self, Fault> {
        Err(Fault::Overlap)
    }
    fn pow(&self, _: &Self) -> Result<Self, Fault> {
        Err(Fault::Overlap)
    }
    fn call(&self, _: Function) -> Result<Self, Fault> {
        Err(Fault::Overlap)
    }
    fn compare(&self, _: &Self) -> Result<Ordering, Fault> {
        Err(Fault::Overlap)
    }
}
