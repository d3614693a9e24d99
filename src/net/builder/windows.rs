//! Windows that move over a tensor: convolutions and poolings.

use super::Builder;
use crate::diag::{Error, Kind};
use crate::net::checks::check_shape;
use crate::net::{NodeId, Op, Pooling, Shape, Window};

/// The largest stride, padding or dilation: no tensor is longer.
pub const MAX_WINDOW_STEP: usize = 1 << 20;

impl Builder {
    /// A convolution, see [`Op::Conv`]. Errors: ranks that do not go together; a window that is
    /// not one of as many spatial axes; channels that do not fit the groups; a kernel larger
    /// than the padded input.
    pub fn conv(&mut self, input: NodeId, kernel: NodeId, window: Window) -> Result<NodeId, Error> {
        let (x, k) = (self.shape(input).clone(), self.shape(kernel).clone());
        let rank_error = |sentence: String| {
            Error::new(Kind::Shape, sentence)
                .label(format!("{} and {}", x.described(), k.described()))
                .hint(
                    "without channels: x[H, W] and k[h, w]; with: x[C, H, W] or x[N, C, H, W] and \
                     k[O, C, h, w]; in one dimension: x[L] and k[l], x[C, L] and k[O, C, l]",
                )
        };
        let Some(Layout { channels, spatial }) = Layout::of_kernel(k.rank()) else {
            let name = self.called(kernel);
            return Err(rank_error(format!(
                "conv: a kernel has 1 to 5 axes, and {name} is {}",
                k.described()
            )));
        };
        let fits = if channels { [spatial + 1, spatial + 2] } else { [spatial, spatial] };
        if !fits.contains(&x.rank()) {
            let wanted = match fits {
                [a, b] if a == b => format!("{a} {}", if a == 1 { "axis" } else { "axes" }),
                [a, b] => format!("{a} or {b} axes"),
            };
            return Err(rank_error(format!(
                "conv: the input of a kernel with {} axes must have {wanted}, and {} is {}",
                k.rank(),
                self.called(input),
                x.described()
            )));
        }
        check_window("conv", &window, spatial)?;
        let (size, before) = (&k.lengths()[k.rank() - spatial..], x.rank() - spatial);
        let mut lengths = x.lengths()[..before].to_vec();
        let mut products = 1usize;
        if channels {
            let [out, per_group] = [k.lengths()[0], k.lengths()[1]];
            let (groups, found) = (window.groups, lengths[before - 1]);
            if out % groups != 0 {
                return Err(Error::new(
                    Kind::Shape,
                    format!("conv: {out} filters do not fall into {groups} groups of equal size"),
                ));
            }
            if per_group.checked_mul(groups) != Some(found) {
                let of = if groups == 1 {
                    String::new()
                } else {
                    format!(" in each of {groups} groups")
                };
                return Err(Error::new(
                    Kind::Shape,
                    format!(
                        "conv: the kernel takes {per_group} channels{of}, and the input has {found}"
                    ),
                )
                .label(format!("{} and {}", x.described(), k.described()))
                .hint("the second length of the kernel is the input's channels, per group"));
            }
            lengths[before - 1] = out;
            products = per_group;
        } else if window.groups != 1 {
            return Err(Error::new(Kind::Shape, "conv: groups need channels")
                .hint("k[O, C, h, w] has them, and k[h, w] has none"));
        }
        let outputs = output_lengths("conv", "kernel", &x.lengths()[before..], size, &window)?;
        lengths.extend(outputs);
        let shape = Shape::new(lengths);
        products = size.iter().fold(products, |n, k| n.saturating_mul(*k));
        self.charge(shape.elements().saturating_mul(products))?;
        self.push(Op::Conv { input, kernel, window }, shape)
    }

    /// A pooling over the last axes, see [`Op::Pool`]. Errors: more spatial axes than axes; a
    /// window larger than the padded input, or with no cell inside the input.
    pub fn pool(
        &mut self,
        kind: Pooling,
        input: NodeId,
        size: &[usize],
        window: Window,
    ) -> Result<NodeId, Error> {
        let name = if kind == Pooling::Max { "maxpool" } else { "avgpool" };
        let x = self.shape(input).clone();
        let Some(before) = x.rank().checked_sub(size.len()).filter(|_| !size.is_empty()) else {
            return Err(Error::new(
                Kind::Shape,
                format!(
                    "{name}: a window over {} axes needs as many, and {} is {}",
                    size.len(),
                    self.called(input),
                    x.described()
                ),
            ));
        };
        check_window(name, &window, size.len())?;
        if window.groups != 1 || window.flip {
            return Err(Error::new(Kind::Shape, format!("{name} has neither groups nor flip")));
        }
        if size.contains(&0) {
            return Err(Error::new(Kind::Shape, format!("{name}: the window must be at least 1")));
        }
        let spatial = &x.lengths()[before..];
        let outputs = output_lengths(name, "window", spatial, size, &window)?;
        let shape = Shape::new([&x.lengths()[..before], &outputs].concat());
        check_shape(&shape)?;
        let cells = size.iter().fold(1usize, |n, k| n.saturating_mul(*k));
        self.charge(shape.elements().saturating_mul(cells))?;
        for axis in 0..size.len() {
            let empty = (0..outputs[axis]).find(|out| {
                !(0..size[axis]).any(|m| window.cell(axis, *out, m, spatial[axis]).is_some())
            });
            if let Some(out) = empty {
                return Err(Error::new(
                    Kind::Shape,
                    format!(
                        "{name}: window {out} along axis {} lies in the padding alone",
                        before + axis
                    ),
                )
                .hint("a padding of at most half the window leaves a cell in each"));
            }
        }
        self.push(Op::Pool { kind, input, size: size.to_vec(), window }, shape)
    }

