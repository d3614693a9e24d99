//! Rows in which names have become numbers: what was given is put in, and the rest has to hold.
//!
//! Invariants: a number given to a name is put in for it, and says nothing of how it changes; what
//! was given in another section, or under a condition, refutes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::claim::{holds_name, names_of};
use super::document::Item;
use super::marker::{Marker, Standing};
use super::names::spelled;
use super::numbers::{
    Compared, Held, MAX_VALUES, Number, Part, compare, instance, is_numeric, printed,
};
use super::scope::{Meaning, Scope};
use super::tex::syntax::{Expr, FormulaKind, Name, Relation, Statement, visit};
use super::{Counterexample, Mark, Wrong};
use crate::expr::{Branches, ExprId, Node, Rest, SymbolId, evaluate};
use crate::proof::{Witness, equal_at};
use crate::review::judge::{Answer, MAX_STEPS_OF_A_CLAIM};
use crate::scalar::{Interval, Rational, Scalar};

/// A number that was worked out.
pub(super) struct Worked {
    value: Number,
    /// The names whose values went into it.
    used: Vec<SymbolId>,
}

impl Scope<'_> {
    /// The exact value of an expression where every name is 2, if it has one.
    pub(super) fn somewhere(&self, id: ExprId) -> Option<Rational> {
        let branches = Branches { winners: Some(&self.winners), rest: Rest::ByValue, opaque: None };
        evaluate(&self.graph, id, &|_| Some(Rational::from(2)), branches).ok()
    }

    /// The value of an expression with the numbers that its names have at a place.
    fn number_at(&self, id: ExprId, at: usize) -> Option<Number> {
        let branches = Branches { winners: Some(&self.winners), rest: Rest::ByValue, opaque: None };
        let exact = |s: SymbolId| self.values.at(s, at).cloned();
        if let Ok(q) = evaluate::<Rational>(&self.graph, id, &exact, branches) {
            return Some(Number::Exact(q));
        }
        let near = |s: SymbolId| Interval::from_rational(self.values.at(s, at)?).ok();
        evaluate::<Interval>(&self.graph, id, &near, branches).ok().map(Number::Enclosed)
    }

    /// The symbols of the names that an expression is made of.
    fn symbols_below(&self, id: ExprId) -> Vec<SymbolId> {
        let below = self.graph.reachable(&[id]).into_iter();
        below
            .filter(|id| matches!(self.graph.node(*id), Node::Var(_)))
            .filter_map(|id| self.graph.symbol_of(id))
            .collect()
    }
}

/// Sides with numbers in them, and which those are.
type WithNumbers = (Vec<ExprId>, Vec<(SymbolId, Rational)>);

impl Marker<'_, '_> {
    /// The value of an expression with the numbers that its names have at a place. A derivative has
    /// one only where it is known what is differentiated: a name with a number is no constant.
    pub(super) fn number(&self, id: ExprId, at: usize) -> Option<Number> {
        self.has_known_slopes(id).then(|| self.scope.number_at(id, at)).flatten()
    }

    /// Whether each derivative in an expression is one of what is known to depend on its variable,
    /// or known to depend on nothing.
    fn has_known_slopes(&self, id: ExprId) -> bool {
        self.scope.under_partials(&[id]).partials.into_iter().all(|(of, by)| {
            let depends = of == by || self.scope.depends(of, by);
            let variable = self.scope.graph.symbol_of(by);
            self.scope.symbols_below(of).into_iter().all(|symbol| {
                Some(symbol) == variable
                    || self.scope.declared.contains(&symbol)
                    || depends && !self.unknowns.suspect.contains_key(&symbol)
            })
        })
    }

