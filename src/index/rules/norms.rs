//! The rules about normalisations: deviations from a mean sum to 0, and the derivative by what is
//! normalised has a closed form. Source: Ioffe and Szegedy 2015.

use super::super::affine::Affine;
use super::super::formula::{Element, Formula, TensorName};
use super::super::norms::mean_of;
use super::super::system::apart;
use super::names::named;
use super::{Applied, Context};
use crate::ordered::Ordered;
use crate::scalar::{Rational, Scalar};

/// Σ_k (u_k − μ) = 0, where μ is defined as (Σ_k u_k)/N, over the same N terms.
pub fn deviations(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    let mean = mean_in(f)?;
    let Formula::Sum { ranges, body } = f else { return None };
    let Formula::Sub(u, _) = body.as_ref() else { return None };
    let moves = |a: &Affine| ranges.iter().any(|r| a.mentions(&r.index));
    if mean.at.iter().any(moves) {
        return None;
    }
    let cell = c.system.tensor(&mean.tensor)?.cell(&mean.at, &c.taken)?;
    let (over, term) = mean_of(&cell)?;
    let sum = |ranges: &[_], term: &Formula| {
        Formula::Sum { ranges: ranges.to_vec(), body: Box::new(term.clone()) }.canonical()
    };
    (sum(over, term) == sum(ranges, u)).then(|| Formula::integer(0).into())
}

/// The μ of Σ_k (u_k − μ).
pub fn mean_in(f: &Formula) -> Option<&Element> {
    let Formula::Sum { body, .. } = f else { return None };
    let Formula::Sub(_, mean) = body.as_ref() else { return None };
    match mean.as_ref() {
        Formula::Element(mean) => Some(mean),
        _ => None,
    }
}

/// δ of the mean, the variance or the deviation of what is differentiated by: what was derived
/// of it before.
pub fn delta_in_full(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    let Formula::Element(delta) = f else { return None };
    let norm = c.system.norm_of(c.by).filter(|_| delta.tensor.delta)?;
    let whole = TensorName { delta: false, ..delta.tensor.clone() };
    if ![Some(&norm.mean), Some(&norm.variance), norm.deviation.as_ref()].contains(&Some(&whole)) {
        return None;
    }
    let place = c.lemmas.iter().position(|l| l.by.tensor == whole)?;
    let lemma = &c.lemmas[place];
    let mut taken = c.taken.clone();
    let result = apart(&lemma.result, &mut taken);
    let axes = lemma.by.at.iter().zip(&delta.at);
    let put = axes.filter_map(|(l, at)| Some((l.as_index()?.to_string(), at.clone()))).into_map();
    Some(Applied { contractum: result.substitute(&put), uses: Some(place) })
}

/// A number times factors over divisors.
struct Term {
    number: Rational,
    above: Vec<Formula>,
    below: Vec<Formula>,
}

/// a/u + b/(u·v) = (a·v + b)/(u·v), where the terms come of a normalisation; (u − μ)/s gets its
/// name x̂ on the way.
pub fn common_denominator(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    c.system.norm_of(c.by)?;
    let Formula::Add(all) = f else { return None };
    let mut terms: Vec<Term> = all.iter().map(term).collect::<Option<_>>()?;
    terms.iter_mut().for_each(|t| put_back(t, c));
    let (mut below, mut number): (Vec<Formula>, Rational) = (Vec::new(), Rational::one());
    for t in &terms {
        let mut left = below.clone();
        for v in &t.below {
            match left.iter().position(|u| u.canonical() == v.canonical()) {
                Some(place) => drop(left.remove(place)),
                None => below.push(v.clone()),
            }
        }
        // The least number that makes every number of the terms whole.
        let whole = number.mul(&t.number).ok()?;
        number = number.mul(&Rational::new(whole.denom(), 1).ok()?).ok()?;
    }
    if below.is_empty() {
        return None;
    }
    // A term without a sum stands first, then the shorter ones.
    let sums = |t: &Term| t.above.iter().filter(|u| matches!(u, Formula::Sum { .. })).count();
    terms.sort_by_key(|t| (sums(t), t.above.len()));
    let mut above = Vec::new();
    for t in terms {
        let mut missing = below.clone();
        for v in &t.below {
            let place = missing.iter().position(|u| u.canonical() == v.canonical())?;
            missing.remove(place);
        }
        let q = t.number.mul(&number).ok()?;
        let (sums, plain): (Vec<Formula>, Vec<Formula>) =
            t.above.into_iter().partition(|u| matches!(u, Formula::Sum { .. }));
        let mut factors = [plain, missing, sums].concat();
        if !q.abs().is_one() {
            factors.insert(0, Formula::Number(q.abs()));
        }
        let product = Formula::product(factors);
        above.push(if q.is_negative() { product.negative() } else { product });
    }
    if !number.is_one() {
        below.insert(0, Formula::Number(number));
    }
    Some(Formula::total(above).over(Formula::product(below)).into())
}

/// A term as one fraction; factors without an index come out of its sums.
fn term(f: &Formula) -> Option<Term> {
    let atom =
        |f: &Formula| Term { number: Rational::one(), above: vec![f.clone()], below: Vec::new() };
    let one = || Term { number: Rational::one(), above: Vec::new(), below: Vec::new() };
    Some(match f {
        Formula::Number(q) => Term { number: q.clone(), ..one() },
        Formula::Neg(u) => {
            let u = term(u)?;
            Term { number: u.number.neg(), ..u }
        }
        Formula::Mul(all) => all.iter().try_fold(one(), |so_far, u| {
            let u = term(u)?;
            Some(Term {
                number: so_far.number.mul(&u.number).ok()?,
                above: [so_far.above, u.above].concat(),
                below: [so_far.below, u.below].concat(),
            })
        })?,
        Formula::Div(u, v) => {
            let (u, v) = (term(u)?, term(v)?);
            Term {
                number: u.number.div(&v.number).ok()?,
                above: [u.above, v.below].concat(),
                below: [u.below, v.above].concat(),
            }
        }
        Formula::Sum { ranges, body } => {
            let body = term(body)?;
            let moves = |u: &Formula| ranges.iter().any(|r| u.mentions(&r.index));
            if body.below.iter().any(moves) {
                return Some(atom(f));
            }
            let (inside, mut above): (Vec<Formula>, Vec<Formula>) =
                body.above.into_iter().partition(moves);
            if inside.is_empty() {
                return Some(atom(f));
            }
            above.push(Formula::sum(ranges.clone(), Formula::product(inside)));
            Term { number: body.number, above, below: body.below }
        }
        other => atom(other),
    })
}

/// (u − μ)·…/(s·…) is x̂·…/….
fn put_back(t: &mut Term, c: &Context<'_>) {
    let pairs = (0..t.above.len()).flat_map(|n| (0..t.below.len()).map(move |m| (n, m)));
    let found = pairs.into_iter().find_map(|(n, m)| {
        let centred = matches!(t.above[n], Formula::Sub(..));
        let fraction = t.above[n].clone().over(t.below[m].clone());
        centred.then(|| Some((n, m, named(&fraction, c)?))).flatten()
    });
    if let Some((n, m, hat)) = found {
        t.above[n] = Formula::Element(hat);
        t.below.remove(m);
    }
}
