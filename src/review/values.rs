//! Numbers that a document gives to names, each with the region in which it is meant.
//!
//! Goes in: who was given what, and where. Comes out: the value of a name at a place, and whether
//! it is of that place. What always holds: a number is a value and no definition; one that was
//! given in an earlier section or under a condition may show that a row holds and never that it
//! does not.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, Item};
use super::prose::level;
use crate::expr::{ExprId, SymbolId};
use crate::scalar::Rational;

/// The values of all names.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    /// Those of the network.
    own: BTreeMap<SymbolId, Rational>,
    /// What the document gives, in the order in which it does.
    given: BTreeMap<SymbolId, Vec<Given>>,
    /// Slopes that it states, by the node of the derivative.
    slopes: BTreeMap<ExprId, Vec<Given>>,
    /// Names whose numbers were found by laying a row of numbers beside their formula.
    bound: BTreeSet<SymbolId>,
    /// From where on nothing that was told before holds.
    ends: Vec<usize>,
    /// Where sections begin, with their level: 1 is the highest.
    sections: Vec<(usize, usize)>,
}

/// One gift of a value.
#[derive(Clone, Debug)]
struct Given {
    at: usize,
    /// The last item in which it is meant, if that is near.
    until: Option<usize>,
    /// None where the name has changed to something unknown.
    value: Option<Rational>,
}

impl Values {
    /// The values that a network gives to its quantities.
    pub(super) fn of_network(own: BTreeMap<SymbolId, Rational>) -> Values {
        Values { own, ..Values::default() }
    }

    /// Learns where the sections of a document begin.
    pub(super) fn divide(&mut self, document: &Document<'_>) {
        for (at, item) in document.items.iter().enumerate() {
            if let Item::Words(passage) = item {
                let levels = passage.text.lines().filter_map(level);
                self.sections.extend(levels.map(|level| (at, level)));
            }
        }
    }

    /// The value of a name at a place: that of its region, or else the last that it had.
    pub(super) fn at(&self, symbol: SymbolId, at: usize) -> Option<&Rational> {
        self.find(symbol, at).0
    }

    /// Whether the value of a name at a place was given in its own region.
    pub(super) fn is_current(&self, symbol: SymbolId, at: usize) -> bool {
        self.find(symbol, at).1
    }

    /// Whether a name has a number somewhere.
    pub(super) fn has(&self, symbol: SymbolId) -> bool {
        self.own.contains_key(&symbol) || self.given.contains_key(&symbol)
    }

    /// Ends all that was told so far: words say that what follows holds in general.
    pub(super) fn end(&mut self, at: usize) {
        self.ends.push(at);
    }

    /// Whether the document itself gives a number to a name.
    pub(super) fn is_told(&self, symbol: SymbolId) -> bool {
        self.given.contains_key(&symbol)
    }

    /// Every value that some name has at a place.
    pub(super) fn all(&self, at: usize) -> impl Iterator<Item = &Rational> {
        let symbols = self.own.keys().chain(self.given.keys());
        symbols.filter_map(move |symbol| self.at(*symbol, at))
    }

    fn find(&self, symbol: SymbolId, at: usize) -> (Option<&Rational>, bool) {
        let given = self.given.get(&symbol).map_or(&[][..], Vec::as_slice);
        let given = &given[..given.partition_point(|g| g.at <= at)];
        let end = self.ends.iter().rev().find(|end| **end <= at).copied();
        let given = &given[given.partition_point(|g| end.is_some_and(|end| g.at < end))..];
        let current = given.iter().rev().find(|g| self.reaches(g, at));
        match current.or(given.last()) {
            Some(last) => (last.value.as_ref(), current.is_some()),
            None => (self.own.get(&symbol), true),
        }
    }

    fn reaches(&self, given: &Given, at: usize) -> bool {
        if given.until.is_some_and(|until| at > until) {
            return false;
        }
        self.is_below(at, given.at)
    }

    /// Whether an item stands in the section of one before it, or in a section below that.
    pub(super) fn is_below(&self, at: usize, before: usize) -> bool {
        let nth = self.sections.partition_point(|(begins, _)| *begins <= before);
        let level = nth.checked_sub(1).map_or(0, |nth| self.sections[nth].1);
        let mut since = self.sections[nth..].iter().take_while(|(begins, _)| *begins <= at);
        !since.any(|(_, other)| *other <= level)
    }

    /// Gives a name a number; returns the one that it had here.
    pub(super) fn give(
        &mut self,
        symbol: SymbolId,
        value: Option<Rational>,
        at: usize,
        until: Option<usize>,
    ) -> Option<Rational> {
        let before = self.at(symbol, at).cloned();
        self.bound.remove(&symbol);
        let all = self.given.entry(symbol).or_default();
        let place = all.partition_point(|g| g.at <= at);
        all.insert(place, Given { at, until, value });
        before
    }

    /// Gives a name a number that nobody says and a row of numbers shows.
    pub(super) fn bind(&mut self, symbol: SymbolId, value: Rational, at: usize, until: usize) {
        let told = self.is_told(symbol) && !self.is_bound(symbol);
        self.give(symbol, Some(value), at, Some(until));
        if !told {
            self.bound.insert(symbol);
        }
    }

    /// Whether all numbers of a name were found like that.
    pub(super) fn is_bound(&self, symbol: SymbolId) -> bool {
        self.bound.contains(&symbol)
    }

    /// Keeps in mind the number that is stated for a derivative.
    pub(super) fn state(&mut self, slope: ExprId, value: Rational, at: usize) {
        let given = Given { at, until: None, value: Some(value) };
        self.slopes.entry(slope).or_default().push(given);
    }

    /// The number that was stated for a derivative in the region of a place.
    pub(super) fn slope(&self, slope: ExprId, at: usize) -> Option<&Rational> {
        let stated = self.slopes.get(&slope)?.iter().rev();
        stated.filter(|g| g.at <= at).find(|g| self.reaches(g, at))?.value.as_ref()
    }

    /// A row holds with the value that a name had: it is meant here, too.
    pub(super) fn confirm(&mut self, symbol: SymbolId, at: usize) {
        if !self.is_current(symbol, at)
            && let Some(value) = self.at(symbol, at).cloned()
        {
            self.give(symbol, Some(value), at, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Graph, Symbol};

    #[test]
    fn a_value_is_that_of_its_section() {
        let symbol = Graph::new().intern_symbol(Symbol::named("x"));
        let mut values = Values { sections: vec![(2, 2), (4, 3), (8, 2)], ..Values::default() };
        values.give(symbol, Some(Rational::from(1)), 3, None);
        assert!(values.is_current(symbol, 5), "a section below goes on");
        assert!(!values.is_current(symbol, 9), "the next one does not");
        assert_eq!(values.at(symbol, 9), Some(&Rational::from(1)));
        values.confirm(symbol, 9);
        assert!(values.is_current(symbol, 10));
        values.give(symbol, Some(Rational::from(7)), 10, Some(11));
        assert_eq!(values.at(symbol, 11), Some(&Rational::from(7)));
        assert_eq!(values.at(symbol, 12), Some(&Rational::from(1)), "a condition passes");
    }

    #[test]
    fn headings_are_known_by_their_signs() {
        assert_eq!(level("## A network"), Some(2));
        assert_eq!(level("\\subsection{Numbers}"), Some(3));
        assert_eq!(level("#x is no heading"), None);
    }
}
