//! The page of a cross-check, as a lab report: the verdict first, then a table of every gradient
//! by every way to it, then how it was done, how precise it is, and what could not be judged.

mod how;

use super::math::Math;
use super::supplied::{self, is_supplied};
use super::words::check::{self as say, Compared, Exactly, Rounding};
use super::words::{kinks as say_of_kinks, plain, rounded};
use super::{Block, Inline, Page, Section, Table};
use crate::check::{
    Arithmetic, Cell, Comparison, Diagnosis, Number, Parameter, Precision, Report, Source, Verdict,
};
use crate::expr::Symbol;
use crate::scalar::show_digits;

/// Past this many characters a fraction is shown rounded.
const MAX_FRACTION: usize = 12;

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
    Page { title: say::title(&report.loss), sections: sections.into_iter().flatten().collect() }
}

pub(super) fn symbol(name: &str) -> Inline {
    Inline::Math(Math::symbol(name))
}

/// An element of a quantity.
pub(super) fn element(cell: &Cell) -> Math {
    Math::Symbol(Symbol::element(&cell.name, &cell.index))
}

fn section(heading: Vec<Inline>, blocks: Vec<Block>) -> Section {
    Section { number: None, heading, blocks }
}

fn all_comparisons(report: &Report) -> impl Iterator<Item = (&Parameter, &Comparison)> {
    report.parameters.iter().flat_map(|p| p.comparisons.iter().map(move |c| (p, c)))
}

fn verdict(report: &Report) -> Section {
    let mut blocks = supplied::forward(report);
    if report.parameters.is_empty() {
        return section(say::verdict(), blocks);
    }
    blocks.extend([Block::Text(sentence(report)), Block::Table(overview(report))]);
    blocks.extend(causes(report));
    if is_supplied(report) {
        blocks.extend(supplied::noticed(report));
        blocks.extend(supplied::first(report));
        blocks.extend(supplied::conventions(report));
    }
    section(say::verdict(), blocks)
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
        Block::Text(say::cause(&names(&of), diagnosis))
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
    if !differing.is_empty() || !open.is_empty() {
        let why = open.first().map(|parameter| parameter.verdict());
        let why = match &why {
            Some(Verdict::NotJudged(why)) => Some(why.as_str()),
            _ => None,
        };
        return say::not_all_agree(&names(&differing), &names(&open), why);
    }
    let kinks = report.points.iter().map(|p| p.kink_count).sum();
    let (rounding, worst) = in_floats(report);
    say::all_agree(report.gradients(), exactly(report), &rounding, worst, kinks)
}

fn names<'a>(parameters: &[&'a Parameter]) -> Vec<&'a str> {
    parameters.iter().map(|parameter| parameter.name.as_str()).collect()
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
fn exactly(report: &Report) -> Option<Exactly> {
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
        (true, _) => Exactly::Rationals,
        (_, true) => Exactly::Field,
        _ => Exactly::Either,
    })
}

/// The numbers with error bounds that were compared, and the largest error; none where nothing
/// was judged.
fn in_floats(report: &Report) -> (Rounding, Option<f64>) {
    let judged = |c: &&Comparison| c.precision == Precision::F64 && c.source != Source::Differences;
    let mut comparisons: Vec<&Comparison> =
        all_comparisons(report).map(|(_, c)| c).filter(judged).collect();
    let rounding = if is_supplied(report) {
        comparisons.retain(|c| c.source == Source::Supplied);
        Rounding::Supplied(supplied::formats(report))
    } else if in_tensors(report) {
        Rounding::Wide
    } else {
        Rounding::F64
    };
    let worst = comparisons.into_iter().filter_map(|c| c.worst_absolute.as_ref());
    (rounding, worst.map(|w| w.absolute).reduce(f64::max))
}

/// A row for each parameter, a column for each way to its gradient.
fn overview(report: &Report) -> Table {
    let sources: &[Source] = match (is_supplied(report), in_tensors(report)) {
        (true, false) => &[Source::Supplied, Source::Backward],
        (true, true) => &[Source::Supplied, Source::Direction],
        (false, true) => &[Source::Direction, Source::Differences],
        (false, false) if along_directions(report) => {
            &[Source::Backward, Source::Direction, Source::Differences]
        }
        (false, false) => &[Source::Backward, Source::Dual, Source::Differences],
    };
    let rows = report.parameters.iter().map(|p| {
        let mut row = vec![vec![symbol(&p.name)], plain(&p.shape), plain(p.shape.elements())];
        row.extend(sources.iter().map(|source| outcome(p, *source, report.points.len())));
        row
    });
    Table { header: say::overview(sources, is_supplied(report)), rows: rows.collect() }
}

