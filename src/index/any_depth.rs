//! The equations for a network of any depth: layers x^(l) = φ(z^(l)), with z^(l+1) made of x^(l)
//! by a dense layer or a convolution; the number of layers, their sizes and φ are not told.
//!
//! What follows from the definitions by the rules: δ^(l) = ∂E/∂z^(l) from δ^(l+1), and the
//! derivatives by the weights and biases of layer l from δ^(l). The loss E depends on z^(l) through
//! z^(l+1) alone. `proof::prove_general` holds them against networks of several depths.

use std::collections::BTreeSet;

use super::affine::Affine;
use super::derive::lemma;
use super::formula::{Element, Formula, Range, TensorName};
use super::step::IndexDerivation;
use super::system::{Definition, System, Tensor};
use crate::diag::Error;

/// What leads from one layer to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GeneralLayer {
    /// z^(l+1)\[i\] = Σ_j w^(l+1)\[i, j\]·x^(l)\[j\] + b^(l+1)\[i\]. Lengths: K in layer l − 1, N in
    /// layer l, M in layer l + 1.
    Dense,
    /// z^(l+1)\[i, j\] = Σ_{m,n} w^(l+1)\[m, n\]·x^(l)\[i + m, j + n\] + b^(l+1). Lengths: layer l is
    /// H×W, the kernel of layer l is R×S, that of layer l + 1 is P×Q, with P ≤ H and Q ≤ W.
    Convolution,
}

/// The equations of a network of any depth, with their derivation.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneralDerivation {
    /// What leads from one layer to the next.
    pub layer: GeneralLayer,
    /// The definitions, and a lemma each for ∂E/∂x^(l), δ^(l) = ∂E/∂z^(l), ∂E/∂w^(l), ∂E/∂b^(l).
    pub derivation: IndexDerivation,
}

/// The equations of a network of dense layers.
///
/// # Errors
/// Of kind `Limit`, should a lemma be too long, which the tests exclude.
///
/// ```
/// let general = backproof::index::any_depth::dense()?;
/// let delta = &general.derivation.lemmas[1];
/// assert_eq!(delta.goal.to_string(), "∂E/∂z^(l)[j]");
/// assert_eq!(delta.result.to_string(), "φ′(z^(l)[j])·Σ_i δ^(l+1)[i]·w^(l+1)[i, j]");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn dense() -> Result<GeneralDerivation, Error> {
    let [k, n, m] = ["K", "N", "M"].map(Affine::size);
    let [below, here, above] = layers();
    let sum = |name: &str, layer: &Affine, from: &Affine, [i, j]: [&str; 2], length: &Affine| {
        let (row, column) = (Affine::index(i), Affine::index(j));
        let weight = element(name, layer, [row.clone(), column.clone()]);
        let product = Formula::Mul(vec![weight, element("x", from, [column])]);
        let bias = element("b", layer, [row]);
        Formula::Add(vec![Formula::sum(vec![Range::new(j, length.clone())], product), bias])
    };
    let tensors = vec![
        leaf("x", &below, [&k], ["k"]),
        leaf("w", &here, [&n, &k], ["j", "k"]),
        leaf("b", &here, [&n], ["j"]),
        defined("z", &here, [&n], ["j"], sum("w", &here, &below, ["j", "k"], &k)),
        defined("x", &here, [&n], ["j"], phi(element("z", &here, [Affine::index("j")]))),
        leaf("w", &above, [&m, &n], ["i", "j"]),
        leaf("b", &above, [&m], ["i"]),
        defined("z", &above, [&m], ["i"], sum("w", &above, &here, ["i", "j"], &n)),
    ];
    general(GeneralLayer::Dense, tensors, Vec::new())
}

