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
use super::{MAX_WHOLE_SIZE, SMALLER_SIZES, StepProof, fault, follows, replay_lemma};
use crate::diag::{Error, Kind};
use crate::index::{IndexDerivation, TensorName, lemma as index_lemma, of_network};
use crate::net::Network;

/// A derivation at the network's own size.
pub(super) struct Whole<'a> {
    net: &'a Network,
    derivation: &'a IndexDerivation,
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

/// Proves a lemma about a large layer of a network by the same derivation of the same layer at
/// smaller sizes: the same rules at the same places, every step proved.
pub(super) fn replay_smaller(
    whole: &Whole<'_>,
    layer: &Layer,
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
    for variant in 0..SMALLER_SIZES {
        let net = shrunk(&layer.net, variant).ok_or_else(too_large)?;
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
        let sizes = Sizes::new(&derivation.system, &system, losses).ok_or_else(too_large)?;
        let mut lemmas = Vec::new();
        for place in used {
            let original = &derivation.lemmas[*place];
            let smaller = index_lemma(&system, &reached, &lemmas, &original.by.tensor)?;
            if !same_way(original, &smaller, &sizes, losses) {
                return Err(too_large());
            }
            lemmas.push(smaller);
        }
        let smaller = index_lemma(&system, &reached, &lemmas, &lemma.by.tensor)?;
        if !same_way(lemma, &smaller, &sizes, losses) {
            return Err(too_large());
        }
        follows(&smaller)?;
        let layer = Layer { net, kept: layer.kept.clone() };
        for (all, one) in proofs.iter_mut().zip(replay_lemma(&layer, &system, &smaller, known)?) {
            if one != StepProof::Exact {
                *all = one;
            }
        }
    }
    Ok(proofs)
}
