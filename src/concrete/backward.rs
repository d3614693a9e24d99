//! The backward pass: from the loss to the quantities asked for, one tensor at a time.
//!
//! Every operation passes the adjoint g = ∂E/∂y of its result y on to its operands, by formulas
//! written here for tensors. At a max only the recorded winner receives it; at a kink the slope
//! is that of the recorded side, and 0 at 0 itself.

use std::cmp::Ordering;

use super::conv::for_taps;
use super::{Forward, at, error, whole_exponent};
use crate::diag::{Error, Kind};
use crate::net::{Network, NodeId, Op, QuantityId};
use crate::scalar::{Fault, Function, Scalar};

/// The adjoints of a backward pass.
#[derive(Clone, Debug)]
pub struct Gradients<T> {
    adjoints: Vec<Option<Vec<T>>>,
    named: Vec<NodeId>,
}

impl<T> Gradients<T> {
    /// ∂E/∂q for each element of a quantity, row-major. There for every quantity that was asked
    /// for (all 0 where the loss does not depend on it), and for those on the way to one.
    pub fn of(&self, quantity: QuantityId) -> Option<&[T]> {
        self.at(*self.named.get(quantity.index())?)
    }

    /// The same for any tensor of the network.
    pub fn at(&self, node: NodeId) -> Option<&[T]> {
        self.adjoints.get(node.index())?.as_deref()
    }
}

/// The gradients of the loss by the quantities `by`, at the point of `forward`. An operation is
/// differentiated only by operands that one of `by` moves, so x² asks for no logarithm and √2
/// for no slope.
///
/// # Errors
/// [`Kind::Domain`], [`Kind::Value`] or [`Kind::Limit`] where a slope does not exist, is not exact
/// in `T` or leaves its range, naming the operation and the element; [`Kind::Internal`] if
/// `forward` belongs to another network.
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
/// use backproof::scalar::Rational;
/// let w = net.find("w").unwrap();
/// let forward = backproof::forward(&net, &given::<Rational>(&net)?, Decide::ByValue)?;
/// let gradients = backproof::backward(&net, &forward, &[w])?;
/// assert_eq!(gradients.of(w).unwrap(), [Rational::from(10)]);
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn backward<T: Scalar>(
    net: &Network,
    forward: &Forward<T>,
    by: &[QuantityId],
) -> Result<Gradients<T>, Error> {
    let named: Vec<NodeId> = net.quantities().map(|(_, quantity)| quantity.node).collect();
    let wanted: Vec<NodeId> = by.iter().map(|id| named[id.index()]).collect();
    let mut sweep =
        Sweep { net, forward, moves: moves(net, &wanted), adjoints: vec![None; net.nodes().len()] };
    let loss = named[net.loss().index()];
    if sweep.moves[loss.index()] {
        sweep.adjoints[loss.index()] = Some(vec![T::one()]);
    }
    for index in (0..=loss.index()).rev() {
        let node = NodeId(index as u32);
        // Taken out while its operands, which are other nodes, receive their share.
        let Some(adjoint) = sweep.adjoints[index].take() else { continue };
        sweep.spread(node, &adjoint).map_err(|stop| stop.explain(net, node))?;
        sweep.adjoints[index] = Some(adjoint);
    }
    for node in wanted {
        let elements = net.node(node).shape.elements();
        sweep.adjoints[node.index()].get_or_insert_with(|| vec![T::zero(); elements]);
    }
    Ok(Gradients { adjoints: sweep.adjoints, named })
}

/// Which nodes depend on one that is wanted.
fn moves(net: &Network, wanted: &[NodeId]) -> Vec<bool> {
    let mut moves = vec![false; net.nodes().len()];
    for node in wanted {
        moves[node.index()] = true;
    }
    for (index, tensor) in net.nodes().iter().enumerate() {
        let mut moved = moves[index];
        tensor.op.for_operands(|operand| moved |= moves[operand.index()]);
        moves[index] = moved;
    }
    moves
}

/// Why a node could not pass its adjoint on.
enum Stop {
    Fault(usize, Fault),
    Foreign,
}

