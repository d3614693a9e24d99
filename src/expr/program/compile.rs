//! From nodes to steps: one loop over the nodes, children first.
//!
//! What goes in: roots and how kinks are decided. What comes out: steps whose operands are slots.
//! A product or a negative that a single sum uses becomes a part of that sum's step, and one that
//! is only a root is made at the end; whatever a run of the evaluator looks at has a step or is
//! part of one, used or not, so that it faults.

use std::collections::hash_map::Entry;

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::descend::Places;
use super::super::eval::{factor, order};
use super::super::{Branches, Decision, ExprId, Graph, Node, Rest, SymbolId};
use super::run::{Code, Held, Step};
use super::slots;
use super::sums::Terms;
use super::together::put_together;
use crate::scalar::{Function, Rational};

/// The steps for `roots`; `None` where only the evaluator has an answer.
pub(super) fn compile(g: &Graph, roots: &[ExprId], branches: Branches<'_>) -> Option<Code> {
    if matches!(branches.rest, Rest::Drawn(_) | Rest::Symbolic) {
        return None;
    }
    let order = order(g, roots, branches);
    let places = Places::of(&order);
    let mut uses = vec![0u8; order.len()];
    let mut used = |id: ExprId, times: u8| {
        let count = &mut uses[places.at(id)];
        *count = count.saturating_add(times);
    };
    roots.iter().for_each(|root| used(*root, 1));
    for id in &order {
        match g.node(*id) {
            _ if branches.is_opaque(*id) => {}
            Node::Partial { .. } => return None,
            _ => match branches.winner(*id) {
                Some(winner) => used(winner, 1),
                None => g.for_children(*id, |child| used(child, 1)),
            },
        }
    }
    let mut compiler = Compiler {
        g,
        branches,
        places,
        uses,
        held: Vec::with_capacity(order.len()),
        code: Code::default(),
        values: 0,
        products: FxHashMap::default(),
        units: [None; 3],
        winners: FxHashMap::default(),
        positions: FxHashMap::default(),
    };
    for id in &order {
        let held = compiler.node(*id)?;
        let held = compiler.keep(*id, held);
        compiler.held.push(held);
    }
    let roots = roots.iter().map(|root| compiler.held(*root)).collect();
    let mut code = compiler.code;
    code.roots = roots;
    let values = compiler.values as usize;
    put_together(&mut code, values);
    slots::assign(&mut code, values);
    Some(code)
}

struct Compiler<'a> {
    g: &'a Graph,
    branches: Branches<'a>,
    places: Places<'a>,
    /// How often each node is used, up to 255 times.
    uses: Vec<u8>,
    /// What is used once may wait; slots are not given yet, and a value stands for its own.
    held: Vec<Held>,
    code: Code,
    /// How many values there are.
    values: u32,
    /// The products of two values that have a value.
    products: FxHashMap<(u32, u32), u32>,
    /// The values of −1, 0 and 1.
    units: [Option<u32>; 3],
    /// For a max whose winner is asked for, the value that says which argument it is.
    winners: FxHashMap<ExprId, u32>,
    /// Where each argument of such a max stands.
    positions: FxHashMap<(ExprId, ExprId), u32>,
}

