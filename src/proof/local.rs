//! The proof of one rewrite, looking only at the place where it was made.
//!
//! Goes in: what stood there and what stands there now. Comes out: a proof, or none; never a
//! refutation. What both sides share is not looked into: it is a free variable, and so is its
//! derivative. A kink is a function of which nothing is known but that it is 0 at 0. So what is
//! proved here holds for every value of the shared parts, on kinks and off them, by the
//! conventions of the evaluation; and the work does not depend on what stands behind a name.

use std::cmp::Ordering;

use rustc_hash::FxHashSet;

use super::How;
use super::look::{Look, Maxima, Moves};
use super::normal::{Fraction, within};
use super::probability::{Degree, POINTS, Residue, error_bound};
use super::seed::Seed;
use crate::expr::{EvalFault, ExprId, Node};
use crate::scalar::{Fault, Function, Rational, Scalar};

/// How many steps of polynomial arithmetic the normal form of one rewrite may take.
pub const MAX_LOCAL_STEPS: u64 = 200_000;
/// The same for a short look.
const PLAIN_STEPS: u64 = 2_000;
/// How many nodes the two sides of one rewrite may have, as far as they are looked into.
pub const MAX_LOCAL_NODES: usize = 20_000;
/// How deep below a rewrite shared parts are looked for.
const DEPTH: usize = 4;
/// How deep it is looked into where the shared parts hide too much.
const DEEPER: usize = 7;

/// Whether the two sides are equal wherever both have a value.
pub(super) fn proof(moves: &Moves<'_>, before: ExprId, after: ExprId) -> Option<How> {
    if is_definition(moves, before, after) {
        return Some(How::Exact);
    }
    let at = |(depth, shared)| proof_to(moves, before, after, depth, shared);
    [(DEPTH, true), (DEEPER, false)].into_iter().find_map(at)
}

/// The same, looking only `depth` operations into the two sides, and into what they share unless
/// `shared` hides that.
pub(super) fn proof_to(
    moves: &Moves<'_>,
    before: ExprId,
    after: ExprId,
    depth: usize,
    shared: bool,
) -> Option<How> {
    let opaque = parts(moves, before, after, depth, shared)?;
    let hidden = |id: ExprId| opaque.contains(&id);
    match exactly(moves, before, after, &hidden, MAX_LOCAL_STEPS) {
        Ok(true) => Some(How::Exact),
        Err(EvalFault::Scalar(Fault::TooLarge)) => {
            let error_bound = probably(moves, &[(before, after)], &hidden).swap_remove(0)?;
            Some(How::Probabilistic { error_bound })
        }
        _ => None,
    }
}

/// Whether a short look at the place shows that the sides are equal.
pub(super) fn is_plain(moves: &Moves<'_>, before: ExprId, after: ExprId) -> bool {
    parts(moves, before, after, DEPTH, true).is_some_and(|opaque| {
        let hidden = |id: ExprId| opaque.contains(&id);
        exactly(moves, before, after, &hidden, PLAIN_STEPS) == Ok(true)
    })
}

/// Whether the sides are equal whatever stands under their roots: then √u·√u = u is all that is
/// used of a root, and what u is need not be multiplied out.
pub(super) fn proof_with_open_roots(
    moves: &Moves<'_>,
    before: ExprId,
    after: ExprId,
    steps: u64,
) -> Option<How> {
    let mut opaque = FxHashSet::default();
    for id in moves.g.reachable(&[before, after]) {
        if let Node::Call(Function::Sqrt, a) = moves.g.node(id)
            && !matches!(moves.g.node(moves.meant(a, None)), Node::Number(_))
        {
            opaque.insert(moves.meant(a, None));
        }
    }
    if opaque.is_empty() {
        return None;
    }
    let hidden = |id: ExprId| opaque.contains(&id);
    match exactly(moves, before, after, &hidden, steps) {
        Ok(true) => Some(How::Exact),
        _ => None,
    }
}

