//! Why each line of a derivation in indices holds, in words.

use super::list;
use crate::calculus::Group;
use crate::index::rules::norms::mean_in;
use crate::index::{Formula, IndexStep, Rule};
use crate::page::indexed::set::{Setter, element, tensor};
use crate::page::math::{Math, Relation};
use crate::page::{Inline, Label};

/// How many different reasons one line gives before it leaves the rest out.
const MAX_REASONS: usize = 2;

/// The reason for the steps that one line stands for. `label` finds the row of an earlier lemma.
pub(in crate::page) fn reasons(
    steps: &[IndexStep],
    set: &Setter,
    label: &dyn Fn(usize) -> Option<Label>,
) -> Vec<Inline> {
    let is = |rule| move |s: &IndexStep| s.rule == rule;
    if steps.iter().all(is(Rule::Collapse)) {
        let mut text = vec![words("the brackets leave one value of ")];
        text.extend(list(steps.iter().flat_map(fixed).collect()));
        return text;
    }
    if steps.iter().all(|s| s.rule.group() == Group::Tidy) {
        let joined = steps.iter().any(is(Rule::JoinSums));
        return vec![words(if joined { "one sum" } else { "tidied" })];
    }
    if steps.iter().all(is(Rule::DeltaInFull)) {
        let labels: Vec<Label> = steps.iter().filter_map(|s| label(s.uses?)).collect();
        let mut text = Vec::new();
        for (n, label) in labels.iter().enumerate() {
            text.push(words(match n {
                0 => "by ",
                _ if n + 1 == labels.len() => " and ",
                _ => ", ",
            }));
            text.push(Inline::Reference(*label));
        }
        return text;
    }
    let mut out: Vec<Inline> = Vec::new();
    let mut said: Vec<Vec<Inline>> = Vec::new();
    for step in steps {
        let one = reason(step, set, label);
        if said.contains(&one) {
            continue;
        }
        if said.len() == MAX_REASONS {
            out.push(words(", …"));
            break;
        }
        if !said.is_empty() {
            out.push(words(", "));
        }
        out.extend(one.iter().cloned());
        said.push(one);
    }
    out
}

