//! What can be done to right numbers to make them wrong: signs, factors, orders, sums, and numbers
//! that belong elsewhere. One table, the simplest first; whoever explains the numbers is named.

use super::{Case, Cause, point};
use crate::concrete::backward;
use crate::net::{Network, QuantityId, Shape};
use crate::scalar::{Interval, Rational, Scalar};

/// The largest number of sizes that are tried as factors.
const MAX_SIZES: usize = 64;
/// An axis of at most so many indices is looked at for a permutation.
const MAX_PERMUTED: usize = 1024;
/// Orders of axes are tried for tensors of at most so many.
const MAX_AXES: usize = 5;

/// Element n of wrong numbers, from the right ones.
type From<'a> = Box<dyn Fn(usize) -> Option<Interval> + 'a>;

/// Where element n of wrong numbers stands among the right ones.
type Order<'a> = Box<dyn Fn(usize) -> usize + 'a>;

/// Every row of the table that explains the numbers.
pub(super) fn causes(case: &Case<'_>) -> Vec<Cause> {
    let (net, shape, right) = (case.net, case.net.shape(case.by), case.right);
    let mut found = Vec::new();
    let mut try_one = |cause: Cause, predicted: From<'_>| {
        if case.explained(predicted) && !found.contains(&cause) {
            found.push(cause);
        }
    };
    let times = |factor: Rational| -> From<'_> {
        let factor = Interval::from_rational(&factor).ok();
        Box::new(move |n| factor?.mul(&right[n]).ok())
    };
    try_one(Cause::Zero, times(Rational::from(0)));
    try_one(Cause::SignFlipped, times(Rational::from(-1)));
    for factor in factors(net) {
        try_one(Cause::Factor(factor.clone()), times(factor));
    }
    for (cause, order) in orders(shape) {
        let moved = |n: usize| right.get(order(n)).copied();
        try_one(cause.clone(), Box::new(moved));
        try_one(Cause::AndSign(Box::new(cause)), Box::new(move |n| Some(moved(n)?.neg())));
    }
    for axis in 0..shape.rank() {
        if let Some(order) = permutation(case, shape, axis) {
            let from = |n: usize| {
                let mut at = shape.index(n);
                at[axis] = order[at[axis]];
                shape.position(&at)
            };
            let moved: From<'_> = Box::new(|n| right.get(from(n)?).copied());
            try_one(Cause::Permuted { axis, order: order.clone() }, moved);
        }
    }
    let is_lost = |n: usize| case.theirs[n] == 0.0 && !right[n].contains(0.0);
    let lost: Vec<usize> = (0..right.len()).filter(|n| is_lost(*n)).collect();
    if lost.len() * 2 <= right.len() {
        let zero = Interval::from_rational(&Rational::from(0)).ok();
        let left = |n: usize| if is_lost(n) { zero } else { Some(right[n]) };
        try_one(Cause::ElementsZero(lost), Box::new(left));
    }
    for axes in sets(shape) {
        let sums = sums(shape, &axes, right);
        try_one(Cause::Summed(axes), Box::new(move |n| sums.as_ref()?.get(n).copied()));
    }
    // Numbers of somebody else, of as many elements.
    let others: Vec<QuantityId> = net
        .quantities()
        .map(|(id, _)| id)
        .filter(|id| *id != case.by && net.shape(*id).elements() == right.len())
        .filter(|id| case.run.of(*id).is_some())
        .collect();
    if let Ok(gradients) = backward(net, case.run, &others) {
        for id in &others {
            let Some(all) = gradients.of(*id) else { continue };
            let name = net.quantity(*id).name.clone();
            try_one(Cause::GradientOf(name), Box::new(|n| point(all.get(n))));
        }
    }
    for id in others.iter().chain([&case.by]) {
        let Some(all) = case.run.of(*id) else { continue };
        let name = net.quantity(*id).name.clone();
        try_one(Cause::ValueOf(name), Box::new(|n| point(all.get(n))));
    }
    found
}

/// 2, and then the lengths and numbers of elements of the tensors, ascending; each, one part of
/// it, and the negatives.
fn factors(net: &Network) -> Vec<Rational> {
    let lengths = |t: &crate::net::Tensor| {
        let lengths = t.shape.lengths().to_vec();
        lengths.into_iter().chain([t.shape.elements()]).collect::<Vec<_>>()
    };
    let mut sizes: Vec<usize> = net.nodes().iter().flat_map(lengths).filter(|n| *n > 2).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes.truncate(MAX_SIZES);
    sizes.insert(0, 2);
    let mut factors = Vec::new();
    for sign in [1, -1] {
        for n in &sizes {
            factors.push(Rational::from(sign * *n as i64));
            factors.extend(Rational::new(sign, *n as i64));
        }
    }
    factors
}

