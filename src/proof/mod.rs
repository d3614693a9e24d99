//! Proof (floor 4): is a claim `lhs = rhs` true?
//!
//! Goes in: two expressions, which winners are assumed, and which symbols are known to be
//! independent. Comes out: a [`Verdict`]. What always holds:
//! - "proved" means equal at every point where both sides have a value, kinks aside, and that
//!   there are such points; it rests on the normal form or on random points of a prime field,
//!   and on a point of the reals where both sides were seen to agree;
//! - "refuted" comes with a point, off the kinks, where the two sides were evaluated to
//!   different numbers, twice;
//! - everything else is "undecided", with the reason.
//!
//! No rule of the calculus is used: a derivative that is only written down is evaluated by dual
//! numbers over whatever number system asks.

mod against;
mod enclosure;
pub mod every;
mod ground;
mod guarded;
mod indexed;
mod jumps;
mod local;
mod look;
mod mixed;
mod normal;
mod paths;
mod probability;
mod prove;
mod replay;
mod sample;
mod seed;
mod survey;
mod together;
mod witness;

#[cfg(test)]
mod tests;

pub(crate) use against::{against_sweep, has_value};
pub(crate) use every::lines_for_every_size;
pub(crate) use ground::value_somewhere;
#[doc(hidden)]
pub use ground::{MAX_GROUND_VALUES, MAX_GROUNDS, MAX_POINTS};
pub(crate) use indexed::{IndexReplay, prove_general, replay_indexed};
#[doc(hidden)]
pub use indexed::{
    MAX_CELLS, MAX_CELLS_OF_MANY, MAX_EXACT_SIZE, MAX_INSTANCE, MAX_OWN_SIZE, MAX_WHOLE_SIZE,
    SMALLER_SIZES,
};
#[doc(hidden)]
pub use local::{MAX_LOCAL_NODES, MAX_LOCAL_STEPS};
#[doc(hidden)]
pub use normal::{
    MAX_CASES, MAX_COEFFICIENT_BITS, MAX_KERNEL_TERMS, MAX_NESTING, MAX_POWER, MAX_TERMS,
};
pub use prove::{Context, How, Leaves, Reason, Verdict, prove, prove_in};
#[doc(hidden)]
pub use prove::{MAX_EXACT_VISITS, MAX_STEPS};
pub(crate) use prove::{equal_at, prove_within};
#[doc(hidden)]
pub use replay::MAX_REPLAY_STEPS;
pub use replay::{Replay, StepProof, replay};
#[doc(hidden)]
pub use survey::{MAX_NODES, MAX_VISITS};
pub use witness::{Value, Witness};
