//! One statement: what it says as a whole, and each link of its chain.
//!
//! Invariants: a statement with a relation gets a claim for each of its links, or one for all of
//! them; a formula without a relation gets a claim only where it has no meaning.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Chain, Marker, Standing, statements_of};
use crate::review::claim::{defined, is_equation, names_of};
use crate::review::document::Placed;
use crate::review::names::spelled;
use crate::review::numbers::{is_literal, is_numeric};
use crate::review::scope::Certainty;
use crate::review::tex::syntax::{Expr, FormulaKind, Part, Relation, Statement, visit};
use crate::review::{Claim, Mark, NoteKind, Repair, Wrong};

impl Marker<'_, '_> {
    /// The claims of one statement, and the chain that the next may carry on.
    pub(super) fn statement(
        &mut self,
        statement: &Statement,
        here: Standing<'_>,
        claims: &mut Vec<Claim>,
    ) {
        let found = claims.len();
        self.malformed(statement, here, claims);
        if statement.rest.is_empty() {
            self.repeated(statement, here);
            self.spoken(statement, here.at);
            return;
        }
        if claims.len() > found {
            return;
        }
        if self.scope.is_given(statement, here.at) {
            let what = "it is given".to_string();
            let reading = self.reading(statement, here);
            let claim = self.claim(here.placed, &statement.span, Mark::Assumption { what });
            claims.push(Claim { reading, ..claim });
            return;
        }
        if self.is_constraint(statement, here) {
            let names = statement.sides().flat_map(names_of);
            self.constrained.extend(names.map(|name| name.stem));
            let what = "it is given".to_string();
            claims.push(self.claim(here.placed, &statement.span, Mark::Assumption { what }));
            return;
        }
        let carried = match (&statement.first, statement.aside) {
            (Some(first), _) => Chain::at(first.clone()),
            (None, false) => {
                if self.document.is_in_passing(here.at, here.placed.inline, statement) {
                    return;
                }
                // Of two columns each goes on with its own.
                if let Some(nth) = beside_others(here.placed, statement)
                    && self.columns.len() > 1
                {
                    self.last = self.columns.get(nth).cloned();
                    self.aligned = None;
                }
                let aligned = statement.aligned && self.aligned.is_some();
                let slot = if aligned { &mut self.aligned } else { &mut self.last };
                match slot.take() {
                    Some(chain) => chain,
                    None => {
                        let reason = "no left side carries over to it".to_string();
                        let mark = Mark::Undecided { reason };
                        claims.push(self.claim(here.placed, &statement.span, mark));
                        return;
                    }
                }
            }
            (None, true) => {
                let reason = "an equation without a left side".to_string();
                claims.push(self.claim(here.placed, &statement.span, Mark::Undecided { reason }));
                return;
            }
        };
        let mut chain = carried;
        for (nth, (relation, side)) in statement.rest.iter().enumerate() {
            let names = nth == 0 && statement.first.is_some();
            let span = match nth {
                0 => statement.span.start..side.span.end,
                _ => side.span.clone(),
            };
            let here = Standing { own_left: names, ..here };
            let left = chain.last.clone();
            if let Some(mark) = self.link(&mut chain, *relation, side, names, here) {
                let reading = Some(self.reading_of_link(&left, *relation, side, here));
                let hint = match mark {
                    Mark::Refuted(_) if !here.in_elements => self.hint(&left, here.at),
                    _ => None,
                };
                let claim = self.claim(here.placed, &span, mark);
                claims.push(Claim { reading, hint, ..claim });
            }
            if is_equation(*relation) {
                chain.last = side.clone();
            } else if *relation == Relation::Becomes {
                // What follows is about the new value.
                let value = self.value_of(&chain.first, here);
                chain = Chain::at(value.unwrap_or_else(|| side.clone()));
            }
        }
        if beside_others(here.placed, statement).is_some() {
            self.beside.push(chain.clone());
        }
        if !statement.aside && !is_a_reason(here.placed, statement) {
            if statement.aligned || self.aligned.is_none() {
                self.aligned = Some(chain.clone());
            }
            self.last = Some(chain);
        }
    }

    /// What has no meaning whatever its names are.
    fn malformed(&mut self, statement: &Statement, here: Standing<'_>, claims: &mut Vec<Claim>) {
        let sides = statement.sides();
        for side in sides {
            let mut found: Vec<(Range<usize>, Range<usize>, bool)> = Vec::new();
            visit(side, &mut |e| {
                if let FormulaKind::HalfDerivative { by, .. } = &e.kind {
                    found.push((e.span.clone(), by.span.clone(), true));
                }
            });
            for (whole, below, _) in found {
                let source = here.placed.source(&below);
                let from = self.document.text(&source);
                let wrong = Wrong {
                    message: "the ∂ below is missing: ∂ of something over a plain name is no \
                              derivative"
                        .to_string(),
                    counterexample: None,
                    repair: Some(Repair {
                        source,
                        to: format!("\\partial {from}"),
                        from,
                        slip: None,
                    }),
                };
                claims.push(self.claim(here.placed, &whole, Mark::Refuted(Box::new(wrong))));
            }
        }
    }

