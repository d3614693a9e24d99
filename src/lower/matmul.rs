//! Matrix products: each cell a sum of products, in the order of the inner index.

use super::elementwise::spread;
use super::make::Make;
use crate::expr::ExprId;
use crate::net::Shape;

/// The cells of a product of two operands; see [`Op::MatMul`](crate::net::Op::MatMul).
pub(super) fn cells(
    make: &mut Make<'_>,
    operands: [&[ExprId]; 2],
    shapes: [&Shape; 2],
    to: &Shape,
) -> Vec<ExprId> {
    // As matrices: a vector on the left is a row, on the right a column.
    let [left, right] = shapes.map(Shape::lengths);
    let (rows, columns) =
        (matrix_rows(left), if right.len() == 1 { 1 } else { right[right.len() - 1] });
    let inner = left[left.len() - 1];
    let kept = usize::from(left.len() > 1) + usize::from(right.len() > 1);
    let batch = &to.lengths()[..to.rank() - kept];
    let full = |rows: usize, columns: usize| Shape::new([batch, &[rows, columns]].concat());
    let whole = |lengths: &[usize], rows: usize, columns: usize| {
        let before = lengths.len().saturating_sub(2);
        Shape::new([&lengths[..before], &[rows, columns]].concat())
    };
    let a = spread(operands[0], &whole(left, rows, inner), &full(rows, inner));
    let b = spread(operands[1], &whole(right, inner, columns), &full(inner, columns));
    let mut terms = Vec::with_capacity(inner);
    let mut cells = Vec::with_capacity(to.elements());
    for matrix in 0..batch.iter().product::<usize>() {
        let (a, b) = (&a[matrix * rows * inner..], &b[matrix * inner * columns..]);
        for i in 0..rows {
            for j in 0..columns {
                terms.clear();
                for m in 0..inner {
                    terms.push(make.mul(&[a[i * inner + m], b[m * columns + j]]));
                }
                cells.push(make.sum(&terms));
            }
        }
    }
    cells
}

fn matrix_rows(lengths: &[usize]) -> usize {
    if lengths.len() == 1 { 1 } else { lengths[lengths.len() - 2] }
}
