//! What makes forms: sums of forms, products term by term, and other letters put in.
//!
//! In: forms. Out: forms in normal form, or the reason why there is none. What always holds: the
//! value is kept whatever value stands for what has none (1/0, ln −1, x\[−1\]), but for what is
//! said at powers: that x^a·x^b = x^(a+b) holds where these were evaluated.

use super::form::{Atom, Factor, Form, Product, Sum};
use super::linear::{Linear, Put, Var};
use super::{Budget, Reason};
use crate::index::{Formula, Letter, System, TensorName};
use crate::scalar::{Function, Rational, Scalar};

/// The result of making something.
pub type Made<T> = Result<T, Reason>;

/// Makes forms.
pub struct Maker<'a> {
    /// The network whose names may be put in.
    pub system: &'a System,
    /// What is at least 0 wherever what is being made stands.
    pub facts: Vec<Linear>,
    /// The sizes and free indices by number.
    pub letters: Vec<Letter>,
    /// The tensors by number.
    pub tensors: Vec<TensorName>,
    /// Whether what a tensor is defined as may be without a value, by number.
    pub(super) lacking: Vec<bool>,
    /// The functions that are not told, by number.
    pub functions: Vec<String>,
    /// Whether Σt = 1 may be used.
    pub distributions: bool,
    /// How deep reductions by bases stand in one another.
    pub(super) reducing: usize,
    budget: Budget,
    opened: u32,
}