    /// The same with the slopes that the document states, where it takes them.
    fn worked(&mut self, id: ExprId, at: usize) -> Option<Worked> {
        if let Some(value) = self.number(id, at) {
            return Some(Worked { value, used: self.scope.symbols_below(id) });
        }
        let mut stated = BTreeMap::new();
        for part in self.scope.graph.reachable(&[id]) {
            if let Some(value) = self.scope.values.slope(part, at).cloned() {
                stated.insert(part, self.scope.graph.number(&value));
            }
        }
        if stated.is_empty() {
            return None;
        }
        let id = self.scope.substituted(&[id], &stated)?[0];
        let value = self.number(id, at)?;
        Some(Worked { value, used: self.scope.symbols_below(id) })
    }

    /// Numbers that are known at a place: of names, of what is defined, and of the parts of an
    /// expression.
    fn known_numbers(&self, id: ExprId, at: usize) -> Vec<Number> {
        let mut all: Vec<Number> =
            self.scope.values.all(at).take(MAX_VALUES).cloned().map(Number::Exact).collect();
        let parts = self.scope.graph.reachable(&[id]);
        let built = self.scope.built.values().copied();
        for part in parts.into_iter().rev().chain(built).take(MAX_VALUES) {
            all.extend(self.number(part, at));
        }
        all
    }

    /// A row of numbers that stands for the names on its left.
    pub(super) fn in_numbers(
        &mut self,
        left: &Expr,
        lhs: ExprId,
        right: &Expr,
        relation: Relation,
        here: Standing<'_>,
    ) -> Option<Mark> {
        // Numbers of this place say nothing of the function of another.
        if self.scope.nearest {
            return None;
        }
        let numeric = is_numeric(right) || self.is_worked(right, here.at);
        // Only a number is held against what the left side is with the numbers above.
        if !numeric {
            return self.partly_in_numbers(left, right, here);
        }
        let found = self.worked(lhs, here.at);
        if found.is_none()
            && let Some(mark) = self.stated_slope(left, lhs, right, here)
        {
            return Some(mark);
        }
        // "∂E/∂o = 0.5" is worked out with numbers that nobody has told.
        if printed(right).is_some_and(|(_, decimals)| decimals > 0)
            && relation == Relation::Equal
            && found.is_none()
            && !self.is_constant(lhs)
            && self.with_values(lhs, right, here).is_none()
        {
            return Some(nobody_says());
        }
        if let Some(found) = found {
            let mark = self.held_against_row(&found, lhs, right, relation, here);
            if !matches!(mark, Mark::Proved { .. })
                && found.used.iter().any(|s| self.scope.values.is_bound(*s))
                && let Some(mark) = self.instance_of(left, right, here)
            {
                return Some(mark);
            }
            // "In the next step v = 0.9·1 + 1": with the values of that step.
            if matches!(mark, Mark::Refuted(_))
                && printed(right).is_none()
                && matches!(left.kind, FormulaKind::Name(_))
                && self.document.speaks_of_a_step(here.at)
            {
                let reason = "it may be of a step with other numbers".to_string();
                return Some(Mark::Undecided { reason });
            }
            return Some(self.of_its_place(mark, &found, here.at));
        }
        if let Some(mark) = self.with_values(lhs, right, here) {
            return Some(mark);
        }
        if matches!(right.kind, FormulaKind::Number { .. }) {
            return None;
        }
        if let Some(mark) = self.instance_of(left, right, here) {
            return Some(mark);
        }
        // What changes with its names has no number without theirs; ∂x/∂x has.
        if self.is_constant(lhs) {
            return None;
        }
        if let (FormulaKind::Name(name), Ok(value)) = (&left.kind, super::numbers::value(right)) {
            self.stated.insert(spelled(name), value);
        }
        Some(nobody_says())
    }

    /// Words that give a number to a name that stands by itself.
    pub(super) fn spoken(&mut self, statement: &Statement, at: usize) {
        let Some(Expr { kind: FormulaKind::Name(name), .. }) = &statement.first else { return };
        if let Some(value) = self.document.spoken_number(at)
            && matches!(self.scope.meaning(name, at), Meaning::Free)
        {
            let symbol = self.scope.symbol_of(name);
            self.scope.values.give(symbol, Some(value), at, None);
        }
    }

