//! Random formulas, the same in other words, and small changes of them.
//!
//! In: a seed. Out: formulas over a few letters and tensors, whose elements have a value at every
//! subscript. What is rewritten keeps its value wherever both have one.

use std::collections::BTreeMap;

use crate::index::{Affine, Condition, Formula, Letter, Range, System};
use crate::proof::every::Facts;
use crate::scalar::{Function, Rational};

/// SplitMix64.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

/// What the formulas of one draw are about.
pub struct Scene {
    pub system: System,
    pub facts: Facts,
    /// The free indices, with ranges to draw others from.
    pub free: Vec<Range>,
    /// Whether sizes may be 0.
    pub from_0: bool,
    /// Whether the free indices are known to be in their ranges.
    pub ranged: bool,
}

impl Scene {
    pub fn new(from_0: bool, ranged: bool) -> Scene {
        let system = super::without_tensors();
        let facts = Facts::default();
        let mut scene = Scene { system, facts, free: Vec::new(), from_0, ranged };
        scene.free = vec![Range::new("i", scene.size("N")), Range::new("j", scene.size("M"))];
        if ranged {
            scene.facts.free = scene.free.clone();
        }
        scene
    }

    pub fn letter(&self, name: &str) -> Letter {
        if self.from_0 { Letter::Offset(name.into()) } else { Letter::Size(name.into()) }
    }

    /// Every letter and tensor.
    pub fn all(&self) -> Formula {
        let [i, j] = ["i", "j"].map(Affine::index);
        let sizes = ["N", "M"].map(|name| Formula::Whole(self.size(name)));
        let elements = ["x", "y"].map(|name| Formula::element(name, [i.clone()]));
        let scalars = ["s", "u"].map(|name| Formula::element(name, []));
        let matrix = Formula::element("A", [i.clone(), j]);
        let all = sizes.into_iter().chain(elements).chain(scalars).chain([matrix]);
        Formula::Add(all.collect())
    }

    fn size(&self, name: &str) -> Affine {
        if self.from_0 { Affine::offset(name) } else { Affine::size(name) }
    }
}

/// Draws formulas.
pub struct Drawn<'a> {
    pub dice: Dice,
    pub scene: &'a Scene,
    /// Whether formulas are small and full of traps.
    pub traps: bool,
    letters: usize,
}