impl<'a> Maker<'a> {
    /// One for a network.
    pub fn new(system: &'a System, budget: Budget) -> Maker<'a> {
        Maker {
            system,
            facts: Vec::new(),
            letters: Vec::new(),
            tensors: Vec::new(),
            lacking: Vec::new(),
            functions: Vec::new(),
            distributions: false,
            reducing: 0,
            budget,
            opened: 0,
        }
    }

    /// A letter that was never used before.
    pub fn fresh(&mut self) -> Var {
        self.opened += 1;
        Var::open(self.opened)
    }

    /// The number of a tensor.
    pub fn tensor(&mut self, name: &TensorName) -> Made<u16> {
        let number = numbered(&mut self.tensors, name)?;
        if self.lacking.len() < self.tensors.len() {
            let lacks = name.delta || lacks(self.system, name, self.system.tensors.len());
            self.lacking.push(lacks);
        }
        Ok(number)
    }

    /// The number of a function that is not told.
    pub fn function(&mut self, name: &String) -> Made<u16> {
        numbered(&mut self.functions, name)
    }

    /// Takes a product from the budget.
    pub fn charge(&mut self) -> Made<()> {
        self.budget.products = self.budget.products.checked_sub(1).ok_or(Reason::Products)?;
        Ok(())
    }

    /// How many ways of naming may still be tried.
    pub fn leaves(&self) -> usize {
        self.budget.leaves
    }

    /// The sum of terms in any order.
    pub fn collect(&self, mut terms: Vec<(Product, Rational)>) -> Made<Form> {
        if terms.len() > 1 {
            terms.sort_by(|a, b| a.0.cmp(&b.0));
        }
        let mut all: Vec<(Product, Rational)> = Vec::with_capacity(terms.len());
        for (product, q) in terms {
            match all.last_mut() {
                Some((last, sum)) if *last == product => *sum = sum.add(&q)?,
                _ => {
                    all.push((product, q));
                    continue;
                }
            }
            if all.last().is_some_and(|(_, sum)| sum.is_zero()) {
                all.pop();
            }
        }
        if all.len() > self.budget.terms {
            return Err(Reason::Terms);
        }
        Ok(Form(all.into()))
    }

    /// a + q·b.
    pub fn plus(&self, a: &Form, q: &Rational, b: &Form) -> Made<Form> {
        if a.is_zero() && q.is_one() {
            return Ok(b.clone());
        }
        if b.is_zero() || q.is_zero() {
            return Ok(a.clone());
        }
        let mut terms = a.0.to_vec();
        for (product, n) in b.0.iter() {
            terms.push((product.clone(), n.mul(q)?));
        }
        self.collect(terms)
    }

    /// q·a.
    pub fn scaled(&self, q: &Rational, a: &Form) -> Made<Form> {
        if q.is_one() {
            return Ok(a.clone());
        }
        self.plus(&Form::zero(), q, a)
    }

    /// a·b.
    pub fn times(&mut self, a: &Form, b: &Form) -> Made<Form> {
        if let Some(q) = a.as_number() {
            return self.scaled(&q, b);
        }
        if let Some(q) = b.as_number() {
            return self.scaled(&q, a);
        }
        let mut terms = Vec::new();
        for (left, p) in a.0.iter() {
            for (right, q) in b.0.iter() {
                let factors = left.0.iter().chain(right.0.iter()).cloned().collect();
                let made = self.product(p.mul(q)?, factors)?;
                terms.extend(made.0.iter().cloned());
            }
        }
        self.collect(terms)
    }

    /// The product of factors, given one by one.
    pub fn times_factors(&mut self, a: &Form, factors: &[Factor]) -> Made<Form> {
        if factors.is_empty() {
            return Ok(a.clone());
        }
        let mut terms = Vec::new();
        for (product, q) in a.0.iter() {
            let all = product.0.iter().chain(factors).cloned().collect();
            let made = self.product(q.clone(), all)?;
            terms.extend(made.0.iter().cloned());
        }
        self.collect(terms)
    }

    /// A whole number with letters as a form.
    pub fn whole(&mut self, form: &Linear) -> Made<Form> {
        let mut terms = Vec::new();
        for (mono, n) in form.terms() {
            let mut factors: Vec<Factor> = Vec::new();
            for v in mono.vars() {
                match factors.last_mut() {
                    Some((Atom::Whole(last), e)) if *last == v => *e = e.add(&Rational::from(1))?,
                    _ => factors.push((Atom::Whole(v), Rational::from(1))),
                }
            }
            terms.push((Product::new(factors), Rational::from(*n)));
        }
        self.collect(terms)
    }

    /// What is summed, with letters never used before in the place of the bound ones.
    pub fn open(&mut self, sum: &Sum) -> Made<(Vec<Var>, Form)> {
        let opens: Vec<Var> = (0..sum.bound).map(|_| self.fresh()).collect();
        let put: Vec<(Var, Linear)> = opens
            .iter()
            .enumerate()
            .map(|(n, v)| (Var::bound(sum.height, n as u16), Linear::var(*v)))
            .collect();
        let body = self.put_product(Rational::from(1), &sum.of, &put)?;
        Ok((opens, body))
    }

    /// The form with others in the place of letters.
    pub fn put(&mut self, form: &Form, put: &Put) -> Made<Form> {
        let letters: Vec<Var> = put.iter().map(|(v, _)| *v).collect();
        if !form.has_any(&letters) {
            return Ok(form.clone());
        }
        let mut terms = Vec::new();
        for (product, q) in form.0.iter() {
            if product.has_any(&letters) {
                let made = self.put_product(q.clone(), product, put)?;
                terms.extend(made.0.iter().cloned());
            } else {
                terms.push((product.clone(), q.clone()));
            }
        }
        self.collect(terms)
    }

    /// A multiple of a product with other forms in the place of letters.
    pub fn put_product(&mut self, q: Rational, product: &Product, put: &Put) -> Made<Form> {
        let (factors, more) = self.put_factors(&product.0, put)?;
        let made = self.product(q, factors)?;
        self.times_all(made, &more)
    }

    /// Factors with other forms in the place of letters: what stays a factor, and what becomes
    /// any form.
    pub fn put_factors(&mut self, factors: &[Factor], put: &Put) -> Made<(Vec<Factor>, Vec<Form>)> {
        let letters: Vec<Var> = put.iter().map(|(v, _)| *v).collect();
        let (mut kept, mut more) = (Vec::with_capacity(factors.len()), Vec::new());
        for (atom, e) in factors {
            if !atom.has_any(&letters) {
                kept.push((atom.clone(), e.clone()));
                continue;
            }
            let new = match atom {
                Atom::Element(tensor, at) => {
                    let at = at.iter().map(|form| form.put(put)).collect::<Made<Vec<_>>>()?;
                    Atom::Element(*tensor, at.into())
                }
                Atom::AtLeast0(form) => Atom::AtLeast0(form.put(put)?),
                Atom::Is0(form) => Atom::Is0(form.put(put)?),
                Atom::Whole(v) => {
                    let form = Linear::var(*v).put(put)?;
                    match form.as_var() {
                        Some(v) => Atom::Whole(v),
                        None => {
                            let whole = self.whole(&form)?;
                            more.push(self.power(&whole, e)?);
                            continue;
                        }
                    }
                }
                Atom::Base(base) => {
                    let base = self.put(base, put)?;
                    more.push(self.power(&base, e)?);
                    continue;
                }
                Atom::Kernel(kernel, of) => {
                    let of = self.put(of, put)?;
                    let made = self.kernel(*kernel, &of)?;
                    more.push(self.power(&made, e)?);
                    continue;
                }
                Atom::Sum(sum) => {
                    let (opens, body) = self.open(sum)?;
                    let body = self.put(&body, put)?;
                    let made = self.sum(&opens, &body)?;
                    more.push(self.power(&made, e)?);
                    continue;
                }
            };
            kept.push((new, e.clone()));
        }
        Ok((kept, more))
    }

    /// The product of a form with others.
    pub fn times_all(&mut self, made: Form, more: &[Form]) -> Made<Form> {
        let mut made = made;
        for form in more {
            if made.is_zero() {
                break;
            }
            made = self.times(&made, form)?;
        }
        Ok(made)
    }

    /// Does something with more facts.
    pub fn with_facts<T>(
        &mut self,
        facts: impl IntoIterator<Item = Linear>,
        job: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.facts.len();
        self.facts.extend(facts);
        let made = job(self);
        self.facts.truncate(before);
        made
    }
}

fn numbered<T: PartialEq + Clone>(all: &mut Vec<T>, one: &T) -> Made<u16> {
    let place = all.iter().position(|other| other == one).unwrap_or_else(|| {
        all.push(one.clone());
        all.len() - 1
    });
    u16::try_from(place).map_err(|_| Reason::Terms)
}

/// Whether what a tensor is defined as may be without a value, though every leaf has one.
fn lacks(system: &System, name: &TensorName, depth: usize) -> bool {
    let Some(definition) = system.tensor(name).and_then(|t| t.definition.as_ref()) else {
        return false;
    };
    depth == 0
        || definition.body.any(&|part| match part {
            Formula::Div(..) | Formula::Pow(..) | Formula::Partial { .. } => true,
            Formula::Max { .. } | Formula::MaxOf(_) | Formula::Wins { .. } => true,
            Formula::Call(Function::Ln | Function::Sqrt, _) => true,
            Formula::Element(e) => e.tensor.delta || lacks(system, &e.tensor, depth - 1),
            _ => false,
        })
}
