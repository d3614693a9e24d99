//! Sums that are given: t₀ + t₁ + t₂ = 1, because the network says so or because the document
//! does.
//!
//! Invariants: a given sum is one of names that stand for nothing else, no name is in two of them,
//! and an equation that holds only with its help is proved with the sum among what was given. A
//! sum is never used on an equation that differentiates by one of its names: which of them moves
//! with which is not said by it.

use std::collections::{BTreeMap, BTreeSet};

use super::claim::{names_in, statements};
use super::document::Document;
use super::names::spelled;
use super::numbers::is_numeric;
use super::properties::Property;
use super::scope::Scope;
use super::tex::syntax::{Expr, FormulaKind, Relation, Statement};
use crate::expr::{ExprId, Node, SymbolId};
use crate::scalar::Rational;

/// A sum of names with its value.
#[derive(Clone, Debug)]
pub(super) struct GivenSum {
    /// In which item it is said, if the document says it.
    at: Option<usize>,
    names: BTreeSet<ExprId>,
    total: Rational,
    /// The name that gives way to what the others leave of the total.
    last: ExprId,
    rest: ExprId,
    /// How it reads.
    said: String,
}

/// Two sides with given sums put in, and how those read.
pub(super) type PutIn = ([ExprId; 2], Vec<String>);

/// The given sums of the network and of a document come into force, everywhere.
pub(super) fn find(scope: &mut Scope<'_>, document: &Document<'_>) {
    let known = scope.cells.as_ref().map(|cells| cells.lowered.distributions.clone());
    for sum in known.unwrap_or_default() {
        scope.give(&sum, &Rational::from(1), None);
    }
    // Of names with numbers a sum is a claim like any other.
    let numbered: BTreeSet<String> = statements(document)
        .filter(|(_, _, s)| s.rest.iter().any(|(_, side)| is_numeric(side)))
        .filter_map(|(_, _, s)| match &s.first.as_ref()?.kind {
            FormulaKind::Name(name) => Some(spelled(name)),
            _ => None,
        })
        .collect();
    // "where $y$ is one-hot": its elements sum to 1.
    for property in scope.properties.clone().iter().filter(|p| p.sums_to_one()) {
        scope.give_elements(property, document);
    }
    for (at, _, statement) in statements(document) {
        if names_in(statement).iter().any(|name| numbered.contains(&spelled(name))) {
            continue;
        }
        for (names, total) in scope.sums_of_names(statement, at) {
            // What is said of the network's own names is held against it.
            let own = |id: &ExprId| scope.graph.symbol_of(*id).is_some_and(|s| scope.is_own(s));
            if names.iter().all(own) {
                scope.give(&names, &total, Some(at));
            }
        }
    }
}

