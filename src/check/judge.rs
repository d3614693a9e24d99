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

/// A number from another program, against the interval of all that its arithmetic may give; that
/// of the formula has to meet it, and the exact value to lie in it.
pub(super) fn foreign(
    value: f64,
    allowed: &Interval,
    formula: Rounded,
    exact: Option<&Rational>,
) -> Distance {
    let sound = !disjoint(&formula.enclosure, allowed)
        && exact.is_none_or(|q| allowed.contains_rational(q));
    let absolute = exact.map_or((value - formula.value).abs(), |q| error(value, q));
    let reference = exact.map_or(formula.value, Rational::to_f64);
    Distance {
        agree: sound && allowed.contains(value),
        absolute,
        relative: relative(absolute, reference),
        bound: allowed.width() / 2.0,
    }
}

/// Of an element, or of a whole gradient, a bound may be this part for an agreement to say
/// anything. Numbers that are right by such a bound are still wrong by it when they are
/// multiplied by 1.3: 1.3 · (1 − 1/8) > 1 + 1/8.
pub(super) const TELLING: f64 = 1.0 / 8.0;

/// Beside the greatest element of its tensor, an element near 0 is judged by a bound of up to this
/// part of the greatest.
pub(super) const BESIDE_GREATEST: f64 = 1.0 / 64.0;

/// The elements of a gradient, each with the bound that it is judged by: what an agreement
/// within the bounds says of them.
pub(super) struct Judgeable {
    elements: Vec<(f64, f64)>,
    greatest: f64,
}

impl Judgeable {
    /// From the absolute value of each element, 0 where it cannot be told from 0, and its bound.
    pub(super) fn new(elements: Vec<(f64, f64)>) -> Judgeable {
        let greatest = elements.iter().map(|(value, _)| *value).fold(0.0, f64::max);
        Judgeable { elements, greatest }
    }

    /// Whether the bound of an element is so wide that to lie within it says nothing. Where every
    /// element is 0, there is nothing that the bound could be a part of, and each is judged.
    pub(super) fn is_vague(&self, n: usize) -> bool {
        let (value, bound) = self.elements[n];
        bound > (TELLING * value).max(BESIDE_GREATEST * self.greatest) && self.greatest > 0.0
    }

    /// Whether the bounds are so wide that a gradient of zeros would pass, and there is one to pass.
    pub(super) fn is_blunt(&self) -> bool {
        self.greatest > 0.0 && self.elements.iter().all(|(value, bound)| value <= bound)
    }

    /// Whether enough was judged for the gradient as a whole: its greatest element, and so much of
    /// the others that all vague bounds together, as lengths of vectors, are a small part of it.
    pub(super) fn is_enough(&self) -> bool {
        let square = |x: f64| (x / self.greatest) * (x / self.greatest);
        let (mut whole, mut open) = (0.0, 0.0);
        for (n, (value, bound)) in self.elements.iter().enumerate() {
            let vague = self.is_vague(n);
            if vague && *value == self.greatest {
                return false;
            }
            whole += square(*value);
            open += if vague { square(*bound) } else { 0.0 };
        }
        self.greatest == 0.0 || open <= TELLING * TELLING * whole
    }
}

/// A number in the interval of what is right; its distance is that from the middle.
pub(super) fn inside(value: f64, all: &Interval) -> Distance {
    let middle = all.lower + (all.upper - all.lower) / 2.0;
    let absolute = (value - middle).abs();
    let (relative, bound) = (relative(absolute, middle), all.width() / 2.0);
    Distance { agree: true, absolute, relative, bound }
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
    fn a_bound_may_be_too_wide_to_say_anything() {
        let judged = |elements: &[(f64, f64)]| {
            let all = Judgeable::new(elements.to_vec());
            let vague: Vec<bool> = (0..elements.len()).map(|n| all.is_vague(n)).collect();
            (vague, all.is_enough())
        };
        assert_eq!(judged(&[(1.0, 0.1), (0.01, 0.015)]), (vec![false, false], true));
        // A small element is open, and the rest is enough; or too many are.
        assert_eq!(judged(&[(1.0, 0.1), (0.1, 0.05)]), (vec![false, true], true));
        let mut many = vec![(0.1, 0.05); 10];
        many.push((1.0, 0.1));
        assert!(!judged(&many).1);
        // The greatest is open, though a thousand others are judged beside it.
        let mut many = vec![(0.06, 0.015); 1000];
        many.push((1.0, 0.2));
        assert!(!judged(&many).1);
        // Zeros are judged by any bound.
        assert_eq!(judged(&[(0.0, 0.1); 2]), (vec![false; 2], true));
        assert_eq!(judged(&[]), (vec![], true));
    }

    #[test]
    fn relative_errors_have_a_reference() {
        assert_eq!(relative(0.0, 0.0), Some(0.0));
        assert_eq!(relative(1e-3, 0.0), None);
        assert_eq!(relative(1e-3, -2.0), Some(5e-4));
    }
}
