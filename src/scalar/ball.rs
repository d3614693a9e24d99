//! Numbers with a radius: a midpoint of more digits than `f64` has, and a bound of how far the
//! exact value may be from it.
//!
//! Goes in: exact numbers and other balls. Comes out: a ball that holds every value the operation
//! takes on its operands. What always holds: the exact value lies within the radius of the
//! midpoint, and a radius of 0 is shown and not assumed; both are finite. [`Wide`] has midpoints
//! of 106 bits and costs a few nanoseconds an operation, [`Long`] has as many bits as one asks for
//! and costs some hundred.
//!
//! Radii are `f64`, so one of a result that is not 0 is never less than the smallest normal `f64`,
//! and rounded up: every bound of an error is multiplied by [`MORE`], which exceeds what rounding may
//! have taken from it. That of a fraction as it is read may be smaller, so that the fraction is told
//! from 0.

mod functions;
mod long;
mod side;
mod wide;

pub use long::Digits;
pub use wide::Pair;

use std::cmp::Ordering;

use super::{Fault, Function, Interval, Rational, SIDE, Scalar, power_by_squares};

/// A ball with 106 bits in its middle.
pub type Wide = Ball<Pair>;
/// A ball with as many bits in its middle as [`Digits::during`] says.
pub type Long = Ball<Digits>;

/// What a computed bound is multiplied by: the bounds here are sums and products of a few terms,
/// each rounded by a part of 2⁻⁵³ at most.
const MORE: f64 = 1.0 + 1.0 / (1u64 << 44) as f64;

/// The midpoint of a ball: arithmetic that says by how much it was rounded, at most.
pub trait Middle: Clone + std::fmt::Debug + PartialEq {
    /// How many bits it keeps.
    fn bits() -> u32;

    /// This number, exactly.
    fn from_f64(x: f64) -> Self;
    /// The nearest `f64`, or one beside it; infinite past its range.
    fn to_f64(&self) -> f64;
    /// A bound of |self|.
    fn size(&self) -> f64;
    /// −self.
    fn neg(&self) -> Self;
    /// self + other, and a bound of the error.
    fn add(&self, other: &Self) -> (Self, f64);
    /// self · other, and a bound of the error.
    fn mul(&self, other: &Self) -> (Self, f64);
    /// self / other for another number than 0, and a bound of the error.
    fn div(&self, other: &Self) -> (Self, f64);
    /// self / n for a whole number n that is not 0, and a bound of the error.
    fn over(&self, n: u32) -> (Self, f64) {
        self.div(&Self::from_f64(f64::from(n)))
    }
    /// Which is greater.
    fn order(&self, other: &Self) -> Option<Ordering>;
    /// A number beside this fraction, and a bound of the error.
    fn from_rational(q: &Rational) -> Option<(Self, f64)>;
    /// Whether there is a quicker [`Middle::add_products`].
    const SIDE_BY_SIDE: bool = false;
    /// Adds a·b to each of the sums at these places, if that can be done for all of them by the
    /// same steps. Otherwise nothing is changed.
    fn add_products(
        _sums: &mut [Ball<Self>],
        _at: &[usize],
        _a: &[&Ball<Self>; SIDE],
        _b: &[&Ball<Self>; SIDE],
    ) -> bool {
        false
    }
    /// π and a bound of the error, where it is written down.
    fn pi() -> Option<(Self, f64)> {
        None
    }
    /// √(2π) and a bound of the error, where it is written down.
    fn sqrt_of_two_pi() -> Option<(Self, f64)> {
        None
    }
}

/// All numbers within `radius` of `middle`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ball<M> {
    middle: M,
    radius: f64,
}

impl<M: Middle> Ball<M> {
    /// The one number `x`; [`Fault::NotFinite`] if it is none.
    pub fn point(x: f64) -> Result<Ball<M>, Fault> {
        Ball::checked(M::from_f64(x), 0.0)
    }

    /// All numbers within `radius` of `x`.
    pub fn around(x: f64, radius: f64) -> Result<Ball<M>, Fault> {
        Ball::checked(M::from_f64(x), radius.abs())
    }

    /// The nearest `f64` to the middle.
    pub fn to_f64(&self) -> f64 {
        self.middle.to_f64()
    }

