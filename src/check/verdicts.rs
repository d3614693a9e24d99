//! The verdict on supplied gradients: by the exact gradient and typical rounding, at a kink by
//! what a convention may choose, and near one by the side that the program may have taken.
//!
//! Goes in: a place, its kinks, numbers for some gradients in one format. Comes out: a finding for
//! each. What always holds: a program makes its choice at a kink once, so gradients that agree by
//! a choice agree by the same one; where every choice gives the same gradient, the derivative
//! exists, and no other number agrees.

use crate::concrete::{Decisions, Kink, Shares};
use crate::diag::Error;
use crate::scalar::Interval;

use super::conventions::{Framework, corner, rule, shares};
use super::patterns::{Nearby, is_step, nearby, nearest_to_zero};
use super::reference::{self, DIGITS, Element, Gradients, Place};
use super::report::{AtKinks, Choice};
use super::rounding::{Accumulate, Format};
use super::rule::{Finding, Outcome, factors, judge};
use super::supplied::LONG_WORK;
use super::typical::{How, Spread, Unit, called, spread};
use super::values::work;

/// What is to be judged.
pub(super) struct Asked<'a> {
    pub at: Place<'a>,
    pub kinks: &'a [Kink],
    pub format: Format,
    pub accumulate: Accumulate,
    /// Which quantity of the place, and its numbers.
    pub numbers: &'a [(usize, &'a [f64])],
    pub from: Option<Framework>,
}

/// What was found.
pub(super) struct Judged {
    /// For each of the numbers that were asked about.
    pub tensors: Vec<Tensor>,
    pub loss: Option<Element>,
}

/// What was found of one gradient.
pub(super) struct Tensor {
    pub finding: Finding,
    pub exact: Vec<Element>,
    pub at_kinks: Option<AtKinks>,
    /// Whether `exact` is what the network's own convention gives.
    pub ours: bool,
    /// Whether the numbers would be right if they had been computed in `f32`.
    pub right_in_f32: bool,
}

/// One way to decide at the kinks, with what it gives.
struct Way {
    exact: Gradients,
    findings: Vec<Finding>,
    open: Vec<Unit>,
}

impl Way {
    fn agreeing(&self) -> usize {
        self.findings.iter().filter(|f| f.outcome == Outcome::Agree).count()
    }

    fn all_agree(&self) -> bool {
        self.agreeing() == self.findings.len()
    }
}

/// Judges the numbers.
pub(super) fn judged(asked: &Asked<'_>) -> Result<Judged, Error> {
    let mut loss = None;
    let ours = way(asked, asked.at.decisions, &Shares::new(), &mut loss)?;
    let has_corner = |kink: &&Kink| corner(asked.at.net, kink).is_some();
    let kinks: Vec<Kink> = asked.kinks.iter().filter(has_corner).cloned().collect();
    let mut tensors = match kinks.is_empty() {
        true => plain(asked, ours)?,
        false => at_kinks(asked, &kinks, ours)?,
    };
    let double = asked.format == Format::F64;
    if double && tensors.iter().any(|t| t.finding.outcome == Outcome::Differ) {
        let single = Asked { format: Format::F32, ..*asked };
        if let Ok(way) = way(&single, asked.at.decisions, &Shares::new(), &mut None) {
            for (tensor, finding) in tensors.iter_mut().zip(&way.findings) {
                tensor.right_in_f32 = finding.outcome == Outcome::Agree;
            }
        }
    }
    Ok(Judged { tensors, loss })
}

