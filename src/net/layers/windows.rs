//! Layers with weights or windows: convolutions, poolings, dense layers. Layouts are PyTorch's.

use super::arguments::{Arguments, Setting};
use super::shapes;
use crate::diag::{Error, Kind};
use crate::net::{Builder, NodeId, Pooling, Shape, Window};

/// The convolution and, where there is a bias, one number more for each filter.
pub(super) fn conv(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let (x, k) = (args.tensor(0)?, args.tensor(1)?);
    let kernel = b.shape(k).lengths();
    // Channels come with the third axis; a kernel of no possible rank is the builder's to refuse.
    let axes = if kernel.len() > 2 { kernel.len() - 2 } else { kernel.len() };
    let size = kernel[kernel.len() - axes..].to_vec();
    let filters = (kernel.len() > 2).then(|| kernel[0]);
    let moved = window(b, args, x, &size, None)?;
    let y =
        b.conv(x, k, Window { groups: args.whole("groups")?, flip: args.flag("flip")?, ..moved })?;
    let Some(bias) = args.optional(2) else { return Ok(y) };
    let (found, wanted) = (b.shape(bias), Shape::new(filters.into_iter().collect::<Vec<_>>()));
    if *found != wanted {
        let why = match filters {
            Some(_) => "one number for each filter",
            None => "as a kernel without channels makes one plane",
        };
        return Err(Error::new(
            Kind::Shape,
            format!(
                "conv: the bias must be {}, {why}, and {} is {}",
                wanted.described(),
                b.called(bias),
                found.described()
            ),
        ));
    }
    let bias = match filters {
        Some(n) => b.reshape(bias, Shape::new([vec![n], vec![1; axes]].concat()))?,
        None => bias,
    };
    b.add(&[y, bias])
}

pub(super) fn maxpool(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    pool(b, args, Pooling::Max)
}

pub(super) fn avgpool(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let count_padding = args.flag("count_padding")?;
    pool(b, args, if count_padding { Pooling::Mean } else { Pooling::MeanInside })
}

fn pool(b: &mut Builder, args: &Arguments, kind: Pooling) -> Result<NodeId, Error> {
    let x = args.tensor(0)?;
    let axes = if b.shape(x).rank() == 1 { 1 } else { 2 };
    let size = args.list("window", axes)?.unwrap_or_default();
    if size.len() > 2 {
        let wanted = format!("a number, or a list of one or two, found {}", size.len());
        return Err(args.refuse("window", &wanted));
    }
    let moved = window(b, args, x, &size, Some(&size))?;
    b.pool(kind, x, &size, moved)
}

/// How a window of some size moves over the last axes of x; `stride` is what holds for its
/// preset word.
fn window(
    b: &Builder,
    args: &Arguments,
    x: NodeId,
    size: &[usize],
    stride: Option<&[usize]>,
) -> Result<Window, Error> {
    let axes = size.len();
    let ones = vec![1; axes];
    let stride = match args.per_axis("stride", axes)? {
        Some(stride) => stride,
        None => stride.unwrap_or(&ones).to_vec(),
    };
    let dilation = args.per_axis("dilation", axes)?.unwrap_or(ones);
    let padding = match args.setting("padding")? {
        Some(Setting::Pairs(pairs)) => {
            args.check_axes("padding", pairs.len(), axes)?;
            pairs
        }
        Some(Setting::Word(_)) => same(b.shape(x), size, &stride, &dilation),
        _ => {
            let each = args.per_axis("padding", axes)?.unwrap_or_default();
            each.into_iter().map(|n| [n, n]).collect()
        }
    };
    Ok(Window { stride, padding, dilation, ..Window::plain(axes) })
}

/// The padding with which ⌈n/s⌉ places come of a length n at stride s, the smaller half before:
/// ‘SAME’ of JAX and TensorFlow. What does not fit together gets none, and is the builder's to
/// refuse.
fn same(x: &Shape, size: &[usize], stride: &[usize], dilation: &[usize]) -> Vec<[usize; 2]> {
    let before = x.rank().saturating_sub(size.len());
    let one = |axis: usize| {
        let n = x.lengths().get(before + axis)?;
        let (s, d) = (stride.get(axis)?, dilation.get(axis)?);
        let places = n.div_ceil(*s).checked_sub(1)?;
        let reach = size[axis].checked_sub(1)?.saturating_mul(*d).saturating_add(1);
        let total = places.saturating_mul(*s).saturating_add(reach).saturating_sub(*n);
        Some([total / 2, total - total / 2])
    };
    (0..size.len()).map(|axis| one(axis).unwrap_or([0, 0])).collect()
}

pub(super) fn global_maxpool(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let (x, axes) = all_spatial(b, args)?;
    b.max_along(x, &axes)
}

pub(super) fn global_avgpool(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let (x, axes) = all_spatial(b, args)?;
    shapes::mean_along(b, x, &axes)
}

fn all_spatial(b: &Builder, args: &Arguments) -> Result<(NodeId, Vec<usize>), Error> {
    let x = args.tensor(0)?;
    match b.shape(x).rank() {
        0 => Err(Error::new(
            Kind::Shape,
            format!("{}: {} is a scalar and has no axes", args.layer.name, b.called(x)),
        )),
        1 => Ok((x, vec![0])),
        rank => Ok((x, vec![rank - 2, rank - 1])),
    }
}

pub(super) fn matmul(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    b.matmul(args.tensor(0)?, args.tensor(1)?)
}

/// W @ x + b for a vector x, x Wᵀ + b for rows.
pub(super) fn dense(b: &mut Builder, args: &Arguments) -> Result<NodeId, Error> {
    let (x, w) = (args.tensor(0)?, args.tensor(1)?);
    let refuse = |sentence: String| Err(Error::new(Kind::Shape, format!("dense: {sentence}")));
    let (from, weights) = (b.shape(x).lengths(), b.shape(w));
    let [out, inputs] = *weights.lengths() else {
        return refuse(format!(
            "the weights are a matrix [out, in], and {} is {}",
            b.called(w),
            weights.described()
        ));
    };
    if from.last() != Some(&inputs) {
        let error = refuse(format!(
            "{} is {weights} and takes vectors of {inputs}, and {} is {}",
            b.called(w),
            b.called(x),
            b.shape(x).described()
        ));
        let whole = b.shape(x).elements() == inputs;
        return error.map_err(|e| match (whole, from.last() == Some(&out)) {
            (true, _) => e.hint("flatten(x) makes one vector of it"),
            (_, true) => e.hint("weights are laid out [out, in]; transpose(W) turns them"),
            _ => e.hint("weights are laid out [out, in], as in PyTorch"),
        });
    }
    if let Some(bias) = args.optional(2)
        && b.shape(bias).lengths() != [out]
    {
        return refuse(format!(
            "the bias must be a vector of {out}, as {} is {weights}, and {} is {}",
            b.called(w),
            b.called(bias),
            b.shape(bias).described()
        ));
    }
    let y = match from.len() {
        1 => b.matmul(w, x)?,
        _ => {
            let turned = b.transpose(w, &[1, 0])?;
            b.matmul(x, turned)?
        }
    };
    match args.optional(2) {
        Some(bias) => b.add(&[y, bias]),
        None => Ok(y),
    }
}
