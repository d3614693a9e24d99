//! Fractions and derivatives: `\frac{\partial E}{\partial w}`, `{dx \over dy}`, `\partial E/\partial w`,
//! and ∂/∂x before its operand.
//!
//! A d is a differential only where one stands above and one below a fraction bar; a ∂ always is.
//! What follows ∂ above the bar is all differentiated; below it stands one factor for each ∂.

mod around;

use std::ops::Range;

use self::around::{bare, beside, by_index, divides, enclosed, grouped, holds_round, upright};
use super::atoms::{powered, starts_name};
use super::expression::{Result, Shape, Value, product, starts_factor, whole};
use super::lex::Tok;
use super::syntax::{Array, Expr, FormulaKind, visit};
use super::tokens::{Parsed, Tokens, beyond, refuse};

/// A value, or ∂/∂x that still wants its operand.
#[derive(Clone, Debug)]
pub(super) enum Piece<'s, 'a> {
    Value(Value),
    Operator {
        /// By what, from the last to be taken to the first.
        by: Vec<(Expr, u32)>,
        /// Where the operator stands.
        order: Tokens<'s, 'a>,
    },
}

/// A ∂ or a d, and what stands behind it.
struct Differential<'s, 'a> {
    rest: Tokens<'s, 'a>,
    order: u32,
    round: bool,
}

/// The ∂ or the d that stands next, with its order.
fn differential<'s, 'a>(input: Tokens<'s, 'a>) -> Option<Differential<'s, 'a>> {
    let round = match input.tok()? {
        Tok::Symbol('∂') => true,
        Tok::Letter('d') | Tok::Text(_, "d") => false,
        _ => return None,
    };
    let rest = input.skip(1);
    if rest.tok() != Some(Tok::Sup) {
        return Some(Differential { rest, order: 1, round });
    }
    let digits = |t: Tokens| match (t.tok(), t.token(1)) {
        (Some(Tok::Digit(c)), None) => c.to_digit(10),
        _ => None,
    };
    let exponent = rest.skip(1);
    let (inside, after) = match exponent.tok() {
        Some(Tok::Open) => exponent.bracket()?,
        _ => (exponent.until(exponent.skip(1)), exponent.skip(1)),
    };
    digits(inside).filter(|n| *n > 0).map(|order| Differential { rest: after, order, round })
}

/// What stands above a bar over what stands below it.
pub(super) fn fraction<'s, 'a>(
    above: Tokens<'s, 'a>,
    below: Tokens<'s, 'a>,
    span: Range<usize>,
) -> Result<Piece<'s, 'a>> {
    let (above, below) = (bare(above).deeper()?, bare(below).deeper()?);
    if let Some((of, by)) = upright(above, below) {
        return Ok(Piece::Value(atom(nested(of, vec![(by, 1)], &span))));
    }
    if holds_round(above)
        && holds_round(below)
        && let Some(value) = beside(above, below, &span)?
    {
        return Ok(Piece::Value(value));
    }
    let (top, bottom) = (differential(above), differential(below));
    match (top, bottom) {
        (Some(a), Some(b))
            if starts_factor(b.rest)
                && (a.round || b.round || a.rest.is_empty() || starts_factor(a.rest)) =>
        {
            if a.round != b.round {
                return refuse(span, "a ∂ stands on one side of the bar and a d on the other");
            }
            let by = denominator(below, b, a.order)?;
            if a.rest.is_empty() {
                return Ok(Piece::Operator { by, order: above });
            }
            let of = differentiated(a.rest)?;
            Ok(Piece::Value(atom(nested(of, by, &span))))
        }
        (Some(a), None) if a.round => {
            if a.rest.is_empty() || holds_round(below) {
                return refuse(span, "a ∂ stands above the bar, and none below it that fits");
            }
            let of = differentiated(a.rest)?;
            let by = whole(below)?.expr;
            Ok(Piece::Value(atom(half(of, by, span))))
        }
        (Some(a), _) if !a.round && glued(a.rest) && !above.of.lexicon.stands_alone('d') => {
            refuse(span, "a d stands above the bar and none below it")
        }
        _ => {
            let (a, b) = (whole(above)?.expr, whole(below)?.expr);
            let mut apart = false;
            visit(&b, &mut |e| apart |= matches!(e.kind, FormulaKind::Differential(_)));
            if apart {
                return refuse(span, "a ∂ stands below the bar, and none above it that fits");
            }
            let kind = FormulaKind::Quotient(Box::new(a), Box::new(b));
            Ok(Piece::Value(atom(Expr { kind, span })))
        }
    }
}

