//! What an operation of a [`Scalar`](super::Scalar) has to know besides its operands, of which it
//! sees nothing else: a precision, a limit, a seed. It stands beside them, one for each thread.
//!
//! Goes in: a setting and a job. Comes out: what the job gives. What always holds: after the job
//! the setting is what it was before, so a job within a job changes nothing for the outer one.
//! A constant parameter of the type would say the same, and would compile everything that is
//! generic over a number system once more for each of its values.

use std::cell::Cell;
use std::thread::LocalKey;

/// Runs `job` with this setting.
pub(crate) fn during<S: Copy + 'static, T>(
    cell: &'static LocalKey<Cell<S>>,
    setting: S,
    job: impl FnOnce() -> T,
) -> T {
    let before = cell.replace(setting);
    let result = job();
    cell.set(before);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static NUMBER: Cell<u32> = const { Cell::new(0) };
    }

    #[test]
    fn a_setting_ends_with_its_job() {
        let seen = during(&NUMBER, 1, || {
            let inner = during(&NUMBER, 2, || NUMBER.get());
            (inner, NUMBER.get())
        });
        assert_eq!((seen, NUMBER.get()), ((2, 1), 0));
    }
}
