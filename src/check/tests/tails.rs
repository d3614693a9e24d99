//! Functions far from 0, where their slopes are flat, computed in f32 as frameworks compute them:
//! none of these is a mistake, and a mistake is still found where the slopes are not flat.

use super::*;

/// Both tails, and what lies between.
const POINTS: [f32; 20] = [
    -80.0, -60.0, -30.0, -20.0, -15.0, -10.0, -5.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 5.0, 10.0,
    14.5, 16.0, 20.0, 60.0, 80.0,
];

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

/// ln(eˣ + 1), as JAX has it.
fn logaddexp(x: f32) -> f32 {
    x.max(0.0) + libm::log1pf(libm::expf(-x.abs()))
}

fn by_tanh(x: f32) -> f32 {
    0.5 + 0.5 * libm::tanhf(0.5 * x)
}

fn below(x: f32) -> f32 {
    0.5 * (1.0 + libm::erff(x * std::f32::consts::FRAC_1_SQRT_2))
}

fn density(x: f32) -> f32 {
    libm::expf(-0.5 * x * x)
        * (std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::FRAC_1_SQRT_2 * 0.5)
}

/// exp(ln φ), as JAX has it.
fn by_exponent(x: f32) -> f32 {
    libm::expf(-0.5 * (x * x + 1.837_877_1))
}

/// eˣ/2, as XLA has it in sinh and cosh, which reach further than eˣ does.
fn half_exp(x: f32) -> f32 {
    libm::expf(x - std::f32::consts::LN_2)
}

/// A slope, as a program computes it in f32.
type Slope = fn(f32) -> f32;

/// A function of x, whose it is, and its slope.
const SLOPES: [(&str, &str, Slope); 29] = [
    ("normal_cdf(x)", "JAX", by_exponent),
    ("normal_pdf(x)", "JAX", |x| -x * by_exponent(x)),
    ("cosh(x)", "XLA", |x| half_exp(x) - half_exp(-x)),
    ("sinh(x)", "XLA", |x| half_exp(x) + half_exp(-x)),
    ("elu(x)", "JAX", |x| if x > 0.0 { 1.0 } else { libm::expm1f(x) + 1.0 }),
    ("elu(x)", "candle", |x| if x > 0.0 { 1.0 } else { libm::expf(x) }),
    ("elu(x, alpha: 0.5)", "JAX", |x| if x > 0.0 { 1.0 } else { 0.5 * (libm::expm1f(x) + 1.0) }),
    // From the result alone: y + α.
    ("elu(x, alpha: 3)", "PyTorch, in place", |x| {
        if x > 0.0 { 1.0 } else { 3.0 * libm::expm1f(x) + 3.0 }
    }),
    ("(exp(x) - 1) / 64", "expm1", |x| (libm::expm1f(x) + 1.0) / 64.0),
    ("exp(x)", "all", libm::expf),
    ("tanh(x)", "PyTorch and JAX", |x| 1.0 - libm::tanhf(x) * libm::tanhf(x)),
    ("tanh(x)", "factored", |x| (1.0 - libm::tanhf(x)) * (1.0 + libm::tanhf(x))),
    ("sigmoid(x)", "PyTorch and JAX", |x| sigmoid(x) * (1.0 - sigmoid(x))),
    ("sigmoid(x)", "by tanh", |x| by_tanh(x) * (1.0 - by_tanh(x))),
    ("sigmoid(x)", "the other way round", |x| (1.0 - sigmoid(-x)) * sigmoid(-x)),
    ("sigmoid(x)", "burn", |x| {
        let y = libm::expf(-logaddexp(-x));
        y * (1.0 - y)
    }),
    ("1 - sigmoid(x)", "as it stands", |x| -(sigmoid(x) * (1.0 - sigmoid(x)))),
    ("softplus(x)", "TensorFlow", sigmoid),
    ("softplus(x)", "PyTorch", |x| {
        let z = libm::expf(x);
        if x > 20.0 { 1.0 } else { z / (1.0 + z) }
    }),
    ("softplus(x)", "JAX", |x| libm::expf(x - logaddexp(x))),
    ("softplus(x)", "by tanh", by_tanh),
    ("ln(1 + exp(x))", "as it stands", |x| libm::expf(x) / (1.0 + libm::expf(x))),
    ("ln(1 + exp(x))", "JAX", |x| libm::expf(x - logaddexp(x))),
    ("gelu(x)", "PyTorch", |x| below(x) + x * density(x)),
    ("gelu(x)", "JAX", |x| {
        0.5 * libm::erfcf(-x * std::f32::consts::FRAC_1_SQRT_2) + x * density(x)
    }),
    ("erf(x)", "all", |x| std::f32::consts::FRAC_2_SQRT_PI * libm::expf(-x * x)),
    ("silu(x)", "PyTorch", |x| sigmoid(x) * (1.0 + x * (1.0 - sigmoid(x)))),
    ("silu(x)", "JAX", |x| sigmoid(x) + x * (sigmoid(x) * (1.0 - sigmoid(x)))),
    ("silu(x)", "by tanh", |x| by_tanh(x) + x * (by_tanh(x) * (1.0 - by_tanh(x)))),
];

