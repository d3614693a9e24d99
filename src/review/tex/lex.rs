//! Text to tokens. In goes the text of a formula, or of a macro's meaning; out come its tokens
//! with their places. What only says how something looks is gone, fences of `\left` and `\right`
//! are one token each, and words are one token with their text. A formula inside words, as in
//! `\text{with $u = t - r$}`, stands between two tokens of words.
//!
//! What always holds: every span lies inside the text and on the bounds of its characters, and
//! the work is linear in the text, since no byte is looked at more than once for each level of
//! words in formulas in words, of which there are [`MAX_WORDS_IN_WORDS`].

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{anychar, char, multispace0, satisfy};
use nom::combinator::{opt, recognize};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::macros::Macros;
use super::syntax::Note;
use super::{MAX_LENGTH, MAX_TOKENS, spelling, symbols};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Tok<'a> {
    /// A letter that may be a part of a name of several.
    Letter(char),
    /// A letter that is a name by itself: Greek, script.
    Symbol(char),
    /// One digit: `\frac12` takes them one by one.
    Digit(char),
    /// `{`.
    Open,
    /// `}`.
    Close,
    /// `^`.
    Sup,
    /// `_`.
    Sub,
    /// `&`.
    Amp,
    /// `\\`.
    Break,
    /// Any other sign, Unicode twins made one; `\{` is `⦃`.
    Sign(char),
    /// A delimiter after `\left` (true) or `\right` (false); `.` is one that is not seen.
    Fence(bool, char),
    /// A command that is none of the others.
    Command(&'a str),
    /// Words, or a name in an upright font.
    Text(Font, &'a str),
    /// `\begin{…}`.
    Begin(&'a str),
    /// `\end{…}`.
    End(&'a str),
    /// A space wide enough to part formulas.
    Wide,
    /// `\tag{…}` or `\label{…}`.
    Label(&'a str),
    /// `\ref{…}` and its like.
    Ref(&'a str),
    /// Words that are a row of their own.
    Aside(&'a str),
    /// `#1` in the meaning of a macro.
    Param(u8),
}

/// Which font an upright text is in: that of words, or that of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Font {
    /// `\text`, `\mbox`.
    Words,
    /// `\mathrm`, `\operatorname`.
    Name,
}

/// A token and its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub tok: Tok<'a>,
    pub start: u32,
    pub end: u32,
    /// Whether a space, of whatever kind, stands before it.
    pub spaced: bool,
}

impl Token<'_> {
    pub fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

type Read<'a, T> = IResult<&'a str, T>;

/// How deep words may stand in formulas that stand in words themselves.
const MAX_WORDS_IN_WORDS: usize = 2;

/// The tokens of `text`, or why there are none. A command that the document gives a meaning of its
/// own stays a command.
pub(super) fn lex<'a>(text: &'a str, macros: &Macros) -> Result<Vec<Token<'a>>, Note> {
    if text.len() > MAX_LENGTH {
        let message = format!("this formula is longer than {MAX_LENGTH} bytes");
        return Err(Note { message, span: 0..0 });
    }
    let mut lexer = Lexer { text, macros, tokens: Vec::new(), spaced: false };
    lexer.read(0..text.len(), MAX_WORDS_IN_WORDS)?;
    Ok(lexer.tokens)
}

struct Lexer<'a, 'm> {
    text: &'a str,
    macros: &'m Macros,
    tokens: Vec<Token<'a>>,
    /// Whether a space stands before the next token.
    spaced: bool,
}

impl<'a> Lexer<'a, '_> {
    /// The tokens of a piece of the text. Formulas in its words are read while `depth` is left.
    fn read(&mut self, piece: Range<usize>, depth: usize) -> Result<(), Note> {
        let mut rest = &self.text[piece.clone()];
        while !rest.is_empty() {
            let at = piece.end - rest.len();
            if rest.starts_with('\\')
                && let Ok((after, name)) = command_name(rest)
                && self.macros.defines(name)
            {
                rest = after;
                self.push(Tok::Command(name), at..piece.end - rest.len())?;
                continue;
            }
            let (after, found) = match self::piece(rest) {
                Ok(read) => read,
                Err(_) => {
                    let end = at + rest.chars().next().map_or(0, char::len_utf8);
                    let message = "the `{…}` that belongs to this command is not closed";
                    return Err(Note { message: message.to_string(), span: at..end });
                }
            };
            rest = after;
            let span = at..piece.end - rest.len();
            match found {
                Found::Scripts(digits) => self.scripts(digits, span)?,
                Found::Space => self.spaced = true,
                Found::Nothing => {}
                Found::Accent(mark) => self.accent(mark, span)?,
                Found::Tok(Tok::Text(Font::Words, words)) if depth > 0 && words.contains('$') => {
                    self.words(words, span, depth - 1)?;
                }
                Found::Tok(Tok::Sign(c)) if symbols::fraction(c).is_some() => {
                    self.push(Tok::Command("frac"), span.clone())?;
                    for digit in symbols::fraction(c).into_iter().flatten() {
                        self.push(Tok::Digit(digit), span.clone())?;
                    }
                }
                Found::Tok(tok) => self.push(tok, span)?,
            }
        }
        Ok(())
    }

    fn push(&mut self, tok: Tok<'a>, span: Range<usize>) -> Result<(), Note> {
        if self.tokens.len() >= MAX_TOKENS {
            let message = format!("this formula has more than {MAX_TOKENS} signs");
            return Err(Note { message, span });
        }
        let (start, end) = (span.start as u32, span.end as u32);
        self.tokens.push(Token { tok, start, end, spaced: self.spaced });
        self.spaced = tok == Tok::Wide;
        Ok(())
    }

    /// Signs that Unicode has raised or lowered, as the script that they are: `x²`, `w₁₂`.
    fn scripts(&mut self, digits: &'a str, span: Range<usize>) -> Result<(), Note> {
        let mut at = span.start;
        let first = digits.chars().next().and_then(symbols::script);
        let up = first.is_none_or(|(up, _)| up);
        self.push(if up { Tok::Sup } else { Tok::Sub }, at..at)?;
        self.push(Tok::Open, at..at)?;
        for c in digits.chars() {
            if let Some((_, plain)) = symbols::script(c) {
                self.push(character(plain), at..at + c.len_utf8())?;
            }
            at += c.len_utf8();
        }
        self.push(Tok::Close, at..at)
    }

    /// A combining accent. Where Unicode has the letter before with it, the two are one letter;
    /// otherwise the accent stays a sign of its own, and so is refused.
    fn accent(&mut self, mark: char, span: Range<usize>) -> Result<(), Note> {
        if let Some(Token { tok: Tok::Letter(c), end, .. }) = self.tokens.last_mut()
            && !self.spaced
            && let [one] = spelling::accented(&c.to_string(), mark).chars().collect::<Vec<_>>()[..]
        {
            (*c, *end) = (one, span.end as u32);
            return Ok(());
        }
        self.push(Tok::Sign(mark), span)
    }

    /// Words with formulas between dollars; where those have no partner, with none.
    fn words(&mut self, words: &'a str, span: Range<usize>, depth: usize) -> Result<(), Note> {
        let pieces = between_dollars(words);
        if pieces.len().is_multiple_of(2) {
            return self.push(Tok::Text(Font::Words, words), span);
        }
        // The group ends with the brace behind its words.
        let base = span.end - 1 - words.len();
        let last = pieces.len() - 1;
        for (nth, piece) in pieces.into_iter().enumerate() {
            let place = base + piece.start..base + piece.end;
            if !nth.is_multiple_of(2) {
                self.read(place, depth)?;
                continue;
            }
            let start = if nth == 0 { span.start } else { place.start };
            let end = if nth == last { span.end } else { place.end };
            self.push(Tok::Text(Font::Words, &words[piece]), start..end)?;
        }
        Ok(())
    }
}

/// What stands before, between and behind the dollars of some words, those inside of braces and
/// those behind a backslash not counted.
fn between_dollars(words: &str) -> Vec<Range<usize>> {
    let (mut pieces, mut start, mut depth, mut escaped) = (Vec::new(), 0, 0i32, false);
    for (at, b) in words.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b'$' if depth == 0 => {
                pieces.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(start..words.len());
    pieces
}

enum Found<'a> {
    Tok(Tok<'a>),
    Space,
    Nothing,
    /// A combining accent on the letter before.
    Accent(char),
    /// Raised or lowered signs.
    Scripts(&'a str),
}

fn piece(rest: &str) -> Read<'_, Found<'_>> {
    alt((space, comment, command, param, pair, raised, single)).parse(rest)
}

fn space(rest: &str) -> Read<'_, Found<'_>> {
    take_while1(|c: char| c.is_whitespace() || c == '~' || c == '\u{200b}')
        .map(|_| Found::Space)
        .parse(rest)
}

fn comment(rest: &str) -> Read<'_, Found<'_>> {
    preceded(char('%'), take_while(|c| c != '\n')).map(|_| Found::Space).parse(rest)
}

fn param(rest: &str) -> Read<'_, Found<'_>> {
    preceded(char('#'), satisfy(|c| ('1'..='9').contains(&c)))
        .map(|c| Found::Tok(Tok::Param(c as u8 - b'0')))
        .parse(rest)
}

/// Two signs that are one relation or arrow where a keyboard has no other: `>=`, `=>`.
fn pair(rest: &str) -> Read<'_, Found<'_>> {
    let first = |(written, sign): &(&str, char)| {
        rest.strip_prefix(written).map(|after| (after, Found::Tok(Tok::Sign(*sign))))
    };
    symbols::PAIRS
        .iter()
        .find_map(first)
        .ok_or_else(|| nom::Err::Error(nom::error::Error::new(rest, nom::error::ErrorKind::Tag)))
}

/// Raised signs in a row, or lowered ones.
fn raised(rest: &str) -> Read<'_, Found<'_>> {
    let up = rest.chars().next().and_then(symbols::script).is_some_and(|(up, _)| up);
    let same = move |c: char| symbols::script(c).is_some_and(|(to, _)| to == up);
    take_while1(same).map(Found::Scripts).parse(rest)
}

fn single(rest: &str) -> Read<'_, Found<'_>> {
    let (after, c) = anychar(rest)?;
    Ok((
        after,
        match c {
            '\u{300}'..='\u{36f}' | '\u{20d7}' => Found::Accent(c),
            _ => Found::Tok(character(c)),
        },
    ))
}

fn character<'a>(c: char) -> Tok<'a> {
    match c {
        '{' => Tok::Open,
        '}' => Tok::Close,
        '^' => Tok::Sup,
        '_' => Tok::Sub,
        '&' => Tok::Amp,
        '0'..='9' => Tok::Digit(c),
        '∂' | '∇' | '∞' | 'ℓ' => Tok::Symbol(c),
        'ϕ' | 'ɸ' => Tok::Symbol('φ'),
        'ϵ' => Tok::Symbol('ε'),
        '\u{370}'..='\u{3ff}' => Tok::Symbol(c),
        _ if symbols::named(c).is_some() => Tok::Command(symbols::named(c).unwrap_or_default()),
        _ if c.is_alphabetic() => Tok::Letter(c),
        _ => Tok::Sign(symbols::plain(c)),
    }
}

/// The name of a command: letters, or one other character.
fn command_name(rest: &str) -> Read<'_, &str> {
    preceded(
        char('\\'),
        alt((take_while1(|c: char| c.is_ascii_alphabetic()), recognize(anychar), tag(""))),
    )
    .parse(rest)
}

fn command(rest: &str) -> Read<'_, Found<'_>> {
    let (after, name) = command_name(rest)?;
    let tok = |tok| Found::Tok(tok);
    if let Some(c) = symbols::letter(name) {
        return Ok((after, tok(Tok::Symbol(c))));
    }
    if name == "phi" {
        return Ok((after, tok(Tok::Symbol('φ'))));
    }
    if let Some(c) = symbols::sign(name) {
        return Ok((after, tok(Tok::Sign(c))));
    }
    if symbols::LOOKS.contains(&name) {
        return Ok((after, Found::Nothing));
    }
    if symbols::NARROW.contains(&name) {
        return Ok((after, Found::Space));
    }
    if symbols::WIDE.contains(&name) {
        return Ok((after, tok(Tok::Wide)));
    }
    match name {
        "\\" => {
            let (after, _) = opt(char('*')).parse(after)?;
            let (after, _) = opt(preceded(blank, length)).parse(after)?;
            Ok((after, tok(Tok::Break)))
        }
        "cr" | "newline" | "tabularnewline" => Ok((after, tok(Tok::Break))),
        "left" | "right" => {
            let (after, c) = preceded(multispace0, delimiter).parse(after)?;
            Ok((after, tok(Tok::Fence(name == "left", c))))
        }
        "middle" => {
            let (after, c) = preceded(multispace0, delimiter).parse(after)?;
            Ok((after, tok(Tok::Sign(c))))
        }
        "text" | "textrm" | "textit" | "textbf" | "textsf" | "texttt" | "textnormal" | "mbox"
        | "hbox" | "textup" | "emph" | "textsc" | "textcolour" => {
            let (after, words) = group(after)?;
            // A single letter in a font for words is a name: `\textbf{a}`.
            let mut letters = words.trim().chars();
            let one =
                matches!((letters.next(), letters.next()), (Some(c), None) if c.is_alphabetic());
            let font = if one && name.starts_with("text") && name != "text" {
                Font::Name
            } else {
                Font::Words
            };
            Ok((after, tok(Tok::Text(font, words))))
        }
        // \parbox[position]{width}{words}
        "parbox" => {
            let (after, _) = opt(preceded(blank, optional)).parse(after)?;
            let (after, _) = group(after)?;
            group.map(|words| tok(Tok::Text(Font::Words, words))).parse(after)
        }
        "operatorname" | "mathrm" | "mathit" | "mathsf" | "mathtt" | "operatornamewithlimits" => {
            let (after, _) = opt(char('*')).parse(after)?;
            match plain_group(after) {
                Ok((after, words)) => Ok((after, tok(Tok::Text(Font::Name, words)))),
                Err(_) => Ok((after, Found::Nothing)),
            }
        }
        // A bold 1 before its condition, and an open 1 anywhere.
        "mathbb" | "mathds" | "mathbbm" | "mathbf" | "boldsymbol" | "bm" | "pmb"
            if one_in_braces(after).is_some_and(|rest| {
                name.starts_with("mathb") && name != "mathbf" || name == "mathds" || opens(rest)
            }) =>
        {
            Ok((one_in_braces(after).unwrap_or(after), tok(Tok::Symbol(symbols::INDICATOR))))
        }
        "mathcal" | "mathscr" | "mathbb" => {
            let letter = satisfy(|c| c.is_ascii_alphabetic());
            let one = satisfy(|c| c.is_ascii_alphabetic());
            let read = alt((
                preceded(
                    multispace0,
                    delimited((char('{'), multispace0), letter, (multispace0, char('}'))),
                ),
                preceded(multispace0, one),
            ))
            .parse(after);
            match read {
                Ok((after, c)) => {
                    Ok((after, tok(Tok::Symbol(spelling::styled(name, c).unwrap_or(c)))))
                }
                Err(nom::Err::Error(_)) => Ok((after, Found::Nothing)),
                Err(error) => Err(error),
            }
        }
        "tag" | "label" => {
            let (after, _) = opt(char('*')).parse(after)?;
            group.map(|name| tok(Tok::Label(name))).parse(after)
        }
        "ref" | "eqref" | "cref" | "Cref" | "autoref" => {
            group.map(|name| tok(Tok::Ref(name))).parse(after)
        }
        "intertext" | "shortintertext" => group.map(|words| tok(Tok::Aside(words))).parse(after),
        "begin" => {
            let (after, name) = group(after)?;
            let (after, _) = opt(preceded(blank, optional)).parse(after)?;
            if !symbols::has_columns(name) {
                return Ok((after, tok(Tok::Begin(name))));
            }
            let (after, _) = opt(group).parse(after)?;
            Ok((after, tok(Tok::Begin(name))))
        }
        "end" => group.map(|name| tok(Tok::End(name))).parse(after),
        "color" | "textcolor" | "colorbox" | "vspace" | "phantom" | "hphantom" | "vphantom"
        | "cline" | "class" | "style" | "cssId" | "pagecolor" | "definecolor" | "require"
        | "mathclap" | "vskip" => {
            let (after, _) = opt(char('*')).parse(after)?;
            let (after, _) = opt(preceded(blank, optional)).parse(after)?;
            opt(group).map(|_| Found::Space).parse(after)
        }
        "hspace" => {
            let (after, _) = opt(char('*')).parse(after)?;
            group.map(|_| tok(Tok::Wide)).parse(after)
        }
        _ => Ok((after, tok(Tok::Command(name)))),
    }
}

/// Whether a bracket or an index follows.
fn opens(rest: &str) -> bool {
    let rest = rest.trim_start();
    ["(", "[", "\\{", "_", "\\left", "\\big", "\\Big"].iter().any(|open| rest.starts_with(open))
}

/// What follows a digit 1 in braces, or by itself.
fn one_in_braces(rest: &str) -> Option<&str> {
    let rest = rest.trim_start();
    match rest.strip_prefix('{') {
        Some(inside) => inside.trim_start().strip_prefix('1')?.trim_start().strip_prefix('}'),
        None => {
            rest.strip_prefix('1').filter(|after| !after.starts_with(|c: char| c.is_ascii_digit()))
        }
    }
}

fn blank(rest: &str) -> Read<'_, &str> {
    take_while(|c: char| c == ' ' || c == '\t').parse(rest)
}

/// What follows `\left`: a delimiter by itself or as a command.
fn delimiter(rest: &str) -> Read<'_, char> {
    let named = |name: &str| match name {
        "langle" => '⟨',
        "rangle" => '⟩',
        "lfloor" | "lceil" => '⌊',
        "rfloor" | "rceil" => '⌋',
        _ => symbols::sign(name).unwrap_or('?'),
    };
    alt((command_name.map(named), anychar.map(symbols::plain))).parse(rest)
}

