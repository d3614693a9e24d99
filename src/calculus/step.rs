//! Derivations as data: lemmas made of steps, each with its rule and the line after it.

use std::collections::BTreeMap;

use crate::expr::{ExprId, Graph, SymbolId, Winners};
use crate::scalar::Rational;

use super::rules::Rule;

/// A handle to a [`Lemma`] of one [`Derivation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LemmaId(pub(super) usize);

impl LemmaId {
    /// The position in [`Derivation::lemmas`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// One rewrite: one rule at one place.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// The rule.
    pub rule: Rule,
    /// Where in the line: the number of the child to take, from the root down.
    pub site: Vec<u32>,
    /// What stood there.
    pub redex: ExprId,
    /// What the rule put there.
    pub contractum: ExprId,
    /// The whole line before.
    pub before: ExprId,
    /// The whole line after.
    pub after: ExprId,
    /// What the letters of the rule stand for here.
    pub bindings: Vec<(&'static str, ExprId)>,
    /// What is given and the step rests on, as (left, right): a max and its assumed winner, or a
    /// sum and 1.
    pub given: Vec<(ExprId, ExprId)>,
    /// The earlier result that the step puts in.
    pub uses: Option<LemmaId>,
    /// Steps with the same number apply the same kind of rule at several places of one line; a
    /// textbook writes them as one line.
    pub batch: u32,
}

/// What a lemma is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// A derivative that was asked for.
    Target,
    /// A derivative that others need and that has a section of its own: one of the loss by a
    /// quantity that several paths share, or one that is too long to be put in.
    Shared,
    /// A derivative on the way, worked out inside the lemma that needs it.
    Aside,
    /// The update of a weight.
    Update,
}

/// `goal = result`, by steps.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Lemma {
    /// What it is for.
    pub role: Role,
    /// The left side; for an update, −η · ∂E/∂w.
    pub goal: ExprId,
    /// The right side of the last line.
    pub result: ExprId,
    /// The steps from one to the other.
    pub steps: Vec<Step>,
}

/// The derivation of some gradients, and everything they rest on.
#[non_exhaustive]
pub struct Derivation {
    /// The expressions of the network and of every line.
    pub graph: Graph,
    /// What is differentiated.
    pub loss: ExprId,
    /// The assumed winners.
    pub winners: Winners,
    /// The given values, where the derivation is tried first.
    pub values: BTreeMap<SymbolId, Rational>,
    /// Cells that sum to 1, as it is given; no cell is in two of them.
    pub distributions: Vec<Vec<ExprId>>,
    /// Every lemma; an aside stands before the lemma that it is part of.
    pub lemmas: Vec<Lemma>,
    /// The lemmas of the derivatives that were asked for, in the order of the request.
    pub targets: Vec<LemmaId>,
    /// The lemmas of the updates of those targets that are weights, in their order; empty if none
    /// were asked for.
    pub updates: Vec<LemmaId>,
    /// The learning rate in the updates.
    pub rate: Option<ExprId>,
}

impl Derivation {
    /// The handles of all lemmas, in order.
    pub fn ids(&self) -> impl Iterator<Item = LemmaId> + use<> {
        (0..self.lemmas.len()).map(LemmaId)
    }

    /// One lemma.
    pub fn lemma(&self, id: LemmaId) -> &Lemma {
        &self.lemmas[id.0]
    }

    /// What ∂loss/∂x is asked for by a target lemma: x.
    pub fn by(&self, id: LemmaId) -> Option<ExprId> {
        match self.graph.node(self.lemma(id).goal) {
            crate::expr::Node::Partial { by, .. } => Some(by),
            _ => None,
        }
    }
}
