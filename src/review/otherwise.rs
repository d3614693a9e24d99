//! What an equation that does not hold may mean otherwise: one case of a kink, a slope with other
//! quantities held, a slope that is set to 0. It is left open then, with what was found.

use std::collections::{BTreeMap, BTreeSet};

use super::claim::names_of;
use super::marker::{Marker, Standing};
use super::names::spelled;
use super::tex::syntax::{Expr, FormulaKind, Name};
use crate::expr::{ExprId, Node};
use crate::scalar::Function;

/// The most kinks of an equation whose cases are tried one by one.
const MAX_KINKS: usize = 4;
/// The most cases of one kink that are tried.
const MAX_CASES_OF_A_KINK: usize = 16;
/// How many items further on the solution of an equation is looked for.
const SOLVED_WITHIN: usize = 8;

impl Marker<'_, '_> {
    /// What to say of a row about E if a name that E was defined with has got a new meaning since:
    /// whether E goes along is not said.
    pub(super) fn stale(&self, sides: &[&Expr], at: usize) -> Option<String> {
        let mut open: Vec<Name> = sides.iter().flat_map(|side| names_of(side)).collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(spelled(&name)) || self.scope.cell(&name).is_some() {
                continue;
            }
            let Some((definition, _)) = self.scope.definition(&spelled(&name), at) else {
                continue;
            };
            for inner in names_of(&definition.body) {
                let then = self.scope.definition(&spelled(&inner), definition.at);
                let now = self.scope.definition(&spelled(&inner), at);
                if then.map(|(_, nth)| nth) != now.map(|(_, nth)| nth) {
                    let (inner, name) = (spelled(&inner), spelled(&name));
                    return Some(format!("{inner} has a new meaning since {name} was defined"));
                }
                open.push(inner);
            }
        }
        None
    }

    /// Whether "∂J/∂m = … = 0" looks for the m where it is so: the document has that m further on.
    pub(super) fn is_set_to_zero(&self, left: &Expr, right: &Expr, here: Standing<'_>) -> bool {
        let zero = matches!(&right.kind, FormulaKind::Number { value, .. } if value.is_zero());
        let slope = self.slope.as_deref();
        let solved = |name: &str| {
            let near = here.at..=here.at + SOLVED_WITHIN;
            self.scope.solved.iter().any(|(at, other)| near.contains(at) && other == name)
        };
        let is_name = matches!(left.kind, FormulaKind::Name(_));
        let is_slope = matches!(left.kind, FormulaKind::Derivative { .. });
        let looked_for = || names_of(left).iter().any(|name| solved(&spelled(name)));
        zero && !is_name
            && match here.own_left {
                true => !is_slope && looked_for(),
                false => slope.is_some_and(solved),
            }
    }

    /// What to say of ∂E/∂u = … if it holds where the other quantities that E is made of are held,
    /// though they move with u.
    pub(super) fn holds_with_others_held(&mut self, lhs: ExprId, rhs: ExprId) -> Option<String> {
        let Node::Partial { of, by } = self.scope.graph.node(lhs) else { return None };
        let Node::Named(_, body) = self.scope.graph.node(of) else { return None };
        let held: Vec<ExprId> = self
            .scope
            .graph
            .reachable(&[body])
            .into_iter()
            .filter(|id| *id != by && matches!(self.scope.graph.node(*id), Node::Named(..)))
            .collect();
        // Only where E is made of u itself, too: with all between them held, any slope is 0.
        let mut open = vec![body];
        let mut itself = false;
        while let Some(id) = open.pop() {
            itself |= id == by;
            if !matches!(self.scope.graph.node(id), Node::Named(..)) {
                open.extend(self.scope.graph.children(id));
            }
        }
        if !itself {
            return None;
        }
        let direct = self.scope.with_held(of, by, &held);
        if direct == lhs || !self.scope.judge(direct, rhs, &self.unknowns).is_proved() {
            return None;
        }
        Some("it holds if what else it is made of is held".to_string())
    }

    /// What to say of an equation that does not hold everywhere, if it holds in one case of a max
    /// or of a function with a kink: the document may mean that case and say so in words.
    pub(super) fn holds_in_a_case(&mut self, lhs: ExprId, rhs: ExprId) -> Option<String> {
        let mut kinks = 0;
        for id in self.scope.graph.reachable(&[lhs, rhs]) {
            let cases = match self.scope.graph.node(id) {
                Node::Max(args) if !self.scope.winners.contains_key(&id) => {
                    self.scope.graph.args(args).to_vec()
                }
                Node::Call(Function::Relu, a) => vec![a, self.scope.graph.integer(0)],
                Node::Call(Function::Step, _) => {
                    vec![self.scope.graph.integer(1), self.scope.graph.integer(0)]
                }
                Node::Call(Function::Abs, a) => vec![a, self.scope.graph.neg(a)],
                _ => continue,
            };
            kinks += 1;
            if kinks > MAX_KINKS {
                return None;
            }
            for case in cases.into_iter().take(MAX_CASES_OF_A_KINK) {
                let sides = self.scope.substituted(&[lhs, rhs], &BTreeMap::from([(id, case)]))?;
                if !self.scope.plainly_differ(sides[0], sides[1])
                    && self.scope.judge(sides[0], sides[1], &self.unknowns).is_proved()
                    && (sides[1] == rhs || !self.vanishes(sides[1]))
                {
                    let case = match (self.scope.graph.node(id), self.scope.graph.symbol_of(case)) {
                        (Node::Max(_), Some(s)) => {
                            let name = self.scope.shown(s);
                            format!("where {name} is the greatest, and no formula here says so")
                        }
                        _ => "in one case of a kink, and no formula here says which".to_string(),
                    };
                    return Some(format!("it holds {case}"));
                }
            }
        }
        None
    }

    /// Whether an expression is 0 throughout: behind a closed ReLU anything equals anything.
    fn vanishes(&mut self, id: ExprId) -> bool {
        let zero = self.scope.graph.integer(0);
        self.scope.judge(id, zero, &self.unknowns).is_proved()
    }
}
