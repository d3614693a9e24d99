//! The words of a derivation cell by cell: what each section and each line is for.

use super::{code, joined, list, say};
use crate::lesson::Why;
use crate::page::math::Math;
use crate::page::{Inline, Label};
use crate::proof::StepProof;

/// The title of the page.
pub(in crate::page) fn title(loss: &str) -> String {
    format!("The gradients of {loss}")
}

/// The heading of the first section.
pub(in crate::page) fn network() -> Vec<Inline> {
    say!["The network"]
}

/// That the derivatives can be had layer by layer, too.
pub(in crate::page) fn other_form() -> Vec<Inline> {
    say![
        "Each cell is derived by itself; ",
        code("--form indices"),
        " derives each layer once, with letters for its cells.",
    ]
}

/// The heading of what was proved.
pub(in crate::page) fn proof() -> Vec<Inline> {
    say!["Proof"]
}

/// There was nothing to derive.
pub(in crate::page) fn nothing_to_prove() -> Vec<Inline> {
    say![
        "There is no weight to differentiate by, so there was nothing to prove; --wrt names \
         something else."
    ]
}

/// What was proved, and how: `proofs` has how many rewrites were proved in each way, and `shown`
/// of them have a line on the page.
pub(in crate::page) fn proved(
    rewrites: usize,
    shown: usize,
    proofs: &[(StepProof, usize)],
    has_winners: bool,
) -> Vec<Inline> {
    let how = |proof: &StepProof| match (proof, has_winners) {
        (StepProof::Exact, _) => "exactly",
        (StepProof::Assumed, true) => "exactly, given who wins",
        (StepProof::Assumed, false) => "as given",
        (StepProof::Probabilistic, _) => "by evaluation in a prime field",
    };
    let counted = proofs.iter().filter(|(_, count)| *count > 0);
    let parts: Vec<String> =
        counted.map(|(proof, count)| format!("{count} {}", how(proof))).collect();
    let each = match rewrites.saturating_sub(shown) {
        0 => format!(
            "Each of the {rewrites} rewrites above was proved apart from the rule that made it"
        ),
        hidden => format!(
            "Each of the {rewrites} rewrites was proved apart from the rule that made it, also \
             the {hidden} without a line above"
        ),
    };
    say![format!(
        "{each}: {}. Every result equals the gradient that a reverse sweep through the network \
         gives.",
        parts.join(", ")
    )]
}

/// Who wins a max, and why, before the equation that says it.
pub(in crate::page) fn winner(why: Why, cell: Math) -> Vec<Inline> {
    let (before, after) = match why {
        Why::Assumed => ("Let ", " be the greatest, so that"),
        Why::ByNumbers => ("With the given numbers, ", " is the greatest, so that"),
        Why::Tied => (
            "With the given numbers several tie for the greatest, and at a tie there is no \
             gradient; by convention the first of them, ",
            ", takes all:",
        ),
        Why::Example => (
            "No winner is given. Take the case that ",
            " is the greatest; the other cases stand at the end. Then",
        ),
    };
    say![before, cell, after]
}

/// The given numbers lie at a kink.
pub(in crate::page) fn kink(is_zero: Math) -> Vec<Inline> {
    say![
        "With the given numbers ",
        is_zero,
        ", which is a kink: there is no gradient there. The numbers below use the convention that \
         the slope at a kink is 0.",
    ]
}

/// The numbers that go in.
pub(in crate::page) fn given_numbers(equations: Vec<Math>) -> Vec<Inline> {
    values("The given numbers are ", equations)
}

/// The numbers that follow from those that go in.
pub(in crate::page) fn following_numbers(equations: Vec<Math>) -> Vec<Inline> {
    values("With the given numbers, ", equations)
}

fn values(lead: &str, equations: Vec<Math>) -> Vec<Inline> {
    let mut text = say![lead];
    text.extend(joined(equations));
    text.extend(say!["."]);
    text
}

/// A derivative that no quantity on the way has a part in.
pub(in crate::page) fn from_definition(of: Math, by: Math) -> Vec<Inline> {
    say!["How ", of, " changes with ", by, ", straight from the definition:"]
}

/// By way of what one quantity acts on another.
pub(in crate::page) fn chain(of: Math, by: Math, through: Vec<Math>) -> Vec<Inline> {
    let count = through.len();
    let mut text = say![by, " acts on ", of];
    text.extend(say![if count > 1 { " through " } else { " only through " }]);
    text.extend(list(through));
    text.extend(say![match count {
        1 => ", so the chain rule goes by way of it:".to_string(),
        n => format!(", so the chain rule sums over these {n} paths:"),
    }]);
    text
}

/// A derivative that several lines put in.
pub(in crate::page) fn needed_more_than_once(goal: Math) -> Vec<Inline> {
    say!["What follows needs ", goal, " more than once, and speaks of it by that name:"]
}

/// A derivative of the loss that those by `users` put in.
pub(in crate::page) fn worked_out_first(loss: Math, users: Vec<Math>, by: Math) -> Vec<Inline> {
    let several = users.len() > 1;
    let mut text = say![loss, " depends on "];
    text.extend(list(users));
    let end = match several {
        true => ", so this derivative is worked out first, once for all of them.",
        false => ", so this derivative is worked out first.",
    };
    text.extend(say![" through ", by, end]);
    text
}

/// Before a derivative in the middle of another.
pub(in crate::page) fn still_to_be_found(goal: Math) -> Vec<Inline> {
    say!["Still to be found is ", goal, ":"]
}

/// `Put (2.2) and (3.3) into (4.1):`
pub(in crate::page) fn put_in(results: Vec<Label>, open: Option<Label>) -> Vec<Inline> {
    let mut text = say!["Put "];
    text.extend(joined(results));
    text.extend(match open {
        Some(open) => say![" into ", open, ":"],
        None => say![" in:"],
    });
    text
}

/// The reason for a row of numbers.
pub(in crate::page) fn with_numbers() -> Vec<Inline> {
    say!["with the given numbers"]
}

/// The heading of an outline.
pub(in crate::page) fn gradients() -> Vec<Inline> {
    say!["The gradients"]
}

/// Before the rows of an outline.
pub(in crate::page) fn a_line_each() -> Vec<Inline> {
    say!["One line for each result:"]
}

/// Before derivatives that go as the one before them.
pub(in crate::page) fn same_steps() -> Vec<Inline> {
    say!["By the same steps:"]
}

/// Some derivatives are not shown.
pub(in crate::page) fn more_alike(more: usize) -> Vec<Inline> {
    say![
        format!("{more} more go the same way; "),
        code("--wrt"),
        " names one to see it in full, and JSON lists them all.",
    ]
}

/// The heading of the updates.
pub(in crate::page) fn update_rule() -> Vec<Inline> {
    say!["The update rule"]
}

/// What an update is.
pub(in crate::page) fn step_against_gradient(rate: Math, step: Math) -> Vec<Inline> {
    say![
        "A weight takes a step against its gradient, ",
        rate,
        " being the learning rate; then ",
        step,
        ".",
    ]
}

/// The reason for a row that uses a result.
pub(in crate::page) fn by_result(label: Label) -> Vec<Inline> {
    say!["by ", label]
}

/// Some updates are not shown.
pub(in crate::page) fn more_updates(more: usize) -> Vec<Inline> {
    say![format!("{more} more go by the same rule; "), code("--wrt"), " names one to see its own.",]
}
