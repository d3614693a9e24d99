//! A report as JSON, schema `backproof/check/1`; `docs/json.md` says what each field means.
//!
//! What always holds: the same report gives the same bytes; every field is there in every object
//! of its kind; a number that JSON does not have is `null`.

use serde::Serialize;

use super::report::{
    Arithmetic, AtKinks, Certainty, Comparison, Convention, Mismatch, Noticed, Number, Parameter,
    Point, Precision, Report, Source, Value, Verdict, Worst,
};

/// The schema that [`report_json`] writes.
pub const SCHEMA: &str = "backproof/check/1";

/// A report as one JSON object, indented, with a line break at the end.
///
/// ```
/// let net = backproof::parse_network("param w\nE = w^2\ngiven w = 3")?;
/// let json = backproof::check::report_json(&backproof::check(&net, &Default::default())?);
/// assert!(json.contains(r#""schema": "backproof/check/1""#));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn report_json(report: &Report) -> String {
    let first = report.first_mismatch();
    let json = JsonReport {
        schema: SCHEMA,
        loss: &report.loss,
        agrees: report.agrees(),
        gradients: report.gradients(),
        seed: report.seed,
        points: report.points.iter().map(point).collect(),
        forward: report.forward.iter().map(|v| value(report, v)).collect(),
        parameters: report.parameters.iter().map(|p| parameter(report, p)).collect(),
        first: first.map(|(_, m)| mismatch(report, m)),
    };
    // Strings, numbers and lists of them: nothing that JSON could not hold.
    let mut text = serde_json::to_string_pretty(&json).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct JsonReport<'a> {
    schema: &'a str,
    loss: &'a str,
    agrees: bool,
    gradients: usize,
    seed: Option<u64>,
    points: Vec<JsonPoint<'a>>,
    forward: Vec<JsonValue<'a>>,
    parameters: Vec<JsonParameter<'a>>,
    first: Option<JsonMismatch>,
}

#[derive(Serialize)]
struct JsonPoint<'a> {
    loss: JsonNumber,
    arithmetic: &'static str,
    inexact: Option<&'a str>,
    drawn: &'a [String],
    kinks: Vec<JsonKink<'a>>,
    kink_count: usize,
    notes: &'a [String],
}

#[derive(Serialize)]
struct JsonKink<'a> {
    of: &'a str,
    cells: &'a [String],
    cell_count: usize,
    convention: &'static str,
}

#[derive(Serialize)]
struct JsonValue<'a> {
    name: &'a str,
    shape: &'a [usize],
    verdict: &'static str,
    reason: Option<&'a str>,
    format: &'static str,
    differing: usize,
    first: Option<JsonMismatch>,
    noticed: JsonNoticed,
}

#[derive(Serialize)]
struct JsonParameter<'a> {
    name: &'a str,
    shape: &'a [usize],
    verdict: &'static str,
    reason: Option<String>,
    format: Option<&'static str>,
    diagnosis: Option<String>,
    at_kinks: Option<JsonAtKinks<'a>>,
    noticed: Option<JsonNoticed>,
    certainty: Option<&'static str>,
    comparisons: Vec<JsonComparison<'a>>,
}

#[derive(Serialize)]
struct JsonAtKinks<'a> {
    choice: &'static str,
    frameworks: Vec<&'static str>,
    rules: &'a [String],
    unexpected: Option<&'static str>,
}

#[derive(Serialize)]
struct JsonNoticed {
    element: Option<f64>,
    factor: Option<f64>,
}

#[derive(Serialize)]
struct JsonComparison<'a> {
    source: &'static str,
    precision: &'static str,
    verdict: &'static str,
    cells: usize,
    agreed: usize,
    differing: usize,
    not_judged: Vec<JsonUnjudged<'a>>,
    not_sampled: usize,
    worst_absolute: Option<JsonWorst>,
    worst_relative: Option<JsonWorst>,
    bound: Option<f64>,
    mismatches: Vec<JsonMismatch>,
}

#[derive(Serialize)]
struct JsonUnjudged<'a> {
    reason: &'a str,
    cells: usize,
}

#[derive(Serialize)]
struct JsonWorst {
    element: String,
    point: usize,
    absolute: Option<f64>,
    relative: Option<f64>,
    bound: Option<f64>,
}

#[derive(Serialize)]
struct JsonMismatch {
    element: String,
    index: Vec<usize>,
    point: usize,
    formula: JsonNumber,
    other: JsonNumber,
    exact: Option<JsonNumber>,
    absolute: Option<f64>,
    relative: Option<f64>,
    bound: Option<f64>,
    derive: Option<String>,
}

