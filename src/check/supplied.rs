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
use crate::net::{Network, QuantityId};
use crate::scalar::{Interval, Rational};

use super::bounds::{bounds, explain};
use super::conventions::Framework;
use super::diagnosis::{Cause, Diagnosis};
use super::judge::{self, Distance, Judgeable};
use super::point::{Point, point};
use super::report::{Choice, Comparison, Mismatch, Number, Precision, Report, Source};
use super::rounding::Format;
use super::sources::{self, Here};
use super::subdifferential::{Study, study};
use super::symbolic::Symbolic;

/// A gradient that another program computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Theirs {
    /// ∂loss/∂(each element), row-major.
    pub numbers: Vec<f64>,
    /// What it computed with.
    pub format: Format,
}

/// What [`check_supplied`] compares.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Supplied {
    /// By which quantities: parameters, inputs, or what the network defines.
    pub gradients: BTreeMap<QuantityId, Theirs>,
    /// Whether a parameter without a gradient is one that could not be judged, and not one that
    /// nobody asked about.
    pub complete: bool,
    /// The framework that they come from: its convention is expected at kinks.
    pub from: Option<Framework>,
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
    let gradients = theirs.iter().map(double).collect();
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
/// let half = Theirs { numbers: vec![1.0], format: Format::F32 };     // x/2
/// let supplied = Supplied { gradients: [(w, half)].into(), ..Supplied::default() };
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
    check_input(net, values, &supplied.gradients)?;
    let asked = |id: &QuantityId| supplied.gradients.contains_key(id);
    let params = net.params().filter(|_| supplied.complete);
    let absent: Vec<QuantityId> = params.filter(|id| !asked(id)).collect();
    let mut by: Vec<QuantityId> = supplied.gradients.keys().copied().chain(absent).collect();
    by.sort_unstable();
    let symbolic = Symbolic::new(net, &by, true)?;
    let at = point(net, &symbolic, values.clone(), true)?;
    let compared = [
        (Source::Backward, Precision::Exact),
        (Source::Backward, Precision::F64),
        (Source::Supplied, Precision::F64),
    ];
    let mut report = super::blank(net, &by, &compared);
    sources::compare(net, &at, 0, &mut report.parameters);
    let mut studies: BTreeMap<Format, Study> = BTreeMap::new();
    for (k, id) in by.iter().enumerate() {
        match supplied.gradients.get(id) {
            Some(theirs) => {
                let study = studies
                    .entry(theirs.format)
                    .or_insert_with(|| study(net, &at, &by, theirs.format));
                let with = With { net, at: &at, by: &by, study, from: supplied.from };
                compare(&with, &mut report, k, theirs);
            }
            None => {
                let cells = net.shape(*id).elements();
                if let Some(into) = theirs_in(&mut report, k) {
                    into.skip(ABSENT, cells);
                }
            }
        }
    }
    for (format, study) in &studies {
        one_choice(
            &With { net, at: &at, by: &by, study, from: None },
            supplied,
            *format,
            &mut report,
        );
    }
    report.points.push(at.report(net, Vec::new(), 0));
    Ok(report)
}

/// Takes back what was said of gradients that some choice at the kinks gives, each by itself,
/// where no one choice gives all of them.
fn one_choice(with: &With<'_>, supplied: &Supplied, format: Format, report: &mut Report) {
    let explained = |k: &usize| {
        let at_kinks = report.parameters[*k].at_kinks.as_ref();
        let known = [Choice::Ours, Choice::Another, Choice::OtherSide];
        let differs = report.parameters[*k].comparisons.iter().any(|c| c.differing > 0);
        !differs && at_kinks.is_none_or(|found| known.contains(&found.choice))
    };
    let numbers = |k: usize| {
        let theirs = supplied.gradients.get(&with.by[k]).filter(|t| t.format == format)?;
        Some((k, theirs.numbers.as_slice()))
    };
    let asked: Vec<(usize, &[f64])> =
        (0..with.by.len()).filter(explained).filter_map(numbers).collect();
    if !with.study.contradict(with.net, with.at, with.by, format, &asked) {
        return;
    }
    for (k, numbers) in asked {
        let chosen = report.parameters[k].at_kinks.is_some();
        if let Some(into) = theirs_in(report, k).filter(|_| chosen) {
            *into = Comparison::new(into.source, into.precision);
            into.skip(
                "some choice at the kinks gives it, but no one choice gives the gradients of \
                 all parameters",
                numbers.len(),
            );
        }
    }
}

fn check_input(
    net: &Network,
    values: &Values<Rational>,
    theirs: &BTreeMap<QuantityId, Theirs>,
) -> Result<(), Error> {
    let known = net.quantities().count();
    if values.keys().chain(theirs.keys()).any(|id| id.index() >= known) {
        return Err(Error::new(Kind::Name, "a quantity of another network was given"));
    }
    if theirs.is_empty() {
        return Err(Error::new(Kind::Value, "no gradients were given to compare"));
    }
    let wrong = |(id, theirs): (&QuantityId, &Theirs)| {
        let (quantity, shape) = (net.quantity(*id), net.shape(*id));
        let (wanted, found) = (shape.elements(), theirs.numbers.len());
        let sentence = format!(
            "the gradient of `{}`, {shape}: expected {wanted} numbers, found {found}",
            quantity.name
        );
        (wanted != found).then(|| Error::new(Kind::Shape, sentence).at(quantity.span))
    };
    Error::collect(theirs.iter().filter_map(wrong).collect()).map_or(Ok(()), Err)
}

