//! The index patterns of products and windows, written once for both directions. All positions
//! are row-major.

use super::layout::Groups;
use crate::net::{Shape, Window};

/// One product of a bilinear operation: the positions of what is multiplied and of the output
/// that the product is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tap {
    /// In the left operand; of a convolution, the input.
    pub left: usize,
    /// In the right operand; of a convolution, the kernel.
    pub right: usize,
    /// In the result.
    pub output: usize,
}

/// Calls `visit` with every product of a convolution whose input lies inside the image (the
/// padding is 0 and multiplies nothing), output by output, until one fails; see
/// [`Op::Conv`](crate::net::Op::Conv) for the formula.
pub(super) fn conv_taps<E>(
    input: &Shape,
    kernel: &Shape,
    output: &Shape,
    window: &Window,
    mut visit: impl FnMut(Tap) -> Result<(), E>,
) -> Result<(), E> {
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
    // The taps of one plane of the image with one plane of the kernel are the same for all.
    let plane = window_taps(image, size, places, window);
    for n in 0..images {
        for o in 0..filters {
            let group = o * window.groups / filters;
            for c in 0..depth {
                let from = (n * in_channels + group * depth + c) * image_area;
                let by = (o * depth + c) * kernel_area;
                let to = (n * filters + o) * place_area;
                for tap in &plane {
                    let [position, offset, place] = tap.map(|n| n as usize);
                    let offset = if window.flip { kernel_area - 1 - offset } else { offset };
                    visit(Tap { left: from + position, right: by + offset, output: to + place })?;
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
    let plane = window_taps(image, size, places, window);
    let planes = input.elements() / image_area;
    let mut groups = Groups::with_capacity(output.elements(), planes * plane.len());
    for first in (0..planes).map(|n| n * image_area) {
        let mut taps = plane.iter().peekable();
        for place in 0..place_area {
            while let Some([position, ..]) = taps.next_if(|tap| tap[2] as usize == place) {
                groups.push(first + *position as usize);
            }
            groups.end();
        }
    }
    groups
}

/// Every cell of an image that a window covers: its position, the offset in the window, and the
/// place of the window; place by place, each in the order of the window. Positions fit in 32 bits
/// since a tensor has at most [`Shape::MAX_ELEMENTS`].
fn window_taps(
    image: &[usize],
    size: &[usize],
    places: &[usize],
    window: &Window,
) -> Vec<[u32; 3]> {
    // Along each axis, for each place of the window, the cells inside and their offsets.
    let along = |axis: usize| {
        let under = |a: usize| {
            let first = a * window.stride[axis];
            let inside = |m: usize| {
                let padded = first + m * window.dilation[axis];
                let cell = padded.checked_sub(window.padding[axis][0])?;
                (cell < image[axis]).then_some([cell, m])
            };
            (0..size[axis]).filter_map(inside).collect::<Vec<_>>()
        };
        (0..places[axis]).map(under).collect::<Vec<_>>()
    };
    let cells: Vec<Vec<Vec<[usize; 2]>>> = (0..size.len()).map(along).collect();
    let mut taps = Vec::new();
    let mut at = vec![0; size.len()];
    for place in 0..places.iter().product::<usize>() {
        let mut rest = place;
        for axis in (0..size.len()).rev() {
            (at[axis], rest) = (rest % places[axis], rest / places[axis]);
        }
        // Axis by axis, the positions and offsets so far grow by the axis's own.
        let start = taps.len();
        taps.push([0, 0, place as u32]);
        for axis in 0..size.len() {
            let before = taps.split_off(start);
            for [position, offset, _] in before {
                taps.extend(cells[axis][at[axis]].iter().map(|[cell, m]| {
                    let position = position as usize * image[axis] + cell;
                    let offset = offset as usize * size[axis] + m;
                    [position as u32, offset as u32, place as u32]
                }));
            }
        }
    }
    taps
}

/// Calls `visit` with every product of a matrix product, until one fails; see
/// [`Op::MatMul`](crate::net::Op::MatMul).
pub(super) fn matmul_taps<E>(
    a: &Shape,
    b: &Shape,
    output: &Shape,
    mut visit: impl FnMut(Tap) -> Result<(), E>,
) -> Result<(), E> {
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
        for i in 0..rows {
            for j in 0..columns {
                for m in 0..inner {
                    visit(Tap {
                        left: first_a + i * inner + m,
                        right: first_b + m * columns + j,
                        output: (matrix * rows + i) * columns + j,
                    })?;
                }
            }
        }
    }
    Ok(())
}
