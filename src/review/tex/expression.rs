//! Expressions, by precedence. In goes a stretch of tokens, out comes what it says, or why it is
//! not read.
//!
//! ```text
//! whole   = sum | sum "\over" sum
//! sum     = [ sign ] term { sign term }
//! term    = "-" term | factor { [ "·" | "." | "/" ] factor }
//! factor  = "∂" … (module fraction) | primary scripts (module names)
//! primary = number | name | function argument | "{" whole "}" | "(" whole ")" | "\frac" …
//! ```
//!
//! Braces are not seen in print, so `{a + b}c` has two readings, that of TeX and that of its
//! reader; such a group is refused where they differ. So are 1/2x, a number behind a name, and a
//! function without parentheses before a second factor.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{map, opt};

use super::fraction::{self, Piece};
use super::lex::Tok;
use super::notation::{self, Makes, Stands};
use super::syntax::{Array, Expr, FormulaKind};
use super::tokens::{Parsed, Problem, Tokens, beyond, is_space, refuse};
use super::{MAX_DEPTH, functions, series, symbols};

/// How an expression looks in print, which decides what may stand beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Number,
    Name,
    /// In parentheses or brackets.
    Paren,
    /// Anything else that holds together: a fraction, |x|, f(x).
    Atom,
    /// A function with an argument that has no parentheses: `\ln x`.
    Open,
    /// ∂/∂x before what it differentiates; whether that stands in parentheses.
    Operated(bool),
    /// ∂a/∂b with a slash.
    Leibniz,
    Product,
    Slash,
    Neg,
    Sum,
}

/// An expression that was read.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub expr: Expr,
    pub shape: Shape,
}

pub(super) type Result<T> = std::result::Result<T, nom::Err<Problem>>;

/// All of a group, or of a side: nothing may be left over.
pub(super) fn whole(input: Tokens) -> Result<Value> {
    match contents(input)? {
        Piece::Value(value) => Ok(value),
        Piece::Operator { .. } => {
            refuse(input.span(), "nothing stands here that is differentiated")
        }
    }
}

/// All of a group, which may be ∂/∂x.
pub(super) fn contents<'s, 'a>(input: Tokens<'s, 'a>) -> Result<Piece<'s, 'a>> {
    let input = spaces(input).deeper()?;
    if input.is_empty() {
        return refuse(input.here(), "a value was expected here");
    }
    let parts = input.split(|t| t == Tok::Command("over"));
    match parts.as_slice() {
        [_] => {}
        [above, below] => {
            let marked = |t: &Tokens| t.split(|t| t == Tok::Amp).len() > 1;
            if parts.iter().any(marked) {
                return refuse(
                    input.span(),
                    "an alignment mark stands in a fraction, so its bounds are not certain",
                );
            }
            return fraction::fraction(*above, *below, input.span());
        }
        _ => return refuse(input.span(), "two `\\over` in one group have two readings"),
    }
    let (rest, value) = sum(input)?;
    let rest = spaces(rest);
    if !rest.is_empty() {
        return unexpected(rest);
    }
    Ok(Piece::Value(value))
}

/// The failure at a token that does not go on with what was read.
pub(super) fn unexpected<T>(at: Tokens) -> Result<T> {
    let here = at.here();
    let message = match at.tok() {
        None => return refuse(here, "a value was expected here"),
        Some(Tok::Command(c)) => match notation::of(c).map(|row| row.makes) {
            Some(Makes::Beyond(why)) => return beyond(here, why),
            Some(Makes::Refused(why)) => why.to_string(),
            _ => format!("`\\{c}` is not known here"),
        },
        Some(Tok::Sign(c)) if notation::of_sign(c).is_some() => {
            match notation::of_sign(c).map(|row| row.makes) {
                Some(Makes::Beyond(why)) => return beyond(here, why),
                Some(Makes::Refused(why)) => why.to_string(),
                _ => format!("`{c}` is not expected here"),
            }
        }
        Some(Tok::Sign('…')) => "dots leave out what is meant".to_string(),
        Some(Tok::Sign('|')) if at.token(1).is_some_and(|t| t.tok == Tok::Sub) => {
            return beyond(here, "a value at a point is not read");
        }
        Some(Tok::Sign('|')) => "this bar has no partner".to_string(),
        Some(Tok::Sign(c @ ('(' | ')' | '[' | ']'))) => format!("this `{c}` has no partner"),
        Some(Tok::Sign('⦃' | '⦄')) => "this brace has no partner".to_string(),
        Some(Tok::Sign(',')) if matches!(at.token(1), Some(t) if !t.spaced && matches!(t.tok, Tok::Digit(_))) => {
            "this comma may be a decimal one, part thousands, or make a list".to_string()
        }
        Some(Tok::Sign(',' | ';')) => "a list stands where one value must".to_string(),
        Some(Tok::Sign(c)) => format!("`{c}` is not expected here"),
        Some(Tok::Text(..)) => "words stand inside a formula here".to_string(),
        Some(Tok::Amp) => "a column ends inside a formula here".to_string(),
        Some(Tok::Wide) => "a wide space parts a formula here".to_string(),
        Some(Tok::Break) => "a row ends inside a formula here".to_string(),
        Some(Tok::Sup) => "a second exponent stands here".to_string(),
        Some(Tok::Sub) => "an index stands here without its name".to_string(),
        Some(Tok::Param(_)) => {
            "`#` stands for an argument of a macro, and there is none".to_string()
        }
        Some(_) => "this is not expected here".to_string(),
    };
    refuse(here, message)
}

