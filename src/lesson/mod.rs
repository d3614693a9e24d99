//! Lessons (floor 5): a derivation with everything that a page about it needs, all of it proved.
//!
//! In: a network and what is asked for. Out: a [`Lesson`], whose every step was replayed, whose
//! every result was proved equal to the reverse sweep's, and whose cases went the same way. A
//! lesson that cannot be proved is an error, never a page.

mod depth;
mod forward;
mod indexed;
mod length;
mod numbers;
mod order;
mod paths;
mod training;
mod ways;
mod winner_cases;
mod winner_formula;
mod witness;
mod worked;

#[doc(inline)]
pub use crate::index::any_depth::GeneralLayer;
pub use depth::{GeneralLesson, general_lesson};
pub use forward::Forward;
#[doc(hidden)]
pub use forward::MAX_FORWARD;
pub use indexed::{AskIndexed, IndexedLesson, indexed_lesson, reads_better_in_indices};
#[doc(hidden)]
pub use indexed::{MAX_EVALUATED, READABLE_CELLS};
#[doc(hidden)]
pub use length::{READABLE_LINES, predicted_lines};
pub use numbers::Number;
#[doc(hidden)]
pub use order::in_order_of_lesson;
#[doc(hidden)]
pub use paths::MAX_PATHS;
pub use paths::Paths;
#[doc(hidden)]
pub use training::{MAX_EXACT_BITS, MAX_STEPS};
pub use training::{State, Training, training};
#[doc(hidden)]
pub use ways::{CellOf, Route, Ways};
pub use winner_cases::{Case, Cases};
#[doc(hidden)]
pub use winner_cases::{MAX_CASES, TABLE_CASES};
pub use winner_formula::{General, GeneralRow};
#[doc(hidden)]
pub use witness::MAX_WITNESSED;
#[doc(hidden)]
pub use worked::{Full, MAX_TERMS, Terms, Worked, worked};

use std::collections::BTreeMap;

use crate::calculus::{self, Derivation, Request};
use crate::diag::{Error, Kind};
use crate::expr::{ExprId, Node, SymbolId, Winners};
use crate::lower::{Lowered, Maximum, lower};
use crate::net::{Network, QuantityId};
use crate::ordered::Ordered;
use crate::proof::{self, Replay};
use crate::scalar::Rational;

/// What a lesson is asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ask {
    /// By what to differentiate: quantities, or one cell (row-major) of one. Empty: every
    /// parameter, those nearest to the loss first.
    pub by: Vec<(QuantityId, Option<usize>)>,
    /// Whether to end with the update rule.
    pub updates: bool,
    /// How many paths of each quantity to list, at most [`MAX_PATHS`].
    pub paths: usize,
    /// Whether to work out a table of more than [`TABLE_CASES`] cases.
    pub all_cases: bool,
}

impl Ask {
    /// The same with a change: `Ask::default().with(|ask| ask.updates = false)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Ask)) -> Ask {
        change(&mut self);
        self
    }
}

impl Default for Ask {
    fn default() -> Ask {
        Ask { by: Vec::new(), updates: true, paths: 12, all_cases: false }
    }
}

/// Why a max has the winner that it has in the lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The network assumes it.
    Assumed,
    /// The given numbers make it so.
    ByNumbers,
    /// By the given numbers several are the greatest, and the first of them is taken.
    Tied,
    /// Nothing says; this is the case that is worked out, and the others stand in the table.
    Example,
}

/// A max and its winner in the lesson.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Winner {
    /// The `Max` node.
    pub max: ExprId,
    /// Its argument that wins.
    pub winner: ExprId,
    /// Why.
    pub why: Why,
}

