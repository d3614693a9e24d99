//! At a kink: which gradients a convention may choose, and whose choice the numbers are.
//!
//! Goes in: what was asked, the kinks, what the network's own convention gives. Comes out: a
//! finding for each gradient. What always holds: a program makes its choice at a kink once, so
//! gradients that agree by a choice agree by the same one; where every choice gives the same
//! gradient, the derivative exists, and no other number agrees.

use crate::concrete::{Decisions, Kink, Shares};
use crate::diag::Error;
use crate::scalar::Interval;

use super::conventions::{Framework, corner, rule, shares};
use super::estimate;
use super::outer::Outer;
use super::patterns::{Nearby, is_step, nearby, nearest_to_zero, polished};
use super::reach::within_reach;
use super::reference::{Element, Gradients, Place};
use super::report::{AtKinks, Choice};
use super::rule::{Outcome, hidden};
use super::sides::{excuse, plain};
use super::typical::Unit;
use super::verdicts::{Asked, Tensor, Way, told, way};

/// How near two gradients have to be to be one, as a part of the greatest element.
const SAME: f64 = 1e-9;

fn same(a: &[Element], b: &[Element]) -> bool {
    let greatest = a.iter().chain(b).map(|g| g.value.abs()).fold(0.0, f64::max);
    a.iter()
        .zip(b)
        .all(|(a, b)| (a.value - b.value).abs() <= SAME * greatest + 2.0 * (a.radius + b.radius))
}

/// Whether two gradients are the same as far as their digits go, or beside what rounding does.
fn equal(a: &[Element], b: &[Element], slack: &[f64]) -> bool {
    let apart = |a: &Element, b: &Element| ((a.value - b.value) + (a.rest - b.rest)).abs();
    let all = a.iter().zip(b).zip(slack);
    { all }.all(|((a, b), slack)| apart(a, b) <= a.radius + b.radius + slack / 64.0)
}

/// Whether a gradient is a mixture of others.
fn mixed(of: &[Gradients], gradient: &Gradients, ks: &[usize]) -> bool {
    let greatest = |k: &usize| {
        of.iter().flat_map(|g| &g[*k]).map(|g| g.value.abs()).fold(f64::MIN_POSITIVE, f64::max)
    };
    let point = |g: &Gradients| -> Vec<f64> {
        let each = ks.iter().flat_map(|k| {
            let scale = greatest(k);
            g[*k].iter().zip(&gradient[*k]).map(move |(a, b)| (a.value - b.value) / scale)
        });
        each.collect()
    };
    let points: Vec<Vec<f64>> = of.iter().map(point).collect();
    let weights = polished(&points, nearest_to_zero(&points));
    let count = points.first().map_or(0, Vec::len);
    let at = |n: usize| points.iter().zip(&weights).map(|(p, w)| p[n] * w).sum::<f64>();
    !points.is_empty() && (0..count).all(|n| at(n).abs() <= 1e-12)
}

