//! Central differences: a gradient that needs nothing but values of the loss.
//!
//! Goes in: a cell, and the gradient that is claimed for it. On one smooth piece of the loss
//! g(h) = (f(x+h) − f(x−h))/2h = f′(x) + c₂h² + c₄h⁴ + …, so halving h and extrapolating in h²
//! (Richardson; Neville's scheme) must converge to f′(x), each time faster. A claim is judged by
//! that convergence: the last correction bounds the error of the limit. Over the rationals there
//! is no rounding at all; in `f64` every value is an interval, so that rounding is in the bound.
//! What always holds: steps that leave the smooth piece are not used.

use crate::concrete::{self, Decide, Values};
use crate::diag::Kind;
use crate::net::{Network, QuantityId};
use crate::ordered::Ordered;
use crate::scalar::{Ball, Fault, Interval, Pair, Rational, Scalar};

use super::directions::Along;
use super::fraction::Fraction;
use super::judge::{Distance, relative};
use super::point::{Point, Run, reason};
use super::values::convert;

/// How many steps an extrapolation uses, each half of the one before.
pub const STEPS: usize = 4;
/// The first steps that are tried, as powers of 1/2, times the size of the cell where that is
/// above 1. A smaller one is tried where a larger crosses a kink or does not converge.
pub const FIRST_STEPS: [i32; 4] = [5, 11, 17, 23];

/// The same where all elements move at once, in numbers of more digits: among many kinks only a
/// small step crosses none.
const DIRECTED_STEPS: [i32; 5] = [5, 13, 21, 27, 33];

/// A limit of differences counts only if its error bound is this much smaller than the gradient.
const RESOLVED: f64 = 1.0 / 256.0;
/// For a gradient that is 0, the bound is compared with the loss instead.
const RESOLVED_ZERO: f64 = 1.0 / 65536.0;
/// A claim is refuted where it misses the limit by more than this many error bounds.
const REFUTED: f64 = 4.0;

/// The outcome for one cell.
pub(super) struct Found {
    pub outcome: Outcome,
    /// How many steps crossed a kink.
    pub crossed: usize,
}

pub(super) enum Outcome {
    Agree(Distance),
    Differ { limit: f64, bound: f64 },
    Open(String),
}

/// A number system for extrapolation, whose numbers have a size.
pub(super) trait Measured: Scalar {
    /// The least and the greatest absolute value it may have.
    fn size(&self) -> (f64, f64);
    /// How much of it is rounding.
    fn width(&self) -> f64;
    /// The number to show.
    fn middle(&self) -> f64;
}

impl Measured for Fraction {
    fn size(&self) -> (f64, f64) {
        let size = self.0.abs().to_f64();
        (size, size)
    }

    fn width(&self) -> f64 {
        0.0
    }

    fn middle(&self) -> f64 {
        self.0.to_f64()
    }
}

impl Measured for Interval {
    fn size(&self) -> (f64, f64) {
        let (a, b) = (self.lower.abs(), self.upper.abs());
        (if self.contains(0.0) { 0.0 } else { a.min(b) }, a.max(b))
    }

    fn width(&self) -> f64 {
        Interval::width(self)
    }

    fn middle(&self) -> f64 {
        self.lower / 2.0 + self.upper / 2.0
    }
}

impl Measured for Ball<Pair> {
    fn size(&self) -> (f64, f64) {
        (self.least(), self.most())
    }

    fn width(&self) -> f64 {
        2.0 * self.radius()
    }

    fn middle(&self) -> f64 {
        self.to_f64()
    }
}

/// A difference quotient with the size of the loss, or why there is none.
enum Step<T> {
    Quotient(T, f64),
    Crossed,
    Undefined(String),
}

