//! The number of a class as an index: z_y beside Σ_j z_j, where y is the true class.
//!
//! Goes in: a document. Comes out: the indices that are such numbers with the values that they may
//! have, and the document with numbers in their place. What always holds: a letter is a label only
//! where it stands in the place of an index, no sum goes over it, and the document does not reckon
//! with it; what is proved was proved for each of its values, and what is refuted fails for each.

use std::collections::{BTreeMap, BTreeSet};

use super::claim::{defined, statements};
use super::document::{Document, Item, Labels};
use super::indices::USUAL;
use super::names::{is_digits, spelled};
use super::scope::{Meaning, Scope};
use super::tex::syntax::{Comparison, Expr, FormulaKind, Name, Part, Relation, Statement, visit};
use crate::expr::ExprId;

/// The most values that a label is tried with, and the most of all labels together.
const MAX_VALUES: usize = 6;
/// Words below a name that say which element of an array it is.
const WORDS: &[&str] = &["true", "correct", "target", "label", "gold", "gt"];
/// What words call a label.
const CALLED: &[&str] = &["class", "label", "category", "target", "index"];

/// What a label stands for in one walk: the part of an index, and its number.
pub(super) type Numbers = Vec<(String, i64)>;

/// The place of an index: stem, mark above, how many parts, and which of them.
type Place = (String, Option<String>, usize, usize);

/// The places in which labels stand, by their spelling.
fn candidates(document: &Document<'_>) -> BTreeMap<String, BTreeSet<Place>> {
    let mut seen = Seen::default();
    for (at, _, statement) in statements(document) {
        seen.statement(statement);
        seen.lone(document, at, statement);
    }
    let mut found = BTreeMap::new();
    for (part, places) in &seen.odd {
        let places: BTreeSet<Place> =
            places.iter().filter(|place| seen.indexed.contains(place)).cloned().collect();
        if !places.is_empty() && seen.is_label(part) {
            found.insert(part.clone(), places);
        }
    }
    found
}

/// What a document shows of its letters.
#[derive(Default)]
struct Seen {
    /// Letters that sums go over.
    summed: BTreeSet<String>,
    /// Places where an index stands: a number, or a letter that is one by custom.
    indexed: BTreeSet<Place>,
    /// What else stands in the place of an index.
    odd: BTreeMap<String, BTreeSet<Place>>,
    /// Names that the document reckons with, or defines.
    reckoned: BTreeSet<String>,
    /// The stems of names with indices.
    stems: BTreeSet<String>,
    /// What is compared with an index, is an argument beside others, or is called a label by words.
    shown: BTreeSet<String>,
    /// What stands on the right of an equation with a sum, or for a quantity without an index, and
    /// not on its left.
    apart: BTreeSet<String>,
    /// What stands below a name that an equation says something of: h_t = ….
    each: BTreeSet<String>,
    /// Letters of a step: h_{t−1}.
    steps: BTreeSet<char>,
}

