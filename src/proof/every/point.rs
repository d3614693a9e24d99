//! A point at a small size where both sides of a claim have a value.
//!
//! In: two formulas and what is known of their letters. Out: sizes and free indices at which both
//! were evaluated to the same number, by loops; or that none was found, or that the two differ.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Facts, Reason};
use crate::index::{
    Affine, Algebra, Cell, Element, Formula, Letter, Letters, NoValue, System, TensorName, Written,
    interpret,
};
use crate::scalar::{Dual, Function, Rational, Scalar};

/// The values of the letters at a point.
pub type Point = Vec<(Letter, i64)>;

/// Sizes that are tried, one after the other: the k-th size is as long as the k-th of these.
const SIZES: &[[i64; 5]] = &[
    [2, 3, 2, 3, 2],
    [3, 2, 4, 2, 3],
    [4, 2, 2, 3, 3],
    [2, 2, 2, 2, 2],
    [3, 3, 3, 3, 3],
    [1, 1, 1, 1, 1],
    [5, 2, 3, 1, 4],
    [2, 5, 1, 3, 4],
    [6, 3, 2, 5, 4],
    [4, 4, 1, 1, 2],
];

/// Values that differ by more than this part of the greater are not the same.
const APART: f64 = 1e-6;

/// A point where both sides have a value.
pub fn found(
    left: &Formula,
    right: &Formula,
    system: &System,
    facts: &Facts,
) -> Result<Point, Reason> {
    let letters = sizes(left, right, system, facts);
    let mut loose = Vec::new();
    for formula in [left, right] {
        free(formula, &mut Vec::new(), &mut loose);
    }
    loose.retain(|name| facts.free.iter().all(|range| range.index != *name));
    for (n, row) in SIZES.iter().enumerate() {
        let own = |(k, letter): (usize, &Letter)| (letter.clone(), row[k % 5]);
        let mut point: Point = letters.iter().enumerate().map(own).collect();
        if letters.is_empty() && n > 1 {
            break;
        }
        let value = |point: &Point, form: &Affine| {
            form.value(&|l| point.iter().rev().find(|(own, _)| own == l).map(|(_, n)| *n))
        };
        let known = system.facts.iter().chain(&facts.nonnegative);
        // Facts may speak of free indices, which come later.
        let holds = |point: &Point, form: &Affine| value(point, form).is_none_or(|n| n >= 0);
        if !known.clone().all(|form| holds(&point, form)) {
            continue;
        }
        let sizes = point.len();
        for place in 0..3 {
            point.truncate(sizes);
            let mut there = true;
            for name in &loose {
                point.push((Letter::Index(name.clone()), place as i64));
            }
            for range in &facts.free {
                let Some(length) = value(&point, &range.length).filter(|n| *n > 0) else {
                    there = false;
                    break;
                };
                let at = [0, length - 1, length / 2][place];
                point.push((Letter::Index(range.index.clone()), at));
            }
            if !there || !known.clone().all(|form| holds(&point, form)) {
                continue;
            }
            let numbers =
                Numbers { system, values: RefCell::default(), seed: (n * 3 + place) as u64 };
            let of = |formula: &Formula| numbers.value(formula, point.clone());
            if let (Ok(a), Ok(b)) = (of(left), of(right))
                && a.is_finite()
                && b.is_finite()
            {
                let apart = (a - b).abs() > APART * a.abs().max(b.abs()).max(1.0);
                return if apart { Err(Reason::Disagree) } else { Ok(point) };
            }
        }
    }
    Err(Reason::NoPoint)
}

/// The indices that no sum binds.
fn free(formula: &Formula, bound: &mut Vec<String>, found: &mut Vec<String>) {
    let outside = bound.len();
    bound.extend(formula.binds().iter().map(|range| range.index.clone()));
    for letter in formula.affines().into_iter().flat_map(Affine::letters) {
        let name = letter.name();
        if letter.is_index() && !bound.iter().any(|b| b == name) && !found.iter().any(|f| f == name)
        {
            found.push(name.to_string());
        }
    }
    formula.children().into_iter().for_each(|child| free(child, bound, found));
    bound.truncate(outside);
}

/// The sizes of a claim.
fn sizes(left: &Formula, right: &Formula, system: &System, facts: &Facts) -> Vec<Letter> {
    fn of(formula: &Formula, take: &mut dyn FnMut(&Affine)) {
        formula.affines().into_iter().for_each(&mut *take);
        formula.children().into_iter().for_each(|child| of(child, take));
    }
    let mut all: Vec<Letter> = Vec::new();
    let mut take = |form: &Affine| {
        for letter in form.letters() {
            if !letter.is_index() && !all.contains(letter) {
                all.push(letter.clone());
            }
        }
    };
    of(left, &mut take);
    of(right, &mut take);
    facts.free.iter().for_each(|range| take(&range.length));
    system.facts.iter().chain(&facts.nonnegative).for_each(&mut take);
    for tensor in &system.tensors {
        tensor.lengths.iter().for_each(&mut take);
        if let Some(definition) = &tensor.definition {
            definition.axes.iter().for_each(|range| take(&range.length));
            of(&definition.body, &mut take);
        }
    }
    all
}

