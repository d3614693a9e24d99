//! Coefficients: expressions, of which no more is worked out than numbers among themselves, and the
//! question whether one is 0.

use std::collections::BTreeSet;

use super::series::Expansion;
use crate::expr::{ExprId, Node};
use crate::proof::{Context, How, Leaves, Verdict, prove_within};
use crate::scalar::{Fault, Rational, Scalar};

/// The most steps of polynomial arithmetic for the question whether a coefficient is 0.
const STEPS: u64 = 20_000;
/// The most such questions for one limit.
const QUESTIONS: usize = 60;

impl Expansion<'_, '_, '_, '_> {
    /// Whether a coefficient is 0 wherever it has a value; an error where nobody can tell.
    pub(super) fn is_zero(&mut self, term: ExprId) -> Result<bool, String> {
        if let Some(number) = self.graph.as_number(term) {
            return Ok(number.is_zero());
        }
        if let Some(known) = self.zeros.get(&term) {
            return Ok(*known);
        }
        let open = || Err("whether a coefficient there is 0 was not found out".to_string());
        if self.zeros.len() >= QUESTIONS {
            return open();
        }
        // Where no derivative stands, it does not matter what a name depends on.
        let all = self.graph.reachable(&[term]);
        let mut leaves: BTreeSet<_> = self.around.leaves.clone();
        if !all.iter().any(|id| matches!(self.graph.node(*id), Node::Partial { .. })) {
            leaves.extend(all.iter().filter_map(|id| self.graph.symbol_of(*id)));
        }
        let context = Context { winners: self.around.winners, leaves: Leaves::Declared(&leaves) };
        let zero = match prove_within(self.graph, term, self.zero, &context, STEPS) {
            Verdict::Proved(How::Exact) => true,
            Verdict::Refuted(_) => false,
            _ => return open(),
        };
        self.zeros.insert(term, zero);
        Ok(zero)
    }

    /// The number that two numbers make; none where one of them is none, or they make too long a one.
    fn number(
        &mut self,
        a: ExprId,
        b: ExprId,
        make: fn(&Rational, &Rational) -> Result<Rational, Fault>,
    ) -> Option<ExprId> {
        let made = make(self.graph.as_number(a)?, self.graph.as_number(b)?).ok()?;
        Some(self.graph.number(&made))
    }

    pub(super) fn is(&self, id: ExprId, n: i64) -> bool {
        self.graph.as_number(id).is_some_and(|q| *q == Rational::from(n))
    }

    pub(super) fn plus(&mut self, a: ExprId, b: ExprId) -> ExprId {
        if self.is(a, 0) {
            return b;
        }
        if self.is(b, 0) {
            return a;
        }
        match (self.number(a, b, Scalar::add), self.graph.node(b)) {
            (Some(sum), _) => sum,
            (None, Node::Neg(inner)) => self.minus(a, inner),
            (None, _) => self.graph.add([a, b]),
        }
    }

    pub(super) fn minus(&mut self, a: ExprId, b: ExprId) -> ExprId {
        if a == b {
            return self.zero;
        }
        if self.is(b, 0) {
            return a;
        }
        if let Some(number) = self.number(a, b, Scalar::sub) {
            return number;
        }
        match (self.is(a, 0), self.graph.node(b)) {
            (true, Node::Neg(inner)) => inner,
            (true, _) => self.graph.neg(b),
            (false, _) => self.graph.sub(a, b),
        }
    }

    pub(super) fn times(&mut self, a: ExprId, b: ExprId) -> ExprId {
        if self.is(a, 0) || self.is(b, 0) {
            return self.zero;
        }
        if self.is(a, 1) {
            return b;
        }
        if self.is(b, 1) {
            return a;
        }
        match self.number(a, b, Scalar::mul) {
            Some(number) => number,
            None => self.graph.mul([a, b]),
        }
    }

    pub(super) fn over(&mut self, a: ExprId, b: ExprId) -> ExprId {
        if self.is(a, 0) && !self.is(b, 0) {
            return self.zero;
        }
        if self.is(b, 1) {
            return a;
        }
        match self.number(a, b, Scalar::div) {
            Some(number) => number,
            None => self.graph.div(a, b),
        }
    }
}
