//! Products seen as c·Π fᵢ^nᵢ and sums as signed terms: what the tidying rules compare.
//!
//! In: an expression. Out: its number, and its factors with their exponents, in the order in
//! which they stand; signs, products, quotients and whole powers are looked into, sums and what
//! has a name are factors. What holds: the product of number and powers is equal to the expression
//! wherever that has a value.

use rustc_hash::FxHashMap;

use crate::expr::{ExprId, Graph, Node};
use crate::scalar::{Rational, Scalar};

/// A product of more factors is not looked into.
pub(super) const MAX_FACTORS: usize = 64;
/// The largest exponent that is looked into.
const MAX_EXPONENT: i32 = 16;

/// A factor and its exponent.
pub(super) type Factor = (ExprId, i32);

/// c·Π fᵢ^nᵢ; a factor that stands twice is there twice.
#[derive(Clone, Debug)]
pub(super) struct Monomial {
    pub coefficient: Rational,
    pub factors: Vec<Factor>,
    /// How many numbers, apart from signs, make the coefficient.
    pub numbers: usize,
}

impl Monomial {
    /// The factors of an expression; `None` where they are too many, or a number is 0.
    pub fn of(g: &Graph, e: ExprId) -> Option<Monomial> {
        let mut m = Monomial { coefficient: Rational::from(1), factors: Vec::new(), numbers: 0 };
        let mut stack = vec![(e, 1i32)];
        while let Some((e, n)) = stack.pop() {
            if m.factors.len() + stack.len() > MAX_FACTORS {
                return None;
            }
            match g.node(e) {
                Node::Number(q) => {
                    let q = g.number_of(q);
                    if q.is_zero() {
                        return None;
                    }
                    m.numbers += usize::from(!q.abs().is_one());
                    m.coefficient = m.coefficient.mul(&q.powi(n).ok()?).ok()?;
                }
                Node::Neg(a) => {
                    if n % 2 != 0 {
                        m.coefficient = m.coefficient.neg();
                    }
                    stack.push((a, n));
                }
                Node::Mul(args) => stack.extend(g.args(args).iter().rev().map(|a| (*a, n))),
                Node::Div(a, b) => stack.extend([(b, -n), (a, n)]),
                Node::Pow(a, b) => match g.as_number(b).and_then(Rational::to_i32) {
                    Some(k) if k != 0 && k.abs() <= MAX_EXPONENT && n.abs() <= MAX_EXPONENT => {
                        stack.push((a, n * k));
                    }
                    _ => m.factors.push((e, n)),
                },
                _ => m.factors.push((e, n)),
            }
        }
        Some(m)
    }

    /// The factors, each once, in an order that is the same for equal products.
    pub fn key(&self) -> Vec<Factor> {
        let mut key = merged(&self.factors);
        key.sort_unstable();
        key
    }

    /// Removes what stands above and below, and says whether there was any.
    pub fn cancel(&mut self) -> bool {
        let mut went = false;
        for below in 0..self.factors.len() {
            for above in 0..self.factors.len() {
                let ((e, n), (f, k)) = (self.factors[above], self.factors[below]);
                if e == f && n > 0 && k < 0 {
                    let both = n.min(-k);
                    self.factors[above].1 -= both;
                    self.factors[below].1 += both;
                    went = true;
                }
            }
        }
        self.factors.retain(|(_, n)| *n != 0);
        went
    }

    /// Takes `part` out, if all of it is there; where it was first, `by` comes in its place.
    pub fn replace(&mut self, part: &[Factor], by: ExprId) -> bool {
        let mut left = merged(&self.factors);
        let mut place = left.len();
        for (e, n) in part {
            let Some(at) = left.iter().position(|(f, k)| f == e && k * n > 0 && k.abs() >= n.abs())
            else {
                return false;
            };
            left[at].1 -= n;
            place = place.min(at);
        }
        match left.iter_mut().find(|(e, _)| *e == by) {
            Some((_, n)) => *n += 1,
            None => left.insert(place, (by, 1)),
        }
        left.retain(|(_, n)| *n != 0);
        self.factors = left;
        true
    }

    /// As an expression: the sign first, then the number, then what is above over what is below.
    pub fn write(&self, g: &mut Graph) -> ExprId {
        let size = self.coefficient.abs();
        let (mut above, mut below) = (Vec::new(), Vec::new());
        if !size.is_one() {
            above.push(g.number(&size));
        }
        for (e, n) in &self.factors {
            let side = if *n > 0 { &mut above } else { &mut below };
            side.push(match n.abs() {
                1 => *e,
                n => {
                    let n = g.integer(n.into());
                    g.pow(*e, n)
                }
            });
        }
        let mut whole = product_of(g, &above);
        if !below.is_empty() {
            let below = product_of(g, &below);
            whole = g.div(whole, below);
        }
        if self.coefficient.is_negative() { g.neg(whole) } else { whole }
    }
}

