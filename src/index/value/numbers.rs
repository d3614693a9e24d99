//! The brute-force evaluation: formulas over numbers, with elements looked up; a derivative that
//! is only written down is a dual number.

use super::super::affine::Letter;
use super::super::formula::{Formula, Range};
use super::super::system::System;
use super::{Algebra, Cell, Letters, NoValue, interpret};
use crate::scalar::{Dual, Function, Rational, Scalar};

/// Numbers, with elements looked up.
struct Numbers<'a, T> {
    system: &'a System,
    values: &'a dyn Fn(&Cell) -> Option<T>,
    partial: Partial<'a, T>,
}

/// How a derivative that is only written down gets its value.
type Partial<'a, T> = fn(&Numbers<'a, T>, &Formula, &Cell, &mut Letters) -> Result<T, NoValue>;

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

    fn partial(&mut self, of: &Formula, by: &Cell, letters: &mut Letters) -> Result<T, NoValue> {
        (self.partial)(self, of, by, letters)
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
    of: &Formula,
    by: &Cell,
    letters: &mut Letters,
) -> Result<T, NoValue> {
    let system = numbers.system;
    let written = match of {
        Formula::Element(e) if e.tensor == system.loss => {
            let delta = Cell { delta: true, ..by.clone() };
            let missing = || NoValue::Element(format!("δ^{}{:?}", by.name, by.at));
            return (numbers.values)(&delta).ok_or_else(missing);
        }
        Formula::Element(e) if e.tensor.name != by.name || letters.cell(e)?.layer != by.layer => {
            let tensor = system.tensor(&e.tensor);
            let unknown = || NoValue::Element(e.to_string());
            let tensor = tensor.ok_or_else(unknown)?;
            let taken = letters.values.iter().map(|(l, _)| l.name().to_string()).collect();
            tensor.cell(&e.at, &taken).ok_or_else(unknown)?
        }
        other => other.clone(),
    };
    let moving = |cell: &Cell| {
        let value = (numbers.values)(cell)?;
        Some(if cell == by { Dual::variable(value) } else { Dual::constant(value) })
    };
    let mut dual = Numbers { system, values: &moving, partial: |_, _, _, _| Err(NoValue::Nested) };
    Ok(interpret(&mut dual, &written, letters)?.tangent)
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
    let mut all = Vec::new();
    Letters::default().each(free, &mut |letters| {
        all.push(interpret(&mut numbers, formula, letters)?);
        Ok(())
    })?;
    Ok(all)
}
