//! `backproof check`: the symbolic gradients held against numbers, our own or those of another
//! program.

use backproof::check::{
    Format as Floats, Options, Report, Supplied, Theirs, check, check_supplied, report_json,
};
use backproof::diag::{Error, Kind};
use backproof::net::Network;
use backproof::page::check_page;
use backproof::values::{self as files, Against, Dtype, Gradient};

use super::args::{CheckArgs, OutputFormat};
use super::failure::Failure;
use super::source::Source;
use super::{Outcome, junit, output, progress, source, values};

/// Text → network → report → page → output.
pub fn run(args: &CheckArgs) -> Result<Outcome, Failure> {
    let source = source::read(args.network.values.file.as_deref())?;
    let checked = progress::during("checking", || report(&source, args));
    let report = checked.map_err(|error| Failure::of(error, &source))?;
    match output::format(&args.output)? {
        OutputFormat::Json => {
            output::put_text(&report_json(&report), args.output.output.as_deref())?
        }
        OutputFormat::Junit => {
            output::put_text(&junit::gradients(&report)?, args.output.output.as_deref())?;
        }
        _ => output::put(&check_page(&report), &args.output)?,
    }
    Ok(Outcome::of(&report))
}

fn report(source: &Source, args: &CheckArgs) -> Result<Report, Error> {
    let overrides = args.network.overrides();
    let compares = !args.against.is_empty() || !args.forward.is_empty();
    let (net, known) = match compares {
        // What a file of values says of definitions is compared with them.
        true => values::network_and_forward(source, &args.network.values, &overrides)?,
        false => (values::network(source, &args.network.values, &overrides)?, Vec::new()),
    };
    let mut report = match compares {
        true => check_supplied(&net, net.values(), &supplied(&net, known, args)?)?,
        false => check(
            &net,
            &Options::default().with(|options| {
                options.seed = args.seed;
                options.trials = args.trials;
            }),
        )?,
    };
    report.derive = Some(derive(args));
    Ok(report)
}

/// The gradients in the files, and the values of the forward pass, each with the format that it was
/// computed in.
fn supplied(net: &Network, known: Vec<Gradient>, args: &CheckArgs) -> Result<Supplied, Error> {
    let complete = !args.against.is_empty();
    let mut against = Against { gradients: Vec::new(), forward: Vec::new() };
    if complete {
        against = files::against(net, &values::read_all(&args.against)?)?;
    }
    let of_forward = match args.forward.is_empty() {
        true => Vec::new(),
        false => files::forward(net, &values::read_all(&args.forward)?)?,
    };
    let theirs = |gradient: Gradient| {
        let stored = match gradient.dtype {
            Dtype::F16 => Floats::F16,
            Dtype::Bf16 => Floats::Bf16,
            Dtype::F32 => Floats::F32,
            Dtype::F64 | Dtype::Integer | Dtype::Bool | Dtype::Decimal => Floats::F64,
        };
        let format = args.precision.map_or(stored, |p| p.format());
        (gradient.quantity, Theirs::new(gradient.numbers, format))
    };
    let forward: Vec<Gradient> =
        known.into_iter().chain(against.forward).chain(of_forward).collect();
    for (n, one) in forward.iter().enumerate() {
        if let Some(first) = forward[..n].iter().find(|f| f.quantity == one.quantity) {
            let name = &net.quantity(one.quantity).name;
            let sentence = format!(
                "the value of `{name}` is there twice: `{}` in {} and `{}` in {}",
                first.array, first.file, one.array, one.file
            );
            return Err(Error::new(Kind::Name, sentence).hint("keep one of them"));
        }
    }
    let forward = forward.into_iter().map(theirs);
    Ok(Supplied::default().with(|supplied| {
        supplied.gradients = against.gradients.into_iter().map(theirs).collect();
        supplied.forward = forward.collect();
        supplied.complete = complete;
        supplied.from = args.from.and_then(|from| from.framework());
        supplied.accumulate = args.accumulate.map(|kept| kept.sums()).unwrap_or_default();
        supplied.seconds = Some(args.diagnosis);
    }))
}

/// The command that derives a gradient of the same network at the same values.
fn derive(args: &CheckArgs) -> String {
    let mut words = vec!["backproof derive".to_string()];
    let values = &args.network.values;
    words.extend(values.file.iter().map(|file| quoted(&file.display().to_string())));
    let mut flag = |name: &str, value: &str| words.push(format!("{name} {}", quoted(value)));
    values.values.iter().for_each(|file| flag("--values", &file.display().to_string()));
    values.given.iter().for_each(|given| flag("--given", given));
    values.loss.iter().for_each(|loss| flag("--loss", loss));
    args.network.winner.iter().for_each(|winner| flag("--winner", winner));
    words.join(" ")
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=+,:@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
