//! What words say of the shapes of names: "a 2 × 3 matrix", "the vector x". In go words and formulas,
//! out come names with shapes.

use std::collections::BTreeSet;

use crate::review::document::{Item, Placed};
use crate::review::memberships::sizes;
use crate::review::shapes::{Length, Shape, Turned};
use crate::review::tex::syntax::{Expr, FormulaKind, Name, Part};

/// What words say of the names beside them.
pub(super) fn words(items: &[Item]) -> Vec<(usize, Name, Shape)> {
    let mut found = Vec::new();
    for at in 0..items.len() {
        let Item::Row(placed) = &items[at] else { continue };
        if let Some(shape) = sizes_of(placed) {
            // "A is a" 2 × 3 "matrix".
            let (Some(before), Some(behind)) =
                (words_at(items, at.wrapping_sub(1)), words_at(items, at + 1))
            else {
                continue;
            };
            let first = behind.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty());
            let called = first.is_some_and(|word| {
                let word = word.to_lowercase();
                word.starts_with("matri") || word.starts_with("vector")
            });
            let article = before.trim_end();
            let joined = ["a", "an"]
                .iter()
                .any(|a| article.rsplit(|c: char| !c.is_alphabetic()).next() == Some(a));
            let named = at.checked_sub(2).and_then(|at| match &items[at] {
                Item::Row(placed) => Some(names(placed)),
                Item::Words(_) => None,
            });
            let short = article.split_whitespace().count() <= 4 && !article.contains(['.', ';']);
            if called && joined && short {
                found.extend(named.into_iter().flatten().map(|name| (at, name, shape.clone())));
            }
            continue;
        }
        let names = names(placed);
        if names.is_empty() {
            continue;
        }
        // "the vectors u and v": what is said before the first and behind the last of them.
        let joins = |at: usize, next: usize| {
            let words = words_at(items, at).map(|words| words.trim().trim_matches(','));
            let named =
                matches!(items.get(next), Some(Item::Row(row)) if !self::names(row).is_empty());
            named && matches!(words, Some("" | "and" | " and"))
        };
        let (mut first, mut last) = (at, at);
        while first >= 2 && joins(first - 1, first - 2) {
            first -= 2;
        }
        while joins(last + 1, last + 2) {
            last += 2;
        }
        let before = words_at(items, first.wrapping_sub(1)).unwrap_or_default();
        let behind = words_at(items, last + 1).unwrap_or_default();
        if let Some(shape) = kind_before(before).or_else(|| kind_behind(behind)) {
            found.extend(names.into_iter().map(|name| (at, name, shape.clone())));
        }
    }
    found
}

fn words_at(items: &[Item], at: usize) -> Option<&str> {
    match items.get(at) {
        Some(Item::Words(passage)) => Some(passage.text.as_str()),
        _ => None,
    }
}

/// The names that a formula is, if it is nothing else.
fn names(placed: &Placed) -> Vec<Name> {
    let [Part::Statement(statement)] = &placed.row.parts[..] else { return Vec::new() };
    let (Some(first), []) = (&statement.first, &statement.rest[..]) else { return Vec::new() };
    let of = |e: &Expr| match &e.kind {
        FormulaKind::Name(name) => Some(name.clone()),
        _ => None,
    };
    match &first.kind {
        FormulaKind::List(all) => all.iter().map(of).collect::<Option<_>>().unwrap_or_default(),
        _ => of(first).into_iter().collect(),
    }
}

/// The shape that a formula is, if it is nothing but `2 \times 3`.
fn sizes_of(placed: &Placed) -> Option<Shape> {
    let text = placed.passage.text.trim();
    let plain = |part: &str| {
        let part = part.trim();
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()) && part.len() <= 4
    };
    let spelled = text.replace("\\times", "×");
    let product = spelled.contains('×') && spelled.split('×').all(plain);
    product.then(|| sizes(text)).flatten()
}

