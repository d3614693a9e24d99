//! Layers of every kind, for the tests here and in `proof`.

use crate::lang::parse_network;
use crate::net::{Builder, Network, NodeId, Pooling, Range, Role, Shape, Window};

/// Networks in the language.
const TEXTS: &[(&str, &str)] = &[
    ("stride", "input x[5, 5]\nparam w[2, 2]\nc = conv(x, w, stride: 2)\nE = sum(c)"),
    (
        "padding and flip",
        "input x[4, 3]\nparam w[3, 2]\nc = conv(x, w, padding: 1, flip: true)\nr = max(c)\nE = r^2",
    ),
    ("one weight", "input x\nparam w\ntarget t\ny = w*x\nE = (t - y)^2/2"),
    (
        "sigmoid",
        "input x[3]\nparam w[3]\ntarget t[3]\nz = w*x\na = sigmoid(z)\nE = sum((t - a)^2)/2",
    ),
    ("softmax", "param z[3]\ntarget t[3]\np = exp(z)/sum(exp(z))\nE = -sum(t*ln(p))"),
    ("softmax without a name", "param z[3]\ntarget t[3]\nE = -sum(t*ln(exp(z)/sum(exp(z))))"),
    (
        "binary cross-entropy",
        "param z[3]\ntarget t[3]\np = sigmoid(z)\nE = -sum(t*ln(p) + (1 - t)*ln(1 - p))",
    ),
    (
        "layer norm",
        "param x[4], gamma[4], beta[4]\nmu = sum(x)/4\nv = sum((x - mu)^2)/4\n\
         n = (x - mu)/sqrt(v + 1/100)\ny = gamma*n + beta\nE = sum(y^2)",
    ),
    (
        "a root mean square written out",
        "param r[3, 4], g[4]\nh = r/sqrt(mean(r^2, axis: 1, keep: true) + 1/1000)*g\nE = sum(h^3)",
    ),
    (
        "a layer norm in one formula",
        "param x[2, 5]\nm = x - mean(x, axis: 1, keep: true)\n\
         y = m/sqrt(mean(m^2, axis: 1, keep: true) + 1/100)\nE = sum(y^3)",
    ),
    (
        "a group norm in one formula",
        "param c[2, 2, 8]\n\
         n = reshape((c - mean(c, axis: 2, keep: true))/sqrt(mean((c - mean(c, axis: 2, \
         keep: true))^2, axis: 2, keep: true) + 1/100), shape: [2, 4, 4])\nE = sum(n^3)",
    ),
    ("rows of length 1", "param a[4, 6]\ny = a/sqrt(sum(a^2, axis: 1, keep: true))\nE = sum(y^3)"),
    ("residual", "param x[4], u[4]\nh = tanh(u*x)\ny = x + h\nE = sum(y^2)"),
    ("powers", "param x[3], a\ny = x^3 + 2^x + a/x\nE = sum(y)*a"),
    ("layer norm as a layer", "param z[4], w[4]\ny = w*layer_norm(z)\nE = sum(y^2)"),
    (
        "batch norm over two axes",
        "param z[3, 2, 2], γ[2], β[2]\ny = batch_norm(z, γ, β)\nE = sum(y^3)",
    ),
    (
        "layer norm of a long vector",
        "param z[90, 12], γ[12], β[12]\ny = layer_norm(z, γ, β)\nE = sum(y^3)",
    ),
    ("no mean, for it divides by another number", "param x[4]\nmu = sum(x)/3\nE = sum((x - mu)^2)"),
    (
        "a padding wider than the kernel",
        "param x[2, 3], w[2, 2]\nc = conv(x, w, padding: 3, stride: 2)\nE = sum(c^2)",
    ),
    (
        "a large layer whose padding is wider than the kernel",
        "param x[12, 12], w[3, 3]\nc = conv(x, w, padding: 4)\nE = sum(c^2)",
    ),
    ("exp six deep", "param w[3]\ny = exp(exp(exp(exp(exp(exp(w))))))\nE = sum(y)"),
    (
        "names that are letters",
        "input i[4], j\nparam w_o[3, 4], k[3]\no = w_o @ i + k*j\nE = sum(o^2)",
    ),
    ("a max of scalars", "param a, c\nm = max(a*c, c, 2)\nE = m*a"),
];

/// A name, the leaves with their lengths, and the operation on them.
type Made = (&'static str, &'static [(&'static str, &'static [usize])], Make);

type Make = fn(&mut Builder, &[NodeId]) -> Result<NodeId, crate::diag::Error>;

