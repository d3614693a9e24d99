//! Midpoints of any number of bits, over the crate astro-float. Of it only sums, products,
//! quotients and comparisons are used, rounded to the nearest.

use std::cmp::Ordering;

use astro_float_num::{BigFloat, RoundingMode, Sign};
use num_traits::Signed;

use super::Middle;
use crate::scalar::Rational;

/// A number of `P` bits, which is a multiple of 64.
#[derive(Clone, Debug)]
pub struct Digits<const P: usize>(BigFloat);

const NEAREST: RoundingMode = RoundingMode::ToEven;

impl<const P: usize> PartialEq for Digits<P> {
    fn eq(&self, other: &Digits<P>) -> bool {
        self.0.cmp(&other.0) == Some(0)
    }
}

impl<const P: usize> Digits<P> {
    /// A result with a bound of its error: two units in its last place, unless it and all that it
    /// was made of is exact.
    fn rounded(x: BigFloat, exact: bool) -> (Digits<P>, f64) {
        let x = Digits(x);
        // The flag is inherited, and an inexact number may be added without error; so it only
        // counts where it says that there was none.
        let error = if exact { 0.0 } else { x.size() * Self::UNIT + f64::MIN_POSITIVE };
        (x, error)
    }

    const UNIT: f64 = {
        let (mut unit, mut bits) = (4.0, 0);
        while bits < P && bits < 1000 {
            unit /= 2.0;
            bits += 1;
        }
        unit
    };

    /// Whether an operation on numbers whose flags are taken down leaves the flag down.
    fn fresh(&self) -> BigFloat {
        let mut x = self.0.clone();
        x.set_inexact(false);
        x
    }
}

impl<const P: usize> Middle for Digits<P> {
    const BITS: u32 = P as u32;

    fn from_f64(x: f64) -> Digits<P> {
        Digits(BigFloat::from_f64(x, P))
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

    fn neg(&self) -> Digits<P> {
        Digits(self.0.neg())
    }

    fn add(&self, other: &Digits<P>) -> (Digits<P>, f64) {
        let sum = self.fresh().add(&other.fresh(), P, NEAREST);
        let exact = !sum.inexact();
        Digits::rounded(sum, exact)
    }

    fn mul(&self, other: &Digits<P>) -> (Digits<P>, f64) {
        let product = self.fresh().mul(&other.fresh(), P, NEAREST);
        let exact = !product.inexact();
        Digits::rounded(product, exact)
    }

    fn div(&self, other: &Digits<P>) -> (Digits<P>, f64) {
        let quotient = self.fresh().div(&other.fresh(), P, NEAREST);
        let exact = !quotient.inexact();
        Digits::rounded(quotient, exact)
    }

    fn order(&self, other: &Digits<P>) -> Option<Ordering> {
        self.0.cmp(&other.0).map(|sign| sign.cmp(&0))
    }

    fn from_rational(q: &Rational) -> Option<(Digits<P>, f64)> {
        let x = q.to_f64();
        if Rational::from_f64(x).is_ok_and(|exact| exact == *q) {
            return Some((Digits::from_f64(x), 0.0));
        }
        let (numerator, of_n) = Self::whole(&q.numer());
        let (denominator, of_d) = Self::whole(&q.denom());
        // Longer integers than `P` bits lose their last digits, and the quotient twice as many.
        let (quotient, own) = numerator.div(&denominator);
        let size = quotient.size();
        let error = own + (of_n + of_d) * size;
        size.is_finite().then_some((quotient, error))
    }
}

impl<const P: usize> Digits<P> {
    /// A whole number, and a bound of its relative error.
    fn whole(n: &num_bigint::BigInt) -> (Digits<P>, f64) {
        let words = n.magnitude().to_u64_digits();
        let sign = if n.is_negative() { Sign::Neg } else { Sign::Pos };
        let bits = (words.len() * 64) as i32;
        let mut x = BigFloat::from_words(&words, sign, bits);
        if words.is_empty() {
            return (Digits::from_f64(0.0), 0.0);
        }
        let exact = words.len() * 64 <= P;
        // Only the stored length changes; the value is rounded to the nearest.
        let fits = x.set_precision(P, NEAREST).is_ok();
        (Digits(x), if exact && fits { 0.0 } else { 2.0 * Self::UNIT })
    }
}
