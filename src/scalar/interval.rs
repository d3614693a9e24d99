//! Closed intervals of `f64` that enclose the exact value, so that a comparison of two of them
//! can be trusted.
//!
//! Goes in: exact numbers and other intervals. Comes out: an interval that holds every value
//! the operation takes on its operands. What always holds: both ends are finite, the lower one
//! is not above the upper one, and the exact result lies between them. Sums, products,
//! quotients and square roots find out how the nearest `f64` was rounded and move one end by at
//! most one step; what `f64` holds exactly stays a point, so whole numbers keep their value.

mod stretch;

use std::cmp::Ordering;
use std::fmt;

use super::real::INV_SQRT_TAU;
use super::{Fault, Function, Rational, Scalar, show_f64};

/// A closed interval, made by [`Interval::new`], [`Interval::point`] or arithmetic.
///
/// ```
/// use backproof::scalar::{Interval, Rational, Scalar};
/// let tenth = Interval::from_rational(&"0.1".parse().unwrap()).unwrap();
/// let sum = tenth.add(&tenth).unwrap().add(&tenth).unwrap();
/// assert!(sum.contains_rational(&"0.3".parse().unwrap()));
/// assert!(sum.width() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end; finite.
    pub lower: f64,
    /// Upper end; finite, and not below the lower one.
    pub upper: f64,
}

impl Interval {
    /// How far the values of the crate `libm` are widened on each side, in units in the last
    /// place. Its sources, which are those of FreeBSD and musl, claim less than 1 for `exp`,
    /// `log` and `pow` and up to 2 for `tanh`; nobody proved them, hence the margin.
    pub const FUNCTION_ULPS: u32 = 4;

    /// The same for `erfc`, of which Φ is made. Its source, FreeBSD's `s_erf.c`, bounds the error
    /// of its approximations (2^−57.9 and less) and not that of its roundings. In 3·10¹⁰ values of
    /// the same algorithm in glibc, 4 units was the most that was seen (its change "Use erfc from
    /// CORE-MATH"), and 2.6 in 60 000 of ours.
    pub const ERFC_ULPS: u32 = 16;

    /// The same for `sinh` and `cosh`: musl's formulas round an `exp` or `expm1` of less than one
    /// unit four times at most.
    pub const HYPERBOLIC_ULPS: u32 = 8;

    /// The numbers between `a` and `b`, both included, in either order; [`Fault::NotFinite`] if
    /// one of them is no finite number.
    pub fn new(a: f64, b: f64) -> Result<Interval, Fault> {
        if a.is_finite() && b.is_finite() {
            Ok(Interval { lower: a.min(b), upper: a.max(b) })
        } else {
            Err(Fault::NotFinite)
        }
    }

    /// The one number `x`.
    pub fn point(x: f64) -> Result<Interval, Fault> {
        Interval::new(x, x)
    }

    /// Whether only one number is inside.
    pub fn is_point(&self) -> bool {
        self.lower == self.upper
    }

    /// The distance of the ends, rounded up; infinite past the range of `f64`.
    pub fn width(&self) -> f64 {
        sum(self.upper, -self.lower).1
    }

    /// Whether `x` is inside.
    pub fn contains(&self, x: f64) -> bool {
        self.lower <= x && x <= self.upper
    }

    /// Whether `q` is inside, decided exactly.
    pub fn contains_rational(&self, q: &Rational) -> bool {
        let end = |x| Rational::from_f64(x).ok();
        end(self.lower).is_some_and(|l| l <= *q) && end(self.upper).is_some_and(|u| *q <= u)
    }

    /// The interval of these ends, which are in order.
    fn between((lower, upper): (f64, f64)) -> Result<Interval, Fault> {
        Interval::new(lower, upper)
    }

    /// The smallest interval that holds the ends of all `pieces`, each a lower and an upper end.
    fn hull(pieces: &[(f64, f64)]) -> Result<Interval, Fault> {
        if pieces.iter().any(|(l, u)| !l.is_finite() || !u.is_finite()) {
            return Err(Fault::NotFinite);
        }
        let lower = pieces.iter().map(|p| p.0).fold(f64::INFINITY, f64::min);
        let upper = pieces.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
        Interval::new(lower, upper)
    }

