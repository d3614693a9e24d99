//! Random networks, valid by construction: the one generator of every law about networks.
//!
//! Goes in: a [`Recipe`], numbers that shrink. Comes out: a network of 1 to [`MAX_LAYERS`] layers
//! made by the checking [`Builder`], so that a layer that it would refuse is an error of the
//! generator. Every layer that is not used by another one ends in the loss, each element of it with a
//! factor of its own, so that no two elements have the same adjoint by chance.

mod layers;

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::net::{Builder, Network, NodeId, Range, Role, Shape};
use crate::scalar::Rational;

/// The largest number of layers.
pub(crate) const MAX_LAYERS: usize = 6;

/// A layer with more elements is cut.
const MAX_ELEMENTS: usize = 24;

/// What a network is built from.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// The numbers that each layer draws from.
    layers: Vec<u64>,
    /// For the input, and for values.
    pub(crate) seed: u64,
}

pub(crate) fn recipe() -> impl Strategy<Value = Recipe> {
    (prop::collection::vec(any::<u64>(), 1..=MAX_LAYERS), any::<u64>())
        .prop_map(|(layers, seed)| Recipe { layers, seed })
}

/// SplitMix64.
pub(crate) fn mix(seed: u64, n: usize) -> u64 {
    let mut z = seed.wrapping_add((n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number for an element of a leaf.
pub(crate) fn drawn(seed: u64, name: &str, element: usize) -> u64 {
    let name = name.bytes().fold(seed, |hash, byte| mix(hash, usize::from(byte)));
    mix(name, element)
}

/// A value for an element of a leaf: a small half, so that ties and zeros are common; never 0 for
/// a divisor, d1 and so on, and a factor of the loss, r1 and so on.
pub(crate) fn small(seed: u64, name: &str, element: usize) -> Rational {
    let n = drawn(seed, name, element);
    let mut top = n as i64 % 6;
    if top == 0 && name.starts_with(['d', 'r']) {
        top = 1;
    }
    Rational::new(top, 1 + (n >> 32) as i64 % 2).unwrap()
}

/// The network of a recipe. `transcendental` tells whether exp and its like may occur, and
/// powers that are not whole; else only functions with rational values at rational points.
pub(crate) fn build(recipe: &Recipe, transcendental: bool) -> Network {
    let mut dice = Dice { seed: recipe.seed, thrown: 0 };
    let mut b = Builder::new();
    let rank = dice.below(5);
    let lengths: Vec<usize> = (0..rank).map(|_| 1 + dice.below(3)).collect();
    let x = b.declare(Role::Input, "x", Shape::new(lengths)).unwrap();
    let x = b.node_of(x);
    let mut growth =
        Growth { b, dice, layers: vec![x], params: Vec::new(), names: 0, transcendental };
    for seed in &recipe.layers {
        growth.dice = Dice { seed: *seed, thrown: 0 };
        growth.layer();
    }
    growth.finish()
}

struct Dice {
    seed: u64,
    thrown: usize,
}

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.thrown += 1;
        (mix(self.seed, self.thrown) % n as u64) as usize
    }

    /// Once in n times.
    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for n in (1..list.len()).rev() {
            list.swap(n, self.below(n + 1));
        }
    }
}

struct Growth {
    b: Builder,
    dice: Dice,
    layers: Vec<NodeId>,
    params: Vec<NodeId>,
    names: usize,
    transcendental: bool,
}

/// What a layer may be, each as likely as its number of rows.
const KINDS: [fn(&mut Growth, NodeId) -> NodeId; 20] = [
    Growth::conv,
    Growth::conv,
    Growth::conv,
    Growth::pool,
    Growth::pool,
    Growth::matmul,
    Growth::matmul,
    Growth::dense,
    Growth::broadcast,
    Growth::broadcast,
    Growth::reduce,
    Growth::view,
    Growth::concat,
    Growth::pick,
    Growth::function,
    Growth::function,
    Growth::function,
    Growth::function,
    Growth::residual,
    Growth::with_numbers,
];

impl Growth {
    /// One more layer, on the last one or now and then on another.
    fn layer(&mut self) {
        let x = match self.dice.once_in(4) {
            true => self.dice.pick(&self.layers),
            false => self.layers[self.layers.len() - 1],
        };
        let kind = self.dice.pick(&KINDS);
        let y = kind(self, x);
        let y = self.cut(y);
        let y = if self.dice.once_in(2) { self.named(y) } else { y };
        self.layers.push(y);
    }

