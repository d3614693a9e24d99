//! The gradients near a point that lies on kinks: over the patterns of sides and winners that
//! really occur there, which is what a convention may choose from.
//!
//! Goes in: a place, its kinks. Comes out: the decisions of every pattern that some direction leads
//! into, and whether they are all. What always holds: a pattern that is listed occurs arbitrarily
//! near; a kink that is met twice is decided once.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::concrete::{self, Decide, Decision, Decisions, Kink, KinkKind, Values};
use crate::net::{NodeId, Op};
use crate::ordered::Ordered;
use crate::scalar::Dual;

use super::reference::Place;
use super::values::{SplitMix, convert, work};

/// The most patterns that are told apart.
pub(super) const MAX_PATTERNS: usize = 64;
/// The most directions that are tried.
const MAX_DIRECTIONS: usize = 512;
/// About how many elements the passes along all directions compute.
const MAX_WORK: usize = 1 << 25;
/// Slopes along a direction that differ by less than this part of the greatest are equal.
const EQUAL: f64 = 1e-12;

/// The patterns near a point.
pub(super) struct Nearby {
    pub all: Vec<Decisions>,
    /// Whether no other was seen in as many directions again.
    pub complete: bool,
}

/// The patterns that occur near a place with these kinks.
pub(super) fn nearby(at: Place<'_>, kinks: &[Kink]) -> Nearby {
    let mut all: Vec<Decisions> = Vec::new();
    let Ok(values) = convert::<f64>(at.net, at.values) else {
        return Nearby { all, complete: false };
    };
    let nodes: BTreeSet<NodeId> = kinks.iter().map(|kink| kink.node).collect();
    let passes = work(at.net).saturating_mul(nodes.len().max(1));
    let directions = (MAX_WORK / passes.max(1)).clamp(16, MAX_DIRECTIONS);
    let mut random = SplitMix(0xD1EC);
    let mut last_new = 0;
    for n in 0..directions {
        let Some(found) = along(at, &values, kinks, &nodes, &mut random) else {
            return Nearby { all, complete: false };
        };
        if !all.contains(&found) {
            if all.len() == MAX_PATTERNS {
                return Nearby { all, complete: false };
            }
            all.push(found);
            last_new = n;
        }
    }
    Nearby { complete: last_new < directions / 2 && !all.is_empty(), all }
}

