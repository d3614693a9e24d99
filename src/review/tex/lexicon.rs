//! The lexicon of a document: which runs of letters are one name, which names are functions, and
//! a few other habits that decide between two readings. In go all formulas, out comes what the
//! parser asks.
//!
//! A run of two letters or more is one name if the caller knows it; or if somewhere it stands
//! alone on a left side, right behind ∂ or d, or with an index, and not all of its letters stand
//! somewhere alone. Three letters or more on a left side or behind ∂ are one name even so; with
//! an index only, they may be either, and are refused. Where nothing speaks for a name, two
//! letters are a product, three are one if all of them stand alone, and a name if none does; four
//! or more are a name, unless all of them stand alone. What is left may be either.

use std::collections::{BTreeMap, BTreeSet};

use super::lex::{Font, Tok, Token, lex};
use super::macros::{Macros, expand};
use super::syntax::Known;
use super::{spelling, symbols};

/// What the formulas of a document say about its names.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    /// Names of several letters.
    names: BTreeSet<String>,
    /// Runs with an index, all of whose letters stand alone somewhere: one name or a product.
    doubtful: BTreeSet<String>,
    /// Letters that stand alone somewhere.
    alone: BTreeSet<char>,
    /// Stems that are used as functions: f(x) on a left side, f′(x).
    functions: BTreeSet<String>,
    /// Stems that stand on a left side, alone or with their argument: the document defines them.
    own: BTreeSet<String>,
    /// Stems that are applied anywhere.
    applied: BTreeSet<String>,
    /// Stems that stand somewhere without a parenthesis behind them.
    bare: BTreeSet<String>,
    /// Stems that stand alone on a left side or behind ∂: quantities of the document.
    defined: BTreeSet<String>,
    /// Stem and index of names: `c` and `10`.
    indexed: BTreeSet<(String, String)>,
    /// Letters that number steps: `w^{t+1}`.
    steps: BTreeSet<char>,
    /// Whether a sum goes up to T.
    to_t: bool,
    /// Whether T stands above something in a sum: `γ^{T-t}`.
    from_t: bool,
    /// Whether an index stands directly behind its letter: `z1 = …`, `\partial w1`.
    glued: bool,
    /// Stems with the letters that number them above: `y^k = …`.
    numbered: BTreeSet<(String, char)>,
    /// The letters of those that are never without theirs.
    numbering: BTreeSet<char>,
    /// Stems that stand somewhere with a number above them, and those that do so on a left side.
    raised: BTreeMap<String, BTreeSet<String>>,
    defined_raised: BTreeSet<String>,
    /// Stems that have something above them which is no one letter.
    powered: BTreeSet<String>,
    /// Stems that stand somewhere without.
    level: BTreeSet<String>,
    /// Whether a name with an index and a number above it is defined: z^2_j is layer 2.
    layered: bool,
}

/// How a run of letters is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// One name.
    Name,
    /// A product of its letters.
    Letters,
    /// It could be either.
    Either,
}

impl Lexicon {
    /// What `formulas`, the texts of all formulas of a document, say. `known` are names that the
    /// caller knows, with their index or without: `net_h1`, `out`.
    pub fn of(formulas: &[&str], macros: &Macros, known: &[&str]) -> Lexicon {
        let all: Vec<(&str, Macros)> = formulas.iter().map(|f| (*f, macros.clone())).collect();
        Lexicon::of_placed(&all, known)
    }

    /// The same of formulas with the macros as they are where each of them stands.
    pub fn of_placed(formulas: &[(&str, Macros)], known: &[&str]) -> Lexicon {
        let mut lexicon = Lexicon::default();
        let mut candidates = BTreeMap::new();
        for (formula, macros) in formulas {
            let tokens = lex(formula, macros).and_then(|tokens| expand(tokens, macros));
            scan(&tokens.unwrap_or_default(), &mut lexicon, &mut candidates);
        }
        let numbering = lexicon.numbered.iter().filter(|(stem, _)| lexicon.never_without(stem));
        lexicon.numbering = numbering.map(|(_, letter)| *letter).collect();
        for (run, certain) in candidates {
            let long = run.chars().count() > 2;
            if !run.chars().all(|c| lexicon.alone.contains(&c)) || (long && certain) {
                lexicon.names.insert(run);
            } else if long {
                lexicon.doubtful.insert(run);
            }
        }
        for name in known {
            let (stem, below) = name.split_once('_').unwrap_or((name, ""));
            if stem.chars().count() > 1 {
                lexicon.names.insert(stem.to_string());
            }
            if !below.is_empty() {
                lexicon.indexed.insert((stem.to_string(), below.to_string()));
            }
        }
        lexicon
    }

