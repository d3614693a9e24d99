//! Midpoints of any number of bits, over the crate astro-float. Of it only sums, products,
//! quotients and comparisons are used, rounded to the nearest.

use std::cell::Cell;
use std::cmp::Ordering;

use astro_float_num::{BigFloat, RoundingMode, Sign};
use num_traits::Signed;

use super::Middle;
use crate::scalar::{Rational, during};

/// A number of as many bits as [`Digits::during`] says.
#[derive(Clone, Debug)]
pub struct Digits(BigFloat);

/// How long numbers are.
#[derive(Clone, Copy)]
struct Length {
    /// A multiple of 64.
    bits: u32,
    /// What a result is off by at most where it is rounded, as a part of it.
    unit: f64,
}

impl Length {
    /// For so many bits or a few more.
    const fn of(bits: u32) -> Length {
        let bits = bits.next_multiple_of(64);
        let (mut unit, mut n) = (4.0, 0);
        while n < bits && n < 1000 {
            unit /= 2.0;
            n += 1;
        }
        Length { bits, unit }
    }
}

thread_local! {
    static LENGTH: Cell<Length> = const { Cell::new(Length::of(192)) };
}

/// How many bits a result has.
fn bits() -> usize {
    LENGTH.get().bits as usize
}

const NEAREST: RoundingMode = RoundingMode::ToEven;

impl PartialEq for Digits {
    fn eq(&self, other: &Digits) -> bool {
        self.0.cmp(&other.0) == Some(0)
    }
}

impl Digits {
    /// Runs `job`, in which every result has this many bits, or a few more.
    pub fn during<T>(bits: u32, job: impl FnOnce() -> T) -> T {
        during(&LENGTH, Length::of(bits), job)
    }

    /// A result with a bound of its error: two units in its last place, unless it and all that it
    /// was made of is exact.
    fn rounded(x: BigFloat, exact: bool) -> (Digits, f64) {
        let x = Digits(x);
        // The flag is inherited, and an inexact number may be added without error; so it only
        // counts where it says that there was none.
        let error = if exact { 0.0 } else { x.size() * LENGTH.get().unit + f64::MIN_POSITIVE };
        (x, error)
    }

    /// Whether an operation on numbers whose flags are taken down leaves the flag down.
    fn fresh(&self) -> BigFloat {
        let mut x = self.0.clone();
        x.set_inexact(false);
        x
    }
}

impl Middle for Digits {
    fn bits() -> u32 {
        LENGTH.get().bits
    }

    fn from_f64(x: f64) -> Digits {
        Digits(BigFloat::from_f64(x, bits()))
    }

    fn to_f64(&self) -> f64 {
        let Some((words, _, sign, exponent, _)) = self.0.as_raw_parts() else { return f64::NAN };
        // The mantissa is a fraction between 1/2 and 1, its last word the highest.
        let mut digits = words.iter().rev();
        let (first, second) = (digits.next().copied(), digits.next().copied());
        let unit = 1.0 / (1u128 << 64) as f64;
        let fraction = first.unwrap_or(0) as f64 * unit + second.unwrap_or(0) as f64 * unit * unit;
        let size = match exponent {
            ..=-1080 => 0.0,
            -1079..=1025 => libm::scalbn(fraction, exponent),
            _ => f64::INFINITY,
        };
        if sign == Sign::Neg { -size } else { size }
    }

    fn size(&self) -> f64 {
        match self.0.exponent() {
            None if !self.0.is_zero() => f64::NAN,
            _ if self.0.is_zero() => 0.0,
            _ => self.to_f64().abs() * super::MORE + f64::MIN_POSITIVE,
        }
    }

    fn neg(&self) -> Digits {
        Digits(self.0.neg())
    }

    fn add(&self, other: &Digits) -> (Digits, f64) {
        let sum = self.fresh().add(&other.fresh(), bits(), NEAREST);
        let exact = !sum.inexact();
        Digits::rounded(sum, exact)
    }

    fn mul(&self, other: &Digits) -> (Digits, f64) {
        let product = self.fresh().mul(&other.fresh(), bits(), NEAREST);
        let exact = !product.inexact();
        Digits::rounded(product, exact)
    }

    fn div(&self, other: &Digits) -> (Digits, f64) {
        let quotient = self.fresh().div(&other.fresh(), bits(), NEAREST);
        let exact = !quotient.inexact();
        Digits::rounded(quotient, exact)
    }

    fn order(&self, other: &Digits) -> Option<Ordering> {
        self.0.cmp(&other.0).map(|sign| sign.cmp(&0))
    }

    fn from_rational(q: &Rational) -> Option<(Digits, f64)> {
        let x = q.to_f64();
        if Rational::from_f64(x).is_ok_and(|exact| exact == *q) {
            return Some((Digits::from_f64(x), 0.0));
        }
        let (numerator, of_n) = Self::whole(&q.numer());
        let (denominator, of_d) = Self::whole(&q.denom());
        // Longer integers than that lose their last digits, and the quotient twice as many.
        let (quotient, own) = numerator.div(&denominator);
        let size = quotient.size();
        let error = own + (of_n + of_d) * size;
        size.is_finite().then_some((quotient, error))
    }
}

impl Digits {
    /// A whole number, and a bound of its relative error.
    fn whole(n: &num_bigint::BigInt) -> (Digits, f64) {
        let words = n.magnitude().to_u64_digits();
        let sign = if n.is_negative() { Sign::Neg } else { Sign::Pos };
        let exponent = (words.len() * 64) as i32;
        let mut x = BigFloat::from_words(&words, sign, exponent);
        if words.is_empty() {
            return (Digits::from_f64(0.0), 0.0);
        }
        let exact = words.len() * 64 <= bits();
        // Only the stored length changes; the value is rounded to the nearest.
        let fits = x.set_precision(bits(), NEAREST).is_ok();
        (Digits(x), if exact && fits { 0.0 } else { 2.0 * LENGTH.get().unit })
    }
}
