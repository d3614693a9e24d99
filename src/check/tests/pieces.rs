//! The pieces of a check by themselves: what each says, and of what it says nothing.

use std::collections::BTreeMap;

use super::super::bounds::differences_from_one;
use super::super::prepared::{decided, large};
use super::*;
use crate::concrete::Values;
use crate::diag::Kind;
use crate::net::QuantityId;

/// A program may have expm1 where 1 is taken of eˣ, and nowhere else.
#[test]
fn only_an_exponential_less_one_may_be_another_function() {
    let of = |formula: &str| {
        let net = parse_network(&format!("param w, v\nE = {formula}")).unwrap();
        let found = differences_from_one(&net);
        assert!(found.iter().all(|n| matches!(net.node(*n).op, Op::Call(Function::Exp, _))));
        found.len()
    };
    for (formula, count) in [
        ("exp(w) - 1", 1),
        ("2*(exp(w) - 1) + (exp(v) - 1)", 2),
        ("w - 1", 0),
        ("tanh(w) - 1", 0),
        ("w*v - 1", 0),
        ("exp(w) - 2", 0),
        ("exp(w) - v", 0),
        ("1 - exp(w)", 0),
        ("exp(w)", 0),
    ] {
        assert_eq!(of(formula), count, "{formula}");
    }
}

#[test]
fn a_window_is_too_far_or_too_near() {
    for (by, way) in [(1, "too far"), (-1, "too near"), (2, "too far")] {
        let words = Mistake::Shifted(1, by).to_string();
        assert_eq!(words, format!("the window stands one cell {way} along spatial axis 1"));
    }
}

#[test]
fn other_causes_stand_behind_the_first_in_parentheses() {
    let words = |others: &[Cause]| Diagnosis { cause: Cause::Zero, others: others.to_vec() };
    let alone = words(&[]).to_string();
    let (sign, turned) = (Cause::SignFlipped, Cause::Transposed);
    let one = words(std::slice::from_ref(&sign)).to_string();
    assert_eq!(one, format!("{alone} (or, with the same numbers: {sign})"));
    let two = words(&[sign.clone(), turned.clone()]).to_string();
    assert_eq!(two, format!("{alone} (or, with the same numbers: {sign}; {turned})"));
}

/// Numbers that somebody supplied come first; without a difference there, any source.
#[test]
fn the_first_mismatch_is_one_of_the_supplied_numbers() {
    let text = "input x\nparam w, v\nE = w*x + v*x\ngiven x = 3, w = 1, v = 1";
    let net = parse_network(text).unwrap();
    let mut report = in_format(&net, &[("w", &[3.0]), ("v", &[4.0])], Format::F64);
    let first = |report: &Report| report.first_mismatch().map(|(p, m)| (p.name.clone(), m.clone()));
    let (name, supplied) = first(&report).expect("v differs");
    assert_eq!((name.as_str(), &supplied.other), ("v", &Number::F64(4.0)));
    let place = report.parameters.iter().position(|p| p.name == "w").unwrap();
    let own = Mismatch { other: Number::F64(7.0), ..supplied.clone() };
    let other = &mut report.parameters[place].comparisons[0];
    assert_ne!(other.source, Source::Supplied);
    other.mismatches.push(own.clone());
    assert_eq!(first(&report), Some(("v".to_string(), supplied)));
    let comparisons = report.parameters.iter_mut().flat_map(|p| &mut p.comparisons);
    comparisons.filter(|c| c.source == Source::Supplied).for_each(|c| c.mismatches.clear());
    assert_eq!(first(&report), Some(("w".to_string(), own)));
}

#[test]
fn the_command_for_an_element_names_it_as_the_language_does() {
    let net = parse_network("param w[2, 2]\nE = sum(w^2)\ngiven w = [[1, 2], [3, 4]]").unwrap();
    let mut report = check(&net, &Options::default()).unwrap();
    let cell = Cell { name: "w".to_string(), index: vec![1, 0] };
    assert_eq!(report.command(&cell), None);
    report.derive = Some("backproof derive net.bp".to_string());
    let command = report.command(&cell);
    assert_eq!(command.as_deref(), Some("backproof derive net.bp --wrt 'w[1,0]'"));
}

/// What is defined has a value that follows, and is not listed as one that was given.
#[test]
fn a_large_point_lists_the_values_of_leaves() {
    let text = "input x[2]\nparam w[2]\ny = w*x\nE = sum(y)\ngiven x = [1, 2], w = [3, 4]";
    let net = parse_network(text).unwrap();
    let [x, w, y] = ["x", "w", "y"].map(|name| net.find(name).unwrap());
    let mut values = net.values().clone();
    values.insert(y, rationals(&["3", "8"]));
    let decided = decided(&net, &values, true).unwrap();
    let point = large(&net, &values, &decided, "too large", None);
    assert_eq!(point.values.keys().copied().collect::<Vec<_>>(), [x, w]);
    assert_eq!((&point.inexact, point.redrawn), (&Some("too large".to_string()), 0));
    assert!(matches!(point.loss, Number::F64(loss) if loss.is_nan()));
}

