//! A correct derivation with one random change: changes of meaning are caught, changes that keep
//! the meaning are not flagged. What a change means is decided by `meaning`, which evaluates in
//! plain numbers and knows nothing of the review.
//!
//! `cargo test` tries a few thousand; `BACKPROOF_MUTANTS=20000 cargo test --test mutations` as
//! many as one likes.

mod draw;
mod meaning;
#[path = "draw/real.rs"]
mod real;

use std::ops::{Range, RangeInclusive};

use backproof::review::read::{DocumentFormat, Piece, pieces};
use backproof::review::tex::syntax::{Expr, FormulaKind, Part, Row, visit};
use backproof::review::tex::{Dots, Lexicon, Macros, rows};
use backproof::review::{Mark, Review, review};
use draw::Draw;
use meaning::{Letters, World, sides};

/// How many changes `cargo test` tries in all.
const MUTANTS: usize = 1200;

struct Case {
    name: &'static str,
    text: String,
    format: DocumentFormat,
    network: Option<&'static str>,
    /// What every index runs over, where the document has letters for indices.
    range: Option<RangeInclusive<i64>>,
    /// The stem of names whose sum is 1.
    whole: Option<&'static str>,
    /// By how much fewer changes it has than the others, for its size.
    fewer: usize,
}

/// Correct derivations in several notations: our own, and those of others.
fn cases() -> Vec<Case> {
    let file = |path: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        std::fs::read_to_string(path).expect("a file of the project")
    };
    let case = |name, path: &str, format, network| {
        let (range, whole, fewer) = (None, None, 1);
        Case { name, text: without_values(&file(path)), format, network, range, whole, fewer }
    };
    let letters = |case: Case, range, whole| Case { range: Some(range), whole, ..case };
    let layer_norm = case(
        "layer norm",
        "docs/derivations/layer-norm.md",
        DocumentFormat::Markdown,
        Some("layer-norm"),
    );
    let mut softmax = case("softmax", "tests/review/softmax.md", DocumentFormat::Markdown, None);
    let place = |text: &str| softmax.text.find(text).expect("a part of the document");
    // The right part, without what holds under a condition.
    let (from, to, end) = (place("If $i = j$"), place("With Kronecker"), place("## Five mistakes"));
    softmax.text.truncate(end);
    softmax.text.replace_range(from..to, "");
    vec![
        case("neuron", "tests/review/neuron.md", DocumentFormat::Markdown, None),
        case(
            "convolution",
            "tests/review/convolution.md",
            DocumentFormat::Markdown,
            Some("article"),
        ),
        case("two layers", "tests/review/two-layers.tex", DocumentFormat::Latex, None),
        case(
            "article, Markdown",
            "docs/derivations/article.md",
            DocumentFormat::Markdown,
            Some("article"),
        ),
        case(
            "article, LaTeX",
            "docs/derivations/article.tex",
            DocumentFormat::Latex,
            Some("article"),
        ),
        case(
            "plain, Markdown",
            "docs/derivations/plain.md",
            DocumentFormat::Markdown,
            Some("plain"),
        ),
        case("sigmoid", "docs/derivations/sigmoid.md", DocumentFormat::Markdown, Some("sigmoid")),
        Case { fewer: 10, ..letters(layer_norm, 0..=2, None) },
        letters(softmax, 1..=3, Some("t")),
    ]
}

/// A page without the sentences that give numbers to names. `meaning` would take the numbers for
/// definitions, so that two weights that are both 1/4 could stand for one another.
fn without_values(page: &str) -> String {
    let gives = ["The given numbers are ", "With the given numbers, $"];
    let paragraphs = page.split("\n\n");
    let kept = paragraphs.filter(|p| !gives.iter().any(|lead| p.trim_start().starts_with(lead)));
    kept.collect::<Vec<_>>().join("\n\n")
}

fn network(name: &str) -> backproof::Network {
    let text = backproof::examples::find(name).expect("a built-in network").text;
    backproof::parse_network(text).expect("built-in networks are valid")
}

/// A formula of a document with its rows.
struct Formula {
    text: String,
    source: Range<usize>,
    rows: Vec<Row>,
    dots: Dots,
}