/// Steps over alignment marks and wide spaces that an operator follows or nothing.
fn spaces<'s, 'a>(input: Tokens<'s, 'a>) -> Tokens<'s, 'a> {
    let mut rest = input;
    while rest.tok().is_some_and(is_space) {
        rest = rest.skip(1);
    }
    let operator = match rest.tok() {
        None => true,
        Some(Tok::Sign(c)) => matches!(c, '+' | '-' | '·' | '*' | '/'),
        _ => false,
    };
    if operator { rest } else { input }
}

/// Steps over alignment marks and wide spaces behind an operator.
pub(super) fn gap<'s, 'a>(input: Tokens<'s, 'a>) -> Tokens<'s, 'a> {
    let mut rest = input;
    while rest.tok().is_some_and(is_space) {
        rest = rest.skip(1);
    }
    rest
}

pub(super) fn sign<'s, 'a: 's>(c: char) -> impl Fn(Tokens<'s, 'a>) -> Parsed<'s, 'a, char> {
    move |input: Tokens<'s, 'a>| {
        if input.is_sign(c) { Ok((input.skip(1), c)) } else { missing(input) }
    }
}

/// nom's recoverable error: another branch is tried.
pub(super) fn missing<'s, 'a, T>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, T> {
    let error = nom::error::ParseError::from_error_kind(input, nom::error::ErrorKind::Alt);
    Err(nom::Err::Error(error))
}

pub(super) fn sum<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let (start, plus) = opt(sign('+')).parse(gap(input))?;
    let (mut rest, first) = term(gap(start))?;
    let mut bare = first.shape == Shape::Operated(false);
    let head = match first.expr.kind {
        FormulaKind::Neg(inner) if first.shape == Shape::Neg => (true, *inner),
        kind => (false, Expr { kind, span: first.expr.span }),
    };
    let (mut shape, mut terms) = (first.shape, vec![head]);
    let taken = |input| alt((map(sign('+'), |_| false), map(sign('-'), |_| true))).parse(input);
    while let Ok((after, minus)) = taken(spaces(rest)) {
        let from = gap(after);
        // a_1 + a_2 + … + a_n
        if from.is_sign('…') {
            let Ok((last, false)) = taken(spaces(gap(from.skip(1)))) else {
                return unexpected(from);
            };
            let (end, value) = term(gap(last))?;
            let follows = !minus && value.shape != Shape::Sum && value.shape != Shape::Neg;
            let Some(sum) = follows.then(|| series::summed(&mut terms, &value.expr)).flatten()
            else {
                return refuse(from.here(), "dots leave out what is meant");
            };
            (bare, shape) = (false, Shape::Atom);
            rest = end;
            terms.push((false, sum));
            continue;
        }
        let (after, value) = term(from)?;
        if minus && value.shape == Shape::Sum {
            return refuse(
                value.expr.span,
                "braces are not seen in print: is the minus before one term or before all?",
            );
        }
        if bare && !differentiates(&value) {
            return refuse(
                input.span_to(after),
                "is what stands behind the sum's sign differentiated too? It needs parentheses",
            );
        }
        bare |= value.shape == Shape::Operated(false);
        rest = after;
        terms.push((minus, value.expr));
    }
    let span = input.span_to(rest);
    let single = terms.len() == 1;
    let value = match (terms.pop(), single) {
        (Some((false, expr)), true) if plus.is_none() => Value { expr, shape },
        (Some((false, expr)), true) => Value { expr, shape: Shape::Sum },
        (Some((true, expr)), true) => {
            Value { expr: Expr { kind: FormulaKind::Neg(Box::new(expr)), span }, shape: Shape::Neg }
        }
        (last, _) => {
            terms.extend(last);
            Value { expr: Expr { kind: FormulaKind::Sum(terms), span }, shape: Shape::Sum }
        }
    };
    Ok((rest, value))
}

