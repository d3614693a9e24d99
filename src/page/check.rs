//! The page of a cross-check, as a lab report: the verdict first, then a table of every gradient
//! by every way to it, then how it was done, how precise it is, and what could not be judged.

mod how;

use super::math::Math;
use super::supplied::{self, is_supplied};
use super::{Block, Inline, Page, Section, Table};
use crate::check::{
    Arithmetic, Cause, Cell, Comparison, Convention, Diagnosis, Kink, Number, Parameter, Precision,
    Report, Source, Verdict,
};
use crate::expr::Symbol;
use crate::scalar::show_digits;

/// Past this many characters a fraction is shown rounded.
const MAX_FRACTION: usize = 12;
/// How many parameters a sentence names before it counts the others.
const MAX_NAMED: usize = 6;

/// The page of a report.
///
/// ```
/// use backproof::check::{Options, check};
/// let net = backproof::parse_network("input x\nparam w\nE = (w * x)^2 / 2\ngiven x = 2\ngiven w = 3")
///     .unwrap();
/// let page = backproof::page::check_page(&check(&net, &Options::default()).unwrap());
/// let text = backproof::render::text(&page, &Default::default());
/// assert!(text.contains("The gradient agrees: exactly, in the rationals; in f64 without error."));
/// ```
pub fn check_page(report: &Report) -> Page {
    let sections = [
        Some(verdict(report)),
        differing(report),
        Some(how::method(report)),
        how::precision(report),
        kinks(report),
        unjudged(report),
    ];
    Page {
        title: format!("The gradients of {}, checked", report.loss),
        sections: sections.into_iter().flatten().collect(),
    }
}

pub(super) fn words(text: impl Into<String>) -> Inline {
    Inline::Words(text.into())
}

pub(super) fn symbol(name: &str) -> Inline {
    Inline::Math(Math::symbol(name))
}

pub(super) fn element(cell: &Cell) -> Inline {
    Inline::Math(Math::Symbol(Symbol::element(&cell.name, &cell.index)))
}

fn section(heading: &str, blocks: Vec<Block>) -> Section {
    Section { number: None, heading: vec![words(heading)], blocks }
}

fn header(names: &[&str]) -> Vec<Vec<Inline>> {
    names.iter().map(|name| vec![words(*name)]).collect()
}

/// `1 cell`, `4 cells`.
fn count(n: usize, of: &str) -> String {
    if n == 1 { format!("1 {of}") } else { format!("{n} {of}s") }
}

fn all_comparisons(report: &Report) -> impl Iterator<Item = (&Parameter, &Comparison)> {
    report.parameters.iter().flat_map(|p| p.comparisons.iter().map(move |c| (p, c)))
}

fn verdict(report: &Report) -> Section {
    let mut blocks = supplied::forward(report);
    if report.parameters.is_empty() {
        return section("Verdict", blocks);
    }
    blocks.extend([Block::Text(sentence(report)), Block::Table(overview(report))]);
    blocks.extend(causes(report));
    if is_supplied(report) {
        blocks.extend(supplied::noticed(report));
        blocks.extend(supplied::first(report));
        blocks.extend(supplied::conventions(report));
    }
    section("Verdict", blocks)
}

/// Each cause, with the gradients that it explains.
fn causes(report: &Report) -> Vec<Block> {
    let mut found: Vec<(&Diagnosis, Vec<&Parameter>)> = Vec::new();
    for parameter in &report.parameters {
        let Some(diagnosis) = &parameter.diagnosis else { continue };
        match found.iter_mut().find(|(known, _)| *known == diagnosis) {
            Some((_, of)) => of.push(parameter),
            None => found.push((diagnosis, vec![parameter])),
        }
    }
    let block = |(diagnosis, of): (&Diagnosis, Vec<&Parameter>)| {
        let mut text = vec![Inline::Strong("Likely cause".to_string())];
        text.push(words(if of.len() == 1 {
            " in the gradient by "
        } else {
            " in the gradients by "
        }));
        list(&mut text, &of);
        let them = if of.len() == 1 { "it" } else { "them" };
        text.push(words(format!(": {diagnosis}. That reproduces every number of {them}.")));
        if let Cause::Coarser(format) = &diagnosis.cause {
            text.push(words(" Judge it as such with "));
            text.push(Inline::Code(format!("--precision {format}")));
            text.push(words("."));
        }
        Block::Text(text)
    };
    found.into_iter().map(block).collect()
}

