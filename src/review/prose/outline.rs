//! Where each formula of a document stands, and the role that the words before it give it.

use std::borrow::Cow;
use std::rc::Rc;

use super::cases;
use super::phrases::{self, Cue, Role};
use crate::review::document::{Document, Item};
use crate::review::read::Passage;

/// Where a formula stands. Numbers of different documents have nothing to do with each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::review) struct Place {
    /// Which section, from one heading to the next.
    pub(in crate::review) section: usize,
    /// Which paragraph, item of a list or row of a table.
    pub(in crate::review) block: usize,
    /// Whether that is an item of a list or a row of a table.
    pub(in crate::review) listed: bool,
    /// Which sentence; a formula on lines of its own is part of the sentence before it.
    pub(in crate::review) sentence: usize,
    /// What it is by the words before it.
    pub(in crate::review) role: Role,
    /// Whether words between say that the condition before does not hold.
    pub(in crate::review) otherwise: bool,
    /// Whether words between the formula before and this one say that it holds in general.
    pub(in crate::review) general: bool,
    /// Whether they say that what was supposed before is supposed no longer.
    pub(in crate::review) drops: bool,
    /// Words that say for what the formula is meant and that are no formula, by their number.
    case: Option<usize>,
}

/// The places of all formulas of a document.
#[derive(Debug, Default)]
pub(in crate::review) struct Outline {
    /// One for each item of the document; that of words is where they end.
    places: Vec<Place>,
    /// Words that say for what formulas are meant.
    cases: Vec<String>,
}

impl Outline {
    /// The places of a document's items.
    pub(in crate::review) fn of(document: &Document<'_>) -> Outline {
        let mut here = Place::default();
        let mut places: Vec<Place> = Vec::with_capacity(document.items.len());
        let mut cases: Vec<String> = Vec::new();
        let mut beginning = true;
        let mut before: Option<*const Passage> = None;
        // Whether a table of LaTeX stands here.
        let mut table = false;
        for item in &document.items {
            match item {
                Item::Words(passage) => {
                    before = None;
                    (here.general, here.otherwise, here.drops) = (false, false, false);
                    for piece in pieces(&with_rows(&passage.text, &mut table), beginning) {
                        match piece {
                            Piece::Section => {
                                here.section += 1;
                                here.block += 1;
                                here.sentence += 1;
                                (here.listed, here.role) = (false, Role::Plain);
                                here.case = None;
                            }
                            Piece::Block(listed) => {
                                here.block += 1;
                                here.sentence += 1;
                                (here.listed, here.role) = (listed, Role::Plain);
                                here.case = None;
                            }
                            Piece::Sentence => {
                                here.sentence += 1;
                                here.role = Role::Plain;
                                here.case = None;
                            }
                            Piece::Words(words) => {
                                hear(&words, &mut here);
                                let sentence = here.sentence;
                                for case in cases::all(&words) {
                                    // "$a = z$ for active units".
                                    if case.start <= 1
                                        && let Some(before) = places.last_mut()
                                        && before.sentence == sentence
                                        && before.case.is_none()
                                    {
                                        before.case = Some(cases.len());
                                    }
                                    here.case = Some(cases.len());
                                    cases.push(words[case].join(" "));
                                }
                            }
                            // "If i = j: …" goes on with what holds then.
                            Piece::Colon => here.role = Role::Conclusion,
                        }
                    }
                    places.push(here);
                    beginning = false;
                }
                Item::Row(placed) => {
                    // A condition on lines of its own is no condition of the next lines.
                    let passage = Some(Rc::as_ptr(&placed.passage));
                    if before.is_some() && before != passage && here.role.is_apart() {
                        here.role = Role::Plain;
                    }
                    before = passage.filter(|_| !placed.inline);
                    places.push(here);
                    beginning = false;
                    (here.general, here.otherwise, here.drops) = (false, false, false);
                }
            }
        }
        end_conditions(document, &mut places);
        Outline { places, cases }
    }

    /// Words that say for what an item is meant, and that are no formula.
    pub(in crate::review) fn case(&self, item: usize) -> Option<&str> {
        self.cases.get(self.at(item).case?).map(String::as_str)
    }

    /// The first item behind one before which words drop what was supposed.
    pub(in crate::review) fn dropped_behind(&self, item: usize) -> Option<usize> {
        let behind = self.places.iter().enumerate().skip(item.saturating_add(1));
        behind.filter(|(_, place)| place.drops).map(|(nth, _)| nth).next()
    }

    /// The place of an item; the last one's behind the end.
    pub(in crate::review) fn at(&self, item: usize) -> Place {
        let last = self.places.last();
        self.places.get(item).or(last).copied().unwrap_or_default()
    }
}

