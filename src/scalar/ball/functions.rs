//! Elementary functions of balls, for midpoints of any length: made of sums, products and
//! quotients of balls, so that every rounding is in the radius, and of series whose remainder is
//! added to it.
//!
//! f(m ± r) is f(m) ± r·L, where L bounds |f′| on the ball.

mod angles;

use super::{Ball, MORE, Middle};
use crate::scalar::{Fault, Function, Scalar};

/// The function of that name.
pub(super) fn call<M: Middle>(x: &Ball<M>, function: Function) -> Result<Ball<M>, Fault> {
    let (middle, r) = (Ball::exactly(x.middle.clone()), x.radius);
    match function {
        // Below the range of f64, whatever the radius is.
        Function::Exp if x.middle.to_f64() / MORE + r * MORE < -750.0 => {
            Ball::point(0.0)?.widened(f64::MIN_POSITIVE)
        }
        Function::Exp => {
            let value = exp(&middle)?;
            // e^(m + d) − e^m = e^m·(e^d − 1), and e^d − 1 ≤ d·e^d.
            let more = if r == 0.0 { 0.0 } else { value.most() * r * (libm::exp(r) * MORE) };
            value.widened(more * MORE)
        }
        Function::Ln => ln(x),
        Function::Sqrt => sqrt(x),
        Function::Tanh => {
            let least = (x.middle.to_f64().abs() / MORE - r * MORE).max(0.0);
            // 1 − tanh² = 1/cosh² ≤ 4·e^(−2|x|).
            let slope = (4.0 * libm::exp(-2.0 * least)).min(1.0);
            tanh(&middle)?.widened(slope * r * MORE)
        }
        Function::Sigmoid => {
            let least = (x.middle.to_f64().abs() / MORE - r * MORE).max(0.0);
            let slope = libm::exp(-least).min(0.25);
            sigmoid(&middle)?.widened(slope * r * MORE)
        }
        // Its slope is σ ≤ min(1, eˣ).
        Function::Softplus => {
            let most = x.middle.to_f64() + r * MORE + f64::MIN_POSITIVE;
            let slope = libm::exp(most.min(0.0)) * MORE;
            softplus(&middle)?.widened(slope * r * MORE)
        }
        Function::NormalCdf => {
            let least = (x.middle.to_f64().abs() / MORE - r * MORE).max(0.0);
            let slope = 0.4 * libm::exp(-least * least / 2.0) * MORE;
            normal_cdf(&middle)?.widened(slope * r * MORE)
        }
        // Its slope is |x|·φ(x) ≤ 1/√(2πe) < 1/4, and for |x| > 1 it falls.
        Function::NormalPdf => {
            let least = (x.middle.to_f64().abs() / MORE - r * MORE).max(1.0);
            let slope = 0.4 * least * libm::exp(-least * least / 2.0) * MORE;
            normal_pdf(&middle)?.widened(slope * r * MORE)
        }
        Function::Abs => match x.sign() {
            Some(-1) => Ok(x.neg()),
            Some(_) => Ok(x.clone()),
            None => Err(Fault::Overlap),
        },
        Function::Relu => match x.sign() {
            Some(1) => Ok(x.clone()),
            Some(_) => Ball::point(0.0),
            None => Err(Fault::Overlap),
        },
        Function::Sign => x.sign().map(f64::from).ok_or(Fault::Overlap).and_then(Ball::point),
        Function::Step => {
            let step = |sign: i32| Ball::point(f64::from(sign.max(0)));
            x.sign().ok_or(Fault::Overlap).and_then(step)
        }
        Function::Sin => angles::circular(&middle, false)?.widened(r).and_then(angles::limited),
        Function::Cos => angles::circular(&middle, true)?.widened(r).and_then(angles::limited),
        // Their slopes are at most e^|x|.
        Function::Sinh => angles::sinh(&middle)?.widened(angles::growth(x)?),
        Function::Cosh => angles::cosh(&middle)?.widened(angles::growth(x)?),
    }
}

/// How much smaller the argument of a series is made, in bits: as many squarings lose as many
/// bits, and each term of the series gains as many.
fn halvings<M: Middle>() -> i32 {
    match M::bits() {
        ..=128 => 6,
        129..=512 => 14,
        _ => 24,
    }
}