/// The verdict in one sentence.
fn sentence(report: &Report) -> Vec<Inline> {
    let of_verdict = |wanted: fn(&Verdict) -> bool| -> Vec<&Parameter> {
        report.parameters.iter().filter(|p| wanted(&p.verdict())).collect()
    };
    let differing = of_verdict(|v| *v == Verdict::Differ);
    let open = of_verdict(|v| matches!(v, Verdict::NotJudged(_)));
    let mut text = Vec::new();
    if differing.is_empty() && open.is_empty() {
        let strong = match report.gradients() {
            1 => "The gradient agrees".to_string(),
            n => format!("All {n} gradients agree"),
        };
        text.push(Inline::Strong(strong));
        text.push(words(": "));
        if let Some(exactly) = exactly(report) {
            text.push(words(format!("{exactly}; ")));
        }
        text.extend(in_f64(report));
        let kinks: usize = report.points.iter().map(|p| p.kink_count).sum();
        text.push(words(match kinks {
            0 => ".".to_string(),
            n => format!(". At {} a convention decided.", count(n, "kink")),
        }));
        return text;
    }
    if !differing.is_empty() {
        text.push(Inline::Strong("Not all gradients agree".to_string()));
        text.push(words(if differing.len() == 1 { ": that by " } else { ": those by " }));
        list(&mut text, &differing);
        text.push(words(if differing.len() == 1 { " differs." } else { " differ." }));
    }
    if !open.is_empty() {
        let strong = "Not every gradient could be judged".to_string();
        if differing.is_empty() {
            text.push(Inline::Strong(strong));
        } else {
            text.push(words(format!(" {strong}")));
        }
        text.push(words(": by "));
        list(&mut text, &open);
        if let Verdict::NotJudged(reason) = open[0].verdict() {
            text.push(words(format!(" ({reason})")));
        }
        text.push(words("."));
    }
    text
}

fn list(text: &mut Vec<Inline>, parameters: &[&Parameter]) {
    for (n, parameter) in parameters.iter().take(MAX_NAMED).enumerate() {
        if n > 0 {
            let last = n + 1 == parameters.len();
            text.push(words(if last { " and " } else { ", " }));
        }
        text.push(symbol(&parameter.name));
    }
    if parameters.len() > MAX_NAMED {
        text.push(words(format!(" and {} more", parameters.len() - MAX_NAMED)));
    }
}

/// Whether the network was too large for formulas in scalars, so that its backward pass was held
/// against dual numbers along a direction.
fn in_tensors(report: &Report) -> bool {
    along_directions(report) && !all_comparisons(report).any(|(_, c)| c.source == Source::Backward)
}

/// Whether dual numbers moved every element at once.
fn along_directions(report: &Report) -> bool {
    all_comparisons(report).any(|(_, c)| c.source == Source::Direction)
}

/// In which exact numbers everything was found equal.
fn exactly(report: &Report) -> Option<String> {
    let whole = |p: &Parameter| {
        let mut exactly = [Source::Backward, Source::Direction]
            .into_iter()
            .filter_map(|source| p.comparison(source, Precision::Exact));
        exactly.next().is_some_and(|c| c.agreed == c.cells)
    };
    if is_supplied(report) || !report.parameters.iter().all(whole) {
        return None;
    }
    let all = |a| report.points.iter().all(|p| p.arithmetic == a);
    Some(match (all(Arithmetic::Rational), all(Arithmetic::Prime)) {
        (true, _) => "exactly, in the rationals".to_string(),
        (_, true) => format!("exactly, in {FIELD}"),
        _ => format!("exactly, in the rationals or in {FIELD}"),
    })
}

