//! What a report says beside its verdict: how sure it is, where it looked, in which numbers; and
//! the same as JSON.

use serde_json::Value;

use super::*;

#[test]
fn a_difference_that_no_rounding_explains_is_certain() {
    let net = parse_network("input x\nparam w\nE = exp(w*x)\ngiven w = 1/2, x = 3").unwrap();
    let right = 3.0 * libm::exp(1.5);
    let certainty = |number: f64| {
        let report = in_format(&net, &[("w", &[number])], Format::F32);
        parameter(&report, "w").certainty
    };
    assert_eq!(certainty(f64::from(right as f32)), None);
    assert_eq!(certainty(2.0 * right), Some(Certainty::Certain));
    // Rounding typically moves a sum of many terms by far less than the worst order of them.
    let text =
        format!("input x[4000]\nparam w\nE = sum(exp(w*x))\ngiven w = 0, x = {:?}", [1; 4000]);
    let net = parse_network(&text).unwrap();
    let report = in_format(&net, &[("w", &[4000.0 * (1.0 + 1.5e-4)])], Format::F32);
    assert_eq!(parameter(&report, "w").verdict(), Verdict::Differ);
    assert_eq!(parameter(&report, "w").certainty, Some(Certainty::Unlikely));
}

#[test]
fn numbers_that_were_written_with_few_decimals_are_called_that() {
    let text = "input x\nparam w\nE = w*x\ngiven w = 1, x = 0.000123456789012345678";
    let net = parse_network(text).unwrap();
    let cause = |number: f64| {
        let report = in_format(&net, &[("w", &[number])], Format::F64);
        assert_eq!(parameter(&report, "w").verdict(), Verdict::Differ, "{number}");
        parameter(&report, "w").diagnosis.as_ref().map(|d| d.cause.clone())
    };
    assert_eq!(cause(0.000_123_456_789), Some(Cause::Decimals(12)));
    assert_eq!(cause(0.000_123_456_789_012), Some(Cause::Decimals(15)));
    // No program writes sixteen.
    assert_eq!(cause(0.000_123_456_789_012_3), None);
}

#[test]
fn drawn_values_say_in_which_parts_they_were_drawn() {
    let text = "param w[8]\nE = sum(exp(SIZE*w))";
    let unit = |size: &str| {
        let net = parse_network(&text.replace("SIZE", size)).unwrap();
        let report = check(&net, &Options { seed: 1, trials: Some(1) }).unwrap();
        assert!(report.agrees() && report.seed == Some(1));
        (report.points[0].unit, report.points[0].redrawn > 0)
    };
    assert_eq!(unit("1"), (Some(8), false));
    // What overflows is drawn smaller.
    assert_eq!(unit("10000"), (Some(512), true));
    let given = parse_network("param w\nE = w^2\ngiven w = 2").unwrap();
    let report = check(&given, &Options::default()).unwrap();
    assert_eq!((report.seed, report.points[0].unit, report.points[0].redrawn), (None, None, 0));
}

/// exp has no rational value, and what is divided by here is 0 in the field.
#[test]
fn the_arithmetic_of_a_point_is_named() {
    let arithmetic = |text: &str| {
        let net = parse_network(text).unwrap();
        check(&net, &Options::default()).unwrap().points[0].arithmetic
    };
    assert_eq!(arithmetic("param w\nE = w^2\ngiven w = 2"), Arithmetic::Rational);
    assert_eq!(arithmetic("param w\nE = exp(w)\ngiven w = 2"), Arithmetic::Prime);
    let divided = "input x\nparam w\nE = exp(w)/x\ngiven w = 2, x = 2305843009213693951";
    assert_eq!(arithmetic(divided), Arithmetic::None);
}

