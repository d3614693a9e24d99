//! Replay of derivations in indices: every line is put to concrete sizes and proved in scalars.
//!
//! In: a network and a derivation in indices of it. Out: how each step was proved, or the error
//! that one was not. For each lemma its layer is cut out of the network, with a loss downstream
//! whose δ is free, and lowered. There the two sides of every step, at every value of the free
//! indices, are expressions, and `proof` decides whether they are equal; the last line is held
//! against the reverse sweep; and the formula of every tensor against its lowered cells. No
//! rule of the index calculus is used: a derivative that is only written down is evaluated by dual
//! numbers, or by the reverse sweep of scalars with all other quantities held fixed.

mod instance;
mod layer;

use std::collections::{BTreeMap, BTreeSet};

use super::prove::{Context, How, Leaves, MAX_STEPS, Verdict, prove_where_defined};
use super::replay::StepProof;
use crate::calculus::sweep;
use crate::diag::{Error, Kind};
use crate::expr::{ExprId, Graph, Node, Winners};
use crate::index::{
    Formula, IndexDerivation, IndexLemma, Letters, NoValue, Rule, TensorName, all_values,
};
use crate::lower::{Lowered, lower};
use crate::net::{Network, QuantityId};
use instance::{Instance, Table, rewrite};
use layer::{Cut, Layer, cut_out};

pub use instance::MAX_INSTANCE;

/// At how many values of the free indices a line is proved at most; of more they are taken evenly,
/// the first and the last among them.
pub const MAX_CELLS: usize = 64;

/// How the steps of a derivation in indices were proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexReplay {
    steps: Vec<Vec<StepProof>>,
}

