//! What a document says that a name without a definition depends on.
//!
//! Goes in: a document. Comes out: each such name with the quantities that move it, and what gives
//! that away: words ("where J depends on w"), a slope of it that the author keeps, or the step of a
//! recurrence before. What always holds: only plain turns of phrase are understood, and a denial
//! among them ("J does not depend on w") makes them say nothing.

use std::collections::BTreeSet;

use super::claim::{defined, statements};
use super::document::{Document, Item};
use super::names::spelled;
use super::tex::syntax::{Expr, FormulaKind, Name, Part, Relation, visit};

/// The most words between a name and what it is said to depend on.
const MAX_WORDS: usize = 12;
/// The most words between "depends on" and that: "on the weight".
const MAX_BEHIND: usize = 3;

/// One name that something moves.
#[derive(Debug)]
pub(super) struct Dependence {
    /// In which item of the document that is said.
    pub(super) at: usize,
    /// What is moved.
    pub(super) of: Name,
    /// What moves it.
    pub(super) by: Name,
    /// What gives it away, to be put behind a sentence.
    pub(super) why: String,
    /// Whether it is the step before of a recurrence, which may be meant to be held.
    pub(super) step: bool,
}

/// What words say and what slopes show.
pub(super) fn told(document: &Document<'_>) -> Vec<Dependence> {
    let mut found = in_words(document);
    found.extend(kept(document));
    found.extend(written(document));
    found
}

/// A piece of a document, however it was cut: words, the names of a formula, or another formula.
enum Piece<'d> {
    Words(&'d str),
    Names(Vec<Name>),
    Other,
}

fn pieces<'d>(document: &'d Document<'_>) -> Vec<(usize, Piece<'d>)> {
    let mut all = Vec::new();
    for (at, item) in document.items.iter().enumerate() {
        match item {
            Item::Words(passage) => all.push((at, Piece::Words(passage.text.as_str()))),
            Item::Row(placed) => all.extend(placed.row.parts.iter().map(|part| {
                let piece = match part {
                    Part::Words(words, _) => Piece::Words(words.as_str()),
                    Part::Statement(s) => match &s.first {
                        Some(first) => Piece::Names(named(first)),
                        None => Piece::Other,
                    },
                    Part::Unread(_) | Part::OutOfScope(_) => Piece::Other,
                };
                (at, piece)
            })),
        }
    }
    all
}

/// The names of which a formula in the text speaks: itself, those of a list, or its left side.
fn named(first: &Expr) -> Vec<Name> {
    match &first.kind {
        FormulaKind::List(all) => all.iter().flat_map(named).collect(),
        _ => defined(first).map(|(name, _)| name.clone()).into_iter().collect(),
    }
}

fn in_words(document: &Document<'_>) -> Vec<Dependence> {
    let all = pieces(document);
    let mut found = Vec::new();
    for (nth, (at, piece)) in all.iter().enumerate() {
        let Piece::Words(words) = piece else { continue };
        let mut add = |of: &[Name], by: &[Name]| {
            for of in of {
                for by in by.iter().filter(|by| spelled(by) != spelled(of)) {
                    let why = format!(", and it is said to depend on {}", spelled(by));
                    let (at, of, by) = (*at, of.clone(), by.clone());
                    found.push(Dependence { at, of, by, why, step: false });
                }
            }
        };
        if turns(words) {
            add(&list(&all, nth, true), &list(&all, nth, false));
        }
        match says(words) {
            Some(Says { of: None, by: None }) => {
                add(&list(&all, nth, false), &list(&all, nth, true));
            }
            Some(Says { of: Some(of), by: None }) => add(&[of], &list(&all, nth, true)),
            Some(Says { of: None, by: Some(by) }) => add(&list(&all, nth, false), &[by]),
            Some(Says { of: Some(of), by: Some(by) }) => add(&[of], &[by]),
            None => {}
        }
    }
    found
}