/// The verdict at kinks.
pub(super) fn at_kinks(asked: &Asked<'_>, kinks: &[Kink], ours: Way) -> Result<Vec<Tensor>, Error> {
    let at = asked.at;
    let near = nearby(at, kinks);
    let ks: Vec<usize> = asked.numbers.iter().map(|(k, _)| *k).collect();
    let exact = |decisions: &Decisions| {
        let at = Place { decisions, ..at };
        estimate::short(at, &Shares::new())
    };
    let all: Vec<Gradients> = near.all.iter().map(exact).collect::<Result<_, _>>()?;
    let complete = near.complete;
    let mut frameworks = Vec::new();
    for framework in Framework::ALL {
        let Some(shares) = shares(at.net, kinks, framework) else { continue };
        let (decisions, slopes) = steps(asked, &shares);
        let at = Place { decisions: &decisions, ..at };
        let Ok(exact) = estimate::short(at, &slopes) else {
            continue;
        };
        // Where it does not matter, what is known of our own way holds for it.
        let way = match ks.iter().all(|k| same(&exact[*k], &ours.exact[*k])) {
            true => ours.clone(),
            false => match way(asked, &decisions, &slopes) {
                Ok(way) => way,
                Err(_) => continue,
            },
        };
        frameworks.push((framework, way));
    }
    let proper = |framework: Framework| {
        let mut corners = kinks.iter().filter_map(|kink| corner(at.net, kink));
        corners.all(|c| rule(framework, c).is_some_and(|rule| rule.is_subgradient(c)))
    };
    let allowed = |gradients: &Gradients, proper: bool| match complete {
        true => mixed(&all, gradients, &ks),
        false => proper,
    };
    // Which tensors a choice matters to.
    let matters: Vec<bool> = ks
        .iter()
        .map(|k| {
            let differs = |g: &Gradients| !same(&g[*k], &ours.exact[*k]);
            all.iter().any(differs) || frameworks.iter().any(|(_, way)| differs(&way.exact))
        })
        .collect();
    if matters.iter().all(|matters| !matters) {
        return plain(asked, ours);
    }
    let exists: Vec<bool> =
        ks.iter().map(|k| complete && all.iter().all(|g| same(&g[*k], &all[0][*k]))).collect();
    let mut ways: Vec<(Choice, Way)> = Vec::new();
    let of_ours = allowed(&ours.exact, true);
    let mut outside: Vec<Way> = Vec::new();
    match of_ours {
        true => ways.push((Choice::Ours, ours)),
        false => outside.push(ours),
    }
    let mut names: Vec<(Framework, Vec<bool>)> = Vec::new();
    for (framework, way) in frameworks {
        let gives = way.findings.iter().map(|f| f.outcome == Outcome::Agree).collect();
        names.push((framework, gives));
        match allowed(&way.exact, proper(framework)) {
            true => ways.push((Choice::Another, way)),
            false => outside.push(way),
        }
    }
    if !ways.iter().any(|(_, way)| way.all_agree()) {
        for decisions in &near.all {
            ways.push((Choice::Another, way(asked, decisions, &Shares::new())?));
        }
        if complete && !ways.iter().any(|(_, way)| way.all_agree()) {
            ways.extend(mixture(asked, &near, &all)?.map(|way| (Choice::Another, way)));
        }
    }
    // Of those that agree as often, one that could be judged: the halves of a framework are known to
    // the digits of `f64` alone, and what a pattern gives to as many as it takes.
    let best = (0..ways.len())
        .max_by_key(|n| (ways[*n].1.agreeing(), ways[*n].1.judged(), ways.len() - n));
    let Some(best) = best else {
        let way = outside.swap_remove(0);
        return Ok(told(asked, way, None, true));
    };
    let by_itself: Vec<bool> = (0..ks.len())
        .map(|i| {
            let agrees = |way: &Way| way.findings.iter().all(|f| f.outcome == Outcome::Agree);
            let one = Asked { numbers: &asked.numbers[i..=i], ..*asked };
            ways.iter().any(|(_, way)| way.findings[i].outcome == Outcome::Agree)
                || complete
                    && mixture(&one, &near, &all).is_ok_and(|w| w.as_ref().is_some_and(agrees))
        })
        .collect();
    let (choice, chosen) = ways.swap_remove(best);
    let follows = |i: usize| -> Vec<Framework> {
        names.iter().filter(|(_, gives)| gives[i]).map(|(f, _)| *f).collect()
    };
    let expected = asked.from.filter(|from| names.iter().any(|(f, _)| f == from));
    let rules = |frameworks: &[Framework]| {
        let Some(first) = frameworks.first() else { return Vec::new() };
        let mut rules: Vec<String> = Vec::new();
        for kink in kinks {
            let Some(corner) = corner(at.net, kink) else { continue };
            let words = rule(*first, corner).map(|rule| rule.words(corner));
            rules.extend(words.filter(|words| !rules.contains(words)));
        }
        rules
    };
    // What lies right on a kink is a matter of the choice, and of no rounding.
    let chosen_there = |unit: &Unit| kinks.iter().any(|kink| unit.is_of(kink));
    let open: Vec<Unit> = chosen.open.iter().filter(|u| !chosen_there(u)).cloned().collect();
    let open = match chosen.all_agree() {
        true => open,
        false => within_reach(at, asked.format, open),
    };
    let mut tensors = told(asked, chosen, None, choice == Choice::Ours);
    excuse(asked, &mut tensors, &open);
    // Where not every pattern can be tried, what none of them can give is wrong all the same.
    let outer = if complete { None } else { Outer::of(asked, &open) };
    let is_outside = |i: usize, tensor: &Tensor| {
        outer.as_ref().is_some_and(|outer| outer.excludes(asked, i, &tensor.finding.slack))
    };
    for (i, tensor) in tensors.iter_mut().enumerate() {
        let agrees = tensor.finding.outcome == Outcome::Agree;
        let frameworks = follows(i);
        let (mut kind, mut why) = (choice, None);
        if !agrees && tensor.finding.outcome == Outcome::Differ {
            kind = if exists[i] { Choice::Smooth } else { Choice::Outside };
            if by_itself[i] {
                why = Some(
                    "some choice at the kinks gives it, but no one choice gives the gradients of \
                     all parameters",
                );
            } else if !complete && matters[i] && !is_outside(i, tensor) {
                kind = Choice::Undecided;
                why = Some(
                    "there are too many patterns of kinks near the point for all of them to be \
                     tried",
                );
            }
        }
        if let Some(why) = why {
            tensor.finding.outcome = Outcome::Open(why.to_string());
        }
        if matters[i] && (agrees || !frameworks.is_empty() || kind != choice) {
            let unexpected = expected.filter(|from| !frameworks.contains(from) && agrees);
            let rules = rules(&frameworks);
            let known = names.len() == frameworks.len() && choice == Choice::Ours && agrees;
            if !known {
                tensor.at_kinks = Some(AtKinks { choice: kind, frameworks, rules, unexpected });
            }
        }
    }
    Ok(tensors)
}

