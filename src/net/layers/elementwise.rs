//! Elementwise functions that are made of others.
//!
//! Where a function uses its argument more than once, the argument gets a name (`z`), unless it
//! has one or is a number or an element.
//!
//! A function with a kink states beside it what its slope is there; as relu's slope at 0 is 0, so
//! is that of what is made of it.

use super::arguments::Arguments;
use crate::diag::{Error, Kind};
use crate::net::{Builder, NodeId, Op};
use crate::scalar::{Function, Rational};

/// `x` if it has a name or needs none; else the part `stem` that it is now called.
pub(super) fn named(b: &mut Builder, stem: &str, x: NodeId) -> Result<NodeId, Error> {
    match b.node(x).op {
        Op::Leaf(_) | Op::Define(..) | Op::Number(_) | Op::Element(..) => Ok(x),
        _ => b.part(stem, x),
    }
}

pub(super) fn integer(b: &mut Builder, n: i64) -> Result<NodeId, Error> {
    b.number(&Rational::from(n))
}

pub(super) fn square(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let two = integer(b, 2)?;
    b.pow(args.tensor(0)?, two)
}

/// x above 0 and `below` elsewhere, also at 0: \[x > 0\]·x + (1 − \[x > 0\])·below.
fn above_zero(b: &mut Builder, x: NodeId, below: &[NodeId]) -> Result<NodeId, Error> {
    let one = integer(b, 1)?;
    let step = b.call(Function::Step, x)?;
    let above = b.mul(&[step, x])?;
    let rest = b.sub(one, step)?;
    let below = b.mul(&[&[rest], below].concat())?;
    b.add(&[above, below])
}

/// At 0 its slope is that of the left side, as PyTorch has it.
pub(super) fn leaky_relu(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let x = named(b, "z", args.tensor(0)?)?;
    let slope = b.number(&args.number("slope")?)?;
    above_zero(b, x, &[slope, x])
}

/// At 0 its slope is α, that of the left side, as PyTorch has it.
pub(super) fn elu(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let x = named(b, "z", args.tensor(0)?)?;
    let alpha = args.number("alpha")?;
    let (power, one) = (b.call(Function::Exp, x)?, integer(b, 1)?);
    let curve = b.sub(power, one)?;
    if alpha.is_one() {
        return above_zero(b, x, &[curve]);
    }
    let alpha = b.number(&alpha)?;
    above_zero(b, x, &[alpha, curve])
}

/// x·Φ(x), the exact one. Source: Hendrycks and Gimpel 2016; x/2·(1 + erf(x/√2)) is the same.
pub(super) fn gelu(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let x = named(b, "z", args.tensor(0)?)?;
    let below = b.call(Function::NormalCdf, x)?;
    b.mul(&[x, below])
}

/// 2·Φ(√2·x) − 1.
pub(super) fn erf(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let (two, one) = (integer(b, 2)?, integer(b, 1)?);
    let root = b.call(Function::Sqrt, two)?;
    let scaled = b.mul(&[root, args.tensor(0)?])?;
    let below = b.call(Function::NormalCdf, scaled)?;
    let twice = b.mul(&[two, below])?;
    b.sub(twice, one)
}

/// x + max(low − x, 0) − max(x − high, 0). At a bound the slope is 1, as PyTorch's clamp has it,
/// since that of relu is 0 there.
pub(super) fn clip(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let x = named(b, "z", args.tensor(0)?)?;
    let (low, high) = (args.tensor(1)?, args.tensor(2)?);
    for (bound, name) in [(low, "lower bound"), (high, "upper bound")] {
        beside_what_it_acts_on(b, x, bound, "clip", name, "what it clips")?;
    }
    if let (Some(low), Some(high)) = (number_of(b, low), number_of(b, high))
        && low > high
    {
        let message = format!("clip: the lower bound {low} is greater than the upper one, {high}");
        return Err(Error::new(Kind::Shape, message)
            .hint(format!("it is called as {}", args.layer.signature())));
    }
    let (missing, excess) = (b.sub(low, x)?, b.sub(x, high)?);
    let missing = b.call(Function::Relu, missing)?;
    let excess = b.call(Function::Relu, excess)?;
    let excess = b.neg(excess)?;
    b.add(&[x, missing, excess])
}

/// The number that a node is: one that was written, perhaps with a sign.
fn number_of(b: &Builder, id: NodeId) -> Option<Rational> {
    match &b.node(id).op {
        Op::Number(q) => Some(q.clone()),
        Op::Neg(a) => Some(crate::scalar::Scalar::neg(&number_of(b, *a)?)),
        _ => None,
    }
}

/// Refuses what does not have the shape of x and does not broadcast to it.
fn beside_what_it_acts_on(
    b: &Builder,
    x: NodeId,
    other: NodeId,
    layer: &str,
    name: &str,
    acted_on: &str,
) -> Result<(), Error> {
    if b.shape(x).broadcast(b.shape(other)).as_ref() == Some(b.shape(x)) {
        return Ok(());
    }
    let (m, n) = (b.shape(x).described(), b.shape(other).described());
    let message = format!(
        "{layer}: the {name} must have the shape of {acted_on} or broadcast to it, and {} is {m} \
         but {} is {n}",
        b.called(x),
        b.called(other)
    );
    Err(Error::new(Kind::Shape, message).label(format!("{m} and {n}")))
}

pub(super) fn silu(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let x = named(b, "z", args.tensor(0)?)?;
    let gate = b.call(Function::Sigmoid, x)?;
    b.mul(&[x, gate])
}

pub(super) fn dropout(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let rate = args.number("rate")?;
    let one = Rational::from(1);
    if rate.is_negative() || rate >= one {
        return Err(args.refuse("rate", "from 0 up to 1, and less than 1"));
    }
    let kept = crate::scalar::Scalar::sub(&one, &rate);
    let (x, mask) = (args.tensor(0)?, args.tensor(1)?);
    beside_what_it_acts_on(b, x, mask, "dropout", "mask", "what it masks")?;
    let masked = b.mul(&[x, mask])?;
    match kept {
        Ok(kept) if !kept.is_one() => {
            let kept = b.number(&kept)?;
            b.div(masked, kept)
        }
        _ => Ok(masked),
    }
}