    /// How far the exact value may be from the middle; 0 where that is shown to be the value.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// A number by itself that lies beside the middle: `part`, between −1 and 1, of the radius away,
    /// or of the last digits that the middle keeps, if that is more.
    pub fn settled(&self, part: f64) -> Result<Ball<M>, Fault> {
        let digits = self.middle.size() * libm::exp2(4.0 - f64::from(M::bits()));
        Ball::checked(self.middle.add(&M::from_f64(part * self.radius.max(digits))).0, 0.0)
    }

    /// An upper bound of the absolute value.
    pub fn most(&self) -> f64 {
        (self.middle.size() + self.radius) * MORE
    }

    /// A lower bound of the absolute value; 0 where the ball holds 0.
    pub fn least(&self) -> f64 {
        let size = self.middle.to_f64().abs() / MORE;
        (size - self.radius * MORE).max(0.0) / MORE
    }

    /// Whether 0 is inside.
    pub fn holds_zero(&self) -> bool {
        self.least() == 0.0
    }

    /// |x − self|: a lower and an upper bound of it, over all that the ball holds. The difference
    /// is taken in the ball's own digits.
    pub fn distance(&self, x: f64) -> Result<(f64, f64), Fault> {
        let difference = Ball::point(x)?.sub(self)?;
        Ok((difference.least(), difference.most()))
    }

    /// An interval of `f64` that holds the ball.
    pub fn interval(&self) -> Result<Interval, Fault> {
        let middle = self.middle.to_f64();
        let off = M::from_f64(-middle);
        let (rest, error) = self.middle.add(&off);
        let slack = (rest.size() + error + self.radius) * MORE;
        if slack == 0.0 {
            return Interval::point(middle);
        }
        Interval::new((middle - slack).next_down(), (middle + slack).next_up())
    }

    #[inline]
    fn checked(middle: M, radius: f64) -> Result<Ball<M>, Fault> {
        match radius.is_finite() && middle.size().is_finite() {
            true => Ok(Ball { middle, radius }),
            false => Err(Fault::NotFinite),
        }
    }

    /// The middle alone.
    fn exactly(middle: M) -> Ball<M> {
        Ball { middle, radius: 0.0 }
    }

    /// The same with all numbers that are up to `more` further from the middle.
    fn widened(self, more: f64) -> Result<Ball<M>, Fault> {
        Ball::checked(self.middle, (self.radius + more) * if more > 0.0 { MORE } else { 1.0 })
    }

    /// Half of it. Exact but for underflow.
    fn half(&self) -> Result<Ball<M>, Fault> {
        self.mul(&Ball::point(0.5)?)
    }

    /// The part of it that a whole number n, which is not 0, says: its half, its third and so on.
    fn over(&self, n: u32) -> Result<Ball<M>, Fault> {
        let (middle, error) = self.middle.over(n);
        Ball::checked(middle, bound(self.radius / f64::from(n), error))
    }

    /// −1, 0, 1 where the sign is certain; none where it is not.
    fn sign(&self) -> Option<i32> {
        let middle = self.middle.to_f64();
        match (self.holds_zero(), self.radius == 0.0 && middle == 0.0) {
            (_, true) => Some(0),
            (true, _) => None,
            (false, _) => Some(if middle > 0.0 { 1 } else { -1 }),
        }
    }

    #[inline]
    fn is_exactly(&self, n: f64) -> bool {
        self.radius == 0.0 && self.middle == M::from_f64(n)
    }
}

/// A bound that is a sum of the radii's share and the operation's own error.
#[inline]
fn bound(passed: f64, own: f64) -> f64 {
    match (passed > 0.0, own > 0.0) {
        (false, false) => 0.0,
        // What underflow may have taken from a product of radii.
        (true, _) => (passed + own) * MORE + f64::MIN_POSITIVE,
        (false, true) => own * MORE,
    }
}

impl<M: Middle> Scalar for Ball<M> {
    fn from_rational(q: &Rational) -> Result<Ball<M>, Fault> {
        let (middle, error) = M::from_rational(q).ok_or(Fault::NotFinite)?;
        Ball::checked(middle, bound(0.0, error))
    }

