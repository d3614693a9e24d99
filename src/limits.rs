//! Every limit of the library (floor 8), by name and value, in one table.
//!
//! Goes in: the constants of all rooms. Comes out: a list, in the order in which a text meets them.
//! What always holds: each constant of the library that is called `MAX_…` or `MIN_…` and is no
//! matter of a single file stands here once. A test reads the source for them, and writes
//! `docs/limits.md`.

use crate::net::Shape;
use crate::scalar::Rational;

/// A limit of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// Its name after that of the room that keeps to it: `lang::MAX_TOKENS`.
    pub name: &'static str,
    /// Its value, in elements, bytes, steps or whatever it counts.
    pub value: u64,
}

/// `room { NAME, … }` for the constants of a room, `Type::NAME` for those of a type.
macro_rules! limits {
    ($($room:ident { $($first:ident $(:: $second:ident)?),+ $(,)? })+) => {
        vec![$($(limits!(@ $room $first $($second)?)),+),+]
    };
    (@ $room:ident $name:ident) => {
        Limit {
            name: concat!(stringify!($room), "::", stringify!($name)),
            value: crate::$room::$name as u64,
        }
    };
    (@ $room:ident $owner:ident $name:ident) => {
        Limit {
            name: concat!(stringify!($room), "::", stringify!($owner), "::", stringify!($name)),
            value: $owner::$name as u64,
        }
    };
}

/// Every limit of this build: those of `values` belong to the feature of that name.
///
/// ```
/// let limits = backproof::limits();
/// let longest = limits.iter().find(|limit| limit.name == "lang::MAX_SOURCE_BYTES").unwrap();
/// assert_eq!(longest.value, 4 << 20);
/// ```
pub fn limits() -> Vec<Limit> {
    #[cfg_attr(not(feature = "values"), allow(unused_mut, reason = "files bring more"))]
    let mut all = limits! {
        lang {
            MAX_SOURCE_BYTES, MAX_TOKENS, MAX_NESTING, MAX_NAME_LENGTH, MAX_NUMBER_DIGITS,
            MAX_NUMBER_EXPONENT, MAX_ERRORS, MAX_PRINTED_BYTES,
        }
        net {
            MAX_WINDOW_STEP, MAX_NODES, MAX_SCALARS, MAX_EXPONENT, MAX_CONSTANT_BITS,
            Shape::MAX_RANK, Shape::MAX_ELEMENTS,
        }
        scalar {
            Rational::MAX_BITS, Rational::MAX_DIGITS, Rational::MAX_EXPONENT,
        }
        lower {
            MAX_NODES,
        }
        concrete {
            MAX_WORK,
        }
        calculus {
            MAX_LINES, MAX_PLACES, MAX_LINE_PLACES, MAX_PUT_IN,
        }
        index {
            MAX_STEPS, MAX_LINE, MAX_FULL, MAX_PARTS, MAX_DEPTH, MAX_TENSORS, MAX_FACTOR,
            MAX_VISITS,
        }
        lesson {
            MAX_CASES, MAX_FORWARD, MAX_EVALUATED, MAX_TARGETS, MAX_WORK, MAX_PATHS, MAX_STEPS,
            MAX_EXACT_BITS, MAX_WITNESSED, MAX_TERMS,
        }
        proof {
            MAX_POINTS, MAX_GROUNDS, MAX_GROUND_VALUES, MAX_INSTANCE, MAX_CELLS,
            MAX_CELLS_OF_MANY, MAX_EXACT_SIZE, MAX_OWN_SIZE, MAX_WHOLE_SIZE, MAX_LOCAL_STEPS,
            MAX_LOCAL_NODES, MAX_CASES, MAX_NESTING, MAX_KERNEL_TERMS, MAX_TERMS,
            MAX_COEFFICIENT_BITS, MAX_POWER, MAX_STEPS, MAX_EXACT_VISITS, MAX_REPLAY_STEPS,
            MAX_NODES, MAX_VISITS,
        }
        check {
            MAX_MISTAKES, MAX_OTHER_CAUSES, MAX_EXACT_BITS, MAX_ULPS, MAX_TRIALS, MAX_DUAL,
            MAX_DIFFERENCES, MAX_PASS_WORK, MAX_SCALARS, MAX_FACTOR_PAIRS, MAX_DRAWS,
            MAX_LISTED,
        }
        review {
            MAX_SUM_TERMS, MAX_ROW_NODES, MAX_ELEMENTS, MAX_STEPS_OF_A_CLAIM, MAX_DOCUMENT,
            MAX_FORMULA, MAX_PIECES, MAX_TRIES_PER_ROW, MAX_TRIES, MAX_REPAIRED,
            MAX_DEFINITION_DEPTH, MAX_LENGTH, MAX_TOKENS, MAX_ROW, MAX_DEPTH, MAX_NAME, MAX_ASIDES,
            MAX_EXPANSION, MAX_MACRO_DEPTH, MAX_MACROS,
        }
        page {
            MAX_LISTED, MAX_CELLS, MAX_DEPTH,
        }
        render {
            MAX_DEPTH, MIN_WIDTH,
        }
    };
    #[cfg(feature = "values")]
    all.extend(limits! {
        values {
            MAX_FILE_BYTES, MAX_ARRAYS, MAX_ELEMENTS, MAX_NAME_BYTES, MAX_NPY_HEADER,
            MAX_SAFETENSORS_HEADER,
        }
    });
    all
}
