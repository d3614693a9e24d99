//! What a derivation has to agree with: the reverse sweep, and values at points.
//!
//! Goes in: a derivation. Comes out: nothing, or the error. The results are compared with the
//! sweep's gradients at random points of a prime field, with every named quantity a variable, so
//! that what is shared is never multiplied out; and at a point of the reals where the loss has a
//! value, every equation of the derivation is tried in numbers.

use std::cell::Cell;

use rustc_hash::FxHashMap;

use super::ground::{MAX_GROUND_VALUES, MAX_GROUNDS, Points, Seen, first_ground, see};
use super::local::probably;
use super::look::Moves;
use super::prove::{Context, Leaves, Reason, Verdict, prove_where_defined};
use super::replay::MAX_REPLAY_STEPS;
use super::value_somewhere;
use crate::calculus::{Derivation, Role, sweep};
use crate::diag::{Error, Kind};
use crate::expr::{EvalError, ExprId, Graph, Node};

/// Whether the loss has a value anywhere, given the assumed winners.
pub fn has_value(derivation: &Derivation) -> bool {
    let Derivation { graph, loss, winners, values, .. } = derivation;
    value_somewhere(graph, *loss, winners, values).is_ok()
}

/// Proves the last line of every ∂loss/∂x equal to the gradient that the reverse sweep gives:
/// what a derivation whose steps nobody sees has to pass.
///
/// # Errors
/// Of kind `Internal`, with both expressions, where a result differs from the sweep's; `Domain`
/// where they have no value at any point that was tried.
pub fn against_sweep(derivation: &mut Derivation) -> Result<(), Error> {
    let results = swept(derivation);
    let moves = Moves::new(&derivation.graph, &derivation.winners);
    equal_to_sweep(&moves, &results, &Cell::new(MAX_REPLAY_STEPS))?;
    Trial::of(&moves, derivation)?.run(&moves, results.into_iter())
}

/// The last line of every ∂loss/∂x, and the gradient of the sweep.
pub(super) fn swept(derivation: &mut Derivation) -> Vec<(ExprId, ExprId)> {
    let g = &derivation.graph;
    let shown = derivation.lemmas.iter().filter(|l| matches!(l.role, Role::Target | Role::Shared));
    let results: Vec<(ExprId, ExprId)> = shown
        .filter_map(|l| match g.node(l.goal) {
            Node::Partial { of, by } if of == derivation.loss => Some((by, l.result)),
            _ => None,
        })
        .collect();
    let by: Vec<ExprId> = results.iter().map(|(x, _)| *x).collect();
    let Derivation { graph, loss, winners, .. } = derivation;
    let swept = sweep::gradients(graph, *loss, &by, winners);
    let mut both: Vec<(ExprId, ExprId)> =
        results.into_iter().map(|(_, result)| result).zip(swept).collect();
    if rests_on_sums(derivation) {
        let Derivation { graph, distributions, .. } = derivation;
        for (result, gradient) in &mut both {
            *result = with_sums(graph, *result, distributions);
            *gradient = with_sums(graph, *gradient, distributions);
        }
    }
    both
}

/// Whether a step uses that some cells sum to 1.
fn rests_on_sums(derivation: &Derivation) -> bool {
    let is_sum =
        |(left, _): &(ExprId, ExprId)| matches!(derivation.graph.node(*left), Node::Add(_));
    derivation.lemmas.iter().flat_map(|l| &l.steps).any(|s| s.given.iter().any(is_sum))
}

/// An expression with 1 minus the other cells for the last of each given sum: what is equal after
/// that is equal wherever the sums are 1.
fn with_sums(g: &mut Graph, e: ExprId, distributions: &[Vec<ExprId>]) -> ExprId {
    let mut made: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for cells in distributions {
        let Some((last, others)) = cells.split_last() else { continue };
        let (one, sum) = (g.integer(1), g.add(others));
        made.insert(*last, g.sub(one, sum));
    }
    for id in g.reachable(&[e]) {
        if !made.contains_key(&id) {
            let old = g.children(id);
            let children: Vec<ExprId> = old.iter().map(|c| made[c]).collect();
            let new = if children == old { id } else { g.rebuild(id, &children) };
            made.insert(id, new);
        }
    }
    made[&e]
}

/// Proves each result equal to what the sweep gives.
pub(super) fn equal_to_sweep(
    moves: &Moves<'_>,
    results: &[(ExprId, ExprId)],
    left: &Cell<u64>,
) -> Result<(), Error> {
    let g = moves.g;
    let of_function = |id: ExprId| match g.node(id) {
        Node::Named(_, value) => matches!(g.node(value), Node::Call(..)),
        _ => false,
    };
    let named = |id: ExprId| matches!(g.node(id), Node::Named(..));
    // What holds whatever the named quantities are holds for what they are. Where h = tanh(c), an
    // equation may need that; what c is it rarely needs.
    let hidden: [&dyn Fn(ExprId) -> bool; 3] =
        [&named, &|id| named(id) && !of_function(id), &|_| false];
    let mut open: Vec<(ExprId, ExprId)> = results.iter().copied().filter(|(a, b)| a != b).collect();
    for hidden in hidden {
        let proved = probably(moves, &open, hidden);
        open = open.into_iter().zip(proved).filter(|(_, p)| p.is_none()).map(|(o, _)| o).collect();
        if open.is_empty() {
            return Ok(());
        }
    }
    let context = Context { winners: moves.winners, leaves: Leaves::All };
    for (result, other) in open {
        return Err(match prove_where_defined(g, result, other, &context, left) {
            Verdict::Proved(_) => continue,
            _ if left.get() == 0 => too_much_to_prove(),
            Verdict::Undecided(Reason::TooLarge) => too_large(g, result, other),
            _ => fault(g, "the reverse sweep", result, other),
        });
    }
    Ok(())
}

