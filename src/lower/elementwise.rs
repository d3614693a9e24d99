//! Elementwise operations: cell by cell, a scalar operand standing beside every cell.

use crate::expr::{ExprId, Graph, Node};
use crate::net::{NodeId, Op, Shape};
use crate::scalar::{Rational, Scalar};

/// The cells of an elementwise operation of the given shape.
pub(super) fn cells(
    g: &mut Graph,
    nodes: &[Vec<ExprId>],
    op: &Op,
    shape: &Shape,
) -> Vec<ExprId> {
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
                Op::Pow(..) => {
                    let exponent = exponent(g, args[1]);
                    g.pow(args[0], exponent)
                }
                Op::Call(f, _) => g.call(*f, args[0]),
                _ => unreachable!("{op:?} is not elementwise"),
            }
        })
        .collect()
}

/// An exponent, where it is a whole number under signs and names, as that number: such a power is
/// defined for every base and in every number system, and evaluation knows it by its literal.
fn exponent(g: &mut Graph, id: ExprId) -> ExprId {
    let (mut value, mut negative) = (id, false);
    loop {
        match g.node(value) {
            Node::Named(_, inner) => value = inner,
            Node::Neg(inner) => (value, negative) = (inner, !negative),
            _ => break,
        }
    }
    match g.as_number(value).and_then(Rational::to_i32) {
        Some(n) if negative => g.number(&Scalar::neg(&Rational::from(i64::from(n)))),
        Some(_) => value,
        None => id,
    }
}
