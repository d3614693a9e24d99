//! Atoms: numbers, groups, brackets and commands, before their scripts; and what holds together
//! with its scripts. In goes the place of an atom, out comes its value, or ∂/∂x that still wants
//! its operand.

use nom::Parser;
use nom::combinator::opt;
use nom::multi::many0;

use super::expression::{Shape, Value, contents, missing, unexpected, whole};
use super::fraction::{self, Piece};
use super::lex::Tok;
use super::notation::{self, Makes};
use super::syntax::{Expr, FormulaKind};
use super::tokens::{Parsed, Tokens, beyond, refuse};
use super::{blocks, functions, limits, names, spelling};
use crate::scalar::Rational;

/// A number as it is printed: digits, perhaps a point and digits.
fn number<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let digit = |spaced: bool| {
        move |input: Tokens<'s, 'a>| match input.token(0) {
            Some(t) if spaced || !t.spaced => match t.tok {
                Tok::Digit(c) => Ok((input.skip(1), c)),
                _ => missing(input),
            },
            _ => missing(input),
        }
    };
    let (rest, first) = opt(digit(true)).parse(input)?;
    let (rest, more) = match first {
        Some(_) => many0(digit(false)).parse(rest)?,
        None => (rest, Vec::new()),
    };
    let whole: String = first.into_iter().chain(more).collect();
    let point = input
        .of
        .matched
        .tokens
        .get(rest.from as usize)
        .is_some_and(|t| !t.spaced || first.is_none());
    let fraction =
        match (point && rest.is_sign('.')).then(|| many0(digit(false)).parse(rest.skip(1))) {
            Some(Ok((after, digits))) if !digits.is_empty() => {
                Some((after, digits.into_iter().collect::<String>()))
            }
            _ => None,
        };
    let (rest, text, decimals) = match fraction {
        Some((after, digits)) if input.of.dots.multiply(&whole, &digits) => {
            let span = input.span_to(after);
            let message = format!(
                "{whole}.{digits} is read as {whole}·{digits}, for the dot behind {whole} was a product in the formula before"
            );
            input.of.warn(span, message);
            (rest, whole, 0)
        }
        Some((after, digits)) => (after, format!("{whole}.{digits}"), digits.len() as u32),
        None if whole.is_empty() => return unexpected(input),
        None => (rest, whole, 0),
    };
    if exponent(rest) {
        return refuse(input.here(), "1e-3 may be a number or a product with e");
    }
    let span = input.span_to(rest);
    match text.parse::<Rational>() {
        Ok(value) => {
            let expr = Expr { kind: FormulaKind::Number { value, decimals }, span };
            Ok((rest, Value { expr, shape: Shape::Number }))
        }
        Err(_) => {
            refuse(span, format!("this number has more than {} digits", Rational::MAX_DIGITS))
        }
    }
}

/// Whether `e-3` or `e3` follows a number directly.
fn exponent(input: Tokens) -> bool {
    let tight = |i: usize| input.token(i).filter(|t| !t.spaced).map(|t| t.tok);
    matches!(tight(0), Some(Tok::Letter('e' | 'E')))
        && match tight(1) {
            Some(Tok::Digit(_)) => true,
            Some(Tok::Sign('-' | '+')) => matches!(tight(2), Some(Tok::Digit(_))),
            _ => false,
        }
}

/// What holds together by itself, without its scripts; names are read elsewhere.
pub(super) fn primary<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Piece<'s, 'a>> {
    let value = |(rest, value)| (rest, Piece::Value(value));
    match input.tok() {
        Some(Tok::Digit(_) | Tok::Sign('.')) => number(input).map(value),
        Some(Tok::Open) => {
            let Some((inside, rest)) = input.bracket() else { return unexpected(input) };
            let span = input.span_to(rest);
            let piece = match contents(inside)? {
                Piece::Value(found) => {
                    let expr = Expr { span, ..found.expr };
                    Piece::Value(Value { expr, ..found })
                }
                operator => operator,
            };
            Ok((rest, piece))
        }
        Some(Tok::Sign('(' | '[' | '⦃') | Tok::Fence(true, '(' | '[' | '⦃')) => {
            bracketed(input).map(value)
        }
        Some(Tok::Sign('|') | Tok::Fence(true, '|')) => functions::absolute(input).map(value),
        Some(Tok::Sign('‖') | Tok::Fence(true, '‖')) => functions::norm(input).map(value),
        Some(Tok::Fence(true, '.')) => beyond(input.here(), "a value at a point is not read"),
        Some(Tok::Fence(true, _)) => refuse(input.here(), "this delimiter is not known here"),

        Some(Tok::Begin(_)) => blocks::environment(input).map(value),
        Some(Tok::Command(c)) => command(input, c),
        _ => unexpected(input),
    }
}

