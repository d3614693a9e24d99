//! The index patterns of products and windows, written once for both directions. All positions
//! are row-major.
//!
//! Goes in: shapes. Comes out: every product of an operation, those that are evenly spaced together.
//! What always holds: by whichever way the products are gone through, each element of the result
//! meets its own in the order of the window, or of the inner axis.

use std::ops::Range;

use super::layout::Groups;
use crate::net::{Shape, Window};
use crate::scalar::Fault;

/// Products of a bilinear operation that are evenly spaced in both operands and in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lanes {
    /// In the left operand; of a convolution, the input.
    pub left: Steps,
    /// In the right operand; of a convolution, the kernel.
    pub right: Steps,
    /// In the result, of the element that the product is added to.
    pub output: Steps,
    /// How many.
    pub count: usize,
}

/// Positions that are evenly spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    first: usize,
    step: isize,
}

impl Steps {
    fn new(first: usize, step: isize) -> Steps {
        Steps { first, step }
    }

    /// One position, again and again.
    fn at(first: usize) -> Steps {
        Steps { first, step: 0 }
    }

    /// Whether no two lanes have the same position.
    pub fn differ(self) -> bool {
        self.step != 0
    }

    /// The position of the lane.
    #[inline]
    pub fn of(self, lane: usize) -> usize {
        self.first.wrapping_add_signed(self.step.wrapping_mul(lane as isize))
    }
}

/// Which products lie beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Along {
    /// Those of one element of the result; so results are completed one after the other.
    Terms,
    /// Those of neighbouring elements of the result, which do not wait for each other.
    Results,
}

/// What is done with products; the first that fails is the last.
pub(super) type Visit<'a> = &'a mut dyn FnMut(Lanes) -> Result<(), Fault>;

