//! Vectors and matrices, said in elements. In goes a document whose formulas have arrays in them,
//! out comes one in which each statement about arrays is a statement about each of their elements:
//! z = Wx + b becomes z_i = Σ_j W_ij x_j + b_i. What follows knows nothing of arrays.
//!
//! A straight line: what words and ℝ say of shapes (`told`), what formulas show of them (`infer`),
//! each statement with its shapes (`term`) and its elements (`element`), row by row (`spread`).
//! What always holds:
//! - what cannot be said in elements for certain is out of scope, with its reason;
//! - the letters of new indices stand nowhere else in their formula, and rows of one chain have
//!   the same ones;
//! - a statement that is wrong by its shapes alone says so.

mod bold;
mod einstein;
mod element;
mod infer;
mod shape;
mod spread;
mod term;
mod told;

use std::collections::BTreeSet;

use self::shape::{Shapes, Sight};
use self::spread::Spreader;
use self::term::{Reading, Term, Trouble};
use super::document::{Document, Item, Placed};
use super::names::spelled;
use super::shapes::{Arrays, Length, Shape};
use super::tex::syntax::{Array, Expr, FormulaKind, Known, Name, Part, Statement, visit};
use crate::net::Network;

/// Says the statements of a document about arrays in elements.
pub(super) fn spread(document: &mut Document<'_>, network: Option<&Network>) {
    document.bold = bold::bold(&document.items);
    let told = std::mem::take(&mut document.told);
    document.arrays = spread_items(&mut document.items, told, &document.bold, network);
}

fn spread_items(
    items: &mut [Item],
    told: Vec<(Name, Shape)>,
    bold: &BTreeSet<String>,
    network: Option<&Network>,
) -> Arrays {
    einstein::write_sums(items);
    let mut shapes = Shapes::default();
    for (name, shape) in told.into_iter().chain(told::words(items)) {
        shapes.tell(&name, shape, false);
    }
    let (symmetric, more) = told::properties(items);
    symmetric.iter().for_each(|name| shapes.mirror(name));
    let all: Vec<&Statement> = rows(items).map(|(_, statement)| statement).collect();
    if let Some(net) = network {
        tell_network(&all, net, &mut shapes);
    }
    if !shapes.has_arrays() && !all.iter().any(|s| speaks_of_arrays(s)) {
        return Arrays::default();
    }
    let scalars = scalars(&all, &shapes);
    infer::infer(&all, &mut shapes, &scalars, bold);
    while all.iter().any(|statement| tear(statement, &mut shapes, &scalars)) {}
    let default = told::of_all(items);
    let arrays = Arrays { more, ..Arrays::default() };
    let mut spreader = Spreader::new(&shapes, &scalars, default, arrays);
    for (at, item) in items.iter_mut().enumerate() {
        if let Item::Row(placed) = item {
            spreader.row(at, placed);
        }
    }
    spreader.arrays
}

/// The statements with their rows.
fn rows(items: &[Item]) -> impl Iterator<Item = (&Placed, &Statement)> {
    let rows = items.iter().filter_map(|item| match item {
        Item::Row(placed) => Some(placed),
        Item::Words(_) => None,
    });
    rows.flat_map(|placed| {
        placed.row.parts.iter().filter_map(move |part| match part {
            Part::Statement(statement) => Some((placed, statement)),
            _ => None,
        })
    })
}

/// Whether a statement has what only arrays have.
fn speaks_of_arrays(statement: &Statement) -> bool {
    let mut found = false;
    for side in statement.sides() {
        visit(side, &mut |e| {
            found |= match &e.kind {
                FormulaKind::Array(_) | FormulaKind::Matrix(_) => true,
                FormulaKind::Call(Known::Norm, a) => has_name(a),
                _ => false,
            };
        });
    }
    found
}

fn has_name(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |e| found |= matches!(e.kind, FormulaKind::Name(_)));
    found
}

/// The shapes of a network's quantities by the names that a document has for them.
fn tell_network(all: &[&Statement], net: &Network, shapes: &mut Shapes) {
    let mut seen = BTreeSet::new();
    for statement in all {
        for side in statement.sides() {
            visit(side, &mut |e| {
                let FormulaKind::Name(name) = &e.kind else { return };
                let spelled = spelled(name);
                let Some(found) = net.find(&spelled) else { return };
                if !seen.insert(spelled) {
                    return;
                }
                let number = |n: usize| Length::Number(n as i64);
                let shape = match net.shape(found).lengths() {
                    [] => Shape::Scalar,
                    [n] => Shape::Column(number(*n)),
                    [m, n] => Shape::Matrix(number(*m), number(*n)),
                    _ => return,
                };
                shapes.tell(name, shape, true);
            });
        }
    }
}

/// The names that are applied to arrays and are numbers: what ∇ differentiates, and what the
/// document defines by a number.
fn scalars(all: &[&Statement], shapes: &Shapes) -> Vec<String> {
    let mut found = BTreeSet::new();
    for statement in all {
        for side in statement.sides() {
            visit(side, &mut |e| {
                let of = match &e.kind {
                    FormulaKind::Derivative { of, by, .. } => match &by.kind {
                        FormulaKind::Name(name) => match shapes.of(name) {
                            Sight::Known(_, known) if known.shape.is_array() => Some(&**of),
                            _ => None,
                        },
                        _ => None,
                    },
                    FormulaKind::Array(array) => match &**array {
                        Array::Gradient(of) => Some(of),
                        _ => None,
                    },
                    _ => None,
                };
                if let Some(FormulaKind::Apply { head, primes: 0, .. }) = of.map(|of| &of.kind) {
                    found.insert(head.stem.clone());
                }
            });
        }
        // f(x) = xᵀx, J(W) = ‖W‖²; but f(z) = z is done to each element.
        if let (Some(FormulaKind::Apply { head, primes: 0, .. }), [(_, value), ..]) =
            (statement.first.as_ref().map(|f| &f.kind), &statement.rest[..])
        {
            let mut reading = Reading {
                shapes,
                scalars: &[],
                text: "",
                unsure: Vec::new(),
                symmetric: Vec::new(),
                other_layout: false,
            };
            let number = reading.term(value).is_ok_and(|t| !t.shape.is_array() && t.has_array());
            let great = head.stem.chars().next().is_some_and(char::is_uppercase);
            if number || great {
                found.insert(head.stem.clone());
            }
        }
    }
    found.into_iter().collect()
}

/// Takes back what formulas showed of the names of a statement that is about numbers alone; whether
/// that is news.
fn tear(statement: &Statement, shapes: &mut Shapes, scalars: &[String]) -> bool {
    if speaks_of_arrays(statement) || statement.first.is_none() {
        return false;
    }
    let mut reading = Reading {
        shapes,
        scalars,
        text: "",
        unsure: Vec::new(),
        symmetric: Vec::new(),
        other_layout: false,
    };
    let sides: Result<Vec<Term>, Trouble> =
        statement.sides().map(|side| reading.term(side)).collect();
    let mixed = match sides {
        Err(Trouble::Mixed(_)) => true,
        Err(_) => false,
        Ok(sides) => sides.windows(2).any(|two| two[0].shape.rank() != two[1].shape.rank()),
    };
    let mut news = false;
    if mixed {
        let mut names = Vec::new();
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::Name(name) = &e.kind {
                    names.push(name);
                }
            });
        }
        for name in names {
            if let Sight::Known(member, known) = shapes.of(name)
                && known.shape.is_array()
            {
                news |= shapes.tear(&member);
            }
        }
    }
    news
}
