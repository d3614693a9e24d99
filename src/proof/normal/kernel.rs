//! Kernels: what is no variable and yet an atom of the normal form.
//!
//! A kernel holds its argument in normal form, so equal kernels have equal arguments. The size
//! of what is nested in it is limited, so comparing and dropping kernels is bounded. A switch
//! is a kernel that is 0 or 1.

use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use super::budget::charge;
use super::fraction::Fraction;
use super::monomial::{Atom, Power};
use super::polynomial::Polynomial;
use super::switch;
use crate::expr::ExprId;
use crate::scalar::Fault;

/// How deep kernels may nest.
pub const MAX_NESTING: u32 = 24;
/// How many terms may stand in a kernel, those of nested kernels included.
pub const MAX_KERNEL_TERMS: u32 = 1 << 13;

/// What a free variable of a local claim stands for: a part of an expression that is not looked
/// into. A claim that holds for every value of its unknowns holds for the values they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::proof) enum Unknown {
    /// The value of an expression.
    Value(ExprId),
    /// ∂of/∂by.
    Slope {
        /// What is differentiated.
        of: ExprId,
        /// By what.
        by: ExprId,
    },
    /// How much of a max is this argument of it: 1 where it wins, else 0.
    Wins {
        /// The max.
        max: ExprId,
        /// Its argument.
        arg: ExprId,
    },
}

/// What a kernel is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Form {
    /// eᵗ; the argument is one term with coefficient 1, for the coefficient is the exponent.
    Exponential(Fraction),
    /// ln w, for w > 0.
    Logarithm(Fraction),
    /// Φ(u); the first coefficient of u is positive, for Φ(−u) = 1 − Φ(u).
    NormalCdf(Fraction),
    /// φ(u); the first coefficient of u is not negative, for φ is even.
    NormalPdf(Fraction),
    /// sin u; the first coefficient of u is positive, for sin is odd.
    Sine(Fraction),
    /// cos u; the first coefficient of u is positive, for cos is even.
    Cosine(Fraction),
    /// v, which is positive wherever the expression is defined; stands to a fractional power.
    Root(Polynomial),
    /// |y|; stands to a fractional power.
    Modulus(Polynomial),
    /// [p > 0] for a primitive p without switches; 1 − [p > 0] is [−p > 0] off the kink.
    Positive(Polynomial),
    /// [u > 0] for a u with switches in it, which may be 0 in a whole region.
    Step(Fraction),
    /// [the argument of that number wins] among three or more different ones without switches,
    /// in sorted order. The last has no kernel: it is 1 minus the others.
    Winner(usize, Rc<Vec<Fraction>>),
    /// [the argument of that number is the first of the greatest], with switches in some.
    First(usize, Rc<Vec<Fraction>>),
    /// A free variable.
    Unknown(Unknown),
    /// [u > 0], of which nothing is used but that it is a function of u: no switch, so that no
    /// case of it is looked at, and what is proved holds at the kink as well.
    Arbitrary(Fraction),
}

impl Form {
    /// The polynomials in the arguments.
    pub(super) fn polynomials(&self) -> Box<dyn Iterator<Item = &Polynomial> + '_> {
        match self {
            Form::Root(p) | Form::Modulus(p) | Form::Positive(p) => Box::new(std::iter::once(p)),
            Form::Exponential(u)
            | Form::Logarithm(u)
            | Form::NormalCdf(u)
            | Form::NormalPdf(u)
            | Form::Sine(u)
            | Form::Cosine(u)
            | Form::Step(u)
            | Form::Arbitrary(u) => Box::new(u.polynomials()),
            Form::Unknown(_) => Box::new(std::iter::empty()),
            Form::Winner(_, all) | Form::First(_, all) => {
                Box::new(all.iter().flat_map(|u| u.polynomials()))
            }
        }
    }
}

/// A kernel with what is asked of it often.
#[derive(Clone, Debug)]
pub(super) struct Kernel {
    pub(super) form: Form,
    hash: u64,
    terms: u32,
    nesting: u32,
    has_switch: bool,
}

impl Kernel {
    pub(super) fn atom(form: Form) -> Result<Atom, Fault> {
        let mut hasher = FxHasher::default();
        form.hash(&mut hasher);
        let (mut terms, mut nesting, mut inner_switch) = (1u32, 0, false);
        for p in form.polynomials() {
            terms = terms.saturating_add(p.terms().len() as u32);
            for kernel in p.factors().filter_map(|f| f.atom.kernel()) {
                terms = terms.saturating_add(kernel.terms);
                nesting = nesting.max(kernel.nesting);
                inner_switch |= kernel.has_switch;
            }
        }
        if terms > MAX_KERNEL_TERMS || nesting >= MAX_NESTING {
            return Err(Fault::TooLarge);
        }
        charge(terms as usize)?;
        let mut kernel = Kernel {
            form,
            hash: hasher.finish(),
            terms,
            nesting: nesting + 1,
            has_switch: inner_switch,
        };
        kernel.has_switch |= kernel.is_switch();
        Ok(Atom::Kernel(shared(kernel)))
    }

