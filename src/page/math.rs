//! Formulas as they will be set: names split into stem and subscripts, fractions and powers as
//! such, no parentheses yet. Where parentheses go is decided once, by [`Slot::needs_parens`],
//! for every renderer.

use crate::expr::Symbol;
use crate::scalar::{Function, Rational};

/// A formula, ready to be set in any format.
#[derive(Clone, Debug, PartialEq)]
pub enum Math {
    /// An exact number; a fraction is set as one.
    Number(Rational),
    /// A rounded number, as `show_f64` spelt it.
    Decimal(String),
    /// A name with its subscripts.
    Symbol(Symbol),
    /// A name whose subscripts are formulas: i_{2a+1−m, 2b+1−n}.
    Indexed(Symbol, Vec<Math>),
    /// Words in the middle of a formula.
    Words(String),
    /// −a.
    Neg(Box<Math>),
    /// A sum; `true` marks a term that is subtracted. The first term may be, too.
    Sum(Vec<(bool, Math)>),
    /// a · b · ….
    Product(Vec<Math>),
    /// a / b.
    Fraction(Box<Math>, Box<Math>),
    /// a to the power b.
    Power(Box<Math>, Box<Math>),
    /// An elementary function.
    Call(Function, Box<Math>),
    /// max{a, b, …}.
    Max(Vec<Math>),
    /// A list with its middle left out prints an ellipsis here.
    Ellipsis,
    /// Iverson's bracket of a relation: [r_p = c_10].
    Bracket(Box<Math>),
    /// ∂of/∂by.
    Partial(Box<Math>, Box<Math>),
    /// ⌊a⌋, the greatest whole number not above a.
    Floor(Box<Math>),
    /// Δa.
    Delta(Box<Math>),
    /// a = b, a ← b, ….
    Relation(Box<Math>, Relation, Box<Math>),
}

/// What stands between two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// =
    Equal,
    /// ≈
    Approx,
    /// ←
    Becomes,
    /// >
    Greater,
    /// ≥
    AtLeast,
    /// ≠
    Differs,
}

/// The place of a formula inside a larger one, which decides whether it needs parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A whole side, an argument in parentheses or braces of its own: never any.
    Free,
    /// A term of a sum, first or not.
    Term {
        /// Whether a sign stands before it.
        first: bool,
    },
    /// A factor of a product.
    Factor {
        /// The first factor may be a bare fraction on a line.
        first: bool,
    },
    /// What a minus sign is put before.
    Negated,
    /// A base of a power.
    Base,
    /// The exponent, where it is set on the line (`x^(1/2)`).
    LinearExponent,
    /// The numerator, where the fraction is set on the line (`a/b`).
    LinearNumerator,
    /// The denominator, where the fraction is set on the line.
    LinearDenominator,
    /// What ∂ stands before.
    Differentiated,
}

/// How tightly a formula holds together, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    Relation,
    Sum,
    Negation,
    Product,
    Fraction,
    Derivative,
    Power,
    Atom,
}

impl Math {
    fn hold(&self, linear: bool) -> Hold {
        match self {
            Math::Relation(..) => Hold::Relation,
            Math::Sum(terms) if terms.len() == 1 && terms[0].0 => Hold::Negation,
            Math::Sum(terms) if terms.len() == 1 => terms[0].1.hold(linear),
            Math::Sum(_) => Hold::Sum,
            Math::Neg(_) => Hold::Negation,
            Math::Number(q) if q.is_negative() => Hold::Negation,
            Math::Number(q) if !q.is_integer() && linear => Hold::Fraction,
            Math::Decimal(text) if text.starts_with('-') => Hold::Negation,
            Math::Product(_) => Hold::Product,
            Math::Fraction(..) if linear => Hold::Fraction,
            Math::Partial(..) if linear => Hold::Derivative,
            Math::Power(..) => Hold::Power,
            _ => Hold::Atom,
        }
    }

    /// Whether this is set as a stacked fraction, which a power of it must hold in parentheses.
    fn is_stacked(&self) -> bool {
        match self {
            Math::Fraction(..) | Math::Partial(..) => true,
            Math::Number(q) => !q.is_integer(),
            _ => false,
        }
    }

    /// A named symbol.
    pub fn symbol(name: &str) -> Math {
        Math::Symbol(Symbol::named(name))
    }

    /// A whole number.
    pub fn integer(n: i64) -> Math {
        Math::Number(Rational::from(n))
    }
}

impl Slot {
    /// Whether `math` is put in parentheses here. `linear`: fractions and derivatives are set on
    /// the line (text), not stacked (LaTeX).
    pub fn needs_parens(self, math: &Math, linear: bool) -> bool {
        let hold = math.hold(linear);
        match self {
            Slot::Free => false,
            Slot::Term { first: true } => hold < Hold::Sum,
            Slot::Term { first: false } => hold <= Hold::Negation,
            Slot::Factor { first: true } => hold < Hold::Product,
            Slot::Factor { first: false } => hold < Hold::Product || hold == Hold::Fraction,
            Slot::Negated => hold <= Hold::Negation,
            Slot::Base => hold < Hold::Atom || (!linear && math.is_stacked()),
            Slot::LinearExponent => hold < Hold::Atom,
            Slot::LinearNumerator => hold < Hold::Product,
            Slot::LinearDenominator => hold <= Hold::Derivative,
            Slot::Differentiated => hold < Hold::Power || (!linear && math.is_stacked()),
        }
    }
}

impl Relation {
    /// The sign in Unicode.
    pub fn sign(self) -> &'static str {
        match self {
            Relation::Equal => "=",
            Relation::Approx => "≈",
            Relation::Becomes => "←",
            Relation::Greater => ">",
            Relation::AtLeast => "≥",
            Relation::Differs => "≠",
        }
    }
}
