//! Constructors that do not look for an equal node: [`Append`], whose nodes are never found, and
//! [`Fresh`], whose nodes are, for whoever knows that there is no equal one. Whoever makes nodes
//! in either way asks [`Graph::making`](super::Graph), whose [`Append`] looks where it is told to.

use super::graph::Graph;
use super::node::{Args, ExprId, Node, SymbolId};
use super::nodes::List;
use crate::scalar::Function;

/// See [`Graph::append`]. A node made here is never found by a constructor of the graph, so an
/// equal one may come to stand beside it: what compares ids sees two expressions.
pub struct Append<'a> {
    pub(super) g: &'a mut Graph,
    /// Whether it does look for an equal node after all.
    pub(super) look: bool,
}

impl Append<'_> {
    #[inline]
    fn push(&mut self, node: Node) -> ExprId {
        if self.look { self.g.intern(node) } else { self.g.push(node) }
    }

    #[inline]
    fn push_list(&mut self, list: List, args: &[ExprId]) -> ExprId {
        match self.look {
            true => self.g.intern_args(list, args),
            false => self.g.nodes_mut().push_list(list, args),
        }
    }

    /// `value` under a symbol.
    pub fn named(&mut self, symbol: SymbolId, value: ExprId) -> ExprId {
        self.push(Node::Named(symbol, value))
    }

    /// −a.
    pub fn neg(&mut self, a: ExprId) -> ExprId {
        self.push(Node::Neg(a))
    }

    /// a − b.
    pub fn sub(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.push(Node::Sub(a, b))
    }

    /// a / b.
    pub fn div(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.push(Node::Div(a, b))
    }

    /// a to the power b.
    pub fn pow(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.push(Node::Pow(a, b))
    }

    /// The sum of `args` in their order.
    pub fn add(&mut self, args: &[ExprId]) -> ExprId {
        self.push_list(List::Add, args)
    }

    /// Takes memory for so many nodes and arguments of lists at once, and not bit by bit.
    pub(crate) fn reserve(&mut self, nodes: usize, args: usize) {
        self.g.nodes_mut().reserve(nodes, args);
    }

    /// Room for so many terms of sums to come; the place of the first.
    pub(crate) fn room(&mut self, terms: usize) -> u32 {
        self.g.nodes_mut().room(terms)
    }

    /// Puts a term down at a place where there is room.
    pub(crate) fn put(&mut self, place: u32, term: ExprId) {
        self.g.nodes_mut().put(place, term);
    }

    /// The sum of so many terms that were put down from there on; of one, that one.
    pub(crate) fn sum_there(&mut self, start: u32, len: u32) -> ExprId {
        let args = Args { start, len };
        match self.g.args(args) {
            [one] => *one,
            list if self.look => {
                let list = list.to_vec();
                self.add(&list)
            }
            _ => self.g.nodes_mut().push_pooled(List::Add, args),
        }
    }

    /// The product of `args` in their order.
    pub fn mul(&mut self, args: &[ExprId]) -> ExprId {
        self.push_list(List::Mul, args)
    }

    /// An elementary function of `a`.
    pub fn call(&mut self, function: Function, a: ExprId) -> ExprId {
        self.push(Node::Call(function, a))
    }

    /// 1 where `arg` wins `max`, else 0.
    ///
    /// # Panics
    /// If `max` is no `Max` node.
    pub fn wins(&mut self, max: ExprId, arg: ExprId) -> ExprId {
        assert!(matches!(self.g.node(max), Node::Max(_)), "wins() is about a max");
        self.push(Node::Wins { max, arg })
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

    fn push_list(&mut self, list: List, args: &[ExprId]) -> ExprId {
        let id = self.g.nodes_mut().push_list(list, args);
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
        self.push_list(List::Add, args)
    }

    /// The product of `args` in their order.
    pub(crate) fn mul(&mut self, args: &[ExprId]) -> ExprId {
        self.push_list(List::Mul, args)
    }

    /// The greatest of `args`, of which there is one.
    pub(crate) fn max(&mut self, args: &[ExprId]) -> ExprId {
        debug_assert!(!args.is_empty(), "a max needs an argument");
        self.push_list(List::Max, args)
    }

    /// An elementary function of `a`.
    pub(crate) fn call(&mut self, function: Function, a: ExprId) -> ExprId {
        self.push(Node::Call(function, a))
    }
}