const FIELD: &str = "the field of 2^61 − 1 elements";

fn in_f64(report: &Report) -> Vec<Inline> {
    let judged = |c: &&Comparison| c.precision == Precision::F64 && c.source != Source::Differences;
    let mut comparisons: Vec<&Comparison> =
        all_comparisons(report).map(|(_, c)| c).filter(judged).collect();
    if is_supplied(report) {
        comparisons.retain(|c| c.source == Source::Supplied);
        let worst = comparisons.iter().filter_map(|c| c.worst_absolute.as_ref());
        let of = supplied::formats(report);
        return match worst.map(|w| w.absolute).reduce(f64::max) {
            Some(0.0) | None => vec![words(format!("in {of} without error"))],
            Some(worst) => vec![words(format!("in {of} within ")), rounded(worst)],
        };
    }
    let of = if in_tensors(report) { "in numbers of 106 bits" } else { "in f64" };
    let worst = comparisons.into_iter().filter_map(|c| c.worst_absolute.as_ref());
    match worst.map(|w| w.absolute).reduce(f64::max) {
        Some(0.0) => vec![words(format!("{of} without error"))],
        Some(worst) => vec![words(format!("{of} within ")), rounded(worst)],
        None if in_tensors(report) => vec![words("numbers with error bounds could not be judged")],
        None => vec![words("f64 could not be judged")],
    }
}

/// A size, to two digits.
pub(super) fn rounded(x: f64) -> Inline {
    Inline::Math(Math::Decimal(show_digits(x, 2)))
}

/// A row for each parameter, a column for each way to its gradient.
fn overview(report: &Report) -> Table {
    let sources: &[(Source, &str)] = match (is_supplied(report), in_tensors(report)) {
        (true, false) => &[(Source::Supplied, "supplied"), (Source::Backward, "our backward pass")],
        (true, true) => &[(Source::Supplied, "supplied"), (Source::Direction, "our dual numbers")],
        (false, true) => {
            &[(Source::Direction, "dual numbers"), (Source::Differences, "differences")]
        }
        (false, false) if along_directions(report) => &[
            (Source::Backward, "backward"),
            (Source::Direction, "dual numbers"),
            (Source::Differences, "differences"),
        ],
        (false, false) => &[
            (Source::Backward, "backward"),
            (Source::Dual, "dual numbers"),
            (Source::Differences, "differences"),
        ],
    };
    let mut heads = vec!["by", "shape", "cells"];
    heads.extend(sources.iter().map(|(_, name)| *name));
    let rows = report.parameters.iter().map(|p| {
        let mut row = vec![
            vec![symbol(&p.name)],
            vec![words(p.shape.to_string())],
            vec![words(p.shape.elements().to_string())],
        ];
        row.extend(sources.iter().map(|(source, _)| outcome(p, *source, report.points.len())));
        row
    });
    Table { header: header(&heads), rows: rows.collect() }
}

/// What one source says of a parameter, in a few words.
fn outcome(parameter: &Parameter, source: Source, points: usize) -> Vec<Inline> {
    let at = |precision| parameter.comparison(source, precision);
    let both = [at(Precision::Exact), at(Precision::F64)];
    let differing = both.iter().flatten().map(|c| c.differing).max().unwrap_or(0);
    if differing > 0 {
        return vec![Inline::Strong(format!("differs in {differing}"))];
    }
    let judged = both.iter().flatten().find(|c| c.agreed > 0);
    let directed = parameter.comparisons.iter().any(|c| c.source == Source::Direction);
    let Some(c) = judged else { return vec![words("not judged")] };
    let error = c.worst_absolute.as_ref().map_or(0.0, |w| w.absolute);
    let mut text = match error {
        // Of a sum over all elements there is no error of one.
        0.0 if source == Source::Direction || source == Source::Differences && directed => {
            vec![words("confirmed")]
        }
        0.0 => vec![words("equal")],
        error => vec![words("to "), rounded(error)],
    };
    if c.agreed < c.cells {
        text.push(words(format!(" ({})", part(c.agreed, c.cells, points))));
    }
    text
}

