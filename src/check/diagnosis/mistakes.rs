//! Which mistakes somebody can make in the backward pass of a network: the simplest first, each
//! with the places where it can be made. In goes a network, out comes a list to try.

use super::altered::{Change, is_number};
use super::pattern::{self, number, owners};
use super::{Cause, MAX_MISTAKES, Mistake};
use crate::check::kinks;
use crate::check::report::Cell;
use crate::net::{Network, NodeId, Op, Pooling, QuantityId, Window};
use crate::scalar::Function;

/// Axes of at most so many indices are tried index by index, longer ones at both ends.
const MAX_ITEMS: usize = 8;
/// Tensors of at most so many elements are tried element by element.
const MAX_TAPS: usize = 36;

/// A function, and another slope of it as a formula of the argument x and the value y.
type OtherSlope = (Function, &'static str, fn(f64, f64) -> f64);

/// Slopes that are taken for one another.
const SLOPES: [OtherSlope; 17] = [
    (Function::Tanh, "1 − y", |_, y| 1.0 - y),
    (Function::Tanh, "y·(1 − y), that of the sigmoid", |_, y| y * (1.0 - y)),
    (Function::Tanh, "1 + y²", |_, y| 1.0 + y * y),
    (Function::Tanh, "(1 − y)²", |_, y| (1.0 - y) * (1.0 - y)),
    (Function::Sigmoid, "1 − y", |_, y| 1.0 - y),
    (Function::Sigmoid, "y", |_, y| y),
    (Function::Sigmoid, "y²", |_, y| y * y),
    (Function::Sigmoid, "1 − y², that of tanh", |_, y| 1.0 - y * y),
    (Function::Sigmoid, "y·(1 + y)", |_, y| y * (1.0 + y)),
    (Function::Relu, "y", |_, y| y),
    (Function::Sqrt, "1/y", |_, y| 1.0 / y),
    (Function::Sqrt, "1/(2·x)", |x, _| 0.5 / x),
    (Function::Ln, "1/y", |_, y| 1.0 / y),
    (Function::Softplus, "1 − σ(x)", |x, _| 1.0 / (1.0 + libm::exp(x))),
    (Function::Sin, "−cos x", |x, _| -libm::cos(x)),
    (Function::Cos, "sin x", |x, _| libm::sin(x)),
    (Function::Cosh, "−sinh x", |x, _| -libm::sinh(x)),
];

/// One thing to try.
pub(super) struct Candidate {
    pub cause: Cause,
    pub changes: Vec<(NodeId, Change)>,
}

/// Everything that can be tried for the gradients by `by`. `needed` tells which nodes the loss is
/// made of.
pub(super) fn candidates(
    net: &Network,
    by: &[QuantityId],
    needed: impl Fn(NodeId) -> bool,
) -> Vec<Candidate> {
    let moves = moving(net, by);
    let active = |n: &NodeId| moves[n.index()] && needed(*n);
    let sites: Vec<NodeId> = (0..net.nodes().len() as u32).map(NodeId).filter(active).collect();
    let mut list = List { net, owners: owners(net), found: Vec::new() };
    list.norms(&sites);
    list.functions(&sites);
    list.windows(&sites);
    list.products(&sites);
    list.paths(&sites, &moves);
    list.items(&sites, &moves);
    list.detached(&sites);
    list.taps(&sites, &moves);
    list.found
}

/// Which nodes depend on one of the quantities.
fn moving(net: &Network, by: &[QuantityId]) -> Vec<bool> {
    let mut moves = vec![false; net.nodes().len()];
    for id in by {
        moves[net.quantity(*id).node.index()] = true;
    }
    for (index, tensor) in net.nodes().iter().enumerate() {
        let mut moved = moves[index];
        tensor.op.for_operands(|a| moved |= moves[a.index()]);
        moves[index] = moved;
    }
    moves
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
        self.found.push(Candidate { cause, changes: vec![(node, change)] });
    }

    /// The same mistake at each of several places: at all of them, then at one after the other.
    fn add_all(&mut self, mistake: Mistake, change: Change, sites: &[NodeId]) {
        if sites.len() > 1 {
            let cause = Cause::Operation { mistake: mistake.clone(), place: None };
            let changes = sites.iter().map(|node| (*node, change.clone())).collect();
            self.found.push(Candidate { cause, changes });
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
            for (of, formula, slope) in SLOPES {
                if of == f {
                    self.add_all(Mistake::SlopeOf(f, formula), Change::Slope(slope), &calls);
                }
            }
        }
        let powers = |node: &&NodeId| match self.net.node(**node).op {
            Op::Pow(_, b) => number(self.net, b).is_some_and(|n| n != 0.0 && n != 1.0),
            _ => false,
        };
        let powers: Vec<NodeId> = sites.iter().filter(powers).copied().collect();
        self.add_all(Mistake::NoExponent, Change::NoExponent, &powers);
    }

    /// Norms whose mean, variance or both count as constants.
    fn norms(&mut self, sites: &[NodeId]) {
        let norms = sites.iter().filter_map(|node| pattern::norm(self.net, *node));
        let mut all: [Vec<Vec<(NodeId, Change)>>; 3] = Default::default();
        for norm in norms {
            let deviation = vec![(norm.hat, Change::Cut(1))];
            if let Some(node) = norm.centred {
                let mean = vec![(node, Change::Cut(1))];
                all[0].push([deviation.as_slice(), &mean].concat());
                all[1].push(mean);
            }
            all[2].push(deviation);
        }
        let names = ["the mean and the variance", "the mean", "the variance"];
        for (of_norms, name) in all.into_iter().zip(names) {
            let mistake = Mistake::Held(name);
            if of_norms.len() > 1 {
                let cause = Cause::Operation { mistake: mistake.clone(), place: None };
                self.found.push(Candidate { cause, changes: of_norms.concat() });
            }
            for changes in of_norms.into_iter().take(MAX_ITEMS) {
                let place = changes.first().map(|(node, _)| self.place(*node));
                let cause = Cause::Operation { mistake: mistake.clone(), place };
                self.found.push(Candidate { cause, changes });
            }
        }
    }

    /// Definitions that nothing comes back through: each, those of one number (the states of one
    /// time), and those of one stem (a state at all times).
    fn detached(&mut self, sites: &[NodeId]) {
        let net = self.net;
        let mut alone: Vec<(String, NodeId)> = Vec::new();
        for node in sites {
            if let Op::Define(id, _) = net.node(*node).op
                && id != net.loss()
            {
                alone.push((net.quantity(id).name.clone(), *node));
            }
        }
        let stem = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_string();
        let digits = |name: &str| name[stem(name).len()..].to_string();
        let mut groups: Vec<Vec<(String, NodeId)>> = Vec::new();
        let mut group = |key: &dyn Fn(&str) -> String| {
            let mut keys: Vec<String> = Vec::new();
            for (name, _) in alone.iter().filter(|(name, _)| !digits(name).is_empty()) {
                if !keys.contains(&key(name)) {
                    keys.push(key(name));
                }
            }
            for wanted in keys {
                let of =
                    |(name, _): &&(String, NodeId)| !digits(name).is_empty() && key(name) == wanted;
                let all: Vec<_> = alone.iter().filter(of).cloned().collect();
                if all.len() > 1 {
                    groups.push(all);
                }
            }
        };
        group(&digits);
        group(&stem);
        let single = alone.iter().map(|one| vec![one.clone()]);
        for all in single.chain(groups) {
            if self.is_full() {
                return;
            }
            let (names, nodes): (Vec<String>, Vec<NodeId>) = all.into_iter().unzip();
            let cause = Cause::Operation { mistake: Mistake::Detached(names), place: None };
            let changes = nodes.into_iter().map(|node| (node, Change::Detached)).collect();
            self.found.push(Candidate { cause, changes });
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
                Op::Div(..) if pattern::scores(net, *node).is_some() => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::parse_network;

    /// At one place a mistake is tried there; at several, first at all of them together.
    #[test]
    fn a_mistake_is_tried_everywhere_where_there_is_more_than_one_place() {
        let chain = ["a = tanh(w)", "b = tanh(2*a)", "c = tanh(3*b)"];
        for count in 1..=3 {
            let names = ["a", "b", "c"];
            let last = names[count - 1];
            let text = format!("param w\n{}\nE = {last}^2", chain[..count].join("\n"));
            let net = parse_network(&text).unwrap();
            let by = [net.find("w").unwrap()];
            let slope = |place: Option<&str>| Cause::Operation {
                mistake: Mistake::SlopeMissing(Function::Tanh),
                place: place.map(str::to_string),
            };
            let all: Vec<(Cause, usize)> = candidates(&net, &by, |_| true)
                .into_iter()
                .filter(|c| {
                    matches!(&c.cause, Cause::Operation { mistake, .. }
                        if *mistake == Mistake::SlopeMissing(Function::Tanh))
                })
                .map(|c| (c.cause, c.changes.len()))
                .collect();
            let everywhere = (count > 1).then(|| (slope(None), count));
            let each = names[..count].iter().map(|name| (slope(Some(name)), 1));
            assert_eq!(all, everywhere.into_iter().chain(each).collect::<Vec<_>>(), "{count}");
        }
    }
}
