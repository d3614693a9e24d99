//! Losses: a prediction and a target of one shape in, a scalar out. Means are over all elements,
//! but for the losses of classes: these sum along the last axis, the classes, and take the mean
//! over the others, the batch.

use super::arguments::Arguments;
use super::elementwise::{integer, named};
use super::norms::softmax_along;
use super::shapes::{divided, mean_along};
use crate::diag::{Error, Kind};
use crate::net::{Builder, NodeId};
use crate::scalar::Function;

/// Σ (t − y)²/2.
pub(super) fn half_squared_error(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let [y, t] = pair(b, args)?;
    let (two, error) = (integer(b, 2)?, b.sub(t, y)?);
    let squares = b.pow(error, two)?;
    let total = if b.shape(squares).is_scalar() { squares } else { b.sum(squares)? };
    b.div(total, two)
}

/// The mean of (y − t)².
pub(super) fn mse(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let [y, t] = pair(b, args)?;
    let (two, error) = (integer(b, 2)?, b.sub(y, t)?);
    let squares = b.pow(error, two)?;
    mean(b, squares)
}

/// −Σ t·ln p of the part p = softmax z.
pub(super) fn cross_entropy(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let [z, t] = classes(b, args)?;
    let last = b.shape(z).rank() - 1;
    let p = softmax_along(b, z, last)?;
    let p = b.part("p", p)?;
    log_likelihood(b, p, t)
}

/// −Σ t·ln p.
pub(super) fn nll(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let [p, t] = classes(b, args)?;
    log_likelihood(b, p, t)
}

fn log_likelihood(b: &mut Builder, p: NodeId, t: NodeId) -> Result<NodeId, Error> {
    let ln = b.call(Function::Ln, p)?;
    let terms = b.mul(&[t, ln])?;
    let total = b.sum(terms)?;
    let (_, batch) = b.shape(p).lengths().split_last().unwrap_or((&1, &[]));
    let batch = batch.iter().product();
    let mean = divided(b, total, batch)?;
    b.neg(mean)
}

/// The mean of −(t·ln p + (1 − t)·ln(1 − p)).
pub(super) fn bce(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let [p, t] = pair(b, args)?;
    let p = named(b, "p", p)?;
    bernoulli(b, p, t)
}

/// The same of p = σ(z), written as the mean of ln(1 + eᶻ) − t·z, which it equals and which loses
/// no digits where z is large.
pub(super) fn bce_logits(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let [z, t] = pair(b, args)?;
    let (softplus, product) = (b.call(Function::Softplus, z)?, b.mul(&[t, z])?);
    let each = b.sub(softplus, product)?;
    mean(b, each)
}

fn bernoulli(b: &mut Builder, p: NodeId, t: NodeId) -> Result<NodeId, Error> {
    let one = integer(b, 1)?;
    let (ln_p, not_p, not_t) = (b.call(Function::Ln, p)?, b.sub(one, p)?, b.sub(one, t)?);
    let ln_not_p = b.call(Function::Ln, not_p)?;
    let (yes, no) = (b.mul(&[t, ln_p])?, b.mul(&[not_t, ln_not_p])?);
    let sum = b.add(&[yes, no])?;
    let mean = mean(b, sum)?;
    b.neg(mean)
}

/// The mean of max(1 − t·y, 0), t being ±1.
pub(super) fn hinge(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let [y, t] = pair(b, args)?;
    let (one, product) = (integer(b, 1)?, b.mul(&[t, y])?);
    let margin = b.sub(one, product)?;
    let loss = b.call(Function::Relu, margin)?;
    mean(b, loss)
}

/// The mean of d²/2 where |d| ≤ delta for d = y − t, else of delta·(|d| − delta/2): with what d has
/// too much, d²/2 − max(d − delta, 0)²/2 − max(−d − delta, 0)²/2, which shows that it has no kink.
pub(super) fn huber(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let delta = args.number("delta")?;
    if delta.is_negative() || delta.is_zero() {
        return Err(args.refuse("delta", "greater than 0"));
    }
    let [y, t] = pair(b, args)?;
    let (two, delta) = (integer(b, 2)?, b.number(&delta)?);
    let d = b.sub(y, t)?;
    let d = b.part("d", d)?;
    let square = b.pow(d, two)?;
    let (above, minus) = (b.sub(d, delta)?, b.neg(d)?);
    let below = b.sub(minus, delta)?;
    let mut all = vec![square];
    for excess in [above, below] {
        let excess = b.call(Function::Relu, excess)?;
        let excess = b.pow(excess, two)?;
        all.push(b.neg(excess)?);
    }
    let sum = b.add(&all)?;
    let each = mean(b, sum)?;
    b.div(each, two)
}

fn mean(b: &mut Builder, x: NodeId) -> Result<NodeId, Error> {
    if b.shape(x).is_scalar() { Ok(x) } else { mean_along(b, x, &[]) }
}

/// Prediction and target, of one shape: to broadcast one against the other is the classic
/// mistake, [N] against [N, 1] giving N² errors.
fn pair(b: &Builder, args: &Arguments) -> Result<[NodeId; 2], Error> {
    let (y, t) = (args.tensor(0)?, args.tensor(1)?);
    if b.shape(y) == b.shape(t) {
        return Ok([y, t]);
    }
    let (m, n) = (b.shape(y).described(), b.shape(t).described());
    let hint = if b.shape(y).elements() == b.shape(t).elements() {
        "losses do not broadcast; reshape or flatten one of the two"
    } else {
        "losses do not broadcast"
    };
    Err(Error::new(
        Kind::Shape,
        format!(
            "{}: prediction and target must have one shape, and {} is {m} but {} is {n}",
            args.layer.name,
            b.called(y),
            b.called(t)
        ),
    )
    .label(format!("{m} and {n}"))
    .hint(hint))
}

/// Prediction and target with the classes along the last axis.
fn classes(b: &Builder, args: &Arguments) -> Result<[NodeId; 2], Error> {
    let [y, t] = pair(b, args)?;
    if b.shape(y).is_scalar() {
        let (name, what) = (b.called(y), args.layer.name);
        return Err(Error::new(
            Kind::Shape,
            format!("{what}: {name} is a scalar, and the classes are a vector's elements"),
        )
        .hint("of one probability, bce is the loss; of one logit, bce_logits"));
    }
    Ok([y, t])
}
