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
use super::seed::{Draw, Seed};
use crate::expr::{Branches, Rest, SymbolId, evaluate_all};
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
        let leaf = |symbol| Some(Residue::of_variable(claim.seed(), nth, symbol));
        let [left, right] = claim.seed().during(|| sides(claim, &leaf))?;
        if left != right {
            return None;
        }
    }
    Some(bound)
}

fn sides<T: Scalar>(claim: &Claim<'_>, leaf: &dyn Fn(SymbolId) -> Option<T>) -> Option<[T; 2]> {
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

/// Which function an arbitrary one stands for: [x > 0], a power, a smooth function, the weight of
/// an argument of a max.
const STEP: u64 = 0;
const POWER: u64 = 1;
const SMOOTH: u64 = 1 << 8;
const WINNER: u64 = 1 << 16;

/// A residue with arbitrary functions, for the kinks, too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Residue(Prime);

impl Residue {
    /// The residue of a variable at the point of that number.
    pub(super) fn of_variable(seed: Seed, nth: u64, symbol: SymbolId) -> Residue {
        Residue(Prime::new(seed.draw(Draw::Variable, nth, &[symbol.index() as u64])))
    }

    /// The residue that stands for an unknown at the point of that number.
    pub(super) fn of_unknown(seed: Seed, nth: u64, what: Unknown) -> Residue {
        let (kind, a, b) = match what {
            Unknown::Value(id) => (1, id.index(), 0),
            Unknown::Slope { of, by } => (2, of.index(), by.index()),
            Unknown::Wins { max, arg } => (3, max.index(), arg.index()),
        };
        Residue(Prime::new(seed.draw(Draw::Unknown(kind), nth, &[a as u64, b as u64])))
    }

    /// An arbitrary function of some arguments, one for each `tag`, and another for each claim:
    /// a claim may hold eᵉ as a number, and nobody may know what that will be here.
    fn arbitrary(tag: u64, arguments: &[&Residue]) -> Residue {
        let residues: Vec<u64> = arguments.iter().map(|a| a.0.residue()).collect();
        Residue(Prime::new(Seed::current().draw(Draw::Function, tag, &residues)))
    }

    /// [self > 0]; 0 at 0.
    fn step(&self) -> Residue {
        if *self == Residue::zero() { *self } else { Residue::arbitrary(STEP, &[self]) }
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
        Ok(Residue::arbitrary(POWER, &[self, exponent]))
    }

    fn call(&self, function: Function) -> Result<Self, Fault> {
        let sign = |x: &Residue| x.step().sub(&x.neg().step());
        match function {
            Function::Step => Ok(self.step()),
            Function::Sign => sign(self),
            Function::Relu => self.mul(&self.step()),
            Function::Abs => self.mul(&sign(self)?),
            smooth => match self.0.known(smooth) {
                Some(value) => value.map(Residue),
                None => Ok(Residue::arbitrary(SMOOTH + smooth as u64, &[self])),
            },
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
            let weight = Residue::arbitrary(WINNER + number, args);
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

#[cfg(test)]
mod tests {
    use super::super::survey::Survey;
    use super::super::{Context, How, Leaves, Verdict, prove_in};
    use super::*;
    use crate::expr::{ExprId, Graph, Winners};
    use crate::lang::parse_formula;

    /// Too large for a normal form, and greater than 0.
    const LARGE: &str = "(a^2 + b^2 + c^2 + d^2 + e^2 + f^2 + 1)^30";

    fn verdict(left: &str, right: &str) -> Verdict {
        let mut g = Graph::new();
        let [l, r] = [left, right].map(|text| parse_formula(&mut g, text).unwrap());
        prove_in(&g, l, r, &Context { winners: &Winners::new(), leaves: Leaves::All })
    }

    /// Where x is at the random points of a claim.
    fn residues(left: &str, right: &str) -> Vec<u64> {
        let mut g = Graph::new();
        let [l, r] = [left, right].map(|text| parse_formula(&mut g, text).unwrap());
        let x = parse_formula(&mut g, "x").unwrap();
        let x = g.symbol_of(x).unwrap();
        let winners = Winners::new();
        let context = Context { winners: &winners, leaves: Leaves::All };
        let survey = Survey::of(&g, l, r, &context).unwrap();
        let seed = Claim::new(&g, [l, r], &winners, &survey).seed();
        (0..POINTS).map(|nth| Residue::of_variable(seed, nth, x).0.residue()).collect()
    }

    #[test]
    fn a_claim_of_this_size_is_judged_here() {
        let right = format!("{LARGE}*(x - 1)*x + {LARGE}*x");
        let found = verdict(&format!("{LARGE}*x^2"), &right);
        assert!(matches!(found, Verdict::Proved(How::Probabilistic { .. })), "{found:?}");
    }

    /// A product that is 0 where x is a number whose first digits were chosen before, and whose
    /// last ones then so that it meets x at every random point.
    #[test]
    fn digits_past_f64_are_not_free_to_fit_the_points() {
        let tail = |n: u64| format!("1{}{n:020}", "0".repeat(60));
        let claim = |n: &[u64]| {
            let factors: Vec<String> = n.iter().map(|n| format!("(x - {})", tail(*n))).collect();
            format!("{LARGE}*{}", factors.join("*"))
        };
        let blank = residues(&claim(&[0; 3]), "0");
        // The residue of 10^80, so that the whole number meets x.
        let head: Rational = tail(0).parse().unwrap();
        let head = Prime::from_rational(&head).unwrap();
        let fitted: Vec<u64> =
            blank.iter().map(|x| Prime::new(*x).sub(&head).unwrap().residue()).collect();
        let whole: Rational = tail(fitted[0]).parse().unwrap();
        assert_eq!(Prime::from_rational(&whole).unwrap().residue(), blank[0], "it would have met");
        assert_eq!(whole.to_f64(), tail(0).parse::<f64>().unwrap(), "and the f64 is the same");
        let forged = claim(&fitted);
        assert_ne!(residues(&forged, "0"), blank);
        let found = verdict(&forged, "0");
        assert!(!found.is_proved(), "{found:?}");
    }

    /// What stands for e is another number in each claim.
    #[test]
    fn what_stands_for_a_number_like_e_cannot_be_known() {
        let mut g = Graph::new();
        let [one, other] =
            ["exp(1) + x", "exp(1) + 2*x"].map(|t| parse_formula(&mut g, t).unwrap());
        let e = parse_formula(&mut g, "exp(1)").unwrap();
        let value = |of: ExprId| {
            let branches = Branches { winners: None, rest: Rest::Symbolic, opaque: None };
            let seed = Seed::of(&g, &[of], &Winners::new(), &|_| false);
            let leaf = |s| Some(Residue::of_variable(seed, 0, s));
            seed.during(|| evaluate_all(&g, &[e], &leaf, branches)).unwrap().swap_remove(0)
        };
        assert_eq!(value(one), value(one));
        assert_ne!(value(one), value(other));
        let known = Prime::one().call(Function::Exp).unwrap().residue();
        let found = verdict(&format!("{LARGE}*(exp(1) - {known})*x"), "0");
        assert!(!found.is_proved(), "{found:?}");
    }

    /// The degree of numerator and denominator together, or more.
    #[test]
    fn degrees_are_bounded() {
        let mut g = Graph::new();
        let mut size = |text: &str| {
            let id = parse_formula(&mut g, text).unwrap();
            let branches = Branches { winners: None, rest: Rest::Symbolic, opaque: None };
            let leaf = |_| Some(Degree::variable());
            let degree = evaluate_all(&g, &[id], &leaf, branches).unwrap().swap_remove(0);
            (degree.numerator, degree.denominator)
        };
        assert_eq!(size("3"), (0.0, 0.0));
        assert_eq!(size("x*y*z"), (3.0, 0.0));
        assert_eq!(size("x + y*z"), (2.0, 0.0));
        assert_eq!(size("x/y - z/w"), (2.0, 2.0));
        assert_eq!(size("x^5"), (5.0, 0.0));
        assert_eq!(size("(x/y)^(-2)"), (2.0, 2.0));
        assert_eq!(size("1/(x + 1)"), (0.0, 1.0));
        assert_eq!(size("exp(x*y)"), (3.0, 0.0));
        assert_eq!(size("x^y"), (3.0, 0.0));
        assert_eq!(size("max(x*y, z)"), (7.0, 0.0));
    }

    #[test]
    fn the_weights_of_a_max_are_arbitrary_and_sum_to_1() {
        let args = [3, 5, 8].map(Residue::integer);
        let weights = Residue::winners(&args.each_ref()).unwrap();
        let sum = weights.iter().try_fold(Residue::zero(), |sum, w| sum.add(w)).unwrap();
        assert_eq!((weights.len(), sum), (3, Residue::one()));
        let other = Residue::winners(&[&args[0], &args[2], &args[1]]).unwrap();
        assert!(weights[0] != weights[1] && weights[0] != other[0]);
        // A kink is any function that is 0 at 0.
        let step = |n: i32| Residue::integer(n).call(Function::Step).unwrap();
        assert_eq!(step(0), Residue::zero());
        assert!(step(3) != step(-3) && step(3) != Residue::one());
        let relu = Residue::integer(3).call(Function::Relu).unwrap();
        assert_eq!(relu, Residue::integer(3).mul(&step(3)).unwrap());
    }

    #[test]
    fn a_bound_that_says_little_is_no_proof() {
        assert!(error_bound(1e6, 10).is_some_and(|bound| bound < MAX_BOUND));
        assert_eq!(error_bound(1e15, 10), None, "1e15·101/p is about 1/20, and its cube no proof");
        assert_eq!(error_bound(1e19, 0), None, "more than certain is none");
        // (d·(1 + n²)/p)³.
        let p = Prime::MODULUS as f64;
        let expected = (1e5 * 17.0 / p).powi(3);
        assert!((error_bound(1e5, 4).unwrap() / expected - 1.0).abs() < 1e-12);
        // Each pair of functions counts.
        assert!(error_bound(1e12, 0).is_some() && error_bound(1e12, 1000).is_none());
    }

    #[test]
    fn a_negative_power_has_its_degree_below() {
        let degree = |n: i32| Degree::variable().powi(n).unwrap();
        for (n, above, below) in [(3, 3.0, 0.0), (1, 1.0, 0.0), (-1, 0.0, 1.0), (-2, 0.0, 2.0)] {
            assert_eq!((degree(n).numerator, degree(n).denominator), (above, below), "{n}");
        }
    }

    /// Both sides are of degree 62, and there is no function.
    #[test]
    fn the_bound_of_a_claim_is_that_of_the_degrees_of_both_sides() {
        for (left, right, degree) in [
            (format!("{LARGE}*x^2"), format!("{LARGE}*(x - 1)*x + {LARGE}*x"), 125.0),
            (format!("{LARGE}*x"), format!("{LARGE}*(x - 1) + {LARGE}"), 123.0),
        ] {
            let Verdict::Proved(How::Probabilistic { error_bound: found }) = verdict(&left, &right)
            else {
                panic!("it is large")
            };
            assert_eq!(Some(found), error_bound(degree, 0), "{left}");
        }
    }
}
