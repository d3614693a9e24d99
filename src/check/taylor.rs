//! How much a loss can bend within a step: enclosures of its Taylor coefficients along a line, over
//! a whole interval of it.
//!
//! Goes in: for each leaf where it is and how fast it moves, as enclosures. Comes out: an interval
//! that holds f⁽ᵏ⁾(t)/k! for every t of the interval, for each k below `N`. What always holds: where a
//! function or quotient is not smooth on all of what it is asked for, there is a fault and no bound.
//!
//! The coefficients of a result follow from those of its operands by recurrences (Moore,
//! *Interval Analysis*, chapter 11), here over intervals. They hold at each t by itself, and so for
//! all of them at once.

use std::cmp::Ordering;

use crate::concrete::{self, Decide, Decisions, Values};
use crate::diag::Error;
use crate::net::Network;
use crate::scalar::{Fault, Function, Interval, Rational, Scalar, power_by_squares};

/// The coefficients up to order `N` − 1 of one number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Taylor<const N: usize> {
    coefficients: [Interval; N],
    /// From this one on they are 0; at least 1.
    length: usize,
}

/// A bound of |f⁽ⁿ⁾|/n! for n = `N` − 1 along a line, over the interval that `values` stand for, on
/// the smooth piece of the loss that these decisions make.
///
/// # Errors
/// Where that piece may not be smooth or finite on all of the interval.
pub(super) fn greatest<const N: usize>(
    net: &Network,
    values: &Values<Taylor<N>>,
    decisions: &Decisions,
) -> Result<f64, Error> {
    let (loss, _) = concrete::loss(net, values, Decide::Recorded(decisions))?;
    let last = loss.coefficients[N - 1];
    Ok(last.lower.abs().max(last.upper.abs()))
}

const ZERO: Interval = Interval { lower: 0.0, upper: 0.0 };

/// The odd one and the even one.
type Waves<const N: usize> = (Taylor<N>, Taylor<N>);

impl<const N: usize> Taylor<N> {
    /// What lies in `here`, and does not move.
    pub fn still(here: Interval) -> Taylor<N> {
        let mut coefficients = [ZERO; N];
        coefficients[0] = here;
        Taylor { coefficients, length: 1 }
    }

    /// What lies in `here` over the whole interval, and moves by `speed` for each unit of it.
    pub fn moving(here: Interval, speed: Interval) -> Taylor<N> {
        let mut moving = Taylor::still(here);
        if speed != ZERO {
            moving.coefficients[1] = speed;
            moving.length = 2;
        }
        moving
    }

    fn known(&self) -> &[Interval] {
        &self.coefficients[..self.length]
    }

    /// The coefficients one after the other, each from those before it.
    fn made(
        length: usize,
        next: impl Fn(&[Interval], usize) -> Result<Interval, Fault>,
    ) -> Result<Taylor<N>, Fault> {
        let mut coefficients = [ZERO; N];
        for k in 0..length {
            coefficients[k] = next(&coefficients[..k], k)?;
        }
        Ok(Taylor { coefficients, length })
    }

    /// Σ aᵢ·b₍ₖ₋ᵢ₎ over i from `from` to k, where both are known.
    fn convolved(a: &[Interval], b: &[Interval], k: usize, from: usize) -> Result<Interval, Fault> {
        let first = from.max((k + 1).saturating_sub(b.len()));
        let last = (k + 1).min(a.len());
        let mut sum = ZERO;
        for i in first..last {
            sum = sum.add(&a[i].mul(&b[k - i])?)?;
        }
        Ok(sum)
    }

    /// The coefficient k of what has the slope s·u′: Σ i·uᵢ·s₍ₖ₋ᵢ₎/k over i from 1 to k.
    fn integrated(&self, slope: &[Interval], k: usize) -> Result<Interval, Fault> {
        let mut sum = ZERO;
        for i in 1..=k.min(self.length - 1) {
            let Some(s) = slope.get(k - i) else { continue };
            sum = sum.add(&Interval::integer(i as i32).mul(&self.coefficients[i])?.mul(s)?)?;
        }
        sum.div(&Interval::integer(k as i32))
    }

