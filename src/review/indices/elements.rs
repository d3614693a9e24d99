//! The elements that a row speaks of: the values of its free letters, and the conditions on them.

use std::collections::BTreeMap;

use super::{Item, MAX_ELEMENTS, Run, SUPPOSED, single};
use crate::review::Mark;
use crate::review::marker::Marker;
use crate::review::names::Convention;
use crate::review::scope::{Meaning, Scope};
use crate::review::tex::syntax::{Expr, Kind, Name, Relation, Statement, visit};

impl Scope<'_> {
    /// A whole number of numbers and sizes, and whether it is supposed.
    pub(in crate::review) fn whole(&self, expr: &Expr) -> Option<(i64, bool)> {
        match &expr.kind {
            Kind::Number { value, .. } => value.to_i32().map(|n| (i64::from(n), false)),
            Kind::Name(name) => self.indices.size(name),
            Kind::Sum(terms) => terms.iter().try_fold((0, false), |(sum, any), (minus, term)| {
                let (n, supposed) = self.whole(term)?;
                Some((if *minus { sum - n } else { sum + n }, any || supposed))
            }),
            _ => None,
        }
    }

    /// What an index of one of the network's tensors runs over, as the author counts.
    pub(in crate::review) fn network_run(
        &self,
        name: &Name,
        rank: usize,
        axis: usize,
    ) -> Option<Run> {
        let cells = self.cells.as_ref()?;
        let shape = cells.net.shape(cells.tensor(name, rank)?);
        let Convention { from_one, columns_first, .. } = self.convention;
        let axis = if columns_first && rank == 2 { 1 - axis } else { axis };
        let length = i64::try_from(*shape.lengths().get(axis)?).ok()?;
        let first = i64::from(from_one);
        Some(Run { first, last: first + length - 1, supposed: false, torn: false })
    }

    fn run(&self, name: &Name, key: &str, rank: usize, axis: usize) -> Option<Run> {
        let known = || self.indices.runs.get(&(key.to_string(), axis)).copied();
        self.network_run(name, rank, axis).or_else(known)
    }

    /// The letter that an expression is, if it may be an index and no size.
    fn index_letter(&self, expr: &Expr) -> Option<char> {
        let Kind::Name(name) = &expr.kind else { return None };
        let plain = name.below.is_empty() && name.above.is_none();
        let free = plain
            && self.indices.size(name).is_none()
            && matches!(self.meaning(name, usize::MAX), Meaning::Free);
        single(&name.stem).filter(|c| free && self.indices.usual.contains_key(c))
    }

    /// Whether a statement compares indices with each other or with numbers.
    pub(in crate::review) fn is_about_indices(&self, statement: &Statement) -> bool {
        let mut sides = statement.first.iter().chain(statement.rest.iter().map(|(_, side)| side));
        let index = |e: &Expr| match &e.kind {
            Kind::Number { .. } => true,
            Kind::Name(name) => self.index_letter(e).is_some() || self.indices.size(name).is_some(),
            _ => false,
        };
        !statement.rest.is_empty()
            && sides.clone().all(index)
            && sides.any(|side| !matches!(side.kind, Kind::Number { .. }))
    }

    /// Whether a name stands for elements: one of its letters is an index.
    pub(in crate::review) fn has_index(&self, name: &Name) -> bool {
        let (key, items) = self.indices.items(name);
        let letter = |(axis, item): (usize, &Item)| {
            matches!(item, Item::Letter(_)) && self.run(name, &key, items.len(), axis).is_some()
        };
        items.iter().enumerate().any(letter)
    }

    /// What a letter runs over in an expression; none if nothing shows that it is an index.
    pub(in crate::review) fn run_in(&self, letter: char, expr: &Expr) -> Option<Run> {
        let mut found: Option<Run> = None;
        visit(expr, &mut |e| {
            if let Kind::Name(name) | Kind::Apply { head: name, .. } = &e.kind {
                let (key, items) = self.indices.items(name);
                for (axis, item) in items.iter().enumerate() {
                    if *item == Item::Letter(letter)
                        && let Some(run) = self.run(name, &key, items.len(), axis)
                    {
                        found = Some(found.map_or(run, |f| both(f, run)));
                    }
                }
            }
        });
        found.or_else(|| self.indices.usual.get(&letter).copied().flatten())
    }

    /// The letters that are indices in some expressions and not bound by a sum, with their runs.
    pub(in crate::review) fn free_letters(&self, exprs: &[&Expr]) -> BTreeMap<String, Run> {
        let mut found = BTreeMap::new();
        if self.indices.runs.is_empty() && self.cells.is_none() {
            return found;
        }
        for expr in exprs {
            self.free(expr, &mut Vec::new(), &mut found);
        }
        found
    }

    fn free(&self, expr: &Expr, bound: &mut Vec<char>, found: &mut BTreeMap<String, Run>) {
        if let Kind::Name(name) | Kind::Apply { head: name, .. } = &expr.kind
            && !name.below.is_empty()
        {
            self.free_in(name, bound, found);
        }
        match &expr.kind {
            Kind::BigSum { indices, body, .. } => {
                let before = bound.len();
                bound.extend(indices.iter().filter_map(|s| single(s)));
                self.free(body, bound, found);
                bound.truncate(before);
            }
            _ => {
                if let Kind::Cases(cases) = &expr.kind {
                    let conditions = cases.iter().filter_map(|(_, condition)| condition.as_ref());
                    for side in conditions.flat_map(|c| [&c.left, &c.right]) {
                        if let Some(letter) = self.index_letter(side) {
                            self.loose(letter, bound, found);
                        }
                    }
                }
                expr.children().into_iter().for_each(|e| self.free(e, bound, found));
            }
        }
    }

    fn free_in(&self, name: &Name, bound: &[char], found: &mut BTreeMap<String, Run>) {
        let (key, items) = self.indices.items(name);
        for (axis, item) in items.iter().enumerate() {
            if let Item::Shifted(terms) = item {
                for letter in terms.iter().filter_map(|(_, letter)| *letter) {
                    self.loose(letter, bound, found);
                }
            }
            if let Item::Letter(c) = item
                && !bound.contains(c)
                && self.indices.last(*c).is_none()
                && let Some(run) = self.run(name, &key, items.len(), axis)
            {
                let letter = c.to_string();
                let run = found.get(&letter).map_or(run, |known| both(*known, run));
                found.insert(letter, run);
            }
        }
    }

    /// A letter that stands where no run is known: it runs over what it does elsewhere.
    fn loose(&self, letter: char, bound: &[char], found: &mut BTreeMap<String, Run>) {
        if self.indices.last(letter).is_none()
            && !bound.contains(&letter)
            && let Some(Some(run)) = self.indices.usual.get(&letter)
        {
            found.entry(letter.to_string()).or_insert(*run);
        }
    }

    /// The elements that some sides speak of: values of their free letters under which the
    /// conditions hold. One without a letter where there is none.
    pub(in crate::review) fn elements(
        &self,
        exprs: &[&Expr],
        conditions: &[Condition],
    ) -> Elements {
        let letters = self.free_letters(exprs);
        let count = |run: &Run| usize::try_from(run.last - run.first + 1).unwrap_or(0);
        if letters.values().any(|run| count(run) == 0) {
            return Elements::default();
        }
        let total = letters.values().map(count).fold(1, usize::saturating_mul);
        let tried = total.min(MAX_ELEMENTS);
        // The first, the last, and evenly between them.
        let at = |nth: usize| match tried == total {
            true => nth,
            false => (nth as u128 * (total as u128 - 1) / (tried as u128 - 1)) as usize,
        };
        let element = |mut nth: usize| {
            let mut element = BTreeMap::new();
            for (letter, run) in &letters {
                let step = (nth % count(run)) as i64;
                nth /= count(run);
                element.insert(letter.clone(), run.first + step);
            }
            element
        };
        let all = (0..tried).map(|nth| element(at(nth)));
        let all = all.filter(|element| conditions.iter().all(|c| c.holds(element))).collect();
        Elements { all, total }
    }
}

