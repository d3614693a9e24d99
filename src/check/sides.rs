//! Near a kink: which side a program may have taken where its format does not tell.
//!
//! Goes in: what was asked, and what the exact pattern of sides gives. Comes out: a finding for
//! each gradient. What always holds: all tensors of a program follow one pattern; numbers differ
//! only where every pattern of few units was tried, or where passes that turn many of them at
//! random do not lead so far.

use crate::concrete::{Decisions, Shares};
use crate::diag::Error;

use super::choices::mixture;
use super::estimate;
use super::outer::Outer;
use super::patterns::Nearby;
use super::reach::within_reach;
use super::reference::{Gradients, Place};
use super::report::Choice;
use super::rule::{Finding, Outcome};
use super::typical::{How, Unit, base, spread};
use super::values::work;
use super::verdicts::{Asked, Tensor, Way, findings, told, way};

/// The verdict where the point lies on no kink: the exact pattern first, then a pattern that
/// rounding may have led to.
pub(super) fn plain(asked: &Asked<'_>, mut ours: Way) -> Result<Vec<Tensor>, Error> {
    if !ours.all_agree() {
        ours.open = within_reach(asked.at, asked.format, std::mem::take(&mut ours.open));
    }
    if ours.all_agree() || ours.open.is_empty() {
        return Ok(told(asked, ours, None, true));
    }
    let hidden: Vec<Outcome> = ours.findings.iter().map(|f| f.outcome.clone()).collect();
    let open: Vec<Unit> = ours.open.iter().take(MAX_OPEN).cloned().collect();
    let other = turned(asked, &ours, &open)?;
    // Of few open units every pattern is tried, and what is between them; what none of these gives
    // is wrong.
    let few = ours.open.len() <= MAX_ALL;
    let patterns = if few { Some(every_pattern(asked, &ours.open)?) } else { None };
    let between = match &patterns {
        Some((near, all)) if other.as_ref().is_none_or(|way| !way.all_agree()) => {
            mixture(asked, near, all)?
        }
        _ => None,
    };
    let agreed: Vec<bool> = ours.findings.iter().map(|f| f.outcome == Outcome::Agree).collect();
    let all_open = ours.open.clone();
    // All tensors of a program follow one pattern: that by which most of them agree.
    let mut best = (ours, None);
    for way in [other, between].into_iter().flatten() {
        if way.agreeing() > best.0.agreeing() {
            best = (way, Some(Choice::OtherSide));
        }
    }
    let (way, choice) = best;
    let mut tensors = told(asked, way, choice, choice.is_none());
    if choice.is_some() {
        for (tensor, agreed) in tensors.iter_mut().zip(agreed) {
            if agreed {
                tensor.at_kinks = None;
            }
        }
    }
    if choice.is_some() {
        // That 0 is right where a unit is off says nothing where its values keep no digit.
        for (tensor, own) in tensors.iter_mut().zip(hidden) {
            let nothing = tensor.exact.iter().all(|g| g.value == 0.0 && g.radius == 0.0);
            if nothing
                && tensor.finding.outcome == Outcome::Agree
                && matches!(own, Outcome::Open(_))
            {
                tensor.finding.outcome = own;
                tensor.at_kinks = None;
            }
        }
    }
    match &patterns {
        Some((near, all)) => by_itself(asked, &mut tensors, near, all),
        None => excuse(asked, &mut tensors, &all_open),
    }
    Ok(tensors)
}

/// Takes back what was said of gradients that some pattern gives which gives no other.
fn by_itself(asked: &Asked<'_>, tensors: &mut [Tensor], near: &Nearby, all: &[Gradients]) {
    for (i, tensor) in tensors.iter_mut().enumerate() {
        if tensor.finding.outcome != Outcome::Differ {
            continue;
        }
        let one = Asked { numbers: &asked.numbers[i..=i], ..*asked };
        if mixture(&one, near, all).is_ok_and(|way| way.is_some_and(|way| way.all_agree())) {
            tensor.finding.outcome = Outcome::Open(format!(
                "values lie so near a kink that rounding in {} may decide, and some sides give it, \
                 but none that give the gradients of all parameters",
                asked.format
            ));
        }
    }
}

