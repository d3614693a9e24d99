//! Points at which a claim is tried, and what is seen there.
//!
//! Goes in: a claim. Comes out: witnesses against it, or whether both its sides have a value
//! anywhere. The points are the same on every machine: small ones first, which read well in a
//! report, then others drawn from the shape of the claim. A point on a kink (a tie of a max, a
//! ReLU at 0) refutes nothing, unless the same kink is met at points where chance does not put
//! it: then it is a tie of equal arguments.

use std::cell::OnceCell;
use std::cmp::Ordering;

use super::guarded::{Bounded, Guarded, Kinks, Limits};
use super::mixed::Mixed;
use super::seed::{Draw, Seed};
use super::survey::Survey;
use super::witness::Witness;
use crate::expr::{
    Branches, EvalFault, ExprId, Graph, Node, Rest, SymbolId, Winners, evaluate_all,
};
use crate::scalar::{Fault, Function, Interval, Rational, Scalar};

/// The largest number of points that are tried in one number system.
const MAX_POINTS: usize = 40;
/// How many nodes may be evaluated in the search for one answer.
const MAX_EVALUATED: usize = 200_000;
/// How far the search goes on for a point that agrees with the assumed winners.
const MORE_POINTS: usize = 16;
/// The largest size of an exact value at a point, in bits, in small claims and in large ones.
const SMALL_CLAIM: usize = 500;
const BITS_IN_SMALL: u64 = 2048;
const BITS_IN_LARGE: u64 = 192;

/// A claim with what the evaluations need.
pub(super) struct Claim<'a> {
    pub(super) g: &'a Graph,
    pub(super) lhs: ExprId,
    pub(super) rhs: ExprId,
    pub(super) winners: &'a Winners,
    pub(super) survey: &'a Survey,
    /// Made where the first number is drawn: most claims are decided before.
    seed: OnceCell<Seed>,
}

/// What points say about both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sampled {
    /// Both have a value somewhere, and no point tells them apart.
    Agree,
    /// Some point tells them apart.
    Differ,
    /// At most points, some comparison was too close to be made.
    Unclear,
    /// No point was found where both have a value.
    Undefined,
}

/// A value for each free symbol, sorted.
pub(super) type Point = Vec<(SymbolId, Rational)>;

/// The tries so far.
pub(super) struct Search<'a> {
    claim: &'a Claim<'a>,
    /// How many exact points were tried, and whether one had values on both sides.
    tried: usize,
    agreed: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(claim: &'a Claim<'a>) -> Search<'a> {
        Search { claim, tried: 0, agreed: false }
    }

    /// The first exact points: a witness, if one is among them.
    pub(super) fn first_points(&mut self) -> Option<Witness> {
        const FIRST: usize = 2;
        while self.tried < FIRST {
            let point = self.claim.point(self.tried);
            self.tried += 1;
            match self.claim.sides::<Rational>(Kinks::Undefined, &point) {
                Ok([left, right]) if left != right => {
                    return self.best::<Rational>(point, left, right);
                }
                Ok(_) => self.agreed = true,
                // No other point will make eˣ rational.
                Err(EvalFault::Scalar(Fault::NotExact(Function::Sqrt))) => {}
                Err(EvalFault::Scalar(Fault::NotExact(_))) => break,
                Err(_) => {}
            }
        }
        None
    }

    /// Looks for a point where both sides have a value, kinks allowed, and none that tells them
    /// apart.
    pub(super) fn both_defined(&mut self) -> Sampled {
        if self.agreed && !self.claim.survey.has_kernels_at_kinks() {
            return Sampled::Agree;
        }
        let (mut agreed, mut unclear) = (0, 0);
        for nth in 0..self.claim.points() {
            let point = self.claim.point(nth);
            match self.claim.seen_at(&point) {
                Sampled::Agree => agreed += 1,
                Sampled::Differ => return Sampled::Differ,
                Sampled::Unclear => unclear += 1,
                Sampled::Undefined => {}
            }
            if agreed > 0 && (!self.claim.survey.has_kernels_at_kinks() || agreed > 2 + unclear) {
                return Sampled::Agree;
            }
        }
        match (agreed, unclear) {
            (0, _) => Sampled::Undefined,
            _ if agreed > unclear => Sampled::Agree,
            _ => Sampled::Unclear,
        }
    }

    /// A point off the kinks where the sides differ.
    pub(super) fn refute<T: Bounded>(&mut self) -> Option<Witness> {
        for nth in 0..self.claim.points() {
            let point = self.claim.point(nth);
            if let Ok([left, right]) = self.claim.sides::<T>(Kinks::Undefined, &point)
                && left.apart(&right)
            {
                return self.best(point, left, right);
            }
        }
        None
    }

    /// Two points with large random coordinates, where a kink is met only if it is met
    /// everywhere around, and where the sides differ.
    pub(super) fn refute_on_kinks(&mut self) -> Option<Witness> {
        if self.claim.survey.kinks == 0 {
            return None;
        }
        let mut found = None;
        for nth in 0..self.claim.points() {
            let point = self.claim.point_at_large(nth);
            if let Ok([left, right]) = self.claim.sides::<Rational>(Kinks::Defined, &point)
                && left != right
            {
                match found {
                    None => found = Some((point, left, right)),
                    Some((point, left, right)) => {
                        return self.claim.witness(point, left, right);
                    }
                }
            }
        }
        None
    }

    /// The witness at this point or, if the assumed winners do not win there, at one of the
    /// next points where they do.
    fn best<T: Bounded>(&self, point: Point, left: T, right: T) -> Option<Witness> {
        let claim = self.claim;
        if !claim.winners_win(&point) {
            for nth in 0..MORE_POINTS.min(claim.points()) {
                let other = claim.point(nth);
                if let Ok([left, right]) = claim.sides::<T>(Kinks::Undefined, &other)
                    && left.apart(&right)
                    && claim.winners_win(&other)
                {
                    return claim.witness(other, left, right);
                }
            }
        }
        claim.witness(point, left, right)
    }
}

