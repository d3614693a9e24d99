//! A difference of two sides: cases of what brackets without bound index say, and denominators.
//!
//! In: a form. Out: whether it is 0 wherever all that it is made of was evaluated. What always
//! holds: the cases are all that there are, and what is multiplied out was evaluated.

use super::form::{Atom, Factor, Form};
use super::implied::{implied, impossible};
use super::maker::{Made, Maker};
use crate::scalar::{Rational, Scalar};

/// How many brackets are decided one after the other.
const MAX_DEPTH: usize = 6;

/// At most so many denominators are multiplied out.
const MAX_DENOMINATORS: usize = 4;

impl Maker<'_> {
    /// Whether a difference is 0 in every case.
    pub fn vanishes(&mut self, form: &Form) -> Made<bool> {
        self.vanishes_to(form, MAX_DEPTH)
    }

    fn vanishes_to(&mut self, form: &Form, depth: usize) -> Made<bool> {
        if form.is_zero() {
            return Ok(true);
        }
        let bracket =
            form.0.iter().flat_map(|(product, _)| product.0.iter()).find_map(
                |factor| match &factor.0 {
                    Atom::AtLeast0(form) => Some((form.clone(), false)),
                    Atom::Is0(form) => Some((form.clone(), true)),
                    _ => None,
                },
            );
        let Some((bracket, equation)) = bracket else { return self.without_denominators(form) };
        if depth == 0 {
            return Ok(false);
        }
        let above = bracket.plus_number(if equation { -1 } else { 0 })?;
        let below = bracket.times_number(-1)?.plus_number(-1)?;
        let mut cases = vec![above, below];
        // A bracket that can only just not hold is an equation.
        let mut equations = if equation { vec![bracket] } else { Vec::new() };
        cases.retain(|case| {
            let just = case.times_number(-1).is_ok_and(|f| implied(&self.facts, &f));
            if just {
                equations.push(case.clone());
            }
            !just
        });
        for case in cases {
            let done = self.with_facts([case], |maker| -> Made<bool> {
                if impossible(&maker.facts) {
                    return Ok(true);
                }
                let made = maker.remade(form, &|_| false)?;
                maker.vanishes_to(&made, depth - 1)
            })?;
            if !done {
                return Ok(false);
            }
        }
        for equation in equations {
            let both = [equation.clone(), equation.times_number(-1)?];
            let factor = (Atom::Is0(equation), Rational::from(1));
            let put = self.times_factors(form, &[factor])?;
            let done = self.with_facts(both, |maker| -> Made<bool> {
                if impossible(&maker.facts) {
                    return Ok(true);
                }
                let made = maker.remade(&put, &|_| false)?;
                maker.vanishes_to(&made, depth - 1)
            })?;
            if !done {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a form without brackets is 0 once its denominators are multiplied out. Each was
    /// evaluated, so that it is not 0.
    fn without_denominators(&mut self, form: &Form) -> Made<bool> {
        let mut form = form.clone();
        for _ in 0..MAX_DENOMINATORS {
            let mut lowest: Option<Factor> = None;
            for (atom, e) in form.0.iter().flat_map(|(product, _)| product.0.iter()) {
                if !matches!(atom, Atom::Base(_)) || !e.is_negative() {
                    continue;
                }
                match &mut lowest {
                    Some((known, low)) if known == atom => *low = low.clone().min(e.clone()),
                    Some(_) => {}
                    None => lowest = Some((atom.clone(), e.clone())),
                }
            }
            let Some((atom, e)) = lowest else { break };
            form = self.times_factors(&form, &[(atom, e.neg())])?;
            if form.is_zero() {
                return Ok(true);
            }
        }
        self.in_cells(&form)
    }
}
