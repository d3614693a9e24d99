//! Somebody's own numbers: right ones pass whatever the order of their sums, wrong ones are found
//! and their known causes named.

use std::collections::BTreeMap;

use super::*;
use crate::concrete::tests::sketch::article;
use crate::concrete::{self, Decide, Values};
use crate::diag::Kind;
use crate::net::QuantityId;

/// The article's network where c_10 wins: i is 0 but for i_20 = 3, i_21 = 1, i_30 = 2, i_31 = 4.
fn point(net: &Network) -> Values<Rational> {
    let mut image = vec!["0"; 16];
    (image[8], image[9], image[12], image[13]) = ("3", "1", "2", "4");
    let w = ["1", "2", "1/2", "3"];
    values(net, &[("i", &image), ("w", &w), ("w_fc", &["2"]), ("t", &["1"])])
}

/// By hand: c_10 = 3·3 + 1·(1/2) + 2·2 + 4·1 = 35/2, r_fc = 35, t − r_fc = −34,
/// ∂E/∂w_fc = (−34)(−35/2) = 595, δ = (−34)(−2) = 68, and ∂E/∂w_00 = δ·i_31 and so on.
const W_FC: [f64; 1] = [595.0];
const W: [f64; 4] = [68.0 * 4.0, 68.0 * 2.0, 68.0 * 1.0, 68.0 * 3.0];
const C: [f64; 4] = [0.0, 0.0, 68.0, 0.0];

fn compare(name: &str, numbers: &[f64]) -> Report {
    let net = article();
    let theirs = BTreeMap::from([(net.find(name).unwrap(), numbers.to_vec())]);
    check_gradients(&net, &point(&net), &theirs).unwrap()
}

#[test]
fn hand_written_gradients_of_the_article_agree() {
    for (name, numbers) in [("w", &W[..]), ("w_fc", &W_FC), ("c", &C)] {
        let report = compare(name, numbers);
        assert!(report.agrees(), "{report:?}");
        let c = comparison(&report, name, Source::Supplied, Precision::F64);
        assert_eq!((c.agreed, c.cells), (numbers.len(), numbers.len()));
        assert_eq!(parameter(&report, name).diagnosis, None);
    }
}

#[test]
fn the_first_wrong_element_comes_with_both_values_and_the_exact_one() {
    let mut wrong = W;
    wrong[2] += 1e-9;
    let report = compare("w", &wrong);
    assert!(!report.agrees());
    let c = comparison(&report, "w", Source::Supplied, Precision::F64);
    assert_eq!((c.differing, c.agreed), (1, 3));
    let mismatch = &c.mismatches[0];
    assert_eq!(mismatch.cell.to_string(), "w[1,0]");
    assert_eq!(mismatch.symbolic, Number::F64(68.0));
    assert_eq!(mismatch.other, Number::F64(68.000000001));
    assert_eq!(mismatch.exact, Some(Rational::from(68)));
    assert_eq!(parameter(&report, "w").diagnosis, None);
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(!compare("w_fc", &[bad]).agrees());
    }
}

#[test]
fn known_mistakes_are_named() {
    let quarter = || Cause::Factor(Rational::new(1, 4).unwrap());
    type Case = (Cause, fn([f64; 4]) -> [f64; 4]);
    let cases: [Case; 7] = [
        (Cause::Zero, |_| [0.0; 4]),
        (Cause::SignFlipped, |w| w.map(|x| -x)),
        (Cause::Factor(Rational::from(2)), |w| w.map(|x| 2.0 * x)),
        (Cause::Factor(Rational::new(1, 2).unwrap()), |w| w.map(|x| x / 2.0)),
        // w has 4 elements: a mean where there is a sum.
        (quarter(), |w| w.map(|x| x / 4.0)),
        (Cause::Transposed, |[a, b, c, d]| [a, c, b, d]),
        (Cause::Turned(vec![0, 1]), |[a, b, c, d]| [d, c, b, a]),
    ];
    for (cause, mistake) in cases {
        let report = compare("w", &mistake(W));
        let diagnosis = parameter(&report, "w").diagnosis.as_ref().unwrap();
        assert_eq!(diagnosis.cause, cause);
        assert!(!diagnosis.to_string().is_empty());
    }
}

#[test]
fn the_transpose_of_a_tensor_that_is_not_square() {
    // E = Σ x²/2 over x of 2×3, so that the gradient is x itself.
    let mut s = Sketch::default();
    let x = s.leaf("x", Role::Param, &[2, 3]);
    let two = s.number("2");
    let square = s.op(Op::Pow(x, two), Shape::new([2, 3]));
    let half = s.op(Op::Div(square, two), Shape::new([2, 3]));
    let sum = s.sum(half);
    let net = s.finish(sum);
    let at = values(&net, &[("x", &["1", "2", "3", "4", "5", "6"])]);
    let x = net.find("x").unwrap();
    let theirs = BTreeMap::from([(x, vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0])]);
    let report = check_gradients(&net, &at, &theirs).unwrap();
    assert_eq!(report.parameters[0].diagnosis.as_ref().unwrap().cause, Cause::Transposed);
}

