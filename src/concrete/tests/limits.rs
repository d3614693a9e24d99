//! How much a pass may work, and what is refused of recordings and shares from elsewhere.

use std::cmp::Ordering;

use super::super::asked::{MAX_WORK, check_work};
use super::sketch::Sketch;
use super::*;
use crate::diag::Kind;
use crate::net::{Pooling, Role, Shape, Window};
use crate::scalar::{Function, Prime, Scalar};

const K: usize = 1 << 10;

/// What one operation costs is its result's elements times what each of them takes; the whole of
/// the limit may be used, and not an element more.
#[test]
fn the_work_of_an_operation_is_counted_by_the_element() {
    type Operation = fn(&mut Sketch) -> (Op, Vec<usize>);
    let cases: [(&str, Operation); 8] = [
        ("a leaf", |s| {
            let x = s.leaf("x", Role::Input, &[K, K, K]);
            (Op::Define(QuantityId(0), x), vec![K, K, K / 2])
        }),
        ("an operation on one tensor", |s| {
            (Op::Neg(s.leaf("x", Role::Input, &[])), vec![K, K, K / 2])
        }),
        ("a product of three", |s| {
            let x = s.leaf("x", Role::Input, &[]);
            (Op::Mul(vec![x, x, x]), vec![K, K, K / 4])
        }),
        ("a matrix product", |s| {
            let (a, b) = (s.leaf("a", Role::Input, &[K, K]), s.leaf("b", Role::Input, &[K, K]));
            (Op::MatMul(a, b), vec![K, K])
        }),
        ("a convolution in one plane", |s| {
            let (x, k) = (s.leaf("x", Role::Input, &[K]), s.leaf("k", Role::Param, &[K]));
            (Op::Conv { input: x, kernel: k, window: Window::plain(1) }, vec![K, K])
        }),
        // 16 filters over 4 channels: each result takes 4·16·16 products, whatever the filters.
        ("a convolution of channels", |s| {
            let (x, k) =
                (s.leaf("x", Role::Input, &[K]), s.leaf("k", Role::Param, &[16, 4, 16, 16]));
            (Op::Conv { input: x, kernel: k, window: Window::plain(2) }, vec![16, 256, 256])
        }),
        ("a convolution of channels along a line", |s| {
            let (x, k) = (s.leaf("x", Role::Input, &[K]), s.leaf("k", Role::Param, &[16, 4, 16]));
            (Op::Conv { input: x, kernel: k, window: Window::plain(1) }, vec![16, K * K])
        }),
        ("a pool", |s| {
            let input = s.leaf("x", Role::Input, &[K]);
            let (size, window) = (vec![32, 32], Window::plain(2));
            (Op::Pool { kind: Pooling::Max, input, size, window }, vec![K, K])
        }),
    ];
    for (what, operation) in cases {
        for more in [false, true] {
            let mut s = Sketch::default();
            let (op, mut lengths) = operation(&mut s);
            *lengths.last_mut().unwrap() += usize::from(more);
            let node = s.op(op, Shape::new(lengths));
            let sum = s.sum(node);
            let net = s.finish(sum);
            let only: Vec<bool> = (0..net.nodes().len()).map(|n| n == node.index()).collect();
            let found = check_work(&net, &only);
            assert_eq!(found.is_err(), more, "{what}");
            if let Err(error) = found {
                assert_eq!(error.kind(), Kind::Limit);
                assert!(error.message().contains(&MAX_WORK.to_string()), "{error}");
            }
        }
    }
}

#[test]
fn as_many_signs_have_to_be_recorded_as_there_are_elements() {
    let mut s = Sketch::default();
    let x = s.leaf("x", Role::Input, &[2]);
    let relu = s.op(Op::Call(Function::Relu, x), Shape::new([2]));
    let sum = s.sum(relu);
    let net = s.finish(sum);
    let point = fill(&net, |_, e| e as f64 + 1.0);
    for count in [1, 3] {
        let mut recorded = Decisions::new();
        recorded.set(relu, Decision::Signs(vec![Ordering::Greater; count]));
        let error = forward(&net, &point, Decide::Recorded(&recorded)).unwrap_err();
        let expected =
            format!("relu of 2 elements: expected as many recorded signs, found {count}");
        assert_eq!((error.kind(), error.message()), (Kind::Assumption, &*expected));
    }
}

