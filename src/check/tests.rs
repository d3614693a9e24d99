//! The check is tested on networks whose gradients are known to be right (everything must agree)
//! and known to be wrong (every mistake must be found), and on kinks.

mod broken;
mod coarse;
mod diagnosis;
mod hand;
mod kinks;
mod labs;
mod law;
mod lost;
mod lowering;
mod magnitudes;
mod page;
mod pieces;
mod random;
mod range;
mod shifted;
mod steep;
mod supplied;
mod tails;
mod tensors;
mod told;

use super::*;
use crate::concrete::tests::sketch::Sketch;
use crate::concrete::tests::{rationals, values};
use crate::lang::parse_network;
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

/// The comparison of numbers, each for the whole of a quantity, in a format that their sums were
/// kept in, too, at the values that the network's text gives.
fn in_format(net: &Network, theirs: &[(&str, &[f64])], format: Format) -> Report {
    let gradient = |(name, numbers): &(&str, &[f64])| {
        (net.find(name).unwrap(), Theirs { numbers: numbers.to_vec(), format })
    };
    let gradients = theirs.iter().map(gradient).collect();
    check_supplied(
        net,
        net.values(),
        &Supplied { gradients, accumulate: Accumulate::Stored, ..Supplied::default() },
    )
    .unwrap()
}

/// ` = [0.5, -2]`, as the language writes values; of floating-point numbers, which decimals hold.
fn listed(numbers: &[f64]) -> String {
    let all: Vec<String> = numbers.iter().map(|x| format!("{x}")).collect();
    format!(" = [{}]", all.join(", "))
}
