//! `backproof derive`: the derivation of every gradient that was asked for.

use backproof::diag::Error;
use backproof::index::any_depth::GeneralLayer;
use backproof::lang::{network_of_formula, select};
use backproof::lesson::{
    Ask, AskIndexed, general_lesson, indexed_lesson, lesson, reads_better_in_indices,
};
use backproof::net::Network;
use backproof::page::{Page, derivation_page, general_page, indexed_page};

use super::args::{DeriveArgs, Form, General};
use super::failure::Failure;
use super::source::Source;
use super::{Outcome, document, output, progress, source, values};

/// Text → network → lesson → page → output.
pub fn run(args: &DeriveArgs) -> Result<Outcome, Failure> {
    if let Some(layer) = args.general {
        let layer = match layer {
            General::Dense => GeneralLayer::Dense,
            General::Convolution => GeneralLayer::Convolution,
        };
        let lesson = progress::during("deriving and proving", || general_lesson(layer));
        let nowhere = Source { name: String::new(), text: String::new() };
        let lesson = lesson.map_err(|error| Failure::of(error, &nowhere))?;
        output::put(&general_page(&lesson, args.level.into()), &args.output)?;
        return Ok(Outcome::Good);
    }
    let source = match &args.expr {
        Some(formula) => Source { name: "--expr".to_string(), text: formula.clone() },
        None => source::read(args.network.values.file.as_deref())?,
    };
    let page = progress::during("deriving and proving", || page(&source, args));
    output::put(&page.map_err(|error| Failure::of(error, &source))?, &args.output)?;
    Ok(Outcome::Good)
}

fn page(source: &Source, args: &DeriveArgs) -> Result<Page, Error> {
    let wrt: Vec<String> = args.wrt.iter().flat_map(|list| split(list)).collect();
    let overrides = args.network.overrides();
    let mut net = match args.expr {
        Some(_) => network_of_formula(&source.text, &wrt, &overrides)?,
        None => document::network(source, &overrides)?,
    };
    values::give(&mut net, &args.network.values, &overrides.given)?;
    let by = chosen(&net, &wrt)?;
    match args.form {
        Form::Scalars => in_scalars(net, by, args),
        Form::Indices => in_indices(net, by, args),
        Form::Auto if reads_better_in_indices(&net, &by) => {
            // What one form refuses the other may give.
            in_indices(net.clone(), by.clone(), args)
                .or_else(|error| in_scalars(net, by, args).map_err(|_| error))
        }
        Form::Auto => in_scalars(net, by, args),
    }
}

fn in_indices(net: Network, by: Chosen, args: &DeriveArgs) -> Result<Page, Error> {
    let paths = args.paths.unwrap_or(AskIndexed::default().paths);
    let ask = AskIndexed::default().with(|ask| {
        ask.by = by;
        ask.updates = !args.no_updates;
        ask.terms = args.terms;
        ask.paths = paths;
    });
    Ok(indexed_page(&indexed_lesson(net, &ask)?, args.level.into()))
}

fn in_scalars(net: Network, by: Chosen, args: &DeriveArgs) -> Result<Page, Error> {
    let paths = args.paths.unwrap_or(Ask::default().paths);
    let ask = Ask::default().with(|ask| {
        ask.by = by;
        ask.updates = !args.no_updates;
        ask.paths = paths;
        ask.all_cases = args.cases;
    });
    Ok(derivation_page(&lesson(net, &ask)?, args.level.into()))
}

type Chosen = Vec<(backproof::net::QuantityId, Option<usize>)>;

/// What is named, in the network's numbers; every mistake is told.
fn chosen(net: &Network, wrt: &[String]) -> Result<Chosen, Error> {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for name in wrt {
        match select(net, name) {
            Ok(selection) => found.push((selection.quantity, selection.position)),
            Err(error) => errors.push(error),
        }
    }
    Error::collect(errors).map_or(Ok(found), Err)
}

/// `w, w[0,1]` at its commas, but not at those between brackets.
fn split(list: &str) -> Vec<String> {
    let mut depth = 0usize;
    let parts = list.split(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.map(|part| part.trim().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_list_is_split_at_commas_outside_brackets() {
        assert_eq!(split("w_fc"), ["w_fc"]);
        assert_eq!(split("w_fc, w[0, 1],c[1,0]"), ["w_fc", "w[0, 1]", "c[1,0]"]);
        assert_eq!(split("a,,b]"), ["a", "", "b]"]);
    }
}
