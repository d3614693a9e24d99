//! Names that are numbered in another place than below: z^{l}, h^{t-1}, x^{(i)}, s(t − 1). In go the
//! rows of a document, out come the same rows with those numbers as indices.
//!
//! Invariant: a letter numbers a name only where the document shows it, by a shift, by a sum over
//! the letter, or since it is the usual one for a layer.

use std::collections::BTreeSet;

use super::document::{Document, Item};
use super::shapes::Shape;
use super::tex::syntax::{Array, Expr, FormulaKind, Name, Part, Statement, visit};

/// Makes indices of the numbers of names.
pub(super) fn lower(document: &mut Document<'_>) {
    turn_primes(&mut document.items);
    lower_moments(&mut document.items);
    lower_letters(&mut document.items, &mut document.told);
}

/// Every statement of the rows.
pub(super) fn statements(items: &mut [Item]) -> impl Iterator<Item = &mut Statement> {
    let rows = items.iter_mut().filter_map(|item| match item {
        Item::Row(placed) => Some(&mut placed.row.parts),
        _ => None,
    });
    rows.flatten().filter_map(|part| match part {
        Part::Statement(statement) => Some(statement),
        _ => None,
    })
}

/// Makes transposes of primes, X′y, where a great letter stands with one and without, as in
/// econometrics; elsewhere a prime is a part of its name.
fn turn_primes(items: &mut [Item]) {
    let all: Vec<&mut Expr> = statements(items).flat_map(Statement::sides_mut).collect();
    let (mut primed, mut plain, mut applied) = (BTreeSet::new(), BTreeSet::new(), false);
    // E′ = … is a slope.
    let slope = |side: &Expr| matches!(&side.kind, FormulaKind::Name(name) if name.above.as_deref() == Some("′"));
    if all.iter().any(|side| slope(side)) {
        return;
    }
    for side in &all {
        visit(side, &mut |e| match &e.kind {
            FormulaKind::Name(name) if name.above.as_deref() == Some("′") => {
                primed.insert(name.stem.clone());
            }
            FormulaKind::Name(name) => {
                plain.insert(name.stem.clone());
            }
            FormulaKind::Apply { primes, .. } => applied |= *primes > 0,
            _ => {}
        });
    }
    let great = |stem: &String| stem.chars().next().is_some_and(char::is_uppercase);
    if applied || !primed.iter().any(|stem| great(stem) && plain.contains(stem)) {
        return;
    }
    fn turn(expr: &mut Expr) {
        if let FormulaKind::Name(name) = &expr.kind
            && name.above.as_deref() == Some("′")
        {
            let of = FormulaKind::Name(Name { above: None, ..name.clone() });
            let of = Expr { kind: of, span: expr.span.clone() };
            expr.kind = FormulaKind::Array(Box::new(Array::Transpose(of)));
            return;
        }
        expr.children_mut().into_iter().for_each(turn);
    }
    all.into_iter().for_each(turn);
}

/// Makes indices of what stands above names and is one: the letter of a sum, x^{(i)} beside
/// \\sum_i, the letter for a layer, z^{l} beside a^{l-1}, and the numbers in their place. Their
/// names end in `^` from here on, and it is the first of their indices. Otherwise Σ_i x^{(i)} would
/// be so many times the same.
fn lower_letters(items: &mut [Item], told: &mut [(usize, Name, Shape)]) {
    let sides = |items: &mut [Item], change: &mut dyn FnMut(&mut Expr)| {
        statements(items).flat_map(Statement::sides_mut).for_each(change);
    };
    let inner = |name: &Name| {
        let above = name.above.as_deref().unwrap_or_default();
        above.trim_matches(['(', ')', '[', ']', '<', '>']).to_string()
    };
    // The letter of `i`, `l+1`, and whether it is one of a layer.
    let letter = |name: &Name| {
        let inner = inner(name);
        let mut all = inner.chars();
        let first = all.next().filter(|c| c.is_lowercase())?;
        let rest = all.as_str();
        let shift = rest.strip_prefix(['+', '-']);
        let shifted = shift.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        (rest.is_empty() || shifted).then_some((first, matches!(first, 'l' | 'ℓ')))
    };
    let mut summed: BTreeSet<char> = BTreeSet::new();
    sides(items, &mut |side| {
        visit(side, &mut |e| {
            if let FormulaKind::BigSum { indices, .. } = &e.kind {
                summed.extend(indices.iter().filter_map(|i| i.chars().next()));
            }
        });
    });
    // The t of h^{t} and h^{t-1} numbers steps.
    let mut steps: BTreeSet<char> = BTreeSet::new();
    sides(items, &mut |side| {
        side.each_name(&mut |name| {
            let shifted = inner(name).contains(['+', '-']);
            steps.extend(letter(name).filter(|_| shifted).map(|(c, _)| c));
        });
    });
    let mut stems: BTreeSet<String> = BTreeSet::new();
    sides(items, &mut |side| {
        side.each_name(&mut |name| {
            let known = |c: &char| summed.contains(c) || steps.contains(c);
            if letter(name).is_some_and(|(c, layer)| layer || known(&c)) {
                stems.insert(name.stem.clone());
            }
        });
    });
    if stems.is_empty() {
        return;
    }
    let lower = |name: &mut Name| {
        let inner = inner(name);
        let number = !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_digit());
        if stems.contains(&name.stem) && (number || inner == "L" || letter(name).is_some()) {
            name.stem.push('^');
            name.above = None;
            name.below.insert(0, inner);
        }
    };
    // ∇_a of what stands at the end: a of the last layer.
    for statement in statements(items) {
        let mut last = false;
        for side in statement.sides() {
            visit(side, &mut |e| {
                last |= matches!(&e.kind, FormulaKind::Name(name) if inner(name) == "L");
            });
        }
        if last {
            statement.sides_mut().for_each(|side| of_the_last(side, &stems));
        }
    }
    sides(items, &mut |side| side.each_name(&mut |name| lower(name)));
    told.iter_mut().for_each(|(_, name, _)| lower(name));
}

