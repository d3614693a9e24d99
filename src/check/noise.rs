//! What rounding typically does: the network's own passes in `f64`, each stored result moved at
//! random by as much as a format rounds (Monte Carlo arithmetic).
//!
//! Goes in: values, a format, a seed. Comes out: gradients as one program of many that compute in
//! this format may have got them. What always holds: the same seed gives the same numbers; what
//! no format rounds, as a copy or a product with 1 or 0, is not moved.
//!
//! A number counts, beside its value, the roundings that it is made of, in squares of a unit
//! roundoff u, each rounding being uniform in ±u and so of the variance u²/3. A sum of n terms t,
//! added in random order, has with x = Σt and s = Σt² the variance
//! u²/3 · (x²·n/3 + max(s − x²/n, 0)·n/6) beside that of its terms. A loop that adds equal or
//! sorted terms one by one errs as n·u·Σ|t|, which [`LOOP`] stands for.

use std::cmp::Ordering;

use crate::concrete::Watch;
use crate::net::NodeId;
use crate::scalar::{Fault, Function, Rational, Scalar};

use super::overflow::MASKED;
use super::rounding::{Accumulate, Format};
use super::values::SplitMix;

/// The part of u·n·Σ|t| that one rounding for a whole tensor moves each of its sums by.
const LOOP: f64 = 1.0 / 32.0;

/// A number with the roundings that it is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Noisy {
    pub value: f64,
    /// Σ t² of the terms t that were added up.
    squares: f64,
    /// Σ |t|.
    sizes: f64,
    /// How many terms.
    terms: f64,
    /// Σ of the squares of what was rounded before, in u²/3.
    rounded: f64,
    /// How many roundings of itself that is beyond one, where squares leave the range of `f64`.
    more: f64,
}

impl Noisy {
    /// A number as it is stored, without an error of its own.
    pub fn stored(value: f64) -> Noisy {
        Noisy {
            value,
            squares: square(value),
            sizes: value.abs(),
            terms: 1.0,
            rounded: 0.0,
            more: 0.0,
        }
    }

    /// A number that is rounded when it is stored.
    pub fn rounded(value: f64) -> Noisy {
        Noisy { rounded: square(value), ..Noisy::stored(value) }
    }

    /// The result of one operation that rounds once.
    fn result(value: f64, passed: f64) -> Result<Noisy, Fault> {
        match value.is_finite() {
            true => Ok(Noisy { rounded: passed.min(MOST) + square(value), ..Noisy::stored(value) }),
            false => Err(Fault::NotFinite),
        }
    }

    /// The variance of its roundings, in u²/3.
    fn variance(&self) -> f64 {
        if self.terms <= 1.0 {
            return self.rounded;
        }
        let (x, n) = (square(self.value), self.terms);
        self.rounded + x * (n / 3.0).max(1.0) + (self.squares - x / n).max(0.0) * n / 6.0
    }

    /// Its root, times a unit. Where squares leave the range of `f64`, the root of as many
    /// roundings of all that was added up.
    fn deviation(&self, unit: f64) -> f64 {
        let variance = self.variance();
        match variance == 0.0 || (LEAST * 1e10..MOST / 1e10).contains(&variance) {
            true => unit * variance.sqrt(),
            false => {
                let size = unit * self.sizes.min(f64::MAX);
                size * (1.0 + self.terms / 2.0).sqrt() * (1.0 + self.more)
            }
        }
    }

    fn is_exactly(&self, n: f64) -> bool {
        self.value == n && self.terms <= 1.0 && self.rounded == 0.0
    }
}

/// Squares between these are themselves.
const LEAST: f64 = 1e-300;
const MOST: f64 = 1e300;

/// x², or what is nearest to it in the range in which squares can be added and multiplied.
fn square(x: f64) -> f64 {
    let square = x * x;
    match (LEAST..MOST).contains(&square) || x == 0.0 {
        true => square,
        false => square.clamp(LEAST, MOST),
    }
}

