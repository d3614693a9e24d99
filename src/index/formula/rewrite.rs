//! Rewriting of formulas: indices replaced or renamed, letters numbered, a part put in the place
//! of another. No substitution captures: a bound index that would catch a letter is renamed.

use std::collections::BTreeMap;

use super::super::affine::{Affine, Letter};
use super::super::letters::fresh;
use super::{Condition, Element, Formula, Range, TensorName};
use crate::ordered::Ordered;

impl Formula {
    /// The formula with forms in the place of free indices, all at once. A bound index that one
    /// of the forms mentions is renamed first.
    pub fn substitute(&self, put: &BTreeMap<String, Affine>) -> Formula {
        let mut put = put.clone();
        for range in self.binds() {
            put.remove(&range.index);
        }
        put.retain(|index, _| self.mentions(index));
        if put.is_empty() {
            return self.clone();
        }
        let captured = |r: &Range| put.values().any(|a| a.mentions(&r.index));
        if self.binds().iter().any(captured) {
            let mut taken = self.letters();
            for form in put.values() {
                taken.extend(form.letters().into_iter().map(|l| l.name().to_string()));
            }
            let mut renames = BTreeMap::new();
            for range in self.binds().iter().filter(|r| captured(r)) {
                let fresh = fresh(&range.index, &taken);
                taken.insert(fresh.clone());
                renames.insert(range.index.clone(), fresh);
            }
            return self.rename(&renames).substitute(&put);
        }
        let own = self.with_forms(&|a| {
            a.substitute(&|letter| match letter {
                Letter::Index(name) => put.get(name).cloned(),
                _ => None,
            })
        });
        // Child by child, for each may bind letters that the forms mention.
        let children = own.children().into_iter().map(|c| c.substitute(&put)).collect();
        own.rebuild(children)
    }

    /// The formula with its own bound indices renamed, here and in its body.
    pub fn rename(&self, names: &BTreeMap<String, String>) -> Formula {
        let put: BTreeMap<String, Affine> =
            names.iter().map(|(from, to)| (from.clone(), Affine::index(to))).into_map();
        let form = |a: &Affine| {
            a.substitute(&|letter| match letter {
                Letter::Index(name) => put.get(name).cloned(),
                _ => None,
            })
        };
        let renamed = |ranges: &[Range]| -> Vec<Range> {
            let index = |r: &Range| names.get(&r.index).unwrap_or(&r.index).clone();
            ranges.iter().map(|r| Range { index: index(r), length: r.length.clone() }).collect()
        };
        match self {
            Formula::Sum { ranges, body } => {
                Formula::Sum { ranges: renamed(ranges), body: Box::new(body.substitute(&put)) }
            }
            Formula::Max { ranges, within, body } => Formula::Max {
                ranges: renamed(ranges),
                within: within.iter().map(|c| c.map(&form)).collect(),
                body: Box::new(body.substitute(&put)),
            },
            _ => self.clone(),
        }
    }

    /// The formula with the forms mapped that stand in it itself, not in its children.
    fn with_forms(&self, form: &dyn Fn(&Affine) -> Affine) -> Formula {
        match self {
            Formula::Whole(a) => Formula::Whole(form(a)),
            Formula::Element(e) => Formula::Element(e.map(form)),
            Formula::Partial { of, by } => Formula::Partial { of: of.clone(), by: by.map(form) },
            Formula::Sum { ranges, body } => Formula::Sum {
                ranges: ranges.iter().map(|r| r.map(form)).collect(),
                body: body.clone(),
            },
            Formula::Max { ranges, within, body } => Formula::Max {
                ranges: ranges.iter().map(|r| r.map(form)).collect(),
                within: within.iter().map(|c| c.map(form)).collect(),
                body: body.clone(),
            },
            Formula::Wins { max, at, of } => Formula::Wins {
                max: max.clone(),
                at: at.iter().map(form).collect(),
                of: of.as_ref().map(|e| e.map(form)),
            },
            Formula::Bracket(c) => Formula::Bracket(c.map(form)),
            _ => self.clone(),
        }
    }

    /// The formula with its bound indices numbered in the order of their binders, and products in
    /// products spliced: equal for formulas that differ in the letters of their sums alone.
    pub fn canonical(&self) -> Formula {
        fn numbered(f: &Formula, next: &mut usize) -> Formula {
            let mut names = BTreeMap::new();
            for range in f.binds() {
                names.insert(range.index.clone(), format!("{next}"));
                *next += 1;
            }
            let own = f.rename(&names);
            let children = own.children().into_iter().map(|c| numbered(c, next)).collect();
            own.rebuild(children)
        }
        numbered(self, &mut 0).flat()
    }

    /// The formula with products in products and sums of terms in sums of terms spliced.
    pub fn flat(&self) -> Formula {
        let mut all = Vec::new();
        for child in self.children() {
            match (self, child.flat()) {
                (Formula::Mul(_), Formula::Mul(inner)) | (Formula::Add(_), Formula::Add(inner)) => {
                    all.extend(inner)
                }
                (_, one) => all.push(one),
            }
        }
        self.rebuild(all)
    }

    /// What stands at a site: the number of the child to take, from the root down.
    pub fn at(&self, site: &[u32]) -> Option<&Formula> {
        site.iter().try_fold(self, |f, n| f.children().get(*n as usize).copied())
    }

    /// The formula with another one at a site. A product put into a product is spliced into it,
    /// and a sum of terms into a sum of terms.
    pub fn put(&self, site: &[u32], new: Formula) -> Formula {
        let Some((first, rest)) = site.split_first() else {
            return new;
        };
        let slot = *first as usize;
        let mut all = Vec::new();
        for (n, child) in self.children().into_iter().enumerate() {
            if n != slot {
                all.push(child.clone());
                continue;
            }
            match (self, child.put(rest, new.clone())) {
                (Formula::Mul(_), Formula::Mul(inner)) | (Formula::Add(_), Formula::Add(inner)) => {
                    all.extend(inner)
                }
                (_, one) => all.push(one),
            }
        }
        self.rebuild(all)
    }
}

impl Element {
    /// The element with every form mapped.
    pub fn map(&self, form: &dyn Fn(&Affine) -> Affine) -> Element {
        Element {
            tensor: TensorName {
                layer: self.tensor.layer.as_ref().map(form),
                ..self.tensor.clone()
            },
            at: self.at.iter().map(form).collect(),
        }
    }
}

impl Range {
    fn map(&self, form: &dyn Fn(&Affine) -> Affine) -> Range {
        Range { index: self.index.clone(), length: form(&self.length) }
    }
}

impl Condition {
    /// The condition with both forms mapped.
    pub fn map(&self, form: &dyn Fn(&Affine) -> Affine) -> Condition {
        match self {
            Condition::Equal(a, b) => Condition::Equal(form(a), form(b)),
            Condition::Within { value, length } => {
                Condition::Within { value: form(value), length: form(length) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Below a product, too: Σ_l [j = l]·x[l] at j = l is Σ_q [l = q]·x[q].
    #[test]
    fn a_substitution_captures_nothing_at_any_depth() {
        let (j, l) = (Affine::index("j"), Affine::index("l"));
        let body = Formula::Mul(vec![
            Formula::equal(j.clone(), l.clone()),
            Formula::element("x", [l.clone()]),
        ]);
        let sum = Formula::sum(vec![Range::new("l", 3usize)], body);
        let product = Formula::Mul(vec![Formula::element("w", [j]), sum]);
        let put = BTreeMap::from([("j".to_string(), l)]);
        assert_eq!(product.substitute(&put).to_string(), "w[l]·Σ_q [l = q]·x[q]");
    }
}