#[derive(Serialize)]
struct JsonNumber {
    text: String,
    value: Option<f64>,
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

fn number(n: &Number) -> JsonNumber {
    match n {
        Number::Rational(q) => JsonNumber { text: q.to_string(), value: finite(q.to_f64()) },
        Number::Residue(x) => JsonNumber { text: x.residue().to_string(), value: None },
        Number::F64(x) => JsonNumber { text: crate::scalar::show_f64(*x), value: finite(*x) },
    }
}

fn point(point: &Point) -> JsonPoint<'_> {
    let kink = |k: &super::Kink| {
        let convention = match k.convention {
            Convention::FirstWins => "first-wins",
            Convention::AssumedWins => "assumed-wins",
            Convention::ZeroSlope => "zero-slope",
        };
        (k.cell_count, convention)
    };
    let kinks = point.kinks.iter().map(|k| {
        let (cell_count, convention) = kink(k);
        JsonKink { of: &k.of, cells: &k.cells, cell_count, convention }
    });
    JsonPoint {
        loss: number(&point.loss),
        arithmetic: match point.arithmetic {
            Arithmetic::Rational => "rational",
            Arithmetic::Prime => "prime",
            Arithmetic::None => "none",
        },
        inexact: point.inexact.as_deref(),
        drawn: &point.drawn,
        kinks: kinks.collect(),
        kink_count: point.kink_count,
        notes: &point.notes,
    }
}

fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Agree => "agree",
        Verdict::Differ => "differ",
        Verdict::NotJudged(_) => "not-judged",
    }
}

fn value<'a>(report: &Report, v: &'a Value) -> JsonValue<'a> {
    JsonValue {
        name: &v.name,
        shape: v.shape.lengths(),
        verdict: verdict(&v.verdict),
        reason: match &v.verdict {
            Verdict::NotJudged(reason) => Some(reason),
            _ => None,
        },
        format: v.format.name(),
        differing: v.differing,
        first: v.first.as_ref().map(|m| mismatch(report, m)),
        noticed: noticed(&v.noticed),
    }
}

fn parameter<'a>(report: &Report, p: &'a Parameter) -> JsonParameter<'a> {
    let found = p.verdict();
    JsonParameter {
        name: &p.name,
        shape: p.shape.lengths(),
        verdict: verdict(&found),
        reason: match found {
            Verdict::NotJudged(reason) => Some(reason),
            _ => None,
        },
        format: p.format.map(|f| f.name()),
        diagnosis: p.diagnosis.as_ref().map(|d| d.to_string()),
        at_kinks: p.at_kinks.as_ref().map(at_kinks),
        noticed: p.noticed.as_ref().map(noticed),
        certainty: p.certainty.map(|certainty| match certainty {
            Certainty::Certain => "certain",
            Certainty::Unlikely => "unlikely-to-be-rounding",
        }),
        comparisons: p.comparisons.iter().map(|c| comparison(report, c)).collect(),
    }
}

fn noticed(n: &Noticed) -> JsonNoticed {
    JsonNoticed { element: finite(n.element), factor: finite(n.factor) }
}

fn at_kinks(found: &AtKinks) -> JsonAtKinks<'_> {
    JsonAtKinks {
        choice: found.choice.name(),
        frameworks: found.frameworks.iter().map(|f| f.name()).collect(),
        rules: &found.rules,
        unexpected: found.unexpected.map(|f| f.name()),
    }
}

fn comparison<'a>(report: &Report, c: &'a Comparison) -> JsonComparison<'a> {
    let unjudged = c.unjudged.iter();
    JsonComparison {
        source: match c.source {
            Source::Backward => "backward",
            Source::Dual => "dual",
            Source::Direction => "direction",
            Source::Differences => "differences",
            Source::Supplied => "supplied",
        },
        precision: match c.precision {
            Precision::Exact => "exact",
            Precision::F64 => "f64",
        },
        verdict: verdict(&c.verdict()),
        cells: c.cells,
        agreed: c.agreed,
        differing: c.differing,
        not_judged: unjudged.map(|u| JsonUnjudged { reason: &u.reason, cells: u.cells }).collect(),
        not_sampled: c.unsampled,
        worst_absolute: c.worst_absolute.as_ref().map(worst),
        worst_relative: c.worst_relative.as_ref().map(worst),
        bound: finite(c.bound),
        mismatches: c.mismatches.iter().map(|m| mismatch(report, m)).collect(),
    }
}

fn worst(w: &Worst) -> JsonWorst {
    JsonWorst {
        element: w.cell.to_string(),
        point: w.point,
        absolute: finite(w.absolute),
        relative: w.relative.and_then(finite),
        bound: finite(w.bound),
    }
}

fn mismatch(report: &Report, m: &Mismatch) -> JsonMismatch {
    let (absolute, relative) = m.error();
    JsonMismatch {
        element: m.cell.to_string(),
        index: m.cell.index.clone(),
        point: m.point,
        formula: number(&m.symbolic),
        other: number(&m.other),
        exact: m.exact.as_ref().map(|q| number(&Number::Rational(q.clone()))),
        absolute: absolute.and_then(finite),
        relative: relative.and_then(finite),
        bound: finite(m.bound),
        derive: report.command(&m.cell),
    }
}
