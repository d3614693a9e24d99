//! Softmax and the normalisations, made of primitives with the names that papers give the parts.

use super::arguments::Arguments;
use super::elementwise::{integer, named};
use super::shapes::{beside, mean_along};
use crate::diag::{Error, Kind};
use crate::net::{Builder, NodeId, Shape};
use crate::scalar::Function;

pub(super) fn softmax(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let z = args.tensor(0)?;
    let axis = args.axis(b, "axis", z)?;
    softmax_along(b, z, axis)
}

/// e^z / s, where s = Σ e^z along the axis.
pub(super) fn softmax_along(b: &mut Builder, z: NodeId, axis: usize) -> Result<NodeId, Error> {
    let z = named(b, "z", z)?;
    let powers = b.call(Function::Exp, z)?;
    let s = sum_of_powers(b, powers, axis)?;
    b.div(powers, s)
}

/// z − ln s, where s = Σ e^z along the axis.
pub(super) fn log_softmax(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let z = args.tensor(0)?;
    let axis = args.axis(b, "axis", z)?;
    let z = named(b, "z", z)?;
    let powers = b.call(Function::Exp, z)?;
    let s = sum_of_powers(b, powers, axis)?;
    let ln = b.call(Function::Ln, s)?;
    b.sub(z, ln)
}

/// The part s, in a shape that stands beside z.
fn sum_of_powers(b: &mut Builder, powers: NodeId, axis: usize) -> Result<NodeId, Error> {
    let sum = b.sum_along(powers, &[axis])?;
    let s = b.part("s", sum)?;
    beside(b, s, powers, &[axis])
}

/// Over the last axis. Source: Ba, Kiros and Hinton 2016, with PyTorch's ε under the root.
pub(super) fn layer_norm(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let x = args.tensor(0)?;
    let shape = b.shape(x).clone();
    let Some(last) = shape.rank().checked_sub(1) else { return Err(scalar(b, args, x)) };
    check_affine(b, args, shape.lengths()[last], "the last axis")?;
    let hat = normalised(b, args, x, &[last])?;
    affine(b, args, hat, &[])
}

/// In training mode: over all axes but number 1, with the biased variance. Source: Ioffe and
/// Szegedy 2015.
pub(super) fn batch_norm(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let x = args.tensor(0)?;
    let shape = b.shape(x).clone();
    if shape.rank() < 2 {
        return Err(Error::new(
            Kind::Shape,
            format!(
                "batch_norm takes a batch, [N, C] or [N, C, …], and {} is {}",
                b.called(x),
                shape.described()
            ),
        )
        .hint("layer_norm normalises one example"));
    }
    check_affine(b, args, shape.lengths()[1], "axis 1, the channels")?;
    let axes: Vec<usize> = (0..shape.rank()).filter(|axis| *axis != 1).collect();
    let hat = normalised(b, args, x, &axes)?;
    affine(b, args, hat, &vec![1; shape.rank() - 2])
}

/// The part x̂ = (x − μ)/s of the parts μ = mean x, v = mean (x − μ)² and s = √(v + ε).
fn normalised(
    b: &mut Builder,
    args: &Arguments,
    x: NodeId,
    axes: &[usize],
) -> Result<NodeId, Error> {
    let eps = args.number("eps")?;
    if eps.is_negative() || eps.is_zero() {
        return Err(args.refuse("eps", "greater than 0"));
    }
    let x = named(b, "z", x)?;
    let (two, eps) = (integer(b, 2)?, b.number(&eps)?);
    let mean = mean_along(b, x, axes)?;
    let mean = b.part("μ", mean)?;
    let mean = beside(b, mean, x, axes)?;
    let centred = b.sub(x, mean)?;
    let squares = b.pow(centred, two)?;
    let variance = mean_along(b, squares, axes)?;
    let variance = b.part("v", variance)?;
    let sum = b.add(&[variance, eps])?;
    let deviation = b.call(Function::Sqrt, sum)?;
    let deviation = b.part("s", deviation)?;
    let deviation = beside(b, deviation, x, axes)?;
    let hat = b.div(centred, deviation)?;
    if args.optional(1).is_none() { Ok(hat) } else { b.part("xhat", hat) }
}

/// Gain and shift go together and are vectors of the normalised length.
fn check_affine(b: &Builder, args: &Arguments, length: usize, axis: &str) -> Result<(), Error> {
    let name = args.layer.name;
    if args.optional(1).is_some() != args.optional(2).is_some() {
        return Err(Error::new(Kind::Shape, format!("{name}: `gain` and `shift` go together"))
            .hint(format!("it is called as {}", args.layer.signature())));
    }
    for (place, what) in [(1, "gain"), (2, "shift")] {
        if let Some(a) = args.optional(place)
            && b.shape(a).lengths() != [length]
        {
            return Err(Error::new(
                Kind::Shape,
                format!(
                    "{name}: the {what} must be a vector of {length}, one for each index of \
                     {axis}, and {} is {}",
                    b.called(a),
                    b.shape(a).described()
                ),
            ));
        }
    }
    Ok(())
}

/// γ·x̂ + β, where γ and β have `behind` more axes behind theirs.
fn affine(
    b: &mut Builder,
    args: &Arguments,
    hat: NodeId,
    behind: &[usize],
) -> Result<NodeId, Error> {
    let (Some(gain), Some(shift)) = (args.optional(1), args.optional(2)) else { return Ok(hat) };
    let mut spread = |a: NodeId| {
        let shape = Shape::new([b.shape(a).lengths(), behind].concat());
        b.reshape(a, shape)
    };
    let (gain, shift) = (spread(gain)?, spread(shift)?);
    let scaled = b.mul(&[gain, hat])?;
    b.add(&[scaled, shift])
}

fn scalar(b: &Builder, args: &Arguments, x: NodeId) -> Error {
    let message = format!("{}: {} is a scalar and has no axes", args.layer.name, b.called(x));
    Error::new(Kind::Shape, message)
}
