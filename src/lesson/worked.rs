//! One element of an indexed formula, worked out: the free indices get numbers, the sum is written
//! term by term, and terms whose bracket does not hold are left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::index::{
    Affine, Condition, Element, Formula, IndexDerivation, IndexLemma, Range, in_full, rests_on,
};

/// The most values of the indices of a sum that are gone through.
pub const MAX_TERMS: u64 = 1 << 20;

/// ∂E/∂x at one place, in terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Worked {
    /// The element, all subscripts known.
    pub element: Element,
    /// The formula with the indices put in, its sum not written out.
    pub formula: Formula,
    /// The sum written out, if the formula is one: a sign, the first terms, and the last one if
    /// terms were left out between.
    pub terms: Option<Terms>,
    /// Without δ, where the element was asked for by name and its derivative has any.
    pub full: Option<Full>,
}

/// A derivative without δ.
#[derive(Clone, Debug, PartialEq)]
pub struct Full {
    /// The formula; none where it would be too long to be read.
    pub formula: Option<Formula>,
    /// The places of the lemmas whose results are put in.
    pub used: BTreeSet<usize>,
}

/// The derivative of a worked element with every δ put in; none where it has no δ.
pub(super) fn full(derivation: &IndexDerivation, worked: &Worked) -> Option<Full> {
    let used = rests_on(derivation, &worked.formula);
    if used.is_empty() {
        return None;
    }
    Some(Full { formula: in_full(derivation, &worked.formula).map(|f| decided(&f)), used })
}

/// A sum written out.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Whether the whole is negated.
    pub negated: bool,
    /// The first terms.
    pub first: Vec<Formula>,
    /// How many were left out after them.
    pub omitted: u64,
    /// The last, if some were left out before it.
    pub last: Option<Formula>,
}

/// The element of a lemma at `at`, one number for each axis, with at most `most`
/// terms written.
pub fn worked(lemma: &IndexLemma, at: &[usize], most: usize) -> Worked {
    // An axis of length 1 has the subscript 0 and no letter.
    let put: BTreeMap<String, Affine> = lemma
        .by
        .at
        .iter()
        .zip(at)
        .filter_map(|(subscript, n)| Some((subscript.as_index()?.to_string(), Affine::from(*n))))
        .collect();
    let element = lemma.by.map(&|a| a.substitute(&|letter| put.get(letter.name()).cloned()));
    let formula = decided(&lemma.result.substitute(&put));
    let terms = match &formula {
        Formula::Sum { ranges, body } => terms(ranges, body, false, most),
        Formula::Neg(inner) => match inner.as_ref() {
            Formula::Sum { ranges, body } => terms(ranges, body, true, most),
            _ => None,
        },
        _ => None,
    };
    Worked { element, formula, terms, full: None }
}

fn terms(ranges: &[Range], body: &Formula, negated: bool, most: usize) -> Option<Terms> {
    let lengths: Vec<u64> = ranges
        .iter()
        .map(|r| r.length.as_number().and_then(|n| u64::try_from(n).ok()))
        .collect::<Option<_>>()?;
    let count =
        lengths.iter().try_fold(1u64, |n, l| n.checked_mul(*l)).filter(|n| *n <= MAX_TERMS)?;
    let mut found = Terms { negated, first: Vec::new(), omitted: 0, last: None };
    for number in 0..count {
        let mut rest = number;
        let mut put = BTreeMap::new();
        for (range, length) in ranges.iter().zip(&lengths).rev() {
            put.insert(range.index.clone(), Affine::number((rest % length) as i64));
            rest /= length;
        }
        if !holds(body, &put) {
            continue;
        }
        if found.first.len() < most {
            found.first.push(decided(&body.substitute(&put)));
        } else {
            found.omitted += u64::from(found.last.is_some());
            found.last = Some(decided(&body.substitute(&put)));
        }
    }
    Some(found)
}

/// Whether no bracket among the factors fails at these values.
fn holds(body: &Formula, put: &BTreeMap<String, Affine>) -> bool {
    let factors = match body {
        Formula::Mul(factors) => factors.as_slice(),
        one => std::slice::from_ref(one),
    };
    factors.iter().all(|factor| match factor {
        Formula::Bracket(c) => truth(&at(c, put)) != Some(false),
        _ => true,
    })
}

fn at(condition: &Condition, put: &BTreeMap<String, Affine>) -> Condition {
    condition.map(&|a| a.substitute(&|letter| put.get(letter.name()).cloned()))
}

/// Whether a condition holds, where it is one on numbers.
fn truth(condition: &Condition) -> Option<bool> {
    match condition {
        Condition::Equal(a, b) => Some(a.minus(b).as_number()? == 0),
        Condition::Within { value, length } => {
            let (value, length) = (value.as_number()?, length.as_number()?);
            Some((0..length).contains(&value))
        }
    }
}

/// The formula without the brackets that hold, as far as they are on numbers.
fn decided(formula: &Formula) -> Formula {
    let children = formula.children().into_iter().map(decided).collect();
    let rebuilt = formula.rebuild(children);
    match rebuilt {
        Formula::Mul(factors) => {
            let open = |f: &Formula| !matches!(f, Formula::Bracket(c) if truth(c) == Some(true));
            Formula::product(factors.into_iter().filter(open).collect())
        }
        other => other,
    }
}
