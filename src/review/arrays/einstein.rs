//! Einstein's convention, where the words of a document say so: an index that stands twice in a
//! product is summed over. In go statements, out come the same with their sums written.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::review::document::Item;
use crate::review::read::Passage;
use crate::review::tex::syntax::{Expr, FormulaKind, Part, visit};

/// Words that say so, in small letters.
const WORDS: &[&str] = &[
    "einstein",
    "summation convention",
    "repeated indices are summed",
    "repeated index is summed",
    "sum over repeated indices",
];
const LETTERS: &str = "abcdefghijklmnpqrst";

/// Writes the sums that the convention leaves out, from the words on that say so.
pub(super) fn write_sums(items: &mut [Item]) {
    let said = items.iter().position(|item| match item {
        Item::Words(passage) => {
            let text = passage.text.to_lowercase();
            WORDS.iter().any(|words| text.contains(words))
        }
        Item::Row(_) => false,
    });
    let Some(said) = said else { return };
    // What stands once in some term of a formula is an index that it speaks of.
    let mut free: BTreeMap<*const Passage, BTreeSet<char>> = BTreeMap::new();
    for item in &items[said..] {
        let Item::Row(placed) = item else { continue };
        let own = free.entry(Rc::as_ptr(&placed.passage)).or_default();
        for part in &placed.row.parts {
            let Part::Statement(statement) = part else { continue };
            statement.sides().for_each(|side| once(side, own));
        }
    }
    for item in &mut items[said..] {
        let Item::Row(placed) = item else { continue };
        let free = &free[&Rc::as_ptr(&placed.passage)];
        for part in &mut placed.row.parts {
            let Part::Statement(statement) = part else { continue };
            statement.sides_mut().for_each(|side| sums(side, free));
        }
    }
}

/// The letters that stand once in a term.
fn once(expr: &Expr, found: &mut BTreeSet<char>) {
    match &expr.kind {
        FormulaKind::Sum(terms) => terms.iter().for_each(|(_, term)| once(term, found)),
        FormulaKind::Neg(a) => once(a, found),
        _ => found.extend(letters(expr).into_iter().filter(|(_, n)| *n == 1).map(|(c, _)| c)),
    }
}

/// The letters of an expression with how often they stand in it.
fn letters(expr: &Expr) -> BTreeMap<char, usize> {
    let mut found = BTreeMap::new();
    visit(expr, &mut |e| {
        if let FormulaKind::Name(name) = &e.kind {
            for part in name.below.iter().filter(|part| part.len() <= 3) {
                for c in part.chars().filter(|c| LETTERS.contains(*c)) {
                    *found.entry(c).or_insert(0) += 1;
                }
            }
        }
    });
    found
}

fn sums(expr: &mut Expr, free: &BTreeSet<char>) {
    match &mut expr.kind {
        FormulaKind::Sum(terms) => {
            terms.iter_mut().for_each(|(_, term)| sums(term, free));
            return;
        }
        FormulaKind::Neg(a) => return sums(a, free),
        FormulaKind::BigSum { .. } => return,
        _ => {}
    }
    let twice = letters(expr).into_iter().filter(|(c, n)| *n == 2 && !free.contains(c));
    let indices: Vec<String> = twice.map(|(c, _)| c.to_string()).collect();
    if indices.is_empty() {
        return;
    }
    let span = expr.span.clone();
    let body = Box::new(expr.clone());
    *expr = Expr { kind: FormulaKind::BigSum { indices, from: None, to: None, body }, span };
}
