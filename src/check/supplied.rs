//! Gradients from elsewhere, as numbers, held against the symbolic ones: from another framework's
//! files, or of a hand-written layer in a unit test.
//!
//! Goes in: a network, exact values of its leaves, and gradients that some other program computed
//! at these values, with the format that it computed in. What always holds: a difference is
//! reported only where rounding in that format cannot explain it, and no choice at a kink; and it
//! comes with the exact gradient.

use std::collections::BTreeMap;

use crate::concrete::Values;
use crate::diag::{Error, Kind};
use crate::net::{Network, QuantityId, Role};
use crate::ordered::Ordered;
use crate::scalar::Rational;

use super::bounds::bounds;
use super::causes::name_causes;
use super::conventions::Framework;
use super::forward::compared;
use super::judge::{Distance, relative};
use super::overflow::without_overflow;
use super::point::{Point, point};
use super::prepared::{Decided, decided, large};
use super::range::{overflow, unjudged};
use super::reference::{Element, Place};
use super::report::{Certainty, Comparison, Mismatch, Noticed, Number, Precision, Report, Source};
use super::rounding::{Accumulate, Format};
use super::rule::{Finding, Outcome};
use super::sources::{self, Here};
use super::symbolic::Symbolic;
use super::tensors::is_leaf;
use super::values::work;
use super::verdicts::{Asked, Judged, judged};

/// A gradient that another program computed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Theirs {
    /// ∂loss/∂(each element), row-major.
    pub numbers: Vec<f64>,
    /// What it computed with.
    pub format: Format,
}

impl Theirs {
    /// These numbers, computed in that format.
    pub fn new(numbers: Vec<f64>, format: Format) -> Theirs {
        Theirs { numbers, format }
    }
}

/// What [`check_supplied`] compares.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Supplied {
    /// By which quantities: parameters, inputs, or what the network defines.
    pub gradients: BTreeMap<QuantityId, Theirs>,
    /// Values of quantities that have definitions, the loss among them: they are compared first.
    pub forward: BTreeMap<QuantityId, Theirs>,
    /// Whether a parameter without a gradient is one that could not be judged, and not one that
    /// nobody asked about.
    pub complete: bool,
    /// The framework that they come from: its convention is expected at kinks.
    pub from: Option<Framework>,
    /// What the sums of f16 and bf16 were kept in.
    pub accumulate: Accumulate,
    /// How many seconds, about, are spent on why gradients are wrong; [`DIAGNOSIS_SECONDS`](super::DIAGNOSIS_SECONDS) if
    /// there is none.
    pub seconds: Option<u32>,
}

impl Supplied {
    /// The same with a change: `Supplied::default().with(|supplied| supplied.complete = true)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Supplied)) -> Supplied {
        change(&mut self);
        self
    }
}

/// Why a parameter without numbers is not judged.
const ABSENT: &str = "no gradient by it was supplied";

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
    let double = |(id, numbers): (&QuantityId, &Vec<f64>)| {
        (*id, Theirs { numbers: numbers.clone(), format: Format::F64 })
    };
    let gradients = theirs.iter().map(double).into_map();
    check_supplied(net, values, &Supplied { gradients, ..Supplied::default() })
}

