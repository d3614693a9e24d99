//! Whose gradient it is at a kink: what each framework takes for the slope of a function at its
//! corner, and how it divides a gradient among arguments that tie. One table.
//!
//! What always holds: a rule whose weights are no subgradient is in the table too, so that its
//! framework is recognised, and is marked by [`Rule::is_subgradient`].

use crate::concrete::{Kink, KinkKind, Shares, candidates};
use crate::net::{Network, NodeId, Op};
use crate::scalar::{Function, Interval, Scalar};

/// A program that computes gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Framework {
    /// PyTorch.
    Torch,
    /// JAX.
    Jax,
    /// TensorFlow.
    TensorFlow,
    /// candle.
    Candle,
    /// burn.
    Burn,
}

impl Framework {
    /// All, in the order of the table's columns.
    pub const ALL: [Framework; 5] = [
        Framework::Torch,
        Framework::Jax,
        Framework::TensorFlow,
        Framework::Candle,
        Framework::Burn,
    ];

    /// `PyTorch`, `JAX`.
    pub fn name(self) -> &'static str {
        match self {
            Framework::Torch => "PyTorch",
            Framework::Jax => "JAX",
            Framework::TensorFlow => "TensorFlow",
            Framework::Candle => "candle",
            Framework::Burn => "burn",
        }
    }

    /// The version in which the conventions were observed.
    pub fn version(self) -> &'static str {
        match self {
            Framework::Torch => "2.15",
            Framework::Jax => "0.10.2",
            Framework::TensorFlow => "2.21",
            Framework::Candle => "0.11.1",
            Framework::Burn => "0.18",
        }
    }
}

/// Where functions have a kink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Corner {
    /// relu(x) at 0.
    Relu,
    /// |x| at 0.
    Abs,
    /// The maximum of several scalars, such as max(x, 0), where they tie.
    Maximum,
    /// The maximum of a whole tensor, where elements tie.
    MaxAll,
    /// The maximum along some axes, where elements tie.
    MaxAxis,
    /// Max-pooling, where cells of a window tie.
    MaxPool,
    /// A function made of two pieces, such as leaky ReLU, where they meet.
    Pieces,
    /// clip at one of its bounds.
    Clip,
}

impl Corner {
    /// All, in the order of the table.
    pub const ALL: [Corner; 8] = [
        Corner::Relu,
        Corner::Abs,
        Corner::Pieces,
        Corner::Clip,
        Corner::Maximum,
        Corner::MaxAll,
        Corner::MaxAxis,
        Corner::MaxPool,
    ];
}

/// What is done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The slope is this whole number.
    Slope(i8),
    /// The first of those that tie takes the whole gradient.
    First,
    /// Each of them takes an equal part.
    Even,
    /// Each of them takes the whole gradient: no subgradient.
    Each,
    /// Of a window of n cells of which k tie, each of these takes k/n: no subgradient.
    Window,
    /// The slope is that of the piece on the left.
    Left,
    /// The slope is that of the piece on the right.
    Right,
}

impl Rule {
    /// Whether what it gives lies in the subdifferential of a function with that corner.
    pub fn is_subgradient(self, corner: Corner) -> bool {
        match (self, corner) {
            (Rule::Slope(n), Corner::Relu) => (0..=1).contains(&n),
            (Rule::Slope(n), Corner::Abs) => (-1..=1).contains(&n),
            (Rule::Slope(_), _) => false,
            (Rule::Each | Rule::Window, _) => false,
            (Rule::Left | Rule::Right, _) => corner == Corner::Pieces,
            (Rule::First | Rule::Even, _) => true,
        }
    }

    /// What it does at that corner, as words.
    pub fn words(self, corner: Corner) -> String {
        match (self, corner) {
            (Rule::Slope(n), Corner::Abs) => format!("the slope of |x| at 0 is {n}"),
            (Rule::Slope(n), _) => format!("the slope of ReLU at 0 is {n}"),
            (Rule::First, _) => "the first of those that tie takes the whole gradient".to_string(),
            (Rule::Even, _) => "those that tie share the gradient evenly".to_string(),
            (Rule::Each, _) => "each of those that tie takes the whole gradient".to_string(),
            (Rule::Window, _) => {
                "of n cells of which k tie, each of these takes k/n of the gradient".to_string()
            }
            (Rule::Left, _) => "where two pieces meet, the left one gives the slope".to_string(),
            (Rule::Right, _) => "where two pieces meet, the right one gives the slope".to_string(),
        }
    }
}

use Rule::{Each, Even, First, Left, Right, Slope, Window};

/// Observed in the versions that [`Framework::version`] names, one column for each of
/// [`Framework::ALL`]; none where it was not observed.
#[rustfmt::skip]
pub const CONVENTIONS: [(Corner, [Option<Rule>; 5]); 8] = [
    //                  PyTorch         JAX             TensorFlow      candle          burn
    (Corner::Relu,    [Some(Slope(0)), Some(Slope(0)), Some(Slope(0)), Some(Slope(1)), Some(Slope(0))]),
    (Corner::Abs,     [Some(Slope(0)), Some(Slope(1)), Some(Slope(0)), Some(Slope(1)), Some(Slope(0))]),
    (Corner::Pieces,  [Some(Left),     Some(Right),    Some(Left),     None,           Some(Right)]),
    (Corner::Clip,    [None,           Some(Even),     None,           None,           None]),
    // maximum(x, 0); with its arguments swapped, TensorFlow gives x nothing.
    (Corner::Maximum, [Some(Even),     Some(Even),     Some(First),    Some(Even),     Some(First)]),
    (Corner::MaxAll,  [Some(Even),     Some(Even),     Some(Even),     None,           Some(First)]),
    (Corner::MaxAxis, [Some(First),    Some(Even),     Some(Even),     Some(Each),     Some(First)]),
    (Corner::MaxPool, [Some(First),    Some(First),    Some(First),    Some(Window),   Some(First)]),
];

