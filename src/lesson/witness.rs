//! The formulas of a lesson in indices at the network's own sizes, in numbers: an element of each
//! layer's derivative is computed by the formula, and by the backward pass over tensors, which
//! shares no rule with it. What the replay at smaller sizes cannot see, a wrong length or a wrong
//! factor in a subscript, is seen here.

use super::ways::CellOf;
use crate::concrete::{self, Decide, Forward, Gradients, Values};
use crate::diag::{Error, Kind};
use crate::index::{Cell, Formula, IndexDerivation, IndexLemma, Letter, evaluate};
use crate::net::{Network, Op, QuantityId, Role};
use crate::scalar::{Interval, Scalar};

/// How many elements of each derivative are computed; of more, they are taken evenly, the first
/// and the last among them.
pub const MAX_WITNESSED: usize = 12;

/// How far apart two numbers may lie whose enclosures should meet, in units of the greatest
/// element of their tensor: a distribution sums to 1 but for a rounding.
const SLACK: f64 = 1e-9;

/// An enclosure wider than this, in the same units, says nothing.
const VAGUE: f64 = 1e-3;

/// How many elements agreed, those of `fulls` by their formulas without δ among them. None did where the network has no value at the points that were
/// tried, or its gradients there are all 0.
///
/// # Errors
/// Of kind `Internal`, where an element differs, which would be a fault of backproof.
pub(super) fn witness(
    net: &Network,
    derivation: &IndexDerivation,
    fulls: &[(CellOf, &Formula)],
) -> Result<usize, Error> {
    let mut ids: Vec<QuantityId> =
        derivation.lemmas.iter().filter_map(|l| net.find(&l.by.tensor.name)).collect();
    ids.sort_unstable();
    ids.dedup();
    for attempt in 0..3 {
        let values = point(net, attempt);
        let Ok(forward) = concrete::forward(net, &values, Decide::ByValue) else { continue };
        let Ok(gradients) = concrete::backward(net, &forward, &ids) else { continue };
        let run = Run { net, derivation, forward, gradients };
        let mut agreed = 0;
        for lemma in &derivation.lemmas {
            agreed += run.compare(lemma)?;
        }
        for (cell, formula) in fulls {
            agreed += run.compare_full(*cell, formula)?;
        }
        if agreed > 0 {
            return Ok(agreed);
        }
    }
    Ok(0)
}

struct Run<'a> {
    net: &'a Network,
    derivation: &'a IndexDerivation,
    forward: Forward<Interval>,
    gradients: Gradients<Interval>,
}

impl Run<'_> {
    /// How many elements of one derivative agree.
    fn compare(&self, lemma: &IndexLemma) -> Result<usize, Error> {
        let Some(id) = self.net.find(&lemma.by.tensor.name) else { return Ok(0) };
        let Some(theirs) = self.gradients.of(id) else { return Ok(0) };
        let scale = greatest(theirs);
        if scale == 0.0 {
            return Ok(0);
        }
        let shape = self.net.shape(id);
        let mut agreed = 0;
        for position in spread(theirs.len()) {
            let at = shape.index(position);
            // An axis of length 1 has the subscript 0 and no letter.
            let letters = lemma.by.at.iter().zip(&at).filter_map(|(subscript, n)| {
                Some((Letter::Index(subscript.as_index()?.to_string()), *n as i64))
            });
            let letters = letters.collect();
            agreed += self.element(&lemma.result, letters, theirs[position], scale, &|| {
                format!("the formula for {} differs from the backward pass at {at:?}", lemma.goal)
            })?;
        }
        Ok(agreed)
    }

    /// Whether a derivative without δ agrees.
    fn compare_full(&self, (id, position): CellOf, formula: &Formula) -> Result<usize, Error> {
        let Some(theirs) = self.gradients.of(id) else { return Ok(0) };
        let scale = greatest(theirs);
        if scale == 0.0 {
            return Ok(0);
        }
        self.element(formula, Vec::new(), theirs[position], scale, &|| {
            let name = &self.net.quantity(id).name;
            format!("the derivative by {name}, with every δ put in, differs from the backward pass")
        })
    }

    /// 1 where a formula agrees with a number, 0 where nothing can be said.
    fn element(
        &self,
        formula: &Formula,
        letters: Vec<(Letter, i64)>,
        theirs: Interval,
        scale: f64,
        what: &dyn Fn() -> String,
    ) -> Result<usize, Error> {
        let value = evaluate(&self.derivation.system, formula, letters, &|c| self.cell(c));
        // A formula may pass by a point where a part of it has no value, such as ln 0 · 0.
        let Ok(ours) = value else { return Ok(0) };
        if ours.lower.max(theirs.lower) - ours.upper.min(theirs.upper) > SLACK * scale {
            return Err(Error::new(Kind::Internal, what())
                .hint("this is a fault of backproof; nothing was printed that is not proved"));
        }
        Ok(usize::from(ours.width().max(theirs.width()) <= VAGUE * scale))
    }

    fn cell(&self, cell: &Cell) -> Option<Interval> {
        let id = self.net.find(&cell.name)?;
        let at: Option<Vec<usize>> = cell.at.iter().map(|n| usize::try_from(*n).ok()).collect();
        let position = self.net.shape(id).position(&at?)?;
        let elements = if cell.delta { self.gradients.of(id) } else { self.forward.of(id) };
        elements?.get(position).cloned()
    }
}

