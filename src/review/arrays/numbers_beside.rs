//! Names of numbers beside arrays: functions of arrays, f of f(x) = xᵀx, and great letters that are
//! numbers, as a loss is and a count.

use std::collections::{BTreeMap, BTreeSet};

use super::infer::is_great;
use super::reading::{Functions, Reading, is_function_of_arrays};
use super::shape::{Shapes, Sight};
use crate::review::shapes::Turned;
use crate::review::tex::syntax::{Array, Expr, FormulaKind, Name, Statement, visit};

/// What statements show of them: what ∇ differentiates, what a number defines, what something is
/// divided by.
pub(super) fn find(all: &[&Statement], shapes: &Shapes) -> Functions {
    let mut scalars: BTreeMap<String, Vec<Name>> = BTreeMap::new();
    let mut numbers: BTreeSet<String> = BTreeSet::new();
    let none = Functions::default();
    for statement in all {
        for side in statement.sides() {
            visit(side, &mut |e| {
                differentiated(e, shapes, &mut scalars);
                great(e, &mut numbers);
            });
        }
        // f(x) = xᵀx, J(W) = ‖W‖²; but f(z) = z is done to each element.
        let (Some(first), [(_, value), ..]) = (&statement.first, &statement.rest[..]) else {
            continue;
        };
        let FormulaKind::Apply { head, primes: 0, args } = &first.kind else { continue };
        let mut reading = Reading::new(shapes, &none, "", Turned::default());
        let number = reading
            .term(value)
            .is_ok_and(|t| !t.shape.is_array() && (t.has_array() || sums_elements(value, shapes)));
        let of_elements = args.len() > 1 && is_made_of_elements(value, args);
        if number || is_great(head) || of_elements {
            let params: Option<Vec<Name>> = args.iter().map(name).collect();
            scalars.insert(head.stem.clone(), params.unwrap_or_default());
        }
    }
    scalars.retain(|name, _| !is_function_of_arrays(name));
    Functions { scalars, numbers, maps: BTreeSet::new() }
}

/// Whether a value is made of elements of what it is a function of, each under a sum over its index
/// or at an index that is itself an argument: log Σ_i exp z_i − z_y of (z, y).
fn is_made_of_elements(value: &Expr, args: &[Expr]) -> bool {
    let params: Vec<Name> = args.iter().filter_map(name).collect();
    let own: BTreeSet<&str> = params.iter().map(|p| p.stem.as_str()).collect();
    let (mut over, mut below, mut wholes) = (BTreeSet::new(), BTreeSet::new(), false);
    visit(value, &mut |e| match &e.kind {
        FormulaKind::BigSum { indices, .. } => over.extend(indices.iter().cloned()),
        FormulaKind::Name(n) if own.contains(n.stem.as_str()) => {
            wholes |= n.below.is_empty();
            below.extend(n.below.iter().cloned());
        }
        _ => {}
    });
    let known = |part: &String| over.contains(part) || own.contains(part.as_str());
    params.len() == args.len() && !wholes && !below.is_empty() && below.iter().all(known)
}

/// Whether elements of arrays are summed in an expression.
fn sums_elements(expr: &Expr, shapes: &Shapes) -> bool {
    let mut found = false;
    visit(expr, &mut |e| {
        let FormulaKind::BigSum { indices, body, .. } = &e.kind else { return };
        visit(body, &mut |part| {
            found |= matches!(&part.kind, FormulaKind::Name(name)
                if name.below.iter().any(|at| indices.contains(at))
                    && matches!(shapes.of(name), Sight::Element));
        });
    });
    found
}

fn name(expr: &Expr) -> Option<Name> {
    match &expr.kind {
        FormulaKind::Name(name) => Some(name.clone()),
        _ => None,
    }
}

/// f(x) of ∇f(x) and of ∂f(x)/∂x with an array x.
fn differentiated(e: &Expr, shapes: &Shapes, found: &mut BTreeMap<String, Vec<Name>>) {
    let of = match &e.kind {
        FormulaKind::Derivative { of, by, .. } => {
            let array = name(by).is_some_and(
                |by| matches!(shapes.of(&by), Sight::Known(_, known) if known.shape.is_array()),
            );
            array.then_some(&**of)
        }
        FormulaKind::Array(array) => match &**array {
            Array::Gradient(of) => Some(of),
            _ => None,
        },
        _ => None,
    };
    if let Some(FormulaKind::Apply { head, primes: 0, .. }) = of.map(|of| &of.kind) {
        found.entry(head.stem.clone()).or_default();
    }
}

/// Great letters that are numbers: what is differentiated, what divides, where a sum ends.
fn great(e: &Expr, found: &mut BTreeSet<String>) {
    let mut add = |e: &Expr| {
        if let FormulaKind::Name(name) = &e.kind
            && is_great(name)
        {
            found.insert(name.stem.clone());
        }
    };
    match &e.kind {
        FormulaKind::Derivative { of, .. } => add(of),
        FormulaKind::Quotient(_, below) => match &below.kind {
            FormulaKind::Product(all) => all.iter().for_each(add),
            _ => add(below),
        },
        FormulaKind::BigSum { to: Some(to), .. } => add(to),
        _ => {}
    }
}
