//! Intervals that may reach to infinity: a bound on a value that exists, however large it is.
//!
//! Goes in: exact numbers and other enclosures. Comes out: an enclosure of the exact value, or
//! the fault that there may be none. What always holds: the value is a real number between the
//! ends; an infinite end says only that no finite bound is known. Where [`Interval`] stops
//! because a number leaves the range of `f64`, e^e^… has a value all the same.

use std::cmp::Ordering;

use crate::scalar::{Fault, Function, Interval, Rational, Scalar};

/// The numbers from `lower` to `upper`; the ends may be infinite, and then are not among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Enclosure {
    lower: f64,
    upper: f64,
}

impl From<Interval> for Enclosure {
    fn from(x: Interval) -> Enclosure {
        Enclosure { lower: x.lower, upper: x.upper }
    }
}

impl Enclosure {
    /// Bounds that were rounded to nearest at most once: each is moved outwards.
    fn around(lower: f64, upper: f64) -> Enclosure {
        // A number that is too large for f64 is at least the largest one.
        let lower = if lower.is_nan() { f64::NEG_INFINITY } else { lower.min(f64::MAX) };
        let upper = if upper.is_nan() { f64::INFINITY } else { upper.max(f64::MIN) };
        Enclosure { lower: lower.next_down(), upper: upper.next_up() }
    }

    /// The smallest enclosure of all of `ends`, rounded outwards; 0·∞ is 0 here, for an infinite
    /// end is a bound and no number.
    fn hull(ends: [f64; 4]) -> Enclosure {
        let ends = ends.map(|x| if x.is_nan() { 0.0 } else { x });
        Enclosure::around(
            ends.into_iter().fold(f64::INFINITY, f64::min),
            ends.into_iter().fold(f64::NEG_INFINITY, f64::max),
        )
    }

    fn finite(self) -> Option<Interval> {
        Interval::new(self.lower, self.upper).ok()
    }