/// What a framework does at a corner, if it was observed.
pub fn rule(framework: Framework, corner: Corner) -> Option<Rule> {
    let column = Framework::ALL.iter().position(|f| *f == framework)?;
    CONVENTIONS.iter().find(|(c, _)| *c == corner)?.1[column]
}

/// The corner at a kink; none for a step that jumps, where there is no slope to choose.
pub(super) fn corner(net: &Network, kink: &Kink) -> Option<Corner> {
    match &net.node(kink.node).op {
        Op::Call(Function::Relu, _) if clips(net, kink.node) => Some(Corner::Clip),
        Op::Call(Function::Relu, _) => Some(Corner::Relu),
        Op::Call(Function::Abs, _) => Some(Corner::Abs),
        Op::Call(Function::Step, _) if joins(net, kink.node) => Some(Corner::Pieces),
        Op::MaxOf(_) => Some(Corner::Maximum),
        Op::Max(a, axes) if axes.len() == net.node(*a).shape.rank() => Some(Corner::MaxAll),
        Op::Max(..) => Some(Corner::MaxAxis),
        Op::Pool { .. } => Some(Corner::MaxPool),
        _ => None,
    }
}

/// Whether a step s stands in s·x + (1 − s)·…, as the layers that are made of two pieces have it:
/// the same s in both, of which the value does not change where the pieces meet.
pub(super) fn joins(net: &Network, step: NodeId) -> bool {
    let is_one = |id: NodeId| matches!(&net.node(id).op, Op::Number(q) if q.is_one());
    let Op::Call(_, x) = net.node(step).op else { return false };
    let mut rest = None;
    let mut above = false;
    for (n, tensor) in net.nodes().iter().enumerate() {
        match &tensor.op {
            Op::Sub(one, s) if *s == step && is_one(*one) => rest = Some(NodeId(n as u32)),
            Op::Mul(factors) => above |= factors.as_slice() == [step, x],
            _ => {}
        }
    }
    above && rest.is_some()
}

/// Whether a ReLU is one of the two in x + max(low − x, 0) − max(x − high, 0), which is clip.
fn clips(net: &Network, relu: NodeId) -> bool {
    let of = |node: NodeId| match net.node(node).op {
        Op::Call(Function::Relu, a) => match net.node(a).op {
            Op::Sub(left, right) => Some((left, right)),
            _ => None,
        },
        _ => None,
    };
    net.nodes().iter().any(|tensor| match &tensor.op {
        Op::Add(all) => match all[..] {
            [x, missing, less] => match net.node(less).op {
                Op::Neg(excess) => {
                    (missing == relu || excess == relu)
                        && of(missing).is_some_and(|(_, a)| a == x)
                        && of(excess).is_some_and(|(a, _)| a == x)
                }
                _ => false,
            },
            _ => false,
        },
        _ => false,
    })
}

/// How a framework divides gradients at all of these kinks; none where one of them was not
/// observed.
pub(super) fn shares(
    net: &Network,
    kinks: &[Kink],
    framework: Framework,
) -> Option<Shares<Interval>> {
    let mut shares = Shares::new();
    for kink in kinks {
        let Some(corner) = corner(net, kink) else { continue };
        let weights = match (rule(framework, corner)?, &kink.kind) {
            (Slope(n), KinkKind::Zero(_)) => vec![(0, Interval::point(f64::from(n)).ok()?)],
            // As the least and the greatest of x and its bounds share it.
            (Even, KinkKind::Zero(_)) if corner == Corner::Clip => {
                vec![(0, Interval::point(0.5).ok()?)]
            }
            (First, KinkKind::Tie(tied)) => vec![(*tied.first()?, Interval::point(1.0).ok()?)],
            // Three scalars are nested pairs, of which the table says nothing.
            (Even, KinkKind::Tie(tied)) if corner == Corner::Maximum && tied.len() > 2 => {
                return None;
            }
            (Even, KinkKind::Tie(tied)) => {
                let part = 1.0 / tied.len() as f64;
                let part = Interval::new(part.next_down(), part.next_up()).ok()?;
                tied.iter().map(|n| (*n, part)).collect()
            }
            (Each, KinkKind::Tie(tied)) => tied.iter().map(|n| (*n, Interval::one())).collect(),
            (Window, KinkKind::Tie(tied)) => {
                let all = candidates(net, kink.node)?.of(kink.element).len();
                let part = tied.len() as f64 / all as f64;
                let part = Interval::new(part.next_down(), part.next_up()).ok()?;
                tied.iter().map(|n| (*n, part)).collect()
            }
            (Left, KinkKind::Zero(_)) => vec![(0, Interval::zero())],
            (Right, KinkKind::Zero(_)) => vec![(0, Interval::one())],
            _ => return None,
        };
        shares.insert((kink.node, kink.element), weights);
    }
    Some(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_corner_has_a_row_and_only_candle_leaves_the_subdifferential() {
        for (row, corner) in Corner::ALL.into_iter().enumerate() {
            assert_eq!(CONVENTIONS[row].0, corner);
            for framework in Framework::ALL {
                if let Some(rule) = rule(framework, corner) {
                    let outside = !rule.is_subgradient(corner);
                    let axis = matches!(corner, Corner::MaxAxis | Corner::MaxPool);
                    assert_eq!(outside, framework == Framework::Candle && axis);
                    assert!(!rule.words(corner).is_empty());
                }
            }
        }
        assert!(!Slope(2).is_subgradient(Corner::Abs));
        assert!(!Slope(-1).is_subgradient(Corner::Relu));
    }
}
