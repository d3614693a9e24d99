//! Arrays with dots among their elements: `x_1, x_2, \dots, x_n`.
//!
//! Invariant: the elements that are written fit one formula in their number, or all is refused.

use std::ops::Range;

use crate::review::tex::expression::{Result, whole};
use crate::review::tex::lex::Tok;
use crate::review::tex::series;
use crate::review::tex::syntax::{Array, Expr, FormulaKind, Run};
use crate::review::tex::tokens::{Tokens, refuse};

/// Whether dots are an element of it, and not a term.
pub(in crate::review::tex) fn has_dots(inside: Tokens) -> bool {
    let cells = inside.split(|t| matches!(t, Tok::Sign(',' | ';') | Tok::Amp | Tok::Break));
    cells.iter().any(|cell| stands_for_more(*cell))
}

/// Whether a cell is nothing but dots.
fn stands_for_more(cell: Tokens) -> bool {
    let inside = match (cell.tok(), cell.bracket()) {
        (Some(Tok::Open), Some((inside, rest))) if rest.is_empty() => inside,
        _ => cell,
    };
    inside.to - inside.from == 1 && inside.tok().is_some_and(is_dots)
}

/// Whether it is a row without commas, `x_1 \\dots x_n`.
pub(in crate::review::tex) fn is_loose_row(inside: Tokens) -> bool {
    let [before, behind] = inside.split(is_dots)[..] else { return false };
    let ends = |tok: Option<Tok>| {
        matches!(
            tok,
            Some(Tok::Letter(_) | Tok::Symbol(_) | Tok::Digit(_) | Tok::Open | Tok::Close)
        )
    };
    let last = inside.of.tokens().get((before.to as usize).saturating_sub(1)).map(|t| t.tok);
    !before.is_empty() && ends(last) && ends(behind.tok())
}

fn is_dots(tok: Tok) -> bool {
    tok == Tok::Sign('…')
}

/// `x_1, x_2, \dots, x_n`, between brackets.
pub(in crate::review::tex) fn elements(
    inside: Tokens,
    column: bool,
    span: &Range<usize>,
) -> Result<FormulaKind> {
    let commas = inside.split(|t| matches!(t, Tok::Sign(',' | ';')));
    let cells: Vec<Tokens> = match commas.len() {
        // `[x_1 \dots x_n]`.
        1 => match inside.split(is_dots).as_slice() {
            [before, behind] => {
                let at = inside.skip((before.to - inside.from) as usize);
                vec![*before, at.until(at.skip(1)), *behind]
            }
            _ => return refuse(span.clone(), DOTS),
        },
        _ => commas,
    };
    match column {
        true => dotted(cells.into_iter().map(|cell| vec![cell]).collect(), span),
        false => dotted(vec![cells], span),
    }
}

const DOTS: &str = "dots leave out what is meant";

/// The cells of an array with dots among them: the first of its rows and columns, and the last.
pub(super) fn dotted(rows: Vec<Vec<Tokens>>, span: &Range<usize>) -> Result<FormulaKind> {
    let refused = || refuse(span.clone(), DOTS);
    let mut all: Vec<Vec<Option<Expr>>> = Vec::new();
    for row in rows {
        let cells =
            row.into_iter().filter(|cell| !cell.is_empty()).map(|cell| {
                match stands_for_more(cell) {
                    true => Ok(None),
                    false => whole(cell).map(|value| Some(value.expr)),
                }
            });
        all.push(cells.collect::<Result<_>>()?);
    }
    // Each row as one expression: a number, or a run of them.
    let mut found: Vec<Option<Expr>> = Vec::new();
    let wide = all.iter().any(|row| row.len() > 1);
    for row in all {
        if row.iter().all(Option::is_none) {
            found.push(None);
            continue;
        }
        let one = match wide {
            true => run(row, "κ", false, span),
            false => row.into_iter().next().flatten(),
        };
        match one {
            Some(one) => found.push(Some(one)),
            None => return refused(),
        }
    }
    let kind = match found.len() {
        1 => found.pop().flatten(),
        _ if wide => columns(found, span),
        _ => run(found, "ι", true, span),
    };
    match kind {
        Some(expr) => Ok(expr.kind),
        None => refused(),
    }
}

/// Rows that are runs of one length, one below the other.
fn columns(rows: Vec<Option<Expr>>, span: &Range<usize>) -> Option<Expr> {
    let (mut bodies, mut shared): (Vec<Option<Expr>>, Option<String>) = (Vec::new(), None);
    for row in rows {
        let Some(row) = row else {
            bodies.push(None);
            continue;
        };
        let FormulaKind::Array(array) = row.kind else { return None };
        let Array::Run(run) = *array else { return None };
        if shared.get_or_insert(run.last.clone()) != &run.last {
            return None;
        }
        bodies.push(Some(run.body));
    }
    let all = run(bodies, "ι", true, span)?;
    let FormulaKind::Array(array) = all.kind else { return None };
    let Array::Run(mut outer) = *array else { return None };
    let inner = Run { body: outer.body, index: "κ", last: shared?, column: false };
    let kind = FormulaKind::Array(Box::new(Array::Run(Box::new(inner))));
    outer.body = Expr { kind, span: span.clone() };
    let kind = FormulaKind::Array(Box::new(Array::Run(outer)));
    Some(Expr { kind, span: span.clone() })
}

/// Elements with dots before the last of them.
fn run(
    mut cells: Vec<Option<Expr>>,
    index: &'static str,
    column: bool,
    span: &Range<usize>,
) -> Option<Expr> {
    let last = cells.pop()??;
    let None = cells.pop()? else { return None };
    let before: Vec<Expr> = cells.into_iter().collect::<Option<_>>()?;
    let (body, last) = series::run(&before, &last, index)?;
    let run = Run { body, index, last, column };
    let kind = FormulaKind::Array(Box::new(Array::Run(Box::new(run))));
    Some(Expr { kind, span: span.clone() })
}
