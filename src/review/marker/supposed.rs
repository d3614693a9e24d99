//! What words suppose for the moment: conditions, premises, which of two is the greater, and how far
//! each reaches.
//!
//! Invariant: what is said under a supposition is never refuted for failing without it, and what is
//! a condition by its words states nothing.

use std::rc::Rc;

use super::{Marker, Standing};
use crate::review::claim::{defined, holds_name, is_equation, same};
use crate::review::document::{Item, Placed};
use crate::review::names::spelled;
use crate::review::numbers::is_numeric;
use crate::review::otherwise::Kink;
use crate::review::prose::{Place, Role};
use crate::review::scope::Certainty;
use crate::review::tex::introduces;
use crate::review::tex::syntax::{Expr, FormulaKind, Statement, visit};
use crate::review::{Claim, Mark};

/// How many words may stand between two displays of one chain.
const MAX_WORDS_BETWEEN: usize = 4;

/// A condition or a supposition in words, and how far it reaches.
#[derive(Clone)]
pub(super) struct Under {
    /// As it is written.
    said: String,
    /// Which of two is the greater, where it says that, and whether it is the other way round.
    order: Option<(Expr, Expr)>,
    place: Place,
    /// Whether it holds on behind its sentence.
    wide: bool,
    /// Whether something was stated under it in its own sentence.
    used: bool,
    /// Whether it is a case of its item, row or sentence, and of no other.
    case: bool,
}

impl Marker<'_, '_> {
    /// Ends what does not reach to the row of item `at`: a chain at the end of its display, a
    /// supposition where another one begins or words say that something holds in general.
    pub(super) fn leave(&mut self, at: usize, placed: &Placed) {
        let items = &self.document.items;
        let goes_on = match at.checked_sub(1).map(|before| &items[before]) {
            Some(Item::Row(before)) => {
                Rc::ptr_eq(&before.passage, &placed.passage)
                    || !before.inline && !placed.inline && before.is_whole()
            }
            Some(Item::Words(passage)) => {
                !placed.inline && passage.text.split_whitespace().count() <= MAX_WORDS_BETWEEN
            }
            None => false,
        };
        if !goes_on {
            (self.last, self.aligned) = (None, None);
        }
        let here = self.scope.outline.at(at);
        if here.otherwise
            && let Some(under) = &mut self.under
            && let Some((greater, less)) = under.order.take()
        {
            under.order = Some((less, greater));
            under.said = format!("not {}", under.said);
        }
        if here.general || here.drops {
            self.under = None;
            self.scope.forget_told(at);
        }
        if here.drops {
            self.facts.clear();
            self.winner = None;
            self.scope.winners.clone_from(&self.won);
            self.scope.indices.fixed.clear();
            self.scope.forget_supposed_sums();
        }
        let ends = self.under.as_ref().is_some_and(|under| {
            let sentence = under.place.sentence == here.sentence;
            under.place.section != here.section
                || here.role == Role::Supposition && !sentence
                || under.case && under.place.listed && under.place.block != here.block
                || !sentence && !under.wide && under.used
        });
        if ends {
            self.under = None;
        }
    }