/// Shares of a max name its arguments by position, and those from another network do not fit.
#[test]
fn shares_of_arguments_that_a_max_does_not_have_are_refused() {
    let mut s = Sketch::default();
    let x = s.leaf("x", Role::Param, &[3]);
    let max = s.max(x);
    let net = s.finish(max);
    let x = net.find("x").unwrap();
    let run = forward(&net, &fill(&net, |_, _| 1.0), Decide::ByValue).unwrap();
    let by =
        |at: usize| backward_with(&net, &run, &[x], &Shares::from([((max, 0), vec![(at, 0.5)])]));
    assert_eq!(by(2).unwrap().of(x), Some(&[0.0, 0.0, 0.5][..]));
    assert_eq!(by(3).unwrap_err().kind(), Kind::Internal);
    assert_eq!(by(4).unwrap_err().kind(), Kind::Internal);
}

#[test]
fn the_candidates_of_a_max_are_all_that_it_is_taken_of() {
    let mut s = Sketch::default();
    let (x, y) = (s.leaf("x", Role::Param, &[2, 3]), s.leaf("y", Role::Param, &[]));
    let of_all = s.max(x);
    let of_rows = s.op(Op::Max(x, vec![1]), Shape::new([2]));
    let of_three = s.scalar(Op::MaxOf(vec![y, of_all, y]));
    let window = Window { stride: vec![2], ..Window::plain(1) };
    let pool = Op::Pool { kind: Pooling::Max, input: of_rows, size: vec![2], window };
    let pool = s.op(pool, Shape::new([1]));
    let net = s.finish(of_three);
    let of = |max| -> Vec<Vec<usize>> {
        candidates(&net, max).unwrap().iter().map(<[usize]>::to_vec).collect()
    };
    assert_eq!(of(of_all), [[0, 1, 2, 3, 4, 5]]);
    assert_eq!(of(of_rows), [[0, 1, 2], [3, 4, 5]]);
    assert_eq!(of(of_three), [[0, 1, 2]]);
    assert_eq!(of(pool), [[0, 1]]);
    assert!(candidates(&net, x).is_none());
}

/// u⁰ is 1 for every u, 0 among them, also where the exponent is 0 by its value alone.
#[test]
fn a_power_to_an_exponent_that_comes_out_as_zero_has_no_slope() {
    let mut s = Sketch::default();
    let (x, a) = (s.leaf("x", Role::Param, &[]), s.leaf("a", Role::Input, &[]));
    let power = s.scalar(Op::Pow(x, a));
    let net = s.finish(power);
    let x = net.find("x").unwrap();
    for value in [0.0, 2.0, -3.0] {
        let point = fill(&net, |name, _| if name == "x" { value } else { 0.0 });
        let run = forward(&net, &point, Decide::ByValue).unwrap();
        assert_eq!(*run.loss(), 1.0);
        assert_eq!(backward(&net, &run, &[x]).unwrap().of(x), Some(&[0.0][..]));
    }
}

/// The prime field raises to exponents that were written as whole numbers, and to no others.
#[test]
fn an_exponent_may_be_a_name_for_a_whole_number() {
    let residue = |n: i64| Prime::from_rational(&Rational::from(n)).unwrap();
    let power = |written: fn(&mut Sketch) -> NodeId| {
        let mut s = Sketch::default();
        let x = s.leaf("x", Role::Param, &[]);
        let exponent = written(&mut s);
        let power = s.scalar(Op::Pow(x, exponent));
        let net = s.finish(power);
        let run = forward(&net, &fill(&net, |_, _| residue(5)), Decide::ByValue)?;
        let x = net.find("x").unwrap();
        let slope = backward(&net, &run, &[x])?.of(x).unwrap()[0];
        Ok::<_, crate::diag::Error>((*run.loss(), slope))
    };
    let named = power(|s| {
        let three = s.number("3");
        s.define("k", three)
    });
    assert_eq!(named.unwrap(), (residue(125), residue(75)));
    let negated = power(|s| {
        let two = s.number("2");
        let two = s.define("k", two);
        s.scalar(Op::Neg(two))
    });
    let part = |n, m| residue(n).div(&residue(m)).unwrap();
    assert_eq!(negated.unwrap(), (part(1, 25), part(-2, 125)));
}

