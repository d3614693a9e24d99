//! Macros. In go the texts of a document, out comes what its `\newcommand`s mean; and in go the
//! tokens of a formula, out come its tokens with every macro replaced.
//!
//! What always holds: a token that a macro brought stands where the macro was called, an argument
//! keeps its own place; a macro that calls itself is refused, as is one that grows past
//! [`MAX_EXPANSION`].

use std::collections::BTreeMap;
use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{char, multispace0, satisfy};
use nom::combinator::opt;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::lex::{Font, Tok, Token, balanced, lex};
use super::syntax::Note;
use super::{MAX_EXPANSION, MAX_MACRO_DEPTH, MAX_MACROS};

/// The macros of a document.
#[derive(Clone, Debug, Default)]
pub struct Macros(BTreeMap<String, Macro>);

#[derive(Clone, Debug)]
struct Macro {
    params: u8,
    /// What stands for the first argument where it is left out.
    default: Option<String>,
    body: String,
    /// `\DeclareMathOperator`: the body is an upright name.
    operator: bool,
}

impl Macros {
    /// The macros that `texts` define: `\newcommand`, `\renewcommand`, `\providecommand`, `\def`,
    /// `\DeclareMathOperator`. A later definition replaces an earlier one; past [`MAX_MACROS`]
    /// none is taken, so that their calls are refused.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Macros {
        let mut macros = BTreeMap::new();
        for text in texts {
            for (at, _) in text.match_indices('\\') {
                if macros.len() >= MAX_MACROS {
                    return Macros(macros);
                }
                if let Ok((_, (name, found))) = definition(&text[at..]) {
                    macros.insert(name.to_string(), found);
                }
            }
        }
        Macros(macros)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn name(rest: &str) -> IResult<&str, &str> {
    preceded((multispace0, char('\\')), take_while1(|c: char| c.is_ascii_alphabetic())).parse(rest)
}

fn braced_name(rest: &str) -> IResult<&str, &str> {
    alt((delimited((multispace0, char('{')), name, (multispace0, char('}'))), name)).parse(rest)
}

/// A group of at most [`MAX_BODY`] bytes, so that finding all definitions stays linear.
fn body(rest: &str) -> IResult<&str, &str> {
    let (inside, _) = preceded(multispace0, char('{')).parse(rest)?;
    balanced(inside, MAX_BODY)
        .ok_or_else(|| nom::Err::Error(nom::error::Error::new(rest, nom::error::ErrorKind::Eof)))
}

/// The most bytes of a macro's meaning.
const MAX_BODY: usize = 2_000;

fn definition(rest: &str) -> IResult<&str, (&str, Macro)> {
    alt((new_command, def, operator)).parse(rest)
}

fn new_command(rest: &str) -> IResult<&str, (&str, Macro)> {
    let head = alt((tag("\\newcommand"), tag("\\renewcommand"), tag("\\providecommand")));
    let (rest, _) = (head, opt(char('*'))).parse(rest)?;
    let (rest, name) = braced_name(rest)?;
    let digit = satisfy(|c| c.is_ascii_digit());
    let (rest, params) =
        opt(preceded(multispace0, delimited(char('['), digit, char(']')))).parse(rest)?;
    let value = take_while1(|c: char| !matches!(c, '[' | ']' | '{' | '}' | '\n'));
    let (rest, default) =
        opt(preceded(multispace0, delimited(char('['), value, char(']')))).parse(rest)?;
    let (rest, body) = body(rest)?;
    let params = params.map_or(0, |c| c as u8 - b'0');
    let default = default.map(str::to_string);
    Ok((rest, (name, Macro { params, default, body: body.to_string(), operator: false })))
}

fn def(rest: &str) -> IResult<&str, (&str, Macro)> {
    let (rest, _) = alt((tag("\\def"), tag("\\gdef"), tag("\\edef"))).parse(rest)?;
    let (mut rest, name) = name(rest)?;
    let mut params = 0;
    // Only `#1#2…` in order: a pattern of other signs is left undefined.
    while let Some(after) = rest.strip_prefix('#') {
        let digit = after.bytes().next().filter(|b| *b == b'1' + params && *b <= b'9');
        let (Some(_), Some(next)) = (digit, after.get(1..)) else { break };
        params += 1;
        rest = next;
    }
    let (rest, body) = body(rest)?;
    Ok((rest, (name, Macro { params, default: None, body: body.to_string(), operator: false })))
}

fn operator(rest: &str) -> IResult<&str, (&str, Macro)> {
    let (rest, _) = (tag("\\DeclareMathOperator"), opt(char('*'))).parse(rest)?;
    let (rest, name) = braced_name(rest)?;
    let (rest, body) = body(rest)?;
    let body = body.to_string();
    Ok((rest, (name, Macro { params: 0, default: None, body, operator: true })))
}

/// Where the definition of a macro that begins at `at` ends, if one does: it says nothing in a
/// formula.
fn defines(tokens: &[Token], at: usize) -> Option<usize> {
    const DEFINING: &[&str] = &[
        "newcommand",
        "renewcommand",
        "providecommand",
        "def",
        "gdef",
        "edef",
        "DeclareMathOperator",
    ];
    match tokens.get(at)?.tok {
        Tok::Command(name) if DEFINING.contains(&name) => {}
        _ => return None,
    }
    let name =
        |t: &Token| !matches!(t.tok, Tok::Open | Tok::Close | Tok::Letter(_) | Tok::Digit(_));
    let mut i = at + 1;
    if tokens.get(i)?.tok == Tok::Sign('*') {
        i += 1;
    }
    match tokens.get(i..i + 3)? {
        [a, b, c] if a.tok == Tok::Open && name(b) && c.tok == Tok::Close => i += 3,
        [a, ..] if name(a) => i += 1,
        _ => return None,
    }
    // `[2][x]` or `#1#2`, and then the meaning.
    i += tokens.get(i..)?.iter().take(20).position(|t| t.tok == Tok::Open)?;
    let mut depth = 0usize;
    for (k, t) in tokens.iter().enumerate().skip(i).take(MAX_BODY) {
        match t.tok {
            Tok::Open => depth += 1,
            Tok::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(k + 1);
        }
    }
    None
}

struct Expansion<'a> {
    macros: &'a Macros,
    out: Vec<Token<'a>>,
    /// How many tokens macros may still bring.
    left: usize,
}

