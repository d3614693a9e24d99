//! The cross-check (floor 4): gradients by formula held against gradients by number.
//!
//! Goes in: a [`Network`], perhaps with values. Comes out: a [`Report`]. Four ways lead to
//! gradients. The symbolic reverse sweep, evaluated, and the backward pass over tensors give every
//! element; dual numbers and central differences give a part of them, or a direction, where there
//! are many. [`check`] compares the first with each of the others at the same points:
//! exactly (in the rationals, or in the field of 2^61 − 1 elements where functions such as exp
//! leave the rationals) and again in `f64`, where intervals say how much rounding explains.
//! [`check_gradients`] holds somebody's own numbers against the same formulas.
//!
//! What always holds: nothing is judged by a fixed tolerance; what is not judged says why; a
//! report is a function of the network, the options and nothing else.
//!
//! ```
//! use backproof::check::{Options, check};
//! let net = backproof::parse_network("input x\nparam w\ntarget t\nE = (t - w * x)^2 / 2").unwrap();
//! let report = check(&net, &Options::default()).unwrap();
//! assert!(report.agrees());
//! ```

mod bounds;
mod causes;
mod choices;
mod conventions;
mod diagnosis;
mod differences;
mod directions;
mod estimate;
mod forward;
mod fraction;
mod json;
mod judge;
mod kinks;
mod noise;
mod outer;
mod overflow;
mod patterns;
mod point;
mod prepared;
mod range;
mod reach;
mod reference;
mod report;
mod rounding;
mod rule;
mod sides;
mod sources;
mod supplied;
mod symbolic;
mod taylor;
mod tensors;
#[cfg(test)]
mod tests;
mod typical;
mod values;
mod vanishing;
mod verdicts;
mod words;

pub use conventions::Framework;
#[doc(hidden)]
pub use conventions::{CONVENTIONS, Corner, Rule, rule};
pub use diagnosis::{Cause, Constant, Diagnosis, Difference, Mistake};
#[doc(hidden)]
pub use diagnosis::{DIAGNOSIS_SECONDS, DIAGNOSIS_WORK_A_SECOND, MAX_MISTAKES, MAX_OTHER_CAUSES};
#[doc(hidden)]
pub use differences::{FIRST_STEPS, STEPS};
#[doc(hidden)]
pub use fraction::MAX_EXACT_BITS;
pub use json::{SCHEMA, report_json};
#[doc(hidden)]
pub use judge::MAX_ULPS;
#[doc(hidden)]
pub use reference::DIGITS;
pub use report::{
    Arithmetic, Assumptions, AtKinks, Cell, Certainty, Choice, Comparison, Convention, Kink,
    Mismatch, Noticed, Number, Parameter, Point, Precision, Report, Source, Unjudged, Value,
    Verdict, Worst,
};
pub use rounding::{Accumulate, Format};
#[doc(hidden)]
pub use rounding::{FUNCTION_ULPS, REARRANGED};
pub use supplied::{Supplied, Theirs, check_gradients, check_supplied};

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Builder, ScopedJoinHandle};

use crate::concrete::Values;
use crate::diag::{Error, Kind};
use crate::net::{Network, QuantityId};
use crate::scalar::Rational;
use overflow::without_overflow;
use symbolic::Symbolic;
use values::{RANGES, SplitMix, UNITS};

