//! A lesson in indices, for layers with more cells than a reader would follow one by one: each
//! layer derived once at free indices, every step proved by instantiation, and elements of the
//! gradients worked out.

use super::witness::witness;
use super::worked::{Worked, worked};
use crate::diag::{Error, Kind};
use crate::index::{self, IndexDerivation, TensorName};
use crate::net::{Network, QuantityId, Role};
use crate::proof::{self, IndexReplay};

/// What a lesson in indices is asked for.
#[derive(Clone, Debug)]
pub struct AskIndexed {
    /// By what to differentiate: quantities, or one cell (row-major) of one. Empty: every
    /// parameter.
    pub by: Vec<(QuantityId, Option<usize>)>,
    /// Whether to end with the update rule.
    pub updates: bool,
    /// How many terms of a worked sum are written before the rest is left out.
    pub terms: usize,
}

impl Default for AskIndexed {
    fn default() -> AskIndexed {
        AskIndexed { by: Vec::new(), updates: true, terms: 4 }
    }
}

/// A proved derivation in indices and what belongs to it.
#[derive(Clone, Debug)]
pub struct IndexedLesson {
    /// The network.
    pub net: Network,
    /// The derivation.
    pub derivation: IndexDerivation,
    /// How each step of each lemma was proved.
    pub replay: IndexReplay,
    /// How many elements of the derivatives were computed at the network's own sizes, and agree
    /// with the backward pass over tensors.
    pub witnessed: usize,
    /// Elements of the derivatives that were asked for, term by term.
    pub worked: Vec<Worked>,
    /// Whether the page ends with the update rule.
    pub updates: bool,
}

/// With more cells of weights and defined quantities than this, a network is better read in
/// indices than cell by cell.
pub const READABLE_CELLS: usize = 400;

/// Whether a network is better read in indices.
pub fn reads_better_in_indices(net: &Network) -> bool {
    let counted = |role| matches!(role, Role::Param | Role::Defined);
    let cells = net.quantities().filter(|(_, q)| counted(q.role));
    cells.map(|(id, _)| net.shape(id).elements()).sum::<usize>() > READABLE_CELLS
}

/// Derives in indices and proves.
///
/// # Errors
/// `Limit` where the network has more quantities, or a definition more operations, than index
/// formulas are made for; `Internal` where a step did not replay, which would be a fault of
/// backproof.
///
/// ```
/// let net = backproof::parse_network(
///     "input x[28, 28]
///      param w[5, 5]
///      c = conv(x, w)
///      E = sum(c^2) / 2",
/// )?;
/// let lesson = backproof::lesson::indexed_lesson(net, &Default::default())?;
/// let result = &lesson.derivation.lemmas.last().unwrap().result;
/// assert_eq!(result.to_string(), "Σ_{i,j} δ^c[i, j]·x[i + m, j + n]");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn indexed_lesson(net: Network, ask: &AskIndexed) -> Result<IndexedLesson, Error> {
    let by: Vec<(QuantityId, Option<usize>)> = match ask.by.as_slice() {
        [] => net.params().map(|id| (id, None)).collect(),
        some => some.to_vec(),
    };
    if by.is_empty() {
        return Err(Error::new(Kind::Name, "the network has no weight to differentiate by")
            .hint("declare one with `param`, or name something else with --wrt"));
    }
    let name = |id: QuantityId| TensorName::new(&net.quantity(id).name);
    let mut targets: Vec<TensorName> = Vec::new();
    for (id, _) in &by {
        if !targets.contains(&name(*id)) {
            targets.push(name(*id));
        }
    }
    let system = index::of_network(&net)?;
    let derivation = index::derive(&system, &targets)?;
    let replay = proof::replay_indexed(&net, &derivation)?;
    let witnessed = witness(&net, &derivation)?;
    let mut all = Vec::new();
    for (id, position) in &by {
        let Some(lemma) = derivation.lemma(&name(*id)) else { continue };
        let shape = net.shape(*id);
        // Where none is named, the first.
        if shape.elements() > 1 {
            all.push(worked(lemma, &shape.index(position.unwrap_or(0)), ask.terms));
        }
    }
    Ok(IndexedLesson { net, derivation, replay, witnessed, worked: all, updates: ask.updates })
}
