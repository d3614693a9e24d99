//! By how much rounding typically moves the gradients at a point: a pass without noise and some
//! passes with it.
//!
//! Goes in: a place, a format, how many passes. Comes out: for each of them by how much it moved
//! every element; and the units whose side of a kink the format does not tell for certain.

use std::cmp::Ordering;

use crate::concrete::{self, Decide, Decision, Decisions, Forward, Kink, KinkKind, Shares, Values};
use crate::diag::{Error, Kind};
use crate::net::{Network, NodeId, Op, QuantityId};
use crate::ordered::Ordered;
use crate::scalar::{Interval, Rational, Scalar};

use super::bounds::differences_from_one;
use super::noise::{F64_SCALE, Noise, Noisy};
use super::reference::Place;
use super::rounding::{Accumulate, Format};
use super::values::convert;
use super::vanishing::{any_small, zeros};

/// A unit is open where it is this many deviations from its kink, or nearer.
const OPEN: f64 = 8.0;

/// What the passes gave.
pub(super) struct Spread {
    /// The gradients in `f64`, for each quantity.
    pub base: Vec<Vec<f64>>,
    /// For each pass, by how much it moved them.
    pub moved: Vec<Vec<Vec<f64>>>,
    /// The first tensor with a value that the format does not hold.
    pub overflow: Option<NodeId>,
    /// Units that a program may have decided otherwise, the closest first; of a max, one for each
    /// argument that may win in place of the winner.
    pub open: Vec<Unit>,
    /// The gradients that are 0 whatever the values are, such as that of a bias before a norm.
    pub zero: Vec<bool>,
}

/// A unit near its kink.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub node: NodeId,
    pub element: usize,
    /// Its distance from the kink, in deviations.
    pub distance: f64,
    /// The argument that would win in place of the winner; none for a sign, which turns.
    pub winner: Option<usize>,
}

impl Unit {
    /// Whether it lies on that kink itself.
    pub fn is_of(&self, kink: &Kink) -> bool {
        let tied = |winner: usize| match &kink.kind {
            KinkKind::Tie(tied) => tied.contains(&winner),
            KinkKind::Zero(_) => true,
        };
        (kink.node, kink.element) == (self.node, self.element) && self.winner.is_none_or(tied)
    }

    /// Decides it the other way.
    pub fn turn(&self, decisions: &mut Decisions) {
        let turned = match (decisions.get(self.node), self.winner) {
            (Some(Decision::Winners(winners)), Some(winner)) => {
                let mut winners = winners.clone();
                if let Some(place) = winners.get_mut(self.element) {
                    *place = winner;
                }
                Decision::Winners(winners)
            }
            (Some(Decision::Signs(signs)), None) => {
                let mut signs = signs.clone();
                if let Some(place) = signs.get_mut(self.element) {
                    *place = match place {
                        Ordering::Greater => Ordering::Less,
                        _ => Ordering::Greater,
                    };
                }
                Decision::Signs(signs)
            }
            _ => return,
        };
        decisions.set(self.node, turned);
    }
}

/// How to run passes.
#[derive(Clone, Copy)]
pub(super) struct How {
    pub format: Format,
    pub accumulate: Accumulate,
    pub passes: usize,
    /// The number of the first pass: the passes of another number are others.
    pub first: u64,
}

