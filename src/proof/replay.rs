//! Replay: every step of a derivation is proved again by code that shares nothing with the
//! rules: exact normal forms over dual numbers, or evaluation in a prime field.
//!
//! In: a derivation. Out: how each step was proved, or the error that one was not. A derivation
//! that does not replay is a fault of backproof and is never shown to anybody.

use super::prove::{Context, How, Leaves, Verdict, prove_in};
use crate::calculus::{Derivation, LemmaId, Role, Step, subterm, sweep};
use crate::diag::{Error, Kind};
use crate::expr::{ExprId, Graph, Node};

/// How a step was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepProof {
    /// By equality of exact normal forms.
    Exact,
    /// By evaluation at random points of a prime field.
    Probabilistic,
    /// Exactly, given an assumed winner.
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
/// Of kind `Internal`, naming the rule, the line before and the line after, where a step does
/// not hold, does not follow on the line before it, or a result differs from the sweep's.
pub fn replay(derivation: &mut Derivation) -> Result<Replay, Error> {
    let mut steps = Vec::with_capacity(derivation.lemmas.len());
    for lemma in &derivation.lemmas {
        let g = &derivation.graph;
        let context = Context { winners: &derivation.winners, leaves: Leaves::All };
        let mut line = lemma.goal;
        let mut proofs = Vec::with_capacity(lemma.steps.len());
        for step in &lemma.steps {
            let follows = step.before == line && is_one_rewrite(derivation, step);
            let proof = if follows { step_proof(g, step, &context) } else { None };
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
    against_sweep(derivation)?;
    Ok(Replay { steps })
}

/// Whether a step changes what stands at its site and nothing else, and puts in no other result
/// than the one that it names.
fn is_one_rewrite(derivation: &Derivation, step: &Step) -> bool {
    let g = &derivation.graph;
    let used = step.uses.map(|id| derivation.lemma(id));
    subterm(g, step.before, &step.site) == Some(step.redex)
        && used.is_none_or(|l| l.goal == step.redex && l.result == step.contractum)
        && step.given.iter().all(|(max, winner)| derivation.winners.get(max) == Some(winner))
}

/// Proves the last line of every ∂loss/∂x equal to the gradient that the reverse sweep gives:
/// what a derivation whose steps nobody sees has to pass.
///
/// # Errors
/// Of kind `Internal`, with both expressions, where a result differs from the sweep's.
pub fn against_sweep(derivation: &mut Derivation) -> Result<(), Error> {
    let loss = derivation.loss;
    let results: Vec<(ExprId, ExprId)> = derivation
        .lemmas
        .iter()
        .filter(|l| matches!(l.role, Role::Target | Role::Shared))
        .filter_map(|l| match derivation.graph.node(l.goal) {
            Node::Partial { by, .. } => Some((by, l.result)),
            _ => None,
        })
        .collect();
    let by: Vec<ExprId> = results.iter().map(|(x, _)| *x).collect();
    let swept = sweep::gradients(&mut derivation.graph, loss, &by, &derivation.winners);
    for ((_, result), other) in results.iter().zip(swept) {
        let context = Context { winners: &derivation.winners, leaves: Leaves::All };
        if !prove_in(&derivation.graph, *result, other, &context).is_proved() {
            return Err(fault(&derivation.graph, "the reverse sweep", *result, other));
        }
    }
    Ok(())
}

fn fault(g: &Graph, what: &str, before: ExprId, after: ExprId) -> Error {
    let show = |e| crate::lang::print_formula(g, e);
    Error::new(
        Kind::Internal,
        format!("{what} does not prove {} = {}", show(before), show(after)),
    )
    .hint("this is a fault of backproof; nothing was printed that is not proved")
}

/// A step is proved whole line against whole line. Where the line is too large for that, it is
/// enough that the two sides of the rewrite are equal, the rest of the line being the same.
fn step_proof(g: &Graph, step: &Step, context: &Context<'_>) -> Option<StepProof> {
    let how = match prove_in(g, step.before, step.after, context) {
        Verdict::Proved(how) => how,
        Verdict::Refuted(_) => return None,
        Verdict::Undecided(_) => match prove_in(g, step.redex, step.contractum, context) {
            Verdict::Proved(how) => how,
            _ => return None,
        },
    };
    Some(match how {
        _ if !step.given.is_empty() => StepProof::Assumed,
        How::Exact => StepProof::Exact,
        How::Probabilistic { .. } => StepProof::Probabilistic,
    })
}
