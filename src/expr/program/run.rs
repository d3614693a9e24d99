//! The steps of a program, and how they are carried out over one kind of value.
//!
//! What goes in: steps, and slots that are filled as far as the steps before say. What comes
//! out: the slots, filled, or a fault. A value that is checked as it is made, [`Exact`], answers
//! a fault at once; one that is not, such as [`Real`], lets it go on as a number that is not
//! finite, and [`Value::settle`] gathers whether there was one.

use std::cmp::Ordering;

use super::super::SymbolId;
use super::super::eval::kinked;
use super::sums::{TOGETHER, sum, sums};
use crate::scalar::{Fault, Function, Rational, Scalar};

/// One step: what it writes, and the slots that it reads.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A sum, written as runs of terms in the list of operands; see [`Terms`](super::sums::Terms).
    Sum {
        to: u32,
        start: u32,
        end: u32,
    },
    /// [`TOGETHER`] sums of one shape: what each writes, and then their runs, in which the terms
    /// of all of them stand side by side.
    Sums {
        start: u32,
        end: u32,
    },
    Mul {
        to: u32,
        a: u32,
        b: u32,
    },
    Sub {
        to: u32,
        a: u32,
        b: u32,
    },
    Div {
        to: u32,
        a: u32,
        b: u32,
    },
    Neg {
        to: u32,
        a: u32,
    },
    /// A power by a whole number.
    Power {
        to: u32,
        a: u32,
        exponent: i32,
    },
    Pow {
        to: u32,
        a: u32,
        b: u32,
    },
    Call {
        to: u32,
        a: u32,
        function: Function,
    },
    /// A function with a kink, which the value decides.
    Kink {
        to: u32,
        a: u32,
        function: Function,
    },
    /// The greatest of some operands.
    Max {
        to: u32,
        start: u32,
        end: u32,
    },
    /// The position of the greatest of some operands, the first of equals.
    Winner {
        to: u32,
        start: u32,
        end: u32,
    },
    /// 1 where `a` is that position, else 0.
    Wins {
        to: u32,
        a: u32,
        position: u32,
    },
}

/// Where the value of a node is: in a slot, or still to be worked out by whom it is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    Value(u32),
    Minus(u32),
    /// The product of two values.
    Product(u32, u32),
    MinusProduct(u32, u32),
}

impl Held {
    #[inline(always)]
    pub(super) fn value<V: Value>(self, memory: &[V]) -> Result<V, Fault> {
        let at = |slot: u32| &memory[slot as usize];
        Ok(match self {
            Held::Value(a) => at(a).clone(),
            Held::Minus(a) => at(a).neg(),
            Held::Product(a, b) => at(a).mul(at(b))?,
            Held::MinusProduct(a, b) => at(a).mul(at(b))?.neg(),
        })
    }
}

/// Steps and all that they need.
#[derive(Default)]
pub(super) struct Code {
    pub steps: Vec<Step>,
    pub operands: Vec<u32>,
    /// Where the value of each leaf goes.
    pub leaves: Vec<(u32, SymbolId)>,
    pub constants: Vec<(u32, Rational)>,
    /// What is made of the slots after the last step, one by one: nothing reads it.
    pub roots: Vec<Held>,
    pub slots: usize,
}

/// What a program calculates with.
pub(super) trait Value: Clone {
    fn constant(q: &Rational) -> Result<Self, Fault>;
    fn add(&self, other: &Self) -> Result<Self, Fault>;
    fn sub(&self, other: &Self) -> Result<Self, Fault>;
    fn mul(&self, other: &Self) -> Result<Self, Fault>;
    fn div(&self, other: &Self) -> Result<Self, Fault>;
    fn neg(&self) -> Self;
    fn power(&self, exponent: i32) -> Result<Self, Fault>;
    fn pow(&self, exponent: &Self) -> Result<Self, Fault>;
    fn call(&self, function: Function) -> Result<Self, Fault>;
    fn kink(&self, function: Function) -> Result<Self, Fault>;
    /// The greatest, the first of equals, of `args`, of which there is at least one.
    fn greatest(memory: &[Self], args: &[u32]) -> Result<Self, Fault>;
    /// The position of that one, as a number.
    fn winner(memory: &[Self], args: &[u32]) -> Result<Self, Fault>;
    /// 1 where this is that position, else 0.
    fn wins(&self, position: u32) -> Self;
    /// A sum as its step has it. By itself, so that it is added up in a register.
    #[inline(never)]
    fn sum(memory: &[Self], code: &[u32]) -> Result<Self, Fault> {
        sum(memory, code)
    }
    /// Several sums at once.
    #[inline(never)]
    fn sums(memory: &[Self], code: &[u32]) -> Result<[Self; TOGETHER], Fault> {
        sums(memory, code)
    }
    /// This and the products of pairs of slots, one after the other.
    #[inline(always)]
    fn add_products(self, memory: &[Self], pairs: &[[u32; 2]]) -> Result<Self, Fault> {
        pairs
            .iter()
            .try_fold(self, |sum, [a, b]| sum.add(&memory[*a as usize].mul(&memory[*b as usize])?))
    }
    /// Gathers in `self`, which begins as 0, whether `value` is finite.
    fn settle(&mut self, value: &Self);
    /// Whether it is, and so whether everything was that is gathered in it.
    fn is_finite(&self) -> bool;
}

