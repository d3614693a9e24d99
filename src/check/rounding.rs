//! How far from the exact value a number may be that was computed in floating point: a running
//! error analysis for a program whose order of operations is not known.
//!
//! Goes in: exact values, through the network's own forward and backward pass. Comes out, for
//! every number, an interval that holds each result which arithmetic with unit roundoff u may
//! have given. What always holds: sums count in any order and with any bracketing.
//!
//! With u = 2⁻ᵖ and γₙ = nu/(1 − nu) (Higham, *Accuracy and Stability of Numerical Algorithms*,
//! 2nd edition, lemma 3.1):
//!
//! - a leaf or constant that is no number of p bits: |error| ≤ u·|x|;
//! - a sum of n computed terms x̂ᵢ with errors eᵢ: |error| ≤ Σ eᵢ + γₙ₋₁ Σ |x̂ᵢ|, for every order
//!   of the additions (§4.2, inequality 4.4);
//! - a product: |a|·e_b + |b|·e_a + e_a·e_b + u·|âb̂| (§3.3, running error analysis);
//! - a quotient: (e_a + |a/b|·e_b)/(|b| − e_b) + 2u·|â/b̂|, for some programs multiply by 1/b;
//! - a function or power f: how much f varies over the argument's error and two roundings of it,
//!   + [`FUNCTION_ULPS`]·u·|f|, or (n + [`FUNCTION_ULPS`])·u·|f| for a power n;
//! - where well-known implementations of f lose digits of it, as 1 + tanh does where tanh is near
//!   −1, that many roundings of 1: [`absolute`].
//!
//! At last the error is taken [`REARRANGED`] times, for a program that writes the same formula
//! another way (multiplied out, factored), and what underflow may lose is added at each product.

use std::cell::Cell;
use std::cmp::Ordering;

use crate::scalar::{Fault, Function, Interval, Rational, Scalar, during};

/// How precisely other programs evaluate exp, tanh and the like, in units of the roundoff.
pub const FUNCTION_ULPS: u32 = 4;
/// What the error bound of the network's own formula is multiplied by.
pub const REARRANGED: u32 = 2;

/// How many roundings of 1 a function is off by that a program computes as a difference from 1, as
/// 1 + tanh; the last digit of a number just below 1 is one rounding of 1.
pub(super) const BESIDE_ONE: f64 = 1.0;

/// The floating-point numbers that a program computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The upper half of an `f32`: 8 bits.
    Bf16,
    /// Half precision: 11 bits.
    F16,
    /// Single precision: 24 bits.
    F32,
    /// Double precision: 53 bits.
    F64,
}

/// What a program keeps the sums of f16 and bf16 in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accumulate {
    /// In `f32`, and each result is rounded once when it is stored, as accelerators do it.
    #[default]
    Single,
    /// In the format itself.
    Stored,
}

impl Format {
    /// Whether it has so few digits that roundings in it do not add up like small errors.
    pub(super) fn is_coarse(self) -> bool {
        matches!(self, Format::F16 | Format::Bf16)
    }

    /// All, the coarsest first.
    pub const ALL: [Format; 4] = [Format::Bf16, Format::F16, Format::F32, Format::F64];

    /// The number p of bits of its significand; its unit roundoff is 2⁻ᵖ.
    pub const fn bits(self) -> u32 {
        match self {
            Format::Bf16 => 8,
            Format::F16 => 11,
            Format::F32 => 24,
            Format::F64 => 53,
        }
    }

    /// Whether a number is one of the format.
    pub(super) fn holds(self, x: f64) -> bool {
        match self {
            Format::F64 => true,
            Format::F32 => f64::from(x as f32) == x,
            Format::Bf16 => f64::from(x as f32) == x && fits(x, 8),
            Format::F16 => fits(x, 11) && (x == 0.0 || x.abs() >= 1.0 / 16_384.0 || subnormal(x)),
        }
    }

