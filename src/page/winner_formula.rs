//! The formula for a general winner, on a page.

use super::math::{Math, Relation, relation};
use super::typeset::Typesetter;
use super::words::winners;
use super::{Block, Row};
use crate::lesson::{General, Lesson};

/// The formulas with letters for indices, and what the letters mean.
pub(super) fn general_blocks(lesson: &Lesson, general: &General, t: &Typesetter<'_>) -> Vec<Block> {
    let max = lesson.names.get(&general.max).copied().unwrap_or(general.max);
    let max_is_winner = relation(t.math(max), Relation::Equal, t.math(general.winner));
    let mut blocks = vec![Block::Text(winners::whichever(max_is_winner))];
    let rows = general.rows.iter().map(|row| {
        let left = t.partial(lesson.derivation.loss, row.by);
        Row::new(Some(left), t.math(row.gradient))
    });
    blocks.push(Block::Equations(rows.collect()));
    if general.rows.iter().any(|row| row.outside) {
        blocks.push(Block::Text(winners::padding_is(Math::integer(0))));
    }
    blocks
}
