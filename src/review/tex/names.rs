//! Names with their scripts: indices below, marks and powers above, primes, and an argument list
//! in parentheses.
//!
//! A number, an expression or a letter above a name is its power; a number in parentheses or
//! brackets, a sign alone and a word are marks, a part of the name. A T above is a transpose and
//! an l a layer, both outside of scalar calculus.

use std::ops::Range;

use super::atoms::{argument, starts_name};
use super::expression::{Result, Shape, Value, product, unexpected, whole};
use super::functions;
use super::lex::{Font, Tok};
use super::lexicon::Run;
use super::scripts::{Above, above, below, scripts};
use super::syntax::{Array, Expr, FormulaKind, Name, visit};
use super::tokens::{Parsed, Tokens, beyond, refuse};
use super::{MAX_NAME, spelling};

/// A name without its scripts.
struct Head {
    name: Name,
    /// Upright `e`, which can only be Euler's number.
    upright: bool,
}

/// A name with its scripts, or a function with its argument.
pub(super) fn named<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Value> {
    let (rest, head) = head(input)?;
    if head.name.below.is_empty()
        && let Some(function) = spelling::function(&head.name.stem)
        && !input.of.lexicon.knows(&head.name.stem)
    {
        return functions::call(input, rest, function);
    }
    if head.name.stem == "e" && rest.tok() == Some(Tok::Sup) {
        return exponential(input, rest, &head);
    }
    let span = input.span_to(rest);
    scripted(input, rest, head.name, span)
}

fn name(stem: String) -> Name {
    Name { stem, below: Vec::new(), above: None }
}

/// The letters that make one name here.
fn head<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Head> {
    let rest = input.skip(1);
    match input.tok() {
        Some(Tok::Symbol('Δ')) if starts_name(rest) => {
            let (after, inner) = head(rest.deeper()?)?;
            let stem = format!("Δ{}", inner.name.stem);
            Ok((after.level_of(input), Head { name: Name { stem, ..inner.name }, upright: false }))
        }
        Some(Tok::Symbol(c)) if starts_name(input) => {
            Ok((rest, Head { name: name(c.to_string()), upright: false }))
        }
        Some(Tok::Letter(_)) => letters(input),
        Some(Tok::Text(font, words)) => {
            let stem = words.split_whitespace().collect::<Vec<_>>().join(" ");
            let plain = stem.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
            if stem.is_empty() || !plain {
                return refuse(input.here(), "words stand where a value must");
            }
            let upright = font == Font::Name && stem == "e";
            Ok((rest, Head { name: name(stem), upright }))
        }
        Some(Tok::Command(c)) => {
            let Some(mark) = spelling::accent(c) else { return unexpected(input) };
            let (after, inside) = argument(rest)?;
            let value = whole(inside)?;
            match value.expr.kind {
                FormulaKind::Name(inner) => {
                    let stem = spelling::accented(&inner.stem, mark);
                    Ok((after, Head { name: Name { stem, ..inner }, upright: false }))
                }
                _ if mark == '\u{304}' => {
                    beyond(input.span_to(after), "a bar over an expression is no arithmetic")
                }
                _ => refuse(input.span_to(after), "an accent stands on what is no name"),
            }
        }
        _ => unexpected(input),
    }
}

