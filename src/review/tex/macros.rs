//! Macros. In go the texts of a document, out comes what its `\newcommand`s mean; and in go the
//! tokens of a formula, out come its tokens with every macro replaced.
//!
//! A macro means what was defined last before its place, in a group that is still open there. What
//! cannot be read of a definition makes its calls unread, for it is never skipped.
//!
//! What always holds: a token that a macro brought stands where the macro was called, an argument
//! keeps its own place; a macro that calls itself is refused, as is one that grows past
//! [`MAX_EXPANSION`].

mod definitions;

use std::ops::Range;
use std::rc::Rc;

use self::definitions::{Body, DEFINING, Definition, Definitions, MAX_BODY, Macro};
use super::lex::{Font, Tok, Token, lex};
use super::syntax::Note;
use super::{MAX_EXPANSION, MAX_MACRO_DEPTH};

/// The macros of a document, as they are at a place of it.
#[derive(Clone, Debug, Default)]
pub struct Macros {
    all: Rc<Definitions>,
    /// The place; none is behind the whole document.
    place: Option<Range<usize>>,
}

impl Macros {
    /// The macros that `texts` define: `\newcommand`, `\renewcommand`, `\providecommand`, `\def`,
    /// `\let`, `\DeclareMathOperator`. Past [`MAX_MACROS`](super::MAX_MACROS) none is read, so that calls are refused.
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
