//! Numbers that are fractions as long as they can be, and enclosed from then on.
//!
//! Goes in: a claim at a point. Comes out: values of its sides. What always holds: two fractions
//! are compared exactly, though the claim has functions elsewhere, so that max(4/3, 8/6) is a tie
//! and not a comparison that is too close to be made.

use std::cmp::Ordering;

use super::guarded::Bounded;
use super::witness::Value;
use crate::scalar::{Fault, Function, Interval, Rational, Scalar};

/// A fraction of more bits is enclosed.
const MAX_BITS: u64 = 512;

/// An exact number, or an enclosure of one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mixed {
    Exact(Rational),
    Enclosed(Interval),
}

impl Mixed {
    pub(super) fn interval(&self) -> Result<Interval, Fault> {
        match self {
            Mixed::Exact(q) => Interval::from_rational(q),
            Mixed::Enclosed(x) => Ok(*x),
        }
    }

    /// The exact result where there is one of few bits, or else the enclosed one.
    fn of(
        exact: Option<Result<Rational, Fault>>,
        enclosed: impl FnOnce() -> Result<Interval, Fault>,
    ) -> Result<Mixed, Fault> {
        match exact {
            Some(Ok(q)) if q.bits() <= MAX_BITS => Ok(Mixed::Exact(q)),
            _ => enclosed().map(Mixed::Enclosed),
        }
    }

    fn with(
        &self,
        other: &Mixed,
        exact: impl FnOnce(&Rational, &Rational) -> Result<Rational, Fault>,
        enclosed: impl FnOnce(&Interval, &Interval) -> Result<Interval, Fault>,
    ) -> Result<Mixed, Fault> {
        let found = match (self, other) {
            (Mixed::Exact(a), Mixed::Exact(b)) => Some(exact(a, b)),
            _ => None,
        };
        Mixed::of(found, || enclosed(&self.interval()?, &other.interval()?))
    }

    fn alone(
        &self,
        exact: impl FnOnce(&Rational) -> Result<Rational, Fault>,
        enclosed: impl FnOnce(&Interval) -> Result<Interval, Fault>,
    ) -> Result<Mixed, Fault> {
        let found = match self {
            Mixed::Exact(a) => Some(exact(a)),
            Mixed::Enclosed(_) => None,
        };
        Mixed::of(found, || enclosed(&self.interval()?))
    }
}

impl Scalar for Mixed {
    fn from_rational(q: &Rational) -> Result<Mixed, Fault> {
        Ok(Mixed::Exact(q.clone()))
    }

    fn add(&self, other: &Mixed) -> Result<Mixed, Fault> {
        self.with(other, Scalar::add, Scalar::add)
    }

    fn sub(&self, other: &Mixed) -> Result<Mixed, Fault> {
        self.with(other, Scalar::sub, Scalar::sub)
    }

    fn mul(&self, other: &Mixed) -> Result<Mixed, Fault> {
        self.with(other, Scalar::mul, Scalar::mul)
    }

    fn neg(&self) -> Mixed {
        match self {
            Mixed::Exact(q) => Mixed::Exact(q.neg()),
            Mixed::Enclosed(x) => Mixed::Enclosed(x.neg()),
        }
    }

    fn div(&self, other: &Mixed) -> Result<Mixed, Fault> {
        self.with(other, Scalar::div, Scalar::div)
    }

    fn powi(&self, exponent: i32) -> Result<Mixed, Fault> {
        self.alone(|q| q.powi(exponent), |x| x.powi(exponent))
    }

    fn pow(&self, exponent: &Mixed) -> Result<Mixed, Fault> {
        self.with(exponent, Scalar::pow, Scalar::pow)
    }

    fn call(&self, function: Function) -> Result<Mixed, Fault> {
        self.alone(|q| q.call(function), |x| x.call(function))
    }

    fn compare(&self, other: &Mixed) -> Result<Ordering, Fault> {
        match (self, other) {
            (Mixed::Exact(a), Mixed::Exact(b)) => Ok(a.cmp(b)),
            _ => self.interval()?.compare(&other.interval()?),
        }
    }
}

impl Bounded for Mixed {
    fn size(&self) -> u64 {
        0
    }

    fn apart(&self, other: &Mixed) -> bool {
        match (self, other) {
            (Mixed::Exact(a), Mixed::Exact(b)) => a != b,
            _ => match (self.interval(), other.interval()) {
                (Ok(a), Ok(b)) => a.apart(&b),
                _ => false,
            },
        }
    }

    fn into_value(self) -> Value {
        match self {
            Mixed::Exact(q) => Value::Exact(q),
            Mixed::Enclosed(x) => Value::Enclosed(x),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::expr::{Graph, Winners};
    use crate::lang::parse_formula;
    use crate::proof::prove;

    /// Beside a function, constants that tie are still known to.
    #[test]
    fn a_tie_of_constants_is_none_that_is_too_close() {
        for (left, right) in [
            ("sinh(x)/max(0, 4/3, 4/3)", "(exp(x) - exp(-x))/2/max(4/3, max(3*(4/3)/3, 0))"),
            ("exp(x)*max(1/3, 2/6)", "exp(x)/3"),
            ("cos(x) + relu(1/3 - 2/6)", "cos(x)"),
            ("exp(x)*abs(1/7 - 1/7 + y)", "abs(y)*exp(x)"),
        ] {
            let mut g = Graph::new();
            let [l, r] = [left, right].map(|text| parse_formula(&mut g, text).unwrap());
            let verdict = prove(&g, l, r, &Winners::new());
            assert!(verdict.is_proved(), "{left} = {right}: {verdict}");
        }
    }
}
