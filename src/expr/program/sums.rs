//! Sums as a list of operands: runs of terms of one kind, of a single sum, or of several that are
//! worked out together.
//!
//! In: slots that are filled, and the list. Out: the sums, each of its terms in their order.

use super::run::Value;
use crate::scalar::Fault;

/// How many sums of one shape a step works out at a time.
pub(super) const TOGETHER: usize = 4;

/// What the terms of a run are; the run begins with this and their number in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Terms {
    /// Slots.
    Plus,
    /// Slots that are taken off.
    Minus,
    /// Pairs of slots, which are multiplied.
    Products,
    /// Pairs of slots, whose products are taken off.
    MinusProducts,
    /// In sums that are worked out together: the first factor, which is one for all, and the
    /// second factor of each.
    FirstShared,
    /// The second factor, which is one for all, and the first factor of each.
    SecondShared,
}

impl Terms {
    /// The longest run that a word has room for.
    pub(super) const LONGEST: u32 = (1 << 29) - 1;

    pub(super) fn word(self, count: u32) -> u32 {
        (self as u32) << 29 | count
    }

    /// What a word says: what the terms are, and how many.
    #[inline(always)]
    pub(super) fn read(word: u32) -> (Terms, usize) {
        let count = (word & Terms::LONGEST) as usize;
        match word >> 29 {
            0 => (Terms::Plus, count),
            1 => (Terms::Minus, count),
            2 => (Terms::Products, count),
            3 => (Terms::MinusProducts, count),
            4 => (Terms::FirstShared, count),
            _ => (Terms::SecondShared, count),
        }
    }

    /// How many operands the terms have that stand side by side in so many sums.
    #[inline(always)]
    pub(super) fn operands(self, sums: usize) -> usize {
        match self {
            Terms::Plus | Terms::Minus => sums,
            Terms::Products | Terms::MinusProducts => 2 * sums,
            Terms::FirstShared | Terms::SecondShared => 1 + sums,
        }
    }

    /// Of the operands of terms that stand side by side, the term of that sum.
    #[inline(always)]
    fn value<V: Value>(self, memory: &[V], operands: &[u32], n: usize) -> Result<V, Fault> {
        let at = |n: usize| &memory[operands[n] as usize];
        Ok(match self {
            Terms::Plus => at(n).clone(),
            Terms::Minus => at(n).neg(),
            Terms::Products => at(2 * n).mul(at(2 * n + 1))?,
            Terms::MinusProducts => at(2 * n).mul(at(2 * n + 1))?.neg(),
            Terms::FirstShared => at(0).mul(at(1 + n))?,
            Terms::SecondShared => at(1 + n).mul(at(0))?,
        })
    }
}

/// A sum from its first term on, in the order of its runs.
#[inline(always)]
pub(super) fn sum<V: Value>(memory: &[V], code: &[u32]) -> Result<V, Fault> {
    let at = |slot: u32| &memory[slot as usize];
    let (mut kind, mut run, mut rest) = split(code, 1);
    let mut sum = kind.value(memory, run, 0)?;
    run = &run[kind.operands(1)..];
    loop {
        match kind {
            Terms::Plus => {
                for a in run {
                    sum = sum.add(at(*a))?;
                }
            }
            Terms::Minus => {
                for a in run {
                    sum = sum.add(&at(*a).neg())?;
                }
            }
            Terms::Products => sum = sum.add_products(memory, run.as_chunks().0)?,
            Terms::MinusProducts => {
                for [a, b] in run.as_chunks::<2>().0 {
                    sum = sum.add(&at(*a).mul(at(*b))?.neg())?;
                }
            }
            Terms::FirstShared | Terms::SecondShared => unreachable!("nobody is there to share"),
        }
        if rest.is_empty() {
            return Ok(sum);
        }
        (kind, run, rest) = split(rest, 1);
    }
}

/// Several sums, term by term in the order of their runs.
#[inline(always)]
pub(super) fn sums<V: Value>(memory: &[V], code: &[u32]) -> Result<[V; TOGETHER], Fault> {
    let (mut kind, run, mut rest) = split(code, TOGETHER);
    let (first, mut run) = run.split_at(kind.operands(TOGETHER));
    let first = |n: usize| kind.value(memory, first, n);
    let mut sums = [first(0)?, first(1)?, first(2)?, first(3)?];
    let at = |slot: u32| &memory[slot as usize];
    loop {
        match kind {
            Terms::FirstShared => {
                for [a, others @ ..] in run.as_chunks::<{ 1 + TOGETHER }>().0 {
                    let a = at(*a);
                    for (sum, b) in sums.iter_mut().zip(others) {
                        *sum = sum.add(&a.mul(at(*b))?)?;
                    }
                }
            }
            Terms::SecondShared => {
                for [b, others @ ..] in run.as_chunks::<{ 1 + TOGETHER }>().0 {
                    let b = at(*b);
                    for (sum, a) in sums.iter_mut().zip(others) {
                        *sum = sum.add(&at(*a).mul(b)?)?;
                    }
                }
            }
            _ => {
                for terms in run.chunks_exact(kind.operands(TOGETHER)) {
                    for (n, sum) in sums.iter_mut().enumerate() {
                        *sum = sum.add(&kind.value(memory, terms, n)?)?;
                    }
                }
            }
        }
        if rest.is_empty() {
            return Ok(sums);
        }
        (kind, run, rest) = split(rest, TOGETHER);
    }
}

/// The first run of so many sums, and what comes after it.
#[inline(always)]
fn split(code: &[u32], sums: usize) -> (Terms, &[u32], &[u32]) {
    let (kind, count) = Terms::read(code[0]);
    let (run, rest) = code[1..].split_at(count * kind.operands(sums));
    (kind, run, rest)
}
