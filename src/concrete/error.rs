//! Faults of numbers as errors that say what went wrong and where.

use crate::diag::{Error, Kind};
use crate::net::{Network, NodeId, Op, QuantityId};
use crate::scalar::{Fault, Function};

/// What is said where a value leaves the range of the numbers it is computed in.
pub(crate) const OUT_OF_RANGE: &str = "a value leaves the range of f64";

/// A node that has no value at the given point.
pub(super) fn of_forward(net: &Network, node: NodeId, element: usize, fault: Fault) -> Error {
    let place = place(net, node, element);
    let error = match fault {
        Fault::DivisionByZero => {
            let label = match net.node(node).op {
                Op::Pow(..) => "0 to a negative power",
                _ => "the divisor is 0",
            };
            Error::new(Kind::Domain, "division by zero at the given point")
                .label(format!("{label}{place}"))
        }
        Fault::OutOfDomain(function) => {
            let label = match function {
                Function::Ln => "the argument is not positive",
                Function::Sqrt => "the argument is negative",
                _ => "the argument is outside its domain",
            };
            Error::new(Kind::Domain, format!("{function} is not defined at the given point"))
                .label(format!("{label}{place}"))
        }
        Fault::PowerOutOfDomain => Error::new(Kind::Domain, fault.to_string())
            .label(format!("the base is negative{place}")),
        other => common(other, &place),
    };
    error.at(net.node(node).span)
}

/// A node that has a value but passes no gradient on to its operands.
pub(super) fn of_backward(net: &Network, node: NodeId, element: usize, fault: Fault) -> Error {
    let place = place(net, node, element);
    let error = match (&net.node(node).op, fault) {
        (Op::Call(function, _), Fault::DivisionByZero) => {
            Error::new(Kind::Domain, format!("{function} has no slope at the given point"))
                .label(format!("the argument is 0{place}"))
        }
        (Op::Pow(..), Fault::DivisionByZero | Fault::PowerOutOfDomain) => {
            Error::new(Kind::Domain, "this power has no slope at the given point")
                .label(format!("the base is not positive{place}"))
        }
        (Op::Pow(..), Fault::OutOfDomain(_)) => {
            Error::new(Kind::Domain, "this power has no slope by its exponent at the given point")
                .label(format!("it would be uᵛ · ln u, and u is not positive{place}"))
        }
        (Op::Pow(..), Fault::NotExact(_)) => Error::new(
            Kind::Value,
            "the slope of this power by its exponent has no exact rational value",
        )
        .label(format!("it is uᵛ · ln u{place}"))
        .hint("compute in f64 instead"),
        (_, other) => common(other, &place),
    };
    error.at(net.node(node).span)
}

/// A given value that the number system does not hold.
pub(super) fn of_value(net: &Network, id: QuantityId, fault: Fault) -> Error {
    let quantity = net.quantity(id);
    let sentence = format!("a value of `{}` cannot be used: {fault}", quantity.name);
    Error::new(Kind::Value, sentence).at(quantity.span)
}

fn common(fault: Fault, place: &str) -> Error {
    match fault {
        Fault::NotExact(_) | Fault::PowerNotExact => {
            let sentence = match fault {
                Fault::NotExact(f) => format!("{f} has no exact rational value at the given point"),
                _ => "this power has no exact rational value at the given point".to_string(),
            };
            Error::new(Kind::Value, sentence)
                .label(format!("irrational{place}"))
                .hint("compute in f64 instead")
        }
        Fault::NoOrder | Fault::Overlap => {
            Error::new(Kind::Domain, format!("this cannot be decided by value: {fault}"))
                .label(format!("which is greater is not known{place}"))
        }
        Fault::TooLarge => Error::new(Kind::Limit, fault.to_string())
            .label(format!("too large{place}"))
            .hint("compute in f64 instead"),
        Fault::NotFinite => Error::new(Kind::Limit, OUT_OF_RANGE)
            .label(format!("too large{place}"))
            .hint("smaller values, or exact ones, stay in range"),
        Fault::DivisionByZero | Fault::OutOfDomain(_) | Fault::PowerOutOfDomain => {
            Error::new(Kind::Domain, format!("{fault} at the given point"))
                .label(format!("undefined{place}"))
        }
    }
}

/// ` at [0, 1]` for an element of a tensor, nothing for a scalar.
fn place(net: &Network, node: NodeId, element: usize) -> String {
    let shape = &net.node(node).shape;
    if shape.is_scalar() || element >= shape.elements() {
        return String::new();
    }
    format!(" at {:?}", shape.index(element))
}
