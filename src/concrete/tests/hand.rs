//! Values worked out by hand: the article's network, convolutions by another way, conventions.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::sketch::{Sketch, article};
use super::*;
use crate::net::{Builder, Pooling, Role, Shape, Window};
use crate::scalar::{Dual, Function, Interval, Prime};

fn q(n: i64) -> Rational {
    Rational::from(n)
}

/// The image with `top` at the corner of the window of output cell `winner`, so that this cell
/// wins; all else is small and different.
fn image(winner: usize, top: i64) -> Vec<Rational> {
    let (a, b) = (winner / 2, winner % 2);
    (0..16)
        .map(
            |n| if n == (2 * a) * 4 + 2 * b { q(top) } else { Rational::new(n as i64, 8).unwrap() },
        )
        .collect()
}

#[test]
fn the_articles_network_for_every_winner() {
    let net = article();
    let id = |name: &str| net.find(name).unwrap();
    for winner in 0..4 {
        let mut point =
            values(&net, &[("w", &["1", "2", "1/2", "3"]), ("w_fc", &["2"]), ("t", &["1"])]);
        let image = image(winner, 5);
        point.insert(id("i"), image.clone());
        let i = |x: usize, y: usize| &image[4 * x + y];
        let [w00, w01, w10, w11] = [q(1), q(2), "1/2".parse().unwrap(), q(3)];
        let c = |a: usize, b: usize| {
            let (x, y) = (2 * a, 2 * b);
            let terms = [
                i(x, y).mul(&w11),
                i(x + 1, y).mul(&w01),
                i(x, y + 1).mul(&w10),
                i(x + 1, y + 1).mul(&w00),
            ];
            terms.into_iter().try_fold(q(0), |sum, term| sum.add(&term?)).unwrap()
        };
        let forward = forward(&net, &point, Decide::ByValue).unwrap();
        let cells = [c(0, 0), c(0, 1), c(1, 0), c(1, 1)];
        assert_eq!(forward.of(id("c")), Some(&cells[..]));
        let max = net.node(net.quantity(id("r_p")).node).op.clone();
        let Op::Define(_, max) = max else { panic!("r_p is defined") };
        assert_eq!(forward.decisions().winners(max), Some(&[winner][..]));
        assert_eq!(forward.kinks(), []);

        let r_p = &cells[winner];
        let error = q(1).sub(&q(2).mul(r_p).unwrap()).unwrap();
        assert_eq!(*forward.loss(), error.powi(2).unwrap().div(&q(2)).unwrap());

        let by: Vec<_> = ["w", "w_fc", "i", "t"].map(id).to_vec();
        let gradients = backward(&net, &forward, &by).unwrap();
        // ∂E/∂w_fc = (t − r_fc)(−r_p)
        assert_eq!(gradients.of(id("w_fc")), Some(&[error.mul(&r_p.neg()).unwrap()][..]));
        assert_eq!(gradients.of(id("t")), Some(&[error.clone()][..]));
        // ∂E/∂c = (t − r_fc)(−w_fc) at the winner, else 0.
        let delta = error.mul(&q(-2)).unwrap();
        let by_cell: Vec<_> =
            (0..4).map(|n| if n == winner { delta.clone() } else { q(0) }).collect();
        assert_eq!(gradients.of(id("c")), Some(&by_cell[..]));
        // ∂E/∂w_00 = δ·i_31 for the winner c_10, and so on: w_mn meets i[x+1−m, y+1−n].
        let (x, y) = (2 * (winner / 2), 2 * (winner % 2));
        let by_weight = [i(x + 1, y + 1), i(x + 1, y), i(x, y + 1), i(x, y)]
            .map(|pixel| delta.mul(pixel).unwrap());
        assert_eq!(gradients.of(id("w")), Some(&by_weight[..]));
        let by_pixel = gradients.of(id("i")).unwrap();
        let expected = [(x, y, &w11), (x + 1, y, &w01), (x, y + 1, &w10), (x + 1, y + 1, &w00)];
        for (x, y, weight) in expected {
            assert_eq!(by_pixel[4 * x + y], delta.mul(weight).unwrap());
        }
        assert_eq!(by_pixel.iter().filter(|g| !g.is_zero()).count(), 4);
    }
}

