//! Whether lines of two derivations say the same of a layer and of a smaller one: the same
//! operations on the same tensors, with other letters and other sizes.
//!
//! In: two lemmas and the systems they are of. Out: yes or no. What always holds: two lines that
//! are alike have the same functions, primes, conditions and names, their letters correspond one
//! to one, and where their numbers differ, they differ as the sizes of the two layers do.

use std::collections::{BTreeMap, BTreeSet};

use crate::index::{
    Affine, Condition, Element, Formula, IndexLemma, Letter, Range, System, TensorName,
};
use crate::ordered::Ordered;
use crate::scalar::{Rational, Scalar};

/// What a number in the one is in the other: by which factors the sizes differ.
#[derive(Default)]
pub(super) struct Sizes {
    factors: BTreeSet<Rational>,
}

impl Sizes {
    /// Read off what both systems define: the lengths of their tensors, and the numbers at the
    /// same places of their definitions. `None` where these are not made alike.
    pub(super) fn new(own: &System, other: &System, losses: [&TensorName; 2]) -> Option<Sizes> {
        let mut pairs = Pairs::new(None, losses);
        for small in &other.tensors {
            let Some(large) = own.tensor(&small.name) else { continue };
            let lengths = large.lengths.iter().zip(&small.lengths);
            if large.lengths.len() != small.lengths.len()
                || !lengths.into_iter().all(|(a, b)| pairs.forms(a, b))
            {
                return None;
            }
            // What the smaller system leaves open is a leaf of the layer.
            let (Some(a), Some(b)) = (&large.definition, &small.definition) else { continue };
            if !pairs.bound(&a.axes, &b.axes, |pairs| pairs.formulas(&a.body, &b.body)) {
                return None;
            }
        }
        let one: Vec<Rational> = pairs.found.into_iter().collect();
        let mut factors = BTreeSet::from_iter(one.iter().cloned());
        // A mean of a mean has the product of both counts.
        for a in &one {
            factors.extend(one.iter().flat_map(|b| [a.mul(b), a.div(b)]).flatten());
        }
        let turned = |factor: &Rational| Rational::from(1).div(factor).ok();
        let turned: Vec<Rational> = factors.iter().filter_map(turned).collect();
        factors.extend(turned);
        Some(Sizes { factors })
    }

    fn explain(&self, a: &Rational, b: &Rational) -> bool {
        a == b || a.div(b).is_ok_and(|factor| self.factors.contains(&factor))
    }
}

/// Whether two lemmas go the same way: the same rules at the same places, and every line alike.
pub(super) fn same_way(
    a: &IndexLemma,
    b: &IndexLemma,
    sizes: &Sizes,
    losses: [&TensorName; 2],
) -> bool {
    let line = |x: &Formula, y: &Formula| {
        let mut pairs = Pairs::new(Some(sizes), losses);
        pairs.bound(&a.free, &b.free, |pairs| pairs.formulas(x, y))
    };
    line(&a.goal, &b.goal)
        && a.steps.len() == b.steps.len()
        && a.steps.iter().zip(&b.steps).all(|(a, b)| {
            a.rule == b.rule && a.site == b.site && a.uses.is_some() == b.uses.is_some()
        })
        && a.steps.iter().zip(&b.steps).all(|(a, b)| line(&a.after, &b.after))
}

/// A walk through two formulas at once.
struct Pairs<'a> {
    /// What may differ; all numbers may, and are noted, where it is to be found out.
    sizes: Option<&'a Sizes>,
    found: BTreeSet<Rational>,
    losses: [&'a TensorName; 2],
    letters: Vec<(String, String)>,
}

