//! Causes with one unknown number: a factor, the rate of a step, the step of a difference. The
//! number is worked out from one element and has to explain all the others.

use super::altered::{self, Change};
use super::{Case, Cause, Enclosing, runs};
use crate::concrete::{Decide, Forward, Values, backward, forward};
use crate::net::{NodeId, Op, QuantityId, Role};
use crate::scalar::{Interval, Scalar};

/// A factor or rate is looked for only where this many elements speak of it.
const MIN_ELEMENTS: usize = 2;
/// The largest rate of a step.
const MAX_RATE: f64 = 100.0;
/// The largest number of elements that differences are computed for.
const MAX_DIFFERENCES: usize = 64;
/// The shortest step of a difference is 10 to the power of minus this.
const MAX_DIGITS: u32 = 9;

/// Every such cause that explains the numbers.
pub(super) fn causes<T: Enclosing>(case: &Case<'_, T>) -> Vec<Cause> {
    let mut found: Vec<Cause> = scaled(case).into_iter().collect();
    if found.is_empty() {
        found.extend(stale(case));
    }
    if found.is_empty() {
        found.extend(differences(case));
    }
    found
}

/// One factor for all elements.
fn scaled<T: Enclosing>(case: &Case<'_, T>) -> Option<Cause> {
    let zero = Interval::new(0.0, 0.0).ok()?;
    let factor = solve(case, |_| Some(zero), |n| case.right.get(n).copied())?;
    let explained = case.explained(|n| factor.mul(case.right.get(n)?).ok());
    explained.then(|| Cause::Scaled(middle(&factor)))
}

/// The number t for which `start + t·way` is theirs, from the element that moves most; `None`
/// where fewer than [`MIN_ELEMENTS`] move.
fn solve<T>(
    case: &Case<'_, T>,
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
    // With theirs rounded by as much as the right number may be.
    let slack = case.right[most].width();
    let x = Interval::new(x - slack, x + slack).ok()?;
    x.sub(&start(most)?).ok()?.div(&way(most)?).ok()
}

fn middle(x: &Interval) -> f64 {
    x.lower / 2.0 + x.upper / 2.0
}

/// A parameter that had been changed by its gradient already.
fn stale<T: Enclosing>(case: &Case<'_, T>) -> Option<Cause> {
    let net = case.net;
    let params: Vec<QuantityId> = net.params().filter(|id| case.run.of(*id).is_some()).collect();
    let gradients = backward(net, case.run, &params).ok()?;
    for forward in [false, true] {
        // Three runs for each.
        for id in params.iter().take(runs(case) / 6) {
            let (values, slopes) = (case.run.of(*id)?, gradients.of(*id)?);
            let at = |rate: Interval| {
                let rate = T::within(rate);
                let step = |(v, g): (&T, &T)| v.sub(&rate.mul(g).ok()?).ok();
                let stepped: Option<Vec<T>> = values.iter().zip(slopes).map(step).collect();
                moved(case, *id, stepped?, forward)
            };
            // The gradient goes along a straight line where the parameter is used once.
            let (zero, one) = (Interval::new(0.0, 0.0).ok()?, Interval::new(1.0, 1.0).ok()?);
            let (Some(start), Some(end)) = (at(zero), at(one)) else { continue };
            let start = |n: usize| start.get(n)?.enclosed();
            let way = |n: usize| end.get(n)?.enclosed()?.sub(&start(n)?).ok();
            let Some(rate) = solve(case, start, way) else { continue };
            if middle(&rate).abs() > MAX_RATE || rate.contains(0.0) {
                continue;
            }
            if at(rate).is_some_and(|predicted| case.explained_by(&predicted)) {
                let name = net.quantity(*id).name.clone();
                return Some(Cause::Stale { name, rate: middle(&rate), forward });
            }
        }
    }
    None
}

/// The gradient where a leaf has other values, in the whole network or in the backward pass.
fn moved<T: Enclosing>(
    case: &Case<'_, T>,
    id: QuantityId,
    values: Vec<T>,
    whole: bool,
) -> Option<Vec<T>> {
    let net = case.net;
    if !whole {
        let sites: [NodeId; 1] = [net.quantity(id).node];
        return altered::gradient(net, case.run, case.by, &Change::Values, &sites, &values);
    }
    let mut all = leaves(case, case.run);
    all.insert(id, values);
    let run = forward(net, &all, Decide::Recorded(case.run.decisions())).ok()?;
    backward(net, &run, &[case.by]).ok()?.of(case.by).map(<[T]>::to_vec)
}

/// The values of the leaves that the loss is made of.
fn leaves<T: Enclosing>(case: &Case<'_, T>, run: &Forward<T>) -> Values<T> {
    let is_leaf = |id: QuantityId| {
        matches!(case.net.node(case.net.quantity(id).node).op, Op::Leaf(_))
            && case.net.quantity(id).role != Role::Defined
    };
    let all = case.net.quantities().filter(|(id, _)| is_leaf(*id));
    all.filter_map(|(id, _)| Some((id, run.of(id)?.to_vec()))).collect()
}

/// Difference quotients in `f64`: what the step cuts off is the same for every program, and what
/// rounding adds has a bound.
fn differences<T: Enclosing>(case: &Case<'_, T>) -> Option<Cause> {
    let net = case.net;
    let passes = 4 * MAX_DIGITS as usize * case.theirs.len();
    if case.theirs.len() > MAX_DIFFERENCES || passes > runs(case) {
        return None;
    }
    let real: Values<f64> = leaves(case, case.run)
        .into_iter()
        .map(|(id, all)| {
            let middles = all.iter().map(|x| x.enclosed().map(|x| middle(&x)));
            Some((id, middles.collect::<Option<Vec<f64>>>()?))
        })
        .collect::<Option<_>>()?;
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
    let enclosure = case.run.value(net.quantity(net.loss()).node)?.first()?.enclosed()?;
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
