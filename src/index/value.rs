//! What a formula stands for, once its letters have values: loops over its ranges, in any
//! [`Algebra`]. Over numbers this is the brute-force evaluation of [`evaluate`]; over expressions
//! of a graph it is the instantiation that proofs rest on.

mod compiled;
mod numbers;

use std::rc::Rc;

use super::affine::{Affine, Letter};
use super::formula::{Element, Formula, Range, TensorName};
use crate::scalar::{Fault, Function, Rational};
use compiled::{Compiled, Slots};
pub(crate) use compiled::{Numbers, Ready};
pub use compiled::{PlaceNumber, Written};
pub use numbers::{evaluate, evaluate_all};

/// The largest number of formulas that one evaluation visits.
pub const MAX_VISITS: u64 = 1 << 28;

/// Why a formula has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoValue {
    /// A letter without a value.
    Letter(String),
    /// An element without a value, or one outside of its tensor that no bracket keeps away.
    Element(String),
    /// The number system has no answer.
    Scalar(Fault),
    /// A derivative of a derivative.
    Nested,
    /// The greatest of nothing.
    Empty,
    /// More than [`MAX_VISITS`], or the limit of whoever asked.
    TooLarge,
}

impl std::fmt::Display for NoValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoValue::Letter(name) => write!(f, "the index or size {name} has no value"),
            NoValue::Element(name) => write!(f, "{name} has no value"),
            NoValue::Scalar(fault) => fault.fmt(f),
            NoValue::Nested => f.write_str("it holds a derivative of a derivative"),
            NoValue::Empty => f.write_str("it holds a max of nothing"),
            NoValue::TooLarge => f.write_str("it is too large to be evaluated"),
        }
    }
}

impl From<Fault> for NoValue {
    fn from(fault: Fault) -> NoValue {
        NoValue::Scalar(fault)
    }
}

/// An element with numbers as subscripts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Of which tensor; its layer is in `layer`.
    pub name: Rc<str>,
    /// Whether this is an element of its δ.
    pub delta: bool,
    /// The number of the layer, if the tensor has one.
    pub layer: Option<i64>,
    /// The subscripts.
    pub at: Vec<i64>,
}

/// What formulas are evaluated to.
pub trait Algebra {
    /// A value.
    type Value: Clone;
    /// A number.
    fn number(&mut self, q: &Rational) -> Result<Self::Value, NoValue>;
    /// An element.
    fn element(&mut self, cell: &Cell) -> Result<Self::Value, NoValue>;
    /// The same of an element at a place of that number, for an algebra that remembers what it
    /// found there.
    fn element_at(&mut self, _place: PlaceNumber, cell: &Cell) -> Result<Self::Value, NoValue> {
        self.element(cell)
    }
    /// The sum of at least two.
    fn add(&mut self, all: Vec<Self::Value>) -> Result<Self::Value, NoValue>;
    /// The product of at least two.
    fn mul(&mut self, all: Vec<Self::Value>) -> Result<Self::Value, NoValue>;
    /// −a.
    fn neg(&mut self, a: Self::Value) -> Result<Self::Value, NoValue>;
    /// a − b.
    fn sub(&mut self, a: Self::Value, b: Self::Value) -> Result<Self::Value, NoValue>;
    /// a / b.
    fn div(&mut self, a: Self::Value, b: Self::Value) -> Result<Self::Value, NoValue>;
    /// a to the power b; `whole` is b where it is written as a whole number.
    fn pow(
        &mut self,
        a: Self::Value,
        b: Self::Value,
        whole: Option<i32>,
    ) -> Result<Self::Value, NoValue>;
    /// f(a).
    fn call(&mut self, function: Function, a: Self::Value) -> Result<Self::Value, NoValue>;
    /// A function that is not told, or its derivative.
    fn apply(&mut self, name: &str, primes: u32, a: Self::Value) -> Result<Self::Value, NoValue>;
    /// The greatest of at least two.
    fn max(&mut self, all: Vec<Self::Value>) -> Result<Self::Value, NoValue>;
    /// 1 if the one at `place` is the first of the greatest, else 0.
    fn wins(&mut self, all: Vec<Self::Value>, place: usize) -> Result<Self::Value, NoValue>;
    /// ∂of/∂by at these values of the letters.
    fn partial(&mut self, of: Written<'_, '_>, by: &Cell) -> Result<Self::Value, NoValue>;
    /// What was kept under that key. The value of a sum follows from its key: the number of the
    /// sum, and the values of the letters in it; `None` inside for a sum of nothing.
    fn kept(&self, _key: &[i64]) -> Option<Option<Self::Value>> {
        None
    }
    /// Keeps the value of a sum, or not.
    fn keep(&mut self, _key: Vec<i64>, _sum: Option<Self::Value>) {}
}

/// The values of letters; the innermost binding of an index counts.
#[derive(Clone, Debug, Default)]
pub struct Letters {
    values: Vec<(Letter, i64)>,
    visits: u64,
}

impl Letters {
    /// These letters with these values.
    pub fn new(values: Vec<(Letter, i64)>) -> Letters {
        Letters { values, visits: 0 }
    }

    fn of(&self, form: &Affine) -> Result<i64, NoValue> {
        let value = |l: &Letter| self.values.iter().rev().find(|(own, _)| own == l).map(|v| v.1);
        form.value(&value).ok_or_else(|| {
            let missing = form.letters().into_iter().find(|l| value(l).is_none());
            missing.map_or(NoValue::TooLarge, |l| NoValue::Letter(l.name().to_string()))
        })
    }

    /// The element with numbers for its subscripts.
    pub fn cell(&self, e: &Element) -> Result<Cell, NoValue> {
        let TensorName { name, layer, delta } = &e.tensor;
        let layer = layer.as_ref().map(|l| self.of(l)).transpose()?;
        let at = e.at.iter().map(|a| self.of(a)).collect::<Result<_, _>>()?;
        Ok(Cell { name: name.as_str().into(), delta: *delta, layer, at })
    }
}

/// The value of a formula.
///
/// # Errors
/// What has no value, see [`NoValue`].
pub fn interpret<A: Algebra>(
    algebra: &mut A,
    formula: &Formula,
    letters: &mut Letters,
) -> Result<A::Value, NoValue> {
    let scope: Vec<Letter> = letters.values.iter().map(|(letter, _)| letter.clone()).collect();
    run(algebra, &Compiled::new(formula, scope), letters)
}

fn run<A: Algebra>(
    algebra: &mut A,
    compiled: &Compiled<'_>,
    letters: &mut Letters,
) -> Result<A::Value, NoValue> {
    let mut slots = Slots::new(letters.values.iter().map(|(_, n)| *n).collect(), letters.visits);
    let value = compiled.value(algebra, &mut slots);
    letters.visits = slots.visits();
    value
}

/// All values of free indices, row-major.
///
/// # Errors
/// As [`evaluate`], where a length has no value.
pub fn all_values(free: &[Range], sizes: Vec<(Letter, i64)>) -> Result<Vec<Letters>, NoValue> {
    let (mut scope, values): (Vec<Letter>, Vec<i64>) = sizes.into_iter().unzip();
    let lengths = compiled::lengths(free, &mut scope);
    let mut all = Vec::new();
    Slots::new(values, 0).each(&lengths, &mut |slots| {
        all.push(Letters::new(scope.iter().cloned().zip(slots.values().iter().copied()).collect()));
        Ok(())
    })?;
    Ok(all)
}
