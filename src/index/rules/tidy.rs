//! The rules that tidy a line once its derivatives are carried out.

use super::super::formula::{Condition, Formula, Range};
use super::{Applied, Context};
use crate::scalar::{Function, Rational, Scalar};

/// The largest number of terms that collecting multiplies out.
const MAX_TERMS: usize = 64;

fn zero() -> Formula {
    Formula::integer(0)
}

/// 0·u = 0, 0/u = 0, Σ 0 = 0, −0 = 0.
pub fn zero_product(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let is_zero = |u: &Formula| u.is_integer(0);
    match f {
        Formula::Mul(factors) if factors.iter().any(is_zero) => Some(zero().into()),
        Formula::Div(u, _) | Formula::Neg(u) if is_zero(u) => Some(zero().into()),
        Formula::Sum { body, .. } if is_zero(body) => Some(zero().into()),
        _ => None,
    }
}

/// u + 0 = u.
pub fn drop_zero(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    match f {
        Formula::Add(terms) => {
            let kept: Vec<Formula> = terms.iter().filter(|t| !t.is_integer(0)).cloned().collect();
            (kept.len() < terms.len()).then(|| Formula::total(kept).into())
        }
        Formula::Sub(u, v) if v.is_integer(0) => Some(u.as_ref().clone().into()),
        Formula::Sub(u, v) if u.is_integer(0) => Some(v.as_ref().clone().negative().into()),
        _ => None,
    }
}

/// 1·u = u.
pub fn drop_one(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    match f {
        Formula::Mul(factors) => {
            let kept: Vec<Formula> = factors.iter().filter(|t| !t.is_integer(1)).cloned().collect();
            if kept.len() < factors.len() {
                return Some(Formula::product(kept).into());
            }
            let whole = |u: &Formula| {
                !matches!(u, Formula::Bracket(_) | Formula::Wins { .. } | Formula::Number(_))
                    && !matches!(u, Formula::Sum { .. } | Formula::Partial { .. })
            };
            match factors.as_slice() {
                [u, Formula::Div(one, v)] | [Formula::Div(one, v), u]
                    if one.is_integer(1) && whole(u) =>
                {
                    Some(u.clone().over(v.as_ref().clone()).into())
                }
                _ => None,
            }
        }
        Formula::Div(u, v) if v.is_integer(1) => Some(u.as_ref().clone().into()),
        Formula::Pow(u, v) if v.is_integer(1) => Some(u.as_ref().clone().into()),
        Formula::Pow(_, v) if v.is_integer(0) => Some(Formula::integer(1).into()),
        _ => None,
    }
}

/// Signs go outwards and meet.
pub fn signs(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let unsigned = |u: &Formula| match u {
        Formula::Neg(v) => Some(v.as_ref().clone()),
        Formula::Number(q) if q.is_negative() => Some(Formula::Number(q.neg())),
        _ => None,
    };
    match f {
        Formula::Neg(u) => match u.as_ref() {
            Formula::Neg(v) => Some(v.as_ref().clone().into()),
            Formula::Number(q) if q.is_negative() => Some(Formula::Number(q.neg()).into()),
            Formula::Sub(a, b) => Some(b.as_ref().clone().less(a.as_ref().clone()).into()),
            _ => None,
        },
        Formula::Mul(factors) => {
            let count = factors.iter().filter(|u| unsigned(u).is_some()).count();
            if count == 0 {
                return None;
            }
            let bare = factors.iter().map(|u| unsigned(u).unwrap_or_else(|| u.clone())).collect();
            let product = Formula::Mul(bare);
            Some(if count % 2 == 1 { product.negative().into() } else { product.into() })
        }
        Formula::Div(u, v) => match (unsigned(u), unsigned(v)) {
            (None, None) => None,
            (Some(u), Some(v)) => Some(u.over(v).into()),
            (Some(u), None) => Some(u.over(v.as_ref().clone()).negative().into()),
            (None, Some(v)) => Some(u.as_ref().clone().over(v).negative().into()),
        },
        Formula::Sum { ranges, body } => match body.as_ref() {
            Formula::Neg(u) => {
                Some(Formula::Sum { ranges: ranges.clone(), body: u.clone() }.negative().into())
            }
            _ => None,
        },
        Formula::Sub(u, v) => match v.as_ref() {
            Formula::Neg(v) => {
                Some(Formula::Add(vec![u.as_ref().clone(), v.as_ref().clone()]).into())
            }
            _ => None,
        },
        // −a + b is b − a.
        Formula::Add(terms) => match terms.as_slice() {
            [a, Formula::Neg(b)] if unsigned(a).is_none() => {
                Some(a.clone().less(b.as_ref().clone()).into())
            }
            [Formula::Neg(a), b] if unsigned(b).is_none() => {
                Some(b.clone().less(a.as_ref().clone()).into())
            }
            _ => None,
        },
        _ => None,
    }
}

