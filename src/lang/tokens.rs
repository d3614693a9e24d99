//! Tokens as an input for nom: the stream, the error, and the smallest parsers. In goes a place
//! among the tokens, out comes one token and the place after it, or what was expected there.

use std::iter::{Copied, Enumerate};
use std::slice::Iter;

use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Input, Needed};

use super::MAX_NESTING;
use super::foreign;
use super::lex::{Bracket, Tok, Token};
use crate::diag::{Error, Kind, Span};
use crate::net::{continues_name, layer, starts_name};

/// The tokens of one statement and the text that they are of.
#[derive(Debug)]
pub(super) struct Source<'t, 'a> {
    pub text: &'a str,
    pub tokens: &'t [Token],
}

/// A stretch of the tokens of a statement. Small and `Copy`, because every parser takes and
/// returns one, and the recursion holds many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'t, 'a> {
    of: &'t Source<'t, 'a>,
    from: u32,
    to: u32,
    /// How many brackets, signs and exponents are open around this place.
    depth: u32,
}

pub(super) type Parsed<'t, 'a, T> = IResult<Tokens<'t, 'a>, T, Problem>;

/// Why a parser failed. nom's recoverable errors carry none, since another branch is tried.
#[derive(Debug)]
pub(super) struct Problem(pub Option<Error>);

impl<'t, 'a> Tokens<'t, 'a> {
    /// All of a statement. A text has at most [`MAX_TOKENS`](super::MAX_TOKENS).
    pub fn all(of: &'t Source<'t, 'a>) -> Tokens<'t, 'a> {
        Tokens { of, from: 0, to: of.tokens.len() as u32, depth: 0 }
    }

    /// The text that the tokens are of.
    pub fn text(&self) -> &'a str {
        self.of.text
    }

    fn rest(&self) -> &'t [Token] {
        self.of.tokens.get(self.from as usize..self.to as usize).unwrap_or_default()
    }

    /// The next token; past the last one, an empty end.
    pub fn peek(&self) -> Token {
        let end = Span::new(self.text().len(), self.text().len());
        self.rest().first().copied().unwrap_or(Token { tok: Tok::End, span: end })
    }

    pub fn skip(&self) -> Tokens<'t, 'a> {
        Tokens { from: (self.from + 1).min(self.to), ..*self }
    }

    /// Whether a bracket opens right before this place.
    pub fn opens(&self) -> bool {
        let before = self.from.checked_sub(1).and_then(|at| self.of.tokens.get(at as usize));
        before.is_some_and(|token| matches!(token.tok, Tok::Open(_)))
    }

    /// This place, with as much open around it as at `outer`.
    pub fn at_depth_of(self, outer: Tokens<'t, 'a>) -> Tokens<'t, 'a> {
        Tokens { depth: outer.depth, ..self }
    }

    /// The tokens inside one more bracket, sign or exponent.
    pub fn deeper(self) -> Result<Tokens<'t, 'a>, nom::Err<Problem>> {
        if self.depth as usize >= MAX_NESTING {
            return Err(fatal(too_deep(self.peek().span)));
        }
        Ok(Tokens { depth: self.depth + 1, ..self })
    }
}

/// The error for brackets, signs or operations that are nested too deeply.
pub(super) fn too_deep(span: Span) -> Error {
    Error::new(Kind::Limit, format!("this is nested more than {MAX_NESTING} levels deep"))
        .at(span)
        .hint("give an inner part a name and use that")
}

pub(super) fn fatal(error: Error) -> nom::Err<Problem> {
    nom::Err::Failure(Problem(Some(error)))
}

/// One token of that kind.
pub(super) fn tok<'t, 'a: 't>(wanted: Tok) -> impl Fn(Tokens<'t, 'a>) -> Parsed<'t, 'a, Token> {
    move |input: Tokens<'t, 'a>| {
        let found = input.peek();
        if found.tok == wanted {
            Ok((input.skip(), found))
        } else {
            Err(nom::Err::Error(Problem(None)))
        }
    }
}

/// The failure at a place where something else was expected.
pub(super) fn expected<T>(input: Tokens<'_, '_>, what: &str) -> Result<T, nom::Err<Problem>> {
    let found = input.peek();
    let error = Error::new(
        Kind::Syntax,
        format!("expected {what}, found {}", described(found, input.text())),
    )
    .at(found.span)
    .label(format!("expected {what}"));
    Err(fatal(match advice(input) {
        Some(hint) => error.hint(hint),
        None => error,
    }))
}