/// Elements that a row speaks of.
#[derive(Debug, Default)]
pub(in crate::review) struct Elements {
    /// Those that are judged.
    pub(in crate::review) all: Vec<BTreeMap<String, i64>>,
    /// How many there are, whatever the conditions.
    pub(in crate::review) total: usize,
}

impl Elements {
    /// Whether none is left out.
    pub(in crate::review) fn is_complete(&self) -> bool {
        self.total <= MAX_ELEMENTS
    }
}

/// The run of a letter that stands in two places. A run that is known counts before one that is
/// supposed; of two that are known, it is what they have in common: a row speaks of elements that
/// there are.
fn both(a: Run, b: Run) -> Run {
    match (a.supposed, b.supposed) {
        (true, false) => b,
        (false, true) => a,
        _ => Run {
            first: a.first.max(b.first),
            last: a.last.min(b.last),
            supposed: a.supposed,
            torn: a.torn || b.torn || (a.first, a.last) != (b.first, b.last),
        },
    }
}

/// i = j or i ≠ j beside a row: for which elements it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::review) struct Condition {
    left: String,
    right: String,
    equal: bool,
}

impl Condition {
    /// The condition that a statement is, if it compares two letters that are indices.
    pub(in crate::review) fn of(statement: &Statement, scope: &Scope<'_>) -> Option<Condition> {
        let (Some(first), [(relation, other)]) = (&statement.first, &statement.rest[..]) else {
            return None;
        };
        let equal = match relation {
            Relation::Equal => true,
            Relation::Differs => false,
            _ => return None,
        };
        let index = |e: &Expr| scope.index_letter(e).map(String::from);
        Some(Condition { left: index(first)?, right: index(other)?, equal })
    }

    fn holds(&self, element: &BTreeMap<String, i64>) -> bool {
        match (element.get(&self.left), element.get(&self.right)) {
            (Some(left), Some(right)) => (left == right) == self.equal,
            _ => true,
        }
    }
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
        let mut all: Option<Mark> = None;
        for element in elements.all {
            let winner = self.winner.clone().filter(|(_, value)| {
                self.scope.free_letters(&[value]).keys().all(|letter| element.contains_key(letter))
            });
            let winner = winner
                .and_then(|(left, value)| self.under_winner(&left, &value, &element, usize::MAX));
            let before = std::mem::replace(&mut self.scope.letters, element.clone());
            let supposed = std::mem::take(&mut self.scope.supposed);
            let mut found = mark(self);
            if let Some((max, winner)) = winner {
                self.restore(max, winner);
            }
            if let Some(Mark::Proved { given, .. }) = &mut found
                && self.scope.supposed
            {
                given.push(SUPPOSED.to_string());
            }
            let rests = self.scope.supposed;
            self.scope.letters = before;
            self.scope.supposed |= supposed;
            all = match (all, found?) {
                (_, Mark::Refuted(mut wrong)) => {
                    if !element.is_empty() {
                        let values = element.iter().map(|(letter, n)| format!("{letter} = {n}"));
                        let values = values.collect::<Vec<_>>().join(", ");
                        wrong.message = format!("{}, for {values}", wrong.message);
                    }
                    if rests {
                        wrong.message = format!("{}, with {SUPPOSED}", wrong.message);
                    }
                    return Some(Mark::Refuted(wrong));
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
