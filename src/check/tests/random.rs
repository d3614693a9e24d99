//! On random networks every source agrees, in every arithmetic that the network allows.

use std::cell::RefCell;

use proptest::prelude::*;

use super::*;
use crate::concrete::tests::fill;
use crate::concrete::tests::random::{build, recipe, runner, small};
use crate::diag::Kind;

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
    assert!(seen.arithmetic[Arithmetic::Prime as usize] > 30, "{seen:?}");
    assert!(seen.agreed.iter().all(|n| *n > 400), "{seen:?}");
    assert!((0..4).all(|n| seen.unjudged[n] * 20 < seen.agreed[n]), "{seen:?}");
}
