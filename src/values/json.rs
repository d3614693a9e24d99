//! A `.json` file: an object of arrays, `{"w": [[1, 2], [3, 4]], "b": 0.1}`, in which a number is
//! its decimal, exactly: 0.1 is 1/10. An array may also say what it was stored as:
//! `{"dtype": "f32", "shape": [2, 2], "data": [1, 2, 3, 4]}`; then its decimals are rounded to
//! that type, as a program does that reads them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::decode::{BF16, F16, not_finite};
use super::{Array, Dtype, MAX_ARRAYS, MAX_ELEMENTS, Numbers, Room, all_or, malformed};
use crate::diag::{Error, Kind};
use crate::net::Shape;
use crate::scalar::Rational;

/// The arrays in these bytes.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Array>, Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let entries: Entries =
        serde_json::from_slice(bytes).map_err(|fault| unreadable(bytes, &fault))?;
    twice(&entries)?;
    let mut room = Room::default();
    all_or(entries.0.iter().map(|(name, value)| array(name, value, &mut room)))
}

/// Errors for a text that is no object, and for an object in which a name occurs twice.
pub(super) fn check_names(text: &[u8]) -> Result<(), Error> {
    let entries = serde_json::from_slice(text);
    twice(&entries.map_err(|fault| malformed(format!("its header is no JSON: {fault}")))?)
}

fn unreadable(bytes: &[u8], fault: &serde_json::Error) -> Error {
    let error = malformed(format!("this is no object of arrays: {fault}"));
    let line = fault.line().checked_sub(1);
    let line = line.and_then(|n| bytes.split(|b| *b == b'\n').nth(n)).unwrap_or_default();
    let from = line.get(fault.column().saturating_sub(1)..).unwrap_or_default();
    if [&b"NaN"[..], b"Infinity", b"-Infinity"].iter().any(|word| from.starts_with(word)) {
        return error.hint("NaN and infinity are no JSON; only finite numbers can be compared");
    }
    error.hint("{\"w\": [[1, 2], [3, 4]], \"b\": 0.1}")
}

fn twice(entries: &Entries) -> Result<(), Error> {
    let mut names: Vec<&str> = entries.0.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|two| two[0] == two[1]) {
        Some(two) => {
            let shown: String = two[0].chars().take(60).collect();
            Err(Error::new(Kind::Name, format!("the array `{shown}` is there twice")))
        }
        None => Ok(()),
    }
}

/// The entries of an object in their order, equal names and all.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Reader<'a> {
            type Value = Entries<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of arrays")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'a>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<String, &'de RawValue>()? {
                    if entries.len() == MAX_ARRAYS {
                        let sentence = format!("there are more than {MAX_ARRAYS} arrays");
                        return Err(A::Error::custom(sentence));
                    }
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        from.deserialize_map(Reader(std::marker::PhantomData))
    }
}

/// The items of a list, no more than all arrays may have.
struct Items<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Reader<'a> {
            type Value = Items<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items<'a>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element::<&'de RawValue>()? {
                    if items.len() == MAX_ELEMENTS {
                        let sentence = format!("a list has more than {MAX_ELEMENTS} items");
                        return Err(A::Error::custom(sentence));
                    }
                    items.push(item);
                }
                Ok(Items(items))
            }
        }
        from.deserialize_seq(Reader(std::marker::PhantomData))
    }
}

fn items<'a>(name: &str, value: &'a RawValue) -> Result<Vec<&'a RawValue>, Error> {
    let read: Result<Items<'a>, _> = serde_json::from_str(value.get());
    read.map(|items| items.0).map_err(|fault| malformed(format!("in `{name}`: {fault}")))
}

fn array(name: &str, value: &RawValue, room: &mut Room) -> Result<Array, Error> {
    if value.get().starts_with('{') {
        return typed(name, value, room);
    }
    let (mut texts, mut lengths) = (Vec::new(), Vec::new());
    lists(name, value, 0, &mut lengths, &mut texts)?;
    let shape = room.shape(name, &lengths)?;
    let numbers = texts.iter().enumerate().map(|(n, text)| number(name, &shape, n, text));
    let numbers = Numbers::Exact(numbers.collect::<Result<_, _>>()?);
    Ok(Array { name: name.to_string(), dtype: Dtype::Decimal, shape, numbers })
}

/// Appends the numbers of nested lists, of which those at each depth must have one length.
/// Recurses no deeper than [`Shape::MAX_RANK`].
fn lists<'a>(
    name: &str,
    value: &'a RawValue,
    depth: usize,
    lengths: &mut Vec<u64>,
    texts: &mut Vec<&'a str>,
) -> Result<(), Error> {
    let ragged = || {
        Error::new(Kind::Shape, format!("`{name}` is ragged: its lists differ in length or depth"))
    };
    let is_list = value.get().starts_with('[');
    if !is_list {
        if depth != lengths.len() {
            return Err(ragged());
        }
        if texts.len() == MAX_ELEMENTS {
            let sentence = format!("`{name}` has more than {MAX_ELEMENTS} elements");
            return Err(Error::new(Kind::Limit, sentence));
        }
        texts.push(value.get());
        return Ok(());
    }
    if depth == Shape::MAX_RANK {
        let most = Shape::MAX_RANK;
        let sentence = format!("`{name}` has more than {most} axes");
        return Err(Error::new(Kind::Shape, sentence));
    }
    let items = items(name, value)?;
    let length = items.len() as u64;
    match lengths.get(depth) {
        Some(known) if *known != length => return Err(ragged()),
        Some(_) => {}
        // Numbers stood where this list stands.
        None if !texts.is_empty() => return Err(ragged()),
        None => lengths.push(length),
    }
    items.into_iter().try_for_each(|item| lists(name, item, depth + 1, lengths, texts))
}