    /// The function of this number whose slope is made of its own values: `slope` gives the
    /// coefficient k of the slope from those of the function up to k.
    fn by_slope(
        &self,
        value: Interval,
        slope: impl Fn(&[Interval], usize) -> Result<Interval, Fault>,
    ) -> Result<Taylor<N>, Fault> {
        if self.length == 1 {
            return Ok(Taylor::still(value));
        }
        let (mut found, mut slopes) = ([ZERO; N], [ZERO; N]);
        found[0] = value;
        for k in 1..N {
            slopes[k - 1] = slope(&found[..k], k - 1)?;
            found[k] = self.integrated(&slopes[..k], k)?;
        }
        Ok(Taylor { coefficients: found, length: N })
    }

    /// uᵃ for a number a that stands still, and u > 0.
    fn power(&self, value: Interval, a: &Interval) -> Result<Taylor<N>, Fault> {
        if self.length == 1 {
            return Ok(Taylor::still(value));
        }
        // u·p′ = a·u′·p, so k·u₀·pₖ = Σ (a·i − (k − i))·uᵢ·p₍ₖ₋ᵢ₎.
        let base = self.coefficients[0];
        Taylor::made(N, |p, k| {
            if k == 0 {
                return Ok(value);
            }
            let mut sum = ZERO;
            for i in 1..=k.min(self.length - 1) {
                let weight = a.mul(&Interval::integer(i as i32))?;
                let weight = weight.sub(&Interval::integer((k - i) as i32))?;
                sum = sum.add(&weight.mul(&self.coefficients[i])?.mul(&p[k - i])?)?;
            }
            sum.div(&base.mul(&Interval::integer(k as i32))?)
        })
    }
}

impl<const N: usize> Taylor<N> {
    /// An odd and an even wave: the slope of the first is the second, and that of the second the
    /// first, or less the first.
    fn waves(&self, odd: Function, even: Function, circular: bool) -> Result<Waves<N>, Fault> {
        let here = &self.coefficients[0];
        let (mut s, mut c) = ([ZERO; N], [ZERO; N]);
        (s[0], c[0]) = (here.call(odd)?, here.call(even)?);
        let length = if self.length == 1 { 1 } else { N };
        for k in 1..length {
            let (mut of_s, mut of_c) = (ZERO, ZERO);
            for i in 1..=k.min(self.length - 1) {
                let weight = self.coefficients[i].mul(&Interval::integer(i as i32))?;
                of_s = of_s.add(&weight.mul(&c[k - i])?)?;
                of_c = of_c.add(&weight.mul(&s[k - i])?)?;
            }
            let whole = Interval::integer(k as i32);
            s[k] = of_s.div(&whole)?;
            c[k] = if circular { of_c.neg() } else { of_c }.div(&whole)?;
        }
        Ok((Taylor { coefficients: s, length }, Taylor { coefficients: c, length }))
    }
}

impl<const N: usize> Scalar for Taylor<N> {
    fn from_rational(q: &Rational) -> Result<Taylor<N>, Fault> {
        Interval::from_rational(q).map(Taylor::still)
    }

    fn add(&self, other: &Taylor<N>) -> Result<Taylor<N>, Fault> {
        let (longer, shorter) =
            if self.length < other.length { (other, self) } else { (self, other) };
        let mut sum = longer.clone();
        for (sum, term) in sum.coefficients.iter_mut().zip(shorter.known()) {
            *sum = sum.add(term)?;
        }
        Ok(sum)
    }

    fn sub(&self, other: &Taylor<N>) -> Result<Taylor<N>, Fault> {
        self.add(&other.neg())
    }

    fn mul(&self, other: &Taylor<N>) -> Result<Taylor<N>, Fault> {
        let length = N.min(self.length + other.length - 1);
        Taylor::made(length, |_, k| Taylor::<N>::convolved(self.known(), other.known(), k, 0))
    }

    fn neg(&self) -> Taylor<N> {
        Taylor { coefficients: self.coefficients.map(|c| c.neg()), length: self.length }
    }

    fn div(&self, other: &Taylor<N>) -> Result<Taylor<N>, Fault> {
        let length = if other.length == 1 { self.length } else { N };
        let divisor = other.coefficients[0];
        Taylor::made(length, |q, k| {
            let known = Taylor::<N>::convolved(other.known(), q, k, 1)?;
            self.coefficients[k].sub(&known)?.div(&divisor)
        })
    }

