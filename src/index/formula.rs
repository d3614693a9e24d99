//! Index formulas as data: sums over named ranges of products of tensor elements whose subscripts
//! are [`Affine`] in the indices, with Iverson brackets for conditions.
//!
//! Constructors never simplify. A bracket that does not hold makes its product 0 whatever the
//! other factors are, as Iverson's convention has it: `[0 ≤ i − 1 < H]·x[i − 1]` is 0 at i = 0,
//! where x[−1] is nothing.

mod rewrite;

use std::collections::BTreeSet;

use super::affine::Affine;
use crate::scalar::{Function, Rational};

/// The name of a tensor, with the number of its layer where a network of any depth is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TensorName {
    /// As the network spells it.
    pub name: String,
    /// The layer: l + 1 in x^(l+1).
    pub layer: Option<Affine>,
    /// Whether this is δ, the tensor of the derivatives ∂E/∂(element of that name).
    pub delta: bool,
}

impl TensorName {
    /// A tensor of a network.
    pub fn new(name: &str) -> TensorName {
        TensorName { name: name.to_string(), layer: None, delta: false }
    }

    /// The tensor of that name in a layer.
    pub fn in_layer(name: &str, layer: Affine) -> TensorName {
        TensorName { name: name.to_string(), layer: Some(layer), delta: false }
    }

    /// Its δ.
    pub fn delta(&self) -> TensorName {
        TensorName { delta: true, ..self.clone() }
    }
}

/// One element of a tensor: x[2i + m, 2j + n].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element {
    /// Of which tensor.
    pub tensor: TensorName,
    /// One subscript for each axis; none for a scalar.
    pub at: Vec<Affine>,
}

/// An index variable with its range: 0 ≤ index < length.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// The letter.
    pub index: String,
    /// How many values it takes.
    pub length: Affine,
}

impl Range {
    /// 0 ≤ index < length.
    pub fn new(index: &str, length: impl Into<Affine>) -> Range {
        Range { index: index.to_string(), length: length.into() }
    }

    /// The index as a form.
    pub fn affine(&self) -> Affine {
        Affine::index(&self.index)
    }
}

/// What an Iverson bracket says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// The two are equal.
    Equal(Affine, Affine),
    /// 0 ≤ value < length.
    Within {
        /// What lies inside.
        value: Affine,
        /// Of what.
        length: Affine,
    },
}

/// A formula with indices. Whoever makes one keeps every bound index apart from the free ones
/// and from those of the other sums in the same line; [`Formula::substitute`] renames where a
/// substitution would capture.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Formula {
    /// An exact number.
    Number(Rational),
    /// A size or an index as a number: the H of 1/H.
    Whole(Affine),
    /// An element of a tensor.
    Element(Element),
    /// ∂of/∂by, not carried out. Of the loss it is the whole derivative, along every path; of
    /// anything else it is the immediate one: every element but `by` is held fixed.
    Partial {
        /// What is differentiated.
        of: Box<Formula>,
        /// By which element.
        by: Element,
    },
    /// The sum over all values of the indices.
    Sum {
        /// The indices, at least one.
        ranges: Vec<Range>,
        /// What is summed.
        body: Box<Formula>,
    },
    /// The greatest over all values of the indices that satisfy the conditions; the first of
    /// equals in row-major order wins. There is at least one such value.
    Max {
        /// The indices, at least one.
        ranges: Vec<Range>,
        /// Which values count: those inside the padding.
        within: Vec<Condition>,
        /// What is compared.
        body: Box<Formula>,
    },
    /// The greatest of a few; the first of equals wins.
    MaxOf(Vec<Formula>),
    /// 1 where these values of the indices attain the max first, else 0; 0 also where they lie
    /// outside of the ranges.
    Wins {
        /// A `Max`, or a `MaxOf`, whose only index is the position in the list.
        max: Box<Formula>,
        /// One value for each index of the max.
        at: Vec<Affine>,
        /// The element that is defined as this max, if one is.
        of: Option<Element>,
    },
    /// 1 where the condition holds, else 0.
    Bracket(Condition),
    /// −a.
    Neg(Box<Formula>),
    /// a + b + ….
    Add(Vec<Formula>),
    /// a − b.
    Sub(Box<Formula>, Box<Formula>),
    /// a·b·….
    Mul(Vec<Formula>),
    /// a / b.
    Div(Box<Formula>, Box<Formula>),
    /// a to the power b.
    Pow(Box<Formula>, Box<Formula>),
    /// An elementary function.
    Call(Function, Box<Formula>),
    /// A function that is not told, the φ of any layer, or its derivative.
    Apply {
        /// The letter.
        name: String,
        /// How often it was differentiated.
        primes: u32,
        /// What it is applied to.
        argument: Box<Formula>,
    },
}

