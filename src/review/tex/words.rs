//! Words between formulas: the numbers of equations that they name, the names that they introduce,
//! and the parentheses that they open and close.

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take_while, take_while1};
use nom::character::complete::{char, satisfy};
use nom::combinator::{opt, recognize, verify};
use nom::multi::many0;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::symbols;
use super::syntax::Mention;

/// The equations that words name: `eq.(2.1)`, `equations 3 and 4`, `\eqref{eq:loss}`. A number
/// without the word "equation" before it is none.
pub fn references(words: &str) -> Vec<Mention> {
    found(words, 0)
}

/// The mentions of `words`, which stand at byte `base`.
fn found(words: &str, base: usize) -> Vec<Mention> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut inside = false;
    while let Some(c) = words[at..].chars().next() {
        let rest = &words[at..];
        if !inside && let Ok((after, spans)) = mention(rest) {
            for name in spans {
                let start = base + offset(words, name);
                out.push(Mention { name: name.to_string(), span: start..start + name.len() });
            }
            at = words.len() - after.len();
            inside = false;
            continue;
        }
        inside = c.is_alphanumeric();
        at += c.len_utf8();
    }
    out
}

/// Whether words introduce names for the moment: "here z = …", "let u be", "with u = …".
pub fn introduces(words: &str) -> bool {
    const ANYWHERE: &[&str] = &[
        "here",
        "let",
        "where",
        "define",
        "denote",
        "suppose",
        "consider",
        "set",
        "another",
        "instead",
        "alternatively",
        "batch",
    ];
    const AT_THE_END: &[&str] = &["with", "put", "now", "write", "call", "substitute"];
    let apart = |c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '.' | ':' | ';');
    let mut all = words.split(apart).filter(|w| !w.is_empty()).map(str::to_ascii_lowercase);
    let first = words.split(apart).find(|w| !w.is_empty()).map(str::to_ascii_lowercase);
    let last = all.next_back();
    // "For the cross-entropy cost": another one than before.
    let of_another = first.is_some_and(|word| word == "for")
        && last.as_ref().is_some_and(|w| matches!(w.as_str(), "cost" | "loss" | "objective"));
    if of_another {
        return true;
    }
    let anywhere = |word: &String| ANYWHERE.contains(&word.as_str());
    last.is_some_and(|word| anywhere(&word) || AT_THE_END.contains(&word.as_str()))
        || all.any(|word| anywhere(&word))
}

/// Whether words lead from one thing of a list to the next: ", ", "and".
pub(super) fn joins(words: &str) -> bool {
    matches!(words.trim_matches([',', ';', ' ', '~']), "" | "and" | "…" | "...")
}

/// Where `part`, a slice of `whole`, starts in it.
fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize).min(whole.len())
}

fn blank(rest: &str) -> IResult<&str, &str> {
    take_while(|c: char| c.is_whitespace() || c == '~').parse(rest)
}

/// The word "equation" with what it names, or a command that refers.
fn mention(rest: &str) -> IResult<&str, Vec<&str>> {
    alt((by_command.map(|name| vec![name]), by_word)).parse(rest)
}

fn by_command(rest: &str) -> IResult<&str, &str> {
    use nom::bytes::complete::tag;
    let command = alt((
        tag("\\eqref"),
        tag("\\ref"),
        tag("\\cref"),
        tag("\\Cref"),
        tag("\\autoref"),
        tag("{eq}`"),
    ));
    let name = take_while1(|c: char| !matches!(c, '{' | '}' | '\\' | '\n'));
    preceded(command, delimited(char('{'), name, char('}'))).parse(rest)
}

fn by_word(rest: &str) -> IResult<&str, Vec<&str>> {
    let word = alt((
        tag_no_case("equations"),
        tag_no_case("equation"),
        tag_no_case("eqns"),
        tag_no_case("eqn"),
        tag_no_case("eqs"),
        tag_no_case("eq"),
        tag_no_case("formula"),
    ));
    let (rest, _) = (word, opt(char('.')), blank).parse(rest)?;
    let (rest, first) = alt((by_command, number)).parse(rest)?;
    let and =
        (blank, opt(char(',')), blank, opt(alt((tag_no_case("and"), tag_no_case("or")))), blank);
    let more = verify(recognize(and), |joint: &str| !joint.trim().is_empty());
    let word = opt((alt((tag_no_case("eqs"), tag_no_case("eq"))), opt(char('.')), blank));
    // The next number of a list has parentheses, or "in eq. 3, 4 weights" would name two.
    let (rest, others) = many0(preceded((more, word), alt((by_command, braced)))).parse(rest)?;
    Ok((rest, std::iter::once(first).chain(others).collect()))
}

