//! Whether a list of inequalities can hold together, by the elimination of Fourier and Motzkin.
//!
//! Each monomial counts as a variable of its own, so "no" is certain, while "yes" may only mean
//! that no contradiction was found.

use super::budget::charge;
use super::monomial::{Atom, Monomial};
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
    if positive.iter().any(Polynomial::is_zero) {
        return Ok(true);
    }
    let mut rows = positive.to_vec();
    add_signs(&mut rows)?;
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

/// Adds the sign of each monomial where it is known: that of even powers and exponentials, and
/// that of products of atoms whose own sign is among the inequalities. A polynomial with such a
/// common monomial is also added without it.
fn add_signs(rows: &mut Vec<Polynomial>) -> Result<(), Fault> {
    let mut atoms: Vec<(&Atom, bool)> = Vec::new();
    for row in rows.iter() {
        if let [term] = row.terms()
            && let mut odd = term.monomial.factors().iter().filter(|f| !f.is_never_negative())
            && let (Some(factor), None) = (odd.next(), odd.next())
        {
            atoms.push((&factor.atom, !term.coefficient.is_negative()));
        }
    }
    let sign_of = |m: &Monomial| {
        m.factors().iter().filter(|f| !f.is_never_negative()).try_fold(true, |sign, factor| {
            let (_, positive) = atoms.iter().find(|(atom, _)| **atom == factor.atom)?;
            Some(sign == *positive)
        })
    };
    let mut lowered = Vec::new();
    for row in rows.iter() {
        let parts = row.parts()?;
        if !parts.monomial.is_one()
            && !parts.primitive.is_one()
            && let Some(positive) = sign_of(&parts.monomial)
        {
            let kept = positive != parts.coefficient.is_negative();
            lowered.push(if kept { parts.primitive } else { parts.primitive.neg() });
        }
    }
    let mut known: Vec<(Monomial, bool)> = Vec::new();
    for term in rows.iter().chain(&lowered).flat_map(|row| row.terms()) {
        let m = &term.monomial;
        if !m.is_one()
            && known.len() < MAX_ROWS
            && !known.iter().any(|(k, _)| k == m)
            && let Some(positive) = sign_of(m)
        {
            known.push((m.clone(), positive));
        }
    }
    let sign = |positive| Rational::from(if positive { 1 } else { -1 });
    rows.extend(known.into_iter().map(|(m, positive)| Polynomial::term(sign(positive), m)));
    rows.extend(lowered);
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::super::budget::within;
    use super::super::fraction::Fraction;
    use super::*;
    use crate::expr::Graph;

    /// The sign of each square is added, up to as many as there may be rows.
    #[test]
    fn so_many_signs_are_added_and_no_more() {
        let added = |squares: usize| {
            let mut g = Graph::new();
            let names: Vec<_> = (0..squares).map(|n| g.var(&format!("x_{n}"))).collect();
            within(10_000_000, || {
                let mut sum = Polynomial::one();
                for name in names {
                    let x = Fraction::variable(g.symbol_of(name).unwrap());
                    let x = x.numerator();
                    sum = sum.add(&x.mul(x).unwrap()).unwrap();
                }
                let mut rows = vec![sum];
                add_signs(&mut rows).unwrap();
                assert!(rows[1..].iter().all(|row| row.known_sign() == Some(true)));
                rows.len() - 1
            })
        };
        for squares in [1, 20, MAX_ROWS - 1, MAX_ROWS] {
            assert_eq!(added(squares), squares);
        }
        assert_eq!([MAX_ROWS + 1, 2 * MAX_ROWS].map(added), [MAX_ROWS; 2]);
    }

    /// x and y above 0 make x·y so; what contradicts that is not feasible.
    #[test]
    fn signs_of_products_follow_from_those_of_their_factors() {
        let mut g = Graph::new();
        let symbols = ["x", "y"].map(|name| g.var(name)).map(|v| g.symbol_of(v).unwrap());
        let [x, y] = symbols.map(Fraction::variable);
        within(1_000_000, || {
            let p = |f: &Fraction| f.numerator().clone();
            let (product, square) = (x.mul(&y).unwrap(), x.mul(&x).unwrap());
            let more = x.add(&Fraction::one()).unwrap();
            for (rows, possible) in [
                (vec![p(&x)], true),
                (vec![p(&x), p(&x.neg())], false),
                (vec![p(&square.neg())], false),
                (vec![p(&x), p(&y), p(&product)], true),
                (vec![p(&x), p(&y), p(&product.neg())], false),
                (vec![p(&x), p(&y.neg()), p(&product)], false),
                (vec![p(&x.neg()), p(&y.neg()), p(&product)], true),
                (vec![p(&x.neg()), p(&y.neg()), p(&product.neg())], false),
                (vec![p(&x), p(&more.neg())], false),
                (vec![p(&x.neg()), p(&more)], true),
                // y·(x + 1) has the sign of x + 1 where y is above 0.
                (vec![p(&y), p(&x), p(&y.mul(&more).unwrap().neg())], false),
                (vec![p(&y.neg()), p(&x), p(&y.mul(&more).unwrap())], false),
                (vec![Polynomial::collect(vec![]).unwrap()], false),
            ] {
                assert_eq!(feasible(&rows), possible, "{rows:?}");
            }
        });
    }
}
