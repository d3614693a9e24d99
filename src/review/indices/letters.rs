//! Which letters are indices, before anybody asks over what they run.
//!
//! Invariant: a letter that is no usual one is an index only where the document shows it.

use std::collections::BTreeSet;

use super::{Indices, Item, USUAL, single};
use crate::review::claim::statements;
use crate::review::document::Document;
use crate::review::names::{is_digits, spelled};
use crate::review::scope::Scope;
use crate::review::tex::syntax::{Expr, FormulaKind, Name, Statement, visit};

/// Which letters may be indices, which names have letters that are none, and how many indices
/// names have.
pub(super) fn letters(scope: &Scope<'_>, document: &Document<'_>) -> Indices {
    let mut indices = Indices { letters: USUAL.chars().collect(), ..Indices::default() };
    for (_, _, statement) in statements(document) {
        let mut bounds: BTreeSet<char> = BTreeSet::new();
        each(statement, &mut |e| {
            if let FormulaKind::BigSum { from, to, .. } = &e.kind {
                for bound in from.iter().chain(to) {
                    visit(bound, &mut |e| {
                        if let FormulaKind::Name(name) = &e.kind {
                            bounds.extend(single(&name.stem));
                        }
                    });
                }
            }
        });
        each(statement, &mut |e| match &e.kind {
            FormulaKind::BigSum { indices: summed, .. } => {
                let summed = summed.iter().filter_map(|s| single(s));
                let (usual, others): (Vec<char>, Vec<char>) =
                    summed.partition(|c| indices.letters.contains(c));
                indices.summed.extend(usual.into_iter().chain(others.iter().copied()));
                bounds.extend(others);
            }
            FormulaKind::Name(name) if scope.cell(name).is_some() => {
                let word = name.below.iter().any(|part| !is_digits(part));
                indices.words.extend(word.then(|| spelled(name)));
            }
            FormulaKind::Name(name) => {
                if let Some(cells) = &scope.cells {
                    indices.letters.extend(cells.letters(name));
                }
            }
            _ => {}
        });
        // The t of y_t = Σ_{s=1}^{t} is an index of y; the o of Σ_o is one in the names of its own
        // statement. A great letter that counts, as C of Σ_C = Σ_{d=1}^{C}, is part of a name.
        each(statement, &mut |e| {
            if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &e.kind {
                let own = name.below.iter().flat_map(|part| part.chars());
                let own = own.filter(|c| bounds.contains(c) && !c.is_uppercase());
                indices.paired.extend(own.map(|c| (c, name.stem.clone())));
            }
        });
    }
    indices.words.extend(marks(document));
    indices.letters.retain(|letter| !document.arrays.gates.contains(letter));
    pairs(&mut indices, document);
    // What stands above a name and is an index is one of that name.
    for (_, _, statement) in statements(document) {
        each(statement, &mut |e| {
            if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &e.kind
                && name.stem.ends_with('^')
                && let Some(above) = name.below.first()
            {
                let letters = above.chars().filter(|c| c.is_alphabetic());
                indices.paired.extend(letters.map(|c| (c, name.stem.clone())));
            }
        });
    }
    for (base, axis, _) in &document.arrays.axes {
        let rank = indices.elements.iter().find(|(stem, _)| *stem == base.stem).map_or(0, |e| e.1);
        indices.elements.remove(&(base.stem.clone(), rank));
        indices.elements.insert((base.stem.clone(), rank.max(axis + 1)));
    }
    indices.paired.extend(document.arrays.letters.iter().cloned());
    for (_, _, statement) in statements(document) {
        each(statement, &mut |e| {
            if let FormulaKind::BigSum { indices: over, to: Some(to), .. } = &e.kind
                && let FormulaKind::Name(end) = &to.kind
                && end.below.is_empty()
            {
                indices.ends.extend(over.iter().map(|letter| (letter.clone(), end.stem.clone())));
            }
        });
    }
    // y_{10} is the tenth of the y_i, and row 1 and column 0 of the y_{ij}.
    for (_, _, statement) in statements(document) {
        each(statement, &mut |e| {
            let (FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. }) = &e.kind else {
                return;
            };
            let (key, items) = indices.items(name);
            if items.iter().any(|item| !matches!(item, Item::Number(_))) {
                indices.ranks.entry(key).or_default().insert(items.len());
            }
        });
    }
    if let Some(cells) = &scope.cells {
        for (id, quantity) in cells.net.quantities() {
            let rank = cells.net.shape(id).rank();
            indices.ranks.entry(quantity.name.clone()).or_default().insert(rank);
        }
    }
    indices
}

