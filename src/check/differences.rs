//! Central differences: a gradient that needs nothing but values of the loss.
//!
//! Goes in: a cell, or a direction, and the gradient that is claimed for it. On one smooth piece of
//! the loss g(h) = (f(x+h) − f(x−h))/2h = f′(x) + c₃h² + c₅h⁴ + …, so halving h and extrapolating in
//! h² (Richardson; Neville's scheme) takes off one term with each step. What is left of the series
//! after n steps is a known part of h²ⁿ times a value of f⁽²ⁿ⁺¹⁾/(2n+1)! between x − h and x + h, and
//! that is enclosed over the whole of this interval (`taylor.rs`). Over the rationals there is no
//! rounding at all; else every value is an interval or a ball, so that rounding is in the bound.
//! What always holds: a gradient agrees or differs by a bound that holds, whatever the loss does
//! between the points; steps that leave the smooth piece are not used.

use crate::concrete::{self, Decide, Values};
use crate::diag::{Error, Kind};
use crate::net::{Network, QuantityId};
use crate::ordered::Ordered;
use crate::scalar::{Ball, Fault, Interval, Pair, Rational, Scalar};

use super::directions::Along;
use super::fraction::Fraction;
use super::judge::{Distance, relative};
use super::point::{Point, Run, reason};
use super::taylor::{self, Taylor};
use super::values::convert;

/// How many steps an extrapolation uses, each half of the one before.
pub const STEPS: usize = 4;
/// The order of the derivative that bounds what [`STEPS`] leave, and one more.
const COEFFICIENTS: usize = 2 * STEPS + 2;
/// The first steps that are tried, as powers of 1/2, times the size of the cell where that is
/// above 1. A smaller one is tried where a larger crosses a kink or is too coarse, and at last the
/// same times the size of a cell that is nearer to 0.
pub const FIRST_STEPS: [i32; 4] = [5, 11, 17, 23];

/// Along a direction there are so many digits that one step is enough, if it is small: the first is
/// one at which rounding and what the step leaves out are mostly of one size. Through deep networks,
/// enclosures grow so much that only a smaller one has a bound.
const DIRECTED_STEPS: [i32; 3] = [32, 40, 48];
/// The same as [`COEFFICIENTS`] for one step.
const DIRECTED: usize = 4;

