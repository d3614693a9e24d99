//! Rows of worked numbers: exact arithmetic, to the precision that the author printed.
//!
//! A number without a decimal point is what it says. A result with d decimals may be off by half
//! a unit of the last; used again it is either what was printed or what it was rounded from, and
//! the same wherever it stands. Where arithmetic is not exact (e^0.3), intervals enclose the value:
//! they show that two formulas differ, with as many digits as it takes, and never that they are one.

mod rounded;

pub(super) use rounded::Rounded;
use rounded::{Printed, Reading};

use super::build::function;
use super::claim::same;
use super::names::spelled;
use super::tex::syntax::{Expr, FormulaKind, Known, visit};
use crate::scalar::{Ball, Digits, Fault, Interval, Rational, Scalar};

/// A number as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Number {
    /// Exactly.
    Exact(Rational),
    /// Somewhere in here.
    Enclosed(Interval),
}

/// The most values of a row's parts that its decimals are held against.
pub(super) const MAX_VALUES: usize = 200;

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

    /// Whether two numbers are known to be one: of what is enclosed, nobody knows.
    pub(super) fn is(&self, other: &Number) -> bool {
        matches!((self, other), (Number::Exact(a), Number::Exact(b)) if a == b)
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
                | FormulaKind::BigProduct(_)
                | FormulaKind::Limit { .. }
                | FormulaKind::List(_)
                | FormulaKind::Matrix(_)
                | FormulaKind::Array(_)
        );
    });
    !named
}

/// Whether this is a number as it is written, 1/4 among them, and nothing that is worked out.
pub(super) fn is_literal(value: &Expr) -> bool {
    match &value.kind {
        FormulaKind::Quotient(a, b) => is_literal(a) && is_literal(b),
        FormulaKind::Neg(a) | FormulaKind::Call(Known::Sqrt, a) => is_literal(a),
        _ => printed(value).is_some(),
    }
}

/// The value of an expression without names, its numbers being what they say.
pub(super) fn value(expr: &Expr) -> Result<Number, Fault> {
    read(expr, &Reading::new())
}

/// The value of an expression without names in one reading of its numbers.
fn read(expr: &Expr, reading: &Reading) -> Result<Number, Fault> {
    let meant = |q: &Rational, decimals: u32| match reading.is_empty() {
        true => None,
        false => reading.get(&(q.abs(), decimals)),
    };
    let exact = |q: &Rational, decimals: u32| match meant(q, decimals) {
        None => Ok(q.clone()),
        Some(Number::Exact(value)) => Ok(value.clone()),
        Some(Number::Enclosed(_)) => Err(Fault::NoOrder),
    };
    if let Ok(exact) = compute::<Rational>(expr, &exact) {
        return Ok(Number::Exact(exact));
    }
    let near = |q: &Rational, decimals: u32| match meant(q, decimals) {
        None => Interval::from_rational(q),
        Some(value) => value.interval(),
    };
    compute::<Interval>(expr, &near).map(Number::Enclosed)
}

/// A number and half a unit of its last digit around it.
fn about(q: &Rational, decimals: u32) -> Result<Interval, Fault> {
    let middle = Interval::from_rational(q)?;
    let half = half_a_unit(decimals);
    Interval::new(middle.lower - half, middle.upper + half)
}

