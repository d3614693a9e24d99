//! An index formula at concrete sizes: an expression of the graph of the lowered layer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::calculus::sweep;
use crate::expr::{ExprId, Graph, Node, Winners};
use crate::index::{Algebra, Cell, Formula, Letters, NoValue, Written, interpret};
use crate::net::Shape;
use crate::scalar::{Function, Rational};

/// The largest number of nodes that the lines of one lemma may be instantiated to.
pub const MAX_INSTANCE: usize = 4_000_000;

/// The cells of a tensor.
pub(super) struct Table {
    pub shape: Shape,
    pub cells: Vec<ExprId>,
}

/// Where elements are found, and what derivatives that are only written down stand for.
pub(super) struct Instance<'a> {
    pub g: &'a mut Graph,
    /// The cells of every tensor of the layer.
    pub tensors: &'a BTreeMap<String, Table>,
    /// ∂total/∂(cell) for the users, by the reverse sweep.
    pub deltas: &'a BTreeMap<String, Table>,
    /// The loss of the layer.
    pub total: ExprId,
    /// The name of the loss in the formulas.
    pub loss: &'a str,
    /// The tensor that is differentiated by.
    pub by: &'a str,
    /// Derivatives of an expression by everything in it, worked out once.
    pub known: BTreeMap<ExprId, BTreeMap<ExprId, ExprId>>,
    /// What φ is, in the equations for any depth.
    pub function: Option<Function>,
}

/// The name of the tensor of a cell: x2 for an element of x^(l) where l is 2.
fn key(cell: &Cell) -> Cow<'_, str> {
    match cell.layer {
        Some(layer) => format!("{}{layer}", cell.name).into(),
        None => Cow::Borrowed(&cell.name),
    }
}

impl Instance<'_> {
    /// The expression of a formula at these values of its letters.
    pub fn of(&mut self, formula: &Formula, letters: &mut Letters) -> Result<ExprId, NoValue> {
        interpret(self, formula, letters)
    }

    /// The expression of an element.
    pub fn find(&self, cell: &Cell) -> Result<ExprId, NoValue> {
        let tables = if cell.delta { self.deltas } else { self.tensors };
        let name = || NoValue::Element(format!("{}{:?}", cell.name, cell.at));
        let table = tables.get(key(cell).as_ref()).ok_or_else(name)?;
        let at: Result<Vec<usize>, _> = cell.at.iter().map(|n| usize::try_from(*n)).collect();
        let position = at.ok().and_then(|at| table.shape.position(&at));
        position.map(|n| table.cells[n]).ok_or_else(name)
    }

    fn check(&self) -> Result<(), NoValue> {
        if self.g.len() > MAX_INSTANCE { Err(NoValue::TooLarge) } else { Ok(()) }
    }

    /// ∂of/∂by with every other quantity held fixed: quantities are replaced by variables of
    /// their own, the reverse sweep differentiates, and the quantities are put back.
    fn immediate(&mut self, of: ExprId, by: ExprId) -> ExprId {
        if let Some(known) = self.known.get(&of) {
            return known.get(&by).copied().unwrap_or_else(|| self.g.integer(0));
        }
        let mut leaves = Vec::new();
        let frozen = rewrite(self.g, of, &mut |g, id| match g.node(id) {
            Node::Var(_) | Node::Named(..) => {
                let own = g.var(&format!("held {}", id.index()));
                leaves.push((id, own));
                Some(own)
            }
            _ => None,
        });
        let variables: Vec<ExprId> = leaves.iter().map(|(_, own)| *own).collect();
        let slopes = sweep::gradients(self.g, frozen, &variables, &Winners::new());
        let back: BTreeMap<ExprId, ExprId> = leaves.iter().map(|(id, own)| (*own, *id)).collect();
        let mut all = BTreeMap::new();
        let thawed = rewrite_all(self.g, &slopes, &mut |_, id| back.get(&id).copied());
        all.extend(leaves.iter().map(|(id, _)| *id).zip(thawed));
        let found = all.get(&by).copied().unwrap_or_else(|| self.g.integer(0));
        self.known.insert(of, all);
        found
    }
}

/// The expression with some nodes replaced; nothing below a replaced one is looked at.
pub(super) fn rewrite(
    g: &mut Graph,
    root: ExprId,
    put: &mut dyn FnMut(&mut Graph, ExprId) -> Option<ExprId>,
) -> ExprId {
    rewrite_all(g, &[root], put)[0]
}

