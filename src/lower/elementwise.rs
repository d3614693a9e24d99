//! Elementwise operations: cell by cell, a scalar operand standing beside every cell.

use crate::expr::{ExprId, Graph};
use crate::net::{NodeId, Op, Shape};

/// The cells of an elementwise operation of the given shape.
pub(super) fn cells(g: &mut Graph, nodes: &[Vec<ExprId>], op: &Op, shape: &Shape) -> Vec<ExprId> {
    let mut operands = Vec::new();
    op.for_operands(|id: NodeId| operands.push(&nodes[id.index()]));
    let mut args = Vec::with_capacity(operands.len());
    (0..shape.elements())
        .map(|n| {
            args.clear();
            // A scalar operand has one cell, which stands beside every cell of the others.
            args.extend(operands.iter().map(|cells| cells[n.min(cells.len() - 1)]));
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
