//! Gradients as expressions for a reader: those of the reverse sweep, tidied.
//!
//! In: expressions. Out: the same, rewritten by the tidying rules of a derivation until none
//! matches. What always holds: the value is the same wherever both have one; names, and every max
//! with its assumed winner, stay as they are; each node is tidied once, however often it is used,
//! and a node that is too wide for that is only rid of its zeros and ones.

use rustc_hash::FxHashMap;

use super::derive::places_of;
use super::path::is_sealed;
use super::rules::{self, Context, Group, Rule};
use super::sweep;
use crate::expr::{ExprId, Graph, Node, Symbol, Winners};

/// What has more places than this is not searched for terms and factors that go together.
const MAX_WIDTH: usize = 1 << 10;

/// A rule is applied no more often than this, whatever the rules make of one another.
const MAX_REWRITES: usize = 1 << 22;

/// The rules that look at a node and its children alone.
pub(super) const NARROW: [Rule; 2] = [Rule::ZeroProduct, Rule::DropZero];

/// ∂root/∂x for every x of `by`, as expressions in the form in which a derivation ends; 0 where
/// root does not depend on x. A max with an assumed winner passes everything to it; another one
/// sends it to each argument, times the bracket that says whether that argument wins.
///
/// ```
/// let mut g = backproof::Graph::new();
/// let loss = backproof::parse_formula(&mut g, "(t - w*x)^2/2 + 0*w")?;
/// let w = g.var("w");
/// let slope = backproof::gradients(&mut g, loss, &[w], &Default::default())[0];
/// assert_eq!(backproof::print_formula(&g, slope), "(w*x - t)*x");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn gradients(g: &mut Graph, root: ExprId, by: &[ExprId], winners: &Winners) -> Vec<ExprId> {
    let swept = sweep::gradients(g, root, by, winners);
    tidied(g, &swept, winners)
}

/// The same expressions, tidied.
pub(crate) fn tidied(g: &mut Graph, roots: &[ExprId], winners: &Winners) -> Vec<ExprId> {
    let tidying: Vec<Rule> =
        rules::TABLE.iter().filter(|row| row.group == Group::Tidy).map(|row| row.rule).collect();
    let (names, local) = (FxHashMap::default(), Symbol::named("z"));
    let context =
        Context { winners, names: &names, local: &local, fractions: &[], distributions: &[] };
    let mut done: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    // What a node was rewritten to, which is still to be tidied.
    let mut becomes: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut left = MAX_REWRITES;
    let mut stack = roots.to_vec();
    while let Some(id) = stack.last().copied() {
        if done.contains_key(&id) {
            stack.pop();
            continue;
        }
        if let Some(next) = becomes.get(&id) {
            // A rewrite that leads back to itself ends here.
            let end = done.get(next).copied().unwrap_or(*next);
            done.insert(id, end);
            stack.pop();
            continue;
        }
        if is_sealed(g, id) {
            done.insert(id, id);
            stack.pop();
            continue;
        }
        let children = g.children(id);
        let waiting: Vec<ExprId> =
            children.iter().copied().filter(|c| !done.contains_key(c)).collect();
        if !waiting.is_empty() {
            stack.extend(waiting);
            continue;
        }
        let new: Vec<ExprId> = children.iter().map(|c| done[c]).collect();
        let rebuilt = if new == children { id } else { spliced(g, id, &children, &new) };
        let rules = match is_wide(g, rebuilt) {
            true => &NARROW[..],
            false => &tidying[..],
        };
        let applied = match left {
            0 => None,
            _ => rules.iter().find_map(|rule| rules::apply(g, *rule, rebuilt, &context)),
        };
        left -= usize::from(applied.is_some());
        let next = applied.map_or(rebuilt, |a| a.contractum);
        if next == id {
            done.insert(id, id);
            stack.pop();
        } else {
            becomes.insert(id, next);
            stack.push(next);
        }
    }
    roots.iter().map(|root| done[root]).collect()
}

/// Whether a node has too many places to be searched for what goes together.
pub(super) fn is_wide(g: &Graph, id: ExprId) -> bool {
    places_of(g, id, MAX_WIDTH) > MAX_WIDTH
}

/// A node on other children; what has become a product is spliced into a product, what has become
/// a sum into a sum, and the author's own nesting stays.
fn spliced(g: &mut Graph, id: ExprId, old: &[ExprId], new: &[ExprId]) -> ExprId {
    let own = std::mem::discriminant(&g.node(id));
    let same = |g: &Graph, e: ExprId| std::mem::discriminant(&g.node(e)) == own;
    if !matches!(g.node(id), Node::Add(_) | Node::Mul(_)) {
        return g.rebuild(id, new);
    }
    let mut flat = Vec::with_capacity(new.len());
    for (old, new) in old.iter().zip(new) {
        match g.node(*new) {
            Node::Add(args) | Node::Mul(args)
                if same(g, *new) && !same(g, *old) && args.len() <= MAX_WIDTH =>
            {
                flat.extend_from_slice(g.args(args));
            }
            _ => flat.push(*new),
        }
    }
    match g.node(id) {
        Node::Add(_) => g.add(flat),
        _ => g.mul(flat),
    }
}
