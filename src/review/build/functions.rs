//! Functions that a document applies and nobody defines: g of y = g(z).
//!
//! At one point, a function is a value and a slope, and both may be anything. So g(z) becomes
//! c + d·z and g′(z) becomes d, with a c and a d of its own for each argument: an identity in values
//! and first derivatives that holds for all of them holds for every function. A slope of g′ is
//! beyond that, and is never taken. What does not hold for all is refuted only where the words say
//! that g is any function, and then by one c and one d for all arguments: g(u) = c + d·u is a
//! function.

use std::collections::{BTreeMap, BTreeSet};

use super::{Built, Unbuilt};
use crate::expr::{ExprId, Node};
use crate::review::claim::same;
use crate::review::names::spelled;
use crate::review::scope::{Definition, Scope};
use crate::review::tex::syntax::Name;

/// A function that nobody defines, at one argument.
#[derive(Clone, Copy, Debug)]
pub(in crate::review) struct AnyFunction {
    /// Its value at 0, were it a line.
    start: ExprId,
    /// Its slope, and the same under a name, which is never differentiated.
    slope: ExprId,
    prime: ExprId,
    value: ExprId,
}

impl AnyFunction {
    /// Its value at 0, were it a line.
    pub(super) fn start(&self) -> ExprId {
        self.start
    }

    /// Its slope.
    pub(super) fn slope(&self) -> ExprId {
        self.slope
    }
}

/// The functions without a definition by their names and arguments, the arguments without names.
pub(in crate::review) type AnyFunctions = BTreeMap<(String, ExprId), AnyFunction>;

