//! Where elements stand: the index patterns of operations that only rearrange, repeat or gather
//! elements, written once for both directions. All positions are row-major.

use crate::net::{Network, NodeId, Op, Shape};

/// Which element of an operand stands beside each element of a result.
pub(super) enum Place {
    /// The one at the same position.
    Same,
    /// The only one.
    Only,
    /// The one at the position that is listed.
    Listed(Vec<usize>),
}

impl Place {
    /// The place of an operand that is broadcast to the shape of the result: an index counts by
    /// a stride of 0 along each axis where the operand has length 1, or no axis at all.
    pub fn broadcast(operand: &Shape, result: &Shape) -> Place {
        if operand.elements() == 1 {
            return Place::Only;
        }
        if operand == result {
            return Place::Same;
        }
        let mut strides = vec![0; result.rank()];
        let mut stride = 1;
        for (back, length) in operand.lengths().iter().rev().enumerate() {
            if *length > 1 {
                strides[result.rank() - 1 - back] = stride;
            }
            stride *= length;
        }
        Place::Listed(strided(result, 0, &strides))
    }

    /// The position in the operand.
    pub fn of(&self, element: usize) -> usize {
        match self {
            Place::Same => element,
            Place::Only => 0,
            Place::Listed(places) => places[element],
        }
    }
}

/// The positions that a strided view of a tensor takes, for each index of `shape`.
fn strided(shape: &Shape, start: usize, strides: &[usize]) -> Vec<usize> {
    let mut places = vec![start];
    for (length, stride) in shape.lengths().iter().zip(strides) {
        places = places.iter().flat_map(|p| (0..*length).map(move |i| p + i * stride)).collect();
    }
    places
}

/// From one index to the next along each axis, in elements.
fn strides(shape: &Shape) -> Vec<usize> {
    let mut strides = vec![1; shape.rank()];
    for axis in (1..shape.rank()).rev() {
        strides[axis - 1] = strides[axis] * shape.lengths()[axis];
    }
    strides
}

/// For an operation that rearranges one operand: that operand, and for each element of the
/// result its position there. `None` for every other operation.
pub(super) fn view(net: &Network, node: NodeId) -> Option<(NodeId, Place)> {
    let shape = &net.node(node).shape;
    let from = |a: &NodeId| &net.node(*a).shape;
    match &net.node(node).op {
        Op::Define(_, a) | Op::Reshape(a) => Some((*a, Place::Same)),
        Op::Element(a, at) => {
            let start = at.iter().zip(strides(from(a))).map(|(i, stride)| i * stride).sum();
            Some((*a, Place::Listed(vec![start])))
        }
        Op::Transpose(a, axes) => {
            let own = strides(from(a));
            let turned: Vec<usize> = axes.iter().map(|axis| own[*axis]).collect();
            Some((*a, Place::Listed(strided(shape, 0, &turned))))
        }
        Op::Slice(a, ranges) => {
            let own = strides(from(a));
            let start = ranges.iter().zip(&own).map(|(r, stride)| r.start * stride).sum();
            let steps: Vec<usize> = ranges.iter().zip(&own).map(|(r, s)| r.step * s).collect();
            Some((*a, Place::Listed(strided(shape, start, &steps))))
        }
        _ => None,
    }
}

/// For each element of a concatenation, the part that it comes from and its position there.
pub(super) fn concat(net: &Network, parts: &[NodeId], axis: usize) -> Vec<(NodeId, usize)> {
    let lengths = |part: &NodeId| net.node(*part).shape.lengths();
    // Blocks of what lies inside one index of the axis and all before it.
    let outer: usize = parts.first().map_or(0, |first| lengths(first)[..axis].iter().product());
    let mut places = Vec::new();
    for block in 0..outer {
        for part in parts {
            let size: usize = lengths(part)[axis..].iter().product();
            places.extend((block * size..(block + 1) * size).map(|position| (*part, position)));
        }
    }
    places
}

/// Positions of an operand in groups, one group for each element of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    ends: Vec<usize>,
    positions: Vec<usize>,
}

impl Groups {
    /// No group yet, and room for so many with so many positions in all.
    pub(super) fn with_capacity(groups: usize, positions: usize) -> Groups {
        Groups { ends: Vec::with_capacity(groups), positions: Vec::with_capacity(positions) }
    }

    /// One more position of the group that has not ended.
    pub(super) fn push(&mut self, position: usize) {
        self.positions.push(position);
    }

    /// The group ends here, and the next begins.
    pub(super) fn end(&mut self) {
        self.ends.push(self.positions.len());
    }

    /// How many groups.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The positions of one of them; none for a group that is not there.
    pub fn of(&self, group: usize) -> &[usize] {
        let start = group.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let range = start.zip(self.ends.get(group).copied());
        range.and_then(|(start, end)| self.positions.get(start..end)).unwrap_or_default()
    }

    /// Every group, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[usize]> {
        (0..self.count()).map(|group| self.of(group))
    }
}

/// For each element that remains when the axes are summed or maximised away, the positions that
/// are reduced to it, row-major.
pub(super) fn reduced(from: &Shape, axes: &[usize]) -> Groups {
    let part = |reduced: bool| {
        let of = |axis: &usize| axes.contains(axis) == reduced;
        let axes: Vec<usize> = (0..from.rank()).filter(of).collect();
        let own = strides(from);
        let lengths: Vec<usize> = axes.iter().map(|axis| from.lengths()[*axis]).collect();
        let steps: Vec<usize> = axes.iter().map(|axis| own[*axis]).collect();
        strided(&Shape::new(lengths), 0, &steps)
    };
    let (starts, cells) = (part(false), part(true));
    let mut groups = Groups::with_capacity(starts.len(), from.elements());
    for start in starts {
        cells.iter().for_each(|cell| groups.push(start + cell));
        groups.end();
    }
    groups
}
