//! The checks that a network's construction shares with the language: names, indices and
//! shapes. In goes what somebody wrote, out comes the error that says what is wrong with it.

use super::{Quantity, Shape};
use crate::diag::{Error, Kind};
use crate::spell::Look;

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

/// The elements of tensors that print as `name` does: `w_10` as w[1, 0] and as w[10], `w_0_10` as
/// w[0, 10]. Each with the name of its tensor.
pub(super) fn elements_spelt(name: &str) -> Vec<(&str, Vec<usize>)> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let plain = |text: &str| digits(text) && (text == "0" || !text.starts_with('0'));
    let mut all: Vec<(&str, Vec<usize>)> = split_subscript(name).into_iter().collect();
    let (mut rest, mut at) = (name, Vec::new());
    while let Some((stem, last)) = rest.rsplit_once('_').filter(|(s, l)| !s.is_empty() && plain(l))
    {
        let Ok(n) = last.parse::<usize>() else { break };
        at.insert(0, n);
        rest = stem;
        // What is one digit each is written without commas, as above; and after a number that
        // belongs to the tensor's own name indices stand in brackets.
        let numbered = rest.rsplit_once('_').is_some_and(|(_, last)| digits(last));
        if at.len() <= Shape::MAX_RANK && at.iter().any(|n| *n > 9) && !numbered {
            all.push((rest, at.clone()));
        }
    }
    all
}

/// The error for a name that a reader cannot tell from another.
pub(super) fn print_alike(look: &Look, name: &str, other: &Quantity) -> Error {
    let strange = |name: &str| {
        let c = name.chars().find(|c| !c.is_ascii() && look.shown().find(*c).is_none())?;
        Some(format!("`{name}` is written with U+{:04X}", u32::from(c)))
    };
    let message = format!("`{name}` and `{}` look alike in {}", other.name, look.format());
    let error = Error::new(Kind::Name, message)
        .label(format!("shown as {}", look.shown()))
        .also(other.span, format!("and so is `{}`", other.name))
        .hint("rename one of the two");
    [name, &other.name].into_iter().filter_map(strange).fold(error, Error::hint)
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
        .hint(goes(axis, shape.lengths()[axis]))
    })
}

/// `the second index goes from 0 to 3`.
pub fn goes(axis: usize, length: usize) -> String {
    const NAMES: [&str; 4] = ["first", "second", "third", "fourth"];
    let last = length.saturating_sub(1);
    match NAMES.get(axis) {
        Some(name) => format!("the {name} index goes from 0 to {last}"),
        None => format!("index number {} goes from 0 to {last}", axis + 1),
    }
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
