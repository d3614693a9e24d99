//! Backward against dual numbers through the same forward pass, exactly, on random networks with
//! every operation: over the rationals, where values decide and ties are common, and over the
//! prime field, where every function has a value and another run has decided.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::features::features;
use super::networks::{build, drawn, recipe, small};
use super::*;
use crate::scalar::{Dual, Interval, Prime, Wide};

/// ∂E/∂(each element of `leaf`) by dual numbers, or `None` where one of them has no value.
fn by_duals<T: Scalar>(
    net: &Network,
    point: &Values<T>,
    leaf: QuantityId,
    decide: Decide<'_>,
) -> Option<Vec<T>> {
    let constant: Values<Dual<T>> = point
        .iter()
        .map(|(id, values)| (*id, values.iter().cloned().map(Dual::constant).collect()))
        .collect();
    let slope = |e: usize| {
        let mut moved = constant.clone();
        moved.get_mut(&leaf)?[e] = Dual::variable(point[&leaf][e].clone());
        forward(net, &moved, decide).ok().map(|run| run.loss().tangent.clone())
    };
    (0..point[&leaf].len()).map(slope).collect()
}

/// Compares both ways for every leaf; counts the operations of the networks that had a value.
fn compare<T: Scalar>(
    net: &Network,
    point: &Values<T>,
    decide: Decide<'_>,
    seen: &RefCell<BTreeMap<String, usize>>,
) -> Result<(), TestCaseError> {
    let Ok(run) = forward(net, point, decide) else { return Ok(()) };
    let alone = loss(net, point, decide);
    prop_assert_eq!(alone.ok(), Some((run.loss().clone(), run.decisions().clone())));
    let mut compared = false;
    for leaf in point.keys() {
        if let Some(expected) = by_duals(net, point, *leaf, decide) {
            let gradients = match backward(net, &run, &[*leaf]) {
                Ok(gradients) => gradients,
                // A dual number forgives a logarithm that is multiplied by a speed of 0 by
                // chance; the backward pass does not know the speed yet.
                Err(error) if error.message().contains("by its exponent") => continue,
                Err(error) => return Err(TestCaseError::fail(format!("{error:?}"))),
            };
            prop_assert_eq!(gradients.of(*leaf), Some(&expected[..]));
            compared |= expected.iter().any(|slope| *slope != T::zero());
        }
    }
    if compared {
        count(net, seen);
    }
    Ok(())
}

/// Counts what a network is made of.
pub(crate) fn count(net: &Network, seen: &RefCell<BTreeMap<String, usize>>) {
    for feature in features(net) {
        *seen.borrow_mut().entry(feature).or_default() += 1;
    }
}

/// Every one of `names` was part of at least five networks with a gradient that is not 0, in the
/// draw of every run.
pub(crate) fn assert_covered(seen: &BTreeMap<String, usize>, names: &[&str]) {
    for name in names.iter().filter(|_| crate::laws::usual_draw()) {
        assert!(seen.get(*name).is_some_and(|n| *n >= 5), "{name} in {seen:?}");
    }
}

/// What random networks are made of, whatever the number system.
pub(crate) const FEATURES: [&str; 71] = [
    "Add",
    "Add lower rank",
    "Add scalar",
    "Add stretched",
    "Call",
    "Call abs",
    "Call relu",
    "Call sign",
    "Call step",
    "Concat",
    "Conv",
    "Conv 1-D",
    "Conv 2-D",
    "Conv 3-D",
    "Conv batch",
    "Conv channels",
    "Conv dilated",
    "Conv flip",
    "Conv groups",
    "Conv padded",
    "Conv padded unevenly",
    "Conv strided",
    "Define",
    "Div",
    "Div lower rank",
    "Div scalar",
    "Div stretched",
    "Element",
    "Leaf",
    "MatMul",
    "MatMul batch batch",
    "MatMul batch matrix",
    "MatMul batch vector",
    "MatMul broadcast",
    "MatMul matrix batch",
    "MatMul matrix matrix",
    "MatMul matrix vector",
    "MatMul vector batch",
    "MatMul vector matrix",
    "MatMul vector vector",
    "Max",
    "Max some axes",
    "MaxOf",
    "Mul",
    "Mul scalar",
    "Mul stretched",
    "Neg",
    "Number",
    "Pool",
    "Pool 1-D",
    "Pool 2-D",
    "Pool 3-D",
    "Pool Max",
    "Pool Mean",
    "Pool MeanInside",
    "Pool dilated",
    "Pool overlapping",
    "Pool padded",
    "Pool padded unevenly",
    "Pool strided",
    "Pow",
    "Pow scalar",
    "Reshape",
    "Slice",
    "Sub",
    "Sub scalar",
    "Sub stretched",
    "Sum",
    "Sum some axes",
    "Transpose",
    "shared weight",
];

