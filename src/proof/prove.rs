//! The decision on a claim: which of the ways to an answer is tried when.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::normal::{Fraction, Outcome, vanishes, within_both};
use super::probability::probably_equal;
use super::sample::{Claim, Sampled, Search};
use super::survey::Survey;
use super::witness::Witness;
use crate::expr::{
    Branches, EvalFault, ExprId, Graph, Node, Rest, SymbolId, Winners, evaluate_all,
};
use crate::scalar::{Fault, Interval, Rational, Scalar};

/// How many steps of polynomial arithmetic a normal form may take.
pub const MAX_STEPS: u64 = 4_000_000;

/// The largest number of nodes that an evaluation in normal form visits.
pub const MAX_EXACT_VISITS: usize = 20_000;

/// Which symbols are known not to depend on one another.
#[derive(Clone, Copy, Debug)]
pub enum Leaves<'a> {
    /// Every free symbol, as in an expression that came from a network.
    All,
    /// These; whether any other symbol depends on the variable of a derivative is unknown.
    Declared(&'a BTreeSet<SymbolId>),
}

/// What a claim is to be judged under.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The winners of maxima that are assumed: such a max is replaced by its winner.
    pub winners: &'a Winners,
    /// Which symbols are known to be independent.
    pub leaves: Leaves<'a>,
}

/// What is known about a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The sides are equal wherever both have a value; kinks aside, and a power whose exponent
    /// is no literal counts as defined where its base is positive.
    Proved(How),
    /// The sides differ at this point.
    Refuted(Witness),
    /// Neither was shown.
    Undecided(Reason),
}

/// How a claim was proved.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum How {
    /// The normal form of the difference is 0 in every case.
    Exact,
    /// The sides agree at random points of a prime field.
    Probabilistic {
        /// A bound on the probability that unequal sides agree at such points.
        error_bound: f64,
    },
}

/// Why a claim is undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A limit was passed.
    TooLarge,
    /// The derivative of something that may depend on this symbol, which has no definition.
    NoDefinition(SymbolId),
    /// A derivative of a derivative.
    NestedPartial,
    /// No point was found where both sides have a value.
    NeverDefined,
    /// In some case of a max, ReLU, |x|, sign or step a side has no value.
    UndefinedCase,
    /// The sides are equal where no sign and no step is at 0, and not where one is.
    AtAJump,
    /// The normal forms differ, but no point was found where the values do.
    NotFound,
    /// The normal form and the values at a point contradict each other, or the values are too
    /// close to zero to be trusted.
    Disagreement,
}

impl Verdict {
    /// Whether this is a proof.
    pub fn is_proved(&self) -> bool {
        matches!(self, Verdict::Proved(_))
    }

    /// The verdict as a sentence without its full stop, with the names of the graph: `refuted at
    /// a = 1, b = 2`. Without a graph, [`Display`](fmt::Display) says as much as it can.
    pub fn sentence(&self, g: &Graph) -> String {
        match self {
            Verdict::Refuted(witness) => {
                let at = |(symbol, value): &(SymbolId, Rational)| {
                    format!("{} = {value}", g.symbol(*symbol).spelling())
                };
                let point: Vec<String> = witness.point.iter().map(at).collect();
                match point.is_empty() {
                    true => "refuted".to_string(),
                    false => format!("refuted at {}", point.join(", ")),
                }
            }
            Verdict::Undecided(reason) => format!("undecided: {}", reason.sentence(g)),
            Verdict::Proved(_) => self.to_string(),
        }
    }

    /// Whether this is a counterexample.
    pub fn is_refuted(&self) -> bool {
        matches!(self, Verdict::Refuted(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Proved(how) => write!(f, "proved{how}"),
            Verdict::Refuted(_) => f.write_str("refuted at a point"),
            Verdict::Undecided(reason) => write!(f, "undecided: {}", reason.said("a symbol")),
        }
    }
}

impl fmt::Display for How {
    /// What follows the word "proved".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Exact => Ok(()),
            How::Probabilistic { error_bound } => {
                let exponent = libm::ceil(libm::log10(*error_bound));
                let exponent = crate::scalar::show_f64(exponent);
                write!(f, ", but for an error of probability below 10^{exponent}")
            }
        }
    }
}

impl Reason {
    /// The reason as a sentence without its full stop.
    pub fn sentence(&self, g: &Graph) -> String {
        match self {
            Reason::NoDefinition(symbol) => self.said(&g.symbol(*symbol).spelling()),
            _ => self.said(""),
        }
    }