impl Scope<'_> {
    /// g(arg) or g′(arg) of a function that nobody defines.
    pub(super) fn any_function(&mut self, name: &str, primes: u32, args: &[ExprId]) -> Built {
        match (args, primes, self.functions.contains(name)) {
            ([arg], 0 | 1, true) => self.any_function_at(name, primes, *arg),
            _ => Err(Unbuilt::Unclear(format!("{name} has no definition"))),
        }
    }

    /// Whether a name that several examples define is a variable here: a function of this section,
    /// f(x, y) = …, has it for one, and what it stands for is said in another.
    pub(in crate::review) fn is_a_variable(
        &self,
        name: &Name,
        definition: &Definition,
        at: usize,
    ) -> bool {
        let key = spelled(name);
        let Some(places) = self.variables.get(&key) else { return false };
        let here = |place: &usize| {
            *place > definition.at && *place <= at && self.values.is_below(at, *place)
        };
        definition.params.is_empty()
            && places.iter().any(here)
            && self.is_of_another_example(&key, definition, at)
    }

    /// Whether some function that has a definition was taken for any since this was asked last.
    pub(in crate::review) fn takes_another_example(&self) -> bool {
        self.any_functions.keys().any(|(name, _)| self.definitions.contains_key(name))
    }

    /// Takes functions of several examples for that of the last one before, or for any again.
    pub(in crate::review) fn take_nearest(&mut self, nearest: bool) {
        self.nearest = nearest;
        self.built.clear();
        let definitions = &self.definitions;
        self.any_functions.retain(|(name, _), _| !definitions.contains_key(name));
    }

    /// Whether the definition of a name that is in force here stands in another section, and either
    /// it is one of several there, or comes later: f is what each example calls its function, and
    /// may be any here.
    pub(super) fn is_of_another_example(
        &self,
        name: &str,
        definition: &Definition,
        at: usize,
    ) -> bool {
        let all = self.definitions.get(name).map_or(&[][..], Vec::as_slice);
        let near = match definition.at <= at {
            true => self.values.is_below(at, definition.at),
            false => self.values.is_below(definition.at, at),
        };
        let renewed = |other: &Definition| {
            !same(&other.body, &definition.body)
                && self.outline.at(other.at).section != self.outline.at(definition.at).section
        };
        !near && (definition.at > at || all.iter().any(renewed))
    }

    /// g(arg) or g′(arg), whatever g is.
    pub(super) fn any_function_at(&mut self, name: &str, primes: u32, arg: ExprId) -> Built {
        let arg = &arg;
        let key = (name.to_string(), self.without_names(*arg));
        let found = match self.any_functions.get(&key) {
            Some(found) => *found,
            None => {
                let nth = self.any_functions.keys().filter(|(other, _)| other == name).count();
                let tail = if nth == 0 { String::new() } else { format!("·{nth}") };
                let start = self.graph.var(&format!("{name}(0){tail}"));
                let slope = self.graph.var(&format!("{name}′{tail}"));
                for symbol in [start, slope].iter().filter_map(|id| self.graph.symbol_of(*id)) {
                    self.leaves.insert(symbol);
                }
                let line = self.graph.mul([slope, *arg]);
                let value = self.graph.add([start, line]);
                let prime = self.graph.named(&format!("{name}′()"), slope);
                let found = AnyFunction { start, slope, prime, value };
                self.any_functions.insert(key, found);
                found
            }
        };
        match primes {
            0 => {
                // The value at this very argument, whatever it is called.
                let line = self.graph.mul([found.slope, *arg]);
                let value = self.graph.add([found.start, line]);
                Ok(if value == found.value { found.value } else { value })
            }
            _ => Ok(found.prime),
        }
    }

    /// An expression with what its names stand for in their place.
    fn without_names(&mut self, id: ExprId) -> ExprId {
        let mut made: BTreeMap<ExprId, ExprId> = BTreeMap::new();
        for id in self.graph.reachable(&[id]) {
            let copy = match self.graph.node(id) {
                Node::Named(_, value) => made[&value],
                _ => {
                    let children = self.graph.children(id);
                    let copies: Vec<ExprId> = children.iter().map(|c| made[c]).collect();
                    match copies == children {
                        true => id,
                        false => self.graph.rebuild(id, &copies),
                    }
                }
            };
            made.insert(id, copy);
        }
        made[&id]
    }

    /// The functions without a definition that some expressions are made of.
    pub(in crate::review) fn any_functions_in(&self, roots: &[ExprId]) -> BTreeSet<String> {
        if self.any_functions.is_empty() {
            return BTreeSet::new();
        }
        let below: BTreeSet<ExprId> = self.graph.reachable(roots).into_iter().collect();
        let all = self.any_functions.iter();
        all.filter(|(_, f)| below.contains(&f.slope)).map(|((name, _), _)| name.clone()).collect()
    }

    /// Whether the slope of such a function is itself differentiated.
    pub(in crate::review) fn differentiates_a_prime(&self, roots: &[ExprId]) -> bool {
        if self.any_functions.is_empty() {
            return false;
        }
        let partials = self.under_partials(roots).partials;
        let of: Vec<ExprId> = partials.into_iter().map(|(of, _)| of).collect();
        let below: BTreeSet<ExprId> = self.graph.reachable(&of).into_iter().collect();
        self.any_functions.values().any(|f| below.contains(&f.prime))
    }

    /// Two sides with one line for each function, whatever its argument; none where the words do
    /// not say that each of them is any function.
    pub(in crate::review) fn with_lines(&mut self, sides: [ExprId; 2]) -> Option<[ExprId; 2]> {
        let names = self.any_functions_in(&sides);
        if !names.iter().all(|name| self.said_any.contains(name)) {
            return None;
        }
        let mut others = BTreeMap::new();
        let mut first: BTreeMap<&String, AnyFunction> = BTreeMap::new();
        for ((name, _), f) in &self.any_functions {
            let one = *first.entry(name).or_insert(*f);
            if one.slope != f.slope {
                others.insert(f.start, one.start);
                others.insert(f.slope, one.slope);
            }
        }
        if others.is_empty() {
            return Some(sides);
        }
        let sides = self.substituted(&sides, &others)?;
        Some([sides[0], sides[1]])
    }
}
