//! Signs and winners in the normal form: every kink is written with switches, kernels that
//! are 0 or 1.
//!
//! What always holds: off the kinks (where no argument that is not 0 throughout a region is 0)
//! the results are equal to the functions. An argument that holds switches itself may be 0 in
//! a whole region, so it is kept as it is until [`cases`](super::cases) has settled the inner
//! ones.

use std::rc::Rc;

use super::fraction::Fraction;
use super::kernel::{Form, Kernel};
use super::monomial::Power;
use super::polynomial::{Parts, Polynomial};
use crate::scalar::{Fault, Rational, Scalar};

/// Among more arguments than this, no two are compared in advance.
const MAX_COMPARED: usize = 8;

/// sgn u.
pub(super) fn sign(u: &Fraction) -> Result<Fraction, Fault> {
    if u.numerator().is_zero() {
        return Ok(Fraction::zero());
    }
    if u.has_switch() {
        return step(u)?.sub(&step(&u.neg())?);
    }
    let Parts { coefficient, monomial, primitive } = u.numerator().parts()?;
    let mut product = Fraction::integer(if coefficient.is_negative() { -1 } else { 1 });
    for factor in monomial.factors().iter().filter(|f| !f.is_never_negative()) {
        product = product.mul(&sign_of_primitive(&Polynomial::atom(factor.atom.clone()))?)?;
    }
    let odd = u.denominator().iter().filter(|(_, n)| n % 2 == 1).map(|(d, _)| d);
    for polynomial in std::iter::once(&primitive).chain(odd) {
        product = product.mul(&sign_of_primitive(polynomial)?)?;
    }
    Ok(product)
}

/// sgn p = 2·[p > 0] − 1 for a p without switches.
fn sign_of_primitive(p: &Polynomial) -> Result<Fraction, Fault> {
    if let Some(positive) = p.known_sign() {
        return Ok(Fraction::integer(if positive { 1 } else { -1 }));
    }
    if p.exact_sqrt()?.is_some() {
        return Ok(Fraction::one());
    }
    let switch = Kernel::power(Form::Positive(p.clone()), Power::ONE)?;
    Fraction::integer(2).mul(&switch)?.sub(&Fraction::one())
}

/// [u > 0].
pub(super) fn step(u: &Fraction) -> Result<Fraction, Fault> {
    if u.numerator().is_zero() {
        return Ok(Fraction::zero());
    }
    if u.has_switch() {
        let lead = u.numerator().parts()?.coefficient.abs();
        let scaled = u.mul(&Fraction::constant(Rational::from(1).div(&lead)?))?;
        return Kernel::power(Form::Step(scaled), Power::ONE);
    }
    let half = Fraction::constant(Rational::new(1, 2)?);
    sign(u)?.add(&Fraction::one())?.mul(&half)
}

/// For each argument [it is the first of the greatest].
pub(super) fn winners(args: &[&Fraction]) -> Result<Vec<Fraction>, Fault> {
    let mut weights = vec![Fraction::zero(); args.len()];
    if args.iter().any(|a| a.has_switch()) {
        let all: Rc<Vec<Fraction>> = Rc::new(args.iter().map(|a| (*a).clone()).collect());
        for (at, weight) in weights.iter_mut().enumerate() {
            *weight = Kernel::power(Form::First(at, Rc::clone(&all)), Power::ONE)?;
        }
        return Ok(weights);
    }
    // The first of equals stands for all of them.
    let mut rivals: Vec<usize> = Vec::with_capacity(args.len());
    for at in 0..args.len() {
        super::budget::charge(rivals.len())?;
        if !rivals.iter().any(|r| args[*r] == args[at]) {
            rivals.push(at);
        }
    }
    if rivals.len() <= MAX_COMPARED {
        rivals = undefeated(args, rivals)?;
    }
    match rivals.as_slice() {
        [] => {}
        [only] => weights[*only] = Fraction::one(),
        [a, b] => {
            weights[*a] = step(&args[*a].sub(args[*b])?)?;
            weights[*b] = Fraction::one().sub(&weights[*a])?;
        }
        _ => {
            let (places, all) = contest(args, rivals)?;
            let (last, others) = places.split_last().ok_or(Fault::TooLarge)?;
            let mut left = Fraction::one();
            for (number, place) in others.iter().enumerate() {
                let switch = Kernel::power(Form::Winner(number, Rc::clone(&all)), Power::ONE)?;
                left = left.sub(&switch)?;
                weights[*place] = switch;
            }
            weights[*last] = left;
        }
    }
    Ok(weights)
}

