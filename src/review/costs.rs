//! Layers that a letter numbers, and what stands at their end: C of δ_j^l = ∂C/∂z_j^l is a function
//! of the last layer, whatever it is.
//!
//! At one point such a function is its value and a slope for each output; so C is Σ_k g_k·a_k^L
//! with slopes g_k that may be anything. What holds for all of them holds for every C.
//!
//! Invariant: only a name that nothing defines, and that is differentiated by something of a layer,
//! is taken so; whatever is proved with it says that.

use std::collections::BTreeSet;

use super::claim::{defined, names_of, statements};
use super::document::{Document, Item as Piece};
use super::indices::Item;
use super::names::spelled;
use super::scope::{Definition, Meaning, Scope};
use super::tex::syntax::{Expr, FormulaKind, Name, visit};

/// Words that call C what stands at the end.
const COSTS: &[&str] = &["cost", "loss", "error", "objective"];

/// Defines costs that nobody defines by the outputs of the last layer.
pub(super) fn find(scope: &mut Scope<'_>, document: &Document<'_>) {
    // What has a penalty depends on more than the last layer.
    let penalty = document.items.iter().any(|item| match item {
        Piece::Words(passage) => {
            let text = passage.text.to_lowercase();
            ["penalt", "regulari", "weight decay"].iter().any(|word| text.contains(word))
        }
        Piece::Row(_) => false,
    });
    let Some(output) = output(scope, document).filter(|_| !penalty) else { return };
    let key = scope.indices.items(&output).0;
    let Some(last) = scope.indices.last_of(&key, 0) else { return };
    let mut costs: BTreeSet<Name> = BTreeSet::new();
    for (_, _, statement) in statements(document) {
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::Derivative { of, by, order: 1 } = &e.kind
                    && let (FormulaKind::Name(of), FormulaKind::Name(by)) = (&of.kind, &by.kind)
                    && by.stem.ends_with('^')
                    && !of.stem.ends_with('^')
                    && of.below.is_empty()
                    && matches!(scope.meaning(of, usize::MAX), Meaning::Free)
                {
                    costs.insert(of.clone());
                }
            });
        }
    }
    inputs(scope, document);
    let told = document.items.iter().any(|item| match item {
        Piece::Words(passage) => {
            let text = passage.text.to_lowercase();
            COSTS.iter().any(|word| text.contains(word))
        }
        Piece::Row(_) => false,
    });
    for cost in costs {
        let letter = "k".to_string();
        let expr = |kind| Expr { kind, span: 0..0 };
        let mut below = output.below.clone();
        below[0] = last.to_string();
        below[1] = letter.clone();
        let place = Name { below, ..output.clone() };
        let slope = Name {
            stem: format!("{}′", cost.stem),
            below: vec![letter.clone()],
            above: cost.above.clone(),
        };
        let run = scope.indices.run_of(&key, 1);
        scope.indices.suppose(&slope.stem, run);
        for element in scope.each_element(&slope) {
            let symbol = scope.symbol_of(&element);
            scope.leaves.insert(symbol);
        }
        let body = expr(FormulaKind::BigSum {
            indices: vec![letter],
            from: None,
            to: None,
            body: Box::new(expr(FormulaKind::Product(vec![
                expr(FormulaKind::Name(slope)),
                expr(FormulaKind::Name(place)),
            ]))),
        });
        scope.costs.insert(spelled(&cost), told);
        scope.define(&cost, Definition::new(0, body));
    }
}

/// Declares what layers are made of and nothing defines: what stands before the first of them, and
/// what something is differentiated by.
fn inputs(scope: &mut Scope<'_>, document: &Document<'_>) {
    let (mut found, mut starts): (BTreeSet<Name>, BTreeSet<String>) = Default::default();
    for (_, _, statement) in statements(document) {
        let own = statement.first.as_ref().and_then(defined).map(|(name, _)| name.clone());
        let defines = own.is_some_and(|name| {
            let layer = name.below.first().is_some_and(|part| !part.contains('-'));
            name.stem.ends_with('^') && layer && scope.defines(&name)
        });
        for side in statement.sides() {
            visit(side, &mut |e| match &e.kind {
                FormulaKind::Derivative { by, .. } => {
                    if let FormulaKind::Name(by) = &by.kind
                        && by.stem.ends_with('^')
                        && !scope.defines(by)
                        && scope.has_index(by)
                    {
                        found.insert(by.clone());
                    }
                }
                FormulaKind::Name(name)
                    if defines && name.stem.ends_with('^') && scope.defines(name) =>
                {
                    let (key, items) = scope.indices.items(name);
                    let first = scope.indices.run_of(&key, 0).map(|run| run.first);
                    if let (Some(Item::Shifted(terms)), Some(first)) = (items.first(), first)
                        && terms.iter().any(|(n, c)| c.is_none() && *n < 0)
                    {
                        let mut before = name.clone();
                        before.below[0] = (first - 1).to_string();
                        found.insert(before);
                        starts.insert(key);
                    }
                }
                _ => {}
            });
        }
    }
    scope.starts = starts;
    for name in found {
        for element in scope.each_element(&name) {
            let symbol = scope.symbol_of(&element);
            scope.leaves.insert(symbol);
        }
    }
}

/// The quantity of a layer with one more index that the next layer is made of: a of
/// z_j^l = Σ_k w_{jk}^l a_k^{l−1}.
fn output(scope: &Scope<'_>, document: &Document<'_>) -> Option<Name> {
    for (_, _, statement) in statements(document) {
        let Some(Expr { kind: FormulaKind::Name(first), .. }) = &statement.first else { continue };
        if !first.stem.ends_with('^') || !scope.defines(first) {
            continue;
        }
        for (_, side) in &statement.rest {
            let before = names_of(side).into_iter().find(|name| {
                let (_, items) = scope.indices.items(name);
                name.stem.ends_with('^')
                    && matches!(&items[..], [Item::Shifted(terms), Item::Letter(_)]
                        if matches!(terms[..], [(1, Some('l' | 'ℓ')), (n, None)] if n < 0))
                    && scope.defines(name)
            });
            if before.is_some() {
                return before;
            }
        }
    }
    None
}
