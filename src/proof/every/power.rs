//! Powers, bases and kernels.
//!
//! In: a form and an exponent, or a function. Out: the form of the power. What always holds: what
//! is taken out of a base goes before the power with that power; out of a broken power goes only
//! what is positive; a power of 0 below 0 ends the proof.

use super::Reason;
use super::form::{Atom, Factor, Form, Kernel, Product};
use super::implied::implied;
use super::linear::{Linear, Var};
use super::maker::{Made, Maker};
use crate::scalar::{Function, Rational, Scalar};

/// The greatest whole power that a sum of terms is multiplied out to.
const MAX_POWER: i32 = 64;

impl Maker<'_> {
    /// form^e.
    pub fn power(&mut self, form: &Form, e: &Rational) -> Made<Form> {
        if e.is_one() {
            return Ok(form.clone());
        }
        if e.is_zero() {
            return Ok(Form::integer(1));
        }
        if form.is_zero() {
            return if e.is_negative() { Err(Reason::NoValue) } else { Ok(Form::zero()) };
        }
        if let Some((product, q)) = form.as_term() {
            return self.power_of_term(q, product, e);
        }
        if e.is_integer() && !e.is_negative() {
            let n = e.to_i32().filter(|n| *n <= MAX_POWER).ok_or(Reason::Terms)?;
            let mut made = form.clone();
            for _ in 1..n {
                made = self.times(&made, form)?;
            }
            return Ok(made);
        }
        self.power_of_sum(form, e)
    }

    /// (q·x·y·…)^e.
    fn power_of_term(&mut self, q: &Rational, product: &Product, e: &Rational) -> Made<Form> {
        if e.is_integer() {
            let mut factors = Vec::with_capacity(product.0.len());
            for (atom, own) in product.0.iter() {
                let e = if atom.is_bracket() { own.clone() } else { own.mul(e)? };
                factors.push((atom.clone(), e));
            }
            return self.product(q.pow(e)?, factors);
        }
        let (mut out, mut inside): (Vec<Factor>, Vec<Factor>) = (Vec::new(), Vec::new());
        for (atom, own) in product.0.iter() {
            if atom.is_bracket() {
                out.push((atom.clone(), own.clone()));
            } else if self.positive_atom(atom) {
                out.push((atom.clone(), own.mul(e)?));
            } else {
                inside.push((atom.clone(), own.clone()));
            }
        }
        let sign = Rational::from(if q.is_negative() { -1 } else { 1 });
        let size = q.abs();
        match inside.as_slice() {
            [] if q.is_negative() => return Err(Reason::NoValue),
            [] => {}
            // x^(1/2) of x, of x^−1 and of what is a root itself.
            [(atom, own)]
                if !q.is_negative()
                    && (own.is_one() || *own == Rational::from(-1) || !own.is_integer()) =>
            {
                out.push((atom.clone(), own.mul(e)?));
            }
            _ => {
                let base = Form::term(sign, Product::new(inside));
                out.push((Atom::Base(base), e.clone()));
            }
        }
        let q = match size.pow(e) {
            Ok(power) => power,
            Err(_) => {
                out.push((Atom::Base(Form::number(size)), e.clone()));
                Rational::from(1)
            }
        };
        self.product(q, out)
    }

    /// A power of a sum that is not multiplied out.
    fn power_of_sum(&mut self, form: &Form, e: &Rational) -> Made<Form> {
        let (q, out, base) = self.bared(form, e.is_integer(), true)?;
        if out.is_empty() && q.is_one() && base == *form {
            return self.product(Rational::from(1), vec![(Atom::Base(base), e.clone())]);
        }
        if base.is_zero() {
            return self.power(&base, e);
        }
        if let Some((product, own)) = base.as_term() {
            // The factors by themselves: multiplied, they may be a sum again.
            let factors = [out.as_slice(), &product.0].concat();
            return self.power_of_term(&q.mul(own)?, &Product::new(factors), e);
        }
        let before = self.power_of_term(&q, &Product::new(out), e)?;
        let after = self.product(Rational::from(1), vec![(Atom::Base(base), e.clone())])?;
        self.times(&before, &after)
    }

    /// A sum as q·(factors)·(base), where all that its terms share stands before the base; only
    /// what is positive, if `any` is false, and brackets, if these may.
    pub(super) fn bared(
        &mut self,
        form: &Form,
        any: bool,
        brackets: bool,
    ) -> Made<(Rational, Vec<Factor>, Form)> {
        let mut out: Vec<Factor> = Vec::new();
        // The lowest power of each atom.
        for (product, _) in form.0.iter() {
            for (atom, _) in product.0.iter() {
                let exponential = matches!(atom, Atom::Kernel(Kernel::Exp, _));
                if exponential || out.iter().any(|(known, _)| known == atom) {
                    continue;
                }
                let mut lowest: Option<Rational> = None;
                for (other, _) in form.0.iter() {
                    let own = other.0.iter().find(|(a, _)| a == atom);
                    let own = own.map_or_else(|| Rational::from(0), |(_, e)| e.clone());
                    lowest = Some(lowest.map_or(own.clone(), |low| low.min(own)));
                }
                let lowest = lowest.unwrap_or_else(|| Rational::from(0));
                let allowed = match atom.is_bracket() {
                    true => brackets,
                    false => any || self.positive_atom(atom),
                };
                if allowed && !lowest.is_zero() {
                    out.push((atom.clone(), lowest));
                }
            }
        }
        let mut base = form.clone();
        if !out.is_empty() {
            let mut inverse = Vec::with_capacity(out.len());
            for (atom, e) in &out {
                // A bracket that all terms share is left out of each.
                let e = if atom.is_bracket() { e.clone() } else { e.neg() };
                inverse.push((atom.clone(), e));
            }
            let brackets: Vec<Atom> =
                out.iter().filter(|(a, _)| a.is_bracket()).map(|(a, _)| a.clone()).collect();
            inverse.retain(|(atom, _)| !atom.is_bracket());
            let mut terms = Vec::with_capacity(form.0.len());
            for (product, q) in form.0.iter() {
                let own = product.0.iter().filter(|(atom, _)| !brackets.contains(atom));
                let factors = own.chain(&inverse).cloned().collect();
                let made = self.product(q.clone(), factors)?;
                terms.extend(made.0.iter().cloned());
            }
            base = self.collect(terms)?;
        }
        // The exponential that leaves the least.
        let mut powers: Vec<Form> = Vec::new();
        for (product, _) in base.0.iter() {
            let of = product.0.iter().find_map(|(atom, _)| match atom {
                Atom::Kernel(Kernel::Exp, of) => Some(of.clone()),
                _ => None,
            });
            let of = of.unwrap_or_else(Form::zero);
            if !powers.contains(&of) {
                powers.push(of);
            }
        }
        if powers.iter().any(|of| !of.is_zero()) {
            let mut best: Option<(Form, Form)> = None;
            for of in powers {
                let less = self.scaled(&Rational::from(-1), &of)?;
                let power = self.kernel(Kernel::Exp, &less)?;
                let made = self.times(&base, &power)?;
                let made = self.led(made, any)?;
                if best.as_ref().is_none_or(|(_, known)| made.1 < *known) {
                    best = Some((of, made.1));
                }
            }
            if let Some((of, _)) = best
                && !of.is_zero()
            {
                let less = self.scaled(&Rational::from(-1), &of)?;
                let power = self.kernel(Kernel::Exp, &less)?;
                base = self.times(&base, &power)?;
                out.push((Atom::Kernel(Kernel::Exp, of), Rational::from(1)));
            }
        }
        let (q, base) = self.led(base, any)?;
        out.sort_by(|a, b| a.0.cmp(&b.0));
        Ok((q, out, base))
    }

    /// A form over the multiple of its last term, or over the size of that.
    fn led(&self, form: Form, any: bool) -> Made<(Rational, Form)> {
        let Some((_, last)) = form.0.last() else { return Ok((Rational::from(1), form)) };
        let q = if any { last.clone() } else { last.abs() };
        let inverse = Rational::from(1).div(&q)?;
        Ok((q, self.scaled(&inverse, &form)?))
    }

    /// A function of a form.
    pub fn kernel(&mut self, kernel: Kernel, of: &Form) -> Made<Form> {
        let one = Rational::from(1);
        match kernel {
            Kernel::Exp if of.is_zero() => Ok(Form::integer(1)),
            Kernel::Exp => {
                self.product(one.clone(), vec![(Atom::Kernel(Kernel::Exp, of.clone()), one)])
            }
            Kernel::Ln => self.logarithm(of),
            Kernel::Call(function) => self.call(function, of),
            Kernel::Apply(..) => Ok(Form::atom(Atom::Kernel(kernel, of.clone()))),
        }
    }

    /// ln of a form: what is surely positive in it has a logarithm of its own.
    fn logarithm(&mut self, of: &Form) -> Made<Form> {
        let one = Rational::from(1);
        if of.is_zero() {
            return Err(Reason::NoValue);
        }
        let (q, out, base) = match of.as_term() {
            Some((product, q)) => {
                let (mut out, mut inside) = (Vec::new(), Vec::new());
                for factor in product.0.iter() {
                    if self.positive_atom(&factor.0) {
                        out.push(factor.clone());
                    } else {
                        inside.push(factor.clone());
                    }
                }
                let sign = Rational::from(if q.is_negative() { -1 } else { 1 });
                (q.abs(), out, Form::term(sign, Product::new(inside)))
            }
            None => self.bared(of, false, false)?,
        };
        let mut sum = Form::zero();
        for (atom, e) in &out {
            let term = match atom {
                Atom::Kernel(Kernel::Exp, of) => self.scaled(e, of)?,
                Atom::Base(base) => {
                    let ln = self.logarithm(base)?;
                    self.scaled(e, &ln)?
                }
                _ => {
                    let ln = Form::atom(Atom::Kernel(Kernel::Ln, Form::atom(atom.clone())));
                    self.scaled(e, &ln)?
                }
            };
            sum = self.plus(&sum, &one, &term)?;
        }
        if !q.is_one() {
            // ln(1/2) = −ln 2.
            let below = q < one;
            let number = if below { one.div(&q)? } else { q };
            let ln = Form::atom(Atom::Kernel(Kernel::Ln, Form::number(number)));
            sum = self.plus(&sum, &Rational::from(if below { -1 } else { 1 }), &ln)?;
        }
        if base.as_number().is_some_and(|n| n.is_one()) {
            return Ok(sum);
        }
        if base.as_number().is_some_and(|n| n.is_negative() || n.is_zero()) {
            return Err(Reason::NoValue);
        }
        let last = match base.as_term() {
            // ln x^−1 and ln √x: both sides have a value where x is positive.
            Some((product, q)) if q.is_one() => match product.0.as_ref() {
                [(atom, e)] if *e == Rational::from(-1) || !e.is_integer() => {
                    let ln = match atom {
                        Atom::Base(base) => self.logarithm(base)?,
                        _ => Form::atom(Atom::Kernel(Kernel::Ln, Form::atom(atom.clone()))),
                    };
                    self.scaled(e, &ln)?
                }
                _ => Form::atom(Atom::Kernel(Kernel::Ln, base)),
            },
            _ => Form::atom(Atom::Kernel(Kernel::Ln, base)),
        };
        self.plus(&sum, &one, &last)
    }

    /// An elementary function: those of exponentials are written through them.
    pub fn call(&mut self, function: Function, of: &Form) -> Made<Form> {
        let (one, two) = (Rational::from(1), Rational::from(2));
        let half = one.div(&two)?;
        match function {
            Function::Exp => self.kernel(Kernel::Exp, of),
            Function::Ln => self.logarithm(of),
            Function::Sqrt => self.power(of, &half),
            Function::Tanh => {
                // 1 − 2/(e^2u + 1).
                let double = self.scaled(&two, of)?;
                let part = self.share(&double)?;
                self.plus(&Form::integer(1), &two.neg(), &part)
            }
            Function::Sigmoid => {
                let part = self.share(of)?;
                self.plus(&Form::integer(1), &one.neg(), &part)
            }
            Function::Softplus => {
                let power = self.kernel(Kernel::Exp, of)?;
                let sum = self.plus(&Form::integer(1), &one, &power)?;
                self.logarithm(&sum)
            }
            Function::Sinh | Function::Cosh => {
                let up = self.kernel(Kernel::Exp, of)?;
                let less = self.scaled(&one.neg(), of)?;
                let down = self.kernel(Kernel::Exp, &less)?;
                let sign = if function == Function::Sinh { one.neg() } else { one };
                let sum = self.plus(&up, &sign, &down)?;
                self.scaled(&half, &sum)
            }
            other => Ok(Form::atom(Atom::Kernel(Kernel::Call(other), of.clone()))),
        }
    }

    /// 1/(1 + eᵘ).
    fn share(&mut self, of: &Form) -> Made<Form> {
        let power = self.kernel(Kernel::Exp, of)?;
        let sum = self.plus(&Form::integer(1), &Rational::from(1), &power)?;
        self.power(&sum, &Rational::from(-1))
    }

    /// Whether an atom is above 0 wherever it has a value.
    pub fn positive_atom(&self, atom: &Atom) -> bool {
        match atom {
            Atom::Whole(v) => self.at_least_one(*v),
            Atom::Kernel(Kernel::Exp, _) => true,
            Atom::Base(base) => self.positive(base),
            Atom::Sum(sum) => self.product_positive(&sum.of) && self.has_point_of(sum),
            _ => false,
        }
    }

    fn at_least_one(&self, v: Var) -> bool {
        let goal = Linear::var(v).plus_number(-1);
        goal.is_ok_and(|goal| implied(&self.facts, &goal))
    }

    /// Whether every factor but brackets is above 0.
    fn product_positive(&self, product: &Product) -> bool {
        product.0.iter().all(|(atom, _)| atom.is_bracket() || self.positive_atom(atom))
    }

    /// Whether a form is above 0 wherever it has a value.
    pub fn positive(&self, form: &Form) -> bool {
        let mut above = false;
        for (product, q) in form.0.iter() {
            if q.is_negative() {
                return false;
            }
            if product.0.iter().all(|(atom, _)| !atom.is_bracket() && self.positive_atom(atom)) {
                above = true;
            } else if !product.0.iter().all(|(atom, e)| self.not_below(atom, e)) {
                return false;
            }
        }
        above
    }

    /// Whether a factor is not below 0 wherever it has a value.
    fn not_below(&self, atom: &Atom, e: &Rational) -> bool {
        let even = e.is_integer() && num_integer::Integer::is_even(&e.numer());
        even || !e.is_integer()
            || atom.is_bracket()
            || self.positive_atom(atom)
            || match atom {
                Atom::Whole(v) => implied(&self.facts, &Linear::var(*v)),
                Atom::Sum(sum) => sum.of.0.iter().all(|(atom, e)| self.not_below(atom, e)),
                _ => false,
            }
    }

    /// Whether a factor may be without a value, though everything in it that is an element has one.
    pub fn may_lack(&self, atom: &Atom, e: &Rational) -> bool {
        let whole = e.is_integer() && !e.is_negative();
        if !whole && !atom.is_bracket() && !self.positive_atom(atom) {
            return true;
        }
        match atom {
            Atom::Element(tensor, _) => self.lacking[usize::from(*tensor)],
            Atom::Kernel(Kernel::Ln, of) => !self.positive(of) || self.form_may_lack(of),
            Atom::Kernel(_, of) | Atom::Base(of) => self.form_may_lack(of),
            Atom::Sum(sum) => sum.of.0.iter().any(|(atom, e)| self.may_lack(atom, e)),
            _ => false,
        }
    }

    /// Whether a form may be without a value.
    pub fn form_may_lack(&self, form: &Form) -> bool {
        form.0.iter().any(|(product, _)| product.0.iter().any(|(atom, e)| self.may_lack(atom, e)))
    }
}
