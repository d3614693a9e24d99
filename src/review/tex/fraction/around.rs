//! What stands around a ∂ and changes nothing about it: braces, fonts, colours, frames; a factor
//! beside it; and ∂_w, which is ∂/∂w. In goes the place of a fraction or a factor, out comes the
//! derivative that it is, or why that is not certain.

use std::ops::Range;

use super::{
    Differential, Piece, atom, differential, fraction, nested, one_factor, one_name, operated,
};
use crate::review::tex::atoms::powered;
use crate::review::tex::expression::{Result, Shape, Value, product, starts_factor, whole};
use crate::review::tex::lex::Tok;
use crate::review::tex::notation;
use crate::review::tex::scripts::scripts;
use crate::review::tex::syntax::{Expr, FormulaKind, Name};
use crate::review::tex::tokens::{Parsed, Tokens, beyond, refuse};

/// What stands in braces, a font, a frame or a stroke next, and what follows it. None of them
/// changes what a ∂ belongs to.
pub(super) fn wrapped<'s, 'a>(input: Tokens<'s, 'a>) -> Option<(Tokens<'s, 'a>, Tokens<'s, 'a>)> {
    let open = match input.tok() {
        Some(Tok::Command(c)) if notation::is_look(c) => input.skip(1),
        _ => input,
    };
    open.bracket().filter(|_| open.tok() == Some(Tok::Open))
}

/// A stretch without what wraps all of it; without its parentheses, too, where those hold a ∂.
pub(super) fn bare<'s, 'a>(input: Tokens<'s, 'a>) -> Tokens<'s, 'a> {
    let mut input = input;
    loop {
        let paren = input.bracket().filter(|(inside, _)| input.is_sign('(') && is_round(*inside));
        match wrapped(input).or(paren) {
            Some((inside, rest)) if rest.is_empty() => input = inside,
            _ => return input,
        }
    }
}

pub(super) fn is_round(input: Tokens) -> bool {
    input.tok() == Some(Tok::Symbol('∂'))
}

/// Whether a ∂ stands anywhere in it.
pub(super) fn holds_round(input: Tokens) -> bool {
    let tokens = input.of.tokens();
    tokens[input.from as usize..input.to as usize].iter().any(|t| t.tok == Tok::Symbol('∂'))
}

/// A ∂ with what follows it, and the factors before it: T · ∂o.
pub(super) fn parted<'s, 'a>(
    input: Tokens<'s, 'a>,
) -> Option<(Option<Tokens<'s, 'a>>, Tokens<'s, 'a>)> {
    let mut i = input.from;
    while i < input.to {
        let from = input.skip((i - input.from) as usize);
        // The argument of a command and a script are no groups of their own.
        let before = i.checked_sub(1).filter(|b| *b >= input.from);
        let before = before.and_then(|b| input.of.tokens().get(b as usize)).map(|t| t.tok);
        let free = !matches!(before, Some(Tok::Command(_) | Tok::Close | Tok::Sub | Tok::Sup));
        let inside = free && wrapped(from).is_some_and(|(inside, _)| is_round(inside));
        if is_round(from) || inside {
            let mut before = input.until(from);
            let dot = |at: u32| {
                let token = input.of.tokens().get(at as usize);
                token.is_some_and(|t| matches!(t.tok, Tok::Sign('·' | '*')))
            };
            if before.to > before.from && dot(before.to - 1) {
                before.to -= 1;
            }
            return Some(((!before.is_empty()).then_some(before), from));
        }
        match input.of.tokens().get(i as usize)?.tok {
            Tok::Sign('+' | '-') => return None,
            _ => i = input.of.matched.past(i as usize) as u32,
        }
    }
    None
}

/// dy over dx in an upright font, the letters of each in one piece.
pub(super) fn upright<'s, 'a>(
    above: Tokens<'s, 'a>,
    below: Tokens<'s, 'a>,
) -> Option<(Expr, Expr)> {
    let name = |input: Tokens| match (input.tok()?, input.token(1)) {
        (Tok::Text(_, word), None) => {
            let stem = word.trim().strip_prefix('d')?.trim_start();
            let name = Name { stem: stem.to_string(), below: Vec::new(), above: None };
            let kind = FormulaKind::Name(name);
            (stem.chars().count() == 1).then(|| Expr { kind, span: input.span() })
        }
        _ => None,
    };
    Some((name(above)?, name(below)?))
}

