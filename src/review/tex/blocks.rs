//! What is larger than a factor: sums over an index, matrices, and parts with words above or below
//! them.

mod conditions;
mod dots;

use std::ops::Range;

use conditions::{cases, condition, sign_of};
pub(super) use conditions::{indicates, indicator, iverson};
use dots::dotted;
pub(super) use dots::{elements, has_dots, is_loose_row};

use super::atoms::argument;
use super::expression::{Result, Shape, Value, unexpected, whole};
use super::lex::Tok;
use super::syntax::{Comparison, Expr, FormulaKind, visit};
use super::tokens::{Parsed, Tokens, beyond, refuse};
use super::{symbols, words};

/// `\sum_{i=1}^{n}` and the product that follows, up to the next + or −.
/// What is left out of it counts as `neutral`.
pub(super) fn big_sum<'s, 'a>(input: Tokens<'s, 'a>, neutral: i64) -> Parsed<'s, 'a, Value> {
    let mut rest = input.skip(1);
    let (mut indices, mut from, mut to, mut condition) = (Vec::new(), None, None, None);
    let mut last = None;
    while let Some(tok @ (Tok::Sub | Tok::Sup)) = rest.tok() {
        let script = rest.skip(1);
        let (inside, after) = match script.bracket() {
            Some(found) => found,
            None => (script.until(script.skip(1)), script.skip(1)),
        };
        rest = after;
        if inside.is_empty() {
            continue;
        }
        if tok == Tok::Sup {
            last = Some(inside);
        } else {
            (indices, from, condition) = bounds(inside)?;
        }
    }
    // `^{n}`, or `^{k=n}` with the letter once more.
    if let Some(inside) = last {
        let sides = inside.split(|t| t == Tok::Sign('='));
        to = Some(Box::new(match sides.as_slice() {
            [letter, value] if letter.to - letter.from < 4 && indices == names(*letter)? => {
                whole(*value)?.expr
            }
            _ => whole(inside)?.expr,
        }));
    }
    if to.is_some() && indices.len() != 1 {
        return refuse(input.span_to(rest), "a sum with a last value needs one index");
    }
    let body_at = rest.deeper()?;
    let (after, mut body) = product_behind(body_at)?;
    let after = after.level_of(input);
    // Over all but one.
    if let Some(condition) = condition {
        let span = body.span.clone();
        let zero = FormulaKind::Number { value: neutral.into(), decimals: 0 };
        let zero = Expr { kind: zero, span: span.clone() };
        let kind = FormulaKind::Cases(vec![(body, Some(condition)), (zero, None)]);
        body = Expr { kind, span };
    }
    let span = input.span_to(after);
    let kind = FormulaKind::BigSum { indices, from, to, body: Box::new(body) };
    Ok((after, Value { expr: Expr { kind, span }, shape: Shape::Atom }))
}

/// `\prod_{i=1}^{n}` and the product that follows.
pub(super) fn big_product<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let (rest, Value { expr, shape }) = big_sum(input, 1)?;
    let span = expr.span.clone();
    let kind = FormulaKind::BigProduct(Box::new(expr));
    Ok((rest, Value { expr: Expr { kind, span }, shape }))
}

/// The terms of `sum` up to the first sign: what a sum over an index takes in.
fn product_behind<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Expr> {
    let missing = "what is summed was expected here";
    let torn = "braces are not seen in print: is the whole sum summed over the index?";
    taken_in(input, missing, torn)
}

/// The product that an operator before it takes in, with what to say where there is none and where
/// it is a sum in braces.
pub(super) fn taken_in<'s, 'a>(
    input: Tokens<'s, 'a>,
    missing: &str,
    torn: &str,
) -> Parsed<'s, 'a, Expr> {
    if input.is_empty() {
        return refuse(input.here(), missing);
    }
    let (rest, value) = super::expression::term(input)?;
    match value.shape {
        Shape::Sum => refuse(value.expr.span, torn),
        _ => Ok((rest, value.expr)),
    }
}

