//! The first definition of each name, before the walk.
//!
//! Invariants: it is in force everywhere; what is said for a case, by a supposition, or of a name in
//! use before, is no such definition.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::review::claim::{defined, holds_name, names_in, names_of, statements};
use crate::review::declared::conditions;
use crate::review::document::{Document, Item, Placed};
use crate::review::indices;
use crate::review::names::spelled;
use crate::review::numbers::is_numeric;
use crate::review::prose::{Place, Role};
use crate::review::read::Passage;
use crate::review::scope::{Certainty, Definition, Scope};
use crate::review::tex::syntax::{
    Expr, FormulaKind, Known, Name, Part, Relation, Statement, visit,
};
use crate::review::tex::{introduces, unaccented};

/// The first definition of each name is in force everywhere: authors define late. But an equation
/// for a name that was in use before, and that something is differentiated by and that is itself
/// never differentiated, is no definition: "the slope vanishes at w = t/x" is no reason to put t/x
/// for w above.
pub(super) fn define_first(scope: &mut Scope<'_>, document: &Document<'_>) {
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
            && is_new(scope, name, &names_defined)
            && !scope.has_index(name)
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
            && is_new(scope, name, &names_defined)
            && seen.insert(spelled(name))
        {
            scope.define(name, Definition::new(at, first.clone()));
            continue;
        }
        if let Some((name, root)) = root_of(first, value)
            && matches!(relation, Relation::Equal | Relation::Defines)
            && is_new(scope, name, &names_defined)
            && !scope.has_index(name)
            && !holds_name(value, name)
            && !is_numeric(value)
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
                document.labels.parts.contains(&spelled(p))
                    || statements(document).any(|(_, _, s)| names_in(s).iter().any(stem))
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
        // "p = σ(z). So z = ln(p/(1 − p))": what a name is made of is not made of that name.
        if role != Role::Definition && turns_back(scope, name, value, at) {
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

/// Whether what a name would be defined by is itself made of that name, by what is defined before.
/// A step that is made of the one before it is no such circle.
fn turns_back(scope: &Scope<'_>, name: &Name, value: &Expr, at: usize) -> bool {
    let shifted = |item: &indices::Item| matches!(item, indices::Item::Shifted(_));
    let (key, items) = scope.indices.items(name);
    let number = |item: &indices::Item| matches!(item, indices::Item::Number(_));
    if items.iter().any(|item| shifted(item) || number(item)) {
        return false;
    }
    let same = |inner: &Name| {
        let (other, its) = scope.indices.items(inner);
        other == key && its.len() == items.len()
    };
    let mut open = names_of(value);
    // δ_j = Σ_k w_{kj} δ_k is made of other elements.
    if open.iter().any(&same) {
        return false;
    }
    let (mut seen, mut found) = (BTreeSet::new(), false);
    while let Some(inner) = open.pop() {
        if !seen.insert(spelled(&inner)) {
            continue;
        }
        if same(&inner) {
            if scope.indices.items(&inner).1.iter().any(shifted) {
                return false;
            }
            found = true;
        }
        let before = scope.in_force(&inner, at).filter(|definition| definition.at < at);
        open.extend(before.map(|definition| names_of(&definition.body)).unwrap_or_default());
    }
    found
}

/// Whether nothing but the equation at hand says what a name is: neither the network nor words,
/// nor an equation that has it on its left.
fn is_new(scope: &Scope<'_>, name: &Name, defined: &BTreeSet<String>) -> bool {
    let name_as_written = spelled(name);
    scope.cell(name).is_none()
        && !scope.spoken.contains(&name_as_written)
        && !defined.contains(&name_as_written)
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

/// Whether a sum stands in an expression that does not say over what, as one in general words.
fn sums_nothing_named(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |e| {
        found |= matches!(&e.kind, FormulaKind::BigSum { indices, .. } if indices.is_empty());
    });
    found
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

/// What is a definition by a supposition ends where words drop that.
pub(super) fn drop_supposed(scope: &mut Scope<'_>) {
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
