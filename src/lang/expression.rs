//! Expressions, by precedence: a sum of products of powers of atoms. In go tokens, out comes a
//! tree no higher than [`MAX_NESTING`]; parsing recurses no deeper either.
//!
//! ```text
//! sum     = negated { ("+" | "-") negated }
//! negated = "-" negated | product
//! product = power { ("*" | "/") signed }
//! signed  = "-" signed | power
//! power   = indexed [ "^" signed ]
//! indexed = atom { "[" whole { "," whole } "]" }
//! atom    = number | name [ "(" [ argument { "," argument } ] ")" ] | "(" sum ")" | "[" list "]"
//! ```

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::multi::separated_list1;
use nom::sequence::terminated;

use super::MAX_NESTING;
use super::lex::{Bracket, Tok, Token};
use super::syntax::{Arg, Call, Expr, ExprKind, Name};
use super::tokens::{Parsed, Problem, Tokens, close, expected, fatal, tok, too_deep};
use crate::diag::{Error, Kind, Span};

/// A tree and its height.
struct Tall<'a> {
    expr: Expr<'a>,
    height: usize,
}

/// An expression.
pub(super) fn expression<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Expr<'a>> {
    sum(input).map(|(rest, tall)| (rest, tall.expr))
}

fn sum<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (mut rest, first) = negated(input)?;
    let mut height = first.height;
    let mut more: Vec<(Token, Expr)> = Vec::new();
    while let Ok((after, sign)) = alt((tok(Tok::Plus), tok(Tok::Minus))).parse(rest) {
        let (after, term) = negated(after)?;
        height = height.max(term.height + usize::from(sign.tok == Tok::Minus));
        more.push((sign, term.expr));
        rest = after;
    }
    // Two terms and a minus are the difference itself, not a sum with a negation.
    if let [(Token { tok: Tok::Minus, .. }, _)] = more.as_slice()
        && let Some((_, last)) = more.pop()
    {
        return Ok((rest, pair_node(first.expr, last, height, ExprKind::Sub)?));
    }
    if more.is_empty() {
        return Ok((rest, first));
    }
    let negate = |(sign, term): (Token, Expr<'a>)| match sign.tok {
        Tok::Minus => {
            let span = sign.span.to(term.span);
            Expr { kind: ExprKind::Neg(Box::new(term)), span }
        }
        _ => term,
    };
    let terms = std::iter::once(first.expr).chain(more.into_iter().map(negate)).collect();
    Ok((rest, list_node(terms, height, ExprKind::Add)?))
}

fn negated<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    signed_by(input, negated, product)
}

fn product<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (mut rest, mut left) = power(input)?;
    let mut more: Vec<Expr> = Vec::new();
    let mut height = left.height;
    while let Ok((after, sign)) = alt((tok(Tok::Times), tok(Tok::Over))).parse(rest) {
        let (after, factor) = signed(after)?;
        rest = after;
        height = height.max(factor.height);
        if sign.tok == Tok::Times {
            more.push(factor.expr);
            continue;
        }
        let above = product_of(left, std::mem::take(&mut more), height)?;
        height = above.height.max(factor.height);
        left = pair_node(above.expr, factor.expr, height, ExprKind::Div)?;
        height = left.height;
    }
    Ok((rest, product_of(left, more, height)?))
}

/// The product of `left` and the factors after it, if there are any.
fn product_of<'a>(
    left: Tall<'a>,
    more: Vec<Expr<'a>>,
    height: usize,
) -> Result<Tall<'a>, nom::Err<Problem>> {
    if more.is_empty() {
        return Ok(left);
    }
    list_node(std::iter::once(left.expr).chain(more).collect(), height, ExprKind::Mul)
}

fn signed<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    signed_by(input, signed, power)
}

/// `-` and `again`, or `plain`.
fn signed_by<'t, 'a>(
    input: Tokens<'t, 'a>,
    again: fn(Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>>,
    plain: fn(Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>>,
) -> Parsed<'t, 'a, Tall<'a>> {
    let Ok((rest, sign)) = tok(Tok::Minus)(input) else { return plain(input) };
    let (rest, term) = again(rest.deeper()?)?;
    let span = sign.span.to(term.expr.span);
    let neg = node(ExprKind::Neg(Box::new(term.expr)), span, term.height)?;
    Ok((Tokens { depth: input.depth, ..rest }, neg))
}

fn power<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (rest, base) = indexed(input)?;
    let Ok((after, _)) = tok(Tok::Power)(rest) else { return Ok((rest, base)) };
    let (rest, exponent) = signed(after.deeper()?)?;
    let height = base.height.max(exponent.height);
    let tall = pair_node(base.expr, exponent.expr, height, ExprKind::Pow)?;
    Ok((Tokens { depth: input.depth, ..rest }, tall))
}

