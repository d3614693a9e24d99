//! The reverse sweep: gradients by reverse accumulation, without steps.
//!
//! One loop backward over the arena. It has its own absorbing constructors (no + 0, no · 1) and
//! its own slopes, apart from the rules; a derivation's last line is proved equal to what it
//! gives. An adjoint of a named quantity is ∂loss/∂(that quantity), held as a variable.

use rustc_hash::FxHashMap;

use crate::expr::{ExprId, Graph, Node, Winners};
use crate::scalar::{Function, Rational, Scalar};

/// A product of adjoints is written without inner parentheses up to so many factors; beyond
/// that it stays a factor, or a chain of n products would take n² places.
const MAX_FLAT: usize = 64;

/// ∂root/∂x for every x of `by`, as expressions; 0 where root does not depend on x. A max with
/// an assumed winner passes everything to it; another one sends it to each argument, times the
/// bracket that says whether that argument wins.
///
/// ```
/// let mut g = backproof::Graph::new();
/// let claim = backproof::parse_formula(&mut g, "w*x + w")?;
/// let w = g.var("w");
/// let slope = backproof::gradients(&mut g, claim, &[w], &Default::default())[0];
/// assert_eq!(backproof::print_formula(&g, slope), "1 + x");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn gradients(g: &mut Graph, root: ExprId, by: &[ExprId], winners: &Winners) -> Vec<ExprId> {
    let order = reached(g, root, winners);
    // A slope says h rather than tanh(c) where h is defined so.
    let mut names: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in &order {
        if let Node::Named(_, value) = g.node(*id) {
            names.entry(value).or_insert(*id);
        }
    }
    let mut waiting: FxHashMap<ExprId, Vec<ExprId>> = FxHashMap::default();
    let one = g.integer(1);
    waiting.insert(root, vec![one]);
    let mut adjoints: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in order.into_iter().rev() {
        let Some(terms) = waiting.remove(&id) else { continue };
        let adjoint = plus(g, terms);
        adjoints.insert(id, adjoint);
        let value = names.get(&id).copied().unwrap_or(id);
        pass_on(g, id, value, adjoint, winners, &mut |child, term| {
            waiting.entry(child).or_default().push(term)
        });
    }
    let zero = g.integer(0);
    by.iter().map(|x| adjoints.get(x).copied().unwrap_or(zero)).collect()
}

/// What `root` is made of, children first, through assumed winners only.
fn reached(g: &Graph, root: ExprId, winners: &Winners) -> Vec<ExprId> {
    let mut seen = rustc_hash::FxHashSet::default();
    let mut stack = vec![root];
    let mut all = Vec::new();
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        all.push(id);
        match winners.get(&id) {
            Some(winner) => stack.push(*winner),
            None => g.for_children(id, |c| stack.push(c)),
        }
    }
    all.sort_unstable();
    all
}

