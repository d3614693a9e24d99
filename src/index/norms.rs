//! Normalisations in a network in indices, found by their form: μ = mean u, v = mean (u − μ)²,
//! s = √(v + ε) and x̂ = (u − μ)/s, whoever wrote them.

use std::collections::BTreeSet;

use super::formula::{Formula, Range, TensorName};
use super::system::{System, Tensor};
use crate::scalar::{Function, Rational};

/// A normalisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Norm {
    /// What is normalised, where that has a name.
    pub input: Option<TensorName>,
    /// μ.
    pub mean: TensorName,
    /// v.
    pub variance: TensorName,
    /// s, where it has a name.
    pub deviation: Option<TensorName>,
    /// x̂, where it has a name.
    pub normalised: Option<TensorName>,
}

/// The normalisations of a network, in the order of the definitions in which their x̂ stand.
pub fn norms(system: &System) -> Vec<Norm> {
    let mut found = Vec::new();
    for tensor in &system.tensors {
        let mut waiting: Vec<&Formula> = body(tensor).into_iter().collect();
        while let Some(part) = waiting.pop() {
            let whole = body(tensor) == Some(part);
            match norm(system, part) {
                Some(n) => found.push(Norm { normalised: whole.then(|| tensor.name.clone()), ..n }),
                None => waiting.extend(part.children().into_iter().rev()),
            }
        }
    }
    found
}

fn body(tensor: &Tensor) -> Option<&Formula> {
    tensor.definition.as_ref().map(|d| &d.body)
}

/// The normalisation whose x̂ this is.
fn norm(system: &System, hat: &Formula) -> Option<Norm> {
    let Formula::Div(centred, below) = hat else { return None };
    let Formula::Sub(u, mean) = centred.as_ref() else { return None };
    let Formula::Element(mean) = mean.as_ref() else { return None };
    let (root, deviation) = match below.as_ref() {
        Formula::Element(s) => (body(system.tensor(&s.tensor)?)?, Some(s.tensor.clone())),
        other => (other, None),
    };
    let Formula::Call(Function::Sqrt, under) = root else { return None };
    let variance = match under.as_ref() {
        Formula::Add(terms) => match terms.as_slice() {
            [Formula::Element(v), Formula::Number(_)]
            | [Formula::Number(_), Formula::Element(v)] => v,
            _ => return None,
        },
        Formula::Element(v) => v,
        _ => return None,
    };
    let (_, squares) = mean_of(body(system.tensor(&variance.tensor)?)?)?;
    let Formula::Pow(square, two) = squares else { return None };
    let Formula::Sub(_, other) = square.as_ref() else { return None };
    let same = matches!(other.as_ref(), Formula::Element(m) if m.tensor == mean.tensor);
    let (_, summed) = mean_of(body(system.tensor(&mean.tensor)?)?)?;
    let name = |f: &Formula| match f {
        Formula::Element(e) => Some(e.tensor.clone()),
        _ => None,
    };
    let found = same && two.is_integer(2) && name(summed) == name(u);
    found.then(|| Norm {
        input: name(u),
        mean: mean.tensor.clone(),
        variance: variance.tensor.clone(),
        deviation,
        normalised: None,
    })
}

/// The ranges and the term of a mean: of (Σ u)/N, where the sum has N terms.
pub fn mean_of(f: &Formula) -> Option<(&[Range], &Formula)> {
    let Formula::Div(sum, count) = f else { return None };
    let (Formula::Sum { ranges, body }, Formula::Number(n)) = (sum.as_ref(), count.as_ref()) else {
        return None;
    };
    let terms = ranges.iter().try_fold(1i64, |n, r| n.checked_mul(r.length.as_number()?))?;
    (*n == Rational::from(terms)).then_some((ranges.as_slice(), body.as_ref()))
}

impl System {
    /// The normalisation of that tensor, where it acts on the loss through nothing else and every
    /// part has a name: then the derivative by it has a closed form.
    pub fn norm_of(&self, input: &TensorName) -> Option<Norm> {
        let norm = norms(self).into_iter().find(|n| n.input.as_ref() == Some(input))?;
        let parts = BTreeSet::from([&norm.mean, &norm.variance, norm.normalised.as_ref()?]);
        let users: BTreeSet<&TensorName> = self.users(input).map(|t| &t.name).collect();
        (norm.deviation.is_some() && users == parts).then_some(norm)
    }
}