/// Whether the sides are the same but for names and assumed winners, which stand for what they
/// are: q = u, and ∂q/∂x = ∂u/∂x unless q is x itself.
fn is_definition(moves: &Moves<'_>, before: ExprId, after: ExprId) -> bool {
    let meant = |id| moves.meant(id, None);
    match (moves.g.node(meant(before)), moves.g.node(meant(after))) {
        (Node::Partial { of: u, by: x }, Node::Partial { of: v, by: y }) => {
            x == y && moves.meant(u, Some(x)) == moves.meant(v, Some(x))
        }
        _ => meant(before) == meant(after),
    }
}

/// The parts that are not looked into: what both sides share down to `depth` operations below
/// the rewrite, if `shared`, and what lies deeper. What stands under ∂ on the left is the
/// subject of the rewrite and is looked into.
fn parts(
    moves: &Moves<'_>,
    before: ExprId,
    after: ExprId,
    depth: usize,
    shared: bool,
) -> Option<FxHashSet<ExprId>> {
    let g = moves.g;
    let mut subjects = FxHashSet::default();
    let mut fronts = [before, after].map(|root| vec![moves.meant(root, None)]);
    let mut seen = fronts.clone().map(FxHashSet::from_iter);
    // What was looked into on the left.
    let mut opened = Vec::new();
    let mut found = Vec::new();
    for _ in 0..depth {
        for side in [0, 1] {
            let mut next = Vec::new();
            for id in std::mem::take(&mut fronts[side]) {
                if shared && seen[1 - side].contains(&id) && !subjects.contains(&id) {
                    found.push(id);
                    continue;
                }
                if side == 0 {
                    opened.push(id);
                }
                let mut add = |child: ExprId| {
                    if seen[side].insert(child) {
                        next.push(child);
                    }
                };
                match g.node(id) {
                    Node::Partial { of, by } => {
                        let of = moves.meant(of, Some(by));
                        if side == 0 {
                            subjects.insert(of);
                        }
                        add(of);
                    }
                    Node::Wins { .. } => {}
                    _ => g.for_children(id, |child| add(moves.meant(child, None))),
                }
            }
            fronts[side] = next;
            if seen[side].len() > MAX_LOCAL_NODES {
                return None;
            }
        }
    }
    // What one side met late the other may have met early.
    if shared {
        let late = |id: &ExprId| seen[1].contains(id) && !subjects.contains(id);
        found.extend(opened.into_iter().filter(late));
    }
    found.extend(fronts.into_iter().flatten().filter(|id| !subjects.contains(id)));
    Some(found.into_iter().filter(|id| !matches!(g.node(*id), Node::Number(_))).collect())
}

/// Whether the normal form of the difference is 0.
fn exactly(
    moves: &Moves<'_>,
    before: ExprId,
    after: ExprId,
    hidden: &dyn Fn(ExprId) -> bool,
    steps: u64,
) -> Result<bool, EvalFault> {
    within(steps, || {
        let unknown = |what| Fraction::unknown(what).map(Free);
        let mut look = Look::new(moves, hidden, &unknown, Maxima::Unknown, MAX_LOCAL_NODES);
        let left = look.value(before).map_err(|e| e.fault)?;
        let right = look.value(after).map_err(|e| e.fault)?;
        Ok(left.0.sub(&right.0)?.is_identically_zero())
    })
}

/// For each pair, a bound on the probability that it is not equal, though it agrees at random
/// points of the prime field; none where it does not agree.
pub(super) fn probably(
    moves: &Moves<'_>,
    pairs: &[(ExprId, ExprId)],
    hidden: &dyn Fn(ExprId) -> bool,
) -> Vec<Option<f64>> {
    let degree = |_| Ok(Degree::variable());
    let mut look = Look::new(moves, hidden, &degree, Maxima::Unknown, usize::MAX);
    let mut sizes = Vec::with_capacity(pairs.len());
    for (before, after) in pairs {
        let sides = look.value(*before).and_then(|b| Ok((b, look.value(*after)?)));
        sizes.push(sides.ok().map(|(a, b)| a.size() + b.size() + 1.0));
    }
    let functions = look.functions;
    let mut bounds: Vec<Option<f64>> =
        sizes.into_iter().map(|size| error_bound(size?, functions)).collect();
    let roots: Vec<ExprId> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let seed = Seed::of(moves.g, &roots, moves.winners, hidden);
    seed.during(|| {
        for nth in 0..POINTS {
            let residue = |what| Ok(Residue::of_unknown(seed, nth, what));
            let mut look = Look::new(moves, hidden, &residue, Maxima::Unknown, usize::MAX);
            for ((before, after), bound) in pairs.iter().zip(&mut bounds) {
                let sides = (look.value(*before), look.value(*after));
                let agree = bound.is_some() && matches!(sides, (Ok(a), Ok(b)) if a == b);
                if !agree {
                    *bound = None;
                }
            }
        }
    });
    bounds
}

