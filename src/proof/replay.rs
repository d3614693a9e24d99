//! Replay: every step of a derivation is proved again by code that shares no rule with
//! what made it: exact normal forms over dual numbers, or evaluation in a prime field.
//!
//! In: a derivation. Out: how each step was proved, or the error that one was not. A derivation
//! that does not replay is a fault of backproof and is never shown to anybody.

use std::cell::Cell;

use rustc_hash::{FxHashMap, FxHashSet};

use super::against::{Trial, equal_to_sweep, fault, swept, too_large, too_much_to_prove};
use super::local;
use super::look::Moves;
use super::paths::Paths;
use super::prove::{Context, How, Leaves, Reason, Verdict, prove_where_defined};
use crate::calculus::{Derivation, LemmaId, Step};
use crate::diag::Error;
use crate::expr::{ExprId, Graph, Node};

/// How many steps of polynomial arithmetic all the steps of a derivation may take that are not
/// proved at their place.
pub const MAX_REPLAY_STEPS: u64 = 16_000_000;

/// How a step was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepProof {
    /// By equality of exact normal forms.
    Exact,
    /// By evaluation at random points of a prime field.
    Probabilistic,
    /// Exactly, given an assumed winner; or it is given itself, as the sum of a distribution is.
    Assumed,
}

impl StepProof {
    /// The word for it in JSON.
    pub fn name(self) -> &'static str {
        match self {
            StepProof::Exact => "exact",
            StepProof::Probabilistic => "probabilistic",
            StepProof::Assumed => "assumed",
        }
    }
}

/// How every step of every lemma was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    steps: Vec<Vec<StepProof>>,
}

impl Replay {
    /// How step `n` of a lemma was proved.
    pub fn verdict(&self, lemma: LemmaId, n: usize) -> StepProof {
        self.steps[lemma.index()][n]
    }

    /// How many steps were proved.
    pub fn len(&self) -> usize {
        self.steps.iter().map(Vec::len).sum()
    }

    /// How many steps were proved in one way.
    pub fn count(&self, proof: StepProof) -> usize {
        self.steps.iter().flatten().filter(|v| **v == proof).count()
    }

