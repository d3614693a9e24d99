//! A lemma about a large layer, proved at smaller sizes: the layer is made smaller, derived there
//! by the same rules at the same places, and every step is proved.
//!
//! In: a layer and a lemma of a derivation. Out: how each step was proved, or the error that the
//! lemma was not. What always holds: the lemma and the definitions that it rests on are, to the
//! last number, what the rules give at the layer's own size, and each of its lines is alike the
//! proved one at a smaller size.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::alike::{Sizes, same_way};
use super::layer::Layer;
use super::renamed::Renamed;
use super::shrink::shrunk;
use super::stage::{Staged, Stages};
use super::{MAX_WHOLE_SIZE, SMALLER_SIZES, StepProof, fault, follows, replay_lemma};
use crate::diag::{Error, Kind};
use crate::index::{
    IndexDerivation, IndexLemma, System, TensorName, lemma as index_lemma, of_network,
};
use crate::net::Network;

/// A derivation at the network's own size.
pub(super) struct Whole<'a> {
    net: &'a Network,
    pub derivation: &'a IndexDerivation,
    /// Whether its definitions are the network's, looked up where it is first asked for.
    defined: OnceCell<bool>,
}

impl<'a> Whole<'a> {
    pub(super) fn new(net: &'a Network, derivation: &'a IndexDerivation) -> Whole<'a> {
        Whole { net, derivation, defined: OnceCell::new() }
    }

    /// Whether a lemma is what the rules give of the network at its own size, and its definitions
    /// are the network's.
    fn is_derived(&self, place: usize) -> Result<(), Error> {
        let IndexDerivation { system, lemmas } = self.derivation;
        let lemma = &lemmas[place];
        let defined = match self.defined.get() {
            Some(known) => *known,
            None => {
                let defined = of_network(self.net)?.tensors == system.tensors;
                *self.defined.get_or_init(|| defined)
            }
        };
        let derived = || index_lemma(system, &system.reached(), &lemmas[..place], &lemma.by.tensor);
        match defined && derived()? == *lemma {
            true => Ok(()),
            false => Err(fault("the rules", &lemma.goal, &lemma.result)),
        }
    }
}

/// A layer at a smaller size.
pub(super) struct Smaller {
    layer: Layer,
    system: System,
    /// Its tensors.
    reached: BTreeSet<TensorName>,
    sizes: Sizes,
    stages: Stages,
}

impl Smaller {
    /// The layer at the smaller size of that number, where there is one; of the derivation that it
    /// is of, that is.
    fn new(
        layer: &Layer,
        variant: usize,
        derivation: &IndexDerivation,
    ) -> Result<Option<Smaller>, Error> {
        let Some(net) = shrunk(&layer.net, variant) else { return Ok(None) };
        let mut system = of_network(&net)?;
        let own = &derivation.system.loss;
        if layer.kept.contains(&own.name) {
            system.loss = own.clone();
        }
        let present = |(name, _): &&(TensorName, Vec<usize>)| system.tensor(name).is_some();
        system.distributions =
            derivation.system.distributions.iter().filter(present).cloned().collect();
        let reached: BTreeSet<TensorName> = system.tensors.iter().map(|t| t.name.clone()).collect();
        let losses = [own, &system.loss];
        let Some(sizes) = Sizes::new(&derivation.system, &system, losses) else { return Ok(None) };
        let layer = Layer { net, kept: layer.kept.clone() };
        Ok(Some(Smaller { layer, system, reached, sizes, stages: Stages::default() }))
    }

    /// A lemma at this size, where the rules go the same way as at the other.
    fn lemma(
        &self,
        original: &IndexLemma,
        earlier: &[IndexLemma],
        derivation: &IndexDerivation,
    ) -> Result<Option<IndexLemma>, Error> {
        let by = &original.by.tensor;
        let smaller = index_lemma(&self.system, &self.reached, earlier, by)?;
        let losses = [&derivation.system.loss, &self.system.loss];
        Ok(same_way(original, &smaller, &self.sizes, losses).then_some(smaller))
    }
}

/// Proves a lemma about a large layer of a network by the same derivation of the same layer at
/// smaller sizes: the same rules at the same places, every step proved.
pub(super) fn replay_smaller(
    whole: &Whole<'_>,
    staged: &mut Staged,
    place: usize,
    used: &BTreeSet<usize>,
    known: &mut Renamed,
) -> Result<Vec<StepProof>, Error> {
    let derivation = whole.derivation;
    let lemma = &derivation.lemmas[place];
    let too_large = || {
        Error::new(
            Kind::Limit,
            format!(
                "the gradient by `{}` cannot be proved: its layer has more than {MAX_WHOLE_SIZE} \
                 cells and products, and cannot be made smaller",
                lemma.by
            ),
        )
        .hint(
            "give names to the parts of long definitions, such as `c = conv(x, w)` and then \
             `y = c + x`, so that each is a layer of its own; or derive a smaller network of the \
             same kind",
        )
    };
    whole.is_derived(place)?;
    let mut proofs = vec![StepProof::Exact; lemma.steps.len()];
    let Staged { layer, smaller, .. } = staged;
    for variant in 0..SMALLER_SIZES {
        if smaller.len() == variant {
            smaller.push(Smaller::new(layer, variant, derivation)?.ok_or_else(too_large)?);
        }
        let smaller = &mut smaller[variant];
        let mut earlier = Vec::new();
        for place in used {
            let original = &derivation.lemmas[*place];
            let lemma = smaller.lemma(original, &earlier, derivation)?;
            earlier.push(lemma.ok_or_else(too_large)?);
        }
        let lemma = smaller.lemma(lemma, &earlier, derivation)?.ok_or_else(too_large)?;
        follows(&lemma)?;
        let Smaller { layer, system, stages, .. } = smaller;
        let found = replay_lemma(layer, stages, system, &lemma, known)?;
        for (all, one) in proofs.iter_mut().zip(found) {
            if one != StepProof::Exact {
                *all = one;
            }
        }
    }
    Ok(proofs)
}