    /// How a whole run of letters is read.
    pub(super) fn run(&self, run: &str) -> Run {
        let letters = run.chars().count();
        if letters < 2 || self.names.contains(run) {
            return Run::Name;
        }
        let alone = run.chars().filter(|c| self.alone.contains(c)).count();
        match letters {
            _ if self.doubtful.contains(run) => Run::Either,
            2 => Run::Letters,
            3 if alone == letters => Run::Letters,
            3 if alone > 0 => Run::Either,
            _ if alone == letters => Run::Either,
            _ => Run::Name,
        }
    }

    /// Whether this is a name of several letters for certain.
    pub(super) fn knows(&self, run: &str) -> bool {
        self.names.contains(run)
    }

    /// Whether the name is used as a function; `None` where the document does not say.
    pub(super) fn is_function(&self, stem: &str) -> Option<bool> {
        if self.functions.contains(stem) {
            return Some(true);
        }
        let usual = matches!(stem, "f" | "g" | "σ" | "φ" | "ψ");
        match (usual, self.defined.contains(stem), self.bare.contains(stem)) {
            (true, false, _) => Some(true),
            (false, true, _) | (false, _, true) => Some(false),
            _ => None,
        }
    }

    /// The function that a letter usually is, if the document gives it no other meaning.
    pub(super) fn usual(&self, stem: &str) -> Option<Known> {
        let function = match stem {
            "σ" => Known::Sigmoid,
            "Φ" => Known::NormalCdf,
            "φ" if self.usual("Φ").is_some() && self.applied.contains("Φ") => Known::NormalPdf,
            _ => return None,
        };
        (!self.own.contains(stem)).then_some(function)
    }

    /// A letter has another meaning than its usual one here, whatever it is.
    pub(in crate::review) fn give_up(&mut self, letter: char) {
        self.own.insert(letter.to_string());
    }

    /// Whether the letter e is a quantity of the document, and not Euler's number.
    pub(super) fn defines(&self, stem: &str) -> bool {
        self.defined.contains(stem)
    }

    /// Whether the letter stands alone anywhere.
    pub(super) fn stands_alone(&self, letter: char) -> bool {
        self.alone.contains(&letter)
    }

    /// Whether T above this stem may be a power, or a step: T is a number of steps, or another
    /// quantity of the document, and steps stand above names, or powers of T do, or the stem is
    /// what numbers are called.
    pub(super) fn counts_to_t(&self, stem: &str) -> bool {
        let number = "αβγεηκλμρτ".contains(stem) && !stem.is_empty();
        (self.to_t || self.defined.contains("T"))
            && (number || self.from_t || !self.steps.is_empty())
    }

    /// Whether a number above this stem is a mark and no power: it is defined with one, or the
    /// layers of the document are numbered so, and it never stands without.
    pub(super) fn numbers_above(&self, stem: &str) -> bool {
        let Some(numbers) = self.raised.get(stem) else { return false };
        // Without layers, σ² is a name only where no other power of σ stands anywhere.
        !self.level.contains(stem)
            && (self.layered || self.defined_raised.contains(stem) && numbers.len() == 1)
    }

    /// Whether digits directly behind a letter are its index in this document.
    pub(super) fn glues_digits(&self) -> bool {
        self.glued
    }

    /// Whether the letter above this stem numbers it: something is defined with it, and neither
    /// that nor this ever stands without.
    pub(super) fn is_numbered(&self, stem: &str, letter: char) -> bool {
        self.numbering.contains(&letter) && self.never_without(stem)
    }

    /// Whether this stem always has one letter above it.
    fn never_without(&self, stem: &str) -> bool {
        ![&self.own, &self.level, &self.powered].iter().any(|all| all.contains(stem))
    }

    /// Whether this stem has this index somewhere.
    pub(super) fn has_index(&self, stem: &str, below: &str) -> bool {
        self.indexed.contains(&(stem.to_string(), below.to_string()))
    }

    /// Whether the letter numbers steps, as in `w^{t+1}`.
    pub(super) fn is_step(&self, letter: char) -> bool {
        self.steps.contains(&letter)
    }
}

/// The most tokens of an index, of an argument list, that the lexicon looks across.
const REACH: usize = 40;

