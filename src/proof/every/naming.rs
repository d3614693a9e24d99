//! Names of bound indices that do not depend on who wrote them.
//!
//! In: letters and the connected product that is summed over them. Out: the sum, in which these
//! letters have names by height and place. The form that stands first in an order that no letter
//! decides becomes the next name; ties are tried all, and the least product wins. What always
//! holds: every name is a change of variable with a whole inverse, so that the value is kept
//! whichever product wins.

use std::rc::Rc;

use super::Reason;
use super::form::{Atom, Factor, Form, Product, Sum};
use super::linear::{Linear, Var};
use super::maker::{Made, Maker};
use crate::scalar::{Rational, Scalar};

/// Where the greatest height and place end that a letter can hold.
const MAX_HEIGHT: u16 = 1 << 12;

/// The product so far, with what it is multiplied by as a number, and the best one that is
/// complete.
struct Search {
    height: u16,
    leaves: usize,
    best: Option<(Product, Form, Rational)>,
    /// Whether one product was reached with two different multiples: then the sum is 0.
    vanishes: bool,
}

/// What is being named.
struct State {
    q: Rational,
    /// Everything but letters as numbers.
    product: Product,
    /// The letters as numbers.
    whole: Form,
    unnamed: Vec<Var>,
    place: u16,
}

impl Maker<'_> {
    /// The sum of a connected product over its letters.
    pub fn named(&mut self, vars: &[Var], factors: Vec<Factor>) -> Made<Form> {
        let product = Product::new(factors);
        let height = product.height() + 1;
        if height >= MAX_HEIGHT {
            return Err(Reason::Terms);
        }
        let mut captured = false;
        product.each(&mut |form| {
            captured |= form.vars().any(|v| v.as_bound().is_some_and(|(own, _)| own == height));
        });
        if captured {
            return Err(Reason::Capture);
        }
        let number = |(atom, e): &Factor| match atom {
            Atom::Whole(v) => vars.contains(v) && e.is_integer() && !e.is_negative(),
            _ => false,
        };
        let (numbers, others): (Vec<Factor>, Vec<Factor>) =
            product.0.iter().cloned().partition(number);
        let whole = Form::term(Rational::from(1), Product::new(numbers));
        let mut search = Search { height, leaves: self.leaves(), best: None, vanishes: false };
        let q = Rational::from(1);
        let product = Product::new(others);
        let unnamed = vars.to_vec();
        self.search(&mut search, State { q, product, whole, unnamed, place: 0 })?;
        if search.vanishes {
            return Ok(Form::zero());
        }
        let Some((product, whole, q)) = search.best else { return Err(Reason::Naming) };
        let one = Rational::from(1);
        let mut terms = Vec::with_capacity(whole.0.len());
        for (numbers, n) in whole.0.iter() {
            let inside = |(atom, _): &Factor| matches!(atom, Atom::Whole(v) if v.as_bound().is_some_and(|(own, _)| own == height));
            let (inner, mut outer): (Vec<Factor>, Vec<Factor>) =
                numbers.0.iter().cloned().partition(inside);
            let mut of = [inner.as_slice(), &product.0].concat();
            of.sort_by(|a, b| a.0.cmp(&b.0));
            let of = Product::new(of);
            let sum = Sum { height, bound: vars.len() as u16, of };
            outer.push((Atom::Sum(Rc::new(sum)), one.clone()));
            let made = self.product(q.mul(n)?, outer)?;
            terms.extend(made.0.iter().cloned());
        }
        self.collect(terms)
    }

    fn search(&mut self, search: &mut Search, state: State) -> Made<()> {
        let State { q, product, whole, unnamed, place } = state;
        if unnamed.is_empty() {
            search.leaves = search.leaves.saturating_sub(1);
            let new = (product, whole, q);
            match &search.best {
                Some((best, number, q)) => {
                    if (best, number) == (&new.0, &new.1) {
                        search.vanishes |= *q != new.2;
                    } else if (&new.0, &new.1) < (best, number) {
                        search.best = Some(new);
                    }
                }
                None => search.best = Some(new),
            }
            return Ok(());
        }
        let name = Var::bound(search.height, place);
        let mut tried: Vec<Var> = Vec::new();
        for form in candidates(&product, &unnamed, search.height) {
            if search.leaves == 0 && search.best.is_some() {
                break;
            }
            // The form becomes the name: s·v + r = w, v = s·(w − r).
            let Some(v) = unnamed.iter().find(|v| form.unit(**v).is_some()) else { continue };
            if form.as_var().is_some() {
                let same = |w: &Var| are_twins(&product, *v, *w) && !whole.has_any(&[*v, *w]);
                if tried.iter().any(same) {
                    continue;
                }
                tried.push(*v);
            }
            let equation = form.minus(&Linear::var(name))?;
            let Some(value) = equation.solved(*v) else { continue };
            let put = [(*v, value?)];
            let made = self.put_product(q.clone(), &product, &put)?;
            if made.is_zero() {
                search.vanishes = true;
                return Ok(());
            }
            let Some((next, q)) = made.as_term() else { return Err(Reason::Naming) };
            let whole = self.put(&whole, &put)?;
            let unnamed = unnamed.iter().filter(|w| *w != v).copied().collect();
            let (q, product) = (q.clone(), next.clone());
            self.search(search, State { q, product, whole, unnamed, place: place + 1 })?;
        }
        Ok(())
    }
}