/// "If $z > 0$, $a = z$": behind a condition that begins a sentence, a comma ends it where no
/// other word of the sentence does.
fn end_conditions(document: &Document<'_>, places: &mut [Place]) {
    let rows: Vec<usize> =
        (0..places.len()).filter(|nth| matches!(document.items[*nth], Item::Row(_))).collect();
    let sentences: Vec<&[usize]> =
        rows.chunk_by(|a, b| places[*a].sentence == places[*b].sentence).collect();
    for sentence in sentences {
        let role = |nth: &usize| places[*nth].role;
        let ends = sentence.iter().any(|nth| role(nth) == Role::Conclusion);
        if ends || role(&sentence[0]) != Role::Condition {
            continue;
        }
        let comma = |nth: &usize| {
            let before = nth.checked_sub(1).map(|before| &document.items[before]);
            matches!(before, Some(Item::Words(words)) if words.text.trim() == ",")
        };
        let Some(first) = sentence.iter().skip(1).position(comma) else { continue };
        for nth in &sentence[first + 1..] {
            if places[*nth].role == Role::Condition {
                places[*nth].role = Role::Conclusion;
            }
        }
    }
}

/// What words of one sentence make of the formula behind them.
fn hear(words: &[String], here: &mut Place) {
    let mut at = 0;
    // A list of formulas goes on over "and" and commas, and ends at any other word.
    let (mut role, before) = (Role::Plain, here.role);
    let (mut only_joins, mut elsewhere) = (true, false);
    // How many words stand between the phrase and the formula.
    let mut since = usize::MAX;
    while at < words.len() {
        match phrases::at(&words[at..]) {
            Some((phrase, length)) => {
                match phrase.cue {
                    Cue::Role(found) => {
                        elsewhere |= found == Role::Elsewhere;
                        (role, since, only_joins) = (found, 0, false);
                    }
                    Cue::General => {
                        // "once for all of them" is about no formula.
                        let of_it = !phrase.words.starts_with("for ");
                        here.general |= of_it || at + length == words.len();
                        only_joins = false;
                    }
                    Cue::Drops(found) => {
                        here.drops = true;
                        (role, since, only_joins) = (found, 0, false);
                    }
                    Cue::Otherwise => {
                        here.otherwise = true;
                        (role, since, only_joins) = (Role::Conclusion, 0, false);
                    }
                    Cue::Joins => {}
                }
                at += length;
            }
            None if words[at] == "," => at += 1,
            None => {
                only_joins = false;
                since = since.saturating_add(1);
                at += 1;
            }
        }
    }
    // A list of formulas goes on over "and". "Some authors …, so that": all of it is theirs.
    if only_joins || before == Role::Elsewhere {
        return;
    }
    if elsewhere {
        role = Role::Elsewhere;
    }
    here.role = match role {
        // "If so, it is y": the condition is another one.
        Role::Negation if since > 0 => Role::Plain,
        Role::Range if since > 0 => Role::Plain,
        Role::Condition | Role::Exception | Role::Sought if since > 2 => Role::Plain,
        Role::Supposition if since > 4 => Role::Plain,
        role => role,
    };
}

/// A piece of words.
enum Piece {
    /// A heading begins.
    Section,
    /// A paragraph begins, or, if true, an item of a list or a row of a table.
    Block(bool),
    /// A sentence begins.
    Sentence,
    /// A colon stands directly behind a formula.
    Colon,
    /// Words of one sentence, in lower case.
    Words(Vec<String>),
}

/// Words with the rows of a LaTeX table as Markdown has them; `table` says whether one stands here.
fn with_rows<'w>(words: &'w str, table: &mut bool) -> Cow<'w, str> {
    const TABLES: &[&str] = &["{tabular", "{longtable", "{tabu"];
    let here = |edge: &str, rest: &str| {
        let named = |at: usize| {
            let name = &rest[at + edge.len()..];
            TABLES.iter().any(|table| name.starts_with(table))
        };
        rest.match_indices(edge).map(|(at, _)| at).find(|at| named(*at))
    };
    if !*table && here("\\begin", words).is_none() {
        return Cow::Borrowed(words);
    }
    let (mut out, mut rest) = (String::with_capacity(words.len()), words);
    loop {
        let edge = if *table { here("\\end", rest) } else { here("\\begin", rest) };
        let (part, behind) = rest.split_at(edge.unwrap_or(rest.len()));
        match *table {
            true => out.push_str(&part.replace("\\\\", "\n| ")),
            false => out.push_str(part),
        }
        if edge.is_none() {
            return Cow::Owned(out);
        }
        // A step over the sign itself, so that the next search begins behind it.
        let (sign, behind) = behind.split_at(1);
        out.push_str(sign);
        (*table, rest) = (!*table, behind);
    }
}

