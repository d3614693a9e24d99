//! The chain rule over paths, proved by the shape of the graph.
//!
//! Goes in: ∂E/∂x and a sum of products ∂E/∂q·∂q/∂x. Comes out: whether every path from x to E
//! goes through one of the q, and no q depends on another. Then the two are equal, whatever the
//! operations are: by dual numbers the slope of a node is a combination of the slopes of its
//! children, with coefficients that do not depend on x, so from the q upward all slopes are the
//! same combination of those of the q, and that is what ∂E/∂q says.

use rustc_hash::{FxHashMap, FxHashSet};

use super::look::Moves;
use crate::expr::{ExprId, Node};

/// What stands above what, on the way to one quantity.
pub(super) struct Paths {
    end: ExprId,
    above: FxHashMap<ExprId, Vec<ExprId>>,
    /// Sets of quantities of which none depends on another.
    apart: FxHashSet<Vec<ExprId>>,
}

impl Paths {
    /// The paths to `end`, through assumed winners only.
    pub(super) fn to(moves: &Moves<'_>, end: ExprId) -> Paths {
        let mut above: FxHashMap<ExprId, Vec<ExprId>> = FxHashMap::default();
        let mut seen = FxHashSet::from_iter([end]);
        let mut stack = vec![end];
        while let Some(id) = stack.pop() {
            let mut below = |child| {
                above.entry(child).or_default().push(id);
                if seen.insert(child) {
                    stack.push(child);
                }
            };
            match moves.winners.get(&id) {
                Some(winner) => below(*winner),
                None => moves.g.for_children(id, below),
            }
        }
        Paths { end, above, apart: FxHashSet::default() }
    }

    /// Whether `after` is `before` by way of the quantities that it names.
    pub(super) fn prove(&mut self, moves: &Moves<'_>, before: ExprId, after: ExprId) -> bool {
        let g = moves.g;
        let Node::Partial { of, by: x } = g.node(before) else { return false };
        if of != self.end {
            return false;
        }
        let through = |term: ExprId| {
            let Node::Mul(args) = g.node(term) else { return None };
            let [outer, inner] = g.args(args) else { return None };
            match (g.node(*outer), g.node(*inner)) {
                (Node::Partial { of: e, by: q }, Node::Partial { of, by })
                    if e == self.end && of == q && by == x && q != x =>
                {
                    Some(q)
                }
                _ => None,
            }
        };
        let terms = match g.node(after) {
            Node::Add(args) => g.args(args).to_vec(),
            _ => vec![after],
        };
        let Some(cut) = terms.into_iter().map(through).collect::<Option<Vec<ExprId>>>() else {
            return false;
        };
        self.is_cut(x, &cut) && self.are_apart(cut)
    }

    /// Whether every path from x to the end meets one of `cut`.
    fn is_cut(&self, x: ExprId, cut: &[ExprId]) -> bool {
        let mut seen: FxHashSet<ExprId> = cut.iter().copied().collect();
        // Twice the same quantity would count its paths twice.
        if seen.len() < cut.len() {
            return false;
        }
        let mut stack = vec![x];
        while let Some(id) = stack.pop() {
            if id == self.end {
                return false;
            }
            for above in self.above.get(&id).into_iter().flatten() {
                if seen.insert(*above) {
                    stack.push(*above);
                }
            }
        }
        true
    }

    /// Whether none of `cut` depends on another.
    fn are_apart(&mut self, cut: Vec<ExprId>) -> bool {
        if cut.len() < 2 || self.apart.contains(&cut) {
            return true;
        }
        let members: FxHashSet<ExprId> = cut.iter().copied().collect();
        let highest = cut.iter().copied().max();
        let mut seen = FxHashSet::default();
        let mut stack = cut.clone();
        while let Some(id) = stack.pop() {
            for above in self.above.get(&id).into_iter().flatten() {
                if members.contains(above) {
                    return false;
                }
                // What is above the last of them leads to none.
                if Some(*above) < highest && seen.insert(*above) {
                    stack.push(*above);
                }
            }
        }
        self.apart.insert(cut);
        true
    }
}
