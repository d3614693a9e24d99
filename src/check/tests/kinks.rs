//! What is said of supplied numbers at a kink and near one: whose choice they are, and whether
//! they are anybody's.

use super::*;
use crate::concrete::{self, Decide};

/// The report on numbers for some quantities of a network, and who they are said to come from.
fn told(text: &str, theirs: &[(&str, &[f64])], format: Format, from: Option<Framework>) -> Report {
    let net = parse_network(text).unwrap();
    let gradient = |(name, numbers): &(&str, &[f64])| {
        (net.find(name).unwrap(), Theirs { numbers: numbers.to_vec(), format })
    };
    let gradients = theirs.iter().map(gradient).collect();
    check_supplied(&net, net.values(), &Supplied { gradients, from, ..Supplied::default() })
        .unwrap()
}

/// What is said of one number for the weight w.
fn of_w(text: &str, number: f64) -> (Verdict, Option<AtKinks>) {
    let report = told(text, &[("w", &[number])], Format::F64, None);
    (parameter(&report, "w").verdict(), parameter(&report, "w").at_kinks.clone())
}

#[test]
fn at_a_tie_each_choice_is_named_with_those_who_make_it() {
    use Framework::{Burn, Candle, Jax, TensorFlow, Torch};
    let text = "param w\nE = 3*max(w, 0)\ngiven w = 0";
    type Row = (f64, bool, Choice, &'static [Framework]);
    let rows: [Row; 5] = [
        (3.0, true, Choice::Ours, &[TensorFlow, Burn]),
        (1.5, true, Choice::Another, &[Torch, Jax, Candle]),
        (0.0, true, Choice::Another, &[]),
        (1.0, true, Choice::Another, &[]),
        (4.0, false, Choice::Outside, &[]),
    ];
    for (number, agrees, choice, frameworks) in rows {
        let (verdict, kinks) = of_w(text, number);
        let kinks = kinks.unwrap();
        assert_eq!(verdict, if agrees { Verdict::Agree } else { Verdict::Differ }, "{number}");
        assert_eq!((kinks.choice, &*kinks.frameworks), (choice, frameworks), "{number}");
        assert_eq!(kinks.rules.is_empty(), frameworks.is_empty(), "{number}");
    }
}

#[test]
fn what_every_framework_does_is_not_worth_a_word() {
    // But for candle, whose ReLU has the slope 1 at 0.
    let (verdict, kinks) = of_w("param w\nE = relu(w)\ngiven w = 0", 0.0);
    assert_eq!(verdict, Verdict::Agree);
    assert_eq!(kinks.unwrap().frameworks.len(), Framework::ALL.len() - 1);
    // A max of three that tie at the greatest is nobody's pair, so only those who take the first
    // are known, and they do as the formula does.
    let (verdict, kinks) = of_w("param w\nE = max(w, 0, -w)\ngiven w = 0", 1.0);
    assert_eq!((verdict, kinks), (Verdict::Agree, None));
}

#[test]
fn another_choice_than_that_of_the_framework_they_come_from_is_said() {
    let text = "param w\nE = max(w, 0)\ngiven w = 0";
    let unexpected = |number: f64, from| {
        let report = told(text, &[("w", &[number])], Format::F64, from);
        parameter(&report, "w").at_kinks.as_ref().unwrap().unexpected
    };
    assert_eq!(unexpected(1.0, Some(Framework::Jax)), Some(Framework::Jax));
    assert_eq!(unexpected(0.5, Some(Framework::Jax)), None);
    assert_eq!(unexpected(1.0, Some(Framework::Burn)), None);
    assert_eq!(unexpected(0.5, None), None);
    // What is wrong is not what anybody was expected to give.
    assert_eq!(unexpected(2.0, Some(Framework::Jax)), None);
}

#[test]
fn where_all_patterns_agree_the_derivative_exists() {
    let text = "param w\nE = max(w, 0) + ln(1 + exp(-abs(w)))\ngiven w = 0";
    assert_eq!(of_w(text, 0.5).0, Verdict::Agree);
    for wrong in [0.0, 0.25, 1.0] {
        let (verdict, kinks) = of_w(text, wrong);
        assert_eq!((verdict, kinks.unwrap().choice), (Verdict::Differ, Choice::Smooth), "{wrong}");
    }
    // A kink behind a factor of 0 is none for the gradient.
    let text = "input v\nparam w\nE = v*max(w, 0) + 2*w\ngiven v = 0, w = 0";
    assert_eq!(of_w(text, 2.0), (Verdict::Agree, None));
    assert_eq!(of_w(text, 2.5), (Verdict::Differ, None));
}

/// The slope of a step is 0 beside it and nothing at it, unless two pieces meet there.
#[test]
fn a_step_is_a_choice_only_where_it_joins_two_pieces() {
    let by_factor = |text: &str, number: f64| {
        let report = told(text, &[("b", &[number])], Format::F64, None);
        (parameter(&report, "b").verdict(), parameter(&report, "b").at_kinks.is_some())
    };
    let jump = "input w\nparam b\nE = step(w)*b\ngiven w = 0, b = 3";
    assert_eq!(by_factor(jump, 0.0), (Verdict::Agree, false));
    assert_eq!(by_factor(jump, 1.0), (Verdict::Differ, false));
    // s·w + (1 − s)·b with one and the same s, and the same with 2 for 1, at w = b = 0.
    let pair = |one: &str, by_w: f64, by_b: f64| {
        let mut s = Sketch::default();
        let (w, b) = (s.leaf("w", Role::Param, &[]), s.leaf("b", Role::Param, &[]));
        let step = s.scalar(Op::Call(Function::Step, w));
        let one = s.number(one);
        let rest = s.scalar(Op::Sub(one, step));
        let (above, below) = (s.scalar(Op::Mul(vec![step, w])), s.scalar(Op::Mul(vec![rest, b])));
        let sum = s.scalar(Op::Add(vec![above, below]));
        let net = with(s.finish(sum), &[("w", &["0"]), ("b", &["0"])]);
        in_format(&net, &[("w", &[by_w]), ("b", &[by_b])], Format::F64).agrees()
    };
    assert!(pair("1", 0.0, 1.0) && pair("1", 1.0, 0.0));
    assert!(pair("2", 0.0, 2.0) && !pair("2", 1.0, 1.0));
}

/// candle gives each of n tied cells of a window of m the share n/m, which is too much in all.
#[test]
fn shares_that_a_framework_gives_are_named_also_where_they_are_wrong() {
    let text = "param x[1, 2, 2]\nE = sum(maxpool(x, window: 2))\ngiven x = [[[1, 1], [1, 0]]]";
    let of = |numbers: [f64; 4]| {
        let report = told(text, &[("x", &numbers)], Format::F64, None);
        let x = parameter(&report, "x");
        (x.verdict(), x.at_kinks.clone().unwrap())
    };
    let (verdict, kinks) = of([0.75, 0.75, 0.75, 0.0]);
    assert_eq!((verdict, kinks.choice), (Verdict::Differ, Choice::Outside));
    assert_eq!(kinks.frameworks, [Framework::Candle]);
    let third = 1.0 / 3.0;
    let (verdict, kinks) = of([third, third, third, 0.0]);
    assert_eq!((verdict, kinks.choice), (Verdict::Agree, Choice::Another));
    assert_eq!(kinks.frameworks, []);
}

/// Six units of f32 that lie on one side of their kinks, which f32 does not see: what remains of
/// the product is half of the last place. The first is nearest.
fn near() -> String {
    let (near, all) = ("1.0001220703125", "1.000244140625");
    let sum = |x: &str, last: &str| format!("{x}, {last}");
    // (1 + 2⁻¹²)(1 + 2⁻¹³) = 1 + 2⁻¹² + 2⁻¹³ + 2⁻²⁵, and (1 + 2⁻¹²)² = 1 + 2⁻¹¹ + 2⁻²⁴.
    let x = format!("{near}, {}", [all; 5].join(", "));
    let c = sum("1.0003662109375", &["1.00048828125"; 5].join(", "));
    format!(
        "input x[6], c[6], v[6]\nparam a\nz = a*x - c\nE = sum(v*relu(z))\n\
         given a = {all}, x = [{x}], c = [{c}], v = [32, 1, 2, 4, 8, 16]"
    )
}

#[test]
fn near_a_kink_the_other_side_of_a_unit_is_found() {
    let exact = [1.0001220703125 * 32.0, 1.000244140625 * 31.0];
    let of = |number: f64| {
        let report = told(&near(), &[("a", &[number])], Format::F32, None);
        let a = parameter(&report, "a");
        (a.verdict(), a.at_kinks.as_ref().map(|kinks| kinks.choice))
    };
    assert_eq!(of(exact[0] + exact[1]), (Verdict::Agree, None));
    // The first on its other side, and all of them.
    assert_eq!(of(exact[1]), (Verdict::Agree, Some(Choice::OtherSide)));
    assert_eq!(of(0.0), (Verdict::Agree, Some(Choice::OtherSide)));
    // What no slope between those of the sides gives is wrong, though not every pattern was tried;
    // what lies between is not said to be right.
    assert_eq!(of(200.0).0, Verdict::Differ);
    assert!(matches!(of(exact[0] * 0.3 + 1.7).0, Verdict::NotJudged(_)));
}

/// Rounding may also have led right onto the kink, where a program divides the gradient.
#[test]
fn near_a_kink_what_lies_between_its_sides_is_right() {
    let text = "input x, c\nparam a\nE = 8*relu(a*x - c)\n\
                given a = 1.000244140625, x = 1.000244140625, c = 1.00048828125";
    let of = |part: f64| {
        let report = told(text, &[("a", &[8.001953125 * part])], Format::F32, None);
        let a = parameter(&report, "a");
        (a.verdict(), a.at_kinks.as_ref().map(|kinks| kinks.choice))
    };
    assert_eq!(of(1.0), (Verdict::Agree, None));
    assert_eq!(of(0.0), (Verdict::Agree, Some(Choice::OtherSide)));
    assert_eq!(of(0.5), (Verdict::Agree, Some(Choice::OtherSide)));
    assert_eq!(of(1.5).0, Verdict::Differ);
    assert_eq!(of(-0.5).0, Verdict::Differ);
}

/// Two numbers that differ in the fortieth decimal are told apart where their values say so.
#[test]
fn a_decision_takes_as_many_digits_as_it_needs() {
    let text = "param a, b\nE = max(exp(a), exp(b))\n\
                given a = 1, b = 1.0000000000000000000000000000000000000001";
    let e = std::f64::consts::E;
    let report = told(text, &[("a", &[0.0]), ("b", &[e])], Format::F64, None);
    assert!(report.agrees(), "{report:?}");
    assert_eq!((report.points[0].kink_count, &report.points[0].notes[..]), (0, &[][..]));
    assert_eq!(parameter(&report, "b").at_kinks, None);
    // What `f64` makes of it is excused, and not taken for a tie.
    let report = told(text, &[("a", &[e]), ("b", &[0.0])], Format::F64, None);
    assert_eq!(report.points[0].kink_count, 0);
}

/// 1/(exp(a) − exp(b)) has a value that `f64` does not see, and is known to every digit asked for.
#[test]
fn a_gradient_has_the_digits_that_its_verdict_takes() {
    let text = "input a, b\nparam w\nE = w/(exp(a) - exp(b))\n\
                given w = 1, a = 1, b = 0.9999999999999999999999999";
    let right = 3.678_794_411_714_423e24;
    let of =
        |number: f64| parameter(&told(text, &[("w", &[number])], Format::F64, None), "w").verdict();
    assert_eq!(of(right), Verdict::Agree);
    // Without a pass in `f64` nothing more is said.
    assert!(matches!(of(right * (1.0 + 1e-10)), Verdict::NotJudged(_)));
    assert!(matches!(of(right * 2.0), Verdict::NotJudged(_)));
}

/// The scores of a softmax are shifted by the greatest of them, whatever their size.
#[test]
fn a_softmax_of_large_scores_is_judged() {
    let text = "input r[2, 2]\nparam z[2, 2]\nE = sum(r*softmax(z))\n\
                given r = [[1, 3], [2, -2]], z = [[1000, 1000], [-2000, -1998]]";
    let p = 1.0 / (1.0 + libm::exp(2.0));
    let slope = p * (1.0 - p) * 4.0;
    let right = [-0.5, 0.5, slope, -slope];
    let report = told(text, &[("z", &right)], Format::F64, None);
    assert!(report.agrees(), "{report:?}");
    // The shifts are nobody's values.
    let net = parse_network(text).unwrap();
    let known: Vec<_> = report.points[0].values.keys().copied().collect();
    assert_eq!(known, ["r", "z"].map(|name| net.find(name).unwrap()));
    let report = told(text, &[("z", &[-0.5, 0.5, slope, slope])], Format::F64, None);
    assert!(!report.agrees());
}

/// A network past some size is not written out in scalars, and is judged all the same.
#[test]
fn a_large_network_is_judged_by_its_tensors() {
    let text = "input x[40, 64]\nparam W[64, 64]\nE = sum((x @ W)^2)";
    let mut net = parse_network(text).unwrap();
    for (name, count) in [("x", 40 * 64), ("W", 64 * 64)] {
        let number = |n: usize| Rational::new((n * n % 17) as i64 - 8, 8).unwrap();
        net.values.insert(net.find(name).unwrap(), (0..count).map(number).collect());
    }
    let w = net.find("W").unwrap();
    let values = concrete::given::<f64>(&net).unwrap();
    let run = concrete::forward(&net, &values, Decide::ByValue).unwrap();
    let numbers = concrete::backward(&net, &run, &[w]).unwrap().of(w).unwrap().to_vec();
    let report = check_gradients(&net, net.values(), &[(w, numbers)].into()).unwrap();
    assert!(report.agrees());
    let point = &report.points[0];
    assert_eq!(point.arithmetic, Arithmetic::None);
    assert!(point.inexact.as_ref().unwrap().contains("too large to be written out in scalars"));
}

/// Beside a kink with a jump of the gradient a hundred million times as great as the gradient on
/// either side, what lies outside of both sides is as wrong as elsewhere.
#[test]
fn a_great_jump_at_a_kink_hides_nothing() {
    // ∂E/∂w₀ is h − t on the one side of the kink of 0.3 − w₀·3 at w₀ = 0.1, and on the other
    // −3·v·(h − t) more.
    for v in ["1.3", "1000", "100000000"] {
        let text = format!(
            "input x[2]\nparam w[2], v\ntarget t[2]\nh = v*relu(3/10 - w*x) + w\nE = mse(h, t)\n\
             given x = [3, 2], w = [1/10, 9/10], v = {v}, t = [1/2, 1/5]"
        );
        let net = parse_network(&text).unwrap();
        let w = net.find("w").unwrap();
        for error in [0.0, 1e-9, 1e-4, 0.5] {
            let right = [-0.4, 0.7];
            let theirs = vec![right[0] * (1.0 + error), right[1]];
            let report = check_gradients(&net, net.values(), &[(w, theirs)].into()).unwrap();
            // A mixture of the sides is known to the digits of `f64` beside the jump, and says so.
            let noticed = report.parameters[0].noticed.unwrap().element;
            let hidden = error * 0.4 / 0.7 <= noticed;
            assert_eq!(report.agrees(), hidden, "v = {v}, off by {error}: {report:?}");
            assert!(noticed < 1e-5, "{noticed}");
        }
    }
}

/// Two of a row tie in `f32` and not exactly, and the program shared the gradient: the gradient by
/// V, which is 0 but for rounding, cannot be judged, and does not keep the others from agreeing.
#[test]
fn a_tie_of_the_format_is_seen_beside_what_cannot_be_judged() {
    let text = "input x\nparam a, b, v\ntarget t\ny = max(a*x, b*x)\nE = (y - t)^2 + 1e-30*v\n\
                given x = 1, a = 1, b = 1.00000000001, v = 1, t = 0";
    let net = parse_network(text).unwrap();
    let of = |name: &str, x: f64| {
        (net.find(name).unwrap(), Theirs { numbers: vec![x], format: Format::F32 })
    };
    let shared = [of("a", 1.0), of("b", 1.0)];
    let supplied = Supplied { gradients: shared.into(), ..Supplied::default() };
    let report = check_supplied(&net, net.values(), &supplied).unwrap();
    assert!(report.agrees(), "{report:?}");
    let alone = [of("a", 3.0), of("b", 1.0)];
    let supplied = Supplied { gradients: alone.into(), ..Supplied::default() };
    let report = check_supplied(&net, net.values(), &supplied).unwrap();
    assert!(report.parameters.iter().any(|p| p.verdict() == Verdict::Differ), "{report:?}");
}

/// Of more units at their kink than patterns can be tried, what no slope between those of the sides
/// gives is wrong; what lies between is not judged; and what the conventions give agrees.
#[test]
fn beside_many_units_at_their_kink_what_no_choice_gives_differs() {
    let text = "input x[2, 3]\nparam w[3, 30], b[30], v[30]\ntarget t[2]\n\
                h = relu(x @ w + b)\ny = h @ v\nE = half_squared_error(y, t)";
    let mut net = parse_network(text).unwrap();
    let mut give = |name: &str, of: &dyn Fn(usize) -> i64| {
        let id = net.find(name).unwrap();
        let all = 0..net.shape(id).elements();
        net.values.insert(id, all.map(|n| Rational::new(of(n), 8).unwrap()).collect());
    };
    // The first row is empty, as padding is, and the biases start from 0.
    give("x", &|n| if n < 3 { 0 } else { 2 * n as i64 - 7 });
    give("w", &|n| (n * n % 17) as i64 - 8);
    give("b", &|_| 0);
    give("v", &|n| (n % 7) as i64 - 3);
    give("t", &|n| 3 - 5 * n as i64);
    let ids = ["w", "b", "v"].map(|name| net.find(name).unwrap());
    let values = concrete::given::<f64>(&net).unwrap();
    let run = concrete::forward(&net, &values, Decide::ByValue).unwrap();
    assert!(run.kinks().len() >= 30);
    let gradients = |slope: f64| -> Vec<Vec<f64>> {
        let shares = run.kinks().iter().map(|k| ((k.node, k.element), vec![(0, slope)])).collect();
        let all = concrete::backward_with(&net, &run, &ids, &shares).unwrap();
        ids.iter().map(|id| all.of(*id).unwrap().to_vec()).collect()
    };
    let verdict = |all: &[Vec<f64>], k: usize| {
        let numbers = ids.iter().copied().zip(all.iter().cloned()).collect();
        let report = check_gradients(&net, net.values(), &numbers).unwrap();
        report.parameters[k].verdict()
    };
    let mut tried = 0;
    let right = gradients(0.0);
    for k in 0..3 {
        assert_eq!(verdict(&right, k), Verdict::Agree);
        let place = (0..right[k].len()).rev().find(|n| right[k][*n] != 0.0).unwrap();
        for wrong in [-1.0, 0.9, 3.0] {
            let mut all = right.clone();
            all[k][place] *= wrong;
            // Each element goes straight from what slope 0 gives to what slope 1 gives.
            let [low, high] = [0.0, 1.0].map(|slope| gradients(slope)[k][place]);
            let inside = (low.min(high)..=low.max(high)).contains(&all[k][place]);
            tried += usize::from(!inside);
            let differs = verdict(&all, k) == Verdict::Differ;
            assert_eq!(differs, !inside, "{k} {wrong}");
        }
    }
    assert!(tried > 5, "{tried}");
    // Between them, one unit like this and the next like that.
    let (mut mixed, one) = (gradients(0.0), gradients(1.0));
    for n in (0..30).step_by(2) {
        mixed[1][n] = 0.7 * one[1][n] + 0.3 * mixed[1][n];
    }
    assert!(matches!(verdict(&mixed, 1), Verdict::NotJudged(_)));
}

/// The residue of a sum that cancels is within what rounding does, also where the gradient is 0
/// whatever the slopes at the kinks are.
#[test]
fn a_residue_beside_many_kinks_is_no_error() {
    let text = "input x\nparam b[6], v[2, 6], a[2]\ntarget t[2]\nh = relu(x + b)\n\
                E = cross_entropy(v @ h + a, t)\ngiven x = 1, b = [-1, -1, -1, -1, -1, -1], \
                v = [[0.375, -0.5, 0.75, 0.25, -1, 0.625], [0.375, 0.5, -0.75, -0.25, 1, -0.625]], \
                a = [0.25, -0.5], t = [1, 0]";
    let q = 1.0 / (1.0 + libm::exp(0.75));
    let of = |first: f64, times: f64| {
        let mut b = [0.0, 0.5, -0.75, -0.25, 1.0, -0.625].map(|v| v * q * times);
        b[0] = first;
        let report =
            told(text, &[("b", &b), ("v", &[0.0; 12]), ("a", &[-q, q])], Format::F64, None);
        parameter(&report, "b").verdict()
    };
    for first in [0.0, 1e-18, -3.5e-18] {
        assert!(matches!(of(first, 1.0), Verdict::NotJudged(_)), "{:?}", of(first, 1.0));
        assert_eq!(of(first, 2.0), Verdict::Agree);
    }
    assert_eq!(of(1e-6, 1.0), Verdict::Differ);
    assert_eq!(of(0.0, 2.1), Verdict::Differ);
}

/// Of three cells whose values no `f64` tells apart, a program may share the gradient as it likes.
#[test]
fn three_cells_may_tie_in_the_format() {
    for [second, third, fourth] in [[0, 57, 0], [57, 57, 0], [0, 57, 56]] {
        let small = |power: i32| {
            if power == 0 { "0".to_string() } else { format!("1/{}", 1u64 << power) }
        };
        let q = [second, third, fourth].map(small).join(", ");
        let text = format!(
            "input x[3], q[3]\nparam b[3]\ntarget t\nc = x + q + b\nE = (t - max(c))^2/2\n\
             given x = [1, 1, 1], b = [1, 1, 1], t = 1, q = [{q}]"
        );
        let third = 1.0 / 3.0;
        for b in [
            [1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [0.0, 0.0, 1.0],
            [0.5, 0.5, 0.0],
            [third, third, third],
            [0.25, 0.25, 0.5],
        ] {
            let report = told(&text, &[("b", &b)], Format::F64, None);
            let verdict = parameter(&report, "b").verdict();
            assert_ne!(verdict, Verdict::Differ, "{q}: {b:?}");
        }
        let report = told(&text, &[("b", &[1.1, 0.0, 0.0])], Format::F64, None);
        assert_eq!(parameter(&report, "b").verdict(), Verdict::Differ, "{q}");
    }
}

/// Near a kink, what some side gives is not refuted because another gradient is wrong.
#[test]
fn near_a_kink_a_wrong_gradient_refutes_no_other() {
    let text = "input x, q\nparam b, v, a\ntarget t\nz = (x + q) + b\nh = leaky_relu(z)\n\
                y = v*h + a\nE = (t - y)^2/2\n\
                given x = 1, q = 1/144115188075855872, b = -1, v = 1/2, a = 1/2, t = 2";
    for (da, wrong) in [(-1.5, false), (-1.515, true)] {
        for db in [-0.0075, -0.75] {
            let all: [(&str, &[f64]); 3] = [("b", &[db]), ("v", &[0.0]), ("a", &[da])];
            let report = told(text, &all, Format::F64, None);
            assert_ne!(parameter(&report, "b").verdict(), Verdict::Differ, "{da} {db}");
            assert_eq!(parameter(&report, "a").verdict() == Verdict::Differ, wrong);
        }
        let all: [(&str, &[f64]); 3] = [("b", &[-0.8]), ("v", &[0.0]), ("a", &[da])];
        let report = told(text, &all, Format::F64, None);
        assert_eq!(parameter(&report, "b").verdict(), Verdict::Differ, "{da}");
    }
}

/// Where two tie, their shares sum to 1, and other shares are wrong.
#[test]
fn shares_of_a_tie_that_sum_past_one_differ() {
    let text = "input x[2]\nparam b[2], u[2]\ntarget t\nc = u*x + b\nm = max(c)\nE = (t - m)^2/2\n\
                given x = [1/2, 1], u = [1, 1], b = [3/2, 1], t = 1";
    let of = |b: [f64; 2]| {
        let u = [b[0] * 0.5, b[1]];
        let report = told(text, &[("b", &b), ("u", &u)], Format::F64, None);
        [parameter(&report, "b").verdict(), parameter(&report, "u").verdict()]
    };
    for right in [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.25, 0.75]] {
        assert_eq!(of(right), [Verdict::Agree, Verdict::Agree], "{right:?}");
    }
    for wrong in [[0.65, 0.65], [1.0, 1.0], [1.4, -0.4], [0.3, 0.3]] {
        assert_eq!(of(wrong), [Verdict::Differ, Verdict::Differ], "{wrong:?}");
    }
}

/// The piece of an ELU that is not taken rounds nothing, however large it would be.
#[test]
fn far_up_an_elu_is_judged_like_a_relu() {
    for (w, t) in [(20, 19), (60, 59)] {
        let text = format!(
            "input x\nparam w\ntarget t\nE = (t - elu(w*x))^2/2\ngiven x = 1, w = {w}, t = {t}"
        );
        for (format, near) in [(Format::F64, 1e-12), (Format::F32, 1e-4), (Format::Bf16, 0.5)] {
            let report = told(&text, &[("w", &[1.0])], format, None);
            assert!(report.agrees(), "{format} {w}: {report:?}");
            assert!(parameter(&report, "w").noticed.unwrap().element < near, "{format} {w}");
            let report = told(&text, &[("w", &[2.5])], format, None);
            assert_eq!(parameter(&report, "w").verdict(), Verdict::Differ, "{format} {w}");
        }
    }
}

/// Functions of two pieces have slopes between those of the pieces, however many lie at the kink.
#[test]
fn beyond_both_pieces_of_many_units_numbers_differ() {
    for (function, low) in [("leaky_relu", 0.01), ("elu", 2.0)] {
        let call = if function == "elu" { "elu(x + b, alpha: 2)" } else { "leaky_relu(x + b)" };
        let b = ["-1"; 8].join(", ");
        let v: Vec<String> = (1..9).map(|n| format!("{n}/8")).collect();
        let text = format!(
            "input x\nparam b[8], v[8]\ntarget t\nh = {call}\ny = sum(v*h)\nE = (t - y)^2/2\n\
             given x = 1, t = 1, b = [{b}], v = [{}]",
            v.join(", ")
        );
        let of = |slopes: &[f64]| {
            let db: Vec<f64> = (0..8).map(|n| -(n as f64 + 1.0) / 8.0 * slopes[n]).collect();
            let report = told(&text, &[("b", &db), ("v", &[0.0; 8])], Format::F64, None);
            parameter(&report, "b").verdict()
        };
        assert_eq!(of(&[low; 8]), Verdict::Agree, "{function}");
        let mut slopes = [low; 8];
        slopes[5] = (low + 1.0) / 2.0;
        assert!(matches!(of(&slopes), Verdict::NotJudged(_)), "{function}");
        for beyond in [-0.5, low.max(1.0) * 2.0] {
            slopes[5] = beyond;
            assert_eq!(of(&slopes), Verdict::Differ, "{function} {beyond}");
        }
    }
}

/// Near a tie, what no side touches passes by no more than beside none.
#[test]
fn near_a_tie_other_gradients_are_judged_as_closely() {
    let text = "input x[2], q[2]\nparam b[2], v\ntarget t\nc = x + q + b\ny = v*max(c)\n\
                E = (t - y)^2/2\n\
                given x = [1, 1], b = [1, 1], q = [0, 1/144115188075855872], v = 1, t = 1";
    let of = |error: f64| {
        let dv = 2.0 * (1.0 + error);
        let report = told(text, &[("b", &[0.0, 1.0]), ("v", &[dv])], Format::F64, None);
        let v = parameter(&report, "v");
        (v.verdict(), v.noticed.unwrap().element)
    };
    let (verdict, noticed) = of(0.0);
    assert_eq!(verdict, Verdict::Agree);
    for times in [1.1, 1.5, 2.0, 3.0] {
        assert_eq!(of(times * noticed).0, Verdict::Differ, "{times} times {noticed}");
    }
}
