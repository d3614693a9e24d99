//! What words say a name is, in a way that no formula says: "where $y$ is one-hot".
//!
//! Goes in: a document. Comes out: names with the words that say something of them. What always
//! holds: only words of a short list are heard, and a denial makes them say nothing. A row that does
//! not hold is not refuted for a name of which such a word is said, unless it fails for each way
//! in which that can be meant.

use super::document::{Document, Item};
use super::names::spelled;
use super::tex::syntax::{Expr, FormulaKind, Name, Part};

/// What may be said of a quantity.
const PROPERTIES: &str = "one-hot onehot hot normalized normalised unit unit-length orthogonal \
    orthonormal symmetric antisymmetric diagonal binary boolean small tiny large huge infinite zero \
    stochastic distribution distributions probabilities equal identical integer even odd linear \
    affine identity saturated dead active inactive standardized standardised centred centered \
    whitened idempotent invertible";
/// What may be said of its sign, which matters where there is a kink or a logarithm.
const SIGNS: &str = "positive negative nonnegative non-negative nonpositive non-positive nonzero \
    non-zero";
/// How many words lie between a name and what is said of it.
const REACH: usize = 4;

/// One thing said of a name.
#[derive(Clone, Debug)]
pub(super) struct Property {
    /// In which item it is said.
    pub(super) at: usize,
    pub(super) of: Name,
    pub(super) word: String,
}

impl Property {
    /// Whether elements of it sum to 1.
    pub(super) fn sums_to_one(&self) -> bool {
        self.is_one_hot() || self.word.starts_with("distribution") || self.word == "probabilities"
    }

    pub(super) fn is_one_hot(&self) -> bool {
        matches!(self.word.as_str(), "one-hot" | "onehot" | "hot")
    }

    pub(super) fn is_a_sign(&self) -> bool {
        SIGNS.split_whitespace().any(|sign| sign == self.word)
    }

    /// Whether it is said of what is spelled so: itself, or an element of it.
    pub(super) fn is_of(&self, spelling: &str) -> bool {
        let own = spelled(&self.of);
        let rest = spelling.strip_prefix(own.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
            || self.of.below.iter().any(|part| part.chars().all(char::is_alphabetic))
                && spelling.strip_prefix(self.of.stem.as_str()).is_some_and(|r| r.starts_with('_'))
    }
}

/// What the words of a document say of its names.
pub(super) fn told(document: &Document<'_>) -> Vec<Property> {
    let mut found = Vec::new();
    for (at, item) in document.items.iter().enumerate() {
        let Item::Words(passage) = item else { continue };
        let mut add = |words: Vec<String>, names: Vec<Name>| {
            if words.iter().any(|word| matches!(word.as_str(), "not" | "no" | "if" | "whether")) {
                return;
            }
            let Some(word) = words.iter().find(|word| is_property(word)) else { return };
            found.extend(names.into_iter().map(|of| Property { at, of, word: word.clone() }));
        };
        // "$y$ is one-hot".
        let behind = passage.text.split(['.', ';', ':']).next().unwrap_or_default();
        let behind = tokens(behind);
        if behind
            .first()
            .is_some_and(|w| matches!(w.as_str(), "is" | "are" | "being" | "be" | "one-hot"))
        {
            add(
                behind.into_iter().take(REACH + 1).collect(),
                names_at(document, at.checked_sub(1)),
            );
        }
        // "the one-hot label $y$".
        let before = passage.text.rsplit(['.', ';', ':', ',']).next().unwrap_or_default();
        let mut before = tokens(before);
        let before = before.split_off(before.len().saturating_sub(2));
        add(before, names_at(document, Some(at + 1)));
    }
    found
}

fn tokens(words: &str) -> Vec<String> {
    let apart = |c: char| c.is_whitespace() || ",()".contains(c);
    words.split(apart).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

fn is_property(word: &str) -> bool {
    PROPERTIES.split_whitespace().chain(SIGNS.split_whitespace()).any(|one| one == word)
}

/// The names of a formula that is a name or a list of them.
fn names_at(document: &Document<'_>, at: Option<usize>) -> Vec<Name> {
    let Some(Item::Row(placed)) = at.and_then(|at| document.items.get(at)) else {
        return Vec::new();
    };
    let [Part::Statement(statement)] = &placed.row.parts[..] else { return Vec::new() };
    let one = |e: &Expr| match &e.kind {
        FormulaKind::Name(name) => Some(name.clone()),
        _ => None,
    };
    match (&statement.first, &statement.rest[..]) {
        (Some(Expr { kind: FormulaKind::List(all), .. }), []) => {
            all.iter().filter_map(one).collect()
        }
        (Some(first), []) => one(first).into_iter().collect(),
        _ => Vec::new(),
    }
}
