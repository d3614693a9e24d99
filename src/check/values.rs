//! The points of a check: which leaves need a value, random small rationals for those without
//! one, and the way from exact values to every number system. Deterministic in the seed.

use crate::concrete::Values;
use crate::diag::{Error, Kind};
use crate::net::{Network, Op, QuantityId, Role};
use crate::ordered::Ordered;
use crate::scalar::{Rational, Scalar};

/// The ranges that values are drawn from, in [`UNITS`], one after the other: around 0 first; then,
/// for networks that take logarithms or roots of their leaves, above it; then between 0 and 1.
pub(super) const RANGES: [(i64, i64); 3] = [(-16, 16), (1, 16), (1, 7)];

/// Drawn values are multiples of 1/8, or, where the network leaves the range of numbers at such
/// values, as exp of long products does, of a smaller part.
pub(super) const UNITS: [i64; 5] = [8, 64, 512, 4096, 32768];

/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
pub(super) struct SplitMix(pub u64);

impl SplitMix {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A multiple of 1/unit whose numerator lies in the range, both ends included.
    fn multiple(&mut self, unit: i64, (low, high): (i64, i64)) -> Rational {
        // The bias of the remainder is below 33/2^64.
        let n = low + (self.next() % (high - low + 1) as u64) as i64;
        Rational::new(n, unit).unwrap_or_else(|_| unreachable!("no unit is 1/0"))
    }
}

/// The leaves that have to have a value, the parameters and what the loss is made of, and have
/// none, in the order of the source.
pub(super) fn missing(net: &Network) -> Vec<QuantityId> {
    let loss = net.quantity(net.loss()).node;
    let mut needed = vec![false; net.nodes().len()];
    needed[loss.index()] = true;
    for index in (0..=loss.index()).rev() {
        if needed[index] {
            net.nodes()[index].op.for_operands(|operand| needed[operand.index()] = true);
        }
    }
    net.quantities()
        .filter(|(id, q)| {
            matches!(net.node(q.node).op, Op::Leaf(_))
                && (needed[q.node.index()] || q.role == Role::Param)
                && !net.values().contains_key(id)
        })
        .map(|(id, _)| id)
        .collect()
}

/// The given values, and one drawn for each cell of `missing`.
pub(super) fn draw(
    net: &Network,
    missing: &[QuantityId],
    random: &mut SplitMix,
    unit: i64,
    range: (i64, i64),
) -> Values<Rational> {
    let mut values = net.values().clone();
    for id in missing {
        let cells = net.shape(*id).elements();
        values.insert(*id, (0..cells).map(|_| random.multiple(unit, range)).collect());
    }
    values
}

/// The same values in another number system.
///
/// # Errors
/// A number that `T` does not hold, at its quantity.
pub(super) fn convert<T: Scalar>(
    net: &Network,
    values: &Values<Rational>,
) -> Result<Values<T>, Error> {
    let numbers = |(id, exact): (&QuantityId, &Vec<Rational>)| {
        let numbers = exact.iter().map(T::from_rational).collect::<Result<Vec<T>, _>>();
        numbers.map(|numbers| (*id, numbers)).map_err(|fault| {
            let quantity = net.quantity(*id);
            let sentence = format!("a value of `{}` cannot be used: {fault}", quantity.name);
            Error::new(Kind::Value, sentence).at(quantity.span)
        })
    };
    values.iter().map(numbers).try_into_map()
}

/// At most `most` of the positions below `cells`, evenly spread, the first among them.
pub(super) fn sample(cells: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = cells.min(most);
    (0..count).map(move |n| (n as u128 * cells as u128 / count as u128) as usize)
}

