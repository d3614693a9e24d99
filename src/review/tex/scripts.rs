//! Scripts: what stands below and above a base. Indices become text, part by part; what stands
//! above a name is a power or a mark.

use super::atoms::argument;
use super::expression::{Result, unexpected, whole};
use super::lex::Tok;
use super::syntax::{Expr, FormulaKind};
use super::tokens::{Parsed, Tokens, beyond, refuse};
use super::{notation, spelling};

/// Scripts behind a base.
pub(super) struct Scripts<'s, 'a> {
    pub below: Option<Tokens<'s, 'a>>,
    pub above: Option<Tokens<'s, 'a>>,
    pub primes: u32,
}

/// The scripts that stand next.
pub(super) fn scripts<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Scripts<'s, 'a>> {
    let mut found = Scripts { below: None, above: None, primes: 0 };
    let mut rest = input;
    loop {
        match rest.tok() {
            Some(Tok::Sign('\'')) => {
                found.primes += 1;
                rest = rest.skip(1);
            }
            Some(tok @ (Tok::Sub | Tok::Sup)) => {
                let (after, inside) = script(rest.skip(1))?;
                let primes = inside.of.tokens()[inside.from as usize..inside.to as usize]
                    .iter()
                    .all(|t| t.tok == Tok::Sign('\''));
                if tok == Tok::Sup && primes {
                    found.primes += inside.to - inside.from;
                    rest = after;
                    continue;
                }
                // `x_{}` and `{}^{}` say nothing.
                if inside.is_empty() {
                    rest = after;
                    continue;
                }
                let slot = if tok == Tok::Sub { &mut found.below } else { &mut found.above };
                if slot.is_some() {
                    return refuse(rest.here(), "a second script stands at the same place");
                }
                *slot = Some(inside);
                rest = after;
            }
            _ => return Ok((rest, found)),
        }
    }
}

/// What stands in a script: a group, or one token. Digits that follow a single one directly were
/// meant to stand there too.
fn script<'s, 'a>(input: Tokens<'s, 'a>) -> Parsed<'s, 'a, Tokens<'s, 'a>> {
    let single = input.skip(1);
    match input.tok() {
        Some(Tok::Open) => match input.bracket() {
            Some((inside, rest)) => Ok((rest, inside)),
            None => unexpected(input),
        },
        Some(Tok::Digit(_) | Tok::Letter(_)) => {
            let mut rest = single;
            while matches!(rest.token(0), Some(t) if !t.spaced && matches!(t.tok, Tok::Digit(_))) {
                rest = rest.skip(1);
            }
            if rest.from != single.from {
                let text = input.of.text.get(input.span_to(rest)).unwrap_or_default();
                let message = format!(
                    "only the first sign of `{text}` stands in this script; all of it is read so"
                );
                input.of.warn(input.span_to(rest), message);
            }
            Ok((rest, input.until(rest)))
        }
        Some(Tok::Symbol(_) | Tok::Text(..) | Tok::Sign('+' | '-' | '*' | '\'')) => {
            Ok((single, input.until(single)))
        }
        // `w_\mathbf{x}` and `x^\frac12`: a command with its arguments is one thing.
        Some(Tok::Command(c)) if notation::of(c).is_some_and(|row| row.arguments > 0) => {
            let mut rest = single;
            for _ in 0..notation::of(c).map_or(0, |row| row.arguments) {
                (rest, _) = argument(rest)?;
            }
            match single.bracket() {
                Some((inside, _)) if notation::is_look(c) => Ok((rest, inside)),
                _ => Ok((rest, input.until(rest))),
            }
        }
        Some(Tok::Command("top" | "intercal" | "star" | "dagger" | "circ")) => {
            Ok((single, input.until(single)))
        }
        _ => refuse(input.here(), "a script needs braces around it"),
    }
}

/// A script as text: letters, digits and signs in order; inner scripts and braces are not shown.
fn text(inside: Tokens) -> Option<String> {
    let mut out = String::new();
    for token in &inside.of.tokens()[inside.from as usize..inside.to as usize] {
        match token.tok {
            Tok::Letter(c) | Tok::Symbol(c) | Tok::Digit(c) => out.push(c),
            Tok::Sign(
                c @ ('+' | '-' | '*' | '(' | ')' | '[' | ']' | ',' | '.' | ':' | '/' | '\''),
            ) => out.push(c),
            // The sizes of an array, `W_{n \times m}`.
            Tok::Sign('·') => out.push('×'),
            Tok::Text(_, words) => out.push_str(words.trim()),
            Tok::Open | Tok::Close | Tok::Sub | Tok::Wide => {}
            Tok::Command("to" | "rightarrow") => out.push('→'),
            Tok::Command("star") => out.push('*'),
            Tok::Command(c) if spelling::function(c).is_some() => out.push_str(c),
            Tok::Command(c) if notation::is_look(c) => {}
            _ => return None,
        }
    }
    (!out.is_empty()).then_some(out)
}

/// The parts of an index, between its commas.
pub(super) fn below(inside: Tokens) -> Result<Vec<String>> {
    let parts = inside.split(|t| t == Tok::Sign(','));
    let texts: Option<Vec<Vec<String>>> = parts.into_iter().map(part).collect();
    match texts {
        Some(texts) => Ok(texts.concat()),
        None => refuse(inside.span(), "this index is not made of letters, digits and words"),
    }
}