/// Equal factors put together, in the order in which they come.
pub(super) fn merged(factors: &[Factor]) -> Vec<Factor> {
    let mut all: Vec<Factor> = Vec::with_capacity(factors.len());
    for (e, n) in factors {
        match all.iter_mut().find(|(f, _)| f == e) {
            Some((_, k)) => *k += n,
            None => all.push((*e, *n)),
        }
    }
    all.retain(|(_, n)| *n != 0);
    all
}

pub(super) fn sum_of(g: &mut Graph, terms: &[ExprId]) -> ExprId {
    match terms {
        [] => g.integer(0),
        [one] => *one,
        _ => g.add(terms),
    }
}

pub(super) fn product_of(g: &mut Graph, factors: &[ExprId]) -> ExprId {
    match factors {
        [] => g.integer(1),
        [one] => *one,
        _ => g.mul(factors),
    }
}

/// A term of a sum, and whether it is subtracted.
pub(super) type Term = (bool, ExprId);

/// The terms of a sum or difference as they stand; `None` of anything else.
pub(super) fn terms(g: &Graph, e: ExprId) -> Option<Vec<Term>> {
    let signed = |t: ExprId| match g.node(t) {
        Node::Neg(a) => (true, a),
        _ => (false, t),
    };
    match g.node(e) {
        Node::Add(args) => Some(g.args(args).iter().map(|t| signed(*t)).collect()),
        Node::Sub(a, b) => Some(vec![signed(a), (!signed(b).0, signed(b).1)]),
        _ => None,
    }
}

/// The terms of a sum with those of the sums in it; `None` past `most`.
pub(super) fn all_terms(g: &Graph, e: ExprId, most: usize) -> Option<Vec<Term>> {
    let mut all = Vec::new();
    let mut stack = vec![(false, e)];
    while let Some((minus, e)) = stack.pop() {
        if all.len() + stack.len() > most {
            return None;
        }
        match (terms(g, e), g.node(e)) {
            (Some(inner), _) => {
                stack.extend(inner.into_iter().rev().map(|(m, t)| (m != minus, t)));
            }
            (None, Node::Neg(a)) => stack.push((!minus, a)),
            _ => all.push((minus, e)),
        }
    }
    Some(all)
}

/// The sum of some terms; one that is added stands first, if there is any.
pub(super) fn sum_from(g: &mut Graph, mut terms: Vec<Term>) -> ExprId {
    if let Some(first) = terms.iter().position(|(minus, _)| !minus) {
        let first = terms.remove(first);
        terms.insert(0, first);
    }
    match terms.as_slice() {
        [(false, a), (true, b)] => return g.sub(*a, *b),
        [(false, a), (false, b)] => {
            if let Some(q) = g.as_number(*b).filter(|q| q.is_negative()).map(Rational::abs) {
                let q = g.number(&q);
                return g.sub(*a, q);
            }
        }
        _ => {}
    }
    let terms: Vec<ExprId> =
        terms.into_iter().map(|(minus, t)| if minus { g.neg(t) } else { t }).collect();
    sum_of(g, &terms)
}

/// Terms that are the same but for their numbers, put together in the place of the first, and
/// whether there were any.
pub(super) fn collected(all: &[Monomial]) -> (Vec<Monomial>, bool) {
    let mut places: FxHashMap<Vec<Factor>, usize> = FxHashMap::default();
    let mut kept: Vec<Monomial> = Vec::with_capacity(all.len());
    let mut went = false;
    for m in all {
        let key = m.key();
        // A number by itself is the business of `numbers`, unless it goes away.
        match places.get(&key) {
            Some(at) => match kept[*at].coefficient.add(&m.coefficient) {
                Ok(sum) => {
                    kept[*at].coefficient = sum;
                    went = true;
                }
                Err(_) => kept.push(m.clone()),
            },
            None => {
                places.insert(key, kept.len());
                kept.push(m.clone());
            }
        }
    }
    kept.retain(|m| !m.coefficient.is_zero());
    (kept, went)
}

/// The sum of some products.
pub(super) fn sum_of_monomials(g: &mut Graph, all: &[Monomial]) -> ExprId {
    let terms = all
        .iter()
        .map(|m| {
            let size = Monomial { coefficient: m.coefficient.abs(), ..m.clone() };
            (m.coefficient.is_negative(), size.write(g))
        })
        .collect();
    sum_from(g, terms)
}