fn half_a_unit(decimals: u32) -> f64 {
    0.5 * libm::pow(10.0, -f64::from(decimals)) * (1.0 + 1e-9)
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

/// Two values as a row of numbers shows them: in decimals where its author writes decimals.
fn beside(found: &Number, theirs: &Number, decimals: Option<u32>) -> (String, String) {
    let shown = |number: &Number| {
        let exact = match (number, decimals) {
            (Number::Exact(q), Some(decimals)) if !q.is_integer() => (decimals..=decimals + 6)
                .filter_map(|d| q.in_decimals(d))
                .find(|text| text.parse().is_ok_and(|read: Rational| read == *q))
                .or_else(|| q.in_decimals(decimals + 3).map(|text| format!("about {text}"))),
            _ => None,
        };
        exact.unwrap_or_else(|| number.shown())
    };
    (shown(found), shown(theirs))
}

/// What is held against a row of numbers.
#[derive(Clone, Copy)]
pub(super) enum Held<'a> {
    /// A value, with others that are known beside it: a decimal of the row may be one of them,
    /// rounded.
    Value(&'a Number, &'a [Number]),
    /// Other numbers.
    Numbers(&'a Expr),
}

/// Holds a value, or numbers, against numbers; a result that was rounded is noted in `rounded`.
/// `loose` is for ≈, which may be off by a whole unit of the last digit.
pub(super) fn compare(
    held: Held<'_>,
    theirs: &Expr,
    rounded: &mut Rounded,
    loose: bool,
) -> Compared {
    let result = printed(theirs).filter(|(_, decimals)| *decimals > 0 || loose);
    let parts: Vec<Number> = match held {
        Held::Numbers(expr) => values_within(expr),
        Held::Value(_, others) => others.to_vec(),
    };
    let origins = match (held, printed(theirs)) {
        (Held::Value(..), Some(_)) => rounded.origins(&[], &[]),
        (Held::Value(..), None) => rounded.origins(&[theirs], &parts),
        (Held::Numbers(expr), Some(_)) => rounded.origins(&[expr], &[]),
        (Held::Numbers(expr), None) => rounded.origins(&[expr, theirs], &parts),
    };
    let sides = |reading: &Reading| -> Result<(Number, Number), Fault> {
        let found = match held {
            Held::Value(value, _) => value.clone(),
            Held::Numbers(expr) => read(expr, reading)?,
        };
        // A result is what is asked about, and not what goes in.
        let theirs = match printed(theirs) {
            Some((q, _)) => Number::Exact(q),
            None => read(theirs, reading)?,
        };
        Ok((found, theirs))
    };
    let (mut best, mut fault) = (None, None);
    for reading in origins.readings() {
        let both = sides(&reading).and_then(|(a, b)| {
            let meant = Meant { held, theirs, reading: &reading };
            Ok((agree([&a, &b], &result, loose, meant)?, a))
        });
        match both {
            Ok((Some(how), found)) => {
                if let Some(result) = result.as_ref().filter(|(_, decimals)| *decimals > 0)
                    && how == Compared::Rounded
                {
                    rounded.note(result, &found);
                }
                best = best.or(Some(how));
            }
            Ok((None, _)) => {}
            Err(found) => fault = fault.or(Some(found)),
        }
    }
    if let Some(how) = best {
        return how;
    }
    if let Some(fault) = fault {
        return Compared::Unknown(fault.to_string());
    }
    // Nothing that was had gives it; what lies between may have been had.
    let elastic = matches!(held, Held::Value(..)) && printed(theirs).is_none();
    let may_be = origins.between(elastic).map(|all| {
        all.iter().any(|reading| {
            let meant = Meant { held, theirs, reading };
            let both = sides(reading).and_then(|(a, b)| agree([&a, &b], &result, loose, meant));
            !matches!(both, Ok(None))
        })
    });
    if let Ok(true) | Err(_) = may_be {
        let unexplained = origins.unexplained().next().filter(|_| elastic);
        let reason = match unexplained.and_then(|(q, decimals)| q.in_decimals(*decimals)) {
            Some(number) => format!("{number} may have been rounded, and nothing says from what"),
            None => "it depends on how the numbers in it were rounded".to_string(),
        };
        return Compared::Unknown(reason);
    }
    match sides(&origins.printed()) {
        Ok((found, value)) => {
            let decimals = printed(theirs).map(|(_, decimals)| decimals).filter(|d| *d > 0);
            let (ours, theirs) = beside(&found, &value, decimals);
            Compared::Different(ours, theirs)
        }
        Err(fault) => Compared::Unknown(fault.to_string()),
    }
}

/// What two numbers are the values of.
#[derive(Clone, Copy)]
struct Meant<'a> {
    held: Held<'a>,
    theirs: &'a Expr,
    reading: &'a Reading,
}

