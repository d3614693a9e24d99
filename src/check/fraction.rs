//! Exact fractions of a bounded length. A long chain of products makes fractions of thousands of
//! digits, where the field of 2^61 − 1 elements is as exact and costs nothing; so a check gives
//! up on the rationals at [`MAX_EXACT_BITS`].

use std::cmp::Ordering;

use crate::scalar::{Fault, Function, Rational, Scalar};

/// The largest numerator or denominator of an exact comparison, in bits.
pub const MAX_EXACT_BITS: u64 = 1024;

/// A rational number of at most [`MAX_EXACT_BITS`].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fraction(pub Rational);

fn short(q: Result<Rational, Fault>) -> Result<Fraction, Fault> {
    let q = q?;
    if q.bits() > MAX_EXACT_BITS { Err(Fault::TooLarge) } else { Ok(Fraction(q)) }
}

impl Scalar for Fraction {
    fn from_rational(q: &Rational) -> Result<Fraction, Fault> {
        short(Ok(q.clone()))
    }

    fn add(&self, other: &Fraction) -> Result<Fraction, Fault> {
        short(self.0.add(&other.0))
    }

    fn sub(&self, other: &Fraction) -> Result<Fraction, Fault> {
        short(self.0.sub(&other.0))
    }

    fn mul(&self, other: &Fraction) -> Result<Fraction, Fault> {
        short(self.0.mul(&other.0))
    }

    fn neg(&self) -> Fraction {
        Fraction(Scalar::neg(&self.0))
    }

    fn div(&self, other: &Fraction) -> Result<Fraction, Fault> {
        short(self.0.div(&other.0))
    }

    fn powi(&self, exponent: i32) -> Result<Fraction, Fault> {
        short(self.0.powi(exponent))
    }

    fn pow(&self, exponent: &Fraction) -> Result<Fraction, Fault> {
        short(self.0.pow(&exponent.0))
    }

    fn call(&self, function: Function) -> Result<Fraction, Fault> {
        short(self.0.call(function))
    }

    fn compare(&self, other: &Fraction) -> Result<Ordering, Fault> {
        Ok(self.0.cmp(&other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_stop_at_their_limit() {
        let two = Fraction(Rational::from(2));
        let last = two.powi(MAX_EXACT_BITS as i32 - 1).unwrap();
        assert_eq!(last.0.bits(), MAX_EXACT_BITS);
        assert_eq!(last.mul(&two), Err(Fault::TooLarge));
        assert_eq!(last.add(&last), Err(Fault::TooLarge));
        assert_eq!(two.div(&last).unwrap().0.bits(), MAX_EXACT_BITS - 1);
    }
}