fn reason(step: &IndexStep, set: &Setter, label: &dyn Fn(usize) -> Option<Label>) -> Vec<Inline> {
    let plain = |text: &str| vec![words(text)];
    match step.rule {
        Rule::ChainRuleOverElements => {
            let mut users = Vec::new();
            through(&step.contractum, &mut users);
            let mut text = plain("chain rule over every element");
            for (place, user) in users.into_iter().enumerate() {
                text.push(words(if place == 0 { " of " } else { " and of " }));
                text.push(Inline::Math(user));
            }
            text
        }
        Rule::NameDelta => match (&step.redex, &step.contractum) {
            (Formula::Partial { .. }, Formula::Element(delta)) => {
                vec![Inline::Math(Math::Relation(
                    Box::new(set.math(&step.redex)),
                    Relation::Equal,
                    Box::new(element(delta)),
                ))]
            }
            _ => plain("δ is the derivative by the layer that it names"),
        },
        Rule::EarlierResult | Rule::DeltaInFull => match step.uses.and_then(label) {
            Some(label) => vec![words("by "), Inline::Reference(label)],
            None => plain("as found above"),
        },
        Rule::Definition => match &step.redex {
            Formula::Partial { of, .. } => match of.as_ref() {
                Formula::Element(e) => {
                    vec![words("definition of "), Inline::Math(tensor(&e.tensor))]
                }
                _ => plain("definition"),
            },
            _ => plain("definition"),
        },
        Rule::LinearityOfTheSum => plain("the derivative of a sum, term by term"),
        Rule::Sum => plain("sum rule"),
        Rule::Difference => plain("difference rule"),
        Rule::Negation => plain("the sign comes out"),
        Rule::ConstantFactor => plain("constant factor"),
        Rule::Product => plain("product rule"),
        Rule::Quotient => plain("quotient rule"),
        Rule::Power => plain("power rule"),
        Rule::Exponential => plain("derivative of an exponential"),
        Rule::GeneralPower => plain("power with a moving exponent"),
        Rule::Elementary => match &step.redex {
            Formula::Partial { of, .. } => {
                vec![words("derivative of "), Inline::Math(set.math(of)), words(", chain rule")]
            }
            _ => plain("derivative of an elementary function"),
        },
        Rule::MaxWinner => plain("the derivative of a max is that of its winner"),
        Rule::IndependenceOfElements => match (&step.redex, &step.contractum) {
            (redex @ Formula::Partial { .. }, contractum) => vec![Inline::Math(Math::Relation(
                Box::new(set.math(redex)),
                Relation::Equal,
                Box::new(set.math(contractum)),
            ))],
            _ => plain("elements do not depend on one another"),
        },
        Rule::Constant => plain("constants vanish"),
        Rule::Collapse => {
            let mut text = plain("the bracket leaves one value of ");
            text.extend(list(fixed(step)));
            text
        }
        Rule::PutBackName => match &step.contractum {
            Formula::Element(e) => vec![Inline::Math(tensor(&e.tensor)), words(" put back")],
            _ => plain("a name put back"),
        },
        Rule::SumsToOne => {
            vec![Inline::Math(set.math(&step.redex)), words(" is 1, as given")]
        }
        Rule::DeviationsVanish => match mean_in(&step.redex) {
            Some(mean) => vec![
                words("deviations from the mean "),
                Inline::Math(tensor(&mean.tensor)),
                words(" sum to 0"),
            ],
            None => plain("deviations from a mean sum to 0"),
        },
        Rule::CommonDenominator => match &step.contractum {
            Formula::Div(_, below) => {
                vec![
                    words("names put back, over the common denominator "),
                    Inline::Math(set.math(below)),
                ]
            }
            _ => plain("over a common denominator"),
        },
        Rule::ZeroProduct
        | Rule::DropZero
        | Rule::DropOne
        | Rule::Signs
        | Rule::Numbers
        | Rule::Cancel
        | Rule::SumLast
        | Rule::Collect => plain("tidied"),
        Rule::Brackets => plain("brackets that always hold are left out"),
        Rule::RepeatedBracket => plain("a bracket counts once"),
        Rule::JoinSums => plain("sums joined"),
        Rule::IntoTheSum => plain("a factor goes into the sum"),
        Rule::Distribute => plain("multiplied out"),
        Rule::SplitSum => plain("the sum, term by term"),
        Rule::OutOfTheFraction => plain("the bracket comes out of the fraction"),
        Rule::OutOfTheSum => plain("a factor comes out of the sum"),
        Rule::RepeatedTerm => plain("a sum of equal terms"),
    }
}

/// The indices that a collapse fixed.
fn fixed(step: &IndexStep) -> Vec<Math> {
    let after = bound(&step.contractum);
    let before = bound(&step.redex).into_iter();
    before.filter(|letter| !after.contains(letter)).map(|letter| Math::symbol(&letter)).collect()
}

/// The letters that a sum binds, or one inside of it.
fn bound(formula: &Formula) -> Vec<String> {
    let mut letters: Vec<String> = formula.binds().iter().map(|r| r.index.clone()).collect();
    formula.children().into_iter().for_each(|c| letters.extend(bound(c)));
    letters
}

/// The tensors whose elements a chain rule goes through.
fn through(formula: &Formula, found: &mut Vec<Math>) {
    if let Formula::Partial { of, by } = formula {
        let loss_by = matches!(of.as_ref(), Formula::Element(e) if e.at.is_empty());
        let user = tensor(&by.tensor);
        if loss_by && !found.contains(&user) {
            found.push(user);
        }
        return;
    }
    // Of a product ∂E/∂y·∂y/∂x, the first factor tells.
    let children = formula.children();
    match formula {
        Formula::Mul(_) => children.into_iter().take(1).for_each(|c| through(c, found)),
        _ => children.into_iter().for_each(|c| through(c, found)),
    }
}

fn words(text: impl Into<String>) -> Inline {
    Inline::Words(text.into())
}
