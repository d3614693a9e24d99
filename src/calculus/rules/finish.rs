//! The rules that finish a result once it is tidy: what has a name is written by it, sums are
//! multiplied out or factored where something then falls away, and what is given of a sum is
//! used. Each holds everywhere; what a row asks beyond that is only whether it makes the result
//! easier to read.

use super::monomial::{
    Factor, MAX_FACTORS, Monomial, all_terms, collected, merged, product_of, sum_from,
    sum_of_monomials, terms,
};
use super::{Applied, Context};
use crate::expr::{ExprId, Graph, Node};
use crate::scalar::{Rational, Scalar};

/// Longer sums are left as they are.
const MAX_TERMS: usize = 64;

/// u = q, where q is defined as u; a quotient also as a part of a product.
pub(super) fn recognise_name(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    if matches!(g.node(e), Node::Number(_) | Node::Var(_) | Node::Named(..) | Node::Partial { .. })
    {
        return None;
    }
    if let Some(q) = c.names.get(&e).copied() {
        return Some(Applied::to(q).with([("q", q), ("u", e)]));
    }
    if !matches!(g.node(e), Node::Mul(_) | Node::Div(..)) {
        return None;
    }
    let mut m = Monomial::of(g, e)?;
    let named = put_names(g, &mut m, c.fractions)?;
    let value = value_of(g, named)?;
    Some(Applied::to(m.write(g)).with([("q", named), ("u", value)]))
}

fn value_of(g: &Graph, named: ExprId) -> Option<ExprId> {
    match g.node(named) {
        Node::Named(_, value) => Some(value),
        _ => None,
    }
}

/// Writes the first of the named quotients that is there by its name, as often as it is there.
fn put_names(g: &Graph, m: &mut Monomial, fractions: &[ExprId]) -> Option<ExprId> {
    if !m.factors.iter().any(|(_, n)| *n < 0) {
        return None;
    }
    fractions.iter().copied().find(|named| {
        let part = value_of(g, *named).and_then(|value| Monomial::of(g, value));
        let Some(part) = part.filter(|p| p.coefficient.is_one()).map(|p| merged(&p.factors)) else {
            return false;
        };
        let both = part.iter().any(|(_, n)| *n < 0) && part.iter().any(|(_, n)| *n > 0);
        let mut went = false;
        while both && m.replace(&part, *named) {
            went = true;
        }
        went
    })
}

/// (u − v)/w = u/w − v/w, where each part then has a name in it.
pub(super) fn split_fraction(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let Node::Div(above, below) = g.node(e) else { return None };
    let parts = terms(g, above).filter(|parts| parts.len() <= MAX_TERMS)?;
    let mut split = Vec::with_capacity(parts.len());
    for (minus, part) in parts {
        let part = g.div(part, below);
        let mut m = Monomial::of(g, part)?;
        m.cancel();
        put_names(g, &mut m, c.fractions)?;
        split.push((minus, part));
    }
    Some(Applied::to(sum_from(g, split)))
}

