//! Values and gradients from files of other programs (floor 2): `.npz`, `.safetensors`, `.json`.
//!
//! Goes in: the bytes of a file and its name, whose ending tells the format. Comes out: a
//! [`File`] of named arrays, every number exactly as it was stored; then, matched to a network by
//! name and shape, [`values()`] for its leaves or [`gradients()`] of its quantities.
//!
//! What always holds: nothing is read from anywhere but these bytes; an array is row-major
//! whatever the file's order; a number is finite, or −∞ and then nothing but a mask; a name occurs
//! once in a file. No file makes it
//! panic or take more memory than its limits allow: each is a constant here and has an error of
//! its own. A name that could mean two things is refused.
//!
//! ```
//! let net = backproof::parse_network("input x[2]\nparam w[2]\nE = sum(w*x)")?;
//! let file = backproof::values::read("v.json", br#"{"w": [0.1, 2], "x": [3, 4]}"#)?;
//! let values = backproof::values::values(&net, &[file])?;
//! assert_eq!(values[&net.find("w").unwrap()][0].to_string(), "1/10");
//! # Ok::<(), backproof::Error>(())
//! ```

mod decode;
mod json;
mod matching;
mod npy;
mod npz;
mod safetensors;
#[cfg(test)]
mod tests;

#[doc(hidden)]
pub use matching::{Against, against, values_and_forward};
pub use matching::{Gradient, forward, gradients, values};

use std::fmt;

use crate::diag::{Error, Kind, nearest};
use crate::net::{MASKED, Shape};
use crate::scalar::Rational;

#[doc(hidden)]
/// The longest file, in bytes.
pub const MAX_FILE_BYTES: usize = 1 << 27;
#[doc(hidden)]
/// The most arrays in a file.
pub const MAX_ARRAYS: usize = 10_000;
#[doc(hidden)]
/// The most elements of all arrays of a file together, unpacked.
pub const MAX_ELEMENTS: usize = 1 << 22;
#[doc(hidden)]
/// The longest name of an array, in bytes.
pub const MAX_NAME_BYTES: usize = 1000;
#[doc(hidden)]
/// The longest header of an array in a `.npz` file, in bytes: NumPy's own limit.
pub const MAX_NPY_HEADER: usize = 10_000;
#[doc(hidden)]
/// The longest header of a `.safetensors` file, in bytes.
pub const MAX_SAFETENSORS_HEADER: usize = 1 << 23;

/// The arrays of one file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct File {
    /// What errors call it.
    pub name: String,
    /// In the order of the file.
    pub arrays: Vec<Array>,
}

/// A named array.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Array {
    /// As the file spells it, without the `.npy` of an entry in a `.npz` file.
    pub name: String,
    /// What its numbers were stored as.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Shape,
    /// Its elements, row-major.
    pub numbers: Numbers,
}

/// What the numbers of an array were stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// IEEE half precision.
    F16,
    /// The upper half of an `f32`.
    Bf16,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
    /// Whole numbers, of any width and with or without sign.
    Integer,
    /// 0 and 1.
    Bool,
    /// Decimals in text, exact.
    Decimal,
}

impl Dtype {
    /// `f32`, `bf16`, `integer`.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F16 => "f16",
            Dtype::Bf16 => "bf16",
            Dtype::F32 => "f32",
            Dtype::F64 => "f64",
            Dtype::Integer => "integer",
            Dtype::Bool => "bool",
            Dtype::Decimal => "decimal",
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Exact numbers. Every float up to 64 bits is an `f64`; what `f64` might round is rational.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Numbers {
    /// Finite, or −∞ in a mask.
    F64(Vec<f64>),
    /// Integers of 64 bits, and decimals.
    Exact(Vec<Rational>),
}

impl Numbers {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Numbers::F64(all) => all.len(),
            Numbers::Exact(all) => all.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same as fractions.
    pub fn to_rationals(&self) -> Vec<Rational> {
        match self {
            Numbers::F64(all) => all.iter().map(|x| rational(*x)).collect(),
            Numbers::Exact(all) => all.clone(),
        }
    }

    /// The nearest `f64`.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Numbers::F64(all) => all.clone(),
            Numbers::Exact(all) => all.iter().map(Rational::to_f64).collect(),
        }
    }
}

fn rational(x: f64) -> Rational {
    // A file's floats are finite but for −∞.
    Rational::from_f64(x).unwrap_or_else(|_| Rational::from(MASKED))
}

/// The endings of files that can be read.
const ENDINGS: [&str; 3] = ["npz", "safetensors", "json"];

