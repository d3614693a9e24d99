//! What the page of a check says of gradients from elsewhere: the first element that differs, and
//! whose convention they follow at a kink.

use super::check::{element, number, rounded, symbol, words};
use super::{Block, Inline};
use crate::check::{
    AtKinks, Certainty, Choice, Framework, Number, Parameter, Report, Source, Value, Verdict,
};
use crate::scalar::show_digits;

/// The first element that differs: both values, the exact one, the errors, and how to see it
/// derived.
pub(super) fn first(report: &Report) -> Vec<Block> {
    let Some((parameter, m)) = report.first_mismatch() else { return Vec::new() };
    let math = |n: &Number| Inline::Math(number(n));
    let mut text = vec![
        Inline::Strong("The first to differ".to_string()),
        words(" is the gradient by "),
        element(&m.cell),
        words(": supplied "),
        math(&m.other),
    ];
    match &m.exact {
        Some(q) if parameter.at_kinks.is_some() => text.extend([
            words(", with slope 0 at a kink and the first winner exactly "),
            math(&Number::Rational(q.clone())),
        ]),
        Some(q) => text.extend([words(", exactly "), math(&Number::Rational(q.clone()))]),
        None => text.extend([words(", by the formula "), math(&m.symbolic)]),
    }
    if let (Some(absolute), relative) = m.error() {
        text.extend([words(". It is off by "), rounded(absolute)]);
        if let Some(relative) = relative {
            text.extend([words(" (relative: "), rounded(relative), words(")")]);
        }
        let format = parameter.format.map_or("f64", |f| f.name());
        text.extend([words(format!("; rounding in {format} explains up to ")), rounded(m.bound)]);
        text.push(words(match parameter.certainty {
            Some(Certainty::Certain) => " (certain: no order of the operations gives it)",
            Some(Certainty::Unlikely) => " (typically; unlikely to be rounding)",
            None => "",
        }));
    }
    text.push(words("."));
    let mut blocks = vec![Block::Text(text)];
    if let Some(command) = report.command(&m.cell) {
        blocks.push(Block::Text(vec![words("Its derivation, step by step:")]));
        blocks.push(Block::Code(command));
    }
    blocks
}

/// What was found of supplied values of the forward pass.
pub(super) fn forward(report: &Report) -> Vec<Block> {
    let all = &report.forward;
    let names = |of: &[&Value]| {
        let mut text = Vec::new();
        for (n, value) in of.iter().enumerate() {
            let last = n + 1 == of.len();
            text.extend((n > 0).then(|| words(if last { " and " } else { ", " })));
            text.push(symbol(&value.name));
        }
        text
    };
    let mut blocks = Vec::new();
    if let Some((value, m)) = report.first_value().and_then(|v| Some((v, v.first.as_ref()?))) {
        let math = |n: &Number| Inline::Math(number(n));
        let cells = value.shape.elements();
        let mut text = vec![
            Inline::Strong("The forward pass is another one".to_string()),
            words(": the first quantity to differ is "),
            symbol(&value.name),
            words(match cells {
                1 => String::new(),
                cells => format!(", in {} of {cells} elements", value.differing),
            }),
            words("; "),
            element(&m.cell),
            words(" was supplied as "),
            math(&m.other),
            words(" and is "),
            math(&m.symbolic),
            words(" by its definition"),
        ];
        text.push(words(format!(" (rounding in {} explains up to ", value.format.name())));
        text.extend([rounded(m.bound), words("). ")]);
        let later = |v: &&Value| v.verdict == Verdict::Differ && v.id != value.id;
        let later: Vec<&Value> = all.iter().filter(later).collect();
        if !later.is_empty() {
            text.extend(names(&later));
            text.push(words(if later.len() == 1 { " differs, too. " } else { " differ, too. " }));
        }
        text.push(words("Look there first: gradients of another forward pass are not these."));
        blocks.push(Block::Text(text));
    } else if !all.is_empty() && all.iter().all(|v| v.verdict == Verdict::Agree) {
        let mut text = vec![Inline::Strong("The forward pass agrees".to_string()), words(": ")];
        text.extend(names(&all.iter().collect::<Vec<_>>()));
        let (is, are) = (" is what its definition gives.", " are what their definitions give.");
        text.push(words(if all.len() == 1 { is } else { are }));
        blocks.push(Block::Text(text));
    }
    for value in all {
        if let Verdict::NotJudged(why) = &value.verdict {
            let mut text = vec![words("The value of "), symbol(&value.name)];
            text.push(words(format!(" could not be judged ({why}).")));
            blocks.push(Block::Text(text));
        }
    }
    blocks
}

/// What the numbers do at kinks: one paragraph for all parameters of which the same is true.
pub(super) fn conventions(report: &Report) -> Vec<Block> {
    let mut said: Vec<(&AtKinks, Vec<&Parameter>)> = Vec::new();
    for parameter in &report.parameters {
        let Some(found) = &parameter.at_kinks else { continue };
        match said.iter_mut().find(|(other, _)| *other == found) {
            Some((_, all)) => all.push(parameter),
            None => said.push((found, vec![parameter])),
        }
    }
    said.iter().map(|(found, all)| Block::Text(convention(found, all))).collect()
}

