//! Evaluation over any [`Scalar`]: one loop forward over the arena.
//!
//! A `Partial` is evaluated by dual numbers, so a derivative that is only written down has a
//! value without any rule of the calculus. That is what `replay` rests on: it shares no code
//! with the rules.

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rustc_hash::FxHashMap;

use super::descend::{Marks, Places, descend};
use super::{ExprId, Graph, Node, SymbolId};
use crate::scalar::{Dual, Fault, Function, Scalar};

/// Which argument wins a max, where that is assumed: `Max` node → its argument.
pub type Winners = BTreeMap<ExprId, ExprId>;

/// What was decided at a node with a kink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This argument wins the max.
    Winner(ExprId),
    /// The sign of the argument of |x|, ReLU, sign or step.
    Sign(Ordering),
}

/// How kinks are decided during an evaluation: first by the assumed winners, then by `rest`.
#[derive(Clone, Copy, Default)]
pub struct Branches<'a> {
    /// Assumed winners.
    pub winners: Option<&'a Winners>,
    /// What decides the other kinks.
    pub rest: Rest<'a>,
    /// Named quantities that are not looked into: each is a variable, whose value is that of its
    /// symbol. What holds for every value of them holds for those of their definitions.
    pub opaque: Option<&'a BTreeSet<ExprId>>,
}

impl Branches<'_> {
    /// Whether a named quantity is not looked into.
    pub(super) fn is_opaque(&self, id: ExprId) -> bool {
        self.opaque.is_some_and(|opaque| opaque.contains(&id))
    }

    /// The assumed winner of a max.
    pub(super) fn winner(&self, id: ExprId) -> Option<ExprId> {
        self.winners.and_then(|w| w.get(&id)).copied()
    }

    /// The node under which the sign of an argument is recorded: for a max, whose own place holds
    /// its winner, that winner, which has the same value.
    pub(super) fn signed(
        &self,
        g: &Graph,
        argument: ExprId,
        made: &FxHashMap<ExprId, Decision>,
    ) -> ExprId {
        let mut at = argument;
        while let Node::Max(_) = g.node(at) {
            at = match (self.winner(at), made.get(&at)) {
                (Some(winner), _) => winner,
                (None, Some(Decision::Winner(winner))) => *winner,
                _ => return at,
            };
        }
        at
    }
}

/// What decides the kinks that no assumption settles.
#[derive(Clone, Copy, Default)]
pub enum Rest<'a> {
    /// The values themselves; the first of equals wins a max.
    #[default]
    ByValue,
    /// What another run decided, as for a prime field, which has no order.
    Recorded(&'a FxHashMap<ExprId, Decision>),
    /// A pattern drawn from a seed, for number systems without an order: an identity that holds for every
    /// pattern holds in particular for the true one.
    Drawn(u64),
    /// The number system itself, which keeps every case: its [`Scalar::call`] answers for the
    /// functions with a kink, its [`Scalar::winners`] for a max.
    Symbolic,
}

/// Why an expression has no value, and at which node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvalError {
    /// The node that could not be evaluated.
    pub node: ExprId,
    /// Why.
    pub fault: EvalFault,
}

/// Why a node has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvalFault {
    /// The number system has no answer.
    Scalar(Fault),
    /// The variable has no value.
    Unbound(SymbolId),
    /// A derivative of a derivative; only first ones are defined here.
    NestedPartial,
}

impl fmt::Display for EvalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvalFault::Scalar(fault) => fault.fmt(f),
            EvalFault::Unbound(_) => f.write_str("a variable has no value"),
            EvalFault::NestedPartial => f.write_str("a derivative of a derivative"),
        }
    }
}

/// The value of `root`, with the free variables from `env`.
///
/// ```
/// use backproof::expr::{Branches, Graph, evaluate};
/// use backproof::scalar::Rational;
/// let mut g = Graph::new();
/// let (x, two) = (g.var("x"), g.integer(2));
/// let square = g.pow(x, two);
/// let slope = g.partial(square, x);                     // ∂x²/∂x, not carried out
/// let at_three = |_| Some(Rational::from(3));
/// assert_eq!(evaluate(&g, slope, &at_three, Branches::default()).unwrap(), Rational::from(6));
/// ```
pub fn evaluate<T: Scalar>(
    g: &Graph,
    root: ExprId,
    env: &dyn Fn(SymbolId) -> Option<T>,
    branches: Branches<'_>,
) -> Result<T, EvalError> {
    let mut values = evaluate_all(g, &[root], env, branches)?;
    Ok(values.swap_remove(0))
}

