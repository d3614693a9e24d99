//! Lists: expressions with nothing but commas between them.

use super::syntax::{Expr, FormulaKind, Part, Relation, Statement};

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
        let element = |part: &Part| matches!(part, Part::Statement(_) | Part::Unread(_));
        let listed = |part: &Part| element(part) || is_dots(part);
        let joins = link == Link::Comma && listed(&part) && group.last().is_some_and(listed);
        if !joins {
            out.extend(grouped(std::mem::take(&mut group)));
        }
        group.push(part);
    }
    out.extend(grouped(group));
    out
}

/// Dots that leave out elements of a list.
fn is_dots(part: &Part) -> bool {
    matches!(part, Part::Words(words, _) if words == "…")
}

/// Whether this is "i = 1, 2, 3" or "i = 1, …, n": what an index takes, and no claim.
fn enumerates(group: &[Part]) -> bool {
    let Some((Part::Statement(head), others)) = group.split_first() else { return false };
    let letter = match &head.first {
        Some(Expr { kind: FormulaKind::Name(name), .. }) => {
            matches!(name.stem.as_str(), "i" | "j" | "k" | "l" | "m" | "n")
                && name.below.is_empty()
                && name.above.is_none()
        }
        _ => false,
    };
    let number = |e: &Expr| matches!(e.kind, FormulaKind::Number { .. });
    let value = |part: &Part| match part {
        Part::Statement(s) => s.rest.is_empty() && s.first.as_ref().is_some_and(number),
        _ => false,
    };
    let end = |part: &Part| match part {
        Part::Statement(s) => s.rest.is_empty(),
        _ => false,
    };
    let (dots, written): (Vec<&Part>, Vec<&Part>) = others.iter().partition(|part| is_dots(part));
    let starts = matches!(&head.rest[..], [(Relation::Equal, first)] if number(first));
    let goes_on = match dots.is_empty() {
        true => written.iter().all(|part| value(part)),
        false => written.iter().all(|part| end(part)),
    };
    letter && starts && goes_on && !others.is_empty()
}

/// Statements with only commas between them.
fn grouped(mut group: Vec<Part>) -> Vec<Part> {
    // "p_i = …, i = 1, …, n": what the index takes stands behind.
    if let Some(at) = (1..group.len()).find(|at| enumerates(&group[*at..])) {
        let behind = group.split_off(at);
        let mut all = grouped(group);
        all.extend(grouped(behind));
        return all;
    }
    if enumerates(&group) {
        for part in &mut group {
            if let Part::Statement(s) = part {
                s.first = s.rest.pop().map(|(_, value)| value).or(s.first.take());
            }
        }
    }
    let bare = |part: &Part| matches!(part, Part::Statement(s) if s.rest.is_empty());
    if !group.iter().all(is_dots) {
        group.retain(|part| !is_dots(part));
    }
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
                Part::Statement(s) => Part::Unread(s.refused(message)),
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
    let first = Some(Expr { kind: FormulaKind::List(items), span: span.clone() });
    vec![Part::Statement(Statement { span, first, ..head })]
}
