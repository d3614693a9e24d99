//! Constructors that do not look for an equal node: [`Append`], whose nodes are never found, and
//! [`Fresh`], whose nodes are, for whoever knows that there is no equal one.

use super::graph::Graph;
use super::node::{ExprId, Node, SymbolId};
use crate::scalar::Function;

/// See [`Graph::append`]. A node made here is never found by a constructor of the graph, so an
/// equal one may come to stand beside it: what compares ids sees two expressions.
pub struct Append<'a> {
    pub(super) g: &'a mut Graph,
}

impl Append<'_> {
    /// `value` under a symbol.
    pub fn named(&mut self, symbol: SymbolId, value: ExprId) -> ExprId {
        self.g.push(Node::Named(symbol, value))
    }

    /// −a.
    pub fn neg(&mut self, a: ExprId) -> ExprId {
        self.g.push(Node::Neg(a))
    }

    /// a − b.
    pub fn sub(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.g.push(Node::Sub(a, b))
    }

    /// a / b.
    pub fn div(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.g.push(Node::Div(a, b))
    }

    /// a to the power b.
    pub fn pow(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.g.push(Node::Pow(a, b))
    }

    /// The sum of `args` in their order.
    pub fn add(&mut self, args: &[ExprId]) -> ExprId {
        self.g.push_args(args, Node::Add)
    }

    /// The product of `args` in their order.
    pub fn mul(&mut self, args: &[ExprId]) -> ExprId {
        self.g.push_args(args, Node::Mul)
    }

    /// An elementary function of `a`.
    pub fn call(&mut self, function: Function, a: ExprId) -> ExprId {
        self.g.push(Node::Call(function, a))
    }

    /// 1 where `arg` wins `max`, else 0.
    ///
    /// # Panics
    /// If `max` is no `Max` node.
    pub fn wins(&mut self, max: ExprId, arg: ExprId) -> ExprId {
        assert!(matches!(self.g.node(max), Node::Max(_)), "wins() is about a max");
        self.g.push(Node::Wins { max, arg })
    }
}

/// See [`Graph::fresh`]. A node is new if one of its children has no parent, if its symbol is, or
/// for whatever other reason its maker has; debug builds hold every one against the table.
pub(crate) struct Fresh<'a> {
    pub(super) g: &'a mut Graph,
}

impl Fresh<'_> {
    pub(super) fn push(&mut self, node: Node) -> ExprId {
        let id = self.g.push(node);
        self.g.list_later(id)
    }

    /// −a.
    pub(crate) fn neg(&mut self, a: ExprId) -> ExprId {
        self.push(Node::Neg(a))
    }

    /// a − b.
    pub(crate) fn sub(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.push(Node::Sub(a, b))
    }

    /// a / b.
    pub(crate) fn div(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.push(Node::Div(a, b))
    }

    /// a to the power b.
    pub(crate) fn pow(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.push(Node::Pow(a, b))
    }

    /// The sum of `args` in their order.
    pub(crate) fn add(&mut self, args: &[ExprId]) -> ExprId {
        let id = self.g.push_args(args, Node::Add);
        self.g.list_later(id)
    }

    /// The product of `args` in their order.
    pub(crate) fn mul(&mut self, args: &[ExprId]) -> ExprId {
        let id = self.g.push_args(args, Node::Mul);
        self.g.list_later(id)
    }

    /// The greatest of `args`, of which there is one.
    pub(crate) fn max(&mut self, args: &[ExprId]) -> ExprId {
        debug_assert!(!args.is_empty(), "a max needs an argument");
        let id = self.g.push_args(args, Node::Max);
        self.g.list_later(id)
    }

    /// An elementary function of `a`.
    pub(crate) fn call(&mut self, function: Function, a: ExprId) -> ExprId {
        self.push(Node::Call(function, a))
    }
}
