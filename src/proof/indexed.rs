//! Replay of derivations in indices: every line is put to concrete sizes and proved in scalars.
//!
//! In: a network and a derivation in indices of it. Out: how each step was proved, or the error
//! that one was not. For each lemma its layer is cut out of the network, with a loss downstream
//! whose δ is free, and lowered. There the two sides of every step, at every value of the free
//! indices, are expressions, and `proof` decides whether they are equal; the last line is held
//! against the reverse sweep; and the formula of every tensor against its lowered cells. No
//! rule of the index calculus is used: a derivative that is only written down is evaluated by dual
//! numbers, or by the reverse sweep of scalars with all other quantities held fixed.

mod alike;
mod claims;
mod depths;
mod instance;
mod layer;
mod places;
mod renamed;
mod shrink;
mod smaller;
mod stage;

use std::collections::{BTreeMap, BTreeSet};

use super::ground::value_somewhere;
use super::prove::{Context, Leaves, MAX_STEPS, Verdict, prove_where_defined};
use super::replay::StepProof;
use crate::calculus::sweep;
use crate::diag::{Error, Kind};
use crate::expr::{ExprId, Graph, Node, Winners};
use crate::index::{
    Element, Formula, IndexDerivation, IndexLemma, IndexStep, Letters, NoValue, Ready, Rule,
    System, TensorName, all_values,
};
use crate::net::{Network, Op, QuantityId, Tensor};
use claims::{agreeing, not_plain, proved_all, proved_each};
use instance::{Instance, Scene};
use layer::{Cut, Layer, cut_out};
use renamed::Renamed;
use smaller::{Whole, replay_smaller};
use stage::{Stage, Staged, Stages};

pub use depths::prove_general;
pub use instance::MAX_INSTANCE;

/// At how many values of the free indices a line is proved at most; of more they are taken evenly,
/// the first and the last among them.
pub const MAX_CELLS: usize = 64;

/// The same for a layer of more than [`MAX_EXACT_SIZE`].
pub const MAX_CELLS_OF_MANY: usize = 6;

/// The lines of a layer of more cells and products than this are proved together, at random points
/// of the prime field.
pub const MAX_EXACT_SIZE: usize = 300;

/// A layer of more cells and products than this is proved at smaller sizes.
pub const MAX_OWN_SIZE: usize = 800;

/// A layer that cannot be made smaller is proved at its own size up to so many cells and products.
pub const MAX_WHOLE_SIZE: usize = 20_000;

/// At how many smaller sizes the lemma of a large layer is proved.
pub const SMALLER_SIZES: usize = 3;

/// How the steps of a derivation in indices were proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexReplay {
    steps: Vec<Vec<StepProof>>,
    sizes: Vec<usize>,
}

impl IndexReplay {
    /// How step `step` of lemma `lemma` was proved.
    pub fn verdict(&self, lemma: usize, step: usize) -> StepProof {
        self.steps[lemma][step]
    }

    /// At how many smaller sizes a lemma was proved; 0 where it was at its own.
    pub fn smaller_sizes(&self, lemma: usize) -> usize {
        self.sizes[lemma]
    }

    /// How many steps were proved.
    pub fn len(&self) -> usize {
        self.steps.iter().map(Vec::len).sum()
    }

