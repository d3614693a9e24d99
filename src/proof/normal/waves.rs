//! Sines and cosines in the normal form, as sums of waves and never as products.
//!
//! Goes in: arguments, and products of two waves. Comes out: polynomials with one wave in a
//! monomial at most, for
//!
//! - cos a·cos b = (cos(a − b) + cos(a + b))/2,
//! - sin a·sin b = (cos(a − b) − cos(a + b))/2,
//! - sin a·cos b = (sin(a + b) + sin(a − b))/2.
//!
//! What always holds: the first coefficient of a wave's argument is positive, for sin(−u) = −sin u
//! and cos(−u) = cos u, and the argument is not 0. Waves of different arguments are independent, so
//! that sin² + cos² = 1, the addition theorems and those of half and double angles need no rule of
//! their own. A wave may be 0, so it stands in a denominator and never to a negative power.

use super::elementary::upright;
use super::fraction::Fraction;
use super::kernel::{Form, Kernel};
use super::monomial::{Factor, Monomial, Power};
use super::polynomial::Polynomial;
use crate::scalar::{Fault, Rational, Scalar};

/// sin u.
pub(super) fn sine(u: &Fraction) -> Result<Fraction, Fault> {
    match upright(u)? {
        None => Ok(Fraction::zero()),
        Some((u, false)) => Kernel::power(Form::Sine(u), Power::ONE),
        Some((u, true)) => Ok(Kernel::power(Form::Sine(u), Power::ONE)?.neg()),
    }
}

/// cos u.
pub(super) fn cosine(u: &Fraction) -> Result<Fraction, Fault> {
    match upright(u)? {
        None => Ok(Fraction::one()),
        Some((u, _)) => Kernel::power(Form::Cosine(u), Power::ONE),
    }
}

/// The product of two waves.
pub(super) fn product(first: &Form, second: &Form) -> Result<Polynomial, Fault> {
    let twice = match (first, second) {
        (Form::Cosine(a), Form::Cosine(b)) => cosine(&a.sub(b)?)?.add(&cosine(&a.add(b)?)?)?,
        (Form::Sine(a), Form::Sine(b)) => cosine(&a.sub(b)?)?.sub(&cosine(&a.add(b)?)?)?,
        (Form::Sine(a), Form::Cosine(b)) | (Form::Cosine(b), Form::Sine(a)) => {
            sine(&a.add(b)?)?.add(&sine(&a.sub(b)?)?)?
        }
        _ => return Err(Fault::TooLarge),
    };
    twice.numerator().scale(&Rational::new(1, 2)?)
}

/// Whether a polynomial with waves is above 0 (`Some(true)`) or below 0 wherever it is defined and
/// no atom is 0. No wave is above 1: so p + q·cos u is above 0 where p > |q|, and 1 + cos u may be 0.
pub(super) fn known_sign(polynomial: &Polynomial) -> Option<bool> {
    // What each monomial counts without a wave, and with waves at most.
    let mut amounts: Vec<(Monomial, Rational, Rational)> = Vec::new();
    for term in polynomial.terms() {
        let with_wave = term.monomial.factors().iter().any(Factor::is_wave);
        let monomial = term.monomial.filter(|f| !f.is_wave());
        let at = match amounts.iter().position(|(m, ..)| *m == monomial) {
            Some(at) => at,
            None => {
                amounts.push((monomial, Rational::from(0), Rational::from(0)));
                amounts.len() - 1
            }
        };
        let (_, alone, waves) = &mut amounts[at];
        match with_wave {
            true => *waves = waves.add(&term.coefficient.abs()).ok()?,
            false => *alone = alone.add(&term.coefficient).ok()?,
        }
    }
    let positive = !amounts.iter().any(|(_, alone, _)| alone.is_negative());
    let mut strict = false;
    for (monomial, alone, waves) in &amounts {
        let known = alone.is_zero() || alone.is_negative() != positive;
        let enough = alone.abs() >= *waves;
        if !known || !enough || !monomial.factors().iter().all(Factor::is_never_negative) {
            return None;
        }
        let free = |f: &Factor| f.atom.kernel().is_none_or(|k| !k.has_switch());
        strict |= alone.abs() > *waves && monomial.factors().iter().all(free);
    }
    strict.then_some(positive)
}
