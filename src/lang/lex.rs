//! Text to tokens. In goes a source text, out come its tokens with spans, statement by
//! statement, and an error for each run of characters that the language does not have.
//!
//! What always holds: every statement ends in an `End` token, also the last one; a line end
//! inside open brackets is no `End`, unless what follows can only be a new statement, so one
//! bracket that is never closed spoils one statement and not the rest of the file. A run of junk
//! leaves one `Junk` token, which tells the parser that its statement is reported already.

use nom::branch::alt;
use nom::bytes::complete::{take_while, take_while1};
use nom::character::complete::{anychar, char, digit1, one_of, satisfy};
use nom::combinator::{map_opt, opt, recognize, value};
use nom::{IResult, Parser};

use super::foreign;
use super::{MAX_ERRORS, MAX_NAME_LENGTH, MAX_NUMBER_DIGITS, MAX_NUMBER_EXPONENT, MAX_TOKENS};
use crate::diag::{Error, Kind, Span};
use crate::net::{continues_name, starts_name};

/// What a token is; its text is in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tok {
    Name,
    Number,
    Plus,
    Minus,
    Times,
    Over,
    At,
    Power,
    Equals,
    Comma,
    Colon,
    Open(Bracket),
    Close(Bracket),
    End,
    Junk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    Round,
    Square,
    Curly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub tok: Tok,
    pub span: Span,
}

impl Token {
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.span.start as usize..self.span.end as usize).unwrap_or_default()
    }
}

/// The words that begin a statement, unless `=` follows: then they are names.
pub(super) const KEYWORDS: [&str; 7] =
    ["input", "param", "target", "const", "given", "assume", "loss"];

/// The tokens of `text`, and what was wrong. A text with control characters is no text: then
/// there is that one error and nothing else.
pub(super) fn lex(text: &str) -> (Vec<Token>, Vec<Error>) {
    let mut lexer = Lexer { text, tokens: Vec::new(), errors: Vec::new(), open: 0 };
    match lexer.run() {
        Ok(()) => (lexer.tokens, lexer.errors),
        Err(fatal) => (Vec::new(), vec![fatal]),
    }
}