/// What one gradient is compared with.
struct With<'a> {
    net: &'a Network,
    at: &'a Point,
    by: &'a [QuantityId],
    study: &'a Study,
    from: Option<Framework>,
}

/// The comparison with the supplied numbers of parameter `k`.
fn theirs_in(report: &mut Report, k: usize) -> Option<&mut Comparison> {
    report.parameters[k].comparisons.iter_mut().find(|c| c.source == Source::Supplied)
}

/// Holds one gradient against the formula: by our convention first, and where that fails at a
/// kink, by any other choice.
fn compare(with: &With<'_>, report: &mut Report, k: usize, theirs: &Theirs) {
    let Theirs { numbers, format } = theirs;
    let place = with.study.place(with.net, with.at, with.by, (k, *format), numbers, with.from);
    let (at_kinks, choices) = place.unzip();
    let choice = at_kinks.as_ref().map_or(Choice::Ours, |found| found.choice);
    report.parameters[k].format = Some(*format);
    let choices: Option<Vec<Interval>> = choices.flatten();
    report.parameters[k].at_kinks = at_kinks;
    let (name, shape) = (report.parameters[k].name.clone(), report.parameters[k].shape.clone());
    let here = Here { point: 0, name: &name, shape: &shape };
    let Some(into) = theirs_in(report, k) else { return };
    let (formula, allowed) = match (sources::symbolic(with.at, k), &with.study.ours) {
        (Ok(formula), Ok(allowed)) => (formula, &allowed[k]),
        (Err(why), _) => return into.skip(why, numbers.len()),
        (_, Err(why)) => return into.skip(why, numbers.len()),
    };
    let exactly = |n: usize| sources::exactly(with.at, k, n);
    if choice == Choice::Undecided {
        let why = "at the kinks the numbers lie between what the choices give, and it is not \
                   known whether one choice gives all of them";
        return into.skip(why, numbers.len());
    }
    let mut found = Vec::new();
    let mut elements = Vec::new();
    for (n, x) in numbers.iter().enumerate() {
        let ours = judge::foreign(*x, &allowed[n], formula(n), exactly(n));
        let theirs = choices.as_ref().map(|all| all[n]).filter(|all| all.contains(*x));
        let (outcome, element) = match (choice, theirs) {
            (Choice::Another | Choice::OtherSide, Some(theirs)) => {
                (Outcome::Agree(judge::inside(*x, &theirs)), theirs)
            }
            _ if ours.agree => (Outcome::Agree(ours), formula(n).enclosure),
            (_, Some(_)) => (Outcome::Open, formula(n).enclosure),
            _ => (Outcome::Differ(ours), formula(n).enclosure),
        };
        elements.push((nearest_to_zero(&element), outcome.bound()));
        found.push(outcome);
    }
    let judgeable = Judgeable::new(elements);
    let vague = match (0..numbers.len()).all(|n| judgeable.is_vague(n)) {
        true => format!("the error bound of {format} is more than an eighth of every element"),
        false => format!("the error bound of {format} is more than an eighth of the element"),
    };
    for (n, outcome) in found.iter().enumerate() {
        match outcome {
            // What almost any number would pass for says nothing of this one.
            Outcome::Agree(_) if judgeable.is_vague(n) => into.skip(&vague, 1),
            Outcome::Agree(distance) => into.agree(0, distance, || here.cell(n)),
            Outcome::Open => into.skip("within what choices at the kinks give", 1),
            Outcome::Differ(distance) => {
                let x = numbers[n];
                into.differ(mismatch(here, n, formula(n).value, x, exactly(n), distance));
            }
        }
    }
    if judgeable.is_enough() {
        into.too_coarse = into.unjudged.iter().filter(|u| u.reason == vague).map(|u| u.cells).sum();
    }
    // Where almost any number would pass, too many causes would.
    if into.differing > 0 && !judgeable.is_blunt() {
        report.parameters[k].diagnosis = cause(with, k, theirs, allowed);
    }
}

fn mismatch(
    here: Here<'_>,
    n: usize,
    formula: f64,
    theirs: f64,
    exact: Option<&Rational>,
    distance: &Distance,
) -> Mismatch {
    Mismatch {
        point: here.point,
        cell: here.cell(n),
        symbolic: Number::F64(formula),
        other: Number::F64(theirs),
        exact: exact.cloned(),
        bound: distance.bound,
    }
}

/// What became of one element.
enum Outcome {
    Agree(Distance),
    /// Between what the choices at the kinks give.
    Open,
    Differ(Distance),
}

impl Outcome {
    fn bound(&self) -> f64 {
        match self {
            Outcome::Agree(distance) | Outcome::Differ(distance) => distance.bound,
            Outcome::Open => 0.0,
        }
    }
}

/// The least absolute value in an enclosure: 0 for what cannot be told from 0.
fn nearest_to_zero(x: &Interval) -> f64 {
    if x.contains(0.0) { 0.0 } else { x.lower.abs().min(x.upper.abs()) }
}

/// Numbers of a coarser format than they are stored in, or a known mistake.
fn cause(with: &With<'_>, k: usize, theirs: &Theirs, allowed: &[Interval]) -> Option<Diagnosis> {
    let single = |x: &f64| f64::from(*x as f32) == *x;
    if theirs.format == Format::F64 && theirs.numbers.iter().all(single) {
        let all = bounds(with.net, with.at, with.by, Format::F32, &Default::default()).ok()?;
        if theirs.numbers.iter().zip(&all[k]).all(|(x, all)| all.contains(*x)) {
            return Some(Cause::Coarser(Format::F32).into());
        }
    }
    explain(with.net, with.at, with.by[k], (allowed, theirs.format), &theirs.numbers)
}
