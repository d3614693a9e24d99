//! The index calculus (floor 3): a large layer is derived once, with symbolic indices.
//!
//! In: a [`System`], the definitions of a network's tensors at free indices, such as
//! `c[i, j] = Σ_{m,n} w[m, n]·x[2i + m, 2j + n]`. Out: an [`IndexDerivation`]: for each tensor
//! the derivatives of the loss by its elements as one formula, by steps. No layer has a table of
//! adjoints: the chain rule sums over every element, ∂x_a/∂x_b is a bracket, and a sum collapses
//! where a bracket fixes its index.
//!
//! Invariants: formulas are inert; a step rewrites one place by one rule; the line after a step
//! is the line before the next; no letter is bound inside its own range. Whether steps are true is not
//! decided here: `proof` instantiates each at concrete sizes and proves it in scalars.
//!
//! ```
//! use backproof::index::{Affine, Definition, Formula, Range, System, Tensor, TensorName, derive};
//! // y[i] = Σ_j W[i, j]·x[j] and E = Σ_i y[i], with lengths N and M that nobody knows.
//! let (n, m) = (Affine::size("N"), Affine::size("M"));
//! let (i, j) = (Affine::index("i"), Affine::index("j"));
//! let (w, x) = (Formula::element("W", [i.clone(), j.clone()]), Formula::element("x", [j]));
//! let row = Formula::sum(vec![Range::new("j", m.clone())], Formula::Mul(vec![w, x]));
//! let all = Formula::sum(vec![Range::new("i", n.clone())], Formula::element("y", [i]));
//! let leaf = |name, lengths: Vec<Affine>, letters: &[&str]| Tensor {
//!     name: TensorName::new(name),
//!     lengths,
//!     letters: letters.iter().map(|l| l.to_string()).collect(),
//!     definition: None,
//! };
//! let y = Definition { axes: vec![Range::new("i", n.clone())], body: row };
//! let system = System {
//!     tensors: vec![
//!         leaf("W", vec![n.clone(), m.clone()], &["i", "j"]),
//!         leaf("x", vec![m], &["j"]),
//!         Tensor { definition: Some(y), ..leaf("y", vec![n], &["i"]) },
//!         Tensor {
//!             definition: Some(Definition { axes: vec![], body: all }),
//!             ..leaf("E", vec![], &[])
//!         },
//!     ],
//!     loss: TensorName::new("E"),
//!     distributions: vec![],
//!     facts: vec![],
//!     written_out: vec![],
//! };
//! let names = [TensorName::new("W"), TensorName::new("x")];
//! let derivation = derive(&system, &names)?;
//! let result = |n: usize| derivation.lemma(&names[n]).unwrap().result.to_string();
//! assert_eq!(result(0), "δ^y[i]·x[j]");
//! assert_eq!(result(1), "Σ_i δ^y[i]·W[i, j]");
//! # Ok::<(), backproof::Error>(())
//! ```

mod affine;
pub mod any_depth;
mod bounds;
mod derive;
mod formula;
mod full;
mod letters;
mod network;
mod norms;
pub mod rules;
mod show;
mod step;
mod system;
#[cfg(test)]
pub(crate) mod tests;
mod value;

pub use affine::{Affine, Letter};
pub use bounds::Scope;
pub use derive::{MAX_LINE, MAX_STEPS, derive, lemma};
pub use formula::{Condition, Element, Formula, Range, TensorName};
pub use full::{MAX_FULL, in_full, rests_on};
pub use network::{MAX_DEPTH, MAX_FACTOR, MAX_PARTS, MAX_TENSORS, of_network};
pub use norms::{Norm, norms};
pub use rules::Rule;
pub use step::{IndexDerivation, IndexLemma, IndexStep};
pub use system::{Definition, System, Tensor};
pub use value::{
    Algebra, Cell, Letters, MAX_VISITS, NoValue, PlaceNumber, Written, all_values, evaluate,
    evaluate_all, interpret,
};
pub(crate) use value::{Numbers, Ready};
