//! Lists: expressions with nothing but commas between them.

use super::syntax::{Expr, Kind, Note, Part, Statement};

/// What stands between a part and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Comma,
    Other,
}

/// Bare expressions between commas as one list each.
pub(super) fn listed(parts: Vec<(Part, Link)>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    let mut group: Vec<Part> = Vec::new();
    for (part, link) in parts {
        let joins = link == Link::Comma
            && matches!(
                (&part, group.last()),
                (Part::Statement(_) | Part::Unread(_), Some(Part::Statement(_) | Part::Unread(_)))
            );
        if !joins {
            out.extend(grouped(std::mem::take(&mut group)));
        }
        group.push(part);
    }
    out.extend(grouped(group));
    out
}

/// Statements with only commas between them.
fn grouped(group: Vec<Part>) -> Vec<Part> {
    let bare = |part: &Part| matches!(part, Part::Statement(s) if s.rest.is_empty());
    if group.len() < 2 || !group.iter().any(bare) {
        return group;
    }
    if !group.iter().all(bare) {
        // An equation beside a bare expression: i = 1, 2, 3.
        let equation = group.iter().any(|p| !bare(p) && matches!(p, Part::Statement(_)));
        let message = if equation {
            "an equation stands beside a list here, and which belongs to which is not certain"
        } else {
            "a part of this list cannot be read"
        };
        return group
            .into_iter()
            .map(|part| match part {
                Part::Statement(s) => Part::Unread(Note { message: message.into(), span: s.span }),
                part => part,
            })
            .collect();
    }
    let statements: Vec<Statement> = group
        .into_iter()
        .filter_map(|part| match part {
            Part::Statement(s) => Some(s),
            _ => None,
        })
        .collect();
    let Some(head) = statements.first().cloned() else { return Vec::new() };
    let end = statements.iter().map(|s| s.span.end).max().unwrap_or(head.span.end);
    let span = head.span.start..end;
    let items = statements.into_iter().filter_map(|s| s.first).collect();
    let first = Some(Expr { kind: Kind::List(items), span: span.clone() });
    vec![Part::Statement(Statement { span, first, ..head })]
}
