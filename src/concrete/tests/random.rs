//! Backward against dual numbers through the same forward pass, exactly, on random networks with
//! every operation: over the rationals, where values decide and ties are common, and over the
//! prime field, where every function has a value and the decisions are drawn.

use std::cell::RefCell;
use std::cmp::Ordering;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::super::sketch::Sketch;
use super::*;
use crate::net::{Role, Shape, Window};
use crate::scalar::{Dual, Function, Interval, Prime};

/// Raw numbers that [`build`] turns into one operation on what is there already.
#[derive(Clone, Debug)]
struct Draw {
    kind: u8,
    picks: [usize; 4],
    window: Window,
}

#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    image: [usize; 2],
    kernel: [usize; 2],
    draws: Vec<Draw>,
    pub(crate) seed: u64,
}

pub(crate) fn recipe() -> impl Strategy<Value = Recipe> {
    let draw = (
        0..KINDS,
        prop::array::uniform4(0usize..1000),
        prop::array::uniform2(1usize..4),
        prop::array::uniform2(0usize..3),
        any::<bool>(),
    )
        .prop_map(|(kind, picks, stride, padding, flip)| Draw {
            kind,
            picks,
            window: Window {
                stride: stride.to_vec(),
                padding: padding.map(|p| [p, p]).to_vec(),
                flip,
                ..Window::plain(2)
            },
        });
    (
        prop::array::uniform2(1usize..5),
        prop::array::uniform2(1usize..4),
        prop::collection::vec(draw, 1..9),
        any::<u64>(),
    )
        .prop_map(|(image, kernel, draws, seed)| Recipe { image, kernel, draws, seed })
}

const KINDS: u8 = 15;

/// The network of a recipe. `transcendental` tells whether exp and its like may occur, and
/// powers that are not whole; else only functions with rational values.
pub(crate) fn build(recipe: &Recipe, transcendental: bool) -> Network {
    let mut s = Sketch::default();
    s.leaf("x", Role::Input, &recipe.image);
    s.leaf("y", Role::Input, &recipe.image);
    s.leaf("k", Role::Param, &recipe.kernel);
    s.leaf("z", Role::Param, &[2, 1, 3]);
    s.leaf("a", Role::Param, &[]);
    s.leaf("b", Role::Target, &[]);
    for draw in &recipe.draws {
        extend(&mut s, draw, transcendental);
    }
    // The last few tensors make the loss.
    let last = (s.len().saturating_sub(3)..s.len()).map(|n| NodeId(n as u32));
    let parts = last.map(|node| if s.shape(node).is_scalar() { node } else { s.sum(node) });
    let parts: Vec<_> = parts.collect();
    let loss = s.scalar(Op::Add(parts));
    s.finish(loss)
}

