//! Polynomials with rational coefficients over atoms; negative exponents are allowed where an
//! atom cannot be 0 wherever the expression is defined.
//!
//! Goes in: terms in any order. Comes out: terms sorted by monomial, the greatest first, each
//! monomial once and no coefficient 0, so equal polynomials are equal lists. What always holds:
//! at most [`MAX_TERMS`] terms; the exponents of roots lie in (0, 1), for a whole power of a
//! root is multiplied out, and so is a product of sines and cosines.

use std::cmp::Ordering;
use std::rc::Rc;

use super::budget::{charge, note};
use super::monomial::{Atom, Factor, Monomial, Power};
use super::waves;
use crate::scalar::{Fault, Rational, Scalar, power_by_squares};

/// The largest number of terms of a polynomial in the normal form.
pub const MAX_TERMS: usize = 1 << 11;

/// The largest size of a coefficient of the normal form, in bits.
pub const MAX_COEFFICIENT_BITS: u64 = 1 << 12;

/// The largest power that is multiplied out.
pub const MAX_POWER: u32 = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Term {
    pub(super) monomial: Monomial,
    pub(super) coefficient: Rational,
}

/// A sum of terms.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Polynomial(Rc<Vec<Term>>);

/// A polynomial as coefficient · monomial · primitive part.
pub(super) struct Parts {
    pub(super) coefficient: Rational,
    /// Powers of atoms that are no switches.
    pub(super) monomial: Monomial,
    /// Leads with coefficient 1; no atom but a switch divides it.
    pub(super) primitive: Polynomial,
}

impl Polynomial {
    pub(super) fn zero() -> Polynomial {
        Polynomial(Rc::new(Vec::new()))
    }

    pub(super) fn constant(q: Rational) -> Polynomial {
        Polynomial::term(q, Monomial::one())
    }

    pub(super) fn one() -> Polynomial {
        Polynomial::constant(Rational::from(1))
    }

    /// A single term. Its monomial has no excess root.
    pub(super) fn term(coefficient: Rational, monomial: Monomial) -> Polynomial {
        if coefficient.is_zero() {
            return Polynomial::zero();
        }
        Polynomial(Rc::new(vec![Term { monomial, coefficient }]))
    }

    pub(super) fn atom(atom: Atom) -> Polynomial {
        Polynomial::term(Rational::from(1), Monomial::of(atom, Power::ONE))
    }

