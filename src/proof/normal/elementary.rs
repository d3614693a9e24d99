//! Exponentials, logarithms, powers and the normal distribution in the normal form.
//!
//! Every rule here is an equation between real functions wherever both of its sides are
//! defined: e^(a+b) = eᵃ·eᵇ, e^(c·t) = (eᵗ)^c, ln and e undo each other, uᵛ = e^(v·ln u), and
//! (u·v)^c = u^c·v^c where u is known to be positive. ln(x²) stays as it is, for 2·ln x has no
//! value where x is negative.

use num_traits::ToPrimitive;

use super::fraction::Fraction;
use super::kernel::{Form, Kernel};
use super::monomial::{Atom, Factor, Monomial, Power};
use super::polynomial::{Parts, Polynomial};
use super::switch;
use crate::scalar::{Fault, Function, Rational, Scalar};

/// Constants are split into primes below this, so that √8 = 2·√2.
const SMALL_PRIMES: u64 = 1000;

/// eᵘ.
pub(super) fn exponential(u: &Fraction) -> Result<Fraction, Fault> {
    let mut product = Fraction::one();
    for term in u.numerator().terms() {
        let exponent = Power::of(&term.coefficient)?;
        let alone = Polynomial::term(Rational::from(1), term.monomial.clone());
        let argument = Fraction::reduced(alone, u.denominator().to_vec())?;
        let factor = match logarithm_argument(&argument) {
            Some(w) => constant_power(&w, exponent)?,
            None => Kernel::power(Form::Exponential(argument), exponent)?,
        };
        product = product.mul(&factor)?;
    }
    Ok(product)
}

/// eᵘ and e⁻ᵘ, of which sinh and cosh are made.
pub(super) fn up_and_down(u: &Fraction) -> Result<(Fraction, Fraction), Fault> {
    Ok((exponential(u)?, exponential(&u.neg())?))
}

/// w, if `u` is just ln w.
fn logarithm_argument(u: &Fraction) -> Option<Fraction> {
    let [term] = u.numerator().terms() else { return None };
    let factor = term.monomial.single().filter(|f| f.power == Power::ONE)?;
    match &factor.atom.kernel()?.form {
        Form::Logarithm(w) if u.denominator().is_empty() => Some(w.clone()),
        _ => None,
    }
}

/// ln u. Positive factors become summands; the rest is one kernel.
pub(super) fn logarithm(u: &Fraction) -> Result<Fraction, Fault> {
    let outside = Fault::OutOfDomain(Function::Ln);
    if u.numerator().is_zero() {
        return Err(outside);
    }
    let Parts { coefficient, monomial, primitive } = u.numerator().parts()?;
    let mut sum = logarithm_of_constant(&coefficient.abs())?;
    let mut rest =
        Fraction::constant(Rational::from(if coefficient.is_negative() { -1 } else { 1 }));
    let mut add = |times: Power, ln: Fraction| -> Result<(), Fault> {
        sum = sum.add(&ln.mul(&Fraction::constant(times.to_rational()))?)?;
        Ok(())
    };
    for factor in monomial.factors() {
        match factor.atom.kernel().map(|k| &k.form) {
            Some(Form::Exponential(t)) => add(factor.power, t.clone())?,
            Some(Form::Root(v)) => add(factor.power, logarithm(&v.clone().into())?)?,
            Some(Form::Modulus(y)) => {
                let square = Fraction::from(y.mul(y)?);
                add(factor.power.times(Power::HALF)?, logarithm(&square)?)?;
            }
            _ => rest = rest.shifted(&Monomial::of(factor.atom.clone(), factor.power))?,
        }
    }
    for (polynomial, multiplicity) in
        std::iter::once((&primitive, 1)).chain(below(u.denominator())?)
    {
        if polynomial.is_one() {
            continue;
        }
        let times = Power::whole(multiplicity);
        if polynomial.known_sign() == Some(true) {
            add(times, Kernel::power(Form::Logarithm(polynomial.clone().into()), Power::ONE)?)?;
        } else {
            rest = rest.mul(&Fraction::from(polynomial.clone()).raised(multiplicity)?)?;
        }
    }
    match rest.as_constant() {
        Some(q) if q.is_one() => Ok(sum),
        Some(_) => Err(outside),
        None => sum.add(&Kernel::power(Form::Logarithm(rest), Power::ONE)?),
    }
}

