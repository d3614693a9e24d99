use super::{Around, limit};
use crate::expr::{ExprId, Graph, Winners};
use crate::proof::prove;
use crate::scalar::Function;
use std::collections::{BTreeMap, BTreeSet};

/// The limit of what `make` makes of x and ε, as ε → 0.
fn worked_out(
    make: impl FnOnce(&mut Graph, ExprId, ExprId) -> ExprId,
) -> (Graph, ExprId, Result<ExprId, String>) {
    let mut g = Graph::new();
    let (x, small) = (g.var("x"), g.var("ε"));
    let of = make(&mut g, x, small);
    let found = as_it_vanishes(&mut g, of, small);
    (g, x, found)
}

fn as_it_vanishes(g: &mut Graph, of: ExprId, small: ExprId) -> Result<ExprId, String> {
    let (winners, leaves) = (Winners::new(), BTreeSet::new());
    let around = Around {
        winners: &winners,
        leaves: &leaves,
        functions: BTreeMap::new(),
        moving: BTreeSet::new(),
    };
    limit(g, of, small, &around, &mut |_, _, _| None)
}

/// (f(x + ε) − f(x)) / ε.
fn quotient(g: &mut Graph, f: Function, x: ExprId, small: ExprId) -> ExprId {
    let there = g.add([x, small]);
    let (there, here) = (g.call(f, there), g.call(f, x));
    let rise = g.sub(there, here);
    g.div(rise, small)
}

/// The limit of each difference quotient is the slope that the calculus knows.
#[test]
fn slopes_of_functions() {
    for f in Function::ALL {
        let kinks = [Function::Abs, Function::Relu, Function::Sign, Function::Step];
        let (mut g, x, found) = worked_out(|g, x, small| quotient(g, f, x, small));
        if kinks.contains(&f) {
            assert!(found.is_err(), "{f:?}");
            continue;
        }
        let of = g.call(f, x);
        let slope = g.partial(of, x);
        let found = found.unwrap();
        let verdict = prove(&g, found, slope, &Winners::new());
        assert!(verdict.is_proved(), "{f:?}: {verdict:?}");
        let twice = g.add([slope, slope]);
        assert!(prove(&g, found, twice, &Winners::new()).is_refuted(), "{f:?}");
    }
}

/// (f(x + ε) − 2f(x) + f(x − ε)) / ε² is the slope of the slope, by the series of the slope.
#[test]
fn second_differences() {
    for f in Function::ALL.into_iter().filter(|f| !f.has_kink()) {
        let (mut g, x, found) = worked_out(|g, x, small| {
            let two = g.integer(2);
            let (ahead, back) = (g.add([x, small]), g.sub(x, small));
            let (ahead, here, back) = (g.call(f, ahead), g.call(f, x), g.call(f, back));
            let twice = g.mul([two, here]);
            let rise = g.sub(ahead, twice);
            let all = g.add([rise, back]);
            let square = g.pow(small, two);
            g.div(all, square)
        });
        let found = found.unwrap();
        let small = g.var("ε");
        let of = quotient(&mut g, f, x, small);
        let first = as_it_vanishes(&mut g, of, small).unwrap();
        let slope = g.partial(first, x);
        assert!(prove(&g, found, slope, &Winners::new()).is_proved(), "{f:?}");
    }
}

/// What grows, what has a kink there, and 0/0 to all orders have no limit.
#[test]
fn what_has_no_limit() {
    let grows = worked_out(|g, x, small| g.div(x, small));
    let wild = worked_out(|g, _, small| {
        let one = g.integer(1);
        let inverse = g.div(one, small);
        g.call(Function::Sin, inverse)
    });
    let kink = worked_out(|g, _, small| {
        let size = g.call(Function::Abs, small);
        g.div(size, small)
    });
    let nothing = worked_out(|g, x, small| {
        let (a, b) = (g.add([x, small]), g.add([small, x]));
        let zero = g.sub(a, b);
        g.div(zero, zero)
    });
    for (_, _, found) in [grows, wild, kink, nothing] {
        assert!(found.is_err(), "{found:?}");
    }
}

/// Powers that cancel, roots, and 1 to an exponent that grows.
#[test]
fn what_cancels() {
    let e = worked_out(|g, _, small| {
        let one = g.integer(1);
        let (base, exponent) = (g.add([one, small]), g.div(one, small));
        g.pow(base, exponent)
    });
    let (mut g, _, found) = e;
    let one = g.integer(1);
    let number = g.call(Function::Exp, one);
    assert!(prove(&g, found.unwrap(), number, &Winners::new()).is_proved());
    for n in [2, 3, 5, -1, -2] {
        let (mut g, x, found) = worked_out(|g, x, small| {
            let n = g.integer(n);
            let there = g.add([x, small]);
            let (there, here) = (g.pow(there, n), g.pow(x, n));
            let rise = g.sub(there, here);
            g.div(rise, small)
        });
        let (n_, less) = (g.integer(n), g.integer(n - 1));
        let power = g.pow(x, less);
        let slope = g.mul([n_, power]);
        assert!(prove(&g, found.unwrap(), slope, &Winners::new()).is_proved(), "{n}");
    }
}