/// Shares as a pass takes them: where two pieces meet, the side; elsewhere the weights.
fn steps(asked: &Asked<'_>, all: &Shares<Interval>) -> (Decisions, Shares<Interval>) {
    use crate::concrete::Decision;
    use std::cmp::Ordering;
    let mut decisions = asked.at.decisions.clone();
    let mut slopes = Shares::new();
    for ((node, element), share) in all {
        if !is_step(asked.at, *node) {
            slopes.insert((*node, *element), share.clone());
            continue;
        }
        let Some(signs) = decisions.signs(*node) else { continue };
        let mut signs = signs.to_vec();
        let right = share.iter().any(|(_, weight)| weight.lower > 0.5);
        if let Some(sign) = signs.get_mut(*element) {
            *sign = if right { Ordering::Greater } else { Ordering::Less };
        }
        decisions.set(*node, Decision::Signs(signs));
    }
    (decisions, slopes)
}

/// Beside so many patterns of a mixture it is measured what rounding does.
const MAX_MEASURED: usize = 8;
/// The error of a mixture that was computed in `f64`, beside the greatest of what was mixed.
const MIXED: f64 = 1e-14;

/// The mixture of the patterns' gradients that comes nearest to the numbers.
pub(super) fn mixture(
    asked: &Asked<'_>,
    near: &Nearby,
    all: &[Gradients],
) -> Result<Option<Way>, Error> {
    let Some(first) = near.all.first() else { return Ok(None) };
    let mut made = way(asked, first, &Shares::new())?;
    // Each tensor beside its greatest element, whichever pattern has it.
    let scale = |k: &usize| {
        let values = all.iter().flat_map(|g| &g[*k]).map(|g| g.value.abs());
        values.fold(f64::MIN_POSITIVE.sqrt(), f64::max)
    };
    let point = |g: &Gradients| -> Vec<f64> {
        let each = asked.numbers.iter().flat_map(|(k, numbers)| {
            let scale = scale(k);
            g[*k].iter().zip(*numbers).map(move |(g, x)| -g.off(*x) / scale)
        });
        each.collect()
    };
    let points: Vec<Vec<f64>> = all.iter().map(point).collect();
    let weights = polished(&points, nearest_to_zero(&points));
    // What rounding does beside any pattern that has a part in it; the greatest parts first.
    let mut used: Vec<usize> = (1..weights.len()).filter(|n| weights[*n] > 0.0).collect();
    used.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]));
    let used = used.iter().take(MAX_MEASURED);
    let beside: Vec<Way> =
        used.filter_map(|n| way(asked, &near.all[*n], &Shares::new()).ok()).collect();
    let size = |all: &[Element]| all.iter().map(|g| g.value.abs()).fold(0.0, f64::max);
    for (i, (k, numbers)) in asked.numbers.iter().enumerate() {
        // What no pattern changes, by more than a part of a rounding, is no mixture.
        let slack = &made.findings[i].slack;
        if all.iter().all(|g| equal(&g[*k], &all[0][*k], slack)) {
            continue;
        }
        let of =
            |n: usize| -> f64 { all.iter().zip(&weights).map(|(g, w)| g[*k][n].value * w).sum() };
        let greatest = all.iter().map(|g| size(&g[*k])).fold(0.0, f64::max);
        let mixed: Vec<Element> =
            (0..numbers.len()).map(|n| Element { value: of(n), rest: 0.0, radius: 0.0 }).collect();
        let ways = || std::iter::once(&made).chain(&beside);
        // What the weights and the sum of the mixture lack themselves comes to it.
        let least = MIXED * greatest;
        let slack: Vec<f64> = (0..numbers.len())
            .map(|n| least + ways().map(|way| way.findings[i].slack[n]).fold(0.0, f64::max))
            .collect();
        let agree = (0..numbers.len()).all(|n| mixed[n].off(numbers[n]).abs() <= slack[n]);
        // What was measured beside each gradient, beside the mixture.
        let own = size(&mixed);
        let hides = |which: usize| {
            let each = ways().map(|way| way.findings[i].noticed[which] * size(&way.exact[*k]));
            each.fold(slack.iter().copied().fold(0.0, f64::max), f64::max)
        };
        let noticed = [hides(0), hides(1)].map(|x| if own > 0.0 { x / own } else { 0.0 });
        made.exact[*k] = mixed;
        made.findings[i].slack = slack;
        made.findings[i].noticed = noticed;
        made.findings[i].outcome = match hidden(asked.format, noticed) {
            _ if !agree => Outcome::Differ,
            Some(why) => Outcome::Open(why),
            None => Outcome::Agree,
        };
    }
    Ok(Some(made))
}
