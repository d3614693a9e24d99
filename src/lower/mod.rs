//! Lowering (floor 3): a validated network of tensors becomes a graph of scalars.
//!
//! In: a [`Network`]. Out: a [`Lowered`]: one expression for every cell of every quantity, the
//! loss, and the assumed winners. Every cell of a defined quantity is a `Named` node, so the
//! text of a derivation can say c₁₀; a network written in scalars gives the same graph.

mod elementwise;
mod scope;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Error, Kind};
use crate::expr::{ExprId, Graph, Node, Symbol, SymbolId, Winners};
use crate::net::{Network, NodeId, Op, QuantityId, Role, Shape, Window};
use crate::scalar::Rational;

/// The largest number of scalar nodes that a network may lower to.
pub const MAX_NODES: usize = 1 << 23;

/// A network in scalars.
#[derive(Clone)]
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
}

/// A max of the network.
#[derive(Clone, Debug)]
pub struct Maximum {
    /// The `Max` or `MaxOf` node of the network.
    pub node: NodeId,
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
    let mut g = Graph::new();
    let mut nodes: Vec<Vec<ExprId>> = Vec::with_capacity(net.nodes().len());
    let mut maxima = Vec::new();
    let mut decided = BTreeSet::new();
    for (index, tensor) in net.nodes().iter().enumerate() {
        let cells = cells_of(&mut g, net, &nodes, &tensor.op, &tensor.shape);
        if g.len() > MAX_NODES {
            return Err(Error::new(
                Kind::Limit,
                format!("this network has more than {MAX_NODES} scalar operations"),
            )
            .at(tensor.span));
        }
        match &tensor.op {
            // The same max written twice is one expression, and is decided once.
            Op::Max(_) | Op::MaxOf(_) if decided.insert(cells[0]) => {
                let node = NodeId(index as u32);
                maxima.push(Maximum { node, max: cells[0], named: None });
            }
            Op::Define(_, value) if matches!(net.node(*value).op, Op::Max(_) | Op::MaxOf(_)) => {
                if let Some(m) = maxima.iter_mut().rev().find(|m| m.node == *value) {
                    m.named = Some(cells[0]);
                }
            }
            _ => {}
        }
        nodes.push(cells);
    }
    let cells: Vec<Vec<ExprId>> =
        net.quantities().map(|(_, q)| nodes[q.node.index()].clone()).collect();
    let mut winners = Winners::new();
    for assumption in net.assumptions() {
        let max = nodes[assumption.max.index()][0];
        let Node::Max(args) = g.node(max) else { unreachable!("a max lowers to one") };
        winners.insert(max, g.args(args)[assumption.winner]);
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
    Ok(Lowered { graph: g, cells, loss, winners, maxima, values, params })
}

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
        Op::Max(a) => vec![g.max(cells(a))],
        Op::MaxOf(all) => {
            let args: Vec<ExprId> = all.iter().map(|id| cells(id)[0]).collect();
            vec![g.max(args)]
        }
        Op::Sum(a) => vec![sum(g, cells(a).clone())],
        Op::Conv { input, kernel, window } => {
            let (from, of) = (&net.node(*input).shape, &net.node(*kernel).shape);
            conv(g, cells(input), from, cells(kernel), of, window, shape)
        }
        Op::Neg(_)
        | Op::Add(_)
        | Op::Sub(..)
        | Op::Mul(_)
        | Op::Div(..)
        | Op::Pow(..)
        | Op::Call(..) => elementwise::cells(g, nodes, op, shape),
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

/// One output cell after the other; terms in the order of the input under the window. A cell
/// of the padding is 0 and its term is left out.
fn conv(
    g: &mut Graph,
    input: &[ExprId],
    from: &Shape,
    kernel: &[ExprId],
    of: &Shape,
    window: &Window,
    to: &Shape,
) -> Vec<ExprId> {
    let [h, w] = [of.lengths()[0], of.lengths()[1]];
    let inside = |axis: usize, out: usize, offset: usize| {
        (out * window.stride[axis] + offset)
            .checked_sub(window.padding[axis])
            .filter(|at| *at < from.lengths()[axis])
    };
    let mut all = Vec::with_capacity(to.elements());
    for position in 0..to.elements() {
        let at = to.index(position);
        let mut terms = Vec::with_capacity(h * w);
        for m in 0..h {
            let Some(row) = inside(0, at[0], m) else { continue };
            for n in 0..w {
                let Some(column) = inside(1, at[1], n) else { continue };
                let turned = if window.flip { (h - 1 - m) * w + (w - 1 - n) } else { m * w + n };
                let x = input[row * from.lengths()[1] + column];
                terms.push(g.mul([x, kernel[turned]]));
            }
        }
        all.push(sum(g, terms));
    }
    all
}
