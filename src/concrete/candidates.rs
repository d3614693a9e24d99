//! What each element of a max is the greatest of.

use super::layout::{Groups, reduced};
use super::taps::pool_cells;
use crate::net::{Network, NodeId, Op, Pooling};

/// For each element of a max, its arguments: row-major positions in the tensor that it is taken
/// of, for a `MaxOf` positions among the operands. None for any other operation.
pub fn candidates(net: &Network, max: NodeId) -> Option<Groups> {
    let shape = |id: NodeId| &net.node(id).shape;
    match &net.node(max).op {
        Op::MaxOf(all) => {
            let mut candidates = Groups::with_capacity(1, all.len());
            (0..all.len()).for_each(|i| candidates.push(i));
            candidates.end();
            Some(candidates)
        }
        Op::Max(a, axes) => Some(reduced(shape(*a), axes)),
        Op::Pool { kind: Pooling::Max, input, size, window } => {
            Some(pool_cells(shape(*input), size, shape(max), window))
        }
        _ => None,
    }
}
