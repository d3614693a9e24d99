//! The validated network (floor 1): tensors with shapes, in the order of their definition.
//!
//! A [`Network`] is made by a [`Builder`](struct@Builder) that checks every shape, so whoever
//! reads one may rely on: operands precede their users; shapes fit; every `Define` names a
//! quantity; the loss is a scalar; an assumed winner is a cell of its max.

mod builder;
mod checks;
mod constant;
mod distributions;
mod given;
mod layers;
mod mask;
mod shape;
mod stable;

pub(crate) use builder::with_parts;
#[doc(hidden)]
pub use builder::{Builder, MAX_NODES, MAX_SCALARS, MAX_WINDOW_STEP};
#[doc(hidden)]
pub use constant::{MAX_CONSTANT_BITS, MAX_EXPONENT};
#[doc(hidden)]
pub use layers::{Layer, Parameter, ParameterKind, Preset, Setting, layer, layers};
#[doc(hidden)]
pub use mask::MASKED;
pub use shape::Shape;
pub(crate) use stable::{Shift, Stable, stable};

pub(crate) use checks::{check_index, continues_name, goes, split_subscript, starts_name};
pub(crate) use constant::{Arithmetic, fold};
pub(crate) use given::class_numbers;

use std::collections::BTreeMap;

use crate::diag::Span;
use crate::scalar::{Function, Rational};
use crate::spell::looks;

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
#[non_exhaustive]
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
#[non_exhaustive]
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

#[doc(hidden)]
/// How a window moves over the spatial axes of a tensor: one entry for each of them, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Steps between neighbouring outputs; at least 1.
    pub stride: Vec<usize>,
    /// Cells added before and after; zeros for a convolution and a mean, nothing for a max.
    pub padding: Vec<[usize; 2]>,
    /// Steps between neighbouring cells under one window; at least 1.
    pub dilation: Vec<usize>,
    /// In how many groups the channels of a convolution fall; at least 1.
    pub groups: usize,
    /// Whether a kernel is turned by 180° (the true convolution) or not (cross-correlation).
    pub flip: bool,
}

impl Window {
    /// A window over `axes` spatial axes: stride 1, dilation 1, no padding, one group, no flip.
    pub fn plain(axes: usize) -> Window {
        Window {
            stride: vec![1; axes],
            padding: vec![[0, 0]; axes],
            dilation: vec![1; axes],
            groups: 1,
            flip: false,
        }
    }

    /// The index along a spatial axis of length `length` that offset `offset` of the window at
    /// place `output` stands on; `None` in the padding.
    pub fn cell(&self, axis: usize, output: usize, offset: usize, length: usize) -> Option<usize> {
        let padded = output * self.stride[axis] + offset * self.dilation[axis];
        padded.checked_sub(self.padding[axis][0]).filter(|i| *i < length)
    }

    /// How many spatial axes.
    pub fn axes(&self) -> usize {
        self.stride.len()
    }
}

/// What a pooling makes of the cells under its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pooling {
    /// The greatest; the first of equals in row-major order wins. Padding never wins.
    Max,
    /// Their sum, the padding being 0, divided by the size of the window.
    Mean,
    /// Their sum, divided by how many of them lie inside the tensor.
    MeanInside,
}

#[doc(hidden)]
/// Which indices of an axis a slice takes: `start`, `start + step`, …, `count` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// The first.
    pub start: usize,
    /// From one to the next; at least 1.
    pub step: usize,
    /// How many; at least 1.
    pub count: usize,
}

#[doc(hidden)]
/// A tensor operation. Elementwise operations broadcast as NumPy does: shapes are aligned at
/// their last axes, and an axis of length 1, or one that is missing, stands beside every index.
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
    /// The greatest along some axes, which the result has no more; the first of equals in
    /// row-major order wins. The axes ascend; there is at least one.
    Max(NodeId, Vec<usize>),
    /// The sum along some axes, which the result has no more. The axes ascend; there is at least
    /// one.
    Sum(NodeId, Vec<usize>),
    /// One element, a scalar.
    Element(NodeId, Vec<usize>),
    /// The same elements, in row-major order, in the tensor's own shape.
    Reshape(NodeId),
    /// The axes in another order: axis i of the result is axis `1[i]` of the operand.
    Transpose(NodeId, Vec<usize>),
    /// Some indices of each axis; the rank stays.
    Slice(NodeId, Vec<Range>),
    /// The parts one after the other along an axis; along the others they have equal lengths.
    Concat(Vec<NodeId>, usize),
    /// NumPy's matrix product: `y[…, i, j] = Σ_m a[…, i, m] · b[…, m, j]`, where axes before the
    /// last two broadcast. An operand of rank 1 is a row on the left, a column on the right, and
    /// the result lacks the axis that this adds.
    MatMul(NodeId, NodeId),
    /// Along each spatial axis, with stride s, padding p before, dilation d:
    /// `y[…, o, a, …] = Σ_{c, m, …} k[o, c, m, …] · x[…, C·g + c, s·a + d·m − p, …]`, where x is
    /// 0 outside itself, and the output channels fall into groups of equal size, of which o
    /// lies in number g; C is the second length of k. With `flip`, `K − 1 − m` stands in place of
    /// m in the index of k, K being its length.
    ///
    /// Shapes: x `[spatial…]`, k `[spatial…]` without channels; else k `[O, C, spatial…]` and x
    /// `[groups·C, spatial…]` or `[N, groups·C, spatial…]`. Each spatial length of y is
    /// ⌊(n + before + after − d·(K − 1) − 1)/s⌋ + 1.
    Conv {
        /// x.
        input: NodeId,
        /// k.
        kernel: NodeId,
        /// Stride, padding, dilation, groups, flip.
        window: Window,
    },
    /// The max or mean of the cells under a window that moves over the last axes; the geometry
    /// is that of [`Op::Conv`], with one group. Every window has a cell inside the tensor.
    Pool {
        /// Max or mean.
        kind: Pooling,
        /// What is pooled.
        input: NodeId,
        /// The lengths of the window.
        size: Vec<usize>,
        /// Stride, padding, dilation.
        window: Window,
    },
}

