//! Supplied values of the forward pass, held against those that the network gives: a gradient of
//! another forward pass cannot be right.
//!
//! Goes in: a place, numbers for some quantities that have definitions. Comes out: a verdict on
//! each, in the order of the definitions, so that the first that differs is where to look. What
//! always holds: the rule is that of gradients; numbers that rounding explains agree.

use std::collections::BTreeMap;

use crate::diag::Error;
use crate::net::QuantityId;

use super::reference::{self, DIGITS, Place};
use super::report::{Cell, Mismatch, Noticed, Number, Value, Verdict};
use super::rounding::{Accumulate, Format};
use super::rule::{Finding, Outcome, Seen, factors, judge};
use super::supplied::{LONG_WORK, Theirs};
use super::typical::{How, moved_values};
use super::values::work;
use super::vanishing::{any_small, zero_values};

/// Judges the values.
pub(super) fn compared(
    at: Place<'_>,
    supplied: &BTreeMap<QuantityId, Theirs>,
    accumulate: Accumulate,
) -> Result<Vec<Value>, Error> {
    let mut formats: Vec<Format> = supplied.values().map(|theirs| theirs.format).collect();
    formats.sort_unstable();
    formats.dedup();
    let mut found = Vec::new();
    for format in formats {
        let of = |id: &&QuantityId| supplied[*id].format == format;
        let ids: Vec<QuantityId> = supplied.keys().filter(of).copied().collect();
        let how = How { format, accumulate, passes: factors(format).passes[1], first: 0 };
        let (base, moved) = moved_values(at, how, &ids)?;
        let zero = match any_small(&base, &moved) {
            true => zero_values(at, &ids),
            false => None,
        };
        for (n, id) in ids.iter().enumerate() {
            let zero = zero.as_ref().is_some_and(|zero| zero[n]);
            let moved: Vec<&[f64]> = moved.iter().map(|pass| pass[n].as_slice()).collect();
            let seen = Seen { base: &base[n], moved: &moved, zero };
            found.push(value(at, *id, &supplied[id], seen)?);
        }
    }
    found.sort_by_key(|value: &Value| at.net.quantity(value.id).node);
    Ok(found)
}

fn value(at: Place<'_>, id: QuantityId, theirs: &Theirs, seen: Seen<'_>) -> Result<Value, Error> {
    let (net, numbers) = (at.net, &theirs.numbers);
    let mut last: Option<(Finding, Vec<reference::Element>)> = None;
    for bits in DIGITS {
        if last.is_some() && work(net) > LONG_WORK {
            break;
        }
        let exact = reference::values(at, bits, id)?;
        let finding = judge(theirs.format, numbers, &exact, seen);
        let is_open = matches!(finding.outcome, Outcome::Open(_));
        last = Some((finding, exact));
        if !is_open {
            break;
        }
    }
    let Some((finding, exact)) = last else {
        return Err(Error::new(crate::diag::Kind::Internal, "no precision was tried"));
    };
    let (name, shape) = (&net.quantity(id).name, net.shape(id));
    let beyond = |n: &usize| {
        !numbers[*n].is_finite() || exact[*n].off(numbers[*n]).abs() > finding.slack[*n]
    };
    let wrong: Vec<usize> = (0..numbers.len()).filter(beyond).collect();
    // Numbers that differ as a whole, none of them by much, differ first where they differ most.
    let apart = |n: &usize| exact[*n].off(numbers[*n]).abs();
    let most = (0..numbers.len()).max_by(|a, b| apart(a).total_cmp(&apart(b)));
    let differs = finding.outcome == Outcome::Differ;
    let first = wrong.first().copied().or(most).filter(|_| differs).map(|n| Mismatch {
        point: 0,
        cell: Cell::new(name, shape, n),
        symbolic: Number::F64(exact[n].value),
        other: Number::F64(numbers[n]),
        exact: None,
        bound: finding.slack[n],
    });
    Ok(Value {
        id,
        name: name.clone(),
        shape: shape.clone(),
        format: theirs.format,
        differing: if differs { wrong.len().max(1) } else { 0 },
        verdict: match finding.outcome {
            Outcome::Agree => Verdict::Agree,
            Outcome::Differ => Verdict::Differ,
            Outcome::Open(why) => Verdict::NotJudged(why),
        },
        first,
        noticed: Noticed { element: finding.noticed[0], factor: finding.noticed[1] },
    })
}
