//! What a document says as a whole, before its first row is marked: what its names stand for, how
//! its author counts, what its letters run over, what it gives and what it keeps back.
//!
//! The order matters: the author's way of counting decides what indices run over, those what is
//! defined, and definitions what is unknown.

use std::collections::BTreeSet;

use super::claim::{defined, holds_name, names_in, statements};
use super::declared::declared;
use super::document::{Document, Item};
use super::judge::Unknowns;
use super::names::{Cells, spelled};
use super::numbers::is_numeric;
use super::scope::{Definition, Scope};
use super::tex::syntax::{Expr, Kind, Part, Relation, visit};
use super::{convention, givens, indices, losses, suspects};

/// What is known before the walk.
pub(super) struct Survey<'n> {
    pub(super) scope: Scope<'n>,
    /// How the author counts, in words, if that is not the network's own way.
    pub(super) convention: Option<String>,
    pub(super) unknowns: Unknowns,
}

/// Looks through a document.
pub(super) fn survey<'n>(document: &Document<'_>, cells: Option<Cells<'n>>) -> Survey<'n> {
    let mut scope = Scope::new(cells);
    let declared = declared(document);
    for name in &declared {
        let symbol = scope.symbol(name);
        scope.leaves.insert(symbol);
    }
    scope.plain = quantities(document);
    let convention = convention::settle(&mut scope, document);
    indices::find(&mut scope, document);
    scope.kronecker = speaks_of(document, "Kronecker");
    for name in statements(document).flat_map(|(_, _, s)| names_in(s)) {
        if scope.plain.contains(&spelled(&name)) {
            scope.plain_keys.insert(scope.indices.items(&name).0);
        }
        if declared.contains(&spelled(&name)) {
            for element in scope.each_element(&name) {
                let symbol = scope.symbol(&spelled(&element));
                scope.leaves.insert(symbol);
            }
        }
    }
    scope.know_authors(document);
    define_first(&mut scope, document);
    givens::find(&mut scope, document);
    losses::find(&mut scope, document);
    let unknowns = suspects::unknowns(&mut scope, document);
    Survey { scope, convention, unknowns }
}

/// The names without a definition that are quantities for certain: they stand as factors, and
/// nowhere as functions do.
fn quantities(document: &Document<'_>) -> BTreeSet<String> {
    /// What functions are usually called.
    const FUNCTIONS: &[&str] = &["f", "g", "h", "F", "G", "φ", "ψ", "σ"];
    let (mut factors, mut functions) = (BTreeSet::new(), BTreeSet::new());
    for (_, _, statement) in statements(document) {
        for side in statement.first.iter().chain(statement.rest.iter().map(|(_, side)| side)) {
            visit(side, &mut |e| match &e.kind {
                Kind::Product(all) => {
                    let names = all.iter().filter_map(|f| match &f.kind {
                        Kind::Name(name) => Some(spelled(name)),
                        _ => None,
                    });
                    factors.extend(names);
                }
                Kind::Apply { head, primes, args } => {
                    let of_a_name = matches!(&args[..], [Expr { kind: Kind::Name(_), .. }]);
                    if *primes > 0 || of_a_name || args.len() != 1 {
                        functions.insert(spelled(head));
                    }
                }
                _ => {}
            });
        }
    }
    factors.retain(|name| !functions.contains(name) && !FUNCTIONS.contains(&name.as_str()));
    factors
}

/// Whether the words of a document hold a word.
fn speaks_of(document: &Document<'_>, word: &str) -> bool {
    document.items.iter().any(|item| match item {
        Item::Words(passage) => passage.text.contains(word),
        Item::Row(placed) => placed
            .row
            .parts
            .iter()
            .any(|part| matches!(part, Part::Words(words, _) if words.contains(word))),
    })
}

/// The first definition of each name is in force everywhere: authors define late.
fn define_first(scope: &mut Scope<'_>, document: &Document<'_>) {
    let mut seen = BTreeSet::new();
    for (at, _, statement) in statements(document) {
        let (Some(first), [(relation, value), ..]) = (&statement.first, &statement.rest[..]) else {
            continue;
        };
        let Some((name, params)) = defined(first) else { continue };
        let states = matches!(relation, Relation::Equal | Relation::Defines)
            && !scope.is_about_indices(statement);
        if !states || holds_name(value, name) || matches!(value.kind, Kind::List(_)) {
            continue;
        }
        // w(x + 1) = … is no definition of a function if w is a quantity.
        if !params.is_empty() && scope.cell(name).is_some() {
            continue;
        }
        let indices = match scope.has_index(name) {
            true => scope.indices.items(name).1,
            false => Vec::new(),
        };
        // What is said of every element speaks of no other letter than theirs.
        let first = Expr { kind: Kind::Name(name.clone()), span: 0..0 };
        let own = scope.free_letters(&[&first]);
        if scope.free_letters(&[value]).keys().any(|letter| !own.contains_key(letter)) {
            continue;
        }
        // A number is a value, and does not make its name a constant.
        if params.is_empty() && is_numeric(value) {
            continue;
        }
        // σ(y) = 0.9 is a value, and not what σ is.
        if !params.is_empty() && !params.iter().any(|p| holds_name(value, p)) {
            continue;
        }
        if scope.cell(name).is_none() && seen.insert(spelled(name)) {
            let body = value.clone();
            scope.define(name, Definition { at, params, body, hides: false, indices });
        }
    }
}