/// Names with one letter that is a mark and no index: the p of r_p beside r_00 and r_01, of which
/// each has two indices, and that of r_p = r_10, which says which one of the r is meant.
fn marks(document: &Document<'_>) -> BTreeSet<String> {
    let mut pairs: BTreeSet<String> = BTreeSet::new();
    let mut lettered: BTreeSet<(String, String)> = BTreeSet::new();
    let mut marks = BTreeSet::new();
    let letter = |name: &Name| match &name.below[..] {
        [only] => single(only).filter(|c| c.is_lowercase()),
        _ => None,
    };
    for (_, _, statement) in statements(document) {
        each(statement, &mut |e| {
            let FormulaKind::Name(name) = &e.kind else { return };
            match &name.below[..] {
                // No number begins with 0.
                [one] if is_digits(one) && one.len() == 2 && one.starts_with('0') => {
                    pairs.insert(name.stem.clone());
                }
                [_] if letter(name).is_some() => {
                    lettered.insert((name.stem.clone(), spelled(name)));
                }
                _ => {}
            }
        });
        if let (Some(FormulaKind::Name(name)), [(_, side)]) =
            (statement.first.as_ref().map(|first| &first.kind), &statement.rest[..])
            && let (Some(_), FormulaKind::Name(chosen)) = (letter(name), &side.kind)
            && chosen.stem == name.stem
            && !chosen.below.is_empty()
            && chosen.below.iter().all(|part| is_digits(part))
        {
            marks.insert(spelled(name));
        }
    }
    marks.extend(lettered.into_iter().filter(|(stem, _)| pairs.contains(stem)).map(|(_, n)| n));
    marks
}

/// The most rounds in which letters that are indices of one name show that they are of another.
const MAX_ROUNDS: usize = 6;

/// Letters that are no usual indices, and stand where one does that a sum goes over: the c of p_c
/// beside Σ_k p_k; and in other names of their statements.
fn pairs(indices: &mut Indices, document: &Document<'_>) {
    // Names with a letter that their own statement sums over, with its place.
    let mut summed: BTreeSet<(String, usize, usize)> = BTreeSet::new();
    let mut lone: BTreeSet<(char, String, usize, usize)> = BTreeSet::new();
    let mut together: Vec<BTreeSet<(char, String)>> = Vec::new();
    for (_, _, statement) in statements(document) {
        let mut over: BTreeSet<char> = BTreeSet::new();
        let mut own: BTreeSet<(char, String)> = BTreeSet::new();
        each(statement, &mut |e| {
            if let FormulaKind::BigSum { indices, .. } = &e.kind {
                over.extend(indices.iter().filter_map(|s| single(s)));
            }
        });
        each(statement, &mut |e| {
            let FormulaKind::Name(name) = &e.kind else { return };
            for (place, part) in name.below.iter().enumerate() {
                let Some(c) = single(part).filter(|c| c.is_lowercase()) else { continue };
                let key = (name.stem.clone(), name.below.len(), place);
                if over.contains(&c) {
                    summed.insert(key);
                } else if !indices.letters.contains(&c) {
                    lone.insert((c, key.0, key.1, key.2));
                    own.insert((c, name.stem.clone()));
                }
            }
        });
        together.push(own);
    }
    for (c, stem, parts, place) in lone {
        if summed.contains(&(stem.clone(), parts, place)) {
            indices.paired.insert((c, stem));
        }
    }
    for _ in 0..MAX_ROUNDS {
        let before = indices.paired.len();
        for own in &together {
            let shown: BTreeSet<char> =
                own.iter().filter(|pair| indices.paired.contains(pair)).map(|(c, _)| *c).collect();
            indices.paired.extend(own.iter().filter(|(c, _)| shown.contains(c)).cloned());
        }
        if indices.paired.len() == before {
            break;
        }
    }
}

/// Looks at every expression of a statement.
pub(super) fn each<'e>(statement: &'e Statement, see: &mut dyn FnMut(&'e Expr)) {
    for side in statement.sides() {
        visit(side, see);
    }
}
