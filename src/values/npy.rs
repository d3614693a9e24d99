//! One `.npy` array. The format is <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>:
//! magic, version, the length of a header, a Python dictionary of `descr`, `fortran_order` and
//! `shape`, and the raw numbers.
//!
//! The header is read here rather than by a crate: it is three entries of known form, and a
//! reader of Python literals in general recurses as deep as a hostile header nests.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while};
use nom::character::complete::{char, digit1, multispace0};
use nom::combinator::{all_consuming, map, map_res, opt, value};
use nom::multi::separated_list0;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use super::decode::{Layout, Stored, array};
use super::{Array, MAX_NPY_HEADER, Room, malformed};
use crate::diag::{Error, Kind};

/// What a header says.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub descr: String,
    pub fortran: bool,
    pub lengths: Vec<u64>,
    /// Where the numbers begin.
    pub data: usize,
}

/// The array in these bytes.
pub(super) fn read(name: &str, bytes: &[u8], room: &mut Room) -> Result<Array, Error> {
    let header = header(name, bytes)?;
    let (stored, big_endian) = stored(name, &header.descr)?;
    let shape = room.shape(name, &header.lengths)?;
    let layout = Layout { stored, big_endian, fortran: header.fortran };
    array(name, shape, layout, &bytes[header.data..])
}

/// The header of an array.
pub(super) fn header(name: &str, bytes: &[u8]) -> Result<Header, Error> {
    let cut =
        || malformed(format!("`{name}` ends within its header")).hint("was the file cut off?");
    let no_array = || malformed(format!("`{name}` is no array: it does not begin as a .npy does"));
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(no_array());
    }
    let version = *bytes.get(6).ok_or_else(cut)?;
    let byte = |n: usize| bytes.get(n).map(|b| *b as usize).ok_or_else(cut);
    let (begin, length) = match version {
        1 => (10, byte(8)? | byte(9)? << 8),
        2 | 3 => (12, byte(8)? | byte(9)? << 8 | byte(10)? << 16 | byte(11)? << 24),
        other => {
            return Err(malformed(format!("`{name}` has version {other} of the .npy format")));
        }
    };
    if length > MAX_NPY_HEADER {
        let sentence = format!("the header of `{name}` is longer than {MAX_NPY_HEADER} bytes");
        return Err(Error::new(Kind::Limit, sentence));
    }
    let data = begin + length;
    let text = bytes.get(begin..data).ok_or_else(cut)?;
    let unread = || {
        malformed(format!("the header of `{name}` is not understood"))
            .hint("arrays of plain numbers are read, not structured ones")
    };
    let text = std::str::from_utf8(text).map_err(|_| unread())?;
    let (_, entries) = all_consuming(dictionary).parse(text).map_err(|_| unread())?;
    let (mut descr, mut fortran, mut lengths) = (None, None, None);
    for entry in entries {
        let again = match entry {
            Entry::Descr(s) => descr.replace(s).is_some(),
            Entry::Fortran(f) => fortran.replace(f).is_some(),
            Entry::Lengths(l) => lengths.replace(l).is_some(),
        };
        if again {
            return Err(unread());
        }
    }
    match (descr, fortran, lengths) {
        (Some(descr), Some(fortran), Some(lengths)) => Ok(Header { descr, fortran, lengths, data }),
        _ => Err(unread()),
    }
}

#[derive(Clone)]
enum Entry {
    Descr(String),
    Fortran(bool),
    Lengths(Vec<u64>),
}

/// `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }`, and blanks after it.
fn dictionary(text: &str) -> IResult<&str, Vec<Entry>> {
    let flag = alt((value(true, tag("True")), value(false, tag("False"))));
    let entry = alt((
        map(preceded((key("descr"), token(':')), string), Entry::Descr),
        map(preceded((key("fortran_order"), token(':')), flag), Entry::Fortran),
        map(preceded((key("shape"), token(':')), lengths), Entry::Lengths),
    ));
    let entries = terminated(separated_list0(token(','), entry), opt(token(',')));
    delimited(token('{'), entries, (token('}'), multispace0)).parse(text)
}

fn token<'a>(c: char) -> impl Parser<&'a str, Output = char, Error = nom::error::Error<&'a str>> {
    delimited(multispace0, char(c), multispace0)
}

fn key<'a>(
    name: &'static str,
) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    alt((delimited(char('\''), tag(name), char('\'')), delimited(char('"'), tag(name), char('"'))))
}

fn string(text: &str) -> IResult<&str, String> {
    let inner = |quote: char| {
        delimited(char(quote), take_while(move |c| c != quote && c != '\\'), char(quote))
    };
    map(alt((inner('\''), inner('"'))), str::to_string).parse(text)
}

/// `()`, `(3,)`, `(3, 2)`; old files write `3L`.
fn lengths(text: &str) -> IResult<&str, Vec<u64>> {
    let number = terminated(map_res(digit1, str::parse::<u64>), opt(char('L')));
    let list = separated_list0(token(','), number);
    delimited(token('('), terminated(list, opt(token(','))), preceded(multispace0, char(')')))
        .parse(text)
}

/// What a type such as `<f4` means, and whether its bytes are the larger ones first.
fn stored(name: &str, descr: &str) -> Result<(Stored, bool), Error> {
    let (order, kind) = match descr.strip_prefix(['<', '>', '|', '=']) {
        Some(kind) => (descr.as_bytes()[0], kind),
        None => (b'<', descr),
    };
    let stored = match kind {
        "b1" | "?" => Stored::Bool,
        "i1" => Stored::Signed(1),
        "i2" => Stored::Signed(2),
        "i4" => Stored::Signed(4),
        "i8" => Stored::Signed(8),
        "u1" => Stored::Unsigned(1),
        "u2" => Stored::Unsigned(2),
        "u4" => Stored::Unsigned(4),
        "u8" => Stored::Unsigned(8),
        "f2" => Stored::F16,
        "f4" => Stored::F32,
        "f8" => Stored::F64,
        "bfloat16" => Stored::Bf16,
        _ => return Err(unread(name, descr, kind)),
    };
    // A `|` stands where the order does not matter; only one byte can have none.
    if order == b'|' && stored.bytes() > 1 {
        return Err(unread(name, descr, kind));
    }
    Ok((stored, order == b'>'))
}

fn unread(name: &str, descr: &str, kind: &str) -> Error {
    let sentence = format!("the numbers of `{name}` are of type `{descr}`, which is not read");
    let error = Error::new(Kind::Value, sentence);
    match kind {
        "V2" => error
            .hint("NumPy stores bf16 as two bytes without a type")
            .hint("save x.astype(numpy.float32), which holds bf16 exactly, or use safetensors"),
        "O" => error.hint("it holds Python objects; numpy.asarray(x, dtype=float) makes numbers"),
        _ if kind.starts_with('c') => error.hint("it is complex; the networks here are real"),
        _ if kind.starts_with(['f', 'g']) => error.hint("save x.astype(numpy.float64)"),
        _ => error.hint("f16, f32, f64, integers and bool are read"),
    }
}