impl Formula {
    /// A whole number.
    pub fn integer(n: i64) -> Formula {
        Formula::Number(Rational::from(n))
    }

    /// An element of a tensor of a network.
    pub fn element(name: &str, at: impl Into<Vec<Affine>>) -> Formula {
        Formula::Element(Element { tensor: TensorName::new(name), at: at.into() })
    }

    /// Σ body; the body itself where there is no index.
    pub fn sum(ranges: Vec<Range>, body: Formula) -> Formula {
        if ranges.is_empty() { body } else { Formula::Sum { ranges, body: Box::new(body) } }
    }

    /// A product; of one factor, that factor; of none, 1.
    pub fn product(mut factors: Vec<Formula>) -> Formula {
        match factors.len() {
            0 => Formula::integer(1),
            1 => factors.swap_remove(0),
            _ => Formula::Mul(factors),
        }
    }

    /// A sum of terms; of one term, that term; of none, 0.
    pub fn total(mut terms: Vec<Formula>) -> Formula {
        match terms.len() {
            0 => Formula::integer(0),
            1 => terms.swap_remove(0),
            _ => Formula::Add(terms),
        }
    }

    /// −a.
    pub fn negative(self) -> Formula {
        Formula::Neg(Box::new(self))
    }

    /// a − b.
    pub fn less(self, other: Formula) -> Formula {
        Formula::Sub(Box::new(self), Box::new(other))
    }

    /// a / b.
    pub fn over(self, other: Formula) -> Formula {
        Formula::Div(Box::new(self), Box::new(other))
    }

    /// a to the power b.
    pub fn power(self, exponent: Formula) -> Formula {
        Formula::Pow(Box::new(self), Box::new(exponent))
    }

    /// f(a).
    pub fn call(function: Function, a: Formula) -> Formula {
        Formula::Call(function, Box::new(a))
    }

    /// ∂self/∂by.
    pub fn partial(self, by: &Element) -> Formula {
        Formula::Partial { of: Box::new(self), by: by.clone() }
    }

    /// [a = b].
    pub fn equal(a: Affine, b: Affine) -> Formula {
        Formula::Bracket(Condition::Equal(a, b))
    }

    /// [0 ≤ value < length].
    pub fn within(value: Affine, length: Affine) -> Formula {
        Formula::Bracket(Condition::Within { value, length })
    }

    /// Whether this is the number n.
    pub fn is_integer(&self, n: i64) -> bool {
        matches!(self, Formula::Number(q) if *q == Rational::from(n))
    }

    /// The factors: of a product its own, of anything else the thing itself.
    pub fn factors(&self) -> Vec<Formula> {
        match self {
            Formula::Mul(factors) => factors.clone(),
            other => vec![other.clone()],
        }
    }

    /// The formulas that this one is made of, in the order in which it is read.
    pub fn children(&self) -> Vec<&Formula> {
        match self {
            Formula::Number(_) | Formula::Whole(_) | Formula::Element(_) | Formula::Bracket(_) => {
                Vec::new()
            }
            Formula::Partial { of: a, .. }
            | Formula::Sum { body: a, .. }
            | Formula::Max { body: a, .. }
            | Formula::Wins { max: a, .. }
            | Formula::Neg(a)
            | Formula::Apply { argument: a, .. }
            | Formula::Call(_, a) => vec![a],
            Formula::Sub(a, b) | Formula::Div(a, b) | Formula::Pow(a, b) => vec![a, b],
            Formula::Add(all) | Formula::Mul(all) | Formula::MaxOf(all) => all.iter().collect(),
        }
    }

    /// The child of that number.
    pub(crate) fn child(&self, n: usize) -> Option<&Formula> {
        match self {
            Formula::Number(_) | Formula::Whole(_) | Formula::Element(_) | Formula::Bracket(_) => {
                None
            }
            Formula::Partial { of: a, .. }
            | Formula::Sum { body: a, .. }
            | Formula::Max { body: a, .. }
            | Formula::Wins { max: a, .. }
            | Formula::Neg(a)
            | Formula::Apply { argument: a, .. }
            | Formula::Call(_, a) => (n == 0).then_some(a.as_ref()),
            Formula::Sub(a, b) | Formula::Div(a, b) | Formula::Pow(a, b) => match n {
                0 => Some(a.as_ref()),
                1 => Some(b.as_ref()),
                _ => None,
            },
            Formula::Add(all) | Formula::Mul(all) | Formula::MaxOf(all) => all.get(n),
        }
    }