/// The same for several, whose common parts are rewritten once.
fn rewrite_all(
    g: &mut Graph,
    roots: &[ExprId],
    put: &mut dyn FnMut(&mut Graph, ExprId) -> Option<ExprId>,
) -> Vec<ExprId> {
    let mut done: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut stack = roots.to_vec();
    while let Some(id) = stack.last().copied() {
        if done.contains_key(&id) {
            stack.pop();
            continue;
        }
        if let Some(new) = put(g, id) {
            done.insert(id, new);
            stack.pop();
            continue;
        }
        let children = g.children(id);
        let waiting: Vec<ExprId> =
            children.iter().filter(|c| !done.contains_key(c)).copied().collect();
        if waiting.is_empty() {
            let new: Vec<ExprId> = children.iter().map(|c| done[c]).collect();
            let new = g.rebuild(id, &new);
            done.insert(id, new);
            stack.pop();
        } else {
            stack.extend(waiting);
        }
    }
    roots.iter().map(|root| done[root]).collect()
}

impl Algebra for Instance<'_> {
    type Value = ExprId;

    fn number(&mut self, q: &Rational) -> Result<ExprId, NoValue> {
        Ok(self.g.number(q))
    }

    fn element(&mut self, cell: &Cell) -> Result<ExprId, NoValue> {
        self.find(cell)
    }

    fn add(&mut self, all: Vec<ExprId>) -> Result<ExprId, NoValue> {
        self.check()?;
        Ok(self.g.add(all))
    }

    fn mul(&mut self, all: Vec<ExprId>) -> Result<ExprId, NoValue> {
        self.check()?;
        Ok(self.g.mul(all))
    }

    fn neg(&mut self, a: ExprId) -> Result<ExprId, NoValue> {
        Ok(self.g.neg(a))
    }

    fn sub(&mut self, a: ExprId, b: ExprId) -> Result<ExprId, NoValue> {
        Ok(self.g.sub(a, b))
    }

    fn div(&mut self, a: ExprId, b: ExprId) -> Result<ExprId, NoValue> {
        Ok(self.g.div(a, b))
    }

    fn pow(&mut self, a: ExprId, b: ExprId, _: Option<i32>) -> Result<ExprId, NoValue> {
        Ok(self.g.pow(a, b))
    }

    fn call(&mut self, function: Function, a: ExprId) -> Result<ExprId, NoValue> {
        Ok(self.g.call(function, a))
    }

    fn apply(&mut self, name: &str, primes: u32, a: ExprId) -> Result<ExprId, NoValue> {
        let Some(function) = self.function else { return Err(NoValue::Element(name.to_string())) };
        match primes {
            0 => Ok(self.g.call(function, a)),
            // The slope of the function itself, by the reverse sweep.
            1 => {
                let x = self.g.var("held argument");
                let value = self.g.call(function, x);
                let slope = sweep::gradients(self.g, value, &[x], &Winners::new())[0];
                Ok(rewrite(self.g, slope, &mut |_, id| (id == x).then_some(a)))
            }
            _ => Err(NoValue::Nested),
        }
    }

    fn max(&mut self, all: Vec<ExprId>) -> Result<ExprId, NoValue> {
        Ok(self.g.max(all))
    }

    fn wins(&mut self, all: Vec<ExprId>, place: usize) -> Result<ExprId, NoValue> {
        let winner = all[place];
        // The first of equals wins, so an argument that stood there before leaves nothing.
        if all[..place].contains(&winner) {
            return Ok(self.g.integer(0));
        }
        let max = self.g.max(all);
        Ok(self.g.wins(max, winner))
    }

    fn partial(&mut self, mut of: Written<'_, '_>, by: &Cell) -> Result<ExprId, NoValue> {
        self.check()?;
        let variable = self.find(by)?;
        let Some(cell) = of.cell()? else {
            let of = of.value(self)?;
            return Ok(self.immediate(of, variable));
        };
        if *cell.name == *self.loss {
            // By what the lemma is about, the whole derivative, left to dual numbers; by any
            // other tensor it is δ, which is proved equal to it apart.
            if key(by) == self.by {
                return Ok(self.g.partial(self.total, variable));
            }
            return self.find(&Cell { delta: true, ..by.clone() });
        }
        let own = self.find(&cell)?;
        // The operation of the user of x, as it was lowered.
        let own = match self.g.node(own) {
            Node::Named(_, value) if key(&cell) != key(by) => value,
            _ => own,
        };
        Ok(self.immediate(own, variable))
    }
}
