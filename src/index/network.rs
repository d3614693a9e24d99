//! From a network of tensors to a [`System`] of index formulas.
//!
//! Every named quantity is defined at free indices; what has no name is written out, down to
//! named quantities. A cell of the padding is kept away by a bracket, which is left out where no
//! index leads into the padding.

mod layers;
mod preferred;

use std::collections::BTreeSet;

use super::affine::Affine;
use super::formula::{Formula, Range, TensorName};
use super::letters::{fresh_all, reserved};
use super::system::{Definition, System, Tensor};
use crate::diag::{Error, Kind};
use crate::net::{Network, NodeId, Op, QuantityId};
use crate::scalar::Scalar;

/// The largest number of operations that the definition of one quantity is written out to.
pub const MAX_PARTS: usize = 2_000;

/// How deep operations without a name may lie in one another.
pub const MAX_DEPTH: usize = 200;

/// The largest number of named quantities.
pub const MAX_TENSORS: usize = 2_000;

/// The largest stride, padding, dilation or start of a slice.
pub const MAX_FACTOR: usize = 1 << 30;

/// Every named quantity of a network at free indices.
///
/// # Errors
/// Of kind `Limit`, where there are more than [`MAX_TENSORS`] quantities, or the definition of
/// one passes [`MAX_PARTS`], [`MAX_DEPTH`] or [`MAX_FACTOR`].
///
/// ```
/// let net = backproof::parse_network(
///     "input x[5, 5]
///      param w[2, 2]
///      c = conv(x, w, stride: 2)
///      E = sum(c)",
/// )?;
/// let system = backproof::index::of_network(&net)?;
/// let c = system.tensor(&backproof::index::TensorName::new("c")).unwrap();
/// let body = &c.definition.as_ref().unwrap().body;
/// assert_eq!(body.to_string(), "Σ_{m,n} w[m, n]·x[2i + m, 2j + n]");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn of_network(net: &Network) -> Result<System, Error> {
    let count = net.quantities().count();
    if count > MAX_TENSORS {
        return Err(Error::new(
            Kind::Limit,
            format!("index formulas are for networks of at most {MAX_TENSORS} named quantities, and this one has {count}"),
        )
        .hint("a layer in tensors is one quantity; its cells need no names of their own"));
    }
    let letters = preferred::Letters::of(net);
    let mut tensors = Vec::with_capacity(count);
    for (id, quantity) in net.quantities() {
        let lengths: Vec<Affine> =
            net.shape(id).lengths().iter().map(|n| Affine::from(*n)).collect();
        let definition = match net.node(quantity.node).op {
            Op::Define(_, value) => Some(define(net, &letters, id, value)?),
            _ => None,
        };
        let name = TensorName::new(&quantity.name);
        tensors.push(Tensor { name, lengths, letters: letters.of_target(id), definition });
    }
    let name = |id: QuantityId| TensorName::new(&net.quantity(id).name);
    let distributions =
        net.distributions().into_iter().map(|n| (name(n.quantity), n.axes)).collect();
    let loss = name(net.loss());
    Ok(System { tensors, loss, distributions, facts: Vec::new(), written_out: Vec::new() })
}

fn define(
    net: &Network,
    letters: &preferred::Letters,
    id: QuantityId,
    value: NodeId,
) -> Result<Definition, Error> {
    let mut taken = reserved(net.quantities().map(|(_, q)| q.name.as_str()));
    let preferred = letters.of_output(net.quantity(id).node);
    let preferred: Vec<&str> = preferred.iter().map(String::as_str).collect();
    let own = fresh_all(&preferred, &mut taken);
    let lengths = net.shape(id).lengths();
    let axes: Vec<Range> = own.iter().zip(lengths).map(|(l, n)| Range::new(l, *n)).collect();
    let at = axes.iter().map(along).collect();
    let mut writer = Writer { net, letters, taken, parts: 0, depth: 0 };
    let body = writer.cell(value, at).map_err(|e| e.at(net.quantity(id).span))?;
    Ok(Definition { axes, body: body.flat() })
}

/// The index of an axis; along one of length 1 there is but 0.
fn along(range: &Range) -> Affine {
    if range.length.as_number() == Some(1) { Affine::number(0) } else { range.affine() }
}

/// Writes one definition out.
struct Writer<'a> {
    net: &'a Network,
    letters: &'a preferred::Letters,
    taken: BTreeSet<String>,
    parts: usize,
    depth: usize,
}