#[derive(Default, Debug)]
struct Count {
    caught: usize,
    undecided: usize,
    unread: usize,
    missed: Vec<String>,
    kept: usize,
    flagged: Vec<String>,
    unclear: usize,
}

#[test]
fn changes_of_meaning_are_caught_and_others_are_not_flagged() {
    let total = std::env::var("BACKPROOF_MUTANTS").ok().and_then(|n| n.parse().ok());
    let total: usize = total.unwrap_or(MUTANTS);
    let mut cases = cases();
    if let Ok(only) = std::env::var("BACKPROOF_CASE") {
        cases.retain(|case| case.name == only);
    }
    let each = total.div_ceil(cases.len());
    let mut all = Count::default();
    for (nth, case) in cases.iter().enumerate() {
        let count = mutate(case, each.div_ceil(case.fewer), 1 + nth as u64);
        println!(
            "{}: {} caught, {} undecided, {} unread, {} missed; {} kept, {} flagged; {} unclear",
            case.name,
            count.caught,
            count.undecided,
            count.unread,
            count.missed.len(),
            count.kept,
            count.flagged.len(),
            count.unclear
        );
        all.caught += count.caught;
        all.undecided += count.undecided;
        all.unread += count.unread;
        all.kept += count.kept;
        all.unclear += count.unclear;
        all.missed.extend(count.missed);
        all.flagged.extend(count.flagged);
    }
    let changed = all.caught + all.undecided + all.missed.len();
    println!(
        "{changed} changes of meaning: {} refuted, {} left undecided, {} missed; {} unread; {} \
         that keep it, {} of them flagged",
        all.caught,
        all.undecided,
        all.missed.len(),
        all.unread,
        all.kept,
        all.flagged.len()
    );
    println!("missed:\n{}", all.missed.join("\n"));
    assert!(all.flagged.is_empty(), "flagged without cause:\n{}", all.flagged.join("\n"));
    let share = (all.caught + all.undecided) as f64 / changed as f64;
    assert!(share >= 0.99, "only {share} caught; missed:\n{}", all.missed.join("\n"));
}

fn mutate(case: &Case, times: usize, seed: u64) -> Count {
    let net = case.network.map(network);
    let good = review(&case.text, case.format, net.as_ref()).expect("a readable document");
    let bad: Vec<&str> = good
        .rows
        .iter()
        .filter(|r| {
            matches!(
                r.mark(),
                Some(Mark::Refuted(_) | Mark::Undecided { .. } | Mark::Unread { .. })
            )
        })
        .map(|r| r.text.as_str())
        .collect();
    assert!(bad.is_empty(), "{} is not fine to begin with:\n{}", case.name, bad.join("\n"));
    let (formulas, macros, lexicon) = parsed(case);
    let all_rows: Vec<Row> = formulas.iter().flat_map(|f| f.rows.clone()).collect();
    let mut world = World::of(&all_rows, case.range.clone());
    world.whole = case.whole;
    let mut draw = Draw(seed);
    let mut count = Count::default();
    let mut tries = 0;
    while tries < times * 40
        && count.caught + count.undecided + count.missed.len() + count.kept < times
    {
        tries += 1;
        let formula = &formulas[draw.below(formulas.len())];
        let nth = draw.below(formula.rows.len());
        let row = &formula.rows[nth];
        // A definition that no network knows is what its author says it is.
        if !is_judged(&good, formula, row) {
            continue;
        }
        let Some(text) = changed(&formula.text, &row.span, &mut draw) else { continue };
        let others = rows(&text, &macros, &lexicon, &formula.dots);
        let (before, after) = (sides(row), others.get(nth).map(sides).unwrap_or_default());
        if others.len() != formula.rows.len() || before.len() != after.len() || before.is_empty() {
            continue;
        }
        // What letters run over is not known here: r_p = c_{a,b}, "whichever cell wins".
        let sides = || before.iter().chain(&after).copied();
        if case.range.is_none() && sides().any(meaning::has_letters) {
            continue;
        }
        let Some(differs) = differs(&world, &all_rows, &before, &after, &mut draw) else {
            count.unclear += 1;
            continue;
        };
        let mut whole = case.text.clone();
        whole.replace_range(formula.source.clone(), &text);
        let found = review(&whole, case.format, net.as_ref()).expect("a readable document");
        let shown =
            || format!("{}: {}\n   was: {}", case.name, &text, &formula.text[row.span.clone()]);
        let tally = found.tally;
        match (differs, tally.refuted > 0) {
            (true, true) => count.caught += 1,
            (true, false) if tally.read < tally.rows => count.unread += 1,
            (true, false) if tally.undecided > 0 => count.undecided += 1,
            (true, false) => count.missed.push(shown()),
            (false, false) => count.kept += 1,
            (false, true) => count.flagged.push(shown()),
        }
    }
    count
}