/// Whether a letter follows directly, as in `dE`.
fn glued(rest: Tokens) -> bool {
    matches!(rest.token(0), Some(t) if !t.spaced && matches!(t.tok, Tok::Letter(_)))
}

fn atom(expr: Expr) -> Value {
    Value { expr, shape: Shape::Atom }
}

/// ∂a over b: a derivative that lacks its second ∂, unless b is a number.
fn half(of: Expr, by: Expr, span: Range<usize>) -> Expr {
    let kind = if matches!(by.kind, FormulaKind::Number { .. }) {
        let above = Expr { span: of.span.clone(), kind: FormulaKind::Differential(Box::new(of)) };
        FormulaKind::Quotient(Box::new(above), Box::new(by))
    } else {
        FormulaKind::HalfDerivative { of: Box::new(of), by: Box::new(by) }
    };
    Expr { kind, span }
}

/// All that follows a ∂ above the bar. A sum there has two readings.
fn differentiated(rest: Tokens) -> Result<Expr> {
    let of = whole(rest)?;
    match of.shape {
        Shape::Sum => refuse(of.expr.span, "is the whole sum differentiated? It needs parentheses"),
        _ => Ok(of.expr),
    }
}

/// By what is differentiated, a factor and its order for each ∂ of `below`.
fn denominator<'s, 'a>(
    below: Tokens<'s, 'a>,
    first: Differential<'s, 'a>,
    order: u32,
) -> Result<Vec<(Expr, u32)>> {
    let mut by = Vec::new();
    let mut next = Some(first);
    let mut rest = below;
    let mut total = 0;
    while let Some(d) = next {
        let (after, one) = one_factor(d)?;
        total += one.1;
        by.push(one);
        rest = after;
        next = differential(after);
    }
    if !rest.is_empty() {
        return refuse(rest.span(), "more than one factor stands behind the ∂ below the bar");
    }
    if total != order {
        return refuse(below.span(), "the orders of the derivative above and below the bar differ");
    }
    Ok(by)
}

/// The factor behind a ∂ below the bar, and its order: w² is w twice.
fn one_factor<'s, 'a>(d: Differential<'s, 'a>) -> Result<(Tokens<'s, 'a>, (Expr, u32))> {
    if d.order != 1 {
        return refuse(d.rest.here(), "an order stands at the ∂ below the bar");
    }
    let (after, value) = powered(d.rest)?;
    let one = match value.expr.kind {
        FormulaKind::Power(base, exponent)
            if value.shape != Shape::Paren && matches!(base.kind, FormulaKind::Name(_)) =>
        {
            match whole_number(&exponent) {
                Some(n) => (*base, n),
                None => {
                    return refuse(value.expr.span, "the order of this derivative is no number");
                }
            }
        }
        kind => (Expr { kind, span: value.expr.span }, 1),
    };
    Ok((after, one))
}

fn whole_number(expr: &Expr) -> Option<u32> {
    match &expr.kind {
        FormulaKind::Number { value, decimals: 0 } => {
            value.to_i32().and_then(|n| u32::try_from(n).ok())
        }
        _ => None,
    }
}

/// ∂²a/∂x∂y is ∂/∂x of ∂a/∂y.
fn nested(of: Expr, by: Vec<(Expr, u32)>, span: &Range<usize>) -> Expr {
    by.into_iter().rev().fold(of, |of, (by, order)| {
        let kind = FormulaKind::Derivative { of: Box::new(of), by: Box::new(by), order };
        Expr { kind, span: span.clone() }
    })
}