/// What is decided a small step along a random direction, which moves every leaf.
fn along(
    at: Place<'_>,
    values: &Values<f64>,
    kinks: &[Kink],
    nodes: &BTreeSet<NodeId>,
    random: &mut SplitMix,
) -> Option<Decisions> {
    let mut draw = || (random.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
    let moved: Values<Dual<f64>> = values
        .iter()
        .map(|(id, all)| {
            let cell = |x: &f64| Dual { value: *x, tangent: draw() };
            (*id, all.iter().map(cell).collect())
        })
        .into_map();
    let mut decisions = at.decisions.clone();
    // A kink may move with what was decided before it, so one node after the other.
    for node in nodes {
        let run = concrete::forward(at.net, &moved, Decide::Recorded(&decisions)).ok()?;
        let mut tangents = Vec::new();
        at.net.node(*node).op.for_operands(|a| {
            tangents.extend(run.value(a).unwrap_or_default().iter().map(|x| x.tangent));
        });
        let greatest = tangents.iter().map(|t| t.abs()).fold(0.0, f64::max);
        for kink in kinks.iter().filter(|kink| kink.node == *node) {
            decide(&mut decisions, kink, &tangents, EQUAL * greatest);
        }
    }
    Some(decisions)
}

fn decide(decisions: &mut Decisions, kink: &Kink, tangents: &[f64], equal: f64) {
    let new = match (&kink.kind, decisions.get(kink.node)) {
        (KinkKind::Zero(_), Some(Decision::Signs(signs))) => {
            let mut signs = signs.clone();
            let (Some(sign), Some(t)) = (signs.get_mut(kink.element), tangents.get(kink.element))
            else {
                return;
            };
            if t.abs() > equal {
                *sign = t.partial_cmp(&0.0).unwrap_or(Ordering::Equal);
            }
            Decision::Signs(signs)
        }
        (KinkKind::Tie(tied), Some(Decision::Winners(winners))) => {
            let mut winners = winners.clone();
            let of = |n: &usize| tangents.get(*n).copied().unwrap_or(f64::NEG_INFINITY);
            let greatest = tied.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
            let first = tied.iter().find(|n| of(n) >= greatest - equal);
            if let (Some(place), Some(first)) = (winners.get_mut(kink.element), first) {
                *place = *first;
            }
            Decision::Winners(winners)
        }
        _ => return,
    };
    decisions.set(kink.node, new);
}

/// The weights, not negative and of the sum 1, with which the points come nearest to 0; each
/// point is a list of coordinates. Pairwise steps with an exact line search.
pub(super) fn nearest_to_zero(points: &[Vec<f64>]) -> Vec<f64> {
    let count = points.len();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let gram: Vec<Vec<f64>> =
        points.iter().map(|a| points.iter().map(|b| dot(a, b)).collect()).collect();
    let own = |n: &usize| gram[*n][*n];
    let start = (0..count).min_by(|a, b| own(a).total_cmp(&own(b))).unwrap_or(0);
    let mut weights = vec![0.0; count];
    if count == 0 {
        return weights;
    }
    weights[start] = 1.0;
    let scale = (0..count).map(|n| gram[n][n]).fold(0.0, f64::max);
    for _ in 0..20_000 {
        let slope: Vec<f64> = gram.iter().map(|row| dot(row, &weights)).collect();
        let by = |a: &usize, b: &usize| slope[*a].total_cmp(&slope[*b]);
        let Some(down) = (0..count).min_by(by) else { break };
        let Some(up) = (0..count).filter(|n| weights[*n] > 0.0).max_by(by) else { break };
        let gap = slope[up] - slope[down];
        let curve = gram[up][up] + gram[down][down] - 2.0 * gram[up][down];
        if gap <= 1e-16 * scale || curve <= 0.0 {
            break;
        }
        let step = (gap / curve).min(weights[up]);
        weights[up] -= step;
        weights[down] += step;
    }
    weights
}

/// The same weights without the error that descent leaves: on the points that have a weight, the
/// least squares are solved as such, and a point whose weight would be negative is left out, as in
/// Wolfe's algorithm for the nearest point of a polytope (1976). All weights are from 0 to 1.
pub(super) fn polished(points: &[Vec<f64>], mut weights: Vec<f64>) -> Vec<f64> {
    for _ in 0..=points.len() {
        let used: Vec<usize> = (0..points.len()).filter(|n| weights[*n] > 0.0).collect();
        let Some(best) = on_the_plane(points, &used) else { break };
        // As far as no weight becomes negative.
        let left = |(n, v): (&usize, &f64)| match *v < 0.0 {
            true => weights[*n] / (weights[*n] - v),
            false => 1.0,
        };
        let step = used.iter().zip(&best).map(left).fold(1.0, f64::min);
        let mut emptied = false;
        for (n, v) in used.iter().zip(&best) {
            let next = weights[*n] + step * (v - weights[*n]);
            emptied |= next <= 1e-15;
            weights[*n] = if next <= 1e-15 { 0.0 } else { next };
        }
        if !emptied {
            break;
        }
    }
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    weights
}

/// The weights, of sum 1 and of any sign, with which these points come nearest to 0, by an
/// orthogonal basis of their differences; points that depend on others have the weight 0.
fn on_the_plane(points: &[Vec<f64>], used: &[usize]) -> Option<Vec<f64>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let (first, others) = used.split_first()?;
    let origin = &points[*first];
    let (mut basis, mut rows): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
    let mut of: Vec<usize> = Vec::new();
    for (place, n) in others.iter().enumerate() {
        let mut rest: Vec<f64> = points[*n].iter().zip(origin).map(|(x, o)| x - o).collect();
        let size = dot(&rest, &rest).sqrt();
        let mut row = vec![0.0; basis.len()];
        // Twice is enough.
        for _ in 0..2 {
            for (unit, along) in basis.iter().zip(&mut row) {
                let part = dot(unit, &rest);
                *along += part;
                rest.iter_mut().zip(unit).for_each(|(x, u)| *x -= part * u);
            }
        }
        let length = dot(&rest, &rest).sqrt();
        if length > 1e-11 * size {
            basis.push(rest.iter().map(|x| x / length).collect());
            row.push(length);
            rows.push(row);
            of.push(place);
        }
    }
    // Σ v·(difference) = −origin, solved from the last basis vector on.
    let mut target: Vec<f64> = basis.iter().map(|unit| -dot(unit, origin)).collect();
    let mut weights = vec![0.0; used.len()];
    for column in (0..basis.len()).rev() {
        let v = target[column] / rows[column][column];
        for (t, along) in target.iter_mut().zip(&rows[column]) {
            *t -= v * along;
        }
        weights[of[column] + 1] = v;
    }
    weights[0] = 1.0 - weights[1..].iter().sum::<f64>();
    Some(weights)
}

