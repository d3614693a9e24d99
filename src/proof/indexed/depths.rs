//! Proof of the equations for any depth: networks of several depths and sizes, layer by layer.

use std::collections::BTreeMap;

use super::claims::proved_all;
use super::instance::{Instance, Scene, Slopes, Table};
use super::renamed::Renamed;
use super::{fault, follows, spread};
use crate::calculus::sweep;
use crate::diag::{Error, Kind};
use crate::expr::Winners;
use crate::index::any_depth::{GeneralDerivation, GeneralLayer};
use crate::index::{Letter, all_values};
use crate::lower::lower;
use crate::net::{Builder, Network, NodeId, Role, Shape, Window};
use crate::scalar::Function;

/// Depths, functions and sizes of the networks that the equations are held against: lengths of
/// the layers for dense ones; for convolutions the input and then the kernels.
const DENSE: &[(Function, &[usize])] = &[
    (Function::Tanh, &[2, 3, 2]),
    (Function::Sigmoid, &[3, 2, 4, 1]),
    (Function::Relu, &[1, 2, 3, 2, 2]),
];
const CONVOLUTIONS: &[(Function, &[[usize; 2]])] = &[
    (Function::Tanh, &[[4, 3], [2, 2], [2, 1]]),
    (Function::Sigmoid, &[[5, 4], [2, 1], [3, 2], [1, 2]]),
    (Function::Relu, &[[4, 5], [1, 2], [2, 2], [2, 1], [1, 2]]),
];

/// Proves every step of the equations for any depth, at every layer of several networks, and every
/// result against the reverse sweep of the network of that depth. Returns how many networks.
///
/// # Errors
/// Of kind `Internal`, where a line does not hold.
pub fn prove_general(general: &GeneralDerivation) -> Result<usize, Error> {
    for lemma in &general.derivation.lemmas {
        follows(lemma)?;
    }
    match general.layer {
        GeneralLayer::Dense => {
            for (function, lengths) in DENSE {
                let shapes: Vec<Vec<i64>> = lengths.iter().map(|n| vec![*n as i64]).collect();
                prove_in_network(general, &dense(lengths, *function)?, *function, &shapes, &[])?;
            }
            Ok(DENSE.len())
        }
        GeneralLayer::Convolution => {
            for (function, sizes) in CONVOLUTIONS {
                let mut shapes = vec![sizes[0].map(|n| n as i64).to_vec()];
                let kernels: Vec<[i64; 2]> =
                    sizes[1..].iter().map(|k| k.map(|n| n as i64)).collect();
                for kernel in &kernels {
                    let last = &shapes[shapes.len() - 1];
                    let next = (0..2).map(|n| last[n] - kernel[n] + 1).collect();
                    shapes.push(next);
                }
                let net = convolution(sizes, *function)?;
                prove_in_network(general, &net, *function, &shapes, &kernels)?;
            }
            Ok(CONVOLUTIONS.len())
        }
    }
}

/// x0 → z1 → x1 → …, and E = Σ r·x_D.
fn chain(
    function: Function,
    depth: usize,
    input: Shape,
    mut layer: impl FnMut(&mut Builder, NodeId, usize) -> Result<NodeId, Error>,
) -> Result<Network, Error> {
    let mut b = Builder::new();
    let x = b.declare(Role::Input, "x0", input)?;
    let mut x = b.node_of(x);
    for l in 1..=depth {
        let z = layer(&mut b, x, l)?;
        let z = b.define(&format!("z{l}"), z)?;
        let value = b.node_of(z);
        let value = b.call(function, value)?;
        let value = b.define(&format!("x{l}"), value)?;
        x = b.node_of(value);
    }
    let r = b.shape(x).clone();
    let r = b.declare(Role::Input, "r", r)?;
    let r = b.node_of(r);
    let product = b.mul(&[r, x])?;
    let total = if b.shape(product).is_scalar() { product } else { b.sum(product)? };
    b.define("E", total)?;
    b.finish()
}

fn leaf(b: &mut Builder, name: String, lengths: &[usize]) -> Result<NodeId, Error> {
    let id = b.declare(Role::Param, &name, Shape::new(lengths.to_vec()))?;
    Ok(b.node_of(id))
}

fn dense(lengths: &[usize], function: Function) -> Result<Network, Error> {
    chain(function, lengths.len() - 1, Shape::new([lengths[0]]), |b, x, l| {
        let w = leaf(b, format!("w{l}"), &[lengths[l], lengths[l - 1]])?;
        let bias = leaf(b, format!("b{l}"), &[lengths[l]])?;
        let product = b.matmul(w, x)?;
        b.add(&[product, bias])
    })
}