    pub(super) fn terms(&self) -> &[Term] {
        &self.0
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The value, if there are no atoms.
    pub(super) fn as_constant(&self) -> Option<Rational> {
        match self.terms() {
            [] => Some(Rational::from(0)),
            [t] if t.monomial.is_one() => Some(t.coefficient.clone()),
            _ => None,
        }
    }

    pub(super) fn is_one(&self) -> bool {
        matches!(self.terms(), [t] if t.monomial.is_one() && t.coefficient.is_one())
    }

    pub(super) fn factors(&self) -> impl Iterator<Item = &Factor> {
        self.terms().iter().flat_map(|t| t.monomial.factors())
    }

    /// Whether a switch stands in it, also within a kernel.
    pub(super) fn has_switch(&self) -> bool {
        self.factors().any(|f| f.atom.kernel().is_some_and(|k| k.has_switch()))
    }

    /// Sorts and merges.
    pub(super) fn collect(mut terms: Vec<Term>) -> Result<Polynomial, Fault> {
        if terms.len() > 1 {
            terms.sort_by(|a, b| b.monomial.cmp(&a.monomial));
            let mut merged: Vec<Term> = Vec::with_capacity(terms.len());
            for term in terms {
                match merged.last_mut() {
                    Some(last) if last.monomial == term.monomial => {
                        last.coefficient = weighed(last.coefficient.add(&term.coefficient))?;
                    }
                    _ => {
                        if merged.last().is_some_and(|last| last.coefficient.is_zero()) {
                            merged.pop();
                        }
                        merged.push(term);
                    }
                }
            }
            terms = merged;
        }
        terms.retain(|t| !t.coefficient.is_zero());
        if terms.len() > MAX_TERMS {
            return Err(Fault::TooLarge);
        }
        Ok(Polynomial(Rc::new(terms)))
    }

    pub(super) fn add(&self, other: &Polynomial) -> Result<Polynomial, Fault> {
        if self.is_zero() {
            return Ok(other.clone());
        }
        if other.is_zero() {
            return Ok(self.clone());
        }
        let (mut left, mut right) = (self.terms(), other.terms());
        charge(left.len() + right.len())?;
        let mut sum = Vec::with_capacity(left.len() + right.len());
        while let (Some(a), Some(b)) = (left.first(), right.first()) {
            match a.monomial.cmp(&b.monomial) {
                Ordering::Greater => {
                    sum.push(a.clone());
                    left = &left[1..];
                }
                Ordering::Less => {
                    sum.push(b.clone());
                    right = &right[1..];
                }
                Ordering::Equal => {
                    let coefficient = weighed(a.coefficient.add(&b.coefficient))?;
                    if !coefficient.is_zero() {
                        sum.push(Term { monomial: a.monomial.clone(), coefficient });
                    }
                    (left, right) = (&left[1..], &right[1..]);
                }
            }
        }
        sum.extend_from_slice(left);
        sum.extend_from_slice(right);
        if sum.len() > MAX_TERMS {
            return Err(Fault::TooLarge);
        }
        Ok(Polynomial(Rc::new(sum)))
    }

    pub(super) fn scale(&self, q: &Rational) -> Result<Polynomial, Fault> {
        if q.is_one() {
            return Ok(self.clone());
        }
        if q.is_zero() {
            return Ok(Polynomial::zero());
        }
        charge(self.terms().len())?;
        let scaled = |t: &Term| {
            let coefficient = weighed(t.coefficient.mul(q))?;
            Ok(Term { monomial: t.monomial.clone(), coefficient })
        };
        Ok(Polynomial(Rc::new(self.terms().iter().map(scaled).collect::<Result<_, Fault>>()?)))
    }

    pub(super) fn neg(&self) -> Polynomial {
        note(self.terms().len());
        let negated = |t: &Term| Term {
            monomial: t.monomial.clone(),
            coefficient: Scalar::neg(&t.coefficient),
        };
        Polynomial(Rc::new(self.terms().iter().map(negated).collect()))
    }

    pub(super) fn sub(&self, other: &Polynomial) -> Result<Polynomial, Fault> {
        self.add(&other.neg())
    }

    pub(super) fn mul(&self, other: &Polynomial) -> Result<Polynomial, Fault> {
        if let Some(q) = other.as_constant() {
            return self.scale(&q);
        }
        if let Some(q) = self.as_constant() {
            return other.scale(&q);
        }
        let (left, right) = (self.terms(), other.terms());
        let weight = |terms: &[Term]| -> usize {
            terms.iter().map(|t| t.monomial.factors().len() + 1).sum()
        };
        let steps = left.len().saturating_mul(weight(right));
        charge(steps.saturating_add(right.len().saturating_mul(weight(left))))?;
        let mut terms = Vec::with_capacity(left.len().saturating_mul(right.len()).min(MAX_TERMS));
        let mut excess = Vec::new();
        for a in left {
            for b in right {
                if let Some(monomial) = a.monomial.times(&b.monomial)? {
                    let coefficient = weighed(a.coefficient.mul(&b.coefficient))?;
                    let put = if monomial.is_reduced() { &mut terms } else { &mut excess };
                    put.push(Term { monomial, coefficient });
                }
            }
            if terms.len() > 4 * MAX_TERMS {
                terms = Rc::unwrap_or_clone(Polynomial::collect(terms)?.0);
            }
        }
        let mut product = Polynomial::collect(terms)?;
        for term in excess {
            product = product.add(&multiplied_out(term)?)?;
        }
        Ok(product)
    }

    /// The product with a monomial.
    pub(super) fn shift(&self, by: &Monomial) -> Result<Polynomial, Fault> {
        if by.is_one() {
            return Ok(self.clone());
        }
        self.mul(&Polynomial::term(Rational::from(1), by.clone()))
    }

    pub(super) fn powi(&self, exponent: u32) -> Result<Polynomial, Fault> {
        if exponent > MAX_POWER || (self.terms().len() > 1 && exponent as usize > MAX_TERMS) {
            return Err(Fault::TooLarge);
        }
        power_by_squares(self, Polynomial::one(), exponent, Polynomial::mul)
    }

    /// Coefficient, common monomial and primitive part. Not for 0.
    pub(super) fn parts(&self) -> Result<Parts, Fault> {
        let Some(lead) = self.terms().first() else { return Err(Fault::DivisionByZero) };
        let coefficient = lead.coefficient.clone();
        let mut common = match self.terms() {
            [single] => single.monomial.filter(|f| !f.is_switch()),
            terms => least_powers(terms)?,
        };
        // A root is taken out only where it is common as a whole.
        common = common.filter(|f| !f.power.is_zero());
        let primitive = self.scale(&Rational::from(1).div(&coefficient)?)?;
        if common.is_one() {
            return Ok(Parts { coefficient, monomial: common, primitive });
        }
        let inverse = common.raised(Power::whole(-1))?;
        let lowered = |t: &Term| {
            let monomial = t.monomial.times(&inverse)?.unwrap_or_default();
            Ok(Term { monomial, coefficient: t.coefficient.clone() })
        };
        // Division by a common monomial keeps the order.
        let terms = primitive.terms().iter().map(lowered).collect::<Result<_, Fault>>()?;
        Ok(Parts { coefficient, monomial: common, primitive: Polynomial(Rc::new(terms)) })
    }

    /// The quotient by a primitive polynomial without switches and roots, or by one wave, if it is
    /// exact.
    pub(super) fn divided(&self, by: &Polynomial) -> Result<Option<Polynomial>, Fault> {
        let Some(lead) = by.terms().first() else { return Err(Fault::DivisionByZero) };
        if self.is_zero() || self.terms().len() < by.terms().len() {
            return Ok(None);
        }
        if lead.monomial.factors().iter().any(Factor::is_wave) && by.terms().len() == 1 {
            let each = |t: &Term| {
                let monomial = t.monomial.divided(&lead.monomial)?;
                Some(Term { monomial, coefficient: t.coefficient.clone() })
            };
            return Ok(self
                .terms()
                .iter()
                .map(each)
                .collect::<Option<_>>()
                .map(|t| Polynomial(Rc::new(t))));
        }
        let Parts { coefficient, monomial, primitive } = self.parts()?;
        let (mut rest, mut quotient) = (primitive, Vec::new());
        while let Some(term) = rest.terms().first() {
            let fits = rest.terms().len() <= MAX_TERMS && quotient.len() <= self.terms().len() * 2;
            let Some(m) = term.monomial.divided(&lead.monomial).filter(|_| fits) else {
                return Ok(None);
            };
            let factor = Term { monomial: m, coefficient: term.coefficient.clone() };
            let part = Polynomial(Rc::new(vec![factor.clone()]));
            let next = rest.sub(&part.mul(by)?)?;
            if next.terms().first().is_some_and(|t| t.monomial >= rest.0[0].monomial) {
                return Ok(None);
            }
            rest = next;
            quotient.push(factor);
        }
        Polynomial::collect(quotient)?.shift(&monomial)?.scale(&coefficient).map(Some)
    }

    /// A polynomial whose square this is, with a positive leading coefficient. Not looked for
    /// where switches or roots occur.
    pub(super) fn exact_sqrt(&self) -> Result<Option<Polynomial>, Fault> {
        let kernels = || self.factors().filter_map(|f| f.atom.kernel());
        if kernels().any(|k| k.has_switch() || k.is_root()) {
            return Ok(None);
        }
        let half = |t: &Term| -> Option<Term> {
            let whole =
                t.monomial.factors().iter().all(|f| f.is_exponential() || f.power.is_even());
            let coefficient = t.coefficient.exact_sqrt().filter(|_| whole)?;
            Some(Term { monomial: t.monomial.raised(Power::HALF).ok()?, coefficient })
        };
        let (Some(first), Some(last)) = (self.terms().first(), self.terms().last()) else {
            return Ok(None);
        };
        let (Some(lead), Some(_)) = (half(first), half(last)) else { return Ok(None) };
        let twice = lead.coefficient.add(&lead.coefficient)?;
        let mut root = Polynomial(Rc::new(vec![lead.clone()]));
        let mut rest = self.sub(&root.mul(&root)?)?;
        while let Some(term) = rest.terms().first() {
            if root.terms().len() > self.terms().len() {
                return Ok(None);
            }
            let Some(monomial) = term.monomial.divided(&lead.monomial) else { return Ok(None) };
            let next = Term { monomial, coefficient: term.coefficient.div(&twice)? };
            if next.monomial >= root.0[root.0.len() - 1].monomial {
                return Ok(None);
            }
            // (r + n)² = r² + n·(2r + n)
            let next = Polynomial(Rc::new(vec![next]));
            let change = next.mul(&root.add(&root)?.add(&next)?)?;
            rest = rest.sub(&change)?;
            root = root.add(&next)?;
        }
        Ok(Some(root))
    }

    /// Whether it is above 0 (`Some(true)`) or below 0 wherever it is defined and no atom is 0,
    /// as far as the signs of its terms tell.
    pub(super) fn known_sign(&self) -> Option<bool> {
        let first = self.terms().first()?;
        if self.factors().any(Factor::is_wave) {
            return waves::known_sign(self);
        }
        let positive = !first.coefficient.is_negative();
        let settled = |t: &Term| {
            t.coefficient.is_negative() != positive
                && t.monomial.factors().iter().all(|f| f.is_never_negative())
        };
        let free = |f: &Factor| f.atom.kernel().is_none_or(|k| !k.has_switch());
        let strict = |t: &Term| t.monomial.factors().iter().all(free);
        (self.terms().iter().all(settled) && self.terms().iter().any(strict)).then_some(positive)
    }
}

impl Factor {
    fn is_exponential(&self) -> bool {
        self.atom.kernel().is_some_and(|k| k.is_exponential())
    }