/// Whether a product of plain factors stays the same where two letters are exchanged.
fn are_twins(product: &Product, v: Var, w: Var) -> bool {
    let put = [(v, Linear::var(w)), (w, Linear::var(v))];
    let mut exchanged = Vec::with_capacity(product.0.len());
    for (atom, e) in product.0.iter() {
        let new = match atom {
            Atom::Element(tensor, at) => {
                match at.iter().map(|form| form.put(&put)).collect::<Made<Vec<_>>>() {
                    Ok(at) => Atom::Element(*tensor, at.into()),
                    Err(_) => return false,
                }
            }
            Atom::AtLeast0(form) => match form.put(&put) {
                Ok(form) => Atom::AtLeast0(form),
                Err(_) => return false,
            },
            Atom::Whole(own) if *own == v => Atom::Whole(w),
            Atom::Whole(own) if *own == w => Atom::Whole(v),
            other if !other.has_any(&[v, w]) => other.clone(),
            _ => return false,
        };
        exchanged.push((new, e.clone()));
    }
    exchanged.sort();
    exchanged == product.0.as_ref()
}

/// The forms of which one is to become the next name: those that stand at the first place.
fn candidates(product: &Product, unnamed: &[Var], height: u16) -> Vec<Linear> {
    let mut places = Places { unnamed, height, label: Vec::new(), best: None };
    places.factors(&product.0);
    let mut all = places.best.map_or_else(Vec::new, |(_, forms)| forms);
    if all.is_empty() {
        all = unnamed.iter().map(|v| Linear::var(*v)).collect();
    }
    all.sort_unstable();
    all.dedup();
    all
}

struct Places<'a> {
    unnamed: &'a [Var],
    height: u16,
    label: Vec<u32>,
    best: Option<(Vec<u32>, Vec<Linear>)>,
}

