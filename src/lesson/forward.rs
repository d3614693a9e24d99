//! The forward pass in the given numbers: what goes in, and what every layer comes to.

use super::Number;
use super::numbers::value;
use crate::calculus::Derivation;
use crate::expr::{ExprId, SymbolId};
use crate::net::{Network, QuantityId};
use crate::scalar::Rational;
use std::collections::BTreeMap;

/// Of a quantity with more cells than this, the first two and the last are printed.
pub const MAX_FORWARD: usize = 16;

/// The values of the cells of one quantity.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Forward {
    /// The quantity.
    pub quantity: QuantityId,
    /// Cells with their values, in order.
    pub cells: Vec<(ExprId, Number)>,
    /// Whether cells between them are left out.
    pub folded: bool,
}

/// The values of what the loss is made of, in the order of the source; empty where nothing is
/// given. A cell that numbers are missing for is left out.
pub(super) fn forward(
    net: &Network,
    cells: &[Vec<ExprId>],
    derivation: &Derivation,
    values: &BTreeMap<SymbolId, Rational>,
) -> Vec<Forward> {
    if values.is_empty() {
        return Vec::new();
    }
    let reached = derivation.graph.reachable(&[derivation.loss]);
    let mut all = Vec::new();
    for (quantity, _) in net.quantities() {
        let own: Vec<ExprId> = cells[quantity.index()]
            .iter()
            .copied()
            .filter(|cell| reached.binary_search(cell).is_ok())
            .collect();
        let folded = own.len() > MAX_FORWARD;
        let shown = match (folded, own.as_slice()) {
            (true, [first, second, .., last]) => vec![*first, *second, *last],
            _ => own,
        };
        // What has no value at these numbers is an error of its own, told before.
        let cells: Vec<(ExprId, Number)> = shown
            .into_iter()
            .filter_map(|cell| Some((cell, value(derivation, cell, values).ok()??)))
            .collect();
        if !cells.is_empty() {
            all.push(Forward { quantity, cells, folded });
        }
    }
    all
}