/// What an index below `\\max` runs over, `z_j` of `\\max_j z_j`, as a sum; refused where what stands
/// below is no index of what stands behind.
pub(super) fn over_an_index<'s, 'a>(
    below: Tokens<'s, 'a>,
    input: Tokens<'s, 'a>,
    why: &str,
) -> Parsed<'s, 'a, Expr> {
    let Ok((indices, None, None)) = bounds(below) else { return beyond(below.span(), why) };
    let [index] = &indices[..] else { return beyond(below.span(), why) };
    let body_at = input.deeper()?;
    let Ok((after, body)) = product_behind(body_at) else { return beyond(below.span(), why) };
    let after = after.level_of(input);
    let mut found = false;
    visit(&body, &mut |e| {
        found |= matches!(&e.kind, FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. }
            if name.below.iter().any(|part| part.contains(index.as_str())));
    });
    let span = input.span_to(after);
    if !found {
        return beyond(span, why);
    }
    let kind = FormulaKind::BigSum { indices, from: None, to: None, body: Box::new(body) };
    Ok((after, Expr { kind, span }))
}

/// Names of indices, side by side or between commas.
fn names(input: Tokens) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for part in input.split(|t| t == Tok::Sign(',')) {
        match whole(part)?.expr.kind {
            FormulaKind::Name(name) if name.below.is_empty() && name.above.is_none() => {
                out.push(name.stem)
            }
            FormulaKind::Product(factors) => {
                for factor in factors {
                    match factor.kind {
                        FormulaKind::Name(name) if name.below.is_empty() => out.push(name.stem),
                        _ => return refuse(part.span(), "the index of this sum is no letter"),
                    }
                }
            }
            _ => return refuse(part.span(), "the index of this sum is no letter"),
        }
    }
    Ok(out)
}

/// What stands below a sum: its indices, the first value, and what is left out.
type Bounds = (Vec<String>, Option<Box<Expr>>, Option<Comparison>);

/// The indices of a sum, its first value, and the condition on the index, as in `j \ne i`.
fn bounds(inside: Tokens) -> Result<Bounds> {
    let inside = match (inside.tok(), inside.skip(1).bracket()) {
        (Some(Tok::Command("substack")), Some((rows, rest))) if rest.is_empty() => rows,
        _ => inside,
    };
    let relation = |t: Tok| match t {
        Tok::Command(c) => symbols::relation(c).is_some(),
        Tok::Sign(c) => c != '=' && symbols::relation_sign(c).is_some(),
        _ => false,
    };
    let uneven = |t: Tok| sign_of(t) == Some("!=");
    let parts = inside.split(|t| matches!(t, Tok::Sign(',' | ';' | ':') | Tok::Break));
    let parts: Vec<Tokens> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let (conditions, plain): (Vec<Tokens>, Vec<Tokens>) =
        parts.into_iter().partition(|part| part.split(relation).len() > 1);
    let condition = match conditions.as_slice() {
        [] => None,
        [one] if one.split(uneven).len() == 2 => condition(*one)?,
        _ => return beyond(inside.span(), "a sum over a condition on its index is not read"),
    };
    let (mut indices, mut from) = (Vec::new(), None);
    for part in plain {
        let sides = part.split(|t| t == Tok::Sign('='));
        match sides.as_slice() {
            [index] => indices.extend(names(*index)?),
            // One first value belongs to one index.
            [index, first] if from.is_none() => {
                indices.extend(names(*index)?);
                from = Some(Box::new(whole(*first)?.expr));
            }
            _ => return refuse(inside.span(), "the bounds of this sum are not certain"),
        }
    }
    if let (Some(condition), true) = (&condition, indices.is_empty()) {
        match &condition.left.kind {
            FormulaKind::Name(name) if name.below.is_empty() && name.above.is_none() => {
                indices.push(name.stem.clone());
            }
            _ => return beyond(inside.span(), "a sum over a condition on its index is not read"),
        }
    }
    if from.is_some() && indices.len() > 1 {
        return refuse(inside.span(), "the bounds of this sum are not certain");
    }
    Ok((indices, from, condition))
}

