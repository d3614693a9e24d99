//! The judgement of one cell: two exact values, or two rounded ones with their enclosures.

use crate::scalar::{Interval, Prime, Rational, Scalar};

use super::fraction::Fraction;
use super::report::Number;

/// How far an `f64` may lie outside the enclosure of what it stands for, in units in the last
/// place: an operation that is evaluated another way than the interval's may round once more.
pub const MAX_ULPS: u32 = 4;

/// A number system that a report can show.
pub(super) trait Shown: Scalar {
    fn number(&self) -> Number;
}

impl Shown for Fraction {
    fn number(&self) -> Number {
        Number::Rational(self.0.clone())
    }
}

impl Shown for Prime {
    fn number(&self) -> Number {
        Number::Residue(*self)
    }
}

impl Shown for f64 {
    fn number(&self) -> Number {
        Number::F64(*self)
    }
}

/// A rounded value and the interval that must hold the exact one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounded {
    pub value: f64,
    pub enclosure: Interval,
}

/// How far two values are apart, and what that was judged by; see
/// [`Worst`](super::report::Worst) for the fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Distance {
    pub agree: bool,
    pub absolute: f64,
    pub relative: Option<f64>,
    pub bound: f64,
}

impl Distance {
    /// That of equal exact numbers.
    pub(super) const NONE: Distance =
        Distance { agree: true, absolute: 0.0, relative: Some(0.0), bound: 0.0 };
}

/// Two values agree if each lies in its own enclosure, widened by [`MAX_ULPS`], and the
/// enclosures may hold the same number, which is the exact one where that is known.
pub(super) fn rounded(a: Rounded, b: Rounded, exact: Option<&Rational>) -> Distance {
    let holds =
        exact.is_none_or(|q| a.enclosure.contains_rational(q) && b.enclosure.contains_rational(q));
    let agree = holds && !disjoint(&a.enclosure, &b.enclosure) && within(a) && within(b);
    let from_exact = |x: f64| exact.map_or(0.0, |q| error(x, q));
    let absolute = (a.value - b.value).abs().max(from_exact(a.value)).max(from_exact(b.value));
    let reference = exact.map_or(a.value, Rational::to_f64);
    Distance {
        agree,
        absolute,
        relative: relative(absolute, reference),
        bound: a.enclosure.width() + b.enclosure.width() + ulp(a.value).max(ulp(b.value)),
    }
}

/// Whether no number lies in both.
pub(super) fn disjoint(a: &Interval, b: &Interval) -> bool {
    a.upper < b.lower || b.upper < a.lower
}

/// |x − q|, computed exactly and rounded once; infinite where x is no finite number.
pub(super) fn error(x: f64, q: &Rational) -> f64 {
    let difference = Rational::from_f64(x).and_then(|x| x.sub(q));
    difference.map_or(f64::INFINITY, |d| d.abs().to_f64())
}

/// An absolute error over a reference; 0 for no error, none for an error where 0 is right.
pub(super) fn relative(absolute: f64, reference: f64) -> Option<f64> {
    match (absolute == 0.0, reference == 0.0) {
        (true, _) => Some(0.0),
        (false, true) => None,
        (false, false) => Some(absolute / reference.abs()),
    }
}

fn within(x: Rounded) -> bool {
    let (mut lower, mut upper) = (x.enclosure.lower, x.enclosure.upper);
    for _ in 0..MAX_ULPS {
        lower = lower.next_down();
        upper = upper.next_up();
    }
    lower <= x.value && x.value <= upper
}

/// The allowance of [`within`] at a value, for the stated bound.
fn ulp(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { f64::from(MAX_ULPS) * (x.abs().next_up() - x.abs()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(value: f64, width: f64) -> Rounded {
        Rounded { value, enclosure: Interval::new(value - width, value + width).unwrap() }
    }

    #[test]
    fn enclosures_decide() {
        let third = Rational::new(1, 3).unwrap();
        let near = around(1.0 / 3.0, 1e-15);
        let judged = rounded(near, near, Some(&third));
        assert!(judged.agree);
        assert!(judged.absolute > 0.0 && judged.absolute < judged.bound, "{judged:?}");
        // Right by its own enclosure, which does not meet the other.
        assert!(!rounded(near, around(0.34, 1e-15), None).agree);
        // Enclosures that meet, but not at the exact value.
        let off = around(1.0 / 3.0 + 1e-15, 1e-16);
        assert!(rounded(near, off, None).agree);
        assert!(!rounded(near, off, Some(&third)).agree);
        // A value outside its own enclosure.
        let stray = Rounded { value: 0.4, ..near };
        assert!(!rounded(near, stray, None).agree);
        let nan = Rounded { value: f64::NAN, ..near };
        assert!(!rounded(near, nan, None).agree);
    }

    #[test]
    fn relative_errors_have_a_reference() {
        assert_eq!(relative(0.0, 0.0), Some(0.0));
        assert_eq!(relative(1e-3, 0.0), None);
        assert_eq!(relative(1e-3, -2.0), Some(5e-4));
    }
}
