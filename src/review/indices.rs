//! Letters for indices: which letters are indices, what they run over, and what a row says of
//! each element.
//!
//! Goes in: the statements of a document, and a network if there is one. Comes out: for an
//! expression, the letters that are free in it with their runs. A row with free letters is
//! judged once for each element; a sum without bounds is written out over its letter's run.
//!
//! Invariants: a letter runs over what the network's shapes, the bounds of sums and the numbers in
//! its place in other names of the document say; only where nothing is said is a run supposed, and
//! then a document is marked twice, with other lengths, and what is proved is proved with both and
//! says so. A letter that nothing shows to be an index stays a part of its name.

mod elements;
mod evidence;
mod letters;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use elements::Condition;
pub(super) use evidence::find;

use super::names::{is_digits, spelled};
use super::tex::syntax::{Expr, Name};

/// Letters that are indices by custom.
pub(super) const USUAL: &str = "ijklmnpq";
/// How many values indices take where nothing says how many there are: different ones, and others
/// in a second round.
const SUPPOSED_LENGTHS: [i64; 3] = [3, 2, 4];
/// That, in words.
pub(super) const SUPPOSED: &str = "sums of unknown length tried with two to four terms";
/// The most elements that a row with letters is judged for.
pub const MAX_ELEMENTS: usize = 512;
/// How many are tried of a row with more.
const TRIED: usize = 64;
/// The longest run that the numbers of a document show; longer ones are places, not indices.
const MAX_SHOWN: i64 = 16;

/// What is written in the place of one index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Number(i64),
    Letter(char),
    /// i + m − 1: letters and numbers with their signs.
    Shifted(Vec<(i64, Option<char>)>),
}

/// The values of an index, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: i64,
    pub(super) last: i64,
    /// Whether nothing says so.
    pub(super) supposed: bool,
    /// Whether it is another one in another place.
    pub(super) torn: bool,
    /// Whether sums go over different parts of it, so that it is not certain what a row means
    /// that does not say: such a row is proved for all of them or left open.
    pub(super) loose: bool,
}

/// What is known of indices in a document.
#[derive(Debug, Default)]
pub(super) struct Indices {
    /// The letters that may be indices.
    letters: BTreeSet<char>,
    /// Letters that are indices of names with one stem, and of no others.
    paired: BTreeSet<(char, String)>,
    /// Names of the network with letters that are none, as w_fc.
    words: BTreeSet<String>,
    /// The runs of the places of names: stem, what else it is called by, and which index.
    runs: BTreeMap<(String, usize), Run>,
    /// How many indices a name has where they are letters.
    ranks: BTreeMap<String, BTreeSet<usize>>,
    /// Names that are defined once with one letter and once with another, as Bishop's δ_k and δ_j:
    /// two names, or one that is defined twice.
    pub(super) several: BTreeSet<String>,
    /// Letters of a winner, which run over the cells of its max.
    pub(super) fixed: BTreeMap<String, Run>,
    /// What a letter runs over wherever it is an index, if that is the same everywhere.
    usual: BTreeMap<char, Option<Run>>,
    /// The stems of arrays that are said in elements, with how many indices those have.
    elements: BTreeSet<(String, usize)>,
    /// Letters that a sum somewhere goes over.
    summed: BTreeSet<char>,
    /// Letters of a sum with the letter that ends it: r and s of Σ_{r=1}^{s}. A row with both may
    /// mean r ≤ s alone.
    ends: BTreeSet<(String, String)>,
    /// Letters that say how many there are, as n of \sum_{i=1}^{n}, with whether that is supposed.
    sizes: BTreeMap<String, (i64, bool)>,
}

/// A name apart from its indices: "w", "δ^y", "w_h".
fn key(name: &Name, words: &[&String]) -> String {
    let mut key = name.stem.clone();
    if let Some(above) = &name.above {
        key.push('^');
        key.push_str(above);
    }
    for word in words {
        key.push('_');
        key.push_str(word);
    }
    key
}

