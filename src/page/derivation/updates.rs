//! The update rule, after the gradients.

use super::super::math::{Math, Relation};
use super::super::words::relation;
use super::super::{Block, Inline, Row, Section};
use super::{Composer, MAX_LISTED, words};

impl Composer<'_> {
    /// The update rule of each weight.
    pub(super) fn updates(&mut self) -> Option<Section> {
        let rate = self.d.rate?;
        if self.d.updates.is_empty() {
            return None;
        }
        let mut section = self.open(vec![words("The update rule")]);
        section.blocks.push(Block::Text(vec![
            words("A weight takes a step against its gradient, "),
            Inline::Math(self.t.math(rate)),
            words(" being the learning rate; then "),
            Inline::Math(relation(
                Math::symbol("w"),
                Relation::Becomes,
                Math::Sum(vec![
                    (false, Math::symbol("w")),
                    (false, Math::Delta(Box::new(Math::symbol("w")))),
                ]),
            )),
            words("."),
        ]));
        let mut rows = Vec::new();
        for update in self.d.updates.iter().take(MAX_LISTED) {
            let Some(target) = self.d.lemma(*update).steps.first().and_then(|s| s.uses) else {
                continue;
            };
            let Some(x) = self.d.by(target) else { continue };
            let lemma = self.d.lemma(*update);
            let goal = self.t.math(lemma.goal);
            rows.push(Row::new(Some(Math::Delta(Box::new(self.t.math(x)))), goal));
            let mut row = Row::new(None, self.t.math(lemma.result));
            if let Some(label) = self.labels.get(&target) {
                row.reason = vec![words("by "), Inline::Reference(*label)];
            }
            row.steps = self.records(*update, 0..lemma.steps.len());
            row.label = Some(self.next_label());
            rows.push(row);
        }
        section.blocks.push(Block::Equations(rows));
        if self.d.updates.len() > MAX_LISTED {
            section.blocks.push(Block::Text(vec![
                words(format!("{} more go by the same rule; ", self.d.updates.len() - MAX_LISTED)),
                Inline::Code("--wrt".to_string()),
                words(" names one to see its own."),
            ]));
        }
        Some(section)
    }
}
