//! What is larger than a factor: sums over an index, case distinctions, matrices, and parts with
//! words above or below them.

use std::ops::Range;

use super::atoms::argument;
use super::expression::{Result, Shape, Value, unexpected, whole};
use super::lex::Tok;
use super::syntax::{Array, Comparison, Expr, FormulaKind, Run, visit};
use super::tokens::{Parsed, Tokens, beyond, refuse};
use super::words;
use super::{series, symbols};

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

/// Whether dots are an element of it, and not a term.
pub(super) fn has_dots(inside: Tokens) -> bool {
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
pub(super) fn is_loose_row(inside: Tokens) -> bool {
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
pub(super) fn elements(inside: Tokens, column: bool, span: &Range<usize>) -> Result<FormulaKind> {
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
fn dotted(rows: Vec<Vec<Tokens>>, span: &Range<usize>) -> Result<FormulaKind> {
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

fn cases(inside: Tokens) -> Result<FormulaKind> {
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
pub(super) fn iverson(inside: Tokens, span: &Range<usize>) -> Result<Option<FormulaKind>> {
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
pub(super) fn indicates<'s, 'a>(input: Tokens<'s, 'a>) -> Option<Tokens<'s, 'a>> {
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
pub(super) fn indicator<'s, 'a>(input: Tokens<'s, 'a>) -> Result<Option<(Tokens<'s, 'a>, Value)>> {
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
fn sign_of(t: Tok) -> Option<&'static str> {
    match t {
        Tok::Sign(c) => symbols::comparison(c.encode_utf8(&mut [0; 4])),
        Tok::Command(c) => symbols::comparison(c),
        _ => None,
    }
}

/// A condition; `None` is "otherwise".
fn condition(cell: Tokens) -> Result<Option<Comparison>> {
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
