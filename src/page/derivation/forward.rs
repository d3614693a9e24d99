//! The forward pass on the page: the numbers that go in, and what each layer comes to.

use super::super::Block;
use super::super::math::{Math, Relation, relation};
use super::super::words::derivation as say;
use super::{Composer, number};
use crate::lesson::{Forward, Number};
use crate::net::Role;

impl Composer<'_> {
    /// A sentence of what is given and one of what follows; nothing where no layer has a value.
    pub(super) fn forward(&self) -> Vec<Block> {
        let net = &self.lesson.net;
        let is_defined = |f: &&Forward| net.quantity(f.quantity).role == Role::Defined;
        let (follow, given): (Vec<&Forward>, Vec<&Forward>) =
            self.lesson.forward.iter().partition(is_defined);
        if follow.is_empty() {
            return Vec::new();
        }
        let mut blocks = Vec::new();
        if !given.is_empty() {
            blocks.push(Block::Text(say::given_numbers(self.all_equations(&given))));
        }
        blocks.push(Block::Text(say::following_numbers(self.all_equations(&follow))));
        blocks
    }

    fn all_equations(&self, of: &[&Forward]) -> Vec<Math> {
        of.iter().flat_map(|f| self.equations(f)).collect()
    }

    /// `c₀₀ = 1/4` for each cell; an ellipsis where cells are left out.
    fn equations(&self, forward: &Forward) -> Vec<Math> {
        let mut all: Vec<Math> = forward
            .cells
            .iter()
            .map(|(cell, value)| {
                let sign = match value {
                    Number::Exact(_) => Relation::Equal,
                    Number::Rounded(_) => Relation::Approx,
                };
                relation(self.t.math(*cell), sign, number(value))
            })
            .collect();
        if forward.folded {
            all.insert(all.len() - 1, Math::Ellipsis);
        }
        all
    }
}
