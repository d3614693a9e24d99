//! One point: which arithmetic is possible there, what is decided at its kinks, and every
//! gradient that needs a single pass, in each arithmetic.
//!
//! What always holds: all runs at a point follow the same decisions, those of the most exact
//! ordered arithmetic that has a value there, so that all of them are about one smooth piece.

use crate::concrete::{self, Decide, Decision, Decisions, Forward, KinkKind, Values};
use crate::diag::{Error, Kind};
use crate::net::{Network, NodeId, Op};
use crate::ordered::Ordered;
use crate::scalar::{Interval, Prime, Rational, Scalar};

use super::fraction::{Fraction, MAX_EXACT_BITS};
use super::report::{Arithmetic, Assumptions, Number};
use super::symbolic::{Made, Symbolic};
use super::values::convert;
use super::{kinks, report};

/// Both gradients in one arithmetic.
pub(super) struct Run<T> {
    pub values: Values<T>,
    pub loss: T,
    /// For each quantity of [`Symbolic::by`], or why it has no value.
    pub symbolic: Vec<Result<Vec<T>, String>>,
    /// The same by the backward pass.
    pub backward: Vec<Vec<T>>,
}

/// A run in the arithmetic that is exact at the point, or why there is none.
pub(super) enum Exact {
    Rational(Run<Fraction>),
    Prime(Run<Prime>),
    None(String),
}

/// A point with all that is computed there once.
pub(super) struct Point {
    pub values: Values<Rational>,
    /// What all runs at the point follow.
    pub decisions: Decisions,
    /// The same as the values alone decide, before an assumption breaks a tie.
    pub by_value: Decisions,
    pub exact: Exact,
    /// Why the rationals could not be used.
    pub inexact: Option<String>,
    pub real: Result<Run<f64>, String>,
    pub enclosure: Result<Run<Interval>, String>,
    pub kinks: Vec<concrete::Kink>,
    /// The maxima whose tie an assumption broke.
    pub assumed: Vec<(NodeId, usize)>,
    pub notes: Vec<String>,
}

/// Computes a point.
///
/// # Errors
/// Of kind `Domain`, from the concrete passes, where the network or a gradient has no value
/// there; of kind `Assumption`, where the values contradict an assumed winner and `symbolic`
/// uses assumptions; of kind `Limit`, where the values leave the range of every arithmetic.
pub(super) fn point(
    net: &Network,
    symbolic: &Symbolic,
    values: Values<Rational>,
    assume: bool,
) -> Result<Point, Error> {
    let mut notes = Vec::new();
    let first = attempt(convert::<Fraction>(net, &values).and_then(|fractions| {
        let forward = concrete::forward(net, &fractions, Decide::ByValue)?;
        Ok((forward, fractions))
    }))?;
    let (mut decisions, kinks, made) = match &first {
        Ok((forward, fractions)) => decided(net, symbolic, forward, fractions)?,
        Err(_) => {
            let rounded = convert::<f64>(net, &values)?;
            let forward = concrete::forward(net, &rounded, Decide::ByValue)?;
            decided(net, symbolic, &forward, &rounded)?
        }
    };
    let by_value = decisions.clone();
    let assumed = if assume { apply(net, &mut decisions, &kinks)? } else { Vec::new() };
    let exact = match first {
        Ok((_, fractions)) => attempt(run(net, symbolic, fractions, &decisions, &made))?,
        Err(reason) => Err(reason),
    };
    let residues = || {
        convert::<Prime>(net, &values)
            .and_then(|values| run(net, symbolic, values, &decisions, &made))
            .map_err(|error| error.message().to_string())
    };
    let rational = exact.is_ok();
    let (exact, inexact) = match exact {
        // A formula may ask for a slope that no fraction is, where the backward pass has a factor 0
        // and does not: in the field there is one.
        Ok(run) => match unvalued(&run).map(|why| (why, residues())) {
            Some((why, Ok(found))) if unvalued(&found).is_none() => {
                (Exact::Prime(found), Some(why))
            }
            _ => (Exact::Rational(run), None),
        },
        Err(reason) => (residues().map_or_else(Exact::None, Exact::Prime), Some(reason)),
    };
    let rounded = convert::<f64>(net, &values);
    // Where nothing is decided, nothing can be decided in another way.
    let decides = by_value.iter().next().is_some();
    let real = rounded.and_then(|values| {
        let own = |values| concrete::forward(net, values, Decide::ByValue);
        if decides && own(&values).is_ok_and(|own| *own.decisions() != by_value) {
            notes.push(
                "f64 by itself decides a max or a sign differently here; the exact decision \
                 was used"
                    .to_string(),
            );
        }
        run(net, symbolic, values, &decisions, &made)
    });
    let real = match real {
        Ok(run) => Ok(run),
        // Without a rational run, f64 is the only witness of the point's domain.
        Err(error) if !rational => return Err(error),
        Err(error) => Err(error.message().to_string()),
    };
    let enclosure = convert::<Interval>(net, &values)
        .and_then(|values| {
            let certain = !decides || concrete::forward(net, &values, Decide::ByValue).is_ok();
            let run = run(net, symbolic, values, &decisions, &made)?;
            if !certain && !matches!(exact, Exact::Rational(_)) {
                notes.push(
                    "a max or a sign is too close here for f64 to decide with certainty"
                        .to_string(),
                );
            }
            Ok(run)
        })
        .map_err(|error| error.message().to_string());
    Ok(Point {
        values,
        decisions,
        by_value,
        exact,
        inexact,
        real,
        enclosure,
        kinks,
        assumed,
        notes,
    })
}

