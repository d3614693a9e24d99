//! A network with one mistake in its backward pass: the same network, rebuilt with an operation
//! altered, over the values of the right forward pass.
//!
//! Goes in: a network, its run, and what is done wrong where. Comes out: the gradient that an
//! exact backward pass gives then. What always holds: values are never computed anew, so that only
//! the slopes are those of the mistake.

use std::cmp::Ordering;

use super::pattern::scores;
use crate::concrete::{Decisions, Forward, backward};
use crate::net::{Network, NodeId, Op, Pooling, QuantityId, Shape, Tensor, Window};
use crate::scalar::{Function, Scalar};

/// What is done wrong at a node.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// A function has the slope 1.
    Pass,
    /// A slope that is a formula of the function's value is given that of its value's value.
    AtOutput,
    /// The same is given the argument.
    AtArgument,
    /// A ReLU lets through what is below 0.
    OtherSide,
    /// A softmax passes its adjoint on as it is.
    Straight,
    /// A softmax p multiplies by p(1 − p).
    Diagonal,
    /// Each cell under a window receives the whole adjoint.
    EachCell,
    /// Another kind of pooling.
    Kind(Pooling),
    /// Another window.
    Window(Window),
    /// The last two axes of this operand of a matrix product are exchanged.
    Transposed(usize),
    /// Constant factors and divisors are left out.
    NoConstants,
    /// This operand receives nothing.
    Cut(usize),
    /// This operand receives the negative.
    Negated(usize),
    /// This element of this operand counts as 0.
    Nought(usize, usize),
    /// Of the adjoint only one index along these axes counts, or all but that.
    Item { axes: Vec<usize>, last: bool, index: usize, keep: bool },
    /// The operand, a leaf, has these values in place of its own.
    Values(Vec<f64>),
    /// The slope is this formula of the argument and the value.
    Slope(fn(f64, f64) -> f64),
    /// The exponent is no factor of the slope.
    NoExponent,
    /// Nothing comes back through this definition.
    Detached,
}

/// The gradients by each of `by` with these changes, each at its node; `None` where they have no
/// value.
pub(super) fn gradients(
    net: &Network,
    run: &Forward<f64>,
    by: &[QuantityId],
    changes: &[(NodeId, Change)],
) -> Option<Vec<Vec<f64>>> {
    let mut edit = Edit { net, run, nodes: Vec::new(), values: Vec::new(), of: Vec::new() };
    let mut changed: Vec<NodeId> = Vec::new();
    for (index, tensor) in net.nodes().iter().enumerate() {
        let node = NodeId(index as u32);
        let mut op = tensor.op.with_operands(|a| edit.of[a.index()]);
        let mut values = run.value(node).map(<[f64]>::to_vec);
        // Other values of a leaf are those of its views as well.
        if let Some(viewed) = edit.viewed(&op, &changed) {
            changed.push(NodeId(edit.nodes.len() as u32));
            values = Some(viewed);
        }
        let change = changes.iter().find(|(at, _)| *at == node).map(|(_, change)| change);
        match change {
            Some(Change::Values(replaced)) => {
                values = Some(replaced.clone());
                changed.push(NodeId(edit.nodes.len() as u32));
            }
            None | Some(Change::Item { .. }) => {}
            Some(change) => op = edit.change(node, op, change)?,
        }
        let mut new = edit.push(op, tensor.shape.clone(), values.clone());
        if let Some(Change::Item { axes, last, index, keep }) = change {
            let mask = mask(&tensor.shape, axes, *last, *index, *keep);
            let mask = edit.constant(tensor.shape.clone(), mask);
            new = edit.push(Op::Mul(vec![new, mask]), tensor.shape.clone(), values);
        }
        edit.of.push(new);
    }
    let mut altered = Network { nodes: edit.nodes, assumptions: Vec::new(), ..net.clone() };
    altered.quantities.iter_mut().for_each(|q| q.node = edit.of[q.node.index()]);
    let mut decisions = Decisions::new();
    for (node, decision) in run.decisions().iter() {
        decisions.set(edit.of[node.index()], decision.clone());
    }
    let run = Forward::assembled(&altered, edit.values, decisions)?;
    let found = backward(&altered, &run, by).ok()?;
    by.iter().map(|id| found.of(*id).map(<[f64]>::to_vec)).collect()
}

