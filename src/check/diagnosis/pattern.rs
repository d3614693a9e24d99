//! What the operations of a network stand for: numbers, means, norms, softmaxes, gates, masks.
//!
//! Goes in: a network. Comes out: the places where an author chose something that another program
//! may have chosen otherwise. Nothing is changed here.

use crate::net::{Network, NodeId, Op, QuantityId};
use crate::scalar::{Function, Rational};

use super::rebuilt::Normalise;

/// A node behind definitions and other shapes of it.
pub(super) fn under(net: &Network, mut node: NodeId) -> NodeId {
    while let Op::Define(_, a) | Op::Reshape(a) = net.node(node).op {
        node = a;
    }
    node
}

/// The value of a scalar that is made of numbers alone.
pub(super) fn number(net: &Network, node: NodeId) -> Option<f64> {
    let tensor = net.node(node);
    if tensor.shape.elements() != 1 {
        return None;
    }
    let of = |a: &NodeId| number(net, *a);
    match &tensor.op {
        Op::Number(q) => Some(Rational::to_f64(q)),
        Op::Define(_, a) | Op::Reshape(a) => of(a),
        Op::Neg(a) => Some(-of(a)?),
        Op::Add(all) => all.iter().map(of).sum(),
        Op::Mul(all) => all.iter().map(of).product(),
        Op::Sub(a, b) => Some(of(a)? - of(b)?),
        Op::Div(a, b) => Some(of(a)? / of(b)?),
        Op::Pow(a, b) => Some(libm::pow(of(a)?, of(b)?)),
        Op::Call(Function::Sqrt, a) => Some(of(a)?.sqrt()),
        Op::Call(Function::Exp, a) => Some(libm::exp(of(a)?)),
        Op::Call(Function::Ln, a) => Some(libm::log(of(a)?)),
        _ => None,
    }
}

/// Formulas that are written twice are compared to this depth.
const MAX_DEPTH: usize = 12;

/// Whether two nodes are the same formula.
fn same(net: &Network, a: NodeId, b: NodeId) -> bool {
    same_to(net, a, b, MAX_DEPTH)
}

fn same_to(net: &Network, a: NodeId, b: NodeId, depth: usize) -> bool {
    let (a, b) = (under(net, a), under(net, b));
    if a == b {
        return true;
    }
    let (left, right) = (net.node(a), net.node(b));
    let (mut of_left, mut of_right) = (Vec::new(), Vec::new());
    left.op.for_operands(|n| of_left.push(n));
    right.op.for_operands(|n| of_right.push(n));
    let nothing = |op: &Op| op.with_operands(|_| NodeId(0));
    depth > 0
        && !of_left.is_empty()
        && left.shape == right.shape
        && nothing(&left.op) == nothing(&right.op)
        && of_left.into_iter().zip(of_right).all(|(a, b)| same_to(net, a, b, depth - 1))
}

/// The mean of something along some axes.
pub(super) struct Mean {
    pub of: NodeId,
    pub axes: Vec<usize>,
    /// The quotient, if it divides at all.
    pub quotient: Option<NodeId>,
    pub divisor: f64,
}

pub(super) fn mean(net: &Network, node: NodeId) -> Option<Mean> {
    let node = under(net, node);
    let (sum, quotient, divisor) = match net.node(node).op {
        Op::Div(a, b) => (under(net, a), Some(node), number(net, b)?),
        _ => (node, None, 1.0),
    };
    match &net.node(sum).op {
        Op::Sum(of, axes) => Some(Mean { of: *of, axes: axes.clone(), quotient, divisor }),
        _ => None,
    }
}

/// (x − μ)/√(v + eps), or without μ.
pub(super) struct Norm {
    pub hat: NodeId,
    pub x: NodeId,
    pub how: Normalise,
    /// The difference x − μ.
    pub centred: Option<NodeId>,
    /// v.
    pub variance: Mean,
}

/// The norm whose last step is this quotient.
pub(super) fn norm(net: &Network, hat: NodeId) -> Option<Norm> {
    let Op::Div(top, bottom) = net.node(hat).op else { return None };
    let (sum, eps, outside) = deviation(net, bottom)?;
    let variance = mean(net, sum)?;
    let squares = under(net, variance.of);
    let squared = match &net.node(squares).op {
        Op::Pow(a, b) if number(net, *b) == Some(2.0) => *a,
        Op::Mul(all) if all.len() == 2 && same(net, all[0], all[1]) => all[0],
        _ => return None,
    };
    if !same(net, squared, top) {
        return None;
    }
    let centred = match net.node(under(net, top)).op {
        Op::Sub(x, m) => {
            let mean = mean(net, m).filter(|mean| same(net, mean.of, x));
            mean.filter(|mean| mean.axes == variance.axes).map(|_| (under(net, top), x))
        }
        _ => None,
    };
    let lengths = net.node(variance.of).shape.lengths();
    let count: usize = variance.axes.iter().map(|axis| lengths[*axis]).product();
    let how = Normalise {
        axes: variance.axes.clone(),
        eps,
        centred: centred.is_some(),
        ddof: usize::from(variance.divisor == count as f64 - 1.0),
        outside,
    };
    let x = centred.map_or(top, |(_, x)| x);
    Some(Norm { hat, x, how, centred: centred.map(|(node, _)| node), variance })
}

