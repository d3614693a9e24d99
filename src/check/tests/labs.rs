//! Networks with a backward pass written out in loops, which makes one mistake when it is asked to:
//! where broken gradients come from. Nothing here is shared with what diagnoses them.

use std::collections::BTreeMap;

use super::*;
use crate::concrete::tests::networks::drawn;
use crate::net::{Builder, Pooling, Shape, Window};
use crate::scalar::Function;

/// Gradients by name, row-major.
pub(super) type Grads = BTreeMap<&'static str, Vec<f64>>;

/// A network with values, and a backward pass of it with one mistake.
pub(super) struct Lab {
    pub net: Network,
    pub by_hand: fn(&Numbers, &str) -> Grads,
}

/// The values of the leaves.
pub(super) struct Numbers(BTreeMap<String, Vec<f64>>);

impl Numbers {
    pub fn get(&self, name: &str) -> &[f64] {
        &self.0[name]
    }
}

impl Lab {
    pub fn new(by_hand: fn(&Numbers, &str) -> Grads, build: impl Fn(&mut Builder)) -> Lab {
        let mut b = Builder::new();
        build(&mut b);
        let mut net = b.finish().unwrap();
        // Multiples of 1/64 in ±1, which f64 has without error, and none of them 0.
        net.values = crate::concrete::tests::fill(&net, |name, e| {
            let n = drawn(5, name, e);
            let sign = if n.is_multiple_of(2) { 1 } else { -1 };
            Rational::new(sign * (1 + (n / 2 % 64) as i64), 64).unwrap()
        });
        Lab { net, by_hand }
    }

    pub fn run(&self, bug: &str) -> Grads {
        let real = |(id, all): (&QuantityId, &Vec<Rational>)| {
            (self.net.quantity(*id).name.clone(), all.iter().map(Rational::to_f64).collect())
        };
        (self.by_hand)(&Numbers(self.net.values().iter().map(real).collect()), bug)
    }

    pub fn shape(&self, name: &str) -> &Shape {
        self.net.shape(self.net.find(name).unwrap())
    }

    pub fn check(&self, name: &str, numbers: &[f64]) -> Report {
        let theirs = BTreeMap::from([(self.net.find(name).unwrap(), numbers.to_vec())]);
        check_gradients(&self.net, self.net.values(), &theirs).unwrap()
    }
}

pub(super) fn leaf(b: &mut Builder, role: Role, name: &str, shape: &[usize]) -> NodeId {
    let id = b.declare(role, name, Shape::new(shape)).unwrap();
    b.node_of(id)
}

pub(super) fn define(b: &mut Builder, name: &str, value: NodeId) -> NodeId {
    let id = b.define(name, value).unwrap();
    b.node_of(id)
}