    /// Whether there was nothing to prove.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Replays every step, and proves the last line of every ∂loss/∂x equal to the gradient that the
/// reverse sweep gives.
///
/// # Errors
/// Of kind `Domain` where the loss, or its derivatives, have no value at any point that was
/// tried; `Limit` past [`MAX_REPLAY_STEPS`], or where a line is too large to be decided; `Internal`, naming the rule, the line before and the line after, where a step does
/// not hold, does not follow on the line before it, or a result differs from the sweep's.
///
/// ```
/// let net = backproof::parse_network(
///     "input x
///      param w
///      target t
///      y = w*x
///      E = (t - y)^2 / 2",
/// )?;
/// let lowered = backproof::lower(&net)?;
/// let by = lowered.of(net.find("w").unwrap()).to_vec();
/// let mut derivation = backproof::derive(lowered, &backproof::Request::default().with(|ask| ask.by = by))?;
/// assert!(backproof::replay(&mut derivation).is_ok());
/// derivation.lemmas[0].steps[0].after = derivation.loss;       // tampered with
/// assert!(backproof::replay(&mut derivation).is_err());
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn replay(derivation: &mut Derivation) -> Result<Replay, Error> {
    let results = swept(derivation);
    let derivation = &*derivation;
    let g = &derivation.graph;
    let mut prover = Prover {
        derivation,
        moves: Moves::new(g, &derivation.winners),
        paths: None,
        known: FxHashMap::default(),
        left: Cell::new(MAX_REPLAY_STEPS),
    };
    let trial = Trial::of(&prover.moves, derivation)?;
    let mut steps = Vec::with_capacity(derivation.lemmas.len());
    for (at, lemma) in derivation.lemmas.iter().enumerate() {
        let mut line = lemma.goal;
        let mut proofs = Vec::with_capacity(lemma.steps.len());
        for step in &lemma.steps {
            let follows = step.before == line && is_one_rewrite(derivation, step);
            let proof = if follows { prover.step(at, step)? } else { None };
            let Some(proof) = proof else {
                return Err(fault(g, step.rule.name(), step.before, step.after));
            };
            proofs.push(proof);
            line = step.after;
        }
        if line != lemma.result {
            return Err(fault(g, "the last line", line, lemma.result));
        }
        steps.push(proofs);
    }
    // A result may speak of derivatives that have lemmas of their own, proved above.
    let proved = prover.moves.with_results(in_order(derivation));
    equal_to_sweep(&proved, &results, &prover.left)?;
    let rewrites = derivation.lemmas.iter().flat_map(|l| &l.steps).map(|s| (s.redex, s.contractum));
    trial.run(&prover.moves, rewrites.chain(results.iter().copied()))?;
    Ok(Replay { steps })
}

/// The result of each derivative, as far as it speaks only of derivatives before it, so that
/// putting results in for derivatives comes to an end.
fn in_order(derivation: &Derivation) -> FxHashMap<ExprId, ExprId> {
    let g = &derivation.graph;
    let mut all = FxHashMap::default();
    for lemma in &derivation.lemmas {
        let mut seen = FxHashSet::default();
        let mut stack = vec![lemma.result];
        let mut later = false;
        while let Some(id) = stack.pop() {
            match g.node(id) {
                Node::Partial { .. } => later |= !all.contains_key(&id),
                // What is behind a name is the network.
                Node::Named(..) => {}
                _ => g.for_children(id, |c| {
                    if seen.insert(c) {
                        stack.push(c);
                    }
                }),
            }
        }
        if !later {
            all.entry(lemma.goal).or_insert(lemma.result);
        }
    }
    all
}

/// What the proofs of the steps of one derivation share.
struct Prover<'a> {
    derivation: &'a Derivation,
    moves: Moves<'a>,
    paths: Option<Paths>,
    /// What was proved at its place, for the same rewrite is made for many weights.
    known: FxHashMap<(ExprId, ExprId), Option<How>>,
    left: Cell<u64>,
}

impl Prover<'_> {
    /// A step is proved if the two sides of its rewrite are equal, since the rest of the line is
    /// the same. An earlier result was proved before; a sum over paths holds by the shape of the
    /// graph; most others by what is seen at their place. Where that is not enough, everything
    /// that the two sides stand for is looked at, and at last the whole lines.
    fn step(&mut self, lemma: usize, step: &Step) -> Result<Option<StepProof>, Error> {
        let (before, after) = (step.redex, step.contractum);
        if step.given.contains(&(before, after)) && is_given_sum(self.derivation, before, after) {
            return Ok(Some(StepProof::Assumed));
        }
        let proved_before = step.uses.is_some_and(|used| used.index() < lemma);
        let how = match proved_before || self.by_paths(before, after) {
            true => Some(How::Exact),
            false => *self
                .known
                .entry((before, after))
                .or_insert_with(|| local::proof(&self.moves, before, after)),
        };
        let how = match how {
            Some(how) => how,
            None => match self.at_large(before, after)? {
                Verdict::Proved(how) => how,
                Verdict::Refuted(_) => return Ok(None),
                Verdict::Undecided(at_place) => match self.at_large(step.before, step.after)? {
                    Verdict::Proved(how) => how,
                    // Nothing speaks against it, but more stands behind it than can be looked at.
                    Verdict::Undecided(whole) if [at_place, whole].contains(&Reason::TooLarge) => {
                        return Err(too_large(self.moves.g, step.before, step.after));
                    }
                    Verdict::Refuted(_) | Verdict::Undecided(_) => return Ok(None),
                },
            },
        };
        Ok(Some(match how {
            _ if !step.given.is_empty() => StepProof::Assumed,
            How::Exact => StepProof::Exact,
            How::Probabilistic { .. } => StepProof::Probabilistic,
        }))
    }

    fn by_paths(&mut self, before: ExprId, after: ExprId) -> bool {
        let (g, loss) = (self.moves.g, self.derivation.loss);
        let of_loss = matches!(g.node(before), Node::Partial { of, .. } if of == loss);
        let product = matches!(g.node(after), Node::Mul(_) | Node::Add(_));
        of_loss
            && product
            && self.paths.get_or_insert_with(|| Paths::to(&self.moves, loss)).prove(
                &self.moves,
                before,
                after,
            )
    }

    fn at_large(&self, before: ExprId, after: ExprId) -> Result<Verdict, Error> {
        let context = Context { winners: self.moves.winners, leaves: Leaves::All };
        let verdict = prove_where_defined(self.moves.g, before, after, &context, &self.left);
        match verdict {
            Verdict::Undecided(_) if self.left.get() == 0 => Err(too_much_to_prove()),
            verdict => Ok(verdict),
        }
    }
}

