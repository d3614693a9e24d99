//! Lowering (floor 3): a validated network of tensors becomes a graph of scalars.
//!
//! In: a [`Network`]. Out: a [`Lowered`]: one expression for every cell of every quantity, the
//! loss, and the assumed winners. Every cell of a defined quantity is a `Named` node, so the
//! text of a derivation can say c₁₀; a network written in scalars gives the same graph.

mod distributions;
mod elementwise;
mod make;
mod matmul;
mod new;
mod scope;
mod windows;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Error, Kind};
use crate::expr::{ExprId, Graph, Node, SymbolId, Winners};
use crate::net::{Network, NodeId, Op, Pooling, QuantityId, Role, Shape, Tensor};
use crate::scalar::Rational;
use make::Make;
use new::Parents;

#[doc(hidden)]
/// The largest number of scalar nodes that a network may lower to.
pub const MAX_NODES: usize = 20_000_000;

/// A network in scalars.
#[derive(Clone)]
#[non_exhaustive]
pub struct Lowered {
    /// The expressions.
    pub graph: Graph,
    /// The cells of each quantity, row-major, in the order of [`Network::quantities`].
    pub cells: Vec<Vec<ExprId>>,
    /// The loss, a `Named` node.
    pub loss: ExprId,
    /// The assumed winners.
    pub winners: Winners,
    /// Every max of the network with its arguments, in the order of the source.
    pub maxima: Vec<Maximum>,
    /// The given values.
    pub values: BTreeMap<SymbolId, Rational>,
    /// The cells of the parameters.
    pub params: BTreeSet<ExprId>,
    /// Cells without a definition that sum to 1: as the network assumes, or as the given values
    /// of a target show. No cell is in two of them.
    pub distributions: Vec<Vec<ExprId>>,
}

/// A max of the network.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Maximum {
    /// The `Max`, `MaxOf` or `Pool` node of the network.
    pub node: NodeId,
    /// Which of its elements, row-major.
    pub element: usize,
    /// The `Max` node of the graph.
    pub max: ExprId,
    /// The quantity that it defines, if a definition is nothing but this max.
    pub named: Option<ExprId>,
}

impl Lowered {
    /// The cells of a quantity, row-major.
    pub fn of(&self, id: QuantityId) -> &[ExprId] {
        &self.cells[id.index()]
    }
}

/// How many nodes a network takes, about. The products under its sums are counted before any is
/// written, for one operation may have as many as fill the memory.
fn check_size(net: &Network) -> Result<usize, Error> {
    let mut total = 0usize;
    for tensor in net.nodes() {
        let each = match &tensor.op {
            Op::Conv { kernel, .. } => {
                let kernel = &net.node(*kernel).shape;
                let filters = if kernel.rank() > 2 { kernel.lengths()[0] } else { 1 };
                kernel.elements() / filters.max(1)
            }
            Op::MatMul(a, _) => net.node(*a).shape.lengths().last().copied().unwrap_or(1),
            _ => 1,
        };
        total = total.saturating_add(tensor.shape.elements().saturating_mul(each));
        if total > MAX_NODES {
            return Err(too_large(tensor));
        }
    }
    Ok(total)
}

fn too_large(tensor: &Tensor) -> Error {
    let sentence = format!("this network has more than {MAX_NODES} scalar operations");
    Error::new(Kind::Limit, sentence).at(tensor.span)
}

