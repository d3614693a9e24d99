//! The elements that a row speaks of: the values of its free letters, and the conditions on them.

use std::collections::BTreeMap;

use super::{Item, MAX_ELEMENTS, Run, TRIED, single};
use crate::review::names::Convention;
use crate::review::scope::{Meaning, Scope};
use crate::review::tex::syntax::{Expr, FormulaKind, Name, Relation, Statement, visit};

impl Scope<'_> {
    /// A whole number of numbers and sizes, and whether it is supposed.
    pub(in crate::review) fn whole(&self, expr: &Expr) -> Option<(i64, bool)> {
        match &expr.kind {
            FormulaKind::Number { value, .. } => value.to_i32().map(|n| (i64::from(n), false)),
            FormulaKind::Name(name) => self.indices.size(name),
            FormulaKind::Sum(terms) => {
                terms.iter().try_fold((0, false), |(sum, any), (minus, term)| {
                    let (n, supposed) = self.whole(term)?;
                    Some((if *minus { sum - n } else { sum + n }, any || supposed))
                })
            }
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
        Some(Run { first, last: first + length - 1, supposed: false, torn: false, loose: false })
    }

    fn run(&self, name: &Name, key: &str, rank: usize, axis: usize) -> Option<Run> {
        let known = || self.indices.runs.get(&(key.to_string(), axis)).copied();
        self.network_run(name, rank, axis).or_else(known)
    }

    /// The letter that an expression is, if it may be an index and no size.
    fn index_letter(&self, expr: &Expr) -> Option<char> {
        let FormulaKind::Name(name) = &expr.kind else { return None };
        let plain = name.below.is_empty() && name.above.is_none();
        let free = plain
            && self.indices.size(name).is_none()
            && matches!(self.meaning(name, usize::MAX), Meaning::Free);
        single(&name.stem).filter(|c| free && self.indices.usual.contains_key(c))
    }

    /// Whether a statement compares indices with each other or with numbers.
    pub(in crate::review) fn is_about_indices(&self, statement: &Statement) -> bool {
        let mut sides = statement.sides();
        // The N of j < N, of which nothing else is said.
        let bounds = matches!(statement.rest[..], [(Relation::Other, _)])
            && statement.first.as_ref().is_some_and(|e| self.index_letter(e).is_some());
        let bound = |name: &Name| {
            bounds
                && name.below.is_empty()
                && name.above.is_none()
                && single(&name.stem).is_some_and(char::is_uppercase)
                && matches!(self.meaning(name, usize::MAX), Meaning::Free)
        };
        let index = |e: &Expr| match &e.kind {
            FormulaKind::Number { .. } => true,
            FormulaKind::Name(name) => {
                self.index_letter(e).is_some() || self.indices.size(name).is_some() || bound(name)
            }
            _ => false,
        };
        !statement.rest.is_empty()
            && sides.clone().all(index)
            && sides.any(|side| !matches!(side.kind, FormulaKind::Number { .. }))
    }

    /// Whether a name with numbers is no element of what its letters run over elsewhere. What a
    /// shift leads to, h_{t−1} at the first t, is another matter.
    pub(in crate::review) fn lies_outside(&self, written: &Name, name: &Name) -> bool {
        let shifted = |item: &Item| matches!(item, Item::Shifted(_));
        if self.indices.items(written).1.iter().any(shifted) {
            return false;
        }
        let (key, items) = self.indices.items(name);
        items.iter().enumerate().any(|(axis, item)| match item {
            Item::Number(n) => self
                .run(name, &key, items.len(), axis)
                .is_some_and(|run| *n < run.first || *n > run.last),
            _ => false,
        })
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
        let usual = || self.indices.usual.get(&letter).copied().flatten();
        self.run_in_places(letter, expr).or_else(usual)
    }

    /// What a letter runs over by the places of names in an expression where it stands.
    pub(in crate::review) fn run_in_places(&self, letter: char, expr: &Expr) -> Option<Run> {
        let mut found: Option<Run> = None;
        visit(expr, &mut |e| {
            if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &e.kind {
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
        found
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
        for (letter, (least, most)) in self.layers(exprs) {
            if let Some(run) = found.get_mut(&letter) {
                let (first, last) = (run.first.max(least), run.last.min(most));
                if first <= last {
                    (run.first, run.last) = (first, last);
                }
            }
        }
        found
    }

    /// The first and the last layer for which a row with l − 1 or l + 1 in it can be meant. What
    /// stands before the first layer is only what the layers are made of.
    fn layers(&self, exprs: &[&Expr]) -> BTreeMap<String, (i64, i64)> {
        let mut found: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for expr in exprs {
            visit(expr, &mut |e| {
                let FormulaKind::Name(name) = &e.kind else { return };
                if !name.stem.ends_with('^') {
                    return;
                }
                let (key, items) = self.indices.items(name);
                let Some(Item::Shifted(terms)) = items.first() else { return };
                let Some(run) = self.indices.run_of(&key, 0) else { return };
                let [(1, Some(letter)), (ahead, None)] = terms[..] else { return };
                let bounds = found.entry(letter.to_string()).or_insert((i64::MIN, i64::MAX));
                if ahead > 0 {
                    bounds.1 = bounds.1.min(run.last - ahead);
                } else if !self.starts.contains(&key) && self.defines(name) {
                    bounds.0 = bounds.0.max(run.first - ahead);
                }
            });
        }
        found
    }

    fn free(&self, expr: &Expr, bound: &mut Vec<char>, found: &mut BTreeMap<String, Run>) {
        if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &expr.kind
            && !name.below.is_empty()
        {
            self.free_in(name, bound, found);
        }
        match &expr.kind {
            FormulaKind::BigSum { indices, body, .. } => {
                let before = bound.len();
                bound.extend(indices.iter().filter_map(|s| single(s)));
                self.free(body, bound, found);
                bound.truncate(before);
            }
            _ => {
                if let FormulaKind::Cases(cases) = &expr.kind {
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
        let mut letters = self.free_letters(exprs);
        for (letter, run) in &mut letters {
            if let Some(fixed) = self.indices.fixed.get(letter) {
                *run = *fixed;
            }
        }
        let mut twice = None;
        for expr in exprs {
            visit(expr, &mut |e| {
                if let FormulaKind::Name(name) = &e.kind
                    && !self.indices.several.is_empty()
                {
                    let (key, items) = self.indices.items(name);
                    let lettered = items.iter().any(|item| !matches!(item, Item::Number(_)));
                    if lettered && self.indices.several.contains(&key) {
                        twice = Some(key);
                    }
                }
            });
        }
        let torn = letters.iter().find(|(_, run)| run.torn).map(|(letter, _)| letter.clone());
        let supposed = letters.values().any(|run| run.supposed);
        let within = |(letter, end): &(String, String)| {
            letters.contains_key(letter) && letters.contains_key(end)
        };
        let loose = letters.values().any(|run| run.loose) || self.indices.ends.iter().any(within);
        let count = |run: &Run| usize::try_from(run.last - run.first + 1).unwrap_or(0);
        if letters.values().any(|run| count(run) == 0) {
            return Elements::default();
        }
        let total = letters.values().map(count).fold(1, usize::saturating_mul);
        let tried = if total > MAX_ELEMENTS { TRIED } else { total };
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
        Elements { all, total, torn, twice, supposed, loose }
    }
}

/// Elements that a row speaks of.
#[derive(Debug, Default)]
pub(in crate::review) struct Elements {
    /// Those that are judged.
    pub(in crate::review) all: Vec<BTreeMap<String, i64>>,
    /// How many there are, whatever the conditions.
    pub(in crate::review) total: usize,
    /// A letter that runs over one thing here and another there.
    pub(in crate::review) torn: Option<String>,
    /// A name with one definition for one letter and another for another.
    pub(in crate::review) twice: Option<String>,
    /// Whether nothing says how many there are.
    pub(in crate::review) supposed: bool,
    /// Whether it is not certain which of them are meant.
    pub(in crate::review) loose: bool,
}

impl Elements {
    /// Whether none is left out.
    pub(in crate::review) fn is_complete(&self) -> bool {
        self.total <= MAX_ELEMENTS && self.torn.is_none() && self.twice.is_none()
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
            torn: a.torn
                || b.torn
                || !(a.loose || b.loose || a.supposed) && (a.first, a.last) != (b.first, b.last),
            loose: a.loose || b.loose || (a.first, a.last) != (b.first, b.last),
        },
    }
}

/// i = j, i ≠ j or i = 1 beside a row: for which elements it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::review) struct Condition {
    left: String,
    right: Bound,
    equal: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Bound {
    Letter(String),
    Number(i64),
}

impl Condition {
    /// The condition that a statement is, if it compares two letters that are indices, or one
    /// with a number.
    pub(in crate::review) fn of(statement: &Statement, scope: &Scope<'_>) -> Option<Condition> {
        let (Some(first), [(relation, other)]) = (&statement.first, &statement.rest[..]) else {
            return None;
        };
        let equal = match relation {
            Relation::Equal => true,
            Relation::Differs => false,
            _ => return None,
        };
        let left = scope.index_letter(first).map(String::from)?;
        let right = match &other.kind {
            FormulaKind::Number { value, .. } => Bound::Number(i64::from(value.to_i32()?)),
            _ => Bound::Letter(scope.index_letter(other).map(String::from)?),
        };
        Some(Condition { left, right, equal })
    }

    fn holds(&self, element: &BTreeMap<String, i64>) -> bool {
        let right = match &self.right {
            Bound::Letter(letter) => element.get(letter).copied(),
            Bound::Number(n) => Some(*n),
        };
        match (element.get(&self.left), right) {
            (Some(left), Some(right)) => (*left == right) == self.equal,
            _ => true,
        }
    }

    pub(in crate::review) fn speaks_of(&self, element: &BTreeMap<String, i64>) -> bool {
        let right = match &self.right {
            Bound::Letter(letter) => element.contains_key(letter),
            Bound::Number(_) => true,
        };
        element.contains_key(&self.left) && right
    }

    /// As it is written.
    pub(in crate::review) fn said(&self) -> String {
        let sign = if self.equal { "=" } else { "≠" };
        match &self.right {
            Bound::Letter(letter) => format!("{} {sign} {letter}", self.left),
            Bound::Number(n) => format!("{} {sign} {n}", self.left),
        }
    }
}
