//! Laws: what a true rewriting makes is never refuted, a derivative carried out is the one
//! written down, and nothing is proved that values deny.

use proptest::prelude::*;

use super::*;
use crate::expr::{Branches, Rest, evaluate};
use crate::proof::local;
use crate::proof::look::Moves;
use crate::proof::normal::value_tests::{value_at, value_in_case};
use crate::proof::normal::{Fraction, within};
use crate::proof::probability::probably_equal;
use crate::proof::prove::MAX_STEPS;
use crate::proof::sample::Claim;
use crate::proof::survey::Survey;
use crate::scalar::Function;

/// An expression of the tests, apart from the graph and its evaluation.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Num(i32, i32),
    Var(usize),
    Neg(Box<Tree>),
    Add(Box<Tree>, Box<Tree>),
    Sub(Box<Tree>, Box<Tree>),
    Mul(Box<Tree>, Box<Tree>),
    Div(Box<Tree>, Box<Tree>),
    Pow(Box<Tree>, i32),
    /// To the power n/d.
    Root(Box<Tree>, i32, i32),
    Call(Function, Box<Tree>),
    Max(Vec<Tree>),
    /// [the first is greater than the second], as Wins of a max of the two.
    Beats(Box<Tree>, Box<Tree>),
}

use Tree::*;

fn boxed(t: &Tree) -> Box<Tree> {
    Box::new(t.clone())
}

fn num(n: i32) -> Box<Tree> {
    Box::new(Num(n, 1))
}

const NAMES: [&str; 3] = ["x", "y", "z"];

fn build(g: &mut Graph, t: &Tree) -> ExprId {
    match t {
        Num(n, d) => g.number(&Rational::new(*n, *d).unwrap()),
        Var(v) => g.var(NAMES[*v]),
        Neg(a) => {
            let a = build(g, a);
            g.neg(a)
        }
        Add(a, b) => {
            let args = [build(g, a), build(g, b)];
            g.add(args)
        }
        Sub(a, b) => {
            let (a, b) = (build(g, a), build(g, b));
            g.sub(a, b)
        }
        Mul(a, b) => {
            let args = [build(g, a), build(g, b)];
            g.mul(args)
        }
        Div(a, b) => {
            let (a, b) = (build(g, a), build(g, b));
            g.div(a, b)
        }
        Pow(a, n) => {
            let (a, n) = (build(g, a), g.integer(i64::from(*n)));
            g.pow(a, n)
        }
        Root(a, n, d) => {
            let (a, q) = (build(g, a), Rational::new(*n, *d).unwrap());
            let q = g.number(&q);
            g.pow(a, q)
        }
        Call(f, a) => {
            let a = build(g, a);
            g.call(*f, a)
        }
        Max(all) => {
            let all: Vec<ExprId> = all.iter().map(|t| build(g, t)).collect();
            g.max(all)
        }
        Beats(a, b) => {
            let (a, b) = (build(g, a), build(g, b));
            let max = g.max([a, b]);
            g.wins(max, a)
        }
    }
}