/// Whether a step changes what stands at its site and nothing else, and puts in no other result
/// than the one that it names.
fn is_one_rewrite(derivation: &Derivation, step: &Step) -> bool {
    let g = &derivation.graph;
    let used = step.uses.map(|id| derivation.lemma(id));
    differs_at(g, step.before, step.after, &step.site, step)
        && used.is_none_or(|l| l.goal == step.redex && l.result == step.contractum)
        && step.given.iter().all(|(left, right)| {
            derivation.winners.get(left) == Some(right) || is_given_sum(derivation, *left, *right)
        })
}

/// Whether `left` is a sum of cells that is given, and `right` the number 1.
fn is_given_sum(derivation: &Derivation, left: ExprId, right: ExprId) -> bool {
    let g = &derivation.graph;
    let Node::Add(args) = g.node(left) else { return false };
    let sorted = |cells: &[ExprId]| {
        let mut cells = cells.to_vec();
        cells.sort_unstable();
        cells
    };
    let terms = sorted(g.args(args));
    g.as_number(right).is_some_and(|q| q.is_one())
        && derivation.distributions.iter().any(|cells| sorted(cells) == terms)
}

/// Whether `after` is `before` with the contractum in the place of the redex at `site`; a product
/// that was put into a product may be spliced into it, and a sum into a sum. Nothing is rewritten
/// under ∂, behind a name or inside a max, where equal parts do not make equal wholes.
fn differs_at(g: &Graph, before: ExprId, after: ExprId, site: &[u32], step: &Step) -> bool {
    let Some((first, rest)) = site.split_first() else {
        return before == step.redex && after == step.contractum;
    };
    let slot = *first as usize;
    let (old, new) = (g.children(before), g.children(after));
    if !same_kind(g, before, after) || slot >= old.len() {
        return false;
    }
    let Some(tail) = (new.len() + 1).checked_sub(old.len()).filter(|n| *n > 0) else {
        return false;
    };
    let around = old[..slot] == new[..slot.min(new.len())] && old[slot + 1..] == new[slot + tail..];
    if !around {
        return false;
    }
    if tail == 1 && differs_at(g, old[slot], new[slot], rest, step) {
        return true;
    }
    // Spliced: what stands in the slot now are the parts of a product or sum of its own.
    let spliced = &new[slot..slot + tail];
    let flat = matches!(g.node(before), Node::Add(_) | Node::Mul(_));
    flat && rest.is_empty()
        && old[slot] == step.redex
        && same_kind(g, before, step.contractum)
        && g.children(step.contractum) == spliced
}

/// Whether two expressions are the same operation, apart from their arguments, and one inside
/// which equals may be put for equals.
fn same_kind(g: &Graph, a: ExprId, b: ExprId) -> bool {
    match (g.node(a), g.node(b)) {
        (Node::Neg(_), Node::Neg(_))
        | (Node::Sub(..), Node::Sub(..))
        | (Node::Div(..), Node::Div(..))
        | (Node::Pow(..), Node::Pow(..))
        | (Node::Add(_), Node::Add(_))
        | (Node::Mul(_), Node::Mul(_)) => true,
        (Node::Call(f, _), Node::Call(h, _)) => f == h,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