fn described(token: Token, source: &str) -> String {
    let text = token.text(source);
    match token.tok {
        Tok::End if token.span.start as usize == source.len() => "the end of the text".into(),
        Tok::End if text == ";" => "`;`".into(),
        Tok::End => "the end of the line".into(),
        Tok::Name => format!("the name `{text}`"),
        Tok::Number => format!("the number {text}"),
        _ => format!("`{text}`"),
    }
}

/// What a writer of such a line most often meant.
fn advice(input: Tokens<'_, '_>) -> Option<&'static str> {
    let found = input.peek();
    let before = found.span.start.checked_sub(1).map(|at| {
        let text = input.text().get(..=at as usize).unwrap_or_default();
        text.trim_end().chars().next_back().unwrap_or(' ')
    });
    let after_value = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ')' | ']'));
    match (found.tok, before) {
        (Tok::Times, Some('*')) => Some("a power is written a^b"),
        (Tok::Over, Some('/')) => Some("a comment begins with #, and a division is one `/`"),
        (Tok::Equals, Some('=')) => Some("a definition has one `=`"),
        (Tok::Equals, Some(':')) => Some("a definition is written NAME = …"),
        (Tok::Equals, _) if input.depth > 0 => Some("an option is written `name: value`"),
        (Tok::Equals, _) => Some("one statement a line: NAME = …"),
        (Tok::Name | Tok::Number, _) if after_function(input) => {
            Some("what a function is of stands in brackets: exp(x)")
        }
        (Tok::Name | Tok::Number | Tok::Open(Bracket::Round), _) if after_value => {
            Some("a product is written with `*`")
        }
        (Tok::Open(Bracket::Curly), _) => Some("parts are grouped with ( )"),
        _ => None,
    }
}

/// Whether the word before this place is a function's name, here or elsewhere.
fn after_function(input: Tokens<'_, '_>) -> bool {
    let before = input.text().get(..input.peek().span.start as usize).unwrap_or_default();
    let before = before.trim_end();
    let word = before.trim_end_matches(continues_name);
    let word = &before[word.len()..];
    word.starts_with(starts_name) && (layer(word).is_some() || foreign::is_function(word))
}

/// The bracket that closes `open`.
pub(super) fn close<'t, 'a>(
    input: Tokens<'t, 'a>,
    open: Token,
    bracket: Bracket,
    more: &str,
) -> Parsed<'t, 'a, Token> {
    let found = input.peek();
    if found.tok == Tok::Close(bracket) {
        return Ok((input.skip(), found));
    }
    let (opening, closing) = match bracket {
        Bracket::Round => ('(', ')'),
        Bracket::Square => ('[', ']'),
        Bracket::Curly => ('{', '}'),
    };
    match found.tok {
        Tok::End => Err(fatal(
            Error::new(Kind::Syntax, format!("this `{opening}` is never closed"))
                .at(open.span)
                .label(format!("expected a `{closing}` for it"))
                .also(found.span, "the statement ends here"),
        )),
        Tok::Close(_) => Err(fatal(
            Error::new(
                Kind::Syntax,
                format!("expected `{closing}`, found {}", described(found, input.text())),
            )
            .at(found.span)
            .also(open.span, format!("`{closing}` closes this")),
        )),
        _ => expected(input, &format!("{more}`{closing}`")),
    }
}

impl<'t, 'a> ParseError<Tokens<'t, 'a>> for Problem {
    fn from_error_kind(_: Tokens<'t, 'a>, _: ErrorKind) -> Problem {
        Problem(None)
    }

    fn append(_: Tokens<'t, 'a>, _: ErrorKind, other: Problem) -> Problem {
        other
    }
}

impl<'t, 'a> Input for Tokens<'t, 'a> {
    type Item = Token;
    type Iter = Copied<Iter<'t, Token>>;
    type IterIndices = Enumerate<Self::Iter>;

    fn input_len(&self) -> usize {
        self.rest().len()
    }

    fn take(&self, index: usize) -> Tokens<'t, 'a> {
        Tokens { to: self.from + index as u32, ..*self }
    }

    fn take_from(&self, index: usize) -> Tokens<'t, 'a> {
        Tokens { from: self.from + index as u32, ..*self }
    }

    fn take_split(&self, index: usize) -> (Tokens<'t, 'a>, Tokens<'t, 'a>) {
        (self.take_from(index), self.take(index))
    }

    fn position<P: Fn(Token) -> bool>(&self, predicate: P) -> Option<usize> {
        self.rest().iter().position(|t| predicate(*t))
    }

    fn iter_elements(&self) -> Self::Iter {
        self.rest().iter().copied()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.iter_elements().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        match count.checked_sub(self.rest().len()) {
            None | Some(0) => Ok(count),
            Some(missing) => Err(Needed::new(missing)),
        }
    }
}