/// Runs the passes with what is decided at the place held, and where `free` lists units, each of
/// these turned with a chance of an eighth, or of a half where it is close.
pub(super) fn spread(
    at: Place<'_>,
    how: How,
    shares: &Shares<Interval>,
    free: &[Unit],
) -> Result<Spread, Error> {
    let middle = |x: &Interval| x.lower + (x.upper - x.lower) / 2.0;
    let plain: Shares<f64> = shares
        .iter()
        .map(|(place, all)| (*place, all.iter().map(|(n, x)| (*n, middle(x))).collect()))
        .into_map();
    let (forward, base) = in_f64(at, &plain)?;
    let leaves = leaves(at, how.format)?;
    let noisy: Shares<Noisy> = plain
        .iter()
        .map(|(place, all)| (*place, all.iter().map(|(n, x)| (*n, Noisy::stored(*x))).collect()))
        .into_map();
    let mut all = Spread {
        zero: vec![false; base.len()],
        base,
        moved: Vec::new(),
        overflow: None,
        open: Vec::new(),
    };
    let mut units = Units::new(at, &forward);
    for k in 0..how.passes as u64 {
        let mut noise = noise(at, how, k);
        let decisions = turned(at.decisions, free, how.seed(k));
        let run =
            concrete::forward_watched(at.net, &leaves, Decide::Recorded(&decisions), &mut noise)?;
        units.add(&run);
        let gradients = concrete::backward_watched(at.net, &run, at.by, &noisy, &mut noise)?;
        let scale = how.scale();
        // A unit that turns moves the gradient by all of its jump, whatever roundings do.
        let turned = match free.is_empty() || scale == 1.0 {
            true => None,
            false => Some(self::base(Place { decisions: &decisions, ..at })?),
        };
        let moved = at.by.iter().enumerate().map(|(k, id)| {
            let found = gradients.of(*id).unwrap_or_default();
            let (base, own) = (&all.base[k], turned.as_ref().map_or(&all.base[k], |all| &all[k]));
            let each = found.iter().zip(own).zip(base);
            each.map(|((x, own), base)| (x.value - own) * scale + (own - base)).collect()
        });
        all.moved.push(moved.collect());
        all.overflow = all.overflow.or(noise.overflow);
    }
    all.open = units.open(at, &forward, how.scale());
    if any_small(&all.base, &all.moved) {
        all.zero = zeros(at, shares).unwrap_or(all.zero);
    }
    Ok(all)
}

/// The elements of several quantities.
pub(super) type Tensors = Vec<Vec<f64>>;

/// The values of some quantities in `f64`, and for each pass by how much it moved them.
pub(super) fn moved_values(
    at: Place<'_>,
    how: How,
    ids: &[QuantityId],
) -> Result<(Tensors, Vec<Tensors>), Error> {
    let values = convert::<f64>(at.net, at.values)?;
    let plain = concrete::forward(at.net, &values, Decide::Recorded(at.decisions))?;
    let of = |id: &QuantityId| plain.of(*id).unwrap_or_default().to_vec();
    let base: Tensors = ids.iter().map(of).collect();
    let leaves = leaves(at, how.format)?;
    let mut moved = Vec::new();
    for k in 0..how.passes as u64 {
        let mut noise = noise(at, how, k);
        let decide = Decide::Recorded(at.decisions);
        let run = concrete::forward_watched(at.net, &leaves, decide, &mut noise)?;
        let pass = ids.iter().zip(&base).map(|(id, base)| {
            let found = run.of(*id).unwrap_or_default();
            found.iter().zip(base).map(|(x, base)| (x.value - base) * how.scale()).collect()
        });
        moved.push(pass.collect());
    }
    Ok((base, moved))
}

/// The noise of pass number k.
fn noise(at: Place<'_>, how: How, k: u64) -> Noise {
    let mut noise = Noise::new(how.format, how.accumulate, how.seed(k));
    noise.beside_one = differences_from_one(at.net);
    noise
}

impl How {
    fn seed(self, k: u64) -> u64 {
        (self.first + k + 1).wrapping_mul(0xD1B5_4A32_D192_ED03)
    }

    /// What the moves of a pass are multiplied by: `f64` is run with coarser roundings.
    fn scale(self) -> f64 {
        if self.format == Format::F64 { F64_SCALE } else { 1.0 }
    }
}

/// The gradients in `f64`.
pub(super) fn base(at: Place<'_>) -> Result<Vec<Vec<f64>>, Error> {
    Ok(in_f64(at, &Shares::new())?.1)
}