fn extend(s: &mut Sketch, draw: &Draw, transcendental: bool) {
    let fitting = |s: &Sketch, wanted: &dyn Fn(&Shape) -> bool| -> Vec<NodeId> {
        (0..s.len()).map(|n| NodeId(n as u32)).filter(|id| wanted(s.shape(*id))).collect()
    };
    let pick = |from: &[NodeId], which: usize| from[draw.picks[which] % from.len()];
    let all = fitting(s, &|_| true);
    let scalars = fitting(s, &|shape| shape.is_scalar());
    let a = pick(&all, 0);
    let mut shape = s.shape(a).clone();
    // Operands of one shape, or scalars.
    let mut operands = vec![a];
    for which in 1..3 {
        let fits = |other: &Shape| other.is_scalar() || shape.is_scalar() || *other == shape;
        let next = pick(&fitting(s, &fits), which);
        if shape.is_scalar() {
            shape = s.shape(next).clone();
        }
        operands.push(next);
        if which == 1 && draw.picks[3].is_multiple_of(2) {
            break;
        }
    }
    let of_two = if s.shape(a).is_scalar() { s.shape(operands[1]) } else { s.shape(a) }.clone();
    let own = s.shape(a).clone();
    let b = operands[1];
    match draw.kind {
        0 => s.op(Op::Neg(a), own),
        1 => s.op(Op::Add(operands), shape),
        2 => s.op(Op::Sub(a, b), of_two),
        3 | 4 => s.op(Op::Mul(operands), shape),
        5 => s.op(Op::Div(a, b), of_two),
        6 => {
            let texts = ["-2", "-1", "0", "1", "2", "3", "1/2"];
            let count = if transcendental { 7 } else { 6 };
            let n = s.number(texts[draw.picks[1] % count]);
            let n = match draw.picks[2] % 3 {
                0 => n,
                1 => s.scalar(Op::Neg(n)),
                _ => s.define("n", n),
            };
            s.op(Op::Pow(a, n), own)
        }
        7 => s.op(Op::Pow(a, b), of_two),
        8 => {
            let mut f = Function::ALL[draw.picks[1] % Function::ALL.len()];
            let mut argument = a;
            if !transcendental && !f.has_kink() {
                // √u² is rational.
                f = Function::Sqrt;
                argument = s.op(Op::Mul(vec![a, a]), own.clone());
            }
            s.op(Op::Call(f, argument), own)
        }
        9 => {
            let count = 1 + draw.picks[3] % 3;
            s.scalar(Op::MaxOf((0..count).map(|which| pick(&scalars, which)).collect()))
        }
        10 => s.max(a),
        11 => s.sum(a),
        12 => {
            let index = own.index(draw.picks[1] % own.elements());
            s.scalar(Op::Element(a, index))
        }
        13 => s.define("d", a),
        _ => {
            let images = fitting(s, &|shape| shape.rank() == 2);
            let input = pick(&images, 0);
            let room = [0, 1].map(|i| {
                s.shape(input).lengths()[i] + draw.window.padding[i].iter().sum::<usize>()
            });
            let kernels = fitting(s, &|shape| {
                shape.rank() == 2 && (0..2).all(|i| shape.lengths()[i] <= room[i])
            });
            match kernels.is_empty() {
                true => s.op(Op::Neg(a), own),
                false => s.conv(input, pick(&kernels, 1), draw.window.clone()),
            }
        }
    };
}