    /// The same operation over other formulas, as many as it has.
    pub fn rebuild(&self, children: Vec<Formula>) -> Formula {
        let mut rest = children.into_iter();
        let mut next = || Box::new(rest.next().unwrap_or_else(|| Formula::integer(0)));
        match self {
            Formula::Number(_) | Formula::Whole(_) | Formula::Element(_) | Formula::Bracket(_) => {
                self.clone()
            }
            Formula::Partial { by, .. } => Formula::Partial { of: next(), by: by.clone() },
            Formula::Sum { ranges, .. } => Formula::Sum { ranges: ranges.clone(), body: next() },
            Formula::Max { ranges, within, .. } => {
                Formula::Max { ranges: ranges.clone(), within: within.clone(), body: next() }
            }
            Formula::Wins { at, of, .. } => {
                Formula::Wins { max: next(), at: at.clone(), of: of.clone() }
            }
            Formula::Neg(_) => Formula::Neg(next()),
            Formula::Call(f, _) => Formula::Call(*f, next()),
            Formula::Apply { name, primes, .. } => {
                Formula::Apply { name: name.clone(), primes: *primes, argument: next() }
            }
            Formula::Sub(..) => Formula::Sub(next(), next()),
            Formula::Div(..) => Formula::Div(next(), next()),
            Formula::Pow(..) => Formula::Pow(next(), next()),
            Formula::Add(_) => Formula::Add(rest.collect()),
            Formula::Mul(_) => Formula::Mul(rest.collect()),
            Formula::MaxOf(_) => Formula::MaxOf(rest.collect()),
        }
    }

    /// How many formulas this is made of, itself included.
    pub fn size(&self) -> usize {
        1 + self.children().into_iter().map(Formula::size).sum::<usize>()
    }

    /// Whether `test` holds of this or of anything that it is made of.
    pub fn any(&self, test: &dyn Fn(&Formula) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|c| c.any(test))
    }

    /// Whether an element of that tensor stands in it outside of the brackets.
    pub fn depends_on(&self, tensor: &TensorName) -> bool {
        match self {
            Formula::Element(e) => e.tensor == *tensor,
            // A bracket is constant between its jumps.
            Formula::Wins { .. } => false,
            _ => self.children().into_iter().any(|c| c.depends_on(tensor)),
        }
    }

    /// Every tensor whose elements stand in it.
    pub fn tensors(&self, found: &mut BTreeSet<TensorName>) {
        if let Formula::Element(e) = self {
            found.insert(e.tensor.clone());
        }
        self.children().into_iter().for_each(|c| c.tensors(found));
    }

    /// The forms that stand in this formula itself, not in its children.
    pub fn affines(&self) -> Vec<&Affine> {
        fn of(condition: &Condition) -> [&Affine; 2] {
            match condition {
                Condition::Equal(a, b) | Condition::Within { value: a, length: b } => [a, b],
            }
        }
        fn places(e: &Element) -> impl Iterator<Item = &Affine> {
            e.at.iter().chain(&e.tensor.layer)
        }
        match self {
            Formula::Whole(a) => vec![a],
            Formula::Element(e) | Formula::Partial { by: e, .. } => places(e).collect(),
            Formula::Sum { ranges, .. } => ranges.iter().map(|r| &r.length).collect(),
            Formula::Max { ranges, within, .. } => {
                ranges.iter().map(|r| &r.length).chain(within.iter().flat_map(of)).collect()
            }
            Formula::Wins { at, of, .. } => at.iter().chain(of.iter().flat_map(places)).collect(),
            Formula::Bracket(condition) => of(condition).to_vec(),
            _ => Vec::new(),
        }
    }

    /// The indices that this formula itself binds.
    pub fn binds(&self) -> &[Range] {
        match self {
            Formula::Sum { ranges, .. } | Formula::Max { ranges, .. } => ranges,
            _ => &[],
        }
    }

    /// Every letter that stands in it, bound or free.
    pub fn letters(&self) -> BTreeSet<String> {
        let mut all: BTreeSet<String> = self.binds().iter().map(|r| r.index.clone()).collect();
        for form in self.affines() {
            all.extend(form.letters().into_iter().map(|l| l.name().to_string()));
        }
        for child in self.children() {
            all.extend(child.letters());
        }
        all
    }

    /// The letters in it that stand for sizes.
    pub fn sizes(&self) -> BTreeSet<String> {
        let own = self.affines().into_iter().flat_map(Affine::letters);
        let mut all: BTreeSet<String> =
            own.filter(|l| !l.is_index()).map(|l| l.name().to_string()).collect();
        for child in self.children() {
            all.extend(child.sizes());
        }
        all
    }

    /// Whether an index variable is free in it.
    pub fn mentions(&self, index: &str) -> bool {
        let binds = self.binds().iter().any(|r| r.index == index);
        if binds {
            return self.binds().iter().any(|r| r.length.mentions(index));
        }
        self.affines().iter().any(|a| a.mentions(index))
            || self.children().into_iter().any(|c| c.mentions(index))
    }
}
