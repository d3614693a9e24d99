//! Equations between differentials: dy = 2wx dw. In goes a statement, out comes whether it is one.
//! What they say of y and w is right, and is no equation of the names `dy` and `dw`.

use crate::review::tex::syntax::{Expr, FormulaKind, Statement, visit};

/// Whether a statement relates differentials to each other.
pub(super) fn relates(statement: &Statement) -> bool {
    let Some(first) = &statement.first else {
        return statement.sides().any(holds_upright);
    };
    if statement.rest.is_empty() {
        return false;
    }
    if is_differential(first) || statement.sides().filter(|side| holds_upright(side)).count() > 1 {
        return true;
    }
    // δy = 2wx δw, and the same with a letter d that stands apart.
    ["δ", "d"].iter().any(|sign| {
        starts_with(first, sign) && statement.rest.iter().any(|(_, side)| has_factor(side, sign))
    })
}

fn is_differential(expr: &Expr) -> bool {
    match &expr.kind {
        FormulaKind::Differential(_) => true,
        FormulaKind::Product(factors) => factors.iter().any(is_differential),
        FormulaKind::Neg(inner) => is_differential(inner),
        _ => false,
    }
}

/// Whether a differential stands in it where no ∂ would: `\mathrm{d}w`.
fn holds_upright(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |e| found |= matches!(e.kind, FormulaKind::Differential(_)));
    found
}

/// Whether this is a product of a sign and a name, and nothing else.
fn starts_with(expr: &Expr, sign: &str) -> bool {
    matches!(&expr.kind, FormulaKind::Product(factors)
        if factors.len() == 2 && is(&factors[0], sign) && named(&factors[1]))
}

fn has_factor(expr: &Expr, sign: &str) -> bool {
    let mut found = false;
    visit(expr, &mut |e| {
        if let FormulaKind::Product(factors) = &e.kind {
            found |= factors.windows(2).any(|two| is(&two[0], sign) && named(&two[1]));
        }
    });
    found
}

fn is(expr: &Expr, sign: &str) -> bool {
    matches!(&expr.kind, FormulaKind::Name(name)
        if name.stem == sign && name.below.is_empty() && name.above.is_none())
}

fn named(expr: &Expr) -> bool {
    matches!(&expr.kind, FormulaKind::Name(_))
}
