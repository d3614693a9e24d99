//! A document as a sequence: words and the rows of its formulas, in order.
//!
//! Invariant: every place is a byte range of the source, on character boundaries.

use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use super::bases::{self, Bases};
use super::memberships::memberships;
use super::read::{self, DocumentFormat, Lines, Passage, Piece, Setting};
use super::shapes::{Arrays, Shape};
use super::tex::{self, Dots, Lexicon, Macros, syntax};
use crate::diag::Error;
use crate::net::Network;

/// What stands in a document.
#[derive(Clone)]
pub(super) struct Document<'t> {
    pub(super) source: &'t str,
    /// The letters with a usual meaning that words give another one: "let $\\sigma$ be ReLU".
    pub(super) otherwise: BTreeSet<char>,
    pub(super) items: Vec<Item>,
    /// The stems of names that are always bold.
    pub(super) bold: BTreeSet<String>,
    /// Names in formulas with ∈, with their shapes and the item behind which they stand.
    pub(super) told: Vec<(usize, syntax::Name, Shape)>,
    /// What the elements of its arrays are called.
    pub(super) arrays: Arrays,
    /// What words tell of the base of logarithms.
    pub(super) bases: Option<Bases>,
    /// Indices that are numbers of a class, for which numbers were put.
    pub(super) labels: Labels,
    lines: Lines<'t>,
}

/// The labels for which a document has numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    /// As they were written.
    pub(super) parts: BTreeSet<String>,
    /// The stems of names with numbers of the author's own below them.
    pub(super) numbered: BTreeSet<String>,
}

impl Labels {
    /// Whether the numbers below a name are none but those of labels.
    pub(super) fn number(&self, name: &syntax::Name) -> bool {
        !self.parts.is_empty() && !self.numbered.contains(&name.stem)
    }
}

/// One thing of it.
#[derive(Clone)]
pub(super) enum Item {
    /// Words between formulas.
    Words(Rc<Passage>),
    /// A row of a formula.
    Row(Placed),
}

/// A row with the passage that its spans refer to.
#[derive(Clone)]
pub(super) struct Placed {
    pub(super) row: syntax::Row,
    pub(super) passage: Rc<Passage>,
    /// Whether it stands in the running text.
    pub(super) inline: bool,
}

impl Placed {
    /// Whether the row goes on with a chain by something that was not read, and says nothing else.
    pub(super) fn carries(&self) -> bool {
        use syntax::{Part, Relation};
        let states = |part: &&Part| match part {
            Part::Words(..) => false,
            Part::Statement(statement) => !statement.rest.is_empty(),
            Part::Unread(_) | Part::OutOfScope(_) => true,
        };
        let mut refused = self.row.parts.iter().filter(states);
        let carries = |part: Option<&Part>| match part {
            Some(Part::Unread(r) | Part::OutOfScope(r)) => {
                r.carries && r.relation == Some(Relation::Equal)
            }
            _ => false,
        };
        carries(refused.next()) && refused.next().is_none()
    }

    /// Whether all of the row was read.
    pub(super) fn is_whole(&self) -> bool {
        use syntax::Part;
        !self.row.parts.iter().any(|p| matches!(p, Part::Unread(_) | Part::OutOfScope(_)))
    }

    /// Where a piece of the row stands in the document.
    pub(super) fn source(&self, span: &Range<usize>) -> Range<usize> {
        self.passage.source(span.clone())
    }
}

impl<'t> Document<'t> {
    /// Some of its items by themselves.
    pub(super) fn part(&self, items: Range<usize>) -> Document<'t> {
        let told = self.told.iter().filter(|(at, ..)| *at > items.start && *at <= items.end);
        let told = told.map(|(at, name, shape)| (at - items.start, name.clone(), shape.clone()));
        let told = told.collect();
        let items = self.items[items].to_vec();
        let (source, lines) = (self.source, self.lines.clone());
        let (otherwise, bold) = (self.otherwise.clone(), self.bold.clone());
        let (arrays, bases) = (self.arrays.clone(), self.bases.clone());
        let labels = self.labels.clone();
        Document { source, otherwise, items, bold, told, arrays, bases, labels, lines }
    }
}