    /// Whether there was nothing to prove.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Proves every step of a derivation in indices by instantiating it.
///
/// # Errors
/// Of kind `Internal`, naming the rule and the lines, where a step does not hold, does not follow
/// on the line before it, or a result differs from the reverse sweep's; of kind `Limit`, where
/// a lemma is too large to be instantiated.
pub fn replay_indexed(net: &Network, derivation: &IndexDerivation) -> Result<IndexReplay, Error> {
    let whole = Whole::new(net, derivation);
    let mut known = Renamed::default();
    // Lemmas about one layer go one after the other, so that the layer is lowered once.
    let mut layers: BTreeMap<Cut, Vec<(usize, BTreeSet<usize>)>> = BTreeMap::new();
    for place in 0..derivation.lemmas.len() {
        let (cut, used) = cut_for(net, derivation, place);
        layers.entry(cut).or_default().push((place, used));
    }
    let mut proofs = vec![(Vec::new(), 0); derivation.lemmas.len()];
    let mut failed: Option<(usize, Error)> = None;
    for (cut, lemmas) in layers {
        let mut scene = None;
        for (place, used) in lemmas {
            // Of all errors, the first in the order of the lemmas is told.
            if failed.as_ref().is_some_and(|(first, _)| *first < place) {
                break;
            }
            let lemma = &derivation.lemmas[place];
            let proof = follows(lemma).and_then(|()| match &mut scene {
                Some(scene) => Ok(scene),
                none => Ok(none.insert(Staged::new(cut_out(net, &cut)?))),
            });
            match proof.and_then(|staged| replay(&whole, staged, place, &used, &mut known)) {
                Ok(proof) => proofs[place] = proof,
                Err(error) => failed = Some((place, error)),
            }
        }
    }
    if let Some((_, error)) = failed {
        return Err(error);
    }
    let (steps, sizes) = proofs.into_iter().unzip();
    Ok(IndexReplay { steps, sizes })
}

/// Proves a lemma about a layer, at its own size or at smaller ones; says at how many of these.
fn replay(
    whole: &Whole<'_>,
    staged: &mut Staged,
    place: usize,
    used: &BTreeSet<usize>,
    known: &mut Renamed,
) -> Result<(Vec<StepProof>, usize), Error> {
    let IndexDerivation { system, lemmas } = whole.derivation;
    let work = work(&staged.layer.net);
    if work > MAX_OWN_SIZE {
        match replay_smaller(whole, staged, place, used, known) {
            // What cannot be made smaller is proved as it is, if it is not too large for that.
            Err(error) if error.kind() == Kind::Limit && work <= MAX_WHOLE_SIZE => {}
            proofs => return Ok((proofs?, SMALLER_SIZES)),
        }
    }
    let Staged { layer, stages, .. } = staged;
    Ok((replay_lemma(layer, stages, system, &lemmas[place], known)?, 0))
}

/// How many cells and products a network stands for.
fn work(net: &Network) -> usize {
    let of = |tensor: &Tensor| {
        let cells = tensor.shape.elements();
        let under = match &tensor.op {
            Op::Conv { kernel, .. } => {
                let lengths = net.node(*kernel).shape.lengths();
                lengths.iter().skip(usize::from(lengths.len() > 2)).product()
            }
            Op::Pool { size, .. } => size.iter().product(),
            Op::MatMul(a, _) => net.node(*a).shape.lengths().last().copied().unwrap_or(1),
            _ => 1,
        };
        cells.saturating_mul(under)
    };
    net.nodes().iter().map(of).fold(0, usize::saturating_add)
}

fn fault(what: &str, before: &Formula, after: &Formula) -> Error {
    Error::new(Kind::Internal, format!("{what} does not prove {before} = {after}"))
        .hint("this is a fault of backproof; nothing was printed that is not proved")
}

/// Whether each line of a lemma is the one before it with one part rewritten.
fn follows(lemma: &IndexLemma) -> Result<(), Error> {
    let mut line = &lemma.goal;
    for step in &lemma.steps {
        let rewritten = step.before.put(&step.site, step.contractum.clone());
        let right = step.before == *line
            && step.before.at(&step.site) == Some(&step.redex)
            && rewritten == step.after;
        if !right {
            return Err(fault(step.rule.name(), &step.before, &step.after));
        }
        line = &step.after;
    }
    if *line != lemma.result {
        return Err(fault("the last line", line, &lemma.result));
    }
    Ok(())
}

/// What a lemma needs of its network: the users of what it differentiates by; the users of p,
/// where it puts in an earlier result about δ^p; and whatever it puts back a name of.
fn cut_for(net: &Network, derivation: &IndexDerivation, place: usize) -> (Cut, BTreeSet<usize>) {
    let system = &derivation.system;
    let reached = system.reached();
    let mut kept = BTreeSet::new();
    let mut free = BTreeSet::new();
    let mut done = BTreeSet::new();
    let mut waiting = vec![place];
    let find = |name: &TensorName| net.find(&name.name);
    let mut resolved: BTreeSet<QuantityId> = BTreeSet::new();
    while let Some(next) = waiting.pop() {
        if !done.insert(next) {
            continue;
        }
        let lemma = &derivation.lemmas[next];
        for user in system.users(&lemma.by.tensor).filter(|u| reached.contains(&u.name)) {
            if let Some(id) = find(&user.name) {
                kept.insert(id);
                if id != net.loss() {
                    free.insert(id);
                }
            }
        }
        for step in &lemma.steps {
            if let Some(used) = step.uses {
                resolved.extend(find(&derivation.lemmas[used].by.tensor));
                waiting.push(used);
            }
            if let (Rule::PutBackName, Formula::Element(e)) = (step.rule, &step.contractum) {
                kept.extend(find(&e.tensor));
            }
            // That the deviations sum to 0 rests on what the mean is.
            if step.rule == Rule::DeviationsVanish {
                kept.extend(taken_away(&step.redex).and_then(|mean| find(&mean.tensor)));
            }
        }
    }
    free.retain(|id| !resolved.contains(id));
    done.remove(&place);
    (Cut { kept, free }, done)
}

/// The μ of Σ_k (u_k − μ). The rules know such a sum, too; here nothing is taken from them.
fn taken_away(f: &Formula) -> Option<&Element> {
    let Formula::Sum { body, .. } = f else { return None };
    let Formula::Sub(_, mean) = body.as_ref() else { return None };
    let Formula::Element(mean) = mean.as_ref() else { return None };
    Some(mean)
}

fn replay_lemma(
    layer: &Layer,
    stages: &mut Stages,
    system: &System,
    lemma: &IndexLemma,
    known: &mut Renamed,
) -> Result<Vec<StepProof>, Error> {
    let by = &lemma.by.tensor;
    let together = work(&layer.net) > MAX_EXACT_SIZE;
    let stage = stages.of(layer, system, by)?;
    let total = stage.total;
    if !stage.is_proved && prove_deltas(stage, lemma, together, known).is_err() {
        return Err(has_a_value(&stage.graph, total, by)
            .err()
            .unwrap_or_else(|| fault("δ", &lemma.goal, &lemma.result)));
    }
    let table = &stage.tensors[&by.name];
    let scene = Scene {
        tensors: &stage.tensors,
        deltas: &stage.deltas,
        total,
        loss: &system.loss.name,
        by: &by.name,
        function: None,
    };
    let mut instance = Instance::new(&mut stage.graph, &mut stage.slopes, scene);
    if !stage.is_proved {
        prove_forward(&mut instance, layer, system, together, known)?;
        stage.is_proved = true;
    }
    let swept = sweep::gradients(instance.g, total, &table.cells, &Winners::new());
    let valueless = |what: NoValue| match what {
        NoValue::TooLarge => Error::new(
            Kind::Limit,
            format!("the gradient by `{by}` takes more than {MAX_INSTANCE} scalars to be proved"),
        ),
        other => Error::new(Kind::Internal, format!("{} = {}: {other}", lemma.goal, lemma.result)),
    };
    let mut cells = spread(all_values(&lemma.free, Vec::new()).map_err(valueless)?, together);
    let like = cells.first().cloned().unwrap_or_default();
    let goal = instance.ready(&lemma.goal, &like);
    let after = lemma.steps.iter().map(|step| instance.ready(&step.after, &like));
    let after: Vec<Ready<'_>> = after.collect();
    let lines = |instance: &mut Instance<'_>, letters: &mut Letters| -> Result<Vec<_>, NoValue> {
        let mut before = goal.value(instance, letters)?;
        let mut lines = Vec::with_capacity(after.len() + 1);
        for after in &after {
            let after = after.value(instance, letters)?;
            lines.push((before, after));
            before = after;
        }
        let variable = letters.cell(&lemma.by)?;
        let at: Vec<usize> = variable.at.iter().map(|n| *n as usize).collect();
        lines.push((before, swept[table.shape.position(&at).unwrap_or(0)]));
        Ok(lines)
    };
    known.begin();
    // A step is as strong as its weakest instance.
    let mut proofs = vec![StepProof::Exact; lemma.steps.len()];
    // The few cells of a large layer are tried together: most of what they are made of is the same.
    let at_once = if together { cells.len().max(1) } else { 1 };
    for cells in cells.chunks_mut(at_once) {
        let (mut all, mut valued, mut missing) = (Vec::new(), 0, None);
        for letters in cells {
            match lines(&mut instance, letters) {
                Ok(lines) => all.extend(lines),
                Err(what) => {
                    missing = Some(valueless(what));
                    break;
                }
            }
            valued += 1;
        }
        let of_all = if valued > 1 { agreeing(instance.g, &all) } else { None };
        for (n, lines) in all.chunks(lemma.steps.len() + 1).enumerate() {
            let found = match &of_all {
                Some(agree) => {
                    let agree = &agree[n * lines.len()..][..lines.len()];
                    proved_each(instance.g, lines, Some(agree), known)
                }
                None => proved_all(instance.g, lines, together, known),
            };
            for (n, proof) in found.into_iter().enumerate() {
                match (lemma.steps.get(n), proof) {
                    (Some(step), None) => {
                        has_a_value(instance.g, total, by)?;
                        is_decided(instance.g, lines[n], step)?;
                        return Err(fault(step.rule.name(), &step.before, &step.after));
                    }
                    (None, None) => {
                        return Err(fault("the reverse sweep", &lemma.goal, &lemma.result));
                    }
                    (Some(step), Some(_)) if step.rule == Rule::SumsToOne => {
                        proofs[n] = StepProof::Assumed;
                    }
                    (Some(_), Some(StepProof::Exact)) | (None, Some(_)) => {}
                    (Some(_), Some(weaker)) => proofs[n] = weaker,
                }
            }
        }
        if let Some(error) = missing {
            return Err(error);
        }
    }
    Ok(proofs)
}

