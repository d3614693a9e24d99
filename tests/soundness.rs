//! Random equations, true and false, and what `prove` says of them: nothing false is proved,
//! nothing true is refuted. Which is which is decided here, on a tree of our own: true equations
//! come from laws of algebra and of differentiation that are applied at random places, false ones
//! from a change whose values differ.
//!
//! `cargo test` tries a few ten thousand; `BACKPROOF_EQUATIONS=1000000 cargo test --test
//! soundness` as many as one likes, a tenth as many true ones.

mod draw;
#[path = "draw/real.rs"]
mod real;

use std::collections::BTreeMap;

use backproof::expr::{ExprId, Graph};
use backproof::proof::{Context, Leaves, Verdict, prove_in};
use backproof::review::read::DocumentFormat;
use backproof::review::{Mark, review};
use backproof::scalar::Function;
use draw::Draw;

/// How many false equations `cargo test` tries.
const FALSE: usize = 30_000;

const VARIABLES: [&str; 5] = ["x", "y", "w", "b", "t"];
const FUNCTIONS: [Function; 4] = [Function::Exp, Function::Tanh, Function::Sigmoid, Function::Ln];

#[derive(Clone, Debug, PartialEq)]
enum E {
    Num(i64),
    Var(usize),
    Sum(Vec<E>),
    Mul(Vec<E>),
    Neg(Box<E>),
    Div(Box<E>, Box<E>),
    Pow(Box<E>, u32),
    Call(Function, Box<E>),
    D(Box<E>, usize),
}
use E::{Call, D, Div, Mul, Neg, Num, Pow, Sum, Var};

fn bx(e: &E) -> Box<E> {
    Box::new(e.clone())
}

/// A random expression of that height.
fn grow(height: u32, draw: &mut Draw) -> E {
    let leaf = height == 0 || draw.below(6) == 0;
    if leaf {
        return match draw.below(4) {
            0 => Num(1 + draw.below(4) as i64),
            _ => Var(draw.below(VARIABLES.len())),
        };
    }
    let one = |draw: &mut Draw| grow(height - 1, draw);
    match draw.below(12) {
        0..=3 => Sum((0..2 + draw.below(2)).map(|_| one(draw)).collect()),
        4..=7 => Mul((0..2 + draw.below(2)).map(|_| one(draw)).collect()),
        8 => Neg(Box::new(one(draw))),
        9 => Div(Box::new(one(draw)), Box::new(one(draw))),
        10 => Pow(Box::new(one(draw)), 2 + draw.below(2) as u32),
        _ => Call(FUNCTIONS[draw.below(FUNCTIONS.len())], Box::new(one(draw))),
    }
}

/// The derivative, by the rules of a first course.
fn slope(e: &E, x: usize) -> E {
    match e {
        Num(_) => Num(0),
        Var(v) => Num(i64::from(*v == x)),
        Sum(all) => Sum(all.iter().map(|e| slope(e, x)).collect()),
        Mul(all) => Sum((0..all.len())
            .map(|i| {
                let mut factors = all.clone();
                factors[i] = slope(&all[i], x);
                Mul(factors)
            })
            .collect()),
        Neg(a) => Neg(Box::new(slope(a, x))),
        Div(a, b) => {
            let top = Sum(vec![
                Mul(vec![slope(a, x), (**b).clone()]),
                Neg(Box::new(Mul(vec![(**a).clone(), slope(b, x)]))),
            ]);
            Div(Box::new(top), Box::new(Pow(b.clone(), 2)))
        }
        Pow(a, n) => Mul(vec![Num(i64::from(*n)), power(a, n - 1), slope(a, x)]),
        Call(f, a) => {
            let outer = match f {
                Function::Exp => e.clone(),
                Function::Ln => Div(Box::new(Num(1)), a.clone()),
                Function::Tanh => Sum(vec![Num(1), Neg(Box::new(Pow(bx(e), 2)))]),
                _ => Mul(vec![e.clone(), Sum(vec![Num(1), Neg(bx(e))])]),
            };
            Mul(vec![outer, slope(a, x)])
        }
        D(..) => unreachable!("derivatives are not nested"),
    }
}

fn power(a: &E, n: u32) -> E {
    match n {
        0 => Num(1),
        1 => a.clone(),
        _ => Pow(bx(a), n),
    }
}

