//! What stands between brackets, held against a shape. In go subscripts as they are written,
//! out come indices and ranges inside the tensor, or the error that says which leaves it.
//!
//! Negative numbers count from the end. Unlike NumPy, which clips a range to the tensor, a range
//! that leaves it is an error: what was meant is not known.

use super::print::between;
use super::syntax::Subscript;
use crate::diag::{Error, Kind};
use crate::net::{Builder, NodeId, Range, Shape, check_index, goes};

/// The part of a tensor that the subscripts take: an element where there is one index for each
/// axis, else a slice without the axes that an index takes. Errors: a scalar; more subscripts
/// than axes; an index outside; a range that is empty or leaves the tensor.
pub(super) fn part(b: &mut Builder, tensor: NodeId, at: &[Subscript]) -> Result<NodeId, Error> {
    let (name, shape) = (b.called(tensor), b.shape(tensor).clone());
    let is_index = |s: &Subscript| matches!(s, Subscript::At(_));
    if at.iter().all(is_index) && at.len() >= shape.rank() {
        let at = element(&name, &shape, at)?;
        return b.element(tensor, &at);
    }
    if shape.is_scalar() || at.len() > shape.rank() {
        check_index(&name, &shape, &vec![0; at.len()])?;
    }
    let whole = Subscript::Range { start: None, stop: None, step: None };
    let each = shape.lengths().iter().enumerate().map(|(axis, length)| {
        let subscript = at.get(axis).unwrap_or(&whole);
        range(subscript, *length).map_err(|why| {
            let message =
                format!("{name} is {} and has no part [{}]", shape.described(), between(at));
            Error::new(Kind::Shape, message).hint(format!("along axis {axis}, {why}"))
        })
    });
    let ranges: Vec<Range> = each.collect::<Result<_, Error>>()?;
    let kept = ranges.iter().enumerate().filter(|(axis, _)| !at.get(*axis).is_some_and(is_index));
    let kept: Vec<usize> = kept.map(|(_, range)| range.count).collect();
    let slice = b.slice(tensor, &ranges)?;
    b.reshape(slice, Shape::new(kept))
}

/// The index of one element. Errors: a range; another number of indices than axes; an index
/// outside.
pub(super) fn element(name: &str, shape: &Shape, at: &[Subscript]) -> Result<Vec<usize>, Error> {
    let mut index = Vec::with_capacity(at.len());
    for (axis, subscript) in at.iter().enumerate() {
        let Subscript::At(n) = *subscript else {
            return Err(Error::new(
                Kind::Shape,
                format!("expected one element of {name}, found the part [{}]", between(at)),
            )
            .hint("an element has one index for each axis: w[0, 1]"));
        };
        let length = shape.lengths().get(axis).copied().unwrap_or(0);
        index.push(place(n, length));
    }
    match index.iter().copied().collect::<Option<Vec<usize>>>() {
        Some(index) => {
            check_index(name, shape, &index)?;
            Ok(index)
        }
        None if at.len() != shape.rank() => {
            // It is the number of indices that is wrong.
            check_index(name, shape, &vec![0; at.len()])?;
            Ok(Vec::new())
        }
        None => {
            let axis = index.iter().position(Option::is_none).unwrap_or(0);
            let length = shape.lengths()[axis];
            Err(Error::new(
                Kind::Shape,
                format!("{name} is {} and has no element [{}]", shape.described(), between(at)),
            )
            .hint(format!("{}, {}", goes(axis, length), ends(length))))
        }
    }
}

/// An index that may count from the end; `None` where it does not reach the axis. One past the
/// end stays, for its error to say so.
fn place(n: i64, length: usize) -> Option<usize> {
    usize::try_from(if n < 0 { n.checked_add_unsigned(length as u64)? } else { n }).ok()
}

fn ends(length: usize) -> String {
    format!("and from −{length} to −1 counted from the end")
}

/// The indices that a subscript takes of an axis, or why it takes none.
fn range(subscript: &Subscript, length: usize) -> Result<Range, String> {
    match *subscript {
        Subscript::At(n) => match place(n, length).filter(|start| *start < length) {
            Some(start) => Ok(Range { start, step: 1, count: 1 }),
            None => Err(format!("indices go from 0 to {}, {}", length - 1, ends(length))),
        },
        Subscript::Range { start, stop, step } => {
            let step = match step {
                Some(step) => usize::try_from(step).ok().filter(|s| *s > 0),
                None => Some(1),
            };
            let step = step.ok_or("a step goes forward: it is at least 1")?;
            let bound = |n: Option<i64>, missing: usize| match n {
                None => Ok(missing),
                Some(n) => place(n, length).filter(|i| *i <= length).ok_or_else(|| {
                    format!("a range lies between 0 and {length}, {}", ends(length))
                }),
            };
            let (start, stop) = (bound(start, 0)?, bound(stop, length)?);
            if start >= stop {
                return Err(format!("the range {subscript} takes nothing"));
            }
            Ok(Range { start, step, count: (stop - start).div_ceil(step) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(
        start: Option<i64>,
        stop: Option<i64>,
        step: Option<i64>,
    ) -> Result<Vec<usize>, String> {
        let range = range(&Subscript::Range { start, stop, step }, 5)?;
        Ok((0..range.count).map(|i| range.start + i * range.step).collect())
    }

    /// What Python gives for `list(range(5))[…]`, and an error where it would be clipped.
    #[test]
    fn ranges_are_pythons() {
        assert_eq!(taken(None, None, None), Ok(vec![0, 1, 2, 3, 4]));
        assert_eq!(taken(Some(1), Some(3), None), Ok(vec![1, 2]));
        assert_eq!(taken(None, None, Some(2)), Ok(vec![0, 2, 4]));
        assert_eq!(taken(Some(1), None, Some(3)), Ok(vec![1, 4]));
        assert_eq!(taken(Some(-2), None, None), Ok(vec![3, 4]));
        assert_eq!(taken(None, Some(-4), None), Ok(vec![0]));
        assert!(taken(Some(3), Some(3), None).is_err());
        assert!(taken(None, Some(6), None).is_err());
        assert!(taken(Some(-6), None, None).is_err());
        assert!(taken(None, None, Some(0)).is_err());
        assert!(taken(None, None, Some(-1)).is_err());
    }
}
