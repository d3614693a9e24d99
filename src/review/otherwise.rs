//! What an equation that does not hold may mean otherwise: one case of a kink, a slope with other
//! quantities held, a slope that is set to 0. It is left open then, with what was found.

use std::collections::{BTreeMap, BTreeSet};

use super::Mark;
use super::claim::{names_of, stands_in, statements};
use super::document::Item;
use super::equation::proved;
use super::judge::{Answer, Unknowns};
use super::marker::{Marker, Standing};
use super::names::spelled;
use super::scope::Scope;
use super::tex::syntax::{Expr, FormulaKind, Name, Part, visit};
use crate::expr::{ExprId, Node};
use crate::scalar::{Function, Rational};

/// The most kinks of an equation whose cases are tried one by one.
const MAX_KINKS: usize = 4;
/// The most cases of one kink that are tried.
const MAX_CASES_OF_A_KINK: usize = 16;
/// How many items further on the solution of an equation is looked for.
const SOLVED_WITHIN: usize = 8;

/// Words that speak of slopes with other quantities held.
const HELD: &[&str] = &[
    "held",
    "hold",
    "holding",
    "fixed",
    "constant",
    "direct",
    "directly",
    "immediate",
    "explicit",
    "keeping",
    "kept",
    "treat",
    "treated",
    "treating",
    "independent",
    "freeze",
    "frozen",
    "alone",
    "local",
];

/// "z > 0", built: which of two is the greater.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kink {
    pub(super) greater: ExprId,
    pub(super) less: ExprId,
}

impl Scope<'_> {
    /// Sides with each logarithm of a product, a quotient or a power as a sum, and what has to be
    /// positive for that; none where there is no such logarithm.
    pub(super) fn with_laws_of_ln(
        &mut self,
        sides: [ExprId; 2],
    ) -> Option<([ExprId; 2], Vec<String>)> {
        let mut others = BTreeMap::new();
        let mut positive = BTreeSet::new();
        for id in self.graph.reachable(&sides) {
            let Node::Call(Function::Ln, of) = self.graph.node(id) else { continue };
            let mut factors = Vec::new();
            self.factors(of, 1, &mut factors);
            if let [(only, 1)] = factors[..]
                && only == of
            {
                continue;
            }
            let mut terms = Vec::new();
            for (factor, times) in factors {
                if self.graph.as_number(factor).is_some_and(Rational::is_one) {
                    continue;
                }
                let ln = self.graph.call(Function::Ln, factor);
                let times = self.graph.integer(times);
                terms.push(self.graph.mul([times, ln]));
                positive.insert(match self.graph.node(factor) {
                    Node::Var(symbol) => format!("{} > 0", self.shown(symbol)),
                    Node::Number(_) => continue,
                    _ => "every factor under ln > 0".to_string(),
                });
            }
            let sum = match terms.is_empty() {
                true => self.graph.integer(0),
                false => self.graph.add(terms),
            };
            others.insert(id, sum);
        }
        if others.is_empty() {
            return None;
        }
        let sides = self.substituted(&sides, &others)?;
        Some(([sides[0], sides[1]], positive.into_iter().collect()))
    }

    /// The factors of an expression with their whole exponents.
    fn factors(&self, id: ExprId, times: i64, found: &mut Vec<(ExprId, i64)>) {
        match self.graph.node(id) {
            Node::Mul(args) => {
                self.graph.args(args).iter().for_each(|arg| self.factors(*arg, times, found));
            }
            Node::Div(a, b) => {
                self.factors(a, times, found);
                self.factors(b, -times, found);
            }
            Node::Pow(a, b) => {
                let exponent = self.graph.as_number(b).and_then(|q| q.to_i32());
                match exponent.and_then(|n| times.checked_mul(i64::from(n))) {
                    Some(times) => self.factors(a, times, found),
                    None => found.push((id, times)),
                }
            }
            _ => found.push((id, times)),
        }
    }

    /// Sides with what a max, a ReLU, |·| or a case is on one side of its kink; none where they
    /// have none there.
    pub(super) fn beside_a_kink(&mut self, sides: &[ExprId], kink: &Kink) -> Option<Vec<ExprId>> {
        let zero = self.graph.integer(0);
        let one = self.graph.integer(1);
        let over = |scope: &mut Self, a: ExprId| -> Option<bool> {
            let difference = [(kink.greater, kink.less, true), (kink.less, kink.greater, false)];
            difference.into_iter().find_map(|(x, y, sign)| {
                let whole = y == zero && a == x || a == scope.graph.sub(x, y);
                let minus = x == zero && a == scope.graph.neg(y);
                (whole || minus).then_some(sign)
            })
        };
        let mut others = BTreeMap::new();
        for id in self.graph.reachable(sides) {
            let case = match self.graph.node(id) {
                Node::Max(args) => {
                    let args = self.graph.args(args);
                    let both = args.contains(&kink.greater) && args.contains(&kink.less);
                    (both && args.len() == 2).then_some(kink.greater)
                }
                Node::Call(Function::Relu, a) => {
                    over(self, a).map(|over| if over { a } else { zero })
                }
                Node::Call(Function::Step, a) => {
                    over(self, a).map(|over| if over { one } else { zero })
                }
                Node::Call(Function::Abs, a) => {
                    over(self, a).map(|over| if over { a } else { self.graph.neg(a) })
                }
                _ => None,
            };
            if let Some(case) = case {
                others.insert(id, case);
            }
        }
        (!others.is_empty()).then(|| self.substituted(sides, &others)).flatten()
    }
}

