//! Reviews: a suite for each document, a test case for each row that asks for a verdict.
//!
//! A refuted row fails. A row without a verdict is skipped; with `--strict`, one that is undecided
//! or was not read fails, too.

use backproof::diag::Error;
use backproof::review::report::{Style, text};
use backproof::review::{Mark, Review, Row};
use quick_junit::{TestCase, TestCaseStatus, TestSuite};

use super::{failed, printed};

/// The XML of reviews, each with the path of its document and its text.
pub fn rows<'r>(
    reviews: impl IntoIterator<Item = (&'r str, &'r Review, &'r str)>,
    strict: bool,
) -> Result<String, Error> {
    printed(reviews.into_iter().map(|(path, review, source)| suite(path, review, source, strict)))
}

fn suite(path: &str, review: &Review, source: &str, strict: bool) -> TestSuite {
    let mut suite = TestSuite::new(path);
    for row in &review.rows {
        let Some(status) = row.mark().and_then(|mark| status(mark, strict)) else { continue };
        let mut case = TestCase::new(name(row), status);
        case.set_classname("backproof.review");
        suite.add_test_case(case);
    }
    suite.set_system_out(text(review, source, path, Style::default()));
    suite
}

/// `line 8: ∂E/∂w = …`; in a notebook with its cell.
fn name(row: &Row) -> String {
    let text = row.text.split_whitespace().collect::<Vec<_>>().join(" ");
    match &row.cell {
        Some(cell) => format!("cell {}, line {}: {text}", cell.number, row.line),
        None => format!("line {}: {text}", row.line),
    }
}

/// None of a row that asks for no verdict.
fn status(mark: &Mark, strict: bool) -> Option<TestCaseStatus> {
    let skipped = |kind: &str, why: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_type(kind).set_message(why);
        status
    };
    let open = |kind: &str, why: &str| match strict {
        true => failed(kind, why.to_string(), ""),
        false => skipped(kind, why),
    };
    Some(match mark {
        Mark::Proved { .. } | Mark::Follows { .. } => TestCaseStatus::success(),
        Mark::Refuted(wrong) => {
            let repair = wrong.repair.as_ref();
            let repair = repair.map(|r| format!("it holds with {} for {}", r.to, r.from));
            failed("refuted", wrong.message.clone(), &repair.unwrap_or_default())
        }
        Mark::Undecided { reason } => open("undecided", reason),
        Mark::Unread { reason } => open("not-read", reason),
        Mark::OutOfScope { what } => skipped("out-of-scope", what),
        _ => return None,
    })
}