#[doc(hidden)]
/// The largest number of random points.
pub const MAX_TRIALS: usize = 1000;
#[doc(hidden)]
/// The largest number of cells of one parameter that dual numbers are computed for, a pass each.
pub const MAX_DUAL: usize = 64;
#[doc(hidden)]
/// The largest number of cells of one parameter that differences are computed for.
pub const MAX_DIFFERENCES: usize = 16;
#[doc(hidden)]
/// About how many elements the passes of dual numbers, and those of differences, compute at a
/// point in all; where that is less than [`MAX_DUAL`] asks for, all cells are moved at once,
/// along a direction.
pub const MAX_PASS_WORK: usize = 1 << 22;
#[doc(hidden)]
/// Up to about so many operations, a network is written out in scalars, so that formulas are a way
/// to its gradients; a larger one is checked tensor by tensor.
pub const MAX_SCALARS: usize = 1 << 20;
#[doc(hidden)]
/// The largest number of factors in the gradients of all products.
pub const MAX_FACTOR_PAIRS: usize = 1 << 26;
#[doc(hidden)]
/// How often a random point is drawn again from one range of values, if the network is not
/// defined there.
pub const MAX_DRAWS: usize = 20;
#[doc(hidden)]
/// How many mismatches, kinks and tied cells a report lists; it counts all.
pub const MAX_LISTED: usize = 20;

/// What a check may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The seed of the random values of what the network gives no value.
    pub seed: u64,
    /// At how many random points to compare, up to [`MAX_TRIALS`]; 3 where it is not said,
    /// or 1 in a network of millions of operations. Where
    /// every value is given there is one point.
    pub trials: Option<usize>,
}

impl Options {
    /// The same with a change: `Options::default().with(|options| options.seed = 7)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Options)) -> Options {
        change(&mut self);
        self
    }
}

impl Default for Options {
    fn default() -> Options {
        Options { seed: 1, trials: None }
    }
}

/// Compares the gradients of the loss by every parameter.
///
/// Where a pass for each cell would take too long, dual numbers and differences go along a
/// direction that moves every cell.
/// A network of more than [`MAX_SCALARS`] operations is not written out in scalars: its backward
/// pass is held against dual numbers and differences along directions that move every element.
///
/// Values that the network does not give are drawn: multiples of 1/8 between −2 and 2, or, where
/// the network is not defined there, between 0 and 2 and at last between 0 and 1. Where values of
/// the network leave the range of `f64`, the same is done with multiples of 1/64, and so on:
/// [`Point::unit`] says which were drawn.
///
/// # Errors
/// [`Kind::Value`] for a network without parameters; [`Kind::Domain`] where the network or a
/// gradient is not defined at the given point or at any that was drawn; [`Kind::Assumption`]
/// where all values are given and contradict an assumed winner; [`Kind::Limit`] for too many
/// trials, or where its passes would take more than [`concrete::MAX_WORK`](crate::concrete::MAX_WORK)
/// products.
///
/// ```
/// let net = backproof::parse_network(
///     "input x
///      param w
///      target t
///      y = w*x
///      E = (t - y)^2 / 2",
/// )?;
/// // Without given values, at random ones.
/// assert!(backproof::check(&net, &Default::default())?.agrees());
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn check(net: &Network, options: &Options) -> Result<Report, Error> {
    let by: Vec<QuantityId> = net.params().collect();
    if by.is_empty() {
        return Err(Error::new(Kind::Value, "there is nothing to check: no `param` is declared")
            .hint("declare the weights: `param w[2, 2]`"));
    }
    match check_by(net, &by, options) {
        // Exponentials beyond the range are too large, or 0 and divided by.
        Err(error)
            if matches!(error.kind(), Kind::Limit | Kind::Domain)
                && values::missing(net).is_empty() =>
        {
            check_shifted(net, &by, options).ok_or(error)
        }
        found => found,
    }
}

/// [`check`] at given values where an exponential leaves the range of `f64`, though the softmax
/// that it is a part of does not. None where that is not so.
fn check_shifted(net: &Network, by: &[QuantityId], options: &Options) -> Option<Report> {
    let (mut shifted, values) = without_overflow(net, net.values(), by).ok()?;
    let own = net.quantities().count();
    if shifted.quantities().count() == own {
        return None;
    }
    shifted.values = values;
    let mut report = check_by(&shifted, by, options).ok()?;
    for point in &mut report.points {
        point.values.retain(|id, _| id.index() < own);
        point.notes.push(SHIFTED.to_string());
    }
    Some(report)
}

