//! The forward pass on the page: the numbers that go in, and what each layer comes to.

use super::super::math::{Math, Relation};
use super::super::words::relation;
use super::super::{Block, Inline};
use super::{Composer, number, words};
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
            blocks.push(self.values("The given numbers are ", &given));
        }
        blocks.push(self.values("With the given numbers, ", &follow));
        blocks
    }

    fn values(&self, lead: &str, of: &[&Forward]) -> Block {
        let mut text = vec![words(lead)];
        let equations: Vec<Math> = of.iter().flat_map(|f| self.equations(f)).collect();
        let count = equations.len();
        for (n, equation) in equations.into_iter().enumerate() {
            match n {
                0 => {}
                _ if n + 1 == count => text.push(words(" and ")),
                _ => text.push(words(", ")),
            }
            text.push(Inline::Math(equation));
        }
        text.push(words("."));
        Block::Text(text)
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