struct Edit<'a> {
    net: &'a Network,
    run: &'a Forward<f64>,
    nodes: Vec<Tensor>,
    values: Vec<Option<Vec<f64>>>,
    /// What became of each node of the network.
    of: Vec<NodeId>,
}

impl Edit<'_> {
    fn push(&mut self, op: Op, shape: Shape, values: Option<Vec<f64>>) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Tensor { op, shape, span: Default::default() });
        self.values.push(values);
        id
    }

    /// A tensor that no gradient goes through.
    fn constant(&mut self, shape: Shape, values: Vec<f64>) -> NodeId {
        self.push(Op::Leaf(self.net.loss()), shape, Some(values))
    }

    /// What a view of a whole tensor that was changed shows.
    fn viewed(&self, op: &Op, changed: &[NodeId]) -> Option<Vec<f64>> {
        let values =
            |a: &NodeId| changed.contains(a).then(|| self.values[a.index()].clone()).flatten();
        match op {
            Op::Define(_, a) | Op::Reshape(a) => values(a),
            Op::Transpose(a, axes) => {
                let from = &self.nodes[a.index()].shape;
                Some(transposed(from, axes, &values(a)?))
            }
            _ => None,
        }
    }

    /// The operation in place of `op`, whose operands are new already; `None` where the change
    /// makes no sense.
    fn change(&mut self, node: NodeId, mut op: Op, change: &Change) -> Option<Op> {
        let shape = self.net.node(node).shape.clone();
        let own = self.run.value(node).map(<[f64]>::to_vec);
        match (change, &mut op) {
            (Change::Pass, Op::Call(_, a)) => Some(Op::Reshape(*a)),
            (Change::AtOutput, Op::Call(f, a)) => {
                let again = |y: &f64| Some(of_value(*f, y.call(*f).ok()?));
                let slopes = own.iter().flatten().map(again).collect::<Option<_>>()?;
                Some(Op::Mul(vec![*a, self.constant(shape, slopes)]))
            }
            (Change::AtArgument, Op::Call(f, a)) => {
                let x = self.values[a.index()].clone().unwrap_or_default();
                let slopes = x.iter().map(|x| of_value(*f, *x)).collect();
                Some(Op::Mul(vec![*a, self.constant(shape, slopes)]))
            }
            (Change::Slope(formula), Op::Call(_, a)) => {
                let x = self.values[a.index()].clone().unwrap_or_default();
                let slopes = x.iter().zip(own.iter().flatten()).map(|(x, y)| formula(*x, *y));
                let slopes = slopes.collect();
                Some(Op::Mul(vec![*a, self.constant(shape, slopes)]))
            }
            (Change::NoExponent, Op::Pow(_, b)) => {
                let exponent = *self.values[b.index()].as_ref()?.first()?;
                let part = self.constant(Shape::scalar(), vec![1.0 / exponent]);
                let power = self.push(op, shape, own);
                Some(Op::Mul(vec![power, part]))
            }
            (Change::Detached, Op::Define(q, a)) => {
                let shape = self.nodes[a.index()].shape.clone();
                Some(Op::Define(*q, self.constant(shape, own?)))
            }
            (Change::OtherSide, Op::Call(_, a)) => {
                let below = |sign: &Ordering| f64::from(*sign == Ordering::Less);
                let signs = self.run.decisions().signs(node).unwrap_or_default();
                let slopes = signs.iter().map(below).collect();
                Some(Op::Mul(vec![*a, self.constant(shape, slopes)]))
            }
            (Change::Straight, _) => {
                scores(self.net, node).map(|z| Op::Reshape(self.of[z.index()]))
            }
            (Change::Diagonal, _) => {
                let slopes = own.iter().flatten().map(|p| p * (1.0 - p)).collect();
                let factor = self.constant(shape, slopes);
                scores(self.net, node).map(|z| Op::Mul(vec![self.of[z.index()], factor]))
            }
            (Change::EachCell, Op::Pool { kind, size, .. }) => {
                *kind = Pooling::Mean;
                let count = size.iter().product::<usize>() as f64;
                let mean = self.push(op, shape, own);
                let factor = self.constant(Shape::scalar(), vec![count]);
                Some(Op::Mul(vec![mean, factor]))
            }
            (Change::Kind(other), Op::Pool { kind, .. }) => {
                *kind = *other;
                Some(op)
            }
            (Change::Window(other), Op::Conv { window, .. } | Op::Pool { window, .. }) => {
                *window = other.clone();
                Some(op)
            }
            (Change::Transposed(side), Op::MatMul(a, b)) => {
                let operand = if *side == 0 { a } else { b };
                let shape = self.nodes[operand.index()].shape.clone();
                let mut axes: Vec<usize> = (0..shape.rank()).collect();
                axes.swap(shape.rank() - 2, shape.rank() - 1);
                let from = self.values[operand.index()].clone().unwrap_or_default();
                let turned = transposed(&shape, &axes, &from);
                *operand = self.push(Op::Transpose(*operand, axes), shape, Some(turned));
                Some(op)
            }
            (Change::NoConstants, Op::Mul(all)) => {
                let kept = all.iter().filter(|a| !is_number(&self.nodes[a.index()].op));
                Some(Op::Mul(kept.copied().collect()))
            }
            (Change::NoConstants, Op::Div(a, _)) => Some(Op::Mul(vec![*a])),
            (Change::Cut(k), _) => {
                let a = *operands(&mut op).swap_remove(*k);
                let values = self.values[a.index()].clone().unwrap_or_default();
                let cut = self.constant(self.nodes[a.index()].shape.clone(), values);
                *operands(&mut op).swap_remove(*k) = cut;
                Some(op)
            }
            (Change::Negated(k), _) => {
                let a = *operands(&mut op).swap_remove(*k);
                let values = self.values[a.index()].clone();
                let wire = self.push(Op::Neg(a), self.nodes[a.index()].shape.clone(), values);
                *operands(&mut op).swap_remove(*k) = wire;
                Some(op)
            }
            (Change::Nought(k, element), _) => {
                let a = *operands(&mut op).swap_remove(*k);
                let mut values = self.values[a.index()].clone().unwrap_or_default();
                values[*element] = 0.0;
                let shape = self.nodes[a.index()].shape.clone();
                let wire = self.push(Op::Reshape(a), shape, Some(values));
                *operands(&mut op).swap_remove(*k) = wire;
                Some(op)
            }
            _ => None,
        }
    }
}

