//! The given numbers, put through the network: what wins a max, what the results come to.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::environment;
use crate::calculus::{Derivation, Role};
use crate::diag::{Error, Kind};
use crate::expr::{
    Branches, EvalError, EvalFault, ExprId, Graph, Node, Rest, SymbolId, Winners, evaluate,
};
use crate::lower::Lowered;
use crate::net::Assumption;
use crate::scalar::{Fault, Rational, Scalar, show_f64};

/// A number, exact where it can be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Number {
    /// Exact.
    Exact(Rational),
    /// Rounded, since the exact value is irrational or too long to print.
    Rounded(f64),
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Exact(q) => q.fmt(f),
            Number::Rounded(x) => f.write_str(&show_f64(*x)),
        }
    }
}

/// Past this size an exact fraction is unreadable, and a page rounds it.
const MAX_PRINTED_BITS: u64 = 64;

/// Every argument that is the greatest by the given numbers, in order; `None` where a value is
/// missing or undefined.
pub(super) fn greatest(
    lowered: &Lowered,
    args: &[ExprId],
    settled: &Winners,
) -> Option<Vec<ExprId>> {
    if lowered.values.is_empty() {
        return None;
    }
    fn all<T: Scalar>(
        lowered: &Lowered,
        args: &[ExprId],
        settled: &Winners,
    ) -> Option<Vec<ExprId>> {
        let env = |s: SymbolId| lowered.values.get(&s).and_then(|q| T::from_rational(q).ok());
        let branches = Branches { winners: Some(settled), rest: Rest::ByValue, opaque: None };
        let values = crate::expr::evaluate_all::<T>(&lowered.graph, args, &env, branches).ok()?;
        let mut best: Vec<usize> = vec![0];
        for n in 1..values.len() {
            match values[n].compare(&values[best[0]]).ok()? {
                std::cmp::Ordering::Greater => best = vec![n],
                std::cmp::Ordering::Equal => best.push(n),
                std::cmp::Ordering::Less => {}
            }
        }
        Some(best.into_iter().map(|n| args[n]).collect())
    }
    all::<Rational>(lowered, args, settled).or_else(|| all::<f64>(lowered, args, settled))
}

/// The error of an assumed winner that the numbers refute.
pub(super) fn contradiction(
    lowered: &Lowered,
    assumed: ExprId,
    found: ExprId,
    assumption: Option<&Assumption>,
) -> Error {
    let g = &lowered.graph;
    let show = |e: ExprId| {
        let env = environment(&lowered.values);
        let value = evaluate(g, e, &env, Branches::default()).map(|q| q.to_string());
        let name = crate::lang::print_formula(g, e);
        match value {
            Ok(value) => format!("{name} = {value}"),
            Err(_) => name,
        }
    };
    let error = Error::new(
        Kind::Assumption,
        format!("the given numbers make {} the greatest, not {}", show(found), show(assumed)),
    )
    .hint(format!(
        "assume {} instead, or leave the assumption out and the numbers decide",
        crate::lang::print_formula(g, found)
    ));
    match assumption.and_then(Assumption::place) {
        Some(span) => error.at(span),
        None => error,
    }
}

/// What the names in the results, and the results themselves, come to.
pub(super) fn numbers(
    derivation: &Derivation,
    values: &BTreeMap<SymbolId, Rational>,
) -> Result<BTreeMap<ExprId, Number>, Error> {
    let mut all = BTreeMap::new();
    if values.is_empty() {
        return Ok(all);
    }
    // A derivative may have a value where the loss has none, as that of ln x at −1.
    value(derivation, derivation.loss, values)?;
    let g = &derivation.graph;
    // Where the loss has no value it has no gradient, whatever the formulas give.
    if let Some(loss) = value(derivation, derivation.loss, values)? {
        all.insert(derivation.loss, loss);
    }
    let shown = derivation.lemmas.iter().filter(|l| matches!(l.role, Role::Target | Role::Shared));
    for lemma in shown {
        let mut stack = vec![lemma.result];
        let mut leaves = vec![lemma.result];
        let mut seen = FxHashSet::default();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            match g.node(id) {
                Node::Var(_) | Node::Named(..) => leaves.push(id),
                _ => g.for_children(id, |c| stack.push(c)),
            }
        }
        for leaf in leaves {
            if !all.contains_key(&leaf)
                && let Some(number) = value(derivation, leaf, values)?
            {
                all.insert(leaf, number);
            }
        }
    }
    Ok(all)
}

/// The arguments of |x|, ReLU, sign and step that are 0 at the given numbers.
pub(super) fn kinks(derivation: &Derivation, values: &BTreeMap<SymbolId, Rational>) -> Vec<ExprId> {
    if values.is_empty() {
        return Vec::new();
    }
    let g = &derivation.graph;
    let mut arguments: Vec<ExprId> = g
        .reachable(&[derivation.loss])
        .into_iter()
        .filter_map(|id| match g.node(id) {
            Node::Call(f, a) if f.has_kink() => Some(a),
            _ => None,
        })
        .collect();
    arguments.dedup();
    arguments.retain(|a| match value(derivation, *a, values) {
        Ok(Some(Number::Exact(q))) => q.is_zero(),
        Ok(Some(Number::Rounded(x))) => x == 0.0,
        _ => false,
    });
    arguments
}

/// The value of an expression at the given numbers; `None` where one is missing.
pub(super) fn value(
    derivation: &Derivation,
    e: ExprId,
    values: &BTreeMap<SymbolId, Rational>,
) -> Result<Option<Number>, Error> {
    let g = &derivation.graph;
    let branches =
        Branches { winners: Some(&derivation.winners), rest: Rest::ByValue, opaque: None };
    match evaluate(g, e, &environment(values), branches) {
        Ok(q) if q.bits() <= MAX_PRINTED_BITS => return Ok(Some(Number::Exact(q))),
        Ok(q) => return Ok(Some(Number::Rounded(q.to_f64()))),
        Err(EvalError { fault: EvalFault::Unbound(_), .. }) => return Ok(None),
        Err(EvalError {
            fault: EvalFault::Scalar(Fault::NotExact(_) | Fault::PowerNotExact | Fault::TooLarge),
            ..
        }) => {}
        Err(error) => return Err(undefined(g, &error)),
    }
    let env = |s: SymbolId| values.get(&s).map(Rational::to_f64);
    match evaluate(g, e, &env, branches) {
        Ok(x) => Ok(Some(Number::Rounded(x))),
        Err(error) => Err(undefined(g, &error)),
    }
}

/// The error of a value that does not exist at the given numbers.
pub(crate) fn undefined(g: &Graph, error: &EvalError) -> Error {
    let place = crate::lang::print_formula(g, error.node);
    let (what, hint) = match error.fault {
        EvalFault::Scalar(Fault::DivisionByZero) => ("division by zero", "give other numbers"),
        _ => ("no value", "give numbers at which it is defined"),
    };
    Error::new(Kind::Domain, format!("{what} at the given numbers: in {place}, {}", error.fault))
        .hint(hint)
}
