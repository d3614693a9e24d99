//! Whether a list of inequalities can hold together, by the elimination of Fourier and Motzkin.
//!
//! Each monomial counts as a variable of its own, so "no" is certain, while "yes" may only mean
//! that no contradiction was found.

use super::budget::charge;
use super::monomial::Monomial;
use super::polynomial::Polynomial;
use crate::scalar::{Fault, Rational, Scalar};

/// With more inequalities than this, no contradiction is looked for.
const MAX_ROWS: usize = 128;

/// Whether all of `positive` may be above 0 at once.
pub(super) fn feasible(positive: &[Polynomial]) -> bool {
    // Where the arithmetic stops, no contradiction was found.
    contradict(positive).map_or(true, |found| !found)
}

fn contradict(positive: &[Polynomial]) -> Result<bool, Fault> {
    let mut rows = positive.to_vec();
    add_squares(&mut rows);
    loop {
        for row in &rows {
            if row.as_constant().is_some_and(|c| c.is_zero() || c.is_negative()) {
                return Ok(true);
            }
        }
        rows.retain(|row| row.as_constant().is_none());
        let Some(pivot) = rows.first().map(|row| row.terms()[0].monomial.clone()) else {
            return Ok(false);
        };
        rows = eliminated(&pivot, &rows)?;
        if rows.len() > MAX_ROWS {
            return Ok(false);
        }
    }
}

/// Adds that even powers and exponentials are positive.
fn add_squares(rows: &mut Vec<Polynomial>) {
    let mut known: Vec<Monomial> = Vec::new();
    for term in rows.iter().flat_map(|row| row.terms()) {
        let m = &term.monomial;
        let square = m.factors().iter().all(|f| f.is_never_negative());
        if square && !m.is_one() && !known.contains(m) && known.len() < MAX_ROWS {
            known.push(m.clone());
        }
    }
    rows.extend(known.into_iter().map(|m| Polynomial::term(Rational::from(1), m)));
}

/// The inequalities without the monomial `pivot`, each a positive combination of `rows`.
fn eliminated(pivot: &Monomial, rows: &[Polynomial]) -> Result<Vec<Polynomial>, Fault> {
    let coefficient = |row: &Polynomial| {
        row.terms().iter().find(|t| t.monomial == *pivot).map(|t| t.coefficient.clone())
    };
    let (mut kept, mut above, mut below) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        charge(row.terms().len())?;
        match coefficient(row) {
            None => kept.push(row.clone()),
            Some(c) => {
                let scaled = row.scale(&Rational::from(1).div(&c.abs())?)?;
                if c.is_negative() { below.push(scaled) } else { above.push(scaled) }
            }
        }
    }
    for a in &above {
        for b in &below {
            kept.push(a.add(b)?);
            if kept.len() > MAX_ROWS {
                return Ok(kept);
            }
        }
    }
    Ok(kept)
}
