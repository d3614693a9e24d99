//! How a statement was understood: in plain text, with the place of each name's definition.

use super::{Marker, Standing};
use crate::review::claim::names_of;
use crate::review::document::Item;
use crate::review::names::spelled;
use crate::review::say::{say, say_name, say_relation};
use crate::review::scope::Meaning;
use crate::review::tex::syntax::{Expr, FormulaKind, Name, Relation, Statement};
use crate::review::{Named, Reading};

/// The most characters of a reading.
const MAX_READING: usize = 400;

impl Marker<'_, '_> {
    /// How a whole statement was understood.
    pub(super) fn reading(&self, statement: &Statement, here: Standing<'_>) -> Option<Reading> {
        let mut text = self.said(statement.first.as_ref()?, here);
        for (relation, side) in &statement.rest {
            text += &self.related(*relation, side, here);
        }
        Some(self.named(text, statement.sides(), here))
    }

    /// How a link of a chain was understood.
    pub(super) fn reading_of_link(
        &self,
        left: &Expr,
        relation: Relation,
        right: &Expr,
        here: Standing<'_>,
    ) -> Reading {
        let text = self.said(left, here) + &self.related(relation, right, here);
        self.named(text, [left, right].into_iter(), here)
    }

    fn named<'e>(
        &self,
        text: String,
        sides: impl Iterator<Item = &'e Expr>,
        here: Standing<'_>,
    ) -> Reading {
        let mut names: Vec<Named> = Vec::new();
        for name in sides.flat_map(names_of) {
            let Some(line) = self.defined_at(&name, here) else { continue };
            let named = Named { name: say_name(&name), line };
            if !names.contains(&named) {
                names.push(named);
            }
        }
        let long = text.char_indices().nth(MAX_READING).map(|(end, _)| end);
        let text = long.map_or(text.clone(), |end| format!("{}…", &text[..end]));
        Reading { text, names }
    }

    /// The line of a name's definition, if that is another row; no line for a quantity of the
    /// network.
    fn defined_at(&self, name: &Name, here: Standing<'_>) -> Option<Option<usize>> {
        let own = self.scope.in_force(name, here.at);
        let hidden = own.is_some_and(|own| own.hides && own.at <= here.at);
        if !hidden && self.scope.cell(name).is_some() {
            return Some(None);
        }
        let own = own.filter(|own| own.at != here.at)?;
        match self.document.items.get(own.at)? {
            Item::Row(placed) => {
                Some(Some(self.document.place(placed.source(&placed.row.span).start).0))
            }
            Item::Words(_) => None,
        }
    }

    fn related(&self, relation: Relation, side: &Expr, here: Standing<'_>) -> String {
        format!(" {} {}", say_relation(relation), self.said(side, here))
    }

    fn said(&self, expr: &Expr, here: Standing<'_>) -> String {
        let mut expr = expr.clone();
        self.multiply(&mut expr, here.at);
        say(&expr)
    }

    /// Makes products of what looks like a function and is a quantity: p(1 − p).
    fn multiply(&self, expr: &mut Expr, at: usize) {
        for child in expr.children_mut() {
            self.multiply(child, at);
        }
        let FormulaKind::Apply { head, primes: 0, args } = &mut expr.kind else { return };
        let quantity = match self.scope.meaning(head, at) {
            Meaning::Cell(_) => true,
            Meaning::Defined(definition, _) => definition.params.is_empty(),
            _ => self.scope.in_force(head, at).is_some_and(|own| own.params.is_empty()),
        };
        if let (true, [factor]) = (quantity || self.scope.plain.contains(&spelled(head)), &args[..])
        {
            let first = Expr { kind: FormulaKind::Name(head.clone()), span: expr.span.clone() };
            expr.kind = FormulaKind::Product(vec![first, factor.clone()]);
        }
    }
}
