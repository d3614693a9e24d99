//! Names that are bold wherever they stand, which only arrays are.

use std::collections::{BTreeMap, BTreeSet};

use crate::review::document::Item;
use crate::review::tex::syntax::{FormulaKind, visit};

/// The stems of names that are bold wherever they stand: arrays.
pub(in crate::review) fn bold(items: &[Item]) -> BTreeSet<String> {
    const FONTS: &[&str] = &["\\mathbf", "\\boldsymbol", "\\bm", "\\pmb"];
    let (mut times, mut all) = (BTreeMap::new(), BTreeMap::new());
    for (_, placed, statement) in super::rows(items) {
        for side in statement.sides() {
            visit(side, &mut |e| {
                let FormulaKind::Name(name) = &e.kind else { return };
                let text = placed.passage.text.get(e.span.clone()).unwrap_or_default();
                *all.entry(name.stem.clone()).or_insert(0usize) += 1;
                if FONTS.iter().any(|font| text.contains(font)) {
                    *times.entry(name.stem.clone()).or_insert(0usize) += 1;
                }
            });
        }
    }
    times.retain(|stem, bold| all.get(stem).is_some_and(|whole| bold == whole));
    times.into_keys().collect()
}
