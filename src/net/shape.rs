//! Shapes of tensors, and where an element stands among all of them: row-major positions.

use std::fmt;

/// The lengths of a tensor along its axes; a scalar has none. Positions count row-major: the
/// last index moves fastest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The largest rank.
    pub const MAX_RANK: usize = 8;
    /// The largest number of elements of one tensor.
    pub const MAX_ELEMENTS: usize = 1 << 20;

    /// The shape of a scalar.
    pub fn scalar() -> Shape {
        Shape::default()
    }

    /// A shape with these lengths.
    pub fn new(lengths: impl Into<Vec<usize>>) -> Shape {
        Shape(lengths.into())
    }

    /// The lengths.
    pub fn lengths(&self) -> &[usize] {
        &self.0
    }

    /// How many axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Whether this is the shape of a scalar.
    pub fn is_scalar(&self) -> bool {
        self.0.is_empty()
    }

    /// How many elements; 1 for a scalar, saturating past `usize`.
    pub fn elements(&self) -> usize {
        self.0.iter().fold(1, |n, l| n.saturating_mul(*l))
    }

    #[doc(hidden)]
    /// In a sentence: `4×4`, `a scalar`, `a vector of 3`.
    pub fn described(&self) -> String {
        match self.0.as_slice() {
            [] => "a scalar".to_string(),
            [n] => format!("a vector of {n}"),
            _ => self.to_string(),
        }
    }

    #[doc(hidden)]
    /// The shape that two tensors have together, aligned at their last axes: `None` where two
    /// lengths differ and neither is 1. Source: NumPy's broadcasting rules.
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        let rank = self.rank().max(other.rank());
        let length = |shape: &Shape, axis: usize| {
            (axis + shape.rank()).checked_sub(rank).map_or(1, |i| shape.0[i])
        };
        let lengths = (0..rank).map(|axis| match (length(self, axis), length(other, axis)) {
            (a, b) if a == b || b == 1 => Some(a),
            (1, b) => Some(b),
            _ => None,
        });
        lengths.collect::<Option<Vec<usize>>>().map(Shape)
    }

    #[doc(hidden)]
    /// Without these axes.
    pub fn without(&self, axes: &[usize]) -> Shape {
        let kept = self.0.iter().enumerate().filter(|(i, _)| !axes.contains(i));
        Shape(kept.map(|(_, length)| *length).collect())
    }

    #[doc(hidden)]
    /// With another axis at the end.
    pub fn with(mut self, length: usize) -> Shape {
        self.0.push(length);
        self
    }

    /// The row-major position of an index, or `None` where it is outside or of another rank.
    pub fn position(&self, at: &[usize]) -> Option<usize> {
        if at.len() != self.rank() || at.iter().zip(&self.0).any(|(i, l)| i >= l) {
            return None;
        }
        Some(at.iter().zip(&self.0).fold(0, |n, (i, l)| n * l + i))
    }

    /// The index at a row-major position below [`Shape::elements`].
    pub fn index(&self, mut position: usize) -> Vec<usize> {
        let mut at = vec![0; self.rank()];
        for (i, l) in at.iter_mut().zip(&self.0).rev() {
            *i = position % l;
            position /= l;
        }
        at
    }
}

impl fmt::Display for Shape {
    /// `4×4`; `scalar` for a scalar.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_scalar() {
            return f.write_str("scalar");
        }
        let lengths: Vec<String> = self.0.iter().map(usize::to_string).collect();
        f.write_str(&lengths.join("×"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_broadcast_from_the_last_axis() {
        let together = |a: &[usize], b: &[usize]| {
            let both = Shape::new(a).broadcast(&Shape::new(b));
            assert_eq!(both, Shape::new(b).broadcast(&Shape::new(a)));
            both.map(|shape| shape.to_string())
        };
        assert_eq!(together(&[], &[]), Some("scalar".into()));
        assert_eq!(together(&[2, 3], &[3]), Some("2×3".into()));
        assert_eq!(together(&[2, 1], &[1, 3]), Some("2×3".into()));
        assert_eq!(together(&[4, 1, 3], &[2, 3]), Some("4×2×3".into()));
        assert_eq!(together(&[2, 3], &[2]), None);
    }

    #[test]
    fn positions_and_indices_are_inverse() {
        let shape = Shape::new([2, 3, 4]);
        for n in 0..shape.elements() {
            assert_eq!(shape.position(&shape.index(n)), Some(n));
        }
        assert_eq!(shape.position(&[2, 0, 0]), None);
        assert_eq!(shape.position(&[0, 0]), None);
    }
}
