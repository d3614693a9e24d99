//! Equations: the mark of one link of a chain, in letters or in numbers.
//!
//! Invariants: a side is judged against the one before it; after a wrong link also against the
//! first, so that a chain that is right again says so, and one that only follows says that.

use std::collections::BTreeMap;

use super::build::Unbuilt;
use super::claim::{holds_name, is_chain_rule, names_of, same};
use super::judge::Answer;
use super::marker::{Chain, Context, Marker};
use super::names::spelled;
use super::numbers::{Compared, Number, Rounded, compare, instance, is_numeric, printed, put_in};
use super::scope::{Meaning, Scope};
use super::tex::syntax::{Expr, Kind, Name, Relation, visit};
use super::ways::Ways;
use super::{Counterexample, Mark, Wrong};
use crate::expr::{ExprId, Node, Symbol, Winners, depends_on};
use crate::proof::{How, Value, Witness};
use crate::scalar::{Function, Rational};

/// How many of the last wrong lines a row is held against, to see whether it follows from one.
const MAX_WRONG: usize = 6;
/// The most kinks of an equation whose cases are tried one by one.
const MAX_KINKS: usize = 4;
/// The most cases of one kink that are tried.
const MAX_CASES_OF_A_KINK: usize = 16;

/// What a wrong line says of a derivative.
#[derive(Clone)]
pub(super) struct Wrongly {
    left: Expr,
    right: Expr,
    line: usize,
}

impl Marker<'_, '_> {
    /// The mark of "last = side" in a chain.
    pub(super) fn equation(
        &mut self,
        chain: &mut Chain,
        side: &Expr,
        relation: Relation,
        here: Context<'_>,
    ) -> Mark {
        let line = self.document.place(here.placed.source(&side.span).start).0;
        let last = chain.last.clone();
        self.ways = chain.ways.clone();
        let mut mark = self.equal(&last, side, relation, here);
        if !matches!(mark, Mark::Proved { .. })
            && chain.ways.is_none()
            && let Some(ways) = Ways::of(&chain.first, side)
        {
            self.ways = Some(ways.clone());
            let along = self.equal(&last, side, relation, here);
            if let Mark::Proved { .. } = along {
                (mark, chain.ways) = (along, Some(ways));
            }
        }
        let mark = self.judged(chain, mark, side, relation, line, here);
        self.ways = None;
        mark
    }

    /// The mark of a link of a chain that may have been wrong before.
    fn judged(
        &mut self,
        chain: &mut Chain,
        mark: Mark,
        side: &Expr,
        relation: Relation,
        line: usize,
        here: Context<'_>,
    ) -> Mark {
        let Some(broken) = chain.broken else {
            if !matches!(mark, Mark::Refuted(_)) {
                return mark;
            }
            let last = chain.last.clone();
            if let Some(earlier) = self.follows_from(&last, side, here) {
                chain.broken = Some(earlier);
                self.note_wrong(chain, side, earlier);
                return Mark::Follows { line: earlier };
            }
            chain.broken = Some(line);
            self.note_wrong(chain, side, line);
            return mark;
        };
        // After a wrong link: is the left side reached again, or is it carried along?
        let first = chain.first.clone();
        let whole = self.equal(&first, side, relation, here);
        if matches!(whole, Mark::Proved { .. }) {
            chain.broken = None;
            return whole;
        }
        match mark {
            Mark::Proved { .. } => {
                self.note_wrong(chain, side, broken);
                Mark::Follows { line: broken }
            }
            Mark::Refuted(_) => {
                chain.broken = Some(line);
                mark
            }
            other => other,
        }
    }

    /// Keeps in mind what a chain that is wrong since `line` says of a derivative.
    fn note_wrong(&mut self, chain: &Chain, side: &Expr, line: usize) {
        if let Kind::Derivative { .. } = chain.first.kind {
            let (left, right) = (chain.first.clone(), side.clone());
            self.wrong.push(Wrongly { left, right, line });
        }
    }

    /// The line of a wrong derivative further up that a row goes on from: with what that line says
    /// of it, the row holds.
    fn follows_from(&mut self, left: &Expr, right: &Expr, here: Context<'_>) -> Option<usize> {
        let recent: Vec<Wrongly> = self.wrong.iter().rev().take(MAX_WRONG).cloned().collect();
        recent.into_iter().find_map(|wrong| {
            // The same mistake again is a mistake again.
            let again = same(left, &wrong.left) && same(right, &wrong.right);
            (!again && self.holds_with(&wrong, left, right, here)).then_some(wrong.line)
        })
    }