/// The elements with the axes in another order.
fn transposed<T: Clone>(from: &Shape, axes: &[usize], values: &[T]) -> Vec<T> {
    let to = Shape::new(axes.iter().map(|axis| from.lengths()[*axis]).collect::<Vec<_>>());
    let source = |n: usize| {
        let mut at = vec![0; axes.len()];
        axes.iter().zip(to.index(n)).for_each(|(axis, i)| at[*axis] = i);
        from.position(&at)
    };
    (0..values.len()).filter_map(|n| values.get(source(n)?).cloned()).collect()
}

/// The slope of a function as a formula of its value.
fn of_value(f: Function, y: f64) -> f64 {
    match f {
        Function::Sigmoid => y * (1.0 - y),
        Function::Tanh => 1.0 - y * y,
        _ => y,
    }
}

/// 1 where an element counts, else 0.
fn mask(shape: &Shape, axes: &[usize], last: bool, index: usize, keep: bool) -> Vec<f64> {
    let counts = |n: usize| {
        let at = shape.index(n);
        let wanted = |axis: &usize| if last { shape.lengths()[*axis] - 1 } else { index };
        axes.iter().all(|axis| at[*axis] == wanted(axis)) == keep
    };
    (0..shape.elements()).map(|n| f64::from(counts(n))).collect()
}

pub(super) fn is_number(op: &Op) -> bool {
    matches!(op, Op::Number(_))
}

/// The operands, in order.
pub(super) fn operands(op: &mut Op) -> Vec<&mut NodeId> {
    match op {
        Op::Leaf(_) | Op::Number(_) => Vec::new(),
        Op::Define(_, a)
        | Op::Neg(a)
        | Op::Call(_, a)
        | Op::Max(a, _)
        | Op::Sum(a, _)
        | Op::Element(a, _)
        | Op::Reshape(a)
        | Op::Transpose(a, _)
        | Op::Slice(a, _)
        | Op::Pool { input: a, .. } => vec![a],
        Op::Sub(a, b) | Op::Div(a, b) | Op::Pow(a, b) | Op::MatMul(a, b) => vec![a, b],
        Op::Conv { input, kernel, .. } => vec![input, kernel],
        Op::Add(all) | Op::Mul(all) | Op::MaxOf(all) | Op::Concat(all, _) => {
            all.iter_mut().collect()
        }
    }
}
