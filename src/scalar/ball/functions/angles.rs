//! Circular and hyperbolic sines and cosines of balls.
//!
//! Goes in: a ball without a radius. Comes out: a ball that holds the value. An angle is made small
//! by whole multiples of π/2, each a ball, so that what is not known of π is in the radius. The
//! larger the angle, the more of the digits that takes; where none is left, any value between
//! −1 and 1 is possible, and that is the answer.

use super::{MORE, exp, exp_m1, pi};
use crate::scalar::ball::{Ball, Middle};
use crate::scalar::{Fault, Scalar};

/// How often an angle is made smaller; each time it loses some 50 bits of at most 1024.
const REDUCTIONS: usize = 24;
/// Of a greater angle, no radius is so small that digits would be left.
const GREATEST: f64 = 1e290;
/// An angle is small where it is not above this, which is a little more than π/4.
const SMALL: f64 = 0.8;

/// sin x, or cos x.
pub(super) fn circular<M: Middle>(x: &Ball<M>, cosine: bool) -> Result<Ball<M>, Fault> {
    if x.is_exactly(0.0) {
        return Ball::point(f64::from(u8::from(cosine)));
    }
    if x.most() > GREATEST {
        return Ball::around(0.0, 1.0);
    }
    let (mut rest, mut quarters) = (x.clone(), 0.0);
    if x.most() > SMALL {
        let quarter = pi::<M>()?.half()?;
        for _ in 0..REDUCTIONS {
            // Whichever whole number this is, the rest is what is left of it.
            let times = libm::rint(rest.to_f64() * std::f64::consts::FRAC_2_PI);
            if times == 0.0 || rest.radius() > 1.0 {
                break;
            }
            rest = rest.sub(&quarter.mul(&Ball::point(times)?)?)?;
            quarters = libm::fmod(quarters + libm::fmod(times, 4.0), 4.0);
        }
    }
    if rest.most() > 1.0 {
        return Ball::around(0.0, 1.0);
    }
    // Of 0, 1, 2 and 3 quarters of a turn.
    let quarters = libm::fmod(quarters + 4.0 + f64::from(u8::from(cosine)), 4.0) as u8;
    let value =
        if quarters.is_multiple_of(2) { sine_series(&rest)? } else { cosine_series(&rest)? };
    Ok(if quarters >= 2 { value.neg() } else { value })
}

/// The same ball, unless any number between −1 and 1 says more.
pub(super) fn limited<M: Middle>(x: Ball<M>) -> Result<Ball<M>, Fault> {
    if x.radius() >= 1.0 { Ball::around(0.0, 1.0) } else { Ok(x) }
}

/// x − x³/3! + x⁵/5! − … for |x| ≤ 1.
fn sine_series<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    alternating(x, x, 1)
}

/// 1 − x²/2! + x⁴/4! − … for |x| ≤ 1.
fn cosine_series<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    alternating(x, &Ball::point(1.0)?, 0)
}

/// The series whose first term is given, with the power of x that is in it.
fn alternating<M: Middle>(x: &Ball<M>, first: &Ball<M>, degree: u32) -> Result<Ball<M>, Fault> {
    let square = x.mul(x)?.neg();
    let (size, begun) = (x.most() * x.most() * MORE, first.most());
    let enough = libm::exp2(-f64::from(M::bits().min(1000)) - 4.0) * begun;
    let (mut sum, mut term, mut n) = (first.clone(), first.clone(), degree);
    let mut bound = begun;
    while bound > enough && bound > f64::MIN_POSITIVE {
        term = term.mul(&square)?.over((n + 1) * (n + 2))?;
        sum = sum.add(&term)?;
        bound *= size / f64::from((n + 1) * (n + 2)) * MORE;
        n += 2;
    }
    // Taylor: no derivative of a sine is above 1, so that the rest is less than the next term.
    // Its bound is that of this one, times what is no more than 1/2, and no underflow hides it.
    sum.widened(bound.max(f64::MIN_POSITIVE))
}

/// (eˣ − e⁻ˣ)/2; by eˣ − 1, which keeps its digits near 0.
pub(super) fn sinh<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    if x.is_exactly(0.0) {
        return Ok(x.clone());
    }
    let negative = x.to_f64() < 0.0;
    let above = exp_m1(&if negative { x.neg() } else { x.clone() })?;
    // With t = e^|x| − 1: (t + t/(t + 1))/2.
    let value = above.add(&above.div(&above.add(&Ball::point(1.0)?)?)?)?.half()?;
    Ok(if negative { value.neg() } else { value })
}

/// (eˣ + e⁻ˣ)/2.
pub(super) fn cosh<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    if x.is_exactly(0.0) {
        return Ball::point(1.0);
    }
    let above = exp(&if x.to_f64() < 0.0 { x.neg() } else { x.clone() })?;
    above.add(&Ball::point(1.0)?.div(&above)?)?.half()
}

/// How far sinh and cosh may move within the ball.
pub(super) fn growth<M: Middle>(x: &Ball<M>) -> Result<f64, Fault> {
    match x.radius() > 0.0 {
        true => Ok(x.radius() * libm::exp(x.most()) * MORE * MORE),
        false => Ok(0.0),
    }
}
