//! The words about how a check was made: ways, points, numbers, precision.

use super::check::{FIELD, loss_is};
use super::{heads, name, say, supplied};
use crate::page::Inline;
use crate::page::math::Math;
use crate::scalar::show_digits;

/// How many points and drawn quantities a sentence shows before it breaks off.
const MAX_NAMED: usize = 6;

/// The heading of the section.
pub(in crate::page) fn heading() -> Vec<Inline> {
    say!["How"]
}

/// The ways to a gradient that a check compared.
#[derive(Clone, Copy)]
pub(in crate::page) enum Ways<'a> {
    /// The numbers of another program against ours.
    Supplied {
        /// The formats that they are in.
        formats: &'a str,
        /// Whether gradients are among them.
        has_gradients: bool,
    },
    /// Formulas against three other ways, cell by cell.
    Cells,
    /// Formulas against three other ways, two of them along directions.
    Directions,
    /// The backward pass over tensors against two ways along directions.
    Tensors,
}

/// How the ways were compared.
pub(in crate::page) fn ways(ways: Ways<'_>) -> Vec<Inline> {
    say![match ways {
        Ways::Supplied { formats, has_gradients } => supplied::method(formats, has_gradients),
        Ways::Tensors => {
            "The backward pass over tensors is held against two other ways to the gradients: dual \
             numbers, by one forward pass along a random direction that moves every element of \
             every parameter at once, where a wrong element shows whichever it is, but for \
             directions that one draws with a chance of 0; and central differences along such a \
             direction, from nothing but values of the loss, with a bound of what the step leaves \
             out. Formulas in scalars, the third way for smaller networks, were not asked."
                .to_string()
        }
        Ways::Directions => {
            "The formula of each gradient is evaluated and held against the backward pass over \
             tensors, which shares no rule with the formulas. That in turn is held against two \
             other ways: dual numbers, by one forward pass along a random direction that moves \
             every cell of every parameter at once, where a wrong cell shows whichever it is, but \
             for directions that one draws with a chance of 0; and central differences along such \
             a direction, from nothing but values of the loss, with a bound of what the step leaves \
             out. A pass for each cell would take too long."
                .to_string()
        }
        Ways::Cells => {
            "The formula of each gradient is evaluated and held against three other ways to it: \
             the backward pass over tensors, which shares no rule with the formulas; dual numbers, \
             one forward pass for each cell; and central differences, from nothing but values of \
             the loss, with a step that is halved and extrapolated to 0."
                .to_string()
        }
    }]
}

/// The assumed winners were left aside.
pub(in crate::page) fn winners_by_value() -> Vec<Inline> {
    say![
        "The network assumes winners. Drawn values need not agree with that, so here every max goes \
         by its values."
    ]
}

/// The assumed winners are those of the values.
pub(in crate::page) fn winners_as_assumed() -> Vec<Inline> {
    say!["The winners that the network assumes are those of the values."]
}

/// A note on one point of several, or on the only one.
pub(in crate::page) fn note(point: Option<usize>, note: &str) -> Vec<Inline> {
    let at = point.map_or_else(|| "Note: ".to_string(), |point| format!("At point {point}: "));
    say![format!("{at}{note}.")]
}

/// The loss at the given values.
pub(in crate::page) fn at_given_values(loss: &str, value: Math) -> Vec<Inline> {
    let mut text = say!["At the given values, "];
    text.extend(loss_is(loss, value));
    text.extend(say!["."]);
    text
}

