//! From index formulas to [`Math`]: elements become names with subscripts, δ gets the name of its
//! tensor above it, and an Iverson bracket says what it asks.

use std::collections::BTreeMap;

use crate::expr::Symbol;
use crate::index::{Affine, Condition, Element, Formula, Range, TensorName};
use crate::page::math::{Big, Mark, Math, Relation};

/// The formula as it will be set.
pub(super) fn math(formula: &Formula) -> Math {
    let boxed = |f: &Formula| Box::new(math(f));
    match formula {
        Formula::Number(q) => Math::Number(q.clone()),
        Formula::Whole(a) => affine(a),
        Formula::Element(e) => element(e),
        Formula::Partial { of, by } => Math::Partial(boxed(of), Box::new(element(by))),
        Formula::Sum { ranges, body } => {
            Math::Big { sign: Big::Sum, over: indices(ranges), body: boxed(body) }
        }
        Formula::Max { ranges, within, body } => {
            let mut over = indices(ranges);
            over.extend(within.iter().map(condition));
            Math::Big { sign: Big::Max, over, body: boxed(body) }
        }
        Formula::MaxOf(all) => Math::Max(all.iter().map(math).collect()),
        Formula::Wins { max, at, of } => {
            let max_math = of.as_ref().map_or_else(|| math(max), element);
            bracket(Math::Relation(Box::new(max_math), Relation::Equal, Box::new(winner(max, at))))
        }
        Formula::Bracket(c) => bracket(condition(c)),
        Formula::Neg(a) => Math::Neg(boxed(a)),
        Formula::Add(terms) => Math::Sum(terms.iter().enumerate().map(term).collect()),
        Formula::Sub(a, b) => Math::Sum(vec![(false, math(a)), (true, math(b))]),
        Formula::Mul(factors) => Math::Product(factors.iter().map(math).collect()),
        Formula::Div(a, b) => Math::Fraction(boxed(a), boxed(b)),
        Formula::Pow(a, b) => Math::Power(boxed(a), boxed(b)),
        Formula::Call(f, a) => Math::Call(*f, boxed(a)),
        Formula::Apply { name, primes, argument } => {
            Math::Apply(Symbol::named(name), *primes, boxed(argument))
        }
    }
}

/// A term of a sum; a negated one after the first is subtracted.
fn term((place, term): (usize, &Formula)) -> (bool, Math) {
    match term {
        Formula::Neg(a) if place > 0 => (true, math(a)),
        other => (false, math(other)),
    }
}

/// An element: the name of its tensor with its subscripts, in plain digits where all are known.
pub(super) fn element(e: &Element) -> Math {
    let known: Option<Vec<usize>> =
        e.at.iter().map(|a| a.as_number().and_then(|n| usize::try_from(n).ok())).collect();
    match known {
        Some(at) if e.tensor.layer.is_none() && !e.tensor.delta => {
            Math::Symbol(Symbol::element(&e.tensor.name, &at))
        }
        _ => marked(&e.tensor, e.at.iter().map(affine).collect()),
    }
}

/// A tensor as a whole, without subscripts.
pub(super) fn tensor(name: &TensorName) -> Math {
    if name.layer.is_none() && !name.delta {
        return Math::symbol(&name.name);
    }
    marked(name, Vec::new())
}

fn marked(name: &TensorName, lower: Vec<Math>) -> Math {
    let symbol = Symbol::named(if name.delta { "delta" } else { &name.name });
    let upper = match (&name.layer, name.delta) {
        (Some(layer), _) => Some(Mark::Layer(Box::new(affine(layer)))),
        (None, true) => Some(Mark::Name(Symbol::named(&name.name))),
        (None, false) => None,
    };
    Math::Indexed { symbol, upper, lower }
}

/// A whole number with letters: 2i + m − 1.
pub(super) fn affine(a: &Affine) -> Math {
    let terms = a.in_order().into_iter().map(|(letters, n)| {
        let size = Math::integer(n.saturating_abs());
        let letters = letters.iter().map(|l| Math::symbol(l.name()));
        let product: Vec<Math> = match (n.unsigned_abs(), letters.len()) {
            (1, 1..) => letters.collect(),
            _ => std::iter::once(size).chain(letters).collect(),
        };
        (n < 0, Math::Product(product))
    });
    let terms: Vec<(bool, Math)> = terms.collect();
    if terms.is_empty() { Math::integer(0) } else { Math::Sum(terms) }
}

/// What a bracket says.
pub(super) fn condition(c: &Condition) -> Math {
    let relation = |a: Math, sign, b: Math| Math::Relation(Box::new(a), sign, Box::new(b));
    match c {
        Condition::Equal(a, b) => relation(affine(a), Relation::Equal, affine(b)),
        Condition::Within { value, length } => {
            let above = relation(Math::integer(0), Relation::AtMost, affine(value));
            relation(above, Relation::Less, affine(length))
        }
    }
}

fn bracket(inside: Math) -> Math {
    Math::Bracket(Box::new(inside))
}

/// What a max is where these values of its indices win.
fn winner(max: &Formula, at: &[Affine]) -> Math {
    match max {
        Formula::Max { ranges, body, .. } => {
            let put: BTreeMap<String, Affine> =
                ranges.iter().map(|r| r.index.clone()).zip(at.iter().cloned()).collect();
            math(&body.substitute(&put))
        }
        Formula::MaxOf(all) => {
            let place = at.first().and_then(Affine::as_number);
            let chosen = place.and_then(|n| all.get(usize::try_from(n).ok()?));
            chosen.map_or(Math::Ellipsis, math)
        }
        other => math(other),
    }
}

fn indices(ranges: &[Range]) -> Vec<Math> {
    ranges.iter().map(|r| Math::symbol(&r.index)).collect()
}

/// 0 ≤ i < N for each free index, those of equal length together: `i, j < 24`.
pub(super) fn ranges(all: &[Range]) -> Vec<Math> {
    let mut groups: Vec<(&Affine, Vec<Math>)> = Vec::new();
    for range in all {
        let letter = Math::symbol(&range.index);
        match groups.iter_mut().find(|(length, _)| **length == range.length) {
            Some((_, letters)) => letters.push(letter),
            None => groups.push((&range.length, vec![letter])),
        }
    }
    let mut shown = Vec::new();
    for (length, mut letters) in groups {
        if let Some(last) = letters.pop() {
            shown.extend(letters);
            shown.push(Math::Relation(Box::new(last), Relation::Less, Box::new(affine(length))));
        }
    }
    shown
}
