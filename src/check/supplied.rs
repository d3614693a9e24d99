//! Somebody's own gradients, as numbers, held against the symbolic ones: for a hand-written
//! layer in a unit test.
//!
//! Goes in: a network, exact values of its leaves, and `f64` gradients that some other program
//! computed at these values. What always holds: a difference is reported only where rounding
//! cannot explain it, and it comes with the exact gradient.

use std::collections::BTreeMap;

use crate::concrete::{self, Decide, Values};
use crate::diag::{Error, Kind};
use crate::net::{Network, QuantityId};
use crate::scalar::{Interval, Rational};

use super::diagnosis::diagnose;
use super::judge::Rounded;
use super::point::{Point, point};
use super::report::{Precision, Report, Source};
use super::sources::{self, Here};
use super::symbolic::Symbolic;
use super::values::convert;

/// By how many units in the last place every value of a leaf may have been off, for a gradient
/// to count as right: another program adds and multiplies in another order, and a sound one
/// gives the exact gradient of values that are very near.
pub const SUPPLIED_ULPS: u32 = 16;

/// Compares gradients that another program computed with the symbolic ones, at the values
/// `values` (row-major, exact). `theirs` holds ∂loss/∂q, row-major, for any quantities q: by
/// parameters, inputs, or what the network defines.
///
/// The report has one parameter for each entry of `theirs`; where their numbers are those of a
/// known mistake, [`Parameter::diagnosis`](super::Parameter::diagnosis) names it. The backward
/// pass is compared as well, so that the report shows what the verdict rests on.
///
/// # Errors
/// [`Kind::Shape`] for a wrong number of gradients or values, [`Kind::Name`] for a quantity of
/// another network, [`Kind::Value`] if there are no gradients or values are missing, and the
/// errors of [`check`](super::check) at a given point.
///
/// ```
/// let net = backproof::parse_network(
///     "input x
///      param w
///      target t
///      y = w*x
///      E = (t - y)^2 / 2
///      given x = 2, w = 3, t = 1",
/// )?;
/// let w = net.find("w").unwrap();
/// let values = backproof::concrete::given(&net)?;
/// let theirs = std::collections::BTreeMap::from([(w, vec![-10.0])]);
/// assert!(!backproof::check_gradients(&net, &values, &theirs)?.agrees());    // it is 10
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn check_gradients(
    net: &Network,
    values: &Values<Rational>,
    theirs: &BTreeMap<QuantityId, Vec<f64>>,
) -> Result<Report, Error> {
    check_input(net, values, theirs)?;
    let by: Vec<QuantityId> = theirs.keys().copied().collect();
    let symbolic = Symbolic::new(net, &by, true)?;
    let at = point(net, &symbolic, values.clone(), true)?;
    let compared = [
        (Source::Backward, Precision::Exact),
        (Source::Backward, Precision::F64),
        (Source::Supplied, Precision::F64),
    ];
    let mut report = super::blank(net, &by, &compared);
    sources::compare(net, &at, 0, &mut report.parameters);
    let wide = enclose(net, &at, &by);
    for (k, theirs) in theirs.values().enumerate() {
        compare(net, &at, &mut report, k, theirs, &wide);
    }
    report.points.push(at.report(net, Vec::new(), 0));
    Ok(report)
}

fn check_input(
    net: &Network,
    values: &Values<Rational>,
    theirs: &BTreeMap<QuantityId, Vec<f64>>,
) -> Result<(), Error> {
    let known = net.quantities().count();
    if values.keys().chain(theirs.keys()).any(|id| id.index() >= known) {
        return Err(Error::new(Kind::Name, "a quantity of another network was given"));
    }
    if theirs.is_empty() {
        return Err(Error::new(Kind::Value, "no gradients were given to compare"));
    }
    let wrong = |(id, numbers): (&QuantityId, &Vec<f64>)| {
        let (quantity, shape) = (net.quantity(*id), net.shape(*id));
        let (wanted, found) = (shape.elements(), numbers.len());
        let sentence = format!(
            "the gradient of `{}`, {shape}: expected {wanted} numbers, found {found}",
            quantity.name
        );
        (wanted != found).then(|| Error::new(Kind::Shape, sentence).at(quantity.span))
    };
    Error::collect(theirs.iter().filter_map(wrong).collect()).map_or(Ok(()), Err)
}

/// The gradients of all points whose leaves are within [`SUPPLIED_ULPS`] of these.
fn enclose(net: &Network, at: &Point, by: &[QuantityId]) -> Result<Vec<Vec<Interval>>, String> {
    let run = || -> Result<_, Error> {
        let mut values = convert::<Interval>(net, &at.values)?;
        for x in values.values_mut().flatten() {
            for _ in 0..SUPPLIED_ULPS {
                x.lower = x.lower.next_down().max(f64::MIN);
                x.upper = x.upper.next_up().min(f64::MAX);
            }
        }
        let forward = concrete::forward(net, &values, Decide::Recorded(&at.decisions))?;
        concrete::backward(net, &forward, by)
    };
    match run() {
        Ok(gradients) => {
            Ok(by.iter().map(|id| gradients.of(*id).unwrap_or_default().to_vec()).collect())
        }
        Err(error) => Err(error.message().to_string()),
    }
}

fn compare(
    net: &Network,
    at: &Point,
    report: &mut Report,
    k: usize,
    theirs: &[f64],
    wide: &Result<Vec<Vec<Interval>>, String>,
) {
    let parameter = &mut report.parameters[k];
    let here = Here { point: 0, name: &parameter.name, shape: &parameter.shape };
    let Some(into) = parameter.comparisons.iter_mut().find(|c| c.source == Source::Supplied) else {
        return;
    };
    let (symbolic, wide) = match (sources::symbolic(at, k), wide) {
        (Ok(symbolic), Ok(wide)) => (symbolic, &wide[k]),
        (Err(why), _) => return into.skip(why, theirs.len()),
        (_, Err(why)) => return into.skip(why, theirs.len()),
    };
    for (n, x) in theirs.iter().enumerate() {
        let other = Rounded { value: *x, enclosure: wide[n] };
        sources::near(into, here, n, symbolic(n), other, sources::exactly(at, k, n));
    }
    if into.differing > 0 {
        parameter.diagnosis = diagnose(net, &parameter.shape, wide, theirs);
    }
}