fn convention(found: &AtKinks, parameters: &[&Parameter]) -> Vec<Inline> {
    let mut text = vec![words("At the kinks, the gradient by ")];
    for (n, parameter) in parameters.iter().enumerate() {
        if n > 0 {
            text.push(words(if n + 1 == parameters.len() { " and " } else { ", " }));
        }
        text.push(symbol(&parameter.name));
    }
    let names = list(&found.frameworks);
    text.push(words(match (found.choice, found.frameworks.is_empty()) {
        (Choice::Ours, true) => {
            " is that of the formula: slope 0, the first winner takes all. ".to_string()
        }
        (Choice::Ours | Choice::Another, false) => {
            let rules = found.rules.join("; ");
            format!(" follows the convention of {names}: {rules}. ")
        }
        (Choice::OtherSide, _) => " follows the other side: no kink is there, but a value is so \
                                    near to one that rounding may have decided. "
            .to_string(),
        (Choice::Another, true) => " is nobody's known convention, and inside the \
                                     subdifferential: some choice gives it. "
            .to_string(),
        (Choice::Undecided, false) => {
            let rules = found.rules.join("; ");
            format!(
                " follows the convention of {names}: {rules}. That is no subgradient there; \
                 whether a choice gives the same numbers all the same is not known. "
            )
        }
        (Choice::Undecided, true) => {
            " lies between what the choices give; whether one choice gives \
                                    all of it is not known. "
                .to_string()
        }
        (Choice::Outside, false) => {
            let rules = found.rules.join("; ");
            format!(
                " follows the convention of {names}: {rules}. That is outside the \
                 subdifferential: no choice gives it. "
            )
        }
        (Choice::Smooth, false) => {
            let rules = found.rules.join("; ");
            format!(
                " is what the convention of {names} gives: {rules}. But every piece that meets \
                 there has the same slope: the derivative exists, and it is another number. "
            )
        }
        (Choice::Smooth, true) => " is not the derivative, which exists there: every piece that \
                                   meets there has the same slope. "
            .to_string(),
        (Choice::Outside, true) => {
            " is outside the subdifferential: no choice gives it. ".to_string()
        }
    }));
    if let Some(framework) = found.unexpected {
        let expected = list(&[framework]);
        text.push(Inline::Strong("Remark:".to_string()));
        text.push(words(format!(" {expected} would give another one.")));
    }
    text
}

/// `PyTorch 2.15, JAX 0.10.2 and TensorFlow 2.21`.
fn list(frameworks: &[Framework]) -> String {
    let names: Vec<String> =
        frameworks.iter().map(|f| format!("{} {}", f.name(), f.version())).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// `f32`, `f32 or f64`: what the numbers were computed in.
pub(super) fn formats(report: &Report) -> String {
    let mut formats: Vec<&str> = Vec::new();
    let of_values = report.forward.iter().map(|value| value.format);
    for format in report.parameters.iter().filter_map(|p| p.format).chain(of_values) {
        if !formats.contains(&format.name()) {
            formats.push(format.name());
        }
    }
    formats.join(" or ")
}

/// How supplied numbers are judged.
pub(super) fn method(report: &Report) -> String {
    let formats = formats(report);
    let exact = match report.parameters.is_empty() {
        true => {
            "the exact values: a forward pass over numbers with error bounds, with as many digits \
             as the verdict takes"
        }
        false => {
            "the exact gradient at the same values: a backward pass over numbers with error \
             bounds, with as many digits as the verdict takes, held against a forward pass of dual \
             numbers"
        }
    };
    format!(
        "The supplied numbers are held against {exact}. What rounding in {formats} typically does is \
         measured by running the network's own passes with each stored result moved at random by \
         as much as the format rounds. A number is right within a fixed multiple of that."
    )
}

/// The smallest errors that would have been noticed, of the tensors that agree.
pub(super) fn noticed(report: &Report) -> Option<Block> {
    let agree = |p: &&Parameter| p.verdict() == Verdict::Agree;
    let of = report.parameters.iter().filter(agree).filter_map(|p| p.noticed);
    let worst = of.map(|n| n.element).reduce(f64::max)?;
    let mut text = vec![words("In what agrees, an error of ")];
    match worst {
        0.0 => text.push(words("any size")),
        worst if worst < 1e-4 => {
            text.extend([rounded(worst), words(" of the greatest element of its tensor")]);
        }
        worst => text.push(words(format!(
            "{}% of the greatest element of its tensor",
            show_digits(100.0 * worst, 2)
        ))),
    }
    text.push(words(" would have been noticed."));
    Some(Block::Text(text))
}

/// Whether a report is about supplied numbers.
pub(super) fn is_supplied(report: &Report) -> bool {
    !report.forward.is_empty()
        || report
            .parameters
            .iter()
            .any(|p| p.comparisons.iter().any(|c| c.source == Source::Supplied))
}