/// The same expression written otherwise, by one law at one place.
fn rewritten(e: &E, draw: &mut Draw) -> E {
    let inside = |e: &E, draw: &mut Draw| rewritten(e, draw);
    if draw.below(3) > 0 {
        // Somewhere below.
        match e {
            Sum(all) | Mul(all) => {
                let mut all = all.clone();
                let at = draw.below(all.len());
                all[at] = inside(&all[at], draw);
                return if matches!(e, Sum(_)) { Sum(all) } else { Mul(all) };
            }
            Neg(a) => return Neg(Box::new(inside(a, draw))),
            Div(a, b) if draw.below(2) == 0 => return Div(Box::new(inside(a, draw)), b.clone()),
            Div(a, b) => return Div(a.clone(), Box::new(inside(b, draw))),
            Pow(a, n) => return Pow(Box::new(inside(a, draw)), *n),
            Call(f, a) => return Call(*f, Box::new(inside(a, draw))),
            D(a, x) => return D(Box::new(inside(a, draw)), *x),
            Num(_) | Var(_) => {}
        }
    }
    match (e, draw.below(4)) {
        (Sum(all), 0) | (Mul(all), 0) => {
            let mut all = all.clone();
            let n = all.len();
            all.swap(draw.below(n), draw.below(n));
            if matches!(e, Sum(_)) { Sum(all) } else { Mul(all) }
        }
        (Mul(all), 1..=2) if all.iter().any(|f| matches!(f, Sum(_))) => {
            let at = all.iter().position(|f| matches!(f, Sum(_))).unwrap_or(0);
            let Sum(terms) = &all[at] else { unreachable!("that is what was looked for") };
            let with = |t: &E| {
                let mut factors = all.clone();
                factors[at] = t.clone();
                Mul(factors)
            };
            Sum(terms.iter().map(with).collect())
        }
        (Neg(a), _) => Mul(vec![Num(-1), (**a).clone()]),
        (Div(a, b), _) => Mul(vec![(**a).clone(), Div(Box::new(Num(1)), b.clone())]),
        (Pow(a, n), _) => Mul(vec![(**a).clone(), power(a, n - 1)]),
        (Call(Function::Sigmoid, a), _) => Div(
            Box::new(Num(1)),
            Box::new(Sum(vec![Num(1), Call(Function::Exp, Box::new(Neg(a.clone())))])),
        ),
        (Call(Function::Tanh, a), _) => {
            let double = Mul(vec![Num(2), (**a).clone()]);
            let sigmoid = Call(Function::Sigmoid, Box::new(double));
            Sum(vec![Mul(vec![Num(2), sigmoid]), Num(-1)])
        }
        (Call(Function::Exp, a), _) => match &**a {
            Sum(all) => Mul(all.iter().map(|t| Call(Function::Exp, bx(t))).collect()),
            _ => Div(Box::new(Num(1)), Box::new(Call(Function::Exp, Box::new(Neg(a.clone()))))),
        },
        (D(a, x), _) => slope(a, *x),
        (e, 1) => Sum(vec![e.clone(), Num(0)]),
        (e, 2) => Mul(vec![Num(1), e.clone()]),
        (e, _) => Neg(Box::new(Neg(bx(e)))),
    }
}

/// One random change.
fn spoiled(e: &E, draw: &mut Draw) -> E {
    if draw.below(4) > 0 {
        match e {
            Sum(all) | Mul(all) => {
                let mut all = all.clone();
                let at = draw.below(all.len());
                all[at] = spoiled(&all[at], draw);
                return if matches!(e, Sum(_)) { Sum(all) } else { Mul(all) };
            }
            Neg(a) => return Neg(Box::new(spoiled(a, draw))),
            Div(a, b) if draw.below(2) == 0 => return Div(Box::new(spoiled(a, draw)), b.clone()),
            Div(a, b) => return Div(a.clone(), Box::new(spoiled(b, draw))),
            Pow(a, n) => return Pow(Box::new(spoiled(a, draw)), *n),
            Call(f, a) => return Call(*f, Box::new(spoiled(a, draw))),
            D(a, x) => return D(Box::new(spoiled(a, draw)), *x),
            Num(_) | Var(_) => {}
        }
    }
    match e {
        Num(n) => Num(n + 1),
        Var(v) => Var((v + 1) % VARIABLES.len()),
        Sum(all) if draw.below(2) == 0 => Sum(all[1..].to_vec()),
        Mul(all) if draw.below(2) == 0 => Mul(all[1..].to_vec()),
        Neg(a) => (**a).clone(),
        Div(a, b) if draw.below(2) == 0 => Div(b.clone(), a.clone()),
        Pow(a, n) => Pow(a.clone(), n + 1),
        Call(Function::Tanh, a) => Call(Function::Sigmoid, a.clone()),
        D(a, x) => D(a.clone(), (x + 1) % VARIABLES.len()),
        e => Neg(bx(e)),
    }
}

