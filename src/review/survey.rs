//! What a document says as a whole, before its first row is marked: what its names stand for, how
//! its author counts, what its letters run over, what it gives and what it keeps back.
//!
//! The order matters: the author's way of counting decides what indices run over, those what is
//! defined, and definitions what is unknown.

mod first;
mod twice;

use std::collections::{BTreeMap, BTreeSet};

use super::claim::{defined, names_in, names_of, statements};
use super::declared::declared;
use super::document::{Document, Item};
use super::judge::Unknowns;
use super::names::{Cells, spelled};
use super::numbers::is_numeric;
use super::prose::Outline;
use super::scope::{Adjoint, Meaning, Scope};
use super::tex::syntax::{Expr, FormulaKind, Name, Part, Relation, visit};
use super::tex::unaccented;
use super::{convention, costs, givens, indices, labels, losses, properties, suspects};
use first::{define_first, drop_supposed};
use twice::defined_twice;

/// What is known before the walk.
pub(super) struct Survey<'n> {
    pub(super) scope: Scope<'n>,
    /// How the author counts, in words, if that is not the network's own way.
    pub(super) convention: Option<String>,
    pub(super) unknowns: Unknowns,
}

/// Looks through a document.
pub(super) fn survey<'n>(
    document: &Document<'_>,
    cells: Option<Cells<'n>>,
    round: usize,
) -> Survey<'n> {
    let mut scope = Scope::new(cells);
    scope.outline = Outline::of(document);
    scope.otherwise.clone_from(&document.otherwise);
    scope.values.divide(document);
    let declared = declared(document);
    for name in &declared {
        let symbol = scope.symbol(name);
        scope.leaves.insert(symbol);
    }
    let declared: BTreeSet<String> = declared.into_iter().collect();
    scope.spoken.clone_from(&declared);
    scope.properties = properties::told(document);
    scope.plain = quantities(document);
    (scope.functions, scope.said_any) = functions(document);
    scope.adjoint = adjoint(document);
    scope.bold.clone_from(&document.bold);
    let convention = convention::settle(&mut scope, document);
    indices::find(&mut scope, document, round);
    scope.kronecker = speaks_of(document, "Kronecker");
    scope.complex = ["omplex", "maginar", "maginär"].iter().any(|w| speaks_of(document, w));
    scope.speaks_of_slopes =
        ["derivative", "slope", "ifferentiat"].iter().any(|word| speaks_of(document, word));
    for name in statements(document).flat_map(|(_, _, s)| names_in(s)) {
        if scope.plain.contains(&spelled(&name)) {
            scope.plain_keys.insert(scope.indices.items(&name).0);
        }
        // What is said of x is said of each x_ij.
        if declared.contains(&spelled(&name)) || declared.contains(&scope.indices.items(&name).0) {
            for element in scope.each_element(&name) {
                let symbol = scope.symbol_of(&element);
                scope.leaves.insert(symbol);
            }
        }
    }
    scope.know_authors(document);
    scope.indices.several = defined_twice(&scope, document);
    define_first(&mut scope, document);
    costs::find(&mut scope, document);
    drop_supposed(&mut scope);
    scope.introduced = introduced(&scope, document);
    scope.unread_names = unread(&scope, document);
    scope.unread = scope.unread_names.iter().map(spelled).collect();
    scope.unsettled = labels::unsettled(&scope, document);
    givens::find(&mut scope, document);
    losses::find(&mut scope, document);
    scope.declared = scope.leaves.clone();
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
        for side in statement.sides() {
            visit(side, &mut |e| match &e.kind {
                FormulaKind::Product(all) => {
                    let names = all.iter().filter_map(|f| match &f.kind {
                        FormulaKind::Name(name) => Some(spelled(name)),
                        _ => None,
                    });
                    factors.extend(names);
                }
                // What something is differentiated by is a quantity.
                FormulaKind::Derivative { by, .. } => {
                    if let FormulaKind::Name(name) = &by.kind {
                        factors.insert(spelled(name));
                    }
                }
                FormulaKind::Apply { head, primes, args } => {
                    let of_a_name = matches!(&args[..], [Expr { kind: FormulaKind::Name(_), .. }]);
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

/// What an accent means where it is said of a name that stands nowhere else: "$\\bar{u} = ∂L/∂u$
/// for each quantity $u$".
fn adjoint(document: &Document<'_>) -> Option<Adjoint> {
    statements(document).find_map(|(at, _, statement)| {
        let (Some(Expr { kind: FormulaKind::Name(name), .. }), [(_, value)]) =
            (&statement.first, &statement.rest[..])
        else {
            return None;
        };
        let FormulaKind::Derivative { of, by, order: 1 } = &value.kind else { return None };
        let FormulaKind::Name(by) = &by.kind else { return None };
        let (stem, mark) = unaccented(&name.stem)?;
        if stem != by.stem || name.below != by.below || !matches!(of.kind, FormulaKind::Name(_)) {
            return None;
        }
        let elsewhere = statements(document).any(|(other, _, s)| {
            let states = !s.rest.is_empty() && other != at;
            states && names_in(s).iter().any(|n| spelled(n) == spelled(by))
        });
        (!elsewhere).then(|| Adjoint { at, mark, of: (**of).clone() })
    })
}

/// The names that are applied, and never stand by themselves as quantities do; and those of them
/// that words call any function.
fn functions(document: &Document<'_>) -> (BTreeSet<String>, BTreeSet<String>) {
    /// What functions are usually called.
    const USUAL: &[&str] = &["f", "g", "h", "F", "G", "φ", "ψ", "ϕ", "σ"];
    const ANY: &[&str] =
        &["any", "arbitrary", "every", "some", "differentiable", "smooth", "whatever"];
    let (mut applied, mut alone) = (BTreeSet::new(), BTreeSet::new());
    let (mut stands, mut below) = (BTreeMap::new(), BTreeMap::new());
    let mut primed: BTreeSet<String> = BTreeSet::new();
    for (at, _, statement) in statements(document) {
        let lone = match (&statement.first, &statement.rest[..]) {
            (Some(Expr { kind: FormulaKind::Name(name), .. }), []) => Some(spelled(name)),
            _ => None,
        };
        if let Some(name) = lone {
            let before = at.checked_sub(1).and_then(|before| document.items.get(before));
            if let Some(Item::Words(passage)) = before {
                let words = passage.text.rsplit(['.', ';', ',']).next().unwrap_or_default();
                let mut words = words.split_whitespace();
                if words.any(|word| ANY.contains(&word.to_lowercase().as_str())) {
                    alone.insert(name);
                }
            }
            continue;
        }
        for side in statement.sides() {
            visit(side, &mut |e| match &e.kind {
                FormulaKind::Apply { head, primes, args } if args.len() == 1 => {
                    let name = spelled(head);
                    if *primes > 0 {
                        primed.insert(name.clone());
                    }
                    if *primes > 0 || USUAL.contains(&name.as_str()) {
                        applied.insert(name);
                    }
                }
                FormulaKind::Name(name) => {
                    *stands.entry(spelled(name)).or_insert(0usize) += 1;
                }
                // ∂f/∂u of an f that is applied elsewhere is the slope of the function.
                FormulaKind::Derivative { of, .. } => {
                    if let FormulaKind::Name(name) = &of.kind {
                        *below.entry(spelled(name)).or_insert(0usize) += 1;
                    }
                }
                _ => {}
            });
        }
    }
    let bare: BTreeSet<String> = stands
        .into_iter()
        .filter(|(name, times)| below.get(name) != Some(times))
        .map(|(name, _)| name)
        .collect();
    // i′(x) is the slope of a function, whatever else i is in other places.
    let functions: BTreeSet<String> = applied.difference(&bare).cloned().chain(primed).collect();
    let any = alone.intersection(&functions).cloned().collect();
    (functions, any)
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

/// The names of which a row that could not be read says what they are, and no other row does.
fn unread(scope: &Scope<'_>, document: &Document<'_>) -> Vec<Name> {
    let mut found: Vec<Name> = Vec::new();
    for (at, item) in document.items.iter().enumerate() {
        let Item::Row(placed) = item else { continue };
        for part in &placed.row.parts {
            let (Part::Unread(refused) | Part::OutOfScope(refused)) = part else { continue };
            let equation = matches!(
                refused.relation,
                Some(Relation::Equal | Relation::Defines | Relation::About)
            );
            if equation
                && let Some((name, _)) = refused.left.as_ref().and_then(defined)
                && matches!(scope.meaning(name, at), Meaning::Free)
                && !scope.spoken.contains(&spelled(name))
            {
                found.push(name.clone());
            }
        }
    }
    found
}

/// What names are called, apart from their indices, that definitions are made of or that something
/// is differentiated by.
fn introduced(scope: &Scope<'_>, document: &Document<'_>) -> BTreeMap<String, (usize, usize)> {
    let mut found: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut add = |key: String, at: usize| {
        let known = found.entry(key).or_insert((at, at));
        known.1 = known.1.max(at);
    };
    let key = |name: &Name| scope.indices.items(name).0;
    for (at, _, statement) in statements(document) {
        let defines = statement.first.as_ref().and_then(defined).is_some()
            && !scope.outline.at(at).role.is_apart();
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::Derivative { by, .. } = &e.kind
                    && let FormulaKind::Name(name) = &by.kind
                {
                    add(key(name), usize::MAX);
                }
            });
        }
        let bodies = statement.rest.iter().filter(|_| defines);
        for (_, side) in bodies.filter(|(_, side)| !is_numeric(side)) {
            names_of(side).iter().for_each(|name| add(key(name), at));
        }
    }
    found
}
