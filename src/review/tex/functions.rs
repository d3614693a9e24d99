//! Functions of known meaning with their arguments: exp, ln, √, max, |x| and their like.
//!
//! An argument without parentheses is one factor, and a second factor behind it is refused: the
//! argument of `\ln xy` may be x or xy.

use super::atoms::{argument, powered, starts_name};
use super::blocks;
use super::expression::{Shape, Value, starts_factor, unexpected, whole};
use super::lex::Tok;
use super::spelling::{Function, function};
use super::syntax::{Array, Expr, FormulaKind, Known};
use super::tokens::{Parsed, Tokens, beyond, refuse};
use super::{limits, names};

/// A function's value: its name stands before `rest`.
pub(super) fn call<'s, 'a>(
    input: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    of: Function,
) -> Parsed<'s, 'a, Value> {
    match of {
        Function::Of(known) => of_one(input, rest, known, &|of| call_of(known, of)),
        Function::Quotient(above, below) => of_one(input, rest, below, &|of| {
            let one = FormulaKind::whole(1);
            let top = above.map_or(one, |above| call_of(above, of));
            let part = |kind| Box::new(Expr { kind, span: of.span.clone() });
            FormulaKind::Quotient(part(top), part(call_of(below, of)))
        }),
        Function::Error => of_one(input, rest, Known::NormalCdf, &error_of),
        Function::Extreme { least } => extreme(input, rest, least),
        Function::Limit => limits::limit(input, rest),
        Function::Beyond => beyond(input.span_to(rest), "this function is not in the calculus"),
    }
}

/// Whether a function of one argument stands here by its command, `\cos` and not `cos`.
pub(super) fn starts(input: Tokens) -> bool {
    let Some(Tok::Command(c)) = input.tok() else { return false };
    matches!(function(c), Some(Function::Of(_) | Function::Quotient(..)))
}

/// erf(x) = 2Φ(√2·x) − 1.
fn error_of(of: &Expr) -> FormulaKind {
    let part = |kind| Expr { kind, span: of.span.clone() };
    let number = |n| part(FormulaKind::whole(n));
    let root = part(call_of(Known::Sqrt, &number(2)));
    let inside = part(FormulaKind::Product(vec![root, of.clone()]));
    let normal = part(call_of(Known::NormalCdf, &inside));
    let twice = part(FormulaKind::Product(vec![number(2), normal]));
    FormulaKind::Sum(vec![(false, twice), (true, number(1))])
}

fn call_of(known: Known, argument: &Expr) -> FormulaKind {
    FormulaKind::Call(known, Box::new(argument.clone()))
}

/// A function of one argument; `value` makes it of the argument.
fn of_one<'s, 'a>(
    input: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    known: Known,
    value: &dyn Fn(&Expr) -> FormulaKind,
) -> Parsed<'s, 'a, Value> {
    let (mut rest, mut power) = (rest, None);
    while let Some(tok @ (Tok::Sup | Tok::Sub)) = rest.tok() {
        let script = rest.skip(1);
        let (inside, after) = match script.bracket() {
            Some(found) => found,
            None => (script.until(script.skip(1)), script.skip(1)),
        };
        let euler = matches!(
            (inside.tok(), inside.token(1)),
            (Some(Tok::Letter('e') | Tok::Text(_, "e")), None)
        );
        match tok {
            Tok::Sub if known == Known::Ln && euler => {}
            Tok::Sub => {
                return refuse(
                    inside.span(),
                    "an index of a function, or a logarithm to another base than e",
                );
            }
            _ => {
                let whole_number = !inside.is_empty()
                    && inside.of.tokens()[inside.from as usize..inside.to as usize]
                        .iter()
                        .all(|t| matches!(t.tok, Tok::Digit(_)));
                if !whole_number || power.is_some() {
                    return refuse(
                        inside.span(),
                        "is this the power of a function's value, or another function?",
                    );
                }
                power = Some(whole(inside)?.expr);
            }
        }
        rest = after;
    }
    let primed = rest.is_sign('\'');
    if primed {
        rest = rest.skip(1);
        if rest.is_sign('\'') || power.is_some() || !rest.is_sign('(') {
            return refuse(rest.here(), "a prime stands on a function of known meaning");
        }
    }
    if !starts_factor(rest) {
        return refuse(rest.here(), "the argument of this function was expected here");
    }
    let bracket =
        matches!(rest.tok(), Some(Tok::Sign('(' | '[' | '⦃') | Tok::Fence(true, '(' | '[' | '⦃')));
    let (after, argument, shape) = match rest.bracket() {
        Some((inside, after)) if bracket => {
            let value = whole(inside)?;
            let span = rest.span_to(after);
            (after, Expr { span, ..value.expr }, Shape::Atom)
        }
        _ => {
            let (after, value) = powered(rest.deeper()?)?;
            match value.shape {
                Shape::Sum => {
                    return refuse(
                        value.expr.span,
                        "braces are not seen in print: is the whole sum the argument?",
                    );
                }
                Shape::Number
                | Shape::Name
                | Shape::Atom
                | Shape::Paren
                | Shape::Open
                | Shape::Neg
                | Shape::Product => {}
                _ => return refuse(value.expr.span, "this argument needs parentheses"),
            }
            let held = matches!(value.shape, Shape::Atom | Shape::Paren)
                && !matches!(value.expr.kind, FormulaKind::Power(..));
            (after.level_of(input), value.expr, if held { Shape::Atom } else { Shape::Open })
        }
    };
    let span = input.span_to(after);
    let mut expr = Expr { kind: value(&argument), span: span.clone() };
    if primed {
        // tanh′(z) is ∂tanh(z)/∂z.
        let (of, by) = (Box::new(expr), Box::new(argument));
        expr = Expr { kind: FormulaKind::Derivative { of, by, order: 1 }, span: span.clone() };
    }
    if let Some(power) = power {
        expr = Expr { kind: FormulaKind::Power(Box::new(expr), Box::new(power)), span };
        return Ok((after, Value { expr, shape }));
    }
    if bracket {
        names::raised(input, after, Value { expr, shape })
    } else {
        Ok((after, Value { expr, shape }))
    }
}

