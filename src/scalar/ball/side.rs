//! Sums and products of several balls of 106 bits, computed side by side.
//!
//! Goes in: [`SIDE`] balls each, as columns of their parts. Comes out: the same balls, to the last
//! bit, as [`Scalar`](crate::scalar::Scalar) would give one after the other. What always holds:
//! there are no branches on the way, so that a machine takes the lanes together; where one of them
//! would need a branch, there is no result.

use std::ops::{Add, BitAnd, BitOr, Mul, Not, Sub};

use super::MORE;
use super::wide::{HUGE, OF_PRODUCT, TINY};
use crate::scalar::SIDE;

/// A number in each lane. Its operations are written as loops, which any level of optimisation
/// makes one of.
#[derive(Clone, Copy, Default)]
pub(super) struct Side(pub [f64; SIDE]);

/// A ball in each lane.
#[derive(Clone, Copy, Default)]
pub(super) struct Balls {
    /// The first and the second part of the midpoints.
    pub high: Side,
    pub low: Side,
    pub radius: Side,
}

impl Balls {
    /// Where there is nothing but 0.
    #[inline(always)]
    fn is_zero(&self) -> Mask {
        self.high.is_zero() & self.low.is_zero() & self.radius.is_zero()
    }
}

/// Yes or no in each lane: all bits or none.
#[derive(Clone, Copy)]
struct Mask([u64; SIDE]);

macro_rules! lanes {
    ($type:ident, $zero:expr, $trait:ident, $method:ident, $operator:tt) => {
        impl $trait for $type {
            type Output = $type;

            #[inline(always)]
            fn $method(self, other: $type) -> $type {
                let mut all = [$zero; SIDE];
                for (n, x) in all.iter_mut().enumerate() {
                    *x = self.0[n] $operator other.0[n];
                }
                $type(all)
            }
        }
    };
}

lanes!(Side, 0.0, Add, add, +);
lanes!(Side, 0.0, Sub, sub, -);
lanes!(Side, 0.0, Mul, mul, *);
lanes!(Mask, 0, BitAnd, bitand, &);
lanes!(Mask, 0, BitOr, bitor, |);

impl Not for Mask {
    type Output = Mask;

    #[inline(always)]
    fn not(self) -> Mask {
        let mut all = [0; SIDE];
        for (n, x) in all.iter_mut().enumerate() {
            *x = !self.0[n];
        }
        Mask(all)
    }
}

impl Side {
    #[inline(always)]
    fn all(x: f64) -> Side {
        Side([x; SIDE])
    }

    #[inline(always)]
    fn abs(self) -> Side {
        let mut all = [0.0; SIDE];
        for (n, x) in all.iter_mut().enumerate() {
            *x = self.0[n].abs();
        }
        Side(all)
    }

    #[inline(always)]
    fn is_zero(self) -> Mask {
        let mut all = [0; SIDE];
        for (n, x) in all.iter_mut().enumerate() {
            *x = if self.0[n] == 0.0 { !0 } else { 0 };
        }
        Mask(all)
    }

    /// Where it is at most `most`; not where it is no number.
    #[inline(always)]
    fn is_up_to(self, most: f64) -> Mask {
        let mut all = [0; SIDE];
        for (n, x) in all.iter_mut().enumerate() {
            *x = if self.0[n] <= most { !0 } else { 0 };
        }
        Mask(all)
    }

    /// The number where the mask says yes, and 0 elsewhere.
    #[inline(always)]
    fn only(self, mask: Mask) -> Side {
        let mut all = [0.0; SIDE];
        for (n, x) in all.iter_mut().enumerate() {
            *x = f64::from_bits(self.0[n].to_bits() & mask.0[n]);
        }
        Side(all)
    }
}

/// a + b as the nearest `f64` and what it lacks.
#[inline(always)]
fn two_sum(a: Side, b: Side) -> (Side, Side) {
    let s = a + b;
    let of_b = s - a;
    (s, (a - (s - of_b)) + (b - of_b))
}

/// The upper and the lower half of the digits.
#[inline(always)]
fn split(a: Side) -> (Side, Side) {
    let c = Side::all(134_217_729.0) * a;
    let high = c - (c - a);
    (high, a - high)
}

/// a·b as the nearest `f64` and what it lacks.
#[inline(always)]
fn two_product(a: Side, b: Side) -> (Side, Side) {
    let p = a * b;
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    (p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

/// A bound that is a sum of the radii's share and the operation's own error, neither below 0.
#[inline(always)]
fn bound(passed: Side, own: Side) -> Side {
    let least = Side::all(f64::MIN_POSITIVE).only(!passed.is_up_to(0.0));
    (passed + own) * Side::all(MORE) + least
}

/// s + a·b. Where a sum or a product of midpoints has nothing below its high part, the longer way
/// that is gone here loses nothing.
#[inline]
pub(super) fn sum_and_product(s: &Balls, a: &Balls, b: &Balls) -> Option<Balls> {
    let short = a.low.is_zero() & b.low.is_zero();
    let points = a.radius.is_zero() & b.radius.is_zero();
    let nothing = a.is_zero() | b.is_zero();
    // The product, and the bound of its error.
    let (p, e) = two_product(a.high, b.high);
    let (h, l) = two_sum(p, e + (a.high * b.low + a.low * b.high));
    let own = (p.abs() * Side::all(OF_PRODUCT)).only(!short);
    let more = Side::all(MORE);
    let (size_a, size_b) = (a.high.abs(), b.high.abs());
    let spread = size_a * more * b.radius + size_b * more * a.radius + a.radius * b.radius;
    let passed = (spread + Side::all(f64::MIN_POSITIVE)).only(!points);
    let product = bound(passed, own).only(!nothing);
    // The sum.
    let (high, e) = two_sum(s.high, h);
    let (t, f) = two_sum(s.low, l);
    let (e, lost) = two_sum(e, t);
    let (high, e) = two_sum(high, e);
    let (e, also) = two_sum(e, f);
    let (high, low) = two_sum(high, e);
    let radius = bound(s.radius + product, lost.abs() + also.abs());
    let seen = !p.abs().is_up_to(TINY) | nothing;
    let in_range = size_a.is_up_to(HUGE) & size_b.is_up_to(HUGE);
    let finite = radius.is_up_to(f64::MAX) & (high.abs() * more).is_up_to(f64::MAX);
    let Mask(alike) = in_range & seen & finite;
    let mut all = !0;
    for mask in alike {
        all &= mask;
    }
    (all == !0).then_some(Balls { high, low, radius })
}
