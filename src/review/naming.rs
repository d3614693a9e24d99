//! Statements that say what a name stands for: definitions, values, winners, new values.
//!
//! Invariants: with a network, a definition of one of its quantities is held against it; a name
//! gets a new meaning only where the words, a new section or `:=` say so, and a note tells.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::claim::{defined, holds_name, names_of};
use super::document::{Item, Placed};
use super::judge::Answer;
use super::marker::{Marker, Standing};
use super::names::spelled;
use super::numbers::{Number, is_literal, is_numeric, printed};
use super::prose::Role;
use super::scope::{Certainty, Definition, Meaning, Scope};
use super::tex::syntax::{Expr, FormulaKind, Name, Part, Relation, visit};
use super::{Mark, NoteKind};
use crate::expr::{ExprId, Node};

impl Marker<'_, '_> {
    /// The mark of "name = value" where that says what the name stands for; none where it is an
    /// equation like any other.
    pub(super) fn naming(
        &mut self,
        name: &Name,
        params: Vec<Name>,
        value: &Expr,
        relation: Relation,
        here: Standing<'_>,
    ) -> Option<Mark> {
        let at = here.at;
        if self.scope.adjoint_of(name).is_some() {
            let says = self.scope.adjoint.as_ref().is_some_and(|adjoint| adjoint.at == at);
            return says.then_some(Mark::Definition { agrees: false });
        }
        if is_step(name, value)
            || self.scope.has_index(name) && holds_name(value, name) && is_update(name, value)
        {
            return Some(Mark::Update);
        }
        if self.scope.has_index(name) && self.scope.solved.contains(&(at, spelled(name))) {
            let what = format!("{} has this value where it is said to", spelled(name));
            return Some(Mark::Assumption { what });
        }
        // a′ beside a(z) is its slope.
        if self.scope.slope_of(name, at).is_some() {
            return None;
        }
        let (moved, _) = self.scope.indices.of_its_layer(name, value);
        if self.scope.has_index(name) || self.scope.has_index(&moved) {
            return self.naming_elements(name, value, relation, here);
        }
        if matches!(&value.kind, FormulaKind::Name(winner) if self.scope.has_index(winner)) {
            return self.any_winner(name, value, at);
        }
        if let Some(mark) = self.winner(name, value, at) {
            return Some(mark);
        }
        if self.scope.solved.contains(&(at, spelled(name))) {
            let what = format!("{} has this value where it is said to", spelled(name));
            return Some(Mark::Assumption { what });
        }
        // E = −ln p_k for the class k at hand: k is chosen, and nobody says how.
        if params.is_empty()
            && self.scope.cell(name).is_none()
            && self.scope.definition(&spelled(name), at).is_none()
            && !self.scope.free_letters(&[value]).is_empty()
        {
            return Some(Mark::Definition { agrees: false });
        }
        if holds_name(value, name) {
            if is_dependence(name, value) {
                return Some(Mark::Definition { agrees: false });
            }
            // "Let σ = √(σ² + ε)" renames it, and nobody can say what it is in itself.
            let renamed = here.local && params.is_empty() && self.scope.cell(name).is_none();
            if renamed && !is_update(name, value) {
                let standing = Certainty::Unreadable;
                let new = Definition { standing, ..Definition::new(at, value.clone()) };
                self.scope.define(name, new);
                self.renewed(name, value, here);
                return Some(Mark::Update);
            }
            return is_update(name, value).then_some(Mark::Update);
        }
        if let Some(cells) = &self.scope.cells
            && cells.has_no_such_cell(name, &self.scope.convention)
        {
            let reason = format!("the network has no {}", spelled(name));
            return Some(Mark::Undecided { reason });
        }
        if params.is_empty() && is_numeric(value) {
            return self.value(name, value, here);
        }
        if let Some(cell) = self.scope.cell(name)
            && params.is_empty()
            && !self.is_hidden(name, at)
        {
            return self.held_against(name, cell, value, here);
        }
        let (definition, _) = self.scope.definition(&spelled(name), at)?;
        if definition.at == at && definition.body == *value {
            let unclear = self.built_or_mark(value, here);
            return Some(unclear.err().unwrap_or(Mark::Definition { agrees: false }));
        }
        if definition.at > at || is_another_form(definition, value, here) {
            return None;
        }
        let since = self.headings.iter().any(|h| *h > definition.at && *h <= at);
        // "For a batch L = Σ L_n / N": the L of before is now one of many.
        let one_of_many =
            names_of(value).iter().any(|n| n.stem == name.stem && !n.below.is_empty());
        let mut sums = false;
        visit(value, &mut |e| sums |= matches!(e.kind, FormulaKind::BigSum { .. }));
        let old = names_of(&definition.body);
        let many = names_of(value).iter().any(|n| {
            !n.below.is_empty() && old.iter().any(|o| o.stem == n.stem && o.below.is_empty())
        });
        let one_of_many = (one_of_many || sums && many) && name.below.is_empty();
        let renews = here.local || since || one_of_many || relation == Relation::Defines;
        let apart = self.is_another_item(definition.at, at);
        match renews || apart {
            true => self.again(name, params, value, Certainty::Certain, here),
            false => None,
        }
    }

