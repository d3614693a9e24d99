//! The brute-force evaluation: formulas over numbers, with elements looked up; a derivative that
//! is only written down is a dual number.

use super::super::affine::Letter;
use super::super::formula::{Formula, Range};
use super::super::system::System;
use super::{Algebra, Cell, Letters, NoValue, Written, all_values, interpret};
use crate::scalar::{Dual, Function, Rational, Scalar};

/// Numbers, with elements looked up.
struct Numbers<'a, T> {
    system: &'a System,
    values: &'a dyn Fn(&Cell) -> Option<T>,
    partial: Partial<'a, T>,
}

/// How a derivative that is only written down gets its value.
type Partial<'a, T> = fn(&Numbers<'a, T>, Written<'_, '_>, &Cell) -> Result<T, NoValue>;

impl<T: Scalar> Algebra for Numbers<'_, T> {
    type Value = T;

    fn number(&mut self, q: &Rational) -> Result<T, NoValue> {
        Ok(T::from_rational(q)?)
    }

    fn element(&mut self, cell: &Cell) -> Result<T, NoValue> {
        (self.values)(cell).ok_or_else(|| NoValue::Element(format!("{}{:?}", cell.name, cell.at)))
    }

    fn add(&mut self, all: Vec<T>) -> Result<T, NoValue> {
        let mut rest = all.into_iter();
        let first = rest.next().unwrap_or_else(T::zero);
        Ok(rest.try_fold(first, |sum, x| sum.add(&x))?)
    }

    fn mul(&mut self, all: Vec<T>) -> Result<T, NoValue> {
        let mut rest = all.into_iter();
        let first = rest.next().unwrap_or_else(T::one);
        Ok(rest.try_fold(first, |product, x| product.mul(&x))?)
    }

    fn neg(&mut self, a: T) -> Result<T, NoValue> {
        Ok(a.neg())
    }

    fn sub(&mut self, a: T, b: T) -> Result<T, NoValue> {
        Ok(a.sub(&b)?)
    }

    fn div(&mut self, a: T, b: T) -> Result<T, NoValue> {
        Ok(a.div(&b)?)
    }

    fn pow(&mut self, a: T, b: T, whole: Option<i32>) -> Result<T, NoValue> {
        Ok(match whole {
            Some(n) => a.powi(n)?,
            None => a.pow(&b)?,
        })
    }

    fn call(&mut self, function: Function, a: T) -> Result<T, NoValue> {
        Ok(a.call(function)?)
    }

    fn apply(&mut self, name: &str, _: u32, _: T) -> Result<T, NoValue> {
        Err(NoValue::Element(name.to_string()))
    }

    fn max(&mut self, all: Vec<T>) -> Result<T, NoValue> {
        let place = first_of_greatest(&all)?;
        Ok(all.into_iter().nth(place).unwrap_or_else(T::zero))
    }

    fn wins(&mut self, all: Vec<T>, place: usize) -> Result<T, NoValue> {
        Ok(if first_of_greatest(&all)? == place { T::one() } else { T::zero() })
    }

    fn partial(&mut self, of: Written<'_, '_>, by: &Cell) -> Result<T, NoValue> {
        (self.partial)(self, of, by)
    }
}

fn first_of_greatest<T: Scalar>(all: &[T]) -> Result<usize, NoValue> {
    let mut best = 0;
    for (n, x) in all.iter().enumerate().skip(1) {
        if x.compare(&all[best])? == std::cmp::Ordering::Greater {
            best = n;
        }
    }
    Ok(best)
}

/// A derivative by dual numbers: the one element moves, every other is held fixed.
fn by_dual<T: Scalar>(
    numbers: &Numbers<'_, T>,
    mut of: Written<'_, '_>,
    by: &Cell,
) -> Result<T, NoValue> {
    let system = numbers.system;
    let moving = |cell: &Cell| {
        let value = (numbers.values)(cell)?;
        Some(if cell == by { Dual::variable(value) } else { Dual::constant(value) })
    };
    let mut dual = Numbers { system, values: &moving, partial: |_, _, _| Err(NoValue::Nested) };
    let cell = of.cell()?;
    match (of.formula(), cell) {
        (Formula::Element(e), _) if e.tensor == system.loss => {
            let delta = Cell { delta: true, ..by.clone() };
            let missing = || NoValue::Element(format!("δ^{}{:?}", by.name, by.at));
            (numbers.values)(&delta).ok_or_else(missing)
        }
        (Formula::Element(e), Some(cell)) if cell.name != by.name || cell.layer != by.layer => {
            let definition = system.tensor(&e.tensor).and_then(|t| t.definition.as_ref());
            let Some(definition) = definition else {
                return Err(NoValue::Element(e.to_string()));
            };
            let axes = definition.axes.iter().map(|range| Letter::Index(range.index.clone()));
            Ok(of.value_of(&mut dual, &definition.body, axes.zip(cell.at))?.tangent)
        }
        _ => Ok(of.value(&mut dual)?.tangent),
    }
}

/// The value of a formula of that network, with these values of its free letters and of the
/// elements; those of δ are asked for as cells with `delta`.
///
/// # Errors
/// What has no value, see [`NoValue`].
///
/// ```
/// use backproof::index::{Formula, Letter, evaluate, of_network};
/// let net = backproof::parse_network("input x[3]\nparam w[3]\ny = w*x\nE = sum(y)")?;
/// let system = of_network(&net)?;
/// let body = &system.tensors[2].definition.as_ref().unwrap().body;      // w[i]·x[i]
/// let value = |cell: &backproof::index::Cell| Some(10.0 + cell.at[0] as f64);
/// let at = vec![(Letter::Index("i".into()), 2)];
/// assert_eq!(evaluate(&system, body, at, &value), Ok(144.0));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn evaluate<T: Scalar>(
    system: &System,
    formula: &Formula,
    letters: Vec<(Letter, i64)>,
    values: &dyn Fn(&Cell) -> Option<T>,
) -> Result<T, NoValue> {
    let mut numbers = Numbers { system, values, partial: by_dual };
    interpret(&mut numbers, formula, &mut Letters::new(letters))
}

/// The values of a formula for all values of free indices, row-major.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_all<T: Scalar>(
    system: &System,
    formula: &Formula,
    free: &[Range],
    values: &dyn Fn(&Cell) -> Option<T>,
) -> Result<Vec<T>, NoValue> {
    let mut numbers = Numbers { system, values, partial: by_dual };
    let (mut all, mut visits) = (Vec::new(), 0);
    for mut letters in all_values(free, Vec::new())? {
        // The limit is on all cells together.
        letters.visits = visits;
        all.push(interpret(&mut numbers, formula, &mut letters)?);
        visits = letters.visits;
    }
    Ok(all)
}