    /// The hull of the products of the ends.
    #[inline(never)]
    fn slow_product(&self, other: &Interval) -> Result<Interval, Fault> {
        let (a, b) = (self, other);
        Interval::hull(&[
            product(a.lower, b.lower),
            product(a.lower, b.upper),
            product(a.upper, b.lower),
            product(a.upper, b.upper),
        ])
    }

    /// f of this interval, for an increasing f given by enclosures of its values at points.
    fn increasing(&self, f: impl Fn(f64) -> Result<(f64, f64), Fault>) -> Result<Interval, Fault> {
        Interval::between((f(self.lower)?.0, f(self.upper)?.1))
    }

    /// The power to a positive whole number of an interval without negative numbers.
    fn magnitude_power(&self, exponent: u32) -> Result<Interval, Fault> {
        let power = |x: f64| {
            let (mut base, mut result) = (Interval::point(x)?, Interval::one());
            let mut left = exponent;
            while left > 0 {
                if left & 1 == 1 {
                    result = nonnegative(result.mul(&base)?);
                }
                left >>= 1;
                if left > 0 {
                    base = nonnegative(base.mul(&base)?);
                }
            }
            Ok((result.lower, result.upper))
        };
        self.increasing(power)
    }
}

/// The part of an interval that is not below 0, where the exact value is known not to be.
fn nonnegative(x: Interval) -> Interval {
    Interval { lower: x.lower.max(0.0), upper: x.upper.max(0.0) }
}

/// Below this, the rounding error of a product or quotient may itself be lost to underflow, so
/// both ends are moved. (Products of two `f64` reach 106 bits below their own leading bit; this
/// is far more than 2^106 times the smallest positive `f64`.)
const ERROR_KNOWN: f64 = 1e-270;

/// Lower and upper bound of a number, from the nearest `f64` and the sign of what is missing
/// (exact − nearest); both ends move where that is not known (not finite).
fn around(nearest: f64, missing: f64) -> (f64, f64) {
    let down = if missing >= 0.0 && missing.is_finite() { nearest } else { nearest.next_down() };
    let up = if missing <= 0.0 && missing.is_finite() { nearest } else { nearest.next_up() };
    (down, up)
}

/// The nearest `f64` to a + b, and what it lacks of a + b: of a rounded sum the error is itself an
/// `f64` (Møller and Knuth's TwoSum). Where something leaves the range, the error is not finite.
#[inline]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let b_used = s - a;
    let a_used = s - b_used;
    (s, (a - a_used) + (b - b_used))
}

/// Bounds of a + b.
fn sum(a: f64, b: f64) -> (f64, f64) {
    let (s, missing) = two_sum(a, b);
    around(s, missing)
}

/// Factors up to this size have halves of their digits.
const SPLITS: f64 = 1e290;
/// Up to this size of a product, those of the halves of its factors are in range.
const HALVES: f64 = 1e300;

/// The nearest `f64` to a · b, and what it lacks of a · b: exactly, and without the fused
/// operation, which not every machine has (Dekker). None where halves or errors leave the range.
#[inline]
fn two_product(a: f64, b: f64) -> Option<(f64, f64)> {
    // Of two numbers that are 0 or not, 0 is above −0.
    let p = a * b + 0.0;
    let in_range = (ERROR_KNOWN..HALVES).contains(&p.abs()) || a == 0.0 || b == 0.0;
    let known = in_range && a.abs() < SPLITS && b.abs() < SPLITS;
    let split = |x: f64| {
        let c = 134_217_729.0 * x;
        let high = c - (c - x);
        (high, x - high)
    };
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    known.then_some((p, ((ah * bh - p) + ah * bl + al * bh) + al * bl))
}

/// Bounds of a · b.
fn product(a: f64, b: f64) -> (f64, f64) {
    if a == 0.0 || b == 0.0 {
        return (0.0, 0.0);
    }
    match two_product(a, b) {
        Some((p, missing)) => around(p, missing),
        None => {
            let p = a * b;
            around(p, if p.abs() < ERROR_KNOWN { f64::NAN } else { libm::fma(a, b, -p) })
        }
    }
}

