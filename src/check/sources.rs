//! The sources at one point, each held against the symbolic gradient, cell by cell.

use crate::concrete::{self, Decide, Decisions, Values};
use crate::net::{Network, QuantityId, Shape};
use crate::ordered::Ordered;
use crate::scalar::{Dual, Interval, Rational, Scalar};

use super::differences::{self, Found, Outcome};
use super::judge::{self, Distance, Rounded, Shown, disjoint};
use super::point::{Exact, Point, Run};
use super::report::{Cell, Comparison, Mismatch, Number, Parameter, Precision, Source};
use super::values::{sample, work};
use super::{MAX_DIFFERENCES, MAX_DUAL, MAX_PASS_WORK};

/// Why an inequality in the field is not reported as one.
const FIELD: &str = "not equal in the field, where functions such as exp are stand-ins, and equal \
                     in f64 as far as rounding lets one see";

/// The place of a comparison: which point, which parameter.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    pub point: usize,
    pub name: &'a str,
    pub shape: &'a Shape,
}

impl Here<'_> {
    fn cells(&self) -> usize {
        self.shape.elements()
    }

    pub(super) fn cell(&self, n: usize) -> Cell {
        Cell::new(self.name, self.shape, n)
    }
}

/// Whether passes for single cells would leave out cells that a smaller network's report has.
pub(super) fn leaves_out(net: &Network, by: &[QuantityId]) -> bool {
    let most = MAX_PASS_WORK / work(net).saturating_mul(by.len().max(1)).max(1);
    by.iter().any(|id| most < MAX_DUAL.min(net.shape(*id).elements()))
}

/// Compares every parameter at a point. `which` is the position of the point in the report,
/// `parameters` are in the order of the quantities that were differentiated by.
///
/// Differences of single cells are not taken where dual numbers go along a direction.
pub(super) fn compare(net: &Network, at: &Point, which: usize, parameters: &mut [Parameter]) {
    let work = work(net).saturating_mul(parameters.len().max(1));
    for (k, parameter) in parameters.iter_mut().enumerate() {
        let id = parameter.id;
        let here = Here { point: which, name: &parameter.name, shape: &parameter.shape };
        let directed = parameter.comparisons.iter().any(|c| c.source == Source::Direction);
        for comparison in &mut parameter.comparisons {
            match (comparison.source, comparison.precision) {
                (Source::Backward, Precision::Exact) => backward_exact(comparison, at, here, k),
                (Source::Backward, Precision::F64) => backward_rounded(comparison, at, here, k),
                (Source::Dual, precision) => {
                    let cells: Vec<usize> = sample(here.cells(), MAX_DUAL).collect();
                    comparison.leave_out(here.cells() - cells.len());
                    match precision {
                        Precision::Exact => dual_exact(net, comparison, at, here, (k, id), &cells),
                        Precision::F64 => dual_rounded(net, comparison, at, here, (k, id), &cells),
                    }
                }
                (Source::Differences, _) if directed => {}
                (Source::Differences, precision) => {
                    let passes = work.saturating_mul(4 * differences::STEPS);
                    let most = MAX_DIFFERENCES.min((MAX_PASS_WORK / passes).max(1));
                    let cells: Vec<usize> = sample(here.cells(), most).collect();
                    comparison.leave_out(here.cells() - cells.len());
                    match precision {
                        Precision::Exact => {
                            differences_exact(net, comparison, at, here, (k, id), &cells);
                        }
                        Precision::F64 => {
                            differences_rounded(net, comparison, at, here, (k, id), &cells);
                        }
                    }
                }
                (Source::Supplied | Source::Direction, _) => {}
            }
        }
    }
}

fn backward_exact(into: &mut Comparison, at: &Point, here: Here<'_>, k: usize) {
    let refutes = |n: usize| match &at.enclosure {
        Ok(wide) => match &wide.symbolic[k] {
            Ok(symbolic) => disjoint(&symbolic[n], &wide.backward[k][n]),
            Err(_) => false,
        },
        Err(_) => false,
    };
    match &at.exact {
        Exact::Rational(run) => equal(into, here, run, k, |n| Ok(&run.backward[k][n]), None),
        Exact::Prime(run) => equal(into, here, run, k, |n| Ok(&run.backward[k][n]), Some(&refutes)),
        Exact::None(why) => into.skip(why, here.cells()),
    }
}

/// Holds every cell against another source, exactly. `refutes` tells for an inequality in the
/// field whether other evidence confirms it; in the rationals it speaks for itself.
fn equal<'a, T: Shown + 'a>(
    into: &mut Comparison,
    here: Here<'_>,
    run: &Run<T>,
    k: usize,
    other: impl Fn(usize) -> Result<&'a T, &'a str>,
    refutes: Option<&dyn Fn(usize) -> bool>,
) {
    let cells: Vec<usize> = (0..here.cells()).collect();
    equal_at(into, here, run, k, &cells, other, refutes);
}