/// Lowers a network to scalars.
///
/// # Errors
/// Of kind `Limit`, where the scalars would be more than [`MAX_NODES`].
///
/// ```
/// let net = backproof::parse_network(
///     "input x
///      param w
///      target t
///      y = w*x
///      E = (t - y)^2 / 2",
/// )?;
/// let lowered = backproof::lower(&net)?;
/// let y = lowered.of(net.find("y").unwrap())[0];               // one cell: y is a scalar
/// assert_eq!(backproof::print_formula(&lowered.graph, y), "y");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn lower(net: &Network) -> Result<Lowered, Error> {
    let about = check_size(net)?;
    let mut g = Graph::new();
    g.append().reserve(about, about);
    let mut nodes: Vec<Vec<ExprId>> = Vec::with_capacity(net.nodes().len());
    let mut maxima = Vec::new();
    let mut decided = BTreeSet::new();
    let mut place_of = BTreeMap::new();
    let mut parents = Parents::default();
    for (index, tensor) in net.nodes().iter().enumerate() {
        let (cells, new) = cells_of(&mut g, &parents, net, &nodes, tensor);
        parents.note(&g, &nodes, &tensor.op, &cells, new);
        if g.len() > MAX_NODES {
            return Err(too_large(tensor));
        }
        if takes_max(&tensor.op) {
            for (element, cell) in cells.iter().enumerate() {
                // A max of one cell is that cell; the same max written twice is one expression,
                // and is decided once.
                if matches!(g.node(*cell), Node::Max(_)) && decided.insert(*cell) {
                    let node = NodeId(index as u32);
                    place_of.insert(*cell, maxima.len());
                    maxima.push(Maximum { node, element, max: *cell, named: None });
                }
            }
        }
        if let Op::Define(_, value) = &tensor.op
            && takes_max(&net.node(*value).op)
        {
            for (named, max) in cells.iter().zip(&nodes[value.index()]) {
                if let Some(place) = place_of.get(max) {
                    maxima[*place].named = Some(*named);
                }
            }
        }
        nodes.push(cells);
    }
    let cells: Vec<Vec<ExprId>> =
        net.quantities().map(|(_, q)| nodes[q.node.index()].clone()).collect();
    let mut winners = Winners::new();
    for assumption in net.assumptions() {
        let max = nodes[assumption.max.index()][assumption.element];
        let winner = match &net.node(assumption.max).op {
            Op::MaxOf(all) => nodes[all[assumption.winner].index()][0],
            Op::Max(a, _) | Op::Pool { input: a, .. } => nodes[a.index()][assumption.winner],
            other => unreachable!("{other:?} is no max, and the builder checks that"),
        };
        // A max of one cell has nothing to decide.
        if matches!(g.node(max), Node::Max(_)) {
            winners.insert(max, winner);
        }
    }
    let mut values = BTreeMap::new();
    for (id, given) in net.values() {
        for (cell, value) in cells[id.index()].iter().zip(given) {
            if let Some(symbol) = g.symbol_of(*cell) {
                values.insert(symbol, value.clone());
            }
        }
    }
    let params = net
        .quantities()
        .filter(|(_, q)| q.role == Role::Param)
        .flat_map(|(id, _)| cells[id.index()].iter().copied())
        .collect();
    let loss = cells[net.loss().index()][0];
    let distributions = distributions::distributions(net, &g, &cells, &values);
    Ok(Lowered { graph: g, cells, loss, winners, maxima, values, params, distributions })
}

#[doc(hidden)]
/// The name of each expression that has one: value → `Named` node. Where two names stand for the
/// same expression, the first.
pub fn names(g: &Graph, cells: &[Vec<ExprId>]) -> BTreeMap<ExprId, ExprId> {
    let mut names = BTreeMap::new();
    for cell in cells.iter().flatten() {
        if let Node::Named(_, value) = g.node(*cell) {
            names.entry(value).or_insert(*cell);
        }
    }
    names
}