/// `\sqrt{x}`.
pub(super) fn root<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let rest = input.skip(1);
    if rest.is_sign('[') {
        return refuse(rest.here(), "only square roots are read");
    }
    // √(x), as one writes it without LaTeX.
    let sign = input.of.text.get(input.here()).is_some_and(|sign| sign == "√");
    let (after, inside) = match rest.bracket().filter(|_| sign && rest.is_sign('(')) {
        Some((inside, after)) => (after, inside),
        None => argument(rest)?,
    };
    let argument = whole(inside)?.expr;
    let kind = FormulaKind::Call(Known::Sqrt, Box::new(argument));
    Ok((after, Value { expr: Expr { kind, span: input.span_to(after) }, shape: Shape::Atom }))
}

/// max{a, b}, `\max(a, b)`, and `\max z` of a vector.
fn extreme<'s, 'a>(
    input: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    least: bool,
) -> Parsed<'s, 'a, Value> {
    let mut rest = rest;
    let mut below = None;
    if rest.tok() == Some(Tok::Sub) {
        let script = rest.skip(1);
        let (inside, after) = match script.bracket() {
            Some(found) => found,
            None => (script.until(script.skip(1)), script.skip(1)),
        };
        (below, rest) = (Some(inside), after);
    }
    let indexed = below.is_some();
    let bracket = matches!(
        rest.tok(),
        Some(Tok::Open | Tok::Sign('(' | '[' | '⦃') | Tok::Fence(true, '(' | '[' | '⦃'))
    );
    let found = rest.bracket().filter(|_| bracket);
    let lists = |inside: &Tokens| inside.split(|t| matches!(t, Tok::Sign(',' | ';'))).len() > 1;
    if found.as_ref().is_none_or(|(inside, _)| indexed && !lists(inside)) {
        return over_elements(input, (below, rest), least);
    }
    let Some((inside, after)) = found else {
        return beyond(input.span_to(rest), "the greatest of what an index runs over is not read");
    };
    let parts = inside.split(|t| matches!(t, Tok::Sign(',' | ';')));
    let mut of = Vec::new();
    for part in parts {
        of.push(whole(part)?.expr);
    }
    let expr = Expr { kind: FormulaKind::Extreme { least, of }, span: input.span_to(after) };
    names::raised(input, after, Value { expr, shape: Shape::Atom })
}

/// The greatest over an index, `\max_j z_j`, or of a vector, `\max z`, made apart from the recursion.
#[inline(never)]
fn over_elements<'s, 'a>(
    input: Tokens<'s, 'a>,
    (below, rest): (Option<Tokens<'s, 'a>>, Tokens<'s, 'a>),
    least: bool,
) -> Parsed<'s, 'a, Value> {
    const BEYOND: &str = "the greatest of what an index runs over is not read";
    let (after, of) = match below {
        Some(below) => blocks::over_an_index(below, rest, BEYOND)?,
        None if starts_name(rest) => {
            let (after, value) = powered(rest)?;
            (after, value.expr)
        }
        None => return beyond(input.span_to(rest), BEYOND),
    };
    let kind = FormulaKind::Extreme { least, of: vec![of] };
    Ok((after, Value { expr: Expr { kind, span: input.span_to(after) }, shape: Shape::Atom }))
}

/// |x|.
pub(super) fn absolute<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let Some((inside, after)) = input.bracket() else { return unexpected(input) };
    let argument = whole(inside)?.expr;
    let kind = FormulaKind::Call(Known::Abs, Box::new(argument));
    let value = Value { expr: Expr { kind, span: input.span_to(after) }, shape: Shape::Atom };
    Ok((after, value))
}

/// ‖x‖, with a 2 below it or without.
pub(super) fn norm<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let Some((inside, after)) = input.bracket() else { return unexpected(input) };
    let argument = whole(inside)?.expr;
    let mut rest = after;
    if rest.tok() == Some(Tok::Sub) {
        let script = rest.skip(1);
        let (inside, behind) = match script.bracket() {
            Some(found) => found,
            None => (script.until(script.skip(1)), script.skip(1)),
        };
        let frobenius = matches!(
            (inside.tok(), inside.token(1)),
            (Some(Tok::Letter('F') | Tok::Text(_, "F")), None)
        );
        if frobenius {
            let kind = FormulaKind::Array(Box::new(Array::Frobenius(argument)));
            let expr = Expr { kind, span: input.span_to(behind) };
            return Ok((behind, Value { expr, shape: Shape::Atom }));
        }
        if !matches!((inside.tok(), inside.token(1)), (Some(Tok::Digit('2')), None)) {
            return beyond(input.span_to(behind), "only the length of an array is read as a norm");
        }
        rest = behind;
    }
    let kind = FormulaKind::Call(Known::Norm, Box::new(argument));
    Ok((rest, Value { expr: Expr { kind, span: input.span_to(rest) }, shape: Shape::Atom }))
}