/// [`check_gradients`] for any format of floating-point numbers, and with what is known of the
/// program. At a kink of the loss, numbers that some choice in the subdifferential gives are
/// right, and [`Parameter::at_kinks`](super::Parameter::at_kinks) says whose choice it is.
///
/// # Errors
/// As for [`check_gradients`].
///
/// ```
/// use backproof::check::{Format, Framework, Supplied, Theirs, check_supplied};
/// let net = backproof::parse_network("input x\nparam w\nE = max(w*x, 0)\ngiven x = 2, w = 0")?;
/// let w = net.find("w").unwrap();
/// let half = Theirs::new(vec![1.0], Format::F32);     // x/2
/// let supplied = Supplied::default().with(|all| all.gradients = [(w, half)].into());
/// let report = check_supplied(&net, net.values(), &supplied)?;
/// let kinks = report.parameters[0].at_kinks.as_ref().unwrap();
/// assert!(report.agrees() && kinks.frameworks.contains(&Framework::Jax));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn check_supplied(
    net: &Network,
    values: &Values<Rational>,
    supplied: &Supplied,
) -> Result<Report, Error> {
    check_input(net, values, supplied)?;
    let asked = |id: &QuantityId| supplied.gradients.contains_key(id);
    let params = net.params().filter(|_| supplied.complete);
    let absent: Vec<QuantityId> = params.filter(|id| !asked(id)).collect();
    let mut by: Vec<QuantityId> = supplied.gradients.keys().copied().chain(absent).collect();
    by.sort_unstable();
    match in_range(net, values, supplied, &by) {
        Err(error) if error.kind() == Kind::Limit => match overflow(net, values, &by) {
            Some(why) => Ok(unjudged(net, values, supplied, &by, &why)),
            None => Err(error),
        },
        found => found,
    }
}

/// The report where no value leaves the range of `f64`.
fn in_range(
    net: &Network,
    values: &Values<Rational>,
    supplied: &Supplied,
    by: &[QuantityId],
) -> Result<Report, Error> {
    let original = net;
    let asked = |id: &QuantityId| supplied.gradients.contains_key(id);
    let kept: Vec<QuantityId> = by.iter().chain(supplied.forward.keys()).copied().collect();
    let (stable, values) = without_overflow(net, values, &kept)?;
    let net = &stable;
    let decided = decided(net, &values, true)?;
    let at = Place { net, values: &values, decisions: &decided.decisions, by };
    let scalars = in_scalars(net, by, &values, &decided);
    let comparisons: &[_] = match scalars {
        Ok(_) => &[
            (Source::Backward, Precision::Exact),
            (Source::Backward, Precision::F64),
            (Source::Supplied, Precision::F64),
        ],
        Err(_) => &[(Source::Direction, Precision::F64), (Source::Supplied, Precision::F64)],
    };
    let mut report = super::blank(net, by, comparisons);
    report.forward = compared(at, &supplied.forward, supplied.accumulate)?;
    if let Ok(point) = &scalars {
        sources::compare(net, point, 0, &mut report.parameters);
    }
    let mut formats: Vec<Format> = supplied.gradients.values().map(|t| t.format).collect();
    formats.sort_unstable();
    formats.dedup();
    let (mut loss, mut estimated) = (None, false);
    for format in formats {
        let numbers = |k: usize| {
            let theirs = supplied.gradients.get(&by[k]).filter(|t| t.format == format)?;
            Some((k, theirs.numbers.as_slice()))
        };
        let numbers: Vec<(usize, &[f64])> = (0..by.len()).filter_map(numbers).collect();
        let asked = Asked {
            at,
            kinks: &decided.kinks,
            format,
            accumulate: supplied.accumulate,
            numbers: &numbers,
            from: supplied.from,
        };
        let all = judged(&asked)?;
        loss.get_or_insert(all.loss);
        estimated |= all.estimated;
        enter(&mut report, &asked, &all, scalars.as_ref().ok());
        certainty(&mut report, &asked, &all);
        name_causes(&mut report, original, &asked, &all, supplied.seconds);
    }
    for (k, id) in by.iter().enumerate().filter(|(_, id)| !asked(id)) {
        let cells = net.shape(*id).elements();
        if let Some(into) = theirs_in(&mut report, k) {
            into.skip(ABSENT, cells);
        }
    }
    let mut told = match &scalars {
        Ok(point) => point.report(net, Vec::new(), 0),
        Err(why) => large(net, &values, &decided, why, loss),
    };
    if scalars.is_err() {
        directed(net, &mut report);
    }
    if estimated {
        told.notes.push(ESTIMATED.to_string());
    }
    told.values.retain(|id, _| id.index() < original.quantities().count());
    report.points.push(told);
    Ok(report)
}