/// Where each element comes from, in the orders that are mistaken for one another.
fn orders(shape: &Shape) -> Vec<(Cause, Order<'_>)> {
    let mut orders: Vec<(Cause, Order<'_>)> = Vec::new();
    let rank = shape.rank();
    if (2..=MAX_AXES).contains(&rank) {
        let mut exchanged = permutations(rank);
        // Two axes exchanged before everything else.
        exchanged.sort_by_key(|order| order.iter().enumerate().filter(|(i, a)| i != *a).count());
        for order in exchanged.into_iter().skip(1) {
            let cause = match rank {
                2 => Cause::Transposed,
                _ => Cause::AxesOrder(order.clone()),
            };
            // Their tensor has these lengths, row-major as well.
            let theirs = Shape::new(order.iter().map(|a| shape.lengths()[*a]).collect::<Vec<_>>());
            let from = move |n: usize| {
                let at = theirs.index(n);
                let mut source = vec![0; at.len()];
                order.iter().zip(at).for_each(|(axis, i)| source[*axis] = i);
                shape.position(&source).unwrap_or(n)
            };
            orders.push((cause, Box::new(from)));
        }
    }
    for axes in reversals(rank) {
        let turned = axes.clone();
        let from = move |n: usize| {
            let mut at = shape.index(n);
            turned.iter().for_each(|axis| at[*axis] = shape.lengths()[*axis] - 1 - at[*axis]);
            shape.position(&at).unwrap_or(n)
        };
        orders.push((Cause::Turned(axes), Box::new(from)));
    }
    orders
}

/// Every order of so many things.
pub(super) fn permutations(rank: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..rank {
        let grow = |order: &Vec<usize>| -> Vec<Vec<usize>> {
            let free = (0..rank).filter(|axis| !order.contains(axis));
            free.map(|axis| [order.as_slice(), &[axis]].concat()).collect()
        };
        all = all.iter().flat_map(grow).collect();
    }
    all
}

/// The last axes together, which are a kernel's own, and each alone.
fn reversals(rank: usize) -> Vec<Vec<usize>> {
    let together = (2..=rank.min(3)).map(|count| (rank - count..rank).collect());
    let alone = (0..rank).map(|axis| vec![axis]);
    together.chain(alone).collect()
}

/// The axes to sum along: each, and all.
fn sets(shape: &Shape) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = (0..shape.rank()).map(|axis| vec![axis]).collect();
    if shape.rank() > 1 {
        sets.push((0..shape.rank()).collect());
    }
    sets.retain(|axes| axes.iter().any(|axis| shape.lengths()[*axis] > 1));
    sets
}

/// The sum along some axes, at each element.
fn sums(shape: &Shape, axes: &[usize], right: &[Interval]) -> Option<Vec<Interval>> {
    let first = |n: usize| {
        let mut at = shape.index(n);
        axes.iter().for_each(|axis| at[*axis] = 0);
        shape.position(&at)
    };
    let mut sums: Vec<Option<Interval>> = vec![None; right.len()];
    for (n, x) in right.iter().enumerate() {
        let to = first(n)?;
        sums[to] = Some(match sums[to] {
            Some(sum) => sum.add(x).ok()?,
            None => *x,
        });
    }
    (0..right.len()).map(|n| sums[first(n)?]).collect()
}

/// For each index along an axis, the first one that is not taken and whose elements are theirs.
fn permutation(case: &Case<'_>, shape: &Shape, axis: usize) -> Option<Vec<usize>> {
    let length = shape.lengths()[axis];
    if length > MAX_PERMUTED {
        return None;
    }
    let inner: usize = shape.lengths()[axis + 1..].iter().product();
    let outer = shape.elements() / (inner * length).max(1);
    let mut order: Vec<usize> = Vec::new();
    let mut taken = vec![false; length];
    for index in 0..length {
        let same = |from: &usize| {
            (0..outer * inner).all(|n| {
                let place = |i: usize| (n / inner * length + i) * inner + n % inner;
                case.right[place(*from)].contains(case.theirs[place(index)])
            })
        };
        let from = (0..length).filter(|from| !taken[*from]).find(same)?;
        taken[from] = true;
        order.push(from);
    }
    (!order.iter().copied().eq(0..length)).then_some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_summed_and_reversed_alone_and_together() {
        let none = Vec::<Vec<usize>>::new();
        for (lengths, expected) in [
            (vec![], none.clone()),
            (vec![3], vec![vec![0]]),
            (vec![3, 2], vec![vec![0], vec![1], vec![0, 1]]),
            // An axis of one has nothing to sum.
            (vec![3, 1], vec![vec![0], vec![0, 1]]),
            (vec![1, 1], none.clone()),
            (vec![2, 3, 4], vec![vec![0], vec![1], vec![2], vec![0, 1, 2]]),
        ] {
            assert_eq!(sets(&Shape::new(lengths.clone())), expected, "{lengths:?}");
        }
        assert_eq!(reversals(0), none);
        assert_eq!(reversals(1), [[0]]);
        assert_eq!(reversals(2), [vec![0, 1], vec![0], vec![1]]);
        let of_four = [vec![2, 3], vec![1, 2, 3], vec![0], vec![1], vec![2], vec![3]];
        assert_eq!(reversals(4), of_four);
        let all = permutations(3);
        assert_eq!((permutations(0), permutations(1)), (vec![vec![]], vec![vec![0]]));
        assert_eq!(all.len(), 6);
        assert!(all.is_sorted() && all.iter().all(|order| order.len() == 3));
    }

    #[test]
    fn a_sum_along_axes_stands_at_each_of_its_elements() {
        let right: Vec<Interval> =
            (1..=6).map(|n| Interval::point(f64::from(n)).unwrap()).collect();
        let of = |axes: &[usize]| -> Vec<f64> {
            let all = sums(&Shape::new([2, 3]), axes, &right).unwrap();
            all.iter().map(|x| (x.lower + x.upper) / 2.0).collect()
        };
        assert_eq!(of(&[0]), [5.0, 7.0, 9.0, 5.0, 7.0, 9.0]);
        assert_eq!(of(&[1]), [6.0, 6.0, 6.0, 15.0, 15.0, 15.0]);
        assert_eq!(of(&[0, 1]), [21.0; 6]);
    }
}
