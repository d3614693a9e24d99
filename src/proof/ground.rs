//! Points of a network at which a derivation is tried: where the loss has a value, and every
//! line, and equal sides do.
//!
//! Goes in: the loss and the given values. Comes out: points where the loss has a value, or which
//! operation has none at any of those that were tried. The given values come first, then points
//! near them, then others of every magnitude; the same on every machine.

use std::collections::BTreeMap;

use super::enclosure::Enclosure;
use super::look::{Look, Maxima, Moves};
use super::normal::Unknown;
use super::survey::mixed;
use crate::expr::{EvalError, EvalFault, ExprId, Graph, Node, SymbolId, Winners};
use crate::scalar::{Fault, Rational, Scalar};

/// At how many points a loss is tried before it counts as having no value.
pub const MAX_POINTS: usize = 160;
/// At how many points where the loss has a value the lines of its derivation are tried.
pub const MAX_GROUNDS: usize = 24;
/// How many values may be computed in the search for points.
pub const MAX_GROUND_VALUES: usize = 1 << 25;

/// The points of a network, one after the other.
pub(super) struct Points<'a> {
    g: &'a Graph,
    given: &'a BTreeMap<SymbolId, Rational>,
    /// Cells that sum to 1 at every point.
    sums: &'a [Vec<ExprId>],
    /// Those that the loss depends on, sorted.
    variables: Vec<ExprId>,
}

impl<'a> Points<'a> {
    pub(super) fn of(
        g: &'a Graph,
        root: ExprId,
        given: &'a BTreeMap<SymbolId, Rational>,
        sums: &'a [Vec<ExprId>],
    ) -> Points<'a> {
        let is_variable = |id: &ExprId| matches!(g.node(*id), Node::Var(_));
        let variables = g.reachable(&[root]).into_iter().filter(is_variable).collect();
        Points { g, given, sums, variables }
    }

    /// The value of a variable at the point of that number.
    fn value(&self, nth: usize, variable: ExprId) -> Rational {
        let last_of = self.sums.iter().find(|cells| cells.last() == Some(&variable));
        if let Some((_, others)) = last_of.and_then(|cells| cells.split_last()) {
            let mut others = others.iter().map(|cell| self.free(nth, *cell));
            let rest = others.try_fold(Rational::from(1), |rest, q| rest.sub(&q));
            return rest.unwrap_or_else(|_| Rational::from(1));
        }
        self.free(nth, variable)
    }

    /// The same for a variable that is the last of no sum.
    fn free(&self, nth: usize, variable: ExprId) -> Rational {
        let given = self.g.symbol_of(variable).and_then(|s| self.given.get(&s));
        let at = match self.variables.binary_search(&variable) {
            Ok(at) => at,
            Err(_) => self.variables.len() + variable.index(),
        };
        self.coordinate(nth, at as u64, given)
    }

    fn coordinate(&self, nth: usize, at: u64, given: Option<&Rational>) -> Rational {
        let z = mixed(mixed(nth as u64) ^ mixed(!at));
        // Between −1 and 1, and never 0.
        let unit = fraction(2 * (z % 512) as i64 - 511, 512);
        let scaled = |size: Rational| unit.mul(&size).unwrap_or_else(|_| unit.clone());
        if let Some(given) = given {
            if nth == 0 {
                return given.clone();
            }
            // Around what is given, by a little first.
            if nth % 2 == 1 {
                let size = given.abs().max(Rational::from(1));
                let reach = fraction(1, [1024, 16, 2, 1][nth / 2 % 4]);
                let moved = size.mul(&reach).and_then(|r| given.add(&scaled(r)));
                return moved.unwrap_or_else(|_| given.clone());
            }
        }
        let positive = |q: Rational| if nth.is_multiple_of(3) { q.abs() } else { q };
        match nth {
            // Small whole numbers first.
            0 => Rational::from(2 + (at % 97) as i64),
            1 if at.is_multiple_of(2) => Rational::from(-3 - (at % 89) as i64),
            1 => Rational::from(1 + (at % 83) as i64),
            _ => {
                const SIZES: [(i64, i64); 10] = [
                    (1, 1),
                    (4, 1),
                    (1, 8),
                    (16, 1),
                    (1, 64),
                    (128, 1),
                    (1, 1024),
                    (2048, 1),
                    (1 << 20, 1),
                    (1, 1 << 20),
                ];
                let (numer, denom) = SIZES[nth % SIZES.len()];
                positive(scaled(fraction(numer, denom)))
            }
        }
    }
}

fn fraction(numer: i64, denom: i64) -> Rational {
    Rational::new(numer, denom).unwrap_or_else(|_| Rational::from(numer))
}

/// What happened at a point.
pub(super) enum Seen {
    /// Every expression has a value, and no two of a pair are apart.
    Agree,
    /// The sides of the pair of that number have different values.
    Differ(usize),
    /// This one has no value, or none that could be told.
    Undefined(EvalError),
}

