//! Tokens as nom reads them: a stretch of the tokens of a formula, with every bracket knowing the
//! one that closes it, and the depth at which the stretch stands.
//!
//! What always holds: braces, `\left … \right` and `\begin … \end` are nested properly and at
//! most [`MAX_DEPTH`] deep, or there is no [`Source`]; other brackets have a partner where they
//! have one in the same group.

use std::cell::{Cell, RefCell};
use std::iter::{Copied, Enumerate};
use std::ops::Range;
use std::slice::Iter;

use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Input, Needed};

use super::MAX_DEPTH;
use super::dots::Dots;
use super::lex::{Font, Tok, Token};
use super::lexicon::Lexicon;
use super::notation;
use super::syntax::Note;

/// No partner.
const ALONE: u32 = u32::MAX;

/// Tokens with their partners.
#[derive(Debug)]
pub(super) struct Matched<'a> {
    pub tokens: Vec<Token<'a>>,
    mates: Vec<u32>,
}

/// A formula on its way: what never changes while it is read, and what was noticed.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub text: &'a str,
    pub matched: Matched<'a>,
    pub lexicon: &'a Lexicon,
    pub dots: &'a Dots,
    pub warnings: RefCell<Vec<Note>>,
    /// The words that `\underbrace` puts under a part.
    pub words: RefCell<Vec<(String, Range<usize>)>>,
    /// How often a token was looked at, for the tests of its growth.
    pub work: Cell<usize>,
}

impl<'a> Source<'a> {
    pub fn tokens(&self) -> &[Token<'a>] {
        &self.matched.tokens
    }

    pub fn warn(&self, span: Range<usize>, message: impl Into<String>) {
        self.warnings.borrow_mut().push(Note { message: message.into(), span });
    }
}

struct Frame {
    open: usize,
    /// A brace group that was crossed by parentheses, `({ … )}`: braces are not seen in print,
    /// so it counts for nothing.
    void: bool,
    soft: Vec<usize>,
}

