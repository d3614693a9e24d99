//! The cross-check of a network whose scalars would be too many: tensor by tensor.
//!
//! Goes in: a network, the quantities to differentiate by, options. Comes out: a report in which
//! the backward pass takes the place of the formulas, and is held against a forward pass of dual
//! numbers along a direction that moves every element of every parameter at once (in the field of
//! 2^61 − 1 elements, where nothing is rounded, and in numbers of 106 bits with an error bound), and
//! against central differences along such a direction. What always holds: the time and the memory
//! are those of some passes over the tensors; the report says that the formulas were not asked.

use crate::concrete::{self, Decide, Gradients, Values};
use crate::diag::{Error, Kind};
use crate::net::{Network, Op, QuantityId};
use crate::scalar::{Ball, Fault, Pair, Prime, Rational, Scalar};

use super::differences::{self, Outcome};
use super::directions::{Along, Both};
use super::judge::{Distance, relative};
use super::overflow::without_overflow;
use super::point::Point;
use super::prepared::{Decided, decided, large};
use super::reference::{Element, Place, speed};
use super::report::{
    Arithmetic, Assumptions, Cell, Comparison, Mismatch, Number, Parameter, Precision, Report,
    Source,
};
use super::values::{SplitMix, convert, missing, work};
use super::{Grid, MAX_SCALARS, MAX_TRIALS, Options, blank, find_point};

/// Up to about so many products a forward pass is repeated for differences and for further points.
const REPEATED_WORK: usize = 1 << 22;
/// Up to about so many products differences are taken at all.
const DIFFERENCES_WORK: usize = 1 << 27;
/// A bound along a direction says something of a parameter whose part in it is so much larger.
const RESOLVED: f64 = 1.0 / 65536.0;

const FIELD: &str = "not equal in the field, where functions such as exp are stand-ins, and equal \
                     as far as numbers with error bounds let one see";
const TOO_WIDE: &str = "over so many operations the error bound outgrows this gradient";
const TOO_LONG: &str = "differences would take too long at this size";

/// The sources that are compared, in the order of a report.
pub(super) const COMPARED: [(Source, Precision); 3] = [
    (Source::Direction, Precision::Exact),
    (Source::Direction, Precision::F64),
    (Source::Differences, Precision::F64),
];

type Wide = Ball<Pair>;

/// About how many operations the network and its gradients have in scalars.
pub(super) fn scalars(net: &Network) -> usize {
    work(net)
}

/// What is said of the formulas that were not asked.
pub(super) fn why(net: &Network) -> String {
    let count = crate::scalar::show_digits(scalars(net) as f64, 2);
    format!(
        "the network was not written out in scalars, of which it has about {count}, more than \
         {MAX_SCALARS}; what is checked is its backward pass over tensors"
    )
}

/// Compares the gradients of the loss by `by`.
pub(super) fn check(
    net: &Network,
    by: &[QuantityId],
    options: &Options,
    why: &str,
) -> Result<Report, Error> {
    let missing = missing(net);
    let trials = match options.trials {
        _ if missing.is_empty() => 1,
        Some(trials) if (1..=MAX_TRIALS).contains(&trials) => trials,
        Some(trials) => return Err(super::trials(trials)),
        None if work(net) > REPEATED_WORK => 1,
        None => 3,
    };
    let drawn: Vec<String> = missing.iter().map(|id| net.quantity(*id).name.clone()).collect();
    let mut random = SplitMix(options.seed);
    let mut report = blank(net, by, &COMPARED);
    report.seed = (!missing.is_empty()).then_some(options.seed);
    let mut scale = 0;
    for which in 0..trials {
        let (at, redrawn) =
            find_point(net, &missing, &mut random, &mut scale, FINER, |values, given| {
                here(net, by, &values, given)
            })?;
        let arithmetic =
            along_directions(at.place(by), which, options.seed, &mut report.parameters);
        let mut point = large(&at.net, &at.values, &at.decided, why, Some(at.loss));
        point.values.retain(|id, _| id.index() < net.quantities().count());
        point.arithmetic = arithmetic;
        point.inexact = Some("fractions would grow with every layer".to_string());
        point.notes.insert(0, why.to_string());
        point.drawn.clone_from(&drawn);
        point.redrawn = redrawn;
        point.unit = (!missing.is_empty()).then_some(FINER.unit(scale));
        if !missing.is_empty() && !net.assumptions().is_empty() {
            point.assumptions = Assumptions::NotUsed;
        }
        report.points.push(point);
    }
    Ok(report)
}