impl Op {
    /// The same operation on other operands.
    pub(crate) fn with_operands(&self, new: impl Fn(NodeId) -> NodeId) -> Op {
        let list = |all: &[NodeId]| all.iter().map(|a| new(*a)).collect::<Vec<_>>();
        match self {
            Op::Leaf(_) | Op::Number(_) => self.clone(),
            Op::Define(q, a) => Op::Define(*q, new(*a)),
            Op::Neg(a) => Op::Neg(new(*a)),
            Op::Add(all) => Op::Add(list(all)),
            Op::Sub(a, b) => Op::Sub(new(*a), new(*b)),
            Op::Mul(all) => Op::Mul(list(all)),
            Op::Div(a, b) => Op::Div(new(*a), new(*b)),
            Op::Pow(a, b) => Op::Pow(new(*a), new(*b)),
            Op::Call(f, a) => Op::Call(*f, new(*a)),
            Op::MaxOf(all) => Op::MaxOf(list(all)),
            Op::Max(a, axes) => Op::Max(new(*a), axes.clone()),
            Op::Sum(a, axes) => Op::Sum(new(*a), axes.clone()),
            Op::Element(a, at) => Op::Element(new(*a), at.clone()),
            Op::Reshape(a) => Op::Reshape(new(*a)),
            Op::Transpose(a, axes) => Op::Transpose(new(*a), axes.clone()),
            Op::Slice(a, ranges) => Op::Slice(new(*a), ranges.clone()),
            Op::Concat(all, axis) => Op::Concat(list(all), *axis),
            Op::MatMul(a, b) => Op::MatMul(new(*a), new(*b)),
            Op::Conv { input, kernel, window } => {
                Op::Conv { input: new(*input), kernel: new(*kernel), window: window.clone() }
            }
            Op::Pool { kind, input, size, window } => Op::Pool {
                kind: *kind,
                input: new(*input),
                size: size.clone(),
                window: window.clone(),
            },
        }
    }

    /// Calls `visit` with each operand, in order.
    pub fn for_operands(&self, mut visit: impl FnMut(NodeId)) {
        match self {
            Op::Leaf(_) | Op::Number(_) => {}
            Op::Define(_, a)
            | Op::Neg(a)
            | Op::Call(_, a)
            | Op::Max(a, _)
            | Op::Sum(a, _)
            | Op::Element(a, _)
            | Op::Reshape(a)
            | Op::Transpose(a, _)
            | Op::Slice(a, _)
            | Op::Pool { input: a, .. } => visit(*a),
            Op::Sub(a, b) | Op::Div(a, b) | Op::Pow(a, b) | Op::MatMul(a, b) => {
                visit(*a);
                visit(*b);
            }
            Op::Conv { input, kernel, .. } => {
                visit(*input);
                visit(*kernel);
            }
            Op::Add(all) | Op::Mul(all) | Op::MaxOf(all) | Op::Concat(all, _) => {
                all.iter().copied().for_each(visit)
            }
        }
    }
}

#[doc(hidden)]
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

#[doc(hidden)]
/// `assume r_p = c[1,0]`: which cell wins a max.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// A `Max`, a `MaxOf` or a `Pool` that takes the max.
    pub max: NodeId,
    /// Which of its elements, row-major; 0 for a scalar.
    pub element: usize,
    /// The winner: the row-major position in the tensor that the max is taken of, or the
    /// position among the operands of a `MaxOf`.
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

#[doc(hidden)]
/// `assume sum(t) = 1`: the elements of a leaf sum to 1 along some axes, as a distribution's do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normalised {
    /// A quantity without a definition.
    pub quantity: QuantityId,
    /// The axes of the sum; they ascend.
    pub axes: Vec<usize>,
    /// Where it was assumed.
    pub span: Span,
}

/// A network: its tensors, names, values and assumptions.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) nodes: Vec<Tensor>,
    pub(crate) quantities: Vec<Quantity>,
    pub(crate) loss: QuantityId,
    pub(crate) assumptions: Vec<Assumption>,
    pub(crate) normalised: Vec<Normalised>,
    pub(crate) values: BTreeMap<QuantityId, Vec<Rational>>,
}

impl Network {
    #[doc(hidden)]
    /// Every tensor, operands before users.
    pub fn nodes(&self) -> &[Tensor] {
        &self.nodes
    }

    #[doc(hidden)]
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

    /// The first quantity that a reader could not tell from one of that name, in some format.
    pub(crate) fn find_alike(&self, name: &str) -> Option<QuantityId> {
        let all = looks(name);
        let mut quantities = self.quantities();
        let found = quantities.find(|(_, q)| looks(&q.name).iter().zip(&all).any(|(a, b)| a == b));
        found.map(|(id, _)| id)
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

    #[doc(hidden)]
    /// What is assumed of maxima.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }

    #[doc(hidden)]
    /// What is assumed of sums: the distributions.
    pub fn normalised(&self) -> &[Normalised] {
        &self.normalised
    }

    /// The given values, row-major; a quantity without any is absent.
    pub fn values(&self) -> &BTreeMap<QuantityId, Vec<Rational>> {
        &self.values
    }
}
