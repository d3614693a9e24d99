//! Texts of networks: from a file, from standard input, or built in. Goes in: what the user
//! named. Comes out: a text that is not too long, or an error that says where to find another.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use backproof::diag::{Error, Kind, nearest};
use backproof::examples::{ARTICLE, EXAMPLES, find};
use backproof::lang::{MAX_SOURCE_BYTES, decode};

use super::failure::refused;

/// A text, and what errors call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// `net.bp`, `standard input`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// The text that `file` names: `-` is standard input; a file; a built-in network. The article's
/// where none is named.
pub fn read(file: Option<&Path>) -> Result<Source, Error> {
    let Some(path) = file else { return Ok(built_in(ARTICLE.name, ARTICLE.text)) };
    if path == Path::new("-") {
        let name = "standard input";
        return bounded(io::stdin().lock(), name);
    }
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => bounded(file, &name),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => match find(&name) {
            Some(example) => Ok(built_in(example.name, example.text)),
            None => Err(missing(path, &name)),
        },
        Err(fault) => Err(refused(&format!("cannot read `{name}`"), &fault)),
    }
}

/// Whether [`read`] would find something of that name.
pub fn is_known(path: &Path) -> bool {
    path.is_file() || path.to_str().is_some_and(|name| find(name).is_some())
}

fn built_in(name: &str, text: &str) -> Source {
    Source { name: format!("{name} (built in)"), text: text.to_string() }
}

/// Reads no more than a text may have, so that an endless one is answered, too.
fn bounded(from: impl Read, name: &str) -> Result<Source, Error> {
    let mut bytes = Vec::new();
    match from.take(MAX_SOURCE_BYTES as u64 + 1).read_to_end(&mut bytes) {
        Ok(read) if read > MAX_SOURCE_BYTES => {
            let most = MAX_SOURCE_BYTES >> 20;
            Err(Error::new(Kind::Limit, format!("{name} is longer than {most} MiB"))
                .hint("a network is a few lines of text; is this the right file?"))
        }
        Ok(_) => {
            let text = decode(&bytes).map_err(|error| {
                let told = Error::new(error.kind(), format!("{name}: {}", error.message()));
                error.hints().iter().fold(told, |e, hint| e.hint(hint.as_str()))
            })?;
            Ok(Source { name: name.to_string(), text: text.to_string() })
        }
        Err(fault) if fault.kind() == io::ErrorKind::IsADirectory => {
            Err(Error::new(Kind::Io, format!("`{name}` is a directory"))
                .hint(format!("name a file in it: {}", Path::new(name).join("net.bp").display())))
        }
        Err(fault) => Err(refused(&format!("cannot read `{name}`"), &fault)),
    }
}

fn missing(path: &Path, name: &str) -> Error {
    let error = Error::new(Kind::Io, format!("there is no file `{name}`"));
    let stem = path.file_stem().map(|s| s.to_string_lossy()).unwrap_or_default();
    let beside = beside(path);
    if let Some(near) = nearest(name, beside.iter().map(String::as_str)) {
        return error.hint(format!("did you mean `{near}`?"));
    }
    match nearest(&stem, EXAMPLES.iter().map(|e| e.name)) {
        Some(near) if path.extension().is_none() => {
            error.hint(format!("did you mean `{near}`, which is built in?"))
        }
        Some(near) => error
            .hint(format!("did you mean `{near}`, which is built in? its name has no `.bp`"))
            .hint(format!("or make a file of it: backproof examples {near} -o {near}.bp")),
        None => error.hint("`backproof examples` lists the networks that are built in"),
    }
}

/// The files in the folder of a path, as a path like it would name them, in order.
fn beside(path: &Path) -> Vec<String> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let Ok(entries) = fs::read_dir(folder.unwrap_or(Path::new("."))) else { return Vec::new() };
    let name = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.ok().filter(|entry| entry.path().is_file())?;
        let name = folder.map_or(entry.file_name().into(), |f| f.join(entry.file_name()));
        Some(name.display().to_string())
    };
    let mut names: Vec<String> = entries.take(LISTED).filter_map(name).collect();
    names.sort();
    names
}

/// So many files of a folder are looked at for the one that was meant.
const LISTED: usize = 10_000;