/// One operation each, under E = Σ y.
const LAYERS: &[Made] = &[
    ("conv with channels and a batch", &[("x", &[2, 2, 3, 2]), ("w", &[2, 2, 2, 2])], |b, l| {
        b.conv(l[0], l[1], Window { padding: vec![[1, 1], [1, 1]], ..Window::plain(2) })
    }),
    ("conv in groups", &[("x", &[4, 3, 3]), ("w", &[4, 2, 2, 2])], |b, l| {
        b.conv(l[0], l[1], Window { groups: 2, ..Window::plain(2) })
    }),
    ("conv by channel", &[("x", &[2, 3, 3]), ("w", &[2, 1, 2, 2])], |b, l| {
        b.conv(l[0], l[1], Window { groups: 2, ..Window::plain(2) })
    }),
    ("conv in one dimension, dilated", &[("x", &[1, 9]), ("w", &[2, 1, 3])], |b, l| {
        let window = Window {
            stride: vec![2],
            dilation: vec![3],
            padding: vec![[1, 2]],
            ..Window::plain(1)
        };
        b.conv(l[0], l[1], window)
    }),
    ("max-pool", &[("x", &[2, 4, 4])], |b, l| {
        let window = Window { stride: vec![2, 2], ..Window::plain(2) };
        b.pool(Pooling::Max, l[0], &[2, 2], window)
    }),
    ("max-pool, overlapping and padded", &[("x", &[3, 2])], |b, l| {
        let window = Window { padding: vec![[1, 1], [1, 1]], ..Window::plain(2) };
        b.pool(Pooling::Max, l[0], &[2, 2], window)
    }),
    ("average-pool", &[("x", &[4, 4])], |b, l| {
        let window = Window { stride: vec![2, 2], ..Window::plain(2) };
        b.pool(Pooling::Mean, l[0], &[2, 2], window)
    }),
    ("average-pool, overlapping", &[("x", &[4, 3])], |b, l| {
        b.pool(Pooling::Mean, l[0], &[2, 2], Window::plain(2))
    }),
    ("average-pool over what lies inside", &[("x", &[3, 2])], |b, l| {
        let window = Window { padding: vec![[1, 1], [1, 1]], ..Window::plain(2) };
        b.pool(Pooling::MeanInside, l[0], &[2, 2], window)
    }),
    ("dense", &[("W", &[3, 4]), ("x", &[4]), ("b", &[3])], |b, l| {
        let z = b.matmul(l[0], l[1])?;
        b.add(&[z, l[2]])
    }),
    ("dense, a batch in rows", &[("W", &[3, 4]), ("x", &[2, 4]), ("b", &[3])], |b, l| {
        let transposed = b.transpose(l[0], &[1, 0])?;
        let z = b.matmul(l[1], transposed)?;
        b.add(&[z, l[2]])
    }),
    ("matrix products in a batch", &[("a", &[2, 3, 4]), ("c", &[1, 4, 2])], |b, l| {
        b.matmul(l[0], l[1])
    }),
    ("inner product", &[("a", &[4]), ("c", &[4])], |b, l| b.matmul(l[0], l[1])),
    ("flatten", &[("x", &[2, 3, 2])], |b, l| b.reshape(l[0], Shape::new([12]))),
    ("unflatten", &[("x", &[12])], |b, l| b.reshape(l[0], Shape::new([2, 3, 2]))),
    ("reshape", &[("x", &[4, 6])], |b, l| b.reshape(l[0], Shape::new([3, 8]))),
    ("transpose", &[("x", &[2, 3, 4])], |b, l| b.transpose(l[0], &[2, 0, 1])),
    ("slice", &[("x", &[6, 3])], |b, l| {
        let stepped = Range { start: 1, step: 2, count: 3 };
        b.slice(l[0], &[stepped, Range { start: 1, step: 1, count: 2 }])
    }),
    ("concat", &[("x", &[3, 2]), ("u", &[4, 2])], |b, l| b.concat(&[l[0], l[1]], 0)),
    ("max over an axis", &[("x", &[3, 4])], |b, l| b.max_along(l[0], &[1])),
    ("sum over an axis", &[("x", &[3, 4, 2])], |b, l| b.sum_along(l[0], &[0, 2])),
    ("broadcasting", &[("x", &[3, 4]), ("s", &[3, 1]), ("u", &[4])], |b, l| {
        let scaled = b.mul(&[l[0], l[1]])?;
        b.sub(scaled, l[2])
    }),
];

/// Every case with its name.
pub(crate) fn cases() -> Vec<(&'static str, Network)> {
    let parsed = |(name, text): &(&'static str, &str)| {
        (*name, parse_network(text).unwrap_or_else(|e| panic!("{name}: {e:?}")))
    };
    let made = |(name, leaves, make): &Made| {
        (*name, layer(leaves, *make).unwrap_or_else(|e| panic!("{name}: {e:?}")))
    };
    TEXTS.iter().map(parsed).chain(LAYERS.iter().map(made)).collect()
}

fn layer(leaves: &[(&str, &[usize])], make: Make) -> Result<Network, crate::diag::Error> {
    let mut b = Builder::new();
    let mut nodes = Vec::new();
    for (name, lengths) in leaves {
        let id = b.declare(Role::Param, name, Shape::new(lengths.to_vec()))?;
        nodes.push(b.node_of(id));
    }
    let y = make(&mut b, &nodes)?;
    let y = b.define("y", y)?;
    let y = b.node_of(y);
    let e = if b.shape(y).is_scalar() { y } else { b.sum(y)? };
    b.define("E", e)?;
    b.finish()
}
