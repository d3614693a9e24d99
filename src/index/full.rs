//! A derivative without δ: every δ in a formula replaced by what was derived of it, down to the
//! loss.
//!
//! A result was derived at free indices within their ranges. Where a subscript of δ may leave
//! its range, a bracket of the same product keeps it away, and it stays in that product.

use std::collections::{BTreeMap, BTreeSet};

use super::affine::Affine;
use super::formula::{Element, Formula, TensorName};
use super::step::IndexDerivation;
use super::system::apart;
use crate::ordered::Ordered;

/// The largest number of formulas that a derivative without δ may be made of.
pub const MAX_FULL: usize = 400;

/// `formula` with every δ replaced; `None` where it would be made of more than [`MAX_FULL`] formulas, or no lemma speaks of a δ.
///
/// ```
/// use backproof::index::{TensorName, derive, in_full, of_network};
/// let net = backproof::parse_network(
///     "input x[3]
///      param w[2, 3]
///      z = w @ x
///      a = tanh(z)
///      E = sum(a)",
/// )?;
/// let w = TensorName::new("w");
/// let derivation = derive(&of_network(&net)?, std::slice::from_ref(&w))?;
/// let result = &derivation.lemma(&w).unwrap().result;
/// assert_eq!(result.to_string(), "δ^z[i]·x[j]");
/// let full = in_full(&derivation, result).unwrap();
/// assert_eq!(full.to_string(), "x[j]·(1 − a[i]^2)");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn in_full(derivation: &IndexDerivation, formula: &Formula) -> Option<Formula> {
    let mut taken = derivation.system.reserved();
    taken.extend(formula.letters());
    let mut writer = Writer { derivation, taken, left: MAX_FULL };
    let full = tidy(&writer.formula(formula)?);
    (full.size() <= MAX_FULL).then_some(full)
}

/// The places of the lemmas that speak of the δ in a formula, and of those in their results.
pub fn rests_on(derivation: &IndexDerivation, formula: &Formula) -> BTreeSet<usize> {
    let mut used = BTreeSet::new();
    let mut waiting = vec![formula];
    while let Some(next) = waiting.pop() {
        let mut tensors = BTreeSet::new();
        next.tensors(&mut tensors);
        for tensor in tensors.into_iter().filter(|t| t.delta) {
            let name = TensorName { delta: false, ..tensor };
            let place = derivation.lemmas.iter().position(|l| l.by.tensor == name);
            if let Some(place) = place.filter(|place| used.insert(*place)) {
                waiting.push(&derivation.lemmas[place].result);
            }
        }
    }
    used
}

struct Writer<'a> {
    derivation: &'a IndexDerivation,
    taken: BTreeSet<String>,
    /// How many more formulas may be written.
    left: usize,
}

impl Writer<'_> {
    fn formula(&mut self, f: &Formula) -> Option<Formula> {
        self.left = self.left.checked_sub(1)?;
        match f {
            Formula::Element(e) if e.tensor.delta => self.delta(e),
            Formula::Mul(factors) => {
                // What is put in may be a long sum, and stands behind the rest.
                let is_delta = |u: &Formula| matches!(u, Formula::Element(e) if e.tensor.delta);
                let (deltas, rest): (Vec<&Formula>, Vec<&Formula>) =
                    factors.iter().partition(|u| is_delta(u));
                let (sums, plain): (Vec<&Formula>, Vec<&Formula>) =
                    rest.into_iter().partition(|u| matches!(u, Formula::Sum { .. }));
                let all = plain.into_iter().chain(sums).chain(deltas);
                Some(Formula::Mul(all.map(|u| self.formula(u)).collect::<Option<_>>()?))
            }
            other => {
                let children = other.children().into_iter().map(|c| self.formula(c));
                let children = children.collect::<Option<Vec<Formula>>>()?;
                Some(other.rebuild(children))
            }
        }
    }

    fn delta(&mut self, e: &Element) -> Option<Formula> {
        let name = TensorName { delta: false, ..e.tensor.clone() };
        let lemmas = &self.derivation.lemmas;
        let place = lemmas.iter().position(|l| l.by.tensor == name)?;
        let lemma = &lemmas[place];
        // No bound letter of the result may become one of those that are put in.
        self.taken.extend(lemma.free.iter().map(|r| r.index.clone()));
        self.taken.extend(e.at.iter().flat_map(letters));
        let result = apart(&lemma.result, &mut self.taken);
        let axes = lemma.by.at.iter().zip(&e.at);
        let put: BTreeMap<String, Affine> =
            axes.filter_map(|(l, at)| Some((l.as_index()?.to_string(), at.clone()))).into_map();
        self.formula(&result.substitute(&put))
    }
}

fn letters(a: &Affine) -> impl Iterator<Item = String> {
    a.letters().into_iter().map(|l| l.name().to_string())
}

/// Factors 1 are left out, and signs of factors stand before their product.
fn tidy(f: &Formula) -> Formula {
    let children = f.children().into_iter().map(tidy).collect();
    let rebuilt = f.rebuild(children).flat();
    let Formula::Mul(factors) = rebuilt else { return rebuilt };
    let mut negative = false;
    let mut all = Vec::new();
    for factor in factors {
        let mut factor = factor;
        while let Formula::Neg(inner) = factor {
            negative = !negative;
            factor = *inner;
        }
        match factor {
            Formula::Mul(inner) => all.extend(inner),
            one if one.is_integer(1) => {}
            other => all.push(other),
        }
    }
    let product = Formula::product(all);
    if negative { product.negative() } else { product }
}
