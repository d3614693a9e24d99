//! An index formula at concrete sizes: an expression of the graph of the lowered layer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::calculus::sweep;
use crate::expr::{ExprId, Graph, Node, Winners};
use crate::index::{Algebra, Cell, Formula, Letters, NoValue, Ready, Written};
use crate::net::Shape;
use crate::scalar::{Function, Rational};

/// The largest number of nodes that the lines of one lemma may be instantiated to.
pub const MAX_INSTANCE: usize = 4_000_000;

/// So many sums are kept, for the loops in which they recur.
const MAX_KEPT: usize = 1 << 18;

/// The cells of a tensor.
pub(super) struct Table {
    pub shape: Shape,
    pub cells: Vec<ExprId>,
}

impl Table {
    /// The cell at these subscripts, if they lie inside.
    fn at(&self, at: &[i64]) -> Option<ExprId> {
        let lengths = self.shape.lengths();
        let place = at.iter().zip(lengths).try_fold(0, |place, (n, length)| {
            let n = usize::try_from(*n).ok().filter(|n| n < length)?;
            Some(place * length + n)
        })?;
        self.cells.get(place).filter(|_| at.len() == lengths.len()).copied()
    }
}

/// The cells of every tensor of a layer, or their δ, by name.
pub(super) type Tables = BTreeMap<String, Table>;

/// The layer that lines are put to the numbers of.
pub(super) struct Scene<'a> {
    /// The cells of every tensor of the layer.
    pub tensors: &'a Tables,
    /// ∂total/∂(cell) for the users, by the reverse sweep.
    pub deltas: &'a Tables,
    /// The loss of the layer.
    pub total: ExprId,
    /// The name of the loss in the formulas.
    pub loss: &'a str,
    /// The tensor that is differentiated by.
    pub by: &'a str,
    /// What φ is, in the equations for any depth.
    pub function: Option<Function>,
}

/// Where elements are found, and what derivatives that are only written down stand for.
pub(super) struct Instance<'a> {
    pub g: &'a mut Graph,
    scene: Scene<'a>,
    /// The tensors and their δ, to be found at once.
    tables: [FxHashMap<&'a str, &'a Table>; 2],
    /// Derivatives of an expression by everything in it, worked out once.
    known: FxHashMap<ExprId, FxHashMap<ExprId, ExprId>>,
    /// The variable that each quantity is held as.
    held: FxHashMap<ExprId, ExprId>,
    /// Sums that recur in loops, and how many sums there are in the formulas so far.
    kept: FxHashMap<Vec<i64>, Option<ExprId>>,
    sums: i64,
    zero: ExprId,
    one: ExprId,
}

/// The name of the tensor of a cell: x2 for an element of x^(l) where l is 2.
fn key(cell: &Cell) -> Cow<'_, str> {
    match cell.layer {
        Some(layer) => format!("{}{layer}", cell.name).into(),
        None => Cow::Borrowed(&cell.name),
    }
}

impl<'a> Instance<'a> {
    pub fn new(g: &'a mut Graph, scene: Scene<'a>) -> Instance<'a> {
        let by_name = |all: &'a Tables| all.iter().map(|(k, v)| (k.as_str(), v)).collect();
        let tables = [by_name(scene.tensors), by_name(scene.deltas)];
        let (zero, one) = (g.integer(0), g.integer(1));
        let (known, held, kept) = Default::default();
        Instance { g, scene, tables, known, held, kept, sums: 0, zero, one }
    }

    /// The formula for many values of the letters of `like`.
    pub fn ready<'f>(&mut self, formula: &'f Formula, like: &Letters) -> Ready<'f> {
        Ready::new(formula, like, &mut self.sums)
    }

    /// The expression of a formula at these values of its letters.
    pub fn of(&mut self, formula: &Formula, letters: &mut Letters) -> Result<ExprId, NoValue> {
        self.ready(formula, letters).value(self, letters)
    }

    /// The cells of a tensor.
    pub fn cells(&self, name: &str) -> &'a [ExprId] {
        self.tables[0].get(name).map_or(&[], |table| &table.cells)
    }

    /// The expression of an element.
    pub fn find(&self, cell: &Cell) -> Result<ExprId, NoValue> {
        let table = self.tables[usize::from(cell.delta)].get(key(cell).as_ref());
        let found = table.and_then(|table| table.at(&cell.at));
        found.ok_or_else(|| NoValue::Element(format!("{}{:?}", cell.name, cell.at)))
    }

    fn check(&self) -> Result<(), NoValue> {
        if self.g.len() > MAX_INSTANCE { Err(NoValue::TooLarge) } else { Ok(()) }
    }

    /// ∂of/∂by with every other quantity held fixed: quantities are replaced by variables of
    /// their own, the reverse sweep differentiates, and the quantities are put back.
    fn immediate(&mut self, of: ExprId, by: ExprId) -> ExprId {
        if is_quantity(self.g, of) {
            return if of == by { self.one } else { self.zero };
        }
        if let Some(known) = self.known.get(&of) {
            return known.get(&by).copied().unwrap_or(self.zero);
        }
        let (held, mut leaves) = (&mut self.held, Vec::new());
        let frozen = rewrite(self.g, of, &mut |g, id| {
            if !is_quantity(g, id) {
                return None;
            }
            let name = || format!("held {}", id.index());
            let own = *held.entry(id).or_insert_with(|| g.var(&name()));
            leaves.push((id, own));
            Some(own)
        });
        let variables: Vec<ExprId> = leaves.iter().map(|(_, own)| *own).collect();
        let slopes = sweep::gradients(self.g, frozen, &variables, &Winners::new());
        let back: FxHashMap<ExprId, ExprId> = leaves.iter().map(|(id, own)| (*own, *id)).collect();
        let thawed = rewrite_all(self.g, &slopes, &mut |_, id| back.get(&id).copied());
        let all: FxHashMap<ExprId, ExprId> = leaves.iter().map(|(id, _)| *id).zip(thawed).collect();
        let found = all.get(&by).copied().unwrap_or(self.zero);
        self.known.insert(of, all);
        found
    }
}

fn is_quantity(g: &Graph, id: ExprId) -> bool {
    matches!(g.node(id), Node::Var(_) | Node::Named(..))
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
    let (mut stack, mut new) = (roots.to_vec(), Vec::new());
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
        let depth = stack.len();
        g.for_children(id, |child| {
            if !done.contains_key(&child) {
                stack.push(child);
            }
        });
        if stack.len() == depth {
            new.clear();
            g.for_children(id, |child| new.push(done[&child]));
            done.insert(id, g.rebuild(id, &new));
            stack.pop();
        }
    }
    roots.iter().map(|root| done[root]).collect()
}

impl Algebra for Instance<'_> {
    type Value = ExprId;

    fn number(&mut self, q: &Rational) -> Result<ExprId, NoValue> {
        Ok(if q.is_zero() { self.zero } else { self.g.number(q) })
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
        let Some(function) = self.scene.function else {
            return Err(NoValue::Element(name.to_string()));
        };
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
            return Ok(self.zero);
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
        if *cell.name == *self.scene.loss {
            // By what the lemma is about, the whole derivative, left to dual numbers; by any
            // other tensor it is δ, which is proved equal to it apart.
            if key(by) == self.scene.by {
                return Ok(self.g.partial(self.scene.total, variable));
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

    fn kept(&self, key: &[i64]) -> Option<Option<ExprId>> {
        self.kept.get(key).copied()
    }

    fn keep(&mut self, key: Vec<i64>, sum: Option<ExprId>) {
        if self.kept.len() < MAX_KEPT {
            self.kept.insert(key, sum);
        }
    }
}
