//! Replay: every step of a derivation is proved again by code that shares nothing with the
//! rules: exact normal forms over dual numbers, or evaluation in a prime field.
//!
//! In: a derivation. Out: how each step was proved, or the error that one was not. A derivation
//! that does not replay is a fault of backproof and is never shown to anybody.

use super::prove::{Context, How, Leaves, Verdict, prove_where_defined};
use crate::calculus::{Derivation, LemmaId, Role, Step, sweep};
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
/// let mut derivation = backproof::derive(lowered, &backproof::Request { by, updates: false })?;
/// assert!(backproof::replay(&mut derivation).is_ok());
/// derivation.lemmas[0].steps[0].after = derivation.loss;       // tampered with
/// assert!(backproof::replay(&mut derivation).is_err());
/// # Ok::<(), backproof::Error>(())
/// ```
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
    differs_at(g, step.before, step.after, &step.site, step)
        && used.is_none_or(|l| l.goal == step.redex && l.result == step.contractum)
        && step.given.iter().all(|(max, winner)| derivation.winners.get(max) == Some(winner))
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

/// Whether the loss has a value anywhere, given the assumed winners.
pub fn has_value(derivation: &Derivation) -> bool {
    let context = Context { winners: &derivation.winners, leaves: Leaves::All };
    let loss = derivation.loss;
    prove_where_defined(&derivation.graph, loss, loss, &context).is_proved()
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
        if !prove_where_defined(&derivation.graph, *result, other, &context).is_proved() {
            return Err(fault(&derivation.graph, "the reverse sweep", *result, other));
        }
    }
    Ok(())
}

fn fault(g: &Graph, what: &str, before: ExprId, after: ExprId) -> Error {
    let show = |e| crate::lang::print_formula(g, e);
    Error::new(Kind::Internal, format!("{what} does not prove {} = {}", show(before), show(after)))
        .hint("this is a fault of backproof; nothing was printed that is not proved")
}

/// A step is proved if the two sides of its rewrite are equal, since the rest of the line is the
/// same. Where that is undecided, as when one side has no value of its own, the whole lines may
/// still be shown to be equal.
fn step_proof(g: &Graph, step: &Step, context: &Context<'_>) -> Option<StepProof> {
    let how = match prove_where_defined(g, step.redex, step.contractum, context) {
        Verdict::Proved(how) => how,
        Verdict::Refuted(_) => return None,
        Verdict::Undecided(_) => match prove_where_defined(g, step.before, step.after, context) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calculus::{Request, derive};
    use crate::lang::parse_network;
    use crate::lower::lower;

    const NETWORK: &str = "input x, y\nparam w, v\nh = tanh(w*x + v*y)\n\
                           E = (max(h, v*x) - y)^2 / 2 + w^3\nassume max = h";

    fn derivation() -> Derivation {
        let text = NETWORK.replace("max(h, v*x)", "m").replace("E = ", "m = max(h, v*x)\nE = ");
        let net = parse_network(&text.replace("assume max", "assume m")).expect("it is right");
        let lowered = lower(&net).expect("it is small");
        let by = lowered.params.iter().copied().collect();
        derive(lowered, &Request { by, updates: true }).expect("it is small")
    }

    #[test]
    fn what_the_strategy_derives_replays() {
        let mut d = derivation();
        let steps: usize = d.lemmas.iter().map(|l| l.steps.len()).sum();
        let replay = replay(&mut d).expect("it is right");
        assert_eq!(replay.len(), steps);
        assert_eq!(replay.count(StepProof::Assumed), 2, "the max chose its winner twice");
    }

    /// Every way to tamper with a step, at every step: none passes.
    #[test]
    fn a_tampered_step_is_rejected() {
        let lemmas = derivation().lemmas.len();
        let mut tried = 0;
        for lemma in 0..lemmas {
            for n in 0..derivation().lemmas[lemma].steps.len() {
                for how in 0..5 {
                    let mut d = derivation();
                    let two = d.graph.integer(2);
                    let Derivation { graph: g, lemmas, .. } = &mut d;
                    let lemma = &mut lemmas[lemma];
                    let last = n + 1 == lemma.steps.len();
                    let step = &mut lemma.steps[n];
                    match how {
                        // Another line than the rewrite gives.
                        0 => step.after = g.mul([two, step.after]),
                        // A wrong rewrite, carried through.
                        1 if step.site.is_empty() => {
                            step.contractum = g.add([step.contractum, two]);
                            step.after = step.contractum;
                        }
                        // A line that does not follow on the one before.
                        2 => step.before = g.neg(step.before),
                        // Another place.
                        3 => step.site.push(0),
                        // A result that is not the last line.
                        4 if last => lemma.result = g.neg(lemma.result),
                        _ => continue,
                    }
                    if last && how < 2 {
                        lemma.result = lemma.steps[n].after;
                    }
                    tried += 1;
                    assert!(
                        replay(&mut d).is_err(),
                        "lemma step {n} tampered with by {how} passed"
                    );
                }
            }
        }
        assert!(tried > 100, "only {tried} were tried");
    }
}