/// Elements with values: leaves by their place, what is defined by its definition.
struct Numbers<'a> {
    system: &'a System,
    values: RefCell<BTreeMap<Cell, Result<f64, NoValue>>>,
    seed: u64,
}

impl Numbers<'_> {
    fn value(&self, formula: &Formula, letters: Point) -> Result<f64, NoValue> {
        let sizes = letters.iter().filter(|(l, _)| !l.is_index()).cloned().collect();
        let mut values = Values { numbers: self, sizes, moving: None };
        Ok(interpret(&mut values, formula, &mut Letters::new(letters))?.value)
    }

    /// A number between 1/2 and 3/2.
    fn drawn(&self, cell: &Cell) -> f64 {
        let mut hash = 0x9e37_79b9_7f4a_7c15u64 ^ self.seed;
        let mut take = |n: u64| {
            hash = (hash ^ n).wrapping_mul(0x0100_0000_01b3);
            hash ^= hash >> 29;
        };
        cell.name.bytes().for_each(|b| take(b.into()));
        take(u64::from(cell.delta));
        take(cell.layer.unwrap_or(-1) as u64);
        cell.at.iter().for_each(|n| take((*n as u64).wrapping_add(7)));
        (0..3).for_each(take);
        0.5 + (hash >> 11) as f64 / (1u64 << 53) as f64
    }

    fn tensor(&self, cell: &Cell, sizes: &Point) -> Option<&crate::index::Tensor> {
        let at = |form: &Affine| form.value(&|l| found_in(sizes, l));
        self.system.tensors.iter().find(|tensor| {
            let layer = tensor.name.layer.as_ref().and_then(at);
            tensor.name.name == *cell.name && layer == cell.layer
        })
    }

    /// The value of an element.
    fn cell(&self, cell: &Cell, sizes: &Point) -> Result<f64, NoValue> {
        if let Some(known) = self.values.borrow().get(cell) {
            return known.clone();
        }
        let value = self.worked_out(cell, sizes);
        self.values.borrow_mut().insert(cell.clone(), value.clone());
        value
    }

    fn worked_out(&self, cell: &Cell, sizes: &Point) -> Result<f64, NoValue> {
        let Some(tensor) = self.tensor(cell, sizes) else { return Ok(self.drawn(cell)) };
        let missing = || NoValue::Element(format!("{}{:?}", cell.name, cell.at));
        let at = |form: &Affine| form.value(&|l| found_in(sizes, l)).ok_or_else(missing);
        if tensor.lengths.len() != cell.at.len() {
            return Err(missing());
        }
        for (length, n) in tensor.lengths.iter().zip(&cell.at) {
            if *n < 0 || *n >= at(length)? {
                return Err(missing());
            }
        }
        if cell.delta {
            return self.delta(cell, tensor, sizes);
        }
        if let Some(definition) = &tensor.definition {
            let own = definition.axes.iter().map(|r| Letter::Index(r.index.clone()));
            let letters = sizes.iter().cloned().chain(own.zip(cell.at.iter().copied())).collect();
            return self.value(&definition.body, letters);
        }
        let given = self.system.distributions.iter().find(|(name, _)| *name == tensor.name);
        let Some((_, axes)) = given else { return Ok(self.drawn(cell)) };
        // The elements along these axes sum to 1.
        let mut all = vec![cell.at.clone()];
        for axis in axes {
            let length = at(&tensor.lengths[*axis])?;
            let along = |at: Vec<i64>| {
                (0..length).map(move |n| {
                    let mut own = at.clone();
                    own[*axis] = n;
                    own
                })
            };
            all = all.into_iter().flat_map(along).collect();
        }
        let total: f64 = all.into_iter().map(|at| self.drawn(&Cell { at, ..cell.clone() })).sum();
        Ok(self.drawn(cell) / total)
    }

    /// δ of an element: what the chain rule over its users says, or any number where it has none.
    fn delta(
        &self,
        cell: &Cell,
        tensor: &crate::index::Tensor,
        sizes: &Point,
    ) -> Result<f64, NoValue> {
        let system = self.system;
        let reached = system.reached();
        let known = system.tensor(&system.loss).is_some_and(|loss| loss.definition.is_some());
        let users: Vec<&crate::index::Tensor> = system
            .users(&tensor.name)
            .filter(|user| !known || reached.contains(&user.name))
            .collect();
        if users.is_empty() {
            return Ok(self.drawn(cell));
        }
        let by = Element {
            tensor: tensor.name.clone(),
            at: cell.at.iter().map(|n| Affine::number(*n)).collect(),
        };
        let mut sum = 0.0;
        for user in users {
            let Some(definition) = &user.definition else { continue };
            let at = definition.axes.iter().map(|range| range.affine()).collect();
            let element = Element { tensor: user.name.clone(), at };
            let own = Formula::Element(element.clone()).partial(&by);
            let own = match user.name == system.loss {
                true => definition.body.clone().partial(&by),
                false => {
                    let delta = TensorName { delta: true, ..user.name.clone() };
                    let delta = Formula::Element(Element { tensor: delta, ..element });
                    Formula::Mul(vec![delta, own])
                }
            };
            let all = Formula::sum(definition.axes.clone(), own);
            sum += self.value(&all, sizes.clone())?;
        }
        Ok(sum)
    }
}