fn letters<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Head> {
    let mut run = String::new();
    let mut ends = Vec::new();
    while let Some(token) = input.token(ends.len()) {
        match token.tok {
            Tok::Letter(c) if ends.is_empty() || !token.spaced => run.push(c),
            _ => break,
        }
        ends.push(run.len());
        if ends.len() > MAX_NAME {
            let message = format!("more than {MAX_NAME} letters stand in a row here");
            return refuse(token.span(), message);
        }
    }
    let lexicon = input.of.lexicon;
    let found = |length: usize| {
        let stem = run[..ends[length - 1]].to_string();
        Ok((input.skip(length), Head { name: name(stem), upright: false }))
    };
    let before = (input.from as usize).checked_sub(1).and_then(|b| input.of.tokens().get(b));
    let starts = input.token(0).is_some_and(|t| t.spaced)
        || !matches!(before.map(|t| t.tok), Some(Tok::Letter(_)));
    if lexicon.knows(&run) || spelling::function(&run).is_some() && applied(input.skip(ends.len()))
    {
        return found(ends.len());
    }
    if let Some(length) = ends.iter().position(|at| {
        let rest = &run[*at..];
        rest.len() > 1 && spelling::function(rest).is_some() && applied(input.skip(ends.len()))
    }) && length == 0
    {
        return found(1);
    }
    match (starts, lexicon.run(&run)) {
        (true, Run::Name) => found(ends.len()),
        (true, Run::Either) => refuse(
            input.span_to(input.skip(ends.len())),
            format!("`{run}` may be one name or a product of its letters"),
        ),
        _ => found(1),
    }
}

/// Whether an argument in brackets follows.
fn applied(rest: Tokens) -> bool {
    let mut rest = rest;
    while let Some(Tok::Sup | Tok::Sub) = rest.tok() {
        let script = rest.skip(1);
        rest = match script.tok() {
            Some(Tok::Open) => match script.bracket() {
                Some((_, after)) => after,
                None => return false,
            },
            _ => script.skip(1),
        };
    }
    matches!(rest.tok(), Some(Tok::Sign('(' | '[' | '⦃' | '|') | Tok::Fence(true, _) | Tok::Open))
}

/// A name, its scripts, and the argument list behind them.
pub(super) fn scripted<'s, 'a>(
    input: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    mut name: Name,
    mut span: Range<usize>,
) -> Parsed<'s, 'a, Value> {
    let mut rest = digits_behind(input, rest, &mut name);
    let (after, found) = scripts(rest)?;
    if after.from != rest.from {
        span = input.span_to(after);
        rest = after;
    }
    if let Some(inside) = found.below {
        if !name.below.is_empty() {
            return refuse(inside.span(), "a second index stands below this name");
        }
        name.below = below(inside)?;
    }
    let mut power = None;
    if let Some(inside) = found.above {
        match above(inside, &name.stem)? {
            Above::Mark(mark) if name.above.is_none() => name.above = Some(mark),
            Above::Mark(_) => return refuse(inside.span(), "a second mark stands above this name"),
            Above::Power => power = Some(whole(inside)?.expr),
            Above::Transpose(_) if found.primes > 0 => {
                return refuse(span, "a prime and a transpose stand on the same name");
            }
            Above::Transpose(mark) => {
                if mark.is_some() && name.above.is_some() {
                    return refuse(inside.span(), "a second mark stands above this name");
                }
                name.above = name.above.or(mark);
                let of = Expr { kind: FormulaKind::Name(name), span: span.clone() };
                return Ok((rest, of_array(Array::Transpose(of), span)));
            }
        }
    }
    let parenthesis = matches!(rest.tok(), Some(Tok::Sign('(') | Tok::Fence(true, '(')))
        && rest.bracket().is_some();
    if let Some(power) = power {
        if found.primes > 0 {
            return refuse(span, "a prime and a power stand on the same name");
        }
        if parenthesis && input.of.lexicon.is_function(&name.stem) == Some(true) {
            return power_before_argument(input, rest, name, span, power);
        }
        let base = Expr { kind: FormulaKind::Name(name), span: span.clone() };
        let kind = FormulaKind::Power(Box::new(base), Box::new(power));
        return Ok((rest, Value { expr: Expr { kind, span }, shape: Shape::Atom }));
    }
    if parenthesis && found.primes == 0 && operates(&name, input, rest) {
        return refuse(span, "this may be the sign of a derivative, or a factor");
    }
    if parenthesis {
        return applies(input, rest, name, span, found.primes);
    }
    if matches!(name.stem.as_str(), "𝔼" | "ℙ") && starts_bracket(rest) {
        return beyond(span, "an expectation or a probability is not read");
    }
    if matches!(rest.tok(), Some(Tok::Sign('[') | Tok::Fence(true, '[')))
        && rest.bracket().is_some_and(|(inside, _)| is_index(inside))
    {
        return refuse(rest.here(), "is this an index or a factor in brackets?");
    }
    if found.primes == 0 && operates(&name, input, rest) {
        return refuse(span, "this may be the sign of a derivative, or a factor");
    }
    if found.primes > 0 {
        let marks = "′".repeat(found.primes.min(3) as usize);
        name.above = Some(name.above.map_or(marks.clone(), |above| above + &marks));
    }
    Ok((rest, Value { expr: Expr { kind: FormulaKind::Name(name), span }, shape: Shape::Name }))
}

