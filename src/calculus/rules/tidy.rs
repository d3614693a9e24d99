//! The rules that tidy a line once no derivative is left: each makes the expression smaller, so
//! tidying ends.

use super::monomial::{
    Monomial, Term, all_terms, collected, product_of, sum_from, sum_of, sum_of_monomials, terms,
};
use super::{Applied, Context};
use crate::expr::{ExprId, Graph, Node};
use crate::scalar::{Rational, Scalar};

/// The largest exponent to which a number is raised out.
const MAX_RAISED: i32 = 64;

fn is(g: &Graph, e: ExprId, n: i64) -> bool {
    g.as_number(e).is_some_and(|q| *q == Rational::from(n))
}

fn is_zero(g: &Graph, e: ExprId) -> bool {
    is(g, e, 0)
}

pub(super) fn zero_product(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    let vanishes = match g.node(e) {
        Node::Mul(args) => g.args(args).iter().any(|f| is_zero(g, *f)),
        Node::Div(a, b) => is_zero(g, a) && !is_zero(g, b),
        _ => false,
    };
    vanishes.then(|| Applied::to(g.integer(0)))
}

pub(super) fn drop_zero(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    match g.node(e) {
        Node::Add(args) => {
            let all = g.args(args).to_vec();
            let zero = |t: &ExprId| match g.node(*t) {
                Node::Neg(a) => is_zero(g, a),
                _ => is_zero(g, *t),
            };
            let kept: Vec<ExprId> = all.iter().copied().filter(|t| !zero(t)).collect();
            (kept.len() < all.len() || all.len() == 1).then(|| Applied::to(sum_of(g, &kept)))
        }
        Node::Sub(a, b) if is_zero(g, b) => Some(Applied::to(a)),
        Node::Sub(a, b) if is_zero(g, a) => Some(Applied::to(g.neg(b))),
        Node::Neg(a) if is_zero(g, a) => Some(Applied::to(a)),
        _ => None,
    }
}

pub(super) fn drop_one(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    match g.node(e) {
        Node::Mul(args) => {
            let all = g.args(args).to_vec();
            let mut kept: Vec<ExprId> = all.iter().copied().filter(|f| !is(g, *f, 1)).collect();
            if kept.len() < all.len() || all.len() == 1 {
                return Some(Applied::to(product_of(g, &kept)));
            }
            if let Some(minus) = kept.iter().position(|f| is(g, *f, -1)) {
                kept.remove(minus);
                let rest = product_of(g, &kept);
                return Some(Applied::to(g.neg(rest)));
            }
            // u·(1/v) = u/v, unless there is something to cancel.
            let over = kept.iter().position(
                |f| matches!(g.node(*f), Node::Div(a, b) if is(g, a, 1) && g.as_number(b).is_none()),
            )?;
            if Monomial::of(g, e).is_none_or(|mut m| m.cancel()) {
                return None;
            }
            let Node::Div(_, below) = g.node(kept.remove(over)) else { return None };
            let above = product_of(g, &kept);
            Some(Applied::to(g.div(above, below)))
        }
        Node::Div(a, b) if is(g, b, 1) => Some(Applied::to(a)),
        Node::Pow(a, b) if is(g, b, 1) => Some(Applied::to(a)),
        Node::Pow(_, b) if is_zero(g, b) => Some(Applied::to(g.integer(1))),
        _ => None,
    }
}

/// What is negated, if `e` is −u.
fn negated(g: &Graph, e: ExprId) -> Option<ExprId> {
    match g.node(e) {
        Node::Neg(a) => Some(a),
        _ => None,
    }
}

/// The factors with that of number `k` turned; a product that it becomes is spliced in.
fn turned(g: &Graph, factors: &[ExprId], k: usize) -> Vec<ExprId> {
    let mut all = factors.to_vec();
    if let Some(inner) = negated(g, all[k]) {
        match g.node(inner) {
            Node::Mul(args) => {
                all.splice(k..=k, g.args(args).iter().copied());
            }
            _ => all[k] = inner,
        }
    }
    all
}

/// −((t − y)·u + …) = (y − t)·u + …, if each term can take its sign.
fn all_turned(g: &mut Graph, all: &[Term]) -> Option<ExprId> {
    let mut turned = Vec::with_capacity(all.len());
    for (minus, t) in all {
        let Node::Mul(args) = g.node(*t) else { return None };
        let mut factors = g.args(args).to_vec();
        if !minus {
            let (k, (a, b)) = difference(g, &factors)?;
            factors[k] = g.sub(b, a);
        }
        turned.push((false, g.mul(factors)));
    }
    Some(sum_from(g, turned))
}

