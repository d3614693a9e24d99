//! What arithmetic in a format of numbers may give: one pass forward and one backward over numbers
//! with error bounds.
//!
//! Goes in: a place and a format. Comes out: for every gradient the interval of each element. What always holds: without a bound there is no
//! interval, but the reason.

use crate::concrete::{self, Decide, Forward};
use crate::diag::Error;
use crate::net::{Network, NodeId, Op, Tensor};
use crate::scalar::{Function, Interval};

use super::reference::Place;
use super::rounding::{BESIDE_ONE, Computed, Format};
use super::values::convert;

/// For each quantity, the interval of each element; or why there is no bound.
pub(super) type Bounds = Result<Vec<Vec<Interval>>, String>;

/// The gradients that arithmetic in a format may give.
pub(super) fn bounds(at: Place<'_>, format: Format) -> Bounds {
    format.during(|| run(at)).map_err(|why| format!("{format} has no error bound here: {why}"))
}

fn forward(at: Place<'_>) -> Result<Forward<Computed>, Error> {
    let values = convert::<Computed>(at.net, at.values)?;
    let forward = concrete::forward(at.net, &values, Decide::Recorded(at.decisions))?;
    Ok(with_expm1(at.net, &forward).unwrap_or(forward))
}

/// The same pass for a program that has expm1 where the network has eˣ − 1, as in ELU, and takes
/// expm1(x) + 1 for its slope: there eˣ is off by roundings of 1. None where there is no such
/// difference.
fn with_expm1(net: &Network, forward: &Forward<Computed>) -> Option<Forward<Computed>> {
    let powers = differences_from_one(net);
    if powers.is_empty() {
        return None;
    }
    let all = (0..net.nodes().len()).map(|n| forward.value(NodeId(n as u32)).map(<[_]>::to_vec));
    let mut all: Vec<Option<Vec<Computed>>> = all.collect();
    for node in powers {
        for x in all[node.index()].iter_mut().flatten() {
            *x = x.beside_one(BESIDE_ONE).ok()?;
        }
    }
    Forward::assembled(net, all, forward.decisions().clone())
}

fn run(at: Place<'_>) -> Bounds {
    let told = |error: Error| error.message().to_string();
    let forward = forward(at).map_err(told)?;
    let gradients = concrete::backward(at.net, &forward, at.by).map_err(told)?;
    let all = at.by.iter().map(|id| {
        let computed = gradients.of(*id).unwrap_or_default().iter();
        let enclosures = computed.map(Computed::enclosure).collect::<Result<Vec<_>, _>>();
        enclosures.map_err(|_| "a sum is so long that no digit of it is certain".to_string())
    });
    all.collect()
}

/// Each eˣ of which 1 is taken, as in ELU: a program may have expm1 there.
pub(super) fn differences_from_one(net: &Network) -> Vec<NodeId> {
    let is_one = |id: NodeId| matches!(&net.node(id).op, Op::Number(q) if q.is_one());
    let power = |tensor: &Tensor| match &tensor.op {
        Op::Sub(a, one) if is_one(*one) => {
            matches!(net.node(*a).op, Op::Call(Function::Exp, _)).then_some(*a)
        }
        _ => None,
    };
    net.nodes().iter().filter_map(power).collect()
}
