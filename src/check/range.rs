//! What is reported of supplied numbers where the network's own values leave the range of `f64`.
//!
//! Goes in: a network, exact values, what was supplied. Comes out: where the range is left, and a
//! report in which nothing is judged. What always holds: a number is neither right nor wrong where
//! there is no exact value to hold it against.

use crate::concrete::{self, Decide, Decisions, OUT_OF_RANGE, Values};
use crate::diag::Error;
use crate::net::{Network, QuantityId};
use crate::scalar::Rational;

use super::prepared::{Decided, large};
use super::report::{Noticed, Precision, Report, Source, Value, Verdict};
use super::supplied::Supplied;
use super::typical::called;
use super::values::convert;

/// Why there are no exact gradients, if the reason is that a value or an adjoint is too large.
pub(super) fn overflow(
    net: &Network,
    values: &Values<Rational>,
    by: &[QuantityId],
) -> Option<String> {
    let values = convert::<f64>(net, values).ok()?;
    let forward = concrete::forward(net, &values, Decide::ByValue);
    let (what, error) = match forward {
        Ok(run) => ("the gradients overflow", concrete::backward(net, &run, by).err()?),
        Err(error) => ("the values overflow", error),
    };
    (error.message() == OUT_OF_RANGE).then(|| format!("{what} f64{}", place(net, &error)))
}

/// ` at `E`` where that is known.
fn place(net: &Network, error: &Error) -> String {
    let found = (0..net.nodes().len()).map(|n| crate::net::NodeId(n as u32));
    let mut found = found.filter(|node| Some(net.node(*node).span) == error.span());
    found.next().map_or_else(String::new, |node| format!(" at {}", called(net, node)))
}

/// A report in which nothing is judged, for this reason.
pub(super) fn unjudged(
    net: &Network,
    values: &Values<Rational>,
    supplied: &Supplied,
    by: &[QuantityId],
    why: &str,
) -> Report {
    let mut report = super::blank(net, by, &[(Source::Supplied, Precision::F64)]);
    for parameter in &mut report.parameters {
        parameter.format = supplied.gradients.get(&parameter.id).map(|theirs| theirs.format);
        let cells = parameter.shape.elements();
        parameter.comparisons.iter_mut().for_each(|comparison| comparison.skip(why, cells));
    }
    let value = |(id, theirs): (&QuantityId, &super::Theirs)| Value {
        id: *id,
        name: net.quantity(*id).name.clone(),
        shape: net.shape(*id).clone(),
        format: theirs.format,
        differing: 0,
        verdict: Verdict::NotJudged(why.to_string()),
        first: None,
        noticed: Noticed { element: 0.0, factor: 0.0 },
    };
    report.forward = supplied.forward.iter().map(value).collect();
    report.forward.sort_by_key(|value| net.quantity(value.id).node);
    let decided = Decided {
        decisions: Decisions::new(),
        by_value: Decisions::new(),
        kinks: Vec::new(),
        assumed: Vec::new(),
        notes: Vec::new(),
    };
    report.points.push(large(net, values, &decided, why, None));
    report
}
