//! A document of any common format, taken apart into words and formulas.
//!
//! A straight line: the reader of a format (`latex`, `markdown`, `html`, `rst`,
//! `notebook`; plain text needs none) lays the source out as one `stream`: clean text that
//! knows its places, with marks on what is code and what is a formula already, and with walls
//! where paragraphs and blocks end. `delimiters` finds what opens and closes maths in it, and
//! `scan` cuts it into pieces. No mathematics is known here: a formula is what stands between
//! its delimiters.
//!
//! Three laws hold for every input. Nothing is lost: the pieces follow the document, and what is
//! no formula is words. Every byte of a passage has its place in the source. And all of it takes
//! time in proportion to the length, without recursion.

mod delimiters;
mod format;
mod html;
mod latex;
mod lines;
mod markdown;
mod notebook;
mod passage;
mod rst;
mod scan;
mod stream;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::diag::{Error, Kind, Span};

pub use self::format::DocumentFormat;
pub use self::lines::{Lines, Place};
pub use self::notebook::cells;
pub use self::passage::Passage;

/// The longest document that is read, in bytes.
pub const MAX_DOCUMENT: usize = 1 << 26;
/// The longest formula of a document, in bytes.
pub const MAX_FORMULA: usize = 1 << 16;
/// The most pieces (formulas and the words between them) of one document.
pub const MAX_PIECES: usize = 1 << 18;

/// How a formula stands in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// Within a line of words: `$x$`, `\(x\)`.
    Inline,
    /// On lines of its own: `$$x$$`, `\[x\]`, `\begin{align}…\end{align}`.
    Display,
}

/// A piece of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// What is no formula, code included. Never blank.
    Words(Passage),
    /// What stands between the delimiters of a formula, as its author wrote it; an environment
    /// that opens maths by itself comes with its `\begin` and `\end`.
    Formula(Passage, Setting),
    /// What follows a delimiter that nothing closes, to the end of its paragraph.
    Unclosed(Passage, Unclosed),
}

impl Piece {
    /// The text of the piece, whichever it is.
    pub fn passage(&self) -> &Passage {
        match self {
            Piece::Words(p) | Piece::Formula(p, _) | Piece::Unclosed(p, _) => p,
        }
    }
}

/// A delimiter that nothing closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclosed {
    /// How the formula would have stood.
    pub setting: Setting,
    /// The delimiter as it is written: `$$`, `\begin{align}`.
    pub opener: String,
    /// Where it stands in the source.
    pub place: Range<usize>,
    /// What would have closed it: `$$`, `\end{align}`.
    pub closer: String,
}

/// The pieces of a document in their order.
///
/// # Errors
///
/// `Limit` if the document is longer than [`MAX_DOCUMENT`], has a formula longer than
/// [`MAX_FORMULA`] or more than [`MAX_PIECES`] pieces; `Syntax` if a notebook is no JSON or no
/// notebook. What is wrong with a single formula is no error of the document: it comes as
/// [`Piece::Unclosed`].
pub fn pieces(source: &str, format: DocumentFormat) -> Result<Vec<Piece>, Error> {
    if source.len() > MAX_DOCUMENT {
        let (has, most) = (source.len(), MAX_DOCUMENT);
        return Err(Error::new(
            Kind::Limit,
            format!("the document has {has} bytes; at most {most} are read"),
        )
        .at(Span::new(0, 0))
        .hint("split it into parts"));
    }
    let (stream, rules) = match format {
        DocumentFormat::Latex => latex::stream(source),
        DocumentFormat::Markdown => markdown::stream(source),
        DocumentFormat::Html => html::stream(source),
        DocumentFormat::Rst => rst::stream(source),
        DocumentFormat::Text => stream::plain(source),
        DocumentFormat::Notebook => return notebook::pieces(source),
    };
    let mut pieces = Vec::new();
    scan::scan(stream, rules, &mut pieces)?;
    Ok(pieces)
}
