//! A loss that a document differentiates and never defines: ∂L/∂w = ∂L/∂y·∂y/∂w.
//!
//! What such a document means is that L depends on w by way of y. So L is taken to be any function
//! of the last quantities that it is differentiated by, those that no other of them is made of:
//! L becomes g₀ + Σ g·y with a free value g₀ and a free slope g for each of them, which is all
//! that an identity in first derivatives can see of a function.
//!
//! Invariant: this proves and never refutes; what is proved so says it.

use std::collections::{BTreeMap, BTreeSet};

use super::claim::statements;
use super::document::{Document, Item};
use super::names::spelled;
use super::scope::{Meaning, Scope};
use super::tex::syntax::{Expr, FormulaKind, Name, Part, visit};
use crate::expr::{ExprId, Node, Winners, depends_on};

/// The most quantities that a loss is taken to be a function of.
const MAX_LAST: usize = 24;

/// A loss without a definition, as any function of the last quantities.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    value: ExprId,
    /// What it is taken to depend on, in words.
    said: String,
    /// Whether the words of the document say so.
    told: bool,
}

/// The losses of a document, by their variable in the graph.
pub(super) fn find(scope: &mut Scope<'_>, document: &Document<'_>) {
    if scope.cells.is_some() {
        return;
    }
    let mut by_name: BTreeMap<String, (Name, Vec<(usize, Name)>)> = BTreeMap::new();
    let mut linked: BTreeSet<String> = BTreeSet::new();
    for (at, _, statement) in statements(document) {
        for side in statement.sides() {
            linked.extend(loss_of(side));
            visit(side, &mut |e| match &e.kind {
                FormulaKind::Product(factors) => linked.extend(factors.iter().filter_map(loss_of)),
                FormulaKind::Quotient(a, _) | FormulaKind::BigSum { body: a, .. } => {
                    linked.extend(loss_of(a))
                }
                _ => {}
            });
        }
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::Derivative { of, by, order: 1 } = &e.kind
                    && let (FormulaKind::Name(of), FormulaKind::Name(by)) = (&of.kind, &by.kind)
                    && of.below.is_empty()
                    && matches!(scope.meaning(of, at), Meaning::Free)
                {
                    let entry = by_name.entry(spelled(of)).or_insert((of.clone(), Vec::new()));
                    for element in scope.each_element(by) {
                        entry.1.push((at, element));
                    }
                }
            });
        }
    }
    linked.extend(called_losses(document));
    let told = told_losses(document);
    for (loss, variables) in by_name.into_values() {
        // ∂t/∂w as a term of a sum rule makes no loss of t.
        let symbol = scope.symbol_of(&loss);
        if !linked.contains(&spelled(&loss)) || scope.leaves.contains(&symbol) {
            continue;
        }
        let mut all: BTreeSet<ExprId> = BTreeSet::new();
        for (at, name) in variables {
            let expr = Expr { kind: FormulaKind::Name(name), span: 0..0 };
            all.extend(scope.build(&expr, at));
        }
        let none = Winners::new();
        let inner = |e: &ExprId| {
            all.iter().any(|other| other != e && depends_on(&scope.graph, *other, *e, &none))
        };
        let last: Vec<ExprId> = all.iter().copied().filter(|e| !inner(e)).collect();
        // ∂a/∂u where u is made of a is a link the other way round.
        let variable = scope.graph.var(&spelled(&loss));
        if all.iter().any(|e| *e != variable && depends_on(&scope.graph, *e, variable, &none)) {
            continue;
        }
        let defined = last.iter().any(|e| matches!(scope.graph.node(*e), Node::Named(..)));
        if !defined || last.len() > MAX_LAST {
            continue;
        }
        let name = spelled(&loss);
        let rest = scope.graph.var(&format!("{name}·0"));
        scope.leaves.extend(scope.graph.symbol_of(rest));
        let (mut terms, mut shown) = (vec![rest], Vec::new());
        for (nth, y) in last.iter().enumerate() {
            let slope = scope.graph.var(&format!("{name}·{}", nth + 1));
            scope.leaves.extend(scope.graph.symbol_of(slope));
            terms.push(scope.graph.mul([slope, *y]));
            shown.extend(scope.graph.symbol_of(*y).map(|s| scope.shown(s)));
        }
        let value = scope.graph.add(terms);
        let value = scope.graph.named(&name, value);
        let variable = scope.graph.var(&name);
        let said = format!("{name} depends on nothing but by way of {}", shown.join(", "));
        let told = told.get(&name).is_some_and(|of| {
            let mut elements = BTreeSet::new();
            for element in scope.each_element(of) {
                let expr = Expr { kind: FormulaKind::Name(element), span: 0..0 };
                elements.extend(scope.build(&expr, usize::MAX));
            }
            last.iter().all(|y| elements.contains(y))
        });
        scope.losses.insert(variable, Loss { value, said, told });
    }
}