    /// Whether a side is made of numbers and of functions of them: f(−2 + 3).
    fn is_worked(&mut self, side: &Expr, at: usize) -> bool {
        let mut applies = false;
        visit(side, &mut |e| applies |= matches!(e.kind, FormulaKind::Apply { .. }));
        let built = if applies { self.scope.build(side, at).ok() } else { None };
        built.is_some_and(|id| self.scope.symbols_below(id).is_empty())
    }

    fn held_against_row(
        &mut self,
        found: &Worked,
        lhs: ExprId,
        right: &Expr,
        relation: Relation,
        here: Standing<'_>,
    ) -> Mark {
        let given = vec!["the numbers above".to_string()];
        if is_numeric(right) {
            let others = match printed(right) {
                Some(_) => Vec::new(),
                None => self.known_numbers(lhs, here.at),
            };
            let held = Held::Value(&found.value, &others);
            let mark = self.compared(held, right, relation, given, here);
            return match mark {
                Mark::Undecided { .. } if relation == Relation::Equal => {
                    self.proved_there(lhs, right, here).unwrap_or(mark)
                }
                mark => mark,
            };
        }
        let built = self.scope.build(right, here.at).ok();
        match built.and_then(|id| self.number(id, here.at)).map(|own| own.is(&found.value)) {
            Some(true) => Mark::Proved { error_bound: None, given },
            _ => self.proved_there(lhs, right, here).unwrap_or_else(|| Mark::Undecided {
                reason: "its numbers are not those above".to_string(),
            }),
        }
    }

    /// A proof that two sides are one with the numbers that their names have: no digits show it.
    fn proved_there(&mut self, lhs: ExprId, right: &Expr, here: Standing<'_>) -> Option<Mark> {
        let rhs = self.scope.build(right, here.at).ok()?;
        let known = |s: SymbolId| self.scope.values.at(s, here.at).cloned();
        let (graph, winners) = (&self.scope.graph, &self.scope.winners);
        let equal = equal_at(graph, [lhs, rhs], winners, &known, MAX_STEPS_OF_A_CLAIM);
        let given = vec!["the numbers above".to_string()];
        equal.then_some(Mark::Proved { error_bound: None, given })
    }

    /// A mark with what it owes to where its numbers were given.
    fn of_its_place(&mut self, mark: Mark, found: &Worked, at: usize) -> Mark {
        match mark {
            Mark::Refuted(_) => {
                let past = found.used.iter().find(|s| !self.scope.values.is_current(**s, at));
                let Some(past) = past else { return mark };
                let name = self.scope.shown(*past);
                let reason = format!("the number that {name} was given may not be meant here");
                Mark::Undecided { reason }
            }
            Mark::Proved { .. } => {
                for symbol in &found.used {
                    self.scope.values.confirm(*symbol, at);
                }
                mark
            }
            mark => mark,
        }
    }

    /// "∂y/∂w = 0.25" of a y of which nobody says how it depends on w: a number that is told.
    fn stated_slope(
        &mut self,
        left: &Expr,
        lhs: ExprId,
        right: &Expr,
        here: Standing<'_>,
    ) -> Option<Mark> {
        let FormulaKind::Derivative { of, by, .. } = &left.kind else { return None };
        let (FormulaKind::Name(of), FormulaKind::Name(by)) = (&of.kind, &by.kind) else {
            return None;
        };
        let Node::Partial { of: below, .. } = self.scope.graph.node(lhs) else { return None };
        let Number::Exact(value) =
            super::numbers::value(right).ok().filter(|_| is_numeric(right))?
        else {
            return None;
        };
        // That it is 0 is a claim of its own.
        if printed(right).is_none() || value.is_zero() {
            return None;
        }
        // Of what is defined, a slope is a claim, and no number that is told.
        let unknown = match self.scope.graph.node(below) {
            Node::Var(symbol) => !self.scope.declared.contains(&symbol),
            _ => false,
        };
        if !unknown {
            return None;
        }
        let what = format!("∂{}/∂{} is {value}", spelled(of), spelled(by));
        self.scope.values.state(lhs, value, here.at);
        unknown.then_some(Mark::Assumption { what })
    }

