//! Is one equation of a document true, as far as anybody can say?
//!
//! Goes in: two expressions in a scope. Comes out: an [`Answer`]. What always holds: "proved"
//! and "refuted" are verdicts of [`prove_within`]; a name that nobody defined is never taken to be
//! independent of anything without saying so. Where such a name stands under a ∂, the equation
//! is first asked of *every* function that the name might be (a name u becomes a + Σ b·y over the
//! variables y of differentiation, with free a and b: at any point an arbitrary value with
//! arbitrary slopes, which is all that an identity in first derivatives can see). Only then is
//! the name taken as given, and the answer says so.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::scope::Scope;
use crate::expr::{
    Branches, ExprId, Graph, Node, Rest, Symbol, SymbolId, Winners, depends_on, evaluate_all,
};
use crate::proof::{Context, How, Leaves, Reason, Verdict, Witness, prove_within};
use crate::scalar::Function;

/// What is known of an equation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// It holds; `given` are the names that were taken as given.
    Proved { how: How, given: Vec<String> },
    /// It does not, and here is where.
    Refuted { witness: Witness, given: Vec<String> },
    /// Nobody knows, for this reason.
    Undecided(String),
}

impl Answer {
    pub(super) fn is_proved(&self) -> bool {
        matches!(self, Answer::Proved { .. })
    }
}

/// The most steps of polynomial arithmetic for one claim of a document.
pub const MAX_STEPS_OF_A_CLAIM: u64 = 100_000;
/// The most names without a definition for which an equation is asked of every function.
const MAX_UNKNOWN: usize = 12;
/// The most variables of differentiation, likewise.
const MAX_VARIABLES: usize = 6;

/// Why a name seems to hide a dependence.
#[derive(Clone, Debug, Default)]
pub(super) struct Suspicion {
    /// On what: the variables that something is differentiated by and that, as far as it is
    /// defined, it does not depend on. None where it may be anything.
    pub(super) on: Option<BTreeSet<ExprId>>,
    /// Whether it is no more than the step before of a recurrence, which may be meant to be held.
    pub(super) step: bool,
    /// What gives it away, to be put behind a sentence.
    pub(super) why: String,
}

impl Suspicion {
    /// Whether it says anything of derivatives by these variables: what seems to hide a way from y
    /// says nothing of the way from w, unless y is made of w.
    fn concerns(&self, variables: &BTreeSet<ExprId>, graph: &Graph) -> bool {
        let none = Winners::new();
        let by = |y: &ExprId| variables.iter().any(|v| depends_on(graph, *y, *v, &none));
        self.on.as_ref().is_none_or(|on| !on.is_disjoint(variables) || on.iter().any(by))
    }
}

/// What a document as a whole says of names without a definition.
#[derive(Default)]
pub(super) struct Unknowns {
    /// Those that seem to hide a dependence: the document differentiates something through them
    /// that, as far as it says, does not depend on the variable.
    pub(super) suspect: BTreeMap<SymbolId, Suspicion>,
    /// Those that a derivative is taken by, and that neither the network knows nor any formula of
    /// the document has.
    pub(super) strangers: BTreeSet<SymbolId>,
}