pub(super) fn half_squared(b: &mut Builder, error: NodeId) -> NodeId {
    let two = b.number(&Rational::from(2)).unwrap();
    let square = b.pow(error, two).unwrap();
    let sum = b.sum(square).unwrap();
    b.div(sum, two).unwrap()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

// A perceptron with three layers over a batch of 4: relu, sigmoid, tanh.

const BATCH: usize = 4;
/// Inputs, hidden, hidden, outputs.
const WIDTHS: [usize; 4] = [3, 5, 2, 2];

fn perceptron() -> Lab {
    Lab::new(perceptron_by_hand, |b| {
        let mut last = leaf(b, Role::Input, "x", &[BATCH, WIDTHS[0]]);
        for n in 0..3 {
            let w = leaf(b, Role::Param, ["W1", "W2", "W3"][n], &[WIDTHS[n + 1], WIDTHS[n]]);
            let bias = leaf(b, Role::Param, ["b1", "b2", "b3"][n], &[WIDTHS[n + 1]]);
            let turned = b.transpose(w, &[1, 0]).unwrap();
            let product = b.matmul(last, turned).unwrap();
            let sums = b.add(&[product, bias]).unwrap();
            let f = [Function::Relu, Function::Sigmoid, Function::Tanh][n];
            let value = b.call(f, sums).unwrap();
            last = define(b, ["h", "s", "y"][n], value);
        }
        let t = leaf(b, Role::Target, "t", &[BATCH, WIDTHS[3]]);
        let error = b.sub(last, t).unwrap();
        let loss = half_squared(b, error);
        define(b, "E", loss);
    })
}

fn perceptron_by_hand(at: &Numbers, bug: &str) -> Grads {
    let (names, biases) = (["W1", "W2", "W3"], ["b1", "b2", "b3"]);
    let mut layers = vec![at.get("x").to_vec()];
    let mut sums: Vec<Vec<f64>> = Vec::new();
    for n in 0..3 {
        let (into, out) = (WIDTHS[n], WIDTHS[n + 1]);
        let (w, bias, x) = (at.get(names[n]), at.get(biases[n]), &layers[n]);
        let z: Vec<f64> = (0..BATCH * out)
            .map(|e| {
                let (i, o) = (e / out, e % out);
                (0..into).map(|m| x[i * into + m] * w[o * into + m]).sum::<f64>() + bias[o]
            })
            .collect();
        let f = [|z: f64| z.max(0.0), sigmoid, libm::tanh][n];
        layers.push(z.iter().map(|z| f(*z)).collect());
        sums.push(z);
    }
    let mut delta: Vec<f64> = layers[3].iter().zip(at.get("t")).map(|(y, t)| y - t).collect();
    let mut grads = Grads::new();
    for n in (0..3).rev() {
        let (into, out) = (WIDTHS[n], WIDTHS[n + 1]);
        for e in 0..BATCH * out {
            let (z, a) = (sums[n][e], layers[n + 1][e]);
            delta[e] *= match (n, bug) {
                (0, "relu mask missing") => 1.0,
                (0, "relu other side") => f64::from(z < 0.0),
                (0, _) => f64::from(z > 0.0),
                (1, "sigmoid slope missing") => 1.0,
                (1, "sigmoid at output") => sigmoid(a) * (1.0 - sigmoid(a)),
                (1, "sigmoid at argument") => z * (1.0 - z),
                (1, _) => a * (1.0 - a),
                (_, "tanh slope missing") => 1.0,
                (_, "tanh at output") => 1.0 - libm::tanh(a) * libm::tanh(a),
                (_, "tanh at argument") => 1.0 - z * z,
                _ => 1.0 - a * a,
            };
        }
        let counts = |i: usize| match bug {
            "only the first of the batch" => i == 0,
            "only the last of the batch" => i == BATCH - 1,
            "the third of the batch missing" => i != 2,
            _ => true,
        };
        let items: Vec<usize> = (0..BATCH).filter(|i| counts(*i)).collect();
        let x = &layers[n];
        let by_w = (0..out * into).map(|e| {
            let (o, m) = (e / into, e % into);
            items.iter().map(|i| delta[i * out + o] * x[i * into + m]).sum()
        });
        grads.insert(names[n], by_w.collect());
        let by_b = (0..out).map(|o| items.iter().map(|i| delta[i * out + o]).sum());
        grads.insert(biases[n], by_b.collect());
        let w = at.get(names[n]);
        delta = (0..BATCH * into)
            .map(|e| {
                let (i, m) = (e / into, e % into);
                let weight = |o: usize| match bug {
                    "W3 not transposed" if n == 2 => w[m * into + o],
                    "W3 after its step" if n == 2 => {
                        w[o * into + m] - 0.1 * grads["W3"][o * into + m]
                    }
                    "W2 after its step" if n == 1 => {
                        w[o * into + m] - 0.5 * grads["W2"][o * into + m]
                    }
                    _ => w[o * into + m],
                };
                (0..out).map(|o| delta[i * out + o] * weight(o)).sum()
            })
            .collect();
    }
    grads
}

// Two convolutions with channels; the second with stride and padding, a mean over windows, and a
// second path around the mean.

fn convolutions() -> Lab {
    Lab::new(convolutions_by_hand, |b| {
        let x = leaf(b, Role::Input, "x", &[2, 4, 4]);
        let k = leaf(b, Role::Param, "k", &[3, 2, 2, 2]);
        let c = leaf(b, Role::Param, "c", &[3, 1, 1]);
        let padded = Window { padding: vec![[1, 1]; 2], ..Window::plain(2) };
        let conv = b.conv(x, k, padded.clone()).unwrap();
        let sums = b.add(&[conv, c]).unwrap();
        let value = b.call(Function::Tanh, sums).unwrap();
        let h = define(b, "h", value);
        let l = leaf(b, Role::Param, "l", &[2, 3, 3, 3]);
        let d = leaf(b, Role::Param, "d", &[2, 1, 1]);
        let conv = b.conv(h, l, Window { stride: vec![2, 2], ..padded }).unwrap();
        let sums = b.add(&[conv, d]).unwrap();
        let z = define(b, "z", sums);
        let mean = b.pool(Pooling::Mean, z, &[2, 2], Window::plain(2)).unwrap();
        let p = define(b, "p", mean);
        let (r, q) = (leaf(b, Role::Input, "r", &[2, 2, 2]), leaf(b, Role::Input, "q", &[2, 3, 3]));
        let (pooled, around) = (b.mul(&[r, p]).unwrap(), b.mul(&[q, z]).unwrap());
        let sums = [b.sum(pooled).unwrap(), b.sum(around).unwrap()];
        let loss = b.add(&sums).unwrap();
        define(b, "E", loss);
    })
}

fn convolutions_by_hand(at: &Numbers, bug: &str) -> Grads {
    let (x, k, c, l, d) = (at.get("x"), at.get("k"), at.get("c"), at.get("l"), at.get("d"));
    // The cell of an image of n×n under a window, if it is inside.
    let cell = |n: i64, i: i64, j: i64| {
        (0..n).contains(&i).then_some(())?;
        (0..n).contains(&j).then_some((i * n + j) as usize)
    };
    let mut h = vec![0.0; 3 * 25];
    for (o, i, j) in each(3, 5, 5) {
        let mut sum = c[o];
        for (ch, m, n) in each(2, 2, 2) {
            if let Some(at) = cell(4, i as i64 + m as i64 - 1, j as i64 + n as i64 - 1) {
                sum += k[((o * 2 + ch) * 2 + m) * 2 + n] * x[ch * 16 + at];
            }
        }
        h[o * 25 + i * 5 + j] = libm::tanh(sum);
    }
    let (r, q) = (at.get("r"), at.get("q"));
    let mut delta = q.to_vec();
    for (o, i, j) in each(2, 2, 2) {
        for (_, m, n) in each(1, 2, 2) {
            let share = if bug == "divisor missing" { 1.0 } else { 0.25 };
            delta[o * 9 + (i + m) * 3 + j + n] += share * r[o * 4 + i * 2 + j];
        }
    }
    let _ = d;
    let mut grads = Grads::new();
    let (mut by_l, mut by_d, mut by_h) = (vec![0.0; 54], vec![0.0; 2], vec![0.0; 75]);
    for (o, i, j) in each(2, 3, 3) {
        let g = delta[o * 9 + i * 3 + j];
        match bug {
            "only the first of the space" if i + j > 0 => {}
            "only the last of the space" if i + j < 4 => {}
            "only the last row" if i < 2 => {}
            _ => by_d[o] += g,
        }
        for (ch, m, n) in each(3, 3, 3) {
            let stride = if bug == "stride ignored" { 1 } else { 2 };
            let padding = if bug == "padding ignored" { 0 } else { 1 };
            let far = [i64::from(bug == "too far down"), i64::from(bug == "too far right")];
            let near = i64::from(bug == "too near down");
            let up = (i * stride + m) as i64 - padding + far[0] - near;
            let left = (j * stride + n) as i64 - padding + far[1];
            let Some(at) = cell(5, up, left) else { continue };
            let tap = |m: usize, n: usize| ((o * 3 + ch) * 3 + m) * 3 + n;
            by_l[tap(m, n)] += g * h[ch * 25 + at];
            let weight = match bug {
                "kernel turned" => l[tap(2 - m, 2 - n)],
                "tap missing" if (o, ch, m, n) == (1, 0, 2, 1) => 0.0,
                _ => l[tap(m, n)],
            };
            by_h[ch * 25 + at] += g * weight;
        }
    }
    grads.insert("l", by_l);
    grads.insert("d", by_d);
    let (mut by_k, mut by_c) = (vec![0.0; 24], vec![0.0; 3]);
    for (o, i, j) in each(3, 5, 5) {
        let y = h[o * 25 + i * 5 + j];
        let g =
            by_h[o * 25 + i * 5 + j] * if bug == "tanh slope missing" { 1.0 } else { 1.0 - y * y };
        by_c[o] += g;
        for (ch, m, n) in each(2, 2, 2) {
            if let Some(at) = cell(4, i as i64 + m as i64 - 1, j as i64 + n as i64 - 1) {
                by_k[((o * 2 + ch) * 2 + m) * 2 + n] += g * x[ch * 16 + at];
            }
        }
    }
    grads.insert("k", by_k);
    grads.insert("c", by_c);
    grads
}

fn each(a: usize, b: usize, c: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| (i, j, k))))
}

