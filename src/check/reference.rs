//! The exact gradients of a network at a point, to as many digits as a verdict takes.
//!
//! Goes in: a network, exact values, what is decided at every kink. Comes out: for each element
//! of each gradient two `f64`, whose sum is its value but for a stated radius. What always holds:
//! the exact value is within the radius; a radius of 0 is shown; and the backward pass that gave
//! the gradients was held against a forward pass of dual numbers along a direction that moves
//! every element.

use std::collections::{BTreeMap, BTreeSet};

use crate::concrete::{self, Decide, Decisions, Shares, Values};
use crate::diag::{Error, Kind};
use crate::net::{Network, NodeId, QuantityId};
use crate::ordered::Ordered;
use crate::scalar::{Ball, Digits, Interval, Middle, Pair, Rational, Scalar};

use super::directions::Along;
use super::values::{SplitMix, convert};

/// An element of a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Element {
    /// The nearest `f64`.
    pub value: f64,
    /// What it lacks.
    pub rest: f64,
    /// How far the exact value may be from the sum of the two.
    pub radius: f64,
}

impl Element {
    /// Whether it may be 0.
    pub fn may_be_zero(&self) -> bool {
        self.value.abs() <= self.radius + self.rest.abs()
    }

    /// x minus the value.
    pub fn off(&self, x: f64) -> f64 {
        (x - self.value) - self.rest
    }
}

/// The gradients by each quantity, row-major.
pub(super) type Gradients = Vec<Vec<Element>>;

/// Precisions that are tried, in bits: the first costs nanoseconds an operation, the others some
/// hundred.
pub const DIGITS: [u32; 6] = [106, 192, 320, 512, 1024, 2048];

/// What the reference is computed at.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub net: &'a Network,
    pub values: &'a Values<Rational>,
    pub decisions: &'a Decisions,
    pub by: &'a [QuantityId],
}

/// Whether a backward pass is held against dual numbers. For other sides of the same kinks, where
/// it is the same pass, that may be spared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Witness {
    Called,
    Spared,
}

/// Calls a function that is generic over the midpoint of balls.
macro_rules! with_bits {
    ($bits:expr, $f:ident($($argument:expr),*)) => {
        match $bits {
            ..=106 => $f::<Pair>($($argument),*),
            bits => Digits::during(bits, || $f::<Digits>($($argument),*)),
        }
    };
}

/// The gradients with midpoints of that many bits, and the loss.
pub(super) fn gradients(
    at: Place<'_>,
    bits: u32,
    shares: &Shares<Interval>,
    witness: Witness,
) -> Result<(Gradients, Element), Error> {
    with_bits!(bits, run(at, shares, witness))
}

/// The values of a quantity with midpoints of that many bits.
pub(super) fn values(at: Place<'_>, bits: u32, id: QuantityId) -> Result<Vec<Element>, Error> {
    with_bits!(bits, valued(at, id))
}

fn valued<M: Middle>(at: Place<'_>, id: QuantityId) -> Result<Vec<Element>, Error> {
    let values = convert::<Ball<M>>(at.net, at.values)?;
    let forward = concrete::forward(at.net, &values, Decide::Recorded(at.decisions))?;
    let unused = || {
        let quantity = at.net.quantity(id);
        let sentence = format!("the loss does not depend on `{}`", quantity.name);
        Error::new(Kind::Value, format!("{sentence}, so its value is not computed"))
            .at(quantity.span)
    };
    Ok(forward.of(id).ok_or_else(unused)?.iter().map(element).collect())
}

/// What the values decide at every kink, where it can be told, and the kinks that they lie on.
pub(super) fn decide(
    net: &Network,
    values: &Values<Rational>,
    bits: u32,
) -> Result<(Decisions, Vec<concrete::Kink>), Error> {
    with_bits!(bits, decided(net, values))
}