/// The first factor that is a difference of two names.
fn difference(g: &Graph, factors: &[ExprId]) -> Option<(usize, (ExprId, ExprId))> {
    factors.iter().enumerate().find_map(|(k, f)| match g.node(*f) {
        Node::Sub(a, b) if is_name(g, a) && is_name(g, b) => Some((k, (a, b))),
        _ => None,
    })
}

fn is_name(g: &Graph, e: ExprId) -> bool {
    matches!(g.node(e), Node::Var(_) | Node::Named(..))
}

/// Whether a sign before it may stay inside a product: (t − y)·(−w).
fn is_plain(g: &Graph, e: ExprId) -> bool {
    is_name(g, e) || g.as_number(e).is_some()
}

pub(super) fn signs(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    match g.node(e) {
        Node::Neg(a) => match g.node(a) {
            Node::Neg(b) => Some(Applied::to(b)),
            Node::Number(n) => {
                let minus = g.number_of(n).neg();
                Some(Applied::to(g.number(&minus)))
            }
            Node::Mul(args) => {
                let factors = g.args(args).to_vec();
                if let Some(k) = factors.iter().position(|f| negated(g, *f).is_some()) {
                    let factors = turned(g, &factors, k);
                    return Some(Applied::to(g.mul(factors)));
                }
                // −(t − y)·u = (y − t)·u, for names t and y.
                let (k, (a, b)) = difference(g, &factors)?;
                let mut factors = factors;
                factors[k] = g.sub(b, a);
                Some(Applied::to(g.mul(factors)))
            }
            // −(a − b) = b − a; but −(1 − h²) shows a slope, and stays.
            _ => {
                let all = terms(g, a)?;
                if let Some(turned) = all_turned(g, &all) {
                    return Some(Applied::to(turned));
                }
                let number = all.iter().any(|(_, t)| g.as_number(*t).is_some());
                if number && !all.iter().all(|(_, t)| is_plain(g, *t)) {
                    return None;
                }
                let subtracted = all.iter().filter(|(minus, _)| *minus).count();
                (2 * subtracted >= all.len()).then(|| {
                    let all = all.into_iter().map(|(minus, t)| (!minus, t)).collect();
                    Applied::to(sum_from(g, all))
                })
            }
        },
        Node::Mul(args) => {
            let mut factors = g.args(args).to_vec();
            // (−2)·u = −2·u
            let negative = |e: &ExprId| g.as_number(*e).is_some_and(Rational::is_negative);
            if let Some(k) = factors.iter().position(negative) {
                let size = g.as_number(factors[k])?.abs();
                factors[k] = g.number(&size);
                let product = g.mul(factors);
                return Some(Applied::to(g.neg(product)));
            }
            let minus: Vec<usize> =
                (0..factors.len()).filter(|k| negated(g, factors[*k]).is_some()).collect();
            match minus.as_slice() {
                [j, k, ..] => {
                    // The later one first: splicing moves what stands after it.
                    let factors = turned(g, &factors, *k);
                    let factors = turned(g, &factors, *j);
                    Some(Applied::to(g.mul(factors)))
                }
                // A sign before the first factor stands before the product; elsewhere it stays
                // where it is before a single name, as in (t − y)·(−w).
                [k] if *k == 0 || !is_plain(g, negated(g, factors[*k])?) => {
                    let factors = turned(g, &factors, *k);
                    let product = g.mul(factors);
                    Some(Applied::to(g.neg(product)))
                }
                _ => None,
            }
        }
        Node::Div(a, b) => match (negated(g, a), negated(g, b)) {
            (Some(a), Some(b)) => Some(Applied::to(g.div(a, b))),
            (Some(a), None) => {
                let ratio = g.div(a, b);
                Some(Applied::to(g.neg(ratio)))
            }
            (None, Some(b)) => {
                let ratio = g.div(a, b);
                Some(Applied::to(g.neg(ratio)))
            }
            (None, None) => None,
        },
        Node::Add(_) | Node::Sub(..) => {
            let all = terms(g, e)?;
            let [first, rest @ ..] = all.as_slice() else { return None };
            if rest.is_empty() {
                return None;
            }
            if first.0 && rest.iter().all(|(minus, _)| *minus) {
                // −a − b = −(a + b)
                let all: Vec<Term> = all.iter().map(|(_, t)| (false, *t)).collect();
                let sum = flat_sum(g, all);
                return Some(Applied::to(g.neg(sum)));
            }
            let written = sum_from(g, all);
            (written != e).then(|| Applied::to(written))
        }
        _ => None,
    }
}

