//! How a document lays derivatives by arrays out: ∂y/∂x with a row for each element of y, or with
//! one for each element of x.
//!
//! Invariant: one document has one layout; what holds only in the other is open.

use super::{Claim, Mark, Marker, Standing};
use crate::review::shapes::{Layout, Turned};
use crate::review::tex::syntax::Statement;

impl Marker<'_, '_> {
    /// Reads derivatives by arrays in one layout throughout: marks from `found` on that hold in
    /// another one than rows before are open, and what the usual one refutes is read in the other
    /// where no row has shown which it is.
    pub(super) fn laid_out(
        &mut self,
        statement: &Statement,
        here: Standing<'_>,
        claims: &mut Vec<Claim>,
        found: usize,
    ) {
        let key = (here.at, statement.span.start);
        let Some(spread) = self.document.arrays.spread.get(&key) else { return };
        let refuted = |claims: &[Claim]| claims.iter().any(|c| matches!(c.mark, Mark::Refuted(_)));
        let proved =
            |claims: &[Claim]| claims.iter().all(|c| matches!(c.mark, Mark::Proved { .. }));
        let mut turned = match &spread.layout {
            Layout::Turned(turned) => *turned,
            _ => Turned::default(),
        };
        if let Layout::Either(other, statements) = &spread.layout
            && refuted(&claims[found..])
        {
            let before = (self.last.clone(), self.aligned.clone(), self.wrong.len());
            let mut others = Vec::new();
            for statement in statements {
                self.statement(statement, here, &mut others);
            }
            if proved(&others) {
                turned = *other;
                claims.truncate(found);
                claims.append(&mut others);
            } else {
                (self.last, self.aligned) = (before.0, before.1);
                self.wrong.truncate(before.2);
            }
        }
        if spread.layout == Layout::Any || !proved(&claims[found..]) {
            return;
        }
        let mut reason = None;
        let kinds =
            [(spread.has.jacobians, turned.jacobians), (spread.has.gradients, turned.gradients)];
        for ((has, own), known) in kinds.into_iter().zip(&mut self.turned) {
            if has && *known.get_or_insert(own) != own {
                reason = Some("it lays derivatives out in another way than the rows before");
            }
        }
        // The gradient by a matrix has its shape, unless words say otherwise.
        if turned.gradients && spread.by_matrix {
            reason = Some(
                "it holds for the transpose of the derivative, and nothing says that it is meant",
            );
        }
        for claim in &mut claims[found..] {
            match (reason, &mut claim.mark) {
                (Some(reason), mark) => *mark = Mark::Undecided { reason: reason.to_string() },
                (None, Mark::Proved { given, .. }) if turned != Turned::default() => {
                    given.push("derivatives laid out as transposes".to_string());
                }
                _ => {}
            }
        }
    }
}