    fn powi(&self, exponent: i32) -> Result<Taylor<N>, Fault> {
        if exponent < 0 {
            let power = self.powi(exponent.checked_neg().ok_or(Fault::TooLarge)?)?;
            return Taylor::one().div(&power);
        }
        let mut result = power_by_squares(self, Self::one(), exponent.unsigned_abs(), Self::mul)?;
        // An even power is not below 0, which products of intervals do not see.
        result.coefficients[0] = self.coefficients[0].powi(exponent)?;
        Ok(result)
    }

    fn pow(&self, exponent: &Taylor<N>) -> Result<Taylor<N>, Fault> {
        let (base, power) = (self.coefficients[0], exponent.coefficients[0]);
        if exponent.length == 1 {
            let whole = power.lower as i32;
            if power.is_point() && f64::from(whole) == power.lower {
                return self.powi(whole);
            }
            // At 0 a power has no slope, or one without bound.
            return match self.length > 1 && base.lower <= 0.0 {
                true => Err(Fault::Overlap),
                false => self.power(base.pow(&power)?, &power),
            };
        }
        exponent.mul(&self.call(Function::Ln)?)?.call(Function::Exp)
    }

    fn call(&self, function: Function) -> Result<Taylor<N>, Fault> {
        let here = &self.coefficients[0];
        let value = here.call(function)?;
        let squared = |y: &[Interval], k: usize| Taylor::<N>::convolved(y, y, k, 0);
        match function {
            Function::Exp => self.by_slope(value, |y, k| Ok(y[k])),
            Function::Tanh => self.by_slope(value, |y, k| {
                let one = if k == 0 { Interval::one() } else { ZERO };
                one.sub(&squared(y, k)?)
            }),
            Function::Sigmoid => self.by_slope(value, |y, k| y[k].sub(&squared(y, k)?)),
            Function::Softplus => {
                let slope = self.call(Function::Sigmoid)?;
                self.by_slope(value, |_, k| Ok(slope.coefficients[k]))
            }
            Function::NormalCdf => {
                let slope = self.call(Function::NormalPdf)?;
                self.by_slope(value, |_, k| Ok(slope.coefficients[k]))
            }
            // Each of the two is the slope of the other, for the circle but for a sign.
            Function::Sin | Function::Cos => {
                let all = self.waves(Function::Sin, Function::Cos, true)?;
                Ok(if function == Function::Sin { all.0 } else { all.1 })
            }
            Function::Sinh | Function::Cosh => {
                let all = self.waves(Function::Sinh, Function::Cosh, false)?;
                Ok(if function == Function::Sinh { all.0 } else { all.1 })
            }
            // φ(u) = c·e^v with v = −u²/2.
            Function::NormalPdf => {
                let half = Taylor::still(Interval::point(-0.5)?);
                self.powi(2)?.mul(&half)?.by_slope(value, |y, k| Ok(y[k]))
            }
            // u·y′ = u′.
            Function::Ln if self.length > 1 => Taylor::made(N, |y, k| {
                if k == 0 {
                    return Ok(value);
                }
                let mut sum = ZERO;
                for (i, known) in y.iter().enumerate().take(k).skip(1) {
                    let term = known.mul(&self.coefficients[k - i])?;
                    sum = sum.add(&Interval::integer(i as i32).mul(&term)?)?;
                }
                let known = sum.div(&Interval::integer(k as i32))?;
                self.coefficients[k].sub(&known)?.div(here)
            }),
            Function::Sqrt if self.length > 1 => self.power(value, &Interval::point(0.5)?),
            Function::Ln | Function::Sqrt => Ok(Taylor::still(value)),
            // On a smooth piece it has one sign.
            Function::Abs | Function::Relu | Function::Sign | Function::Step => {
                let sign = here.compare(&ZERO)?;
                match (function, sign) {
                    (_, Ordering::Equal) if self.length > 1 => Err(Fault::Overlap),
                    (Function::Abs | Function::Relu, Ordering::Greater) => Ok(self.clone()),
                    (Function::Abs, Ordering::Less) => Ok(self.neg()),
                    _ => Ok(Taylor::still(value)),
                }
            }
        }
    }

    /// Certain for all of the interval, or [`Fault::Overlap`].
    fn compare(&self, other: &Taylor<N>) -> Result<Ordering, Fault> {
        self.coefficients[0].compare(&other.coefficients[0])
    }