/// The greatest `f64` that is not above x + missing, for |missing| of at most half a step of x,
/// which is not 0 if something is missing.
#[inline]
fn below(x: f64, missing: f64) -> f64 {
    let away = 2 * (x.to_bits() >> 63) as i64 - 1;
    f64::from_bits(x.to_bits().wrapping_add_signed(if missing < 0.0 { away } else { 0 }))
}

/// The least that is not below it.
#[inline]
fn above(x: f64, missing: f64) -> f64 {
    -below(-x, -missing)
}

/// The interval from `lower` to `upper`, each a number and what it lacks; none where one of them is
/// not known.
#[inline]
fn rounded(lower: (f64, f64), upper: (f64, f64)) -> Option<Interval> {
    let known = (lower.1.abs() + upper.1.abs()).is_finite();
    let (lower, upper) = (below(lower.0, lower.1), above(upper.0, upper.1));
    (known && lower.is_finite() && upper.is_finite()).then_some(Interval { lower, upper })
}

/// a · b where one end of each decides one end of the product, and nothing leaves the range.
#[inline]
fn quick_product(a: &Interval, b: &Interval) -> Option<Interval> {
    // The factor with two signs, if there is one, is a; then b is turned above 0.
    let (a, b) = if b.lower < 0.0 && b.upper > 0.0 { (b, a) } else { (a, b) };
    if b.lower < 0.0 && b.upper > 0.0 {
        return None;
    }
    let (a, b) = if b.lower < 0.0 { (a.neg(), b.neg()) } else { (*a, *b) };
    let lower = if a.lower < 0.0 { b.upper } else { b.lower };
    let upper = if a.upper < 0.0 { b.lower } else { b.upper };
    rounded(two_product(a.lower, lower)?, two_product(a.upper, upper)?)
}

/// Bounds of a / b for b ≠ 0.
fn quotient(a: f64, b: f64) -> (f64, f64) {
    if a == 0.0 {
        return (0.0, 0.0);
    }
    let q = a / b;
    let known = a.abs() >= ERROR_KNOWN && q.abs() >= ERROR_KNOWN;
    around(q, if known { libm::fma(-q, b, a) * b.signum() } else { f64::NAN })
}

/// Bounds of √x for x ≥ 0.
fn root(x: f64) -> (f64, f64) {
    if x == 0.0 {
        return (0.0, 0.0);
    }
    let r = libm::sqrt(x);
    around(r, if x < ERROR_KNOWN { f64::NAN } else { libm::fma(-r, r, x) })
}

/// Bounds of what `libm` rounded to `x`, cut to the range of the function.
fn widened(x: f64, least: f64, greatest: f64) -> (f64, f64) {
    moved(x, Interval::FUNCTION_ULPS, least, greatest)
}

/// Bounds of a number known to so many units in the last place, cut to a range.
fn moved(x: f64, ulps: u32, least: f64, greatest: f64) -> (f64, f64) {
    let (mut lower, mut upper) = (x, x);
    for _ in 0..ulps {
        lower = lower.next_down();
        upper = upper.next_up();
    }
    (lower.max(least), upper.min(greatest))
}

/// Bounds of eˣ.
fn exponential(x: f64) -> (f64, f64) {
    if x == 0.0 { (1.0, 1.0) } else { widened(libm::exp(x), 0.0, f64::INFINITY) }
}

/// Bounds of the logistic function; for each sign the exponential that cannot overflow.
fn logistic(x: f64) -> Result<(f64, f64), Fault> {
    let small = Interval::between(exponential(-x.abs()))?;
    let over = |numerator: Interval| numerator.div(&Interval::one().add(&small)?);
    let value = if x >= 0.0 { over(Interval::one())? } else { over(small)? };
    Ok((value.lower.max(0.0), value.upper.min(1.0)))
}

/// Bounds of ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), where nothing overflows or cancels.
fn softplus(x: f64) -> (f64, f64) {
    let small = exponential(-x.abs());
    let rest = |small: f64| widened(libm::log1p(small), 0.0, f64::INFINITY);
    let above = if x > 0.0 { x } else { 0.0 };
    (sum(above, rest(small.0).0).0, sum(above, rest(small.1).1).1)
}

