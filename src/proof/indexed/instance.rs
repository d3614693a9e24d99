//! An index formula at concrete sizes: an expression of the graph of the lowered layer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use crate::calculus::sweep;
use crate::expr::{ExprId, Graph, Node, Winners};
use crate::index::{
    Algebra, Cell, Formula, Letters, NoValue, Numbers, PlaceNumber, Ready, Written,
};
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

/// Derivatives of an expression by every quantity in it, worked out once; in ascending order.
pub(super) type Slopes = FxHashMap<ExprId, Vec<(ExprId, ExprId)>>;

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
    slopes: &'a mut Slopes,
    /// What stands at each place that has a number, as far as it was asked for; and the numbers of
    /// the names.
    places: Vec<Option<Found<'a>>>,
    names: FxHashMap<String, usize>,
    /// Sums that recur in loops.
    kept: FxHashMap<Vec<i64>, Option<ExprId>>,
    /// How many sums and places there are in the formulas so far.
    numbers: Numbers,
    /// How many nodes there were before.
    before: usize,
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

/// What is known of the tensor of an element.
#[derive(Clone, Copy)]
struct Found<'a> {
    table: Option<&'a Table>,
    /// The number of its name; that of its δ is the same.
    name: usize,
    /// Whether it is the loss.
    is_loss: bool,
    /// Whether it is what is differentiated by.
    is_by: bool,
}

impl Found<'_> {
    #[inline]
    fn find(&self, cell: &Cell) -> Result<ExprId, NoValue> {
        let found = self.table.and_then(|table| table.at(&cell.at));
        found.ok_or_else(|| NoValue::Element(format!("{}{:?}", cell.name, cell.at)))
    }
}

impl<'a> Instance<'a> {
    pub fn new(g: &'a mut Graph, slopes: &'a mut Slopes, scene: Scene<'a>) -> Instance<'a> {
        let by_name = |all: &'a Tables| all.iter().map(|(k, v)| (k.as_str(), v)).collect();
        let tables = [by_name(scene.tensors), by_name(scene.deltas)];
        let (zero, one) = (g.integer(0), g.integer(1));
        let (places, names, kept, numbers) = Default::default();
        let before = g.len();
        Instance { g, scene, tables, slopes, places, names, kept, numbers, before, zero, one }
    }

    /// The formula for many values of the letters of `like`.
    pub fn ready<'f>(&mut self, formula: &'f Formula, like: &Letters) -> Ready<'f> {
        Ready::new(formula, like, &mut self.numbers)
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
    pub fn find(&mut self, cell: &Cell) -> Result<ExprId, NoValue> {
        self.tensor(None, cell).find(cell)
    }

    /// The tensor of an element, looked up once for each place that has a number.
    #[inline]
    fn tensor(&mut self, place: PlaceNumber, cell: &Cell) -> Found<'a> {
        let Some(place) = place.map(|n| n as usize) else { return self.look_up(cell) };
        if let Some(Some(found)) = self.places.get(place) {
            return *found;
        }
        let found = self.look_up(cell);
        if self.places.len() <= place {
            self.places.resize(place + 1, None);
        }
        self.places[place] = Some(found);
        found
    }

    fn look_up(&mut self, cell: &Cell) -> Found<'a> {
        let name = key(cell);
        let next = self.names.len();
        let number = match self.names.get(name.as_ref()) {
            Some(number) => *number,
            None => *self.names.entry(name.to_string()).or_insert(next),
        };
        Found {
            table: self.tables[usize::from(cell.delta)].get(name.as_ref()).copied(),
            name: number,
            is_loss: *cell.name == *self.scene.loss,
            is_by: name == self.scene.by,
        }
    }

    fn check(&self) -> Result<(), NoValue> {
        if self.g.len() - self.before > MAX_INSTANCE { Err(NoValue::TooLarge) } else { Ok(()) }
    }

    /// ∂of/∂by with every other quantity held fixed, by the reverse sweep.
    fn immediate(&mut self, of: ExprId, by: ExprId) -> ExprId {
        if is_quantity(self.g, of) {
            return if of == by { self.one } else { self.zero };
        }
        let slopes = match self.slopes.entry(of) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(sweep::held_slopes(self.g, of)),
        };
        match slopes.binary_search_by_key(&by, |(quantity, _)| *quantity) {
            Ok(place) => slopes[place].1,
            Err(_) => self.zero,
        }
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
    let mut done: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let (mut stack, mut new) = (vec![root], Vec::new());
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
    done[&root]
}

impl Algebra for Instance<'_> {
    type Value = ExprId;

    fn number(&mut self, q: &Rational) -> Result<ExprId, NoValue> {
        Ok(if q.is_zero() { self.zero } else { self.g.number(q) })
    }

    fn element(&mut self, cell: &Cell) -> Result<ExprId, NoValue> {
        self.find(cell)
    }

    fn element_at(&mut self, place: PlaceNumber, cell: &Cell) -> Result<ExprId, NoValue> {
        self.tensor(place, cell).find(cell)
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
        let [place, place_of_by] = of.places();
        let tensor = self.tensor(place_of_by, by);
        let variable = tensor.find(by)?;
        let Some(cell) = of.cell()? else {
            let of = of.value(self)?;
            return Ok(self.immediate(of, variable));
        };
        let user = self.tensor(place, &cell);
        if user.is_loss {
            // By what the lemma is about, the whole derivative, left to dual numbers; by any
            // other tensor it is δ, which is proved equal to it apart.
            if tensor.is_by {
                return Ok(self.g.partial(self.scene.total, variable));
            }
            return self.find(&Cell { delta: true, ..by.clone() });
        }
        // The operation of the user of x, as it was lowered.
        let own = user.find(&cell)?;
        of.give(cell);
        let own = match self.g.node(own) {
            Node::Named(_, value) if user.name != tensor.name => value,
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