    pub(super) fn is_switch(&self) -> bool {
        matches!(self.form, Form::Positive(_) | Form::Step(_) | Form::Winner(..) | Form::First(..))
    }

    /// Whether this is a switch or holds one.
    pub(super) fn has_switch(&self) -> bool {
        self.has_switch
    }

    pub(super) fn is_exponential(&self) -> bool {
        matches!(self.form, Form::Exponential(_))
    }

    pub(super) fn is_wave(&self) -> bool {
        matches!(self.form, Form::Sine(_) | Form::Cosine(_))
    }

    pub(super) fn is_root(&self) -> bool {
        matches!(self.form, Form::Root(_) | Form::Modulus(_))
    }

    /// The arguments among which this switch names one, so that the product with another of
    /// them is 0.
    pub(super) fn contest(&self) -> Option<&Rc<Vec<Fraction>>> {
        match &self.form {
            Form::Winner(_, all) | Form::First(_, all) => Some(all),
            _ => None,
        }
    }

    /// What a root is to the power 1.
    pub(super) fn whole_power(&self) -> Result<Polynomial, Fault> {
        match &self.form {
            Form::Root(v) => Ok(v.clone()),
            Form::Modulus(y) => {
                let sign = switch::sign(&Fraction::from(y.clone()))?;
                y.mul(sign.numerator())
            }
            _ => Err(Fault::TooLarge),
        }
    }

    /// The kernel of that form to a power, as an expression.
    pub(super) fn power(form: Form, power: Power) -> Result<Fraction, Fault> {
        let monomial = super::monomial::Monomial::of(Kernel::atom(form)?, power);
        Ok(Fraction::from(Polynomial::term(crate::scalar::Rational::from(1), monomial)))
    }
}

thread_local! {
    /// The kernels of the running proof, so that equal ones are mostly one allocation and are
    /// found equal at once. No value depends on it.
    static KNOWN: RefCell<HashTable<Rc<Kernel>>> = const { RefCell::new(HashTable::new()) };
}

/// Forgets the kernels of earlier proofs.
pub(super) fn forget() {
    KNOWN.with_borrow_mut(HashTable::clear);
}

fn shared(kernel: Kernel) -> Rc<Kernel> {
    KNOWN.with_borrow_mut(|known| {
        if let Some(same) = known.find(kernel.hash, |k| **k == kernel) {
            return Rc::clone(same);
        }
        let kernel = Rc::new(kernel);
        known.insert_unique(kernel.hash, Rc::clone(&kernel), |k| k.hash);
        kernel
    })
}

impl PartialEq for Kernel {
    // Nearly every comparison ends at the first of these; a call would be the greater part of it.
    #[inline]
    fn eq(&self, other: &Kernel) -> bool {
        std::ptr::eq(self, other) || (self.hash == other.hash && self.form == other.form)
    }
}

impl Eq for Kernel {}

impl PartialOrd for Kernel {
    fn partial_cmp(&self, other: &Kernel) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kernel {
    fn cmp(&self, other: &Kernel) -> std::cmp::Ordering {
        if std::ptr::eq(self, other) {
            return std::cmp::Ordering::Equal;
        }
        self.form.cmp(&other.form)
    }
}

impl Hash for Kernel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::super::budget::within;
    use super::*;
    use crate::expr::Graph;
    use crate::scalar::Scalar;

    #[test]
    fn equal_functions_are_one_kernel_that_knows_its_size() {
        let mut g = Graph::new();
        let x = g.var("x");
        let x = Fraction::variable(g.symbol_of(x).unwrap());
        within(100_000, || {
            let sum = x.add(&Fraction::one()).unwrap();
            let made = |u: &Fraction| Kernel::atom(Form::NormalPdf(u.clone())).unwrap();
            let [one, again, other] = [&sum, &sum.clone(), &x].map(made);
            let kernel = |atom: &Atom| Rc::clone(atom.kernel().unwrap());
            assert!(Rc::ptr_eq(&kernel(&one), &kernel(&again)));
            assert!(!Rc::ptr_eq(&kernel(&one), &kernel(&other)) && one != other);
            assert_eq!((kernel(&one).terms, kernel(&other).terms), (3, 2));
            // Of a function of a function, all terms count.
            let inner = Kernel::power(Form::NormalPdf(sum), Power::ONE).unwrap();
            let outer = kernel(&made(&inner));
            assert_eq!((outer.terms, outer.nesting), (1 + 1 + 3, 2));
        });
    }

    #[test]
    fn nothing_of_a_proof_is_kept_after_it() {
        let known = || KNOWN.with_borrow(HashTable::len);
        let mut g = Graph::new();
        let x = g.var("x");
        let x = Fraction::variable(g.symbol_of(x).unwrap());
        within(100_000, || {
            Kernel::atom(Form::NormalPdf(x.clone())).unwrap();
            assert!(known() > 0);
        });
        assert_eq!(known(), 0);
    }
}