/// The exact gradients and the findings where the kinks are decided in one way.
fn way(
    asked: &Asked<'_>,
    decisions: &Decisions,
    shares: &Shares<Interval>,
    loss: &mut Option<Element>,
) -> Result<Way, Error> {
    let at = Place { decisions, ..asked.at };
    let [few, more] = factors(asked.format).passes;
    let how =
        |passes, first| How { format: asked.format, accumulate: asked.accumulate, passes, first };
    let reason = |error: Error| format!("{}: {}", asked.format, error.message());
    let mut noise = spread(at, how(few, 0), shares, &[]).map_err(reason);
    let mut exact: Option<Gradients> = None;
    let mut why = None;
    let mut level = 0;
    while let Some(bits) = DIGITS.get(level) {
        if level > 0 && work(asked.at.net) > LONG_WORK {
            break;
        }
        match reference::gradients(at, *bits, shares) {
            Ok((gradients, found)) => {
                let wanted = wanted(asked, &gradients, noise.as_ref().ok());
                *loss = Some(found);
                exact = Some(gradients);
                if wanted <= 0.0 {
                    break;
                }
                // As many more bits as are missing, and a few.
                let needed = f64::from(*bits) + wanted + 8.0;
                level = DIGITS.iter().position(|b| f64::from(*b) >= needed).unwrap_or(DIGITS.len());
            }
            Err(error) if error.kind() == crate::diag::Kind::Internal => return Err(error),
            Err(error) => {
                why = Some(error);
                level += 1;
            }
        }
    }
    let Some(exact) = exact else {
        return Err(why.unwrap_or_else(|| {
            Error::new(crate::diag::Kind::Limit, "the exact gradient was not found")
        }));
    };
    let mut findings = findings(asked, &exact, &noise);
    if findings.iter().any(|f| f.outcome != Outcome::Agree)
        && let Ok(first) = &mut noise
        && let Ok(second) = spread(at, how(more - few, few as u64), shares, &[])
    {
        first.moved.extend(second.moved);
        first.overflow = first.overflow.or(second.overflow);
        findings = self::findings(asked, &exact, &noise);
    }
    let open = noise.map(|noise| noise.open).unwrap_or_default();
    Ok(Way { exact, findings, open })
}

/// How many bits the exact gradients lack for a verdict; 0 where they suffice.
fn wanted(asked: &Asked<'_>, exact: &Gradients, noise: Option<&Spread>) -> f64 {
    let unit = 1.0 / (1u64 << asked.format.bits()) as f64;
    let mut most = 0.0f64;
    for (k, _) in asked.numbers {
        let greatest = exact[*k].iter().map(|g| g.value.abs()).fold(0.0, f64::max);
        let radius = exact[*k].iter().map(|g| g.radius).fold(0.0, f64::max);
        let own = unit / 16.0 * greatest;
        let typical = noise.map_or(0.0, |noise| {
            let all = noise.moved.iter().flat_map(|m| &m[*k]).map(|d| d * d);
            let count = (noise.moved.len() * exact[*k].len()).max(1) as f64;
            (all.sum::<f64>() / count).sqrt() / 64.0
        });
        // A gradient that may be nothing has to be shown to be far less than rounding moves it by.
        let nothing = exact[*k].iter().all(Element::may_be_zero);
        let enough = if nothing { typical / (1u64 << 36) as f64 } else { own.max(typical) };
        if radius > enough {
            let missing = if enough > 0.0 { (radius / enough).log2() } else { 1e9 };
            most = most.max(missing.max(1.0));
        }
    }
    most
}

fn findings(asked: &Asked<'_>, exact: &Gradients, noise: &Result<Spread, String>) -> Vec<Finding> {
    let one = |(k, numbers): &(usize, &[f64])| match noise {
        Ok(noise) => {
            let moved: Vec<&[f64]> = noise.moved.iter().map(|m| m[*k].as_slice()).collect();
            let mut finding = judge(asked.format, numbers, &exact[*k], &noise.base[*k], &moved);
            if let (Some(node), false) = (noise.overflow, finding.outcome == Outcome::Agree) {
                let place = called(asked.at.net, node);
                let why = format!("the values overflow {} at {place}", asked.format);
                finding.outcome = Outcome::Open(why);
            }
            finding
        }
        // Without passes only what is right to its last digits can be told.
        Err(why) => {
            let base: Vec<f64> = exact[*k].iter().map(|g| g.value).collect();
            let mut finding = judge(asked.format, numbers, &exact[*k], &base, &[]);
            if finding.outcome != Outcome::Agree {
                finding.outcome = Outcome::Open(why.clone());
            }
            finding
        }
    };
    asked.numbers.iter().map(one).collect()
}

fn told(asked: &Asked<'_>, way: Way, choice: Option<Choice>, ours: bool) -> Vec<Tensor> {
    let each = asked.numbers.iter().zip(way.findings);
    each.map(|((k, _), finding)| Tensor {
        exact: way.exact[*k].clone(),
        at_kinks: choice.filter(|_| finding.outcome == Outcome::Agree).map(AtKinks::only),
        finding,
        ours,
        right_in_f32: false,
    })
    .collect()
}

