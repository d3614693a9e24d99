//! The same elements in another arrangement: reshape, transpose, slice, concatenate, element.

use super::Builder;
use crate::diag::{Error, Kind};
use crate::net::checks::{check_index, check_shape, goes};
use crate::net::{NodeId, Op, Range, Shape};

impl Builder {
    /// One element of a tensor. Errors: another number of indices than axes; an index outside.
    pub fn element(&mut self, a: NodeId, at: &[usize]) -> Result<NodeId, Error> {
        let shape = self.shape(a);
        let position = check_index(&self.called(a), shape, at)?;
        if let Some(known) = self.elements.get(&(a, position)) {
            return Ok(*known);
        }
        let id = self.push(Op::Element(a, at.to_vec()), Shape::scalar())?;
        self.elements.insert((a, position), id);
        Ok(id)
    }

    /// The elements in row-major order in another shape. Errors: another number of elements.
    pub fn reshape(&mut self, a: NodeId, shape: Shape) -> Result<NodeId, Error> {
        check_shape(&shape)?;
        let (from, name) = (self.shape(a), self.called(a));
        if from.elements() != shape.elements() {
            return Err(Error::new(
                Kind::Shape,
                format!(
                    "reshape: {name} is {} and has {} elements, and {shape} takes {}",
                    from.described(),
                    from.elements(),
                    shape.elements()
                ),
            ));
        }
        if *from == shape {
            return Ok(a);
        }
        self.push(Op::Reshape(a), shape)
    }

    /// The axes in another order, see [`Op::Transpose`]. Errors: not every axis once.
    pub fn transpose(&mut self, a: NodeId, axes: &[usize]) -> Result<NodeId, Error> {
        let from = self.shape(a);
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..from.rank()) {
            return Err(Error::new(
                Kind::Shape,
                format!(
                    "transpose: {axes:?} does not name each axis of {} once, which is {}",
                    self.called(a),
                    from.described()
                ),
            )
            .hint("axes are numbered from 0: transpose(x, axes: [1, 0])"));
        }
        let shape = Shape::new(axes.iter().map(|i| from.lengths()[*i]).collect::<Vec<_>>());
        self.push(Op::Transpose(a, axes.to_vec()), shape)
    }

    /// Some indices of each axis. Errors: another number of ranges than axes; a range that is
    /// empty or leaves the tensor.
    pub fn slice(&mut self, a: NodeId, ranges: &[Range]) -> Result<NodeId, Error> {
        let (from, name) = (self.shape(a), self.called(a));
        if ranges.len() != from.rank() {
            return Err(Error::new(
                Kind::Shape,
                format!("{name} is {} and takes {} ranges", from.described(), from.rank()),
            ));
        }
        for (axis, (range, length)) in ranges.iter().zip(from.lengths()).enumerate() {
            let last = range.count.checked_sub(1).and_then(|n| n.checked_mul(range.step));
            let last = last.and_then(|n| n.checked_add(range.start));
            if range.step == 0 || last.is_none_or(|last| last >= *length) {
                return Err(Error::new(
                    Kind::Shape,
                    format!(
                        "{name} is {}: this takes no index of it along axis {axis}",
                        from.described()
                    ),
                )
                .hint(goes(axis, *length)));
            }
        }
        let shape = Shape::new(ranges.iter().map(|r| r.count).collect::<Vec<_>>());
        if shape == *from {
            return Ok(a);
        }
        // A step that is never taken may be as long as it likes.
        let taken = |r: &Range| Range { step: if r.count == 1 { 1 } else { r.step }, ..*r };
        let ranges = ranges.iter().map(taken).collect();
        self.push(Op::Slice(a, ranges), shape)
    }

    /// The parts one after the other along an axis. Errors: no parts; scalars; no such axis;
    /// lengths that differ along another axis.
    pub fn concat(&mut self, parts: &[NodeId], axis: usize) -> Result<NodeId, Error> {
        let Some(first) = parts.first() else {
            return Err(Error::new(Kind::Shape, "concat of nothing"));
        };
        let mut lengths = self.shape(*first).lengths().to_vec();
        if axis >= lengths.len() {
            let (name, shape) = (self.called(*first), self.shape(*first).described());
            return Err(Error::new(
                Kind::Shape,
                format!("concat: {name} is {shape} and has no axis {axis}"),
            ));
        }
        lengths[axis] = 0;
        for part in parts {
            let shape = self.shape(*part);
            let fits = shape.rank() == lengths.len()
                && (0..lengths.len()).all(|i| i == axis || shape.lengths()[i] == lengths[i]);
            if !fits {
                let (x, y) = (self.called(*first), self.called(*part));
                let (m, n) = (self.shape(*first).described(), shape.described());
                return Err(Error::new(
                    Kind::Shape,
                    format!("concat along axis {axis}: {x} is {m} and {y} is {n}"),
                )
                .label(format!("{m} and {n}"))
                .hint("along every other axis the lengths must be equal"));
            }
            lengths[axis] += shape.lengths()[axis];
        }
        if parts.len() == 1 {
            return Ok(*first);
        }
        self.push(Op::Concat(parts.to_vec(), axis), Shape::new(lengths))
    }
}
