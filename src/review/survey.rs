//! What a document says as a whole, before its first row is marked: what its names stand for, how
//! its author counts, what its letters run over, what it gives and what it keeps back.
//!
//! The order matters: the author's way of counting decides what indices run over, those what is
//! defined, and definitions what is unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::claim::{defined, holds_name, names_in, names_of, same, statements};
use super::declared::{conditions, declared};
use super::document::{Document, Item, Placed};
use super::judge::Unknowns;
use super::names::{Cells, spelled};
use super::numbers::is_numeric;
use super::prose::{Outline, Place, Role};
use super::read::Passage;
use super::scope::{Adjoint, Certainty, Definition, Meaning, Scope};
use super::tex::syntax::{Expr, FormulaKind, Known, Name, Part, Relation, Statement, visit};
use super::tex::{introduces, unaccented};
use super::{convention, costs, givens, indices, losses, properties, suspects};

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
        if declared.contains(&spelled(&name)) {
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
    let functions: BTreeSet<String> = applied.difference(&bare).cloned().collect();
    let any = alone.intersection(&functions).cloned().collect();
    (functions, any)
}

/// What σ is where "σ² = …" defines it: the root.
fn root_of<'e>(first: &'e Expr, value: &Expr) -> Option<(&'e Name, Expr)> {
    let FormulaKind::Power(base, two) = &first.kind else { return None };
    let (FormulaKind::Name(name), FormulaKind::Number { value: n, .. }) = (&base.kind, &two.kind)
    else {
        return None;
    };
    let root = FormulaKind::Call(Known::Sqrt, Box::new(value.clone()));
    (n.to_i32() == Some(2)).then(|| (name, Expr { kind: root, span: value.span.clone() }))
}

/// The names that stand anywhere but behind a ∂ on top: what is only ever differentiated is no
/// variable. And those that something is differentiated by, and that are never differentiated.
fn variables(document: &Document<'_>) -> (BTreeSet<String>, BTreeSet<String>) {
    fn walk(expr: &Expr, varied: &mut BTreeSet<String>) {
        match &expr.kind {
            FormulaKind::Name(name) => {
                varied.insert(spelled(name));
            }
            FormulaKind::Derivative { of, by, .. } => {
                if !matches!(of.kind, FormulaKind::Name(_)) {
                    walk(of, varied);
                }
                walk(by, varied);
            }
            _ => expr.children().into_iter().for_each(|e| walk(e, varied)),
        }
    }
    let (mut varied, mut by_names, mut of_names) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (_, _, statement) in statements(document) {
        let defines = statement.first.as_ref().is_some_and(|f| defined(f).is_some());
        for side in statement.sides().skip(usize::from(defines)) {
            walk(side, &mut varied);
            visit(side, &mut |e| {
                if let FormulaKind::Derivative { of, by, .. } = &e.kind {
                    if let FormulaKind::Name(name) = &by.kind {
                        by_names.insert(spelled(name));
                    }
                    if let FormulaKind::Name(name) = &of.kind {
                        of_names.insert(spelled(name));
                    }
                }
            });
        }
    }
    let moved = by_names.difference(&of_names).cloned().collect();
    (varied, moved)
}

/// Whether an expression is a sum over the elements of which a name is the mean by its accent.
fn is_mean_of(sum: &Expr, name: &Name) -> bool {
    let Some((stem, '\u{304}' | '\u{305}')) = unaccented(&name.stem) else { return false };
    let mut found = false;
    visit(sum, &mut |e| {
        if let FormulaKind::BigSum { body, .. } = &e.kind {
            found |= matches!(&body.kind, FormulaKind::Name(n)
                if n.stem == stem && n.below.len() > name.below.len());
        }
    });
    found
}

