//! What a claim consists of, found in one look before anything is evaluated.
//!
//! Goes in: a claim and its context. Comes out: its symbols, its kinks and how much work an
//! evaluation is, or the reason why it cannot be decided: it is too large, or it holds a
//! derivative of something that has no definition.

use rustc_hash::FxHashSet;

use super::{Context, Leaves, Reason};
use crate::expr::{ExprId, Graph, Node, SymbolId};

/// The largest number of nodes of a claim.
pub const MAX_NODES: usize = 100_000;
/// The largest number of nodes that one evaluation visits; a derivative visits its operand
/// again.
pub const MAX_VISITS: usize = 200_000;

/// What a claim consists of.
pub(super) struct Survey {
    /// The free symbols, sorted.
    pub(super) symbols: Vec<SymbolId>,
    /// The maxima whose winner is assumed.
    pub(super) decided: Vec<ExprId>,
    /// How many nodes an evaluation visits.
    pub(super) visits: usize,
    /// How many kinks there are.
    pub(super) kinks: usize,
    /// How many elementary functions and powers that are no whole numbers.
    pub(super) kernels: usize,
}

impl Survey {
    pub(super) fn of(
        g: &Graph,
        lhs: ExprId,
        rhs: ExprId,
        context: &Context<'_>,
    ) -> Result<Survey, Reason> {
        let mut survey =
            Survey { symbols: Vec::new(), decided: Vec::new(), visits: 0, kinks: 0, kernels: 0 };
        let mut partials = Vec::new();
        let mut all = walk(g, &[lhs, rhs], None, context)?;
        let direct = all.len();
        // What is under ∂ counts as part of the claim.
        let mut known: FxHashSet<ExprId> = all.iter().copied().collect();
        for at in 0..direct {
            if let Node::Partial { of, by } = g.node(all[at]) {
                partials.push((of, by));
                for id in walk(g, &[of], None, context)? {
                    survey.visits += 1;
                    if matches!(g.node(id), Node::Partial { .. }) {
                        return Err(Reason::NestedPartial);
                    }
                    if known.insert(id) {
                        all.push(id);
                    }
                }
            }
            if survey.visits > MAX_VISITS {
                return Err(Reason::TooLarge);
            }
        }
        survey.visits += direct;
        if all.len() > MAX_NODES {
            return Err(Reason::TooLarge);
        }
        all.sort_unstable();
        for id in all {
            survey.note(g, id, context);
        }
        survey.symbols.sort_unstable();
        survey.symbols.dedup();
        for (of, by) in partials {
            no_unknown(g, of, by, context)?;
        }
        Ok(survey)
    }

    /// Whether the argument of a kink may be 0 throughout a region without a normal form that
    /// says so.
    pub(super) fn has_kernels_at_kinks(&self) -> bool {
        self.kinks > 0 && self.kernels > 0
    }

    fn note(&mut self, g: &Graph, id: ExprId, context: &Context<'_>) {
        match g.node(id) {
            Node::Var(symbol) => self.symbols.push(symbol),
            Node::Pow(_, n) => {
                let whole = g.as_number(n).is_some_and(|q| q.to_i32().is_some());
                self.kernels += usize::from(!whole);
            }
            Node::Max(_) if context.winners.contains_key(&id) => self.decided.push(id),
            Node::Max(args) => self.kinks += args.len(),
            Node::Call(f, _) if f.has_kink() => self.kinks += 1,
            Node::Call(..) => self.kernels += 1,
            _ => {}
        }
    }
}

/// What an evaluation of `roots` visits; what is under a `Partial` is not.
fn walk(
    g: &Graph,
    roots: &[ExprId],
    stop: Option<ExprId>,
    context: &Context<'_>,
) -> Result<Vec<ExprId>, Reason> {
    let mut seen = FxHashSet::default();
    let mut stack = roots.to_vec();
    let mut all = Vec::new();
    while let Some(id) = stack.pop() {
        if Some(id) == stop || !seen.insert(id) {
            continue;
        }
        all.push(id);
        if all.len() > MAX_NODES {
            return Err(Reason::TooLarge);
        }
        match (context.winners.get(&id), g.node(id)) {
            (_, Node::Partial { .. }) => {}
            (Some(winner), _) => stack.push(*winner),
            _ => g.for_children(id, |child| stack.push(child)),
        }
    }
    Ok(all)
}

/// Every symbol under ∂ must be the variable itself or be known not to depend on it: ∂E/∂w is
/// not 0 just because nobody said what E is.
fn no_unknown(g: &Graph, of: ExprId, by: ExprId, context: &Context<'_>) -> Result<(), Reason> {
    let Leaves::Declared(leaves) = context.leaves else { return Ok(()) };
    let mut below = walk(g, &[of], Some(by), context)?;
    below.sort_unstable();
    for id in below {
        if let Node::Var(symbol) = g.node(id)
            && !leaves.contains(&symbol)
        {
            return Err(Reason::NoDefinition(symbol));
        }
    }
    Ok(())
}

/// SplitMix64: a fixed stream, the same on every machine.
pub(super) fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Winners;
    use crate::lang::parse_formula;

    #[test]
    fn what_is_under_a_derivative_is_visited_once_more() {
        let mut g = Graph::new();
        let square = parse_formula(&mut g, "x^2 + abs(y)").unwrap();
        let (x, y) = (g.var("x"), g.var("y"));
        let slope = g.partial(square, x);
        let winners = Winners::new();
        let context = Context { winners: &winners, leaves: Leaves::All };
        let of = |l, r| Survey::of(&g, l, r, &context).unwrap();
        // x² + |y|, x², 2, |y| and x, y; and y once more on the right.
        assert_eq!((of(square, y).visits, of(square, y).kinks), (6, 1));
        // ∂ itself and y; and what stands under it.
        assert_eq!((of(slope, y).visits, of(slope, y).symbols.len()), (2 + 6, 2));
    }

    /// The first numbers of the stream from 0, as its authors give them.
    #[test]
    fn the_stream_is_split_mix() {
        assert_eq!(mixed(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mixed(0x9E37_79B9_7F4A_7C15), 0x6E78_9E6A_A1B9_65F4);
    }
}
