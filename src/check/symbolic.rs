//! The symbolic side of a check: a network lowered to scalars, its gradients by the reverse
//! sweep, and their values over any number system.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::calculus::sweep;
use crate::concrete::Values;
use crate::diag::{Error, Kind};
use crate::expr::{
    Branches, Compiled, Decision, EvalError, EvalFault, ExprId, Program, Rest, SymbolId, Winners,
    decisions, evaluate_all,
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
    /// The gradients made ready for the kinks of the point that was looked at last: each point is
    /// evaluated in several number systems, and where there is no kink, all points alike.
    ready: RefCell<Option<(Made, Compiled)>>,
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
        Ok(Symbolic { lowered, by: by.to_vec(), gradients, winners, ready: RefCell::new(None) })
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
        match self.ready(&together, branches, made).evaluate(&leaf) {
            Ok(all) => {
                let mut all = all.into_iter();
                let each = |cells: &Vec<ExprId>| Ok(all.by_ref().take(cells.len()).collect());
                self.gradients.iter().map(each).collect()
            }
            // One quantity's gradient has no value; the others may have theirs.
            Err(_) => self.gradients.iter().map(|cells| run(cells)).collect(),
        }
    }

    /// A program for the gradients, with these decisions.
    fn ready<'a>(&'a self, roots: &[ExprId], branches: Branches<'a>, made: &Made) -> Program<'a> {
        let g = &self.lowered.graph;
        let mut ready = self.ready.borrow_mut();
        match ready.as_ref() {
            Some((own, compiled)) if own == made => {
                Program::of(g, roots, branches, compiled.clone())
            }
            _ => {
                let program = Program::new(g, roots, branches);
                *ready = Some((made.clone(), program.compiled()));
                program
            }
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

    /// What was made ready for one point serves another only where its kinks are decided alike.
    #[test]
    fn what_is_ready_for_one_point_gives_nothing_wrong_at_another() {
        let text = "input x[2]\nparam w[2]\ny = max(w*x)\nE = relu(y)^2 + tanh(y)";
        let net = crate::lang::parse_network(text).unwrap();
        let [x, w] = ["x", "w"].map(|name| net.find(name).unwrap());
        let points = [[1.0, 2.0], [2.0, 1.0], [-1.0, -2.0], [1.0, 3.0], [3.0, 1.0]];
        let new = || Symbolic::new(&net, &[w], false).unwrap();
        let at = |symbolic: &Symbolic, point: [f64; 2]| {
            let values = Values::from([(x, vec![1.0, 1.0]), (w, point.to_vec())]);
            let made = symbolic.decide(&net, &values).unwrap();
            let reals = symbolic.evaluate(&net, &values, &made);
            let wide = values.iter().map(|(id, all)| {
                let all = all.iter().map(|x| crate::scalar::Interval::point(*x).unwrap());
                (*id, all.collect())
            });
            (reals, symbolic.evaluate(&net, &Values::from_iter(wide), &made))
        };
        let kept = new();
        let found: Vec<_> = points.iter().map(|point| at(&kept, *point)).collect();
        let alone: Vec<_> = points.iter().map(|point| at(&new(), *point)).collect();
        assert_eq!(found, alone);
        assert_ne!(found[0], found[1]);
        assert_eq!(found[2].0, [Ok(vec![1.0 - libm::tanh(-1.0).powi(2), 0.0])]);
    }
}