    fn holds_with(
        &mut self,
        wrong: &Wrongly,
        left: &Expr,
        right: &Expr,
        here: Context<'_>,
    ) -> bool {
        let all = [left, right, &wrong.left, &wrong.right];
        let elements = self.scope.elements(&all, &self.conditions);
        if !elements.is_complete() || elements.all.is_empty() {
            return false;
        }
        let before = self.scope.letters.clone();
        let holds = elements.all.into_iter().all(|element| {
            self.scope.letters = element;
            let built: Vec<ExprId> =
                all.iter().filter_map(|side| self.scope.build(side, here.at).ok()).collect();
            let [lhs, rhs, from, to] = built[..] else { return false };
            let used = self.scope.graph.reachable(&[lhs, rhs]).contains(&from);
            let others = BTreeMap::from([(from, to)]);
            let sides = used.then(|| self.scope.substituted(&[lhs, rhs], &others)).flatten();
            sides.is_some_and(|s| self.scope.judge(s[0], s[1], &self.unknowns).is_proved())
        });
        self.scope.letters = before;
        holds
    }

    /// The mark of "left = right", for each element that it speaks of.
    pub(super) fn equal(
        &mut self,
        left: &Expr,
        right: &Expr,
        relation: Relation,
        here: Context<'_>,
    ) -> Mark {
        let mark = self.for_elements(&[left, right], |marker| {
            Some(marker.equal_here(left, right, relation, here))
        });
        mark.unwrap_or_else(|| Mark::Undecided { reason: "it speaks of no element".to_string() })
    }

    fn equal_here(
        &mut self,
        left: &Expr,
        right: &Expr,
        relation: Relation,
        here: Context<'_>,
    ) -> Mark {
        if is_numeric(left) && is_numeric(right) {
            let found = super::numbers::value(left, &self.rounded);
            return match found {
                Ok(found) => self.compared(&found, right, relation, Vec::new(), here),
                Err(fault) => Mark::Undecided { reason: fault.to_string() },
            };
        }
        if let Some(mark) = self.elsewhere(left, right, here) {
            return mark;
        }
        let sides = (self.built_or_mark(left, here), self.built_or_mark(right, here));
        let (lhs, rhs) = match sides {
            (Ok(lhs), Ok(rhs)) => (lhs, rhs),
            (Err(mark), _) | (_, Err(mark)) => return mark,
        };
        let along =
            self.ways.clone().map(|ways| (self.scope.along(&ways, &[lhs, rhs], here.at), ways));
        let (lhs, rhs) = match &along {
            None => (lhs, rhs),
            Some((Some(sides), _)) => (sides[0], sides[1]),
            Some((None, _)) => return Mark::Undecided { reason: "too large".to_string() },
        };
        if relation == Relation::About {
            return self.in_numbers(left, lhs, right, relation, here).unwrap_or_else(|| {
                Mark::Undecided { reason: "an approximation of what has no value here".into() }
            });
        }
        match self.scope.judge(lhs, rhs, &self.unknowns) {
            Answer::Proved { how, mut given } => {
                given.extend(along.map(|(_, ways)| ways.said()));
                proved(how, given)
            }
            Answer::Refuted { witness, given } => {
                if let Some(mark) = self.in_numbers(left, lhs, right, relation, here) {
                    return mark;
                }
                if let Some(reason) = self.unknown_beside(lhs, rhs, right, here) {
                    return Mark::Undecided { reason };
                }
                if let Some(reason) = self.holds_in_a_case(lhs, rhs) {
                    return Mark::Undecided { reason };
                }
                let message = match given.is_empty() {
                    true => "the two sides are not equal".to_string(),
                    false => {
                        format!("the two sides are not equal, {} being given", given.join(", "))
                    }
                };
                self.refuted(message, &witness, left, right, here)
            }
            Answer::Undecided(reason) => {
                if is_chain_rule(left, right) && self.has_free_name(right, here) {
                    return Mark::Rule { name: "chain rule" };
                }
                if let Some(mark) = self.in_numbers(left, lhs, right, relation, here) {
                    return mark;
                }
                Mark::Undecided { reason }
            }
        }
    }