impl Places<'_> {
    fn form(&mut self, form: &Linear) {
        let inner = |v: Var| v.as_bound().is_some_and(|(own, _)| own < self.height);
        if !self.unnamed.iter().any(|v| form.unit(*v).is_some()) || form.vars().any(inner) {
            return;
        }
        match &mut self.best {
            Some((label, _)) if *label < self.label => {}
            Some((label, forms)) if *label == self.label => forms.push(form.clone()),
            best => *best = Some((self.label.clone(), vec![form.clone()])),
        }
    }

    fn at(&mut self, label: u32, visit: impl FnOnce(&mut Self)) {
        self.label.push(label);
        visit(self);
        self.label.pop();
    }

    fn factors(&mut self, factors: &[Factor]) {
        let speaks = |(atom, _): &&Factor| atom.has_any(self.unnamed);
        let own: Vec<&Factor> = factors.iter().filter(speaks).collect();
        if let [(atom, _)] = own.as_slice() {
            self.at(0, |all| all.atom(atom));
            return;
        }
        let skeletons: Vec<(u8, Atom, &Rational)> =
            own.iter().map(|(atom, e)| (class(atom), self.blotted(atom), e)).collect();
        for (n, rank) in ranks(&skeletons).into_iter().enumerate() {
            self.at(rank, |all| all.atom(&own[n].0));
        }
    }

    fn atom(&mut self, atom: &Atom) {
        match atom {
            Atom::Whole(v) => self.form(&Linear::var(*v)),
            Atom::Element(_, at) => {
                for (n, form) in at.iter().enumerate() {
                    self.at(n as u32, |all| all.form(form));
                }
            }
            Atom::Sum(sum) => self.factors(&sum.of.0),
            Atom::Kernel(_, of) | Atom::Base(of) => {
                let (number, rest) = self.number_and_rest(of);
                if let Some(number) = number {
                    self.at(u32::MAX, |all| all.form(&number));
                }
                let skeletons: Vec<(Product, &Rational)> =
                    rest.iter().map(|(product, q)| (self.product(product), q)).collect();
                for (n, rank) in ranks(&skeletons).into_iter().enumerate() {
                    self.at(rank, |all| all.factors(&rest[n].0.0));
                }
            }
            Atom::AtLeast0(form) | Atom::Is0(form) => self.form(form),
        }
    }

    /// The atom with every form blotted out that holds a letter without a name.
    fn blotted(&self, atom: &Atom) -> Atom {
        let form = |form: &Linear| match form.has_any(self.unnamed) {
            true => Linear::var(Var::BLOT),
            false => form.clone(),
        };
        match atom {
            Atom::Whole(v) if self.unnamed.contains(v) => Atom::Whole(Var::BLOT),
            Atom::Whole(v) => Atom::Whole(*v),
            Atom::Element(tensor, at) => Atom::Element(*tensor, at.iter().map(form).collect()),
            Atom::Sum(sum) => {
                let Sum { height, bound, of } = sum.as_ref();
                Atom::Sum(Rc::new(Sum { height: *height, bound: *bound, of: self.product(of) }))
            }
            Atom::Kernel(kernel, of) => Atom::Kernel(*kernel, self.all(of)),
            Atom::Base(of) => Atom::Base(self.all(of)),
            Atom::AtLeast0(own) => Atom::AtLeast0(form(own)),
            Atom::Is0(own) => Atom::Is0(form(own)),
        }
    }

    fn product(&self, product: &Product) -> Product {
        let mut all: Vec<Factor> =
            product.0.iter().map(|(atom, e)| (self.blotted(atom), e.clone())).collect();
        all.sort();
        Product::new(all)
    }

    /// The whole number with letters without names that is added to the rest of a form.
    fn number_and_rest<'f>(
        &self,
        form: &'f Form,
    ) -> (Option<Linear>, Vec<&'f (Product, Rational)>) {
        let (mut number, mut rest) = (Linear::default(), Vec::new());
        for term in form.0.iter() {
            let (product, q) = term;
            let letter = match product.0.as_ref() {
                [] => Some(Linear::number(1)),
                [(Atom::Whole(v), e)] if e.is_one() => Some(Linear::var(*v)),
                _ => None,
            };
            let whole = q.to_i32().map(i64::from);
            match (letter, whole) {
                (Some(letter), Some(n)) => match number.plus_times(n, &letter) {
                    Ok(sum) => number = sum,
                    Err(_) => rest.push(term),
                },
                _ => rest.push(term),
            }
        }
        if number.has_any(self.unnamed) {
            return (Some(number), rest);
        }
        (None, form.0.iter().collect())
    }

    fn all(&self, form: &Form) -> Form {
        let (number, rest) = self.number_and_rest(form);
        let mut all: Vec<(Product, Rational)> =
            rest.iter().map(|(product, q)| (self.product(product), q.clone())).collect();
        if number.is_some() {
            let blot = vec![(Atom::Whole(Var::BLOT), Rational::from(1))];
            all.push((Product::new(blot), Rational::from(1)));
        }
        all.sort();
        Form(all.into())
    }
}

/// Elements come before what holds some, then numbers, then brackets.
fn class(atom: &Atom) -> u8 {
    match atom {
        Atom::Element(..) => 0,
        Atom::Sum(_) | Atom::Kernel(..) | Atom::Base(_) => 1,
        Atom::Whole(_) => 2,
        Atom::AtLeast0(_) | Atom::Is0(_) => 3,
    }
}

/// The place of each in order; equal ones have the same.
fn ranks<T: Ord>(all: &[T]) -> Vec<u32> {
    all.iter().map(|one| all.iter().filter(|other| *other < one).count() as u32).collect()
}
