//! Identities of sines, cosines and their hyperbolic relatives: each true one is proved for random
//! arguments and holds in numbers, each false one is refuted.

use proptest::prelude::*;

use super::*;
use crate::expr::{Branches, evaluate};
use crate::lang::parse_formula;

/// In u and v.
const TRUE: &[(&str, &str)] = &[
    ("sin(u)^2 + cos(u)^2", "1"),
    ("sin(-u)", "-sin(u)"),
    ("cos(-u)", "cos(u)"),
    ("sin(u - v)", "-sin(v - u)"),
    ("sin(u + v)", "sin(u)*cos(v) + cos(u)*sin(v)"),
    ("cos(u + v)", "cos(u)*cos(v) - sin(u)*sin(v)"),
    ("sin(u)*sin(v)", "(cos(u - v) - cos(u + v))/2"),
    ("sin(2*u)", "2*sin(u)*cos(u)"),
    ("cos(2*u)", "1 - 2*sin(u)^2"),
    ("cos(3*u)", "4*cos(u)^3 - 3*cos(u)"),
    ("sin(u/2)^2", "(1 - cos(u))/2"),
    ("sin(u)^4", "(3 - 4*cos(2*u) + cos(4*u))/8"),
    ("(sin(u)/cos(u))^2 + 1", "1/cos(u)^2"),
    ("v*cos(u)/cos(u)", "v"),
    ("(1 - cos(u))/sin(u)", "sin(u)/(1 + cos(u))"),
    ("cosh(u)^2 - sinh(u)^2", "1"),
    ("cosh(u) + sinh(u)", "exp(u)"),
    ("sinh(u + v)", "sinh(u)*cosh(v) + cosh(u)*sinh(v)"),
    ("cosh(2*u)", "1 + 2*sinh(u)^2"),
    ("tanh(u)", "sinh(u)/cosh(u)"),
    ("sinh(-u)", "-sinh(u)"),
    ("cosh(-u)", "cosh(u)"),
    ("abs(cosh(u))", "cosh(u)"),
];

/// True, and seen to be so for plain angles.
const TRUE_OF_PLAIN: &[(&str, &str)] = &[
    ("abs(2 + cos(u))", "2 + cos(u)"),
    ("abs(v^2 + 3 - 2*sin(u))", "v^2 + 3 - 2*sin(u)"),
    ("abs(sin(u)^2 + 1)", "1 + sin(u)^2"),
];

/// Likely mistakes, false for plain angles u and v.
const FALSE: &[(&str, &str)] = &[
    ("sin(u)^2 + cos(u)^2", "2"),
    ("sin(u)^2 - cos(u)^2", "1"),
    ("sin(u + 1)", "sin(u) + 1"),
    ("sin(-u)", "sin(u)"),
    ("cos(-u)", "-cos(u)"),
    ("sin(u + v)", "sin(u)*cos(v) - cos(u)*sin(v)"),
    ("cos(u + v)", "cos(u)*cos(v) + sin(u)*sin(v)"),
    ("sin(2*u)", "2*sin(u)"),
    ("cos(2*u)", "1 - sin(u)^2"),
    ("sin(u/2)^2", "(1 + cos(u))/2"),
    ("sin(u)", "u - u^3/6"),
    ("sin(u)^2", "sin(u^2)"),
    ("abs(cos(u) + 1/2)", "cos(u) + 1/2"),
    ("cosh(u)^2 + sinh(u)^2", "1"),
    ("sinh(-u)", "sinh(u)"),
    ("sinh(u)", "sin(u)"),
    ("cosh(u)", "cos(u)"),
];

/// A function of x, its slope, and another slope.
const SLOPES: &[(&str, &str, &str)] = &[
    ("sin(x)", "cos(x)", "-cos(x)"),
    ("cos(x)", "-sin(x)", "sin(x)"),
    ("sinh(x)", "cosh(x)", "-cosh(x)"),
    ("cosh(x)", "sinh(x)", "-sinh(x)"),
    ("sin(x^2*y)", "2*x*y*cos(x^2*y)", "x^2*cos(x^2*y)"),
    ("cos(x)*sin(x)", "cos(x)^2 - sin(x)^2", "cos(x)^2 + sin(x)^2"),
    ("sin(x)/cos(x)", "1/cos(x)^2", "1/sin(x)^2"),
    ("sin(3*x - 1)^2", "3*sin(6*x - 2)", "3*sin(6*x)"),
];

