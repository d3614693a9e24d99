//! The exact normal form: a quotient of polynomials, as a number system.
//!
//! Goes in: variables ([`Fraction::variable`]) and the operations of [`Scalar`]. Comes out: a
//! numerator over a product of primitive polynomials. What always holds: where an expression
//! is defined and no kink's argument is 0, every operation is an equation between real
//! functions, so a difference whose numerator is 0 is an identity; the denominator's factors
//! are no zero polynomials. A factor with a switch in it may still be 0 in some case, which is
//! why such factors are never cancelled: [`cases`](super::cases) looks at each case.

use std::cmp::Ordering;

use super::elementary;
use super::kernel::{Form, Kernel, Unknown};
use super::monomial::{Atom, Monomial, Power};
use super::polynomial::{Parts, Polynomial};
use super::{switch, waves};
use crate::expr::SymbolId;
use crate::scalar::{Fault, Function, Rational, Scalar};

/// An expression in normal form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::proof) struct Fraction {
    numerator: Polynomial,
    /// Primitive polynomials with their multiplicities, sorted.
    denominator: Vec<(Polynomial, u32)>,
}

impl From<Polynomial> for Fraction {
    fn from(numerator: Polynomial) -> Fraction {
        Fraction { numerator, denominator: Vec::new() }
    }
}

impl Fraction {
    /// The variable of that symbol.
    pub(in crate::proof) fn variable(symbol: SymbolId) -> Fraction {
        Polynomial::atom(Atom::Variable(symbol)).into()
    }

    /// The free variable that stands for something else.
    pub(in crate::proof) fn unknown(what: Unknown) -> Result<Fraction, Fault> {
        Kernel::power(Form::Unknown(what), Power::ONE)
    }

    /// Some function of this that is 0 at 0, and the same for equal ones: what may be said of
    /// [self > 0] at its kink as well as off it.
    pub(in crate::proof) fn arbitrary_step(&self) -> Result<Fraction, Fault> {
        if self.numerator.is_zero() {
            return Ok(Fraction::zero());
        }
        Kernel::power(Form::Arbitrary(self.clone()), Power::ONE)
    }

    /// Whether this is 0 whatever its variables are.
    pub(in crate::proof) fn is_identically_zero(&self) -> bool {
        self.numerator.is_zero()
    }

    pub(in crate::proof) fn constant(q: Rational) -> Fraction {
        Polynomial::constant(q).into()
    }

    pub(super) fn numerator(&self) -> &Polynomial {
        &self.numerator
    }

    pub(super) fn denominator(&self) -> &[(Polynomial, u32)] {
        &self.denominator
    }

    /// The numerator and the factors of the denominator.
    pub(super) fn polynomials(&self) -> impl Iterator<Item = &Polynomial> {
        std::iter::once(&self.numerator).chain(self.denominator.iter().map(|(d, _)| d))
    }

    pub(super) fn has_switch(&self) -> bool {
        self.polynomials().any(Polynomial::has_switch)
    }

    /// The value, if no atom occurs.
    pub(super) fn as_constant(&self) -> Option<Rational> {
        if self.denominator.is_empty() { self.numerator.as_constant() } else { None }
    }

    /// A quotient whose denominator may share factors with the numerator.
    pub(super) fn reduced(
        numerator: Polynomial,
        denominator: Vec<(Polynomial, u32)>,
    ) -> Result<Fraction, Fault> {
        let mut result = Fraction { numerator, denominator };
        if result.denominator.is_empty() {
            return Ok(result);
        }
        if result.numerator.is_zero() {
            result.denominator.retain(|(d, _)| d.has_switch());
            return Ok(result);
        }
        for (divisor, multiplicity) in &mut result.denominator {
            if divisor.has_switch() {
                continue;
            }
            while *multiplicity > 0
                && let Some(quotient) = result.numerator.divided(divisor)?
            {
                result.numerator = quotient;
                *multiplicity -= 1;
            }
        }
        result.denominator.retain(|(_, multiplicity)| *multiplicity > 0);
        Ok(result)
    }