/// Drawn values are this much finer than those of a small network: among so many units, coarse ones
/// would lie on kinks. And they are smaller, for sums of many products leave the range in which
/// functions have slopes.
const FINER: Grid = Grid { finer: 1 << 16, smaller: 8 };

/// A point at which the network and its gradients are defined.
struct Here {
    /// With every softmax's exponentials shifted.
    net: Network,
    values: Values<Rational>,
    decided: Decided,
    loss: Element,
}

fn here(
    net: &Network,
    by: &[QuantityId],
    values: &Values<Rational>,
    assume: bool,
) -> Result<Here, Error> {
    let (net, values) = without_overflow(net, values, by)?;
    let decided = decided(&net, &values, assume)?;
    let rounded = convert::<f64>(&net, &values)?;
    let forward = concrete::forward(&net, &rounded, Decide::Recorded(&decided.decisions))?;
    concrete::backward(&net, &forward, by)?;
    let loss = Element { value: *forward.loss(), rest: 0.0, radius: 0.0 };
    Ok(Here { net, values, decided, loss })
}

/// The adjoints of a backward pass in any number system.
pub(super) fn gradients_of<T: Scalar>(
    at: Place<'_>,
    values: &Values<T>,
) -> Result<Gradients<T>, Error> {
    let forward = concrete::forward(at.net, values, Decide::Recorded(at.decisions))?;
    concrete::backward(at.net, &forward, at.by)
}

/// Speeds in the field, of 60 random bits.
pub(super) fn field_speed(seed: u64) -> impl FnMut(usize, usize) -> Result<Prime, Fault> {
    let mut random = SplitMix(seed ^ 0xF1E1_D5EE);
    move |_, _| {
        let bits = random.next();
        let half = |bits: u64| Prime::integer((bits & 0x3FFF_FFFF) as i32);
        half(bits).mul(&Prime::integer(1 << 30))?.add(&half(bits >> 32))
    }
}

impl Here {
    fn place<'a>(&'a self, by: &'a [QuantityId]) -> Place<'a> {
        Place { net: &self.net, values: &self.values, decisions: &self.decided.decisions, by }
    }
}

/// Holds the backward pass of a network that is written out in scalars, too, against passes along
/// directions.
pub(super) fn directed(
    net: &Network,
    point: &Point,
    by: &[QuantityId],
    which: usize,
    seed: u64,
    parameters: &mut [Parameter],
) {
    let at = Place { net, values: &point.values, decisions: &point.decisions, by };
    along_directions(at, which, seed, parameters);
}

/// Compares every parameter, and says in which numbers that was exact.
fn along_directions(
    at: Place<'_>,
    which: usize,
    seed: u64,
    parameters: &mut [Parameter],
) -> Arithmetic {
    let passes =
        |values: Values<Wide>| gradients_of(at, &values).map(|gradients| (values, gradients));
    let wide = convert::<Wide>(at.net, at.values).and_then(passes);
    let wide = match &wide {
        Ok((values, found)) => Ok((values, list(at.by, found))),
        Err(error) => Err(error),
    };
    let along = wide.as_ref().map(|(values, all)| along(at, values, all));
    let arithmetic = exact(at, along.as_ref().ok(), which, seed, parameters);
    match &along {
        Ok(along) => rounded(along, which, seed, parameters),
        Err(error) => {
            let why = match error.kind() {
                // An enclosure that holds 0 or meets another one.
                Kind::Domain | Kind::Limit => TOO_WIDE,
                _ => error.message(),
            };
            for (source, precision) in &COMPARED[1..] {
                skip(parameters, (*source, *precision), why);
            }
        }
    }
    arithmetic
}

fn list<'a, T>(by: &[QuantityId], gradients: &'a Gradients<T>) -> Vec<&'a [T]> {
    by.iter().map(|id| gradients.of(*id).unwrap_or_default()).collect()
}

fn along<'a, T: Scalar>(
    at: Place<'a>,
    values: &'a Values<T>,
    gradients: &'a [&'a [T]],
) -> Along<'a, T> {
    Along { net: at.net, values, decisions: at.decisions, by: at.by, gradients }
}

