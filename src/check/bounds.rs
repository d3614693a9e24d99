//! What arithmetic in a format of numbers may give: one pass forward and one backward over numbers
//! with error bounds.
//!
//! Goes in: a point, a format, and how gradients are divided at kinks. Comes out: for every
//! gradient the interval of each element. What always holds: without a bound there is no
//! interval, but the reason.

use std::cmp::Ordering;

use crate::concrete::{self, Decide, Decision, Decisions, Forward, Shares};
use crate::diag::Error;
use crate::net::{Network, NodeId, Op, QuantityId, Tensor};
use crate::scalar::{Function, Interval};

use super::diagnosis::{Diagnosis, diagnose};
use super::point::Point;
use super::rounding::{BESIDE_ONE, Computed, Format};
use super::values::convert;

/// Calls a function that is generic over the bits of a format.
macro_rules! in_format {
    ($format:expr, $f:ident($($argument:expr),*)) => {
        match $format {
            Format::Bf16 => $f::<8>($($argument),*),
            Format::F16 => $f::<11>($($argument),*),
            Format::F32 => $f::<24>($($argument),*),
            Format::F64 => $f::<53>($($argument),*),
        }
    };
}
pub(super) use in_format;

/// For each quantity, the interval of each element; or why there is no bound.
pub(super) type Bounds = Result<Vec<Vec<Interval>>, String>;

/// The gradients that arithmetic in a format may give, where `shares` says how they are divided.
pub(super) fn bounds(
    net: &Network,
    at: &Point,
    by: &[QuantityId],
    format: Format,
    shares: &Shares<Interval>,
) -> Bounds {
    in_format!(format, run(net, at, by, shares))
        .map_err(|why| format!("{format} has no error bound here: {why}"))
}

pub(super) fn forward<const P: u32>(
    net: &Network,
    at: &Point,
    decisions: &Decisions,
) -> Result<Forward<Computed<P>>, Error> {
    let values = convert::<Computed<P>>(net, &at.values)?;
    let forward = concrete::forward(net, &values, Decide::Recorded(decisions))?;
    Ok(with_expm1(net, &forward).unwrap_or(forward))
}

/// The same pass for a program that has expm1 where the network has eˣ − 1, as in ELU, and takes
/// expm1(x) + 1 for its slope: there eˣ is off by roundings of 1. None where there is no such
/// difference.
fn with_expm1<const P: u32>(
    net: &Network,
    forward: &Forward<Computed<P>>,
) -> Option<Forward<Computed<P>>> {
    let is_one = |id: NodeId| matches!(&net.node(id).op, Op::Number(q) if q.is_one());
    let power = |tensor: &Tensor| match &tensor.op {
        Op::Sub(a, one) if is_one(*one) => {
            matches!(net.node(*a).op, Op::Call(Function::Exp, _)).then_some(*a)
        }
        _ => None,
    };
    let powers: Vec<NodeId> = net.nodes().iter().filter_map(power).collect();
    if powers.is_empty() {
        return None;
    }
    let all = (0..net.nodes().len()).map(|n| forward.value(NodeId(n as u32)).map(<[_]>::to_vec));
    let mut all: Vec<Option<Vec<Computed<P>>>> = all.collect();
    for node in powers {
        for x in all[node.index()].iter_mut().flatten() {
            *x = x.beside_one(BESIDE_ONE).ok()?;
        }
    }
    Forward::assembled(net, all, forward.decisions().clone())
}

/// The decisions of the point, but where two pieces meet those of `shares`: the step between them
/// is 0 or 1, and its value, not a slope, says which piece it is.
fn decided(net: &Network, at: &Point, shares: &Shares<Interval>) -> Decisions {
    let mut decisions = at.decisions.clone();
    for ((node, element), share) in shares {
        let (true, Some(signs)) = (is_step(net, *node), decisions.signs(*node)) else { continue };
        let mut signs = signs.to_vec();
        let right = share.iter().any(|(_, weight)| weight.lower > 0.5);
        if let Some(sign) = signs.get_mut(*element) {
            *sign = if right { Ordering::Greater } else { Ordering::Less };
        }
        decisions.set(*node, Decision::Signs(signs));
    }
    decisions
}

pub(super) fn is_step(net: &Network, node: NodeId) -> bool {
    matches!(net.node(node).op, Op::Call(Function::Step, _))
}

fn run<const P: u32>(
    net: &Network,
    at: &Point,
    by: &[QuantityId],
    shares: &Shares<Interval>,
) -> Bounds {
    let told = |error: Error| error.message().to_string();
    let exactly = |share: &Vec<(usize, Interval)>| {
        share.iter().map(|(n, weight)| (*n, Computed::exactly(*weight))).collect()
    };
    let forward = forward::<P>(net, at, &decided(net, at, shares)).map_err(told)?;
    let slopes = shares.iter().filter(|((node, _), _)| !is_step(net, *node));
    let shares = slopes.map(|(place, share)| (*place, exactly(share))).collect();
    let gradients = concrete::backward_with(net, &forward, by, &shares).map_err(told)?;
    let all = by.iter().map(|id| {
        let computed = gradients.of(*id).unwrap_or_default().iter();
        let enclosures = computed.map(Computed::enclosure).collect::<Result<Vec<_>, _>>();
        enclosures.map_err(|_| "a sum is so long that no digit of it is certain".to_string())
    });
    all.collect()
}

/// The mistake that numbers of a format come from, if one is known that gives them; `right` is
/// what arithmetic in this format may give.
pub(super) fn explain(
    net: &Network,
    at: &Point,
    by: QuantityId,
    (right, format): (&[Interval], Format),
    numbers: &[f64],
) -> Option<Diagnosis> {
    in_format!(format, diagnosed(net, at, by, right, numbers))
}

fn diagnosed<const P: u32>(
    net: &Network,
    at: &Point,
    by: QuantityId,
    right: &[Interval],
    numbers: &[f64],
) -> Option<Diagnosis> {
    diagnose(net, &forward::<P>(net, at, &at.decisions).ok()?, by, right, numbers)
}
