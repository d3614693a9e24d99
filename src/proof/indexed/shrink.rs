//! A layer at smaller sizes: the same operations on shorter axes.
//!
//! Axes that must be equally long form a class. What the operations themselves fix (windows,
//! groups, slices, axes of length 1) stays; an axis under a window becomes as long as a few
//! places of the window need; any other becomes 2 to 4 long, so that no two need be equal. A
//! layer whose axes are tied in a way that this does not see is not shrunk.

use std::collections::BTreeMap;

use super::layer::copy;
use crate::net::{Builder, Network, NodeId, Op, Range, Shape, Window};
use crate::scalar::Rational;

/// How a length follows from others.
enum Rule {
    /// The places of a window of that size along that axis of it.
    Places { window: Window, axis: usize, size: usize },
    /// The product of the lengths.
    Product,
    /// Their sum.
    Sum,
}

struct Tie {
    result: usize,
    of: Vec<usize>,
    rule: Rule,
}

/// Axes in classes of equal length.
struct Axes {
    start: Vec<usize>,
    parent: Vec<usize>,
    length: Vec<usize>,
    fixed: Vec<bool>,
    /// What a mean is taken along; two would make 2/N vanish, which it does not in a large layer.
    averaged: Vec<bool>,
    ties: Vec<Tie>,
}

impl Axes {
    fn new(net: &Network) -> Axes {
        let (mut start, mut length) = (Vec::new(), Vec::new());
        for tensor in net.nodes() {
            start.push(length.len());
            length.extend_from_slice(tensor.shape.lengths());
        }
        let count = length.len();
        Axes {
            start,
            parent: (0..count).collect(),
            fixed: vec![false; count],
            averaged: vec![false; count],
            length,
            ties: vec![],
        }
    }

    fn axis(&self, id: NodeId, axis: usize) -> usize {
        self.start[id.index()] + axis
    }

    fn root(&self, mut axis: usize) -> usize {
        while self.parent[axis] != axis {
            axis = self.parent[axis];
        }
        axis
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
    }

    fn fix(&mut self, axis: usize) {
        self.fixed[axis] = true;
    }

    /// Aligned at their last axes; an axis of length 1 stands beside every index.
    fn broadcast(&mut self, net: &Network, operand: NodeId, result: NodeId, last: [usize; 2]) {
        let (a, b) = (net.node(operand).shape.rank(), net.node(result).shape.rank());
        let (own, all) = (a.saturating_sub(last[0]), b.saturating_sub(last[1]));
        for k in 1..=own.min(all) {
            let (x, y) = (self.axis(operand, own - k), self.axis(result, all - k));
            if self.length[x] == self.length[y] {
                self.join(x, y);
            }
        }
    }

    fn tie(&mut self, net: &Network, id: NodeId) {
        let tensor = net.node(id);
        let rank = tensor.shape.rank();
        match &tensor.op {
            Op::Leaf(_) | Op::Number(_) => {}
            Op::Define(..)
            | Op::Neg(_)
            | Op::Call(..)
            | Op::Add(_)
            | Op::Sub(..)
            | Op::Mul(_)
            | Op::Div(..)
            | Op::Pow(..)
            | Op::MaxOf(_) => {
                let mut operands = Vec::new();
                tensor.op.for_operands(|a| operands.push(a));
                for a in operands {
                    self.broadcast(net, a, id, [0, 0]);
                }
                if let Some((of, axes)) = mean(net, id) {
                    axes.iter().for_each(|i| {
                        let axis = self.axis(of, *i);
                        self.averaged[axis] = true;
                    });
                }
            }
            Op::Max(a, axes) | Op::Sum(a, axes) => {
                let kept = (0..net.node(*a).shape.rank()).filter(|i| !axes.contains(i));
                for (own, axis) in kept.enumerate() {
                    self.join(self.axis(id, own), self.axis(*a, axis));
                }
            }
            Op::Element(a, at) => (0..at.len()).for_each(|i| self.fix(self.axis(*a, i))),
            Op::Transpose(a, axes) => {
                for (own, axis) in axes.iter().enumerate() {
                    self.join(self.axis(id, own), self.axis(*a, *axis));
                }
            }
            Op::Slice(a, ranges) => {
                for (i, range) in ranges.iter().enumerate() {
                    let (own, from) = (self.axis(id, i), self.axis(*a, i));
                    if is_whole(range, self.length[from]) {
                        self.join(own, from);
                    } else {
                        self.fix(own);
                        self.fix(from);
                    }
                }
            }
            Op::Concat(parts, axis) => {
                for part in parts {
                    for i in (0..rank).filter(|i| i != axis) {
                        self.join(self.axis(id, i), self.axis(*part, i));
                    }
                }
                let of = parts.iter().map(|p| self.axis(*p, *axis)).collect();
                self.ties.push(Tie { result: self.axis(id, *axis), of, rule: Rule::Sum });
            }
            Op::Reshape(a) => self.reshape(net, *a, id),
            Op::MatMul(a, b) => {
                let (left, right) = (net.node(*a).shape.rank(), net.node(*b).shape.rank());
                let (row, column) = (usize::from(left > 1), usize::from(right > 1));
                self.join(self.axis(*a, left - 1), self.axis(*b, right - 1 - column));
                if row == 1 {
                    self.join(self.axis(*a, left - 2), self.axis(id, rank - 1 - column));
                }
                if column == 1 {
                    self.join(self.axis(*b, right - 1), self.axis(id, rank - 1));
                }
                self.broadcast(net, *a, id, [1 + row, row + column]);
                self.broadcast(net, *b, id, [1 + column, row + column]);
            }
            Op::Conv { input, kernel, window } => {
                let axes = window.axes();
                let of_kernel = net.node(*kernel).shape.rank();
                let before = rank - axes;
                for axis in 0..axes {
                    let tap = self.axis(*kernel, of_kernel - axes + axis);
                    self.fix(tap);
                    let size = self.length[tap];
                    self.places(*input, id, before + axis, window, axis, size);
                }
                if of_kernel > axes {
                    let (filter, channel) = (self.axis(*kernel, 0), self.axis(*kernel, 1));
                    let (output, source) =
                        (self.axis(id, before - 1), self.axis(*input, before - 1));
                    self.join(filter, output);
                    if window.groups == 1 {
                        self.join(channel, source);
                    } else {
                        [filter, channel, source].into_iter().for_each(|a| self.fix(a));
                    }
                    if before > 1 {
                        self.join(self.axis(*input, 0), self.axis(id, 0));
                    }
                }
            }
            Op::Pool { input, size, window, .. } => {
                let before = rank - size.len();
                for i in 0..before {
                    self.join(self.axis(id, i), self.axis(*input, i));
                }
                for (axis, length) in size.iter().enumerate() {
                    self.places(*input, id, before + axis, window, axis, *length);
                }
            }
        }
    }

