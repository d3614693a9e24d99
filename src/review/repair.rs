//! The smallest change that makes a wrong line true: one symbol, sign, index, factor or term;
//! where none will do, one name and one factor.
//!
//! Invariants: a repair was judged true before it is offered; of several that are equally small,
//! the one that another line of the document confirms comes first. The search is bounded per
//! line and per document.

use std::ops::Range;

use super::Repair;
use super::claim::{names_of, same, stands_in, statements};
use super::document::Placed;
use super::marker::Marker;
use super::names::{Convention, is_digits, latex, spelled};
use super::numbers::{Number, compare, is_numeric, printed, visit};
use super::tex::syntax::{Expr, Kind, Name};
use crate::scalar::Rational;

/// The most changes that are tried on one line.
pub const MAX_TRIES_PER_ROW: usize = 4000;
/// The most changes that are tried in one document.
pub const MAX_TRIES: usize = 200_000;
/// The most names of the document that are put in the place of another.
const MAX_NAMES: usize = 48;
/// The highest digit that is put into an index for which no name of the document speaks.
const HIGHEST_DIGIT: char = '4';
/// How far around the line names are looked for, in items of the document.
const NEAR: usize = 60;

/// How many changes were tried so far.
#[derive(Default)]
pub(super) struct Budget {
    used: usize,
}

/// A change of a side: the places of the source with what is put there, and the side as it is
/// then.
#[derive(Clone)]
struct Edit {
    /// 0 for the smallest changes.
    rank: u8,
    splices: Vec<(Range<usize>, String)>,
    side: Expr,
}

/// What edits may use.
struct Pool {
    names: Vec<Name>,
    /// The names of the line itself.
    near: Vec<Name>,
    /// Names of what the derivatives of the line are said to be elsewhere.
    related: Vec<Name>,
}

