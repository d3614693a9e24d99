//! The checked construction of a [`Network`]: in go operations on handles, out comes a network
//! whose invariants hold, or the first operation that would break one.
//!
//! Equal numbers and equal elements of one tensor are one node. Errors bear no span unless
//! [`Builder::at`] gave one; they name the quantities they speak of.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

mod products;
mod views;
mod windows;

pub use windows::MAX_WINDOW_STEP;

use super::checks::{check_shape, is_name, split_subscript};
use super::constant::{Arithmetic, fold};
use super::{
    Assumption, Network, NodeId, Normalised, Op, Pooling, Quantity, QuantityId, Role, Shape, Tensor,
};
use crate::diag::{Error, Kind, Span};
use crate::scalar::{Function, Rational, Scalar};

/// The largest number of tensor nodes.
pub const MAX_NODES: usize = 500_000;
/// The largest number of scalar operations that a network stands for: the elements of every
/// tensor, and for a convolution the products under its sums.
pub const MAX_SCALARS: usize = 1 << 22;

/// Builds a [`Network`], operation by operation.
///
/// ```
/// use backproof::net::{Builder, Role, Shape};
/// let mut b = Builder::new();
/// let t = b.declare(Role::Target, "t", Shape::scalar())?;
/// let x = b.declare(Role::Input, "x", Shape::scalar())?;
/// let w = b.declare(Role::Param, "w", Shape::scalar())?;
/// let (t, x, w) = (b.node_of(t), b.node_of(x), b.node_of(w));
/// let y = b.mul(&[w, x])?;
/// let error = b.sub(t, y)?;
/// b.define("E", error)?;
/// let network = b.finish()?;
/// assert_eq!(network.quantity(network.loss()).name, "E");
/// # Ok::<(), backproof::diag::Error>(())
/// ```
#[derive(Default)]
pub struct Builder {
    nodes: Vec<Tensor>,
    /// Per node, the tensor under its definitions: itself, unless it is a `Define`.
    roots: Vec<NodeId>,
    quantities: Vec<Quantity>,
    names: FxHashMap<String, QuantityId>,
    /// Stem → the quantities whose names end in `_` and digits after it.
    subscripted: FxHashMap<String, Vec<QuantityId>>,
    numbers: FxHashMap<Rational, NodeId>,
    elements: FxHashMap<(NodeId, usize), NodeId>,
    constants: FxHashMap<NodeId, Rational>,
    assumptions: Vec<Assumption>,
    assumed: FxHashMap<(NodeId, usize), usize>,
    normalised: Vec<Normalised>,
    values: BTreeMap<QuantityId, Vec<Rational>>,
    loss: Option<QuantityId>,
    reserved: FxHashSet<String>,
    whole: Option<String>,
    span: Span,
    scalars: usize,
}

impl Builder {
    /// A builder of an empty network.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// What follows was written there.
    pub fn at(&mut self, span: Span) -> &mut Builder {
        self.span = span;
        self
    }

    /// A named tensor without a definition. Errors: a name that is taken, is no name, or is
    /// that of an element of another tensor; a shape past its limits; [`Role::Defined`].
    pub fn declare(&mut self, role: Role, name: &str, shape: Shape) -> Result<QuantityId, Error> {
        if role == Role::Defined {
            return Err(Error::new(Kind::Name, format!("`{name}` has no definition")));
        }
        check_shape(&shape)?;
        self.check_name(name, &shape)?;
        let id = QuantityId(self.quantities.len() as u32);
        let node = self.push(Op::Leaf(id), shape)?;
        self.name(name, role, node);
        Ok(id)
    }

    /// A name for `value`. Errors: as for the name of [`Builder::declare`].
    pub fn define(&mut self, name: &str, value: NodeId) -> Result<QuantityId, Error> {
        let shape = self.shape(value).clone();
        self.check_name(name, &shape)?;
        let id = QuantityId(self.quantities.len() as u32);
        let node = self.push(Op::Define(id, value), shape)?;
        self.name(name, Role::Defined, node);
        Ok(id)
    }

    /// Keeps a name from being given to a part by [`Builder::part`], since somebody will use it.
    pub fn reserve(&mut self, name: &str) {
        self.reserved.insert(name.to_string());
    }

    /// What follows is a part of the quantity that will be called so; see [`Builder::part`].
    pub fn within(&mut self, name: Option<&str>) -> &mut Builder {
        self.whole = name.map(str::to_string);
        self
    }