/// `64 of 1200`: at each point, if that comes out even, else over all points.
fn part(n: usize, cells: usize, points: usize) -> String {
    let each = if n.is_multiple_of(points) { points } else { 1 };
    let all = if each < points { " in all" } else { "" };
    format!("{} of {}{all}", n / each, cells / each)
}

/// What differs, cell by cell.
fn differing(report: &Report) -> Option<Section> {
    let mut blocks = Vec::new();
    for (parameter, c) in all_comparisons(report).filter(|(_, c)| c.differing > 0) {
        let shown = c.mismatches.len();
        let mut text = vec![
            words("By "),
            symbol(&parameter.name),
            words(format!(
                ", {} against the {}, {}: ",
                c.source,
                if in_tensors(report) { "backward pass" } else { "formula" },
                how_exactly(parameter, c)
            )),
            words(format!("{} of {} differ", c.differing, count(c.cells, "cell"))),
        ];
        text.push(words(if shown < c.differing { "; the first are" } else { "." }));
        blocks.push(Block::Text(text));
        blocks.push(Block::Table(mismatches(c, report)));
    }
    (!blocks.is_empty()).then(|| section("What differs", blocks))
}

fn mismatches(c: &Comparison, report: &Report) -> Table {
    let (all, source, points) = (&c.mismatches, c.source, report.points.len());
    let ours = if in_tensors(report) { "backward" } else { "formula" };
    let exact = all.iter().any(|m| m.exact.is_some());
    let other = match source {
        Source::Backward => "backward",
        Source::Dual | Source::Direction => "dual numbers",
        Source::Differences => "differences",
        Source::Supplied => "supplied",
    };
    let mut heads = vec!["cell", ours, other];
    if exact {
        heads.push("exact");
    }
    heads.push("bound");
    if points > 1 {
        heads.push("point");
    }
    let rows = all.iter().map(|m| {
        let mut row = vec![
            vec![element(&m.cell)],
            vec![Inline::Math(number(&m.symbolic))],
            vec![Inline::Math(number(&m.other))],
        ];
        if exact {
            let exact = m.exact.as_ref().map(|q| number(&Number::Rational(q.clone())));
            row.push(vec![Inline::Math(exact.unwrap_or(Math::Ellipsis))]);
        }
        row.push(vec![rounded(m.bound)]);
        if points > 1 {
            row.push(vec![words((m.point + 1).to_string())]);
        }
        row
    });
    Table { header: header(&heads), rows: rows.collect() }
}

fn how_exactly(parameter: &Parameter, c: &Comparison) -> String {
    match (c.source, c.precision, parameter.format) {
        (Source::Supplied, _, Some(format)) => format!("in {format}"),
        (_, precision, _) => precision.to_string(),
    }
}

/// A number for a table: short fractions as they are, long ones rounded.
pub(super) fn number(n: &Number) -> Math {
    match n {
        Number::Rational(q) if q.to_string().len() <= MAX_FRACTION => Math::Number(q.clone()),
        Number::Rational(q) => Math::Decimal(show_digits(q.to_f64(), 10)),
        Number::Residue(x) => Math::Decimal(x.residue().to_string()),
        Number::F64(x) => Math::Decimal(show_digits(*x, 10)),
    }
}

