//! A review as JSON, schema `backproof/review/1`; `docs/review.md` says what each field means.
//!
//! What always holds: the same review gives the same bytes; every field is there in every object
//! of its kind.

use serde::Serialize;

use super::super::{
    Claim, Counterexample, Mark, Note, NoteKind, Reading, Repair, Review, Row, Slip, Tally,
};

/// The schema that [`json`] writes.
pub const SCHEMA: &str = "backproof/review/1";

/// A review as one JSON object, indented, with a line break at the end.
///
/// ```
/// use backproof::review::{read::DocumentFormat, report, review};
/// let review = review("$1 + 1 = 2$", DocumentFormat::Markdown, None)?;
/// assert!(report::json(&review).contains(r#""schema": "backproof/review/1""#));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn json(review: &Review) -> String {
    printed(&whole(review))
}

/// The schema that [`json_of_all`] writes.
pub const SCHEMA_OF_ALL: &str = "backproof/reviews/1";

/// Reviews of several documents as one JSON object, each with the path of its document.
pub fn json_of_all(reviews: &[(&str, &Review)]) -> String {
    let documents =
        reviews.iter().map(|(path, review)| JsonDocument { path, review: whole(review) });
    printed(&JsonReviews {
        schema: SCHEMA_OF_ALL,
        good: reviews.iter().all(|(_, review)| review.is_good()),
        documents: documents.collect(),
    })
}

fn whole(review: &Review) -> JsonReview<'_> {
    JsonReview {
        schema: SCHEMA,
        good: review.is_good(),
        convention: review.convention.as_deref(),
        tally: tally(&review.tally),
        rows: review.rows.iter().map(row).collect(),
        notes: review.notes.iter().map(note).collect(),
    }
}

fn printed(json: &impl Serialize) -> String {
    // Strings, numbers and lists of them: nothing that JSON could not hold.
    let mut text = serde_json::to_string_pretty(json).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct JsonReviews<'r> {
    schema: &'r str,
    good: bool,
    documents: Vec<JsonDocument<'r>>,
}

#[derive(Serialize)]
struct JsonDocument<'r> {
    path: &'r str,
    review: JsonReview<'r>,
}

#[derive(Serialize)]
struct JsonReview<'r> {
    schema: &'r str,
    good: bool,
    convention: Option<&'r str>,
    tally: JsonTally,
    rows: Vec<JsonRow<'r>>,
    notes: Vec<JsonNote<'r>>,
}

#[derive(Serialize)]
struct JsonTally {
    rows: usize,
    read: usize,
    asking: usize,
    judged: usize,
    proved: usize,
    following: usize,
    refuted: usize,
    undecided: usize,
    definitions: usize,
    assumptions: usize,
    rules: usize,
    out_of_scope: usize,
}

#[derive(Serialize)]
struct JsonRow<'r> {
    line: usize,
    column: usize,
    start: usize,
    end: usize,
    text: &'r str,
    label: Option<&'r str>,
    cell: Option<JsonCell<'r>>,
    mark: Option<&'static str>,
    claims: Vec<JsonClaim<'r>>,
}

#[derive(Serialize)]
struct JsonCell<'r> {
    number: usize,
    id: Option<&'r str>,
}

#[derive(Serialize)]
struct JsonClaim<'r> {
    start: usize,
    end: usize,
    text: &'r str,
    reading: Option<JsonReading<'r>>,
    mark: &'static str,
    message: Option<&'r str>,
    given: &'r [String],
    error_bound: Option<f64>,
    follows: Option<usize>,
    agrees: Option<bool>,
    counterexample: Option<JsonCounterexample<'r>>,
    repair: Option<JsonRepair<'r>>,
    hint: Option<JsonHint<'r>>,
}

#[derive(Serialize)]
struct JsonHint<'r> {
    line: &'r str,
    rule: &'static str,
}

#[derive(Serialize)]
struct JsonReading<'r> {
    text: &'r str,
    names: Vec<JsonNamed<'r>>,
}

#[derive(Serialize)]
struct JsonNamed<'r> {
    name: &'r str,
    line: Option<usize>,
}