#[test]
fn flat_slopes_are_not_flagged_and_wrong_ones_are_elsewhere() {
    for (formula, whose, slope) in SLOPES {
        for x in POINTS {
            let net = parse_network(&format!("param x\nE = {formula}\ngiven x = {x}")).unwrap();
            let right = f64::from(slope(x));
            let report = in_format(&net, &[("x", &[right])], Format::F32);
            let verdict = parameter(&report, "x").verdict();
            let differs = verdict == Verdict::Differ;
            assert!(!differs, "{formula} at {x}, {whose}: {:?}", report.first_mismatch());
            if x.abs() > 5.0 || right.abs() < 1e-3 {
                continue;
            }
            assert_eq!(verdict, Verdict::Agree, "{formula} at {x}, {whose}");
            let report = in_format(&net, &[("x", &[right * 1.01])], Format::F32);
            let verdict = parameter(&report, "x").verdict();
            assert_eq!(verdict, Verdict::Differ, "{formula} at {x}, {whose}, times 1.01");
        }
    }
}

/// Numbers whose squares leave the range of f64, as JAX and XLA compute them in f64.
#[test]
fn the_same_holds_where_squares_overflow() {
    let density = |x: f64| libm::exp(-0.5 * (x * x + 1.837_877_066_409_345_3));
    let half = |x: f64| libm::exp(x - std::f64::consts::LN_2);
    for x in [5.0, 12.0, 26.0, 30.0, 33.3, 35.0] {
        for (formula, right) in [("normal_cdf(x)", density(x)), ("normal_pdf(x)", -x * density(x))]
        {
            tail(formula, x, right);
        }
    }
    for x in [30.0, 345.0, 500.0, 700.0, 709.0] {
        tail("cosh(x)", x, half(x) - half(-x));
        tail("sinh(x)", x, half(x) + half(-x));
    }
}

fn tail(formula: &str, x: f64, right: f64) {
    let net = parse_network(&format!("param x\nE = {formula}\ngiven x = {x}")).unwrap();
    let report = in_format(&net, &[("x", &[right])], Format::F64);
    assert_eq!(parameter(&report, "x").verdict(), Verdict::Agree, "{formula} at {x}");
    for wrong in [right * 1.001, 0.0, -right] {
        let report = in_format(&net, &[("x", &[wrong])], Format::F64);
        assert_eq!(parameter(&report, "x").verdict(), Verdict::Differ, "{formula} at {x}");
    }
}

/// All at once, as a layer has them: the flat ones are roundings beside the others.
#[test]
fn a_layer_of_flat_slopes_agrees() {
    for (formula, whose, slope) in SLOPES {
        let moderate: Vec<f64> =
            POINTS.iter().map(|x| f64::from(*x)).filter(|x| *x < 3.0).collect();
        let n = moderate.len();
        let text = format!("param x[{n}]\nE = sum({formula})\ngiven x{}", listed(&moderate));
        let net = parse_network(&text).unwrap();
        let numbers: Vec<f64> = moderate.iter().map(|x| f64::from(slope(*x as f32))).collect();
        let report = in_format(&net, &[("x", &numbers)], Format::F32);
        assert!(report.agrees(), "{formula}, {whose}: {:?}", report.parameters[0].comparisons);
    }
}