/// The values of several roots in one pass, in their order.
///
/// ```
/// use backproof::expr::{Branches, Graph, evaluate_all};
/// let mut g = Graph::new();
/// let (x, three) = (g.var("x"), g.integer(3));
/// let roots = [g.pow(x, three), g.add([x, three])];
/// let at_two = |_| Some(2.0);
/// assert_eq!(evaluate_all(&g, &roots, &at_two, Branches::default()).unwrap(), [8.0, 5.0]);
/// ```
pub fn evaluate_all<T: Scalar>(
    g: &Graph,
    roots: &[ExprId],
    env: &dyn Fn(SymbolId) -> Option<T>,
    branches: Branches<'_>,
) -> Result<Vec<T>, EvalError> {
    let tangent = |of: ExprId, by: ExprId| {
        let leaf = |s: SymbolId| env(s).map(Dual::constant);
        // Wherever `by` occurs it moves with speed 1, whatever it is made of.
        let held = |id: ExprId, x: Dual<T>| if id == by { Dual::variable(x.value) } else { x };
        let nested = |of: ExprId, _| Err(EvalError { node: of, fault: EvalFault::NestedPartial });
        let pass = Pass { g, leaf: &leaf, partial: &nested, by: Some(by), held: &held, branches };
        Ok(pass.run(&[of], None)?.swap_remove(0).tangent)
    };
    let pass = Pass { g, leaf: env, partial: &tangent, by: None, held: &|_, x| x, branches };
    pass.run(roots, None)
}

/// What the evaluation of `roots` over an ordered number system decides at every kink, for
/// [`Rest::Recorded`].
pub fn decisions<T: Scalar>(
    g: &Graph,
    roots: &[ExprId],
    env: &dyn Fn(SymbolId) -> Option<T>,
    winners: Option<&Winners>,
) -> Result<FxHashMap<ExprId, Decision>, EvalError> {
    let mut made = FxHashMap::default();
    let nested = |of: ExprId, _| Err(EvalError { node: of, fault: EvalFault::NestedPartial });
    let branches = Branches { winners, rest: Rest::ByValue, opaque: None };
    let pass = Pass { g, leaf: env, partial: &nested, by: None, held: &|_, x| x, branches };
    pass.run(roots, Some(&mut made))?;
    Ok(made)
}

/// Whether the value of `of` can change when `by` is moved as an independent variable; through
/// a max with an assumed winner, only by way of that winner.
pub fn depends_on(g: &Graph, of: ExprId, by: ExprId, winners: &Winners) -> bool {
    // Children have smaller ids, so nothing below `by` leads back to it.
    if of <= by {
        return of == by;
    }
    let mut seen = Marks::up_to(&[of]);
    let mut stack = vec![of];
    while let Some(id) = stack.pop() {
        if id == by {
            return true;
        }
        if !seen.insert(id) {
            continue;
        }
        match winners.get(&id) {
            Some(winner) => stack.extend(Some(*winner).filter(|winner| *winner >= by)),
            None => g.for_children(id, |c| stack.extend(Some(c).filter(|c| *c >= by))),
        }
    }
    false
}

type LeafOf<'a, T> = &'a dyn Fn(SymbolId) -> Option<T>;
type PartialOf<'a, T> = &'a dyn Fn(ExprId, ExprId) -> Result<T, EvalError>;

/// One pass forward: where its leaves, its derivatives and its decisions come from.
struct Pass<'a, T> {
    g: &'a Graph,
    leaf: LeafOf<'a, T>,
    partial: PartialOf<'a, T>,
    by: Option<ExprId>,
    held: &'a dyn Fn(ExprId, T) -> T,
    branches: Branches<'a>,
}