impl<'a> Matched<'a> {
    /// The partners of all brackets, or where they do not fit together.
    pub fn of(mut tokens: Vec<Token<'a>>) -> Result<Matched<'a>, Note> {
        let (mates, mut voids) = partners(&tokens)?;
        voids.extend(hollow(&mut tokens));
        voids.sort_unstable();
        if voids.is_empty() {
            return Ok(Matched { tokens, mates });
        }
        let mut voids = voids.into_iter().peekable();
        let mut index = 0;
        tokens.retain(|_| {
            index += 1;
            voids.next_if(|v| *v == index - 1).is_none()
        });
        let (mates, _) = partners(&tokens)?;
        Ok(Matched { tokens, mates })
    }

    /// The partner of the bracket at `i`.
    pub fn mate(&self, i: usize) -> Option<usize> {
        self.mates.get(i).filter(|m| **m != ALONE).map(|m| *m as usize)
    }

    /// The place after `i`, a bracket with all that it encloses counted as one.
    pub fn past(&self, i: usize) -> usize {
        self.mate(i).filter(|m| *m > i).unwrap_or(i) + 1
    }

    /// The place of a stretch of tokens.
    pub fn span(&self, from: usize, to: usize) -> Range<usize> {
        let end = self.tokens.last().map_or(0, |t| t.end as usize);
        match (self.tokens.get(from), to.checked_sub(1).and_then(|t| self.tokens.get(t))) {
            (Some(first), Some(last)) if from < to => {
                let start = first.start.min(last.start) as usize;
                start..(first.end.max(last.end) as usize)
            }
            (Some(first), _) => first.span().start..first.span().start,
            _ => end..end,
        }
    }
}

/// The partner of each token, and the braces that count for nothing, in order.
fn partners(tokens: &[Token]) -> Result<(Vec<u32>, Vec<usize>), Note> {
    let mut mates = vec![ALONE; tokens.len()];
    let mut voids = Vec::new();
    let mut frames = vec![Frame { open: ALONE as usize, void: false, soft: Vec::new() }];
    let note = |i: usize, message: &str| Note {
        message: message.to_string(),
        span: tokens.get(i).map_or(0..0, Token::span),
    };
    for (i, token) in tokens.iter().enumerate() {
        match token.tok {
            Tok::Open | Tok::Begin(_) | Tok::Fence(true, _) => {
                if frames.len() > MAX_DEPTH {
                    return Err(Note {
                        message: format!("this is nested more than {MAX_DEPTH} levels deep"),
                        span: token.span(),
                    });
                }
                frames.push(Frame { open: i, void: false, soft: Vec::new() });
            }
            Tok::Close | Tok::End(_) | Tok::Fence(false, _) => {
                let frame = frames.pop().filter(|f| f.open != ALONE as usize);
                let Some(frame) = frame else {
                    return Err(note(i, "this closes what was never opened"));
                };
                let fits = match (tokens[frame.open].tok, token.tok) {
                    (Tok::Begin(a), Tok::End(b)) => a == b,
                    (Tok::Open, Tok::Close) | (Tok::Fence(..), Tok::Fence(..)) => true,
                    _ => false,
                };
                if !fits {
                    return Err(note(
                        frame.open,
                        "this is closed by something else than its own end",
                    ));
                }
                if frame.void {
                    voids.extend([frame.open, i]);
                }
                mates[frame.open] = i as u32;
                mates[i] = frame.open as u32;
            }
            Tok::Sign(c @ ('(' | ')' | '[' | ']' | '⦃' | '⦄' | '|' | '‖')) => {
                soft(tokens, i, c, &mut frames, &mut mates);
            }
            _ => {}
        }
    }
    if frames.len() > 1 {
        let open = frames.last().map_or(0, |f| f.open);
        return Err(note(open, "this is never closed"));
    }
    Ok((mates, voids))
}

/// Braces around nothing, or around one relation or sign: `{}=`, `{=}`. They set spaces right and
/// say nothing.
fn hollow(tokens: &mut [Token]) -> Vec<usize> {
    let mut out = Vec::new();
    for i in 0..tokens.len() {
        let token = tokens[i];
        let free = i == 0
            || !matches!(tokens[i - 1].tok, Tok::Command(_) | Tok::Sup | Tok::Sub | Tok::Close);
        if token.tok != Tok::Open {
            continue;
        }
        // `\boldsymbol{\partial}`: a font of the ∂ alone.
        let sign = (tokens.get(i + 1).map(|t| t.tok), tokens.get(i + 2).map(|t| t.tok));
        if let Some(Tok::Command(c)) = i.checked_sub(1).map(|b| tokens[b].tok)
            && notation::is_look(c)
            && sign == (Some(Tok::Symbol('∂')), Some(Tok::Close))
        {
            out.extend([i - 1, i, i + 2]);
        }
        // `\sum_{t}{}y`: nothing behind a script.
        let behind = matches!(tokens.get(i + 1).map(|t| t.tok), Some(Tok::Close))
            && i > 0
            && tokens[i - 1].tok == Tok::Close
            && is_script(tokens, i - 1);
        if behind {
            out.extend([i, i + 1]);
        }
        if !free {
            continue;
        }
        match (tokens.get(i + 1).map(|t| t.tok), tokens.get(i + 2).map(|t| t.tok)) {
            (Some(Tok::Close), _) => out.extend([i, i + 1]),
            (Some(Tok::Sign('=' | '+' | '-' | '·' | ',' | '.')), Some(Tok::Close))
            | (Some(Tok::Symbol('∂')), Some(Tok::Close)) => {
                out.extend([i, i + 2]);
            }
            // `{\rm d}x`: a d in a font of its own.
            (Some(Tok::Letter('d')), Some(Tok::Close)) => {
                tokens[i + 1].tok = Tok::Text(Font::Name, "d");
                out.extend([i, i + 2]);
            }
            _ => {}
        }
    }
    out
}

/// Whether the group that ends at `close` is a script.
fn is_script(tokens: &[Token], close: usize) -> bool {
    let mut depth = 0usize;
    for i in (0..=close).rev().take(REACH) {
        match tokens[i].tok {
            Tok::Close => depth += 1,
            Tok::Open => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i > 0 && matches!(tokens[i - 1].tok, Tok::Sub | Tok::Sup);
        }
    }
    false
}

/// How many tokens back the beginning of a script is looked for.
const REACH: usize = 40;

/// A bracket that may stand alone.
fn soft(tokens: &[Token], i: usize, c: char, frames: &mut [Frame], mates: &mut [u32]) {
    let Some(mut at) = frames.iter().rposition(|f| !f.void) else { return };
    let opening = match c {
        '(' | '[' | '⦃' => true,
        '|' | '‖' => {
            let inside = frames[at].soft.last().is_some_and(|o| tokens[*o].tok == Tok::Sign(c));
            !(inside && i > 0 && ends_operand(&tokens[i - 1].tok))
        }
        _ => false,
    };
    if opening {
        if frames[at].soft.len() >= MAX_DEPTH {
            return;
        }
        frames[at].soft.push(i);
        return;
    }
    let wanted = match c {
        ')' => '(',
        ']' => '[',
        '⦄' => '⦃',
        _ => c,
    };
    let has = |f: &Frame| f.soft.iter().any(|o| tokens[*o].tok == Tok::Sign(wanted));
    if !has(&frames[at]) {
        // `({ … )}`: the brace that hides the parenthesis from its partner counts for nothing.
        let open = frames[at].open;
        let crossed = at > 0
            && open > 0
            && tokens[open].tok == Tok::Open
            && frames[at - 1].soft.last().is_some_and(|o| *o == open - 1)
            && tokens[open - 1].tok == Tok::Sign(wanted);
        if !crossed {
            return;
        }
        frames[at].void = true;
        let Some(outer) = frames.iter().rposition(|f| !f.void) else { return };
        at = outer;
        if !has(&frames[at]) {
            return;
        }
    }
    while let Some(open) = frames[at].soft.pop() {
        if tokens[open].tok == Tok::Sign(wanted) {
            mates[open] = i as u32;
            mates[i] = open as u32;
            return;
        }
    }
}

/// Whether this only makes space, or says where a line is aligned or broken.
pub(super) fn is_space(tok: Tok) -> bool {
    matches!(tok, Tok::Amp | Tok::Wide | Tok::Break)
}

/// Whether a value can end with this token.
pub(super) fn ends_operand(tok: &Tok) -> bool {
    match tok {
        Tok::Letter(_)
        | Tok::Symbol(_)
        | Tok::Digit(_)
        | Tok::Close
        | Tok::Text(..)
        | Tok::End(_)
        | Tok::Fence(false, _) => true,
        Tok::Sign(c) => matches!(c, ')' | ']' | '⦄' | '|' | '‖' | '\''),
        _ => false,
    }
}

/// A stretch of tokens. Small and `Copy`, because every parser takes and returns one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'s, 'a> {
    pub of: &'s Source<'a>,
    pub from: u32,
    pub to: u32,
    depth: u32,
}

