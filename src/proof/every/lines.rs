//! The lines of a derivation in indices, proved for every size.
//!
//! In: a derivation whose lengths may be letters. Out: of each step whether it was proved for
//! every size that the facts of its network allow.

use super::{Budget, Every, Facts, prove_every};
use crate::index::{IndexDerivation, IndexLemma};

/// How much work the proof of one line may be.
const BUDGET: Budget = Budget { products: 20_000, terms: 1_000, leaves: 120 };

/// Of each step of each lemma whether it was proved for every size.
pub fn lines_for_every_size(derivation: &IndexDerivation) -> Vec<Vec<bool>> {
    let of = |lemma: &IndexLemma| -> Vec<bool> {
        let facts = Facts { free: lemma.free.clone(), ..Facts::default() };
        let system = &derivation.system;
        let proved = |before, after| {
            matches!(prove_every(before, after, system, &facts, BUDGET), Every::Proved { .. })
        };
        lemma.steps.iter().map(|step| proved(&step.before, &step.after)).collect()
    };
    derivation.lemmas.iter().map(of).collect()
}