    #[inline]
    fn add(&self, other: &Ball<M>) -> Result<Ball<M>, Fault> {
        let (middle, error) = self.middle.add(&other.middle);
        Ball::checked(middle, bound(self.radius + other.radius, error))
    }

    fn sub(&self, other: &Ball<M>) -> Result<Ball<M>, Fault> {
        self.add(&other.neg())
    }

    #[inline]
    fn mul(&self, other: &Ball<M>) -> Result<Ball<M>, Fault> {
        if self.is_exactly(0.0) || other.is_exactly(0.0) {
            return Ball::point(0.0);
        }
        let (middle, error) = self.middle.mul(&other.middle);
        let passed = match self.radius == 0.0 && other.radius == 0.0 {
            true => 0.0,
            false => {
                self.middle.size() * other.radius
                    + other.middle.size() * self.radius
                    + self.radius * other.radius
                    + f64::MIN_POSITIVE
            }
        };
        Ball::checked(middle, bound(passed, error))
    }

    fn neg(&self) -> Ball<M> {
        Ball { middle: self.middle.neg(), radius: self.radius }
    }

    fn div(&self, other: &Ball<M>) -> Result<Ball<M>, Fault> {
        let least = other.least();
        if least == 0.0 {
            return Err(Fault::DivisionByZero);
        }
        if self.is_exactly(0.0) {
            return Ok(self.clone());
        }
        let (middle, error) = self.middle.div(&other.middle);
        // a/b − m_a/m_b = (a − m_a)/b + (m_a/m_b)·(m_b − b)/b.
        let passed = match self.radius == 0.0 && other.radius == 0.0 {
            true => 0.0,
            false => {
                let quotient = middle.size() + error;
                (self.radius + quotient * other.radius) / least + f64::MIN_POSITIVE
            }
        };
        Ball::checked(middle, bound(passed, error))
    }

    fn powi(&self, exponent: i32) -> Result<Ball<M>, Fault> {
        if exponent < 0 {
            let power = self.powi(exponent.checked_neg().ok_or(Fault::TooLarge)?)?;
            return Ball::point(1.0)?.div(&power);
        }
        power_by_squares(self, Self::one(), exponent.unsigned_abs(), Self::mul)
    }

    fn pow(&self, exponent: &Ball<M>) -> Result<Ball<M>, Fault> {
        let whole = exponent.middle.to_f64();
        if exponent.is_exactly(whole) && whole.fract() == 0.0 && whole.abs() < 1e6 {
            return self.powi(whole as i32);
        }
        match self.sign() {
            Some(1) => exponent.mul(&functions::ln(self)?)?.call(Function::Exp),
            Some(0) if exponent.sign() == Some(1) => Ball::point(0.0),
            Some(0) if exponent.sign() == Some(-1) => Err(Fault::DivisionByZero),
            Some(-1) if exponent.radius == 0.0 => Err(Fault::PowerOutOfDomain),
            _ => Err(Fault::Overlap),
        }
    }

    fn call(&self, function: Function) -> Result<Ball<M>, Fault> {
        functions::call(self, function)
    }

    const SIDE_BY_SIDE: bool = M::SIDE_BY_SIDE;

    fn add_products(
        sums: &mut [Self],
        at: &[usize],
        a: &[&Self; SIDE],
        b: &[&Self; SIDE],
    ) -> Result<(), Fault> {
        if M::add_products(sums, at, a, b) {
            return Ok(());
        }
        for (at, (a, b)) in at.iter().zip(a.iter().zip(b)) {
            sums[*at] = sums[*at].add(&a.mul(b)?)?;
        }
        Ok(())
    }

    /// Without the way by a fraction, for 0 and 1 are asked for all the time.
    fn integer(n: i32) -> Ball<M> {
        Ball::exactly(M::from_f64(f64::from(n)))
    }

    /// Certain, or [`Fault::Overlap`].
    fn compare(&self, other: &Ball<M>) -> Result<Ordering, Fault> {
        if self.radius == 0.0 && other.radius == 0.0 {
            return self.middle.order(&other.middle).ok_or(Fault::NotFinite);
        }
        let difference = self.sub(other)?;
        match difference.sign() {
            Some(sign) => Ok(sign.cmp(&0)),
            None => Err(Fault::Overlap),
        }
    }
}

#[cfg(test)]
mod tests;