    /// Notes an element that stands twice in a list.
    fn repeated(&mut self, statement: &Statement, here: Standing<'_>) {
        let Some(Expr { kind: FormulaKind::List(all), .. }) = &statement.first else { return };
        let mut seen = BTreeSet::new();
        for one in all {
            if let FormulaKind::Name(name) = &one.kind
                && !seen.insert(spelled(name))
            {
                let message = format!("{} stands twice in this list", spelled(name));
                self.note(NoteKind::Repeated, here.placed.source(&one.span), message);
            }
        }
    }

    /// The mark of one link of a chain; none if it is a condition, which states nothing.
    fn link(
        &mut self,
        chain: &mut Chain,
        relation: Relation,
        side: &Expr,
        first: bool,
        here: Standing<'_>,
    ) -> Option<Mark> {
        match relation {
            Relation::Other | Relation::Differs => return None,
            Relation::Becomes => {
                self.updated(&chain.first, side, here);
                return Some(Mark::Update);
            }
            Relation::Equal | Relation::Defines | Relation::About => {}
        }
        if let Some(wrong) = self.repeated_in_max(side, here) {
            return Some(Mark::Refuted(Box::new(wrong)));
        }
        if first
            && let FormulaKind::Power(base, _) = &chain.first.kind
            && let FormulaKind::Name(name) = &base.kind
            && self.scope.squares.contains(&(here.at, spelled(name)))
        {
            return Some(Mark::Definition { agrees: false });
        }
        if first
            && let Some((name, params)) = defined(&chain.first)
            && let Some(mark) = self.naming(name, params, side, relation, here)
        {
            return Some(mark);
        }
        // "(1/m) Σ x_i = x̄" is what defines x̄.
        if first
            && let FormulaKind::Name(name) = &side.kind
            && let Some((definition, _)) = self.scope.definition(&spelled(name), here.at)
            && definition.at == here.at
            && definition.body == chain.first
        {
            return Some(Mark::Definition { agrees: false });
        }
        // "at t = j = 0": a number for a name, and no claim of it. In running text, names with a
        // number behind them say no more than j = 0 would.
        let name = |e: &Expr| matches!(e.kind, FormulaKind::Name(_));
        let chosen = self.document.is_chosen(here.at)
            || here.placed.inline && name(&chain.first) && is_literal(side);
        if !first
            && let FormulaKind::Name(name) = &chain.last.kind
            && is_numeric(side)
            && chosen
            && let Some(mark) = self.value(&name.clone(), side, here)
        {
            return Some(mark);
        }
        let square = first
            && matches!(&chain.first.kind, FormulaKind::Power(base, _) if matches!(base.kind, FormulaKind::Name(_)));
        let mark = self.equation(chain, side, relation, here);
        if let Mark::Refuted(_) = mark
            && first
            && let Some(reason) = self.is_another_rule(&chain.first, side, here)
        {
            chain.broken = None;
            return Some(Mark::Undecided { reason });
        }
        if let Mark::Refuted(_) = mark
            && first
            && self.may_mean_anew(&chain.first, side, here)
            && let Some((name, params)) = defined(&chain.first.clone())
        {
            chain.broken = None;
            return self.again(name, params, side, Certainty::Perhaps, here);
        }
        if let (Mark::Refuted(_), true) = (&mark, chain.gap) {
            // Whoever calls it wrong has read what it goes on from.
            chain.broken = None;
            let reason = "the row that it goes on from could not be read".to_string();
            return Some(Mark::Undecided { reason });
        }
        match mark {
            Mark::Proved { .. } => chain.gap = false,
            // What stands behind a side that was not judged goes on from it.
            Mark::OutOfScope { .. } => chain.gap = true,
            _ => {}
        }
        match mark {
            // "z^2_j = …" may be about the second z.
            Mark::Refuted(_) if square => {
                let reason = "it is wrong if this is a power, and it may be a name".to_string();
                Some(Mark::Undecided { reason })
            }
            mark => Some(mark),
        }
    }
}

/// Whether a statement stands behind words in a row that goes on from the one before: it gives the
/// reason of that, "= b, since c = d", and the next row does not go on from it.
fn is_a_reason(placed: &Placed, statement: &Statement) -> bool {
    let before = placed.row.parts.iter().take_while(|part| match part {
        Part::Statement(other) => other.span.start < statement.span.start,
        _ => true,
    });
    let mut carried = false;
    let mut words = false;
    for part in before {
        match part {
            Part::Statement(s) if !s.aside && !s.rest.is_empty() => carried |= s.first.is_none(),
            Part::Words(..) => words |= carried,
            _ => {}
        }
    }
    carried && words && statement.first.is_some() && !statement.aligned
}

/// Which of several equations of a row a statement is; none where there is one.
fn beside_others(placed: &Placed, statement: &Statement) -> Option<usize> {
    let mut all: Vec<usize> = statements_of(placed)
        .filter(|s| !s.aside && s.rest.iter().any(|(relation, _)| is_equation(*relation)))
        .map(|s| s.span.start)
        .collect();
    all.dedup();
    let nth = all.iter().position(|start| *start == statement.span.start)?;
    (all.len() > 1 && !placed.inline).then_some(nth)
}
