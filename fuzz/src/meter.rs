//! How long an execution took, how much memory, and how deep it went.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::plain;
use crate::readers::Depth;

/// The most memory of one execution, in bytes.
const MAX_BYTES: usize = 300_000_000;
/// After how many executions a line is written.
const EACH: u64 = 1 << 16;

/// The system's allocator, counting.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is done by `System`; counting changes nothing of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.store(NOW.load(Relaxed).wrapping_sub(layout.size()), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        NOW.store(NOW.load(Relaxed).wrapping_sub(layout.size()), Relaxed);
        taken(size);
        unsafe { System.realloc(at, layout, size) }
    }
}

// One thread only, so that a load and a store are one.
fn taken(bytes: usize) {
    let now = NOW.load(Relaxed).wrapping_add(bytes);
    NOW.store(now, Relaxed);
    if now > MOST.load(Relaxed) {
        MOST.store(now, Relaxed);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static COUNTS: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];
static SLOWEST: AtomicU64 = AtomicU64::new(0);
static LARGEST: AtomicU64 = AtomicU64::new(0);

/// Microseconds of processor time of this thread: a clock on the wall would count what other
/// processes of a busy machine take.
fn microseconds() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` lives through the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}

/// Before the first input: where `FUZZ_PLAIN=n` is set, runs a reader on n inputs that are drawn,
/// and ends the process.
pub fn begin(name: &str, seconds: u64, reader: fn(&[u8]) -> Depth) {
    let Some(n) = std::env::var("FUZZ_PLAIN").ok().and_then(|n| n.parse().ok()) else { return };
    plain::drawn(name, n, |data| measured(name, seconds, data, reader));
    told(name);
    std::process::exit(0);
}

/// Runs a reader on one input.
///
/// # Panics
/// Where it takes more memory than the limit above, or more seconds.
pub fn measured(name: &str, seconds: u64, data: &[u8], reader: fn(&[u8]) -> Depth) {
    let before = NOW.load(Relaxed);
    MOST.store(before, Relaxed);
    let start = microseconds();
    let depth = reader(data);
    let time = microseconds() - start;
    let bytes = MOST.load(Relaxed).saturating_sub(before);
    assert!(time <= seconds * 1_000_000, "{name}: it took {time} microseconds");
    assert!(bytes <= MAX_BYTES, "{name}: it took {bytes} bytes");
    SLOWEST.fetch_max(time, Relaxed);
    LARGEST.fetch_max(bytes as u64, Relaxed);
    COUNTS[depth as usize].fetch_add(1, Relaxed);
    if COUNTS.iter().map(|n| n.load(Relaxed)).sum::<u64>().is_multiple_of(EACH) {
        told(name);
    }
}

/// Says how many executions there were, and how many of them went deep.
fn told(name: &str) {
    let [refused, partly, whole] = [0, 1, 2].map(|n: usize| COUNTS[n].load(Relaxed));
    let all = refused + partly + whole;
    let share = |n: u64| n as f64 * 100.0 / all.max(1) as f64;
    eprintln!(
        "DEPTH {name}: {all} executions, whole {:.1}%, partly {:.1}%, refused {:.1}%; \
         slowest {} µs, largest {} bytes; {} s",
        share(whole),
        share(partly),
        share(refused),
        SLOWEST.load(Relaxed),
        LARGEST.load(Relaxed),
        microseconds() / 1_000_000,
    );
}
