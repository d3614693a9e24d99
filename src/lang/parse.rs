//! Tokens to statements. In goes a text, out come its statements and every error; after an
//! error, parsing goes on at the next statement.
//!
//! ```text
//! statement = role declaration { "," declaration }      role: input, param, target, const
//!           | "given" NAME "=" expression { "," NAME "=" expression }
//!           | "assume" [ expression "=" ] expression { "," … }
//!           | "loss" NAME
//!           | NAME "=" expression
//! declaration = NAME [ "[" whole { "," whole } "]" ]
//! ```
//!
//! A keyword before `=` is a name like any other.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::multi::separated_list1;
use nom::sequence::terminated;

use super::expression::{expression, name, whole};
use super::foreign;
use super::lex::{Bracket, KEYWORDS, Tok, Token, lex};
use super::syntax::{Expr, Name, Statement};
use super::tokens::{Parsed, Problem, Source, Tokens, close, expected, fatal, tok};
use super::{MAX_ERRORS, MAX_SOURCE_BYTES};
use crate::diag::{Error, Kind, nearest};
use crate::net::Role;

/// A text, parsed.
#[derive(Debug, Default)]
pub struct Parse<'a> {
    /// The statements that follow the grammar, in order.
    pub statements: Vec<Statement<'a>>,
    /// What was wrong with the others, in order.
    pub errors: Vec<Error>,
    /// The names that the others may have meant to define.
    pub lost: Vec<&'a str>,
}

/// Parses a network.
pub fn parse(text: &str) -> Parse<'_> {
    each_statement(text, statement)
}

/// Parses one formula, with or without a name for it: `a + b`, `E = a + b`. Errors: anything
/// else, also several of them.
pub fn parse_lone(text: &str) -> Result<(Option<Name<'_>>, Expr<'_>), Error> {
    let mut parse = each_statement(text, lone);
    if let Some(error) = Error::collect(std::mem::take(&mut parse.errors)) {
        return Err(error);
    }
    let mut statements = parse.statements.into_iter();
    match (statements.next(), statements.next()) {
        (Some(Statement::Define { name, value }), None) => {
            Ok(((!name.text.is_empty()).then_some(name), value))
        }
        (_, Some(Statement::Define { value, .. })) => {
            Err(Error::new(Kind::Syntax, "expected one formula, found several")
                .at(value.span)
                .hint("several definitions are a network, which goes in a file"))
        }
        _ => Err(Error::new(Kind::Syntax, "expected a formula, found nothing")),
    }
}

/// A formula as a definition; one without a name of its own has an empty one.
fn lone<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Vec<Statement<'a>>> {
    let (rest, name) = opt(terminated(name, tok(Tok::Equals))).parse(input)?;
    let (rest, value) = expression(rest)?;
    let name = name.unwrap_or(Name { text: "", span: value.span });
    Ok((rest, vec![Statement::Define { name, value }]))
}

fn each_statement<'a>(
    text: &'a str,
    one: impl for<'t> Fn(Tokens<'t, 'a>) -> Parsed<'t, 'a, Vec<Statement<'a>>>,
) -> Parse<'a> {
    let mut parse = Parse::default();
    if text.len() > MAX_SOURCE_BYTES {
        parse.errors.push(too_long(text.len()));
        return parse;
    }
    let (tokens, errors) = lex(text);
    parse.errors = errors;
    for statement in tokens.split_inclusive(|t| t.tok == Tok::End) {
        if parse.errors.len() >= MAX_ERRORS {
            break;
        }
        let junk = statement.iter().any(|t| t.tok == Tok::Junk);
        let source = Source { text, tokens: statement };
        let input = Tokens::all(&source);
        let result = if junk { Err(nom::Err::Error(Problem(None))) } else { whole_of(input, &one) };
        match result {
            Ok(statements) => parse.statements.extend(statements),
            Err(problem) => {
                parse.lost.extend(meant(statement, text));
                parse.errors.extend(error_of(problem, junk, statement));
            }
        }
    }
    parse.errors.sort_by_key(|e| e.span());
    parse
}

