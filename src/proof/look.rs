//! A look at a few expressions: their values over any number system, with as much of them as one
//! likes not looked into.
//!
//! Goes in: expressions, which parts of them are opaque, and what stands for an opaque part.
//! Comes out: values; that of ∂of/∂by by dual numbers, in which an opaque part has a value and a
//! slope that are both unknown. What always holds: what is equal here for every value of the
//! unknowns is equal for the expressions; what does not move with `by` has the slope 0, whatever
//! its own slopes would be. Nothing is visited twice, and nothing that is not asked for.

use std::cell::RefCell;

use rustc_hash::{FxHashMap, FxHashSet};

use super::normal::Unknown;
use crate::expr::{EvalError, EvalFault, ExprId, Graph, Node, Winners};
use crate::scalar::{Dual, Fault, Scalar};

/// What moves with what, remembered from question to question.
pub(super) struct Moves<'a> {
    pub(super) g: &'a Graph,
    pub(super) winners: &'a Winners,
    /// Derivatives with what was proved equal to them.
    results: FxHashMap<ExprId, ExprId>,
    known: RefCell<FxHashMap<(ExprId, ExprId), bool>>,
}

/// More answers than this are not kept.
const MAX_KEPT: usize = 1 << 22;

impl<'a> Moves<'a> {
    pub(super) fn new(g: &'a Graph, winners: &'a Winners) -> Moves<'a> {
        Moves { g, winners, results: FxHashMap::default(), known: RefCell::default() }
    }

    /// The same, with what was proved of some derivatives: it stands for them from now on. They may not lead back to themselves.
    pub(super) fn with_results(&self, results: FxHashMap<ExprId, ExprId>) -> Moves<'a> {
        Moves { results, ..Moves::new(self.g, self.winners) }
    }

    /// Whether the value of `of` may change with `by`; through a max with an assumed winner, only
    /// by way of that winner.
    pub(super) fn moves(&self, of: ExprId, by: ExprId) -> bool {
        // Children have smaller ids, so nothing below `by` leads back to it.
        if of <= by {
            return of == by;
        }
        let mut known = self.known.borrow_mut();
        if known.len() > MAX_KEPT {
            known.clear();
        }
        let mut stack = vec![of];
        while let Some(id) = stack.last().copied() {
            if known.contains_key(&(id, by)) {
                stack.pop();
                continue;
            }
            let depth = stack.len();
            let mut moves = false;
            let mut ask = |child: ExprId| {
                if child == by {
                    moves = true;
                } else if child > by {
                    match known.get(&(child, by)) {
                        Some(known) => moves |= known,
                        None => stack.push(child),
                    }
                }
            };
            match self.winners.get(&id) {
                Some(winner) => ask(*winner),
                None => self.g.for_children(id, ask),
            }
            if moves || stack.len() == depth {
                stack.truncate(depth - 1);
                known.insert((id, by), moves);
            }
        }
        known[&(of, by)]
    }

    /// What stands behind a name or an assumed winner; `by`, which is held as a variable, and
    /// what is opaque hide what is behind them.
    fn behind(&self, id: ExprId, by: Option<ExprId>, opaque: &dyn Fn(ExprId) -> bool) -> ExprId {
        let mut at = id;
        while Some(at) != by && !opaque(at) {
            at = match (self.winners.get(&at), self.g.node(at)) {
                (Some(winner), _) => *winner,
                (None, Node::Named(_, value)) => value,
                (None, Node::Partial { .. }) if self.results.contains_key(&at) => self.results[&at],
                _ => return at,
            };
        }
        at
    }

    /// The same with nothing opaque.
    pub(super) fn meant(&self, id: ExprId, by: Option<ExprId>) -> ExprId {
        self.behind(id, by, &|_| false)
    }
}

/// What is known about a max without an assumed winner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Maxima {
    /// Nothing: its value and what each argument counts in it are unknown.
    Unknown,
    /// What [`Scalar::winners`] says.
    Compared,
}

/// The values that were found so far.
pub(super) struct Look<'a, T> {
    moves: &'a Moves<'a>,
    opaque: &'a dyn Fn(ExprId) -> bool,
    unknown: &'a dyn Fn(Unknown) -> Result<T, Fault>,
    maxima: Maxima,
    /// How many more nodes may be visited.
    left: usize,
    /// How many functions and powers that are no whole numbers were met.
    pub(super) functions: usize,
    values: FxHashMap<ExprId, T>,
    slopes: FxHashMap<(ExprId, ExprId), T>,
    weights: FxHashMap<ExprId, Vec<T>>,
    inside: bool,
}