    /// `f32`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Bf16 => "bf16",
            Format::F16 => "f16",
            Format::F32 => "f32",
            Format::F64 => "f64",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a format does to the result of an operation.
#[derive(Clone, Copy)]
struct Rounding {
    format: Format,
    /// The unit roundoff.
    unit: f64,
    /// What a product may lose by underflow, subnormals being flushed to 0 or not; 2^e written
    /// so that it is exact.
    underflow: f64,
}

impl Rounding {
    const fn of(format: Format) -> Rounding {
        Rounding {
            format,
            unit: 1.0 / (1u64 << format.bits()) as f64,
            underflow: match format {
                Format::F16 => 1.0 / (1u64 << 24) as f64,
                Format::Bf16 | Format::F32 => f32::MIN_POSITIVE as f64,
                Format::F64 => f64::MIN_POSITIVE,
            },
        }
    }
}

thread_local! {
    /// That of the format which is being computed in; the coarsest where none was named.
    static ROUNDING: Cell<Rounding> = const { Cell::new(Rounding::of(Format::Bf16)) };
}

/// Whether the format that is computed in has so many bits for a number.
pub(super) fn held(x: f64) -> bool {
    fits(x, ROUNDING.get().format.bits())
}

/// The unit roundoff of the format that is computed in, and what underflow may lose in it.
pub(super) fn losses() -> [f64; 2] {
    let Rounding { unit, underflow, .. } = ROUNDING.get();
    [unit, underflow]
}

impl Format {
    /// Runs `job`, in which every [`Computed`] is a number of this format.
    pub(super) fn during<T>(self, job: impl FnOnce() -> T) -> T {
        during(&ROUNDING, Rounding::of(self), job)
    }
}

/// A number as a program may have computed it in the format of [`Format::during`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Computed {
    /// Holds the exact value.
    exact: Interval,
    /// The sum of the absolute values of the computed terms that this is a sum of, or more.
    size: f64,
    /// How many terms.
    terms: f64,
    /// The sum of their errors, or more.
    error: f64,
}

/// Bounds are computed in `f64`, rounded to nearest; this covers what that loses.
const INFLATED: f64 = 1.0 + 1e-9;

impl Computed {
    /// A number that every program has without error.
    pub fn exactly(exact: Interval) -> Computed {
        Computed { exact, size: magnitude(&exact), terms: 1.0, error: 0.0 }
    }

    /// The same where a program may besides have added and taken away 1, by this many roundings.
    pub fn beside_one(self, roundings: f64) -> Result<Computed, Fault> {
        let more = roundings * ROUNDING.get().unit;
        let error = finite((self.error + more) * INFLATED)?;
        Ok(Computed { error, size: finite((self.size + more) * INFLATED)?, ..self })
    }

    /// How far from the exact value it may be.
    fn bound(&self) -> Result<f64, Fault> {
        let rounded = (self.terms - 1.0) * ROUNDING.get().unit;
        // Two numbers without error that cancel, a − a, cancel without error.
        if self.terms <= 1.0 || self.terms == 2.0 && self.error == 0.0 && self.vanishes() {
            return Ok(self.error);
        }
        // A sum so long that no digit of it is certain.
        if rounded >= 0.5 {
            return Err(Fault::TooLarge);
        }
        finite((self.error + rounded / (1.0 - rounded) * self.size) * INFLATED)
    }

    /// Every value that it may have.
    pub fn enclosure(&self) -> Result<Interval, Fault> {
        let bound = self.bound()? * f64::from(REARRANGED);
        let lower = self.exact.lower - bound;
        let upper = self.exact.upper + bound;
        // The ends are rounded, too, but where nothing was added.
        match bound == 0.0 {
            true => Ok(self.exact),
            false => Interval::new(lower.next_down(), upper.next_up()),
        }
    }

    /// A result of one operation, with the error that its operands pass on and its own
    /// roundings, in units of u.
    fn result(exact: Interval, passed: f64, roundings: f64) -> Result<Computed, Fault> {
        let size = magnitude(&exact) + passed;
        let Rounding { unit, underflow, .. } = ROUNDING.get();
        let own = if roundings > 0.0 { roundings * unit * size + underflow } else { 0.0 };
        let error = finite((passed + own) * INFLATED)?;
        Ok(Computed { exact, size: finite((size + own) * INFLATED)?, terms: 1.0, error })
    }

    /// f of it, where `f` encloses the values of a function over an interval.
    fn image(
        &self,
        f: impl Fn(&Interval) -> Result<Interval, Fault>,
        roundings: f64,
    ) -> Result<Computed, Fault> {
        let slack = self.bound()? + 2.0 * ROUNDING.get().unit * magnitude(&self.exact);
        let (lower, upper) = (self.exact.lower - slack, self.exact.upper + slack);
        let exact = f(&self.exact)?;
        let all = f(&Interval::new(lower.next_down(), upper.next_up())?)?;
        let passed = (exact.upper - all.lower).max(all.upper - exact.lower).max(0.0);
        Computed::result(exact, passed, roundings)
    }