impl Code {
    /// The values of the roots, or a fault; where a value is not checked as it is made, any.
    pub(super) fn run<V: Value>(
        &self,
        env: &dyn Fn(SymbolId) -> Option<V>,
    ) -> Result<Vec<V>, Fault> {
        let mut settled = V::constant(&0.into())?;
        let mut memory = vec![settled.clone(); self.slots];
        for (slot, q) in &self.constants {
            memory[*slot as usize] = V::constant(q)?;
        }
        for (slot, symbol) in &self.leaves {
            // Which leaf has no value, and that this is why, is said by the evaluator.
            memory[*slot as usize] = env(*symbol).ok_or(Fault::NotFinite)?;
            settled.settle(&memory[*slot as usize]);
        }
        let settled = self.work_apart(&mut memory, settled)?;
        let mut finite = settled.is_finite();
        let mut roots = Vec::with_capacity(self.roots.len());
        for root in &self.roots {
            let value = root.value(&memory)?;
            finite &= value.is_finite();
            roots.push(value);
        }
        if finite { Ok(roots) } else { Err(Fault::NotFinite) }
    }

    /// By itself, so that what is gathered stays in a register.
    #[inline(never)]
    fn work_apart<V: Value>(&self, memory: &mut [V], settled: V) -> Result<V, Fault> {
        self.work(memory, settled)
    }

    /// Carries out the steps; leaves and constants are in their slots, and what was gathered of
    /// them in `settled`.
    #[inline(always)]
    pub(super) fn work<V: Value>(&self, memory: &mut [V], mut settled: V) -> Result<V, Fault> {
        for step in &self.steps {
            let at = |slot: u32| &memory[slot as usize];
            let (to, value) = match *step {
                Step::Sums { start, end } => {
                    let (to, code) = self.list(start, end).split_at(TOGETHER);
                    for (to, value) in to.iter().zip(V::sums(memory, code)?) {
                        settled.settle(&value);
                        memory[*to as usize] = value;
                    }
                    continue;
                }
                Step::Sum { to, start, end } => (to, V::sum(memory, self.list(start, end))?),
                Step::Mul { to, a, b } => (to, at(a).mul(at(b))?),
                Step::Sub { to, a, b } => (to, at(a).sub(at(b))?),
                Step::Div { to, a, b } => (to, at(a).div(at(b))?),
                Step::Neg { to, a } => (to, at(a).neg()),
                Step::Power { to, a, exponent } => (to, at(a).power(exponent)?),
                Step::Pow { to, a, b } => (to, at(a).pow(at(b))?),
                Step::Call { to, a, function } => (to, at(a).call(function)?),
                Step::Kink { to, a, function } => (to, at(a).kink(function)?),
                Step::Max { to, start, end } => (to, V::greatest(memory, self.list(start, end))?),
                Step::Winner { to, start, end } => (to, V::winner(memory, self.list(start, end))?),
                Step::Wins { to, a, position } => (to, at(a).wins(position)),
            };
            settled.settle(&value);
            memory[to as usize] = value;
        }
        Ok(settled)
    }

    /// How much there is to do.
    pub(super) fn length(&self) -> usize {
        self.steps.len() + self.operands.len() + self.leaves.len() + self.roots.len()
    }

    #[inline(always)]
    fn list(&self, start: u32, end: u32) -> &[u32] {
        &self.operands[start as usize..end as usize]
    }

    /// The list of operands from `start` to the end.
    pub(super) fn list_from(&self, start: usize) -> (u32, u32) {
        let place = |n: usize| u32::try_from(n).expect("limits keep lists below 2^32");
        (place(start), place(self.operands.len()))
    }
}

/// A number that answers every fault by itself.
#[derive(Clone)]
pub(super) struct Exact<T>(pub T);

impl<T: Scalar> Value for Exact<T> {
    fn constant(q: &Rational) -> Result<Self, Fault> {
        T::from_rational(q).map(Exact)
    }

    fn add(&self, other: &Self) -> Result<Self, Fault> {
        self.0.add(&other.0).map(Exact)
    }

    fn sub(&self, other: &Self) -> Result<Self, Fault> {
        self.0.sub(&other.0).map(Exact)
    }

    fn mul(&self, other: &Self) -> Result<Self, Fault> {
        self.0.mul(&other.0).map(Exact)
    }

    fn div(&self, other: &Self) -> Result<Self, Fault> {
        self.0.div(&other.0).map(Exact)
    }

    fn neg(&self) -> Self {
        Exact(self.0.neg())
    }

    fn power(&self, exponent: i32) -> Result<Self, Fault> {
        self.0.powi(exponent).map(Exact)
    }

