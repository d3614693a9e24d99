//! The strategy: which rule goes where, so that a derivation in indices reads as a textbook's.
//!
//! The rules are tried in a fixed order; the first that matches anywhere is carried out at the
//! first place where it does. So derivatives go inwards first, then brackets fix indices, then
//! names come back and what is left is tidied.

use std::collections::BTreeSet;

use super::affine::Affine;
use super::bounds::Scope;
use super::formula::{Element, Formula, Range, TensorName};
use super::letters::fresh_all;
use super::rules::{Applied, Context, Rule};
use super::step::{IndexDerivation, IndexLemma, IndexStep};
use super::system::System;
use crate::diag::{Error, Kind};

/// The largest number of steps of one lemma.
pub const MAX_STEPS: usize = 2_000;

/// The largest number of formulas that one line may be made of.
pub const MAX_LINE: usize = 5_000;

/// The rules in the order in which they are tried.
const ORDER: &[Rule] = &[
    Rule::ChainRuleOverElements,
    Rule::EarlierResult,
    Rule::NameDelta,
    Rule::Constant,
    Rule::IndependenceOfElements,
    Rule::Definition,
    Rule::Negation,
    Rule::Difference,
    Rule::Sum,
    Rule::LinearityOfTheSum,
    Rule::ConstantFactor,
    Rule::Product,
    Rule::Quotient,
    Rule::Power,
    Rule::Exponential,
    Rule::GeneralPower,
    Rule::Elementary,
    Rule::MaxWinner,
    Rule::ZeroProduct,
    Rule::DropZero,
    Rule::DropOne,
    Rule::Signs,
    Rule::Numbers,
    Rule::PutBackName,
    Rule::Brackets,
    Rule::RepeatedBracket,
    Rule::JoinSums,
    Rule::IntoTheSum,
    Rule::OutOfTheFraction,
    Rule::Distribute,
    Rule::SplitSum,
    Rule::Collapse,
    Rule::Cancel,
    Rule::SumsToOne,
    Rule::DeviationsVanish,
    Rule::RepeatedTerm,
    Rule::OutOfTheSum,
    Rule::SumLast,
    Rule::Collect,
];

/// Where the closed form of the derivative by what a normalisation takes in is to follow: each
/// of these is carried out as often as it matches, one after the other.
const CLOSING: &[Rule] = &[Rule::DeltaInFull, Rule::CommonDenominator];

/// Derives ∂loss/∂x in indices for each tensor of `targets`, and for every tensor between them
/// and the loss.
///
/// # Errors
/// Of kind `Limit`, where a lemma takes more than [`MAX_STEPS`] steps or a line grows past
/// [`MAX_LINE`].
pub fn derive(system: &System, targets: &[TensorName]) -> Result<IndexDerivation, Error> {
    let reached = system.reached();
    // Whatever stands between a target and the loss.
    let mut needed: BTreeSet<&TensorName> = targets.iter().collect();
    for tensor in &system.tensors {
        if reached.contains(&tensor.name) && needed.clone().iter().any(|x| tensor.uses(x)) {
            needed.insert(&tensor.name);
        }
    }
    let mut lemmas = Vec::new();
    for tensor in system.tensors.iter().rev() {
        let wanted = needed.contains(&tensor.name) && reached.contains(&tensor.name);
        if wanted && tensor.name != system.loss {
            let lemma = lemma(system, &reached, &lemmas, &tensor.name)?;
            lemmas.push(lemma);
        }
    }
    Ok(IndexDerivation { system: system.clone(), lemmas })
}

