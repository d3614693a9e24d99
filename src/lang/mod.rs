//! The language (floor 2): text to syntax with spans, syntax to a validated network, and back
//! to text. One grammar serves networks and lone formulas.
//!
//! In goes text, also hostile text; out comes a [`Network`](crate::net::Network), an expression
//! of a graph, or one [`Error`] that holds every mistake found, up to [`MAX_ERRORS`], each with
//! its place. Every limit is a constant here or in [`net`](crate::net), with its own error; none
//! of them is reached by recursion, memory or time running out first.

mod elaborate;
mod expression;
mod foreign;
mod formula;
mod lex;
mod overrides;
mod parse;
mod print;
mod scope;
mod select;
mod subscript;
mod syntax;
mod tokens;
mod values;
mod winners;

pub use formula::{network_of_formula, parse_formula, print_formula};
pub use overrides::{Overrides, parse_network, parse_network_with};
#[doc(hidden)]
pub use parse::parse;
#[doc(hidden)]
pub use print::print;
#[doc(hidden)]
pub use select::{Selection, select};
#[doc(hidden)]
pub use syntax::{Arg, Call, Expr, ExprKind, Name, Statement, Subscript};

use crate::diag::{Error, Kind, Span};
use crate::scalar::{Fault, Rational};

#[doc(hidden)]
/// The longest text, in bytes.
pub const MAX_SOURCE_BYTES: usize = 4 << 20;
#[doc(hidden)]
/// The most names, numbers and signs in a text.
pub const MAX_TOKENS: usize = 1 << 20;
#[doc(hidden)]
/// The greatest height of an expression, and the most brackets, signs and exponents open at
/// once.
pub const MAX_NESTING: usize = 200;
#[doc(hidden)]
/// The longest name, in characters.
pub const MAX_NAME_LENGTH: usize = 100;
#[doc(hidden)]
/// The most digits of a number.
pub const MAX_NUMBER_DIGITS: usize = 1000;
#[doc(hidden)]
/// The largest decimal exponent of a number, up or down: that of `1e308`.
pub const MAX_NUMBER_EXPONENT: i32 = 308;
#[doc(hidden)]
/// The most errors that one run reports.
pub const MAX_ERRORS: usize = 20;
#[doc(hidden)]
/// The most text that printing one expression gives; a longer one ends in `…`.
pub const MAX_PRINTED_BYTES: usize = 16 << 20;

#[doc(hidden)]
/// The bytes of a file as text, without a byte-order mark. Errors: longer than
/// [`MAX_SOURCE_BYTES`]; not UTF-8, naming the first byte that is not.
///
/// ```
/// assert_eq!(backproof::lang::decode("η = 1".as_bytes())?, "η = 1");
/// let error = backproof::lang::decode(b"w = \xff").unwrap_err();
/// assert_eq!(error.message(), "the text is not UTF-8: byte 4 is 0xFF");
/// # Ok::<(), backproof::diag::Error>(())
/// ```
pub fn decode(bytes: &[u8]) -> Result<&str, Error> {
    if bytes.len() > MAX_SOURCE_BYTES {
        return Err(parse::too_long(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|fault| {
        let at = fault.valid_up_to();
        let byte = bytes.get(at).copied().unwrap_or_default();
        let error =
            Error::new(Kind::Syntax, format!("the text is not UTF-8: byte {at} is 0x{byte:02X}"));
        match bytes {
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
                error.hint("it seems to be UTF-16; save it as UTF-8")
            }
            _ => error.hint("is this a binary file, or saved in another encoding?"),
        }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The exact value of a number as the source spells it.
fn exact(text: &str, span: Span) -> Result<Rational, Error> {
    text.parse().map_err(|fault: Fault| {
        Error::new(Kind::Limit, format!("`{text}` cannot be held exactly: {fault}")).at(span)
    })
}

/// All errors as one, in the order of the text and no more than [`MAX_ERRORS`]; `Ok` if there
/// are none.
fn all_or(mut errors: Vec<Error>) -> Result<(), Error> {
    // Those without a place come from the command line, and last.
    errors.sort_by_key(|e| (e.span().is_none(), e.span()));
    if errors.len() >= MAX_ERRORS {
        errors.truncate(MAX_ERRORS);
        if let Some(last) = errors.pop() {
            errors.push(last.hint(format!("there may be more, {MAX_ERRORS} are shown")));
        }
    }
    Error::collect(errors).map_or(Ok(()), Err)
}