/// A line that can be neither proved nor refuted is too much for the proof, and no fault.
fn is_decided(g: &Graph, (before, after): (ExprId, ExprId), step: &IndexStep) -> Result<(), Error> {
    let winners = Winners::new();
    let context = Context { winners: &winners, leaves: Leaves::All };
    let left = std::cell::Cell::new(MAX_STEPS);
    match prove_where_defined(g, before, after, &context, &left) {
        Verdict::Refuted(_) => Ok(()),
        _ => Err(Error::new(
            Kind::Limit,
            format!(
                "{} = {} can be neither proved nor refuted: no point was found where both sides \
                 have values that can be told apart, and their normal form is too long",
                step.before, step.after
            ),
        )
        .hint("give names to parts of the layer; what has a name is a layer of its own")),
    }
}

/// Whether a layer has a value somewhere; where it has none, there is nothing to prove of it.
fn has_a_value(g: &Graph, total: ExprId, by: &TensorName) -> Result<(), Error> {
    value_somewhere(g, total, &Winners::new(), &BTreeMap::new()).map_err(|found| {
        Error::new(
            Kind::Domain,
            format!(
                "nothing can be proved of the gradient by `{by}`: the layer that it acts on has \
                 no value at any point that was tried, for {}",
                found.fault
            ),
        )
        .hint(
            "a proof says that two sides agree wherever both have a value, and that they have one",
        )
    })
}

