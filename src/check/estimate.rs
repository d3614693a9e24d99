//! Gradients to more than thirty digits without a bound of their error, but with an estimate of it.
//! They are for networks so large that the bounds of [`reference`](super::reference) grow past the numbers
//! and arithmetic of more digits would take too long.
//!
//! Goes in: a place. Comes out: as from the reference, elements with a radius. What always holds:
//! every operation of every pass is rounded at random, so that what cancels shows; the radius is
//! many times what that moved; and the passes are held against dual numbers in the field of
//! 2^61 − 1 elements, where nothing is rounded.

use std::cell::Cell;
use std::cmp::Ordering;

use crate::concrete::{self, Decide, Shares};
use crate::diag::{Error, Kind};
use crate::ordered::Ordered;
use crate::scalar::{Ball, Fault, Function, Interval, Pair, Prime, Rational, Scalar, during};

use super::directions::Along;
use super::reference::{self, DIGITS, Element, Gradients, Place, Witness, element};
use super::supplied::LONG_WORK;
use super::tensors::{field_speed, gradients_of};
use super::values::{convert, work};

/// How many times as large as what random roundings moved it by an error is taken to be.
const MARGIN: f64 = 4096.0;

thread_local! {
    /// Which random roundings these are; each pass has its own.
    static STREAM: Cell<u64> = const { Cell::new(0) };
}

/// A number of 106 bits. Each operation rounds at random, in the stream of the pass: it is moved
/// within the bound of its own error.
#[derive(Clone, Debug, PartialEq)]
struct Shaken(Ball<Pair>);

/// Moves a result within its radius, by as much as its digits say; it keeps no radius.
fn shaken(ball: Result<Ball<Pair>, Fault>) -> Result<Shaken, Fault> {
    let ball = ball?;
    if ball.radius() == 0.0 {
        return Ok(Shaken(ball));
    }
    let mut z = ball.to_f64().to_bits() ^ ball.radius().to_bits().rotate_left(17) ^ STREAM.get();
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let part = ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
    ball.settled(part).map(Shaken)
}

impl Scalar for Shaken {
    fn from_rational(q: &Rational) -> Result<Self, Fault> {
        shaken(Ball::from_rational(q))
    }

    fn add(&self, other: &Self) -> Result<Self, Fault> {
        shaken(self.0.add(&other.0))
    }

    fn sub(&self, other: &Self) -> Result<Self, Fault> {
        shaken(self.0.sub(&other.0))
    }

    fn mul(&self, other: &Self) -> Result<Self, Fault> {
        shaken(self.0.mul(&other.0))
    }

    fn neg(&self) -> Self {
        Shaken(self.0.neg())
    }

    fn div(&self, other: &Self) -> Result<Self, Fault> {
        shaken(self.0.div(&other.0))
    }

    fn powi(&self, exponent: i32) -> Result<Self, Fault> {
        shaken(self.0.powi(exponent))
    }

    fn pow(&self, exponent: &Self) -> Result<Self, Fault> {
        shaken(self.0.pow(&exponent.0))
    }

    fn call(&self, function: Function) -> Result<Self, Fault> {
        shaken(self.0.call(function))
    }

    fn compare(&self, other: &Self) -> Result<Ordering, Fault> {
        self.0.compare(&other.0)
    }
}

/// The gradients and the loss, and by each pass the nearest to them that `f64` pairs have.
type Pass = (Gradients, Element);

fn pass(stream: u64, at: Place<'_>, shares: &Shares<Interval>) -> Result<Pass, Error> {
    during(&STREAM, stream, || shaken_pass(at, shares))
}

fn shaken_pass(at: Place<'_>, shares: &Shares<Interval>) -> Result<Pass, Error> {
    let values = convert::<Shaken>(at.net, at.values)?;
    let forward = concrete::forward(at.net, &values, Decide::Recorded(at.decisions))?;
    drop(values);
    let weight = |x: &Interval| Ball::point(x.lower + (x.upper - x.lower) / 2.0).map(Shaken);
    let share = |all: &Vec<(usize, Interval)>| {
        all.iter().map(|(n, x)| Ok((*n, weight(x)?))).collect::<Result<Vec<_>, Fault>>()
    };
    let shares = shares
        .iter()
        .map(|(place, all)| Ok((*place, share(all)?)))
        .try_into_map()
        .map_err(|fault: Fault| Error::new(Kind::Limit, fault.to_string()))?;
    let gradients = concrete::backward_with(at.net, &forward, at.by, &shares)?;
    let of = |id| {
        let all = gradients.of(id).unwrap_or_default().iter();
        all.map(|x: &Shaken| element(&x.0)).collect()
    };
    Ok((at.by.iter().map(|id| of(*id)).collect(), element(&forward.loss().0)))
}

