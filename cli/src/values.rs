//! Files of values and gradients. Goes in: paths. Comes out: the arrays in them, and a network
//! that has their values.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use backproof::diag::{Error, Kind};
use backproof::net::{Network, QuantityId};
use backproof::scalar::Rational;
use backproof::values::{self, Gradient, MAX_FILE_BYTES};

use super::args::ValueArgs;
use super::document;
use super::failure::refused;
use super::source::Source;

/// The network of `source` with the values of the files; `--given` counts more than a file, and
/// a file more than the text.
pub fn network(
    source: &Source,
    args: &ValueArgs,
    overrides: &backproof::lang::Overrides,
) -> Result<Network, Error> {
    let mut net = document::network(source, overrides)?;
    give(&mut net, args, &overrides.given)?;
    Ok(net)
}

/// The same, and what the files say of quantities that have definitions.
pub fn network_and_forward(
    source: &Source,
    args: &ValueArgs,
    overrides: &backproof::lang::Overrides,
) -> Result<(Network, Vec<Gradient>), Error> {
    let mut net = document::network(source, overrides)?;
    let mut forward = Vec::new();
    if !args.values.is_empty() {
        let files = read_all(&args.values)?;
        let (found, defined) = values::values_and_forward(&net, &files)?;
        put(&mut net, found, &overrides.given)?;
        forward = defined;
    }
    Ok((net, forward))
}

/// Gives `net` the values of the files that `args` names, but for those in `given`.
pub fn give(net: &mut Network, args: &ValueArgs, given: &[String]) -> Result<(), Error> {
    if args.values.is_empty() {
        return Ok(());
    }
    let found = values::values(net, &read_all(&args.values)?)?;
    put(net, found, given)
}

fn put(
    net: &mut Network,
    found: BTreeMap<QuantityId, Vec<Rational>>,
    given: &[String],
) -> Result<(), Error> {
    let said: Vec<&str> =
        given.iter().filter_map(|text| Some(text.split_once('=')?.0.trim())).collect();
    for (id, numbers) in found {
        if !said.contains(&net.quantity(id).name.as_str()) {
            net.give(id, numbers)?;
        }
    }
    Ok(())
}

/// The arrays of each file; the errors of all are told.
pub fn read_all(paths: &[PathBuf]) -> Result<Vec<values::File>, Error> {
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match read(path) {
            Ok(file) => files.push(file),
            Err(error) => errors.push(error),
        }
    }
    Error::collect(errors).map_or(Ok(files), Err)
}

fn read(path: &Path) -> Result<values::File, Error> {
    let name = path.display().to_string();
    let cannot = |fault: &io::Error| match fault.kind() {
        io::ErrorKind::NotFound => Error::new(Kind::Io, format!("there is no file `{name}`")),
        io::ErrorKind::IsADirectory => Error::new(Kind::Io, format!("`{name}` is a directory")),
        _ => refused(&format!("cannot read `{name}`"), fault),
    };
    let file = File::open(path).map_err(|fault| cannot(&fault))?;
    let mut bytes = Vec::new();
    // No more than a file may have, so that an endless one is answered, too.
    file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|fault| cannot(&fault))?;
    values::read(&name, &bytes)
}