/// Φ(u), with Φ(0) = 1/2 and Φ(−u) = 1 − Φ(u).
pub(super) fn normal_cdf(u: &Fraction) -> Result<Fraction, Fault> {
    match upright(u)? {
        None => Ok(Fraction::constant(Rational::new(1, 2)?)),
        Some((u, false)) => Kernel::power(Form::NormalCdf(u), Power::ONE),
        Some((u, true)) => Fraction::one().sub(&Kernel::power(Form::NormalCdf(u), Power::ONE)?),
    }
}

/// φ(u), which is even. It stays a kernel of its own: written by exp, it would square u.
pub(super) fn normal_pdf(u: &Fraction) -> Result<Fraction, Fault> {
    let u = upright(u)?.map_or(Fraction::zero(), |(u, _)| u);
    Kernel::power(Form::NormalPdf(u), Power::ONE)
}

/// u or −u, whichever begins with a positive coefficient, and whether it is −u; `None` for 0.
pub(super) fn upright(u: &Fraction) -> Result<Option<(Fraction, bool)>, Fault> {
    if u.numerator().is_zero() {
        return Ok(None);
    }
    let turned = u.numerator().parts()?.coefficient.is_negative();
    Ok(Some((if turned { u.neg() } else { u.clone() }, turned)))
}

/// The factors of a denominator with their multiplicities as negative exponents.
fn below(
    denominator: &[(Polynomial, u32)],
) -> Result<impl Iterator<Item = (&Polynomial, i32)>, Fault> {
    if denominator.iter().any(|(_, n)| i32::try_from(*n).is_err()) {
        return Err(Fault::TooLarge);
    }
    Ok(denominator.iter().map(|(d, n)| (d, -(*n as i32))))
}

/// The prime factors of a positive constant with their exponents, and what is left of it.
fn primes(q: &Rational) -> (Vec<(Rational, i32)>, Rational) {
    let mut found: Vec<(Rational, i32)> = Vec::new();
    let mut rest = Rational::from(1);
    for (whole, sign) in [(q.numer(), 1), (q.denom(), -1)] {
        let Some(mut n) = whole.to_u64() else {
            return (Vec::new(), q.clone());
        };
        let mut p = 2;
        while p < SMALL_PRIMES && p <= n {
            let mut times = 0;
            while n.is_multiple_of(p) {
                n /= p;
                times += sign;
            }
            if times != 0 {
                found.push((Rational::from(p as i64), times));
            }
            p += 1;
        }
        let left = Rational::new(n, 1).unwrap_or_else(|_| Rational::from(1));
        let both = if sign > 0 { rest.mul(&left) } else { rest.div(&left) };
        rest = both.unwrap_or_else(|_| Rational::from(1));
    }
    (found, rest)
}

fn logarithm_of_constant(q: &Rational) -> Result<Fraction, Fault> {
    let mut sum = Fraction::zero();
    let (primes, rest) = primes(q);
    let rest = (!rest.is_one()).then_some((rest, 1));
    for (p, times) in primes.into_iter().chain(rest) {
        let ln = Kernel::power(Form::Logarithm(Fraction::constant(p)), Power::ONE)?;
        sum = sum.add(&ln.mul(&Fraction::integer(times))?)?;
    }
    Ok(sum)
}

/// u to a power that is itself an expression.
pub(super) fn power(u: &Fraction, exponent: &Fraction) -> Result<Fraction, Fault> {
    if let Some(q) = exponent.as_constant() {
        return constant_power(u, Power::of(&q)?);
    }
    if u.as_constant().is_some_and(|q| q.is_one()) {
        return Ok(Fraction::one());
    }
    exponential(&exponent.mul(&logarithm(u)?)?)
}

