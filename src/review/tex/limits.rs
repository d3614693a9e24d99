//! Limits: `\lim_{x \to a}`, `\underset{x \to a}{\lim}`, and the product that follows. In go the
//! tokens from the limit on, out comes what approaches what, and of what the limit is taken.
//!
//! What always holds: one name approaches one value; what stands behind the product is not in the
//! limit. A side that is told, x → 0⁺, is not kept: whoever works the limit out works it out from
//! both.

use super::atoms::argument;
use super::blocks::taken_in;
use super::expression::{Result, Shape, Value, whole};
use super::lex::Tok;
use super::spelling::{self, Function};
use super::symbols::{self, Arrow};
use super::syntax::{Expr, FormulaKind, Name};
use super::tokens::{Parsed, Tokens, refuse};

/// `\lim_{x \to a}` before `rest`, and what follows.
pub(super) fn limit<'s, 'a>(input: Tokens<'s, 'a>, rest: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    if rest.tok() != Some(Tok::Sub) {
        return refuse(input.span_to(rest), "what approaches what is not told at this limit");
    }
    let script = rest.skip(1);
    let (below, after) = match script.bracket() {
        Some(found) => found,
        None => (script.until(script.skip(1)), script.skip(1)),
    };
    taken(input, below, after)
}

/// `\underset{x \to a}{\lim}` and what follows; nothing else is read over or under something.
pub(super) fn under<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let (rest, below) = argument(input.skip(1))?;
    let (word, after) = match rest.tok() {
        Some(Tok::Open) => rest.bracket().unwrap_or((rest, rest)),
        _ => (rest.until(rest.skip(1)), rest.skip(1)),
    };
    let letters = |input: Tokens| -> Option<String> {
        let mut out = String::new();
        for i in 0..4 {
            match input.token(i).map(|t| t.tok) {
                Some(Tok::Command(c) | Tok::Text(_, c)) => out.push_str(c),
                Some(Tok::Letter(c)) => out.push(c),
                Some(_) => return None,
                None => break,
            }
        }
        Some(out)
    };
    let is_limit = letters(word).is_some_and(|w| spelling::function(&w) == Some(Function::Limit));
    if input.tok() != Some(Tok::Command("underset")) || !is_limit {
        return refuse(input.here(), "what stands above or below here is not read");
    }
    taken(input, below, after)
}

/// The limit of the product that stands at `rest`.
fn taken<'s, 'a>(
    input: Tokens<'s, 'a>,
    below: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
) -> Parsed<'s, 'a, Value> {
    let (by, to) = approach(below)?;
    let missing = "what the limit is taken of was expected here";
    let torn = "braces are not seen in print: is the limit taken of the whole sum?";
    let (after, of) = taken_in(super::expression::gap(rest).deeper()?, missing, torn)?;
    let after = after.level_of(input);
    let span = input.span_to(after);
    let kind = FormulaKind::Limit { of: Box::new(of), by: Box::new(by), to: Box::new(to) };
    Ok((after, Value { expr: Expr { kind, span }, shape: Shape::Atom }))
}

/// What approaches, and what it approaches.
fn approach(below: Tokens) -> Result<(Expr, Expr)> {
    let leads = |t: Tok| match t {
        Tok::Command(c) => symbols::arrow(c) == Some(Arrow::Leads),
        Tok::Sign(c) => symbols::arrow_sign(c) == Some(Arrow::Leads),
        _ => false,
    };
    let [by, to] = below.split(leads)[..] else {
        return refuse(below.span(), "a limit wants one name and what it approaches");
    };
    let by = whole(by)?.expr;
    if !matches!(by.kind, FormulaKind::Name(_)) {
        return refuse(by.span, "what approaches something here is no name");
    }
    Ok((by, target(to)?))
}

/// A value, or ±∞.
fn target(to: Tokens) -> Result<Expr> {
    let to = without_side(super::expression::gap(to));
    let span = to.span();
    let (minus, inside) = match to.tok() {
        Some(Tok::Sign('-')) => (true, to.skip(1)),
        Some(Tok::Sign('+')) => (false, to.skip(1)),
        _ => (false, to),
    };
    if inside.tok() != Some(Tok::Symbol('∞')) || inside.token(1).is_some() {
        return Ok(whole(to)?.expr);
    }
    let name = Name { stem: "∞".to_string(), below: Vec::new(), above: None };
    let infinite = Expr { kind: FormulaKind::Name(name), span: span.clone() };
    Ok(match minus {
        true => Expr { kind: FormulaKind::Neg(Box::new(infinite)), span },
        false => infinite,
    })
}

/// `0^+` without its sign.
fn without_side<'s, 'a>(to: Tokens<'s, 'a>) -> Tokens<'s, 'a> {
    let all: Vec<Tokens> = to.split(|t| t == Tok::Sup);
    let [value, side] = all[..] else { return to };
    let inside =
        side.bracket().filter(|(_, rest)| rest.is_empty()).map_or(side, |(inside, _)| inside);
    match (inside.tok(), inside.token(1)) {
        (Some(Tok::Sign('+' | '-')), None) => value,
        _ => to,
    }
}