#[test]
fn the_plain_network_the_article_recalls() {
    // r_h = w_h·i, r_o = w_o·r_h: ∂E/∂w_h = (t − r_o)(−w_o·i). With i = 3, w_h = 1/2, w_o = 2,
    // t = 4: r_o = 3, so (4 − 3)·(−6) = −6.
    let mut s = Sketch::default();
    let [i, w_h, w_o, t] = ["i", "w_h", "w_o", "t"].map(|name| s.leaf(name, Role::Param, &[]));
    let hidden = s.scalar(Op::Mul(vec![w_h, i]));
    let out = s.scalar(Op::Mul(vec![w_o, hidden]));
    let error = s.scalar(Op::Sub(t, out));
    let two = s.number("2");
    let square = s.scalar(Op::Pow(error, two));
    let half = s.scalar(Op::Div(square, two));
    let net = s.finish(half);
    let point = values(&net, &[("i", &["3"]), ("w_h", &["1/2"]), ("w_o", &["2"]), ("t", &["4"])]);
    let forward = forward(&net, &point, Decide::ByValue).unwrap();
    let w_h = net.find("w_h").unwrap();
    let gradients = backward(&net, &forward, &[w_h]).unwrap();
    assert_eq!(gradients.of(w_h), Some(&rationals(&["-6"])[..]));
    // Not asked for, and not on the way.
    assert_eq!(gradients.of(net.find("t").unwrap()), None);
}

proptest! {
    #![proptest_config(crate::laws::laws(256))]

    /// The same convolution by padding the image, turning the kernel and cutting windows out.
    #[test]
    fn convolution_by_padding_turning_and_cutting(
        (height, rows, p0) in (1usize..6, 1usize..4, 0usize..3),
        (width, columns, p1) in (1usize..6, 1usize..4, 0usize..3),
        stride in (1usize..4, 1usize..4), flip in any::<bool>(), seed in 0usize..100,
    ) {
        prop_assume!(rows <= height + 2 * p0 && columns <= width + 2 * p1);
        let mut s = Sketch::default();
        let x = s.leaf("x", Role::Input, &[height, width]);
        let k = s.leaf("k", Role::Param, &[rows, columns]);
        let window = Window {
            stride: vec![stride.0, stride.1],
            padding: vec![[p0, p0], [p1, p1]],
            flip,
            ..Window::plain(2)
        };
        let y = s.conv(x, k, window);
        let shape = s.shape(y).clone();
        let y = s.define("y", y);
        let sum = s.sum(y);
        let net = s.finish(sum);
        let number = |n: usize| ((n * n * 7 + seed) % 23) as i64 - 11;
        let point = fill(&net, |name, e| q(number(e + 50 * usize::from(name == "k"))));

        let mut padded = vec![vec![0; width + 2 * p1]; height + 2 * p0];
        for (e, (i, j)) in (0..height).flat_map(|i| (0..width).map(move |j| (i, j))).enumerate() {
            padded[p0 + i][p1 + j] = number(e);
        }
        let mut kernel: Vec<i64> = (0..rows * columns).map(|e| number(e + 50)).collect();
        if flip {
            kernel.reverse();
        }
        let mut expected = Vec::new();
        for top in (0..).step_by(stride.0).take_while(|top| top + rows <= padded.len()) {
            for left in (0..).step_by(stride.1).take_while(|l| l + columns <= width + 2 * p1) {
                let cut = padded[top..top + rows].iter().flat_map(|r| &r[left..left + columns]);
                expected.push(q(cut.zip(&kernel).map(|(x, k)| x * k).sum()));
            }
        }
        let forward = forward(&net, &point, Decide::ByValue).unwrap();
        prop_assert_eq!(shape.elements(), expected.len());
        prop_assert_eq!(forward.of(net.find("y").unwrap()), Some(&expected[..]));
    }
}

/// E = max(x) + relu(x[0]) + abs(x[1]) over x of 3 elements.
fn with_kinks() -> (Network, [NodeId; 3]) {
    let mut s = Sketch::default();
    let x = s.leaf("x", Role::Input, &[3]);
    let max = s.max(x);
    let first = s.scalar(Op::Element(x, vec![0]));
    let second = s.scalar(Op::Element(x, vec![1]));
    let relu = s.scalar(Op::Call(Function::Relu, first));
    let abs = s.scalar(Op::Call(Function::Abs, second));
    let sum = s.scalar(Op::Add(vec![max, relu, abs]));
    (s.finish(sum), [max, relu, abs])
}

