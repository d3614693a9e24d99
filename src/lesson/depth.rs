//! The lesson of a network of any depth: the equations with symbolic layer and sizes, proved for
//! every size, and in networks of several depths.

use crate::diag::Error;
use crate::index::any_depth::{self, GeneralDerivation, GeneralLayer};
use crate::proof;

/// The equations for any depth, proved.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GeneralLesson {
    #[doc(hidden)]
    /// The equations and their derivation.
    pub general: GeneralDerivation,
    /// In how many networks they were proved.
    pub networks: usize,
    /// Whether every line was proved for every size and every layer as well.
    pub every_size: bool,
}

/// Derives the equations for any depth and proves them.
///
/// # Errors
/// `Internal` where a line does not hold, which would be a fault of backproof.
///
/// ```
/// use backproof::lesson::{GeneralLayer, general_lesson};
/// let lesson = general_lesson(GeneralLayer::Dense)?;
/// let weights = &lesson.general.derivation.lemmas[2];
/// assert_eq!(weights.result.to_string(), "δ^(l)[j]·x^(l−1)[k]");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn general_lesson(layer: GeneralLayer) -> Result<GeneralLesson, Error> {
    let general = match layer {
        GeneralLayer::Dense => any_depth::dense()?,
        GeneralLayer::Convolution => any_depth::convolution()?,
    };
    let networks = proof::prove_general(&general)?;
    let lines = proof::lines_for_every_size(&general.derivation);
    let every_size = lines.into_iter().flatten().all(|proved| proved);
    Ok(GeneralLesson { general, networks, every_size })
}