/// u + u·v = u·(1 + v); and c·t₁ + … + c·tₙ = c·(t₁ + … + tₙ) for a sum that is given.
pub(super) fn common_factor(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let all = monomials(g, e)?;
    if let Some((cofactor, places, cells)) = distributed(&all, c.distributions) {
        let sum = g.add(cells);
        let factor = Monomial { coefficient: cofactor.coefficient.abs(), ..cofactor.clone() };
        let factor = factor.write(g);
        let mut product = cofactor;
        product.factors.push((sum, 1));
        let mut kept = Vec::with_capacity(all.len());
        for (n, m) in all.into_iter().enumerate() {
            if places[0] == n {
                kept.push(product.clone());
            } else if !places.contains(&n) {
                kept.push(m);
            }
        }
        return Some(Applied::to(sum_of_monomials(g, &kept)).with([("c", factor)]));
    }
    let [first, rest @ ..] = all.as_slice() else { return None };
    let mut common: Vec<Factor> = merged(&first.factors);
    for m in rest {
        let factors = merged(&m.factors);
        common = common
            .into_iter()
            .filter_map(|(e, n)| {
                let (_, k) = factors.iter().find(|(f, _)| *f == e)?;
                (n > 0 && *k > 0).then_some((e, n.min(*k)))
            })
            .collect();
    }
    let without: Vec<Monomial> = all
        .iter()
        .map(|m| {
            let mut factors = merged(&m.factors);
            factors.extend(common.iter().map(|(e, n)| (*e, -n)));
            Monomial { factors: merged(&factors), ..m.clone() }
        })
        .collect();
    let is_number = |m: &Monomial| m.factors.is_empty();
    if rest.is_empty() || common.is_empty() || !without.iter().any(is_number) {
        return None;
    }
    let sum = sum_of_monomials(g, &without);
    let common = Monomial { coefficient: Rational::from(1), factors: common, numbers: 0 };
    let common = common.write(g);
    let mut factors = match g.node(common) {
        Node::Mul(args) => g.args(args).to_vec(),
        _ => vec![common],
    };
    factors.push(sum);
    Some(Applied::to(product_of(g, &factors)).with([("c", common)]))
}

/// t₁ + … + tₙ = 1, where that is given.
pub(super) fn sums_to_one(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let Node::Add(args) = g.node(e) else { return None };
    let mut terms = g.args(args).to_vec();
    terms.sort_unstable();
    let given = c.distributions.iter().any(|cells| {
        let mut cells = cells.clone();
        cells.sort_unstable();
        cells == terms
    });
    let one = g.integer(1);
    given.then(|| Applied { contractum: one, bindings: vec![("u", e)], given: Some((e, one)) })
}

/// u·(v + w) = u·v + u·w, where terms then cancel or make a given sum; and (v/u + w)·u = v + w·u.
pub(super) fn multiply_out(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    if matches!(g.node(e), Node::Mul(_)) {
        return clear_fractions(g, e);
    }
    terms(g, e)?;
    let mut out: Vec<Monomial> = Vec::new();
    let mut went = false;
    for m in monomials(g, e)? {
        let (products, expanded) = expanded(g, &m)?;
        went |= expanded;
        out.extend(products);
        if out.len() > MAX_TERMS {
            return None;
        }
    }
    if !went {
        return None;
    }
    let (mut shortest, _) = collected(&out);
    while let Some((cofactor, places, _)) = distributed(&shortest, c.distributions) {
        let mut n = 0;
        shortest.retain(|_| {
            n += 1;
            !places.contains(&(n - 1))
        });
        shortest.push(cofactor);
        (shortest, _) = collected(&shortest);
    }
    let size: usize = shortest.iter().map(|m| size_of_monomial(g, m)).sum();
    let shorter = shortest.len() < out.len() && size < size_of(g, e);
    shorter.then(|| Applied::to(sum_of_monomials(g, &out)))
}

/// The factors of a product that stand below in a sum among the factors are multiplied into it.
fn clear_fractions(g: &mut Graph, e: ExprId) -> Option<Applied> {
    let Node::Mul(args) = g.node(e) else { return None };
    let factors = g.args(args).to_vec();
    let (at, sum) = factors.iter().enumerate().find_map(|(at, f)| Some((at, monomials(g, *f)?)))?;
    let below = |f: &ExprId| sum.iter().any(|m| m.factors.iter().any(|(b, n)| b == f && *n < 0));
    let (taken, mut kept): (Vec<ExprId>, Vec<ExprId>) =
        factors.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, f)| *f).partition(below);
    if taken.is_empty() {
        return None;
    }
    let products: Vec<Monomial> = sum
        .into_iter()
        .map(|mut m| {
            m.factors.extend(taken.iter().map(|f| (*f, 1)));
            m.cancel();
            m
        })
        .collect();
    let cleared = sum_of_monomials(g, &products);
    let before: usize =
        taken.iter().map(|f| size_of(g, *f)).sum::<usize>() + size_of(g, factors[at]);
    if size_of(g, cleared) >= before {
        return None;
    }
    kept.insert(at.min(kept.len()), cleared);
    Some(Applied::to(product_of(g, &kept)))
}