/// `2.1`, `(2.1)`, `(A.3)`, `(3a)`.
fn number(rest: &str) -> IResult<&str, &str> {
    alt((braced, bare)).parse(rest)
}

fn braced(rest: &str) -> IResult<&str, &str> {
    let inside = take_while1(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '\''));
    let inside =
        verify(inside, |t: &str| t.len() <= 12 && t.contains(|c: char| c.is_ascii_digit()));
    delimited((char('('), blank), inside, (blank, char(')'))).parse(rest)
}

fn bare(rest: &str) -> IResult<&str, &str> {
    let digits = || take_while1(|c: char| c.is_ascii_digit());
    let letter = opt(satisfy(|c| c.is_ascii_lowercase()));
    let (after, text) = recognize((digits(), many0((char('.'), digits())), letter)).parse(rest)?;
    if after.starts_with(|c: char| c.is_alphanumeric()) {
        return Err(nom::Err::Error(nom::error::Error::new(rest, nom::error::ErrorKind::Digit)));
    }
    Ok((after, text))
}

/// The words of a row: the equations that they refer to, and the number that the row is called
/// by. `last` says whether nothing follows on the row. `base` is the place of the words.
pub(super) fn of_row(words: &str, base: usize, last: bool) -> (Vec<Mention>, Option<Mention>) {
    let mut mentions = found(words, base);
    if mentions.is_empty() && last {
        let text = words.trim();
        return match braced(text) {
            Ok((rest, name)) if rest.trim_matches(['.', ',', ' ']).is_empty() => {
                let start = base + offset(words, name);
                (mentions, Some(Mention { name: name.into(), span: start..start + name.len() }))
            }
            _ => (mentions, None),
        };
    }
    let Some(end) = mentions.last().map(|m| m.span.clone()) else { return (mentions, None) };
    let before = words.get(..end.start - base).unwrap_or_default();
    let after = words.get(end.end - base..).unwrap_or_default();
    // The number of a row stands last, and nothing but dots stands between it and other words.
    let tail = before.trim_end_matches(['(', ' ', '~']);
    let lower = tail.to_lowercase();
    let names = ["equation", "eqn.", "eqn", "eq.", "eq"];
    let lead = names.iter().find_map(|n| lower.strip_suffix(n)).unwrap_or(&lower);
    let lead = lead.trim_end_matches(['(', '[', ' ', '~']);
    let free = lead.is_empty()
        || lead.ends_with("..")
        || lead.ends_with('…')
        || lead.ends_with("\\dots")
        || lead.ends_with("\\ldots");
    let closes = after.trim_matches([')', ']', '.', ',', ' ', '~']).is_empty();
    if last && free && closes {
        let label = mentions.pop();
        return (mentions, label);
    }
    (mentions, None)
}

/// How many parentheses of the words have no partner in them: those that close, those that open.
pub(super) fn parentheses(words: &str) -> (usize, usize) {
    let (mut closing, mut open) = (0, 0usize);
    for c in words.chars() {
        match c {
            '(' => open += 1,
            ')' if open > 0 => open -= 1,
            ')' => closing += 1,
            _ => {}
        }
    }
    (closing, open)
}

/// The words as they are read: their spaces made one, those of LaTeX too, and nothing of how they
/// look.
pub(super) fn tidy(words: &str) -> String {
    let looks =
        |word: &&str| word.strip_prefix('\\').is_some_and(|name| symbols::LOOKS.contains(&name));
    let parts = words.split(|c: char| c.is_whitespace() || c == '~').filter(|w| !w.is_empty());
    parts.filter(|word| !looks(word)).collect::<Vec<_>>().join(" ")
}

/// The place of words without the spaces around them.
pub(super) fn place(words: &str, span: Range<usize>) -> Range<usize> {
    let start = span.start + (words.len() - words.trim_start().len());
    start..start + words.trim().len()
}