// One weight used twice, with a residual path: h = tanh(W x), y = h + tanh(W h), E = Σ (y − t)²/2.

fn residual() -> Lab {
    Lab::new(residual_by_hand, |b| {
        let (x, w) = (leaf(b, Role::Param, "x", &[3]), leaf(b, Role::Param, "W", &[3, 3]));
        let product = b.matmul(w, x).unwrap();
        let value = b.call(Function::Tanh, product).unwrap();
        let h = define(b, "h", value);
        let product = b.matmul(w, h).unwrap();
        let value = b.call(Function::Tanh, product).unwrap();
        let f = define(b, "f", value);
        let sum = b.add(&[h, f]).unwrap();
        let y = define(b, "y", sum);
        let t = leaf(b, Role::Target, "t", &[3]);
        let error = b.sub(y, t).unwrap();
        let loss = half_squared(b, error);
        define(b, "E", loss);
    })
}

fn residual_by_hand(at: &Numbers, bug: &str) -> Grads {
    let (x, w, t) = (at.get("x"), at.get("W"), at.get("t"));
    let layer = |x: &[f64]| -> Vec<f64> {
        let sum = |o: usize| (0..3).map(|m| w[o * 3 + m] * x[m]).sum::<f64>();
        (0..3).map(|o| libm::tanh(sum(o))).collect()
    };
    let h = layer(x);
    let f = layer(&h);
    let g: Vec<f64> = (0..3).map(|n| h[n] + f[n] - t[n]).collect();
    let inner: Vec<f64> = (0..3).map(|n| g[n] * (1.0 - f[n] * f[n])).collect();
    let back = |delta: &[f64], m: usize| (0..3).map(|o| delta[o] * w[o * 3 + m]).sum::<f64>();
    let by_h: Vec<f64> = (0..3)
        .map(|m| match bug {
            "residual path missing" => back(&inner, m),
            "residual path negated" => back(&inner, m) - g[m],
            "branch missing" => g[m],
            "branch negated" => g[m] - back(&inner, m),
            _ => g[m] + back(&inner, m),
        })
        .collect();
    let outer: Vec<f64> = (0..3).map(|n| by_h[n] * (1.0 - h[n] * h[n])).collect();
    let by_w = (0..9).map(|e| {
        let (o, m) = (e / 3, e % 3);
        let (first, second) = (outer[o] * x[m], inner[o] * h[m]);
        match bug {
            "second use missing" => first,
            "first use missing" => second,
            _ => first + second,
        }
    });
    let by_x = (0..3).map(|m| back(&outer, m)).collect();
    Grads::from([("W", by_w.collect()), ("x", by_x)])
}