/// The sum of terms that are added; those of a sum among them are spliced in.
fn flat_sum(g: &mut Graph, all: Vec<Term>) -> ExprId {
    let mut flat = Vec::with_capacity(all.len());
    for (_, t) in all {
        match g.node(t) {
            Node::Add(args) => flat.extend_from_slice(g.args(args)),
            _ => flat.push(t),
        }
    }
    sum_of(g, &flat)
}

pub(super) fn numbers(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    match g.node(e) {
        Node::Mul(args) => {
            let all = g.args(args).to_vec();
            match fold(g, &all, Scalar::mul) {
                Some(kept) => Some(Applied::to(product_of(g, &kept))),
                None => coefficient(g, e),
            }
        }
        Node::Add(args) => {
            let all = g.args(args).to_vec();
            fold(g, &all, Scalar::add).map(|kept| Applied::to(sum_of(g, &kept)))
        }
        Node::Sub(a, b) => both(g, a, b, Scalar::sub),
        Node::Div(a, b) => both(g, a, b, Scalar::div).or_else(|| coefficient(g, e)),
        Node::Pow(a, b) => {
            let n = g.as_number(b)?.to_i32().filter(|n| n.abs() <= MAX_RAISED)?;
            let q = g.as_number(a)?.powi(n).ok()?;
            Some(Applied::to(g.number(&q)))
        }
        _ => None,
    }
}

/// Numbers that stand apart in a product, as in 1/2·(−(2·u)), make one.
fn coefficient(g: &mut Graph, e: ExprId) -> Option<Applied> {
    let m = Monomial::of(g, e).filter(|m| m.numbers > 1)?;
    Some(Applied::to(m.write(g)))
}

type Operation = fn(&Rational, &Rational) -> Result<Rational, crate::scalar::Fault>;

fn both(g: &mut Graph, a: ExprId, b: ExprId, operate: Operation) -> Option<Applied> {
    let q = operate(g.as_number(a)?, g.as_number(b)?).ok()?;
    Some(Applied::to(g.number(&q)))
}

/// The arguments with all numbers folded into the first; `None` where there are fewer than two.
fn fold(g: &mut Graph, all: &[ExprId], operate: Operation) -> Option<Vec<ExprId>> {
    let numbers: Vec<ExprId> = all.iter().copied().filter(|e| g.as_number(*e).is_some()).collect();
    let (first, rest) = numbers.split_first().filter(|(_, rest)| !rest.is_empty())?;
    let start = g.as_number(*first)?.clone();
    let value = rest.iter().try_fold(start, |q, e| operate(&q, g.as_number(*e)?).ok())?;
    let folded = g.number(&value);
    let mut kept = Vec::with_capacity(all.len());
    for e in all {
        if e == first && !kept.contains(&folded) {
            kept.push(folded);
        } else if g.as_number(*e).is_none() {
            kept.push(*e);
        }
    }
    Some(kept)
}

pub(super) fn cancel(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    match g.node(e) {
        Node::Sub(a, b) if a == b => Some(Applied::to(g.integer(0))),
        Node::Div(a, b) if a == b && !is_zero(g, b) => Some(Applied::to(g.integer(1))),
        Node::Div(..) | Node::Mul(_) => {
            let mut m = Monomial::of(g, e)?;
            m.cancel().then(|| Applied::to(m.write(g)))
        }
        _ => None,
    }
}

/// A sum with more terms is not searched for equal ones among the sums in it.
const MAX_TERMS: usize = 1 << 12;

pub(super) fn collect(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    terms(g, e)?;
    let mut all = Vec::new();
    for (minus, t) in all_terms(g, e, MAX_TERMS)? {
        let mut m = match Monomial::of(g, t) {
            Some(m) => m,
            None if is_zero(g, t) => return None,
            None => Monomial { coefficient: Rational::from(1), factors: vec![(t, 1)], numbers: 0 },
        };
        if minus {
            m.coefficient = m.coefficient.neg();
        }
        all.push(m);
    }
    let (kept, went) = collected(&all);
    went.then(|| Applied::to(sum_of_monomials(g, &kept)))
}
