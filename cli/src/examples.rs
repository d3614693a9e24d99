//! `backproof examples`: the built-in networks, listed or one of them printed.

use backproof::diag::{Error, Kind, nearest};
use backproof::examples::{EXAMPLES, find};
use backproof::page::{Block, Inline, Page, Section, Table};

use super::args::ExamplesArgs;
use super::failure::Failure;
use super::{Outcome, output};

/// Prints the text that is named, or the list.
pub fn run(args: &ExamplesArgs) -> Result<Outcome, Failure> {
    match &args.name {
        Some(name) => {
            let example = find(name).ok_or_else(|| unknown(name))?;
            output::put_text(example.text, args.output.output.as_deref())?;
        }
        None => output::put(&list(), &args.output)?,
    }
    Ok(Outcome::Good)
}

fn unknown(name: &str) -> Error {
    let error = Error::new(Kind::Name, format!("no network called `{name}` is built in"));
    match nearest(name, EXAMPLES.iter().map(|e| e.name)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`backproof examples` lists them"),
    }
}

fn list() -> Page {
    let words = |text: &str| vec![Inline::Words(text.to_string())];
    let row = |name: &str, about: &str| vec![words(name), words(about)];
    let header = vec![words("name"), words("what it is")];
    let rows = EXAMPLES.iter().map(|e| row(e.name, e.about())).collect();
    let table = Table::new(header, rows);
    let code = |text: &str| Inline::Code(text.to_string());
    let how = vec![
        code("backproof derive plain"),
        Inline::Words(" derives one; ".to_string()),
        code("backproof examples plain -o net.bp"),
        Inline::Words(" makes a file of it to start from.".to_string()),
    ];
    let blocks = vec![Block::Table(table), Block::Text(how)];
    Page::new("The built-in networks", vec![Section::new(Vec::new(), blocks)])
}