    /// The product of the factors of a denominator.
    fn expanded(factors: &[(Polynomial, u32)]) -> Result<Polynomial, Fault> {
        factors.iter().try_fold(Polynomial::one(), |product, (d, n)| product.mul(&d.powi(*n)?))
    }

    /// self · m for a monomial that may hold negative powers of atoms that are not 0.
    pub(super) fn shifted(&self, m: &Monomial) -> Result<Fraction, Fault> {
        Fraction::reduced(self.numerator.shift(m)?, self.denominator.clone())
    }

    /// 1/self; [`Fault::DivisionByZero`] for 0.
    pub(super) fn inverse(&self) -> Result<Fraction, Fault> {
        if self.numerator.is_zero() {
            return Err(Fault::DivisionByZero);
        }
        let Parts { coefficient, monomial, primitive } = self.numerator.parts()?;
        let mut over = Vec::new();
        let mut product = Fraction::constant(Rational::from(1).div(&coefficient)?);
        for factor in monomial.factors() {
            if factor.atom.kernel().is_some_and(|k| k.is_root()) {
                product = product.mul(&elementary::inverse_root(factor)?)?;
            } else if factor.is_wave() {
                over.push((Polynomial::atom(factor.atom.clone()), 1));
            } else {
                let inverse = Monomial::of(factor.atom.clone(), factor.power.negated());
                product = product.shifted(&inverse)?;
            }
        }
        if !primitive.is_one() {
            over.push((primitive, 1));
        }
        // A factor with a switch stays below as well: where it is 0 there was no value. So it
        // comes above twice.
        let mut above = Fraction::expanded(&self.denominator)?;
        for (divisor, n) in self.denominator.iter().filter(|(d, _)| d.has_switch()) {
            above = above.mul(&divisor.powi(*n)?)?;
            over.push((divisor.clone(), *n));
        }
        over.sort();
        product.mul(&Fraction::reduced(above, merged(over)?)?)
    }

    /// Whether this is a sum in the normal form, so that a power of it grows.
    fn is_sum(&self) -> bool {
        self.numerator.terms().len() > 1
    }

    /// self to a whole power.
    pub(super) fn raised(&self, exponent: i32) -> Result<Fraction, Fault> {
        if exponent == 0 {
            return Ok(Fraction::one());
        }
        if exponent < 0 && self.is_sum() && self.denominator.is_empty() {
            // (c·m·p)⁻ⁿ without multiplying pⁿ out.
            let mut result = self.inverse()?;
            let n = exponent.unsigned_abs();
            result.numerator = result.numerator.powi(n)?;
            for (_, multiplicity) in &mut result.denominator {
                *multiplicity = multiplicity.checked_mul(n).ok_or(Fault::TooLarge)?;
            }
            return Ok(result);
        }
        let base = if exponent < 0 { self.inverse()? } else { self.clone() };
        let n = exponent.unsigned_abs();
        let numerator = base.numerator.powi(n)?;
        let mut denominator = base.denominator;
        for (_, multiplicity) in &mut denominator {
            *multiplicity = multiplicity.checked_mul(n).ok_or(Fault::TooLarge)?;
        }
        Fraction::reduced(numerator, denominator)
    }
}

/// Sorted factors with equal ones put together.
fn merged(factors: Vec<(Polynomial, u32)>) -> Result<Vec<(Polynomial, u32)>, Fault> {
    let mut all: Vec<(Polynomial, u32)> = Vec::with_capacity(factors.len());
    for (d, n) in factors {
        match all.last_mut() {
            Some((last, m)) if *last == d => *m = m.checked_add(n).ok_or(Fault::TooLarge)?,
            _ => all.push((d, n)),
        }
    }
    Ok(all)
}

/// The least common multiple of two denominators.
fn common(a: &[(Polynomial, u32)], b: &[(Polynomial, u32)]) -> Vec<(Polynomial, u32)> {
    let mut all = a.to_vec();
    for (d, n) in b {
        match all.iter_mut().find(|(known, _)| known == d) {
            Some((_, m)) => *m = (*m).max(*n),
            None => all.push((d.clone(), *n)),
        }
    }
    all.sort();
    all
}

