//! Formulas as they will be set: names split into stem and subscripts, fractions and powers as
//! such, no parentheses yet. Where parentheses go is decided once, by [`Slot::needs_parens`],
//! for every renderer.

use crate::expr::Symbol;
use crate::scalar::{Function, Rational};

/// A formula, ready to be set in any format.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Math {
    /// An exact number; a fraction is set as one.
    Number(Rational),
    /// A rounded number, as `show_f64` spelt it.
    Decimal(String),
    /// A name with its subscripts.
    Symbol(Symbol),
    /// A name whose subscripts are formulas, perhaps with a mark above: i_{2a+1−m, 2b+1−n},
    /// δ^c_{ij}, x^(l)_{ij}.
    Indexed {
        /// The name.
        symbol: Symbol,
        /// What stands above.
        upper: Option<Mark>,
        /// The subscripts after those of the name.
        lower: Vec<Math>,
    },
    /// Σ or max of all values of some indices.
    Big {
        /// Which.
        sign: Big,
        /// The indices under the sign.
        over: Vec<Math>,
        /// What is summed or compared.
        body: Box<Math>,
    },
    /// A function that is only a letter, with primes for its derivatives: φ′(z).
    Apply(Symbol, u32, Box<Math>),
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

/// What stands above a name.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Mark {
    /// The name of what it belongs to: δ^c.
    Name(Symbol),
    /// The number of its layer, in parentheses: x^(l+1).
    Layer(Box<Math>),
}

/// A sign over a range of indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Big {
    /// Σ
    Sum,
    /// max
    Max,
}

/// What stands between two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relation {
    /// =
    Equal,
    /// ≈
    Approx,
    /// ←
    Becomes,
    /// w → c → E: the one acts on the other.
    LeadsTo,
    /// >
    Greater,
    /// ≥
    AtLeast,
    /// <
    Less,
    /// ≤
    AtMost,
    /// ≠
    Differs,
}

/// `left sign right`.
pub(super) fn relation(left: Math, sign: Relation, right: Math) -> Math {
    Math::Relation(Box::new(left), sign, Box::new(right))
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
        /// The last factor may be a bare Σ.
        last: bool,
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
    /// What a big sign stands before.
    Summand,
    /// What ∂ stands before.
    Differentiated,
    /// What a prefix must not be mistaken to take only a part of: the `b` of ∂a/∂b, which is read
    /// on to its last letter, and the `a` of Δa.
    Whole,
}

/// How tightly a formula holds together, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    Relation,
    Sum,
    Negation,
    Big,
    Product,
    Fraction,
    Derivative,
    Power,
    Atom,
}

impl Math {
    fn hold(&self, linear: bool) -> Hold {
        match self.alone() {
            Math::Relation(..) => Hold::Relation,
            Math::Sum(terms) if terms.len() == 1 => Hold::Negation,
            Math::Sum(terms) if !terms.is_empty() => Hold::Sum,
            Math::Neg(_) => Hold::Negation,
            Math::Number(q) if q.is_negative() => Hold::Negation,
            Math::Number(q) if !q.is_integer() && linear => Hold::Fraction,
            Math::Decimal(text) if text.starts_with('-') => Hold::Negation,
            // 1.5e-7 is set as 1.5·10⁻⁷.
            Math::Decimal(text) if text.contains('e') => Hold::Product,
            Math::Product(factors) if !factors.is_empty() => Hold::Product,
            // A sum reaches to the end of its product.
            Math::Big { .. } => Hold::Big,
            // A mark above is no exponent, and one beside it would look like two.
            Math::Indexed { upper: Some(_), .. } => Hold::Power,
            Math::Fraction(..) if linear => Hold::Fraction,
            Math::Partial(..) if linear => Hold::Derivative,
            // Δw² could be read as Δ(w²), so the base of a power is (Δw).
            Math::Power(..) | Math::Delta(_) => Hold::Power,
            _ => Hold::Atom,
        }
    }

    /// This formula without sums and products of one thing around it.
    pub(crate) fn alone(&self) -> &Math {
        let mut math = self;
        loop {
            math = match math {
                Math::Sum(terms) if terms.len() == 1 && !terms[0].0 => &terms[0].1,
                Math::Product(factors) if factors.len() == 1 => &factors[0],
                _ => return math,
            }
        }
    }

    /// The terms of a sum, with the sums that stand first in it spelt out: (a + b) − c and
    /// a + b − c are written alike. Anything else is one term.
    pub(crate) fn terms(&self) -> Vec<(bool, &Math)> {
        let mut backwards = Vec::new();
        let mut first = self.alone();
        while let Math::Sum(terms) = first {
            let Some(((subtracted, head), rest)) = terms.split_first() else { break };
            backwards.extend(rest.iter().rev().map(|(minus, term)| (*minus, term)));
            first = head.alone();
            if *subtracted {
                backwards.push((true, first));
                backwards.reverse();
                return backwards;
            }
        }
        backwards.push((false, first));
        backwards.reverse();
        backwards
    }

    /// The factors of a product, with the products in it spelt out. Anything else is one factor.
    pub(crate) fn factors(&self) -> Vec<&Math> {
        let mut factors = Vec::new();
        let mut ahead = vec![self];
        while let Some(math) = ahead.pop() {
            match math.alone() {
                Math::Product(inner) if !inner.is_empty() => ahead.extend(inner.iter().rev()),
                other => factors.push(other),
            }
        }
        factors
    }

    /// Whether this has a slash in it when it is set on the line: a/b, 1/2, ∂E/∂w. A product
    /// with such a factor is set with spaces around its dots.
    pub(crate) fn has_slash(&self) -> bool {
        match self.alone() {
            Math::Fraction(..) | Math::Partial(..) => true,
            Math::Number(q) => !q.is_integer() && !q.is_negative(),
            _ => false,
        }
    }

    /// Whether this is set as a stacked fraction, which a power of it must hold in parentheses.
    fn is_stacked(&self) -> bool {
        match self.alone() {
            Math::Fraction(..) | Math::Partial(..) => true,
            Math::Number(q) => !q.is_integer(),
            _ => false,
        }
    }

    /// A name with formulas as subscripts.
    #[cfg(test)]
    pub(crate) fn indexed(symbol: Symbol, lower: Vec<Math>) -> Math {
        Math::Indexed { symbol, upper: None, lower }
    }

    /// A named symbol.
    pub fn symbol(name: &str) -> Math {
        Math::Symbol(Symbol::named(name))
    }

    /// A whole number.
    pub(crate) fn integer(n: i64) -> Math {
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
            Slot::Factor { last: true, .. } if hold == Hold::Big => false,
            Slot::Factor { first: true, .. } => hold < Hold::Product,
            Slot::Factor { first: false, .. } => hold < Hold::Product || hold == Hold::Fraction,
            Slot::Negated => hold <= Hold::Negation,
            Slot::Whole if matches!(math.alone(), Math::Indexed { .. }) => false,
            Slot::Base | Slot::Whole => hold < Hold::Atom || (!linear && math.is_stacked()),
            Slot::LinearExponent => hold < Hold::Atom,
            Slot::Summand => hold <= Hold::Negation,
            // Products are common above a slash and read well there, a·b/c; but not a/b · c/d.
            Slot::LinearNumerator if hold == Hold::Product => {
                math.factors().into_iter().any(Math::has_slash)
            }
            Slot::LinearNumerator => hold < Hold::Power,
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
            Relation::LeadsTo => "→",
            Relation::Greater => ">",
            Relation::AtLeast => "≥",
            Relation::Less => "<",
            Relation::AtMost => "≤",
            Relation::Differs => "≠",
        }
    }
}
