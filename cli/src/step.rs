//! `backproof step`: gradient descent in numbers.

use backproof::diag::Error;
use backproof::lesson::training;
use backproof::page::{Page, training_page};

use super::args::StepArgs;
use super::failure::Failure;
use super::source::Source;
use super::{Outcome, output, progress, source, values};

/// Text → network → run → page → output.
pub fn run(args: &StepArgs) -> Result<Outcome, Failure> {
    let source = source::read(args.values.file.as_deref())?;
    let page = progress::during("taking steps", || page(&source, args));
    output::put(&page.map_err(|error| Failure::of(error, &source))?, &args.output)?;
    Ok(Outcome::Good)
}

fn page(source: &Source, args: &StepArgs) -> Result<Page, Error> {
    let net = values::network(source, &args.values, &args.values.overrides())?;
    Ok(training_page(&training(&net, &args.rate, args.times)?))
}
