//! The witness is tested against dual numbers on random networks, and against the article's
//! formulas and other values worked out by hand.

mod errors;
mod features;
mod hand;
mod limits;
pub(crate) mod networks;
mod operations;
pub(crate) mod random;
pub(crate) mod sketch;

use super::*;
use crate::scalar::Rational;

/// Values of every leaf, from a function of its name and position.
pub(crate) fn fill<T>(net: &Network, mut value: impl FnMut(&str, usize) -> T) -> Values<T> {
    let leaves = net.quantities().filter(|(_, q)| matches!(net.node(q.node).op, Op::Leaf(_)));
    leaves
        .map(|(id, q)| {
            let elements = net.node(q.node).shape.elements();
            (id, (0..elements).map(|e| value(&q.name, e)).collect())
        })
        .collect()
}

pub(crate) fn rationals(texts: &[&str]) -> Vec<Rational> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// The values of the quantities of these names, each a list of decimals.
pub(crate) fn values(net: &Network, given: &[(&str, &[&str])]) -> Values<Rational> {
    given.iter().map(|(name, texts)| (net.find(name).unwrap(), rationals(texts))).collect()
}
