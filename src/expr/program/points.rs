//! A program at many points at once: eight of them stand side by side in every slot, worked out
//! with the widest instructions that the machine has, and the points are shared out among the
//! processors.
//!
//! In: a table with the numbers of a point in each row. Out: a table with the values of the roots
//! in each row, and the points that have none. What always holds: each point gets what it gets by
//! itself, to the last bit, however many there are, however many threads there were, and whatever
//! the machine.

use std::array::from_fn;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, available_parallelism, scope};

use fearless_simd::{Level, Simd, dispatch};
use rustc_hash::FxHashMap;

use super::super::{EvalError, SymbolId};
use super::Program;
use super::lanes::{LANES, Lanes};
use super::run::{Code, Value};
use crate::scalar::Scalar;

/// So many operations are worth another thread.
const WORTH: usize = 1 << 17;

/// Fewer points than these take longer side by side than each by itself.
const FEW: usize = 4;

/// A program with the memory that it takes at many points; see [`Program::batch`].
pub struct Batch<'p> {
    program: &'p Program<'p>,
    /// Where the number of each symbol stands in a row.
    places: FxHashMap<SymbolId, usize>,
    /// How many numbers a row has.
    width: usize,
    /// `None` where every point has to be looked at by itself.
    lanes: Option<Side<'p>>,
    /// A memory for each thread.
    memories: Vec<Vec<Lanes>>,
}

/// What is made ready for eight points side by side.
struct Side<'p> {
    code: &'p Code,
    /// The numbers that go into slots: column and slot, by column.
    loads: Vec<(usize, u32)>,
    constants: Vec<(u32, f64)>,
    level: Level,
}

impl Program<'_> {
    /// The program made ready for a table of points: in each row stand the numbers for `columns`.
    ///
    /// ```
    /// use backproof::expr::{Branches, Graph, Node, Program};
    /// let mut g = Graph::new();
    /// let (one, x) = (g.integer(1), g.var("x"));
    /// let inverse = g.div(one, x);
    /// let program = Program::new(&g, &[inverse], Branches::default());
    /// let mut batch = program.batch(&[g.symbol_of(x).unwrap()]);
    /// let mut found = Vec::new();
    /// let faults = batch.evaluate(3, &[0.0, 1.0, 2.0], &mut found);
    /// assert_eq!(found[1..], [1.0, 0.5]);
    /// assert_eq!((faults.len(), faults[0].0), (1, 0), "1/0 has no value");
    /// ```
    pub fn batch(&self, columns: &[SymbolId]) -> Batch<'_> {
        let width = columns.len();
        // Of a symbol that stands twice, the first counts.
        let places: FxHashMap<SymbolId, usize> =
            columns.iter().enumerate().rev().map(|(at, symbol)| (*symbol, at)).collect();
        let lanes = self.code().and_then(|code| Side::of(code, &places));
        let threads = available_parallelism().map_or(1, NonZero::get);
        Batch { program: self, places, width, lanes, memories: vec![Vec::new(); threads] }
    }
}

