//! A network whose exponentials do not overflow: softmax, log-softmax and cross-entropy as every
//! framework computes them, with the greatest score taken off first.
//!
//! Goes in: a network. Comes out: one with the same quantities and the same values, in which each
//! exponential that only a softmax uses is e^(z − m) for a new constant m. What always holds: the
//! loss and all gradients are the same for every value of m, for e^(z − m)/Σ e^(z − m) is
//! e^z/Σ e^z, and ln Σ e^(z − m) + m is ln Σ e^z; a quantity that somebody asks about keeps its
//! own value.

use std::collections::BTreeSet;

use super::{Network, NodeId, Op, Quantity, QuantityId, Role, Shape, Tensor};
use crate::diag::Span;
use crate::scalar::Function;

/// A network that was made stable.
pub struct Stable {
    /// The network. Its quantities are those of the original, and after them the shifts.
    pub net: Network,
    /// The constants that are taken off.
    pub shifts: Vec<Shift>,
}

/// A constant that is taken off the scores of a softmax before they are exponentiated.
pub struct Shift {
    /// What stands for it; its shape is that of the scores with 1 for the axes of the softmax.
    pub quantity: QuantityId,
    /// The scores.
    pub scores: NodeId,
    /// The axes of the softmax.
    pub axes: Vec<usize>,
}

/// Makes a network stable. The values and gradients of the quantities `keep` stay those of the
/// original; of others, the exponentials inside a softmax, they may be scaled.
pub fn stable(net: &Network, keep: &[QuantityId]) -> Stable {
    let found = Found::new(net, keep);
    let mut made = Made { net, old_to_new: Vec::new(), nodes: Vec::new(), shifts: Vec::new() };
    let mut quantities: Vec<Quantity> = net.quantities.clone();
    for (index, tensor) in net.nodes.iter().enumerate() {
        let node = NodeId(index as u32);
        let new = match &tensor.op {
            Op::Call(Function::Exp, z) if found.shifted.contains(&node) => {
                let axes = found.axes(node);
                made.exponential(*z, axes, tensor, &mut quantities)
            }
            Op::Call(Function::Ln, s) => match (found.sum_of(*s), found.quotient(*s)) {
                (Some(exp), _) => made.log_of_sum(*s, exp, tensor),
                (_, Some((exp, divisor))) => made.log_of_softmax(exp, divisor, tensor),
                _ => made.same(tensor),
            },
            _ => made.same(tensor),
        };
        made.old_to_new.push(new);
    }
    let new = |node: NodeId| made.old_to_new[node.index()];
    for quantity in quantities.iter_mut().take(net.quantities.len()) {
        quantity.node = new(quantity.node);
    }
    let mut assumptions = net.assumptions.clone();
    assumptions.iter_mut().for_each(|a| a.max = new(a.max));
    let shifts = made.shifts.into_iter().map(|(_, shift)| shift).collect();
    Stable {
        net: Network {
            nodes: made.nodes,
            quantities,
            loss: net.loss,
            assumptions,
            normalised: net.normalised.clone(),
            values: net.values.clone(),
        },
        shifts,
    }
}

/// Which exponentials may be shifted.
struct Found<'a> {
    net: &'a Network,
    users: Vec<Vec<NodeId>>,
    shifted: BTreeSet<NodeId>,
    sums: Vec<(NodeId, NodeId)>,
    /// What somebody asks about.
    kept: BTreeSet<NodeId>,
}

