//! What a page says of the network itself: sizes, definitions.

use super::math::{Math, Relation, relation};
use super::typeset::Typesetter;
use super::words::{network as say, plain};
use super::{Block, Inline, Page, Row, Section, Table};
use crate::expr::{ExprId, Graph, Node};
use crate::lower::{Lowered, names};
use crate::net::{Network, NodeId, Op, Role, Shape, Window};
use crate::scalar::Function;

/// Of a tensor with more cells than this, only the first and the last are written out.
pub const MAX_CELLS: usize = 16;

/// What goes in and what is learnt, then the sizes.
pub(super) fn geometry(net: &Network) -> Vec<Block> {
    let mut blocks = vec![Block::Text(cast(net))];
    blocks.extend(sizes(net));
    blocks
}

/// The size of every convolution, with its numbers.
fn sizes(net: &Network) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (id, quantity) in net.quantities() {
        let Op::Define(_, value) = &net.node(quantity.node).op else { continue };
        if let Op::Conv { input, kernel, window } = &net.node(*value).op {
            let named = |node: &NodeId| name_of(net, *node);
            let (x, k) = (&net.node(*input).shape, &net.node(*kernel).shape);
            blocks.push(Block::Text(say::size_of_convolution(
                &quantity.name,
                named(input),
                named(kernel),
                window,
            )));
            blocks.push(Block::Equations(size_rows(x, k, window, net.shape(id))));
        }
    }
    blocks
}

/// What the functions are that not every reader has met.
pub(super) fn legend(g: &Graph, loss: ExprId) -> Vec<Block> {
    let reached = g.reachable(&[loss]);
    let uses =
        |f: Function| reached.iter().any(|e| matches!(g.node(*e), Node::Call(h, _) if h == f));
    let call = |f: Function, of: Math| Math::Call(f, Box::new(of));
    let x = || Math::symbol("x");
    let mut blocks = Vec::new();
    if uses(Function::Softplus) {
        let inside = Math::Sum(vec![(false, Math::integer(1)), (false, call(Function::Exp, x()))]);
        let meaning = call(Function::Ln, inside);
        let equation = relation(call(Function::Softplus, x()), Relation::Equal, meaning);
        blocks.push(Block::Text(say::meaning(equation)));
    }
    if uses(Function::NormalCdf) || uses(Function::NormalPdf) {
        let (distribution, density) =
            (call(Function::NormalCdf, x()), call(Function::NormalPdf, x()));
        blocks.push(Block::Text(say::normal(distribution, x(), density)));
    }
    blocks
}

fn name_of(net: &Network, node: NodeId) -> Option<&str> {
    net.quantities().find(|(_, q)| q.node == node).map(|(_, q)| q.name.as_str())
}

/// N = (W − F + 2·P)/S + 1, in letters, then in numbers; rows and columns apart where they
/// differ. Where the filter does not tile the input, the quotient is rounded down.
fn size_rows(x: &Shape, k: &Shape, window: &Window, out: &Shape) -> Vec<Row> {
    let letter = Math::symbol;
    let int = |n: usize| Math::integer(n as i64);
    let formula = |w: Math, f: Math, p: Math, s: Math, exact: bool| {
        let top = Math::Sum(vec![(false, w), (true, f), (false, p)]);
        let ratio = Math::Fraction(Box::new(top), Box::new(s));
        let ratio = if exact { ratio } else { Math::Floor(Box::new(ratio)) };
        Math::Sum(vec![(false, ratio), (false, Math::integer(1))])
    };
    let twice = |p: Math| Math::Product(vec![Math::integer(2), p]);
    let (axes, before) = (window.axes(), x.rank() - window.axes());
    let size = |axis: usize| {
        // A dilated filter counts as long as it reaches.
        let reach = (k.lengths()[k.rank() - axes + axis] - 1) * window.dilation[axis] + 1;
        (x.lengths()[before + axis], reach, window.padding[axis], window.stride[axis])
    };
    let exact = |axis: usize| {
        let (w, f, [p, q], s) = size(axis);
        (w + p + q - f).is_multiple_of(s)
    };
    let padding = |[p, q]: [usize; 2]| if p == q { twice(int(p)) } else { int(p + q) };
    let all_exact = (0..axes).all(exact);
    let in_letters = formula(letter("W"), letter("F"), twice(letter("P")), letter("S"), all_exact);
    let mut rows = vec![Row::new(Some(letter("N")), in_letters)];
    let same = (1..axes).all(|axis| size(axis) == size(0));
    for axis in 0..if same { 1 } else { axes } {
        let (w, f, p, s) = size(axis);
        let filled = formula(int(w), int(f), padding(p), int(s), exact(axis));
        let left = (!same).then(|| letter(&format!("N_{}", say::axis(axes, axis))));
        let found = int(out.lengths()[out.rank() - axes + axis]);
        let mut row = Row::new(left, relation(filled, Relation::Equal, found));
        if !exact(axis) {
            row.reason = say::rounded_down();
        }
        rows.push(row);
    }
    rows
}