/// Whether a term says itself what is differentiated in it.
fn differentiates(value: &Value) -> bool {
    let derivative = |e: &Expr| matches!(e.kind, FormulaKind::Derivative { .. });
    match &value.expr.kind {
        FormulaKind::Product(factors) => factors.iter().any(derivative),
        _ => derivative(&value.expr),
    }
}

/// What stands between two factors.
#[derive(Clone, Copy, PartialEq)]
enum Op {
    Times,
    Dot,
    Over,
    Elementwise,
}

fn operator<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Op> {
    let times = alt((sign('·'), sign('*'))).map(|_| Op::Times);
    let over = sign('/').map(|_| Op::Over);
    let elementwise = by_elements.map(|_| Op::Elementwise);
    alt((times, over, elementwise, dot)).parse(input)
}

/// ⊙, the product of arrays element by element.
fn by_elements<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, ()> {
    let notation = match input.tok() {
        Some(Tok::Command(c)) => notation::of(c),
        Some(Tok::Sign(c)) => notation::of_sign(c),
        _ => None,
    };
    match notation.map(|row| row.makes) {
        Some(Makes::Elementwise) => Ok((input.skip(1), ())),
        _ => missing(input),
    }
}

/// A dot between two factors. At the end it is a full stop, and left alone.
fn dot<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Op> {
    let (rest, _) = sign('.')(input)?;
    if starts_factor(rest) { Ok((rest, Op::Dot)) } else { missing(input) }
}

/// Whether a factor can begin with the next token.
pub(super) fn starts_factor(input: Tokens) -> bool {
    match input.tok() {
        Some(Tok::Letter(_) | Tok::Symbol(_) | Tok::Digit(_) | Tok::Open | Tok::Text(..)) => true,
        Some(Tok::Begin(_) | Tok::Fence(true, _)) => true,
        Some(Tok::Sign('(' | '[' | '⦃' | '|' | '‖')) => {
            input.bracket().is_some() || input.is_sign('‖')
        }
        Some(Tok::Command(c)) => {
            symbols::relation(c).is_none()
                && symbols::arrow(c).is_none()
                && c != "over"
                && notation::of(c).is_none_or(|row| row.stands != Stands::Between)
        }
        _ => false,
    }
}

pub(super) fn term<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    if input.is_sign('-') {
        let inside = gap(input.skip(1)).deeper()?;
        let (rest, value) = term(inside)?;
        if value.shape == Shape::Sum {
            return refuse(
                value.expr.span,
                "braces are not seen in print: is the minus before one term or before all?",
            );
        }
        let shape = if value.shape == Shape::Operated(false) { value.shape } else { Shape::Neg };
        let kind = FormulaKind::Neg(Box::new(value.expr));
        return Ok((
            rest.level_of(input),
            Value { expr: Expr { kind, span: input.span_to(rest) }, shape },
        ));
    }
    let (mut rest, first) = fraction::factor(input)?;
    let alone = first.shape;
    let (mut left, mut last, mut slashes) = (vec![first.expr], first.shape, 0);
    // What stands before each ⊙, which binds less than a product does.
    let mut before = Vec::new();
    loop {
        let at = spaces(rest);
        let op = match operator(at) {
            Ok((after, op)) => Some((gap(after), op)),
            Err(_) if starts_factor(rest) => None,
            Err(_) => break,
        };
        if last == Shape::Operated(false) {
            return refuse(
                input.span_to(at),
                "is the factor behind this differentiated too? It needs parentheses",
            );
        }
        let (after, value) = match op {
            Some((after, op)) => explicit(after, op, last, at)?,
            None => side_by_side(rest, last)?,
        };
        last = value.shape;
        if let Some((_, Op::Over)) = op {
            slashes += 1;
            if slashes > MAX_DEPTH {
                return refuse(
                    input.span_to(after),
                    format!("more than {MAX_DEPTH} divisions stand in a row here"),
                );
            }
            let above = product(std::mem::take(&mut left));
            let span = input.span_to(after);
            let kind = FormulaKind::Quotient(Box::new(above), Box::new(value.expr));
            left.push(Expr { kind, span });
            last = Shape::Slash;
        } else if let Some((_, Op::Elementwise)) = op {
            before.push(product(std::mem::replace(&mut left, vec![value.expr])));
        } else {
            left.push(value.expr);
        }
        rest = after;
    }
    if !before.is_empty() {
        before.push(product(left));
        return Ok((rest, elementwise(before, input.span_to(rest))));
    }
    let shape = match left.len() {
        1 if slashes == 0 => alone,
        1 => Shape::Slash,
        _ if last == Shape::Operated(false) => last,
        _ => Shape::Product,
    };
    Ok((rest, Value { expr: product(left), shape }))
}