fn parsed(case: &Case) -> (Vec<Formula>, Macros, Lexicon) {
    let macros = Macros::of(std::iter::once(case.text.as_str()));
    let all = pieces(&case.text, case.format).expect("a readable document");
    let texts: Vec<&str> = all
        .iter()
        .filter_map(|p| match p {
            Piece::Formula(passage, _) => Some(passage.text.as_str()),
            _ => None,
        })
        .collect();
    let net = case.network.map(network);
    let names: Vec<String> = net
        .iter()
        .flat_map(|n| n.quantities().map(|(_, q)| q.name.clone()).collect::<Vec<_>>())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let lexicon = Lexicon::of(&texts, &macros, &names);
    let mut dots = Dots::default();
    let mut formulas = Vec::new();
    for piece in &all {
        let Piece::Formula(passage, _) = piece else { continue };
        let source = passage.source(0..passage.text.len());
        let next = Dots::after(&passage.text, &macros);
        // Only where the text of the formula is that of the document can it be replaced.
        if case.text.get(source.clone()) == Some(passage.text.as_str()) {
            let rows = rows(&passage.text, &macros, &lexicon, &dots);
            if !rows.is_empty() {
                formulas.push(Formula { text: passage.text.clone(), source, rows, dots });
            }
        }
        dots = next;
    }
    (formulas, macros, lexicon)
}

fn is_judged(good: &Review, formula: &Formula, row: &Row) -> bool {
    let start = formula.source.start + row.span.start;
    let judged = |m: &Mark| matches!(m, Mark::Proved { .. } | Mark::Definition { agrees: true });
    good.rows.iter().any(|r| r.source.start == start && r.claims.iter().all(|c| judged(&c.mark)))
}

/// Whether the changed row says something else: a side has another value somewhere. `None` where
/// numbers do not tell.
fn differs(
    world: &World,
    rows: &[Row],
    before: &[&Expr],
    after: &[&Expr],
    draw: &mut Draw,
) -> Option<bool> {
    let mut seen = 0;
    let mut world = world.clone();
    // Which cells a max lists is not a matter of who wins it.
    let mut lists = false;
    for side in before.iter().chain(after) {
        visit(side, &mut |e| lists |= matches!(e.kind, FormulaKind::Extreme { .. }));
    }
    for expr in before.iter().chain(after) {
        world.meet(expr, draw);
    }
    for row in rows {
        for expr in sides(row) {
            world.meet(expr, draw);
        }
    }
    let wanted = if lists { 40 } else { 3 };
    for _ in 0..400 {
        world.draw(draw);
        if !lists && !assumptions_hold(&world, rows) {
            continue;
        }
        seen += 1;
        let all: Vec<&Expr> = before.iter().chain(after).copied().collect();
        match element_differs(&world, before, after, &world.letters(&all)) {
            Told::Different => return Some(true),
            Told::Unclear => return None,
            Told::Same if seen >= wanted => return Some(false),
            Told::Same => {}
        }
    }
    None
}

/// What one point tells of a change.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    Same,
    Different,
    Unclear,
}

/// Whether the sides have other values at a point, for any element.
fn element_differs(world: &World, before: &[&Expr], after: &[&Expr], letters: &[String]) -> Told {
    let mut elements = vec![Letters::new()];
    for letter in letters {
        let range = world.range.clone().expect("a document with letters");
        let with = |element: &Letters, value: i64| {
            let mut element = element.clone();
            element.insert(letter.clone(), value);
            element
        };
        elements = elements.iter().flat_map(|e| range.clone().map(|v| with(e, v))).collect();
    }
    // Where the row is right for every element, before and after, it says the same.
    let mut told = Told::Same;
    for element in &elements {
        match told_by(world, before, after, element) {
            Told::Different => return Told::Different,
            Told::Unclear => told = Told::Unclear,
            Told::Same => {}
        }
    }
    told
}