// Softmax with cross-entropy: z = W x + b, E = −Σ t (z − ln Σ exp z).

fn classifier() -> Lab {
    Lab::new(classifier_by_hand, |b| {
        let (x, w) = (leaf(b, Role::Input, "x", &[4]), leaf(b, Role::Param, "W", &[3, 4]));
        let (bias, t) = (leaf(b, Role::Param, "b", &[3]), leaf(b, Role::Target, "t", &[3]));
        let product = b.matmul(w, x).unwrap();
        let sum = b.add(&[product, bias]).unwrap();
        let z = define(b, "z", sum);
        let exp = b.call(Function::Exp, z).unwrap();
        let sum = b.sum(exp).unwrap();
        let ln = b.call(Function::Ln, sum).unwrap();
        let norm = define(b, "norm", ln);
        let difference = b.sub(z, norm).unwrap();
        let log = define(b, "log_p", difference);
        let product = b.mul(&[t, log]).unwrap();
        let sum = b.sum(product).unwrap();
        let loss = b.neg(sum).unwrap();
        define(b, "E", loss);
    })
}

fn classifier_by_hand(at: &Numbers, bug: &str) -> Grads {
    let (x, w, b, t) = (at.get("x"), at.get("W"), at.get("b"), at.get("t"));
    let z = |o: usize| (0..4).map(|m| w[o * 4 + m] * x[m]).sum::<f64>() + b[o];
    let exp: Vec<f64> = (0..3).map(|o| libm::exp(z(o))).collect();
    let (sum, total) = (exp.iter().sum::<f64>(), t.iter().sum::<f64>());
    let delta: Vec<f64> = (0..3)
        .map(|o| match bug {
            "p alone" => total * exp[o] / sum,
            "t alone" => -t[o],
            "t − p" => t[o] - total * exp[o] / sum,
            _ => total * exp[o] / sum - t[o],
        })
        .collect();
    let by_w = (0..12).map(|e| delta[e / 4] * x[e % 4]).collect();
    Grads::from([("W", by_w), ("b", delta)])
}

