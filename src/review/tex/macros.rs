//! Macros. In go the texts of a document, out comes what its `\newcommand`s mean; and in go the
//! tokens of a formula, out come its tokens with every macro replaced.
//!
//! A macro means what was defined last before its place, in a group that is still open there. What
//! cannot be read of a definition makes its calls unread, for it is never skipped.
//!
//! What always holds: a token that a macro brought stands where the macro was called, an argument
//! keeps its own place; a macro that calls itself is refused, as is one that grows past
//! [`MAX_EXPANSION`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{char, multispace0, satisfy};
use nom::combinator::opt;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::lex::{Font, Tok, Token, balanced, lex};
use super::syntax::Note;
use super::{MAX_EXPANSION, MAX_MACRO_DEPTH, MAX_MACROS};

/// The macros of a document, as they are at a place of it.
#[derive(Clone, Debug, Default)]
pub struct Macros {
    all: Rc<Definitions>,
    /// The place; none is behind the whole document.
    place: Option<Range<usize>>,
}

#[derive(Debug, Default)]
struct Definitions {
    /// In the order of the document.
    all: Vec<Definition>,
    /// Where those of a name stand among them.
    by_name: BTreeMap<String, Vec<usize>>,
}

/// A meaning of a macro, and where it holds: behind its definition, up to the end of the group
/// in which that stands.
#[derive(Clone, Debug)]
struct Definition {
    from: usize,
    to: Option<usize>,
    /// None where it cannot be read.
    meaning: Option<Macro>,
}

#[derive(Clone, Debug)]
struct Macro {
    params: u8,
    /// What stands for the first argument where it is left out.
    default: Option<String>,
    body: String,
    kind: Body,
}

/// What the body of a macro is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// Tokens, whose own macros are replaced where it is called.
    Tokens,
    /// An upright name: `\DeclareMathOperator`.
    Operator,
    /// A command as TeX knows it, whatever it is called later: `\let`.
    Primitive,
}

impl Macros {
    /// The macros that `texts` define: `\newcommand`, `\renewcommand`, `\providecommand`, `\def`,
    /// `\let`, `\DeclareMathOperator`. Past [`MAX_MACROS`] none is read, so that calls are refused.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Macros {
        let mut found = Definitions::default();
        let mut base = 0;
        for text in texts {
            found.read(text, base);
            base += text.len();
        }
        Macros { all: Rc::new(found), place: None }
    }

    /// The macros as they are in a formula that stands at this place of the document.
    pub fn at(&self, place: Range<usize>) -> Macros {
        Macros { all: self.all.clone(), place: Some(place) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.all.is_empty()
    }

    /// Whether the document says anywhere what this command means.
    pub(super) fn defines(&self, name: &str) -> bool {
        !self.is_empty() && self.all.by_name.contains_key(name)
    }

    /// What a name means here.
    fn find(&self, name: &str) -> Option<&Definition> {
        let at = self.place.as_ref().map_or(usize::MAX, |place| place.start);
        let holds = |d: &&Definition| d.from <= at && d.to.is_none_or(|to| at < to);
        let all = self.all.by_name.get(name)?;
        all.iter().rev().filter_map(|nth| self.all.all.get(*nth)).find(holds)
    }

    /// How many definitions stand inside of the formula itself.
    fn inside(&self) -> Option<Vec<usize>> {
        let place = self.place.as_ref()?;
        let from = self.all.all.partition_point(|d| d.from <= place.start);
        let to = self.all.all.partition_point(|d| d.from <= place.end);
        Some((from..to).collect())
    }
}

impl Definitions {
    /// Adds the definitions of a text, which stands at `base`.
    fn read(&mut self, text: &str, base: usize) {
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
enum Found<'a> {
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
const MAX_BODY: usize = 2_000;

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
const DEFINING: &[&str] = &[
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

/// Where the definition of a macro that begins at `at` ends, if one does: it says nothing in a
/// formula.
fn defines(tokens: &[Token], at: usize) -> Option<usize> {
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
    // `\let\a=\b` has no braces.
    if tokens.get(at)?.tok == Tok::Command("let") {
        i += usize::from(tokens.get(i)?.tok == Tok::Sign('='));
        return (i < tokens.len()).then_some(i + 1);
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
    /// Definitions inside of the formula: those to come, and those that hold, each with the depth
    /// of the group that it ends with.
    to_come: Option<std::vec::IntoIter<usize>>,
    holding: Vec<(usize, usize)>,
    group: usize,
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
    let to_come = macros.inside().map(Vec::into_iter);
    let (holding, group, left) = (Vec::new(), 0, MAX_EXPANSION);
    let mut expansion = Expansion { macros, to_come, holding, group, out, left };
    expansion.all(&tokens, None, 0)?;
    // What a formula defines must be what the document was seen to define in it.
    if expansion.to_come.is_some_and(|mut more| more.next().is_some()) {
        let message = "a definition of a macro in this formula cannot be read".to_string();
        let span = tokens.first().map_or(0..0, Token::span);
        return Err(Note { message, span });
    }
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
                Tok::Command(name) => self.find(name),
                _ => None,
            };
            if at.is_none() {
                match token.tok {
                    Tok::Open | Tok::Begin(_) => self.group += 1,
                    Tok::Close | Tok::End(_) => {
                        self.holding.retain(|(_, group)| *group < self.group.max(1));
                        self.group = self.group.saturating_sub(1);
                    }
                    Tok::Command(name) if DEFINING.contains(&name) => {
                        let unread = || Note {
                            message: "this definition of a macro cannot be read".to_string(),
                            span: token.span(),
                        };
                        i = defines(tokens, i - 1).ok_or_else(unread)?;
                        if let Some(to_come) = &mut self.to_come {
                            let nth = to_come.next().ok_or_else(unread)?;
                            self.holding.push((nth, self.group));
                        }
                        continue;
                    }
                    _ => {}
                }
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
            let Some(found) = &found.meaning else {
                let message = "the meaning of this macro cannot be read".to_string();
                return Err(Note { message, span: token.span() });
            };
            let args = self.arguments(found, tokens, &mut i, token)?;
            let last = tokens.get(i - 1).unwrap_or(token);
            let span = at.cloned().unwrap_or_else(|| {
                let (start, end) = (token.span().start, last.span().end);
                start.min(end)..end.max(start)
            });
            let meaning = self.meaning(found, &args, &span, token.spaced)?;
            if found.kind == Body::Primitive {
                self.out.extend(meaning);
                continue;
            }
            self.all(&meaning, Some(&span), depth + 1)?;
        }
        Ok(())
    }

    /// What a name means: the last definition of this formula that holds, or that of its place.
    fn find(&self, name: &str) -> Option<&'a Definition> {
        let (macros, all) = (self.macros, self.macros.all.by_name.get(name)?);
        let here = self.holding.iter().rev().find(|(nth, _)| all.contains(nth));
        here.and_then(|(nth, _)| macros.all.all.get(*nth)).or_else(|| macros.find(name))
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
                args.push(placed(lex(default, self.macros)?, &call.span()));
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
        let body = match found.kind {
            Body::Operator => {
                let tok = Tok::Text(Font::Name, found.body.trim());
                vec![Token { tok, start: 0, end: 0, spaced: false }]
            }
            Body::Tokens => lex(&found.body, self.macros).map_err(refused)?,
            Body::Primitive => lex(&found.body, &Macros::default()).map_err(refused)?,
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
