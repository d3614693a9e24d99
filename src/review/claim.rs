//! Questions about what a statement says, asked of its syntax alone.

use std::ops::Range;

use super::document::{Document, Item, Placed};
use super::names::spelled;
use super::tex::syntax::{Expr, FormulaKind, Name, Part, Relation, Statement, visit};

/// Every statement of a document, with its item.
pub(super) fn statements<'d>(
    document: &'d Document<'_>,
) -> impl Iterator<Item = (usize, &'d Placed, &'d Statement)> {
    within(document, 0..document.items.len())
}

fn within<'d>(
    document: &'d Document<'_>,
    items: Range<usize>,
) -> impl Iterator<Item = (usize, &'d Placed, &'d Statement)> {
    items.flat_map(|at| {
        let placed = match &document.items[at] {
            Item::Row(placed) => Some(placed),
            Item::Words(_) => None,
        };
        placed.into_iter().flat_map(move |placed| {
            placed.row.parts.iter().filter_map(move |part| match part {
                Part::Statement(statement) => Some((at, placed, statement)),
                _ => None,
            })
        })
    })
}

/// The statements of the items around one, no further away than `reach`.
pub(super) fn statements_near<'d>(
    document: &'d Document<'_>,
    at: usize,
    reach: usize,
) -> impl Iterator<Item = (usize, &'d Placed, &'d Statement)> {
    let from = at.saturating_sub(reach);
    let to = document.items.len().min(at.saturating_add(reach));
    within(document, from..to)
}

/// Whether a name stands in an expression.
pub(super) fn holds_name(expr: &Expr, name: &Name) -> bool {
    let name = spelled(name);
    let mut found = false;
    visit(expr, &mut |e| match &e.kind {
        FormulaKind::Name(other) | FormulaKind::Apply { head: other, .. } => {
            found |= spelled(other) == name
        }
        _ => {}
    });
    found
}

/// What the left side of a definition names: a name, or a function with its parameters.
pub(super) fn defined(first: &Expr) -> Option<(&Name, Vec<Name>)> {
    match &first.kind {
        FormulaKind::Name(name) => Some((name, Vec::new())),
        FormulaKind::Apply { head, primes: 0, args } => {
            let params: Option<Vec<Name>> = args
                .iter()
                .map(|arg| match &arg.kind {
                    FormulaKind::Name(name) => Some(name.clone()),
                    _ => None,
                })
                .collect();
            params.map(|params| (head, params))
        }
        _ => None,
    }
}

/// Whether two expressions say the same, wherever they stand.
pub(super) fn same(a: &Expr, b: &Expr) -> bool {
    let all =
        |a: &[Expr], b: &[Expr]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b));
    match (&a.kind, &b.kind) {
        (FormulaKind::Number { value: a, .. }, FormulaKind::Number { value: b, .. }) => a == b,
        (FormulaKind::Name(a), FormulaKind::Name(b)) => spelled(a) == spelled(b),
        (FormulaKind::Neg(a), FormulaKind::Neg(b))
        | (FormulaKind::Differential(a), FormulaKind::Differential(b)) => same(a, b),
        (FormulaKind::Sum(a), FormulaKind::Sum(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((m, a), (n, b))| m == n && same(a, b))
        }
        (FormulaKind::Product(a), FormulaKind::Product(b))
        | (FormulaKind::List(a), FormulaKind::List(b)) => all(a, b),
        (FormulaKind::Quotient(a, b), FormulaKind::Quotient(c, d))
        | (FormulaKind::Power(a, b), FormulaKind::Power(c, d))
        | (
            FormulaKind::HalfDerivative { of: a, by: b },
            FormulaKind::HalfDerivative { of: c, by: d },
        ) => same(a, c) && same(b, d),
        (
            FormulaKind::BigSum { indices: i, from: a, to: b, body: c },
            FormulaKind::BigSum { indices: j, from: x, to: y, body: z },
        ) => {
            let bound = |a: &Option<Box<Expr>>, b: &Option<Box<Expr>>| match (a, b) {
                (Some(a), Some(b)) => same(a, b),
                (a, b) => a.is_none() && b.is_none(),
            };
            i == j && bound(a, x) && bound(b, y) && same(c, z)
        }
        (
            FormulaKind::Limit { of: a, by: x, to: p },
            FormulaKind::Limit { of: b, by: y, to: q },
        ) => same(a, b) && same(x, y) && same(p, q),
        (FormulaKind::BigProduct(a), FormulaKind::BigProduct(b)) => same(a, b),
        (FormulaKind::Call(f, a), FormulaKind::Call(g, b)) => f == g && same(a, b),
        (FormulaKind::Extreme { least: m, of: a }, FormulaKind::Extreme { least: n, of: b }) => {
            m == n && all(a, b)
        }
        (
            FormulaKind::Apply { head: f, primes: p, args: a },
            FormulaKind::Apply { head: g, primes: q, args: b },
        ) => spelled(f) == spelled(g) && p == q && all(a, b),
        (
            FormulaKind::Derivative { of: a, by: x, order: n },
            FormulaKind::Derivative { of: b, by: y, order: m },
        ) => n == m && same(a, b) && same(x, y),
        _ => false,
    }
}

