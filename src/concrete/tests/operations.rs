//! Each tensor operation against its definition: the formula of [`Op`]'s documentation, written
//! out over every index by loops that share nothing with the passes, forward and, by the product
//! rule on the same formula, backward; and some cases in numbers worked out by hand.

use proptest::prelude::*;

use super::random::runner;
use super::*;
use crate::net::{Builder, Op, Pooling, Range, Role, Shape, Window};

fn q(n: i64) -> Rational {
    Rational::from(n)
}

fn whole(numbers: &[i64]) -> Vec<Rational> {
    numbers.iter().map(|n| q(*n)).collect()
}

/// One operation on operands of these shapes, E = Σ r·y with r a leaf of the shape of y.
struct Case {
    net: Network,
    y: NodeId,
}

impl Case {
    fn new(shapes: &[&[usize]], operation: impl Fn(&mut Builder, &[NodeId]) -> NodeId) -> Case {
        let mut b = Builder::new();
        let names = ["a", "b", "c"];
        let operands: Vec<NodeId> = shapes
            .iter()
            .zip(names)
            .map(|(shape, name)| {
                let id = b.declare(Role::Param, name, Shape::new(*shape)).unwrap();
                b.node_of(id)
            })
            .collect();
        let y = operation(&mut b, &operands);
        let r = b.declare(Role::Input, "r", b.shape(y).clone()).unwrap();
        let r = b.node_of(r);
        let product = b.mul(&[r, y]).unwrap();
        let loss = if b.shape(y).is_scalar() { product } else { b.sum(product).unwrap() };
        b.define("E", loss).unwrap();
        Case { net: b.finish().unwrap(), y }
    }

    fn shape(&self) -> &Shape {
        &self.net.node(self.y).shape
    }

    /// y and the gradients by every leaf, at whole numbers.
    fn run(&self, values: &[(&str, &[i64])]) -> (Vec<Rational>, BTreeMap<String, Vec<Rational>>) {
        let id = |name: &str| self.net.find(name).unwrap();
        let point: Values<Rational> =
            values.iter().map(|(name, numbers)| (id(name), whole(numbers))).collect();
        let run = forward(&self.net, &point, Decide::ByValue).unwrap();
        let by: Vec<QuantityId> = values.iter().map(|(name, _)| id(name)).collect();
        let gradients = backward(&self.net, &run, &by).unwrap();
        let named = |id: &QuantityId| self.net.quantity(*id).name.clone();
        let found = by.iter().map(|id| (named(id), gradients.of(*id).unwrap().to_vec())).collect();
        (run.value(self.y).unwrap().to_vec(), found)
    }

    /// Small whole numbers, different for each element of each leaf.
    fn numbers(&self, name: &str) -> Vec<i64> {
        let elements = self.net.shape(self.net.find(name).unwrap()).elements() as i64;
        let first = i64::from(name.as_bytes()[0]);
        (0..elements).map(|n| (n * n * 5 + n * 3 + first * 7) % 19 - 9).collect()
    }

    /// Holds both passes against a list of terms: element `output` of y is the sum, over the
    /// terms with that output, of the elements of the operands at their positions, multiplied.
    fn is_the_sum_of(&self, names: &[&str], terms: &[(usize, Vec<usize>)]) {
        let numbers: Vec<Vec<i64>> = names.iter().map(|name| self.numbers(name)).collect();
        let r = self.numbers("r");
        let mut given: Vec<(&str, &[i64])> =
            names.iter().zip(&numbers).map(|(name, n)| (*name, n.as_slice())).collect();
        given.push(("r", &r));
        let (y, gradients) = self.run(&given);
        let mut expected = vec![0; self.shape().elements()];
        let mut slopes: Vec<Vec<i64>> = numbers.iter().map(|n| vec![0; n.len()]).collect();
        for (output, at) in terms {
            let factor = |k: usize| numbers[k][at[k]];
            expected[*output] += (0..at.len()).map(factor).product::<i64>();
            for k in 0..at.len() {
                let others = (0..at.len()).filter(|other| *other != k).map(factor);
                slopes[k][at[k]] += r[*output] * others.product::<i64>();
            }
        }
        assert_eq!(y, whole(&expected));
        for (name, slopes) in names.iter().zip(&slopes) {
            assert_eq!(gradients[*name], whole(slopes), "by {name}");
        }
        assert_eq!(gradients["r"], whole(&expected));
    }
}

