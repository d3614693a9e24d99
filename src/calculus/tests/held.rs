//! Slopes with every quantity held fixed, against the sweep of the same expression over variables.

use proptest::prelude::*;
use rustc_hash::FxHashMap;

use super::{Choices, random};
use crate::calculus::sweep;
use crate::expr::{ExprId, Graph, Node, Winners};

/// The expression with some nodes replaced, its parts made anew from the last one to the first.
fn replaced(g: &mut Graph, root: ExprId, put: &FxHashMap<ExprId, ExprId>) -> ExprId {
    fn part(
        g: &mut Graph,
        id: ExprId,
        put: &FxHashMap<ExprId, ExprId>,
        done: &mut FxHashMap<ExprId, ExprId>,
    ) -> ExprId {
        if let Some(known) = put.get(&id).or_else(|| done.get(&id)) {
            return *known;
        }
        let mut children: Vec<ExprId> =
            g.children(id).into_iter().rev().map(|child| part(g, child, put, done)).collect();
        children.reverse();
        let new = g.rebuild(id, &children);
        done.insert(id, new);
        new
    }
    part(g, root, put, &mut FxHashMap::default())
}

/// The quantities that an operation is made of, down to names.
fn quantities(g: &Graph, root: ExprId) -> Vec<ExprId> {
    let (mut all, mut stack) = (std::collections::BTreeSet::new(), vec![root]);
    while let Some(id) = stack.pop() {
        match g.node(id) {
            Node::Var(_) | Node::Named(..) => _ = all.insert(id),
            _ => stack.extend(g.children(id)),
        }
    }
    all.into_iter().collect()
}

fn check(g: &mut Graph, root: ExprId) {
    let found = sweep::held_slopes(g, root);
    let all = quantities(g, root);
    assert_eq!(found.iter().map(|(quantity, _)| *quantity).collect::<Vec<_>>(), all);
    let held: Vec<ExprId> = (0..all.len()).map(|n| g.var(&format!("held {n}"))).collect();
    let to = all.iter().copied().zip(held.iter().copied()).collect();
    let frozen = replaced(g, root, &to);
    let slopes = sweep::gradients(g, frozen, &held, &Winners::new());
    let back = held.iter().copied().zip(all).collect();
    for ((quantity, slope), over) in found.into_iter().zip(slopes) {
        let expected = replaced(g, over, &back);
        assert_eq!(slope, expected, "{}", crate::lang::print_formula(g, quantity));
    }
}

proptest! {
    #![proptest_config(crate::laws::laws(400))]

    /// The same nodes come out as by way of variables in place of the quantities.
    #[test]
    fn held_slopes_are_those_over_variables(seed: u64) {
        let mut g = Graph::new();
        let root = random(&mut g, &mut Choices(seed), &mut Winners::new(), 4);
        if !matches!(g.node(root), Node::Var(_) | Node::Named(..)) {
            check(&mut g, root);
        }
    }
}

/// However the terms came into the graph.
#[test]
fn slopes_of_a_sum_stand_in_the_order_of_its_terms() {
    for swapped in [false, true] {
        let mut g = Graph::new();
        let [a, b, x] = ["a", "b", "x"].map(|name| g.var(name));
        for factor in if swapped { [b, a] } else { [a, b] } {
            g.mul([factor, x]);
        }
        let terms = [a, b].map(|factor| g.mul([factor, x]));
        let sum = g.add(terms);
        let slopes = sweep::held_slopes(&mut g, sum);
        assert_eq!(slopes, [(a, x), (b, x), (x, g.add([a, b]))]);
    }
}

/// A whole number under a name is an exponent like any other once its name is held.
#[test]
fn an_exponent_under_a_name_is_held_like_any_quantity() {
    for sign in [false, true] {
        for n in [0, 1, 3] {
            let mut g = Graph::new();
            let (x, number) = (g.var("x"), g.integer(n));
            let named = g.named("n", number);
            let exponent = if sign { g.neg(named) } else { named };
            let root = g.pow(x, exponent);
            check(&mut g, root);
            assert_eq!(quantities(&g, root), [x, named]);
        }
    }
}