    /// The answer of an operation on intervals, where it is within range.
    fn within(answer: Result<Interval, Fault>) -> Result<Option<Enclosure>, Fault> {
        match answer {
            Ok(x) => Ok(Some(x.into())),
            Err(Fault::NotFinite) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Whether the two are certainly different numbers.
    pub(super) fn apart(self, other: Enclosure) -> bool {
        self.upper < other.lower || other.upper < self.lower
    }

    fn magnitude(self) -> Enclosure {
        if self.lower >= 0.0 {
            self
        } else if self.upper <= 0.0 {
            self.neg()
        } else {
            Enclosure { lower: 0.0, upper: self.upper.max(-self.lower) }
        }
    }

    fn inverse(self) -> Result<Enclosure, Fault> {
        if self.lower <= 0.0 && self.upper >= 0.0 {
            return Err(Fault::DivisionByZero);
        }
        Ok(Enclosure::around(1.0 / self.upper, 1.0 / self.lower))
    }

    /// f of this, for an increasing f with values between `least` and `greatest`, which it comes
    /// near to at the ends of the line.
    fn increasing(self, f: Function, least: f64, greatest: f64) -> Result<Enclosure, Fault> {
        let at = |x: f64, out_of_range: Interval| match Interval::point(x).and_then(|x| x.call(f)) {
            Err(Fault::NotFinite) if x.is_finite() => Ok(out_of_range),
            answer => answer,
        };
        // What is too large for f64 is at least the largest one.
        let largest = Interval::point(f64::MAX)?;
        let lower = match self.lower {
            f64::NEG_INFINITY => least,
            x => at(x, largest)?.lower,
        };
        let upper = match at(self.upper, largest) {
            _ if self.upper == f64::INFINITY => greatest,
            Ok(y) if y == largest => f64::INFINITY,
            answer => answer?.upper,
        };
        Ok(Enclosure { lower, upper })
    }
}

impl Scalar for Enclosure {
    fn from_rational(q: &Rational) -> Result<Enclosure, Fault> {
        Interval::from_rational(q).map(Enclosure::from)
    }

    fn add(&self, other: &Enclosure) -> Result<Enclosure, Fault> {
        if let (Some(a), Some(b)) = (self.finite(), other.finite())
            && let Some(sum) = Enclosure::within(a.add(&b))?
        {
            return Ok(sum);
        }
        Ok(Enclosure::around(self.lower + other.lower, self.upper + other.upper))
    }

    fn sub(&self, other: &Enclosure) -> Result<Enclosure, Fault> {
        self.add(&other.neg())
    }

    fn mul(&self, other: &Enclosure) -> Result<Enclosure, Fault> {
        if let (Some(a), Some(b)) = (self.finite(), other.finite())
            && let Some(product) = Enclosure::within(a.mul(&b))?
        {
            return Ok(product);
        }
        let (a, b) = (self, other);
        Ok(Enclosure::hull([
            a.lower * b.lower,
            a.lower * b.upper,
            a.upper * b.lower,
            a.upper * b.upper,
        ]))
    }

    fn neg(&self) -> Enclosure {
        Enclosure { lower: -self.upper, upper: -self.lower }
    }

    fn div(&self, other: &Enclosure) -> Result<Enclosure, Fault> {
        if let (Some(a), Some(b)) = (self.finite(), other.finite())
            && let Some(quotient) = Enclosure::within(a.div(&b))?
        {
            return Ok(quotient);
        }
        self.mul(&other.inverse()?)
    }

    fn powi(&self, exponent: i32) -> Result<Enclosure, Fault> {
        if let Some(x) = self.finite()
            && let Some(power) = Enclosure::within(x.powi(exponent))?
        {
            return Ok(power);
        }
        let size = exponent.unsigned_abs();
        let base = if size.is_multiple_of(2) { self.magnitude() } else { *self };
        let (mut square, mut power, mut left) = (base, Enclosure::one(), size);
        while left > 0 {
            if left & 1 == 1 {
                power = power.mul(&square)?;
            }
            left >>= 1;
            if left > 0 {
                square = square.magnitude().mul(&square.magnitude())?;
            }
        }
        if size.is_multiple_of(2) {
            power.lower = power.lower.max(0.0);
        }
        if exponent < 0 { power.inverse() } else { Ok(power) }
    }

    fn pow(&self, exponent: &Enclosure) -> Result<Enclosure, Fault> {
        if let (Some(a), Some(b)) = (self.finite(), exponent.finite())
            && let Some(power) = Enclosure::within(a.pow(&b))?
        {
            return Ok(power);
        }
        if self.lower <= 0.0 {
            return Err(Fault::PowerOutOfDomain);
        }
        self.call(Function::Ln)?.mul(exponent)?.call(Function::Exp)
    }

    fn call(&self, function: Function) -> Result<Enclosure, Fault> {
        if let Some(x) = self.finite()
            && let Some(value) = Enclosure::within(x.call(function))?
        {
            return Ok(value);
        }
        let sign = |x: f64| f64::from(i8::from(x > 0.0) - i8::from(x < 0.0));
        let exact =
            |f: &dyn Fn(f64) -> f64| Enclosure { lower: f(self.lower), upper: f(self.upper) };
        Ok(match function {
            Function::Exp => self.increasing(function, 0.0, f64::INFINITY)?,
            Function::Ln if self.lower > 0.0 => {
                self.increasing(function, f64::NEG_INFINITY, f64::INFINITY)?
            }
            Function::Sqrt if self.lower >= 0.0 => self.increasing(function, 0.0, f64::INFINITY)?,
            Function::Ln | Function::Sqrt => return Err(Fault::OutOfDomain(function)),
            Function::Tanh => self.increasing(function, -1.0, 1.0)?,
            Function::Sigmoid | Function::NormalCdf => self.increasing(function, 0.0, 1.0)?,
            Function::Softplus => self.increasing(function, 0.0, f64::INFINITY)?,
            // It falls with the distance from 0, here without bound.
            Function::NormalPdf => {
                let nearest = Interval::point(self.magnitude().lower)?;
                Enclosure { lower: 0.0, upper: nearest.call(function)?.upper }
            }
            Function::Abs => self.magnitude(),
            Function::Relu => exact(&|x| x.max(0.0)),
            Function::Sign => exact(&sign),
            Function::Step => exact(&|x| f64::from(u8::from(x > 0.0))),
            Function::Sin | Function::Cos => Enclosure { lower: -1.0, upper: 1.0 },
            // It grows on the whole line, and out of the range on both sides.
            Function::Sinh => {
                let end = |x: f64| match Interval::point(x).and_then(|x| x.call(function)) {
                    _ if x.is_infinite() => Ok((x, x)),
                    Err(Fault::NotFinite) if x > 0.0 => Ok((f64::MAX, f64::INFINITY)),
                    Err(Fault::NotFinite) => Ok((f64::NEG_INFINITY, f64::MIN)),
                    answer => answer.map(|y| (y.lower, y.upper)),
                };
                Enclosure { lower: end(self.lower)?.0, upper: end(self.upper)?.1 }
            }
            // It grows with the distance from 0.
            Function::Cosh => self.magnitude().increasing(function, 1.0, f64::INFINITY)?,
        })
    }

    fn compare(&self, other: &Enclosure) -> Result<Ordering, Fault> {
        if self.upper < other.lower {
            Ok(Ordering::Less)
        } else if other.upper < self.lower {
            Ok(Ordering::Greater)
        } else if self == other && self.lower == self.upper {
            Ok(Ordering::Equal)
        } else {
            Err(Fault::Overlap)
        }
    }

    /// 1 and 0 where it is certain which argument is the first of the greatest, and between the
    /// two where it is not.
    fn winners(args: &[&Enclosure]) -> Result<Vec<Enclosure>, Fault> {
        let floor = args.iter().map(|a| a.lower).fold(f64::NEG_INFINITY, f64::max);
        let may_win = |a: &&Enclosure| a.upper >= floor;
        let rivals = args.iter().filter(|a| may_win(a)).count();
        let mut tied = false;
        Ok(args
            .iter()
            .map(|a| match (may_win(a), rivals) {
                (false, _) => Enclosure::zero(),
                (true, 1) => Enclosure::one(),
                // Equal numbers: the first of them wins.
                (true, _) if a.lower == a.upper && a.lower == floor && all_equal(args, floor) => {
                    let first = !std::mem::replace(&mut tied, true);
                    Enclosure::integer(i32::from(first))
                }
                (true, _) => Enclosure { lower: 0.0, upper: 1.0 },
            })
            .collect())
    }
}

/// Whether every argument that may be the greatest is the number `floor`.
fn all_equal(args: &[&Enclosure], floor: f64) -> bool {
    args.iter().all(|a| a.upper < floor || (a.lower == floor && a.upper == floor))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(x: f64) -> Enclosure {
        Enclosure { lower: x, upper: x }
    }

    #[test]
    fn a_tower_of_exponentials_has_a_value() {
        let mut tower = at(2.0);
        for _ in 0..40 {
            tower = tower.call(Function::Exp).expect("eˣ is defined everywhere");
        }
        assert!(tower.lower >= 1e308 && tower.upper == f64::INFINITY);
        let small = Enclosure::one().div(&tower).expect("it is not 0");
        assert!(small.lower <= 0.0 && small.upper < 1e-300);
        assert_eq!(tower.neg().call(Function::Tanh).expect("it is defined").lower, -1.0);
        assert!(tower.neg().call(Function::Ln).is_err());
        assert!(tower.sub(&tower).expect("it is a number").finite().is_none());
        let below = tower.powi(3).expect("it is defined").neg();
        assert!(below.call(Function::Relu).expect("it is defined") == at(0.0));
    }

    proptest! {
        #![proptest_config(crate::laws::laws(256))]

        /// Whatever holds x and y holds what an operation makes of x and y, in range or out of it.
        #[test]
        fn operations_enclose(
            x in -1e3f64..1e3, y in -1e3f64..1e3, wide in 0u8..16, n in -3i32..5,
        ) {
            let widen = |v: f64, low: bool, high: bool| Enclosure {
                lower: if low { f64::NEG_INFINITY } else { v },
                upper: if high { f64::INFINITY } else { v },
            };
            let a = widen(x, wide & 1 > 0, wide & 2 > 0);
            let b = widen(y, wide & 4 > 0, wide & 8 > 0);
            let holds = |e: Result<Enclosure, Fault>, v: f64| match e {
                Ok(e) => {
                    let room = 1e-9 * (1.0 + v.abs());
                    !v.is_finite() || (e.lower <= v + room && v - room <= e.upper)
                }
                Err(_) => true,
            };
            prop_assert!(holds(a.add(&b), x + y));
            prop_assert!(holds(a.sub(&b), x - y));
            prop_assert!(holds(a.mul(&b), x * y));
            prop_assert!(holds(a.div(&b), x / y));
            prop_assert!(holds(a.powi(n), x.powi(n)));
            prop_assert!(holds(a.pow(&b), libm::pow(x, y)));
            for f in Function::ALL {
                let point = at(x).call(f);
                if let (Ok(p), Ok(all)) = (point, a.call(f)) {
                    prop_assert!(all.lower <= p.lower && p.upper <= all.upper, "{} of {:?}", f, a);
                }
            }
        }
    }

    /// What lies wholly beyond the largest number is no number.
    #[test]
    fn infinity_itself_has_no_value() {
        for f in [Function::Exp, Function::Tanh, Function::Softplus] {
            assert!(at(f64::INFINITY).call(f).is_err(), "{f}");
        }
        let beyond = Enclosure { lower: 1e3, upper: f64::INFINITY };
        let beyond = beyond.call(Function::Exp).expect("it is defined");
        assert_eq!((beyond.lower, beyond.upper), (f64::MAX, f64::INFINITY));
    }

    /// 1 for the first of the greatest, 0 for what is less, and anything between where it is open.
    #[test]
    fn what_an_argument_counts_is_as_certain_as_the_numbers_are() {
        let wide = |lower: f64, upper: f64| Enclosure { lower, upper };
        let (no, yes, open) = (at(0.0), at(1.0), wide(0.0, 1.0));
        for (args, expected) in [
            (vec![at(2.0)], vec![yes]),
            (vec![at(1.0), at(2.0)], vec![no, yes]),
            (vec![at(2.0), at(2.0)], vec![yes, no]),
            (vec![at(1.0), at(2.0), at(2.0), at(2.0)], vec![no, yes, no, no]),
            (vec![wide(0.0, 1.0), at(2.0), wide(-3.0, 1.5), at(2.0)], vec![no, yes, no, no]),
            (vec![wide(1.0, 3.0), at(2.0)], vec![open, open]),
            (vec![wide(1.0, 2.0), at(2.0)], vec![open, open]),
            (vec![at(2.0), at(2.0), wide(1.0, 3.0)], vec![open, open, open]),
            (vec![wide(3.0, 4.0), at(2.0), wide(1.0, 2.5)], vec![yes, no, no]),
        ] {
            let found = Enclosure::winners(&args.iter().collect::<Vec<_>>()).unwrap();
            assert!(found == expected, "{args:?}: {found:?}");
        }
    }
}
