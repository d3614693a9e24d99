//! Points chosen by hand: kinks, assumptions, domains, drawn values, and the limits.

use super::*;
use crate::concrete::tests::sketch::article;
use crate::diag::{Kind, Span};
use crate::net::Assumption;

const IMAGE: [&str; 16] = [
    "1", "1/10", "2", "1/5", "0", "1", "3", "2/5", "5", "1", "2", "3", "7/10", "9/10", "3/10", "1",
];

/// The article's network with values; c_10 = i_20·w_11 + i_21·w_10 + i_30·w_01 + i_31·w_00 wins.
fn article_with_values() -> Network {
    let w = ["1", "2", "1/2", "3"];
    with(article(), &[("i", &IMAGE), ("w", &w), ("w_fc", &["2"]), ("t", &["1"])])
}

fn assume(net: &mut Network, winner: usize) {
    let max = net.nodes().iter().position(|t| matches!(t.op, Op::Max(..))).unwrap();
    net.assumptions =
        vec![Assumption { max: NodeId(max as u32), element: 0, winner, span: Span::new(0, 1) }];
}

/// E = Σ of the terms that `build` returns.
fn sum(build: impl Fn(&mut Sketch) -> Vec<NodeId>) -> Network {
    let mut s = Sketch::default();
    let terms = build(&mut s);
    let sum = s.scalar(Op::Add(terms));
    s.finish(sum)
}

#[test]
fn the_articles_network_agrees_exactly_in_every_way() {
    let report = check(&article_with_values(), &Options::default()).unwrap();
    assert!(report.agrees());
    assert_eq!((report.gradients(), report.points.len(), report.seed), (5, 1, None));
    assert_eq!(report.points[0].arithmetic, Arithmetic::Rational);
    assert_eq!(report.points[0].kink_count, 0);
    for parameter in &report.parameters {
        for c in &parameter.comparisons {
            assert_eq!((c.agreed, c.cells), (parameter.shape.elements(), c.cells), "{c:?}");
        }
        // The loss is a square in each weight, so that exact differences have no error at all.
        let exact = parameter.comparison(Source::Differences, Precision::Exact).unwrap();
        assert_eq!(exact.worst_absolute.as_ref().unwrap().absolute, 0.0);
        // 1/10 is no f64, so that f64 differs from the exact value, within its bound.
        let rounded = parameter.comparison(Source::Backward, Precision::F64).unwrap();
        let worst = rounded.worst_absolute.as_ref().unwrap();
        assert!(
            worst.absolute > 0.0 && worst.absolute <= worst.bound && worst.bound < 1e-11,
            "{worst:?}"
        );
    }
}

#[test]
fn assumed_winners_must_agree_with_given_values() {
    let mut net = article_with_values();
    assume(&mut net, 2);
    let report = check(&net, &Options::default()).unwrap();
    assert!(report.agrees());
    assert_eq!(report.points[0].assumptions, Assumptions::Used);

    assume(&mut net, 0);
    let error = check(&net, &Options::default()).unwrap_err();
    assert_eq!(error.kind(), Kind::Assumption);
    assert_eq!(error.span(), Some(Span::new(0, 1)));
    assert_eq!(error.message(), "c[0,0] is assumed to win r_p, but here c[1,0] is greater");

    // With drawn values it is not used, and the report says so.
    net.values.clear();
    let report = check(&net, &Options::default()).unwrap();
    assert!(report.agrees());
    assert_eq!(report.points.len(), 3);
    assert_eq!(report.points[0].assumptions, Assumptions::NotUsed);
}

#[test]
fn an_assumption_breaks_a_tie() {
    let tied = |assumed: Option<usize>| {
        let mut net = sum(|s| {
            let x = s.leaf("x", Role::Param, &[3]);
            let square = s.op(Op::Mul(vec![x, x]), Shape::new([3]));
            let named = s.define("y", square);
            vec![s.max(named)]
        });
        net.values = values(&net, &[("x", &["-2", "1", "2"])]);
        if let Some(winner) = assumed {
            assume(&mut net, winner);
        }
        check(&net, &Options::default()).unwrap()
    };
    for (assumed, convention) in [
        (None, Convention::FirstWins),
        (Some(0), Convention::FirstWins),
        (Some(2), Convention::AssumedWins),
    ] {
        let report = tied(assumed);
        assert!(report.agrees(), "{report:?}");
        let kink = &report.points[0].kinks[0];
        assert_eq!((kink.of.as_str(), kink.convention), ("max(y)", convention));
        assert_eq!(kink.cells, ["y[0]", "y[2]"]);
        let c = comparison(&report, "x", Source::Differences, Precision::Exact);
        // x₁ is beaten: its difference is 0 and crosses nothing.
        assert_eq!((c.agreed, c.unjudged_cells()), (1, 2));
        assert_eq!(c.unjudged[0].reason, "every step crosses a kink");
        assert!(c.crossed > 0);
    }
}

