//! Dual numbers a + a′ε with ε² = 0: forward-mode derivatives over any number system. The
//! slopes of the elementary functions are written here once, apart from the rules of the
//! calculus, which they check.

use std::cmp::Ordering;

use super::{Fault, Function, Rational, Scalar};

/// A value and its derivative along one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Dual<T> {
    /// The value.
    pub value: T,
    /// The derivative.
    pub tangent: T,
}

impl<T: Scalar> Dual<T> {
    /// A number that does not move.
    pub fn constant(value: T) -> Dual<T> {
        Dual { value, tangent: T::zero() }
    }

    /// The variable of differentiation.
    pub fn variable(value: T) -> Dual<T> {
        Dual { value, tangent: T::one() }
    }

    /// f(self), given the value and the slope of f there.
    fn chain(&self, value: T, slope: &T) -> Result<Dual<T>, Fault> {
        Ok(Dual { value, tangent: slope.mul(&self.tangent)? })
    }
}

impl<T: Scalar> Scalar for Dual<T> {
    fn from_rational(q: &Rational) -> Result<Self, Fault> {
        T::from_rational(q).map(Dual::constant)
    }

    fn add(&self, other: &Self) -> Result<Self, Fault> {
        Ok(Dual {
            value: self.value.add(&other.value)?,
            tangent: self.tangent.add(&other.tangent)?,
        })
    }

    fn sub(&self, other: &Self) -> Result<Self, Fault> {
        Ok(Dual {
            value: self.value.sub(&other.value)?,
            tangent: self.tangent.sub(&other.tangent)?,
        })
    }

    fn mul(&self, other: &Self) -> Result<Self, Fault> {
        let left = self.tangent.mul(&other.value)?;
        let right = self.value.mul(&other.tangent)?;
        Ok(Dual { value: self.value.mul(&other.value)?, tangent: left.add(&right)? })
    }

    fn neg(&self) -> Self {
        Dual { value: self.value.neg(), tangent: self.tangent.neg() }
    }

    fn div(&self, other: &Self) -> Result<Self, Fault> {
        // (a/b)′ = (a′ − (a/b)·b′)/b
        let value = self.value.div(&other.value)?;
        let tangent = self.tangent.sub(&value.mul(&other.tangent)?)?.div(&other.value)?;
        Ok(Dual { value, tangent })
    }

    fn powi(&self, exponent: i32) -> Result<Self, Fault> {
        let value = self.value.powi(exponent)?;
        if exponent == 0 {
            return Ok(Dual::constant(value));
        }
        let below = exponent.checked_sub(1).ok_or(Fault::TooLarge)?;
        let slope = T::integer(exponent).mul(&self.value.powi(below)?)?;
        self.chain(value, &slope)
    }

    fn pow(&self, exponent: &Self) -> Result<Self, Fault> {
        // (uᵛ)′ = v·u^(v−1)·u′ + uᵛ·ln u·v′; the second term only where v moves, so that a
        // constant exponent asks for no logarithm.
        let value = self.value.pow(&exponent.value)?;
        let below = exponent.value.sub(&T::one())?;
        let slope = exponent.value.mul(&self.value.pow(&below)?)?;
        let moved = self.chain(value.clone(), &slope)?;
        if exponent.tangent == T::zero() {
            return Ok(moved);
        }
        let by_exponent = value.mul(&self.value.call(Function::Ln)?)?.mul(&exponent.tangent)?;
        Ok(Dual { value, tangent: moved.tangent.add(&by_exponent)? })
    }

    fn call(&self, function: Function) -> Result<Self, Fault> {
        let x = &self.value;
        let f = x.call(function)?;
        let slope = match function {
            Function::Exp => f.clone(),
            Function::Ln => T::one().div(x)?,
            Function::Sqrt => T::one().div(&T::integer(2).mul(&f)?)?,
            Function::Tanh => T::one().sub(&f.mul(&f)?)?,
            Function::Sigmoid => f.mul(&T::one().sub(&f)?)?,
            Function::Abs => x.call(Function::Sign)?,
            Function::Relu => x.call(Function::Step)?,
            Function::Sign | Function::Step => T::zero(),
        };
        self.chain(f, &slope)
    }

    fn compare(&self, other: &Self) -> Result<Ordering, Fault> {
        self.value.compare(&other.value)
    }
}
