//! Reductions and rearrangements: what of them is more than one operation of the builder.

use super::arguments::{Arguments, Setting};
use crate::diag::{Error, Kind};
use crate::net::{Builder, NodeId, Shape};
use crate::scalar::Rational;

/// How a reduction is made of a tensor and axes.
type Reduce = fn(&mut Builder, NodeId, &[usize]) -> Result<NodeId, Error>;

pub(super) fn sum(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    reduced(b, args, Builder::sum_along)
}

pub(super) fn mean(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    reduced(b, args, mean_along)
}

pub(super) fn max(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    match args.tensors {
        [_] => reduced(b, args, Builder::max_along),
        several if args.sets("axis") || args.sets("keep") => Err(Error::new(
            Kind::Shape,
            format!("max: `axis` and `keep` are for one tensor, found {}", several.len()),
        )
        .hint("max(c, axis: 0) takes a tensor, max(a, b) several scalars")),
        several => b.max_of(several),
    }
}

fn reduced(b: &mut Builder, args: &Arguments, reduce: Reduce) -> Result<NodeId, Error> {
    let x = args.tensor(0)?;
    let axes = args.axes(b, "axis", x)?.unwrap_or_default();
    let (result, keep) = (reduce(b, x, &axes)?, args.flag("keep")?);
    if keep { beside(b, result, x, &axes) } else { Ok(result) }
}

/// The mean along `axes`, all of them if there are none.
pub(super) fn mean_along(b: &mut Builder, x: NodeId, axes: &[usize]) -> Result<NodeId, Error> {
    let total = b.sum_along(x, axes)?;
    let count = b.shape(x).elements() / b.shape(total).elements().max(1);
    divided(b, total, count)
}

/// x over a whole number; x itself where that is 1.
pub(super) fn divided(b: &mut Builder, x: NodeId, by: usize) -> Result<NodeId, Error> {
    if by == 1 {
        return Ok(x);
    }
    let by = b.number(&Rational::from(by as i64))?;
    b.div(x, by)
}

/// What was reduced along some axes of x, all of them if there are none, in a shape that stands
/// beside x: these axes have length 1.
pub(super) fn beside(
    b: &mut Builder,
    reduced: NodeId,
    x: NodeId,
    axes: &[usize],
) -> Result<NodeId, Error> {
    let kept = b.shape(x).lengths().iter().enumerate();
    let kept = kept.map(|(i, n)| if axes.is_empty() || axes.contains(&i) { 1 } else { *n });
    let shape = Shape::new(kept.collect::<Vec<_>>());
    b.reshape(reduced, shape)
}

pub(super) fn flatten(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let x = args.tensor(0)?;
    let from = args.axis(b, "from", x)?;
    let (before, flat) = b.shape(x).lengths().split_at(from);
    let shape = Shape::new([before, &[flat.iter().product()]].concat());
    b.reshape(x, shape)
}

pub(super) fn reshape(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let x = args.tensor(0)?;
    let lengths = match args.setting("shape")? {
        Some(Setting::List(all)) => all,
        // A lone number is the length of a vector.
        _ if args.whole("shape").is_ok() => vec![args.whole("shape")? as i64],
        _ => vec![-1],
    };
    let size = |n: &i64| usize::try_from(*n).unwrap_or(1);
    let known = lengths.iter().fold(1usize, |n, l| n.saturating_mul(size(l)));
    let (from, name) = (b.shape(x), b.called(x));
    let left = from.elements().checked_div(known).unwrap_or(0);
    if lengths.contains(&-1) && left * known != from.elements() {
        let shown: Vec<String> = lengths.iter().map(i64::to_string).collect();
        return Err(Error::new(
            Kind::Shape,
            format!(
                "reshape: {name} is {} and has {} elements, which [{}] does not divide",
                from.described(),
                from.elements(),
                shown.join(", ")
            ),
        ));
    }
    let lengths: Vec<usize> = lengths.iter().map(|n| if *n < 0 { left } else { size(n) }).collect();
    b.reshape(x, Shape::new(lengths))
}

pub(super) fn transpose(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let x = args.tensor(0)?;
    let axes = match args.axes(b, "axes", x)? {
        Some(axes) => axes,
        None => (0..b.shape(x).rank()).rev().collect(),
    };
    b.transpose(x, &axes)
}

pub(super) fn concat(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let axis = args.axis(b, "axis", args.tensor(0)?)?;
    b.concat(args.tensors, axis)
}
