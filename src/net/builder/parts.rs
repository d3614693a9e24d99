//! The parts of a normalisation that somebody wrote out in one formula, with the names that
//! papers give them.
//!
//! Goes in: a network. Comes out: one with the same quantities and the same values, in which the
//! divisor s = √(…Σ…), the variance v and the mean μ under it, and the quotient x̂ are quantities
//! of their own, as [`layer_norm`](crate::net::layer) has them; or nothing, where there is no such
//! part without a name. What always holds: nothing is added but names, and other shapes of the same
//! elements, so every quantity keeps its value and its gradient; equal parts are named once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Builder, NodeId, Op, QuantityId};
use crate::diag::Error;
use crate::net::{Network, Shape};
use crate::ordered::Ordered;
use crate::scalar::{Function, Rational};

/// The network with the parts of its normalisations named; `None` where all have names.
pub(crate) fn with_parts(net: &Network) -> Option<Network> {
    let found = Found::new(net);
    let stems = found.stems();
    if stems.is_empty() {
        return None;
    }
    // A name that cannot be given leaves the network as it was written.
    rebuilt(net, &found, &stems)
}

/// Which nodes are the same expression.
struct Found<'a> {
    net: &'a Network,
    /// For each node the first that is equal to it.
    first: Vec<NodeId>,
    /// Which nodes are the value of a definition.
    named: Vec<bool>,
}

impl<'a> Found<'a> {
    fn new(net: &'a Network) -> Found<'a> {
        let mut known: BTreeMap<String, NodeId> = BTreeMap::new();
        let mut found = Found { net, first: Vec::new(), named: vec![false; net.nodes().len()] };
        for (index, tensor) in net.nodes().iter().enumerate() {
            let own = NodeId(index as u32);
            let first = match &tensor.op {
                Op::Leaf(_) => own,
                Op::Define(_, value) => {
                    let value = found.first[value.index()];
                    found.named[value.index()] = true;
                    own
                }
                op => {
                    let op = op.with_operands(|a| found.first[a.index()]);
                    let key = format!("{:?} {op:?}", tensor.shape.lengths());
                    *known.entry(key).or_insert(own)
                }
            };
            found.first.push(first);
        }
        found
    }

    fn op(&self, id: NodeId) -> &'a Op {
        &self.net.node(id).op
    }

    /// The first node like it, without changes of its shape.
    fn plain(&self, id: NodeId) -> NodeId {
        let mut at = self.first[id.index()];
        while let Op::Reshape(a) = self.op(at) {
            at = self.first[a.index()];
        }
        at
    }

    /// What has a name, or is a name.
    fn is_named(&self, id: NodeId) -> bool {
        self.named[id.index()] || matches!(self.op(id), Op::Leaf(_) | Op::Define(..))
    }

    /// What a mean is taken of.
    fn mean_of(&self, id: NodeId) -> Option<NodeId> {
        let Op::Div(sum, count) = self.op(self.plain(id)) else { return None };
        let (Op::Sum(of, axes), Op::Number(n)) = (self.op(self.plain(*sum)), self.op(*count))
        else {
            return None;
        };
        let lengths = self.net.node(*of).shape.lengths();
        let terms: usize = axes.iter().map(|axis| lengths[*axis]).product();
        (*n == Rational::from(i64::try_from(terms).ok()?)).then(|| self.first[of.index()])
    }

