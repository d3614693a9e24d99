//! Places inside an expression, and rewriting at one.

use crate::expr::{ExprId, Graph, Node};

/// The subexpression of `root` at `site` (the number of the child to take, from the root down),
/// or `None` if there is no such place.
pub fn subterm(g: &Graph, root: ExprId, site: &[u32]) -> Option<ExprId> {
    site.iter().try_fold(root, |at, n| g.child(at, *n as usize))
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
#[inline]
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
    let mut walk = Walk::from(root);
    while let Some((id, turn)) = walk.next(g) {
        if turn == Turn::Up {
            continue;
        }
        let is_wanted = wanted(g, id);
        if is_wanted {
            found.push((walk.site.clone(), id));
        }
        if is_wanted || is_sealed(g, id) {
            walk.skip();
        }
    }
    found
}

/// A way through an expression, in depth and from left to right. It comes to each place twice.
pub(super) struct Walk {
    /// Where it is, from the root down.
    pub(super) site: Vec<u32>,
    /// The nodes from the root down, each with how many of its children were visited; before it is
    /// on the way down to them, there are none.
    stack: Vec<(ExprId, Option<u32>)>,
}

/// On the way down to the children of a node, or on the way up from them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Down,
    Up,
}

impl Walk {
    pub(super) fn from(root: ExprId) -> Walk {
        Walk { site: Vec::new(), stack: vec![(root, None)] }
    }

    /// The node that comes next, which [`Walk::site`] then leads to.
    pub(super) fn next(&mut self, g: &Graph) -> Option<(ExprId, Turn)> {
        loop {
            let (id, visited) = self.stack.last_mut()?;
            let id = *id;
            match visited {
                None => {
                    *visited = Some(0);
                    return Some((id, Turn::Down));
                }
                Some(LEFT) => {
                    self.stack.pop();
                    self.site.pop();
                }
                Some(n) => match g.child(id, *n as usize) {
                    Some(child) => {
                        self.site.push(*n);
                        *n += 1;
                        self.stack.push((child, None));
                    }
                    None => {
                        *n = LEFT;
                        return Some((id, Turn::Up));
                    }
                },
            }
        }
    }

    /// Leaves the children out of the node that it came down to last.
    pub(super) fn skip(&mut self) {
        if let Some((_, visited)) = self.stack.last_mut() {
            *visited = Some(ALL);
        }
    }
}

/// In place of a number of children: no other one is to be visited, and the walk has left the node.
const ALL: u32 = u32::MAX - 1;
const LEFT: u32 = u32::MAX;
