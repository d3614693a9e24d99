//! Eight numbers side by side, of which the compiler makes vectors.
//!
//! What always holds: in each lane stands what [`Real`](super::run::Real) gives there. Everything
//! that is done for every step is inlined into whom it is done for, and so compiled for the
//! instructions that the machine has; what calls a function of `libm` is compiled once for all.

use super::run::{Value, kink, or_nan, power};
use super::sums::{TOGETHER, sum, sums};
use crate::scalar::{Fault, Function, Rational, Scalar};

/// How many points are worked out side by side.
pub(super) const LANES: usize = 8;

/// A number for each of eight points.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Lanes(pub [f64; LANES]);

impl Lanes {
    #[inline(always)]
    fn map(mut self, f: impl Fn(f64) -> f64) -> Lanes {
        for lane in &mut self.0 {
            *lane = f(*lane);
        }
        self
    }

    #[inline(always)]
    fn with(mut self, other: &Lanes, f: impl Fn(f64, f64) -> f64) -> Lanes {
        for (lane, other) in self.0.iter_mut().zip(&other.0) {
            *lane = f(*lane, *other);
        }
        self
    }
}

impl Value for Lanes {
    fn constant(q: &Rational) -> Result<Self, Fault> {
        Ok(Lanes([f64::from_rational(q)?; LANES]))
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Result<Self, Fault> {
        Ok(self.with(other, |a, b| a + b))
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Result<Self, Fault> {
        Ok(self.with(other, |a, b| a - b))
    }

    #[inline(always)]
    fn mul(&self, other: &Self) -> Result<Self, Fault> {
        Ok(self.with(other, |a, b| a * b))
    }

    #[inline(always)]
    fn div(&self, other: &Self) -> Result<Self, Fault> {
        Ok(self.with(other, |a, b| a / b))
    }

    #[inline(always)]
    fn neg(&self) -> Self {
        self.map(|a| -a)
    }

    #[inline(always)]
    fn power(&self, exponent: i32) -> Result<Self, Fault> {
        Ok(self.map(|a| power(a, exponent)))
    }

    #[inline(never)]
    fn pow(&self, exponent: &Self) -> Result<Self, Fault> {
        Ok(self.with(exponent, |a, b| or_nan(Scalar::pow(&a, &b))))
    }

    #[inline(never)]
    fn call(&self, function: Function) -> Result<Self, Fault> {
        // Which function it is, is asked once and not in each lane.
        macro_rules! each {
            ($($name:ident)*) => {
                match function {
                    $(Function::$name => self.map(|a| or_nan(a.call(Function::$name))),)*
                }
            };
        }
        Ok(
            each!(Exp Ln Sqrt Tanh Sigmoid Softplus Sin Cos Sinh Cosh NormalCdf NormalPdf Abs Relu Sign Step),
        )
    }

    #[inline(never)]
    fn kink(&self, function: Function) -> Result<Self, Fault> {
        Ok(self.map(|a| kink(function, a)))
    }

    #[inline(always)]
    fn greatest(memory: &[Self], args: &[u32]) -> Result<Self, Fault> {
        let at = |slot: u32| memory[slot as usize];
        let greater = |best: f64, rival: f64| if rival > best { rival } else { best };
        Ok(args[1..].iter().fold(at(args[0]), |best, arg| best.with(&at(*arg), greater)))
    }

    #[inline(always)]
    fn winner(memory: &[Self], args: &[u32]) -> Result<Self, Fault> {
        let at = |n: usize| memory[args[n] as usize].0;
        let (mut best, mut position) = (at(0), [0.0; LANES]);
        for n in 1..args.len() {
            let rival = at(n);
            for lane in 0..LANES {
                if rival[lane] > best[lane] {
                    best[lane] = rival[lane];
                    position[lane] = n as f64;
                }
            }
        }
        Ok(Lanes(position))
    }

    #[inline(always)]
    fn wins(&self, position: u32) -> Self {
        self.map(|a| f64::from(u8::from(a == f64::from(position))))
    }

    #[inline(always)]
    fn sum(memory: &[Self], code: &[u32]) -> Result<Self, Fault> {
        sum(memory, code)
    }

    #[inline(always)]
    fn sums(memory: &[Self], code: &[u32]) -> Result<[Self; TOGETHER], Fault> {
        sums(memory, code)
    }

    #[inline(always)]
    fn add_products(self, memory: &[Self], pairs: &[[u32; 2]]) -> Result<Self, Fault> {
        let mut sum = self.0;
        for [a, b] in pairs {
            let (a, b) = (&memory[*a as usize].0, &memory[*b as usize].0);
            for lane in 0..LANES {
                sum[lane] += a[lane] * b[lane];
            }
        }
        Ok(Lanes(sum))
    }

    #[inline(always)]
    fn settle(&mut self, value: &Self) {
        *self = self.with(value, |settled, value| settled + value * 0.0);
    }

    fn is_finite(&self) -> bool {
        self.0.iter().all(|settled| settled.is_finite())
    }
}