/// Makes indices of moments: x(t) is x_t beside h(t − 1). A name is one of moments only where all
/// its arguments are.
fn lower_moments(items: &mut [Item]) {
    let (mut steps, mut moments, mut others) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let all: Vec<&mut Expr> = statements(items).flat_map(Statement::sides_mut).collect();
    for side in &all {
        visit(side, &mut |e| match &e.kind {
            FormulaKind::Apply { head, primes: 0, args } => match moment(args) {
                Some((at, shifted)) => {
                    if shifted {
                        steps.insert(at.chars().take(1).collect::<String>());
                    }
                    moments.insert((head.stem.clone(), at.chars().take(1).collect::<String>()));
                }
                None => {
                    others.insert(head.stem.clone());
                }
            },
            FormulaKind::Apply { head, .. } => {
                others.insert(head.stem.clone());
            }
            _ => {}
        });
    }
    moments.retain(|(stem, letter)| steps.contains(letter) && !others.contains(stem));
    if moments.is_empty() {
        return;
    }
    fn lower(expr: &mut Expr, moments: &BTreeSet<(String, String)>) {
        if let FormulaKind::Apply { head, primes: 0, args } = &expr.kind
            && let Some((at, _)) = moment(args)
            && moments.contains(&(head.stem.clone(), at.chars().take(1).collect()))
        {
            let mut name = head.clone();
            name.below.push(at);
            expr.kind = FormulaKind::Name(name);
        }
        expr.children_mut().into_iter().for_each(|e| lower(e, moments));
    }
    all.into_iter().for_each(|side| lower(side, &moments));
}

/// `t` and `t-1` of an argument, and whether it is shifted.
fn moment(args: &[Expr]) -> Option<(String, bool)> {
    let letter = |e: &Expr| match &e.kind {
        FormulaKind::Name(name)
            if matches!(name.stem.as_str(), "t" | "τ" | "n" | "k")
                && name.below.is_empty()
                && name.above.is_none() =>
        {
            Some(name.stem.clone())
        }
        _ => None,
    };
    let [arg] = args else { return None };
    if let Some(letter) = letter(arg) {
        return Some((letter, false));
    }
    let FormulaKind::Sum(terms) = &arg.kind else { return None };
    let [(false, first), (minus, second)] = &terms[..] else { return None };
    let FormulaKind::Number { value, .. } = &second.kind else { return None };
    let sign = if *minus { '-' } else { '+' };
    Some((format!("{}{sign}{}", letter(first)?, value.to_i32()?), true))
}

/// Puts the last layer's a for the a of ∇_a.
fn of_the_last(expr: &mut Expr, stems: &BTreeSet<String>) {
    if let FormulaKind::Derivative { by, .. } = &mut expr.kind
        && let FormulaKind::Name(name) = &mut by.kind
        && name.below.is_empty()
        && name.above.is_none()
        && stems.contains(&name.stem)
    {
        name.above = Some("(L)".to_string());
    }
    expr.children_mut().into_iter().for_each(|e| of_the_last(e, stems));
}