/// Number factors are multiplied, and stand in front.
pub fn numbers(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let number = |u: &Formula| match u {
        Formula::Number(q) => Some(q.clone()),
        Formula::Whole(a) => a.as_number().map(Rational::from),
        _ => None,
    };
    match f {
        Formula::Whole(a) => Some(Formula::integer(a.as_number()?).into()),
        Formula::Mul(factors) => {
            let known: Vec<Rational> = factors.iter().filter_map(number).collect();
            if known.is_empty() || known.len() == 1 && number(&factors[0]).is_some() {
                return None;
            }
            let product = known.iter().try_fold(Rational::one(), |p, q| p.mul(q).ok())?;
            let rest = factors.iter().filter(|u| number(u).is_none()).cloned();
            Some(
                Formula::product([Formula::Number(product)].into_iter().chain(rest).collect())
                    .into(),
            )
        }
        Formula::Div(u, v) => {
            let below = number(v).filter(|q| !q.is_zero())?;
            let mut factors = u.factors();
            let above = number(&factors[0])?;
            factors[0] = Formula::Number(above.div(&below).ok()?);
            Some(Formula::product(factors).into())
        }
        Formula::Add(terms) => {
            let known: Vec<Rational> = terms.iter().filter_map(number).collect();
            if known.len() < 2 {
                return None;
            }
            let sum = known.iter().try_fold(Rational::zero(), |p, q| p.add(q).ok())?;
            let rest = terms.iter().filter(|u| number(u).is_none()).cloned();
            Some(Formula::total(rest.chain([Formula::Number(sum)]).collect()).into())
        }
        _ => None,
    }
}