/// What one source says of a parameter, in a few words.
fn outcome(parameter: &Parameter, source: Source, points: usize) -> Vec<Inline> {
    let at = |precision| parameter.comparison(source, precision);
    let both = [at(Precision::Exact), at(Precision::F64)];
    let differing = both.iter().flatten().map(|c| c.differing).max().unwrap_or(0);
    if differing > 0 {
        return say::differs_in(differing);
    }
    let judged = both.iter().flatten().find(|c| c.agreed > 0);
    let directed = parameter.comparisons.iter().any(|c| c.source == Source::Direction);
    let Some(c) = judged else { return say::judged_nowhere() };
    let error = c.worst_absolute.as_ref().map_or(0.0, |w| w.absolute);
    let mut text = match error {
        // Of a sum over all elements there is no error of one.
        0.0 if source == Source::Direction || source == Source::Differences && directed => {
            say::confirmed()
        }
        0.0 => say::equal(),
        error => say::equal_to(error),
    };
    if c.agreed < c.cells {
        text.extend(say::of_the_cells(c.agreed, c.cells, points));
    }
    text
}

/// What differs, cell by cell.
fn differing(report: &Report) -> Option<Section> {
    let mut blocks = Vec::new();
    for (parameter, c) in all_comparisons(report).filter(|(_, c)| c.differing > 0) {
        let shown = c.mismatches.len();
        let compared = Compared {
            parameter: &parameter.name,
            way: c.source,
            in_tensors: in_tensors(report),
            how: how_exactly(parameter, c),
        };
        let text = say::differ(&compared, c.differing, c.cells, shown);
        blocks.push(Block::Text(text));
        blocks.push(Block::Table(mismatches(c, report)));
    }
    (!blocks.is_empty()).then(|| section(say::what_differs(), blocks))
}

fn mismatches(c: &Comparison, report: &Report) -> Table {
    let (all, points) = (&c.mismatches, report.points.len());
    let exact = all.iter().any(|m| m.exact.is_some());
    let rows = all.iter().map(|m| {
        let mut row = vec![
            vec![Inline::Math(element(&m.cell))],
            vec![Inline::Math(number(&m.symbolic))],
            vec![Inline::Math(number(&m.other))],
        ];
        if exact {
            let exact = m.exact.as_ref().map(|q| number(&Number::Rational(q.clone())));
            row.push(vec![Inline::Math(exact.unwrap_or(Math::Ellipsis))]);
        }
        row.push(vec![Inline::Math(rounded(m.bound))]);
        if points > 1 {
            row.push(plain(m.point + 1));
        }
        row
    });
    let header = say::mismatches(c.source, in_tensors(report), exact, points > 1);
    Table { header, rows: rows.collect() }
}

fn how_exactly(parameter: &Parameter, c: &Comparison) -> String {
    match (c.source, c.precision, parameter.format) {
        (Source::Supplied, _, Some(format)) => say::in_format(format),
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
        let at = (report.points.len() > 1).then_some(n + 1);
        let exact = point.arithmetic == Arithmetic::Rational;
        for kink in &point.kinks {
            blocks.push(Block::Text(say_of_kinks::kink(at, kink, exact)));
        }
        let more = point.kink_count - point.kinks.len();
        if more > 0 {
            blocks.push(Block::Text(say_of_kinks::more(at, more)));
        }
    }
    if blocks.is_empty() {
        return None;
    }
    blocks.insert(0, Block::Text(say_of_kinks::no_gradient()));
    Some(section(say_of_kinks::heading(), blocks))
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
                let (reason, left_out) = (&unjudged.reason, unjudged.cells);
                lines.push(say::unjudged_for(reason, left_out, c.cells, points));
            }
        }
        if c.unsampled > 0 {
            lines.push(say::unsampled(c.unsampled, c.cells, points));
        }
        if c.crossed > 0 {
            lines.push(say::crossed(c.crossed));
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
        let numbers = match precisions.as_slice() {
            [one] if from != Source::Supplied => Some(one.as_str()),
            _ => None,
        };
        Block::Text(say::left_out(from, numbers, name, &line))
    };
    let blocks: Vec<Block> = said.into_iter().map(block).collect();
    (!blocks.is_empty()).then(|| section(say::not_judged(), blocks))
}