    /// The reason, with a name for the symbol that it is about.
    fn said(&self, symbol: &str) -> String {
        match self {
            Reason::TooLarge => "the claim is too large to be decided".to_string(),
            Reason::NoDefinition(_) => format!("{symbol} has no definition"),
            Reason::NestedPartial => "it holds a derivative of a derivative".to_string(),
            Reason::NeverDefined => "no point was found where both sides have a value".to_string(),
            Reason::AtAJump => {
                "it holds but where a sign or a step is at 0, and there it does not".to_string()
            }
            Reason::UndefinedCase => "in some case of a kink a side has no value".to_string(),
            Reason::NotFound => "neither a proof nor a counterexample was found".to_string(),
            Reason::Disagreement => "two ways to judge the claim do not agree".to_string(),
        }
    }
}

/// Judges `lhs = rhs` in a graph that was made by hand: a leaf without a definition is a variable
/// and depends on no other. Where a symbol may stand for something that nobody defined, ask
/// [`prove_in`].
///
/// ```
/// use backproof::expr::{Graph, Winners};
/// use backproof::proof::prove;
/// let mut g = Graph::new();
/// let (a, b, two) = (g.var("a"), g.var("b"), g.integer(2));
/// let sum = g.add([a, b]);
/// let square = g.pow(sum, two);
/// let (aa, bb, ab) = (g.pow(a, two), g.pow(b, two), g.mul([two, a, b]));
/// let expanded = g.add([aa, ab, bb]);
/// assert!(prove(&g, square, expanded, &Winners::new()).is_proved());
/// let wrong = g.add([aa, bb]);
/// assert!(prove(&g, square, wrong, &Winners::new()).is_refuted());
/// ```
pub fn prove(g: &Graph, lhs: ExprId, rhs: ExprId, winners: &Winners) -> Verdict {
    prove_in(g, lhs, rhs, &Context { winners, leaves: Leaves::All })
}

/// Judges `lhs = rhs` in a context.
///
/// ```
/// use backproof::proof::{Context, Leaves, prove_in};
/// let mut g = backproof::Graph::new();
/// let (w, x) = (g.var("w"), g.var("x"));
/// let product = g.mul([w, x]);
/// let slope = g.partial(product, w);
/// let winners = Default::default();
/// // Does x depend on w? As a leaf of a network it does not; in somebody's text nobody knows.
/// assert!(backproof::prove(&g, slope, x, &winners).is_proved());
/// let nothing = Default::default();
/// let unknown = Context { winners: &winners, leaves: Leaves::Declared(&nothing) };
/// assert!(!prove_in(&g, slope, x, &unknown).is_proved());
/// ```
pub fn prove_in(g: &Graph, lhs: ExprId, rhs: ExprId, context: &Context<'_>) -> Verdict {
    judge(g, lhs, rhs, context, true, &Cell::new(3 * MAX_STEPS))
}

/// [`prove_in`] with a limit of its own on the steps of polynomial arithmetic, for whoever judges
/// many claims: what would take more is judged at points of the prime field.
pub fn prove_within(
    g: &Graph,
    lhs: ExprId,
    rhs: ExprId,
    context: &Context<'_>,
    steps: u64,
) -> Verdict {
    judge(g, lhs, rhs, context, true, &Cell::new(steps))
}

/// Judges a claim that need hold only where the sides have a value: ∂ of 1/relu(x) is what it is
/// where relu(x) is not 0. `prove_in` is strict and leaves such a claim undecided, since a claim
/// that is empty in one of its cases is seldom what its author meant. Takes its steps from `left`.
pub(super) fn prove_where_defined(
    g: &Graph,
    lhs: ExprId,
    rhs: ExprId,
    context: &Context<'_>,
    left: &Cell<u64>,
) -> Verdict {
    judge(g, lhs, rhs, context, false, left)
}

/// About how many steps of polynomial arithmetic take as long as a visit of every point.
const STEPS_OF_A_VISIT: u64 = 40;