fn decided<M: Middle>(
    net: &Network,
    values: &Values<Rational>,
) -> Result<(Decisions, Vec<concrete::Kink>), Error> {
    let values = convert::<Ball<M>>(net, values)?;
    let forward = concrete::forward(net, &values, Decide::ByValue)?;
    Ok((forward.decisions().clone(), forward.kinks().to_vec()))
}

pub(super) fn element<M: Middle>(ball: &Ball<M>) -> Element {
    let value = ball.to_f64();
    let rest = Ball::point(value).and_then(|x| ball.sub(&x));
    match rest {
        Ok(rest) => {
            let low = rest.to_f64();
            // What the second `f64` lacks is less than a unit in its last place.
            let lost = if rest.radius() == 0.0 && low == 0.0 { 0.0 } else { low.abs() * 2.3e-16 };
            Element { value, rest: low, radius: rest.radius() + lost }
        }
        Err(_) => Element { value, rest: 0.0, radius: f64::INFINITY },
    }
}

/// Shares as balls.
fn weights<M: Middle>(shares: &Shares<Interval>) -> Result<Shares<Ball<M>>, Error> {
    let weight = |x: &Interval| {
        let middle = x.lower + (x.upper - x.lower) / 2.0;
        let half = (x.upper - middle).max(middle - x.lower);
        Ball::around(middle, if half == 0.0 { 0.0 } else { half.next_up() })
    };
    let share = |all: &Vec<(usize, Interval)>| {
        all.iter().map(|(n, x)| Ok((*n, weight(x)?))).collect::<Result<Vec<_>, _>>()
    };
    let all = shares.iter().map(|(place, all)| Ok((*place, share(all)?)));
    all.try_into_map()
        .map_err(|fault: crate::scalar::Fault| Error::new(Kind::Limit, fault.to_string()))
}

/// The elements of steps that are anything between 0 and 1.
struct Between<'a>(&'a BTreeMap<NodeId, BTreeSet<usize>>);

impl<M: Middle> concrete::Watch<Ball<M>> for Between<'_> {
    fn stored(&mut self, node: NodeId, elements: &mut [Ball<M>]) {
        for n in self.0.get(&node).into_iter().flatten() {
            if let (Some(element), Ok(between)) = (elements.get_mut(*n), Ball::around(0.5, 0.5)) {
                *element = between;
            }
        }
    }
}

/// Gradients that hold those for every share within the intervals, and for every value between 0
/// and 1 of these elements of steps.
pub(super) fn enclosing(
    at: Place<'_>,
    shares: &Shares<Interval>,
    steps: &BTreeMap<NodeId, BTreeSet<usize>>,
) -> Result<Gradients, Error> {
    let values = convert::<Ball<Pair>>(at.net, at.values)?;
    let decide = Decide::Recorded(at.decisions);
    let forward = concrete::forward_watched(at.net, &values, decide, &mut Between(steps))?;
    let gradients = concrete::backward_with(at.net, &forward, at.by, &weights(shares)?)?;
    let of = |id: &QuantityId| gradients.of(*id).unwrap_or_default().iter().map(element).collect();
    Ok(at.by.iter().map(of).collect())
}

fn run<M: Middle>(
    at: Place<'_>,
    shares: &Shares<Interval>,
    called: Witness,
) -> Result<(Gradients, Element), Error> {
    let values = convert::<Ball<M>>(at.net, at.values)?;
    let forward = concrete::forward(at.net, &values, Decide::Recorded(at.decisions))?;
    let shares = weights::<M>(shares)?;
    let gradients = concrete::backward_with(at.net, &forward, at.by, &shares)?;
    if shares.is_empty() && called == Witness::Called {
        witness::<M>(at, &values, &gradients)?;
    }
    let of = |id: &QuantityId| gradients.of(*id).unwrap_or_default().iter().map(element).collect();
    Ok((at.by.iter().map(of).collect(), element(forward.loss())))
}

