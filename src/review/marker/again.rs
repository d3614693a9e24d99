//! A row that does not hold, read again: with the other reading of a formula, with another base of
//! its logarithms, or with what words say of its names.
//!
//! Invariant: a row stays refuted only if it fails in each of its readings.

use std::collections::{BTreeMap, BTreeSet};

use super::{Marker, Standing};
use crate::expr::{ExprId, Node};
use crate::review::Mark;
use crate::review::bases::Bases;
use crate::review::claim::names_of;
use crate::review::document::Item;
use crate::review::judge::Answer;
use crate::review::names::spelled;
use crate::review::properties::Property;
use crate::review::readings::other;
use crate::review::scope::Definition;
use crate::review::tex::syntax::{Expr, FormulaKind, Relation, visit};
use crate::scalar::Function;

/// Whether a derivative stands before a number in parentheses: \\frac{dy}{dx}(3).
fn takes_a_value(expr: &Expr, text: &str) -> bool {
    let mut found = false;
    visit(expr, &mut |e| {
        let FormulaKind::Product(factors) = &e.kind else { return };
        found |= factors.windows(2).any(|pair| {
            let between = text.get(pair[0].span.end..pair[1].span.end).unwrap_or_default();
            matches!(pair[0].kind, FormulaKind::Derivative { .. })
                && matches!(pair[1].kind, FormulaKind::Number { .. })
                && (between.trim_start().starts_with('(') || between.contains("left("))
        });
    });
    found
}

