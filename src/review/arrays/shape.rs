//! Which arrays a document has: names with their shapes, and how sure they are.
//!
//! Invariants: a name has one shape in a document; what words, ℝ or a network say is never
//! replaced by what formulas suggest.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::review::shapes::Shape;
use crate::review::tex::syntax::Name;

/// What is known of a name.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) shape: Shape,
    /// Whether something says so, and not only custom.
    pub(super) certain: bool,
    /// Whether words, ℝ or a network say so.
    pub(super) told: bool,
    /// Whether it is the network that says so.
    pub(super) network: bool,
    /// Whether only another section says or shows it.
    pub(super) foreign: bool,
}

/// A name as an array with numbers or letters that say which of its family it is: h_{t−1} is the
/// member t − 1 of h.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// What it is called by apart from them, with words and numbers of its own in the stem.
    pub(super) base: Name,
    /// Which member.
    pub(super) of: Vec<String>,
}

impl Member {
    /// The key of its family.
    pub(super) fn key(&self) -> String {
        let above = self.base.above.as_deref().unwrap_or_default();
        format!("{}^{above}[{}]", self.base.stem, self.of.len())
    }
}

/// What a name is among the arrays.
pub(super) enum Sight {
    /// An array, or a number that is known to be one.
    Known(Member, Known),
    /// An element of an array.
    Element,
    /// A number in one formula and an array in another, with what it is as an array; not even that
    /// where a formula says what it is as a number.
    Torn(Member, Option<Known>),
    /// Nobody says.
    Unknown(Member),
}

/// The names with their shapes.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes {
    all: BTreeMap<String, Known>,
    /// Those of which words say that they are their own transpose.
    symmetric: BTreeSet<String>,
    /// Letters that are quantities of the document, and no indices.
    gates: BTreeSet<char>,
    /// Those that are numbers in one formula and arrays in another, with what they were as arrays.
    torn: BTreeMap<String, Option<Known>>,
}

/// Letters that say which of several things is meant.
const LETTERS: &str = "ijklmnpqrstικ";

/// The single indices of a part of a subscript; none if it is a word.
fn indices(part: &str, gates: &BTreeSet<char>) -> Option<Vec<String>> {
    let index = |c: char| LETTERS.contains(c) && !gates.contains(&c);
    if !part.is_empty() && part.chars().all(index) && part.chars().count() <= 2 {
        return Some(part.chars().map(String::from).collect());
    }
    let shifted = part.chars().next().is_some_and(|c| c.is_ascii() && index(c))
        && part[1..].starts_with(['+', '-'])
        && part.get(2..).unwrap_or_default().chars().all(|c| c.is_ascii_digit() || index(c))
        && part.len() > 2;
    shifted.then(|| vec![part.to_string()])
}

/// The name as a member, with its numbers as part of what it is called, or as which it is.
fn member(name: &Name, numbers: bool, gates: &BTreeSet<char>) -> Member {
    let mut stem = name.stem.clone();
    let mut of = Vec::new();
    for (nth, part) in name.below.iter().enumerate() {
        let lowered = nth == 0 && name.stem.ends_with('^');
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        match indices(part, gates) {
            _ if lowered => of.push(part.clone()),
            Some(found) => of.extend(found),
            None if digits && numbers => of.push(part.clone()),
            None => {
                stem.push('_');
                stem.push_str(part);
            }
        }
    }
    Member { base: Name { stem, below: Vec::new(), above: name.above.clone() }, of }
}

impl Shapes {
    /// No shapes yet, in a document with letters that are no indices.
    pub(super) fn with_gates(gates: &BTreeSet<char>) -> Shapes {
        Shapes { gates: gates.clone(), ..Shapes::default() }
    }

