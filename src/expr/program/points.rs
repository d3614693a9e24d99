//! A program at many points at once: eight numbers stand side by side in every slot, so that the
//! compiler makes vectors of them, and the points are shared out among the processors.
//!
//! What always holds: each point gets what it gets by itself, to the last bit, however many there
//! are and however many threads there were.

use std::num::NonZero;
use std::thread::{Builder, available_parallelism, scope};

use super::super::{EvalError, SymbolId};
use super::Program;
use super::run::{Code, Value, kink, or_nan, power};
use crate::scalar::{Fault, Function, Rational, Scalar};

/// How many points are worked out side by side.
const LANES: usize = 8;

/// The values of the leaves at each point.
type At<'a> = &'a (dyn Fn(usize, SymbolId) -> Option<f64> + Sync);

/// What comes of each point.
type Each = Vec<Result<Vec<f64>, EvalError>>;

impl Program<'_> {
    /// The values of the roots in `f64` at so many points, each with its own fault: what
    /// [`Program::evaluate_f64`] gives at each, but side by side, and on all processors. `env` has
    /// the number of the point and a symbol.
    ///
    /// ```
    /// use backproof::expr::{Branches, Graph, Program};
    /// let mut g = Graph::new();
    /// let (one, x) = (g.integer(1), g.var("x"));
    /// let inverse = g.div(one, x);
    /// let program = Program::new(&g, &[inverse], Branches::default());
    /// let found = program.evaluate_points(3, &|n, _| Some(n as f64));
    /// assert!(found[0].is_err(), "1/0 has no value");
    /// assert_eq!(found[1..], [Ok(vec![1.0]), Ok(vec![0.5])]);
    /// ```
    pub fn evaluate_points(&self, points: usize, env: At<'_>) -> Each {
        let groups = points.div_ceil(LANES);
        let workers = available_parallelism().map_or(1, NonZero::get).min(groups).max(1);
        // From which point on each worker has them; the first share is done here.
        let start = |worker: usize| (groups * worker / workers * LANES).min(points);
        let share = |worker: usize| self.some_points(start(worker), start(worker + 1), env);
        scope(|threads| {
            let others: Vec<_> = (1..workers)
                .map(|worker| Builder::new().spawn_scoped(threads, move || share(worker)).ok())
                .collect();
            let mut all = share(0);
            for (other, worker) in others.into_iter().zip(1..) {
                all.extend(match other.map(|thread| thread.join()) {
                    Some(Ok(found)) => found,
                    Some(Err(panic)) => std::panic::resume_unwind(panic),
                    // Where there is no thread to be had, it is done here.
                    None => share(worker),
                });
            }
            all
        })
    }

    /// The points from `first` up to `end`.
    fn some_points(&self, first: usize, end: usize, env: At<'_>) -> Each {
        let mut all = Vec::with_capacity(end - first);
        let mut memory = Vec::new();
        for first in (first..end).step_by(LANES) {
            let count = LANES.min(end - first);
            let found = match &self.code {
                // For two or three, eight at once take longer than each by itself.
                Some(code) if count > 3 => group(code, first, count, env, &mut memory),
                _ => Vec::new(),
            };
            let mut found = found.into_iter();
            for point in first..first + count {
                all.push(match found.next().flatten() {
                    Some(values) => Ok(values),
                    None => self.evaluate_f64(&|s| env(point, s)),
                });
            }
        }
        all
    }
}

/// The values at up to eight points; `None` for each that has to be looked at by itself.
fn group(
    code: &Code,
    first: usize,
    count: usize,
    env: At<'_>,
    memory: &mut Vec<Lanes>,
) -> Vec<Option<Vec<f64>>> {
    memory.resize(code.slots, Lanes([0.0; LANES]));
    let leaf = |s: SymbolId| {
        // What is left over does what the last point does.
        let at = |n: usize| env(first + n.min(count - 1), s).unwrap_or(f64::NAN);
        Some(Lanes(std::array::from_fn(at)))
    };
    let Ok(settled) = code.run(memory, &leaf) else { return Vec::new() };
    let mut found: Vec<Option<Vec<f64>>> = settled.0[..count]
        .iter()
        .map(|settled| settled.is_finite().then(|| Vec::with_capacity(code.roots.len())))
        .collect();
    for root in &code.roots {
        let lanes = memory[*root as usize].0;
        for (values, value) in found.iter_mut().zip(lanes) {
            if let Some(values) = values {
                values.push(value);
            }
        }
    }
    found
}

/// A number for each of eight points.
#[derive(Clone, Copy)]
struct Lanes([f64; LANES]);

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

    fn power(&self, exponent: i32) -> Result<Self, Fault> {
        Ok(self.map(|a| power(a, exponent)))
    }

    fn pow(&self, exponent: &Self) -> Result<Self, Fault> {
        Ok(self.with(exponent, |a, b| or_nan(Scalar::pow(&a, &b))))
    }

    fn call(&self, function: Function) -> Result<Self, Fault> {
        Ok(self.map(|a| or_nan(a.call(function))))
    }

    fn kink(&self, function: Function) -> Result<Self, Fault> {
        Ok(self.map(|a| kink(function, a)))
    }

    fn greatest(memory: &[Self], args: &[u32]) -> Result<Self, Fault> {
        let at = |slot: u32| memory[slot as usize];
        let greater = |best: f64, rival: f64| if rival > best { rival } else { best };
        Ok(args[1..].iter().fold(at(args[0]), |best, arg| best.with(&at(*arg), greater)))
    }

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

    fn wins(&self, position: u32) -> Self {
        self.map(|a| f64::from(u8::from(a == f64::from(position))))
    }

    // By itself, so that the sums stay where they are added up.
    #[inline(never)]
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
