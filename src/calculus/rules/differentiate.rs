//! The rules that carry a derivative inwards. Each takes a `Partial` node.

use super::{Applied, Context, partial};
use crate::expr::{ExprId, Graph, Node};
use crate::scalar::{Function, Rational, Scalar};

/// A sum longer than this loses its constant terms in one step instead of one zero each.
const LONG_SUM: usize = 8;

pub(super) fn identity(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    (of == by).then(|| Applied::to(g.integer(1)).with([("x", by)]))
}

pub(super) fn constant(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    (!c.depends(g, of, by)).then(|| Applied::to(g.integer(0)).with([("c", of), ("x", by)]))
}

pub(super) fn definition(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    match g.node(of) {
        Node::Named(_, value) if of != by && c.depends(g, value, by) => {
            Some(Applied::to(g.partial(value, by)).with([("q", of), ("u", value)]))
        }
        _ => None,
    }
}

pub(super) fn max_winner(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    if of == by || !matches!(g.node(of), Node::Max(_)) {
        return None;
    }
    let winner = *c.winners.get(&of)?;
    let mut applied = Applied::to(g.partial(winner, by)).with([("u", winner)]);
    applied.given = Some((of, winner));
    Some(applied)
}

pub(super) fn max_cases(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    let Node::Max(args) = g.node(of) else { return None };
    if of == by || c.winners.contains_key(&of) {
        return None;
    }
    let mut distinct: Vec<ExprId> = Vec::new();
    for arg in g.args(args).to_vec() {
        if c.depends(g, arg, by) && !distinct.contains(&arg) {
            distinct.push(arg);
        }
    }
    let terms: Vec<ExprId> = distinct
        .into_iter()
        .map(|arg| {
            let (wins, slope) = (g.wins(of, arg), g.partial(arg, by));
            g.mul([wins, slope])
        })
        .collect();
    match terms.as_slice() {
        [] => None,
        [one] => Some(Applied::to(*one)),
        _ => Some(Applied::to(g.add(terms))),
    }
}

/// The terms of a sum, if `e` is the derivative of one.
fn terms(g: &Graph, e: ExprId) -> Option<(Vec<ExprId>, ExprId)> {
    let (of, by) = partial(g, e)?;
    match g.node(of) {
        Node::Add(args) if of != by => Some((g.args(args).to_vec(), by)),
        _ => None,
    }
}

pub(super) fn constant_terms(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (all, by) = terms(g, e)?;
    if all.len() <= LONG_SUM {
        return None;
    }
    let moving: Vec<ExprId> = all.iter().copied().filter(|t| c.depends(g, *t, by)).collect();
    if moving.is_empty() || moving.len() == all.len() {
        return None;
    }
    let rest = if let [one] = moving.as_slice() { *one } else { g.add(moving) };
    Some(Applied::to(g.partial(rest, by)).with([("x", by)]))
}

pub(super) fn sum(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    let (all, by) = terms(g, e)?;
    let slopes: Vec<ExprId> = all
        .iter()
        .map(|term| match g.node(*term) {
            Node::Neg(a) => {
                let slope = g.partial(a, by);
                g.neg(slope)
            }
            _ => g.partial(*term, by),
        })
        .collect();
    Some(Applied::to(g.add(slopes)))
}

pub(super) fn difference(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    match g.node(of) {
        Node::Sub(u, v) if of != by => {
            let (du, dv) = (g.partial(u, by), g.partial(v, by));
            Some(Applied::to(g.sub(du, dv)).with([("u", u), ("v", v)]))
        }
        _ => None,
    }
}

pub(super) fn negation(g: &mut Graph, e: ExprId, _: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    match g.node(of) {
        Node::Neg(u) if of != by => {
            let du = g.partial(u, by);
            Some(Applied::to(g.neg(du)).with([("u", u)]))
        }
        _ => None,
    }
}