    /// "N = (W − F)/S + 1" and then "N = (4 − 2)/2 + 1": the same formula with numbers, which are
    /// those of its names until the display ends.
    fn instance_of(&mut self, left: &Expr, right: &Expr, here: Standing<'_>) -> Option<Mark> {
        let body = match &left.kind {
            FormulaKind::Name(name) => match self.scope.meaning(name, here.at) {
                Meaning::Defined(definition, _) => definition.body.clone(),
                _ => return None,
            },
            // "−x = −0" is no formula with its numbers: nothing is worked out.
            _ if here.own_left => return None,
            _ => left.clone(),
        };
        let parts = instance(&body, right)?;
        let mut bound: Vec<(SymbolId, Rational)> = Vec::new();
        let mut given = Vec::new();
        for Part { of, value, decimals } in parts {
            // A row further up says that it comes to another number.
            if let FormulaKind::Name(name) = &of.kind
                && let Some(stated) = self.stated.get(&spelled(name))
                && !stated.is(&Number::Exact(value.clone()))
                && !(decimals > 0 && stated.rounds_to(&(value.abs(), decimals)))
            {
                return None;
            }
            let id = self.scope.build(&of, here.at).ok()?;
            let symbol = match self.scope.graph.node(id) {
                Node::Var(symbol) => Some(symbol),
                _ => None,
            };
            let free = symbol.filter(|s| {
                self.scope.values.is_bound(*s) || self.scope.values.at(*s, here.at).is_none()
            });
            if let Some(symbol) = free {
                bound.push((symbol, value.clone()));
            } else if let Some(known) = self.worked(id, here.at) {
                let fits = known.value.is(&Number::Exact(value.clone()))
                    || decimals > 0 && known.value.rounds_to(&(value.abs(), decimals));
                if !fits {
                    return None;
                }
            } else if !matches!(of.kind, FormulaKind::Name(_)) {
                return None;
            }
            if let FormulaKind::Name(name) = &of.kind {
                given.push(format!("{} = {value}", spelled(name)));
            }
        }
        let until = self.end_of_display(here);
        for (symbol, value) in bound {
            self.scope.values.bind(symbol, value, here.at, until);
        }
        Some(Mark::Proved { error_bound: None, given })
    }

    /// The last item of the formula that a row stands in.
    fn end_of_display(&self, here: Standing<'_>) -> usize {
        let items = self.document.items[here.at..].iter();
        let same = items.take_while(
            |item| matches!(item, Item::Row(row) if Rc::ptr_eq(&row.passage, &here.placed.passage)),
        );
        here.at + same.count().saturating_sub(1)
    }

    /// A row in which some names have become numbers: they are put in for those names alone, and
    /// what is left has to hold for the others as it stands.
    fn partly_in_numbers(&mut self, left: &Expr, right: &Expr, here: Standing<'_>) -> Option<Mark> {
        let kept = names_of(right);
        let gone: Vec<Name> = names_of(left).into_iter().filter(|n| !kept.contains(n)).collect();
        let mut derivative = false;
        visit(left, &mut |e| derivative |= matches!(e.kind, FormulaKind::Derivative { .. }));
        if derivative || gone.is_empty() || kept.iter().any(|n| !holds_name(left, n)) {
            return None;
        }
        let mut numbers = BTreeMap::new();
        for name in gone {
            let expr = Expr { kind: FormulaKind::Name(name), span: 0..0 };
            let id = self.scope.build(&expr, here.at).ok()?;
            let Number::Exact(value) = self.number(id, here.at)? else { return None };
            numbers.insert(id, self.scope.graph.number(&value));
        }
        let sides = [self.scope.build(left, here.at).ok()?, self.scope.build(right, here.at).ok()?];
        let sides = self.scope.substituted(&sides, &numbers)?;
        let answer = self.scope.judge(sides[0], sides[1], &self.unknowns);
        let given = vec!["the numbers above".to_string()];
        answer.is_proved().then_some(Mark::Proved { error_bound: None, given })
    }

