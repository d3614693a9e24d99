//! In which order a lesson takes the weights: those nearest to the loss first, since their
//! derivation is the shortest and the others rest on it.

use std::collections::BTreeMap;

use crate::expr::{ExprId, Node};
use crate::lower::Lowered;
use crate::net::Network;

/// The cells of every parameter, parameter by parameter: by how many named quantities stand on
/// the shortest way to the loss, and among equals in the order of the source.
pub fn in_order_of_lesson(net: &Network, lowered: &Lowered) -> Vec<ExprId> {
    let g = &lowered.graph;
    // Parents come before children here, so one pass finds every distance.
    let mut distance: BTreeMap<ExprId, usize> = BTreeMap::from([(lowered.loss, 0)]);
    for id in g.reachable(&[lowered.loss]).into_iter().rev() {
        let from = distance[&id] + usize::from(matches!(g.node(id), Node::Named(..)));
        g.for_children(id, |child| {
            let known = distance.entry(child).or_insert(from);
            *known = from.min(*known);
        });
    }
    let mut params: Vec<&[ExprId]> = net.params().map(|id| lowered.of(id)).collect();
    params.sort_by_key(|cells| {
        cells.iter().filter_map(|c| distance.get(c)).min().copied().unwrap_or(usize::MAX)
    });
    params.into_iter().flatten().copied().collect()
}
