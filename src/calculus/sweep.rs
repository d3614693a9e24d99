//! The reverse sweep: gradients by reverse accumulation, without steps.
//!
//! One loop backward over the arena. It has its own absorbing constructors (no + 0, no · 1) and
//! its own slopes, apart from the rules; a derivation's last line is proved equal to what it
//! gives. What it makes is new by construction, so it is appended and not looked for: equal
//! subexpressions of gradients may be different nodes. An adjoint of a named quantity is ∂loss/∂(that quantity), held as a variable.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::expr::{ExprId, Graph, Node, Places, Winners, descend};
use crate::scalar::{Function, Rational, Scalar};

/// A product of adjoints is written without inner parentheses up to so many factors; beyond
/// that it stays a factor, or a chain of n products would take n² places.
const MAX_FLAT: usize = 64;

/// ∂root/∂x for every x of `by`, as expressions; 0 where root does not depend on x. A max with
/// an assumed winner passes everything to it; another one sends it to each argument, times the
/// bracket that says whether that argument wins. Nothing is tidied; see
/// [`gradients`](crate::gradients).
///
/// ```
/// let mut g = backproof::Graph::new();
/// let claim = backproof::parse_formula(&mut g, "w*x + w")?;
/// let w = g.var("w");
/// let slope = backproof::calculus::sweep::gradients(&mut g, claim, &[w], &Default::default())[0];
/// assert_eq!(backproof::print_formula(&g, slope), "1 + x");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn gradients(g: &mut Graph, root: ExprId, by: &[ExprId], winners: &Winners) -> Vec<ExprId> {
    let order = descend(&[root], |id, mark| match winners.get(&id) {
        Some(winner) => mark(*winner),
        None => g.for_children(id, mark),
    });
    let rows = Rows::of(&order);
    let mut wanted = vec![false; rows.count()];
    by.iter().filter_map(|x| rows.find(*x)).for_each(|n| wanted[n] = true);
    let adjoints = sweep(g, root, (&order, &rows), wanted, winners, false);
    let adjoint = |x: &ExprId| rows.find(*x).and_then(|n| adjoints.found(n));
    let zero = g.integer(0);
    by.iter().map(|x| adjoint(x).unwrap_or(zero)).collect()
}

/// ∂root/∂q for every quantity q that an operation is made of, each of them held fixed but for
/// the one: what a quantity is made of is not looked into. The quantities come in ascending order.
/// In contrast to [`gradients`], the slopes are looked for among what there is, so that equal ones
/// are one node, and their terms stand in the order in which the operation is written, whatever
/// else there is.
pub(crate) fn held_slopes(g: &mut Graph, root: ExprId) -> Vec<(ExprId, ExprId)> {
    let order = written(g, root);
    let rows = Rows::Few(order.iter().enumerate().map(|(n, id)| (*id, n)).collect());
    let wanted = order.iter().map(|id| is_quantity(g, *id)).collect();
    let adjoints = sweep(g, root, (&order, &rows), wanted, &Winners::new(), true);
    let zero = g.integer(0);
    let quantities = order.iter().enumerate().filter(|(_, id)| is_quantity(g, **id));
    let mut slopes: Vec<(ExprId, ExprId)> =
        quantities.map(|(n, id)| (*id, adjoints.found(n).unwrap_or(zero))).collect();
    slopes.sort_unstable();
    slopes
}

/// What an operation is made of down to quantities, children before parents, and of the children
/// of one node the last one first: backward it is the order in which it is read.
fn written(g: &Graph, root: ExprId) -> Vec<ExprId> {
    let (mut order, mut seen) = (Vec::new(), FxHashSet::default());
    let mut stack = vec![root];
    while let Some(id) = stack.last().copied() {
        let depth = stack.len();
        if !seen.contains(&id) && !is_quantity(g, id) {
            g.for_children(id, |child| {
                if !seen.contains(&child) {
                    stack.push(child);
                }
            });
        }
        if stack.len() == depth {
            stack.pop();
            if seen.insert(id) {
                order.push(id);
            }
        }
    }
    order
}

/// Whether a node is a variable or has a name.
fn is_quantity(g: &Graph, id: ExprId) -> bool {
    matches!(g.node(id), Node::Var(_) | Node::Named(..))
}