/// Judges a claim exactly.
pub(super) fn exact(
    net: &Network,
    point: &Point,
    run: &Run<Fraction>,
    (id, cell): (QuantityId, usize),
    claim: &Fraction,
) -> Found {
    let mut values = run.values.clone();
    let x = &point.values[&id][cell];
    judge(claim, x.abs().to_f64(), &FIRST_STEPS, |h| {
        let mut at = |x: Result<Rational, Fault>| -> Result<_, String> {
            let x = x.and_then(|x| Fraction::from_rational(&x));
            put(&mut values, id, cell, x.map_err(|fault| fault.to_string())?);
            concrete::loss(net, &values, Decide::ByValue).map_err(|e| reason(&e))
        };
        let (above, below) = match (at(x.add(h)), at(x.sub(h))) {
            (Ok(above), Ok(below)) => (above, below),
            (Err(why), _) | (_, Err(why)) => return Step::Undefined(why),
        };
        if [&above, &below].iter().any(|(_, decisions)| *decisions != point.by_value) {
            return Step::Crossed;
        }
        quotient(&above.0, &below.0, h)
    })
}

/// Judges a claim in `f64`: branches by plain `f64` runs, values by intervals.
pub(super) fn rounded(
    net: &Network,
    point: &Point,
    (id, cell): (QuantityId, usize),
    claim: &Interval,
) -> Found {
    let (reals, wide) =
        match (convert::<f64>(net, &point.values), convert::<Interval>(net, &point.values)) {
            (Ok(reals), Ok(wide)) => (reals, wide),
            (Err(e), _) | (_, Err(e)) => {
                return Found { outcome: Outcome::Open(e.message().to_string()), crossed: 0 };
            }
        };
    let (mut reals, mut wide) = (reals, wide);
    let x = &point.values[&id][cell];
    judge(claim, x.abs().to_f64(), &FIRST_STEPS, |h| {
        let mut sides = Vec::with_capacity(2);
        for x in [x.add(h), x.sub(h)] {
            let moved = x.and_then(|x| Ok((f64::from_rational(&x)?, Interval::from_rational(&x)?)));
            let Ok((real, enclosure)) = moved else {
                return Step::Undefined(Fault::NotFinite.to_string());
            };
            put(&mut reals, id, cell, real);
            put(&mut wide, id, cell, enclosure);
            match concrete::loss(net, &reals, Decide::ByValue) {
                Ok((_, decisions)) if decisions != point.by_value => return Step::Crossed,
                Ok(_) => {}
                Err(error) => return Step::Undefined(error.message().to_string()),
            }
            match concrete::loss(net, &wide, Decide::Recorded(&point.decisions)) {
                Ok((loss, _)) => sides.push(loss),
                Err(error) => return Step::Undefined(error.message().to_string()),
            }
        }
        quotient(&sides[0], &sides[1], h)
    })
}

/// Judges what is claimed of the slope along a direction, in numbers of 106 bits: branches by plain
/// `f64` runs.
pub(super) fn along(at: &Along<'_, Ball<Pair>>, speeds: &[Vec<f64>], claim: &Ball<Pair>) -> Found {
    let real = |all: &Vec<Ball<Pair>>| all.iter().map(Ball::to_f64).collect();
    let reals: Values<f64> = at.values.iter().map(|(id, all)| (*id, real(all))).into_map();
    judge(claim, 0.0, &DIRECTED_STEPS, |h| {
        let mut sides = Vec::with_capacity(2);
        for h in [h.to_f64(), -h.to_f64()] {
            let mut moved = reals.clone();
            for (id, speeds) in at.by.iter().zip(speeds) {
                let cells = moved.get_mut(id).into_iter().flatten().zip(speeds);
                cells.for_each(|(x, v)| *x += h * v);
            }
            match concrete::loss(at.net, &moved, Decide::ByValue) {
                Ok((_, decisions)) if decisions != *at.decisions => return Step::Crossed,
                Ok(_) => {}
                Err(error) => return Step::Undefined(error.message().to_string()),
            }
            sides.push(h);
        }
        let mut losses = Vec::with_capacity(2);
        for h in sides {
            match moved_loss(at, speeds, h) {
                Ok(loss) => losses.push(loss),
                Err(error) => return Step::Undefined(error.message().to_string()),
            }
        }
        quotient(&losses[0], &losses[1], h)
    })
}

