//! Which mistakes somebody can make in the backward pass of a network: the simplest first, each
//! with the places where it can be made. In goes a network, out comes a list to try.

use super::altered::{Change, is_number, softmax};
use super::{Cause, MAX_MISTAKES, Mistake};
use crate::check::kinks;
use crate::check::report::Cell;
use crate::net::{Network, NodeId, Op, Pooling, QuantityId, Window};
use crate::scalar::Function;

/// Axes of at most so many indices are tried index by index, longer ones at both ends.
const MAX_ITEMS: usize = 8;
/// Tensors of at most so many elements are tried element by element.
const MAX_TAPS: usize = 36;

/// One thing to try.
pub(super) struct Candidate {
    pub cause: Cause,
    pub change: Change,
    pub sites: Vec<NodeId>,
}

/// Everything that can be tried for the gradient by `by`. `needed` tells which nodes the loss is
/// made of.
pub(super) fn candidates(
    net: &Network,
    by: QuantityId,
    needed: impl Fn(NodeId) -> bool,
) -> Vec<Candidate> {
    let moves = moving(net, by);
    let active = |n: &NodeId| moves[n.index()] && needed(*n);
    let sites: Vec<NodeId> = (0..net.nodes().len() as u32).map(NodeId).filter(active).collect();
    let mut list = List { net, owners: owners(net), found: Vec::new() };
    list.functions(&sites);
    list.windows(&sites);
    list.products(&sites);
    list.paths(&sites, &moves);
    list.items(&sites, &moves);
    list.taps(&sites, &moves);
    list.found
}

/// Which nodes depend on a quantity.
fn moving(net: &Network, by: QuantityId) -> Vec<bool> {
    let mut moves = vec![false; net.nodes().len()];
    for (index, tensor) in net.nodes().iter().enumerate() {
        let mut moved = index == net.quantity(by).node.index();
        tensor.op.for_operands(|a| moved |= moves[a.index()]);
        moves[index] = moved;
    }
    moves
}

/// The quantity whose definition each node without a name is a part of.
fn owners(net: &Network) -> Vec<Option<QuantityId>> {
    let mut owners = vec![None; net.nodes().len()];
    for (index, tensor) in net.nodes().iter().enumerate().rev() {
        if let Op::Define(id, _) = tensor.op {
            owners[index] = Some(id);
        }
        let owner = owners[index];
        tensor.op.for_operands(|a| owners[a.index()] = owner);
    }
    owners
}

struct List<'a> {
    net: &'a Network,
    owners: Vec<Option<QuantityId>>,
    found: Vec<Candidate>,
}