    fn places(
        &mut self,
        input: NodeId,
        id: NodeId,
        own: usize,
        window: &Window,
        axis: usize,
        size: usize,
    ) {
        let rule = Rule::Places { window: window.clone(), axis, size };
        let of = vec![self.axis(input, own)];
        self.ties.push(Tie { result: self.axis(id, own), of, rule });
    }

    /// One axis that becomes several, or several that become one, follow from one another;
    /// anything else stays.
    fn reshape(&mut self, net: &Network, from: NodeId, to: NodeId) {
        let long = |id: NodeId| -> Vec<usize> {
            let lengths = net.node(id).shape.lengths();
            (0..lengths.len()).filter(|i| lengths[*i] != 1).map(|i| self.axis(id, i)).collect()
        };
        let (old, new) = (long(from), long(to));
        let lengths =
            |axes: &[usize]| -> Vec<usize> { axes.iter().map(|a| self.length[*a]).collect() };
        if lengths(&old) == lengths(&new) {
            old.into_iter().zip(new).for_each(|(a, b)| self.join(a, b));
            return;
        }
        // Leading axes that stay, such as a batch.
        let same = old.iter().zip(&new).take_while(|(a, b)| self.length[**a] == self.length[**b]);
        let same = same.count();
        for (a, b) in old[..same].iter().zip(&new[..same]) {
            self.join(*a, *b);
        }
        let (old, new) = (&old[same..], &new[same..]);
        match (old, new) {
            (several, [one]) | ([one], several) => {
                self.ties.push(Tie { result: *one, of: several.to_vec(), rule: Rule::Product });
            }
            _ => old.iter().chain(new).for_each(|a| self.fix(*a)),
        }
    }

    /// Lengths for all axes; `variant` makes them differ.
    fn choose(&self, variant: usize) -> Option<Vec<usize>> {
        let count = self.parent.len();
        let root: Vec<usize> = (0..count).map(|a| self.root(a)).collect();
        let mut fixed = vec![false; count];
        for axis in 0..count {
            fixed[root[axis]] |= self.fixed[axis] || self.length[axis] == 1;
        }
        // What follows from others and must stay keeps the others as they are.
        let mut more = true;
        while more {
            more = false;
            for tie in &self.ties {
                if fixed[root[tie.result]] {
                    for of in &tie.of {
                        more |= !std::mem::replace(&mut fixed[root[*of]], true);
                    }
                }
            }
        }
        let mut averaged = vec![false; count];
        for axis in 0..count {
            averaged[root[axis]] |= self.averaged[axis];
        }
        // Beside a skip, a window leaves an axis as long as it was: that follows from itself.
        let leaves = |t: &Tie| t.of.iter().any(|of| root[*of] == root[t.result]);
        let follows: Vec<usize> =
            self.ties.iter().filter(|t| !leaves(t)).map(|t| root[t.result]).collect();
        let mut chosen: BTreeMap<usize, usize> = BTreeMap::new();
        for axis in (0..count).filter(|a| root[*a] == *a) {
            if fixed[axis] {
                chosen.insert(axis, self.length[axis]);
            } else if !follows.contains(&axis) {
                let under = self.ties.iter().filter(|t| root[t.of[0]] == axis);
                let needed = under.filter_map(|t| needed(t, variant)).max();
                let plain = 2 + usize::from(averaged[axis]) + (chosen.len() + variant) % 3;
                chosen.insert(axis, needed.unwrap_or(plain).min(self.length[axis]));
            }
        }
        // Ties are in the order of the operations, so what they rest on is known.
        for tie in &self.ties {
            let of: Option<Vec<usize>> =
                tie.of.iter().map(|a| chosen.get(&root[*a]).copied()).collect();
            let result = tie.result(&of?)?;
            if *chosen.entry(root[tie.result]).or_insert(result) != result {
                return None;
            }
        }
        (0..count).map(|a| chosen.get(&root[a]).copied()).collect()
    }
}

