//! The report of a check: a test case for each parameter.

use std::fmt::Write;

use backproof::check::{Choice, Parameter, Report as Checked, Verdict};
use backproof::diag::Error;
use backproof::page::check_page;
use backproof::render::{TextStyle, text};
use backproof::scalar::show_digits;
use quick_junit::{TestCase, TestCaseStatus, TestSuite};

use super::{failed, printed};

/// The XML.
pub fn gradients(checked: &Checked) -> Result<String, Error> {
    let mut suite = TestSuite::new(format!("gradients of {}", checked.loss));
    for parameter in &checked.parameters {
        let mut case = TestCase::new(name(checked, parameter), status(checked, parameter));
        case.set_classname("backproof.check");
        if let Some(remark) = remark(parameter) {
            case.set_system_out(remark);
        }
        suite.add_test_case(case);
    }
    suite.set_system_out(text(&check_page(checked), &TextStyle::default()));
    printed([suite])
}

fn name(checked: &Checked, parameter: &Parameter) -> String {
    format!("d{}/d{}", checked.loss, parameter.name)
}

fn status(checked: &Checked, parameter: &Parameter) -> TestCaseStatus {
    match parameter.verdict() {
        Verdict::Agree => TestCaseStatus::success(),
        // What is not judged does not count as agreement.
        Verdict::NotJudged(why) => failed("not-judged", format!("not judged: {why}"), ""),
        Verdict::Differ => {
            let differing = parameter.comparisons.iter().map(|c| c.differing).max().unwrap_or(0);
            let cells = parameter.shape.elements();
            let differ = format!("{differing} of {cells} differ");
            failed("differs", differ, &differences(checked, parameter))
        }
    }
}

/// A line for each element that is listed, the cause, and how to go on.
fn differences(checked: &Checked, parameter: &Parameter) -> String {
    let mut out = String::new();
    for m in parameter.comparisons.iter().flat_map(|c| &c.mismatches) {
        let value = |n: &backproof::check::Number| match n {
            backproof::check::Number::Rational(q) => show_digits(q.to_f64(), 17),
            backproof::check::Number::Residue(x) => x.residue().to_string(),
            backproof::check::Number::F64(x) => show_digits(*x, 17),
        };
        let exact = m.exact.as_ref().map(|q| show_digits(q.to_f64(), 17));
        let exact = exact.unwrap_or_else(|| value(&m.symbolic));
        // Writing to a String does not fail.
        let _ = writeln!(
            out,
            "{}: {} where {exact} is right (bound {})",
            m.cell,
            value(&m.other),
            show_digits(m.bound, 2)
        );
    }
    if let Some(diagnosis) = &parameter.diagnosis {
        let _ = writeln!(out, "likely cause: {diagnosis}");
    }
    if parameter.at_kinks.as_ref().is_some_and(|k| k.choice == Choice::Outside) {
        let _ = writeln!(out, "outside the subdifferential: no choice at the kinks gives it");
    }
    let first = parameter.comparisons.iter().find_map(|c| c.mismatches.first());
    if let Some(command) = first.and_then(|m| checked.command(&m.cell)) {
        let _ = writeln!(out, "{command}");
    }
    out
}

fn remark(parameter: &Parameter) -> Option<String> {
    let unexpected = parameter.at_kinks.as_ref()?.unexpected?;
    Some(format!("remark: {} would give another gradient at this kink", unexpected.name()))
}
