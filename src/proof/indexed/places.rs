//! Two sides of a line, proved equal at the places where they differ.
//!
//! In: two expressions of one graph. Out: how strong a proof that they are equal wherever both
//! have a value, or nothing; never a refutation. A value is made of the values of its children,
//! so sides that are made alike of parts that are equal in pairs are equal. What differs is
//! proved where it stands, with what both sides share left unknown, so that the work does not
//! grow with what surrounds a step. What always holds: each pair that the sides come down to was
//! proved by itself, and a point was found where both whole sides have a value.

use std::collections::BTreeMap;

use super::StepProof;
use super::claims::values_somewhere;
use crate::expr::{ExprId, Graph, Node, Winners};
use crate::proof::local;
use crate::proof::look::Moves;
use crate::proof::prove::How;

/// At most so many pairs are looked at.
const MAX_PAIRS: usize = 20_000;

/// At most so many pairs that are no rewrite are tried.
const MAX_TRIED: usize = 32;

/// Values of one point that lie further apart, as a part of the greater, are not equal.
const APART: f64 = 1e-6;

/// What is to be proved of a pair.
struct Pair {
    /// The pairs of children that it comes down to; nothing where the sides are made differently.
    parts: Option<Vec<(ExprId, ExprId)>>,
    /// The pair itself, without the terms or factors that stand on both sides.
    rest: (ExprId, ExprId),
}

/// How strong a proof is that goes from the places that differ outwards; `None` where it is none.
pub(super) fn proof(g: &mut Graph, before: ExprId, after: ExprId) -> Option<StepProof> {
    let mut pairs: BTreeMap<(ExprId, ExprId), Pair> = BTreeMap::new();
    let mut waiting = vec![(before, after)];
    while let Some(pair) = waiting.pop() {
        if pair.0 == pair.1 || pairs.contains_key(&pair) {
            continue;
        }
        if pairs.len() >= MAX_PAIRS {
            return None;
        }
        let found = compare(g, pair);
        waiting.extend(found.parts.iter().flatten());
        pairs.insert(pair, found);
    }
    // Values at a point tell what cannot be equal before anything is tried.
    let sides: Vec<(ExprId, ExprId)> = pairs.values().map(|p| p.rest).collect();
    let all: Vec<(ExprId, ExprId)> = [(before, after)].into_iter().chain(sides).collect();
    let values = values_somewhere(g, &all)?;
    let near = |n: usize| {
        let (x, y): (f64, f64) = (values[2 * n], values[2 * n + 1]);
        (x - y).abs() <= APART * x.abs().max(y.abs())
    };
    let winners = Winners::new();
    let moves = Moves::new(g, &winners);
    let mut tried = 0;
    // Children stand before their parents in the graph, and so do pairs of them.
    let mut proofs: BTreeMap<(ExprId, ExprId), StepProof> = BTreeMap::new();
    for (n, (pair, found)) in pairs.iter().enumerate() {
        let of = |(a, b): &(ExprId, ExprId)| match a == b {
            true => Some(StepProof::Exact),
            false => proofs.get(&(*a, *b)).copied(),
        };
        let by_parts = || found.parts.as_ref()?.iter().map(of).try_fold(StepProof::Exact, weaker);
        let by_itself = || match local::proof(&moves, found.rest.0, found.rest.1)? {
            How::Exact => Some(StepProof::Exact),
            How::Probabilistic { .. } => Some(StepProof::Probabilistic),
        };
        let proof = match by_parts() {
            None if near(n + 1) && tried < MAX_TRIED => {
                let found = by_itself();
                tried += usize::from(found.is_none());
                found
            }
            found => found,
        };
        if let Some(proof) = proof {
            proofs.insert(*pair, proof);
        }
    }
    proofs.get(&(before, after)).copied()
}

fn weaker(a: StepProof, b: Option<StepProof>) -> Option<StepProof> {
    match b? {
        StepProof::Exact => Some(a),
        other => Some(other),
    }
}