    fn pow(&self, exponent: &Self) -> Result<Self, Fault> {
        self.0.pow(&exponent.0).map(Exact)
    }

    fn call(&self, function: Function) -> Result<Self, Fault> {
        self.0.call(function).map(Exact)
    }

    fn kink(&self, function: Function) -> Result<Self, Fault> {
        let sign = self.0.compare(&T::zero())?;
        kinked(function, &self.0, sign).map(Exact)
    }

    fn greatest(memory: &[Self], args: &[u32]) -> Result<Self, Fault> {
        let winner = winner(memory, args)?;
        Ok(memory[args[winner] as usize].clone())
    }

    fn winner(memory: &[Self], args: &[u32]) -> Result<Self, Fault> {
        Ok(Exact(T::integer(winner(memory, args)? as i32)))
    }

    fn wins(&self, position: u32) -> Self {
        let wins = self.0 == T::integer(position as i32);
        Exact(if wins { T::one() } else { T::zero() })
    }

    fn settle(&mut self, _: &Self) {}

    fn is_finite(&self) -> bool {
        true
    }
}

/// Which argument is the greatest, the first of equals.
fn winner<T: Scalar>(memory: &[Exact<T>], args: &[u32]) -> Result<usize, Fault> {
    let mut best = 0;
    for n in 1..args.len() {
        let [rival, leader] = [n, best].map(|n| &memory[args[n] as usize].0);
        if rival.compare(leader)? == Ordering::Greater {
            best = n;
        }
    }
    Ok(best)
}

/// An `f64` that is not looked at before the end: what is not finite stays so through every sum
/// and product, and is gathered wherever a step is done.
#[derive(Clone, Copy)]
pub(super) struct Real(pub f64);

/// The value, or what is not finite in place of a fault.
pub(super) fn or_nan(value: Result<f64, Fault>) -> f64 {
    value.unwrap_or(f64::NAN)
}

/// A power by a whole number. The first two are those that `libm` takes without a logarithm.
pub(super) fn power(x: f64, exponent: i32) -> f64 {
    match exponent {
        1 => x,
        2 => x * x,
        _ => or_nan(Scalar::powi(&x, exponent)),
    }
}

/// A function with a kink, as [`kinked`] has it.
pub(super) fn kink(function: Function, x: f64) -> f64 {
    or_nan(x.compare(&0.0).and_then(|sign| kinked(function, &x, sign)))
}

impl Value for Real {
    fn constant(q: &Rational) -> Result<Self, Fault> {
        f64::from_rational(q).map(Real)
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Result<Self, Fault> {
        Ok(Real(self.0 + other.0))
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Result<Self, Fault> {
        Ok(Real(self.0 - other.0))
    }

    #[inline(always)]
    fn mul(&self, other: &Self) -> Result<Self, Fault> {
        Ok(Real(self.0 * other.0))
    }

    #[inline(always)]
    fn div(&self, other: &Self) -> Result<Self, Fault> {
        Ok(Real(self.0 / other.0))
    }

    #[inline(always)]
    fn neg(&self) -> Self {
        Real(-self.0)
    }

    fn power(&self, exponent: i32) -> Result<Self, Fault> {
        Ok(Real(power(self.0, exponent)))
    }

    fn pow(&self, exponent: &Self) -> Result<Self, Fault> {
        Ok(Real(or_nan(Scalar::pow(&self.0, &exponent.0))))
    }

    fn call(&self, function: Function) -> Result<Self, Fault> {
        Ok(Real(or_nan(self.0.call(function))))
    }

    fn kink(&self, function: Function) -> Result<Self, Fault> {
        Ok(Real(kink(function, self.0)))
    }

    fn greatest(memory: &[Self], args: &[u32]) -> Result<Self, Fault> {
        let at = |slot: u32| memory[slot as usize];
        Ok(args[1..].iter().fold(at(args[0]), |best, arg| {
            let rival = at(*arg);
            if rival.0 > best.0 { rival } else { best }
        }))
    }

    fn winner(memory: &[Self], args: &[u32]) -> Result<Self, Fault> {
        let at = |n: usize| memory[args[n] as usize].0;
        let best = (1..args.len()).fold(0, |best, n| if at(n) > at(best) { n } else { best });
        Ok(Real(best as f64))
    }

    fn wins(&self, position: u32) -> Self {
        Real(f64::from(u8::from(self.0 == f64::from(position))))
    }

    fn add_products(self, memory: &[Self], pairs: &[[u32; 2]]) -> Result<Self, Fault> {
        let mut sum = self.0;
        for [a, b] in pairs {
            sum += memory[*a as usize].0 * memory[*b as usize].0;
        }
        Ok(Real(sum))
    }

    #[inline(always)]
    fn settle(&mut self, value: &Self) {
        // 0 for what is finite, NaN for what is not; and NaN stays.
        self.0 += value.0 * 0.0;
    }

    fn is_finite(&self) -> bool {
        self.0.is_finite()
    }
}