/// A proved derivation and what belongs to it.
#[non_exhaustive]
pub struct Lesson {
    /// The network.
    pub net: Network,
    /// The cells of each quantity.
    pub cells: Vec<Vec<ExprId>>,
    /// Every max of the network.
    pub maxima: Vec<Maximum>,
    /// The winners of the maxima, in the order of the source.
    pub winners: Vec<Winner>,
    /// The derivation.
    pub derivation: Derivation,
    /// How each step of each lemma was proved.
    pub replay: Replay,
    /// The gradients for the other winners; absent where the network has no max.
    pub cases: Option<Cases>,
    /// One formula for every winner, where there is one.
    pub general: Option<General>,
    /// The ways along which each quantity that was asked for by name acts on the loss.
    pub paths: Vec<Paths>,
    /// The given numbers, and those that follow from them, of what the results mention.
    pub numbers: BTreeMap<ExprId, Number>,
    /// What every layer comes to with the given numbers, in the order of the source.
    pub forward: Vec<Forward>,
    /// What is 0 at the given numbers under a function with a kink there.
    pub kinks: Vec<ExprId>,
    /// The name of each expression that has one.
    pub names: BTreeMap<ExprId, ExprId>,
}

/// Where one formula covers every winner, a table of more entries than this waits to be asked
/// for.
#[doc(hidden)]
pub const TABLE_ENTRIES: usize = 40;

#[doc(hidden)]
/// The most derivatives that are worked out cell by cell.
pub const MAX_TARGETS: usize = 2_000;

#[doc(hidden)]
/// The most work that goes cell by cell: derivatives times the parts of the network that each of
/// their rewrites may look at. A page of more takes minutes.
pub const MAX_WORK: usize = 20_000_000;

/// Refuses what would take minutes cell by cell, before anything is derived.
fn within_reach(lowered: &Lowered, derivatives: usize) -> Result<(), Error> {
    let parts = lowered.graph.reachable(&[lowered.loss]).len();
    if derivatives <= 1 || derivatives.saturating_mul(parts) <= MAX_WORK {
        return Ok(());
    }
    Err(Error::new(
        Kind::Limit,
        format!(
            "cell by cell, these are {derivatives} derivatives of a loss of {parts} parts, which \
             would take minutes"
        ),
    )
    .hint("--form indices derives each layer once; --wrt 'w[0, 1]' asks for one cell"))
}

/// Derives and proves.
///
/// # Errors
/// `Limit` where the network or its derivation is too large; `Assumption` where the given
/// numbers contradict an assumed winner; `Domain` where the given numbers divide by zero;
/// `Internal` where a step did not replay, which would be a fault of backproof.
///
/// ```
/// let net = backproof::parse_network(
///     "input x
///      param w
///      target t
///      y = w*x
///      E = (t - y)^2 / 2
///      given x = 2, w = 3, t = 1",
/// )?;
/// let lesson = backproof::lesson(net, &backproof::Ask::default())?;
/// let target = lesson.derivation.targets[0];
/// let result = lesson.derivation.lemma(target).result;
/// assert_eq!(lesson.numbers[&result].to_string(), "10");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn lesson(net: Network, ask: &Ask) -> Result<Lesson, Error> {
    let mut lowered = lower(&net)?;
    let by = match ask.by.as_slice() {
        [] => in_order_of_lesson(&net, &lowered),
        some => cells_of(&lowered, some),
    };
    if by.len() > MAX_TARGETS {
        return Err(Error::new(
            Kind::Limit,
            format!(
                "cell by cell, these are {} derivatives, and at most {MAX_TARGETS} are worked out",
                by.len()
            ),
        )
        .hint("--form indices derives each layer once; --wrt 'w[0, 1]' asks for one cell"));
    }
    within_reach(&lowered, by.len())?;
    let winners = winners_of(&net, &lowered)?;
    lowered.winners = winners.iter().map(|w| (w.max, w.winner)).into_map();
    let Lowered { cells, maxima, values, params, loss, .. } = lowered.clone();
    let request = Request { by: by.clone(), updates: ask.updates };
    let mut derivation = calculus::derive(lowered, &request)?;
    let replay = proof::replay(&mut derivation).map_err(|error| match error.kind() {
        Kind::Domain => at_the_culprit(error, &net, &cells, &derivation),
        _ => error,
    })?;
    let names = names_on_the_way(&derivation, &cells);
    let cases =
        winner_cases::cases(&mut derivation, &maxima, &params, loss, &by, &cells, ask.all_cases)?;
    let general = cases
        .as_ref()
        .and_then(|cases| winner_formula::general(&net, &cells, &mut derivation, cases));
    let numbers = numbers::numbers(&derivation, &values)?;
    let forward = forward::forward(&net, &cells, &derivation, &values);
    let kinks = numbers::kinks(&derivation, &values);
    let paths =
        if ask.by.is_empty() { Vec::new() } else { paths::paths(&derivation, &by, ask.paths) };
    let mut lesson = Lesson {
        net,
        cells,
        maxima,
        winners,
        derivation,
        replay,
        cases,
        general,
        paths,
        numbers,
        forward,
        kinks,
        names,
    };
    if let (Some(cases), Some(_)) = (&mut lesson.cases, &lesson.general) {
        // One formula says more than a long table, which is then there for the asking.
        cases.in_table &= ask.all_cases || cases.count * by.len() <= TABLE_ENTRIES;
    }
    Ok(lesson)
}

