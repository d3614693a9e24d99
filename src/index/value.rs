//! What a formula stands for, once its letters have values: loops over its ranges, in any
//! [`Algebra`]. Over numbers this is the brute-force evaluation of [`evaluate`]; over expressions
//! of a graph it is the instantiation that proofs rest on.

mod numbers;

use super::affine::Letter;
use super::formula::{Condition, Element, Formula, Range, TensorName};
use crate::scalar::{Fault, Function, Rational, Scalar};
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
    pub name: String,
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
    fn partial(
        &mut self,
        of: &Formula,
        by: &Cell,
        letters: &mut Letters,
    ) -> Result<Self::Value, NoValue>;
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

    fn of(&self, form: &super::affine::Affine) -> Result<i64, NoValue> {
        let value = |l: &Letter| self.values.iter().rev().find(|(own, _)| own == l).map(|v| v.1);
        form.value(&value).ok_or_else(|| {
            let missing = form.letters().into_iter().find(|l| value(l).is_none());
            missing.map_or(NoValue::TooLarge, |l| NoValue::Letter(l.name().to_string()))
        })
    }

    fn holds(&self, condition: &Condition) -> Result<bool, NoValue> {
        Ok(match condition {
            Condition::Equal(a, b) => self.of(a)? == self.of(b)?,
            Condition::Within { value, length } => (0..self.of(length)?).contains(&self.of(value)?),
        })
    }

    /// The element with numbers for its subscripts.
    pub fn cell(&self, e: &Element) -> Result<Cell, NoValue> {
        let TensorName { name, layer, delta } = &e.tensor;
        let layer = layer.as_ref().map(|l| self.of(l)).transpose()?;
        let at = e.at.iter().map(|a| self.of(a)).collect::<Result<_, _>>()?;
        Ok(Cell { name: name.clone(), delta: *delta, layer, at })
    }

    fn count(&mut self) -> Result<(), NoValue> {
        self.visits += 1;
        if self.visits > MAX_VISITS { Err(NoValue::TooLarge) } else { Ok(()) }
    }

    /// Calls `visit` for all values of the indices, row-major.
    fn each(
        &mut self,
        ranges: &[Range],
        visit: &mut dyn FnMut(&mut Letters) -> Result<(), NoValue>,
    ) -> Result<(), NoValue> {
        let Some((first, rest)) = ranges.split_first() else {
            self.count()?;
            return visit(self);
        };
        let length = self.of(&first.length)?;
        for value in 0..length {
            self.values.push((Letter::Index(first.index.clone()), value));
            let done = self.each(rest, visit);
            self.values.pop();
            done?;
        }
        Ok(())
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
    match value(algebra, formula, letters)? {
        Some(value) => Ok(value),
        None => algebra.number(&Rational::zero()),
    }
}

/// The candidates of a max, and which of them stands at `at`.
fn candidates<A: Algebra>(
    algebra: &mut A,
    max: &Formula,
    at: Option<&[i64]>,
    letters: &mut Letters,
) -> Result<(Vec<A::Value>, Option<usize>), NoValue> {
    let (mut all, mut place) = (Vec::new(), None);
    match max {
        Formula::MaxOf(parts) => {
            for part in parts {
                all.push(interpret(algebra, part, letters)?);
            }
            if let Some([n]) = at {
                place = usize::try_from(*n).ok().filter(|n| *n < parts.len());
            }
        }
        Formula::Max { ranges, within, body } => {
            letters.each(ranges, &mut |letters| {
                for condition in within {
                    if !letters.holds(condition)? {
                        return Ok(());
                    }
                }
                if let Some(at) = at {
                    let own = &letters.values[letters.values.len() - ranges.len()..];
                    if own.iter().map(|(_, n)| *n).eq(at.iter().copied()) {
                        place = Some(all.len());
                    }
                }
                all.push(interpret(algebra, body, letters)?);
                Ok(())
            })?;
        }
        _ => return Err(NoValue::Empty),
    }
    if all.is_empty() { Err(NoValue::Empty) } else { Ok((all, place)) }
}