fn equal_at<'a, T: Shown + 'a>(
    into: &mut Comparison,
    here: Here<'_>,
    run: &Run<T>,
    k: usize,
    cells: &[usize],
    other: impl Fn(usize) -> Result<&'a T, &'a str>,
    refutes: Option<&dyn Fn(usize) -> bool>,
) {
    let symbolic = match &run.symbolic[k] {
        Ok(symbolic) => symbolic,
        Err(why) => return into.skip(why, cells.len()),
    };
    for (i, n) in cells.iter().enumerate() {
        match other(i) {
            Err(why) => into.skip(why, 1),
            Ok(other) if *other == symbolic[*n] => {
                into.agree(here.point, &Distance::NONE, || here.cell(*n));
            }
            Ok(_) if refutes.is_some_and(|refutes| !refutes(i)) => into.skip(FIELD, 1),
            Ok(other) => into.differ(Mismatch {
                point: here.point,
                cell: here.cell(*n),
                symbolic: symbolic[*n].number(),
                other: other.number(),
                exact: None,
                bound: 0.0,
            }),
        }
    }
}

fn backward_rounded(into: &mut Comparison, at: &Point, here: Here<'_>, k: usize) {
    let symbolic = match symbolic(at, k) {
        Ok(symbolic) => symbolic,
        Err(why) => return into.skip(why, here.cells()),
    };
    let (Ok(real), Ok(wide)) = (&at.real, &at.enclosure) else { return };
    for n in 0..here.cells() {
        let other = Rounded { value: real.backward[k][n], enclosure: wide.backward[k][n] };
        near(into, here, n, symbolic(n), other, exactly(at, k, n));
    }
}

/// The symbolic gradient in `f64` with its enclosure.
pub(super) fn symbolic(at: &Point, k: usize) -> Result<impl Fn(usize) -> Rounded, &str> {
    let real = at.real.as_ref().map_err(String::as_str)?;
    let wide = at.enclosure.as_ref().map_err(String::as_str)?;
    let values = real.symbolic[k].as_ref().map_err(String::as_str)?;
    let enclosures = wide.symbolic[k].as_ref().map_err(String::as_str)?;
    Ok(move |n: usize| Rounded { value: values[n], enclosure: enclosures[n] })
}

pub(super) fn exactly(at: &Point, k: usize, n: usize) -> Option<&Rational> {
    match &at.exact {
        Exact::Rational(run) => run.symbolic[k].as_ref().ok().map(|values| &values[n].0),
        Exact::Prime(_) | Exact::None(_) => None,
    }
}

pub(super) fn near(
    into: &mut Comparison,
    here: Here<'_>,
    n: usize,
    symbolic: Rounded,
    other: Rounded,
    exact: Option<&Rational>,
) {
    let distance = judge::rounded(symbolic, other, exact);
    if distance.agree {
        return into.agree(here.point, &distance, || here.cell(n));
    }
    into.differ(Mismatch {
        point: here.point,
        cell: here.cell(n),
        symbolic: Number::F64(symbolic.value),
        other: Number::F64(other.value),
        exact: exact.cloned(),
        bound: distance.bound,
    });
}

/// ∂loss/∂(a cell) by one forward pass over dual numbers, for each of `cells`.
fn slopes<T: Scalar>(
    net: &Network,
    values: &Values<T>,
    decisions: &Decisions,
    id: QuantityId,
    cells: &[usize],
) -> Vec<Result<T, String>> {
    let mut dual: Values<Dual<T>> = values
        .iter()
        .map(|(id, values)| (*id, values.iter().cloned().map(Dual::constant).collect()))
        .into_map();
    let mut slope = |n: usize| {
        let zero = T::zero();
        move_cell(&mut dual, id, n, T::one());
        let run = concrete::loss(net, &dual, Decide::Recorded(decisions));
        move_cell(&mut dual, id, n, zero);
        run.map(|(loss, _)| loss.tangent).map_err(|error| error.message().to_string())
    };
    cells.iter().map(|n| slope(*n)).collect()
}

fn move_cell<T>(dual: &mut Values<Dual<T>>, id: QuantityId, n: usize, speed: T) {
    if let Some(cell) = dual.get_mut(&id).and_then(|cells| cells.get_mut(n)) {
        cell.tangent = speed;
    }
}

fn dual_exact(
    net: &Network,
    into: &mut Comparison,
    at: &Point,
    here: Here<'_>,
    (k, id): (usize, QuantityId),
    cells: &[usize],
) {
    match &at.exact {
        Exact::Rational(run) => {
            let found = slopes(net, &run.values, &at.decisions, id, cells);
            let other = |i: usize| found[i].as_ref().map_err(String::as_str);
            equal_at(into, here, run, k, cells, other, None);
        }
        Exact::Prime(run) => {
            let found = slopes(net, &run.values, &at.decisions, id, cells);
            let refutes = |i: usize| {
                let Ok(wide) = &at.enclosure else { return false };
                let Ok(symbolic) = &wide.symbolic[k] else { return false };
                let n = cells[i];
                let slope = slopes::<Interval>(net, &wide.values, &at.decisions, id, &[n]);
                matches!(&slope[0], Ok(slope) if disjoint(&symbolic[n], slope))
            };
            let other = |i: usize| found[i].as_ref().map_err(String::as_str);
            equal_at(into, here, run, k, cells, other, Some(&refutes));
        }
        Exact::None(why) => into.skip(why, cells.len()),
    }
}

