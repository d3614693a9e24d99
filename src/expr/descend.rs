//! What lies below a node: one loop down the arena. Children have smaller ids than their parents,
//! so nothing recurses and nothing is sorted.

use super::ExprId;

/// The roots and all that `below` leads to from them, each once, children before parents. It is
/// called with a node and with what takes its children, which have smaller ids: one loop down
/// the arena, without a stack and without sorting.
pub(crate) fn descend(
    roots: &[ExprId],
    mut below: impl FnMut(ExprId, &mut dyn FnMut(ExprId)),
) -> Vec<ExprId> {
    let mut marks = Marks::up_to(roots);
    for root in roots {
        marks.insert(*root);
    }
    let mut all = Vec::new();
    for group in (0..marks.groups.len()).rev() {
        let mut done = 0u64;
        while let Some(word) = last(marks.groups[group] & !done) {
            done |= 1 << word;
            marks.visit(group * 64 + word as usize, &mut all, &mut below);
        }
    }
    all.reverse();
    all
}

/// The place of the last bit.
fn last(bits: u64) -> Option<u32> {
    63u32.checked_sub(bits.leading_zeros())
}

/// Which nodes of a graph were seen: one bit each. A few nodes far apart in a large graph are
/// found by another bit for each word that is not 0.
pub(crate) struct Marks {
    words: Vec<u64>,
    groups: Vec<u64>,
}

impl Marks {
    /// No marks yet, with room for `roots` and everything below them.
    pub(crate) fn up_to(roots: &[ExprId]) -> Marks {
        let top = roots.iter().map(|id| id.index() + 1).max().unwrap_or(0);
        let words = top.div_ceil(64);
        Marks { words: vec![0; words], groups: vec![0; words.div_ceil(64)] }
    }

    /// Marks a node; whether it was not marked before.
    #[inline]
    pub(crate) fn insert(&mut self, id: ExprId) -> bool {
        let (word, bit) = (id.index() / 64, 1 << (id.index() % 64));
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.groups[word / 64] |= 1 << (word % 64);
        new
    }

    /// Goes through the marked nodes of a word, the last first, and marks what is below them.
    fn visit(
        &mut self,
        word: usize,
        all: &mut Vec<ExprId>,
        below: &mut impl FnMut(ExprId, &mut dyn FnMut(ExprId)),
    ) {
        let mut done = 0u64;
        while let Some(bit) = last(self.words[word] & !done) {
            done |= 1 << bit;
            let id = ExprId((word * 64) as u32 + bit);
            all.push(id);
            below(id, &mut |child| {
                self.insert(child);
            });
        }
    }
}

/// Where each node of an order of ascending nodes stands in it: through a table where the nodes
/// lie close together, by binary search where a few lie far apart in a large graph.
pub(crate) struct Places<'a> {
    order: &'a [ExprId],
    table: Vec<u32>,
}

impl<'a> Places<'a> {
    pub(crate) fn of(order: &'a [ExprId]) -> Places<'a> {
        let top = order.last().map_or(0, |id| id.index() + 1);
        let mut table = Vec::new();
        if top <= 8 * order.len() + 1024 {
            table = vec![u32::MAX; top];
            for (n, id) in order.iter().enumerate() {
                table[id.index()] = n as u32;
            }
        }
        Places { order, table }
    }

    /// The place of a node, if it is in the order.
    pub(crate) fn find(&self, id: ExprId) -> Option<usize> {
        match self.table.as_slice() {
            [] => self.order.binary_search(&id).ok(),
            table => table.get(id.index()).filter(|n| **n != u32::MAX).map(|n| *n as usize),
        }
    }

    /// The place of a node that is in the order.
    pub(crate) fn at(&self, id: ExprId) -> usize {
        match self.table.get(id.index()) {
            Some(place) => *place as usize,
            None => self.order.binary_search(&id).expect("children are in the order"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Graph;

    /// Nodes at both ends of words and of groups of words, and far apart, each once and in order.
    #[test]
    fn what_lies_far_apart_is_found_in_order() {
        let mut g = Graph::new();
        let all: Vec<ExprId> = (0..20_000).map(|n| g.var(&format!("v{n}"))).collect();
        let chosen = [0, 1, 63, 64, 127, 4_095, 4_096, 4_097, 8_191, 8_192, 12_345, 19_999];
        let leaves = chosen.map(|n| all[n]);
        let sum = g.add(leaves);
        let twice = g.mul([sum, leaves[6], sum]);
        let mut expected = leaves.to_vec();
        expected.extend([sum, twice]);
        assert_eq!(g.reachable(&[twice]), expected);
        assert_eq!(g.reachable(&[leaves[3], twice, sum]), expected);
        assert_eq!(g.reachable(&leaves[4..6]), leaves[4..6]);
        assert!(g.reachable(&[]).is_empty());
    }

    /// A chain goes through every word, and within one from each bit to the next.
    #[test]
    fn a_chain_is_followed_to_its_end() {
        let mut g = Graph::new();
        let mut chain = vec![g.var("x")];
        for _ in 0..9_000 {
            let next = g.neg(chain[chain.len() - 1]);
            chain.push(next);
        }
        assert_eq!(g.reachable(&chain[chain.len() - 1..]), chain);
    }
}