/// Holds the backward pass against a forward pass of dual numbers: along a direction v, the
/// tangent of the loss is Σ v·∂E/∂q. A wrong element goes unseen for a set of directions of
/// measure 0.
fn witness<M: Middle>(
    at: Place<'_>,
    values: &Values<Ball<M>>,
    gradients: &concrete::Gradients<Ball<M>>,
) -> Result<(), Error> {
    let gradients: Vec<&[Ball<M>]> =
        at.by.iter().map(|id| gradients.of(*id).unwrap_or_default()).collect();
    let along =
        Along { net: at.net, values, decisions: at.decisions, by: at.by, gradients: &gradients };
    let mut random = SplitMix(0x5EED);
    let speed = |_: usize, _: usize| Ball::point(speed(&mut random));
    let both = along.both(&along.everything(), speed)?;
    let limit = |fault: crate::scalar::Fault| Error::new(Kind::Limit, fault.to_string());
    match both.tangent.sub(&both.sum).map_err(limit)?.holds_zero() {
        true => Ok(()),
        false => Err(Error::new(
            Kind::Internal,
            "the backward pass and a forward pass of dual numbers differ: a fault of backproof",
        )),
    }
}

/// A speed between −1 and 1 that a short `f64` holds.
pub(super) fn speed(random: &mut SplitMix) -> f64 {
    (random.next() >> 40) as f64 / f64::from(1 << 23) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_bits(text: &str, bits: u32) -> (Gradients, Element) {
        let net = crate::lang::parse_network(text).unwrap();
        let by: Vec<QuantityId> = net.params().collect();
        let (decisions, _) = decide(&net, net.values(), bits).unwrap();
        let place = Place { net: &net, values: net.values(), decisions: &decisions, by: &by };
        gradients(place, bits, &Shares::new(), Witness::Called).unwrap()
    }

    #[test]
    fn rationals_are_exact() {
        let (all, loss) = at_bits("input x\nparam w\nE = (1 - w*x)^2\ngiven x = 3, w = 2", 106);
        assert_eq!(all, [[Element { value: 30.0, rest: 0.0, radius: 0.0 }]]);
        assert_eq!((loss.value, loss.radius), (25.0, 0.0));
    }

    #[test]
    fn what_cancels_is_found_again_with_more_digits() {
        let text = "input x\nparam w\nE = (exp(w*x) + 1e40 - 1e40)^2\ngiven x = 1, w = 1/2";
        let wide = at_bits(text, 106).0[0][0];
        assert!(wide.radius > 1e-4, "{wide:?}");
        let long = at_bits(text, 320).0[0][0];
        assert!((long.value - 2.0 * std::f64::consts::E).abs() < 1e-14 && long.radius < 1e-30);
    }

    /// The witness of the backward pass is a pass of dual numbers, which goes its own way.
    #[test]
    fn a_backward_pass_that_went_another_way_is_noticed() {
        let text = "param w[2]\nE = sum(relu(w)*w)\ngiven w = [3, 1]";
        let net = crate::lang::parse_network(text).unwrap();
        let by: Vec<QuantityId> = net.params().collect();
        let (decisions, _) = decide(&net, net.values(), 106).unwrap();
        let mut turned = decisions.clone();
        let (node, _) = decisions.iter().next().unwrap();
        turned.set(node, crate::concrete::Decision::Signs(vec![std::cmp::Ordering::Less; 2]));
        let values = convert::<Ball<Pair>>(&net, net.values()).unwrap();
        let gradients = |decisions: &Decisions| {
            let run = concrete::forward(&net, &values, Decide::Recorded(decisions)).unwrap();
            concrete::backward(&net, &run, &by).unwrap()
        };
        let place = Place { net: &net, values: net.values(), decisions: &decisions, by: &by };
        assert!(witness(place, &values, &gradients(&decisions)).is_ok());
        let error = witness(place, &values, &gradients(&turned)).unwrap_err();
        assert_eq!(error.kind(), Kind::Internal);
    }
}
