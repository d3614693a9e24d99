//! `backproof show`: what a network is made of.

use backproof::diag::Error;
use backproof::lower::lower;
use backproof::page::{Page, network_page};

use super::args::ShowArgs;
use super::failure::Failure;
use super::source::Source;
use super::{Outcome, output, progress, source, values};

/// Text → network → graph → page → output.
pub fn run(args: &ShowArgs) -> Result<Outcome, Failure> {
    let source = source::read(args.network.values.file.as_deref())?;
    let page = progress::during("laying out", || page(&source, args));
    output::put(&page.map_err(|error| Failure::of(error, &source))?, &args.output)?;
    Ok(Outcome::Good)
}

fn page(source: &Source, args: &ShowArgs) -> Result<Page, Error> {
    let net = values::network(source, &args.network.values, &args.network.overrides())?;
    let lowered = lower(&net)?;
    Ok(network_page(&net, &lowered, args.all))
}