    pub(super) fn is_never_negative(&self) -> bool {
        match self.atom.kernel() {
            Some(k) if k.is_exponential() || k.is_root() || k.is_switch() => true,
            _ => self.power.is_even(),
        }
    }
}

/// The coefficient, if it is of a bearable size; large ones cost more steps, for reducing a
/// fraction takes time that grows with the square of its size.
fn weighed(coefficient: Result<Rational, Fault>) -> Result<Rational, Fault> {
    let coefficient = coefficient?;
    let bits = coefficient.bits();
    if bits > MAX_COEFFICIENT_BITS {
        return Err(Fault::TooLarge);
    }
    if bits > u64::from(u64::BITS) {
        charge(((bits * bits) >> 12) as usize + 1)?;
    }
    Ok(coefficient)
}

/// The least power of each atom over all terms, switches aside.
fn least_powers(terms: &[Term]) -> Result<Monomial, Fault> {
    let mut seen: Vec<&Atom> = Vec::new();
    let mut least = Monomial::one();
    charge(terms.len())?;
    let Some((first, others)) = terms.split_first() else { return Ok(least) };
    // An atom that some term lacks matters only where its power is negative.
    let more = others.iter().flat_map(|t| t.monomial.factors()).filter(|f| f.power.is_negative());
    for factor in first.monomial.factors().iter().chain(more) {
        if factor.is_switch() || seen.contains(&&factor.atom) {
            continue;
        }
        seen.push(&factor.atom);
        charge(terms.len())?;
        let powers = || terms.iter().map(|t| t.monomial.power_of(&factor.atom));
        let power = powers().min().unwrap_or(Power::ZERO);
        // Roots do not divide one another: √x + x is left as it is.
        let is_root = factor.atom.kernel().is_some_and(|k| k.is_root());
        if is_root && powers().any(|p| p != power) {
            continue;
        }
        let factor = Monomial::of(factor.atom.clone(), power);
        least = least.times(&factor)?.unwrap_or_default();
    }
    Ok(least)
}

/// A term whose monomial has roots to the power 1 or more, or several sines and cosines, with these
/// multiplied out.
fn multiplied_out(mut term: Term) -> Result<Polynomial, Fault> {
    if let Some((first, second, rest)) = term.monomial.two_waves() {
        let product = waves::product(&first.form, &second.form)?;
        return product.mul(&Polynomial::term(term.coefficient, rest));
    }
    let mut product = Polynomial::one();
    while let Some(factor) = term.monomial.excess().cloned() {
        let kernel = factor.atom.kernel().ok_or(Fault::TooLarge)?;
        let whole = factor.power.floor();
        let left = factor.power.plus(Power::whole(-whole))?;
        let others = term.monomial.filter(|f| f.atom != factor.atom);
        term.monomial = others.times(&Monomial::of(factor.atom.clone(), left))?.unwrap_or_default();
        let times = u32::try_from(whole).map_err(|_| Fault::TooLarge)?;
        product = product.mul(&kernel.whole_power()?.powi(times)?)?;
    }
    product.mul(&Polynomial::term(term.coefficient, term.monomial))
}

#[cfg(test)]
mod tests {
    use super::super::budget::within;
    use super::super::elementary::constant_power;
    use super::super::fraction::Fraction;
    use super::*;