/// Whether `f32` holds it.
fn single(x: f64) -> bool {
    f64::from(x as f32) == x
}

impl Scalar for Noisy {
    fn from_rational(q: &Rational) -> Result<Noisy, Fault> {
        let value = f64::from_rational(q)?;
        let exact = single(value) && Rational::from_f64(value).is_ok_and(|x| x == *q);
        let rounded = if exact { 0.0 } else { square(value) };
        Ok(Noisy { rounded, ..Noisy::stored(value) })
    }

    fn add(&self, other: &Noisy) -> Result<Noisy, Fault> {
        if self.is_exactly(0.0) {
            return Ok(*other);
        }
        if other.is_exactly(0.0) {
            return Ok(*self);
        }
        let value = self.value + other.value;
        if !value.is_finite() {
            return Err(Fault::NotFinite);
        }
        // 1 − [z > 0], and what cancels, is rounded by no format.
        let exact = |x: &Noisy| x.terms <= 1.0 && x.rounded == 0.0;
        let small = |x: &Noisy| x.value.abs() <= 1.0 && x.value.fract() == 0.0;
        let cancels = self.value == -other.value;
        if exact(self)
            && exact(other)
            && (cancels || small(self) && small(other) && value.abs() <= 1.0)
        {
            return Ok(Noisy::stored(value));
        }
        Ok(Noisy {
            value,
            squares: self.squares + other.squares,
            sizes: self.sizes + other.sizes,
            terms: self.terms + other.terms,
            rounded: self.rounded + other.rounded,
            more: self.more.max(other.more),
        })
    }

    fn sub(&self, other: &Noisy) -> Result<Noisy, Fault> {
        self.add(&other.neg())
    }

    fn mul(&self, other: &Noisy) -> Result<Noisy, Fault> {
        for (one, kept) in [(self, other), (other, self)] {
            if one.is_exactly(1.0) {
                return Ok(*kept);
            }
            if one.is_exactly(-1.0) {
                return Ok(kept.neg());
            }
            if one.is_exactly(0.0) {
                return Ok(*one);
            }
        }
        let of = |a: &Noisy, b: &Noisy| a.variance() * square(b.value);
        let product = Noisy::result(self.value * other.value, of(self, other) + of(other, self))?;
        Ok(Noisy { more: self.more + other.more, ..product })
    }

    fn neg(&self) -> Noisy {
        Noisy { value: -self.value, ..*self }
    }

    fn div(&self, other: &Noisy) -> Result<Noisy, Fault> {
        let value = Scalar::div(&self.value, &other.value)?;
        if other.is_exactly(1.0) || self.is_exactly(0.0) {
            return Ok(*self);
        }
        let passed = self.variance() + other.variance() * square(value);
        let quotient = Noisy::result(value, passed / square(other.value))?;
        Ok(Noisy { more: self.more + other.more, ..quotient })
    }

    fn powi(&self, exponent: i32) -> Result<Noisy, Fault> {
        let value = Scalar::powi(&self.value, exponent)?;
        match exponent {
            0 => Ok(Noisy::stored(1.0)),
            1 => Ok(*self),
            n => Noisy::result(value, f64::from(n.unsigned_abs() - 1) * square(value)),
        }
    }

    fn pow(&self, exponent: &Noisy) -> Result<Noisy, Fault> {
        Noisy::result(self.value.pow(&exponent.value)?, 0.0)
    }

    fn call(&self, function: Function) -> Result<Noisy, Fault> {
        let value = self.value.call(function)?;
        if function.has_kink() || value == 0.0 {
            return Ok(Noisy { value, ..Noisy::stored(value) });
        }
        // Well-known implementations compute these beside 1: (1 + tanh)/2, (1 + erf)/2, ln(1 + eˣ).
        let beside_one = match function {
            Function::Sigmoid | Function::NormalCdf | Function::Softplus => 0.25,
            _ => 0.0,
        };
        let more = exponent(function, self.value);
        Ok(Noisy { more, ..Noisy::result(value, beside_one + square(value * more))? })
    }