impl<T: Scalar> Pass<'_, T> {
    fn run(
        &self,
        roots: &[ExprId],
        mut made: Option<&mut FxHashMap<ExprId, Decision>>,
    ) -> Result<Vec<T>, EvalError> {
        let order = order(self.g, roots, self.branches);
        let mut values = Values::of(&order);
        let mut weights = FxHashMap::default();
        for id in &order {
            let value = self
                .value(*id, &values, &mut made, &mut weights)
                .map_err(|fault| EvalError { node: *id, fault })?;
            values.all.push((self.held)(*id, value));
        }
        Ok(roots.iter().map(|r| values.get(*r).clone()).collect())
    }

    /// The whole number that an exponent is written as, unless it is the one that moves.
    fn whole(&self, exponent: ExprId) -> Option<i32> {
        let moves = |by| depends_on(self.g, exponent, by, &Winners::new());
        if self.by.is_some_and(moves) { None } else { self.g.as_whole(exponent) }
    }

    fn value(
        &self,
        id: ExprId,
        done: &Values<'_, T>,
        made: &mut Option<&mut FxHashMap<ExprId, Decision>>,
        weights: &mut FxHashMap<ExprId, Vec<T>>,
    ) -> Result<T, EvalFault> {
        let g = self.g;
        let symbolic = matches!(self.branches.rest, Rest::Symbolic);
        let value = match g.node(id) {
            Node::Number(n) => T::from_rational(g.number_of(n))?,
            Node::Var(s) => (self.leaf)(s).ok_or(EvalFault::Unbound(s))?,
            Node::Named(s, _) if self.branches.is_opaque(id) => {
                (self.leaf)(s).ok_or(EvalFault::Unbound(s))?
            }
            Node::Named(_, a) => done.get(a).clone(),
            Node::Neg(a) => done.get(a).neg(),
            Node::Sub(a, b) => done.get(a).sub(done.get(b))?,
            Node::Div(a, b) => done.get(a).div(done.get(b))?,
            Node::Pow(a, b) => match self.whole(b) {
                Some(n) => done.get(a).powi(n)?,
                None => done.get(a).pow(done.get(b))?,
            },
            Node::Add(args) => fold(done, g.args(args), T::add)?.unwrap_or_else(T::zero),
            Node::Mul(args) => fold(done, g.args(args), T::mul)?.unwrap_or_else(T::one),
            Node::Call(f, a) if f.has_kink() && !symbolic => {
                let sign = self.sign(a, done)?;
                if let Some(made) = made {
                    made.insert(self.branches.signed(g, a, made), Decision::Sign(sign));
                }
                kinked(f, done.get(a), sign)?
            }
            Node::Call(f, a) => done.get(a).call(f)?,
            Node::Max(args) if symbolic && self.branches.winner(id).is_none() => {
                let args = g.args(args);
                let weights = self.weights(id, args, done, weights)?;
                let mut sum = T::zero();
                for (weight, arg) in weights.iter().zip(args) {
                    sum = sum.add(&weight.mul(done.get(*arg))?)?;
                }
                sum
            }
            Node::Wins { max, arg } if symbolic && self.branches.winner(max).is_none() => {
                let Node::Max(args) = g.node(max) else { unreachable!("Wins is about a max") };
                let args = g.args(args);
                let at = args.iter().position(|a| *a == arg);
                let weights = self.weights(max, args, done, weights)?;
                at.map_or_else(T::zero, |at| weights[at].clone())
            }
            Node::Max(args) => {
                let winner = self.wins(id, g.args(args), done)?;
                if let Some(made) = made {
                    made.insert(id, Decision::Winner(winner));
                }
                done.get(winner).clone()
            }
            Node::Wins { max, arg } => {
                let Node::Max(args) = g.node(max) else { unreachable!("Wins is about a max") };
                match self.wins(max, g.args(args), done)? == arg {
                    true => T::one(),
                    false => T::zero(),
                }
            }
            Node::Partial { of, by } => {
                return (self.partial)(of, by).map_err(|inner| inner.fault);
            }
        };
        Ok(value)
    }

    /// The weights of the arguments of a max that keeps every case, computed once.
    fn weights<'w>(
        &self,
        max: ExprId,
        args: &[ExprId],
        done: &Values<'_, T>,
        known: &'w mut FxHashMap<ExprId, Vec<T>>,
    ) -> Result<&'w [T], Fault> {
        if let Entry::Vacant(place) = known.entry(max) {
            let args: Vec<&T> = args.iter().map(|a| done.get(*a)).collect();
            place.insert(T::winners(&args)?);
        }
        Ok(&known[&max])
    }

    fn wins(
        &self,
        max: ExprId,
        args: &[ExprId],
        done: &Values<'_, T>,
    ) -> Result<ExprId, EvalFault> {
        if let Some(winner) = self.branches.winner(max) {
            return Ok(winner);
        }
        match self.branches.rest {
            Rest::Recorded(made) => match made.get(&max) {
                Some(Decision::Winner(winner)) => Ok(*winner),
                _ => Err(Fault::NoOrder.into()),
            },
            Rest::Drawn(seed) => Ok(args[(mix(seed, max) % args.len() as u64) as usize]),
            Rest::ByValue => {
                let mut best = args[0];
                for arg in &args[1..] {
                    // An argument that stands there twice is no tie to be decided.
                    let rival = *arg != best;
                    if rival && done.get(*arg).compare(done.get(best))? == Ordering::Greater {
                        best = *arg;
                    }
                }
                Ok(best)
            }
            Rest::Symbolic => Err(Fault::NoOrder.into()),
        }
    }

    fn sign(&self, argument: ExprId, done: &Values<'_, T>) -> Result<Ordering, EvalFault> {
        match self.branches.rest {
            Rest::Recorded(made) => match made.get(&self.branches.signed(self.g, argument, made)) {
                Some(Decision::Sign(sign)) => Ok(*sign),
                _ => Err(Fault::NoOrder.into()),
            },
            Rest::Drawn(seed) => Ok(done.get(argument).drawn_sign(seed)?),
            Rest::ByValue => Ok(done.get(argument).compare(&T::zero())?),
            Rest::Symbolic => Err(Fault::NoOrder.into()),
        }
    }
}

