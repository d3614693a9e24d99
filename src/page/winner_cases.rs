//! The case table of a page: the gradients for every choice of winners.

use super::math::{Math, Relation, relation};
use super::typeset::Typesetter;
use super::words::{commas, winners};
use super::{Block, Inline, Section, Table};
use crate::calculus::Derivation;
use crate::expr::{ExprId, Graph, Node};
use crate::lesson::{Cases, Lesson};

/// The section of the cases, if the network has a max.
pub(super) fn cases_section(lesson: &Lesson, t: &Typesetter<'_>) -> Option<Section> {
    let cases = lesson.cases.as_ref()?;
    let mut blocks = Vec::new();
    if let Some(general) = &lesson.general {
        blocks.extend(super::winner_formula::general_blocks(lesson, general, t));
    }
    if cases.in_table {
        blocks.push(Block::Text(winners::case_by_case()));
        let shared = Shared::of(lesson, cases);
        if !shared.factors.is_empty() {
            let product = Math::Product(shared.factors.iter().map(|f| t.math(*f)).collect());
            let name = Math::symbol(shared.name);
            let meaning = relation(name, Relation::Equal, product);
            blocks.push(Block::Text(winners::here(meaning)));
        }
        blocks.push(Block::Table(table(lesson, cases, t, &shared)));
        if cases.left_out > 0 {
            blocks.push(Block::Text(winners::left_out(cases.left_out, cases.count)));
        }
    } else {
        let text = winners::no_table(cases.count, lesson.general.is_some(), !cases.rows.is_empty());
        blocks.push(Block::Text(text));
    }
    Some(Section { number: None, heading: winners::heading(), blocks })
}

/// Every gradient in every case. A product that all the gradients that differ begin with gets
/// a name of its own, so that the table shows what differs.
fn table(lesson: &Lesson, cases: &Cases, t: &Typesetter<'_>, shared: &Shared) -> Table {
    let d = &lesson.derivation;
    let name = |max| t.math(lesson.names.get(&max).copied().unwrap_or(max));
    let mut header = vec![winners::column()];
    header.extend(d.targets.iter().map(|id| vec![Inline::Math(t.math(d.lemma(*id).goal))]));
    let rows = cases
        .rows
        .iter()
        .map(|case| {
            let holds = |(max, winner): (&ExprId, &ExprId)| {
                relation(name(*max), Relation::Equal, t.math(*winner))
            };
            let mut row = vec![commas(cases.maxima.iter().zip(&case.winners).map(holds).collect())];
            row.extend(case.gradients.iter().map(|e| vec![Inline::Math(shared.math(d, t, *e))]));
            row
        })
        .collect();
    Table { header, rows }
}

/// The factors that the differing gradients of a table begin with, and their name.
struct Shared {
    factors: Vec<ExprId>,
    name: &'static str,
}

impl Shared {
    fn of(lesson: &Lesson, cases: &Cases) -> Shared {
        let g = &lesson.derivation.graph;
        let mut common: Option<Vec<ExprId>> = None;
        for n in 0..lesson.derivation.targets.len() {
            let column: Vec<ExprId> = cases.rows.iter().map(|c| c.gradients[n]).collect();
            if column.iter().all(|e| *e == column[0]) {
                continue;
            }
            for e in column {
                let own = factors(g, e);
                // The last factor is what tells the cases apart; 0 has none.
                if own.is_empty() {
                    continue;
                }
                let own = &own[..own.len() - 1];
                let kept = match &common {
                    None => own.to_vec(),
                    Some(c) => {
                        c.iter().zip(own).take_while(|(a, b)| a == b).map(|(a, _)| *a).collect()
                    }
                };
                common = Some(kept);
            }
        }
        let free = |name: &&str| lesson.net.find(name).is_none();
        let name = ["delta", "D", "common"].into_iter().find(free);
        let factors = common.filter(|c| c.len() > 1);
        match (factors, name) {
            (Some(factors), Some(name)) => Shared { factors, name },
            _ => Shared { factors: Vec::new(), name: "" },
        }
    }

    /// The gradient, with the name for the factors that it shares.
    fn math(&self, d: &Derivation, t: &Typesetter<'_>, e: ExprId) -> Math {
        let own = factors(&d.graph, e);
        if self.factors.is_empty() || !own.starts_with(&self.factors) {
            return t.math(e);
        }
        let rest = own[self.factors.len()..].iter().map(|f| t.math(*f));
        Math::Product(std::iter::once(Math::symbol(self.name)).chain(rest).collect())
    }
}

fn factors(g: &Graph, e: ExprId) -> Vec<ExprId> {
    match g.node(e) {
        Node::Mul(args) => g.args(args).to_vec(),
        _ => Vec::new(),
    }
}
