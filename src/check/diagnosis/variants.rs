//! Which other network somebody may have computed: the same but for one choice, such as an eps, an
//! axis, a slope below 0, the order of the gates. The likeliest first.
//!
//! Goes in: a network and the values of its leaves. Comes out: a list to try. A variant may have
//! one number, with the values that are usual for it, and may let it be found.

use std::rc::Rc;

use super::pattern::{self, Gates, Norm, is_mask, number, owners, under};
use super::rebuilt::{Make, Normalise, Rebuilt};
use super::{Constant, Difference};
use crate::concrete::Values;
use crate::net::{Network, NodeId, Op, Pooling, QuantityId, Shape, Window};
use crate::scalar::Function;

/// At most so many places of one kind are tried one by one.
const MAX_PLACES: usize = 12;
/// At most so many gates are tried in every order; of more, two are exchanged.
const MAX_GATES: usize = 4;
/// Sizes of the network that are tried as divisors.
const MAX_SIZES: usize = 12;

/// Other values of some leaves, for some value of the unknown number.
pub(super) type Leaves = Rc<dyn Fn(f64) -> Vec<(QuantityId, Vec<f64>)>>;

/// Another network, or other numbers that go in.
pub(super) struct Variant {
    pub difference: Rc<dyn Fn(f64) -> Difference>,
    /// The name of the definition that it is in; everywhere, if there is none.
    pub place: Option<String>,
    pub sites: Vec<(NodeId, Make)>,
    pub leaves: Option<Leaves>,
    /// The values of the number that are tried first; one, if it has no number.
    pub known: Vec<f64>,
    /// Where the number is looked for: beside this one, which gives our own network.
    pub ours: Option<f64>,
}

/// Everything that can be tried.
pub(super) fn variants(net: &Network, values: &Values<f64>) -> Vec<Variant> {
    let mut list = List { net, owners: owners(net), found: Vec::new() };
    let nodes = || (0..net.nodes().len() as u32).map(NodeId);
    let norms: Vec<Norm> = nodes().filter_map(|node| pattern::norm(net, node)).collect();
    list.norms(&norms);
    list.slopes();
    list.activations();
    list.masks(values);
    list.pools();
    pattern::gates(net).iter().for_each(|gates| list.gates(gates));
    // A scale that is there is told before one that nobody wrote.
    list.constants(&norms);
    list.softmaxes();
    list.products();
    list.sums();
    list.found
}

struct List<'a> {
    net: &'a Network,
    owners: Vec<Option<QuantityId>>,
    found: Vec<Variant>,
}

/// Something that depends on no number.
fn fixed(make: impl Fn(&mut Rebuilt) -> Option<NodeId> + 'static) -> Make {
    Rc::new(move |made, _| make(made))
}