#[test]
fn another_order_of_summation_is_no_mistake_and_single_precision_is() {
    // E = exp(Σ x·w) / 10: the gradient by w is x·E.
    let n = 100;
    let mut s = Sketch::default();
    let (x, w) = (s.leaf("x", Role::Input, &[n]), s.leaf("w", Role::Param, &[n]));
    let products = s.op(Op::Mul(vec![x, w]), Shape::new([n]));
    let sum = s.sum(products);
    let exp = s.scalar(Op::Call(Function::Exp, sum));
    let ten = s.number("10");
    let loss = s.scalar(Op::Div(exp, ten));
    let net = s.finish(loss);
    let [x, w] = ["x", "w"].map(|name| net.find(name).unwrap());
    let tenth = |n: i64| Rational::new(n, 10).unwrap();
    let at: Values<Rational> = BTreeMap::from([
        (x, (0..n as i64).map(|k| tenth(k * 7 % 23 - 11)).collect()),
        (w, (0..n as i64).map(|k| tenth(k * 5 % 17 - 8)).collect()),
    ]);
    let real = |id: QuantityId| at[&id].iter().map(Rational::to_f64).collect::<Vec<f64>>();
    let (xs, ws) = (real(x), real(w));
    let backwards: f64 = xs.iter().zip(&ws).rev().map(|(x, w)| x * w).sum();
    let loss = backwards.exp() * 0.1;
    let theirs: Vec<f64> = xs.iter().map(|x| loss * x).collect();
    let run = |numbers: Vec<f64>| {
        let theirs = BTreeMap::from([(w, numbers)]);
        check_gradients(&net, &at, &theirs).unwrap()
    };
    let report = run(theirs.clone());
    assert!(report.agrees(), "{:?}", report.parameters[0].comparisons[2]);
    assert_eq!(report.points[0].arithmetic, Arithmetic::Prime);
    let single = theirs.iter().map(|x| f64::from(*x as f32)).collect();
    assert!(!run(single).agrees());
}

#[test]
fn a_named_exponent_has_a_gradient_of_its_own() {
    // E = x^n with n = 2: ∂E/∂n = x² ln x.
    let mut s = Sketch::default();
    let x = s.leaf("x", Role::Param, &[]);
    let two = s.number("2");
    let n = s.define("n", two);
    let power = s.scalar(Op::Pow(x, n));
    let net = s.finish(power);
    let at = values(&net, &[("x", &["3"])]);
    let theirs = BTreeMap::from([(net.find("n").unwrap(), vec![9.0 * libm::log(3.0)])]);
    assert!(check_gradients(&net, &at, &theirs).unwrap().agrees());
}

#[test]
fn input_without_sense_is_refused() {
    let net = article();
    let w = net.find("w").unwrap();
    let refused = |values: &Values<Rational>, theirs: &[(QuantityId, Vec<f64>)]| {
        check_gradients(&net, values, &theirs.iter().cloned().collect()).unwrap_err()
    };
    let at = point(&net);
    assert_eq!(refused(&at, &[]).kind(), Kind::Value);
    let error = refused(&at, &[(w, vec![1.0; 3])]);
    assert_eq!(error.message(), "the gradient of `w`, 2×2: expected 4 numbers, found 3");
    assert_eq!(refused(&at, &[(QuantityId(99), vec![1.0])]).kind(), Kind::Name);
    let mut missing = at.clone();
    missing.remove(&w);
    assert_eq!(refused(&missing, &[(w, W.to_vec())]).message(), "`w` has no value");
}

#[test]
fn the_numbers_by_hand_are_those_of_the_backward_pass() {
    let net = article();
    let forward = concrete::forward(&net, &point(&net), Decide::ByValue).unwrap();
    let by: Vec<_> = ["w", "w_fc", "c"].map(|name| net.find(name).unwrap()).to_vec();
    let gradients = concrete::backward(&net, &forward, &by).unwrap();
    let expected = [&W[..], &W_FC, &C];
    for (id, numbers) in by.iter().zip(expected) {
        let exact: Vec<Rational> =
            numbers.iter().map(|x| Rational::from_f64(*x).unwrap()).collect();
        assert_eq!(gradients.of(*id), Some(&exact[..]));
    }
}

/// The probabilities before a cross-entropy are values like others, though the loss is evaluated by
/// way of the scores.
#[test]
fn the_probabilities_of_a_loss_are_values() {
    for loss in ["nll(p, t)", "-sum(t*ln(p))/2"] {
        let text = format!(
            "input x[2, 2]\nparam w[2, 2]\ntarget t[2, 2]\np = softmax(x @ w)\nq = p\nE = {}\n\
             given x = [[1, 2], [3, -1]], w = [[1/2, 1], [-1, 1/4]], t = [[1, 0], [0, 1]]",
            loss.replace("p", if loss.starts_with("nll") { "p" } else { "q" })
        );
        let net = parse_network(&text).unwrap_or_else(|e| panic!("{e:?}"));
        let values = concrete::given::<f64>(&net).unwrap();
        let run = concrete::forward(&net, &values, Decide::ByValue).unwrap();
        let ids = ["p", "q"].map(|name| net.find(name).unwrap());
        let w = net.find("w").unwrap();
        let slopes = concrete::backward(&net, &run, &[w]).unwrap().of(w).unwrap().to_vec();
        for wrong in [0.0, 1e-3] {
            let value = |id: &QuantityId| {
                let mut numbers = run.of(*id)?.to_vec();
                numbers[1] += wrong;
                Some((*id, Theirs { numbers, format: Format::F64 }))
            };
            let forward: std::collections::BTreeMap<_, _> = ids.iter().filter_map(value).collect();
            assert!(!forward.is_empty());
            let gradient = Theirs { numbers: slopes.clone(), format: Format::F64 };
            let supplied =
                Supplied { gradients: [(w, gradient)].into(), forward, ..Supplied::default() };
            let report = check_supplied(&net, net.values(), &supplied).unwrap();
            let verdict = if wrong == 0.0 { Verdict::Agree } else { Verdict::Differ };
            assert!(report.forward.iter().all(|value| value.verdict == verdict), "{report:?}");
            assert_eq!(report.parameters[0].verdict(), Verdict::Agree);
        }
    }
}