/// ∂/∂x with its operand, which stands at `rest`: a parenthesis, or all factors that follow
/// without a sign.
pub(super) fn operated<'s, 'a>(
    input: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    by: Vec<(Expr, u32)>,
    order: Tokens<'s, 'a>,
) -> Parsed<'s, 'a, Value> {
    if !starts_factor(rest) {
        return refuse(order.span(), "nothing follows here that is differentiated");
    }
    let bracketed = matches!(rest.tok(), Some(Tok::Sign('(' | '[' | '⦃') | Tok::Fence(..)));
    let inside = rest.deeper()?;
    let (mut after, first) = factor(inside)?;
    let mut shape = first.shape;
    let mut factors = vec![first.expr];
    while !bracketed && starts_factor(after) {
        let here = after.here();
        let (next, value) = factor(after)?;
        match (shape, value.shape) {
            (Shape::Open | Shape::Leibniz | Shape::Sum | Shape::Neg | Shape::Slash, _)
            | (_, Shape::Sum | Shape::Neg | Shape::Number | Shape::Leibniz) => {
                return refuse(here, "is this differentiated too? It needs parentheses");
            }
            _ if matches!(value.expr.kind, FormulaKind::Derivative { .. }) => {
                return refuse(here, "is this differentiated too? It needs parentheses");
            }
            _ => {}
        }
        shape = value.shape;
        factors.push(value.expr);
        after = next;
    }
    if factors.len() == 1 && shape == Shape::Sum {
        return refuse(
            rest.span_to(after),
            "braces are not seen in print: is the whole sum differentiated?",
        );
    }
    let expr = nested(product(factors), by, &input.span_to(after));
    Ok((after.level_of(input), Value { expr, shape: Shape::Operated(bracketed) }))
}

/// How many tokens ahead the slash of dE/dw is looked for.
const REACH: usize = 24;

/// Whether a d stands here and a slash with another d after its operand.
fn slashed(input: Tokens) -> bool {
    let mut rest = input.skip(1);
    for _ in 0..REACH {
        match rest.tok() {
            Some(Tok::Sign('/')) => {
                let below = rest.skip(1);
                return matches!(below.tok(), Some(Tok::Letter('d') | Tok::Text(_, "d")))
                    && starts_factor(below.skip(1));
            }
            Some(Tok::Sup | Tok::Sub) => rest = rest.skip(1),
            Some(Tok::Letter(_) | Tok::Symbol(_) | Tok::Digit(_) | Tok::Text(..)) => {
                rest = rest.skip(1)
            }
            Some(Tok::Open | Tok::Sign('(')) => match rest.bracket() {
                Some((_, after)) => rest = after,
                None => return false,
            },
            _ => return false,
        }
    }
    false
}

/// A factor of a product.
pub(super) fn factor<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    match input.tok() {
        Some(Tok::Symbol('∂' | '∇')) if input.skip(1).tok() == Some(Tok::Sub) => {
            by_index(input)
        }
        Some(Tok::Symbol('∂')) => leibniz(input),
        Some(Tok::Open | Tok::Command(_)) if divides(input).is_some() => grouped(input),
        Some(Tok::Text(_, "d")) if !slashed(input) && starts_name(input.skip(1)) => {
            let (rest, of) = powered(input.skip(1).deeper()?)?;
            let kind = FormulaKind::Differential(Box::new(of.expr));
            let expr = Expr { kind, span: input.span_to(rest) };
            Ok((rest.level_of(input), Value { expr, shape: Shape::Name }))
        }
        Some(Tok::Letter('d') | Tok::Text(_, "d")) if slashed(input) => leibniz(input),
        Some(Tok::Symbol('∇')) => gradient(input),
        Some(Tok::Symbol('∞')) => refuse(input.here(), "∞ is no number"),
        _ => powered(input),
    }
}

/// ∇f, which does not say by what it differentiates.
fn gradient<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let rest = input.skip(1);
    if !starts_factor(rest) {
        return beyond(input.here(), "∇ makes an array of derivatives");
    }
    let (after, of) = powered(rest.deeper()?)?;
    let after = after.level_of(input);
    let kind = FormulaKind::Array(Box::new(Array::Gradient(of.expr)));
    let expr = Expr { kind, span: input.span_to(after) };
    Ok((after, Value { expr, shape: Shape::Leibniz }))
}

