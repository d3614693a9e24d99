//! The forward pass: leaves in, the value of every tensor that the loss is made of out.

use std::cmp::Ordering;

use super::asked::{check_leaves, check_work, last_uses, needed};
use super::candidates::candidates;
use super::layout::{self, Groups, Place};
use super::products::add_products;
use super::taps::{Along, Lanes, LanesOf, conv_lanes, matmul_lanes, pool_cells};
use super::{Decide, Decision, Decisions, Kink, KinkKind, Values, error, whole_exponent};
use crate::diag::{Error, Kind};
use crate::net::{Network, NodeId, Op, Pooling, QuantityId};
use crate::scalar::{Fault, Function, Rational, Scalar};

/// What a forward pass found.
#[derive(Clone, Debug)]
pub struct Forward<T> {
    values: Vec<Option<Vec<T>>>,
    named: Vec<NodeId>,
    loss: T,
    decisions: Decisions,
    kinks: Vec<Kink>,
}

impl<T> Forward<T> {
    /// The elements of a tensor, row-major; `None` where the loss is not made of it.
    pub fn value(&self, node: NodeId) -> Option<&[T]> {
        self.values.get(node.index())?.as_deref()
    }

    /// The elements of a quantity, row-major; `None` where the loss is not made of it.
    pub fn of(&self, quantity: QuantityId) -> Option<&[T]> {
        self.value(*self.named.get(quantity.index())?)
    }

    /// The loss.
    pub fn loss(&self) -> &T {
        &self.loss
    }

    /// What was decided at every kink; for a run by [`Decide::Recorded`], what was replayed.
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// The close calls, in the order of the nodes; found by value only, so a replaying run has
    /// none.
    pub fn kinks(&self) -> &[Kink] {
        &self.kinks
    }
}

impl<T: Clone> Forward<T> {
    /// A run put together from values and decisions that were found elsewhere, one for each node
    /// that a backward pass over `net` will look at; `None` where the loss has no value.
    pub(crate) fn assembled(
        net: &Network,
        values: Vec<Option<Vec<T>>>,
        decisions: Decisions,
    ) -> Option<Forward<T>> {
        let loss = values.get(net.quantity(net.loss()).node.index())?.as_ref()?.first()?.clone();
        let named = net.quantities().map(|(_, quantity)| quantity.node).collect();
        Some(Forward { values, named, loss, decisions, kinks: Vec::new() })
    }
}

/// The values of a network at a point. Only leaves that the loss needs have to be in `values`;
/// what is there for a defined quantity is not looked at.
///
/// # Errors
/// [`Kind::Value`] for each leaf without a value and each value that is not exact in `T`,
/// [`Kind::Shape`] for a wrong number of values, [`Kind::Domain`] where an operation is not
/// defined at the point, [`Kind::Assumption`] where a recorded decision is missing or impossible,
/// [`Kind::Limit`] past [`MAX_WORK`](super::MAX_WORK) or the range of `T`. All but the first and
/// second name the element.
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
/// use backproof::concrete::{Decide, given};
/// let values = given::<f64>(&net)?;
/// let forward = backproof::forward(&net, &values, Decide::ByValue)?;
/// assert_eq!(*forward.loss(), 12.5);
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn forward<T: Scalar>(
    net: &Network,
    values: &Values<T>,
    decide: Decide<'_>,
) -> Result<Forward<T>, Error> {
    forward_watched(net, values, decide, &mut Unwatched)
}

/// Somebody who sees, and may change, each tensor of a pass when it is complete: what rounds it
/// as a format stores it, or gives a leaf a value that depends on the tensors before it.
pub trait Watch<T> {
    /// The value of a leaf, if it is not the one among the values. `before` holds the tensors
    /// that are complete.
    fn leaf(&mut self, _quantity: QuantityId, _before: &[Option<Vec<T>>]) -> Option<Vec<T>> {
        None
    }

    /// A tensor is complete: a value in a forward pass, an adjoint in a backward pass.
    fn stored(&mut self, _node: NodeId, _elements: &mut [T]) {}
}

/// Nobody.
pub(super) struct Unwatched;

impl<T> Watch<T> for Unwatched {}

/// [`forward`], with somebody who sees each tensor.
///
/// # Errors
/// As for [`forward`].
pub fn forward_watched<T: Scalar>(
    net: &Network,
    values: &Values<T>,
    decide: Decide<'_>,
    watch: &mut impl Watch<T>,
) -> Result<Forward<T>, Error> {
    let loss = net.quantity(net.loss()).node;
    let pass = run(net, values, decide, watch, false)?;
    Ok(Forward {
        loss: pass.get(loss)[0].clone(),
        named: net.quantities().map(|(_, quantity)| quantity.node).collect(),
        values: pass.values,
        decisions: pass.decisions,
        kinks: pass.kinks,
    })
}

