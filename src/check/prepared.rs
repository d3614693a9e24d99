//! What every pass over tensors at a point needs before it: what is decided at every kink.
//!
//! Goes in: a network, exact values. Comes out: decisions that all passes follow, and what a report
//! says of such a point. What always holds: what could not be decided with certainty is said in a
//! note.

use crate::concrete::{self, Decide, Decisions, Kink, Values};
use crate::diag::{Error, Kind};
use crate::net::{Network, Op, QuantityId};
use crate::ordered::Ordered;
use crate::scalar::Rational;

use super::kinks;
use super::point;
use super::reference::{self, Element};
use super::report::{self, Arithmetic, Assumptions, Number};
use super::supplied::LONG_WORK;
use super::values::{convert, work};

/// What the values decide.
pub(super) struct Decided {
    pub decisions: Decisions,
    /// Before an assumption breaks a tie.
    pub by_value: Decisions,
    pub kinks: Vec<Kink>,
    pub assumed: Vec<(crate::net::NodeId, usize)>,
    pub notes: Vec<String>,
}

/// Decides in exact arithmetic or with as many digits as it takes, and at last in `f64`, where
/// what is equal to the last of these digits counts as a kink.
pub(super) fn decided(
    net: &Network,
    values: &Values<Rational>,
    assume: bool,
) -> Result<Decided, Error> {
    let mut notes = Vec::new();
    let mut found = None;
    for bits in [106, 512] {
        match reference::decide(net, values, bits) {
            Ok(all) => {
                found = Some(all);
                break;
            }
            // Too close to be told apart, or out of range: `f64` may know better.
            Err(error) if work(net) > LONG_WORK || bits > 106 => {
                let rounded = convert::<f64>(net, values)?;
                let run = concrete::forward(net, &rounded, Decide::ByValue).map_err(|_| error)?;
                if run.decisions().iter().next().is_some() {
                    let note = "a max or a sign is too close here to be decided with certainty";
                    notes.push(note.to_string());
                }
                found = Some((run.decisions().clone(), run.kinks().to_vec()));
                break;
            }
            Err(_) => {}
        }
    }
    let Some((by_value, kinks)) = found else {
        return Err(Error::new(Kind::Internal, "no precision was tried"));
    };
    let mut decisions = by_value.clone();
    let assumed = match assume {
        true => point::apply(net, &mut decisions, &kinks)?,
        false => Vec::new(),
    };
    Ok(Decided { decisions, by_value, kinks, assumed, notes })
}

/// What a report says of a point that was not written out in scalars.
pub(super) fn large(
    net: &Network,
    values: &Values<Rational>,
    decided: &Decided,
    why: &str,
    loss: Option<Element>,
) -> report::Point {
    let is_leaf = |id: &QuantityId| matches!(net.node(net.quantity(*id).node).op, Op::Leaf(_));
    let leaves = values.iter().filter(|(id, _)| is_leaf(id));
    report::Point {
        values: leaves.map(|(id, all)| (*id, all.clone())).into_map(),
        drawn: Vec::new(),
        redrawn: 0,
        unit: None,
        arithmetic: Arithmetic::None,
        inexact: Some(why.to_string()),
        loss: Number::F64(loss.map_or(f64::NAN, |loss| loss.value)),
        assumptions: match net.assumptions().is_empty() {
            true => Assumptions::Absent,
            false => Assumptions::Used,
        },
        kinks: kinks::listed(net, &decided.kinks, &decided.assumed),
        kink_count: decided.kinks.len(),
        notes: decided.notes.clone(),
    }
}
