//! Names with letters for indices that are defined more than once.
//!
//! Invariant: two definitions that say the same with other letters are one.

use std::collections::{BTreeMap, BTreeSet};

use crate::review::claim::{same, statements};
use crate::review::document::Document;
use crate::review::indices;
use crate::review::scope::Scope;
use crate::review::tex::syntax::{Expr, FormulaKind, Name, Relation};

/// Names with letters for indices that have a definition with one letter and another one with
/// another: δ_k = y_k − t_k and δ_j = h_j (1 − h_j) Σ_k w_{kj} δ_k.
pub(super) fn defined_twice(scope: &Scope<'_>, document: &Document<'_>) -> BTreeSet<String> {
    type Definitions = Vec<(Vec<indices::Item>, Expr)>;
    let mut found: BTreeMap<(String, usize), Definitions> = BTreeMap::new();
    for (at, _, statement) in statements(document) {
        let (Some(Expr { kind: FormulaKind::Name(name), .. }), [(relation, value), ..]) =
            (&statement.first, &statement.rest[..])
        else {
            continue;
        };
        let (name, value) = scope.indices.of_its_layer(name, value);
        if !matches!(relation, Relation::Equal | Relation::Defines)
            || !scope.has_index(&name)
            || scope.indices.is_at_the_end(&name)
        {
            continue;
        }
        let (key, items) = scope.indices.items(&name);
        // Another section gives it another meaning.
        let section = scope.outline.at(at).section;
        found.entry((key, section)).or_default().push((items, value));
    }
    let twice = |all: &Definitions| {
        let (letters, body) = &all[0];
        all.iter().any(|(other, value)| {
            other.len() == letters.len() && other != letters && !alike(body, letters, value, other)
        })
    };
    found.into_iter().filter(|(_, all)| twice(all)).map(|((key, _), _)| key).collect()
}

/// Whether two definitions say the same with other letters.
fn alike(a: &Expr, letters: &[indices::Item], b: &Expr, others: &[indices::Item]) -> bool {
    let mut renamed = b.clone();
    let map: BTreeMap<char, char> = others
        .iter()
        .zip(letters)
        .filter_map(|pair| match pair {
            (indices::Item::Letter(from), indices::Item::Letter(to)) => Some((*from, *to)),
            _ => None,
        })
        .collect();
    // The letters of sums first, or one of them may be what another is renamed to.
    let (mut a, mut next) = (a.clone(), FIRST_BOUND);
    bind(&mut a, &BTreeMap::new(), &mut next);
    next = FIRST_BOUND;
    bind(&mut renamed, &BTreeMap::new(), &mut next);
    bind(&mut renamed, &map, &mut next);
    same(&a, &renamed)
}

/// Signs for the letters of sums, which no document has.
const FIRST_BOUND: u32 = 0xE000;

/// Renames letters in subscripts, and the letters of sums in the order in which they stand.
fn bind(expr: &mut Expr, map: &BTreeMap<char, char>, next: &mut u32) {
    let put = |name: &mut Name| {
        for part in &mut name.below {
            *part = part.chars().map(|c| map.get(&c).copied().unwrap_or(c)).collect();
        }
    };
    let FormulaKind::BigSum { indices, from, to, body } = &mut expr.kind else {
        if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &mut expr.kind {
            put(name);
        }
        expr.children_mut().into_iter().for_each(|e| bind(e, map, next));
        return;
    };
    let mut inner = map.clone();
    for letter in indices.iter_mut() {
        let mut all = letter.chars();
        let (Some(c), None) = (all.next(), all.next()) else { continue };
        if u32::from(c) >= FIRST_BOUND {
            continue;
        }
        let Some(new) = char::from_u32(*next) else { continue };
        *next += 1;
        inner.insert(c, new);
        *letter = new.to_string();
    }
    from.iter_mut().chain(to).for_each(|e| bind(e, map, next));
    bind(body, &inner, next);
}
