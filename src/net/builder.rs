//! The checked construction of a [`Network`]: in go operations on handles, out comes a network
//! whose invariants hold, or the first operation that would break one.
//!
//! Equal numbers and equal elements of one tensor are one node. Errors bear no span unless
//! [`Builder::at`] gave one; they name the quantities they speak of.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

mod elementwise;
mod parts;
mod products;
mod supposed;
mod views;
mod windows;

pub(crate) use parts::with_parts;
pub use windows::MAX_WINDOW_STEP;

use super::checks::{check_shape, elements_spelt, is_name, print_alike};
use super::constant::{Arithmetic, fold};
use super::{
    Assumption, Network, NodeId, Normalised, Op, Quantity, QuantityId, Role, Shape, Tensor,
};
use crate::diag::{Error, Kind, Span};
use crate::scalar::Rational;
use crate::spell::{Look, look, looks};

/// The largest number of tensor nodes.
pub const MAX_NODES: usize = 500_000;
/// The largest number of scalar operations that a network stands for: the elements of every
/// tensor, and for a convolution the products under its sums.
pub const MAX_SCALARS: usize = 1 << 28;

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
    /// What a reader sees of a name in some format → the quantity that it was given to first.
    looks: FxHashMap<Look, QuantityId>,
    /// The look of a tensor → the quantities that are spelt as its elements would be, and which.
    subscripted: FxHashMap<Look, Vec<(QuantityId, Vec<usize>)>>,
    numbers: FxHashMap<Rational, NodeId>,
    elements: FxHashMap<(NodeId, usize), NodeId>,
    constants: FxHashMap<NodeId, Rational>,
    assumptions: Vec<Assumption>,
    assumed: FxHashMap<(NodeId, usize), usize>,
    normalised: Vec<Normalised>,
    values: BTreeMap<QuantityId, Vec<Rational>>,
    loss: Option<QuantityId>,
    reserved: FxHashSet<Look>,
    /// Names that are reserved as well, and whose looks nobody has asked for yet.
    to_reserve: Vec<String>,
    whole: Option<String>,
    span: Span,
    scalars: usize,
}

/// How a name is printed.
struct Printed {
    /// In each format.
    looks: [Look; 3],
    /// The elements of tensors that it is spelt as: the look of the tensor, and which.
    elements: Vec<(Look, Vec<usize>)>,
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

    /// A named tensor without a definition. Errors: a name that is taken, is no name, prints like
    /// another in some format, or like an element of another tensor; a shape past its limits;
    /// [`Role::Defined`].
    pub fn declare(&mut self, role: Role, name: &str, shape: Shape) -> Result<QuantityId, Error> {
        if role == Role::Defined {
            return Err(Error::new(Kind::Name, format!("`{name}` has no definition")));
        }
        check_shape(&shape)?;
        let printed = self.check_name(name, &shape)?;
        let id = QuantityId(self.quantities.len() as u32);
        let node = self.push(Op::Leaf(id), shape)?;
        self.name(name, printed, role, node);
        Ok(id)
    }

    /// A name for `value`. Errors: as for the name of [`Builder::declare`].
    pub fn define(&mut self, name: &str, value: NodeId) -> Result<QuantityId, Error> {
        let shape = self.shape(value).clone();
        let printed = self.check_name(name, &shape)?;
        let id = QuantityId(self.quantities.len() as u32);
        let node = self.push(Op::Define(id, value), shape)?;
        self.name(name, printed, Role::Defined, node);
        Ok(id)
    }

    /// Keeps a name from being given to a part by [`Builder::part`], since somebody will use it.
    pub fn reserve(&mut self, name: &str) {
        self.to_reserve.push(name.to_string());
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
        for name in std::mem::take(&mut self.to_reserve) {
            self.reserved.extend(looks(&name));
        }
        let free = |b: &Builder, name: &str| {
            let reserved = looks(name).iter().any(|look| b.reserved.contains(look));
            !reserved && b.check_name(name, &shape).is_ok()
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

    fn name(&mut self, name: &str, printed: Printed, role: Role, node: NodeId) {
        let id = QuantityId(self.quantities.len() as u32);
        self.names.insert(name.to_string(), id);
        for look in printed.looks {
            self.looks.entry(look).or_insert(id);
        }
        for (tensor, at) in printed.elements {
            self.subscripted.entry(tensor).or_default().push((id, at));
        }
        self.quantities.push(Quantity { name: name.to_string(), role, node, span: self.span });
    }

    /// How a name will be printed that may be given.
    fn check_name(&self, name: &str, shape: &Shape) -> Result<Printed, Error> {
        if !is_name(name) {
            return Err(Error::new(
                Kind::Name,
                format!("`{name}` is no name: names are letters, digits and `_`"),
            ));
        }
        self.check_free(name)?;
        let seen = |look: &Look| self.looks.get(look).map(|id| self.quantity(*id));
        let looks = looks(name);
        if let Some((look, other)) = looks.iter().find_map(|l| Some((l, seen(l)?))) {
            return Err(print_alike(look, name, other));
        }
        let clash = |element: &str, tensor: &str, at: &[usize], other: &Quantity| {
            let message = format!("`{element}` and the element {tensor}{at:?} print alike");
            Error::new(Kind::Name, message)
                .also(other.span, format!("`{}` is defined here", other.name))
                .hint("rename one of the two")
        };
        let mut elements = Vec::new();
        for (tensor, at) in elements_spelt(name) {
            let tensor = look(tensor);
            if let Some(id) = self.looks.get(&tensor)
                && self.shape(self.node_of(*id)).position(&at).is_some()
            {
                let tensor = self.quantity(*id);
                return Err(clash(name, &tensor.name, &at, tensor));
            }
            elements.push((tensor, at));
        }
        let [in_print, ..] = &looks;
        for (id, at) in self.subscripted.get(in_print).into_iter().flatten() {
            if shape.position(at).is_some() {
                let other = self.quantity(*id);
                return Err(clash(&other.name, name, at, other));
            }
        }
        Ok(Printed { looks, elements })
    }
}
