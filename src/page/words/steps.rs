//! Why each line of a derivation cell by cell holds, in words: a reason for each rule.

use super::list;
use crate::calculus::{Rule, Step};
use crate::page::math::{Math, Relation, relation};
use crate::page::typeset::Typesetter;
use crate::page::{Inline, Label};

/// The reason for a step, as it stands beside its line. `label` is where the result that the
/// step uses is found.
fn reason(t: &Typesetter<'_>, step: &Step, label: Option<Label>) -> Vec<Inline> {
    let bound = |letter: &str| {
        let found = step.bindings.iter().find(|(l, _)| *l == letter);
        found.map(|(_, e)| t.math(*e)).unwrap_or(Math::Ellipsis)
    };
    let math = |letter: &str| Inline::Math(bound(letter));
    let words = |text: &str| Inline::Words(text.to_string());
    match step.rule {
        Rule::Definition => vec![words("definition of "), math("q")],
        Rule::MaxWinner => vec![math("u"), words(" is the greatest")],
        Rule::MaxCases => vec![words("each argument in the case that it wins")],
        Rule::ConstantTerms => {
            vec![words("the other terms do not contain "), math("x")]
        }
        Rule::Sum => vec![words("sum rule")],
        Rule::Difference => vec![words("difference rule")],
        Rule::Negation => vec![words("the sign comes out")],
        Rule::ConstantFactor => vec![words("constant factor "), math("c")],
        Rule::Product => vec![words("product rule")],
        Rule::Reciprocal => vec![words("reciprocal rule")],
        Rule::Quotient => vec![words("quotient rule")],
        Rule::Power => vec![words("power rule")],
        Rule::Exponential => vec![words("derivative of an exponential")],
        Rule::GeneralPower => vec![words("power with a moving exponent")],
        Rule::Elementary => {
            let mut text = vec![words("derivative of "), math("f")];
            if let Math::Call(f, x) = bound("f")
                && f.has_kink()
            {
                let off = relation(*x, Relation::Differs, Math::integer(0));
                text.extend([words(", for "), Inline::Math(off)]);
            }
            text
        }
        Rule::Chain if bound("z") == bound("u") => {
            vec![words("chain rule, by way of "), math("z")]
        }
        Rule::Chain => vec![
            words("chain rule with "),
            Inline::Math(relation(bound("z"), Relation::Equal, bound("u"))),
        ],
        Rule::Through => vec![words("chain rule, through "), math("q")],
        Rule::Paths => {
            let through: Vec<Math> = step
                .bindings
                .iter()
                .filter(|(letter, _)| *letter == "q")
                .map(|(_, q)| t.math(*q))
                .collect();
            let mut text = vec![words(&format!("chain rule over {} paths", through.len()))];
            if through.len() <= MAX_REASONS {
                text.push(words(", through "));
                text.extend(list(through));
            }
            text
        }
        Rule::PutBack => vec![math("z"), words(" put back")],
        Rule::EarlierResult => match label {
            Some(label) => vec![words("by "), Inline::Reference(label)],
            None => vec![words("as found above")],
        },
        Rule::Constant => vec![math("c"), words(" does not contain "), math("x")],
        Rule::Identity => vec![Inline::Math(relation(
            Math::Partial(Box::new(bound("x")), Box::new(bound("x"))),
            Relation::Equal,
            Math::integer(1),
        ))],
        Rule::ZeroProduct => vec![words("a product with 0 is 0")],
        Rule::DropZero => vec![words("adding 0 changes nothing")],
        Rule::DropOne => vec![words("a factor 1 changes nothing")],
        Rule::Signs => vec![words("signs")],
        Rule::Numbers => {
            vec![Inline::Math(relation(
                t.math(step.redex),
                Relation::Equal,
                t.math(step.contractum),
            ))]
        }
        Rule::Cancel => vec![words("cancel")],
        Rule::Collect => vec![words("equal terms collected")],
        Rule::RecogniseName => {
            vec![Inline::Math(relation(bound("u"), Relation::Equal, bound("q")))]
        }
        Rule::SplitFraction => vec![words("the fraction split")],
        Rule::CommonFactor => vec![words("common factor "), math("c")],
        Rule::SumsToOne => vec![
            Inline::Math(relation(bound("u"), Relation::Equal, Math::integer(1))),
            words(", as given"),
        ],
        Rule::MultiplyOut => vec![words("multiplied out")],
    }
}

/// The reason for several steps that one line stands for.
pub(in crate::page) fn reasons(
    t: &Typesetter<'_>,
    steps: &[Step],
    labels: &dyn Fn(&Step) -> Option<Label>,
) -> Vec<Inline> {
    let Some(first) = steps.first() else { return Vec::new() };
    let words = |text: &str| Inline::Words(text.to_string());
    let has = |rule: Rule| steps.iter().any(|s| s.rule == rule);
    if steps.iter().all(|s| s.rule.group() == crate::calculus::Group::Tidy) {
        return vec![words("tidied")];
    }
    if steps.len() > 1 && (has(Rule::Constant) || has(Rule::Identity)) {
        let mut out = Vec::new();
        if has(Rule::Constant) {
            out.push(words("constants vanish"));
        }
        if let Some(step) = steps.iter().find(|s| s.rule == Rule::Identity) {
            if !out.is_empty() {
                out.push(words(", "));
            }
            out.extend(reason(t, step, None));
        }
        return out;
    }
    let mut out: Vec<Inline> = Vec::new();
    let mut said: Vec<Vec<Inline>> = Vec::new();
    // Signs that come with a result are no reason of their own.
    let mixed = steps.iter().any(|s| s.rule != Rule::Signs);
    let mut left_out = false;
    for step in steps.iter().filter(|s| !mixed || s.rule != Rule::Signs) {
        let one = reason(t, step, labels(step));
        if said.contains(&one) {
            continue;
        }
        // What a line calls by a new name, it says.
        if said.len() >= MAX_REASONS && !introduces(t, step) {
            left_out = true;
            continue;
        }
        said.push(one);
    }
    // `constant factor a, constant factor b and constant factor c` says its words once.
    let mut at = 0;
    while at < said.len() {
        if at > 0 {
            out.push(words(if first.rule == Rule::EarlierResult { " and " } else { ", " }));
        }
        let alike = said[at..].iter().take_while(|one| one.len() == 2 && one[0] == said[at][0]);
        let count = alike.count().max(1);
        let skip = usize::from(at > 0 && first.rule == Rule::EarlierResult);
        out.extend(said[at].iter().skip(skip).cloned());
        for (n, one) in said[at + 1..at + count].iter().enumerate() {
            let last = n + 2 == count && at + count == said.len() && !left_out;
            out.push(words(if last { " and " } else { ", " }));
            out.extend(one[1..].iter().cloned());
        }
        at += count;
    }
    if left_out {
        out.push(words(", …"));
    }
    out
}

/// Whether a step calls something by a name that stands for nothing else.
fn introduces(t: &Typesetter<'_>, step: &Step) -> bool {
    let bound =
        |letter: &str| step.bindings.iter().find(|(l, _)| *l == letter).map(|(_, e)| t.math(*e));
    step.rule == Rule::Chain && bound("z") != bound("u")
}

/// How many different reasons one line gives before it leaves the rest out.
const MAX_REASONS: usize = 3;