/// Where the values were drawn: which quantities, from which multiples of 1/`unit`, by which seed,
/// and the loss at each point.
pub(in crate::page) fn at_drawn_values(
    quantities: &[String],
    unit: i64,
    seed: u64,
    loss: &str,
    values: Vec<Math>,
) -> Vec<Inline> {
    let points = values.len();
    let how_many = match points {
        1 => "one point".to_string(),
        n => format!("{n} points"),
    };
    let mut text = say![format!("Compared at {how_many}, with the values of ")];
    for (n, quantity) in quantities.iter().take(MAX_NAMED).enumerate() {
        text.extend(say![if n > 0 { ", " } else { "" }, name(quantity)]);
    }
    if quantities.len() > MAX_NAMED {
        text.extend(say![format!(" and {} more", quantities.len() - MAX_NAMED)]);
    }
    text.extend(say![format!(" drawn at random (multiples of 1/{unit}, seed {seed}); ")]);
    for (n, value) in values.into_iter().take(MAX_NAMED).enumerate() {
        if n > 0 {
            text.extend(say![", "]);
        }
        text.extend(loss_is(loss, value));
    }
    text.extend(say![if points > MAX_NAMED { ", …." } else { "." }]);
    text
}

/// Some draws had no value; `unit` is the finest that was drawn in.
pub(in crate::page) fn redrawn(draws: usize, unit: i64, in_tensors: bool) -> Vec<Inline> {
    let draws = match draws {
        1 => "1 draw was".to_string(),
        n => format!("{n} draws were"),
    };
    let why = match unit {
        ..=8 => "the network has no value there".to_string(),
        _ if in_tensors => {
            "the network has no value there, or one beyond the range of f64".to_string()
        }
        _ => format!(
            "the network has no value there, or one beyond the range of f64, so that values up to \
             {} were drawn in place of those up to 2",
            show_digits(16.0 / unit as f64, 3)
        ),
    };
    say![format!(" {draws} thrown away: {why}.")]
}

/// Numbers were exact in the prime field alone.
pub(in crate::page) fn in_field(why: Option<&str>) -> Vec<Inline> {
    let why = why.unwrap_or(NOT_RATIONAL);
    say![format!(
        "Exact, in {FIELD}: {why}, so numbers are taken modulo the prime 2^61 − 1, functions such \
         as exp have fixed random values there, and every max and sign is decided as in f64. What \
         agrees there agrees in truth, but for a chance of about 1 in 10^17."
    )]
}

/// No numbers were exact.
pub(in crate::page) fn nowhere_exact(why: Option<&str>) -> Vec<Inline> {
    let why = why.unwrap_or(NOT_RATIONAL);
    say![format!("No exact comparison was possible: {why}.")]
}

const NOT_RATIONAL: &str = "the rationals do not suffice";

/// The heading of the errors.
pub(in crate::page) fn precision(ways: Ways<'_>) -> Vec<Inline> {
    say![match ways {
        Ways::Supplied { .. } | Ways::Tensors => "Precision",
        Ways::Cells | Ways::Directions => "Precision in f64",
    }]
}

/// What the errors in the table are.
pub(in crate::page) fn errors(ways: Ways<'_>) -> Vec<Inline> {
    say![match ways {
        Ways::Supplied { .. } => {
            "The largest error of a supplied number, where it occurs, the largest relative error, \
             and the largest error that rounding explains."
        }
        Ways::Tensors => {
            "Of the sum of all slopes along the direction: the distance of the two ways, the same \
             beside the part that the parameter has in it, and the error bound. The sums have 106 \
             bits and a bound of their rounding; that of differences is also from an enclosure of \
             the third derivative over the whole step."
        }
        Ways::Cells => {
            "The largest error of an f64 number, where it occurs, the largest relative error, and \
             the largest error bound. The bounds come from intervals that hold every rounding \
             error; for differences, also from an enclosure of the ninth derivative over the whole \
             of the largest step."
        }
        Ways::Directions => {
            "The largest error of an f64 number, where it occurs, the largest relative error, and \
             the largest error bound. The bounds come from intervals that hold every rounding \
             error; for differences, also from an enclosure of the third derivative over the whole \
             step."
        }
    }]
}

/// The columns of the table of errors.
pub(in crate::page) fn columns() -> Vec<Vec<Inline>> {
    heads(["by", "against", "worst error", "in", "relative", "bound"])
}
