//! Which quantities depend on which, asked again and again.
//!
//! Invariant: the answers are those of [`depends_on`](crate::expr::depends_on) without winners; nodes
//! of a graph never change, so that what was found once holds.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::expr::{ExprId, Graph};

/// How many nodes a walk has to see for its answer to be kept.
const LONG: usize = 24;
/// The most answers that are kept.
const MAX_KEPT: usize = 1 << 20;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Reach {
    found: RefCell<Found>,
}

#[derive(Debug, Default)]
struct Found {
    /// The answers of long walks.
    kept: FxHashMap<(ExprId, ExprId), bool>,
    /// In which walk a node was seen last.
    seen: Vec<u32>,
    walk: u32,
}

impl Reach {
    /// Whether the value of `of` can change when `by` is moved as an independent variable.
    pub(super) fn depends(&self, graph: &Graph, of: ExprId, by: ExprId) -> bool {
        if of <= by {
            return of == by;
        }
        let mut found = self.found.borrow_mut();
        if let Some(known) = found.kept.get(&(of, by)) {
            return *known;
        }
        found.begin(of);
        let mut stack = vec![of];
        let (mut depends, mut steps) = (false, 0);
        while let Some(id) = stack.pop() {
            if id == by {
                depends = true;
                break;
            }
            // Children have smaller ids, so nothing below the variable leads back to it.
            if id < by || !found.note(id) {
                continue;
            }
            steps += 1;
            graph.for_children(id, |child| stack.push(child));
        }
        if steps >= LONG {
            if found.kept.len() >= MAX_KEPT {
                found.kept.clear();
            }
            found.kept.insert((of, by), depends);
        }
        depends
    }
}

impl Found {
    /// Begins a walk down from a node.
    fn begin(&mut self, top: ExprId) {
        self.walk = self.walk.wrapping_add(1);
        if self.walk == 0 {
            self.seen.clear();
            self.walk = 1;
        }
        if self.seen.len() <= top.index() {
            self.seen.resize(top.index() + 1, 0);
        }
    }

    /// Notes that a node was seen; whether that is new.
    fn note(&mut self, id: ExprId) -> bool {
        std::mem::replace(&mut self.seen[id.index()], self.walk) != self.walk
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Winners, depends_on};

    #[test]
    fn what_is_found_is_what_a_walk_finds() {
        let mut graph = Graph::new();
        let names = ["a", "b", "c"].map(|name| graph.var(name));
        let mut all = names.to_vec();
        for step in 0..40 {
            let (one, other) = (all[step * 7 % all.len()], all[step * 5 % all.len()]);
            let both =
                if step % 2 == 0 { graph.add([one, other]) } else { graph.mul([one, other]) };
            all.push(both);
        }
        let reach = Reach::default();
        for by in names {
            for of in &all {
                let walked = depends_on(&graph, *of, by, &Winners::new());
                assert_eq!(reach.depends(&graph, *of, by), walked);
            }
        }
    }
}