/// `[2pt]` after `\\`.
fn length(rest: &str) -> Read<'_, &str> {
    let number = take_while1(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | ' '));
    let unit = alt((
        tag("pt"),
        tag("em"),
        tag("ex"),
        tag("cm"),
        tag("mm"),
        tag("in"),
        tag("px"),
        tag("mu"),
        tag("\\jot"),
        tag("\\baselineskip"),
    ));
    recognize((char('['), number, unit, multispace0, char(']'))).parse(rest)
}

/// `[t]` after `\begin{aligned}`.
fn optional(rest: &str) -> Read<'_, &str> {
    let letters = take_while(|c: char| c.is_ascii_alphabetic());
    delimited(char('['), letters, char(']')).parse(rest)
}

/// A group of letters, digits and spaces only: an upright name.
fn plain_group(rest: &str) -> Read<'_, &str> {
    let plain = take_while1(|c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '~'));
    preceded(multispace0, delimited(char('{'), plain, char('}'))).parse(rest)
}

/// What stands in the braces that follow, its own braces balanced. Without an end of it, the
/// text cannot be read at all, so that no text is searched twice for an end.
fn group(rest: &str) -> Read<'_, &str> {
    let (inside, _) = preceded(multispace0, char('{')).parse(rest)?;
    if let Some(found) = balanced(inside, inside.len()) {
        return Ok(found);
    }
    let error = nom::error::Error::new(rest, nom::error::ErrorKind::Eof);
    Err(nom::Err::Failure(error))
}

/// What stands behind the brace that closes an open group, and before it; none if there is no
/// such brace among the first `most` bytes.
pub(super) fn balanced(inside: &str, most: usize) -> Option<(&str, &str)> {
    let (mut depth, mut escaped) = (1usize, false);
    for (at, b) in inside.bytes().enumerate().take(most) {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&inside[at + 1..], &inside[..at]));
        }
    }
    None
}