/// "the vector", "vectors": the last word before a name.
fn kind_before(words: &str) -> Option<Shape> {
    let last = words.trim_end().rsplit(|c: char| !c.is_alphabetic()).next()?.to_lowercase();
    match last.as_str() {
        "vector" | "vectors" if words.to_lowercase().contains("row vector") => {
            Some(Shape::Row(Length::Unknown))
        }
        "vector" | "vectors" => Some(Shape::column()),
        "matrix" | "matrices" => Some(Shape::matrix()),
        "scalar" | "scalars" | "number" | "numbers" => Some(Shape::Scalar),
        _ => None,
    }
}

/// "is a vector", "be matrices": the words behind a name, up to the end of what they say.
fn kind_behind(words: &str) -> Option<Shape> {
    let said = words.trim_start().trim_start_matches([',', ' ']).to_lowercase();
    let said = said.split(['.', ';', '\n']).next()?;
    let mut all = said.split_whitespace();
    let verb = all.next()?;
    if !["is", "are", "be", "denotes", "a"].contains(&verb) {
        return None;
    }
    let noun = all.take(3).find_map(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphabetic());
        match word {
            "vector" | "vectors" if said.contains("row vector") => {
                Some(Shape::Row(Length::Unknown))
            }
            "vector" | "vectors" => Some(Shape::column()),
            "matrix" | "matrices" => Some(Shape::matrix()),
            "scalar" | "scalars" | "number" | "numbers" => Some(Shape::Scalar),
            _ => None,
        }
    })?;
    Some(match noun {
        Shape::Column(_) => Shape::Column(counted(said).map_or(Length::Unknown, Length::Number)),
        other => other,
    })
}

