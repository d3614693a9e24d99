//! Reductions and matrix products: in go handles and axes, out comes a checked node.

use super::Builder;
use crate::diag::{Error, Kind};
use crate::net::{NodeId, Op, Shape};

impl Builder {
    /// The greatest element of a tensor. Errors: a scalar.
    pub fn max(&mut self, a: NodeId) -> Result<NodeId, Error> {
        self.max_along(a, &[])
    }

    /// The greatest along `axes`, along all if there are none. Errors: a scalar; an axis that the
    /// tensor has not, or twice.
    pub fn max_along(&mut self, a: NodeId, axes: &[usize]) -> Result<NodeId, Error> {
        self.check_tensor("max", a, "max(c) takes a tensor, max(a, b) several scalars")?;
        let axes = self.check_axes("max", a, axes)?;
        let shape = self.shape(a).without(&axes);
        self.push(Op::Max(a, axes), shape)
    }

    /// The sum of all elements of a tensor. Errors: a scalar.
    pub fn sum(&mut self, a: NodeId) -> Result<NodeId, Error> {
        self.sum_along(a, &[])
    }

    /// The sum along `axes`, along all if there are none. Errors: a scalar; an axis that the
    /// tensor has not, or twice.
    pub fn sum_along(&mut self, a: NodeId, axes: &[usize]) -> Result<NodeId, Error> {
        self.check_tensor("sum", a, "the sum of several scalars is written a + b + c")?;
        let axes = self.check_axes("sum", a, axes)?;
        let shape = self.shape(a).without(&axes);
        self.push(Op::Sum(a, axes), shape)
    }

    /// NumPy's matrix product, see [`Op::MatMul`]. Errors: a scalar; inner lengths that differ;
    /// batch axes that do not broadcast.
    pub fn matmul(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, Error> {
        for operand in [a, b] {
            if self.shape(operand).is_scalar() {
                let name = self.called(operand);
                return Err(Error::new(
                    Kind::Shape,
                    format!("`@` multiplies vectors and matrices, and {name} is a scalar"),
                )
                .hint("a scalar multiplies by `*`"));
            }
        }
        let (left, right) = (self.shape(a).lengths(), self.shape(b).lengths());
        let inner = left[left.len() - 1];
        let rows = if right.len() == 1 { right[0] } else { right[right.len() - 2] };
        if inner != rows {
            let (x, y) = (self.called(a), self.called(b));
            let (m, n) = (self.shape(a).described(), self.shape(b).described());
            let which = if left.len() == 1 { "elements" } else { "columns" };
            let error = Error::new(
                Kind::Shape,
                format!("`@`: {x} is {m} and {y} is {n}, so {inner} {which} meet {rows} rows"),
            )
            .label(format!("{m} @ {n}"));
            // What has no name is called by none.
            let bare = |name: &str| match name {
                "this" => "…".to_string(),
                name => name.replace('`', ""),
            };
            let (x, y) = (x.as_str(), y.as_str());
            let hint = match (left, right) {
                ([m, _], [n] | [n, ..]) if m == n => {
                    Some(format!("would the transpose fit? transpose({}) @ {}", bare(x), bare(y)))
                }
                ([.., m], [_, .., n]) if m == n => {
                    Some(format!("would the transpose fit? {} @ transpose({})", bare(x), bare(y)))
                }
                _ => None,
            };
            return Err(match hint {
                Some(hint) => error.hint(hint),
                None => error.hint("the columns of the left operand are the rows of the right"),
            });
        }
        let batch = |lengths: &[usize]| Shape::new(&lengths[..lengths.len().saturating_sub(2)]);
        let Some(mut shape) = batch(left).broadcast(&batch(right)) else {
            return Err(Error::new(
                Kind::Shape,
                format!(
                    "`@`: the axes before the last two do not broadcast: {} and {}",
                    batch(left),
                    batch(right)
                ),
            )
            .hint("from the last of them on, lengths must be equal or 1"));
        };
        if left.len() > 1 {
            shape = shape.with(left[left.len() - 2]);
        }
        if right.len() > 1 {
            shape = shape.with(right[right.len() - 1]);
        }
        self.charge(shape.elements().saturating_mul(inner))?;
        self.push(Op::MatMul(a, b), shape)
    }

    pub(super) fn check_tensor(&self, function: &str, a: NodeId, hint: &str) -> Result<(), Error> {
        if !self.shape(a).is_scalar() {
            return Ok(());
        }
        let name = self.called(a);
        Err(Error::new(Kind::Shape, format!("{function} of one scalar is the scalar itself"))
            .label(format!("{name} is a scalar"))
            .hint(hint))
    }

    /// The axes in ascending order, all of them if none are given.
    pub(super) fn check_axes(
        &self,
        function: &str,
        a: NodeId,
        axes: &[usize],
    ) -> Result<Vec<usize>, Error> {
        let shape = self.shape(a);
        let rank = shape.rank();
        if axes.is_empty() {
            return Ok((0..rank).collect());
        }
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if let Some(wrong) = sorted.iter().find(|axis| **axis >= rank) {
            return Err(Error::new(
                Kind::Shape,
                format!(
                    "{function}: {} is {} and has no axis {wrong}",
                    self.called(a),
                    shape.described()
                ),
            )
            .hint(format!("its axes are numbered from 0 to {}", rank.saturating_sub(1))));
        }
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::new(Kind::Shape, format!("{function}: an axis is named twice")));
        }
        Ok(sorted)
    }
}