impl List<'_> {
    /// What a reader calls the definition that a node stands in.
    fn place(&self, node: NodeId) -> String {
        let owner = self.owners[node.index()];
        owner.map_or_else(|| kinks::name(self.net, node), |q| self.net.quantity(q).name.clone())
    }

    /// What a reader calls an operand: by its name, or that of what it is a view of.
    fn operand(&self, mut node: NodeId) -> String {
        while let Op::Reshape(a) | Op::Transpose(a, _) | Op::Slice(a, _) = &self.net.node(node).op {
            node = *a;
        }
        let name = kinks::name(self.net, node);
        if name.contains('…') { format!("a part of {}", self.place(node)) } else { name }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= MAX_MISTAKES
    }

    fn add(&mut self, mistake: Mistake, change: Change, node: NodeId) {
        if self.is_full() {
            return;
        }
        let cause = Cause::Operation { mistake, place: Some(self.place(node)) };
        self.found.push(Candidate { cause, change, sites: vec![node] });
    }

    /// The same mistake at each of several places: at all of them, then at one after the other.
    fn add_all(&mut self, mistake: Mistake, change: Change, sites: &[NodeId]) {
        if sites.len() > 1 {
            let cause = Cause::Operation { mistake: mistake.clone(), place: None };
            let sites = sites.to_vec();
            self.found.push(Candidate { cause, change: change.clone(), sites });
        }
        for node in sites.iter().take(MAX_MISTAKES) {
            self.add(mistake.clone(), change.clone(), *node);
        }
    }

    fn functions(&mut self, sites: &[NodeId]) {
        for f in Function::ALL {
            let calls =
                |node: &&NodeId| matches!(self.net.node(**node).op, Op::Call(g, _) if g == f);
            let calls: Vec<NodeId> = sites.iter().filter(calls).copied().collect();
            self.add_all(Mistake::SlopeMissing(f), Change::Pass, &calls);
            match f {
                Function::Relu => self.add_all(Mistake::OtherSide, Change::OtherSide, &calls),
                Function::Sigmoid | Function::Tanh | Function::Exp => {
                    self.add_all(Mistake::SlopeAtOutput(f), Change::AtOutput, &calls);
                    self.add_all(Mistake::SlopeAtArgument(f), Change::AtArgument, &calls);
                }
                _ => {}
            }
        }
    }

    fn windows(&mut self, sites: &[NodeId]) {
        for node in sites {
            let (window, is_conv) = match &self.net.node(*node).op {
                Op::Pool { kind: Pooling::Max, .. } => {
                    self.add(Mistake::EveryCell, Change::EachCell, *node);
                    self.add(Mistake::Averaged, Change::Kind(Pooling::Mean), *node);
                    continue;
                }
                Op::Pool { kind, window, .. } => {
                    let other = match kind {
                        Pooling::Mean => Pooling::MeanInside,
                        _ => Pooling::Mean,
                    };
                    self.add(Mistake::NoDivisor, Change::EachCell, *node);
                    self.add(Mistake::OtherDivisor, Change::Kind(other), *node);
                    (window.clone(), false)
                }
                Op::Conv { window, .. } => (window.clone(), true),
                _ => continue,
            };
            if is_conv {
                let flip = !window.flip;
                let other = Window { flip, ..window.clone() };
                self.add(Mistake::Flip, Change::Window(other), *node);
            }
            let axes = window.axes();
            let plain = Window::plain(axes);
            for (mistake, other) in [
                (Mistake::StrideIgnored, Window { stride: plain.stride, ..window.clone() }),
                (Mistake::DilationIgnored, Window { dilation: plain.dilation, ..window.clone() }),
                (Mistake::PaddingIgnored, Window { padding: plain.padding, ..window.clone() }),
            ] {
                if other != window {
                    self.add(mistake, Change::Window(other), *node);
                }
            }
            for axis in 0..axes {
                // With one cell less before it, every window reaches one cell further.
                if let Some(before) = window.padding[axis][0].checked_sub(1) {
                    let mut other = window.clone();
                    other.padding[axis][0] = before;
                    self.add(Mistake::Shifted(axis, 1), Change::Window(other), *node);
                }
                let mut other = window.clone();
                other.padding[axis][0] += 1;
                self.add(Mistake::Shifted(axis, -1), Change::Window(other), *node);
            }
        }
    }

    fn products(&mut self, sites: &[NodeId]) {
        let net = self.net;
        for node in sites {
            match &net.node(*node).op {
                Op::MatMul(a, b) => {
                    for (side, operand) in [a, b].into_iter().enumerate() {
                        let lengths = net.node(*operand).shape.lengths();
                        if let [.., m, n] = lengths
                            && m == n
                            && *n > 1
                        {
                            let name = self.operand(*operand);
                            self.add(Mistake::NotTransposed(name), Change::Transposed(side), *node);
                        }
                    }
                }
                Op::Mul(all) if all.iter().any(|a| is_number(&net.node(*a).op)) => {
                    self.add(Mistake::NoConstants, Change::NoConstants, *node);
                }
                Op::Div(..) if softmax(net, *node).is_some() => {
                    self.add(Mistake::SoftmaxStraight, Change::Straight, *node);
                    self.add(Mistake::SoftmaxDiagonal, Change::Diagonal, *node);
                }
                Op::Div(_, b) if is_number(&net.node(*b).op) => {
                    self.add(Mistake::NoConstants, Change::NoConstants, *node);
                }
                _ => {}
            }
        }
    }

    /// Paths that are not the only one.
    fn paths(&mut self, sites: &[NodeId], moves: &[bool]) {
        let mut uses = vec![0; self.net.nodes().len()];
        for node in sites {
            self.net.node(*node).op.for_operands(|a| uses[a.index()] += 1);
        }
        let mut edges = Vec::new();
        for node in sites {
            let mut operands = Vec::new();
            self.net.node(*node).op.for_operands(|a| operands.push(a));
            let moving = operands.iter().filter(|a| moves[a.index()]).count();
            for (k, a) in operands.into_iter().enumerate() {
                if moves[a.index()] && (moving > 1 || uses[a.index()] > 1) {
                    edges.push((*node, k, a));
                }
            }
        }
        edges.truncate(MAX_MISTAKES);
        for (node, k, a) in &edges {
            let from = self.operand(*a);
            self.add(Mistake::PathMissing(from), Change::Cut(*k), *node);
        }
        for (node, k, a) in &edges {
            let from = self.operand(*a);
            self.add(Mistake::PathNegated(from), Change::Negated(*k), *node);
        }
    }

    /// Sums over an axis of which one index is left, or one is left out.
    fn items(&mut self, sites: &[NodeId], moves: &[bool]) {
        let net = self.net;
        let mut summed = vec![false; net.nodes().len()];
        let mut along: Vec<Vec<usize>> = vec![Vec::new(); net.nodes().len()];
        for node in sites {
            let tensor = net.node(*node);
            match &tensor.op {
                Op::Conv { .. } | Op::MatMul(..) => summed[node.index()] = true,
                Op::Sum(a, _) => summed[a.index()] = true,
                op => op.for_operands(|a| {
                    let own = &net.node(a).shape;
                    if !moves[a.index()] || own.rank() > tensor.shape.rank() {
                        return;
                    }
                    let missing = tensor.shape.rank() - own.rank();
                    let stretched = |axis: usize| {
                        tensor.shape.lengths()[axis] > 1
                            && (axis < missing || own.lengths()[axis - missing] == 1)
                    };
                    let axes: Vec<usize> =
                        (0..tensor.shape.rank()).filter(|axis| stretched(*axis)).collect();
                    let elementwise = matches!(
                        op,
                        Op::Add(_) | Op::Sub(..) | Op::Mul(_) | Op::Div(..) | Op::Pow(..)
                    );
                    if elementwise && !axes.is_empty() {
                        summed[node.index()] = true;
                        along[node.index()] = axes;
                    }
                }),
            }
        }
        for node in sites.iter().filter(|node| summed[node.index()]) {
            if self.is_full() {
                return;
            }
            let lengths = net.node(*node).shape.lengths();
            let several = &along[node.index()];
            if several.len() > 1 {
                for last in [false, true] {
                    let axes = several.clone();
                    let mistake = Mistake::NotSummed { axes: axes.clone(), last };
                    self.add(mistake, Change::Item { axes, last, index: 0, keep: true }, *node);
                }
            }
            for (axis, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 1) {
                for last in [false, true] {
                    let mistake = Mistake::NotSummed { axes: vec![axis], last };
                    let change = Change::Item { axes: vec![axis], last, index: 0, keep: true };
                    self.add(mistake, change, *node);
                }
                let each =
                    |index: &usize| *length <= MAX_ITEMS || *index == 0 || index + 1 == *length;
                for index in (0..*length).filter(each) {
                    let mistake = Mistake::ItemMissing { axis, index };
                    let change = Change::Item { axes: vec![axis], last: false, index, keep: false };
                    self.add(mistake, change, *node);
                }
            }
        }
    }

    /// Single weights that the adjoint does not go through.
    fn taps(&mut self, sites: &[NodeId], moves: &[bool]) {
        let net = self.net;
        for node in sites {
            let (Op::MatMul(a, b) | Op::Conv { input: a, kernel: b, .. }) = net.node(*node).op
            else {
                continue;
            };
            if self.is_full() {
                return;
            }
            for (k, operand, other) in [(0, a, b), (1, b, a)] {
                let shape = &net.node(operand).shape;
                if moves[other.index()] && shape.elements() <= MAX_TAPS {
                    let name = self.operand(operand);
                    for element in 0..shape.elements() {
                        let cell = Cell::new(&name, shape, element).to_string();
                        self.add(Mistake::TapMissing(cell), Change::Nought(k, element), *node);
                    }
                }
            }
        }
    }
}