/// Whether this may be Euler's sign of a derivative, `D u` and `D_w E`: a D of which the document
/// does not say what it is, directly before what it would differentiate.
fn operates(name: &Name, input: Tokens, rest: Tokens) -> bool {
    let index = |part: &String| {
        part.chars().all(|c| c.is_ascii_digit() || matches!(c, 'i' | 'j' | 'k' | 'l' | 'm' | 'n'))
    };
    matches!(name.stem.as_str(), "D" | "𝒟" | "𝔻")
        && name.above.is_none()
        && (name.below.is_empty() || name.below.len() == 1 && !index(&name.below[0]))
        && !input.of.lexicon.defines(&name.stem)
        && (starts_name(rest) || starts_bracket(rest))
}

fn starts_bracket(rest: Tokens) -> bool {
    matches!(rest.tok(), Some(Tok::Sign('(' | '[') | Tok::Fence(true, _)))
}

fn is_index(inside: Tokens) -> bool {
    let toks = &inside.of.tokens()[inside.from as usize..inside.to as usize];
    toks.iter().all(|t| matches!(t.tok, Tok::Digit(_) | Tok::Letter(_) | Tok::Sign(',' | ':')))
}

/// `\partial c{10}`, or `c{10}` and `c10` where the document has a `c_{10}`: the index lacks its
/// underscore.
fn digits_behind<'s, 'a>(
    input: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    name: &mut Name,
) -> Tokens<'s, 'a> {
    let before = (input.from as usize).checked_sub(1).and_then(|b| input.of.tokens().get(b));
    let differentiated = before.is_some_and(|t| t.tok == Tok::Symbol('∂'));
    let (inside, after) = match rest.tok() {
        Some(Tok::Open) => match rest.bracket() {
            Some(found) => found,
            None => return rest,
        },
        Some(Tok::Digit(_)) => {
            let mut after = rest;
            while matches!(after.token(0), Some(t) if !t.spaced && matches!(t.tok, Tok::Digit(_))) {
                after = after.skip(1);
            }
            (rest.until(after), after)
        }
        _ => return rest,
    };
    let toks = &input.of.tokens()[inside.from as usize..inside.to as usize];
    let digits: Option<String> = toks
        .iter()
        .map(|t| match t.tok {
            Tok::Digit(c) => Some(c),
            _ => None,
        })
        .collect();
    let Some(digits) = digits.filter(|d| !d.is_empty() && d.len() <= 4) else { return rest };
    if !name.below.is_empty() {
        return rest;
    }
    let tight = matches!(rest.token(0), Some(t) if !t.spaced && t.tok != Tok::Open);
    let known = name.stem.chars().count() == 1 || input.of.lexicon.knows(&name.stem);
    if tight && known && input.of.lexicon.glues_digits() {
        name.below = vec![digits];
        return after;
    }
    if !(differentiated || input.of.lexicon.has_index(&name.stem, &digits)) {
        return rest;
    }
    let written = input.of.text.get(input.span_to(after)).unwrap_or_default();
    let message =
        format!("`{written}` is read as `{}_{{{digits}}}`: its underscore is missing", name.stem);
    input.of.warn(input.span_to(after), message);
    name.below = vec![digits];
    after
}

