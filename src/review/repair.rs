//! The smallest change that makes a wrong line true: one symbol, sign, index, factor or term;
//! where none will do, one name and one factor.
//!
//! Invariants: a repair was judged true before it is offered; of several that are equally small,
//! the one that another line of the document confirms comes first. The search is bounded per
//! line and per document.

mod edits;

use std::ops::Range;

pub(super) use edits::put_in;
use edits::{Edit, Pool, dropped_factors, edits, neighbours, renamings};

use super::claim::{defined, names_of, same, stands_in, statements_near};
use super::document::Placed;
use super::marker::Marker;
use super::names::{Convention, is_digits, latex, spelled};
use super::numbers::{Compared, Held, Number, compare, is_numeric, printed};
use super::tex::syntax::{Expr, FormulaKind, Name, visit};
use super::ways::Ways;
use super::{Repair, Slip};
use crate::scalar::Rational;

/// The most changes that are tried on one line.
pub const MAX_TRIES_PER_ROW: usize = 4000;
/// The most changes that are tried in one document.
pub const MAX_TRIES: usize = 200_000;
/// The most operations that are read for the changes of one line, those of definitions with them.
const MAX_READS_PER_ROW: usize = 400_000;
/// The most of them in one document; behind that, each line gets a share.
const MAX_READS: usize = 4_000_000;
/// Which share that is.
const SHARE: usize = 16;
/// What it takes to judge a change that no point tells from a true one.
const READS_OF_A_PROOF: usize = 1000;
/// The largest line that is repaired, in names, numbers and signs.
pub const MAX_REPAIRED: usize = 200;
/// The most names of the document that are put in the place of another.
const MAX_NAMES: usize = 48;
/// The most factors of a chain rule that are tried.
const MAX_LINKS: usize = 16;
/// How far around the line names are looked for, in items of the document.
const NEAR: usize = 60;
/// The highest rank of changes after which a line is read as a chain rule over several ways.
const MAX_RANK_OF_WAYS: u8 = 2;
/// So much later is another quantity on the left side tried.
const RANK_OF_LEFT: u8 = 4;
/// How far around the line other lines are asked to confirm a repair.
const REACH: usize = 2000;

/// How many changes were tried so far.
#[derive(Default)]
pub(super) struct Budget {
    used: usize,
    /// Operations read for the line at hand.
    reads: usize,
    /// Those for the lines before it.
    before: usize,
}