/// Words as pieces, in order. `beginning` says whether they begin a line.
fn pieces(text: &str, beginning: bool) -> Vec<Piece> {
    let mut all = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut blank = false;
    if !beginning && text.trim_start().starts_with(':') {
        all.push(Piece::Colon);
    }
    for (nth, line) in text.split('\n').enumerate() {
        let starts = nth > 0 || beginning;
        let trimmed = line.trim();
        if trimmed.is_empty() {
            blank |= nth > 0;
            continue;
        }
        let flush = |words: &mut Vec<String>, all: &mut Vec<Piece>, piece: Piece| {
            if !words.is_empty() {
                all.push(Piece::Words(std::mem::take(words)));
            }
            all.push(piece);
        };
        if starts && level(trimmed).is_some() {
            flush(&mut words, &mut all, Piece::Section);
        } else if starts && is_listed(trimmed) {
            flush(&mut words, &mut all, Piece::Block(true));
        } else if blank && (!all.is_empty() || !words.is_empty() || !goes_on(trimmed)) {
            flush(&mut words, &mut all, Piece::Block(false));
        }
        blank = false;
        sentences(trimmed, &mut words, &mut all);
    }
    // A blank line before a formula on lines of its own ends no sentence.
    if !words.is_empty() {
        all.push(Piece::Words(words));
    } else if blank {
        all.push(Piece::Block(false));
    }
    all
}

/// The words of a line, with the ends of sentences in it.
fn sentences(line: &str, words: &mut Vec<String>, all: &mut Vec<Piece>) {
    for token in line.split_whitespace() {
        let word: String = token
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, '\'' | '\\' | '-'))
            .collect::<String>()
            .to_lowercase();
        let ends = token.ends_with(['.', ';', '!', '?']) && !is_short(&word);
        if !word.is_empty() && word != "-" {
            words.push(word);
        }
        if token.ends_with(',') {
            words.push(",".to_string());
        }
        if ends {
            if !words.is_empty() {
                all.push(Piece::Words(std::mem::take(words)));
            }
            all.push(Piece::Sentence);
        }
    }
}

/// Whether a full stop behind it belongs to a word: "eq.", "e.g.".
fn is_short(word: &str) -> bool {
    const SHORT: &[&str] =
        &["eq", "eqs", "eqn", "fig", "sec", "ie", "eg", "cf", "vs", "resp", "no", "wrt", "approx"];
    SHORT.contains(&word)
}

/// Whether a line goes on with a sentence from behind a formula.
fn goes_on(line: &str) -> bool {
    line.chars().next().is_some_and(|c| c.is_lowercase() || c == ',')
}

/// The level of the section that a line begins, if it begins one: 1 is the highest. A line of
/// signs, which parts examples from one another or underlines a heading, is the lowest.
pub(in crate::review) fn level(line: &str) -> Option<usize> {
    const COMMANDS: &[(&str, usize)] = &[
        ("\\chapter", 1),
        ("\\section", 2),
        ("\\subsection", 3),
        ("\\subsubsection", 4),
        ("\\paragraph", 5),
        ("\\begin{example}", 6),
        ("\\begin{exercise}", 6),
        ("\\begin{problem}", 6),
    ];
    const SIGNS: &[char] = &['-', '*', '_', '=', '~'];
    let line = line.trim();
    let hashes = line.chars().take_while(|c| *c == '#').count();
    if (1..=6).contains(&hashes) && line[hashes..].starts_with(char::is_whitespace) {
        return Some(hashes);
    }
    let signs = |sign: &char| {
        line.len() > 2 && line.chars().all(|c| c == *sign || c == ' ') && !line.contains("  ")
    };
    if SIGNS.iter().any(signs) {
        return Some(LINE);
    }
    let found = COMMANDS.iter().find(|(command, _)| line.starts_with(command));
    found.map(|(_, level)| *level)
}

/// The level of a section that a line of signs begins.
const LINE: usize = 7;

/// Whether a line begins an item of a list or a row of a table.
fn is_listed(line: &str) -> bool {
    // A sign alone stands before a formula.
    let marked = ["- ", "* ", "+ ", "|", "\\item"].iter().any(|m| line.starts_with(m))
        || matches!(line, "-" | "*" | "+");
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let numbered = digits > 0
        && digits < 4
        && line.get(digits..).is_some_and(|rest| {
            matches!(rest, "." | ")") || rest.starts_with(". ") || rest.starts_with(") ")
        });
    marked || numbered
}
