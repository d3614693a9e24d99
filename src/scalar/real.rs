//! `f64` as a number system, and the one function that prints floats. The elementary functions
//! come from the crate `libm`, so results are the same on every machine.

use std::cmp::Ordering;
use std::f64::consts::FRAC_1_SQRT_2;

use super::{Fault, Function, Rational, Scalar};

/// 1/√(2π), the height of the normal density.
pub(super) const INV_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

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

    #[inline]
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
            // The exponential of what is not positive does not overflow.
            Function::Softplus => {
                let above = if x > 0.0 { x } else { 0.0 };
                finite(above + libm::log1p(libm::exp(-x.abs())))
            }
            // By erfc, for 1 + erf would lose every digit where x is far below 0.
            Function::NormalCdf => Ok(0.5 * libm::erfc(-x * FRAC_1_SQRT_2)),
            Function::NormalPdf => Ok(INV_SQRT_TAU * libm::exp(-0.5 * x * x)),
            Function::Abs => Ok(x.abs()),
            // Not `max`, which may answer −0 or +0 for −0, differently on different machines.
            Function::Relu => Ok(if x > 0.0 { x } else { 0.0 }),
            Function::Sign if x == 0.0 => Ok(0.0),
            Function::Sign => Ok(x.signum()),
            Function::Step => Ok(f64::from(u8::from(x > 0.0))),
            Function::Sin => finite(libm::sin(x)),
            Function::Cos => finite(libm::cos(x)),
            Function::Sinh => finite(libm::sinh(x)),
            Function::Cosh => finite(libm::cosh(x)),
        }
    }

    fn compare(&self, other: &f64) -> Result<Ordering, Fault> {
        self.partial_cmp(other).ok_or(Fault::NotFinite)
    }

    fn integer(n: i32) -> f64 {
        f64::from(n)
    }
}

/// An `f64` as text: the shortest decimals that read back to the same number, in scientific
/// notation where that is shorter to read; −0 is written 0. Every float that backproof prints goes through here.
pub fn show_f64(x: f64) -> String {
    if x == 0.0 {
        return "0".to_string();
    }
    if (1e-4..1e7).contains(&x.abs()) { format!("{x}") } else { format!("{x:e}") }
}

/// An `f64` to so many significant digits, for a column of a table.
pub fn show_digits(x: f64, digits: usize) -> String {
    let scale = digits.saturating_sub(1);
    // Through scientific notation, which rounds to significant digits; then the short spelling.
    match format!("{x:.scale$e}").parse::<f64>() {
        Ok(rounded) => show_f64(rounded),
        Err(_) => show_f64(x),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(crate::laws::laws(256))]

        #[test]
        fn the_logistic_function_is_symmetric_and_in_its_range(x in -800.0..800.0f64) {
            let at = |x: f64| x.call(Function::Sigmoid).unwrap();
            prop_assert!((0.0..=1.0).contains(&at(x)));
            prop_assert!((at(x) + at(-x) - 1.0).abs() < 1e-15);
        }

        #[test]
        fn a_shown_float_reads_back(x in any::<f64>()) {
            prop_assert_eq!(show_f64(x).parse::<f64>().unwrap().to_bits() == x.to_bits(), x != 0.0 || x.is_sign_positive());
        }
    }

    #[test]
    fn faults_name_what_is_wrong() {
        assert_eq!(1.0.div(&0.0), Err(Fault::DivisionByZero));
        assert_eq!(0.0.powi(-2), Err(Fault::DivisionByZero));
        assert_eq!((-1.0).pow(&0.5), Err(Fault::PowerOutOfDomain));
        assert_eq!((-2.0).pow(&3.0), Ok(-8.0));
        assert_eq!(1e300.mul(&1e300), Err(Fault::NotFinite));
        assert_eq!(710.0.call(Function::Exp), Err(Fault::NotFinite));
        assert_eq!(0.0.call(Function::Ln), Err(Fault::OutOfDomain(Function::Ln)));
        assert_eq!((-1.0).call(Function::Sqrt), Err(Fault::OutOfDomain(Function::Sqrt)));
        assert_eq!(f64::from_rational(&"1e324".parse().unwrap()), Err(Fault::NotFinite));
        assert_eq!(1e300.call(Function::Softplus), Ok(1e300));
        assert_eq!((-1e300).call(Function::Softplus), Ok(0.0));
        assert_eq!(1e300.call(Function::NormalPdf), Ok(0.0));
        assert_eq!((-1e300).call(Function::NormalCdf), Ok(0.0));
        assert!((-0.0).call(Function::Relu).unwrap().is_sign_positive());
    }

    #[test]
    fn floats_are_shown_short() {
        let shown = [0.0, -0.0, 0.1, -2.5, 1e-4, 1e-5, 9_999_999.0, 1e7, 6.02e23, 5e-324];
        assert_eq!(
            shown.map(show_f64),
            ["0", "0", "0.1", "-2.5", "0.0001", "1e-5", "9999999", "1e7", "6.02e23", "5e-324"]
        );
    }
}
