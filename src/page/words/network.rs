//! The words about a network itself: what its quantities are for, sizes, definitions.

use super::{code, heads, name, say};
use crate::net::{Role, Shape, Window};
use crate::page::Inline;
use crate::page::math::Math;

/// The title of the page.
pub(in crate::page) fn title(loss: &str) -> String {
    format!("The network of {loss}")
}

/// The heading of the table of quantities.
pub(in crate::page) fn quantities() -> Vec<Inline> {
    say!["Quantities"]
}

/// The columns of the table of quantities.
pub(in crate::page) fn columns() -> Vec<Vec<Inline>> {
    heads(["name", "what it is", "shape", "cells", "values"])
}

/// What a quantity is for, in the table.
pub(in crate::page) fn purpose(role: Role, is_loss: bool) -> Vec<Inline> {
    say![match role {
        Role::Input => "input",
        Role::Param => "weight",
        Role::Target => "target",
        Role::Const => "constant",
        Role::Defined if is_loss => "loss",
        Role::Defined => "defined",
    }]
}

/// Whether a quantity has values, in the table.
pub(in crate::page) fn given(is_given: bool) -> Vec<Inline> {
    say![if is_given { "given" } else { "" }]
}

/// How many weights there are, and what they are for.
pub(in crate::page) fn aim(weights: usize, loss: &str) -> Vec<Inline> {
    let counted = match weights {
        1 => "1 weight to learn; ".to_string(),
        n => format!("{n} weights to learn; "),
    };
    say![counted, name(loss), " is to be made small."]
}

/// The heading of the sizes.
pub(in crate::page) fn sizes() -> Vec<Inline> {
    say!["Sizes"]
}

/// The heading of the definitions.
pub(in crate::page) fn definitions() -> Vec<Inline> {
    say!["Definitions"]
}

/// Before the definitions.
pub(in crate::page) fn computes() -> Vec<Inline> {
    say!["The network computes"]
}

/// Of a tensor with many cells only some are shown.
pub(in crate::page) fn folded(tensor: &str, cells: usize) -> Vec<Inline> {
    say![
        format!("Of the {cells} cells of "),
        name(tensor),
        " the first two and the last are shown; ",
        code("backproof show --all"),
        " lists every one.",
    ]
}

/// A winner that the network assumes.
pub(in crate::page) fn assumed(max_is_winner: Math) -> Vec<Inline> {
    say!["Assumed: ", max_is_winner, "."]
}

/// `Weights to learn: w (2×2), b.`: the quantities of one role, each with its shape if it is no
/// scalar; nothing for what is computed.
pub(in crate::page) fn of_role(role: Role, many: bool, all: &[(&str, &Shape)]) -> Vec<Inline> {
    let heading = match (role, many) {
        (Role::Input, false) => "Input: ",
        (Role::Input, true) => "Inputs: ",
        (Role::Param, false) => "Weight to learn: ",
        (Role::Param, true) => "Weights to learn: ",
        (Role::Target, false) => "Target: ",
        (Role::Target, true) => "Targets: ",
        (Role::Const, false) => "Constant: ",
        (Role::Const, true) => "Constants: ",
        (Role::Defined, _) => return Vec::new(),
    };
    let mut text = say![heading];
    for (n, (quantity, shape)) in all.iter().enumerate() {
        if n > 0 {
            text.extend(say![", "]);
        }
        text.extend(say![name(quantity)]);
        if !shape.is_scalar() {
            text.extend(say![format!(" ({shape})")]);
        }
    }
    text.extend(say!["."]);
    text
}

/// Between the quantities of one role and those of the next.
pub(in crate::page) fn next_role() -> Vec<Inline> {
    say![" "]
}

/// What a convolution is and how its window goes, before the equation of its size.
pub(in crate::page) fn size_of_convolution(
    tensor: &str,
    input: Option<&str>,
    kernel: Option<&str>,
    window: &Window,
) -> Vec<Inline> {
    let named = |node: Option<&str>| name(node.unwrap_or("its input"));
    let (is, turned) = match window.flip {
        true => {
            (" is the convolution of ", " (the filter turned by 180°, as convolution is defined), ")
        }
        false => (" is the cross-correlation of ", " (the filter is not turned), "),
    };
    say![
        name(tensor),
        is,
        named(input),
        " with ",
        named(kernel),
        turned,
        format!("{}. ", how(window)),
        "With ",
        name("W"),
        " the size of the input, ",
        name("F"),
        " of the filter, ",
        name("P"),
        " the padding and ",
        name("S"),
        " the stride, its size is",
    ]
}

/// `stride 2, padding 1`.
fn how(window: &Window) -> String {
    let per_axis = |lengths: &[usize]| match lengths {
        [first, rest @ ..] if rest.iter().all(|n| n == first) => first.to_string(),
        all => all.iter().map(usize::to_string).collect::<Vec<_>>().join(" by "),
    };
    let sides = |[before, after]: [usize; 2]| match before == after {
        true => before.to_string(),
        false => format!("{before} before and {after} after"),
    };
    let mut text = vec![format!("stride {}", per_axis(&window.stride))];
    text.push(match window.padding.as_slice() {
        all if all.iter().all(|p| *p == [0, 0]) => "no padding".to_string(),
        [first, rest @ ..] if rest.iter().all(|p| p == first) => {
            format!("padding {}", sides(*first))
        }
        all => {
            format!("padding {}", all.iter().map(|p| sides(*p)).collect::<Vec<_>>().join(" by "))
        }
    });
    if window.dilation.iter().any(|d| *d != 1) {
        text.push(format!("dilation {}", per_axis(&window.dilation)));
    }
    if window.groups != 1 {
        text.push(format!("{} groups of channels", window.groups));
    }
    text.join(", ")
}

/// What the axes of a window are called in the subscript of a size.
pub(in crate::page) fn axis(axes: usize, axis: usize) -> String {
    match (axes, axis) {
        (2, 0) => "rows".to_string(),
        (2, _) => "columns".to_string(),
        _ => axis.to_string(),
    }
}

/// Where a filter does not tile its input.
pub(in crate::page) fn rounded_down() -> Vec<Inline> {
    say!["rounded down, as the frameworks do"]
}

/// What a function is that not every reader has met.
pub(in crate::page) fn meaning(equation: Math) -> Vec<Inline> {
    say!["where ", equation, "."]
}

/// The normal distribution and its density.
pub(in crate::page) fn normal(distribution: Math, x: Math, density: Math) -> Vec<Inline> {
    say![
        "where ",
        distribution,
        " is the standard normal distribution, the chance that a normal variable is at most ",
        x,
        ", and ",
        density,
        " is its density.",
    ]
}