#[derive(Serialize)]
struct JsonCounterexample<'r> {
    point: Vec<JsonValue<'r>>,
    left: &'r str,
    right: &'r str,
}

#[derive(Serialize)]
struct JsonValue<'r> {
    name: &'r str,
    value: &'r str,
}

#[derive(Serialize)]
struct JsonRepair<'r> {
    start: usize,
    end: usize,
    from: &'r str,
    to: &'r str,
    slip: Option<&'static str>,
}

#[derive(Serialize)]
struct JsonNote<'r> {
    kind: &'static str,
    line: usize,
    column: usize,
    start: usize,
    end: usize,
    message: &'r str,
}

fn tally(tally: &Tally) -> JsonTally {
    JsonTally {
        rows: tally.rows,
        read: tally.read,
        asking: tally.asking(),
        judged: tally.judged(),
        proved: tally.proved,
        following: tally.following,
        refuted: tally.refuted,
        undecided: tally.undecided,
        definitions: tally.definitions,
        assumptions: tally.assumptions,
        rules: tally.rules,
        out_of_scope: tally.out_of_scope,
    }
}

fn row(row: &Row) -> JsonRow<'_> {
    JsonRow {
        line: row.line,
        column: row.column,
        start: row.source.start,
        end: row.source.end,
        text: &row.text,
        label: row.label.as_deref(),
        cell: row
            .cell
            .as_ref()
            .map(|cell| JsonCell { number: cell.number, id: cell.id.as_deref() }),
        mark: row.mark().map(mark),
        claims: row.claims.iter().map(claim).collect(),
    }
}

fn mark(mark: &Mark) -> &'static str {
    match mark {
        Mark::OutOfScope { .. } => "out-of-scope",
        Mark::Unread { .. } => "unread",
        other => other.word(),
    }
}

fn claim(claim: &Claim) -> JsonClaim<'_> {
    let mut json = JsonClaim {
        start: claim.source.start,
        end: claim.source.end,
        text: &claim.text,
        reading: claim.reading.as_ref().map(reading),
        mark: mark(&claim.mark),
        message: None,
        given: &[],
        error_bound: None,
        follows: None,
        agrees: None,
        counterexample: None,
        repair: None,
        hint: claim.hint.as_ref().map(|hint| JsonHint { line: &hint.line, rule: hint.rule }),
    };
    match &claim.mark {
        Mark::Proved { error_bound, given } => {
            (json.error_bound, json.given) = (*error_bound, given);
        }
        Mark::Follows { line } => json.follows = Some(*line),
        Mark::Refuted(wrong) => {
            json.message = Some(&wrong.message);
            json.counterexample = wrong.counterexample.as_ref().map(counterexample);
            json.repair = wrong.repair.as_ref().map(repair);
        }
        Mark::Undecided { reason } | Mark::Unread { reason } => json.message = Some(reason),
        Mark::Definition { agrees } => json.agrees = Some(*agrees),
        Mark::Assumption { what } | Mark::OutOfScope { what } => json.message = Some(what),
        Mark::Rule { name } => json.message = Some(name),
        Mark::Update => {}
    }
    json
}

fn reading(reading: &Reading) -> JsonReading<'_> {
    let names = reading.names.iter().map(|named| JsonNamed { name: &named.name, line: named.line });
    JsonReading { text: &reading.text, names: names.collect() }
}

fn counterexample(found: &Counterexample) -> JsonCounterexample<'_> {
    let point = found.point.iter().map(|(name, value)| JsonValue { name, value });
    JsonCounterexample { point: point.collect(), left: &found.left, right: &found.right }
}

fn repair(repair: &Repair) -> JsonRepair<'_> {
    let Repair { source, from, to, slip } = repair;
    let slip = slip.map(Slip::says);
    JsonRepair { start: source.start, end: source.end, from, to, slip }
}

fn note(note: &Note) -> JsonNote<'_> {
    JsonNote {
        kind: match note.kind {
            NoteKind::Reading => "reading",
            NoteKind::Reference => "dangling-reference",
            NoteKind::Repeated => "repeated-element",
            NoteKind::NewMeaning => "new-meaning",
        },
        line: note.line,
        column: note.column,
        start: note.source.start,
        end: note.source.end,
        message: &note.message,
    }
}
