//! A lemma about a large layer, proved at smaller sizes: the layer is made smaller, derived there
//! by the same rules at the same places, and every step is proved.

use std::collections::BTreeSet;

use super::layer::Layer;
use super::shrink::shrunk;
use super::{MAX_OWN_SIZE, SMALLER_SIZES, StepProof, follows, replay_lemma};
use crate::diag::{Error, Kind};
use crate::index::{
    Element, Formula, IndexDerivation, IndexLemma, TensorName, lemma as index_lemma, of_network,
};

/// Proves a lemma about a large layer by the same derivation of the same layer at smaller sizes:
/// the same rules at the same places, every step proved.
pub(super) fn replay_smaller(
    layer: &Layer,
    derivation: &IndexDerivation,
    lemma: &IndexLemma,
    used: &BTreeSet<usize>,
) -> Result<Vec<StepProof>, Error> {
    let too_large = || {
        Error::new(
            Kind::Limit,
            format!(
                "the gradient by `{}` cannot be proved: its layer has more than {MAX_OWN_SIZE} \
                 cells and products, and cannot be made smaller",
                lemma.by
            ),
        )
    };
    let mut proofs = vec![StepProof::Exact; lemma.steps.len()];
    for variant in 0..SMALLER_SIZES {
        let net = shrunk(&layer.net, variant).ok_or_else(too_large)?;
        let mut system = of_network(&net)?;
        let own = &derivation.system.loss;
        if layer.kept.contains(&own.name) {
            system.loss = own.clone();
        }
        let present = |(name, _): &&(TensorName, Vec<usize>)| system.tensor(name).is_some();
        system.distributions =
            derivation.system.distributions.iter().filter(present).cloned().collect();
        let reached: BTreeSet<TensorName> = system.tensors.iter().map(|t| t.name.clone()).collect();
        let mut lemmas = Vec::new();
        for place in used {
            let original = &derivation.lemmas[*place];
            let smaller = index_lemma(&system, &reached, &lemmas, &original.by.tensor)?;
            if !same_way(original, &smaller, [own, &system.loss]) {
                return Err(too_large());
            }
            lemmas.push(smaller);
        }
        let smaller = index_lemma(&system, &reached, &lemmas, &lemma.by.tensor)?;
        if !same_way(lemma, &smaller, [own, &system.loss]) {
            return Err(too_large());
        }
        follows(&smaller)?;
        let layer = Layer { net, kept: layer.kept.clone() };
        for (all, one) in proofs.iter_mut().zip(replay_lemma(&layer, &system, &smaller)?) {
            if one != StepProof::Exact {
                *all = one;
            }
        }
    }
    Ok(proofs)
}

