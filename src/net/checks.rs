//! The checks that a network's construction shares with the language: names, indices and
//! shapes. In goes what somebody wrote, out comes the error that says what is wrong with it.

use super::Shape;
use crate::diag::{Error, Kind};

/// Whether `c` may begin a name.
pub(crate) fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Whether `c` may stand in a name.
pub(crate) fn continues_name(c: char) -> bool {
    starts_name(c) || c.is_ascii_digit()
}

/// Whether `text` is a name of the language.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(starts_name) && text.chars().all(continues_name)
}

/// `c_10` as `c` and [1, 0]: a stem, and a digit for each axis.
pub(crate) fn split_subscript(name: &str) -> Option<(&str, Vec<usize>)> {
    let (stem, digits) = name.rsplit_once('_')?;
    let fits = !stem.is_empty() && (1..=Shape::MAX_RANK).contains(&digits.len());
    let at: Option<Vec<usize>> =
        digits.bytes().map(|b| b.is_ascii_digit().then(|| usize::from(b - b'0'))).collect();
    at.filter(|_| fits).map(|at| (stem, at))
}

/// The row-major position of an index, or why there is none; `name` is what the error calls the
/// tensor.
pub(crate) fn check_index(name: &str, shape: &Shape, at: &[usize]) -> Result<usize, Error> {
    if shape.is_scalar() {
        return Err(Error::new(Kind::Shape, format!("{name} is a scalar and has no elements")));
    }
    if at.len() != shape.rank() {
        let indices =
            if shape.rank() == 1 { "1 index".into() } else { format!("{} indices", shape.rank()) };
        return Err(Error::new(
            Kind::Shape,
            format!("{name} is {} and takes {indices}, found {}", shape.described(), at.len()),
        )
        .hint("indices count from 0, one for each axis: w[0, 1]"));
    }
    shape.position(at).ok_or_else(|| {
        let axis = at.iter().zip(shape.lengths()).position(|(i, l)| i >= l).unwrap_or(0);
        Error::new(
            Kind::Shape,
            format!("{name} is {} and has no element {at:?}", shape.described()),
        )
        .hint(format!("index {} goes from 0 to {}", axis + 1, shape.lengths()[axis] - 1))
    })
}

/// Whether a tensor may have this shape.
pub(super) fn check_shape(shape: &Shape) -> Result<(), Error> {
    if shape.rank() > Shape::MAX_RANK {
        return Err(Error::new(
            Kind::Limit,
            format!("a tensor has at most {} axes, found {}", Shape::MAX_RANK, shape.rank()),
        ));
    }
    if shape.lengths().contains(&0) {
        return Err(Error::new(Kind::Shape, "every axis must have at least 1 element"));
    }
    if shape.elements() > Shape::MAX_ELEMENTS {
        return Err(Error::new(
            Kind::Limit,
            format!("{shape} is too large: a tensor has at most {} elements", Shape::MAX_ELEMENTS),
        ));
    }
    Ok(())
}
