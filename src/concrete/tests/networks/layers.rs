//! What a layer of a random network may be: each kind on what came before it, its sizes drawn so
//! that they fit.

use super::Growth;
use crate::net::{NodeId, Pooling, Range, Role, Shape, Window};
use crate::scalar::{Function, Rational};

impl Growth {
    /// A window over these lengths, and its own lengths, that has a place.
    pub(super) fn window(&mut self, image: &[usize]) -> (Vec<usize>, Window) {
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

    pub(super) fn conv(&mut self, x: NodeId) -> NodeId {
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

    pub(super) fn pool(&mut self, x: NodeId) -> NodeId {
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

    pub(super) fn matmul(&mut self, x: NodeId) -> NodeId {
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
    pub(super) fn dense(&mut self, x: NodeId) -> NodeId {
        let x = self.tensor(x);
        let inner = *self.lengths(x).last().unwrap();
        let outer = 1 + self.dice.below(3);
        let (w, bias) = (self.param(&[outer, inner]), self.param(&[outer]));
        let turned = self.b.transpose(w, &[1, 0]).unwrap();
        let product = self.b.matmul(x, turned).unwrap();
        self.b.add(&[product, bias]).unwrap()
    }

    /// A shape that broadcasts with that of x.
    pub(super) fn beside(&mut self, x: NodeId) -> Vec<usize> {
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

    pub(super) fn broadcast(&mut self, x: NodeId) -> NodeId {
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
    pub(super) fn above_zero(&mut self, x: NodeId) -> NodeId {
        let one = self.number(1);
        let square = self.b.mul(&[x, x]).unwrap();
        self.b.add(&[square, one]).unwrap()
    }

    pub(super) fn reduce(&mut self, x: NodeId) -> NodeId {
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

    pub(super) fn view(&mut self, x: NodeId) -> NodeId {
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

    pub(super) fn concat(&mut self, x: NodeId) -> NodeId {
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
    pub(super) fn pick(&mut self, x: NodeId) -> NodeId {
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

    pub(super) fn function(&mut self, x: NodeId) -> NodeId {
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
    pub(super) fn residual(&mut self, x: NodeId) -> NodeId {
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

    pub(super) fn with_numbers(&mut self, x: NodeId) -> NodeId {
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
