//! The number systems of sampling, with a limit on size and with kinks that count as undefined.

use std::cell::Cell;
use std::cmp::Ordering;

use super::witness::Value;
use crate::scalar::{Fault, Function, Interval, Rational, Scalar, during};

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

/// Whether points on a kink have values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kinks {
    /// They have.
    Defined,
    /// They have none: equal numbers have no order, so a tie of a max and a ReLU at 0 end the
    /// evaluation with [`Fault::Overlap`], and a power whose exponent is no literal has a value
    /// for a positive base only.
    Undefined,
}

/// What is evaluated, and how far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub kinks: Kinks,
    /// The largest size of a number in bits.
    pub bits: u64,
}

thread_local! {
    static LIMITS: Cell<Limits> = const { Cell::new(Limits { kinks: Kinks::Undefined, bits: 0 }) };
}

impl Limits {
    /// Runs `job` within these limits.
    pub(super) fn during<T>(self, job: impl FnOnce() -> T) -> T {
        during(&LIMITS, self, job)
    }
}

/// A number within the [`Limits`] of the evaluation that it is part of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Guarded<T>(pub(super) T);

impl<T: Bounded> Guarded<T> {
    fn checked(x: T) -> Result<Self, Fault> {
        if x.size() > LIMITS.get().bits { Err(Fault::TooLarge) } else { Ok(Guarded(x)) }
    }
}

/// Whether points on a kink have no value.
fn strict() -> bool {
    LIMITS.get().kinks == Kinks::Undefined
}

impl<T: Bounded> Scalar for Guarded<T> {
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
        if strict() && self.0.compare(&T::zero())? == Ordering::Less {
            return Err(Fault::PowerOutOfDomain);
        }
        Guarded::checked(self.0.pow(&exponent.0)?)
    }

    fn call(&self, function: Function) -> Result<Self, Fault> {
        Guarded::checked(self.0.call(function)?)
    }

    fn compare(&self, other: &Self) -> Result<Ordering, Fault> {
        match self.0.compare(&other.0)? {
            Ordering::Equal if strict() => Err(Fault::Overlap),
            order => Ok(order),
        }
    }
}
