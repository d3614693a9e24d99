//! Rows in, rows with their reasons out: "chain rule with z = t − r" says of names what holds in
//! the formula before it, and where it has a row of its own, it belongs to the row above.

use super::syntax::{FormulaKind, Part, Row, Statement};
use super::words::{introduces, joins};

/// Marks the names that words introduce, and joins to every row the reason that stands below it.
pub(super) fn joined(rows: Vec<Row>) -> Vec<Row> {
    let mut all: Vec<Row> = Vec::with_capacity(rows.len());
    for mut row in rows {
        mark(&mut row.parts);
        match all.last_mut() {
            Some(above) if is_reason(&row.parts) && states(above) => {
                above.parts.append(&mut row.parts);
                above.labels.append(&mut row.labels);
                above.references.append(&mut row.references);
                above.warnings.append(&mut row.warnings);
            }
            _ => all.push(row),
        }
    }
    all
}

fn mark(parts: &mut [Part]) {
    let mut introducing = false;
    for part in parts {
        match part {
            // "with u = …, v = … and w = …"
            Part::Words(words, _) => introducing = introduces(words) || introducing && joins(words),
            Part::Statement(statement) => {
                introducing &= is_naming(statement);
                statement.introduced = introducing;
            }
            Part::Unread(_) | Part::OutOfScope(_) => introducing = false,
        }
    }
}

/// Whether a statement says of one name what it is.
fn is_naming(statement: &Statement) -> bool {
    let named = statement.first.as_ref().is_some_and(|f| matches!(f.kind, FormulaKind::Name(_)));
    named && !statement.aligned && statement.rest.len() == 1
}

fn is_reason(parts: &[Part]) -> bool {
    let introduced = |part: &Part| matches!(part, Part::Statement(s) if s.introduced);
    parts.iter().any(introduced)
        && parts.iter().all(|part| matches!(part, Part::Words(..)) || introduced(part))
}

/// Whether there is something on a row that may have a reason.
fn states(row: &Row) -> bool {
    row.parts.iter().any(|part| matches!(part, Part::Statement(s) if !s.rest.is_empty()))
}