/// Goes backward over the nodes below a root; `wanted` says of each row whether its adjoint is
/// asked for. Where quantities are `held`, what has a name is a leaf, and what is made is looked
/// for.
fn sweep(
    g: &mut Graph,
    root: ExprId,
    (order, rows): (&[ExprId], &Rows<'_>),
    mut wanted: Vec<bool>,
    winners: &Winners,
    held: bool,
) -> Adjoints {
    let inner = |g: &Graph, id: ExprId| !(held && is_quantity(g, id));
    // Nothing is sent to what nothing that is asked for lies under.
    for id in order.iter().filter(|id| inner(g, **id)) {
        let mut any = wanted[rows.at(*id)];
        receivers(g, *id, winners, &mut |child| any |= wanted[rows.at(child)]);
        wanted[rows.at(*id)] = any;
    }
    let wanted = |id: ExprId| wanted[rows.at(id)];
    let mut counts = vec![0u32; rows.count()];
    for id in order.iter().filter(|id| inner(g, **id)) {
        receivers(g, *id, winners, &mut |child| counts[rows.at(child)] += u32::from(wanted(child)));
    }
    let mut adjoints = Adjoints::new(g, &counts);
    drop(counts);
    let one = adjoints.one;
    adjoints.send(g, rows.at(root), one);
    let mut scratch = Scratch { one, held, factors: Vec::new(), flat: Vec::new() };
    // A slope says h rather than tanh(c) where h is defined so.
    let mut names: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in order.iter().rev().copied() {
        let leaf = !inner(g, id);
        if !leaf
            && let Node::Named(_, value) = g.node(id)
            && matches!(g.node(value), Node::Call(..) | Node::Div(..) | Node::Pow(..))
        {
            names.insert(value, id);
        }
        let Some(adjoint) = adjoints.settle(g, rows.at(id), held) else { continue };
        if leaf {
            continue;
        }
        let name = names.get(&id).copied().unwrap_or(id);
        let reached = Reached { id, value: name, adjoint };
        pass_on(g, reached, winners, &mut scratch, &wanted, &mut |g, child, term| {
            if wanted(child) {
                adjoints.send(g, rows.at(child), term);
            }
        });
    }
    adjoints
}

/// What is sent to each row. Where there may be several terms, they are put down at once where the
/// arguments of their sum will be.
struct Adjoints {
    rows: Vec<Row>,
    /// For each sum, where its terms begin, and where they end so far.
    sums: Vec<(u32, u32)>,
    one: ExprId,
}

/// The terms of a row, or the only one: in the end that is the adjoint.
#[derive(Clone, Copy)]
enum Row {
    Nothing,
    Only(ExprId),
    Sum(u32),
}

impl Adjoints {
    /// Room for so many terms of each row.
    fn new(g: &mut Graph, counts: &[u32]) -> Adjoints {
        let several = || counts.iter().filter(|count| **count > 1);
        let all = counts.iter().map(|count| *count as usize).sum::<usize>();
        let terms = several().map(|count| *count as usize).sum();
        let mut sums = Vec::with_capacity(several().count());
        let mut append = g.append();
        // Most terms are products of two, which are nodes that need nothing of the pool.
        append.reserve(all + sums.capacity(), terms);
        let mut place = append.room(terms);
        let row = |count: &u32| match *count {
            0 | 1 => Row::Nothing,
            count => {
                sums.push((place, place));
                place += count;
                Row::Sum(sums.len() as u32 - 1)
            }
        };
        let rows = counts.iter().map(row).collect();
        Adjoints { rows, sums, one: g.integer(1) }
    }

    fn send(&mut self, g: &mut Graph, row: usize, term: ExprId) {
        match &mut self.rows[row] {
            Row::Sum(sum) => {
                let (_, end) = &mut self.sums[*sum as usize];
                g.append().put(*end, term);
                *end += 1;
            }
            only => *only = Row::Only(term),
        }
    }

    /// The sum of all that was sent, `None` of nothing.
    fn settle(&mut self, g: &mut Graph, row: usize, held: bool) -> Option<ExprId> {
        if let Row::Sum(sum) = self.rows[row] {
            let (start, end) = self.sums[sum as usize];
            self.rows[row] = match end - start {
                0 => Row::Nothing,
                count => Row::Only(g.making(held).sum_there(start, count)),
            };
        }
        self.found(row)
    }

    /// What [`Adjoints::settle`] found.
    fn found(&self, row: usize) -> Option<ExprId> {
        match self.rows[row] {
            Row::Only(adjoint) => Some(adjoint),
            _ => None,
        }
    }
}

/// A row for each node of a sweep: its number in the graph, where most of the graph takes part,
/// or else its place among those that do.
enum Rows<'a> {
    Graph(usize),
    Order(Places<'a>, usize),
    /// The places in an order of its own.
    Few(FxHashMap<ExprId, usize>),
}

impl Rows<'_> {
    fn of(order: &[ExprId]) -> Rows<'_> {
        let top = order.last().map_or(0, |id| id.index() + 1);
        match top <= 2 * order.len() {
            true => Rows::Graph(top),
            false => Rows::Order(Places::of(order), order.len()),
        }
    }

    fn count(&self) -> usize {
        match self {
            Rows::Graph(count) | Rows::Order(_, count) => *count,
            Rows::Few(places) => places.len(),
        }
    }

    /// The row of a node that may take no part: then it has none, or one that nothing is sent to.
    fn find(&self, id: ExprId) -> Option<usize> {
        match self {
            Rows::Graph(count) => Some(id.index()).filter(|n| n < count),
            Rows::Order(places, _) => places.find(id),
            Rows::Few(places) => places.get(&id).copied(),
        }
    }

    fn at(&self, id: ExprId) -> usize {
        match self {
            Rows::Graph(_) => id.index(),
            Rows::Order(places, _) => places.at(id),
            Rows::Few(places) => places[&id],
        }
    }
}