/// f(x, y), or a name before a factor in parentheses.
fn applies<'s, 'a>(
    input: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    head: Name,
    span: Range<usize>,
    primes: u32,
) -> Parsed<'s, 'a, Value> {
    let Some((inside, after)) = rest.bracket() else { return unexpected(rest) };
    let parts = inside.split(|t| matches!(t, Tok::Sign(',' | ';')));
    let function = (primes > 0 || parts.len() > 1).then_some(true);
    let function = function.or_else(|| input.of.lexicon.is_function(&head.stem));
    let powered = matches!(after.tok(), Some(Tok::Sup | Tok::Sub | Tok::Sign('\'')));
    if powered && function == Some(false) {
        // w(x)²: the power is that of the parenthesis, which is left to be the next factor.
        let expr = Expr { kind: FormulaKind::Name(head), span };
        return Ok((rest, Value { expr, shape: Shape::Name }));
    }
    // softmax(z)_j is an element of what it makes.
    let word = head.stem.chars().count() > 1 && head.below.is_empty() && head.above.is_none();
    let one = primes == 0 && parts.len() == 1 && word && function != Some(false);
    if one && after.tok() == Some(Tok::Sub) {
        return element_of(input, (inside, after), head);
    }
    if powered && function.is_none() {
        return refuse(
            input.span_to(after),
            "is this a function's value to a power, or a product?",
        );
    }
    let args =
        parts.into_iter().map(|part| whole(part).map(|v| v.expr)).collect::<Result<Vec<_>>>()?;
    let span = input.span_to(after);
    let known = match &args[..] {
        [arg] if primes == 0 && head.below.is_empty() && head.above.is_none() => {
            input.of.lexicon.usual(&head.stem).filter(|_| !stands_bare(&head, arg))
        }
        _ => None,
    };
    let kind = match (known, args.first()) {
        (Some(known), Some(arg)) => FormulaKind::Call(known, Box::new(arg.clone())),
        _ => FormulaKind::Apply { head, primes, args },
    };
    let expr = Expr { kind, span };
    raised(input, after, Value { expr, shape: Shape::Atom })
}

/// h²(x), the square of h(x) as with sin²(x). Another reading is h(h(x)); see `review::readings`.
fn power_before_argument<'s, 'a>(
    input: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    name: Name,
    span: Range<usize>,
    power: Expr,
) -> Parsed<'s, 'a, Value> {
    let whole = matches!(&power.kind, FormulaKind::Number { value, decimals: 0 }
        if value.to_i32().is_some_and(|n| n > 1));
    if !whole {
        return refuse(span, "a power stands between a function and its argument");
    }
    let (after, value) = applies(input, rest, name, span, 0)?;
    if matches!(value.expr.kind, FormulaKind::Power(..)) {
        return refuse(value.expr.span, "two powers stand at this function");
    }
    let span = input.span_to(after);
    let kind = FormulaKind::Power(Box::new(value.expr), Box::new(power));
    Ok((after, Value { expr: Expr { kind, span }, shape: Shape::Atom }))
}

/// An element of what a function makes, made apart from the recursion.
#[inline(never)]
fn element_of<'s, 'a>(
    input: Tokens<'s, 'a>,
    (inside, after): (Tokens<'s, 'a>, Tokens<'s, 'a>),
    head: Name,
) -> Parsed<'s, 'a, Value> {
    let (behind, found) = scripts(after)?;
    let (Some(index), None, 0) = (found.below, found.above, found.primes) else {
        return refuse(
            input.span_to(behind),
            "is this a function's value to a power, or a product?",
        );
    };
    let args = vec![whole(inside)?.expr];
    let kind = FormulaKind::Apply { head, primes: 0, args };
    let of = Expr { kind, span: input.span_to(after) };
    Ok((behind, of_array(Array::Element(of, below(index)?), input.span_to(behind))))
}