/// The names that differ from a name in one digit of an index.
fn neighbours(name: &Name) -> Vec<Name> {
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

impl Marker<'_, '_> {
    /// The smallest change of `left = right` that makes it true. `own_left` says whether the
    /// left side stands in this very row.
    pub(super) fn repair(
        &mut self,
        left: &Expr,
        right: &Expr,
        own_left: bool,
        at: usize,
        placed: &Placed,
    ) -> Option<Repair> {
        let pool = self.pool(left, right, at);
        let text = |span: &Range<usize>| {
            let source = placed.source(span);
            self.document.source.get(source).unwrap_or_default().to_string()
        };
        let mut single: Vec<(bool, Edit)> = Vec::new();
        edits(right, &pool, &text, &mut |e| single.push((false, e)));
        if own_left {
            edits(left, &pool, &text, &mut |e| single.push((true, e)));
        }
        single.sort_by_key(|(_, e)| e.rank);
        let mut tries = 0;
        let mut best: Option<(u8, bool, u8, Edit)> = None;
        for (on_left, edit) in &single {
            if best.as_ref().is_some_and(|(rank, ..)| *rank < edit.rank) {
                break;
            }
            if !self.may_try(&mut tries) {
                break;
            }
            let sides = if *on_left { (&edit.side, right) } else { (left, &edit.side) };
            if !self.holds(sides.0, sides.1, at) {
                continue;
            }
            let confirmed = self.confirmed(sides.0, sides.1, at, placed);
            let better = best.as_ref().is_none_or(|(_, _, known, _)| confirmed > *known);
            if better {
                best = Some((edit.rank, *on_left, confirmed, edit.clone()));
            }
        }
        if let Some((_, on_left, _, edit)) = best {
            let whole = if on_left { &left.span } else { &right.span };
            return Some(self.spliced(&edit, whole, placed));
        }
        // One name and one factor: −w·i should be −r.
        let mut drops = Vec::new();
        dropped_factors(right, &text, &mut |e| drops.push(e));
        for drop in drops {
            let mut doubles = Vec::new();
            renamings(&drop.side, &pool, &mut |e| doubles.push(e));
            for double in doubles {
                if !self.may_try(&mut tries) {
                    return None;
                }
                if self.holds(left, &double.side, at) {
                    let mut splices = drop.splices.clone();
                    splices.extend(double.splices);
                    let edit = Edit { splices, ..double };
                    return Some(self.spliced(&edit, &right.span, placed));
                }
            }
        }
        None
    }

    /// The result that a row of numbers should have.
    pub(super) fn number_repair(
        &mut self,
        found: &Number,
        right: &Expr,
        placed: &Placed,
    ) -> Option<Repair> {
        let (old, decimals) = printed(right)?;
        let text = match found {
            Number::Exact(q) if decimals == 0 => match q.is_integer() {
                true => q.to_string(),
                false => format!("\\frac{{{}}}{{{}}}", q.numer(), q.denom()),
            },
            Number::Exact(q) => format!("{:.*}", decimals as usize, q.to_f64()),
            Number::Enclosed(_) if decimals == 0 => return None,
            Number::Enclosed(i) => {
                format!("{:.*}", decimals as usize, i.lower + (i.upper - i.lower) / 2.0)
            }
        };
        let value: Rational = match text.starts_with('\\') {
            true => return Some(self.replaced(right, text, placed)),
            false => text.parse().ok()?,
        };
        let kind = Kind::Number { value, decimals };
        let new = Expr { kind, span: right.span.clone() };
        let good = !matches!(
            compare(found, &new, &mut Default::default(), false),
            super::numbers::Compared::Different(..)
        );
        (good && printed(&new).is_some_and(|(q, _)| q != old))
            .then(|| self.replaced(right, text, placed))
    }

    fn replaced(&self, expr: &Expr, to: String, placed: &Placed) -> Repair {
        let source = placed.source(&expr.span);
        let from = self.document.text(&source);
        Repair { source, from, to }
    }

    fn may_try(&mut self, tries: &mut usize) -> bool {
        *tries += 1;
        self.repairs.used += 1;
        *tries <= MAX_TRIES_PER_ROW && self.repairs.used <= MAX_TRIES
    }

    fn holds(&mut self, left: &Expr, right: &Expr, at: usize) -> bool {
        if is_numeric(left) && is_numeric(right) {
            return false;
        }
        let (Ok(lhs), Ok(rhs)) = (self.scope.build(left, at), self.scope.build(right, at)) else {
            return false;
        };
        self.scope.judge(lhs, rhs, &self.unknowns).is_proved()
    }

    /// How well the rest of the document confirms a repaired line: 2 if a line of the same number
    /// says just this, 1 if any other line does.
    fn confirmed(&self, left: &Expr, right: &Expr, at: usize, placed: &Placed) -> u8 {
        let mut best = 0;
        let mut carried: Option<&Expr> = None;
        for (other, row, statement) in statements(self.document) {
            if statement.aside {
                continue;
            }
            carried = statement.first.as_ref().or(carried);
            let says = other != at
                && carried.is_some_and(|first| same(first, left))
                && statement.rest.iter().any(|(_, side)| same(side, right));
            if says {
                let numbered = row.row.labels.iter().any(|l| {
                    placed.row.labels.iter().any(|own| own.name == l.name)
                });
                best = best.max(1 + u8::from(numbered));
            }
        }
        best
    }

    fn pool(&self, left: &Expr, right: &Expr, at: usize) -> Pool {
        let mut near = names_of(right);
        near.extend(names_of(left));
        let mut names = near.clone();
        let mut related = Vec::new();
        let mut carried: Option<&Expr> = None;
        for (other, _, statement) in statements(self.document) {
            carried = statement.first.as_ref().or(carried);
            let sides = statement.first.iter().chain(statement.rest.iter().map(|(_, s)| s));
            // What a derivative of this line is said to be elsewhere.
            let about = carried.is_some_and(|first| {
                matches!(first.kind, Kind::Derivative { .. })
                    && (stands_in(first, left) || stands_in(first, right))
            });
            if about {
                sides.clone().for_each(|side| related.extend(names_of(side)));
            }
            if other + NEAR < at || other > at + NEAR {
                continue;
            }
            for side in sides {
                for name in names_of(side) {
                    if names.len() < MAX_NAMES && !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
        // Neighbours by an index, for those that stand nowhere else.
        for name in near.clone() {
            for other in neighbours(&name) {
                if !names.contains(&other) {
                    names.push(other);
                }
            }
        }
        related.retain(|name| !near.contains(name));
        names.sort_by_key(|name| !related.contains(name));
        Pool { names, near, related }
    }

    fn spliced(&self, edit: &Edit, whole: &Range<usize>, placed: &Placed) -> Repair {
        let source_of = |span: &Range<usize>| placed.source(span);
        if let [(span, to)] = &edit.splices[..] {
            let source = source_of(span);
            let from = self.document.source.get(source.clone()).unwrap_or_default().to_string();
            if !from.trim().is_empty() && !to.is_empty() {
                return Repair { source, from, to: to.clone() };
            }
        }
        // Several places, or one that is empty before or after: the whole side is shown.
        let source = source_of(whole);
        let text = self.document.source.get(source.clone()).unwrap_or_default();
        let mut splices: Vec<(Range<usize>, &String)> =
            edit.splices.iter().map(|(span, to)| (source_of(span), to)).collect();
        splices.sort_by_key(|(span, _)| span.start);
        let mut to = String::new();
        let mut done = source.start;
        for (span, new) in splices {
            if span.start < done || span.end > source.end {
                continue;
            }
            to.push_str(self.document.source.get(done..span.start).unwrap_or_default());
            to.push_str(new);
            done = span.end;
        }
        to.push_str(self.document.source.get(done..source.end).unwrap_or_default());
        Repair { source, from: text.to_string(), to }
    }
}

type Text<'a> = &'a dyn Fn(&Range<usize>) -> String;

/// Every small change of an expression.
fn edits(expr: &Expr, pool: &Pool, text: Text<'_>, emit: &mut dyn FnMut(Edit)) {
    renamings(expr, pool, emit);
    signs(expr, text, emit);
    numbers(expr, emit);
    powers(expr, text, emit);
    dropped_factors(expr, text, emit);
    added_factors(expr, pool, text, emit);
    turned(expr, text, emit);
}

/// Another name in the place of one.
fn renamings(expr: &Expr, pool: &Pool, emit: &mut dyn FnMut(Edit)) {
    everywhere(expr, &mut |e, put| {
        let Kind::Name(name) = &e.kind else { return };
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
            let new = Expr { kind: Kind::Name(other.clone()), span: e.span.clone() };
            put(rank, new, vec![(e.span.clone(), latex(other))], emit);
        }
    });
}

/// Another sign before a term, a factor or the whole.
fn signs(expr: &Expr, text: Text<'_>, emit: &mut dyn FnMut(Edit)) {
    let minus = |e: &Expr| Expr { kind: Kind::Neg(Box::new(e.clone())), span: e.span.clone() };
    match &expr.kind {
        Kind::Neg(a) => emit(Edit {
            rank: 2,
            splices: vec![(expr.span.clone(), text(&a.span))],
            side: (**a).clone(),
        }),
        Kind::Sum(_) => {
            let splices = vec![(expr.span.clone(), format!("-({})", text(&expr.span)))];
            emit(Edit { rank: 2, splices, side: minus(expr) });
        }
        _ => {
            let splices = vec![(expr.span.clone(), format!("-{}", text(&expr.span)))];
            emit(Edit { rank: 2, splices, side: minus(expr) });
        }
    }
    everywhere(expr, &mut |e, put| match &e.kind {
        Kind::Sum(terms) => {
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
                let new = Expr { kind: Kind::Sum(other), span: e.span.clone() };
                put(2, new, vec![splice], emit);
            }
        }
        Kind::Neg(a) => put(2, (**a).clone(), vec![(e.span.clone(), text(&a.span))], emit),
        _ => {}
    });
}

/// Another small number in the place of one.
fn numbers(expr: &Expr, emit: &mut dyn FnMut(Edit)) {
    const OTHERS: &[(i64, i64, &str)] =
        &[(0, 1, "0"), (1, 1, "1"), (2, 1, "2"), (3, 1, "3"), (4, 1, "4"), (1, 2, "\\frac{1}{2}")];
    everywhere(expr, &mut |e, put| {
        let Kind::Number { value, .. } = &e.kind else { return };
        for (numer, denom, text) in OTHERS {
            let Ok(other) = Rational::new(*numer, *denom) else { continue };
            if other != *value {
                let kind = Kind::Number { value: other, decimals: 0 };
                let new = Expr { kind, span: e.span.clone() };
                put(3, new, vec![(e.span.clone(), (*text).to_string())], emit);
            }
        }
    });
}

/// A power more or less.
fn powers(expr: &Expr, text: Text<'_>, emit: &mut dyn FnMut(Edit)) {
    everywhere(expr, &mut |e, put| match &e.kind {
        Kind::Power(a, _) => {
            put(2, (**a).clone(), vec![(e.span.clone(), text(&a.span))], emit);
        }
        Kind::Name(_) => {
            let two = Expr {
                kind: Kind::Number { value: Rational::from(2), decimals: 0 },
                span: e.span.clone(),
            };
            let kind = Kind::Power(Box::new(e.clone()), Box::new(two));
            let to = format!("{}^2", text(&e.span));
            put(5, Expr { kind, span: e.span.clone() }, vec![(e.span.clone(), to)], emit);
        }
        _ => {}
    });
}

/// One factor, denominator or term less.
fn dropped_factors(expr: &Expr, text: Text<'_>, emit: &mut dyn FnMut(Edit)) {
    let gap = |all: &[&Expr], nth: usize| match nth {
        0 => all[0].span.start..all[1].span.start,
        _ => all[nth - 1].span.end..all[nth].span.end,
    };
    everywhere(expr, &mut |e, put| match &e.kind {
        Kind::Product(factors) if factors.len() > 1 => {
            let all: Vec<&Expr> = factors.iter().collect();
            for nth in 0..factors.len() {
                let mut rest = factors.clone();
                rest.remove(nth);
                let kind = match rest.len() {
                    1 => rest.swap_remove(0).kind,
                    _ => Kind::Product(rest),
                };
                let new = Expr { kind, span: e.span.clone() };
                put(4, new, vec![(gap(&all, nth), String::new())], emit);
            }
        }
        Kind::Sum(terms) if terms.len() > 1 => {
            let all: Vec<&Expr> = terms.iter().map(|(_, t)| t).collect();
            for nth in 0..terms.len() {
                let mut rest = terms.clone();
                rest.remove(nth);
                let new = Expr { kind: Kind::Sum(rest), span: e.span.clone() };
                // Where the first goes, the sign of the second may have to stay.
                let keeps = nth == 0 && terms[1].0;
                let to = if keeps { "-".to_string() } else { String::new() };
                put(5, new, vec![(gap(&all, nth), to)], emit);
            }
        }
        Kind::Quotient(a, _) => {
            put(5, (**a).clone(), vec![(e.span.clone(), text(&a.span))], emit);
        }
        _ => {}
    });
}

/// One factor more, for the whole or for a term.
fn added_factors(expr: &Expr, pool: &Pool, text: Text<'_>, emit: &mut dyn FnMut(Edit)) {
    let number = |n: i64| Expr {
        kind: Kind::Number { value: Rational::from(n), decimals: 0 },
        span: expr.span.clone(),
    };
    let half = Kind::Quotient(Box::new(number(1)), Box::new(number(2)));
    let numbers = [
        (number(2), "2".to_string()),
        (Expr { kind: half, span: expr.span.clone() }, "\\frac{1}{2}".to_string()),
    ];
    let names = pool.names.iter().map(|name| {
        (Expr { kind: Kind::Name(name.clone()), span: expr.span.clone() }, latex(name))
    });
    let factors: Vec<(Expr, String)> = numbers.into_iter().chain(names).collect();
    let add = |e: &Expr, put: &mut Put<'_>, emit: &mut dyn FnMut(Edit)| {
        let plain = text(&e.span);
        for (factor, shown) in &factors {
            let all = vec![e.clone(), factor.clone()];
            let new = Expr { kind: Kind::Product(all), span: e.span.clone() };
            let inner = match e.kind {
                Kind::Sum(_) if !plain.starts_with(['(', '{']) => format!("({plain})"),
                _ => plain.clone(),
            };
            put(6, new, vec![(e.span.clone(), format!("{inner} \\cdot {shown}"))], emit);
        }
    };
    everywhere(expr, &mut |e, put| match &e.kind {
        Kind::Sum(terms) => {
            for (nth, (_, term)) in terms.iter().enumerate() {
                let mut inner = |rank: u8, new: Expr, splices: Splices, emit: &mut dyn FnMut(Edit)| {
                    let mut other = terms.clone();
                    other[nth].1 = new;
                    put(rank, Expr { kind: Kind::Sum(other), span: e.span.clone() }, splices, emit);
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
        if let Kind::Quotient(a, b) = &e.kind {
            let kind = Kind::Quotient(b.clone(), a.clone());
            let to = format!("\\frac{{{}}}{{{}}}", text(&b.span), text(&a.span));
            put(6, Expr { kind, span: e.span.clone() }, vec![(e.span.clone(), to)], emit);
        }
    });
}

type Splices = Vec<(Range<usize>, String)>;
type Put<'a> = dyn FnMut(u8, Expr, Splices, &mut dyn FnMut(Edit)) + 'a;

/// Calls `at` with every expression below `whole`, itself first, and with what puts another in
/// its place and hands the whole on.
fn everywhere(whole: &Expr, at: &mut dyn FnMut(&Expr, &mut Put<'_>)) {
    let mut all = Vec::new();
    visit(whole, &mut |e| all.push(e));
    for e in all {
        let mut put = |rank: u8, new: Expr, splices: Splices, emit: &mut dyn FnMut(Edit)| {
            let side = with(whole, e, &new);
            emit(Edit { rank, splices, side });
        };
        at(e, &mut put);
    }
}

/// `whole` with `new` in the place of `old`, which is one of its parts.
fn with(whole: &Expr, old: &Expr, new: &Expr) -> Expr {
    if std::ptr::eq(whole, old) {
        return new.clone();
    }
    let one = |e: &Expr| with(e, old, new);
    let boxed = |e: &Expr| Box::new(one(e));
    let all = |es: &[Expr]| es.iter().map(one).collect::<Vec<_>>();
    let kind = match &whole.kind {
        Kind::Number { .. } | Kind::Name(_) | Kind::Cases(_) | Kind::Matrix(_) => {
            whole.kind.clone()
        }
        Kind::Neg(a) => Kind::Neg(boxed(a)),
        Kind::Sum(terms) => Kind::Sum(terms.iter().map(|(m, t)| (*m, one(t))).collect()),
        Kind::Product(es) => Kind::Product(all(es)),
        Kind::List(es) => Kind::List(all(es)),
        Kind::Quotient(a, b) => Kind::Quotient(boxed(a), boxed(b)),
        Kind::Power(a, b) => Kind::Power(boxed(a), boxed(b)),
        Kind::Call(f, a) => Kind::Call(*f, boxed(a)),
        Kind::Extreme { least, of } => Kind::Extreme { least: *least, of: all(of) },
        Kind::Apply { head, primes, args } => {
            Kind::Apply { head: head.clone(), primes: *primes, args: all(args) }
        }
        Kind::Derivative { of, by, order } => {
            Kind::Derivative { of: boxed(of), by: boxed(by), order: *order }
        }
        Kind::Differential(a) => Kind::Differential(boxed(a)),
        Kind::HalfDerivative { of, by } => Kind::HalfDerivative { of: boxed(of), by: boxed(by) },
        Kind::BigSum { indices, from, to, body } => Kind::BigSum {
            indices: indices.clone(),
            from: from.clone(),
            to: to.clone(),
            body: boxed(body),
        },
    };
    Expr { kind, span: whole.span.clone() }
}

/// The LaTeX of a cell that is spelled `c_01`, written as the author writes `c_{10}`.
pub(super) fn like(name: &Name, cell: &str, convention: &Convention) -> Option<String> {
    let digits = cell.rsplit('_').next().filter(|d| is_digits(d))?;
    let place = name.below.iter().position(|part| is_digits(part))?;
    if name.below.iter().filter(|part| is_digits(part)).count() != 1
        || name.below[place].len() != digits.len()
    {
        return None;
    }
    let mut all: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
    if convention.columns_first && all.len() == 2 {
        all.swap(0, 1);
    }
    if convention.from_one {
        all.iter_mut().for_each(|d| *d += 1);
    }
    let mut other = name.clone();
    other.below[place] = all.iter().map(ToString::to_string).collect();
    (spelled(&other) != spelled(name)).then(|| latex(&other))
}