/// The loss a step along the direction.
fn moved_loss(
    at: &Along<'_, Ball<Pair>>,
    speeds: &[Vec<f64>],
    h: f64,
) -> Result<Ball<Pair>, crate::diag::Error> {
    let limit = |fault: Fault| crate::diag::Error::new(Kind::Limit, fault.to_string());
    let mut values = at.values.clone();
    for (id, speeds) in at.by.iter().zip(speeds) {
        for (x, v) in values.get_mut(id).into_iter().flatten().zip(speeds) {
            *x = Ball::point(h * v).and_then(|step| x.add(&step)).map_err(limit)?;
        }
    }
    Ok(concrete::loss(at.net, &values, Decide::Recorded(at.decisions))?.0)
}

fn put<T>(values: &mut Values<T>, id: QuantityId, cell: usize, x: T) {
    if let Some(place) = values.get_mut(&id).and_then(|cells| cells.get_mut(cell)) {
        *place = x;
    }
}

fn quotient<T: Measured>(above: &T, below: &T, h: &Rational) -> Step<T> {
    let divided = || above.sub(below)?.div(&T::from_rational(&h.add(h)?)?);
    match divided() {
        Ok(q) => Step::Quotient(q, above.size().1.max(below.size().1)),
        Err(fault) => Step::Undefined(fault.to_string()),
    }
}

/// Tries one first step after the other until the claim agrees with the limit.
fn judge<T: Measured>(
    claim: &T,
    size: f64,
    first_steps: &[i32],
    mut step: impl FnMut(&Rational) -> Step<T>,
) -> Found {
    let mut crossed = 0;
    let mut refuted = None;
    let mut open = None;
    for first in first_steps {
        let mut quotients = Vec::with_capacity(STEPS);
        let mut scale = 0.0f64;
        for n in 0..STEPS as i32 {
            let result = match step_size(size, first + n) {
                Ok(h) => step(&h),
                Err(fault) => Step::Undefined(fault.to_string()),
            };
            match result {
                Step::Quotient(q, size) => {
                    quotients.push(q);
                    scale = scale.max(size);
                }
                Step::Crossed => {
                    crossed += 1;
                    open.get_or_insert_with(|| "every step crosses a kink".to_string());
                    break;
                }
                Step::Undefined(why) => {
                    open.get_or_insert(why);
                    break;
                }
            }
        }
        if quotients.len() < STEPS {
            continue;
        }
        match limit(claim, &quotients, scale) {
            Ok(Outcome::Agree(distance)) => {
                return Found { outcome: Outcome::Agree(distance), crossed };
            }
            Ok(Outcome::Differ { limit, bound }) => {
                refuted = Some(Outcome::Differ { limit, bound });
            }
            Ok(Outcome::Open(why)) => open = Some(why),
            Err(fault) => open = Some(fault.to_string()),
        }
    }
    let open = || Outcome::Open(open.unwrap_or_else(|| "no step could be used".to_string()));
    Found { outcome: refuted.unwrap_or_else(open), crossed }
}

/// 2^−n, times the power of two above a size that is above 1.
fn step_size(size: f64, n: i32) -> Result<Rational, Fault> {
    let up = if size > 1.0 { libm::ilogb(size).saturating_add(1).min(1100) } else { 0 };
    Rational::integer(2).powi(up - n)
}