/// The equations of a network of convolutions with stride 1.
///
/// # Errors
/// As [`dense`].
///
/// ```
/// let general = backproof::index::any_depth::convolution()?;
/// let weights = &general.derivation.lemmas[2];
/// assert_eq!(weights.goal.to_string(), "∂E/∂w^(l)[m, n]");
/// assert_eq!(weights.result.to_string(), "Σ_{i,j} δ^(l)[i, j]·x^(l−1)[i + m, j + n]");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn convolution() -> Result<GeneralDerivation, Error> {
    let [h, w, r, s, p, q] = ["H", "W", "R", "S", "P", "Q"].map(Affine::size);
    let [below, here, above] = layers();
    let (i, j) = (Affine::index("i"), Affine::index("j"));
    let sum = |layer: &Affine, from: &Affine, [rows, columns]: [&Affine; 2]| {
        let (m, n) = (Affine::index("m"), Affine::index("n"));
        let weight = element("w", layer, [m.clone(), n.clone()]);
        let product = Formula::Mul(vec![weight, element("x", from, [i.plus(&m), j.plus(&n)])]);
        let ranges = vec![Range::new("m", rows.clone()), Range::new("n", columns.clone())];
        Formula::Add(vec![Formula::sum(ranges, product), element("b", layer, [])])
    };
    let (tall, wide) = (h.plus(&r).plus_number(-1), w.plus(&s).plus_number(-1));
    let (short, slim) = (h.minus(&p).plus_number(1), w.minus(&q).plus_number(1));
    let ij = ["i", "j"];
    let tensors = vec![
        leaf("x", &below, [&tall, &wide], ["a", "b"]),
        leaf("w", &here, [&r, &s], ["m", "n"]),
        leaf("b", &here, [], []),
        Tensor {
            letters: vec!["a".to_string(), "b".to_string()],
            ..defined("z", &here, [&h, &w], ij, sum(&here, &below, [&r, &s]))
        },
        Tensor {
            letters: vec!["a".to_string(), "b".to_string()],
            ..defined("x", &here, [&h, &w], ij, phi(element("z", &here, [i.clone(), j.clone()])))
        },
        leaf("w", &above, [&p, &q], ["m", "n"]),
        leaf("b", &above, [], []),
        defined("z", &above, [&short, &slim], ij, sum(&above, &here, [&p, &q])),
    ];
    general(GeneralLayer::Convolution, tensors, vec![h.minus(&p), w.minus(&q)])
}

/// l − 1, l, l + 1.
fn layers() -> [Affine; 3] {
    let l = Affine::size("l");
    [l.plus_number(-1), l.clone(), l.plus_number(1)]
}

fn element<const N: usize>(name: &str, layer: &Affine, at: [Affine; N]) -> Formula {
    let tensor = TensorName::in_layer(name, layer.clone());
    Formula::Element(Element { tensor, at: at.to_vec() })
}

fn phi(argument: Formula) -> Formula {
    Formula::Apply { name: "φ".to_string(), primes: 0, argument: Box::new(argument) }
}

fn leaf<const N: usize>(
    name: &str,
    layer: &Affine,
    lengths: [&Affine; N],
    letters: [&str; N],
) -> Tensor {
    Tensor {
        name: TensorName::in_layer(name, layer.clone()),
        lengths: lengths.map(Affine::clone).to_vec(),
        letters: letters.iter().map(|l| l.to_string()).collect(),
        definition: None,
    }
}

fn defined<const N: usize>(
    name: &str,
    layer: &Affine,
    lengths: [&Affine; N],
    letters: [&str; N],
    body: Formula,
) -> Tensor {
    let axes = letters.iter().zip(lengths).map(|(l, n)| Range::new(l, n.clone())).collect();
    Tensor { definition: Some(Definition { axes, body }), ..leaf(name, layer, lengths, letters) }
}

fn general(
    layer: GeneralLayer,
    mut tensors: Vec<Tensor>,
    facts: Vec<Affine>,
) -> Result<GeneralDerivation, Error> {
    let [_, here, _] = layers();
    let loss = TensorName::new("E");
    // What E is made of is not told.
    tensors.push(Tensor {
        name: loss.clone(),
        lengths: Vec::new(),
        letters: Vec::new(),
        definition: None,
    });
    let reached: BTreeSet<TensorName> = tensors.iter().map(|t| t.name.clone()).collect();
    // δ is that of z; what is known of ∂E/∂x is put in.
    let written_out = vec![TensorName::in_layer("x", here.clone())];
    let system = System { tensors, loss, distributions: Vec::new(), facts, written_out };
    let mut lemmas = Vec::new();
    for name in ["x", "z", "w", "b"] {
        let by = TensorName::in_layer(name, here.clone());
        let next = lemma(&system, &reached, &lemmas, &by)?;
        lemmas.push(next);
    }
    Ok(GeneralDerivation { layer, derivation: IndexDerivation { system, lemmas } })
}
