//! A counterexample: a point, both sides' values there, and the check that it is one.

use crate::expr::{Branches, ExprId, Graph, Rest, SymbolId, Winners, evaluate_all};
use crate::scalar::{Interval, Rational, Scalar};

/// A value of a side at a point.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// The value itself.
    Exact(Rational),
    /// Bounds of the value.
    Enclosed(Interval),
}

/// A point where the two sides of a claim differ.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Witness {
    /// The values of the free symbols, in the order of the symbols.
    pub point: Vec<(SymbolId, Rational)>,
    /// The value of the left side.
    pub lhs: Value,
    /// The value of the right side; if enclosed, apart from that of the left.
    pub rhs: Value,
}

impl Witness {
    /// Evaluates both sides again and says whether they have the stated, different values.
    pub fn holds(&self, g: &Graph, lhs: ExprId, rhs: ExprId, winners: &Winners) -> bool {
        match (&self.lhs, &self.rhs) {
            (Value::Exact(left), Value::Exact(right)) => {
                let again = self.sides::<Rational>(g, lhs, rhs, winners);
                left != right && again.as_deref() == Some(&[left.clone(), right.clone()])
            }
            (Value::Enclosed(left), Value::Enclosed(right)) => {
                let apart = left.upper < right.lower || right.upper < left.lower;
                let again = self.sides::<Interval>(g, lhs, rhs, winners);
                apart && again.as_deref() == Some(&[*left, *right])
            }
            _ => false,
        }
    }

    fn sides<T: Scalar>(
        &self,
        g: &Graph,
        lhs: ExprId,
        rhs: ExprId,
        winners: &Winners,
    ) -> Option<Vec<T>> {
        let leaf = |symbol| {
            let at = self.point.binary_search_by(|(s, _)| s.cmp(&symbol)).ok()?;
            T::from_rational(&self.point[at].1).ok()
        };
        let branches = Branches { winners: Some(winners), rest: Rest::ByValue, opaque: None };
        evaluate_all(g, &[lhs, rhs], &leaf, branches).ok()
    }
}