    /// A number for what depends only on names that have values, though other names stand in it:
    /// ∂(w·x)/∂w = 3 where x is 3.
    fn with_values(&mut self, lhs: ExprId, right: &Expr, here: Standing<'_>) -> Option<Mark> {
        let (left, _) = self.with_numbers(&[lhs], here.at, |_, _| true)?;
        let rhs = self.scope.build(right, here.at).ok()?;
        let given = vec!["the numbers above".to_string()];
        let proved = self.scope.judge(left[0], rhs, &self.unknowns).is_proved();
        proved.then_some(Mark::Proved { error_bound: None, given })
    }

    /// An equation about names to whose parts the document gives numbers: h_0 = 0 holds for every
    /// row about h_2. Only names count that do not stand in the row itself; what does is meant as it
    /// stands.
    pub(super) fn with_parts_told(
        &mut self,
        [lhs, rhs]: [ExprId; 2],
        [left, right]: [&Expr; 2],
        at: usize,
    ) -> Option<Mark> {
        let own: BTreeSet<SymbolId> = [left, right]
            .iter()
            .flat_map(|side| names_of(side))
            .filter_map(|name| {
                self.scope.known_symbol(&self.scope.indices.at(&name, &self.scope.letters))
            })
            .collect();
        let told = |scope: &Scope<'_>, s| scope.is_told_at(s, at) && !own.contains(&s);
        let (sides, put) = self.with_numbers(&[lhs, rhs], at, told)?;
        let proved = self.scope.judge(sides[0], sides[1], &self.unknowns).is_proved();
        let given = put.iter().map(|(s, q)| format!("{} = {q}", self.scope.shown(*s))).collect();
        proved.then_some(Mark::Proved { error_bound: None, given })
    }

    /// What to say of an equation that holds with the numbers that the document tells for some of
    /// its names: it may mean them.
    pub(super) fn with_told_values(
        &mut self,
        lhs: ExprId,
        rhs: ExprId,
        at: usize,
    ) -> Option<String> {
        let told = |scope: &Scope<'_>, name| scope.values.is_told(name);
        let (sides, _) = self.with_numbers(&[lhs, rhs], at, told)?;
        let proved = self.scope.judge(sides[0], sides[1], &self.unknowns).is_proved();
        proved.then(|| "it holds with the numbers above, and not without them".to_string())
    }

    /// The point of a refutation with the numbers that the document gives, if they refute, too.
    pub(super) fn with_own_numbers(
        &mut self,
        lhs: ExprId,
        rhs: ExprId,
        witness: Witness,
        at: usize,
    ) -> Witness {
        let told = |scope: &Scope<'_>, s| scope.is_told_at(s, at);
        let Some((sides, put)) = self.with_numbers(&[lhs, rhs], at, told) else { return witness };
        match self.scope.judge(sides[0], sides[1], &self.unknowns) {
            Answer::Refuted { witness: mut other, .. } => {
                other.point.extend(put);
                other.point.sort();
                other
            }
            _ => witness,
        }
    }