/// Every index of a shape, row-major.
fn indices(lengths: &[usize]) -> Vec<Vec<usize>> {
    let shape = Shape::new(lengths);
    (0..shape.elements()).map(|n| shape.index(n)).collect()
}

fn at(lengths: &[usize], index: &[usize]) -> usize {
    Shape::new(lengths).position(index).unwrap()
}

fn window(axes: usize) -> impl Strategy<Value = (Vec<usize>, Window)> {
    let axis = (1usize..4, 1usize..4, 1usize..3, 0usize..4, 0usize..4);
    (prop::collection::vec(axis, axes), any::<bool>()).prop_map(move |(drawn, flip)| {
        let window = Window {
            stride: drawn.iter().map(|d| d.1).collect(),
            dilation: drawn.iter().map(|d| d.2).collect(),
            padding: drawn.iter().map(|d| [d.3, d.4]).collect(),
            flip,
            ..Window::plain(axes)
        };
        (drawn.iter().map(|d| d.0).collect(), window)
    })
}

/// How many places a window has, counted one by one; 0 where it does not fit.
fn places(length: usize, k: usize, window: &Window, axis: usize) -> usize {
    let padded = length + window.padding[axis][0] + window.padding[axis][1];
    let last = |place: usize| place * window.stride[axis] + (k - 1) * window.dilation[axis];
    (0..).take_while(|place| last(*place) < padded).count()
}

/// The index that offset m of the window at a place stands on, if it is inside.
fn inside(window: &Window, axis: usize, place: usize, m: usize, length: usize) -> Option<usize> {
    let padded = (place * window.stride[axis] + m * window.dilation[axis]) as i64;
    let index = padded - window.padding[axis][0] as i64;
    (0 <= index && index < length as i64).then_some(index as usize)
}

#[test]
fn a_convolution_is_its_formula() {
    let geometry = (1usize..4).prop_flat_map(|axes| {
        let lengths = prop::collection::vec(1usize..5, axes);
        (window(axes), lengths, 1usize..3, 1usize..3, 1usize..3, 0usize..3)
    });
    let ran = std::cell::Cell::new(0);
    runner(250)
        .run(&geometry, |((size, mut window), image, groups, depth, filters, batch)| {
            let axes = size.len();
            let places: Vec<usize> =
                (0..axes).map(|i| places(image[i], size[i], &window, i)).collect();
            if places.contains(&0) || places.iter().product::<usize>() > 60 {
                return Ok(());
            }
            window.groups = groups;
            let (out, planes) = (filters * groups, depth * groups);
            // batch 0: no batch axis.
            let first: Vec<usize> = if batch == 0 { vec![] } else { vec![batch] };
            let x = [&first[..], &[planes], &image].concat();
            let k = [&[out, depth], &size[..]].concat();
            let y = [&first[..], &[out], &places].concat();
            let case =
                Case::new(&[&x, &k], |b, ops| b.conv(ops[0], ops[1], window.clone()).unwrap());
            prop_assert_eq!(case.shape().lengths(), &y[..]);
            let mut terms = Vec::new();
            for to in indices(&y) {
                let (before, place) = to.split_at(first.len() + 1);
                let o = before[first.len()];
                for c in 0..depth {
                    for m in indices(&size) {
                        let cell: Option<Vec<usize>> = (0..axes)
                            .map(|i| inside(&window, i, place[i], m[i], image[i]))
                            .collect();
                        let Some(cell) = cell else { continue };
                        let turned: Vec<usize> = match window.flip {
                            true => (0..axes).map(|i| size[i] - 1 - m[i]).collect(),
                            false => m,
                        };
                        let plane = o / filters * depth + c;
                        let from = [&before[..first.len()], &[plane], &cell].concat();
                        let by = [&[o, c], &turned[..]].concat();
                        terms.push((at(&y, &to), vec![at(&x, &from), at(&k, &by)]));
                    }
                }
            }
            case.is_the_sum_of(&["a", "b"], &terms);
            ran.set(ran.get() + 1);
            Ok(())
        })
        .unwrap();
    assert!(ran.get() > 100, "{}", ran.get());
}

