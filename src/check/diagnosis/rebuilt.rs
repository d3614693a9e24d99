//! The same network with some of its operations replaced: what somebody else may have computed.
//!
//! Goes in: a network, and for some nodes what is to stand in their place, which may depend on a
//! number. Comes out: a network with the same quantities. What always holds: what stands in the
//! place of a node has its shape, or nothing comes out.

use std::rc::Rc;

use crate::net::{Network, NodeId, Op, Shape, Tensor};
use crate::scalar::{Function, Rational};

/// Makes what stands in the place of a node, for some value of an unknown number.
pub(super) type Make = Rc<dyn Fn(&mut Rebuilt, f64) -> Option<NodeId>>;

/// A network in the making.
pub(super) struct Rebuilt<'a> {
    net: &'a Network,
    nodes: Vec<Tensor>,
    /// What became of each node of the network so far.
    of: Vec<NodeId>,
}

impl<'a> Rebuilt<'a> {
    /// The network with what `sites` make.
    pub fn network(net: &Network, sites: &[(NodeId, Make)], t: f64) -> Option<Network> {
        let mut made = Rebuilt { net, nodes: Vec::new(), of: Vec::new() };
        for (index, tensor) in net.nodes().iter().enumerate() {
            let node = NodeId(index as u32);
            let new = match sites.iter().find(|(at, _)| *at == node) {
                Some((_, make)) => make(&mut made, t)?,
                None => made.same(node),
            };
            if *made.shape(new) != tensor.shape {
                return None;
            }
            made.of.push(new);
        }
        let mut network = Network { nodes: made.nodes, ..net.clone() };
        network.quantities.iter_mut().for_each(|q| q.node = made.of[q.node.index()]);
        network.assumptions.iter_mut().for_each(|a| a.max = made.of[a.max.index()]);
        Some(network)
    }

    /// What became of a node before this one.
    pub fn new_of(&self, old: NodeId) -> NodeId {
        self.of[old.index()]
    }

    pub fn shape(&self, new: NodeId) -> &Shape {
        &self.nodes[new.index()].shape
    }

    pub fn push(&mut self, op: Op, shape: Shape) -> NodeId {
        self.nodes.push(Tensor { op, shape, span: Default::default() });
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// The node as it is.
    pub fn same(&mut self, old: NodeId) -> NodeId {
        let tensor = self.net.node(old);
        let op = tensor.op.with_operands(|a| self.of[a.index()]);
        self.nodes.push(Tensor { op, ..tensor.clone() });
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// The node with another operation on the same operands.
    pub fn with(&mut self, old: NodeId, change: impl FnOnce(&mut Op)) -> NodeId {
        let new = self.same(old);
        change(&mut self.nodes[new.index()].op);
        new
    }

    pub fn number(&mut self, x: f64) -> Option<NodeId> {
        let exact = Rational::from_f64(x).ok()?;
        Some(self.push(Op::Number(exact), Shape::scalar()))
    }

    pub fn call(&mut self, f: Function, a: NodeId) -> NodeId {
        let shape = self.shape(a).clone();
        self.push(Op::Call(f, a), shape)
    }

    /// An operation on two operands that stand beside one another.
    fn elementwise(&mut self, op: Op, a: NodeId, b: NodeId) -> Option<NodeId> {
        let shape = self.shape(a).broadcast(self.shape(b))?;
        Some(self.push(op, shape))
    }

    pub fn add(&mut self, a: NodeId, b: NodeId) -> Option<NodeId> {
        self.elementwise(Op::Add(vec![a, b]), a, b)
    }

    pub fn sub(&mut self, a: NodeId, b: NodeId) -> Option<NodeId> {
        self.elementwise(Op::Sub(a, b), a, b)
    }

    pub fn mul(&mut self, a: NodeId, b: NodeId) -> Option<NodeId> {
        self.elementwise(Op::Mul(vec![a, b]), a, b)
    }

    pub fn div(&mut self, a: NodeId, b: NodeId) -> Option<NodeId> {
        self.elementwise(Op::Div(a, b), a, b)
    }

    /// x times a number.
    pub fn times(&mut self, x: NodeId, factor: f64) -> Option<NodeId> {
        let factor = self.number(factor)?;
        self.mul(x, factor)
    }

    /// The sum along some axes, which keep the length 1.
    pub fn sum(&mut self, a: NodeId, axes: &[usize]) -> NodeId {
        let shape = self.shape(a).clone();
        let lengths = shape.lengths().iter().enumerate();
        let kept = lengths.map(|(i, n)| if axes.contains(&i) { 1 } else { *n });
        let kept = Shape::new(kept.collect::<Vec<_>>());
        let sum = self.push(Op::Sum(a, axes.to_vec()), shape.without(axes));
        self.push(Op::Reshape(sum), kept)
    }

    /// x minus its mean along `axes` if `centred`, over the root of the mean square of that: the
    /// squares are divided by their number less `ddof`; eps stands under the root or beside it.
    pub fn normalised(&mut self, x: NodeId, how: &Normalise) -> Option<NodeId> {
        let count: usize = how.axes.iter().map(|axis| self.shape(x).lengths()[*axis]).product();
        let mut centred = x;
        if how.centred {
            let sum = self.sum(x, &how.axes);
            let mean = self.times(sum, 1.0 / count as f64)?;
            centred = self.sub(x, mean)?;
        }
        let square = self.mul(centred, centred)?;
        let sum = self.sum(square, &how.axes);
        let divisor = count.checked_sub(how.ddof).filter(|n| *n > 0)?;
        let variance = self.times(sum, 1.0 / divisor as f64)?;
        let eps = self.number(how.eps)?;
        let deviation = match how.outside {
            false => {
                let sum = self.add(variance, eps)?;
                self.call(Function::Sqrt, sum)
            }
            true => {
                let root = self.call(Function::Sqrt, variance);
                self.add(root, eps)?
            }
        };
        self.div(centred, deviation)
    }
}

/// How a norm is computed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Normalise {
    pub axes: Vec<usize>,
    pub eps: f64,
    /// Whether the mean is taken off.
    pub centred: bool,
    /// The variance is divided by so many less than the elements.
    pub ddof: usize,
    /// Whether eps is added to the root and not under it.
    pub outside: bool,
}
