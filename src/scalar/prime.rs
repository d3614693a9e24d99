//! The field of whole numbers modulo the prime 2^61 − 1, for identity tests by evaluation at
//! random points (Schwartz and Zippel): a nonzero polynomial of degree d vanishes at a random
//! point with probability at most d/p, here about d · 4·10⁻¹⁹.
//!
//! Transcendental functions have no value in a finite field. They answer with a fixed
//! pseudo-random function of their argument, tied to the values they have at 0 and 1. An
//! identity that holds for such arbitrary functions holds for the true ones; one that needs
//! e^(a+b) = e^a·e^b is not seen, so this field can prove and never refutes.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::ToPrimitive;

use super::{Fault, Function, Rational, Scalar};

/// A residue modulo [`Prime::MODULUS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prime(u64);

impl Prime {
    /// The Mersenne prime 2^61 − 1.
    pub const MODULUS: u64 = (1 << 61) - 1;

    /// The residue of `n`.
    pub fn new(n: u64) -> Prime {
        Prime(n % Prime::MODULUS)
    }

    /// The representative below the modulus.
    pub fn residue(self) -> u64 {
        self.0
    }

    fn times(self, other: Prime) -> Prime {
        let wide = u128::from(self.0) * u128::from(other.0);
        let low = (wide as u64) & Prime::MODULUS;
        let high = (wide >> 61) as u64;
        Prime::new(low + high)
    }

    fn power(self, mut exponent: u64) -> Prime {
        let (mut base, mut result) = (self, Prime(1));
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result.times(base);
            }
            base = base.times(base);
            exponent >>= 1;
        }
        result
    }

    fn inverse(self) -> Result<Prime, Fault> {
        // Fermat: a^(p−2) is 1/a.
        if self.0 == 0 { Err(Fault::DivisionByZero) } else { Ok(self.power(Prime::MODULUS - 2)) }
    }

    /// A fixed pseudo-random function of the argument, one for each `tag`.
    fn oracle(self, tag: u64) -> Prime {
        let mut z = self.0 ^ tag.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Prime::new(z ^ (z >> 31))
    }
}

fn reduce(n: &BigInt) -> Prime {
    Prime(n.mod_floor(&BigInt::from(Prime::MODULUS)).to_u64().unwrap_or(0))
}

impl Scalar for Prime {
    fn from_rational(q: &Rational) -> Result<Prime, Fault> {
        Ok(reduce(&q.numer()).times(reduce(&q.denom()).inverse()?))
    }

    fn add(&self, other: &Prime) -> Result<Prime, Fault> {
        Ok(Prime::new(self.0 + other.0))
    }

    fn sub(&self, other: &Prime) -> Result<Prime, Fault> {
        Ok(Prime::new(self.0 + Prime::MODULUS - other.0))
    }

    fn mul(&self, other: &Prime) -> Result<Prime, Fault> {
        Ok(self.times(*other))
    }

    fn neg(&self) -> Prime {
        Prime::new(Prime::MODULUS - self.0)
    }

    fn div(&self, other: &Prime) -> Result<Prime, Fault> {
        Ok(self.times(other.inverse()?))
    }

    fn powi(&self, exponent: i32) -> Result<Prime, Fault> {
        let power = self.power(exponent.unsigned_abs().into());
        if exponent < 0 { power.inverse() } else { Ok(power) }
    }

    /// A fixed pseudo-random function of base and exponent: a residue cannot tell which whole
    /// number its exponent was, so whole powers go through [`Scalar::powi`].
    fn pow(&self, exponent: &Prime) -> Result<Prime, Fault> {
        Ok(self.oracle(exponent.oracle(1 << 32).0))
    }

    fn call(&self, function: Function) -> Result<Prime, Fault> {
        let half = || Prime(2).inverse();
        match (function, self.0) {
            (f, _) if f.has_kink() => Err(Fault::NoOrder),
            (Function::Exp, 0) => Ok(Prime(1)),
            (Function::Ln, 0) => Err(Fault::OutOfDomain(function)),
            (Function::Ln, 1) | (Function::Tanh, 0) => Ok(Prime(0)),
            (Function::Sigmoid, 0) => half(),
            (Function::Sqrt, n @ (0 | 1)) => Ok(Prime(n)),
            (f, _) => Ok(self.oracle(f as u64 + 1)),
        }
    }

    fn compare(&self, _: &Prime) -> Result<Ordering, Fault> {
        Err(Fault::NoOrder)
    }
}