    /// A row of numbers that stands for the names on its left.
    pub(super) fn in_numbers(
        &mut self,
        left: &Expr,
        lhs: ExprId,
        right: &Expr,
        relation: Relation,
        here: Context<'_>,
    ) -> Option<Mark> {
        let numeric = is_numeric(right);
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
            Kind::Name(name) => match self.scope.meaning(name, here.at) {
                Meaning::Defined(definition, _) => definition.body.clone(),
                _ => return None,
            },
            _ => left.clone(),
        };
        if matches!(right.kind, Kind::Number { .. }) {
            return None;
        }
        let fits = |(name, q): &(Name, Rational)| {
            let symbol = self.scope.graph.find_symbol(&Symbol::named(&spelled(name)));
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

    /// What to say of an equation that does not hold everywhere, if it holds in one case of a max
    /// or of a function with a kink: the document may mean that case and say so in words.
    fn holds_in_a_case(&mut self, lhs: ExprId, rhs: ExprId) -> Option<String> {
        let mut kinks = 0;
        for id in self.scope.graph.reachable(&[lhs, rhs]) {
            let cases = match self.scope.graph.node(id) {
                Node::Max(args) if !self.scope.winners.contains_key(&id) => {
                    self.scope.graph.args(args).to_vec()
                }
                Node::Call(Function::Relu, a) => vec![a, self.scope.graph.integer(0)],
                Node::Call(Function::Step, _) => {
                    vec![self.scope.graph.integer(1), self.scope.graph.integer(0)]
                }
                Node::Call(Function::Abs, a) => vec![a, self.scope.graph.neg(a)],
                _ => continue,
            };
            kinks += 1;
            if kinks > MAX_KINKS {
                return None;
            }
            for case in cases.into_iter().take(MAX_CASES_OF_A_KINK) {
                let sides = self.scope.substituted(&[lhs, rhs], &BTreeMap::from([(id, case)]))?;
                if !self.scope.plainly_differ(sides[0], sides[1])
                    && self.scope.judge(sides[0], sides[1], &self.unknowns).is_proved()
                    && (sides[1] == rhs || !self.vanishes(sides[1]))
                {
                    let case = match (self.scope.graph.node(id), self.scope.graph.symbol_of(case)) {
                        (Node::Max(_), Some(s)) => {
                            let name = self.scope.shown(s);
                            format!("where {name} is the greatest, and no formula here says so")
                        }
                        _ => "in one case of a kink, and no formula here says which".to_string(),
                    };
                    return Some(format!("it holds {case}"));
                }
            }
        }
        None
    }

    /// Whether some name stands for nothing: the chain rule in general letters has such names.
    fn has_free_name(&self, expr: &Expr, here: Context<'_>) -> bool {
        names_of(expr).iter().any(|n| !self.scope.is_known(n, here.at))
    }

    /// Whether an expression is 0 throughout: behind a closed ReLU anything equals anything.
    fn vanishes(&mut self, id: ExprId) -> bool {
        let zero = self.scope.graph.integer(0);
        self.scope.judge(id, zero, &self.unknowns).is_proved()
    }

    /// What to say if a name of the right side stands for nothing and is no part of the left side
    /// either: who does not know what it is cannot call the equation wrong.
    pub(super) fn unknown_beside(
        &mut self,
        lhs: ExprId,
        rhs: ExprId,
        right: &Expr,
        here: Context<'_>,
    ) -> Option<String> {
        let none = Winners::new();
        for name in names_of(right) {
            if self.scope.is_known(&name, here.at) {
                continue;
            }
            let id = self.scope.graph.var(&spelled(&name));
            let symbol = self.scope.graph.symbol_of(id)?;
            let known = self.scope.values.contains_key(&symbol);
            let stands = depends_on(&self.scope.graph, rhs, id, &none);
            if stands && !known && !depends_on(&self.scope.graph, lhs, id, &none) {
                return Some(format!("{} has no definition", spelled(&name)));
            }
        }
        None
    }

    /// A row in which some names have become numbers: they are put in for those names alone, and
    /// what is left has to hold for the others as it stands.
    fn partly_in_numbers(&mut self, left: &Expr, right: &Expr, here: Context<'_>) -> Option<Mark> {
        let kept = names_of(right);
        let gone: Vec<Name> = names_of(left).into_iter().filter(|n| !kept.contains(n)).collect();
        let mut derivative = false;
        visit(left, &mut |e| derivative |= matches!(e.kind, Kind::Derivative { .. }));
        if derivative || gone.is_empty() || kept.iter().any(|n| !holds_name(left, n)) {
            return None;
        }
        let mut numbers = BTreeMap::new();
        for name in gone {
            let expr = Expr { kind: Kind::Name(name), span: 0..0 };
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
    fn with_values(&mut self, lhs: ExprId, right: &Expr, here: Context<'_>) -> Option<Mark> {
        let variables = self.scope.under_partials(&[lhs]).variables;
        let mut numbers = BTreeMap::new();
        for id in self.scope.graph.reachable(&[lhs]) {
            if let Node::Var(symbol) = self.scope.graph.node(id)
                && !variables.contains(&id)
                && let Some(value) = self.scope.values.get(&symbol).cloned()
            {
                numbers.insert(id, self.scope.graph.number(&value));
            }
        }
        if numbers.is_empty() {
            return None;
        }
        let rhs = self.scope.build(right, here.at).ok()?;
        let left = self.scope.substituted(&[lhs], &numbers)?[0];
        let given = vec!["the numbers above".to_string()];
        let proved = self.scope.judge(left, rhs, &self.unknowns).is_proved();
        proved.then_some(Mark::Proved { error_bound: None, given })
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
        here: Context<'_>,
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
        here: Context<'_>,
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

    /// A derivative by a name that the network does not have, in terms of others that it does
    /// not have either, is about something else.
    pub(super) fn elsewhere(
        &mut self,
        left: &Expr,
        right: &Expr,
        here: Context<'_>,
    ) -> Option<Mark> {
        self.scope.cells.as_ref()?;
        let Kind::Derivative { by, .. } = &left.kind else { return None };
        let Kind::Name(by) = &by.kind else { return None };
        let unknown = |scope: &Scope<'_>, n: &Name| {
            let whole = scope.cells.as_ref().is_some_and(|cells| cells.is_tensor(n));
            !whole && !scope.is_known(n, here.at)
        };
        let others: Vec<String> =
            names_of(right).iter().filter(|n| unknown(&self.scope, n)).map(spelled).collect();
        if !unknown(&self.scope, by) || others.is_empty() {
            return None;
        }
        let what = format!(
            "it is not about this network, which has no {} and no {}",
            spelled(by),
            others.join(", ")
        );
        Some(Mark::Assumption { what })
    }

    pub(super) fn built_or_mark(&mut self, expr: &Expr, here: Context<'_>) -> Result<ExprId, Mark> {
        self.scope.build(expr, here.at).map_err(|unbuilt| self.unbuilt(unbuilt, here))
    }

    pub(super) fn unbuilt(&self, unbuilt: Unbuilt, _here: Context<'_>) -> Mark {
        match unbuilt {
            Unbuilt::Malformed(message, _) => {
                Mark::Refuted(Box::new(Wrong { message, counterexample: None, repair: None }))
            }
            Unbuilt::OutOfScope(what) => Mark::OutOfScope { what },
            Unbuilt::Unclear(reason) => Mark::Undecided { reason },
        }
    }

    pub(super) fn refuted(
        &mut self,
        message: String,
        witness: &Witness,
        left: &Expr,
        right: &Expr,
        here: Context<'_>,
    ) -> Mark {
        let counterexample = Some(self.counterexample(witness));
        // A repair would be looked for in the usual reading of every derivative.
        let usual = self.ways.is_none();
        let repair =
            usual.then(|| self.repair(left, right, here.own_left, here.at, here.placed)).flatten();
        Mark::Refuted(Box::new(Wrong { message, counterexample, repair }))
    }

    pub(super) fn counterexample(&self, witness: &Witness) -> Counterexample {
        let name = |s| self.scope.shown(s);
        let shown = |v: &Value| match v {
            Value::Exact(q) => Number::Exact(q.clone()).shown(),
            Value::Enclosed(i) => Number::Enclosed(*i).shown(),
        };
        Counterexample {
            point: witness.point.iter().map(|(s, q)| (name(*s), q.to_string())).collect(),
            left: shown(&witness.lhs),
            right: shown(&witness.rhs),
        }
    }
}

fn proved(how: How, given: Vec<String>) -> Mark {
    let error_bound = match how {
        How::Exact => None,
        How::Probabilistic { error_bound } => Some(error_bound),
    };
    Mark::Proved { error_bound, given }
}
