//! How a check was made: which ways were compared, at which points, in which numbers, and how
//! precisely.

use super::{all_comparisons, along_directions, element, in_tensors, number, section, symbol};
use crate::check::{Arithmetic, Assumptions, Precision, Report, Source};
use crate::page::supplied::{self, is_supplied};
use crate::page::words::check::relative as relative_error;
use crate::page::words::how::{self as say, Ways};
use crate::page::words::{plain, rounded};
use crate::page::{Block, Inline, Section, Table};

/// The ways to a gradient that were compared; `formats` are those of supplied numbers.
fn ways<'a>(report: &Report, formats: &'a str) -> Ways<'a> {
    if is_supplied(report) {
        Ways::Supplied { formats, has_gradients: !report.parameters.is_empty() }
    } else if in_tensors(report) {
        Ways::Tensors
    } else if along_directions(report) {
        Ways::Directions
    } else {
        Ways::Cells
    }
}

/// How the gradients were compared, and at which points.
pub(super) fn method(report: &Report) -> Section {
    let formats = supplied::formats(report);
    let mut blocks = vec![Block::Text(say::ways(ways(report, &formats)))];
    blocks.push(Block::Text(points(report)));
    blocks.extend(arithmetic(report).map(Block::Text));
    let any = |assumptions| report.points.iter().any(|p| p.assumptions == assumptions);
    if any(Assumptions::NotUsed) {
        blocks.push(Block::Text(say::winners_by_value()));
    } else if any(Assumptions::Used) {
        blocks.push(Block::Text(say::winners_as_assumed()));
    }
    let mut said: Vec<&str> = Vec::new();
    for (n, point) in report.points.iter().enumerate() {
        for note in &point.notes {
            if !said.contains(&note.as_str()) {
                said.push(note);
                let at = (report.points.len() > 1).then_some(n + 1);
                blocks.push(Block::Text(say::note(at, note)));
            }
        }
    }
    section(say::heading(), blocks)
}

fn points(report: &Report) -> Vec<Inline> {
    let Some(first) = report.points.first() else { return Vec::new() };
    let Some(seed) = report.seed else {
        return say::at_given_values(&report.loss, number(&first.loss));
    };
    let units = report.points.iter().filter_map(|p| p.unit);
    let unit = units.max().unwrap_or(1);
    let losses = report.points.iter().map(|point| number(&point.loss)).collect();
    let mut text = say::at_drawn_values(&first.drawn, unit, seed, &report.loss, losses);
    let redrawn: usize = report.points.iter().map(|p| p.redrawn).sum();
    if redrawn > 0 {
        text.extend(say::redrawn(redrawn, unit, in_tensors(report)));
    }
    text
}

fn arithmetic(report: &Report) -> Option<Vec<Inline>> {
    let point = report.points.iter().find(|p| p.arithmetic != Arithmetic::Rational)?;
    let why = point.inexact.as_deref();
    Some(match point.arithmetic {
        Arithmetic::Prime => say::in_field(why),
        _ => say::nowhere_exact(why),
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
            plain(c.source),
            vec![Inline::Math(rounded(worst.absolute))],
            vec![Inline::Math(element(&worst.cell))],
            relative_error(relative),
            vec![Inline::Math(rounded(c.bound))],
        ]);
    }
    if rows.is_empty() {
        return None;
    }
    let formats = supplied::formats(report);
    let ways = ways(report, &formats);
    let table = Table { header: say::columns(), rows };
    let blocks = vec![Block::Text(say::errors(ways)), Block::Table(table)];
    Some(section(say::precision(ways), blocks))
}
