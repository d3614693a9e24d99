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
mod numbers_beside;
mod reading;
mod shape;
mod spread;
mod term;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use self::reading::{Functions, Reading};
use self::shape::{Shapes, Sight};
use self::spread::Spreader;
use self::term::{Term, Trouble};
use super::document::{Document, Item, Placed};
use super::names::spelled;
use super::prose::Outline;
use super::shapes::{Arrays, Length, Shape, Turned};
use super::tex::syntax::{Expr, FormulaKind, Known, Name, Part, Statement, visit};
use crate::net::Network;

/// Says the statements of a document about arrays in elements.
pub(super) fn spread(document: &mut Document<'_>, network: Option<&Network>) {
    document.bold = bold::bold(&document.items);
    einstein::write_sums(&mut document.items);
    let outline = Outline::of(document);
    let sections: Vec<usize> = (0..document.items.len()).map(|at| outline.at(at).section).collect();
    let mut told = std::mem::take(&mut document.told);
    told.extend(told::words(&document.items));
    let (symmetric, more) = told::properties(&document.items);
    let default = told::of_all(&document.items);
    let gates = gates(&document.items);
    let maps = told::maps(&document.items);
    let known = Told { told, symmetric, maps, gates: gates.clone(), bold: &document.bold, network };
    let speaking = told::of_matrices(&document.items, &sections);
    let matrices: BTreeSet<usize> =
        (0..sections.len()).filter(|at| speaking.contains(&sections[*at])).collect();
    let matrices = if network.is_none() { matrices } else { BTreeSet::new() };
    let found = in_sections(&document.items, &sections, &known);
    let found = match found {
        Some(found) => found,
        None if matrices.is_empty() => return,
        None => sections.iter().map(|s| (*s, (Shapes::default(), Functions::default()))).collect(),
    };
    let of = |section: &usize| found.get(section).map(|(shapes, functions)| (shapes, functions));
    let Some(first) = sections.first().and_then(of) else { return };
    let told_layout = told::layout(&document.items);
    let arrays = Arrays { more, told_layout, matrices, gates, ..Arrays::default() };
    let mut spreader = Spreader::new(first, default, arrays);
    let mut here = None;
    for (at, item) in document.items.iter_mut().enumerate() {
        if here != Some(sections[at])
            && let Some((shapes, functions)) = of(&sections[at])
        {
            spreader.enter(shapes, functions);
            here = Some(sections[at]);
        }
        if let Item::Row(placed) = item {
            spreader.row(at, placed);
        }
    }
    document.arrays = spreader.arrays;
}

/// What is known of arrays before any formula is looked at.
struct Told<'d> {
    /// What words and ℝ say, with the item that says so.
    told: Vec<(usize, Name, Shape)>,
    symmetric: Vec<Name>,
    /// Letters that are quantities with indices of their own.
    gates: BTreeSet<char>,
    /// Functions that make arrays of whole arrays.
    maps: BTreeSet<String>,
    bold: &'d BTreeSet<String>,
    network: Option<&'d Network>,
}

/// The shapes in each section, and what is known of numbers there; none if there is
/// no array anywhere. A section that says or shows nothing of arrays has none, and what it shows
/// goes before what another says.
fn in_sections(
    items: &[Item],
    sections: &[usize],
    known: &Told<'_>,
) -> Option<BTreeMap<usize, (Shapes, Functions)>> {
    let mut statements: BTreeMap<usize, Vec<&Statement>> = BTreeMap::new();
    for (at, _, statement) in rows(items) {
        statements.entry(sections[at]).or_default().push(statement);
    }
    let mut found: BTreeMap<usize, (Shapes, Functions)> = BTreeMap::new();
    let mut all = Shapes::with_gates(&known.gates);
    for section in sections.iter().copied().collect::<BTreeSet<usize>>() {
        let own = statements.get(&section).map_or(&[][..], |all| all.as_slice());
        let mut shapes = Shapes::with_gates(&known.gates);
        for (at, name, shape) in &known.told {
            if sections.get(*at).or(sections.last()) == Some(&section) {
                shapes.tell(name, shape.clone(), false);
            }
        }
        known.symmetric.iter().for_each(|name| shapes.mirror(name));
        if let Some(net) = known.network {
            tell_network(own, net, &mut shapes);
        }
        let functions = numbers_beside::find(own, &shapes);
        infer::infer(own, &mut shapes, &functions, known.bold);
        all.take_over(&shapes);
        found.insert(section, (shapes, functions));
    }
    let mut any = false;
    // The last section that speaks of a name counts first, then any other.
    let mut before = Shapes::with_gates(&known.gates);
    for (section, (shapes, functions)) in &mut found {
        let own = statements.get(section).map_or(&[][..], |all| all.as_slice());
        let mut here = shapes.clone();
        here.take_over(&before);
        before = here;
        let speaks = |s: &&&Statement| speaks_of_arrays(s) || sums_wholes(s);
        if !shapes.has_arrays() && own.iter().find(speaks).is_none() {
            continue;
        }
        any = true;
        shapes.take_over(&before);
        shapes.take_over(&all);
        *functions = numbers_beside::find(own, shapes);
        functions.maps.clone_from(&known.maps);
        infer::infer(own, shapes, functions, known.bold);
        while own.iter().any(|statement| tear(statement, shapes, functions)) {}
        for statement in own {
            if shapes.means_arrays(statement) {
                continue;
            }
            if let (Some(first), true) = (&statement.first, !statement.rest.is_empty())
                && let FormulaKind::Name(name) = &first.kind
            {
                shapes.settle(name);
            }
        }
    }
    any.then_some(found)
}