/// The value, by code of its own; none where undefined, on a kink or out of range.
fn value(t: &Tree, at: &[f64; 3]) -> Option<f64> {
    let kink = |x: f64| (x.abs() > 1e-9).then_some(x > 0.0);
    let x = match t {
        Num(n, d) => f64::from(*n) / f64::from(*d),
        Var(v) => at[*v],
        Neg(a) => -value(a, at)?,
        Add(a, b) => value(a, at)? + value(b, at)?,
        Sub(a, b) => value(a, at)? - value(b, at)?,
        Mul(a, b) => value(a, at)? * value(b, at)?,
        Div(a, b) => {
            let b = value(b, at)?;
            if b.abs() < 1e-6 {
                return None;
            }
            value(a, at)? / b
        }
        Pow(a, n) => {
            let a = value(a, at)?;
            if *n < 0 && a.abs() < 1e-6 {
                return None;
            }
            a.powi(*n)
        }
        Root(a, n, d) => {
            let a = value(a, at).filter(|a| *a > 1e-9)?;
            libm::pow(a, f64::from(*n) / f64::from(*d))
        }
        Call(f, a) => {
            let x = value(a, at)?;
            match f {
                Function::Exp => libm::exp(x),
                Function::Ln if x > 1e-9 => libm::log(x),
                Function::Sqrt if x > 1e-9 => libm::sqrt(x),
                Function::Ln | Function::Sqrt => return None,
                Function::Tanh => libm::tanh(x),
                Function::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
                Function::Softplus => libm::log1p(libm::exp(x)),
                Function::NormalCdf => libm::erfc(-x / libm::sqrt(2.0)) / 2.0,
                Function::NormalPdf => libm::exp(-x * x / 2.0) / libm::sqrt(std::f64::consts::TAU),
                Function::Abs => x.abs(),
                Function::Relu => {
                    if kink(x)? {
                        x
                    } else {
                        0.0
                    }
                }
                Function::Sign => {
                    if kink(x)? {
                        1.0
                    } else {
                        -1.0
                    }
                }
                Function::Step => f64::from(u8::from(kink(x)?)),
                Function::Sin => libm::sin(x),
                Function::Cos => libm::cos(x),
                Function::Sinh => libm::sinh(x),
                Function::Cosh => libm::cosh(x),
            }
        }
        Max(all) => {
            let mut best = f64::NEG_INFINITY;
            for t in all {
                best = best.max(value(t, at)?);
            }
            best
        }
        Beats(a, b) => f64::from(u8::from(kink(value(a, at)? - value(b, at)?)?)),
    };
    (x.is_finite() && x.abs() < 1e6).then_some(x)
}

/// ∂t/∂v by the rules of a textbook, with no simplification.
fn derivative(t: &Tree, v: usize) -> Tree {
    let d = |t: &Tree| Box::new(derivative(t, v));
    let times = |a: Tree, b: Box<Tree>| Mul(Box::new(a), b);
    match t {
        Num(..) | Beats(..) => Num(0, 1),
        Var(w) => Num(i32::from(*w == v), 1),
        Neg(a) => Neg(d(a)),
        Add(a, b) => Add(d(a), d(b)),
        Sub(a, b) => Sub(d(a), d(b)),
        Mul(a, b) => Add(Box::new(Mul(d(a), b.clone())), Box::new(Mul(a.clone(), d(b)))),
        Div(a, b) => {
            let (left, right) = (Mul(d(a), b.clone()), Mul(a.clone(), d(b)));
            let below = Box::new(Pow(b.clone(), 2));
            Div(Box::new(Sub(Box::new(left), Box::new(right))), below)
        }
        Pow(_, 0) => Num(0, 1),
        Pow(a, n) => times(Mul(num(*n), Box::new(Pow(a.clone(), n - 1))), d(a)),
        Root(a, n, d) => {
            let slope = Mul(Box::new(Num(*n, *d)), Box::new(Root(a.clone(), n - d, *d)));
            times(slope, Box::new(derivative(a, v)))
        }
        Call(f, a) => {
            let square = Pow(boxed(t), 2);
            let slope = match f {
                Function::Exp => t.clone(),
                Function::Ln => Div(num(1), a.clone()),
                Function::Sqrt => Div(num(1), Box::new(Mul(num(2), boxed(t)))),
                Function::Tanh => Sub(num(1), Box::new(square)),
                Function::Sigmoid => Sub(boxed(t), Box::new(square)),
                Function::Softplus => {
                    let decay = Call(Function::Exp, Box::new(Neg(a.clone())));
                    Div(num(1), Box::new(Add(num(1), Box::new(decay))))
                }
                Function::NormalCdf => Call(Function::NormalPdf, a.clone()),
                Function::NormalPdf => Neg(Box::new(Mul(a.clone(), boxed(t)))),
                Function::Abs => Call(Function::Sign, a.clone()),
                Function::Relu => Call(Function::Step, a.clone()),
                Function::Sign | Function::Step => Num(0, 1),
                Function::Sin => Call(Function::Cos, a.clone()),
                Function::Cos => Neg(Box::new(Call(Function::Sin, a.clone()))),
                Function::Sinh => Call(Function::Cosh, a.clone()),
                Function::Cosh => Call(Function::Sinh, a.clone()),
            };
            times(slope, d(a))
        }
        Max(all) => match all.as_slice() {
            [only] => derivative(only, v),
            [a, b] => {
                let first = Beats(boxed(a), boxed(b));
                let second = Sub(num(1), boxed(&first));
                Add(Box::new(times(first, d(a))), Box::new(times(second, d(b))))
            }
            [first, rest @ ..] => derivative(&Max(vec![first.clone(), Max(rest.to_vec())]), v),
            [] => unreachable!("a max has an argument"),
        },
    }
}

