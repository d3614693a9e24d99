//! Which operations make nodes that are not there yet, so that nobody has to look for them.
//!
//! What always holds: a cell that is counted as without parents has none, for a node that was
//! looked for, and may have been found, counts as a parent of many. An operation is called new
//! only where every node that it makes has a child of its own: one without parents, which no
//! other node of the operation has at the same place.

use crate::expr::{ExprId, Graph, Node};
use crate::net::{Network, NodeId, Op};

use super::elementwise::sums;

/// How many operations made a parent of each cell.
#[derive(Default)]
pub(super) struct Parents {
    /// By node of the graph: none, one, or more; what is beyond the end has none.
    count: Vec<u8>,
    /// By node of the network: whether all that it made was new.
    new: Vec<bool>,
}

/// Of a cell that was looked for, or that is a number.
const MANY: u8 = 2;

impl Parents {
    fn of(&self, cell: ExprId) -> u8 {
        self.count.get(cell.index()).copied().unwrap_or(0)
    }

    fn none(&self, cells: &[ExprId]) -> bool {
        cells.iter().all(|cell| self.of(*cell) == 0)
    }

    /// Whether all that the operation is about to make is new. For a mean or a greatest of
    /// windows, the windows answer: see [`Parents::are_new_windows`].
    pub(super) fn is_new(
        &self,
        g: &Graph,
        net: &Network,
        nodes: &[Vec<ExprId>],
        op: &Op,
        elements: usize,
    ) -> bool {
        let cells = |id: &NodeId| &*nodes[id.index()];
        match op {
            // Every product has another pair of cells.
            Op::Conv { input: a, kernel: b, .. } | Op::MatMul(a, b) => {
                let (a, b) = (cells(a), cells(b));
                (self.none(a) || self.none(b)) && distinct(a) && distinct(b)
            }
            Op::Max(a, _) | Op::Sum(a, _) => self.none(cells(a)) && distinct(cells(a)),
            Op::MaxOf(all) => self.none(cells(&all[0])),
            Op::Neg(_)
            | Op::Add(_)
            | Op::Sub(..)
            | Op::Mul(_)
            | Op::Div(..)
            | Op::Pow(..)
            | Op::Call(..) => self.is_new_elementwise(g, net, nodes, op, elements),
            _ => false,
        }
    }

    /// One operand tells the results apart, and one has no parents.
    fn is_new_elementwise(
        &self,
        g: &Graph,
        net: &Network,
        nodes: &[Vec<ExprId>],
        op: &Op,
        elements: usize,
    ) -> bool {
        let (mut apart, mut alone, mut both) = (false, false, false);
        // Once the terms of an operand stand in the sum themselves, it is not known which of
        // them stand beside which.
        let mut opened = false;
        op.for_operands(|id| {
            let cells = &*nodes[id.index()];
            let opens = matches!(op, Op::Add(_)) && sums(net, id);
            let full = cells.len() == elements && distinct(cells);
            let none = self.none(cells) && (!opens || self.opens_new(g, net, cells, id));
            both |= full && none && !opened;
            opened |= opens;
            apart |= full;
            alone |= none;
        });
        both || apart && alone && !opened
    }

    /// Whether nobody but its own sum has the first term of each of these sums.
    fn opens_new(&self, g: &Graph, net: &Network, cells: &[ExprId], mut id: NodeId) -> bool {
        while let Op::Reshape(a) = net.node(id).op {
            id = a;
        }
        // The terms of Σ are cells, of which it is a parent; products are its own.
        let of_sum = u8::from(matches!(net.node(id).op, Op::Sum(..)));
        self.new[id.index()]
            && cells.iter().all(|cell| match g.node(*cell) {
                Node::Add(terms) => self.of(g.args(terms)[0]) == of_sum,
                _ => true,
            })
    }

    /// Whether the sums or the greatest of the cells under some windows are new. A window is told
    /// by its first and its last cell.
    pub(super) fn are_new_windows(&self, windows: &[Vec<ExprId>]) -> bool {
        let mut ends = Vec::with_capacity(windows.len());
        for cells in windows {
            let (Some(first), Some(last)) = (cells.first(), cells.last()) else { return false };
            if self.of(*first) > 0 {
                return false;
            }
            ends.push((*first, *last));
        }
        ends.sort_unstable();
        ends.windows(2).all(|two| two[0] != two[1])
    }

    /// Counts the parents that an operation has made, after it was carried out.
    pub(super) fn note(
        &mut self,
        g: &Graph,
        nodes: &[Vec<ExprId>],
        op: &Op,
        cells: &[ExprId],
        new: bool,
    ) {
        self.new.push(new);
        match op {
            Op::Leaf(_) => return,
            // These make no nodes.
            Op::Element(..)
            | Op::Reshape(_)
            | Op::Transpose(..)
            | Op::Slice(..)
            | Op::Concat(..) => return,
            _ => op.for_operands(|id| {
                nodes[id.index()].iter().for_each(|cell| self.count_up(*cell, 1));
            }),
        }
        let named = matches!(op, Op::Define(..));
        for cell in cells {
            if !new && !named || matches!(g.node(*cell), Node::Number(_)) {
                self.count_up(*cell, MANY);
            }
        }
    }

    fn count_up(&mut self, cell: ExprId, by: u8) {
        let place = cell.index();
        if place >= self.count.len() {
            self.count.resize((place + 1).next_power_of_two(), 0);
        }
        self.count[place] = (self.count[place] + by).min(MANY);
    }
}

/// Whether no cell stands there twice.
fn distinct(cells: &[ExprId]) -> bool {
    if cells.is_sorted_by(|a, b| a < b) {
        return true;
    }
    let mut sorted = cells.to_vec();
    sorted.sort_unstable();
    sorted.is_sorted_by(|a, b| a < b)
}
