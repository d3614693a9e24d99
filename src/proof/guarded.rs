//! The number systems of sampling, with a limit on size and with kinks that count as undefined.

use std::cmp::Ordering;

use super::witness::Value;
use crate::scalar::{Fault, Function, Interval, Rational, Scalar};

/// A number system that points are tried in.
pub(super) trait Bounded: Scalar {
    /// The size in bits, where it can grow.
    fn size(&self) -> u64;
    /// Whether the two are certainly different.
    fn apart(&self, other: &Self) -> bool;
    /// The number as a witness states it.
    fn into_value(self) -> Value;
}

impl Bounded for Rational {
    fn size(&self) -> u64 {
        self.bits()
    }

    fn apart(&self, other: &Rational) -> bool {
        self != other
    }

    fn into_value(self) -> Value {
        Value::Exact(self)
    }
}

impl Bounded for Interval {
    fn size(&self) -> u64 {
        0
    }

    fn apart(&self, other: &Interval) -> bool {
        self.upper < other.lower || other.upper < self.lower
    }

    fn into_value(self) -> Value {
        Value::Enclosed(self)
    }
}

/// A number of at most `BITS` bits; where `STRICT`, equal numbers have no order, so a tie of a
/// max and a ReLU at 0 end the evaluation with [`Fault::Overlap`], and a power whose exponent is
/// no literal has a value for a positive base only.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Guarded<T, const STRICT: bool, const BITS: u64>(pub(super) T);

impl<T: Bounded, const STRICT: bool, const BITS: u64> Guarded<T, STRICT, BITS> {
    fn checked(x: T) -> Result<Self, Fault> {
        if x.size() > BITS { Err(Fault::TooLarge) } else { Ok(Guarded(x)) }
    }
}

impl<T: Bounded, const STRICT: bool, const BITS: u64> Scalar for Guarded<T, STRICT, BITS> {
    fn from_rational(q: &Rational) -> Result<Self, Fault> {
        T::from_rational(q).map(Guarded)
    }

    fn add(&self, other: &Self) -> Result<Self, Fault> {
        Guarded::checked(self.0.add(&other.0)?)
    }

    fn sub(&self, other: &Self) -> Result<Self, Fault> {
        Guarded::checked(self.0.sub(&other.0)?)
    }

    fn mul(&self, other: &Self) -> Result<Self, Fault> {
        Guarded::checked(self.0.mul(&other.0)?)
    }

    fn neg(&self) -> Self {
        Guarded(self.0.neg())
    }

    fn div(&self, other: &Self) -> Result<Self, Fault> {
        Guarded::checked(self.0.div(&other.0)?)
    }

    fn powi(&self, exponent: i32) -> Result<Self, Fault> {
        Guarded::checked(self.0.powi(exponent)?)
    }

    fn pow(&self, exponent: &Self) -> Result<Self, Fault> {
        // Where the exponent varies, a negative base has powers at single points only.
        if STRICT && self.0.compare(&T::zero())? == Ordering::Less {
            return Err(Fault::PowerOutOfDomain);
        }
        Guarded::checked(self.0.pow(&exponent.0)?)
    }

    fn call(&self, function: Function) -> Result<Self, Fault> {
        Guarded::checked(self.0.call(function)?)
    }

    fn compare(&self, other: &Self) -> Result<Ordering, Fault> {
        match self.0.compare(&other.0)? {
            Ordering::Equal if STRICT => Err(Fault::Overlap),
            order => Ok(order),
        }
    }
}
