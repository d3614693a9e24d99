//! Other ways in which a formula can be meant: `\ln x/y` is ln(x)/y or ln(x/y), h²(x) is (h(x))² or
//! h(h(x)), and ∂f/∂x before a bracket is a factor or the sign ∂/∂x.
//!
//! Goes in: an expression with the text that it was read from. Comes out: the same in its other
//! reading, if it has one. What always holds: the reading that the parser gives is asked first, and
//! a row is refuted only if it fails in both.

use super::tex::syntax::{Expr, FormulaKind};

/// An expression with the parts of it changed that a function changes; none where it changes none.
pub(super) fn within(expr: &Expr, change: &mut dyn FnMut(&Expr) -> Option<Expr>) -> Option<Expr> {
    let mut found = false;
    let mut one = |e: &Expr| match change(e) {
        Some(new) => {
            found = true;
            new
        }
        None => e.clone(),
    };
    let kind = match &expr.kind {
        FormulaKind::Neg(a) => FormulaKind::Neg(Box::new(one(a))),
        FormulaKind::Sum(terms) => {
            FormulaKind::Sum(terms.iter().map(|(minus, term)| (*minus, one(term))).collect())
        }
        FormulaKind::Product(all) => FormulaKind::Product(all.iter().map(one).collect()),
        FormulaKind::Quotient(a, b) => FormulaKind::Quotient(Box::new(one(a)), Box::new(one(b))),
        FormulaKind::Power(a, b) => FormulaKind::Power(Box::new(one(a)), Box::new(one(b))),
        FormulaKind::Call(known, a) => FormulaKind::Call(*known, Box::new(one(a))),
        FormulaKind::Derivative { of, by, order } => {
            let (of, by) = (Box::new(one(of)), by.clone());
            FormulaKind::Derivative { of, by, order: *order }
        }
        FormulaKind::Limit { of, by, to } => {
            FormulaKind::Limit { of: Box::new(one(of)), by: by.clone(), to: to.clone() }
        }
        FormulaKind::BigSum { indices, from, to, body } => {
            let (indices, from, to) = (indices.clone(), from.clone(), to.clone());
            FormulaKind::BigSum { indices, from, to, body: Box::new(one(body)) }
        }
        _ => return None,
    };
    found.then(|| Expr { kind, span: expr.span.clone() })
}

/// An expression in its other reading; none where it has only one.
pub(super) fn other(expr: &Expr, text: &str) -> Option<Expr> {
    if let FormulaKind::Quotient(above, below) = &expr.kind
        && text.get(above.span.end..below.span.start).is_some_and(|sign| sign.trim() == "/")
        && let Some(kind) = taken_in(above, below, text)
    {
        return Some(Expr { kind, span: expr.span.clone() });
    }
    if let Some(kind) = iterated(expr).or_else(|| operator(expr, text)) {
        return Some(Expr { kind, span: expr.span.clone() });
    }
    within(expr, &mut |e| other(e, text))
}

/// h(h(x)) for h²(x), where the power stands before the argument.
fn iterated(expr: &Expr) -> Option<FormulaKind> {
    let FormulaKind::Power(base, exponent) = &expr.kind else { return None };
    let FormulaKind::Apply { head, primes: 0, args } = &base.kind else { return None };
    let (FormulaKind::Number { value, .. }, [argument]) = (&exponent.kind, &args[..]) else {
        return None;
    };
    let times = value.to_i32().filter(|n| (2..=3).contains(n))?;
    (exponent.span.end <= argument.span.start).then_some(())?;
    let mut kind = argument.kind.clone();
    for _ in 0..times {
        let inside = Expr { kind, span: argument.span.clone() };
        kind = FormulaKind::Apply { head: head.clone(), primes: 0, args: vec![inside] };
    }
    Some(kind)
}

/// ∂/∂x of what stands in the bracket behind ∂f/∂x.
fn operator(expr: &Expr, text: &str) -> Option<FormulaKind> {
    let FormulaKind::Product(factors) = &expr.kind else { return None };
    let [before @ .., slope, of] = &factors[..] else { return None };
    let FormulaKind::Derivative { of: named, by, order: 1 } = &slope.kind else { return None };
    let between = text.get(slope.span.end..of.span.start)?;
    let opens = text.get(of.span.clone())?;
    let bracket = opens.strip_prefix("\\left").unwrap_or(opens).trim_start().starts_with('[');
    (matches!(named.kind, FormulaKind::Name(_)) && bracket && between.trim().is_empty())
        .then_some(())?;
    let (of, by) = (Box::new(of.clone()), by.clone());
    let kind = FormulaKind::Derivative { of, by, order: 1 };
    let mut all = before.to_vec();
    all.push(Expr { kind, span: slope.span.clone() });
    Some(match all.len() {
        1 => all.pop()?.kind,
        _ => FormulaKind::Product(all),
    })
}

/// What stands above a stroke with what stands below it in the argument of its last function, where
/// that has no parentheses.
fn taken_in(above: &Expr, below: &Expr, text: &str) -> Option<FormulaKind> {
    match &above.kind {
        FormulaKind::Neg(a) => {
            let kind = taken_in(a, below, text)?;
            let span = a.span.start..below.span.end;
            Some(FormulaKind::Neg(Box::new(Expr { kind, span })))
        }
        FormulaKind::Product(factors) => {
            let (last, before) = factors.split_last()?;
            let kind = taken_in(last, below, text)?;
            let mut all = before.to_vec();
            all.push(Expr { kind, span: last.span.start..below.span.end });
            Some(FormulaKind::Product(all))
        }
        FormulaKind::Call(known, argument) => {
            // Without parentheses, the argument ends where the call does.
            let bare = argument.span.end == above.span.end;
            let opens = |s: &str| s.trim_start().starts_with(['(', '[', '{', '|']);
            let name = text.get(above.span.start..argument.span.start)?;
            let of = text.get(argument.span.clone())?;
            if !bare || name.contains(['(', '[', '{', '|']) || opens(of) || of.starts_with("\\left")
            {
                return None;
            }
            let span = argument.span.start..below.span.end;
            let kind = FormulaKind::Quotient(argument.clone(), Box::new(below.clone()));
            Some(FormulaKind::Call(*known, Box::new(Expr { kind, span })))
        }
        _ => None,
    }
}
