//! A stream, cut into words and formulas.

use std::ops::Range;

use super::delimiters::{Delimiter, Delimiters, NONE, Shape, Token};
use super::passage::Passage;
use super::stream::{Dollars, Margin, Rules, Settled, Stream, Wall};
use super::{MAX_FORMULA, MAX_PIECES, Piece, Setting, Unclosed};
use crate::diag::{self, Error, Span};

/// Adds the pieces of `stream` to `pieces`.
pub fn scan(mut stream: Stream, rules: Rules, pieces: &mut Vec<Piece>) -> Result<(), Error> {
    let delimiters = Delimiters::of(&stream, rules);
    let mut done = 0;
    for (nth, token) in delimiters.tokens.iter().enumerate() {
        if token.at < done || token.code {
            continue;
        }
        if let Delimiter::Settled(mark) = token.kind {
            words(&stream, rules, done..token.at, pieces)?;
            let kind = std::mem::replace(&mut stream.marks[mark].kind, Settled::Code);
            if let Settled::Piece(piece) = kind {
                push(*piece, pieces)?;
            }
            done = token.end;
        } else if let Some(found) = found(&stream.text.text, &delimiters, rules, nth) {
            words(&stream, rules, done..token.at, pieces)?;
            done = found.past;
            push(found.piece(&stream, rules, token.at), pieces)?;
        }
    }
    words(&stream, rules, done..stream.len(), pieces)
}

/// A formula that was found, or a delimiter that nothing closes.
struct Found {
    body: Range<usize>,
    /// Where to go on.
    past: usize,
    setting: Setting,
    /// Whether Markdown takes the backslashes before signs away.
    escaped: bool,
    /// Opener and closer, if it is not closed.
    unclosed: Option<(Range<usize>, String)>,
}

/// What the token opens.
fn found(text: &str, delimiters: &Delimiters, rules: Rules, nth: usize) -> Option<Found> {
    let token = &delimiters.tokens[nth];
    match token.kind {
        Delimiter::Dollar => {
            let second = delimiters.tokens.get(nth + 1);
            match second.filter(|t| t.kind == Delimiter::Dollar && t.at == token.end) {
                Some(second) => Some(dollars(text, delimiters, token, second)),
                None => dollar(text, delimiters, rules, token),
            }
        }
        Delimiter::Open(shape) => Some(bracket(delimiters, token, shape)),
        Delimiter::Begin(_, setting) => Some(environment(text, delimiters, token, setting)),
        Delimiter::Close(_) | Delimiter::End(_) | Delimiter::Settled(_) => None,
    }
}

fn dollars(text: &str, delimiters: &Delimiters, token: &Token, second: &Token) -> Found {
    let (setting, escaped) = (Setting::Display, false);
    let end = delimiters.end_of(token, Wall::Paragraph);
    let near = delimiters.reach(token, second.next_pair, Wall::Paragraph);
    // A blank line right after the dollars is a matter of taste, not the end of the formula.
    let blank = || text[second.end..end].trim().is_empty();
    let close =
        near.or_else(|| delimiters.reach(token, second.next_pair, Wall::Text).filter(|_| blank()));
    match close {
        Some(close) => {
            let (body, past) = (second.end..close.at, close.at + 2);
            Found { body, past, setting, escaped, unclosed: None }
        }
        None => {
            let unclosed = Some((token.at..second.end, "$$".to_owned()));
            Found { body: second.end..end, past: end, setting, escaped, unclosed }
        }
    }
}

fn dollar(text: &str, delimiters: &Delimiters, rules: Rules, token: &Token) -> Option<Found> {
    let close = delimiters.reach(token, token.next, Wall::Block);
    let apart = close.is_some_and(|close| on_their_own_lines(text, token, close));
    let setting = if apart { Setting::Display } else { Setting::Inline };
    let escaped = false;
    if rules.dollars == Dollars::Prose && !apart {
        close.filter(|close| {
            let body = &text[token.end..close.at];
            let after = text[close.end..].chars().next();
            !body.starts_with(char::is_whitespace)
                && !body.ends_with(char::is_whitespace)
                && !after.is_some_and(|c| c.is_ascii_digit())
        })?;
    }
    Some(match close {
        Some(close) => {
            Found { body: token.end..close.at, past: close.end, setting, escaped, unclosed: None }
        }
        None => {
            let end = delimiters.end_of(token, Wall::Block);
            let unclosed = Some((token.at..token.end, "$".to_owned()));
            Found { body: token.end..end, past: end, setting, escaped, unclosed }
        }
    })
}

/// Whether a dollar opens a line on which nothing else stands, and its partner ends one: those of
/// a formula on lines of its own, and none of money.
fn on_their_own_lines(text: &str, token: &Token, close: &Token) -> bool {
    let blank = |c: char| c == ' ' || c == '\t' || c == '\r';
    let before = text[..token.at].trim_end_matches([' ', '\t', '>']);
    let body = &text[token.end..close.at];
    let after = text[close.end..].trim_start_matches(['.', ',', ';']).trim_start_matches(blank);
    (before.is_empty() || before.ends_with('\n'))
        && body.trim_start_matches(blank).starts_with('\n')
        && (after.is_empty() || after.starts_with('\n'))
        && body.contains(['=', '\\', '^', '_', '∂'])
        && !body.trim().lines().any(|line| line.trim().is_empty())
}

