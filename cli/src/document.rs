//! Documents and networks, told apart. Goes in: a text that was taken for one of them and came to
//! nothing. Comes out: one error, which says what the text is and what reads it.

use backproof::diag::{Error, Kind};
use backproof::lang::{Overrides, Statement, parse, parse_network, parse_network_with};
use backproof::net::Network;
use backproof::review::read::{DocumentFormat, Piece, pieces};

use super::source::Source;

/// The network that a text describes. Errors: those of [`parse_network_with`]; one, which names
/// `review`, for a text that is a document.
pub fn network(source: &Source, overrides: &Overrides) -> Result<Network, Error> {
    parse_network_with(&source.text, overrides).map_err(|error| match is_document(source) {
        true => no_network(source),
        false => error,
    })
}

/// Whether a text that is no network is written for people: nothing in it is declared, and it
/// has the signs of a document or the name of one.
fn is_document(source: &Source) -> bool {
    let declares = |s: &Statement| matches!(s, Statement::Declare { .. });
    let named =
        DocumentFormat::of_name(&source.name).is_some_and(|format| format != DocumentFormat::Text);
    let marked = |line: &str| {
        let signs = ["\\begin{", "\\[", "\\(", "\\documentclass", "\\section", "\\frac", "```"];
        line.matches('$').count() >= 2 || signs.iter().any(|sign| line.contains(sign))
    };
    let looks = || {
        let guess = DocumentFormat::guess(&source.text);
        matches!(
            guess,
            DocumentFormat::Notebook
                | DocumentFormat::Html
                | DocumentFormat::Latex
                | DocumentFormat::Rst
        ) || source.text.lines().any(marked)
    };
    // What is cheap first: the text may be long, and is parsed once more.
    (named || looks()) && !parse(&source.text).statements.iter().any(declares)
}

fn no_network(source: &Source) -> Error {
    let name = &source.name;
    let command = match name.as_str() {
        "standard input" => "backproof review -".to_string(),
        file => format!("backproof review {file}"),
    };
    let message = format!("{name} is a document, and a network is expected here");
    Error::new(Kind::Syntax, message)
        .hint(format!("`{command}` marks the formulas of a document"))
        .hint("a network declares its quantities, as `backproof examples plain` shows")
}

/// The error for a document in which no formula states anything, read in this format.
pub fn nothing_stated(document: &Source, format: DocumentFormat) -> Error {
    let name = &document.name;
    let message = format!("no formula in {name} states anything, read as {}", title(format));
    let error = Error::new(Kind::Syntax, message);
    let text = document.text.as_str();
    if parse_network(text).is_ok() {
        return error.hint(format!("it is a network: `backproof derive {name}`"));
    }
    let as_read = equations(text, format);
    let best = FORMATS.iter().map(|(other, from, _)| (equations(text, *other), *from));
    if let Some((count, from)) = best.rev().max_by_key(|(count, _)| *count)
        && count > as_read
    {
        let formulas = if count == 1 { "1 equation" } else { &format!("{count} equations") };
        return error.hint(format!("--from {from} finds {formulas} in it"));
    }
    let written = text.lines().position(is_equation);
    let error = match written {
        Some(line) => error.hint(format!(
            "line {} looks like an equation: between dollars, `$ … $`, it is read as one, in \
             LaTeX's notation",
            line + 1
        )),
        None => error.hint("an equation between dollars states something: `$y = w x$`"),
    };
    let all: Vec<&str> = FORMATS.iter().map(|(_, from, _)| *from).collect();
    error.hint(format!("--from says how a document is written: {}", all.join(", ")))
}

/// Every format, as `--from` calls it and as people do.
const FORMATS: [(DocumentFormat, &str, &str); 6] = [
    (DocumentFormat::Latex, "latex", "LaTeX"),
    (DocumentFormat::Markdown, "markdown", "Markdown"),
    (DocumentFormat::Html, "html", "HTML"),
    (DocumentFormat::Text, "text", "plain text"),
    (DocumentFormat::Rst, "rst", "reStructuredText"),
    (DocumentFormat::Notebook, "notebook", "a notebook"),
];

fn title(format: DocumentFormat) -> &'static str {
    FORMATS.iter().find(|(f, ..)| *f == format).map_or("a document", |(_, _, title)| title)
}

/// How many formulas with an equals sign a text has in a format.
fn equations(text: &str, format: DocumentFormat) -> usize {
    let equation = |piece: &Piece| match piece {
        Piece::Formula(formula, _) => formula.text.contains('='),
        _ => false,
    };
    pieces(text, format).map_or(0, |all| all.iter().filter(|piece| equation(piece)).count())
}

/// Whether a line of words has an equation in it: something on either side of a lone `=`.
fn is_equation(line: &str) -> bool {
    let value = |c: char| c.is_alphanumeric() || "()[]{}'′".contains(c);
    line.split_once('=').is_some_and(|(left, right)| {
        left.trim_end().ends_with(value)
            && right.trim_start().starts_with(|c| value(c) || "-−+√∂∇\\".contains(c))
    })
}
