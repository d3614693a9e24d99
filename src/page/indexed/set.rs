//! From index formulas to [`Math`]: elements become names with subscripts, δ gets the name of its
//! tensor above it, and an Iverson bracket says what it asks.

use std::collections::BTreeMap;

use crate::expr::Symbol;
use crate::index::{Affine, Condition, Element, Formula, Range, System, Tensor, TensorName};
use crate::ordered::Ordered;
use crate::page::math::{Big, Mark, Math, Relation};

/// How formulas are set: an index of a sum says what it goes over, unless a subscript does.
pub(in crate::page) struct Setter {
    /// The lengths of each tensor, by its name and its layer.
    lengths: BTreeMap<(String, Option<Affine>), Vec<Affine>>,
}

impl Setter {
    /// For formulas of that network.
    pub(super) fn of(system: &System) -> Setter {
        let key = |t: &Tensor| (t.name.name.clone(), t.name.layer.clone());
        Setter { lengths: system.tensors.iter().map(|t| (key(t), t.lengths.clone())).into_map() }
    }

    /// The formula as it will be set.
    pub(in crate::page) fn math(&self, formula: &Formula) -> Math {
        let boxed = |f: &Formula| Box::new(self.math(f));
        match formula {
            Formula::Number(q) => Math::Number(q.clone()),
            Formula::Whole(a) => affine(a),
            Formula::Element(e) => element(e),
            Formula::Partial { of, by } => Math::Partial(boxed(of), Box::new(element(by))),
            Formula::Sum { ranges, body } => {
                Math::Big { sign: Big::Sum, over: self.over(ranges, body), body: boxed(body) }
            }
            Formula::Max { ranges, within, body } => {
                let mut over = self.over(ranges, body);
                over.extend(within.iter().map(condition));
                Math::Big { sign: Big::Max, over, body: boxed(body) }
            }
            Formula::MaxOf(all) => Math::Max(all.iter().map(|one| self.math(one)).collect()),
            Formula::Wins { max, at, of } => {
                let value = of.as_ref().map_or_else(|| self.math(max), element);
                let winner = winner(max, at).map_or(Math::Ellipsis, |winner| self.math(&winner));
                bracket(Math::Relation(Box::new(value), Relation::Equal, Box::new(winner)))
            }
            Formula::Bracket(c) => bracket(condition(c)),
            Formula::Neg(a) => Math::Neg(boxed(a)),
            Formula::Add(terms) => {
                Math::Sum(terms.iter().enumerate().map(|term| self.term(term)).collect())
            }
            Formula::Sub(a, b) => Math::Sum(vec![(false, self.math(a)), (true, self.math(b))]),
            Formula::Mul(factors) => Math::Product(factors.iter().map(|f| self.math(f)).collect()),
            Formula::Div(a, b) => Math::Fraction(boxed(a), boxed(b)),
            Formula::Pow(a, b) => Math::Power(boxed(a), boxed(b)),
            Formula::Call(f, a) => Math::Call(*f, boxed(a)),
            Formula::Apply { name, primes, argument } => {
                Math::Apply(Symbol::named(name), *primes, boxed(argument))
            }
        }
    }

    /// A term of a sum; a negated one after the first is subtracted.
    fn term(&self, (place, term): (usize, &Formula)) -> (bool, Math) {
        match term {
            Formula::Neg(a) if place > 0 => (true, self.math(a)),
            other => (false, self.math(other)),
        }
    }

    /// What a sum goes over: `m < 2, i`, where the length of i is that of an axis that it stands
    /// at, and that of m nobody could tell.
    fn over(&self, all: &[Range], body: &Formula) -> Vec<Math> {
        let (told, open): (Vec<Range>, Vec<Range>) =
            all.iter().cloned().partition(|range| self.tells(body, range));
        let mut over = ranges(&open);
        over.extend(told.iter().map(|r| Math::symbol(&r.index)));
        over
    }

    /// Whether every axis at which the index stands alone is as long as its range, and there is
    /// one.
    fn tells(&self, formula: &Formula, range: &Range) -> bool {
        let mut lengths = Vec::new();
        self.axes(formula, range, &mut lengths);
        !lengths.is_empty() && lengths.iter().all(|length| *length == range.length)
    }

    /// The lengths of the axes at which the index stands alone.
    fn axes(&self, formula: &Formula, range: &Range, found: &mut Vec<Affine>) {
        let mut add = |e: &Element| {
            let key = (e.tensor.name.clone(), e.tensor.layer.clone());
            let stands = |at: &&Affine| at.as_index() == Some(&range.index);
            match self.lengths.get(&key) {
                Some(lengths) => {
                    let axes = e.at.iter().zip(lengths).filter(|(at, _)| stands(at));
                    found.extend(axes.map(|(_, length)| length.clone()));
                }
                // In a network of any depth, of a layer that no tensor has.
                None => found.extend(e.at.iter().filter(stands).map(|_| range.length.clone())),
            }
        };
        match formula {
            Formula::Element(e) | Formula::Partial { by: e, .. } => add(e),
            Formula::Wins { max, at, of } => {
                of.iter().for_each(add);
                if let Some(winner) = winner(max, at) {
                    self.axes(&winner, range, found);
                }
                return;
            }
            _ if formula.binds().iter().any(|own| own.index == range.index) => return,
            _ => {}
        }
        formula.children().into_iter().for_each(|child| self.axes(child, range, found));
    }
}

/// An element: the name of its tensor with its subscripts, in plain digits where all are known.
pub(in crate::page) fn element(e: &Element) -> Math {
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
pub(in crate::page) fn tensor(name: &TensorName) -> Math {
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
fn winner(max: &Formula, at: &[Affine]) -> Option<Formula> {
    match max {
        Formula::Max { ranges, body, .. } => {
            let put: BTreeMap<String, Affine> =
                ranges.iter().map(|r| r.index.clone()).zip(at.iter().cloned()).into_map();
            Some(body.substitute(&put))
        }
        Formula::MaxOf(all) => {
            let place = at.first().and_then(Affine::as_number)?;
            all.get(usize::try_from(place).ok()?).cloned()
        }
        other => Some(other.clone()),
    }
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
