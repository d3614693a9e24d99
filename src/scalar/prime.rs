//! The field of whole numbers modulo the prime 2^61 − 1, for identity tests by evaluation at
//! random points (Schwartz and Zippel). A nonzero polynomial of degree d vanishes at a random
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
        Prime::of_sum(low + high)
    }

    /// The residue of a sum of two numbers up to the modulus.
    #[inline]
    fn of_sum(n: u64) -> Prime {
        Prime(if n >= Prime::MODULUS { n - Prime::MODULUS } else { n })
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

    /// The value of a function where it has one in this field, or the reason why it has none
    /// anywhere; `None` where any number may stand for it.
    pub(crate) fn known(self, function: Function) -> Option<Result<Prime, Fault>> {
        Some(match (function, self.0) {
            (f, _) if f.has_kink() => Err(Fault::NoOrder),
            (Function::Exp | Function::Cos | Function::Cosh, 0) => Ok(Prime(1)),
            (Function::Ln, 0) => Err(Fault::OutOfDomain(function)),
            (Function::Ln, 1) => Ok(Prime(0)),
            (Function::Tanh | Function::Sin | Function::Sinh, 0) => Ok(Prime(0)),
            (Function::Sigmoid | Function::NormalCdf, 0) => Prime(2).inverse(),
            (Function::Sqrt, n @ (0 | 1)) => Ok(Prime(n)),
            _ => return None,
        })
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
        if let Some((n, k)) = q.dyadic() {
            // 2⁶¹ = 1.
            let size = Prime::new(n.unsigned_abs()).times(Prime::new(1 << (61 - k % 61)));
            return Ok(if n < 0 { size.neg() } else { size });
        }
        Ok(reduce(&q.numer()).times(reduce(&q.denom()).inverse()?))
    }

    fn add(&self, other: &Prime) -> Result<Prime, Fault> {
        Ok(Prime::of_sum(self.0 + other.0))
    }

    fn sub(&self, other: &Prime) -> Result<Prime, Fault> {
        Ok(Prime::of_sum(self.0 + (Prime::MODULUS - other.0)))
    }

    fn mul(&self, other: &Prime) -> Result<Prime, Fault> {
        Ok(self.times(*other))
    }

    fn neg(&self) -> Prime {
        Prime::of_sum(Prime::MODULUS - self.0)
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
        self.known(function).unwrap_or_else(|| Ok(self.oracle(function as u64 + 1)))
    }

    fn compare(&self, _: &Prime) -> Result<Ordering, Fault> {
        Err(Fault::NoOrder)
    }

    /// Without the way by a fraction, for 0 and 1 are asked for all the time.
    fn integer(n: i32) -> Prime {
        let size = Prime(u64::from(n.unsigned_abs()));
        if n < 0 { size.neg() } else { size }
    }

    fn drawn_sign(&self, seed: u64) -> Result<Ordering, Fault> {
        let opposite = Scalar::neg(self);
        let positive = Prime(self.0.min(opposite.0)).oracle(seed ^ (1 << 48)).0.is_multiple_of(2);
        Ok(match self.0.cmp(&opposite.0) {
            Ordering::Equal => Ordering::Equal,
            Ordering::Less if positive => Ordering::Greater,
            Ordering::Greater if !positive => Ordering::Greater,
            _ => Ordering::Less,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::strategies::rational;
    use super::*;

    fn residue(q: &Rational) -> Prime {
        // A denominator divisible by 2^61 − 1 does not come up.
        Prime::from_rational(q).unwrap()
    }

    proptest! {
        #![proptest_config(crate::laws::laws(256))]

        #[test]
        fn the_way_from_the_rationals_is_a_ring_homomorphism(
            a in rational(), b in rational(), n in -6i32..7,
        ) {
            let (x, y) = (residue(&a), residue(&b));
            prop_assert_eq!(residue(&a.add(&b).unwrap()), x.add(&y).unwrap());
            prop_assert_eq!(residue(&a.sub(&b).unwrap()), x.sub(&y).unwrap());
            prop_assert_eq!(residue(&a.mul(&b).unwrap()), x.mul(&y).unwrap());
            prop_assert_eq!(residue(&Scalar::neg(&a)), x.neg());
            if !b.is_zero() {
                prop_assert_eq!(residue(&a.div(&b).unwrap()), x.div(&y).unwrap());
                prop_assert_eq!(residue(&b.powi(n).unwrap()), y.powi(n).unwrap());
            }
            prop_assert!([x, y, x.neg()].iter().all(|p| p.residue() < Prime::MODULUS));
        }

        #[test]
        fn every_residue_but_0_has_an_inverse(n in any::<u64>()) {
            let x = Prime::new(n);
            if x.residue() == 0 {
                prop_assert_eq!(Prime::one().div(&x), Err(Fault::DivisionByZero));
            } else {
                prop_assert_eq!(x.mul(&Prime::one().div(&x).unwrap()), Ok(Prime::one()));
            }
        }
    }

    #[test]
    fn the_edges_of_the_field() {
        let last = Prime::new(Prime::MODULUS - 1);
        assert_eq!(last, Prime::integer(-1));
        assert_eq!(last.mul(&last), Ok(Prime::one()));
        assert_eq!(last.add(&Prime::one()), Ok(Prime::zero()));
        assert_eq!(Prime::new(Prime::MODULUS), Prime::zero());
        assert_eq!(Prime::zero().neg(), Prime::zero());
        assert_eq!(Prime::zero().powi(0), Ok(Prime::one()));
        assert_eq!(Prime::zero().powi(-1), Err(Fault::DivisionByZero));
        // 2^61 = 1 here, so 61 is the order of 2.
        assert_eq!(Prime::integer(2).powi(61), Ok(Prime::one()));
    }

    #[test]
    fn functions_are_fixed_and_differ() {
        let x = Prime::new(12345);
        let smooth: Vec<_> = Function::ALL.into_iter().filter(|f| !f.has_kink()).collect();
        for (i, f) in smooth.iter().enumerate() {
            assert_eq!(x.call(*f), x.call(*f));
            for g in &smooth[..i] {
                assert_ne!(x.call(*f), x.call(*g), "{f} {g}");
            }
        }
        assert_eq!(x.call(Function::Relu), Err(Fault::NoOrder));
        assert_eq!(x.compare(&x), Err(Fault::NoOrder));
    }
}
