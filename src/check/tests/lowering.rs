//! Lowering is right: the scalar graph of a random network has, cell by cell, the values of the
//! concrete forward pass, and its symbolic gradients those of the backward pass.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use rustc_hash::FxHashMap;

use super::*;
use crate::concrete::tests::fill;
use crate::concrete::tests::networks::{build, drawn, recipe, small};
use crate::concrete::tests::random::{FEATURES, SMOOTH, assert_covered, count, runner};
use crate::concrete::{self, Decide, Values};
use crate::expr::{Branches, Decision, ExprId, Rest, SymbolId, decisions, evaluate_all};
use crate::lower::{Lowered, lower};
use crate::scalar::{Prime, Scalar};

/// The values of the leaves, cell by cell.
fn environment<T: Scalar>(lowered: &Lowered, point: &Values<T>) -> BTreeMap<SymbolId, T> {
    let cells = point.iter().flat_map(|(id, numbers)| lowered.of(*id).iter().zip(numbers));
    cells.map(|(c, number)| (lowered.graph.symbol_of(*c).unwrap(), number.clone())).collect()
}

/// Every cell of every quantity that the concrete pass computes has the same value in the graph.
fn same_values<T: Scalar>(
    net: &Network,
    lowered: &Lowered,
    point: &Values<T>,
    forward: &concrete::Forward<T>,
    rest: Rest<'_>,
) -> Result<(), TestCaseError> {
    let env = environment(lowered, point);
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
    assert_covered(&seen.borrow(), &FEATURES);
}

/// Both sides have decided every kink alike: each max that the loss meets has the same winner in
/// the graph and among the tensors, and each argument of a function with a kink the same sign, as
/// far as these arguments have names; returns how many there were.
fn decided_alike(
    net: &Network,
    lowered: &Lowered,
    forward: &concrete::Forward<f64>,
    made: &FxHashMap<ExprId, Decision>,
) -> Result<usize, TestCaseError> {
    let mut compared = 0;
    let named = |node: &NodeId| match net.node(*node).op {
        Op::Leaf(id) | Op::Define(id, _) => Some(lowered.of(id)),
        _ => None,
    };
    for maximum in &lowered.maxima {
        let Some(winners) = forward.decisions().winners(maximum.node) else { continue };
        let (Op::Max(a, _) | Op::Pool { input: a, .. }) = &net.node(maximum.node).op else {
            continue;
        };
        let (Some(cells), Some(Decision::Winner(winner))) = (named(a), made.get(&maximum.max))
        else {
            continue;
        };
        prop_assert_eq!(cells[winners[maximum.element]], *winner);
        compared += 1;
    }
    for (n, tensor) in net.nodes().iter().enumerate() {
        let Op::Call(_, a) = &tensor.op else { continue };
        let (Some(signs), Some(cells)) = (forward.decisions().signs(NodeId(n as u32)), named(a))
        else {
            continue;
        };
        for (cell, sign) in cells.iter().zip(signs) {
            // The graph decides only what the loss meets, cell by cell.
            let Some(decision) = made.get(cell) else { continue };
            prop_assert_eq!(decision, &Decision::Sign(*sign));
            compared += 1;
        }
    }
    Ok(compared)
}

/// Whether an exponent may be a literal in the graph and an operation in the network, as the 0 of
/// a convolution's cell that sees only padding: the one is a power, the other a stand-in for one.
fn constant_exponent(net: &Network) -> bool {
    net.nodes().iter().any(|tensor| {
        let Op::Pow(_, mut exponent) = tensor.op else { return false };
        while let Op::Define(_, a) | Op::Neg(a) = net.node(exponent).op {
            exponent = a;
        }
        !matches!(net.node(exponent).op, Op::Number(_) | Op::Leaf(_))
    })
}

#[test]
fn lowering_equals_the_forward_pass_over_the_prime_field() {
    let seen = RefCell::default();
    let kinks = RefCell::new(0);
    runner(400)
        .run(&recipe(), |recipe| {
            let net = build(&recipe, true);
            if constant_exponent(&net) {
                return Ok(());
            }
            let real = fill(&net, |name, e| small(recipe.seed, name, e).to_f64());
            let Ok(decided) = concrete::forward(&net, &real, Decide::ByValue) else {
                return Ok(());
            };
            let lowered = lower(&net).unwrap();
            let env = environment(&lowered, &real);
            let computed = net.quantities().filter(|(id, _)| decided.of(*id).is_some());
            let roots: Vec<ExprId> =
                computed.flat_map(|(id, _)| lowered.of(id).iter().copied()).collect();
            let leaf = |s| env.get(&s).copied();
            let made = decisions(&lowered.graph, &roots, &leaf, None).unwrap();
            *kinks.borrow_mut() += decided_alike(&net, &lowered, &decided, &made)?;
            let point = fill(&net, |name, e| Prime::new(drawn(recipe.seed, name, e)));
            let decide = Decide::Recorded(decided.decisions());
            let Ok(forward) = concrete::forward(&net, &point, decide) else { return Ok(()) };
            count(&net, &seen);
            same_values(&net, &lowered, &point, &forward, Rest::Recorded(&made))
        })
        .unwrap();
    assert_covered(&seen.borrow(), &FEATURES);
    assert_covered(&seen.borrow(), &SMOOTH);
    assert!(*kinks.borrow() > 300, "{}", kinks.borrow());
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
