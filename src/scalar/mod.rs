//! The numbers that everything is evaluated over (floor 0).
//!
//! One trait, [`Scalar`], and five number systems: `f64`, the exact [`Rational`], the prime
//! field [`Prime`] (2^61 − 1), the [`Interval`] that encloses what `f64` rounds, and [`Dual`]
//! numbers over any of them. Evaluation of the graph, the concrete forward and backward passes
//! and every proof by sampling are generic over it.
//!
//! Invariant: an operation that a number system lacks answers with a [`Fault`], never with a
//! wrong number; so a result that is `Ok` is right in its own system.

mod ball;
mod dual;
mod function;
mod interval;
mod prime;
mod rational;
mod real;
mod setting;
#[cfg(test)]
mod tests;

#[doc(hidden)]
pub use ball::{Ball, Digits, Long, Middle, Pair, Wide};
pub use dual::Dual;
pub use function::Function;
pub use interval::Interval;
pub use prime::Prime;
pub use rational::Rational;
#[doc(hidden)]
pub use real::{show_digits, show_f64};
pub(crate) use setting::during;

use std::cmp::Ordering;
use std::fmt;

/// Why an operation has no answer in a number system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Division by zero, or 0 to a negative power.
    DivisionByZero,
    /// The function is not defined there: ln of −1, √ of −1.
    OutOfDomain(Function),
    /// The value exists and is irrational: exp(1) over the rationals.
    NotExact(Function),
    /// A power that is irrational: 2^(1/2) over the rationals.
    PowerNotExact,
    /// A power of a negative number by a fraction, which has no real value.
    PowerOutOfDomain,
    /// A prime field has no order, so no max and no sign.
    NoOrder,
    /// Two intervals overlap, so which is greater is not known.
    Overlap,
    /// The exact value has more than [`Rational::MAX_BITS`] bits.
    TooLarge,
    /// An `f64` left its range.
    NotFinite,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::DivisionByZero => write!(f, "division by zero"),
            Fault::OutOfDomain(g) => write!(f, "{} is not defined there", g.name()),
            Fault::NotExact(g) => write!(f, "{} has no exact rational value there", g.name()),
            Fault::PowerNotExact => write!(f, "this power has no exact rational value"),
            Fault::PowerOutOfDomain => {
                write!(f, "a fractional power of a negative number is not real")
            }
            Fault::NoOrder => write!(f, "a prime field has no order"),
            Fault::Overlap => write!(f, "the two values are too close to be told apart"),
            Fault::TooLarge => {
                write!(f, "the exact value has more than {} bits", Rational::MAX_BITS)
            }
            Fault::NotFinite => write!(f, "the value is beyond the range of f64"),
        }
    }
}

impl std::error::Error for Fault {}

/// How many products [`Scalar::add_products`] computes.
#[doc(hidden)]
pub const SIDE: usize = 8;

/// A number system. Sums, products and negation always exist, except that exact numbers have a
/// size limit and floats a range; everything partial says why it fails.
pub trait Scalar: Clone + fmt::Debug + PartialEq {
    /// The number nearest to `q`, exact where the system can.
    fn from_rational(q: &Rational) -> Result<Self, Fault>;
    /// `self + other`.
    fn add(&self, other: &Self) -> Result<Self, Fault>;
    /// `self − other`.
    fn sub(&self, other: &Self) -> Result<Self, Fault>;
    /// `self · other`.
    fn mul(&self, other: &Self) -> Result<Self, Fault>;
    /// `−self`.
    fn neg(&self) -> Self;
    /// `self / other`; [`Fault::DivisionByZero`] where `other` is or may be 0.
    fn div(&self, other: &Self) -> Result<Self, Fault>;
    /// `self` to a whole power; 0⁰ = 1.
    fn powi(&self, exponent: i32) -> Result<Self, Fault>;
    /// `self` to a power that is itself a number; defined for a positive base, and for any base
    /// where `exponent` is a whole number.
    fn pow(&self, exponent: &Self) -> Result<Self, Fault>;
    /// An elementary function. Functions with a kink (|x|, ReLU, sign, step) need an order.
    fn call(&self, function: Function) -> Result<Self, Fault>;
    /// Which of two is greater.
    fn compare(&self, other: &Self) -> Result<Ordering, Fault>;

    /// A sign drawn from a seed, the same for equal numbers and opposite for opposite ones: what
    /// stands for the sign where there is no order. Only number systems for proof by sampling
    /// have it.
    fn drawn_sign(&self, _seed: u64) -> Result<Ordering, Fault> {
        Err(Fault::NoOrder)
    }

    /// For each of `args` the number that is 1 where it is the first of the greatest and 0
    /// elsewhere. Only number systems that keep every case have it, such as a normal form.
    fn winners(_args: &[&Self]) -> Result<Vec<Self>, Fault> {
        Err(Fault::NoOrder)
    }

    /// Whether [`Scalar::add_products`] takes less time than one product after the other.
    #[doc(hidden)]
    const SIDE_BY_SIDE: bool = false;

    /// Adds a·b to up to [`SIDE`] of the sums, those at different places `at`, with the results
    /// that one after the other would have. Where one has none, all or some are left as they were.
    #[doc(hidden)]
    fn add_products(
        sums: &mut [Self],
        at: &[usize],
        a: &[&Self; SIDE],
        b: &[&Self; SIDE],
    ) -> Result<(), Fault> {
        for (at, (a, b)) in at.iter().zip(a.iter().zip(b)) {
            sums[*at] = sums[*at].add(&a.mul(b)?)?;
        }
        Ok(())
    }

    /// Whether this is 0.
    fn is_zero(&self) -> bool {
        *self == Self::zero()
    }

    /// 0.
    fn zero() -> Self {
        Self::integer(0)
    }
    /// 1.
    fn one() -> Self {
        Self::integer(1)
    }
    /// A small whole number.
    ///
    /// # Panics
    /// Never for the systems of this crate: each holds every `i32`.
    fn integer(n: i32) -> Self {
        match Self::from_rational(&Rational::from(i64::from(n))) {
            Ok(x) => x,
            Err(fault) => unreachable!("every number system holds {n}: {fault}"),
        }
    }
}

/// A power as a product of squares.
pub(crate) fn power_by_squares<T: Clone>(
    base: &T,
    one: T,
    exponent: u32,
    mul: impl Fn(&T, &T) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let (mut square, mut power, mut left) = (base.clone(), one, exponent);
    while left > 0 {
        if left & 1 == 1 {
            power = mul(&power, &square)?;
        }
        left >>= 1;
        if left > 0 {
            square = mul(&square, &square)?;
        }
    }
    Ok(power)
}
