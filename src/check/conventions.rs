//! Whose gradient it is at a kink: what each framework takes for the slope of a function at its
//! corner, and how it divides a gradient among arguments that tie. One table.
//!
//! What always holds: a rule whose weights are no subgradient is in the table too, so that its
//! framework is recognised, and is marked by [`Rule::is_subgradient`].

use crate::concrete::{Kink, KinkKind, Shares};
use crate::net::{Network, Op};
use crate::scalar::{Function, Interval};

/// A program that computes gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
}

impl Rule {
    /// Whether what it gives lies in the subdifferential of a function with that corner.
    pub fn is_subgradient(self, corner: Corner) -> bool {
        match (self, corner) {
            (Rule::Slope(n), Corner::Relu) => (0..=1).contains(&n),
            (Rule::Slope(n), Corner::Abs) => (-1..=1).contains(&n),
            (Rule::Slope(_), _) => false,
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
        }
    }
}

use Rule::{Even, First, Slope};

/// Observed in the versions that [`Framework::version`] names, one column for each of
/// [`Framework::ALL`]; none where it was not observed.
pub const CONVENTIONS: [(Corner, [Option<Rule>; 5]); 4] = [
    //                  PyTorch         JAX             TensorFlow      candle          burn
    (
        Corner::Relu,
        [Some(Slope(0)), Some(Slope(0)), Some(Slope(0)), Some(Slope(1)), Some(Slope(0))],
    ),
    (Corner::Abs, [Some(Slope(0)), Some(Slope(1)), Some(Slope(0)), Some(Slope(1)), Some(Slope(0))]),
    // maximum(x, 0); with its arguments swapped, TensorFlow gives x nothing.
    (Corner::Maximum, [Some(Even), Some(Even), Some(First), Some(Even), Some(First)]),
    (Corner::MaxAll, [Some(Even), Some(Even), Some(Even), None, Some(First)]),
];

/// What a framework does at a corner, if it was observed.
pub fn rule(framework: Framework, corner: Corner) -> Option<Rule> {
    let column = Framework::ALL.iter().position(|f| *f == framework)?;
    CONVENTIONS.iter().find(|(c, _)| *c == corner)?.1[column]
}

/// The corner at a kink; none for a step, whose slope is 0 on both sides.
pub(super) fn corner(net: &Network, kink: &Kink) -> Option<Corner> {
    match (&net.node(kink.node).op, &kink.kind) {
        (Op::Call(Function::Relu, _), _) => Some(Corner::Relu),
        (Op::Call(Function::Abs, _), _) => Some(Corner::Abs),
        (Op::MaxOf(_), KinkKind::Tie(_)) => Some(Corner::Maximum),
        (Op::Max(..), KinkKind::Tie(_)) => Some(Corner::MaxAll),
        _ => None,
    }
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
    fn every_corner_has_a_row_and_every_rule_is_of_its_corner() {
        for corner in [Corner::Relu, Corner::Abs, Corner::Maximum, Corner::MaxAll] {
            for framework in Framework::ALL {
                if let Some(rule) = rule(framework, corner) {
                    assert!(rule.is_subgradient(corner), "{framework:?} {corner:?}");
                    assert!(!rule.words(corner).is_empty());
                }
            }
            assert!(rule(Framework::Torch, corner).is_some());
        }
        assert!(!Slope(2).is_subgradient(Corner::Abs));
        assert!(!Slope(-1).is_subgradient(Corner::Relu));
    }
}
