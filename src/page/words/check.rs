//! The words of a cross-check: the verdict, its tables, what differs and what was not judged.

use super::{code, count, heads, joined_of, name, rounded, say, strong};
use crate::check::{Cause, Diagnosis, Source};
use crate::page::Inline;
use crate::page::math::Math;

/// How many parameters a sentence names before it counts the others.
const MAX_NAMED: usize = 6;

/// The prime field, by its size.
pub(in crate::page) const FIELD: &str = "the field of 2^61 − 1 elements";

/// The title of the page.
pub(in crate::page) fn title(loss: &str) -> String {
    format!("The gradients of {loss}, checked")
}

/// The heading of the verdict.
pub(in crate::page) fn verdict() -> Vec<Inline> {
    say!["Verdict"]
}

/// The heading of what differs.
pub(in crate::page) fn what_differs() -> Vec<Inline> {
    say!["What differs"]
}

/// The heading of what was left out.
pub(in crate::page) fn not_judged() -> Vec<Inline> {
    say!["Not judged"]
}

/// `w, b and c`, past the first of many only their number.
pub(super) fn named(names: &[&str]) -> Vec<Inline> {
    let shown = names.iter().take(MAX_NAMED).map(|one| name(one)).collect();
    let mut text = joined_of(shown, names.len());
    if names.len() > MAX_NAMED {
        text.extend(say![format!(" and {} more", names.len() - MAX_NAMED)]);
    }
    text
}

/// The likely cause of the differences in these gradients.
pub(in crate::page) fn cause(parameters: &[&str], diagnosis: &Diagnosis) -> Vec<Inline> {
    let (gradients, them) = match parameters.len() {
        1 => (" in the gradient by ", "it"),
        _ => (" in the gradients by ", "them"),
    };
    let mut text = say![strong("Likely cause"), gradients];
    text.extend(named(parameters));
    text.extend(say![format!(": {diagnosis}. That reproduces every number of {them}.")]);
    if let Cause::Coarser(format) = &diagnosis.cause {
        text.extend(say![" Judge it as such with ", code(format!("--precision {format}")), "."]);
    }
    text
}

/// In which exact numbers everything was found equal.
pub(in crate::page) enum Exactly {
    /// The rationals, at every point.
    Rationals,
    /// The prime field, at every point.
    Field,
    /// The one or the other.
    Either,
}

/// The numbers with error bounds that were compared.
pub(in crate::page) enum Rounding {
    /// Supplied ones, in these formats.
    Supplied(String),
    /// Sums of 106 bits along a direction.
    Wide,
    /// `f64`.
    F64,
}

/// Every gradient agrees: in which exact numbers, how closely in rounded ones (`worst` is none
/// where those could not be judged), and at how many kinks a convention decided.
pub(in crate::page) fn all_agree(
    gradients: usize,
    exactly: Option<Exactly>,
    rounding: &Rounding,
    worst: Option<f64>,
    kinks: usize,
) -> Vec<Inline> {
    let all = match gradients {
        1 => "The gradient agrees".to_string(),
        n => format!("All {n} gradients agree"),
    };
    let mut text = say![strong(all), ": "];
    text.extend(exactly.into_iter().flat_map(|exactly| match exactly {
        Exactly::Rationals => say!["exactly, in the rationals; "],
        Exactly::Field => say![format!("exactly, in {FIELD}; ")],
        Exactly::Either => say![format!("exactly, in the rationals or in {FIELD}; ")],
    }));
    text.extend(within(rounding, worst));
    text.extend(match kinks {
        0 => say!["."],
        n => say![format!(". At {} a convention decided.", count(n, "kink"))],
    });
    text
}

fn within(rounding: &Rounding, worst: Option<f64>) -> Vec<Inline> {
    let of = match (rounding, worst) {
        (Rounding::Supplied(formats), _) => format!("in {formats}"),
        (Rounding::Wide, Some(_)) => "in numbers of 106 bits".to_string(),
        (Rounding::F64, Some(_)) => "in f64".to_string(),
        (Rounding::Wide, None) => return say!["numbers with error bounds could not be judged"],
        (Rounding::F64, None) => return say!["f64 could not be judged"],
    };
    match worst {
        Some(0.0) | None => say![format!("{of} without error")],
        Some(worst) => say![format!("{of} within "), rounded(worst)],
    }
}

/// Not every gradient agrees: those that differ, those that could not be judged, and why the first
/// of these could not.
pub(in crate::page) fn not_all_agree(
    differing: &[&str],
    open: &[&str],
    why: Option<&str>,
) -> Vec<Inline> {
    let mut text = Vec::new();
    if !differing.is_empty() {
        let one = differing.len() == 1;
        text.extend(say![
            strong("Not all gradients agree"),
            if one { ": that by " } else { ": those by " },
        ]);
        text.extend(named(differing));
        text.extend(say![if one { " differs." } else { " differ." }]);
    }
    if !open.is_empty() {
        text.extend(match differing.is_empty() {
            true => say![strong("Not every gradient could be judged")],
            false => say![" Not every gradient could be judged"],
        });
        text.extend(say![": by "]);
        text.extend(named(open));
        text.extend(why.into_iter().flat_map(|why| say![format!(" ({why})")]));
        text.extend(say!["."]);
    }
    text
}

