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
    /// The named quantities that are quotients, in order.
    pub fractions: Vec<ExprId>,
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
            fractions: Vec::new(),
            order,
        };
        for id in &plan.order {
            below(g, *id, winners, |child| *plan.users.entry(child).or_default() += 1);
            if let Node::Named(_, value) = g.node(*id) {
                plan.names.entry(value).or_insert(*id);
                if matches!(g.node(value), Node::Div(..)) {
                    plan.fractions.push(*id);
                }
                if *id != loss && mentions(g, value, winners, params, 2) {
                    plan.junctions.insert(*id);
                }
            }
        }
        plan.junctions_before_branches(g, winners, params);
        plan
    }

    /// A quantity made with one weight is a junction as well where several ways lead from it to
    /// the loss: the ways are then summed up once, and the weight has only its own factor left.
    fn junctions_before_branches(
        &mut self,
        g: &Graph,
        winners: &Winners,
        params: &BTreeSet<ExprId>,
    ) {
        // The loss is none of them: nothing uses it.
        let mut branches: FxHashSet<ExprId> = FxHashSet::default();
        for id in self.order.iter().rev() {
            if self.is_shared(*id) {
                branches.insert(*id);
            }
            if let Node::Named(_, value) = g.node(*id)
                && branches.contains(id)
                && mentions(g, value, winners, params, 1)
            {
                self.junctions.insert(*id);
            }
            if branches.contains(id) && !self.junctions.contains(id) {
                below(g, *id, winners, |child| {
                    branches.insert(child);
                });
            }
        }
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

/// Whether a definition mentions so many different weights before it comes to other names.
fn mentions(
    g: &Graph,
    value: ExprId,
    winners: &Winners,
    params: &BTreeSet<ExprId>,
    count: usize,
) -> bool {
    let mut found = 0;
    let mut seen = FxHashSet::default();
    let mut stack = vec![value];
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        if params.contains(&id) {
            found += 1;
            if found == count {
                return true;
            }
        } else if !matches!(g.node(id), Node::Named(..)) {
            below(g, id, winners, |child| stack.push(child));
        }
    }
    false
}