impl Tie {
    fn result(&self, of: &[usize]) -> Option<usize> {
        match &self.rule {
            Rule::Product => Some(of.iter().product()),
            Rule::Sum => Some(of.iter().sum()),
            Rule::Places { window, axis, size } => {
                let [before, after] = window.padding[*axis];
                let reach = (size - 1) * window.dilation[*axis] + 1;
                let room = (of.first()? + before + after).checked_sub(reach)?;
                Some(room / window.stride[*axis] + 1)
            }
        }
    }
}

/// How long an axis must be for a few places of its window: more than the window is long where
/// places overlap at every step, as in a large layer.
fn needed(tie: &Tie, variant: usize) -> Option<usize> {
    let Rule::Places { window, axis, size } = &tie.rule else { return None };
    let stride = window.stride[*axis];
    let reach = (size - 1) * window.dilation[*axis] + 1;
    let few = 2 + (variant + axis) % 2;
    let places = if stride == 1 { (size + 1).max(few) } else { few };
    let padded = (places - 1) * stride + reach;
    let [before, after] = window.padding[*axis];
    // Where the padding alone holds places, at least a few cells are left, as there are many in a
    // large layer: an axis of length 1 would have no letter.
    Some(padded.saturating_sub(before + after).max(2 + variant % 2))
}

/// What a mean is taken of, and along which axes: the node is a sum over the number of its terms.
fn mean(net: &Network, id: NodeId) -> Option<(NodeId, &[usize])> {
    let Op::Div(sum, count) = &net.node(id).op else { return None };
    let (Op::Sum(of, axes), Op::Number(n)) = (&net.node(*sum).op, &net.node(*count).op) else {
        return None;
    };
    (*n == terms(&net.node(*of).shape, axes)).then_some((*of, axes.as_slice()))
}

/// How many cells a sum along some axes has.
fn terms(shape: &Shape, axes: &[usize]) -> Rational {
    let count: usize = axes.iter().map(|i| shape.lengths()[*i]).product();
    Rational::from(i64::try_from(count).unwrap_or(i64::MAX))
}

fn is_whole(range: &Range, length: usize) -> bool {
    range.start == 0 && range.step == 1 && range.count == length
}

/// The same network on shorter axes; `None` where that does not work out.
pub(super) fn shrunk(net: &Network, variant: usize) -> Option<Network> {
    let mut axes = Axes::new(net);
    let ids: Vec<NodeId> = (0..net.nodes().len()).map(|n| NodeId(n as u32)).collect();
    for id in &ids {
        axes.tie(net, *id);
    }
    let lengths = axes.choose(variant)?;
    let shape = |id: NodeId| {
        let start = axes.start[id.index()];
        Shape::new(lengths[start..start + net.node(id).shape.rank()].to_vec())
    };
    let mut b = Builder::new();
    let mut made: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for id in ids {
        let tensor = net.node(id);
        let new = match &tensor.op {
            Op::Leaf(q) => {
                let quantity = net.quantity(*q);
                let leaf = b.declare(quantity.role, &quantity.name, shape(id)).ok()?;
                b.node_of(leaf)
            }
            Op::Define(q, value) => {
                let defined = b.define(&net.quantity(*q).name, made[value]).ok()?;
                b.node_of(defined)
            }
            Op::Slice(a, ranges) => {
                let old = net.node(*a).shape.lengths();
                let new = shape(*a);
                let all = ranges.iter().zip(old.iter().zip(new.lengths()));
                let ranges: Vec<Range> = all
                    .map(|(r, (old, new))| match is_whole(r, *old) {
                        true => Range { start: 0, step: 1, count: *new },
                        false => *r,
                    })
                    .collect();
                b.slice(made[a], &ranges).ok()?
            }
            Op::Div(sum, _) if mean(net, id).is_some() => {
                let (of, axes) = mean(net, id)?;
                // A mean stays one.
                let count = b.number(&terms(&shape(of), axes)).ok()?;
                b.div(made[sum], count).ok()?
            }
            op => copy(&mut b, op, &shape(id), &made).ok()?,
        };
        if *b.shape(new) != shape(id) {
            return None;
        }
        made.insert(id, new);
    }
    b.set_loss(b.find(&net.quantity(net.loss()).name)?).ok()?;
    b.finish().ok()
}