/// The functions that only the prime field and `f64` have at every point.
pub(crate) const SMOOTH: [&str; 5] =
    ["Call exp", "Call ln", "Call sqrt", "Call tanh", "Call sigmoid"];

/// What a thousand networks are made of and a hundred need not be.
pub(crate) const SELDOM: [&str; 4] =
    ["Mul lower rank", "Pow lower rank", "Pow stretched", "Sub lower rank"];

/// The stream of cases of a law whose coverage is asserted.
pub(crate) fn runner(cases: u32) -> TestRunner {
    TestRunner::new(crate::laws::laws(cases))
}

#[test]
fn backward_equals_dual_numbers_over_the_rationals() {
    let seen = RefCell::default();
    runner(700)
        .run(&recipe(), |recipe| {
            let net = build(&recipe, false);
            let point = fill(&net, |name, e| small(recipe.seed, name, e));
            compare(&net, &point, Decide::ByValue, &seen)
        })
        .unwrap();
    assert_covered(&seen.borrow(), &FEATURES);
    assert_covered(&seen.borrow(), &["Call sqrt"]);
}

#[test]
fn backward_equals_dual_numbers_over_the_prime_field() {
    let seen = RefCell::default();
    runner(700)
        .run(&recipe(), |recipe| {
            let net = build(&recipe, true);
            let real = fill(&net, |name, e| small(recipe.seed, name, e).to_f64());
            let Ok(run) = forward(&net, &real, Decide::ByValue) else { return Ok(()) };
            let point = fill(&net, |name, e| Prime::new(drawn(recipe.seed, name, e)));
            compare(&net, &point, Decide::Recorded(run.decisions()), &seen)
        })
        .unwrap();
    assert_covered(&seen.borrow(), &FEATURES);
    assert_covered(&seen.borrow(), &SMOOTH);
}

/// A number with a bound of its error.
trait Encloses: Scalar {
    fn holds(&self, q: &Rational) -> bool;
}

impl Encloses for Interval {
    fn holds(&self, q: &Rational) -> bool {
        self.contains_rational(q)
    }
}

impl Encloses for Wide {
    fn holds(&self, q: &Rational) -> bool {
        let exact = |x: f64| Rational::from_f64(x).unwrap();
        let low = self.sub(&Wide::point(self.to_f64()).unwrap()).unwrap().to_f64();
        let middle = exact(self.to_f64()).add(&exact(low)).unwrap();
        middle.sub(q).unwrap().abs() <= exact(self.radius())
    }
}

fn enclose_the_exact_loss_and_gradients<T: Encloses>() {
    let enclosed = RefCell::new(0);
    runner(150)
        .run(&recipe(), |recipe| {
            let net = build(&recipe, false);
            // Thirds and sevenths, which f64 rounds.
            let third = Rational::new(3, 7).unwrap();
            let point = fill(&net, |name, e| small(recipe.seed, name, e).add(&third).unwrap());
            let wide: Values<T> = point
                .iter()
                .map(|(id, v)| (*id, v.iter().map(|q| T::from_rational(q).unwrap()).collect()))
                .collect();
            let exact = forward(&net, &point, Decide::ByValue);
            let (Ok(exact), Ok(run)) = (exact, forward(&net, &wide, Decide::ByValue)) else {
                return Ok(());
            };
            prop_assert!(run.loss().holds(exact.loss()));
            prop_assert_eq!(run.decisions(), exact.decisions());
            for leaf in point.keys() {
                let gradients = (backward(&net, &exact, &[*leaf]), backward(&net, &run, &[*leaf]));
                if let (Ok(exact), Ok(run)) = gradients {
                    let pairs = exact.of(*leaf).unwrap().iter().zip(run.of(*leaf).unwrap());
                    for (q, enclosure) in pairs {
                        prop_assert!(enclosure.holds(q), "{} {:?}", q, enclosure);
                        *enclosed.borrow_mut() += usize::from(!q.is_zero());
                    }
                }
            }
            Ok(())
        })
        .unwrap();
    assert!(*enclosed.borrow() > 500, "{}", enclosed.borrow());
}

#[test]
fn intervals_enclose_the_exact_loss_and_gradients() {
    enclose_the_exact_loss_and_gradients::<Interval>();
}

#[test]
fn balls_enclose_the_exact_loss_and_gradients() {
    enclose_the_exact_loss_and_gradients::<Wide>();
}