    fn compare(&self, other: &Noisy) -> Result<Ordering, Fault> {
        self.value.compare(&other.value)
    }
}

/// By how many roundings of the result the exponent is rounded that a function is computed with:
/// that of a density is −x²/2 − ln √2π, and XLA has cosh x as exp(x + ln ½) + exp(−x + ln ½).
fn exponent(function: Function, x: f64) -> f64 {
    match function {
        Function::NormalPdf => x * x / 2.0,
        Function::Sinh | Function::Cosh => x.abs(),
        _ => 0.0,
    }
}

/// Rounds each tensor of a pass at random.
pub(super) struct Noise {
    random: SplitMix,
    /// The roundoff of sums and operations.
    sums: f64,
    /// That of storing a result, where it is stored in a coarser format.
    store: Option<f64>,
    /// Numbers below it lose digits, and may be flushed to 0.
    least: f64,
    greatest: f64,
    /// Tensors that a program may have made of what is beside them by taking 1 away and adding it.
    pub beside_one: Vec<NodeId>,
    /// The first tensor with a value that the format does not hold.
    pub overflow: Option<NodeId>,
}

/// The roundoff that stands for that of `f64`, which has no finer arithmetic beside it; what comes
/// out is scaled by [`F64_SCALE`].
const F64_SUMS: f64 = 1.0 / (1u64 << 38) as f64;
/// 2⁻⁵³ over [`F64_SUMS`].
pub(super) const F64_SCALE: f64 = 1.0 / (1u64 << 15) as f64;

impl Noise {
    pub fn new(format: Format, accumulate: Accumulate, seed: u64) -> Noise {
        let own = |bits: u32| 1.0 / (1u64 << bits) as f64;
        let f32_sums = own(24);
        let (sums, store) = match (format, accumulate) {
            (Format::F64, _) => (F64_SUMS, None),
            (Format::F32, _) => (f32_sums, None),
            (_, Accumulate::Single) => (f32_sums, Some(own(format.bits()))),
            (_, Accumulate::Stored) => (own(format.bits()), None),
        };
        let (least, greatest) = match format {
            Format::F16 => (1.0 / f64::from(1u32 << 24), 65_504.0),
            Format::Bf16 | Format::F32 => (f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)),
            Format::F64 => (0.0, f64::MAX),
        };
        let (random, beside_one) = (SplitMix(seed), Vec::new());
        Noise { random, sums, store, least, greatest, beside_one, overflow: None }
    }

    /// Uniform in ±1.
    fn uniform(&mut self) -> f64 {
        let bits = (self.random.next() >> 11) as f64;
        bits / (1u64 << 52) as f64 - 1.0
    }
}