/// Letters for indices that are quantities with indices of their own: the i of i_t.
fn gates(items: &[Item]) -> BTreeSet<char> {
    let mut found = BTreeSet::new();
    for (_, _, statement) in rows(items) {
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::Name(name) = &e.kind
                    && let Some(letter) = name.stem.trim_end_matches('^').chars().next()
                    && name.stem.trim_end_matches('^').chars().count() == 1
                    && name.below.first().is_some_and(|at| at.starts_with('t'))
                {
                    found.insert(letter);
                }
            });
        }
    }
    found
}

/// The statements with their items and rows.
fn rows(items: &[Item]) -> impl Iterator<Item = (usize, &Placed, &Statement)> {
    let rows = items.iter().enumerate().filter_map(|(at, item)| match item {
        Item::Row(placed) => Some((at, placed)),
        Item::Words(_) => None,
    });
    rows.flat_map(|(at, placed)| {
        placed.row.parts.iter().filter_map(move |part| match part {
            Part::Statement(statement) => Some((at, placed, statement)),
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
                FormulaKind::Extreme { of, .. } => {
                    matches!(&of[..], [Expr { kind: FormulaKind::Name(_), .. }])
                }
                _ => false,
            };
        });
    }
    found
}

/// Whether a sum in a statement does not say over what: Σ exp(z).
fn sums_wholes(statement: &Statement) -> bool {
    let mut found = false;
    for side in statement.sides() {
        visit(side, &mut |e| {
            found |= matches!(&e.kind, FormulaKind::BigSum { indices, .. } if indices.is_empty());
        });
    }
    found
}

impl Shapes {
    /// Whether a statement is about arrays where its names are numbers elsewhere: it has notation
    /// of arrays, or a great letter that is a matrix elsewhere.
    fn means_arrays(&self, statement: &Statement) -> bool {
        let mut found = speaks_of_arrays(statement);
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::Name(name) = &e.kind
                    && infer::is_great(name)
                    && let Sight::Torn(_, Some(known)) = self.of(name)
                {
                    found |= known.shape.rank() == 2;
                }
            });
        }
        found
    }
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

/// Takes back what is said of the names of a statement that is about numbers alone: first what only
/// other sections say, then what formulas showed; whether that is news.
fn tear(statement: &Statement, shapes: &mut Shapes, functions: &Functions) -> bool {
    if speaks_of_arrays(statement) || statement.first.is_none() {
        return false;
    }
    let mut reading = Reading::new(shapes, functions, "", Turned::default());
    let sides: Result<Vec<Term>, Trouble> =
        statement.sides().map(|side| reading.term(side)).collect();
    let (odd, mixed) = match sides {
        Err(trouble) => (true, matches!(trouble, Trouble::Mixed(_))),
        Ok(sides) => {
            let sides: Vec<&Term> = sides.iter().filter(|side| !side.is_zero()).collect();
            let mixed = sides.windows(2).any(|two| two[0].shape.rank() != two[1].shape.rank());
            (mixed, mixed)
        }
    };
    if !odd {
        return false;
    }
    let mut members = Vec::new();
    for side in statement.sides() {
        visit(side, &mut |e| {
            if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &e.kind
                && let Sight::Known(member, known) = shapes.of(name)
                && known.shape.is_array()
            {
                members.push(member);
            }
        });
    }
    let left = members.iter().filter(|member| shapes.leave(member)).count() > 0;
    left || mixed && members.iter().filter(|member| shapes.tear(member)).count() > 0
}
