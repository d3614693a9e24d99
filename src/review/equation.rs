//! Equations: the mark of one link of a chain, in letters or in numbers.
//!
//! Invariants: a side is judged against the one before it; after a wrong link also against the
//! first, so that a chain that is right again says so, and one that only follows says that.

use std::collections::BTreeMap;

use super::build::{Unbuilt, any_smooth};
use super::claim::{defined, is_chain_rule, names_of, same};
use super::judge::Answer;
use super::marker::{Chain, Marker, Standing};
use super::names::spelled;
use super::numbers::{Number, is_numeric};
use super::scope::Scope;
use super::tex::syntax::{Expr, FormulaKind, Name, Relation, visit};
use super::ways::Ways;
use super::{Counterexample, Mark, Wrong};
use crate::expr::{ExprId, Winners, depends_on};
use crate::proof::{How, Value, Witness};

/// How many of the last wrong lines a row is held against, to see whether it follows from one.
const MAX_WRONG: usize = 6;

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
        here: Standing<'_>,
    ) -> Mark {
        let line = self.document.place(here.placed.source(&side.span).start).0;
        let last = chain.last.clone();
        self.slope = match &chain.first.kind {
            FormulaKind::Derivative { by, .. } => match &by.kind {
                FormulaKind::Name(name) => Some(spelled(name)),
                _ => None,
            },
            _ => None,
        };
        self.ways = chain.ways.clone();
        let mut mark = self.equal(&last, side, relation, here);
        if !matches!(mark, Mark::Proved { .. })
            && chain.ways.is_none()
            && let Some(ways) = Ways::of(&chain.first, side)
            && self.are_ways(&ways, here)
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

    /// Whether each way of a chain rule has a part of its own, for an element at least.
    fn are_ways(&mut self, ways: &Ways, here: Standing<'_>) -> bool {
        let elements = self.scope.elements(&[ways.by()], &self.conditions);
        let Some(element) = elements.all.into_iter().next() else { return false };
        let before = std::mem::replace(&mut self.scope.letters, element);
        let found = self.scope.are_ways(ways, here.at, &self.unknowns);
        self.scope.letters = before;
        found
    }

    /// The mark of a link of a chain that may have been wrong before.
    fn judged(
        &mut self,
        chain: &mut Chain,
        mark: Mark,
        side: &Expr,
        relation: Relation,
        line: usize,
        here: Standing<'_>,
    ) -> Mark {
        let Some(broken) = chain.broken else {
            if !matches!(mark, Mark::Refuted(_)) {
                return mark;
            }
            // What is open by what its arrays are is no mistake that a chain goes on from.
            let arrays = &self.document.arrays;
            if !matches!(arrays.weighed(here.at, here.start, mark.clone()), Mark::Refuted(_)) {
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
        if let FormulaKind::Derivative { .. } = chain.first.kind {
            let (left, right) = (chain.first.clone(), side.clone());
            self.wrong.push(Wrongly { left, right, line });
        }
    }

    /// The line of a wrong derivative further up that a row goes on from: with what that line says
    /// of it, the row holds.
    fn follows_from(&mut self, left: &Expr, right: &Expr, here: Standing<'_>) -> Option<usize> {
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
        here: Standing<'_>,
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
        here: Standing<'_>,
    ) -> Mark {
        let mark = self.once_more(left, right, relation, here);
        match mark {
            Mark::Refuted(_) => self.otherwise_read([left, right], relation, here).unwrap_or(mark),
            mark => mark,
        }
    }

    /// The same as it is read.
    pub(super) fn once_more(
        &mut self,
        left: &Expr,
        right: &Expr,
        relation: Relation,
        here: Standing<'_>,
    ) -> Mark {
        let mark = self.for_elements(&[left, right], |marker| {
            Some(marker.equal_here(left, right, relation, here))
        });
        mark.unwrap_or_else(|| Mark::Undecided { reason: "it speaks of no element".to_string() })
    }

    /// The mark of one element of "left = right": of any function where a function is that of
    /// another example, and else of that one.
    fn equal_here(
        &mut self,
        left: &Expr,
        right: &Expr,
        relation: Relation,
        here: Standing<'_>,
    ) -> Mark {
        let mark = self.equal_as_read(left, right, relation, here);
        if matches!(mark, Mark::Proved { .. }) || !self.scope.takes_another_example() {
            return mark;
        }
        self.scope.take_nearest(true);
        let nearest = self.equal_as_read(left, right, relation, here);
        self.scope.take_nearest(false);
        match nearest {
            // A name on the left may get a new meaning here: whoever asks for that decides.
            Mark::Refuted(_) if !here.own_left || defined(left).is_none() => {
                let reason = "a function in it is defined in another section".to_string();
                Mark::Undecided { reason }
            }
            mark => mark,
        }
    }

    fn equal_as_read(
        &mut self,
        left: &Expr,
        right: &Expr,
        relation: Relation,
        here: Standing<'_>,
    ) -> Mark {
        self.scope.doubts.clear();
        self.scope.taken.clear();
        let mut names = names_of(left);
        names.extend(names_of(right));
        if let Some(reason) = self.scope.defined_in_a_case(names, here.at) {
            return Mark::Undecided { reason };
        }
        if self.is_set_to_zero(left, right, here) {
            let what = "the slope is set to 0".to_string();
            if here.own_left {
                let zero = is_numeric(left);
                self.zeroed.push((here.at, if zero { right } else { left }.clone()));
            }
            return Mark::Assumption { what };
        }
        if is_numeric(left) && is_numeric(right) {
            return self.numbers_alone(left, right, relation, here);
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
        if self.scope.differentiates_a_prime(&[lhs, rhs]) {
            let reason = "the slope of a function that nobody defines is differentiated";
            return Mark::Undecided { reason: reason.to_string() };
        }
        if let Some(mark) = self.under_a_condition(lhs, rhs, here) {
            return mark;
        }
        if let Some(reason) = self.scope.may_be_one([lhs, rhs]) {
            return Mark::Undecided { reason };
        }
        match self.scope.judge(lhs, rhs, &self.unknowns) {
            // How many there are is a part of the claim, and nothing says it.
            Answer::Proved { .. } if self.scope.supposed && self.counts([left, right]) => {
                Mark::of_no_length()
            }
            Answer::Proved { how, mut given } => {
                let functions = self.scope.any_functions_in(&[lhs, rhs]);
                let smooth = |name: &&String| self.scope.taken.contains(&any_smooth(name));
                let plain = functions.iter().filter(|name| !smooth(name));
                given.extend(plain.map(|name| format!("{name} any function")));
                let taken = self.scope.taken.iter().filter(|name| !given.contains(name));
                let taken: Vec<String> = taken.cloned().collect();
                given.extend(taken);
                given.extend(along.map(|(_, ways)| ways.said()));
                given.extend(
                    self.costs(&[left, right])
                        .map(|(name, _)| format!("{name} any function of the last layer")),
                );
                proved(how, given)
            }
            Answer::Refuted { mut witness, given } => {
                if let Some(function) = self.scope.any_functions_in(&[lhs, rhs]).first() {
                    let open = Mark::Undecided { reason: format!("{function} has no definition") };
                    let Some(lines) = self.scope.with_lines([lhs, rhs]) else { return open };
                    match self.scope.judge(lines[0], lines[1], &self.unknowns) {
                        Answer::Refuted { witness: other, .. } => witness = other,
                        _ => return open,
                    }
                }
                if let Some(mark) = self.in_numbers(left, lhs, right, relation, here) {
                    return mark;
                }
                if let Some(mark) = self.with_parts_told([lhs, rhs], [left, right], here.at) {
                    return mark;
                }
                if let Some(reason) = self.unknown_beside(lhs, rhs, [left, right], here) {
                    return Mark::Undecided { reason };
                }
                if let Some((name, false)) = self.costs(&[left, right]).next() {
                    let reason = format!("nothing says what {name} depends on");
                    return Mark::Undecided { reason };
                }
                if let Some(reason) = self.may_be_imaginary([left, right], here) {
                    return Mark::Undecided { reason };
                }
                if let Some(reason) = self.ties_given(left, here) {
                    return Mark::Undecided { reason };
                }
                if let Some(doubt) = self.scope.doubts.first().cloned() {
                    return Mark::Undecided { reason: doubt };
                }
                if let Some(reason) = self.of_a_family([left, right], here) {
                    return Mark::Undecided { reason };
                }
                if self.scope.supposed && self.counts([left, right]) {
                    return Mark::of_no_length();
                }
                if self.is_set_to_zero_further_up(lhs, rhs, here) {
                    let reason = "it is the equation further up that is to be solved";
                    return Mark::Undecided { reason: reason.to_string() };
                }
                if let Some(reason) = self.with_older_meaning(left, right, here) {
                    return Mark::Undecided { reason };
                }
                if let Some(reason) = self.stale(&[left, right], here.at) {
                    return Mark::Undecided { reason };
                }
                if let Some(reason) = self.with_told_values(lhs, rhs, here.at) {
                    return Mark::Undecided { reason };
                }
                if let Some(reason) = self.holds_with_a_sum([lhs, rhs]) {
                    return Mark::Undecided { reason };
                }
                if let Some(reason) = self.of_some_length(&witness) {
                    return Mark::Undecided { reason };
                }
                if let Some(reason) = self.of_what_is_said([lhs, rhs]) {
                    return Mark::Undecided { reason };
                }
                if let Some(reason) = self.holds_with_others_held(left, lhs, rhs, here) {
                    return Mark::Undecided { reason };
                }
                if let Some(reason) = self.holds_in_a_case(lhs, rhs, right, here) {
                    return Mark::Undecided { reason };
                }
                if let Some(reason) = self.meant_otherwise([left, right], [lhs, rhs], here) {
                    return Mark::Undecided { reason };
                }
                let message = match given.is_empty() {
                    true => "the two sides are not equal".to_string(),
                    false => {
                        format!("the two sides are not equal, {} being given", given.join(", "))
                    }
                };
                let witness = self.with_own_numbers(lhs, rhs, witness, here.at);
                self.refuted(message, &witness, left, right, here)
            }
            Answer::Undecided(reason) => {
                if is_chain_rule(left, right)
                    && self.has_free_name(right, here)
                    && self.links_may_hold(right, here)
                {
                    return Mark::Rule { name: "chain rule" };
                }
                if let Some(mark) = self.in_numbers(left, lhs, right, relation, here) {
                    return mark;
                }
                if let Some(mark) = self.by_laws_of_ln(lhs, rhs) {
                    return mark;
                }
                if let Some(mark) = self.with_steps_held(lhs, rhs, here) {
                    return mark;
                }
                Mark::Undecided { reason }
            }
        }
    }

    /// The mark of an equation that holds with ln(ab) = ln a + ln b, for what is positive.
    fn by_laws_of_ln(&mut self, lhs: ExprId, rhs: ExprId) -> Option<Mark> {
        let (sides, positive) = self.scope.with_laws_of_ln([lhs, rhs])?;
        match self.scope.judge(sides[0], sides[1], &self.unknowns) {
            Answer::Proved { how, mut given } => {
                given.extend(positive);
                Some(proved(how, given))
            }
            _ => None,
        }
    }

    /// The mark of an equation that words say of one side of a kink: max(0, z) is z where z > 0.
    fn under_a_condition(&mut self, lhs: ExprId, rhs: ExprId, here: Standing<'_>) -> Option<Mark> {
        let (mut sides, mut all) = (vec![lhs, rhs], Vec::new());
        for (said, kink) in self.kinks(here.at) {
            if let Some(found) = self.scope.beside_a_kink(&sides, &kink) {
                (sides, _) = (found, all.push(said));
            }
        }
        if all.is_empty() {
            return None;
        }
        match self.scope.judge(sides[0], sides[1], &self.unknowns) {
            Answer::Proved { how, mut given } => {
                given.extend(all);
                Some(proved(how, given))
            }
            // What is said of the section is a fact beside others: the row is judged as it stands.
            Answer::Refuted { .. } if !self.supposes_order() => None,
            Answer::Refuted { .. } => {
                let said = all.join(" and ");
                let message = format!("the two sides are not equal where {said}");
                Some(Mark::Refuted(Box::new(Wrong { message, counterexample: None, repair: None })))
            }
            Answer::Undecided(_) => None,
        }
    }

    /// Whether some name stands for nothing: the chain rule in general letters has such names.
    fn has_free_name(&self, expr: &Expr, here: Standing<'_>) -> bool {
        names_of(expr).iter().any(|n| !self.scope.is_known(n, here.at))
    }

    /// Whether each link of a chain rule, ∂a/∂b, may be one: a depends on b, or nobody says what
    /// a is.
    fn links_may_hold(&mut self, right: &Expr, here: Standing<'_>) -> bool {
        let mut links: Vec<(Expr, Expr)> = Vec::new();
        visit(right, &mut |e| {
            if let FormulaKind::Derivative { of, by, .. } = &e.kind {
                links.push(((**of).clone(), (**by).clone()));
            }
        });
        let none = Winners::new();
        links.into_iter().all(|(of, by)| {
            let known = matches!(&of.kind, FormulaKind::Name(n) if self.scope.is_known(n, here.at));
            let (Ok(of), Ok(by)) = (self.scope.build(&of, here.at), self.scope.build(&by, here.at))
            else {
                return true;
            };
            !known || depends_on(&self.scope.graph, of, by, &none)
        })
    }

    /// A derivative by a name that the network does not have, in terms of others that it does
    /// not have either, is about something else.
    pub(super) fn elsewhere(
        &mut self,
        left: &Expr,
        right: &Expr,
        here: Standing<'_>,
    ) -> Option<Mark> {
        self.scope.cells.as_ref()?;
        let FormulaKind::Derivative { of, by, .. } = &left.kind else { return None };
        let slope = (self.scope.build(of, here.at), self.scope.build(by, here.at));
        let FormulaKind::Name(by) = &by.kind else { return None };
        // What the document itself makes of the variable is judged by that.
        if matches!(slope, (Ok(of), Ok(by)) if of != by && self.scope.depends(of, by)) {
            return None;
        }
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
        Some(Mark::OutOfScope { what })
    }

    pub(super) fn built_or_mark(
        &mut self,
        expr: &Expr,
        here: Standing<'_>,
    ) -> Result<ExprId, Mark> {
        self.scope.build(expr, here.at).map_err(|unbuilt| self.unbuilt(unbuilt, here))
    }

    pub(super) fn unbuilt(&self, unbuilt: Unbuilt, _here: Standing<'_>) -> Mark {
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
        here: Standing<'_>,
    ) -> Mark {
        let counterexample = Some(self.counterexample(witness));
        // A repair would be looked for in the usual reading of every derivative.
        let usual = self.ways.is_none() && !here.in_elements;
        // What other equations rest on says nothing of this one.
        let before = self.scope.rests();
        let repair =
            usual.then(|| self.repair(left, right, here.own_left, here.at, here.placed)).flatten();
        self.scope.rest_on(before);
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

pub(super) fn proved(how: How, given: Vec<String>) -> Mark {
    let error_bound = match how {
        How::Exact => None,
        How::Probabilistic { error_bound } => Some(error_bound),
    };
    Mark::Proved { error_bound, given }
}
