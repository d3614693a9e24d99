//! Places inside an expression, and rewriting at one.

use crate::expr::{ExprId, Graph, Node};

/// The subexpression of `root` at `site` (the number of the child to take, from the root down),
/// or `None` if there is no such place.
pub fn subterm(g: &Graph, root: ExprId, site: &[u32]) -> Option<ExprId> {
    site.iter().try_fold(root, |at, n| g.children(at).get(*n as usize).copied())
}

/// `root` with `new` at `site`. A product put into a product, or a sum into a sum, is spliced
/// into it: that is associativity, which a reader does not see as a step.
///
/// # Panics
/// If there is no such place; see [`subterm`].
pub fn replace_at(g: &mut Graph, root: ExprId, site: &[u32], new: ExprId) -> ExprId {
    let Some((first, rest)) = site.split_first() else { return new };
    let mut children = g.children(root);
    let slot = *first as usize;
    let old = children[slot];
    children[slot] = replace_at(g, old, rest, new);
    // Only what is new is spliced: the author's own nesting stays as it is.
    let same = |a, b| std::mem::discriminant(&g.node(a)) == std::mem::discriminant(&g.node(b));
    if matches!(g.node(root), Node::Add(_) | Node::Mul(_))
        && same(children[slot], root)
        && !same(old, root)
    {
        let inner = g.children(children[slot]);
        children.splice(slot..=slot, inner);
    }
    g.rebuild(root, &children)
}

/// Whether rewriting stops here. What is behind a name is not part of the line; and a max that
/// was rewritten inside would be another one than that whose winner is assumed.
pub(super) fn is_sealed(g: &Graph, id: ExprId) -> bool {
    matches!(g.node(id), Node::Named(..) | Node::Partial { .. } | Node::Wins { .. } | Node::Max(_))
}

/// Every place of `root` where `wanted` holds, outermost only, from left to right. Names and
/// derivatives are not looked into: what is behind a name is not part of the line.
pub(super) fn sites(
    g: &Graph,
    root: ExprId,
    wanted: &mut dyn FnMut(&Graph, ExprId) -> bool,
) -> Vec<(Vec<u32>, ExprId)> {
    let mut found = Vec::new();
    let mut stack = vec![(Vec::new(), root)];
    while let Some((site, id)) = stack.pop() {
        if wanted(g, id) {
            found.push((site, id));
            continue;
        }
        if is_sealed(g, id) {
            continue;
        }
        for (n, child) in g.children(id).into_iter().enumerate().rev() {
            let mut below = site.clone();
            below.push(n as u32);
            stack.push((below, child));
        }
    }
    found
}