/// "with two elements", "of length 3": how many.
fn counted(words: &str) -> Option<i64> {
    const NUMBERS: &[&str] =
        &["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let all: Vec<String> = words
        .split_whitespace()
        .map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .collect();
    let number = |word: &String| {
        let named = NUMBERS.iter().position(|n| n == word).map(|at| at as i64 + 1);
        named.or_else(|| word.parse().ok()).filter(|n| (1..=64).contains(n))
    };
    let noun = |word: &String| {
        ["elements", "entries", "components", "coordinates"].contains(&word.as_str())
    };
    all.windows(2).find_map(|pair| match noun(&pair[1]) {
        true => number(&pair[0]),
        false => (pair[0] == "length").then(|| number(&pair[1])).flatten(),
    })
}

/// Functions of which a formula says that they make arrays of arrays: f: ℝⁿ → ℝᵐ.
pub(super) fn maps(items: &[Item]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for item in items {
        let Item::Row(placed) = item else { continue };
        let text = placed.passage.text.replace("\\colon", ":");
        for (at, _) in text.match_indices(':') {
            let behind = text[at + 1..].trim_start();
            let space = ["\\mathbb{R}^", "\\mathbb R^", "ℝ^", "\\R^"];
            if space.iter().any(|space| behind.starts_with(space)) {
                found.extend(text[..at].trim_end().chars().last().map(String::from));
            }
        }
    }
    found
}

/// The layout of derivatives that words tell.
pub(super) fn layout(items: &[Item]) -> Option<Turned> {
    let says = |what: &str| {
        items.iter().any(|item| match item {
            Item::Words(passage) => passage.text.to_lowercase().contains(what),
            Item::Row(_) => false,
        })
    };
    match (says("denominator layout"), says("numerator layout")) {
        (true, false) => Some(Turned { jacobians: true, gradients: false }),
        (false, true) => Some(Turned { jacobians: false, gradients: true }),
        _ => None,
    }
}

/// The sections whose words speak of matrices.
pub(super) fn of_matrices(items: &[Item], sections: &[usize]) -> BTreeSet<usize> {
    const WORDS: &[&str] = &["matri", "jacobian", "determinant", "linear map", "eigen"];
    let speaks = |text: &str| {
        let text = text.to_lowercase();
        WORDS.iter().any(|word| text.contains(word))
    };
    let all = items.iter().zip(sections);
    all.filter(|(item, _)| matches!(item, Item::Words(passage) if speaks(&passage.text)))
        .map(|(_, section)| *section)
        .collect()
}

/// The names of which words say that they are symmetric, and a word that says more of arrays than
/// is read here.
pub(super) fn properties(items: &[Item]) -> (Vec<Name>, Option<&'static str>) {
    const MORE: &[&str] = &[
        "symmetric",
        "orthogonal",
        "orthonormal",
        "unitary",
        "diagonal",
        "triangular",
        "idempotent",
        "unit vector",
        "unit length",
        "unit norm",
        "normalized",
        "normalised",
        "covariance",
        "positive definite",
        "positive-definite",
        "semidefinite",
        "invertible",
        "projection",
        "stochastic",
        "sum to one",
        "sums to one",
        "sum to 1",
        "sums to 1",
        "zero mean",
        "centered",
        "centred",
        "whitened",
        "identity",
        "permutation",
        "rotation",
        "perpendicular",
        "parallel",
        "uncorrelated",
        "independent",
    ];
    let (mut found, mut more) = (Vec::new(), None);
    for at in 0..items.len() {
        let Item::Words(passage) = &items[at] else { continue };
        let text = passage.text.to_lowercase();
        let said = MORE.iter().find(|word| text.contains(**word)).copied();
        let beside = |at: usize| match items.get(at) {
            Some(Item::Row(placed)) => names(placed),
            _ => Vec::new(),
        };
        // "A is no longer symmetric", "non-symmetric", "if A is symmetric".
        let unsaid = |clause: &str| {
            let mut words = clause.split(|c: char| !c.is_alphanumeric());
            words.any(|w| {
                ["not", "no", "non", "skew", "anti", "if", "unless", "whether", "false", "need"]
                    .contains(&w)
            }) || clause.contains("antisymmetric")
                || clause.contains("asymmetric")
        };
        let clauses = text.split(['.', ';']).filter(|clause| clause.contains("symmetric"));
        if clauses.into_iter().any(unsaid) {
            continue;
        }
        let first = text.split(['.', ';']).next().unwrap_or_default();
        let last = text.rsplit(['.', ';']).next().unwrap_or_default();
        let word = first.split_whitespace().next().unwrap_or_default();
        let starts = ["is", "are", "be", "being", "symmetric", "a"].contains(&word);
        let mut own = Vec::new();
        let before = words_at(items, at.wrapping_sub(2)).unwrap_or_default().to_lowercase();
        let before = before.rsplit(['.', ';']).next().unwrap_or_default();
        if first.contains("symmetric") && starts && !unsaid(before) {
            own = beside(at.wrapping_sub(1));
        }
        if own.is_empty()
            && last.contains("symmetric")
            && last
                .split("symmetric")
                .last()
                .is_some_and(|rest| rest.split_whitespace().count() <= 2)
        {
            own = beside(at + 1);
        }
        match said {
            Some("symmetric") if !own.is_empty() => found.extend(own),
            Some(word) => more = more.or(Some(word)),
            None => {}
        }
    }
    (found, more)
}

/// How many elements the vectors of a document have, where words say so of all of them: "vectors
/// with two elements".
pub(super) fn of_all(items: &[Item]) -> Option<i64> {
    let mut found = None;
    for item in items {
        let Item::Words(passage) = item else { continue };
        for sentence in passage.text.split(['.', ';']) {
            let lower = sentence.to_lowercase();
            let Some(at) = lower.find("vectors with ").or_else(|| lower.find("vectors of ")) else {
                continue;
            };
            let Some(n) = counted(&lower[at..]) else { continue };
            if found.is_some_and(|known| known != n) {
                return None;
            }
            found = Some(n);
        }
    }
    found
}
