//! What a pass says when it cannot go on.

use super::sketch::Sketch;
use super::*;
use crate::diag::{Error, Kind, Span};
use crate::net::{Role, Shape, Window};
use crate::scalar::{Function, Prime};

/// E = Σ of one elementwise operation on x of two elements and the scalar a; and its node.
fn one(operation: impl Fn(NodeId, NodeId) -> Op) -> (Network, NodeId) {
    let mut s = Sketch::default();
    let (x, a) = (s.leaf("x", Role::Input, &[2]), s.leaf("a", Role::Param, &[]));
    let node = s.op(operation(x, a), Shape::new([2]));
    let sum = s.sum(node);
    (s.finish(sum), node)
}

/// The error of the forward or else the backward pass by everything, at x and a.
fn error<T: Scalar>((net, _): &(Network, NodeId), x: [&str; 2], a: &str) -> Error {
    let numbers = |texts: &[&str]| {
        rationals(texts).iter().map(|q| T::from_rational(q).unwrap()).collect::<Vec<T>>()
    };
    let (id_x, id_a) = (net.find("x").unwrap(), net.find("a").unwrap());
    let point = BTreeMap::from([(id_x, numbers(&x)), (id_a, numbers(&[a]))]);
    match forward(net, &point, Decide::ByValue) {
        Err(error) => error,
        Ok(forward) => backward(net, &forward, &[id_x, id_a]).unwrap_err(),
    }
}

#[test]
fn domain_errors_name_the_operation_the_place_and_the_reason() {
    let division = one(|x, a| Op::Div(a, x));
    let node = division.1;
    let found = error::<Rational>(&division, ["1", "0"], "3");
    assert_eq!(found.kind(), Kind::Domain);
    assert_eq!(found.message(), "division by zero at the given point");
    assert_eq!(found.span(), Some(Span::new(node.index(), node.index() + 1)));
    let picture = found.snippet("net.bp", "0123456789", false);
    assert!(picture.contains("the divisor is 0 at [1]"), "{picture}");

    type Case = (fn(NodeId, NodeId) -> Op, [&'static str; 2], &'static str, Kind, &'static str);
    let exact: [Case; 7] = [
        (
            |x, _| Op::Call(Function::Ln, x),
            ["1", "-1"],
            "0",
            Kind::Domain,
            "ln is not defined at the given point",
        ),
        (
            |x, _| Op::Call(Function::Sqrt, x),
            ["-4", "1"],
            "0",
            Kind::Domain,
            "sqrt is not defined at the given point",
        ),
        (
            |x, _| Op::Call(Function::Sqrt, x),
            ["4", "0"],
            "0",
            Kind::Domain,
            "sqrt has no slope at the given point",
        ),
        (
            |x, _| Op::Call(Function::Exp, x),
            ["0", "1"],
            "0",
            Kind::Value,
            "exp has no exact rational value at the given point",
        ),
        (
            Op::Pow,
            ["2", "2"],
            "1/2",
            Kind::Value,
            "this power has no exact rational value at the given point",
        ),
        (
            Op::Pow,
            ["2", "2"],
            "2",
            Kind::Value,
            "the slope of this power by its exponent has no exact rational value",
        ),
        (
            Op::Pow,
            ["-4", "1"],
            "1/2",
            Kind::Domain,
            "a fractional power of a negative number is not real",
        ),
    ];
    for (operation, x, a, kind, message) in exact {
        let found = error::<Rational>(&one(operation), x, a);
        assert_eq!((found.kind(), found.message()), (kind, message));
        assert_eq!(found.span(), Some(Span::new(2, 3)), "{message}");
    }
    let real: [Case; 4] = [
        (Op::Pow, ["0", "1"], "-2", Kind::Domain, "division by zero at the given point"),
        (Op::Pow, ["0", "1"], "1/2", Kind::Domain, "this power has no slope at the given point"),
        (
            Op::Pow,
            ["-2", "1"],
            "3",
            Kind::Domain,
            "this power has no slope by its exponent at the given point",
        ),
        (
            |x, _| Op::Call(Function::Exp, x),
            ["0", "1000"],
            "0",
            Kind::Limit,
            "a value leaves the range of f64",
        ),
    ];
    for (operation, x, a, kind, message) in real {
        let found = error::<f64>(&one(operation), x, a);
        assert_eq!((found.kind(), found.message()), (kind, message));
    }
    let found = error::<Prime>(&one(|x, _| Op::Call(Function::Relu, x)), ["1", "2"], "0");
    assert_eq!(found.message(), "this cannot be decided by value: a prime field has no order");
}

#[test]
fn every_missing_or_wrong_value_is_reported_at_once() {
    let (net, _) = one(|x, a| Op::Mul(vec![x, a]));
    let found = forward::<f64>(&net, &Values::new(), Decide::ByValue).unwrap_err();
    let messages: Vec<_> = found.all().map(Error::message).collect();
    assert_eq!(messages, ["`x` has no value", "`a` has no value"]);
    let point = values(&net, &[("x", &["1", "2", "3"]), ("a", &["1"])]);
    let found = forward(&net, &point, Decide::ByValue).unwrap_err();
    assert_eq!(found.kind(), Kind::Shape);
    assert_eq!(found.message(), "`x` is 2: expected 2 values, found 3");
}

#[test]
fn given_values_that_the_number_system_lacks_are_refused() {
    let (mut net, _) = one(|x, a| Op::Mul(vec![x, a]));
    let x = net.find("x").unwrap();
    net.values.insert(x, rationals(&["1", "1e320"]));
    assert_eq!(given::<Rational>(&net).unwrap()[&x][0], Rational::one());
    let found = given::<f64>(&net).unwrap_err();
    assert_eq!(found.kind(), Kind::Value);
    assert!(found.message().starts_with("a value of `x` cannot be used"), "{found}");
}

#[test]
fn a_recording_of_another_network_is_refused() {
    let relu = one(|x, _| Op::Call(Function::Relu, x));
    let point = fill(&relu.0, |_, e| e as f64 + 1.0);
    let none = Decisions::new();
    let found = forward(&relu.0, &point, Decide::Recorded(&none)).unwrap_err();
    assert_eq!(found.kind(), Kind::Assumption);
    assert_eq!(found.message(), "no signs are recorded for this relu");

    let mut s = Sketch::default();
    let x = s.leaf("x", Role::Input, &[2]);
    let max = s.max(x);
    let net = s.finish(max);
    let point = fill(&net, |_, e| e as f64);
    let mut past = Decisions::new();
    past.set(max, Decision::Winners(vec![2]));
    let found = forward(&net, &point, Decide::Recorded(&past)).unwrap_err();
    assert_eq!(found.message(), "argument number 2 cannot win a max of 2 (counted from 0)");

    let values = forward(&net, &point, Decide::ByValue).unwrap();
    let by = [relu.0.find("x").unwrap()];
    assert_eq!(backward(&relu.0, &values, &by).unwrap_err().kind(), Kind::Internal);
}

#[test]
fn too_much_work_is_refused_before_it_is_begun() {
    let mut s = Sketch::default();
    let (x, k) = (s.leaf("x", Role::Input, &[1000, 1000]), s.leaf("k", Role::Param, &[500, 500]));
    let y = s.conv(x, k, Window::plain(2));
    let sum = s.sum(y);
    let net = s.finish(sum);
    let found = forward::<f64>(&net, &Values::new(), Decide::ByValue).unwrap_err();
    assert_eq!(found.kind(), Kind::Limit);
    assert_eq!(found.span(), Some(Span::new(y.index(), y.index() + 1)));
}
