//! Proof by cases: a difference with switches is 0 if it is 0 in every case they allow.
//!
//! A case gives each switch its value and each contest its winner. Inner switches are settled
//! first, so that an argument which is 0 in a whole region is seen to be so. A case that
//! contradicts itself (a > b, b > c, c > a) is left out. In every other case all denominators
//! must be nonzero.

use std::rc::Rc;

use super::budget::charge;
use super::elementary;
use super::fraction::Fraction;
use super::kernel::{Form, Kernel};
use super::monomial::{Factor, Monomial, Power};
use super::order::feasible;
use super::polynomial::{Polynomial, Term};
use super::{switch, waves};
use crate::scalar::{Fault, Rational, Scalar};

/// The largest number of cases that are looked at.
pub const MAX_CASES: usize = 1 << 10;

/// What all cases say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proof) enum Outcome {
    /// Zero in every case.
    Zero,
    /// Zero in every case that has a value, and some case has none.
    ZeroWhereDefined,
    /// In some case not zero as a normal form, which may still be zero as a function.
    Nonzero,
    /// There is no case with a value.
    Undefined,
}

/// A question with its answer.
enum Settled {
    Positive(Rc<Kernel>, bool),
    Winner(Rc<Vec<Fraction>>, usize),
}

/// Whether `difference` is 0 in every case; [`Fault::TooLarge`] past [`MAX_CASES`].
pub(in crate::proof) fn vanishes(difference: &Fraction) -> Result<Outcome, Fault> {
    let mut facts = Vec::new();
    if difference.has_switch() {
        difference.polynomials().for_each(|p| domain(p, &mut facts));
    }
    let mut open = vec![(difference.clone(), facts)];
    let mut looked_at = 0;
    let (mut some_defined, mut some_undefined) = (false, false);
    while let Some((difference, facts)) = open.pop() {
        let Some(kernel) = difference.polynomials().find_map(innermost_switch) else {
            if difference.numerator().is_zero() {
                some_defined = true;
                continue;
            }
            return Ok(Outcome::Nonzero);
        };
        looked_at += 1;
        if looked_at > MAX_CASES {
            return Err(Fault::TooLarge);
        }
        for (settled, new_facts) in cases_of(&kernel)? {
            let mut facts: Vec<Polynomial> = facts.iter().cloned().chain(new_facts).collect();
            if !feasible(&facts) {
                continue;
            }
            match settled.apply(&difference) {
                Ok(case) => {
                    case.polynomials().for_each(|p| domain(p, &mut facts));
                    if feasible(&facts) {
                        open.push((case, facts));
                    }
                }
                Err(Fault::TooLarge) => return Err(Fault::TooLarge),
                Err(_) => some_undefined = true,
            }
        }
    }
    Ok(match (some_defined, some_undefined) {
        (_, false) => Outcome::Zero,
        (true, true) => Outcome::ZeroWhereDefined,
        (false, true) => Outcome::Undefined,
    })
}

/// What must be positive for the roots and logarithms in `p` to have a value.
fn domain(p: &Polynomial, known: &mut Vec<Polynomial>) {
    for kernel in p.factors().filter_map(|f| f.atom.kernel()) {
        let inner = match &kernel.form {
            Form::Root(v) => Some(v),
            Form::Logarithm(w) if w.denominator().is_empty() => Some(w.numerator()),
            _ => None,
        };
        if let Some(v) = inner.filter(|v| !v.has_switch() && !known.contains(v)) {
            known.push(v.clone());
        }
        kernel.form.polynomials().for_each(|p| domain(p, known));
    }
}

/// A switch whose own arguments hold none.
fn innermost_switch(polynomial: &Polynomial) -> Option<Rc<Kernel>> {
    let kernel = polynomial.factors().filter_map(|f| f.atom.kernel()).find(|k| k.has_switch())?;
    match &kernel.form {
        Form::Positive(_) | Form::Winner(..) => Some(Rc::clone(kernel)),
        form => form.polynomials().find_map(innermost_switch),
    }
}

/// The answers to the question that a switch asks, each with what is then known to be positive.
fn cases_of(kernel: &Rc<Kernel>) -> Result<Vec<(Settled, Vec<Polynomial>)>, Fault> {
    match &kernel.form {
        Form::Positive(p) => Ok(vec![
            (Settled::Positive(Rc::clone(kernel), false), vec![p.neg()]),
            (Settled::Positive(Rc::clone(kernel), true), vec![p.clone()]),
        ]),
        Form::Winner(_, all) => {
            let mut cases = Vec::with_capacity(all.len());
            for winner in 0..all.len() {
                let mut facts = Vec::new();
                for other in (0..all.len()).filter(|other| *other != winner) {
                    let lead = all[winner].sub(&all[other])?;
                    if lead.denominator().is_empty() {
                        facts.push(lead.numerator().clone());
                    }
                }
                cases.push((Settled::Winner(Rc::clone(all), winner), facts));
            }
            Ok(cases)
        }
        _ => Ok(Vec::new()),
    }
}

impl Settled {
    /// The expression in this case.
    fn apply(&self, to: &Fraction) -> Result<Fraction, Fault> {
        let mut result = self.polynomial(to.numerator())?;
        for (divisor, multiplicity) in to.denominator() {
            let power = i32::try_from(*multiplicity).map_err(|_| Fault::TooLarge)?;
            let divisor = if divisor.has_switch() {
                self.polynomial(divisor)?
            } else {
                Fraction::from(divisor.clone())
            };
            result = result.mul(&divisor.raised(-power)?)?;
        }
        Ok(result)
    }

