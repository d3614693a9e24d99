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
use crate::lower::{Lowered, lower};
use crate::net::{Network, Op, QuantityId, Tensor};
use claims::{not_plain, proved_all};
use instance::{Instance, Scene, Table, rewrite};
use layer::{Cut, Layer, cut_out};
use renamed::Renamed;
use smaller::{Whole, replay_smaller};

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
    let (mut steps, mut sizes) = (Vec::new(), Vec::new());
    let mut known = Renamed::default();
    let whole = Whole::new(net, derivation);
    for (place, lemma) in derivation.lemmas.iter().enumerate() {
        follows(lemma)?;
        let (cut, used) = cut_for(net, derivation, place);
        let layer = cut_out(net, &cut)?;
        if work(&layer.net) <= MAX_OWN_SIZE {
            steps.push(replay_lemma(&layer, &derivation.system, lemma, &mut known)?);
            sizes.push(0);
        } else {
            match replay_smaller(&whole, &layer, place, &used, &mut known) {
                // What cannot be made smaller is proved as it is, if it is not too large for that.
                Err(error) if error.kind() == Kind::Limit && work(&layer.net) <= MAX_WHOLE_SIZE => {
                    steps.push(replay_lemma(&layer, &derivation.system, lemma, &mut known)?);
                    sizes.push(0);
                }
                proofs => {
                    steps.push(proofs?);
                    sizes.push(SMALLER_SIZES);
                }
            }
        }
    }
    Ok(IndexReplay { steps, sizes })
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

/// The cells of a layer with what is assumed of them, and their δ.
struct Scalars {
    graph: Graph,
    tensors: BTreeMap<String, Table>,
    deltas: BTreeMap<String, Table>,
    total: ExprId,
}

fn scalars(layer: &Layer, system: &System, by: &TensorName) -> Result<Scalars, Error> {
    let net = &layer.net;
    let Lowered { mut graph, mut cells, mut loss, .. } = lower(net)?;
    // The last element of a distribution is what the others leave of 1.
    let mut put: BTreeMap<ExprId, ExprId> = BTreeMap::new();
    for (name, axes) in system.distributions.iter().filter(|(name, _)| name != by) {
        let Some(id) = net.find(&name.name) else { continue };
        let (shape, own) = (net.shape(id), &cells[id.index()]);
        let mut groups: BTreeMap<Vec<usize>, Vec<ExprId>> = BTreeMap::new();
        for (n, cell) in own.iter().enumerate() {
            let at = shape.index(n);
            let kept = (0..at.len()).filter(|i| !axes.contains(i)).map(|i| at[i]).collect();
            groups.entry(kept).or_default().push(*cell);
        }
        for group in groups.into_values() {
            let Some((last, others)) = group.split_last() else { continue };
            let one = graph.integer(1);
            let minus: Vec<ExprId> = others.iter().map(|c| graph.neg(*c)).collect();
            let rest = graph.add([vec![one], minus].concat());
            put.insert(*last, rest);
        }
    }
    if !put.is_empty() {
        for all in &mut cells {
            for cell in all.iter_mut() {
                *cell = rewrite(&mut graph, *cell, &mut |_, id| put.get(&id).copied());
            }
        }
        loss = rewrite(&mut graph, loss, &mut |_, id| put.get(&id).copied());
    }
    let mut tensors = BTreeMap::new();
    let mut deltas = BTreeMap::new();
    for (id, quantity) in net.quantities() {
        let (shape, own) = (net.shape(id).clone(), cells[id.index()].clone());
        if layer.kept.contains(&quantity.name) {
            let slopes = sweep::gradients(&mut graph, loss, &own, &Winners::new());
            deltas.insert(quantity.name.clone(), Table { shape: shape.clone(), cells: slopes });
        }
        tensors.insert(quantity.name.clone(), Table { shape, cells: own });
    }
    Ok(Scalars { graph, tensors, deltas, total: loss })
}

fn replay_lemma(
    layer: &Layer,
    system: &System,
    lemma: &IndexLemma,
    known: &mut Renamed,
) -> Result<Vec<StepProof>, Error> {
    let by = &lemma.by.tensor;
    let together = work(&layer.net) > MAX_EXACT_SIZE;
    let Scalars { mut graph, tensors, deltas, total } = scalars(layer, system, by)?;
    if prove_deltas(&graph, &tensors, &deltas, total, lemma, together, known).is_err() {
        return Err(has_a_value(&graph, total, by)
            .err()
            .unwrap_or_else(|| fault("δ", &lemma.goal, &lemma.result)));
    }
    let scene = Scene {
        tensors: &tensors,
        deltas: &deltas,
        total,
        loss: &system.loss.name,
        by: &by.name,
        function: None,
    };
    let mut instance = Instance::new(&mut graph, scene);
    prove_forward(&mut instance, layer, system, together, known)?;
    let valueless = |what: NoValue| match what {
        NoValue::TooLarge => Error::new(
            Kind::Limit,
            format!("the gradient by `{by}` takes more than {MAX_INSTANCE} scalars to be proved"),
        ),
        other => Error::new(Kind::Internal, format!("{} = {}: {other}", lemma.goal, lemma.result)),
    };
    let cells = spread(all_values(&lemma.free, Vec::new()).map_err(valueless)?, together);
    let table = &tensors[&by.name];
    let swept = sweep::gradients(instance.g, total, &table.cells, &Winners::new());
    let like = cells.first().cloned().unwrap_or_default();
    let goal = instance.ready(&lemma.goal, &like);
    let after = lemma.steps.iter().map(|step| instance.ready(&step.after, &like));
    let after: Vec<Ready<'_>> = after.collect();
    known.begin();
    // A step is as strong as its weakest instance.
    let mut proofs = vec![StepProof::Exact; lemma.steps.len()];
    for mut letters in cells {
        let mut before = goal.value(&mut instance, &mut letters).map_err(valueless)?;
        let mut lines = Vec::with_capacity(lemma.steps.len() + 1);
        for after in &after {
            let after = after.value(&mut instance, &mut letters).map_err(valueless)?;
            lines.push((before, after));
            before = after;
        }
        let variable = letters.cell(&lemma.by).map_err(valueless)?;
        let at: Vec<usize> = variable.at.iter().map(|n| *n as usize).collect();
        lines.push((before, swept[table.shape.position(&at).unwrap_or(0)]));
        for (n, proof) in proved_all(instance.g, &lines, together, known).into_iter().enumerate() {
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
    g: &Graph,
    tensors: &BTreeMap<String, Table>,
    deltas: &BTreeMap<String, Table>,
    total: ExprId,
    lemma: &IndexLemma,
    together: bool,
    known: &mut Renamed,
) -> Result<(), Error> {
    let mut g = g.clone();
    for (name, table) in deltas {
        let cells: Vec<(ExprId, ExprId)> =
            tensors[name].cells.iter().copied().zip(table.cells.iter().copied()).collect();
        let slope = |(cell, delta)| (g.partial(total, cell), delta);
        let pairs: Vec<(ExprId, ExprId)> = spread(cells, together).into_iter().map(slope).collect();
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
