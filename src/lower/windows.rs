//! Convolutions and poolings: each cell from the cells under its window, in their order.

use super::{max, sum};
use crate::expr::{ExprId, Graph};
use crate::net::{Pooling, Shape, Window};

/// The cells under one window.
struct Under {
    /// Along each spatial axis, the offset in the window and the index in the input.
    cells: Vec<Vec<(usize, usize)>>,
}

impl Under {
    fn new(window: &Window, size: &[usize], input: &[usize], output: &[usize]) -> Under {
        let cells = (0..size.len()).map(|axis| {
            let inside = |m| Some((m, window.cell(axis, output[axis], m, input[axis])?));
            (0..size[axis]).filter_map(inside).collect()
        });
        Under { cells: cells.collect() }
    }

    /// Every cell inside the input, row-major: offsets and indices.
    fn each(&self, mut visit: impl FnMut(&[usize], &[usize])) {
        let axes = self.cells.len();
        let count: usize = self.cells.iter().map(Vec::len).product();
        let (mut offset, mut index) = (vec![0; axes], vec![0; axes]);
        for number in 0..count {
            let mut rest = number;
            for axis in (0..axes).rev() {
                let along = &self.cells[axis];
                (offset[axis], index[axis]) = along[rest % along.len()];
                rest /= along.len();
            }
            visit(&offset, &index);
        }
    }
}

fn position(lengths: &[usize], at: &[usize]) -> usize {
    at.iter().zip(lengths).fold(0, |n, (i, length)| n * length + i)
}

/// The cells of a convolution of x with k; see [`Op::Conv`](crate::net::Op::Conv). Terms stand in
/// the order of the channels and of the input under the window. A cell of the padding is 0 and
/// its term is left out.
pub(super) fn conv(
    g: &mut Graph,
    [x, k]: [&[ExprId]; 2],
    [from, kernel]: [&Shape; 2],
    window: &Window,
    to: &Shape,
) -> Vec<ExprId> {
    let axes = window.axes();
    let (lengths, size) = (from.lengths(), &kernel.lengths()[kernel.rank() - axes..]);
    let (before, input) = lengths.split_at(lengths.len() - axes);
    let (cells_in, cells_k): (usize, usize) = (input.iter().product(), size.iter().product());
    // Without channels there is one of each.
    let per_group = if kernel.rank() > axes { kernel.lengths()[1] } else { 1 };
    let channels = before.last().copied().unwrap_or(1);
    let filters = if kernel.rank() > axes { kernel.lengths()[0] } else { 1 };
    let mut cells = Vec::with_capacity(to.elements());
    for number in 0..to.elements() {
        let at = to.index(number);
        let (image, output) = at.split_at(at.len() - axes);
        let filter = image.last().copied().unwrap_or(0);
        let batch = if image.len() > 1 { image[0] } else { 0 };
        let first = filter / (filters / window.groups) * per_group;
        let under = Under::new(window, size, input, output);
        let mut terms = Vec::new();
        for c in 0..per_group {
            let plane = (batch * channels + first + c) * cells_in;
            let taps = (filter * per_group + c) * cells_k;
            under.each(|offset, index| {
                let m = position(size, offset);
                let m = if window.flip { cells_k - 1 - m } else { m };
                terms.push(g.mul([x[plane + position(input, index)], k[taps + m]]));
            });
        }
        cells.push(sum(g, terms));
    }
    cells
}

/// The cells of a pooling; see [`Op::Pool`](crate::net::Op::Pool).
pub(super) fn pool(
    g: &mut Graph,
    kind: Pooling,
    (x, from): (&[ExprId], &Shape),
    size: &[usize],
    window: &Window,
    to: &Shape,
) -> Vec<ExprId> {
    let axes = size.len();
    let (before, input) = from.lengths().split_at(from.rank() - axes);
    let cells_in: usize = input.iter().product();
    let mut cells = Vec::with_capacity(to.elements());
    for number in 0..to.elements() {
        let at = to.index(number);
        let (plane, output) = at.split_at(before.len());
        let plane = position(before, plane) * cells_in;
        let mut under = Vec::new();
        Under::new(window, size, input, output)
            .each(|_, index| under.push(x[plane + position(input, index)]));
        let count = match kind {
            Pooling::MeanInside => under.len(),
            _ => size.iter().product(),
        };
        cells.push(match kind {
            Pooling::Max => max(g, under),
            Pooling::Mean | Pooling::MeanInside => {
                let (total, count) = (sum(g, under), g.integer(count as i64));
                g.div(total, count)
            }
        });
    }
    cells
}
