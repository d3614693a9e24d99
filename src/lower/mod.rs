//! Lowering (floor 3): a validated network of tensors becomes a graph of scalars.
//!
//! In: a [`Network`]. Out: a [`Lowered`]: one expression for every cell of every quantity, the
//! loss, and the assumed winners. Every cell of a defined quantity is a `Named` node, so the
//! text of a derivation can say c₁₀; a network written in scalars gives the same graph.

mod distributions;
mod elementwise;
mod matmul;
mod scope;
mod windows;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Error, Kind};
use crate::expr::{ExprId, Graph, Node, Symbol, SymbolId, Winners};
use crate::net::{Network, NodeId, Op, Pooling, QuantityId, Role, Shape};
use crate::scalar::Rational;

#[doc(hidden)]
/// The largest number of scalar nodes that a network may lower to.
pub const MAX_NODES: usize = 1 << 23;

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

/// The products under the sums of a network are counted before any is written, for one operation
/// may have as many as fill the memory.
fn check_size(net: &Network) -> Result<(), Error> {
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
    Ok(())
}

fn too_large(tensor: &crate::net::Tensor) -> Error {
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
    check_size(net)?;
    let mut g = Graph::new();
    let mut nodes: Vec<Vec<ExprId>> = Vec::with_capacity(net.nodes().len());
    let mut maxima = Vec::new();
    let mut decided = BTreeSet::new();
    let mut place_of = BTreeMap::new();
    for (index, tensor) in net.nodes().iter().enumerate() {
        let cells = cells_of(&mut g, net, &nodes, &tensor.op, &tensor.shape);
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

/// The expressions of every cell of one tensor, row-major.
fn cells_of(
    g: &mut Graph,
    net: &Network,
    nodes: &[Vec<ExprId>],
    op: &Op,
    shape: &Shape,
) -> Vec<ExprId> {
    let cells = |id: &NodeId| &nodes[id.index()];
    match op {
        Op::Leaf(q) => {
            let name = &net.quantity(*q).name;
            (0..shape.elements())
                .map(|n| g.var_symbol(Symbol::element(name, &shape.index(n))))
                .collect()
        }
        Op::Define(q, value) => {
            let name = &net.quantity(*q).name;
            let values = cells(value);
            (0..shape.elements())
                .map(|n| g.named_symbol(Symbol::element(name, &shape.index(n)), values[n]))
                .collect()
        }
        Op::Number(q) => vec![g.number(q)],
        Op::Element(a, at) => {
            let from = &net.node(*a).shape;
            let position = from.position(at).expect("the builder checks indices");
            vec![cells(a)[position]]
        }
        Op::MaxOf(all) => {
            let args: Vec<ExprId> = all.iter().map(|id| cells(id)[0]).collect();
            vec![g.max(args)]
        }
        Op::Max(a, axes) => along(cells(a), &net.node(*a).shape, axes, shape)
            .into_iter()
            .map(|args| max(g, args))
            .collect(),
        Op::Sum(a, axes) => along(cells(a), &net.node(*a).shape, axes, shape)
            .into_iter()
            .map(|terms| sum(g, terms))
            .collect(),
        Op::Reshape(a) => cells(a).clone(),
        Op::Transpose(a, axes) => {
            let from = &net.node(*a).shape;
            by_index(shape, |at| {
                let mut source = vec![0; at.len()];
                axes.iter().zip(at).for_each(|(axis, i)| source[*axis] = *i);
                cells(a)[place(from, &source)]
            })
        }
        Op::Slice(a, ranges) => {
            let from = &net.node(*a).shape;
            by_index(shape, |at| {
                let source: Vec<usize> =
                    ranges.iter().zip(at).map(|(r, i)| r.start + r.step * i).collect();
                cells(a)[place(from, &source)]
            })
        }
        Op::Concat(parts, axis) => by_index(shape, |at| {
            let mut source = at.to_vec();
            for part in parts {
                let from = &net.node(*part).shape;
                if source[*axis] < from.lengths()[*axis] {
                    return cells(part)[place(from, &source)];
                }
                source[*axis] -= from.lengths()[*axis];
            }
            unreachable!("the parts are as long as the whole")
        }),
        Op::MatMul(a, b) => {
            let shapes = [&net.node(*a).shape, &net.node(*b).shape];
            matmul::cells(g, [cells(a), cells(b)], shapes, shape)
        }
        Op::Conv { input, kernel, window } => {
            let shapes = [&net.node(*input).shape, &net.node(*kernel).shape];
            windows::conv(g, [cells(input), cells(kernel)], shapes, window, shape)
        }
        Op::Pool { kind, input, size, window } => {
            let from = &net.node(*input).shape;
            windows::pool(g, *kind, (cells(input), from), size, window, shape)
        }
        Op::Neg(_)
        | Op::Add(_)
        | Op::Sub(..)
        | Op::Mul(_)
        | Op::Div(..)
        | Op::Pow(..)
        | Op::Call(..) => elementwise::cells(g, net, nodes, op, shape),
    }
}

/// The sum of `terms`: a sum of one is that one, and of none is 0.
fn sum(g: &mut Graph, terms: Vec<ExprId>) -> ExprId {
    match terms.as_slice() {
        [] => g.integer(0),
        [one] => *one,
        _ => g.add(terms),
    }
}

/// The greatest of `args`; of one, that one.
fn max(g: &mut Graph, args: Vec<ExprId>) -> ExprId {
    match args.as_slice() {
        [one] => *one,
        _ => g.max(args),
    }
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