/// What `part` lacks of `whole`.
fn missing(whole: &[(Polynomial, u32)], part: &[(Polynomial, u32)]) -> Vec<(Polynomial, u32)> {
    let has = |d: &Polynomial| part.iter().find(|(p, _)| p == d).map_or(0, |(_, n)| *n);
    whole.iter().map(|(d, n)| (d.clone(), n - has(d))).filter(|(_, n)| *n > 0).collect()
}

impl Scalar for Fraction {
    fn from_rational(q: &Rational) -> Result<Fraction, Fault> {
        Ok(Fraction::constant(q.clone()))
    }

    fn add(&self, other: &Fraction) -> Result<Fraction, Fault> {
        if self.denominator == other.denominator {
            let numerator = self.numerator.add(&other.numerator)?;
            return Fraction::reduced(numerator, self.denominator.clone());
        }
        let whole = common(&self.denominator, &other.denominator);
        let lifted =
            |f: &Fraction| f.numerator.mul(&Fraction::expanded(&missing(&whole, &f.denominator))?);
        Fraction::reduced(lifted(self)?.add(&lifted(other)?)?, whole)
    }

    fn sub(&self, other: &Fraction) -> Result<Fraction, Fault> {
        self.add(&other.neg())
    }

    fn mul(&self, other: &Fraction) -> Result<Fraction, Fault> {
        let numerator = self.numerator.mul(&other.numerator)?;
        let mut factors = self.denominator.clone();
        factors.extend(other.denominator.iter().cloned());
        factors.sort();
        Fraction::reduced(numerator, merged(factors)?)
    }

    fn neg(&self) -> Fraction {
        Fraction { numerator: self.numerator.neg(), denominator: self.denominator.clone() }
    }

    fn div(&self, other: &Fraction) -> Result<Fraction, Fault> {
        self.mul(&other.inverse()?)
    }

    fn powi(&self, exponent: i32) -> Result<Fraction, Fault> {
        self.raised(exponent)
    }

    fn pow(&self, exponent: &Fraction) -> Result<Fraction, Fault> {
        elementary::power(self, exponent)
    }

    fn call(&self, function: Function) -> Result<Fraction, Fault> {
        match function {
            Function::Exp => elementary::exponential(self),
            Function::Ln => elementary::logarithm(self),
            Function::Sqrt => elementary::constant_power(self, Power::HALF),
            Function::Tanh => {
                let square = elementary::exponential(&self.add(self)?)?;
                square.sub(&Fraction::one())?.div(&square.add(&Fraction::one())?)
            }
            Function::Sigmoid => {
                let decay = elementary::exponential(&self.neg())?;
                Fraction::one().add(&decay)?.inverse()
            }
            Function::Softplus => {
                elementary::logarithm(&Fraction::one().add(&elementary::exponential(self)?)?)
            }
            Function::NormalCdf => elementary::normal_cdf(self),
            Function::NormalPdf => elementary::normal_pdf(self),
            Function::Abs => self.mul(&switch::sign(self)?),
            Function::Relu => self.mul(&switch::step(self)?),
            Function::Sign => switch::sign(self),
            Function::Step => switch::step(self),
            Function::Sin => waves::sine(self),
            Function::Cos => waves::cosine(self),
            Function::Sinh => {
                let (up, down) = elementary::up_and_down(self)?;
                up.sub(&down)?.mul(&Fraction::constant(Rational::new(1, 2)?))
            }
            Function::Cosh => {
                let (up, down) = elementary::up_and_down(self)?;
                up.add(&down)?.mul(&Fraction::constant(Rational::new(1, 2)?))
            }
        }
    }

    fn compare(&self, other: &Fraction) -> Result<Ordering, Fault> {
        match (self.as_constant(), other.as_constant()) {
            (Some(a), Some(b)) => Ok(a.cmp(&b)),
            _ => Err(Fault::NoOrder),
        }
    }

    fn winners(args: &[&Fraction]) -> Result<Vec<Fraction>, Fault> {
        switch::winners(args)
    }
}