    fn integer(n: i32) -> Taylor<N> {
        Taylor::still(Interval::integer(n))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scalar::Dual;

    /// Derivatives of the order 3 as dual numbers of dual numbers have them.
    type Third = Dual<Dual<Dual<Interval>>>;

    fn third(x: f64) -> Third {
        let x = Dual::variable(Interval::point(x).unwrap());
        let x = Dual { value: x, tangent: Dual::one() };
        Dual { value: x, tangent: Dual::one() }
    }

    /// A formula of one variable, in which every operation and function has its place.
    fn formula<T: Scalar>(x: &T, f: Function, g: Function, shape: usize) -> Result<T, Fault> {
        let (two, half) = (T::integer(2), T::from_rational(&Rational::new(1, 2)?)?);
        // Above 0 for every x, and smooth.
        let above = x.mul(x)?.add(&half)?;
        let inner = match f {
            Function::Ln | Function::Sqrt => above.call(f)?,
            _ => x.call(f)?,
        };
        let inner = match shape {
            0 => inner,
            1 => inner.mul(x)?.sub(&two)?,
            2 => inner.div(&above)?,
            3 => inner.powi(3)?.add(&above.powi(-2)?)?,
            4 => above.pow(&half.neg())?.mul(&inner)?,
            _ => above.pow(x)?.neg().add(&inner)?,
        };
        match g {
            Function::Ln | Function::Sqrt => inner.mul(&inner)?.add(&half)?.call(g),
            _ => inner.call(g),
        }
    }

    fn smooth() -> impl Strategy<Value = Function> {
        prop::sample::select(
            Function::ALL.into_iter().filter(|f| !f.has_kink()).collect::<Vec<_>>(),
        )
    }

    proptest! {
        #![proptest_config(crate::laws::laws(400))]

        /// At each point of the interval the derivatives lie in what was found for all of it.
        #[test]
        fn coefficients_hold_the_derivatives_at_every_point(
            f in smooth(), g in smooth(), shape in 0..6usize,
            x in -3.0..3.0f64, width in 0..30i32, part in -1.0..1.0f64,
        ) {
            let h = libm::exp2(-f64::from(width));
            let all = Interval::new((x - h).next_down(), (x + h).next_up()).unwrap();
            let line = Taylor::<4>::moving(all, Interval::one());
            let (Ok(all), Ok(at)) =
                (formula(&line, f, g, shape), formula(&third(x + part * h), f, g, shape))
            else {
                // Too wide for it.
                return Ok(());
            };
            // What differs by rounding may overlap without holding each other.
            let meet = |n: usize, of: &Interval, factorial: i32| {
                let found = all.coefficients[n].mul(&Interval::integer(factorial)).unwrap();
                found.lower <= of.upper && of.lower <= found.upper
            };
            prop_assert!(meet(0, &at.value.value.value, 1));
            prop_assert!(meet(1, &at.tangent.value.value, 1));
            prop_assert!(meet(2, &at.tangent.tangent.value, 2));
            prop_assert!(meet(3, &at.tangent.tangent.tangent, 6));
        }
    }

    /// Of eˣ and of 1/x every order is known.
    #[test]
    fn high_orders_are_those_of_the_series() {
        let line = Taylor::<10>::moving(Interval::one(), Interval::one());
        let (power, over) = (line.call(Function::Exp).unwrap(), Taylor::one().div(&line).unwrap());
        let mut factorial = 1.0;
        for k in 0..10 {
            factorial *= (k as f64).max(1.0);
            let (found, expected) = (power.coefficients[k], std::f64::consts::E / factorial);
            assert!((found.lower - expected).abs() < 1e-14 && found.width() < 1e-13, "{found}");
            assert_eq!(
                over.coefficients[k],
                Interval::point(if k % 2 == 0 { 1.0 } else { -1.0 }).unwrap()
            );
        }
    }

    /// What is no smooth piece has no bound.
    #[test]
    fn poles_edges_and_kinks_have_no_coefficients() {
        let around = Interval::new(-0.5, 0.5).unwrap();
        let line = Taylor::<4>::moving(around, Interval::one());
        assert_eq!(Taylor::one().div(&line), Err(Fault::DivisionByZero));
        for f in Function::ALL {
            let domain = matches!(f, Function::Ln | Function::Sqrt);
            assert_eq!(line.call(f).is_err(), domain || f.has_kink(), "{f}");
        }
        let half = Taylor::still(Interval::point(0.5).unwrap());
        let edge = Taylor::<4>::moving(Interval::new(0.0, 1.0).unwrap(), Interval::one());
        assert!(edge.pow(&half).is_err() && edge.call(Function::Sqrt).is_err());
    }
}
