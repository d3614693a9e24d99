//! Expressions (floor 1): an arena of inert nodes, their names, and their evaluation over any
//! number system. Whoever derives, proves or lowers builds here; simplification is not here.

mod eval;
mod graph;
mod symbol;

pub use eval::{
    Branches, Decision, EvalError, EvalFault, Rest, Winners, decisions, depends_on, evaluate,
    evaluate_all,
};
pub(crate) use graph::descend;
pub use graph::{Append, Args, ExprId, Graph, Node, NumberId, SymbolId};
pub use symbol::Symbol;