/// The greatest absolute value.
fn greatest(all: &[Interval]) -> f64 {
    all.iter().map(|x| x.lower.abs().max(x.upper.abs())).fold(0.0, f64::max)
}

/// At most [`MAX_WITNESSED`] positions below `count`, the first and the last among them.
fn spread(count: usize) -> impl Iterator<Item = usize> {
    let taken = count.min(MAX_WITNESSED);
    (0..taken).map(move |n| if taken < 2 { 0 } else { n * (count - 1) / (taken - 1) })
}

/// A point: the given values, and drawn ones for other leaves; weights of a size at which layers
/// of many inputs do not saturate. Attempts after the first draw positive numbers only.
fn point(net: &Network, attempt: u64) -> Values<Interval> {
    let mut values = Values::new();
    let mut state = 0x5eed + attempt;
    let distributions = net.distributions();
    for (id, quantity) in net.quantities() {
        if !matches!(net.node(quantity.node).op, Op::Leaf(_)) {
            continue;
        }
        let shape = net.shape(id);
        let inputs = shape.elements() / shape.lengths().first().copied().unwrap_or(1).max(1);
        let scale = match quantity.role {
            Role::Param => 1.5 / (inputs.max(1) as f64).sqrt(),
            _ => 1.0,
        };
        let distribution = distributions.iter().find(|n| n.quantity == id);
        let drawn: Vec<f64> = (0..shape.elements())
            .map(|_| {
                let unit = uniform(&mut state);
                let positive = attempt > 0 || distribution.is_some();
                if positive { 0.1 + 0.8 * unit } else { scale * (2.0 * unit - 1.0) }
            })
            .collect();
        let drawn = match distribution {
            Some(normalised) => shares(shape.lengths(), &normalised.axes, drawn),
            None => drawn,
        };
        let given = net.values().get(&id).filter(|_| attempt == 0);
        let cells = match given {
            Some(given) => given.iter().map(Interval::from_rational).collect(),
            None => drawn.into_iter().map(Interval::point).collect::<Result<Vec<_>, _>>(),
        };
        values.insert(id, cells.unwrap_or_default());
    }
    values
}

/// The numbers divided by their sum along the axes.
fn shares(lengths: &[usize], axes: &[usize], mut numbers: Vec<f64>) -> Vec<f64> {
    let shape = crate::net::Shape::new(lengths);
    let kept = shape.without(axes);
    let place = |position: usize| {
        let at = shape.index(position);
        let at: Vec<usize> = (0..at.len()).filter(|i| !axes.contains(i)).map(|i| at[i]).collect();
        kept.position(&at).unwrap_or_default()
    };
    let mut sums = vec![0.0; kept.elements()];
    numbers.iter().enumerate().for_each(|(n, x)| sums[place(n)] += x);
    numbers.iter_mut().enumerate().for_each(|(n, x)| *x /= sums[place(n)]);
    numbers
}

/// A number from 0 to 1. Source: SplitMix64, Steele, Lea and Flood 2014.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{self, Affine, Formula, TensorName};

    fn derived(text: &str, by: &str) -> (Network, IndexDerivation) {
        let net = crate::parse_network(text).unwrap();
        let system = index::of_network(&net).unwrap();
        let derivation = index::derive(&system, &[TensorName::new(by)]).unwrap();
        (net, derivation)
    }

    #[test]
    fn an_axis_of_length_1_has_no_letter() {
        let text = "input x[1, 6, 5]\nparam w[2, 1, 3, 2], b[2]\ntarget t[2, 4, 4]\n\
                    c = conv(x, w, b)\nE = sum((c - t)^2)";
        let (net, derivation) = derived(text, "w");
        assert!(witness(&net, &derivation, &[]).unwrap() >= 2 * MAX_WITNESSED);
    }

    #[test]
    fn a_wrong_subscript_or_length_is_seen() {
        let text = "input x[9, 9]\nparam w[3, 3]\nc = conv(x, w, stride: 2)\nE = sum(c^2)";
        let (net, derivation) = derived(text, "w");
        assert!(witness(&net, &derivation, &[]).unwrap() > 12);
        let last = derivation.lemmas.len() - 1;
        let forms: [&dyn Fn(&Affine) -> Affine; 2] =
            [&|a| if a.to_string() == "2i + m" { a.plus_number(1) } else { a.clone() }, &|a| {
                if a.as_number() == Some(4) { Affine::number(3) } else { a.clone() }
            }];
        for form in forms {
            let mut wrong = derivation.clone();
            let result = altered(&wrong.lemmas[last].result, form);
            assert_ne!(result, wrong.lemmas[last].result);
            wrong.lemmas[last].result = result;
            assert!(witness(&net, &wrong, &[]).is_err());
        }
    }

    /// The formula with other forms.
    fn altered(formula: &Formula, form: &dyn Fn(&Affine) -> Affine) -> Formula {
        match formula {
            Formula::Element(e) => Formula::Element(e.map(form)),
            Formula::Sum { ranges, body } => Formula::Sum {
                ranges: ranges
                    .iter()
                    .map(|r| index::Range::new(&r.index, form(&r.length)))
                    .collect(),
                body: Box::new(altered(body, form)),
            },
            other => {
                let children = other.children().into_iter().map(|c| altered(c, form)).collect();
                other.rebuild(children)
            }
        }
    }
}