/// SplitMix64.
pub(crate) fn mix(seed: u64, n: usize) -> u64 {
    let mut z = seed.wrapping_add((n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A decision for every node that may need one.
pub(crate) fn drawn_decisions(net: &Network, seed: u64) -> Decisions {
    let mut decisions = Decisions::new();
    for (n, tensor) in net.nodes().iter().enumerate() {
        let below = |count: usize| (mix(seed, n) % count as u64) as usize;
        let decision = match &tensor.op {
            Op::Max(a, _) => Decision::Winners(vec![below(net.node(*a).shape.elements())]),
            Op::MaxOf(all) => Decision::Winners(vec![below(all.len())]),
            Op::Call(f, _) if f.has_kink() => Decision::Signs(
                (0..tensor.shape.elements())
                    .map(|e| {
                        [Ordering::Less, Ordering::Equal, Ordering::Greater]
                            [(mix(seed, n + e) % 3) as usize]
                    })
                    .collect(),
            ),
            _ => continue,
        };
        decisions.set(NodeId(n as u32), decision);
    }
    decisions
}

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

pub(crate) fn name(op: &Op) -> String {
    let debug = match op {
        Op::Call(f, _) => format!("Call {f}"),
        other => format!("{other:?}"),
    };
    debug.split(['(', '{']).next().unwrap_or_default().trim().to_string()
}

/// Compares both ways for every leaf; counts the operations of the networks that had a value.
fn compare<T: Scalar>(
    net: &Network,
    point: &Values<T>,
    decide: Decide<'_>,
    seen: &RefCell<BTreeMap<String, usize>>,
) -> Result<(), TestCaseError> {
    let Ok(run) = forward(net, point, decide) else { return Ok(()) };
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
    let reached = |n: &usize| compared && run.value(NodeId(*n as u32)).is_some();
    for n in (0..net.nodes().len()).filter(reached) {
        *seen.borrow_mut().entry(name(&net.nodes()[n].op)).or_default() += 1;
    }
    Ok(())
}

/// Every one of `names` was part of at least five networks with a gradient that is not 0.
pub(crate) fn assert_covered(seen: &BTreeMap<String, usize>, names: &[&str]) {
    for name in names {
        assert!(seen.get(*name).is_some_and(|n| *n >= 5), "{name} in {seen:?}");
    }
}

pub(crate) const OPERATIONS: [&str; 18] = [
    "Leaf",
    "Number",
    "Define",
    "Neg",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "MaxOf",
    "Max",
    "Sum",
    "Element",
    "Conv",
    "Call abs",
    "Call relu",
    "Call sign",
    "Call step",
];

/// A fixed stream of cases, so that the coverage asserted is that of every run.
pub(crate) fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(config, rng)
}

/// Small halves, so that ties and zeros are common.
pub(crate) fn small(seed: u64, name: &str, element: usize) -> Rational {
    let n = mix(seed, element * 8 + name.len() + name.as_bytes()[0] as usize * 1000);
    Rational::new(n as i64 % 6, 1 + (n >> 32) as i64 % 2).unwrap()
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
    assert_covered(&seen.borrow(), &OPERATIONS);
    assert_covered(&seen.borrow(), &["Call sqrt"]);
}

#[test]
fn backward_equals_dual_numbers_over_the_prime_field() {
    let seen = RefCell::default();
    runner(700)
        .run(&recipe(), |recipe| {
            let net = build(&recipe, true);
            let decisions = drawn_decisions(&net, recipe.seed);
            let point = fill(&net, |name, e| {
                Prime::new(mix(recipe.seed, e * 8 + name.as_bytes()[0] as usize * 1000))
            });
            compare(&net, &point, Decide::Recorded(&decisions), &seen)
        })
        .unwrap();
    assert_covered(&seen.borrow(), &OPERATIONS);
    for f in Function::ALL {
        assert_covered(&seen.borrow(), &[&format!("Call {f}")]);
    }
}

#[test]
fn intervals_enclose_the_exact_loss_and_gradients() {
    let enclosed = RefCell::new(0);
    runner(150)
        .run(&recipe(), |recipe| {
            let net = build(&recipe, false);
            // Thirds and sevenths, which f64 rounds.
            let third = Rational::new(3, 7).unwrap();
            let point = fill(&net, |name, e| small(recipe.seed, name, e).add(&third).unwrap());
            let wide: Values<Interval> = point
                .iter()
                .map(|(id, v)| {
                    (*id, v.iter().map(|q| Interval::from_rational(q).unwrap()).collect())
                })
                .collect();
            let exact = forward(&net, &point, Decide::ByValue);
            let (Ok(exact), Ok(run)) = (exact, forward(&net, &wide, Decide::ByValue)) else {
                return Ok(());
            };
            prop_assert!(run.loss().contains_rational(exact.loss()));
            prop_assert_eq!(run.decisions(), exact.decisions());
            for leaf in point.keys() {
                let gradients = (backward(&net, &exact, &[*leaf]), backward(&net, &run, &[*leaf]));
                if let (Ok(exact), Ok(run)) = gradients {
                    let pairs = exact.of(*leaf).unwrap().iter().zip(run.of(*leaf).unwrap());
                    for (q, interval) in pairs {
                        prop_assert!(interval.contains_rational(q), "{} {}", q, interval);
                        *enclosed.borrow_mut() += usize::from(!q.is_zero());
                    }
                }
            }
            Ok(())
        })
        .unwrap();
    assert!(*enclosed.borrow() > 500, "{}", enclosed.borrow());
}