    /// The mark of "z_j = …" where z is the network's, or where this is what defines it.
    fn naming_elements(
        &mut self,
        name: &Name,
        value: &Expr,
        relation: Relation,
        here: Standing<'_>,
    ) -> Option<Mark> {
        let left = Expr { kind: FormulaKind::Name(name.clone()), span: 0..0 };
        let defined =
            |cell: ExprId, marker: &Self| !matches!(marker.scope.graph.node(cell), Node::Var(_));
        let elements = self.scope.elements(&[&left, value], &self.conditions);
        let own = elements.all.first().is_some_and(|element| {
            let name = self.scope.indices.at(name, element);
            self.scope.cell(&name).is_none()
        });
        if own {
            let (name, value) = &self.scope.indices.of_its_layer(name, value);
            let items = self.scope.indices.items(name).1;
            if self.scope.defines_elements(name, &items, value, here.at) {
                return Some(Mark::Definition { agrees: false });
            }
            let renews = here.local || self.has_section_since(&key_at(&self.scope, name), here.at);
            if !renews && relation != Relation::Defines {
                return None;
            }
            let new = Definition { indices: items, ..Definition::new(here.at, value.clone()) };
            self.scope.define(name, new);
            self.renewed(name, value, here);
            return Some(Mark::Definition { agrees: false });
        }
        let mut held = true;
        let mark = self.for_elements(&[&left, value], |marker| {
            let name = marker.scope.indices.at(name, &marker.scope.letters);
            match marker.scope.cell(&name) {
                Some(cell) if defined(cell, marker) => {
                    marker.held_against(&name, cell, value, here)
                }
                _ => {
                    held = false;
                    None
                }
            }
        });
        mark.filter(|_| held)
    }

    pub(super) fn is_hidden(&self, name: &Name, at: usize) -> bool {
        matches!(self.scope.meaning(name, at), Meaning::Defined(d, _) if d.hides)
    }

    /// "name = value" for a name that has a definition already.
    pub(super) fn again(
        &mut self,
        name: &Name,
        params: Vec<Name>,
        value: &Expr,
        standing: Certainty,
        here: Standing<'_>,
    ) -> Option<Mark> {
        let at = here.at;
        if params.is_empty() {
            let old = match self.scope.meaning(name, at) {
                Meaning::Defined(..) => {
                    let expr =
                        Expr { kind: FormulaKind::Name(name.clone()), span: value.span.clone() };
                    self.scope.build(&expr, at).ok()
                }
                _ => None,
            };
            let new = self.scope.build(value, at).ok();
            if let (Some(old), Some(new)) = (old, new)
                && (old == new || self.scope.judge(old, new, &self.unknowns).is_proved())
            {
                return Some(Mark::Definition { agrees: false });
            }
        }
        let hides = self.scope.cell(name).is_some();
        let new = Definition { params, hides, standing, ..Definition::new(at, value.clone()) };
        self.scope.define(name, new);
        self.renewed(name, value, here);
        Some(Mark::Definition { agrees: false })
    }

