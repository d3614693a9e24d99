//! How a check was made: which ways were compared, at which points, in which numbers, and how
//! precisely.

use super::{
    FIELD, MAX_NAMED, all_comparisons, along_directions, element, header, in_tensors, number,
    rounded, section, symbol, words,
};
use crate::check::{Arithmetic, Assumptions, Point, Precision, Report, Source};
use crate::page::math::Math;
use crate::page::supplied::{self, is_supplied};
use crate::page::{Block, Inline, Section, Table};
use crate::scalar::show_digits;

/// How the gradients were compared, and at which points.
pub(super) fn method(report: &Report) -> Section {
    let ways = if is_supplied(report) {
        supplied::method(report)
    } else if in_tensors(report) {
        "The backward pass over tensors is held against two other ways to the gradients: dual \
         numbers, by one forward pass along a random direction that moves every element of every \
         parameter at once, where a wrong element shows whichever it is, but for directions that \
         one draws with a chance of 0; and central differences along such a direction, from \
         nothing but values of the loss, with a step that is halved and extrapolated to 0. \
         Formulas in scalars, the third way for smaller networks, were not asked."
            .to_string()
    } else if along_directions(report) {
        "The formula of each gradient is evaluated and held against the backward pass over tensors, \
         which shares no rule with the formulas. That in turn is held against two other ways: dual \
         numbers, by one forward pass along a random direction that moves every cell of every \
         parameter at once, where a wrong cell shows whichever it is, but for directions that one \
         draws with a chance of 0; and central differences along such a direction, from nothing but \
         values of the loss, with a step that is halved and extrapolated to 0. A pass for each cell \
         would take too long."
            .to_string()
    } else {
        "The formula of each gradient is evaluated and held against three other ways to it: the \
         backward pass over tensors, which shares no rule with the formulas; dual numbers, one \
         forward pass for each cell; and central differences, from nothing but values of the \
         loss, with a step that is halved and extrapolated to 0."
            .to_string()
    };
    let mut blocks = vec![Block::Text(vec![words(ways)])];
    blocks.push(Block::Text(points(report)));
    if let Some(text) = arithmetic(report) {
        blocks.push(Block::Text(vec![words(text)]));
    }
    if report.points.iter().any(|p| p.assumptions == Assumptions::NotUsed) {
        blocks.push(Block::Text(vec![words(
            "The network assumes winners. Drawn values need not agree with that, so here every \
             max goes by its values.",
        )]));
    } else if report.points.iter().any(|p| p.assumptions == Assumptions::Used) {
        blocks.push(Block::Text(vec![words(
            "The winners that the network assumes are those of the values.",
        )]));
    }
    let mut said: Vec<&str> = Vec::new();
    for (n, point) in report.points.iter().enumerate() {
        for note in &point.notes {
            if !said.contains(&note.as_str()) {
                said.push(note);
                let at = if report.points.len() > 1 {
                    format!("At point {}: ", n + 1)
                } else {
                    "Note: ".to_string()
                };
                blocks.push(Block::Text(vec![words(format!("{at}{note}."))]));
            }
        }
    }
    section("How", blocks)
}