#[test]
fn ties_and_zeros_are_reported_and_the_first_winner_takes_all() {
    let (net, [max, relu, abs]) = with_kinks();
    let x = net.find("x").unwrap();
    let at =
        |texts: &[&str]| forward(&net, &values(&net, &[("x", texts)]), Decide::ByValue).unwrap();
    let tied = at(&["0", "0", "-1"]);
    assert_eq!(
        tied.kinks(),
        [
            Kink { node: max, element: 0, kind: KinkKind::Tie(vec![0, 1]) },
            Kink { node: relu, element: 0, kind: KinkKind::Zero(Function::Relu) },
            Kink { node: abs, element: 0, kind: KinkKind::Zero(Function::Abs) },
        ]
    );
    let gradients = backward(&net, &tied, &[x]).unwrap();
    assert_eq!(gradients.of(x), Some(&rationals(&["1", "0", "0"])[..]));

    // The tie broken the other way.
    let mut other = tied.decisions().clone();
    other.set(max, Decision::Winners(vec![1]));
    let point = values(&net, &[("x", &["0", "0", "-1"])]);
    let replayed = forward(&net, &point, Decide::Recorded(&other)).unwrap();
    assert_eq!(replayed.decisions(), &other);
    assert_eq!(replayed.kinks(), []);
    let gradients = backward(&net, &replayed, &[x]).unwrap();
    assert_eq!(gradients.of(x), Some(&rationals(&["0", "1", "0"])[..]));

    // A later equal argument does not count as a tie once it is beaten.
    assert_eq!(at(&["1", "1", "2"]).kinks(), []);
    assert_eq!(at(&["1", "2", "2"]).kinks()[0].kind, KinkKind::Tie(vec![1, 2]));
}

#[test]
fn decisions_tell_whether_a_step_crossed_a_kink() {
    let (net, [_, relu, _]) = with_kinks();
    let at = |first: f64| {
        let point = BTreeMap::from([(net.find("x").unwrap(), vec![first, 2.0, 1.0])]);
        forward(&net, &point, Decide::ByValue).unwrap().decisions().clone()
    };
    assert_eq!(at(0.5), at(0.25));
    assert_ne!(at(0.5), at(-0.25));
    assert_ne!(at(0.5), at(0.0));
    assert_ne!(at(0.5), at(3.0));
    assert_eq!(at(-0.25).signs(relu), Some(&[Ordering::Less][..]));
    assert_eq!(at(-0.25).iter().count(), 3);
}

#[test]
fn a_prime_field_replays_what_the_rationals_decided() {
    let (net, _) = with_kinks();
    let x = net.find("x").unwrap();
    let point = values(&net, &[("x", &["-7/2", "-5", "11/3"])]);
    let exact = forward(&net, &point, Decide::ByValue).unwrap();
    let residue = |q: &Rational| Prime::from_rational(q).unwrap();
    let residues = BTreeMap::from([(x, point[&x].iter().map(residue).collect())]);
    let replayed = forward(&net, &residues, Decide::Recorded(exact.decisions())).unwrap();
    assert_eq!(*replayed.loss(), residue(exact.loss()));
    let (a, b) = (backward(&net, &exact, &[x]).unwrap(), backward(&net, &replayed, &[x]).unwrap());
    let exact: Vec<Prime> = a.of(x).unwrap().iter().map(residue).collect();
    assert_eq!(b.of(x), Some(&exact[..]));
    assert!(forward(&net, &residues, Decide::ByValue).is_err());
}

#[test]
fn intervals_decide_only_what_is_certain() {
    let (net, _) = with_kinks();
    let x = net.find("x").unwrap();
    let at = |l: f64, u: f64| Interval::new(l, u).unwrap();
    let apart = BTreeMap::from([(x, vec![at(1.0, 2.0), at(-4.0, -3.0), at(3.0, 3.5)])]);
    let run = forward(&net, &apart, Decide::ByValue).unwrap();
    assert_eq!(*run.loss(), at(7.0, 9.5));
    let near = BTreeMap::from([(x, vec![at(1.0, 2.0), at(-4.0, -3.0), at(1.5, 3.5)])]);
    assert!(forward(&net, &near, Decide::ByValue).is_err());
}

#[test]
fn a_scalar_operand_is_broadcast_and_collects() {
    // E = Σ (a·x + x/a): ∂E/∂a = Σ (x − x/a²), ∂E/∂x = a + 1/a. With a = 2, Σx = 10.
    let mut s = Sketch::default();
    let (a, x) = (s.leaf("a", Role::Param, &[]), s.leaf("x", Role::Input, &[2, 2]));
    let shape = Shape::new([2, 2]);
    let product = s.op(Op::Mul(vec![a, x]), shape.clone());
    let quotient = s.op(Op::Div(x, a), shape.clone());
    let both = s.op(Op::Add(vec![product, quotient]), shape);
    let sum = s.sum(both);
    let net = s.finish(sum);
    let point = values(&net, &[("a", &["2"]), ("x", &["1", "2", "3", "4"])]);
    let forward = forward(&net, &point, Decide::ByValue).unwrap();
    assert_eq!(*forward.loss(), q(25));
    let by = [net.find("a").unwrap(), net.find("x").unwrap()];
    let gradients = backward(&net, &forward, &by).unwrap();
    assert_eq!(gradients.of(by[0]), Some(&rationals(&["15/2"])[..]));
    assert_eq!(gradients.of(by[1]), Some(&rationals(&["5/2", "5/2", "5/2", "5/2"])[..]));
}