fn dual_rounded(
    net: &Network,
    into: &mut Comparison,
    at: &Point,
    here: Here<'_>,
    (k, id): (usize, QuantityId),
    cells: &[usize],
) {
    let symbolic = match symbolic(at, k) {
        Ok(symbolic) => symbolic,
        Err(why) => return into.skip(why, cells.len()),
    };
    let (Ok(real), Ok(wide)) = (&at.real, &at.enclosure) else { return };
    let values = slopes(net, &real.values, &at.decisions, id, cells);
    let enclosures = slopes(net, &wide.values, &at.decisions, id, cells);
    for (n, pair) in cells.iter().zip(values.iter().zip(&enclosures)) {
        match pair {
            (Ok(value), Ok(enclosure)) => {
                let other = Rounded { value: *value, enclosure: *enclosure };
                near(into, here, *n, symbolic(*n), other, exactly(at, k, *n));
            }
            (Err(why), _) | (_, Err(why)) => into.skip(why, 1),
        }
    }
}

fn differences_exact(
    net: &Network,
    into: &mut Comparison,
    at: &Point,
    here: Here<'_>,
    (k, id): (usize, QuantityId),
    cells: &[usize],
) {
    let Exact::Rational(run) = &at.exact else {
        return into.skip("differences are exact in the rationals only", cells.len());
    };
    let symbolic = match &run.symbolic[k] {
        Ok(symbolic) => symbolic,
        Err(why) => return into.skip(why, cells.len()),
    };
    for n in cells {
        let found = differences::exact(net, at, run, (id, *n), &symbolic[*n]);
        note(into, here, *n, found, symbolic[*n].number(), None);
    }
}

fn differences_rounded(
    net: &Network,
    into: &mut Comparison,
    at: &Point,
    here: Here<'_>,
    (k, id): (usize, QuantityId),
    cells: &[usize],
) {
    let symbolic = match symbolic(at, k) {
        Ok(symbolic) => symbolic,
        Err(why) => return into.skip(why, cells.len()),
    };
    for n in cells {
        let claim = symbolic(*n);
        let found = differences::rounded(net, at, (id, *n), &claim.enclosure);
        note(into, here, *n, found, Number::F64(claim.value), exactly(at, k, *n));
    }
}

fn note(
    into: &mut Comparison,
    here: Here<'_>,
    n: usize,
    found: Found,
    symbolic: Number,
    exact: Option<&Rational>,
) {
    into.crossed += found.crossed;
    match found.outcome {
        Outcome::Agree(distance) => into.agree(here.point, &distance, || here.cell(n)),
        Outcome::Open(why) => into.skip(&why, 1),
        Outcome::Differ { limit, bound } => into.differ(Mismatch {
            point: here.point,
            cell: here.cell(n),
            symbolic,
            other: Number::F64(limit),
            exact: exact.cloned(),
            bound,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every cell is counted once: as equal, as different, or with why it was not judged.
    #[test]
    fn an_exact_comparison_counts_every_cell_once() {
        let own = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let run = |symbolic| Run {
            values: Values::new(),
            loss: 0.0,
            symbolic: vec![symbolic],
            backward: Vec::new(),
        };
        let shape = Shape::new([2, 3]);
        let here = Here { point: 0, name: "w", shape: &shape };
        let others = [Ok(1.0), Ok(7.0), Err("undefined"), Ok(8.0), Err("undefined"), Err("other")];
        let compared = |run: &Run<f64>, refutes: Option<&dyn Fn(usize) -> bool>| {
            let mut into = Comparison::new(Source::Dual, Precision::Exact);
            let other = |n: usize| others[n].as_ref().map_err(|why| *why);
            equal(&mut into, here, run, 0, other, refutes);
            let open: Vec<(String, usize)> =
                into.unjudged.iter().map(|u| (u.reason.clone(), u.cells)).collect();
            (into.cells, into.agreed, into.differing, open)
        };
        let why = |all: &[(&str, usize)]| -> Vec<(String, usize)> {
            all.iter().map(|(reason, cells)| (reason.to_string(), *cells)).collect()
        };
        let right = run(Ok(own));
        let rest = [("undefined", 2), ("other", 1)];
        assert_eq!(compared(&right, None), (6, 1, 2, why(&rest)));
        assert_eq!(compared(&right, Some(&|_| true)), (6, 1, 2, why(&rest)));
        let none = [("undefined", 2), (FIELD, 2), ("other", 1)];
        let mut sorted = compared(&right, Some(&|_| false));
        sorted.3.sort();
        let mut expected = why(&none);
        expected.sort();
        assert_eq!(sorted, (6, 1, 0, expected));
        let (cells, agreed, differing, open) = compared(&right, Some(&|n| n == 3));
        assert_eq!((cells, agreed, differing, open.len()), (6, 1, 1, 3));
        let failed = run(Err("it has no value".to_string()));
        assert_eq!(compared(&failed, None), (6, 0, 0, why(&[("it has no value", 6)])));
    }
}
