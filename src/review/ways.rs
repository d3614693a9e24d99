//! The chain rule over several ways, ∂E/∂z = ∂E/∂u·∂u/∂z + ∂E/∂v·∂v/∂z, where v depends on u.
//!
//! Taken for what they are elsewhere, the links ∂v/∂z would count the way by u twice. What such a
//! sum means by ∂v/∂z is the way from z to v that leads by none of the others: those are held. So
//! the batch norm of its first publication is derived, and most since.
//!
//! Invariant: a row is read so only if it does not hold otherwise, has the shape of that sum, each
//! of its ways has a part of its own, and then it holds; the rows that carry it on are read
//! likewise, and the marks say so.

use super::claim::{holds_name, same};
use super::judge::Unknowns;
use super::names::spelled;
use super::scope::Scope;
use super::tex::syntax::{Expr, FormulaKind, Name, visit};
use crate::expr::{ExprId, Node, Winners, depends_on};
use std::collections::BTreeMap;

/// What is held where something is differentiated by `by`.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    /// What is differentiated in all; its own derivative is never taken with anything held.
    of: Expr,
    by: Expr,
    through: Vec<Name>,
}

impl Ways {
    /// The ways of a sum that has the shape of the chain rule over at least two names.
    pub(super) fn of(left: &Expr, right: &Expr) -> Option<Ways> {
        let FormulaKind::Derivative { of, by, order: 1 } = &left.kind else { return None };
        let FormulaKind::Sum(_) = &right.kind else { return None };
        let mut through: Vec<Name> = Vec::new();
        let mut arrives = false;
        visit(right, &mut |e| {
            let FormulaKind::Derivative { of: inner, by: last, order: 1 } = &e.kind else { return };
            arrives |= same(last, by);
            if let FormulaKind::Name(name) = &last.kind
                && same(inner, of)
                && !through.iter().any(|n| spelled(n) == spelled(name))
            {
                through.push(name.clone());
            }
        });
        let apart = !through.iter().any(|name| holds_name(by, name));
        (through.len() > 1 && arrives && apart).then(|| Ways {
            of: (**of).clone(),
            by: (**by).clone(),
            through,
        })
    }

    /// What is differentiated by.
    pub(super) fn by(&self) -> &Expr {
        &self.by
    }

    /// In words: what is held.
    pub(super) fn said(&self) -> String {
        let names: Vec<String> = self.through.iter().map(spelled).collect();
        format!("{} held in each other's links", names.join(", "))
    }
}

impl Scope<'_> {
    /// Expressions with each derivative by the variable of the ways taken with the others held.
    pub(super) fn along(
        &mut self,
        ways: &Ways,
        roots: &[ExprId],
        at: usize,
    ) -> Option<Vec<ExprId>> {
        let (of, by) = (self.build(&ways.of, at).ok()?, self.build(&ways.by, at).ok()?);
        let mut held = Vec::new();
        for name in &ways.through {
            for element in self.each_element(name) {
                let expr = Expr { kind: FormulaKind::Name(element), span: 0..0 };
                held.push(self.build(&expr, at).ok()?);
            }
        }
        let mut others = BTreeMap::new();
        for id in self.graph.reachable(roots) {
            if let Node::Partial { of: inner, by: last } = self.graph.node(id)
                && last == by
                && inner != of
            {
                let direct = self.direct(inner, by, &held, &mut BTreeMap::new());
                others.insert(id, direct);
            }
        }
        self.substituted(roots, &others)
    }

    /// Whether each of the ways has a part of its own: a link that is 0 with the others held says
    /// nothing, and with any factor before it.
    pub(super) fn are_ways(&mut self, ways: &Ways, at: usize, unknowns: &Unknowns) -> bool {
        let Ok(by) = self.build(&ways.by, at) else { return false };
        let mut all = Vec::new();
        for name in &ways.through {
            let mut elements = Vec::new();
            for element in self.each_element(name) {
                let expr = Expr { kind: FormulaKind::Name(element), span: 0..0 };
                let Ok(id) = self.build(&expr, at) else { return false };
                elements.push(id);
            }
            all.push(elements);
        }
        let held: Vec<ExprId> = all.iter().flatten().copied().collect();
        let zero = self.graph.integer(0);
        all.iter().all(|elements| {
            elements.iter().any(|q| {
                let direct = self.direct(*q, by, &held, &mut BTreeMap::new());
                !self.judge(direct, zero, unknowns).is_proved()
            })
        })
    }

    /// ∂of/∂by with some quantities held.
    pub(super) fn with_held(&mut self, of: ExprId, by: ExprId, held: &[ExprId]) -> ExprId {
        self.direct(of, by, held, &mut BTreeMap::new())
    }

    /// ∂of/∂by less the ways by what is held: Σ ∂of/∂q·(∂q/∂by less those).
    fn direct(
        &mut self,
        of: ExprId,
        by: ExprId,
        held: &[ExprId],
        known: &mut BTreeMap<ExprId, ExprId>,
    ) -> ExprId {
        if let Some(found) = known.get(&of) {
            return *found;
        }
        let none = Winners::new();
        let mut terms = vec![self.graph.partial(of, by)];
        for q in held {
            let inside = *q != of && depends_on(&self.graph, of, *q, &none);
            if inside && depends_on(&self.graph, *q, by, &none) {
                let last = self.direct(*q, by, held, known);
                let way = self.graph.partial(of, *q);
                let way = self.graph.mul([way, last]);
                terms.push(self.graph.neg(way));
            }
        }
        let direct = if terms.len() == 1 { terms[0] } else { self.graph.add(terms) };
        known.insert(of, direct);
        direct
    }
}
