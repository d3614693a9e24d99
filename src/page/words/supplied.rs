//! The words about numbers from another program: the first that differs, the forward pass, and
//! whose convention is followed at a kink.

use super::{joined, name, rounded, say, strong};
use crate::check::{AtKinks, Certainty, Choice, Framework};
use crate::page::Inline;
use crate::page::math::Math;
use crate::scalar::show_digits;

/// What a supplied number is held against.
pub(in crate::page) enum Truth {
    /// The exact derivative.
    Exactly(Math),
    /// The exact number by our convention at kinks.
    ByConvention(Math),
    /// The formula's rounded value.
    ByFormula(Math),
}

/// The first element that differs.
pub(in crate::page) struct First<'a> {
    /// The element.
    pub(in crate::page) element: Math,
    /// What was supplied.
    pub(in crate::page) supplied: Math,
    /// What it should have been.
    pub(in crate::page) truth: Truth,
    /// The error, and the relative one.
    pub(in crate::page) error: Option<(f64, Option<f64>)>,
    /// The format of the numbers, and what rounding in it explains.
    pub(in crate::page) rounding: (&'a str, f64),
    /// How sure it is that rounding does not explain it.
    pub(in crate::page) certainty: Option<Certainty>,
}

/// The first element that differs, with both values and the errors.
pub(in crate::page) fn first_to_differ(first: First<'_>) -> Vec<Inline> {
    let mut text = say![
        strong("The first to differ"),
        " is the gradient by ",
        first.element,
        ": supplied ",
        first.supplied,
    ];
    text.extend(match first.truth {
        Truth::ByConvention(exact) => {
            say![", with slope 0 at a kink and the first winner exactly ", exact]
        }
        Truth::Exactly(exact) => say![", exactly ", exact],
        Truth::ByFormula(value) => say![", by the formula ", value],
    });
    if let Some((absolute, relative)) = first.error {
        text.extend(say![". It is off by ", rounded(absolute)]);
        if let Some(relative) = relative {
            text.extend(say![" (relative: ", rounded(relative), ")"]);
        }
        let (format, bound) = first.rounding;
        let certainty = match first.certainty {
            Some(Certainty::Certain) => " (certain: no order of the operations gives it)",
            Some(Certainty::Unlikely) => " (typically; unlikely to be rounding)",
            None => "",
        };
        let explains = format!("; rounding in {format} explains up to ");
        text.extend(say![explains, rounded(bound), certainty]);
    }
    text.extend(say!["."]);
    text
}

/// Before the command that derives it.
pub(in crate::page) fn its_derivation() -> Vec<Inline> {
    say!["Its derivation, step by step:"]
}

/// The first quantity of the forward pass that differs.
pub(in crate::page) struct FirstValue<'a> {
    /// Its name.
    pub(in crate::page) quantity: &'a str,
    /// How many of its elements differ, and how many it has.
    pub(in crate::page) differing: (usize, usize),
    /// The first of them.
    pub(in crate::page) element: Math,
    /// What was supplied, and what it is.
    pub(in crate::page) values: (Math, Math),
    /// The format of the numbers, and what rounding in it explains.
    pub(in crate::page) rounding: (&'a str, f64),
    /// The quantities after it that differ, too.
    pub(in crate::page) later: Vec<Math>,
}

/// The forward pass is another one.
pub(in crate::page) fn other_forward_pass(first: FirstValue<'_>) -> Vec<Inline> {
    let (supplied, value) = first.values;
    let (format, bound) = first.rounding;
    let mut text = say![
        strong("The forward pass is another one"),
        ": the first quantity to differ is ",
        name(first.quantity),
        match first.differing {
            (_, 1) => String::new(),
            (differing, elements) => format!(", in {differing} of {elements} elements"),
        },
        "; ",
        first.element,
        " was supplied as ",
        supplied,
        " and is ",
        value,
        " by its definition",
        format!(" (rounding in {format} explains up to "),
        rounded(bound),
        "). ",
    ];
    if !first.later.is_empty() {
        let differ = if first.later.len() == 1 { " differs, too. " } else { " differ, too. " };
        text.extend(joined(first.later));
        text.extend(say![differ]);
    }
    text.extend(say!["Look there first: gradients of another forward pass are not these."]);
    text
}