fn argument() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_string()),
        Just("y".to_string()),
        (1u32..5, 1u32..4).prop_map(|(n, d)| format!("x*{n}/{d}")),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} + 2*{b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} - {b}/3 + 1/2)")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}*{b})")),
            inner.clone().prop_map(|a| format!("tanh({a})")),
            inner.clone().prop_map(|a| format!("cos({a})")),
            inner.clone().prop_map(|a| format!("relu({a})")),
        ]
    })
}

fn put(text: &str, u: &str, v: &str) -> String {
    // No name of a function has one of these letters.
    text.replace('u', &format!("({u})")).replace('v', &format!("({v})"))
}

proptest! {
    #![proptest_config(crate::laws::laws(100))]

    #[test]
    fn identities_are_proved_and_hold_in_numbers(
        u in argument(), v in argument(), x in -3.0..3.0f64, y in -3.0..3.0f64,
    ) {
        for (left, right) in TRUE {
            let mut g = Graph::new();
            let [l, r] = [left, right].map(|t| parse_formula(&mut g, &put(t, &u, &v)).unwrap());
            let at = |s| Some(if g.symbol(s).spelling() == "x" { x } else { y });
            let value = |e| evaluate::<f64>(&g, e, &at, Branches::default());
            let small = [&u, &v].iter().all(|t| {
                let mut own = Graph::new();
                let argument = parse_formula(&mut own, t);
                let at = |s| Some(if own.symbol(s).spelling() == "x" { x } else { y });
                argument.is_ok_and(|e| {
                    evaluate::<f64>(&own, e, &at, Branches::default()).is_ok_and(|a| a.abs() < 5.0)
                })
            });
            // Of great arguments, differences of exponentials have lost their digits.
            if let (Ok(a), Ok(b), true) = (value(l), value(r), small) {
                // Beside 0, a quotient has lost its digits.
                let near = (a - b).abs() <= 1e-6 * (1.0 + a.abs() + b.abs());
                prop_assert!(near || a.abs().max(b.abs()) > 1e5, "{left} = {right} at {x}, {y}: {a}, {b}");
            }
            let verdict = prove(&g, l, r, &Winners::new());
            // Of arguments that are waves or towers themselves it may be open.
            let wrong = matches!(verdict, Verdict::Refuted(_));
            prop_assert!(!wrong, "{left} = {right}, u = {u}, v = {v}: {verdict}");
        }
    }

    #[test]
    fn mistakes_are_never_proved(
        u in argument(), v in argument(), x in -3.0..3.0f64, y in -3.0..3.0f64,
    ) {
        for (left, right) in FALSE {
            let mut g = Graph::new();
            let [l, r] = [left, right].map(|t| parse_formula(&mut g, &put(t, &u, &v)).unwrap());
            let at = |s| Some(if g.symbol(s).spelling() == "x" { x } else { y });
            let value = |e| evaluate::<f64>(&g, e, &at, Branches::default());
            // Where u is 0 throughout, as relu(x − x) is, a mistake may be none.
            let (Ok(a), Ok(b)) = (value(l), value(r)) else { continue };
            if (a - b).abs() > 1e-3 * (1.0 + a.abs() + b.abs()) {
                let verdict = prove(&g, l, r, &Winners::new());
                prop_assert!(!verdict.is_proved(), "{left} = {right}, u = {u}, v = {v}: {verdict}");
            }
        }
    }
}

#[test]
fn for_plain_angles_every_identity_is_proved_and_every_mistake_refuted() {
    let judged = |left: &str, right: &str| {
        let mut g = Graph::new();
        let [l, r] = [left, right].map(|t| parse_formula(&mut g, &put(t, "x", "y")).unwrap());
        prove(&g, l, r, &Winners::new())
    };
    for (left, right) in TRUE.iter().chain(TRUE_OF_PLAIN) {
        assert!(matches!(judged(left, right), Verdict::Proved(How::Exact)), "{left} = {right}");
    }
    for (left, right) in FALSE {
        assert!(judged(left, right).is_refuted(), "{left} = {right}");
    }
    for (of, right, wrong) in SLOPES {
        let mut g = Graph::new();
        let [of, right, wrong] = [of, right, wrong].map(|t| parse_formula(&mut g, t).unwrap());
        let x = g.var("x");
        let slope = g.partial(of, x);
        assert!(prove(&g, slope, right, &Winners::new()).is_proved());
        assert!(prove(&g, slope, wrong, &Winners::new()).is_refuted());
    }
}

/// 1/sin(relu(x)) has no value where x < 0.
#[test]
fn a_wave_that_is_0_in_a_case_has_no_inverse_there() {
    let mut g = Graph::new();
    let [l, r] = ["sin(relu(x))/sin(relu(x))", "1"].map(|t| parse_formula(&mut g, t).unwrap());
    assert!(!prove(&g, l, r, &Winners::new()).is_proved());
}