#[test]
fn an_error_says_where_in_a_tensor_and_of_a_scalar_nothing() {
    let picture = |shape: &[usize]| {
        let mut s = Sketch::default();
        let x = s.leaf("x", Role::Input, shape);
        let ln = s.op(Op::Call(Function::Ln, x), Shape::new(shape));
        let sum = s.sum(ln);
        let net = s.finish(sum);
        let point = fill(&net, |_, e| 1.0 - e as f64 - f64::from(u8::from(shape.is_empty())));
        let error = forward(&net, &point, Decide::ByValue).unwrap_err();
        error.snippet("net.bp", "0123456789", false)
    };
    assert!(picture(&[2]).contains(" at [1]"), "{}", picture(&[2]));
    assert!(picture(&[1, 2]).contains(" at [0, 1]"), "{}", picture(&[1, 2]));
    assert!(!picture(&[]).contains(" at ["), "{}", picture(&[]));
}

/// A run put together from the tensors of another is taken like it by a backward pass.
#[test]
fn a_run_can_be_put_together_from_its_tensors() {
    let mut s = Sketch::default();
    let (x, w) = (s.leaf("x", Role::Input, &[2]), s.leaf("w", Role::Param, &[2]));
    let product = s.op(Op::Mul(vec![x, w]), Shape::new([2]));
    let y = s.define("y", product);
    let max = s.max(y);
    let net = s.finish(max);
    let run = forward(&net, &fill(&net, |_, e| e as f64 + 3.0), Decide::ByValue).unwrap();
    let tensors = |of: &Forward<f64>| -> Vec<Option<Vec<f64>>> {
        let node = |n| of.value(NodeId(n as u32)).map(<[f64]>::to_vec);
        (0..net.nodes().len()).map(node).collect()
    };
    let again = Forward::assembled(&net, tensors(&run), run.decisions().clone()).unwrap();
    assert_eq!((again.loss(), again.kinks()), (&16.0, &[][..]));
    let (y, w) = (net.find("y").unwrap(), net.find("w").unwrap());
    assert_eq!(again.of(y), Some(&[9.0, 16.0][..]));
    assert_eq!(backward(&net, &again, &[w]).unwrap().of(w), Some(&[0.0, 4.0][..]));
    // Without the loss there is no run.
    let mut partly = tensors(&run);
    *partly.last_mut().unwrap() = None;
    assert!(Forward::assembled(&net, partly, Decisions::new()).is_none());
}

#[test]
fn as_many_winners_have_to_be_recorded_as_there_are_elements() {
    let mut s = Sketch::default();
    let x = s.leaf("x", Role::Input, &[2, 3]);
    let max = s.op(Op::Max(x, vec![1]), Shape::new([2]));
    let sum = s.sum(max);
    let net = s.finish(sum);
    let point = fill(&net, |_, e| e as f64);
    let by = |winners: &[usize]| {
        let mut recorded = Decisions::new();
        recorded.set(max, Decision::Winners(winners.to_vec()));
        forward(&net, &point, Decide::Recorded(&recorded)).map(|run| *run.loss())
    };
    assert_eq!(by(&[1, 3]), Ok(4.0));
    for winners in [&[1][..], &[1, 3, 3]] {
        let error = by(winners).unwrap_err();
        let expected = format!(
            "a max of 2 elements: expected as many recorded winners, found {}",
            winners.len()
        );
        assert_eq!((error.kind(), error.message()), (Kind::Assumption, &*expected));
    }
}

/// A run of a network with a longer tensor may have had a winner that is not there.
#[test]
fn a_winner_that_a_tensor_does_not_have_is_refused() {
    let of = |length: usize| {
        let mut s = Sketch::default();
        let x = s.leaf("x", Role::Param, &[length]);
        let max = s.max(x);
        s.finish(max)
    };
    let (long, short) = (of(5), of(3));
    let x = short.find("x").unwrap();
    for winner in 0..5 {
        let point = fill(&long, |_, e| f64::from(u8::from(e == winner)));
        let run = forward(&long, &point, Decide::ByValue).unwrap();
        let found = backward(&short, &run, &[x]).map(|g| g.of(x).unwrap().to_vec());
        let expected: Vec<f64> = (0..3).map(|e| f64::from(u8::from(e == winner))).collect();
        match found {
            Ok(gradient) => assert_eq!((gradient, winner < 3), (expected, true)),
            Err(error) => assert_eq!((error.kind(), winner >= 3), (Kind::Internal, true)),
        }
    }
}

