//! Reports as JUnit XML, which build servers list: of a check and of a review.
//!
//! What always holds: no time, no host, no random id, so that the same report gives the same text.

mod gradients;
mod rows;

use backproof::diag::{Error, Kind};
use quick_junit::{NonSuccessKind, Report, TestCaseStatus, TestSuite};

pub use gradients::gradients;
pub use rows::rows;

/// The XML of suites of test cases.
fn printed(suites: impl IntoIterator<Item = TestSuite>) -> Result<String, Error> {
    let mut report = Report::new("backproof");
    report.add_test_suites(suites);
    let unsaid = |fault| Error::new(Kind::Internal, format!("the XML was not written: {fault}"));
    report.to_string().map_err(unsaid)
}

/// A test case that failed: in a word, in a line, and what more there is to say.
fn failed(kind: &str, message: String, more: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message).set_type(kind).set_description(more);
    status
}
