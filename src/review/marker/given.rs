//! Equations that words give and that define nothing, "with uᵀu = 1": what they tie together.
//!
//! Invariant: nothing here judges; it says whether a statement is one, and whether another speaks
//! of what one ties.

use std::collections::BTreeSet;

use super::{Marker, Standing};
use crate::review::claim::names_of;
use crate::review::document::Item;
use crate::review::numbers::is_numeric;
use crate::review::tex::syntax::{Expr, FormulaKind, Name, Relation, Statement};

impl Marker<'_, '_> {
    /// A name that a statement is made of, by way of definitions too, for which an equation is given.
    pub(super) fn constrained_in(&self, statement: &Statement, at: usize) -> Option<String> {
        if self.constrained.is_empty() {
            return None;
        }
        let mut open: Vec<Name> = statement.sides().flat_map(names_of).collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if self.constrained.contains(&name.stem) {
                return Some(name.stem);
            }
            let key = self.scope.indices.items(&name).0;
            if !seen.insert(key) {
                continue;
            }
            if let Some(definition) = self.scope.in_force(&name, at) {
                open.extend(names_of(&definition.body));
            }
        }
        None
    }

    /// Whether words give an equation that defines nothing: "with uᵀu = 1".
    pub(super) fn is_constraint(&self, statement: &Statement, here: Standing<'_>) -> bool {
        const GIVE: &[&str] = &["let", "with", "where", "that", "assume", "suppose", "given", "to"];
        let before = here.at.checked_sub(1).and_then(|at| self.document.items.get(at));
        let Some(Item::Words(passage)) = before else { return false };
        let last = passage.text.split_whitespace().last().unwrap_or_default().to_lowercase();
        let names = |e: &Expr| matches!(e.kind, FormulaKind::Name(_) | FormulaKind::Apply { .. });
        let slope = |e: &Expr| matches!(e.kind, FormulaKind::Derivative { .. });
        here.placed.inline
            && GIVE.contains(&last.as_str())
            && matches!(statement.rest[..], [(Relation::Equal, _)])
            && statement.sides().all(|side| !names(side) && !slope(side) && !is_numeric_sum(side))
    }
}

/// Whether a side is made of numbers and operations alone, other than a number.
fn is_numeric_sum(side: &Expr) -> bool {
    !matches!(side.kind, FormulaKind::Number { .. }) && is_numeric(side)
}