/// Whether what a node decides is a step between two pieces, of which one or the other is taken.
pub(super) fn is_step(at: Place<'_>, node: NodeId) -> bool {
    matches!(at.net.node(node).op, Op::Call(crate::scalar::Function::Step, _))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::reference::decide as by_value;

    fn patterns(text: &str) -> (usize, bool) {
        let net = crate::lang::parse_network(text).unwrap();
        let by: Vec<_> = net.params().collect();
        let (decisions, kinks) = by_value(&net, net.values(), 106).unwrap();
        let at = Place { net: &net, values: net.values(), decisions: &decisions, by: &by };
        let found = nearby(at, &kinks);
        (found.all.len(), found.complete)
    }

    #[test]
    fn a_kink_that_is_met_twice_is_decided_once() {
        let twice = "param x\nE = max(x, 0) + ln(1 + exp(-abs(x)))\ngiven x = 0";
        assert_eq!(patterns(twice), (2, true));
        let apart = "param x, y\nE = max(x, 0) + abs(y)\ngiven x = 0, y = 0";
        assert_eq!(patterns(apart), (4, true));
        let nested = "param x\nE = relu(relu(x) - 2*x)\ngiven x = 0";
        assert_eq!(patterns(nested), (2, true));
    }

    #[test]
    fn each_of_three_that_tie_may_win() {
        let tie = "param x, y, z\nE = max(x, y, z)\ngiven x = 1, y = 1, z = 1";
        assert_eq!(patterns(tie), (3, true));
        let thrice = "param x, y\nE = max(x, y, (x + y)/2)\ngiven x = 1, y = 1";
        // The mean of two is never the only greatest.
        assert_eq!(patterns(thrice), (2, true));
    }

    #[test]
    fn too_many_patterns_are_not_all_of_them() {
        let many = "param x[10]\nE = sum(abs(x))\ngiven x = [0,0,0,0,0,0,0,0,0,0]";
        assert_eq!(patterns(many), (MAX_PATTERNS, false));
    }

    #[test]
    fn points_around_0_are_mixed_to_it() {
        let all = [vec![2.0, 0.0], vec![-1.0, 3.0], vec![-1.0, -1.0]];
        let weights = nearest_to_zero(&all);
        let at = |n: usize| all.iter().zip(&weights).map(|(p, w)| p[n] * w).sum::<f64>();
        assert!(at(0).abs() < 1e-7 && at(1).abs() < 1e-7, "{weights:?}");
        // Outside, the nearest is on an edge.
        let weights = nearest_to_zero(&[vec![1.0, 1.0], vec![3.0, 0.0], vec![1.0, -1.0]]);
        assert!((weights[0] - 0.5).abs() < 1e-7 && weights[1] < 1e-7, "{weights:?}");
    }

    #[test]
    fn the_nearest_point_is_found_to_the_last_digits() {
        // Between two points of very different sizes, and at a corner.
        let points = [vec![1e8, -1.0, 3.0], vec![-3.0, 1.0, 2.0], vec![7.0, 5.0, 1.0]];
        let weights = [0.25, 0.5, 0.25];
        let mixed = |weights: &[f64]| -> Vec<f64> {
            (0..3).map(|i| points.iter().zip(weights).map(|(p, w)| p[i] * w).sum()).collect()
        };
        let at = mixed(&weights);
        let moved: Vec<Vec<f64>> =
            points.iter().map(|p| p.iter().zip(&at).map(|(x, a)| x - a).collect()).collect();
        let found = polished(&moved, nearest_to_zero(&moved));
        for (x, a) in mixed(&found).iter().zip(&at) {
            assert!((x - a).abs() <= 1e-15 * 1e8, "{x} {a}");
        }
        let corner: Vec<Vec<f64>> = points.iter().map(|p| vec![p[0] + 10.0, p[1]]).collect();
        let found = polished(&corner, nearest_to_zero(&corner));
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert!(found.iter().all(|w| (0.0..=1.0).contains(w)));
    }
}