/// The quantities by what they are for.
pub(super) fn cast(net: &Network) -> Vec<Inline> {
    let mut text = Vec::new();
    for role in [Role::Input, Role::Param, Role::Target, Role::Const] {
        let of_role: Vec<(&str, &Shape)> = net
            .quantities()
            .filter(|(_, q)| q.role == role)
            .map(|(id, q)| (q.name.as_str(), net.shape(id)))
            .collect();
        if of_role.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.extend(say::next_role());
        }
        let cells: usize = of_role.iter().map(|(_, shape)| shape.elements()).sum();
        let many = of_role.len() > 1 || (cells > 1 && role == Role::Param);
        text.extend(say::of_role(role, many, &of_role));
    }
    text
}

/// The definitions, cell by cell, in the order of the source; of a tensor with more than `most`
/// cells only the ends.
pub(super) fn definitions(
    net: &Network,
    cells: &[Vec<ExprId>],
    g: &Graph,
    t: &Typesetter<'_>,
    most: usize,
) -> Vec<Block> {
    let mut rows = Vec::new();
    let mut folded = Vec::new();
    let defined = net.quantities().filter(|(_, q)| q.role == Role::Defined);
    for (id, quantity) in defined {
        let cells = &cells[id.index()];
        let shown: Vec<usize> = if cells.len() <= most {
            (0..cells.len()).collect()
        } else {
            folded.push((quantity.name.as_str(), cells.len()));
            vec![0, 1, cells.len() - 1]
        };
        for n in shown {
            if let Node::Named(_, value) = g.node(cells[n]) {
                rows.push(Row::new(Some(t.math(cells[n])), t.math(value)));
            }
        }
    }
    let mut blocks = vec![Block::Text(say::computes()), Block::Equations(rows)];
    blocks.extend(folded.into_iter().map(|(name, cells)| Block::Text(say::folded(name, cells))));
    blocks
}

/// The page of a network: what it is made of, the sizes, the definitions.
///
/// ```
/// let net = backproof::parse_network(
///     "input x
///      param w
///      target t
///      y = w*x
///      E = (t - y)^2 / 2",
/// )?;
/// let page = backproof::network_page(&net, &backproof::lower(&net)?, false);
/// assert_eq!(page.title, "The network of E");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn network_page(net: &Network, lowered: &Lowered, every_cell: bool) -> Page {
    let g = &lowered.graph;
    let names = names(g, &lowered.cells);
    let t = Typesetter::new(g, &names);
    let loss = &net.quantity(net.loss()).name;
    let rows = net.quantities().map(|(id, quantity)| {
        vec![
            vec![Inline::Math(Math::symbol(&quantity.name))],
            say::purpose(quantity.role, id == net.loss()),
            plain(net.shape(id)),
            plain(net.shape(id).elements()),
            say::given(net.values().contains_key(&id)),
        ]
    });
    let table = Table { header: say::columns(), rows: rows.collect() };
    let section = |heading, blocks| Section { number: None, heading, blocks };
    let learnt: usize = net.params().map(|id| net.shape(id).elements()).sum();
    let what = vec![Block::Table(table), Block::Text(say::aim(learnt, loss))];
    let mut sections = vec![section(say::quantities(), what)];
    let sizes = sizes(net);
    if !sizes.is_empty() {
        sections.push(section(say::sizes(), sizes));
    }
    let most = if every_cell { usize::MAX } else { MAX_CELLS };
    let mut blocks = definitions(net, &lowered.cells, g, &t, most);
    for (max, winner) in &lowered.winners {
        let max = names.get(max).copied().unwrap_or(*max);
        let holds = relation(t.math(max), Relation::Equal, t.math(*winner));
        blocks.push(Block::Text(say::assumed(holds)));
    }
    sections.push(section(say::definitions(), blocks));
    Page { title: say::title(loss), sections }
}
