//! Convolutions and poolings: each cell from the cells under its window, in their order.

use super::make::Make;
use super::new::Parents;
use crate::expr::{ExprId, Graph};
use crate::net::{Pooling, Shape, Window};

/// What a window sees, axis by axis.
struct Seen {
    /// For each spatial axis, for each place of the output along it: for every cell of the window
    /// that is inside the input, what it adds to the position in the window, and in the input.
    axes: Vec<Vec<Vec<(usize, usize)>>>,
}

impl Seen {
    fn new(window: &Window, size: &[usize], input: &[usize], output: &[usize]) -> Seen {
        let (mut in_window, mut in_input) = (1, 1);
        let mut axes = Vec::with_capacity(size.len());
        for axis in (0..size.len()).rev() {
            let at = |place: usize| {
                let inside = |m| Some((m, window.cell(axis, place, m, input[axis])?));
                let shares = |(m, i): (usize, usize)| (m * in_window, i * in_input);
                (0..size[axis]).filter_map(inside).map(shares).collect()
            };
            axes.push((0..output[axis]).map(at).collect());
            in_window *= size[axis];
            in_input *= input[axis];
        }
        axes.reverse();
        Seen { axes }
    }

    /// Every cell inside the input from one place of the output, row-major: its position in the
    /// window and in the input.
    fn each(&self, output: &[usize], mut visit: impl FnMut(usize, usize)) {
        let Some((last, before)) = self.axes.split_last() else { return visit(0, 0) };
        let at = |axis: usize| &*before[axis][output[axis]];
        let rows: usize = (0..before.len()).map(|axis| at(axis).len()).product();
        for row in 0..rows {
            let (mut rest, mut first) = (row, (0, 0));
            for axis in (0..before.len()).rev() {
                let along = at(axis);
                let (m, i) = along[rest % along.len()];
                first = (first.0 + m, first.1 + i);
                rest /= along.len();
            }
            for (m, i) in &last[output[before.len()]] {
                visit(first.0 + m, first.1 + i);
            }
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
    make: &mut Make<'_>,
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
    let seen = Seen::new(window, size, input, &to.lengths()[to.rank() - axes..]);
    let mut terms = Vec::new();
    let mut cells = Vec::with_capacity(to.elements());
    for number in 0..to.elements() {
        let at = to.index(number);
        let (image, output) = at.split_at(at.len() - axes);
        let filter = image.last().copied().unwrap_or(0);
        let batch = if image.len() > 1 { image[0] } else { 0 };
        let first = filter / (filters / window.groups) * per_group;
        terms.clear();
        for c in 0..per_group {
            let plane = &x[(batch * channels + first + c) * cells_in..];
            let taps = &k[(filter * per_group + c) * cells_k..];
            seen.each(output, |m, i| {
                let m = if window.flip { cells_k - 1 - m } else { m };
                terms.push(make.mul(&[plane[i], taps[m]]));
            });
        }
        cells.push(make.sum(&terms));
    }
    cells
}

/// The cells of a pooling, and whether all that they are made of is new; see
/// [`Op::Pool`](crate::net::Op::Pool).
pub(super) fn pool(
    g: &mut Graph,
    parents: &Parents,
    kind: Pooling,
    (x, from): (&[ExprId], &Shape),
    size: &[usize],
    window: &Window,
    to: &Shape,
) -> (Vec<ExprId>, bool) {
    let axes = size.len();
    let (before, input) = from.lengths().split_at(from.rank() - axes);
    let cells_in: usize = input.iter().product();
    let seen = Seen::new(window, size, input, &to.lengths()[to.rank() - axes..]);
    let under = |number: usize| {
        let at = to.index(number);
        let (plane, output) = at.split_at(before.len());
        let plane = position(before, plane) * cells_in;
        let mut under = Vec::new();
        seen.each(output, |_, i| under.push(x[plane + i]));
        under
    };
    let windows: Vec<Vec<ExprId>> = (0..to.elements()).map(under).collect();
    let new = parents.are_new_windows(&windows);
    let mut make = Make { g, new };
    let cell = |under: &Vec<ExprId>| {
        let count = match kind {
            Pooling::MeanInside => under.len(),
            _ => size.iter().product(),
        };
        match kind {
            Pooling::Max => make.max(under),
            Pooling::Mean | Pooling::MeanInside => {
                let (total, count) = (make.sum(under), make.g.integer(count as i64));
                make.div(total, count)
            }
        }
    };
    (windows.iter().map(cell).collect(), new)
}
