//! A wrong symbolic gradient is found, whatever the operation, by every source that judges it.

use super::super::symbolic::Symbolic;
use super::super::values::convert;
use super::*;
use crate::expr::{ExprId, Graph};
use crate::net::Window;

/// A mistake in one cell of a gradient; given the right expressions of all cells.
type Mistake = (&'static str, fn(&mut Graph, &[ExprId], usize) -> ExprId);

const MISTAKES: [Mistake; 5] = [
    ("negated", |g, cells, n| g.neg(cells[n])),
    ("doubled", |g, cells, n| g.add([cells[n], cells[n]])),
    ("lost", |g, _, _| g.integer(0)),
    ("another cell's", |_, cells, n| cells[(n + 1) % cells.len()]),
    ("off by 1/1000", |g, cells, n| {
        let thousandth = g.number(&Rational::new(1, 1000).unwrap());
        g.add([cells[n], thousandth])
    }),
];

/// E = (Σ f(x, a))², so that the gradients differ from cell to cell and from point to point.
fn network(name: &str, f: impl Fn(&mut Sketch, NodeId, NodeId) -> NodeId) -> (String, Network) {
    let mut s = Sketch::default();
    let (x, a) = (s.leaf("x", Role::Param, &[3]), s.leaf("a", Role::Param, &[]));
    let y = f(&mut s, x, a);
    let weighted = if s.shape(y).is_scalar() {
        y
    } else {
        let sum = s.sum(y);
        let first = s.scalar(Op::Element(y, vec![0; s.shape(y).rank()]));
        s.scalar(Op::Add(vec![sum, first]))
    };
    let (two, product) = (s.number("2"), s.scalar(Op::Mul(vec![weighted, a])));
    let square = s.scalar(Op::Pow(product, two));
    let net = s.finish(square);
    let net = with(net, &[("x", &["3/2", "5/4", "3/4"]), ("a", &["7/4"])]);
    (name.to_string(), net)
}

fn elementwise_of(name: &str, op: impl Fn(&mut Sketch, NodeId, NodeId) -> Op) -> (String, Network) {
    network(name, |s, x, a| {
        let op = op(s, x, a);
        s.op(op, Shape::new([3]))
    })
}

fn every_operation() -> Vec<(String, Network)> {
    let power = |text: &'static str| {
        elementwise_of(&format!("x^{text}"), move |s, x, _| Op::Pow(x, s.number(text)))
    };
    let mut all = vec![
        elementwise_of("neg", |_, x, _| Op::Neg(x)),
        elementwise_of("add", |_, x, a| Op::Add(vec![x, a, x])),
        elementwise_of("x − a", |_, x, a| Op::Sub(x, a)),
        elementwise_of("a − x", |_, x, a| Op::Sub(a, x)),
        elementwise_of("mul", |_, x, a| Op::Mul(vec![x, a, x])),
        elementwise_of("x / a", |_, x, a| Op::Div(x, a)),
        elementwise_of("a / x", |_, x, a| Op::Div(a, x)),
        power("3"),
        power("-2"),
        power("1/2"),
        elementwise_of("x^a", |_, x, a| Op::Pow(x, a)),
        elementwise_of("a^x", |_, x, a| Op::Pow(a, x)),
        network("max(x)", |s, x, _| s.max(x)),
        network("max(a, x)", |s, x, a| {
            let last = s.scalar(Op::Element(x, vec![2]));
            s.scalar(Op::MaxOf(vec![last, a]))
        }),
        network("sum", |s, x, _| s.sum(x)),
        network("element", |s, x, _| s.scalar(Op::Element(x, vec![1]))),
        network("define", |s, x, _| s.define("d", x)),
    ];
    for f in Function::ALL {
        all.push(elementwise_of(f.name(), move |_, x, _| Op::Call(f, x)));
    }
    for flip in [false, true] {
        let mut s = Sketch::default();
        let image = s.leaf("x", Role::Param, &[3, 3]);
        let kernel = s.leaf("a", Role::Param, &[2, 2]);
        let y = s.conv(
            image,
            kernel,
            Window { stride: vec![2, 1], padding: vec![[1, 1], [0, 0]], flip, ..Window::plain(2) },
        );
        let square = s.op(Op::Mul(vec![y, y]), s.shape(y).clone());
        let sum = s.sum(square);
        let pixels = ["1", "2", "-1", "1/2", "3", "4", "1/3", "-2", "5"];
        let net = with(s.finish(sum), &[("x", &pixels), ("a", &["1", "-1/2", "2", "3"])]);
        all.push((format!("conv {flip}"), net));
    }
    all
}