fn scan(tokens: &[Token], lexicon: &mut Lexicon, candidates: &mut BTreeMap<String, bool>) {
    let mut i = 0;
    while let Some(token) = tokens.get(i) {
        let from = i;
        i += 1;
        let mut stem = match token.tok {
            Tok::Letter(c) => {
                let mut run = c.to_string();
                while let Some(Token { tok: Tok::Letter(c), spaced: false, .. }) = tokens.get(i) {
                    run.push(*c);
                    i += 1;
                }
                run
            }
            Tok::Symbol(c) => c.to_string(),
            Tok::Text(_, words) => words.trim().to_string(),
            Tok::Sup => {
                step(&tokens[i..], lexicon);
                continue;
            }
            Tok::Command("sum" | "prod") => {
                let ahead = tokens[i..].iter().take(REACH).map(|t| t.tok).collect::<Vec<_>>();
                let last = ahead.iter().position(|t| *t == Tok::Sup).map(|at| &ahead[at + 1..]);
                let opened = last.map(|last| match last {
                    [Tok::Open, rest @ ..] => rest,
                    rest => rest,
                });
                lexicon.to_t |= matches!(opened, Some([Tok::Letter('T'), ..]));
                continue;
            }
            _ => continue,
        };
        let before = from.checked_sub(1).and_then(|b| tokens.get(b)).map(|t| t.tok);
        let mut place = Place { starts: starts(tokens, from), before, after: after(tokens, i) };
        // What is said of ŷ is not said of y.
        let hat = hat(tokens, from, i);
        if let Some((at, end, mark)) = hat {
            place = Place { starts: starts(tokens, at), before: None, after: after(tokens, end) };
            lexicon.alone.extend(stem.chars().filter(|_| stem.chars().count() == 1));
            stem = spelling::accented(&stem, mark);
        }
        if matches!(token.tok, Tok::Letter(_) | Tok::Symbol(_)) {
            lexicon.glued |= glued(tokens, i, &place);
        }
        if let (true, Some(letter)) = (place.starts && place.after.relation, place.after.letter) {
            lexicon.numbered.insert((stem.clone(), letter));
        }
        match token.tok {
            _ if hat.is_some() => note(&stem, &place, lexicon),
            Tok::Letter(_) => letters(stem, &place, lexicon, candidates),
            Tok::Symbol(_) => note(&stem, &place, lexicon),
            Tok::Text(font, _) => {
                let word = stem.chars().all(|c| c.is_ascii_alphanumeric());
                let used = place.after.indexed.is_some() || place.after.paren || font == Font::Name;
                if word
                    && stem.len() > 1
                    && used
                    && spelling::function(&stem).is_none()
                    && !symbols::joins(&stem)
                {
                    lexicon.names.insert(stem.clone());
                }
                note(&stem, &place, lexicon);
            }
            _ => {}
        }
    }
}

struct Place<'a> {
    /// Whether it stands first on a row or behind a comma or words.
    starts: bool,
    before: Option<Tok<'a>>,
    after: After,
}

/// What follows a name.
struct After {
    /// Its index, as it would be printed in one line.
    indexed: Option<String>,
    primed: bool,
    /// A power, perhaps behind an index.
    raised: bool,
    /// The number that it is.
    number: Option<String>,
    /// It is a number with a sign, or a fraction.
    odd: bool,
    /// The one letter that stands above.
    letter: Option<char>,
    paren: bool,
    /// A relation, perhaps behind an index.
    relation: bool,
    /// A relation behind a parenthesis.
    applied: bool,
    /// A relation behind a parenthesis with a name in it: f(x) = …, and not f(0) = ….
    defining: bool,
}

/// The accent on the letters between two tokens: where its command stands, where what it holds
/// ends, and its sign.
fn hat(tokens: &[Token], from: usize, to: usize) -> Option<(usize, usize, char)> {
    let mark = |at: usize| match tokens[at].tok {
        Tok::Command(c) => spelling::accent(c),
        _ => None,
    };
    let before = from.checked_sub(1)?;
    if let Some(found) = mark(before) {
        return Some((before, to, found));
    }
    let at = before.checked_sub(1)?;
    let closed = tokens.get(to).is_some_and(|t| t.tok == Tok::Close);
    (tokens[before].tok == Tok::Open && closed)
        .then(|| mark(at).map(|found| (at, to + 1, found)))
        .flatten()
}

