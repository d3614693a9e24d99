//! Random networks, valid by construction: the one generator of every law about networks.
//!
//! Goes in: a [`Recipe`], numbers that shrink. Comes out: a network of 1 to [`MAX_LAYERS`] layers
//! made by the checking [`Builder`], so that a layer that it would refuse is an error of the
//! generator. Every layer that is not used by another one ends in the loss, each element of it with a
//! factor of its own, so that no two elements have the same adjoint by chance.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::net::{Builder, Network, NodeId, Pooling, Range, Role, Shape, Window};
use crate::scalar::{Function, Rational};

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

    /// A window over these lengths, and its own lengths, that has a place.
    fn window(&mut self, image: &[usize]) -> (Vec<usize>, Window) {
        let mut size = Vec::new();
        let mut window = Window::plain(image.len());
        for (axis, length) in image.iter().enumerate() {
            let k = 1 + self.dice.below(3);
            window.stride[axis] = 1 + self.dice.below(3);
            window.dilation[axis] = 1 + self.dice.below(2);
            window.padding[axis] = [self.dice.below(3), self.dice.below(3)];
            let reach = (k - 1) * window.dilation[axis] + 1;
            let padded = length + window.padding[axis].iter().sum::<usize>();
            window.padding[axis][1] += reach.saturating_sub(padded);
            size.push(k);
        }
        (size, window)
    }

    fn conv(&mut self, x: NodeId) -> NodeId {
        let spatial = self.dice.pick(&[1, 1, 2, 2, 2, 3]);
        let channels = self.dice.below(3) > 0 || spatial == 3;
        let rank = if channels { spatial + 1 + self.dice.below(2) } else { spatial };
        let x = self.of_rank(x, rank);
        let lengths = self.lengths(x);
        let (size, mut window) = self.window(&lengths[rank - spatial..]);
        window.flip = self.dice.once_in(3);
        let mut kernel = size;
        if channels {
            let planes = lengths[rank - spatial - 1];
            let divisors: Vec<usize> = (1..=planes).filter(|g| planes.is_multiple_of(*g)).collect();
            window.groups = self.dice.pick(&divisors);
            let filters = window.groups * (1 + self.dice.below(2));
            kernel = [vec![filters, planes / window.groups], kernel].concat();
        }
        let k = self.param(&kernel);
        let y = self.b.conv(x, k, window).unwrap();
        if self.dice.once_in(2) {
            return y;
        }
        let mut bias = self.param(if channels { &kernel[..1] } else { &[] });
        if channels {
            let shape = [vec![kernel[0]], vec![1; spatial]].concat();
            bias = self.b.reshape(bias, Shape::new(shape)).unwrap();
        }
        self.b.add(&[y, bias]).unwrap()
    }

    fn pool(&mut self, x: NodeId) -> NodeId {
        let x = self.tensor(x);
        let x = self.perhaps_named(x);
        let lengths = self.lengths(x);
        let spatial = 1 + self.dice.below(lengths.len().min(3));
        let image = &lengths[lengths.len() - spatial..];
        let (mut size, mut window) = self.window(image);
        for axis in 0..spatial {
            let padded = image[axis] + window.padding[axis].iter().sum::<usize>();
            let reach = (size[axis] - 1) * window.dilation[axis] + 1;
            let filled = (0..=(padded - reach) / window.stride[axis]).all(|out| {
                (0..size[axis]).any(|m| window.cell(axis, out, m, image[axis]).is_some())
            });
            if !filled {
                (window.padding[axis], window.dilation[axis]) = ([0, 0], 1);
                size[axis] = size[axis].min(image[axis]);
            }
        }
        let kind =
            self.dice.pick(&[Pooling::Max, Pooling::Max, Pooling::Mean, Pooling::MeanInside]);
        self.b.pool(kind, x, &size, window).unwrap()
    }

    fn matmul(&mut self, x: NodeId) -> NodeId {
        let x = self.tensor(x);
        let lengths = self.lengths(x);
        let rank = lengths.len();
        if rank > 1 && self.dice.once_in(5) {
            let mut axes: Vec<usize> = (0..rank).collect();
            axes.swap(rank - 2, rank - 1);
            let turned = self.b.transpose(x, &axes).unwrap();
            return self.b.matmul(x, turned).unwrap();
        }
        let on_the_right = self.dice.once_in(2);
        let inner = if on_the_right || rank == 1 { lengths[rank - 1] } else { lengths[rank - 2] };
        let free = 1 + self.dice.below(3);
        let mut shape = match (self.dice.below(3), on_the_right) {
            (0, _) => vec![inner],
            (_, true) => vec![inner, free],
            (_, false) => vec![free, inner],
        };
        if shape.len() == 2 && self.dice.once_in(2) {
            // Batch axes: those of x or 1, perhaps one more in front.
            let batch = &lengths[..rank.saturating_sub(2)];
            let from = self.dice.below(batch.len() + 1);
            let mut own: Vec<usize> =
                batch[from..].iter().map(|n| if self.dice.once_in(2) { 1 } else { *n }).collect();
            if from == 0 && self.dice.once_in(2) {
                own.insert(0, 2);
            }
            shape = [own, shape].concat();
        }
        let w = self.param(&shape);
        match on_the_right {
            true => self.b.matmul(x, w).unwrap(),
            false => self.b.matmul(w, x).unwrap(),
        }
    }

    /// x Wᵀ + b, with W as the frameworks keep it.
    fn dense(&mut self, x: NodeId) -> NodeId {
        let x = self.tensor(x);
        let inner = *self.lengths(x).last().unwrap();
        let outer = 1 + self.dice.below(3);
        let (w, bias) = (self.param(&[outer, inner]), self.param(&[outer]));
        let turned = self.b.transpose(w, &[1, 0]).unwrap();
        let product = self.b.matmul(x, turned).unwrap();
        self.b.add(&[product, bias]).unwrap()
    }

    /// A shape that broadcasts with that of x.
    fn beside(&mut self, x: NodeId) -> Vec<usize> {
        let lengths = self.lengths(x);
        let from = self.dice.below(lengths.len() + 1) * self.dice.below(2);
        let mut own: Vec<usize> = lengths[from..]
            .iter()
            .map(|n| match (n, self.dice.below(3)) {
                (1, 0) => 2,
                (_, 1) => 1,
                _ => *n,
            })
            .collect();
        if from == 0 && self.dice.once_in(3) {
            own.insert(0, 2);
        }
        own
    }

    fn broadcast(&mut self, x: NodeId) -> NodeId {
        let shape = self.beside(x);
        match self.dice.below(9) {
            0 => {
                let w = self.param(&shape);
                self.b.add(&[x, w]).unwrap()
            }
            1 => {
                let (v, w) = (self.param(&shape), self.param(&[]));
                self.b.add(&[w, x, v]).unwrap()
            }
            2 => {
                let w = self.param(&shape);
                self.b.sub(x, w).unwrap()
            }
            3 => {
                let w = self.param(&shape);
                self.b.sub(w, x).unwrap()
            }
            4 => {
                let w = self.param(&shape);
                self.b.mul(&[w, x]).unwrap()
            }
            5 => {
                let w = self.param(&shape);
                self.b.mul(&[x, w, x]).unwrap()
            }
            6 => {
                let d = self.leaf(Role::Param, "d", &shape);
                self.b.div(x, d).unwrap()
            }
            7 => {
                let (w, below) = (self.param(&shape), self.above_zero(x));
                self.b.div(w, below).unwrap()
            }
            _ if self.transcendental => {
                let (w, base) = (self.param(&shape), self.above_zero(x));
                self.b.pow(base, w).unwrap()
            }
            _ => {
                let (w, two) = (self.param(&shape), self.number(2));
                let difference = self.b.sub(x, w).unwrap();
                self.b.pow(difference, two).unwrap()
            }
        }
    }

    /// x² + 1.
    fn above_zero(&mut self, x: NodeId) -> NodeId {
        let one = self.number(1);
        let square = self.b.mul(&[x, x]).unwrap();
        self.b.add(&[square, one]).unwrap()
    }

    fn reduce(&mut self, x: NodeId) -> NodeId {
        let x = self.tensor(x);
        let rank = self.lengths(x).len();
        let mut axes: Vec<usize> = (0..rank).filter(|_| self.dice.once_in(2)).collect();
        if axes.is_empty() {
            axes = vec![self.dice.below(rank)];
        }
        if self.dice.once_in(2) {
            return self.b.sum_along(x, &axes).unwrap();
        }
        let x = self.perhaps_named(x);
        self.b.max_along(x, &axes).unwrap()
    }

    fn view(&mut self, x: NodeId) -> NodeId {
        let x = self.tensor(x);
        let mut lengths = self.lengths(x);
        match self.dice.below(3) {
            0 => {
                self.dice.shuffle(&mut lengths);
                if self.dice.once_in(2) && lengths.len() > 1 {
                    let last = lengths.pop().unwrap();
                    lengths[0] *= last;
                }
                self.b.reshape(x, Shape::new(lengths)).unwrap()
            }
            1 => {
                let mut axes: Vec<usize> = (0..lengths.len()).collect();
                self.dice.shuffle(&mut axes);
                self.b.transpose(x, &axes).unwrap()
            }
            _ => {
                let mut range = |length: &usize| {
                    let start = self.dice.below(*length);
                    let step = 1 + self.dice.below(2);
                    let count = 1 + self.dice.below((length - start - 1) / step + 1);
                    Range { start, step, count }
                };
                let ranges: Vec<Range> = lengths.iter().map(&mut range).collect();
                self.b.slice(x, &ranges).unwrap()
            }
        }
    }

    fn concat(&mut self, x: NodeId) -> NodeId {
        let x = self.tensor(x);
        let mut lengths = self.lengths(x);
        let axis = self.dice.below(lengths.len());
        lengths[axis] = 1 + self.dice.below(2);
        let mut parts = vec![x, self.param(&lengths)];
        if self.dice.once_in(3) {
            parts.push(x);
        }
        self.dice.shuffle(&mut parts);
        self.b.concat(&parts, axis).unwrap()
    }

    /// An element, or the greatest of several.
    fn pick(&mut self, x: NodeId) -> NodeId {
        let x = self.tensor(x);
        let x = self.perhaps_named(x);
        let shape = self.b.shape(x).clone();
        let count = self.dice.pick(&[1, 2, 3]);
        let elements: Vec<NodeId> = (0..count)
            .map(|_| {
                let at = shape.index(self.dice.below(shape.elements()));
                self.b.element(x, &at).unwrap()
            })
            .collect();
        if count == 1 { elements[0] } else { self.b.max_of(&elements).unwrap() }
    }

    fn function(&mut self, x: NodeId) -> NodeId {
        let f = self.dice.pick(&Function::ALL);
        if f.has_kink() || !self.transcendental {
            let f =
                if f.has_kink() { f } else { self.dice.pick(&[Function::Relu, Function::Sqrt]) };
            let x = self.perhaps_named(x);
            if f == Function::Sqrt {
                // √((x² + 1)²) is rational, and has a slope.
                let two = self.number(2);
                let above = self.above_zero(x);
                let square = self.b.pow(above, two).unwrap();
                return self.b.call(f, square).unwrap();
            }
            return self.b.call(f, x).unwrap();
        }
        // Where it is defined, and no large number.
        let argument = match f {
            Function::Ln | Function::Sqrt => self.above_zero(x),
            Function::Exp => {
                let above = self.above_zero(x);
                self.b.neg(above).unwrap()
            }
            _ => x,
        };
        self.b.call(f, argument).unwrap()
    }

    /// x + f(x), or f(x + f(x)) with the same weights, where f keeps the shape.
    fn residual(&mut self, x: NodeId) -> NodeId {
        let lengths = self.lengths(x);
        let kind = if lengths.is_empty() { 0 } else { self.dice.below(3) };
        let inner = lengths.last().copied().unwrap_or(1);
        let w = match kind {
            0 => self.param(&lengths),
            1 => self.param(&[inner, inner]),
            _ => self.param(&[1, 1, 3]),
        };
        let f = |growth: &mut Growth, x: NodeId| match kind {
            0 => growth.b.mul(&[w, x]).unwrap(),
            1 => growth.b.matmul(x, w).unwrap(),
            _ => {
                let planes = growth.b.shape(x).elements() / inner;
                let image = growth.b.reshape(x, Shape::new([planes, 1, inner])).unwrap();
                let window = Window { padding: vec![[1, 1]], ..Window::plain(1) };
                let y = growth.b.conv(image, w, window).unwrap();
                growth.b.reshape(y, Shape::new(lengths.clone())).unwrap()
            }
        };
        let inside = f(self, x);
        let sum = self.b.add(&[x, inside]).unwrap();
        if self.dice.once_in(2) { f(self, sum) } else { sum }
    }

    fn with_numbers(&mut self, x: NodeId) -> NodeId {
        let n = self.dice.pick(&[-2, -1, 0, 1, 2, 3]);
        let constant = self.number(n);
        match self.dice.below(6) {
            0 => self.b.neg(x).unwrap(),
            1 => self.b.mul(&[constant, x]).unwrap(),
            2 => self.b.sub(constant, x).unwrap(),
            3 => {
                let three = self.number(3);
                self.b.div(x, three).unwrap()
            }
            4 if self.transcendental => {
                let half = self.b.number(&Rational::new(1, 2).unwrap()).unwrap();
                let base = self.above_zero(x);
                self.b.pow(base, half).unwrap()
            }
            _ => {
                // A whole exponent, however it is written; below 0 the base is not 0.
                let base = if n < 0 { self.above_zero(x) } else { x };
                let exponent = match self.dice.below(3) {
                    0 => constant,
                    1 => self.named(constant),
                    _ => {
                        let opposite = self.number(-n);
                        self.b.neg(opposite).unwrap()
                    }
                };
                self.b.pow(base, exponent).unwrap()
            }
        }
    }
}