impl Document<'_> {
    /// Line and column of a place, from 1; the column in characters.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let place = self.lines.place(at);
        (place.line, place.column)
    }

    /// What stands at a place, on one line.
    pub(super) fn text(&self, source: &Range<usize>) -> String {
        let text = self.source.get(source.clone()).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Reads a document: pieces, then the rows of its formulas.
pub(super) fn read<'t>(
    source: &'t str,
    format: DocumentFormat,
    network: Option<&Network>,
) -> Result<Document<'t>, Error> {
    let pieces = read::pieces(source, format)?;
    let formulas: Vec<(&str, Macros)> = placed(&pieces, source, format);
    let known: Vec<String> = network
        .map(|net| net.quantities().map(|(_, q)| q.name.clone()).collect())
        .unwrap_or_default();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let mut lexicon = Lexicon::of_placed(&formulas, &known);
    let otherwise = otherwise(&pieces);
    otherwise.iter().for_each(|letter| lexicon.give_up(*letter));
    let bases = bases::told(with_formulas(&pieces));
    let macros: Vec<Macros> = formulas.into_iter().map(|(_, macros)| macros).collect();
    let mut macros = macros.into_iter();
    let mut items = Vec::new();
    // "2.0" after a formula with "2.P" is 2·0.
    let mut dots = Dots::default();
    let mut told = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Words(passage) => items.push(Item::Words(Rc::new(passage))),
            Piece::Formula(passage, setting) => {
                let passage = Rc::new(passage);
                let macros = macros.next().unwrap_or_default();
                for row in tex::rows(&passage.text, &macros, &lexicon, &dots) {
                    let inline = setting == Setting::Inline;
                    let passage = passage.clone();
                    items.push(Item::Row(Placed { row, passage, inline }));
                }
                for (names, shape) in memberships(&passage.text) {
                    let rows = tex::rows(&names, &macros, &lexicon, &dots);
                    let names = rows.iter().flat_map(names_alone);
                    told.extend(names.map(|name| (items.len(), name, shape.clone())));
                }
                dots = Dots::after(&passage.text, &macros);
            }
            Piece::Unclosed(passage, unclosed) => {
                let span = 0..passage.text.len();
                let message = format!("{} is not closed by {}", unclosed.opener, unclosed.closer);
                let row = syntax::Row {
                    span: span.clone(),
                    parts: vec![syntax::Part::Unread(syntax::Refused::because(syntax::Note {
                        message,
                        span,
                    }))],
                    labels: Vec::new(),
                    references: Vec::new(),
                    warnings: Vec::new(),
                };
                let inline = unclosed.setting == Setting::Inline;
                items.push(Item::Row(Placed { row, passage: Rc::new(passage), inline }));
            }
        }
    }
    if let Some(bases) = &bases {
        tell_bases(&mut items, bases);
    }
    let (bold, labels, arrays) = (BTreeSet::new(), Labels::default(), Arrays::default());
    let lines = Lines::of(source);
    Ok(Document { source, otherwise, items, bold, told, arrays, bases, labels, lines })
}

/// The names that stand alone, or in a list, in a row.
fn names_alone(row: &syntax::Row) -> Vec<syntax::Name> {
    use syntax::{FormulaKind, Part};
    let sides = row.parts.iter().filter_map(|part| match part {
        Part::Statement(statement) => statement.first.as_ref(),
        _ => None,
    });
    let all = sides.flat_map(|side| match &side.kind {
        FormulaKind::List(all) => all.iter().collect(),
        _ => vec![side],
    });
    all.filter_map(|e| match &e.kind {
        FormulaKind::Name(name) => Some(name.clone()),
        _ => None,
    })
    .collect()
}

