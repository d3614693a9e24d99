//! Gradient formulas as text: one call for a snapshot test.

use std::fmt::Write;

use crate::diag::Error;
use crate::expr::ExprId;
use crate::lang::parse_network;
use crate::lesson::{Ask, Lesson, Why, lesson};
use crate::page::{Math, Typesetter};
use crate::render::math_text;

/// The gradient formulas of a network, one a line, each proved: what a snapshot test compares.
/// The text is the same on every machine, and a definition that the loss does not use changes
/// nothing in it.
///
/// Where a max has no assumed winner, the formulas stand case by case; where there are too many
/// cases for that, with letters for the indices of the winner.
///
/// # Errors
/// Those of [`parse_network`] and [`lesson`].
///
/// ```
/// let formulas = backproof::gradient_formulas(
///     "input i
///      param w_h, w_o
///      target t
///      r_h = w_h * i
///      r_o = w_o * r_h
///      E   = (t - r_o)^2 / 2",
/// )?;
/// assert_eq!(
///     formulas,
///     "∂E/∂w_o = (t − r_o)·(−r_h)\n\
///      ∂E/∂w_h = (t − r_o)·(−w_o·i)\n"
/// );
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn gradient_formulas(text: &str) -> Result<String, Error> {
    let ask = Ask { updates: false, ..Ask::default() };
    Ok(formulas(&lesson(parse_network(text)?, &ask)?))
}

/// The gradient formulas of a lesson, one a line; see [`gradient_formulas`].
pub fn formulas(lesson: &Lesson) -> String {
    let d = &lesson.derivation;
    let t = Typesetter::new(&d.graph, &lesson.names);
    let mut out = String::new();
    let mut line = |indent: &str, left: Math, right: ExprId| {
        let (left, right) = (math_text(&left, true), math_text(&t.math(right), true));
        // Writing to a String does not fail.
        let _ = writeln!(out, "{indent}{left} = {right}");
    };
    let settled = lesson.winners.iter().all(|w| w.why != Why::Example);
    match (&lesson.cases, &lesson.general) {
        (Some(cases), _) if !settled && cases.in_table => {
            for case in &cases.rows {
                for (max, winner) in cases.maxima.iter().zip(&case.winners) {
                    let max = lesson.names.get(max).copied().unwrap_or(*max);
                    line("if ", t.math(max), *winner);
                }
                for (target, gradient) in d.targets.iter().zip(&case.gradients) {
                    line("  ", t.math(d.lemma(*target).goal), *gradient);
                }
            }
        }
        (Some(_), Some(general)) if !settled => {
            let max = lesson.names.get(&general.max).copied().unwrap_or(general.max);
            line("if ", t.math(max), general.winner);
            for row in &general.rows {
                line("  ", t.partial(d.loss, row.by), row.gradient);
            }
        }
        _ => {
            for winner in lesson.winners.iter().filter(|w| w.why != Why::Assumed) {
                let max = lesson.names.get(&winner.max).copied().unwrap_or(winner.max);
                line("if ", t.math(max), winner.winner);
            }
            for target in &d.targets {
                let lemma = d.lemma(*target);
                line("", t.math(lemma.goal), lemma.result);
            }
        }
    }
    out
}