    /// Whether one of two places is in another item of a list or row of a table than the other.
    pub(super) fn is_another_item(&self, one: usize, other: usize) -> bool {
        let (one, other) = (self.scope.outline.at(one), self.scope.outline.at(other));
        one.block != other.block && other.listed
    }

    /// Whether "name = value", which does not hold, may give the name a new meaning: a new sentence
    /// says it, as one does of a second example; or it is what a function of these variables is;
    /// or the name has had several meanings.
    pub(super) fn may_mean_anew(&self, first: &Expr, value: &Expr, here: Standing<'_>) -> bool {
        let Some((name, params)) = defined(first) else { return false };
        let Some((old, nth)) = self.scope.definition(&spelled(name), here.at) else { return false };
        let (then, now) = (self.scope.outline.at(old.at), self.scope.outline.at(here.at));
        let in_names = names_of(value).iter().any(|n| !self.scope.is_function(n, here.at));
        let said = match now.role {
            Role::Plain | Role::Definition => true,
            Role::Conclusion => !params.is_empty() && self.is_another_example(name, old.at, here),
            role => !role.is_apart(),
        };
        let functions = !params.is_empty() && !old.params.is_empty();
        old.at < here.at
            && self.scope.cell(name).is_none()
            && !holds_name(value, name)
            && in_names
            && said
            && (then.sentence != now.sentence
                || self.document.contrasts(here.at)
                || functions && self.is_another_example(name, old.at, here))
            && (functions || here.placed.inline || nth > 0)
    }

    /// Whether a function is used between two of its formulas, or both stand in the text without a
    /// word between: they are of two examples.
    fn is_another_example(&self, name: &Name, old: usize, here: Standing<'_>) -> bool {
        let apart = |placed: &Placed| !Rc::ptr_eq(&placed.passage, &here.placed.passage);
        let row = |at: usize| match self.document.items.get(at) {
            Some(Item::Row(placed)) => Some(placed),
            _ => None,
        };
        let first = row(old);
        let used = |at: usize| {
            row(at).is_some_and(|placed| {
                let own = first.is_some_and(|f| Rc::ptr_eq(&f.passage, &placed.passage));
                let uses = placed.row.parts.iter().any(|part| match part {
                    Part::Statement(s) => {
                        !s.rest.is_empty() && s.sides().any(|side| holds_name(side, name))
                    }
                    _ => false,
                });
                !own && apart(placed) && uses
            })
        };
        let beside = here.placed.inline && (old..here.at).all(|at| row(at).is_some());
        first.is_some_and(apart) && (beside || (old + 1..here.at).any(used))
    }

    /// What to say of "x_{k+1} = …" in another sentence than another rule for the same x.
    pub(super) fn is_another_rule(
        &self,
        first: &Expr,
        value: &Expr,
        here: Standing<'_>,
    ) -> Option<String> {
        let FormulaKind::Name(name) = &first.kind else { return None };
        if !self.scope.has_index(name) || !here.placed.inline || is_numeric(value) {
            return None;
        }
        let (old, _) = self.scope.definition(&key_at(&self.scope, name), here.at)?;
        let (then, now) = (self.scope.outline.at(old.at), self.scope.outline.at(here.at));
        let said = matches!(now.role, Role::Plain | Role::Definition);
        (old.at < here.at && said && then.sentence != now.sentence)
            .then(|| format!("it may be another rule for {}", spelled(name)))
    }

