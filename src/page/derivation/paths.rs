//! The paths along which a quantity acts on the loss, counted and named.

use super::super::math::{Math, Relation, relation};
use super::super::words::paths as say;
use super::super::{Block, Row};
use super::Composer;
use crate::calculus::LemmaId;

impl Composer<'_> {
    /// What is said of the paths of a derivative that was asked for by name; nothing where
    /// there is only one, since the chain rule then shows it.
    pub(super) fn paths(&self, id: LemmaId) -> Vec<Block> {
        let Some(paths) =
            self.d.by(id).and_then(|x| self.lesson.paths.iter().find(|p| p.from == x))
        else {
            return Vec::new();
        };
        if paths.count == Some(1) || paths.count == Some(0) {
            return Vec::new();
        }
        let rows: Vec<Row> = paths.listed.iter().map(|path| self.path(path)).collect();
        let more = paths.count.map(|count| count - rows.len() as u128);
        let (from, loss) = (self.t.math(paths.from), self.t.math(self.d.loss));
        let text = say::of_quantity(from, loss, paths.count, rows.len(), more);
        let mut blocks = vec![Block::Text(text)];
        if rows.is_empty() {
            return blocks;
        }
        blocks.push(Block::Equations(rows));
        if more != Some(0) {
            blocks.push(Block::Text(say::left_out(more.as_ref().map(|n| n as _))));
        }
        blocks
    }

    fn path(&self, path: &[crate::expr::ExprId]) -> Row {
        let mut names = path.iter().map(|id| self.t.math(*id));
        let first = names.next().unwrap_or(Math::Ellipsis);
        let rest = names.reduce(|so_far, next| relation(so_far, Relation::LeadsTo, next));
        let mut row = Row::new(Some(first), rest.unwrap_or(Math::Ellipsis));
        row.relation = Relation::LeadsTo;
        row
    }
}