    /// A long coefficient costs a step, and one more for each 2^12 of the square of its bits.
    #[test]
    fn long_coefficients_cost_steps() {
        let of = |bits: i32| Rational::from(2).powi(bits - 1);
        let costs = |bits: i32, steps: u64| {
            let enough = |steps| within(steps, || weighed(of(bits))).is_ok();
            enough(steps) && (steps == 0 || !enough(steps - 1))
        };
        for bits in [10, 60, 100, 200, 1000] {
            // The denominator counts, too.
            let counted = of(bits).unwrap().bits();
            assert!((bits as u64..bits as u64 + 2).contains(&counted), "{counted}");
            let steps = if bits < 64 { 0 } else { ((counted * counted) >> 12) + 1 };
            assert!(costs(bits, steps), "{bits} bits, {steps} steps");
        }
    }

    /// A root is taken out of a sum where all its terms have the same power of it.
    #[test]
    fn roots_do_not_divide_one_another() {
        let mut g = crate::expr::Graph::new();
        let [x, y] = ["x", "y"].map(|name| g.var(name)).map(|v| g.symbol_of(v).unwrap());
        within(100_000, || {
            let [x, y] = [x, y].map(Fraction::variable);
            let root = constant_power(&x, Power::HALF).unwrap();
            let least = |f: Fraction| least_powers(f.numerator().terms()).unwrap();
            let of = |f: &Fraction| f.numerator().terms()[0].monomial.clone();
            assert_eq!(least(root.add(&root.mul(&y).unwrap()).unwrap()), of(&root));
            assert_eq!(least(root.add(&y).unwrap()), Monomial::one());
            let both = x.mul(&y).unwrap().add(&x).unwrap();
            assert_eq!(least(both), of(&x));
        });
    }

