//! What comes out for the layers of the language, to be read.

use super::{IndexDerivation, TensorName, derive, of_network};
use crate::lang::parse_network;
use crate::net::{Builder, Network, NodeId, Pooling, Role, Shape, Window};
use crate::scalar::Rational;

fn derived(net: &Network) -> IndexDerivation {
    let system = of_network(net).expect("it is small");
    let names: Vec<TensorName> = system.tensors.iter().map(|t| t.name.clone()).collect();
    derive(&system, &names).expect("it is short")
}

/// Forward formulas and results, one a line.
fn results(net: &Network) -> String {
    let derivation = derived(net);
    let mut lines = Vec::new();
    for tensor in &derivation.system.tensors {
        if let Some(d) = &tensor.definition {
            let at: Vec<&str> = d.axes.iter().map(|r| r.index.as_str()).collect();
            lines.push(format!("{}[{}] = {}", tensor.name, at.join(", "), d.body));
        }
    }
    for lemma in &derivation.lemmas {
        lines.push(format!("{} = {}", lemma.goal, lemma.result));
    }
    lines.join("\n")
}

/// One layer of some leaves, under a loss E = Σ y.
fn layer(leaves: &[(&str, &[usize])], make: impl Fn(&mut Builder, &[NodeId]) -> NodeId) -> Network {
    let mut b = Builder::new();
    let leaves: Vec<NodeId> = leaves
        .iter()
        .map(|(name, lengths)| {
            let id = b.declare(Role::Param, name, Shape::new(lengths.to_vec())).expect("a name");
            b.node_of(id)
        })
        .collect();
    let y = make(&mut b, &leaves);
    let y = b.define("y", y).expect("a name");
    let y = b.node_of(y);
    let e = if b.shape(y).is_scalar() { y } else { b.sum(y).expect("a tensor") };
    let two = b.number(&Rational::from(2)).expect("a number");
    let e = b.mul(&[two, e]).expect("scalars");
    b.define("E", e).expect("a name");
    b.finish().expect("a network")
}

#[test]
fn look() {
    for text in [
        "input x[5, 5]\nparam w[2, 2]\nc = conv(x, w, stride: 2)\nE = sum(c)",
        "input x[5, 5]\nparam w[3, 3]\nc = conv(x, w, padding: 1, flip: true)\nt = max(c)\nE = t^2",
        "input x\nparam w\ntarget t\ny = w*x\nE = (t - y)^2/2",
        "input x[3]\nparam w[3]\ntarget t[3]\nz = w*x\ny = sigmoid(z)\nE = sum((t - y)^2)/2",
        "param z[3]\ntarget t[3]\np = exp(z)/sum(exp(z))\nE = -sum(t*ln(p))",
        "param z[3]\ntarget t[3]\nE = -sum(t*ln(exp(z)/sum(exp(z))))",
        "param z[3]\ntarget t[3]\np = sigmoid(z)\nE = -sum(t*ln(p) + (1 - t)*ln(1 - p))",
        "param x[4], gamma[4], beta[4]\nmu = sum(x)/4\nv = sum((x - mu)^2)/4\nn = (x - mu)/sqrt(v + 1/100)\ny = gamma*n + beta\nE = sum(y^2)",
        "param x[4], u[4]\nh = tanh(u*x)\ny = x + h\nE = sum(y^2)",
    ] {
        println!("{}\n", results(&parse_network(text).unwrap_or_else(|e| panic!("{e:?}"))));
    }
    let w2 = Window { stride: vec![2, 2], ..Window::plain(2) };
    let pad = Window { padding: vec![[1, 1], [1, 1]], ..Window::plain(2) };
    let grouped = Window { groups: 2, ..Window::plain(2) };
    let dilated =
        Window { stride: vec![2], dilation: vec![3], padding: vec![[1, 2]], ..Window::plain(1) };
    let nets = [
        layer(&[("x", &[2, 3, 5, 5]), ("w", &[4, 3, 2, 2])], |b, l| {
            b.conv(l[0], l[1], pad.clone()).unwrap()
        }),
        layer(&[("x", &[4, 5, 5]), ("w", &[6, 2, 2, 2])], |b, l| {
            b.conv(l[0], l[1], grouped.clone()).unwrap()
        }),
        layer(&[("x", &[2, 5, 5]), ("w", &[2, 1, 2, 2])], |b, l| {
            b.conv(l[0], l[1], grouped.clone()).unwrap()
        }),
        layer(&[("x", &[1, 9]), ("w", &[2, 1, 3])], |b, l| {
            b.conv(l[0], l[1], dilated.clone()).unwrap()
        }),
        layer(&[("x", &[3, 4, 4])], |b, l| {
            b.pool(Pooling::Max, l[0], &[2, 2], w2.clone()).unwrap()
        }),
        layer(&[("x", &[4, 4])], |b, l| b.pool(Pooling::Max, l[0], &[2, 2], pad.clone()).unwrap()),
        layer(&[("x", &[4, 4])], |b, l| b.pool(Pooling::Mean, l[0], &[2, 2], w2.clone()).unwrap()),
        layer(&[("x", &[4, 4])], |b, l| {
            b.pool(Pooling::MeanInside, l[0], &[2, 2], pad.clone()).unwrap()
        }),
        layer(&[("W", &[3, 4]), ("x", &[4]), ("b", &[3])], |b, l| {
            let z = b.matmul(l[0], l[1]).unwrap();
            b.add(&[z, l[2]]).unwrap()
        }),
        layer(&[("W", &[3, 4]), ("x", &[2, 4]), ("b", &[3])], |b, l| {
            let t = b.transpose(l[0], &[1, 0]).unwrap();
            let z = b.matmul(l[1], t).unwrap();
            b.add(&[z, l[2]]).unwrap()
        }),
        layer(&[("x", &[2, 3, 4])], |b, l| b.reshape(l[0], Shape::new([24])).unwrap()),
        layer(&[("x", &[24])], |b, l| b.reshape(l[0], Shape::new([2, 3, 4])).unwrap()),
        layer(&[("x", &[4, 6])], |b, l| b.reshape(l[0], Shape::new([3, 8])).unwrap()),
        layer(&[("x", &[3]), ("u", &[4])], |b, l| b.concat(&[l[0], l[1]], 0).unwrap()),
        layer(&[("x", &[3, 4])], |b, l| b.max_along(l[0], &[1]).unwrap()),
        layer(&[("x", &[6])], |b, l| {
            b.slice(l[0], &[crate::net::Range { start: 1, step: 2, count: 3 }]).unwrap()
        }),
        layer(&[("x", &[3, 4]), ("s", &[3, 1])], |b, l| b.mul(&[l[0], l[1]]).unwrap()),
        layer(&[("a", &[2, 3, 4]), ("c", &[1, 4, 2])], |b, l| b.matmul(l[0], l[1]).unwrap()),
    ];
    for net in &nets {
        println!("{}\n", results(net));
    }
    let d = derived(&nets[0]);
    for l in &d.lemmas[..1] {
        for s in &l.steps {
            println!("{:30} {}", s.rule.name(), s.after);
        }
    }
}
