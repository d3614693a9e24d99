//! Networks built node by node for tests, without the language and its builder. Goes in: one
//! operation after the other, with the shape of its result. Comes out: a [`Network`].

use std::collections::BTreeMap;

use crate::diag::Span;
use crate::net::{Network, NodeId, Op, Quantity, QuantityId, Role, Shape, Tensor, Window};
use crate::scalar::Rational;

/// A network under construction. Node n gets the span n..n+1, so that a test sees where an error
/// points.
#[derive(Default)]
pub(crate) struct Sketch {
    nodes: Vec<Tensor>,
    quantities: Vec<Quantity>,
}

impl Sketch {
    pub(crate) fn leaf(&mut self, name: &str, role: Role, shape: &[usize]) -> NodeId {
        let id = QuantityId(self.quantities.len() as u32);
        let node = self.op(Op::Leaf(id), Shape::new(shape));
        self.name(name, role, node);
        node
    }

    pub(crate) fn define(&mut self, name: &str, value: NodeId) -> NodeId {
        let id = QuantityId(self.quantities.len() as u32);
        let node = self.op(Op::Define(id, value), self.shape(value).clone());
        self.name(name, Role::Defined, node);
        node
    }

    pub(crate) fn op(&mut self, op: Op, shape: Shape) -> NodeId {
        let n = self.nodes.len();
        self.nodes.push(Tensor { op, shape, span: Span::new(n, n + 1) });
        NodeId(n as u32)
    }

    /// An operation whose result is a scalar.
    pub(crate) fn scalar(&mut self, op: Op) -> NodeId {
        self.op(op, Shape::scalar())
    }

    /// The sum of all elements.
    pub(crate) fn sum(&mut self, a: NodeId) -> NodeId {
        let axes = (0..self.shape(a).rank()).collect();
        self.scalar(Op::Sum(a, axes))
    }

    /// The greatest of all elements.
    pub(crate) fn max(&mut self, a: NodeId) -> NodeId {
        let axes = (0..self.shape(a).rank()).collect();
        self.scalar(Op::Max(a, axes))
    }

    pub(crate) fn number(&mut self, text: &str) -> NodeId {
        let q: Rational = text.parse().expect("tests write numbers");
        self.scalar(Op::Number(q))
    }

    pub(crate) fn conv(&mut self, input: NodeId, kernel: NodeId, window: Window) -> NodeId {
        let side = |axis: usize| {
            let length = |id: NodeId| self.shape(id).lengths()[axis];
            let room = length(input) + window.padding[axis].iter().sum::<usize>() - length(kernel);
            room / window.stride[axis] + 1
        };
        let shape = Shape::new([side(0), side(1)]);
        self.op(Op::Conv { input, kernel, window }, shape)
    }

    pub(crate) fn shape(&self, node: NodeId) -> &Shape {
        &self.nodes[node.index()].shape
    }

    /// The network whose loss is `loss`, called `E`.
    pub(crate) fn finish(mut self, loss: NodeId) -> Network {
        self.define("E", loss);
        let loss = QuantityId(self.quantities.len() as u32 - 1);
        Network {
            nodes: self.nodes,
            quantities: self.quantities,
            loss,
            assumptions: Vec::new(),
            normalised: Vec::new(),
            values: BTreeMap::new(),
        }
    }

    fn name(&mut self, name: &str, role: Role, node: NodeId) {
        let span = self.nodes[node.index()].span;
        self.quantities.push(Quantity { name: name.to_string(), role, node, span });
    }
}

/// The article's network: c = conv(i, w, stride: 2, flip: true), r_p = max(c), r_fc = w_fc·r_p,
/// E = (t − r_fc)²/2, with i of 4×4 and w of 2×2.
pub(crate) fn article() -> Network {
    let mut s = Sketch::default();
    let i = s.leaf("i", Role::Input, &[4, 4]);
    let w = s.leaf("w", Role::Param, &[2, 2]);
    let w_fc = s.leaf("w_fc", Role::Param, &[]);
    let t = s.leaf("t", Role::Target, &[]);
    let conv = s.conv(i, w, Window { stride: vec![2, 2], flip: true, ..Window::plain(2) });
    let c = s.define("c", conv);
    let max = s.max(c);
    let r_p = s.define("r_p", max);
    let product = s.scalar(Op::Mul(vec![w_fc, r_p]));
    let r_fc = s.define("r_fc", product);
    let difference = s.scalar(Op::Sub(t, r_fc));
    let two = s.number("2");
    let square = s.scalar(Op::Pow(difference, two));
    let half = s.scalar(Op::Div(square, two));
    s.finish(half)
}
