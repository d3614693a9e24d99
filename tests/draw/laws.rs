//! How the laws, which are tested on what is drawn at random, draw it: the same on every run and
//! machine, or afresh where somebody asks for it.
//!
//! `BACKPROOF_SOAK=n cargo test` draws n times as many cases from a seed of this run, and a law
//! that fails prints it; with `BACKPROOF_SEED` set to it, the same cases are drawn once more.

use std::hash::{BuildHasher, Hasher, RandomState};

use proptest::test_runner::{Config, RngSeed};

/// The seed of every run that nobody gave another one.
const SEED: u64 = 20_261_130;

/// A number that the environment gives.
fn of(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// How many times as many cases somebody asked for, from another seed than that of every run.
fn soak() -> Option<u64> {
    of("BACKPROOF_SOAK").filter(|times| *times > 0)
}

/// Whether the draw is that of every run. How often something was drawn is asserted of this draw
/// alone: of another one it is chance, and no law.
pub fn usual_draw() -> bool {
    soak().is_none()
}

/// The configuration of a law that is tried on so many cases.
pub fn laws(cases: u32) -> Config {
    let times = soak();
    let seed = match usual_draw() {
        true => SEED,
        // The standard library keys each hasher anew.
        false => of("BACKPROOF_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish()),
    };
    if let Some(times) = times {
        // A test's output is shown where it fails.
        eprintln!("to draw the same again: BACKPROOF_SOAK={times} BACKPROOF_SEED={seed}");
    }
    let more = u32::try_from(times.unwrap_or(1)).unwrap_or(u32::MAX);
    Config {
        cases: cases.saturating_mul(more),
        rng_seed: RngSeed::Fixed(seed),
        // What is found becomes a case of its own, which everybody can read.
        failure_persistence: None,
        ..Config::default()
    }
}