fn convolution(sizes: &[[usize; 2]], function: Function) -> Result<Network, Error> {
    chain(function, sizes.len() - 1, Shape::new(sizes[0].to_vec()), |b, x, l| {
        let w = leaf(b, format!("w{l}"), &sizes[l])?;
        let bias = leaf(b, format!("b{l}"), &[])?;
        let sum = b.conv(x, w, Window::plain(2))?;
        b.add(&[sum, bias])
    })
}

/// What the letters stand for in layer l; sizes of a layer above the last are not asked for.
fn letters(
    layer: GeneralLayer,
    l: usize,
    shapes: &[Vec<i64>],
    kernels: &[[i64; 2]],
) -> Vec<(Letter, i64)> {
    let size = |name: &str, n: i64| (Letter::Size(name.to_string()), n);
    let mut all = vec![size("l", l as i64)];
    match layer {
        GeneralLayer::Dense => {
            all.push(size("K", shapes[l - 1][0]));
            all.push(size("N", shapes[l][0]));
            all.extend(shapes.get(l + 1).map(|s| size("M", s[0])));
        }
        GeneralLayer::Convolution => {
            all.extend([size("H", shapes[l][0]), size("W", shapes[l][1])]);
            all.extend([size("R", kernels[l - 1][0]), size("S", kernels[l - 1][1])]);
            let above = kernels.get(l).map(|k| [size("P", k[0]), size("Q", k[1])]);
            all.extend(above.into_iter().flatten());
        }
    }
    all
}

fn prove_in_network(
    general: &GeneralDerivation,
    net: &Network,
    function: Function,
    shapes: &[Vec<i64>],
    kernels: &[[i64; 2]],
) -> Result<(), Error> {
    let lowered = lower(net)?;
    let (mut graph, total) = (lowered.graph, lowered.loss);
    let (mut tensors, mut deltas) = (BTreeMap::new(), BTreeMap::new());
    for (id, quantity) in net.quantities() {
        let (shape, cells) = (net.shape(id).clone(), lowered.cells[id.index()].clone());
        let slopes = sweep::gradients(&mut graph, total, &cells, &Winners::new());
        deltas.insert(quantity.name.clone(), Table { shape: shape.clone(), cells: slopes });
        tensors.insert(quantity.name.clone(), Table { shape, cells });
    }
    let depth = shapes.len() - 1;
    let (mut known, mut slopes) = (Renamed::default(), Slopes::default());
    for lemma in &general.derivation.lemmas {
        // What speaks of layer l + 1 ends one layer before the last.
        let recursive = matches!(lemma.by.tensor.name.as_str(), "x" | "z");
        for l in 1..=(if recursive { depth - 1 } else { depth }) {
            let by = format!("{}{l}", lemma.by.tensor.name);
            let scene = Scene {
                tensors: &tensors,
                deltas: &deltas,
                total,
                loss: "E",
                by: &by,
                function: Some(function),
            };
            let mut instance = Instance::new(&mut graph, &mut slopes, scene);
            let sizes = letters(general.layer, l, shapes, kernels);
            let wrong = |what: &dyn std::fmt::Display| {
                Error::new(Kind::Internal, format!("{} in layer {l}: {what}", lemma.goal))
            };
            let all = all_values(&lemma.free, sizes).map_err(|e| wrong(&e))?;
            for mut letters in spread(all, true) {
                let mut before = instance.of(&lemma.goal, &mut letters).map_err(|e| wrong(&e))?;
                let cell = letters.cell(&lemma.by).map_err(|e| wrong(&e))?;
                let mut pairs = Vec::new();
                for step in &lemma.steps {
                    let after = instance.of(&step.after, &mut letters).map_err(|e| wrong(&e))?;
                    pairs.push((before, after));
                    before = after;
                }
                let variable = instance.find(&cell).map_err(|e| wrong(&e))?;
                let swept = sweep::gradients(instance.g, total, &[variable], &Winners::new())[0];
                pairs.push((before, swept));
                let proofs = proved_all(instance.g, &pairs, true, &mut known);
                if let Some(n) = proofs.iter().position(Option::is_none) {
                    return Err(match lemma.steps.get(n) {
                        Some(step) => fault(step.rule.name(), &step.before, &step.after),
                        None => fault("the reverse sweep", &lemma.goal, &lemma.result),
                    });
                }
            }
        }
    }
    Ok(())
}
