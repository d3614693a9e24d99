//! Lists in which an element stands twice and another is missing.

use std::collections::BTreeSet;

use super::marker::{Marker, Standing};
use super::names::spelled;
use super::tex::syntax::{Expr, FormulaKind, visit};
use super::{Repair, Wrong, repair};
use crate::expr::{ExprId, Node};

impl Marker<'_, '_> {
    /// A max that lists an element twice and lacks another, where the network has all of them.
    pub(super) fn repeated_in_max(&mut self, side: &Expr, here: Standing<'_>) -> Option<Wrong> {
        let cells = self.scope.cells.as_ref()?;
        let mut found: Option<(Vec<Expr>, usize)> = None;
        visit(side, &mut |e| {
            if let FormulaKind::Extreme { least: false, of } = &e.kind
                && found.is_none()
            {
                let mut seen = BTreeSet::new();
                let twice = of.iter().position(|one| match &one.kind {
                    FormulaKind::Name(name) => !seen.insert(spelled(name)),
                    _ => false,
                });
                if let Some(twice) = twice {
                    found = Some((of.clone(), twice));
                }
            }
        });
        let (of, twice) = found?;
        let mut listed = BTreeSet::new();
        for one in &of {
            let FormulaKind::Name(name) = &one.kind else { return None };
            listed.insert(cells.find(name, &self.scope.convention)?.cell);
        }
        let maximum = cells.lowered.maxima.iter().find_map(|m| {
            let Node::Max(args) = self.scope.graph.node(m.max) else { return None };
            let args = self.scope.graph.args(args);
            let all = listed.iter().all(|cell| args.contains(cell));
            (all && args.len() == of.len()).then(|| args.to_vec())
        })?;
        let missing: Vec<ExprId> =
            maximum.iter().filter(|arg| !listed.contains(arg)).copied().collect();
        let named = |id: &ExprId| {
            let symbol = self.scope.graph.symbol_of(*id)?;
            Some(self.scope.graph.symbol(symbol).spelling().into_owned())
        };
        let FormulaKind::Name(name) = &of[twice].kind else { return None };
        let lacking: Vec<String> = missing.iter().filter_map(named).collect();
        let first = lacking.first()?.clone();
        let source = here.placed.source(&of[twice].span);
        let from = self.document.text(&source);
        let repair = (missing.len() == 1)
            .then(|| repair::like(name, &first, &self.scope.convention))
            .flatten()
            .map(|to| Repair { source, from, to, slip: None });
        Some(Wrong {
            message: format!(
                "{} stands twice in this max, and {} is missing; where {first} is the greatest, \
                 the max is not",
                spelled(name),
                lacking.join(", ")
            ),
            counterexample: None,
            repair,
        })
    }
}
