//! The points at which a sign or a bracket jumps: sgn 0 and [0 > 0] are values and no conventions,
//! so that sgn(x)² is not 1 there.
//!
//! Goes in: a claim that holds off the kinks. Comes out: whether a jump is found at which its
//! sides have different values. What always holds: a claim with a derivative of something that
//! has a kink, or with a bracket of a max, is not looked at, for there a value is a convention.

use super::guarded::{Bounded, Kinks};
use super::mixed::Mixed;
use super::sample::{Claim, Point};
use crate::expr::{ExprId, Node};
use crate::scalar::{Function, Rational, Scalar};

/// Points around which a jump is looked for, for each variable.
const AROUND: usize = 4;
/// The most jumps that are looked at.
const MAX_JUMPS: usize = 16;
/// The most points at which a claim is tried.
const MAX_TRIED: usize = 64;

impl Claim<'_> {
    /// Whether the sides differ at a point at which a sign or a bracket of the claim is at 0.
    pub(super) fn is_denied_at_a_jump(&self) -> bool {
        let Some(jumps) = self.jumps() else { return false };
        let mut tried = 0;
        for argument in jumps.into_iter().take(MAX_JUMPS) {
            for nth in 0..AROUND {
                for at in 0..self.survey.symbols.len() {
                    for point in self.zeros(argument, nth, at) {
                        tried += 1;
                        if self.differs(&point) {
                            return true;
                        }
                        if tried == MAX_TRIED {
                            return false;
                        }
                    }
                }
            }
        }
        false
    }

    /// The arguments of the signs and brackets; none where the claim is about slopes at kinks.
    fn jumps(&self) -> Option<Vec<ExprId>> {
        let is_kink = |id: &ExprId| match self.g.node(*id) {
            Node::Call(f, _) => f.has_kink(),
            Node::Max(_) => !self.winners.contains_key(id),
            _ => false,
        };
        let mut found = Vec::new();
        for id in self.g.reachable(&[self.lhs, self.rhs]) {
            match self.g.node(id) {
                Node::Wins { .. } => return None,
                Node::Partial { of, .. } if self.g.reachable(&[of]).iter().any(is_kink) => {
                    return None;
                }
                Node::Call(Function::Sign | Function::Step, a) if !found.contains(&a) => {
                    found.push(a);
                }
                _ => {}
            }
        }
        Some(found)
    }

    /// Points near the one of that number at which an expression is 0, moved along one variable.
    fn zeros(&self, of: ExprId, nth: usize, at: usize) -> Vec<Point> {
        let moved = |x: Rational| -> Point {
            let mut point = self.point(nth);
            if let Some(place) = point.get_mut(at) {
                place.1 = x;
            }
            point
        };
        let value = |x: Rational| -> Option<Rational> {
            let all = self.values::<Rational>(Kinks::Defined, &[of], &moved(x)).ok()?;
            all.into_iter().next()
        };
        let whole = |n: i64| value(Rational::from(n));
        let mut found: Vec<Rational> = (-2..=2)
            .filter(|n| whole(*n).is_some_and(|v| v.is_zero()))
            .map(Rational::from)
            .collect();
        // As if it were linear, which is then tried.
        let secant = || {
            let (zero, one) = (whole(0)?, whole(1)?);
            let root = zero.div(&zero.sub(&one).ok()?).ok()?;
            value(root.clone()).filter(Rational::is_zero).map(|_| root)
        };
        if found.is_empty() {
            found.extend(secant());
        }
        found.into_iter().map(moved).collect()
    }

    fn differs(&self, point: &Point) -> bool {
        if !self.winners_win(point) {
            return false;
        }
        let sides = self.sides::<Mixed>(Kinks::Defined, point);
        sides.is_ok_and(|[left, right]| left.apart(&right))
    }
}

#[cfg(test)]
mod tests {
    use crate::expr::{Graph, Winners};
    use crate::lang::parse_formula;
    use crate::proof::{Reason, Verdict, prove};

    fn judged(left: &str, right: &str) -> Verdict {
        let mut g = Graph::new();
        let [l, r] = [left, right].map(|text| parse_formula(&mut g, text).unwrap());
        prove(&g, l, r, &Winners::new())
    }

    #[test]
    fn the_value_at_a_jump_is_a_fact() {
        for (left, right) in [
            ("sign(x)^2", "1"),
            ("abs(sign(x))", "1"),
            ("2*step(x) - 1", "sign(x)"),
            ("step(x) + step(-x)", "1"),
            ("sign(x - 2*y)^2", "1"),
            ("sign(x*y)^2", "1"),
            ("exp(step(x))*exp(step(-x))", "exp(1)"),
        ] {
            let verdict = judged(left, right);
            assert_eq!(verdict, Verdict::Undecided(Reason::AtAJump), "{left} = {right}");
        }
        for (left, right) in [
            ("x*sign(x)", "abs(x)"),
            ("x*step(x)", "relu(x)"),
            ("sign(x)*sign(y)", "sign(x*y)"),
            ("sign(-x)", "-sign(x)"),
            ("sign(x)^3", "sign(x)"),
            ("step(x)^2", "step(x)"),
            ("sign(x)/sign(x)", "1"),
        ] {
            assert!(judged(left, right).is_proved(), "{left} = {right}: {}", judged(left, right));
        }
    }

    /// A slope at a kink is a convention.
    #[test]
    fn a_slope_at_a_kink_is_none() {
        let mut g = Graph::new();
        let [relu, step, abs, square] =
            ["relu(x)", "step(x)", "abs(x)", "1"].map(|text| parse_formula(&mut g, text).unwrap());
        let x = g.var("x");
        let (of_relu, of_abs) = (g.partial(relu, x), g.partial(abs, x));
        let two = g.integer(2);
        let squared = g.pow(of_abs, two);
        assert!(prove(&g, of_relu, step, &Winners::new()).is_proved());
        assert!(prove(&g, squared, square, &Winners::new()).is_proved());
    }
}