#[test]
fn a_chain_of_a_hundred_thousand_tensors_needs_no_stack() {
    let mut s = Sketch::default();
    let x = s.leaf("x", Role::Param, &[]);
    let mut last = x;
    for _ in 0..100_000 {
        last = s.scalar(Op::Neg(last));
    }
    let net = s.finish(last);
    let point = fill(&net, |_, _| 1.5);
    let forward = forward(&net, &point, Decide::ByValue).unwrap();
    let x = net.find("x").unwrap();
    assert_eq!(backward(&net, &forward, &[x]).unwrap().of(x), Some(&[1.0][..]));
}

#[test]
fn what_the_loss_does_not_need_may_lack_a_value() {
    let mut s = Sketch::default();
    let x = s.leaf("x", Role::Param, &[]);
    let unused = s.leaf("unused", Role::Param, &[2]);
    let sum = s.sum(unused);
    s.define("other", sum);
    let square = s.scalar(Op::Mul(vec![x, x]));
    let net = s.finish(square);
    let forward = forward(&net, &values(&net, &[("x", &["3"])]), Decide::ByValue).unwrap();
    let [x, unused, other] = ["x", "unused", "other"].map(|name| net.find(name).unwrap());
    assert_eq!(forward.of(other), None);
    let gradients = backward(&net, &forward, &[x, unused]).unwrap();
    assert_eq!(gradients.of(x), Some(&rationals(&["6"])[..]));
    assert_eq!(gradients.of(unused), Some(&rationals(&["0", "0"])[..]));
}

/// LeNet-5: 28×28, two convolutions of 5×5 with tanh and a mean over 2×2, three dense layers.
fn lenet() -> Network {
    fn leaf(b: &mut Builder, role: Role, name: &str, shape: &[usize]) -> NodeId {
        let id = b.declare(role, name, Shape::new(shape)).unwrap();
        b.node_of(id)
    }
    let mut b = Builder::new();
    let mut last = leaf(&mut b, Role::Input, "x", &[1, 28, 28]);
    let target = leaf(&mut b, Role::Target, "t", &[10]);
    for (n, (kernel, padding)) in [([6, 1, 5, 5], 2), ([16, 6, 5, 5], 0)].into_iter().enumerate() {
        let w = leaf(&mut b, Role::Param, &format!("k{n}"), &kernel);
        let bias = leaf(&mut b, Role::Param, &format!("c{n}"), &[kernel[0], 1, 1]);
        let padding = vec![[padding, padding]; 2];
        let sums = b.conv(last, w, Window { padding, ..Window::plain(2) }).unwrap();
        let moved = b.add(&[sums, bias]).unwrap();
        let hidden = b.call(Function::Tanh, moved).unwrap();
        let halved = Window { stride: vec![2, 2], ..Window::plain(2) };
        last = b.pool(Pooling::Mean, hidden, &[2, 2], halved).unwrap();
    }
    last = b.reshape(last, Shape::new([400])).unwrap();
    for (n, [out, into]) in [[120, 400], [84, 120], [10, 84]].into_iter().enumerate() {
        let w = leaf(&mut b, Role::Param, &format!("w{n}"), &[out, into]);
        let bias = leaf(&mut b, Role::Param, &format!("b{n}"), &[out]);
        let product = b.matmul(w, last).unwrap();
        last = b.add(&[product, bias]).unwrap();
        if n < 2 {
            last = b.call(Function::Tanh, last).unwrap();
        }
    }
    let error = b.sub(target, last).unwrap();
    let square = b.mul(&[error, error]).unwrap();
    let sum = b.sum(square).unwrap();
    b.define("E", sum).unwrap();
    b.finish().unwrap()
}

#[test]
fn lenet_has_61706_gradients_and_some_are_those_of_dual_numbers() {
    let net = lenet();
    let by: Vec<QuantityId> = net.params().collect();
    assert_eq!(by.iter().map(|id| net.shape(*id).elements()).sum::<usize>(), 61_706);
    let point =
        fill(&net, |name, e| (super::networks::drawn(7, name, e) % 2001) as f64 / 10_000.0 - 0.1);
    let run = forward(&net, &point, Decide::ByValue).unwrap();
    let gradients = backward(&net, &run, &by).unwrap();
    for (id, element) in [(by[0], 17), (by[2], 1234), (by[4], 40_000), (by[9], 3)] {
        let mut dual: Values<Dual<f64>> = point
            .iter()
            .map(|(id, values)| (*id, values.iter().map(|x| Dual::constant(*x)).collect()))
            .collect();
        dual.get_mut(&id).unwrap()[element] = Dual::variable(point[&id][element]);
        let slope = forward(&net, &dual, Decide::ByValue).unwrap().loss().tangent;
        let found = gradients.of(id).unwrap()[element];
        assert!(found != 0.0 && (found - slope).abs() <= 1e-12 * slope.abs(), "{found} {slope}");
    }
}