/// δ, which comes from the reverse sweep, is what dual numbers give for ∂E/∂y.
fn prove_deltas(
    stage: &Stage,
    lemma: &IndexLemma,
    together: bool,
    known: &mut Renamed,
) -> Result<(), Error> {
    let mut g = stage.graph.clone();
    for (name, table) in &stage.deltas {
        let cells = stage.tensors[name].cells.iter().copied().zip(table.cells.iter().copied());
        let slope = |(cell, delta)| (g.partial(stage.total, cell), delta);
        let pairs = spread(cells.collect(), together).into_iter().map(slope);
        let pairs: Vec<(ExprId, ExprId)> = pairs.collect();
        let open = not_plain(&g, pairs);
        if proved_all(&mut g, &open, together, known).contains(&None) {
            return Err(fault("δ", &lemma.goal, &lemma.result));
        }
    }
    Ok(())
}

/// The formula of every tensor that is kept is what its cells were lowered to.
fn prove_forward(
    instance: &mut Instance<'_>,
    layer: &Layer,
    system: &System,
    together: bool,
    known: &mut Renamed,
) -> Result<(), Error> {
    for name in &layer.kept {
        let Some(tensor) = system.tensor(&TensorName::new(name)) else { continue };
        let Some(definition) = &tensor.definition else { continue };
        let wrong = || fault("the definition", &Formula::element(name, []), &definition.body);
        let all = all_values(&definition.axes, Vec::new()).map_err(|_| wrong())?;
        let body = instance.ready(&definition.body, &all.first().cloned().unwrap_or_default());
        let cells = all.into_iter().zip(instance.cells(name).iter().copied()).collect();
        let mut pairs = Vec::new();
        for (mut letters, cell) in spread::<(Letters, ExprId)>(cells, together) {
            let body = body.value(instance, &mut letters).map_err(|_| wrong())?;
            let value = match instance.g.node(cell) {
                Node::Named(_, value) => value,
                _ => cell,
            };
            pairs.push((value, body));
        }
        if proved_all(instance.g, &pairs, together, known).contains(&None) {
            return Err(wrong());
        }
    }
    Ok(())
}

/// At most [`MAX_CELLS`] of them, and fewer of a larger layer, evenly, with the first and the last.
fn spread<T>(all: Vec<T>, few: bool) -> Vec<T> {
    let (count, most) = (all.len(), if few { MAX_CELLS_OF_MANY } else { MAX_CELLS });
    if count <= most {
        return all;
    }
    let chosen: BTreeSet<usize> = (0..most).map(|n| n * (count - 1) / (most - 1)).collect();
    all.into_iter().enumerate().filter(|(n, _)| chosen.contains(n)).map(|(_, x)| x).collect()
}

#[cfg(test)]
mod tests;
