//! The rules about brackets and sums: what always holds is dropped, and a sum over an index that
//! a bracket fixes collapses.

use std::collections::{BTreeMap, BTreeSet};

use super::super::affine::Affine;
use super::super::formula::{Condition, Formula, Range};
use super::super::letters::fresh;
use super::{Applied, Context};

/// Whether an equation stands in the formula outside of a derivative: something to collapse with.
fn has_equation(f: &Formula) -> bool {
    match f {
        Formula::Bracket(Condition::Equal(..)) => true,
        Formula::Partial { .. } | Formula::Wins { .. } => false,
        _ => f.children().into_iter().any(has_equation),
    }
}

fn has_partial(f: &Formula) -> bool {
    f.any(&|p| matches!(p, Formula::Partial { .. }))
}

/// [P] = 1 where P always holds; where it never does, it is 0, and so is what it stands before:
/// that need have no value.
pub fn decided(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    let condition = match f {
        Formula::Mul(factors) => {
            let never = |p: &Formula| matches!(p, Formula::Bracket(q) if c.scope.never(q));
            return factors.iter().any(never).then(|| Formula::integer(0).into());
        }
        Formula::Bracket(condition) => condition,
        _ => return None,
    };
    match condition {
        _ if c.scope.always(condition) => Some(Formula::integer(1).into()),
        _ if c.scope.never(condition) => Some(Formula::integer(0).into()),
        _ => None,
    }
}

/// [P]·[P] = [P].
pub fn repeated(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let Formula::Mul(factors) = f else { return None };
    let twice = |n: usize| {
        matches!(factors[n], Formula::Bracket(_) | Formula::Wins { .. })
            && factors[..n].contains(&factors[n])
    };
    let kept: Vec<Formula> =
        (0..factors.len()).filter(|n| !twice(*n)).map(|n| factors[n].clone()).collect();
    (kept.len() < factors.len()).then(|| Formula::product(kept).into())
}

/// Σ_i Σ_j u = Σ_{i,j} u.
pub fn join_sums(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let Formula::Sum { ranges, body } = f else { return None };
    let Formula::Sum { ranges: inner, body } = body.as_ref() else { return None };
    // The inner lengths may not depend on the outer indices; lengths are made of sizes.
    Some(Formula::Sum { ranges: [ranges.as_slice(), inner].concat(), body: body.clone() }.into())
}

/// Whether a sum holds an equation of its indices with others, so that it is better joined with
/// what stands around it before it collapses.
fn is_tied(sum: &Formula, c: &Context<'_>) -> bool {
    let Formula::Sum { ranges, body } = sum else { return false };
    let tied = |part: &Formula| match part {
        Formula::Bracket(Condition::Equal(a, b)) => {
            let equation = a.minus(b);
            let inner = |l: &str| ranges.iter().any(|r| r.index == l);
            let outer = |l: &str| c.scope.ranges.iter().any(|r| r.index == l && !inner(l));
            let letters = equation.letters();
            let indices = || letters.iter().filter(|l| l.is_index()).map(|l| l.name());
            // A free index of the line is no index of an outer sum; those come first in the scope.
            indices().any(inner) && indices().filter(|l| outer(l)).count() > 1
        }
        _ => false,
    };
    !has_partial(body) && body.any(&tied)
}

/// The sum with its letters changed where they stand in what is to go into it.
fn unlike(sum: &Formula, others: &[Formula], c: &Context<'_>) -> Formula {
    let mut theirs = BTreeSet::new();
    others.iter().for_each(|o| theirs.extend(o.letters()));
    let mut taken = c.taken.clone();
    let mut names = BTreeMap::new();
    for range in sum.binds().iter().filter(|r| theirs.contains(&r.index)) {
        let fresh = fresh(&range.index, &taken);
        taken.insert(fresh.clone());
        names.insert(range.index.clone(), fresh);
    }
    sum.rename(&names)
}

/// c·Σ_j u_j = Σ_j c·u_j, where that lets an index collapse.
pub fn into_the_sum(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    match f {
        Formula::Mul(factors) => {
            let place = factors.iter().position(|u| is_tied(u, c))?;
            let mut all = factors.clone();
            let sum = all.remove(place);
            let Formula::Sum { ranges, body } = unlike(&sum, &all, c) else { return None };
            all.splice(place..place, body.factors());
            Some(Formula::Sum { ranges, body: Box::new(Formula::Mul(all)) }.into())
        }
        Formula::Div(u, v) => {
            let divisor = std::slice::from_ref(v.as_ref());
            let Formula::Sum { ranges, body } = unlike(u, divisor, c) else { return None };
            if !has_equation(&body) || has_partial(&body) {
                return None;
            }
            Some(Formula::Sum { ranges, body: Box::new(body.over(v.as_ref().clone())) }.into())
        }
        _ => None,
    }
}

