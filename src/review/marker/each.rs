//! A row with letters for indices, marked once for each element that it speaks of.
//!
//! Invariant: the gravest mark counts; what is not tried for every element is not proved.

use super::Marker;
use crate::review::Mark;
use crate::review::indices::{Condition, SUPPOSED};
use crate::review::tex::syntax::{Expr, FormulaKind, visit};

/// Whether a sum stands in an expression whose bounds are not both numbers.
fn sums_openly(expr: &Expr) -> bool {
    let mut found = false;
    let number = |e: &Option<Box<Expr>>| {
        e.as_deref().is_some_and(|e| matches!(e.kind, FormulaKind::Number { .. }))
    };
    visit(expr, &mut |e| {
        found |=
            matches!(&e.kind, FormulaKind::BigSum { from, to, .. } if !number(from) || !number(to));
    });
    found
}

impl Marker<'_, '_> {
    /// Marks an equation once for each element that its sides speak of, and puts the marks
    /// together: the gravest counts, and says of which element it is.
    pub(in crate::review) fn for_elements(
        &mut self,
        sides: &[&Expr],
        mut mark: impl FnMut(&mut Self) -> Option<Mark>,
    ) -> Option<Mark> {
        let elements = self.scope.elements(sides, &self.conditions);
        let (complete, total, tried) = (elements.is_complete(), elements.total, elements.all.len());
        if let Some(letter) = elements.torn {
            let reason = format!("{letter} has one range in one place and another in another");
            return Some(Mark::Undecided { reason });
        }
        if let Some(name) = elements.twice {
            let reason = format!("{name} is defined with one letter here and another there");
            return Some(Mark::Undecided { reason });
        }
        let heeded: Vec<String> = match elements.all.first() {
            Some(element) if !element.is_empty() => self
                .conditions
                .iter()
                .filter(|c| c.speaks_of(element))
                .map(Condition::said)
                .collect(),
            _ => Vec::new(),
        };
        let mut all: Option<Mark> = None;
        for element in elements.all {
            let winner = self.winner.clone().filter(|(_, value)| {
                self.scope.free_letters(&[value]).keys().all(|letter| element.contains_key(letter))
            });
            let winner = winner
                .and_then(|(left, value)| self.under_winner(&left, &value, &element, usize::MAX));
            let before = std::mem::replace(&mut self.scope.letters, element.clone());
            (self.scope.guessed, self.scope.loose) = (false, false);
            let before_it = std::mem::replace(&mut self.scope.supposed, elements.supposed);
            let mut found = mark(self);
            if let Some((max, winner)) = winner {
                self.restore(max, winner);
            }
            // What is said of single elements may be true of another length.
            let single = self.scope.supposed
                && element.is_empty()
                && !sides.iter().any(|side| sums_openly(side));
            if single && let Some(Mark::Refuted(_)) = found {
                found = Some(Mark::of_no_length());
            }
            let loose = std::mem::take(&mut self.scope.loose) || elements.loose;
            if loose && let Some(Mark::Refuted(_)) = found {
                let reason = "it is not certain which values its indices take here";
                found = Some(Mark::Undecided { reason: reason.to_string() });
            }
            let guessed = std::mem::take(&mut self.scope.guessed);
            if guessed && let Some(Mark::Refuted(_)) = found {
                let reason = "δ has no definition, and it is wrong if it is Kronecker's";
                found = Some(Mark::Undecided { reason: reason.to_string() });
            }
            if let Some(Mark::Proved { given, .. }) = &mut found {
                given.extend(guessed.then(|| "δ is Kronecker's".to_string()));
                given.extend(heeded.iter().cloned());
                given.extend(self.scope.supposed.then(|| SUPPOSED.to_string()));
            }
            self.scope.letters = before;
            self.scope.supposed |= before_it;
            all = match (all, found?) {
                (_, Mark::Refuted(mut wrong)) => {
                    if !element.is_empty() {
                        let values = element.iter().map(|(letter, n)| format!("{letter} = {n}"));
                        let values = values.collect::<Vec<_>>().join(", ");
                        wrong.message = format!("{}, for {values}", wrong.message);
                    }
                    return Some(Mark::Refuted(wrong));
                }
                // What cannot be judged for one element is not judged for the others.
                (_, found @ (Mark::Undecided { .. } | Mark::OutOfScope { .. })) => {
                    return Some(found);
                }
                (None, found) => Some(found),
                (Some(all), found) => Some(all.and(found)),
            };
        }
        if let Some(Mark::Proved { .. } | Mark::Definition { .. }) = all
            && !complete
        {
            let reason = format!("it holds for the {tried} of {total} elements that were tried");
            return Some(Mark::Undecided { reason });
        }
        all
    }
}