fn points(report: &Report) -> Vec<Inline> {
    let Some(first) = report.points.first() else { return Vec::new() };
    let loss = |text: &mut Vec<Inline>, point: &Point| {
        text.push(symbol(&report.loss));
        let value = number(&point.loss);
        text.push(words(if matches!(value, Math::Number(_)) { " = " } else { " ≈ " }));
        text.push(Inline::Math(value));
    };
    let Some(seed) = report.seed else {
        let mut text = vec![words("At the given values, ")];
        loss(&mut text, first);
        text.push(words("."));
        return text;
    };
    let how_many = match report.points.len() {
        1 => "one point".to_string(),
        n => format!("{n} points"),
    };
    let mut text = vec![words(format!("Compared at {how_many}, with the values of "))];
    for (n, name) in first.drawn.iter().take(MAX_NAMED).enumerate() {
        text.push(words(if n > 0 { ", " } else { "" }));
        text.push(symbol(name));
    }
    if first.drawn.len() > MAX_NAMED {
        text.push(words(format!(" and {} more", first.drawn.len() - MAX_NAMED)));
    }
    let units: Vec<i64> = report.points.iter().filter_map(|p| p.unit).collect();
    let least = units.iter().max().copied().unwrap_or(1);
    text.push(words(format!(" drawn at random (multiples of 1/{least}, seed {seed}); ")));
    for (n, point) in report.points.iter().take(MAX_NAMED).enumerate() {
        if n > 0 {
            text.push(words(", "));
        }
        loss(&mut text, point);
    }
    text.push(words(if report.points.len() > MAX_NAMED { ", …." } else { "." }));
    let redrawn: usize = report.points.iter().map(|p| p.redrawn).sum();
    if redrawn > 0 {
        let draws = match redrawn {
            1 => "1 draw was".to_string(),
            n => format!("{n} draws were"),
        };
        let why = match least {
            ..=8 => "the network has no value there".to_string(),
            _ if in_tensors(report) => {
                "the network has no value there, or one beyond the range of f64".to_string()
            }
            _ => format!(
                "the network has no value there, or one beyond the range of f64, so that values \
                 up to {} were drawn in place of those up to 2",
                show_digits(16.0 / least as f64, 3)
            ),
        };
        text.push(words(format!(" {draws} thrown away: {why}.")));
    }
    text
}

fn arithmetic(report: &Report) -> Option<String> {
    let point = report.points.iter().find(|p| p.arithmetic != Arithmetic::Rational)?;
    let why = point.inexact.as_deref().unwrap_or("the rationals do not suffice");
    Some(match point.arithmetic {
        Arithmetic::Prime => format!(
            "Exact, in {FIELD}: {why}, so numbers are taken modulo the prime 2^61 − 1, functions \
             such as exp have fixed random values there, and every max and sign is decided as in \
             f64. What agrees there agrees in truth, but for a chance of about 1 in 10^17."
        ),
        _ => format!("No exact comparison was possible: {why}."),
    })
}

/// The errors in `f64` and what they were judged by.
pub(super) fn precision(report: &Report) -> Option<Section> {
    let mut rows = Vec::new();
    for (parameter, c) in all_comparisons(report) {
        let (Some(worst), Precision::F64) = (&c.worst_absolute, c.precision) else { continue };
        if c.source == Source::Backward && is_supplied(report) {
            continue;
        }
        let relative = c.worst_relative.as_ref().and_then(|w| w.relative);
        rows.push(vec![
            vec![symbol(&parameter.name)],
            vec![words(c.source.to_string())],
            vec![rounded(worst.absolute)],
            vec![element(&worst.cell)],
            vec![relative.map_or_else(|| words("none"), rounded)],
            vec![rounded(c.bound)],
        ]);
    }
    if rows.is_empty() {
        return None;
    }
    let header = header(&["by", "against", "worst error", "in", "relative", "bound"]);
    let (text, heading) = match is_supplied(report) {
        true => (
            "The largest error of a supplied number, where it occurs, the largest relative \
             error, and the largest error that rounding explains.",
            "Precision",
        ),
        false if in_tensors(report) => (
            "Of the sum of all slopes along the direction: the distance of the two ways, the same \
             beside the part that the parameter has in it, and the error bound. The sums have 106 \
             bits and a bound of their rounding; that of differences is also from the last step \
             of the extrapolation.",
            "Precision",
        ),
        false => (
            "The largest error of an f64 number, where it occurs, the largest relative error, \
             and the largest error bound. The bounds come from intervals that hold every \
             rounding error; for differences, also from the last step of the extrapolation.",
            "Precision in f64",
        ),
    };
    let blocks = vec![Block::Text(vec![words(text)]), Block::Table(Table { header, rows })];
    Some(section(heading, blocks))
}
