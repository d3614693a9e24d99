//! Why supplied gradients differ: the known causes, tried where a verdict is that they do.
//!
//! Goes in: what was judged. Comes out, in the report: a cause for each gradient that one explains.
//! What always holds: a cause is named only of what differs, and takes no verdict back.

use crate::concrete::{self, Decide};
use crate::net::Network;
use crate::scalar::Interval;

use super::diagnosis::{
    Cause, DIAGNOSIS_SECONDS, DIAGNOSIS_WORK_A_SECOND, Diagnosis, Matter, Suspect, diagnose,
};
use super::reference::Element;
use super::report::Report;
use super::rounding::Format;
use super::rule::Outcome;
use super::values::convert;
use super::verdicts::{Asked, Judged, Tensor};

/// Names the cause of each gradient that differs, if it is a known one; about so many seconds.
/// `original` is the network as it was written.
pub(super) fn name_causes(
    report: &mut Report,
    original: &Network,
    asked: &Asked<'_>,
    all: &Judged,
    seconds: Option<u32>,
) {
    let Ok(values) = convert::<f64>(asked.at.net, asked.at.values) else { return };
    let decide = Decide::Recorded(asked.at.decisions);
    let Ok(run) = concrete::forward(asked.at.net, &values, decide) else { return };
    let seconds = seconds.unwrap_or(DIAGNOSIS_SECONDS) as usize;
    let matter = Matter {
        net: original,
        values: &values,
        stable: asked.at.net,
        run: &run,
        budget: seconds.saturating_mul(DIAGNOSIS_WORK_A_SECOND),
    };
    let (mut suspects, mut of): (Vec<Suspect<'_>>, Vec<usize>) = (Vec::new(), Vec::new());
    for (found, (k, numbers)) in all.tensors.iter().zip(asked.numbers) {
        let is_wrong = found.finding.outcome == Outcome::Differ;
        if is_wrong && let Some(cause) = written(asked, found, numbers) {
            report.parameters[*k].diagnosis = Some(cause);
            continue;
        }
        let enclosed = |(g, slack): (&Element, &f64)| {
            Interval::new(g.value - g.radius - slack, g.value + g.radius + slack).ok()
        };
        let slack = &found.finding.slack;
        let right: Option<Vec<Interval>> = found.exact.iter().zip(slack).map(enclosed).collect();
        let judged = is_wrong || found.finding.outcome == Outcome::Agree;
        if let (true, Some(right)) = (judged && seconds > 0, right) {
            of.push(*k);
            suspects.push(Suspect { by: asked.at.by[*k], right, slack, theirs: numbers, is_wrong });
        }
    }
    if suspects.iter().any(|s| s.is_wrong) {
        for (k, found) in of.into_iter().zip(diagnose(&matter, &suspects)) {
            report.parameters[k].diagnosis = found;
        }
    }
}

/// Right numbers that were computed or written with fewer digits than they are given with.
fn written(asked: &Asked<'_>, found: &Tensor, numbers: &[f64]) -> Option<Diagnosis> {
    let single = |x: &f64| f64::from(*x as f32) == *x;
    match asked.format == Format::F64 && numbers.iter().all(single) && found.right_in_f32 {
        true => Some(Cause::Coarser(Format::F32).into()),
        false => decimals(numbers, &found.exact),
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
