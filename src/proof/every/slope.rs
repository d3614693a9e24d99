//! Slopes: the derivative of a form by one element, every other held fixed.

use super::Reason;
use super::form::{Atom, Factor, Form, Kernel, Product};
use super::linear::Linear;
use super::maker::{Made, Maker};
use crate::scalar::{Function, Rational, Scalar};

impl Maker<'_> {
    /// ∂form/∂x\[at\], where x is the tensor of that number.
    pub fn slope(&mut self, form: &Form, tensor: u16, at: &[Linear]) -> Made<Form> {
        let mut sum = Form::zero();
        for (product, q) in form.0.iter() {
            for n in 0..product.0.len() {
                let (atom, e) = &product.0[n];
                let inner = self.slope_of(atom, tensor, at)?;
                if inner.is_zero() {
                    continue;
                }
                let mut rest: Vec<Factor> = product.0.to_vec();
                let less = e.sub(&Rational::from(1))?;
                if less.is_zero() {
                    rest.remove(n);
                } else {
                    rest[n].1 = less;
                }
                let made = self.times_factors(&inner, &rest)?;
                sum = self.plus(&sum, &q.mul(e)?, &made)?;
            }
        }
        Ok(sum)
    }

    fn slope_of(&mut self, atom: &Atom, tensor: u16, at: &[Linear]) -> Made<Form> {
        let here = |atom: &Atom| matches!(atom, Atom::Element(own, _) if *own == tensor);
        if !atom.any(&here) {
            return Ok(Form::zero());
        }
        let one = Rational::from(1);
        match atom {
            Atom::Element(_, own) => {
                if own.len() != at.len() {
                    return Err(Reason::Unread);
                }
                let mut factors = Vec::with_capacity(at.len());
                for (a, b) in own.iter().zip(at) {
                    factors.push((Atom::Is0(a.minus(b)?), one.clone()));
                }
                self.product(one, factors)
            }
            Atom::Sum(sum) => {
                let (opens, body) = self.open(sum)?;
                let slope = self.slope(&body, tensor, at)?;
                self.sum(&opens, &slope)
            }
            Atom::Base(of) => self.slope(of, tensor, at),
            Atom::Kernel(kernel, of) => {
                let inner = self.slope(of, tensor, at)?;
                let outer = self.slope_of_kernel(*kernel, of)?;
                self.times(&outer, &inner)
            }
            Atom::Whole(_) | Atom::AtLeast0(_) | Atom::Is0(_) => Ok(Form::zero()),
        }
    }

    fn slope_of_kernel(&mut self, kernel: Kernel, of: &Form) -> Made<Form> {
        let minus_one = Rational::from(-1);
        match kernel {
            Kernel::Exp => self.kernel(Kernel::Exp, of),
            Kernel::Ln => self.power(of, &minus_one),
            Kernel::Apply(f, primes) => self.kernel(Kernel::Apply(f, primes + 1), of),
            Kernel::Call(function) => match function {
                Function::Sin => self.call(Function::Cos, of),
                Function::Cos => {
                    let sine = self.call(Function::Sin, of)?;
                    self.scaled(&minus_one, &sine)
                }
                Function::Relu => self.call(Function::Step, of),
                Function::Abs => self.call(Function::Sign, of),
                Function::Step | Function::Sign => Ok(Form::zero()),
                Function::NormalCdf => self.call(Function::NormalPdf, of),
                Function::NormalPdf => {
                    let own = self.call(Function::NormalPdf, of)?;
                    let product = self.times(of, &own)?;
                    self.scaled(&minus_one, &product)
                }
                _ => Err(Reason::Unread),
            },
        }
    }

    /// The form with every part made anew, and, if `unfold` says so of a tensor, its elements put
    /// in for their definitions.
    pub fn remade(&mut self, form: &Form, unfold: &dyn Fn(u16) -> bool) -> Made<Form> {
        let mut terms = Vec::new();
        for (product, q) in form.0.iter() {
            let made = self.product_remade(q, product, unfold)?;
            terms.extend(made.0.iter().cloned());
        }
        self.collect(terms)
    }

    fn product_remade(
        &mut self,
        q: &Rational,
        product: &Product,
        unfold: &dyn Fn(u16) -> bool,
    ) -> Made<Form> {
        let facts: Vec<Linear> =
            product.0.iter().filter_map(|(atom, _)| super::read::at_least(atom)).collect();
        let mut plain = Vec::new();
        let mut more = Vec::new();
        self.with_facts(facts, |maker| -> Made<()> {
            for (atom, e) in product.0.iter() {
                let made = match atom {
                    Atom::Element(tensor, at) if unfold(*tensor) => {
                        let found = maker.unfolded(*tensor, at)?;
                        found.unwrap_or_else(|| Form::atom(atom.clone()))
                    }
                    Atom::Sum(sum) => {
                        let (opens, body) = maker.open(sum)?;
                        let body = maker.remade(&body, unfold)?;
                        maker.sum(&opens, &body)?
                    }
                    Atom::Kernel(kernel, of) => {
                        let of = maker.remade(of, unfold)?;
                        maker.kernel(*kernel, &of)?
                    }
                    Atom::Base(of) => maker.remade(of, unfold)?,
                    Atom::Whole(_) | Atom::Element(..) | Atom::AtLeast0(_) | Atom::Is0(_) => {
                        plain.push((atom.clone(), e.clone()));
                        continue;
                    }
                };
                more.push(maker.power(&made, e)?);
            }
            Ok(())
        })?;
        let made = self.product(q.clone(), plain)?;
        self.times_all(made, &more)
    }

    /// What an element stands for: its definition, or for a δ what the chain rule over the
    /// elements of all users says.
    fn unfolded(&mut self, tensor: u16, at: &[Linear]) -> Made<Option<Form>> {
        let name = self.tensors[usize::from(tensor)].clone();
        if !name.delta {
            return self.defined(&name, at);
        }
        let system = self.system;
        let plain = crate::index::TensorName { delta: false, ..name };
        let reached = system.reached();
        let known = system.tensor(&system.loss).is_some_and(|loss| loss.definition.is_some());
        let users: Vec<&crate::index::Tensor> =
            system.users(&plain).filter(|user| !known || reached.contains(&user.name)).collect();
        if users.is_empty() {
            return Ok(None);
        }
        let of = self.tensor(&plain)?;
        let mut sum = Form::zero();
        for user in users {
            let Some(definition) = &user.definition else { return Err(Reason::Unread) };
            let (mut vars, mut ends, mut own) = (Vec::new(), Vec::new(), Vec::new());
            for range in &definition.axes {
                let v = self.fresh();
                let form = Linear::var(v);
                let length = self.length(&range.length)?;
                ends.extend([form.clone(), length.minus(&form)?.plus_number(-1)?]);
                own.push(form);
                vars.push(v);
            }
            let facts = ends.clone();
            let loss = user.name == system.loss;
            let delta = self.tensor(&user.name.delta())?;
            let body = self.with_facts(facts, |maker| -> Made<Form> {
                let Some(body) = maker.defined(&user.name, &own)? else {
                    return Err(Reason::Unread);
                };
                let slope = maker.slope(&body, of, at)?;
                if loss {
                    return Ok(slope);
                }
                let factor = (Atom::Element(delta, own.as_slice().into()), Rational::from(1));
                maker.times_factors(&slope, &[factor])
            })?;
            let one = Rational::from(1);
            let brackets: Vec<Factor> =
                ends.into_iter().map(|form| (Atom::AtLeast0(form), one.clone())).collect();
            let body = self.times_factors(&body, &brackets)?;
            let made = self.sum(&vars, &body)?;
            sum = self.plus(&sum, &one, &made)?;
        }
        Ok(Some(sum))
    }
}
