//! Numbers that were printed as rounded results, and what they were rounded from.
//!
//! Goes in: the numbers of a row as they are printed. Comes out: what each of them may stand for:
//! itself, or the very value that it was rounded from. What always holds: one number is one value
//! wherever it stands in a row, so that 0.3 − 0.3 is 0, and no value counts that nobody had.

use std::collections::BTreeMap;

use super::{Number, about};
use crate::review::tex::syntax::{Expr, FormulaKind, visit};
use crate::scalar::{Fault, Interval, Rational, Scalar};

/// The most values that one printed number may have been rounded from.
const MAX_ORIGINS: usize = 3;
/// The most ways in which the numbers of a row are taken together.
const MAX_READINGS: usize = 64;
/// The most pieces into which the values between those are cut.
const MAX_PIECES: usize = 64;

/// A number as it was printed, without its sign.
pub(in crate::review) type Printed = (Rational, u32);

/// What printed numbers stand for, in one reading of a row.
pub(super) type Reading = BTreeMap<Printed, Number>;

/// Results so far that were printed with fewer digits than they have.
#[derive(Clone, Debug, Default)]
pub(in crate::review) struct Rounded {
    results: BTreeMap<Printed, Vec<Number>>,
}

impl Rounded {
    /// Notes that a printed number, which may have a sign, was rounded from a value.
    pub(super) fn note(&mut self, (q, decimals): &Printed, from: &Number) {
        let from = if q.is_negative() { from.neg() } else { from.clone() };
        let all = self.results.entry((q.abs(), *decimals)).or_default();
        if !all.contains(&from) && all.len() < MAX_ORIGINS {
            all.push(from);
        }
    }

    /// Everything that the decimals of some expressions may stand for, as printed first; `others`
    /// are values that are known without having been printed.
    pub(super) fn origins(&self, sides: &[&Expr], others: &[Number]) -> Origins {
        let mut all: BTreeMap<Printed, Vec<Number>> = BTreeMap::new();
        for side in sides {
            visit(side, &mut |e| {
                if let FormulaKind::Number { value, decimals } = &e.kind
                    && *decimals > 0
                {
                    all.entry((value.abs(), *decimals)).or_default();
                }
            });
        }
        for (printed, found) in &mut all {
            let exact = Number::Exact(printed.0.clone());
            let known = self.results.get(printed).into_iter().flatten();
            let others = others.iter().map(Number::abs);
            let near = others.filter(|other| other.rounds_to(printed));
            for origin in std::iter::once(exact).chain(known.cloned()).chain(near) {
                if !found.contains(&origin) && found.len() <= MAX_ORIGINS {
                    found.push(origin);
                }
            }
        }
        Origins { all }
    }
}

/// What the numbers of a row may stand for.
pub(super) struct Origins {
    all: BTreeMap<Printed, Vec<Number>>,
}

impl Origins {
    /// Every number as it is printed.
    pub(super) fn printed(&self) -> Reading {
        self.all.iter().map(|(printed, all)| (printed.clone(), all[0].clone())).collect()
    }

    /// The readings of the row: with nothing rounded first, as printed next, then mixed ones.
    pub(super) fn readings(&self) -> Vec<Reading> {
        let pick = |nth: &dyn Fn(usize, usize) -> usize| -> Reading {
            let all = self.all.iter().enumerate();
            all.map(|(at, (p, found))| (p.clone(), found[nth(at, found.len())].clone())).collect()
        };
        let count = self.all.values().try_fold(1usize, |n, all| n.checked_mul(all.len()));
        let mut found = vec![pick(&|_, len| len.min(2) - 1), self.printed()];
        if let Some(count) = count.filter(|count| *count <= MAX_READINGS) {
            let lengths: Vec<usize> = self.all.values().map(Vec::len).collect();
            found.extend(
                (0..count).map(|nth| {
                    pick(&|at, len| nth / lengths[..at].iter().product::<usize>() % len)
                }),
            );
        }
        let mut distinct: Vec<Reading> = Vec::new();
        for reading in found {
            if !distinct.contains(&reading) {
                distinct.push(reading);
            }
        }
        distinct
    }

    /// The numbers that stand for nothing but themselves, as far as anybody says.
    pub(super) fn unexplained(&self) -> impl Iterator<Item = &Printed> {
        self.all.iter().filter(|(_, all)| all.len() == 1).map(|(printed, _)| printed)
    }

    /// Readings by intervals that cover everything between the values that each number may have,
    /// and, where `elastic`, half a unit around those that nobody explains.
    pub(super) fn between(&self, elastic: bool) -> Result<Vec<Reading>, Fault> {
        let mut ranges: Vec<(&Printed, Interval)> = Vec::new();
        for (printed, all) in &self.all {
            let mut range = all[0].interval()?;
            for other in &all[1..] {
                let other = other.interval()?;
                range = Interval::new(range.lower.min(other.lower), range.upper.max(other.upper))?;
            }
            if elastic && all.len() == 1 {
                range = about(&printed.0, printed.1)?;
            }
            ranges.push((printed, range));
        }
        let wide = ranges.iter().filter(|(_, range)| !range.is_point()).count();
        let cuts = match wide {
            0 => 1,
            1 => MAX_PIECES,
            2 => 8,
            3 => 4,
            _ => 1,
        };
        let mut found: Vec<Reading> = vec![Reading::new()];
        for (printed, range) in ranges {
            let cuts = if range.is_point() { 1 } else { cuts };
            let step = (range.upper - range.lower) / cuts as f64;
            let mut next = Vec::with_capacity(found.len() * cuts);
            for nth in 0..cuts {
                let from = range.lower + step * nth as f64;
                let to = if nth + 1 == cuts { range.upper } else { from + step * (1.0 + 1e-9) };
                let piece = Interval::new(from, to.max(from))?;
                for reading in &found {
                    let mut reading = reading.clone();
                    reading.insert(printed.clone(), Number::Enclosed(piece));
                    next.push(reading);
                }
            }
            found = next;
        }
        Ok(found)
    }
}

impl Number {
    fn neg(&self) -> Number {
        match self {
            Number::Exact(q) => Number::Exact(q.neg()),
            Number::Enclosed(i) => Number::Enclosed(i.neg()),
        }
    }

    fn abs(&self) -> Number {
        match self {
            Number::Exact(q) => Number::Exact(q.abs()),
            Number::Enclosed(i) if i.upper <= 0.0 => Number::Enclosed(i.neg()),
            Number::Enclosed(_) => self.clone(),
        }
    }

    /// Whether a number is printed like this with so many decimals.
    pub(in crate::review) fn rounds_to(&self, (q, decimals): &Printed) -> bool {
        let (Ok(own), Ok(around)) = (self.interval(), about(q, *decimals)) else { return false };
        around.lower <= own.lower && own.upper <= around.upper
    }
}