/// The names of the list that ends before a piece, or that begins behind it.
fn list(all: &[(usize, Piece<'_>)], nth: usize, behind: bool) -> Vec<Name> {
    let mut found = Vec::new();
    let near: Vec<&Piece<'_>> = match behind {
        true => all[nth + 1..].iter().map(|(_, piece)| piece).take(8).collect(),
        false => all[..nth].iter().rev().map(|(_, piece)| piece).take(8).collect(),
    };
    for piece in near {
        match piece {
            Piece::Names(names) => found.extend(names.iter().cloned()),
            Piece::Words(words) if joins(words) => {}
            _ => break,
        }
    }
    found
}

fn joins(words: &str) -> bool {
    words
        .split(|c: char| c.is_whitespace() || c == ',')
        .all(|word| matches!(word, "" | "and" | "or"))
}

/// That one thing depends on another: each is a letter of the words, or stands beside them.
struct Says {
    of: Option<Name>,
    by: Option<Name>,
}

/// What words between two formulas, or with letters of their own, say of a dependence.
fn says(words: &str) -> Option<Says> {
    let sentences: Vec<&str> = words.split_inclusive(['.', ';']).collect();
    let last = sentences.len().checked_sub(1)?;
    sentences.iter().enumerate().find_map(|(nth, sentence)| {
        let ends = sentence.ends_with(['.', ';']);
        let all: Vec<String> = sentence
            .split(|c: char| c.is_whitespace() || ",.;:()".contains(c))
            .filter(|word| !word.is_empty())
            .map(str::to_string)
            .collect();
        let (verb, behind) = verb(&all)?;
        if all.iter().any(|word| denies(word)) {
            return None;
        }
        let letter = |word: &String| {
            let mut letters = word.chars();
            let only = letters.next().filter(|_| letters.next().is_none());
            // "a" and "I" are words.
            let name = only.filter(|c| c.is_alphabetic() && !matches!(c, 'a' | 'A' | 'I'))?;
            Some(Name { stem: name.to_string(), below: Vec::new(), above: None })
        };
        let of = all[..verb].iter().rev().find_map(letter);
        let by = all[behind..].iter().take(MAX_BEHIND + 1).find_map(letter);
        let near = of.is_some() || nth == 0 && verb <= MAX_WORDS;
        let leads = by.is_some() || nth == last && !ends && all.len() - behind <= MAX_BEHIND;
        (near && leads).then_some(Says { of, by })
    })
}

/// Where words that say of a dependence stand: the first of them, and what comes behind the last.
fn verb(all: &[String]) -> Option<(usize, usize)> {
    // The last is how many words further on the second may stand.
    const ALL: &[(&[&str], &[&str], usize)] = &[
        (&["depends", "depend", "depending", "dependent"], &["on", "upon"], 2),
        (&["function", "functions"], &["of"], 2),
        (&["varies", "vary", "varying", "changes", "change", "changing", "moves"], &["with"], 2),
        (&["influenced", "affected", "determined", "moved", "produced", "generated"], &["by"], 2),
        (&["computed", "calculated", "obtained", "produced", "built", "made"], &["from"], 2),
        // "the output of a layer with weight w".
        (
            &["output", "outputs", "prediction", "predictions", "comes", "come", "result"],
            &["weight", "weights", "parameter", "parameters"],
            8,
        ),
    ];
    let is = |at: usize, words: &[&str]| {
        all.get(at).is_some_and(|word| words.contains(&word.to_lowercase().as_str()))
    };
    (0..all.len()).find_map(|at| {
        ALL.iter().filter(|(first, ..)| is(at, first)).find_map(|(_, last, reach)| {
            // "depends linearly on".
            let on = (at + 1..=at + reach).find(|on| is(*on, last))?;
            Some((at, on + 1))
        })
    })
}

/// The most words between two names of which the first moves the second.
const MAX_TURNED: usize = 6;

/// Whether words between two names say that the first moves the second: "the model with weight
/// $w$ outputs $y$".
fn turns(words: &str) -> bool {
    const ALL: &[&str] = &[
        "outputs",
        "predicts",
        "produces",
        "returns",
        "yields",
        "determines",
        "determine",
        "influences",
        "affects",
        "generates",
    ];
    let all: Vec<&str> = words.split_whitespace().collect();
    let ends = |word: &&str| word.ends_with(['.', ';', ':']);
    all.len() <= MAX_TURNED
        && all.iter().any(|word| ALL.contains(&word.trim_matches(',')))
        && !all.iter().any(|word| ends(word) || denies(word))
}

fn denies(word: &str) -> bool {
    let word = word.to_lowercase();
    matches!(
        word.as_str(),
        "not" | "no" | "never" | "nor" | "neither" | "independent" | "if" | "whether" | "only"
    ) || word.ends_with("n't")
        || word.ends_with("n’t")
}

/// "c = c(v)": what a name depends on and no more.
fn written(document: &Document<'_>) -> Vec<Dependence> {
    let mut found = Vec::new();
    for (at, _, statement) in statements(document) {
        let (Some(first), [(_, side), ..]) = (&statement.first, &statement.rest[..]) else {
            continue;
        };
        let (FormulaKind::Name(of), FormulaKind::Apply { head, primes: 0, args }) =
            (&first.kind, &side.kind)
        else {
            continue;
        };
        if spelled(of) != spelled(head) {
            continue;
        }
        for by in args.iter().flat_map(named) {
            let why = format!(", and it is said to depend on {}", spelled(&by));
            found.push(Dependence { at, of: of.clone(), by, why, step: false });
        }
    }
    found
}

/// The slopes of names that stand in the last side of a chain: whoever keeps ∂J/∂w does not take it
/// for 0.
fn kept(document: &Document<'_>) -> Vec<Dependence> {
    let mut last: Vec<(usize, &Expr)> = Vec::new();
    let mut zero = BTreeSet::new();
    for (at, _, statement) in statements(document) {
        let Some((relation, side)) = statement.rest.last() else { continue };
        if !matches!(relation, Relation::Equal | Relation::Defines) {
            continue;
        }
        if statement.first.is_none() && !statement.aside {
            // The chain goes on, and what it had is not what it ends with.
            last.pop();
        }
        last.push((at, side));
        let is_zero = matches!(&side.kind, FormulaKind::Number { value, .. } if value.is_zero());
        if let Some((of, by)) = statement.first.as_ref().filter(|_| is_zero).and_then(slope) {
            zero.insert((spelled(of), spelled(by)));
        }
    }
    let mut found = Vec::new();
    for (at, side) in last {
        visit(side, &mut |e| {
            if let Some((of, by)) = slope(e)
                && spelled(of) != spelled(by)
                && !zero.contains(&(spelled(of), spelled(by)))
            {
                let (of, by) = (of.clone(), by.clone());
                let why = format!(", and its slope by {} stands in a formula", spelled(&by));
                found.push(Dependence { at, of, by, why, step: false });
            }
        });
    }
    found
}

/// What is differentiated by what, where both are names.
fn slope(expr: &Expr) -> Option<(&Name, &Name)> {
    let FormulaKind::Derivative { of, by, order: 1 } = &expr.kind else { return None };
    match (&of.kind, &by.kind) {
        (FormulaKind::Name(of), FormulaKind::Name(by)) => Some((of, by)),
        _ => None,
    }
}

/// The letters of the step, where two names are one quantity at two steps with a letter in them.
pub(super) fn step_of(name: &Name, before: &Name) -> Option<BTreeSet<char>> {
    if name.stem != before.stem || name.below.len() != before.below.len() || name == before {
        return None;
    }
    let (here, there) = (name.above.iter(), before.above.iter());
    if here.clone().count() != there.clone().count() {
        return None;
    }
    let pairs = name.below.iter().chain(here).zip(before.below.iter().chain(there));
    let unlike = pairs.filter(|(a, b)| a != b);
    let letters: BTreeSet<char> =
        unlike.flat_map(|(a, _)| a.chars()).filter(|c| c.is_alphabetic()).collect();
    (!letters.is_empty()).then_some(letters)
}

/// Whether a name has one of some letters for an index.
pub(super) fn has_letter(name: &Name, letters: &BTreeSet<char>) -> bool {
    let mut all = name.below.iter().chain(&name.above).flat_map(|part| part.chars());
    all.any(|c| letters.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::{DocumentFormat, document};

    fn heard(text: &str) -> Vec<String> {
        let document = document::read(text, DocumentFormat::Markdown, None).unwrap();
        let all = in_words(&document);
        all.iter().map(|d| format!("{} by {}", spelled(&d.of), spelled(&d.by))).collect()
    }

    #[test]
    fn words_say_what_depends_on_what() {
        assert_eq!(heard("where $J$ depends on $w$"), ["J by w"]);
        assert_eq!(heard("both $a$ and $b$ are functions of $t$"), ["b by t", "a by t"]);
        assert_eq!(heard("$k$ varies with the shift $s$ and $r$"), ["k by s", "k by r"]);
        assert_eq!(heard("Here J depends on w. So $y = 2$"), ["J by w"]);
        assert_eq!(heard("$J$ does not depend on $w$"), [""; 0]);
        assert_eq!(heard("$J$ is independent of $w$"), [""; 0]);
        assert_eq!(heard("$J$ is large. It depends on more than $w$"), [""; 0]);
    }
}
