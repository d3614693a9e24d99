//! Products that are added to elements, which is most of what passes over tensors do.
//!
//! Goes in: elements with their positions. Comes out: the elements that the products were added to.
//! What always holds: the results are those of one product after the other, side by side or not.

use super::taps::Steps;
use crate::scalar::{Fault, SIDE, Scalar};

/// Elements of a tensor.
type Places<'a, T> = (&'a [T], Steps);

/// Adds a·b to each of `count` sums; or tells a lane that is not behind the
/// first in which there is no value.
pub(super) fn add_products<T: Scalar>(
    (sums, to): (&mut [T], Steps),
    (a, at_a): Places<'_, T>,
    (b, at_b): Places<'_, T>,
    count: usize,
) -> Result<(), (usize, Fault)> {
    let mut done = 0;
    // The terms of one sum wait for each other, and few lanes are sooner done by themselves.
    while T::SIDE_BY_SIDE && to.differ() && count - done > SIDE / 4 {
        let lanes = SIDE.min(count - done);
        let mut places = [0; SIDE];
        let (mut left, mut right) = ([&a[0]; SIDE], [&b[0]; SIDE]);
        for (lane, place) in places.iter_mut().enumerate().take(lanes) {
            *place = to.of(done + lane);
            left[lane] = &a[at_a.of(done + lane)];
            right[lane] = &b[at_b.of(done + lane)];
        }
        T::add_products(sums, &places[..lanes], &left, &right).map_err(|fault| (done, fault))?;
        done += lanes;
    }
    for lane in done..count {
        let sum = &mut sums[to.of(lane)];
        let term = a[at_a.of(lane)].mul(&b[at_b.of(lane)]);
        *sum = term.and_then(|term| sum.add(&term)).map_err(|fault| (lane, fault))?;
    }
    Ok(())
}