/// The same value, written differently: one true move at each node, chosen by `moves`.
fn rewritten(t: &Tree, moves: &mut impl Iterator<Item = u8>) -> Tree {
    let mut go = |t: &Tree| Box::new(rewritten(t, moves));
    let t = match t {
        Num(..) | Var(_) => t.clone(),
        Neg(a) => Neg(go(a)),
        Add(a, b) => Add(go(a), go(b)),
        Sub(a, b) => Sub(go(a), go(b)),
        Mul(a, b) => Mul(go(a), go(b)),
        Div(a, b) => Div(go(a), go(b)),
        Pow(a, n) => Pow(go(a), *n),
        Root(a, n, d) => Root(go(a), *n, *d),
        Call(f, a) => Call(*f, go(a)),
        Max(all) => Max(all.iter().map(|t| *go(t)).collect()),
        Beats(a, b) => Beats(go(a), go(b)),
    };
    let choice = moves.next().unwrap_or(0) % 4;
    let minus = |a: &Tree| Box::new(Neg(boxed(a)));
    match (&t, choice) {
        (_, 0) => t,
        (Add(a, b), 1) => Add(b.clone(), a.clone()),
        (Add(a, b), 2) => Sub(a.clone(), minus(b)),
        (Sub(a, b), 1) => Add(a.clone(), minus(b)),
        (Sub(a, b), 2) => Neg(Box::new(Sub(b.clone(), a.clone()))),
        (Mul(a, b), 1) => Mul(b.clone(), a.clone()),
        (Mul(a, b), _) => match (&**a, &**b) {
            (Add(p, q), r) | (r, Add(p, q)) => {
                Add(Box::new(Mul(p.clone(), boxed(r))), Box::new(Mul(q.clone(), boxed(r))))
            }
            _ => Neg(Box::new(Mul(minus(a), b.clone()))),
        },
        (Div(a, b), 1) => Mul(a.clone(), Box::new(Pow(b.clone(), -1))),
        (Div(a, b), 2) => Div(minus(a), minus(b)),
        (Pow(a, 2), 1) => Mul(a.clone(), a.clone()),
        (Pow(a, n), 2) => Mul(Box::new(Pow(a.clone(), n - 1)), a.clone()),
        (Root(a, n, d), 1) => {
            let ln = Box::new(Call(Function::Ln, a.clone()));
            Call(Function::Exp, Box::new(Mul(Box::new(Num(*n, *d)), ln)))
        }
        (Root(a, n, d), 2) => Pow(Box::new(Root(a.clone(), *n, 2 * d)), 2),
        (Neg(a), 1) => Mul(num(-1), a.clone()),
        (Neg(a), 2) => Sub(num(0), a.clone()),
        (Call(f, a), _) => moved_call(*f, a, choice).unwrap_or(t),
        (Max(all), 1) => Max(all.iter().rev().cloned().collect()),
        (Max(all), 2) if all.len() == 3 => {
            Max(vec![all[1].clone(), Max(vec![all[2].clone(), all[0].clone()])])
        }
        (Max(all), 2) => {
            let two =
                |f: fn(Box<Tree>, Box<Tree>) -> Tree| Box::new(f(boxed(&all[0]), boxed(&all[1])));
            let spread = Call(Function::Abs, two(Sub));
            Div(Box::new(Add(two(Add), Box::new(spread))), num(2))
        }
        _ => Div(Box::new(Mul(num(3), boxed(&t))), num(3)),
    }
}