fn kinks(report: &Report) -> Option<Section> {
    let mut blocks = Vec::new();
    for (n, point) in report.points.iter().enumerate() {
        let at =
            if report.points.len() > 1 { format!("At point {}: ", n + 1) } else { String::new() };
        for kink in &point.kinks {
            let mut text = vec![words(at.clone())];
            text.extend(describe(kink, point.arithmetic));
            blocks.push(Block::Text(text));
        }
        let more = point.kink_count - point.kinks.len();
        if more > 0 {
            blocks.push(Block::Text(vec![words(format!("{at}{} more.", count(more, "kink")))]));
        }
    }
    if blocks.is_empty() {
        return None;
    }
    let text = "Here the loss has a corner, and so no gradient in the strict sense. Formula, \
                backward pass and dual numbers follow one convention; differences that would \
                step over the corner are not judged.";
    blocks.insert(0, Block::Text(vec![words(text)]));
    Some(section("Kinks", blocks))
}

fn describe(kink: &Kink, arithmetic: Arithmetic) -> Vec<Inline> {
    let mut text = vec![Inline::Code(kink.of.clone()), words(": ")];
    for (n, cell) in kink.cells.iter().enumerate() {
        if n > 0 {
            text.push(words(if n + 1 == kink.cell_count { " and " } else { ", " }));
        }
        // A name as the language spells it, or words about what bears none.
        let named = !cell.contains(' ');
        text.push(if named { Inline::Code(cell.clone()) } else { words(cell.clone()) });
    }
    let more = kink.cell_count - kink.cells.len();
    if more > 0 {
        text.push(words(format!(" and {more} more")));
    }
    // Without the rationals, values that f64 rounds to the same number tie.
    let seen = if arithmetic == Arithmetic::Rational { "" } else { " in f64" };
    let greatest = format!(" are equal{seen} and the greatest; the");
    text.push(words(match kink.convention {
        Convention::FirstWins => format!("{greatest} first of them takes the whole gradient."),
        Convention::AssumedWins => {
            format!("{greatest} one that is assumed to win takes the whole gradient.")
        }
        Convention::ZeroSlope => format!(" is 0{seen}; the slope there is taken as 0."),
    }));
    text
}

/// Everything that was left out, and why. What holds for both precisions is said once.
fn unjudged(report: &Report) -> Option<Section> {
    let points = report.points.len();
    let mut said: Vec<(Source, &str, String, Vec<String>)> = Vec::new();
    for (parameter, c) in all_comparisons(report) {
        let mut lines = Vec::new();
        for unjudged in &c.unjudged {
            // That there are no rationals is said in its place.
            let exact = c.source == Source::Differences && c.precision == Precision::Exact;
            if !exact || report.points.iter().any(|p| p.arithmetic == Arithmetic::Rational) {
                let cells = part(unjudged.cells, c.cells, points);
                lines.push(format!("{cells} cells: {}.", unjudged.reason));
            }
        }
        if c.unsampled > 0 {
            let cells = part(c.unsampled, c.cells, points);
            lines.push(format!("{cells} cells left out; the others are spread evenly."));
        }
        if c.crossed > 0 {
            let steps = count(c.crossed, "step");
            let shorter = "shorter ones were taken where there were any";
            lines.push(format!("{steps} crossed a kink; {shorter}."));
        }
        for line in lines {
            let same = |(source, name, text, _): &&mut (Source, &str, String, Vec<String>)| {
                *source == c.source && *name == parameter.name && *text == line
            };
            match said.iter_mut().find(same) {
                Some((.., precisions)) => precisions.push(how_exactly(parameter, c)),
                None => {
                    said.push((c.source, &parameter.name, line, vec![how_exactly(parameter, c)]))
                }
            }
        }
    }
    let block = |(from, name, line, precisions): (Source, &str, String, Vec<String>)| {
        let how = match precisions.as_slice() {
            [one] if from != Source::Supplied => format!(", {one}"),
            _ => String::new(),
        };
        let mut head = format!("{from}{how}, by ");
        head[..1].make_ascii_uppercase();
        Block::Text(vec![words(head), symbol(name), words(format!(": {line}"))])
    };
    let blocks: Vec<Block> = said.into_iter().map(block).collect();
    (!blocks.is_empty()).then(|| section("Not judged", blocks))
}