    /// Whether a sum stands in an expression, not behind a name.
    fn sums(&self, id: NodeId) -> bool {
        let (mut waiting, mut seen) = (vec![id], BTreeSet::new());
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.op(id) {
                Op::Sum(..) => return true,
                Op::Leaf(_) | Op::Define(..) => {}
                op => op.for_operands(|a| waiting.push(a)),
            }
        }
        false
    }

    /// u and its mean, where this is u − mean u.
    fn centred(&self, id: NodeId) -> Option<(NodeId, NodeId)> {
        let Op::Sub(u, mean) = self.op(self.first[id.index()]) else { return None };
        let (u, mean) = (self.first[u.index()], self.plain(*mean));
        (self.mean_of(mean) == Some(u)).then_some((u, mean))
    }

    /// What is to be named, and how.
    fn stems(&self) -> BTreeMap<NodeId, &'static str> {
        let mut stems = BTreeMap::new();
        for index in 0..self.net.nodes().len() {
            let quotient = NodeId(index as u32);
            let Op::Div(above, below) = self.op(quotient) else { continue };
            let root = self.plain(*below);
            let Op::Call(Function::Sqrt, radicand) = self.op(root) else { continue };
            if !self.sums(*radicand) {
                continue;
            }
            stems.insert(root, "s");
            let Some((u, mean, variance)) = self.variance(*radicand) else { continue };
            stems.extend([(mean, "μ"), (variance, "v")]);
            if !matches!(self.op(u), Op::Element(..) | Op::Number(_)) {
                stems.insert(u, "z");
            }
            if self.centred(*above) == Some((u, mean)) {
                stems.insert(self.first[index], "xhat");
            }
        }
        stems.retain(|id, _| !self.is_named(*id));
        stems
    }

    /// u, its mean and its variance, where this is the variance, or the variance and a number.
    fn variance(&self, radicand: NodeId) -> Option<(NodeId, NodeId, NodeId)> {
        let is_number = |id: &NodeId| matches!(self.op(self.plain(*id)), Op::Number(_));
        let variance = match self.op(self.plain(radicand)) {
            Op::Add(terms) => match terms.as_slice() {
                [v, n] | [n, v] if is_number(n) => *v,
                _ => return None,
            },
            _ => radicand,
        };
        let variance = self.plain(variance);
        let squares = self.mean_of(variance)?;
        let deviation = match self.op(squares) {
            Op::Pow(of, two) if matches!(self.op(*two), Op::Number(n) if *n == Rational::from(2)) => {
                *of
            }
            Op::Mul(factors) => match factors.as_slice() {
                [a, b] if self.first[a.index()] == self.first[b.index()] => *a,
                _ => return None,
            },
            _ => return None,
        };
        let (u, mean) = self.centred(deviation)?;
        Some((u, mean, variance))
    }
}

fn rebuilt(
    net: &Network,
    found: &Found<'_>,
    stems: &BTreeMap<NodeId, &'static str>,
) -> Option<Network> {
    let mut b = Builder::new();
    for (_, quantity) in net.quantities() {
        b.reserve(&quantity.name);
    }
    // Each node belongs to the next definition.
    let mut owners = vec![None; net.nodes().len()];
    let mut owner = None;
    for (index, tensor) in net.nodes().iter().enumerate().rev() {
        if let Op::Define(q, _) = tensor.op {
            owner = Some(net.quantity(q).name.as_str());
        }
        owners[index] = owner;
    }
    let mut made: Vec<NodeId> = Vec::with_capacity(net.nodes().len());
    let mut quantities: BTreeMap<QuantityId, QuantityId> = BTreeMap::new();
    for (index, tensor) in net.nodes().iter().enumerate() {
        b.at(tensor.span);
        let new = match &tensor.op {
            Op::Leaf(q) | Op::Define(q, _) => {
                let quantity = net.quantity(*q);
                b.at(quantity.span);
                let new = match tensor.op {
                    Op::Define(_, value) => b.define(&quantity.name, made[value.index()]),
                    _ => b.declare(quantity.role, &quantity.name, tensor.shape.clone()),
                };
                quantities.insert(*q, new.ok()?);
                b.node_of(quantities[q])
            }
            op => {
                let first = found.first[index];
                match stems.get(&first) {
                    Some(_) if first.index() < index => made[first.index()],
                    stem => {
                        let op = op.with_operands(|a| made[a.index()]);
                        let new = b.push(op, tensor.shape.clone()).ok()?;
                        match stem {
                            Some(stem) => part(b.within(owners[index]), stem, new).ok()?,
                            None => new,
                        }
                    }
                }
            }
        };
        made.push(new);
    }
    b.set_loss(quantities[&net.loss()]).ok()?;
    b.assumptions = net.assumptions.clone();
    b.assumptions.iter_mut().for_each(|a| a.max = made[a.max.index()]);
    b.normalised = net.normalised.clone();
    b.normalised.iter_mut().for_each(|n| n.quantity = quantities[&n.quantity]);
    b.values = net.values.iter().map(|(q, v)| (quantities[q], v.clone())).into_map();
    b.finish().ok()
}