#[test]
fn a_pooling_is_its_formula() {
    let geometry = (1usize..4).prop_flat_map(|axes| {
        let lengths = prop::collection::vec(1usize..5, axes);
        (window(axes), lengths, prop::collection::vec(1usize..3, 0..3), any::<u64>())
    });
    let ran = std::cell::Cell::new(0);
    runner(400)
        .run(&geometry, |((size, mut window), image, before, seed)| {
            window.flip = false;
            let axes = size.len();
            let places: Vec<usize> =
                (0..axes).map(|i| places(image[i], size[i], &window, i)).collect();
            let (x, y) = ([&before[..], &image].concat(), [&before[..], &places].concat());
            if places.contains(&0) || y.iter().product::<usize>() > 60 {
                return Ok(());
            }
            // Which cells are under the window of each output, as positions.
            let mut under = Vec::new();
            for to in indices(&y) {
                let (plane, place) = to.split_at(before.len());
                let cells = indices(&size).into_iter().filter_map(|m| {
                    let cell: Option<Vec<usize>> =
                        (0..axes).map(|i| inside(&window, i, place[i], m[i], image[i])).collect();
                    Some(at(&x, &[plane, &cell?].concat()))
                });
                under.push(cells.collect::<Vec<usize>>());
            }
            let pool = |kind: Pooling| {
                let mut b = Builder::new();
                let id = b.declare(Role::Input, "a", Shape::new(x.clone())).unwrap();
                let a = b.node_of(id);
                b.pool(kind, a, &size, window.clone())
            };
            if under.iter().any(Vec::is_empty) {
                let refused = pool(Pooling::Max).unwrap_err();
                prop_assert!(refused.message().contains("lies in the padding alone"));
                return Ok(());
            }
            ran.set(ran.get() + 1);
            for kind in [Pooling::Max, Pooling::Mean, Pooling::MeanInside] {
                let case =
                    Case::new(&[&x], |b, ops| b.pool(kind, ops[0], &size, window.clone()).unwrap());
                prop_assert_eq!(case.shape().lengths(), &y[..]);
                // Ties are common.
                let numbers: Vec<i64> = (0..x.iter().product())
                    .map(|n| (super::networks::mix(seed, n) % 5) as i64 - 2)
                    .collect();
                let r = case.numbers("r");
                let (found, gradients) = case.run(&[("a", &numbers), ("r", &r)]);
                let mut by_cell = vec![q(0); numbers.len()];
                for (output, cells) in under.iter().enumerate() {
                    let count = match kind {
                        Pooling::Max => {
                            let best = cells.iter().map(|c| numbers[*c]).max().unwrap();
                            let winner = *cells.iter().find(|c| numbers[**c] == best).unwrap();
                            prop_assert_eq!(&found[output], &q(best));
                            by_cell[winner] = by_cell[winner].add(&q(r[output])).unwrap();
                            continue;
                        }
                        Pooling::Mean => size.iter().product::<usize>(),
                        Pooling::MeanInside => cells.len(),
                    } as i64;
                    let sum: i64 = cells.iter().map(|c| numbers[*c]).sum();
                    prop_assert_eq!(&found[output], &Rational::new(sum, count).unwrap());
                    for cell in cells {
                        let share = Rational::new(r[output], count).unwrap();
                        by_cell[*cell] = by_cell[*cell].add(&share).unwrap();
                    }
                }
                prop_assert_eq!(&gradients["a"], &by_cell);
            }
            Ok(())
        })
        .unwrap();
    assert!(ran.get() > 50, "{}", ran.get());
}

/// The index of an operand beside an index of the result: aligned at the last axes, 0 along an
/// axis of length 1.
fn beside(own: &[usize], index: &[usize]) -> Vec<usize> {
    let missing = index.len() - own.len();
    own.iter().zip(&index[missing..]).map(|(n, i)| if *n == 1 { 0 } else { *i }).collect()
}