#[test]
fn zeros_are_listed_by_name_with_the_convention() {
    let mut net = sum(|s| {
        let (x, a) = (s.leaf("x", Role::Param, &[2]), s.leaf("a", Role::Param, &[]));
        let relu = s.op(Op::Call(Function::Relu, x), Shape::new([2]));
        let hidden = s.define("h", relu);
        let abs = s.scalar(Op::Call(Function::Abs, a));
        vec![s.sum(hidden), abs, s.scalar(Op::MaxOf(vec![a, abs]))]
    });
    net.values = values(&net, &[("x", &["1", "0"]), ("a", &["0"])]);
    let report = check(&net, &Options::default()).unwrap();
    assert!(report.agrees());
    let listed: Vec<String> = report.points[0]
        .kinks
        .iter()
        .map(|k| format!("{}: {} ({:?})", k.of, k.cells.join(", "), k.convention))
        .collect();
    assert_eq!(
        listed,
        ["h: x[1] (ZeroSlope)", "abs(a): a (ZeroSlope)", "max(a, …): a, argument 2 (FirstWins)",]
    );
}

#[test]
fn a_step_over_a_kink_is_counted_and_a_shorter_one_taken() {
    // The kink of relu(x − 1) is 1/1000 from x, within the first steps of 2⁻⁵ and more.
    let mut net = sum(|s| {
        let x = s.leaf("x", Role::Param, &[]);
        let one = s.number("1");
        let moved = s.scalar(Op::Sub(x, one));
        let relu = s.scalar(Op::Call(Function::Relu, moved));
        vec![s.scalar(Op::Mul(vec![relu, x]))]
    });
    net.values = values(&net, &[("x", &["1.001"])]);
    let report = check(&net, &Options::default()).unwrap();
    for precision in [Precision::Exact, Precision::F64] {
        let c = comparison(&report, "x", Source::Differences, precision);
        assert_eq!((c.agreed, c.crossed), (1, 1), "{c:?}");
    }
    assert_eq!(report.points[0].kink_count, 0);
}

#[test]
fn an_exact_tie_that_f64_breaks_otherwise_is_decided_exactly() {
    // 0.1 + 0.2 = 0.3 exactly, and above it in f64.
    let mut net = sum(|s| {
        let [a, b, c] = ["a", "b", "c"].map(|name| s.leaf(name, Role::Param, &[]));
        let both = s.scalar(Op::Add(vec![a, b]));
        vec![s.scalar(Op::MaxOf(vec![c, both]))]
    });
    net.values = values(&net, &[("a", &["0.1"]), ("b", &["0.2"]), ("c", &["0.3"])]);
    let report = check(&net, &Options::default()).unwrap();
    assert!(report.agrees());
    assert_eq!(report.points[0].kinks[0].cells, ["c", "argument 2"]);
    assert!(report.points[0].notes[0].starts_with("f64 by itself decides"));
    assert_eq!(comparison(&report, "c", Source::Backward, Precision::F64).agreed, 1);
}

#[test]
fn a_fault_at_the_given_point_is_an_error_with_its_place() {
    let mut net = elementwise(|_, x, a| Op::Div(x, a));
    net.values = values(&net, &[("x", &["1", "2", "3"]), ("a", &["0"])]);
    let error = check(&net, &Options::default()).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Domain, "division by zero at the given point")
    );
    assert!(error.span().is_some());
}

