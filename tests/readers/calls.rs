//! Calls of layers that fit. In go the layer and its first argument, out come the call and the
//! shape of its result.

use backproof::net::{Layer, ParameterKind};

use super::choices::Choices;
use super::networks::Network;

type Shaped = (String, Vec<usize>);

/// A call of the layer on `x`, or on what is made of it first.
pub fn call(
    net: &mut Network,
    c: &mut Choices,
    layer: &Layer,
    x: String,
    shape: Vec<usize>,
) -> Shaped {
    let name = layer.name;
    let rank = shape.len();
    let scalar = Vec::new;
    match name {
        "conv" => conv(net, c, x, shape),
        "maxpool" | "avgpool" => pool(c, name, x, shape),
        "matmul" => match shape.last() {
            Some(last) => {
                let w = net.of_shape(c, &[*last, 2]);
                (format!("matmul({x}, {w})"), [&shape[..rank - 1], &[2]].concat())
            }
            None => (format!("({x})"), shape),
        },
        "dense" => dense(net, c, x, shape),
        "global_maxpool" | "global_avgpool" if rank > 0 => {
            (format!("{name}({x})"), shape[..rank.saturating_sub(2)].to_vec())
        }
        "max" | "min" if rank == 0 => {
            let other = net.of_shape(c, &[]);
            (format!("{name}({x}, {other})"), shape)
        }
        "prod" if shape.iter().product::<usize>() > 64 => (format!("sum({x})"), scalar()),
        "max" | "min" | "sum" | "mean" | "prod" => reduced(c, name, x, shape),
        "flatten" if rank > 0 => {
            let from = c.below(rank.max(1));
            let mut flat = shape[..from.min(rank)].to_vec();
            flat.push(shape[from.min(rank)..].iter().product());
            let from = if from == 0 { String::new() } else { format!(", from: {from}") };
            (format!("flatten({x}{from})"), flat)
        }
        "reshape" => reshaped(c, x, shape),
        "transpose" => transposed(c, x, shape),
        "concat" if rank > 0 => {
            let axis = c.below(rank);
            let mut other = shape.clone();
            other[axis] = 1 + c.below(3);
            let part = net.of_shape(c, &other);
            let mut all = shape;
            all[axis] += other[axis];
            (format!("concat({x}, {part}, axis: {axis})"), all)
        }
        "softmax" | "log_softmax" if rank > 0 => {
            let axis = c.below(rank) as i64 - if c.chance(128) { rank as i64 } else { 0 };
            (format!("{name}({x}, axis: {axis})"), shape)
        }
        "layer_norm" if rank > 0 => normed(net, c, name, x, shape.clone(), shape[rank - 1]),
        "batch_norm" if rank > 1 => normed(net, c, name, x, shape.clone(), shape[1]),
        "dropout" => {
            let mask = net.leaf(c, shape.clone(), "input");
            let rate = c.pick(&["0.5", "0.1", "0", ".25"]);
            (format!("dropout({x}, {mask}, rate: {rate})"), shape)
        }
        "clip" => {
            let low = c.pick(&["-1", "0", "-0.5"]);
            let high = match c.below(2) {
                0 => "1".to_string(),
                _ => net.of_shape(c, &[]),
            };
            (format!("clip({x}, {low}, {high})"), shape)
        }
        "cross_entropy" | "nll" if rank == 0 => (format!("square({x})"), shape),
        "half_squared_error" | "mse" | "bce" | "bce_logits" | "hinge" | "huber"
        | "cross_entropy" | "nll" => {
            let target = net.leaf(c, shape, "target");
            let x = if matches!(name, "bce" | "nll") { format!("sigmoid({x})") } else { x };
            let more = if name == "huber" && c.chance(128) { ", delta: 2" } else { "" };
            (format!("{name}({x}, {target}{more})"), scalar())
        }
        "flatten" | "global_maxpool" | "global_avgpool" | "concat" | "softmax" | "log_softmax"
        | "layer_norm" | "batch_norm" => (format!("({x})"), shape),
        _ => elementwise(net, c, layer, x, shape),
    }
}