impl Marker<'_, '_> {
    /// The mark of a row that does not hold, from its other readings: proved if one of them holds,
    /// undecided if one is open or if it holds with another reading of a definition.
    pub(in crate::review) fn otherwise_read(
        &mut self,
        [left, right]: [&Expr; 2],
        relation: Relation,
        here: Standing<'_>,
    ) -> Option<Mark> {
        let text = here.placed.passage.text.clone();
        if let Some(mark) = self.as_words_say([left, right], relation, here) {
            return Some(mark);
        }
        if let Some(bases) = self.document.bases.clone()
            && let Some(reason) = self.of_another_base([left, right], &bases, relation, here)
        {
            return Some(Mark::Undecided { reason });
        }
        if takes_a_value(left, &text) || takes_a_value(right, &text) {
            let reason = "a slope before a number in parentheses may be taken there".to_string();
            return Some(Mark::Undecided { reason });
        }
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
                    given.push("another reading of a formula in it".to_string());
                    return Some(Mark::Proved { error_bound, given });
                }
                Mark::Refuted(_) => {}
                mark => open = Some(mark),
            }
        }
        if open.is_some() {
            return open;
        }
        let stroke = |body: &Expr, text: &str| other(body, text);
        let before = self.with_definitions_otherwise([left, right], here.at, &stroke)?;
        let mark = self.once_more(left, right, relation, here);
        self.scope.definitions = before;
        self.scope.built.clear();
        let reason = "it holds in another reading of a definition".to_string();
        (!matches!(mark, Mark::Refuted(_))).then_some(Mark::Undecided { reason })
    }

    /// The mark of a row with names as given that another section defines, where words say behind
    /// that, or in the section of the row, that they are labels: "y is one-hot". None where there is no such name, or the
    /// row fails so, too.
    fn as_words_say(
        &mut self,
        sides: [&Expr; 2],
        relation: Relation,
        here: Standing<'_>,
    ) -> Option<Mark> {
        let (mut said, mut denied): (BTreeMap<String, Property>, _) = (BTreeMap::new(), None);
        let section = |at| self.scope.outline.at(at).section;
        let all: Vec<&Property> =
            self.scope.properties.iter().filter(|property| property.is_one_hot()).collect();
        let (mut open, mut seen) =
            (sides.iter().flat_map(|side| names_of(side)).collect::<Vec<_>>(), BTreeSet::new());
        while let Some(name) = open.pop().filter(|_| !all.is_empty()) {
            let Some(definition) = self.scope.in_force(&name, here.at) else { continue };
            if !seen.insert(spelled(&name)) {
                continue;
            }
            open.extend(names_of(&definition.body));
            let then = section(definition.at);
            let property = all.iter().find(|property| {
                let own = section(property.at);
                let behind = property.at > definition.at || own == section(here.at);
                property.of.stem == name.stem && own != then && behind
            });
            said.extend(property.map(|property| (name.stem.clone(), (*property).clone())));
            // What is one-hot is no formula of other quantities.
            let own = all.iter().find(|property| property.of.stem == name.stem);
            denied = own.map(|p| format!("{} is said to be {}", spelled(&p.of), p.word)).or(denied);
        }
        if said.is_empty() {
            return denied.map(|reason| Mark::Undecided { reason });
        }
        let definitions = self.scope.definitions.clone();
        let (givens, leaves) = (self.scope.givens.clone(), self.scope.leaves.clone());
        self.scope.definitions.retain(|key, _| {
            let stem = key.split(['_', '[']).next().unwrap_or(key);
            !said.contains_key(stem)
        });
        self.scope.built.clear();
        for property in said.values() {
            let elements = self.scope.give_elements(property, self.document);
            self.scope.leaves.extend(elements);
        }
        let mark = self.once_more(sides[0], sides[1], relation, here);
        (self.scope.definitions, self.scope.givens) = (definitions, givens);
        self.scope.leaves = leaves;
        self.scope.built.clear();
        match mark {
            Mark::Proved { error_bound, mut given } => {
                let names = said.values().map(|p| format!("{} is {}", spelled(&p.of), p.word));
                given.extend(names);
                Some(Mark::Proved { error_bound, given })
            }
            Mark::Refuted(_) => None,
            mark => Some(mark),
        }
    }

    /// What to say of a row that does not hold with the base of its logarithms that words tell, or
    /// with the usual one, and that holds with the other.
    fn of_another_base(
        &mut self,
        [left, right]: [&Expr; 2],
        bases: &Bases,
        relation: Relation,
        here: Standing<'_>,
    ) -> Option<String> {
        let text = here.placed.passage.text.clone();
        let change = |e: &Expr, text: &str| bases.changed(e, text);
        let sides = (change(left, &text), change(right, &text));
        let before = self.with_definitions_otherwise([left, right], here.at, &change);
        if before.is_none() && sides.0.is_none() && sides.1.is_none() {
            return None;
        }
        let (left, right) = (sides.0.as_ref().unwrap_or(left), sides.1.as_ref().unwrap_or(right));
        let mark = self.once_more(left, right, relation, here);
        if let Some(before) = before {
            self.scope.definitions = before;
            self.scope.built.clear();
        }
        let reason = "it holds with another base of the logarithm";
        (!matches!(mark, Mark::Refuted(_))).then(|| reason.to_string())
    }

    /// Puts the other readings of definitions in force that a row leads to, and returns the usual
    /// ones; none where there are no others.
    fn with_definitions_otherwise(
        &mut self,
        sides: [&Expr; 2],
        at: usize,
        other: &dyn Fn(&Expr, &str) -> Option<Expr>,
    ) -> Option<BTreeMap<String, Vec<Definition>>> {
        let mut open: Vec<_> = sides.iter().flat_map(|side| names_of(side)).collect();
        let mut seen = BTreeSet::new();
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

    /// What to say of a row that does not hold, about names of which words say something that no
    /// formula says.
    pub(in crate::review) fn of_what_is_said(&mut self, sides: [ExprId; 2]) -> Option<String> {
        if self.scope.properties.is_empty() {
            return None;
        }
        let reached = self.scope.graph.reachable(&sides);
        let bends = reached.iter().any(|id| match self.scope.graph.node(*id) {
            Node::Max(_) => true,
            Node::Call(f, _) => matches!(
                f,
                Function::Relu
                    | Function::Step
                    | Function::Abs
                    | Function::Sign
                    | Function::Ln
                    | Function::Sqrt
            ),
            Node::Pow(_, exponent) => self.scope.graph.as_number(exponent).is_none(),
            _ => false,
        });
        let free: Vec<(ExprId, String)> = reached
            .into_iter()
            .filter(|id| matches!(self.scope.graph.node(*id), Node::Var(_)))
            .filter_map(|id| {
                let symbol = self.scope.graph.symbol_of(id)?;
                Some((id, self.scope.graph.symbol(symbol).spelling().into_owned()))
            })
            .collect();
        for property in self.scope.properties.clone() {
            let of: Vec<ExprId> =
                free.iter().filter(|(_, name)| property.is_of(name)).map(|(id, _)| *id).collect();
            if of.is_empty() || property.is_a_sign() && !bends {
                continue;
            }
            if property.is_one_hot() && of.len() > 1 && self.fails_for_each(sides, &of) {
                continue;
            }
            let (name, word) = (spelled(&property.of), &property.word);
            return Some(format!(
                "{name} is said to be {word}, and it does not hold for every {name}"
            ));
        }
        None
    }

    /// Whether an equation fails whichever of some names is 1 and the others 0.
    fn fails_for_each(&mut self, sides: [ExprId; 2], names: &[ExprId]) -> bool {
        names.iter().all(|hot| {
            let numbers: BTreeMap<ExprId, ExprId> = names
                .iter()
                .map(|name| (*name, self.scope.graph.integer(i64::from(name == hot))))
                .collect();
            let Some(sides) = self.scope.substituted(&sides, &numbers) else { return false };
            let answer = self.scope.judge(sides[0], sides[1], &self.unknowns);
            matches!(answer, Answer::Refuted { .. })
        })
    }
}