/// The error for a text past [`MAX_SOURCE_BYTES`].
pub(super) fn too_long(bytes: usize) -> Error {
    Error::new(
        Kind::Limit,
        format!("the text has {bytes} bytes, and {MAX_SOURCE_BYTES} is the most"),
    )
}

fn whole_of<'t, 'a>(
    input: Tokens<'t, 'a>,
    one: impl Fn(Tokens<'t, 'a>) -> Parsed<'t, 'a, Vec<Statement<'a>>>,
) -> Result<Vec<Statement<'a>>, nom::Err<Problem>> {
    let (rest, statements) = one(input)?;
    if rest.peek().tok != Tok::End {
        return expected(rest, "an operator or the end of the line");
    }
    Ok(statements)
}

fn error_of(problem: nom::Err<Problem>, junk: bool, statement: &[Token]) -> Option<Error> {
    let error = match problem {
        nom::Err::Error(problem) | nom::Err::Failure(problem) => problem.0,
        nom::Err::Incomplete(_) => None,
    };
    let place = statement.first().map(|t| t.span).unwrap_or_default();
    let unknown = || Error::new(Kind::Syntax, "this is no statement").at(place);
    if junk { None } else { Some(error.unwrap_or_else(unknown)) }
}

/// The names that a broken statement may have meant to define.
fn meant<'a>(statement: &[Token], text: &'a str) -> Vec<&'a str> {
    let defines = statement.get(1).is_some_and(|t| t.tok == Tok::Equals);
    let names = statement.iter().filter(|t| t.tok == Tok::Name).map(|t| t.text(text));
    names.take(if defines { 1 } else { usize::MAX }).collect()
}

fn statement<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Vec<Statement<'a>>> {
    let first = input.peek();
    let second = input.skip().peek();
    let word = first.text(input.text());
    if first.tok == Tok::Name && second.tok == Tok::Equals {
        let (rest, value) = expression(input.skip().skip())?;
        let name = Name { text: word, span: first.span };
        return Ok((rest, vec![Statement::Define { name, value }]));
    }
    let after = input.skip();
    match (first.tok, word) {
        (Tok::Name, "input") => declarations(after, Role::Input),
        (Tok::Name, "param") => declarations(after, Role::Param),
        (Tok::Name, "target") => declarations(after, Role::Target),
        (Tok::Name, "const") => declarations(after, Role::Const),
        (Tok::Name, "given") => separated_list1(tok(Tok::Comma), cut(given)).parse(after),
        (Tok::Name, "assume") => separated_list1(tok(Tok::Comma), cut(assumption)).parse(after),
        (Tok::Name, "loss") => {
            let (rest, name) = name_or(after, "the name of a scalar")?;
            Ok((rest, vec![Statement::Loss { name }]))
        }
        _ => no_statement(input, second),
    }
}

fn no_statement<'t, 'a, T>(input: Tokens<'t, 'a>, second: Token) -> Parsed<'t, 'a, T> {
    let first = input.peek();
    let word = first.text(input.text());
    if first.tok != Tok::Name {
        return expected(input, "a statement");
    }
    if second.tok == Tok::Name {
        let error =
            Error::new(Kind::Syntax, format!("no statement begins with `{word}`")).at(first.span);
        return Err(fatal(match nearest(word, KEYWORDS).or_else(|| foreign::statement(word)) {
            Some(keyword) => error.hint(format!("did you mean `{keyword}`?")),
            None => error
                .hint(format!("statements are NAME = …, or begin with {}", KEYWORDS.join(", "))),
        }));
    }
    let hint = match second.tok {
        Tok::Open(Bracket::Square) => {
            "a tensor is declared with its role: `input x[4]`, `param w[2, 2]`"
        }
        Tok::Colon => "a definition is written NAME = …",
        _ => "a formula needs a name of its own: E = …",
    };
    let text = second.text(input.text());
    let found = if text.is_empty() { "nothing".to_string() } else { format!("`{text}`") };
    let message = format!("expected `=` after the name `{word}`, found {found}");
    Err(fatal(Error::new(Kind::Syntax, message).at(second.span).hint(hint)))
}

