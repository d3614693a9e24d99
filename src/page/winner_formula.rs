//! The formula for a general winner, on a page.

use super::math::{Math, Relation};
use super::typeset::Typesetter;
use super::words::relation;
use super::{Block, Inline, Row};
use crate::lesson::{General, Lesson};

/// The formulas with letters for indices, and what the letters mean.
pub(super) fn general_blocks(lesson: &Lesson, general: &General, t: &Typesetter<'_>) -> Vec<Block> {
    let words = |text: &str| Inline::Words(text.to_string());
    let max = lesson.names.get(&general.max).copied().unwrap_or(general.max);
    let mut blocks = vec![Block::Text(vec![
        words("Whichever cell wins, with "),
        Inline::Math(relation(t.math(max), Relation::Equal, t.math(general.winner))),
        words(" the gradients are"),
    ])];
    let rows = general.rows.iter().map(|row| {
        let left = t.partial(lesson.derivation.loss, row.by);
        Row::new(Some(left), t.math(row.gradient))
    });
    blocks.push(Block::Equations(rows.collect()));
    if general.rows.iter().any(|row| row.outside) {
        blocks.push(Block::Text(vec![
            words(
                "where a cell with an index outside its tensor lies in the padding and counts as ",
            ),
            Inline::Math(Math::integer(0)),
            words("."),
        ]));
    }
    blocks
}
