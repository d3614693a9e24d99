//! Names that are bold wherever they stand, which only arrays are.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::review::document::Item;
use crate::review::read::Passage;
use crate::review::tex::letter;
use crate::review::tex::syntax::{FormulaKind, visit};

/// The stems of names that are bold wherever they stand: arrays.
pub(in crate::review) fn bold(items: &[Item]) -> BTreeSet<String> {
    const FONTS: &[&str] = &["\\mathbf", "\\boldsymbol", "\\bm", "\\pmb"];
    let (mut times, mut all) = (BTreeMap::new(), BTreeMap::new());
    let mut last: Option<Rc<Passage>> = None;
    for (_, placed, statement) in super::rows(items) {
        let mut names = 0;
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::Name(name) = &e.kind {
                    *all.entry(name.stem.clone()).or_insert(0usize) += 1;
                    names += 1;
                }
            });
        }
        if last.as_ref().is_some_and(|passage| Rc::ptr_eq(passage, &placed.passage)) || names == 0 {
            continue;
        }
        last = Some(placed.passage.clone());
        let text = placed.passage.text.as_str();
        for font in FONTS {
            for (start, _) in text.match_indices(font) {
                let rest = text[start + font.len()..].trim_start().trim_start_matches('{');
                let rest = rest.trim_start();
                let stem = match rest.strip_prefix('\\') {
                    Some(command) => {
                        let end = command.find(|c: char| !c.is_ascii_alphabetic());
                        letter(&command[..end.unwrap_or(command.len())]).map(String::from)
                    }
                    None => rest.chars().next().filter(|c| c.is_alphabetic()).map(String::from),
                };
                if let Some(stem) = stem {
                    *times.entry(stem).or_insert(0usize) += 1;
                }
            }
        }
    }
    times.retain(|stem, bold| all.get(stem).is_some_and(|whole| *bold >= *whole));
    times.into_keys().collect()
}