fn bracket(delimiters: &Delimiters, token: &Token, shape: Shape) -> Found {
    let (setting, wall, closer, escaped) = match shape {
        Shape::Round => (Setting::Inline, Wall::Block, "\\)", false),
        Shape::Square => (Setting::Display, Wall::Paragraph, "\\]", false),
        Shape::DoubleRound => (Setting::Inline, Wall::Block, "\\\\)", true),
        Shape::DoubleSquare => (Setting::Display, Wall::Paragraph, "\\\\]", true),
    };
    match delimiters.reach(token, token.next, wall) {
        Some(close) if matches!(close.kind, Delimiter::Close(_)) => {
            let (body, past) = (token.end..close.at, close.end);
            Found { body, past, setting, escaped, unclosed: None }
        }
        again => {
            // A second opener begins a formula of its own.
            let end = again.map_or_else(|| delimiters.end_of(token, wall), |open| open.at);
            let unclosed = Some((token.at..token.end, closer.to_owned()));
            Found { body: token.end..end, past: end, setting, escaped, unclosed }
        }
    }
}

fn environment(text: &str, delimiters: &Delimiters, token: &Token, setting: Setting) -> Found {
    let escaped = false;
    if token.next != NONE {
        let end = delimiters.tokens[token.next].end;
        return Found { body: token.at..end, past: end, setting, escaped, unclosed: None };
    }
    let end = delimiters.end_of(token, Wall::Paragraph);
    let closer = text[token.at..token.end].replacen("begin", "end", 1);
    let unclosed = Some((token.at..token.end, closer));
    Found { body: token.at..end, past: end, setting, escaped, unclosed }
}

impl Found {
    fn piece(self, stream: &Stream, rules: Rules, at: usize) -> Piece {
        let mut body = match rules.markdown {
            true => without_margins(stream, self.body, Some(margin_at(stream, at))),
            false => stream.text.slice(self.body),
        };
        if self.escaped {
            body = unescaped(&body);
        }
        match self.unclosed {
            None => Piece::Formula(body, self.setting),
            Some((opener, closer)) => {
                let place = stream.text.source(opener.clone());
                let opener = stream.text.text[opener].to_owned();
                Piece::Unclosed(body, Unclosed { setting: self.setting, opener, place, closer })
            }
        }
    }
}

fn words(
    stream: &Stream,
    rules: Rules,
    range: Range<usize>,
    pieces: &mut Vec<Piece>,
) -> Result<(), Error> {
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    if stream.text.text[range.clone()].chars().all(blank) {
        return Ok(());
    }
    let passage = match rules.markdown {
        true => without_margins(stream, range, None),
        false => stream.text.slice(range),
    };
    push(Piece::Words(passage), pieces)
}

fn push(piece: Piece, pieces: &mut Vec<Piece>) -> Result<(), Error> {
    let passage = piece.passage();
    let place = passage.source(0..passage.text.len());
    let limit = |message: String| {
        Err(Error::new(diag::Kind::Limit, message).at(Span::new(place.start, place.end)))
    };
    if matches!(piece, Piece::Formula(..)) && passage.text.len() > MAX_FORMULA {
        let has = passage.text.len();
        return limit(format!("the formula has {has} bytes; at most {MAX_FORMULA} are read"));
    }
    if pieces.len() >= MAX_PIECES {
        return limit(format!("the document has more than {MAX_PIECES} pieces"));
    }
    pieces.push(piece);
    Ok(())
}

fn margin_at(stream: &Stream, at: usize) -> Margin {
    let before = stream.margins.partition_point(|(from, _)| *from <= at);
    before.checked_sub(1).map_or_else(Margin::default, |nth| stream.margins[nth].1)
}

/// A part of the text without what quotes and indents its lines after the first: by the margin
/// of a formula's opener, since its own lines may look like quotations, or else by each line's.
fn without_margins(stream: &Stream, range: Range<usize>, margin: Option<Margin>) -> Passage {
    let text = &stream.text.text;
    let mut out = Passage::empty(stream.text.source(range.start..range.start).start);
    let mut from = range.start;
    let lines = text[range.clone()].match_indices('\n').map(|(at, _)| range.start + at + 1);
    let whole = margin.is_none() && (range.start == 0 || text[..range.start].ends_with('\n'));
    let lines = whole.then_some(range.start).into_iter().chain(lines);
    for line in lines {
        let line_end = text[line..range.end].find('\n').map_or(range.end, |n| line + n);
        let rest = &text[line..line_end];
        let margin = margin
            .unwrap_or_else(|| margin_at(stream, line + (rest.len() - rest.trim_start().len())));
        let past = line + margin_len(rest, margin);
        if past > line {
            out.push_slice(&stream.text, from..line);
            from = past;
        }
    }
    out.push_slice(&stream.text, from..range.end);
    out
}

fn margin_len(line: &str, margin: Margin) -> usize {
    let mut rest = line;
    for _ in 0..margin.quotes {
        let Some(quoted) = rest.trim_start_matches([' ', '\t']).strip_prefix('>') else { break };
        rest = quoted.strip_prefix(' ').unwrap_or(quoted);
    }
    if margin.list {
        rest = rest.trim_start_matches([' ', '\t']);
    }
    line.len() - rest.len()
}

/// What Markdown makes of a text with backslashes before signs.
fn unescaped(passage: &Passage) -> Passage {
    let bytes = passage.text.as_bytes();
    let mut out = Passage::empty(passage.source(0..0).start);
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'\\' && bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation) {
            out.push_slice(passage, from..at);
            out.push_as(&passage.text[at + 1..at + 2], passage.source(at..at + 2));
            at += 2;
            from = at;
        } else {
            at += 1;
        }
    }
    out.push_slice(passage, from..bytes.len());
    out
}
