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
mod general;
mod instance;
mod layer;
mod places;
mod shrink;
mod smaller;

use std::collections::{BTreeMap, BTreeSet};

use super::ground::value_somewhere;
use super::local;
use super::look::Moves;
use super::probability::probably_equal_all;
use super::prove::{Context, How, Leaves, MAX_STEPS, Verdict, prove_where_defined};
use super::replay::StepProof;
use super::survey::mixed;
use crate::calculus::sweep;
use crate::diag::{Error, Kind};
use crate::expr::{Branches, ExprId, Graph, Node, SymbolId, Winners, evaluate_all};
use crate::index::{
    Element, Formula, IndexDerivation, IndexLemma, IndexStep, Letters, NoValue, Rule, System,
    TensorName, all_values,
};
use crate::lower::{Lowered, lower};
use crate::net::{Network, Op, QuantityId, Tensor};
use instance::{Instance, Table, rewrite};
use layer::{Cut, Layer, cut_out};
use smaller::replay_smaller;

pub use general::prove_general;
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
    let (mut steps, mut sizes) = (Vec::new(), Vec::new());
    for (place, lemma) in derivation.lemmas.iter().enumerate() {
        follows(lemma)?;
        let (cut, used) = cut_for(net, derivation, place);
        let layer = cut_out(net, &cut)?;
        if work(&layer.net) <= MAX_OWN_SIZE {
            steps.push(replay_lemma(&layer, &derivation.system, lemma)?);
            sizes.push(0);
        } else {
            match replay_smaller(net, &layer, derivation, place, &used) {
                // What cannot be made smaller is proved as it is, if it is not too large for that.
                Err(error) if error.kind() == Kind::Limit && work(&layer.net) <= MAX_WHOLE_SIZE => {
                    steps.push(replay_lemma(&layer, &derivation.system, lemma)?);
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

/// How strong a proof of one claim is; `None` where it is no proof.
fn proved(g: &mut Graph, before: ExprId, after: ExprId) -> Option<StepProof> {
    if before == after {
        return Some(StepProof::Exact);
    }
    let winners = Winners::new();
    let context = Context { winners: &winners, leaves: Leaves::All };
    let whole = |g: &Graph, steps: u64| {
        let left = std::cell::Cell::new(steps);
        match prove_where_defined(g, before, after, &context, &left) {
            Verdict::Proved(How::Exact) => Some(StepProof::Exact),
            Verdict::Proved(How::Probabilistic { .. }) => Some(StepProof::Probabilistic),
            _ => None,
        }
    };
    // A long normal form is not worth its time where random points prove the same, or where the
    // sides differ in a small place.
    let few = whole(g, FEW_STEPS).or_else(|| places::proof(g, before, after));
    let few = few.or_else(|| with_open_roots(g, before, after));
    let whole = few.or_else(|| whole(g, MAX_STEPS));
    // Where the sides are too large for a number at every point, such as exp of exp of exp, they
    // may still be equal whatever the value of what they share.
    let moves = Moves::new(g, &winners);
    whole.or_else(|| match local::proof_to(&moves, before, after, LAYER_DEPTH, false)? {
        How::Exact => Some(StepProof::Exact),
        How::Probabilistic { .. } => Some(StepProof::Probabilistic),
    })
}

/// A proof whatever stands under the roots, where both sides have a value somewhere.
fn with_open_roots(g: &Graph, before: ExprId, after: ExprId) -> Option<StepProof> {
    values_somewhere(g, &[(before, after)])?;
    let winners = Winners::new();
    let moves = Moves::new(g, &winners);
    match local::proof_with_open_roots(&moves, before, after, MAX_STEPS)? {
        How::Exact => Some(StepProof::Exact),
        How::Probabilistic { .. } => Some(StepProof::Probabilistic),
    }
}

/// How many operations deep both sides of a line are looked into where no number is found at
/// which they have a value.
const LAYER_DEPTH: usize = 40;

/// How many steps of polynomial arithmetic the proof of one line may take at first.
const FEW_STEPS: u64 = 50_000;

/// How strong the proof of each of some claims is. In a larger layer they are tried together, at
/// random points of the prime field and at a point of the reals where they have values; what that
/// does not prove is judged by itself.
fn proved_all(g: &mut Graph, pairs: &[(ExprId, ExprId)], together: bool) -> Vec<Option<StepProof>> {
    let has_values = together && values_somewhere(g, pairs).is_some();
    let random = if has_values { probably_equal_all(g, pairs) } else { None };
    let one = |n: usize| {
        let (before, after) = pairs[n];
        match &random {
            Some(agree) if agree[n] && before != after => Some(StepProof::Probabilistic),
            _ => proved(g, before, after),
        }
    };
    (0..pairs.len()).map(one).collect()
}

/// The values of every side at a point of the reals where all have one, the left side of each
/// pair before the right; nothing where no such point is found.
fn values_somewhere(g: &Graph, pairs: &[(ExprId, ExprId)]) -> Option<Vec<f64>> {
    let roots: Vec<ExprId> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    (0..8u64).find_map(|seed| {
        // Between 0.1 and 1.1: where logarithms and roots have values.
        let at = |s: SymbolId| {
            Some(0.1 + mixed(mixed(seed) ^ s.index() as u64) as f64 / u64::MAX as f64)
        };
        let values = evaluate_all(g, &roots, &at, Branches::default());
        values.ok().filter(|all: &Vec<f64>| all.iter().all(|x| x.is_finite()))
    })
}

fn replay_lemma(
    layer: &Layer,
    system: &System,
    lemma: &IndexLemma,
) -> Result<Vec<StepProof>, Error> {
    let by = &lemma.by.tensor;
    let together = work(&layer.net) > MAX_EXACT_SIZE;
    let Scalars { mut graph, tensors, deltas, total } = scalars(layer, system, by)?;
    if prove_deltas(&graph, &tensors, &deltas, total, lemma, together).is_err() {
        return Err(has_a_value(&graph, total, by)
            .err()
            .unwrap_or_else(|| fault("δ", &lemma.goal, &lemma.result)));
    }
    let mut instance = Instance {
        g: &mut graph,
        tensors: &tensors,
        deltas: &deltas,
        total,
        loss: &system.loss.name,
        by: &by.name,
        known: BTreeMap::new(),
        function: None,
    };
    prove_forward(&mut instance, layer, system, together)?;
    let valueless = |what: NoValue| match what {
        NoValue::TooLarge => Error::new(
            Kind::Limit,
            format!("the gradient by `{by}` takes more than {MAX_INSTANCE} scalars to be proved"),
        ),
        other => Error::new(Kind::Internal, format!("{} = {}: {other}", lemma.goal, lemma.result)),
    };
    let cells = spread(all_values(&lemma.free, Vec::new()).map_err(valueless)?, together);
    // A step is as strong as its weakest instance.
    let mut proofs = vec![StepProof::Exact; lemma.steps.len()];
    for mut letters in cells {
        let mut before = instance.of(&lemma.goal, &mut letters).map_err(valueless)?;
        let mut lines = Vec::with_capacity(lemma.steps.len() + 1);
        for step in &lemma.steps {
            let after = instance.of(&step.after, &mut letters).map_err(valueless)?;
            lines.push((before, after));
            before = after;
        }
        let variable = letters.cell(&lemma.by).map_err(valueless)?;
        let at: Vec<usize> = variable.at.iter().map(|n| *n as usize).collect();
        let table = &tensors[&by.name];
        let variable = table.cells[table.shape.position(&at).unwrap_or(0)];
        let swept = sweep::gradients(instance.g, total, &[variable], &Winners::new())[0];
        lines.push((before, swept));
        for (n, proof) in proved_all(instance.g, &lines, together).into_iter().enumerate() {
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
) -> Result<(), Error> {
    let mut g = g.clone();
    for (name, table) in deltas {
        let cells: Vec<(ExprId, ExprId)> =
            tensors[name].cells.iter().copied().zip(table.cells.iter().copied()).collect();
        let slope = |(cell, delta)| (g.partial(total, cell), delta);
        let pairs: Vec<(ExprId, ExprId)> = spread(cells, together).into_iter().map(slope).collect();
        if proved_all(&mut g, &pairs, together).contains(&None) {
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
) -> Result<(), Error> {
    for name in &layer.kept {
        let Some(tensor) = system.tensor(&TensorName::new(name)) else { continue };
        let Some(definition) = &tensor.definition else { continue };
        let wrong = || fault("the definition", &Formula::element(name, []), &definition.body);
        let all = all_values(&definition.axes, Vec::new()).map_err(|_| wrong())?;
        let cells = all.into_iter().zip(instance.tensors[name].cells.iter().copied()).collect();
        let mut pairs = Vec::new();
        for (mut letters, cell) in spread::<(Letters, ExprId)>(cells, together) {
            let body = instance.of(&definition.body, &mut letters).map_err(|_| wrong())?;
            let value = match instance.g.node(cell) {
                Node::Named(_, value) => value,
                _ => cell,
            };
            pairs.push((value, body));
        }
        if proved_all(instance.g, &pairs, together).contains(&None) {
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
