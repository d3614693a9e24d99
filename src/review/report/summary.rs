//! The result in one sentence, and the table of marks.

use super::super::{Mark, Review, Row};
use super::words::{count, lines};

/// What the review found, a sentence without what it is of: `no row is refuted; 1 is undecided
/// (line 3)`.
pub(super) fn headline(review: &Review) -> String {
    let tally = &review.tally;
    if tally.rows == 0 {
        return "no formula in it states anything".to_string();
    }
    let unread = tally.rows.saturating_sub(tally.read);
    let mut parts = vec![match tally.refuted {
        0 if tally.undecided + unread + tally.out_of_scope == 0 => {
            "no row is refuted, and none is left open".to_string()
        }
        0 => "no row is refuted".to_string(),
        1 => format!("1 row is refuted{}", bracketed(review, is_refuted)),
        n => format!("{n} rows are refuted{}", bracketed(review, is_refuted)),
    }];
    let verb = |n| if n == 1 { "is" } else { "are" };
    if tally.undecided > 0 {
        let (n, verb) = (tally.undecided, verb(tally.undecided));
        parts.push(format!("{n} {verb} undecided{}", bracketed(review, is_undecided)));
    }
    if unread > 0 {
        parts.push(format!("{unread} could not be read{}", bracketed(review, is_unread)));
    }
    if tally.out_of_scope > 0 {
        let verb = if tally.out_of_scope == 1 { "was" } else { "were" };
        parts.push(format!("{} {verb} not judged", tally.out_of_scope));
    }
    parts.join("; ")
}

/// A kind of row: its name, how many there are, and what there is to know of them.
pub(super) struct RowKind {
    pub name: &'static str,
    pub rows: usize,
    pub remark: String,
}

/// The kinds of rows that the document has. How many were refuted and undecided is always said.
pub(super) fn kinds(review: &Review) -> Vec<RowKind> {
    let tally = &review.tally;
    let unread = tally.rows.saturating_sub(tally.read);
    let at = |test| place(review, test);
    let row = |name, rows, always: bool, remark: String| {
        (always || rows > 0).then_some(RowKind { name, rows, remark })
    };
    let fixed = |text: &str| text.to_string();
    [
        row("proved", tally.proved, true, proved(review)),
        row("follow", tally.following, false, fixed("correct, given a row that is not")),
        row("refuted", tally.refuted, true, at(is_refuted)),
        row("undecided", tally.undecided, true, at(is_undecided)),
        row("definitions", tally.definitions, false, definitions(review)),
        row("assumptions", tally.assumptions, false, String::new()),
        row("rules", tally.rules, false, fixed("in general letters")),
        row("out of scope", tally.out_of_scope, false, fixed("not judged")),
        row("not read", unread, false, at(is_unread)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How sure the proofs are, if not all are exact.
fn proved(review: &Review) -> String {
    let bounds = review.rows.iter().filter_map(|row| match row.mark() {
        Some(Mark::Proved { error_bound, .. }) => *error_bound,
        _ => None,
    });
    let (mut probable, mut worst) = (0, 0.0_f64);
    for bound in bounds {
        probable += 1;
        worst = worst.max(bound);
    }
    match probable {
        0 => String::new(),
        n => format!(
            "{n} at random points; chance of error below {}",
            crate::scalar::show_digits(worst, 2)
        ),
    }
}

/// How many the network confirms.
fn definitions(review: &Review) -> String {
    let agree = review
        .rows
        .iter()
        .filter(|row| matches!(row.mark(), Some(Mark::Definition { agrees: true })))
        .count();
    match agree {
        0 => String::new(),
        n => format!("{n} of them as in the network"),
    }
}

/// ` (line 8)`; nothing where there are no such rows.
fn bracketed(review: &Review, test: fn(&Row) -> bool) -> String {
    match place(review, test) {
        place if place.is_empty() => place,
        place => format!(" ({place})"),
    }
}

/// The lines of such rows; nothing if there are none.
fn place(review: &Review, test: fn(&Row) -> bool) -> String {
    let mut at: Vec<usize> =
        review.rows.iter().filter(|row| test(row)).map(|row| row.line).collect();
    at.dedup();
    if at.is_empty() { String::new() } else { lines(&at) }
}

fn is_refuted(row: &Row) -> bool {
    matches!(row.mark(), Some(Mark::Refuted(_)))
}

fn is_undecided(row: &Row) -> bool {
    matches!(row.mark(), Some(Mark::Undecided { .. }))
}

/// Whether a part of it was not read, whatever else it says.
fn is_unread(row: &Row) -> bool {
    row.claims.iter().any(|claim| matches!(claim.mark, Mark::Unread { .. }))
}

/// `58 of 60 rows read. 37 of the 40 that ask for a verdict have one`.
pub(super) fn read(review: &Review) -> String {
    let tally = &review.tally;
    let read = match tally.read == tally.rows {
        true => format!("{} read", count(tally.rows, "row")),
        false => format!("{} of {} read", tally.read, count(tally.rows, "row")),
    };
    match (tally.judged(), tally.asking()) {
        (_, 0) => read,
        (1, 1) => format!("{read}. The one that asks for a verdict has one"),
        (0, 1) => format!("{read}. The one that asks for a verdict has none"),
        (2, 2) => format!("{read}. Both that ask for a verdict have one"),
        (judged, asking) if judged == asking => {
            format!("{read}. All {asking} that ask for a verdict have one")
        }
        (judged, asking) => {
            let verb = if judged == 1 { "has" } else { "have" };
            format!("{read}. {judged} of the {asking} that ask for a verdict {verb} one")
        }
    }
}
