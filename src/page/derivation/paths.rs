//! The paths along which a quantity acts on the loss, counted and named.

use super::super::math::{Math, Relation};
use super::super::words::{grouped, relation};
use super::super::{Block, Inline, Row};
use super::{Composer, words};
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
        let counted = match paths.count {
            Some(count) => format!(" along {} paths", grouped(&count.to_string())),
            None => " along more paths than 128 bits count".to_string(),
        };
        let loss = Inline::Math(self.t.math(self.d.loss));
        let mut text =
            vec![Inline::Math(self.t.math(paths.from)), words(" acts on "), loss, words(counted)];
        let rows: Vec<Row> = paths.listed.iter().map(|path| self.path(path)).collect();
        let more = paths.count.map(|count| count - rows.len() as u128);
        if rows.is_empty() {
            text.push(words("."));
            return vec![Block::Text(text)];
        }
        text.push(words(match (more, rows.len()) {
            (Some(0), _) => ":".to_string(),
            (_, 1) => "; the first is".to_string(),
            (_, n) => format!("; the first {n} are"),
        }));
        let mut blocks = vec![Block::Text(text), Block::Equations(rows)];
        if more != Some(0) {
            let rest = more.map_or("The rest is".to_string(), |n| {
                format!("{} more are", grouped(&n.to_string()))
            });
            blocks.push(Block::Text(vec![
                words(format!("{rest} left out here; ")),
                Inline::Code("--paths N".to_string()),
                words(" lists up to N."),
            ]));
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