/// Whether `part` stands somewhere in `whole`.
pub(super) fn stands_in(part: &Expr, whole: &Expr) -> bool {
    let mut found = false;
    visit(whole, &mut |e| found |= same(part, e));
    found
}

/// Whether an equation has the shape of the chain rule in names alone:
/// ∂x/∂y = ∂x/∂z·∂z/∂y, with more links or over several ways.
pub(super) fn is_chain_rule(left: &Expr, right: &Expr) -> bool {
    let Some((of, by)) = named_derivative(left) else { return false };
    let terms: Vec<&Expr> = match &right.kind {
        FormulaKind::Sum(terms) if terms.iter().all(|(minus, _)| !minus) => {
            terms.iter().map(|(_, t)| t).collect()
        }
        FormulaKind::Product(_) => vec![right],
        _ => return false,
    };
    let mut ways: Vec<&Name> = Vec::new();
    for term in terms {
        let FormulaKind::Product(factors) = &term.kind else { return false };
        let links: Option<Vec<(&Name, &Name)>> = factors.iter().map(named_derivative).collect();
        let Some(links) = links else { return false };
        let connected = links.windows(2).all(|pair| pair[0].1 == pair[1].0);
        let ends =
            links.first().is_some_and(|l| l.0 == of) && links.last().is_some_and(|l| l.1 == by);
        if links.len() < 2 || !connected || !ends || ways.contains(&links[0].1) {
            return false;
        }
        let through: Vec<&Name> = links.iter().map(|l| l.0).collect();
        if through.iter().skip(1).any(|z| *z == of || *z == by) {
            return false;
        }
        ways.push(links[0].1);
    }
    true
}

fn named_derivative(expr: &Expr) -> Option<(&Name, &Name)> {
    match &expr.kind {
        FormulaKind::Derivative { of, by, order: 1 } => match (&of.kind, &by.kind) {
            (FormulaKind::Name(of), FormulaKind::Name(by)) => Some((of, by)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a relation claims that two sides are equal.
pub(super) fn is_equation(relation: Relation) -> bool {
    matches!(relation, Relation::Equal | Relation::About | Relation::Defines)
}

/// The names of an expression, each spelling once, in their order.
pub(super) fn names_of(expr: &Expr) -> Vec<Name> {
    let mut all: Vec<Name> = Vec::new();
    visit(expr, &mut |e| {
        if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &e.kind
            && !all.iter().any(|n| spelled(n) == spelled(name))
        {
            all.push(name.clone());
        }
    });
    all
}

/// The names of all sides of a statement.
pub(super) fn names_in(statement: &Statement) -> Vec<Name> {
    let sides = statement.sides();
    sides.flat_map(names_of).collect()
}
