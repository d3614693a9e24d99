//! In which order a lesson takes the weights: those nearest to the loss first, since their
//! derivation is the shortest and the others rest on it.

use crate::expr::ExprId;
use crate::lower::Lowered;
use crate::net::Network;

/// The cells of every parameter, parameter by parameter, the one that enters last first.
pub fn in_order_of_lesson(net: &Network, lowered: &Lowered) -> Vec<ExprId> {
    let g = &lowered.graph;
    let order = g.reachable(&[lowered.loss]);
    // For each cell, the first expression that uses it; children precede parents, so a greater
    // id stands nearer to the loss.
    let mut first_user = std::collections::BTreeMap::new();
    for id in &order {
        g.for_children(*id, |child| {
            first_user.entry(child).or_insert(*id);
        });
    }
    let mut params: Vec<_> = net.params().map(|id| lowered.of(id)).collect();
    params.sort_by_key(|cells| {
        std::cmp::Reverse(cells.iter().filter_map(|c| first_user.get(c)).min().copied())
    });
    params.into_iter().flatten().copied().collect()
}