/// Up to about so many products, arithmetic of many digits is worth its time.
pub(super) const LONG_WORK: usize = 1 << 22;

/// Up to about so many elements, a network is written out in scalars as well, so that its formulas
/// are a third way to the gradients.
const SCALAR_WORK: usize = 1 << 17;

/// The same gradients by formulas in scalars, where the network is small enough for that.
fn in_scalars(
    net: &Network,
    by: &[QuantityId],
    values: &Values<Rational>,
    decided: &Decided,
) -> Result<Point, String> {
    if work(net) > SCALAR_WORK {
        return Err(format!(
            "the network is too large to be written out in scalars, of which it has about {}; its \
             backward pass was held against a forward pass of dual numbers",
            crate::scalar::show_digits(work(net) as f64, 2)
        ));
    }
    let told = |error: Error| error.message().to_string();
    let symbolic = Symbolic::new(net, by, true).map_err(told)?;
    let found = point(net, &symbolic, values.clone(), true).map_err(told)?;
    match found.by_value == decided.by_value {
        true => Ok(found),
        false => Err("f64 decides a max or a sign otherwise than more digits do".to_string()),
    }
}

/// What is said where the exact gradient has no bound of its error.
const ESTIMATED: &str = "over so many operations a bound of the exact gradient's error outgrows it; \
                         the error was estimated, by passes of 106 bits whose every operation is \
                         rounded at random, and taken some thousand times as large";

/// Without formulas, the backward pass that the numbers are held against was itself held against
/// dual numbers along a direction that moves every leaf.
fn directed(net: &Network, report: &mut Report) {
    for parameter in &mut report.parameters {
        let (cells, leaf) = (parameter.shape.elements(), is_leaf(net, parameter.id));
        for comparison in &mut parameter.comparisons {
            if comparison.source == Source::Direction {
                match leaf {
                    true => comparison.confirm(cells),
                    false => comparison.skip("what is defined is not moved by itself", cells),
                }
            }
        }
    }
}

/// Enters what was found into the report.
fn enter(report: &mut Report, asked: &Asked<'_>, all: &Judged, scalars: Option<&Point>) {
    for (found, (k, numbers)) in all.tensors.iter().zip(asked.numbers) {
        let k = *k;
        report.parameters[k].format = Some(asked.format);
        report.parameters[k].at_kinks = found.at_kinks.clone();
        let [element, factor] = found.finding.noticed;
        report.parameters[k].noticed = Some(Noticed { element, factor });
        let (name, shape) = (report.parameters[k].name.clone(), report.parameters[k].shape.clone());
        let here = Here { point: 0, name: &name, shape: &shape };
        let Some(into) = theirs_in(report, k) else { continue };
        let distance = |n: usize| {
            let absolute = found.exact[n].off(numbers[n]).abs();
            let relative = relative(absolute, found.exact[n].value);
            Distance { agree: true, absolute, relative, bound: found.finding.slack[n] }
        };
        match &found.finding.outcome {
            Outcome::Open(why) => into.skip(why, numbers.len()),
            Outcome::Agree => {
                (0..numbers.len()).for_each(|n| into.agree(0, &distance(n), || here.cell(n)));
            }
            Outcome::Differ => {
                let wrong = beyond(&found.finding, &found.exact, numbers);
                for n in 0..numbers.len() {
                    match wrong[n] {
                        false => into.agree(0, &distance(n), || here.cell(n)),
                        true => into.differ(Mismatch {
                            point: 0,
                            cell: here.cell(n),
                            symbolic: Number::F64(found.exact[n].value),
                            other: Number::F64(numbers[n]),
                            exact: exactly(&found.exact[n], scalars, (k, n), found.ours),
                            bound: found.finding.slack[n],
                        }),
                    }
                }
            }
        }
    }
}

/// Up to about so many elements, the error analysis is run that tells what is certain.
const CERTAIN_WORK: usize = 1 << 20;

