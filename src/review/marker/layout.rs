//! How a document lays derivatives by arrays out: ∂y/∂x with a row for each element of y, or with
//! one for each element of x.
//!
//! Invariant: one document has one layout; what holds only in the other is open.

use super::{Claim, Mark, Marker, Standing};
use crate::review::shapes::Layout;
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
        let mut turned = spread.layout == Layout::Turned;
        if let Layout::Either(other) = &spread.layout
            && refuted(&claims[found..])
        {
            let before = (self.last.clone(), self.aligned.clone(), self.wrong.len());
            let mut others = Vec::new();
            for statement in other {
                self.statement(statement, here, &mut others);
            }
            turned = proved(&others);
            if turned {
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
        let own = *self.turned.get_or_insert(turned);
        for claim in &mut claims[found..] {
            if own != turned {
                let reason =
                    "it lays derivatives out in another way than the rows before".to_string();
                claim.mark = Mark::Undecided { reason };
            } else if let (Mark::Proved { given, .. }, true) = (&mut claim.mark, turned) {
                given.push("derivatives laid out as the transpose of their variable".to_string());
            }
        }
    }
}