    fn vanishes(&self) -> bool {
        self.exact.is_point() && self.exact.lower == 0.0
    }

    fn is_exactly(&self, n: f64) -> bool {
        self.exact.is_point() && self.exact.lower == n && self.error == 0.0 && self.terms == 1.0
    }
}

fn magnitude(x: &Interval) -> f64 {
    x.lower.abs().max(x.upper.abs())
}

fn finite(x: f64) -> Result<f64, Fault> {
    if x.is_finite() { Ok(x) } else { Err(Fault::NotFinite) }
}

/// How many roundings of 1 a well-known implementation of f may be off by at an argument of up to
/// `x`, besides [`FUNCTION_ULPS`] roundings of f(x):
///
/// - σ(x) as (1 + tanh(x/2))/2, and Φ(x) as (1 + erf(x/√2))/2, as PyTorch has it in GELU;
/// - ln(1 + eˣ) as it stands;
/// - σ(x), the slope of softplus, as exp(x − softplus(x)): so JAX has it, and burn has σ itself.
///   The exponent is rounded to the digits of x, by up to u·x, until x is so large that eˣ + 1 is
///   eˣ, for ln 2ᵖ = p·ln 2.
pub(super) fn absolute(function: Function, x: f64) -> Option<f64> {
    match function {
        Function::NormalCdf | Function::Softplus => Some(BESIDE_ONE),
        Function::Sigmoid => {
            let last = f64::from(ROUNDING.get().format.bits()) * std::f64::consts::LN_2;
            Some(BESIDE_ONE.max(x.min(last)))
        }
        _ => None,
    }
}

/// Whether `x` is a multiple of the smallest step of f16.
fn subnormal(x: f64) -> bool {
    (x * f64::from(1u32 << 24)).fract() == 0.0
}

/// Whether `x` has a significand of at most `bits` bits.
fn fits(x: f64, bits: u32) -> bool {
    let mantissa = x.to_bits() & ((1 << 52) - 1);
    mantissa == 0 || mantissa.trailing_zeros() >= 53 - bits.min(53)
}

impl Scalar for Computed {
    fn from_rational(q: &Rational) -> Result<Computed, Fault> {
        let exact = Interval::from_rational(q)?;
        match exact.is_point() && fits(exact.lower, ROUNDING.get().format.bits()) {
            true => Ok(Computed::exactly(exact)),
            false => Computed::result(exact, 0.0, 1.0),
        }
    }

    fn add(&self, other: &Computed) -> Result<Computed, Fault> {
        if self.is_exactly(0.0) {
            return Ok(*other);
        }
        if other.is_exactly(0.0) {
            return Ok(*self);
        }
        Ok(Computed {
            exact: self.exact.add(&other.exact)?,
            size: finite((self.size + other.size) * INFLATED)?,
            terms: self.terms + other.terms,
            error: finite((self.error + other.error) * INFLATED)?,
        })
    }

    fn sub(&self, other: &Computed) -> Result<Computed, Fault> {
        self.add(&other.neg())
    }

    fn mul(&self, other: &Computed) -> Result<Computed, Fault> {
        let (a, b) = (self, other);
        for (one, kept) in [(a, b), (b, a)] {
            if one.is_exactly(1.0) {
                return Ok(*kept);
            }
            if one.is_exactly(-1.0) {
                return Ok(kept.neg());
            }
        }
        for one in [a, b] {
            if one.vanishes() && one.bound() == Ok(0.0) {
                return Ok(Computed::exactly(one.exact));
            }
        }
        let (of_a, of_b) = (a.bound()?, b.bound()?);
        let (size_a, size_b) = (magnitude(&a.exact), magnitude(&b.exact));
        let passed = size_a * of_b + size_b * of_a + of_a * of_b;
        Computed::result(a.exact.mul(&b.exact)?, passed * INFLATED, 1.0)
    }

    fn neg(&self) -> Computed {
        Computed { exact: self.exact.neg(), ..*self }
    }

    fn div(&self, other: &Computed) -> Result<Computed, Fault> {
        let exact = self.exact.div(&other.exact)?;
        if other.is_exactly(1.0) {
            return Ok(*self);
        }
        let (of_a, of_b) = (self.bound()?, other.bound()?);
        let least = other.exact.lower.abs().min(other.exact.upper.abs()) - of_b;
        if least <= 0.0 {
            return Err(Fault::DivisionByZero);
        }
        let passed = (of_a + magnitude(&exact) * of_b) / least;
        Computed::result(exact, passed * INFLATED, 2.0)
    }

