//! The rules that tidy a line once no derivative is left: each makes the expression smaller, so
//! tidying ends.

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

fn sum_of(g: &mut Graph, terms: &[ExprId]) -> ExprId {
    match terms {
        [] => g.integer(0),
        [one] => *one,
        _ => g.add(terms),
    }
}

fn product_of(g: &mut Graph, factors: &[ExprId]) -> ExprId {
    match factors {
        [] => g.integer(1),
        [one] => *one,
        _ => g.mul(factors),
    }
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
            let minus = kept.iter().position(|f| is(g, *f, -1))?;
            kept.remove(minus);
            let rest = product_of(g, &kept);
            Some(Applied::to(g.neg(rest)))
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

pub(super) fn signs(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    match g.node(e) {
        Node::Neg(a) => match g.node(a) {
            Node::Neg(b) => Some(Applied::to(b)),
            Node::Number(n) => {
                let minus = g.number_of(n).neg();
                Some(Applied::to(g.number(&minus)))
            }
            Node::Mul(args) => {
                let mut factors = g.args(args).to_vec();
                let k = factors.iter().position(|f| negated(g, *f).is_some())?;
                factors[k] = negated(g, factors[k])?;
                Some(Applied::to(g.mul(factors)))
            }
            _ => None,
        },
        Node::Mul(args) => {
            let mut factors = g.args(args).to_vec();
            let minus: Vec<usize> =
                (0..factors.len()).filter(|k| negated(g, factors[*k]).is_some()).collect();
            match minus.as_slice() {
                [j, k, ..] => {
                    factors[*j] = negated(g, factors[*j])?;
                    factors[*k] = negated(g, factors[*k])?;
                    Some(Applied::to(g.mul(factors)))
                }
                // A sign before the first factor stands before the product.
                [0] => {
                    factors[0] = negated(g, factors[0])?;
                    let product = g.mul(factors);
                    Some(Applied::to(g.neg(product)))
                }
                _ => None,
            }
        }
        Node::Add(args) if args.len() == 2 => {
            let (a, b) = (g.args(args)[0], g.args(args)[1]);
            match (negated(g, a), negated(g, b)) {
                (_, Some(b)) => Some(Applied::to(g.sub(a, b))),
                _ => None,
            }
        }
        Node::Sub(a, b) => {
            let b = negated(g, b)?;
            Some(Applied::to(g.add([a, b])))
        }
        _ => None,
    }
}

pub(super) fn numbers(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    match g.node(e) {
        Node::Mul(args) => {
            let all = g.args(args).to_vec();
            fold(g, &all, Scalar::mul).map(|kept| Applied::to(product_of(g, &kept)))
        }
        Node::Add(args) => {
            let all = g.args(args).to_vec();
            fold(g, &all, Scalar::add).map(|kept| Applied::to(sum_of(g, &kept)))
        }
        Node::Sub(a, b) => both(g, a, b, Scalar::sub),
        Node::Div(a, b) => both(g, a, b, Scalar::div),
        Node::Pow(a, b) => {
            let n = g.as_number(b)?.to_i32().filter(|n| n.abs() <= MAX_RAISED)?;
            let q = g.as_number(a)?.powi(n).ok()?;
            Some(Applied::to(g.number(&q)))
        }
        _ => None,
    }
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
        Node::Div(a, b) => {
            let Node::Mul(args) = g.node(a) else { return None };
            let mut factors = g.args(args).to_vec();
            let k = factors.iter().position(|f| *f == b).filter(|_| !is_zero(g, b))?;
            factors.remove(k);
            Some(Applied::to(product_of(g, &factors)))
        }
        Node::Mul(args) => {
            let mut factors = g.args(args).to_vec();
            let (k, over) = factors.iter().enumerate().find_map(|(k, f)| match g.node(*f) {
                Node::Div(_, v) if !is_zero(g, v) => {
                    factors.iter().position(|other| *other == v).map(|at| (k, at))
                }
                _ => None,
            })?;
            let Node::Div(u, _) = g.node(factors[k]) else { return None };
            factors[k] = u;
            factors.remove(over);
            Some(Applied::to(product_of(g, &factors)))
        }
        _ => None,
    }
}

pub(super) fn collect(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    let Node::Add(args) = g.node(e) else { return None };
    let all = g.args(args).to_vec();
    let repeated = all.iter().enumerate().find_map(|(n, t)| {
        let again = all[n + 1..].contains(t) && g.as_number(*t).is_none();
        again.then_some(*t)
    })?;
    let times = g.integer(all.iter().filter(|t| **t == repeated).count() as i64);
    let collected = match g.node(repeated) {
        Node::Mul(args) => {
            let mut factors = vec![times];
            factors.extend_from_slice(g.args(args));
            g.mul(factors)
        }
        _ => g.mul([times, repeated]),
    };
    let first = all.iter().position(|t| *t == repeated)?;
    let mut kept: Vec<ExprId> = all.iter().copied().filter(|t| *t != repeated).collect();
    kept.insert(first.min(kept.len()), collected);
    Some(Applied::to(sum_of(g, &kept)))
}