/// Sends the adjoint of `id` to its children; `value` is `id`, or its name.
fn pass_on(
    g: &mut Graph,
    id: ExprId,
    value: ExprId,
    adjoint: ExprId,
    winners: &Winners,
    send: &mut impl FnMut(ExprId, ExprId),
) {
    match g.node(id) {
        Node::Number(_) | Node::Var(_) | Node::Wins { .. } | Node::Partial { .. } => {}
        // a⁰ is 1 everywhere, also at 0, where 0·a⁻¹ has no value.
        Node::Pow(_, b) if g.as_number(b).is_some_and(Rational::is_zero) => {}
        Node::Named(_, a) => send(a, adjoint),
        Node::Neg(a) => {
            let minus = minus(g, adjoint);
            send(a, minus);
        }
        Node::Sub(a, b) => {
            send(a, adjoint);
            let minus = minus(g, adjoint);
            send(b, minus);
        }
        Node::Add(args) => {
            for term in g.args(args).to_vec() {
                send(term, adjoint);
            }
        }
        Node::Mul(args) => {
            let factors = g.args(args).to_vec();
            for k in 0..factors.len() {
                let mut others = vec![adjoint];
                others.extend(factors.iter().enumerate().filter(|(j, _)| *j != k).map(|(_, f)| *f));
                let term = times(g, others);
                send(factors[k], term);
            }
        }
        Node::Div(a, b) => {
            let over = g.div(adjoint, b);
            send(a, over);
            // ∂(a/b)/∂b = −(a/b)/b, and a/b is this node.
            let top = times(g, vec![adjoint, value]);
            let slope = g.div(top, b);
            let slope = minus(g, slope);
            send(b, slope);
        }
        Node::Pow(a, b) => {
            // The exponent less one, as a number where it is one.
            let whole = g.as_whole(b).map(|n| Rational::from(i64::from(n)));
            let exponent = whole.or_else(|| g.as_number(b).cloned());
            let below = match exponent.as_ref().map(|n| n.sub(&Rational::from(1))) {
                Some(Ok(less)) => g.number(&less),
                _ => {
                    let one = g.integer(1);
                    g.sub(b, one)
                }
            };
            // 0 under a name or a sign is 0 as well: a⁰ has no slope by a, also where a is 0.
            if g.as_whole(b) != Some(0) {
                let power = g.pow(a, below);
                let term = times(g, vec![adjoint, b, power]);
                send(a, term);
            }
            // A whole number under a name may itself be asked for.
            if g.as_number(b).is_none() {
                let ln = g.call(Function::Ln, a);
                let term = times(g, vec![adjoint, value, ln]);
                send(b, term);
            }
        }
        Node::Call(f, a) => {
            if let Some(slope) = slope(g, f, a, value) {
                let term = times(g, vec![adjoint, slope]);
                send(a, term);
            }
        }
        Node::Max(args) => match winners.get(&id) {
            Some(winner) => send(*winner, adjoint),
            None => {
                let mut seen = rustc_hash::FxHashSet::default();
                for arg in g.args(args).to_vec() {
                    // An argument that stands twice wins once.
                    if seen.insert(arg) {
                        let wins = g.wins(id, arg);
                        let term = times(g, vec![adjoint, wins]);
                        send(arg, term);
                    }
                }
            }
        },
    }
}

/// f′(a), where `value` is f(a); `None` where it is 0 everywhere.
fn slope(g: &mut Graph, f: Function, a: ExprId, value: ExprId) -> Option<ExprId> {
    let one = g.integer(1);
    Some(match f {
        Function::Exp => value,
        Function::Ln => g.div(one, a),
        Function::Sqrt => {
            let twice = g.add([value, value]);
            g.div(one, twice)
        }
        Function::Tanh => {
            let square = g.mul([value, value]);
            g.sub(one, square)
        }
        Function::Sigmoid => {
            let square = g.mul([value, value]);
            g.sub(value, square)
        }
        Function::Softplus => g.call(Function::Sigmoid, a),
        Function::NormalCdf => g.call(Function::NormalPdf, a),
        Function::NormalPdf => {
            let product = g.mul([a, value]);
            g.neg(product)
        }
        Function::Abs => g.call(Function::Sign, a),
        Function::Relu => g.call(Function::Step, a),
        Function::Sign | Function::Step => return None,
    })
}

fn plus(g: &mut Graph, terms: Vec<ExprId>) -> ExprId {
    if let [one] = terms.as_slice() { *one } else { g.add(terms) }
}

fn minus(g: &mut Graph, a: ExprId) -> ExprId {
    match g.node(a) {
        Node::Neg(b) => b,
        _ => g.neg(a),
    }
}

fn times(g: &mut Graph, factors: Vec<ExprId>) -> ExprId {
    let one = g.integer(1);
    let mut flat = Vec::with_capacity(factors.len());
    for factor in factors {
        match g.node(factor) {
            Node::Mul(args) if args.len() <= MAX_FLAT => flat.extend_from_slice(g.args(args)),
            _ if factor == one => {}
            _ => flat.push(factor),
        }
    }
    match flat.as_slice() {
        [] => one,
        [single] => *single,
        _ => g.mul(flat),
    }
}
