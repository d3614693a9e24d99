//! A layer by itself: the part of a network that one lemma speaks of, cut out.
//!
//! The tensors that use what is differentiated by keep their operations; whatever else these
//! mention becomes a leaf. Downstream stands a linear loss Σ r·y with a free r for each element
//! of each user, so that δ^y is free; where the lemma rests on an earlier result about δ^p,
//! what follows p stands there instead.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Error, Kind};
use crate::net::{Builder, Network, NodeId, Op, QuantityId, Role, Shape};

/// A layer cut out of a network.
pub(super) struct Layer {
    /// The network of the layer alone.
    pub net: Network,
    /// The tensors that keep their definitions, by name.
    pub kept: BTreeSet<String>,
}

/// What of a network is cut out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cut {
    /// The quantities that keep their operations.
    pub kept: BTreeSet<QuantityId>,
    /// Those of them whose δ is to be free.
    pub free: BTreeSet<QuantityId>,
}

/// Cuts a layer out.
///
/// # Errors
/// Whatever the builder refuses.
pub(super) fn cut_out(net: &Network, cut: &Cut) -> Result<Layer, Error> {
    let mut b = Builder::new();
    let mut made: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    let mut loss = Vec::new();
    let mut kept = BTreeSet::new();
    for (id, quantity) in net.quantities() {
        let defined = match net.node(quantity.node).op {
            Op::Define(_, value) if cut.kept.contains(&id) => Some(value),
            _ => None,
        };
        let Some(value) = defined else { continue };
        for node in below(net, value) {
            let tensor = net.node(node);
            let copy = match &tensor.op {
                Op::Leaf(q) | Op::Define(q, _) => match made.get(&net.quantity(*q).node) {
                    Some(known) => *known,
                    None => {
                        let leaf = leaf(&mut b, net, *q)?;
                        made.insert(net.quantity(*q).node, leaf);
                        leaf
                    }
                },
                op => match made.get(&node) {
                    Some(known) => *known,
                    None => copy(&mut b, op, &tensor.shape, &made)?,
                },
            };
            made.insert(node, copy);
        }
        let copy = b.define(&quantity.name, made[&value])?;
        kept.insert(quantity.name.clone());
        let copy = b.node_of(copy);
        made.insert(quantity.node, copy);
        if cut.free.contains(&id) {
            let shape = b.shape(copy).clone();
            let r = free_leaf(&mut b, net, loss.len(), shape)?;
            let product = b.mul(&[r, copy])?;
            loss.push(if b.shape(product).is_scalar() { product } else { b.sum(product)? });
        } else if id == net.loss() {
            loss.push(copy);
        }
    }
    if loss.is_empty() {
        return Err(Error::new(Kind::Internal, "a lemma speaks of no layer"));
    }
    let total = if let [one] = loss.as_slice() { *one } else { b.add(&loss)? };
    let own = (0..).map(|n| format!("total{n}")).find(|name| net.find_alike(name).is_none());
    let total = b.define(&own.unwrap_or_default(), total)?;
    b.set_loss(total)?;
    Ok(Layer { net: b.finish()?, kept })
}

/// The nodes below a value, down to named ones, operands before users.
fn below(net: &Network, value: NodeId) -> BTreeSet<NodeId> {
    let mut all = BTreeSet::from([value]);
    let mut stack = vec![value];
    while let Some(id) = stack.pop() {
        match &net.node(id).op {
            Op::Leaf(_) | Op::Define(..) => {}
            op => op.for_operands(|a| {
                if all.insert(a) {
                    stack.push(a);
                }
            }),
        }
    }
    all
}

fn leaf(b: &mut Builder, net: &Network, q: QuantityId) -> Result<NodeId, Error> {
    let quantity = net.quantity(q);
    let role = if quantity.role == Role::Defined { Role::Input } else { quantity.role };
    let id = b.declare(role, &quantity.name, net.shape(q).clone())?;
    Ok(b.node_of(id))
}

/// A leaf under a name that the network has not.
fn free_leaf(b: &mut Builder, net: &Network, n: usize, shape: Shape) -> Result<NodeId, Error> {
    let names = (0..).map(|k| format!("r{}", "x".repeat(k) + &n.to_string()));
    let name = names.take(8).find(|name| net.find_alike(name).is_none()).unwrap_or_default();
    let id = b.declare(Role::Input, &name, shape)?;
    Ok(b.node_of(id))
}

/// The same operation on the copies of its operands.
pub(super) fn copy(
    b: &mut Builder,
    op: &Op,
    shape: &Shape,
    made: &BTreeMap<NodeId, NodeId>,
) -> Result<NodeId, Error> {
    let of = |id: &NodeId| made[id];
    let all = |ids: &[NodeId]| -> Vec<NodeId> { ids.iter().map(of).collect() };
    match op {
        Op::Leaf(_) | Op::Define(..) => {
            Err(Error::new(Kind::Internal, "a named tensor is no operation"))
        }
        Op::Number(q) => b.number(q),
        Op::Neg(a) => b.neg(of(a)),
        Op::Add(ids) => b.add(&all(ids)),
        Op::Sub(a, c) => b.sub(of(a), of(c)),
        Op::Mul(ids) => b.mul(&all(ids)),
        Op::Div(a, c) => b.div(of(a), of(c)),
        Op::Pow(a, c) => b.pow(of(a), of(c)),
        Op::Call(function, a) => b.call(*function, of(a)),
        Op::MaxOf(ids) => b.max_of(&all(ids)),
        Op::Max(a, axes) => b.max_along(of(a), axes),
        Op::Sum(a, axes) => b.sum_along(of(a), axes),
        Op::Element(a, at) => b.element(of(a), at),
        Op::Reshape(a) => b.reshape(of(a), shape.clone()),
        Op::Transpose(a, axes) => b.transpose(of(a), axes),
        Op::Slice(a, ranges) => b.slice(of(a), ranges),
        Op::Concat(ids, axis) => b.concat(&all(ids), *axis),
        Op::MatMul(a, c) => b.matmul(of(a), of(c)),
        Op::Conv { input, kernel, window } => b.conv(of(input), of(kernel), window.clone()),
        Op::Pool { kind, input, size, window } => b.pool(*kind, of(input), size, window.clone()),
    }
}
