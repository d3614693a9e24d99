//! The words of a run of gradient descent.

use super::{heads, say};
use crate::page::Inline;
use crate::page::math::Math;

/// The title of the page.
pub(in crate::page) fn title() -> String {
    "Gradient descent in numbers".to_string()
}

/// The heading of the first step.
pub(in crate::page) fn first_step() -> Vec<Inline> {
    say!["The first step"]
}

/// The columns of the first step, a row for each weight.
pub(in crate::page) fn columns() -> Vec<Vec<Inline>> {
    heads(["weight", "before", "slope", "step", "after"])
}

/// How each weight moves.
pub(in crate::page) fn every_weight(step: Math, loss: Math) -> Vec<Inline> {
    say![
        "Every weight takes the step ",
        step,
        ", all at once; the slope of a weight is the derivative of ",
        loss,
        " by it.",
    ]
}

/// What the first step makes of the loss.
pub(in crate::page) fn first_fall(
    loss: Math,
    before: Math,
    after: Math,
    falls: bool,
) -> Vec<Inline> {
    let end = match falls {
        true => ".",
        false => ": it does not fall. The step is too long, or the slope is 0; try a smaller rate.",
    };
    say![loss, " goes from ", before, " to ", after, end]
}

/// The heading of the whole run.
pub(in crate::page) fn step_by_step() -> Vec<Inline> {
    say!["Step by step"]
}

/// The column that counts the steps.
pub(in crate::page) fn step_column() -> Vec<Inline> {
    say!["step"]
}

/// The loss got greater at a step.
pub(in crate::page) fn rises(loss: Math, step: usize) -> Vec<Inline> {
    say![
        loss,
        format!(" rises at step {step}: the rate is too large there, or another cell wins a max."),
    ]
}

/// The loss fell all the way.
pub(in crate::page) fn falls(steps: usize, loss: Math, first: Math, last: Math) -> Vec<Inline> {
    let counted = if steps == 1 { "step " } else { "steps " };
    say![format!("In {steps} "), counted, loss, " goes from ", first, " to ", last, "."]
}

/// No number of the run is exact.
pub(in crate::page) fn all_rounded() -> Vec<Inline> {
    say!["The numbers are rounded: they are not rational."]
}

/// The numbers are exact up to a step.
pub(in crate::page) fn exact_up_to(step: usize) -> Vec<Inline> {
    say![format!(
        "Up to step {step} the numbers are exact; from there on they are computed in f64."
    )]
}