/// Names that the words call a loss: "the loss $L$", "$L$ is any cost".
fn called_losses(document: &Document<'_>) -> Vec<String> {
    const LOSSES: &[&str] = &["loss", "losses", "cost", "costs", "objective", "error", "risk"];
    let is_loss = |word: &str| LOSSES.contains(&word.trim_matches([',', '.', ':', ';']));
    let mut found = Vec::new();
    for (at, item) in document.items.iter().enumerate() {
        let Item::Row(placed) = item else { continue };
        let [Part::Statement(statement)] = &placed.row.parts[..] else { continue };
        let (Some(Expr { kind: FormulaKind::Name(name), .. }), []) =
            (&statement.first, &statement.rest[..])
        else {
            continue;
        };
        let words = |at: Option<usize>| match at.and_then(|at| document.items.get(at)) {
            Some(Item::Words(passage)) => passage.text.as_str(),
            _ => "",
        };
        let before = words(at.checked_sub(1)).split_whitespace().next_back();
        let mut behind = words(Some(at + 1)).split_whitespace().take(5);
        if before.is_some_and(is_loss) || behind.any(is_loss) {
            found.push(spelled(name));
        }
    }
    found
}

/// What words say that a loss is a loss of: "a loss $L$ of the $y_i$".
fn told_losses(document: &Document<'_>) -> BTreeMap<String, Name> {
    const BETWEEN: &[&str] = &["of", "of the", "of all", "of all the", "in", "in the", "over the"];
    let called: BTreeSet<String> = called_losses(document).into_iter().collect();
    let alone = |item: Option<&Item>| match item {
        Some(Item::Row(placed)) => match &placed.row.parts[..] {
            [Part::Statement(s)] if s.rest.is_empty() => match &s.first {
                Some(Expr { kind: FormulaKind::Name(name), .. }) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    let mut found = BTreeMap::new();
    for at in 0..document.items.len() {
        let Some(Item::Words(passage)) = document.items.get(at + 1) else { continue };
        let (loss, of) = (alone(document.items.get(at)), alone(document.items.get(at + 2)));
        if let (Some(loss), Some(of)) = (loss, of)
            && called.contains(&spelled(&loss))
            && BETWEEN
                .contains(&passage.text.split_whitespace().collect::<Vec<_>>().join(" ").as_str())
        {
            found.insert(spelled(&loss), of);
        }
    }
    found
}

/// What is differentiated here, if this is nothing but a derivative of one name by another.
fn loss_of(expr: &Expr) -> Option<String> {
    match &expr.kind {
        FormulaKind::Derivative { of, by, order: 1 } => match (&of.kind, &by.kind) {
            (FormulaKind::Name(of), FormulaKind::Name(_)) => Some(spelled(of)),
            _ => None,
        },
        _ => None,
    }
}

impl Scope<'_> {
    /// Two sides with their losses as functions of the last quantities; none where there is no
    /// loss in them.
    pub(super) fn with_losses(
        &mut self,
        lhs: ExprId,
        rhs: ExprId,
    ) -> Option<([ExprId; 2], Vec<String>, bool)> {
        if self.losses.is_empty() {
            return None;
        }
        let below = self.graph.reachable(&[lhs, rhs]);
        let found: Vec<(ExprId, Loss)> = below
            .iter()
            .filter_map(|id| self.losses.get(id).map(|loss| (*id, loss.clone())))
            .collect();
        let others = found.iter().map(|(id, loss)| (*id, loss.value)).collect();
        let told = found.iter().all(|(_, loss)| loss.told);
        let said = found.into_iter().map(|(_, loss)| loss.said).collect::<Vec<_>>();
        if said.is_empty() {
            return None;
        }
        let sides = self.substituted(&[lhs, rhs], &others)?;
        Some(([sides[0], sides[1]], said, told))
    }
}
