//! Values with their conditions: case distinctions, brackets of Iverson, and indicator functions.
//!
//! Invariant: a condition is a comparison of two expressions, or "otherwise"; anything else is
//! refused.

use std::ops::Range;

use super::rows;
use crate::review::tex::expression::{Result, Shape, Value, unexpected, whole};
use crate::review::tex::lex::Tok;
use crate::review::tex::symbols;
use crate::review::tex::syntax::{Comparison, Expr, FormulaKind};
use crate::review::tex::tokens::{Tokens, beyond, refuse};
use crate::review::tex::words;

pub(super) fn cases(inside: Tokens) -> Result<FormulaKind> {
    let mut out = Vec::new();
    for row in rows(inside) {
        let cells = row.split(|t| t == Tok::Amp);
        let (value, condition) = match cells.as_slice() {
            [cell] => match words_at(*cell) {
                Some(at) => (cell.until(at), Some(at)),
                None => (*cell, None),
            },
            [value, condition] => (*value, Some(*condition)),
            _ => return refuse(row.span(), "this case has more than two columns"),
        };
        let value = whole(without_comma(value))?.expr;
        let condition = match condition {
            None => None,
            Some(condition) => self::condition(condition)?,
        };
        out.push((value, condition));
    }
    if out.is_empty() {
        return refuse(inside.span(), "this case distinction is empty");
    }
    Ok(FormulaKind::Cases(out))
}

fn words_at<'s, 'a>(cell: Tokens<'s, 'a>) -> Option<Tokens<'s, 'a>> {
    let pieces = cell.split(|t| matches!(t, Tok::Text(_, w) if joins(w)));
    let first = pieces.first()?;
    (pieces.len() > 1).then(|| cell.skip((first.to - cell.from) as usize))
}

fn joins(words: &str) -> bool {
    let trimmed = words.trim().trim_matches([',', '.', ':']);
    !trimmed.is_empty() && trimmed.split_whitespace().all(symbols::joins)
}

fn without_comma<'s, 'a>(cell: Tokens<'s, 'a>) -> Tokens<'s, 'a> {
    let mut cell = cell;
    while cell.to > cell.from
        && matches!(
            cell.of.tokens().get(cell.to as usize - 1).map(|t| t.tok),
            Some(Tok::Sign(',' | ';' | '.') | Tok::Wide)
        )
    {
        cell.to -= 1;
    }
    cell
}

/// Iverson's bracket \[a > b\], 1 where it holds and 0 elsewhere; none if this compares nothing.
pub(in crate::review::tex) fn iverson(
    inside: Tokens,
    span: &Range<usize>,
) -> Result<Option<FormulaKind>> {
    if inside.split(|t| sign_of(t).is_some()).len() != 2 {
        return Ok(None);
    }
    let number = |n: i64| Expr {
        kind: FormulaKind::Number { value: n.into(), decimals: 0 },
        span: span.clone(),
    };
    let condition = condition(inside)?;
    Ok(Some(FormulaKind::Cases(vec![(number(1), condition), (number(0), None)])))
}

/// What follows the sign of an indicator function, if one stands next: `\mathbb{1}`, `I`, and a
/// 1 with its bracket or its index directly behind it.
pub(in crate::review::tex) fn indicates<'s, 'a>(input: Tokens<'s, 'a>) -> Option<Tokens<'s, 'a>> {
    let rest = input.skip(1);
    let tight = rest.token(0).is_some_and(|t| !t.spaced);
    let sign = match input.tok()? {
        Tok::Digit('1') | Tok::Letter('I') => tight,
        Tok::Symbol(c) => matches!(c, symbols::INDICATOR | '𝕀' | 'ℐ'),
        Tok::Text(_, words) => matches!(words.trim(), "I" | "1"),
        _ => false,
    };
    sign.then_some(rest)
}

/// The value of an indicator function, `\mathbb{1}(u > v)`, `1_{\{i = j\}}`: 1 where its
/// condition holds and 0 elsewhere. None if this is none.
pub(in crate::review::tex) fn indicator<'s, 'a>(
    input: Tokens<'s, 'a>,
) -> Result<Option<(Tokens<'s, 'a>, Value)>> {
    let Some(rest) = indicates(input) else { return Ok(None) };
    let below = rest.tok() == Some(Tok::Sub);
    let open = if below { rest.skip(1) } else { rest };
    let opens = match open.tok() {
        Some(Tok::Open) => below,
        Some(Tok::Sign('(' | '[' | '⦃') | Tok::Fence(true, '(' | '[' | '⦃')) => true,
        _ => false,
    };
    let compared = |inside: Tokens| inside.split(|t| sign_of(t).is_some()).len();
    let found = open.bracket().filter(|_| opens).and_then(|(mut inside, after)| {
        // `1_{\{i = j\}}`, `1_{[i = j]}`
        while let Some((inner, end)) = inside.bracket()
            && end.is_empty()
            && !inside.is_sign('|')
        {
            inside = inner;
        }
        (compared(inside) > 1).then_some((inside, after))
    });
    let Some((inside, after)) = found else {
        return match input.tok() {
            Some(Tok::Symbol(symbols::INDICATOR)) => {
                beyond(input.here(), "a row of ones, or an indicator of what is not compared")
            }
            _ => Ok(None),
        };
    };
    let span = input.span_to(after);
    match iverson(inside, &span)? {
        Some(kind) => Ok(Some((after, Value { expr: Expr { kind, span }, shape: Shape::Atom }))),
        None => beyond(span, "an indicator of more than one comparison is not read"),
    }
}

/// The comparison that a token is.
pub(super) fn sign_of(t: Tok) -> Option<&'static str> {
    match t {
        Tok::Sign(c) => symbols::comparison(c.encode_utf8(&mut [0; 4])),
        Tok::Command(c) => symbols::comparison(c),
        _ => None,
    }
}

/// A condition; `None` is "otherwise".
pub(super) fn condition(cell: Tokens) -> Result<Option<Comparison>> {
    let mut cell = without_comma(cell);
    loop {
        match cell.tok() {
            Some(Tok::Text(_, text)) => {
                let text = words::tidy(text);
                let text = text.trim_matches([',', '.', ' ']).to_lowercase();
                let last = cell.token(1).is_none();
                match text.as_str() {
                    "otherwise" | "else" | "if otherwise" | "sonst" if last => return Ok(None),
                    "if" | "for" | "when" | "where" | "as" => cell = cell.skip(1),
                    _ => return refuse(cell.here(), "this condition is written in words"),
                }
            }
            Some(Tok::Wide) => cell = cell.skip(1),
            _ => break,
        }
    }
    if cell.is_empty() {
        return refuse(cell.here(), "the condition of this case was expected here");
    }
    let sides = cell.split(|t| sign_of(t).is_some());
    let [left, right] = sides.as_slice() else {
        return refuse(cell.span(), "this condition is not one comparison");
    };
    let at = cell.of.tokens().get(left.to as usize).and_then(|t| sign_of(t.tok));
    let Some(sign) = at else { return unexpected(cell) };
    let (left, right) = (Box::new(whole(*left)?.expr), Box::new(whole(*right)?.expr));
    Ok(Some(Comparison { left, sign, right }))
}