/// u to a constant power.
pub(super) fn constant_power(u: &Fraction, q: Power) -> Result<Fraction, Fault> {
    if let Some(n) = q.to_whole() {
        return u.raised(n);
    }
    if u.numerator().is_zero() {
        return if q.is_negative() { Err(Fault::DivisionByZero) } else { Ok(u.clone()) };
    }
    let Parts { coefficient, monomial, primitive } = u.numerator().parts()?;
    let mut product = power_of_constant(&coefficient.abs(), q)?;
    // What is raised to an odd power and has no known sign.
    let mut odd: Vec<(Polynomial, Power)> = Vec::new();
    for factor in monomial.factors() {
        let raised = factor.power.times(q)?;
        let kept = match factor.atom.kernel().map(|k| &k.form) {
            Some(Form::Exponential(t)) => Kernel::power(Form::Exponential(t.clone()), raised)?,
            Some(Form::Root(v)) => root(v, raised)?,
            Some(Form::Modulus(y)) => modulus(y, raised)?,
            _ => {
                let base = Polynomial::atom(factor.atom.clone());
                if !factor.power.is_even() {
                    odd.push((base, raised));
                    continue;
                }
                modulus(&base, raised)?
            }
        };
        product = product.mul(&kept)?;
    }
    for (polynomial, multiplicity) in
        std::iter::once((&primitive, 1)).chain(below(u.denominator())?)
    {
        if polynomial.is_one() {
            continue;
        }
        let raised = Power::whole(multiplicity).times(q)?;
        let kept = if polynomial.known_sign() == Some(true) {
            root(polynomial, raised)?
        } else if let Some(y) = polynomial.exact_sqrt()? {
            modulus(&y, raised.plus(raised)?)?
        } else if multiplicity % 2 == 0 {
            modulus(polynomial, raised)?
        } else {
            odd.push((polynomial.clone(), raised));
            continue;
        };
        product = product.mul(&kept)?;
    }
    product.mul(&power_of_odd(coefficient.is_negative(), odd, q)?)
}

/// The factors of unknown sign of a positive number, each already raised, or with a minus sign
/// before them. One alone is positive itself. Of several only the product is known to be so:
/// aⁿ = a^(n−1)·a, where the even power is that of |a|, and the last a goes under the root.
fn power_of_odd(
    negative: bool,
    odd: Vec<(Polynomial, Power)>,
    q: Power,
) -> Result<Fraction, Fault> {
    let signed = |p: &Polynomial| if negative { p.neg() } else { p.clone() };
    match odd.as_slice() {
        [] if negative => Err(Fault::PowerOutOfDomain),
        [] => Ok(Fraction::one()),
        [(only, raised)] => root(&signed(only), *raised),
        several => {
            let (mut product, mut rest) = (Fraction::one(), Polynomial::one());
            for (base, raised) in several {
                product = product.mul(&modulus(base, raised.plus(q.negated())?)?)?;
                rest = rest.mul(base)?;
            }
            product.mul(&root(&signed(&rest), q)?)
        }
    }
}

/// A positive constant to a power: what is whole is carried out.
fn power_of_constant(c: &Rational, q: Power) -> Result<Fraction, Fault> {
    if let Ok(exact) = c.pow(&q.to_rational()) {
        return Ok(Fraction::constant(exact));
    }
    let (primes, rest) = primes(c);
    let rest = (!rest.is_one()).then_some((rest, 1));
    let mut product = Fraction::one();
    for (p, times) in primes.into_iter().chain(rest) {
        product = product.mul(&root(&Polynomial::constant(p), q.times(Power::whole(times))?)?)?;
    }
    Ok(product)
}

/// v^p for a v that is positive where the expression is defined.
fn root(v: &Polynomial, p: Power) -> Result<Fraction, Fault> {
    let whole = p.floor();
    let part = Kernel::power(Form::Root(v.clone()), p.plus(Power::whole(-whole))?)?;
    if whole == 0 { Ok(part) } else { part.mul(&Fraction::from(v.clone()).raised(whole)?) }
}

/// |y|^p.
fn modulus(y: &Polynomial, p: Power) -> Result<Fraction, Fault> {
    if p.is_zero() || y.is_one() {
        return Ok(Fraction::one());
    }
    if y.known_sign() == Some(true) {
        return root(y, p);
    }
    let whole = p.floor();
    let base = Fraction::from(y.clone());
    let mut result = base.raised(whole)?;
    if whole % 2 != 0 {
        result = result.mul(&switch::sign(&base)?)?;
    }
    let left = p.plus(Power::whole(-whole))?;
    if left.is_zero() {
        return Ok(result);
    }
    result.mul(&Kernel::power(Form::Modulus(y.clone()), left)?)
}

/// 1/rᶠ for a root with f in (0, 1), as r^(1−f)/r.
pub(super) fn inverse_root(factor: &Factor) -> Result<Fraction, Fault> {
    let Some(kernel) = factor.atom.kernel() else { return Err(Fault::DivisionByZero) };
    match &kernel.form {
        Form::Root(v) => root(v, factor.power.negated()),
        Form::Modulus(y) => modulus(y, factor.power.negated()),
        _ => Fraction::from(Polynomial::atom(Atom::clone(&factor.atom))).inverse(),
    }
}
