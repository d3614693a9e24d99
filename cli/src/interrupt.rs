//! What is begun is finished: while an output file is written, an interrupt waits until it stands.
//!
//! Goes in: work that must not be cut in two. Comes out: what it gave. What always holds: a signal
//! that came meanwhile ends the program after the work, as it would have ended it before, so that
//! the exit code tells of it; and a file that reaches the system's limit of length is an error of
//! the writing, and no sudden end that leaves half of it behind.

/// Does `work`, and lets a signal that came during it end the program then.
#[cfg(unix)]
pub fn after<T>(work: impl FnOnce() -> T) -> T {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::flag::register_usize;
    use signal_hook::low_level::emulate_default_handler;

    let came = Arc::new(AtomicUsize::new(0));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // What cannot be held back comes when it comes.
        let _ = register_usize(signal, Arc::clone(&came), signal.unsigned_abs() as usize);
    }
    let _ = register_usize(SIGXFSZ, Arc::default(), 0);
    let result = work();
    if let Ok(signal @ 1..) = i32::try_from(came.load(Ordering::SeqCst)) {
        let _ = emulate_default_handler(signal);
    }
    result
}

#[cfg(not(unix))]
pub fn after<T>(work: impl FnOnce() -> T) -> T {
    work()
}