struct Lexer<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    errors: Vec<Error>,
    /// How many brackets are open.
    open: usize,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) -> Result<(), Error> {
        let mut rest = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        loop {
            rest = blank(rest);
            let at = self.text.len() - rest.len();
            // After so many errors, what is left would only repeat the same.
            if rest.is_empty() || self.errors.len() >= MAX_ERRORS {
                self.end(at, at);
                return Ok(());
            }
            if self.tokens.len() >= MAX_TOKENS {
                let first = rest.chars().next().map_or(0, char::len_utf8);
                return Err(too_many(Span::new(at, at + first)));
            }
            if rest.starts_with(['\n', ';']) {
                let line_end = rest.starts_with('\n');
                rest = &rest[1..];
                if self.open == 0 || !line_end || starts_statement(rest) {
                    self.end(at, at + usize::from(!line_end));
                }
                continue;
            }
            if let Some((run, hint)) = self.foreign(rest) {
                // What was said of the value goes for what is done with it.
                if !self.is_reported(run) {
                    self.report_junk(run, Some(hint));
                }
                rest = self.text.get(run.end as usize..).unwrap_or_default();
                continue;
            }
            rest = match token(rest) {
                Ok((after, tok)) => {
                    let span = Span::new(at, self.text.len() - after.len());
                    self.token(tok, span);
                    after
                }
                Err(_) => self.junk(rest)?,
            };
        }
    }

    fn token(&mut self, tok: Tok, span: Span) {
        let token = Token { tok, span };
        let refused = match tok {
            Tok::Number => check_number(token.text(self.text)),
            Tok::Name => check_name(token.text(self.text)),
            _ => Ok(()),
        };
        match tok {
            Tok::Open(_) => self.open += 1,
            Tok::Close(_) => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        match refused {
            Ok(()) => self.tokens.push(token),
            Err(error) => {
                self.errors.push(error.at(span));
                self.tokens.push(Token { tok: Tok::Junk, span });
            }
        }
    }

    fn end(&mut self, start: usize, end: usize) {
        self.open = 0;
        if self.tokens.last().is_some_and(|t| t.tok != Tok::End) {
            self.tokens.push(Token { tok: Tok::End, span: Span::new(start, end) });
        }
    }

    /// Steps over a run of characters that the language does not have.
    fn junk(&mut self, rest: &'a str) -> Result<&'a str, Error> {
        let at = self.text.len() - rest.len();
        let known = |c: char| {
            c.is_whitespace() || continues_name(c) || sign(c).is_some() || matches!(c, ';' | '#')
        };
        // The first character is alien whatever it is, or this would not go forward.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let len = rest[first..].find(known).unwrap_or(rest.len() - first);
        let (run, after) = rest.split_at(first + len);
        if let Some(c) = run.chars().find(|c| c.is_control()) {
            let start = at + run.find(c).unwrap_or(0);
            let span = Span::new(start, start + c.len_utf8());
            return Err(Error::new(
                Kind::Syntax,
                format!(
                    "byte {start} is the control character U+{:04X}, so this is no text",
                    c as u32
                ),
            )
            .at(span)
            .hint("is this a binary file?"));
        }
        self.report_junk(Span::new(at, at + run.len()), None);
        Ok(after)
    }

    fn report_junk(&mut self, span: Span, hint: Option<String>) {
        let run = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let error = match hint {
            Some(hint) => alien(run).hint(hint),
            None => alien_error(run),
        };
        self.errors.push(error.at(span));
        self.tokens.push(Token { tok: Tok::Junk, span });
    }

    /// What other languages write: a name with dots, a method, bars around a value. The whole
    /// run, and how it is written here.
    fn foreign(&self, rest: &'a str) -> Option<(Span, String)> {
        let at = self.text.len() - rest.len();
        if let Some((inside, bars)) = between_bars(rest) {
            let inside_shown = shown(inside, 40);
            let hint = match bars {
                1 => format!("an absolute value is written abs({inside_shown})"),
                _ => format!("a norm is written sqrt(sum(({inside_shown})^2))"),
            };
            return Some((Span::new(at, at + inside.len() + 2 * bars), hint));
        }
        let last = self.tokens.last().filter(|t| t.span.end as usize == at)?;
        let segment = |rest: &'a str| rest.strip_prefix('.').filter(|r| r.starts_with(starts_name));
        let mut end = rest;
        while let Some(name) = segment(end) {
            end = name.trim_start_matches(continues_name);
        }
        let path = &rest[..rest.len() - end.len()];
        if path.is_empty() {
            return None;
        }
        let called = end.starts_with('(');
        let receiver = match last.tok {
            Tok::Name => last.span,
            Tok::Close(_) => self.receiver()?,
            _ => return None,
        };
        let text = self.text.get(receiver.start as usize..receiver.end as usize)?;
        let (path, start) = match last.tok {
            Tok::Name => (format!("{text}{path}"), last.span.start as usize),
            _ => (path[1..].to_string(), at),
        };
        let value = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(text);
        let hint = foreign::dotted(&path, &shown(value, 40), called);
        Some((Span::new(start, at + rest.len() - end.len()), hint))
    }

    /// The value that the last bracket closes, with the function or the name before it.
    fn receiver(&self) -> Option<Span> {
        let mut depth = 0usize;
        let (mut start, mut end) = (None, None);
        for token in self.tokens.iter().rev() {
            match token.tok {
                Tok::End => break,
                Tok::Close(_) => depth += 1,
                Tok::Open(_) => depth = depth.saturating_sub(1),
                Tok::Name | Tok::Junk if depth == 0 && start == Some(token.span.end) => {}
                _ if depth == 0 => break,
                _ => {}
            }
            end.get_or_insert(token.span.end);
            if depth == 0 {
                start = Some(token.span.start);
            }
        }
        Some(Span { start: start?, end: end? })
    }

    /// Whether something of the value that a run goes on from was reported already.
    fn is_reported(&self, run: Span) -> bool {
        let open = self.tokens.iter().rev().take_while(|t| t.tok != Tok::End);
        let mut junk = open.filter(|t| t.tok == Tok::Junk);
        let after_value = self.text[..run.start as usize].ends_with([')', ']']);
        after_value && junk.next().is_some()
    }
}

/// What stands between two bars of a line, and how many bars there are on either side.
fn between_bars(rest: &str) -> Option<(&str, usize)> {
    let bars = match rest.as_bytes() {
        [b'|', b'|', ..] => 2,
        [b'|', ..] => 1,
        _ => return None,
    };
    let line = &rest[..rest.find(['\n', '#']).unwrap_or(rest.len())];
    let inside = &line[bars..];
    let inside = &inside[..inside.find(&"||"[..bars])?];
    (!inside.trim().is_empty()).then_some((inside, bars))
}

/// A text, or its beginning where it is long.
fn shown(text: &str, most: usize) -> String {
    let more = if text.chars().count() > most { "…" } else { "" };
    text.chars().take(most).chain(more.chars()).collect()
}

/// Steps over spaces and a comment, but over no line end.
fn blank(rest: &str) -> &str {
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() && c != '\n');
    match rest.strip_prefix('#') {
        Some(comment) => &comment[comment.find('\n').unwrap_or(comment.len())..],
        None => rest,
    }
}

