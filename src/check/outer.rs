//! Numbers that no choice at a kink and no rounding near one can give.
//!
//! Goes in: what was asked, with its kinks, and the units that lie near one. Comes out: for each
//! gradient the numbers that it may be. What always holds: whatever the slope at a kink is between
//! those of its sides, and however those that tie share the gradient, it lies within.

use std::collections::{BTreeMap, BTreeSet};

use crate::concrete::{KinkKind, Shares};
use crate::net::{NodeId, Op};
use crate::scalar::{Function, Interval};

use super::conventions::{Corner, corner, joins};
use super::estimate;
use super::patterns::is_step;
use super::reference::{self, Gradients, Place};
use super::rule::factors;
use super::typical::{How, Unit, spread};
use super::verdicts::{Asked, findings};

/// How far from the middle numbers are outside for certain, as a part of the radius: what rounding
/// does to the numbers of another side comes to it.
const BEYOND: f64 = 1.01;

/// By how much more rounding moves the numbers of a side than those of the mean of all sides.
const SIDE: f64 = 4.0;

/// What the gradients may be.
pub(super) struct Outer {
    within: Gradients,
    /// What rounding does where every side has a part.
    slack: Vec<Vec<f64>>,
}

impl Outer {
    /// None where a unit has no slopes to be between; and in formats so coarse that behind a unit
    /// that turns, the values of the exact point are not those of a program.
    pub(super) fn of(asked: &Asked<'_>, open: &[Unit]) -> Option<Outer> {
        if asked.format.is_coarse() {
            return None;
        }
        let mut shares: Shares<Interval> = Shares::new();
        // Where two pieces meet, the step between them is anything from 0 to 1.
        let mut steps: BTreeMap<NodeId, BTreeSet<usize>> = BTreeMap::new();
        for kink in asked.kinks {
            let place = (kink.node, kink.element);
            match (corner(asked.at.net, kink), &kink.kind) {
                // A step that joins nothing has the slope 0 on either side.
                (None, _) => {}
                (Some(Corner::Pieces), _) => {
                    steps.entry(kink.node).or_default().insert(kink.element);
                }
                (Some(_), KinkKind::Zero(_)) => {
                    shares.insert(place, slope(asked.at, kink.node)?);
                }
                (Some(_), KinkKind::Tie(tied)) => {
                    shares.insert(place, parts(tied)?);
                }
            }
        }
        for unit in open {
            let place = (unit.node, unit.element);
            let own = asked.at.decisions.winners(unit.node).and_then(|all| all.get(unit.element));
            match (unit.winner, own) {
                (Some(other), Some(own)) => {
                    let known = shares.entry(place).or_default();
                    for candidate in [*own, other] {
                        if known.iter().all(|(n, _)| *n != candidate) {
                            known.extend(parts(&[candidate])?);
                        }
                    }
                }
                _ if shares.contains_key(&place) => {}
                _ if is_step(asked.at, unit.node) && joins(asked.at.net, unit.node) => {
                    steps.entry(unit.node).or_default().insert(unit.element);
                }
                _ => {
                    shares.insert(place, slope(asked.at, unit.node)?);
                }
            }
        }
        let within = match steps.is_empty() {
            true => estimate::short(asked.at, &shares).ok()?,
            false => reference::enclosing(asked.at, &shares, &steps).ok()?,
        };
        let how = How {
            format: asked.format,
            accumulate: asked.accumulate,
            passes: factors(asked.format).passes[0],
            first: 2000,
        };
        let noise = spread(asked.at, how, &shares, &[]).map_err(|e| e.message().to_string());
        let slack = findings(asked, &within, &noise).into_iter().map(|f| f.slack).collect();
        Some(Outer { within, slack })
    }

    /// Whether the numbers of a tensor lie outside, by more than rounding explains.
    pub(super) fn excludes(&self, asked: &Asked<'_>, i: usize, slack: &[f64]) -> bool {
        let (k, numbers) = asked.numbers[i];
        let all = numbers.iter().zip(&self.within[k]).zip(slack.iter().zip(&self.slack[i]));
        { all }
            .any(|((x, g), (own, mean))| g.off(*x).abs() > g.radius * BEYOND + own.max(SIDE * mean))
    }
}

/// Every slope between those of the two sides of a function.
fn slope(at: Place<'_>, node: NodeId) -> Option<Vec<(usize, Interval)>> {
    let lower = match at.net.node(node).op {
        Op::Call(Function::Relu, _) => 0.0,
        Op::Call(Function::Abs, _) => -1.0,
        _ => return None,
    };
    Some(vec![(0, Interval::new(lower, 1.0).ok()?)])
}

/// Every share of the gradient, for each of those that tie.
fn parts(tied: &[usize]) -> Option<Vec<(usize, Interval)>> {
    let part = Interval::new(0.0, 1.0).ok()?;
    Some(tied.iter().map(|n| (*n, part)).collect())
}