fn judge(
    g: &Graph,
    lhs: ExprId,
    rhs: ExprId,
    context: &Context<'_>,
    strict: bool,
    left: &Cell<u64>,
) -> Verdict {
    let survey = match Survey::of(g, lhs, rhs, context) {
        Ok(survey) => survey,
        Err(reason) => return Verdict::Undecided(reason),
    };
    if !strict {
        let visits = survey.visits as u64 * STEPS_OF_A_VISIT;
        match left.get().checked_sub(visits) {
            Some(rest) => left.set(rest),
            None => {
                left.set(0);
                return Verdict::Undecided(Reason::TooLarge);
            }
        }
    }
    let claim = Claim::new(g, [lhs, rhs], context.winners, &survey);
    match verdict_on(&claim, strict, left) {
        Verdict::Proved(_) if strict && claim.is_denied_at_a_jump() => {
            Verdict::Undecided(Reason::AtAJump)
        }
        verdict => verdict,
    }
}

fn verdict_on(claim: &Claim<'_>, strict: bool, left: &Cell<u64>) -> Verdict {
    let Claim { g, lhs, rhs, winners, .. } = *claim;
    let mut search = Search::new(claim);
    // Most wrong claims fall at the first points, which cost less than a normal form.
    if let Some(witness) = search.first_points() {
        return Verdict::Refuted(witness);
    }
    // What holds whatever the named quantities are holds for what they are; and without their
    // definitions the normal form is short.
    let mut names = independent_names(g, lhs, rhs, winners);
    let of_function = |id: &ExprId| match g.node(*id) {
        Node::Named(_, value) => matches!(g.node(value), Node::Call(..)),
        _ => false,
    };
    let functions = names.iter().any(of_function);
    for with_functions in [true, false] {
        // Where h = tanh(c), a claim may need that; what c is it rarely needs.
        if !with_functions {
            names.retain(|id| !of_function(id));
        }
        let worth_it = !names.is_empty() && (with_functions || functions);
        if worth_it && normal_form_of_difference(claim, Some(&names), left) == Ok(Outcome::Zero) {
            return confirmed(How::Exact, search);
        }
    }
    match normal_form_of_difference(claim, None, left) {
        Ok(Outcome::Zero) => confirmed(How::Exact, search),
        Ok(Outcome::Nonzero) => refuted_or(Reason::NotFound, search),
        Ok(Outcome::ZeroWhereDefined) if !strict => confirmed(How::Exact, search),
        Ok(Outcome::Undefined | Outcome::ZeroWhereDefined) => {
            refuted_or(Reason::UndefinedCase, search)
        }
        Err(EvalFault::Scalar(Fault::TooLarge)) => match probably_equal(claim) {
            Some(error_bound) => confirmed(How::Probabilistic { error_bound }, search),
            None => refuted_or(Reason::TooLarge, search),
        },
        Err(EvalFault::NestedPartial) => Verdict::Undecided(Reason::NestedPartial),
        // A division by 0 or a logarithm of −1, whatever the variables are.
        Err(_) => Verdict::Undecided(Reason::NeverDefined),
    }
}

fn normal_form_of_difference(
    claim: &Claim<'_>,
    opaque: Option<&BTreeSet<ExprId>>,
    left: &Cell<u64>,
) -> Result<Outcome, EvalFault> {
    if claim.survey.visits > MAX_EXACT_VISITS {
        return Err(Fault::TooLarge.into());
    }
    let branches = Branches { winners: Some(claim.winners), rest: Rest::Symbolic, opaque };
    within_both(left, MAX_STEPS, || {
        let leaf = |symbol| Some(Fraction::variable(symbol));
        let sides = evaluate_all(claim.g, &[claim.lhs, claim.rhs], &leaf, branches)
            .map_err(|error| error.fault)?;
        Ok(vanishes(&sides[0].sub(&sides[1])?)?)
    })
}

/// Whether two expressions have one normal form where every symbol has the value that is known for
/// it, slopes being taken there: a proof that closed formulas are equal, which no digits are.
pub(crate) fn equal_at(
    g: &Graph,
    sides: [ExprId; 2],
    winners: &Winners,
    known: &dyn Fn(SymbolId) -> Option<Rational>,
    steps: u64,
) -> bool {
    let branches = Branches { winners: Some(winners), rest: Rest::Symbolic, opaque: None };
    let found = within_both(&Cell::new(steps), MAX_STEPS, || -> Result<Outcome, EvalFault> {
        let leaf = |symbol| known(symbol).map(Fraction::constant);
        let sides = evaluate_all(g, &sides, &leaf, branches).map_err(|error| error.fault)?;
        Ok(vanishes(&sides[0].sub(&sides[1])?)?)
    });
    found == Ok(Outcome::Zero)
}

/// The most variables of differentiation for which independent names are looked for.
const MAX_VARIABLES: usize = 16;

