//! Other ways in which a formula can be meant: `\ln x/y` is ln(x)/y or ln(x/y).
//!
//! Goes in: an expression with the text that it was read from. Comes out: the same in its other
//! reading, if it has one. What always holds: the reading that the parser gives is asked first, and
//! a row is refuted only if it fails in both.

use std::collections::BTreeMap;

use super::document::Item;
use super::marker::{Marker, Standing};
use super::tex::syntax::{Expr, FormulaKind, Relation};
use super::{Mark, claim::names_of, names::spelled};

/// An expression in its other reading; none where it has only one.
fn other(expr: &Expr, text: &str) -> Option<Expr> {
    if let FormulaKind::Quotient(above, below) = &expr.kind
        && text.get(above.span.end..below.span.start).is_some_and(|sign| sign.trim() == "/")
        && let Some(kind) = taken_in(above, below, text)
    {
        return Some(Expr { kind, span: expr.span.clone() });
    }
    let mut found = false;
    let mut one = |e: &Expr| match other(e, text) {
        Some(new) => {
            found = true;
            new
        }
        None => e.clone(),
    };
    let kind = match &expr.kind {
        FormulaKind::Neg(a) => FormulaKind::Neg(Box::new(one(a))),
        FormulaKind::Sum(terms) => {
            FormulaKind::Sum(terms.iter().map(|(minus, term)| (*minus, one(term))).collect())
        }
        FormulaKind::Product(all) => FormulaKind::Product(all.iter().map(one).collect()),
        FormulaKind::Quotient(a, b) => FormulaKind::Quotient(Box::new(one(a)), Box::new(one(b))),
        FormulaKind::Power(a, b) => FormulaKind::Power(Box::new(one(a)), Box::new(one(b))),
        FormulaKind::Call(known, a) => FormulaKind::Call(*known, Box::new(one(a))),
        FormulaKind::Derivative { of, by, order } => {
            let (of, by) = (Box::new(one(of)), by.clone());
            FormulaKind::Derivative { of, by, order: *order }
        }
        FormulaKind::BigSum { indices, from, to, body } => {
            let (indices, from, to) = (indices.clone(), from.clone(), to.clone());
            FormulaKind::BigSum { indices, from, to, body: Box::new(one(body)) }
        }
        _ => return None,
    };
    found.then(|| Expr { kind, span: expr.span.clone() })
}

/// What stands above a stroke with what stands below it in the argument of its last function, where
/// that has no parentheses.
fn taken_in(above: &Expr, below: &Expr, text: &str) -> Option<FormulaKind> {
    match &above.kind {
        FormulaKind::Neg(a) => {
            let kind = taken_in(a, below, text)?;
            let span = a.span.start..below.span.end;
            Some(FormulaKind::Neg(Box::new(Expr { kind, span })))
        }
        FormulaKind::Product(factors) => {
            let (last, before) = factors.split_last()?;
            let kind = taken_in(last, below, text)?;
            let mut all = before.to_vec();
            all.push(Expr { kind, span: last.span.start..below.span.end });
            Some(FormulaKind::Product(all))
        }
        FormulaKind::Call(known, argument) => {
            // Without parentheses, the argument ends where the call does.
            let bare = argument.span.end == above.span.end;
            let opens = |s: &str| s.trim_start().starts_with(['(', '[', '{', '|']);
            let name = text.get(above.span.start..argument.span.start)?;
            let of = text.get(argument.span.clone())?;
            if !bare || name.contains(['(', '[', '{', '|']) || opens(of) || of.starts_with("\\left")
            {
                return None;
            }
            let span = argument.span.start..below.span.end;
            let kind = FormulaKind::Quotient(argument.clone(), Box::new(below.clone()));
            Some(FormulaKind::Call(*known, Box::new(Expr { kind, span })))
        }
        _ => None,
    }
}

impl Marker<'_, '_> {
    /// The mark of a row that does not hold, from its other readings: proved if one of them holds,
    /// undecided if one is open or if it holds with another reading of a definition.
    pub(super) fn otherwise_read(
        &mut self,
        [left, right]: [&Expr; 2],
        relation: Relation,
        here: Standing<'_>,
    ) -> Option<Mark> {
        let text = here.placed.passage.text.clone();
        let (first, second) = (other(left, &text), other(right, &text));
        let mut tries: Vec<(&Expr, &Expr)> = Vec::new();
        tries.extend(second.iter().map(|right| (left, right)));
        if here.own_left {
            tries.extend(first.iter().map(|left| (left, right)));
            tries.extend(first.iter().zip(&second));
        }
        let mut open = None;
        for (left, right) in tries {
            match self.once_more(left, right, relation, here) {
                Mark::Proved { error_bound, mut given } => {
                    given.push("a function's argument goes on behind the stroke".to_string());
                    return Some(Mark::Proved { error_bound, given });
                }
                Mark::Refuted(_) => {}
                mark => open = Some(mark),
            }
        }
        if open.is_some() {
            return open;
        }
        let before = self.with_definitions_otherwise([left, right], here.at)?;
        let mark = self.once_more(left, right, relation, here);
        self.scope.definitions = before;
        self.scope.built.clear();
        let reason = "it holds if a function's argument goes on behind the stroke".to_string();
        (!matches!(mark, Mark::Refuted(_))).then_some(Mark::Undecided { reason })
    }

    /// Puts the other readings of definitions in force that a row leads to, and returns the usual
    /// ones; none where there are no others.
    fn with_definitions_otherwise(
        &mut self,
        sides: [&Expr; 2],
        at: usize,
    ) -> Option<BTreeMap<String, Vec<super::scope::Definition>>> {
        let mut open: Vec<_> = sides.iter().flat_map(|side| names_of(side)).collect();
        let mut seen = std::collections::BTreeSet::new();
        let mut others = Vec::new();
        while let Some(name) = open.pop() {
            let key = spelled(&name);
            let Some((definition, nth)) = self.scope.definition(&key, at) else { continue };
            if !seen.insert(key.clone()) {
                continue;
            }
            open.extend(names_of(&definition.body));
            if let Some(Item::Row(placed)) = self.document.items.get(definition.at)
                && let Some(body) = other(&definition.body, &placed.passage.text)
            {
                others.push((key, nth, body));
            }
        }
        if others.is_empty() {
            return None;
        }
        let before = self.scope.definitions.clone();
        for (key, nth, body) in others {
            if let Some(definition) = self.scope.definitions.get_mut(&key)?.get_mut(nth) {
                definition.body = body;
            }
        }
        self.scope.built.clear();
        Some(before)
    }
}