/// The arrays in `bytes`; `name` is that of the file, and its ending tells the format.
///
/// # Errors
/// Each begins with the name of the file, and where it is about one, names the array and the
/// element: [`Kind::Syntax`] for an unknown ending and for bytes that are not of the format;
/// [`Kind::Limit`] for a file, header, name or array past the constants of this module;
/// [`Kind::Value`] for NaN, infinity, and numbers of a type that is not read; [`Kind::Shape`] for
/// arrays without elements, of too high rank, or ragged; [`Kind::Name`] for a name that occurs
/// twice. All arrays are looked at, and all errors told.
pub fn read(name: &str, bytes: &[u8]) -> Result<File, Error> {
    let within = |error| in_file(name, &error);
    if bytes.len() > MAX_FILE_BYTES {
        return Err(within(too_long()));
    }
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let ending = base.rsplit_once('.').map_or("", |(_, e)| e).to_ascii_lowercase();
    let arrays = match ending.as_str() {
        "npz" => npz::read(bytes),
        "safetensors" => safetensors::read(bytes),
        "json" => json::read(bytes),
        other => Err(unknown_ending(other)),
    };
    Ok(File { name: name.to_string(), arrays: arrays.map_err(within)? })
}

/// The error of a file of more than [`MAX_FILE_BYTES`].
fn too_long() -> Error {
    let most = MAX_FILE_BYTES >> 20;
    Error::new(Kind::Limit, format!("the file is longer than {most} MiB"))
        .hint("keep only the arrays of this network")
}

fn unknown_ending(ending: &str) -> Error {
    let known = "values are read from .npz, .safetensors and .json";
    let sentence = match ending {
        "" => "the name has no ending that tells the format".to_string(),
        _ => format!("files that end in `.{ending}` are not read"),
    };
    let error = Error::new(Kind::Syntax, sentence).hint(known);
    match ending {
        "npy" => error.hint("numpy.savez(\"v.npz\", w=w) keeps the names, which a .npy has not"),
        "pt" | "pth" | "bin" | "ckpt" | "pkl" | "pickle" => error.hint(
            "it may hold code; save tensors: safetensors.torch.save_file(state, \"v.safetensors\")",
        ),
        _ => match nearest(ending, ENDINGS) {
            Some(near) => error.hint(format!("did you mean `.{near}`?")),
            None => error,
        },
    }
}

/// Every error with the name of its file before it.
fn in_file(file: &str, error: &Error) -> Error {
    let one = |e: &Error| {
        let told = Error::new(e.kind(), format!("{file}: {}", e.message()));
        e.hints().iter().fold(told, |e, hint| e.hint(hint.as_str()))
    };
    let all = error.all().map(one).collect();
    Error::collect(all).unwrap_or_else(|| one(error))
}

/// Counts what a file holds, so that it stops at the first array too many.
#[derive(Default)]
struct Room {
    arrays: usize,
    elements: usize,
}

impl Room {
    /// An array of that name and these lengths, if there is room for it. `u64`, for a file may
    /// claim what no machine can hold.
    fn shape(&mut self, name: &str, lengths: &[u64]) -> Result<Shape, Error> {
        self.name(name)?;
        if lengths.len() > Shape::MAX_RANK {
            let (rank, most) = (lengths.len(), Shape::MAX_RANK);
            let sentence = format!("`{name}` has {rank} axes: at most {most} are read");
            return Err(Error::new(Kind::Shape, sentence));
        }
        let elements = lengths.iter().try_fold(1u64, |n, l| n.checked_mul(*l));
        let elements = elements.and_then(|n| usize::try_from(n).ok());
        match elements {
            Some(0) => {
                let shape: Vec<String> = lengths.iter().map(u64::to_string).collect();
                let sentence =
                    format!("`{name}` has no elements: its shape is {}", shape.join("×"));
                Err(Error::new(Kind::Shape, sentence))
            }
            Some(n) if n <= MAX_ELEMENTS - self.elements => {
                self.elements += n;
                Ok(Shape::new(lengths.iter().map(|l| *l as usize).collect::<Vec<_>>()))
            }
            _ => {
                let sentence = format!(
                    "with `{name}` the arrays have more than {MAX_ELEMENTS} elements together"
                );
                Err(Error::new(Kind::Limit, sentence).hint("keep only the arrays of this network"))
            }
        }
    }

    fn name(&mut self, name: &str) -> Result<(), Error> {
        if name.len() > MAX_NAME_BYTES {
            let shown: String = name.chars().take(40).collect();
            let sentence = format!("the name `{shown}…` is longer than {MAX_NAME_BYTES} bytes");
            return Err(Error::new(Kind::Limit, sentence));
        }
        self.arrays += 1;
        if self.arrays > MAX_ARRAYS {
            let sentence = format!("there are more than {MAX_ARRAYS} arrays");
            return Err(Error::new(Kind::Limit, sentence));
        }
        Ok(())
    }
}

fn malformed(what: impl fmt::Display) -> Error {
    Error::new(Kind::Syntax, what.to_string())
}

/// All arrays, or all errors up to the first that is about a limit.
fn all_or(found: impl Iterator<Item = Result<Array, Error>>) -> Result<Vec<Array>, Error> {
    const SHOWN: usize = 20;
    let (mut arrays, mut errors) = (Vec::new(), Vec::new());
    for array in found {
        match array {
            Ok(array) => arrays.push(array),
            Err(error) => {
                let last = error.kind() == Kind::Limit || errors.len() + 1 >= SHOWN;
                errors.push(error);
                if last {
                    break;
                }
            }
        }
    }
    Error::collect(errors).map_or(Ok(arrays), Err)
}
