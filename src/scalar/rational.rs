//! Exact rational numbers: a small `Ratio<i64>` with checked operations, and a big one beside
//! it for what does not fit. Equal numbers have one representation.

use std::cmp::Ordering;
use std::fmt;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::{BigRational, Ratio};
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub, One, Signed, ToPrimitive, Zero};

use super::{Fault, Function, Scalar};

/// An exact rational number in lowest terms with a positive denominator.
///
/// ```
/// use backproof::scalar::Rational;
/// let tenth: Rational = "0.1".parse().unwrap();
/// assert_eq!(tenth.to_string(), "1/10");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Rational(Repr);

/// Invariant: `Big` holds only what `Small` cannot, so derived equality and hashing are right.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Small(Ratio<i64>),
    Big(Box<BigRational>),
}

impl Rational {
    /// The largest size of a numerator or denominator, in bits; past it, operations answer
    /// [`Fault::TooLarge`] instead of filling the memory.
    pub const MAX_BITS: u64 = 1 << 16;
    /// The largest number of digits, before and after the point, of a decimal that is read.
    pub const MAX_DIGITS: usize = 1000;
    /// The largest exponent, of either sign, of a decimal that is read. The smallest positive
    /// `f64` is about 4.9e-324, so every `f64` that is printed can be read.
    pub const MAX_EXPONENT: u32 = 324;

    /// `numer / denom` in lowest terms.
    pub fn new(numer: impl Into<BigInt>, denom: impl Into<BigInt>) -> Result<Rational, Fault> {
        let denom = denom.into();
        if denom.is_zero() {
            return Err(Fault::DivisionByZero);
        }
        Rational::checked(BigRational::new(numer.into(), denom))
    }

    /// The exact value of a finite `f64`, as a fraction whose denominator is a power of two.
    pub fn from_f64(x: f64) -> Result<Rational, Fault> {
        if let Some(small) = small_dyadic(x) {
            return Ok(Rational(Repr::Small(small)));
        }
        BigRational::from_float(x).ok_or(Fault::NotFinite).map(Rational::normal)
    }

    /// The numerator, which bears the sign.
    pub fn numer(&self) -> BigInt {
        match &self.0 {
            Repr::Small(r) => BigInt::from(*r.numer()),
            Repr::Big(r) => r.numer().clone(),
        }
    }

    /// The denominator, which is positive.
    pub fn denom(&self) -> BigInt {
        match &self.0 {
            Repr::Small(r) => BigInt::from(*r.denom()),
            Repr::Big(r) => r.denom().clone(),
        }
    }

    /// The n and k of n/2ᵏ, where it is such a number and both are short.
    pub(super) fn dyadic(&self) -> Option<(i64, u32)> {
        match &self.0 {
            Repr::Small(r) if r.denom().unsigned_abs().is_power_of_two() => {
                Some((*r.numer(), r.denom().trailing_zeros()))
            }
            _ => None,
        }
    }

    /// The same number as `f64`, where it is one and that is easily seen.
    pub(super) fn as_f64(&self) -> Option<f64> {
        let (n, k) = self.dyadic()?;
        (n.unsigned_abs() < 1 << 53).then(|| n as f64 / (1u64 << k) as f64)
    }

    /// n/2ᵏ in lowest terms, if both are short then.
    fn from_dyadic(n: i128, k: u32) -> Option<Rational> {
        let common = if n == 0 { k } else { n.trailing_zeros().min(k) };
        let (n, k) = (i64::try_from(n >> common).ok()?, k - common);
        (n != i64::MIN && k < 63).then(|| Rational(Repr::Small(Ratio::new_raw(n, 1 << k))))
    }

    /// What `f` makes of two numerators over one denominator, which is a power of two.
    fn over_one(&self, other: &Rational, f: fn(i128, i128) -> i128) -> Option<Rational> {
        let ((a, i), (b, j)) = (self.dyadic()?, other.dyadic()?);
        let k = i.max(j);
        Rational::from_dyadic(f(i128::from(a) << (k - i), i128::from(b) << (k - j)), k)
    }

    /// Whether this is 0.
    pub fn is_zero(&self) -> bool {
        matches!(&self.0, Repr::Small(r) if r.is_zero())
    }