impl Indices {
    /// The items of a part of an index; none if it is a word.
    fn part(&self, name: &Name, part: &str) -> Option<Vec<Item>> {
        /// Words of index letters.
        const WORDS: &[&str] = &["in", "min", "nn", "ml", "kin"];
        if is_digits(part) {
            let ranks = self.ranks.get(&key(name, &[]));
            let one = ranks.is_some_and(|all| all.len() == 1 && all.contains(&1));
            if name.below.len() == 1 && !one {
                return part
                    .chars()
                    .map(|c| Some(Item::Number(i64::from(c.to_digit(10)?))))
                    .collect();
            }
            return part.parse().ok().map(|n| vec![Item::Number(n)]);
        }
        if WORDS.contains(&part) && !part.chars().all(|c| self.summed.contains(&c)) {
            return None;
        }
        let letter = |c: char| self.is_letter(c, &name.stem);
        if part.chars().all(|c| c.is_ascii_digit() || letter(c)) {
            return part
                .chars()
                .map(|c| match c.to_digit(10) {
                    Some(digit) => Some(Item::Number(i64::from(digit))),
                    None => Some(Item::Letter(c)),
                })
                .collect();
        }
        shifted(part, &letter).map(|terms| vec![Item::Shifted(terms)])
    }

    /// Whether a letter below a stem is an index.
    fn is_letter(&self, letter: char, stem: &str) -> bool {
        self.letters.contains(&letter)
            || !self.paired.is_empty() && self.paired.contains(&(letter, stem.to_string()))
    }

    /// A name as what it is called by and its indices, in order.
    pub(super) fn items(&self, name: &Name) -> (String, Vec<Item>) {
        let (mut words, mut items) = (Vec::new(), Vec::new());
        if self.words.contains(&spelled(name)) {
            return (key(name, &name.below.iter().collect::<Vec<_>>()), items);
        }
        for part in &name.below {
            match self.part(name, part) {
                Some(found) => items.extend(found),
                None => words.push(part),
            }
        }
        (key(name, &words), items)
    }

    /// The name with numbers for its letters, if each of them has a value here.
    pub(super) fn at(&self, name: &Name, letters: &BTreeMap<String, i64>) -> Name {
        let numbers = name.below.iter().all(|part| is_digits(part));
        if numbers
            || letters.is_empty() && self.sizes.is_empty()
            || self.words.contains(&spelled(name))
        {
            return name.clone();
        }
        let mut below = Vec::with_capacity(name.below.len());
        for part in &name.below {
            match self.part(name, part) {
                _ if is_digits(part) => below.push(part.clone()),
                None => below.push(part.clone()),
                Some(items) => {
                    for item in items {
                        let Some(value) = self.value(&item, letters) else { return name.clone() };
                        below.push(value.to_string());
                    }
                }
            }
        }
        Name { below, ..name.clone() }
    }

    /// The value of an index where its letters have values.
    fn value(&self, item: &Item, letters: &BTreeMap<String, i64>) -> Option<i64> {
        let value = |c: &char| {
            let letter = c.to_string();
            let size = || self.last(*c);
            letters.get(&letter).copied().or_else(size)
        };
        match item {
            Item::Number(n) => Some(*n),
            Item::Letter(c) => value(c),
            Item::Shifted(terms) => terms.iter().try_fold(0i64, |sum, (factor, c)| {
                let term = match c {
                    Some(c) => factor.checked_mul(value(c)?)?,
                    None => *factor,
                };
                sum.checked_add(term)
            }),
        }
    }

    /// The last value of an index, where its letter says how many there are and no sum goes over
    /// it: x_n is the last of x_1, …, x_n.
    fn last(&self, letter: char) -> Option<i64> {
        let size = self.sizes.get(&letter.to_string()).map(|(n, _)| *n);
        size.filter(|_| !self.summed.contains(&letter))
    }

    /// Whether a name has all indices of an element of an array.
    pub(super) fn is_element(&self, name: &Name) -> bool {
        self.elements.contains(&(name.stem.clone(), name.below.len()))
    }

    /// A definition of a layer that is ahead as one of the layer itself: z^{l+1} = w^{l+1} a^l says
    /// what z^l is.
    pub(super) fn of_its_layer(&self, name: &Name, value: &Expr) -> (Name, Expr) {
        let same = || (name.clone(), value.clone());
        if !name.stem.ends_with('^') {
            return same();
        }
        let Some(Item::Shifted(terms)) = self.items(name).1.into_iter().next() else {
            return same();
        };
        let [(1, Some(letter)), (ahead, None)] = terms[..] else { return same() };
        let moved = |name: &mut Name| {
            let Some(part) = name.below.first().filter(|_| name.stem.ends_with('^')) else {
                return;
            };
            let Some(rest) = part.strip_prefix(letter) else { return };
            let shift: i64 = rest.parse().unwrap_or(0);
            name.below[0] = match shift - ahead {
                0 => letter.to_string(),
                n => format!("{letter}{n:+}"),
            };
        };
        let (mut name, mut value) = same();
        moved(&mut name);
        value.each_name(&mut |name| moved(name));
        (name, value)
    }