/// The value, or `None` where a bracket makes it 0 whatever the rest is.
fn value<A: Algebra>(
    algebra: &mut A,
    formula: &Formula,
    letters: &mut Letters,
) -> Result<Option<A::Value>, NoValue> {
    letters.count()?;
    Ok(Some(match formula {
        Formula::Number(q) => algebra.number(q)?,
        Formula::Whole(a) => algebra.number(&Rational::from(letters.of(a)?))?,
        Formula::Element(e) => {
            let cell = letters.cell(e)?;
            algebra.element(&cell)?
        }
        Formula::Partial { of, by } => {
            let by = letters.cell(by)?;
            algebra.partial(of, &by, letters)?
        }
        Formula::Sum { ranges, body } => {
            let mut terms = Vec::new();
            letters.each(ranges, &mut |letters| {
                terms.extend(value(algebra, body, letters)?);
                Ok(())
            })?;
            return total(algebra, terms);
        }
        Formula::Max { .. } | Formula::MaxOf(_) => {
            let (mut all, _) = candidates(algebra, formula, None, letters)?;
            if all.len() == 1 { all.swap_remove(0) } else { algebra.max(all)? }
        }
        Formula::Wins { max, at, .. } => {
            let at: Vec<i64> = at.iter().map(|a| letters.of(a)).collect::<Result<_, _>>()?;
            let (all, place) = candidates(algebra, max, Some(&at), letters)?;
            match place {
                None => return Ok(None),
                Some(_) if all.len() == 1 => algebra.number(&Rational::one())?,
                Some(place) => algebra.wins(all, place)?,
            }
        }
        Formula::Bracket(c) => match letters.holds(c)? {
            true => algebra.number(&Rational::one())?,
            false => return Ok(None),
        },
        Formula::Neg(a) => match value(algebra, a, letters)? {
            Some(a) => algebra.neg(a)?,
            None => return Ok(None),
        },
        Formula::Add(all) => {
            let mut terms = Vec::with_capacity(all.len());
            for one in all {
                terms.extend(value(algebra, one, letters)?);
            }
            return total(algebra, terms);
        }
        Formula::Sub(a, b) => match (value(algebra, a, letters)?, value(algebra, b, letters)?) {
            (None, None) => return Ok(None),
            (Some(a), None) => a,
            (None, Some(b)) => algebra.neg(b)?,
            (Some(a), Some(b)) => algebra.sub(a, b)?,
        },
        Formula::Mul(all) => {
            // Conditions are looked at first, then who wins, then what both guard.
            let is_condition = |f: &&Formula| matches!(f, Formula::Bracket(_));
            let is_winner = |f: &&Formula| matches!(f, Formula::Wins { .. });
            let is_bracket = |f: &&Formula| is_condition(f) || is_winner(f);
            for one in all.iter().filter(is_condition) {
                if value(algebra, one, letters)?.is_none() {
                    return Ok(None);
                }
            }
            let mut guards = Vec::new();
            for one in all.iter().filter(is_winner) {
                match value(algebra, one, letters)? {
                    Some(guard) => guards.push(guard),
                    None => return Ok(None),
                }
            }
            let mut factors = Vec::with_capacity(all.len());
            for one in all.iter().filter(|f| !is_bracket(f)) {
                match value(algebra, one, letters)? {
                    Some(factor) => factors.push(factor),
                    None => return Ok(None),
                }
            }
            factors.extend(guards);
            match factors.len() {
                0 => algebra.number(&Rational::one())?,
                1 => factors.swap_remove(0),
                _ => algebra.mul(factors)?,
            }
        }
        Formula::Div(a, b) => match value(algebra, a, letters)? {
            Some(a) => {
                let b = interpret(algebra, b, letters)?;
                algebra.div(a, b)?
            }
            None => return Ok(None),
        },
        Formula::Pow(a, b) => {
            let whole = match b.as_ref() {
                Formula::Number(q) => q.to_i32(),
                _ => None,
            };
            let a = interpret(algebra, a, letters)?;
            let b = interpret(algebra, b, letters)?;
            algebra.pow(a, b, whole)?
        }
        Formula::Call(function, a) => {
            let a = interpret(algebra, a, letters)?;
            algebra.call(*function, a)?
        }
        Formula::Apply { name, primes, argument } => {
            let a = interpret(algebra, argument, letters)?;
            algebra.apply(name, *primes, a)?
        }
    }))
}

fn total<A: Algebra>(
    algebra: &mut A,
    mut terms: Vec<A::Value>,
) -> Result<Option<A::Value>, NoValue> {
    Ok(match terms.len() {
        0 => None,
        1 => terms.pop(),
        _ => Some(algebra.add(terms)?),
    })
}

/// All values of free indices, row-major.
///
/// # Errors
/// As [`evaluate`], where a length has no value.
pub fn all_values(free: &[Range], sizes: Vec<(Letter, i64)>) -> Result<Vec<Letters>, NoValue> {
    let mut all = Vec::new();
    Letters::new(sizes).each(free, &mut |letters| {
        all.push(Letters::new(letters.values.clone()));
        Ok(())
    })?;
    Ok(all)
}