    /// Whether this is 1.
    pub fn is_one(&self) -> bool {
        matches!(&self.0, Repr::Small(r) if r.is_one())
    }

    /// Whether this is below 0.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(r) => r.is_negative(),
            Repr::Big(r) => r.is_negative(),
        }
    }

    /// Whether the denominator is 1.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small(r) => r.is_integer(),
            Repr::Big(r) => r.is_integer(),
        }
    }

    /// The whole number that this is, if it is one and fits.
    pub fn to_i32(&self) -> Option<i32> {
        match &self.0 {
            Repr::Small(r) if r.is_integer() => r.numer().to_i32(),
            _ => None,
        }
    }

    /// The nearest `f64` (infinite past its range).
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            // i64 to f64 rounds once; the quotient would round twice, so only exact ones go fast.
            Repr::Small(r) if r.numer().abs() < 1 << 53 && *r.denom() < 1 << 53 => {
                *r.numer() as f64 / *r.denom() as f64
            }
            Repr::Small(r) => wide(*r).to_f64().unwrap_or(f64::NAN),
            Repr::Big(r) => r.to_f64().unwrap_or(f64::NAN),
        }
    }

    /// In print with so many decimals, rounded half away from 0; none of more decimals than 18.
    pub(crate) fn in_decimals(&self, decimals: u32) -> Option<String> {
        let scale = 10i64.checked_pow(decimals)?;
        let half = Rational::new(1, 2).ok()?;
        let scaled = self.abs().mul(&Rational::from(scale)).ok()?.add(&half).ok()?;
        let whole = (scaled.numer() / scaled.denom()).to_string();
        let sign = if self.is_negative() { "-" } else { "" };
        let places = decimals as usize;
        let digits = format!("{whole:0>width$}", width = places + 1);
        let (before, after) = digits.split_at(digits.len() - places);
        Some(match places {
            0 => format!("{sign}{before}"),
            _ => format!("{sign}{before}.{after}"),
        })
    }

    /// |self|.
    #[must_use]
    pub fn abs(&self) -> Rational {
        if self.is_negative() { Scalar::neg(self) } else { self.clone() }
    }

    /// The size of the larger of numerator and denominator, in bits.
    pub fn bits(&self) -> u64 {
        match &self.0 {
            Repr::Small(r) => {
                let larger = r.numer().unsigned_abs().max(r.denom().unsigned_abs());
                u64::from(u64::BITS - larger.leading_zeros())
            }
            Repr::Big(r) => r.numer().bits().max(r.denom().bits()),
        }
    }

    /// The exact square root, if it is rational.
    pub fn exact_sqrt(&self) -> Option<Rational> {
        if self.is_negative() {
            return None;
        }
        let root = |n: BigInt| {
            let r = n.sqrt();
            (&r * &r == n).then_some(r)
        };
        Rational::new(root(self.numer())?, root(self.denom())?).ok()
    }

    fn big(&self) -> BigRational {
        match &self.0 {
            Repr::Small(r) => wide(*r),
            Repr::Big(r) => (**r).clone(),
        }
    }

    fn normal(r: BigRational) -> Rational {
        match (r.numer().to_i64(), r.denom().to_i64()) {
            // i64::MIN has no negation; leave it to the big side.
            (Some(n), Some(d)) if n != i64::MIN => Rational(Repr::Small(Ratio::new_raw(n, d))),
            _ => Rational(Repr::Big(Box::new(r))),
        }
    }

    fn checked(r: BigRational) -> Result<Rational, Fault> {
        if r.numer().bits().max(r.denom().bits()) > Rational::MAX_BITS {
            return Err(Fault::TooLarge);
        }
        Ok(Rational::normal(r))
    }

    fn operate(
        &self,
        other: &Rational,
        small: fn(&Ratio<i64>, &Ratio<i64>) -> Option<Ratio<i64>>,
        big: fn(BigRational, BigRational) -> BigRational,
    ) -> Result<Rational, Fault> {
        if let (Repr::Small(a), Repr::Small(b)) = (&self.0, &other.0)
            && let Some(r) = small(a, b)
            && *r.numer() != i64::MIN
        {
            return Ok(Rational(Repr::Small(r)));
        }
        Rational::checked(big(self.big(), other.big()))
    }
}

fn wide(r: Ratio<i64>) -> BigRational {
    BigRational::new_raw(BigInt::from(*r.numer()), BigInt::from(*r.denom()))
}