/// A part, without the axes of length 1 that let it stand beside what it divides.
fn part(b: &mut Builder, stem: &str, value: NodeId) -> Result<NodeId, Error> {
    let shape = b.shape(value).clone();
    let longer = shape.lengths().iter().copied().filter(|n| *n != 1);
    let short = Shape::new(longer.collect::<Vec<_>>());
    if short == shape {
        return b.part(stem, value);
    }
    let value = b.reshape(value, short)?;
    let part = b.part(stem, value)?;
    b.reshape(part, shape)
}

#[cfg(test)]
mod tests {
    use super::with_parts;
    use crate::lang::parse_network;
    use crate::net::{Network, Role};

    fn parts_of(text: &str) -> Option<(Network, Vec<String>)> {
        let net = parse_network(text).expect("it is right");
        let named = with_parts(&net)?;
        let new = |name: &&str| net.find(name).is_none();
        let names = named.quantities().map(|(_, q)| q.name.as_str()).filter(new);
        let names = names.map(str::to_string).collect();
        Some((named, names))
    }

    #[test]
    fn the_parts_of_a_norm_have_the_names_of_the_layer() {
        let written = "param x[3, 4], g[4]\n\
                       y = g*((x - mean(x, axis: 1, keep: true))\
                       /sqrt(mean((x - mean(x, axis: 1, keep: true))^2, axis: 1, keep: true) + 1e-5))\n\
                       E = sum(y^3)";
        let (net, names) = parts_of(written).expect("it has parts");
        assert_eq!(names, ["μ", "v", "s", "xhat"]);
        assert!(net.quantities().all(|(_, q)| q.role != Role::Defined || q.node.index() > 0));
        let root =
            "param r[3, 4]\nh = r/sqrt(mean(r^2, axis: -1, keep: true) + 1e-6)\nE = sum(h^3)";
        assert_eq!(parts_of(root).expect("it has a divisor").1, ["s"]);
        // The whole is named already, and its names are taken; what is normalised has none.
        let taken =
            "param s[6], v\nh = (2*s - mean(2*s))/sqrt(mean((2*s - mean(2*s))^2))\nE = sum(h^3)*v";
        assert_eq!(parts_of(taken).expect("it has parts").1, ["z", "μ", "v_h", "s_h"]);
    }

    #[test]
    fn what_has_names_or_no_sum_stays_as_it_is() {
        for text in [
            "param x[4], g[4], b[4]\ny = layer_norm(x, g, b)\nE = sum(y^3)",
            "param q[3, 2], k[3, 2]\na = softmax(q @ transpose(k)/sqrt(2))\nE = sum(a^2)",
            "param x[4]\ns = sqrt(mean(x^2))\ny = x/s\nE = sum(y^3)",
            "param x[4]\nE = sum(x/(1 + x^2))",
        ] {
            assert!(parts_of(text).is_none(), "{text}");
        }
    }

    #[test]
    fn values_assumptions_and_gradients_stay() {
        let text = "param x[4], w\nm = max(x)\n\
                    y = x/sqrt(sum(x^2) + 1)\nE = sum(y^3)*m*w\n\
                    given x = [1, 2, 3, 1/2], w = 2\nassume m = x[2]";
        let net = parse_network(text).expect("it is right");
        let (named, _) = parts_of(text).expect("it has a part");
        let all = |net: &Network| {
            let values = crate::concrete::given::<crate::scalar::Rational>(net);
            let values = values.expect("all are given");
            let names = net.params().map(|id| net.quantity(id).name.clone());
            (format!("{:?}", values.len()), names.collect::<Vec<_>>(), net.assumptions().len())
        };
        assert_eq!(all(&net), all(&named));
        assert!(named.assumptions()[0].max.index() < named.nodes().len());
    }
}
