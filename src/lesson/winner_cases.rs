//! The case table: every gradient, for every choice of winners.

use std::collections::BTreeSet;

use crate::calculus::{self, Derivation, Request};
use crate::diag::Error;
use crate::expr::{ExprId, Graph, Node, Winners};
use crate::lower::{Lowered, Maximum};
use crate::proof;

/// A table of up to this many cases is printed without being asked for.
pub const TABLE_CASES: usize = 16;
/// The largest number of cases that is worked out at all.
pub const MAX_CASES: usize = 1024;

/// The gradients in every case.
#[non_exhaustive]
pub struct Cases {
    /// The maxima that are decided, in the order of the source.
    pub maxima: Vec<ExprId>,
    /// How many cases there are (saturating).
    pub count: usize,
    /// The cases that were worked out: all of them, or none where they are too many.
    pub rows: Vec<Case>,
    /// How many cases are not among them because the loss has no value in them, or the gradients
    /// could not be proved.
    pub left_out: usize,
    /// Whether a page prints them as a table.
    pub in_table: bool,
}

/// One case: who wins each max, and the gradients then.
#[non_exhaustive]
pub struct Case {
    /// The winner of each of [`Cases::maxima`].
    pub winners: Vec<ExprId>,
    /// The gradient for each x of the request, in its order.
    pub gradients: Vec<ExprId>,
}

/// Works every case out by a derivation of its own. Its steps are not shown, so it is its results
/// that are proved, against the reverse sweep.
pub(super) fn cases(
    derivation: &mut Derivation,
    maxima: &[Maximum],
    params: &BTreeSet<ExprId>,
    loss: ExprId,
    by: &[ExprId],
    cells: &[Vec<ExprId>],
    all: bool,
) -> Result<Option<Cases>, Error> {
    let reached: BTreeSet<ExprId> = derivation.graph.reachable(&[loss]).into_iter().collect();
    let maxima: Vec<ExprId> =
        maxima.iter().map(|m| m.max).filter(|m| reached.contains(m)).collect();
    if maxima.is_empty() {
        return Ok(None);
    }
    let choices: Vec<Vec<ExprId>> =
        maxima.iter().map(|max| distinct_args(&derivation.graph, *max)).collect();
    let count = choices.iter().fold(1usize, |n, c| n.saturating_mul(c.len()));
    let mut rows = Vec::new();
    let mut left_out = 0;
    if count <= MAX_CASES {
        let request = Request { by: by.to_vec(), updates: false };
        for nth in 0..count {
            let winners = choice(&choices, nth);
            let lowered = Lowered {
                graph: std::mem::take(&mut derivation.graph),
                cells: cells.to_vec(),
                loss,
                winners: maxima.iter().copied().zip(winners.iter().copied()).collect::<Winners>(),
                maxima: Vec::new(),
                values: Default::default(),
                params: params.clone(),
                distributions: derivation.distributions.clone(),
            };
            let mut case = calculus::derive(lowered, &request)?;
            let proved = proof::has_value(&case) && proof::against_sweep(&mut case).is_ok();
            let gradients = case.targets.iter().map(|t| case.lemma(*t).result).collect();
            derivation.graph = case.graph;
            if proved {
                rows.push(Case { winners, gradients });
            } else {
                left_out += 1;
            }
        }
    }
    let in_table = !rows.is_empty() && (all || count <= TABLE_CASES);
    Ok(Some(Cases { maxima, count, rows, left_out, in_table }))
}

fn distinct_args(g: &Graph, max: ExprId) -> Vec<ExprId> {
    let Node::Max(args) = g.node(max) else { return Vec::new() };
    let mut seen = BTreeSet::new();
    g.args(args).iter().copied().filter(|arg| seen.insert(*arg)).collect()
}

/// The nth choice, the last max moving fastest.
fn choice(choices: &[Vec<ExprId>], mut nth: usize) -> Vec<ExprId> {
    let mut picked: Vec<ExprId> = choices
        .iter()
        .rev()
        .map(|args| {
            let arg = args[nth % args.len()];
            nth /= args.len();
            arg
        })
        .collect();
    picked.reverse();
    picked
}