/// What is said where a softmax was computed as every framework computes it.
const SHIFTED: &str = "the greatest score was taken off before each softmax, which changes no \
                       value and no gradient; without that, an exponential overflows";

/// [`check`] of the network as it stands.
fn check_by(net: &Network, by: &[QuantityId], options: &Options) -> Result<Report, Error> {
    let assume = values::missing(net).is_empty();
    // Each parameter is asked about by passes of its own.
    let passes = tensors::scalars(net).saturating_mul(by.len());
    if tensors::scalars(net) > MAX_SCALARS || passes > 4 * MAX_PASS_WORK {
        return tensors::check(net, by, options, &tensors::why(net));
    }
    match Symbolic::new(net, by, assume) {
        Err(error) if error.kind() == Kind::Limit => {
            let why = format!("{}; what is checked is the backward pass", error.message());
            tensors::check(net, by, options, &why)
        }
        symbolic => check_symbolic(net, &symbolic?, options),
    }
}

fn trials(trials: usize) -> Error {
    let sentence = format!("{trials} trials: expected a number from 1 to {MAX_TRIALS}");
    Error::new(Kind::Limit, sentence)
}

fn give_values(net: &Network, missing: &[QuantityId], tried: usize) -> String {
    let name = missing.first().map_or("x", |id| &net.quantity(*id).name);
    format!("{tried} random points were tried; give values: `given {name} = …`")
}

/// The sources that [`check`] compares, in the order of a report.
const COMPARED: [(Source, Precision); 6] = [
    (Source::Backward, Precision::Exact),
    (Source::Backward, Precision::F64),
    (Source::Dual, Precision::Exact),
    (Source::Dual, Precision::F64),
    (Source::Differences, Precision::Exact),
    (Source::Differences, Precision::F64),
];

/// The same where dual numbers and differences of single cells would leave most cells out.
const DIRECTED: [(Source, Precision); 5] = [
    (Source::Backward, Precision::Exact),
    (Source::Backward, Precision::F64),
    (Source::Direction, Precision::Exact),
    (Source::Direction, Precision::F64),
    (Source::Differences, Precision::F64),
];

/// [`check`] with gradients that are there already.
fn check_symbolic(net: &Network, symbolic: &Symbolic, options: &Options) -> Result<Report, Error> {
    let missing = values::missing(net);
    let trials = match options.trials {
        _ if missing.is_empty() => 1,
        Some(trials) if (1..=MAX_TRIALS).contains(&trials) => trials,
        Some(trials) => return Err(self::trials(trials)),
        None => 3,
    };
    let drawn: Vec<String> = missing.iter().map(|id| net.quantity(*id).name.clone()).collect();
    let mut random = SplitMix(options.seed);
    let directed = sources::leaves_out(net, &symbolic.by);
    let compared = if directed { &DIRECTED[..] } else { &COMPARED[..] };
    let mut report = blank(net, &symbolic.by, compared);
    report.seed = (!missing.is_empty()).then_some(options.seed);
    let mut scale = 0;
    let mut next = |which: usize, report: &mut Report| -> Result<Arc<point::Point>, Error> {
        let (at, redrawn) =
            find_point(net, &missing, &mut random, &mut scale, Grid::PLAIN, |values, given| {
                point::point(net, symbolic, values, given)
            })?;
        sources::compare(net, &at, which, &mut report.parameters);
        let mut point = at.report(net, drawn.clone(), redrawn);
        point.unit = (!missing.is_empty()).then_some(UNITS[scale]);
        report.points.push(point);
        Ok(Arc::new(at))
    };
    if !directed {
        (0..trials).try_for_each(|which| next(which, &mut report).map(drop))?;
        return Ok(report);
    }
    // Where passes along directions are made, a thread makes them while the next point is found.
    let along = Mutex::new(blank(net, &symbolic.by, compared).parameters);
    let (by, seed) = (&symbolic.by, options.seed);
    let go = &|at: &point::Point, which: usize| {
        let mut parameters = along.lock().unwrap_or_else(PoisonError::into_inner);
        tensors::directed(net, at, by, which, seed, &mut parameters);
    };
    thread::scope(|threads| -> Result<(), Error> {
        let mut before: Option<ScopedJoinHandle<'_, ()>> = None;
        for which in 0..trials {
            let at = next(which, &mut report)?;
            // One after the other, in the order of the points.
            if let Some(thread) = before.take()
                && let Err(panic) = thread.join()
            {
                resume_unwind(panic);
            }
            let own = Arc::clone(&at);
            match Builder::new().spawn_scoped(threads, move || go(&own, which)) {
                Ok(thread) => before = Some(thread),
                Err(_) => go(&at, which),
            }
        }
        Ok(())
    })?;
    let along = along.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (parameter, along) in report.parameters.iter_mut().zip(along) {
        for (own, along) in parameter.comparisons.iter_mut().zip(along.comparisons) {
            if along.source != Source::Backward {
                *own = along;
            }
        }
    }
    Ok(report)
}

