//! Which other network somebody may have computed: the same but for one choice, such as an eps, an
//! axis, a slope below 0, the order of the gates. The likeliest first.
//!
//! Goes in: a network and the values of its leaves. Comes out: a list to try. A variant may have
//! one number, with the values that are usual for it, and may let it be found. Here are the list,
//! norms, softmaxes and constants.

mod activations;
mod arranged;

use std::rc::Rc;

use super::pattern::{self, Norm, number, owners, under};
use super::rebuilt::{Make, Normalise, Rebuilt};
use super::{Constant, Difference};
use crate::concrete::Values;
use crate::net::{Network, NodeId, Op, QuantityId};
use crate::scalar::Function;

/// At most so many places of one kind are tried one by one.
const MAX_PLACES: usize = 12;
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

    /// Without a number, at all the sites alone.
    fn jointly(&mut self, difference: Difference, sites: Vec<(NodeId, Make)>) {
        self.found.push(Variant {
            difference: Rc::new(move |_| difference.clone()),
            place: None,
            sites,
            leaves: None,
            known: vec![0.0],
            ours: None,
        });
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
        self.jointly(difference, Vec::new());
        if let Some(variant) = self.found.last_mut() {
            variant.leaves = Some(Rc::new(move |_| vec![(id, values.clone())]));
        }
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

    fn softmaxes(&mut self) {
        let net = self.net;
        let all: Vec<_> = self.nodes().filter_map(|node| pattern::softmax(net, node)).collect();
        let rank = |of: &pattern::Softmax| net.node(of.scores).shape.rank();
        let most = all.iter().map(rank).max().unwrap_or(0);
        for axis in 0..most {
            let sites = all.iter().filter(|of| of.axes != [axis] && axis < rank(of));
            let sites = sites.map(|of| {
                let (z, is_log) = (of.scores, of.is_log);
                let make = move |made: &mut Rebuilt| {
                    let z = made.new_of(z);
                    softmax_along(made, z, &[axis], is_log)
                };
                (of.node, fixed(make))
            });
            self.choice(Difference::Axes { of: "softmax", there: vec![axis] }, sites.collect());
        }
        for is_log in [true, false] {
            let sites = all.iter().filter(|of| of.is_log == is_log).map(|of| {
                let (z, axes) = (of.scores, of.axes.clone());
                let make = move |made: &mut Rebuilt| {
                    let z = made.new_of(z);
                    softmax_along(made, z, &axes, !is_log)
                };
                (of.node, fixed(make))
            });
            self.choice(Difference::Logarithm { here: is_log }, sites.collect());
        }
        // The scores times a number: another scale of attention, a temperature.
        let scaled = |of: &pattern::Softmax| {
            let (z, axes, is_log) = (of.scores, of.axes.clone(), of.is_log);
            let make: Make = Rc::new(move |made: &mut Rebuilt, t| {
                let z = made.new_of(z);
                let z = made.times(z, t)?;
                softmax_along(made, z, &axes, is_log)
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
}

/// The softmax of new scores, or its logarithm.
fn softmax_along(made: &mut Rebuilt, z: NodeId, axes: &[usize], is_log: bool) -> Option<NodeId> {
    let powers = made.call(Function::Exp, z);
    let sum = made.sum(powers, axes);
    match is_log {
        false => made.div(powers, sum),
        true => {
            let ln = made.call(Function::Ln, sum);
            made.sub(z, ln)
        }
    }
}