/// `\begin{cases}` or a matrix.
pub(super) fn environment<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let Some((inside, rest)) = input.bracket() else { return unexpected(input) };
    let Some(Tok::Begin(name)) = input.tok() else { return unexpected(input) };
    let span = input.span_to(rest);
    let kind = match name {
        "cases" | "dcases" | "rcases" => cases(inside)?,
        "vmatrix" | "Vmatrix" => return beyond(span, "a determinant is a function of arrays"),
        _ if symbols::is_matrix(name) => match has_dots(inside) {
            false => FormulaKind::Matrix(matrix(inside)?),
            true => dotted(rows(inside).map(|row| row.split(|t| t == Tok::Amp)).collect(), &span)?,
        },
        // Rows that are one expression, broken into lines.
        _ if symbols::holds_rows(name) => {
            let value = whole(inside)?;
            return Ok((rest, Value { expr: Expr { span, ..value.expr }, ..value }));
        }
        _ => return refuse(span, format!("the environment `{name}` is not known here")),
    };
    super::names::raised(input, rest, Value { expr: Expr { kind, span }, shape: Shape::Atom })
}

/// `\left\{ … \right.` around an array: a case distinction.
pub(super) fn one_brace<'s, 'a>(
    inside: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    span: Range<usize>,
) -> Parsed<'s, 'a, Value> {
    match (inside.tok(), inside.bracket()) {
        (Some(Tok::Begin(_)), Some((rows, after))) if after.is_empty() => {
            let kind = cases(rows)?;
            Ok((rest, Value { expr: Expr { kind, span }, shape: Shape::Atom }))
        }
        _ => refuse(span, "this brace is closed by nothing"),
    }
}

fn rows<'s, 'a>(inside: Tokens<'s, 'a>) -> impl Iterator<Item = Tokens<'s, 'a>> {
    inside.split(|t| t == Tok::Break).into_iter().filter(|row| !row.is_empty())
}

fn matrix(inside: Tokens) -> Result<Vec<Vec<Expr>>> {
    rows(inside)
        .map(|row| {
            row.split(|t| t == Tok::Amp)
                .into_iter()
                .map(|cell| whole(cell).map(|v| v.expr))
                .collect()
        })
        .collect()
}

/// `[a, b]`: a matrix of one row.
pub(super) fn bracketed_row<'s, 'a>(
    inside: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    span: Range<usize>,
) -> Parsed<'s, 'a, Value> {
    if has_dots(inside) {
        let column = inside.split(|t| t == Tok::Sign(';')).len() > 1;
        let kind = elements(inside, column, &span)?;
        return Ok((rest, Value { expr: Expr { kind, span }, shape: Shape::Atom }));
    }
    let cells = inside.split(|t| matches!(t, Tok::Sign(',' | ';')));
    let row =
        cells.into_iter().map(|cell| whole(cell).map(|v| v.expr)).collect::<Result<Vec<_>>>()?;
    let kind = FormulaKind::Matrix(vec![row]);
    Ok((rest, Value { expr: Expr { kind, span }, shape: Shape::Atom }))
}

/// `\underbrace{…}_{words}`, `\overbrace{…}^{words}`.
pub(super) fn braced<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let rest = input.skip(1);
    let (mut rest, inside) = argument(rest)?;
    let value = whole(inside)?;
    let shape = match value.shape {
        // The brace is seen in print, and holds its content together.
        Shape::Sum | Shape::Neg | Shape::Product | Shape::Slash => Shape::Paren,
        shape => shape,
    };
    let expr = Expr { span: input.span_to(rest), ..value.expr };
    if let Some(Tok::Sub | Tok::Sup) = rest.tok() {
        let (after, label) = argument(rest.skip(1))?;
        let place = label.span();
        let text = input.of.text.get(place.clone()).unwrap_or_default();
        let text = match label.tok() {
            Some(Tok::Text(_, words)) if label.token(1).is_none() => words,
            _ => text,
        };
        input.of.words.borrow_mut().push((words::tidy(text), place));
        rest = after;
    }
    Ok((rest, Value { expr, shape }))
}
