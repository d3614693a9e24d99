//! Runs of a network whose softmaxes do not overflow: the greatest score is taken off first.
//!
//! Goes in: a network and values. Comes out: the network with its exponentials shifted, and the
//! shifts, or a run with them. What always holds: the shifts are those of these values, so a
//! softmax is computed as every framework computes it.

use crate::concrete::{self, Decide, Forward, Values};
use crate::diag::{Error, Kind};
use crate::net::{MASKED as MASK, Network, QuantityId, Shift, Stable, stable};
use crate::scalar::Rational;

use super::values::convert;

/// A network with every softmax's exponentials shifted, and its run at these values.
pub(super) fn shifted(
    net: &Network,
    values: &Values<f64>,
    by: &[QuantityId],
) -> Result<(Network, Forward<f64>), Error> {
    let made = stable(net, by);
    let run = run(&made, values.clone())?;
    Ok((made.net, run))
}

fn run(made: &Stable, mut values: Values<f64>) -> Result<Forward<f64>, Error> {
    for shift in &made.shifts {
        let cells = made.net.shape(shift.quantity).elements();
        values.insert(shift.quantity, vec![0.0; cells]);
    }
    let mut greatest = Greatest { net: &made.net, shifts: &made.shifts };
    concrete::forward_watched(&made.net, &values, Decide::ByValue, &mut greatest)
}

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
    let rounded = convert::<f64>(net, &values)?;
    // Where this fails, so does what follows, and says why.
    let run = run(&made, rounded)?;
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
pub(super) const MASKED: f64 = MASK as f64 / 2.0;

/// Gives each shift the greatest of its scores.
struct Greatest<'a> {
    net: &'a Network,
    shifts: &'a [Shift],
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