/// Whether digits stand directly behind a letter where they can only be its index: on a left side
/// and behind ∂.
fn glued(tokens: &[Token], at: usize, place: &Place) -> bool {
    let digit = |t: &&Token| !t.spaced && matches!(t.tok, Tok::Digit(_));
    let count = tokens[at.min(tokens.len())..].iter().take_while(digit).count();
    let behind = matches!(place.before, Some(Tok::Symbol('∂')));
    let left = place.starts
        && match tokens.get(at + count).map(|t| t.tok) {
            Some(Tok::Sign(c)) => symbols::relation_sign(c).is_some() || c == '&',
            Some(Tok::Amp) => true,
            _ => false,
        };
    count > 0 && (behind || left)
}

fn starts(tokens: &[Token], at: usize) -> bool {
    let before = tokens[..at].iter().rev().find(|t| t.tok != Tok::Amp).map(|t| t.tok);
    match before {
        None | Some(Tok::Break | Tok::Begin(_) | Tok::Wide | Tok::Text(..)) => true,
        Some(Tok::Sign(c)) => matches!(c, ',' | ';' | ':') || symbols::arrow_sign(c).is_some(),
        Some(Tok::Command(c)) => symbols::arrow(c).is_some(),
        _ => false,
    }
}

/// The place after the group, the bracket or the token at `at`.
fn past(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0usize;
    for (k, t) in tokens.iter().enumerate().skip(at).take(REACH) {
        match t.tok {
            Tok::Open | Tok::Sign('(') | Tok::Fence(true, _) => depth += 1,
            Tok::Close | Tok::Sign(')') | Tok::Fence(false, _) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return k + 1;
        }
    }
    tokens.len()
}

fn after(tokens: &[Token], at: usize) -> After {
    let mut found = After {
        indexed: None,
        primed: false,
        raised: false,
        number: None,
        odd: false,
        letter: None,
        paren: false,
        relation: false,
        applied: false,
        defining: false,
    };
    let mut i = at;
    // A name has two scripts and some primes at most.
    for _ in 0..6 {
        match tokens.get(i).map(|t| t.tok) {
            Some(Tok::Sub) => {
                let end = past(tokens, i + 1);
                let text =
                    tokens.get(i + 1..end).unwrap_or_default().iter().filter_map(|t| match t.tok {
                        Tok::Letter(c) | Tok::Digit(c) | Tok::Symbol(c) => Some(c),
                        _ => None,
                    });
                found.indexed = Some(text.collect());
                i = end;
            }
            Some(Tok::Sup) => {
                if tokens.get(i + 1).is_some_and(|t| t.tok == Tok::Sign('\''))
                    || matches!(tokens.get(i + 1..i + 3), Some([a, b]) if a.tok == Tok::Open && b.tok == Tok::Sign('\''))
                {
                    found.primed = true;
                } else {
                    found.raised = true;
                    let mut end = past(tokens, i + 1);
                    // `y^10` is read as `y^{10}`.
                    let bare = matches!(tokens.get(i + 1).map(|t| t.tok), Some(Tok::Digit(_)));
                    while bare
                        && matches!(tokens.get(end), Some(t) if !t.spaced && matches!(t.tok, Tok::Digit(_)))
                    {
                        end += 1;
                    }
                    let inside = tokens.get(i + 1..end).unwrap_or_default();
                    let digit = |t: &Token| match t.tok {
                        Tok::Digit(c) => Some(c),
                        _ => None,
                    };
                    let digits: String = inside.iter().filter_map(digit).collect();
                    let plain = |t: &Token| matches!(t.tok, Tok::Digit(_) | Tok::Open | Tok::Close);
                    let mut signs =
                        inside.iter().filter(|t| !matches!(t.tok, Tok::Open | Tok::Close));
                    found.letter = match (signs.next().map(|t| t.tok), signs.next()) {
                        (Some(Tok::Letter(c)), None) => Some(c),
                        _ => None,
                    };
                    let letters = inside.iter().any(|t| matches!(t.tok, Tok::Letter(_)));
                    let number = inside.iter().all(plain) && !digits.is_empty();
                    found.odd = !number && !digits.is_empty() && !letters;
                    found.number = number.then_some(digits);
                }
                i = past(tokens, i + 1);
            }
            Some(Tok::Sign('\'')) => {
                found.primed = true;
                i += 1;
            }
            _ => break,
        }
    }
    let is_relation = |t: Option<&Token>| match t.map(|t| t.tok) {
        Some(Tok::Sign(':')) => true,
        Some(Tok::Sign(c)) => symbols::relation_sign(c).is_some(),
        Some(Tok::Command(c)) => symbols::relation(c).is_some(),
        _ => false,
    };
    let unmarked = |i: usize| tokens[i.min(tokens.len())..].iter().find(|t| t.tok != Tok::Amp);
    found.relation = is_relation(unmarked(i));
    found.paren =
        matches!(tokens.get(i).map(|t| t.tok), Some(Tok::Sign('(') | Tok::Fence(true, '(')));
    found.applied = found.paren && is_relation(unmarked(past(tokens, i)));
    let named = matches!(tokens.get(i + 1).map(|t| t.tok), Some(Tok::Letter(_) | Tok::Symbol(_)));
    found.defining = found.applied && named;
    found
}

