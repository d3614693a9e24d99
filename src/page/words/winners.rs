//! The words of the cases of a max: one formula for every winner, and the table of all cases.

use super::{code, say};
use crate::page::Inline;
use crate::page::math::Math;

/// The heading of the section.
pub(in crate::page) fn heading() -> Vec<Inline> {
    say!["Every winner"]
}

/// Before the formulas that hold for each winner.
pub(in crate::page) fn whichever(max_is_winner: Math) -> Vec<Inline> {
    say!["Whichever cell wins, with ", max_is_winner, " the gradients are"]
}

/// Under formulas that speak of cells in the padding.
pub(in crate::page) fn padding_is(value: Math) -> Vec<Inline> {
    say![
        "where a cell with an index outside its tensor lies in the padding and counts as ",
        value,
        ".",
    ]
}

/// Before the table.
pub(in crate::page) fn case_by_case() -> Vec<Inline> {
    say![
        "Case by case, every gradient, derived as above and proved. Where two cells tie there is \
         no gradient, and an implementation has to choose; usually the first winner takes all."
    ]
}

/// What a name in the table stands for.
pub(in crate::page) fn here(meaning: Math) -> Vec<Inline> {
    say!["Here ", meaning, "."]
}

/// The head of the column that says who wins.
pub(in crate::page) fn column() -> Vec<Inline> {
    say!["case"]
}

/// Under a table that lacks some cases.
pub(in crate::page) fn left_out(left_out: usize, count: usize) -> Vec<Inline> {
    say![format!(
        "{left_out} of {count} cases are left out: the loss has no value there, or nothing was \
         proved."
    )]
}

/// In the place of a table: how many cases there are, and how to see them.
pub(in crate::page) fn no_table(count: usize, has_formula: bool, worked_out: bool) -> Vec<Inline> {
    let mut text = Vec::new();
    if !has_formula {
        text.extend(say!["No single formula was found for all winners. "]);
    }
    text.extend(say![format!("There are {count} cases")]);
    text.extend(match worked_out {
        false => {
            say![", too many to work out one by one; ", code("--winner"), " picks one."]
        }
        true => say![
            ", each derived and proved; ",
            code("--cases"),
            " prints the table, and ",
            code("--winner"),
            " works one out in full.",
        ],
    });
    text
}