#[test]
fn a_max_of_a_few_divides_its_gradient_as_shares_say() {
    let mut s = Sketch::default();
    let (x, y) = (s.leaf("x", Role::Param, &[]), s.leaf("y", Role::Param, &[]));
    let max = s.scalar(Op::MaxOf(vec![x, y]));
    let two = s.number("2");
    let loss = s.scalar(Op::Mul(vec![two, max]));
    let net = s.finish(loss);
    let by = ["x", "y"].map(|name| net.find(name).unwrap());
    let run = forward(&net, &fill(&net, |_, _| 1.0), Decide::ByValue).unwrap();
    let slopes = |shares: Option<Vec<(usize, f64)>>| {
        let shares = shares.map(|all| ((max, 0), all)).into_iter().collect();
        let gradients = backward_with(&net, &run, &by, &shares)?;
        Ok::<_, crate::diag::Error>(by.map(|id| gradients.of(id).unwrap()[0]))
    };
    assert_eq!(slopes(None), Ok([2.0, 0.0]));
    assert_eq!(slopes(Some(vec![(0, 0.25), (1, 0.75)])), Ok([0.5, 1.5]));
    assert_eq!(slopes(Some(vec![(1, 1.0)])), Ok([0.0, 2.0]));
    assert_eq!(slopes(Some(vec![(2, 1.0)])).unwrap_err().kind(), Kind::Internal);
}

/// Whoever watches sees each tensor that is made, once: values upward, adjoints downward.
#[test]
fn a_watcher_sees_every_tensor_once() {
    struct Seen(Vec<usize>);
    impl Watch<f64> for Seen {
        fn stored(&mut self, node: NodeId, _: &mut [f64]) {
            self.0.push(node.index());
        }
    }
    let mut s = Sketch::default();
    let (w, x) = (s.leaf("w", Role::Param, &[2]), s.leaf("x", Role::Input, &[2]));
    let unused = s.op(Op::Neg(x), Shape::new([2]));
    let product = s.op(Op::Mul(vec![w, x]), Shape::new([2]));
    let sum = s.sum(product);
    let net = s.finish(sum);
    let (mut up, mut down) = (Seen(Vec::new()), Seen(Vec::new()));
    let point = fill(&net, |_, e| e as f64 + 1.0);
    let run = forward_watched(&net, &point, Decide::ByValue, &mut up).unwrap();
    let w = net.find("w").unwrap();
    let gradients = backward_watched(&net, &run, &[w], &Shares::new(), &mut down).unwrap();
    let nodes = 0..net.nodes().len();
    let node = |n: &usize| NodeId(*n as u32);
    assert_eq!(up.0, nodes.clone().filter(|n| run.value(node(n)).is_some()).collect::<Vec<_>>());
    assert!(up.0.contains(&0) && !up.0.contains(&unused.index()));
    let moved = nodes.rev().filter(|n| gradients.at(node(n)).is_some());
    assert_eq!(down.0, moved.collect::<Vec<_>>());
    assert!(down.0.contains(&0) && !down.0.contains(&x.index()));
}

/// k·(a·b − c) where k·a·b is out of range, and no gradient is.
#[test]
fn a_gradient_is_made_of_what_it_is_the_product_of_and_no_more() {
    let two = |n: i32| 2.0f64.powi(n);
    let mut s = Sketch::default();
    let [a, b, c, k] = ["a", "b", "c", "k"].map(|name| s.leaf(name, Role::Param, &[]));
    let product = s.scalar(Op::Mul(vec![a, b]));
    let difference = s.scalar(Op::Sub(product, c));
    let loss = s.scalar(Op::Mul(vec![k, difference]));
    let net = s.finish(loss);
    let point = fill(&net, |name, _| match name {
        "a" => two(200),
        "b" => two(300),
        "c" => two(500),
        _ => two(600),
    });
    let run = forward(&net, &point, Decide::ByValue).unwrap();
    let by = ["a", "b", "c", "k"].map(|name| net.find(name).unwrap());
    let gradients = backward(&net, &run, &by).unwrap();
    let found = by.map(|id| gradients.of(id).unwrap()[0]);
    assert_eq!(found, [two(900), two(800), -two(600), 0.0]);
}

/// An element that a tensor does not have has no place.
#[test]
fn a_place_is_one_that_the_tensor_has() {
    let mut s = Sketch::default();
    let x = s.leaf("x", Role::Input, &[2]);
    let ln = s.op(Op::Call(Function::Ln, x), Shape::new([2]));
    let sum = s.sum(ln);
    let net = s.finish(sum);
    let fault = crate::scalar::Fault::OutOfDomain(Function::Ln);
    for element in 0..4 {
        let error = super::super::error::of_forward(&net, ln, element, fault);
        let picture = error.snippet("net.bp", "0123456789", false);
        assert_eq!(picture.contains(&format!(" at [{element}]")), element < 2, "{picture}");
        assert_eq!(picture.contains(" at ["), element < 2, "{picture}");
    }
}
