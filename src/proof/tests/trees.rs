//! Expressions of the tests, apart from the graph: how they are drawn, their values and slopes by
//! code of its own, true moves, and small changes.
//!
//! What always holds: nothing here calls what is tested; a value is none where f64 could not tell.

use proptest::prelude::*;

use super::*;
use crate::scalar::Function;

/// An expression of the tests, apart from the graph and its evaluation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
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

pub(super) fn boxed(t: &Tree) -> Box<Tree> {
    Box::new(t.clone())
}

pub(super) fn num(n: i32) -> Box<Tree> {
    Box::new(Num(n, 1))
}

pub(super) const NAMES: [&str; 3] = ["x", "y", "z"];

pub(super) fn build(g: &mut Graph, t: &Tree) -> ExprId {
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
pub(super) fn value(t: &Tree, at: &[f64; 3]) -> Option<f64> {
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
pub(super) fn derivative(t: &Tree, v: usize) -> Tree {
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
pub(super) fn rewritten(t: &Tree, moves: &mut impl Iterator<Item = u8>) -> Tree {
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

pub(super) fn moved_call(f: Function, a: &Tree, choice: u8) -> Option<Tree> {
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
pub(super) fn mutated(t: &Tree, at: &mut u32) -> Tree {
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

pub(super) fn tree() -> impl Strategy<Value = Tree> {
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
