//! The words about kinks in a cross-check: where the loss has a corner, and what was decided there.

use super::{code, joined_of, say};
use crate::check::{Convention, Kink};
use crate::page::Inline;

/// The heading of the section.
pub(in crate::page) fn heading() -> Vec<Inline> {
    say!["Kinks"]
}

/// What a kink means for the verdict.
pub(in crate::page) fn no_gradient() -> Vec<Inline> {
    say![
        "Here the loss has a corner, and so no gradient in the strict sense. Formula, backward pass \
         and dual numbers follow one convention; differences that would step over the corner are \
         not judged."
    ]
}

/// Before what is said of one point; nothing where there is a single one.
fn at_point(point: Option<usize>) -> String {
    point.map_or_else(String::new, |point| format!("At point {point}: "))
}

/// What is at a kink and what was decided there. `exact` is whether values were told apart in the
/// rationals.
pub(in crate::page) fn kink(point: Option<usize>, kink: &Kink, exact: bool) -> Vec<Inline> {
    let mut text = say![at_point(point), code(kink.of.clone()), ": "];
    // A name as the language spells it, or words about what bears none.
    let cell = |cell: &String| match cell.contains(' ') {
        true => Inline::Words(cell.clone()),
        false => code(cell.clone()),
    };
    text.extend(joined_of(kink.cells.iter().map(cell).collect(), kink.cell_count));
    let more = kink.cell_count - kink.cells.len();
    if more > 0 {
        text.extend(say![format!(" and {more} more")]);
    }
    // Without the rationals, values that f64 rounds to the same number tie.
    let seen = if exact { "" } else { " in f64" };
    let greatest = format!(" are equal{seen} and the greatest; the");
    text.extend(say![match kink.convention {
        Convention::FirstWins => format!("{greatest} first of them takes the whole gradient."),
        Convention::AssumedWins => {
            format!("{greatest} one that is assumed to win takes the whole gradient.")
        }
        Convention::ZeroSlope => format!(" is 0{seen}; the slope there is taken as 0."),
    }]);
    text
}

/// Some kinks are not shown.
pub(in crate::page) fn more(point: Option<usize>, more: usize) -> Vec<Inline> {
    say![format!("{}{} more.", at_point(point), super::count(more, "kink"))]
}