impl Meant<'_> {
    /// The width that an enclosure of two values may have to show that they are one to the digits
    /// that were printed: none where every number is what it says.
    fn narrow(&self) -> Option<f64> {
        let of_rounded = |(printed, value): (&Printed, &Number)| match value {
            Number::Exact(_) => None,
            Number::Enclosed(_) => Some(NARROW * half_a_unit(printed.1)),
        };
        self.reading.iter().filter_map(of_rounded).reduce(f64::min)
    }

    /// Whether more digits show that the two sides differ.
    fn differ_further_on(&self) -> bool {
        let Held::Numbers(ours) = self.held else { return false };
        [512, 2048].into_iter().any(|bits| {
            Digits::during(bits, || {
                let of = |expr: &Expr| -> Result<Ball<Digits>, Fault> {
                    compute(expr, &|q, decimals| match self.reading.get(&(q.abs(), decimals)) {
                        Some(Number::Exact(value)) => Ball::from_rational(value),
                        Some(Number::Enclosed(_)) => Err(Fault::NoOrder),
                        None => Ball::from_rational(q),
                    })
                };
                let difference = of(ours).and_then(|a| a.sub(&of(self.theirs)?));
                difference.is_ok_and(|d| !d.holds_zero())
            })
        })
    }
}

/// Whether two numbers are one, and how; `result` is the second of them if it is a result with
/// decimals.
fn agree(
    [found, theirs]: [&Number; 2],
    result: &Option<(Rational, u32)>,
    loose: bool,
    meant: Meant<'_>,
) -> Result<Option<Compared>, Fault> {
    if let (Number::Exact(a), Number::Exact(b)) = (found, theirs) {
        if a == b {
            return Ok(Some(Compared::Equal));
        }
        if result.is_none() {
            return Ok(None);
        }
    }
    let a = found.interval()?;
    let b = match result {
        Some((q, decimals)) => {
            let around = about(q, *decimals)?;
            match loose {
                // Digits that were cut off, too; but 1 is not about 1/32.
                true => cut_off(q, &around, &a)?,
                false => around,
            }
        }
        None => theirs.interval()?,
    };
    if a.lower > b.upper || b.lower > a.upper {
        return Ok(None);
    }
    // They may be one. That they are has to be seen: what is known of a number is less than what
    // was printed of it. Between formulas of which nothing was printed it is a matter of proof.
    let width = a.upper - a.lower;
    let told = match result {
        Some(_) => {
            let within = b.lower <= a.lower && a.upper <= b.upper;
            within || width <= NARROW * (b.upper - b.lower)
        }
        None if loose => {
            let size = a.lower.abs().max(a.upper.abs()) * 1e-9;
            width <= size && b.upper - b.lower <= size
        }
        None => match meant.narrow() {
            Some(narrow) => width <= narrow && b.upper - b.lower <= narrow,
            None if meant.differ_further_on() => return Ok(None),
            None => false,
        },
    };
    if told { Ok(Some(Compared::Rounded)) } else { Err(Fault::Overlap) }
}

/// How wide a value may be beside half a unit of a printed digit, where it lies across the border.
const NARROW: f64 = 0.02;

/// The values of all parts of a row of numbers.
fn values_within(expr: &Expr) -> Vec<Number> {
    let mut all = Vec::new();
    visit(expr, &mut |e| {
        let whole = matches!(e.kind, FormulaKind::Number { .. });
        if !whole
            && all.len() < MAX_VALUES
            && let Ok(value) = value(e)
        {
            all.push(value);
        }
    });
    all
}

/// A part of a formula in whose place a number stands.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// A name, or a derivative.
    pub(super) of: Expr,
    pub(super) value: Rational,
    pub(super) decimals: u32,
}

/// What the names and derivatives of a formula have to be so that it is this row of numbers, as in
/// "N = (W − F + 2P)/S + 1 = (4 − 2 + 2·0)/2 + 1". None if it is no such row.
pub(super) fn instance(formula: &Expr, numbers: &Expr) -> Option<Vec<Part>> {
    let mut found: Vec<Part> = Vec::new();
    fits(formula, numbers, &mut found).then_some(found)
}

fn fits(formula: &Expr, numbers: &Expr, found: &mut Vec<Part>) -> bool {
    if let FormulaKind::Name(_) | FormulaKind::Derivative { .. } = &formula.kind {
        let Some((value, decimals)) = printed(numbers) else { return false };
        return match found.iter().find(|part| same(&part.of, formula)) {
            Some(part) => part.value == value,
            None => {
                found.push(Part { of: formula.clone(), value, decimals });
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
        (
            FormulaKind::Apply { head: f, primes: 0, args: a },
            FormulaKind::Apply { head: g, primes: 0, args: b },
        ) => spelled(f) == spelled(g) && all(a, b),
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