/// The expressions of every cell of one tensor, row-major, and whether all that they are made of
/// is new.
fn cells_of(
    g: &mut Graph,
    parents: &Parents,
    net: &Network,
    nodes: &[Vec<ExprId>],
    tensor: &Tensor,
) -> (Vec<ExprId>, bool) {
    let (op, shape) = (&tensor.op, &tensor.shape);
    let cells = |id: &NodeId| &*nodes[id.index()];
    let from = |id: &NodeId| &net.node(*id).shape;
    let new = parents.is_new(g, net, nodes, op, shape.elements());
    let mut make = Make { g: &mut *g, new };
    let cells = match op {
        Op::Leaf(q) => make.g.cells(&net.quantity(*q).name, shape.lengths()),
        Op::Define(q, value) => {
            make.g.named_cells(&net.quantity(*q).name, shape.lengths(), cells(value))
        }
        Op::Number(q) => vec![make.g.number(q)],
        Op::Element(a, at) => {
            let position = from(a).position(at).expect("the builder checks indices");
            vec![cells(a)[position]]
        }
        Op::MaxOf(all) => {
            let args: Vec<ExprId> = all.iter().map(|id| cells(id)[0]).collect();
            // A max that somebody has written stays one, also of a single argument.
            vec![if new { make.g.fresh().max(&args) } else { make.g.max(args) }]
        }
        Op::Max(a, axes) => {
            along(cells(a), from(a), axes, shape).iter().map(|args| make.max(args)).collect()
        }
        Op::Sum(a, axes) => {
            along(cells(a), from(a), axes, shape).iter().map(|terms| make.sum(terms)).collect()
        }
        Op::Reshape(a) => cells(a).to_vec(),
        Op::Transpose(a, axes) => by_index(shape, |at| {
            let mut source = vec![0; at.len()];
            axes.iter().zip(at).for_each(|(axis, i)| source[*axis] = *i);
            cells(a)[place(from(a), &source)]
        }),
        Op::Slice(a, ranges) => by_index(shape, |at| {
            let source: Vec<usize> =
                ranges.iter().zip(at).map(|(r, i)| r.start + r.step * i).collect();
            cells(a)[place(from(a), &source)]
        }),
        Op::Concat(parts, axis) => by_index(shape, |at| {
            let mut source = at.to_vec();
            for part in parts {
                let length = from(part).lengths()[*axis];
                if source[*axis] < length {
                    return cells(part)[place(from(part), &source)];
                }
                source[*axis] -= length;
            }
            unreachable!("the parts are as long as the whole")
        }),
        Op::MatMul(a, b) => {
            matmul::cells(&mut make, [cells(a), cells(b)], [from(a), from(b)], shape)
        }
        Op::Conv { input, kernel, window } => {
            let (cells, shapes) = ([cells(input), cells(kernel)], [from(input), from(kernel)]);
            windows::conv(&mut make, cells, shapes, window, shape)
        }
        Op::Pool { kind, input, size, window } => {
            let input = (cells(input), from(input));
            return windows::pool(g, parents, *kind, input, size, window, shape);
        }
        Op::Neg(_)
        | Op::Add(_)
        | Op::Sub(..)
        | Op::Mul(_)
        | Op::Div(..)
        | Op::Pow(..)
        | Op::Call(..) => elementwise::cells(&mut make, net, nodes, op, shape),
    };
    (cells, new)
}

fn takes_max(op: &Op) -> bool {
    matches!(op, Op::Max(..) | Op::MaxOf(_) | Op::Pool { kind: Pooling::Max, .. })
}

/// For each cell of the result, what is reduced to it, in row-major order.
fn along(cells: &[ExprId], from: &Shape, axes: &[usize], to: &Shape) -> Vec<Vec<ExprId>> {
    let mut reduced = vec![Vec::new(); to.elements()];
    for (position, cell) in cells.iter().enumerate() {
        let at = from.index(position);
        let kept: Vec<usize> = (0..at.len()).filter(|i| !axes.contains(i)).map(|i| at[i]).collect();
        reduced[place(to, &kept)].push(*cell);
    }
    reduced
}

/// A cell for each index of a shape, row-major.
fn by_index(shape: &Shape, cell: impl Fn(&[usize]) -> ExprId) -> Vec<ExprId> {
    (0..shape.elements()).map(|n| cell(&shape.index(n))).collect()
}

/// The row-major position of an index that is inside.
fn place(shape: &Shape, at: &[usize]) -> usize {
    shape.position(at).expect("the builder checks shapes and indices")
}