fn moved_call(f: Function, a: &Tree, choice: u8) -> Option<Tree> {
    let call = |f, a: &Tree| Box::new(Call(f, boxed(a)));
    let minus = Neg(boxed(a));
    let decay = call(Function::Exp, &minus);
    Some(match (f, choice) {
        (Function::Exp, 1) => Div(num(1), decay),
        (Function::Exp, _) => Pow(call(Function::Exp, &Div(boxed(a), num(2))), 2),
        (Function::Sigmoid, 1) => Div(num(1), Box::new(Add(num(1), decay))),
        (Function::Sigmoid, _) => Sub(num(1), call(Function::Sigmoid, &minus)),
        (Function::Tanh, 1) => {
            let grow = call(Function::Exp, a);
            let (above, below) = (Sub(grow.clone(), decay.clone()), Add(grow, decay));
            Div(Box::new(above), Box::new(below))
        }
        (Function::Tanh, _) => {
            let twice = Mul(num(2), boxed(a));
            Sub(Box::new(Mul(num(2), call(Function::Sigmoid, &twice))), num(1))
        }
        (Function::Sin, 1) => Neg(call(Function::Sin, &minus)),
        (Function::Sin, _) => {
            let half = Div(boxed(a), num(2));
            let product = Mul(call(Function::Sin, &half), call(Function::Cos, &half));
            Mul(num(2), Box::new(product))
        }
        (Function::Cos, 1) => Call(Function::Cos, Box::new(minus)),
        (Function::Cos, _) => {
            let half = Div(boxed(a), num(2));
            let square = Pow(call(Function::Sin, &half), 2);
            Sub(num(1), Box::new(Mul(num(2), Box::new(square))))
        }
        (Function::Sinh, 1) => Neg(call(Function::Sinh, &minus)),
        (Function::Sinh, _) => Div(Box::new(Sub(call(Function::Exp, a), decay)), num(2)),
        (Function::Cosh, 1) => Call(Function::Cosh, Box::new(minus)),
        (Function::Cosh, _) => {
            let half = Div(boxed(a), num(2));
            let square = Pow(call(Function::Sinh, &half), 2);
            Add(num(1), Box::new(Mul(num(2), Box::new(square))))
        }
        (Function::Softplus, 1) => {
            Call(Function::Ln, Box::new(Add(num(1), call(Function::Exp, a))))
        }
        (Function::Softplus, _) => Add(boxed(a), call(Function::Softplus, &minus)),
        (Function::NormalCdf, _) => Sub(num(1), call(Function::NormalCdf, &minus)),
        (Function::NormalPdf, _) => Call(Function::NormalPdf, Box::new(minus)),
        (Function::Abs, 1) => Add(call(Function::Relu, a), call(Function::Relu, &minus)),
        (Function::Abs, _) => Mul(boxed(a), call(Function::Sign, a)),
        (Function::Relu, 1) => Max(vec![a.clone(), Num(0, 1)]),
        (Function::Relu, _) => Mul(boxed(a), call(Function::Step, a)),
        (Function::Step, 1) => Pow(call(Function::Step, a), 2),
        (Function::Sign, 1) => Sub(call(Function::Step, a), call(Function::Step, &minus)),
        _ => return None,
    })
}

