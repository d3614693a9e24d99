//! The index pattern of a convolution, written once for both directions.

use crate::net::{Shape, Window};

/// One product of a convolution: the row-major positions of what is multiplied and of the output
/// that the product is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tap {
    pub input: usize,
    pub kernel: usize,
    pub output: usize,
}

/// Calls `visit` with every product whose input lies inside the image (the padding is 0 and
/// multiplies nothing), output by output, until one fails. `input`, `kernel` and `output` are of
/// rank 2; see [`Op::Conv`](crate::net::Op::Conv) for the formula.
pub(super) fn for_taps<E>(
    input: &Shape,
    kernel: &Shape,
    output: &Shape,
    window: Window,
    mut visit: impl FnMut(Tap) -> Result<(), E>,
) -> Result<(), E> {
    let [height, width] = sides(input);
    let [rows, columns] = sides(kernel);
    let [out_rows, out_columns] = sides(output);
    let ([s0, s1], [p0, p1]) = (window.stride, window.padding);
    for a in 0..out_rows {
        for b in 0..out_columns {
            for m in 0..rows {
                let Some(i) = inside(s0 * a + m, p0, height) else { continue };
                for n in 0..columns {
                    let Some(j) = inside(s1 * b + n, p1, width) else { continue };
                    let (u, v) = match window.flip {
                        true => (rows - 1 - m, columns - 1 - n),
                        false => (m, n),
                    };
                    visit(Tap {
                        input: i * width + j,
                        kernel: u * columns + v,
                        output: a * out_columns + b,
                    })?;
                }
            }
        }
    }
    Ok(())
}

/// The index in the image of one in the padded image.
fn inside(padded: usize, padding: usize, length: usize) -> Option<usize> {
    padded.checked_sub(padding).filter(|i| *i < length)
}

fn sides(shape: &Shape) -> [usize; 2] {
    match shape.lengths() {
        &[rows, columns] => [rows, columns],
        other => unreachable!("the network's builder checks that {other:?} is of rank 2"),
    }
}