/// The letters of which words say something that is not their usual meaning: a formula that is
/// nothing but the letter, perhaps with an index or an argument, and words beside it that have no
/// word of that meaning.
fn otherwise(pieces: &[Piece]) -> BTreeSet<char> {
    const LETTERS: &[(char, &str, &[&str])] = &[
        ('σ', "\\sigma", &["sigmoid", "logistic", "sigmoidal"]),
        ('δ', "\\delta", &["kronecker", "delta", "is 1", "is one", "equals 1", "indicator"]),
    ];
    let words = |at: Option<usize>| match at.and_then(|at| pieces.get(at)) {
        Some(Piece::Words(passage)) => passage.text.to_lowercase(),
        _ => String::new(),
    };
    let mut found = BTreeSet::new();
    for (at, piece) in pieces.iter().enumerate() {
        let Piece::Formula(passage, _) = piece else { continue };
        let text = passage.text.trim();
        let alone = |command: &str, letter: char| {
            let rest = text.strip_prefix(command).or_else(|| text.strip_prefix(letter));
            rest.is_some_and(|rest| {
                let rest = rest.trim_start();
                let mark = rest.is_empty() || rest.starts_with(['_', '(']);
                mark && !rest.contains(['=', '<', '>', '+'])
            })
        };
        for (letter, command, usual) in LETTERS {
            if !alone(command, *letter) {
                continue;
            }
            let (before, behind) = (words(at.checked_sub(1)), words(Some(at + 1)));
            let before = before.rsplit(['.', ';']).next().unwrap_or_default();
            let behind = behind.split(['.', ';']).next().unwrap_or_default();
            let said = format!("{before} {behind}");
            let denied = said.contains("not ");
            if denied || !usual.iter().any(|word| said.contains(word)) {
                found.insert(*letter);
            }
        }
    }
    found
}

/// The words of a document, each with the text of the formulas before and behind it.
fn with_formulas(pieces: &[Piece]) -> impl Iterator<Item = (&str, [&str; 2])> {
    let formula = |at: Option<usize>| match at.and_then(|at| pieces.get(at)) {
        Some(Piece::Formula(passage, _)) => passage.text.as_str(),
        _ => "",
    };
    pieces.iter().enumerate().filter_map(move |(at, piece)| match piece {
        Piece::Words(passage) => {
            Some((passage.text.as_str(), [formula(at.checked_sub(1)), formula(Some(at + 1))]))
        }
        _ => None,
    })
}

/// Brings logarithms to the base that words tell.
fn tell_bases(items: &mut [Item], bases: &Bases) {
    use syntax::{Part, Statement};
    for item in items {
        let Item::Row(placed) = item else { continue };
        for part in &mut placed.row.parts {
            let Part::Statement(Statement { first, rest, .. }) = part else { continue };
            for side in first.iter_mut().chain(rest.iter_mut().map(|(_, side)| side)) {
                if let Some(new) = bases.settled(side, &placed.passage.text) {
                    *side = new;
                }
            }
        }
    }
}

/// The formulas of a document, each with the macros as they are where it stands. The source of a
/// notebook is JSON, in which no macro is seen; there, what its formulas define counts.
fn placed<'p>(pieces: &'p [Piece], source: &str, format: DocumentFormat) -> Vec<(&'p str, Macros)> {
    let passages = pieces.iter().filter_map(|piece| match piece {
        Piece::Formula(passage, _) => Some(passage),
        Piece::Words(_) | Piece::Unclosed(..) => None,
    });
    if format == DocumentFormat::Notebook {
        let texts: Vec<&str> = passages.map(|passage| passage.text.as_str()).collect();
        let macros = Macros::of(texts.iter().copied());
        let mut end = 0;
        let place = |text: &&'p str| {
            let start = end;
            end += text.len();
            (*text, macros.at(start..end))
        };
        return texts.iter().map(place).collect();
    }
    let macros = Macros::of(std::iter::once(source));
    let place = |passage: &'p read::Passage| {
        let text = passage.text.as_str();
        (text, macros.at(passage.source(0..text.len())))
    };
    passages.map(place).collect()
}