/// One small change somewhere, mostly to something else.
fn mutated(t: &Tree, at: &mut u32) -> Tree {
    let here = *at == 0;
    *at = at.wrapping_sub(1);
    if here {
        return match t {
            Num(n, d) => Num(n + 1, *d),
            Var(v) => Var((v + 1) % 3),
            Neg(a) => (**a).clone(),
            Add(a, b) => Sub(a.clone(), b.clone()),
            Sub(a, b) => Sub(b.clone(), a.clone()),
            Mul(a, b) => Div(a.clone(), b.clone()),
            Div(a, b) => Mul(a.clone(), b.clone()),
            Pow(a, n) => Pow(a.clone(), n + 1),
            Root(a, n, d) => Root(a.clone(), n + d, *d),
            Call(Function::Exp, a) => Call(Function::Sigmoid, a.clone()),
            Call(Function::NormalCdf, a) => Call(Function::Sigmoid, a.clone()),
            Call(Function::Relu, a) => Call(Function::Abs, a.clone()),
            Call(Function::Abs, a) => (**a).clone(),
            Call(Function::Step, a) => Call(Function::Sign, a.clone()),
            Call(Function::Sin, a) => Call(Function::Cos, a.clone()),
            Call(Function::Cos, a) => Call(Function::Cosh, a.clone()),
            Call(_, a) => Call(Function::Relu, a.clone()),
            Max(all) => all[0].clone(),
            Beats(a, b) => Beats(b.clone(), a.clone()),
        };
    }
    let mut go = |t: &Tree| Box::new(mutated(t, at));
    match t {
        Num(..) | Var(_) => t.clone(),
        Neg(a) => Neg(go(a)),
        Add(a, b) => Add(go(a), go(b)),
        Sub(a, b) => Sub(go(a), go(b)),
        Mul(a, b) => Mul(go(a), go(b)),
        Div(a, b) => Div(go(a), go(b)),
        Pow(a, n) => Pow(go(a), *n),
        Root(a, n, d) => Root(go(a), *n, *d),
        Call(f, a) => Call(*f, go(a)),
        Max(all) => Max(all.iter().map(|t| *go(t)).collect()),
        Beats(a, b) => Beats(go(a), go(b)),
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        (-4i32..5, 1i32..4).prop_map(|(n, d)| Num(n, d)),
        (0usize..3).prop_map(Var),
        (0usize..3).prop_map(Var),
    ];
    leaf.prop_recursive(4, 14, 3, |inner| {
        let two = || (inner.clone(), inner.clone()).prop_map(|(a, b)| (Box::new(a), Box::new(b)));
        prop_oneof![
            two().prop_map(|(a, b)| Add(a, b)),
            two().prop_map(|(a, b)| Sub(a, b)),
            two().prop_map(|(a, b)| Mul(a, b)),
            two().prop_map(|(a, b)| Mul(a, b)),
            two().prop_map(|(a, b)| Div(a, b)),
            two().prop_map(|(a, b)| Div(a, b)),
            // A quotient by a sum with a kink in it.
            two().prop_map(|(a, b)| Div(
                a,
                Box::new(Add(num(2), Box::new(Call(Function::Relu, b))))
            )),
            (inner.clone(), -2i32..4).prop_map(|(a, n)| Pow(Box::new(a), n)),
            (inner.clone(), 0usize..Function::ALL.len())
                .prop_map(|(a, f)| Call(Function::ALL[f], Box::new(a))),
            (inner.clone(), prop::sample::select(vec![(1, 2), (1, 3), (-1, 2), (3, 2), (-2, 3)]))
                .prop_map(|(a, (n, d))| Root(Box::new(a), n, d)),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Max),
        ]
    })
}

fn verdict_on(lhs: &Tree, rhs: &Tree) -> Verdict {
    let mut g = Graph::new();
    let (l, r) = (build(&mut g, lhs), build(&mut g, rhs));
    let winners = Winners::new();
    let verdict = prove_in(&g, l, r, &Context { winners: &winners, leaves: Leaves::All });
    if let Verdict::Refuted(witness) = &verdict {
        assert!(witness.holds(&g, l, r, &winners));
    }
    verdict
}

/// Whether a true claim about `t` may get this verdict. A max of three and the same as a max of
/// a max need the order of the arguments, which is not always found.
fn expected(t: &Tree, verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Proved(_) => true,
        Verdict::Refuted(_) => false,
        Verdict::Undecided(Reason::NotFound) => has_wide_max(t),
        Verdict::Undecided(reason) => {
            matches!(reason, Reason::UndefinedCase | Reason::NeverDefined | Reason::TooLarge)
        }
    }
}