impl<'a> Claim<'a> {
    pub(super) fn new(
        g: &'a Graph,
        [lhs, rhs]: [ExprId; 2],
        winners: &'a Winners,
        survey: &'a Survey,
    ) -> Claim<'a> {
        Claim { g, lhs, rhs, winners, survey, seed: OnceCell::new() }
    }

    /// What the points of this claim are drawn from.
    pub(super) fn seed(&self) -> Seed {
        let of = || Seed::of(self.g, &[self.lhs, self.rhs], self.winners, &|_| false);
        *self.seed.get_or_init(of)
    }

    /// How many points are worth trying.
    fn points(&self) -> usize {
        (MAX_EVALUATED / self.survey.visits.max(1)).clamp(1, MAX_POINTS)
    }

    /// The point of that number: small whole numbers, then small fractions of either sign.
    pub(super) fn point(&self, nth: usize) -> Point {
        let value = |at: usize| {
            let i = at as i64;
            match nth {
                0 => Rational::from(2 + i % 97),
                1 if at.is_multiple_of(2) => Rational::from(-3 - i % 89),
                1 => Rational::from(1 + i % 83),
                // Between 0 and 1, where probabilities lie: ln(1 − p) has a value there.
                _ if nth % 4 == 3 => {
                    let z = self.seed().draw(Draw::Small, nth as u64, &[at as u64]);
                    fraction(1 + (z % 15) as i64, 16)
                }
                _ => {
                    let z = self.seed().draw(Draw::Small, nth as u64, &[at as u64]);
                    let size = 3 + nth as u64;
                    let numer = (z % (2 * size + 1)) as i64 - size as i64;
                    fraction(numer, 1 + (z >> 32) as i64 % 4)
                }
            }
        };
        self.survey.symbols.iter().enumerate().map(|(at, s)| (*s, value(at))).collect()
    }

    /// A point with coordinates that nothing meets by chance: whole numbers, of which a product
    /// of three fits into a machine word, where fractions would cost a common denominator each.
    fn point_at_large(&self, nth: usize) -> Point {
        let value = |at: usize| {
            let z = self.seed().draw(Draw::Large, nth as u64, &[at as u64]);
            Rational::from((z % (1 << 21)) as i64 - (1 << 20))
        };
        self.survey.symbols.iter().enumerate().map(|(at, s)| (*s, value(at))).collect()
    }

    /// What one point says, kinks allowed unless the sides differ.
    fn seen_at(&self, point: &Point) -> Sampled {
        match self.sides::<Rational>(Kinks::Defined, point) {
            Ok([left, right]) if left == right => return Sampled::Agree,
            Ok(_) if self.sides::<Rational>(Kinks::Undefined, point).is_ok() => {
                return Sampled::Differ;
            }
            Ok(_) => return Sampled::Undefined,
            Err(_) => {}
        }
        match self.sides::<Mixed>(Kinks::Defined, point) {
            Ok([left, right]) if !left.apart(&right) => Sampled::Agree,
            Ok(_) if self.sides::<Mixed>(Kinks::Undefined, point).is_ok() => Sampled::Differ,
            Err(EvalFault::Scalar(Fault::Overlap)) => Sampled::Unclear,
            _ => Sampled::Undefined,
        }
    }

    /// Both sides at a point.
    pub(super) fn sides<T: Bounded>(
        &self,
        kinks: Kinks,
        point: &Point,
    ) -> Result<[T; 2], EvalFault> {
        let mut values = self.values::<T>(kinks, &[self.lhs, self.rhs], point)?;
        let right = values.swap_remove(1);
        Ok([values.swap_remove(0), right])
    }

    pub(super) fn values<T: Bounded>(
        &self,
        kinks: Kinks,
        roots: &[ExprId],
        point: &Point,
    ) -> Result<Vec<T>, EvalFault> {
        let small = self.survey.visits <= SMALL_CLAIM;
        let bits = if small { BITS_IN_SMALL } else { BITS_IN_LARGE };
        let leaf = |symbol| {
            let at = point.binary_search_by(|(s, _)| s.cmp(&symbol)).ok()?;
            Guarded::<T>::from_rational(&point[at].1).ok()
        };
        let branches = Branches { winners: Some(self.winners), rest: Rest::ByValue, opaque: None };
        let values = Limits { kinks, bits }
            .during(|| evaluate_all(self.g, roots, &leaf, branches))
            .map_err(|e| e.fault)?;
        Ok(values.into_iter().map(|v| v.0).collect())
    }

    /// Whether every assumed winner is the greatest at this point.
    pub(super) fn winners_win(&self, point: &Point) -> bool {
        self.survey.decided.iter().all(|max| {
            let Node::Max(args) = self.g.node(*max) else { return false };
            let args = self.g.args(args);
            let Some(winner) = args.iter().position(|a| Some(a) == self.winners.get(max)) else {
                return false;
            };
            let greatest = |values: Vec<Rational>| values.iter().all(|v| *v <= values[winner]);
            let highest = |values: Vec<Interval>| {
                values.iter().all(|v| {
                    matches!(v.compare(&values[winner]), Ok(Ordering::Less | Ordering::Equal))
                        || v == &values[winner]
                })
            };
            match self.values::<Rational>(Kinks::Defined, args, point) {
                Ok(values) => greatest(values),
                Err(_) => self.values::<Interval>(Kinks::Defined, args, point).is_ok_and(highest),
            }
        })
    }

    fn witness<T: Bounded>(&self, point: Point, left: T, right: T) -> Option<Witness> {
        let witness = Witness { point, lhs: left.into_value(), rhs: right.into_value() };
        // Evaluated once more, by itself, before anybody is told.
        witness.holds(self.g, self.lhs, self.rhs, self.winners).then_some(witness)
    }
}

