//! Every small change of an expression, with the splice of the source that makes it.
//!
//! Nothing is judged here: what a change is worth is its rank, and whether it is true is asked by
//! whoever tries it.

use std::ops::Range;

use crate::review::Slip;
use crate::review::names::{is_digits, latex};
use crate::review::numbers::is_numeric;
use crate::review::tex::syntax::{Comparison, Expr, FormulaKind, Known, Name, visit};
use crate::scalar::{Rational, Scalar};

/// The highest digit that is put into an index for which no name of the document speaks.
const HIGHEST_DIGIT: char = '4';

/// A change of a side: the places of the source with what is put there, and the side as it is
/// then.
#[derive(Clone)]
pub(in crate::review) struct Edit {
    /// 0 for the smallest changes.
    pub(super) rank: u8,
    /// What was done wrong, if this is what was meant.
    pub(super) slip: Slip,
    pub(super) splices: Vec<(Range<usize>, String)>,
    pub(super) side: Expr,
}

/// What edits may use.
pub(super) struct Pool {
    pub(super) names: Vec<Name>,
    /// The names of the line itself.
    pub(super) near: Vec<Name>,
    /// Names of what the derivatives of the line are said to be elsewhere.
    pub(super) related: Vec<Name>,
    /// Names with what they are made of, of which a factor of a chain rule may be missing.
    pub(super) links: Vec<(Name, Name)>,
}

/// The names that differ from a name in one digit of an index.
pub(super) fn neighbours(name: &Name) -> Vec<Name> {
    let mut all = Vec::new();
    for (place, part) in name.below.iter().enumerate().filter(|(_, part)| is_digits(part)) {
        for (at, old) in part.char_indices() {
            for digit in '0'..=HIGHEST_DIGIT {
                if digit != old {
                    let mut other = name.clone();
                    other.below[place].replace_range(at..=at, digit.encode_utf8(&mut [0; 4]));
                    all.push(other);
                }
            }
        }
    }
    all
}

pub(super) type Text<'a> = &'a dyn Fn(&Range<usize>) -> String;

/// Every small change of an expression.
pub(super) fn edits(expr: &Expr, pool: &Pool, text: Text<'_>, emit: &mut dyn FnMut(Edit)) {
    renamings(expr, pool, emit);
    signs(expr, text, emit);
    powers(expr, text, emit);
    numbers(expr, emit);
    dropped_factors(expr, text, emit);
    added_factors(expr, pool, text, emit);
    turned(expr, text, emit);
}

/// Another name in the place of one.
pub(super) fn renamings(expr: &Expr, pool: &Pool, emit: &mut dyn FnMut(Edit)) {
    everywhere(expr, &mut |e, put| {
        let FormulaKind::Name(name) = &e.kind else { return };
        for other in &pool.names {
            if other == name {
                continue;
            }
            let alike = other.stem == name.stem && other.below.len() == name.below.len();
            let near = pool.near.contains(other);
            let rank = match (alike, near) {
                (true, true) => 0,
                (true, false) => 1,
                _ if near || pool.related.contains(other) => 3,
                _ => 4,
            };
            let new = Expr { kind: FormulaKind::Name(other.clone()), span: e.span.clone() };
            let turned = other.below.iter().eq(name.below.iter().rev());
            let slip = match alike {
                true if turned => Slip::TurnedIndices,
                true => Slip::Index,
                false => Slip::Name,
            };
            put(rank, slip, new, vec![(e.span.clone(), latex(other))], emit);
        }
    });
}

