//! The nodes of one operation: looked for, or known to be new.

use crate::expr::{ExprId, Graph, Node};
use crate::scalar::Function;

/// Makes nodes in a graph; where `new` says that all of them are, without looking for them.
pub(super) struct Make<'a> {
    pub g: &'a mut Graph,
    pub new: bool,
}

impl Make<'_> {
    pub(super) fn neg(&mut self, a: ExprId) -> ExprId {
        if self.new { self.g.fresh().neg(a) } else { self.g.neg(a) }
    }

    pub(super) fn sub(&mut self, a: ExprId, b: ExprId) -> ExprId {
        if self.new { self.g.fresh().sub(a, b) } else { self.g.sub(a, b) }
    }

    pub(super) fn div(&mut self, a: ExprId, b: ExprId) -> ExprId {
        if self.new { self.g.fresh().div(a, b) } else { self.g.div(a, b) }
    }

    pub(super) fn pow(&mut self, a: ExprId, b: ExprId) -> ExprId {
        if self.new { self.g.fresh().pow(a, b) } else { self.g.pow(a, b) }
    }

    pub(super) fn call(&mut self, f: Function, a: ExprId) -> ExprId {
        if self.new { self.g.fresh().call(f, a) } else { self.g.call(f, a) }
    }

    pub(super) fn add(&mut self, args: &[ExprId]) -> ExprId {
        if self.new { self.g.fresh().add(args) } else { self.g.add(args) }
    }

    pub(super) fn mul(&mut self, args: &[ExprId]) -> ExprId {
        if self.new { self.g.fresh().mul(args) } else { self.g.mul(args) }
    }

    /// The sum of `terms`: a sum of one is that one, and of none is 0.
    pub(super) fn sum(&mut self, terms: &[ExprId]) -> ExprId {
        match terms {
            [] => self.g.integer(0),
            [one] => *one,
            _ => self.add(terms),
        }
    }

    /// The greatest of `args`; of one, that one.
    pub(super) fn max(&mut self, args: &[ExprId]) -> ExprId {
        match args {
            [one] => *one,
            _ if self.new => self.g.fresh().max(args),
            _ => self.g.max(args),
        }
    }

    pub(super) fn node(&self, id: ExprId) -> Node {
        self.g.node(id)
    }
}
