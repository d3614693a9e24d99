//! What each element of a max is the greatest of.

use super::layout;
use super::taps::pool_cells;
use crate::net::{Network, NodeId, Op, Pooling};

/// For each element of a max, its arguments: row-major positions in the tensor that it is taken
/// of, for a `MaxOf` positions among the operands. None for any other operation.
pub fn candidates(net: &Network, max: NodeId) -> Option<Vec<Vec<usize>>> {
    let shape = |id: NodeId| &net.node(id).shape;
    let groups = match &net.node(max).op {
        Op::MaxOf(all) => return Some(vec![(0..all.len()).collect()]),
        Op::Max(a, axes) => layout::reduced(shape(*a), axes),
        Op::Pool { kind: Pooling::Max, input, size, window } => {
            pool_cells(shape(*input), size, shape(max), window)
        }
        _ => return None,
    };
    Some(groups.iter().map(<[usize]>::to_vec).collect())
}
