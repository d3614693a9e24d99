//! Limits of expressions of the graph, and slopes by the same way.
//!
//! Goes in: an expression in which a small quantity ε stands. Comes out: an expression without ε
//! that is its limit as ε → 0, or why none was found. The way: the expression is expanded in powers
//! of ε whose coefficients are expressions ([`series`]); the limit is the constant term where no
//! power below it is left.
//!
//! What always holds: the limit is that of both sides; it is one wherever the expression that comes
//! out has a value, kinks aside; a coefficient that is left out was proved to be 0, and one that is
//! divided by has a value that is plainly not 0; the numbers of the expression itself, at small ε,
//! agree ([`numbers_agree`]). What approaches a kink, or grows, is refused.

mod coefficients;
mod elementary;
mod series;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::expr::{Branches, ExprId, Graph, Rest, SymbolId, Winners, evaluate_all};
use series::Expansion;

/// What a document knows besides the graph.
pub(super) struct Around<'a> {
    pub(super) winners: &'a Winners,
    pub(super) leaves: &'a BTreeSet<SymbolId>,
    /// The names of functions that nobody defines, by the first of the two numbers that each is
    /// written with: its value at 0 were it a line, and its slope.
    pub(super) functions: BTreeMap<ExprId, String>,
    /// What may stand in the graph and has no meaning there: numbers of a function at an argument
    /// that moves.
    pub(super) moving: BTreeSet<ExprId>,
}

/// What is wanted of an unknown function at a point that ε does not move: its value and its slope.
pub(super) type Jet<'j> = dyn FnMut(&mut Graph, &str, ExprId) -> Option<[ExprId; 2]> + 'j;

/// The limit of an expression as `small` goes to 0.
pub(super) fn limit(
    graph: &mut Graph,
    of: ExprId,
    small: ExprId,
    around: &Around<'_>,
    jet: &mut Jet<'_>,
) -> Result<ExprId, String> {
    let value = Expansion::new(graph, small, around, jet).constant_term(of)?;
    match numbers_agree(graph, of, value, small, around) {
        true => Ok(value),
        false => Err("two ways to work this limit out do not agree".to_string()),
    }
}

/// How many points are tried for one at which both have a value.
const POINTS: u32 = 8;

/// Whether an expression comes near its limit: in plain numbers at a point, for ε that get smaller,
/// on both sides of 0. A second way, that knows nothing of series.
fn numbers_agree(
    graph: &Graph,
    of: ExprId,
    value: ExprId,
    small: ExprId,
    around: &Around<'_>,
) -> bool {
    let branches = Branches { winners: Some(around.winners), rest: Rest::ByValue, opaque: None };
    let at = |nth: u32, epsilon: f64| {
        let point = |symbol: SymbolId| {
            if graph.symbol_of(small) == Some(symbol) {
                return Some(epsilon);
            }
            // An unknown function is one line, whatever its argument is.
            let text = graph.symbol(symbol).spelling();
            let key = text.split('·').next().unwrap_or(&text);
            let mixed = key
                .bytes()
                .fold(2_166_136_261u32, |h, b| (h ^ u32::from(b)).wrapping_mul(16_777_619));
            let spread = mixed.rotate_left(nth * 5).wrapping_mul(2_654_435_761) >> 7;
            Some(0.25 + f64::from(spread % 1009) / 1009.0)
        };
        evaluate_all::<f64>(graph, &[of, value], &point, branches).ok()
    };
    for nth in 0..POINTS {
        let near = [1e-2, 1e-3, 1e-4].map(|e| {
            let sides: Vec<f64> = [e, -e]
                .into_iter()
                .filter_map(|e| at(nth, e))
                .map(|v| (v[0] - v[1]).abs() / (1.0 + v[1].abs()))
                .collect();
            sides.into_iter().reduce(f64::max)
        });
        if let [Some(far), Some(near), Some(nearest)] = near
            && far.is_finite()
        {
            return nearest < 0.02 && (nearest <= near / 2.0 || nearest < 1e-6);
        }
    }
    false
}