impl<'a> Found<'a> {
    fn new(net: &'a Network, keep: &[QuantityId]) -> Found<'a> {
        let mut users = vec![Vec::new(); net.nodes.len()];
        for (index, tensor) in net.nodes.iter().enumerate() {
            tensor.op.for_operands(|operand| users[operand.index()].push(NodeId(index as u32)));
        }
        let kept: BTreeSet<NodeId> = keep.iter().map(|id| net.quantity(*id).node).collect();
        let loss = net.quantity(net.loss).node;
        let mut found =
            Found { net, users, shifted: BTreeSet::new(), sums: Vec::new(), kept: kept.clone() };
        for (index, tensor) in net.nodes.iter().enumerate() {
            let node = NodeId(index as u32);
            if let Op::Call(Function::Exp, _) = tensor.op
                && let Some(sums) = found.softmax(node, &kept, loss)
            {
                found.shifted.insert(node);
                found.sums.extend(sums.into_iter().map(|sum| (sum, node)));
            }
        }
        found
    }

    /// Whatever uses a node, or a definition or another shape of it that nobody asks about.
    fn uses(&self, node: NodeId, barred: &dyn Fn(NodeId) -> bool) -> Option<Vec<(NodeId, NodeId)>> {
        let (mut all, mut open) = (Vec::new(), vec![node]);
        while let Some(of) = open.pop() {
            if barred(of) {
                return None;
            }
            for user in &self.users[of.index()] {
                match &self.net.node(*user).op {
                    Op::Define(..) | Op::Reshape(_) => open.push(*user),
                    _ => all.push((*user, of)),
                }
            }
        }
        Some(all)
    }

    /// The sums of an exponential, if all that is done with it is to be summed along the same axes
    /// and divided by these sums, and all that is done with the sums is that and their logarithm.
    fn softmax(&self, exp: NodeId, kept: &BTreeSet<NodeId>, loss: NodeId) -> Option<Vec<NodeId>> {
        let barred = |node: NodeId| node == loss || kept.contains(&node);
        let (mut sums, mut along): (Vec<NodeId>, Option<&Vec<usize>>) = (Vec::new(), None);
        for (user, of) in self.uses(exp, &barred)? {
            match &self.net.node(user).op {
                Op::Sum(a, axes) if self.plain(*a) == Some(exp) => {
                    if along.is_some_and(|known| known != axes) {
                        return None;
                    }
                    along = Some(axes);
                    sums.push(user);
                }
                Op::Div(a, b) if *a == of && *b != of && self.plain(of) == Some(exp) => {
                    self.behind(*b).filter(|sum| self.sums_to(*sum, exp))?;
                }
                _ => return None,
            }
        }
        for sum in &sums {
            for (user, of) in self.uses(*sum, &barred)? {
                match &self.net.node(user).op {
                    Op::Div(a, b) if *b == of && self.plain(*a) == Some(exp) => {}
                    Op::Call(Function::Ln, _) => {}
                    _ => return None,
                }
            }
        }
        (!sums.is_empty()).then_some(sums)
    }

    fn sums_to(&self, sum: NodeId, exp: NodeId) -> bool {
        matches!(&self.net.node(sum).op, Op::Sum(a, _) if self.plain(*a) == Some(exp))
    }

    /// What a node is by definition.
    fn plain(&self, mut node: NodeId) -> Option<NodeId> {
        while let Op::Define(_, a) = &self.net.node(node).op {
            node = *a;
        }
        Some(node)
    }

    /// What a node is by definition or in another shape.
    fn behind(&self, mut node: NodeId) -> Option<NodeId> {
        while let Op::Define(_, a) | Op::Reshape(a) = &self.net.node(node).op {
            node = *a;
        }
        Some(node)
    }

    fn axes(&self, exp: NodeId) -> Vec<usize> {
        let sum = self.sums.iter().find(|(_, of)| *of == exp);
        match sum.map(|(sum, _)| &self.net.node(*sum).op) {
            Some(Op::Sum(_, axes)) => axes.clone(),
            _ => Vec::new(),
        }
    }

    /// The shifted exponential that a node is the sum of.
    fn sum_of(&self, node: NodeId) -> Option<NodeId> {
        let sum = self.behind(node)?;
        self.sums.iter().find(|(known, _)| *known == sum).map(|(_, exp)| *exp)
    }

    /// The shifted exponential and the divisor that a node is the quotient of, under names that
    /// nobody asks about.
    fn quotient(&self, node: NodeId) -> Option<(NodeId, NodeId)> {
        let quotient = self.plain(node)?;
        let mut named = node;
        while let Op::Define(_, a) = &self.net.node(named).op {
            if self.kept.contains(&named) {
                return None;
            }
            named = *a;
        }
        let Op::Div(a, b) = &self.net.node(quotient).op else { return None };
        let exp = self.plain(*a)?;
        let same = self.shifted.contains(&exp) && self.sum_of(*b) == Some(exp);
        same.then_some((exp, *b))
    }
}

struct Made<'a> {
    net: &'a Network,
    old_to_new: Vec<NodeId>,
    nodes: Vec<Tensor>,
    /// With the exponential that each belongs to.
    shifts: Vec<((NodeId, NodeId, NodeId), Shift)>,
}

