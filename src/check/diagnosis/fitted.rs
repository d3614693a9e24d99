//! Causes with one unknown number: a factor, the rate of a step, the step of a difference. The
//! number is worked out from one element and has to explain all the others.

use super::altered::{self, Change};
use super::{Case, Cause, point};
use crate::concrete::{Decide, Forward, Values, backward, forward};
use crate::net::{Op, QuantityId, Role};
use crate::ordered::Ordered;
use crate::scalar::{Interval, Scalar, show_digits};

/// A factor or rate is looked for only where this many elements speak of it.
const MIN_ELEMENTS: usize = 2;
/// The largest rate of a step, and the smallest that anybody takes.
const MAX_RATE: f64 = 100.0;
pub(super) const MIN_RATE: f64 = 1e-7;
/// What a number is worked out from is wrong by this many times what rounding explains.
pub(super) const CLEAR: f64 = 16.0;
/// The largest number of elements that differences are computed for.
const MAX_DIFFERENCES: usize = 64;
/// The shortest step of a difference is 10 to the power of minus this.
const MAX_DIGITS: u32 = 9;

/// Every such cause that explains the numbers and takes passes of its own.
pub(super) fn causes(case: &Case<'_>) -> Vec<Cause> {
    let found: Vec<Cause> = stale(case).into_iter().collect();
    if found.is_empty() { differences(case).into_iter().collect() } else { found }
}

/// What was added to the gradient of a parameter, or multiplied with it. `decays` holds the rates
/// that were found of other parameters: of a single number, none can be worked out.
pub(super) fn at_once(case: &Case<'_>, decays: &[Cause]) -> Vec<Cause> {
    let mut found: Vec<Cause> = scaled(case).into_iter().collect();
    if found.is_empty() {
        found.extend(decay(case, decays));
    }
    found
}

/// A multiple of the parameter, or of its signs.
fn decay(case: &Case<'_>, decays: &[Cause]) -> Option<Cause> {
    let values = case.run.of(case.by)?;
    let right = |n: usize| case.right.get(n).copied();
    for (signs, make) in [(false, Cause::Decay as fn(f64) -> Cause), (true, Cause::SignDecay)] {
        let part = |n: usize| {
            let x = *values.get(n)?;
            let sign = if x == 0.0 { 0.0 } else { x.signum() };
            point(Some(if signs { &sign } else { &x }))
        };
        let explains =
            |rate: &Interval| confirmed(case, |n| right(n)?.add(&rate.mul(&part(n)?).ok()?).ok());
        let known = |cause: &Cause| match cause {
            Cause::Decay(rate) if !signs => point(Some(rate)),
            Cause::SignDecay(rate) if signs => point(Some(rate)),
            _ => None,
        };
        if let Some(rate) = decays.iter().filter_map(known).find(explains) {
            return Some(make(middle(&rate)));
        }
        let Some(rate) = solve(case, right, part) else { continue };
        if explains(&rate) {
            // A rate is a number of few digits, if such a one explains as well.
            let round = (1..=6).map(|digits| rounded(middle(&rate), digits));
            let round = round.filter_map(|x| point(Some(&x))).find(explains);
            return Some(make(middle(&round.unwrap_or(rate))));
        }
    }
    None
}

/// A number to so many significant digits.
pub(super) fn rounded(x: f64, digits: usize) -> f64 {
    show_digits(x, digits).parse().unwrap_or(x)
}

/// One factor for all elements.
fn scaled(case: &Case<'_>) -> Option<Cause> {
    let zero = Interval::new(0.0, 0.0).ok()?;
    let factor = solve(case, |_| Some(zero), |n| case.right.get(n).copied())?;
    let explained = confirmed(case, |n| factor.mul(case.right.get(n)?).ok());
    explained.then(|| Cause::Scaled(middle(&factor)))
}

/// Whether a prediction with a fitted number explains all elements, and more of those that are
/// clearly wrong than the one that the number comes from.
fn confirmed(case: &Case<'_>, predicted: impl Fn(usize) -> Option<Interval>) -> bool {
    case.fit(predicted).is_some_and(|fit| fit.telling >= MIN_ELEMENTS && fit.is_clear())
}

/// The number t for which `start + t·way` is theirs, from the element that moves most; `None`
/// where fewer than [`MIN_ELEMENTS`] move.
fn solve(
    case: &Case<'_>,
    start: impl Fn(usize) -> Option<Interval>,
    way: impl Fn(usize) -> Option<Interval>,
) -> Option<Interval> {
    let moves = |n: &usize| way(*n).is_some_and(|w| !w.contains(0.0));
    let moving: Vec<usize> = (0..case.theirs.len()).filter(moves).collect();
    if moving.len() < MIN_ELEMENTS {
        return None;
    }
    let size = |n: usize| way(n).map_or(0.0, |w| middle(&w).abs());
    let most = moving.into_iter().max_by(|a, b| size(*a).total_cmp(&size(*b)))?;
    let x = case.theirs[most];
    let wrong_by = (x - middle(case.right.get(most)?)).abs();
    if wrong_by < CLEAR * case.slack.get(most)? {
        return None;
    }
    // With theirs rounded by as much as the right number may be.
    let slack = case.right[most].width();
    let x = Interval::new(x - slack, x + slack).ok()?;
    x.sub(&start(most)?).ok()?.div(&way(most)?).ok()
}

