//! The check is tested on networks whose gradients are known to be right (everything must agree)
//! and known to be wrong (every mistake must be found), and on kinks.

mod broken;
mod diagnosis;
mod hand;
mod labs;
mod lowering;
mod random;
mod supplied;

use super::*;
use crate::concrete::sketch::Sketch;
use crate::concrete::tests::{rationals, values};
use crate::net::{NodeId, Op, Role, Shape};
use crate::scalar::{Function, Rational};

/// The network with these values given.
fn with(mut net: Network, given: &[(&str, &[&str])]) -> Network {
    net.values = values(&net, given);
    net
}

fn parameter<'a>(report: &'a Report, name: &str) -> &'a Parameter {
    report.parameters.iter().find(|p| p.name == name).unwrap()
}

fn comparison<'a>(report: &'a Report, name: &str, source: Source, p: Precision) -> &'a Comparison {
    parameter(report, name).comparison(source, p).unwrap()
}

/// E = Σ f(x, a) of one elementwise operation on x of three elements and the scalar a.
fn elementwise(f: impl Fn(&mut Sketch, NodeId, NodeId) -> Op) -> Network {
    let mut s = Sketch::default();
    let (x, a) = (s.leaf("x", Role::Param, &[3]), s.leaf("a", Role::Param, &[]));
    let op = f(&mut s, x, a);
    let y = s.op(op, Shape::new([3]));
    let sum = s.sum(y);
    s.finish(sum)
}