/// Factors with ⊙ between them, made apart from the recursion.
#[inline(never)]
fn elementwise(factors: Vec<Expr>, span: std::ops::Range<usize>) -> Value {
    let kind = FormulaKind::Array(Box::new(Array::Elementwise(factors)));
    Value { expr: Expr { kind, span }, shape: Shape::Product }
}

/// The factors as one expression, at the place from the first to the last.
pub(super) fn product(mut factors: Vec<Expr>) -> Expr {
    if factors.len() == 1
        && let Some(only) = factors.pop()
    {
        return only;
    }
    let start = factors.iter().map(|f| f.span.start).min().unwrap_or(0);
    let end = factors.iter().map(|f| f.span.end).max().unwrap_or(0);
    Expr { kind: FormulaKind::Product(factors), span: start..end }
}

/// The factor behind a sign of multiplication or division.
fn explicit<'s, 'a>(
    input: Tokens<'s, 'a>,
    op: Op,
    last: Shape,
    at: Tokens<'s, 'a>,
) -> Parsed<'s, 'a, Value> {
    if last == Shape::Sum {
        return refuse(
            at.here(),
            "braces are not seen in print: is the whole sum before this a factor?",
        );
    }
    let number = last == Shape::Number;
    if op == Op::Dot && matches!(input.tok(), Some(Tok::Digit(_))) && !(number && dotted(at)) {
        return refuse(at.here(), "this dot may be a product or a decimal point");
    }
    let (rest, value) = if input.is_sign('-') {
        let inside = input.skip(1).deeper()?;
        let (rest, value) = fraction::factor(inside)?;
        let expr = Expr { kind: FormulaKind::Neg(Box::new(value.expr)), span: input.span_to(rest) };
        (rest.level_of(input), Value { expr, shape: Shape::Neg })
    } else {
        fraction::factor(input)?
    };
    match value.shape {
        Shape::Sum => {
            refuse(value.expr.span, "braces are not seen in print: is the whole sum a factor?")
        }
        Shape::Product | Shape::Slash | Shape::Neg if op == Op::Over => {
            refuse(value.expr.span, "braces are not seen in print: is all of this divided by?")
        }
        Shape::Operated(_) if op == Op::Over => {
            refuse(value.expr.span, "a derivative behind a slash has two readings")
        }
        _ if op == Op::Over && uncertain(&value.expr, input) => refuse(
            value.expr.span,
            "is the parenthesis the argument of a function, or a factor behind the slash?",
        ),
        // A negative factor in the middle changes nothing about what follows.
        _ => Ok((rest, value)),
    }
}

/// Whether this is f(x) where f is perhaps no function.
fn uncertain(expr: &Expr, input: Tokens) -> bool {
    match &expr.kind {
        FormulaKind::Apply { head, primes: 0, args } if args.len() == 1 => {
            input.of.lexicon.is_function(&head.stem) != Some(true)
        }
        _ => false,
    }
}

/// Whether the dot at `at` stands between two numbers as a product: `names::number` said so.
fn dotted(at: Tokens) -> bool {
    let warned = at.here();
    at.of.warnings.borrow().last().is_some_and(|w| w.span.contains(&warned.start))
}

/// A factor that follows another without a sign.
fn side_by_side<'s, 'a>(input: Tokens<'s, 'a>, last: Shape) -> Parsed<'s, 'a, Value> {
    let here = input.here();
    match last {
        Shape::Slash => {
            return refuse(here, "a/bc may be (a/b)c or a/(bc): it needs parentheses");
        }
        // The argument of \sin x \cos x ends where another function begins.
        Shape::Open if !functions::starts(input) => {
            return refuse(here, "is this a part of the function's argument? It needs parentheses");
        }
        // {−a}(b) is −ab however it is read.
        Shape::Sum => {
            return refuse(
                here,
                "braces are not seen in print: is the whole sum before this a factor?",
            );
        }
        _ => {}
    }
    let (rest, value) = fraction::factor(input)?;
    match (last, value.shape) {
        (Shape::Number, Shape::Number) => refuse(here, "two numbers stand side by side here"),
        (_, Shape::Number) => {
            refuse(here, "a number behind a factor may be a factor, an index or a power")
        }
        (_, Shape::Sum | Shape::Neg) => {
            refuse(value.expr.span, "braces are not seen in print: is the whole sum a factor?")
        }
        (Shape::Operated(true), _) if !differentiates(&value) => {
            refuse(here, "is this differentiated too? It needs parentheses or a dot before it")
        }
        (Shape::Leibniz, Shape::Name | Shape::Open | Shape::Product) => {
            refuse(here, "does this stand below the slash too? It needs parentheses")
        }
        _ => Ok((rest, value)),
    }
}