/// A limit of differences counts only if its error bound is this much smaller than the gradient.
const RESOLVED: f64 = 1.0 / 256.0;
/// For a gradient that is 0, the bound is compared with the loss instead.
const RESOLVED_ZERO: f64 = 1.0 / 65536.0;
/// What a bound is multiplied by, for it is computed in `f64`.
const INFLATED: f64 = 1.0 + 1e-9;

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
    let at = Cell { net, point, id, cell };
    at.judge(claim, |h| {
        let mut losses = Vec::with_capacity(2);
        for x in at.sides(h) {
            match x.and_then(|x| Fraction::from_rational(&x)) {
                Ok(x) => put(&mut values, id, cell, x),
                Err(fault) => return Step::Undefined(fault.to_string()),
            }
            let loss = match concrete::loss(net, &values, Decide::ByValue) {
                Ok((_, decisions)) if decisions != point.by_value => return Step::Crossed,
                // An assumption may have chosen another piece.
                Ok(_) if point.decisions != point.by_value => {
                    concrete::loss(net, &values, Decide::Recorded(&point.decisions))
                }
                loss => loss,
            };
            match loss {
                Ok((loss, _)) => losses.push(loss),
                Err(error) => return Step::Undefined(reason(&error)),
            }
        }
        quotient(&losses[0], &losses[1], h)
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
    let at = Cell { net, point, id, cell };
    at.judge(claim, |h| {
        let mut sides = Vec::with_capacity(2);
        for x in at.sides(h) {
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

/// One cell that moves by itself.
struct Cell<'a> {
    net: &'a Network,
    point: &'a Point,
    id: QuantityId,
    cell: usize,
}

impl Cell<'_> {
    fn value(&self) -> &Rational {
        &self.point.values[&self.id][self.cell]
    }

    /// Its values a step above and a step below.
    fn sides(&self, h: &Rational) -> [Result<Rational, Fault>; 2] {
        [self.value().add(h), self.value().sub(h)]
    }

    fn judge<T: Measured>(&self, claim: &T, step: impl FnMut(&Rational) -> Step<T>) -> Found {
        let size = self.value().abs().to_f64();
        let up = |size: f64| libm::ilogb(size).saturating_add(1).clamp(-1100, 1100);
        let usual = if size > 1.0 { up(size) } else { 0 };
        let mut first: Vec<i32> = FIRST_STEPS.iter().map(|n| usual - n).collect();
        if size > 0.0 && size < 1.0 {
            first.extend(FIRST_STEPS.iter().map(|n| up(size) - n).filter(|n| *n < usual - 5));
        }
        judge(claim, &first, STEPS, step, |h| self.bend(h))
    }

    /// A bound of the part that a limit of [`STEPS`] leaves out.
    fn bend(&self, h: &Rational) -> Result<f64, Error> {
        let still = |x: &Rational| Taylor::<COEFFICIENTS>::from_rational(x).map_err(limited);
        let mut values: Values<Taylor<COEFFICIENTS>> = Values::new();
        for (id, all) in &self.point.values {
            values.insert(*id, all.iter().map(still).collect::<Result<_, _>>()?);
        }
        let [above, below] = self.sides(h).map(|x| Interval::from_rational(&x?));
        let (above, below) = (above.map_err(limited)?, below.map_err(limited)?);
        let all = Interval::new(below.lower, above.upper).map_err(limited)?;
        put(&mut values, self.id, self.cell, Taylor::moving(all, Interval::one()));
        taylor::greatest(self.net, &values, &self.point.decisions)
    }
}

fn limited(fault: Fault) -> Error {
    Error::new(Kind::Limit, fault.to_string())
}

/// Judges what is claimed of the slope along a direction, in numbers of 106 bits: branches by plain
/// `f64` runs.
pub(super) fn along(at: &Along<'_, Ball<Pair>>, speeds: &[Vec<f64>], claim: &Ball<Pair>) -> Found {
    let real = |all: &Vec<Ball<Pair>>| all.iter().map(Ball::to_f64).collect();
    let reals: Values<f64> = at.values.iter().map(|(id, all)| (*id, real(all))).into_map();
    let step = |h: &Rational| {
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
    };
    judge(claim, &DIRECTED_STEPS.map(|n| -n), 1, step, |h| bend_along(at, speeds, h.to_f64()))
}

/// The loss a step along the direction.
fn moved_loss(
    at: &Along<'_, Ball<Pair>>,
    speeds: &[Vec<f64>],
    h: f64,
) -> Result<Ball<Pair>, Error> {
    let mut values = at.values.clone();
    for (id, speeds) in at.by.iter().zip(speeds) {
        for (x, v) in values.get_mut(id).into_iter().flatten().zip(speeds) {
            *x = Ball::point(h * v).and_then(|step| x.add(&step)).map_err(limited)?;
        }
    }
    Ok(concrete::loss(at.net, &values, Decide::Recorded(at.decisions))?.0)
}

/// A bound of the part that a quotient along the direction leaves out.
fn bend_along(at: &Along<'_, Ball<Pair>>, speeds: &[Vec<f64>], h: f64) -> Result<f64, Error> {
    let mut values: Values<Taylor<DIRECTED>> = Values::new();
    for (id, all) in at.values {
        let still = |x: &Ball<Pair>| x.interval().map(Taylor::still).map_err(limited);
        values.insert(*id, all.iter().map(still).collect::<Result<_, _>>()?);
    }
    for (id, speeds) in at.by.iter().zip(speeds) {
        let (Some(moved), Some(all)) = (values.get_mut(id), at.values.get(id)) else { continue };
        for (moved, (x, v)) in moved.iter_mut().zip(all.iter().zip(speeds)) {
            let line = || {
                let whole = Interval::new(-h, h)?.mul(&Interval::point(*v)?)?;
                Ok(Taylor::moving(x.interval()?.add(&whole)?, Interval::point(*v)?))
            };
            *moved = line().map_err(limited)?;
        }
    }
    taylor::greatest(at.net, &values, at.decisions)
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

/// Tries one first step after the other, as powers of two, until the claim is judged. `bend` bounds
/// |f⁽²ⁿ⁺¹⁾|/(2n+1)! within a step of the point, for n steps.
fn judge<T: Measured>(
    claim: &T,
    first_steps: &[i32],
    steps: usize,
    mut step: impl FnMut(&Rational) -> Step<T>,
    bend: impl Fn(&Rational) -> Result<f64, Error>,
) -> Found {
    let mut crossed = 0;
    let mut open = None;
    for first in first_steps {
        let mut quotients = Vec::with_capacity(steps);
        let mut scale = 0.0f64;
        for n in 0..steps as i32 {
            let result = match Rational::integer(2).powi(first - n) {
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
        if quotients.len() < steps {
            continue;
        }
        let judged = || {
            let h = Rational::integer(2).powi(*first).map_err(limited)?;
            let left = left_out(steps) * libm::exp2(f64::from(*first) * 2.0 * steps as f64);
            // What is below the range of f64 is not 0.
            let bound = match bend(&h)? {
                0.0 => 0.0,
                bend => left.max(f64::MIN_POSITIVE) * bend * INFLATED + f64::MIN_POSITIVE,
            };
            limit(claim, &quotients, scale, bound).map_err(limited)
        };
        match judged() {
            Ok(Outcome::Open(why)) => open = Some(why),
            Ok(outcome) => return Found { outcome, crossed },
            Err(error) => {
                let why = error.message();
                open = Some(format!("the error of differences has no bound here: {why}"));
            }
        }
    }
    let open = open.unwrap_or_else(|| "no step could be used".to_string());
    Found { outcome: Outcome::Open(open), crossed }
}

/// How much of |f⁽²ⁿ⁺¹⁾|/(2n+1)!·h²ⁿ the extrapolation of n steps, the first of which is h, may leave
/// out: Σ |wᵢ|·hᵢ²ⁿ at h = 1, where wᵢ are Lagrange's weights of the steps for 0.
fn left_out(steps: usize) -> f64 {
    let square = |i: usize| libm::exp2(-2.0 * i as f64);
    let weight = |i: usize| {
        let others = (0..steps).filter(|j| *j != i).map(square);
        others.map(|h| h / (h - square(i))).product::<f64>().abs()
    };
    (0..steps).map(|i| weight(i) * square(i).powi(steps as i32)).sum()
}

/// Extrapolates the quotients to h = 0 and holds the claim against the limit, which is off by up to
/// `tolerance`.
fn limit<T: Measured>(
    claim: &T,
    quotients: &[T],
    scale: f64,
    tolerance: f64,
) -> Result<Outcome, Fault> {
    let mut row: Vec<T> = Vec::new();
    for q in quotients {
        // Row j of Neville's scheme from row j−1; its last entry is free of h², …, h^2j.
        let mut next = vec![q.clone()];
        for (k, above) in row.iter().enumerate() {
            let weight = T::integer(4).powi(k as i32 + 1)?.sub(&T::one())?;
            let correction = next[k].sub(above)?.div(&weight)?;
            next.push(next[k].add(&correction)?);
        }
        row = next;
    }
    let Some(limit) = row.last() else { return Ok(Outcome::Open("too few steps".to_string())) };
    let missed = limit.sub(claim)?.size();
    let bound = tolerance + limit.width() + claim.width();
    if missed.0 > tolerance {
        return Ok(Outcome::Differ { limit: limit.middle(), bound });
    }
    let (size, resolved) = match claim.size().0 == 0.0 {
        true => (scale, scale * RESOLVED_ZERO),
        false => (claim.size().0, claim.size().0 * RESOLVED),
    };
    if bound <= resolved {
        let absolute = (limit.middle() - claim.middle()).abs();
        let absolute = if missed.1 == 0.0 { 0.0 } else { absolute };
        let relative = relative(absolute, claim.middle());
        return Ok(Outcome::Agree(Distance { agree: true, absolute, relative, bound }));
    }
    let why = match limit.width() > tolerance || size == 0.0 {
        true => "the gradient is too small beside the loss for differences",
        false => "the loss may bend too much between the points of a difference",
    };
    Ok(Outcome::Open(why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exactly(quotients: &[i64], claim: i64, scale: f64, tolerance: f64) -> Outcome {
        // In parts of 2^−24, which they all are.
        let part = |n: i64| Fraction(Rational::new(n, 1 << 24).unwrap());
        let quotients: Vec<Fraction> = quotients.iter().map(|n| part(*n)).collect();
        limit(&part(claim), &quotients, scale, tolerance).unwrap()
    }

    /// The part of h⁸ that four of its values leave is that of the bound.
    #[test]
    fn what_an_extrapolation_leaves_is_bounded() {
        let all = [1 << 24, 1 << 16, 1 << 8, 1];
        let off = left_out(4);
        // Of h⁸ with one sign everywhere, it is the product of the four h².
        assert!(off >= libm::exp2(-12.0) && off < libm::exp2(-11.0), "{off}");
        assert_eq!(left_out(1), 1.0);
        assert!(matches!(exactly(&all, 1 << 24, 1.0, off), Outcome::Differ { .. }));
        // Which is right, if h⁸ may be all that there is.
        let found = exactly(&all, 0, 1.0, off);
        assert!(matches!(&found, Outcome::Open(why) if why.contains("may bend")), "{off}");
    }

    /// That a gradient is 0 is confirmed only where the differences are nothing beside the loss.
    #[test]
    fn a_gradient_of_0_is_confirmed_by_the_scale_of_the_loss() {
        let all = [1 << 24, 1 << 16, 1 << 8, 1];
        let off = left_out(4);
        assert!(matches!(exactly(&all, 0, 1.0, off), Outcome::Open(_)));
        assert!(matches!(exactly(&all, 0, 1e6, off), Outcome::Agree(_)));
        assert!(matches!(exactly(&[0, 0, 0], 0, 1.0, 0.0), Outcome::Agree(_)));
    }

    /// Where the bound does not hold the claim, no matter by how little, it differs.
    #[test]
    fn a_claim_beyond_the_bound_differs() {
        let unit = 1.0 / f64::from(1 << 24);
        assert!(matches!(exactly(&[1000], 1001, 1.0, 2.0 * unit), Outcome::Agree(_)));
        assert!(matches!(exactly(&[1000], 1003, 1.0, 2.0 * unit), Outcome::Differ { .. }));
        assert!(matches!(exactly(&[1000], 1001, 1.0, 20.0 * unit), Outcome::Open(_)));
    }
}
