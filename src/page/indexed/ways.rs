//! The paths along which an element acts on the loss, and its derivative with every δ put in.

use num_bigint::BigUint;

use super::{Composer, set};
use crate::expr::Symbol;
use crate::index::Formula;
use crate::lesson::{Full, Route, Ways, Worked};
use crate::net::QuantityId;
use crate::page::derivation::{list, words};
use crate::page::math::{Math, Relation};
use crate::page::words::{grouped, relation};
use crate::page::{Block, Inline, Row};

impl Composer<'_> {
    /// What is said of the paths of an element; nothing where the loss does not depend on it.
    pub(super) fn ways(&self, ways: &Ways) -> Vec<Block> {
        let one = BigUint::from(1u32);
        if ways.count < one {
            return Vec::new();
        }
        if let ([path], true) = (ways.listed.as_slice(), ways.count == one) {
            let said = vec![
                Inline::Math(self.cell(ways.from)),
                words(" acts on "),
                Inline::Math(set::element(&self.derivation.system.loss_element())),
                words(" along one path:"),
            ];
            return vec![Block::Text(said), Block::Equations(vec![self.path(path)])];
        }
        let loss = set::element(&self.derivation.system.loss_element());
        let mut text = vec![
            Inline::Math(self.cell(ways.from)),
            words(" acts on "),
            Inline::Math(loss),
            words(format!(" along {} paths", grouped(&ways.count.to_string()))),
        ];
        text.push(words(match (&ways.route_count, ways.routes.len()) {
            (_, 0) => ".".to_string(),
            (all, 1) if *all == one => ". All of them go".to_string(),
            (all, n) if *all == BigUint::from(n) => format!(", which take {n} routes:"),
            (all, n) => format!(
                ", which take {} routes; the first {} here:",
                grouped(&all.to_string()),
                if n == 1 { "is".to_string() } else { format!("{n} are") }
            ),
        }));
        let mut blocks = vec![Block::Text(text)];
        blocks.push(Block::Equations(ways.routes.iter().map(|r| self.route(ways, r)).collect()));
        if ways.chooses {
            blocks.push(Block::Text(vec![words(
                "Of the paths through a max only those through its winner carry anything; the \
                 bracket of each of the others is 0.",
            )]));
        }
        if !ways.listed.is_empty() {
            let more = &ways.count - BigUint::from(ways.listed.len());
            blocks.push(Block::Text(vec![words(match ways.listed.len() {
                _ if more == BigUint::default() => "One by one:".to_string(),
                1 => "The first of them is".to_string(),
                n => format!("The first {n} of them are"),
            })]));
            blocks.push(Block::Equations(ways.listed.iter().map(|p| self.path(p)).collect()));
            if more != BigUint::default() {
                blocks.push(Block::Text(vec![
                    words(format!("{} more are left out here; ", grouped(&more.to_string()))),
                    Inline::Code("--paths N".to_string()),
                    words(" lists up to N."),
                ]));
            }
        }
        blocks
    }

    fn cell(&self, (quantity, position): (QuantityId, usize)) -> Math {
        let Some(net) = self.net else { return Math::Ellipsis };
        let at = net.shape(quantity).index(position);
        Math::Symbol(Symbol::element(&net.quantity(quantity).name, &at))
    }

    /// w₀₀ → c → a → E, with how many cells of each lie on it.
    fn route(&self, ways: &Ways, route: &Route) -> Row {
        let Some(net) = self.net else { return Row::new(None, Math::Ellipsis) };
        let name = |q: QuantityId| Math::symbol(&net.quantity(q).name);
        let chain = chained(route.through.iter().map(|(q, _)| name(*q)));
        let mut row = Row::new(Some(self.cell(ways.from)), chain);
        row.relation = Relation::LeadsTo;
        // Of the loss there is one.
        let counted = route.through.iter().filter(|(q, _)| *q != net.loss());
        let cells: Vec<Inline> = counted
            .enumerate()
            .flat_map(|(n, (q, cells))| {
                let before = if n == 0 { "through " } else { ", " };
                let what = match (n, *cells) {
                    (0, 1) => " cell of ".to_string(),
                    (0, _) => " cells of ".to_string(),
                    _ => " of ".to_string(),
                };
                [
                    words(format!("{before}{}{what}", grouped(&cells.to_string()))),
                    Inline::Math(name(*q)),
                ]
            })
            .collect();
        row.reason = cells;
        if ways.route_count != BigUint::from(1u32) {
            let one = route.count == BigUint::from(1u32);
            let count = grouped(&route.count.to_string());
            row.reason.push(words(format!(": {count} path{}", if one { "" } else { "s" })));
        }
        row
    }

    fn path(&self, path: &[(QuantityId, usize)]) -> Row {
        let mut cells = path.iter().map(|cell| self.cell(*cell));
        let first = cells.next().unwrap_or(Math::Ellipsis);
        let mut row = Row::new(Some(first), chained(cells));
        row.relation = Relation::LeadsTo;
        row
    }

    /// The derivative with every δ put in.
    pub(super) fn full(&self, worked: &Worked, full: &Full) -> Vec<Block> {
        let loss = self.derivation.system.loss_element();
        let goal = Formula::Element(loss).partial(&worked.element);
        let mut text = vec![words("Along all of its paths, with ")];
        let labels: Vec<Inline> = full
            .used
            .iter()
            .filter_map(|place| self.labels.get(*place).map(|label| Inline::Reference(*label)))
            .collect();
        let count = labels.len();
        for (n, label) in labels.into_iter().enumerate() {
            match n {
                0 => {}
                _ if n + 1 == count => text.push(words(" and ")),
                _ => text.push(words(", ")),
            }
            text.push(label);
        }
        text.push(words(" put in for each δ, it is"));
        let mut blocks = vec![Block::Text(text)];
        match &full.formula {
            Some(formula) => blocks.push(Block::Equations(vec![Row::new(
                Some(self.set.math(&goal)),
                self.set.math(formula),
            )])),
            None => {
                let names = full.used.iter().filter_map(|n| self.derivation.lemmas.get(*n));
                let mut text = vec![words("Its δ are written out in the sections of ")];
                text.extend(list(names.map(|l| set::tensor(&l.by.tensor)).collect()));
                text.push(words("; in one formula they would fill pages."));
                blocks = vec![Block::Text(text)];
            }
        }
        blocks
    }
}

fn chained(mut names: impl Iterator<Item = Math>) -> Math {
    let first = names.next().unwrap_or(Math::Ellipsis);
    names.fold(first, |so_far, next| relation(so_far, Relation::LeadsTo, next))
}
