//! What a page says of the network itself: sizes, definitions.

use super::math::{Math, Relation};
use super::typeset::Typesetter;
use super::words::relation;
use super::{Block, Inline, Page, Row, Section, Table};
use crate::expr::{ExprId, Graph, Node};
use crate::lower::{Lowered, names};
use crate::net::{Network, Op, QuantityId, Role, Shape, Window};
use crate::scalar::Function;

/// Of a tensor with more cells than this, only the first and the last are written out.
pub const MAX_CELLS: usize = 16;

fn words(text: impl Into<String>) -> Inline {
    Inline::Words(text.into())
}

fn symbol(name: &str) -> Inline {
    Inline::Math(Math::symbol(name))
}

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
            let named = |node| name_of(net, node).unwrap_or("its input");
            let (x, k) = (&net.node(*input).shape, &net.node(*kernel).shape);
            let mut text = vec![
                symbol(&quantity.name),
                words(if window.flip {
                    " is the convolution of "
                } else {
                    " is the cross-correlation of "
                }),
            ];
            text.extend([symbol(named(*input)), words(" with "), symbol(named(*kernel))]);
            text.push(words(if window.flip {
                " (the filter turned by 180°, as convolution is defined), "
            } else {
                " (the filter is not turned), "
            }));
            text.push(words(format!("{}. ", how(window))));
            for (before, letter) in [
                ("With ", "W"),
                (" the size of the input, ", "F"),
                (" of the filter, ", "P"),
                (" the padding and ", "S"),
            ] {
                text.extend([words(before), symbol(letter)]);
            }
            text.push(words(" the stride, its size is"));
            blocks.push(Block::Text(text));
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
        blocks.push(Block::Text(vec![words("where "), Inline::Math(equation), words(".")]));
    }
    if uses(Function::NormalCdf) || uses(Function::NormalPdf) {
        blocks.push(Block::Text(vec![
            words("where "),
            Inline::Math(call(Function::NormalCdf, x())),
            words(" is the standard normal distribution, the chance that a normal variable is at most "),
            Inline::Math(x()),
            words(", and "),
            Inline::Math(call(Function::NormalPdf, x())),
            words(" is its density."),
        ]));
    }
    blocks
}

fn name_of(net: &Network, node: crate::net::NodeId) -> Option<&str> {
    net.quantities().find(|(_, q)| q.node == node).map(|(_, q)| q.name.as_str())
}

fn how(window: &Window) -> String {
    let per_axis = |lengths: &[usize]| match lengths {
        [first, rest @ ..] if rest.iter().all(|n| n == first) => first.to_string(),
        all => all.iter().map(usize::to_string).collect::<Vec<_>>().join(" by "),
    };
    let sides = |[before, after]: [usize; 2]| match before == after {
        true => before.to_string(),
        false => format!("{before} before and {after} after"),
    };
    let mut text = vec![format!("stride {}", per_axis(&window.stride))];
    text.push(match window.padding.as_slice() {
        all if all.iter().all(|p| *p == [0, 0]) => "no padding".to_string(),
        [first, rest @ ..] if rest.iter().all(|p| p == first) => {
            format!("padding {}", sides(*first))
        }
        all => {
            format!("padding {}", all.iter().map(|p| sides(*p)).collect::<Vec<_>>().join(" by "))
        }
    });
    if window.dilation.iter().any(|d| *d != 1) {
        text.push(format!("dilation {}", per_axis(&window.dilation)));
    }
    if window.groups != 1 {
        text.push(format!("{} groups of channels", window.groups));
    }
    text.join(", ")
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
    let names: &[(usize, &str)] = match axes {
        _ if same => &[(0, "")],
        2 => &[(0, "rows"), (1, "columns")],
        _ => &[(0, "0"), (1, "1"), (2, "2")],
    };
    for (axis, words_of_axis) in names {
        let (w, f, p, s) = size(*axis);
        let filled = formula(int(w), int(f), padding(p), int(s), exact(*axis));
        let left = (!same).then(|| letter(&format!("N_{words_of_axis}")));
        let found = int(out.lengths()[out.rank() - axes + axis]);
        let mut row = Row::new(left, relation(filled, Relation::Equal, found));
        if !exact(*axis) {
            row.reason = vec![words("rounded down, as the frameworks do")];
        }
        rows.push(row);
    }
    rows
}