/// e^x of one number: the series of x/2^k, squared k times.
fn exp<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    let size = x.most();
    if x.is_exactly(0.0) {
        return Ball::point(1.0);
    }
    // Past the range of f64 on either side.
    if size > 746.0 {
        return match x.middle.to_f64() > 0.0 {
            true => Err(Fault::NotFinite),
            false => Ball::point(0.0)?.widened(f64::MIN_POSITIVE),
        };
    }
    let bits = libm::ilogb(size).max(-60) + 1;
    let squarings = (bits + halvings::<M>()).max(0);
    let small = x.mul(&Ball::point(libm::scalbn(1.0, -squarings))?)?;
    let mut power = exp_m1_series(&small)?.add(&Ball::point(1.0)?)?;
    for _ in 0..squarings {
        power = power.mul(&power)?;
    }
    Ok(power)
}

/// e^x − 1 for |x| ≤ 1/2, by its series.
fn exp_m1_series<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    let size = x.most();
    let enough = libm::exp2(-f64::from(M::bits().min(1000)) - 4.0);
    // Where the terms are so small, `f64` has the digits that are left.
    let short = if M::bits() <= 128 && size > 1e-100 { SHORT } else { 0.0 };
    let (mut sum, mut term) = (x.clone(), x.clone());
    let (mut bound, mut n) = (size, 1);
    // Relative to the first term, so that a small e^x − 1 has as many digits.
    while bound > enough.max(short) * size {
        n += 1;
        term = term.mul(x)?.over(n)?;
        sum = sum.add(&term)?;
        bound *= size / f64::from(n) * MORE;
    }
    if short > 0.0 {
        return sum.add(&exp_rest(x, &term, n)?);
    }
    // The rest is less than twice the next term, which is less than half of this one.
    sum.widened(bound * MORE)
}

/// Relative to the first, the terms of a series that `f64` has enough digits for.
const SHORT: f64 = 1.0 / (1u64 << 58) as f64;
/// Relative to it, what the nearest `f64` of a midpoint of 106 bits may lack of it.
const LACKS: f64 = 1.0 / (1u64 << 52) as f64;

/// Σ xᵏ/k! over all k > n in `f64`, for |x| ≤ 1/2 and the term t = xⁿ/n!, with midpoints that the
/// nearest `f64` is within 2⁻⁵² of.
///
/// It is t·g(x) with g(x) = x/(n + 1)·(1 + x/(n + 2)·(1 + …)). With q = |x|/(n + 1), |g| ≤ |x| and
/// |g′| ≤ 1. Eight terms of g leave 2q⁹; they are computed to within 8 roundings of q. So for x̂
/// and t̂ in place of x and t, t̂·g(x̂) is off by |t − t̂|·|x| + |t̂|·(|x − x̂| + 2q⁹ + q·2⁻⁴⁸).
fn exp_rest<M: Middle>(x: &Ball<M>, term: &Ball<M>, n: u32) -> Result<Ball<M>, Fault> {
    let (near, t, n) = (x.to_f64(), term.to_f64(), f64::from(n));
    let g = (2..=8).rev().fold(1.0, |g, k| 1.0 + near / (n + f64::from(k)) * g) * near / (n + 1.0);
    let (size, most) = (x.most(), term.most());
    let q = size / (n + 1.0) * MORE;
    let left = 2.0 * (q * q * q) * (q * q * q) * (q * q * q) + q / (1u64 << 48) as f64;
    let of_g = most * (x.radius + size * LACKS + left);
    let of_term = (term.radius + most * LACKS) * size;
    Ball::around(t * g, (of_g + of_term) * MORE + LOST)
}

/// What underflow may lose of so few operations, and far more.
const LOST: f64 = 1e-300;

/// e^x − 1 without loss of digits near 0.
fn exp_m1<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    match x.most() <= 0.25 {
        true => exp_m1_series(x),
        false => exp(x)?.sub(&Ball::point(1.0)?),
    }
}

