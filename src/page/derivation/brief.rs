//! Derivations in brief: the outline, and weights that go by the same steps as one before them.

use super::super::math::{Relation, relation};
use super::super::words::derivation as say;
use super::super::words::list;
use super::super::{Block, Row, Section};
use super::{Composer, MAX_LISTED};
use crate::calculus::{LemmaId, Rule};

impl Composer<'_> {
    /// One line for each result, and for each derivative that it uses.
    pub(super) fn outline(&mut self) -> Option<Section> {
        if self.layers().concat().is_empty() {
            return None;
        }
        let mut section = self.open(say::gradients());
        let mut rows = Vec::new();
        for id in self.layers().concat() {
            rows.extend(self.result(id));
        }
        section.blocks.push(Block::Text(say::a_line_each()));
        section.blocks.push(Block::Equations(rows));
        Some(section)
    }

    /// Weights that go by the same steps as the one before them: one or two lines each.
    pub(super) fn alike(&mut self, ids: Vec<LemmaId>) -> Option<Section> {
        if ids.is_empty() {
            return None;
        }
        let goals = ids.iter().map(|id| self.t.math(self.d.lemma(*id).goal)).collect();
        let mut section = self.open(list(goals));
        section.blocks.push(Block::Text(say::same_steps()));
        let mut rows = Vec::new();
        for id in ids.iter().take(MAX_LISTED) {
            rows.extend(self.asides(*id));
            rows.extend(self.result(*id));
        }
        section.blocks.push(Block::Equations(rows));
        if ids.len() > MAX_LISTED {
            section.blocks.push(Block::Text(say::more_alike(ids.len() - MAX_LISTED)));
        }
        Some(section)
    }

    /// What is new in a derivative: the results on the way that nobody has seen yet.
    fn asides(&mut self, id: LemmaId) -> Vec<Row> {
        let mut rows = Vec::new();
        for aside in self.unseen(&self.d.lemma(id).steps) {
            let inner = self.d.lemma(aside);
            let row = Row::new(Some(self.t.math(inner.goal)), self.t.math(inner.result));
            rows.push(self.labelled(aside, row));
        }
        rows
    }

    /// A derivative in a line: by way of what, if it goes by one thing, and the result; then its
    /// numbers.
    fn result(&mut self, id: LemmaId) -> Vec<Row> {
        let lemma = self.d.lemma(id);
        let result = self.t.math(lemma.result);
        let right = match lemma.steps.first().filter(|s| s.rule == Rule::Through) {
            Some(step) => relation(self.t.math(step.after), Relation::Equal, result),
            None => result,
        };
        let row = Row::new(Some(self.t.math(lemma.goal)), right);
        let mut rows = vec![self.labelled(id, row)];
        rows.extend(self.numbers_below(id));
        rows
    }

    /// A row that stands for a whole lemma: numbered, with all steps.
    fn labelled(&mut self, id: LemmaId, mut row: Row) -> Row {
        row.steps = self.records(id, 0..self.d.lemma(id).steps.len());
        let label = self.next_label();
        row.label = Some(label);
        self.labels.insert(id, label);
        row
    }
}
