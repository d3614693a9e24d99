//! Elementwise operations: cell by cell, broadcast as NumPy does.

use crate::expr::{ExprId, Graph, Node};
use crate::net::{Network, NodeId, Op, Shape};

/// The cells of an elementwise operation of the given shape.
pub(super) fn cells(
    g: &mut Graph,
    net: &Network,
    nodes: &[Vec<ExprId>],
    op: &Op,
    shape: &Shape,
) -> Vec<ExprId> {
    let mut operands = Vec::new();
    // Whether the terms of an operand stand in the sum themselves.
    let mut opened = Vec::new();
    op.for_operands(|id: NodeId| {
        operands.push(spread(&nodes[id.index()], &net.node(id).shape, shape));
        opened.push(matches!(op, Op::Add(_)) && sums(net, id));
    });
    let mut args = Vec::with_capacity(operands.len());
    (0..shape.elements())
        .map(|n| {
            args.clear();
            for (cells, opened) in operands.iter().zip(&opened) {
                match g.node(cells[n]) {
                    Node::Add(terms) if *opened => args.extend(g.args(terms)),
                    _ => args.push(cells[n]),
                }
            }
            match op {
                Op::Neg(_) => g.neg(args[0]),
                Op::Add(_) => g.add(&args),
                Op::Sub(..) => g.sub(args[0], args[1]),
                Op::Mul(_) => g.mul(&args),
                Op::Div(..) => g.div(args[0], args[1]),
                Op::Pow(..) => g.pow(args[0], args[1]),
                Op::Call(f, _) => g.call(*f, args[0]),
                _ => unreachable!("{op:?} is not elementwise"),
            }
        })
        .collect()
}

/// Whether the cells of a tensor are sums that nobody has written: of a product of matrices, a
/// convolution, a sum over axes. In scalars one would write w₀·x₀ + w₁·x₁ + b for `w @ x + b`, a
/// sum of three.
fn sums(net: &Network, mut id: NodeId) -> bool {
    while let Op::Reshape(a) = net.node(id).op {
        id = a;
    }
    matches!(net.node(id).op, Op::MatMul(..) | Op::Conv { .. } | Op::Sum(..))
}

/// The cells of an operand as they stand beside those of the result: an axis of length 1, or
/// one that is missing in front, is the same at every index.
pub(super) fn spread(cells: &[ExprId], from: &Shape, to: &Shape) -> Vec<ExprId> {
    if from == to {
        return cells.to_vec();
    }
    let missing = to.rank() - from.rank();
    (0..to.elements())
        .map(|n| {
            let at = to.index(n);
            let position =
                from.lengths().iter().zip(&at[missing..]).fold(0, |place, (length, i)| {
                    place * length + if *length == 1 { 0 } else { *i }
                });
            cells[position]
        })
        .collect()
}