/// Tells apart what another arithmetic may still compute (`Ok(Err(why))`) from what no
/// arithmetic can (`Err`).
fn attempt<T>(result: Result<T, Error>) -> Result<Result<T, String>, Error> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) if matches!(error.kind(), Kind::Value | Kind::Limit) => Ok(Err(reason(&error))),
        Err(error) => Err(error),
    }
}

/// Why there is no exact value, in words.
pub(super) fn reason(error: &Error) -> String {
    match error.kind() {
        Kind::Limit => format!("exact fractions would take more than {MAX_EXACT_BITS} bits"),
        _ => error.message().to_string(),
    }
}

/// Why a formula has no value in this arithmetic, if one has none.
fn unvalued<T>(run: &Run<T>) -> Option<String> {
    run.symbolic.iter().find_map(|gradient| gradient.as_ref().err().cloned())
}

type Decided = (Decisions, Vec<concrete::Kink>, Made);

fn decided<T: Scalar>(
    net: &Network,
    symbolic: &Symbolic,
    forward: &Forward<T>,
    values: &Values<T>,
) -> Result<Decided, Error> {
    let made = symbolic.decide(net, values)?;
    Ok((forward.decisions().clone(), forward.kinks().to_vec(), made))
}

fn run<T: Scalar>(
    net: &Network,
    symbolic: &Symbolic,
    values: Values<T>,
    decisions: &Decisions,
    made: &Made,
) -> Result<Run<T>, Error> {
    let forward = concrete::forward(net, &values, Decide::Recorded(decisions))?;
    let gradients = concrete::backward(net, &forward, &symbolic.by)?;
    let backward =
        symbolic.by.iter().map(|id| gradients.of(*id).unwrap_or_default().to_vec()).collect();
    let loss = forward.loss().clone();
    let symbolic = symbolic.evaluate(net, &values, made);
    Ok(Run { values, loss, symbolic, backward })
}

/// Compares the assumed winners with those of the values. Where an assumed winner ties with the
/// first of the greatest, the assumption breaks the tie; these maxima are returned.
pub(super) fn apply(
    net: &Network,
    decisions: &mut Decisions,
    kinks: &[concrete::Kink],
) -> Result<Vec<(NodeId, usize)>, Error> {
    let mut broken = Vec::new();
    let mut errors = Vec::new();
    for assumption in net.assumptions() {
        // A max that the loss is not made of has no winner.
        let place = (assumption.max, assumption.element);
        let Some(winners) = decisions.winners(assumption.max) else { continue };
        let winner = winners[assumption.element];
        if winner == assumption.winner {
            continue;
        }
        let tied = kinks.iter().any(|k| match &k.kind {
            KinkKind::Tie(all) => (k.node, k.element) == place && all.contains(&assumption.winner),
            KinkKind::Zero(_) => false,
        });
        if tied {
            let mut winners = winners.to_vec();
            winners[assumption.element] = assumption.winner;
            decisions.set(assumption.max, Decision::Winners(winners));
            broken.push(place);
        } else {
            let of = kinks::element(net, assumption.max, assumption.element);
            let [wanted, found] =
                [assumption.winner, winner].map(|n| kinks::argument(net, assumption.max, n));
            let sentence = format!("{wanted} is assumed to win {of}, but here {found} is greater");
            let error = Error::new(Kind::Assumption, sentence)
                .hint(format!("assume {of} = {found}, or give other values"));
            errors.push(match assumption.place() {
                Some(span) => error.at(span).label("contradicts the values"),
                None => error,
            });
        }
    }
    Error::collect(errors).map_or(Ok(broken), Err)
}

impl Point {
    /// What the report says of this point.
    pub(super) fn report(
        &self,
        net: &Network,
        drawn: Vec<String>,
        redrawn: usize,
    ) -> report::Point {
        let (arithmetic, loss) = match &self.exact {
            Exact::Rational(run) => (Arithmetic::Rational, Number::Rational(run.loss.0.clone())),
            Exact::Prime(_) | Exact::None(_) => {
                let loss = self.real.as_ref().map_or(f64::NAN, |run| run.loss);
                let exact = matches!(self.exact, Exact::Prime(_));
                (if exact { Arithmetic::Prime } else { Arithmetic::None }, Number::F64(loss))
            }
        };
        let assumptions = match (net.assumptions().is_empty(), drawn.is_empty()) {
            (true, _) => Assumptions::Absent,
            (false, true) => Assumptions::Used,
            (false, false) => Assumptions::NotUsed,
        };
        let inexact = match &self.exact {
            Exact::None(why) => Some(why.clone()),
            _ => self.inexact.clone(),
        };
        report::Point {
            values: self.leaves(net),
            drawn,
            redrawn,
            unit: None,
            arithmetic,
            inexact,
            loss,
            assumptions,
            kinks: kinks::listed(net, &self.kinks, &self.assumed),
            kink_count: self.kinks.len(),
            notes: self.notes.clone(),
        }
    }

    fn leaves(&self, net: &Network) -> Values<Rational> {
        let is_leaf = |id| matches!(net.node(net.quantity(id).node).op, Op::Leaf(_));
        let leaves = self.values.iter().filter(|(id, _)| is_leaf(**id));
        leaves.map(|(id, values)| (*id, values.clone())).into_map()
    }
}