    fn polynomial(&self, p: &Polynomial) -> Result<Fraction, Fault> {
        let affected = |f: &Factor| f.atom.kernel().is_some_and(|k| k.has_switch());
        let (mut kept, mut sum) = (Vec::new(), Fraction::zero());
        for term in p.terms() {
            charge(term.monomial.factors().len() + 1)?;
            if !term.monomial.factors().iter().any(affected) {
                kept.push(term.clone());
                continue;
            }
            let monomial = term.monomial.filter(|f| !affected(f));
            let rest = Term { monomial, coefficient: term.coefficient.clone() };
            let mut product = Fraction::from(Polynomial::collect(vec![rest])?);
            for factor in term.monomial.factors().iter().filter(|f| affected(f)) {
                product = product.mul(&self.factor(factor)?)?;
            }
            sum = sum.add(&product)?;
        }
        sum.add(&Polynomial::collect(kept)?.into())
    }

    fn factor(&self, factor: &Factor) -> Result<Fraction, Fault> {
        let same = || {
            let monomial = Monomial::of(factor.atom.clone(), factor.power);
            Ok(Polynomial::term(Rational::from(1), monomial).into())
        };
        let bit = |on: bool| Ok(Fraction::integer(i32::from(on)));
        let Some(kernel) = factor.atom.kernel() else { return same() };
        let power = Fraction::constant(factor.power.to_rational());
        match (&kernel.form, self) {
            (Form::Positive(_), Settled::Positive(asked, answer)) if kernel == asked => {
                bit(*answer)
            }
            (Form::Winner(number, all), Settled::Winner(asked, winner)) if all == asked => {
                bit(number == winner)
            }
            (Form::Positive(_) | Form::Winner(..) | Form::Unknown(_), _) => same(),
            (Form::Arbitrary(u), _) => self.apply(u)?.arbitrary_step()?.pow(&power),
            (Form::Exponential(t), _) => elementary::exponential(&self.apply(t)?.mul(&power)?),
            (Form::Logarithm(w), _) => elementary::logarithm(&self.apply(w)?)?.pow(&power),
            (Form::NormalCdf(u), _) => elementary::normal_cdf(&self.apply(u)?)?.pow(&power),
            (Form::NormalPdf(u), _) => elementary::normal_pdf(&self.apply(u)?)?.pow(&power),
            (Form::Sine(u), _) => waves::sine(&self.apply(u)?)?.pow(&power),
            (Form::Cosine(u), _) => waves::cosine(&self.apply(u)?)?.pow(&power),
            (Form::Root(v), _) => self.polynomial(v)?.pow(&power),
            (Form::Modulus(y), _) => {
                let half = factor.power.times(Power::HALF)?;
                elementary::constant_power(&self.polynomial(y)?.raised(2)?, half)
            }
            (Form::Step(u), _) => switch::step(&self.apply(u)?),
            (Form::First(number, all), _) => {
                let settled: Vec<Fraction> =
                    all.iter().map(|u| self.apply(u)).collect::<Result<_, Fault>>()?;
                let weights = switch::winners(&settled.iter().collect::<Vec<_>>())?;
                Ok(weights[*number].clone())
            }
        }
    }
}

/// `f` with every switch settled as the point says.
#[cfg(test)]
pub(super) fn settled_at(f: &Fraction, point: &[f64]) -> Option<Fraction> {
    use super::value_tests::is_on;
    let mut f = f.clone();
    loop {
        let kernel = f.polynomials().find_map(innermost_switch);
        let Some(kernel) = kernel else { return Some(f) };
        let settled = match &kernel.form {
            Form::Winner(_, all) => {
                let number = (0..all.len()).find(|n| {
                    let form = Form::Winner(*n, Rc::clone(all));
                    let atom = Kernel::atom(form).ok();
                    atom.and_then(|a| is_on(a.kernel()?, point)).unwrap_or(false)
                });
                Settled::Winner(Rc::clone(all), number?)
            }
            _ => Settled::Positive(Rc::clone(&kernel), is_on(&kernel, point)?),
        };
        f = settled.apply(&f).ok()?;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::budget::{within, within_both};
    use super::*;
    use crate::expr::Graph;

    /// Beyond what the sum of its terms costs: for each term a step, and one for each factor.
    #[test]
    fn to_settle_a_switch_costs_what_is_looked_at() {
        const ALL: u64 = 100_000;
        let used = |job: &dyn Fn()| {
            let left = Cell::new(ALL);
            within_both(&left, ALL, job);
            ALL - left.get()
        };
        let mut g = Graph::new();
        let [x, y] = ["x", "y"].map(|name| g.var(name)).map(|v| g.symbol_of(v).unwrap());
        let [x, y] = [x, y].map(Fraction::variable);
        let (settled, claims) = within(ALL, || {
            let atom = Kernel::atom(Form::Positive(x.numerator().clone())).unwrap();
            let kernel = Rc::clone(atom.kernel().unwrap());
            let product = x.mul(&x).unwrap().mul(&y).unwrap();
            let sum = product.add(&y).unwrap().add(&Fraction::integer(3)).unwrap();
            let claims = [Fraction::one(), x.clone(), product, sum];
            (Settled::Positive(kernel, true), claims)
        });
        for claim in claims {
            let p = claim.numerator();
            let looked: usize = p.terms().iter().map(|t| t.monomial.factors().len() + 1).sum();
            let whole = used(&|| assert_eq!(settled.polynomial(p).unwrap(), claim));
            let sum = used(&|| {
                let terms = Polynomial::collect(p.terms().to_vec()).unwrap();
                Fraction::zero().add(&terms.into()).unwrap();
            });
            assert_eq!(whole - sum, looked as u64, "{claim:?}");
        }
    }
}
