//! For tests in other crates: gradient formulas for a snapshot, and one assertion for the
//! gradients of a hand-written layer.

use std::fmt::Write;

use crate::check::{self, Report, check_gradients};
use crate::concrete;
use crate::diag::Error;
use crate::expr::ExprId;
use crate::lang::parse_network;
use crate::lesson::{Ask, Lesson, Why, lesson, reads_better_in_indices};
use crate::net::{Network, QuantityId};
use crate::page::{Math, Typesetter, check_page};
use crate::render::{TextStyle, math_text, text};

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
///      ∂E/∂w_h = (r_o − t)·w_o·i\n"
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

/// Asserts that gradients which some other code computed are those of a network: `theirs` holds
/// ∂loss/∂quantity, row-major, for every parameter and perhaps other quantities, at the values
/// that the network's text gives. Only a difference that rounding cannot explain fails.
///
/// # Panics
/// With the report, which names the first cell that differs, both values, the exact one and,
/// where it is a known one, the mistake, and with the formula that is right there; with the names
/// of parameters whose gradients are missing; or with the error of a network that cannot be read.
///
/// ```
/// let network = "param w[3]\n target t\n E = (t - sum(w))^2 / 2\n\
///                given w = [1, 2, 0.5]\n given t = 2";
/// let mine = vec![1.5, 1.5, 1.5];       // −(t − Σw), by hand
/// backproof::assert_gradients(network, &[("w", &mine)]);
/// ```
#[track_caller]
pub fn assert_gradients(network: &str, theirs: &[(&str, &[f64])]) {
    if let Err(report) = compare(network, theirs) {
        panic!("{report}");
    }
}

/// Nothing, or why the gradients are not those of the network.
fn compare(network: &str, theirs: &[(&str, &[f64])]) -> Result<(), String> {
    let said = |error: Error| error.snippet("network", network, false);
    let net = parse_network(network).map_err(said)?;
    let values = concrete::given(&net).map_err(said)?;
    let mut by = std::collections::BTreeMap::new();
    for (name, gradients) in theirs {
        let Some(id) = net.find(name) else {
            return Err(format!("the network has no {name}"));
        };
        by.insert(id, gradients.to_vec());
    }
    let missing: Vec<&str> = net
        .params()
        .filter(|id| !by.contains_key(id))
        .map(|id| net.quantity(id).name.as_str())
        .collect();
    if !missing.is_empty() {
        return Err(format!("no gradient is given for {}", missing.join(", ")));
    }
    let report = check_gradients(&net, &values, &by).map_err(said)?;
    if report.agrees() {
        return Ok(());
    }
    let page = text(&check_page(&report), &TextStyle::default());
    let right = first_difference(&net, &report).map_or(String::new(), |ask| right(&net, ask));
    Err(format!("{page}{right}"))
}

/// The first element whose gradient differs.
fn first_difference(net: &Network, report: &Report) -> Option<(QuantityId, usize)> {
    let differing = report.parameters.iter().filter(|p| p.verdict() == check::Verdict::Differ);
    differing.into_iter().find_map(|parameter| {
        let cell = &parameter.comparisons.iter().find_map(|c| c.mismatches.first())?.cell;
        let id = net.find(&cell.name)?;
        Some((id, net.shape(id).position(&cell.index)?))
    })
}

/// The formula of one gradient; nothing for a network that is not read cell by cell.
fn right(net: &Network, (id, position): (QuantityId, usize)) -> String {
    if reads_better_in_indices(net, &[(id, Some(position))]) {
        return String::new();
    }
    let ask = Ask { by: vec![(id, Some(position))], updates: false, ..Ask::default() };
    // A report says what is wrong, with a formula or without.
    lesson(net.clone(), &ask).map_or(String::new(), |l| format!("\nRight is\n{}", formulas(&l)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: &str = "input x[2]\nparam w[2]\ntarget t\nE = (t - sum(w*x))^2 / 2\n\
                           given x = [1, 3]\ngiven w = [2, 0.5]\ngiven t = 1";

    #[test]
    fn right_gradients_pass_and_wrong_ones_say_why() {
        // t − w·x = −5/2, so ∂E/∂w = 5/2 · x.
        assert_eq!(compare(NETWORK, &[("w", &[2.5, 7.5])]), Ok(()));
        let report = compare(NETWORK, &[("w", &[-2.5, -7.5])]).unwrap_err();
        assert!(report.contains("sign"), "{report}");
        assert!(report.ends_with("Right is\n∂E/∂w₀ = (t − (w₀·x₀ + w₁·x₁))·(−x₀)\n"), "{report}");
        let two = "param v, w, u\nE = (w*v + u)^2\ngiven w = 1, v = 2, u = 0";
        assert_eq!(
            compare(two, &[("w", &[8.0])]),
            Err("no gradient is given for v, u".to_string())
        );
        assert!(compare(NETWORK, &[("v", &[1.0])]).unwrap_err().contains("no v"));
        assert!(compare(NETWORK, &[("w", &[1.0])]).is_err());
    }

    /// What PyTorch's clamp gives: inside and at the bounds 1, outside 0; and what least, product and
    /// Huber's loss give.
    #[test]
    fn elementwise_choices_have_their_slopes() {
        let clip = "param x[5]\ninput u[5]\nE = sum(clip(x, -1, 2)*u)\n\
                    given x = [-1, 2, 0, 3, -2], u = [1, 2, 3, 4, 5]";
        assert_eq!(compare(clip, &[("x", &[1.0, 2.0, 3.0, 0.0, 0.0])]), Ok(()));
        assert!(compare(clip, &[("x", &[1.0, 2.0, 3.0, 4.0, 0.0])]).is_err());
        let least = "param w[3]\nE = min(w)\ngiven w = [2, 1, 3]";
        assert_eq!(compare(least, &[("w", &[0.0, 1.0, 0.0])]), Ok(()));
        let product = "param w[3]\nE = prod(w)\ngiven w = [2, 3, 0]";
        assert_eq!(compare(product, &[("w", &[0.0, 0.0, 6.0])]), Ok(()));
        let huber =
            "param y[3]\ntarget t[3]\nE = huber(y, t)\ngiven y = [1/2, 3, -4], t = [0, 0, 0]";
        assert_eq!(compare(huber, &[("y", &[0.5 / 3.0, 1.0 / 3.0, -1.0 / 3.0])]), Ok(()));
    }
}
