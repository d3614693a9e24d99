//! What a network is made of, in words, for tests that count what they have seen. In goes a
//! network, out come the names of its operations and, for those with many ways, of the ways.

use std::collections::BTreeSet;

use crate::net::{Network, NodeId, Op, Quantity, Role, Window};

/// What a network is made of: its operations, and for those with many ways the way.
pub(crate) fn features(net: &Network) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let shape = |id: &NodeId| &net.node(*id).shape;
    let mut uses = vec![0; net.nodes().len()];
    for tensor in net.nodes() {
        tensor.op.for_operands(|a| uses[a.index()] += 1);
        let debug = format!("{:?}", tensor.op);
        let name = debug.split(['(', '{']).next().unwrap_or_default().trim().to_string();
        let mut note = |way: &str, holds: bool| {
            if holds {
                seen.insert(format!("{name} {way}").trim().to_string());
            }
        };
        note("", true);
        let moving = |window: &Window| {
            [
                ("strided", window.stride.iter().any(|s| *s > 1)),
                ("padded", window.padding.iter().any(|p| *p != [0, 0])),
                ("padded unevenly", window.padding.iter().any(|p| p[0] != p[1])),
                ("dilated", window.dilation.iter().any(|d| *d > 1)),
            ]
        };
        match &tensor.op {
            Op::Call(f, _) => note(f.name(), true),
            Op::Conv { input, kernel, window } => {
                let (axes, rank) = (window.axes(), shape(input).rank());
                note(&format!("{axes}-D"), true);
                note("channels", shape(kernel).rank() > axes);
                note("batch", rank == axes + 2 && shape(input).lengths()[0] > 1);
                note("groups", window.groups > 1);
                note("flip", window.flip);
                moving(window).into_iter().for_each(|(way, holds)| note(way, holds));
            }
            Op::Pool { kind, size, window, .. } => {
                note(&format!("{kind:?}"), true);
                note(&format!("{}-D", window.axes()), true);
                let overlap = |axis: usize| size[axis] > window.stride[axis];
                note("overlapping", (0..size.len()).any(overlap));
                moving(window).into_iter().for_each(|(way, holds)| note(way, holds));
            }
            Op::MatMul(a, b) => {
                let ranks = [shape(a).rank(), shape(b).rank()];
                let word =
                    |rank: usize| ["", "vector", "matrix"].get(rank).copied().unwrap_or("batch");
                note(&format!("{} {}", word(ranks[0]), word(ranks[1])), true);
                let batch = |id: &NodeId| {
                    let lengths = shape(id).lengths();
                    lengths[..lengths.len().saturating_sub(2)].to_vec()
                };
                note("broadcast", ranks.iter().all(|r| *r > 1) && batch(a) != batch(b));
            }
            Op::Sum(a, axes) | Op::Max(a, axes) => note("some axes", axes.len() < shape(a).rank()),
            Op::Add(_) | Op::Sub(..) | Op::Mul(_) | Op::Div(..) | Op::Pow(..) => {
                tensor.op.for_operands(|a| {
                    let own = shape(&a);
                    let stretched = own.rank() == tensor.shape.rank() && *own != tensor.shape;
                    note("stretched", stretched);
                    note("lower rank", !own.is_scalar() && own.rank() < tensor.shape.rank());
                    note("scalar", own.is_scalar() && !tensor.shape.is_scalar());
                });
            }
            _ => {}
        }
    }
    let shared = |q: &Quantity| q.role == Role::Param && uses[q.node.index()] > 1;
    if net.quantities().any(|(_, q)| shared(q)) {
        seen.insert("shared weight".to_string());
    }
    seen
}