impl Marker<'_, '_> {
    /// What to say of a row about E if a name that E was defined with has got a new meaning since:
    /// whether E goes along is not said.
    pub(super) fn stale(&self, sides: &[&Expr], at: usize) -> Option<String> {
        let mut open: Vec<Name> = sides.iter().flat_map(|side| names_of(side)).collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(spelled(&name)) || self.scope.cell(&name).is_some() {
                continue;
            }
            let Some((definition, _)) = self.scope.definition(&spelled(&name), at) else {
                continue;
            };
            for inner in names_of(&definition.body) {
                let then = self.scope.definition(&spelled(&inner), definition.at);
                let now = self.scope.definition(&spelled(&inner), at);
                if then.map(|(_, nth)| nth) != now.map(|(_, nth)| nth) {
                    let (inner, name) = (spelled(&inner), spelled(&name));
                    return Some(format!("{inner} has a new meaning since {name} was defined"));
                }
                open.push(inner);
            }
        }
        None
    }

    /// Whether "∂J/∂m = … = 0" looks for the m where it is so: the document has that m further on.
    pub(super) fn is_set_to_zero(&self, left: &Expr, right: &Expr, here: Standing<'_>) -> bool {
        let is_zero =
            |e: &Expr| matches!(&e.kind, FormulaKind::Number { value, .. } if value.is_zero());
        // "0 = w Σ x − Σ y" is the same, the other way round.
        let (left, right) = match is_zero(left) && here.own_left {
            true => (right, left),
            false => (left, right),
        };
        let zero = is_zero(right);
        let slope = self.slope.as_deref();
        let solved = |name: &str| {
            let near = here.at..=here.at + SOLVED_WITHIN;
            self.scope.solved.iter().any(|(at, other)| near.contains(at) && other == name)
        };
        let is_name = matches!(left.kind, FormulaKind::Name(_));
        let is_slope = matches!(left.kind, FormulaKind::Derivative { .. });
        let looked_for = || names_of(left).iter().any(|name| solved(&spelled(name)));
        zero && !is_name
            && match here.own_left {
                true => !is_slope && looked_for(),
                false => slope.is_some_and(solved),
            }
    }

    /// Whether an equation is one that was set to 0 to be solved, with its terms on two sides.
    pub(super) fn is_set_to_zero_further_up(
        &mut self,
        lhs: ExprId,
        rhs: ExprId,
        here: Standing<'_>,
    ) -> bool {
        let near = |at: usize| at <= here.at && here.at <= at + SOLVED_WITHIN;
        let recent = self.zeroed.iter().rev().take_while(|(at, _)| near(*at));
        let recent: Vec<Expr> = recent.take(2).map(|(_, zero)| zero.clone()).collect();
        let difference = self.scope.graph.sub(lhs, rhs);
        recent.into_iter().any(|zero| {
            let Ok(zero) = self.scope.build(&zero, here.at) else { return false };
            [1, -1, 2, -2].into_iter().any(|times| {
                let times = self.scope.graph.integer(times);
                let other = self.scope.graph.mul(vec![times, zero]);
                self.scope.judge(difference, other, &self.unknowns).is_proved()
            })
        })
    }

    /// What to say of ∂E/∂u = … if it holds where the other quantities that E is made of are held,
    /// though they move with u.
    /// Only where words speak of it, or where the document has this slope in a sum over several
    /// ways: without either, a slope is the slope.
    pub(super) fn holds_with_others_held(
        &mut self,
        left: &Expr,
        lhs: ExprId,
        rhs: ExprId,
        here: Standing<'_>,
    ) -> Option<String> {
        if !self.speaks_of(HELD, here.at)
            && !self.speaks_of_totals(here.at)
            && !self.is_one_of_several_ways(left)
            && !is_by_its_own_family(left)
        {
            return None;
        }
        let Node::Partial { of, by } = self.scope.graph.node(lhs) else { return None };
        let Node::Named(_, body) = self.scope.graph.node(of) else { return None };
        let held: Vec<ExprId> = self
            .scope
            .graph
            .reachable(&[body])
            .into_iter()
            .filter(|id| *id != by && matches!(self.scope.graph.node(*id), Node::Named(..)))
            .collect();
        // Only where E is made of u itself, too: with all between them held, any slope is 0.
        let mut open = vec![body];
        let mut itself = false;
        while let Some(id) = open.pop() {
            itself |= id == by;
            if !matches!(self.scope.graph.node(id), Node::Named(..)) {
                open.extend(self.scope.graph.children(id));
            }
        }
        if !itself {
            return None;
        }
        let direct = self.scope.with_held(of, by, &held);
        if direct == lhs || !self.scope.judge(direct, rhs, &self.unknowns).is_proved() {
            return None;
        }
        Some("it holds if what else it is made of is held".to_string())
    }

    /// The mark of an equation that holds where the step before of a recurrence is held, if words
    /// speak of that: h_{t−1} in the definition of h_t.
    pub(super) fn with_steps_held(
        &mut self,
        lhs: ExprId,
        rhs: ExprId,
        here: Standing<'_>,
    ) -> Option<Mark> {
        if !self.unknowns.suspect.values().any(|s| s.step) || !self.speaks_of(HELD, here.at) {
            return None;
        }
        let mut suspect = self.unknowns.suspect.clone();
        suspect.retain(|_, suspicion| !suspicion.step);
        let unknowns = Unknowns { suspect, strangers: self.unknowns.strangers.clone() };
        match self.scope.judge(lhs, rhs, &unknowns) {
            Answer::Proved { how, given } => Some(proved(how, given)),
            _ => None,
        }
    }

    /// Whether the words of this section up to a row and behind it have one of some words.
    fn speaks_of(&self, words: &[&str], at: usize) -> bool {
        let section = self.scope.outline.at(at).section;
        let said = |text: &str| {
            let mut all = text.split(|c: char| !c.is_alphanumeric());
            all.any(|word| words.contains(&word.to_lowercase().as_str()))
        };
        let items = self.document.items.iter().enumerate();
        items.take(at + 2).any(|(nth, item)| match item {
            Item::Words(passage) => {
                self.scope.outline.at(nth).section == section && said(&passage.text)
            }
            Item::Row(placed) => {
                self.scope.outline.at(nth).section == section
                    && placed.row.parts.iter().any(|part| match part {
                        Part::Words(words, _) => said(words),
                        _ => false,
                    })
            }
        })
    }

    /// Whether the words of this section speak of a total derivative, beside which there is another.
    fn speaks_of_totals(&self, at: usize) -> bool {
        let section = self.scope.outline.at(at).section;
        self.document.items.iter().enumerate().any(|(nth, item)| match item {
            Item::Words(passage) => {
                let text = passage.text.to_lowercase();
                self.scope.outline.at(nth).section == section
                    && (text.contains("total derivative") || text.contains("total differential"))
            }
            Item::Row(_) => false,
        })
    }

    /// Whether a slope is a link of a sum over several ways somewhere in the document.
    fn is_one_of_several_ways(&self, left: &Expr) -> bool {
        let links = |term: &Expr| {
            let mut count = 0;
            visit(term, &mut |e| {
                count += usize::from(matches!(e.kind, FormulaKind::Derivative { .. }))
            });
            count > 0
        };
        statements(self.document).any(|(_, _, statement)| {
            statement.sides().any(|side| {
                let mut found = false;
                visit(side, &mut |e| {
                    if let FormulaKind::Sum(terms) = &e.kind {
                        found |= terms.iter().filter(|(_, term)| links(term)).count() > 1
                            && terms.iter().any(|(_, term)| stands_in(left, term));
                    }
                });
                found
            })
        })
    }

    /// What to say of an equation that does not hold everywhere, if it holds in one case of a max
    /// or of a function with a kink: the document may mean that case and say so in words. Where no
    /// word speaks of cases, or the row has cases itself, it means all of them.
    pub(super) fn holds_in_a_case(
        &mut self,
        lhs: ExprId,
        rhs: ExprId,
        right: &Expr,
        here: Standing<'_>,
    ) -> Option<String> {
        const WORDS: &[&str] = &[
            "greater",
            "greatest",
            "great",
            "largest",
            "larger",
            "max",
            "maximum",
            "maximal",
            "biggest",
            "bigger",
            "positive",
            "negative",
            "active",
            "inactive",
            "dead",
            "alive",
            "if",
            "when",
            "whenever",
            "case",
            "cases",
            "suppose",
            "supposing",
            "assume",
            "assuming",
            "winner",
            "wins",
            "won",
            "side",
            "sides",
            "region",
            "otherwise",
            "else",
            "smaller",
            "smallest",
            "selected",
            "chosen",
        ];
        let mut cases = false;
        visit(right, &mut |e| cases |= matches!(e.kind, FormulaKind::Cases(_)));
        if cases || !self.speaks_of(WORDS, here.at) {
            return None;
        }
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

    /// Whether an expression is 0 throughout: behind a closed ReLU anything equals anything.
    fn vanishes(&mut self, id: ExprId) -> bool {
        let zero = self.scope.graph.integer(0);
        self.scope.judge(id, zero, &self.unknowns).is_proved()
    }
}

/// Whether this is ∂c_t/∂c_{t−1}, which many mean with the gates between them held.
fn is_by_its_own_family(left: &Expr) -> bool {
    let FormulaKind::Derivative { of, by, .. } = &left.kind else { return false };
    matches!((&of.kind, &by.kind), (FormulaKind::Name(of), FormulaKind::Name(by))
        if of.stem == by.stem && of.below != by.below)
}