impl<'a> Drawn<'a> {
    pub fn new(seed: u64, scene: &'a Scene, traps: bool) -> Drawn<'a> {
        Drawn { dice: Dice::new(seed), scene, traps, letters: 0 }
    }

    fn size(&mut self) -> Affine {
        let name = self.dice.of(&["N", "N", "M"]);
        self.scene.size(name)
    }

    fn length(&mut self, scope: &[Range]) -> Affine {
        let n = self.size();
        match self.dice.below(if self.traps { 12 } else { 24 }) {
            0 => n.plus_number(-1),
            1 => n.plus_number(1),
            2 if !scope.is_empty() => self.dice.of(scope).affine().plus_number(1),
            3 if !scope.is_empty() => self.dice.of(scope).affine(),
            4 if self.traps => self.scene.size("N").minus(&self.scene.size("M")),
            5 if self.traps => Affine::number(2),
            _ => n,
        }
    }

    fn fresh(&mut self) -> String {
        self.letters += 1;
        format!("k{}", self.letters)
    }

    fn index(&mut self, scope: &[Range]) -> Affine {
        let range = self.dice.of(scope);
        let own = range.affine();
        match self.dice.below(if self.traps { 10 } else { 16 }) {
            0 => own.plus_number(1),
            1 => own.plus(&self.dice.of(scope).affine()),
            2 => range.length.minus(&own).plus_number(-1),
            3 if self.traps => own.times_number(2),
            4 if self.traps => Affine::number(0),
            _ => own,
        }
    }

    pub fn element(&mut self, scope: &[Range]) -> Formula {
        match self.dice.below(7) {
            0..=2 => Formula::element("x", [self.index(scope)]),
            3 => Formula::element("y", [self.index(scope)]),
            4 | 5 => Formula::element("A", [self.index(scope), self.index(scope)]),
            _ => Formula::element(self.dice.of(&["s", "u"]), []),
        }
    }

    fn bracket(&mut self, scope: &[Range]) -> Formula {
        let (a, b) = (self.index(scope), self.index(scope));
        match self.dice.below(4) {
            0 | 1 => Formula::equal(a, b),
            2 => Formula::within(a, b),
            _ => {
                let n = self.size();
                Formula::within(a, n)
            }
        }
    }

    /// A formula of about that depth.
    pub fn formula(&mut self, depth: usize, scope: &[Range]) -> Formula {
        if depth == 0 {
            return match self.dice.below(10) {
                0 => Formula::integer(self.dice.below(5) as i64 - 2),
                1 => Formula::Whole(self.size()),
                2 => Formula::Whole(self.index(scope)),
                _ => self.element(scope),
            };
        }
        match self.dice.below(20) {
            0..=2 => Formula::Add((0..2).map(|_| self.formula(depth - 1, scope)).collect()),
            3 => self.formula(depth - 1, scope).less(self.formula(depth - 1, scope)),
            4..=7 => Formula::Mul((0..2).map(|_| self.formula(depth - 1, scope)).collect()),
            8..=12 => {
                let range = Range::new(&self.fresh(), self.length(scope));
                let inner = [scope, std::slice::from_ref(&range)].concat();
                let body = self.formula(depth - 1, &inner);
                Formula::sum(vec![range], body)
            }
            13 => {
                let bracket = self.bracket(scope);
                Formula::Mul(vec![bracket, self.formula(depth - 1, scope)])
            }
            14 | 15 => {
                let below = self.below(depth, scope);
                self.formula(depth - 1, scope).over(below)
            }
            16 => {
                let function = self.dice.of(&[
                    Function::Exp,
                    Function::Exp,
                    Function::Tanh,
                    Function::Sigmoid,
                    Function::Sin,
                    Function::Sin,
                    Function::Softplus,
                    Function::Ln,
                    Function::Sqrt,
                ]);
                Formula::call(function, self.formula(depth - 1, scope))
            }
            17 => self.formula(depth - 1, scope).power(Formula::integer(2)),
            18 => {
                let half = Rational::new(1, 2).unwrap_or_else(|_| Rational::from(1));
                self.formula(depth - 1, scope).power(Formula::Number(half))
            }
            _ => self.formula(depth - 1, scope).negative(),
        }
    }

    /// What may stand below.
    fn below(&mut self, depth: usize, scope: &[Range]) -> Formula {
        match self.dice.below(7) {
            0 => Formula::Whole(self.size()),
            1 | 2 => self.element(scope),
            3 => {
                let range = Range::new(&self.fresh(), self.length(scope));
                let inner = [scope, std::slice::from_ref(&range)].concat();
                let element = self.element(&inner);
                Formula::sum(vec![range], Formula::call(Function::Exp, element))
            }
            4 => {
                let element = self.element(scope);
                Formula::Add(vec![Formula::integer(1), Formula::call(Function::Exp, element)])
            }
            _ => self.formula(depth - 1, scope),
        }
    }

    /// The formula said in another way at one place.
    pub fn reworded(&mut self, formula: &Formula, scope: &[Range]) -> Formula {
        let inner = [scope, formula.binds()].concat();
        let children = formula.children();
        // Deeper, or here.
        if !children.is_empty() && self.dice.chance(65) {
            let place = self.dice.below(children.len());
            let mut all: Vec<Formula> = children.into_iter().cloned().collect();
            all[place] = self.reworded(&all[place], &inner);
            return formula.rebuild(all);
        }
        for _ in 0..6 {
            if let Some(new) = self.reworded_here(formula, scope) {
                return new;
            }
        }
        formula.clone()
    }

    fn reworded_here(&mut self, formula: &Formula, scope: &[Range]) -> Option<Formula> {
        let f = || formula.clone();
        match (self.dice.below(16), formula) {
            (0, Formula::Add(all)) => Some(Formula::Add(self.shuffled(all))),
            (0, Formula::Mul(all)) => Some(Formula::Mul(self.shuffled(all))),
            (1, Formula::Sum { ranges, body }) => {
                // Another letter.
                let old = &ranges[0].index;
                let new = self.fresh();
                let names = BTreeMap::from([(old.clone(), new)]);
                Some(Formula::Sum { ranges: ranges.clone(), body: body.clone() }.rename(&names))
            }
            (2 | 3, Formula::Sum { ranges, body }) => {
                // The other way round.
                let [range] = ranges.as_slice() else { return None };
                let last = range.length.minus(&range.affine()).plus_number(-1);
                let put = BTreeMap::from([(range.index.clone(), last)]);
                Some(Formula::sum(ranges.clone(), body.substitute(&put)))
            }
            (4, Formula::Sum { ranges, body }) => {
                // Two sums change places.
                let Formula::Sum { ranges: inner, body } = body.as_ref() else { return None };
                if inner.iter().any(|r| ranges.iter().any(|o| r.length.mentions(&o.index))) {
                    return None;
                }
                Some(Formula::sum(
                    inner.clone(),
                    Formula::sum(ranges.clone(), body.as_ref().clone()),
                ))
            }
            (5, Formula::Sum { ranges, body }) => {
                let Formula::Add(all) = body.as_ref() else { return None };
                let each = |u: &Formula| Formula::sum(ranges.clone(), u.clone());
                Some(Formula::Add(all.iter().map(each).collect()))
            }
            (6 | 7, Formula::Mul(all)) => {
                let place = all.iter().position(|u| matches!(u, Formula::Add(_)))?;
                let Formula::Add(terms) = &all[place] else { return None };
                let with = |term: &Formula| {
                    let mut own = all.clone();
                    own[place] = term.clone();
                    Formula::Mul(own)
                };
                Some(Formula::Add(terms.iter().map(with).collect()))
            }
            (8, Formula::Mul(all)) => {
                // A factor goes into a sum.
                let place = all.iter().position(|u| matches!(u, Formula::Sum { .. }))?;
                let Formula::Sum { ranges, body } = &all[place] else { return None };
                let mut rest = all.clone();
                rest.remove(place);
                if ranges.iter().any(|r| rest.iter().any(|u| u.mentions(&r.index))) {
                    return None;
                }
                rest.push(body.as_ref().clone());
                Some(Formula::sum(ranges.clone(), Formula::Mul(rest)))
            }
            (9, _) => {
                // Σ_k [k = i]·u_k, where i is free and in its range.
                let range = self.dice.of(scope);
                let inside = self.scene.ranged || !["i", "j"].contains(&range.index.as_str());
                if !inside || !formula.mentions(&range.index) {
                    return None;
                }
                let k = self.fresh();
                let put = BTreeMap::from([(range.index.clone(), Affine::index(&k))]);
                let bracket = Formula::equal(Affine::index(&k), range.affine());
                let body = Formula::Mul(vec![bracket, formula.substitute(&put)]);
                Some(Formula::sum(vec![Range::new(&k, range.length.clone())], body))
            }
            (10, Formula::Div(a, b)) => {
                let minus_one = Formula::integer(-1);
                Some(Formula::Mul(vec![a.as_ref().clone(), b.as_ref().clone().power(minus_one)]))
            }
            (10, Formula::Sub(a, b)) => {
                let other = Formula::Mul(vec![Formula::integer(-1), b.as_ref().clone()]);
                Some(Formula::Add(vec![other, a.as_ref().clone()]))
            }
            (11, _) => {
                let x = self.element(scope);
                Some(Formula::Add(vec![f(), x.clone()]).less(x))
            }
            (12, _) => {
                let x = match self.dice.below(3) {
                    0 => Formula::call(Function::Exp, self.element(scope)),
                    1 => Formula::Whole(self.size().plus_number(1)),
                    _ => self.element(scope),
                };
                Some(Formula::Mul(vec![x.clone(), f()]).over(x))
            }
            (13, Formula::Call(Function::Exp, u)) => match u.as_ref() {
                Formula::Add(all) => {
                    let each = |u: &Formula| Formula::call(Function::Exp, u.clone());
                    Some(Formula::Mul(all.iter().map(each).collect()))
                }
                other => {
                    let back = Formula::call(Function::Exp, other.clone().negative());
                    Some(Formula::integer(1).over(back))
                }
            },
            (13, Formula::Call(Function::Tanh, u)) => {
                let double = Formula::Mul(vec![Formula::integer(2), u.as_ref().clone()]);
                let share = Formula::call(Function::Sigmoid, double);
                Some(Formula::Mul(vec![Formula::integer(2), share]).less(Formula::integer(1)))
            }
            (13, Formula::Call(Function::Sigmoid, u)) => {
                let back = Formula::call(Function::Sigmoid, u.as_ref().clone().negative());
                Some(Formula::integer(1).less(back))
            }
            (14, Formula::Pow(a, b)) if b.is_integer(2) => {
                Some(Formula::Mul(vec![a.as_ref().clone(), a.as_ref().clone()]))
            }
            (14, Formula::Neg(a)) => Some(Formula::integer(0).less(a.as_ref().clone())),
            (14, Formula::Add(all)) => {
                // Over a common denominator.
                let place = all.iter().position(|u| matches!(u, Formula::Div(..)))?;
                let Formula::Div(a, b) = &all[place] else { return None };
                let mut rest = all.clone();
                rest.remove(place);
                let rest = Formula::Mul(vec![Formula::total(rest), b.as_ref().clone()]);
                Some(Formula::Add(vec![a.as_ref().clone(), rest]).over(b.as_ref().clone()))
            }
            (15, Formula::Call(Function::Softplus, u)) => {
                let power = Formula::call(Function::Exp, u.as_ref().clone());
                let sum = Formula::Add(vec![power, Formula::integer(1)]);
                Some(Formula::call(Function::Ln, sum))
            }
            _ => None,
        }
    }

    fn shuffled(&mut self, all: &[Formula]) -> Vec<Formula> {
        let mut all = all.to_vec();
        for n in (1..all.len()).rev() {
            all.swap(n, self.dice.below(n + 1));
        }
        all
    }

    /// The formula with a small change somewhere, which mostly changes its value.
    pub fn edited(&mut self, formula: &Formula, scope: &[Range]) -> Formula {
        let inner = [scope, formula.binds()].concat();
        let children = formula.children();
        if !children.is_empty() && self.dice.chance(75) {
            let place = self.dice.below(children.len());
            let mut all: Vec<Formula> = children.into_iter().cloned().collect();
            all[place] = self.edited(&all[place], &inner);
            return formula.rebuild(all);
        }
        match formula {
            Formula::Number(_) => Formula::integer(self.dice.below(4) as i64),
            Formula::Whole(a) => Formula::Whole(match self.dice.below(2) {
                0 => a.plus_number(1),
                _ => self.size(),
            }),
            Formula::Element(e) if !e.at.is_empty() => {
                let mut e = e.clone();
                match self.dice.below(4) {
                    0 if e.at.len() == 2 => e.at.swap(0, 1),
                    0 | 1 => e.at[0] = self.index(scope),
                    2 => e.at[0] = e.at[0].plus_number(1),
                    _ => return self.element(scope),
                }
                Formula::Element(e)
            }
            Formula::Element(_) => self.element(scope),
            Formula::Sum { ranges, body } => {
                let mut ranges = ranges.clone();
                let length = &ranges[0].length;
                ranges[0].length = match self.dice.below(3) {
                    0 => length.plus_number(-1),
                    1 => length.plus_number(1),
                    _ => self.length(scope),
                };
                Formula::Sum { ranges, body: body.clone() }
            }
            Formula::Bracket(Condition::Equal(a, b)) => match self.dice.below(3) {
                0 => Formula::equal(a.plus_number(1), b.clone()),
                1 => Formula::integer(1),
                _ => Formula::within(a.clone(), b.clone()),
            },
            Formula::Bracket(Condition::Within { value, length }) => match self.dice.below(3) {
                0 => Formula::within(value.plus_number(1), length.clone()),
                1 => Formula::within(value.clone(), length.plus_number(1)),
                _ => Formula::integer(1),
            },
            Formula::Add(all) => {
                let mut all = all.clone();
                all[0] = all[0].clone().negative();
                Formula::Add(all)
            }
            Formula::Mul(all) => {
                let mut all = all.clone();
                all.swap_remove(self.dice.below(all.len()));
                Formula::product(all)
            }
            Formula::Div(a, b) => Formula::Mul(vec![a.as_ref().clone(), b.as_ref().clone()]),
            Formula::Sub(a, b) => b.as_ref().clone().less(a.as_ref().clone()),
            Formula::Neg(a) => a.as_ref().clone(),
            Formula::Call(_, a) => Formula::call(Function::Sin, a.as_ref().clone()),
            Formula::Pow(a, _) => a.as_ref().clone(),
            other => other.clone(),
        }
    }
}