impl Seen {
    fn statement(&mut self, statement: &Statement) {
        let (mut own, mut over) = (BTreeSet::new(), BTreeSet::new());
        for side in statement.sides() {
            visit(side, &mut |e| self.part_of(e, &mut own, &mut over));
        }
        self.summed.extend(over.iter().cloned());
        let left = statement.first.as_ref();
        let mut on_left = BTreeSet::new();
        if let Some(left) = left {
            visit(left, &mut |e| {
                if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &e.kind {
                    on_left.extend(name.below.iter().cloned());
                }
            });
        }
        let quantity = left.is_some_and(|left| match &left.kind {
            FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } => {
                self.each.extend(name.below.iter().cloned());
                name.below.is_empty()
            }
            _ => false,
        });
        if left.is_some() && !statement.rest.is_empty() && (quantity || !over.is_empty()) {
            self.apart.extend(own.difference(&on_left).cloned());
        }
        // "a = y" reckons with y.
        if !left.is_some_and(is_letter) {
            self.reckoned.extend(statement.rest.iter().filter_map(|(relation, side)| {
                plain(side).filter(|_| *relation == Relation::Equal)
            }));
        }
        // "i = y" compares.
        if let (Some(left), [(Relation::Equal | Relation::Differs, right)]) =
            (left, &statement.rest[..])
        {
            self.compare(left, right);
            if let (Some((name, _)), false) = (defined(left), is_letter(right)) {
                self.reckoned.insert(spelled(name));
            }
        }
    }

    fn part_of(&mut self, e: &Expr, own: &mut BTreeSet<String>, over: &mut BTreeSet<String>) {
        match &e.kind {
            FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } => {
                let parts = name.below.len();
                for (place, part) in name.below.iter().enumerate() {
                    let key = (name.stem.clone(), name.above.clone(), parts, place);
                    let index = |c: char| USUAL.contains(c) || c.is_ascii_digit();
                    self.steps.extend(part.chars().filter(|_| part.contains(['+', '-'])));
                    if part.chars().all(index) && (part.chars().count() == 1 || is_digits(part)) {
                        self.indexed.insert(key);
                    } else {
                        own.insert(part.clone());
                        self.odd.entry(part.clone()).or_default().insert(key);
                    }
                }
                if parts > 0 {
                    self.stems.insert(name.stem.clone());
                }
                if let FormulaKind::Apply { args, .. } = &e.kind
                    && args.len() > 1
                {
                    self.shown.extend(args.iter().filter_map(plain));
                }
            }
            FormulaKind::BigSum { indices, from, to, body } => {
                over.extend(indices.iter().cloned());
                self.reckoned.extend(from.iter().chain(to).chain([body]).filter_map(|e| plain(e)));
            }
            FormulaKind::Cases(cases) => {
                for condition in cases.iter().filter_map(|(_, condition)| condition.as_ref()) {
                    self.compare(&condition.left, &condition.right);
                }
                self.reckoned.extend(cases.iter().filter_map(|(value, _)| plain(value)));
            }
            FormulaKind::Sum(terms) => {
                self.reckoned.extend(terms.iter().filter_map(|(_, term)| plain(term)));
            }
            // σ(z)y is the y-th element, in haste.
            FormulaKind::Product(all)
                if matches!(
                    &all[..],
                    [Expr { kind: FormulaKind::Apply { .. } | FormulaKind::Call(..), .. }, _]
                ) => {}
            FormulaKind::Product(all) | FormulaKind::Extreme { of: all, .. } => {
                self.reckoned.extend(all.iter().filter_map(plain));
            }
            FormulaKind::Quotient(a, b)
            | FormulaKind::Power(a, b)
            | FormulaKind::Derivative { of: a, by: b, .. } => {
                self.reckoned.extend([plain(a), plain(b)].into_iter().flatten());
            }
            FormulaKind::Neg(a) | FormulaKind::Call(_, a) | FormulaKind::Differential(a) => {
                self.reckoned.extend(plain(a));
            }
            _ => {}
        }
    }

    fn compare(&mut self, left: &Expr, right: &Expr) {
        for (one, other) in [(left, right), (right, left)] {
            if is_letter(one) || matches!(one.kind, FormulaKind::Number { .. }) {
                self.shown.extend(plain(other));
            }
        }
    }

    /// "the true class $y$", "where $c$ is the label".
    fn lone(&mut self, document: &Document<'_>, at: usize, statement: &Statement) {
        let Some(name) = statement.first.as_ref().and_then(plain) else { return };
        let set = matches!(statement.rest[..], [(Relation::Other, _)]);
        if !statement.rest.is_empty() && !set {
            return;
        }
        let words = |at: Option<usize>| match at.and_then(|at| document.items.get(at)) {
            Some(Item::Words(passage)) => passage.text.to_lowercase(),
            _ => String::new(),
        };
        let called = |word: &str| CALLED.contains(&word.trim_matches(|c: char| !c.is_alphabetic()));
        let (before, behind) = (words(at.checked_sub(1)), words(Some(at + 1)));
        let behind: Vec<&str> = behind.split_whitespace().take(7).collect();
        let is = behind.first().is_some_and(|word| matches!(*word, "is" | "denotes" | "be"));
        if before.split_whitespace().next_back().is_some_and(called)
            || is && behind.iter().any(|word| called(word))
        {
            self.shown.insert(name);
        }
    }

    fn is_label(&self, part: &str) -> bool {
        if WORDS.contains(&part) {
            return true;
        }
        let letters: Vec<char> = part.chars().collect();
        match letters[..] {
            [c] if c.is_lowercase() => {
                !self.summed.contains(part)
                    && !self.reckoned.contains(part)
                    && !self.stems.contains(part)
                    && !self.steps.contains(&c)
                    && (self.shown.contains(part)
                        || self.apart.contains(part) && !self.each.contains(part))
            }
            // f_{y_i}, the score of the class of example i.
            [c, i] if c.is_lowercase() && USUAL.contains(i) && !USUAL.contains(c) => {
                let own = format!("{c}_{i}");
                self.stems.contains(&c.to_string()) && !self.reckoned.contains(&own)
                    || self.shown.contains(&own)
            }
            _ => false,
        }
    }
}

