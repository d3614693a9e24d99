//! Elementwise operations: cell by cell, broadcast as NumPy does.

use super::make::Make;
use crate::expr::{ExprId, Node};
use crate::net::{Network, NodeId, Op, Shape};

/// The cells of an elementwise operation of the given shape.
pub(super) fn cells(
    make: &mut Make<'_>,
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
                match make.node(cells[n]) {
                    Node::Add(terms) if *opened => args.extend(make.g.args(terms)),
                    _ => args.push(cells[n]),
                }
            }
            match op {
                Op::Neg(_) => make.neg(args[0]),
                Op::Add(_) => make.add(&args),
                Op::Sub(..) => make.sub(args[0], args[1]),
                Op::Mul(_) => make.mul(&args),
                Op::Div(..) => make.div(args[0], args[1]),
                Op::Pow(..) => make.pow(args[0], args[1]),
                Op::Call(f, _) => make.call(*f, args[0]),
                _ => unreachable!("{op:?} is not elementwise"),
            }
        })
        .collect()
}

/// Whether the cells of a tensor are sums that nobody has written: of a product of matrices, a
/// convolution, a sum over axes. In scalars one would write w₀·x₀ + w₁·x₁ + b for `w @ x + b`, a
/// sum of three.
pub(super) fn sums(net: &Network, mut id: NodeId) -> bool {
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
    // How far a step along each axis leads among the cells: nowhere along what is stretched.
    let mut strides = vec![0; to.rank()];
    let mut stride = 1;
    for (axis, length) in from.lengths().iter().enumerate().rev() {
        strides[missing + axis] = if *length == 1 { 0 } else { stride };
        stride *= length;
    }
    let mut all = Vec::with_capacity(to.elements());
    let (mut at, mut position) = (vec![0; to.rank()], 0);
    for _ in 0..to.elements() {
        all.push(cells[position]);
        // The next index, row-major.
        for (axis, length) in to.lengths().iter().enumerate().rev() {
            at[axis] += 1;
            position += strides[axis];
            if at[axis] < *length {
                break;
            }
            position -= length * strides[axis];
            at[axis] = 0;
        }
    }
    all
}
