//! Derivations in indices as data: lemmas made of steps, each with its rule and the line after it.

use super::formula::{Element, Formula, Range, TensorName};
use super::rules::Rule;
use super::system::System;

/// One rewrite: one rule at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexStep {
    /// The rule.
    pub rule: Rule,
    /// Where in the line: the number of the child to take, from the root down.
    pub site: Vec<u32>,
    /// What stood there.
    pub redex: Formula,
    /// What the rule put there. A product put into a product is spliced into it.
    pub contractum: Formula,
    /// The whole line before.
    pub before: Formula,
    /// The whole line after.
    pub after: Formula,
    /// The earlier lemma that the step puts in, by its place in the derivation.
    pub uses: Option<usize>,
    /// Steps with the same number apply the same rule at several places of one line; a textbook
    /// writes them as one line.
    pub batch: u32,
}

/// `∂loss/∂x[a, b] = result` at free indices, by steps.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexLemma {
    /// The element that is differentiated by.
    pub by: Element,
    /// The free indices with their ranges.
    pub free: Vec<Range>,
    /// ∂loss/∂by.
    pub goal: Formula,
    /// The right side of the last line.
    pub result: Formula,
    /// The steps from one to the other.
    pub steps: Vec<IndexStep>,
}

/// The derivatives of a loss by tensors, in indices, and all that they rest on.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexDerivation {
    /// The network.
    pub system: System,
    /// The lemmas, those nearest to the loss first; a lemma uses only those before it.
    pub lemmas: Vec<IndexLemma>,
}

impl IndexDerivation {
    /// The lemma about the derivatives by the elements of that tensor.
    pub fn lemma(&self, name: &TensorName) -> Option<&IndexLemma> {
        self.lemmas.iter().find(|l| l.by.tensor == *name)
    }
}
