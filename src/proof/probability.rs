//! Identity by random points of the prime field 2^61 − 1, for claims whose normal form is too
//! large (Schwartz 1980, Zippel 1979).
//!
//! Goes in: a claim. Comes out: a bound on the probability that unequal sides agree, if they
//! agree at every point. Functions and kinks answer with fixed pseudo-random functions of their
//! argument: an identity that holds for arbitrary functions holds for the true ones. So this
//! way proves and never refutes.

use std::cmp::Ordering;

use super::normal::Unknown;
use super::sample::Claim;
use super::survey::mixed;
use crate::expr::{Branches, ExprId, Graph, Node, Rest, evaluate_all};
use crate::scalar::{Fault, Function, Prime, Rational, Scalar};

/// How many points are tried.
pub(super) const POINTS: u64 = 3;
/// A bound that is not below this is no proof.
const MAX_BOUND: f64 = 1e-12;

/// The bound on the error, if the sides of `claim` agree at every point.
pub(super) fn probably_equal(claim: &Claim<'_>) -> Option<f64> {
    let [left, right] = sides(claim, &|_| Some(Degree::variable()))?;
    let degree = left.size() + right.size() + 1.0;
    let bound = error_bound(degree, claim.survey.kernels + claim.survey.kinks)?;
    for nth in 0..POINTS {
        let leaf = |symbol: crate::expr::SymbolId| {
            let place = mixed(nth ^ mixed(symbol.index() as u64));
            Some(Residue(Prime::new(mixed(claim.survey.seed ^ place))))
        };
        let [left, right] = sides(claim, &leaf)?;
        if left != right {
            return None;
        }
    }
    Some(bound)
}

/// For each pair whether its two sides agree at every random point; `None` where some side has
/// no value there, or the bound on the error is no proof. All pairs share their passes, which is
/// what makes this way cheap for the many lines of a large layer.
pub(super) fn probably_equal_all(g: &Graph, pairs: &[(ExprId, ExprId)]) -> Option<Vec<bool>> {
    let roots: Vec<ExprId> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let branches = Branches { winners: None, rest: Rest::Symbolic, opaque: None };
    let degrees = evaluate_all(g, &roots, &|_| Some(Degree::variable()), branches).ok()?;
    let degree = degrees.iter().map(Degree::size).fold(0.0, f64::max);
    let is_function = |id: &&ExprId| {
        matches!(g.node(**id), Node::Call(..) | Node::Pow(..) | Node::Max(_) | Node::Wins { .. })
    };
    let functions = g.reachable(&roots).iter().filter(is_function).count();
    error_bound(2.0 * degree + 1.0, functions)?;
    let mut agree = vec![true; pairs.len()];
    for nth in 0..POINTS {
        let leaf = |symbol: crate::expr::SymbolId| {
            Some(Residue(Prime::new(mixed(mixed(nth) ^ mixed(symbol.index() as u64)))))
        };
        let values = evaluate_all(g, &roots, &leaf, branches).ok()?;
        for (agree, sides) in agree.iter_mut().zip(values.chunks(2)) {
            *agree &= sides[0] == sides[1];
        }
    }
    Some(agree)
}

fn sides<T: Scalar>(
    claim: &Claim<'_>,
    leaf: &dyn Fn(crate::expr::SymbolId) -> Option<T>,
) -> Option<[T; 2]> {
    let branches = Branches { winners: Some(claim.winners), rest: Rest::Symbolic, opaque: None };
    evaluate_all(claim.g, &[claim.lhs, claim.rhs], leaf, branches).ok()?.try_into().ok()
}

/// The difference is a quotient of polynomials in the variables and the values of functions.
/// A nonzero one of degree d is 0 at a random point with probability at most d/p; and two
/// different arguments of a function coincide, which could hide a difference, with at most the
/// same probability for each pair.
pub(super) fn error_bound(degree: f64, functions: usize) -> Option<f64> {
    let functions = functions as f64;
    let one = degree * (1.0 + functions * functions) / Prime::MODULUS as f64;
    let bound = one.powi(POINTS as i32);
    (one < 1.0 && bound <= MAX_BOUND).then_some(bound)
}

/// A residue with arbitrary functions for the kinks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Residue(Prime);

impl Residue {
    /// The residue that stands for an unknown at the point of that number.
    pub(super) fn of_unknown(nth: u64, what: Unknown) -> Residue {
        let (tag, a, b) = match what {
            Unknown::Value(id) => (1, id.index(), 0),
            Unknown::Slope { of, by } => (2, of.index(), by.index()),
            Unknown::Wins { max, arg } => (3, max.index(), arg.index()),
        };
        let seed = mixed(mixed(nth) ^ tag);
        Residue(Prime::new(mixed(mixed(seed ^ a as u64) ^ b as u64)))
    }

    /// A fixed arbitrary function of some arguments, one for each `tag`.
    fn arbitrary(tag: u64, arguments: &[&Residue]) -> Residue {
        let start = mixed(tag);
        Residue(Prime::new(arguments.iter().fold(start, |z, a| mixed(z ^ a.0.residue()))))
    }