/// Bounds of Φ(x) = erfc(−x/√2)/2; erfc decreases.
fn normal_cdf(x: f64) -> Result<(f64, f64), Fault> {
    if x == 0.0 {
        return Ok((0.5, 0.5));
    }
    let z = Interval::point(-x)?.div(&Interval::between(root(2.0))?)?;
    let erfc = |z: f64| moved(libm::erfc(z), Interval::ERFC_ULPS, 0.0, 2.0);
    let (lower, upper) = (product(erfc(z.upper).0, 0.5).0, product(erfc(z.lower).1, 0.5).1);
    Ok((lower.max(0.0), upper.min(1.0)))
}

/// Bounds of φ(x) = e^(−x²/2)/√(2π).
fn normal_pdf(x: f64) -> Result<(f64, f64), Fault> {
    // Farther out, φ lies between 0 and the smallest positive f64, and x² may overflow.
    if x.abs() > 64.0 {
        return Ok((0.0, f64::from_bits(1)));
    }
    let half_square = Interval::point(x)?.powi(2)?.mul(&Interval::point(0.5)?)?;
    // The nearest f64 lies within half a step of 1/√(2π) = 0.39894228040143267793994605993…
    let height = Interval::new(INV_SQRT_TAU.next_down(), INV_SQRT_TAU.next_up())?;
    let value = half_square.neg().call(Function::Exp)?.mul(&height)?;
    Ok((value.lower.max(0.0), value.upper))
}

impl Scalar for Interval {
    fn from_rational(q: &Rational) -> Result<Interval, Fault> {
        if let Some(x) = q.as_f64() {
            return Interval::point(x);
        }
        let nearest = q.to_f64();
        let missing = q.cmp(&Rational::from_f64(nearest)?);
        Interval::between(around(nearest, f64::from(missing as i8)))
    }

    #[inline]
    fn add(&self, other: &Interval) -> Result<Interval, Fault> {
        let quick = rounded(two_sum(self.lower, other.lower), two_sum(self.upper, other.upper));
        let ends = || (sum(self.lower, other.lower).0, sum(self.upper, other.upper).1);
        quick.map_or_else(|| Interval::between(ends()), Ok)
    }

    fn sub(&self, other: &Interval) -> Result<Interval, Fault> {
        self.add(&other.neg())
    }

    #[inline]
    fn mul(&self, other: &Interval) -> Result<Interval, Fault> {
        if let Some(product) = quick_product(self, other) {
            return Ok(product);
        }
        self.slow_product(other)
    }

    fn neg(&self) -> Interval {
        Interval { lower: -self.upper, upper: -self.lower }
    }

    fn div(&self, other: &Interval) -> Result<Interval, Fault> {
        if other.contains(0.0) {
            return Err(Fault::DivisionByZero);
        }
        let (a, b) = (self, other);
        Interval::hull(&[
            quotient(a.lower, b.lower),
            quotient(a.lower, b.upper),
            quotient(a.upper, b.lower),
            quotient(a.upper, b.upper),
        ])
    }

    fn powi(&self, exponent: i32) -> Result<Interval, Fault> {
        let size = exponent.unsigned_abs();
        if size == 0 {
            return Ok(Interval::one());
        }
        let power = if size.is_multiple_of(2) {
            self.call(Function::Abs)?.magnitude_power(size)?
        } else {
            // An odd power is increasing on the whole line: treat each sign by itself.
            let above = |x: f64| Interval::point(x.max(0.0))?.magnitude_power(size);
            let (low, high) = (self.lower, self.upper);
            let lower = if low < 0.0 { -above(-low)?.upper } else { above(low)?.lower };
            let upper = if high < 0.0 { -above(-high)?.lower } else { above(high)?.upper };
            Interval::between((lower, upper))?
        };
        if exponent < 0 { Interval::one().div(&power) } else { Ok(power) }
    }

