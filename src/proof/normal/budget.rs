//! The budget of a running proof: how many steps of polynomial arithmetic it may take.
//!
//! The operations of a [`Scalar`](crate::scalar::Scalar) see nothing but their operands, so the
//! meter stands beside them, one for each thread. It never changes a value; it only stops a
//! computation that would take too long, after the same number of steps on every machine.

use std::cell::Cell;

use super::kernel;
use crate::scalar::Fault;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(0) };
}

/// Runs `job` with a fresh budget of `steps`.
pub(in crate::proof) fn within<T>(steps: u64, job: impl FnOnce() -> T) -> T {
    let before = LEFT.replace(steps);
    let result = job();
    LEFT.set(before);
    kernel::forget();
    result
}

/// Runs `job` with at most `steps` of what is `left` of a larger budget, and takes what it used
/// from that.
pub(in crate::proof) fn within_both<T>(left: &Cell<u64>, steps: u64, job: impl FnOnce() -> T) -> T {
    let before = left.get();
    let most = before.min(steps);
    let (result, unused) = within(most, || {
        let result = job();
        (result, LEFT.get())
    });
    left.set(before - (most - unused));
    result
}

/// Takes `steps` from the budget where no fault can be told; the next [`charge`] tells it.
pub(super) fn note(steps: usize) {
    LEFT.set(LEFT.get().saturating_sub(steps as u64));
}

/// Takes `steps` from the budget; [`Fault::TooLarge`] where it is spent.
pub(super) fn charge(steps: usize) -> Result<(), Fault> {
    let left = LEFT.get().checked_sub(steps as u64).ok_or(Fault::TooLarge)?;
    LEFT.set(left);
    Ok(())
}