/// One part of an index; a word in it with an index of its own is two, `E_{{\\rm node}_i}`.
fn part(inside: Tokens) -> Option<Vec<String>> {
    let all: Option<Vec<String>> = inside.split(|t| t == Tok::Sub).into_iter().map(text).collect();
    if let Some([word, index]) = all.as_deref()
        && word.chars().count() > 1
        && word.chars().all(char::is_alphabetic)
        && (index.chars().count() == 1 || index.chars().all(|c| c.is_ascii_digit()))
    {
        return Some(vec![word.clone(), index.clone()]);
    }
    text(inside).map(|text| vec![text])
}

/// What stands above a name.
pub(super) enum Above {
    Power,
    Mark(String),
    /// A transpose, perhaps behind a mark: `W^{(2)\top}`.
    Transpose(Option<String>),
}

/// Words that mark a name and are no power.
const MARKS: &[&str] = &[
    "new", "old", "next", "prev", "true", "pred", "target", "train", "test", "actual", "opt",
    "raw", "in", "out", "ideal", "desired", "updated", "init",
];

pub(super) fn above(inside: Tokens, stem: &str) -> Result<Above> {
    let tokens = &inside.of.tokens()[inside.from as usize..inside.to as usize];
    let toks: Vec<Tok> = tokens.iter().map(|t| t.tok).collect();
    let bracketed = matches!(
        (toks.first(), toks.last()),
        (Some(Tok::Sign('(')), Some(Tok::Sign(')'))) | (Some(Tok::Sign('[')), Some(Tok::Sign(']')))
    ) && inside.bracket().is_some_and(|(_, rest)| rest.is_empty());
    let layer = |toks: &[Tok]| {
        matches!(
            toks,
            [Tok::Letter('l' | 'L') | Tok::Symbol('ℓ')]
                | [Tok::Letter('l' | 'L') | Tok::Symbol('ℓ'), Tok::Sign('+' | '-'), Tok::Digit(_)]
        )
    };
    let core = if bracketed { &toks[1..toks.len() - 1] } else { &toks[..] };
    if layer(core) {
        let number = text(inside).unwrap_or_default();
        return Ok(Above::Mark(format!("({})", number.trim_matches(['(', ')', '[', ']']))));
    }
    let turned = |tok: &Tok| {
        matches!(tok, Tok::Letter('T') | Tok::Text(_, "T") | Tok::Command("top" | "intercal"))
    };
    match toks.as_slice() {
        [Tok::Letter('T') | Tok::Text(_, "T")] if inside.of.lexicon.counts_to_t(stem) => {
            return beyond(inside.span(), "T above a name is a transpose, or a number of steps");
        }
        [only] if turned(only) => return Ok(Above::Transpose(None)),
        [first @ .., last] if turned(last) && !first.is_empty() => {
            let last = inside.skip((inside.to - inside.from - 1) as usize);
            let number = text(inside.until(last)).unwrap_or_default();
            let plain = number.trim_matches(['(', ')', '[', ']', ',']);
            if !plain.is_empty() && plain.chars().all(|c| c.is_alphanumeric() || "+-".contains(c)) {
                return Ok(Above::Transpose(Some(format!("({plain})"))));
            }
            return beyond(inside.span(), "a transpose is an operation on arrays");
        }
        [Tok::Letter('H') | Tok::Text(_, "H") | Tok::Command("dagger")] => {
            return beyond(inside.span(), "a transpose is an operation on arrays");
        }
        [Tok::Sign('+' | '-' | '*')] | [Tok::Command("star")] => {
            return Ok(Above::Mark(text(inside).unwrap_or_default()));
        }
        [Tok::Command("circ")] => {
            return refuse(inside.span(), "a circle above a name is not known here");
        }
        _ => {}
    }
    let sum = core.iter().any(|t| matches!(t, Tok::Sign('+' | '-')))
        && core.iter().all(|t| matches!(t, Tok::Digit(_) | Tok::Sign('+' | '-')));
    if bracketed && sum {
        return Ok(Above::Power);
    }
    if bracketed {
        return match text(inside) {
            Some(mark) => Ok(Above::Mark(mark)),
            None => refuse(inside.span(), "what stands above this name is no index"),
        };
    }
    if let [Tok::Letter(c)] | [Tok::Letter(c), Tok::Sign('+' | '-'), Tok::Digit(_)] =
        toks.as_slice()
        && inside.of.lexicon.is_step(*c)
    {
        let number = text(inside).unwrap_or_default();
        return Ok(Above::Mark(format!("({number})")));
    }
    if let [Tok::Letter(c)] = toks.as_slice()
        && inside.of.lexicon.is_numbered(stem, *c)
    {
        return Ok(Above::Mark(format!("({c})")));
    }
    if let [Tok::Text(_, words)] = toks.as_slice() {
        return Ok(Above::Mark(words.trim().to_string()));
    }
    if toks.iter().all(|t| matches!(t, Tok::Digit(_)))
        && inside.of.lexicon.numbers_above(stem)
        && let Some(number) = text(inside)
    {
        return Ok(Above::Mark(number));
    }
    // δ is called after a quantity, and nobody raises it to the power of one. (What has a script
    // of its own is not looked at, or nested ones would be read twice at each level.)
    if stem == "δ"
        && !toks.contains(&Tok::Sup)
        && let Ok(Expr { kind: FormulaKind::Name(name), .. }) =
            whole(inside).map(|value| value.expr)
        && name.above.is_none()
    {
        let parts: Vec<String> = std::iter::once(name.stem).chain(name.below).collect();
        return Ok(Above::Mark(parts.join("_")));
    }
    if let [Tok::Letter(_), Tok::Letter(_), ..] = toks.as_slice()
        && let Some(word) = text(inside)
        && (MARKS.contains(&word.as_str()) || inside.of.lexicon.knows(&word))
    {
        return Ok(Above::Mark(word));
    }
    Ok(Above::Power)
}
