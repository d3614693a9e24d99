//! The update rule, after the gradients.

use super::super::math::{Math, Relation, relation};
use super::super::words::derivation as say;
use super::super::{Block, Row, Section};
use super::{Composer, MAX_LISTED};

impl Composer<'_> {
    /// The update rule of each weight.
    pub(super) fn updates(&mut self) -> Option<Section> {
        let rate = self.d.rate?;
        if self.d.updates.is_empty() {
            return None;
        }
        let mut section = self.open(say::update_rule());
        let w = || Math::symbol("w");
        let sum = Math::Sum(vec![(false, w()), (false, Math::Delta(Box::new(w())))]);
        let step = relation(w(), Relation::Becomes, sum);
        let text = say::step_against_gradient(self.t.math(rate), step);
        section.blocks.push(Block::Text(text));
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
                row.reason = say::by_result(*label);
            }
            row.steps = self.records(*update, 0..lemma.steps.len());
            row.label = Some(self.next_label());
            rows.push(row);
        }
        section.blocks.push(Block::Equations(rows));
        if self.d.updates.len() > MAX_LISTED {
            let more = self.d.updates.len() - MAX_LISTED;
            section.blocks.push(Block::Text(say::more_updates(more)));
        }
        Some(section)
    }
}