    /// Sides with numbers for those of their names that have one and are `meant`, but for what is
    /// differentiated by, and those numbers; none where there is no such name.
    fn with_numbers(
        &mut self,
        sides: &[ExprId],
        at: usize,
        meant: impl Fn(&Scope<'_>, SymbolId) -> bool,
    ) -> Option<WithNumbers> {
        let variables = self.scope.under_partials(sides).variables;
        let (mut numbers, mut put) = (BTreeMap::new(), Vec::new());
        for id in self.scope.graph.reachable(sides) {
            if let Node::Var(symbol) = self.scope.graph.node(id)
                && !variables.contains(&id)
                && meant(&self.scope, symbol)
                && let Some(value) = self.scope.values.at(symbol, at).cloned()
            {
                numbers.insert(id, self.scope.graph.number(&value));
                put.push((symbol, value));
            }
        }
        if numbers.is_empty() {
            return None;
        }
        Some((self.scope.substituted(sides, &numbers)?, put))
    }

    /// What to say of a row that a point refutes at which n is a number of its own, though sums of
    /// unknown length stand in the row: n may be their length.
    pub(super) fn of_some_length(&self, witness: &Witness) -> Option<String> {
        const LENGTHS: &[&str] =
            &["n", "m", "d", "k", "N", "M", "K", "B", "C", "D", "H", "J", "L", "P", "Q", "T"];
        // What something is differentiated by is no length.
        let is_length = |s: &SymbolId| {
            let name = self.scope.graph.symbol(*s).spelling();
            LENGTHS.contains(&&*name) && self.slope.as_deref() != Some(&*name)
        };
        let length = witness.point.iter().map(|(s, _)| s).find(|s| is_length(s))?;
        let name = self.scope.shown(*length);
        self.scope
            .supposed
            .then(|| format!("{name} may be the length of a sum, and nothing says so"))
    }

    /// Whether an expression has the same value whatever its names are.
    fn is_constant(&mut self, id: ExprId) -> bool {
        let Some(value) = self.scope.somewhere(id) else { return false };
        let value = self.scope.graph.number(&value);
        self.scope.judge(id, value, &self.unknowns).is_proved()
    }

    /// Two sides without names.
    pub(super) fn numbers_alone(
        &mut self,
        left: &Expr,
        right: &Expr,
        relation: Relation,
        here: Standing<'_>,
    ) -> Mark {
        let mark = self.compared(Held::Numbers(left), right, relation, Vec::new(), here);
        // No digits show that two formulas are one; a proof may.
        if let (Mark::Undecided { .. }, Relation::Equal) = (&mark, relation)
            && let (Ok(lhs), Ok(rhs)) =
                (self.scope.build(left, here.at), self.scope.build(right, here.at))
            && self.scope.judge(lhs, rhs, &self.unknowns).is_proved()
        {
            return Mark::Proved { error_bound: None, given: Vec::new() };
        }
        mark
    }

    fn compared(
        &mut self,
        held: Held<'_>,
        right: &Expr,
        relation: Relation,
        given: Vec<String>,
        here: Standing<'_>,
    ) -> Mark {
        let loose = relation == Relation::About;
        match compare(held, right, &mut self.rounded, loose) {
            Compared::Equal | Compared::Rounded => Mark::Proved { error_bound: None, given },
            Compared::Unknown(reason) => Mark::Undecided { reason },
            Compared::Different(theirs, ours) => {
                let counterexample =
                    Counterexample { point: Vec::new(), left: theirs, right: ours };
                let found = match held {
                    Held::Value(value, _) => Some(value.clone()),
                    Held::Numbers(left) => super::numbers::value(left).ok(),
                };
                let repair = found.and_then(|found| self.number_repair(&found, right, here.placed));
                Mark::Refuted(Box::new(Wrong {
                    message: "the two sides are not equal".to_string(),
                    counterexample: Some(counterexample),
                    repair,
                }))
            }
        }
    }
}

impl Scope<'_> {
    /// Whether the document gives a number to a name in the region of this place.
    fn is_told_at(&self, symbol: SymbolId, at: usize) -> bool {
        self.values.is_told(symbol)
            && !self.values.is_bound(symbol)
            && self.values.is_current(symbol, at)
    }
}

fn nobody_says() -> Mark {
    let reason = "nobody says what numbers the names on the left stand for".to_string();
    Mark::Undecided { reason }
}
