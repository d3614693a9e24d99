//! Numbers near the ends of the range of `f64`, whose squares leave it: the same verdicts as in its
//! middle, and where values or gradients leave the range themselves, no verdict and the reason.

use proptest::prelude::*;

use super::*;
use crate::laws::laws;

fn judged(net: &Network, numbers: &[f64]) -> Report {
    let gradients = [(net.find("w").unwrap(), Theirs::new(numbers.to_vec(), Format::F64))].into();
    check_supplied(net, net.values(), &Supplied { gradients, ..Supplied::default() }).unwrap()
}

fn verdict(net: &Network, numbers: &[f64]) -> Verdict {
    parameter(&judged(net, numbers), "w").verdict()
}

proptest! {
    #![proptest_config(laws(120))]

    /// ∂/∂w of Σ (x·w)·v is xᵀv.
    #[test]
    fn the_size_of_numbers_changes_no_verdict(
        power in -285..300i32, x in prop::collection::vec(1..100i32, 12),
    ) {
        let all: Vec<String> = x.chunks(4).map(|x| {
            let each: Vec<String> = x.iter().map(|x| format!("{x}e{power}")).collect();
            format!("[{}]", each.join(", "))
        }).collect();
        let text = format!(
            "input x[3, 4], v[3]\nparam w[4]\nE = sum((x @ w)*v)\n\
             given x = [{}]\ngiven v = [0.1, 0.3, 0.7]\ngiven w = [1e-3, 2e-3, 1e-4, 0]",
            all.join(", ")
        );
        let net = parse_network(&text).unwrap();
        let x: Vec<f64> = x.iter().map(|x| format!("{x}e{power}").parse().unwrap()).collect();
        let right: Vec<f64> =
            (0..4).map(|n| x[n] * 0.1 + x[n + 4] * 0.3 + x[n + 8] * 0.7).collect();
        prop_assert_eq!(verdict(&net, &right), Verdict::Agree, "{}", text);
        // The same in another order, and a few roundings off.
        let off: Vec<f64> = right.iter().map(|x| x * (1.0 + 8e-16)).collect();
        prop_assert_eq!(verdict(&net, &off), Verdict::Agree, "{}", text);
        for factor in [0.0, -1.0, 2.0, 1.001] {
            let wrong: Vec<f64> = right.iter().map(|x| x * factor).collect();
            prop_assert_eq!(verdict(&net, &wrong), Verdict::Differ, "{} {}", factor, text);
        }
    }

    #[test]
    fn what_overflows_is_not_judged_and_no_error(
        power in 2..9i32, size in 155..300i32, kind in 0..3usize,
    ) {
        let loss = match kind {
            0 => format!("w^{power}"),
            1 => "exp(w)".to_string(),
            _ => "h*1e300*1e300\nh = 1/w".to_string(),
        };
        let (loss, rest) = loss.split_once('\n').unwrap_or((&loss, ""));
        let text = format!("param w\n{rest}\nE = {loss}\ngiven w = 1e{size}");
        let net = parse_network(&text).unwrap();
        let found = verdict(&net, &[0.3]);
        let reason = matches!(&found, Verdict::NotJudged(why) if why.contains("overflow"));
        prop_assert!(reason || kind == 2, "{text}: {found:?}");
    }

    /// A slope that is next to nothing is that for every function that is flat far out, and what
    /// rounding cannot leave there differs.
    #[test]
    fn a_flat_slope_is_not_anything(
        f in prop::sample::select(vec!["sigmoid", "tanh", "normal_cdf", "relu"]),
        x in 45..2000i32, part in 1..1000i32, negative in any::<bool>(),
    ) {
        let x = if negative { -x } else { x };
        prop_assume!(f != "relu" || negative);
        let net = parse_network(&format!("param w\nE = {f}(w)\ngiven w = {x}")).unwrap();
        // It is next to nothing, and rounding may be more than that: then nothing is judged.
        prop_assert_ne!(verdict(&net, &[0.0]), Verdict::Differ);
        let number = f64::from(part) / 1000.0;
        for number in [number, -number, number * 1e-10] {
            prop_assert_eq!(verdict(&net, &[number]), Verdict::Differ, "{} {} {}", f, x, number);
        }
    }
}

/// Arguments so near to 0 that their squares are 0 have values and slopes like others.
#[test]
fn tiny_arguments_have_gradients() {
    for f in ["erf", "normal_cdf", "gelu", "sigmoid", "tanh", "exp", "softplus"] {
        for x in ["1e-290", "-3e-300", "2e-308", "0"] {
            let net = parse_network(&format!("param w\nE = 3*w + {f}(w)\ngiven w = {x}")).unwrap();
            let slope = match f {
                "erf" => 2.0 / libm::sqrt(std::f64::consts::PI),
                "normal_cdf" => 0.398_942_280_401_432_7,
                "gelu" | "softplus" => 0.5,
                "sigmoid" => 0.25,
                _ => 1.0,
            };
            assert_eq!(verdict(&net, &[3.0 + slope]), Verdict::Agree, "{f}({x})");
            assert_eq!(verdict(&net, &[slope]), Verdict::Differ, "{f}({x})");
        }
    }
    let net = parse_network("param w\nE = sqrt(w)\ngiven w = 1e-300").unwrap();
    assert_eq!(verdict(&net, &[5e149]), Verdict::Agree);
    assert_eq!(verdict(&net, &[5.01e149]), Verdict::Differ);
    // Of a fraction that is so small, a ball of this kind knows 54 bits.
    let net = parse_network("param w\nE = sqrt(w)\ngiven w = 1e-308").unwrap();
    assert!(matches!(verdict(&net, &[5e153]), Verdict::NotJudged(_)));
    assert_eq!(verdict(&net, &[5.01e153]), Verdict::Differ);
}