#[test]
fn drawn_points_avoid_where_the_network_is_not_defined() {
    let ln = elementwise(|_, x, _| Op::Call(Function::Ln, x));
    let report = check(&ln, &Options { seed: 5, trials: Some(4) }).unwrap();
    assert!(report.agrees());
    assert_eq!((report.points.len(), report.seed), (4, Some(5)));
    assert!(report.points.iter().any(|p| p.redrawn > 0));
    assert_eq!(report.points[0].drawn, ["x", "a"]);
    let x = ln.find("x").unwrap();
    for point in &report.points {
        assert!(point.values[&x].iter().all(|q| !q.is_negative() && !q.is_zero()));
        assert_eq!(point.arithmetic, Arithmetic::Prime);
        assert_eq!(
            point.inexact.as_deref(),
            Some("ln has no exact rational value at the given point")
        );
    }

    // √(−1 − x²) is defined nowhere.
    let nowhere = elementwise(|s, x, _| {
        let square = s.op(Op::Mul(vec![x, x]), Shape::new([3]));
        let below = s.op(Op::Neg(square), Shape::new([3]));
        let one = s.number("1");
        let below = s.op(Op::Sub(below, one), Shape::new([3]));
        Op::Call(Function::Sqrt, below)
    });
    let error = check(&nowhere, &Options::default()).unwrap_err();
    assert_eq!(error.kind(), Kind::Domain);
    assert_eq!(error.message(), "sqrt is not defined at the given point");
    assert_eq!(error.hints(), ["60 random points were tried; give values: `given x = …`"]);
}

#[test]
fn a_report_is_a_function_of_the_seed() {
    let run = |seed| check(&article(), &Options { seed, trials: Some(2) }).unwrap();
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).points[0].values, run(2).points[0].values);
    // Part of the values given: only the others are drawn.
    let net = with(article(), &[("i", &IMAGE), ("t", &["1"])]);
    let report = check(&net, &Options::default()).unwrap();
    assert_eq!(report.points[0].drawn, ["w", "w_fc"]);
    assert_eq!(report.points[0].values[&net.find("i").unwrap()], rationals(&IMAGE));
}

#[test]
fn options_and_networks_without_sense_are_refused() {
    for trials in [0, MAX_TRIALS + 1] {
        let error = check(&article(), &Options { seed: 1, trials: Some(trials) }).unwrap_err();
        assert_eq!(error.kind(), Kind::Limit);
    }
    let net = sum(|s| vec![s.leaf("x", Role::Input, &[])]);
    let error = check(&net, &Options::default()).unwrap_err();
    assert_eq!(error.kind(), Kind::Value);
    assert!(error.message().contains("no `param` is declared"));
}

#[test]
fn a_parameter_that_the_loss_does_not_contain_has_the_gradient_0() {
    let net = sum(|s| {
        s.leaf("unused", Role::Param, &[2]);
        vec![s.leaf("x", Role::Param, &[])]
    });
    let report = check(&net, &Options::default()).unwrap();
    assert!(report.agrees());
    for c in &parameter(&report, "unused").comparisons {
        assert_eq!(c.agreed, 6, "{c:?}");
    }
}

#[test]
fn what_is_sampled_is_said() {
    let net = sum(|s| {
        let x = s.leaf("x", Role::Param, &[40, 50]);
        let square = s.op(Op::Mul(vec![x, x]), Shape::new([40, 50]));
        vec![s.sum(square)]
    });
    let report = check(&net, &Options { seed: 1, trials: Some(1) }).unwrap();
    assert!(report.agrees());
    let at = |source| comparison(&report, "x", source, Precision::Exact);
    assert_eq!(at(Source::Backward).unsampled, 0);
    let dual = at(Source::Dual);
    assert_eq!((dual.agreed, dual.unsampled), (MAX_DUAL, 2000 - MAX_DUAL));
    let differences = at(Source::Differences);
    assert_eq!(differences.agreed, MAX_DIFFERENCES);
    assert_eq!(differences.unsampled, 2000 - MAX_DIFFERENCES);
}

#[test]
fn long_chains_and_wide_maxima_cost_what_they_are_worth() {
    // 2 000 factors in a row, one after the other, and a max over 2 000 cells.
    let net = sum(|s| {
        let (x, w) = (s.leaf("x", Role::Param, &[]), s.leaf("w", Role::Param, &[2_000]));
        let mut last = x;
        for _ in 0..2_000 {
            last = s.scalar(Op::Mul(vec![last, x]));
        }
        vec![last, s.max(w)]
    });
    let net = with(net, &[("x", &["-1"])]);
    let report = check(&net, &Options { seed: 1, trials: Some(1) }).unwrap();
    assert!(report.agrees(), "{:?}", report.parameters[0]);

    let net = sum(|s| {
        let x = s.leaf("x", Role::Param, &[]);
        vec![s.scalar(Op::Mul(vec![x; 10_000]))]
    });
    // Formulas of 10 000 products of as many factors are not asked.
    let report = check(&net, &Options::default()).unwrap();
    assert!(report.agrees() && report.points[0].notes[0].contains("factors"), "{report:?}");
}