/// Another sign before a term, a factor or the whole.
fn signs(expr: &Expr, text: Text<'_>, emit: &mut dyn FnMut(Edit)) {
    let minus =
        |e: &Expr| Expr { kind: FormulaKind::Neg(Box::new(e.clone())), span: e.span.clone() };
    match &expr.kind {
        FormulaKind::Neg(a) => emit(Edit {
            rank: 2,
            slip: Slip::Sign,
            splices: vec![(expr.span.clone(), text(&a.span))],
            side: (**a).clone(),
        }),
        FormulaKind::Sum(terms) => {
            let to = match &terms[..] {
                [(false, a), (true, b)] => format!("{} - {}", text(&b.span), text(&a.span)),
                _ => format!("-({})", text(&expr.span)),
            };
            let splices = vec![(expr.span.clone(), to)];
            emit(Edit { rank: 2, slip: Slip::Sign, splices, side: minus(expr) });
        }
        _ => {
            let splices = vec![(expr.span.clone(), format!("-{}", text(&expr.span)))];
            emit(Edit { rank: 2, slip: Slip::Sign, splices, side: minus(expr) });
        }
    }
    everywhere(expr, &mut |e, put| match &e.kind {
        FormulaKind::Sum(terms) => {
            for (nth, (minus, term)) in terms.iter().enumerate() {
                let mut other = terms.clone();
                other[nth].0 = !minus;
                let sign = if *minus { "+" } else { "-" };
                let splice = match nth {
                    0 => {
                        let plain = text(&term.span);
                        let to = if *minus { plain } else { format!("-{plain}") };
                        (term.span.clone(), to)
                    }
                    _ => (terms[nth - 1].1.span.end..term.span.start, format!(" {sign} ")),
                };
                let new = Expr { kind: FormulaKind::Sum(other), span: e.span.clone() };
                put(2, Slip::Sign, new, vec![splice], emit);
            }
        }
        FormulaKind::Neg(a) => {
            put(2, Slip::Sign, (**a).clone(), vec![(e.span.clone(), text(&a.span))], emit)
        }
        // A sign is lost in an exponent sooner than before a whole.
        FormulaKind::Power(base, exponent) if !is_numeric(exponent) => {
            if let Some(to) = negated(exponent, text) {
                let new = Box::new(minus(exponent));
                let kind = FormulaKind::Power(base.clone(), new);
                let new = Expr { kind, span: e.span.clone() };
                put(1, Slip::Sign, new, vec![(exponent.span.clone(), to)], emit);
            }
        }
        FormulaKind::Call(Known::Exp, exponent) => {
            if let Some(to) = negated(exponent, text) {
                let kind = FormulaKind::Call(Known::Exp, Box::new(minus(exponent)));
                let new = Expr { kind, span: e.span.clone() };
                put(1, Slip::Sign, new, vec![(exponent.span.clone(), to)], emit);
            }
        }
        _ => {}
    });
}

/// An exponent with a minus before it, in its own braces or parentheses.
fn negated(exponent: &Expr, text: Text<'_>) -> Option<String> {
    let plain = text(&exponent.span);
    let single = matches!(exponent.kind, FormulaKind::Sum(_) | FormulaKind::Neg(_));
    let inside = |open: char, close: char| {
        plain.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).filter(|rest| {
            // "(a)(b)" opens and closes twice.
            !rest.contains([open, close]) || open == '{' && !rest.contains("}{")
        })
    };
    if single {
        return None;
    }
    Some(match (inside('{', '}'), inside('(', ')')) {
        (Some(inner), _) => format!("{{-{inner}}}"),
        (_, Some(inner)) => format!("(-{inner})"),
        _ => format!("{{-{plain}}}"),
    })
}

/// Another small number in the place of one.
fn numbers(expr: &Expr, emit: &mut dyn FnMut(Edit)) {
    const OTHERS: &[(i64, i64, &str)] =
        &[(0, 1, "0"), (1, 1, "1"), (2, 1, "2"), (3, 1, "3"), (4, 1, "4"), (1, 2, "\\frac{1}{2}")];
    everywhere(expr, &mut |e, put| {
        let FormulaKind::Number { value, .. } = &e.kind else { return };
        for (numer, denom, text) in OTHERS {
            let Ok(other) = Rational::new(*numer, *denom) else { continue };
            if other != *value {
                let kind = FormulaKind::Number { value: other, decimals: 0 };
                let new = Expr { kind, span: e.span.clone() };
                put(3, Slip::Number, new, vec![(e.span.clone(), (*text).to_string())], emit);
            }
        }
    });
}

/// A power more or less.
fn powers(expr: &Expr, text: Text<'_>, emit: &mut dyn FnMut(Edit)) {
    everywhere(expr, &mut |e, put| match &e.kind {
        FormulaKind::Power(a, n) => {
            // The power rule, forgotten: x³ for x².
            if let FormulaKind::Number { value, decimals: 0 } = &n.kind
                && value.is_integer()
                && let Ok(less) = value.sub(&Rational::from(1))
            {
                let to = less.to_string();
                let less = Expr {
                    kind: FormulaKind::Number { value: less, decimals: 0 },
                    span: n.span.clone(),
                };
                let kind = FormulaKind::Power(a.clone(), Box::new(less));
                let new = Expr { kind, span: e.span.clone() };
                put(3, Slip::Power, new, vec![(n.span.clone(), to)], emit);
            }
            let base = match &a.kind {
                FormulaKind::Name(name) => latex(name),
                _ => text(&a.span),
            };
            put(2, Slip::Power, (**a).clone(), vec![(e.span.clone(), base)], emit);
        }
        FormulaKind::Name(_) => {
            let two = Expr { kind: FormulaKind::whole(2), span: e.span.clone() };
            let kind = FormulaKind::Power(Box::new(e.clone()), Box::new(two));
            let to = format!("{}^2", text(&e.span));
            let new = Expr { kind, span: e.span.clone() };
            put(5, Slip::Power, new, vec![(e.span.clone(), to)], emit);
        }
        _ => {}
    });
}

