//! `f64` as a number system, and the one function that prints floats. The elementary functions
//! come from the crate `libm`, so results are the same on every machine.

use std::cmp::Ordering;

use super::{Fault, Function, Rational, Scalar};

fn finite(x: f64) -> Result<f64, Fault> {
    if x.is_finite() { Ok(x) } else { Err(Fault::NotFinite) }
}

impl Scalar for f64 {
    fn from_rational(q: &Rational) -> Result<f64, Fault> {
        finite(q.to_f64())
    }

    fn add(&self, other: &f64) -> Result<f64, Fault> {
        finite(self + other)
    }

    fn sub(&self, other: &f64) -> Result<f64, Fault> {
        finite(self - other)
    }

    fn mul(&self, other: &f64) -> Result<f64, Fault> {
        finite(self * other)
    }

    fn neg(&self) -> f64 {
        -self
    }

    fn div(&self, other: &f64) -> Result<f64, Fault> {
        if *other == 0.0 { Err(Fault::DivisionByZero) } else { finite(self / other) }
    }

    fn powi(&self, exponent: i32) -> Result<f64, Fault> {
        if *self == 0.0 && exponent < 0 {
            return Err(Fault::DivisionByZero);
        }
        finite(libm::pow(*self, f64::from(exponent)))
    }

    fn pow(&self, exponent: &f64) -> Result<f64, Fault> {
        if *self == 0.0 && *exponent < 0.0 {
            return Err(Fault::DivisionByZero);
        }
        if *self < 0.0 && exponent.fract() != 0.0 {
            return Err(Fault::PowerOutOfDomain);
        }
        finite(libm::pow(*self, *exponent))
    }

    fn call(&self, function: Function) -> Result<f64, Fault> {
        let x = *self;
        match function {
            Function::Exp => finite(libm::exp(x)),
            Function::Ln if x > 0.0 => Ok(libm::log(x)),
            Function::Sqrt if x >= 0.0 => Ok(libm::sqrt(x)),
            Function::Ln | Function::Sqrt => Err(Fault::OutOfDomain(function)),
            Function::Tanh => Ok(libm::tanh(x)),
            Function::Sigmoid if x >= 0.0 => Ok(1.0 / (1.0 + libm::exp(-x))),
            Function::Sigmoid => {
                let e = libm::exp(x);
                Ok(e / (1.0 + e))
            }
            Function::Abs => Ok(x.abs()),
            Function::Relu => Ok(x.max(0.0)),
            Function::Sign if x == 0.0 => Ok(0.0),
            Function::Sign => Ok(x.signum()),
            Function::Step => Ok(f64::from(u8::from(x > 0.0))),
        }
    }

    fn compare(&self, other: &f64) -> Result<Ordering, Fault> {
        self.partial_cmp(other).ok_or(Fault::NotFinite)
    }
}

/// An `f64` as text: the shortest decimals that read back to the same number, in scientific
/// notation where that is shorter to read. Every float that backproof prints goes through here.
pub fn show_f64(x: f64) -> String {
    if x == 0.0 || (1e-4..1e7).contains(&x.abs()) { format!("{x}") } else { format!("{x:e}") }
}