fn comparison(
    parameter: &mut Parameter,
    (source, precision): (Source, Precision),
) -> Option<&mut Comparison> {
    parameter.comparisons.iter_mut().find(|c| c.source == source && c.precision == precision)
}

fn skip(parameters: &mut [Parameter], of: (Source, Precision), why: &str) {
    for parameter in parameters {
        let cells = parameter.shape.elements();
        if let Some(into) = comparison(parameter, of) {
            into.skip(why, cells);
        }
    }
}

/// In the field: one direction for all, and where the two sums differ, one for each parameter.
fn exact(
    at: Place<'_>,
    wide: Option<&Along<'_, Wide>>,
    which: usize,
    seed: u64,
    parameters: &mut [Parameter],
) -> Arithmetic {
    let mut run = || -> Result<(), Error> {
        let values = convert::<Prime>(at.net, at.values)?;
        let found = gradients_of(at, &values)?;
        let gradients = list(at.by, &found);
        in_field(&along(at, &values, &gradients), wide, which, seed, parameters)
    };
    match run() {
        Ok(()) => Arithmetic::Prime,
        Err(error) => {
            skip(parameters, COMPARED[0], error.message());
            Arithmetic::None
        }
    }
}

fn same(both: &Both<Prime>) -> bool {
    both.sum == both.tangent
}

pub(super) fn in_field(
    along: &Along<'_, Prime>,
    wide: Option<&Along<'_, Wide>>,
    which: usize,
    seed: u64,
    parameters: &mut [Parameter],
) -> Result<(), Error> {
    let all = same(&along.both(&along.everything(), field_speed(seed))?);
    // Before anything is counted, so that what fails on the way is counted once.
    let culprit = |k: usize| match all {
        true => Ok(None),
        false => along.culprit(k, field_speed(seed ^ k as u64), same),
    };
    let found = (0..parameters.len()).map(culprit).collect::<Result<Vec<_>, _>>()?;
    for (k, (parameter, culprit)) in parameters.iter_mut().zip(found).enumerate() {
        let (name, shape) = (parameter.name.clone(), parameter.shape.clone());
        let Some(into) = comparison(parameter, COMPARED[0]) else { continue };
        match culprit {
            None => into.confirm(shape.elements()),
            Some((n, both)) => {
                let seen = wide.is_some_and(|wide| apart(wide, k, n));
                into.skip(if seen { OTHERS } else { FIELD }, shape.elements() - usize::from(seen));
                if seen {
                    into.differ(Mismatch {
                        point: which,
                        cell: Cell::new(&name, &shape, n),
                        symbolic: Number::Residue(both.sum),
                        other: Number::Residue(both.tangent),
                        exact: None,
                        bound: 0.0,
                    });
                }
            }
        }
    }
    Ok(())
}

const OTHERS: &str = "another element of it differs, and one is looked for";

/// Whether one element differs for certain.
fn apart(wide: &Along<'_, Wide>, k: usize, n: usize) -> bool {
    let alone = wide.both(&[(k, n..n + 1)], |_, _| Ok(Scalar::one()));
    alone.is_ok_and(|both| both.sum.sub(&both.tangent).is_ok_and(|d| !d.holds_zero()))
}

/// In numbers of 106 bits with error bounds: dual numbers and differences along one direction.
pub(super) fn rounded(
    along: &Along<'_, Wide>,
    which: usize,
    seed: u64,
    parameters: &mut [Parameter],
) {
    let mut random = SplitMix(seed ^ 0xD1EC_7104);
    let speeds: Vec<Vec<f64>> = along
        .gradients
        .iter()
        .map(|all| all.iter().map(|_| speed(&mut random)).collect())
        .collect();
    // The part that each parameter has in the sum, were its terms independent.
    let part = |k: usize| {
        let terms = speeds[k].iter().zip(along.gradients[k]);
        terms.map(|(v, g)| (v * g.to_f64()).powi(2)).sum::<f64>().sqrt()
    };
    let parts: Vec<f64> = (0..speeds.len()).map(part).collect();
    let of = |k: usize, n: usize| Ball::point(speeds[k][n]);
    match along.both(&along.everything(), of) {
        Err(_) => COMPARED[1..].iter().for_each(|of| skip(parameters, *of, TOO_WIDE)),
        Ok(both) => {
            by_duals(along, &both, &parts, which, parameters);
            by_differences(along, &both, (&speeds, &parts), which, parameters);
        }
    }
}