/// One factor, denominator or term less.
pub(super) fn dropped_factors(expr: &Expr, text: Text<'_>, emit: &mut dyn FnMut(Edit)) {
    let gap = |all: &[&Expr], nth: usize| match nth {
        0 => all[0].span.start..all[1].span.start,
        _ => all[nth - 1].span.end..all[nth].span.end,
    };
    everywhere(expr, &mut |e, put| match &e.kind {
        FormulaKind::Product(factors) if factors.len() > 1 => {
            let all: Vec<&Expr> = factors.iter().collect();
            for nth in 0..factors.len() {
                let mut rest = factors.clone();
                rest.remove(nth);
                let kind = match rest.len() {
                    1 => rest.swap_remove(0).kind,
                    _ => FormulaKind::Product(rest),
                };
                let new = Expr { kind, span: e.span.clone() };
                put(4, Slip::ExtraFactor, new, vec![(gap(&all, nth), String::new())], emit);
            }
        }
        FormulaKind::Sum(terms) if terms.len() > 1 => {
            let all: Vec<&Expr> = terms.iter().map(|(_, t)| t).collect();
            for nth in 0..terms.len() {
                let mut rest = terms.clone();
                rest.remove(nth);
                let new = Expr { kind: FormulaKind::Sum(rest), span: e.span.clone() };
                // Where the first goes, the sign of the second may have to stay.
                let keeps = nth == 0 && terms[1].0;
                let to = if keeps { "-".to_string() } else { String::new() };
                put(5, Slip::ExtraTerm, new, vec![(gap(&all, nth), to)], emit);
            }
        }
        FormulaKind::Quotient(a, _) => {
            let splice = (e.span.clone(), text(&a.span));
            put(5, Slip::ExtraFactor, (**a).clone(), vec![splice], emit);
        }
        _ => {}
    });
}

/// One factor more, for the whole or for a term.
fn added_factors(expr: &Expr, pool: &Pool, text: Text<'_>, emit: &mut dyn FnMut(Edit)) {
    let number = |n| Expr { kind: FormulaKind::whole(n), span: expr.span.clone() };
    let half = FormulaKind::Quotient(Box::new(number(1)), Box::new(number(2)));
    let numbers = [
        (number(2), "2".to_string()),
        (number(3), "3".to_string()),
        (Expr { kind: half, span: expr.span.clone() }, "\\frac{1}{2}".to_string()),
    ];
    let named =
        |name: &Name| Expr { kind: FormulaKind::Name(name.clone()), span: expr.span.clone() };
    let names = pool.names.iter().map(|name| (named(name), latex(name)));
    let links = pool.links.iter().map(|(of, by)| {
        let shown = format!("\\frac{{\\partial {}}}{{\\partial {}}}", latex(of), latex(by));
        let (of, by) = (Box::new(named(of)), Box::new(named(by)));
        let kind = FormulaKind::Derivative { of, by, order: 1 };
        (Expr { kind, span: expr.span.clone() }, shown)
    });
    let factors: Vec<(Expr, String)> = numbers.into_iter().chain(names).chain(links).collect();
    let add = |e: &Expr, put: &mut Put<'_>, emit: &mut dyn FnMut(Edit)| {
        let plain = text(&e.span);
        for (factor, shown) in &factors {
            let all = vec![e.clone(), factor.clone()];
            let new = Expr { kind: FormulaKind::Product(all), span: e.span.clone() };
            let inner = match e.kind {
                FormulaKind::Sum(_) if !plain.starts_with(['(', '{']) => format!("({plain})"),
                _ => plain.clone(),
            };
            // A number stands first, and before a sum over an index it has to.
            let first = matches!(e.kind, FormulaKind::BigSum { .. }) || is_numeric(factor);
            let to = match first {
                true => format!("{shown} \\cdot {inner}"),
                false => format!("{inner} \\cdot {shown}"),
            };
            // A name says it sooner than a derivative.
            let (rank, slip) = match factor.kind {
                FormulaKind::Derivative { .. } => (7, Slip::ChainFactor),
                _ => (6, Slip::MissingFactor),
            };
            put(rank, slip, new, vec![(e.span.clone(), to)], emit);
        }
    };
    everywhere(expr, &mut |e, put| match &e.kind {
        FormulaKind::Sum(terms) => {
            for (nth, (_, term)) in terms.iter().enumerate() {
                let mut inner = |rank: u8,
                                 slip: Slip,
                                 new: Expr,
                                 splices: Splices,
                                 emit: &mut dyn FnMut(Edit)| {
                    let mut other = terms.clone();
                    other[nth].1 = new;
                    let new = Expr { kind: FormulaKind::Sum(other), span: e.span.clone() };
                    put(rank, slip, new, splices, emit);
                };
                add(term, &mut inner, emit);
            }
        }
        _ if e.span == expr.span => add(e, put, emit),
        _ => {}
    });
}