#[test]
fn every_mistake_in_every_operation_is_found() {
    let mut found = 0;
    for (name, net) in every_operation() {
        let by: Vec<_> = net.params().collect();
        let options = Options::default();
        let right = Symbolic::new(&net, &by, true).unwrap();
        let report = check_symbolic(&net, &right, &options).unwrap();
        assert!(report.agrees(), "{name}: {report:?}");
        let reals = convert::<f64>(&net, net.values()).unwrap();
        let made = right.decide(&net, &reals).unwrap();
        for (k, (words, mistake)) in (0..by.len()).flat_map(|k| MISTAKES.map(|m| (k, m))) {
            let mut wrong = Symbolic::new(&net, &by, true).unwrap();
            let cells = wrong.gradients[k].clone();
            wrong.gradients[k][0] = mistake(&mut wrong.lowered.graph, &cells, 0);
            let [a, b] = [&right, &wrong].map(|s| s.evaluate(&net, &reals, &made)[k].clone());
            if (a.unwrap()[0] - b.unwrap()[0]).abs() < 1e-6 {
                continue;
            }
            found += 1;
            let report = check_symbolic(&net, &wrong, &options).unwrap();
            assert!(!report.agrees(), "{name}, {words}: {report:?}");
            let parameter = &report.parameters[k];
            assert_eq!(parameter.verdict(), Verdict::Differ, "{name}, {words}");
            let exact = report.points[0].arithmetic == Arithmetic::Rational;
            for c in &parameter.comparisons {
                let judged =
                    c.source != Source::Differences || c.precision == Precision::F64 || exact;
                if !judged {
                    continue;
                }
                assert_eq!(c.differing, 1, "{name}, {words}: {c:?}");
                let mismatch = &c.mismatches[0];
                assert_eq!(mismatch.cell.index, net.shape(by[k]).index(0));
                assert_eq!(mismatch.cell.name, parameter.name);
            }
            let others = report.parameters.iter().enumerate().filter(|(other, _)| *other != k);
            assert!(others.map(|(_, p)| p.verdict()).all(|v| v == Verdict::Agree));
        }
    }
    assert!(found > 200, "{found}");
}

#[test]
fn the_backward_pass_and_the_values_of_a_mismatch_are_shown() {
    // E = (w·x)²/2 at w = 3, x = 2: the gradient 12, here doubled.
    let mut s = Sketch::default();
    let (w, x) = (s.leaf("w", Role::Param, &[]), s.leaf("x", Role::Input, &[]));
    let product = s.scalar(Op::Mul(vec![w, x]));
    let two = s.number("2");
    let square = s.scalar(Op::Pow(product, two));
    let half = s.scalar(Op::Div(square, two));
    let net = with(s.finish(half), &[("w", &["3"]), ("x", &["2"])]);
    let by: Vec<_> = net.params().collect();
    let mut symbolic = Symbolic::new(&net, &by, true).unwrap();
    let right = symbolic.gradients[0][0];
    symbolic.gradients[0][0] = symbolic.lowered.graph.add([right, right]);
    let report = check_symbolic(&net, &symbolic, &Options::default()).unwrap();
    let exact = comparison(&report, "w", Source::Backward, Precision::Exact);
    let mismatch = &exact.mismatches[0];
    assert_eq!(mismatch.cell.to_string(), "w");
    assert_eq!(mismatch.symbolic, Number::Rational(Rational::from(24)));
    assert_eq!(mismatch.other, Number::Rational(Rational::from(12)));
    let rounded = comparison(&report, "w", Source::Differences, Precision::F64);
    let mismatch = &rounded.mismatches[0];
    assert_eq!(mismatch.exact, Some(Rational::from(24)));
    assert!(matches!(mismatch.other, Number::F64(x) if (x - 12.0).abs() < 1e-9), "{mismatch:?}");
}