#[test]
fn a_matrix_product_is_its_formula() {
    let cases: [(&[usize], &[usize], &[usize]); 14] = [
        (&[3], &[3], &[]),
        (&[2, 3], &[3], &[2]),
        (&[3], &[3, 2], &[2]),
        (&[2, 3], &[3, 4], &[2, 4]),
        (&[1, 1], &[1, 1], &[1, 1]),
        (&[5, 2, 3], &[3], &[5, 2]),
        (&[3], &[5, 3, 2], &[5, 2]),
        (&[5, 2, 3], &[3, 4], &[5, 2, 4]),
        (&[2, 3], &[5, 3, 4], &[5, 2, 4]),
        (&[5, 2, 3], &[5, 3, 4], &[5, 2, 4]),
        (&[1, 2, 3], &[5, 3, 4], &[5, 2, 4]),
        (&[2, 1, 2, 3], &[4, 3, 1], &[2, 4, 2, 1]),
        (&[2, 1, 2, 1, 2, 1, 2, 3], &[1, 2, 1, 2, 1, 2, 3, 2], &[2, 2, 2, 2, 2, 2, 2, 2]),
        (&[2, 1, 1, 2, 1, 1, 1, 2], &[2, 1, 2, 2, 1], &[2, 1, 1, 2, 1, 2, 1, 1]),
    ];
    for (a, b, y) in cases {
        let case = Case::new(&[a, b], |builder, ops| builder.matmul(ops[0], ops[1]).unwrap());
        assert_eq!(case.shape().lengths(), y);
        let (rows, columns) = (a.len() > 1, b.len() > 1);
        let batch = y.len() - usize::from(rows) - usize::from(columns);
        let inner = a[a.len() - 1];
        let mut terms = Vec::new();
        for to in indices(y) {
            for m in 0..inner {
                let mut left = beside(&a[..a.len().saturating_sub(2)], &to[..batch]);
                let mut right = beside(&b[..b.len().saturating_sub(2)], &to[..batch]);
                if rows {
                    left.push(to[batch]);
                }
                left.push(m);
                right.push(m);
                if columns {
                    right.push(to[to.len() - 1]);
                }
                terms.push((at(y, &to), vec![at(a, &left), at(b, &right)]));
            }
        }
        case.is_the_sum_of(&["a", "b"], &terms);
    }
}

#[test]
fn broadcasting_is_its_rule() {
    let cases: [(&[usize], &[usize], &[usize]); 8] = [
        (&[2, 3], &[], &[2, 3]),
        (&[], &[2, 3], &[2, 3]),
        (&[2, 3], &[3], &[2, 3]),
        (&[2, 1], &[1, 3], &[2, 3]),
        (&[4, 1, 3], &[2, 3], &[4, 2, 3]),
        (&[1], &[1, 1, 1], &[1, 1, 1]),
        (&[1, 3], &[1, 3], &[1, 3]),
        (&[2, 1, 1, 2, 1, 2, 1, 2], &[2, 1, 2, 1, 2, 1], &[2, 1, 2, 2, 2, 2, 2, 2]),
    ];
    for (a, b, y) in cases {
        let product = Case::new(&[a, b], |builder, ops| builder.mul(ops).unwrap());
        assert_eq!(product.shape().lengths(), y);
        let both = |to: &Vec<usize>| (at(a, &beside(a, to)), at(b, &beside(b, to)));
        let terms: Vec<_> = indices(y)
            .iter()
            .map(|to| (at(y, to), both(to)))
            .map(|(to, (left, right))| (to, vec![left, right]))
            .collect();
        product.is_the_sum_of(&["a", "b"], &terms);
        // Sum and difference: each gradient is the sum of r over what the element stood beside.
        for sign in [1, -1] {
            let case = Case::new(&[a, b], |builder, ops| match sign {
                1 => builder.add(ops).unwrap(),
                _ => builder.sub(ops[0], ops[1]).unwrap(),
            });
            let [left, right, r] = ["a", "b", "r"].map(|name| case.numbers(name));
            let (found, gradients) = case.run(&[("a", &left), ("b", &right), ("r", &r)]);
            let (mut by_a, mut by_b) = (vec![0; left.len()], vec![0; right.len()]);
            for to in indices(y) {
                let ((i, j), n) = (both(&to), at(y, &to));
                assert_eq!(found[n], q(left[i] + sign * right[j]));
                by_a[i] += r[n];
                by_b[j] += sign * r[n];
            }
            assert_eq!((&gradients["a"], &gradients["b"]), (&whole(&by_a), &whole(&by_b)));
        }
    }
}

