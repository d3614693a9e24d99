//! Review (floor 5): the lines of a derivation that somebody wrote, marked one by one.
//!
//! Goes in: a document and, perhaps, the network that it is about. Comes out: a [`Review`]: a
//! mark for every row, with a counterexample and a repair where it is wrong. A straight line:
//! text → passages ([`read`]) → rows ([`tex`]), words → roles (`prose`) → what names stand for
//! (`scope`) → claims
//! (`marker`) → marks. What always holds:
//! - "proved" and "refuted" are verdicts of [`prove`](crate::proof): where a name has no
//!   definition, a row is undecided and says which name;
//! - what cannot be read is refused with its place and reason, never guessed;
//! - an error is marked once: rows that follow correctly from a wrong one say so;
//! - a repair was proved before it is offered.

mod arguments;
mod around;
mod arrays;
mod bases;
mod build;
mod claim;
mod convention;
mod costs;
mod declared;
mod dependences;
mod document;
mod doubts;
mod equation;
mod givens;
mod hints;
mod indices;
mod judge;
mod labels;
mod limits;
mod lists;
mod losses;
mod marker;
mod marks;
mod memberships;
mod names;
mod naming;
mod numbered;
mod numbers;
mod otherwise;
mod properties;
mod prose;
mod reach;
#[doc(hidden)]
pub mod read;
mod readings;
mod references;
mod repair;
pub mod report;
mod say;
mod scope;
mod sections;
mod shapes;
mod survey;
mod suspects;
#[doc(hidden)]
pub mod tex;
mod told;
mod values;
mod ways;
mod worked;

#[doc(hidden)]
pub use build::{MAX_ROW_NODES, MAX_SUM_TERMS};
pub(crate) use indices::MAX_ELEMENTS;
pub(crate) use judge::MAX_STEPS_OF_A_CLAIM;
pub use marks::{
    Cell, Claim, Counterexample, Hint, Mark, Named, Note, NoteKind, Reading, Repair, Review, Row,
    Slip, Tally, Wrong,
};
#[doc(inline)]
pub use read::DocumentFormat;
pub(crate) use read::{MAX_DOCUMENT, MAX_FORMULA, MAX_PIECES};
pub(crate) use repair::{MAX_REPAIRED, MAX_TRIES, MAX_TRIES_PER_ROW};
#[doc(hidden)]
pub use scope::MAX_DEFINITION_DEPTH;
pub(crate) use tex::{
    MAX_ASIDES, MAX_DEPTH, MAX_EXPANSION, MAX_LENGTH, MAX_MACRO_DEPTH, MAX_MACROS, MAX_NAME,
    MAX_ROW, MAX_TOKENS,
};

use crate::diag::Error;
use crate::lower::lower;
use crate::net::Network;
use names::Cells;

/// The phrases that are understood: words, what they say of the formula behind them, a sentence
/// where they do so, and one where they do not.
#[doc(hidden)]
pub fn phrases() -> Vec<[&'static str; 4]> {
    prose::TABLE.iter().map(|row| [row.words, row.cue.says(), row.example, row.not]).collect()
}

/// Marks every row of a document. With a network, the document's definitions are held against
/// it, and its names are the network's.
///
/// # Errors
/// Of kind `Syntax` where the container cannot be read (a notebook that is no JSON), of kind
/// `Limit` where the document or the network is too large. Formulas that cannot be read are no
/// errors but rows, marked [`Mark::Unread`].
///
/// ```
/// use backproof::review::{DocumentFormat, Mark, review};
/// let text = r"
/// Let $E = (t - wx)^2/2$, where $x$ and $t$ are given. Then
/// $$\frac{\partial E}{\partial w} = (t - wx) \cdot x$$
/// ";
/// let review = review(text, DocumentFormat::Markdown, None)?;
/// let Some(Mark::Refuted(wrong)) = review.rows[1].mark() else { panic!() };
/// assert!(wrong.counterexample.is_some() && wrong.repair.is_some());
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn review(
    text: &str,
    format: DocumentFormat,
    network: Option<&Network>,
) -> Result<Review, Error> {
    let lowered = network.map(lower).transpose()?;
    let cells = match (network, &lowered) {
        (Some(net), Some(lowered)) => Some(Cells { net, lowered }),
        _ => None,
    };
    let mut document = document::read(text, format, network)?;
    let read = document.clone();
    match network {
        None => sections::lower(&mut document),
        Some(_) => {
            numbered::lower(&mut document);
            arrays::spread(&mut document, network);
        }
    }
    let mut review = marker::mark(&document, cells);
    if network.is_none() {
        sections::alone(&mut review, &document, &read);
    }
    if format == DocumentFormat::Notebook {
        let all = read::cells(text)?;
        for row in &mut review.rows {
            let place = all.partition_point(|(cell, _)| cell.start <= row.source.start);
            let found = place.checked_sub(1).and_then(|at| all.get(at));
            row.cell = found.map(|(_, id)| Cell { number: place, id: id.clone() });
        }
    }
    Ok(review)
}