    fn renewed(&mut self, name: &Name, value: &Expr, here: Standing<'_>) {
        let source = here.placed.source(&value.span);
        let message = format!("{} has a new meaning from here on", spelled(name));
        self.note(NoteKind::NewMeaning, source, message);
    }

    /// Whether a new section has begun since what goes by this key was defined.
    fn has_section_since(&self, key: &str, at: usize) -> bool {
        let since = self.scope.definition(key, at).map(|(definition, _)| definition.at);
        since.is_some_and(|since| self.headings.iter().any(|h| *h > since && *h <= at))
    }

    /// "w ← 0 − 0.1·(−4)" gives w a new value, where it is one.
    pub(super) fn updated(&mut self, left: &Expr, value: &Expr, here: Standing<'_>) {
        let Ok(id) = self.scope.build(left, here.at) else { return };
        let Node::Var(symbol) = self.scope.graph.node(id) else { return };
        let found = match is_numeric(value) {
            true => super::numbers::value(value).ok(),
            false => {
                let built = self.scope.build(value, here.at).ok();
                built.and_then(|id| self.number(id, here.at))
            }
        };
        // Whatever it is now, it is not what it was.
        let value = match found {
            Some(Number::Exact(q)) => Some(q),
            _ => None,
        };
        self.scope.values.give(symbol, value, here.at, None);
    }

    /// A value that a name has been given, as an expression.
    pub(super) fn value_of(&mut self, left: &Expr, here: Standing<'_>) -> Option<Expr> {
        let id = self.scope.build(left, here.at).ok()?;
        let Number::Exact(value) = self.number(id, here.at)? else { return None };
        Some(Expr { kind: FormulaKind::Number { value, decimals: 0 }, span: left.span.clone() })
    }

    /// "r_p = c_{ab}" says that c_{ab} is the greatest in what is said with a and b.
    fn any_winner(&mut self, name: &Name, value: &Expr, at: usize) -> Option<Mark> {
        let left = Expr { kind: FormulaKind::Name(name.clone()), span: value.span.clone() };
        let elements = self.scope.elements(&[value], &[]).all;
        let all = elements.iter().all(|element| {
            let before = self.under_winner(&left, value, element, at);
            before.map(|(max, winner)| self.restore(max, winner)).is_some()
        });
        if !all || elements.is_empty() {
            return None;
        }
        self.scope.indices.fixed = self.scope.free_letters(&[value]);
        self.winner = Some((left, value.clone()));
        Some(Mark::Assumption { what: "this element is the greatest".to_string() })
    }

    /// Lets an element win a max; returns the max and who won it before.
    pub(super) fn under_winner(
        &mut self,
        left: &Expr,
        value: &Expr,
        element: &BTreeMap<String, i64>,
        at: usize,
    ) -> Option<(ExprId, Option<ExprId>)> {
        let before = std::mem::replace(&mut self.scope.letters, element.clone());
        let sides = (self.scope.build(left, at), self.scope.build(value, at));
        self.scope.letters = before;
        let (Ok(left), Ok(winner)) = sides else { return None };
        let Node::Named(_, max) = self.scope.graph.node(left) else { return None };
        let Node::Max(args) = self.scope.graph.node(max) else { return None };
        let listed = self.scope.graph.args(args).contains(&winner);
        listed.then(|| (max, self.scope.winners.insert(max, winner)))
    }

    /// Who won a max before wins it again.
    pub(super) fn restore(&mut self, max: ExprId, winner: Option<ExprId>) {
        match winner {
            Some(winner) => self.scope.winners.insert(max, winner),
            None => self.scope.winners.remove(&max),
        };
    }

