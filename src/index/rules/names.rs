//! Names put back: what a formula is defined as, found by laying the definition over it.

use std::collections::BTreeMap;

use super::super::affine::Affine;
use super::super::formula::{Condition, Element, Formula, Range};
use super::super::system::Definition;
use super::{Applied, Context};

/// The element whose definition is this formula, if a tensor of the network has one.
pub fn named(f: &Formula, c: &Context<'_>) -> Option<Element> {
    // A name for a lone element or number says less than what it stands for.
    if f.children().is_empty() {
        return None;
    }
    c.system.tensors.iter().filter(|t| t.name != *c.by).find_map(|tensor| {
        let Definition { axes, body } = tensor.definition.as_ref()?;
        let mut found = Match { axes, put: BTreeMap::new(), bound: Vec::new() };
        if !found.formula(body, f) {
            return None;
        }
        let at = axes.iter().map(|r| match (found.put.get(&r.index), r.length.as_number()) {
            (Some(form), _) => Some(form.clone()),
            (None, Some(1)) => Some(Affine::number(0)),
            (None, _) => None,
        });
        let at: Vec<Affine> = at.collect::<Option<_>>()?;
        // A cell outside of the tensor has no name.
        let inside = at.iter().zip(axes).all(|(value, r)| {
            let (value, length) = (value.clone(), r.length.clone());
            c.scope.always(&Condition::Within { value, length })
        });
        inside.then(|| Element { tensor: tensor.name.clone(), at })
    })
}

/// A pattern with free indices, laid over a formula.
struct Match<'a> {
    axes: &'a [Range],
    put: BTreeMap<String, Affine>,
    /// Bound letters: the pattern's and the formula's.
    bound: Vec<(String, String)>,
}

impl Match<'_> {
    fn formula(&mut self, pattern: &Formula, f: &Formula) -> bool {
        if std::mem::discriminant(pattern) != std::mem::discriminant(f) {
            return false;
        }
        let same = match (pattern, f) {
            (Formula::Number(a), Formula::Number(b)) => a == b,
            (Formula::Element(a), Formula::Element(b)) => a.tensor == b.tensor,
            (Formula::Call(a, _), Formula::Call(b, _)) => a == b,
            (
                Formula::Apply { name, primes, .. },
                Formula::Apply { name: other, primes: times, .. },
            ) => name == other && primes == times,
            (Formula::Bracket(a), Formula::Bracket(b)) => {
                std::mem::discriminant(a) == std::mem::discriminant(b)
            }
            (Formula::Max { within: a, .. }, Formula::Max { within: b, .. }) => {
                let kinds =
                    |c: &[Condition]| -> Vec<_> { c.iter().map(std::mem::discriminant).collect() };
                kinds(a) == kinds(b)
            }
            (Formula::Partial { .. } | Formula::Wins { .. }, _) => false,
            _ => true,
        };
        let (own, other) = (pattern.binds(), f.binds());
        if !same || own.len() != other.len() {
            return false;
        }
        let depth = self.bound.len();
        let letters = own.iter().zip(other).map(|(a, b)| (a.index.clone(), b.index.clone()));
        self.bound.extend(letters);
        let (forms, others) = (pattern.affines(), f.affines());
        let forms_match = forms.len() == others.len()
            && forms.into_iter().zip(others).all(|(a, b)| self.form(a, b));
        let (parts, given) = (pattern.children(), f.children());
        let all = forms_match
            && parts.len() == given.len()
            && parts.into_iter().zip(given).all(|(a, b)| self.formula(a, b));
        self.bound.truncate(depth);
        all
    }

    /// A free index of the pattern that is not yet known takes the value that makes the forms
    /// agree; otherwise they must agree as they are.
    fn form(&mut self, pattern: &Affine, form: &Affine) -> bool {
        let bound = |l: &str| self.bound.iter().rev().find(|(own, _)| own == l);
        let value = pattern.substitute(&|letter| {
            let name = letter.name();
            match bound(name) {
                _ if !letter.is_index() => None,
                Some((_, other)) => Some(Affine::index(other)),
                None => match self.put.get(name) {
                    Some(known) => Some(known.clone()),
                    None => Some(Affine::index(&unknown(name))),
                },
            }
        });
        let open = |r: &&Range| value.mentions(&unknown(&r.index));
        let mut opens = self.axes.iter().filter(open);
        let (Some(axis), None) = (opens.next(), opens.next()) else {
            return value == *form;
        };
        let Some((factor, rest)) = value.split(&unknown(&axis.index)) else { return false };
        let Some(factor) = factor.as_number() else { return false };
        let Some(solved) = form.minus(&rest).divided(factor) else { return false };
        if self.bound.iter().any(|(_, other)| solved.mentions(other)) {
            return false;
        }
        self.put.insert(axis.index.clone(), solved);
        true
    }
}

/// A name for an index of the pattern that no letter of a line has.
fn unknown(index: &str) -> String {
    format!("{index}?")
}

/// u_a = y_a, outside of derivatives.
pub fn put_back_name(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    if f.any(&|p| matches!(p, Formula::Partial { .. })) {
        return None;
    }
    // The name of the loss would hide what a gradient is made of.
    named(f, c).filter(|e| e.tensor != c.system.loss).map(|e| Formula::Element(e).into())
}