impl Writer<'_> {
    /// The cell of a tensor at these subscripts.
    fn cell(&mut self, id: NodeId, at: Vec<Affine>) -> Result<Formula, Error> {
        self.parts += 1;
        if self.parts > MAX_PARTS || self.depth >= MAX_DEPTH {
            return Err(Error::new(
                Kind::Limit,
                format!(
                    "this definition is too long for an index formula: more than {MAX_PARTS} \
                     operations, or {MAX_DEPTH} inside one another"
                ),
            )
            .hint("give names to its parts"));
        }
        self.depth += 1;
        let formula = self.operation(id, at);
        self.depth -= 1;
        formula
    }

    /// New indices for axes, with ranges; an axis of length 1 gets the subscript 0 and no range.
    fn indices(&mut self, preferred: &[String], lengths: &[usize]) -> (Vec<Range>, Vec<Affine>) {
        let (mut ranges, mut at) = (Vec::new(), Vec::new());
        for (letter, length) in preferred.iter().zip(lengths) {
            if *length == 1 {
                at.push(Affine::number(0));
                continue;
            }
            let letter = fresh_all(&[self.letters.apart(letter)], &mut self.taken).swap_remove(0);
            let range = Range::new(&letter, *length);
            at.push(range.affine());
            ranges.push(range);
        }
        (ranges, at)
    }

    /// The cell of an operand of an elementwise operation of a given rank.
    fn broadcast(&mut self, id: NodeId, at: &[Affine]) -> Result<Formula, Error> {
        let lengths = self.net.node(id).shape.lengths();
        let own = &at[at.len().saturating_sub(lengths.len())..];
        let at = own.iter().zip(lengths).map(|(a, n)| match n {
            1 => Affine::number(0),
            _ => a.clone(),
        });
        let at = at.collect();
        self.cell(id, at)
    }

    fn all(&mut self, ids: &[NodeId], at: &[Affine]) -> Result<Vec<Formula>, Error> {
        ids.iter().map(|id| self.broadcast(*id, at)).collect()
    }

    fn operation(&mut self, id: NodeId, at: Vec<Affine>) -> Result<Formula, Error> {
        let net = self.net;
        Ok(match &net.node(id).op {
            Op::Leaf(q) | Op::Define(q, _) => Formula::element(&net.quantity(*q).name, at),
            Op::Number(q) => Formula::Number(q.clone()),
            Op::Neg(a) => match self.broadcast(*a, &at)? {
                Formula::Number(q) => Formula::Number(q.neg()),
                other => other.negative(),
            },
            Op::Add(all) => Formula::Add(self.all(all, &at)?),
            Op::Sub(a, b) => self.broadcast(*a, &at)?.less(self.broadcast(*b, &at)?),
            Op::Mul(all) => Formula::Mul(flat(self.all(all, &at)?)),
            Op::Div(a, b) => fraction(self.broadcast(*a, &at)?, self.broadcast(*b, &at)?),
            Op::Pow(a, b) => self.broadcast(*a, &at)?.power(self.broadcast(*b, &at)?),
            Op::Call(function, a) => Formula::call(*function, self.broadcast(*a, &at)?),
            Op::MaxOf(all) => Formula::MaxOf(self.all(all, &at)?),
            Op::Max(a, axes) => self.max(*a, axes, &at)?,
            Op::Sum(a, axes) => self.sum(*a, axes, &at)?,
            Op::Element(a, index) => {
                self.cell(*a, index.iter().map(|i| Affine::from(*i)).collect())?
            }
            Op::Reshape(a) => self.reshape(*a, net.node(id).shape.lengths(), &at)?,
            Op::Transpose(a, axes) => {
                let mut inverse = vec![Affine::number(0); axes.len()];
                for (own, axis) in at.into_iter().zip(axes) {
                    inverse[*axis] = own;
                }
                self.cell(*a, inverse)?
            }
            Op::Slice(a, ranges) => self.slice(*a, ranges, &at)?,
            Op::Concat(parts, axis) => self.concat(parts, *axis, &at)?,
            Op::MatMul(a, b) => self.matmul(*a, *b, &at)?,
            Op::Conv { input, kernel, window } => self.conv(*input, *kernel, window, &at)?,
            Op::Pool { kind, input, size, window } => {
                self.pool(*kind, *input, size, window, &at)?
            }
        })
    }
}

/// a / b, one number where both are numbers.
fn fraction(a: Formula, b: Formula) -> Formula {
    match (&a, &b) {
        (Formula::Number(p), Formula::Number(q)) => match p.div(q) {
            Ok(number) => Formula::Number(number),
            Err(_) => a.over(b),
        },
        _ => a.over(b),
    }
}

/// Products in a product are spliced.
fn flat(factors: Vec<Formula>) -> Vec<Formula> {
    factors.iter().flat_map(Formula::factors).collect()
}