impl Scope<'_> {
    /// The names and the total of "a + b = 1", if that is all that a statement says and the names
    /// stand for nothing else.
    fn sum_of_names(
        &mut self,
        statement: &Statement,
        at: usize,
    ) -> Option<(Vec<ExprId>, Rational)> {
        let (Some(first), [(Relation::Equal, value)]) = (&statement.first, &statement.rest[..])
        else {
            return None;
        };
        let (
            FormulaKind::Sum(_) | FormulaKind::BigSum { .. },
            FormulaKind::Number { value: total, .. },
        ) = (&first.kind, &value.kind)
        else {
            return None;
        };
        let sum = self.build(first, at).ok()?;
        let Node::Add(terms) = self.graph.node(sum) else { return None };
        let names = self.graph.args(terms).to_vec();
        let plain = |id: &ExprId| matches!(self.graph.node(*id), Node::Var(_));
        (names.len() > 1 && names.iter().all(plain)).then(|| (names, total.clone()))
    }

    /// The same for each element that a statement with letters speaks of.
    fn sums_of_names(&mut self, statement: &Statement, at: usize) -> Vec<(Vec<ExprId>, Rational)> {
        let Some(first) = &statement.first else { return Vec::new() };
        let elements = self.elements(&[first], &[]);
        if !elements.is_complete() {
            return Vec::new();
        }
        let before = self.letters.clone();
        let mut all = Vec::new();
        for element in elements.all {
            self.letters = element;
            all.extend(self.sum_of_names(statement, at));
        }
        self.letters = before;
        all
    }

    /// Whether a name is the document's own, and not one of the network's.
    fn is_own(&self, symbol: SymbolId) -> bool {
        let symbol = self.graph.symbol(symbol);
        self.cells.as_ref().is_none_or(|cells| cells.lowered.graph.find_symbol(symbol).is_none())
    }

    /// Whether a statement is a sum that is given.
    pub(super) fn is_given(&mut self, statement: &Statement, at: usize) -> bool {
        let all = self.sums_of_names(statement, at);
        let known = |(names, total): &(Vec<ExprId>, Rational)| {
            let names = names.iter().copied().collect();
            self.givens.iter().any(|given| given.names == names && given.total == *total)
        };
        !all.is_empty() && all.iter().all(known)
    }

    /// The value of a name that gives way in a sum, where the others have those of a point.
    pub(super) fn left_over(
        &self,
        symbol: SymbolId,
        point: &dyn Fn(SymbolId) -> f64,
    ) -> Option<f64> {
        let symbol_of = |id: &ExprId| self.graph.symbol_of(*id);
        let given = self.givens.iter().find(|given| symbol_of(&given.last) == Some(symbol))?;
        let others = given.names.iter().filter(|id| **id != given.last).filter_map(symbol_of);
        Some(given.total.to_f64() - others.map(point).sum::<f64>())
    }

    fn give(&mut self, names: &[ExprId], total: &Rational, at: Option<usize>) {
        let all: BTreeSet<ExprId> = names.iter().copied().collect();
        let taken = self.givens.iter().any(|given| !given.names.is_disjoint(&all));
        let Some((last, others)) = names.split_last() else { return };
        if taken || all.len() < names.len() || others.is_empty() {
            return;
        }
        let mut terms = vec![self.graph.number(total)];
        for other in others {
            terms.push(self.graph.neg(*other));
        }
        let rest = self.graph.add(terms);
        let shown: Vec<String> = names
            .iter()
            .filter_map(|id| self.graph.symbol_of(*id))
            .map(|symbol| self.shown(symbol))
            .collect();
        let said = format!("{} = {total}", shown.join(" + "));
        let (names, total, last) = (all, total.clone(), *last);
        self.givens.push(GivenSum { at, names, total, last, rest, said });
    }

    /// Gives the sum of the elements of a name of which words say that it is 1; those elements, if
    /// they stand for nothing else.
    pub(super) fn give_elements(
        &mut self,
        property: &Property,
        document: &Document<'_>,
    ) -> Vec<SymbolId> {
        let all = statements(document).flat_map(|(_, _, s)| names_in(s));
        let mut whole = all.filter(|name| {
            name.stem == property.of.stem && name.below.len() == 1 && self.has_index(name)
        });
        let Some(name) = whole.next() else { return Vec::new() };
        let mut elements = Vec::new();
        for element in self.each_element(&name) {
            let expr = Expr { kind: FormulaKind::Name(element), span: 0..0 };
            elements.extend(self.build(&expr, usize::MAX));
        }
        if !elements.iter().all(|id| matches!(self.graph.node(*id), Node::Var(_))) {
            return Vec::new();
        }
        self.give(&elements, &Rational::from(1), None);
        elements.iter().filter_map(|id| self.graph.symbol_of(*id)).collect()
    }

    /// Forgets the sums that were only supposed.
    pub(super) fn forget_supposed_sums(&mut self) {
        let supposed =
            |given: &GivenSum| given.at.is_some_and(|at| self.outline.at(at).role.is_apart());
        self.givens.retain(|given| !supposed(given));
    }

    /// Two sides with the given sums put in, and which they are; none where no given sum has
    /// anything to do with them. An error where one has, but something is differentiated by one
    /// of its names.
    pub(super) fn with_givens(
        &mut self,
        lhs: ExprId,
        rhs: ExprId,
    ) -> Option<Result<PutIn, String>> {
        if self.givens.is_empty() {
            return None;
        }
        let below: BTreeSet<ExprId> = self.graph.reachable(&[lhs, rhs]).into_iter().collect();
        let variables = self.under_partials(&[lhs, rhs]).variables;
        let moved: BTreeSet<ExprId> =
            self.graph.reachable(&variables.into_iter().collect::<Vec<_>>()).into_iter().collect();
        let mut others = BTreeMap::new();
        let mut said = Vec::new();
        for given in &self.givens {
            if given.names.is_disjoint(&below) {
                continue;
            }
            if !given.names.is_disjoint(&moved) {
                return Some(Err(format!("it may hold as {}, which is given", given.said)));
            }
            if below.contains(&given.last) {
                others.insert(given.last, given.rest);
                said.push(given.said.clone());
            }
        }
        if others.is_empty() {
            return None;
        }
        let sides = self.substituted(&[lhs, rhs], &others)?;
        Some(Ok(([sides[0], sides[1]], said)))
    }
}