    fn powi(&self, exponent: i32) -> Result<Computed, Fault> {
        let ulps = f64::from(exponent.unsigned_abs()) + f64::from(FUNCTION_ULPS);
        match exponent {
            0 | 1 => self.image(|x| x.powi(exponent), 0.0),
            _ => self.image(|x| x.powi(exponent), ulps),
        }
    }

    fn pow(&self, exponent: &Computed) -> Result<Computed, Fault> {
        let slack = exponent.bound()?;
        let (lower, upper) = (exponent.exact.lower - slack, exponent.exact.upper + slack);
        let all = match slack == 0.0 {
            true => exponent.exact,
            false => Interval::new(lower.next_down(), upper.next_up())?,
        };
        let near = self.image(|x| x.pow(&all), f64::from(FUNCTION_ULPS))?;
        let exact = self.exact.pow(&exponent.exact)?;
        let passed = near.error + near.exact.width();
        Computed::result(exact, passed, 0.0)
    }

    fn call(&self, function: Function) -> Result<Computed, Fault> {
        let ulps = if function.has_kink() { 0.0 } else { f64::from(FUNCTION_ULPS) };
        let value = self.image(|x| x.call(function), ulps)?;
        match absolute(function, self.exact.upper) {
            Some(roundings) => value.beside_one(roundings),
            None => Ok(value),
        }
    }