impl IndexReplay {
    /// How step `step` of lemma `lemma` was proved.
    pub fn verdict(&self, lemma: usize, step: usize) -> StepProof {
        self.steps[lemma][step]
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
///
/// ```
/// let net = backproof::parse_network(
///     "input x[4, 3]
///      param w[2, 2]
///      c = conv(x, w)
///      E = sum(c^2)",
/// )?;
/// let system = backproof::index::of_network(&net)?;
/// let w = backproof::index::TensorName::new("w");
/// let mut derivation = backproof::index::derive(&system, &[w])?;
/// assert!(backproof::proof::replay_indexed(&net, &derivation).is_ok());
/// derivation.lemmas[0].steps[0].after = derivation.lemmas[0].goal.clone();   // tampered with
/// assert!(backproof::proof::replay_indexed(&net, &derivation).is_err());
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn replay_indexed(net: &Network, derivation: &IndexDerivation) -> Result<IndexReplay, Error> {
    let mut steps = Vec::with_capacity(derivation.lemmas.len());
    for (place, lemma) in derivation.lemmas.iter().enumerate() {
        follows(lemma)?;
        let cut = cut_for(net, derivation, place);
        let layer = cut_out(net, &cut)?;
        steps.push(replay_lemma(&layer, derivation, lemma)?);
    }
    Ok(IndexReplay { steps })
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
fn cut_for(net: &Network, derivation: &IndexDerivation, place: usize) -> Cut {
    let system = &derivation.system;
    let reached = system.reached();
    let mut kept = BTreeSet::new();
    let mut free = BTreeSet::new();
    let mut done = BTreeSet::new();
    let mut waiting = vec![place];
    let find = |name: &TensorName| net.find(&name.name);
    let mut resolved: BTreeSet<QuantityId> = BTreeSet::new();
    while let Some(place) = waiting.pop() {
        if !done.insert(place) {
            continue;
        }
        let lemma = &derivation.lemmas[place];
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
        }
    }
    free.retain(|id| !resolved.contains(id));
    Cut { kept, free }
}

/// The cells of a layer with what is assumed of them, and their δ.
struct Scalars {
    graph: Graph,
    tensors: BTreeMap<String, Table>,
    deltas: BTreeMap<String, Table>,
    total: ExprId,
}

fn scalars(layer: &Layer, derivation: &IndexDerivation, by: &TensorName) -> Result<Scalars, Error> {
    let net = &layer.net;
    let Lowered { mut graph, mut cells, mut loss, .. } = lower(net)?;
    // The last element of a distribution is what the others leave of 1.
    let mut put: BTreeMap<ExprId, ExprId> = BTreeMap::new();
    for (name, axes) in derivation.system.distributions.iter().filter(|(name, _)| name != by) {
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

/// How strong a proof of one claim is; `None` where it is no proof.
fn proved(g: &Graph, before: ExprId, after: ExprId) -> Option<StepProof> {
    if before == after {
        return Some(StepProof::Exact);
    }
    let winners = Winners::new();
    let context = Context { winners: &winners, leaves: Leaves::All };
    let steps = std::cell::Cell::new(MAX_STEPS);
    match prove_where_defined(g, before, after, &context, &steps) {
        Verdict::Proved(How::Exact) => Some(StepProof::Exact),
        Verdict::Proved(How::Probabilistic { .. }) => Some(StepProof::Probabilistic),
        _ => None,
    }
}

fn replay_lemma(
    layer: &Layer,
    derivation: &IndexDerivation,
    lemma: &IndexLemma,
) -> Result<Vec<StepProof>, Error> {
    let by = &lemma.by.tensor;
    let Scalars { mut graph, tensors, deltas, total } = scalars(layer, derivation, by)?;
    prove_deltas(&graph, &tensors, &deltas, total, lemma)?;
    prove_forward(&mut graph, layer, derivation, lemma, &tensors, &deltas, total)?;
    let valueless = |what: NoValue| match what {
        NoValue::TooLarge => Error::new(
            Kind::Limit,
            format!("the gradient by `{by}` takes more than {MAX_INSTANCE} scalars to be proved"),
        ),
        other => Error::new(Kind::Internal, format!("{} in {}: {other}", lemma.goal, lemma.result)),
    };
    let cells = spread(all_values(&lemma.free, Vec::new()).map_err(valueless)?);
    // A step is as strong as its weakest instance; one whose every instance is the same
    // expression on both sides is exact.
    let mut proofs = vec![StepProof::Exact; lemma.steps.len()];
    for mut letters in cells {
        let mut instance = Instance {
            g: &mut graph,
            tensors: &tensors,
            deltas: &deltas,
            total,
            loss: &derivation.system.loss.name,
            by: &by.name,
            known: BTreeMap::new(),
        };
        let mut before = instance.of(&lemma.goal, &mut letters).map_err(valueless)?;
        let mut lines = Vec::with_capacity(lemma.steps.len());
        for step in &lemma.steps {
            let after = instance.of(&step.after, &mut letters).map_err(valueless)?;
            lines.push((before, after));
            before = after;
        }
        let variable = letters.cell(&lemma.by).map_err(valueless)?;
        let at: Vec<usize> = variable.at.iter().map(|n| *n as usize).collect();
        let table = &tensors[&by.name];
        let variable = table.cells[table.shape.position(&at).unwrap_or(0)];
        let swept = sweep::gradients(&mut graph, total, &[variable], &Winners::new())[0];
        for (n, (one, other)) in lines.into_iter().enumerate() {
            let step = &lemma.steps[n];
            match proved(&graph, one, other) {
                Some(StepProof::Exact) => {}
                Some(weaker) => proofs[n] = weaker,
                None => return Err(fault(step.rule.name(), &step.before, &step.after)),
            }
            if step.rule == Rule::SumsToOne {
                proofs[n] = StepProof::Assumed;
            }
        }
        if proved(&graph, before, swept).is_none() {
            return Err(fault("the reverse sweep", &lemma.goal, &lemma.result));
        }
    }
    Ok(proofs)
}

/// δ, which comes from the reverse sweep, is what dual numbers give for ∂E/∂y.
fn prove_deltas(
    g: &Graph,
    tensors: &BTreeMap<String, Table>,
    deltas: &BTreeMap<String, Table>,
    total: ExprId,
    lemma: &IndexLemma,
) -> Result<(), Error> {
    let mut g = g.clone();
    for (name, table) in deltas {
        let cells: Vec<(ExprId, ExprId)> =
            tensors[name].cells.iter().copied().zip(table.cells.iter().copied()).collect();
        for (cell, delta) in spread(cells) {
            let slope = g.partial(total, cell);
            if proved(&g, slope, delta).is_none() {
                return Err(fault("δ", &lemma.goal, &lemma.result));
            }
        }
    }
    Ok(())
}

/// The formula of every tensor that is kept is what its cells were lowered to.
fn prove_forward(
    graph: &mut Graph,
    layer: &Layer,
    derivation: &IndexDerivation,
    lemma: &IndexLemma,
    tensors: &BTreeMap<String, Table>,
    deltas: &BTreeMap<String, Table>,
    total: ExprId,
) -> Result<(), Error> {
    for name in &layer.kept {
        let Some(tensor) = derivation.system.tensor(&TensorName::new(name)) else { continue };
        let Some(definition) = &tensor.definition else { continue };
        let all = all_values(&definition.axes, Vec::new()).unwrap_or_default();
        let cells: Vec<(Letters, ExprId)> =
            all.into_iter().zip(tensors[name].cells.iter().copied()).collect();
        for (mut letters, cell) in spread(cells) {
            let mut instance = Instance {
                g: graph,
                tensors,
                deltas,
                total,
                loss: "",
                by: &lemma.by.tensor.name,
                known: BTreeMap::new(),
            };
            let wrong = || fault("the definition", &Formula::element(name, []), &definition.body);
            let body = instance.of(&definition.body, &mut letters).map_err(|_| wrong())?;
            let value = match graph.node(cell) {
                Node::Named(_, value) => value,
                _ => cell,
            };
            if proved(graph, value, body).is_none() {
                return Err(wrong());
            }
        }
    }
    Ok(())
}

/// At most [`MAX_CELLS`] of them, evenly, with the first and the last.
fn spread<T>(all: Vec<T>) -> Vec<T> {
    let count = all.len();
    if count <= MAX_CELLS {
        return all;
    }
    let chosen: BTreeSet<usize> =
        (0..MAX_CELLS).map(|n| n * (count - 1) / (MAX_CELLS - 1)).collect();
    all.into_iter().enumerate().filter(|(n, _)| chosen.contains(n)).map(|(_, x)| x).collect()
}

#[cfg(test)]
mod tests;
