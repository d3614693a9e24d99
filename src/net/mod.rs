//! The validated network (floor 1): tensors with shapes, in the order of their definition.
//!
//! A [`Network`] is made by a [`Builder`](struct@Builder) that checks every shape, so whoever
//! reads one may rely on: operands precede their users; shapes fit; every `Define` names a
//! quantity; the loss is a scalar; an assumed winner is a cell of its max.

mod builder;
mod checks;
mod constant;
mod layers;
mod shape;

pub use builder::{Builder, MAX_NODES, MAX_SCALARS};
pub use constant::{MAX_CONSTANT_BITS, MAX_EXPONENT};
pub use layers::{Layer, Parameter, ParameterKind, Setting, layer, layers};
pub use shape::Shape;

pub(crate) use checks::{check_index, continues_name, split_subscript, starts_name};
pub(crate) use constant::{Arithmetic, fold};

use std::collections::BTreeMap;

use crate::diag::Span;
use crate::scalar::{Function, Rational};

/// A handle to a tensor node of one [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The position in the list of nodes; operands have smaller ones.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A handle to a named quantity of one [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuantityId(pub(crate) u32);

impl QuantityId {
    /// The position in the list of quantities, in the order of the source.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a named quantity is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Data that goes in.
    Input,
    /// A weight, which training changes.
    Param,
    /// The output that is wanted.
    Target,
    /// A constant without a value of its own (a learning rate, a margin).
    Const,
    /// A quantity with a definition.
    Defined,
}

/// A named tensor.
#[derive(Clone, Debug)]
pub struct Quantity {
    /// As the source spells it.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Its node: a `Leaf`, or a `Define`.
    pub node: NodeId,
    /// Where its name was declared or defined.
    pub span: Span,
}

/// The geometry of a two-dimensional convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Steps between neighbouring outputs, rows then columns; at least 1.
    pub stride: [usize; 2],
    /// Zeros added on each side, rows then columns.
    pub padding: [usize; 2],
    /// Whether the kernel is turned by 180° (the true convolution) or not (cross-correlation).
    pub flip: bool,
}

/// A tensor operation. Elementwise operations broadcast a scalar operand over the others.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The value of an input, parameter, target or constant.
    Leaf(QuantityId),
    /// An exact number, a scalar.
    Number(Rational),
    /// A quantity's definition; transparent.
    Define(QuantityId, NodeId),
    /// −a, elementwise.
    Neg(NodeId),
    /// a + b + …, elementwise; a `Neg` among the later terms was written as a difference.
    Add(Vec<NodeId>),
    /// a − b, elementwise.
    Sub(NodeId, NodeId),
    /// a · b · …, elementwise.
    Mul(Vec<NodeId>),
    /// a / b, elementwise.
    Div(NodeId, NodeId),
    /// a to the power b, elementwise.
    Pow(NodeId, NodeId),
    /// An elementary function, elementwise.
    Call(Function, NodeId),
    /// The greatest of several scalars; the first of equals wins.
    MaxOf(Vec<NodeId>),
    /// The greatest element of a tensor, a scalar; the first of equals in row-major order wins.
    Max(NodeId),
    /// The sum of all elements, a scalar.
    Sum(NodeId),
    /// One element, a scalar.
    Element(NodeId, Vec<usize>),
    /// `y[a,b] = Σ_{m,n} k[m,n] · x[s₀·a + m − p₀, s₁·b + n − p₁]`, where x is 0 outside itself;
    /// with `flip`, `k[h−1−m, w−1−n]` stands in place of `k[m,n]`. Shapes: x `[H,W]`, k `[h,w]`,
    /// y [⌊(H − h + 2p₀)/s₀⌋ + 1, ⌊(W − w + 2p₁)/s₁⌋ + 1].
    Conv {
        /// x, of shape [H, W].
        input: NodeId,
        /// k, of shape [h, w].
        kernel: NodeId,
        /// Stride, padding, flip.
        window: Window,
    },
}

impl Op {
    /// Calls `visit` with each operand, in order.
    pub fn for_operands(&self, mut visit: impl FnMut(NodeId)) {
        match self {
            Op::Leaf(_) | Op::Number(_) => {}
            Op::Define(_, a)
            | Op::Neg(a)
            | Op::Call(_, a)
            | Op::Max(a)
            | Op::Sum(a)
            | Op::Element(a, _) => visit(*a),
            Op::Sub(a, b) | Op::Div(a, b) | Op::Pow(a, b) => {
                visit(*a);
                visit(*b);
            }
            Op::Conv { input, kernel, .. } => {
                visit(*input);
                visit(*kernel);
            }
            Op::Add(all) | Op::Mul(all) | Op::MaxOf(all) => all.iter().copied().for_each(visit),
        }
    }
}

/// One tensor.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// How it is computed.
    pub op: Op,
    /// Its shape; a scalar has rank 0.
    pub shape: Shape,
    /// Where it was written.
    pub span: Span,
}

/// `assume r_p = c[1,0]`: which cell wins a max.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// A `Max` or `MaxOf` node.
    pub max: NodeId,
    /// Which: the row-major position in the tensor, or the position among the operands.
    pub winner: usize,
    /// Where it was assumed.
    pub span: Span,
}

impl Assumption {
    /// Where in the text it was assumed; `None` for one from elsewhere.
    pub fn place(&self) -> Option<Span> {
        (self.span.start < self.span.end).then_some(self.span)
    }
}

/// A network: its tensors, names, values and assumptions.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) nodes: Vec<Tensor>,
    pub(crate) quantities: Vec<Quantity>,
    pub(crate) loss: QuantityId,
    pub(crate) assumptions: Vec<Assumption>,
    pub(crate) values: BTreeMap<QuantityId, Vec<Rational>>,
}

impl Network {
    /// Every tensor, operands before users.
    pub fn nodes(&self) -> &[Tensor] {
        &self.nodes
    }

    /// One tensor.
    pub fn node(&self, id: NodeId) -> &Tensor {
        &self.nodes[id.index()]
    }

    /// Every named quantity with its handle, in the order of the source.
    pub fn quantities(&self) -> impl Iterator<Item = (QuantityId, &Quantity)> {
        self.quantities.iter().enumerate().map(|(i, q)| (QuantityId(i as u32), q))
    }

    /// One quantity.
    pub fn quantity(&self, id: QuantityId) -> &Quantity {
        &self.quantities[id.index()]
    }

    /// The quantity of that name.
    pub fn find(&self, name: &str) -> Option<QuantityId> {
        self.quantities().find(|(_, q)| q.name == name).map(|(id, _)| id)
    }

    /// The shape of a quantity.
    pub fn shape(&self, id: QuantityId) -> &Shape {
        &self.node(self.quantity(id).node).shape
    }

    /// The quantity that training makes small; a scalar.
    pub fn loss(&self) -> QuantityId {
        self.loss
    }

    /// The weights, in the order of the source.
    pub fn params(&self) -> impl Iterator<Item = QuantityId> {
        self.quantities().filter(|(_, q)| q.role == Role::Param).map(|(id, _)| id)
    }

    /// What is assumed of maxima.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }

    /// The given values, row-major; a quantity without any is absent.
    pub fn values(&self) -> &BTreeMap<QuantityId, Vec<Rational>> {
        &self.values
    }
}