    /// [self > 0]; 0 at 0.
    fn step(&self) -> Residue {
        if *self == Residue::zero() { *self } else { Residue::arbitrary(1, &[self]) }
    }
}

impl Scalar for Residue {
    fn from_rational(q: &Rational) -> Result<Self, Fault> {
        Prime::from_rational(q).map(Residue)
    }

    fn add(&self, other: &Self) -> Result<Self, Fault> {
        self.0.add(&other.0).map(Residue)
    }

    fn sub(&self, other: &Self) -> Result<Self, Fault> {
        self.0.sub(&other.0).map(Residue)
    }

    fn mul(&self, other: &Self) -> Result<Self, Fault> {
        self.0.mul(&other.0).map(Residue)
    }

    fn neg(&self) -> Self {
        Residue(self.0.neg())
    }

    fn div(&self, other: &Self) -> Result<Self, Fault> {
        self.0.div(&other.0).map(Residue)
    }

    fn powi(&self, exponent: i32) -> Result<Self, Fault> {
        self.0.powi(exponent).map(Residue)
    }

    fn pow(&self, exponent: &Self) -> Result<Self, Fault> {
        self.0.pow(&exponent.0).map(Residue)
    }

    fn call(&self, function: Function) -> Result<Self, Fault> {
        let sign = |x: &Residue| x.step().sub(&x.neg().step());
        match function {
            Function::Step => Ok(self.step()),
            Function::Sign => sign(self),
            Function::Relu => self.mul(&self.step()),
            Function::Abs => self.mul(&sign(self)?),
            smooth => self.0.call(smooth).map(Residue),
        }
    }

    fn compare(&self, _: &Self) -> Result<Ordering, Fault> {
        Err(Fault::NoOrder)
    }

    fn integer(n: i32) -> Residue {
        Residue(Prime::integer(n))
    }

    /// Arbitrary weights with the sum 1.
    fn winners(args: &[&Self]) -> Result<Vec<Self>, Fault> {
        let mut left = Residue::one();
        let mut weights = Vec::with_capacity(args.len());
        for number in 1..args.len() as u64 {
            let weight = Residue::arbitrary(number << 8, args);
            left = left.sub(&weight)?;
            weights.push(weight);
        }
        weights.push(left);
        Ok(weights)
    }
}

/// Bounds on the degrees of numerator and denominator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Degree {
    numerator: f64,
    denominator: f64,
    /// Whether this is the number 0, which dual numbers ask for.
    zero: bool,
}

impl Degree {
    fn of(numerator: f64, denominator: f64) -> Degree {
        Degree { numerator, denominator, zero: false }
    }

    pub(super) fn variable() -> Degree {
        Degree::of(1.0, 0.0)
    }

    pub(super) fn size(&self) -> f64 {
        self.numerator + self.denominator
    }
}

impl Scalar for Degree {
    fn from_rational(q: &Rational) -> Result<Self, Fault> {
        Ok(Degree { zero: q.is_zero(), ..Degree::of(0.0, 0.0) })
    }

    fn add(&self, other: &Self) -> Result<Self, Fault> {
        let numerator =
            (self.numerator + other.denominator).max(other.numerator + self.denominator);
        let sum = Degree::of(numerator, self.denominator + other.denominator);
        Ok(Degree { zero: self.zero && other.zero, ..sum })
    }

    fn sub(&self, other: &Self) -> Result<Self, Fault> {
        self.add(other)
    }

    fn mul(&self, other: &Self) -> Result<Self, Fault> {
        let product =
            Degree::of(self.numerator + other.numerator, self.denominator + other.denominator);
        Ok(Degree { zero: self.zero || other.zero, ..product })
    }

    fn neg(&self) -> Self {
        *self
    }

    fn div(&self, other: &Self) -> Result<Self, Fault> {
        let inverse = Degree::of(other.denominator, other.numerator);
        self.mul(&inverse)
    }

    fn powi(&self, exponent: i32) -> Result<Self, Fault> {
        let n = f64::from(exponent).abs();
        let power = Degree::of(self.numerator * n, self.denominator * n);
        if exponent < 0 { Degree::of(0.0, 0.0).div(&power) } else { Ok(power) }
    }

    fn pow(&self, exponent: &Self) -> Result<Self, Fault> {
        Ok(Degree::of(self.size() + exponent.size() + 1.0, 0.0))
    }

    fn call(&self, _: Function) -> Result<Self, Fault> {
        // The value is one new variable, or that times x; and no less than its argument, for
        // two arguments may coincide.
        Ok(Degree::of(self.size() + 1.0, self.denominator))
    }

    fn compare(&self, _: &Self) -> Result<Ordering, Fault> {
        Err(Fault::NoOrder)
    }

    fn winners(args: &[&Self]) -> Result<Vec<Self>, Fault> {
        let all: f64 = args.iter().map(|a| a.size()).sum();
        Ok(vec![Degree::of(all + args.len() as f64, 0.0); args.len()])
    }
}