    /// Whether a max is said to be one of its elements.
    pub(super) fn is_winner(&mut self, left: &Expr, value: &Expr, at: usize) -> bool {
        if !matches!(value.kind, FormulaKind::Name(_)) {
            return false;
        }
        let element = self.scope.elements(&[value], &[]).all.into_iter().next().unwrap_or_default();
        let before = std::mem::replace(&mut self.scope.letters, element);
        let sides = (self.scope.build(left, at), self.scope.build(value, at));
        self.scope.letters = before;
        let (Ok(left), Ok(winner)) = sides else { return false };
        let Node::Named(_, max) = self.scope.graph.node(left) else { return false };
        let Node::Max(args) = self.scope.graph.node(max) else { return false };
        self.scope.graph.args(args).contains(&winner)
    }

    /// "r_p = c_10" and "c_10 = max{…, c_10, …}" say who wins a max.
    pub(super) fn winner(&mut self, name: &Name, value: &Expr, at: usize) -> Option<Mark> {
        let left = Expr { kind: FormulaKind::Name(name.clone()), span: value.span.clone() };
        let (max, winner) = match &value.kind {
            FormulaKind::Name(_) => {
                let Node::Named(_, max) =
                    self.scope.build(&left, at).ok().map(|id| self.scope.graph.node(id))?
                else {
                    return None;
                };
                (max, self.scope.build(value, at).ok()?)
            }
            FormulaKind::Extreme { least: false, .. } => {
                (self.scope.build(value, at).ok()?, self.scope.build(&left, at).ok()?)
            }
            _ => return None,
        };
        let Node::Max(args) = self.scope.graph.node(max) else { return None };
        if !self.scope.graph.args(args).contains(&winner) {
            return None;
        }
        self.scope.winners.insert(max, winner);
        let shown = |id| match self.scope.graph.symbol_of(id) {
            Some(s) => self.scope.shown(s),
            None => "this element".to_string(),
        };
        Some(Mark::Assumption { what: format!("{} is the greatest", shown(winner)) })
    }

    /// "x = 2" gives a name without a definition its value.
    pub(super) fn value(&mut self, name: &Name, value: &Expr, here: Standing<'_>) -> Option<Mark> {
        let left = Expr { kind: FormulaKind::Name(name.clone()), span: value.span.clone() };
        let id = self.scope.build(&left, here.at).ok()?;
        let Node::Var(symbol) = self.scope.graph.node(id) else {
            // "Suppose that y = 1", "at y = 1": of a y that stands for something else.
            let supposed = self.scope.outline.at(here.at).role == Role::Supposition
                || self.document.is_chosen(here.at);
            let what = "it is supposed here".to_string();
            return (supposed && is_literal(value)).then_some(Mark::Assumption { what });
        };
        // "x = 0 or x = 2": neither is the value from here on.
        if self.document.is_alternative(here.at) {
            self.scope.values.give(symbol, None, here.at, None);
            let what = format!("{} has several values", spelled(name));
            return Some(Mark::Assumption { what });
        }
        if !is_literal(value)
            && let Some(old) = self.scope.values.at(symbol, here.at).cloned()
        {
            // "w = 0 − 0.1·(−4)": a step from the old value.
            let steps = match &value.kind {
                FormulaKind::Sum(terms) => terms.first().and_then(|(_, t)| printed(t)),
                _ => None,
            };
            let says = || {
                let new = super::numbers::value(value).ok();
                let other = new.is_some_and(|new| !new.is(&Number::Exact(old.clone())));
                other && self.document.speaks_of_a_step(here.at)
            };
            if steps.is_none_or(|(q, _)| q != old) && !says() {
                return None;
            }
            self.updated(&left, value, here);
            return Some(Mark::Update);
        }
        let q = match super::numbers::value(value) {
            Ok(Number::Exact(q)) => q,
            Ok(found) => {
                let what = format!("{} is {}", spelled(name), found.shown());
                return Some(Mark::Assumption { what });
            }
            Err(_) => return None,
        };
        let what = format!("{} is {q}", spelled(name));
        let current = self.scope.values.is_current(symbol, here.at);
        if let Some(old) = self.scope.values.give(symbol, Some(q.clone()), here.at, None)
            && old != q
            && current
        {
            let source = here.placed.source(&value.span);
            let message = format!("{} was {old} and is {q} from here on", spelled(name));
            self.note(NoteKind::NewMeaning, source, message);
        }
        Some(Mark::Assumption { what })
    }

