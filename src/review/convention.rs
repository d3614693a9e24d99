//! Which way the author counts: found out by trying the document's own definitions.
//!
//! Rows or columns first, from 0 or from 1, the kernel turned or not: under each reading the
//! definitions are held against the network, and the reading that proves most of them is taken;
//! the network's own, where others are no better.

use std::collections::BTreeSet;

use super::claim::{holds_name, statements};
use super::document::Document;
use super::judge::Unknowns;
use super::names::Convention;
use super::scope::Scope;
use super::tex::syntax::{Expr, FormulaKind, Name, Relation, visit};

/// The most definitions that are tried under each reading.
const MAX_TRIED: usize = 12;
/// The most kernels that are turned one by one.
const MAX_KERNELS: usize = 4;

/// Sets the scope's convention, and says in words what it is, if it is not the network's own.
pub(super) fn settle(scope: &mut Scope<'_>, document: &Document<'_>) -> Option<String> {
    let definitions = definitions(scope, document);
    let kernels = scope.cells.as_ref()?.kernels();
    let mut turned = vec![BTreeSet::new()];
    if !kernels.is_empty() {
        turned.push(kernels.iter().copied().collect());
    }
    if kernels.len() > 1 {
        turned.extend(kernels.iter().take(MAX_KERNELS).map(|k| BTreeSet::from([*k])));
    }
    // Where sums begin with 1 and none with 0, that is how the author counts, unless his
    // definitions say otherwise.
    let ones = counts_from_one(document);
    let mut best = (0, Convention { from_one: ones, ..Convention::default() });
    'all: for from_one in [ones, !ones] {
        for columns_first in [false, true] {
            for flipped in &turned {
                let flipped = flipped.clone();
                let convention = Convention { from_one, columns_first, flipped };
                scope.convention = convention.clone();
                scope.built.clear();
                let proved = definitions.iter().filter(|d| holds(scope, d)).count();
                if proved > best.0 {
                    best = (proved, convention);
                }
                if proved == definitions.len() {
                    break 'all;
                }
            }
        }
    }
    scope.built.clear();
    scope.convention = best.1;
    in_words(scope)
}

/// Whether sums over an index begin with 1, and none with 0.
fn counts_from_one(document: &Document<'_>) -> bool {
    let (mut ones, mut zeros) = (false, false);
    for (_, _, statement) in statements(document) {
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::BigSum { from: Some(from), .. } = &e.kind
                    && let FormulaKind::Number { value, .. } = &from.kind
                {
                    ones |= value.is_one();
                    zeros |= value.is_zero();
                }
            });
        }
    }
    ones && !zeros
}

struct Candidate<'d> {
    name: &'d Name,
    value: &'d Expr,
    at: usize,
}

fn definitions<'d>(scope: &Scope<'_>, document: &'d Document<'_>) -> Vec<Candidate<'d>> {
    let Some(cells) = &scope.cells else { return Vec::new() };
    // Before anything is known of the indices, a name is looked up in each way of counting.
    let ways = [false, true].map(|from_one| Convention { from_one, ..Convention::default() });
    let mut all = Vec::new();
    for (at, _, statement) in statements(document) {
        let (Some(first), [(Relation::Equal | Relation::Defines, value), ..]) =
            (&statement.first, &statement.rest[..])
        else {
            continue;
        };
        let FormulaKind::Name(name) = &first.kind else { continue };
        let cell = ways.iter().find_map(|way| cells.find(name, way));
        let plain = matches!(value.kind, FormulaKind::Name(_) | FormulaKind::Number { .. });
        if cell.is_some_and(|c| !cells.is_leaf(c.quantity)) && !plain && !holds_name(value, name) {
            all.push(Candidate { name, value, at });
        }
        if all.len() == MAX_TRIED {
            break;
        }
    }
    all
}

fn holds(scope: &mut Scope<'_>, candidate: &Candidate<'_>) -> bool {
    let Some(cell) = scope.cell(candidate.name) else { return false };
    match scope.build(candidate.value, candidate.at) {
        Ok(value) => scope.judge(cell, value, &Unknowns::default()).is_proved(),
        Err(_) => false,
    }
}

fn in_words(scope: &Scope<'_>) -> Option<String> {
    let Convention { from_one, columns_first, flipped } = &scope.convention;
    let mut says = Vec::new();
    if *from_one {
        says.push("indices count from 1".to_string());
    }
    if *columns_first {
        says.push("the column comes before the row".to_string());
    }
    if !flipped.is_empty() {
        let net = scope.cells.as_ref()?.net;
        let names: Vec<&str> = flipped.iter().map(|q| net.quantity(*q).name.as_str()).collect();
        says.push(format!(
            "{} is turned by 180° against the network's, as where one writes convolution and the \
             other cross-correlation",
            names.join(", ")
        ));
    }
    (!says.is_empty()).then(|| says.join("; "))
}