impl Batch<'_> {
    /// The values of the roots in `f64` at so many points, with those of a point in a row of
    /// `results`: what [`Program::evaluate_f64`] gives at each, but side by side, and on all
    /// processors. `results` is made as long as it has to be. What comes back are the points that
    /// have no values, in their order, each with its error; in their rows stands NaN.
    ///
    /// `values` is row after row. A number that is not there is a symbol without a value.
    pub fn evaluate(
        &mut self,
        points: usize,
        values: &[f64],
        results: &mut Vec<f64>,
    ) -> Vec<(usize, EvalError)> {
        let roots = self.program.roots.len();
        results.resize(points * roots, f64::NAN);
        if results.is_empty() {
            return Vec::new();
        }
        let work =
            points.saturating_mul(self.lanes.as_ref().map_or(WORTH, |side| side.code.length()));
        let threads = points.div_ceil(LANES).min(1 + work / WORTH).min(self.memories.len());
        let mut memories = std::mem::take(&mut self.memories);
        let this = &*self;
        // Whoever is free takes the next eight points.
        let groups = Mutex::new(results.chunks_mut(LANES * roots).enumerate());
        let share = |memory: &mut Vec<Lanes>| {
            let mut faults = Vec::new();
            loop {
                let next = groups.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((group, rows)) = next else { return faults };
                this.some_points(group * LANES, values, rows, memory, &mut faults);
            }
        };
        let (mine, others) = memories.split_at_mut(1);
        let mut faults = scope(|threads_of| {
            let others: Vec<_> = others[..threads - 1]
                .iter_mut()
                // Where there is no thread to be had, the others do its work.
                .filter_map(|memory| Builder::new().spawn_scoped(threads_of, || share(memory)).ok())
                .collect();
            let mut faults = share(&mut mine[0]);
            for other in others {
                match other.join() {
                    Ok(found) => faults.extend(found),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            faults
        });
        self.memories = memories;
        faults.sort_by_key(|(point, _)| *point);
        faults
    }

    /// Up to eight points, from `first` on; their results are `rows`.
    fn some_points(
        &self,
        first: usize,
        values: &[f64],
        rows: &mut [f64],
        memory: &mut Vec<Lanes>,
        faults: &mut Vec<(usize, EvalError)>,
    ) {
        let roots = self.program.roots.len();
        let count = rows.len() / roots;
        let given = values.get(first * self.width..(first + count) * self.width);
        let settled = match (&self.lanes, given) {
            (Some(side), Some(given)) if count >= FEW => side.run(given, count, rows, memory),
            _ => [false; LANES],
        };
        for (lane, row) in rows.chunks_mut(roots).enumerate().filter(|(lane, _)| !settled[*lane]) {
            let from = (first + lane) * self.width;
            let env = |symbol| values.get(from + self.places.get(&symbol)?).copied();
            match self.program.evaluate_f64(&env) {
                Ok(found) => row.copy_from_slice(&found),
                Err(error) => {
                    row.fill(f64::NAN);
                    faults.push((first + lane, error));
                }
            }
        }
    }
}

impl<'p> Side<'p> {
    /// `None` where a symbol has no column or a constant no value: then no point has values.
    fn of(code: &'p Code, places: &FxHashMap<SymbolId, usize>) -> Option<Side<'p>> {
        let load = |(slot, symbol): &(u32, SymbolId)| Some((*places.get(symbol)?, *slot));
        let mut loads: Vec<_> = code.leaves.iter().map(load).collect::<Option<_>>()?;
        loads.sort_unstable();
        let constant = |(slot, q): &(u32, _)| Some((*slot, f64::from_rational(q).ok()?));
        let constants = code.constants.iter().map(constant).collect::<Option<_>>()?;
        Some(Side { code, loads, constants, level: Level::new() })
    }

    /// Works `rows` out from the numbers that are given; of which points they hold is what comes
    /// back, the others have to be looked at by themselves.
    fn run(
        &self,
        given: &[f64],
        count: usize,
        rows: &mut [f64],
        memory: &mut Vec<Lanes>,
    ) -> [bool; LANES] {
        memory.resize(self.code.slots, Lanes([0.0; LANES]));
        let settled = dispatch!(self.level, simd => simd.vectorize(
            #[inline(always)]
            || self.lanes(given, count, rows, memory)
        ));
        settled.map_or([false; LANES], |settled| settled.0.map(f64::is_finite))
    }

    /// What was gathered of every value; `None` where a step has none.
    #[inline(always)]
    fn lanes(
        &self,
        given: &[f64],
        count: usize,
        rows: &mut [f64],
        memory: &mut [Lanes],
    ) -> Option<Lanes> {
        for (slot, number) in &self.constants {
            memory[*slot as usize] = Lanes([*number; LANES]);
        }
        let settled = self.load(given, count, memory);
        let mut settled = self.code.work(memory, settled).ok()?;
        let width = rows.len() / count;
        for (block, roots) in self.code.roots.chunks(LANES).enumerate() {
            let mut values = [Lanes([0.0; LANES]); LANES];
            for (value, root) in values.iter_mut().zip(roots) {
                *value = root.value(memory).ok()?;
                settled.settle(value);
            }
            for (lane, row) in rows.chunks_exact_mut(width).enumerate() {
                let row = &mut row[block * LANES..][..roots.len()];
                match row.as_chunks_mut::<LANES>().0 {
                    [row] => *row = from_fn(|n| values[n].0[lane]),
                    _ => row.iter_mut().zip(&values).for_each(|(to, v)| *to = v.0[lane]),
                }
            }
        }
        Some(settled)
    }

    /// Fills the slots of the leaves, by eight columns at a time; gathers whether every number is
    /// finite.
    #[inline(always)]
    fn load(&self, given: &[f64], count: usize, memory: &mut [Lanes]) -> Lanes {
        let width = given.len() / count;
        // What is left over does what the last point does.
        let rows: [&[f64]; LANES] = from_fn(|lane| &given[lane.min(count - 1) * width..][..width]);
        let whole: [&[[f64; LANES]]; LANES] = rows.map(|row| row.as_chunks().0);
        let mut gathered = [Lanes([0.0; LANES]); LANES];
        let mut loads = self.loads.as_slice();
        for block in 0..width.div_ceil(LANES) {
            let mut numbers = [&[0.0; LANES]; LANES];
            let mut last = [[0.0; LANES]; LANES];
            let first = block * LANES;
            if block < width / LANES {
                for (numbers, whole) in numbers.iter_mut().zip(&whole) {
                    *numbers = &whole[block];
                }
            } else {
                for (row, last) in rows.iter().zip(&mut last) {
                    row[first..].iter().zip(last).for_each(|(number, to)| *to = *number);
                }
                numbers = last.each_ref();
            }
            for (gathered, numbers) in gathered.iter_mut().zip(numbers) {
                gathered.settle(&Lanes(*numbers));
            }
            while let [(column, slot), rest @ ..] = loads
                && let Some(numbers_at) = column.checked_sub(first).filter(|n| *n < LANES)
            {
                let value = &mut memory[*slot as usize].0;
                for lane in 0..LANES {
                    value[lane] = numbers[lane][numbers_at];
                }
                loads = rest;
            }
        }
        Lanes(gathered.map(|lane| lane.0.iter().sum()))
    }
}