/// (u/v)·v = u, (u·v)/v = u, u/u = 1, (u/v)/w = u/(v·w), √u·√u = u; whatever the letters of sums
/// are.
pub fn cancel(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let place = |all: &[Formula], one: &Formula| {
        let one = one.canonical();
        all.iter().position(|p| p.canonical() == one)
    };
    match f {
        Formula::Mul(factors) => {
            for (n, factor) in factors.iter().enumerate() {
                if let Formula::Call(Function::Sqrt, u) = factor
                    && factors[n + 1..].contains(factor)
                {
                    let mut all = factors.clone();
                    all.remove(n + 1 + place(&factors[n + 1..], factor)?);
                    all[n] = u.as_ref().clone();
                    return Some(Formula::product(all).into());
                }
                let Formula::Div(u, v) = factor else { continue };
                let below = v.factors();
                // (u/v)·(v/w) = u/w.
                let met = (0..factors.len()).filter(|m| *m != n).find_map(|m| {
                    let Formula::Div(a, b) = &factors[m] else { return None };
                    let above = a.factors();
                    let (k, at) = (0..above.len()).find_map(|k| {
                        let number = matches!(above[k], Formula::Number(_));
                        Some((k, (!number).then(|| place(&below, &above[k])).flatten()?))
                    })?;
                    let left = Formula::product(without(&above, k)).over(b.as_ref().clone());
                    Some((m, left, at))
                });
                if let Some((m, other, at)) = met {
                    let left = without(&below, at);
                    let mut all = factors.clone();
                    all[n] = match left.is_empty() {
                        true => u.as_ref().clone(),
                        false => u.as_ref().clone().over(Formula::product(left)),
                    };
                    all[m] = other;
                    return Some(Formula::product(all).into());
                }
                let hit = (0..factors.len()).find_map(|m| {
                    let number = matches!(factors[m], Formula::Number(_));
                    let found = (m != n && !number).then(|| place(&below, &factors[m]));
                    Some((m, found.flatten()?))
                });
                // (u/v)·v, or (1/(u/w))·(u/w), where the whole divisor is one factor.
                let whole = (0..factors.len())
                    .find(|m| *m != n && v.canonical() == factors[*m].canonical());
                let (m, left) = match (hit, whole) {
                    (_, Some(m)) => (m, Vec::new()),
                    (Some((m, at)), None) => (m, without(&below, at)),
                    (None, None) => continue,
                };
                let fraction = match left.is_empty() {
                    true => u.as_ref().clone(),
                    false => u.as_ref().clone().over(Formula::product(left)),
                };
                let mut all = factors.clone();
                all[n] = fraction;
                all.remove(m);
                return Some(Formula::product(all).into());
            }
            None
        }
        Formula::Div(u, v) => {
            if let Formula::Div(a, b) = u.as_ref() {
                let below = [b.factors(), v.factors()].concat();
                return Some(a.as_ref().clone().over(Formula::product(below)).into());
            }
            let (above, below) = (u.factors(), v.factors());
            let (m, n) = (0..above.len()).find_map(|m| {
                let number = matches!(above[m], Formula::Number(_));
                Some((m, (!number).then(|| place(&below, &above[m])).flatten()?))
            })?;
            let (above, below) = (without(&above, m), without(&below, n));
            let top = Formula::product(above);
            let applied = if below.is_empty() { top } else { top.over(Formula::product(below)) };
            Some(applied.into())
        }
        _ => None,
    }
}

fn without(factors: &[Formula], place: usize) -> Vec<Formula> {
    let mut rest = factors.to_vec();
    rest.remove(place);
    rest
}

/// Like terms, after multiplying out; only where the line becomes shorter.
pub fn collect(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let is_sum = matches!(f, Formula::Add(_) | Formula::Sub(..));
    if !is_sum || f.any(&|p| matches!(p, Formula::Partial { .. })) {
        return None;
    }
    let terms = expand(f)?;
    let write = |(factors, q): &(Vec<Formula>, Rational)| {
        let size = if q.is_negative() { q.neg() } else { q.clone() };
        let mut all = factors.clone();
        if !size.is_one() || all.is_empty() {
            all.insert(0, Formula::Number(size));
        }
        (Formula::product(all), q.is_negative())
    };
    // What is added before what is subtracted.
    let (minus, plus): (Vec<_>, Vec<_>) = terms.iter().map(write).partition(|(_, less)| *less);
    let mut all: Vec<Formula> = plus.into_iter().map(|(t, _)| t).collect();
    all.extend(minus.into_iter().map(|(t, _)| t.negative()));
    let short = match all.as_slice() {
        [a, Formula::Neg(b)] => a.clone().less(b.as_ref().clone()),
        _ => Formula::total(all),
    };
    (short.size() < f.size() && short != *f).then(|| short.into())
}