impl Scope<'_> {
    /// Judges `lhs = rhs`, by itself and, if that says nothing or it does not hold, with what the
    /// document lets one suppose: losses that act by way of their last quantities, given sums.
    pub(super) fn judge(&mut self, lhs: ExprId, rhs: ExprId, unknowns: &Unknowns) -> Answer {
        match self.judge_as_far(lhs, rhs, unknowns) {
            Answer::Refuted { .. } if self.turns_by_pi(lhs, rhs) => {
                Answer::Undecided("π has a value of its own, and is a name here".to_string())
            }
            answer => answer,
        }
    }

    /// Whether π is a name without a definition and stands in the argument of a sine or a cosine, or
    /// beside what the normal distribution is made of: what holds for this one number may not hold for others.
    fn turns_by_pi(&self, lhs: ExprId, rhs: ExprId) -> bool {
        let is_pi = |id: &ExprId| match self.graph.node(*id) {
            Node::Var(symbol) => {
                matches!(self.graph.symbol(symbol).spelling().as_ref(), "π" | "pi")
            }
            _ => false,
        };
        let both = self.graph.reachable(&[lhs, rhs]);
        both.iter().any(is_pi)
            && both.iter().any(|id| match self.graph.node(*id) {
                Node::Call(Function::Sin | Function::Cos, a) => {
                    self.graph.reachable(&[a]).iter().any(is_pi)
                }
                Node::Call(Function::NormalCdf | Function::NormalPdf, _) => true,
                _ => false,
            })
    }

    fn judge_as_far(&mut self, lhs: ExprId, rhs: ExprId, unknowns: &Unknowns) -> Answer {
        let answer = self.judge_alone(lhs, rhs, unknowns);
        // What holds of any function holds of a loss; what is given may not be a loss.
        let of_any = matches!(&answer, Answer::Proved { given, .. } if given.is_empty());
        if !of_any && let Some(([lhs, rhs], said, told)) = self.with_losses(lhs, rhs) {
            return match self.judge_alone(lhs, rhs, unknowns) {
                Answer::Proved { how, mut given } => {
                    given.extend(said);
                    Answer::Proved { how, given }
                }
                Answer::Refuted { witness, mut given } if told => {
                    given.extend(said);
                    Answer::Refuted { witness, given }
                }
                // Nobody said so: it may be true of another loss.
                Answer::Refuted { .. } => {
                    Answer::Undecided(format!("it is wrong if {}", said.join(" and ")))
                }
                Answer::Undecided(reason) => match answer {
                    Answer::Undecided(_) => answer,
                    _ => Answer::Undecided(reason),
                },
            };
        }
        if !matches!(answer, Answer::Refuted { .. }) {
            return answer;
        }
        let ([lhs, rhs], sums) = match self.with_givens(lhs, rhs) {
            None => return answer,
            Some(Err(reason)) => return Answer::Undecided(reason),
            Some(Ok(found)) => found,
        };
        let mut answer = self.judge_alone(lhs, rhs, unknowns);
        if let Answer::Proved { given, .. } | Answer::Refuted { given, .. } = &mut answer {
            given.extend(sums);
        }
        answer
    }

    fn judge_alone(&mut self, lhs: ExprId, rhs: ExprId, unknowns: &Unknowns) -> Answer {
        if let Some(stranger) = self.stranger(lhs, rhs, unknowns) {
            return Answer::Undecided(Reason::NoDefinition(stranger).sentence(&self.graph));
        }
        let leaves = self.leaves_of_row(lhs, rhs);
        match self.ask(lhs, rhs, &leaves) {
            Verdict::Undecided(Reason::NoDefinition(symbol)) => {
                let reason = Reason::NoDefinition(symbol).sentence(&self.graph);
                let leaves = leaves.into_owned();
                self.judge_unknown([lhs, rhs], &leaves, unknowns, reason)
            }
            verdict => self.answer(verdict, Vec::new()),
        }
    }

    /// A name that nobody knows, if something is differentiated by it that does not
    /// hold it: that is not 0 but unknown.
    fn stranger(&self, lhs: ExprId, rhs: ExprId, unknowns: &Unknowns) -> Option<SymbolId> {
        if unknowns.strangers.is_empty() {
            return None;
        }
        let none = Winners::new();
        let under = self.under_partials(&[lhs, rhs]);
        under.partials.iter().find_map(|(of, by)| {
            let symbol = self.graph.symbol_of(*by)?;
            let plain = matches!(self.graph.node(*of), Node::Var(_));
            let strange = unknowns.strangers.contains(&symbol)
                && !plain
                && !depends_on(&self.graph, *of, *by, &none);
            strange.then_some(symbol)
        })
    }

    /// Whether two expressions have plainly different values at two points at which the given
    /// sums hold: a look that costs little, before a verdict that costs more. Says nothing where it says no.
    pub(super) fn plainly_differ(&self, lhs: ExprId, rhs: ExprId) -> bool {
        let branches = Branches { winners: Some(&self.winners), rest: Rest::ByValue, opaque: None };
        (1..=2).all(|nth: u32| {
            let point = |s: SymbolId| {
                let spread = (s.index() as u32).wrapping_mul(2_654_435_761).rotate_left(nth * 9);
                0.25 + f64::from(spread % 1009) / 1009.0
            };
            // What is given holds at these points, too.
            let at = |s: SymbolId| Some(self.left_over(s, &point).unwrap_or_else(|| point(s)));
            match evaluate_all::<f64>(&self.graph, &[lhs, rhs], &at, branches) {
                Ok(values) => {
                    let size = 1e-9 + values[0].abs() + values[1].abs();
                    (values[0] - values[1]).abs() > 1e-6 * size
                }
                Err(_) => false,
            }
        })
    }

    /// The leaves for a row: a name that an equation of the document fixes is one only where the
    /// row differentiates by it, and one whose slope the right side keeps, only where it is
    /// declared.
    fn leaves_of_row(&self, lhs: ExprId, rhs: ExprId) -> Cow<'_, BTreeSet<SymbolId>> {
        let mut others: BTreeSet<SymbolId> = BTreeSet::new();
        let right = self.under_partials(&[rhs]);
        for (of, by) in &right.partials {
            if let Node::Var(symbol) = self.graph.node(*of)
                && of != by
                && !right.variables.contains(of)
                && !self.declared.contains(&symbol)
            {
                others.insert(symbol);
            }
        }
        if !self.solved.is_empty() || !self.unread.is_empty() {
            let under = self.under_partials(&[lhs, rhs]);
            let own: BTreeSet<SymbolId> =
                under.variables.iter().filter_map(|v| self.graph.symbol_of(*v)).collect();
            let names = under.names.iter().filter_map(|id| self.graph.symbol_of(*id));
            others.extend(names.filter(|s| self.is_solved(*s) && !own.contains(s)));
        }
        match self.leaves.is_disjoint(&others) {
            true => Cow::Borrowed(&self.leaves),
            false => Cow::Owned(self.leaves.difference(&others).copied().collect()),
        }
    }

    fn ask(&self, lhs: ExprId, rhs: ExprId, leaves: &BTreeSet<SymbolId>) -> Verdict {
        let context = Context { winners: &self.winners, leaves: Leaves::Declared(leaves) };
        prove_within(&self.graph, lhs, rhs, &context, MAX_STEPS_OF_A_CLAIM)
    }

    fn answer(&self, verdict: Verdict, given: Vec<String>) -> Answer {
        match verdict {
            Verdict::Proved(how) => Answer::Proved { how, given },
            Verdict::Refuted(witness) => Answer::Refuted { witness, given },
            Verdict::Undecided(reason) => Answer::Undecided(reason.sentence(&self.graph)),
        }
    }

    /// An equation with names under ∂ of which nobody says what they depend on.
    fn judge_unknown(
        &mut self,
        sides: [ExprId; 2],
        leaves: &BTreeSet<SymbolId>,
        unknowns: &Unknowns,
        reason: String,
    ) -> Answer {
        let under = self.under_partials(&sides);
        let unknown: Vec<ExprId> = under
            .names
            .iter()
            .filter(|id| self.graph.symbol_of(**id).is_some_and(|s| !leaves.contains(&s)))
            .copied()
            .collect();
        if let Some([lhs, rhs]) = self.with_any_functions(&sides, &unknown, &under.variables) {
            let mut all = leaves.clone();
            all.extend(self.fresh_symbols(lhs, rhs, leaves));
            if let verdict @ Verdict::Proved(_) = self.ask(lhs, rhs, &all) {
                return self.answer(verdict, Vec::new());
            }
        }
        let symbols: Vec<SymbolId> =
            unknown.iter().filter_map(|id| self.graph.symbol_of(*id)).collect();
        let hidden = symbols.iter().find_map(|s| {
            let suspicion = unknowns.suspect.get(s)?;
            suspicion.concerns(&under.variables, &self.graph).then_some((s, suspicion))
        });
        if let Some((hidden, suspicion)) = hidden {
            let reason = Reason::NoDefinition(*hidden).sentence(&self.graph);
            return Answer::Undecided(format!("{reason}{}", suspicion.why));
        }
        // What its author goes on differentiating he does not take to be constant.
        let kept = self.under_partials(&sides[1..]).partials;
        if kept.iter().any(|(of, by)| of != by && unknown.contains(of)) {
            return Answer::Undecided(reason);
        }
        let defined =
            |s: &SymbolId| self.definitions.contains_key(&*self.graph.symbol(*s).spelling());
        if symbols.iter().any(|s| self.is_solved(*s) || defined(s)) {
            return Answer::Undecided(reason);
        }
        // Something has to be known to depend on the variable, or 0 = 0 would pass.
        let none = Winners::new();
        let has_path = under.partials.iter().any(|(of, by)| {
            let there = depends_on(&self.graph, *of, *by, &none) || self.reaches_family(*of, *by);
            of != by && !under.names.contains(of) && there
        });
        if !has_path {
            return Answer::Undecided(reason);
        }
        let mut all = leaves.clone();
        all.extend(&symbols);
        let mut given: Vec<String> =
            symbols.iter().map(|s| self.graph.symbol(*s).spelling().into_owned()).collect();
        given.sort();
        given.dedup();
        let given = self.indices.together(given);
        let verdict = self.ask(sides[0], sides[1], &all);
        self.answer(verdict, given)
    }

    /// The sides with every unknown name as a function of the variables that could be any.
    fn with_any_functions(
        &mut self,
        sides: &[ExprId; 2],
        unknown: &[ExprId],
        variables: &BTreeSet<ExprId>,
    ) -> Option<[ExprId; 2]> {
        // A variable that is itself unknown may depend on another, and that on the first.
        let circular = unknown.iter().any(|id| variables.contains(id));
        let too_many = unknown.len() > MAX_UNKNOWN || variables.len() > MAX_VARIABLES;
        if unknown.is_empty() || circular || too_many {
            return None;
        }
        // A compound variable, ∂/∂(t − r), that holds an unknown is that unknown's business.
        let none = Winners::new();
        let compound = variables
            .iter()
            .any(|y| unknown.iter().any(|id| id != y && depends_on(&self.graph, *y, *id, &none)));
        if compound {
            return None;
        }
        let mut others = BTreeMap::new();
        for id in unknown {
            let name = self.graph.symbol(self.graph.symbol_of(*id)?).spelling().into_owned();
            let mut terms = vec![self.graph.var(&format!("{name}·0"))];
            for (nth, y) in variables.iter().enumerate() {
                let slope = self.graph.var(&format!("{name}·{}", nth + 1));
                terms.push(self.graph.mul([slope, *y]));
            }
            let value = self.graph.add(terms);
            others.insert(*id, self.graph.named(&name, value));
        }
        let sides = self.substituted(sides, &others)?;
        Some([sides[0], sides[1]])
    }

    fn fresh_symbols(
        &self,
        lhs: ExprId,
        rhs: ExprId,
        leaves: &BTreeSet<SymbolId>,
    ) -> BTreeSet<SymbolId> {
        let all = self.under_partials(&[lhs, rhs]).names;
        let symbols = all.iter().filter_map(|id| self.graph.symbol_of(*id));
        symbols
            .filter(|s| leaves.contains(s) || self.graph.symbol(*s).spelling().contains('·'))
            .collect()
    }

    /// What stands under the ∂ of some expressions.
    pub(super) fn under_partials(&self, roots: &[ExprId]) -> UnderPartials {
        let mut found = UnderPartials::default();
        for id in self.graph.reachable(roots) {
            let Node::Partial { of, by } = self.graph.node(id) else { continue };
            found.partials.push((of, by));
            found.variables.insert(by);
        }
        let of: Vec<ExprId> = found.partials.iter().map(|(of, _)| *of).collect();
        for id in self.graph.reachable(&of) {
            if matches!(self.graph.node(id), Node::Var(_)) {
                found.names.insert(id);
            }
        }
        found
    }

    /// The symbol of a name, new or known.
    pub(super) fn symbol(&mut self, name: &str) -> SymbolId {
        self.graph.intern_symbol(Symbol::named(name))
    }
}

/// The derivatives of some expressions, and what is under them.
#[derive(Default)]
pub(super) struct UnderPartials {
    /// What is differentiated, by what.
    pub(super) partials: Vec<(ExprId, ExprId)>,
    /// By what, each once.
    pub(super) variables: BTreeSet<ExprId>,
    /// The variables below, `Var` nodes.
    pub(super) names: BTreeSet<ExprId>,
}