    /// Whether an index of a name is a letter that says how many there are: the L of a^L.
    pub(super) fn is_at_the_end(&self, name: &Name) -> bool {
        let last = |item: &Item| matches!(item, Item::Letter(c) if self.last(*c).is_some());
        name.stem.ends_with('^') && self.items(name).1.first().is_some_and(last)
    }

    /// What an index of a name runs over.
    pub(super) fn run_of(&self, key: &str, axis: usize) -> Option<Run> {
        self.runs.get(&(key.to_string(), axis)).copied()
    }

    /// The last value of it.
    pub(super) fn last_of(&self, key: &str, axis: usize) -> Option<i64> {
        self.run_of(key, axis).map(|run| run.last)
    }

    /// Says what the one index of a new name runs over.
    pub(super) fn suppose(&mut self, stem: &str, run: Option<Run>) {
        if let Some(run) = run {
            self.runs.insert((stem.to_string(), 0), run);
        }
    }

    /// Names with one for all elements of an array.
    pub(super) fn together(&self, names: Vec<String>) -> Vec<String> {
        if self.elements.is_empty() {
            return names;
        }
        let whole = |name: String| match name.rsplit_once('_') {
            Some((array, at))
                if at.chars().all(|c| c.is_ascii_digit() || c == ',')
                    && self.elements.iter().any(|(stem, _)| {
                        array == stem
                            || array
                                .strip_prefix(stem.as_str())
                                .is_some_and(|rest| rest.starts_with(['^', '(']))
                    }) =>
            {
                // a^(1)_2 is an element of a member of a family.
                match array.split_once("^(") {
                    Some((family, _))
                        if self
                            .elements
                            .iter()
                            .any(|(s, _)| s.strip_suffix('^') == Some(family)) =>
                    {
                        family.to_string()
                    }
                    _ => array.to_string(),
                }
            }
            _ => name,
        };
        let mut all: Vec<String> = names.into_iter().map(whole).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Whether any run or size is supposed.
    pub(super) fn supposes(&self) -> bool {
        self.runs.values().any(|run| run.supposed) || self.sizes.values().any(|(_, s)| *s)
    }

    /// Whether a letter of a name stands for a size of which nothing says how great it is.
    pub(super) fn rests_on_a_size(&self, name: &Name) -> bool {
        if self.sizes.is_empty() || name.below.is_empty() {
            return false;
        }
        let supposed = |c: &char| {
            self.last(*c).is_some()
                && self.sizes.get(&c.to_string()).is_some_and(|(_, supposed)| *supposed)
        };
        self.items(name).1.iter().any(|item| match item {
            Item::Number(_) => false,
            Item::Letter(c) => supposed(c),
            Item::Shifted(terms) => terms.iter().filter_map(|(_, c)| c.as_ref()).any(supposed),
        })
    }

    /// The number that stands for a size, if this is one.
    pub(super) fn size(&self, name: &Name) -> Option<(i64, bool)> {
        self.sizes.get(&size_of(name)?).copied()
    }
}

/// "i+m-1" as terms of letters and numbers.
fn shifted(part: &str, letter: &dyn Fn(char) -> bool) -> Option<Vec<(i64, Option<char>)>> {
    let mut terms = Vec::new();
    let mut rest = part;
    while !rest.is_empty() {
        let sign = match (rest.strip_prefix('-'), rest.strip_prefix('+')) {
            (Some(after), _) => {
                rest = after;
                -1
            }
            (None, Some(after)) => {
                rest = after;
                1
            }
            (None, None) if terms.is_empty() => 1,
            (None, None) => return None,
        };
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: Option<i64> = match digits {
            0 => None,
            1..=4 => Some(rest[..digits].parse().ok()?),
            _ => return None,
        };
        rest = &rest[digits..];
        match rest.chars().next() {
            Some(c) if letter(c) => {
                terms.push((sign * number.unwrap_or(1), Some(c)));
                rest = &rest[c.len_utf8()..];
            }
            _ => terms.push((sign * number?, None)),
        }
    }
    (terms.len() > 1 || terms.iter().any(|(n, _)| *n != 1)).then_some(terms)
}

/// What a name is called that may say how many there are: n, N_{out}.
fn size_of(name: &Name) -> Option<String> {
    let word = |part: &String| part.chars().count() > 1 && part.chars().all(char::is_alphabetic);
    match (&name.below[..], &name.above) {
        ([], None) => Some(name.stem.clone()),
        ([part], None) if word(part) => Some(format!("{}_{part}", name.stem)),
        _ => None,
    }
}

fn single(text: &str) -> Option<char> {
    let mut all = text.chars();
    all.next().filter(|_| all.next().is_none())
}