fn has_wide_max(t: &Tree) -> bool {
    match t {
        Num(..) | Var(_) => false,
        Neg(a) | Pow(a, _) | Root(a, ..) | Call(_, a) => has_wide_max(a),
        Add(a, b) | Sub(a, b) | Mul(a, b) | Div(a, b) | Beats(a, b) => {
            has_wide_max(a) || has_wide_max(b)
        }
        Max(all) => all.len() > 2 || all.iter().any(has_wide_max),
    }
}

/// Whether values deny `lhs = rhs`; asked with enough room for what f64 rounds.
fn denied(lhs: &Tree, rhs: &Tree) -> Option<[f64; 3]> {
    points().find(|at| match (value(lhs, at), value(rhs, at)) {
        (Some(l), Some(r)) => (l - r).abs() > 1e-3 * (1.0 + l.abs().max(r.abs())),
        _ => false,
    })
}

/// Points that no coordinate of an expression meets by chance.
fn points() -> impl Iterator<Item = [f64; 3]> {
    (1..60)
        .map(f64::from)
        .map(|n| [n * 0.618_034, n * 0.754_877, n * 0.569_840].map(|x| x.fract() * 4.0 - 2.0))
}

/// The same expressions with names for some of their parts, the same part under the same name.
fn named(g: &mut Graph, roots: [ExprId; 2], every: usize) -> [ExprId; 2] {
    let mut new = std::collections::BTreeMap::new();
    for id in g.reachable(&roots) {
        let children: Vec<ExprId> = g.children(id).iter().map(|c| new[c]).collect();
        let mut e = g.rebuild(id, &children);
        let leaf = matches!(g.node(e), crate::expr::Node::Var(_) | crate::expr::Node::Number(_));
        // What is under ∂ and the max of a bracket have to be what they were.
        let kept = matches!(g.node(e), crate::expr::Node::Max(_));
        if !leaf && !kept && id.index().is_multiple_of(every) {
            e = g.named(&format!("q_{}", id.index()), e);
        }
        new.insert(id, e);
    }
    roots.map(|r| new[&r])
}

/// A point, ties and kinks among them, where exact values deny `lhs = rhs`.
fn denied_exactly(g: &Graph, lhs: ExprId, rhs: ExprId) -> Option<[i64; 3]> {
    let grid = [-1, 0, 1, 2];
    let all = grid.iter().flat_map(|x| grid.iter().map(move |y| (*x, *y)));
    all.flat_map(|(x, y)| grid.iter().map(move |z| [x, y, *z])).find(|at| {
        let env = |s: crate::expr::SymbolId| {
            let place = NAMES.iter().position(|n| *n == g.symbol(s).spelling())?;
            Some(Rational::from(at[place]))
        };
        let value = |e| evaluate(g, e, &env, Branches::default());
        matches!((value(lhs), value(rhs)), (Ok(l), Ok(r)) if l != r)
    })
}