/// The next token. What begins one kind of token begins no other.
fn token(rest: &str) -> IResult<&str, Tok> {
    let name = recognize((satisfy(starts_name), take_while(continues_name)));
    match rest.chars().next() {
        Some(c) if starts_name(c) => value(Tok::Name, name).parse(rest),
        Some(c) if c == '.' || c.is_ascii_digit() => value(Tok::Number, number).parse(rest),
        _ => map_opt(anychar, sign).parse(rest),
    }
}

/// The signs, each with its Unicode twins.
fn sign(c: char) -> Option<Tok> {
    Some(match c {
        '+' => Tok::Plus,
        '-' | '−' => Tok::Minus,
        '*' | '·' | '×' | '⋅' => Tok::Times,
        '/' => Tok::Over,
        '@' => Tok::At,
        '^' => Tok::Power,
        '=' => Tok::Equals,
        ',' => Tok::Comma,
        ':' => Tok::Colon,
        '(' => Tok::Open(Bracket::Round),
        ')' => Tok::Close(Bracket::Round),
        '[' => Tok::Open(Bracket::Square),
        ']' => Tok::Close(Bracket::Square),
        '{' => Tok::Open(Bracket::Curly),
        '}' => Tok::Close(Bracket::Curly),
        _ => return None,
    })
}

/// `12`, `0.5`, `.5`, `1e-3`.
fn number(rest: &str) -> IResult<&str, &str> {
    let fraction = || (char('.'), digit1);
    let mantissa = alt((recognize((digit1, opt(fraction()))), recognize(fraction())));
    let exponent = (one_of("eE"), opt(one_of("+-")), digit1);
    recognize((mantissa, opt(exponent))).parse(rest)
}

/// Whether a line begins as only a statement can: `NAME =`, or a keyword and a name. Neither
/// stands inside brackets.
fn starts_statement(rest: &str) -> bool {
    let name = |rest| -> IResult<&str, &str> {
        recognize((satisfy(starts_name), take_while(continues_name))).parse(rest)
    };
    let space = |rest| -> IResult<&str, &str> {
        take_while1(|c: char| c.is_whitespace() && c != '\n').parse(rest)
    };
    let Ok((rest, (_, word, after))) = (opt(space), name, opt(space)).parse(rest) else {
        return false;
    };
    let keyword = after.is_some() && KEYWORDS.contains(&word) && rest.starts_with(starts_name);
    keyword || rest.starts_with('=')
}

fn check_number(text: &str) -> Result<(), Error> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    if digits > MAX_NUMBER_DIGITS {
        return Err(Error::new(
            Kind::Limit,
            format!("this number has {digits} digits, and {MAX_NUMBER_DIGITS} is the most"),
        ));
    }
    match exponent.parse::<i32>() {
        Ok(e) if e.abs() <= MAX_NUMBER_EXPONENT => Ok(()),
        _ => Err(Error::new(
            Kind::Limit,
            format!("the exponent of this number is beyond ±{MAX_NUMBER_EXPONENT}"),
        )),
    }
}

fn check_name(text: &str) -> Result<(), Error> {
    let length = text.chars().count();
    if length <= MAX_NAME_LENGTH {
        return Ok(());
    }
    Err(Error::new(
        Kind::Limit,
        format!("this name has {length} letters, and {MAX_NAME_LENGTH} is the most"),
    ))
}