/// Notation of arrays, made apart from the recursion.
#[inline(never)]
fn of_array(array: Array, span: Range<usize>) -> Value {
    let kind = FormulaKind::Array(Box::new(array));
    Value { expr: Expr { kind, span }, shape: Shape::Atom }
}

/// Anything but a name, and the power behind it.
pub(super) fn raised<'s, 'a>(
    input: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    base: Value,
) -> Parsed<'s, 'a, Value> {
    if !matches!(rest.tok(), Some(Tok::Sup | Tok::Sub | Tok::Sign('\''))) {
        return Ok((rest, base));
    }
    let (after, found) = scripts(rest)?;
    let span = input.span_to(after);
    if let Some(inside) = found.below {
        let plain =
            matches!(base.shape, Shape::Paren) && found.above.is_none() && found.primes == 0;
        if !plain {
            return beyond(
                inside.span(),
                "an index below an expression: an element of an array, or a value at a point",
            );
        }
        let element = Array::Element(base.expr, below(inside)?);
        return Ok((after, of_array(element, span)));
    }
    if found.primes > 0 {
        return refuse(span, "a prime stands on an expression");
    }
    let Some(inside) = found.above else { return unexpected(rest) };
    if let Above::Transpose(None) = above(inside, "this")? {
        return Ok((after, of_array(Array::Transpose(base.expr), span)));
    }
    if !matches!(base.shape, Shape::Number | Shape::Paren | Shape::Atom) {
        return refuse(span, "braces are not seen in print: what is raised to this power?");
    }
    match above(inside, "this")? {
        Above::Power => {}
        Above::Mark(_) | Above::Transpose(_) => {
            return refuse(inside.span(), "what stands above this expression is no power");
        }
    }
    let power = whole(inside)?.expr;
    let kind = FormulaKind::Power(Box::new(base.expr), Box::new(power));
    Ok((after, Value { expr: Expr { kind, span }, shape: Shape::Atom }))
}

/// e to a power: the exponential, unless e is a quantity of the document.
fn exponential<'s, 'a>(
    input: Tokens<'s, 'a>,
    rest: Tokens<'s, 'a>,
    head: &Head,
) -> Parsed<'s, 'a, Value> {
    let (after, found) = scripts(rest)?;
    let span = input.span_to(after);
    let (None, Some(inside), 0) = (found.below, found.above, found.primes) else {
        return scripted(input, rest, head.name.clone(), input.span_to(rest));
    };
    let numeric = inside.of.tokens()[inside.from as usize..inside.to as usize]
        .iter()
        .all(|t| matches!(t.tok, Tok::Digit(_)));
    if !head.upright && input.of.lexicon.defines("e") {
        if numeric {
            return scripted(input, rest, head.name.clone(), input.span_to(rest));
        }
        // e^k may be the k-th e.
        let mark = matches!(
            inside.tok(),
            Some(Tok::Letter('i' | 'j' | 'k' | 'l' | 'm' | 'n' | 't' | 'T') | Tok::Digit(_))
        );
        if mark && inside.token(1).is_none() {
            return refuse(
                span,
                "e is a quantity of this document, and its power looks like the exponential",
            );
        }
        input.of.warn(span.clone(), "e is a quantity of this document; this is the exponential");
    }
    if !head.upright && matches!(above(inside, "e")?, Above::Mark(_)) {
        return scripted(input, rest, head.name.clone(), input.span_to(rest));
    }
    let exponent = whole(inside)?.expr;
    let kind = FormulaKind::Call(super::syntax::Known::Exp, Box::new(exponent));
    Ok((after, Value { expr: product(vec![Expr { kind, span }]), shape: Shape::Atom }))
}

/// Whether a name stands by itself in an argument that it is followed by: σ(1 − σ) is a product,
/// for no function stands in its own argument.
fn stands_bare(head: &Name, arg: &Expr) -> bool {
    let mut found = false;
    visit(arg, &mut |e| found |= matches!(&e.kind, FormulaKind::Name(name) if name == head));
    found
}
