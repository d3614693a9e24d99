//! Expressions, by precedence: a sum of products of powers of atoms. In go tokens, out comes a
//! tree no higher than [`MAX_NESTING`]; parsing recurses no deeper either.
//!
//! ```text
//! sum     = product { ("+" | "-") product }
//! product = "-" product | power { ("*" | "/" | "@") power }
//! power   = "-" power | atom { "[" subscript { "," subscript } "]" } [ "^" power ]
//! subscript = integer | [ integer ] ":" [ integer ] [ ":" [ integer ] ]
//! atom    = number | name [ "(" [ argument { "," argument } ] ")" ] | "(" sum ")"
//!         | "[" argument { "," argument } "]"
//! argument = [ NAME ":" ] sum
//! ```
//!
//! The functions that recurse are few and plain, because an unoptimised build must hold
//! [`MAX_NESTING`] levels of them in the 2 MiB of a thread.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::multi::separated_list1;
use nom::sequence::terminated;

use super::MAX_NESTING;
use super::lex::{Bracket, Tok, Token};
use super::syntax::{Arg, Call, Expr, ExprKind, Name, Subscript};
use super::tokens::{Parsed, Problem, Tokens, close, expected, fatal, tok, too_deep};
use crate::diag::{Error, Kind, Span};

/// A tree and its height; boxed to keep the frames of the recursion small.
struct Tall<'a> {
    expr: Box<Expr<'a>>,
    height: usize,
}

/// An expression.
pub(super) fn expression<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Expr<'a>> {
    sum(input).map(|(rest, tall)| (rest, *tall.expr))
}

fn sum<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (rest, first) = product(input)?;
    match rest.peek().tok {
        Tok::Plus | Tok::Minus => terms(rest, first),
        _ => Ok((rest, first)),
    }
}

fn terms<'t, 'a>(input: Tokens<'t, 'a>, first: Tall<'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (mut rest, mut height) = (input, first.height);
    let mut more: Vec<(Token, Expr)> = Vec::new();
    while let Ok((after, sign)) = alt((tok(Tok::Plus), tok(Tok::Minus))).parse(rest) {
        let (after, term) = product(after)?;
        height = height.max(term.height + usize::from(sign.tok == Tok::Minus));
        more.push((sign, *term.expr));
        rest = after;
    }
    Ok((rest, sum_of(first, more, height)?))
}

/// Two terms and a minus are the difference itself, not a sum with a negation.
fn sum_of<'a>(
    first: Tall<'a>,
    mut more: Vec<(Token, Expr<'a>)>,
    height: usize,
) -> Result<Tall<'a>, nom::Err<Problem>> {
    if let [(Token { tok: Tok::Minus, .. }, _)] = more.as_slice()
        && let Some((_, last)) = more.pop()
    {
        return pair_node(*first.expr, last, height, ExprKind::Sub);
    }
    let negate = |(sign, term): (Token, Expr<'a>)| match sign.tok {
        Tok::Minus => {
            let span = sign.span.to(term.span);
            Expr { kind: ExprKind::Neg(Box::new(term)), span }
        }
        _ => term,
    };
    let terms = std::iter::once(*first.expr).chain(more.into_iter().map(negate)).collect();
    list_node(terms, height, ExprKind::Add)
}

fn product<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    if input.peek().tok == Tok::Minus {
        return negated(input, product);
    }
    let (rest, first) = power(input)?;
    match rest.peek().tok {
        Tok::Times | Tok::Over | Tok::At => factors(rest, first),
        _ => Ok((rest, first)),
    }
}

