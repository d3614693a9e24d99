//! `backproof` alone: the article's network, derived and checked.

use backproof::check::{Options, check};
use backproof::diag::Error;
use backproof::lang::parse_network;
use backproof::lesson::{Ask, lesson};
use backproof::page::{Inline, Level, Page, check_page, derivation_page};

use super::args::OutputArgs;
use super::failure::Failure;
use super::source::Source;
use super::{Outcome, output, source};

/// Text → network → lesson and report → page → output.
pub fn run(args: &OutputArgs) -> Result<Outcome, Failure> {
    let source = source::read(None)?;
    let (page, outcome) = checked_page(&source).map_err(|error| Failure::of(error, &source))?;
    output::put(&page, args)?;
    Ok(outcome)
}

/// The derivation, and below it what a check of the same network found.
fn checked_page(source: &Source) -> Result<(Page, Outcome), Error> {
    let lesson = lesson(parse_network(&source.text)?, &Ask::default())?;
    let report = check(&lesson.net, &Options::default())?;
    let mut page = derivation_page(&lesson, Level::Textbook);
    let mut check = check_page(&report).sections;
    if let Some(first) = check.first_mut() {
        first.heading = vec![Inline::Words("The gradients, checked in numbers".to_string())];
    }
    page.sections.extend(check);
    Ok((page, Outcome::of(&report)))
}