/// The forward pass is that of the network, as far as it was supplied.
pub(in crate::page) fn same_forward_pass(quantities: Vec<Math>) -> Vec<Inline> {
    let end = match quantities.len() {
        1 => " is what its definition gives.",
        _ => " are what their definitions give.",
    };
    let mut text = say![strong("The forward pass agrees"), ": "];
    text.extend(joined(quantities));
    text.extend(say![end]);
    text
}

/// A value of the forward pass could not be judged.
pub(in crate::page) fn value_not_judged(quantity: &str, why: &str) -> Vec<Inline> {
    say!["The value of ", name(quantity), format!(" could not be judged ({why}).")]
}

/// What the gradients by these parameters do at kinks.
pub(in crate::page) fn at_kinks(found: &AtKinks, parameters: Vec<Math>) -> Vec<Inline> {
    let mut text = say!["At the kinks, the gradient by "];
    text.extend(joined(parameters));
    text.extend(say![choice(found)]);
    if let Some(framework) = found.unexpected {
        let expected = frameworks(&[framework]);
        text.extend(say![strong("Remark:"), format!(" {expected} would give another one.")]);
    }
    text
}

fn choice(found: &AtKinks) -> String {
    let names = frameworks(&found.frameworks);
    let rules = found.rules.join("; ");
    match (found.choice, found.frameworks.is_empty()) {
        (Choice::Ours, true) => {
            " is that of the formula: slope 0, the first winner takes all. ".to_string()
        }
        (Choice::Ours | Choice::Another, false) => {
            format!(" follows the convention of {names}: {rules}. ")
        }
        (Choice::OtherSide, _) => " follows the other side: no kink is there, but a value is so \
                                    near to one that rounding may have decided. "
            .to_string(),
        (Choice::Another, true) => " is nobody's known convention, and inside the \
                                     subdifferential: some choice gives it. "
            .to_string(),
        (Choice::Undecided, false) => format!(
            " follows the convention of {names}: {rules}. That is no subgradient there; whether a \
             choice gives the same numbers all the same is not known. "
        ),
        (Choice::Undecided, true) => " lies between what the choices give; whether one choice \
                                       gives all of it is not known. "
            .to_string(),
        (Choice::Outside, false) => format!(
            " follows the convention of {names}: {rules}. That is outside the subdifferential: no \
             choice gives it. "
        ),
        (Choice::Smooth, false) => format!(
            " is what the convention of {names} gives: {rules}. But every piece that meets there \
             has the same slope: the derivative exists, and it is another number. "
        ),
        (Choice::Smooth, true) => " is not the derivative, which exists there: every piece that \
                                   meets there has the same slope. "
            .to_string(),
        (Choice::Outside, true) => {
            " is outside the subdifferential: no choice gives it. ".to_string()
        }
    }
}

/// `PyTorch 2.15, JAX 0.10.2 and TensorFlow 2.21`.
fn frameworks(frameworks: &[Framework]) -> String {
    let names: Vec<String> =
        frameworks.iter().map(|f| format!("{} {}", f.name(), f.version())).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// `f32`, `f32 or f64`: what the numbers were computed in.
pub(in crate::page) fn formats(formats: &[&str]) -> String {
    formats.join(" or ")
}

/// How supplied numbers in these formats are judged.
pub(in crate::page) fn method(formats: &str, has_gradients: bool) -> String {
    let exact = match has_gradients {
        false => {
            "the exact values: a forward pass over numbers with error bounds, with as many digits \
             as the verdict takes"
        }
        true => {
            "the exact gradient at the same values: a backward pass over numbers with error \
             bounds, with as many digits as the verdict takes, held against a forward pass of dual \
             numbers"
        }
    };
    format!(
        "The supplied numbers are held against {exact}. What rounding in {formats} typically does \
         is measured by running the network's own passes with each stored result moved at random \
         by as much as the format rounds. A number is right within a fixed multiple of that."
    )
}

/// The smallest error that would have been noticed in every tensor that agrees, as a part of its
/// greatest element.
pub(in crate::page) fn noticed(worst: f64) -> Vec<Inline> {
    let mut text = say!["In what agrees, an error of "];
    text.extend(match worst {
        0.0 => say!["any size"],
        worst if worst < 1e-4 => {
            say![rounded(worst), " of the greatest element of its tensor"]
        }
        worst => say![format!(
            "{}% of the greatest element of its tensor",
            show_digits(100.0 * worst, 2)
        )],
    });
    text.extend(say![" would have been noticed."]);
    text
}