fn factors<'t, 'a>(input: Tokens<'t, 'a>, first: Tall<'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (mut rest, mut height, mut left) = (input, first.height, first);
    let mut more: Vec<Expr> = Vec::new();
    let sign = |rest| alt((tok(Tok::Times), tok(Tok::Over), tok(Tok::At))).parse(rest);
    while let Ok((after, sign)) = sign(rest) {
        let (after, factor) = power(after)?;
        rest = after;
        height = height.max(factor.height);
        if sign.tok == Tok::Times {
            more.push(*factor.expr);
            continue;
        }
        let above = product_of(left, std::mem::take(&mut more), height)?;
        height = above.height.max(factor.height);
        let make = if sign.tok == Tok::At { ExprKind::MatMul } else { ExprKind::Div };
        left = pair_node(*above.expr, *factor.expr, height, make)?;
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
    list_node(std::iter::once(*left.expr).chain(more).collect(), height, ExprKind::Mul)
}

fn power<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    if input.peek().tok == Tok::Minus {
        return negated(input, power);
    }
    let (rest, base) = atom(input)?;
    match rest.peek().tok {
        Tok::Power => raised(rest, base),
        Tok::Open(Bracket::Square) => indexed(rest, base),
        _ => Ok((rest, base)),
    }
}

fn raised<'t, 'a>(input: Tokens<'t, 'a>, base: Tall<'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (rest, exponent) = power(input.skip().deeper()?)?;
    let height = base.height.max(exponent.height);
    let tall = pair_node(*base.expr, *exponent.expr, height, ExprKind::Pow)?;
    Ok((rest.at_depth_of(input), tall))
}

/// A minus and what it negates, read by `operand`. One that no bracket opens with is two levels,
/// for `a*--b` is printed `a*(-(-b))`, and must not be deeper than what was read.
fn negated<'t, 'a>(
    input: Tokens<'t, 'a>,
    operand: fn(Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>>,
) -> Parsed<'t, 'a, Tall<'a>> {
    let inside = input.skip().deeper()?;
    let inside = if input.opens() { inside } else { inside.deeper()? };
    let (rest, term) = operand(inside)?;
    let span = input.peek().span.to(term.expr.span);
    let tall = node(ExprKind::Neg(term.expr), span, term.height)?;
    Ok((rest.at_depth_of(input), tall))
}

/// Indices after `base`, and a power after them.
fn indexed<'t, 'a>(input: Tokens<'t, 'a>, base: Tall<'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (mut rest, mut base) = (input, base);
    while let Ok((after, open)) = tok(Tok::Open(Bracket::Square))(rest) {
        let (after, at) = separated_list1(tok(Tok::Comma), cut(subscript)).parse(after)?;
        let (after, end) = close(after, open, Bracket::Square, "`,` or ")?;
        let span = base.expr.span.to(end.span);
        base = node(ExprKind::Index(base.expr, at), span, base.height)?;
        rest = after;
    }
    match rest.peek().tok {
        Tok::Power => raised(rest, base),
        _ => Ok((rest, base)),
    }
}

/// An index or a range of them.
fn subscript<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Subscript> {
    let (rest, start) = integer(input)?;
    let colon = tok(Tok::Colon);
    let Ok((rest, _)) = colon(rest) else {
        return match start {
            Some(n) => Ok((rest, Subscript::At(n))),
            None => expected(rest, "an index (a whole number) or a range such as 1:3"),
        };
    };
    let (rest, stop) = integer(rest)?;
    let (rest, step) = match colon(rest) {
        Ok((rest, _)) => integer(rest)?,
        Err(_) => (rest, None),
    };
    Ok((rest, Subscript::Range { start, stop, step }))
}

/// A whole number, perhaps with a minus, or nothing.
fn integer<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Option<i64>> {
    let minus = tok(Tok::Minus)(input).ok();
    let from = minus.map_or(input, |(rest, _)| rest);
    if minus.is_none() && from.peek().tok != Tok::Number {
        return Ok((input, None));
    }
    let (rest, n) = whole(from, "a whole number")?;
    let n = n as i64;
    Ok((rest, Some(if minus.is_some() { -n } else { n })))
}