fn letters(
    run: String,
    place: &Place,
    lexicon: &mut Lexicon,
    candidates: &mut BTreeMap<String, bool>,
) {
    // `dE` at the beginning of a fraction's part is d and E.
    let opens =
        matches!(place.before, Some(Tok::Open | Tok::Command("over") | Tok::Sign('/')) | None);
    let behind = matches!(place.before, Some(Tok::Symbol('∂') | Tok::Text(_, "d")));
    let differential = opens && run.starts_with('d') && !place.after.relation;
    let (stem, behind) = match run.strip_prefix('d') {
        Some(rest) if differential => (rest.to_string(), true),
        _ => (run, behind),
    };
    if stem.is_empty() {
        return;
    }
    if let (Some(c), 1) = (stem.chars().next(), stem.chars().count()) {
        // `dx` says nothing about x standing alone, except that x is no part of a name.
        lexicon.alone.insert(c);
    } else if spelling::function(&stem).is_none() {
        // Behind ∂, and alone on a left side, a product hardly ever stands.
        let certain = behind || (place.starts && place.after.relation);
        if certain || place.after.indexed.is_some() {
            *candidates.entry(stem.clone()).or_default() |= certain;
        }
    }
    if behind && !is_exponential(&stem, place) {
        lexicon.defined.insert(stem.clone());
    }
    note(&stem, place, lexicon);
}

/// Whether this is e with an exponent, as in ∂e^z/∂z: that says nothing of a quantity e.
fn is_exponential(stem: &str, place: &Place) -> bool {
    stem == "e" && place.after.raised
}

fn note(stem: &str, place: &Place, lexicon: &mut Lexicon) {
    let after = &place.after;
    let numbers = after.letter.is_some();
    if after.raised && !numbers {
        lexicon.powered.insert(stem.to_string());
    }
    if place.starts && after.relation && !after.primed && !is_exponential(stem, place) && !numbers {
        lexicon.defined.insert(stem.to_string());
        lexicon.own.insert(stem.to_string());
    }
    if after.paren && (after.primed || (place.starts && after.applied)) {
        lexicon.functions.insert(stem.to_string());
    }
    if after.paren {
        lexicon.applied.insert(stem.to_string());
        if place.starts && after.defining {
            lexicon.own.insert(stem.to_string());
        }
    }
    if let Some(number) = &after.number {
        // Nobody writes a first power.
        lexicon.layered |= number == "1";
        lexicon.raised.entry(stem.to_string()).or_default().insert(number.clone());
        if place.starts && after.relation {
            lexicon.defined_raised.insert(stem.to_string());
            lexicon.layered |= after.indexed.is_some();
        }
    } else if !after.paren && (!after.raised || after.odd) {
        lexicon.level.insert(stem.to_string());
    }
    if !after.paren && !after.primed {
        lexicon.bare.insert(stem.to_string());
    }
    if let Some(below) = &after.indexed {
        lexicon.indexed.insert((stem.to_string(), below.clone()));
    }
}

/// `^{t+1}`, `^{t-1}`, `^{(t+1)}`.
fn step(tokens: &[Token], lexicon: &mut Lexicon) {
    let script = tokens.iter().map(|t| t.tok).take_while(|t| *t != Tok::Close).take(REACH);
    let (t, signs) = script.fold((false, false), |(t, signs), tok| {
        (t || tok == Tok::Letter('T'), signs || matches!(tok, Tok::Sign('+' | '-')))
    });
    lexicon.from_t |= t && signs && tokens.first().is_some_and(|t| t.tok == Tok::Open);
    let mut inside = tokens.iter().map(|t| t.tok).skip_while(|t| *t == Tok::Open);
    if let (Some(Tok::Letter(c)), Some(Tok::Sign('+' | '-')), Some(Tok::Digit(_)), Some(Tok::Close)) =
        (inside.next(), inside.next(), inside.next(), inside.next())
        && matches!(c, 't' | 'k' | 'τ')
    {
        lexicon.steps.insert(c);
    }
}