/// Takes back what was said of gradients that turns of open units may explain: passes that may
/// turn any of them say how far these can lead.
pub(super) fn excuse(asked: &Asked<'_>, tensors: &mut [Tensor], open: &[Unit]) {
    if open.is_empty() || tensors.iter().all(|t| t.finding.outcome == Outcome::Agree) {
        return;
    }
    let how = How {
        format: asked.format,
        accumulate: asked.accumulate,
        passes: FREE_PASSES,
        first: 1000,
    };
    let noise = spread(asked.at, how, &Shares::new(), open).map_err(|e| e.message().to_string());
    let mut exact: Gradients = vec![Vec::new(); asked.at.by.len()];
    for (tensor, (k, _)) in tensors.iter().zip(asked.numbers) {
        exact[*k].clone_from(&tensor.exact);
    }
    let outer = Outer::of(asked, open);
    let all = tensors.iter_mut().zip(findings(asked, &exact, &noise)).enumerate();
    for (i, (tensor, free)) in all {
        if tensor.finding.outcome == Outcome::Agree {
            continue;
        }
        // What no sides can give is wrong, however far the passes lead.
        let outside = outer.as_ref().is_some_and(|o| o.excludes(asked, i, &tensor.finding.slack));
        if tensor.finding.outcome == Outcome::Differ && outside {
            continue;
        }
        // Beside a gradient of zeros, what turns may lead to says nothing.
        let scaled = tensor.exact.iter().any(|g| g.value != 0.0);
        tensor.finding = match free.outcome {
            Outcome::Agree if scaled => free,
            Outcome::Differ if tensor.finding.outcome == Outcome::Differ => continue,
            Outcome::Agree | Outcome::Open(_) | Outcome::Differ => Finding {
                outcome: Outcome::Open(format!(
                    "values lie so near a kink that rounding in {} may decide, and no pattern of \
                     sides was found that gives it",
                    asked.format
                )),
                ..free
            },
        };
    }
}

/// Every pattern of so many units is tried.
const MAX_ALL: usize = 4;

/// Every pattern of a few open units, with what it gives; for rounding may also have led right onto
/// a kink, what is between them is a program's, too.
fn every_pattern(asked: &Asked<'_>, open: &[Unit]) -> Result<(Nearby, Vec<Gradients>), Error> {
    let pattern = |n: usize| {
        let mut decisions = asked.at.decisions.clone();
        let turned = open.iter().enumerate().filter(|(i, _)| n >> i & 1 == 1);
        turned.for_each(|(_, unit)| unit.turn(&mut decisions));
        decisions
    };
    let near = Nearby { all: (0..1 << open.len()).map(pattern).collect(), complete: true };
    let exact = |decisions: &Decisions| {
        let at = Place { decisions, ..asked.at };
        estimate::short(at, &Shares::new())
    };
    let all = near.all.iter().map(exact).collect::<Result<_, _>>()?;
    Ok((near, all))
}

/// The most units whose other side is tried.
const MAX_OPEN: usize = 256;
/// Passes with open units turned at random.
const FREE_PASSES: usize = 15;
/// About how many elements the passes compute that try units one by one.
const MAX_TURNS_WORK: usize = 1 << 28;

/// The pattern of open units that comes nearest to the numbers: each unit's jump of the gradient,
/// then coordinate descent over all tensors together.
fn turned(asked: &Asked<'_>, ours: &Way, open: &[Unit]) -> Result<Option<Way>, Error> {
    let most = MAX_TURNS_WORK / work(asked.at.net).max(1);
    let open = &open[..open.len().min(most)];
    let weighed = |slack: &f64| 1.0 / slack.max(f64::MIN_POSITIVE);
    let list = |gradients: &[Vec<f64>]| -> Vec<f64> {
        let each = asked.numbers.iter().zip(&ours.findings);
        each.flat_map(|((k, _), finding)| {
            let values = gradients[*k].iter().zip(&finding.slack);
            values.map(|(g, slack)| g * weighed(slack)).collect::<Vec<_>>()
        })
        .collect()
    };
    let mut rest: Vec<f64> = asked
        .numbers
        .iter()
        .zip(&ours.findings)
        .flat_map(|((k, numbers), finding)| {
            let all = numbers.iter().zip(&ours.exact[*k]).zip(&finding.slack);
            all.map(|((x, g), slack)| g.off(*x) * weighed(slack)).collect::<Vec<_>>()
        })
        .collect();
    // Jumps need no more digits than `f64` has: the pattern that they lead to is judged exactly.
    let start = list(&base(asked.at)?);
    let mut jumps = Vec::new();
    for unit in open {
        let mut decisions = asked.at.decisions.clone();
        unit.turn(&mut decisions);
        let Ok(gradients) = base(Place { decisions: &decisions, ..asked.at }) else {
            return Ok(None);
        };
        let jump: Vec<f64> = list(&gradients).iter().zip(&start).map(|(a, b)| a - b).collect();
        jumps.push(jump);
    }
    let mut on = vec![false; open.len()];
    for _ in 0..8 {
        let mut changed = false;
        for (n, jump) in jumps.iter().enumerate() {
            let sign = if on[n] { -1.0 } else { 1.0 };
            // |rest − s·jump|² < |rest|²
            let gain: f64 = jump.iter().zip(&rest).map(|(j, r)| j * (j - 2.0 * sign * r)).sum();
            if gain < 0.0 {
                rest.iter_mut().zip(jump).for_each(|(r, j)| *r -= sign * j);
                on[n] = !on[n];
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    if on.iter().all(|on| !on) {
        return Ok(None);
    }
    let mut decisions = asked.at.decisions.clone();
    open.iter().zip(&on).filter(|(_, on)| **on).for_each(|(unit, _)| unit.turn(&mut decisions));
    Ok(way(asked, &decisions, &Shares::new()).ok())
}
