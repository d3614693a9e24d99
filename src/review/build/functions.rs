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
use crate::review::scope::Scope;

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
        let unclear = || Unbuilt::Unclear(format!("{name} has no definition"));
        let ([arg], 0 | 1, true) = (args, primes, self.functions.contains(name)) else {
            return Err(unclear());
        };
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