/// The name that an expression is.
fn plain(e: &Expr) -> Option<String> {
    match &e.kind {
        FormulaKind::Name(name) => Some(spelled(name)),
        _ => None,
    }
}

/// Whether an expression is a letter that is an index by custom.
fn is_letter(e: &Expr) -> bool {
    plain(e).is_some_and(|name| name.chars().count() == 1 && USUAL.contains(&name))
}

/// The numbers that the labels of a document may be, all of them in each walk; none where it has
/// no label. What indices run over is what a scope of the document says.
pub(super) fn find(document: &Document<'_>, scope: impl FnOnce() -> Indexed) -> Vec<Numbers> {
    let labels = candidates(document);
    if labels.is_empty() {
        return Vec::new();
    }
    let indexed = scope();
    let mut all: Vec<Numbers> = vec![Vec::new()];
    for (part, places) in &labels {
        let mut values: Option<(i64, i64)> = None;
        for place in places {
            let Some((first, last, supposed)) = indexed.0.get(place) else { continue };
            let own = if *supposed { (*first, first + 1) } else { (*first, *last) };
            values = Some(values.map_or(own, |(a, b)| (a.min(own.0), b.max(own.1))));
        }
        let Some((first, last)) = values else { continue };
        let longer = all.iter().flat_map(|numbers| {
            (first..=last).map(move |n| {
                let mut longer = numbers.clone();
                longer.push((part.clone(), n));
                longer
            })
        });
        all = longer.take(MAX_VALUES + 1).collect();
        if all.len() > MAX_VALUES {
            return Vec::new();
        }
    }
    all.retain(|numbers| !numbers.is_empty());
    all
}

/// What the indices in the places of names run over, and whether that is supposed.
#[derive(Default)]
pub(super) struct Indexed(BTreeMap<Place, (i64, i64, bool)>);

impl Indexed {
    /// As a scope knows it.
    pub(super) fn of(scope: &Scope<'_>, document: &Document<'_>) -> Indexed {
        let mut found: BTreeMap<Place, (i64, i64, bool)> = BTreeMap::new();
        for (_, _, statement) in statements(document) {
            for side in statement.sides() {
                visit(side, &mut |e| {
                    let FormulaKind::Name(name) = &e.kind else { return };
                    let (key, items) = scope.indices.items(name);
                    if items.len() != name.below.len() {
                        return;
                    }
                    for place in 0..items.len() {
                        let own = (name.stem.clone(), name.above.clone(), items.len(), place);
                        let number = name.below[place].parse::<i64>().ok();
                        let run = scope.indices.run_of(&key, place);
                        let run = run.map(|run| (run.first, run.last, run.supposed));
                        let Some(run) = run.or(number.map(|n| (n, n, false))) else { continue };
                        let known = found.entry(own).or_insert(run);
                        *known = (known.0.min(run.0), known.1.max(run.1), known.2 || run.2);
                    }
                });
            }
        }
        Indexed(found)
    }
}

/// The stems of names with numbers below them.
fn numbered(document: &Document<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, _, statement) in statements(document) {
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &e.kind
                    && name.below.iter().any(|part| part.contains(|c: char| c.is_ascii_digit()))
                {
                    found.insert(name.stem.clone());
                }
            });
        }
    }
    found
}

/// The document with numbers in the place of its labels.
pub(super) fn put<'t>(document: &Document<'t>, numbers: &Numbers) -> Document<'t> {
    let numbered = numbered(document);
    let mut document = document.clone();
    for item in &mut document.items {
        let Item::Row(placed) = item else { continue };
        for part in &mut placed.row.parts {
            if let Part::Statement(statement) = part {
                into_statement(statement, numbers);
            }
        }
    }
    let labels = numbers.iter().map(|(part, _)| part.clone()).collect();
    document.labels = Labels { parts: labels, numbered };
    document
}

