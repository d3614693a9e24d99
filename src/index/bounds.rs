//! What always holds by the ranges: interval reasoning over [`Affine`] forms.
//!
//! The least value of a form is found index by index: each takes the end of its range that makes
//! its term least. What remains is a polynomial in the sizes, which is never negative if it has
//! no negative coefficient once every size is written as its least value plus something; or if
//! that holds after a known fact was taken off. "Always" is proved or not claimed.

use super::affine::{Affine, Letter};
use super::formula::{Condition, Range};

/// How many facts may be put together in one argument.
const MAX_FACTS: usize = 2;

/// What is known where a formula stands.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The ranges of the indices, outer ones first.
    pub ranges: Vec<Range>,
    /// Forms in the sizes that are known to be at least 0: (H − k) − s·(O − 1).
    pub facts: Vec<Affine>,
}

impl Scope {
    /// The scope with further ranges.
    pub fn with(&self, ranges: &[Range]) -> Scope {
        let mut inner = self.clone();
        inner.ranges.extend_from_slice(ranges);
        inner
    }

    /// Whether the condition holds for all values in the ranges.
    pub fn always(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Equal(a, b) => a == b,
            Condition::Within { value, length } => {
                self.nonnegative(value) && self.nonnegative(&length.minus(value).plus_number(-1))
            }
        }
    }

    /// Whether the condition holds for no values in the ranges.
    pub fn never(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Equal(a, b) => {
                self.nonnegative(&a.minus(b).plus_number(-1))
                    || self.nonnegative(&b.minus(a).plus_number(-1))
            }
            Condition::Within { value, length } => {
                self.nonnegative(&value.minus(length))
                    || self.nonnegative(&value.times_number(-1).plus_number(-1))
            }
        }
    }

    /// Whether the form is at least 0 for all values in the ranges, as far as this can show.
    pub fn nonnegative(&self, form: &Affine) -> bool {
        self.least(form).is_some_and(|least| self.sizes_nonnegative(&least, MAX_FACTS))
    }

    /// The least value over the ranges, a form in the sizes.
    fn least(&self, form: &Affine) -> Option<Affine> {
        let mut form = form.clone();
        for range in self.ranges.iter().rev() {
            let (factor, rest) = form.split(&range.index)?;
            form = if self.sizes_nonnegative(&factor, 0) {
                rest
            } else if self.sizes_nonnegative(&factor.times_number(-1), 0) {
                factor.times(&range.length.plus_number(-1)).plus(&rest)
            } else {
                return None;
            };
        }
        form.letters().iter().all(|l| !l.is_index()).then_some(form)
    }

    fn sizes_nonnegative(&self, form: &Affine, facts: usize) -> bool {
        let raised = form.substitute(&|letter| match letter {
            Letter::Index(_) => None,
            size => {
                let least = Affine::number(size.least());
                Some(least.plus(&Affine::offset(size.name())))
            }
        });
        let plain =
            raised.terms().all(|(letters, n)| n >= 0 && letters.iter().all(|l| !l.is_index()));
        plain
            || facts > 0
                && self.facts.iter().any(|f| self.sizes_nonnegative(&form.minus(f), facts - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_major_positions_stay_inside() {
        let (h, w) = (Affine::size("H"), Affine::size("W"));
        let ranges = vec![Range::new("i", h.clone()), Range::new("j", w.clone())];
        let scope = Scope { ranges, facts: Vec::new() };
        let value = Affine::index("i").times(&w).plus(&Affine::index("j"));
        assert!(scope.always(&Condition::Within { value: value.clone(), length: h.times(&w) }));
        let short = h.times(&w).plus_number(-1);
        assert!(!scope.always(&Condition::Within { value: value.clone(), length: short }));
        assert!(
            scope
                .never(&Condition::Within { value: value.plus(&h.times(&w)), length: h.times(&w) })
        );
    }

    #[test]
    fn a_window_inside_its_input_needs_the_fact_that_says_so() {
        // 0 ≤ i < H − k + 1, 0 ≤ m < k: i + m < H, if H ≥ k.
        let (h, k) = (Affine::size("H"), Affine::size("k"));
        let ranges = vec![Range::new("i", h.minus(&k).plus_number(1)), Range::new("m", k.clone())];
        let scope = Scope { ranges, facts: Vec::new() };
        let value = Affine::index("i").plus(&Affine::index("m"));
        assert!(scope.always(&Condition::Within { value: value.clone(), length: h.clone() }));
        assert!(!scope.always(&Condition::Within { value, length: h.minus(&k).plus_number(1) }));
    }
}
