//! A reader under libFuzzer: goes in one input, comes out nothing, or the process ends.
//!
//! What ends it: a panic of the library or of a law about what it read; more than a second of
//! processor time, or ten for a whole review; more than 300 MB. Every 2¹⁶ executions a line says
//! how many inputs went deep.

mod meter;
mod plain;
#[path = "../../tests/readers/mod.rs"]
pub mod readers;

pub use libfuzzer_sys;
pub use meter::{begin, measured};

/// The entry of a target of that name.
#[macro_export]
macro_rules! target {
    ($name:ident, seconds: $most:expr) => {
        $crate::libfuzzer_sys::fuzz_target!(
            init: $crate::begin(stringify!($name), $most, $crate::readers::$name),
            |data: &[u8]| {
                $crate::measured(stringify!($name), $most, data, $crate::readers::$name);
            }
        );
    };
}