impl List<'_> {
    fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.net.nodes().len() as u32).map(NodeId)
    }

    /// Without a number: at all the sites, and one by one.
    fn choice(&mut self, difference: Difference, sites: Vec<(NodeId, Make)>) {
        self.family(Rc::new(move |_| difference.clone()), sites, &[0.0], None);
    }

    /// With a number.
    fn family(
        &mut self,
        difference: Rc<dyn Fn(f64) -> Difference>,
        sites: Vec<(NodeId, Make)>,
        known: &[f64],
        ours: Option<f64>,
    ) {
        let owned = |node: &NodeId| {
            let owner = self.owners[node.index()]?;
            Some(self.net.quantity(owner).name.clone())
        };
        let mut add = |place, sites| {
            self.found.push(Variant {
                difference: difference.clone(),
                place,
                sites,
                leaves: None,
                known: known.to_vec(),
                ours,
            });
        };
        match &sites[..] {
            [] => {}
            [(node, _)] => add(owned(node), sites),
            several => {
                add(None, several.to_vec());
                for (node, make) in several.iter().take(MAX_PLACES) {
                    add(owned(node), vec![(*node, make.clone())]);
                }
            }
        }
    }

    /// Other numbers that go in.
    fn fed(&mut self, difference: Difference, id: QuantityId, values: Vec<f64>) {
        self.found.push(Variant {
            difference: Rc::new(move |_| difference.clone()),
            place: None,
            sites: Vec::new(),
            leaves: Some(Rc::new(move |_| vec![(id, values.clone())])),
            known: vec![0.0],
            ours: None,
        });
    }

    fn norms(&mut self, norms: &[Norm]) {
        let net = self.net;
        type Change = Rc<dyn Fn(&mut Normalise, f64)>;
        let site = |norm: &Norm, change: Change| -> (NodeId, Make) {
            let (x, how) = (norm.x, norm.how.clone());
            let make: Make = Rc::new(move |made: &mut Rebuilt, t| {
                let mut how = how.clone();
                change(&mut how, t);
                let x = made.new_of(x);
                made.normalised(x, &how)
            });
            (norm.hat, make)
        };
        let all = |change: fn(&mut Normalise)| -> Vec<(NodeId, Make)> {
            let change: Change = Rc::new(move |how, _| change(how));
            norms.iter().map(|norm| site(norm, change.clone())).collect()
        };
        let mut eps: Vec<f64> = norms.iter().map(|norm| norm.how.eps).collect();
        eps.sort_by(f64::total_cmp);
        eps.dedup();
        for here in eps {
            let of = norms.iter().filter(|norm| norm.how.eps == here);
            let sites = of.map(|norm| site(norm, Rc::new(|how, t| how.eps = t))).collect();
            let known = [1e-3, 1e-5, 1e-6, 1e-8, 1e-12, 1e-4, 1e-7, 1e-2, 0.0];
            let known: Vec<f64> = known.into_iter().filter(|t| *t != here).collect();
            let what = Constant::Eps;
            self.family(
                Rc::new(move |there| Difference::Number { what, here, there }),
                sites,
                &known,
                Some(here),
            );
        }
        self.choice(
            Difference::Variance { unbiased: norms.iter().all(|norm| norm.how.ddof == 0) },
            all(|how| how.ddof = 1 - how.ddof),
        );
        self.choice(
            Difference::EpsBeside { beside: norms.iter().all(|norm| !norm.how.outside) },
            all(|how| how.outside = !how.outside),
        );
        self.choice(
            Difference::Mean { taken_off: norms.iter().all(|norm| !norm.how.centred) },
            all(|how| how.centred = !how.centred),
        );
        // Statistics that a batch norm keeps, before the first step of training.
        let fresh = |norm: &Norm| {
            let (x, eps) = (norm.x, norm.how.eps);
            let make = fixed(move |made| {
                let x = made.new_of(x);
                made.times(x, 1.0 / (1.0 + eps).sqrt())
            });
            (norm.hat, make)
        };
        self.choice(Difference::FreshStatistics, norms.iter().map(fresh).collect());
        for axes in self.other_axes(norms) {
            let fit = |norm: &&Norm| {
                let rank = net.node(norm.x).shape.rank();
                norm.how.axes != axes && axes.iter().all(|axis| *axis < rank)
            };
            let changed = axes.clone();
            let change: Change = Rc::new(move |how, _| how.axes = changed.clone());
            let sites = norms.iter().filter(fit).map(|norm| site(norm, change.clone()));
            self.choice(Difference::Axes { of: "norm", there: axes.clone() }, sites.collect());
        }
    }

    /// Sets of axes that a norm may be taken along.
    fn other_axes(&self, norms: &[Norm]) -> Vec<Vec<usize>> {
        let mut all: Vec<Vec<usize>> = Vec::new();
        for norm in norms {
            let rank = self.net.node(norm.x).shape.rank();
            let but = |out: usize| (0..rank).filter(|axis| *axis != out).collect();
            let sets = (0..rank).map(|axis| vec![axis]);
            let sets = sets.chain([(0..rank).collect()]).chain((0..rank).map(but));
            for axes in sets.chain((0..rank).map(|first| (first..rank).collect())) {
                if !axes.is_empty() && axes != norm.how.axes && !all.contains(&axes) {
                    all.push(axes);
                }
            }
        }
        all
    }

    /// Calls of one function.
    fn calls(&self, f: Function) -> Vec<(NodeId, NodeId)> {
        let call = |node: NodeId| match self.net.node(node).op {
            Op::Call(g, a) if g == f => Some((node, a)),
            _ => None,
        };
        self.nodes().filter_map(call).collect()
    }

    /// What a leaky ReLU multiplies by below 0.
    fn slopes(&mut self) {
        let net = self.net;
        let mut found: Vec<(NodeId, usize, f64)> = Vec::new();
        for node in self.nodes() {
            let Op::Mul(all) = &net.node(node).op else { continue };
            let below = |a: &NodeId| match net.node(under(net, *a)).op {
                Op::Sub(one, step) => {
                    let step = under(net, step);
                    number(net, one) == Some(1.0)
                        && matches!(net.node(step).op, Op::Call(Function::Step, _))
                }
                _ => false,
            };
            let constant = all.iter().position(|a| number(net, *a).is_some());
            if let (true, Some(k)) = (all.iter().any(below), constant) {
                found.extend(number(net, all[k]).map(|here| (node, k, here)));
            }
        }
        let known = [0.01, 0.0, 0.1, 0.2, 0.25, 0.3, 0.05, 0.02, 0.5, 1.0];
        self.operands(&found, &known, |_| Constant::SlopeBelow);
        // A ReLU that leaks.
        let leaky = |(node, z): (NodeId, NodeId)| {
            let make: Make = Rc::new(move |made: &mut Rebuilt, slope| {
                let z = made.new_of(z);
                let above = made.call(Function::Relu, z);
                let shape = made.shape(z).clone();
                let negated = made.push(Op::Neg(z), shape);
                let below = made.call(Function::Relu, negated);
                let below = made.times(below, slope)?;
                made.sub(above, below)
            });
            (node, make)
        };
        let sites = self.calls(Function::Relu).into_iter().map(leaky).collect();
        let what = Constant::SlopeBelow;
        self.family(
            Rc::new(move |there| Difference::Number { what, here: 0.0, there }),
            sites,
            &known[..1],
            Some(0.0),
        );
    }

    /// The same constant operand at several places, and at each.
    fn operands(
        &mut self,
        found: &[(NodeId, usize, f64)],
        known: &[f64],
        what: impl Fn(NodeId) -> Constant,
    ) {
        // By what the number is and its value.
        type Sites = Vec<(NodeId, Make)>;
        let mut groups: Vec<(Constant, f64, Sites)> = Vec::new();
        for (node, k, here) in found {
            let (old, k, what) = (*node, *k, what(*node));
            let make: Make = Rc::new(move |made: &mut Rebuilt, t| {
                let other = made.number(t)?;
                Some(made.with(old, |op| {
                    if let Some(operand) = super::altered::operands(op).into_iter().nth(k) {
                        *operand = other;
                    }
                }))
            });
            match groups.iter_mut().find(|(of, value, _)| (*of, *value) == (what, *here)) {
                Some((.., sites)) => sites.push((old, make)),
                None => groups.push((what, *here, vec![(old, make)])),
            }
        }
        for (what, here, sites) in groups {
            let known: Vec<f64> = known.iter().copied().filter(|t| *t != here).collect();
            let difference = move |there| Difference::Number { what, here, there };
            self.family(Rc::new(difference), sites, &known, Some(here));
        }
    }

    /// Another elementwise function in the place of one.
    fn activations(&mut self) {
        let net = self.net;
        // x·Φ(x) and x·σ(x) are found by their product.
        let product = |f: Function| -> Vec<(NodeId, NodeId)> {
            let of = |node: NodeId| match &net.node(node).op {
                Op::Mul(all) if all.len() == 2 => {
                    let pair = [(all[0], all[1]), (all[1], all[0])];
                    pair.into_iter().find_map(|(x, g)| match net.node(under(net, g)).op {
                        Op::Call(h, a) if h == f && under(net, a) == under(net, x) => {
                            Some((node, x))
                        }
                        _ => None,
                    })
                }
                _ => None,
            };
            (0..net.nodes().len() as u32).map(NodeId).filter_map(of).collect()
        };
        let places = [
            ("relu", self.calls(Function::Relu)),
            ("tanh", self.calls(Function::Tanh)),
            ("sigmoid", self.calls(Function::Sigmoid)),
            ("softplus", self.calls(Function::Softplus)),
            ("gelu", product(Function::NormalCdf)),
            ("silu", product(Function::Sigmoid)),
            ("gelu by tanh", self.gelus_by_tanh()),
        ];
        for (here, calls) in places {
            let others: &[&'static str] = match here {
                "gelu" => &["gelu by tanh", "gelu by sigmoid", "silu", "relu"],
                "gelu by tanh" => &["gelu", "gelu by sigmoid", "relu"],
                "silu" => &["gelu", "gelu by tanh", "relu"],
                "relu" => &["gelu", "gelu by tanh", "silu", "softplus", "elu", "relu6", "tanh"],
                "tanh" => &["sigmoid", "relu", "hard tanh"],
                "sigmoid" => &["tanh", "hard sigmoid"],
                _ => &["relu"],
            };
            for there in others {
                let site = |(node, x): &(NodeId, NodeId)| {
                    let (x, there) = (*x, *there);
                    let make = fixed(move |made| {
                        let x = made.new_of(x);
                        activation(made, there, x)
                    });
                    (*node, make)
                };
                let sites = calls.iter().map(site).collect();
                self.choice(Difference::Function { here, there }, sites);
            }
        }
    }

    /// x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), with x.
    fn gelus_by_tanh(&self) -> Vec<(NodeId, NodeId)> {
        let net = self.net;
        let mut found = Vec::new();
        for node in self.nodes() {
            let Op::Mul(all) = &net.node(node).op else { continue };
            let bell = |a: &NodeId| match &net.node(under(net, *a)).op {
                Op::Add(two) => two.iter().find_map(|b| match net.node(under(net, *b)).op {
                    Op::Call(Function::Tanh, u) => Some(u),
                    _ => None,
                }),
                _ => None,
            };
            let Some(inside) = all.iter().find_map(bell) else { continue };
            let (mut open, mut typical) = (vec![inside], false);
            for _ in 0..16 {
                let Some(next) = open.pop() else { break };
                typical |= number(net, next).is_some_and(|c| (c - 0.044715).abs() < 1e-5);
                net.node(next).op.for_operands(|a| open.push(a));
            }
            let x = |a: &&NodeId| number(net, **a).is_none() && bell(a).is_none();
            if let (true, Some(x)) = (typical, all.iter().find(x)) {
                // A factor 1/2 may be a divisor: x/2.
                let x = match net.node(under(net, *x)).op {
                    Op::Div(a, b) if number(net, b) == Some(2.0) => a,
                    _ => *x,
                };
                found.push((node, x));
            }
        }
        found
    }

    fn softmaxes(&mut self) {
        let net = self.net;
        let all: Vec<_> = self.nodes().filter_map(|node| pattern::softmax(net, node)).collect();
        let rank = |of: &pattern::Softmax| net.node(of.scores).shape.rank();
        let most = all.iter().map(rank).max().unwrap_or(0);
        for axis in 0..most {
            let sites = all.iter().filter(|of| of.axis != axis && axis < rank(of));
            let sites = sites.map(|of| {
                let (z, is_log) = (of.scores, of.is_log);
                (of.node, fixed(move |made| softmax_along(made, z, axis, is_log)))
            });
            self.choice(Difference::Axes { of: "softmax", there: vec![axis] }, sites.collect());
        }
        for is_log in [true, false] {
            let sites = all.iter().filter(|of| of.is_log == is_log).map(|of| {
                let (z, axis) = (of.scores, of.axis);
                (of.node, fixed(move |made| softmax_along(made, z, axis, !is_log)))
            });
            self.choice(Difference::Logarithm { here: is_log }, sites.collect());
        }
        // The scores times a number: another scale of attention, a temperature.
        let scaled = |of: &pattern::Softmax| {
            let (z, axis, is_log) = (of.scores, of.axis, of.is_log);
            let make: Make = Rc::new(move |made: &mut Rebuilt, t| {
                let z = made.new_of(z);
                let z = made.times(z, t)?;
                let of = made.shape(z).clone();
                let powers = made.call(Function::Exp, z);
                let sum = made.sum(powers, &[axis]);
                match is_log {
                    false => made.div(powers, sum),
                    true => {
                        let shape = made.shape(sum).clone();
                        let ln = made.push(Op::Call(Function::Ln, sum), shape);
                        Some(made.push(Op::Sub(z, ln), of))
                    }
                }
            });
            (of.node, make)
        };
        let known: Vec<f64> = self.sizes().into_iter().map(|n| 1.0 / (n as f64).sqrt()).collect();
        let known: Vec<f64> = known.iter().copied().chain(known.iter().map(|t| 1.0 / t)).collect();
        let what = Constant::Scores;
        self.family(
            Rc::new(move |there| Difference::Number { what, here: 1.0, there }),
            all.iter().map(scaled).collect(),
            &known,
            Some(1.0),
        );
    }

    /// The lengths of the network's axes, ascending.
    fn sizes(&self) -> Vec<usize> {
        let lengths = self.net.nodes().iter().flat_map(|t| t.shape.lengths().to_vec());
        let mut sizes: Vec<usize> = lengths.filter(|n| *n > 1).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes.truncate(MAX_SIZES);
        sizes
    }

    fn masks(&mut self, values: &Values<f64>) {
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

    fn pools(&mut self) {
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

    fn gates(&mut self, gates: &Gates) {
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
            self.found.push(Variant {
                difference: Rc::new(move |_| Difference::Gates { order: order.clone() }),
                place: None,
                sites,
                leaves: None,
                known: vec![0.0],
                ours: None,
            });
        }
    }

    /// Numbers that are factors, divisors and terms.
    fn constants(&mut self, norms: &[Norm]) {
        let net = self.net;
        let of_norm: Vec<NodeId> = norms
            .iter()
            .flat_map(|norm| [Some(norm.hat), norm.centred, norm.variance.quotient])
            .flatten()
            .collect();
        let mut found: Vec<(NodeId, usize, f64)> = Vec::new();
        for node in self.nodes() {
            let mut operands = Vec::new();
            net.node(node).op.for_operands(|a| operands.push(a));
            let constant =
                matches!(net.node(node).op, Op::Add(_) | Op::Sub(..) | Op::Mul(_) | Op::Div(..));
            if !constant || of_norm.contains(&node) || number(net, node).is_some() {
                continue;
            }
            let own = operands.iter().enumerate();
            found.extend(own.filter_map(|(k, a)| Some((node, k, number(net, *a)?))));
        }
        let matrix = |node: NodeId| {
            let mut is_one = false;
            net.node(node).op.for_operands(|a| {
                let mut a = under(net, a);
                while let Op::Transpose(b, _) = net.node(a).op {
                    a = under(net, b);
                }
                is_one |= matches!(net.node(a).op, Op::MatMul(..));
            });
            is_one
        };
        let what = |node: NodeId| match &net.node(node).op {
            Op::Mul(_) if matrix(node) => Constant::Scale,
            Op::Div(..) if matrix(node) => Constant::ScaleBelow,
            Op::Div(a, _) if matches!(net.node(under(net, *a)).op, Op::Sum(..)) => Constant::Count,
            Op::Div(..) => Constant::Divisor,
            Op::Mul(_) => Constant::Factor,
            _ => Constant::Term,
        };
        let mut known: Vec<f64> = vec![1.0];
        for here in found.iter().map(|(.., here)| *here).collect::<Vec<_>>() {
            known.extend([here * here, here.abs().sqrt(), here - 1.0]);
        }
        known.retain(|t| *t != 0.0);
        known.truncate(2 * MAX_SIZES);
        known.dedup();
        self.operands(&found, &known, what);
    }

    /// Square operands of products, transposed.
    fn products(&mut self) {
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
    fn sums(&mut self) {
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
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        let grow = |order: &Vec<usize>| -> Vec<Vec<usize>> {
            let free = (0..count).filter(|n| !order.contains(n));
            free.map(|n| [order.as_slice(), &[n]].concat()).collect()
        };
        all = all.iter().flat_map(grow).collect();
    }
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

fn softmax_along(made: &mut Rebuilt, z: NodeId, axis: usize, is_log: bool) -> Option<NodeId> {
    let z = made.new_of(z);
    let powers = made.call(Function::Exp, z);
    let sum = made.sum(powers, &[axis]);
    match is_log {
        false => made.div(powers, sum),
        true => {
            let ln = made.call(Function::Ln, sum);
            made.sub(z, ln)
        }
    }
}

/// An elementwise function of x, by name.
fn activation(made: &mut Rebuilt, name: &str, x: NodeId) -> Option<NodeId> {
    let relu = |made: &mut Rebuilt, x, less: f64| {
        let less = made.number(less)?;
        let shifted = made.sub(x, less)?;
        Some(made.call(Function::Relu, shifted))
    };
    // relu(x − low) − relu(x − high), from 0 to high − low.
    let clipped = |made: &mut Rebuilt, x, low: f64, high: f64| {
        let (from, to) = (relu(made, x, low)?, relu(made, x, high)?);
        made.sub(from, to)
    };
    match name {
        "relu" => Some(made.call(Function::Relu, x)),
        "tanh" => Some(made.call(Function::Tanh, x)),
        "sigmoid" => Some(made.call(Function::Sigmoid, x)),
        "softplus" => Some(made.call(Function::Softplus, x)),
        "gelu" | "silu" => {
            let f = if name == "gelu" { Function::NormalCdf } else { Function::Sigmoid };
            let gate = made.call(f, x);
            made.mul(x, gate)
        }
        "gelu by sigmoid" => {
            let scaled = made.times(x, 1.702)?;
            let gate = made.call(Function::Sigmoid, scaled);
            made.mul(x, gate)
        }
        "gelu by tanh" => {
            let square = made.mul(x, x)?;
            let cube = made.mul(square, x)?;
            let cube = made.times(cube, 0.044715)?;
            let inside = made.add(x, cube)?;
            let inside = made.times(inside, (2.0 / std::f64::consts::PI).sqrt())?;
            let tanh = made.call(Function::Tanh, inside);
            let one = made.number(1.0)?;
            let sum = made.add(tanh, one)?;
            let product = made.mul(x, sum)?;
            made.times(product, 0.5)
        }
        "relu6" => clipped(made, x, 0.0, 6.0),
        "hard tanh" => {
            let (one, clipped) = (made.number(1.0)?, clipped(made, x, -1.0, 1.0)?);
            made.sub(clipped, one)
        }
        "hard sigmoid" => {
            let clipped = clipped(made, x, -3.0, 3.0)?;
            made.times(clipped, 1.0 / 6.0)
        }
        "elu" => {
            // relu(x) + e^(−relu(−x)) − 1, which does not overflow.
            let shape = made.shape(x).clone();
            let negated = made.push(Op::Neg(x), shape.clone());
            let below = made.call(Function::Relu, negated);
            let below = made.push(Op::Neg(below), shape);
            let power = made.call(Function::Exp, below);
            let one = made.number(1.0)?;
            let curve = made.sub(power, one)?;
            let above = made.call(Function::Relu, x);
            made.add(above, curve)
        }
        _ => None,
    }
}