impl Made<'_> {
    fn push(&mut self, op: Op, shape: Shape, span: Span) -> NodeId {
        self.nodes.push(Tensor { op, shape, span });
        NodeId(self.nodes.len() as u32 - 1)
    }

    fn new_of(&self, old: NodeId) -> NodeId {
        self.old_to_new[old.index()]
    }

    fn same(&mut self, tensor: &Tensor) -> NodeId {
        let op = tensor.op.with_operands(|old| self.new_of(old));
        self.push(op, tensor.shape.clone(), tensor.span)
    }

    /// e^(z − m).
    fn exponential(
        &mut self,
        z: NodeId,
        axes: Vec<usize>,
        tensor: &Tensor,
        quantities: &mut Vec<Quantity>,
    ) -> NodeId {
        let exp = NodeId(self.old_to_new.len() as u32);
        let scores = self.new_of(z);
        let lengths = tensor.shape.lengths().iter().enumerate();
        let one = |(axis, length): (usize, &usize)| if axes.contains(&axis) { 1 } else { *length };
        let shape = Shape::new(lengths.map(one).collect::<Vec<_>>());
        let quantity = QuantityId(quantities.len() as u32);
        let node = self.push(Op::Leaf(quantity), shape, tensor.span);
        let name = format!("the greatest score number {}", self.shifts.len() + 1);
        quantities.push(Quantity { name, role: Role::Const, node, span: tensor.span });
        let less = self.push(Op::Sub(scores, node), tensor.shape.clone(), tensor.span);
        let new = self.push(Op::Call(Function::Exp, less), tensor.shape.clone(), tensor.span);
        self.shifts.push(((exp, node, less), Shift { quantity, scores, axes }));
        new
    }

    fn shift_of(&self, exp: NodeId) -> Option<(NodeId, NodeId)> {
        let known = self.shifts.iter().find(|((of, ..), _)| *of == exp);
        known.map(|((_, leaf, less), _)| (*leaf, *less))
    }

    /// ln Σ e^(z − m) + m.
    fn log_of_sum(&mut self, sum: NodeId, exp: NodeId, tensor: &Tensor) -> NodeId {
        let Some((leaf, _)) = self.shift_of(exp) else { return self.same(tensor) };
        let (shape, span) = (&tensor.shape, tensor.span);
        let sum = self.new_of(sum);
        let ln = self.push(Op::Call(Function::Ln, sum), shape.clone(), span);
        let shift = self.push(Op::Reshape(leaf), shape.clone(), span);
        self.push(Op::Add(vec![ln, shift]), shape.clone(), span)
    }

    /// (z − m) − ln Σ e^(z − m), for the logarithm of a softmax, which may be too small to be there.
    fn log_of_softmax(&mut self, exp: NodeId, divisor: NodeId, tensor: &Tensor) -> NodeId {
        let Some((_, less)) = self.shift_of(exp) else { return self.same(tensor) };
        let of_divisor = self.net.node(divisor).shape.clone();
        let divisor = self.new_of(divisor);
        let ln = self.push(Op::Call(Function::Ln, divisor), of_divisor, tensor.span);
        self.push(Op::Sub(less, ln), tensor.shape.clone(), tensor.span)
    }
}