/// A number, or none where rounding would be seen in what it is used for.
fn unless(x: f64, bad: impl Fn(f64) -> bool) -> f64 {
    if bad(x) { f64::NAN } else { x }
}

fn value(e: &E, at: &[f64; 5]) -> f64 {
    match e {
        Num(n) => *n as f64,
        Var(v) => at[*v],
        Sum(all) => all.iter().map(|e| value(e, at)).sum(),
        Mul(all) => all.iter().map(|e| value(e, at)).product(),
        Neg(a) => -value(a, at),
        Div(a, b) => value(a, at) / unless(value(b, at), |b| b.abs() < 1e-3),
        Pow(a, n) => value(a, at).powi(*n as i32),
        Call(f, a) => {
            let a = unless(value(a, at), |a| a.abs() > 6.0);
            match f {
                Function::Exp => a.exp(),
                Function::Ln => a.ln(),
                Function::Tanh => a.tanh(),
                _ => 1.0 / (1.0 + (-a).exp()),
            }
        }
        D(a, x) => value(&slope(a, *x), at),
    }
}

/// Whether two expressions have certainly different values somewhere. None if nothing is certain.
fn differ(a: &E, b: &E, draw: &mut Draw) -> Option<bool> {
    let mut seen = 0;
    for _ in 0..12 {
        let at = [(); 5].map(|()| draw.real());
        let (a, b) = (value(a, &at), value(b, &at));
        let size = a.abs() + b.abs();
        if !size.is_finite() || size > 1e6 {
            continue;
        }
        if (a - b).abs() > 1e-5 * (1e-3 + size) {
            return Some(true);
        }
        seen += 1;
    }
    (seen > 2).then_some(false)
}

fn built(e: &E, g: &mut Graph) -> ExprId {
    let all = |es: &[E], g: &mut Graph| es.iter().map(|e| built(e, g)).collect::<Vec<_>>();
    match e {
        Num(n) => g.integer(*n),
        Var(v) => g.var(VARIABLES[*v]),
        Sum(es) => {
            let es = all(es, g);
            g.add(es)
        }
        Mul(es) => {
            let es = all(es, g);
            g.mul(es)
        }
        Neg(a) => {
            let a = built(a, g);
            g.neg(a)
        }
        Div(a, b) => {
            let (a, b) = (built(a, g), built(b, g));
            g.div(a, b)
        }
        Pow(a, n) => {
            let (a, n) = (built(a, g), g.integer(i64::from(*n)));
            g.pow(a, n)
        }
        Call(f, a) => {
            let a = built(a, g);
            g.call(*f, a)
        }
        D(a, x) => {
            let (a, x) = (built(a, g), g.var(VARIABLES[*x]));
            g.partial(a, x)
        }
    }
}

fn verdict(a: &E, b: &E) -> Verdict {
    let mut g = Graph::new();
    let (a, b) = (built(a, &mut g), built(b, &mut g));
    let winners = BTreeMap::new();
    prove_in(&g, a, b, &Context { winners: &winners, leaves: Leaves::All })
}

fn start(draw: &mut Draw) -> E {
    let e = grow(3, draw);
    match draw.below(3) {
        0 => D(Box::new(e), draw.below(VARIABLES.len())),
        _ => e,
    }
}

fn many() -> usize {
    let asked = std::env::var("BACKPROOF_EQUATIONS").ok().and_then(|n| n.parse().ok());
    asked.unwrap_or(FALSE)
}

#[test]
fn nothing_false_is_proved() {
    let mut draw = Draw(7);
    let (mut tried, mut refuted) = (0, 0);
    while tried < many() {
        let e = start(&mut draw);
        let mut other = e.clone();
        for _ in 0..draw.below(3) {
            other = rewritten(&other, &mut draw);
        }
        let other = spoiled(&other, &mut draw);
        if differ(&e, &other, &mut draw) != Some(true) {
            continue;
        }
        tried += 1;
        match verdict(&e, &other) {
            Verdict::Proved(how) => panic!("proved ({how:?}): {e:?} = {other:?}"),
            Verdict::Refuted(_) => refuted += 1,
            Verdict::Undecided(_) => {}
        }
    }
    println!("{tried} false equations: {refuted} refuted, {} undecided", tried - refuted);
    assert!(refuted * 100 >= tried * 95, "only {refuted} of {tried} are refuted");
}