impl Budget {
    /// The most operations for the line at hand.
    fn most_reads(&self) -> usize {
        match self.before < MAX_READS {
            true => MAX_READS_PER_ROW,
            false => MAX_READS_PER_ROW / SHARE,
        }
    }
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
        if self.repairs.used >= MAX_TRIES {
            return None;
        }
        self.repairs.before += std::mem::take(&mut self.repairs.reads);
        let mut size = 0;
        visit(right, &mut |_| size += 1);
        visit(left, &mut |_| size += 1);
        if size > MAX_REPAIRED {
            return None;
        }
        let pool = self.pool(left, right, at);
        let text = |span: &Range<usize>| {
            let source = placed.source(span);
            self.document.source.get(source).unwrap_or_default().to_string()
        };
        let mut single: Vec<(bool, Edit)> = Vec::new();
        edits(right, &pool, &text, &mut |e| single.push((false, e)));
        if own_left {
            edits(left, &pool, &text, &mut |mut e| {
                // What is asked for is seldom another quantity: a factor is lost sooner.
                if e.slip == Slip::Name {
                    e.rank += RANK_OF_LEFT;
                }
                single.push((true, e));
            });
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
            // What says nothing, or what the line beside it says, is no repair.
            if repeats(sides.0, sides.1) || *on_left && self.stands_beside(sides.0, sides.1, at) {
                continue;
            }
            let by_ways = edit.rank <= MAX_RANK_OF_WAYS;
            let holds = self.holds(sides.0, sides.1, at)
                || by_ways && self.holds_by_ways(sides.0, sides.1, at);
            if !holds {
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
            let repair = self.spliced(&edit, whole, placed);
            return (repair.from != repair.to).then_some(repair);
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
                if !repeats(left, &double.side) && self.holds(left, &double.side, at) {
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
            Number::Exact(q) if decimals == 0 && !q.is_integer() => {
                format!("\\frac{{{}}}{{{}}}", q.numer(), q.denom())
            }
            Number::Exact(q) => q.in_decimals(decimals)?,
            Number::Enclosed(_) if decimals == 0 => return None,
            Number::Enclosed(i) => {
                let middle = i.lower + (i.upper - i.lower) / 2.0;
                Rational::from_f64(middle).ok()?.in_decimals(decimals)?
            }
        };
        let value: Rational = match text.starts_with('\\') {
            true => return Some(self.replaced(right, text, placed)),
            false => text.parse().ok()?,
        };
        let kind = FormulaKind::Number { value, decimals };
        let new = Expr { kind, span: right.span.clone() };
        let good = !matches!(
            compare(Held::Value(found, &[]), &new, &mut Default::default(), false),
            Compared::Different(..)
        );
        (good && printed(&new).is_some_and(|(q, _)| q != old))
            .then(|| self.replaced(right, text, placed))
    }

    fn replaced(&self, expr: &Expr, to: String, placed: &Placed) -> Repair {
        let source = placed.source(&expr.span);
        let from = self.document.text(&source);
        Repair { source, from, to, slip: Some(Slip::Number) }
    }

    fn may_try(&mut self, tries: &mut usize) -> bool {
        *tries += 1;
        self.repairs.used += 1;
        *tries <= MAX_TRIES_PER_ROW
            && self.repairs.used <= MAX_TRIES
            && self.repairs.reads <= self.repairs.most_reads()
    }

    pub(super) fn holds(&mut self, left: &Expr, right: &Expr, at: usize) -> bool {
        if is_numeric(left) && is_numeric(right) {
            return false;
        }
        let elements = self.scope.elements(&[left, right], &self.conditions);
        if !elements.is_complete() {
            return false;
        }
        let before = std::mem::take(&mut self.scope.letters);
        let holds = elements.all.into_iter().all(|element| {
            self.scope.letters = element;
            let lhs = self.scope.build(left, at);
            self.repairs.reads += self.scope.work;
            let rhs = self.scope.build(right, at);
            self.repairs.reads += self.scope.work;
            let (Ok(lhs), Ok(rhs)) = (lhs, rhs) else { return false };
            self.repairs.reads += self.scope.graph.reachable(&[lhs, rhs]).len();
            if self.scope.plainly_differ(lhs, rhs) {
                return false;
            }
            self.repairs.reads += READS_OF_A_PROOF;
            self.scope.judge(lhs, rhs, &self.unknowns).is_proved()
        });
        self.scope.letters = before;
        holds
    }

    /// Whether a repaired line holds as the chain rule over several ways.
    fn holds_by_ways(&mut self, left: &Expr, right: &Expr, at: usize) -> bool {
        let Some(ways) = Ways::of(left, right) else { return false };
        if !self.scope.free_letters(&[left, right]).is_empty()
            || !self.scope.are_ways(&ways, at, &self.unknowns)
        {
            return false;
        }
        let sides = (self.scope.build(left, at), self.scope.build(right, at));
        let (Ok(lhs), Ok(rhs)) = sides else { return false };
        let along = self.scope.along(&ways, &[lhs, rhs], at);
        along.is_some_and(|s| self.scope.judge(s[0], s[1], &self.unknowns).is_proved())
    }

    /// Whether the statement before or behind this one says the same.
    fn stands_beside(&self, left: &Expr, right: &Expr, at: usize) -> bool {
        let mut before = None;
        let mut behind = None;
        for (other, _, statement) in statements_near(self.document, at, NEAR) {
            if statement.rest.is_empty() || other == at {
                continue;
            }
            if other < at {
                before = Some(statement);
            } else if behind.is_none() {
                behind = Some(statement);
            }
        }
        before.into_iter().chain(behind).any(|statement| {
            statement.first.as_ref().is_some_and(|first| same(first, left))
                && statement.rest.iter().any(|(_, side)| same(side, right))
        })
    }

    /// How well the rest of the document confirms a repaired line: 2 if a line of the same number
    /// says just this, 1 if any other line does.
    fn confirmed(&self, left: &Expr, right: &Expr, at: usize, placed: &Placed) -> u8 {
        let mut best = 0;
        let mut carried: Option<&Expr> = None;
        for (other, row, statement) in statements_near(self.document, at, REACH) {
            if statement.aside {
                continue;
            }
            carried = statement.first.as_ref().or(carried);
            let says = other != at
                && carried.is_some_and(|first| same(first, left))
                && statement.rest.iter().any(|(_, side)| same(side, right));
            if says {
                let numbered = row
                    .row
                    .labels
                    .iter()
                    .any(|l| placed.row.labels.iter().any(|own| own.name == l.name));
                best = best.max(1 + u8::from(numbered));
            }
        }
        best
    }

    fn pool(&self, left: &Expr, right: &Expr, at: usize) -> Pool {
        let mut near = names_of(right);
        near.extend(names_of(left));
        let mut names = near.clone();
        let (mut related, mut links) = (Vec::new(), Vec::new());
        let differentiates = matches!(left.kind, FormulaKind::Derivative { .. });
        let mut carried: Option<&Expr> = None;
        for (other, _, statement) in statements_near(self.document, at, REACH) {
            carried = statement.first.as_ref().or(carried);
            let sides = statement.sides();
            // What a derivative of this line is said to be elsewhere.
            let about = carried.is_some_and(|first| {
                matches!(first.kind, FormulaKind::Derivative { .. })
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
            if differentiates
                && let Some((name, params)) = statement.first.as_ref().and_then(defined)
                && params.is_empty()
                && let Some((_, body)) = statement.rest.first()
            {
                let inner = names_of(body).into_iter().filter(|by| spelled(by) != spelled(name));
                for link in inner.map(|by| (name.clone(), by)) {
                    // ∂y/∂z · ∂y/∂z would say the left side again.
                    let again = is_slope(left, &link);
                    if !links.contains(&link) && !again {
                        links.push(link);
                    }
                }
            }
        }
        // Neighbours by an index, for those that are said nowhere else: elements of what is known.
        for name in near.clone() {
            for other in neighbours(&name) {
                if !names.contains(&other) && self.scope.is_known(&other, at) {
                    names.push(other);
                }
            }
        }
        related.retain(|name| !near.contains(name));
        names.sort_by_key(|name| !related.contains(name));
        links.truncate(MAX_LINKS);
        Pool { names, near, related, links }
    }

    fn spliced(&self, edit: &Edit, whole: &Range<usize>, placed: &Placed) -> Repair {
        let source_of = |span: &Range<usize>| placed.source(span);
        if let [(span, to)] = &edit.splices[..] {
            let source = source_of(span);
            let from = self.document.source.get(source.clone()).unwrap_or_default().to_string();
            if !from.trim().is_empty() && !to.is_empty() {
                return Repair { source, from, to: to.clone(), slip: Some(edit.slip) };
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
        Repair { source, from: text.to_string(), to, slip: Some(edit.slip) }
    }
}

/// Whether an expression is the derivative of the one name by the other.
fn is_slope(expr: &Expr, (of, by): &(Name, Name)) -> bool {
    let is = |e: &Expr, name: &Name| matches!(&e.kind, FormulaKind::Name(n) if n == name);
    matches!(&expr.kind, FormulaKind::Derivative { of: a, by: b, .. } if is(a, of) && is(b, by))
}

/// Whether one side says the other again, by itself or as a term beside what is then nothing.
fn repeats(left: &Expr, right: &Expr) -> bool {
    same(left, right)
        || matches!(&right.kind, FormulaKind::Sum(terms)
            if terms.iter().any(|(minus, term)| !minus && same(left, term)))
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