/// A normal form in which [x > 0] is an unknown function of x that is 0 at 0, and the other
/// kinks are written with it: relu(x) = x·[x > 0], sgn x = [x > 0] − [−x > 0], |x| = x·sgn x. All
/// of this is true at 0 as well.
#[derive(Clone, Debug, PartialEq)]
struct Free(Fraction);

impl Scalar for Free {
    fn from_rational(q: &Rational) -> Result<Free, Fault> {
        Fraction::from_rational(q).map(Free)
    }

    fn add(&self, other: &Free) -> Result<Free, Fault> {
        self.0.add(&other.0).map(Free)
    }

    fn sub(&self, other: &Free) -> Result<Free, Fault> {
        self.0.sub(&other.0).map(Free)
    }

    fn mul(&self, other: &Free) -> Result<Free, Fault> {
        self.0.mul(&other.0).map(Free)
    }

    fn neg(&self) -> Free {
        Free(self.0.neg())
    }

    fn div(&self, other: &Free) -> Result<Free, Fault> {
        self.0.div(&other.0).map(Free)
    }

    fn powi(&self, exponent: i32) -> Result<Free, Fault> {
        self.0.powi(exponent).map(Free)
    }

    fn pow(&self, exponent: &Free) -> Result<Free, Fault> {
        self.0.pow(&exponent.0).map(Free)
    }

    fn call(&self, function: Function) -> Result<Free, Fault> {
        let x = &self.0;
        let sign = || x.arbitrary_step()?.sub(&x.neg().arbitrary_step()?);
        match function {
            Function::Step => x.arbitrary_step(),
            Function::Sign => sign(),
            Function::Relu => x.mul(&x.arbitrary_step()?),
            Function::Abs => x.mul(&sign()?),
            smooth => x.call(smooth),
        }
        .map(Free)
    }

