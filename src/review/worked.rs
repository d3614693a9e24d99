//! Rows in which names have become numbers: what was given is put in, and the rest has to hold.

use std::collections::BTreeMap;

use super::claim::{holds_name, names_of};
use super::marker::{Marker, Standing};
use super::names::spelled;
use super::numbers::{Compared, Number, Rounded, compare, instance, is_numeric, printed, put_in};
use super::scope::{Meaning, Scope};
use super::tex::syntax::{Expr, FormulaKind, Name, Relation, visit};
use super::{Counterexample, Mark, Wrong};
use crate::expr::{ExprId, Node, SymbolId};
use crate::proof::Witness;
use crate::scalar::Rational;

impl Marker<'_, '_> {
    /// A row of numbers that stands for the names on its left.
    pub(super) fn in_numbers(
        &mut self,
        left: &Expr,
        lhs: ExprId,
        right: &Expr,
        relation: Relation,
        here: Standing<'_>,
    ) -> Option<Mark> {
        let numeric = is_numeric(right);
        // "∂E/∂o = 0.5" is worked out with numbers that nobody has told.
        if printed(right).is_some_and(|(_, decimals)| decimals > 0)
            && relation == Relation::Equal
            && self.scope.number(lhs).is_none()
            && !self.is_constant(lhs)
            && self.with_values(lhs, right, here).is_none()
        {
            let reason = "nobody says what numbers the names on the left stand for".to_string();
            return Some(Mark::Undecided { reason });
        }
        if !numeric {
            return self.partly_in_numbers(left, right, here);
        }
        let found = self.scope.number(lhs);
        if let Some(found) = found {
            let given = vec!["the numbers above".to_string()];
            if printed(right).is_none() {
                let known = self.scope.values.values().map(Rational::abs).collect();
                let mut put_in = put_in(right, &known, &self.rounded);
                let mark = self.compared_with(&found, right, relation, given, here, &mut put_in);
                // What was put in rounded stays so for the result behind it.
                if matches!(mark, Mark::Proved { .. }) {
                    self.rounded = put_in;
                }
                return Some(mark);
            }
            return Some(self.compared(&found, right, relation, given, here));
        }
        if let Some(mark) = self.with_values(lhs, right, here) {
            return Some(mark);
        }
        // "N = (W − F)/S + 1" and then "N = (4 − 2)/2 + 1": the same formula with numbers.
        let body = match &left.kind {
            FormulaKind::Name(name) => match self.scope.meaning(name, here.at) {
                Meaning::Defined(definition, _) => definition.body.clone(),
                _ => return None,
            },
            _ => left.clone(),
        };
        if matches!(right.kind, FormulaKind::Number { .. }) {
            return None;
        }
        let fits = |(name, q): &(Name, Rational)| {
            let symbol = self.scope.known_symbol(name);
            symbol.and_then(|s| self.scope.values.get(&s)).is_none_or(|known| known == q)
        };
        if let Some(bindings) = instance(&body, right).filter(|all| all.iter().all(fits)) {
            let given = bindings.iter().map(|(n, q)| format!("{} = {q}", spelled(n))).collect();
            return Some(Mark::Proved { error_bound: None, given });
        }
        // What changes with its names has no number without theirs; ∂x/∂x has.
        if self.is_constant(lhs) {
            return None;
        }
        let reason = "nobody says what numbers the names on the left stand for".to_string();
        Some(Mark::Undecided { reason })
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
            let Number::Exact(value) = self.scope.number(id)? else { return None };
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
        let left = self.with_numbers(&[lhs], |_, _| true)?[0];
        let rhs = self.scope.build(right, here.at).ok()?;
        let given = vec!["the numbers above".to_string()];
        let proved = self.scope.judge(left, rhs, &self.unknowns).is_proved();
        proved.then_some(Mark::Proved { error_bound: None, given })
    }

    /// What to say of an equation that holds with the numbers that the document tells for some of
    /// its names: it may mean them.
    pub(super) fn with_told_values(&mut self, lhs: ExprId, rhs: ExprId) -> Option<String> {
        let sides = self.with_numbers(&[lhs, rhs], |scope, name| scope.told.contains(&name))?;
        let proved = self.scope.judge(sides[0], sides[1], &self.unknowns).is_proved();
        proved.then(|| "it holds with the numbers above, and not without them".to_string())
    }

    /// Sides with numbers for those of their names that have one and are `meant`, but for what is
    /// differentiated by; none where there is no such name.
    fn with_numbers(
        &mut self,
        sides: &[ExprId],
        meant: impl Fn(&Scope<'_>, SymbolId) -> bool,
    ) -> Option<Vec<ExprId>> {
        let variables = self.scope.under_partials(sides).variables;
        let mut numbers = BTreeMap::new();
        for id in self.scope.graph.reachable(sides) {
            if let Node::Var(symbol) = self.scope.graph.node(id)
                && !variables.contains(&id)
                && meant(&self.scope, symbol)
                && let Some(value) = self.scope.values.get(&symbol).cloned()
            {
                numbers.insert(id, self.scope.graph.number(&value));
            }
        }
        (!numbers.is_empty()).then(|| self.scope.substituted(sides, &numbers)).flatten()
    }

    /// What to say of a row that a point refutes at which n is a number of its own, though sums of
    /// unknown length stand in the row: n may be their length.
    pub(super) fn of_some_length(&self, witness: &Witness) -> Option<String> {
        const LENGTHS: &[&str] = &["n", "m", "N", "M", "K", "B"];
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

    pub(super) fn compared(
        &mut self,
        found: &Number,
        right: &Expr,
        relation: Relation,
        given: Vec<String>,
        here: Standing<'_>,
    ) -> Mark {
        let mut rounded = std::mem::take(&mut self.rounded);
        let mark = self.compared_with(found, right, relation, given, here, &mut rounded);
        self.rounded = rounded;
        mark
    }

    fn compared_with(
        &mut self,
        found: &Number,
        right: &Expr,
        relation: Relation,
        given: Vec<String>,
        here: Standing<'_>,
        rounded: &mut Rounded,
    ) -> Mark {
        let loose = relation == Relation::About;
        match compare(found, right, rounded, loose) {
            Compared::Equal | Compared::Rounded => Mark::Proved { error_bound: None, given },
            Compared::Unknown(reason) => Mark::Undecided { reason },
            Compared::Different(theirs, ours) => {
                let counterexample =
                    Counterexample { point: Vec::new(), left: theirs, right: ours };
                let repair = self.number_repair(found, right, here.placed);
                Mark::Refuted(Box::new(Wrong {
                    message: "the two sides are not equal".to_string(),
                    counterexample: Some(counterexample),
                    repair,
                }))
            }
        }
    }
}
