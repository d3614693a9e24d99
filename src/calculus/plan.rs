//! Where a derivation is cut into lemmas: the plan, made once for a network.
//!
//! A *junction* is a named quantity whose definition mentions two or more weights, such as a
//! cell of a convolution: ∂E/∂(junction) is derived once, and each weight then needs only its
//! own factor. The *frontier* of x is where the paths from x first meet junctions.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::expr::{ExprId, Graph, Node, Winners};

pub(super) struct Plan {
    /// What the loss is made of, children first, through assumed winners only.
    order: Vec<ExprId>,
    junctions: FxHashSet<ExprId>,
    /// How many of `order` use each directly.
    users: FxHashMap<ExprId, u32>,
    /// The name of each expression that has one.
    pub names: FxHashMap<ExprId, ExprId>,
}

/// Where the paths from a quantity to the loss first meet junctions.
pub(super) enum Frontier {
    /// Every path goes through exactly one of these junctions.
    Cut(Vec<ExprId>),
    /// Some path meets none, or one junction feeds another: no clean cut.
    Open,
}

impl Plan {
    pub fn new(g: &Graph, loss: ExprId, winners: &Winners, params: &BTreeSet<ExprId>) -> Plan {
        let order = reached(g, loss, winners);
        let mut plan = Plan {
            junctions: FxHashSet::default(),
            users: FxHashMap::default(),
            names: FxHashMap::default(),
            order,
        };
        for id in &plan.order {
            below(g, *id, winners, |child| *plan.users.entry(child).or_default() += 1);
            if let Node::Named(_, value) = g.node(*id) {
                plan.names.entry(value).or_insert(*id);
                if *id != loss && mentions_two(g, value, winners, params) {
                    plan.junctions.insert(*id);
                }
            }
        }
        plan
    }

    /// Whether several expressions use this one.
    pub fn is_shared(&self, id: ExprId) -> bool {
        self.users.get(&id).is_some_and(|n| *n > 1)
    }

    pub fn frontier(&self, g: &Graph, x: ExprId, loss: ExprId, winners: &Winners) -> Frontier {
        let mut cut = Vec::new();
        let mut reached = FxHashSet::from_iter([x]);
        let start = self.order.partition_point(|id| *id <= x);
        for id in &self.order[start..] {
            let mut hit = false;
            below(g, *id, winners, |child| hit |= reached.contains(&child));
            if !hit {
                continue;
            }
            if *id == loss {
                return Frontier::Open;
            }
            if self.junctions.contains(id) {
                cut.push(*id);
            } else {
                reached.insert(*id);
            }
        }
        if cut.is_empty() || self.feeds_itself(g, &cut, winners) {
            return Frontier::Open;
        }
        Frontier::Cut(cut)
    }

    /// Whether one of `cut` depends on another.
    fn feeds_itself(&self, g: &Graph, cut: &[ExprId], winners: &Winners) -> bool {
        let members: FxHashSet<ExprId> = cut.iter().copied().collect();
        let mut reached = members.clone();
        for id in &self.order[self.order.partition_point(|id| *id <= cut[0])..] {
            let mut hit = false;
            below(g, *id, winners, |child| hit |= reached.contains(&child));
            if hit && members.contains(id) {
                return true;
            }
            if hit {
                reached.insert(*id);
            }
        }
        false
    }
}

/// The children that count: of a max with an assumed winner, only that one.
fn below(g: &Graph, id: ExprId, winners: &Winners, visit: impl FnMut(ExprId)) {
    match winners.get(&id) {
        Some(winner) => std::iter::once(*winner).for_each(visit),
        None => g.for_children(id, visit),
    }
}

fn reached(g: &Graph, root: ExprId, winners: &Winners) -> Vec<ExprId> {
    let mut seen = FxHashSet::default();
    let mut stack = vec![root];
    let mut all = Vec::new();
    while let Some(id) = stack.pop() {
        if seen.insert(id) {
            all.push(id);
            below(g, id, winners, |child| stack.push(child));
        }
    }
    all.sort_unstable();
    all
}

/// Whether a definition mentions two different weights before it comes to other names.
fn mentions_two(g: &Graph, value: ExprId, winners: &Winners, params: &BTreeSet<ExprId>) -> bool {
    let mut first = None;
    let mut seen = FxHashSet::default();
    let mut stack = vec![value];
    while let Some(id) = stack.pop() {
        if params.contains(&id) {
            match first {
                Some(other) if other != id => return true,
                _ => first = Some(id),
            }
        } else if !matches!(g.node(id), Node::Named(..)) && seen.insert(id) {
            below(g, id, winners, |child| stack.push(child));
        }
    }
    false
}