/// The terms of a sum as products.
fn monomials(g: &Graph, e: ExprId) -> Option<Vec<Monomial>> {
    terms(g, e)?;
    all_terms(g, e, MAX_TERMS)?
        .into_iter()
        .map(|(minus, t)| {
            let mut m = Monomial::of(g, t)?;
            if minus {
                m.coefficient = m.coefficient.neg();
            }
            Some(m)
        })
        .collect()
}

/// A product with the sums in it multiplied out, and whether there were any.
fn expanded(g: &Graph, m: &Monomial) -> Option<(Vec<Monomial>, bool)> {
    let one = Monomial { coefficient: m.coefficient.clone(), factors: Vec::new(), numbers: 0 };
    let (mut all, mut went) = (vec![one], false);
    // 2·(a − b) reads better than 2·a − 2·b, whatever cancels.
    let alone = m.factors.len() < 2;
    for (e, n) in &m.factors {
        let sum = if *n == 1 && !alone { monomials(g, *e) } else { None };
        let Some(sum) = sum else {
            all.iter_mut().for_each(|p| p.factors.push((*e, *n)));
            continue;
        };
        went = true;
        let mut next = Vec::with_capacity(all.len() * sum.len());
        for left in &all {
            for right in &sum {
                let mut factors = left.factors.clone();
                factors.extend_from_slice(&right.factors);
                let coefficient = left.coefficient.mul(&right.coefficient).ok()?;
                let mut product = Monomial { coefficient, factors, numbers: 0 };
                product.cancel();
                next.push(product);
            }
        }
        all = next;
        if all.len() > MAX_TERMS || all.iter().any(|p| p.factors.len() > MAX_FACTORS) {
            return None;
        }
    }
    Some((all, went))
}

/// A given sum in disguise: c·t₁, …, c·tₙ among some products. What c is, and where they stand.
/// c is no number: t₁ + t₂ alone is as good as 1.
fn distributed(
    all: &[Monomial],
    distributions: &[Vec<ExprId>],
) -> Option<(Monomial, Vec<usize>, Vec<ExprId>)> {
    for cells in distributions {
        let first = *cells.first()?;
        for m in all {
            let mut cofactor = m.clone();
            let Some(at) = cofactor.factors.iter().position(|f| *f == (first, 1)) else { continue };
            cofactor.factors.remove(at);
            if cofactor.factors.is_empty() {
                continue;
            }
            let places: Option<Vec<usize>> = cells
                .iter()
                .map(|cell| {
                    let mut wanted = cofactor.clone();
                    wanted.factors.push((*cell, 1));
                    let key = wanted.key();
                    all.iter().position(|m| m.coefficient == wanted.coefficient && m.key() == key)
                })
                .collect();
            if let Some(places) = places {
                return Some((cofactor, places, cells.clone()));
            }
        }
    }
    None
}

fn size_of_monomial(g: &Graph, m: &Monomial) -> usize {
    let factors: usize =
        m.factors.iter().map(|(e, n)| n.unsigned_abs() as usize * size_of(g, *e)).sum();
    factors + usize::from(factors == 0 || !m.coefficient.abs().is_one())
}

/// How many names and numbers an expression is written with.
fn size_of(g: &Graph, e: ExprId) -> usize {
    let mut size = 0;
    let mut stack = vec![e];
    while let Some(e) = stack.pop() {
        match g.node(e) {
            Node::Add(_) | Node::Mul(_) | Node::Sub(..) | Node::Neg(_) | Node::Div(..) => {
                g.for_children(e, |child| stack.push(child));
            }
            _ => size += 1,
        }
    }
    size
}
