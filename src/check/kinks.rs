//! Kinks with names: which max or function, which cells, and the convention that was used.

use crate::concrete::{self, KinkKind};
use crate::net::{Network, NodeId, Op};

use super::MAX_LISTED;
use super::report::{Cell, Convention, Kink};

/// The first [`MAX_LISTED`] kinks of a point. `assumed`: the elements of maxima whose tie an assumption broke.
pub(super) fn listed(
    net: &Network,
    kinks: &[concrete::Kink],
    assumed: &[(NodeId, usize)],
) -> Vec<Kink> {
    let named = |kink: &concrete::Kink| match &kink.kind {
        KinkKind::Tie(tied) => Kink {
            of: element(net, kink.node, kink.element),
            cells: tied.iter().take(MAX_LISTED).map(|n| argument(net, kink.node, *n)).collect(),
            cell_count: tied.len(),
            convention: match assumed.contains(&(kink.node, kink.element)) {
                true => Convention::AssumedWins,
                false => Convention::FirstWins,
            },
        },
        KinkKind::Zero(_) => Kink {
            of: name(net, kink.node),
            cells: vec![argument(net, kink.node, kink.element)],
            cell_count: 1,
            convention: Convention::ZeroSlope,
        },
    };
    kinks.iter().take(MAX_LISTED).map(named).collect()
}

/// The name of the quantity that is this node; else the operation over the names of its
/// operands: `max(c)`, `relu(z)`.
pub(super) fn name(net: &Network, node: NodeId) -> String {
    if let Some(name) = defined(net, node) {
        return name.to_string();
    }
    let of = |a: NodeId| operand(net, a).unwrap_or_else(|| "…".to_string());
    match &net.node(node).op {
        Op::Max(a, _) => format!("max({})", of(*a)),
        Op::Pool { input, .. } => format!("maxpool({})", of(*input)),
        Op::MaxOf(all) => {
            let shown: Vec<String> = all.iter().take(MAX_LISTED).map(|a| of(*a)).collect();
            let more = if all.len() > MAX_LISTED { ", …" } else { "" };
            format!("max({}{more})", shown.join(", "))
        }
        Op::Call(f, a) => format!("{f}({})", of(*a)),
        _ => of(node),
    }
}

/// The same for one element of a tensor: `p[0, 1]`.
pub(super) fn element(net: &Network, node: NodeId, element: usize) -> String {
    Cell::new(&name(net, node), &net.node(node).shape, element).to_string()
}

/// The cell of an argument of a max (by its position), or of a function (by the element).
pub(super) fn argument(net: &Network, node: NodeId, position: usize) -> String {
    match &net.node(node).op {
        Op::MaxOf(all) => all
            .get(position)
            .and_then(|a| operand(net, *a))
            .unwrap_or_else(|| format!("argument {}", position + 1)),
        Op::Max(a, _) | Op::Pool { input: a, .. } | Op::Call(_, a) => {
            let cell = |of: &str| Cell::new(of, &net.node(*a).shape, position).to_string();
            match (operand(net, *a), defined(net, node)) {
                (Some(of), _) => cell(&of),
                // An elementwise function has the shape of its argument.
                (None, Some(name)) if matches!(net.node(node).op, Op::Call(..)) => {
                    format!("the argument of {}", cell(name))
                }
                (None, _) => cell("argument"),
            }
        }
        _ => format!("argument {}", position + 1),
    }
}

/// What an operand is called, if it bears a name or is an element of what does.
fn operand(net: &Network, node: NodeId) -> Option<String> {
    match &net.node(node).op {
        Op::Leaf(id) | Op::Define(id, _) => Some(net.quantity(*id).name.clone()),
        Op::Number(q) => Some(q.to_string()),
        Op::Element(a, at) => {
            let shape = &net.node(*a).shape;
            Some(Cell::new(&operand_once(net, *a)?, shape, shape.position(at)?).to_string())
        }
        _ => defined(net, node).map(str::to_string),
    }
}

/// The name of a tensor itself; an element of an element is not looked into.
fn operand_once(net: &Network, node: NodeId) -> Option<String> {
    match &net.node(node).op {
        Op::Leaf(id) | Op::Define(id, _) => Some(net.quantity(*id).name.clone()),
        _ => defined(net, node).map(str::to_string),
    }
}

/// The first quantity whose definition is this node.
fn defined(net: &Network, node: NodeId) -> Option<&str> {
    let is_value = |op: &Op| matches!(op, Op::Define(_, value) if *value == node);
    let found = net.quantities().find(|(_, q)| q.node == node || is_value(&net.node(q.node).op));
    found.map(|(_, q)| q.name.as_str())
}