    /// Defines a part of a composite under a name that nobody uses: `stem`, else `stem` with
    /// the name of the whole as its subscript, else with a number after it. Returns its node.
    /// Errors: as for [`Builder::define`].
    pub fn part(&mut self, stem: &str, value: NodeId) -> Result<NodeId, Error> {
        let shape = self.shape(value).clone();
        let free = |b: &Builder, name: &str| {
            !b.reserved.contains(name) && b.check_name(name, &shape).is_ok()
        };
        let of_whole = self.whole.as_ref().map(|whole| format!("{stem}_{whole}"));
        let numbered = (1..).map(|n| format!("{}_part{n}", of_whole.as_deref().unwrap_or(stem)));
        let name = std::iter::once(stem.to_string())
            .chain(of_whole.clone())
            .chain(numbered.take(MAX_NODES))
            .find(|name| free(self, name))
            .unwrap_or_default();
        let id = self.define(&name, value)?;
        Ok(self.node_of(id))
    }

    /// The quantity of that name.
    pub fn find(&self, name: &str) -> Option<QuantityId> {
        self.names.get(name).copied()
    }

    /// A quantity.
    pub fn quantity(&self, id: QuantityId) -> &Quantity {
        &self.quantities[id.index()]
    }

    /// Every quantity so far, in order.
    pub fn quantities(&self) -> &[Quantity] {
        &self.quantities
    }

    /// The node of a quantity.
    pub fn node_of(&self, id: QuantityId) -> NodeId {
        self.quantity(id).node
    }

    /// A tensor.
    pub fn node(&self, id: NodeId) -> &Tensor {
        &self.nodes[id.index()]
    }

    /// Every tensor so far, operands before users.
    pub fn nodes(&self) -> &[Tensor] {
        &self.nodes
    }

    /// The shape of a tensor.
    pub fn shape(&self, id: NodeId) -> &Shape {
        &self.node(id).shape
    }

    /// The tensor under any definitions.
    pub fn value_of(&self, id: NodeId) -> NodeId {
        self.roots[id.index()]
    }

    /// An exact number, a scalar.
    pub fn number(&mut self, q: &Rational) -> Result<NodeId, Error> {
        if let Some(known) = self.numbers.get(q) {
            return Ok(*known);
        }
        let id = self.push(Op::Number(q.clone()), Shape::scalar())?;
        self.numbers.insert(q.clone(), id);
        Ok(id)
    }

    /// −a.
    pub fn neg(&mut self, a: NodeId) -> Result<NodeId, Error> {
        self.elementwise("-", Arithmetic::Neg, &[a], Op::Neg(a))
    }

    /// a + b + …. Errors: shapes that do not broadcast; no terms.
    pub fn add(&mut self, terms: &[NodeId]) -> Result<NodeId, Error> {
        self.elementwise("+", Arithmetic::Add, terms, Op::Add(terms.to_vec()))
    }

