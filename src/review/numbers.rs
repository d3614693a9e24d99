//! Rows of worked numbers: exact arithmetic, to the precision that the author printed.
//!
//! A number without a decimal point is what it says. A result with d decimals may be off by half
//! a unit of the last; a number that was such a result further up carries that along when it is
//! used again. Where arithmetic is not exact (e^0.3), intervals enclose the value.

use std::collections::BTreeSet;

use super::build::function;
use super::scope::Scope;
use super::tex::syntax::{Expr, FormulaKind, Name, visit};
use crate::expr::{Branches, ExprId, Rest, SymbolId, evaluate};
use crate::scalar::{Fault, Interval, Rational, Scalar};

/// Numbers that were printed as rounded results further up.
pub(super) type Rounded = BTreeSet<(Rational, u32)>;

/// A number as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Number {
    /// Exactly.
    Exact(Rational),
    /// Somewhere in here.
    Enclosed(Interval),
}

/// What comparing a value with a printed number says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Compared {
    /// They are one number.
    Equal,
    /// They are one number, to the digits that were printed.
    Rounded,
    /// They are different; here are both.
    Different(String, String),
    /// It could not be computed, and why.
    Unknown(String),
}

impl Number {
    fn interval(&self) -> Result<Interval, Fault> {
        match self {
            Number::Exact(q) => Interval::from_rational(q),
            Number::Enclosed(i) => Ok(*i),
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Number::Exact(q) => q.to_string(),
            Number::Enclosed(i) => {
                crate::scalar::show_digits(i.lower + (i.upper - i.lower) / 2.0, 10)
            }
        }
    }
}

/// Whether an expression holds no name: a row of numbers.
pub(super) fn is_numeric(expr: &Expr) -> bool {
    let mut named = false;
    visit(expr, &mut |e| {
        named |= matches!(
            &e.kind,
            FormulaKind::Name(_)
                | FormulaKind::Apply { .. }
                | FormulaKind::Derivative { .. }
                | FormulaKind::Differential(_)
                | FormulaKind::HalfDerivative { .. }
                | FormulaKind::BigSum { .. }
                | FormulaKind::List(_)
                | FormulaKind::Matrix(_)
        );
    });
    !named
}

/// The value of an expression without names; its rounded numbers as wide as they may be off.
pub(super) fn value(expr: &Expr, rounded: &Rounded) -> Result<Number, Fault> {
    let widened = holds_rounded(expr, rounded);
    if !widened && let Ok(exact) = compute::<Rational>(expr, &|q, _| Ok(q.clone())) {
        return Ok(Number::Exact(exact));
    }
    let leaf = |q: &Rational, decimals: u32| match rounded.contains(&(q.abs(), decimals)) {
        true => about(q, decimals),
        false => Interval::from_rational(q),
    };
    compute::<Interval>(expr, &leaf).map(Number::Enclosed)
}

fn holds_rounded(expr: &Expr, rounded: &Rounded) -> bool {
    let mut found = false;
    visit(expr, &mut |e| {
        if let FormulaKind::Number { value, decimals } = &e.kind {
            found |= rounded.contains(&(value.clone(), *decimals));
        }
    });
    found
}

/// A number and half a unit of its last digit around it.
fn about(q: &Rational, decimals: u32) -> Result<Interval, Fault> {
    let middle = Interval::from_rational(q)?;
    let half = 0.5 * libm::pow(10.0, -f64::from(decimals)) * (1.0 + 1e-9);
    Interval::new(middle.lower - half, middle.upper + half)
}

/// The values that ≈ allows a printed number to stand for: those that round to it, and those that
/// begin with its digits, as long as they are not off by more than a tenth.
fn cut_off(q: &Rational, around: &Interval, found: &Interval) -> Result<Interval, Fault> {
    let (half, middle) = ((around.upper - around.lower) / 2.0, q.to_f64());
    let (mut lower, mut upper) = (around.lower, around.upper);
    if middle >= 0.0 {
        upper += half;
    } else {
        lower -= half;
    }
    let most = 0.1 * found.lower.abs().max(found.upper.abs());
    Interval::new(lower.max(middle - most), upper.min(middle + most))
}

type Leaf<'a, T> = &'a dyn Fn(&Rational, u32) -> Result<T, Fault>;

