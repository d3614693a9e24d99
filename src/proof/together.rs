//! Many claims at all their random points in one pass: what makes the many lines of a large layer
//! cheap to prove.
//!
//! Goes in: claims. Comes out: which of them hold at every point, where a bound on the error of
//! all is a proof. What always holds: a value here is a bound on the degree and a residue for
//! each point, each of them what it would be in a pass by itself; the points are drawn from
//! SHA-256 of all the claims.

use std::cmp::Ordering;

use super::probability::{Degree, POINTS, Residue, error_bound};
use super::seed::Seed;
use crate::expr::{Branches, ExprId, Graph, Node, Rest, SymbolId, Winners, evaluate_all};
use crate::scalar::{Fault, Function, Rational, Scalar};

/// For each pair whether its two sides agree at every random point; `None` where some side has
/// no value there, or the bound on the error is no proof.
pub(super) fn probably_equal_all(g: &Graph, pairs: &[(ExprId, ExprId)]) -> Option<Vec<bool>> {
    let roots: Vec<ExprId> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let branches = Branches { winners: None, rest: Rest::Symbolic, opaque: None };
    let seed = Seed::of(g, &roots, &Winners::new(), &|_| false);
    let leaf = |symbol: SymbolId| {
        let at = std::array::from_fn(|nth| Residue::of_variable(seed, nth as u64, symbol));
        Some(Tried { degree: Degree::variable(), at })
    };
    let values = seed.during(|| evaluate_all(g, &roots, &leaf, branches)).ok()?;
    let degree = values.iter().map(|value| value.degree.size()).fold(0.0, f64::max);
    let is_function = |id: &&ExprId| {
        matches!(g.node(**id), Node::Call(..) | Node::Pow(..) | Node::Max(_) | Node::Wins { .. })
    };
    let functions = g.reachable(&roots).iter().filter(is_function).count();
    error_bound(2.0 * degree + 1.0, functions)?;
    Some(values.chunks(2).map(|sides| sides[0].at == sides[1].at).collect())
}

/// A value at every point, and how large its degree may be.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tried {
    degree: Degree,
    at: [Residue; POINTS as usize],
}

impl Tried {
    /// One operation on the degree and on the residue at every point.
    fn each(
        &self,
        degree: Result<Degree, Fault>,
        residue: impl Fn(usize, &Residue) -> Result<Residue, Fault>,
    ) -> Result<Tried, Fault> {
        let mut at = self.at;
        for (nth, (own, new)) in self.at.iter().zip(&mut at).enumerate() {
            *new = residue(nth, own)?;
        }
        Ok(Tried { degree: degree?, at })
    }
}

impl Scalar for Tried {
    fn from_rational(q: &Rational) -> Result<Tried, Fault> {
        let at = [Residue::from_rational(q)?; POINTS as usize];
        Ok(Tried { degree: Degree::from_rational(q)?, at })
    }

    fn add(&self, other: &Tried) -> Result<Tried, Fault> {
        self.each(self.degree.add(&other.degree), |nth, x| x.add(&other.at[nth]))
    }

    fn sub(&self, other: &Tried) -> Result<Tried, Fault> {
        self.each(self.degree.sub(&other.degree), |nth, x| x.sub(&other.at[nth]))
    }

    fn mul(&self, other: &Tried) -> Result<Tried, Fault> {
        self.each(self.degree.mul(&other.degree), |nth, x| x.mul(&other.at[nth]))
    }

    fn neg(&self) -> Tried {
        Tried { degree: self.degree.neg(), at: self.at.map(|x| x.neg()) }
    }

    fn div(&self, other: &Tried) -> Result<Tried, Fault> {
        self.each(self.degree.div(&other.degree), |nth, x| x.div(&other.at[nth]))
    }

    fn powi(&self, exponent: i32) -> Result<Tried, Fault> {
        self.each(self.degree.powi(exponent), |_, x| x.powi(exponent))
    }

    fn pow(&self, exponent: &Tried) -> Result<Tried, Fault> {
        self.each(self.degree.pow(&exponent.degree), |nth, x| x.pow(&exponent.at[nth]))
    }

    fn call(&self, function: Function) -> Result<Tried, Fault> {
        self.each(self.degree.call(function), |_, x| x.call(function))
    }

    fn compare(&self, _: &Tried) -> Result<Ordering, Fault> {
        Err(Fault::NoOrder)
    }

    fn integer(n: i32) -> Tried {
        Tried { degree: Degree::integer(n), at: [Residue::integer(n); POINTS as usize] }
    }

    fn winners(args: &[&Tried]) -> Result<Vec<Tried>, Fault> {
        let degrees: Vec<&Degree> = args.iter().map(|x| &x.degree).collect();
        let mut weights: Vec<Tried> = Degree::winners(&degrees)?
            .into_iter()
            .map(|degree| Tried { degree, at: [Residue::zero(); POINTS as usize] })
            .collect();
        for nth in 0..POINTS as usize {
            let residues: Vec<&Residue> = args.iter().map(|x| &x.at[nth]).collect();
            for (weight, residue) in weights.iter_mut().zip(Residue::winners(&residues)?) {
                weight.at[nth] = residue;
            }
        }
        Ok(weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::parse_formula;

    #[test]
    fn pairs_are_told_apart_one_by_one() {
        let mut g = Graph::new();
        let texts = ["(a + b)^2", "a^2 + 2*a*b + b^2", "a^2 + b^2", "1/a", "exp(a)*exp(a)"];
        let [square, expanded, short, inverse, twice] =
            texts.map(|text| parse_formula(&mut g, text).unwrap());
        let pairs = [(square, expanded), (square, short), (inverse, inverse), (twice, square)];
        let found = probably_equal_all(&g, &pairs);
        assert_eq!(found, Some(vec![true, false, true, false]));
    }

    /// In one pass the residues and degrees are those of a pass by itself.
    #[test]
    fn all_points_at_once_are_the_points_one_by_one() {
        let mut g = Graph::new();
        let texts = [
            "tanh(a*b)^2 - b/(a + 1)",
            "max(a, b, a*b)^(1/2)*relu(a - b)",
            "abs(a)^b + sign(b)",
            "(2*a/3)^(-2) + exp(ln(b))",
        ];
        let mut roots: Vec<ExprId> =
            texts.iter().map(|text| parse_formula(&mut g, text).unwrap()).collect();
        let a = g.var("a");
        let slope = g.partial(roots[0], a);
        roots.push(slope);
        let branches = Branches { winners: None, rest: Rest::Symbolic, opaque: None };
        let seed = Seed::of(&g, &roots, &Winners::new(), &|_| false);
        let leaf = |symbol: SymbolId| {
            let at = std::array::from_fn(|nth| Residue::of_variable(seed, nth as u64, symbol));
            Some(Tried { degree: Degree::variable(), at })
        };
        let all = seed.during(|| evaluate_all(&g, &roots, &leaf, branches)).unwrap();
        let degrees = evaluate_all(&g, &roots, &|_| Some(Degree::variable()), branches).unwrap();
        assert_eq!(all.iter().map(|x| x.degree).collect::<Vec<_>>(), degrees);
        for nth in 0..POINTS {
            let leaf = |symbol| Some(Residue::of_variable(seed, nth, symbol));
            let one = seed.during(|| evaluate_all(&g, &roots, &leaf, branches)).unwrap();
            assert_eq!(all.iter().map(|x| x.at[nth as usize]).collect::<Vec<_>>(), one);
        }
    }
}