    /// The mark of what words make a condition, a supposition or a question; none where it states
    /// something.
    pub(super) fn apart(&mut self, statement: &Statement, here: Standing<'_>) -> Option<Mark> {
        let place = self.scope.outline.at(here.at);
        let compares = place.role == Role::Range;
        if statement.rest.is_empty() {
            return None;
        }
        if !(place.role.is_apart() || compares) {
            if let (Some(first), [(relation, value)]) = (&statement.first, &statement.rest[..])
                && !is_equation(*relation)
                && let Some(order) = self.order(first, value, here)
            {
                // "$x > 0$: …" is a case, and holds in its item, row or sentence.
                if place.listed || self.is_a_case(here.at) {
                    let (first, value) = (first.clone(), value.clone());
                    self.suppose_order(statement, &first, &value, place, here);
                    self.under.iter_mut().for_each(|under| under.case = true);
                    return None;
                }
                // "Let x > 0": it holds in this section, up to where the contrary is said.
                let contrary =
                    |other: &(Expr, Expr)| same(&order.0, &other.1) && same(&order.1, &other.0);
                self.facts.retain(|(_, _, other)| !contrary(other));
                let said = self.document.text(&here.placed.source(&statement.span));
                self.facts.push((place.section, said, order));
            }
            return None;
        }
        if compares && statement.rest.iter().any(|(relation, _)| is_equation(*relation)) {
            return None;
        }
        let (relation, value) = statement.rest.first()?;
        let first = statement.first.as_ref()?;
        if !is_equation(*relation) {
            self.suppose_order(statement, first, value, place, here);
            return None;
        }
        if let Some((name, params)) = defined(first) {
            // "If Z = X + Y" behind "If Z = X·Y": each has a Z of its own.
            let before = self.scope.definition(&spelled(name), here.at).map(|(d, _)| d.at);
            let own = before.is_some_and(|before| {
                before < here.at
                    && (self.is_another_item(before, here.at)
                        || self.scope.outline.at(before).role == place.role)
            });
            if own
                && matches!(place.role, Role::Condition | Role::Supposition)
                && !is_numeric(value)
                && !holds_name(value, name)
            {
                let (name, value) = (name.clone(), value.clone());
                return self.again(&name, params, &value, Certainty::Certain, here);
            }
            // "If Z = XY" says what Z is, where nothing else does.
            let own = self.scope.definition(&spelled(name), here.at);
            let defines = own.is_some_and(|(d, _)| d.at == here.at);
            let given = place.role == Role::Supposition && is_numeric(value);
            if (defines || given) && place.role != Role::Negation {
                return None;
            }
        }
        if place.role == Role::Supposition && self.is_winner(first, value, here.at) {
            return None;
        }
        let said = self.document.text(&here.placed.source(&statement.span));
        let what = match place.role {
            Role::Negation => "it is said not to hold",
            Role::Sought => "it is looked for where it holds",
            Role::Exception => "it is an exception",
            Role::Elsewhere => "others write it so",
            _ => "it is a condition",
        };
        if is_numeric(value) && matches!(first.kind, FormulaKind::Name(_)) {
            self.points.push((place.block, first.clone(), value.clone()));
        }
        if matches!(place.role, Role::Condition | Role::Supposition | Role::Sought) {
            let wide = place.role == Role::Supposition;
            self.under = Some(Under { said, order: None, place, wide, used: false, case: false });
        }
        Some(Mark::Assumption { what: what.to_string() })
    }

    /// Whether a comparison is a case of what stands behind it: a colon follows, or a comma where
    /// no word stands before it.
    fn is_a_case(&self, at: usize) -> bool {
        let words = |at: Option<usize>| match at.and_then(|at| self.document.items.get(at)) {
            Some(Item::Words(passage)) => passage.text.trim(),
            _ => "",
        };
        let before = words(at.checked_sub(1));
        let sentence = before.rsplit(['.', ';', '\n']).next().unwrap_or_default();
        let behind = words(at.checked_add(1));
        let bare = !sentence.contains(char::is_alphabetic);
        behind.starts_with(':') && !introduces(sentence) || behind.starts_with(',') && bare
    }

    /// "If z > 0": what stands behind it holds there.
    pub(super) fn suppose_order(
        &mut self,
        statement: &Statement,
        first: &Expr,
        second: &Expr,
        place: Place,
        here: Standing<'_>,
    ) {
        if statement.rest.len() != 1 {
            return;
        }
        let Some(order) = self.order(first, second, here) else { return };
        let said = self.document.text(&here.placed.source(&statement.span));
        let wide = place.role == Role::Supposition;
        self.under =
            Some(Under { said, order: Some(order), place, wide, used: false, case: false });
    }