    /// A definition held against the network's.
    pub(super) fn held_against(
        &mut self,
        name: &Name,
        cell: ExprId,
        value: &Expr,
        here: Standing<'_>,
    ) -> Option<Mark> {
        let at = here.at;
        if matches!(self.scope.graph.node(cell), Node::Var(_)) {
            // The network has a leaf of this name; the author means something else by it.
            if !here.local {
                return None;
            }
            self.scope
                .define(name, Definition { hides: true, ..Definition::new(at, value.clone()) });
            let source = here.placed.source(&value.span);
            let message = format!("{} is not the network's from here on, but this", spelled(name));
            self.note(NoteKind::NewMeaning, source, message);
            return Some(Mark::Definition { agrees: false });
        }
        let value_id = match self.built_or_mark(value, here) {
            Ok(id) => id,
            Err(mark) => return Some(mark),
        };
        let answer = self.scope.judge(cell, value_id, &self.unknowns);
        Some(match answer {
            Answer::Proved { .. } => Mark::Definition { agrees: true },
            Answer::Refuted { witness, .. } => {
                if let Some(reason) = self.unknown_beside(cell, value_id, [value, value], here) {
                    return Some(Mark::Undecided { reason });
                }
                let left = Expr { kind: FormulaKind::Name(name.clone()), span: 0..0 };
                let message = format!("the network defines {} otherwise", spelled(name));
                self.refuted(message, &witness, &left, value, here)
            }
            Answer::Undecided(reason) => Mark::Undecided { reason },
        })
    }
}

/// Whether a chain says what a name is by a later side than this first one.
fn is_another_form(definition: &Definition, value: &Expr, here: Standing<'_>) -> bool {
    definition.at == here.at
        && here.placed.row.parts.iter().any(|part| match part {
            Part::Statement(s) => {
                s.rest.first().is_some_and(|(_, first)| first == value)
                    && s.rest.iter().skip(1).any(|(_, side)| *side == definition.body)
            }
            _ => false,
        })
}

/// What the definition of all elements of a name is kept under.
fn key_at(scope: &Scope<'_>, name: &Name) -> String {
    let (key, items) = scope.indices.items(name);
    super::scope::of_elements(&key, items.len())
}

/// Whether this is w = w + Δw, which gives w a new value.
fn is_update(name: &Name, value: &Expr) -> bool {
    let same = |e: &Expr| matches!(&e.kind, FormulaKind::Name(n) if spelled(n) == spelled(name));
    match &value.kind {
        FormulaKind::Sum(terms) => {
            terms.iter().filter(|(minus, term)| !minus && same(term)).count() == 1
        }
        _ => false,
    }
}

/// Whether this is y = y(x), which says no more than what y depends on.
fn is_dependence(name: &Name, value: &Expr) -> bool {
    match &value.kind {
        FormulaKind::Apply { head, primes: 0, args } => {
            spelled(head) == spelled(name)
                && args.iter().all(|a| matches!(a.kind, FormulaKind::Name(_)))
        }
        _ => false,
    }
}

/// Whether "w^{t+1} = w^t − η ∂E/∂w^t" says what the next step makes of a name.
fn is_step(name: &Name, value: &Expr) -> bool {
    let ahead = name.below.first().is_some_and(|part| part.contains('+'));
    if !name.stem.ends_with('^') || !ahead {
        return false;
    }
    let (mut own, mut slope) = (false, false);
    visit(value, &mut |e| match &e.kind {
        FormulaKind::Name(other) => own |= other.stem == name.stem,
        FormulaKind::Derivative { .. } => slope = true,
        _ => {}
    });
    own && slope
}
