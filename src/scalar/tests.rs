//! What the tests of the number systems share; those of one system stand beside it.

pub(super) mod strategies;
mod waves;