fn middle(x: &Interval) -> f64 {
    x.lower / 2.0 + x.upper / 2.0
}

/// A parameter that had been changed by its gradient already.
fn stale(case: &Case<'_>) -> Option<Cause> {
    let net = case.net;
    let params: Vec<QuantityId> = net.params().filter(|id| case.run.of(*id).is_some()).collect();
    let gradients = backward(net, case.run, &params).ok()?;
    for forward in [false, true] {
        // Three runs for each.
        for id in params.iter().take(case.runs() / 6) {
            let (values, slopes) = (case.run.of(*id)?, gradients.of(*id)?);
            let at = |rate: Interval| {
                let step = |(v, g): (&f64, &f64)| v - middle(&rate) * g;
                let stepped: Vec<f64> = values.iter().zip(slopes).map(step).collect();
                moved(case, *id, stepped, forward)
            };
            // The gradient goes along a straight line where the parameter is used once.
            let (zero, one) = (Interval::new(0.0, 0.0).ok()?, Interval::new(1.0, 1.0).ok()?);
            let (Some(start), Some(end)) = (at(zero), at(one)) else { continue };
            let start = |n: usize| point(start.get(n));
            let way = |n: usize| point(end.get(n))?.sub(&start(n)?).ok();
            let Some(rate) = solve(case, start, way) else { continue };
            if !(MIN_RATE..=MAX_RATE).contains(&middle(&rate).abs()) || rate.contains(0.0) {
                continue;
            }
            if at(rate).is_some_and(|all| confirmed(case, |n| point(all.get(n)))) {
                let name = net.quantity(*id).name.clone();
                return Some(Cause::Stale { name, rate: middle(&rate), forward });
            }
        }
    }
    None
}

/// The gradient where a leaf has other values, in the whole network or in the backward pass.
fn moved(case: &Case<'_>, id: QuantityId, values: Vec<f64>, whole: bool) -> Option<Vec<f64>> {
    let net = case.net;
    if !whole {
        let site = net.quantity(id).node;
        let changes = [(site, Change::Values(values))];
        return altered::gradients(net, case.run, &[case.by], &changes)?.pop();
    }
    let mut all = leaves(case, case.run);
    all.insert(id, values);
    let run = forward(net, &all, Decide::Recorded(case.run.decisions())).ok()?;
    backward(net, &run, &[case.by]).ok()?.of(case.by).map(<[f64]>::to_vec)
}

/// The values of the leaves that the loss is made of.
fn leaves(case: &Case<'_>, run: &Forward<f64>) -> Values<f64> {
    let is_leaf = |id: QuantityId| {
        matches!(case.net.node(case.net.quantity(id).node).op, Op::Leaf(_))
            && case.net.quantity(id).role != Role::Defined
    };
    let all = case.net.quantities().filter(|(id, _)| is_leaf(*id));
    all.filter_map(|(id, _)| Some((id, run.of(id)?.to_vec()))).into_map()
}

/// Difference quotients in `f64`: what the step cuts off is the same for every program, and what
/// rounding adds has a bound.
fn differences(case: &Case<'_>) -> Option<Cause> {
    let net = case.net;
    let passes = 4 * MAX_DIGITS as usize * case.theirs.len();
    if case.theirs.len() > MAX_DIFFERENCES || passes > case.runs() {
        return None;
    }
    let real = leaves(case, case.run);
    let loss = |n: usize, h: f64| {
        let mut all = real.clone();
        let cell = all.get_mut(&case.by)?.get_mut(n)?;
        *cell += h;
        let moved = *cell;
        // Beyond a kink, a quotient tells of another choice there and not of its error.
        let run = forward(net, &all, Decide::ByValue).ok()?;
        (run.decisions() == case.run.decisions()).then(|| (moved, *run.loss()))
    };
    // How much the loss may be off by rounding: as much as the enclosure is wide.
    let enclosure = point(case.run.value(net.quantity(net.loss()).node)?.first())?;
    let noise = enclosure.width().max(middle(&enclosure).abs() * f64::EPSILON);
    for central in [true, false] {
        for digits in 1..=MAX_DIGITS {
            let h = (0..digits).fold(1.0, |h, _| h / 10.0);
            let quotient = |n: usize| {
                let (above, up) = loss(n, h)?;
                let (below, down) = loss(n, if central { -h } else { 0.0 })?;
                let slope = (up - down) / (above - below);
                let error = 2.0 * noise / (above - below) + 1e-6 * slope.abs() * h;
                Interval::new(slope - error, slope + error).ok()
            };
            if case.explained(quotient) {
                return Some(Cause::Differences { central, digits });
            }
        }
    }
    None
}