/// The loss and what was decided, by a pass as [`forward`] that lets go of each tensor as soon as
/// no other is made of it.
///
/// # Errors
/// As for [`forward`].
pub(crate) fn loss<T: Scalar>(
    net: &Network,
    values: &Values<T>,
    decide: Decide<'_>,
) -> Result<(T, Decisions), Error> {
    let loss = net.quantity(net.loss()).node;
    let pass = run(net, values, decide, &mut Unwatched, true)?;
    Ok((pass.get(loss)[0].clone(), pass.decisions))
}

/// Computes every tensor that the loss is made of. If `only_loss`, none is kept but the loss.
fn run<'a, T: Scalar>(
    net: &'a Network,
    values: &'a Values<T>,
    decide: Decide<'a>,
    watch: &mut impl Watch<T>,
    only_loss: bool,
) -> Result<Pass<'a, T>, Error> {
    let loss = net.quantity(net.loss()).node;
    let needed = needed(net, loss);
    check_work(net, &needed)?;
    check_leaves(net, &needed, values)?;
    let mut pass = Pass {
        net,
        leaves: values,
        decide,
        values: vec![None; net.nodes().len()],
        decisions: Decisions::new(),
        kinks: Vec::new(),
    };
    let last = if only_loss { last_uses(net, &needed) } else { Vec::new() };
    for index in (0..needed.len()).filter(|i| needed[*i]) {
        let node = NodeId(index as u32);
        let op = &net.node(node).op;
        let own = match op {
            Op::Leaf(quantity) => watch.leaf(*quantity, &pass.values),
            _ => None,
        };
        let mut value = match own {
            Some(value) => value,
            None => pass.compute(node).map_err(|stop| stop.explain(net, node))?,
        };
        watch.stored(node, &mut value);
        pass.values[index] = Some(value);
        op.for_operands(|operand| {
            if last.get(operand.index()) == Some(&index) {
                pass.values[operand.index()] = None;
            }
        });
    }
    Ok(pass)
}

/// Why a node could not be computed.
enum Stop {
    Fault(usize, Fault),
    Recorded(String),
}

impl Stop {
    fn explain(self, net: &Network, node: NodeId) -> Error {
        match self {
            Stop::Fault(element, fault) => error::of_forward(net, node, element, fault),
            Stop::Recorded(sentence) => {
                Error::new(Kind::Assumption, sentence).at(net.node(node).span)
            }
        }
    }
}

struct Pass<'a, T> {
    net: &'a Network,
    leaves: &'a Values<T>,
    decide: Decide<'a>,
    values: Vec<Option<Vec<T>>>,
    decisions: Decisions,
    kinks: Vec<Kink>,
}