/// Lists that are filled and emptied for every product.
struct Scratch {
    one: ExprId,
    /// Whether what has a name is held as a variable.
    held: bool,
    factors: Vec<ExprId>,
    flat: Vec<ExprId>,
}

/// Whom [`pass_on`] may send something to, once for each thing sent.
fn receivers(g: &Graph, id: ExprId, winners: &Winners, visit: &mut impl FnMut(ExprId)) {
    match (winners.get(&id), g.node(id)) {
        (_, Node::Wins { .. } | Node::Partial { .. }) => {}
        (Some(winner), _) => visit(*winner),
        _ => g.for_children(id, visit),
    }
}

/// A node with what the loss moves by it: `value` is the node, or its name.
#[derive(Clone, Copy)]
struct Reached {
    id: ExprId,
    value: ExprId,
    adjoint: ExprId,
}

/// Sends the adjoint of a node to its children, at least to those that are wanted.
fn pass_on(
    g: &mut Graph,
    Reached { id, value, adjoint }: Reached,
    winners: &Winners,
    scratch: &mut Scratch,
    wanted: &impl Fn(ExprId) -> bool,
    send: &mut impl FnMut(&mut Graph, ExprId, ExprId),
) {
    match g.node(id) {
        Node::Number(_) | Node::Var(_) | Node::Wins { .. } | Node::Partial { .. } => {}
        // a⁰ is 1 everywhere, also at 0, where 0·a⁻¹ has no value.
        Node::Pow(_, b) if g.as_number(b).is_some_and(Rational::is_zero) => {}
        Node::Named(_, a) => send(g, a, adjoint),
        Node::Neg(a) if wanted(a) => {
            let term = minus(g, scratch.held, adjoint);
            send(g, a, term);
        }
        Node::Sub(a, b) => {
            send(g, a, adjoint);
            if wanted(b) {
                let term = minus(g, scratch.held, adjoint);
                send(g, b, term);
            }
        }
        Node::Add(args) => {
            for k in 0..args.len() {
                let term = g.args(args)[k];
                send(g, term, adjoint);
            }
        }
        Node::Mul(args) => {
            for k in 0..args.len() {
                let factors = g.args(args);
                let factor = factors[k];
                if !wanted(factor) {
                    continue;
                }
                scratch.factors.clear();
                scratch.factors.push(adjoint);
                scratch.factors.extend_from_slice(&factors[..k]);
                scratch.factors.extend_from_slice(&factors[k + 1..]);
                let term = times(g, scratch);
                send(g, factor, term);
            }
        }
        Node::Div(a, b) => {
            if wanted(a) {
                let over = g.making(scratch.held).div(adjoint, b);
                send(g, a, over);
            }
            if wanted(b) {
                // ∂(a/b)/∂b = −(a/b)/b, and a/b is this node.
                let top = product(g, scratch, &[adjoint, value]);
                let slope = g.making(scratch.held).div(top, b);
                let term = minus(g, scratch.held, slope);
                send(g, b, term);
            }
        }
        Node::Pow(a, b) => {
            let whole = whole(g, b, scratch.held);
            // 0 under a name or a sign is 0 as well: a⁰ has no slope by a, also where a is 0.
            if wanted(a) && whole != Some(0) {
                // The exponent less one, as a number where it is one.
                let exponent = whole.map(|n| Rational::from(i64::from(n)));
                let exponent = exponent.or_else(|| g.as_number(b).cloned());
                let below = match exponent.as_ref().map(|n| n.sub(&Rational::from(1))) {
                    Some(Ok(less)) => g.number(&less),
                    _ => g.making(scratch.held).sub(b, scratch.one),
                };
                let power = g.making(scratch.held).pow(a, below);
                let term = product(g, scratch, &[adjoint, b, power]);
                send(g, a, term);
            }
            // A whole number under a name may itself be asked for.
            if wanted(b) && g.as_number(b).is_none() {
                let ln = g.making(scratch.held).call(Function::Ln, a);
                let term = product(g, scratch, &[adjoint, value, ln]);
                send(g, b, term);
            }
        }
        Node::Call(f, a) if wanted(a) => {
            if let Some(slope) = slope(g, f, a, value, scratch) {
                let term = product(g, scratch, &[adjoint, slope]);
                send(g, a, term);
            }
        }
        Node::Neg(_) | Node::Call(..) => {}
        Node::Max(args) => match winners.get(&id) {
            Some(winner) => send(g, *winner, adjoint),
            None => {
                let mut seen = FxHashSet::default();
                for n in 0..args.len() {
                    let arg = g.args(args)[n];
                    // An argument that stands twice wins once.
                    if wanted(arg) && seen.insert(arg) {
                        let wins = g.making(scratch.held).wins(id, arg);
                        let term = product(g, scratch, &[adjoint, wins]);
                        send(g, arg, term);
                    }
                }
            }
        },
    }
}