/// A whole number that is written as one.
pub(super) fn whole<'t, 'a>(input: Tokens<'t, 'a>, what: &str) -> Parsed<'t, 'a, usize> {
    let Ok((rest, number)) = tok(Tok::Number)(input) else { return expected(input, what) };
    let text = number.text(input.text());
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
    match (input.peek().tok, input.skip().peek().tok) {
        (Tok::Number, _) => leaf(input, ExprKind::Number),
        (Tok::Name, Tok::Open(Bracket::Round)) => call(input),
        (Tok::Name, _) => leaf(input, ExprKind::Name),
        (Tok::Open(Bracket::Round), _) => grouped(input),
        (Tok::Open(Bracket::Square), _) => list(input),
        _ => expected(input, "a number, a name or `(`"),
    }
}

fn leaf<'t, 'a>(
    input: Tokens<'t, 'a>,
    make: fn(&'a str) -> ExprKind<'a>,
) -> Parsed<'t, 'a, Tall<'a>> {
    let token = input.peek();
    Ok((input.skip(), node(make(token.text(input.text())), token.span, 0)?))
}

fn grouped<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let open = input.peek();
    let (rest, mut inner) = sum(input.skip().deeper()?)?;
    let (rest, end) = close(rest, open, Bracket::Round, "an operator or ")?;
    inner.expr.span = open.span.to(end.span);
    Ok((rest.at_depth_of(input), inner))
}

/// What stands between brackets, with the brackets' place and the greatest height.
struct Arguments<'a> {
    args: Vec<Arg<'a>>,
    span: Span,
    height: usize,
}

fn arguments<'t, 'a>(input: Tokens<'t, 'a>, bracket: Bracket) -> Parsed<'t, 'a, Arguments<'a>> {
    let open = input.peek();
    let mut rest = input.skip().deeper()?;
    let mut all = Arguments { args: Vec::new(), span: open.span, height: 0 };
    // `f()` is a call of nothing; a list of nothing has no shape.
    let mut more = bracket == Bracket::Square || rest.peek().tok != Tok::Close(bracket);
    while more {
        let label = opt(terminated(name, tok(Tok::Colon))).parse(rest)?;
        let (after, value) = sum(label.0)?;
        all.height = all.height.max(value.height);
        all.args.push(Arg { label: label.1, value: *value.expr });
        more = after.peek().tok == Tok::Comma;
        rest = if more { after.skip() } else { after };
    }
    let (rest, end) = close(rest, open, bracket, "an operator, `,` or ")?;
    all.span = open.span.to(end.span);
    Ok((rest.at_depth_of(input), all))
}

fn call<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (rest, name) = name(input)?;
    let (rest, all) = arguments(rest, Bracket::Round)?;
    let call = Call { name, args: all.args };
    Ok((rest, node(ExprKind::Call(Box::new(call)), name.span.to(all.span), all.height)?))
}

fn list<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Tall<'a>> {
    let (rest, all) = arguments(input, Bracket::Square)?;
    if let Some(label) = all.args.iter().find_map(|a| a.label) {
        let error = Error::new(Kind::Syntax, "the items of a list have no names");
        return Err(fatal(error.at(label.span)));
    }
    let items = all.args.into_iter().map(|a| a.value).collect();
    Ok((rest, node(ExprKind::List(items), all.span, all.height)?))
}

/// A name.
pub(super) fn name<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Name<'a>> {
    let (rest, token) = tok(Tok::Name)(input)?;
    Ok((rest, Name { text: token.text(input.text()), span: token.span }))
}

/// A node one higher than `below`.
fn node<'a>(kind: ExprKind<'a>, span: Span, below: usize) -> Result<Tall<'a>, nom::Err<Problem>> {
    let height = below + 1;
    if height > MAX_NESTING {
        return Err(fatal(too_deep(span)));
    }
    Ok(Tall { expr: Box::new(Expr { kind, span }), height })
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
