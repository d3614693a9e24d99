//! Sines and cosines, circular and hyperbolic, on a stretch of the line.
//!
//! Goes in: an interval, or one point of it. Comes out: bounds of all values there. What always
//! holds: where a function turns inside, the bounds reach its greatest or least value; where that
//! cannot be told, they are −1 and 1.

use super::{Interval, moved, widened};
use crate::scalar::{Fault, Function};

/// Bounds of sin x and cos x. The crate reduces an angle with as many digits of 2/π as it takes, so
/// that the error is small beside the value for huge angles, too.
fn circular(function: Function, x: f64) -> (f64, f64) {
    match function {
        Function::Sin if x == 0.0 => (0.0, 0.0),
        Function::Sin => widened(libm::sin(x), -1.0, 1.0),
        _ if x == 0.0 => (1.0, 1.0),
        _ => widened(libm::cos(x), -1.0, 1.0),
    }
}

/// Below π: no shorter stretch has two places where a sine or a cosine turns.
const BELOW_PI: f64 = 3.0;
/// Above 2π: a stretch that is so long has every value.
const ABOVE_TWO_PI: f64 = 6.5;

/// All values of sin or cos on an interval. Where the slopes at the ends of a short one have the
/// same sign, the function is monotone between them; where they have not, it turns once.
pub(super) fn wave(function: Function, x: &Interval) -> Result<Interval, Fault> {
    let ends = [circular(function, x.lower), circular(function, x.upper)];
    if x.is_point() {
        return Interval::between(ends[0]);
    }
    let width = x.width();
    if width >= ABOVE_TWO_PI {
        return Interval::new(-1.0, 1.0);
    }
    if width >= BELOW_PI {
        let middle = 0.5 * x.lower + 0.5 * x.upper;
        // Far out, no f64 may lie between.
        if middle <= x.lower || middle >= x.upper {
            return Interval::new(-1.0, 1.0);
        }
        let left = wave(function, &Interval::new(x.lower, middle)?)?;
        let right = wave(function, &Interval::new(middle, x.upper)?)?;
        return Interval::hull(&[(left.lower, left.upper), (right.lower, right.upper)]);
    }
    let slope = |at: f64| match function {
        Function::Sin => circular(Function::Cos, at),
        _ => {
            let (lower, upper) = circular(Function::Sin, at);
            (-upper, -lower)
        }
    };
    let (first, last) = (slope(x.lower), slope(x.upper));
    let mut all = Interval::hull(&ends)?;
    // A slope of 0 is rising and falling.
    if first.1 >= 0.0 && last.0 <= 0.0 {
        all.upper = 1.0;
    }
    if first.0 <= 0.0 && last.1 >= 0.0 {
        all.lower = -1.0;
    }
    Ok(all)
}

/// Bounds of sinh x or cosh x.
pub(super) fn hyperbolic(function: Function, x: f64) -> (f64, f64) {
    match function {
        Function::Sinh if x == 0.0 => (0.0, 0.0),
        Function::Sinh => {
            moved(libm::sinh(x), Interval::HYPERBOLIC_ULPS, f64::NEG_INFINITY, f64::INFINITY)
        }
        _ if x == 0.0 => (1.0, 1.0),
        _ => moved(libm::cosh(x), Interval::HYPERBOLIC_ULPS, 1.0, f64::INFINITY),
    }
}