/// A layer that takes tensors of one shape and gives that shape.
fn elementwise(
    net: &mut Network,
    c: &mut Choices,
    layer: &Layer,
    x: String,
    shape: Vec<usize>,
) -> Shaped {
    let first = match layer.inputs().next() {
        Some(input) if c.chance(24) => format!("{}: {x}", input.name),
        _ => x,
    };
    let mut arguments = vec![first];
    for input in layer.inputs().skip(1) {
        if input.kind == ParameterKind::Tensor {
            arguments.push(net.of_shape(c, &shape));
        }
    }
    for option in layer.options() {
        if c.chance(128) {
            let value = match option.kind {
                ParameterKind::Number => c.pick(&["0.1", "2", ".25", "1e-2"]),
                ParameterKind::Flag => c.pick(&["true", "false"]),
                _ => "1",
            };
            arguments.push(format!("{}: {value}", option.name));
        }
    }
    (format!("{}({})", layer.name, arguments.join(", ")), shape)
}

/// `x @ w` with a matrix or vector that fits.
pub fn product(net: &mut Network, c: &mut Choices, x: String, shape: Vec<usize>) -> Shaped {
    let Some((last, before)) = shape.split_last() else {
        return (format!("2*({x})"), shape);
    };
    let out = 1 + c.below(5);
    match c.below(3) {
        0 if shape.len() == 1 => {
            let w = net.of_shape(c, &[out, *last]);
            (format!("{w} @ ({x})"), vec![out])
        }
        0 | 1 => {
            let w = net.of_shape(c, &[*last, out]);
            (format!("({x}) @ {w}"), [before, &[out]].concat())
        }
        _ => {
            let w = net.of_shape(c, &[*last]);
            (format!("(({x}) @ {w})"), before.to_vec())
        }
    }
}

fn dense(net: &mut Network, c: &mut Choices, x: String, shape: Vec<usize>) -> Shaped {
    let Some((last, before)) = shape.split_last() else { return (format!("tanh({x})"), shape) };
    let out = 1 + c.below(5);
    let w = net.of_shape(c, &[out, *last]);
    let bias = match c.below(3) {
        0 => String::new(),
        1 => format!(", {}", net.of_shape(c, &[out])),
        _ => format!(", bias: {}", net.of_shape(c, &[out])),
    };
    (format!("dense({x}, {w}{bias})"), [before, &[out]].concat())
}

/// How many places a window has on an axis.
fn places(
    length: usize,
    size: usize,
    padding: usize,
    stride: usize,
    dilation: usize,
) -> Option<usize> {
    let reach = dilation * (size - 1) + 1;
    Some((length + 2 * padding).checked_sub(reach)? / stride + 1)
}

fn conv(net: &mut Network, c: &mut Choices, x: String, shape: Vec<usize>) -> Shaped {
    let channels = shape.len() > 1 && c.chance(170);
    let axes = if channels { c.below(2.min(shape.len() - 1)) + 1 } else { shape.len().min(2) };
    let batch = shape.len().saturating_sub(axes + usize::from(channels));
    if shape.is_empty() || batch > 1 || (!channels && batch > 0) {
        return (format!("relu({x})"), shape);
    }
    let (stride, dilation) = (1 + c.below(3), 1 + usize::from(c.chance(60)));
    let (padding, same) = (c.below(2), c.chance(30));
    let spatial = &shape[shape.len() - axes..];
    let size: Vec<usize> = spatial.iter().map(|n| 1 + c.below(3.min(*n))).collect();
    let one = |(n, f): (&usize, &usize)| match same {
        true => Some(n.div_ceil(stride)),
        false => places(*n, *f, padding, stride, dilation),
    };
    let Some(moved) = spatial.iter().zip(&size).map(one).collect::<Option<Vec<usize>>>() else {
        return (format!("relu({x})"), shape);
    };
    let mut kernel = size.clone();
    let (mut bias, mut groups) = (String::new(), 1);
    let mut result = moved;
    if channels {
        let inputs = shape[batch];
        groups = if inputs.is_multiple_of(2) && c.chance(60) { 2 } else { 1 };
        let filters = groups * (1 + c.below(3));
        kernel = [&[filters, inputs / groups], &size[..]].concat();
        result = [&shape[..batch], &[filters], &result[..]].concat();
        if c.chance(100) {
            bias = format!(", {}", net.of_shape(c, &[filters]));
        }
    } else if c.chance(60) {
        bias = format!(", {}", net.of_shape(c, &[]));
    }
    let k = net.of_shape(c, &kernel);
    let mut text = format!("conv({x}, {k}{bias}");
    if stride > 1 {
        text += &format!(", stride: {stride}");
    }
    text += &match (same, padding) {
        (true, _) => ", padding: same".into(),
        (_, 0) => String::new(),
        (_, p) if c.chance(80) => format!(", padding: {:?}", vec![[p, p]; axes]),
        (_, p) => format!(", padding: {p}"),
    };
    if dilation > 1 {
        text += &format!(", dilation: {:?}", vec![dilation; axes]);
    }
    if groups > 1 {
        text += &format!(", groups: {groups}");
    }
    text += c.pick(&[")", ")", ", flip: true)"]);
    (text, result)
}