proptest! {
    #![proptest_config(crate::laws::laws(600))]

    /// What is proved at its place holds on kinks as well as off them, names or no names, and
    /// under ∂.
    #[test]
    fn nothing_false_is_proved_at_its_place(
        t in tree(),
        moves in prop::collection::vec(any::<u8>(), 24),
        at in 0u32..20,
        v in 0usize..4,
        every in 1usize..5,
        change in any::<bool>(),
    ) {
        let mut g = Graph::new();
        let variables = NAMES.map(|name| g.var(name));
        let other = rewritten(&t, &mut moves.into_iter());
        let other = if change { mutated(&other, &mut at.clone()) } else { other };
        let mut lhs = build(&mut g, &t);
        let mut rhs = build(&mut g, &other);
        [lhs, rhs] = named(&mut g, [lhs, rhs], every);
        let mut by_hand = None;
        if let Some(by) = variables.get(v) {
            lhs = g.partial(lhs, *by);
            rhs = g.partial(rhs, *by);
            let slope = build(&mut g, &derivative(&other, v));
            by_hand = Some(slope);
        }
        let winners = Winners::new();
        let moves = Moves::new(&g, &winners);
        for other in std::iter::once(rhs).chain(by_hand) {
            if local::proof(&moves, lhs, other).is_some() {
                let point = denied_exactly(&g, lhs, other);
                let show = |e| crate::lang::print_formula(&g, e);
                prop_assert!(point.is_none(), "{} = {} at {point:?}", show(lhs), show(other));
            }
        }
    }

    #[test]
    fn a_true_rewriting_is_proved(t in tree(), moves in prop::collection::vec(any::<u8>(), 24)) {
        let other = rewritten(&t, &mut moves.into_iter());
        let verdict = verdict_on(&t, &other);
        prop_assert!(expected(&t, &verdict), "{t:?} = {other:?}: {verdict:?}");
    }

    #[test]
    fn a_normal_form_has_the_value_of_its_expression(
        t in tree(), by in 0usize..3, derived in any::<bool>(),
    ) {
        let mut g = Graph::new();
        let variables = NAMES.map(|name| g.var(name));
        let mut e = build(&mut g, &t);
        let mut t = t;
        if derived {
            e = g.partial(e, variables[by]);
            t = derivative(&t, by);
        }
        let branches = Branches { winners: None, rest: Rest::Symbolic, opaque: None };
        within(MAX_STEPS, || {
            let leaf = |symbol| Some(Fraction::variable(symbol));
            let Ok(normal) = evaluate(&g, e, &leaf, branches) else { return Ok(()) };
            for at in points().take(12) {
                let Some(truth) = value(&t, &at) else { continue };
                for found in [value_at(&normal, &at), value_in_case(&normal, &at)] {
                    let Some(found) = found else { continue };
                    let allowed = 1e-6 * (1.0 + truth.abs() + found.size);
                    let near = (found.value - truth).abs() <= allowed;
                    prop_assert!(near, "{t:?} at {at:?}: {} for {truth}: {normal:?}", found.value);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn nothing_false_is_proved(
        t in tree(), moves in prop::collection::vec(any::<u8>(), 24), at in 0u32..20,
    ) {
        let other = mutated(&rewritten(&t, &mut moves.into_iter()), &mut at.clone());
        if verdict_on(&t, &other).is_proved() {
            let point = denied(&t, &other);
            prop_assert!(point.is_none(), "{t:?} = {other:?} at {point:?}");
        }
    }

    #[test]
    fn nothing_false_passes_at_random_points(
        t in tree(), moves in prop::collection::vec(any::<u8>(), 24), at in 0u32..20,
    ) {
        let other = mutated(&rewritten(&t, &mut moves.into_iter()), &mut at.clone());
        let mut g = Graph::new();
        let (lhs, rhs) = (build(&mut g, &t), build(&mut g, &other));
        // A doubled side and its sum are equal, whatever the side is.
        let two = g.integer(2);
        let (twice, sum) = (g.mul([two, lhs]), g.add([lhs, lhs]));
        let winners = Winners::new();
        let context = Context { winners: &winners, leaves: Leaves::All };
        let passes = |lhs, rhs| {
            let survey = Survey::of(&g, lhs, rhs, &context).unwrap();
            let claim = Claim::new(&g, [lhs, rhs], &winners, &survey);
            probably_equal(&claim).is_some()
        };
        if passes(lhs, rhs) {
            let point = denied(&t, &other);
            prop_assert!(point.is_none(), "{t:?} = {other:?} at {point:?}");
        }
        if points().any(|at| value(&t, &at).is_some()) {
            prop_assert!(passes(twice, sum), "2·{t:?}");
        }
    }

    #[test]
    fn a_derivative_carried_out_is_the_one_written_down(t in tree(), v in 0usize..3) {
        let mut g = Graph::new();
        let of = build(&mut g, &t);
        let by = g.var(NAMES[v]);
        let slope = g.partial(of, by);
        let by_hand = build(&mut g, &derivative(&t, v));
        let winners = Winners::new();
        let verdict =
            prove_in(&g, slope, by_hand, &Context { winners: &winners, leaves: Leaves::All });
        prop_assert!(expected(&t, &verdict), "{t:?}: {verdict:?}");
    }
}