fn found_in(point: &Point, letter: &Letter) -> Option<i64> {
    point.iter().rev().find(|(own, _)| own == letter).map(|(_, n)| *n)
}

/// The values of formulas with their slopes by the element that moves, if one does.
struct Values<'a> {
    numbers: &'a Numbers<'a>,
    sizes: Point,
    moving: Option<Cell>,
}

type Number = Dual<f64>;

impl Algebra for Values<'_> {
    type Value = Number;

    fn number(&mut self, q: &Rational) -> Result<Number, NoValue> {
        Ok(Number::from_rational(q)?)
    }

    fn element(&mut self, cell: &Cell) -> Result<Number, NoValue> {
        let value = self.numbers.cell(cell, &self.sizes)?;
        Ok(match &self.moving {
            Some(moving) if moving == cell => Number::variable(value),
            _ => Number::constant(value),
        })
    }

    fn add(&mut self, all: Vec<Number>) -> Result<Number, NoValue> {
        Ok(all.iter().try_fold(Number::constant(0.0), |sum, x| sum.add(x))?)
    }

    fn mul(&mut self, all: Vec<Number>) -> Result<Number, NoValue> {
        Ok(all.iter().try_fold(Number::constant(1.0), |product, x| product.mul(x))?)
    }

    fn neg(&mut self, a: Number) -> Result<Number, NoValue> {
        Ok(a.neg())
    }

    fn sub(&mut self, a: Number, b: Number) -> Result<Number, NoValue> {
        Ok(a.sub(&b)?)
    }

    fn div(&mut self, a: Number, b: Number) -> Result<Number, NoValue> {
        Ok(a.div(&b)?)
    }

    fn pow(&mut self, a: Number, b: Number, whole: Option<i32>) -> Result<Number, NoValue> {
        Ok(match whole {
            Some(n) => a.powi(n)?,
            None => a.pow(&b)?,
        })
    }

    fn call(&mut self, function: Function, a: Number) -> Result<Number, NoValue> {
        Ok(a.call(function)?)
    }

    /// Any function will do: a sine of the name's own phase.
    fn apply(&mut self, name: &str, primes: u32, a: Number) -> Result<Number, NoValue> {
        let phase = name.bytes().fold(1.0, |sum, b| sum + f64::from(b) / 97.0);
        let at = a.add(&Number::constant(phase))?;
        let wave = at.call(if primes.is_multiple_of(2) { Function::Sin } else { Function::Cos })?;
        Ok(if primes % 4 < 2 { wave } else { wave.neg() })
    }

    fn max(&mut self, _: Vec<Number>) -> Result<Number, NoValue> {
        Err(NoValue::Empty)
    }

    fn wins(&mut self, _: Vec<Number>, _: usize) -> Result<Number, NoValue> {
        Err(NoValue::Empty)
    }

    fn partial(&mut self, mut of: Written<'_, '_>, by: &Cell) -> Result<Number, NoValue> {
        if self.moving.is_some() {
            return Err(NoValue::Nested);
        }
        let system = self.numbers.system;
        let cell = of.cell()?;
        let (numbers, sizes) = (self.numbers, self.sizes.clone());
        let mut moving = Values { numbers, sizes, moving: Some(by.clone()) };
        let value = match (of.formula(), cell) {
            (Formula::Element(e), _) if e.tensor == system.loss => {
                if *by.name == *system.loss.name {
                    return Ok(Number::constant(1.0));
                }
                let delta = Cell { delta: true, ..by.clone() };
                return Ok(Number::constant(self.numbers.cell(&delta, &self.sizes)?));
            }
            (Formula::Element(e), Some(cell)) if cell.name != by.name || cell.layer != by.layer => {
                let definition = system.tensor(&e.tensor).and_then(|t| t.definition.as_ref());
                let missing = || NoValue::Element(e.to_string());
                let definition = definition.ok_or_else(missing)?;
                let own = definition.axes.iter().map(|r| Letter::Index(r.index.clone()));
                let letters = self.sizes.iter().cloned().chain(own.zip(cell.at)).collect();
                interpret(&mut moving, &definition.body, &mut Letters::new(letters))?
            }
            _ => of.value(&mut moving)?,
        };
        Ok(Number::constant(value.tangent))
    }
}
