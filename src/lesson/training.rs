//! Gradient descent in numbers: the update rule carried out.
//!
//! In: a network with a value for everything that the loss needs, and a learning rate. Out: the
//! weights, slopes and loss after each step. Numbers are exact as long as they are short; then
//! the run goes on in `f64` and says from which step.

use std::collections::BTreeMap;

use super::in_order_of_lesson;
use super::numbers::{Number, undefined};
use crate::calculus::sweep;
use crate::diag::{Error, Kind};
use crate::expr::{Branches, EvalError, EvalFault, ExprId, Graph, SymbolId, evaluate_all};
use crate::lower::{Lowered, lower};
use crate::net::Network;
use crate::ordered::Ordered;
use crate::scalar::{Fault, Rational, Scalar};

/// The largest number of steps of one run.
pub const MAX_STEPS: usize = 100_000;
/// Past this size of a fraction, the run goes on in `f64`.
pub const MAX_EXACT_BITS: u64 = 96;

/// A run of gradient descent.
#[non_exhaustive]
pub struct Training {
    /// The expressions of the network.
    pub graph: Graph,
    /// The loss.
    pub loss: ExprId,
    /// The weights, in the order of a lesson.
    pub weights: Vec<ExprId>,
    /// The learning rate.
    pub rate: Rational,
    /// The state before each step, and after the last.
    pub states: Vec<State>,
    /// The first state that is rounded, if one is.
    pub rounded_from: Option<usize>,
}

/// Where a run stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct State {
    /// The loss.
    pub loss: Number,
    /// The weights.
    pub weights: Vec<Number>,
    /// ∂loss/∂weight.
    pub slopes: Vec<Number>,
}

/// Takes `times` steps w ← w − rate·∂loss/∂w, all weights at once. A max goes by the values,
/// the first of equals winning, in each step anew.
///
/// # Errors
/// `Value` where a quantity has no value, or `rate` is not positive; `Limit` past
/// [`MAX_STEPS`]; `Domain` where something is undefined at the numbers, or leaves the range.
///
/// ```
/// let net = backproof::parse_network(
///     "input x
///      param w
///      target t
///      y = w*x
///      E = (t - y)^2 / 2
///      given x = 2, w = 3, t = 1",
/// )?;
/// let run = backproof::training(&net, &"1/8".parse().unwrap(), 1)?;
/// // ∂E/∂w = −(t − y)·x = 10, so w goes from 3 to 3 − 10/8.
/// assert_eq!(run.states[1].weights[0].to_string(), "7/4");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn training(net: &Network, rate: &Rational, times: usize) -> Result<Training, Error> {
    if rate.is_zero() || rate.is_negative() {
        return Err(Error::new(Kind::Value, format!("the learning rate is {rate}"))
            .hint("a step goes against the gradient only if the rate is above 0"));
    }
    if times > MAX_STEPS {
        return Err(Error::new(Kind::Limit, format!("{times} steps are more than {MAX_STEPS}")));
    }
    let lowered = lower(net)?;
    every_value(net, &lowered)?;
    let weights = in_order_of_lesson(net, &lowered);
    let Lowered { mut graph, loss, values, .. } = lowered;
    let slopes = sweep::gradients(&mut graph, loss, &weights, &BTreeMap::new());
    let mut run = Run { g: &graph, loss, weights: &weights, slopes: &slopes, states: Vec::new() };
    let mut exact = Some(values.clone());
    let mut rounded_from = None;
    let mut rounded: BTreeMap<SymbolId, f64> = BTreeMap::new();
    for n in 0..=times {
        if let Some(values) = &mut exact {
            match run.state(values) {
                Ok(next) => {
                    if n < times {
                        match run.moved(values, &next, rate) {
                            Some(moved) => *values = moved,
                            None => {
                                rounded = approximate(values);
                                run.step_rounded(&mut rounded, rate)?;
                                exact = None;
                                rounded_from = Some(n + 1);
                            }
                        }
                    }
                    continue;
                }
                Err(error) if is_only_inexact(&error) => {
                    rounded = approximate(values);
                    exact = None;
                    rounded_from = Some(n);
                }
                Err(error) => return Err(undefined(&graph, &error)),
            }
        }
        run.state(&rounded).map_err(|e| undefined(&graph, &e))?;
        if n < times {
            run.step_rounded(&mut rounded, rate)?;
        }
    }
    let states = run.states;
    Ok(Training { graph, loss, weights, rate: rate.clone(), states, rounded_from })
}