/// The columns of the overview: what stands for each parameter, then a way to its gradient each.
pub(in crate::page) fn overview(ways: &[Source], supplied: bool) -> Vec<Vec<Inline>> {
    let mut columns = heads(["by", "shape", "cells"]);
    columns.extend(ways.iter().map(|way| {
        say![match (way, supplied) {
            (Source::Supplied, _) => "supplied",
            (Source::Backward, true) => "our backward pass",
            (Source::Backward, false) => "backward",
            (Source::Direction, true) => "our dual numbers",
            (Source::Direction | Source::Dual, _) => "dual numbers",
            (Source::Differences, _) => "differences",
        }]
    }));
    columns
}

/// A way to a gradient differs in so many cells.
pub(in crate::page) fn differs_in(cells: usize) -> Vec<Inline> {
    say![strong(format!("differs in {cells}"))]
}

/// A way to a gradient was not judged.
pub(in crate::page) fn judged_nowhere() -> Vec<Inline> {
    say!["not judged"]
}

/// A sum over all elements agrees.
pub(in crate::page) fn confirmed() -> Vec<Inline> {
    say!["confirmed"]
}

/// A way to a gradient agrees without error.
pub(in crate::page) fn equal() -> Vec<Inline> {
    say!["equal"]
}

/// A way to a gradient agrees within an error.
pub(in crate::page) fn equal_to(error: f64) -> Vec<Inline> {
    say!["to ", rounded(error)]
}

/// That what stands before holds for a part of the cells.
pub(in crate::page) fn of_the_cells(n: usize, cells: usize, points: usize) -> Vec<Inline> {
    say![format!(" ({})", part(n, cells, points))]
}

/// `64 of 1200`: at each point, if that comes out even, else over all points.
fn part(n: usize, cells: usize, points: usize) -> String {
    let each = if n.is_multiple_of(points) { points } else { 1 };
    let all = if each < points { " in all" } else { "" };
    format!("{} of {}{all}", n / each, cells / each)
}

/// What two ways were compared, and in which numbers.
pub(in crate::page) struct Compared<'a> {
    /// The parameter that was differentiated by.
    pub(in crate::page) parameter: &'a str,
    /// The way that is held against ours.
    pub(in crate::page) way: Source,
    /// Whether ours is the backward pass, and not the formula.
    pub(in crate::page) in_tensors: bool,
    /// In which numbers.
    pub(in crate::page) how: String,
}

/// In how many of all cells two ways differ, before the table of those that are shown.
pub(in crate::page) fn differ(
    of: &Compared<'_>,
    differing: usize,
    cells: usize,
    shown: usize,
) -> Vec<Inline> {
    let ours = if of.in_tensors { "backward pass" } else { "formula" };
    say![
        "By ",
        name(of.parameter),
        format!(", {} against the {ours}, {}: ", of.way, of.how),
        format!("{differing} of {} differ", count(cells, "cell")),
        if shown < differing { "; the first are" } else { "." },
    ]
}

/// The columns of a table of cells that differ.
pub(in crate::page) fn mismatches(
    way: Source,
    in_tensors: bool,
    exact: bool,
    several_points: bool,
) -> Vec<Vec<Inline>> {
    let ours = if in_tensors { "backward" } else { "formula" };
    let other = match way {
        Source::Backward => "backward",
        Source::Dual | Source::Direction => "dual numbers",
        Source::Differences => "differences",
        Source::Supplied => "supplied",
    };
    let mut columns = heads(["cell", ours, other]);
    if exact {
        columns.extend(heads(["exact"]));
    }
    columns.extend(heads(["bound"]));
    if several_points {
        columns.extend(heads(["point"]));
    }
    columns
}

/// In which numbers supplied ones were judged.
pub(in crate::page) fn in_format(format: impl std::fmt::Display) -> String {
    format!("in {format}")
}

/// Why some cells were left out.
pub(in crate::page) fn unjudged_for(
    reason: &str,
    unjudged: usize,
    cells: usize,
    points: usize,
) -> String {
    format!("{} cells: {reason}.", part(unjudged, cells, points))
}

/// Some cells were not looked at.
pub(in crate::page) fn unsampled(unsampled: usize, cells: usize, points: usize) -> String {
    let left_out = part(unsampled, cells, points);
    format!("{left_out} cells left out; the others are spread evenly.")
}

/// Some differences stepped over a kink.
pub(in crate::page) fn crossed(steps: usize) -> String {
    let steps = count(steps, "step");
    format!("{steps} crossed a kink; shorter ones were taken where there were any.")
}

/// What was left out of one way to one gradient; `numbers` is none where that is not to be said.
pub(in crate::page) fn left_out(
    way: Source,
    numbers: Option<&str>,
    parameter: &str,
    what: &str,
) -> Vec<Inline> {
    let how = numbers.map_or_else(String::new, |numbers| format!(", {numbers}"));
    let mut head = format!("{way}{how}, by ");
    head[..1].make_ascii_uppercase();
    say![head, name(parameter), format!(": {what}")]
}

/// An exact number, or that there is none.
pub(in crate::page) fn relative(error: Option<f64>) -> Vec<Inline> {
    match error {
        Some(error) => say![rounded(error)],
        None => say!["none"],
    }
}

/// `E = 3/4`, `E ≈ 0.7071`.
pub(super) fn loss_is(loss: &str, value: Math) -> Vec<Inline> {
    let is = if matches!(value, Math::Number(_)) { " = " } else { " ≈ " };
    say![name(loss), is, value]
}
