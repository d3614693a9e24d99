//! A lesson in indices, for layers with more cells than a reader would follow one by one: each
//! layer derived once at free indices, every step proved by instantiation, and elements of the
//! gradients worked out.

use num_bigint::BigUint;

use super::MAX_PATHS;
use super::length::{READABLE_LINES, passes};
use super::ways::{CellOf, Ways, ways};
use super::witness::witness;
use super::worked::{Worked, full, worked};
use crate::diag::{Error, Kind};
use crate::index::{self, Formula, IndexDerivation, TensorName};
use crate::lower::lower;
use crate::net::{Network, QuantityId, Role, with_parts};
use crate::proof::{self, IndexReplay};

/// What a lesson in indices is asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AskIndexed {
    /// By what to differentiate: quantities, or one cell (row-major) of one. Empty: every
    /// parameter.
    pub by: Vec<(QuantityId, Option<usize>)>,
    /// Whether to end with the update rule.
    pub updates: bool,
    /// How many terms of a worked sum are written before the rest is left out.
    pub terms: usize,
    /// How many routes and paths of an element that is named are listed, at most
    /// [`MAX_PATHS`](super::MAX_PATHS).
    pub paths: usize,
}

impl AskIndexed {
    /// The same with a change: `AskIndexed::default().with(|ask| ask.updates = false)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut AskIndexed)) -> AskIndexed {
        change(&mut self);
        self
    }
}

impl Default for AskIndexed {
    fn default() -> AskIndexed {
        AskIndexed { by: Vec::new(), updates: true, terms: 4, paths: 4 }
    }
}

/// A proved derivation in indices and what belongs to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IndexedLesson {
    /// The network, with names for the parts of its normalisations.
    pub net: Network,
    #[doc(hidden)]
    /// The names that its text does not have: parts of normalisations that it writes out.
    pub parts: Vec<String>,
    #[doc(hidden)]
    /// The derivation.
    pub derivation: IndexDerivation,
    #[doc(hidden)]
    /// How each step of each lemma was proved.
    pub replay: IndexReplay,
    /// How many elements of the derivatives were computed at the network's own sizes, and agree
    /// with the backward pass over tensors.
    pub witnessed: usize,
    #[doc(hidden)]
    /// Elements of the derivatives that were asked for, term by term.
    pub worked: Vec<Worked>,
    #[doc(hidden)]
    /// The paths from each element that was asked for by name.
    pub ways: Vec<Ways>,
    #[doc(hidden)]
    /// Whether the network has too many scalars for its paths to be counted.
    pub uncounted: bool,
    /// Whether the page ends with the update rule.
    pub updates: bool,
}

/// With more cells of weights and defined quantities than this, a network is better read in
/// indices than cell by cell.
pub const READABLE_CELLS: usize = 400;

/// A formula without δ for no more paths than this is evaluated, and held against the backward
/// pass.
pub const MAX_EVALUATED: u32 = 4096;

/// Whether a network is better read in indices: it is large, or holds a normalisation, whose
/// published derivation goes along its mean and its variance, or what is asked for (nothing: every
/// parameter) would pass a few screens cell by cell.
pub fn reads_better_in_indices(net: &Network, by: &[(QuantityId, Option<usize>)]) -> bool {
    let holds_a_norm = || {
        let named = with_parts(net);
        let system = index::of_network(named.as_ref().unwrap_or(net));
        system.is_ok_and(|system| !index::norms(&system).is_empty())
    };
    let counted = |role| matches!(role, Role::Param | Role::Defined);
    let cells = net.quantities().filter(|(_, q)| counted(q.role));
    cells.map(|(id, _)| net.shape(id).elements()).sum::<usize>() > READABLE_CELLS
        || holds_a_norm()
        || passes(net, by, READABLE_LINES)
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
    let written = net;
    let named = with_parts(&written);
    let parts = named.iter().flat_map(|named| named.quantities());
    let parts = parts.map(|(_, q)| q.name.clone()).filter(|name| written.find(name).is_none());
    let parts: Vec<String> = parts.collect();
    let renamed = |id: QuantityId| match &named {
        Some(named) => named.find(&written.quantity(id).name).unwrap_or(id),
        None => id,
    };
    let by: Vec<(QuantityId, Option<usize>)> =
        by.into_iter().map(|(id, position)| (renamed(id), position)).collect();
    let net = named.unwrap_or(written);
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
    let mut all = Vec::new();
    let mut named = Vec::new();
    for (id, position) in &by {
        let Some(lemma) = derivation.lemma(&name(*id)) else { continue };
        let shape = net.shape(*id);
        // Where none is named, the first.
        let is_named = position.is_some() || shape.is_scalar() && !ask.by.is_empty();
        if shape.elements() > 1 || is_named {
            let mut one = worked(lemma, &shape.index(position.unwrap_or(0)), ask.terms);
            if is_named {
                one.full = full(&derivation, &one);
                named.push((*id, position.unwrap_or(0)));
            }
            all.push(one);
        }
    }
    let lowered = if named.is_empty() { None } else { Some(lower(&net)) };
    let uncounted = matches!(lowered, Some(Err(_)));
    let ways: Vec<Ways> = match &lowered {
        Some(Ok(lowered)) => {
            named.iter().map(|cell| ways(&net, lowered, *cell, ask.paths.min(MAX_PATHS))).collect()
        }
        _ => Vec::new(),
    };
    // Where a formula without δ has few enough terms, it is evaluated as well.
    let few = |cell: &CellOf| {
        ways.iter().any(|w| w.from == *cell && w.count <= BigUint::from(MAX_EVALUATED))
    };
    let fulls: Vec<(CellOf, &Formula)> = all
        .iter()
        .filter_map(|w| {
            let id = net.find(&w.element.tensor.name)?;
            let at = w.element.at.iter().map(|a| usize::try_from(a.as_number()?).ok());
            let position = net.shape(id).position(&at.collect::<Option<Vec<usize>>>()?)?;
            Some(((id, position), w.full.as_ref()?.formula.as_ref()?))
        })
        .filter(|(cell, _)| few(cell))
        .collect();
    let witnessed = witness(&net, &derivation, &fulls)?;
    let updates = ask.updates;
    Ok(IndexedLesson {
        net,
        parts,
        derivation,
        replay,
        witnessed,
        worked: all,
        ways,
        uncounted,
        updates,
    })
}
