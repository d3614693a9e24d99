//! Units behind angles that rounding loses: a gradient agrees only where some angle gives it.

use proptest::prelude::*;

use super::*;
use crate::laws::laws;

/// What x + a·cos of anything is, and the slopes that the kink may have there.
#[derive(Clone, Debug)]
struct Unit {
    x: i32,
    a: i32,
    kink: usize,
    weight: i32,
}

/// Each with its slopes below and above 0.
const KINKS: [(&str, [f64; 2]); 4] = [
    ("relu(z)", [0.0, 1.0]),
    ("abs(z)", [-1.0, 1.0]),
    ("max(z, 0)", [0.0, 1.0]),
    ("leaky_relu(z, slope: 0.125)", [0.125, 1.0]),
];

impl Unit {
    /// The least and the greatest slope by x that some angle leads to.
    fn slopes(&self) -> [f64; 2] {
        let [below, above] = KINKS[self.kink].1;
        let weight = f64::from(self.weight);
        let mut all = Vec::new();
        if self.x <= self.a {
            all.push(weight * below);
        }
        if self.x >= -self.a {
            all.push(weight * above);
        }
        [all.iter().copied().fold(f64::MAX, f64::min), all.iter().copied().fold(f64::MIN, f64::max)]
    }
}

#[derive(Clone, Debug)]
struct Drawn {
    units: Vec<Unit>,
    function: usize,
    w: i32,
    format: Format,
    random: Vec<f64>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let unit = (-24..24i32, 1..8i32, 0..KINKS.len(), prop_oneof![-3..0i32, 1..4i32])
        .prop_map(|(x, a, kink, weight)| Unit { x, a, kink, weight });
    let formats = proptest::sample::select(&Format::ALL[..]);
    let random = proptest::collection::vec(-4.0..4.0f64, 5);
    (proptest::collection::vec(unit, 1..5), 0..2usize, 45..80i32, formats, random).prop_map(
        |(units, function, w, format, random)| Drawn { units, function, w, format, random },
    )
}

impl Drawn {
    fn network(&self) -> Network {
        let n = self.units.len();
        let angle = ["cos", "sin"][self.function];
        let unit = |(k, unit): (usize, &Unit)| {
            let z = format!("(x[{k}] + {}/8*{angle}(exp(w)))", unit.a);
            format!("{}*{}", unit.weight, KINKS[unit.kink].0.replace('z', &z))
        };
        let all: Vec<String> = self.units.iter().enumerate().map(unit).collect();
        let x: Vec<f64> = self.units.iter().map(|unit| f64::from(unit.x) / 8.0).collect();
        let text = format!(
            "param w, x[{n}]\nE = {}\ngiven w = {}, x{}",
            all.join(" + ").replace("+ -", "- "),
            self.w,
            listed(&x)
        );
        parse_network(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }
}

proptest! {
    #![proptest_config(laws(60))]

    #[test]
    fn what_no_angle_gives_never_agrees(drawn in drawn()) {
        let net = drawn.network();
        let slopes: Vec<[f64; 2]> = drawn.units.iter().map(Unit::slopes).collect();
        let right: Vec<f64> = slopes.iter().map(|[_, above]| *above).collect();
        let of = |f: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
            right.iter().enumerate().map(|(k, x)| f(k, *x)).collect()
        };
        let all = [
            of(&|_, _| 0.0),
            of(&|_, x| 2.0 * x),
            of(&|_, x| -x),
            of(&|k, _| drawn.random[k]),
            of(&|_, x| x),
        ];
        for numbers in all {
            // By w nothing is known but where every unit is off, or may be.
            for by_w in [0.0, drawn.random[4], drawn.random[4] * 1e20] {
                let w: &[f64] = &[by_w];
                let report = in_format(&net, &[("w", w), ("x", &numbers)], drawn.format);
                let of_x = parameter(&report, "x");
                let given = numbers.iter().zip(&slopes);
                let possible = given.clone().all(|(x, [low, high])| {
                    *low - 0.07 <= *x && *x <= *high + 0.07
                });
                prop_assert!(
                    of_x.verdict() != Verdict::Agree || possible,
                    "{numbers:?}, {slopes:?}: {of_x:?}"
                );
                let of_w = parameter(&report, "w");
                let off = slopes.iter().all(|[low, high]| *low <= 0.0 && *high >= 0.0);
                prop_assert!(of_w.verdict() != Verdict::Agree || off && by_w == 0.0, "{of_w:?}");
            }
        }
    }
}

/// 3 + cos z is above 0 whatever z is.
#[test]
fn a_unit_that_no_angle_turns_is_not_off() {
    for format in [Format::F32, Format::Bf16] {
        let net = parse_network("param w, x\nE = relu(x + cos(exp(w)))\ngiven w = 50, x = 3");
        let net = net.unwrap();
        let report = in_format(&net, &[("w", &[0.0]), ("x", &[0.0])], format);
        assert_eq!(parameter(&report, "x").verdict(), Verdict::Differ, "{format}");
        assert_ne!(parameter(&report, "w").verdict(), Verdict::Agree, "{format}");
        let report = in_format(&net, &[("x", &[1.0])], format);
        assert_eq!(parameter(&report, "x").verdict(), Verdict::Agree, "{format}");
    }
}
