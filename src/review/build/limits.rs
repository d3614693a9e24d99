//! Limits: lim (f(x + h) − f(x))/h as h → 0 becomes what it comes to.
//!
//! Invariants: what approaches something is a name of its own inside of its limit; what is made of it
//! by other definitions moves with it. A name that nobody says to be constant is taken for that with a
//! word, and refutes nothing. A function that nobody defines has a value and a slope at the point, and
//! the mark says that it has one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Built, Local, Unbuilt, too_large};
use crate::expr::{ExprId, Graph, Node, Symbol, SymbolId, Winners, depends_on};
use crate::review::limits::{Around, limit};
use crate::review::names::spelled;
use crate::review::scope::{Meaning, Scope};
use crate::review::tex::syntax::{Expr, FormulaKind, Name, visit};

/// What is said of a function that nobody defines and that has a slope.
pub(in crate::review) fn any_smooth(name: &str) -> String {
    format!("{name} any function with a slope")
}

fn unclear<T>(reason: impl Into<String>) -> Result<T, Unbuilt> {
    Err(Unbuilt::Unclear(reason.into()))
}

impl Scope<'_> {
    /// The limit of an expression as a name approaches a value.
    pub(super) fn limit(
        &mut self,
        [of, by, to]: [&Expr; 3],
        at: usize,
        local: &Local,
        most: usize,
    ) -> Built {
        let FormulaKind::Name(name) = &by.kind else {
            return unclear("what approaches something here is no name");
        };
        let key = spelled(name);
        let small = self.graph.var(&format!("{key}→"));
        let moved = match infinite(to) {
            Some(minus) => {
                let one = self.graph.integer(if minus { -1 } else { 1 });
                self.graph.div(one, small)
            }
            None => {
                let point = self.expression(to, at, local, most)?;
                match self.graph.as_number(point).is_some_and(|q| q.is_zero()) {
                    true => small,
                    false => self.graph.add([point, small]),
                }
            }
        };
        let mut inner = local.clone();
        inner.indices.remove(&key);
        inner.params.insert(key.clone(), moved);
        let built = self.expression(of, at, &inner, most)?;
        let built = self.with_moved(name, built, moved, at)?;
        self.note_constants([of, by, to], at, local);
        let nothing = Winners::new();
        if !depends_on(&self.graph, built, small, &nothing) {
            return Ok(built);
        }
        let own = self.graph.find_symbol(&Symbol::named(&key));
        self.worked_out(built, small, own)
    }

    /// What stands for the name elsewhere moves as well: y = x² as x → 2.
    fn with_moved(&mut self, name: &Name, built: ExprId, moved: ExprId, at: usize) -> Built {
        let own = match self.meaning(name, at) {
            Meaning::Cell(cell) => cell,
            Meaning::Free => self.graph.var(&spelled(name)),
            Meaning::Defined(..) | Meaning::Element(..) => {
                let key = spelled(name);
                let all = self.graph.reachable(&[built]);
                let made_of_it = all.iter().any(|id| {
                    let symbol = self.graph.symbol_of(*id);
                    symbol.is_some_and(|s| *self.graph.symbol(s).spelling() == key)
                });
                return match made_of_it {
                    true => unclear(format!("{key} approaches something, and stands for another")),
                    false => Ok(built),
                };
            }
        };
        if !self.graph.reachable(&[built]).contains(&own) {
            return Ok(built);
        }
        if !matches!(self.graph.node(own), Node::Var(_))
            || self.graph.reachable(&[moved]).contains(&own)
        {
            return unclear(format!(
                "{} approaches something, and stands for another",
                spelled(name)
            ));
        }
        let sides = self.substituted(&[built], &BTreeMap::from([(own, moved)]));
        sides.map(|sides| sides[0]).ok_or_else(too_large)
    }

    /// The limit of what was built, as `small` goes to 0; `own` is what moves with it.
    pub(super) fn worked_out(
        &mut self,
        built: ExprId,
        small: ExprId,
        own: Option<SymbolId>,
    ) -> Built {
        let mut around = Around {
            winners: &self.winners.clone(),
            leaves: &self.leaves.clone(),
            functions: BTreeMap::new(),
            moving: BTreeSet::new(),
        };
        for ((function, argument), any) in &self.any_functions {
            around.functions.insert(any.start(), function.clone());
            let moves = self
                .graph
                .reachable(&[*argument])
                .into_iter()
                .any(|id| id == small || own.is_some() && self.graph.symbol_of(id) == own);
            if moves {
                around.moving.extend([any.start(), any.slope()]);
            }
        }
        let (mut graph, mut smooth) = (std::mem::take(&mut self.graph), BTreeSet::new());
        let mut jet = |graph: &mut Graph, function: &str, point: ExprId| {
            std::mem::swap(graph, &mut self.graph);
            let value = self.any_function_at(function, 0, point);
            let slope = self.any_function_at(function, 1, point);
            std::mem::swap(graph, &mut self.graph);
            smooth.insert(any_smooth(function));
            Some([value.ok()?, slope.ok()?])
        };
        let found = limit(&mut graph, built, small, &around, &mut jet);
        self.graph = graph;
        self.taken.extend(smooth);
        found.or_else(|why| unclear(format!("this limit is not worked out: {why}")))
    }

    /// Notes the names in a limit that nobody says to be constant as something approaches something.
    fn note_constants(&mut self, [of, by, to]: [&Expr; 3], at: usize, local: &Local) {
        let mut told: BTreeSet<String> = local.params.keys().cloned().collect();
        let mut names = BTreeSet::new();
        let own = |e: &Expr| matches!((&e.kind, &by.kind), (FormulaKind::Name(a), FormulaKind::Name(b)) if a == b);
        let mut tell = |e: &Expr| {
            visit(e, &mut |e| {
                if let FormulaKind::Name(name) = &e.kind {
                    told.insert(spelled(name));
                }
            });
        };
        tell(by);
        tell(to);
        visit(of, &mut |e| match &e.kind {
            // Of x + h as h → 0, x is a place that does not move.
            FormulaKind::Sum(terms) if terms.iter().any(|(_, term)| own(term)) => {
                terms.iter().for_each(|(_, term)| tell(term));
            }
            FormulaKind::Name(name) => {
                names.insert(name.clone());
            }
            _ => {}
        });
        for name in names {
            let symbol = self.known_symbol(&name);
            let is_told = told.contains(&spelled(&name))
                || name.stem == "e" && name.below.is_empty()
                || matches!(name.stem.as_str(), "π" | "pi")
                || symbol.is_some_and(|s| self.declared.contains(&s))
                || !matches!(self.meaning(&name, at), Meaning::Free)
                || self.indices.is_element(&name) && local.indices.contains_key(&name.stem);
            if !is_told {
                self.taken.insert(spelled(&name));
                let reason =
                    format!("nothing says that {} does not move with {}", spelled(&name), {
                        let FormulaKind::Name(by) = &by.kind else { return };
                        spelled(by)
                    });
                self.doubts.push(reason);
            }
        }
    }
}

/// Whether this is ∞, and whether it is −∞.
fn infinite(to: &Expr) -> Option<bool> {
    match &to.kind {
        FormulaKind::Name(name) => (name.stem == "∞").then_some(false),
        FormulaKind::Neg(inner) => infinite(inner).map(|minus| !minus),
        _ => None,
    }
}