pub(super) fn constant_factor(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    if of == by {
        return None;
    }
    match g.node(of) {
        Node::Mul(args) => {
            let all = g.args(args).to_vec();
            let (moving, mut still): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|f| c.depends(g, *f, by));
            if still.is_empty() || moving.is_empty() {
                return None;
            }
            let constant = times(g, &still);
            let u = times(g, &moving);
            let du = g.partial(u, by);
            still.push(du);
            Some(Applied::to(g.mul(still)).with([("c", constant), ("u", u)]))
        }
        Node::Div(u, v) if c.depends(g, u, by) && !c.depends(g, v, by) => {
            let factor = match g.as_number(v).map(|q| Rational::from(1).div(q)) {
                Some(Ok(q)) => g.number(&q),
                _ => {
                    let one = g.integer(1);
                    g.div(one, v)
                }
            };
            let du = g.partial(u, by);
            Some(Applied::to(g.mul([factor, du])).with([("c", factor), ("u", u)]))
        }
        _ => None,
    }
}

fn times(g: &mut Graph, factors: &[ExprId]) -> ExprId {
    if let [one] = factors { *one } else { g.mul(factors) }
}

pub(super) fn product(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    let Node::Mul(args) = g.node(of) else { return None };
    let all = g.args(args).to_vec();
    if of == by || all.len() < 2 || !all.iter().all(|f| c.depends(g, *f, by)) {
        return None;
    }
    let mut terms = Vec::with_capacity(all.len());
    for k in 0..all.len() {
        let mut factors = all.clone();
        factors[k] = g.partial(all[k], by);
        terms.push(g.mul(factors));
    }
    Some(Applied::to(g.add(terms)))
}

pub(super) fn reciprocal(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    match g.node(of) {
        Node::Div(u, v) if of != by && !c.depends(g, u, by) && c.depends(g, v, by) => {
            let two = g.integer(2);
            let square = g.pow(v, two);
            let ratio = g.div(u, square);
            let (minus, dv) = (g.neg(ratio), g.partial(v, by));
            Some(Applied::to(g.mul([minus, dv])).with([("c", u), ("v", v)]))
        }
        _ => None,
    }
}

pub(super) fn quotient(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    match g.node(of) {
        Node::Div(u, v) if of != by && c.depends(g, u, by) && c.depends(g, v, by) => {
            let (du, dv) = (g.partial(u, by), g.partial(v, by));
            let (left, right) = (g.mul([du, v]), g.mul([u, dv]));
            let top = g.sub(left, right);
            let two = g.integer(2);
            let bottom = g.pow(v, two);
            Some(Applied::to(g.div(top, bottom)).with([("u", u), ("v", v)]))
        }
        _ => None,
    }
}

/// n − 1, as a number where n is one.
fn one_less(g: &mut Graph, n: ExprId) -> ExprId {
    let value = match g.as_whole(n) {
        Some(n) => Some(Rational::from(i64::from(n))),
        None => g.as_number(n).cloned(),
    };
    match value.map(|n| n.sub(&Rational::from(1))) {
        Some(Ok(less)) => g.number(&less),
        _ => {
            let one = g.integer(1);
            g.sub(n, one)
        }
    }
}

/// n·uⁿ⁻¹, with u¹ written u.
fn power_slope(g: &mut Graph, base: ExprId, exponent: ExprId) -> ExprId {
    let below = one_less(g, exponent);
    if g.as_number(below).is_some_and(Rational::is_one) {
        return g.mul([exponent, base]);
    }
    let power = g.pow(base, below);
    g.mul([exponent, power])
}

pub(super) fn power(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    match g.node(of) {
        Node::Pow(u, n) if u == by && !c.depends(g, n, by) => {
            Some(Applied::to(power_slope(g, u, n)).with([("x", u), ("n", n)]))
        }
        _ => None,
    }
}

pub(super) fn exponential(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    match g.node(of) {
        Node::Pow(base, v) if v == by && !c.depends(g, base, by) => {
            let ln = g.call(Function::Ln, base);
            Some(Applied::to(g.mul([of, ln])).with([("c", base), ("x", v)]))
        }
        _ => None,
    }
}