fn told_by(world: &World, before: &[&Expr], after: &[&Expr], letters: &Letters) -> Told {
    let values = |sides: &[&Expr]| -> Vec<Option<f64>> {
        sides.iter().map(|e| world.value(e, letters).filter(|x| x.is_finite())).collect()
    };
    let (was, is) = (values(before), values(after));
    // A row that still says of its sides that they are equal, and is right.
    let chain = was.len() > 1 && agree(&was) == Some(true);
    if chain && agree(&is) == Some(true) {
        // Right by itself, but perhaps no longer what the next row goes on from.
        return match (was[0], is[0]) {
            (Some(a), Some(b)) if equal(a, b) == Some(true) => Told::Same,
            _ => Told::Unclear,
        };
    }
    for (nth, (a, b)) in was.iter().zip(&is).enumerate() {
        match (a, b) {
            (Some(a), Some(b)) => match equal(*a, *b) {
                Some(true) => {}
                Some(false) => return Told::Different,
                None => return Told::Unclear,
            },
            // What cannot be evaluated has to be the same to the letter.
            (None, None) if meaning::key(before[nth]) == meaning::key(after[nth]) => {}
            _ => return Told::Unclear,
        }
    }
    Told::Same
}

/// Whether two numbers are equal; none where it is too close to tell.
fn equal(a: f64, b: f64) -> Option<bool> {
    let apart = (a - b).abs() / (1e-3 + a.abs() + b.abs());
    match apart {
        x if x > 1e-4 => Some(false),
        x if x < 1e-7 => Some(true),
        _ => None,
    }
}

/// Whether all of some values are equal.
fn agree(values: &[Option<f64>]) -> Option<bool> {
    let mut all = true;
    for pair in values.windows(2) {
        all &= equal(pair[0]?, pair[1]?)?;
    }
    Some(all)
}

/// Whether r = c holds where a row says so of a max for the first time; later sections may assume
/// other winners.
fn assumptions_hold(world: &World, rows: &[Row]) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    rows.iter().flat_map(|r| &r.parts).all(|part| {
        let Part::Statement(s) = part else { return true };
        let (Some(first), [(_, value)]) = (&s.first, &s.rest[..]) else { return true };
        let (FormulaKind::Name(name), FormulaKind::Name(other)) = (&first.kind, &value.kind) else {
            return true;
        };
        if !world.chooses(name, other) || !seen.insert(meaning::spelled(name)) {
            return true;
        }
        let none = Letters::new();
        match (world.value(first, &none), world.value(value, &none)) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9,
            _ => true,
        }
    })
}