/// e − e^(1 − d) is above 0, which shows in 106 bits, in 512, or in none that are tried.
#[test]
fn what_more_digits_decide_is_decided_for_certain() {
    let noted = |digits: usize| {
        let text = "input a, b\nparam w\nE = w*relu(exp(a) - exp(b))\ngiven w = 1, a = 1, b = 0.";
        let net = parse_network(&format!("{text}{}", "9".repeat(digits))).unwrap();
        let found = decided(&net, net.values(), true).unwrap();
        found.notes.len()
    };
    assert_eq!([3, 20, 40, 70, 100].map(noted), [0; 5]);
    assert_eq!(noted(200), 1);
}

#[test]
fn a_point_that_was_given_was_not_drawn() {
    let net = parse_network("input x\nparam w\nE = exp(w*x)\ngiven x = 0, w = 1").unwrap();
    let report = in_format(&net, &[("w", &[0.0])], Format::F64);
    let point = &report.points[0];
    assert_eq!((point.redrawn, point.unit, report.points.len()), (0, None, 1));
    assert!(point.drawn.is_empty() && point.notes.is_empty(), "{:?}", point.notes);
}

/// The first number that no quantity of the network has is refused like all after it.
#[test]
fn a_quantity_of_a_larger_network_is_refused_wherever_it_stands() {
    let net = parse_network("input x\nparam w\ny = w*x\nE = y^2\ngiven x = 1, w = 1").unwrap();
    let (w, y) = (net.find("w").unwrap(), net.find("y").unwrap());
    let known = net.quantities().count() as u32;
    let theirs = |id| (id, Theirs { numbers: vec![1.0], format: Format::F64 });
    let asked = |values: &Values<Rational>, gradient: QuantityId, value: QuantityId| {
        let supplied = Supplied {
            gradients: BTreeMap::from([theirs(gradient)]),
            forward: BTreeMap::from([theirs(value)]),
            ..Supplied::default()
        };
        check_supplied(&net, values, &supplied).map(|_| ()).map_err(|error| error.kind())
    };
    assert_eq!(asked(net.values(), w, y), Ok(()));
    for beyond in [known, known + 1, known + 50].map(QuantityId) {
        let mut values = net.values().clone();
        values.insert(beyond, rationals(&["1"]));
        assert_eq!(asked(&values, w, y), Err(Kind::Name));
        assert_eq!(asked(net.values(), beyond, y), Err(Kind::Name));
        assert_eq!(asked(net.values(), w, beyond), Err(Kind::Name));
    }
}

/// However small the parts are in which values are drawn.
#[test]
fn what_overflows_everywhere_is_said_to_after_all_draws() {
    let net = parse_network("param w\nE = exp(w^2 + 1000)").unwrap();
    let error = check(&net, &Options { seed: 1, trials: Some(1) }).unwrap_err();
    assert_eq!(error.kind(), Kind::Limit);
    let picture = error.snippet("net.bp", "", false);
    assert!(picture.contains("random points were tried; give values: `given w = …`"), "{picture}");
}

/// A kink is too close where an enclosure cannot tell its side and no fraction can.
#[test]
fn a_point_notes_a_kink_that_is_too_close_and_no_other() {
    let notes = |text: &str| {
        let net = parse_network(text).unwrap();
        check(&net, &Options::default()).unwrap().points[0].notes.clone()
    };
    // Far from its kink, in fractions and in the field.
    assert_eq!(notes("param w\nE = relu(w)^2\ngiven w = 2"), [""; 0]);
    assert_eq!(notes("param w\nE = exp(relu(w))\ngiven w = 2"), [""; 0]);
    // At its kink by fractions, whatever f64 makes of a third.
    assert_eq!(notes("param w\nE = relu(3*w - 1)^2\ngiven w = 1/3"), [""; 0]);
    // Near it in the field.
    let close = "input a\nparam w\nE = w*relu(exp(a) - 2.718281828459045)\ngiven a = 1, w = 1";
    let notes = notes(close);
    assert!(notes.len() == 1 && notes[0].contains("too close here for f64"), "{notes:?}");
}

/// A step by a rate that nobody takes is no step.
#[test]
fn a_parameter_after_its_step_has_a_rate_that_is_one() {
    let text = "input x[3]\nparam w[3]\ny = w*x\nE = sum(y^2)/2\n\
                given x = [1, 2, 3], w = [5, 7, 11]";
    let net = parse_network(text).unwrap();
    let (x, w) = ([1.0, 2.0, 3.0], [5.0, 7.0, 11.0]);
    let cause = |rate: f64| {
        let numbers = [0, 1, 2].map(|n: usize| {
            let square: f64 = x[n] * x[n];
            square * (w[n] - rate * square * w[n])
        });
        let report = in_format(&net, &[("w", &numbers)], Format::F64);
        assert_eq!(parameter(&report, "w").verdict(), Verdict::Differ);
        parameter(&report, "w").diagnosis.as_ref().map(|d| d.cause.clone())
    };
    for rate in [0.125, 0.5, 64.0] {
        let found = cause(rate);
        assert!(
            matches!(&found, Some(Cause::Stale { name, rate: r, .. })
                if name == "w" && (r / rate - 1.0).abs() < 1e-9),
            "{rate}: {found:?}"
        );
    }
    for rate in [128.0, 1024.0, -1024.0] {
        let found = cause(rate);
        assert!(!matches!(found, Some(Cause::Stale { .. })), "{rate}: {found:?}");
    }
}