fn fraction(numer: i64, denom: i64) -> Rational {
    Rational::new(numer, denom).unwrap_or_else(|_| Rational::from(numer))
}

#[cfg(test)]
mod tests {
    use super::super::{Context, Leaves};
    use super::*;
    use crate::lang::parse_formula;

    fn seen(left: &str, right: &str) -> Sampled {
        let mut g = Graph::new();
        let [l, r] = [left, right].map(|text| parse_formula(&mut g, text).unwrap());
        let winners = Winners::new();
        let context = Context { winners: &winners, leaves: Leaves::All };
        let survey = Survey::of(&g, l, r, &context).unwrap();
        let claim = Claim::new(&g, [l, r], &winners, &survey);
        claim.seen_at(&claim.point(0))
    }

    #[test]
    fn a_point_says_whether_the_sides_agree_there() {
        assert!(matches!(seen("(x + 1)^2", "x^2 + 2*x + 1"), Sampled::Agree));
        assert!(matches!(seen("x", "x + 1"), Sampled::Differ));
        assert!(matches!(seen("exp(x)*exp(x)", "exp(2*x)"), Sampled::Agree));
        assert!(matches!(seen("exp(x)", "exp(2*x)"), Sampled::Differ));
        assert!(matches!(seen("sqrt(-1 - x^2)", "x"), Sampled::Undefined));
        // On a kink, a difference is none: what is taken as the slope there is a convention.
        assert!(matches!(seen("abs(x - x) + sign(x - x)", "1"), Sampled::Undefined));
    }

    #[test]
    fn large_coordinates_are_of_either_sign_and_up_to_a_million() {
        let mut g = Graph::new();
        let l = parse_formula(&mut g, "a + b + c + d").unwrap();
        let winners = Winners::new();
        let context = Context { winners: &winners, leaves: Leaves::All };
        let survey = Survey::of(&g, l, l, &context).unwrap();
        let claim = Claim::new(&g, [l, l], &winners, &survey);
        let points = (0..50).flat_map(|nth| claim.point_at_large(nth));
        let all: Vec<f64> = points.map(|(_, x)| x.to_f64()).collect();
        let most = f64::from(1 << 20);
        assert!(all.iter().all(|x| x.abs() <= most));
        assert!(all.iter().any(|x| *x > most / 2.0) && all.iter().any(|x| *x < -most / 2.0));
    }
}
