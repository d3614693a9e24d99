//! Losses that do between the points of a difference what the points do not show: bumps, waves that
//! vanish at every step, poles, corners there and back, tiny and huge parameters. All gradients are
//! right, so that no source may say otherwise; and wrong ones are told where the bound lets them.

use proptest::prelude::*;

use super::super::differences::{self, Outcome};
use super::super::point::{Exact, point};
use super::super::symbolic::Symbolic;
use super::super::tensors;
use super::*;
use crate::laws::laws;

/// A loss of a, and perhaps b, with their values.
fn steep() -> impl Strategy<Value = String> {
    let scale = (1..40i32).prop_map(|n| format!("{:e}", libm::exp2(f64::from(n))));
    let near = (-8..9i32, 0..300i32, -300..300i32).prop_map(|(digit, small, any)| match digit {
        -8..-2 => format!("{digit}e-{small}"),
        -2..3 => format!("{digit}.5"),
        _ => format!("{digit}e{any}"),
    });
    let steps = prop::sample::subsequence((5..27).collect::<Vec<i32>>(), 1..9);
    prop_oneof![
        // A bump that every step goes over, and a wall.
        (scale.clone(), near.clone(), -3..4i32)
            .prop_map(|(k, a, c)| format!("E = exp(-(a*{k})^2 + a*({c}))\ngiven a = {a}")),
        (scale.clone(), near.clone(), -3..4i32).prop_map(|(k, a, c)| format!(
            "E = tanh(a*{k} - ({c})) + 1/(1 + (a*{k} - ({c}))^2)\ngiven a = {a}"
        )),
        (scale.clone(), near.clone()).prop_map(|(k, a)| format!(
            "E = softplus(a*{k})*sigmoid(-a*{k}) + ln(1 + (a*{k})^2)\ngiven a = {a}"
        )),
        // A wave that is 0 at the ends of these steps, and has a slope in the middle.
        (steps, 0..3i32, -4..5i32).prop_map(|(steps, power, a)| {
            let factor = |n: &i32| format!("*((a - ({a}))^2*4^{n} - 1)");
            let all: String = steps.iter().map(factor).collect();
            format!("E = 10^{power}*(a - ({a})){all}\ngiven a = {a}")
        }),
        // A pole, an edge of a domain, and a corner that is passed twice.
        (scale.clone(), near.clone()).prop_map(|(k, a)| format!(
            "E = 1/(a - ({a}) + 1/{k}) + (a - ({a}) + 1/{k})^(-3)\ngiven a = {a}"
        )),
        (scale.clone(), near.clone()).prop_map(|(k, a)| format!(
            "E = ln(a - ({a}) + 1/{k})*sqrt(a - ({a}) + 1/{k})\ngiven a = {a}"
        )),
        (scale.clone(), near.clone()).prop_map(|(k, a)| format!(
            "E = max(1 - {k}*abs(a - ({a}) - 1/(2*{k})), 0)\ngiven a = {a}"
        )),
        // What one parameter adds the other takes away.
        (scale, near).prop_map(|(k, a)| format!(
            "E = exp(-((a - b)*{k})^2) + (a + b)/{k}\ngiven a = {a}, b = {a}"
        )),
    ]
}

proptest! {
    #![proptest_config(laws(200))]

    #[test]
    fn no_source_of_our_own_is_refuted_by_another(text in steep()) {
        let params = if text.contains("b =") { "a, b" } else { "a" };
        let net = parse_network(&format!("param {params}\n{text}")).unwrap();
        let Ok(report) = check(&net, &Options::default()) else { return Ok(()) };
        for parameter in &report.parameters {
            for c in &parameter.comparisons {
                prop_assert_eq!(c.differing, 0, "{}\n{:?}", text, c);
            }
        }
    }

    /// What agrees is as near as it says, and what differs is further off.
    #[test]
    fn a_claim_is_judged_by_a_bound_that_holds(text in steep(), off in -40..40i32) {
        let params = if text.contains("b =") { "a, b" } else { "a" };
        let net = parse_network(&format!("param {params}\n{text}")).unwrap();
        let by = [net.find("a").unwrap()];
        let symbolic = Symbolic::new(&net, &by, true).unwrap();
        let Ok(at) = point(&net, &symbolic, net.values().clone(), true) else { return Ok(()) };
        let off = libm::exp2(f64::from(off));
        if let Exact::Rational(run) = &at.exact
            && let Ok(right) = &run.symbolic[0]
        {
            let away = Rational::from_f64(off).unwrap();
            let claim = crate::scalar::Scalar::add(&right[0].0, &away).unwrap();
            let claim = super::super::fraction::Fraction(claim);
            match differences::exact(&net, &at, run, (by[0], 0), &claim).outcome {
                Outcome::Agree(distance) => prop_assert!(distance.bound >= off, "{}", text),
                Outcome::Differ { limit, bound } => {
                    let right = right[0].0.to_f64();
                    prop_assert!((limit - right).abs() <= bound * 1.001 + 1e-15 * right.abs());
                }
                Outcome::Open(_) => {}
            }
        }
        // And along a direction, in numbers of 106 bits.
        let mut parameters = super::super::blank(&net, &by, &tensors::COMPARED).parameters;
        tensors::directed(&net, &at, &by, 0, 1, &mut parameters);
        for c in &parameters[0].comparisons {
            prop_assert_eq!(c.differing, 0, "{}\n{:?}", text, c);
        }
    }
}

/// The bump that was stepped over, and what a step of its own size tells.
#[test]
fn a_bump_within_the_step_is_not_stepped_over() {
    let text = "param a\nE = exp(-(a*100000000)^2)\ngiven a = 1e-8";
    let report = check(&parse_network(text).unwrap(), &Options::default()).unwrap();
    let c = comparison(&report, "a", Source::Differences, Precision::F64);
    assert_eq!((c.agreed, c.differing), (1, 0), "{c:?}");
    assert!(report.agrees());
    // At 0 no size is known, and every step is too long.
    let text = "param a\nE = exp(-(a*1e15 - 1)^2)\ngiven a = 0";
    let report = check(&parse_network(text).unwrap(), &Options::default()).unwrap();
    let c = comparison(&report, "a", Source::Differences, Precision::F64);
    assert_eq!((c.agreed, c.differing, c.unjudged.len()), (0, 0, 1), "{c:?}");
}