/// Whether two lemmas go the same way: the same rules at the same places, and formulas that
/// differ in numbers and letters alone.
fn same_way(a: &IndexLemma, b: &IndexLemma, losses: [&TensorName; 2]) -> bool {
    fn alike(a: &Formula, b: &Formula, losses: [&TensorName; 2]) -> bool {
        let names = |e: &Element, loss: &TensorName| {
            (e.tensor != *loss).then(|| (e.tensor.clone(), e.at.len()))
        };
        let tensors = |f: &Formula, loss: &TensorName| match f {
            Formula::Element(e) | Formula::Partial { by: e, .. } => names(e, loss),
            _ => None,
        };
        let (own, other) = (a.children(), b.children());
        std::mem::discriminant(a) == std::mem::discriminant(b)
            && tensors(a, losses[0]) == tensors(b, losses[1])
            && a.binds().len() == b.binds().len()
            && own.len() == other.len()
            && own.into_iter().zip(other).all(|(a, b)| alike(a, b, losses))
    }
    a.steps.len() == b.steps.len()
        && a.steps.iter().zip(&b.steps).all(|(a, b)| {
            a.rule == b.rule && a.site == b.site && alike(&a.contractum, &b.contractum, losses)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{Rule, derive, of_network};
    use crate::lang::parse_network;

    /// Lemmas go the same way where each step does, in its rule, its place and its formula.
    #[test]
    fn every_step_of_the_smaller_lemma_is_that_of_the_larger() {
        let lemma = |n: usize| {
            let text = format!("input x[{n}]\nparam w[{n}]\ny = tanh(w*x)\nE = sum(y^2)");
            let system = of_network(&parse_network(&text).unwrap()).unwrap();
            let name = TensorName::new("w");
            derive(&system, std::slice::from_ref(&name)).unwrap().lemma(&name).unwrap().clone()
        };
        let loss = TensorName::new("E");
        let same = |a: &IndexLemma, b: &IndexLemma| same_way(a, b, [&loss, &loss]);
        let large = lemma(500);
        assert!(large.steps.len() > 3 && same(&large, &lemma(3)));
        for n in 0..large.steps.len() {
            let changed = |change: fn(&mut crate::index::IndexStep)| {
                let mut other = lemma(3);
                change(&mut other.steps[n]);
                other
            };
            let rule = |step: &mut crate::index::IndexStep| {
                step.rule =
                    if step.rule == Rule::Collapse { Rule::SumsToOne } else { Rule::Collapse };
            };
            assert!(!same(&large, &changed(rule)), "{n}");
            assert!(!same(&large, &changed(|step| step.site.push(0))), "{n}");
            let more = |step: &mut crate::index::IndexStep| {
                let old = step.contractum.clone();
                step.contractum = Formula::Add(vec![old, Formula::integer(1)]);
            };
            assert!(!same(&large, &changed(more)), "{n}");
        }
        let mut shorter = lemma(3);
        shorter.steps.pop();
        assert!(!same(&large, &shorter));
    }

    /// Formulas are alike that differ in numbers, in letters and in the loss, and no others.
    #[test]
    fn formulas_are_alike_but_for_numbers_and_letters() {
        use crate::index::{Affine, Range};
        let text = "input x[3]\nparam w[3]\ny = w*x\nE = sum(y)";
        let system = of_network(&parse_network(text).unwrap()).unwrap();
        let name = TensorName::new("w");
        let derivation = derive(&system, std::slice::from_ref(&name)).unwrap();
        let with = |formula: &Formula| {
            let mut lemma = derivation.lemma(&name).unwrap().clone();
            lemma.steps[0].contractum = formula.clone();
            lemma
        };
        let losses = [TensorName::new("E"), TensorName::new("L")];
        let alike =
            |a: &Formula, b: &Formula| same_way(&with(a), &with(b), [&losses[0], &losses[1]]);
        let element = |name: &str, letters: &[&str]| {
            let at: Vec<Affine> = letters.iter().map(|i| Affine::index(i)).collect();
            Formula::element(name, at)
        };
        let (x, u) = (element("x", &["i"]), element("u", &["i"]));
        let sum = |letters: &[&str], n: usize| {
            let ranges = letters.iter().map(|i| Range::new(i, n)).collect();
            Formula::Sum { ranges, body: Box::new(x.clone()) }
        };
        let by = |f: &Formula| match f {
            Formula::Element(e) => e.clone(),
            _ => unreachable!("it is one"),
        };
        let same = [
            (x.clone(), element("x", &["j"])),
            (Formula::integer(2), Formula::integer(500)),
            (element("E", &[]), element("L", &[])),
            (sum(&["i"], 3), sum(&["k"], 500)),
            (x.clone().partial(&by(&x)), x.clone().partial(&by(&element("x", &["k"])))),
        ];
        for (a, b) in &same {
            assert!(alike(a, b), "{a} and {b}");
        }
        let other = [
            (x.clone(), u.clone()),
            (x.clone(), element("x", &["i", "j"])),
            (x.clone(), Formula::integer(1)),
            (x.clone(), element("L", &[])),
            (Formula::Add(vec![x.clone(), u.clone()]), Formula::Mul(vec![x.clone(), u.clone()])),
            (Formula::Add(vec![x.clone(), u.clone()]), Formula::Add(vec![u.clone(), x.clone()])),
            (Formula::Add(vec![x.clone(), u.clone()]), Formula::Add(vec![x.clone()])),
            (Formula::Add(vec![x.clone(), u.clone()]), Formula::Add(vec![x.clone(), x.clone()])),
            (x.clone().over(u.clone()), x.clone().less(u.clone())),
            (x.clone().negative(), x.clone()),
            (sum(&["i"], 3), sum(&["i", "j"], 3)),
            (x.clone().partial(&by(&x)), x.clone().partial(&by(&u))),
            (x.clone().partial(&by(&x)), u.clone().partial(&by(&x))),
        ];
        for (a, b) in &other {
            assert!(!alike(a, b) && !alike(b, a), "{a} and {b}");
        }
    }
}
