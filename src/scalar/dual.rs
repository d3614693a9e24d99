//! Dual numbers a + a′ε with ε² = 0: forward-mode derivatives over any number system. The
//! slopes of the elementary functions are written here once, apart from the rules of the
//! calculus, which they check.

use std::cmp::Ordering;

use super::{Fault, Function, Rational, SIDE, Scalar};

/// A value and its derivative along one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Dual<T> {
    /// The value.
    pub value: T,
    /// The derivative.
    pub tangent: T,
}

/// The places of as many as go side by side.
const ALL: [usize; SIDE] = {
    let mut all = [0; SIDE];
    let mut n = 0;
    while n < SIDE {
        all[n] = n;
        n += 1;
    }
    all
};

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
        if self.tangent.is_zero() {
            return Ok(Dual::constant(value));
        }
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
        let value = self.value.mul(&other.value)?;
        // Under a derivative most numbers stand still; 0 times anything defined is 0.
        let tangent = match (self.tangent.is_zero(), other.tangent.is_zero()) {
            (true, true) => T::zero(),
            (false, true) => self.tangent.mul(&other.value)?,
            (true, false) => self.value.mul(&other.tangent)?,
            (false, false) => {
                self.tangent.mul(&other.value)?.add(&self.value.mul(&other.tangent)?)?
            }
        };
        Ok(Dual { value, tangent })
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
        let moved = if exponent.value == T::zero() {
            // u⁰ = 1 everywhere, also at 0, where u⁻¹ has no value.
            Dual::constant(value.clone())
        } else {
            let below = exponent.value.sub(&T::one())?;
            let slope = exponent.value.mul(&self.value.pow(&below)?)?;
            self.chain(value.clone(), &slope)?
        };
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
            Function::Softplus => x.call(Function::Sigmoid)?,
            Function::NormalCdf => x.call(Function::NormalPdf)?,
            Function::NormalPdf => x.mul(&f)?.neg(),
            Function::Abs => x.call(Function::Sign)?,
            Function::Relu => x.call(Function::Step)?,
            Function::Sign | Function::Step => T::zero(),
            Function::Sin => x.call(Function::Cos)?,
            Function::Cos => x.call(Function::Sin)?.neg(),
            Function::Sinh => x.call(Function::Cosh)?,
            Function::Cosh => x.call(Function::Sinh)?,
        };
        self.chain(f, &slope)
    }

    fn compare(&self, other: &Self) -> Result<Ordering, Fault> {
        self.value.compare(&other.value)
    }

    const SIDE_BY_SIDE: bool = T::SIDE_BY_SIDE;

    /// As in [`Scalar::mul`], what stands still on a whole side takes no time.
    fn add_products(
        sums: &mut [Self],
        at: &[usize],
        a: &[&Self; SIDE],
        b: &[&Self; SIDE],
    ) -> Result<(), Fault> {
        let (mut a_values, mut b_values) = ([&a[0].value; SIDE], [&b[0].value; SIDE]);
        let (mut a_tangents, mut b_tangents) = ([&a[0].tangent; SIDE], [&b[0].tangent; SIDE]);
        for (n, (a, b)) in a.iter().zip(b).enumerate() {
            (a_values[n], b_values[n]) = (&a.value, &b.value);
            (a_tangents[n], b_tangents[n]) = (&a.tangent, &b.tangent);
        }
        let mut found: [T; SIDE] = std::array::from_fn(|n| match at.get(n) {
            Some(at) => sums[*at].value.clone(),
            None => T::zero(),
        });
        let own = &ALL[..at.len().min(SIDE)];
        T::add_products(&mut found, own, &a_values, &b_values)?;
        let mut moved: Option<[T; SIDE]> = None;
        for (tangents, by) in [(&a_tangents, &b_values), (&b_tangents, &a_values)] {
            if own.iter().any(|n| !tangents[*n].is_zero()) {
                let zeros = || std::array::from_fn(|_| T::zero());
                T::add_products(moved.get_or_insert_with(zeros), own, tangents, by)?;
            }
        }
        for (n, (at, value)) in at.iter().zip(found).enumerate() {
            let sum = &mut sums[*at];
            sum.value = value;
            if let Some(moved) = &moved {
                sum.tangent = sum.tangent.add(&moved[n])?;
            }
        }
        Ok(())
    }

    fn integer(n: i32) -> Self {
        Dual::constant(T::integer(n))
    }

    fn drawn_sign(&self, seed: u64) -> Result<Ordering, Fault> {
        self.value.drawn_sign(seed)
    }

    fn winners(args: &[&Self]) -> Result<Vec<Self>, Fault> {
        let values: Vec<&T> = args.iter().map(|a| &a.value).collect();
        Ok(T::winners(&values)?.into_iter().map(Dual::constant).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Interval;
    use super::super::tests::strategies::small;
    use super::*;

    proptest! {
        #![proptest_config(crate::laws::laws(256))]

        #[test]
        fn polynomials_have_their_derivative(
            coefficients in prop::collection::vec(small(), 1..6), x in small(),
        ) {
            let x = Dual::variable(x);
            let mut value = Dual::zero();
            let mut slope = Rational::zero();
            for (n, c) in (0i32..).zip(&coefficients) {
                let term = Dual::constant(c.clone()).mul(&x.powi(n).unwrap()).unwrap();
                value = value.add(&term).unwrap();
                if n > 0 {
                    let power = x.value.powi(n - 1).unwrap();
                    let by_hand = c.mul(&Rational::integer(n)).unwrap().mul(&power).unwrap();
                    slope = slope.add(&by_hand).unwrap();
                }
            }
            prop_assert_eq!(value.tangent, slope);
        }

        #[test]
        fn products_side_by_side_are_those_one_after_the_other(
            all in prop::collection::vec((small(), small()), 3 * SIDE), still in 0..4,
        ) {
            fn same<T: Scalar>(all: &[Dual<T>]) {
                let (sums, a, b) = (&all[..SIDE], &all[SIDE..2 * SIDE], &all[2 * SIDE..]);
                let mut side = sums.to_vec();
                let [a_lanes, b_lanes] = [a, b].map(|all| std::array::from_fn(|n| &all[n]));
                Dual::add_products(&mut side, &ALL, &a_lanes, &b_lanes).unwrap();
                for n in 0..SIDE {
                    assert_eq!(side[n], sums[n].add(&a[n].mul(&b[n]).unwrap()).unwrap());
                }
            }
            let moves = |n: usize| n < SIDE || (still >> (n / SIDE - 1)) & 1 == 0;
            let dual = |(n, (value, tangent)): (usize, &(Rational, Rational))| match moves(n) {
                true => Dual { value: value.clone(), tangent: tangent.clone() },
                false => Dual::constant(value.clone()),
            };
            let duals: Vec<_> = all.iter().enumerate().map(dual).collect();
            let of = |x: &Rational| Interval::from_rational(x).unwrap();
            let rounded = |x: &Dual<Rational>| Dual { value: of(&x.value), tangent: of(&x.tangent) };
            same(&duals.iter().map(rounded).collect::<Vec<_>>());
            same(&duals);
        }

        #[test]
        fn quotients_and_negative_powers_agree(x in small(), c in small(), n in 1i32..5) {
            // c/xⁿ = c·x⁻ⁿ, by the quotient rule and by the power rule.
            prop_assume!(!x.is_zero());
            let (x, c) = (Dual::variable(x), Dual::constant(c));
            let quotient = c.div(&x.powi(n).unwrap());
            prop_assert_eq!(&quotient, &c.mul(&x.powi(-n).unwrap()));
            let exponent = Dual::constant(Rational::integer(-n));
            prop_assert_eq!(&quotient, &c.mul(&x.pow(&exponent).unwrap()));
        }

        #[test]
        fn slopes_are_the_limits_of_differences(x in 0.1..3.0f64, below in any::<bool>()) {
            // With h = 1e-5 the central difference errs by h²·|f‴|/6 (|f‴| < 2100 here, for ln
            // at 0.1) and by rounding, about 1e-15·|f|/h: both far below the tolerance.
            let h = 1e-5;
            for f in Function::ALL {
                let x = if below && !matches!(f, Function::Ln | Function::Sqrt) { -x } else { x };
                let at = |x: f64| x.call(f).unwrap();
                let difference = (at(x + h) - at(x - h)) / (2.0 * h);
                let slope = Dual::variable(x).call(f).unwrap().tangent;
                prop_assert!((slope - difference).abs() < 1e-6, "{}′({}): {}", f, x, slope);
            }
        }

        #[test]
        fn powers_with_moving_exponents(x in 0.2..3.0f64, y in -2.0..2.0f64) {
            let h = 1e-5;
            let at = |t: f64| libm::pow(x + t, y + 2.0 * t);
            let difference = (at(h) - at(-h)) / (2.0 * h);
            let moving = Dual { value: x, tangent: 1.0 };
            let slope = moving.pow(&Dual { value: y, tangent: 2.0 }).unwrap().tangent;
            prop_assert!((slope - difference).abs() < 1e-5 * (1.0 + slope.abs()));
        }
    }

    #[test]
    fn conventions_and_edges() {
        let at = |x: i32| Dual::variable(Rational::integer(x));
        assert_eq!(at(0).call(Function::Relu).unwrap().tangent, Rational::zero());
        assert_eq!(at(0).call(Function::Abs).unwrap().tangent, Rational::zero());
        assert_eq!(at(-3).call(Function::Abs).unwrap().tangent, Rational::integer(-1));
        // √x has no slope at 0, though it has a value.
        assert_eq!(at(0).call(Function::Sqrt), Err(Fault::DivisionByZero));
        // x⁰ and x¹ have slopes at 0.
        assert_eq!(at(0).powi(0).unwrap().tangent, Rational::zero());
        assert_eq!(at(0).powi(1).unwrap().tangent, Rational::one());
        assert_eq!(at(0).pow(&Dual::zero()), Ok(Dual::constant(Rational::one())));
        assert_eq!(at(1).powi(i32::MIN), Err(Fault::TooLarge));
    }
}