impl From<i64> for Rational {
    fn from(n: i64) -> Rational {
        match n {
            i64::MIN => Rational::normal(BigRational::from_integer(BigInt::from(n))),
            _ => Rational(Repr::Small(Ratio::from_integer(n))),
        }
    }
}

impl Scalar for Rational {
    fn from_rational(q: &Rational) -> Result<Rational, Fault> {
        Ok(q.clone())
    }

    fn add(&self, other: &Rational) -> Result<Rational, Fault> {
        match self.over_one(other, |a, b| a + b) {
            Some(sum) => Ok(sum),
            None => self.operate(other, CheckedAdd::checked_add, |a, b| a + b),
        }
    }

    fn sub(&self, other: &Rational) -> Result<Rational, Fault> {
        match self.over_one(other, |a, b| a - b) {
            Some(difference) => Ok(difference),
            None => self.operate(other, CheckedSub::checked_sub, |a, b| a - b),
        }
    }

    fn mul(&self, other: &Rational) -> Result<Rational, Fault> {
        if let (Some((a, i)), Some((b, j))) = (self.dyadic(), other.dyadic())
            && let Some(product) = Rational::from_dyadic(i128::from(a) * i128::from(b), i + j)
        {
            return Ok(product);
        }
        self.operate(other, CheckedMul::checked_mul, |a, b| a * b)
    }

    fn neg(&self) -> Rational {
        match &self.0 {
            Repr::Small(r) => Rational(Repr::Small(-*r)),
            Repr::Big(r) => Rational::normal(-(**r).clone()),
        }
    }

    fn div(&self, other: &Rational) -> Result<Rational, Fault> {
        if other.is_zero() {
            return Err(Fault::DivisionByZero);
        }
        self.operate(other, CheckedDiv::checked_div, |a, b| a / b)
    }

    fn powi(&self, exponent: i32) -> Result<Rational, Fault> {
        if self.is_zero() && exponent < 0 {
            return Err(Fault::DivisionByZero);
        }
        if self.bits() > 1
            && self.bits().saturating_mul(exponent.unsigned_abs().into()) > Rational::MAX_BITS
        {
            return Err(Fault::TooLarge);
        }
        if let (Repr::Small(_), 1..=4) = (&self.0, exponent) {
            // Without big numbers as long as the powers are small.
            return (1..exponent).try_fold(self.clone(), |power, _| power.mul(self));
        }
        Rational::checked(self.big().pow(exponent))
    }

    fn pow(&self, exponent: &Rational) -> Result<Rational, Fault> {
        if let Some(n) = exponent.to_i32() {
            return self.powi(n);
        }
        if self.is_one() {
            return Ok(self.clone());
        }
        if exponent.is_integer() {
            // Past the range of i32 only 0, 1 and −1 have powers of a bearable size.
            let even = exponent.numer().is_even();
            return match (self.to_i32(), exponent.is_negative()) {
                (Some(0), true) => Err(Fault::DivisionByZero),
                (Some(0), false) => Ok(self.clone()),
                (Some(-1), _) => Ok(Rational::from(if even { 1 } else { -1 })),
                _ => Err(Fault::TooLarge),
            };
        }
        if self.is_negative() {
            return Err(Fault::PowerOutOfDomain);
        }
        if self.is_zero() {
            return if exponent.is_negative() {
                Err(Fault::DivisionByZero)
            } else {
                Ok(self.clone())
            };
        }
        let root = exponent.denom().to_u32().ok_or(Fault::PowerNotExact)?;
        let power = exponent.numer().to_i32().ok_or(Fault::TooLarge)?;
        let exact = |n: BigInt| {
            let r = n.nth_root(root);
            (r.pow(root) == n).then_some(r).ok_or(Fault::PowerNotExact)
        };
        Rational::new(exact(self.numer())?, exact(self.denom())?)?.powi(power)
    }