    fn pow(&self, exponent: &Interval) -> Result<Interval, Fault> {
        let whole = exponent.lower as i32;
        if exponent.is_point() && f64::from(whole) == exponent.lower {
            return self.powi(whole);
        }
        if self.lower < 0.0 {
            return Err(Fault::PowerOutOfDomain);
        }
        if self.lower == 0.0 && exponent.lower <= 0.0 {
            return Err(Fault::DivisionByZero);
        }
        // For each base monotone in the exponent and for each exponent in the base, so the
        // extremes are at corners.
        let corner = |x: f64, y: f64| match x {
            0.0 => (0.0, 0.0),
            _ => widened(libm::pow(x, y), 0.0, f64::INFINITY),
        };
        Interval::hull(&[
            corner(self.lower, exponent.lower),
            corner(self.lower, exponent.upper),
            corner(self.upper, exponent.lower),
            corner(self.upper, exponent.upper),
        ])
    }

    /// |x|, ReLU, sign and step answer with all the values they take, so sign of [−1, 2] is
    /// [−1, 1]; whoever needs one sign asks [`Scalar::compare`].
    fn call(&self, function: Function) -> Result<Interval, Fault> {
        let x = self;
        match function {
            Function::Exp => x.increasing(|x| Ok(exponential(x))),
            Function::Ln if x.lower > 0.0 => x.increasing(|x| {
                Ok(if x == 1.0 {
                    (0.0, 0.0)
                } else {
                    widened(libm::log(x), f64::NEG_INFINITY, f64::INFINITY)
                })
            }),
            Function::Sqrt if x.lower >= 0.0 => x.increasing(|x| Ok(root(x))),
            Function::Ln | Function::Sqrt => Err(Fault::OutOfDomain(function)),
            Function::Tanh => x.increasing(|x| {
                Ok(if x == 0.0 { (0.0, 0.0) } else { widened(libm::tanh(x), -1.0, 1.0) })
            }),
            Function::Sigmoid => x.increasing(logistic),
            Function::Softplus => x.increasing(|x| Ok(softplus(x))),
            Function::NormalCdf => x.increasing(normal_cdf),
            // It falls with the distance from 0.
            Function::NormalPdf => {
                let far = x.call(Function::Abs)?;
                Interval::between((normal_pdf(far.upper)?.0, normal_pdf(far.lower)?.1))
            }
            Function::Abs if x.lower >= 0.0 => Ok(*x),
            Function::Abs if x.upper <= 0.0 => Ok(x.neg()),
            Function::Abs => Ok(Interval { lower: 0.0, upper: x.upper.max(-x.lower) }),
            Function::Relu => Ok(nonnegative(*x)),
            Function::Sign => {
                let sign = |x: f64| f64::from(i8::from(x > 0.0) - i8::from(x < 0.0));
                x.increasing(|x| Ok((sign(x), sign(x))))
            }
            Function::Step => {
                let step = |x: f64| f64::from(u8::from(x > 0.0));
                x.increasing(|x| Ok((step(x), step(x))))
            }
            Function::Sin | Function::Cos => stretch::wave(function, x),
            Function::Sinh => x.increasing(|x| Ok(stretch::hyperbolic(function, x))),
            // It grows with the distance from 0.
            Function::Cosh => {
                let far = x.call(Function::Abs)?;
                far.increasing(|x| Ok(stretch::hyperbolic(function, x)))
            }
        }
    }

    /// Without the way by a fraction, for 0 and 1 are asked for all the time.
    fn integer(n: i32) -> Interval {
        Interval { lower: f64::from(n), upper: f64::from(n) }
    }

    /// [`Fault::Overlap`] unless the two are disjoint or the same point.
    fn compare(&self, other: &Interval) -> Result<Ordering, Fault> {
        if self.upper < other.lower {
            Ok(Ordering::Less)
        } else if self.lower > other.upper {
            Ok(Ordering::Greater)
        } else if self.is_point() && self == other {
            Ok(Ordering::Equal)
        } else {
            Err(Fault::Overlap)
        }
    }
}

impl fmt::Display for Interval {
    /// `[1, 2]`, and `3` for a point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_point() {
            return f.write_str(&show_f64(self.lower));
        }
        write!(f, "[{}, {}]", show_f64(self.lower), show_f64(self.upper))
    }
}

#[cfg(test)]
mod tests;