impl<'a, T: Scalar> Look<'a, T> {
    pub(super) fn new(
        moves: &'a Moves<'a>,
        opaque: &'a dyn Fn(ExprId) -> bool,
        unknown: &'a dyn Fn(Unknown) -> Result<T, Fault>,
        maxima: Maxima,
        left: usize,
    ) -> Look<'a, T> {
        Look {
            moves,
            opaque,
            unknown,
            maxima,
            left,
            functions: 0,
            values: FxHashMap::default(),
            slopes: FxHashMap::default(),
            weights: FxHashMap::default(),
            inside: false,
        }
    }

    /// How many more nodes may be visited.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// The value of an expression.
    pub(super) fn value(&mut self, root: ExprId) -> Result<T, EvalError> {
        let root = self.behind(root, None);
        let mut stack = vec![root];
        while let Some(id) = stack.last().copied() {
            if self.values.contains_key(&id) {
                stack.pop();
                continue;
            }
            let depth = stack.len();
            self.wait_for(id, &mut stack);
            if stack.len() > depth {
                continue;
            }
            stack.pop();
            let value = self.value_here(id)?;
            self.values.insert(id, value);
        }
        Ok(self.values[&root].clone())
    }

    /// How fast an expression moves with `by`. The values of the terms of a sum are not asked for:
    /// its slope does not need them.
    fn slope(&mut self, root: ExprId, by: ExprId) -> Result<T, EvalError> {
        let root = self.behind(root, Some(by));
        if !self.moves.moves(root, by) {
            return Ok(T::zero());
        }
        let mut stack = vec![root];
        while let Some(id) = stack.last().copied() {
            if self.slopes.contains_key(&(id, by)) {
                stack.pop();
                continue;
            }
            let depth = stack.len();
            self.wait_for_slopes(id, by, &mut stack);
            if stack.len() > depth {
                continue;
            }
            stack.pop();
            let slope = self.slope_here(id, by)?;
            self.slopes.insert((id, by), slope);
        }
        Ok(self.slopes[&(root, by)].clone())
    }

    fn behind(&self, id: ExprId, by: Option<ExprId>) -> ExprId {
        self.moves.behind(id, by, self.opaque)
    }

    fn is_unknown(&self, id: ExprId) -> bool {
        match self.moves.g.node(id) {
            Node::Number(_) => false,
            Node::Var(_) => true,
            Node::Max(_) => self.maxima == Maxima::Unknown || (self.opaque)(id),
            _ => (self.opaque)(id),
        }
    }

    /// Pushes the children whose values are needed and not known.
    fn wait_for(&self, id: ExprId, stack: &mut Vec<ExprId>) {
        let mut ask = |child| {
            let child = self.behind(child, None);
            if !self.values.contains_key(&child) {
                stack.push(child);
            }
        };
        match self.moves.g.node(id) {
            _ if self.is_unknown(id) => {}
            Node::Partial { .. } => {}
            Node::Wins { max, .. } if self.maxima == Maxima::Compared => {
                if !self.moves.winners.contains_key(&max) {
                    self.moves.g.for_children(max, ask);
                }
            }
            Node::Wins { .. } => {}
            // A whole number in the exponent is read and not computed.
            Node::Pow(a, b) if self.moves.g.as_whole(b).is_some() => ask(a),
            _ => self.moves.g.for_children(id, ask),
        }
    }

    /// Pushes the children that move, as far as their slopes are not known.
    fn wait_for_slopes(&self, id: ExprId, by: ExprId, stack: &mut Vec<ExprId>) {
        if id == by || (self.opaque)(id) {
            return;
        }
        if let Node::Partial { .. } | Node::Wins { .. } = self.moves.g.node(id) {
            return;
        }
        self.moves.g.for_children(id, |child| {
            let child = self.behind(child, Some(by));
            if self.moves.moves(child, by) && !self.slopes.contains_key(&(child, by)) {
                stack.push(child);
            }
        });
    }

    fn visit(&mut self, id: ExprId) -> Result<(), EvalError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| error(id, Fault::TooLarge))?;
        Ok(())
    }

    fn value_here(&mut self, id: ExprId) -> Result<T, EvalError> {
        self.visit(id)?;
        if self.is_unknown(id) {
            return (self.unknown)(Unknown::Value(id)).map_err(|f| error(id, f));
        }
        let g = self.moves.g;
        match g.node(id) {
            Node::Partial { of, by } => {
                if self.inside {
                    return Err(EvalError { node: id, fault: EvalFault::NestedPartial });
                }
                self.inside = true;
                let slope = self.slope(of, by);
                self.inside = false;
                slope
            }
            Node::Wins { max, arg } => self.wins(max, arg),
            Node::Max(args) => {
                let weights = self.weights(id).map_err(|f| error(id, f))?;
                let mut sum = T::zero();
                for (weight, arg) in weights.iter().zip(g.args(args)) {
                    let value = &self.values[&self.behind(*arg, None)];
                    sum = weight.mul(value).and_then(|x| sum.add(&x)).map_err(|f| error(id, f))?;
                }
                Ok(sum)
            }
            _ => {
                self.note_function(id);
                let get = |child| &self.values[&self.behind(child, None)];
                let whole = exponent(g, id).and_then(|b| g.as_whole(b));
                operate(g, id, whole, &get).map_err(|f| error(id, f))
            }
        }
    }

    /// The slope of what moves, when those of its children are known.
    fn slope_here(&mut self, id: ExprId, by: ExprId) -> Result<T, EvalError> {
        self.visit(id)?;
        let g = self.moves.g;
        let fault = |f| error(id, f);
        if id == by {
            return Ok(T::one());
        }
        if (self.opaque)(id) {
            return (self.unknown)(Unknown::Slope { of: id, by }).map_err(fault);
        }
        match g.node(id) {
            Node::Partial { .. } => Err(EvalError { node: id, fault: EvalFault::NestedPartial }),
            // It is 0 or 1, and stands still between its kinks.
            Node::Wins { .. } => Ok(T::zero()),
            Node::Neg(a) => Ok(self.known_slope(a, by).neg()),
            Node::Sub(a, b) => self.known_slope(a, by).sub(&self.known_slope(b, by)).map_err(fault),
            Node::Add(args) => {
                let moving = |a: &&ExprId| self.moves.moves(self.behind(**a, Some(by)), by);
                let slopes: Vec<T> =
                    g.args(args).iter().filter(moving).map(|a| self.known_slope(*a, by)).collect();
                total(slopes, T::zero, T::add).map_err(fault)
            }
            Node::Mul(args) => self.slope_of_product(id, g.args(args), by),
            Node::Max(args) => {
                let weights = match self.maxima {
                    Maxima::Compared => {
                        for arg in g.args(args) {
                            self.value(*arg)?;
                        }
                        self.weights(id).map_err(fault)?
                    }
                    Maxima::Unknown => Vec::new(),
                };
                let mut sum = T::zero();
                let mut seen = FxHashSet::default();
                for (nth, arg) in g.args(args).iter().enumerate() {
                    let moves = self.moves.moves(self.behind(*arg, Some(by)), by);
                    // An argument that stands twice wins once.
                    if !moves || !seen.insert(*arg) {
                        continue;
                    }
                    let weight = match weights.get(nth) {
                        Some(weight) => weight.clone(),
                        None => {
                            let wins = Unknown::Wins { max: id, arg: *arg };
                            (self.unknown)(wins).map_err(fault)?
                        }
                    };
                    let part = weight.mul(&self.known_slope(*arg, by)).map_err(fault)?;
                    sum = sum.add(&part).map_err(fault)?;
                }
                Ok(sum)
            }
            _ => {
                self.note_function(id);
                let stands = |b: &ExprId| !self.moves.moves(*b, by);
                let whole = exponent(g, id).filter(stands).and_then(|b| g.as_whole(b));
                let mut duals: FxHashMap<ExprId, Dual<T>> = FxHashMap::default();
                for child in g.children(id) {
                    // A whole number in the exponent is read and not computed.
                    if whole.is_some() && exponent(g, id) == Some(child) {
                        continue;
                    }
                    let dual =
                        Dual { value: self.value(child)?, tangent: self.known_slope(child, by) };
                    duals.insert(child, dual);
                }
                let dual = operate(g, id, whole, &|child| &duals[&child]).map_err(fault)?;
                Ok(dual.tangent)
            }
        }
    }

    /// The slope of a child, which was found before if it moves.
    fn known_slope(&self, child: ExprId, by: ExprId) -> T {
        let child = self.behind(child, Some(by));
        self.slopes.get(&(child, by)).cloned().unwrap_or_else(T::zero)
    }

    /// Σₖ uₖ′·Πⱼ uⱼ over the factors that move, j ≠ k.
    fn slope_of_product(
        &mut self,
        id: ExprId,
        factors: &[ExprId],
        by: ExprId,
    ) -> Result<T, EvalError> {
        let fault = |f| error(id, f);
        let values: Vec<T> =
            factors.iter().map(|f| self.value(*f)).collect::<Result<_, EvalError>>()?;
        let mut terms = Vec::new();
        for (k, factor) in factors.iter().enumerate() {
            if !self.moves.moves(self.behind(*factor, Some(by)), by) {
                continue;
            }
            let mut term = self.known_slope(*factor, by);
            for (j, value) in values.iter().enumerate() {
                if j != k {
                    term = term.mul(value).map_err(fault)?;
                }
            }
            terms.push(term);
        }
        total(terms, T::zero, T::add).map_err(fault)
    }

    fn note_function(&mut self, id: ExprId) {
        let g = self.moves.g;
        self.functions += usize::from(match g.node(id) {
            Node::Call(..) => true,
            Node::Pow(_, b) => g.as_whole(b).is_none(),
            _ => false,
        });
    }

    /// 1 where `arg` wins `max`, else 0.
    fn wins(&mut self, max: ExprId, arg: ExprId) -> Result<T, EvalError> {
        if let Some(winner) = self.moves.winners.get(&max) {
            return Ok(T::integer(i32::from(*winner == arg)));
        }
        let fault = |f| error(max, f);
        if self.maxima == Maxima::Unknown {
            return (self.unknown)(Unknown::Wins { max, arg }).map_err(fault);
        }
        let Node::Max(args) = self.moves.g.node(max) else { unreachable!("Wins is about a max") };
        let at = self.moves.g.args(args).iter().position(|a| *a == arg);
        for arg in self.moves.g.args(args) {
            self.value(*arg)?;
        }
        let weights = self.weights(max).map_err(fault)?;
        Ok(at.map_or_else(T::zero, |at| weights[at].clone()))
    }

    /// What each argument of a max counts in it; their values are known.
    fn weights(&mut self, max: ExprId) -> Result<Vec<T>, Fault> {
        if let Some(known) = self.weights.get(&max) {
            return Ok(known.clone());
        }
        let Node::Max(args) = self.moves.g.node(max) else { unreachable!("it is a max") };
        let values: Vec<&T> =
            self.moves.g.args(args).iter().map(|a| &self.values[&self.behind(*a, None)]).collect();
        let weights = T::winners(&values)?;
        self.weights.insert(max, weights.clone());
        Ok(weights)
    }
}

