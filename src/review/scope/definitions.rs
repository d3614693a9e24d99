//! The author's definitions, and what a name stands for at a place of the document.
//!
//! Invariants: a definition is in force from its row to the next one of the same name; before
//! its first row too, since authors define late. No definition stands inside itself.

use std::collections::{BTreeMap, BTreeSet};

use super::Scope;
use crate::expr::ExprId;
use crate::review::claim::names_of;
use crate::review::indices::Item;
use crate::review::names::spelled;
use crate::review::tex::syntax::{Expr, FormulaKind, Name};

/// A definition of the author's.
#[derive(Clone, Debug)]
pub(in crate::review) struct Definition {
    /// In which item of the document it stands.
    pub(in crate::review) at: usize,
    /// The names in the parentheses behind the name: f(x) has one.
    pub(in crate::review) params: Vec<Name>,
    /// The names in parentheses of which the body holds none: J(θ) is J, and says what moves it.
    pub(in crate::review) of: Vec<Name>,
    /// What the name stands for.
    pub(in crate::review) body: Expr,
    /// Whether it hides a quantity of the network that has the same name.
    pub(in crate::review) hides: bool,
    /// Its indices, where some are letters: z_j = … says what every z is.
    pub(in crate::review) indices: Vec<Item>,
    /// How certain it is that the name has this meaning from here on.
    pub(in crate::review) standing: Certainty,
}

/// How certain a definition is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::review) enum Certainty {
    /// It says what the name stands for.
    #[default]
    Certain,
    /// It may be meant so: where a row does not hold with it, the meaning before is asked, too.
    Perhaps,
    /// The name has a meaning from here on that could not be read.
    Unreadable,
    /// It is said under a condition, and says nothing of what holds without it.
    Conditional,
    /// What was supposed of the name is supposed no longer.
    Dropped,
}

impl Definition {
    /// A definition that hides nothing, of one quantity.
    pub(in crate::review) fn new(at: usize, body: Expr) -> Definition {
        let (params, of, indices) = (Vec::new(), Vec::new(), Vec::new());
        Definition { at, params, of, body, hides: false, indices, standing: Certainty::Certain }
    }
}

