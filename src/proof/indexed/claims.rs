//! The claims that the lines of a layer come to, each proved by the first way that reaches.
//!
//! In: pairs of expressions of one graph. Out: for each how strong a proof is, or nothing. What
//! always holds: a claim was proved itself, or one that differs from it in names and in the
//! order of terms and factors alone.

use super::renamed::Renamed;
use super::{StepProof, places};
use crate::expr::{Branches, ExprId, Graph, SymbolId, Winners, evaluate_all};
use crate::proof::local;
use crate::proof::look::Moves;
use crate::proof::prove::{Context, How, Leaves, MAX_STEPS, Verdict, prove_where_defined};
use crate::proof::survey::mixed;
use crate::proof::together::probably_equal_all;

/// How many operations deep both sides of a line are looked into where no number is found at
/// which they have a value.
const LAYER_DEPTH: usize = 40;

/// How many steps of polynomial arithmetic the proof of one line may take at first.
const FEW_STEPS: u64 = 50_000;

/// How strong the proof of each of some claims is. In a larger layer they are tried together, at
/// random points of the prime field and at a point of the reals where they have values; what that
/// does not prove is judged by itself.
pub(super) fn proved_all(
    g: &mut Graph,
    pairs: &[(ExprId, ExprId)],
    together: bool,
    known: &mut Renamed,
) -> Vec<Option<StepProof>> {
    let random = if together { agreeing(g, pairs) } else { None };
    proved_each(g, pairs, random.as_deref(), known)
}

/// Which claims hold at random points of the prime field, where all of them have values at a point
/// of the reals and the bound on the error is a proof.
pub(super) fn agreeing(g: &Graph, pairs: &[(ExprId, ExprId)]) -> Option<Vec<bool>> {
    values_somewhere(g, pairs)?;
    probably_equal_all(g, pairs)
}

/// How strong the proof of each claim is, where it may be known which hold at random points.
pub(super) fn proved_each(
    g: &mut Graph,
    pairs: &[(ExprId, ExprId)],
    random: Option<&[bool]>,
    known: &mut Renamed,
) -> Vec<Option<StepProof>> {
    let mut one = |n: usize| {
        let (before, after) = pairs[n];
        match random {
            _ if before == after => Some(StepProof::Exact),
            Some(agree) if agree[n] => Some(StepProof::Probabilistic),
            _ => proved_once(g, n, before, after, known),
        }
    };
    (0..pairs.len()).map(&mut one).collect()
}

/// How strong the proof of a claim is, or that of one that differs from it in names alone.
fn proved_once(
    g: &mut Graph,
    line: usize,
    before: ExprId,
    after: ExprId,
    known: &mut Renamed,
) -> Option<StepProof> {
    let pattern = known.pattern(g, (before, after));
    let earlier = pattern.as_ref().and_then(|pattern| known.proof(line, pattern));
    let found = earlier.or_else(|| proved(g, before, after));
    if let (None, Some(pattern), Some(proof)) = (earlier, pattern, found) {
        known.note(line, pattern, proof);
    }
    found
}

/// The claims that are not proved by what is seen at their place alone, whatever stands behind
/// it; all, where no point is found at which every side has a value.
pub(super) fn not_plain(g: &Graph, mut claims: Vec<(ExprId, ExprId)>) -> Vec<(ExprId, ExprId)> {
    if values_somewhere(g, &claims).is_some() {
        let winners = Winners::new();
        let moves = Moves::new(g, &winners);
        claims.retain(|(left, right)| !local::is_plain(&moves, *left, *right));
    }
    claims
}

/// How strong a proof of one claim is; `None` where it is no proof.
fn proved(g: &mut Graph, before: ExprId, after: ExprId) -> Option<StepProof> {
    let winners = Winners::new();
    let context = Context { winners: &winners, leaves: Leaves::All };
    let whole = |g: &Graph, steps: u64| {
        let left = std::cell::Cell::new(steps);
        match prove_where_defined(g, before, after, &context, &left) {
            Verdict::Proved(How::Exact) => Some(StepProof::Exact),
            Verdict::Proved(How::Probabilistic { .. }) => Some(StepProof::Probabilistic),
            _ => None,
        }
    };
    // A long normal form is not worth its time where random points prove the same, or where the
    // sides differ in a small place.
    let few = whole(g, FEW_STEPS).or_else(|| places::proof(g, before, after));
    let few = few.or_else(|| with_open_roots(g, before, after));
    let whole = few.or_else(|| whole(g, MAX_STEPS));
    // Where the sides are too large for a number at every point, such as exp of exp of exp, they
    // may still be equal whatever the value of what they share.
    let moves = Moves::new(g, &winners);
    whole.or_else(|| match local::proof_to(&moves, before, after, LAYER_DEPTH, false)? {
        How::Exact => Some(StepProof::Exact),
        How::Probabilistic { .. } => Some(StepProof::Probabilistic),
    })
}

/// A proof whatever stands under the roots, where both sides have a value somewhere.
fn with_open_roots(g: &Graph, before: ExprId, after: ExprId) -> Option<StepProof> {
    values_somewhere(g, &[(before, after)])?;
    let winners = Winners::new();
    let moves = Moves::new(g, &winners);
    match local::proof_with_open_roots(&moves, before, after, MAX_STEPS)? {
        How::Exact => Some(StepProof::Exact),
        How::Probabilistic { .. } => Some(StepProof::Probabilistic),
    }
}

/// The values of every side at a point of the reals where all have one, the left side of each
/// pair before the right; nothing where no such point is found.
pub(super) fn values_somewhere(g: &Graph, pairs: &[(ExprId, ExprId)]) -> Option<Vec<f64>> {
    let roots: Vec<ExprId> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    (0..8u64).find_map(|seed| {
        // Between 0.1 and 1.1: where logarithms and roots have values.
        let at = |s: SymbolId| {
            Some(0.1 + mixed(mixed(seed) ^ s.index() as u64) as f64 / u64::MAX as f64)
        };
        let values = evaluate_all(g, &roots, &at, Branches::default());
        values.ok().filter(|all: &Vec<f64>| all.iter().all(|x| x.is_finite()))
    })
}