fn in_f64(at: Place<'_>, shares: &Shares<f64>) -> Result<(Forward<f64>, Vec<Vec<f64>>), Error> {
    let values = convert::<f64>(at.net, at.values)?;
    let forward = concrete::forward(at.net, &values, Decide::Recorded(at.decisions))?;
    let gradients = concrete::backward_with(at.net, &forward, at.by, shares)?;
    let all = at.by.iter().map(|id| gradients.of(*id).unwrap_or_default().to_vec()).collect();
    Ok((forward, all))
}

/// The values of the leaves as the format holds them.
fn leaves(at: Place<'_>, format: Format) -> Result<Values<Noisy>, Error> {
    let fits = |q: &Rational, x: f64| {
        let exact = Rational::from_f64(x).is_ok_and(|known| known == *q);
        exact && format.holds(x)
    };
    let mut values = Values::new();
    for (id, exact) in at.values {
        let numbers = exact
            .iter()
            .map(|q| {
                let x = f64::from_rational(q)?;
                // A number that is rounded when it is read is a product with 1 that is rounded.
                match fits(q, x) {
                    true => Ok(Noisy::stored(x)),
                    false => Ok(Noisy::rounded(x)),
                }
            })
            .collect::<Result<Vec<_>, crate::scalar::Fault>>()
            .map_err(|fault| Error::new(Kind::Value, fault.to_string()))?;
        values.insert(*id, numbers);
    }
    Ok(values)
}

/// The decisions with some units turned at random.
fn turned(decisions: &Decisions, free: &[Unit], seed: u64) -> Decisions {
    let mut decisions = decisions.clone();
    let mut random = super::values::SplitMix(seed ^ 0xA5A5_5A5A);
    for unit in free {
        let chance = if unit.distance < 1.0 { 4 } else { 1 };
        if random.next() % 8 < chance {
            unit.turn(&mut decisions);
        }
    }
    decisions
}

/// How far the arguments of kinks were moved.
struct Units {
    /// The kinked nodes with their operands, and for each element of these the sum of squares.
    all: Vec<(NodeId, Vec<NodeId>, Vec<f64>)>,
    base: Vec<Vec<f64>>,
    passes: f64,
}

impl Units {
    fn new(at: Place<'_>, forward: &Forward<f64>) -> Units {
        let (mut all, mut base) = (Vec::new(), Vec::new());
        for (node, _) in at.decisions.iter() {
            let mut operands = Vec::new();
            at.net.node(node).op.for_operands(|a| operands.push(a));
            let values: Vec<f64> = operands
                .iter()
                .flat_map(|a| forward.value(*a).unwrap_or_default())
                .copied()
                .collect();
            all.push((node, operands, vec![0.0; values.len()]));
            base.push(values);
        }
        Units { all, base, passes: 0.0 }
    }

    fn add(&mut self, run: &Forward<Noisy>) {
        self.passes += 1.0;
        for ((_, operands, squares), base) in self.all.iter_mut().zip(&self.base) {
            let values = operands.iter().flat_map(|a| run.value(*a).unwrap_or_default());
            for ((square, base), x) in squares.iter_mut().zip(base).zip(values) {
                *square += (x.value - base) * (x.value - base);
            }
        }
    }

    fn open(&self, at: Place<'_>, forward: &Forward<f64>, scale: f64) -> Vec<Unit> {
        let mut found = Vec::new();
        for ((node, _, squares), base) in self.all.iter().zip(&self.base) {
            let mean = squares.iter().sum::<f64>() / squares.len().max(1) as f64;
            // In `f64` the sizes of the noise are scaled back, and what is exact there is exact.
            let deviation = |n: usize| {
                ((squares[n] + 4.0 * mean / self.passes.max(1.0)) / (self.passes + 4.0)).sqrt()
                    * scale
            };
            match forward.decisions().get(*node) {
                Some(Decision::Signs(_)) => {
                    for (element, x) in base.iter().enumerate() {
                        let s = deviation(element);
                        if s > 0.0 && x.abs() <= OPEN * s {
                            let distance = x.abs() / s;
                            found.push(Unit { node: *node, element, distance, winner: None });
                        }
                    }
                }
                Some(Decision::Winners(winners)) => {
                    let Some(candidates) = concrete::candidates(at.net, *node) else { continue };
                    for (element, all) in candidates.iter().enumerate() {
                        let Some(won) = winners.get(element) else { continue };
                        let rivals = all.iter().filter(|n| *n != won);
                        let gap = |n: &usize| {
                            let s = deviation(*n).hypot(deviation(*won));
                            (
                                if s > 0.0 {
                                    (base[*won] - base[*n]).abs() / s
                                } else {
                                    f64::INFINITY
                                },
                                *n,
                            )
                        };
                        for (distance, winner) in rivals.map(gap).filter(|(d, _)| *d <= OPEN) {
                            let winner = Some(winner);
                            found.push(Unit { node: *node, element, distance, winner });
                        }
                    }
                }
                None => {}
            }
        }
        found.sort_by(|a, b| a.distance.total_cmp(&b.distance));
        found
    }
}