fn compute<T: Scalar>(expr: &Expr, leaf: Leaf<'_, T>) -> Result<T, Fault> {
    let of = |e: &Expr| compute(e, leaf);
    match &expr.kind {
        FormulaKind::Number { value, decimals } => leaf(value, *decimals),
        FormulaKind::Neg(a) => Ok(of(a)?.neg()),
        FormulaKind::Sum(terms) => terms.iter().try_fold(T::zero(), |sum, (minus, term)| {
            let term = of(term)?;
            if *minus { sum.sub(&term) } else { sum.add(&term) }
        }),
        FormulaKind::Product(all) => {
            all.iter().try_fold(T::one(), |product, e| product.mul(&of(e)?))
        }
        FormulaKind::Quotient(a, b) => of(a)?.div(&of(b)?),
        FormulaKind::Power(a, b) => match whole(b) {
            Some(n) => of(a)?.powi(n),
            None => of(a)?.pow(&of(b)?),
        },
        FormulaKind::Call(known, a) => of(a)?.call(function(*known)),
        FormulaKind::Extreme { least, of: all } => {
            let mut all = all.iter().map(of);
            let mut best = all.next().ok_or(Fault::NoOrder)??;
            for next in all {
                let next = next?;
                let greater = next.compare(&best)? == std::cmp::Ordering::Greater;
                if greater != *least {
                    best = next;
                }
            }
            Ok(best)
        }
        FormulaKind::Cases(cases) => {
            for (value, condition) in cases {
                let holds = match condition {
                    None => true,
                    Some(condition) => {
                        let order = of(&condition.left)?.compare(&of(&condition.right)?)?;
                        match condition.sign {
                            ">" => order.is_gt(),
                            "<" => order.is_lt(),
                            ">=" => order.is_ge(),
                            "<=" => order.is_le(),
                            "=" => order.is_eq(),
                            _ => order.is_ne(),
                        }
                    }
                };
                if holds {
                    return of(value);
                }
            }
            Err(Fault::NoOrder)
        }
        _ => Err(Fault::NoOrder),
    }
}

fn whole(expr: &Expr) -> Option<i32> {
    match &expr.kind {
        FormulaKind::Number { value, .. } => value.to_i32(),
        FormulaKind::Neg(a) => whole(a)?.checked_neg(),
        _ => None,
    }
}

/// A literal with its sign and its decimals, if that is all there is.
pub(super) fn printed(expr: &Expr) -> Option<(Rational, u32)> {
    match &expr.kind {
        FormulaKind::Number { value, decimals } => Some((value.clone(), *decimals)),
        FormulaKind::Neg(a) => printed(a).map(|(q, d)| (q.neg(), d)),
        _ => None,
    }
}

/// A number with so many decimals, rounded half up.
pub(super) fn in_decimals(q: &Rational, decimals: u32) -> Option<String> {
    let scale = 10i64.checked_pow(decimals)?;
    let half = Rational::new(1, 2).ok()?;
    let scaled = q.abs().mul(&Rational::from(scale)).ok()?.add(&half).ok()?;
    let whole = (scaled.numer() / scaled.denom()).to_string();
    let sign = if q.is_negative() { "-" } else { "" };
    let places = decimals as usize;
    let digits = format!("{whole:0>width$}", width = places + 1);
    let (before, after) = digits.split_at(digits.len() - places);
    Some(match places {
        0 => format!("{sign}{before}"),
        _ => format!("{sign}{before}.{after}"),
    })
}

/// Two values as a row of numbers shows them: in decimals where its author writes decimals.
fn beside(found: &Number, theirs: &Number, decimals: Option<u32>) -> (String, String) {
    let shown = |number: &Number| {
        let exact = match (number, decimals) {
            (Number::Exact(q), Some(decimals)) if !q.is_integer() => (decimals..=decimals + 6)
                .filter_map(|d| in_decimals(q, d))
                .find(|text| text.parse().is_ok_and(|read: Rational| read == *q))
                .or_else(|| in_decimals(q, decimals + 3).map(|text| format!("about {text}"))),
            _ => None,
        };
        exact.unwrap_or_else(|| number.shown())
    };
    (shown(found), shown(theirs))
}

/// The decimals of an expression, as rounded, but for those that were given: what is put in for
/// a name may have been rounded when it was printed.
pub(super) fn put_in(expr: &Expr, given: &BTreeSet<Rational>, rounded: &Rounded) -> Rounded {
    let mut all = rounded.clone();
    visit(expr, &mut |e| {
        if let FormulaKind::Number { value, decimals } = &e.kind
            && *decimals > 0
            && !given.contains(value)
        {
            all.insert((value.clone(), *decimals));
        }
    });
    all
}