/// Where drawn values lie.
#[derive(Clone, Copy)]
struct Grid {
    /// So many times as dense as usual.
    finer: i64,
    /// And so many times as small.
    smaller: i64,
}

impl Grid {
    /// The usual.
    const PLAIN: Grid = Grid { finer: 1, smaller: 1 };

    /// Values are multiples of one over this.
    fn unit(self, scale: usize) -> i64 {
        UNITS[scale] * self.finer * self.smaller
    }
}

/// The given point, or the first drawn one at which the network and its gradients are defined;
/// and how many were thrown away. `at` makes a point of values, which were given, with `true`, or
/// drawn, as [`RANGES`] and [`UNITS`] say but for [`Grid`]. `scale` is the position in the latter to
/// begin with, and the one that was used: what overflows is drawn smaller, and smaller from then on.
fn find_point<P>(
    net: &Network,
    missing: &[QuantityId],
    random: &mut SplitMix,
    scale: &mut usize,
    grid: Grid,
    at: impl Fn(Values<Rational>, bool) -> Result<P, Error>,
) -> Result<(P, usize), Error> {
    if missing.is_empty() {
        return Ok((at(net.values().clone(), true)?, 0));
    }
    let (mut last, mut tried, mut draw) = (None, 0, 0);
    while draw < RANGES.len() * MAX_DRAWS {
        let (low, high) = RANGES[draw / MAX_DRAWS];
        let range = (low * grid.finer, high * grid.finer);
        match at(values::draw(net, missing, random, grid.unit(*scale), range), false) {
            Ok(point) => return Ok((point, tried)),
            Err(error) if error.kind() == Kind::Limit && *scale + 1 < UNITS.len() => {
                *scale += 1;
                last = Some(error);
            }
            Err(error) if matches!(error.kind(), Kind::Domain | Kind::Limit) => {
                draw += 1;
                last = Some(error);
            }
            Err(error) => return Err(error),
        }
        tried += 1;
    }
    let hint = give_values(net, missing, tried);
    let none = || Error::new(Kind::Domain, "no random point was found");
    Err(last.unwrap_or_else(none).hint(hint))
}

/// A report without points in which nothing is compared yet.
fn blank(net: &Network, by: &[QuantityId], compared: &[(Source, Precision)]) -> Report {
    let parameter = |id: &QuantityId| Parameter {
        id: *id,
        name: net.quantity(*id).name.clone(),
        shape: net.shape(*id).clone(),
        comparisons: compared.iter().map(|(s, p)| Comparison::new(*s, *p)).collect(),
        diagnosis: None,
        format: None,
        at_kinks: None,
        noticed: None,
        certainty: None,
    };
    Report {
        loss: net.quantity(net.loss()).name.clone(),
        seed: None,
        points: Vec::new(),
        forward: Vec::new(),
        parameters: by.iter().map(parameter).collect(),
        derive: None,
    }
}
