//! The symbolic side of a check: a network lowered to scalars, its gradients by the reverse
//! sweep, and their values over any number system.

use rustc_hash::FxHashMap;

use crate::calculus::sweep;
use crate::concrete::Values;
use crate::diag::{Error, Kind};
use crate::expr::{
    Branches, Decision, EvalError, EvalFault, ExprId, Rest, SymbolId, Winners, decisions,
    evaluate_all,
};
use crate::lower::{Lowered, lower};
use crate::net::{Network, Op, QuantityId};
use crate::scalar::Scalar;

use super::MAX_FACTOR_PAIRS;

/// What was decided at every kink of the graph.
pub(super) type Made = FxHashMap<ExprId, Decision>;

/// A lowered network with its gradients.
pub(super) struct Symbolic {
    pub lowered: Lowered,
    /// Which quantities the loss is differentiated by.
    pub by: Vec<QuantityId>,
    /// ∂loss/∂(each cell), row-major, for each quantity of `by`.
    pub gradients: Vec<Vec<ExprId>>,
    /// The assumed winners; empty where they are not used.
    pub winners: Winners,
}

impl Symbolic {
    /// Lowers and differentiates. `assumed`: a max with an assumed winner is replaced by it;
    /// otherwise every max passes its gradient on in brackets, and the values decide.
    ///
    /// # Errors
    /// Of kind `Limit`, for a network too large to be written in scalars or differentiated.
    pub(super) fn new(net: &Network, by: &[QuantityId], assumed: bool) -> Result<Symbolic, Error> {
        check_products(net)?;
        let mut lowered = lower(net)?;
        let winners = if assumed { lowered.winners.clone() } else { Winners::new() };
        let cells: Vec<ExprId> = by.iter().flat_map(|id| lowered.of(*id)).copied().collect();
        let root = lowered.loss;
        let mut all = sweep::gradients(&mut lowered.graph, root, &cells, &winners).into_iter();
        let gradients =
            by.iter().map(|id| all.by_ref().take(net.shape(*id).elements()).collect()).collect();
        Ok(Symbolic { lowered, by: by.to_vec(), gradients, winners })
    }

    /// What the values decide at every kink that the loss meets, in an ordered number system.
    pub(super) fn decide<T: Scalar>(
        &self,
        net: &Network,
        values: &Values<T>,
    ) -> Result<Made, Error> {
        let env = self.environment(net, values);
        let leaf = |s: SymbolId| env[s.index()].clone();
        let winners = Some(&self.winners);
        decisions(&self.lowered.graph, &[self.lowered.loss], &leaf, winners)
            .map_err(|error| Error::new(Kind::Domain, sentence(&error)))
    }

    /// The gradients of each quantity, or why they have no value.
    pub(super) fn evaluate<T: Scalar>(
        &self,
        net: &Network,
        values: &Values<T>,
        made: &Made,
    ) -> Vec<Result<Vec<T>, String>> {
        let env = self.environment(net, values);
        let leaf = |s: SymbolId| env[s.index()].clone();
        let branches =
            Branches { winners: Some(&self.winners), rest: Rest::Recorded(made), opaque: None };
        let run = |roots: &[ExprId]| {
            evaluate_all(&self.lowered.graph, roots, &leaf, branches).map_err(|e| sentence(&e))
        };
        let together: Vec<ExprId> = self.gradients.iter().flatten().copied().collect();
        match run(&together) {
            Ok(all) => {
                let mut all = all.into_iter();
                let each = |cells: &Vec<ExprId>| Ok(all.by_ref().take(cells.len()).collect());
                self.gradients.iter().map(each).collect()
            }
            // One quantity's gradient has no value; the others may have theirs.
            Err(_) => self.gradients.iter().map(|cells| run(cells)).collect(),
        }
    }

    /// The values of the leaves, by symbol.
    fn environment<T: Scalar>(&self, net: &Network, values: &Values<T>) -> Vec<Option<T>> {
        let mut env = vec![None; self.lowered.graph.symbol_count()];
        for (id, numbers) in values {
            if !matches!(net.node(net.quantity(*id).node).op, Op::Leaf(_)) {
                continue;
            }
            for (cell, number) in self.lowered.of(*id).iter().zip(numbers) {
                if let Some(symbol) = self.lowered.graph.symbol_of(*cell) {
                    env[symbol.index()] = Some(number.clone());
                }
            }
        }
        env
    }
}

fn sentence(error: &EvalError) -> String {
    match error.fault {
        EvalFault::Scalar(fault) => format!("the formula has no value here: {fault}"),
        other => format!("the formula has no value here: {other}"),
    }
}

/// The gradient of a product of n factors is n products of n factors each.
fn check_products(net: &Network) -> Result<(), Error> {
    let mut pairs = 0usize;
    for tensor in net.nodes() {
        if let Op::Mul(factors) = &tensor.op {
            let each = factors.len().saturating_mul(factors.len());
            pairs = pairs.saturating_add(each.saturating_mul(tensor.shape.elements()));
        }
        if pairs > MAX_FACTOR_PAIRS {
            let sentence = format!(
                "the gradients of these products have more than {MAX_FACTOR_PAIRS} factors"
            );
            return Err(Error::new(Kind::Limit, sentence)
                .at(tensor.span)
                .label("up to here")
                .hint("shorter products need fewer: (a · b) · (c · d) in place of a · b · c · d"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concrete::tests::sketch::Sketch;
    use crate::net::{Role, Shape};

    /// n factors in each of some elements count n² in each.
    #[test]
    fn as_many_pairs_of_factors_as_the_limit_are_allowed_and_no_more() {
        let found = |products: &[(usize, usize)]| {
            let mut s = Sketch::default();
            let x = s.leaf("x", Role::Param, &[]);
            let mut last = x;
            for (factors, elements) in products {
                last = s.op(Op::Mul(vec![x; *factors]), Shape::new([*elements]));
            }
            let sum = s.sum(last);
            check_products(&s.finish(sum))
        };
        let (root, many) = (1 << 10, MAX_FACTOR_PAIRS >> 20);
        for within in [&[(root, many)][..], &[(1, 5), (root, many - 1)], &[]] {
            assert_eq!(found(within), Ok(()), "{within:?}");
        }
        for past in [&[(root, many + 1)][..], &[(root + 1, many)], &[(root, many), (1, 1)]] {
            let error = found(past).unwrap_err();
            assert_eq!(error.kind(), Kind::Limit);
            assert!(error.message().contains(&MAX_FACTOR_PAIRS.to_string()), "{error}");
        }
    }
}