    fn variables() -> [Fraction; 2] {
        let mut g = crate::expr::Graph::new();
        let symbols = ["x", "y"].map(|name| g.var(name)).map(|v| g.symbol_of(v).unwrap());
        symbols.map(Fraction::variable)
    }

    /// A power of one term, or of none, is one term or none, however high; that of a sum grows.
    #[test]
    fn high_powers_are_taken_of_single_terms_alone() {
        let high = MAX_TERMS as u32 + 1;
        let [x, _] = variables();
        within(1_000_000, || {
            let x = x.numerator();
            let sum = x.add(&Polynomial::one()).unwrap();
            assert_eq!(x.powi(high).unwrap().terms().len(), 1);
            assert!(Polynomial::collect(vec![]).unwrap().powi(high).unwrap().is_zero());
            assert_eq!(sum.powi(3).unwrap().terms().len(), 4);
            assert!(matches!(sum.powi(high), Err(Fault::TooLarge)));
            assert!(matches!(x.powi(MAX_POWER + 1), Err(Fault::TooLarge)));
            assert!(x.powi(MAX_POWER).is_ok());
        });
    }

    #[test]
    fn a_quotient_is_found_where_the_division_is_exact() {
        let [x, y] = variables();
        within(1_000_000, || {
            let one = Fraction::one();
            let sum = |a: &Fraction, b: &Fraction| a.add(b).unwrap();
            let times = |a: &Fraction, b: &Fraction| a.mul(b).unwrap();
            let (more, less) = (sum(&x, &one), x.sub(&one).unwrap());
            let both = sum(&x, &y);
            // What is divided, by what, and the quotient.
            let cases = [
                (times(&more, &less), more.clone(), Some(less.clone())),
                (times(&both, &x), both.clone(), Some(x.clone())),
                (times(&both, &times(&more, &less)), both.clone(), Some(times(&more, &less))),
                (both.clone(), both.clone(), Some(one.clone())),
                (both.clone(), more.clone(), None),
                (sum(&times(&x, &x), &one), more.clone(), None),
                (x.clone(), more.clone(), None),
                (more.clone(), sum(&sum(&times(&x, &x), &x), &one), None),
            ];
            for (n, (above, by, quotient)) in cases.into_iter().enumerate() {
                let found = above.numerator().divided(by.numerator()).unwrap();
                assert_eq!(found, quotient.map(|q| q.numerator().clone()), "case {n}");
            }
        });
    }
}