/// The quantities by what they are for.
pub(super) fn cast(net: &Network) -> Vec<Inline> {
    let mut text = Vec::new();
    let kinds = [
        (Role::Input, "input", "inputs"),
        (Role::Param, "weight to learn", "weights to learn"),
        (Role::Target, "target", "targets"),
        (Role::Const, "constant", "constants"),
    ];
    for (role, one, many) in kinds {
        let of_kind: Vec<(QuantityId, _)> =
            net.quantities().filter(|(_, q)| q.role == role).collect();
        if of_kind.is_empty() {
            continue;
        }
        let cells: usize = of_kind.iter().map(|(id, _)| net.shape(*id).elements()).sum();
        if !text.is_empty() {
            text.push(words(" "));
        }
        let mut heading =
            if of_kind.len() > 1 || (cells > 1 && role == Role::Param) { many } else { one }
                .to_string();
        heading[..1].make_ascii_uppercase();
        text.push(words(format!("{heading}: ")));
        for (n, (id, quantity)) in of_kind.iter().enumerate() {
            if n > 0 {
                text.push(words(", "));
            }
            text.push(symbol(&quantity.name));
            if !net.shape(*id).is_scalar() {
                text.push(words(format!(" ({})", net.shape(*id))));
            }
        }
        text.push(words("."));
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
    let mut blocks = vec![Block::Text(vec![words("The network computes")]), Block::Equations(rows)];
    for (name, count) in folded {
        blocks.push(Block::Text(vec![
            words(format!("Of the {count} cells of ")),
            symbol(name),
            words(" the first two and the last are shown; "),
            Inline::Code("backproof show --all".to_string()),
            words(" lists every one."),
        ]));
    }
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
    let header = ["name", "what it is", "shape", "cells", "values"];
    let rows = net.quantities().map(|(id, quantity)| {
        let kind = match quantity.role {
            Role::Input => "input",
            Role::Param => "weight",
            Role::Target => "target",
            Role::Const => "constant",
            Role::Defined if id == net.loss() => "loss",
            Role::Defined => "defined",
        };
        let given = if net.values().contains_key(&id) { "given" } else { "" };
        vec![
            vec![symbol(&quantity.name)],
            vec![words(kind)],
            vec![words(net.shape(id).to_string())],
            vec![words(net.shape(id).elements().to_string())],
            vec![words(given)],
        ]
    });
    let table =
        Table { header: header.iter().map(|h| vec![words(*h)]).collect(), rows: rows.collect() };
    let section =
        |heading: &str, blocks| Section { number: None, heading: vec![words(heading)], blocks };
    let learnt: usize = net.params().map(|id| net.shape(id).elements()).sum();
    let mut what = vec![Block::Table(table)];
    what.push(Block::Text(vec![
        words(if learnt == 1 {
            "1 weight to learn; ".into()
        } else {
            format!("{learnt} weights to learn; ")
        }),
        symbol(loss),
        words(" is to be made small."),
    ]));
    let mut sections = vec![section("Quantities", what)];
    let sizes = sizes(net);
    if !sizes.is_empty() {
        sections.push(section("Sizes", sizes));
    }
    let most = if every_cell { usize::MAX } else { MAX_CELLS };
    let mut blocks = definitions(net, &lowered.cells, g, &t, most);
    for (max, winner) in &lowered.winners {
        let max = names.get(max).copied().unwrap_or(*max);
        let holds = relation(t.math(max), Relation::Equal, t.math(*winner));
        blocks.push(Block::Text(vec![words("Assumed: "), Inline::Math(holds), words(".")]));
    }
    sections.push(section("Definitions", blocks));
    Page { title: format!("The network of {loss}"), sections }
}
