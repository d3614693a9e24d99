//! On random networks every source agrees, in every arithmetic that the network allows; and the
//! law that the symbolic gradient is the concrete one, over a thousand networks.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::judge::disjoint;
use super::super::point::{Exact, Run, point};
use super::super::symbolic::Symbolic;
use super::*;
use crate::concrete::Values;
use crate::concrete::tests::fill;
use crate::concrete::tests::networks::{build, recipe, small};
use crate::concrete::tests::random::{FEATURES, SELDOM, SMOOTH, assert_covered, count, runner};
use crate::diag::Kind;
use crate::laws::usual_draw;
use crate::scalar::Scalar;

#[derive(Debug, Default)]
struct Seen {
    agreed: [usize; 6],
    unjudged: [usize; 6],
    arithmetic: [usize; 3],
    kinks: usize,
    crossed: usize,
    refused: usize,
}

fn agree(net: &Network, options: &Options, seen: &RefCell<Seen>) -> Result<(), TestCaseError> {
    let mut seen = seen.borrow_mut();
    let report = match check(net, options) {
        Ok(report) => report,
        Err(error) => {
            let allowed = matches!(error.kind(), Kind::Domain | Kind::Limit);
            prop_assert!(allowed, "{:?}", error);
            seen.refused += 1;
            return Ok(());
        }
    };
    for point in &report.points {
        seen.arithmetic[point.arithmetic as usize] += 1;
        seen.kinks += point.kink_count;
    }
    for parameter in &report.parameters {
        for (n, c) in parameter.comparisons.iter().enumerate() {
            prop_assert_eq!(c.differing, 0, "{:?}", c);
            prop_assert_eq!(c.agreed + c.unjudged_cells() + c.unsampled, c.cells);
            prop_assert_eq!(c.cells, parameter.shape.elements() * report.points.len());
            seen.agreed[n] += c.agreed;
            seen.unjudged[n] += c.unjudged_cells();
            seen.crossed += c.crossed;
            if let Some(worst) = &c.worst_absolute {
                prop_assert!(worst.absolute <= worst.bound, "{:?}", worst);
            }
        }
    }
    Ok(())
}

#[test]
fn all_sources_agree_on_rational_networks() {
    let seen = RefCell::default();
    runner(120)
        .run(&recipe(), |recipe| {
            let mut net = build(&recipe, false);
            net.values = fill(&net, |name, e| small(recipe.seed, name, e));
            agree(&net, &Options::default(), &seen)
        })
        .unwrap();
    let seen = seen.into_inner();
    if !usual_draw() {
        return;
    }
    assert!(seen.arithmetic[Arithmetic::Rational as usize] > 80, "{seen:?}");
    assert!(seen.agreed.iter().all(|n| *n > 400), "{seen:?}");
    // What is not judged is the exception, apart from differences, at the many kinks here.
    assert!((0..4).all(|n| seen.unjudged[n] * 20 < seen.agreed[n]), "{seen:?}");
    assert!(seen.kinks > 5 && seen.crossed > 0, "{seen:?}");
}

#[test]
fn all_sources_agree_on_networks_with_functions() {
    let seen = RefCell::default();
    runner(120)
        .run(&recipe(), |recipe| {
            let net = build(&recipe, true);
            let options = Options { seed: recipe.seed, trials: Some(1) };
            agree(&net, &options, &seen)
        })
        .unwrap();
    let seen = seen.into_inner();
    if !usual_draw() {
        return;
    }
    assert!(seen.arithmetic[Arithmetic::Prime as usize] > 30, "{seen:?}");
    assert!(seen.agreed.iter().all(|n| *n > 400), "{seen:?}");
    assert!((0..4).all(|n| seen.unjudged[n] * 20 < seen.agreed[n]), "{seen:?}");
}

/// What became of the gradients of a thousand networks, element by element.
#[derive(Debug, Default)]
struct Law {
    networks: usize,
    refused: usize,
    rational: usize,
    residues: usize,
    enclosed: usize,
    /// Not 0.
    moving: usize,
    /// Equal as far as intervals see, and not in the field, where exp and its like are stand-ins.
    stand_ins: usize,
}

/// Holds the reverse sweep against the backward pass for every element of every leaf.
fn equal_everywhere<T: Scalar>(
    net: &Network,
    run: &Run<T>,
    law: &mut Law,
    unequal: impl Fn(usize, usize) -> bool,
) -> Result<usize, TestCaseError> {
    let mut equal = 0;
    for (k, backward) in run.backward.iter().enumerate() {
        let symbolic = run.symbolic[k].as_ref().map_err(|why| TestCaseError::fail(why.clone()))?;
        prop_assert_eq!(symbolic.len(), backward.len());
        for (n, (a, b)) in symbolic.iter().zip(backward).enumerate() {
            if a != b {
                prop_assert!(!unequal(k, n), "{:?} and {:?}, quantity {} of {:?}", a, b, k, net);
                law.stand_ins += 1;
                continue;
            }
            equal += 1;
            law.moving += usize::from(*a != T::zero());
        }
    }
    Ok(equal)
}

fn symbolic_is_concrete(
    net: &Network,
    values: Values<Rational>,
    law: &mut Law,
) -> Result<bool, TestCaseError> {
    law.networks += 1;
    let by: Vec<QuantityId> = values.keys().copied().collect();
    let symbolic =
        Symbolic::new(net, &by, false).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let at = match point(net, &symbolic, values, false) {
        Ok(at) => at,
        Err(error) => {
            prop_assert!(matches!(error.kind(), Kind::Domain | Kind::Limit), "{:?}", error);
            law.refused += 1;
            return Ok(false);
        }
    };
    let apart = |k: usize, n: usize| {
        let Ok(wide) = &at.enclosure else { return false };
        let Ok(symbolic) = &wide.symbolic[k] else { return false };
        disjoint(&symbolic[n], &wide.backward[k][n])
    };
    match &at.exact {
        Exact::Rational(run) => law.rational += equal_everywhere(net, run, law, |_, _| true)?,
        Exact::Prime(run) => law.residues += equal_everywhere(net, run, law, apart)?,
        Exact::None(_) => {}
    }
    if let Ok(wide) = &at.enclosure {
        for (k, backward) in wide.backward.iter().enumerate() {
            prop_assert!((0..backward.len()).all(|n| !apart(k, n)), "{:?}", net);
            law.enclosed += backward.len();
        }
    }
    Ok(true)
}

#[test]
fn symbolic_gradients_are_the_concrete_ones_over_a_thousand_networks() {
    let seen = RefCell::new(BTreeMap::new());
    let law = RefCell::new(Law::default());
    runner(1_100)
        .run(&recipe(), |recipe| {
            let net = build(&recipe, recipe.seed.is_multiple_of(2));
            let values = fill(&net, |name, e| small(recipe.seed, name, e));
            if symbolic_is_concrete(&net, values, &mut law.borrow_mut())? {
                count(&net, &seen);
            }
            Ok(())
        })
        .unwrap();
    let (seen, law) = (seen.into_inner(), law.into_inner());
    assert!(law.networks - law.refused >= 1000, "{law:?}");
    let judged = law.rational + law.residues;
    assert!(law.rational > 10_000 && law.residues > 3_000, "{law:?}");
    assert!(law.moving * 2 > judged && law.stand_ins * 100 < judged, "{law:?}");
    assert!(law.enclosed == judged + law.stand_ins, "{law:?}");
    assert_covered(&seen, &FEATURES);
    assert_covered(&seen, &SMOOTH);
    assert_covered(&seen, &SELDOM);
}