impl Compiler<'_> {
    fn fresh(&mut self) -> u32 {
        self.values += 1;
        self.values - 1
    }

    fn step(&mut self, make: impl FnOnce(u32) -> Step) -> u32 {
        let to = self.fresh();
        self.code.steps.push(make(to));
        to
    }

    fn constant(&mut self, q: Rational) -> u32 {
        let value = self.fresh();
        self.code.constants.push((value, q));
        value
    }

    /// −1, 0 or 1.
    fn unit(&mut self, n: i32) -> u32 {
        let place = (n + 1) as usize;
        match self.units[place] {
            Some(value) => value,
            None => {
                let value = self.constant(Rational::from(i64::from(n)));
                *self.units[place].insert(value)
            }
        }
    }

    fn held(&self, id: ExprId) -> Held {
        self.held[self.places.at(id)]
    }

    /// The value of what is held, worked out now if it waited.
    fn settle(&mut self, held: Held) -> u32 {
        match held {
            Held::Value(value) => value,
            Held::Minus(a) => self.step(|to| Step::Neg { to, a }),
            Held::Product(a, b) => self.product(a, b),
            Held::MinusProduct(a, b) => {
                let a = self.product(a, b);
                self.step(|to| Step::Neg { to, a })
            }
        }
    }

    fn value(&mut self, id: ExprId) -> u32 {
        let held = self.held(id);
        self.settle(held)
    }

    /// What several users share is worked out at once; what one uses may wait for it.
    fn keep(&mut self, id: ExprId, held: Held) -> Held {
        match self.uses[self.places.at(id)] {
            0 | 1 => held,
            _ => Held::Value(self.settle(held)),
        }
    }

    /// The product of two values; one that was worked out already is that one.
    fn product(&mut self, a: u32, b: u32) -> u32 {
        if let Some(known) = self.products.get(&(a, b)) {
            return *known;
        }
        let value = self.step(|to| Step::Mul { to, a, b });
        self.products.insert((a, b), value);
        value
    }

    fn node(&mut self, id: ExprId) -> Option<Held> {
        let g = self.g;
        Some(Held::Value(match g.node(id) {
            Node::Number(n) => self.constant(g.number_of(n).clone()),
            Node::Var(s) => self.leaf(s),
            Node::Named(s, _) if self.branches.is_opaque(id) => self.leaf(s),
            // A value that nobody else uses may wait under its name as well.
            Node::Named(_, a) => return Some(self.held(a)),
            Node::Neg(a) => {
                return Some(match self.held(a) {
                    Held::Value(a) => Held::Minus(a),
                    Held::Product(a, b) => Held::MinusProduct(a, b),
                    twice => Held::Minus(self.settle(twice)),
                });
            }
            Node::Sub(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.step(|to| Step::Sub { to, a, b })
            }
            Node::Div(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.step(|to| Step::Div { to, a, b })
            }
            Node::Pow(a, b) => {
                let (a, b) = (self.value(a), (self.value(b), g.as_whole(b)));
                match b {
                    (_, Some(exponent)) => self.step(|to| Step::Power { to, a, exponent }),
                    (b, None) => self.step(|to| Step::Pow { to, a, b }),
                }
            }
            Node::Add(args) => match g.args(args) {
                [] => self.unit(0),
                [one] => self.value(*one),
                terms => self.sum(terms),
            },
            Node::Mul(args) => match g.args(args) {
                [] => self.unit(1),
                [one] => self.value(*one),
                [first, middle @ .., last] => {
                    let mut product = self.value(*first);
                    for factor in middle {
                        let factor = self.value(*factor);
                        product = self.product(product, factor);
                    }
                    return Some(Held::Product(product, self.value(*last)));
                }
            },
            Node::Call(function, a) if function.has_kink() => self.kink(function, a)?,
            Node::Call(function, a) => {
                let a = self.value(a);
                self.step(|to| Step::Call { to, a, function })
            }
            Node::Max(args) => match self.branches.winner(id) {
                Some(winner) => self.value(winner),
                None => self.max(id, g.args(args))?,
            },
            Node::Wins { max, arg } => {
                let Node::Max(args) = g.node(max) else { unreachable!("Wins is about a max") };
                self.wins(max, g.args(args), arg)?
            }
            Node::Partial { .. } => return None,
        }))
    }

    fn leaf(&mut self, symbol: SymbolId) -> u32 {
        let value = self.fresh();
        self.code.leaves.push((value, symbol));
        value
    }

    /// The step of a sum: its terms in runs of one kind.
    fn sum(&mut self, terms: &[ExprId]) -> u32 {
        let start = self.code.operands.len();
        let mut run: Option<(Terms, usize)> = None;
        for term in terms {
            let (kind, a, b) = match self.held(*term) {
                Held::Value(a) => (Terms::Plus, a, None),
                Held::Minus(a) => (Terms::Minus, a, None),
                Held::Product(a, b) => (Terms::Products, a, Some(b)),
                Held::MinusProduct(a, b) => (Terms::MinusProducts, a, Some(b)),
            };
            let operands = &mut self.code.operands;
            let word = match run {
                Some((same, word))
                    if same == kind && operands[word] & Terms::LONGEST < Terms::LONGEST =>
                {
                    word
                }
                _ => {
                    operands.push(kind.word(0));
                    operands.len() - 1
                }
            };
            run = Some((kind, word));
            operands[word] += 1;
            operands.push(a);
            operands.extend(b);
        }
        let (start, end) = self.code.list_from(start);
        self.step(|to| Step::Sum { to, start, end })
    }

    /// The arguments of a max as operands, each once: one that stands there again never wins.
    fn list_once(&mut self, args: &[ExprId]) -> (u32, u32) {
        let start = self.code.operands.len();
        let mut seen = FxHashSet::default();
        for arg in args {
            if seen.insert(*arg) {
                let value = self.value(*arg);
                self.code.operands.push(value);
            }
        }
        self.code.list_from(start)
    }

    /// The value of a max that no assumption decides; `None` where nothing was recorded of it.
    fn max(&mut self, id: ExprId, args: &[ExprId]) -> Option<u32> {
        let (start, end) = self.list_once(args);
        Some(match self.branches.rest {
            Rest::Recorded(made) => match made.get(&id) {
                Some(Decision::Winner(winner)) => self.value(*winner),
                _ => return None,
            },
            _ => self.step(|to| Step::Max { to, start, end }),
        })
    }

    /// Whether `arg` wins, as 1 or 0.
    fn wins(&mut self, max: ExprId, args: &[ExprId], arg: ExprId) -> Option<u32> {
        // What a run of the evaluator looks at is worked out, also where it decides nothing.
        self.value(max);
        self.value(arg);
        let winner = match (self.branches.winner(max), self.branches.rest) {
            (Some(winner), _) => winner,
            (None, Rest::Recorded(made)) => match made.get(&max) {
                Some(Decision::Winner(winner)) => *winner,
                _ => return None,
            },
            _ => {
                let position = match self.positions.get(&(max, arg)) {
                    Some(position) => *position,
                    None => self.positions_of(max, args, arg)?,
                };
                let a = self.winners[&max];
                return Some(self.step(|to| Step::Wins { to, a, position }));
            }
        };
        Some(self.unit(i32::from(winner == arg)))
    }

    /// Makes the step that finds the winner of a max, and notes where each argument stands.
    fn positions_of(&mut self, max: ExprId, args: &[ExprId], arg: ExprId) -> Option<u32> {
        let (start, end) = self.list_once(args);
        let winner = self.step(|to| Step::Winner { to, start, end });
        self.winners.insert(max, winner);
        let mut next = 0;
        for arg in args {
            if let Entry::Vacant(place) = self.positions.entry((max, *arg)) {
                place.insert(next);
                next += 1;
            }
        }
        self.positions.get(&(max, arg)).copied()
    }

    /// A function with a kink; `None` where no sign was recorded.
    fn kink(&mut self, function: Function, a: ExprId) -> Option<u32> {
        let value = self.value(a);
        let Rest::Recorded(made) = self.branches.rest else {
            return Some(self.step(|to| Step::Kink { to, a: value, function }));
        };
        let Some(Decision::Sign(sign)) = made.get(&self.branches.signed(self.g, a, made)) else {
            return None;
        };
        let factor = self.unit(factor(function, *sign));
        Some(match function {
            Function::Abs | Function::Relu => self.product(value, factor),
            _ => factor,
        })
    }
}