/// How many elements and products a forward pass computes, about.
pub(super) fn work(net: &Network) -> usize {
    let of = |tensor: &crate::net::Tensor| {
        let mut each = 1;
        match &tensor.op {
            Op::Conv { kernel, .. } => {
                let kernel = &net.node(*kernel).shape;
                let filters = if kernel.rank() > 2 { kernel.lengths()[0] } else { 1 };
                each = kernel.elements() / filters;
            }
            Op::Max(a, _) | Op::Sum(a, _) => {
                each = net.node(*a).shape.elements() / tensor.shape.elements();
            }
            Op::MatMul(a, _) => each = net.node(*a).shape.lengths().last().copied().unwrap_or(1),
            Op::Pool { size, .. } => each = size.iter().product(),
            op => op.for_operands(|_| each += 1),
        }
        tensor.shape.elements().saturating_mul(each)
    };
    net.nodes().iter().map(of).fold(1, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_that_of_the_published_generator() {
        // The first outputs for the seed 1234567, as the reference implementation prints them.
        let mut random = SplitMix(1_234_567);
        let first = [random.next(), random.next(), random.next()];
        assert_eq!(
            first,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn drawn_values_are_eighths_of_the_range() {
        let mut random = SplitMix(1);
        for range in RANGES {
            let drawn: Vec<Rational> = (0..500).map(|_| random.multiple(8, range)).collect();
            let [low, high] = [range.0, range.1].map(|n| Rational::new(n, 8).unwrap());
            assert_eq!(drawn.iter().min(), Some(&low));
            assert_eq!(drawn.iter().max(), Some(&high));
        }
    }

    #[test]
    fn samples_are_spread_and_complete_where_they_can_be() {
        assert_eq!(sample(5, 8).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(sample(10, 4).collect::<Vec<_>>(), [0, 2, 5, 7]);
        assert_eq!(sample(1 << 20, 2).collect::<Vec<_>>(), [0, 1 << 19]);
        assert_eq!(sample(0, 4).count(), 0);
    }

    /// A pass computes each element of each tensor from so many.
    #[test]
    fn the_work_of_a_pass_is_counted_by_what_elements_are_made_of() {
        use crate::concrete::tests::sketch::Sketch;
        use crate::net::{NodeId, Pooling, Role, Shape, Window};
        type Operation = fn(&mut Sketch) -> (Op, Vec<usize>, usize);
        let cases: [(&str, Operation); 9] = [
            ("a number", |s| {
                s.leaf("x", Role::Input, &[4, 8]);
                (Op::Number(Rational::from(2)), vec![], 1)
            }),
            ("one operand", |s| (Op::Neg(s.leaf("x", Role::Input, &[4, 8])), vec![4, 8], 64)),
            ("two operands", |s| {
                let x = s.leaf("x", Role::Input, &[4, 8]);
                (Op::Sub(x, x), vec![4, 8], 96)
            }),
            ("a sum along an axis", |s| {
                (Op::Sum(s.leaf("x", Role::Input, &[4, 8]), vec![1]), vec![4], 32)
            }),
            ("a max of all", |s| {
                (Op::Max(s.leaf("x", Role::Input, &[4, 8]), vec![0, 1]), vec![], 32)
            }),
            ("a matrix product", |s| {
                let x = s.leaf("x", Role::Input, &[4, 8]);
                let b = s.leaf("b", Role::Input, &[8, 3]);
                (Op::MatMul(x, b), vec![4, 3], 96)
            }),
            ("a pool", |s| {
                let input = s.leaf("x", Role::Input, &[4, 8]);
                let (kind, window) = (Pooling::Mean, Window::plain(2));
                (Op::Pool { kind, input, size: vec![2, 3], window }, vec![2, 2], 24)
            }),
            ("a convolution in one plane", |s| {
                let input = s.leaf("x", Role::Input, &[4, 8]);
                let kernel = s.leaf("k", Role::Param, &[2, 3]);
                (Op::Conv { input, kernel, window: Window::plain(2) }, vec![3, 6], 108)
            }),
            // 5 filters over 2 channels.
            ("a convolution of channels along a line", |s| {
                let input = s.leaf("x", Role::Input, &[2, 8]);
                let kernel = s.leaf("k", Role::Param, &[5, 2, 3]);
                (Op::Conv { input, kernel, window: Window::plain(1) }, vec![5, 6], 180)
            }),
        ];
        for (what, operation) in cases {
            let mut s = Sketch::default();
            let (op, shape, expected) = operation(&mut s);
            let node = s.op(op, Shape::new(shape));
            let sum = s.sum(node);
            let net = s.finish(sum);
            let of = |n: usize| net.node(NodeId(n as u32)).shape.elements();
            // Beside it: leaves, the sum of it, the name of that, and 1 to begin with.
            let leaves: usize = (0..node.index()).map(of).sum();
            let defined = net.nodes().len() - sum.index() - 1;
            let beside = leaves + of(node.index()) + 2 * defined + 1;
            assert_eq!(work(&net) - beside, expected, "{what}");
        }
    }
}
