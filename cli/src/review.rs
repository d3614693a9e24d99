//! `backproof review`: written derivations marked row by row.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use backproof::diag::{Error, Kind};
use backproof::lang::Overrides;
use backproof::net::Network;
use backproof::review::read::{DocumentFormat, MAX_DOCUMENT};
use backproof::review::report::{self, Artifact, Style};
use backproof::review::{Review, Tally, review};

use super::args::{Marks, ReviewArgs};
use super::failure::{Failure, refused};
use super::source::Source;
use super::{Outcome, document, junit, output, progress, source};

/// The most documents of one run, and how deep folders may stand in one another.
const MAX_FILES: usize = 10_000;
const MAX_FOLDERS: usize = 32;
/// What a document on standard input is called in a log.
const STDIN: &str = "stdin";

/// A document that was reviewed.
struct Reviewed {
    source: Source,
    format: DocumentFormat,
    /// What it is called in a log.
    path: String,
    review: Review,
}

/// Text → passages → rows → marks → output, for each document.
pub fn run(args: &ReviewArgs) -> Result<Outcome, Failure> {
    let network = args.network.as_deref().map(|path| network(path, args)).transpose()?;
    let files = documents(&args.files)?;
    let several = files.len() > 1;
    let mut all = Vec::with_capacity(files.len());
    for file in &files {
        all.extend(reviewed(file.as_deref(), args, network.as_ref(), several)?);
    }
    if all.is_empty() {
        let what = "none of the documents states anything";
        return Err(Error::new(Kind::Syntax, what)
            .hint("a formula of a document stands between its delimiters, as in `$y = w x$`")
            .into());
    }
    let marks = marks(args)?;
    if args.hint && marks != Marks::Text {
        return Err(Error::new(Kind::Syntax, "--hint is about text, and this is not")
            .hint("leave --format and the ending of -o out, or --hint: other forms show repairs")
            .into());
    }
    let text = match marks {
        Marks::Text => in_text(&all, args, several),
        Marks::Json if several => {
            let all: Vec<(&str, &Review)> = all.iter().map(|d| (&*d.path, &d.review)).collect();
            report::json_of_all(&all)
        }
        Marks::Json => all.iter().map(|d| report::json(&d.review)).collect(),
        Marks::Sarif => {
            let all: Vec<(&Review, Artifact<'_>)> = all
                .iter()
                .map(|d| (&d.review, Artifact::new(&d.path, &d.source.text, d.format)))
                .collect();
            report::sarif_of_all(&all)
        }
        Marks::Junit => {
            let all = all.iter().map(|d| (&*d.path, &d.review, &*d.source.text));
            junit::rows(all, args.strict)?
        }
        Marks::Markdown if several => {
            return Err(Error::new(Kind::Syntax, "remarks are written into one document")
                .hint("name one document, or another form with --format")
                .into());
        }
        Marks::Markdown => {
            all.iter().map(|d| report::annotated(&d.review, &d.source.text, d.format)).collect()
        }
    };
    output::put_text(&text, args.output.as_deref())?;
    let good = all.iter().all(|d| matches!(outcome(&d.review, args.strict), Outcome::Good));
    Ok(if good { Outcome::Good } else { Outcome::Disagrees })
}

/// The review of a document; none of one that states nothing where there are others.
fn reviewed(
    file: Option<&Path>,
    args: &ReviewArgs,
    network: Option<&Network>,
    several: bool,
) -> Result<Option<Reviewed>, Failure> {
    let source = read(file)?;
    let format = format(args, file, &source);
    let marked = progress::during("reviewing", || review(&source.text, format, network));
    let review = marked.map_err(|error| Failure::of(error, &source))?;
    if review.rows.is_empty() {
        return match several {
            true => Ok(None),
            false => Err(document::nothing_stated(&source, format).into()),
        };
    }
    let path = self::file(file).and_then(Path::to_str).unwrap_or(STDIN).to_string();
    Ok(Some(Reviewed { source, format, path, review }))
}

/// The reports one below the other, and how many rows of all of them were judged.
fn in_text(all: &[Reviewed], args: &ReviewArgs, several: bool) -> String {
    let style = Style::default().with(|style| {
        style.colour = is_coloured(args);
        style.all = args.all;
        style.hint = args.hint;
        style.width = output::columns(args.width, file(args.output.as_deref()).is_none());
    });
    let reports: Vec<String> = all
        .iter()
        .map(|d| report::text(&d.review, &d.source.text, &d.source.name, style))
        .collect();
    let mut text = reports.join("\n");
    if several {
        let sum = |count: fn(&Tally) -> usize| -> usize {
            all.iter().map(|d| count(&d.review.tally)).sum()
        };
        let (refuted, undecided) = (sum(|t| t.refuted), sum(|t| t.undecided));
        let proved = sum(|t| t.proved + t.following);
        let (judged, asking) = (sum(Tally::judged), sum(Tally::asking));
        let documents = all.len();
        let rows = if proved == 1 { "row" } else { "rows" };
        let noun = if documents == 1 { "document" } else { "documents" };
        text.push_str(&format!(
            "\n{documents} {noun}: {proved} {rows} proved, {refuted} refuted, {undecided} undecided.\n\
             {judged} of the {asking} rows that ask for a verdict have one.\n"
        ));
    }
    text
}

/// The files that were named, a folder as the documents in it and below, in order. One that is
/// none for standard input.
fn documents(named: &[PathBuf]) -> Result<Vec<Option<PathBuf>>, Error> {
    if named.is_empty() {
        return Ok(vec![None]);
    }
    let mut all: Vec<Option<PathBuf>> = Vec::new();
    for path in named {
        if !path.is_dir() {
            all.push(Some(path.clone()));
            continue;
        }
        let before = all.len();
        below(path, &mut all, 0)?;
        if all.len() == before {
            let name = path.display();
            return Err(Error::new(Kind::Io, format!("there is no document in `{name}`"))
                .hint("a document ends in .md, .tex, .html, .rst, .ipynb or .txt"));
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|path| seen.insert(path.clone()));
    if all.len() > MAX_FILES {
        let error = format!("these are {} documents, and {MAX_FILES} are the most", all.len());
        return Err(Error::new(Kind::Limit, error).hint("name fewer, or a folder further below"));
    }
    Ok(all)
}

/// The documents of a folder and those below it, by name. Folders that begin with a dot are left
/// out.
fn below(folder: &Path, all: &mut Vec<Option<PathBuf>>, depth: usize) -> Result<(), Error> {
    let fault = |fault: io::Error| refused(&format!("cannot read `{}`", folder.display()), &fault);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault)? {
        paths.push(entry.map_err(fault)?.path());
    }
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() && !path.is_symlink() && depth < MAX_FOLDERS {
            below(&path, all, depth + 1)?;
        } else if path.is_file() && DocumentFormat::of_name(name).is_some() {
            all.push(Some(path));
        }
    }
    Ok(())
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
    let stdin = args.files.is_empty() || args.files.iter().any(|f| f == Path::new("-"));
    if path == Path::new("-") && stdin {
        let error = "the document and the network cannot both come from standard input";
        return Err(Error::new(Kind::Io, error).hint("name a file for one of them").into());
    }
    let source = source::read(Some(path))?;
    document::network(&source, &Overrides::default()).map_err(|error| Failure::of(error, &source))
}

/// The format that was named, or that of the file's name, or what the text looks like.
fn format(args: &ReviewArgs, path: Option<&Path>, document: &Source) -> DocumentFormat {
    let named = || file(path).and_then(|path| DocumentFormat::of_name(path.to_str()?));
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
        Some("xml") => Ok(Marks::Junit),
        Some(ending @ ("pdf" | "html" | "htm" | "tex")) => {
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