/// u·(v + w) = u·v + u·w, where an equation in v or w is to meet its sum, or a quotient its
/// divisor.
pub fn distribute(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    match f {
        Formula::Mul(factors) => {
            let cancels = |part: &Formula| {
                part.any(&|p| match p {
                    Formula::Div(_, v) => factors.contains(v),
                    _ => false,
                })
            };
            let place = factors.iter().position(|u| {
                let terms = matches!(u, Formula::Add(_) | Formula::Sub(..));
                terms && !has_partial(u) && (has_equation(u) || cancels(u))
            })?;
            let with = |term: &Formula| {
                let mut all = factors.clone();
                all.splice(place..=place, term.factors());
                Formula::Mul(all)
            };
            match &factors[place] {
                Formula::Add(terms) => {
                    let each = |t: &Formula| match t {
                        Formula::Neg(u) => with(u).negative(),
                        other => with(other),
                    };
                    Some(Formula::Add(terms.iter().map(each).collect()).into())
                }
                Formula::Sub(u, v) => Some(with(u).less(with(v)).into()),
                _ => None,
            }
        }
        Formula::Div(u, v) if has_equation(u) && !has_partial(u) => match u.as_ref() {
            Formula::Add(terms) => {
                let each = |t: &Formula| match t {
                    Formula::Neg(u) => u.as_ref().clone().over(v.as_ref().clone()).negative(),
                    other => other.clone().over(v.as_ref().clone()),
                };
                Some(Formula::Add(terms.iter().map(each).collect()).into())
            }
            Formula::Sub(a, b) => {
                let over = |x: &Formula| x.clone().over(v.as_ref().clone());
                Some(over(a).less(over(b)).into())
            }
            _ => None,
        },
        _ => None,
    }
}

/// Σ_j (u_j + v_j) = Σ_j u_j + Σ_j v_j, where an equation is to meet its sum.
pub fn split_sum(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let Formula::Sum { ranges, body } = f else { return None };
    if !has_equation(body) || has_partial(body) {
        return None;
    }
    let sum = |u: &Formula| Formula::Sum { ranges: ranges.clone(), body: Box::new(u.clone()) };
    match body.as_ref() {
        Formula::Add(terms) => {
            let each = |t: &Formula| match t {
                Formula::Neg(u) => sum(u).negative(),
                other => sum(other),
            };
            Some(Formula::Add(terms.iter().map(each).collect()).into())
        }
        Formula::Sub(u, v) => Some(sum(u).less(sum(v)).into()),
        _ => None,
    }
}

/// ([P]·u)/v = [P]·(u/v).
pub fn out_of_the_fraction(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let Formula::Div(u, v) = f else { return None };
    let is_bracket = |p: &Formula| matches!(p, Formula::Bracket(_) | Formula::Wins { .. });
    let factors = u.factors();
    let (brackets, rest): (Vec<Formula>, Vec<Formula>) =
        factors.into_iter().partition(|p| is_bracket(p));
    if brackets.is_empty() {
        return None;
    }
    let fraction = Formula::product(rest).over(v.as_ref().clone());
    Some(Formula::Mul([brackets, vec![fraction]].concat()).into())
}

/// One equation solved for one index of the sum.
struct Solution {
    factor: usize,
    range: usize,
    value: Affine,
    inside: bool,
}

/// Σ_m [m = c]·u_m = [0 ≤ c < M]·u_c. Of several indices that an equation fixes, one whose range
/// holds it always; or else the one that takes most values, so that the sum becomes short.
pub fn collapse(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    let Formula::Sum { ranges, body } = f else { return None };
    if has_partial(body) {
        return None;
    }
    let factors = body.factors();
    let mut best: Option<Solution> = None;
    for (factor, part) in factors.iter().enumerate() {
        let Formula::Bracket(Condition::Equal(a, b)) = part else { continue };
        let equation = a.minus(b);
        for (range, r) in ranges.iter().enumerate() {
            let Some((by, rest)) = equation.split(&r.index) else { continue };
            let value = match by.as_number() {
                Some(1) => rest.times_number(-1),
                Some(-1) => rest,
                _ => continue,
            };
            let inside = {
                let others = ranges.iter().filter(|o| o.index != r.index).cloned();
                let scope = c.scope.with(&others.collect::<Vec<_>>());
                scope.always(&Condition::Within { value: value.clone(), length: r.length.clone() })
            };
            let new = Solution { factor, range, value, inside };
            let better = match &best {
                None => true,
                Some(old) if old.inside != new.inside => new.inside,
                // The equations in their order, each for the longest of its ranges.
                Some(old) if old.factor != new.factor => false,
                Some(old) => longer(&ranges[new.range], &ranges[old.range], c),
            };
            if better {
                best = Some(new);
            }
        }
    }
    let Solution { factor, range, value, inside } = best?;
    let Range { index, length } = &ranges[range];
    let put = BTreeMap::from([(index.clone(), value.clone())]);
    let mut rest: Vec<Formula> = Vec::with_capacity(factors.len() + 1);
    for (n, part) in factors.iter().enumerate() {
        if n != factor {
            rest.push(part.substitute(&put));
        }
    }
    // Also where a bracket says who wins: an element outside of the window may be as great.
    if !inside {
        rest.push(Formula::within(value, length.clone()));
    }
    let mut others = ranges.clone();
    others.remove(range);
    Some(Formula::sum(others, Formula::product(rest)).into())
}

/// Whether the first range is longer than the second: by number, or provably; a symbol is taken
/// to be longer than a number.
fn longer(a: &Range, b: &Range, c: &Context<'_>) -> bool {
    match (a.length.as_number(), b.length.as_number()) {
        (Some(a), Some(b)) => a > b,
        (None, Some(_)) => true,
        (Some(_), None) => false,
        (None, None) => c.scope.nonnegative(&a.length.minus(&b.length)) && a.length != b.length,
    }
}
