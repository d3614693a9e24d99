//! Derivatives of derivatives: ∂²f/∂x², ∂/∂x(∂f/∂y), f″(x).
//!
//! Invariants: the last derivative is written down and not carried out, as every other; what it is
//! taken of has none left. Each that is carried out is the limit of its quotient of differences, so
//! that it was found in two ways. A name below it that is not known to be constant is taken for that
//! with a word, and refutes nothing.

use std::collections::BTreeMap;

use super::{Built, Unbuilt, too_large};
use crate::expr::{ExprId, Node, Winners, depends_on};
use crate::review::scope::Scope;

/// The most derivatives that are carried out for one that is written down.
const MAX_CARRIED_OUT: usize = 12;
/// The highest order that is taken.
const MAX_ORDER: u32 = 4;

impl Scope<'_> {
    /// The derivative of some order of an expression by a name.
    pub(super) fn derivative(&mut self, of: ExprId, by: ExprId, order: u32) -> Built {
        if order == 0 || order > MAX_ORDER {
            return Err(Unbuilt::OutOfScope(format!(
                "derivatives of an order over {MAX_ORDER} are not taken"
            )));
        }
        if order == 1 && !self.has_partials(of) {
            return self.partial(of, by);
        }
        let before = self.rests();
        match self.all_but_one(of, by, order) {
            Ok(of) => self.partial(of, by),
            // Whoever judges it says that nobody can.
            Err(_) if order == 1 => {
                self.rest_on(before);
                self.partial(of, by)
            }
            Err(why) => Err(why),
        }
    }

    /// What the last derivative is taken of, the others being carried out.
    fn all_but_one(&mut self, of: ExprId, by: ExprId, order: u32) -> Built {
        let mut of = self.without_partials(of)?;
        for _ in 1..order {
            of = self.carried_out(of, by)?;
        }
        Ok(of)
    }

    /// Whether a derivative stands in an expression. What was found of a node is kept, for nodes
    /// never change, and children precede parents.
    fn has_partials(&mut self, of: ExprId) -> bool {
        for id in self.graph.ids_from(self.partials.len()) {
            let mut holds = matches!(self.graph.node(id), Node::Partial { .. });
            self.graph.for_children(id, |child| holds |= self.partials[child.index()]);
            self.partials.push(holds);
        }
        self.partials.get(of.index()).copied().unwrap_or(true)
    }

    /// An expression whose derivatives are carried out; itself where it has none.
    fn without_partials(&mut self, of: ExprId) -> Built {
        let mut others = BTreeMap::new();
        for id in self.graph.reachable(&[of]) {
            let Node::Partial { of: inner, by } = self.graph.node(id) else { continue };
            if others.len() >= MAX_CARRIED_OUT {
                return Err(too_large());
            }
            // What stands below it was reached before.
            let inner = self.substituted(&[inner], &others).ok_or_else(too_large)?[0];
            let slope = self.carried_out(inner, by)?;
            others.insert(id, slope);
        }
        match others.is_empty() {
            true => Ok(of),
            false => Ok(self.substituted(&[of], &others).ok_or_else(too_large)?[0]),
        }
    }

    /// ∂of/∂by without a ∂ in it.
    fn carried_out(&mut self, of: ExprId, by: ExprId) -> Built {
        let Node::Partial { of, by } = ({
            let written = self.partial(of, by)?;
            self.graph.node(written)
        }) else {
            return Err(too_large());
        };
        if of == by {
            return Ok(self.graph.integer(1));
        }
        let Some(own) = self.graph.symbol_of(by) else {
            let reason = "a second derivative by what is no name".to_string();
            return Err(Unbuilt::Unclear(reason));
        };
        self.note_held(of, by)?;
        if !depends_on(&self.graph, of, by, &Winners::new()) {
            return Ok(self.graph.integer(0));
        }
        let small = self.graph.var(&format!("{}→", self.graph.symbol(own).spelling()));
        let moved = self.graph.add([by, small]);
        let there = self.substituted(&[of], &BTreeMap::from([(by, moved)]));
        let there = there.ok_or_else(too_large)?[0];
        let rise = self.graph.sub(there, of);
        let quotient = self.graph.div(rise, small);
        self.worked_out(quotient, small, Some(own)).map_err(|unbuilt| match unbuilt {
            Unbuilt::Unclear(_) => {
                Unbuilt::Unclear("a derivative below a derivative is not worked out".to_string())
            }
            other => other,
        })
    }

    /// Notes what is held although nobody says so. What is nothing but a name that nobody defines may
    /// be any function, and has no second derivative here.
    fn note_held(&mut self, of: ExprId, by: ExprId) -> Result<(), Unbuilt> {
        for id in self.graph.reachable(&[of]) {
            let Node::Var(symbol) = self.graph.node(id) else { continue };
            let name = self.graph.symbol(symbol).spelling().into_owned();
            let told = self.leaves.contains(&symbol) || self.spoken.contains(&name);
            if id == by || told && id != of {
                continue;
            }
            if id == of || self.unread.contains(&name) {
                return Err(Unbuilt::Unclear(format!("{name} has no definition")));
            }
            let moves = self.graph.symbol_of(by).map_or_else(String::new, |by| self.shown(by));
            self.doubts.push(format!("nothing says that {name} does not move with {moves}"));
            self.taken.insert(name);
        }
        Ok(())
    }
}
