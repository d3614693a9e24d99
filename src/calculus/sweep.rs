//! The reverse sweep: gradients by reverse accumulation, without steps.
//!
//! One loop backward over the arena. It has its own absorbing constructors (no + 0, no · 1) and
//! its own slopes, apart from the rules; a derivation's last line is proved equal to what it
//! gives. What it makes is new by construction, so it is appended and not looked for: equal
//! subexpressions of gradients may be different nodes. An adjoint of a named quantity is ∂loss/∂(that quantity), held as a variable.

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
    // A slope says h rather than tanh(c) where h is defined so.
    let mut names = vec![root; rows.count()];
    order.iter().for_each(|id| names[rows.at(*id)] = *id);
    // How many contributions come to each adjoint, so that all of them fit into one buffer.
    let mut starts = vec![0u32; rows.count() + 1];
    for id in order.iter().rev() {
        if let Node::Named(_, value) = g.node(*id) {
            names[rows.at(value)] = *id;
        }
        receivers(g, *id, winners, &mut |child| starts[rows.at(child) + 1] += 1);
    }
    for n in 0..rows.count() {
        starts[n + 1] += starts[n];
    }
    let one = g.integer(1);
    let mut buffer = vec![one; starts[rows.count()] as usize];
    let mut ends: Vec<u32> = starts[..rows.count()].to_vec();
    let mut scratch = Scratch { one, factors: Vec::new(), flat: Vec::new() };
    for id in order.iter().rev().copied() {
        let n = rows.at(id);
        let (start, end) = (starts[n] as usize, ends[n] as usize);
        let adjoint = match &buffer[start..end] {
            _ if id == root => one,
            [] => continue,
            [single] => *single,
            terms => {
                let sum = g.append().add(terms);
                // Where the contributions were, the adjoint is kept.
                buffer[start] = sum;
                sum
            }
        };
        pass_on(g, id, names[n], adjoint, winners, &mut scratch, &mut |child, term| {
            let to = rows.at(child);
            buffer[ends[to] as usize] = term;
            ends[to] += 1;
        });
    }
    let zero = g.integer(0);
    let adjoint = |x: &ExprId| match rows.find(*x) {
        _ if *x == root => one,
        Some(n) if ends[n] > starts[n] => buffer[starts[n] as usize],
        _ => zero,
    };
    by.iter().map(adjoint).collect()
}

/// A row for each node of a sweep: its number in the graph, where most of the graph takes part,
/// or else its place among those that do.
enum Rows<'a> {
    Graph(usize),
    Order(Places<'a>, usize),
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
        }
    }

    /// The row of a node that may take no part: then it has none, or one that nothing is sent to.
    fn find(&self, id: ExprId) -> Option<usize> {
        match self {
            Rows::Graph(count) => Some(id.index()).filter(|n| n < count),
            Rows::Order(places, _) => places.find(id),
        }
    }

    fn at(&self, id: ExprId) -> usize {
        match self {
            Rows::Graph(_) => id.index(),
            Rows::Order(places, _) => places.at(id),
        }
    }
}

/// Lists that are filled and emptied for every product.
struct Scratch {
    one: ExprId,
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

/// Sends the adjoint of `id` to its children; `value` is `id`, or its name.
fn pass_on(
    g: &mut Graph,
    id: ExprId,
    value: ExprId,
    adjoint: ExprId,
    winners: &Winners,
    scratch: &mut Scratch,
    send: &mut impl FnMut(ExprId, ExprId),
) {
    match g.node(id) {
        Node::Number(_) | Node::Var(_) | Node::Wins { .. } | Node::Partial { .. } => {}
        // a⁰ is 1 everywhere, also at 0, where 0·a⁻¹ has no value.
        Node::Pow(_, b) if g.as_number(b).is_some_and(Rational::is_zero) => {}
        Node::Named(_, a) => send(a, adjoint),
        Node::Neg(a) => send(a, minus(g, adjoint)),
        Node::Sub(a, b) => {
            send(a, adjoint);
            send(b, minus(g, adjoint));
        }
        Node::Add(args) => g.args(args).iter().for_each(|term| send(*term, adjoint)),
        Node::Mul(args) => {
            for k in 0..args.len() {
                scratch.factors.clear();
                scratch.factors.push(adjoint);
                let factors = g.args(args);
                scratch.factors.extend_from_slice(&factors[..k]);
                scratch.factors.extend_from_slice(&factors[k + 1..]);
                let factor = factors[k];
                send(factor, times(g, scratch));
            }
        }
        Node::Div(a, b) => {
            let over = g.append().div(adjoint, b);
            send(a, over);
            // ∂(a/b)/∂b = −(a/b)/b, and a/b is this node.
            let top = product(g, scratch, &[adjoint, value]);
            let slope = g.append().div(top, b);
            send(b, minus(g, slope));
        }
        Node::Pow(a, b) => {
            // The exponent less one, as a number where it is one.
            let whole = g.as_whole(b).map(|n| Rational::from(i64::from(n)));
            let exponent = whole.or_else(|| g.as_number(b).cloned());
            let below = match exponent.as_ref().map(|n| n.sub(&Rational::from(1))) {
                Some(Ok(less)) => g.number(&less),
                _ => g.append().sub(b, scratch.one),
            };
            // 0 under a name or a sign is 0 as well: a⁰ has no slope by a, also where a is 0.
            if g.as_whole(b) != Some(0) {
                let power = g.append().pow(a, below);
                send(a, product(g, scratch, &[adjoint, b, power]));
            }
            // A whole number under a name may itself be asked for.
            if g.as_number(b).is_none() {
                let ln = g.append().call(Function::Ln, a);
                send(b, product(g, scratch, &[adjoint, value, ln]));
            }
        }
        Node::Call(f, a) => {
            if let Some(slope) = slope(g, f, a, value, scratch.one) {
                send(a, product(g, scratch, &[adjoint, slope]));
            }
        }
        Node::Max(args) => match winners.get(&id) {
            Some(winner) => send(*winner, adjoint),
            None => {
                let mut seen = rustc_hash::FxHashSet::default();
                for n in 0..args.len() {
                    let arg = g.args(args)[n];
                    // An argument that stands twice wins once.
                    if seen.insert(arg) {
                        let wins = g.append().wins(id, arg);
                        send(arg, product(g, scratch, &[adjoint, wins]));
                    }
                }
            }
        },
    }
}

/// f′(a), where `value` is f(a); `None` where it is 0 everywhere.
fn slope(g: &mut Graph, f: Function, a: ExprId, value: ExprId, one: ExprId) -> Option<ExprId> {
    let mut g = g.append();
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
    })
}

fn minus(g: &mut Graph, a: ExprId) -> ExprId {
    match g.node(a) {
        Node::Neg(b) => b,
        _ => g.append().neg(a),
    }
}

fn product(g: &mut Graph, scratch: &mut Scratch, factors: &[ExprId]) -> ExprId {
    scratch.factors.clear();
    scratch.factors.extend_from_slice(factors);
    times(g, scratch)
}

/// The product of `scratch.factors`, without ones and without inner parentheses.
fn times(g: &mut Graph, scratch: &mut Scratch) -> ExprId {
    let Scratch { one, factors, flat } = scratch;
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
        _ => g.append().mul(flat),
    }
}