#[test]
fn a_report_in_json_holds_what_the_report_does() {
    let net =
        parse_network("input x\nparam w, v\nE = (w*x)^2 + v\ngiven x = 3, w = 1/2, v = 1").unwrap();
    let json = |report: &Report| serde_json::from_str::<Value>(&report_json(report)).unwrap();
    let right = json(&check(&net, &Options::default()).unwrap());
    assert_eq!(right["schema"], "backproof/check/1");
    assert_eq!(
        (&right["loss"], &right["agrees"], &right["gradients"]),
        (&Value::from("E"), &Value::from(true), &Value::from(2),)
    );
    assert_eq!(right["points"][0]["loss"]["text"], "13/4");
    assert_eq!(right["points"][0]["loss"]["value"], 3.25);
    assert_eq!(right["points"][0]["arithmetic"], "rational");
    assert_eq!(right["parameters"][0]["verdict"], "agree");
    assert_eq!(right["parameters"][0]["reason"], Value::Null);
    assert_eq!(right["first"], Value::Null);
    let wrong = json(&in_format(&net, &[("w", &[9.5]), ("v", &[1.0])], Format::F64));
    assert_eq!(wrong["agrees"], false);
    let [w, v] = [0, 1].map(|n| &wrong["parameters"][n]);
    assert_eq!((&w["name"], &w["verdict"]), (&Value::from("w"), &Value::from("differ")));
    assert_eq!((&v["name"], &v["verdict"]), (&Value::from("v"), &Value::from("agree")));
    assert_eq!(wrong["first"]["element"], "w");
    assert_eq!(wrong["first"]["formula"]["value"], 9.0);
    assert_eq!(wrong["first"]["other"]["value"], 9.5);
    assert_eq!(wrong["first"]["absolute"], 0.5);
    // JSON has no number for what is not finite.
    let broken = json(&in_format(&net, &[("w", &[f64::NAN])], Format::F64));
    assert_eq!(broken["first"]["other"]["value"], Value::Null);
    let open = "input a, b\nparam w\nE = w/(exp(a) - exp(b))\n\
                given w = 1, a = 1, b = 0.9999999999999999999999999";
    let open = parse_network(open).unwrap();
    let open = json(&in_format(&open, &[("w", &[1.0])], Format::F64));
    assert_eq!(open["parameters"][0]["verdict"], "not-judged");
    assert_ne!(open["parameters"][0]["reason"], Value::Null);
}

#[test]
fn a_few_elements_that_are_0_are_named() {
    let text = "input x[2]\nparam w[2]\nE = sum(w*x)\ngiven w = [1, 1], x = [3, 7]";
    let net = parse_network(text).unwrap();
    let report = in_format(&net, &[("w", &[3.0, 0.0])], Format::F64);
    let diagnosis = parameter(&report, "w").diagnosis.as_ref().unwrap();
    assert_eq!(diagnosis.cause, Cause::ElementsZero(vec![1]));
}

#[test]
fn a_sum_is_said_to_run_along_an_axis_or_along_axes() {
    let of = |axes: &[usize]| Mistake::NotSummed { axes: axes.to_vec(), last: false }.to_string();
    assert_eq!(of(&[1]), "of the sum along axis 1 only the first term counts");
    assert!(of(&[0, 2]).starts_with("of the sum along axes "), "{}", of(&[0, 2]));
}

/// Mistakes of single operations, each with a gradient that only it gives.
#[test]
fn mistakes_of_an_operation_are_named_by_the_operation() {
    let cause = |text: &str, name: &str, numbers: &[f64]| {
        let net = parse_network(text).unwrap();
        let report = in_format(&net, &[(name, numbers)], Format::F64);
        match &parameter(&report, name).diagnosis.as_ref().expect("it is a known one").cause {
            Cause::Operation { mistake, place } => (mistake.clone(), place.clone()),
            other => panic!("{other}"),
        }
    };
    // 3·x + u without the 3.
    let constants = "input x[3], u[3]\nparam w[3]\ny = 3*w*x\nE = sum(y + w*u)\n\
                     given x = [2, -1, 5], u = [7, 4, 1], w = [1, 2, 3]";
    let place = Some("y".to_string());
    assert_eq!(cause(constants, "w", &[9.0, 3.0, 6.0]), (Mistake::NoConstants, place));
    // p = 1/3 each: passed on as it is, the gradient of the scores is r.
    let softmax = "input x[3], r[3]\nparam w[3]\nz = w*x\np = softmax(z)\nE = sum(r*p)\n\
                   given x = [2, -1, 5], r = [7, 4, 1], w = [0, 0, 0]";
    assert_eq!(cause(softmax, "w", &[14.0, -4.0, 5.0]).0, Mistake::SoftmaxStraight);
    let part = 2.0 / 9.0;
    let diagonal = [14.0 * part, -4.0 * part, 5.0 * part];
    assert_eq!(cause(softmax, "w", &diagonal).0, Mistake::SoftmaxDiagonal);
}

/// A path can be missing only where there is another: what has one way alone is cut off.
#[test]
fn a_missing_path_is_one_of_several() {
    let text = "input x, b\nparam u\nz = u*x\nh = tanh(z)\ny = h + u*b\nE = y^2\n\
                given x = 2, b = 3, u = 1/4";
    let net = parse_network(text).unwrap();
    let wrong = 2.0 * (libm::tanh(0.5) + 0.75) * 3.0;
    let report = in_format(&net, &[("u", &[wrong])], Format::F64);
    let diagnosis = parameter(&report, "u").diagnosis.as_ref().unwrap();
    let all = std::iter::once(&diagnosis.cause).chain(&diagnosis.others);
    let missing = all.filter_map(|cause| match cause {
        Cause::Operation { mistake: Mistake::PathMissing(name), .. } => Some(name.as_str()),
        _ => None,
    });
    assert_eq!(missing.collect::<Vec<_>>(), ["u", "h"]);
}