/// A point where the loss has a value, and the way to others.
pub(super) struct Trial<'a> {
    loss: ExprId,
    points: Points<'a>,
    at: usize,
    left: usize,
}

impl<'a> Trial<'a> {
    /// Finds a point.
    ///
    /// # Errors
    /// Of kind `Domain`, with the operation that has no value at any point.
    pub(super) fn of(moves: &Moves<'_>, derivation: &'a Derivation) -> Result<Trial<'a>, Error> {
        let Derivation { graph: g, loss, values, distributions, .. } = derivation;
        let points = Points::of(g, *loss, values, distributions);
        let mut left = MAX_GROUND_VALUES;
        match first_ground(moves, &points, *loss, 0, &mut left) {
            Ok(at) => Ok(Trial { loss: *loss, points, at, left }),
            Err(_) if left == 0 => Err(too_many_values()),
            Err(error) => Err(no_value(g, *loss, &error)),
        }
    }

    /// Looks whether every pair has values at one point, and equal ones.
    ///
    /// # Errors
    /// Of kind `Internal` where two are apart; `Domain` where at each point something has no value.
    pub(super) fn run(
        mut self,
        moves: &Moves<'_>,
        pairs: impl Iterator<Item = (ExprId, ExprId)> + Clone,
    ) -> Result<(), Error> {
        let g = moves.g;
        let mut first = None;
        for _ in 0..MAX_GROUNDS {
            match see(moves, &self.points, self.at, pairs.clone(), &mut self.left) {
                Seen::Agree => return Ok(()),
                Seen::Differ(nth) => {
                    let (before, after) = pairs.clone().nth(nth).unwrap_or((self.loss, self.loss));
                    return Err(fault(g, "a trial in numbers", before, after));
                }
                Seen::Undefined(_) if self.left == 0 => return Err(too_many_values()),
                Seen::Undefined(error) => {
                    first.get_or_insert(error);
                }
            }
            let next = self.at + 1;
            match first_ground(moves, &self.points, self.loss, next, &mut self.left) {
                Ok(at) => self.at = at,
                Err(_) => break,
            }
        }
        match first {
            Some(error) => Err(no_derivative(g, self.loss, &error)),
            None => Ok(()),
        }
    }
}

/// How many characters of a side an error shows.
const MAX_SHOWN: usize = 300;

/// What is shared may print as a tree of millions of signs; the beginning tells where to look.
fn shown(g: &Graph, e: ExprId) -> String {
    let text = crate::lang::print_formula(g, e);
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The error of a line that nothing speaks against and that is too large to be proved.
pub(super) fn too_large(g: &Graph, before: ExprId, after: ExprId) -> Error {
    let (before, after) = (shown(g, before), shown(g, after));
    Error::new(Kind::Limit, format!("a line is too large to be proved: {before} = {after}"))
        .hint("a shorter chain of fractions and powers has polynomials of a smaller degree")
        .hint("`backproof check` compares the gradients in numbers without proving them")
}

pub(super) fn fault(g: &Graph, what: &str, before: ExprId, after: ExprId) -> Error {
    let (before, after) = (shown(g, before), shown(g, after));
    Error::new(Kind::Internal, format!("{what} does not prove {before} = {after}"))
        .hint("this is a fault of backproof; nothing was printed that is not proved")
}

pub(super) fn too_much_to_prove() -> Error {
    Error::new(
        Kind::Limit,
        format!("the proof of this derivation takes more than {MAX_REPLAY_STEPS} steps"),
    )
    .hint("--wrt asks for fewer derivatives; names for parts of a long formula make it shorter")
    .hint("`backproof check` compares the gradients in numbers without proving them")
}

fn too_many_values() -> Error {
    Error::new(
        Kind::Limit,
        format!("trying this derivation in numbers takes more than {MAX_GROUND_VALUES} values"),
    )
    .hint("--wrt asks for fewer derivatives")
}

/// The error of a network whose loss has no value anywhere.
fn no_value(g: &Graph, loss: ExprId, error: &EvalError) -> Error {
    let show = |e| crate::lang::print_formula(g, e);
    Error::new(
        Kind::Domain,
        format!(
            "{} has no value at any point that was tried: in {}, {}",
            show(loss),
            show(error.node),
            error.fault
        ),
    )
    .hint("give values at which it is defined, with `given`, and they are tried first")
}

fn no_derivative(g: &Graph, loss: ExprId, error: &EvalError) -> Error {
    let show = |e| crate::lang::print_formula(g, e);
    Error::new(
        Kind::Domain,
        format!(
            "{} has values, but its derivatives have none at any point that was tried: in {}, {}",
            show(loss),
            show(error.node),
            error.fault
        ),
    )
    .hint("give values at which they are defined, with `given`, and they are tried first")
}