/// Holds a value against the number that the author printed for it; a result that was rounded is
/// noted in `rounded`. `loose` is for ≈, which may be off by a whole unit of the last digit.
pub(super) fn compare(
    found: &Number,
    theirs: &Expr,
    rounded: &mut Rounded,
    loose: bool,
) -> Compared {
    let value = match value(theirs, rounded) {
        Ok(value) => value,
        Err(fault) => return Compared::Unknown(fault.to_string()),
    };
    if let (Number::Exact(a), Number::Exact(b)) = (found, &value)
        && a == b
    {
        return Compared::Equal;
    }
    let last = printed(theirs).filter(|(_, decimals)| *decimals > 0 || loose);
    let decimals = printed(theirs).map(|(_, decimals)| decimals).filter(|d| *d > 0);
    let different = || {
        let (ours, theirs) = beside(found, &value, decimals);
        Compared::Different(ours, theirs)
    };
    let both = || -> Result<bool, Fault> {
        let a = found.interval()?;
        let b = match &last {
            Some((q, decimals)) => {
                let around = about(q, *decimals)?;
                match loose {
                    // Digits that were cut off, too; but 1 is not about 1/32.
                    true => cut_off(q, &around, &a)?,
                    false => around,
                }
            }
            None => value.interval()?,
        };
        Ok(a.lower <= b.upper && b.lower <= a.upper)
    };
    match both() {
        Ok(true) => {
            let exact = matches!((found, &value), (Number::Exact(_), Number::Exact(_)));
            if exact && last.is_none() {
                return different();
            }
            if let Some((q, decimals)) = last
                && !loose
            {
                rounded.insert((q.abs(), decimals));
            }
            Compared::Rounded
        }
        Ok(false) => different(),
        Err(fault) => Compared::Unknown(fault.to_string()),
    }
}

impl Scope<'_> {
    /// The exact value of an expression where every name is 2, if it has one.
    pub(super) fn somewhere(&self, id: ExprId) -> Option<Rational> {
        let branches = Branches { winners: Some(&self.winners), rest: Rest::ByValue, opaque: None };
        evaluate(&self.graph, id, &|_| Some(Rational::from(2)), branches).ok()
    }

    /// The value of an expression with the numbers that were given to its names.
    pub(super) fn number(&self, id: ExprId) -> Option<Number> {
        let branches = Branches { winners: Some(&self.winners), rest: Rest::ByValue, opaque: None };
        let exact = |s: SymbolId| self.values.get(&s).cloned();
        if let Ok(q) = evaluate::<Rational>(&self.graph, id, &exact, branches) {
            return Some(Number::Exact(q));
        }
        let near = |s: SymbolId| Interval::from_rational(self.values.get(&s)?).ok();
        evaluate::<Interval>(&self.graph, id, &near, branches).ok().map(Number::Enclosed)
    }
}

/// What the names of a formula have to be so that it is this row of numbers, as in "N = (W − F +
/// 2P)/S + 1 = (4 − 2 + 2·0)/2 + 1". None if it is no such row.
pub(super) fn instance(formula: &Expr, numbers: &Expr) -> Option<Vec<(Name, Rational)>> {
    let mut found: Vec<(Name, Rational)> = Vec::new();
    fits(formula, numbers, &mut found).then_some(found)
}

fn fits(formula: &Expr, numbers: &Expr, found: &mut Vec<(Name, Rational)>) -> bool {
    if let FormulaKind::Name(name) = &formula.kind {
        let Some((q, _)) = printed(numbers) else { return false };
        return match found.iter().find(|(known, _)| known == name) {
            Some((_, known)) => *known == q,
            None => {
                found.push((name.clone(), q));
                true
            }
        };
    }
    let mut all = |a: &[Expr], b: &[Expr]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| fits(a, b, found))
    };
    match (&formula.kind, &numbers.kind) {
        (FormulaKind::Number { value: a, .. }, FormulaKind::Number { value: b, .. }) => a == b,
        (FormulaKind::Neg(a), FormulaKind::Neg(b)) => fits(a, b, found),
        (FormulaKind::Call(f, a), FormulaKind::Call(h, b)) => f == h && fits(a, b, found),
        (FormulaKind::Product(a), FormulaKind::Product(b)) => all(a, b),
        (FormulaKind::Quotient(a, b), FormulaKind::Quotient(c, d))
        | (FormulaKind::Power(a, b), FormulaKind::Power(c, d)) => {
            fits(a, c, found) && fits(b, d, found)
        }
        (FormulaKind::Sum(a), FormulaKind::Sum(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|((m, a), (n, b))| m == n && fits(a, b, found))
        }
        _ => false,
    }
}