/// The error of a loss without a value, at the definition with the operation that has none.
fn at_the_culprit(
    error: Error,
    net: &Network,
    cells: &[Vec<ExprId>],
    derivation: &Derivation,
) -> Error {
    let Derivation { graph, loss, winners, values, .. } = derivation;
    let Err(found) = proof::value_somewhere(graph, *loss, winners, values) else { return error };
    let holds = |cells: &[ExprId]| graph.reachable(cells).binary_search(&found.node).is_ok();
    match net.quantities().find(|(id, _)| holds(&cells[id.index()])) {
        Some((_, quantity)) => error.at(quantity.span).label("in the definition of this"),
        None => error,
    }
}

fn cells_of(lowered: &Lowered, by: &[(QuantityId, Option<usize>)]) -> Vec<ExprId> {
    let mut all: Vec<ExprId> = Vec::new();
    for (quantity, position) in by {
        let cells = lowered.of(*quantity);
        match position {
            Some(n) => all.push(cells[*n]),
            None => all.extend(cells),
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|cell| seen.insert(*cell));
    all
}

/// The names of what the loss is made of; a definition that it does not use names nothing here,
/// so that adding one changes no page.
fn names_on_the_way(derivation: &Derivation, cells: &[Vec<ExprId>]) -> BTreeMap<ExprId, ExprId> {
    let reached = derivation.graph.reachable(&[derivation.loss]);
    let used = |cell: &ExprId| reached.binary_search(cell).is_ok();
    let cells: Vec<Vec<ExprId>> =
        cells.iter().map(|of| of.iter().copied().filter(used).collect()).collect();
    crate::lower::names(&derivation.graph, &cells)
}

/// Who wins each max: as assumed, else by the numbers, else the first as an example.
fn winners_of(net: &Network, lowered: &Lowered) -> Result<Vec<Winner>, Error> {
    let g = &lowered.graph;
    let mut all = Vec::new();
    let mut settled = Winners::new();
    let reached = g.reachable(&[lowered.loss]);
    let used = |m: &&Maximum| reached.binary_search(&m.max).is_ok();
    for maximum in lowered.maxima.iter().filter(used) {
        let Node::Max(args) = g.node(maximum.max) else { continue };
        let args = g.args(args);
        let by_numbers = numbers::greatest(lowered, args, &settled);
        let (winner, why) = match (lowered.winners.get(&maximum.max), by_numbers) {
            (Some(assumed), Some(found)) if !found.contains(assumed) => {
                let assumption = net.assumptions().iter().find(|a| a.max == maximum.node);
                return Err(numbers::contradiction(lowered, *assumed, found[0], assumption));
            }
            (Some(assumed), _) => (*assumed, Why::Assumed),
            (None, Some(found)) if found.len() > 1 => (found[0], Why::Tied),
            (None, Some(found)) => (found[0], Why::ByNumbers),
            (None, None) => (args[0], Why::Example),
        };
        settled.insert(maximum.max, winner);
        all.push(Winner { max: maximum.max, winner, why });
    }
    Ok(all)
}

/// The numbers given for variables, for evaluation.
pub(crate) fn environment(
    values: &BTreeMap<SymbolId, Rational>,
) -> impl Fn(SymbolId) -> Option<Rational> {
    |s| values.get(&s).cloned()
}