impl Watch<Noisy> for Noise {
    fn stored(&mut self, node: NodeId, elements: &mut [Noisy]) {
        let mut of_tensor = None;
        let beside_one = self.beside_one.contains(&node);
        for element in elements {
            let mut x = element.value;
            let deviation = element.deviation(self.sums);
            if deviation > 0.0 {
                x += deviation * self.uniform();
                if element.terms > 2.0 {
                    let one = *of_tensor.get_or_insert_with(|| self.uniform());
                    x += self.sums * element.terms * LOOP * element.sizes.min(f64::MAX) * one;
                }
                if beside_one {
                    x += self.sums * self.uniform();
                }
                if let Some(u) = self.store {
                    x += u * x * self.uniform();
                }
                // Down there a format has steps of one size, or none at all.
                if x != 0.0 && x.abs() < 256.0 * self.least {
                    x += self.least.min(x.abs()) * self.uniform();
                }
            }
            // What a mask adds stands for −∞, which every format holds.
            if x.abs() > self.greatest && x > MASKED && self.overflow.is_none() {
                self.overflow = Some(node);
            }
            *element = Noisy::stored(x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(make: impl Fn() -> Noisy, format: Format) -> f64 {
        let exact = make().value;
        let square = |seed: u64| {
            let mut all = [make()];
            Noise::new(format, Accumulate::Single, seed * 7919).stored(NodeId(0), &mut all);
            (all[0].value - exact).powi(2)
        };
        ((0..2000).map(square).sum::<f64>() / 2000.0).sqrt()
    }

    #[test]
    fn one_rounding_moves_by_its_variance() {
        let product = || Noisy::stored(3.0).mul(&Noisy::stored(5.0)).unwrap();
        let u = 1.0 / f64::from(1u32 << 24);
        let found = spread(product, Format::F32) / (15.0 * u);
        assert!((0.55..0.6).contains(&found), "1/√3: {found}");
        // A stored bf16 rounds by 2⁻⁸, whatever its sums do.
        let found = spread(product, Format::Bf16) * 256.0 / 15.0;
        assert!((0.5..0.65).contains(&found), "1/√3: {found}");
    }

    #[test]
    fn what_is_exact_is_not_moved() {
        let x = Noisy::stored(0.3);
        let kept = [x, x.neg(), x.mul(&Noisy::one()).unwrap(), x.add(&Noisy::zero()).unwrap()];
        for y in kept {
            let mut all = [y];
            Noise::new(Format::Bf16, Accumulate::Single, 1).stored(NodeId(0), &mut all);
            assert_eq!(all[0].value, y.value);
        }
        let zero = x.mul(&Noisy::zero()).unwrap();
        assert!(zero.is_exactly(0.0));
    }

    /// The piece of a function that is not taken is 0, whatever its size.
    #[test]
    fn what_is_chosen_by_a_step_is_exact() {
        let (one, step) = (Noisy::one(), Noisy::one());
        let rest = one.sub(&step).unwrap();
        assert!(rest.is_exactly(0.0) && one.sub(&Noisy::zero()).unwrap().is_exactly(1.0));
        let other = rest.mul(&Noisy::rounded(1e20)).unwrap();
        assert!(other.is_exactly(0.0));
        // A sum of what was rounded is rounded.
        assert!(!Noisy::rounded(0.3).sub(&Noisy::rounded(0.3)).unwrap().is_exactly(0.0));
        assert!(Noisy::stored(0.3).add(&Noisy::stored(0.4)).unwrap().variance() > 0.0);
        assert!(Noisy::one().add(&Noisy::stored(1e-17)).unwrap().variance() > 0.0);
    }

    #[test]
    fn a_long_sum_of_equal_terms_moves_with_its_length() {
        let sum = |n: usize| {
            move || (0..n).try_fold(Noisy::zero(), |sum, _| sum.add(&Noisy::stored(1.0))).unwrap()
        };
        let [short, long] = [64, 4096].map(|n| spread(sum(n), Format::F32) / n as f64);
        assert!(long > 20.0 * short, "{short:e} {long:e}");
    }

    #[test]
    fn what_a_format_does_not_hold_is_seen() {
        let mut all = [Noisy::stored(300.0).mul(&Noisy::stored(300.0)).unwrap()];
        let mut noise = Noise::new(Format::F16, Accumulate::Single, 1);
        noise.stored(NodeId(3), &mut all);
        assert_eq!(noise.overflow, Some(NodeId(3)));
    }

    #[test]
    fn a_power_is_rounded_as_often_as_it_is_multiplied() {
        let u = 1.0 / f64::from(1u32 << 24);
        let cube = || Noisy::stored(3.0).powi(3).unwrap();
        let found = spread(cube, Format::F32) / (27.0 * u);
        assert!((0.95..1.05).contains(&found), "√3/√3: {found}");
    }

    #[test]
    fn a_sum_of_equal_terms_moves_by_the_root_of_a_third_of_its_length() {
        let u = 1.0 / f64::from(1u32 << 24);
        let sum =
            || (0..63).try_fold(Noisy::stored(1.0), |s, _| s.add(&Noisy::stored(1.0))).unwrap();
        // The mean of n²·n/9 over the orders of n terms, in u².
        let found = spread(sum, Format::F32) / (64.0 * u);
        assert!((2.4..3.2).contains(&found), "√64/3: {found}");
    }
}
