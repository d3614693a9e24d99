//! Stored bytes to numbers. In goes a format of numbers and the bytes of an array in the file's
//! order, out come exact numbers, row-major. What always holds: the count of the bytes was
//! checked, and every number is finite.

use super::{Array, Dtype, Numbers};
use crate::diag::{Error, Kind};
use crate::net::Shape;
use crate::scalar::Rational;

/// How numbers lie in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Bool,
    /// Bytes in each.
    Signed(usize),
    Unsigned(usize),
    F16,
    Bf16,
    F32,
    F64,
}

impl Stored {
    pub fn bytes(self) -> usize {
        match self {
            Stored::Bool => 1,
            Stored::Signed(n) | Stored::Unsigned(n) => n,
            Stored::F16 | Stored::Bf16 => 2,
            Stored::F32 => 4,
            Stored::F64 => 8,
        }
    }

    fn dtype(self) -> Dtype {
        match self {
            Stored::Bool => Dtype::Bool,
            Stored::Signed(_) | Stored::Unsigned(_) => Dtype::Integer,
            Stored::F16 => Dtype::F16,
            Stored::Bf16 => Dtype::Bf16,
            Stored::F32 => Dtype::F32,
            Stored::F64 => Dtype::F64,
        }
    }
}

/// The layout of an array's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub stored: Stored,
    pub big_endian: bool,
    /// Whether the first index moves fastest.
    pub fortran: bool,
}

/// The array in these bytes.
///
/// # Errors
/// Too few or too many bytes; NaN or ∞, while −∞ may be a mask; a bool that is neither 0 nor 1.
pub(super) fn array(
    name: &str,
    shape: Shape,
    layout: Layout,
    bytes: &[u8],
) -> Result<Array, Error> {
    let each = layout.stored.bytes();
    let wanted = shape.elements() * each;
    if bytes.len() != wanted {
        let sentence = format!(
            "`{name}`, {}, takes {wanted} bytes, and there are {}",
            shape.described(),
            bytes.len()
        );
        return Err(Error::new(Kind::Syntax, sentence).hint("was the file cut off?"));
    }
    // The position in the file of each element, row-major.
    let strides = strides(&shape, layout.fortran);
    let place = |n: usize| match layout.fortran {
        true => shape.index(n).iter().zip(&strides).map(|(i, s)| i * s).sum(),
        false => n,
    };
    let words = (0..shape.elements()).map(|n| word(&bytes[place(n) * each..][..each], layout));
    let numbers = match layout.stored {
        Stored::Signed(8) => Numbers::Exact(words.map(|w| Rational::from(w as i64)).collect()),
        Stored::Unsigned(8) => Numbers::Exact(words.map(whole).collect()),
        stored => Numbers::F64(words.map(|w| float(w, stored)).collect()),
    };
    if let Numbers::F64(all) = &numbers
        && let Some(n) = all.iter().position(|x| !x.is_finite() && *x != f64::NEG_INFINITY)
    {
        let what = if all[n].is_nan() { "NaN" } else { "infinite" };
        return Err(not_finite(name, &shape, n, what));
    }
    if layout.stored == Stored::Bool
        && let Some(n) = bytes.iter().position(|b| *b > 1)
    {
        let sentence = format!("`{name}` is bool, and one of its bytes is {}", bytes[n]);
        return Err(Error::new(Kind::Value, sentence));
    }
    Ok(Array { name: name.to_string(), dtype: layout.stored.dtype(), shape, numbers })
}

/// The error of an element that is no number.
pub(super) fn not_finite(name: &str, shape: &Shape, position: usize, what: &str) -> Error {
    let index: Vec<String> = shape.index(position).iter().map(usize::to_string).collect();
    let at = if index.is_empty() { String::new() } else { format!("[{}]", index.join(",")) };
    Error::new(Kind::Value, format!("`{name}{at}` is {what}"))
        .hint("only finite numbers can be compared with exact ones")
}

/// How far apart in the file neighbours along each axis are.
fn strides(shape: &Shape, fortran: bool) -> Vec<usize> {
    let mut strides = vec![1; shape.rank()];
    if fortran {
        for axis in 1..shape.rank() {
            strides[axis] = strides[axis - 1] * shape.lengths()[axis - 1];
        }
    }
    strides
}

/// The bytes of one number as a word; of a signed integer, with its sign extended.
fn word(bytes: &[u8], layout: Layout) -> u64 {
    let mut little = [0; 8];
    for (n, byte) in bytes.iter().enumerate() {
        little[if layout.big_endian { bytes.len() - 1 - n } else { n }] = *byte;
    }
    let word = u64::from_le_bytes(little);
    match layout.stored {
        Stored::Signed(n) if n < 8 => {
            let unused = 64 - 8 * n as u32;
            (((word << unused) as i64) >> unused) as u64
        }
        _ => word,
    }
}

/// A format of 16 bits: a sign, an exponent of so many bits, and a fraction.
#[derive(Clone, Copy)]
pub(super) struct Short {
    exponent: i32,
}

pub(super) const F16: Short = Short { exponent: 5 };
pub(super) const BF16: Short = Short { exponent: 8 };

impl Short {
    /// How many bits the fraction has.
    fn fraction(self) -> i32 {
        15 - self.exponent
    }

    fn bias(self) -> i32 {
        (1 << (self.exponent - 1)) - 1
    }

    /// The number that these bits are.
    pub(super) fn value(self, bits: u16) -> f64 {
        let above = 1u16 << self.fraction();
        let (exponent, fraction) = ((bits & 0x7FFF) / above, bits % above);
        let size = match i32::from(exponent) {
            0 => libm::scalbn(f64::from(fraction), 1 - self.bias() - self.fraction()),
            e if e > 2 * self.bias() => match fraction {
                0 => f64::INFINITY,
                _ => f64::NAN,
            },
            e => libm::scalbn(f64::from(above + fraction), e - self.bias() - self.fraction()),
        };
        if bits > 0x7FFF { -size } else { size }
    }

    /// The nearest number of this format, of two the even one; ∞ beyond the range.
    pub(super) fn nearest(self, x: f64) -> f64 {
        if x == 0.0 || !x.is_finite() {
            return x;
        }
        let unit = libm::ilogb(x).max(1 - self.bias()) - self.fraction();
        let nearest = libm::scalbn(libm::scalbn(x, -unit).round_ties_even(), unit);
        match nearest.abs() < libm::scalbn(1.0, self.bias() + 1) {
            true => nearest,
            false => f64::INFINITY.copysign(x),
        }
    }
}

fn float(word: u64, stored: Stored) -> f64 {
    match stored {
        Stored::Bool => f64::from(u8::from(word != 0)),
        Stored::Signed(_) => (word as i64) as f64,
        Stored::Unsigned(_) => word as f64,
        Stored::F16 => F16.value(word as u16),
        Stored::Bf16 => BF16.value(word as u16),
        Stored::F32 => f64::from(f32::from_bits(word as u32)),
        Stored::F64 => f64::from_bits(word),
    }
}

fn whole(word: u64) -> Rational {
    match i64::try_from(word) {
        Ok(n) => Rational::from(n),
        Err(_) => Rational::new(word, 1).unwrap_or_else(|_| unreachable!("1 is not 0")),
    }
}
