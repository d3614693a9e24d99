//! The backward pass: from the loss to the quantities asked for, one tensor at a time.
//!
//! Every operation passes the adjoint g = ∂E/∂y of its result y on to its operands, by formulas
//! written here for tensors. At a max only the recorded winner receives it; at a kink the slope
//! is that of the recorded side, and 0 at 0 itself.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::forward::{Unwatched, Watch};
use super::layout::{self, Place};
use super::products::add_products;
use super::taps::{Along, Lanes, LanesOf, conv_lanes, matmul_lanes, pool_cells};
use super::{Forward, error, whole_exponent};
use crate::diag::{Error, Kind};
use crate::net::{Network, NodeId, Op, Pooling, QuantityId, Shape};
use crate::scalar::{Fault, Function, Rational, Scalar};

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

/// How a gradient is divided where a decision is a close call, for single elements of single
/// nodes: weights of the arguments of a max, by position, or at position 0 the slope of |x| or
/// ReLU.
pub type Shares<T> = BTreeMap<(NodeId, usize), Vec<(usize, T)>>;

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
    backward_with(net, forward, by, &Shares::new())
}

/// [`backward`], but where `shares` says how a gradient is divided at a kink, that is done in
/// place of what was decided.
///
/// # Errors
/// As for [`backward`]; [`Kind::Internal`] for an argument that a max does not have.
pub fn backward_with<T: Scalar>(
    net: &Network,
    forward: &Forward<T>,
    by: &[QuantityId],
    shares: &Shares<T>,
) -> Result<Gradients<T>, Error> {
    backward_watched(net, forward, by, shares, &mut Unwatched)
}