/// Names with letters for indices that have a definition with one letter and another one with
/// another: δ_k = y_k − t_k and δ_j = h_j (1 − h_j) Σ_k w_{kj} δ_k.
fn defined_twice(scope: &Scope<'_>, document: &Document<'_>) -> BTreeSet<String> {
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

/// Whether a sum stands in an expression that does not say over what, as one in general words.
fn sums_nothing_named(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |e| {
        found |= matches!(&e.kind, FormulaKind::BigSum { indices, .. } if indices.is_empty());
    });
    found
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

/// The names of which rows say what they are that could not be read, with the first such row.
fn refused(document: &Document<'_>) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for (at, item) in document.items.iter().enumerate() {
        let Item::Row(placed) = item else { continue };
        for part in &placed.row.parts {
            let (Part::Unread(refused) | Part::OutOfScope(refused)) = part else { continue };
            if matches!(refused.relation, Some(Relation::Equal | Relation::Defines))
                && let Some((name, _)) = refused.left.as_ref().and_then(defined)
            {
                found.entry(spelled(name)).or_insert(at);
            }
        }
    }
    found
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

/// Whether a definition is said for a case: a comparison stands behind it, in its row or behind
/// "if", "for" and their like, or a condition before it in its sentence.
fn stands_in_a_case(
    scope: &Scope<'_>,
    document: &Document<'_>,
    at: usize,
    placed: &Placed,
    statement: &Statement,
) -> bool {
    let compares = |s: &Statement| {
        s.rest.iter().any(|(relation, _)| matches!(relation, Relation::Other | Relation::Differs))
            && !scope.is_about_indices(s)
    };
    let of_row = |part: &Part| match part {
        Part::Statement(s) => s.span.start > statement.span.start && compares(s),
        _ => false,
    };
    if placed.row.parts.iter().any(of_row) {
        return true;
    }
    let sentence = scope.outline.at(at).sentence;
    let row = |at: usize| match document.items.get(at) {
        Some(Item::Row(row)) if scope.outline.at(at).sentence == sentence => Some(row),
        _ => None,
    };
    let states = |row: &Placed, all: bool| {
        row.row.parts.iter().any(|part| match part {
            Part::Statement(s) => {
                compares(s) || all && !s.rest.is_empty() && !scope.is_about_indices(s)
            }
            _ => false,
        })
    };
    // "a = z if z > 0".
    if let (Some(Item::Words(passage)), Some(next)) = (document.items.get(at + 1), row(at + 2)) {
        let words = passage.text.trim_start_matches([',', ' ', '(']);
        if let Some(word) = conditions(words)
            && states(next, word != "for")
        {
            return true;
        }
    }
    // "If z > 0 then a = z"; but "if Z = XY" is what defines Z.
    (0..at).rev().take_while(|before| scope.outline.at(*before).sentence == sentence).any(
        |before| {
            let role = scope.outline.at(before).role;
            let own = scope.solved.iter().any(|(solved, _)| *solved == before);
            let equation = matches!(role, Role::Condition | Role::Supposition) && !own;
            let range = role == Role::Range;
            let defines = scope.definitions.values().flatten().any(|d| d.at == before);
            (equation || range)
                && !defines
                && row(before).is_some_and(|before| states(before, equation))
        },
    )
}

/// Whether an inline formula follows another that defines something by its name, with a comma or
/// "and" between them: "y = σ(z), z = wx".
fn goes_on_defining(document: &Document<'_>, at: usize, name: &Name) -> bool {
    let between = at.checked_sub(1).and_then(|before| document.items.get(before));
    let Some(Item::Words(passage)) = between else { return false };
    let words = passage.text.trim().trim_matches([',', ' ']);
    let before = at.checked_sub(2).and_then(|before| document.items.get(before));
    let (Some(Item::Row(placed)), Some(Item::Row(own))) = (before, document.items.get(at)) else {
        return false;
    };
    placed.inline
        && own.inline
        && matches!(words, "" | "and" | "where" | "with")
        && placed.row.parts.iter().any(|part| match part {
            Part::Statement(s) => {
                s.first.as_ref().and_then(defined).is_some()
                    && s.rest.iter().any(|(relation, side)| {
                        matches!(relation, Relation::Equal | Relation::Defines)
                            && holds_name(side, name)
                    })
            }
            _ => false,
        })
}

/// Whether a function stands in an expression of which the document does not say what it is.
fn applies_unknown(scope: &Scope<'_>, expr: &Expr, defined: &BTreeSet<String>) -> bool {
    let mut found = false;
    visit(expr, &mut |e| {
        if let FormulaKind::Apply { head, args, .. } = &e.kind {
            let name = spelled(head);
            found |=
                !defined.contains(&name) && (args.len() > 1 || scope.functions.contains(&name));
        }
    });
    found
}

/// What is a definition by a supposition ends where words drop that.
fn drop_supposed(scope: &mut Scope<'_>) {
    for all in scope.definitions.values_mut() {
        let Some(last) = all.last() else { continue };
        let role = scope.outline.at(last.at).role;
        if matches!(role, Role::Supposition | Role::Condition)
            && let Some(at) = scope.outline.dropped_behind(last.at)
        {
            let ended = Definition { at, standing: Certainty::Dropped, ..last.clone() };
            all.push(ended);
        }
    }
}

/// The first definition of each name is in force everywhere: authors define late. But an equation
/// for a name that was in use before, and that something is differentiated by and that is itself
/// never differentiated, is no definition: "the slope vanishes at w = t/x" is no reason to put t/x
/// for w above.
fn define_first(scope: &mut Scope<'_>, document: &Document<'_>) {
    let mut seen = BTreeSet::new();
    let mut used: BTreeMap<String, (usize, Rc<Passage>)> = BTreeMap::new();
    let (varied, moved) = variables(document);
    let names_defined: BTreeSet<String> = statements(document)
        .filter(|(_, _, s)| s.rest.first().is_some_and(|(_, side)| !is_numeric(side)))
        .filter_map(|(_, _, s)| defined(s.first.as_ref()?).map(|(name, _)| spelled(name)))
        .collect();
    let refused = refused(document);
    for (at, placed, statement) in statements(document) {
        let before = &used;
        let before_it: BTreeSet<String> = names_in(statement)
            .iter()
            .map(spelled)
            .filter(|name| before.contains_key(name))
            .collect();
        let first_use = statement.first.as_ref().and_then(defined);
        let first_use = first_use.and_then(|(name, _)| before.get(&spelled(name)));
        let is_used = first_use.is_some_and(|(_, first)| !Rc::ptr_eq(first, &placed.passage));
        let Place { role, sentence, .. } = scope.outline.at(at);
        // "If $y = \\sin z$, $z = wx$": what a condition is made of is part of it.
        let of_before =
            first_use.is_some_and(|(first, _)| scope.outline.at(*first).sentence != sentence);
        let general = statement.rest.iter().any(|(_, side)| sums_nothing_named(side));
        if !general && statement.rest.iter().any(|(_, side)| !is_numeric(side)) {
            for name in names_in(statement) {
                used.entry(spelled(&name)).or_insert_with(|| (at, placed.passage.clone()));
            }
        }
        let (Some(first), [(relation, value), more @ ..]) = (&statement.first, &statement.rest[..])
        else {
            continue;
        };
        // "E = (f(x; θ) − y)² = (θx² − y)²": by what is known of it.
        let unknown = |side: &Expr| applies_unknown(scope, side, &names_defined);
        let known = more
            .iter()
            .find(|(other, side)| *other == Relation::Equal && !unknown(side) && !is_numeric(side));
        let value = match known {
            Some((_, side)) if unknown(value) => side,
            _ => value,
        };
        // What is no statement of its own defines nothing, nor does a row that was read in part.
        if matches!(role, Role::Negation | Role::Exception | Role::Sought) || !placed.is_whole() {
            continue;
        }
        let introduces_it = matches!(role, Role::Definition)
            || *relation == Relation::Defines
            || statement.introduced;
        // "Let Σ_j e^{f_j} = S": the name stands behind.
        if introduces_it
            && let FormulaKind::Name(name) = &value.kind
            && !matches!(first.kind, FormulaKind::Name(_) | FormulaKind::Apply { .. })
            && scope.free_letters(&[first]).is_empty()
            && scope.cell(name).is_none()
            && !scope.has_index(name)
            && !scope.spoken.contains(&spelled(name))
            && !names_defined.contains(&spelled(name))
            && !is_numeric(first)
            && !before_it.contains(&spelled(name))
            && seen.insert(spelled(name))
        {
            scope.define(name, Definition::new(at, first.clone()));
            continue;
        }
        // "(1/m) Σ_i x_i = x̄" says what x̄ is, whichever side it stands on.
        if let FormulaKind::Name(name) = &value.kind
            && matches!(relation, Relation::Equal | Relation::Defines)
            && is_mean_of(first, name)
            && scope.free_letters(&[first]).is_empty()
            && scope.cell(name).is_none()
            && !scope.spoken.contains(&spelled(name))
            && !names_defined.contains(&spelled(name))
            && seen.insert(spelled(name))
        {
            scope.define(name, Definition::new(at, first.clone()));
            continue;
        }
        if let Some((name, root)) = root_of(first, value)
            && matches!(relation, Relation::Equal | Relation::Defines)
            && !scope.spoken.contains(&spelled(name))
            && scope.cell(name).is_none()
            && !scope.has_index(name)
            && !holds_name(value, name)
            && !is_numeric(value)
            && !names_defined.contains(&spelled(name))
            && seen.insert(spelled(name))
        {
            scope.define(name, Definition::new(at, root));
            scope.squares.insert((at, spelled(name)));
            continue;
        }
        let Some((name, params)) = defined(first) else { continue };
        let (name, value) = &scope.indices.of_its_layer(name, value);
        if scope.adjoint_of(name).is_some() || scope.slope_of(name, at).is_some() {
            continue;
        }
        // What was declared is not defined by a conclusion about it, nor by a condition.
        if scope.spoken.contains(&spelled(name)) && !introduces_it {
            continue;
        }
        // Nor is what was said before in a way that could not be read.
        if role == Role::Conclusion
            && refused.get(&spelled(name)).is_some_and(|before| *before < at)
        {
            continue;
        }
        if role.is_apart() && is_used && of_before && !introduces_it {
            continue;
        }
        let states = matches!(relation, Relation::Equal | Relation::Defines)
            && !scope.is_about_indices(statement);
        if !states || holds_name(value, name) || matches!(value.kind, FormulaKind::List(_)) {
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
        let first = Expr { kind: FormulaKind::Name(name.clone()), span: 0..0 };
        let own = scope.free_letters(&[&first]);
        if scope.free_letters(&[value]).keys().any(|letter| !own.contains_key(letter)) {
            continue;
        }
        // A number is a value, and does not make its name a constant.
        if params.is_empty() && is_numeric(value) {
            continue;
        }
        // σ(y) = 0.9 is a value, and not what σ is; J(θ) with an element of θ is a quantity.
        let (mut params, mut of) = (params, Vec::new());
        if !params.is_empty() && !params.iter().any(|p| holds_name(value, p)) {
            let moves = |p: &Name| {
                let stem = |e: &Name| e.stem == p.stem && !e.below.is_empty();
                statements(document).any(|(_, _, s)| names_in(s).iter().any(stem))
            };
            if is_numeric(value) || !params.iter().all(moves) {
                continue;
            }
            of = std::mem::take(&mut params);
        }
        if params.is_empty()
            && is_used
            && !document.says_where(at)
            && !goes_on_defining(document, at, name)
            && names_of(value).iter().all(|name| before_it.contains(&spelled(name)))
            && !statement.introduced
            && !placed
                .row
                .parts
                .iter()
                .any(|part| matches!(part, Part::Words(words, _) if introduces(words)))
            && !seen.contains(&spelled(name))
            && varied.contains(&spelled(name))
            && (moved.contains(&spelled(name)) || document.says_solution(at))
        {
            scope.solved.insert((at, spelled(name)));
            continue;
        }
        // Nor is the last layer, where all layers are defined.
        if scope.indices.is_at_the_end(name) && scope.defines(name) {
            continue;
        }
        // An element of what is defined for all of them is no new name.
        if scope.is_element(name, at) || sums_nothing_named(value) {
            continue;
        }
        if scope.cell(name).is_none() && seen.insert(spelled(name)) {
            let mut new = Definition::new(at, value.clone());
            if stands_in_a_case(scope, document, at, placed, statement) {
                new.standing = Certainty::Conditional;
            }
            let definition = Definition { params, of, indices, ..new };
            scope.define(name, definition);
        }
    }
}
