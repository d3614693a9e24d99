//! Expressions (floor 1): an arena of inert nodes, their names, and their evaluation over any
//! number system. Whoever derives, proves or lowers builds here; simplification is not here.

mod append;
mod descend;
mod eval;
mod graph;
mod node;
mod nodes;
mod program;
mod symbol;
mod symbols;

#[doc(hidden)]
pub use append::Append;
pub(crate) use descend::{Places, descend};
pub use eval::{Branches, Decision, EvalError, EvalFault, Rest, Winners, evaluate, evaluate_all};
pub(crate) use eval::{decisions, depends_on};
pub use graph::Graph;
pub use node::{Args, ExprId, Node, NumberId, SymbolId};
pub(crate) use program::Compiled;
pub use program::{Batch, Program};
pub use symbol::Symbol;
