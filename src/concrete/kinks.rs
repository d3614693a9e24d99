//! What a forward pass decides where a function has a kink: who wins a max, which side of 0 an
//! argument lies on.
//!
//! A pass over ordered numbers makes [`Decisions`]; a pass over a prime field, which has no
//! order, replays them. Two runs with equal decisions were on the same smooth piece of the loss,
//! which is what a difference quotient has to know.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::net::NodeId;
use crate::scalar::Function;

/// What was decided at one node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// For each element of a `Max` or a `Pool` that takes the max, its winner's row-major position
    /// in the operand; of a `MaxOf`, its position among the operands.
    Winners(Vec<usize>),
    /// The sign of each element of the argument of |x|, ReLU, sign or step.
    Signs(Vec<Ordering>),
}

/// What was decided at every node with a kink that the loss is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions(BTreeMap<NodeId, Decision>);

impl Decisions {
    /// Nothing decided yet.
    pub fn new() -> Decisions {
        Decisions::default()
    }

    /// What was decided at a node.
    pub fn get(&self, node: NodeId) -> Option<&Decision> {
        self.0.get(&node)
    }

    /// The winner of each element of a max, as in [`Decision::Winners`].
    pub fn winners(&self, max: NodeId) -> Option<&[usize]> {
        match self.get(max) {
            Some(Decision::Winners(winners)) => Some(winners),
            _ => None,
        }
    }

    /// The signs of the elements of the argument of a function with a kink.
    pub fn signs(&self, call: NodeId) -> Option<&[Ordering]> {
        match self.get(call) {
            Some(Decision::Signs(signs)) => Some(signs),
            _ => None,
        }
    }

    /// Decides a node, in place of what was decided there before: for a tie that is to be broken
    /// another way, and for an assumed winner.
    pub fn set(&mut self, node: NodeId, decision: Decision) {
        self.0.insert(node, decision);
    }

    /// Every decision, in the order of the nodes.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Decision)> {
        self.0.iter().map(|(node, decision)| (*node, decision))
    }
}

/// How a forward pass decides.
#[derive(Clone, Copy, Debug, Default)]
pub enum Decide<'a> {
    /// By the values; the first of equals wins a max. Assumptions of the network are not looked
    /// at: the caller compares them with what came out.
    #[default]
    ByValue,
    /// As another run did.
    Recorded(&'a Decisions),
}

/// A place where the loss may have no gradient, because a decision was a close call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kink {
    /// A `Max`, a `MaxOf`, a `Pool` or the `Call` of a function with a kink.
    pub node: NodeId,
    /// Which element of that node, row-major.
    pub element: usize,
    /// What happens there.
    pub kind: KinkKind,
}

/// How a decision was close.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KinkKind {
    /// These arguments of a max are all equal to the greatest; at least two, in order. The first
    /// was taken.
    Tie(Vec<usize>),
    /// The argument of |x|, ReLU, sign or step is exactly 0; the slope 0 was taken.
    Zero(Function),
}