/// The whole number that an exponent is; none under a name that is held.
fn whole(g: &Graph, b: ExprId, held: bool) -> Option<i32> {
    let mut e = b;
    while let Node::Neg(a) = g.node(e) {
        e = a;
    }
    if held && is_quantity(g, e) { None } else { g.as_whole(b) }
}

/// f′(a), where `value` is f(a); `None` where it is 0 everywhere.
fn slope(
    g: &mut Graph,
    f: Function,
    a: ExprId,
    value: ExprId,
    scratch: &Scratch,
) -> Option<ExprId> {
    let one = scratch.one;
    let mut g = g.making(scratch.held);
    Some(match f {
        Function::Exp => value,
        Function::Ln => g.div(one, a),
        Function::Sqrt => {
            let twice = g.add(&[value, value]);
            g.div(one, twice)
        }
        Function::Tanh => {
            let square = g.mul(&[value, value]);
            g.sub(one, square)
        }
        Function::Sigmoid => {
            let square = g.mul(&[value, value]);
            g.sub(value, square)
        }
        Function::Softplus => g.call(Function::Sigmoid, a),
        Function::NormalCdf => g.call(Function::NormalPdf, a),
        Function::NormalPdf => {
            let product = g.mul(&[a, value]);
            g.neg(product)
        }
        Function::Abs => g.call(Function::Sign, a),
        Function::Relu => g.call(Function::Step, a),
        Function::Sign | Function::Step => return None,
        Function::Sin => g.call(Function::Cos, a),
        Function::Cos => {
            let sine = g.call(Function::Sin, a);
            g.neg(sine)
        }
        Function::Sinh => g.call(Function::Cosh, a),
        Function::Cosh => g.call(Function::Sinh, a),
    })
}

fn minus(g: &mut Graph, held: bool, a: ExprId) -> ExprId {
    match g.node(a) {
        Node::Neg(b) => b,
        _ => g.making(held).neg(a),
    }
}

fn product(g: &mut Graph, scratch: &mut Scratch, factors: &[ExprId]) -> ExprId {
    scratch.factors.clear();
    scratch.factors.extend_from_slice(factors);
    times(g, scratch)
}

/// The product of `scratch.factors`, without ones and without inner parentheses.
fn times(g: &mut Graph, scratch: &mut Scratch) -> ExprId {
    let Scratch { one, held, factors, flat } = scratch;
    flat.clear();
    for factor in factors {
        match g.node(*factor) {
            Node::Mul(args) if args.len() <= MAX_FLAT => flat.extend_from_slice(g.args(args)),
            _ if factor == one => {}
            _ => flat.push(*factor),
        }
    }
    match flat.as_slice() {
        [] => *one,
        [single] => *single,
        _ => g.making(*held).mul(flat),
    }
}