fn by_duals(
    along: &Along<'_, Wide>,
    both: &Both<Wide>,
    parts: &[f64],
    which: usize,
    parameters: &mut [Parameter],
) {
    let Ok(off) = both.sum.sub(&both.tangent) else {
        return skip(parameters, COMPARED[1], TOO_WIDE);
    };
    let (least, most) = (off.least(), off.most());
    for (k, parameter) in parameters.iter_mut().enumerate() {
        let (name, shape) = (parameter.name.clone(), parameter.shape.clone());
        let Some(into) = comparison(parameter, COMPARED[1]) else { continue };
        if least == 0.0 {
            match off.radius() <= RESOLVED * parts[k] {
                true => into.agree_all(which, off.to_f64().abs(), parts[k], most, &name, &shape),
                false => into.skip(TOO_WIDE, shape.elements()),
            }
            continue;
        }
        // Somewhere there is a difference: here?
        let certain =
            |both: &Both<Wide>| both.sum.sub(&both.tangent).is_ok_and(|off| off.holds_zero());
        let mut random = SplitMix(k as u64);
        let speed = |_: usize, _: usize| Ball::point(speed(&mut random));
        match along.culprit(k, speed, certain) {
            Ok(None) => into.confirm(shape.elements()),
            Err(error) => into.skip(error.message(), shape.elements()),
            Ok(Some((n, both))) => {
                into.skip(OTHERS, shape.elements() - 1);
                into.differ(Mismatch {
                    point: which,
                    cell: Cell::new(&name, &shape, n),
                    symbolic: Number::F64(both.sum.to_f64()),
                    other: Number::F64(both.tangent.to_f64()),
                    exact: None,
                    bound: both.sum.radius() + both.tangent.radius(),
                });
            }
        }
    }
}

fn by_differences(
    along: &Along<'_, Wide>,
    both: &Both<Wide>,
    (speeds, parts): (&[Vec<f64>], &[f64]),
    which: usize,
    parameters: &mut [Parameter],
) {
    if work(along.net) > DIFFERENCES_WORK {
        return skip(parameters, COMPARED[2], TOO_LONG);
    }
    let found = differences::along(along, speeds, &both.sum);
    let (claim, whole) = (both.sum.to_f64(), parts.iter().map(|p| p * p).sum::<f64>().sqrt());
    for (k, parameter) in parameters.iter_mut().enumerate() {
        let (name, shape) = (parameter.name.clone(), parameter.shape.clone());
        let Some(into) = comparison(parameter, COMPARED[2]) else { continue };
        into.crossed += found.crossed;
        match &found.outcome {
            Outcome::Agree(distance) if distance.bound <= parts[k] / 256.0 || whole == 0.0 => {
                into.agree_all(which, distance.absolute, parts[k], distance.bound, &name, &shape);
            }
            Outcome::Agree(_) => into.skip(
                "this gradient is too small beside the others for differences along one direction",
                shape.elements(),
            ),
            Outcome::Open(why) => into.skip(why, shape.elements()),
            Outcome::Differ { limit, bound } => {
                into.skip("along a direction that moves it with others", shape.elements() - 1);
                into.differ(Mismatch {
                    point: which,
                    cell: Cell { name, index: Vec::new() },
                    symbolic: Number::F64(claim),
                    other: Number::F64(*limit),
                    exact: None,
                    bound: *bound,
                });
            }
        }
    }
}

impl Comparison {
    /// Counts cells that agree along a direction, with the distance of the sums.
    fn agree_all(
        &mut self,
        point: usize,
        absolute: f64,
        of: f64,
        bound: f64,
        name: &str,
        shape: &crate::net::Shape,
    ) {
        let relative = relative(absolute, of);
        let distance = Distance { agree: true, absolute, relative, bound };
        self.agree(point, &distance, || Cell { name: name.to_string(), index: Vec::new() });
        self.confirm(shape.elements() - 1);
    }
}

/// Whether a quantity is a leaf, which a direction may move.
pub(super) fn is_leaf(net: &Network, id: QuantityId) -> bool {
    matches!(net.node(net.quantity(id).node).op, Op::Leaf(_))
}
