//! Broken gradients are diagnosed, right ones are not flagged: two tables of cases, with the
//! networks and the broken backward passes of [`labs`](super::labs).

use std::collections::BTreeMap;

use super::super::values::convert;
use super::labs::{Grads, Lab, define, half_squared, labs, leaf};
use super::*;
use crate::concrete::tests::networks::{build, drawn, recipe, small};
use crate::concrete::tests::random::runner;
use crate::concrete::{self, Decide};
use crate::net::Shape;
use crate::scalar::Scalar;

fn wrong(mistake: Mistake, place: &str) -> Cause {
    let place = if place.is_empty() { None } else { Some(place.to_string()) };
    Cause::Operation { mistake, place }
}

/// A mistake of the hand-written passes, the parameters whose gradients it spoils, the cause.
fn operations() -> Vec<(&'static str, &'static str, &'static [&'static str], Cause)> {
    use Function::{Relu, Sigmoid, Tanh};
    let path = |a: &str| Mistake::PathMissing(a.to_string());
    let negated = |a: &str| Mistake::PathNegated(a.to_string());
    let not_summed = |axes: &[usize], last| Mistake::NotSummed { axes: axes.to_vec(), last };
    let stale = |name: &str, rate| Cause::Stale { name: name.to_string(), rate, forward: false };
    let first = &["W1", "b1"][..];
    let two = &["W1", "b1", "W2", "b2"][..];
    let all = &["W1", "b1", "W2", "b2", "W3", "b3"][..];
    let inputs = &["k", "c"][..];
    vec![
        ("perceptron", "relu mask missing", first, wrong(Mistake::SlopeMissing(Relu), "h")),
        ("perceptron", "relu other side", first, wrong(Mistake::OtherSide, "h")),
        ("perceptron", "sigmoid slope missing", two, wrong(Mistake::SlopeMissing(Sigmoid), "s")),
        ("perceptron", "sigmoid at output", two, wrong(Mistake::SlopeAtOutput(Sigmoid), "s")),
        ("perceptron", "sigmoid at argument", two, wrong(Mistake::SlopeAtArgument(Sigmoid), "s")),
        ("perceptron", "tanh slope missing", all, wrong(Mistake::SlopeMissing(Tanh), "y")),
        ("perceptron", "tanh at output", all, wrong(Mistake::SlopeAtOutput(Tanh), "y")),
        ("perceptron", "tanh at argument", all, wrong(Mistake::SlopeAtArgument(Tanh), "y")),
        ("perceptron", "W3 not transposed", two, wrong(Mistake::NotTransposed("W3".into()), "y")),
        ("perceptron", "only the first of the batch", first, wrong(not_summed(&[0], false), "h")),
        ("perceptron", "only the last of the batch", first, wrong(not_summed(&[0], true), "h")),
        (
            "perceptron",
            "the third of the batch missing",
            first,
            wrong(Mistake::ItemMissing { axis: 0, index: 2 }, "h"),
        ),
        ("perceptron", "W3 after its step", two, stale("W3", 0.1)),
        ("perceptron", "W2 after its step", first, stale("W2", 0.5)),
        ("convolutions", "divisor missing", &["k", "c", "l", "d"], wrong(Mistake::NoDivisor, "p")),
        (
            "convolutions",
            "only the first of the space",
            &["d"],
            wrong(not_summed(&[1, 2], false), "z"),
        ),
        (
            "convolutions",
            "only the last of the space",
            &["d"],
            wrong(not_summed(&[1, 2], true), "z"),
        ),
        ("convolutions", "only the last row", &["d"], wrong(not_summed(&[1], true), "z")),
        ("convolutions", "stride ignored", &["k", "c", "l"], wrong(Mistake::StrideIgnored, "z")),
        ("convolutions", "padding ignored", &["k", "c", "l"], wrong(Mistake::PaddingIgnored, "z")),
        ("convolutions", "too far down", &["k", "c", "l"], wrong(Mistake::Shifted(0, 1), "z")),
        ("convolutions", "too far right", &["k", "c", "l"], wrong(Mistake::Shifted(1, 1), "z")),
        ("convolutions", "too near down", &["k", "c", "l"], wrong(Mistake::Shifted(0, -1), "z")),
        ("convolutions", "kernel turned", inputs, wrong(Mistake::Flip, "z")),
        ("convolutions", "tanh slope missing", inputs, wrong(Mistake::SlopeMissing(Tanh), "h")),
        ("residual", "residual path missing", &["x", "W"], wrong(path("h"), "y")),
        ("residual", "residual path negated", &["x", "W"], wrong(negated("h"), "y")),
        ("residual", "branch missing", &["x"], wrong(path("h"), "f")),
        ("residual", "branch negated", &["x"], wrong(negated("h"), "f")),
        ("residual", "second use missing", &["W"], wrong(path("W"), "f")),
        ("residual", "first use missing", &["W"], wrong(path("W"), "h")),
        ("classifier", "p alone", &["W", "b"], wrong(path("z"), "log_p")),
        ("classifier", "t alone", &["W"], wrong(path("z"), "norm")),
        ("classifier", "t alone", &["b"], Cause::GradientOf("log_p".into())),
        ("classifier", "t − p", &["W", "b"], Cause::SignFlipped),
        ("maxima", "every cell", &["x", "k"], wrong(Mistake::EveryCell, "m")),
        ("maxima", "averaged", &["x", "k"], wrong(Mistake::Averaged, "m")),
        ("maxima", "dilation ignored", &["x", "k"], wrong(Mistake::DilationIgnored, "c")),
        ("maxima", "kernel turned", &["x"], wrong(Mistake::Flip, "c")),
        ("maxima", "kernel turned", &["k"], Cause::Turned(vec![0])),
    ]
}

