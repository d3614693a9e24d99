//! The definitions of macros in the text of a document. In goes the text, out comes what each
//! name means from where on, and in which group.

use std::collections::BTreeMap;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{char, multispace0, satisfy};
use nom::combinator::opt;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use crate::review::tex::MAX_MACROS;
use crate::review::tex::lex::balanced;

#[derive(Debug, Default)]
pub(super) struct Definitions {
    /// In the order of the document.
    pub all: Vec<Definition>,
    /// Where those of a name stand among them.
    pub by_name: BTreeMap<String, Vec<usize>>,
}

/// A meaning of a macro, and where it holds: behind its definition, up to the end of the group
/// in which that stands.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub from: usize,
    pub to: Option<usize>,
    /// None where it cannot be read.
    pub meaning: Option<Macro>,
}

#[derive(Clone, Debug)]
pub(super) struct Macro {
    pub params: u8,
    /// What stands for the first argument where it is left out.
    pub default: Option<String>,
    pub body: String,
    pub kind: Body,
}

/// What the body of a macro is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Tokens, whose own macros are replaced where it is called.
    Tokens,
    /// An upright name: `\DeclareMathOperator`.
    Operator,
    /// A command as TeX knows it, whatever it is called later: `\let`.
    Primitive,
}

impl Definitions {
    /// Adds the definitions of a text, which stands at `base`.
    pub fn read(&mut self, text: &str, base: usize) {
        let bytes = text.as_bytes();
        // Groups that are open, each with the definitions that end with it.
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let (mut at, mut comment) = (0, false);
        while let Some(byte) = bytes.get(at) {
            let end = match byte {
                b'\n' => {
                    comment = false;
                    at + 1
                }
                _ if comment => at + 1,
                b'%' => {
                    comment = true;
                    at + 1
                }
                b'{' => {
                    groups.push(Vec::new());
                    at + 1
                }
                b'}' => {
                    self.close(groups.pop(), base + at);
                    at + 1
                }
                b'\\' => {
                    let rest = &text[at + 1..];
                    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
                    let past = at + 1 + letters.max(rest.chars().next().map_or(0, char::len_utf8));
                    match &rest[..letters] {
                        "begingroup" | "bgroup" | "begin" => groups.push(Vec::new()),
                        "endgroup" | "egroup" | "end" => self.close(groups.pop(), base + at),
                        _ => {}
                    }
                    match self.define(&text[at..], base + at) {
                        None => past,
                        Some(length) => {
                            let before = text[..at].trim_end();
                            let global =
                                ["\\gdef", "\\xdef"].iter().any(|d| text[at..].starts_with(d))
                                    || before.ends_with("\\global");
                            if !global && let Some(group) = groups.last_mut() {
                                group.push(self.all.len() - 1);
                            }
                            at + length
                        }
                    }
                }
                _ => at + 1,
            };
            at = end;
        }
    }

    fn close(&mut self, group: Option<Vec<usize>>, at: usize) {
        for nth in group.into_iter().flatten() {
            self.all[nth].to = Some(at);
        }
    }

    /// Takes the definition that begins here, and says how long it is.
    fn define(&mut self, rest: &str, at: usize) -> Option<usize> {
        let (after, (name, meaning)) = match definition(rest) {
            Ok((after, (name, found))) => (after, (name, Some(found))),
            Err(_) => {
                let (after, name) = unreadable(rest).ok()?;
                (after, (name, None))
            }
        };
        let length = rest.len() - after.len();
        let meaning = meaning.and_then(|found| match found {
            Found::Macro(found) => Some(found),
            // \let gives what the other command means now.
            Found::Let(other) => match self.by_name.get(other).and_then(|all| all.last()) {
                Some(nth) if self.all[*nth].to.is_none() => self.all[*nth].meaning.clone(),
                _ => Some(Macro {
                    params: 0,
                    default: None,
                    body: format!("\\{other}"),
                    kind: Body::Primitive,
                }),
            },
        });
        let meaning = meaning.filter(|_| self.all.len() < MAX_MACROS);
        let nth = self.all.len();
        self.by_name.entry(name.to_string()).or_default().push(nth);
        self.all.push(Definition { from: at + length, to: None, meaning });
        Some(length)
    }
}

/// What a definition says.
pub(super) enum Found<'a> {
    Macro(Macro),
    Let(&'a str),
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
pub(super) const MAX_BODY: usize = 2_000;

fn definition(rest: &str) -> IResult<&str, (&str, Found<'_>)> {
    let meaning = alt((new_command, def, operator));
    alt((meaning.map(|(name, found)| (name, Found::Macro(found))), let_command)).parse(rest)
}

/// `\let\a\b`, `\let\a=\b`.
fn let_command(rest: &str) -> IResult<&str, (&str, Found<'_>)> {
    let (rest, _) = tag("\\let").parse(rest)?;
    let (rest, defined) = name(rest)?;
    let (rest, _) = (multispace0, opt(char('='))).parse(rest)?;
    let (rest, other) = name(rest)?;
    Ok((rest, (defined, Found::Let(other))))
}

/// A definition whose meaning cannot be read: its name is known all the same.
fn unreadable(rest: &str) -> IResult<&str, &str> {
    let first = rest.strip_prefix('\\').map(|rest| {
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        (&rest[letters..], &rest[..letters])
    });
    match first {
        Some((after, command)) if DEFINING.contains(&command) => {
            preceded(opt(char('*')), braced_name).parse(after)
        }
        _ => Err(nom::Err::Error(nom::error::Error::new(rest, nom::error::ErrorKind::Tag))),
    }
}

/// The commands that define others.
pub(super) const DEFINING: &[&str] = &[
    "newcommand",
    "renewcommand",
    "providecommand",
    "DeclareRobustCommand",
    "NewDocumentCommand",
    "RenewDocumentCommand",
    "def",
    "gdef",
    "edef",
    "xdef",
    "let",
    "DeclareMathOperator",
];

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
    Ok((rest, (name, Macro { params, default, body: body.to_string(), kind: Body::Tokens })))
}

fn def(rest: &str) -> IResult<&str, (&str, Macro)> {
    let (rest, _) = alt((tag("\\def"), tag("\\gdef"))).parse(rest)?;
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
    Ok((rest, (name, Macro { params, default: None, body: body.to_string(), kind: Body::Tokens })))
}

fn operator(rest: &str) -> IResult<&str, (&str, Macro)> {
    let (rest, _) = (tag("\\DeclareMathOperator"), opt(char('*'))).parse(rest)?;
    let (rest, name) = braced_name(rest)?;
    let (rest, body) = body(rest)?;
    let body = body.to_string();
    Ok((rest, (name, Macro { params: 0, default: None, body, kind: Body::Operator })))
}