/// ∂ or d in a line: ∂E/∂w, ∂/∂w(…), ∂E/w, ∂E.
fn leibniz<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let Some(top) = differential(input) else {
        return refuse(input.here(), "the order of this derivative is no number");
    };
    let inside = top.rest.deeper()?;
    let (after, of) = if top.rest.is_sign('/') {
        (inside, None)
    } else {
        let (mut after, first) = powered(inside)?;
        let mut factors = vec![first.expr];
        while starts_factor(after)
            && !matches!(after.tok(), Some(Tok::Symbol('∂') | Tok::Letter('d')))
            && (!top.round || slash_ahead(after))
        {
            let (next, value) = powered(after)?;
            factors.push(value.expr);
            after = next;
        }
        (after, Some(product(factors)))
    };
    if !after.is_sign('/') {
        let Some(of) = of else { return refuse(input.here(), "nothing stands behind this ∂") };
        let span = input.span_to(after);
        let expr = Expr { kind: FormulaKind::Differential(Box::new(of)), span };
        return Ok((after.level_of(input), Value { expr, shape: Shape::Name }));
    }
    let below = after.skip(1);
    // ∂y/{∂z}
    if let Some((inside, rest)) = enclosed(below) {
        let Some(bottom) = differential(bare(inside)).filter(|b| b.round == top.round) else {
            return refuse(below.here(), "which ∂ belongs to which is not certain here");
        };
        let by = denominator(bare(inside), bottom, top.order)?;
        let rest = rest.up_to(input).level_of(input);
        let Some(of) = of else { return operated(input, rest, by, input.until(rest)) };
        let expr = nested(of, by, &input.span_to(rest));
        return Ok((rest, Value { expr, shape: Shape::Atom }));
    }
    let Some(bottom) = differential(below).filter(|b| b.round == top.round) else {
        let Some(of) = of else {
            return refuse(input.here(), "a ∂ stands above the slash and none below it");
        };
        let (rest, by) = powered(below)?;
        let expr = half(of, by.expr, input.span_to(rest));
        return Ok((rest.level_of(input), Value { expr, shape: Shape::Leibniz }));
    };
    let bottom = Differential { rest: one_name(bottom.rest), ..bottom };
    let (rest, by) = one_factor(bottom)?;
    if by.1 != top.order {
        return refuse(
            input.span_to(rest),
            "the orders of the derivative above and below the slash differ",
        );
    }
    let (by, rest) = (vec![by], rest.up_to(input));
    let rest = rest.level_of(input);
    match of {
        None => operated(input, rest, by, input.until(rest)),
        Some(of) => {
            let expr = nested(of, by, &input.span_to(rest));
            Ok((rest, Value { expr, shape: Shape::Leibniz }))
        }
    }
}

/// The stretch up to a parenthesis that does not stand first: behind a slash, ∂w(…) is no
/// derivative by a function's value.
fn one_name<'s, 'a>(input: Tokens<'s, 'a>) -> Tokens<'s, 'a> {
    let mut rest = input;
    for k in 0..REACH {
        match rest.tok() {
            Some(Tok::Sign('(' | '[' | '⦃') | Tok::Fence(true, _)) if k > 0 => {
                return input.until(rest);
            }
            Some(Tok::Open) => match rest.bracket() {
                Some((_, after)) => rest = after,
                None => break,
            },
            Some(
                Tok::Letter(_)
                | Tok::Symbol(_)
                | Tok::Digit(_)
                | Tok::Text(..)
                | Tok::Sub
                | Tok::Sup
                | Tok::Command(_),
            ) => {
                rest = rest.skip(1);
            }
            _ => break,
        }
    }
    input
}

/// Whether a slash and a ∂ follow this factor and those beside it.
fn slash_ahead(input: Tokens) -> bool {
    let mut rest = input;
    for _ in 0..REACH {
        match rest.tok() {
            Some(Tok::Sign('/')) => return rest.skip(1).tok() == Some(Tok::Symbol('∂')),
            Some(Tok::Symbol('∂')) | None => return false,
            Some(
                Tok::Sup
                | Tok::Sub
                | Tok::Letter(_)
                | Tok::Symbol(_)
                | Tok::Digit(_)
                | Tok::Text(..),
            ) => rest = rest.skip(1),
            Some(Tok::Open | Tok::Sign('(')) => match rest.bracket() {
                Some((_, after)) => rest = after,
                None => return false,
            },
            _ => return false,
        }
    }
    false
}