/// Extrapolates the quotients to h = 0 and holds the claim against the limit.
fn limit<T: Measured>(claim: &T, quotients: &[T], scale: f64) -> Result<Outcome, Fault> {
    let mut row: Vec<T> = Vec::new();
    let mut limits: Vec<T> = Vec::new();
    for q in quotients {
        // Row j of Neville's scheme from row j−1; its last entry is free of h², …, h^2j.
        let mut next = vec![q.clone()];
        for (k, above) in row.iter().enumerate() {
            let weight = T::integer(4).powi(k as i32 + 1)?.sub(&T::one())?;
            let correction = next[k].sub(above)?.div(&weight)?;
            next.push(next[k].add(&correction)?);
        }
        limits.extend(next.last().cloned());
        row = next;
    }
    let [.., d1, d2, d3] = limits.as_slice() else {
        return Ok(Outcome::Open("too few steps".to_string()));
    };
    let (last, before) = (d3.sub(d2)?.size(), d2.sub(d1)?.size());
    let missed = d3.sub(claim)?.size();
    let tolerance = last.1;
    let zero = claim.size().0 == 0.0;
    let resolved = match zero {
        true => tolerance <= scale * RESOLVED_ZERO,
        false => tolerance <= claim.size().0.max(d3.size().0) * RESOLVED,
    };
    if !tolerance.is_finite() || last.0 > before.1 / 4.0 {
        return Ok(Outcome::Open("the differences do not converge".to_string()));
    }
    if missed.0 <= tolerance && resolved {
        let absolute = (d3.middle() - claim.middle()).abs();
        let absolute = if missed.1 == 0.0 { 0.0 } else { absolute };
        let bound = tolerance + d3.width() + claim.width();
        let relative = relative(absolute, claim.middle());
        return Ok(Outcome::Agree(Distance { agree: true, absolute, relative, bound }));
    }
    if missed.0 > REFUTED * tolerance {
        return Ok(Outcome::Differ { limit: d3.middle(), bound: tolerance });
    }
    Ok(Outcome::Open("the gradient is too small beside the loss for differences".to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exactly(quotients: &[i64], claim: i64, scale: f64) -> Outcome {
        // In parts of 2^−24, which they all are.
        let part = |n: i64| Fraction(Rational::new(n, 1 << 24).unwrap());
        let quotients: Vec<Fraction> = quotients.iter().map(|n| part(*n)).collect();
        limit(&part(claim), &quotients, scale).unwrap()
    }

    /// h⁸ at h = 1, 1/2, 1/4, 1/8: three of them do not show that it goes to 0.
    #[test]
    fn a_limit_is_judged_where_its_approach_is_seen() {
        let all = [1 << 24, 1 << 16, 1 << 8, 1];
        for claim in [0, 5 << 24] {
            let found = exactly(&all[..3], claim, 1.0);
            assert!(matches!(&found, Outcome::Open(why) if why.contains("do not converge")));
        }
        assert!(matches!(exactly(&all, 5 << 24, 1.0), Outcome::Differ { .. }));
        assert!(matches!(exactly(&all[..2], 0, 1.0), Outcome::Open(why) if why.contains("few")));
    }

    /// That a gradient is 0 is confirmed only where the differences are nothing beside the loss.
    #[test]
    fn a_gradient_of_0_is_confirmed_by_the_scale_of_the_loss() {
        let all = [1 << 24, 1 << 16, 1 << 8, 1];
        let found = exactly(&all, 0, 1.0);
        assert!(matches!(&found, Outcome::Open(why) if why.contains("too small beside the loss")));
        assert!(matches!(exactly(&all, 0, 1e6), Outcome::Agree(_)));
        assert!(matches!(exactly(&[0, 0, 0], 0, 1.0), Outcome::Agree(_)));
    }

    /// Half of it for each n, and twice it for each doubling of a size from 1 on.
    #[test]
    fn steps_are_powers_of_two_that_grow_with_the_size() {
        let step = |size: f64, n: i32| step_size(size, n).unwrap();
        for n in [0, 1, 5, 30] {
            for (size, up) in [
                (0.0, 0),
                (0.5, 0),
                (1.0, 0),
                (1.5, 1),
                (2.0, 2),
                (3.0, 2),
                (4.0, 3),
                (1e6, 20),
                (f64::MAX, 1024),
            ] {
                let expected = Rational::from(2).powi(up - n).unwrap();
                assert_eq!(step(size, n), expected, "{size}, {n}");
            }
        }
    }
}