pub(super) type Parsed<'s, 'a, T> = IResult<Tokens<'s, 'a>, T, Problem>;

/// Why something was not read.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub note: Note,
    /// Whether it is understood, and outside of scalar calculus.
    pub beyond: bool,
}

/// The failure that something cannot be read, or only in two ways.
pub(super) fn refuse<T>(
    span: Range<usize>,
    message: impl Into<String>,
) -> Result<T, nom::Err<Problem>> {
    let note = Note { message: message.into(), span };
    Err(nom::Err::Failure(Problem { note, beyond: false }))
}

/// The failure that something lies outside of scalar calculus.
pub(super) fn beyond<T>(
    span: Range<usize>,
    message: impl Into<String>,
) -> Result<T, nom::Err<Problem>> {
    let note = Note { message: message.into(), span };
    Err(nom::Err::Failure(Problem { note, beyond: true }))
}

impl<'s, 'a> Tokens<'s, 'a> {
    pub fn of(of: &'s Source<'a>, from: usize, to: usize) -> Tokens<'s, 'a> {
        Tokens { of, from: from as u32, to: to.max(from) as u32, depth: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.from >= self.to
    }

    /// The token `ahead` of the next one.
    pub fn token(&self, ahead: usize) -> Option<Token<'a>> {
        self.of.work.set(self.of.work.get() + 1);
        let i = self.from as usize + ahead;
        if i < self.to as usize { self.of.tokens().get(i).copied() } else { None }
    }

