//! Why supplied gradients differ: the known mistakes, tried where a verdict is that they do.
//!
//! Goes in: what was judged. Comes out, in the report: a cause for each gradient that one explains.
//! What always holds: a cause is named only of what differs, and takes no verdict back.

use crate::concrete::{self, Decide};
use crate::scalar::Interval;

use super::diagnosis::{Cause, Diagnosis, MAX_DIAGNOSIS_WORK, diagnose};
use super::reference::Element;
use super::report::Report;
use super::rounding::Format;
use super::rule::Outcome;
use super::values::convert;
use super::verdicts::{Asked, Judged, Tensor};

/// Names the cause of each gradient that differs, if it is a known one.
pub(super) fn name_causes(report: &mut Report, asked: &Asked<'_>, all: &Judged) {
    let Ok(values) = convert::<f64>(asked.at.net, asked.at.values) else { return };
    let decide = Decide::Recorded(asked.at.decisions);
    let Ok(run) = concrete::forward(asked.at.net, &values, decide) else { return };
    let wrong = |(found, _): &(&Tensor, &(usize, &[f64]))| found.finding.outcome == Outcome::Differ;
    let differing: Vec<_> = all.tensors.iter().zip(asked.numbers).filter(wrong).collect();
    let budget = (MAX_DIAGNOSIS_WORK * 4 / differing.len().max(1)).min(MAX_DIAGNOSIS_WORK);
    for (found, (k, numbers)) in differing {
        let enclosed = |(g, slack): (&Element, &f64)| {
            Interval::new(g.value - g.radius - slack, g.value + g.radius + slack).ok()
        };
        let right: Option<Vec<Interval>> =
            found.exact.iter().zip(&found.finding.slack).map(enclosed).collect();
        let Some(right) = right else { continue };
        let single = |x: &f64| f64::from(*x as f32) == *x;
        report.parameters[*k].diagnosis =
            match asked.format == Format::F64 && numbers.iter().all(single) {
                true if found.right_in_f32 => Some(Cause::Coarser(Format::F32).into()),
                _ => None,
            }
            .or_else(|| decimals(numbers, &found.exact))
            .or_else(|| {
                let bounds = (right.as_slice(), found.finding.slack.as_slice());
                diagnose(asked.at.net, &run, asked.at.by[*k], bounds, numbers, budget)
            });
    }
}

/// Right numbers that were written with few decimals.
fn decimals(numbers: &[f64], exact: &[Element]) -> Option<Diagnosis> {
    let off: Vec<f64> = numbers.iter().zip(exact).map(|(x, g)| g.off(*x).abs()).collect();
    let worst = off.iter().copied().fold(0.0, f64::max);
    (3..=15).find_map(|digits| {
        let unit = 10f64.powi(-digits);
        let written = |x: &f64| ((x / unit).round() * unit - x).abs() <= x.abs() * 4e-16;
        let all = worst <= 0.51 * unit && numbers.iter().all(written);
        // A single round number says nothing of decimals.
        (all && worst > 0.0).then(|| Cause::Decimals(digits as u32).into())
    })
}