/// What a tensor that overflows is called.
pub(super) fn called(net: &Network, node: NodeId) -> String {
    let is = |op: &Op| matches!(op, Op::Define(_, a) if *a == node);
    let named = net.quantities().find(|(_, q)| q.node == node || is(&net.node(q.node).op));
    match named {
        Some((_, quantity)) => format!("`{}`", quantity.name),
        None => super::kinks::name(net, node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> (Network, Vec<QuantityId>, Forward<f64>) {
        let net = crate::lang::parse_network(text).unwrap();
        let values = convert::<f64>(&net, net.values()).unwrap();
        let forward = concrete::forward(&net, &values, Decide::ByValue).unwrap();
        (net.clone(), net.params().collect(), forward)
    }

    /// The deviation of an element is its own and, as if by four passes more, that of all.
    #[test]
    fn a_unit_is_open_within_some_deviations_of_its_kink() {
        let text = "param w[3]\nE = sum(relu(w))\ngiven w = [0.001, 1, -0.002]";
        let (net, by, forward) = run(text);
        let decisions = forward.decisions();
        let at = Place { net: &net, values: net.values(), decisions, by: &by };
        let mut units = Units::new(at, &forward);
        assert_eq!(units.all.len(), 1);
        // Four passes, which moved the first element by 10⁻³ each, and the others not at all.
        units.passes = 4.0;
        units.all[0].2 = vec![4e-6, 0.0, 0.0];
        let found = units.open(at, &forward, 1.0);
        let mean = 4e-6 / 3.0;
        let deviations = [(4e-6 + mean) / 8.0, mean / 8.0].map(f64::sqrt);
        let expected = [(0, 0.001 / deviations[0]), (2, 0.002 / deviations[1])];
        assert_eq!(found.len(), 2);
        for (unit, (element, distance)) in found.iter().zip(expected) {
            assert_eq!((unit.element, unit.winner), (element, None));
            assert!((unit.distance / distance - 1.0).abs() < 1e-12, "{}", unit.distance);
        }
    }

    /// Each pass adds the square of how far it moved each argument of a kink.
    #[test]
    fn passes_are_counted_and_their_squares_added_up() {
        let text = "param w[2]\nE = sum(relu(w))\ngiven w = [1, 2]";
        let (net, by, forward) = run(text);
        let decisions = forward.decisions();
        let at = Place { net: &net, values: net.values(), decisions, by: &by };
        let mut units = Units::new(at, &forward);
        assert_eq!((units.passes, &units.all[0].2), (0.0, &vec![0.0, 0.0]));
        for (n, moved) in [0.5, 0.25, 0.0].into_iter().enumerate() {
            let stored = vec![Noisy::stored(1.0 + moved), Noisy::stored(2.0 - 2.0 * moved)];
            let values = Values::from([(by[0], stored)]);
            let run = concrete::forward(&net, &values, Decide::Recorded(decisions)).unwrap();
            units.add(&run);
            assert_eq!(units.passes, n as f64 + 1.0);
        }
        assert_eq!(units.all[0].2, [0.3125, 1.25]);
    }
}
