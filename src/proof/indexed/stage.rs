//! A layer in scalars, for all lemmas about it.
//!
//! In: a layer, and what is assumed of its tensors. Out: the expressions of its cells with their δ.
//! What always holds: a stage is what the layer is lowered to, whichever lemma asks for it first;
//! it was proved once that its δ and its definitions are what the formulas say.

use std::collections::BTreeMap;

use super::instance::{Slopes, Table, Tables, rewrite};
use super::layer::Layer;
use super::smaller::Smaller;
use crate::calculus::sweep;
use crate::diag::Error;
use crate::expr::{ExprId, Graph, Winners};
use crate::index::{System, TensorName};
use crate::lower::{Lowered, lower};

/// A stage of more nodes than this is made anew for the next lemma, so that what earlier ones
/// left does not add up.
const MAX_LEFT: usize = 1 << 20;

/// A layer, the scalars that it was lowered to, and the same of smaller ones of its kind.
pub(super) struct Staged {
    pub layer: Layer,
    pub stages: Stages,
    pub smaller: Vec<Smaller>,
}

impl Staged {
    pub(super) fn new(layer: Layer) -> Staged {
        Staged { layer, stages: Stages::default(), smaller: Vec::new() }
    }
}

/// The cells of a layer with what is assumed of them, and their δ.
pub(super) struct Stage {
    pub graph: Graph,
    pub tensors: Tables,
    /// Of the tensors that are kept.
    pub deltas: Tables,
    pub total: ExprId,
    pub slopes: Slopes,
    /// Whether δ and the definitions were proved.
    pub is_proved: bool,
}

/// The stage that was used last, and the tensor of which nothing is assumed in it, since a lemma
/// differentiates by it.
#[derive(Default)]
pub(super) struct Stages {
    last: Option<(Option<TensorName>, Stage)>,
}

impl Stages {
    /// The stage of a layer for a lemma that differentiates by a tensor.
    pub(super) fn of(
        &mut self,
        layer: &Layer,
        system: &System,
        by: &TensorName,
    ) -> Result<&mut Stage, Error> {
        let assumed = system.distributions.iter().any(|(name, _)| name == by);
        let free = assumed.then(|| by.clone());
        let fits = |(own, stage): &(Option<TensorName>, Stage)| {
            *own == free && stage.graph.len() <= MAX_LEFT
        };
        if !self.last.as_ref().is_some_and(fits) {
            // The old one goes before the new one comes.
            self.last = None;
            self.last = Some((free, stage(layer, system, by)?));
        }
        match &mut self.last {
            Some((_, stage)) => Ok(stage),
            None => unreachable!("it was made just now"),
        }
    }
}

fn stage(layer: &Layer, system: &System, by: &TensorName) -> Result<Stage, Error> {
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
    let (mut tensors, mut deltas) = (Tables::new(), Tables::new());
    for ((id, quantity), cells) in net.quantities().zip(cells) {
        let (name, shape) = (&quantity.name, net.shape(id).clone());
        if layer.kept.contains(name) {
            let slopes = sweep::gradients(&mut graph, loss, &cells, &Winners::new());
            deltas.insert(name.clone(), Table { shape: shape.clone(), cells: slopes });
        }
        tensors.insert(name.clone(), Table { shape, cells });
    }
    let slopes = Slopes::default();
    Ok(Stage { graph, tensors, deltas, total: loss, slopes, is_proved: false })
}
