//! `backproof check`: the symbolic gradients held against numbers.

use backproof::check::{Options, check};
use backproof::diag::Error;
use backproof::lang::parse_network_with;
use backproof::page::{Page, check_page};

use super::args::CheckArgs;
use super::failure::Failure;
use super::source::Source;
use super::{Outcome, output, progress, source};

/// Text → network → report → page → output.
pub fn run(args: &CheckArgs) -> Result<Outcome, Failure> {
    let source = source::read(args.network.values.file.as_deref())?;
    let checked = progress::during("checking", || page(&source, args));
    let (page, outcome) = checked.map_err(|error| Failure::of(error, &source))?;
    output::put(&page, &args.output)?;
    Ok(outcome)
}

fn page(source: &Source, args: &CheckArgs) -> Result<(Page, Outcome), Error> {
    let net = parse_network_with(&source.text, &args.network.overrides())?;
    let report = check(&net, &Options { seed: args.seed, trials: args.trials })?;
    Ok((check_page(&report), Outcome::of(&report)))
}