    fn compare(&self, other: &Free) -> Result<Ordering, Fault> {
        self.0.compare(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Graph, Winners};
    use crate::lang::parse_formula;

    /// Too large for a normal form.
    const LARGE: &str = "(a^2 + b^2 + c^2 + d^2 + e^2 + f^2 + 1)^30";

    fn with<T>(left: &str, right: &str, see: impl Fn(&Moves<'_>, ExprId, ExprId) -> T) -> T {
        let mut g = Graph::new();
        let [l, r] = [left, right].map(|text| parse_formula(&mut g, text).unwrap());
        see(&Moves::new(&g, &Winners::new()), l, r)
    }

    fn bound(left: &str, right: &str) -> Option<f64> {
        with(left, right, |moves, l, r| probably(moves, &[(l, r)], &|_| false)[0])
    }

    #[test]
    fn what_random_points_tell_apart_is_not_proved_by_them() {
        for wrong in ["a", "a^2 + b", "a^2 - b^2", "(a - b)^2", "0"] {
            assert_eq!(bound("(a + b)*(a - b) + b^2 + 1", wrong), None, "{wrong}");
        }
        assert_eq!(bound("exp(a)*exp(b)", "exp(a - b)"), None);
        // One of several pairs by itself.
        with("(a + b)^2", "a^2 + 2*a*b + b^2", |moves, l, r| {
            let found = probably(moves, &[(l, r), (l, l), (r, moves.g.children(r)[0])], &|_| false);
            assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
        });
    }

    /// Two sides of degree 3 and no function: (3 + 3 + 1)/p for each point.
    #[test]
    fn the_bound_is_that_of_the_degrees_and_functions() {
        assert_eq!(bound("(a + b)^3", "(a + b)*(a + b)^2"), error_bound(7.0, 0));
        assert!(bound("(a + b)^3*exp(a)", "exp(a)*(a + b)*(a + b)^2") > error_bound(7.0, 0));
    }

    #[test]
    fn what_is_too_large_is_tried_at_random_points() {
        let how = |left: &str, right: &str| {
            with(left, right, |moves, l, r| proof_to(moves, l, r, 99, false))
        };
        let right = format!("{LARGE}*(x - 1)*x + {LARGE}*x");
        let found = how(&format!("{LARGE}*x^2"), &right);
        assert!(matches!(found, Some(How::Probabilistic { .. })), "{found:?}");
        assert_eq!(how(&format!("{LARGE}*x^2 + 1"), &right), None);
        assert_eq!(how("(x + 1)^2", "x^2 + 2*x + 1"), Some(How::Exact));
    }

    /// Of a max nothing is known here but that it is one thing, and of its winners as little.
    #[test]
    fn a_max_is_looked_at_as_an_unknown() {
        let mut g = Graph::new();
        let [a, b, x, y] = ["a", "b", "x", "y"].map(|name| g.var(name));
        let max = g.max([a, b]);
        let (first, second) = (g.wins(max, a), g.wins(max, b));
        let sum = g.add([x, y]);
        let mut claim = |of: ExprId, right: bool| {
            let left = g.mul([of, sum]);
            let (by_x, by_y) = (g.mul([of, x]), g.mul([y, of]));
            (left, if right { g.add([by_x, by_y]) } else { by_x })
        };
        let cases = [(max, true), (first, true), (second, true), (max, false), (first, false)];
        let cases = cases.map(|(of, right)| (claim(of, right), right));
        // The weights of all arguments are 1, but who knows that.
        let (both, one) = (g.add([first, second]), g.integer(1));
        let winners = Winners::new();
        let moves = Moves::new(&g, &winners);
        let how = |l, r| proof_to(&moves, l, r, DEEPER, false);
        for ((left, after), right) in cases {
            assert_eq!(how(left, after), right.then_some(How::Exact));
        }
        assert_eq!(how(both, one), None);
        assert_eq!(how(max, a), None);
    }

    /// Dual numbers know first derivatives.
    #[test]
    fn a_derivative_of_a_derivative_is_not_looked_into() {
        let mut g = Graph::new();
        let (x, y, two) = (g.var("x"), g.var("y"), g.integer(2));
        let product = g.mul([x, y, y]);
        let slope = g.partial(product, y);
        let second = g.partial(slope, y);
        let right = g.mul([two, x]);
        let winners = Winners::new();
        let moves = Moves::new(&g, &winners);
        assert_eq!(proof_to(&moves, second, right, DEEPER, false), None);
        // Nor where the inner one stands still.
        let twice = g.mul([two, y]);
        let square = g.mul([y, y]);
        let still = g.partial(square, y);
        let product = g.mul([still, x]);
        let outer = g.partial(product, x);
        let moves = Moves::new(&g, &winners);
        assert_eq!(proof_to(&moves, still, twice, DEEPER, false), Some(How::Exact));
        assert_eq!(proof_to(&moves, outer, twice, DEEPER, false), None);
    }

    #[test]
    fn a_step_with_too_many_parts_is_not_looked_at() {
        let found = |terms: usize| {
            let mut g = Graph::new();
            let all: Vec<ExprId> = (0..terms).map(|n| g.var(&format!("x_{n}"))).collect();
            let (before, after) = (g.add(&all), g.var("x_0"));
            let winners = Winners::new();
            let moves = Moves::new(&g, &winners);
            parts(&moves, before, after, 3, false).is_some()
        };
        assert!(found(MAX_LOCAL_NODES - 1));
        assert!(!found(MAX_LOCAL_NODES) && !found(MAX_LOCAL_NODES + 10));
    }
}
