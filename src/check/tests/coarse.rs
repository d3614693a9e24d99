//! Numbers of a coarse format: what any number would pass for is not called agreement.

use proptest::prelude::*;

use super::*;

/// Rounds to a significand of so many bits, to nearest, ties to even; f16 has no exponent below
/// −14.
fn rounded(format: Format, x: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    let least = if format == Format::F16 { -14 } else { -126 };
    let exponent = (x.abs().log2().floor() as i32).max(least);
    let digit = 2f64.powi(exponent + 1 - format.bits() as i32);
    (x / digit).round_ties_even() * digit
}

/// Every gradient of E = Σ (v·tanh(W x + b) − t)²/2, computed with rounding after each operation.
#[derive(Debug)]
struct Layers {
    format: Format,
    rows: usize,
    x: Vec<f64>,
    w: Vec<f64>,
    v: Vec<f64>,
    t: f64,
}

impl Layers {
    fn network(&self) -> Network {
        let (m, n) = (self.rows, self.x.len());
        let rows: Vec<String> = self.w.chunks(n).map(|row| listed(row)[3..].to_string()).collect();
        let text = format!(
            "input x[{n}]\nparam w[{m}, {n}], v[{m}]\ntarget t\nE = (sum(v * tanh(w @ x)) - t)^2 / 2\n\
             given x{}\ngiven w = [{}]\ngiven v{}\ngiven t = {}",
            listed(&self.x),
            rows.join(", "),
            listed(&self.v),
            self.t
        );
        parse_network(&text).unwrap()
    }

    fn gradients(&self) -> (Vec<f64>, Vec<f64>) {
        let r = |x: f64| rounded(self.format, x);
        let sum = |terms: Vec<f64>| terms.into_iter().reduce(|a, b| r(a + b)).unwrap();
        let n = self.x.len();
        let of_row = |row: &[f64]| {
            let z = sum(row.iter().zip(&self.x).map(|(w, x)| r(w * x)).collect());
            r(libm::tanh(z))
        };
        let h: Vec<f64> = self.w.chunks(n).map(of_row).collect();
        let y = sum(h.iter().zip(&self.v).map(|(h, v)| r(h * v)).collect());
        let delta = r(y - self.t);
        let by_v = h.iter().map(|h| r(delta * h)).collect();
        let slope = |o: usize| r(r(delta * self.v[o]) * r(1.0 - r(h[o] * h[o])));
        let by_w = (0..self.w.len()).map(|e| r(slope(e / n) * self.x[e % n])).collect();
        (by_w, by_v)
    }
}

fn layers() -> impl Strategy<Value = Layers> {
    let sizes = (1..4usize, 1..8usize, any::<bool>());
    sizes.prop_flat_map(|(rows, n, half)| {
        let format = if half { Format::F16 } else { Format::Bf16 };
        let some = move |count: usize| {
            proptest::collection::vec((-64..64i32).prop_map(|n| f64::from(n) / 32.0), count)
        };
        let parts = (some(n), some(rows * n), some(rows), (-96..96i32));
        parts.prop_map(move |(x, w, v, t)| Layers { format, rows, x, w, v, t: f64::from(t) / 32.0 })
    })
}

proptest! {
    #![proptest_config(crate::laws::laws(96))]

    #[test]
    fn right_ones_are_never_refuted_and_wrong_ones_never_agree(layers in layers()) {
        let net = layers.network();
        let (by_w, by_v) = layers.gradients();
        for (name, right) in [("w", by_w), ("v", by_v)] {
            let report = in_format(&net, &[(name, &right)], layers.format);
            let verdict = parameter(&report, name).verdict();
            prop_assert_ne!(verdict, Verdict::Differ, "{:?}", report.first_mismatch());
            let zero = right.iter().all(|x| *x == 0.0);
            for factor in [0.0, 2.0, -1.0] {
                let wrong: Vec<f64> =
                    right.iter().map(|x| rounded(layers.format, x * factor)).collect();
                let report = in_format(&net, &[(name, &wrong)], layers.format);
                prop_assert!(zero || !report.agrees(), "{:?}", report.parameters);
            }
        }
    }
}

/// y = Σ x·w is known to 6 digits of f16 and the gradient is x·(y − t): the second element is
/// that of a difference, of which little is left.
fn cancelling(t: &str) -> Network {
    parse_network(&format!(
        "param w[2]\ninput x[2]\ntarget t\n\
         E = w[0]*100 + (x[0]*w[1] - t)^2 / 2\n\
         given x = [3, 1], w = [1, 1.3], t = {t}"
    ))
    .unwrap()
}

#[test]
fn an_element_that_is_too_small_for_its_bound_is_not_judged_by_itself() {
    // Of 3·1.3 − 3.9 nothing is left in bf16; beside 100 that does not matter.
    let net = cancelling("3.9");
    let report = in_format(&net, &[("w", &[100.0, 0.05])], Format::Bf16);
    let c = comparison(&report, "w", Source::Supplied, Precision::F64);
    assert_eq!((c.agreed, report.agrees()), (2, true));
    // At a tenth of the greatest it is judged beside it, and what would have been noticed is told.
    let net = parse_network(
        "param w[2]\ninput x\ntarget t\nE = w[0]*2 + x*(x*w[1] - t)^2 / 2\n\
         given x = 3, w = [1, 1.3], t = 3.875",
    )
    .unwrap();
    let report = in_format(&net, &[("w", &[2.0, 0.2])], Format::Bf16);
    let noticed = parameter(&report, "w").noticed.unwrap();
    assert!(report.agrees() && noticed.element > 0.05, "{noticed:?}");
    // Alone, it is not.
    let report = in_format(&net, &[("w", &[2.6, 0.2])], Format::Bf16);
    assert_eq!(parameter(&report, "w").verdict(), Verdict::Differ);
}

#[test]
fn numbers_far_outside_a_wide_bound_are_wrong_all_the_same() {
    let net = parse_network("param w\ninput x\nE = w*(x*x - 1.7)\ngiven w = 1, x = 1.3").unwrap();
    // −0.01, with a bound of about 0.02.
    let vague = in_format(&net, &[("w", &[0.0])], Format::Bf16);
    assert!(matches!(parameter(&vague, "w").verdict(), Verdict::NotJudged(_)), "{vague:?}");
    let wrong = in_format(&net, &[("w", &[1.0])], Format::Bf16);
    assert_eq!(parameter(&wrong, "w").verdict(), Verdict::Differ);
}