fn too_many(span: Span) -> Error {
    Error::new(Kind::Limit, format!("the text has more than {MAX_TOKENS} names, numbers and signs"))
        .at(span)
}

fn alien(run: &str) -> Error {
    Error::new(Kind::Syntax, format!("`{}` is no part of the language", shown(run, 12)))
}

fn alien_error(run: &str) -> Error {
    let error = alien(run);
    let hint = match run.chars().next() {
        Some('.') => "a decimal point has digits after it: 0.5, 1.0",
        Some('²') => "a power is written x^2",
        Some('³') => "a power is written x^3",
        Some('\'' | '′') => {
            "names are letters, digits and `_`; the transposed of W is written transpose(W)"
        }
        Some('"') => "names are letters, digits and `_`, and words have no quotes",
        Some('\\' | '$') => "LaTeX is not read here; a product is written a*b, a fraction a/b",
        Some('%' | '!') => "a comment begins with #",
        Some('√') => "a root is written sqrt(x)",
        Some('∑') => "a sum is written sum(x)",
        Some('⊙' | '∘' | '⊗') => "a product of elements is written a*b, of matrices A @ B",
        Some('ᵀ' | '⊤') => "the transposed of W is written transpose(W)",
        Some('←' | '→' | '≔') => "a definition is written NAME = …",
        Some('|') => "an absolute value is written abs(x)",
        Some('∂' | '∇') => "derivatives are what comes out; write only the network",
        Some('<' | '>' | '≤' | '≥') => "there are no comparisons; max(a, b) and step(x) choose",
        Some('∗' | '•' | '∙') => "a product is written a*b",
        Some('–' | '—') => "a minus is written -",
        _ => return error,
    };
    error.hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toks(text: &str) -> Vec<Tok> {
        let (tokens, errors) = lex(text);
        assert_eq!(errors, []);
        tokens.into_iter().map(|t| t.tok).collect()
    }

    #[test]
    fn a_statement_ends_with_its_line_unless_a_bracket_is_open() {
        use Tok::{Comma, End, Equals, Name};
        let (open, close) = (Tok::Open(Bracket::Round), Tok::Close(Bracket::Round));
        assert_eq!(toks("a # b\n\n;c"), [Name, End, Name, End]);
        assert_eq!(toks("f(a,\n b)"), [Name, open, Name, Comma, Name, close, End]);
        // The bracket is never closed, and the next line cannot belong to it.
        assert_eq!(toks("f(a\nb = c"), [Name, open, Name, End, Name, Equals, Name, End]);
        assert_eq!(toks("f(a\nparam c"), [Name, open, Name, End, Name, Name, End]);
    }

    #[test]
    fn signs_have_unicode_twins() {
        use Tok::{End, Minus, Name, Number, Times};
        assert_eq!(
            toks("\u{feff}η·x × y − .5"),
            [Name, Times, Name, Times, Name, Minus, Number, End]
        );
    }

    #[test]
    fn a_run_of_junk_is_one_error() {
        let (tokens, errors) = lex("a = ???? + $$\nb");
        assert_eq!(errors.len(), 2);
        assert_eq!(errors[0].message(), "`????` is no part of the language");
        assert_eq!(tokens.iter().filter(|t| t.tok == Tok::Junk).count(), 2);
        for foreign in ["a ? ", "|x|", "0..1 ", "1e309 |x| "] {
            let (_, errors) = lex(&foreign.repeat(1000));
            assert_eq!(errors.len(), MAX_ERRORS, "{foreign}");
        }
    }

    #[test]
    fn a_control_character_is_the_only_error() {
        let (tokens, errors) = lex("a = b\n\u{0}?\u{1}");
        assert!(tokens.is_empty());
        assert_eq!(errors.len(), 1);
        assert_eq!(
            errors[0].message(),
            "byte 6 is the control character U+0000, so this is no text"
        );
    }

    #[test]
    fn numbers_and_names_have_limits() {
        let message = |text: &str| lex(text).1[0].message().to_string();
        assert_eq!(message("1e400"), "the exponent of this number is beyond ±308");
        assert!(message(&"7".repeat(1001)).starts_with("this number has 1001 digits"));
        assert!(message(&"n".repeat(101)).starts_with("this name has 101 letters"));
    }
}