fn indexed<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (mut rest, mut tall) = atom(input)?;
    while let Ok((after, open)) = tok(Tok::Open(Bracket::Square))(rest) {
        let (after, at) = separated_list1(tok(Tok::Comma), cut(index)).parse(after)?;
        let (after, end) = close(after, open, Bracket::Square, "`,` or ")?;
        let span = tall.expr.span.to(end.span);
        tall = node(ExprKind::Index(Box::new(tall.expr), at), span, tall.height)?;
        rest = after;
    }
    Ok((rest, tall))
}

fn index<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, usize> {
    whole(input, "an index (a whole number from 0)")
}

/// A whole number that is written as one.
pub(super) fn whole<'t, 'a>(input: Tokens<'t, 'a>, what: &str) -> Parsed<'t, 'a, usize> {
    let Ok((rest, number)) = tok(Tok::Number)(input) else { return expected(input, what) };
    let text = number.text(input.source);
    match text.parse::<u32>() {
        Ok(n) => Ok((rest, n as usize)),
        Err(_) if text.bytes().all(|b| b.is_ascii_digit()) => Err(fatal(
            Error::new(Kind::Limit, format!("{text} is too large, the most is {}", u32::MAX))
                .at(number.span),
        )),
        Err(_) => expected(input, what),
    }
}

fn atom<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let first = input.peek();
    let rest = input.skip();
    let text = first.text(input.source);
    match first.tok {
        Tok::Number => Ok((rest, node(ExprKind::Number(text), first.span, 0)?)),
        Tok::Name if rest.peek().tok == Tok::Open(Bracket::Round) => call(input),
        Tok::Name => Ok((rest, node(ExprKind::Name(text), first.span, 0)?)),
        Tok::Open(Bracket::Round) => {
            let (rest, mut inner) = sum(rest.deeper()?)?;
            let (rest, end) = close(rest, first, Bracket::Round, "an operator or ")?;
            inner.expr.span = first.span.to(end.span);
            Ok((Tokens { depth: input.depth, ..rest }, inner))
        }
        Tok::Open(Bracket::Square) => list(rest, first),
        _ => expected(input, "a number, a name or `(`"),
    }
}

fn list<'t, 'a>(input: Tokens<'t, 'a>, open: Token) -> Parsed<'t, 'a, Tall<'a>> {
    let (rest, items) = separated_list1(tok(Tok::Comma), cut(sum)).parse(input.deeper()?)?;
    let (rest, end) = close(rest, open, Bracket::Square, "`,` or ")?;
    let height = items.iter().map(|i| i.height).max().unwrap_or(0);
    let items = items.into_iter().map(|i| i.expr).collect();
    let tall = node(ExprKind::List(items), open.span.to(end.span), height)?;
    Ok((Tokens { depth: input.depth, ..rest }, tall))
}

fn call<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (rest, name) = name(input)?;
    let open = rest.peek();
    let inside = rest.skip().deeper()?;
    let (rest, args) = if inside.peek().tok == Tok::Close(Bracket::Round) {
        (inside, Vec::new())
    } else {
        separated_list1(tok(Tok::Comma), cut(argument)).parse(inside)?
    };
    let (rest, end) = close(rest, open, Bracket::Round, "an operator, `,` or ")?;
    let height = args.iter().map(|(_, height)| *height).max().unwrap_or(0);
    let args = args.into_iter().map(|(arg, _)| arg).collect();
    let span = name.span.to(end.span);
    let tall = node(ExprKind::Call(Box::new(Call { name, args })), span, height)?;
    Ok((Tokens { depth: input.depth, ..rest }, tall))
}

fn argument<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, (Arg<'a>, usize)> {
    let (rest, label) = opt(terminated(name, tok(Tok::Colon))).parse(input)?;
    let (rest, tall) = sum(rest)?;
    Ok((rest, (Arg { label, value: tall.expr }, tall.height)))
}

/// A name.
pub(super) fn name<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Name<'a>> {
    let (rest, token) = tok(Tok::Name)(input)?;
    Ok((rest, Name { text: token.text(input.source), span: token.span }))
}

/// A node one higher than `below`.
fn node<'a>(kind: ExprKind<'a>, span: Span, below: usize) -> Result<Tall<'a>, nom::Err<Problem>> {
    let height = below + 1;
    if height > MAX_NESTING {
        return Err(fatal(too_deep(span)));
    }
    Ok(Tall { expr: Expr { kind, span }, height })
}

fn list_node<'a>(
    all: Vec<Expr<'a>>,
    below: usize,
    make: fn(Vec<Expr<'a>>) -> ExprKind<'a>,
) -> Result<Tall<'a>, nom::Err<Problem>> {
    let span = all.iter().map(|e| e.span).reduce(Span::to).unwrap_or_default();
    node(make(all), span, below)
}

fn pair_node<'a>(
    a: Expr<'a>,
    b: Expr<'a>,
    below: usize,
    make: fn(Box<[Expr<'a>; 2]>) -> ExprKind<'a>,
) -> Result<Tall<'a>, nom::Err<Problem>> {
    let span = a.span.to(b.span);
    node(make(Box::new([a, b])), span, below)
}