    /// That of the exact values.
    fn compare(&self, other: &Computed) -> Result<Ordering, Fault> {
        self.exact.compare(&other.exact)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What follows in this test is computed in that format.
    fn in_format(format: Format) {
        ROUNDING.set(Rounding::of(format));
    }

    fn single(x: f32) -> Computed {
        Computed::from_rational(&Rational::from_f64(f64::from(x)).unwrap()).unwrap()
    }

    fn holds(x: &Computed, computed: f32) -> bool {
        x.enclosure().is_ok_and(|e| e.contains(f64::from(computed)))
    }

    proptest! {
        #![proptest_config(crate::laws::laws(256))]

        #[test]
        fn a_scalar_product_in_f32_is_enclosed_in_any_order(
            pairs in proptest::collection::vec((-1e3..1e3f32, -1e3..1e3f32), 1..60),
            swaps in proptest::collection::vec((0..60usize, 0..60usize), 0..60),
        ) {
            in_format(Format::F32);
            let term = |(a, b): &(f32, f32)| single(*a).mul(&single(*b)).unwrap();
            let sum = pairs.iter().map(term).reduce(|a, b| a.add(&b).unwrap()).unwrap();
            let mut shuffled = pairs.clone();
            for (a, b) in swaps {
                shuffled.swap(a % pairs.len(), b % pairs.len());
            }
            let forward: f32 = shuffled.iter().map(|(a, b)| a * b).sum();
            let paired: f32 = shuffled.chunks(2).map(|c| c.iter().map(|(a, b)| a * b).sum::<f32>()).sum();
            prop_assert!(holds(&sum, forward) && holds(&sum, paired));
            // A bound, and no carte blanche: it is of the size of the terms times n·u.
            let size: f64 = pairs.iter().map(|(a, b)| f64::from(a * b).abs()).sum();
            let width = sum.enclosure().unwrap().width();
            prop_assert!(width <= 5.0 * (pairs.len() as f64 + 1.0) * size / f64::from(1 << 24) + 1e-30);
        }

        #[test]
        fn formulas_in_f32_are_enclosed(a in -20.0..20.0f32, b in 0.01..20.0f32, c in -3.0..3.0f32) {
            in_format(Format::F32);
            let (x, y, z) = (single(a), single(b), single(c));
            let computed = (a * c - b) / (b + c * c);
            let exact = x.mul(&z).unwrap().sub(&y).unwrap();
            let exact = exact.div(&y.add(&z.mul(&z).unwrap()).unwrap()).unwrap();
            prop_assert!(holds(&exact, computed));
            let squared = exact.powi(2).unwrap();
            prop_assert!(holds(&squared, computed * computed));
            let wide = |f: fn(f64) -> f64, x: f32| f(f64::from(x)) as f32;
            for (f, g) in [
                (Function::Exp, libm::exp as fn(f64) -> f64),
                (Function::Tanh, libm::tanh),
            ] {
                prop_assert!(holds(&z.mul(&y).unwrap().call(f).unwrap(), wide(g, c * b)));
            }
            prop_assert!(holds(&y.call(Function::Ln).unwrap(), wide(libm::log, b)));
            prop_assert!(holds(&y.call(Function::Sqrt).unwrap(), b.sqrt()));
        }
    }

    #[test]
    fn exact_arithmetic_has_no_error() {
        in_format(Format::F32);
        let [one, two, zero] = [1.0, 2.0, 0.0].map(single);
        assert_eq!(one.mul(&two), Ok(two));
        assert_eq!(two.add(&zero), Ok(two));
        assert_eq!(two.mul(&zero), Ok(zero));
        assert_eq!(two.enclosure(), Interval::point(2.0));
        let nothing = one.sub(&one).unwrap();
        assert_eq!(nothing.enclosure(), Interval::point(0.0));
        assert_eq!(nothing.mul(&two.div(&single(3.0)).unwrap()), Ok(zero));
        // In another order, (1 + c) − 1 is not c.
        let reordered = nothing.add(&single(1e-9)).unwrap();
        assert!(holds(&reordered, 0.0) && holds(&reordered, (1.0 + 1e-9) - 1.0));
        let tenth = Computed::from_rational(&"0.1".parse().unwrap()).unwrap();
        assert!(holds(&tenth, 0.1));
        assert!(tenth.enclosure().unwrap().width() < 1e-7);
    }

    #[test]
    fn what_has_no_bound_has_none() {
        in_format(Format::Bf16);
        let term = Computed::from_rational(&Rational::from(3)).unwrap();
        let sum = (0..200).try_fold(term, |sum, _| sum.add(&term)).unwrap();
        assert_eq!(sum.enclosure(), Err(Fault::TooLarge));
        // 1 − 1 with errors may be 0, or not.
        in_format(Format::F32);
        let third = single(1.0).div(&single(3.0)).unwrap();
        let nothing = third.sub(&third).unwrap();
        assert_eq!(single(1.0).div(&nothing), Err(Fault::DivisionByZero));
    }

    #[test]
    fn a_sum_of_two_has_the_error_of_its_rounding() {
        in_format(Format::F32);
        let sum = single(1.0).add(&single(3.0e-9)).unwrap();
        assert!(holds(&sum, 1.0) && sum.enclosure().unwrap().width() > 1e-7);
        // Of two numbers that cancel nothing is left to round, unless they had errors before.
        assert_eq!(single(1.5).sub(&single(1.5)).unwrap().enclosure(), Interval::point(0.0));
        let third = single(1.0).div(&single(3.0)).unwrap();
        assert!(third.sub(&third).unwrap().enclosure().unwrap().width() > 0.0);
    }

    #[test]
    fn the_smallest_numbers_of_f16_are_whole_steps() {
        let step = f64::from(1u32 << 24).recip();
        assert!(subnormal(step) && subnormal(-3.0 * step) && subnormal(0.0));
        assert!(!subnormal(step / 2.0) && !subnormal(1.5 * step) && !subnormal(0.1));
    }

    /// 0.3 − (0.1 + 0.2) and a bit: what is divided by may be anything within its bound.
    #[test]
    fn a_quotient_holds_those_of_all_that_its_divisor_may_be() {
        in_format(Format::F32);
        let number = |text: &str| Computed::from_rational(&text.parse().unwrap()).unwrap();
        let nearly = |text: &str| {
            let sum = number("0.1").add(&number("0.2")).unwrap();
            number(text).sub(&sum).unwrap()
        };
        for text in ["0.3000003", "0.300001", "0.30001", "0.2999997", "0.299999"] {
            let divisor = nearly(text);
            let (exact, off) = (divisor.exact, divisor.bound().unwrap());
            let ends = [exact.lower - off, exact.upper + off];
            assert!(ends[0] > 0.0 || ends[1] < 0.0, "{text}: {ends:?}");
            for above in ["1", "0.1", "-3"] {
                let quotient = number(above).div(&divisor).unwrap();
                let off = quotient.bound().unwrap();
                let above: f64 = above.parse().unwrap();
                for end in ends {
                    let far = above / end;
                    assert!(
                        quotient.exact.lower - off <= far && far <= quotient.exact.upper + off,
                        "{above}/{text}: {quotient:?}, {far}"
                    );
                }
            }
        }
        // What may be 0 is not divided by.
        for text in ["0.300000000001", "0.299999999999"] {
            let divisor = nearly(text);
            assert!(!divisor.exact.contains(0.0) && divisor.enclosure().unwrap().contains(0.0));
            assert_eq!(number("1").div(&divisor), Err(Fault::DivisionByZero));
        }
    }
}