fn pool(c: &mut Choices, name: &str, x: String, shape: Vec<usize>) -> Shaped {
    let axes = shape.len().min(2);
    let size = 1 + c.below(3);
    let stride = 1 + c.below(3);
    let (before, spatial) = shape.split_at(shape.len() - axes);
    let moved: Option<Vec<usize>> =
        spatial.iter().map(|n| places(*n, size, 0, stride, 1)).collect();
    let Some(moved) = moved.filter(|_| axes > 0) else { return (format!("abs({x})"), shape) };
    let more = if name == "avgpool" { c.pick(&["", ", count_padding: false"]) } else { "" };
    let text = format!("{name}({x}, window: {size}, stride: {stride}{more})");
    (text, [before, &moved].concat())
}

fn reduced(c: &mut Choices, name: &str, x: String, shape: Vec<usize>) -> Shaped {
    if shape.is_empty() || c.below(3) == 0 {
        let word = if c.chance(30) { ", axis: all" } else { "" };
        return (format!("{name}({x}{word})"), Vec::new());
    }
    let keep = c.chance(90);
    let two = shape.len() > 1 && c.chance(60);
    let first = c.below(shape.len() - usize::from(two));
    let axes = if two { vec![first, first + 1] } else { vec![first] };
    let left = shape.iter().enumerate().filter_map(|(n, l)| match axes.contains(&n) {
        true => keep.then_some(1),
        false => Some(*l),
    });
    let left = left.collect();
    let axes = if two { format!("{axes:?}") } else { first.to_string() };
    let keep = if keep { ", keep: true" } else { "" };
    (format!("{name}({x}, axis: {axes}{keep})"), left)
}

fn reshaped(c: &mut Choices, x: String, shape: Vec<usize>) -> Shaped {
    let all: usize = shape.iter().product();
    let by = 1 + c.below(4);
    let to = if all.is_multiple_of(by) { vec![by, all / by] } else { vec![all] };
    let (text, to) = match c.below(3) {
        0 => {
            let longer = [&to[..], &[1]].concat();
            (format!("{longer:?}"), longer)
        }
        1 if to.len() == 2 => (format!("[{by}, -1]"), to),
        _ => (format!("{to:?}"), to),
    };
    (format!("reshape({x}, shape: {text})"), to)
}

fn transposed(c: &mut Choices, x: String, shape: Vec<usize>) -> Shaped {
    if shape.len() < 2 || c.below(2) == 0 {
        return (format!("transpose({x})"), shape.into_iter().rev().collect());
    }
    let by = 1 + c.below(shape.len() - 1);
    let mut axes: Vec<usize> = (0..shape.len()).collect();
    axes.rotate_left(by);
    let to = axes.iter().map(|n| shape[*n]).collect();
    (format!("transpose({x}, axes: {axes:?})"), to)
}

fn normed(
    net: &mut Network,
    c: &mut Choices,
    name: &str,
    x: String,
    shape: Vec<usize>,
    length: usize,
) -> Shaped {
    let affine = match c.below(2) {
        0 => String::new(),
        _ => {
            let (gain, shift) = (net.of_shape(c, &[length]), net.of_shape(c, &[length]));
            format!(", {gain}, {shift}")
        }
    };
    let eps = c.pick(&["", ", eps: 1e-3", ", eps: 1"]);
    (format!("{name}({x}{affine}{eps})"), shape)
}
