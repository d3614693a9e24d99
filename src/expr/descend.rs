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
    for word in (0..marks.0.len()).rev() {
        let mut done = 0u64;
        loop {
            let open = marks.0[word] & !done;
            if open == 0 {
                break;
            }
            let bit = 63 - open.leading_zeros();
            done |= 1 << bit;
            let id = ExprId((word * 64) as u32 + bit);
            all.push(id);
            below(id, &mut |child| {
                marks.insert(child);
            });
        }
    }
    all.reverse();
    all
}

/// Which nodes of a graph were seen: one bit each.
pub(crate) struct Marks(Vec<u64>);

impl Marks {
    /// No marks yet, with room for `roots` and everything below them.
    pub(crate) fn up_to(roots: &[ExprId]) -> Marks {
        let top = roots.iter().map(|id| id.index() + 1).max().unwrap_or(0);
        Marks(vec![0; top.div_ceil(64)])
    }

    /// Marks a node; whether it was not marked before.
    pub(crate) fn insert(&mut self, id: ExprId) -> bool {
        let (word, bit) = (id.index() / 64, 1 << (id.index() % 64));
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
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