impl Stop {
    fn explain(self, net: &Network, node: NodeId) -> Error {
        match self {
            Stop::Fault(element, fault) => error::of_backward(net, node, element, fault),
            Stop::Foreign => {
                let sentence = "a backward pass was given the values of another network";
                Error::new(Kind::Internal, sentence)
            }
        }
    }
}

struct Sweep<'a, T> {
    net: &'a Network,
    forward: &'a Forward<T>,
    moves: Vec<bool>,
    adjoints: Vec<Option<Vec<T>>>,
}

impl<'a, T: Scalar> Sweep<'a, T> {
    fn value(&self, node: NodeId) -> Result<&'a [T], Stop> {
        let elements = self.net.node(node).shape.elements();
        self.forward.value(node).filter(|v| v.len() == elements).ok_or(Stop::Foreign)
    }

    /// Adds to the adjoint of one element of an operand what `share` gives, if that operand
    /// moves at all; a scalar that was broadcast collects what all elements give.
    fn give(
        &mut self,
        operand: NodeId,
        element: usize,
        share: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<(), Fault> {
        if !self.moves[operand.index()] {
            return Ok(());
        }
        let elements = self.net.node(operand).shape.elements();
        let adjoint =
            self.adjoints[operand.index()].get_or_insert_with(|| vec![T::zero(); elements]);
        let place = &mut adjoint[if elements == 1 { 0 } else { element }];
        *place = place.add(&share()?)?;
        Ok(())
    }

    /// Passes the adjoint `g` of a node on to its operands.
    fn spread(&mut self, node: NodeId, g: &[T]) -> Result<(), Stop> {
        let net = self.net;
        match &net.node(node).op {
            Op::Leaf(_) | Op::Number(_) => Ok(()),
            Op::Define(_, a) => each(g, |e| self.give(*a, e, || Ok(g[e].clone()))),
            Op::Neg(a) => each(g, |e| self.give(*a, e, || Ok(g[e].neg()))),
            Op::Add(all) => {
                each(g, |e| all.iter().try_for_each(|a| self.give(*a, e, || Ok(g[e].clone()))))
            }
            Op::Sub(a, b) => each(g, |e| {
                self.give(*a, e, || Ok(g[e].clone()))?;
                self.give(*b, e, || Ok(g[e].neg()))
            }),
            Op::Mul(all) => {
                let factors = all.iter().map(|a| self.value(*a)).collect::<Result<Vec<_>, _>>()?;
                each(g, |e| self.product(all, &factors, e, &g[e]))
            }
            Op::Div(a, b) => {
                let (divisor, y) = (self.value(*b)?, self.value(node)?);
                each(g, |e| {
                    // ∂(a/b)/∂a = 1/b, ∂(a/b)/∂b = −(a/b)/b.
                    let part = g[e].div(at(divisor, e))?;
                    self.give(*a, e, || Ok(part.clone()))?;
                    self.give(*b, e, || Ok(part.mul(&y[e])?.neg()))
                })
            }
            Op::Pow(a, b) => {
                let whole = whole_exponent(net, *b);
                let (base, exponent, y) = (self.value(*a)?, self.value(*b)?, self.value(node)?);
                each(g, |e| {
                    let (u, v) = (at(base, e), at(exponent, e));
                    self.give(*a, e, || g[e].mul(&power_slope(u, v, whole)?))?;
                    self.give(*b, e, || g[e].mul(&y[e])?.mul(&u.call(Function::Ln)?))
                })
            }
            Op::Call(f, a) if f.has_kink() => {
                let signs = self.forward.decisions().signs(node).ok_or(Stop::Foreign)?;
                each(g, |e| match (f, signs.get(e)) {
                    (Function::Abs | Function::Relu, Some(Ordering::Greater)) => {
                        self.give(*a, e, || Ok(g[e].clone()))
                    }
                    (Function::Abs, Some(Ordering::Less)) => self.give(*a, e, || Ok(g[e].neg())),
                    _ => Ok(()),
                })
            }
            Op::Call(f, a) => {
                let (x, y) = (self.value(*a)?, self.value(node)?);
                each(g, |e| self.give(*a, e, || g[e].mul(&slope(*f, at(x, e), &y[e])?)))
            }
            Op::MaxOf(all) => {
                let winner = self.forward.decisions().winner(node).ok_or(Stop::Foreign)?;
                let winner = *all.get(winner).ok_or(Stop::Foreign)?;
                each(g, |e| self.give(winner, 0, || Ok(g[e].clone())))
            }
            Op::Max(a) => {
                let winner = self.forward.decisions().winner(node).ok_or(Stop::Foreign)?;
                if winner >= net.node(*a).shape.elements() {
                    return Err(Stop::Foreign);
                }
                each(g, |e| self.give(*a, winner, || Ok(g[e].clone())))
            }
            Op::Sum(a) => {
                let elements = net.node(*a).shape.elements();
                each(g, |e| (0..elements).try_for_each(|i| self.give(*a, i, || Ok(g[e].clone()))))
            }
            Op::Element(a, index) => {
                let position = net.node(*a).shape.position(index).ok_or(Stop::Foreign)?;
                each(g, |e| self.give(*a, position, || Ok(g[e].clone())))
            }
            Op::Conv { input, kernel, window } => {
                let (x, k) = (self.value(*input)?, self.value(*kernel)?);
                let shape = |id: NodeId| &net.node(id).shape;
                for_taps(shape(*input), shape(*kernel), shape(node), *window, |tap| {
                    let g = &g[tap.output];
                    self.give(*input, tap.input, || g.mul(&k[tap.kernel]))
                        .and_then(|()| self.give(*kernel, tap.kernel, || g.mul(&x[tap.input])))
                        .map_err(|fault| Stop::Fault(tap.output, fault))
                })
            }
        }
    }

    /// Each factor of a product receives g times the product of the others: those before it,
    /// gathered on the way, times those after it, gathered beforehand.
    fn product(
        &mut self,
        operands: &[NodeId],
        factors: &[&[T]],
        e: usize,
        g: &T,
    ) -> Result<(), Fault> {
        let mut after = vec![g.clone()];
        for factor in factors.iter().skip(1).rev() {
            let next = after[after.len() - 1].mul(at(factor, e))?;
            after.push(next);
        }
        let mut before = T::one();
        for (n, (operand, factor)) in operands.iter().zip(factors).enumerate() {
            let rest = &after[operands.len() - 1 - n];
            self.give(*operand, e, || before.mul(rest))?;
            before = before.mul(at(factor, e))?;
        }
        Ok(())
    }
}