#[test]
fn views_take_the_elements_that_they_say() {
    let x: &[usize] = &[2, 3, 4];
    let one = |y: &[usize], from: &dyn Fn(&[usize]) -> Vec<usize>| -> Vec<_> {
        indices(y).iter().map(|to| (at(y, to), vec![at(x, &from(to))])).collect()
    };
    let case = Case::new(&[x], |b, ops| b.transpose(ops[0], &[2, 0, 1]).unwrap());
    assert_eq!(case.shape().lengths(), [4, 2, 3]);
    case.is_the_sum_of(&["a"], &one(&[4, 2, 3], &|to| vec![to[1], to[2], to[0]]));

    let range = |start, step, count| Range { start, step, count };
    let ranges = [range(1, 7, 1), range(0, 2, 2), range(1, 1, 3)];
    let case = Case::new(&[x], |b, ops| b.slice(ops[0], &ranges).unwrap());
    case.is_the_sum_of(&["a"], &one(&[1, 2, 3], &|to| vec![1, 2 * to[1], 1 + to[2]]));

    let case = Case::new(&[x], |b, ops| b.reshape(ops[0], Shape::new([6, 4])).unwrap());
    case.is_the_sum_of(&["a"], &one(&[6, 4], &|to| vec![to[0] / 3, to[0] % 3, to[1]]));

    let case = Case::new(&[x], |b, ops| b.element(ops[0], &[1, 2, 3]).unwrap());
    case.is_the_sum_of(&["a"], &[(0, vec![23])]);

    let case = Case::new(&[x], |b, ops| b.sum_along(ops[0], &[2, 0]).unwrap());
    let terms: Vec<_> = indices(x).iter().map(|i| (i[1], vec![at(x, i)])).collect();
    assert_eq!(case.shape().lengths(), [3]);
    case.is_the_sum_of(&["a"], &terms);
}

#[test]
fn a_concatenation_lays_the_parts_side_by_side() {
    let case = Case::new(&[&[2, 1, 2], &[2, 3, 2]], |b, ops| {
        b.concat(&[ops[1], ops[0], ops[1]], 1).unwrap()
    });
    assert_eq!(case.shape().lengths(), [2, 7, 2]);
    let (a, b): (Vec<i64>, Vec<i64>) = ((1..5).collect(), (10..22).collect());
    let r: Vec<i64> = (0..28).map(|n| n * n).collect();
    let (y, gradients) = case.run(&[("a", &a), ("b", &b), ("r", &r)]);
    let expected = [
        10, 11, 12, 13, 14, 15, 1, 2, 10, 11, 12, 13, 14, 15, //
        16, 17, 18, 19, 20, 21, 3, 4, 16, 17, 18, 19, 20, 21,
    ];
    assert_eq!(y, whole(&expected));
    assert_eq!(gradients["a"], whole(&[6 * 6, 7 * 7, 20 * 20, 21 * 21]));
    let twice = |n: i64| n * n + (n + 8) * (n + 8);
    let by_b: Vec<i64> = (0..6).chain(14..20).map(twice).collect();
    assert_eq!(gradients["b"], whole(&by_b));
}

#[test]
fn a_max_along_axes_keeps_the_first_of_equals() {
    let case = Case::new(&[&[2, 2, 3]], |b, ops| b.max_along(ops[0], &[0, 2]).unwrap());
    // Rows [1, 5, 5] and [5, 0, 0] over both images; [−1, −2, −1] and [−1, −3, −4].
    let numbers = [1, 5, 5, -1, -2, -1, 5, 0, 0, -1, -3, -4];
    let (y, gradients) = case.run(&[("a", &numbers), ("r", &[10, 20])]);
    assert_eq!(y, whole(&[5, -1]));
    assert_eq!(gradients["a"], whole(&[0, 10, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0]));
}

