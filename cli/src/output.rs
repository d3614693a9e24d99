//! Pages to where they go. Goes in: a page, and what the user said of its form and place. Comes
//! out: standard output, laid out for the terminal, or a file.
//!
//! What always holds: a file is written under another name and then renamed, so it is there
//! whole or not at all; a reader that has seen enough and goes away is no error.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use backproof::diag::{Error, Kind};
use backproof::page::Page;
use backproof::render::{self, LatexStyle, TextStyle};

use super::args::{OutputArgs, OutputFormat};
use super::failure::refused;
use super::interrupt;

/// The width where there is no terminal to ask.
const WIDTH: usize = 80;
/// Wider lines are hard to read, however wide the terminal is.
const WIDEST: usize = 100;

/// Sets the page in its format and puts it where it goes.
pub fn put(page: &Page, args: &OutputArgs) -> Result<(), Error> {
    let format = format(args)?;
    if args.fragment && format != OutputFormat::Latex {
        return Err(Error::new(Kind::Syntax, "--fragment is about LaTeX, and this is not")
            .hint("add --format latex, or leave --fragment out"));
    }
    let to_stdout = file(args).is_none();
    let colour = match args.look.colour() {
        ColorChoice::Auto => to_stdout && AutoStream::choice(&io::stdout()) != ColorChoice::Never,
        choice => choice != ColorChoice::Never,
    };
    let text = match format {
        OutputFormat::Text => {
            let width = columns(args.look.width, to_stdout);
            render::text(
                page,
                &TextStyle::default().with(|style| {
                    style.width = width;
                    style.unicode = !args.look.ascii;
                    style.colour = colour;
                }),
            )
        }
        OutputFormat::Latex => {
            render::latex(page, &LatexStyle::default().with(|style| style.fragment = args.fragment))
        }
        OutputFormat::Markdown => render::markdown(page),
        OutputFormat::Json => render::json(page),
        OutputFormat::Junit => {
            return Err(Error::new(
                Kind::Syntax,
                "JUnit XML is a report of `check`, and this is none",
            )
            .hint("backproof check NET --format junit, or backproof review FILE --format junit"));
        }
    };
    put_text(&text, args.output.as_deref())
}

/// Puts a text that is set already into `to`, or to standard output.
pub fn put_text(text: &str, to: Option<&Path>) -> Result<(), Error> {
    match to.filter(|path| *path != Path::new("-")) {
        Some(path) => interrupt::after(|| write_file(path, text)).map_err(|fault| {
            let error = refused(&format!("cannot write `{}`", path.display()), &fault);
            match fault.kind() {
                io::ErrorKind::NotFound => error.hint("is there such a directory?"),
                _ => error,
            }
        }),
        None => match write_stdout(text) {
            // The reader has gone: `| head` does so.
            Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(fault) => Err(refused("cannot write to standard output", &fault)),
            Ok(()) => Ok(()),
        },
    }
}

fn file(args: &OutputArgs) -> Option<&PathBuf> {
    args.output.as_ref().filter(|path| *path != Path::new("-"))
}

/// The format that was asked for, or the one that the file's name tells.
pub fn format(args: &OutputArgs) -> Result<OutputFormat, Error> {
    if let Some(format) = args.format {
        return Ok(format);
    }
    let ending = file(args).and_then(|path| path.extension()).and_then(|e| e.to_str());
    match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("tex" | "latex") => Ok(OutputFormat::Latex),
        Some("md" | "markdown") => Ok(OutputFormat::Markdown),
        Some("json") => Ok(OutputFormat::Json),
        Some("xml") => Ok(OutputFormat::Junit),
        Some(ending @ ("pdf" | "html" | "htm")) => {
            let error = format!("there is no format for a file that ends in `.{ending}`");
            Err(Error::new(Kind::Syntax, error).hint(match ending {
                "pdf" => "write LaTeX with -o FILE.tex, and run pdflatex on it",
                _ => "write Markdown with -o FILE.md, which many tools turn into HTML",
            }))
        }
        _ => Ok(OutputFormat::Text),
    }
}

/// The width that was asked for, or that of the terminal, or else the usual one.
pub fn columns(asked: Option<usize>, to_stdout: bool) -> usize {
    asked.unwrap_or_else(|| if to_stdout { width() } else { WIDTH })
}

fn width() -> usize {
    let columns = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into());
    columns.map_or(WIDTH, |columns: usize| columns.min(WIDEST))
}

fn write_stdout(text: &str) -> io::Result<()> {
    // Where an old console shows no escapes, this translates them.
    let mut stdout = AutoStream::new(io::stdout().lock(), ColorChoice::Always);
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes a new file beside the old one and puts it in its place.
fn write_file(path: &Path, text: &str) -> io::Result<()> {
    // A link keeps pointing where it does.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let old = fs::metadata(&target).ok();
    if let Some(old) = &old
        && !old.is_file()
    {
        // A directory refuses by itself; a device or a pipe cannot be replaced.
        return File::options().write(true).open(&target)?.write_all(text.as_bytes());
    }
    if let Some(old) = &old
        && old.permissions().readonly()
    {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".backproof-");
    if let Some(permissions) = permissions() {
        builder.permissions(permissions);
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.persist(&target).map(|_| ()).map_err(|fault| fault.error)
}

/// Those of a new file, from which the system takes what the user's mask says.
#[cfg(unix)]
fn permissions() -> Option<fs::Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(fs::Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn permissions() -> Option<fs::Permissions> {
    None
}