/// The verdict where the point lies on no kink: the exact pattern first, then a pattern that
/// rounding may have led to.
fn plain(asked: &Asked<'_>, ours: Way) -> Result<Vec<Tensor>, Error> {
    if ours.all_agree() || ours.open.is_empty() {
        return Ok(told(asked, ours, None, true));
    }
    let open: Vec<Unit> = ours.open.iter().take(MAX_OPEN).cloned().collect();
    if let Some(other) = turned(asked, &ours, &open)?
        && other.agreeing() > ours.agreeing()
    {
        let agree: Vec<bool> = ours.findings.iter().map(|f| f.outcome == Outcome::Agree).collect();
        let mut tensors = told(asked, other, Some(Choice::OtherSide), false);
        for (tensor, agreed) in tensors.iter_mut().zip(agree) {
            if agreed {
                tensor.at_kinks = None;
            }
        }
        if tensors.iter().all(|t| t.finding.outcome == Outcome::Agree) {
            return Ok(tensors);
        }
    }
    // Of few open units every pattern is tried, and what is between them; what none of these gives
    // is wrong.
    if ours.open.len() <= MAX_ALL {
        return every_pattern(asked, ours);
    }
    // Passes that may turn any open unit say how far such turns can lead.
    let at = asked.at;
    let how = How {
        format: asked.format,
        accumulate: asked.accumulate,
        passes: FREE_PASSES,
        first: 1000,
    };
    let noise = spread(at, how, &Shares::new(), &ours.open).map_err(|e| e.message().to_string());
    let free = findings(asked, &ours.exact, &noise);
    let mut tensors = told(asked, ours, None, true);
    for (tensor, free) in tensors.iter_mut().zip(free) {
        if tensor.finding.outcome == Outcome::Agree {
            continue;
        }
        // Beside a gradient of zeros, what turns may lead to says nothing.
        let scaled = tensor.exact.iter().any(|g| g.value != 0.0);
        tensor.finding = match free.outcome {
            Outcome::Agree if scaled => Finding { outcome: Outcome::Agree, ..free },
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
    Ok(tensors)
}

/// Every pattern of so many units is tried.
const MAX_ALL: usize = 4;

/// The verdict where there are few open units: a mixture of what all their patterns give, for
/// rounding may also have led right onto a kink.
fn every_pattern(asked: &Asked<'_>, ours: Way) -> Result<Vec<Tensor>, Error> {
    let pattern = |n: usize| {
        let mut decisions = asked.at.decisions.clone();
        let turned = ours.open.iter().enumerate().filter(|(i, _)| n >> i & 1 == 1);
        turned.for_each(|(_, unit)| unit.turn(&mut decisions));
        decisions
    };
    let near = Nearby { all: (0..1 << ours.open.len()).map(pattern).collect(), complete: true };
    let exact = |decisions: &Decisions| {
        let at = Place { decisions, ..asked.at };
        reference::gradients(at, DIGITS[0], &Shares::new()).map(|(gradients, _)| gradients)
    };
    let all: Vec<Gradients> = near.all.iter().map(exact).collect::<Result<_, _>>()?;
    match mixture(asked, &near, &all)?.filter(Way::all_agree) {
        Some(way) => Ok(told(asked, way, Some(Choice::OtherSide), false)),
        None => Ok(told(asked, ours, None, true)),
    }
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
    let list = |gradients: &Gradients| -> Vec<f64> {
        let each = asked.numbers.iter().zip(&ours.findings);
        each.flat_map(|((k, _), finding)| {
            let values = gradients[*k].iter().enumerate();
            values.map(|(n, g)| g.value * weighed(&finding.slack[n])).collect::<Vec<_>>()
        })
        .collect()
    };
    let base = list(&ours.exact);
    let mut rest: Vec<f64> = asked
        .numbers
        .iter()
        .zip(&ours.findings)
        .flat_map(|((k, numbers), finding)| {
            let all = numbers.iter().zip(&ours.exact[*k]).enumerate();
            all.map(|(n, (x, g))| g.off(*x) * weighed(&finding.slack[n])).collect::<Vec<_>>()
        })
        .collect();
    let mut jumps = Vec::new();
    for unit in open {
        let mut decisions = asked.at.decisions.clone();
        unit.turn(&mut decisions);
        let at = Place { decisions: &decisions, ..asked.at };
        let Ok((gradients, _)) = reference::gradients(at, DIGITS[0], &Shares::new()) else {
            return Ok(None);
        };
        let jump: Vec<f64> = list(&gradients).iter().zip(&base).map(|(a, b)| a - b).collect();
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
    Ok(way(asked, &decisions, &Shares::new(), &mut None).ok())
}

/// How near two gradients have to be to be one, as a part of the greatest element.
const SAME: f64 = 1e-9;

fn same(a: &[Element], b: &[Element]) -> bool {
    let greatest = a.iter().chain(b).map(|g| g.value.abs()).fold(0.0, f64::max);
    a.iter()
        .zip(b)
        .all(|(a, b)| (a.value - b.value).abs() <= SAME * greatest + 2.0 * (a.radius + b.radius))
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
    let weights = nearest_to_zero(&points);
    let count = points.first().map_or(0, Vec::len);
    let at = |n: usize| points.iter().zip(&weights).map(|(p, w)| p[n] * w).sum::<f64>();
    !points.is_empty() && (0..count).all(|n| at(n).abs() <= 1e-6)
}

/// The verdict at kinks.
fn at_kinks(asked: &Asked<'_>, kinks: &[Kink], ours: Way) -> Result<Vec<Tensor>, Error> {
    let at = asked.at;
    let near = nearby(at, kinks);
    let ks: Vec<usize> = asked.numbers.iter().map(|(k, _)| *k).collect();
    let exact = |decisions: &Decisions| {
        let at = Place { decisions, ..at };
        reference::gradients(at, DIGITS[0], &Shares::new()).map(|(gradients, _)| gradients)
    };
    let all: Vec<Gradients> = near.all.iter().map(exact).collect::<Result<_, _>>()?;
    let complete = near.complete;
    let mut frameworks = Vec::new();
    for framework in Framework::ALL {
        let Some(shares) = shares(at.net, kinks, framework) else { continue };
        let (decisions, slopes) = steps(asked, &shares);
        if let Ok(way) = way(asked, &decisions, &slopes, &mut None) {
            frameworks.push((framework, way));
        }
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
            ways.push((Choice::Another, way(asked, decisions, &Shares::new(), &mut None)?));
        }
        if complete && !ways.iter().any(|(_, way)| way.all_agree()) {
            ways.extend(mixture(asked, &near, &all)?.map(|way| (Choice::Another, way)));
        }
    }
    let best = (0..ways.len()).max_by_key(|n| (ways[*n].1.agreeing(), ways.len() - n));
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
    let mut tensors = told(asked, chosen, None, choice == Choice::Ours);
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
            } else if !complete {
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

/// The mixture of the patterns' gradients that comes nearest to the numbers.
fn mixture(asked: &Asked<'_>, near: &Nearby, all: &[Gradients]) -> Result<Option<Way>, Error> {
    let Some(first) = near.all.first() else { return Ok(None) };
    let mut made = way(asked, first, &Shares::new(), &mut None)?;
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
    let weights = nearest_to_zero(&all.iter().map(point).collect::<Vec<_>>());
    for (i, (k, numbers)) in asked.numbers.iter().enumerate() {
        let of =
            |n: usize| -> f64 { all.iter().zip(&weights).map(|(g, w)| g[*k][n].value * w).sum() };
        let greatest = all.iter().flat_map(|g| &g[*k]).map(|g| g.value.abs()).fold(0.0, f64::max);
        let mixed: Vec<Element> =
            (0..numbers.len()).map(|n| Element { value: of(n), rest: 0.0, radius: 0.0 }).collect();
        let slack = &mut made.findings[i].slack;
        slack.iter_mut().for_each(|s| *s = s.max(1e-7 * greatest));
        let agree = (0..numbers.len()).all(|n| mixed[n].off(numbers[n]).abs() <= slack[n]);
        made.exact[*k] = mixed;
        made.findings[i].outcome = if agree { Outcome::Agree } else { Outcome::Differ };
    }
    Ok(Some(made))
}
