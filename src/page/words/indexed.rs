//! The words of a derivation in indices, of one network and of networks of any depth.

use super::{code, list, name, say};
use crate::index::any_depth::GeneralLayer;
use crate::page::Inline;
use crate::page::math::Math;

/// The title of the page of a network.
pub(in crate::page) fn title(loss: &str) -> String {
    format!("The gradients of {loss}, layer by layer")
}

/// How formulas in indices are read, before the definitions.
pub(in crate::page) fn how_to_read() -> Vec<Inline> {
    say!["Indices count from 0. [P] is 1 where P holds and 0 elsewhere. The network computes"]
}

/// That the derivatives can be had cell by cell, too.
pub(in crate::page) fn other_form() -> Vec<Inline> {
    say![
        "Each layer is derived once, with letters for its cells; ",
        code("--form scalars"),
        " goes cell by cell.",
    ]
}

/// That parts of a formula have names of their own.
pub(in crate::page) fn named_parts(parts: Vec<Math>) -> Vec<Inline> {
    let (are, not) = match parts.len() {
        1 => (" is a part", "it has a name, and its derivative a section."),
        _ => (" are parts", "they have names, and their derivatives sections."),
    };
    let mut text = list(parts);
    text.extend(say![format!(
        "{are} of what the network's text writes in one formula; here {not}"
    )]);
    text
}

/// Before an outline: what a δ is short for, if there is one.
pub(in crate::page) fn outline(delta: Option<(Math, Math)>) -> Vec<Inline> {
    let mut text = say!["From the loss down, "];
    text.extend(match delta {
        Some((delta, derivative)) => say![delta, " being short for ", derivative, " and so on:"],
        None => say!["straight from the definitions:"],
    });
    text
}

/// By way of what a tensor acts on the loss.
pub(in crate::page) fn acts_through(tensor: Math, loss: Math, users: Vec<Math>) -> Vec<Inline> {
    if users.len() == 1 && users[0] == loss {
        return say![tensor, " stands in ", loss, " itself"];
    }
    let mut text = say![tensor, " acts on ", loss, " through "];
    let ways = users.len();
    text.extend(list(users));
    text.extend(match ways {
        1 => Vec::new(),
        2 => say![", and the chain rule sums over both ways"],
        n => say![format!(", and the chain rule sums over all {n} ways")],
    });
    text
}

/// How the derivative by a layer is written.
pub(in crate::page) fn we_write(meaning: Math) -> Vec<Inline> {
    say!["; we write ", meaning]
}

/// The end of what stands before a derivative: for which indices it is.
pub(in crate::page) fn holds_for(ranges: Vec<Math>) -> Vec<Inline> {
    let mut text = Vec::new();
    if !ranges.is_empty() {
        text.extend(say![", "]);
        text.extend(for_all(ranges));
    }
    text.extend(say![":"]);
    text
}

/// `for i, j < 24 and m < 5`; nothing where nothing is free.
pub(in crate::page) fn for_all(ranges: Vec<Math>) -> Vec<Inline> {
    if ranges.is_empty() {
        return Vec::new();
    }
    let mut text = say!["for "];
    text.extend(list(ranges));
    text
}

/// Before the derivative by one element; `terms` are those that are left of its sum.
pub(in crate::page) fn one_element(element: Math, terms: Option<u64>) -> Vec<Inline> {
    let left = match terms {
        None => ":".to_string(),
        Some(0) => ", no term of the sum is left:".to_string(),
        Some(1) => ", one term of the sum is left:".to_string(),
        Some(n) => format!(", the sum has {n} terms:"),
    };
    say!["For one element, ", element, left]
}

/// How to see the terms that are left out.
pub(in crate::page) fn more_terms() -> Vec<Inline> {
    say![code("--terms N"), " writes out up to N of them."]
}

/// The update rule, with one tensor as the example.
pub(in crate::page) fn update(rate: Math, tensor: Math) -> Vec<Inline> {
    say![
        "Every element of every weight takes a step against its gradient, ",
        rate,
        " being the learning rate; for ",
        tensor,
    ]
}

/// What was proved, under an outline; the numbers are those of [`proved`].
pub(in crate::page) fn proved_in_brief(
    rewrites: usize,
    layers: usize,
    smaller: usize,
    witnessed: usize,
) -> Vec<Inline> {
    let at_smaller_sizes = match smaller {
        0 => String::new(),
        _ => format!(", those of {smaller} of the {layers} layers at smaller sizes"),
    };
    say![format!(
        "{rewrites} rewrites, each proved in scalars{at_smaller_sizes}; {witnessed} elements at \
         the network's own size agree with a backward pass over tensors. --level textbook shows \
         every line."
    )]
}

/// What was proved, and how: so many `layers`, of which some at `smaller` sizes; so many elements
/// `witnessed` at the network's own.
pub(in crate::page) fn proved(
    rewrites: usize,
    layers: usize,
    smaller: usize,
    witnessed: usize,
) -> Vec<Inline> {
    let mut text = format!(
        "Each of the {rewrites} rewrites above was put to numbers in the place of its indices and \
         proved there in scalars, apart from the rule that made it; and every result equals the \
         gradient that a reverse sweep through its layer gives."
    );
    if smaller > 0 {
        text += &format!(
            " {smaller} of the {layers} layers are too large for that at their own size; for \
             these it was done at several smaller sizes of the same geometry."
        );
    }
    if witnessed > 0 {
        text += &format!(
            " Then {witnessed} elements of the derivatives were computed by these formulas at the \
             network's own size, in intervals, and all of them agree with a backward pass over \
             tensors that knows nothing of the formulas."
        );
    }
    say![text]
}

/// The title of the page for any depth.
pub(in crate::page) fn title_for_any_depth(layer: GeneralLayer) -> String {
    match layer {
        GeneralLayer::Dense => "Dense layers, however many".to_string(),
        GeneralLayer::Convolution => "Convolutions, however many".to_string(),
    }
}

/// What is known of a network of any depth, and what is left open.
pub(in crate::page) fn any_depth(layer: GeneralLayer) -> Vec<Inline> {
    let layer = match layer {
        GeneralLayer::Dense => "a dense layer",
        GeneralLayer::Convolution => "a convolution with stride 1",
    };
    say![
        "Layer ",
        name("l"),
        format!(" is {layer} with a function "),
        name("phi"),
        " after it; the layer before it feeds it, and the layer after it is of the same kind. How \
         many layers there are, what their sizes are, what ",
        name("phi"),
        " is and how the loss ",
        name("E"),
        " comes from the last layer is left open. Indices count from 0, and [P] is 1 where P holds \
         and 0 elsewhere.",
    ]
}

/// How the equations for any depth were proved: for every size, if they were, and in so many
/// networks.
pub(in crate::page) fn proved_for_any_depth(networks: usize, every_size: bool) -> Vec<Inline> {
    let every = match every_size {
        true => {
            "Every line above was proved for every size and every layer: both of its sides have \
             one normal form, in which sizes are letters. "
        }
        false => "",
    };
    say![format!(
        "{every}Every line above was proved in {networks} networks of different depth, sizes and \
         functions, at each of their layers, with numbers in the place of the indices; and every \
         result equals the gradient that a reverse sweep through that whole network gives."
    )]
}