fn fold<T: Scalar>(
    done: &Values<'_, T>,
    args: &[ExprId],
    step: fn(&T, &T) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let Some((first, rest)) = args.split_first() else {
        return Ok(None);
    };
    let start = done.get(*first).clone();
    rest.iter().try_fold(start, |sum, arg| step(&sum, done.get(*arg))).map(Some)
}

/// A function with a kink, given the sign of its argument; with the convention 0 for the slope
/// of ReLU and |x| at 0.
pub(super) fn kinked<T: Scalar>(f: Function, x: &T, sign: Ordering) -> Result<T, Fault> {
    let factor = factor(f, sign);
    match f {
        Function::Abs | Function::Relu => x.mul(&T::integer(factor)),
        _ => Ok(T::integer(factor)),
    }
}

/// What stands for a function with a kink, given the sign of its argument: the value of sign and
/// step, and what ReLU and |x| multiply their argument by.
pub(super) fn factor(f: Function, sign: Ordering) -> i32 {
    match (f, sign) {
        (Function::Abs | Function::Sign, Ordering::Less) => -1,
        (_, Ordering::Greater) => 1,
        _ => 0,
    }
}

/// SplitMix64 of a seed and a node: a fixed stream, the same on every machine.
fn mix(seed: u64, id: ExprId) -> u64 {
    let mut z = seed ^ (id.index() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What has to be evaluated for `roots`, children first; what is under a `Partial` is not.
pub(super) fn order(g: &Graph, roots: &[ExprId], branches: Branches<'_>) -> Vec<ExprId> {
    descend(roots, |id, mark| {
        if branches.is_opaque(id) {
            return;
        }
        match (branches.winner(id), g.node(id)) {
            (_, Node::Partial { .. }) => {}
            (Some(winner), _) => mark(winner),
            _ => g.for_children(id, mark),
        }
    })
}

impl From<Fault> for EvalFault {
    fn from(fault: Fault) -> EvalFault {
        EvalFault::Scalar(fault)
    }
}

/// The values of one pass, in the order of its nodes.
struct Values<'a, T> {
    places: Places<'a>,
    all: Vec<T>,
}

impl<'a, T> Values<'a, T> {
    fn of(order: &'a [ExprId]) -> Values<'a, T> {
        Values { places: Places::of(order), all: Vec::with_capacity(order.len()) }
    }

    fn get(&self, id: ExprId) -> &T {
        &self.all[self.places.at(id)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Rational;

    /// A named whole exponent that is itself the variable moves: ∂x²/∂n with n = 2 is x²·ln x,
    /// not 0, and at x = 1 that is 0, at x = 2 irrational.
    #[test]
    fn an_exponent_that_moves_is_no_whole_number() {
        let mut g = Graph::new();
        let (x, two) = (g.var("x"), g.integer(2));
        let n = g.named("n", two);
        let power = g.pow(x, n);
        let slope = g.partial(power, n);
        let at = |x: i64| {
            let env = move |_| Some(Rational::from(x));
            evaluate(&g, slope, &env, Branches::default())
        };
        assert_eq!(at(1), Ok(Rational::from(0)));
        assert!(at(2).is_err(), "4·ln 2 is no rational");
    }
}