impl<'a> Pairs<'a> {
    fn new(sizes: Option<&'a Sizes>, losses: [&'a TensorName; 2]) -> Pairs<'a> {
        Pairs { sizes, found: BTreeSet::new(), losses, letters: Vec::new() }
    }

    fn numbers(&mut self, a: &Rational, b: &Rational) -> bool {
        match self.sizes {
            Some(sizes) => sizes.explain(a, b),
            None => {
                if a != b {
                    self.found.extend(a.div(b));
                }
                true
            }
        }
    }

    /// Runs `inner` with these letters bound.
    fn bound(&mut self, a: &[Range], b: &[Range], inner: impl FnOnce(&mut Self) -> bool) -> bool {
        let known = self.letters.len();
        let mut alike = a.len() == b.len();
        for (a, b) in a.iter().zip(b) {
            alike &= self.forms(&a.length, &b.length);
            self.letters.push((a.index.clone(), b.index.clone()));
        }
        let alike = alike && inner(self);
        self.letters.truncate(known);
        alike
    }

    fn forms(&mut self, a: &Affine, b: &Affine) -> bool {
        // The innermost binding of a letter is the one that counts.
        let put = |letter: &Letter| match letter {
            Letter::Index(name) => {
                let (_, other) = self.letters.iter().rev().find(|(own, _)| own == name)?;
                Some(Affine::index(other))
            }
            _ => None,
        };
        let terms = |form: &Affine| -> BTreeMap<Vec<Letter>, i64> {
            form.terms().map(|(letters, n)| (letters.to_vec(), n)).into_map()
        };
        let (own, other) = (terms(&a.substitute(&put)), terms(b));
        own.len() == other.len()
            && own.into_iter().zip(other).all(|((x, n), (y, m))| {
                x == y && self.numbers(&Rational::from(n), &Rational::from(m))
            })
    }

    fn elements(&mut self, a: &Element, b: &Element) -> bool {
        let is_loss = [a.tensor == *self.losses[0], b.tensor == *self.losses[1]];
        (a.tensor == b.tensor || is_loss == [true; 2])
            && a.at.len() == b.at.len()
            && a.at.iter().zip(&b.at).all(|(a, b)| self.forms(a, b))
    }

    fn conditions(&mut self, a: &Condition, b: &Condition) -> bool {
        match (a, b) {
            (Condition::Equal(a, c), Condition::Equal(b, d)) => {
                self.forms(a, b) && self.forms(c, d)
            }
            (
                Condition::Within { value: a, length: c },
                Condition::Within { value: b, length: d },
            ) => self.forms(a, b) && self.forms(c, d),
            _ => false,
        }
    }

    fn all(&mut self, a: &[Formula], b: &[Formula]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.formulas(a, b))
    }

    fn formulas(&mut self, a: &Formula, b: &Formula) -> bool {
        use Formula as F;
        match (a, b) {
            (F::Number(a), F::Number(b)) => self.numbers(a, b),
            (F::Whole(a), F::Whole(b)) => self.forms(a, b),
            (F::Element(a), F::Element(b)) => self.elements(a, b),
            (F::Partial { of: a, by: c }, F::Partial { of: b, by: d }) => {
                self.elements(c, d) && self.formulas(a, b)
            }
            (F::Sum { ranges: r, body: a }, F::Sum { ranges: s, body: b }) => {
                self.bound(r, s, |pairs| pairs.formulas(a, b))
            }
            (
                F::Max { ranges: r, within: v, body: a },
                F::Max { ranges: s, within: w, body: b },
            ) => self.bound(r, s, |pairs| {
                v.len() == w.len()
                    && v.iter().zip(w).all(|(v, w)| pairs.conditions(v, w))
                    && pairs.formulas(a, b)
            }),
            (F::Wins { max: a, at: p, of: x }, F::Wins { max: b, at: q, of: y }) => {
                let named = match (x, y) {
                    (Some(x), Some(y)) => self.elements(x, y),
                    (x, y) => x.is_none() && y.is_none(),
                };
                named
                    && p.len() == q.len()
                    && p.iter().zip(q).all(|(p, q)| self.forms(p, q))
                    && self.formulas(a, b)
            }
            (F::Bracket(a), F::Bracket(b)) => self.conditions(a, b),
            (F::Neg(a), F::Neg(b)) => self.formulas(a, b),
            (F::Add(a), F::Add(b)) | (F::Mul(a), F::Mul(b)) | (F::MaxOf(a), F::MaxOf(b)) => {
                self.all(a, b)
            }
            (F::Sub(a, c), F::Sub(b, d))
            | (F::Div(a, c), F::Div(b, d))
            | (F::Pow(a, c), F::Pow(b, d)) => self.formulas(a, b) && self.formulas(c, d),
            (F::Call(f, a), F::Call(g, b)) => f == g && self.formulas(a, b),
            (
                F::Apply { name: f, primes: p, argument: a },
                F::Apply { name: g, primes: q, argument: b },
            ) => f == g && p == q && self.formulas(a, b),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::changes;
    use super::*;
    use crate::index::{IndexStep, Rule, derive, of_network};
    use crate::lang::parse_network;

    fn lemma(text: &str) -> (System, IndexLemma) {
        let system = of_network(&parse_network(text).unwrap()).unwrap();
        let name = TensorName::new("w");
        let derivation = derive(&system, std::slice::from_ref(&name)).unwrap();
        let lemma = derivation.lemma(&name).unwrap().clone();
        (system, lemma)
    }

    fn dense(n: usize) -> (System, IndexLemma) {
        lemma(&format!("input x[{n}]\nparam w[{n}]\ny = tanh(w*x)\nE = mean(y^3) + exp(y[0])"))
    }

    fn same(a: &(System, IndexLemma), b: &(System, IndexLemma)) -> bool {
        let loss = TensorName::new("E");
        let losses = [&loss, &loss];
        let sizes = Sizes::new(&a.0, &b.0, losses).unwrap();
        same_way(&a.1, &b.1, &sizes, losses)
    }

    /// Lemmas go the same way where each step does, in its rule, its place and its line.
    #[test]
    fn every_step_of_the_smaller_lemma_is_that_of_the_larger() {
        let large = dense(500);
        assert!(large.1.steps.len() > 3 && same(&large, &dense(3)));
        for n in 0..large.1.steps.len() {
            let changed = |change: fn(&mut IndexStep)| {
                let mut other = dense(3);
                change(&mut other.1.steps[n]);
                other
            };
            let rule = |step: &mut IndexStep| {
                step.rule =
                    if step.rule == Rule::Collapse { Rule::SumsToOne } else { Rule::Collapse };
            };
            assert!(!same(&large, &changed(rule)), "{n}");
            assert!(!same(&large, &changed(|step| step.site.push(0))), "{n}");
            let more = |step: &mut IndexStep| {
                step.after = Formula::Add(vec![step.after.clone(), Formula::integer(1)]);
            };
            assert!(!same(&large, &changed(more)), "{n}");
            let used = |step: &mut IndexStep| step.uses = step.uses.xor(Some(0));
            assert!(!same(&large, &changed(used)), "{n}");
        }
        let mut shorter = dense(3);
        shorter.1.steps.pop();
        assert!(!same(&large, &shorter));
    }

    /// No change of a number, a function, a subscript, a condition or an operation goes the same
    /// way, wherever in whichever line it stands.
    #[test]
    fn no_line_with_a_change_is_alike() {
        let convolution = |n: usize| {
            lemma(&format!(
                "input x[{n}, {n}]\nparam w[3, 3]\nc = conv(x, w, padding: 1)\nE = mean(relu(c)^2)"
            ))
        };
        let softmax = |n: usize| {
            lemma(&format!(
                "param w[{n}]\ntarget t[{n}]\ny = softmax(w)\nE = -mean(t*ln(y)) + 3*sum(w^2)"
            ))
        };
        for [large, small] in
            [[dense(500), dense(3)], [convolution(30), convolution(5)], [softmax(400), softmax(4)]]
        {
            assert!(same(&large, &small));
            let mut tried = 0;
            for n in 0..large.1.steps.len() {
                for other in changes(&large.1.steps[n].after) {
                    let mut changed = large.1.clone();
                    changed.steps[n].after = other;
                    tried += 1;
                    let changed = (large.0.clone(), changed);
                    assert!(!same(&changed, &small), "{}", changed.1.steps[n].after);
                }
            }
            assert!(tried > 80, "{tried}");
        }
    }

    /// Formulas are alike that differ in letters and in the loss, and no others.
    #[test]
    fn formulas_are_alike_but_for_letters_and_the_loss() {
        let losses = [TensorName::new("E"), TensorName::new("L")];
        let sizes = Sizes { factors: BTreeSet::from([Rational::from(100)]) };
        let alike = |a: &Formula, b: &Formula| {
            let mut pairs = Pairs::new(Some(&sizes), [&losses[0], &losses[1]]);
            let range = |letter: &str, n: usize| [Range::new(letter, n)];
            pairs.bound(&range("i", 300), &range("k", 3), |pairs| pairs.formulas(a, b))
        };
        let element = |name: &str, letters: &[&str]| {
            let at: Vec<Affine> = letters.iter().map(|i| Affine::index(i)).collect();
            Formula::element(name, at)
        };
        let sum = |letters: &[&str], n: usize, of: &Formula| {
            let ranges = letters.iter().map(|i| Range::new(i, n)).collect();
            Formula::Sum { ranges, body: Box::new(of.clone()) }
        };
        let by = |f: &Formula| match f {
            Formula::Element(e) => e.clone(),
            _ => unreachable!("it is one"),
        };
        let apply = |name: &str, primes: u32| Formula::Apply {
            name: name.to_string(),
            primes,
            argument: Box::new(element("E", &[])),
        };
        let (x, y) = (element("x", &["i"]), element("x", &["k"]));
        let (u, v) = (element("u", &["i"]), element("u", &["k"]));
        let same = [
            (x.clone(), y.clone()),
            (Formula::integer(2), Formula::integer(2)),
            (Formula::integer(200), Formula::integer(2)),
            (element("E", &[]), element("L", &[])),
            (sum(&["j"], 300, &x), sum(&["l"], 3, &y)),
            // The innermost binding counts.
            (sum(&["i"], 300, &x), sum(&["l"], 3, &element("x", &["l"]))),
            (x.clone().partial(&by(&x)), y.clone().partial(&by(&y))),
        ];
        for (a, b) in &same {
            assert!(alike(a, b), "{a} and {b}");
        }
        let other = [
            (x.clone(), v.clone()),
            (x.clone(), element("x", &["i"])),
            (x.clone(), element("x", &["k", "k"])),
            (x.clone(), Formula::integer(1)),
            (x.clone(), element("L", &[])),
            (Formula::integer(2), Formula::integer(3)),
            (Formula::integer(2), Formula::integer(200)),
            (apply("φ", 0), apply("φ", 1)),
            (apply("φ", 0), apply("ψ", 0)),
            (sum(&["j"], 300, &x), sum(&["l", "m"], 3, &y)),
            (sum(&["j"], 300, &x), sum(&["l"], 4, &y)),
            (sum(&["i"], 300, &x), sum(&["l"], 3, &y)),
            (x.clone().over(u.clone()), y.clone().less(v.clone())),
            (x.clone().negative(), y.clone()),
            (x.clone().partial(&by(&x)), y.clone().partial(&by(&v))),
            (x.clone().partial(&by(&x)), v.clone().partial(&by(&y))),
            (Formula::Add(vec![x.clone(), u.clone()]), Formula::Mul(vec![y.clone(), v.clone()])),
            (Formula::Add(vec![x.clone(), u.clone()]), Formula::Add(vec![v.clone(), y.clone()])),
            (Formula::Add(vec![x.clone(), u.clone()]), Formula::Add(vec![y.clone()])),
        ];
        for (a, b) in &other {
            assert!(!alike(a, b), "{a} and {b}");
        }
    }
}
