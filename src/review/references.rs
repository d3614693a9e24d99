//! References between equations: those that lead nowhere, and those that lead to something else.

use std::collections::BTreeMap;
use std::ops::Range;

use super::claim::stands_in;
use super::document::{Document, Item};
use super::tex::{
    self,
    syntax::{Expr, Part, Row as Parsed},
};
use super::{Mark, Note, NoteKind, Row};

/// How many rows a left side may be carried over before it is looked for no further.
const MAX_CARRIED: usize = 1000;

/// Notes every reference that leads nowhere, and every "from eq. (n)" whose equation does not
/// stand in the line that it is put into.
pub(super) fn check(document: &Document<'_>, rows: &[Row], notes: &mut Vec<Note>) {
    let labels = labels(document);
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    let mut last: Option<&Expr> = None;
    for (at, item) in document.items.iter().enumerate() {
        match item {
            Item::Words(passage) => {
                for reference in tex::references(&passage.text) {
                    if !labels.contains_key(reference.name.as_str()) {
                        let message = nowhere(&reference.name);
                        found.push((passage.source(reference.span), message));
                    }
                }
            }
            Item::Row(placed) => {
                for reference in &placed.row.references {
                    let source = placed.source(&reference.span);
                    match labels.get(reference.name.as_str()) {
                        None => found.push((source, nowhere(&reference.name))),
                        Some(label) => {
                            if let Some(message) =
                                misled(document, rows, label, &reference.name, at, last)
                            {
                                found.push((source, message));
                            }
                        }
                    }
                }
                last = last_side(&placed.row).or(last);
            }
        }
    }
    for (source, message) in found {
        let (line, column) = document.place(source.start);
        notes.push(Note { kind: NoteKind::Reference, source, line, column, message });
    }
}

fn nowhere(name: &str) -> String {
    format!("there is no equation ({name}) in this document")
}

/// The items that bear each label.
fn labels<'d>(document: &'d Document<'_>) -> BTreeMap<&'d str, Vec<usize>> {
    let mut labels: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, item) in document.items.iter().enumerate() {
        if let Item::Row(placed) = item {
            for label in &placed.row.labels {
                labels.entry(label.name.as_str()).or_default().push(at);
            }
        }
    }
    labels
}

/// What is wrong with "from eq. (n)" in item `at`, if something is.
fn misled(
    document: &Document<'_>,
    rows: &[Row],
    labelled: &[usize],
    name: &str,
    at: usize,
    last: Option<&Expr>,
) -> Option<String> {
    // Only a row that goes on puts something in: "= … from eq. (2.2)".
    let Item::Row(placed) = &document.items[at] else { return None };
    let goes_on = placed.row.parts.iter().any(|part| match part {
        Part::Statement(s) => !s.aside && s.first.is_none(),
        _ => false,
    });
    let last = last?;
    if !goes_on || labelled.contains(&at) {
        return None;
    }
    let mut left = None;
    for item in labelled {
        let (owner, side) = left_side(document, *item)?;
        // What a wrong line says is no ground for a second complaint.
        if is_refuted(document, rows, owner..=*item) || stands_in(side, last) {
            return None;
        }
        left = Some(owner);
    }
    let Item::Row(owner) = &document.items[left?] else { return None };
    let (_, side) = left_side(document, left?)?;
    let text = document.text(&owner.source(&side.span));
    Some(format!("equation ({name}) is about {text}, which does not stand in the line before"))
}

/// The left side of the chain that an item belongs to, and the item where it stands.
fn left_side<'d>(document: &'d Document<'_>, item: usize) -> Option<(usize, &'d Expr)> {
    for at in (0..=item).rev().take(MAX_CARRIED) {
        let Item::Row(placed) = &document.items[at] else { continue };
        for part in placed.row.parts.iter().rev() {
            if let Part::Statement(statement) = part
                && !statement.aside
                && !statement.rest.is_empty()
                && let Some(first) = &statement.first
            {
                return Some((at, first));
            }
        }
    }
    None
}

fn is_refuted(
    document: &Document<'_>,
    rows: &[Row],
    items: std::ops::RangeInclusive<usize>,
) -> bool {
    items.into_iter().any(|at| {
        let Item::Row(placed) = &document.items[at] else { return false };
        let source = placed.source(&placed.row.span);
        let nth = rows.partition_point(|row| row.source.start < source.start);
        rows.get(nth)
            .is_some_and(|row| row.source == source && matches!(row.mark(), Some(Mark::Refuted(_))))
    })
}

fn last_side(row: &Parsed) -> Option<&Expr> {
    row.parts.iter().rev().find_map(|part| match part {
        Part::Statement(s) if !s.aside => s.rest.last().map(|(_, side)| side),
        _ => None,
    })
}
