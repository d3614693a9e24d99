//! A name with arguments: a function of the document or a usual one, a quantity with its variables,
//! or a product.
//!
//! Invariant: where the document does not say which it is, it is none of them.

use std::collections::BTreeMap;

use super::{Built, Local, Unbuilt, unreadable};
use crate::expr::{ExprId, Node, Symbol, Winners, depends_on};
use crate::review::names::spelled;
use crate::review::scope::{Certainty, MAX_DEFINITION_DEPTH, Meaning, Scope};
use crate::review::tex::syntax::Name;
use crate::scalar::Function;

/// The functions whose usual name has primes here, which the parser leaves to the scope.
fn usual(name: &str) -> Option<Function> {
    match name {
        "σ" => Some(Function::Sigmoid),
        "Φ" => Some(Function::NormalCdf),
        "ReLU" | "relu" => Some(Function::Relu),
        _ => None,
    }
}

impl Scope<'_> {
    /// f(x), f′(x), or a product if f is no function.
    pub(super) fn apply(
        &mut self,
        head: &Name,
        primes: u32,
        args: &[ExprId],
        at: usize,
        local: &Local,
        most: usize,
    ) -> Built {
        let head = &self.indices.at(head, &local.indices);
        let spelled = spelled(head);
        let definition = match self.meaning(head, at) {
            Meaning::Defined(definition, _)
                if !definition.params.is_empty()
                    || definition.standing == Certainty::Unreadable =>
            {
                Some(definition.clone())
            }
            _ => None,
        };
        if let Some(definition) = definition {
            let unread = definition.standing == Certainty::Unreadable;
            if (definition.params.len() == 1 || unread && self.functions.contains(&spelled))
                && let ([arg], 0 | 1) = (args, primes)
                && self.is_of_another_example(&spelled, &definition, at)
            {
                if !self.nearest {
                    return self.any_function_at(&spelled, primes, *arg);
                }
                let several = self.definitions.get(&spelled).is_some_and(|all| all.len() > 1);
                if definition.at > at && several {
                    return Err(Unbuilt::Unclear(format!(
                        "{spelled} is defined further down, and may be another here"
                    )));
                }
            }
            if unread {
                return Err(unreadable(&spelled));
            }
            if definition.params.len() != args.len() {
                if let ([arg], 0 | 1) = (args, primes) {
                    // f of one variable beside an f(x, y) is another f.
                    self.doubts.push(format!("{spelled} is defined with other arguments"));
                    return self.any_function_at(&spelled, primes, *arg);
                }
                return Err(Unbuilt::Unclear(format!(
                    "{spelled} takes {} arguments, and {} are given",
                    definition.params.len(),
                    args.len()
                )));
            }
            if self.open.len() >= MAX_DEFINITION_DEPTH {
                return Err(Unbuilt::Unclear(format!(
                    "too large: more than {MAX_DEFINITION_DEPTH} functions stand inside one another"
                )));
            }
            let mut args = args.to_vec();
            if primes > 0 {
                // f′(a) is ∂f(a)/∂a; a number cannot be moved, its name can.
                for arg in &mut args {
                    if !matches!(self.graph.node(*arg), Node::Var(_) | Node::Named(..)) {
                        *arg = self.graph.named("·", *arg);
                    }
                }
            }
            let params = definition.params.iter().map(crate::review::names::spelled);
            let inner =
                Local { params: params.zip(args.iter().copied()).collect(), ..Local::default() };
            self.open.push((spelled.clone(), usize::MAX));
            let value = self.expression(&definition.body, definition.at, &inner, most);
            self.open.pop();
            return self.primed(value?, primes, &args, &spelled);
        }
        if let Some(function) = usual(&spelled)
            && !self.unread.contains(&spelled)
            && !self.otherwise.iter().any(|letter| spelled.contains(*letter))
            && matches!(self.meaning(head, at), Meaning::Free)
            && let [arg] = args
        {
            let value = self.graph.call(function, *arg);
            return self.primed(value, primes, args, &spelled);
        }
        if let ([arg], 0, Some(_)) = (args, primes, self.adjoint_of(head)) {
            let head = self.name(head, at, local)?;
            return Ok(self.graph.mul([head, *arg]));
        }
        // E(w) is E as it depends on w.
        if primes == 0 && self.is_known(head, at) {
            let value = self.name(head, at, local)?;
            let plain =
                |arg: &ExprId| matches!(self.graph.node(*arg), Node::Var(_) | Node::Named(..));
            let none = Winners::new();
            let depends = |arg: &ExprId| depends_on(&self.graph, value, *arg, &none);
            if !args.is_empty()
                && args.iter().all(|arg| plain(arg) && *arg != value && depends(arg))
            {
                return Ok(value);
            }
        }
        // y′(3) of a y that is made of one variable.
        if primes == 1
            && let [arg] = args
            && self.is_known(head, at)
        {
            return self.slope_at(head, *arg, at, local);
        }
        if primes == 0
            && let [arg] = args
            && (self.is_known(head, at)
                || self.leaf_named(&spelled)
                || self.plain.contains(&spelled)
                || !head.below.is_empty() && self.plain_elements(head))
        {
            let head = self.name(head, at, local)?;
            return Ok(self.graph.mul([head, *arg]));
        }
        self.any_function(&spelled, primes, args)
    }

    /// The slope of a quantity that is made of one variable, where that has a value.
    fn slope_at(&mut self, head: &Name, arg: ExprId, at: usize, local: &Local) -> Built {
        let value = self.name(head, at, local)?;
        let free: Vec<ExprId> = self
            .graph
            .reachable(&[value])
            .into_iter()
            .filter(|id| matches!(self.graph.node(*id), Node::Var(_)))
            .collect();
        let [variable] = free[..] else {
            let name = spelled(head);
            return Err(Unbuilt::Unclear(format!("{name}′ may be by any of its variables")));
        };
        if arg == variable {
            return self.partial(value, variable);
        }
        // A number cannot be moved, its name can.
        let moved = match self.graph.node(arg) {
            Node::Var(_) | Node::Named(..) => arg,
            _ => self.graph.named("·", arg),
        };
        let there = self.substituted(&[value], &BTreeMap::from([(variable, moved)]));
        let there = there.ok_or_else(|| Unbuilt::Unclear("too large".to_string()))?;
        self.partial(there[0], moved)
    }

    /// Whether a name has a definition that says nothing of its arguments.
    pub(super) fn may_be_a_function(&self, head: &Name, at: usize) -> bool {
        match self.meaning(head, at) {
            Meaning::Defined(definition, _) | Meaning::Element(definition, ..) => {
                definition.params.is_empty()
            }
            Meaning::Cell(cell) => matches!(self.graph.node(cell), Node::Named(..)),
            Meaning::Free => false,
        }
    }

    /// Whether elements of a name are factors somewhere.
    fn plain_elements(&self, name: &Name) -> bool {
        self.plain_keys.contains(&self.indices.items(name).0)
    }

    fn leaf_named(&self, name: &str) -> bool {
        let symbol = self.graph.find_symbol(&Symbol::named(name));
        symbol.is_some_and(|s| self.leaves.contains(&s))
    }

    fn primed(&mut self, value: ExprId, primes: u32, args: &[ExprId], name: &str) -> Built {
        match (primes, args) {
            (0, _) => Ok(value),
            (1, [arg]) => self.partial(value, *arg),
            (1, _) => Err(Unbuilt::Unclear(format!("{name}′ has more than one variable"))),
            (_, [arg]) => self.derivative(value, *arg, primes),
            _ => Err(Unbuilt::Unclear(format!("{name}′′ has more than one variable"))),
        }
    }
}