/// The text with one random change of a token in a range; `None` where the draw finds none.
fn changed(text: &str, within: &Range<usize>, draw: &mut Draw) -> Option<String> {
    let tokens = tokens(text, within);
    if tokens.is_empty() {
        return None;
    }
    let at = tokens[draw.below(tokens.len())].clone();
    let token = &text[at.clone()];
    let names: Vec<&str> = tokens.iter().map(|t| &text[t.clone()]).filter(|t| is_name(t)).collect();
    let new = match token {
        "+" => "-".to_string(),
        "-" => "+".to_string(),
        // One more in 100000 is more than these plain numbers can tell.
        t if t.len() > 3 && t.bytes().all(|b| b.is_ascii_digit()) => return None,
        t if t.bytes().all(|b| b.is_ascii_digit()) => match draw.below(3) {
            0 => (t.parse::<u64>().ok()? + 1).to_string(),
            1 => format!("{}", t.parse::<u64>().ok()? * 2),
            _ => draw.below(4).to_string(),
        },
        t if is_name(t) => match draw.below(4) {
            // Another name, an index, a power, or nothing at all.
            0 => names[draw.below(names.len())].to_string(),
            1 => {
                let digits: Vec<usize> = t
                    .bytes()
                    .enumerate()
                    .filter(|(_, b)| b.is_ascii_digit())
                    .map(|(i, _)| i)
                    .collect();
                let letters: Vec<usize> = letters(t);
                if !letters.is_empty() {
                    let place = letters[draw.below(letters.len())];
                    let mut new = t.to_string();
                    new.replace_range(place..=place, ["i", "j", "k"][draw.below(3)]);
                    return Some(format!("{}{new}{}", &text[..at.start], &text[at.end..]));
                }
                if digits.is_empty() {
                    return None;
                }
                let place = digits[draw.below(digits.len())];
                let mut new = t.to_string();
                new.replace_range(place..=place, &draw.below(4).to_string());
                new
            }
            2 => format!("{t}^2"),
            _ => String::new(),
        },
        _ => return None,
    };
    if new == token {
        // Two neighbours trade places.
        let other = tokens[draw.below(tokens.len())].clone();
        if !is_name(&text[other.clone()]) || !is_name(token) || other == at {
            return None;
        }
        let (a, b) = if at.start < other.start { (at, other) } else { (other, at) };
        if a.end > b.start {
            return None;
        }
        return Some(format!(
            "{}{}{}{}{}",
            &text[..a.start],
            &text[b.clone()],
            &text[a.end..b.start],
            &text[a.clone()],
            &text[b.end..]
        ));
    }
    Some(format!("{}{new}{}", &text[..at.start], &text[at.end..]))
}

/// Where letters stand as indices of a name: `w_{jk}`, and not `w_{fc}`.
fn letters(token: &str) -> Vec<usize> {
    let Some((stem, below)) = token.split_once('_') else { return Vec::new() };
    let index = |c: char| "ijklmnq{}0123456789".contains(c);
    if !below.chars().all(index) {
        return Vec::new();
    }
    let start = stem.len() + 1;
    below.char_indices().filter(|(_, c)| c.is_ascii_lowercase()).map(|(at, _)| start + at).collect()
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphabetic())
        || GREEK.iter().any(|g| token.starts_with(g))
}

const GREEK: &[&str] = &["\\sigma", "\\delta", "\\eta"];

/// Names with their subscripts, numbers and signs of a range. What stands in `\text{…}` and what
/// is a command is passed over.
fn tokens(text: &str, within: &Range<usize>) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut i = within.start;
    while i < within.end {
        let from = i;
        match bytes[i] {
            b'\\' => {
                i += 1;
                while i < within.end && bytes[i].is_ascii_alphabetic() {
                    i += 1;
                }
                let command = &text[from..i];
                if i == from + 1 {
                    i += 1;
                } else if [
                    "\\text", "\\tag", "\\label", "\\begin", "\\end", "\\parbox", "\\mathrm",
                    "\\eqref",
                ]
                .contains(&command)
                {
                    i = after_group(bytes, i, within.end);
                    if command == "\\parbox" {
                        i = after_group(bytes, i, within.end);
                    }
                } else if GREEK.contains(&command) {
                    i = after_subscript(bytes, i, within.end);
                    found.push(from..i);
                }
            }
            b if b.is_ascii_alphabetic() => {
                i = after_subscript(bytes, i + 1, within.end);
                found.push(from..i);
            }
            b if b.is_ascii_digit() => {
                while i < within.end && bytes[i].is_ascii_digit() {
                    i += 1;
                }
                found.push(from..i);
            }
            b'+' | b'-' => {
                i += 1;
                found.push(from..i);
            }
            _ => i += 1,
        }
    }
    found
}

fn after_group(bytes: &[u8], mut i: usize, end: usize) -> usize {
    if bytes.get(i) != Some(&b'{') {
        return i;
    }
    let mut depth = 0;
    while i < end {
        match bytes[i] {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        i += 1;
        if depth == 0 {
            break;
        }
    }
    i
}

fn after_subscript(bytes: &[u8], i: usize, end: usize) -> usize {
    match (bytes.get(i), bytes.get(i + 1)) {
        (Some(b'_'), Some(b'{')) => after_group(bytes, i + 1, end),
        (Some(b'_'), Some(_)) if i + 1 < end => i + 2,
        _ => i,
    }
}
