//! Which letters the axes of each tensor prefer, by what the tensor is for.

use std::collections::BTreeMap;

use crate::net::{Network, NodeId, Op, QuantityId};

use super::super::letters::{by_rank, instead, reserved};

/// The preferred letters of every node, and those of each quantity as what is differentiated by.
pub(super) struct Letters {
    output: Vec<Vec<String>>,
    target: Vec<Vec<String>>,
    /// What stands for a letter that is a name, or goes with one.
    instead: BTreeMap<String, String>,
}

impl Letters {
    pub(super) fn of(net: &Network) -> Letters {
        let mut output: Vec<Vec<String>> = Vec::with_capacity(net.nodes().len());
        for tensor in net.nodes() {
            let letters = own(net, &tensor.op, tensor.shape.rank(), &output);
            output.push(letters);
        }
        let mut target: Vec<Vec<String>> =
            net.quantities().map(|(_, q)| output[q.node.index()].clone()).collect();
        // What the first user takes it for.
        for (place, tensor) in net.nodes().iter().enumerate().rev() {
            let mut set = |id: NodeId, letters: Vec<String>| {
                // Through a transposition the letters go back to their axes.
                let (id, letters) = match &net.node(id).op {
                    Op::Transpose(a, axes) if axes.len() == letters.len() => {
                        let mut back = letters.clone();
                        axes.iter().zip(letters).for_each(|(axis, l)| back[*axis] = l);
                        (*a, back)
                    }
                    _ => (id, letters),
                };
                if let Op::Leaf(q) | Op::Define(q, _) = net.node(id).op
                    && net.node(id).shape.rank() == letters.len()
                {
                    target[q.index()] = letters;
                }
            };
            match &tensor.op {
                Op::Conv { input, kernel, window } => {
                    set(*input, image(net.node(*input).shape.rank(), window.axes()));
                    set(*kernel, taps(net.node(*kernel).shape.rank(), window.axes()));
                }
                Op::Pool { input, size, .. } => {
                    set(*input, image(net.node(*input).shape.rank(), size.len()));
                }
                Op::MatMul(a, b) => {
                    let ranks = [net.node(*a).shape.rank(), net.node(*b).shape.rank()];
                    match ranks {
                        [2, 1] => {
                            set(*a, words(&["i", "j"]));
                            set(*b, words(&["j"]));
                        }
                        [2, 2] => {
                            set(*a, words(&["i", "j"]));
                            set(*b, words(&["j", "k"]));
                        }
                        [1, 2] => {
                            set(*a, words(&["j"]));
                            set(*b, words(&["j", "k"]));
                        }
                        _ => {}
                    }
                }
                // The position f in several long axes; or a bias beside channels.
                Op::Reshape(a) if net.node(*a).shape.rank() == 1 => {
                    let lengths = tensor.shape.lengths();
                    let long = lengths.iter().filter(|n| **n > 1).count();
                    match (long, lengths.len()) {
                        (2.., _) => set(*a, words(&["f"])),
                        (_, 3..) => set(*a, words(&["o"])),
                        _ => {}
                    }
                }
                Op::Add(_) | Op::Sub(..) | Op::Mul(_) | Op::Div(..) | Op::Pow(..) => {
                    let own = &output[place];
                    tensor.op.for_operands(|a| {
                        let rank = net.node(a).shape.rank();
                        if matches!(net.node(a).op, Op::Leaf(_)) && rank <= own.len() {
                            set(a, own[own.len() - rank..].to_vec());
                        }
                    });
                }
                _ => {}
            }
        }
        // No letter of an index is a name of the network.
        let instead = instead(&reserved(net.quantities().map(|(_, q)| q.name.as_str())));
        for letter in output.iter_mut().chain(&mut target).flatten() {
            if let Some(other) = instead.get(letter) {
                letter.clone_from(other);
            }
        }
        Letters { output, target, instead }
    }

    /// The letter, or the one that stands for it where it is a name.
    pub(super) fn apart<'a>(&'a self, letter: &'a str) -> &'a str {
        self.instead.get(letter).map_or(letter, String::as_str)
    }

    /// The letters of a tensor where it is defined.
    pub(super) fn of_output(&self, id: NodeId) -> Vec<String> {
        self.output[id.index()].clone()
    }

    /// The letters of a quantity where it is differentiated by.
    pub(super) fn of_target(&self, id: QuantityId) -> Vec<String> {
        self.target[id.index()].clone()
    }
}

fn words(letters: &[&str]) -> Vec<String> {
    letters.iter().map(|l| l.to_string()).collect()
}

fn own(net: &Network, op: &Op, rank: usize, known: &[Vec<String>]) -> Vec<String> {
    let of = |id: &NodeId| known[id.index()].clone();
    let found = match op {
        Op::Conv { input, kernel, window } => {
            let channels = net.node(*kernel).shape.rank() > window.axes();
            let batch = net.node(*input).shape.rank() > window.axes() + 1;
            let mut letters = Vec::new();
            if batch {
                letters.push("b".to_string());
            }
            if channels {
                letters.push("o".to_string());
            }
            letters.extend(words(&["i", "j", "k"][..window.axes().min(3)]));
            letters
        }
        Op::Pool { input, .. } => of(input),
        Op::Define(_, a) | Op::Neg(a) | Op::Call(_, a) | Op::Slice(a, _) => of(a),
        Op::Add(all) | Op::Mul(all) | Op::Concat(all, _) | Op::MaxOf(all) => {
            first(all, rank, known)
        }
        Op::Sub(a, b) | Op::Div(a, b) | Op::Pow(a, b) => first(&[*a, *b], rank, known),
        Op::Sum(a, axes) | Op::Max(a, axes) => {
            let all = of(a).into_iter().enumerate();
            all.filter(|(i, _)| !axes.contains(i)).map(|(_, l)| l).collect()
        }
        Op::Reshape(_) if rank == 1 => words(&["f"]),
        Op::Transpose(a, axes) => {
            let from = of(a);
            axes.iter().map(|i| from[*i].clone()).collect()
        }
        Op::MatMul(a, b) => match [net.node(*a).shape.rank(), net.node(*b).shape.rank()] {
            [2, 1] => words(&["i"]),
            [1, 2] => words(&["k"]),
            [2, 2] => words(&["i", "k"]),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    if found.len() == rank { found } else { words(&by_rank(rank)) }
}

/// The letters of the first operand of full rank.
fn first(all: &[NodeId], rank: usize, known: &[Vec<String>]) -> Vec<String> {
    let full = all.iter().map(|id| &known[id.index()]).find(|l| l.len() == rank);
    full.cloned().unwrap_or_default()
}

/// Cells of an input under a window.
fn image(rank: usize, axes: usize) -> Vec<String> {
    let spatial = &["a", "b", "d"][..axes.min(3)];
    match rank.checked_sub(axes) {
        Some(0) => words(spatial),
        Some(1) => [words(&["c"]), words(spatial)].concat(),
        Some(2) => [words(&["b", "c"]), words(&["p", "q", "r"][..axes.min(3)])].concat(),
        _ => Vec::new(),
    }
}

/// Cells of a kernel.
fn taps(rank: usize, axes: usize) -> Vec<String> {
    let spatial = words(&["m", "n", "r"][..axes.min(3)]);
    if rank > axes { [words(&["o", "c"]), spatial].concat() } else { spatial }
}
