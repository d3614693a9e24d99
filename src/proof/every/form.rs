//! Formulas in normal form, as data.
//!
//! A form is a sum of rational multiples of products; a product is made of powers of atoms. Equal
//! forms are equal data: terms and factors stand in an order that content alone decides.

use std::rc::Rc;

use super::linear::{Linear, Var};
use crate::scalar::{Function, Rational};

/// What a factor is made of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Atom {
    /// A letter as a number.
    Whole(Var),
    /// An element of the tensor of that number.
    Element(u16, Rc<[Linear]>),
    /// The sum over all whole numbers in the place of some bound indices.
    Sum(Rc<Sum>),
    /// A function of a form.
    Kernel(Kernel, Form),
    /// A sum of terms, or a number, that has a negative or broken power.
    Base(Form),
    /// 1 where the form is at least 0, else 0.
    AtLeast0(Linear),
    /// 1 where the form is 0, else 0.
    Is0(Linear),
}

/// A sum over bound indices; its brackets make it finite.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Sum {
    /// More than the height of every sum in it.
    pub height: u16,
    /// How many indices it binds: #height.0, #height.1, ….
    pub bound: u16,
    /// What is summed.
    pub of: Product,
}

/// A function of one form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kernel {
    /// eˣ.
    Exp,
    /// ln x.
    Ln,
    /// Any other elementary function.
    Call(Function),
    /// A function that is not told: its number, and how often it was differentiated.
    Apply(u16, u32),
}

/// A factor: an atom and its exponent.
pub type Factor = (Atom, Rational);

/// A product of powers, in the order of the atoms.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Product(pub Rc<[Factor]>);

/// A sum of multiples of products, in the order of the products; no multiple is 0.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Form(pub Rc<[(Product, Rational)]>);

impl Atom {
    /// Whether it is one of the two brackets.
    pub fn is_bracket(&self) -> bool {
        matches!(self, Atom::AtLeast0(_) | Atom::Is0(_))
    }

    /// Calls `visit` for the forms of letters in it.
    pub fn each(&self, visit: &mut dyn FnMut(&Linear)) {
        match self {
            Atom::Whole(v) => visit(&Linear::var(*v)),
            Atom::Element(_, at) => at.iter().for_each(visit),
            Atom::Sum(sum) => sum.of.each(visit),
            Atom::Kernel(_, of) | Atom::Base(of) => of.each(visit),
            Atom::AtLeast0(form) | Atom::Is0(form) => visit(form),
        }
    }

    /// Whether one of the letters stands in it.
    pub fn has_any(&self, vars: &[Var]) -> bool {
        match self {
            Atom::Whole(v) => vars.contains(v),
            Atom::Element(_, at) => at.iter().any(|form| form.has_any(vars)),
            Atom::Sum(sum) => sum.of.has_any(vars),
            Atom::Kernel(_, of) | Atom::Base(of) => of.has_any(vars),
            Atom::AtLeast0(form) | Atom::Is0(form) => form.has_any(vars),
        }
    }

    /// The greatest height of a sum in it; 0 where there is none.
    pub fn height(&self) -> u16 {
        match self {
            Atom::Sum(sum) => sum.height,
            Atom::Kernel(_, of) | Atom::Base(of) => of.height(),
            _ => 0,
        }
    }

    /// Whether `test` holds of it or of an atom inside.
    pub fn any(&self, test: &dyn Fn(&Atom) -> bool) -> bool {
        test(self)
            || match self {
                Atom::Sum(sum) => sum.of.any(test),
                Atom::Kernel(_, of) | Atom::Base(of) => of.any(test),
                _ => false,
            }
    }
}

impl Product {
    /// The product of nothing.
    pub fn one() -> Product {
        Product(Rc::new([]))
    }

    /// The product of these factors, which are in order.
    pub fn new(factors: Vec<Factor>) -> Product {
        Product(factors.into())
    }

    /// See [`Atom::each`].
    pub fn each(&self, visit: &mut dyn FnMut(&Linear)) {
        self.0.iter().for_each(|(atom, _)| atom.each(visit));
    }

    /// See [`Atom::has_any`].
    pub fn has_any(&self, vars: &[Var]) -> bool {
        self.0.iter().any(|(atom, _)| atom.has_any(vars))
    }

    /// See [`Atom::height`].
    pub fn height(&self) -> u16 {
        self.0.iter().map(|(atom, _)| atom.height()).max().unwrap_or(0)
    }

    /// See [`Atom::any`].
    pub fn any(&self, test: &dyn Fn(&Atom) -> bool) -> bool {
        self.0.iter().any(|(atom, _)| atom.any(test))
    }
}

impl Form {
    /// 0.
    pub fn zero() -> Form {
        Form(Rc::new([]))
    }

    /// A number.
    pub fn number(q: Rational) -> Form {
        Form::term(q, Product::one())
    }

    /// A whole number.
    pub fn integer(n: i64) -> Form {
        Form::number(Rational::from(n))
    }

    /// A multiple of a product.
    pub fn term(q: Rational, product: Product) -> Form {
        if q.is_zero() { Form::zero() } else { Form(Rc::new([(product, q)])) }
    }

    /// An atom by itself.
    pub fn atom(atom: Atom) -> Form {
        Form::term(Rational::from(1), Product::new(vec![(atom, Rational::from(1))]))
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The number that it is.
    pub fn as_number(&self) -> Option<Rational> {
        match self.0.as_ref() {
            [] => Some(Rational::from(0)),
            [(product, q)] if product.0.is_empty() => Some(q.clone()),
            _ => None,
        }
    }

    /// The only term.
    pub fn as_term(&self) -> Option<&(Product, Rational)> {
        match self.0.as_ref() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// See [`Atom::each`].
    pub fn each(&self, visit: &mut dyn FnMut(&Linear)) {
        self.0.iter().for_each(|(product, _)| product.each(visit));
    }

    /// See [`Atom::has_any`].
    pub fn has_any(&self, vars: &[Var]) -> bool {
        self.0.iter().any(|(product, _)| product.has_any(vars))
    }

    /// See [`Atom::height`].
    pub fn height(&self) -> u16 {
        self.0.iter().map(|(product, _)| product.height()).max().unwrap_or(0)
    }

    /// See [`Atom::any`].
    pub fn any(&self, test: &dyn Fn(&Atom) -> bool) -> bool {
        self.0.iter().any(|(product, _)| product.any(test))
    }
}