#[test]
fn the_hand_written_passes_are_right_without_a_mistake() {
    for (lab, Lab { net, by_hand }) in labs() {
        let lab_here = Lab { net, by_hand };
        for (name, numbers) in lab_here.run("") {
            assert!(lab_here.check(name, &numbers).agrees(), "{lab}, {name}");
        }
    }
}

#[test]
fn mistakes_in_operations_are_diagnosed() {
    let labs = BTreeMap::from(labs());
    let (mut count, mut missed) = (0, Vec::new());
    for (lab, bug, names, cause) in operations() {
        let lab = &labs[lab];
        let broken = lab.run(bug);
        for name in names {
            count += 1;
            let report = lab.check(name, &broken[name]);
            let parameter = &report.parameters[0];
            assert_eq!(parameter.verdict(), Verdict::Differ, "{bug}, {name}");
            let names =
                |d: &Diagnosis| same(&d.cause, &cause) || d.others.iter().any(|c| same(c, &cause));
            if !parameter.diagnosis.as_ref().is_some_and(names) {
                missed.push(format!("{bug}, {name}: {:?}", parameter.diagnosis));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(count >= 60, "{count}");
}

/// Equal, a rate as far as the precision tells it.
fn same(a: &Cause, b: &Cause) -> bool {
    match (a, b) {
        (Cause::Stale { name, rate, forward }, Cause::Stale { name: n, rate: r, forward: f }) => {
            name == n && (rate - r).abs() < 1e-6 && forward == f
        }
        (Cause::Scaled(a), Cause::Scaled(b)) => (a - b).abs() < 1e-6,
        _ => a == b,
    }
}

/// What is done to the right numbers of a parameter.
type Done = (&'static str, &'static str, fn(&Grads) -> Vec<f64>, fn() -> Cause);

fn fraction(n: i64, d: i64) -> Cause {
    Cause::Factor(Rational::new(n, d).unwrap())
}

/// The elements of a tensor in another order: `from` gives the index of each in the original.
fn reordered(
    x: &[f64],
    to: &[usize],
    from: &[usize],
    index: fn(&[usize]) -> Vec<usize>,
) -> Vec<f64> {
    let (to, from) = (Shape::new(to), Shape::new(from));
    (0..x.len()).map(|n| x[from.position(&index(&to.index(n))).unwrap()]).collect()
}

/// Right numbers with something done to them: the network, the parameter, what, the cause.
const REARRANGED: &[Done] = &[
    ("perceptron", "W1", |g| vec![0.0; g["W1"].len()], || Cause::Zero),
    ("convolutions", "k", |g| vec![0.0; g["k"].len()], || Cause::Zero),
    ("perceptron", "W2", |g| g["W2"].iter().map(|x| -x).collect(), || Cause::SignFlipped),
    ("convolutions", "c", |g| g["c"].iter().map(|x| -x).collect(), || Cause::SignFlipped),
    ("maxima", "k", |g| g["k"].iter().map(|x| -x).collect(), || Cause::SignFlipped),
    // The half of the loss forgotten, or added up twice; half of it.
    ("perceptron", "b3", |g| g["b3"].iter().map(|x| x * 2.0).collect(), || fraction(2, 1)),
    ("residual", "W", |g| g["W"].iter().map(|x| x * 2.0).collect(), || fraction(2, 1)),
    ("residual", "x", |g| g["x"].iter().map(|x| x / 2.0).collect(), || fraction(1, 2)),
    // A mean over the batch of 4, or the 8 elements of the output, and a sum.
    ("perceptron", "W1", |g| g["W1"].iter().map(|x| x / 4.0).collect(), || fraction(1, 4)),
    ("perceptron", "b1", |g| g["b1"].iter().map(|x| x / 8.0).collect(), || fraction(1, 8)),
    ("perceptron", "W3", |g| g["W3"].iter().map(|x| x * 4.0).collect(), || fraction(4, 1)),
    ("perceptron", "b2", |g| g["b2"].iter().map(|x| x * -2.0).collect(), || fraction(-2, 1)),
    (
        "perceptron",
        "W1",
        |g| reordered(&g["W1"], &[3, 5], &[5, 3], |i| vec![i[1], i[0]]),
        || Cause::Transposed,
    ),
    (
        "perceptron",
        "W3",
        |g| reordered(&g["W3"], &[2, 2], &[2, 2], |i| vec![i[1], i[0]]),
        || Cause::Transposed,
    ),
    (
        "classifier",
        "W",
        |g| reordered(&g["W"], &[4, 3], &[3, 4], |i| vec![i[1], i[0]]).iter().map(|x| -x).collect(),
        || Cause::AndSign(Box::new(Cause::Transposed)),
    ),
    // [O, C, h, w] kept as [h, w, C, O]; the spatial axes exchanged; the channels.
    (
        "convolutions",
        "l",
        |g| reordered(&g["l"], &[3, 3, 3, 2], &[2, 3, 3, 3], |i| vec![i[3], i[2], i[0], i[1]]),
        || Cause::AxesOrder(vec![2, 3, 1, 0]),
    ),
    (
        "convolutions",
        "l",
        |g| reordered(&g["l"], &[2, 3, 3, 3], &[2, 3, 3, 3], |i| vec![i[0], i[1], i[3], i[2]]),
        || Cause::AxesOrder(vec![0, 1, 3, 2]),
    ),
    (
        "convolutions",
        "k",
        |g| reordered(&g["k"], &[2, 3, 2, 2], &[3, 2, 2, 2], |i| vec![i[1], i[0], i[2], i[3]]),
        || Cause::AxesOrder(vec![1, 0, 2, 3]),
    ),
    // A kernel turned by 180° in each channel, or the channels with it.
    (
        "convolutions",
        "l",
        |g| {
            reordered(&g["l"], &[2, 3, 3, 3], &[2, 3, 3, 3], |i| {
                vec![i[0], i[1], 2 - i[2], 2 - i[3]]
            })
        },
        || Cause::Turned(vec![2, 3]),
    ),
    (
        "convolutions",
        "k",
        |g| {
            reordered(&g["k"], &[3, 2, 2, 2], &[3, 2, 2, 2], |i| {
                vec![i[0], i[1], 1 - i[2], 1 - i[3]]
            })
        },
        || Cause::Turned(vec![2, 3]),
    ),
    (
        "convolutions",
        "k",
        |g| reordered(&g["k"], &[3, 2, 2, 2], &[3, 2, 2, 2], |i| vec![i[0], i[1], i[2], 1 - i[3]]),
        || Cause::Turned(vec![3]),
    ),
    // Output channels 0, 1, 2 as 2, 0, 1; input channels the same.
    (
        "convolutions",
        "k",
        |g| {
            reordered(&g["k"], &[3, 2, 2, 2], &[3, 2, 2, 2], |i| {
                vec![(i[0] + 2) % 3, i[1], i[2], i[3]]
            })
        },
        || Cause::Permuted { axis: 0, order: vec![2, 0, 1] },
    ),
    (
        "convolutions",
        "l",
        |g| {
            reordered(&g["l"], &[2, 3, 3, 3], &[2, 3, 3, 3], |i| {
                vec![i[0], (i[1] + 2) % 3, i[2], i[3]]
            })
        },
        || Cause::Permuted { axis: 1, order: vec![2, 0, 1] },
    ),
    (
        "perceptron",
        "b1",
        |g| [1, 2, 0, 4, 3].iter().map(|n: &usize| g["b1"][*n]).collect(),
        || Cause::Permuted { axis: 0, order: vec![1, 2, 0, 4, 3] },
    ),
    // Names exchanged; the values themselves.
    ("perceptron", "b2", |g| g["b3"].clone(), || Cause::GradientOf("b3".into())),
    (
        "perceptron",
        "W3",
        |g| g["W3"].iter().enumerate().map(|(n, x)| if n == 2 { 0.0 } else { *x }).collect(),
        || Cause::ElementsZero(vec![2]),
    ),
    (
        "convolutions",
        "k",
        |g| g["k"].iter().enumerate().map(|(n, x)| if n / 8 == 1 { 0.0 } else { *x }).collect(),
        || Cause::ElementsZero((8..16).collect()),
    ),
    // Summed over the batch where nothing is to be summed.
    ("residual", "x", |g| vec![g["x"].iter().sum(); 3], || Cause::Summed(vec![0])),
    (
        "classifier",
        "W",
        |g| (0..12).map(|e| (0..3).map(|o| g["W"][o * 4 + e % 4]).sum()).collect(),
        || Cause::Summed(vec![0]),
    ),
    // A step of training in place of the gradient.
    ("perceptron", "W1", |g| g["W1"].iter().map(|x| x * -0.01).collect(), || Cause::Scaled(-0.01)),
    ("maxima", "v", |g| g["v"].iter().map(|x| x * 0.3).collect(), || Cause::Scaled(0.3)),
];

#[test]
fn rearranged_gradients_are_diagnosed() {
    let labs = BTreeMap::from(labs());
    let mut missed = Vec::new();
    for (lab, name, done, cause) in REARRANGED {
        let lab = &labs[lab];
        let report = lab.check(name, &done(&lab.run("")));
        let diagnosis = report.parameters[0].diagnosis.as_ref();
        if !diagnosis.is_some_and(|d| same(&d.cause, &cause())) {
            missed.push(format!("{name}, {:?}: {diagnosis:?}", cause()));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn values_steps_and_differences_are_recognised() {
    let labs = BTreeMap::from(labs());
    let lab = &labs["perceptron"];
    let of = |name: &str, numbers: &[f64]| lab.check(name, numbers).parameters[0].diagnosis.clone();
    let values = |name: &str| -> Vec<f64> {
        lab.net.values()[&lab.net.find(name).unwrap()].iter().map(Rational::to_f64).collect()
    };
    // The weights themselves.
    let found = of("W2", &values("W2")).unwrap();
    assert_eq!(found.cause, Cause::ValueOf("W2".into()));
    // E(w + h) − E(w − h) over 2h.
    let loss = |name: &str, n: usize, h: f64| {
        let mut all = concrete::given::<f64>(&lab.net).unwrap();
        all.get_mut(&lab.net.find(name).unwrap()).unwrap()[n] += h;
        *concrete::forward(&lab.net, &all, Decide::ByValue).unwrap().loss()
    };
    for (name, central, digits, h) in [
        ("W3", true, 3, 1e-3),
        ("b2", false, 4, 1e-4),
        ("W2", false, 3, 1e-3),
        ("b1", true, 2, 1e-2),
    ] {
        let quotient = |n: usize| match central {
            true => (loss(name, n, h) - loss(name, n, -h)) / (2.0 * h),
            false => (loss(name, n, h) - loss(name, n, 0.0)) / h,
        };
        let numbers: Vec<f64> = (0..lab.shape(name).elements()).map(quotient).collect();
        let found = of(name, &numbers).unwrap();
        assert_eq!(found.cause, Cause::Differences { central, digits }, "{name}");
    }
    // Linear regression, E = Σ (X w − t)²/2: the gradient Xᵀ(X w′ − t) after a step of w.
    let regression = Lab::new(
        |at, _| {
            let (x, w, t) = (at.get("x"), at.get("w"), at.get("t"));
            let error = |i: usize| (0..3).map(|m| x[i * 3 + m] * w[m]).sum::<f64>() - t[i];
            let by_w = (0..3).map(|m| (0..4).map(|i| error(i) * x[i * 3 + m]).sum()).collect();
            Grads::from([("w", by_w)])
        },
        |b| {
            let (x, w) = (leaf(b, Role::Input, "x", &[4, 3]), leaf(b, Role::Param, "w", &[3]));
            let t = leaf(b, Role::Target, "t", &[4]);
            let product = b.matmul(x, w).unwrap();
            let error = b.sub(product, t).unwrap();
            let loss = half_squared(b, error);
            define(b, "E", loss);
        },
    );
    let gradient = &regression.run("")["w"];
    let mut later = Lab { net: regression.net.clone(), by_hand: regression.by_hand };
    let w = later.net.find("w").unwrap();
    for (w, g) in later.net.values.get_mut(&w).unwrap().iter_mut().zip(gradient) {
        *w = w.sub(&Rational::from_f64(0.125 * g).unwrap()).unwrap();
    }
    let report = regression.check("w", &later.run("")["w"]);
    let found = report.parameters[0].diagnosis.as_ref().unwrap();
    let expected = Cause::Stale { name: "w".into(), rate: 0.125, forward: true };
    assert!(same(&found.cause, &expected), "{found:?}");
}

#[test]
fn numbers_that_nothing_explains_are_left_without_a_cause() {
    for (_, lab) in labs() {
        for (name, numbers) in lab.run("") {
            let shaken = |(n, x): (usize, &f64)| x * (1.0 + drawn(3, name, n) as f64 / 1e20) + 0.01;
            let numbers: Vec<f64> = numbers.iter().enumerate().map(shaken).collect();
            let report = lab.check(name, &numbers);
            assert_eq!(report.parameters[0].verdict(), Verdict::Differ);
            assert_eq!(report.parameters[0].diagnosis, None, "{name}");
        }
    }
}

/// x with `bits` bits of significand.
fn rounded(x: f64, bits: i32) -> f64 {
    if x == 0.0 {
        return x;
    }
    let exponent = (x.to_bits() >> 52 & 0x7ff) as i32 - 1022;
    let unit = libm::ldexp(1.0, exponent - bits);
    libm::rint(x / unit) * unit
}

#[test]
fn the_cause_is_found_through_the_rounding_of_f32_and_f16() {
    let labs = BTreeMap::from(labs());
    let judge = |lab: &Lab, name: &str, numbers: &[f64], format: Format| {
        let numbers = numbers.iter().map(|x| rounded(*x, format.bits() as i32)).collect();
        let theirs = Theirs { numbers, format };
        let gradients = BTreeMap::from([(lab.net.find(name).unwrap(), theirs)]);
        let supplied = Supplied { gradients, ..Supplied::default() };
        check_supplied(&lab.net, lab.net.values(), &supplied).unwrap().parameters.remove(0)
    };
    for (format, least) in [(Format::F32, 75), (Format::F16, 40)] {
        let (mut found, mut wrong_cause) = (0, Vec::new());
        for (lab, bug, names, cause) in operations() {
            let lab = &labs[lab];
            let broken = lab.run(bug);
            for name in names {
                match judge(lab, name, &broken[name], format).diagnosis {
                    Some(d) if d.cause == cause || d.others.contains(&cause) => found += 1,
                    Some(Diagnosis { cause: Cause::Stale { .. }, .. }) => found += 1,
                    Some(d) => wrong_cause.push(format!("{bug}, {name}: {d:?}")),
                    None => {}
                }
            }
        }
        assert!(wrong_cause.is_empty(), "{format}: {wrong_cause:#?}");
        assert!(found >= least, "{format}: {found}");
        for lab in labs.values() {
            for (name, numbers) in lab.run("") {
                let parameter = judge(lab, name, &numbers, format);
                assert_ne!(parameter.verdict(), Verdict::Differ, "{format}, {name}");
                assert_eq!(parameter.diagnosis, None, "{format}, {name}");
            }
        }
    }
}

#[test]
fn a_hundred_right_gradients_are_not_flagged() {
    let mut right = 0;
    for (_, lab) in labs() {
        // The hand-written loops add in an order of their own.
        for (name, numbers) in lab.run("") {
            assert!(lab.check(name, &numbers).agrees(), "{name}");
            right += 1;
        }
    }
    let count = std::cell::Cell::new(right);
    runner(60)
        .run(&recipe(), |recipe| {
            let mut net = build(&recipe, recipe.seed.is_multiple_of(2));
            net.values = crate::concrete::tests::fill(&net, |name, e| small(recipe.seed, name, e));
            let Ok(values) = convert::<f64>(&net, net.values()) else { return Ok(()) };
            let Ok(run) = concrete::forward(&net, &values, Decide::ByValue) else { return Ok(()) };
            let by: Vec<QuantityId> = net.params().collect();
            let Ok(gradients) = concrete::backward(&net, &run, &by) else { return Ok(()) };
            let theirs = by.iter().map(|id| (*id, gradients.of(*id).unwrap().to_vec()));
            let report = check_gradients(&net, net.values(), &theirs.collect()).unwrap();
            for parameter in &report.parameters {
                // A slope of 0 at a kink may be nobody's: of max(u, 0) − 2·max(−u, 0) at 0, say.
                let outside = parameter.at_kinks.as_ref().is_some_and(|k| {
                    matches!(k.choice, Choice::Outside | Choice::Smooth | Choice::Undecided)
                });
                proptest::prop_assert!(
                    outside || parameter.verdict() != Verdict::Differ,
                    "{:?}",
                    parameter
                );
                // What is nobody's may be what some mistake gives.
                proptest::prop_assert!(outside || parameter.diagnosis.is_none(), "{:?}", parameter);
            }
            count.set(count.get() + by.len());
            Ok(())
        })
        .unwrap();
    assert!(count.get() >= 100 || !crate::laws::usual_draw(), "{}", count.get());
}

#[test]
fn what_a_convention_gives_at_a_kink_is_no_number_of_f32() {
    // At u = 0 the slopes of max(u, 0)/2 − 2·max(−u, 0) are 1/2 and 2, and that of no side is 0.
    let text = "param u\nE = max(u, 0)/2 - 2*max(-u, 0)\ngiven u = 0";
    let net = crate::lang::parse_network(text).unwrap();
    let theirs = BTreeMap::from([(net.find("u").unwrap(), vec![0.0])]);
    let report = check_gradients(&net, net.values(), &theirs).unwrap();
    let parameter = &report.parameters[0];
    assert_eq!(parameter.verdict(), Verdict::Differ);
    assert_eq!(parameter.at_kinks.as_ref().unwrap().choice, Choice::Outside);
    assert_ne!(parameter.diagnosis.as_ref().map(|d| &d.cause), Some(&Cause::Coarser(Format::F32)));
}
