//! What the page of a check says of gradients from elsewhere: the first element that differs, and
//! whose convention they follow at a kink.

use super::Block;
use super::check::{element, number};
use super::math::Math;
use super::words::supplied::{self as say, First, FirstValue, Truth};
use crate::check::{AtKinks, Number, Parameter, Report, Source, Value, Verdict};

/// The first element that differs: both values, the exact one, the errors, and how to see it
/// derived.
pub(super) fn first(report: &Report) -> Vec<Block> {
    let Some((parameter, m)) = report.first_mismatch() else { return Vec::new() };
    let truth = match &m.exact {
        Some(q) if parameter.at_kinks.is_some() => {
            Truth::ByConvention(number(&Number::Rational(q.clone())))
        }
        Some(q) => Truth::Exactly(number(&Number::Rational(q.clone()))),
        None => Truth::ByFormula(number(&m.symbolic)),
    };
    let (absolute, relative) = m.error();
    let text = say::first_to_differ(First {
        element: element(&m.cell),
        supplied: number(&m.other),
        truth,
        error: absolute.map(|absolute| (absolute, relative)),
        rounding: (parameter.format.map_or("f64", |f| f.name()), m.bound),
        certainty: parameter.certainty,
    });
    let mut blocks = vec![Block::Text(text)];
    if let Some(command) = report.command(&m.cell) {
        blocks.push(Block::Text(say::its_derivation()));
        blocks.push(Block::Code(command));
    }
    blocks
}

/// What was found of supplied values of the forward pass.
pub(super) fn forward(report: &Report) -> Vec<Block> {
    let all = &report.forward;
    let name = |value: &Value| Math::symbol(&value.name);
    let mut blocks = Vec::new();
    if let Some((value, m)) = report.first_value().and_then(|v| Some((v, v.first.as_ref()?))) {
        let later = |v: &&Value| v.verdict == Verdict::Differ && v.id != value.id;
        blocks.push(Block::Text(say::other_forward_pass(FirstValue {
            quantity: &value.name,
            differing: (value.differing, value.shape.elements()),
            element: element(&m.cell),
            values: (number(&m.other), number(&m.symbolic)),
            rounding: (value.format.name(), m.bound),
            later: all.iter().filter(later).map(name).collect(),
        })));
    } else if !all.is_empty() && all.iter().all(|v| v.verdict == Verdict::Agree) {
        blocks.push(Block::Text(say::same_forward_pass(all.iter().map(name).collect())));
    }
    for value in all {
        if let Verdict::NotJudged(why) = &value.verdict {
            blocks.push(Block::Text(say::value_not_judged(&value.name, why)));
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
    let names = |all: Vec<&Parameter>| all.iter().map(|p| Math::symbol(&p.name)).collect();
    said.into_iter().map(|(found, all)| Block::Text(say::at_kinks(found, names(all)))).collect()
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
    say::formats(&formats)
}

/// The smallest errors that would have been noticed, of the tensors that agree.
pub(super) fn noticed(report: &Report) -> Option<Block> {
    let agree = |p: &&Parameter| p.verdict() == Verdict::Agree;
    let of = report.parameters.iter().filter(agree).filter_map(|p| p.noticed);
    let worst = of.map(|n| n.element).reduce(f64::max)?;
    Some(Block::Text(say::noticed(worst)))
}

/// Whether a report is about supplied numbers.
pub(super) fn is_supplied(report: &Report) -> bool {
    !report.forward.is_empty()
        || report
            .parameters
            .iter()
            .any(|p| p.comparisons.iter().any(|c| c.source == Source::Supplied))
}