/// The v and the eps of √(v + eps) or of √v + eps, the latter with `true`.
fn deviation(net: &Network, node: NodeId) -> Option<(NodeId, f64, bool)> {
    let root = |node: NodeId| match net.node(under(net, node)).op {
        Op::Call(Function::Sqrt, a) => Some(a),
        Op::Pow(a, b) if number(net, b) == Some(0.5) => Some(a),
        _ => None,
    };
    let plus = |node: NodeId| match &net.node(under(net, node)).op {
        Op::Add(all) if all.len() == 2 => match (number(net, all[0]), number(net, all[1])) {
            (None, Some(eps)) => Some((all[0], eps)),
            (Some(eps), None) => Some((all[1], eps)),
            _ => None,
        },
        _ => None,
    };
    if let Some(inside) = root(node) {
        return Some(plus(inside).map_or((inside, 0.0, false), |(v, eps)| (v, eps, false)));
    }
    let (outer, eps) = plus(node)?;
    Some((root(outer)?, eps, true))
}

/// A softmax or its logarithm.
pub(super) struct Softmax {
    pub node: NodeId,
    pub scores: NodeId,
    pub axes: Vec<usize>,
    pub is_log: bool,
}

pub(super) fn softmax(net: &Network, node: NodeId) -> Option<Softmax> {
    let powers = |sum: NodeId| match &net.node(under(net, sum)).op {
        Op::Sum(powers, axes) => Some((under(net, *powers), axes.clone())),
        _ => None,
    };
    let scores = |powers: NodeId| match net.node(powers).op {
        Op::Call(Function::Exp, z) => Some(z),
        _ => None,
    };
    match net.node(node).op {
        Op::Div(a, b) => {
            let (of, axes) = powers(b).filter(|(of, _)| same(net, *of, a))?;
            Some(Softmax { node, scores: scores(of)?, axes, is_log: false })
        }
        Op::Sub(z, ln) => match net.node(under(net, ln)).op {
            Op::Call(Function::Ln, sum) => {
                let (of, axes) = powers(sum)?;
                let scores = scores(of).filter(|scores| same(net, *scores, z))?;
                Some(Softmax { node, scores, axes, is_log: true })
            }
            _ => None,
        },
        _ => None,
    }
}

/// The z of e^z / Σ e^z, where a node is such a quotient.
pub(super) fn scores(net: &Network, node: NodeId) -> Option<NodeId> {
    softmax(net, node).filter(|found| !found.is_log).map(|found| found.scores)
}

/// Parts of equal length that tile an axis of a tensor, each taken by slices: the gates of a cell.
pub(super) struct Gates {
    pub axis: usize,
    /// How many.
    pub count: usize,
    pub length: usize,
    /// The slices, of one step or of several.
    pub slices: Vec<NodeId>,
}

pub(super) fn gates(net: &Network) -> Vec<Gates> {
    let mut all: Vec<Gates> = Vec::new();
    for (index, tensor) in net.nodes().iter().enumerate() {
        let Op::Slice(a, ranges) = &tensor.op else { continue };
        let of = net.node(*a).shape.lengths();
        let cut = |axis: &usize| ranges[*axis].count != of[*axis];
        let cuts: Vec<usize> = (0..of.len()).filter(cut).collect();
        let [axis] = cuts[..] else { continue };
        let range = ranges[axis];
        let whole = of[axis].is_multiple_of(range.count) && range.start.is_multiple_of(range.count);
        if !whole || range.step != 1 {
            continue;
        }
        let (count, node) = (of[axis] / range.count, NodeId(index as u32));
        let known =
            all.iter_mut().find(|g| (g.axis, g.count, g.length) == (axis, count, range.count));
        match known {
            Some(gates) => gates.slices.push(node),
            None => all.push(Gates { axis, count, length: range.count, slices: vec![node] }),
        }
    }
    all.retain(|gates| gates.slices.len() > 1);
    all
}

/// Leaves that mask: two values, the one 0 and the other far below it, or 0 and 1.
pub(super) fn is_mask(values: &[f64]) -> bool {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let two = values.iter().all(|x| *x == low || *x == high);
    two && low < high && (high == 0.0 && low <= -1e3 || low == 0.0 && high == 1.0)
}

/// The quantity whose definition each node without a name is a part of.
pub(super) fn owners(net: &Network) -> Vec<Option<QuantityId>> {
    let mut owners = vec![None; net.nodes().len()];
    for (index, tensor) in net.nodes().iter().enumerate().rev() {
        if let Op::Define(id, _) = tensor.op {
            owners[index] = Some(id);
        }
        let owner = owners[index];
        tensor.op.for_operands(|a| owners[a.index()] = owner);
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::parse_network;

    /// e^z / Σ e^z of the same powers, also behind names.
    #[test]
    fn a_softmax_divides_powers_by_their_own_sum() {
        let found = |text: &str| {
            let net = parse_network(&format!("param z[3], u[3]\n{text}\nE = sum(p^2)")).unwrap();
            let (p, z) = (net.find("p").unwrap(), net.find("z").unwrap());
            let Op::Define(_, quotient) = net.node(net.quantity(p).node).op else {
                panic!("p is defined")
            };
            let found = scores(&net, quotient);
            assert!(found.is_none_or(|node| node == net.quantity(z).node));
            found.is_some()
        };
        assert!(found("e = exp(z)\np = e/sum(e)"));
        assert!(found("e = exp(z)\ns = sum(e)\np = e/s"));
        for other in [
            "e = exp(z)\nf = exp(u)\np = e/sum(f)",
            "e = exp(z)\np = e/sum(u)",
            "e = exp(z)\np = u/sum(e)",
            "e = exp(z)\np = e/max(e)",
            "e = exp(z)\np = e*sum(e)",
            "e = tanh(z)\np = e/sum(e)",
        ] {
            assert!(!found(other), "{other}");
        }
    }
}
