//! Reductions and rearrangements: what of them is more than one operation of the builder.

use super::arguments::{Arguments, Setting};
use super::elementwise::named;
use crate::diag::{Error, Kind};
use crate::net::{Builder, NodeId, Range, Shape};
use crate::scalar::Rational;

/// How a reduction is made of a tensor and axes.
type Reduce = fn(&mut Builder, NodeId, &[usize]) -> Result<NodeId, Error>;

/// A product has a derivative with a product for each of its factors, so there are not many.
const MAX_FACTORS: usize = 64;

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
            format!(
                "{}: `axis` and `keep` are for one tensor, found {}",
                args.layer.name,
                several.len()
            ),
        )
        .hint("max(c, axis: 0) takes one tensor, max(a, b) several, element by element")),
        several if several.iter().all(|a| b.shape(*a).is_scalar()) => b.max_of(several),
        several => greatest_of_each(b, args.layer.name, several),
    }
}

/// Element by element: the tensors in a row along a new first axis, and the max along it.
fn greatest_of_each(b: &mut Builder, name: &str, all: &[NodeId]) -> Result<NodeId, Error> {
    let shape = b.shape(all[0]).clone();
    if let Some(other) = all.iter().find(|a| *b.shape(**a) != shape) {
        let message = format!(
            "{name}: element by element, all have the same shape; {} is {} and {} is {}",
            b.called(all[0]),
            shape.described(),
            b.called(*other),
            b.shape(*other).described(),
        );
        let hint = match name {
            "min" => "where one is a number, min(x, high) is high - relu(high - x)",
            _ => "where one is a number, max(x, low) is low + relu(x - low)",
        };
        return Err(Error::new(Kind::Shape, message).hint(hint));
    }
    let layer = Shape::new([&[1], shape.lengths()].concat());
    let layers: Result<Vec<NodeId>, Error> =
        all.iter().map(|a| b.reshape(*a, layer.clone())).collect();
    let stacked = b.concat(&layers?, 0)?;
    b.max_along(stacked, &[0])
}

/// −max(−x).
pub(super) fn min(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let negated: Result<Vec<NodeId>, Error> = args.tensors.iter().map(|a| b.neg(*a)).collect();
    let negated = negated?;
    let most = max(b, &Arguments { layer: args.layer, tensors: &negated, options: args.options })?;
    b.neg(most)
}

/// The factors one after the other, in row-major order.
pub(super) fn prod(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    reduced(b, args, |b, x, axes| {
        let shape = b.shape(x).clone();
        let all: Vec<usize> = (0..shape.rank()).collect();
        let axes = if axes.is_empty() { &all[..] } else { axes };
        let over: usize = axes.iter().map(|axis| shape.lengths()[*axis]).product();
        if over > MAX_FACTORS {
            let message =
                format!("prod: these are {over} factors, and at most {MAX_FACTORS} are taken");
            return Err(Error::new(Kind::Limit, message)
                .hint("exp(sum(ln(x))) is the product where all factors are positive"));
        }
        let x = named(b, "z", x)?;
        let left = |axis: &usize| !axes.contains(axis);
        let left: Vec<usize> =
            all.iter().filter(|a| left(a)).map(|a| shape.lengths()[*a]).collect();
        let counted = Shape::new(axes.iter().map(|a| shape.lengths()[*a]).collect::<Vec<_>>());
        let mut factors = Vec::with_capacity(over);
        for n in 0..over {
            let mut at = counted.index(n).into_iter();
            let range = |axis: usize| match axes.contains(&axis) {
                true => Range { start: at.next().unwrap_or(0), step: 1, count: 1 },
                false => Range { start: 0, step: 1, count: shape.lengths()[axis] },
            };
            let ranges: Vec<Range> = (0..shape.rank()).map(range).collect();
            let factor = if left.is_empty() {
                let at: Vec<usize> = ranges.iter().map(|r| r.start).collect();
                b.element(x, &at)?
            } else {
                let slice = b.slice(x, &ranges)?;
                b.reshape(slice, Shape::new(left.clone()))?
            };
            factors.push(factor);
        }
        if let [one] = factors.as_slice() { Ok(*one) } else { b.mul(&factors) }
    })
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
