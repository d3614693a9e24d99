//! The loops themselves: the value of a formula that is ready, in any [`Algebra`].
//!
//! In: a part of a formula and the values of its letters. Out: its value, or nothing where a
//! bracket makes it 0 whatever the rest is.

use super::{Algebra, Compared, NoValue, Node, Slots, Written};
use crate::scalar::{Rational, Scalar};

/// The value, 0 where a bracket makes it so.
pub(super) fn whole<A: Algebra>(
    algebra: &mut A,
    node: &Node<'_>,
    slots: &mut Slots,
) -> Result<A::Value, NoValue> {
    match value(algebra, node, slots)? {
        Some(value) => Ok(value),
        None => algebra.number(&Rational::zero()),
    }
}

/// What is compared, and which of it stands at `at`.
fn candidates<A: Algebra>(
    algebra: &mut A,
    max: &Compared<'_>,
    at: Option<&[i64]>,
    slots: &mut Slots,
) -> Result<(Vec<A::Value>, Option<usize>), NoValue> {
    let (mut all, mut place) = (Vec::new(), None);
    match max {
        Compared::Few(parts) => {
            for part in parts {
                all.push(whole(algebra, part, slots)?);
            }
            if let Some([n]) = at {
                place = usize::try_from(*n).ok().filter(|n| *n < parts.len());
            }
        }
        Compared::Over { lengths, within, body } => {
            let outside = slots.values.len();
            slots.each(lengths, &mut |slots| {
                for test in within {
                    if !test.holds(&slots.values)? {
                        return Ok(());
                    }
                }
                if at.is_some_and(|at| slots.values[outside..] == *at) {
                    place = Some(all.len());
                }
                all.push(whole(algebra, body, slots)?);
                Ok(())
            })?;
        }
        Compared::Nothing => {}
    }
    if all.is_empty() { Err(NoValue::Empty) } else { Ok((all, place)) }
}

/// The value, or `None` where a bracket makes it 0 whatever the rest is.
fn value<A: Algebra>(
    algebra: &mut A,
    node: &Node<'_>,
    slots: &mut Slots,
) -> Result<Option<A::Value>, NoValue> {
    slots.count()?;
    Ok(Some(match node {
        Node::Number(q) => algebra.number(q)?,
        Node::Whole(a) => algebra.number(&Rational::from(a.value(&slots.values)?))?,
        Node::Element(place) => {
            let cell = slots.cell(place)?;
            let element = algebra.element_at(place.number, &cell)?;
            slots.give(cell.at);
            element
        }
        Node::Partial { of, by } => {
            let place = by.number;
            let by = slots.cell(by)?;
            let slope = algebra.partial(Written { derived: of, by: place, slots }, &by)?;
            slots.give(by.at);
            slope
        }
        Node::Sum { lengths, body, recurs } => {
            let key = recurs.as_ref().map(|recurs| slots.key(recurs));
            if let Some(known) = key.as_deref().and_then(|key| algebra.kept(key)) {
                slots.spare.extend(key);
                return Ok(known);
            }
            let mut terms = Vec::new();
            slots.each(lengths, &mut |slots| {
                terms.extend(value(algebra, body, slots)?);
                Ok(())
            })?;
            let sum = total(algebra, terms)?;
            if let Some(key) = key {
                algebra.keep(key, sum.clone());
            }
            return Ok(sum);
        }
        Node::Max(max) => {
            let (mut all, _) = candidates(algebra, max, None, slots)?;
            if all.len() == 1 { all.swap_remove(0) } else { algebra.max(all)? }
        }
        Node::Wins { max, at } => {
            let at = at.iter().map(|a| a.value(&slots.values)).collect::<Result<Vec<_>, _>>()?;
            let (all, place) = candidates(algebra, max, Some(&at), slots)?;
            match place {
                None => return Ok(None),
                Some(_) if all.len() == 1 => algebra.number(&Rational::one())?,
                Some(place) => algebra.wins(all, place)?,
            }
        }
        Node::Bracket(test) => match test.holds(&slots.values)? {
            true => algebra.number(&Rational::one())?,
            false => return Ok(None),
        },
        Node::Neg(a) => match value(algebra, a, slots)? {
            Some(a) => algebra.neg(a)?,
            None => return Ok(None),
        },
        Node::Add(all) => {
            let mut terms = Vec::with_capacity(all.len());
            for one in all {
                terms.extend(value(algebra, one, slots)?);
            }
            return total(algebra, terms);
        }
        Node::Sub(both) => {
            match (value(algebra, &both[0], slots)?, value(algebra, &both[1], slots)?) {
                (None, None) => return Ok(None),
                (Some(a), None) => a,
                (None, Some(b)) => algebra.neg(b)?,
                (Some(a), Some(b)) => algebra.sub(a, b)?,
            }
        }
        Node::Mul { tests, winners, others } => {
            for test in tests {
                if !test.holds(&slots.values)? {
                    return Ok(None);
                }
            }
            let mut guards = Vec::with_capacity(winners.len());
            for one in winners {
                match value(algebra, one, slots)? {
                    Some(guard) => guards.push(guard),
                    None => return Ok(None),
                }
            }
            let mut factors = Vec::with_capacity(others.len() + guards.len());
            for one in others {
                match value(algebra, one, slots)? {
                    Some(factor) => factors.push(factor),
                    None => return Ok(None),
                }
            }
            factors.extend(guards);
            match factors.len() {
                0 => algebra.number(&Rational::one())?,
                1 => factors.swap_remove(0),
                _ => algebra.mul(factors)?,
            }
        }
        Node::Div(both) => match value(algebra, &both[0], slots)? {
            Some(a) => {
                let b = whole(algebra, &both[1], slots)?;
                algebra.div(a, b)?
            }
            None => return Ok(None),
        },
        Node::Pow(both, exponent) => {
            let a = whole(algebra, &both[0], slots)?;
            let b = whole(algebra, &both[1], slots)?;
            algebra.pow(a, b, *exponent)?
        }
        Node::Call(function, a) => {
            let a = whole(algebra, a, slots)?;
            algebra.call(*function, a)?
        }
        Node::Apply { name, primes, argument } => {
            let a = whole(algebra, argument, slots)?;
            algebra.apply(name, *primes, a)?
        }
    }))
}

fn total<A: Algebra>(
    algebra: &mut A,
    mut terms: Vec<A::Value>,
) -> Result<Option<A::Value>, NoValue> {
    Ok(match terms.len() {
        0 => None,
        1 => terms.pop(),
        _ => Some(algebra.add(terms)?),
    })
}