    /// Whether the element at `winner` of the operand is among those that element `element` of a
    /// max is taken of; positions are row-major and inside.
    pub(crate) fn competes(&self, max: NodeId, element: usize, winner: usize) -> bool {
        match &self.node(max).op {
            Op::Max(a, axes) => {
                let at = self.shape(*a).index(winner);
                let kept = (0..at.len()).filter(|i| !axes.contains(i)).map(|i| at[i]);
                kept.eq(self.shape(max).index(element))
            }
            Op::Pool { input, size, window, .. } => {
                let from = self.shape(*input);
                let (at, out) = (from.index(winner), self.shape(max).index(element));
                let before = from.rank() - size.len();
                at[..before] == out[..before]
                    && (0..size.len()).all(|axis| {
                        let length = from.lengths()[before + axis];
                        (0..size[axis]).any(|m| {
                            window.cell(axis, out[before + axis], m, length)
                                == Some(at[before + axis])
                        })
                    })
            }
            _ => true,
        }
    }
}

/// What the axes of a kernel are.
struct Layout {
    channels: bool,
    spatial: usize,
}

impl Layout {
    fn of_kernel(rank: usize) -> Option<Layout> {
        match rank {
            1 | 2 => Some(Layout { channels: false, spatial: rank }),
            3..=5 => Some(Layout { channels: true, spatial: rank - 2 }),
            _ => None,
        }
    }
}

fn check_window(name: &str, window: &Window, axes: usize) -> Result<(), Error> {
    let lengths = [window.stride.len(), window.padding.len(), window.dilation.len()];
    if let Some(found) = lengths.into_iter().find(|n| *n != axes) {
        let plural = if axes == 1 { "axis" } else { "axes" };
        return Err(Error::new(
            Kind::Shape,
            format!("{name}: the window moves over {axes} {plural}, and {found} are set"),
        )
        .hint("one number holds for every axis; a list has one for each"));
    }
    let zero =
        |what: &str| Err(Error::new(Kind::Shape, format!("{name}: the {what} must be at least 1")));
    let steps = window.stride.iter().chain(window.padding.iter().flatten()).chain(&window.dilation);
    if let Some(far) = steps.copied().find(|step| *step > MAX_WINDOW_STEP) {
        return Err(Error::new(
            Kind::Limit,
            format!(
                "{name}: a stride, a padding and a dilation are at most {MAX_WINDOW_STEP}, \
                 found {far}"
            ),
        ));
    }
    match window {
        w if w.stride.contains(&0) => zero("stride"),
        w if w.dilation.contains(&0) => zero("dilation"),
        w if w.groups == 0 => zero("number of groups"),
        _ => Ok(()),
    }
}

/// How many places the window has along each axis.
fn output_lengths(
    name: &str,
    what: &str,
    input: &[usize],
    size: &[usize],
    window: &Window,
) -> Result<Vec<usize>, Error> {
    // Saturating, for a window may be as long as it likes; what is larger than the input fails.
    let padded = |axis: usize| input[axis] + window.padding[axis].iter().sum::<usize>();
    let reach = |axis: usize| {
        size[axis].saturating_sub(1).saturating_mul(window.dilation[axis]).saturating_add(1)
    };
    let lengths: Option<Vec<usize>> = (0..size.len())
        .map(|axis| {
            padded(axis).checked_sub(reach(axis)).map(|room| room / window.stride[axis] + 1)
        })
        .collect();
    lengths.ok_or_else(|| {
        let axes: Vec<usize> = (0..size.len()).collect();
        let shape = |length: &dyn Fn(usize) -> usize| {
            Shape::new(axes.iter().map(|a| length(*a)).collect::<Vec<_>>()).to_string()
        };
        let (small, large) = (shape(&|a| size[a]), shape(&|a| input[a]));
        let mut sentence = match size {
            [_] => format!("{name}: the {what} of {small} is larger than the input of {large}"),
            _ => format!("{name}: the {small} {what} is larger than the {large} input"),
        };
        if window.padding.iter().any(|p| *p != [0, 0]) {
            sentence += &format!(", {} with its padding", shape(&padded));
        }
        if window.dilation.iter().any(|d| *d != 1) {
            sentence += &format!("; dilated, it reaches over {}", shape(&reach));
        }
        Error::new(Kind::Shape, sentence)
    })
}