/// What a name stands for at a place.
pub(in crate::review) enum Meaning<'s> {
    /// A cell of the network.
    Cell(ExprId),
    /// The author's definition, by its number among those of its name.
    Defined(&'s Definition, usize),
    /// An element of what the author defines with letters for indices, by the key of that
    /// definition, with the values of its letters.
    Element(&'s Definition, usize, BTreeMap<String, i64>),
    /// Nothing.
    Free,
}

impl Scope<'_> {
    /// What a name stands for in item `at` of the document.
    pub(in crate::review) fn meaning(&self, name: &Name, at: usize) -> Meaning<'_> {
        let name = &self.indices.at(name, &self.letters);
        let own = self.definition(&spelled(name), at);
        if let Some((definition, nth)) = own
            && definition.hides
            && definition.at <= at
        {
            return Meaning::Defined(definition, nth);
        }
        if let Some(cell) = self.cell(name) {
            return Meaning::Cell(cell);
        }
        match own {
            Some((definition, _)) if self.is_a_variable(name, definition, at) => Meaning::Free,
            Some((definition, nth)) => Meaning::Defined(definition, nth),
            None => self.element(name, at).unwrap_or(Meaning::Free),
        }
    }

    /// The definition of a name or, where it has letters, of all its elements.
    pub(in crate::review) fn in_force(&self, name: &Name, at: usize) -> Option<&Definition> {
        let (key, items) = self.indices.items(name);
        let own = self.definition(&spelled(name), at);
        own.or_else(|| self.definition(&of_elements(&key, items.len()), at)).map(|(d, _)| d)
    }

    /// Whether anything defines the elements of a name with letters.
    pub(in crate::review) fn defines(&self, name: &Name) -> bool {
        let (key, items) = self.indices.items(name);
        self.definitions.contains_key(&of_elements(&key, items.len()))
    }

    /// Whether a name is an element of what is defined for all of them.
    pub(in crate::review) fn is_element(&self, name: &Name, at: usize) -> bool {
        self.element(name, at).is_some()
    }

    /// Whether a statement is the one that defines all elements of a name.
    pub(in crate::review) fn defines_elements(
        &self,
        name: &Name,
        items: &[Item],
        body: &Expr,
        at: usize,
    ) -> bool {
        let key = of_elements(&self.indices.items(name).0, items.len());
        self.definition(&key, at).is_some_and(|(d, _)| d.at == at && d.body == *body)
    }

    /// The definition with letters that a name with numbers is an element of.
    fn element(&self, name: &Name, at: usize) -> Option<Meaning<'_>> {
        let (key, items) = self.indices.items(name);
        if items.is_empty() {
            return None;
        }
        let (definition, nth) = self.definition(&of_elements(&key, items.len()), at)?;
        // h_0 of h_t = tanh(w h_{t−1}) is where it begins.
        if self.lies_outside(name, name) {
            return None;
        }
        let mut letters = BTreeMap::new();
        for (pattern, item) in definition.indices.iter().zip(&items) {
            let Item::Number(n) = item else { return None };
            match pattern {
                Item::Letter(c) => {
                    let known = letters.insert(c.to_string(), *n);
                    known.is_none_or(|k| k == *n).then_some(())?;
                }
                Item::Number(m) => (m == n).then_some(())?,
                Item::Shifted(_) => return None,
            }
        }
        Some(Meaning::Element(definition, nth, letters))
    }

    /// The definition of that spelling in force: the last one so far, or else the first to come.
    pub(in crate::review) fn definition(
        &self,
        name: &str,
        at: usize,
    ) -> Option<(&Definition, usize)> {
        let all = self.definitions.get(name)?;
        let nth = all.partition_point(|d| d.at <= at);
        match nth.checked_sub(1) {
            Some(nth) => all.get(nth).map(|d| (d, nth)),
            // A name for a name is a conclusion as often as a definition: not before it is said.
            None => {
                all.first().filter(|d| !matches!(d.body.kind, FormulaKind::Name(_))).map(|d| (d, 0))
            }
        }
    }

    /// Puts a definition in force from its place on.
    pub(in crate::review) fn define(&mut self, name: &Name, definition: Definition) {
        let key = match definition.indices.is_empty() {
            true => spelled(name),
            false => of_elements(&self.indices.items(name).0, definition.indices.len()),
        };
        if definition.params.len() > 1 {
            for name in &definition.params {
                self.variables.entry(spelled(name)).or_default().push(definition.at);
            }
        }
        let all = self.definitions.entry(key).or_default();
        let nth = all.partition_point(|d| d.at <= definition.at);
        if !all.is_empty() {
            // Numbers move up, and with them what was built; and a name of several examples stands
            // for less than that of one.
            self.built.clear();
        }
        all.insert(nth, definition);
    }

    /// What to say of names of which one is defined under a condition, or by what is supposed no
    /// longer, by way of other definitions too.
    pub(in crate::review) fn defined_in_a_case(
        &self,
        names: Vec<Name>,
        at: usize,
    ) -> Option<String> {
        let (mut open, mut seen) = (names, BTreeSet::new());
        while let Some(name) = open.pop() {
            if !seen.insert(spelled(&name)) {
                continue;
            }
            let (Meaning::Defined(definition, _) | Meaning::Element(definition, ..)) =
                self.meaning(&name, at)
            else {
                continue;
            };
            match definition.standing {
                Certainty::Conditional => {
                    return Some(format!("{} is defined under a condition", spelled(&name)));
                }
                Certainty::Dropped => return Some(dropped(&spelled(&name))),
                Certainty::Certain | Certainty::Perhaps | Certainty::Unreadable => {}
            }
            open.extend(names_of(&definition.body));
        }
        None
    }

    /// Takes the last meaning of a name so far away, where that is not certain; it is given back.
    pub(in crate::review) fn without_last(
        &mut self,
        key: &str,
        at: usize,
    ) -> Option<(usize, Definition)> {
        let (definition, nth) = self.definition(key, at)?;
        if definition.standing != Certainty::Perhaps || nth == 0 {
            return None;
        }
        self.built.clear();
        let all = self.definitions.get_mut(key)?;
        Some((nth, all.remove(nth)))
    }

    /// Puts back what [`without_last`](Self::without_last) took away.
    pub(in crate::review) fn with_again(&mut self, key: &str, nth: usize, definition: Definition) {
        self.built.clear();
        if let Some(all) = self.definitions.get_mut(key) {
            all.insert(nth.min(all.len()), definition);
        }
    }

    /// What a′ is the slope of: a function of one variable, and that variable.
    pub(in crate::review) fn slope_of(&self, name: &Name, at: usize) -> Option<(Name, Name)> {
        if !self.speaks_of_slopes || name.above.as_deref() != Some("′") {
            return None;
        }
        let base = Name { above: None, ..name.clone() };
        let (definition, _) = self.definition(&spelled(&base), at)?;
        match &definition.params[..] {
            [only] if definition.indices.is_empty() => Some((base, only.clone())),
            _ => None,
        }
    }

    /// Whether a name stands for a function with parameters here.
    pub(in crate::review) fn is_function(&self, name: &Name, at: usize) -> bool {
        matches!(self.meaning(name, at), Meaning::Defined(d, _) if !d.params.is_empty())
    }

    /// Whether anybody says what this name is.
    pub(in crate::review) fn is_known(&self, name: &Name, at: usize) -> bool {
        !matches!(self.meaning(name, at), Meaning::Free)
    }
}

/// What the definitions of all elements of a name are kept under.
pub(in crate::review) fn of_elements(key: &str, rank: usize) -> String {
    format!("{key}[{rank}]")
}

/// What to say of a name that was something by a supposition.
pub(in crate::review) fn dropped(name: &str) -> String {
    format!("what was supposed of {name} is supposed no longer")
}