/// A fraction of ∂ with factors before it: c·∂a over T·∂b is c/T times ∂a/∂b.
pub(super) fn beside<'s, 'a>(
    above: Tokens<'s, 'a>,
    below: Tokens<'s, 'a>,
    span: &Range<usize>,
) -> Result<Option<Value>> {
    let (Some((over, top)), Some((under, bottom))) = (parted(above), parted(below)) else {
        return Ok(None);
    };
    let (top, bottom) = (bare(top), bare(bottom));
    let same = |a: Tokens, b: Tokens| (a.from, a.to) == (b.from, b.to);
    if over.is_none() && under.is_none() && same(top, above) && same(bottom, below) {
        return Ok(None);
    }
    let (over, under) = (over.map(whole).transpose()?, under.map(whole).transpose()?);
    let derivative = match fraction(top, bottom, span.clone())? {
        Piece::Value(Value { expr, .. }) if matches!(expr.kind, FormulaKind::Derivative { .. }) => {
            expr
        }
        _ => return refuse(span.clone(), "which ∂ belongs to which is not certain here"),
    };
    let factors = over.map(|v| v.expr).into_iter().chain([derivative]).collect();
    let above = product(factors);
    Ok(Some(atom(match under {
        None => Expr { span: span.clone(), ..above },
        Some(under) => {
            let kind = FormulaKind::Quotient(Box::new(above), Box::new(under.expr));
            Expr { kind, span: span.clone() }
        }
    })))
}

/// A group or a parenthesis that begins with a ∂, or with a d, and what follows it.
pub(super) fn enclosed<'s, 'a>(input: Tokens<'s, 'a>) -> Option<(Tokens<'s, 'a>, Tokens<'s, 'a>)> {
    let paren = input.bracket().filter(|_| input.is_sign('('));
    let (inside, rest) = wrapped(input).or(paren)?;
    let begins = bare(inside);
    let letter = matches!(begins.tok(), Some(Tok::Letter('d') | Tok::Text(_, "d")))
        && starts_factor(begins.skip(1));
    (is_round(begins) || letter).then_some((inside, rest))
}

/// What stands above and below the slash of `{∂y}/{∂z}` or `{dy}/dz`, if that stands here.
pub(super) fn divides<'s, 'a>(input: Tokens<'s, 'a>) -> Option<(Tokens<'s, 'a>, Tokens<'s, 'a>)> {
    let (above, rest) = wrapped(input).and(enclosed(input))?;
    let below = rest.skip(1);
    let opens = enclosed(below).is_some()
        || is_round(below)
        || matches!(below.tok(), Some(Tok::Letter('d') | Tok::Text(_, "d")));
    (rest.is_sign('/') && opens).then_some((above, below))
}

/// `{∂y}/{∂z}`: braces around the differentials.
pub(super) fn grouped<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let Some((above, below)) = divides(input) else { return powered(input) };
    let (under, rest) = match enclosed(below) {
        Some(found) => found,
        None => {
            let Some(bottom) = differential(below) else {
                return refuse(below.here(), "which ∂ belongs to which is not certain here");
            };
            let (rest, _) = one_factor(Differential { rest: one_name(bottom.rest), ..bottom })?;
            let rest = rest.up_to(input);
            (below.until(rest), rest)
        }
    };
    let rest = rest.level_of(input);
    match fraction(above, under, input.span_to(rest))? {
        Piece::Value(value) => Ok((rest, Value { shape: Shape::Leibniz, ..value })),
        Piece::Operator { by, order } => operated(input, rest, by, order),
    }
}

/// `∂_w E` and `∇_w E`: what is differentiated is the one factor that follows.
pub(super) fn by_index<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let (rest, found) = scripts(input.skip(1))?;
    let (Some(below), None, 0) = (found.below, found.above, found.primes) else {
        return beyond(input.span_to(rest), "this derivative is not read: write ∂/∂x");
    };
    let by = match whole(below) {
        // ∂_i is by the i-th of something, which is not said.
        Ok(Value { expr: Expr { kind: FormulaKind::Name(name), span }, .. })
            if !matches!(name.stem.as_str(), "i" | "j" | "k" | "l" | "m" | "n") =>
        {
            Expr { kind: FormulaKind::Name(name), span }
        }
        _ => return beyond(input.span_to(rest), "by what this differentiates is not certain"),
    };
    if !starts_factor(rest) {
        return refuse(input.span_to(rest), "nothing follows here that is differentiated");
    }
    let (after, of) = powered(rest.deeper()?)?;
    match of.shape {
        Shape::Sum | Shape::Neg | Shape::Number | Shape::Open => {
            return refuse(of.expr.span, "is this differentiated too? It needs parentheses");
        }
        _ => {}
    }
    let after = after.level_of(input);
    let expr = nested(of.expr, vec![(by, 1)], &input.span_to(after));
    Ok((after, Value { expr, shape: Shape::Leibniz }))
}
