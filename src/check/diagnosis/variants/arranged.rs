//! What stands elsewhere, or not at all: masks, windows, gates, operands and terms.

use super::super::Difference;
use super::super::pattern::{Gates, is_mask, number};
use super::super::rearranged::permutations;
use super::super::rebuilt::Make;
use super::{List, MAX_PLACES, fixed};
use crate::concrete::Values;
use crate::net::{NodeId, Op, Pooling, Shape, Window};

/// At most so many gates are tried in every order; of more, two are exchanged.
const MAX_GATES: usize = 4;

impl List<'_> {
    pub(super) fn masks(&mut self, values: &Values<f64>) {
        let net = self.net;
        for (id, quantity) in net.quantities() {
            let Some(given) = values.get(&id).filter(|given| is_mask(given)) else { continue };
            let shape = &net.node(quantity.node).shape;
            let name = quantity.name.clone();
            let of = |how: &str| Difference::Mask { name: name.clone(), how: how.to_string() };
            let mut fills: Vec<f64> = given.clone();
            fills.sort_by(f64::total_cmp);
            fills.dedup();
            for axis in 0..shape.rank() {
                for forth in [true, false] {
                    let way = if forth { "forth" } else { "back" };
                    let how = format!("is moved by one {way} along axis {axis}");
                    for fill in &fills {
                        let moved = moved(shape, given, axis, forth, *fill);
                        self.fed(of(&how), id, moved);
                    }
                }
            }
            if let [m, n] = shape.lengths()
                && m == n
            {
                let turned = |e: usize| given[e % n * n + e / n];
                self.fed(of("is transposed"), id, (0..given.len()).map(turned).collect());
            }
            let sum: f64 = fills.iter().sum();
            self.fed(of("is left out"), id, vec![fills[fills.len() - 1]; given.len()]);
            self.fed(of("is inverted"), id, given.iter().map(|x| sum - x).collect());
        }
    }

    pub(super) fn pools(&mut self) {
        let net = self.net;
        for (kind, there) in [
            (Pooling::Mean, Pooling::MeanInside),
            (Pooling::MeanInside, Pooling::Mean),
            (Pooling::Max, Pooling::Mean),
            (Pooling::Mean, Pooling::Max),
        ] {
            let is_one = |node: &NodeId| match &net.node(*node).op {
                Op::Pool { kind: k, window, .. } => {
                    let padded = window.padding.iter().any(|p| *p != [0, 0]);
                    *k == kind && (padded || kind == Pooling::Max || there == Pooling::Max)
                }
                _ => false,
            };
            let site = |node: NodeId| {
                let make = fixed(move |made| {
                    Some(made.with(node, |op| {
                        if let Op::Pool { kind, .. } = op {
                            *kind = there;
                        }
                    }))
                });
                (node, make)
            };
            let sites = self.nodes().filter(is_one).map(site).collect();
            self.choice(Difference::Pool { here: kind, there }, sites);
        }
        let mut flips: Vec<(NodeId, Make)> = Vec::new();
        let mut moves: [Vec<(NodeId, Make)>; 2] = [Vec::new(), Vec::new()];
        for node in self.nodes() {
            let Op::Conv { window, .. } = &net.node(node).op else { continue };
            let other = |window: Window| -> (NodeId, Make) {
                let make = fixed(move |made| {
                    let window = window.clone();
                    Some(made.with(node, |op| {
                        if let Op::Conv { window: own, .. } = op {
                            *own = window;
                        }
                    }))
                });
                (node, make)
            };
            flips.push(other(Window { flip: !window.flip, ..window.clone() }));
            for (way, [from, to]) in [[0, 1], [1, 0]].into_iter().enumerate() {
                let mut moved = window.clone();
                let room = moved.padding.iter_mut().filter(|p| p[from] > 0);
                let count = room
                    .map(|p| {
                        p[from] -= 1;
                        p[to] += 1;
                    })
                    .count();
                if count > 0 {
                    moves[way].push(other(moved));
                }
            }
        }
        self.choice(Difference::KernelTurned, flips);
        for (sites, forth) in moves.into_iter().zip([true, false]) {
            self.choice(Difference::PaddingMoved { forth }, sites);
        }
    }

    pub(super) fn gates(&mut self, gates: &Gates) {
        let (axis, length) = (gates.axis, gates.length);
        for order in orders(gates.count) {
            let site = |node: &NodeId| {
                let (node, order) = (*node, order.clone());
                let make = fixed(move |made| {
                    Some(made.with(node, |op| {
                        if let Op::Slice(_, ranges) = op {
                            let own = ranges[axis].start / length;
                            ranges[axis].start = order[own] * length;
                        }
                    }))
                });
                (node, make)
            };
            let sites = gates.slices.iter().map(site).collect();
            self.jointly(Difference::Gates { order }, sites);
        }
    }

    /// Square operands of products, transposed.
    pub(super) fn products(&mut self) {
        let net = self.net;
        for node in self.nodes() {
            let Op::MatMul(a, b) = net.node(node).op else { continue };
            for (side, operand) in [a, b].into_iter().enumerate() {
                let shape = net.node(operand).shape.clone();
                let [.., m, n] = shape.lengths() else { continue };
                if m != n || *n < 2 {
                    continue;
                }
                let mut axes: Vec<usize> = (0..shape.rank()).collect();
                axes.swap(shape.rank() - 2, shape.rank() - 1);
                let mut named = operand;
                while let Op::Transpose(x, _) | Op::Reshape(x) = net.node(named).op {
                    named = x;
                }
                let name = crate::check::kinks::name(net, named);
                let make = fixed(move |made| {
                    let from = made.new_of(operand);
                    let turned = made.push(Op::Transpose(from, axes.clone()), shape.clone());
                    Some(made.with(node, |op| {
                        if let Op::MatMul(a, b) = op {
                            *(if side == 0 { a } else { b }) = turned;
                        }
                    }))
                });
                self.choice(Difference::Transposed(name), vec![(node, make)]);
            }
        }
    }

    /// Sums without one of their terms.
    pub(super) fn sums(&mut self) {
        let net = self.net;
        let mut count = 0;
        for node in self.nodes() {
            let Op::Add(all) = &net.node(node).op else { continue };
            for (k, a) in all.iter().enumerate() {
                let rest = all.iter().enumerate().filter(|(j, _)| *j != k).map(|(_, b)| *b);
                let rest: Vec<NodeId> = rest.collect();
                let of = &net.node(node).shape;
                let whole = rest.iter().any(|b| net.node(*b).shape == *of);
                if number(net, *a).is_some() || !whole || count >= 4 * MAX_PLACES {
                    continue;
                }
                count += 1;
                let name = crate::check::kinks::name(net, *a);
                let name = if name.contains('…') { "a term".to_string() } else { name };
                let shape = of.clone();
                let make = fixed(move |made| {
                    let rest = rest.iter().map(|b| made.new_of(*b)).collect();
                    Some(made.push(Op::Add(rest), shape.clone()))
                });
                self.choice(Difference::Without(name), vec![(node, make)]);
            }
        }
    }
}

/// Orders of so many things other than their own: all, or those that exchange two.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let own: Vec<usize> = (0..count).collect();
    if count > MAX_GATES {
        let pairs = (0..count).flat_map(|i| (0..i).map(move |j| (i, j)));
        return pairs
            .map(|(i, j)| {
                let mut order = own.clone();
                order.swap(i, j);
                order
            })
            .collect();
    }
    let mut all = permutations(count);
    // Two that are exchanged before everything else.
    all.sort_by_key(|order| order.iter().enumerate().filter(|(i, n)| i != *n).count());
    all.retain(|order| *order != own);
    all
}

/// A tensor moved by one along an axis; what comes in has one value.
fn moved(shape: &Shape, of: &[f64], axis: usize, forth: bool, fill: f64) -> Vec<f64> {
    let from = |n: usize| {
        let mut at = shape.index(n);
        at[axis] = match forth {
            true => at[axis].checked_sub(1)?,
            false => at[axis] + 1,
        };
        shape.position(&at)
    };
    (0..of.len()).map(|n| from(n).map_or(fill, |n| of[n])).collect()
}