fn error(node: ExprId, fault: Fault) -> EvalError {
    EvalError { node, fault: EvalFault::Scalar(fault) }
}

fn exponent(g: &Graph, id: ExprId) -> Option<ExprId> {
    match g.node(id) {
        Node::Pow(_, b) => Some(b),
        _ => None,
    }
}

/// The sum or product of all, by halves: a sum of many terms that is begun at one end is copied
/// once for each of them.
fn total<S: Scalar>(
    mut all: Vec<S>,
    none: fn() -> S,
    step: fn(&S, &S) -> Result<S, Fault>,
) -> Result<S, Fault> {
    while all.len() > 1 {
        all = all
            .chunks(2)
            .map(|pair| match pair {
                [a, b] => step(a, b),
                _ => Ok(pair[0].clone()),
            })
            .collect::<Result<_, Fault>>()?;
    }
    Ok(all.pop().unwrap_or_else(none))
}

/// One operation of arithmetic; `whole` is its exponent, if that is a whole number.
fn operate<'v, S: Scalar + 'v>(
    g: &Graph,
    id: ExprId,
    whole: Option<i32>,
    get: &dyn Fn(ExprId) -> &'v S,
) -> Result<S, Fault> {
    let all = |args: &[ExprId]| args.iter().map(|a| get(*a).clone()).collect::<Vec<S>>();
    match g.node(id) {
        Node::Number(n) => S::from_rational(g.number_of(n)),
        Node::Neg(a) => Ok(get(a).neg()),
        Node::Sub(a, b) => get(a).sub(get(b)),
        Node::Div(a, b) => get(a).div(get(b)),
        Node::Pow(a, b) => match whole {
            Some(n) => get(a).powi(n),
            None => get(a).pow(get(b)),
        },
        Node::Add(args) => total(all(g.args(args)), S::zero, S::add),
        Node::Mul(args) => total(all(g.args(args)), S::one, S::mul),
        Node::Call(f, a) => get(a).call(f),
        // Names are seen through; the rest is no arithmetic.
        Node::Named(_, a) => Ok(get(a).clone()),
        Node::Var(_) | Node::Max(_) | Node::Wins { .. } | Node::Partial { .. } => {
            unreachable!("whoever looks deals with these")
        }
    }
}