    fn call(&self, function: Function) -> Result<Rational, Fault> {
        let only_at = |argument: i64, value: Rational| {
            if *self == Rational::from(argument) {
                Ok(value)
            } else {
                Err(Fault::NotExact(function))
            }
        };
        let positive = !self.is_negative() && !self.is_zero();
        match function {
            Function::Exp | Function::Cos | Function::Cosh => only_at(0, Rational::from(1)),
            Function::Tanh | Function::Sin | Function::Sinh => only_at(0, Rational::from(0)),
            Function::Sigmoid | Function::NormalCdf => only_at(0, Rational::new(1, 2)?),
            Function::Softplus | Function::NormalPdf => Err(Fault::NotExact(function)),
            Function::Ln if positive => only_at(1, Rational::from(0)),
            Function::Ln => Err(Fault::OutOfDomain(function)),
            Function::Sqrt if self.is_negative() => Err(Fault::OutOfDomain(function)),
            Function::Sqrt => self.exact_sqrt().ok_or(Fault::NotExact(function)),
            Function::Abs => Ok(self.abs()),
            Function::Relu => Ok(if positive { self.clone() } else { Rational::from(0) }),
            Function::Sign if self.is_negative() => Ok(Rational::from(-1)),
            Function::Sign | Function::Step => Ok(Rational::from(i64::from(positive))),
        }
    }

    fn compare(&self, other: &Rational) -> Result<Ordering, Fault> {
        Ok(self.cmp(other))
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Rational) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Rational) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(b),
            _ => self.big().cmp(&other.big()),
        }
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small(r) => fmt::Display::fmt(r, f),
            Repr::Big(r) => fmt::Display::fmt(r, f),
        }
    }
}

impl fmt::Debug for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Rational {
    type Err = Fault;

    /// Reads `12`, `-7/2`, `0.1`, `2.5e-3`; exact, and with one fraction bar at most. What is no
    /// number is [`Fault::NotFinite`]; more than [`Rational::MAX_DIGITS`] digits or an exponent
    /// past [`Rational::MAX_EXPONENT`] is [`Fault::TooLarge`].
    fn from_str(text: &str) -> Result<Rational, Fault> {
        match text.split_once('/') {
            Some((n, d)) => decimal(n.trim())?.div(&decimal(d.trim())?),
            None => decimal(text),
        }
    }
}

/// A decimal number without a fraction bar.
fn decimal(text: &str) -> Result<Rational, Fault> {
    // So many digits are below 2^63.
    if text.len() <= 18
        && text.bytes().all(|b| b.is_ascii_digit())
        && let Ok(n) = text.parse::<i64>()
    {
        return Ok(Rational::from(n));
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let power_digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if whole.len() + fraction.len() == 0
        || power_digits.is_empty()
        || ![whole, fraction, power_digits].into_iter().all(all_digits)
    {
        return Err(Fault::NotFinite);
    }
    if whole.len() + fraction.len() > Rational::MAX_DIGITS {
        return Err(Fault::TooLarge);
    }
    let power: i32 = exponent.parse().map_err(|_| Fault::TooLarge)?;
    if power.unsigned_abs() > Rational::MAX_EXPONENT {
        return Err(Fault::TooLarge);
    }
    let mut n =
        BigInt::parse_bytes(format!("{whole}{fraction}").as_bytes(), 10).ok_or(Fault::NotFinite)?;
    if negative {
        n = -n;
    }
    let ten = |k: i32| BigInt::from(10).pow(k.unsigned_abs());
    let shift = power - fraction.len() as i32;
    if shift >= 0 { Rational::new(n * ten(shift), 1) } else { Rational::new(n, ten(shift)) }
}

/// The fraction that `x` is, where numerator and denominator are of fewer than 63 bits: without
/// big numbers, which take twenty times as long. None also for what is not finite.
fn small_dyadic(x: f64) -> Option<Ratio<i64>> {
    if x == 0.0 {
        return Some(Ratio::zero());
    }
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i32;
    // Neither subnormal nor infinite: ±significand · 2^power, the significand odd.
    if exponent == 0 || exponent == 0x7FF {
        return None;
    }
    let significand = (bits & ((1 << 52) - 1) | 1 << 52) as i64;
    let zeros = significand.trailing_zeros();
    let (odd, power) = (significand >> zeros, exponent - 1075 + zeros as i32);
    let odd = if x < 0.0 { -odd } else { odd };
    match power {
        0.. if power + 53 - (zeros as i32) < 63 => Some(Ratio::new_raw(odd << power, 1)),
        -62..0 => Some(Ratio::new_raw(odd, 1 << -power)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