    /// a − b. Errors: shapes that do not broadcast.
    pub fn sub(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, Error> {
        self.elementwise("-", Arithmetic::Sub, &[a, b], Op::Sub(a, b))
    }

    /// a · b · …, elementwise. Errors: shapes that do not broadcast; no factors.
    pub fn mul(&mut self, factors: &[NodeId]) -> Result<NodeId, Error> {
        self.elementwise("*", Arithmetic::Mul, factors, Op::Mul(factors.to_vec()))
    }

    /// a / b, elementwise. Errors: shapes that do not broadcast; a constant 0 below.
    pub fn div(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, Error> {
        self.elementwise("/", Arithmetic::Div, &[a, b], Op::Div(a, b))
    }

    /// a to the power b, elementwise. Errors: shapes that do not broadcast; a
    /// constant exponent past [`MAX_EXPONENT`](super::MAX_EXPONENT).
    pub fn pow(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, Error> {
        self.elementwise("^", Arithmetic::Pow, &[a, b], Op::Pow(a, b))
    }

    /// An elementary function, elementwise.
    pub fn call(&mut self, function: Function, a: NodeId) -> Result<NodeId, Error> {
        let op = Op::Call(function, a);
        self.elementwise(function.name(), Arithmetic::Call(function), &[a], op)
    }

    /// The greatest of several scalars. Errors: fewer than two, or one that is no scalar.
    pub fn max_of(&mut self, scalars: &[NodeId]) -> Result<NodeId, Error> {
        if scalars.len() < 2 {
            return Err(Error::new(Kind::Shape, "max of several scalars needs at least two"));
        }
        if let Some(tensor) = scalars.iter().find(|a| !self.shape(**a).is_scalar()) {
            let (name, shape) = (self.called(*tensor), self.shape(*tensor).described());
            return Err(Error::new(
                Kind::Shape,
                format!("max of several arguments takes scalars, and {name} is {shape}"),
            )
            .hint(
                "max(c) is the greatest element of a tensor; relu(c) is max(x, 0) for each element x",
            ));
        }
        self.elementwise("max", Arithmetic::Max, scalars, Op::MaxOf(scalars.to_vec()))
    }

    /// `winner` wins element number `element` of `max`, see [`Assumption`]. Errors: no max; no such
    /// element or winner; a cell outside the window of a pooling; assumed twice.
    pub fn assume(&mut self, max: NodeId, element: usize, winner: usize) -> Result<(), Error> {
        let refuse = |sentence: String| Err(Error::new(Kind::Assumption, sentence));
        let elements = self.shape(max).elements();
        if !matches!(
            &self.node(max).op,
            Op::Max(..) | Op::MaxOf(_) | Op::Pool { kind: Pooling::Max, .. }
        ) {
            return refuse("only a max has a winner".to_string());
        }
        if element >= elements {
            return refuse(format!(
                "this max has {elements} elements, so none at position {element}"
            ));
        }
        let count = match &self.node(max).op {
            Op::MaxOf(all) => all.len(),
            Op::Max(a, _) | Op::Pool { input: a, .. } => self.shape(*a).elements(),
            _ => 0,
        };
        if winner >= count {
            return refuse(format!("this max has {count} arguments, so none at position {winner}"));
        }
        if !self.competes(max, element, winner) {
            return refuse("this cell is not under the max's window".to_string());
        }
        if let Some(first) = self.assumed.get(&(max, element)) {
            return Err(Error::new(Kind::Assumption, "the winner of this max is assumed twice")
                .also(self.assumptions[*first].span, "first assumed here"));
        }
        self.assumed.insert((max, element), self.assumptions.len());
        self.assumptions.push(Assumption { max, element, winner, span: self.span });
        Ok(())
    }

    /// The elements of a quantity sum to 1 along `axes`, all of them if there are none. Errors:
    /// a defined quantity; a scalar; an axis that it has not.
    pub fn normalise(&mut self, id: QuantityId, axes: &[usize]) -> Result<(), Error> {
        let quantity = self.quantity(id);
        if quantity.role == Role::Defined {
            return Err(Error::new(
                Kind::Assumption,
                format!("`{}` has a definition, so what it sums to is not free", quantity.name),
            )
            .hint(
                "only an input, a parameter, a target or a constant can be assumed to sum to 1",
            ));
        }
        let (node, span) = (quantity.node, self.span);
        self.check_tensor("sum", node, "only a tensor can be assumed to sum to 1")?;
        let axes = self.check_axes("sum", node, axes)?;
        let normalised = Normalised { quantity: id, axes, span };
        if !self.normalised.iter().any(|n| (n.quantity, &n.axes) == (id, &normalised.axes)) {
            self.normalised.push(normalised);
        }
        Ok(())
    }

    /// The values of a quantity, row-major. Errors: a defined quantity; a wrong number of them.
    pub fn give(&mut self, id: QuantityId, values: Vec<Rational>) -> Result<(), Error> {
        let quantity = self.quantity(id);
        let name = &quantity.name;
        if quantity.role == Role::Defined {
            return Err(Error::new(
                Kind::Value,
                format!("`{name}` has a definition, so it cannot be given a value as well"),
            ));
        }
        let wanted = self.shape(quantity.node).elements();
        if wanted != values.len() {
            return Err(Error::new(
                Kind::Value,
                format!("`{name}` has {wanted} elements, and {} are given", values.len()),
            ));
        }
        self.values.insert(id, values);
        Ok(())
    }

    /// What training makes small. Errors: no scalar; no definition.
    pub fn set_loss(&mut self, id: QuantityId) -> Result<(), Error> {
        let quantity = self.quantity(id);
        let (name, shape) = (&quantity.name, self.shape(quantity.node));
        let described = shape.described();
        if quantity.role != Role::Defined {
            return Err(Error::new(Kind::Name, format!("the loss `{name}` has no definition")));
        }
        if !shape.is_scalar() {
            return Err(Error::new(
                Kind::Shape,
                format!("the loss must be a scalar, and `{name}` is {described}"),
            )
            .hint(format!("sum({name}) and max({name}) are scalars")));
        }
        self.loss = Some(id);
        Ok(())
    }

    /// The network. The loss is the last scalar definition unless it was set. Errors: no
    /// definition; none that is a scalar; values that do not sum to 1 and are assumed to.
    pub fn finish(self) -> Result<Network, Error> {
        for normalised in &self.normalised {
            self.check_normalised(normalised)?;
        }
        let defined =
            || self.quantities.iter().enumerate().filter(|(_, q)| q.role == Role::Defined);
        let scalar = |q: &Quantity| self.shape(q.node).is_scalar();
        let last =
            defined().filter(|(_, q)| scalar(q)).map(|(i, _)| QuantityId(i as u32)).next_back();
        let Some(loss) = self.loss.or(last) else {
            return Err(match defined().next_back() {
                None => Error::new(Kind::Name, "nothing is defined, so there is nothing to derive")
                    .hint("a network ends in a loss, such as `E = (t - y)^2 / 2`"),
                Some((_, q)) => Error::new(
                    Kind::Shape,
                    "no definition is a scalar, so there is no loss to differentiate",
                )
                .at(q.span)
                .label(format!("this is {}", self.shape(q.node).described()))
                .hint(format!(
                    "add a scalar definition, such as `{} = sum({}^2) / 2`",
                    if q.name == "E" { "L" } else { "E" },
                    q.name
                )),
            });
        };
        Ok(Network {
            nodes: self.nodes,
            quantities: self.quantities,
            loss,
            assumptions: self.assumptions,
            normalised: self.normalised,
            values: self.values,
        })
    }

    /// Whether the values of a distribution, if there are any, are one.
    fn check_normalised(&self, normalised: &Normalised) -> Result<(), Error> {
        let Some(values) = self.values.get(&normalised.quantity) else { return Ok(()) };
        let quantity = self.quantity(normalised.quantity);
        let (shape, one) = (self.shape(quantity.node), Rational::from(1));
        let sums = shape.without(&normalised.axes);
        let mut totals = vec![Rational::from(0); sums.elements()];
        for (position, value) in values.iter().enumerate() {
            let at = shape.index(position);
            let kept = (0..at.len()).filter(|i| !normalised.axes.contains(i)).map(|i| at[i]);
            if let Some(total) = sums.position(&kept.collect::<Vec<_>>()) {
                // A sum past the limits of exact numbers is not 1 either.
                totals[total] = totals[total].add(value).unwrap_or(Rational::from(0));
            }
        }
        match totals.iter().find(|total| **total != one) {
            None => Ok(()),
            Some(total) => Err(Error::new(
                Kind::Assumption,
                format!(
                    "`{}` is assumed to sum to 1, and its values sum to {total}",
                    quantity.name
                ),
            )
            .at(normalised.span)),
        }
    }

    /// Whether nothing has that name yet.
    pub(crate) fn check_free(&self, name: &str) -> Result<(), Error> {
        let Some(first) = self.find(name) else { return Ok(()) };
        Err(Error::new(Kind::Name, format!("`{name}` is defined twice"))
            .label("defined again here")
            .also(self.quantity(first).span, "first defined here"))
    }

    /// How an error speaks of a tensor: by its name, if it has one.
    pub(crate) fn called(&self, id: NodeId) -> String {
        match self.node(id).op {
            Op::Leaf(q) | Op::Define(q, _) => format!("`{}`", self.quantity(q).name),
            _ => "this".to_string(),
        }
    }

    fn elementwise(
        &mut self,
        sign: &str,
        arithmetic: Arithmetic,
        operands: &[NodeId],
        op: Op,
    ) -> Result<NodeId, Error> {
        let Some((first, rest)) = operands.split_first() else {
            return Err(Error::new(Kind::Shape, format!("`{sign}` of nothing")));
        };
        let mut shape = self.shape(*first).clone();
        for (before, operand) in rest.iter().enumerate() {
            let next = self.shape(*operand);
            let Some(wider) = shape.broadcast(next) else {
                // What the operands before have come to is called by name if it is one of them.
                let so_far = operands[..=before].iter().rfind(|a| *self.shape(**a) == shape);
                let x = so_far.map_or("the left side".to_string(), |a| self.called(*a));
                return Err(does_not_broadcast(sign, &x, &shape, &self.called(*operand), next));
            };
            shape = wider;
        }
        let known: Vec<Option<&Rational>> = operands.iter().map(|a| self.constant(*a)).collect();
        let value = fold(arithmetic, &known)?;
        // A big constant costs the square of its words: that is what its arithmetic takes.
        let words = value.as_ref().map_or(0, |q| (q.bits() / 64) as usize);
        self.charge(words * words)?;
        let id = self.push(op, shape)?;
        if let Some(q) = value {
            self.constants.insert(id, q);
        }
        Ok(id)
    }

    fn constant(&self, id: NodeId) -> Option<&Rational> {
        let id = self.value_of(id);
        match &self.node(id).op {
            Op::Number(q) => Some(q),
            _ => self.constants.get(&id),
        }
    }

    fn push(&mut self, op: Op, shape: Shape) -> Result<NodeId, Error> {
        check_shape(&shape)?;
        if self.nodes.len() >= MAX_NODES {
            return Err(Error::new(
                Kind::Limit,
                format!("the network has more than {MAX_NODES} operations"),
            ));
        }
        self.charge(shape.elements())?;
        let id = NodeId(self.nodes.len() as u32);
        self.roots.push(if let Op::Define(_, value) = op { self.value_of(value) } else { id });
        self.nodes.push(Tensor { op, shape, span: self.span });
        Ok(id)
    }

    fn charge(&mut self, scalars: usize) -> Result<(), Error> {
        self.scalars = self.scalars.saturating_add(scalars);
        if self.scalars > MAX_SCALARS {
            return Err(Error::new(
                Kind::Limit,
                format!("the network stands for more than {MAX_SCALARS} operations on scalars"),
            ));
        }
        Ok(())
    }

    fn name(&mut self, name: &str, role: Role, node: NodeId) {
        let id = QuantityId(self.quantities.len() as u32);
        self.names.insert(name.to_string(), id);
        if let Some((stem, _)) = split_subscript(name) {
            self.subscripted.entry(stem.to_string()).or_default().push(id);
        }
        self.quantities.push(Quantity { name: name.to_string(), role, node, span: self.span });
    }

    fn check_name(&self, name: &str, shape: &Shape) -> Result<(), Error> {
        if !is_name(name) {
            return Err(Error::new(
                Kind::Name,
                format!("`{name}` is no name: names are letters, digits and `_`"),
            ));
        }
        self.check_free(name)?;
        let clash = |element: &str, tensor: &str, at: &[usize], other: &Quantity| {
            Error::new(
                Kind::Name,
                format!("`{element}` and the element {tensor}{at:?} would be the same symbol"),
            )
            .also(other.span, format!("`{}` is defined here", other.name))
            .hint("rename one of the two")
        };
        if let Some((stem, at)) = split_subscript(name)
            && let Some(tensor) = self.find(stem)
            && !at.is_empty()
            && self.shape(self.node_of(tensor)).position(&at).is_some()
        {
            return Err(clash(name, stem, &at, self.quantity(tensor)));
        }
        for id in self.subscripted.get(name).into_iter().flatten() {
            let other = self.quantity(*id);
            if let Some((_, at)) = split_subscript(&other.name)
                && shape.position(&at).is_some()
            {
                return Err(clash(&other.name, name, &at, other));
            }
        }
        Ok(())
    }
}

fn does_not_broadcast(sign: &str, x: &str, a: &Shape, y: &str, b: &Shape) -> Error {
    let (left, right) = (a.described(), b.described());
    let clash = (1..=a.rank().min(b.rank())).find_map(|back| {
        let (m, n) = (a.lengths()[a.rank() - back], b.lengths()[b.rank() - back]);
        (m != n && m != 1 && n != 1).then_some((back, m, n))
    });
    let hint = match clash {
        Some((1, m, n)) => format!("the last axes differ, {m} and {n}"),
        Some((back, m, n)) => format!("axis {back} from the last differs, {m} and {n}"),
        None => "shapes differ".to_string(),
    };
    Error::new(
        Kind::Shape,
        format!("`{sign}` needs shapes that broadcast, and {x} is {left} but {y} is {right}"),
    )
    .label(format!("{left} and {right}"))
    .hint(format!("{hint}; from the last axis on, lengths must be equal or 1"))
}