/// Calls `share` for each element of an adjoint, until one fails.
fn each<T>(g: &[T], mut share: impl FnMut(usize) -> Result<(), Fault>) -> Result<(), Stop> {
    (0..g.len()).try_for_each(|e| share(e).map_err(|fault| Stop::Fault(e, fault)))
}

/// ∂uᵛ/∂u = v·u^(v−1); 0 where v is 0, for u⁰ = 1 everywhere. `whole` is v where it was written
/// as a whole number.
fn power_slope<T: Scalar>(u: &T, v: &T, whole: Option<i32>) -> Result<T, Fault> {
    match whole {
        Some(0) => Ok(T::zero()),
        Some(n) => v.mul(&u.powi(n.checked_sub(1).ok_or(Fault::TooLarge)?)?),
        None if *v == T::zero() => Ok(T::zero()),
        None => v.mul(&u.pow(&v.sub(&T::one())?)?),
    }
}

/// The slope of a smooth function at x, where its value is y.
fn slope<T: Scalar>(f: Function, x: &T, y: &T) -> Result<T, Fault> {
    let one = T::one();
    match f {
        Function::Exp => Ok(y.clone()),
        Function::Ln => one.div(x),
        // (√x)′ = 1/(2√x)
        Function::Sqrt => one.div(&y.add(y)?),
        // tanh′ = (1 − tanh)(1 + tanh), which loses no digits where tanh is near ±1.
        Function::Tanh => one.sub(y)?.mul(&one.add(y)?),
        Function::Sigmoid => y.mul(&one.sub(y)?),
        Function::Abs | Function::Relu | Function::Sign | Function::Step => {
            unreachable!("{f} has a kink and is treated by its recorded sign")
        }
    }
}