fn declarations<'t, 'a>(input: Tokens<'t, 'a>, role: Role) -> Parsed<'t, 'a, Vec<Statement<'a>>> {
    let one = |input| {
        let (rest, name) = name_or(input, "a name")?;
        let (rest, lengths) = shape(rest)?;
        if rest.peek().tok == Tok::Name {
            return Err(fatal(two_names(rest, name, lengths.is_empty(), role)));
        }
        if rest.peek().tok != Tok::Comma && rest.peek().tok != Tok::End {
            return expected(
                rest,
                if lengths.is_empty() {
                    "`,`, `[` or the end of the line"
                } else {
                    "`,` or the end of the line"
                },
            );
        }
        Ok((rest, Statement::Declare { role, name, lengths }))
    };
    separated_list1(tok(Tok::Comma), cut(one)).parse(input)
}

/// The error for a name that stands right behind another one in a declaration: the first may be
/// meant as a role, or a comma is missing.
fn two_names(rest: Tokens<'_, '_>, first: Name<'_>, bare: bool, role: Role) -> Error {
    let second = rest.peek();
    let (one, two) = (first.text, second.text(rest.text()));
    let its_role = || nearest(one, ROLES).or_else(|| foreign::statement(one)).filter(is_role);
    let own_line = |role: &str| format!("a role stands first in a line of its own: `{role} {two}`");
    if bare && ROLES.contains(&one) {
        let message = format!("the role `{one}` stands inside of a declaration");
        return Error::new(Kind::Syntax, message).at(first.span).hint(own_line(one));
    }
    let comma = format!("names are separated by commas: `{} {one}, {two}`", role_name(role));
    if !bare {
        let message = format!("expected `,` before the name `{two}`");
        let hint = format!("names are separated by commas: `{one}[…], {two}`");
        return Error::new(Kind::Syntax, message).at(second.span).hint(hint);
    }
    let message = format!("`{one}` is no role; the roles are {}", ROLES.join(", "));
    let error = Error::new(Kind::Syntax, message).at(first.span);
    match its_role() {
        Some(role) => error.hint(own_line(role)),
        None => error.hint(comma).hint(own_line(role_name(role))),
    }
}

/// The words that give what they declare its role.
const ROLES: [&str; 4] = ["input", "param", "target", "const"];

fn is_role(word: &&str) -> bool {
    ROLES.contains(word)
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Input => "input",
        Role::Target => "target",
        Role::Const => "const",
        Role::Param | Role::Defined => "param",
    }
}

fn shape<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Vec<usize>> {
    let Ok((inside, open)) = tok(Tok::Open(Bracket::Square))(input) else {
        return Ok((input, Vec::new()));
    };
    let length = |input| whole(input, "a length (a whole number)");
    let (rest, lengths) = separated_list1(tok(Tok::Comma), cut(length)).parse(inside)?;
    let (rest, _) = close(rest, open, Bracket::Square, "`,` or ")?;
    Ok((rest, lengths))
}

fn given<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Statement<'a>> {
    let (rest, name) = name_or(input, "the name of a quantity")?;
    let Ok((rest, _)) = tok(Tok::Equals)(rest) else { return expected(rest, "`=` and its value") };
    let (rest, value) = expression(rest)?;
    Ok((rest, Statement::Given { name, value }))
}

fn assumption<'t, 'a>(input: Tokens<'t, 'a>) -> Parsed<'t, 'a, Statement<'a>> {
    let (rest, first) = expression(input)?;
    let Ok((rest, _)) = tok(Tok::Equals)(rest) else {
        return Ok((rest, Statement::Assume { of: None, value: first }));
    };
    let (rest, value) = expression(rest)?;
    Ok((rest, Statement::Assume { of: Some(first), value }))
}

fn name_or<'t, 'a>(input: Tokens<'t, 'a>, what: &str) -> Parsed<'t, 'a, Name<'a>> {
    name(input).or_else(|_| expected(input, what))
}