/// Says of what differs whether a bound excludes that rounding did it.
fn certainty(report: &mut Report, asked: &Asked<'_>, all: &Judged) {
    let wrong = |n: &usize| all.tensors[*n].finding.outcome == Outcome::Differ;
    let wrong: Vec<usize> = (0..all.tensors.len()).filter(wrong).collect();
    if wrong.is_empty() {
        return;
    }
    let bounds = match work(asked.at.net) <= CERTAIN_WORK && asked.kinks.is_empty() {
        true => bounds(asked.at, asked.format).ok(),
        false => None,
    };
    for n in wrong {
        let (k, numbers) = asked.numbers[n];
        let certain = bounds
            .as_ref()
            .is_some_and(|all| numbers.iter().zip(&all[k]).any(|(x, within)| !within.contains(*x)));
        report.parameters[k].certainty =
            Some(if certain { Certainty::Certain } else { Certainty::Unlikely });
    }
}

/// Which elements are wrong: those that are by themselves; where only all together are, those that
/// are off by as much as half of the worst.
fn beyond(finding: &Finding, exact: &[Element], numbers: &[f64]) -> Vec<bool> {
    let off: Vec<f64> = numbers.iter().zip(exact).map(|(x, g)| g.off(*x).abs()).collect();
    let alone: Vec<bool> =
        off.iter().zip(&finding.slack).map(|(off, slack)| off.is_nan() || off > slack).collect();
    if alone.iter().any(|wrong| *wrong) {
        return alone;
    }
    let worst = off.iter().copied().fold(0.0, f64::max);
    off.iter().map(|off| *off >= worst / 2.0).collect()
}

/// The exact value, where that is a fraction that is known.
fn exactly(
    element: &Element,
    scalars: Option<&Point>,
    (k, n): (usize, usize),
    ours: bool,
) -> Option<Rational> {
    if element.radius == 0.0 {
        let whole = Rational::from_f64(element.value).ok()?;
        return crate::scalar::Scalar::add(&whole, &Rational::from_f64(element.rest).ok()?).ok();
    }
    scalars.filter(|_| ours).and_then(|point| sources::exactly(point, k, n).cloned())
}

/// The comparison with the supplied numbers of parameter `k`.
fn theirs_in(report: &mut Report, k: usize) -> Option<&mut Comparison> {
    report.parameters[k].comparisons.iter_mut().find(|c| c.source == Source::Supplied)
}

fn check_input(net: &Network, values: &Values<Rational>, supplied: &Supplied) -> Result<(), Error> {
    let Supplied { gradients, forward, .. } = supplied;
    let known = net.quantities().count();
    let mut ids = values.keys().chain(gradients.keys()).chain(forward.keys());
    if ids.any(|id| id.index() >= known) {
        return Err(Error::new(Kind::Name, "a quantity of another network was given"));
    }
    if gradients.is_empty() && forward.is_empty() {
        return Err(Error::new(Kind::Value, "no gradients were given to compare"));
    }
    let wrong = |what: &str, id: &QuantityId, theirs: &Theirs| {
        let (quantity, shape) = (net.quantity(*id), net.shape(*id));
        let (wanted, found) = (shape.elements(), theirs.numbers.len());
        let name = &quantity.name;
        let sentence =
            format!("the {what} of `{name}`, {shape}: expected {wanted} numbers, found {found}");
        (wanted != found).then(|| Error::new(Kind::Shape, sentence).at(quantity.span))
    };
    let leaf = |id: &QuantityId| {
        let quantity = net.quantity(*id);
        let sentence = format!("`{}` has no definition to compare its value with", quantity.name);
        let is_leaf = quantity.role != Role::Defined;
        is_leaf.then(|| Error::new(Kind::Value, sentence).at(quantity.span))
    };
    let mut errors: Vec<Error> =
        gradients.iter().filter_map(|(id, theirs)| wrong("gradient", id, theirs)).collect();
    errors.extend(forward.iter().filter_map(|(id, theirs)| wrong("value", id, theirs)));
    errors.extend(forward.keys().filter_map(leaf));
    Error::collect(errors).map_or(Ok(()), Err)
}
