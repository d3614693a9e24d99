//! `backproof review`: a written derivation marked row by row.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use backproof::diag::{Error, Kind};
use backproof::lang::Overrides;
use backproof::net::Network;
use backproof::review::read::{DocumentFormat, MAX_DOCUMENT};
use backproof::review::report::{self, Artifact, Style};
use backproof::review::{Review, review};

use super::args::{Marks, ReviewArgs};
use super::failure::{Failure, refused};
use super::source::Source;
use super::{Outcome, document, output, progress, source};

/// What a document on standard input is called in a log.
const STDIN: &str = "stdin";

/// Text → passages → rows → marks → output.
pub fn run(args: &ReviewArgs) -> Result<Outcome, Failure> {
    let network = args.network.as_deref().map(|path| network(path, args)).transpose()?;
    let source = read(args.file.as_deref())?;
    let format = format(args, &source);
    let marked = progress::during("reviewing", || review(&source.text, format, network.as_ref()));
    let review = marked.map_err(|error| Failure::of(error, &source))?;
    if review.rows.is_empty() {
        return Err(document::nothing_stated(&source, format).into());
    }
    let text = match marks(args)? {
        Marks::Text => {
            let style = Style::default().with(|style| {
                style.colour = is_coloured(args);
                style.all = args.all;
            });
            report::text(&review, &source.text, &source.name, style)
        }
        Marks::Json => report::json(&review),
        Marks::Sarif => {
            let path = file(args.file.as_deref()).and_then(Path::to_str).unwrap_or(STDIN);
            report::sarif(&review, Artifact::new(path, &source.text, format))
        }
        Marks::Markdown => report::annotated(&review, &source.text, format),
    };
    output::put_text(&text, args.output.as_deref())?;
    Ok(outcome(&review, args.strict))
}

fn outcome(review: &Review, strict: bool) -> Outcome {
    let tally = &review.tally;
    let open = tally.undecided > 0 || tally.read < tally.rows;
    match review.is_good() && !(strict && open) {
        true => Outcome::Good,
        false => Outcome::Disagrees,
    }
}

fn network(path: &Path, args: &ReviewArgs) -> Result<Network, Failure> {
    if path == Path::new("-") && file(args.file.as_deref()).is_none() {
        let error = "the document and the network cannot both come from standard input";
        return Err(Error::new(Kind::Io, error).hint("name a file for one of them").into());
    }
    let source = source::read(Some(path))?;
    document::network(&source, &Overrides::default()).map_err(|error| Failure::of(error, &source))
}

/// The format that was named, or that of the file's name, or what the text looks like.
fn format(args: &ReviewArgs, document: &Source) -> DocumentFormat {
    let named =
        || file(args.file.as_deref()).and_then(|path| DocumentFormat::of_name(path.to_str()?));
    let from = args.from.map(super::args::Written::format);
    from.or_else(named).unwrap_or_else(|| DocumentFormat::guess(&document.text))
}

/// The form that was asked for, or the one that the output's name tells.
fn marks(args: &ReviewArgs) -> Result<Marks, Error> {
    if let Some(marks) = args.format {
        return Ok(marks);
    }
    let ending = file(args.output.as_deref()).and_then(Path::extension).and_then(|e| e.to_str());
    match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("json") => Ok(Marks::Json),
        Some("sarif") => Ok(Marks::Sarif),
        Some("md" | "markdown") => Ok(Marks::Markdown),
        Some(ending @ ("pdf" | "html" | "htm" | "tex" | "xml")) => {
            Err(Error::new(Kind::Syntax, format!("there is no review that ends in `.{ending}`"))
                .hint("write Markdown with -o FILE.md, or name the form with --format"))
        }
        _ => Ok(Marks::Text),
    }
}

fn is_coloured(args: &ReviewArgs) -> bool {
    match args.color.choice() {
        ColorChoice::Auto => {
            file(args.output.as_deref()).is_none()
                && AutoStream::choice(&io::stdout()) != ColorChoice::Never
        }
        choice => choice != ColorChoice::Never,
    }
}

/// A file, where one is named.
fn file(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| *path != Path::new("-"))
}

/// The document: a file, or standard input.
fn read(path: Option<&Path>) -> Result<Source, Error> {
    let Some(path) = file(path) else {
        let stdin = io::stdin();
        if path.is_none() && stdin.is_terminal() {
            return Err(Error::new(Kind::Io, "there is no document to review")
                .hint("name a file, or `-` to type one"));
        }
        return bounded(stdin.lock(), "standard input");
    };
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => bounded(file, &name),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
            Err(Error::new(Kind::Io, format!("there is no file `{name}`")))
        }
        Err(fault) => Err(refused(&format!("cannot read `{name}`"), &fault)),
    }
}

/// Reads no more than a document may have, so that an endless one is answered, too.
fn bounded(from: impl Read, name: &str) -> Result<Source, Error> {
    let mut bytes = Vec::new();
    match from.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut bytes) {
        Ok(read) if read > MAX_DOCUMENT => {
            let most = MAX_DOCUMENT >> 20;
            Err(Error::new(Kind::Limit, format!("{name} is longer than {most} MiB"))
                .hint("split it into parts"))
        }
        Ok(_) => decoded(bytes, name),
        Err(fault) if fault.kind() == io::ErrorKind::IsADirectory => {
            Err(Error::new(Kind::Io, format!("`{name}` is a directory")))
        }
        Err(fault) => Err(refused(&format!("cannot read `{name}`"), &fault)),
    }
}

fn decoded(bytes: Vec<u8>, name: &str) -> Result<Source, Error> {
    if bytes.starts_with(b"%PDF-") {
        return Err(Error::new(
            Kind::Syntax,
            format!("{name} is a PDF, in which formulas are drawn"),
        )
        .hint("review what it was made from: its LaTeX, Markdown or HTML"));
    }
    let text = String::from_utf8(bytes).map_err(|fault| {
        let at = fault.utf8_error().valid_up_to();
        let byte = fault.as_bytes().get(at).copied().unwrap_or_default();
        let error = format!("{name} is not UTF-8: byte {at} is 0x{byte:02X}");
        Error::new(Kind::Syntax, error).hint("save it as UTF-8; is it a text at all?")
    })?;
    let text = match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_string(),
        None => text,
    };
    Ok(Source { name: name.to_string(), text })
}
