//! The paths along which an element acts on the loss, and its derivative with every δ put in.

use num_bigint::BigUint;

use super::{Composer, set};
use crate::expr::Symbol;
use crate::index::Formula;
use crate::lesson::{Full, Route, Ways, Worked};
use crate::net::QuantityId;
use crate::page::math::{Math, Relation, relation};
use crate::page::words::paths as say;
use crate::page::{Block, Row};

impl Composer<'_> {
    /// What is said of the paths of an element; nothing where the loss does not depend on it.
    pub(super) fn ways(&self, ways: &Ways) -> Vec<Block> {
        let one = BigUint::from(1u32);
        if ways.count < one {
            return Vec::new();
        }
        let from = self.cell(ways.from);
        let loss = set::element(&self.derivation.system.loss_element());
        if let ([path], true) = (ways.listed.as_slice(), ways.count == one) {
            let said = say::one_path(from, loss);
            return vec![Block::Text(said), Block::Equations(vec![self.path(path)])];
        }
        let shown = ways.routes.len();
        let text = say::by_routes(from, loss, &ways.count, &ways.route_count, shown);
        let mut blocks = vec![Block::Text(text)];
        blocks.push(Block::Equations(ways.routes.iter().map(|r| self.route(ways, r)).collect()));
        if ways.chooses {
            blocks.push(Block::Text(say::winners_only()));
        }
        if !ways.listed.is_empty() {
            let more = &ways.count - BigUint::from(ways.listed.len());
            let all = more == BigUint::default();
            blocks.push(Block::Text(say::listed(ways.listed.len(), all)));
            blocks.push(Block::Equations(ways.listed.iter().map(|p| self.path(p)).collect()));
            if !all {
                blocks.push(Block::Text(say::left_out(Some(&more))));
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
        let cells = counted.map(|(q, cells)| (*cells, name(*q))).collect();
        let several = ways.route_count != BigUint::from(1u32);
        row.reason = say::route(cells, several.then_some(&route.count));
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
        let labels = full.used.iter().filter_map(|place| self.labels.get(*place).copied());
        let mut blocks = vec![Block::Text(say::all_put_in(labels.collect()))];
        match &full.formula {
            Some(formula) => blocks.push(Block::Equations(vec![Row::new(
                Some(self.set.math(&goal)),
                self.set.math(formula),
            )])),
            None => {
                let names = full.used.iter().filter_map(|n| self.derivation.lemmas.get(*n));
                let tensors = names.map(|l| set::tensor(&l.by.tensor)).collect();
                blocks = vec![Block::Text(say::too_long(tensors))];
            }
        }
        blocks
    }
}

fn chained(mut names: impl Iterator<Item = Math>) -> Math {
    let first = names.next().unwrap_or(Math::Ellipsis);
    names.fold(first, |so_far, next| relation(so_far, Relation::LeadsTo, next))
}
