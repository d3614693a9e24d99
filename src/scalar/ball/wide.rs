//! Midpoints of 106 bits: an unevaluated sum of two `f64`. What a sum loses is computed and not
//! estimated, so that sums without rounding have the error 0.
//!
//! Sources: Dekker, "A floating-point technique for extending the available precision" (1971), for
//! the products; Knuth, *The Art of Computer Programming* 2, §4.2.2, for the sums; Joldes, Muller
//! and Popescu, "Tight and rigorous error bounds for basic building blocks of double-word
//! arithmetic" (2017), for the bound of a product.

use std::cmp::Ordering;

use super::side::{self, Balls};
use super::{Ball, MORE, Middle};
use crate::scalar::{Rational, SIDE, Scalar};

/// The sum `high + low`, where |low| is at most half a unit in the last place of `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    high: f64,
    low: f64,
}

/// a + b as the nearest `f64` and what it lacks.
#[inline]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let of_b = s - a;
    (s, (a - (s - of_b)) + (b - of_b))
}

/// The upper and the lower half of the digits.
#[inline]
fn split(a: f64) -> (f64, f64) {
    let c = 134_217_729.0 * a;
    let high = c - (c - a);
    (high, a - high)
}

/// a·b as the nearest `f64` and what it lacks; exact between [`TINY`] and [`HUGE`].
#[inline]
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let p = a * b;
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    (p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

/// Past this a half of a number may overflow.
pub(super) const HUGE: f64 = 1e290;
/// Below this the error of a product may be lost to underflow.
pub(super) const TINY: f64 = 1e-270;
/// What underflow may lose in one of the operations here, and far more: each of its few products,
/// sums and quotients loses up to half of the smallest `f64`.
const LOST: f64 = f64::MIN_POSITIVE;
/// A bound of the relative error of a product: 5u² is proved without `fma`, for u = 2⁻⁵³.
pub(super) const OF_PRODUCT: f64 = 1.0 / (1u128 << 103) as f64;

/// A bound of the relative error of a number that was rounded twice.
const OF_REST: f64 = 1.0 / (1u64 << 51) as f64;

impl Pair {
    #[inline]
    fn normal(high: f64, low: f64) -> Pair {
        let (high, low) = two_sum(high, low);
        Pair { high, low }
    }
}

impl Balls {
    #[inline]
    fn put(&mut self, lane: usize, ball: &Ball<Pair>) {
        self.high.0[lane] = ball.middle.high;
        self.low.0[lane] = ball.middle.low;
        self.radius.0[lane] = ball.radius;
    }
}

impl Middle for Pair {
    #[inline]
    fn bits() -> u32 {
        106
    }

    #[inline]
    fn from_f64(x: f64) -> Pair {
        Pair { high: x, low: 0.0 }
    }

    #[inline]
    fn to_f64(&self) -> f64 {
        self.high
    }

    #[inline]
    fn size(&self) -> f64 {
        self.high.abs() * MORE
    }

    #[inline]
    fn neg(&self) -> Pair {
        Pair { high: -self.high, low: -self.low }
    }

    #[inline]
    fn add(&self, other: &Pair) -> (Pair, f64) {
        let (s, e) = two_sum(self.high, other.high);
        if self.low == 0.0 && other.low == 0.0 {
            return (Pair { high: s, low: e }, 0.0);
        }
        let (t, f) = two_sum(self.low, other.low);
        let (e, lost) = two_sum(e, t);
        let (s, e) = two_sum(s, e);
        let (e, also) = two_sum(e, f);
        (Pair::normal(s, e), lost.abs() + also.abs())
    }

    #[inline]
    fn mul(&self, other: &Pair) -> (Pair, f64) {
        let most = self.high.abs().max(other.high.abs());
        if most > HUGE {
            let p = self.high * other.high;
            return (Pair::from_f64(p), p.abs() * 1e-15 + LOST);
        }
        let (p, e) = two_product(self.high, other.high);
        let exact = self.low == 0.0 && other.low == 0.0;
        let underflow = if p.abs() < TINY { LOST } else { 0.0 };
        if exact {
            return (Pair { high: p, low: e }, underflow);
        }
        let cross = self.high * other.low + self.low * other.high;
        (Pair::normal(p, e + cross), p.abs() * OF_PRODUCT + underflow)
    }

    fn div(&self, other: &Pair) -> (Pair, f64) {
        let by = |x: f64| other.mul(&Pair::from_f64(x));
        let first = self.high / other.high;
        if !(TINY..HUGE).contains(&first.abs()) || !(TINY..HUGE).contains(&other.high.abs()) {
            return (Pair::from_f64(first), first.abs() * 1e-15 + LOST);
        }
        let mut quotient = Pair::from_f64(first);
        let mut rest = self.add(&by(first).0.neg()).0;
        for _ in 0..2 {
            let next = rest.high / other.high;
            rest = rest.add(&by(next).0.neg()).0;
            quotient = quotient.add(&Pair::from_f64(next)).0;
        }
        // What is missing is (self − quotient·other)/other, with the errors of computing that.
        let (product, of_product) = quotient.mul(other);
        let (missing, of_sum) = self.add(&product.neg());
        let error = (missing.high.abs() + of_product + of_sum) * MORE;
        (quotient, if error == 0.0 { 0.0 } else { error / other.high.abs() * MORE + LOST })
    }

    fn over(&self, n: u32) -> (Pair, f64) {
        let by = f64::from(n);
        let first = self.high / by;
        if !(TINY..HUGE).contains(&first.abs()) {
            return self.div(&Pair::from_f64(by));
        }
        // `by` has no lower half. What the first quotient leaves is an `f64`, and so is each part
        // of it that is computed here (Sterbenz), so only these two are rounded:
        let (p, e) = two_product(first, by);
        let rest = ((self.high - p) - e) + self.low;
        let second = rest / by;
        // … the sum, by 2⁻⁵³ of the rest at most, and its quotient, by as much of itself.
        let error = if rest == 0.0 { 0.0 } else { second.abs() * OF_REST + LOST };
        (Pair::normal(first, second), error)
    }

    fn order(&self, other: &Pair) -> Option<Ordering> {
        Some(self.high.partial_cmp(&other.high)?.then(self.low.partial_cmp(&other.low)?))
    }

    fn from_rational(q: &Rational) -> Option<(Pair, f64)> {
        if let Some(x) = q.as_f64() {
            return Some((Pair::from_f64(x), 0.0));
        }
        let high = q.to_f64();
        let rest = q.sub(&Rational::from_f64(high).ok()?).ok()?;
        let low = rest.to_f64();
        let exact = rest.is_zero() || Rational::from_f64(low).is_ok_and(|x| x == rest);
        // Of what is below the range, the nearest is half of the smallest `f64` away at most.
        let error = if exact { 0.0 } else { low.abs() * 2.3e-16 + f64::from_bits(1) };
        Some((Pair { high, low }, error))
    }

    const SIDE_BY_SIDE: bool = true;

    fn add_products(
        sums: &mut [Ball<Pair>],
        at: &[usize],
        a: &[&Ball<Pair>; SIDE],
        b: &[&Ball<Pair>; SIDE],
    ) -> bool {
        // What is left of the lanes adds 0·0 to 0.
        let (mut s, mut x, mut y) = (Balls::default(), Balls::default(), Balls::default());
        for (n, at) in at.iter().enumerate().take(SIDE) {
            s.put(n, &sums[*at]);
            x.put(n, a[n]);
            y.put(n, b[n]);
        }
        let Some(found) = side::sum_and_product(&s, &x, &y) else { return false };
        for (n, at) in at.iter().enumerate().take(SIDE) {
            let middle = Pair { high: found.high.0[n], low: found.low.0[n] };
            sums[*at] = Ball { middle, radius: found.radius.0[n] };
        }
        true
    }

    fn pi() -> Option<(Pair, f64)> {
        // 3.14159265358979323846264338327950288419716939937510582…, of which these lack 3.0·10⁻³³.
        Some((Pair { high: std::f64::consts::PI, low: 1.224_646_799_147_353_2e-16 }, 1e-32))
    }

    fn sqrt_of_two_pi() -> Option<(Pair, f64)> {
        // 2.506628274631000502415765284811045253006986740609938…, of which these lack 7.4·10⁻³³.
        let pair = Pair { high: 2.506_628_274_631_000_7, low: -1.832_857_998_045_916_7e-16 };
        Some((pair, 1e-32))
    }
}