/// The tokens with every macro replaced.
pub(super) fn expand<'a>(
    tokens: Vec<Token<'a>>,
    macros: &'a Macros,
) -> Result<Vec<Token<'a>>, Note> {
    let out = Vec::with_capacity(tokens.len());
    let mut expansion = Expansion { macros, out, left: MAX_EXPANSION };
    expansion.all(&tokens, None, 0)?;
    Ok(expansion.out)
}

impl<'a> Expansion<'a> {
    /// Copies `tokens`, replacing macros; those of a macro's meaning stand `at` its call.
    fn all(
        &mut self,
        tokens: &[Token<'a>],
        at: Option<&Range<usize>>,
        depth: usize,
    ) -> Result<(), Note> {
        let mut i = 0;
        while let Some(token) = tokens.get(i) {
            i += 1;
            let found = match token.tok {
                Tok::Command(name) => self.macros.0.get(name),
                _ => None,
            };
            if at.is_none()
                && let Some(end) = defines(tokens, i - 1)
            {
                i = end;
                continue;
            }
            let Some(found) = found else {
                if at.is_some() {
                    self.left = self.left.checked_sub(1).ok_or_else(|| too_large(token))?;
                }
                self.out.push(*token);
                continue;
            };
            if depth >= MAX_MACRO_DEPTH {
                let message = format!(
                    "macros call each other more than {MAX_MACRO_DEPTH} deep here; does one call itself?"
                );
                return Err(Note { message, span: token.span() });
            }
            let args = self.arguments(found, tokens, &mut i, token)?;
            let last = tokens.get(i - 1).unwrap_or(token);
            let span = at.cloned().unwrap_or_else(|| {
                let (start, end) = (token.span().start, last.span().end);
                start.min(end)..end.max(start)
            });
            let meaning = self.meaning(found, &args, &span, token.spaced)?;
            self.all(&meaning, Some(&span), depth + 1)?;
        }
        Ok(())
    }

    fn arguments(
        &mut self,
        found: &'a Macro,
        tokens: &[Token<'a>],
        i: &mut usize,
        call: &Token<'a>,
    ) -> Result<Vec<Vec<Token<'a>>>, Note> {
        let mut args = Vec::new();
        if let Some(default) = &found.default {
            if let Some(Token { tok: Tok::Sign('['), .. }) = tokens.get(*i) {
                let close =
                    tokens[*i..].iter().take(MAX_BODY).position(|t| t.tok == Tok::Sign(']'));
                let close = close.ok_or_else(|| lacking(call))?;
                args.push(tokens[*i + 1..*i + close].to_vec());
                *i += close + 1;
            } else {
                args.push(placed(lex(default)?, &call.span()));
            }
        }
        while args.len() < usize::from(found.params) {
            let first = tokens.get(*i).ok_or_else(|| lacking(call))?;
            if first.tok != Tok::Open {
                args.push(vec![*first]);
                *i += 1;
                continue;
            }
            let mut depth = 0usize;
            let mut end = None;
            for (k, t) in tokens.iter().enumerate().skip(*i) {
                self.left = self.left.checked_sub(1).ok_or_else(|| too_large(call))?;
                match t.tok {
                    Tok::Open => depth += 1,
                    Tok::Close => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    end = Some(k);
                    break;
                }
            }
            let end = end.ok_or_else(|| lacking(call))?;
            args.push(tokens[*i + 1..end].to_vec());
            *i = end + 1;
        }
        Ok(args)
    }

    fn meaning(
        &mut self,
        found: &'a Macro,
        args: &[Vec<Token<'a>>],
        span: &Range<usize>,
        spaced: bool,
    ) -> Result<Vec<Token<'a>>, Note> {
        let refused = |_| Note {
            message: "the meaning of this macro cannot be read".to_string(),
            span: span.clone(),
        };
        let body = if found.operator {
            let tok = Tok::Text(Font::Name, found.body.trim());
            vec![Token { tok, start: 0, end: 0, spaced: false }]
        } else {
            lex(&found.body).map_err(refused)?
        };
        let mut out = Vec::new();
        for (k, token) in placed(body, span).into_iter().enumerate() {
            let spaced = if k == 0 { spaced } else { token.spaced };
            let Tok::Param(n) = token.tok else {
                self.left = self.left.checked_sub(1).ok_or_else(|| too_large(&token))?;
                out.push(Token { spaced, ..token });
                continue;
            };
            for (m, t) in args.get(usize::from(n) - 1).into_iter().flatten().enumerate() {
                self.left = self.left.checked_sub(1).ok_or_else(|| too_large(&token))?;
                out.push(if m == 0 { Token { spaced, ..*t } } else { *t });
            }
        }
        Ok(out)
    }
}

fn placed<'a>(tokens: Vec<Token<'a>>, span: &Range<usize>) -> Vec<Token<'a>> {
    let (start, end) = (span.start as u32, span.end as u32);
    tokens.into_iter().map(|t| Token { start, end, ..t }).collect()
}

fn too_large(token: &Token) -> Note {
    let message = format!("the macros of this formula bring more than {MAX_EXPANSION} signs");
    Note { message, span: token.span() }
}

fn lacking(call: &Token) -> Note {
    Note { message: "this macro lacks an argument".to_string(), span: call.span() }
}