pub(super) fn general_power(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    match g.node(of) {
        Node::Pow(u, v) if of != by && c.depends(g, u, by) && c.depends(g, v, by) => {
            let one = g.integer(1);
            let below = g.sub(v, one);
            let (power, du) = (g.pow(u, below), g.partial(u, by));
            let by_base = g.mul([v, power, du]);
            let (ln, dv) = (g.call(Function::Ln, u), g.partial(v, by));
            let by_exponent = g.mul([of, ln, dv]);
            Some(Applied::to(g.add([by_base, by_exponent])).with([("u", u), ("v", v)]))
        }
        _ => None,
    }
}

pub(super) fn elementary(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    let Node::Call(f, x) = g.node(of) else { return None };
    if x != by {
        return None;
    }
    // y² rather than tanh(…)² where y is defined so; z is only what the chain rule called u.
    let value = match g.node(x) {
        Node::Named(s, u) if g.symbol(s) == c.local => {
            let written_out = g.call(f, u);
            c.names.get(&written_out).copied().unwrap_or(of)
        }
        _ => c.by_name(of),
    };
    let (one, two) = (g.integer(1), g.integer(2));
    let slope = match f {
        Function::Exp => value,
        Function::Ln => g.div(one, x),
        Function::Sqrt => {
            let bottom = g.mul([two, value]);
            g.div(one, bottom)
        }
        Function::Tanh => {
            let square = g.pow(value, two);
            g.sub(one, square)
        }
        Function::Sigmoid => {
            let rest = g.sub(one, value);
            g.mul([value, rest])
        }
        Function::Softplus => g.call(Function::Sigmoid, x),
        Function::NormalCdf => g.call(Function::NormalPdf, x),
        Function::NormalPdf => {
            let product = g.mul([x, value]);
            g.neg(product)
        }
        Function::Abs => g.call(Function::Sign, x),
        Function::Relu => g.call(Function::Step, x),
        Function::Sign | Function::Step => g.integer(0),
        Function::Sin => g.call(Function::Cos, x),
        Function::Cos => {
            let sine = g.call(Function::Sin, x);
            g.neg(sine)
        }
        Function::Sinh => g.call(Function::Cosh, x),
        Function::Cosh => g.call(Function::Sinh, x),
    };
    Some(Applied::to(slope).with([("f", of), ("x", x)]))
}

pub(super) fn chain(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(g, e)?;
    if of == by {
        return None;
    }
    let inner = match g.node(of) {
        Node::Pow(u, n) if u != by && c.depends(g, u, by) && !c.depends(g, n, by) => u,
        Node::Pow(base, v) if v != by && c.depends(g, v, by) && !c.depends(g, base, by) => v,
        Node::Call(_, u) if u != by && c.depends(g, u, by) => u,
        _ => return None,
    };
    let has_name = matches!(g.node(inner), Node::Named(..) | Node::Var(_));
    let z = if has_name { inner } else { g.named_symbol(c.local.clone(), inner) };
    let outer = match g.node(of) {
        Node::Pow(u, n) if u == inner => g.pow(z, n),
        Node::Pow(base, _) => g.pow(base, z),
        Node::Call(f, _) => g.call(f, z),
        _ => return None,
    };
    let (left, right) = (g.partial(outer, z), g.partial(z, by));
    Some(Applied::to(g.mul([left, right])).with([("z", z), ("u", inner), ("f", outer), ("x", by)]))
}

/// The local name itself, or under ∂ in the place of what is differentiated.
pub(super) fn put_back(g: &mut Graph, e: ExprId, c: &Context<'_>) -> Option<Applied> {
    let local = |g: &Graph, e: ExprId| match g.node(e) {
        Node::Named(s, value) if g.symbol(s) == c.local => Some(value),
        _ => None,
    };
    if let Some(value) = local(g, e) {
        return Some(Applied::to(value).with([("z", e), ("u", value)]));
    }
    let (of, by) = partial(g, e)?;
    let value = local(g, of)?;
    (of != by).then(|| Applied::to(g.partial(value, by)).with([("z", of), ("u", value)]))
}