/// The formula as a sum of products of things that are neither, each product with its number, in
/// the order in which they first stand there.
fn expand(f: &Formula) -> Option<Vec<(Vec<Formula>, Rational)>> {
    let mut sum: Vec<(Vec<Formula>, Rational)> = Vec::new();
    let mut add = |factors: Vec<Formula>, q: Rational| -> Option<()> {
        let sorted = |factors: &[Formula]| {
            let mut all: Vec<Formula> = factors.iter().map(Formula::canonical).collect();
            all.sort();
            all
        };
        let own = sorted(&factors);
        let same = sum.iter_mut().find(|(have, _)| sorted(have) == own);
        match same {
            Some((_, have)) => *have = have.add(&q).ok()?,
            None => sum.push((factors, q)),
        }
        Some(())
    };
    match f {
        Formula::Add(terms) => {
            for term in terms {
                for (factors, q) in expand(term)? {
                    add(factors, q)?;
                }
            }
        }
        Formula::Sub(u, v) => {
            for (factors, q) in expand(u)? {
                add(factors, q)?;
            }
            for (factors, q) in expand(v)? {
                add(factors, q.neg())?;
            }
        }
        Formula::Neg(u) => {
            for (factors, q) in expand(u)? {
                add(factors, q.neg())?;
            }
        }
        Formula::Mul(all) => {
            let mut products = vec![(Vec::new(), Rational::one())];
            for one in all {
                let terms = expand(one)?;
                let mut next = Vec::new();
                for (factors, q) in &products {
                    for (more, k) in &terms {
                        next.push(([factors.as_slice(), more].concat(), q.mul(k).ok()?));
                    }
                }
                products = next;
                if products.len() > MAX_TERMS {
                    return None;
                }
            }
            for (factors, q) in products {
                add(factors, q)?;
            }
        }
        Formula::Number(q) => add(Vec::new(), q.clone())?,
        other => add(vec![other.clone()], Rational::one())?,
    }
    sum.retain(|(_, q)| !q.is_zero());
    (sum.len() <= MAX_TERMS).then_some(sum)
}

/// Factors without any of the indices stand before the sum.
pub fn out_of_the_sum(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let Formula::Sum { ranges, body } = f else { return None };
    let moves = |u: &Formula| ranges.iter().any(|r| u.mentions(&r.index));
    if let Formula::Div(u, v) = body.as_ref()
        && moves(u)
        && !moves(v)
        && !u.any(&|p| matches!(p, Formula::Bracket(Condition::Equal(..))))
    {
        let sum = Formula::Sum { ranges: ranges.clone(), body: u.clone() };
        return Some(sum.over(v.as_ref().clone()).into());
    }
    let Formula::Mul(factors) = body.as_ref() else { return None };
    let (inside, outside): (Vec<Formula>, Vec<Formula>) = factors.iter().cloned().partition(moves);
    if inside.is_empty() || outside.is_empty() {
        return None;
    }
    let sum = Formula::Sum { ranges: ranges.clone(), body: Box::new(Formula::product(inside)) };
    Some(Formula::product([outside, vec![sum]].concat()).into())
}

/// Σ_j c = N·c.
pub fn repeated_term(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let Formula::Sum { ranges, body } = f else { return None };
    let place = ranges.iter().position(|r| !body.mentions(&r.index))?;
    let mut rest = ranges.clone();
    let range = rest.remove(place);
    let factors = [vec![Formula::Whole(range.length)], body.factors()].concat();
    Some(Formula::sum(rest, Formula::product(factors)).into())
}

/// Σ_j t_j = 1, over the axes along which t is a distribution, whole.
pub fn sums_to_one(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    let Formula::Sum { ranges, body } = f else { return None };
    let Formula::Element(e) = body.as_ref() else { return None };
    let tensor = c.system.tensor(&e.tensor)?;
    let (_, axes) = c.system.distributions.iter().find(|(name, _)| *name == e.tensor)?;
    let mut rest: Vec<Range> = ranges.clone();
    for axis in axes {
        let index = e.at.get(*axis)?.as_index()?;
        let length = tensor.lengths.get(*axis)?;
        let place = rest.iter().position(|r| r.index == index && r.length == *length)?;
        let elsewhere = e.at.iter().enumerate().any(|(n, a)| n != *axis && a.mentions(index));
        if elsewhere {
            return None;
        }
        rest.remove(place);
    }
    Some(Formula::sum(rest, Formula::integer(1)).into())
}

/// A sum stands after the other factors, where it needs no parentheses.
pub fn sum_last(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let Formula::Mul(factors) = f else { return None };
    let is_sum = |u: &Formula| matches!(u, Formula::Sum { .. });
    if f.any(&|p| matches!(p, Formula::Partial { .. })) {
        return None;
    }
    let (sums, rest): (Vec<Formula>, Vec<Formula>) = factors.iter().cloned().partition(is_sum);
    let ordered = [rest, sums].concat();
    (ordered != *factors).then(|| Formula::Mul(ordered).into())
}
