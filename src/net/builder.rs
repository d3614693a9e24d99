//! The checked construction of a [`Network`]: in go operations on handles, out comes a network
//! whose invariants hold, or the first operation that would break one.
//!
//! Equal numbers and equal elements of one tensor are one node. Errors bear no span unless
//! [`Builder::at`] gave one; they name the quantities they speak of.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::checks::{check_index, check_shape, is_name, kernel_too_large, split_subscript};
use super::constant::{Arithmetic, fold};
use super::{Assumption, Network, NodeId, Op, Quantity, QuantityId, Role, Shape, Tensor, Window};
use crate::diag::{Error, Kind, Span};
use crate::scalar::{Function, Rational};

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
    assumed: FxHashMap<NodeId, usize>,
    values: BTreeMap<QuantityId, Vec<Rational>>,
    loss: Option<QuantityId>,
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

    /// a + b + …. Errors: shapes that are neither equal nor scalar; no terms.
    pub fn add(&mut self, terms: &[NodeId]) -> Result<NodeId, Error> {
        self.elementwise("+", Arithmetic::Add, terms, Op::Add(terms.to_vec()))
    }

    /// a − b. Errors: shapes that are neither equal nor scalar.
    pub fn sub(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, Error> {
        self.elementwise("-", Arithmetic::Sub, &[a, b], Op::Sub(a, b))
    }

    /// a · b · …, elementwise. Errors: shapes that are neither equal nor scalar; no factors.
    pub fn mul(&mut self, factors: &[NodeId]) -> Result<NodeId, Error> {
        self.elementwise("*", Arithmetic::Mul, factors, Op::Mul(factors.to_vec()))
    }

    /// a / b, elementwise. Errors: shapes that are neither equal nor scalar; a constant 0 below.
    pub fn div(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, Error> {
        self.elementwise("/", Arithmetic::Div, &[a, b], Op::Div(a, b))
    }

    /// a to the power b, elementwise. Errors: shapes that are neither equal nor scalar; a
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

    /// The greatest element of a tensor. Errors: a scalar.
    pub fn max(&mut self, a: NodeId) -> Result<NodeId, Error> {
        self.check_tensor("max", a, "max(c) takes a tensor, max(a, b) several scalars")?;
        self.push(Op::Max(a), Shape::scalar())
    }

    /// The sum of all elements of a tensor. Errors: a scalar.
    pub fn sum(&mut self, a: NodeId) -> Result<NodeId, Error> {
        self.check_tensor("sum", a, "the sum of several scalars is written a + b + c")?;
        self.push(Op::Sum(a), Shape::scalar())
    }

    /// One element of a tensor. Errors: another number of indices than axes; an index outside.
    pub fn element(&mut self, a: NodeId, at: &[usize]) -> Result<NodeId, Error> {
        let shape = self.shape(a);
        let position = check_index(&self.called(a), shape, at)?;
        if let Some(known) = self.elements.get(&(a, position)) {
            return Ok(*known);
        }
        let id = self.push(Op::Element(a, at.to_vec()), Shape::scalar())?;
        self.elements.insert((a, position), id);
        Ok(id)
    }

    /// The convolution of a rank-2 input with a rank-2 kernel, see [`Op::Conv`]. Errors: other
    /// ranks; a stride of 0; a kernel larger than the padded input.
    pub fn conv(&mut self, input: NodeId, kernel: NodeId, window: Window) -> Result<NodeId, Error> {
        let axes = |id: NodeId, which: &str| match *self.shape(id).lengths() {
            [rows, columns] => Ok([rows, columns]),
            _ => Err(Error::new(
                Kind::Shape,
                format!(
                    "conv: the {which} must have 2 axes, and {} is {}",
                    self.called(id),
                    self.shape(id).described()
                ),
            )),
        };
        let (x, k) = (axes(input, "input")?, axes(kernel, "kernel")?);
        let mut lengths = Vec::with_capacity(2);
        for axis in 0..2 {
            if window.stride[axis] == 0 {
                return Err(Error::new(Kind::Shape, "conv: the stride must be at least 1"));
            }
            let padded = x[axis].saturating_add(window.padding[axis].saturating_mul(2));
            let Some(room) = padded.checked_sub(k[axis]) else {
                return Err(kernel_too_large(x, k, window.padding));
            };
            lengths.push(room / window.stride[axis] + 1);
        }
        let shape = Shape::new(lengths);
        let products = shape.elements().saturating_mul(k[0].saturating_mul(k[1]));
        self.charge(products)?;
        self.push(Op::Conv { input, kernel, window }, shape)
    }

    /// `winner` wins `max`: a row-major position for a [`Op::Max`], a position among the
    /// operands for a [`Op::MaxOf`]. Errors: no max; no such position; assumed twice.
    pub fn assume(&mut self, max: NodeId, winner: usize) -> Result<(), Error> {
        let count = match &self.node(max).op {
            Op::Max(a) => self.shape(*a).elements(),
            Op::MaxOf(all) => all.len(),
            _ => return Err(Error::new(Kind::Assumption, "only a max has a winner")),
        };
        if winner >= count {
            return Err(Error::new(
                Kind::Assumption,
                format!("this max has {count} arguments, so none at position {winner}"),
            ));
        }
        if let Some(first) = self.assumed.get(&max) {
            return Err(Error::new(Kind::Assumption, "the winner of this max is assumed twice")
                .also(self.assumptions[*first].span, "first assumed here"));
        }
        self.assumed.insert(max, self.assumptions.len());
        self.assumptions.push(Assumption { max, winner, span: self.span });
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
    /// definition; none that is a scalar.
    pub fn finish(self) -> Result<Network, Error> {
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
                .hint(format!("add a scalar definition, such as `E = sum({}^2) / 2`", q.name)),
            });
        };
        Ok(Network {
            nodes: self.nodes,
            quantities: self.quantities,
            loss,
            assumptions: self.assumptions,
            values: self.values,
        })
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
        let Some(first) = operands.first() else {
            return Err(Error::new(Kind::Shape, format!("`{sign}` of nothing")));
        };
        let mut widest = *first;
        for operand in operands {
            let (a, b) = (self.shape(widest), self.shape(*operand));
            if a.is_scalar() {
                widest = *operand;
            } else if !b.is_scalar() && a != b {
                let (a, b) = (a.described(), b.described());
                let (x, y) = (self.called(widest), self.called(*operand));
                return Err(Error::new(
                    Kind::Shape,
                    format!("`{sign}` needs equal shapes, and {x} is {a} but {y} is {b}"),
                )
                .label(format!("{a} and {b}"))
                .hint("only a scalar goes with every shape"));
            }
        }
        let known: Vec<Option<&Rational>> = operands.iter().map(|a| self.constant(*a)).collect();
        let value = fold(arithmetic, &known)?;
        let shape = self.shape(widest).clone();
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

    fn check_tensor(&self, function: &str, a: NodeId, hint: &str) -> Result<(), Error> {
        if !self.shape(a).is_scalar() {
            return Ok(());
        }
        let name = self.called(a);
        Err(Error::new(Kind::Shape, format!("{function} of one scalar is the scalar itself"))
            .label(format!("{name} is a scalar"))
            .hint(hint))
    }
}