/// Three logits, from those of a guess to those of a certainty.
const LOGITS: [[f32; 3]; 5] = [
    [0.5, -1.0, 2.0],
    [30.0, -40.0, 5.0],
    [-80.0, -85.0, -79.5],
    [60.0, 59.5, -60.0],
    [80.0, 0.0, -5.5],
];

/// Weights of the outputs, or a target.
const R: [f32; 3] = [1.0, -2.0, 0.5];
const T: [f32; 3] = [0.0, 1.0, 0.0];

fn sum(x: [f32; 3]) -> f32 {
    x[0] + x[1] + x[2]
}

fn greatest(z: [f32; 3]) -> f32 {
    z[0].max(z[1]).max(z[2])
}

/// z − max − ln Σ exp(z − max).
fn log_softmax(z: [f32; 3]) -> [f32; 3] {
    let m = greatest(z);
    let ln = libm::logf(sum(z.map(|z| libm::expf(z - m))));
    z.map(|z| z - m - ln)
}

fn softmax(z: [f32; 3]) -> [f32; 3] {
    let m = greatest(z);
    let s = sum(z.map(|z| libm::expf(z - m)));
    z.map(|z| libm::expf(z - m) / s)
}

fn each(f: impl Fn(usize) -> f32) -> [f32; 3] {
    [f(0), f(1), f(2)]
}

/// A loss of logits z, whose it is, and the gradient.
type Gradient = fn([f32; 3]) -> [f32; 3];
const LOSSES: [(&str, &str, Gradient); 9] = [
    ("sum(r * log_softmax(z))", "PyTorch", |z| {
        let out = log_softmax(z);
        each(|n| R[n] - libm::expf(out[n]) * sum(R))
    }),
    ("sum(r * log_softmax(z))", "JAX", |z| each(|n| R[n] - softmax(z)[n] * sum(R))),
    ("ln(sum(exp(z)))", "PyTorch", |z| {
        let m = greatest(z);
        let all = m + libm::logf(sum(z.map(|z| libm::expf(z - m))));
        z.map(|z| libm::expf(z - all))
    }),
    ("ln(sum(exp(z)))", "JAX", softmax),
    ("sum(r * softmax(z))", "PyTorch", |z| {
        let p = softmax(z);
        let mean = sum(each(|n| R[n] * p[n]));
        each(|n| p[n] * (R[n] - mean))
    }),
    ("sum(r * softmax(z))", "JAX", |z| {
        let p = softmax(z);
        let mean = sum(each(|n| R[n] * p[n]));
        each(|n| p[n] * R[n] - p[n] * mean)
    }),
    ("cross_entropy(z, t)", "PyTorch", |z| {
        let out = log_softmax(z);
        each(|n| libm::expf(out[n]) * sum(T) - T[n])
    }),
    ("3 * bce_logits(z, t)", "PyTorch", |z| each(|n| sigmoid(z[n]) - T[n])),
    // −(t·ln σ(z) + (1 − t)·ln σ(−z)), where ln σ(z) = −softplus(−z).
    ("3 * bce_logits(z, t)", "JAX", |z| {
        let slope = |x: f32| libm::expf(x - logaddexp(x));
        each(|n| -(T[n] * slope(-z[n]) - (1.0 - T[n]) * slope(z[n])))
    }),
];

#[test]
fn logits_of_a_certainty_are_not_flagged() {
    for (loss, whose, gradient) in LOSSES {
        for z in LOGITS {
            let wide = |x: [f32; 3]| x.map(f64::from);
            let text = format!(
                "param z[3]\ninput r[3]\ntarget t[3]\nE = {loss}\ngiven z{}\ngiven r{}\ngiven t{}",
                listed(&wide(z)),
                listed(&wide(R)),
                listed(&wide(T))
            );
            let net = parse_network(&text).unwrap();
            let right = wide(gradient(z));
            let report = in_format(&net, &[("z", &right)], Format::F32);
            let verdict = parameter(&report, "z").verdict();
            let first = report.first_mismatch();
            assert_ne!(verdict, Verdict::Differ, "{loss} at {z:?}, {whose}: {first:?}");
            if z == LOGITS[0] {
                assert_eq!(verdict, Verdict::Agree, "{loss}, {whose}");
                let wrong = right.map(|x| x * 1.001);
                assert!(
                    !in_format(&net, &[("z", &wrong)], Format::F32).agrees(),
                    "{loss}, {whose}"
                );
            }
        }
    }
}