fn into_statement(statement: &mut Statement, numbers: &Numbers) {
    if let (Some(left), [(Relation::Equal | Relation::Differs, right)]) =
        (&mut statement.first, &mut statement.rest[..])
    {
        // "y = i" is "i = 2".
        if is_letter(right) && number_of(left, numbers).is_some() {
            std::mem::swap(left, right);
        }
        if is_letter(left)
            && let Some(n) = number_of(right, numbers)
        {
            right.kind = FormulaKind::whole(n);
        }
    }
    for side in statement.first.iter_mut().chain(statement.rest.iter_mut().map(|(_, e)| e)) {
        into(side, numbers);
    }
}

fn into(expr: &mut Expr, numbers: &Numbers) {
    if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &mut expr.kind {
        below(name, numbers);
    }
    if let FormulaKind::Cases(cases) = &mut expr.kind {
        for Comparison { left, right, .. } in cases.iter_mut().filter_map(|(_, c)| c.as_mut()) {
            for side in [left, right] {
                if let Some(n) = number_of(side, numbers) {
                    side.kind = FormulaKind::whole(n);
                }
            }
        }
    }
    expr.children_mut().into_iter().for_each(|e| into(e, numbers));
}

/// The number of a label that stands by itself: y, or y_i for the label `yi`.
fn number_of(expr: &Expr, numbers: &Numbers) -> Option<i64> {
    let FormulaKind::Name(Name { stem, below, above: None }) = &expr.kind else { return None };
    let own = below.iter().fold(stem.clone(), |own, part| own + part);
    numbers.iter().find(|(part, _)| *part == own).map(|(_, n)| *n)
}

/// The indices of a name with numbers for its labels; δ_{iy} has two.
fn below(name: &mut Name, numbers: &Numbers) {
    let of = |part: &str| numbers.iter().find(|(own, _)| own == part).map(|(_, n)| n.to_string());
    let mut all = Vec::with_capacity(name.below.len());
    for part in &name.below {
        if let Some(n) = of(part) {
            all.push(n);
            continue;
        }
        let own = |c: char| of(c.encode_utf8(&mut [0; 4]));
        let index = |c: char| USUAL.contains(c) || c.is_ascii_digit();
        let two = part.chars().count() == 2 && part.chars().all(|c| index(c) || own(c).is_some());
        match two && part.chars().any(|c| own(c).is_some()) {
            true => all.extend(part.chars().map(|c| own(c).unwrap_or_else(|| c.to_string()))),
            false => all.push(part.clone()),
        }
    }
    name.below = all;
}

/// Names that may be an element that another name is, and nothing says whether: f_t beside f_1 and
/// f_2. By their spelling, with the stem of what they may be an element of.
pub(super) fn unsettled(scope: &Scope<'_>, document: &Document<'_>) -> BTreeMap<String, String> {
    let mut seen = Seen::default();
    for (_, _, statement) in statements(document) {
        seen.statement(statement);
    }
    let mut found = BTreeMap::new();
    for (at, _, statement) in statements(document) {
        for side in statement.sides() {
            visit(side, &mut |e| {
                let FormulaKind::Name(name) = &e.kind else { return };
                let [part] = &name.below[..] else { return };
                let place = (name.stem.clone(), name.above.clone(), 1, 0);
                let letters = part.chars().filter(|c| c.is_lowercase()).count();
                let odd = WORDS.contains(&part.as_str()) || part.chars().count() <= 2;
                if odd
                    && letters > 0
                    && seen.indexed.contains(&place)
                    && scope.indices.items(name).1.is_empty()
                    && matches!(scope.meaning(name, at), Meaning::Free)
                {
                    found.insert(spelled(name), name.stem.clone());
                }
            });
        }
    }
    found
}

impl Scope<'_> {
    /// What to say of derivatives beside a name that may be an element of what else stands there.
    pub(super) fn may_be_one(&self, sides: [ExprId; 2]) -> Option<String> {
        if self.unsettled.is_empty() || self.under_partials(&sides).partials.is_empty() {
            return None;
        }
        let names: BTreeSet<String> = self
            .graph
            .reachable(&sides)
            .into_iter()
            .filter_map(|id| self.graph.symbol_of(id))
            .map(|symbol| self.graph.symbol(symbol).spelling().into_owned())
            .collect();
        names.iter().find_map(|name| {
            let stem = self.unsettled.get(name)?;
            let element = |other: &&String| {
                let number = other.strip_prefix(stem.as_str()).and_then(|o| o.strip_prefix('_'));
                number.is_some_and(is_digits)
            };
            let other = names.iter().find(element)?;
            Some(format!("{name} may be {other} or another element"))
        })
    }
}