/// The exact value of a number, `true` or `false`.
fn number(name: &str, shape: &Shape, n: usize, text: &str) -> Result<Rational, Error> {
    match text {
        "true" => return Ok(Rational::from(1)),
        "false" => return Ok(Rational::from(0)),
        "null" => return Err(not_finite(name, shape, n, "null, which is no number")),
        _ => {}
    }
    if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        let shown: String = text.chars().take(30).collect();
        return Err(not_finite(name, shape, n, &format!("`{shown}`, which is no number")));
    }
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(30).collect();
        let (digits, exponent) = (Rational::MAX_DIGITS, Rational::MAX_EXPONENT);
        let sentence =
            format!("in `{name}`: `{shown}` is too long or too large to be held exactly");
        Error::new(Kind::Limit, sentence)
            .hint(format!("at most {digits} digits, and an exponent of at most {exponent}"))
    })
}

/// `{"dtype": "f32", "shape": [2, 2], "data": [1, 2, 3, 4]}`.
fn typed(name: &str, value: &RawValue, room: &mut Room) -> Result<Array, Error> {
    let no_form = |what: &str| {
        malformed(format!("`{name}` {what}"))
            .hint("{\"dtype\": \"f32\", \"shape\": [2, 2], \"data\": [1, 2, 3, 4]}")
    };
    let entries: Entries = serde_json::from_str(value.get())
        .map_err(|fault| malformed(format!("in `{name}`: {fault}")))?;
    twice(&entries)?;
    let find = |key: &str| entries.0.iter().find(|(k, _)| k == key).map(|(_, value)| *value);
    if entries.0.iter().any(|(key, _)| !["dtype", "shape", "data"].contains(&key.as_str())) {
        return Err(no_form("is an object with other entries than dtype, shape and data"));
    }
    let (Some(dtype), Some(shape), Some(data)) = (find("dtype"), find("shape"), find("data"))
    else {
        return Err(no_form("is an object that lacks dtype, shape or data"));
    };
    let dtype: String =
        serde_json::from_str(dtype.get()).map_err(|_| no_form("has a dtype that is no text"))?;
    let mut lengths = Vec::new();
    for length in items(name, shape)? {
        let length = length.get().parse::<u64>();
        lengths.push(length.map_err(|_| no_form("has a shape that is not made of whole numbers"))?);
    }
    let (mut texts, mut found) = (Vec::new(), Vec::new());
    lists(name, data, 0, &mut found, &mut texts)?;
    let shape = room.shape(name, &lengths)?;
    if texts.len() != shape.elements() || found.len() > 1 && found != lengths {
        let sentence =
            format!("`{name}` is {}, and its data are {} numbers", shape.described(), texts.len());
        return Err(Error::new(Kind::Shape, sentence));
    }
    let exact = texts.iter().enumerate().map(|(n, text)| number(name, &shape, n, text));
    let exact = exact.collect::<Result<Vec<_>, _>>()?;
    let floats = |round: fn(f64) -> f64| {
        let all: Vec<f64> = exact.iter().map(|q| round(q.to_f64())).collect();
        match all.iter().position(|x| !x.is_finite()) {
            Some(n) => Err(not_finite(name, &shape, n, &format!("beyond the range of {dtype}"))),
            None => Ok(Numbers::F64(all)),
        }
    };
    let whole = |q: &Rational| q.is_integer();
    let (dtype, numbers) = match dtype.as_str() {
        "f16" | "float16" => (Dtype::F16, floats(|x| F16.nearest(x))?),
        "bf16" | "bfloat16" => (Dtype::Bf16, floats(|x| BF16.nearest(x))?),
        "f32" | "float32" => (Dtype::F32, floats(|x| f64::from(x as f32))?),
        "f64" | "float64" => (Dtype::F64, floats(|x| x)?),
        "integer" | "i64" | "int64" | "i32" | "int32" if exact.iter().all(whole) => {
            (Dtype::Integer, Numbers::Exact(exact))
        }
        "integer" | "i64" | "int64" | "i32" | "int32" => {
            return Err(no_form("is of whole numbers, and one of its data is none"));
        }
        "decimal" => (Dtype::Decimal, Numbers::Exact(exact)),
        _ => {
            return Err(no_form(
                "has a dtype that is not f16, bf16, f32, f64, i32, i64 or decimal",
            ));
        }
    };
    Ok(Array { name: name.to_string(), dtype, shape, numbers })
}