/// ln x, for a ball above 0.
pub(super) fn ln<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    match x.sign() {
        Some(1) => {}
        Some(_) => return Err(Fault::OutOfDomain(Function::Ln)),
        None => return Err(Fault::Overlap),
    }
    if x.is_exactly(1.0) {
        return Ball::point(0.0);
    }
    let slope = x.radius / x.least() * MORE;
    let middle = Ball::exactly(x.middle.clone());
    // ln a = y + ln(1 + t) with t = a·e^(−y) − 1, for a y near ln a.
    let y = libm::log(x.middle.to_f64());
    let t = middle.mul(&exp(&Ball::point(-y)?)?)?.sub(&Ball::point(1.0)?)?;
    Ball::point(y)?.add(&ln_1p_series(&t)?)?.widened(slope)
}

/// ln(1 + t) for |t| ≤ 1/4: t − t²/2 + t³/3 − ….
fn ln_1p_series<M: Middle>(t: &Ball<M>) -> Result<Ball<M>, Fault> {
    let size = t.most();
    if size > 0.25 {
        return Err(Fault::Overlap);
    }
    let enough = libm::exp2(-f64::from(M::bits().min(1000)) - 4.0);
    let (mut sum, mut power) = (t.clone(), t.clone());
    let (mut bound, mut n) = (size, 1);
    while bound > enough * size {
        n += 1;
        power = power.mul(t)?.neg();
        sum = sum.add(&power.over(n)?)?;
        bound *= size * MORE;
    }
    // The terms fall by three quarters at least.
    sum.widened(bound * MORE)
}

/// √x, for a ball that is not below 0.
fn sqrt<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    match x.sign() {
        Some(0) => return Ok(x.clone()),
        Some(-1) => return Err(Fault::OutOfDomain(Function::Sqrt)),
        None => return Err(Fault::Overlap),
        Some(_) => {}
    }
    // Near the ends of the range, where a square would leave it: √x = √(x·2^2k)/2^k.
    let size = x.middle.to_f64();
    if !(SQUARES..1.0 / SQUARES).contains(&size) {
        let half = if size < 1.0 { 300 } else { -300 };
        let by = |power: i32| Ball::point(libm::scalbn(1.0, power));
        return sqrt_near(&x.mul(&by(2 * half)?)?)?.mul(&by(-half)?);
    }
    sqrt_near(x)
}

/// Between this and its inverse, squares have all of their digits.
const SQUARES: f64 = 1e-120;

/// √x above 0, whose square is in range.
fn sqrt_near<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    let a = &x.middle;
    let mut root = M::from_f64(libm::sqrt(a.to_f64()));
    let half = M::from_f64(0.5);
    let mut digits = 50;
    while digits < M::bits() + 4 {
        root = root.add(&a.div(&root).0).0.mul(&half).0;
        digits *= 2;
    }
    // |√b − s| = |b − s²|/(√b + s) ≤ |b − s²|/s, for every b of the ball.
    let s = Ball::exactly(root);
    let missing = x.sub(&s.mul(&s)?)?;
    let error = missing.most() / s.least() * MORE;
    s.widened(error)
}

/// (1 − e^(−2|x|))/(1 + e^(−2|x|)), with the sign of x.
fn tanh<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    let negative = x.middle.to_f64() < 0.0;
    let size = if negative { x.neg() } else { x.clone() };
    let less = exp_m1(&size.mul(&Ball::point(-2.0)?)?)?;
    let value = less.neg().div(&less.add(&Ball::point(2.0)?)?)?;
    Ok(if negative { value.neg() } else { value })
}

/// 1/(1 + e^(−x)), by the exponential that is at most 1.
fn sigmoid<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    let one = Ball::point(1.0)?;
    let positive = x.middle.to_f64() >= 0.0;
    let power = exp(&if positive { x.neg() } else { x.clone() })?;
    let over = one.add(&power)?;
    if positive { one.div(&over) } else { power.div(&over) }
}

/// max(x, 0) + ln(1 + e^(−|x|)).
fn softplus<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    let positive = x.middle.to_f64() > 0.0;
    let power = exp(&if positive { x.neg() } else { x.clone() })?;
    let above = if positive { x.clone() } else { Ball::point(0.0)? };
    let rest = match power.most() <= 1.0 / 32.0 {
        true => ln_1p_series(&power)?,
        false => ln(&power.add(&Ball::point(1.0)?)?)?,
    };
    above.add(&rest)
}