/// What two expressions come down to. Nothing is looked into that holds a quantity fixed, that
/// compares, or that has a name.
fn compare(g: &mut Graph, (a, b): (ExprId, ExprId)) -> Pair {
    let whole = Pair { parts: None, rest: (a, b) };
    let (left, right) = (g.children(a), g.children(b));
    let alike = match (g.node(a), g.node(b)) {
        (Node::Add(_), Node::Add(_))
        | (Node::Mul(_), Node::Mul(_))
        | (Node::Sub(..), Node::Sub(..))
        | (Node::Div(..), Node::Div(..))
        | (Node::Pow(..), Node::Pow(..))
        | (Node::Neg(_), Node::Neg(_)) => left.len() == right.len(),
        (Node::Call(f, _), Node::Call(h, _)) => f == h,
        _ => false,
    };
    if alike {
        return Pair { parts: Some(left.into_iter().zip(right).collect()), ..whole };
    }
    // A product that is put into a product is spliced into it, a sum into a sum.
    let is_sum = match (g.node(a), g.node(b)) {
        (Node::Add(_), _) | (_, Node::Add(_)) => true,
        (Node::Mul(_), _) | (_, Node::Mul(_)) => false,
        _ => return whole,
    };
    let operands = |id: ExprId, children: Vec<ExprId>| match (g.node(id), is_sum) {
        (Node::Add(_), true) | (Node::Mul(_), false) => children,
        _ => vec![id],
    };
    let (left, right) = (operands(a, left), operands(b, right));
    let common = |pairs: &mut dyn Iterator<Item = (&ExprId, &ExprId)>| {
        pairs.take_while(|(x, y)| x == y).count()
    };
    let first = common(&mut left.iter().zip(&right));
    let last = common(&mut left[first..].iter().rev().zip(right[first..].iter().rev()));
    let mut rest = |all: Vec<ExprId>| match &all[first..all.len() - last] {
        [] => g.integer(if is_sum { 0 } else { 1 }),
        [one] => *one,
        some if is_sum => g.add(some),
        some => g.mul(some),
    };
    Pair { parts: None, rest: (rest(left), rest(right)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lang::parse_formula;

    fn judged(before: &str, after: &str) -> Option<StepProof> {
        let mut g = Graph::new();
        let before = parse_formula(&mut g, before).expect("it is right");
        let after = parse_formula(&mut g, after).expect("it is right");
        proof(&mut g, before, after)
    }

    #[test]
    fn a_step_deep_inside_is_proved_where_it_stands() {
        let long = "sqrt((a - m)^2/7 + (b - m)^2/7 + (c - m)^2/7 + 1/9)";
        let square = "((a - m)^2/7 + (b - m)^2/7 + (c - m)^2/7 + 1/9)";
        let line =
            |part: &str| format!("r*exp(w*(u/({part}) + a)) - s*tanh(v + a/({part}))^2/({part})");
        let (twice, once) = (format!("2*{long}*{long}"), format!("2*{square}"));
        assert_eq!(judged(&line(&twice), &line(&once)), Some(StepProof::Exact));
        // Spliced, and in another order, which its parts alone do not show.
        assert_eq!(judged("exp(a*(b + c)*d)", "exp(a*(c + b)*d)"), Some(StepProof::Exact));
        assert_eq!(judged("exp(a*(b/c)*c*d)", "exp(a*b*d)"), Some(StepProof::Exact));
        assert_eq!(judged("ln(a + b - b + c)", "ln(a + c)"), Some(StepProof::Exact));
    }

    #[test]
    fn what_differs_is_not_proved() {
        for (before, after) in [
            ("exp(a*sqrt(b)*sqrt(b))", "exp(a*sqrt(b))"),
            ("exp(a)*b*c", "exp(a)*b"),
            ("a + b + c", "a + b"),
            ("relu(a)*b", "a*b"),
            ("max(a, b) + c", "max(a, c) + c"),
            ("a - b", "b - a"),
            ("tanh(a)", "a"),
        ] {
            assert_eq!(judged(before, after), None, "{before} = {after}");
        }
    }

    #[test]
    fn what_has_no_value_anywhere_is_not_proved() {
        assert_eq!(judged("exp(ln(0 - 1 - a^2)*b*c)", "exp(ln(0 - 1 - a^2)*c*b)"), None);
    }

    proptest! {
        #![proptest_config(crate::laws::laws(64))]

        /// A part put into a random surrounding is proved, and one that is not the same is not.
        #[test]
        fn a_surrounding_changes_nothing(
            layers in proptest::collection::vec((0..7usize, "[p-s]"), 1..9),
            wrong: bool,
        ) {
            let dress = |part: &str| layers.iter().fold(part.to_string(), |f, (how, name)| {
                match how {
                    0 => format!("exp(({f})/9)"),
                    1 => format!("{name}*({f}) + {name}"),
                    2 => format!("{name}*({f})*a"),
                    3 => format!("{name}/(({f})^2 + 1)"),
                    4 => format!("a - ({f})"),
                    5 => format!("tanh({f})"),
                    _ => format!("({f}) + {name}*sqrt(({f})^2 + 1)"),
                }
            });
            let after = if wrong { "a^2 + 1/2" } else { "a^2 + 1" };
            let found = judged(&dress("sqrt(a^2 + 1)*sqrt(a^2 + 1)"), &dress(after));
            prop_assert_eq!(found, (!wrong).then_some(StepProof::Exact));
        }
    }
}
