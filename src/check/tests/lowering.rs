//! Lowering is right: the scalar graph of a random network has, cell by cell, the values of the
//! concrete forward pass, and its symbolic gradients those of the backward pass.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use rustc_hash::FxHashMap;

use super::*;
use crate::concrete::tests::fill;
use crate::concrete::tests::random::{
    OPERATIONS, assert_covered, build, drawn_decisions, mix, name, recipe, runner, small,
};
use crate::concrete::{self, Decide, Decisions, Values};
use crate::expr::{Branches, Decision, ExprId, Node, Rest, SymbolId, evaluate_all};
use crate::lower::{Lowered, lower};
use crate::scalar::{Prime, Scalar};

/// Every cell of every quantity that the concrete pass computes has the same value in the graph.
fn same_values<T: Scalar>(
    net: &Network,
    lowered: &Lowered,
    point: &Values<T>,
    forward: &concrete::Forward<T>,
    rest: Rest<'_>,
) -> Result<(), TestCaseError> {
    let mut env: BTreeMap<SymbolId, T> = BTreeMap::new();
    for (id, numbers) in point {
        let symbols = lowered.of(*id).iter().map(|c| lowered.graph.symbol_of(*c).unwrap());
        env.extend(symbols.zip(numbers.iter().cloned()));
    }
    let leaf = |s| env.get(&s).cloned();
    let mut roots: Vec<ExprId> = vec![lowered.loss];
    let mut expected: Vec<T> = vec![forward.loss().clone()];
    for (id, _) in net.quantities() {
        if let Some(values) = forward.of(id) {
            roots.extend(lowered.of(id));
            expected.extend(values.iter().cloned());
        }
    }
    let found =
        evaluate_all(&lowered.graph, &roots, &leaf, Branches { winners: None, rest, opaque: None });
    prop_assert_eq!(found.map_err(|e| TestCaseError::fail(format!("{e:?}")))?, expected);
    Ok(())
}

fn count(net: &Network, seen: &RefCell<BTreeMap<String, usize>>) {
    for tensor in net.nodes() {
        *seen.borrow_mut().entry(name(&tensor.op)).or_default() += 1;
    }
}

#[test]
fn lowering_equals_the_forward_pass_over_the_rationals() {
    let seen = RefCell::default();
    runner(400)
        .run(&recipe(), |recipe| {
            let net = build(&recipe, false);
            let point = fill(&net, |name, e| small(recipe.seed, name, e));
            let Ok(forward) = concrete::forward(&net, &point, Decide::ByValue) else {
                return Ok(());
            };
            count(&net, &seen);
            same_values(&net, &lower(&net).unwrap(), &point, &forward, Rest::ByValue)
        })
        .unwrap();
    assert_covered(&seen.borrow(), &OPERATIONS);
}

/// The drawn decisions of the tensors, for the graph: the argument that wins each max, and the
/// sign of each cell under a function with a kink. `None` where the network decides one and the
/// same cell in two ways, which no values do.
fn in_the_graph(
    net: &Network,
    lowered: &Lowered,
    decisions: &Decisions,
) -> Option<FxHashMap<ExprId, Decision>> {
    let mut made: FxHashMap<ExprId, Decision> = FxHashMap::default();
    let mut note = |id: ExprId, decision: Decision| match made.insert(id, decision) {
        Some(before) => before == decision,
        None => true,
    };
    for maximum in &lowered.maxima {
        let Node::Max(args) = lowered.graph.node(maximum.max) else { panic!("a max") };
        let winner = *decisions.winners(maximum.node)?.get(maximum.element)?;
        if !note(maximum.max, Decision::Winner(lowered.graph.args(args)[winner])) {
            return None;
        }
    }
    for (n, tensor) in net.nodes().iter().enumerate() {
        let Op::Call(f, a) = &tensor.op else { continue };
        if !f.has_kink() {
            continue;
        }
        // The cells of an argument are known where it bears a name.
        let (Op::Leaf(id) | Op::Define(id, _)) = net.node(*a).op else { return None };
        let signs = decisions.signs(NodeId(n as u32))?;
        for (cell, sign) in lowered.of(id).iter().zip(signs) {
            if !note(*cell, Decision::Sign(*sign)) {
                return None;
            }
        }
    }
    Some(made)
}

/// Whether an exponent may be a literal in the graph and an operation in the network, as the 0 of
/// a convolution's cell that sees only padding: the one is a power, the other a stand-in for one.
fn constant_exponent(net: &Network) -> bool {
    net.nodes().iter().any(|tensor| {
        let Op::Pow(_, mut exponent) = tensor.op else { return false };
        while let Op::Define(_, a) | Op::Neg(a) = net.node(exponent).op {
            exponent = a;
        }
        matches!(net.node(exponent).op, Op::Conv { .. } | Op::Sum(..) | Op::Element(..))
    })
}

#[test]
fn lowering_equals_the_forward_pass_over_the_prime_field() {
    let seen = RefCell::default();
    runner(600)
        .run(&recipe(), |recipe| {
            let net = build(&recipe, true);
            let lowered = lower(&net).unwrap();
            let decisions = drawn_decisions(&net, recipe.seed);
            let Some(made) = in_the_graph(&net, &lowered, &decisions) else { return Ok(()) };
            if constant_exponent(&net) {
                return Ok(());
            }
            let point = fill(&net, |name, e| {
                Prime::new(mix(recipe.seed, e * 8 + name.as_bytes()[0] as usize * 1000))
            });
            let decide = Decide::Recorded(&decisions);
            let Ok(forward) = concrete::forward(&net, &point, decide) else { return Ok(()) };
            count(&net, &seen);
            same_values(&net, &lowered, &point, &forward, Rest::Recorded(&made))
        })
        .unwrap();
    let smooth = ["Call exp", "Call ln", "Call sqrt", "Call tanh", "Call sigmoid", "Pow", "Conv"];
    assert_covered(&seen.borrow(), &smooth);
}

#[test]
fn whole_exponents_are_whole_however_they_are_written() {
    // Over the field only a power that is known to be whole is a product, so this would not be
    // equal if one side did not look through the name or the sign.
    for named in [false, true] {
        let net = elementwise(|s, x, _| {
            let three = s.number("3");
            let mut exponent = s.scalar(Op::Neg(three));
            if named {
                exponent = s.define("n", exponent);
            }
            let power = s.op(Op::Pow(x, exponent), Shape::new([3]));
            Op::Call(Function::Exp, power)
        });
        let report = check(&net, &Options::default()).unwrap();
        let c = comparison(&report, "x", Source::Backward, Precision::Exact);
        assert_eq!((c.agreed, report.points[0].arithmetic), (9, Arithmetic::Prime));
    }
}
