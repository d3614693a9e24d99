//! What a forward pass has to compute, and whether it can: goes in a network with values, comes out
//! which tensors are needed and for how long, or why there is no pass. What always holds: all that
//! is missing is said at once, and nothing is computed before.

use super::Values;
use crate::diag::{Error, Kind};
use crate::net::{Network, NodeId, Op};

/// The largest number of elements and products of one forward pass, all tensors together.
pub const MAX_WORK: usize = 1 << 30;

/// For each tensor the last one that is made of it, among those that are needed.
pub(super) fn last_uses(net: &Network, needed: &[bool]) -> Vec<usize> {
    let mut last = vec![usize::MAX; needed.len()];
    for index in (0..needed.len()).filter(|i| needed[*i]) {
        net.nodes()[index].op.for_operands(|operand| last[operand.index()] = index);
    }
    last
}

/// Which nodes the loss is made of.
pub(super) fn needed(net: &Network, loss: NodeId) -> Vec<bool> {
    let mut needed = vec![false; net.nodes().len()];
    needed[loss.index()] = true;
    for index in (0..=loss.index()).rev() {
        if needed[index] {
            net.nodes()[index].op.for_operands(|operand| needed[operand.index()] = true);
        }
    }
    needed
}

pub(super) fn check_work(net: &Network, needed: &[bool]) -> Result<(), Error> {
    let mut total = 0usize;
    for (tensor, _) in net.nodes().iter().zip(needed).filter(|(_, needed)| **needed) {
        let mut work = 1;
        match &tensor.op {
            Op::Conv { kernel, .. } => {
                let kernel = &net.node(*kernel).shape;
                work = kernel.elements();
                if kernel.rank() > 2 {
                    work /= kernel.lengths()[0];
                }
            }
            Op::MatMul(a, _) => {
                work = net.node(*a).shape.lengths().last().copied().unwrap_or(1);
            }
            Op::Pool { size, .. } => work = size.iter().product(),
            op => op.for_operands(|_| work += 1),
        }
        total = total.saturating_add(work.saturating_mul(tensor.shape.elements()));
        if total > MAX_WORK {
            let sentence = format!("the network needs more than {MAX_WORK} multiplications");
            return Err(Error::new(Kind::Limit, sentence)
                .at(tensor.span)
                .label("up to here")
                .hint("smaller tensors or a larger stride need fewer"));
        }
    }
    Ok(())
}

/// Every needed leaf must have its values; all mistakes are reported at once.
pub(super) fn check_leaves<T>(
    net: &Network,
    needed: &[bool],
    values: &Values<T>,
) -> Result<(), Error> {
    let mut errors = Vec::new();
    for (id, quantity) in net.quantities() {
        let tensor = net.node(quantity.node);
        if !needed[quantity.node.index()] || !matches!(tensor.op, Op::Leaf(_)) {
            continue;
        }
        let (name, shape) = (&quantity.name, &tensor.shape);
        match values.get(&id).map(Vec::len) {
            Some(found) if found == shape.elements() => {}
            Some(found) => {
                let wanted = shape.elements();
                let sentence =
                    format!("`{name}` is {shape}: expected {wanted} values, found {found}");
                errors.push(Error::new(Kind::Shape, sentence).at(quantity.span));
            }
            None => errors.push(
                Error::new(Kind::Value, format!("`{name}` has no value"))
                    .at(quantity.span)
                    .hint(format!("give one: `given {name} = …`")),
            ),
        }
    }
    Error::collect(errors).map_or(Ok(()), Err)
}