// A true convolution, relu and a max over windows that overlap, in one dimension.

fn maxima() -> Lab {
    Lab::new(maxima_by_hand, |b| {
        let (x, k) = (leaf(b, Role::Param, "x", &[9]), leaf(b, Role::Param, "k", &[3]));
        let window = Window { flip: true, dilation: vec![2], ..Window::plain(1) };
        let conv = b.conv(x, k, window).unwrap();
        let c = define(b, "c", conv);
        let max = b.pool(Pooling::Max, c, &[2], Window::plain(1)).unwrap();
        let m = define(b, "m", max);
        let v = leaf(b, Role::Param, "v", &[4]);
        let product = b.mul(&[v, m]).unwrap();
        let sum = b.sum(product).unwrap();
        define(b, "E", sum);
    })
}

fn maxima_by_hand(at: &Numbers, bug: &str) -> Grads {
    let (x, k, v) = (at.get("x"), at.get("k"), at.get("v"));
    let step = if bug == "dilation ignored" { 1 } else { 2 };
    let c: Vec<f64> = (0..5).map(|i| (0..3).map(|m| k[2 - m] * x[i + 2 * m]).sum()).collect();
    let mut by_c = [0.0; 5];
    for i in 0..4 {
        let (winner, loser) = if c[i] >= c[i + 1] { (i, i + 1) } else { (i + 1, i) };
        match bug {
            "every cell" => (by_c[winner], by_c[loser]) = (by_c[winner] + v[i], by_c[loser] + v[i]),
            "averaged" => {
                by_c[winner] += v[i] / 2.0;
                by_c[loser] += v[i] / 2.0;
            }
            _ => by_c[winner] += v[i],
        }
    }
    let (mut by_x, mut by_k) = (vec![0.0; 9], vec![0.0; 3]);
    for i in 0..5 {
        for m in 0..3 {
            let tap = if bug == "kernel turned" { m } else { 2 - m };
            by_x[i + step * m] += by_c[i] * k[tap];
            by_k[tap] += by_c[i] * x[i + step * m];
        }
    }
    let by_v = (0..4).map(|i| c[i].max(c[i + 1])).collect();
    Grads::from([("x", by_x), ("k", by_k), ("v", by_v)])
}

pub(super) fn labs() -> [(&'static str, Lab); 5] {
    [
        ("perceptron", perceptron()),
        ("convolutions", convolutions()),
        ("residual", residual()),
        ("classifier", classifier()),
        ("maxima", maxima()),
    ]
}
