//! The order of the derivatives on a page: those by the cells of one quantity stand together,
//! each layer after the layers whose derivatives it uses.

use std::collections::{BTreeMap, BTreeSet};

use super::Composer;
use crate::calculus::{Lemma, LemmaId, Role, Rule};

impl Composer<'_> {
    /// The lemmas that have a place of their own, those by cells of one quantity together. Where
    /// two quantities each need a derivative by the other (two weights of a network written in
    /// scalars under one letter may), every lemma keeps its own place.
    pub(super) fn layers(&self) -> Vec<Vec<LemmaId>> {
        let is_main = |l: &Lemma| matches!(l.role, Role::Target | Role::Shared);
        let main: Vec<LemmaId> = self.d.ids().filter(|id| is_main(self.d.lemma(*id))).collect();
        let mut layers: Vec<Vec<LemmaId>> = Vec::new();
        let mut of_stem: BTreeMap<&str, usize> = BTreeMap::new();
        let mut layer_of: BTreeMap<LemmaId, usize> = BTreeMap::new();
        for id in &main {
            let layer = match self.stem(*id) {
                Some(stem) => *of_stem.entry(stem).or_insert(layers.len()),
                None => layers.len(),
            };
            if layer == layers.len() {
                layers.push(Vec::new());
            }
            layers[layer].push(*id);
            layer_of.insert(*id, layer);
        }
        let needs: Vec<BTreeSet<usize>> = layers
            .iter()
            .enumerate()
            .map(|(own, ids)| {
                let used = ids.iter().flat_map(|id| self.used(*id));
                used.filter_map(|id| layer_of.get(&id).copied()).filter(|l| *l != own).collect()
            })
            .collect();
        match in_order(&needs) {
            Some(order) => order.into_iter().map(|l| std::mem::take(&mut layers[l])).collect(),
            None => main.into_iter().map(|id| vec![id]).collect(),
        }
    }

    /// The derivatives of a layer by their kinds: one of each, and those that go by the same
    /// rules, line by line.
    pub(super) fn kinds(&self, layer: Vec<LemmaId>) -> Vec<(LemmaId, Vec<LemmaId>)> {
        let mut kinds: Vec<(LemmaId, Vec<LemmaId>)> = Vec::new();
        let mut by_rules: BTreeMap<Vec<BTreeSet<Rule>>, usize> = BTreeMap::new();
        for id in layer {
            match by_rules.entry(self.rules(id)) {
                std::collections::btree_map::Entry::Occupied(kind) => kinds[*kind.get()].1.push(id),
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(kinds.len());
                    kinds.push((id, Vec::new()));
                }
            }
        }
        kinds
    }

    /// The name of what a lemma differentiates by, without the index of a cell: `w_fc` of
    /// `w_fc_00`, and `w` of a scalar `w_1` as well, since a reader takes it for a cell.
    fn stem(&self, id: LemmaId) -> Option<&str> {
        let symbol = self.d.by(id).and_then(|x| self.d.graph.symbol_of(x))?;
        let symbol = self.d.graph.symbol(symbol);
        let name = symbol.name();
        Some(match name.rsplit_once('_') {
            Some((stem, _)) if symbol.indices().is_none() && symbol.ends_in_number() => stem,
            _ => name,
        })
    }

    /// The lemmas that a lemma puts in, itself or in its asides.
    fn used(&self, id: LemmaId) -> BTreeSet<LemmaId> {
        let mut all = BTreeSet::new();
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            for used in self.d.lemma(id).steps.iter().filter_map(|s| s.uses) {
                if all.insert(used) && self.d.lemma(used).role == Role::Aside {
                    stack.push(used);
                }
            }
        }
        all
    }

    /// The rules of a lemma and its asides, each line's once; an aside that is put in twice is
    /// looked at once, since asides within asides would double at every level.
    fn rules(&self, id: LemmaId) -> Vec<BTreeSet<Rule>> {
        let mut all = Vec::new();
        let mut seen = BTreeSet::new();
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            let lemma = self.d.lemma(id);
            for line in self.lines(lemma) {
                let steps = &lemma.steps[line];
                all.push(steps.iter().map(|s| s.rule).collect());
                for used in steps.iter().filter_map(|s| s.uses) {
                    if self.d.lemma(used).role == Role::Aside {
                        stack.push(used);
                    }
                }
            }
        }
        all
    }
}

/// The layers so that each stands after those that it needs, otherwise as they are; `None` where
/// they need each other in a circle.
fn in_order(needs: &[BTreeSet<usize>]) -> Option<Vec<usize>> {
    let mut done = BTreeSet::new();
    let mut order = Vec::with_capacity(needs.len());
    while order.len() < needs.len() {
        let ready = |l: &usize| !done.contains(l) && needs[*l].iter().all(|n| done.contains(n));
        let next = (0..needs.len()).find(ready)?;
        done.insert(next);
        order.push(next);
    }
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_stand_after_what_they_need() {
        let needs = |all: &[&[usize]]| -> Vec<BTreeSet<usize>> {
            all.iter().map(|n| n.iter().copied().collect()).collect()
        };
        assert_eq!(in_order(&needs(&[&[2], &[], &[1]])), Some(vec![1, 2, 0]));
        assert_eq!(in_order(&needs(&[&[], &[], &[0]])), Some(vec![0, 1, 2]));
        assert_eq!(in_order(&needs(&[&[1], &[0]])), None);
    }
}