/// Those that no other is known to be greater than.
fn undefeated(args: &[&Fraction], rivals: Vec<usize>) -> Result<Vec<usize>, Fault> {
    let mut kept = Vec::with_capacity(rivals.len());
    for at in &rivals {
        let mut defeated = false;
        for other in rivals.iter().filter(|r| *r != at) {
            let lead = sign(&args[*other].sub(args[*at])?)?;
            defeated |= lead.as_constant().is_some_and(|s| s.is_one());
        }
        if !defeated {
            kept.push(*at);
        }
    }
    Ok(kept)
}

/// The arguments of a max in canonical order, less what is common to all, with the places they
/// had.
fn contest(
    args: &[&Fraction],
    rivals: Vec<usize>,
) -> Result<(Vec<usize>, Rc<Vec<Fraction>>), Fault> {
    let mut sorted: Vec<(Fraction, usize)> =
        rivals.iter().map(|at| (args[*at].clone(), *at)).collect();
    if let Some(common) = common_part(args, &rivals)? {
        for (argument, _) in &mut sorted {
            *argument = argument.sub(&common)?;
        }
    }
    sorted.sort();
    let places = sorted.iter().map(|(_, place)| *place).collect();
    Ok((places, Rc::new(sorted.into_iter().map(|(argument, _)| argument).collect())))
}

/// For each monomial the least of its coefficients in the arguments, if these have no
/// denominators. Adding the same to every argument adds it to this part.
fn common_part(args: &[&Fraction], rivals: &[usize]) -> Result<Option<Fraction>, Fault> {
    if rivals.iter().any(|at| !args[*at].denominator().is_empty()) {
        return Ok(None);
    }
    let mut terms: Vec<_> =
        rivals.iter().flat_map(|at| args[*at].numerator().terms()).cloned().collect();
    super::budget::charge(terms.len())?;
    terms.sort_by(|a, b| b.monomial.cmp(&a.monomial));
    let mut least = Vec::new();
    for same in terms.chunk_by(|a, b| a.monomial == b.monomial) {
        let zero = Rational::from(0);
        let everywhere = same.len() == rivals.len();
        let coefficients = same.iter().map(|t| &t.coefficient);
        let low = coefficients.chain((!everywhere).then_some(&zero)).min();
        if let Some(low) = low.filter(|q| !q.is_zero()) {
            let mut term = same[0].clone();
            term.coefficient = low.clone();
            least.push(term);
        }
    }
    Ok(Some(Polynomial::collect(least)?.into()))
}

#[cfg(test)]
mod tests {
    use super::super::budget::within;
    use super::*;
    use crate::expr::Graph;

    /// What is certain to be less than another argument of a max is none of its winners.
    #[test]
    fn a_defeated_argument_never_wins() {
        let mut g = Graph::new();
        let [x, y] = ["x", "y"].map(|name| g.var(name)).map(|v| g.symbol_of(v).unwrap());
        let [x, y] = [x, y].map(Fraction::variable);
        within(100_000, || {
            let more = x.add(&Fraction::one()).unwrap();
            let found = winners(&[&x, &more]).unwrap();
            assert_eq!(found, [Fraction::zero(), Fraction::one()]);
            let found = winners(&[&more, &y, &x]).unwrap();
            assert_eq!(found[2], Fraction::zero());
            assert_eq!(found[0].add(&found[1]).unwrap(), Fraction::one());
            // No two of several win at once.
            let product = x.mul(&y).unwrap();
            let several = winners(&[&x, &y, &product]).unwrap();
            assert_eq!(several[0].mul(&several[1]).unwrap(), Fraction::zero());
            assert_eq!(several[0].mul(&several[0]).unwrap(), several[0]);
            // The first of equals stands for all of them.
            assert_eq!(winners(&[&x, &x]).unwrap(), [Fraction::one(), Fraction::zero()]);
        });
    }

    /// x² + 1 is above 0 and its negative is below; of x only the square's sign is known.
    #[test]
    fn a_sign_that_is_known_is_a_number() {
        let mut g = Graph::new();
        let x = g.var("x");
        let x = Fraction::variable(g.symbol_of(x).unwrap());
        within(100_000, || {
            let square = x.mul(&x).unwrap();
            let above = square.add(&Fraction::one()).unwrap();
            let shifted = x.add(&Fraction::one()).unwrap();
            for (u, expected) in [
                (above.clone(), 1),
                (above.neg(), -1),
                (square.clone(), 1),
                (square.neg(), -1),
                (shifted.mul(&shifted).unwrap(), 1),
                (Fraction::integer(-3), -1),
                (Fraction::zero(), 0),
            ] {
                assert_eq!(sign(&u).unwrap(), Fraction::integer(expected), "{u:?}");
                let on = Fraction::integer(i32::from(expected > 0));
                assert_eq!(step(&u).unwrap(), on, "{u:?}");
            }
            let open = sign(&shifted).unwrap();
            assert!([-1, 0, 1].iter().all(|n| open != Fraction::integer(*n)));
            assert_eq!(sign(&shifted.neg()).unwrap(), open.neg());
        });
    }
}