/// What lists the lanes of a product: of these shapes, along one of its sides.
pub(super) type LanesOf<'a> = &'a dyn Fn([&Shape; 3], Along, Visit<'_>) -> Result<(), Fault>;

/// Calls `visit` with every product of a convolution whose input lies inside the image (the
/// padding is 0 and multiplies nothing); see [`Op::Conv`](crate::net::Op::Conv) for the formula.
pub(super) fn conv_lanes(
    [input, kernel, output]: [&Shape; 3],
    window: &Window,
    along: Along,
    visit: Visit<'_>,
) -> Result<(), Fault> {
    let axes = window.stride.len();
    let channelled = kernel.rank() > axes;
    let (filters, depth) = match kernel.lengths() {
        [filters, depth, ..] if channelled => (*filters, *depth),
        _ => (1, 1),
    };
    let image = &input.lengths()[input.rank() - axes..];
    let size = &kernel.lengths()[kernel.rank() - axes..];
    let places = &output.lengths()[output.rank() - axes..];
    let area = |lengths: &[usize]| lengths.iter().product::<usize>();
    let (image_area, kernel_area, place_area) = (area(image), area(size), area(places));
    let in_channels = depth * window.groups;
    let images = input.elements() / (in_channels * image_area);
    // Of few results beside each other each has more terms.
    let along = if places.last() < size.last() { Along::Terms } else { along };
    // Those of one plane of the image with one plane of the kernel are the same for all.
    let plane = window_lanes(image, size, places, window, along);
    for n in 0..images {
        for o in 0..filters {
            let group = o * window.groups / filters;
            for c in 0..depth {
                let from = (n * in_channels + group * depth + c) * image_area;
                let by = (o * depth + c) * kernel_area;
                let to = (n * filters + o) * place_area;
                for Lanes { left, right, output, count } in &plane {
                    let right = match window.flip {
                        true => Steps::new(by + kernel_area - 1 - right.first, -right.step),
                        false => Steps::new(by + right.first, right.step),
                    };
                    visit(Lanes {
                        left: Steps::new(from + left.first, left.step),
                        right,
                        output: Steps::new(to + output.first, output.step),
                        count: *count,
                    })?;
                }
            }
        }
    }
    Ok(())
}

/// For each element of a pooling, the positions of the cells inside the tensor under its window,
/// row-major.
pub(super) fn pool_cells(input: &Shape, size: &[usize], output: &Shape, window: &Window) -> Groups {
    let axes = size.len();
    let image = &input.lengths()[input.rank() - axes..];
    let places = &output.lengths()[output.rank() - axes..];
    let (image_area, place_area) =
        (image.iter().product::<usize>(), places.iter().product::<usize>());
    let plane = window_lanes(image, size, places, window, Along::Terms);
    let planes = input.elements() / image_area;
    let cells: usize = plane.iter().map(|lanes| lanes.count).sum();
    let mut groups = Groups::with_capacity(output.elements(), planes * cells);
    for first in (0..planes).map(|n| n * image_area) {
        let mut rows = plane.iter().peekable();
        for place in 0..place_area {
            while let Some(row) = rows.next_if(|row| row.output.first == place) {
                (0..row.count).for_each(|lane| groups.push(first + row.left.of(lane)));
            }
            groups.end();
        }
    }
    groups
}

/// Every cell of an image that a window covers: its position, the offset in the window, and the
/// place of the window. Along the terms, place by place and each in the order of the window; along
/// the results, offset by offset and each in the order of the places.
fn window_lanes(
    image: &[usize],
    size: &[usize],
    places: &[usize],
    window: &Window,
    along: Along,
) -> Vec<Lanes> {
    let axes = size.len();
    let (outer, inner) = match along {
        Along::Terms => (places, size),
        Along::Results => (size, places),
    };
    // Along an axis, the inner indices with which an outer one lies inside the image.
    let inside = |axis: usize, index: usize| -> Range<usize> {
        let (stride, dilation) = (window.stride[axis], window.dilation[axis]);
        let (from, step) = match along {
            Along::Terms => (index * stride, dilation),
            Along::Results => (index * dilation, stride),
        };
        // From the first that is not before `to` on.
        let from_there = |to: usize| to.saturating_sub(from).div_ceil(step).min(inner[axis]);
        let padding = window.padding[axis][0];
        from_there(padding)..from_there(image[axis].saturating_add(padding))
    };
    let inside: Vec<Vec<Range<usize>>> =
        (0..axes).map(|axis| (0..outer[axis]).map(|index| inside(axis, index)).collect()).collect();
    let lanes = |at: &[usize], first: &[usize], count: usize| {
        let (places_at, window_at) = match along {
            Along::Terms => (at, first),
            Along::Results => (first, at),
        };
        let (mut position, mut offset, mut place) = (0, 0, 0);
        for axis in 0..axes {
            let (a, m) = (places_at[axis], window_at[axis]);
            let padded = a * window.stride[axis] + m * window.dilation[axis];
            position = position * image[axis] + (padded - window.padding[axis][0]);
            offset = offset * size[axis] + m;
            place = place * places[axis] + a;
        }
        // A step by itself may be longer than an image in which there is one place.
        let step = |step: usize| if count > 1 { step as isize } else { 0 };
        let last = axes - 1;
        match along {
            Along::Terms => Lanes {
                left: Steps::new(position, step(window.dilation[last])),
                right: Steps::new(offset, 1),
                output: Steps::at(place),
                count,
            },
            Along::Results => Lanes {
                left: Steps::new(position, step(window.stride[last])),
                right: Steps::at(offset),
                output: Steps::new(place, 1),
                count,
            },
        }
    };
    let mut all = Vec::new();
    let mut at = vec![0; axes];
    for _ in 0..outer.iter().product::<usize>() {
        let ranges: Vec<&Range<usize>> = (0..axes).map(|axis| &inside[axis][at[axis]]).collect();
        if let Some((last, before)) = ranges.split_last()
            && ranges.iter().all(|range| !range.is_empty())
        {
            let mut first: Vec<usize> = ranges.iter().map(|range| range.start).collect();
            loop {
                all.push(lanes(&at, &first, last.len()));
                // The next index of all axes but the last.
                let Some(axis) = (0..before.len()).rev().find(|n| first[*n] + 1 < before[*n].end)
                else {
                    break;
                };
                first[axis] += 1;
                (axis + 1..before.len()).for_each(|n| first[n] = before[n].start);
            }
        }
        for axis in (0..axes).rev() {
            at[axis] += 1;
            if at[axis] < outer[axis] {
                break;
            }
            at[axis] = 0;
        }
    }
    all
}

/// So many rows of a matrix are gone through side by side where there are few columns.
const ROWS: usize = 8;

/// Calls `visit` with every product of a matrix product; see
/// [`Op::MatMul`](crate::net::Op::MatMul).
pub(super) fn matmul_lanes(
    [a, b, output]: [&Shape; 3],
    along: Along,
    visit: Visit<'_>,
) -> Result<(), Fault> {
    let (left, right) = (a.lengths(), b.lengths());
    let (batch_a, rows, inner) = match left {
        [batch @ .., rows, inner] => (batch, *rows, *inner),
        [inner] => (&left[..0], 1, *inner),
        [] => return Ok(()),
    };
    let (batch_b, columns) = match right {
        [batch @ .., _, columns] => (batch, *columns),
        _ => (&right[..0], 1),
    };
    let batch: Vec<usize> = {
        let matrices = output.rank() - usize::from(left.len() > 1) - usize::from(right.len() > 1);
        output.lengths()[..matrices].to_vec()
    };
    // Which matrix of an operand goes with number `matrix` of the result.
    let of = |own: &[usize], matrix: usize| {
        let (mut rest, mut stride, mut number) = (matrix, 1, 0);
        for back in 0..own.len() {
            let whole = batch[batch.len() - 1 - back];
            let length = own[own.len() - 1 - back];
            number += (rest % whole) % length * stride;
            stride *= length;
            rest /= whole;
        }
        number
    };
    for matrix in 0..batch.iter().product::<usize>() {
        let (first_a, first_b) =
            (of(batch_a, matrix) * rows * inner, of(batch_b, matrix) * inner * columns);
        let first = matrix * rows * columns;
        match along {
            Along::Terms => {
                for i in 0..rows {
                    for j in 0..columns {
                        visit(Lanes {
                            left: Steps::new(first_a + i * inner, 1),
                            right: Steps::new(first_b + j, columns as isize),
                            output: Steps::at(first + i * columns + j),
                            count: inner,
                        })?;
                    }
                }
            }
            Along::Results if columns >= ROWS.min(rows) => {
                for i in 0..rows {
                    for m in 0..inner {
                        visit(Lanes {
                            left: Steps::at(first_a + i * inner + m),
                            right: Steps::new(first_b + m * columns, 1),
                            output: Steps::new(first + i * columns, 1),
                            count: columns,
                        })?;
                    }
                }
            }
            Along::Results => {
                for i in (0..rows).step_by(ROWS) {
                    for j in 0..columns {
                        for m in 0..inner {
                            visit(Lanes {
                                left: Steps::new(first_a + i * inner + m, inner as isize),
                                right: Steps::at(first_b + m * columns + j),
                                output: Steps::new(first + i * columns + j, columns as isize),
                                count: ROWS.min(rows - i),
                            })?;
                        }
                    }
                }
            }
        }
    }
    Ok(())
}