    /// The greater and the less of two that are compared.
    fn order(&self, first: &Expr, second: &Expr, here: Standing<'_>) -> Option<(Expr, Expr)> {
        let between = first.span.end..second.span.start.max(first.span.end);
        let sign = here.placed.passage.text.get(between).unwrap_or_default();
        match sign.trim().trim_matches('&').trim() {
            ">" | "\\gt" | "\\ge" | "\\geq" | ">=" | "≥" | "\\geqslant" | "&gt;" => {
                Some((first.clone(), second.clone()))
            }
            "<" | "\\lt" | "\\le" | "\\leq" | "<=" | "≤" | "\\leqslant" | "&lt;" => {
                Some((second.clone(), first.clone()))
            }
            _ => None,
        }
    }

    /// Whether words beside the row at hand say which of two is the greater.
    pub(in crate::review) fn supposes_order(&self) -> bool {
        self.under.as_ref().is_some_and(|under| under.order.is_some())
    }

    /// Which of two is the greater, as is said of the row at hand and of its section.
    pub(in crate::review) fn kinks(&mut self, at: usize) -> Vec<(String, Kink)> {
        let section = self.scope.outline.at(at).section;
        let under = self.under.iter().filter_map(|u| Some((u.said.clone(), u.order.clone()?)));
        let facts = self.facts.iter().filter(|(of, ..)| *of == section);
        let facts = facts.map(|(_, said, order)| (said.clone(), order.clone()));
        let all: Vec<(String, (Expr, Expr))> = under.chain(facts).collect();
        let mut kinks = Vec::new();
        for (said, (greater, less)) in all {
            let built = (self.scope.build(&greater, at), self.scope.build(&less, at));
            if let (Ok(greater), Ok(less)) = built {
                kinks.push((said, Kink { greater, less }));
            }
        }
        kinks
    }

    /// The mark of a claim under what is supposed here: who says "if" does not say "everywhere".
    pub(super) fn weighed(&mut self, claim: &Claim, premise: bool, statement: &Statement) -> Mark {
        let wrong_somewhere =
            matches!(&claim.mark, Mark::Refuted(wrong) if wrong.counterexample.is_some());
        let open = wrong_somewhere || matches!(claim.mark, Mark::Undecided { .. });
        let plain = |e: &Expr| {
            let mut derivative = false;
            visit(e, &mut |e| derivative |= matches!(e.kind, FormulaKind::Derivative { .. }));
            !derivative
        };
        if premise && open && statement.first.as_ref().is_some_and(plain) {
            let (said, place) = (claim.text.clone(), Place::default());
            self.under =
                Some(Under { said, order: None, place, wide: false, used: true, case: false });
            return Mark::Assumption { what: "it is a premise".to_string() };
        }
        // x(x − 2) = 0 behind "for which f′(x) = 0" is no row to be held against numbers.
        if let (Mark::Proved { given, .. }, Some(under)) = (&claim.mark, &self.under)
            && under.order.is_none()
            && under.said.trim_end().ends_with('0')
            && matches!(under.place.role, Role::Condition | Role::Sought)
            && given.iter().any(|given| given == "the numbers above")
        {
            return Mark::Undecided { reason: format!("it is said where {}", under.said) };
        }
        if !wrong_somewhere {
            self.under.iter_mut().for_each(|under| under.used = true);
            return claim.mark.clone();
        }
        // What is looked for leads on to its consequences, up to the first row that holds by itself;
        // a slope is worked out, and follows from no such thing.
        let slope = !statement.first.as_ref().is_some_and(plain);
        if self.under.as_ref().is_some_and(|u| u.place.role == Role::Sought) && slope {
            return claim.mark.clone();
        }
        match &mut self.under {
            Some(under) => {
                under.used |= under.place.role != Role::Sought;
                let reason =
                    format!("it is said where {}, and does not hold everywhere", under.said);
                Mark::Undecided { reason }
            }
            None => claim.mark.clone(),
        }
    }
}