/// [`backward_with`], with somebody who sees each adjoint when it is complete.
///
/// # Errors
/// As for [`backward_with`].
pub fn backward_watched<T: Scalar>(
    net: &Network,
    forward: &Forward<T>,
    by: &[QuantityId],
    shares: &Shares<T>,
    watch: &mut impl Watch<T>,
) -> Result<Gradients<T>, Error> {
    let named: Vec<NodeId> = net.quantities().map(|(_, quantity)| quantity.node).collect();
    let wanted: Vec<NodeId> = by.iter().map(|id| named[id.index()]).collect();
    let mut sweep = Sweep {
        net,
        forward,
        shares,
        moves: moves(net, &wanted),
        adjoints: vec![None; net.nodes().len()],
    };
    let loss = named[net.loss().index()];
    if sweep.moves[loss.index()] {
        sweep.adjoints[loss.index()] = Some(vec![T::one()]);
    }
    for index in (0..=loss.index()).rev() {
        let node = NodeId(index as u32);
        // Taken out while its operands, which are other nodes, receive their share.
        let Some(mut adjoint) = sweep.adjoints[index].take() else { continue };
        watch.stored(node, &mut adjoint);
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
    shares: &'a Shares<T>,
    moves: Vec<bool>,
    adjoints: Vec<Option<Vec<T>>>,
}

impl<'a, T: Scalar> Sweep<'a, T> {
    fn value(&self, node: NodeId) -> Result<&'a [T], Stop> {
        let elements = self.net.node(node).shape.elements();
        self.forward.value(node).filter(|v| v.len() == elements).ok_or(Stop::Foreign)
    }

    /// Adds to the adjoint of one element of an operand what `share` gives, if that operand
    /// moves at all. Products of tensors, where most of the work is, go another way.
    fn give(
        &mut self,
        operand: NodeId,
        element: usize,
        share: &dyn Fn() -> Result<T, Fault>,
    ) -> Result<(), Fault> {
        if !self.moves[operand.index()] {
            return Ok(());
        }
        let elements = self.net.node(operand).shape.elements();
        let adjoint =
            self.adjoints[operand.index()].get_or_insert_with(|| vec![T::zero(); elements]);
        adjoint[element] = adjoint[element].add(&share()?)?;
        Ok(())
    }

    /// Which element of an operand stands beside each element of an elementwise result; one that
    /// was broadcast collects what all those elements give.
    fn place(&self, node: NodeId, operand: NodeId) -> Place {
        Place::broadcast(&self.net.node(operand).shape, &self.net.node(node).shape)
    }

    /// Passes the adjoint `g` of a node on to its operands.
    fn spread(&mut self, node: NodeId, g: &[T]) -> Result<(), Stop> {
        let (net, shares) = (self.net, self.shares);
        let shape = |id: NodeId| &net.node(id).shape;
        match &net.node(node).op {
            Op::Leaf(_) | Op::Number(_) => Ok(()),
            Op::Define(..)
            | Op::Reshape(_)
            | Op::Element(..)
            | Op::Transpose(..)
            | Op::Slice(..) => {
                let (from, place) = layout::view(net, node).ok_or(Stop::Foreign)?;
                each(g, |e| self.give(from, place.of(e), &|| Ok(g[e].clone())))
            }
            Op::Concat(parts, axis) => {
                let places = layout::concat(net, parts, *axis);
                each(g, |e| self.give(places[e].0, places[e].1, &|| Ok(g[e].clone())))
            }
            Op::Neg(a) => each(g, |e| self.give(*a, e, &|| Ok(g[e].neg()))),
            Op::Add(all) => all.iter().try_for_each(|a| {
                let place = self.place(node, *a);
                each(g, |e| self.give(*a, place.of(e), &|| Ok(g[e].clone())))
            }),
            Op::Sub(a, b) => {
                let (at_a, at_b) = (self.place(node, *a), self.place(node, *b));
                each(g, |e| {
                    self.give(*a, at_a.of(e), &|| Ok(g[e].clone()))?;
                    self.give(*b, at_b.of(e), &|| Ok(g[e].neg()))
                })
            }
            Op::Mul(all) => {
                let factors = all
                    .iter()
                    .map(|a| Ok((*a, self.value(*a)?, self.place(node, *a))))
                    .collect::<Result<Vec<_>, _>>()?;
                each(g, |e| self.product(&factors, e, &g[e]))
            }
            Op::Div(a, b) => {
                let (divisor, y) = (self.value(*b)?, self.value(node)?);
                let (at_a, at_b) = (self.place(node, *a), self.place(node, *b));
                each(g, |e| {
                    // ∂(a/b)/∂a = 1/b, ∂(a/b)/∂b = −(a/b)/b.
                    let part = g[e].div(&divisor[at_b.of(e)])?;
                    self.give(*a, at_a.of(e), &|| Ok(part.clone()))?;
                    self.give(*b, at_b.of(e), &|| Ok(part.mul(&y[e])?.neg()))
                })
            }
            Op::Pow(a, b) => {
                let whole = whole_exponent(net, *b);
                let (base, exponent, y) = (self.value(*a)?, self.value(*b)?, self.value(node)?);
                let (at_a, at_b) = (self.place(node, *a), self.place(node, *b));
                each(g, |e| {
                    let (u, v) = (&base[at_a.of(e)], &exponent[at_b.of(e)]);
                    self.give(*a, at_a.of(e), &|| g[e].mul(&power_slope(u, v, whole)?))?;
                    self.give(*b, at_b.of(e), &|| g[e].mul(&y[e])?.mul(&u.call(Function::Ln)?))
                })
            }
            Op::Call(f, a) if f.has_kink() => {
                let signs = self.forward.decisions().signs(node).ok_or(Stop::Foreign)?;
                each(g, |e| match (f, signs.get(e), shares.get(&(node, e))) {
                    (_, _, Some(share)) => {
                        share.iter().try_for_each(|(_, s)| self.give(*a, e, &|| g[e].mul(s)))
                    }
                    (Function::Abs | Function::Relu, Some(Ordering::Greater), None) => {
                        self.give(*a, e, &|| Ok(g[e].clone()))
                    }
                    (Function::Abs, Some(Ordering::Less), None) => {
                        self.give(*a, e, &|| Ok(g[e].neg()))
                    }
                    _ => Ok(()),
                })
            }
            Op::Call(f, a) => {
                let (x, y) = (self.value(*a)?, self.value(node)?);
                each(g, |e| self.give(*a, e, &|| g[e].mul(&slope(*f, &x[e], &y[e])?)))
            }
            Op::MaxOf(all) if shares.contains_key(&(node, 0)) => {
                for (n, s) in &shares[&(node, 0)] {
                    let argument = *all.get(*n).ok_or(Stop::Foreign)?;
                    each(g, |e| self.give(argument, 0, &|| g[e].mul(s)))?;
                }
                Ok(())
            }
            Op::MaxOf(all) => {
                let winner = *self.winners(node)?.first().ok_or(Stop::Foreign)?;
                let winner = *all.get(winner).ok_or(Stop::Foreign)?;
                each(g, |e| self.give(winner, 0, &|| Ok(g[e].clone())))
            }
            Op::Max(a, _) | Op::Pool { kind: Pooling::Max, input: a, .. } => {
                let (winners, elements) = (self.winners(node)?, shape(*a).elements());
                let outside = |share: &Vec<(usize, T)>| share.iter().any(|(n, _)| *n >= elements);
                let mut own = (0..g.len()).filter_map(|e| shares.get(&(node, e)));
                if winners.iter().any(|winner| *winner >= elements) || own.any(outside) {
                    return Err(Stop::Foreign);
                }
                each(g, |e| match shares.get(&(node, e)) {
                    Some(share) => {
                        share.iter().try_for_each(|(n, s)| self.give(*a, *n, &|| g[e].mul(s)))
                    }
                    None => self.give(*a, winners[e], &|| Ok(g[e].clone())),
                })
            }
            Op::Sum(a, axes) => {
                let terms = layout::reduced(shape(*a), axes);
                each(g, |e| {
                    terms.of(e).iter().try_for_each(|at| self.give(*a, *at, &|| Ok(g[e].clone())))
                })
            }
            Op::Pool { kind, input, size, window } => {
                let cells = pool_cells(shape(*input), size, shape(node), window);
                let number = |count: usize| T::from_rational(&Rational::from(count as i64));
                let whole = number(size.iter().product());
                each(g, |e| {
                    let share = match kind {
                        Pooling::Mean => g[e].div(whole.as_ref().map_err(|fault| *fault)?)?,
                        _ => g[e].div(&number(cells.of(e).len())?)?,
                    };
                    cells
                        .of(e)
                        .iter()
                        .try_for_each(|at| self.give(*input, *at, &|| Ok(share.clone())))
                })
            }
            Op::MatMul(a, b) => self.bilinear(node, *a, *b, g, &matmul_lanes),
            Op::Conv { input, kernel, window } => {
                self.bilinear(node, *input, *kernel, g, &|shapes, along, visit| {
                    conv_lanes(shapes, window, along, visit)
                })
            }
        }
    }

    /// Each factor of each product receives g times the other.
    fn bilinear(
        &mut self,
        node: NodeId,
        left: NodeId,
        right: NodeId,
        g: &[T],
        lanes: LanesOf<'_>,
    ) -> Result<(), Stop> {
        let (x, k) = (self.value(left)?, self.value(right)?);
        let shapes = [left, right, node].map(|id| &self.net.node(id).shape);
        // Taken out while they grow.
        let mut taken = |operand: NodeId| {
            let index = operand.index();
            self.moves[index].then(|| self.adjoints[index].take())
        };
        let mut of_left = taken(left);
        let mut of_right = if left == right { None } else { taken(right) };
        let zeros = |shape: &Shape| vec![T::zero(); shape.elements()];
        let mut at = 0;
        let found = lanes(shapes, Along::Terms, &mut |lanes: Lanes| {
            let Lanes { left: on_left, right: on_right, output, count } = lanes;
            at = output.of(0);
            let share = |of: &mut Option<Vec<T>>, to, other, from, shape| {
                let all = of.get_or_insert_with(|| zeros(shape));
                let found = add_products((all, to), (g, output), (other, from), count);
                found.map_err(|(_, fault)| fault)
            };
            if left == right {
                return match &mut of_left {
                    Some(of) => {
                        add_both(of.get_or_insert_with(|| zeros(shapes[0])), &g[at], x, lanes)
                    }
                    None => Ok(()),
                };
            }
            if let Some(of) = &mut of_left {
                share(of, on_left, k, on_right, shapes[0])?;
            }
            if let Some(of) = &mut of_right {
                share(of, on_right, x, on_left, shapes[1])?;
            }
            Ok(())
        });
        for (operand, adjoint) in [(left, of_left), (right, of_right)] {
            if let Some(adjoint) = adjoint {
                self.adjoints[operand.index()] = adjoint;
            }
        }
        found.map_err(|fault| Stop::Fault(at, fault))
    }

    /// The recorded winner of each element of a max.
    fn winners(&self, max: NodeId) -> Result<&'a [usize], Stop> {
        let elements = self.net.node(max).shape.elements();
        let winners = self.forward.decisions().winners(max);
        winners.filter(|w| w.len() == elements).ok_or(Stop::Foreign)
    }

    /// Each factor of a product receives g times the product of the others: those before it,
    /// gathered on the way, times those after it, gathered beforehand.
    fn product(&mut self, factors: &[(NodeId, &[T], Place)], e: usize, g: &T) -> Result<(), Fault> {
        let mut after = vec![g.clone()];
        for (_, values, place) in factors.iter().skip(1).rev() {
            let next = after[after.len() - 1].mul(&values[place.of(e)])?;
            after.push(next);
        }
        let mut before = T::one();
        for (n, (operand, values, place)) in factors.iter().enumerate() {
            let rest = &after[factors.len() - 1 - n];
            self.give(*operand, place.of(e), &|| before.mul(rest))?;
            before = before.mul(&values[place.of(e)])?;
        }
        Ok(())
    }
}

/// Adds g times the other factor for a tensor times itself, whose two shares go to one adjoint.
fn add_both<T: Scalar>(adjoint: &mut [T], g: &T, x: &[T], lanes: Lanes) -> Result<(), Fault> {
    for lane in 0..lanes.count {
        let [left, right] = [lanes.left, lanes.right].map(|steps| steps.of(lane));
        adjoint[left] = adjoint[left].add(&g.mul(&x[right])?)?;
        adjoint[right] = adjoint[right].add(&g.mul(&x[left])?)?;
    }
    Ok(())
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
        Function::Softplus => x.call(Function::Sigmoid),
        Function::NormalCdf => x.call(Function::NormalPdf),
        Function::NormalPdf => Ok(x.mul(y)?.neg()),
        Function::Sin => x.call(Function::Cos),
        Function::Cos => Ok(x.call(Function::Sin)?.neg()),
        Function::Sinh => x.call(Function::Cosh),
        Function::Cosh => x.call(Function::Sinh),
        Function::Abs | Function::Relu | Function::Sign | Function::Step => {
            unreachable!("{f} has a kink and is treated by its recorded sign")
        }
    }
}
