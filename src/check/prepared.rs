//! What every pass over tensors at a point needs before it: exponentials that do not overflow, and
//! what is decided at every kink.
//!
//! Goes in: a network, exact values. Comes out: a network with the same gradients, its values, and
//! decisions that all passes follow. What always holds: what could not be decided with certainty
//! is said in a note.

use crate::concrete::{self, Decide, Decisions, Kink, Values};
use crate::diag::{Error, Kind};
use crate::net::{Network, Op, QuantityId, stable};
use crate::scalar::Rational;

use super::kinks;
use super::point;
use super::reference::{self, Element};
use super::report::{self, Arithmetic, Assumptions, Number};
use super::supplied::LONG_WORK;
use super::values::{convert, work};

/// The network with every softmax's exponentials shifted, and the values with those of the shifts.
pub(super) fn without_overflow(
    net: &Network,
    values: &Values<Rational>,
    by: &[QuantityId],
) -> Result<(Network, Values<Rational>), Error> {
    let made = stable(net, by);
    let mut values = values.clone();
    if made.shifts.is_empty() {
        return Ok((made.net, values));
    }
    for shift in &made.shifts {
        let cells = made.net.shape(shift.quantity).elements();
        values.insert(shift.quantity, vec![Rational::from(0); cells]);
    }
    let mut greatest = Greatest { net: &made.net, shifts: &made.shifts };
    let rounded = convert::<f64>(&made.net, &values)?;
    // Where this fails, so does what follows, and says why.
    let run = concrete::forward_watched(&made.net, &rounded, Decide::ByValue, &mut greatest)?;
    for shift in &made.shifts {
        if run.of(shift.quantity).unwrap_or_default().iter().any(|x| *x < MASKED) {
            let sentence = "every score that a softmax takes is masked with −∞ in one of its rows";
            let span = made.net.node(shift.scores).span;
            return Err(Error::new(Kind::Domain, sentence).at(span).label("here"));
        }
        let all = run.of(shift.quantity).unwrap_or_default().iter();
        let exact = all.map(|x| Rational::from_f64(*x)).collect::<Result<Vec<_>, _>>();
        let exact = exact.map_err(|fault| Error::new(Kind::Limit, fault.to_string()))?;
        values.insert(shift.quantity, exact);
    }
    Ok((made.net, values))
}

/// Scores below this were masked with −∞.
pub(super) const MASKED: f64 = crate::net::MASKED as f64 / 2.0;

/// Gives each shift the greatest of its scores.
struct Greatest<'a> {
    net: &'a Network,
    shifts: &'a [crate::net::Shift],
}

impl concrete::Watch<f64> for Greatest<'_> {
    fn leaf(&mut self, quantity: QuantityId, before: &[Option<Vec<f64>>]) -> Option<Vec<f64>> {
        let shift = self.shifts.iter().find(|shift| shift.quantity == quantity)?;
        let scores = before.get(shift.scores.index())?.as_ref()?;
        let shape = &self.net.node(shift.scores).shape;
        let of = self.net.shape(quantity);
        let mut greatest = vec![f64::NEG_INFINITY; of.elements()];
        for (n, x) in scores.iter().enumerate() {
            let mut at = shape.index(n);
            shift.axes.iter().for_each(|axis| at[*axis] = 0);
            let place = of.position(&at)?;
            greatest[place] = greatest[place].max(*x);
        }
        Some(greatest)
    }
}

/// What the values decide.
pub(super) struct Decided {
    pub decisions: Decisions,
    /// Before an assumption breaks a tie.
    pub by_value: Decisions,
    pub kinks: Vec<Kink>,
    pub assumed: Vec<(crate::net::NodeId, usize)>,
    pub notes: Vec<String>,
}

/// Decides in exact arithmetic or with as many digits as it takes, and at last in `f64`, where
/// what is equal to the last of these digits counts as a kink.
pub(super) fn decided(
    net: &Network,
    values: &Values<Rational>,
    assume: bool,
) -> Result<Decided, Error> {
    let mut notes = Vec::new();
    let mut found = None;
    for bits in [106, 512] {
        match reference::decide(net, values, bits) {
            Ok(all) => {
                found = Some(all);
                break;
            }
            // Too close to be told apart, or out of range: `f64` may know better.
            Err(error) if work(net) > LONG_WORK || bits > 106 => {
                let rounded = convert::<f64>(net, values)?;
                let run = concrete::forward(net, &rounded, Decide::ByValue).map_err(|_| error)?;
                if run.decisions().iter().next().is_some() {
                    let note = "a max or a sign is too close here to be decided with certainty";
                    notes.push(note.to_string());
                }
                found = Some((run.decisions().clone(), run.kinks().to_vec()));
                break;
            }
            Err(_) => {}
        }
    }
    let Some((by_value, kinks)) = found else {
        return Err(Error::new(Kind::Internal, "no precision was tried"));
    };
    let mut decisions = by_value.clone();
    let assumed = match assume {
        true => point::apply(net, &mut decisions, &kinks)?,
        false => Vec::new(),
    };
    Ok(Decided { decisions, by_value, kinks, assumed, notes })
}

/// What a report says of a point that was not written out in scalars.
pub(super) fn large(
    net: &Network,
    values: &Values<Rational>,
    decided: &Decided,
    why: &str,
    loss: Option<Element>,
) -> report::Point {
    let is_leaf = |id: &QuantityId| matches!(net.node(net.quantity(*id).node).op, Op::Leaf(_));
    let leaves = values.iter().filter(|(id, _)| is_leaf(id));
    report::Point {
        values: leaves.map(|(id, all)| (*id, all.clone())).collect(),
        drawn: Vec::new(),
        redrawn: 0,
        unit: None,
        arithmetic: Arithmetic::None,
        inexact: Some(why.to_string()),
        loss: Number::F64(loss.map_or(f64::NAN, |loss| loss.value)),
        assumptions: match net.assumptions().is_empty() {
            true => Assumptions::Absent,
            false => Assumptions::Used,
        },
        kinks: kinks::listed(net, &decided.kinks, &decided.assumed),
        kink_count: decided.kinks.len(),
        notes: decided.notes.clone(),
    }
}