/// Derives ∂loss/∂x in indices for one tensor, of which the users among `reached` count.
///
/// # Errors
/// As [`derive`](fn@derive); of kind `Name`, where there is no such tensor.
pub fn lemma(
    system: &System,
    reached: &BTreeSet<TensorName>,
    lemmas: &[IndexLemma],
    name: &TensorName,
) -> Result<IndexLemma, Error> {
    let unknown = || Error::new(Kind::Name, format!("there is no tensor `{name}`"));
    let tensor = system.tensor(name).ok_or_else(unknown)?;
    let reserved = system.reserved();
    let mut taken = reserved.clone();
    for length in &tensor.lengths {
        taken.extend(length.letters().into_iter().map(|l| l.name().to_string()));
    }
    let preferred: Vec<&str> = tensor.letters.iter().map(String::as_str).collect();
    let letters = fresh_all(&preferred, &mut taken);
    let mut free = Vec::new();
    let mut at = Vec::new();
    for (letter, length) in letters.iter().zip(&tensor.lengths) {
        // An axis of length 1 needs no index.
        if length.as_number() == Some(1) {
            at.push(Affine::number(0));
        } else {
            free.push(Range::new(letter, length.clone()));
            at.push(Affine::index(letter));
        }
    }
    let by = Element { tensor: name.clone(), at };
    let goal = Formula::Element(system.loss_element()).partial(&by);
    let mut line = goal.clone();
    let mut steps: Vec<IndexStep> = Vec::new();
    let rules = std::iter::once(ORDER).chain(CLOSING.iter().map(std::slice::from_ref));
    let mut rules = rules.peekable();
    while let Some(order) = rules.peek() {
        let place = Place { system, reached, lemmas, free: &free, by: name, reserved: &reserved };
        let Some((rule, site, applied)) = place.next(order, &line) else {
            rules.next();
            continue;
        };
        let after = line.put(&site, applied.contractum.clone());
        if steps.len() >= MAX_STEPS || after.size() > MAX_LINE {
            return Err(too_long(name));
        }
        let batch = match steps.last() {
            Some(last) if last.rule == rule => last.batch,
            Some(last) => last.batch + 1,
            None => 0,
        };
        let redex = line.at(&site).cloned().unwrap_or_else(|| line.clone());
        steps.push(IndexStep {
            rule,
            redex,
            contractum: applied.contractum,
            before: line,
            after: after.clone(),
            uses: applied.uses,
            site,
            batch,
        });
        line = after;
    }
    Ok(IndexLemma { by, free, goal, result: line, steps })
}

fn too_long(name: &TensorName) -> Error {
    Error::new(
        Kind::Limit,
        format!(
            "the derivation of the gradient by `{name}` is too long: more than {MAX_STEPS} steps, \
             or a line of more than {MAX_LINE} parts"
        ),
    )
    .hint("give names to parts of long definitions")
}

/// What stays the same from line to line.
struct Place<'a> {
    system: &'a System,
    reached: &'a BTreeSet<TensorName>,
    lemmas: &'a [IndexLemma],
    free: &'a [Range],
    by: &'a TensorName,
    /// Letters that no index may have.
    reserved: &'a BTreeSet<String>,
}

impl Place<'_> {
    /// The first rule of `order` that matches anywhere, with its first place.
    fn next(&self, order: &[Rule], line: &Formula) -> Option<(Rule, Vec<u32>, Applied)> {
        let Place { system, reached, lemmas, free, by, reserved } = *self;
        let mut taken = line.letters();
        taken.extend(free.iter().map(|r| r.index.clone()));
        taken.extend(reserved.iter().cloned());
        let scope = Scope { ranges: free.to_vec(), facts: system.facts.clone() };
        let mut context = Context { system, reached, lemmas, by, scope, taken };
        // Most lines hold no derivative, and then nothing is differentiated.
        let derivative = line.any(&|part| matches!(part, Formula::Partial { .. }));
        for rule in order.iter().filter(|rule| derivative || !rule.differentiates()) {
            let mut site = Vec::new();
            if let Some(applied) = search(*rule, line, &mut context, &mut site) {
                return Some((*rule, site, applied));
            }
        }
        None
    }
}

/// Looks for a place from the outside in, from left to right. Nothing is rewritten under ∂ nor
/// inside of a bracket that says who wins.
fn search(
    rule: Rule,
    line: &Formula,
    context: &mut Context<'_>,
    site: &mut Vec<u32>,
) -> Option<Applied> {
    if let Some(mut applied) = (rule.row().apply)(line, context)
        && applied.contractum != *line
    {
        applied.contractum = applied.contractum.flat();
        return Some(applied);
    }
    if matches!(line, Formula::Partial { .. } | Formula::Wins { .. } | Formula::Max { .. }) {
        return None;
    }
    let depth = context.scope.ranges.len();
    context.scope.ranges.extend_from_slice(line.binds());
    let mut found = None;
    for n in 0.. {
        let Some(child) = line.child(n) else { break };
        site.push(n as u32);
        found = search(rule, child, context, site);
        if found.is_some() {
            break;
        }
        site.pop();
    }
    context.scope.ranges.truncate(depth);
    found
}