fn is_only_inexact(error: &EvalError) -> bool {
    matches!(
        error.fault,
        EvalFault::Scalar(Fault::NotExact(_) | Fault::PowerNotExact | Fault::TooLarge)
    )
}

fn approximate(values: &BTreeMap<SymbolId, Rational>) -> BTreeMap<SymbolId, f64> {
    values.iter().map(|(s, q)| (*s, q.to_f64())).into_map()
}

fn every_value(net: &Network, lowered: &Lowered) -> Result<(), Error> {
    let g = &lowered.graph;
    let needed = g.reachable(&[lowered.loss]);
    for (id, quantity) in net.quantities() {
        let missing = lowered.of(id).iter().any(|cell| {
            let is_leaf = matches!(g.node(*cell), crate::expr::Node::Var(_));
            let has = g.symbol_of(*cell).is_some_and(|s| lowered.values.contains_key(&s));
            is_leaf && !has && needed.binary_search(cell).is_ok()
        });
        if missing {
            return Err(Error::new(Kind::Value, format!("{} has no value", quantity.name))
                .at(quantity.span)
                .label("declared here")
                .hint(format!("add `given {} = …`, or pass --given", quantity.name)));
        }
    }
    Ok(())
}

struct Run<'a> {
    g: &'a Graph,
    loss: ExprId,
    weights: &'a [ExprId],
    slopes: &'a [ExprId],
    states: Vec<State>,
}

impl Run<'_> {
    /// Records where the run stands and gives the slopes.
    fn state<T: Scalar + Into<Number>>(
        &mut self,
        values: &BTreeMap<SymbolId, T>,
    ) -> Result<Vec<T>, EvalError> {
        let env = |s: SymbolId| values.get(&s).cloned();
        let mut roots = vec![self.loss];
        roots.extend(self.weights);
        roots.extend(self.slopes);
        let mut all = evaluate_all(self.g, &roots, &env, Branches::default())?.into_iter();
        let number = |x: T| -> Number { x.into() };
        let count = self.weights.len();
        let loss = all.next().map(number).unwrap_or(Number::Rounded(f64::NAN));
        let weights = all.by_ref().take(count).map(number).collect();
        let slopes: Vec<T> = all.collect();
        let shown = slopes.iter().cloned().map(number).collect();
        self.states.push(State { loss, weights, slopes: shown });
        Ok(slopes)
    }

    /// The values after a step, or `None` where a fraction grew too long.
    fn moved(
        &self,
        values: &BTreeMap<SymbolId, Rational>,
        slopes: &[Rational],
        rate: &Rational,
    ) -> Option<BTreeMap<SymbolId, Rational>> {
        let mut next = values.clone();
        for (weight, slope) in self.weights.iter().zip(slopes) {
            let symbol = self.g.symbol_of(*weight)?;
            let value = next.get(&symbol)?.sub(&rate.mul(slope).ok()?).ok()?;
            if value.bits() > MAX_EXACT_BITS {
                return None;
            }
            next.insert(symbol, value);
        }
        Some(next)
    }

    fn step_rounded(
        &mut self,
        values: &mut BTreeMap<SymbolId, f64>,
        rate: &Rational,
    ) -> Result<(), Error> {
        let Some(state) = self.states.last() else { return Ok(()) };
        for (weight, slope) in self.weights.iter().zip(&state.slopes) {
            let Some(symbol) = self.g.symbol_of(*weight) else { continue };
            let Some(value) = values.get_mut(&symbol) else { continue };
            *value -= rate.to_f64() * slope.to_f64();
            if !value.is_finite() {
                return Err(Error::new(
                    Kind::Domain,
                    format!("after {} steps the weights leave the range of f64", self.states.len()),
                )
                .hint("a smaller --rate keeps the loss falling"));
            }
        }
        Ok(())
    }
}

impl From<Rational> for Number {
    fn from(q: Rational) -> Number {
        Number::Exact(q)
    }
}

impl From<f64> for Number {
    fn from(x: f64) -> Number {
        Number::Rounded(x)
    }
}

impl Number {
    /// The nearest `f64`.
    pub fn to_f64(&self) -> f64 {
        match self {
            Number::Exact(q) => q.to_f64(),
            Number::Rounded(x) => *x,
        }
    }
}