/// The gradients and the loss, with radii that are estimated.
pub(super) fn gradients(
    at: Place<'_>,
    shares: &Shares<Interval>,
) -> Result<(Gradients, Element), Error> {
    let (mut all, mut loss) = pass(0x0D15_EA5E, at, shares)?;
    // How far the other passes are off, squared, for each element.
    let mut off: Vec<Vec<f64>> = all.iter().map(|all| vec![0.0; all.len()]).collect();
    let mut add = |(gradients, other): Pass| {
        loss.radius = loss.radius.max(MARGIN * apart(&loss, &other));
        for ((mine, theirs), off) in all.iter().zip(&gradients).zip(&mut off) {
            for ((a, b), off) in mine.iter().zip(theirs).zip(off) {
                *off += apart(a, b).powi(2);
            }
        }
    };
    add(pass(0xFACE_0FF5, at, shares)?);
    add(pass(0xB0A7_10AD, at, shares)?);
    for (elements, off) in all.iter_mut().zip(&off) {
        let mean = off.iter().sum::<f64>() / off.len().max(1) as f64;
        for (element, off) in elements.iter_mut().zip(off) {
            element.radius += MARGIN * (off + mean / 64.0).sqrt();
            // What is no 0 was rounded somewhere.
            if element.value != 0.0 && element.radius == 0.0 {
                element.radius = f64::MIN_POSITIVE;
            }
        }
    }
    witness(at)?;
    Ok((all, loss))
}

/// The gradients to 106 bits, with a bound where there is one to have, and else with an estimate.
pub(super) fn short(at: Place<'_>, shares: &Shares<Interval>) -> Result<Gradients, Error> {
    let found = match reference::gradients(at, DIGITS[0], shares, Witness::Spared) {
        Err(_) if work(at.net) > LONG_WORK => gradients(at, shares),
        found => found,
    };
    found.map(|(gradients, _)| gradients)
}

fn apart(a: &Element, b: &Element) -> f64 {
    ((a.value - b.value) + (a.rest - b.rest)).abs()
}

/// Holds the backward pass against dual numbers in the field.
fn witness(at: Place<'_>) -> Result<(), Error> {
    let values = convert::<Prime>(at.net, at.values)?;
    let all = gradients_of(at, &values)?;
    let gradients: Vec<&[Prime]> = at.by.iter().map(|id| all.of(*id).unwrap_or_default()).collect();
    let along = Along {
        net: at.net,
        values: &values,
        decisions: at.decisions,
        by: at.by,
        gradients: &gradients,
    };
    let both = along.both(&along.everything(), field_speed(1))?;
    match both.sum == both.tangent {
        true => Ok(()),
        false => Err(Error::new(
            Kind::Internal,
            "the backward pass and a forward pass of dual numbers differ: a fault of backproof",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::QuantityId;

    fn both(text: &str) -> (Gradients, Gradients) {
        let net = crate::lang::parse_network(text).unwrap();
        let by: Vec<QuantityId> = net.params().collect();
        let (decisions, _) = reference::decide(&net, net.values(), 320).unwrap();
        let at = Place { net: &net, values: net.values(), decisions: &decisions, by: &by };
        let exact = reference::gradients(at, 1024, &Shares::new(), Witness::Called).unwrap().0;
        (gradients(at, &Shares::new()).unwrap().0, exact)
    }

    #[test]
    fn the_radius_holds_the_exact_value() {
        for text in [
            "input x\nparam w\nE = (exp(w*x) - tanh(x))^2\ngiven x = 0.3, w = 1/3",
            "input x\nparam w\nE = (exp(w*x) + 1e20 - 1e20)^2\ngiven x = 1, w = 1/2",
            "input x\nparam w\nE = (exp(w*x) + 1e40 - 1e40)^2\ngiven x = 1, w = 1/2",
            "input x\nparam w\nE = sigmoid(w*x)\ngiven x = 9.7, w = 7.3",
            "param w[3]\nE = sum(layer_norm(w)^3)\ngiven w = [1e3, 1000.1, 999.7]",
        ] {
            let (found, exact) = both(text);
            for (a, b) in found[0].iter().zip(&exact[0]) {
                assert!(apart(a, b) <= a.radius, "{text}: {a:?} {b:?}");
            }
        }
    }

    #[test]
    fn what_cancels_shows_in_the_radius() {
        let text = "input x\nparam w\nE = (exp(w*x) + 1e40 - 1e40)^2\ngiven x = 1, w = 1/2";
        let (found, _) = both(text);
        assert!(found[0][0].radius > 1.0, "{found:?}");
        let (found, _) = both("param w\nE = exp(w)\ngiven w = 1/3");
        assert!(found[0][0].radius < 1e-25, "{found:?}");
    }
}