impl<T: Scalar> Pass<'_, T> {
    fn get(&self, node: NodeId) -> &[T] {
        match &self.values[node.index()] {
            Some(values) => values,
            None => unreachable!("operands precede their users and are needed with them"),
        }
    }

    fn compute(&mut self, node: NodeId) -> Result<Vec<T>, Stop> {
        let net = self.net;
        match &net.node(node).op {
            Op::Leaf(quantity) => Ok(self.leaves.get(quantity).cloned().unwrap_or_default()),
            Op::Number(q) => Ok(vec![T::from_rational(q).map_err(|f| Stop::Fault(0, f))?]),
            Op::Define(..)
            | Op::Reshape(_)
            | Op::Element(..)
            | Op::Transpose(..)
            | Op::Slice(..) => {
                let Some((from, place)) = layout::view(net, node) else {
                    unreachable!("these are views")
                };
                let (from, elements) = (self.get(from), net.node(node).shape.elements());
                Ok((0..elements).map(|e| from[place.of(e)].clone()).collect())
            }
            Op::Concat(parts, axis) => {
                let places = layout::concat(net, parts, *axis);
                Ok(places.iter().map(|(part, at)| self.get(*part)[*at].clone()).collect())
            }
            Op::Neg(a) => Ok(self.get(*a).iter().map(T::neg).collect()),
            Op::Add(all) => self.fold(node, all, T::zero, T::add),
            Op::Mul(all) => self.fold(node, all, T::one, T::mul),
            Op::Sub(a, b) => self.pairwise(node, *a, *b, T::sub),
            Op::Div(a, b) => self.pairwise(node, *a, *b, T::div),
            Op::Pow(a, b) => match whole_exponent(net, *b) {
                Some(n) => self.pairwise(node, *a, *b, |x, _| x.powi(n)),
                None => self.pairwise(node, *a, *b, T::pow),
            },
            Op::Call(f, a) if f.has_kink() => self.kinked(node, *f, *a),
            Op::Call(f, a) => self.elementwise(node, |e| self.get(*a)[e].call(*f)),
            Op::MaxOf(all) => {
                let candidates = candidates(net, node).unwrap_or_default();
                let winners = self.win(node, &candidates, &|pass, i| &pass.get(all[i])[0])?;
                Ok(vec![self.get(all[winners[0]])[0].clone()])
            }
            Op::Max(a, _) => {
                let candidates = candidates(net, node).unwrap_or_default();
                self.max(node, *a, &candidates)
            }
            Op::Sum(a, axes) => {
                let (x, terms) = (self.get(*a), layout::reduced(&net.node(*a).shape, axes));
                self.elementwise(node, |e| sum(x, terms.of(e)))
            }
            Op::MatMul(a, b) => self.bilinear(node, *a, *b, &matmul_lanes),
            Op::Conv { input, kernel, window } => {
                self.bilinear(node, *input, *kernel, &|shapes, along, visit| {
                    conv_lanes(shapes, window, along, visit)
                })
            }
            Op::Pool { kind, input, size, window } => {
                let shape = |id: NodeId| &net.node(id).shape;
                let cells = pool_cells(shape(*input), size, shape(node), window);
                if *kind == Pooling::Max {
                    return self.max(node, *input, &cells);
                }
                let x = self.get(*input);
                let number = |count: usize| T::from_rational(&Rational::from(count as i64));
                let whole = number(size.iter().product());
                self.elementwise(node, |e| {
                    let sum = sum(x, cells.of(e))?;
                    match kind {
                        Pooling::Mean => sum.div(whole.as_ref().map_err(|fault| *fault)?),
                        _ => sum.div(&number(cells.of(e).len())?),
                    }
                })
            }
        }
    }

    /// The sum of the products that `lanes` gives, for each element.
    fn bilinear(
        &self,
        node: NodeId,
        left: NodeId,
        right: NodeId,
        lanes: LanesOf<'_>,
    ) -> Result<Vec<T>, Stop> {
        let shapes = [left, right, node].map(|id| &self.net.node(id).shape);
        let (x, k) = (self.get(left), self.get(right));
        let run = |along: Along| {
            let mut y = vec![T::zero(); shapes[2].elements()];
            let mut at = 0;
            let found = lanes(shapes, along, &mut |lanes: Lanes| {
                let Lanes { left, right, output, count } = lanes;
                let found = add_products((&mut y, output), (k, right), (x, left), count);
                found.map_err(|(lane, fault)| {
                    at = output.of(lane);
                    fault
                })
            });
            found.map(|()| y).map_err(|fault| Stop::Fault(at, fault))
        };
        // Which element is the first that has no value shows where one comes after the other.
        run(Along::Results).or_else(|_| run(Along::Terms))
    }

    fn pairwise(
        &self,
        node: NodeId,
        a: NodeId,
        b: NodeId,
        f: impl Fn(&T, &T) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Stop> {
        let [(x, at_x), (y, at_y)] = [a, b].map(|operand| self.beside(node, operand));
        self.elementwise(node, |e| f(&x[at_x.of(e)], &y[at_y.of(e)]))
    }

    /// The elements of an operand, and which of them stands beside each element of `node`.
    fn beside(&self, node: NodeId, operand: NodeId) -> (&[T], Place) {
        let shape = |id: NodeId| &self.net.node(id).shape;
        (self.get(operand), Place::broadcast(shape(operand), shape(node)))
    }

    /// A max over the elements of `a` that are listed for each element of the result.
    fn max(&mut self, node: NodeId, a: NodeId, candidates: &Groups) -> Result<Vec<T>, Stop> {
        let winners = self.win(node, candidates, &|pass, i| &pass.get(a)[i])?;
        Ok(winners.iter().map(|winner| self.get(a)[*winner].clone()).collect())
    }

    fn elementwise(
        &self,
        node: NodeId,
        f: impl Fn(usize) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Stop> {
        let elements = self.net.node(node).shape.elements();
        (0..elements).map(|e| f(e).map_err(|fault| Stop::Fault(e, fault))).collect()
    }

    fn fold(
        &self,
        node: NodeId,
        operands: &[NodeId],
        empty: fn() -> T,
        step: fn(&T, &T) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Stop> {
        let operands: Vec<_> = operands.iter().map(|id| self.beside(node, *id)).collect();
        self.elementwise(node, |e| {
            let mut terms = operands.iter().map(|(values, place)| &values[place.of(e)]);
            let first = terms.next().cloned().unwrap_or_else(empty);
            terms.try_fold(first, |sum, term| step(&sum, term))
        })
    }

    /// For each element of a max, the greatest of its candidates, recorded.
    fn win(
        &mut self,
        node: NodeId,
        candidates: &Groups,
        argument: &dyn Fn(&Self, usize) -> &T,
    ) -> Result<Vec<usize>, Stop> {
        if let Decide::Recorded(made) = self.decide {
            let winners = made.winners(node).map(<[usize]>::to_vec);
            let winners = winners
                .ok_or_else(|| Stop::Recorded("no winner is recorded for this max".into()))?;
            let wrong = winners.iter().zip(candidates.iter()).find(|(w, all)| !all.contains(w));
            if let Some((winner, all)) = wrong {
                return Err(Stop::Recorded(format!(
                    "argument number {winner} cannot win a max of {} (counted from 0)",
                    all.len()
                )));
            }
            if winners.len() != candidates.count() {
                return Err(Stop::Recorded(format!(
                    "a max of {} elements: expected as many recorded winners, found {}",
                    candidates.count(),
                    winners.len()
                )));
            }
            self.decisions.set(node, Decision::Winners(winners.clone()));
            return Ok(winners);
        }
        let mut winners = Vec::with_capacity(candidates.count());
        let mut greatest: Vec<usize> = Vec::new();
        for (element, all) in candidates.iter().enumerate() {
            greatest.clear();
            for i in all {
                let order = match greatest.first() {
                    None => Ordering::Greater,
                    Some(best) => argument(self, *i)
                        .compare(argument(self, *best))
                        .map_err(|f| Stop::Fault(element, f))?,
                };
                match order {
                    Ordering::Greater => {
                        greatest.clear();
                        greatest.push(*i);
                    }
                    Ordering::Equal => greatest.push(*i),
                    Ordering::Less => {}
                }
            }
            let Some(winner) = greatest.first().copied() else {
                unreachable!("the builder checks that every max has an argument")
            };
            winners.push(winner);
            if greatest.len() > 1 {
                self.kinks.push(Kink { node, element, kind: KinkKind::Tie(greatest.clone()) });
            }
        }
        self.decisions.set(node, Decision::Winners(winners.clone()));
        Ok(winners)
    }

    /// |x|, ReLU, sign or step, from the signs of the elements, recorded.
    fn kinked(&mut self, node: NodeId, f: Function, a: NodeId) -> Result<Vec<T>, Stop> {
        let count = self.get(a).len();
        let signs = match self.decide {
            Decide::Recorded(made) => match made.signs(node) {
                Some(signs) if signs.len() == count => signs.to_vec(),
                Some(signs) => {
                    return Err(Stop::Recorded(format!(
                        "{f} of {count} elements: expected as many recorded signs, found {}",
                        signs.len()
                    )));
                }
                None => return Err(Stop::Recorded(format!("no signs are recorded for this {f}"))),
            },
            Decide::ByValue => {
                let zero = T::zero();
                let signs = self.get(a).iter().enumerate();
                signs
                    .map(|(e, x)| x.compare(&zero).map_err(|fault| Stop::Fault(e, fault)))
                    .collect::<Result<Vec<_>, _>>()?
            }
        };
        if matches!(self.decide, Decide::ByValue) {
            let zeros = signs.iter().enumerate().filter(|(_, sign)| **sign == Ordering::Equal);
            self.kinks.extend(zeros.map(|(element, _)| Kink {
                node,
                element,
                kind: KinkKind::Zero(f),
            }));
        }
        let values = self.get(a).iter().zip(&signs);
        let values = values.map(|(x, sign)| match (f, sign) {
            (Function::Abs | Function::Relu, Ordering::Greater) => x.clone(),
            (Function::Abs, Ordering::Less) => x.neg(),
            (Function::Sign | Function::Step, Ordering::Greater) => T::one(),
            (Function::Sign, Ordering::Less) => T::one().neg(),
            _ => T::zero(),
        });
        let values = values.collect();
        self.decisions.set(node, Decision::Signs(signs));
        Ok(values)
    }
}

/// The sum of the elements at these positions.
fn sum<T: Scalar>(x: &[T], positions: &[usize]) -> Result<T, Fault> {
    positions.iter().try_fold(T::zero(), |sum, at| sum.add(&x[*at]))
}
