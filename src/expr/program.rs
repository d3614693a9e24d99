//! Expressions made ready to be evaluated many times. In: a graph, some roots, and how kinks are
//! decided. Out: a list of steps over numbered slots, in an order that is found once.
//!
//! What always holds: values and faults are those of [`evaluate_all`], to the last bit. A run
//! that meets anything but finite numbers asks `evaluate_all` what to say. Sums and products keep
//! their order; a product that several others begin with is worked out once; a slot is taken
//! again after the last step that reads it.

mod compile;
mod lanes;
mod points;
mod run;
mod slots;
mod sums;
mod together;

use std::sync::Arc;

use super::{Branches, EvalError, ExprId, Graph, SymbolId, evaluate_all};
use crate::scalar::Scalar;
use compile::compile;
pub use points::Batch;
use run::{Code, Exact, Real, Value};

/// The values of some roots, ready to be worked out at many points.
///
/// ```
/// use backproof::expr::{Branches, Graph, Program};
/// use backproof::scalar::Rational;
/// let mut g = Graph::new();
/// let (x, three) = (g.var("x"), g.integer(3));
/// let roots = [g.pow(x, three), g.div(three, x)];
/// let program = Program::new(&g, &roots, Branches::default());
/// assert_eq!(program.evaluate_f64(&|_| Some(2.0)).unwrap(), [8.0, 1.5]);
/// let at = |n: i64| program.evaluate(&|_| Some(Rational::from(n)));
/// assert_eq!(at(6).unwrap()[1], "1/2".parse().unwrap());
/// assert!(at(0).is_err(), "3/0 has no value");
/// ```
pub struct Program<'g> {
    g: &'g Graph,
    roots: Vec<ExprId>,
    branches: Branches<'g>,
    compiled: Compiled,
}

/// What a program is made of, for others of the same graph, the same roots and the same kinks.
/// `None` where only the evaluator has an answer; see [`Program::new`].
#[derive(Clone)]
pub(crate) struct Compiled(Option<Arc<Code>>);

impl<'g> Program<'g> {
    /// Makes `roots` ready. Where a derivative is only written down, or kinks are drawn or left
    /// to the number system, nothing can be made ready: each evaluation is one of
    /// [`evaluate_all`].
    pub fn new(g: &'g Graph, roots: &[ExprId], branches: Branches<'g>) -> Program<'g> {
        let compiled = Compiled(compile(g, roots, branches).map(Arc::new));
        Program::of(g, roots, branches, compiled)
    }

    /// The program that `compiled` was taken from, for equal roots and branches.
    pub(crate) fn of(
        g: &'g Graph,
        roots: &[ExprId],
        branches: Branches<'g>,
        compiled: Compiled,
    ) -> Program<'g> {
        Program { g, roots: roots.to_vec(), branches, compiled }
    }

    /// What the program is made of.
    pub(crate) fn compiled(&self) -> Compiled {
        self.compiled.clone()
    }

    fn code(&self) -> Option<&Code> {
        self.compiled.0.as_deref()
    }

    /// How many steps an evaluation takes, and how many numbers it holds at a time.
    pub fn size(&self) -> (usize, usize) {
        self.code().map_or((0, 0), |code| (code.steps.len(), code.slots))
    }

    /// The values of the roots in any number system, in their order.
    ///
    /// # Errors
    /// Those of [`evaluate_all`].
    pub fn evaluate<T: Scalar>(
        &self,
        env: &dyn Fn(SymbolId) -> Option<T>,
    ) -> Result<Vec<T>, EvalError> {
        match self.attempt(&|s| env(s).map(Exact)) {
            Some(values) => Ok(values.into_iter().map(|Exact(value)| value).collect()),
            None => evaluate_all(self.g, &self.roots, env, self.branches),
        }
    }

    /// The values of the roots in `f64`, in their order: what [`Program::evaluate`] gives, faster.
    ///
    /// # Errors
    /// Those of [`evaluate_all`].
    pub fn evaluate_f64(
        &self,
        env: &dyn Fn(SymbolId) -> Option<f64>,
    ) -> Result<Vec<f64>, EvalError> {
        match self.attempt(&|s| env(s).map(Real)) {
            Some(values) => Ok(values.into_iter().map(|Real(value)| value).collect()),
            None => evaluate_all(self.g, &self.roots, env, self.branches),
        }
    }

    /// The values of the roots, or `None` where a step has none or the code does not know.
    fn attempt<V: Value>(&self, env: &dyn Fn(SymbolId) -> Option<V>) -> Option<Vec<V>> {
        self.code()?.run(env).ok()
    }
}

#[cfg(test)]
mod tests;