#[test]
fn overlapping_windows_of_one_winner_add_up() {
    // Windows of 3 at stride 1 over [1, 9, 2, 0], one cell of padding before: the 9 wins 3 times.
    let window = Window { padding: vec![[1, 0]], ..Window::plain(1) };
    let case =
        Case::new(&[&[4]], |b, ops| b.pool(Pooling::Max, ops[0], &[3], window.clone()).unwrap());
    let (y, gradients) = case.run(&[("a", &[1, 9, 2, 0]), ("r", &[2, 3, 5])]);
    assert_eq!(y, whole(&[9, 9, 9]));
    assert_eq!(gradients["a"], whole(&[0, 10, 0, 0]));
    // The padding is never the greatest.
    let (y, gradients) = case.run(&[("a", &[-4, -9, -2, -7]), ("r", &[2, 3, 5])]);
    assert_eq!(y, whole(&[-4, -2, -2]));
    assert_eq!(gradients["a"], whole(&[2, 0, 8, 0]));
}

#[test]
fn the_mean_counts_the_padding_or_does_not() {
    let window = Window { padding: vec![[1, 1]], stride: vec![2], ..Window::plain(1) };
    for (kind, y, by) in [
        (Pooling::Mean, ["3", "15/2"], ["6", "6", "6"]),
        (Pooling::MeanInside, ["6", "15/2"], ["12", "6", "6"]),
    ] {
        // Windows of 2 over 0 6 | 5 10, and the last 0 is in none: (0 + 6)/2, (5 + 10)/2.
        let case = Case::new(&[&[3]], |b, ops| b.pool(kind, ops[0], &[2], window.clone()).unwrap());
        let (found, gradients) = case.run(&[("a", &[6, 5, 10]), ("r", &[12, 12])]);
        assert_eq!(found, rationals(&y), "{kind:?}");
        assert_eq!(gradients["a"], rationals(&by), "{kind:?}");
    }
}

#[test]
fn steps_that_no_tensor_needs_overflow_nothing() {
    let huge = usize::MAX;
    let mut b = Builder::new();
    let [x, k] = ["x", "k"].map(|name| b.declare(Role::Input, name, Shape::new([3])).unwrap());
    let [x, k] = [x, k].map(|id| b.node_of(id));
    // The one index of a slice, whatever comes after it.
    let slice = b.slice(x, &[Range { start: 2, step: huge, count: 1 }]).unwrap();
    assert!(matches!(&b.node(slice).op, Op::Slice(_, r) if r[0].step == 1));
    assert!(b.slice(x, &[Range { start: 2, step: huge, count: 2 }]).is_err());
    assert!(b.slice(x, &[Range { start: huge, step: 1, count: 1 }]).is_err());
    let plain = Window::plain(1);
    let windows = [
        Window { stride: vec![huge], ..plain.clone() },
        Window { dilation: vec![huge / 2 + 1], padding: vec![[huge, 0]], ..plain.clone() },
        Window { padding: vec![[huge, huge]], ..plain.clone() },
        Window { padding: vec![[0, crate::net::MAX_WINDOW_STEP + 1]], ..plain.clone() },
    ];
    for window in windows {
        let error = b.conv(x, k, window.clone()).unwrap_err();
        assert_eq!(error.kind(), crate::diag::Kind::Limit, "{error}");
        let error = b.pool(Pooling::Mean, x, &[2], window).unwrap_err();
        assert_eq!(error.kind(), crate::diag::Kind::Limit, "{error}");
    }
    assert!(b.pool(Pooling::Max, x, &[huge], plain.clone()).is_err());
    // As long as may be, and only one place.
    let far = crate::net::MAX_WINDOW_STEP;
    let one = Window { stride: vec![far], padding: vec![[0, far]], ..plain.clone() };
    let y = b.conv(x, k, one).unwrap();
    assert_eq!(b.shape(y).lengths(), [2]);
    // Half a million windows of half a million cells: refused before any is looked at.
    let half = far / 2;
    let wide = Window { padding: vec![[half, half]], ..plain };
    let error = b.pool(Pooling::Max, x, &[half], wide).unwrap_err();
    assert_eq!(error.kind(), crate::diag::Kind::Limit);
}