/// An expression in parentheses, brackets or visible braces.
fn bracketed<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let Some((inside, rest)) = input.bracket() else { return unexpected(input) };
    let span = input.span_to(rest);
    let close = input.of.matched.tokens.get(rest.from as usize - 1).map(|t| t.tok);
    let fits = match (input.tok(), close) {
        (Some(Tok::Fence(_, a)), Some(Tok::Fence(_, b))) => {
            matches!((a, b), ('(', ')') | ('[', ']') | ('⦃', '⦄'))
        }
        _ => true,
    };
    if !fits {
        if input.tok() == Some(Tok::Fence(true, '⦃')) && close == Some(Tok::Fence(false, '.')) {
            return blocks::one_brace(inside, rest, span);
        }
        return refuse(span, "this is opened by one bracket and closed by another");
    }
    if inside.split(|t| matches!(t, Tok::Sign(',' | ';'))).len() > 1 {
        return match input.tok() {
            Some(Tok::Sign('[') | Tok::Fence(_, '[')) => blocks::bracketed_row(inside, rest, span),
            _ if blocks::has_dots(inside) => {
                let column = inside.split(|t| t == Tok::Sign(';')).len() > 1;
                let kind = blocks::elements(inside, column, &span)?;
                Ok((rest, Value { expr: Expr { kind, span }, shape: Shape::Atom }))
            }
            _ => refuse(span, "a list stands where one value must"),
        };
    }
    let square = matches!(input.tok(), Some(Tok::Sign('[') | Tok::Fence(_, '[')));
    if square && blocks::is_loose_row(inside) {
        let kind = blocks::elements(inside, false, &span)?;
        return Ok((rest, Value { expr: Expr { kind, span }, shape: Shape::Atom }));
    }
    if square && let Some(kind) = blocks::iverson(inside, &span)? {
        return Ok((rest, Value { expr: Expr { kind, span }, shape: Shape::Atom }));
    }
    let value = whole(inside)?;
    Ok((rest, Value { expr: Expr { span, ..value.expr }, shape: Shape::Paren }))
}

/// The argument of a command: a group, or one token that stands by itself.
pub(super) fn argument<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Tokens<'s, 'a>> {
    match input.tok() {
        Some(Tok::Open) => match input.bracket() {
            Some((inside, rest)) => Ok((rest, inside)),
            None => unexpected(input),
        },
        Some(Tok::Letter(_) | Tok::Symbol(_) | Tok::Digit(_) | Tok::Text(..)) => {
            let rest = input.skip(1);
            Ok((rest, input.until(rest)))
        }
        _ => refuse(input.here(), "the argument of a command was expected here"),
    }
}

fn command<'s, 'a>(input: Tokens<'s, 'a>, name: &'a str) -> Parsed<'s, 'a, Piece<'s, 'a>> {
    let after = input.skip(1);
    let Some(notation) = notation::of(name) else { return unexpected(input) };
    let value = |(rest, value)| (rest, Piece::Value(value));
    match notation.makes {
        Makes::Fraction => {
            let (rest, above) = argument(after)?;
            let (rest, below) = argument(rest)?;
            fraction::fraction(above, below, input.span_to(rest)).map(|piece| (rest, piece))
        }
        Makes::Root => functions::root(input).map(value),
        Makes::Sum => blocks::big_sum(input, 0).map(value),
        Makes::Multiple => blocks::big_product(input).map(value),
        Makes::Under => limits::under(input).map(value),
        Makes::Braced => blocks::braced(input).map(value),
        Makes::Elementwise => unexpected(input),
        Makes::Refused(why) => refuse(input.here(), why),
        Makes::Beyond(why) => beyond(input.here(), why),
        Makes::Inside => {
            let (rest, inside) = argument(after)?;
            let span = input.span_to(rest);
            let piece = match contents(inside)? {
                Piece::Value(v) => {
                    // A frame holds its content together.
                    let shape = match (name, v.shape) {
                        ("boxed" | "fbox", _) => Shape::Paren,
                        (_, shape) => shape,
                    };
                    Piece::Value(Value { expr: Expr { span, ..v.expr }, shape })
                }
                operator => operator,
            };
            Ok((rest, piece))
        }
    }
}

/// Whether the next token begins a name.
pub(super) fn starts_name(input: Tokens) -> bool {
    match input.tok() {
        Some(Tok::Letter(_) | Tok::Text(..)) => true,
        Some(Tok::Symbol(c)) => !matches!(c, '∂' | '∇' | '∞'),
        Some(Tok::Command(c)) => spelling::accent(c).is_some(),
        _ => false,
    }
}

/// What holds together with its scripts: a power, a name with its index, a call.
pub(super) fn powered<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    if let Some(Tok::Command(c)) = input.tok()
        && let Some(function) = spelling::function(c)
        && c != "sqrt"
    {
        return functions::call(input, input.skip(1), function);
    }
    if let Some((rest, value)) = blocks::indicator(input)? {
        return names::raised(input, rest, value);
    }
    if starts_name(input) {
        return names::named(input);
    }
    let (rest, piece) = primary(input)?;
    match piece {
        Piece::Operator { by, order } => fraction::operated(input, rest, by, order),
        Piece::Value(Value { expr: Expr { kind: FormulaKind::Name(name), span }, .. }) => {
            names::scripted(input, rest, name, span)
        }
        Piece::Value(value) => names::raised(input, rest, value),
    }
}