/// Tries pairs of expressions that are to be equal at the point of that number; `left` is how
/// many more values may be computed.
pub(super) fn see(
    moves: &Moves<'_>,
    points: &Points<'_>,
    nth: usize,
    pairs: impl Iterator<Item = (ExprId, ExprId)>,
    left: &mut usize,
) -> Seen {
    let unknown = |what| match what {
        Unknown::Value(id) => Enclosure::from_rational(&points.value(nth, id)),
        _ => Err(Fault::NoOrder),
    };
    let mut look = Look::new(moves, &|_| false, &unknown, Maxima::Compared, *left);
    let mut seen = Seen::Agree;
    for (nth, (before, after)) in pairs.enumerate() {
        match look.value(before).and_then(|b| Ok((b, look.value(after)?))) {
            Ok((b, a)) if b.apart(a) => {
                seen = Seen::Differ(nth);
                break;
            }
            Ok(_) => {}
            Err(error) => {
                seen = Seen::Undefined(error);
                break;
            }
        }
    }
    *left = look.left();
    seen
}

/// Whether `root` has a value at one of the points that are tried.
///
/// # Errors
/// The operation that has none, and why, at the point that came furthest; at the given values, if
/// they decide it.
pub fn value_somewhere(
    g: &Graph,
    root: ExprId,
    winners: &Winners,
    given: &BTreeMap<SymbolId, Rational>,
) -> Result<(), EvalError> {
    let moves = Moves::new(g, winners);
    let points = Points::of(g, root, given, &[]);
    first_ground(&moves, &points, root, 0, &mut { MAX_GROUND_VALUES }).map(|_| ())
}

/// The number of the first point, from number `from` on, where `root` has a value.
pub(super) fn first_ground(
    moves: &Moves<'_>,
    points: &Points<'_>,
    root: ExprId,
    from: usize,
    left: &mut usize,
) -> Result<usize, EvalError> {
    let mut furthest: Option<EvalError> = None;
    for nth in from..MAX_POINTS {
        let Seen::Undefined(error) = see(moves, points, nth, std::iter::once((root, root)), left)
        else {
            return Ok(nth);
        };
        let over = error.fault == EvalFault::Scalar(Fault::TooLarge);
        if furthest.as_ref().is_none_or(|f| f.node < error.node) {
            furthest = Some(error);
        }
        if over {
            break;
        }
    }
    Err(furthest.unwrap_or(EvalError { node: root, fault: EvalFault::Scalar(Fault::TooLarge) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The given point comes first, then others around it, in circles that widen and begin anew.
    #[test]
    fn points_are_tried_around_what_is_given() {
        let mut g = Graph::new();
        let cells: Vec<ExprId> = (0..40).map(|n| g.var(&format!("x_{n}"))).collect();
        let root = g.add(cells.clone());
        let ten = Rational::from(10);
        let given: BTreeMap<SymbolId, Rational> =
            cells.iter().map(|x| (g.symbol_of(*x).unwrap(), ten.clone())).collect();
        let points = Points::of(&g, root, &given, &[]);
        let furthest = |nth: usize| {
            let off = |x: &ExprId| points.value(nth, *x).sub(&ten).unwrap().abs().to_f64();
            cells.iter().map(off).fold(0.0, f64::max)
        };
        assert_eq!(furthest(0), 0.0);
        for (nth, reach) in [(1, 1024.0), (3, 16.0), (5, 2.0), (7, 1.0), (9, 1024.0), (11, 16.0)] {
            let (found, most) = (furthest(nth), 10.0 / reach);
            assert!(found <= most && found > most / 2.0, "{nth}: {found} of {most}");
        }
    }

    #[test]
    fn a_sum_that_is_given_is_1_at_every_point() {
        let mut g = Graph::new();
        let cells: Vec<ExprId> = (0..3).map(|n| g.var(&format!("t_{n}"))).collect();
        let root = g.mul(cells.clone());
        let (given, sums) = (BTreeMap::new(), [cells.clone()]);
        let points = Points::of(&g, root, &given, &sums);
        for nth in 0..30 {
            let values = cells.iter().map(|t| points.value(nth, *t));
            let sum = values.fold(Rational::from(0), |sum, t| sum.add(&t).unwrap());
            assert!(sum.is_one(), "{nth}");
        }
    }

    #[test]
    fn small_whole_numbers_come_first() {
        let mut g = Graph::new();
        let cells: Vec<ExprId> = (0..5).map(|n| g.var(&format!("x_{n}"))).collect();
        let (root, given) = (g.add(cells.clone()), BTreeMap::new());
        let points = Points::of(&g, root, &given, &[]);
        let point = |nth| cells.iter().map(|x| points.value(nth, *x)).collect::<Vec<_>>();
        assert_eq!(point(0), [2, 3, 4, 5, 6].map(Rational::from));
        assert_eq!(point(1), [-3, 2, -5, 4, -7].map(Rational::from));
    }
}