    pub fn tok(&self) -> Option<Tok<'a>> {
        self.token(0).map(|t| t.tok)
    }

    pub fn is_sign(&self, c: char) -> bool {
        self.tok() == Some(Tok::Sign(c))
    }

    pub fn skip(&self, n: usize) -> Tokens<'s, 'a> {
        Tokens { from: (self.from + n as u32).min(self.to), ..*self }
    }

    /// What stands before `rest`, which is a later place of this stretch.
    pub fn until(&self, rest: Tokens<'s, 'a>) -> Tokens<'s, 'a> {
        Tokens { to: rest.from, ..*self }
    }

    /// The place of the whole stretch.
    pub fn span(&self) -> Range<usize> {
        self.of.matched.span(self.from as usize, self.to as usize)
    }

    /// The place of what stands before `rest`.
    pub fn span_to(&self, rest: Tokens<'s, 'a>) -> Range<usize> {
        self.until(rest).span()
    }

    /// The place of the next token.
    pub fn here(&self) -> Range<usize> {
        match self.token(0) {
            Some(token) => token.span(),
            None => {
                let end = self
                    .of
                    .matched
                    .span(self.from.saturating_sub(1) as usize, self.to as usize)
                    .end;
                end..end
            }
        }
    }

    /// The inside of the bracket that stands next, and what follows it.
    pub fn bracket(&self) -> Option<(Tokens<'s, 'a>, Tokens<'s, 'a>)> {
        let open = self.from as usize;
        let mate = self.of.matched.mate(open).filter(|m| *m > open && *m < self.to as usize)?;
        let inside = Tokens { from: self.from + 1, to: mate as u32, ..*self };
        Some((inside, Tokens { from: mate as u32 + 1, ..*self }))
    }

    /// This place, one level deeper.
    pub fn deeper(self) -> Result<Tokens<'s, 'a>, nom::Err<Problem>> {
        if self.depth as usize >= MAX_DEPTH {
            return refuse(
                self.here(),
                format!("this is nested more than {MAX_DEPTH} levels deep"),
            );
        }
        Ok(Tokens { depth: self.depth + 1, ..self })
    }

    /// This place, as deep as `outer`.
    pub fn level_of(self, outer: Tokens<'s, 'a>) -> Tokens<'s, 'a> {
        Tokens { depth: outer.depth, ..self }
    }

    /// This place, as far as `outer` reaches.
    pub fn up_to(self, outer: Tokens<'s, 'a>) -> Tokens<'s, 'a> {
        Tokens { to: outer.to, ..self }
    }

    /// Splits at the tokens of depth 0 that `wanted` names.
    pub fn split(&self, wanted: impl Fn(Tok<'a>) -> bool) -> Vec<Tokens<'s, 'a>> {
        let mut out = Vec::new();
        let (mut from, mut i) = (self.from, self.from as usize);
        while i < self.to as usize {
            self.of.work.set(self.of.work.get() + 1);
            if self.of.tokens().get(i).is_some_and(|t| wanted(t.tok)) {
                out.push(Tokens { from, to: i as u32, ..*self });
                from = i as u32 + 1;
            }
            i = self.of.matched.past(i);
        }
        out.push(Tokens { from, ..*self });
        out
    }
}

impl<'s, 'a> ParseError<Tokens<'s, 'a>> for Problem {
    fn from_error_kind(input: Tokens<'s, 'a>, _: ErrorKind) -> Problem {
        // Another branch is tried, so no words are wasted on it.
        Problem { note: Note { message: String::new(), span: input.here() }, beyond: false }
    }

    fn append(_: Tokens<'s, 'a>, _: ErrorKind, other: Problem) -> Problem {
        other
    }
}

impl<'s, 'a: 's> Input for Tokens<'s, 'a> {
    type Item = Token<'a>;
    type Iter = Copied<Iter<'s, Token<'a>>>;
    type IterIndices = Enumerate<Self::Iter>;

    fn input_len(&self) -> usize {
        (self.to - self.from) as usize
    }

    fn take(&self, index: usize) -> Self {
        Tokens { to: self.from + index as u32, ..*self }
    }

    fn take_from(&self, index: usize) -> Self {
        self.skip(index)
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.iter_elements().position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        let tokens = &self.of.matched.tokens;
        tokens.get(self.from as usize..self.to as usize).unwrap_or_default().iter().copied()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.iter_elements().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        match count.checked_sub(self.input_len()) {
            None | Some(0) => Ok(count),
            Some(missing) => Err(Needed::new(missing)),
        }
    }
}