#[test]
fn nothing_true_is_refuted_and_nearly_all_of_it_is_proved() {
    let mut draw = Draw(11);
    let (mut tried, mut proved) = (0, 0);
    let mut open = Vec::new();
    while tried < many() / 10 {
        let e = start(&mut draw);
        let mut other = e.clone();
        for _ in 0..1 + draw.below(4) {
            other = rewritten(&other, &mut draw);
        }
        if differ(&e, &other, &mut draw) != Some(false) {
            continue;
        }
        tried += 1;
        match verdict(&e, &other) {
            Verdict::Proved(_) => proved += 1,
            Verdict::Refuted(_) => panic!("refuted: {e:?} = {other:?}"),
            Verdict::Undecided(reason) => open.push(format!("{reason:?}: {e:?} = {other:?}")),
        }
    }
    println!("{tried} true equations: {proved} proved, {} undecided", open.len());
    open.truncate(5);
    assert!(proved * 100 >= tried * 99, "{proved} of {tried} proved, not:\n{}", open.join("\n"));
}

/// relu(z) is 0 for every z < 0: what a kink says of it there is no matter of a point or two.
#[test]
fn a_kink_that_is_met_throughout_a_region_is_looked_at() {
    let mut g = Graph::new();
    let (z, zero, one) = (g.var("z"), g.integer(0), g.integer(1));
    let a = g.max([zero, z]);
    let slope = g.partial(a, z);
    let (open, minus) = (g.call(Function::Step, z), g.neg(a));
    let below = g.call(Function::Step, minus);
    // [a ≥ 0] holds everywhere, and the slope is [z > 0].
    let not_below = g.sub(one, below);
    let winners = BTreeMap::new();
    let context = Context { winners: &winners, leaves: Leaves::All };
    assert!(prove_in(&g, slope, open, &context).is_proved());
    assert!(prove_in(&g, slope, not_below, &context).is_refuted());
    let closed = g.sub(one, open);
    assert!(!prove_in(&g, below, closed, &context).is_proved());
}

fn latex(e: &E) -> String {
    let all = |es: &[E], by: &str| {
        es.iter().map(|e| format!("\\left( {} \\right)", latex(e))).collect::<Vec<_>>().join(by)
    };
    match e {
        Num(n) => format!("{n}"),
        Var(v) => VARIABLES[*v].to_string(),
        Sum(es) => all(es, " + "),
        Mul(es) => all(es, " \\cdot "),
        Neg(a) => format!("-\\left( {} \\right)", latex(a)),
        Div(a, b) => format!("\\frac{{{}}}{{{}}}", latex(a), latex(b)),
        Pow(a, n) => format!("\\left( {} \\right)^{{{n}}}", latex(a)),
        Call(f, a) => {
            let f = match f {
                Function::Exp => "\\exp",
                Function::Ln => "\\ln",
                Function::Tanh => "\\tanh",
                _ => "\\sigma",
            };
            format!("{f}\\left( {} \\right)", latex(a))
        }
        D(a, x) => format!(
            "\\frac{{\\partial}}{{\\partial {}}} \\left( {} \\right)",
            VARIABLES[*x],
            latex(a)
        ),
    }
}

/// The same by way of a document: what is read is what was written.
#[test]
fn a_document_of_random_equations_is_marked_as_they_are() {
    let mut draw = Draw(13);
    let mut text = String::from("Here $x$, $y$, $w$, $b$ and $t$ are given.\n");
    let mut truth = Vec::new();
    while truth.len() < 600 {
        let e = start(&mut draw);
        let mut other = rewritten(&e, &mut draw);
        if draw.below(8) == 0 {
            other = spoiled(&other, &mut draw);
        }
        let Some(differs) = differ(&e, &other, &mut draw) else { continue };
        // A name alone on the left would be a definition.
        let [left, right] = [&e, &other].map(|e| latex(&Neg(bx(e))));
        text.push_str(&format!("\n$${left} = {right}$$\n"));
        truth.push(!differs);
    }
    let review = review(&text, DocumentFormat::Markdown, None).unwrap();
    assert_eq!(review.tally.read, review.tally.rows);
    assert_eq!(review.rows.len(), truth.len());
    let mut proved = 0;
    for (row, holds) in review.rows.iter().zip(&truth) {
        match row.mark() {
            Some(Mark::Proved { .. }) => {
                assert!(holds, "proved: {}", row.text);
                proved += 1;
            }
            Some(Mark::Refuted(_)) => assert!(!holds, "refuted: {}", row.text),
            _ => {}
        }
    }
    let all = truth.iter().filter(|holds| **holds).count();
    assert!(proved * 100 >= all * 98, "{proved} of {all} proved");
}