    fn finish(mut self) -> Network {
        let mut used = BTreeSet::new();
        for tensor in self.b.nodes() {
            tensor.op.for_operands(|a| {
                used.insert(a);
            });
        }
        let ends: BTreeSet<NodeId> =
            self.layers.iter().copied().filter(|id| !used.contains(id)).collect();
        let mut terms = Vec::new();
        for end in ends {
            let factors = self.leaf(Role::Target, "r", &self.lengths(end));
            let product = self.b.mul(&[end, factors]).unwrap();
            terms.push(self.sum(product));
        }
        let mut loss = self.b.add(&terms).unwrap();
        if self.params.is_empty() {
            let w = self.param(&[]);
            loss = self.b.mul(&[w, loss]).unwrap();
        }
        if self.dice.once_in(2) {
            let two = self.number(2);
            loss = self.b.pow(loss, two).unwrap();
            loss = self.b.div(loss, two).unwrap();
        }
        self.b.define("E", loss).unwrap();
        self.b.finish().unwrap()
    }

    fn lengths(&self, a: NodeId) -> Vec<usize> {
        self.b.shape(a).lengths().to_vec()
    }

    fn number(&mut self, n: i64) -> NodeId {
        self.b.number(&Rational::from(n)).unwrap()
    }

    fn leaf(&mut self, role: Role, letter: &str, lengths: &[usize]) -> NodeId {
        self.names += 1;
        let id = self.b.declare(role, &format!("{letter}{}", self.names), Shape::new(lengths));
        self.b.node_of(id.unwrap())
    }

    /// A parameter; now and then one that is there already.
    fn param(&mut self, lengths: &[usize]) -> NodeId {
        let fits = |id: &NodeId| self.lengths(*id) == lengths;
        let fitting: Vec<NodeId> = self.params.iter().copied().filter(fits).collect();
        if !fitting.is_empty() && self.dice.once_in(2) {
            return self.dice.pick(&fitting);
        }
        let param = self.leaf(Role::Param, "w", lengths);
        self.params.push(param);
        param
    }

    fn named(&mut self, a: NodeId) -> NodeId {
        self.names += 1;
        let id = self.b.define(&format!("h{}", self.names), a).unwrap();
        self.b.node_of(id)
    }

    /// The argument of a kink, with a name half of the time.
    fn perhaps_named(&mut self, a: NodeId) -> NodeId {
        if self.dice.once_in(2) { self.named(a) } else { a }
    }

    fn sum(&mut self, a: NodeId) -> NodeId {
        if self.b.shape(a).is_scalar() { a } else { self.b.sum(a).unwrap() }
    }

    /// A part of a tensor that is too large.
    fn cut(&mut self, a: NodeId) -> NodeId {
        let mut lengths = self.lengths(a);
        while lengths.iter().product::<usize>() > MAX_ELEMENTS {
            let longest = (0..lengths.len()).max_by_key(|axis| lengths[*axis]).unwrap();
            lengths[longest] = lengths[longest].div_ceil(2);
        }
        let from = self.lengths(a);
        let ranges: Vec<Range> = from
            .iter()
            .zip(&lengths)
            .map(|(whole, count)| Range { start: whole - count, step: 1, count: *count })
            .collect();
        if lengths == from { a } else { self.b.slice(a, &ranges).unwrap() }
    }

    /// The same elements as a tensor of that rank: leading axes of length 1, or merged ones.
    fn of_rank(&mut self, a: NodeId, rank: usize) -> NodeId {
        let lengths = self.lengths(a);
        let shape = match lengths.len().checked_sub(rank) {
            None => [vec![1; rank - lengths.len()], lengths].concat(),
            Some(more) => {
                let merged = lengths[..=more].iter().product();
                [vec![merged], lengths[more + 1..].to_vec()].concat()
            }
        };
        self.b.reshape(a, Shape::new(shape)).unwrap()
    }

    /// With at least one axis.
    fn tensor(&mut self, a: NodeId) -> NodeId {
        if self.b.shape(a).is_scalar() {
            let wide = self.param(&[2]);
            return self.b.mul(&[a, wide]).unwrap();
        }
        a
    }
}