/// The named quantities of a claim that may be taken for variables: those that depend on no
/// variable of differentiation but, perhaps, themselves. A symbol that stands for two different
/// things, as a local name of the chain rule may, is never taken for one variable.
///
/// None where the claim has a kink: the normal form sets aside where the argument of a kink is 0,
/// which for a variable is a point or two, and for what a name stands for may be a whole region.
fn independent_names(g: &Graph, lhs: ExprId, rhs: ExprId, winners: &Winners) -> BTreeSet<ExprId> {
    let order = g.reachable(&[lhs, rhs]);
    let mut by = BTreeSet::new();
    let mut bearers: BTreeMap<SymbolId, usize> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for id in &order {
        match g.node(*id) {
            Node::Partial { by: x, .. } => {
                by.insert(x);
            }
            Node::Call(f, _) if f.has_kink() => return BTreeSet::new(),
            Node::Wins { .. } => return BTreeSet::new(),
            Node::Max(_) if !winners.contains_key(id) => return BTreeSet::new(),
            Node::Var(s) => *bearers.entry(s).or_default() += 1,
            Node::Named(s, _) => {
                *bearers.entry(s).or_default() += 1;
                names.insert(*id);
            }
            _ => {}
        }
    }
    if by.len() > MAX_VARIABLES {
        return BTreeSet::new();
    }
    names.retain(|id| g.symbol_of(*id).is_some_and(|s| bearers[&s] == 1));
    for x in by {
        let mut moving = BTreeSet::from([x]);
        for id in &order[order.partition_point(|id| *id <= x)..] {
            let mut moves = false;
            g.for_children(*id, |child| moves |= moving.contains(&child));
            if moves {
                moving.insert(*id);
            }
        }
        moving.remove(&x);
        names.retain(|id| !moving.contains(id));
    }
    names
}

/// A proof stands if both sides have a value somewhere and no point contradicts it.
fn confirmed(how: How, mut search: Search<'_>) -> Verdict {
    // The argument of a kink may be 0 throughout a region, which the cases set aside.
    if let Some(witness) = search.refute_on_kinks() {
        return Verdict::Refuted(witness);
    }
    match search.both_defined() {
        Sampled::Agree => Verdict::Proved(how),
        Sampled::Differ => Verdict::Undecided(Reason::Disagreement),
        Sampled::Unclear => Verdict::Undecided(Reason::Disagreement),
        Sampled::Undefined => Verdict::Undecided(Reason::NeverDefined),
    }
}

fn refuted_or(reason: Reason, mut search: Search<'_>) -> Verdict {
    let exact = search.refute::<Rational>();
    match exact.or_else(|| search.refute::<Interval>()).or_else(|| search.refute_on_kinks()) {
        Some(witness) => Verdict::Refuted(witness),
        None => Verdict::Undecided(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Function;

    /// A name is a variable where it stands for one thing, which no variable of differentiation
    /// moves, and where nothing has a kink.
    #[test]
    fn names_are_variables_where_nothing_moves_them_and_nothing_has_a_kink() {
        let mut g = Graph::new();
        let [a, b] = ["a", "b"].map(|name| g.var(name));
        let square = g.mul([a, a]);
        let q = g.named("q", square);
        let max = g.max([q, b]);
        let both = g.add([q, b]);
        let (by_a, by_b, by_q) = (g.partial(q, a), g.partial(both, b), g.partial(both, q));
        let named_b = g.named("r", b);
        let (first, second) = (g.named("s", a), g.named("s", b));
        let (of_both, pair) = (g.add([first, second]), g.add([q, named_b]));
        let wins = g.wins(max, b);
        let calls = Function::ALL.map(|f| (f, g.call(f, q)));
        let none = Winners::new();
        let winner: Winners = [(max, b)].into_iter().collect();
        let found = |e: ExprId, winners: &Winners| -> Vec<ExprId> {
            independent_names(&g, e, a, winners).into_iter().collect()
        };
        for (f, call) in calls {
            let expected = if f.has_kink() { vec![] } else { vec![q] };
            assert_eq!(found(call, &none), expected, "{f}");
        }
        assert!(found(max, &none).is_empty());
        assert_eq!(found(max, &winner), [q]);
        assert!(found(wins, &winner).is_empty());
        assert!(found(by_a, &none).is_empty());
        assert_eq!(found(by_b, &none), [q]);
        assert_eq!(found(by_q, &none), [q]);
        assert_eq!(found(pair, &none), [q, named_b]);
        assert!(found(of_both, &none).is_empty());
    }
}