/// A fraction or a derivative upside down.
fn turned(expr: &Expr, text: Text<'_>, emit: &mut dyn FnMut(Edit)) {
    everywhere(expr, &mut |e, put| {
        if let FormulaKind::Quotient(a, b) = &e.kind {
            let kind = FormulaKind::Quotient(b.clone(), a.clone());
            let to = format!("\\frac{{{}}}{{{}}}", text(&b.span), text(&a.span));
            let new = Expr { kind, span: e.span.clone() };
            put(6, Slip::UpsideDown, new, vec![(e.span.clone(), to)], emit);
        }
    });
}

type Splices = Vec<(Range<usize>, String)>;
type Put<'a> = dyn FnMut(u8, Slip, Expr, Splices, &mut dyn FnMut(Edit)) + 'a;

/// Calls `at` with every expression below `whole`, itself first, and with what puts another in
/// its place and hands the whole on.
fn everywhere(whole: &Expr, at: &mut dyn FnMut(&Expr, &mut Put<'_>)) {
    let mut all = Vec::new();
    visit(whole, &mut |e| all.push(e));
    for e in all {
        let mut put =
            |rank: u8, slip: Slip, new: Expr, splices: Splices, emit: &mut dyn FnMut(Edit)| {
                let side = put_in(whole, e, &new);
                emit(Edit { rank, slip, splices, side });
            };
        at(e, &mut put);
    }
}

/// `whole` with `new` in the place of `old`, which is one of its parts.
pub(in crate::review) fn put_in(whole: &Expr, old: &Expr, new: &Expr) -> Expr {
    if std::ptr::eq(whole, old) {
        return new.clone();
    }
    let one = |e: &Expr| put_in(e, old, new);
    let boxed = |e: &Expr| Box::new(one(e));
    let all = |es: &[Expr]| es.iter().map(one).collect::<Vec<_>>();
    let kind = match &whole.kind {
        FormulaKind::Cases(cases) => {
            let compared = |c: &Comparison| Comparison {
                left: boxed(&c.left),
                sign: c.sign,
                right: boxed(&c.right),
            };
            let case = |(value, condition): &(Expr, Option<Comparison>)| {
                (one(value), condition.as_ref().map(compared))
            };
            FormulaKind::Cases(cases.iter().map(case).collect())
        }
        FormulaKind::Number { .. }
        | FormulaKind::Name(_)
        | FormulaKind::Matrix(_)
        | FormulaKind::Array(_) => whole.kind.clone(),
        FormulaKind::Neg(a) => FormulaKind::Neg(boxed(a)),
        FormulaKind::Sum(terms) => {
            FormulaKind::Sum(terms.iter().map(|(m, t)| (*m, one(t))).collect())
        }
        FormulaKind::Product(es) => FormulaKind::Product(all(es)),
        FormulaKind::List(es) => FormulaKind::List(all(es)),
        FormulaKind::Quotient(a, b) => FormulaKind::Quotient(boxed(a), boxed(b)),
        FormulaKind::Power(a, b) => FormulaKind::Power(boxed(a), boxed(b)),
        FormulaKind::Call(f, a) => FormulaKind::Call(*f, boxed(a)),
        FormulaKind::Extreme { least, of } => FormulaKind::Extreme { least: *least, of: all(of) },
        FormulaKind::Apply { head, primes, args } => {
            FormulaKind::Apply { head: head.clone(), primes: *primes, args: all(args) }
        }
        FormulaKind::Derivative { of, by, order } => {
            FormulaKind::Derivative { of: boxed(of), by: boxed(by), order: *order }
        }
        FormulaKind::Differential(a) => FormulaKind::Differential(boxed(a)),
        FormulaKind::Limit { of, by, to } => {
            FormulaKind::Limit { of: boxed(of), by: by.clone(), to: boxed(to) }
        }
        FormulaKind::BigProduct(a) => FormulaKind::BigProduct(boxed(a)),
        FormulaKind::HalfDerivative { of, by } => {
            FormulaKind::HalfDerivative { of: boxed(of), by: boxed(by) }
        }
        FormulaKind::BigSum { indices, from, to, body } => FormulaKind::BigSum {
            indices: indices.clone(),
            from: from.clone(),
            to: to.clone(),
            body: boxed(body),
        },
    };
    Expr { kind, span: whole.span.clone() }
}