/// π by Machin's formula, 16 arctan(1/5) − 4 arctan(1/239).
fn pi<M: Middle>() -> Result<Ball<M>, Fault> {
    if let Some((middle, error)) = M::pi() {
        return Ball::checked(middle, error);
    }
    let arctan = |n: u32| -> Result<Ball<M>, Fault> {
        let mut power = Ball::point(1.0)?.over(n)?;
        let (mut sum, mut k) = (power.clone(), 1);
        let enough = libm::exp2(-f64::from(M::bits().min(1000)) - 4.0);
        while power.most() > enough {
            power = power.over(n * n)?.neg();
            k += 2;
            sum = sum.add(&power.over(k)?)?;
        }
        // The signs alternate, so the rest is less than the last term.
        let last = power.most();
        sum.widened(last)
    };
    let (first, second) = (arctan(5)?, arctan(239)?);
    first.mul(&Ball::point(16.0)?)?.sub(&second.mul(&Ball::point(4.0)?)?)
}

/// e^(−x²/2)/√(2π).
fn normal_pdf<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    // Below the smallest f64, and where x² may overflow.
    if x.least() > 64.0 {
        return Ball::point(0.0)?.widened(f64::MIN_POSITIVE);
    }
    let power = exp_of(&x.mul(x)?.half()?.neg())?;
    power.div(&sqrt_of_two_pi()?)
}

fn sqrt_of_two_pi<M: Middle>() -> Result<Ball<M>, Fault> {
    if let Some((middle, error)) = M::sqrt_of_two_pi() {
        return Ball::checked(middle, error);
    }
    sqrt(&pi::<M>()?.mul(&Ball::point(2.0)?)?)
}

/// e^x of a ball.
fn exp_of<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    call(x, Function::Exp)
}

/// Φ(x). Near 0: 1/2 + φ(x)·(x + x³/3 + x⁵/(3·5) + …). Far out, where that has no digits left:
/// 1/x − 1/x³ ≤ Φ(−x)/φ(x) ≤ 1/x (Feller, *An Introduction to Probability Theory* 1, lemma VII.2).
fn normal_cdf<M: Middle>(x: &Ball<M>) -> Result<Ball<M>, Fault> {
    let far = x.most();
    let negative = x.middle.to_f64() < 0.0;
    let above = if negative { x.neg() } else { x.clone() };
    let (half, one) = (Ball::point(0.5)?, Ball::point(1.0)?);
    if far > 36.0 {
        let tail = normal_pdf(&above)?.div(&above)?;
        let width = tail.most() / (above.least() * above.least()) * MORE;
        let tail = tail.widened(width)?;
        return if negative { Ok(tail) } else { one.sub(&tail) };
    }
    let square = above.mul(&above)?;
    let (mut term, mut sum, mut k) = (above.clone(), above.clone(), 1);
    let enough = libm::exp2(-f64::from(M::bits().min(1000)) - 4.0);
    // Beside 1/2, what is lost to underflow is nothing, and its radius never falls below it.
    while term.most() > (enough * sum.least()).max(LOST) || far * far > f64::from(k) {
        k += 2;
        term = term.mul(&square)?.over(k)?;
        sum = sum.add(&term)?;
        if k > 100_000 {
            return Err(Fault::TooLarge);
        }
    }
    // From here each term is less than far²/(k + 2) < 1 of the one before.
    let ratio = far * far / f64::from(k + 2);
    let rest = term.most() * ratio / (1.0 - ratio) * MORE * MORE;
    // φ may be so small that its radius, which is no less than the smallest f64, is a large part of
    // it, and the sum is as great; half of the exponent on either side keeps both in range.
    let power = exp_of(&square.half()?.half()?.neg())?;
    let part = power.mul(&power.mul(&sum.widened(rest)?)?)?.div(&sqrt_of_two_pi()?)?;
    if negative { half.sub(&part) } else { half.add(&part) }
}