    /// What a name is.
    pub(super) fn of(&self, name: &Name) -> Sight {
        let (plain, counted) = (member(name, false, &self.gates), member(name, true, &self.gates));
        for member in [&plain, &counted] {
            if let Some(known) = self.torn.get(&member.key()) {
                return Sight::Torn(member.clone(), known.clone());
            }
            if let Some(known) = self.all.get(&member.key()) {
                return Sight::Known(member.clone(), known.clone());
            }
        }
        // The last of its subscripts are those of an element.
        for rank in 1..=2usize.min(counted.of.len()) {
            let of = counted.of[..counted.of.len() - rank].to_vec();
            let whole = Member { of, ..counted.clone() };
            if self.all.get(&whole.key()).is_some_and(|known| known.shape.rank() == rank) {
                return Sight::Element;
            }
        }
        let run = counted.of.len() == 1 && counted.of[0].len() == 2;
        let whole = Member { of: Vec::new(), ..counted };
        if run && self.all.get(&whole.key()).is_some_and(|known| known.shape.rank() == 2) {
            return Sight::Element;
        }
        Sight::Unknown(plain)
    }

    /// Says of what shape a name is; whether that is news.
    pub(super) fn learn(&mut self, member: &Member, shape: &Shape, certain: bool) -> bool {
        match self.all.get_mut(&member.key()) {
            None => {
                let known = Known {
                    shape: shape.clone(),
                    certain,
                    told: false,
                    network: false,
                    foreign: false,
                };
                self.all.insert(member.key(), known);
                true
            }
            Some(known) => match known.shape.with(shape) {
                Some(both) if both != known.shape => {
                    known.shape = both;
                    true
                }
                _ => false,
            },
        }
    }

    /// Says it for certain, before anything else.
    pub(super) fn tell(&mut self, name: &Name, shape: Shape, network: bool) {
        let key = member(name, false, &self.gates).key();
        let new = Known { shape, certain: true, told: true, network, foreign: false };
        match self.all.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(new);
            }
            // Two sizes for one name are none.
            Entry::Occupied(mut entry) if entry.get().shape != new.shape => {
                let known = entry.get_mut();
                known.shape = known.shape.without_lengths();
            }
            Entry::Occupied(_) => {}
        }
    }

    /// Takes over what another section says or shows of names of which this one says nothing.
    pub(super) fn take_over(&mut self, other: &Shapes) {
        for (key, known) in &other.all {
            if !self.torn.contains_key(key) {
                let foreign = || Known { foreign: true, ..known.clone() };
                self.all.entry(key.clone()).or_insert_with(foreign);
            }
        }
        self.symmetric.extend(other.symmetric.iter().cloned());
    }

    /// Leaves what only another section says of a name; whether that is news.
    pub(super) fn leave(&mut self, member: &Member) -> bool {
        let foreign = self.all.get(&member.key()).is_some_and(|known| known.foreign);
        foreign && self.all.remove(&member.key()).is_some()
    }

    /// Says that a matrix is its own transpose.
    pub(super) fn mirror(&mut self, name: &Name) {
        self.symmetric.insert(member(name, false, &self.gates).key());
    }

    /// Whether it is said to be.
    pub(super) fn is_symmetric(&self, member: &Member) -> bool {
        self.symmetric.contains(&member.key())
    }

    /// Takes back what formulas showed of a name, which they show otherwise elsewhere; whether that
    /// is news. Statements with notation of arrays may still mean the array.
    pub(super) fn tear(&mut self, member: &Member) -> bool {
        match self.all.get(&member.key()) {
            Some(known) if !known.told => {
                let known = Known { certain: false, ..known.clone() };
                self.all.remove(&member.key());
                self.torn.insert(member.key(), Some(known)).is_none()
            }
            _ => false,
        }
    }

    /// Says that a formula about numbers alone defines a torn name: no other formula means an array
    /// by it.
    pub(super) fn settle(&mut self, name: &Name) {
        for numbers in [false, true] {
            let key = member(name, numbers, &self.gates).key();
            if let Some(known) = self.torn.get_mut(&key) {
                *known = None;
            }
        }
    }

    /// Whether there is any array.
    pub(super) fn has_arrays(&self) -> bool {
        self.all.values().any(|known| known.shape.is_array())
    }
}
