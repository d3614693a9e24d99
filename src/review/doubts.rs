//! What speaks against a refutation: other ways in which a row that does not hold can be meant.
//!
//! Goes in: two sides that are not equal, and where they stand. Comes out: a reason why nobody can
//! call them wrong, if there is one. What always holds: nothing here proves a row.

use std::collections::BTreeMap;

use super::claim::{defined, names_in, names_of, statements};
use super::document::Item;
use super::marker::{Marker, Standing};
use super::names::spelled;
use super::numbers::is_numeric;
use super::prose::Role;
use super::scope::Meaning;
use super::tex::syntax::{Expr, FormulaKind, Known, Name, visit};
use super::tex::unaccented;
use crate::expr::ExprId;

/// The accents of a mean: x̄.
const MEANS: &[char] = &['\u{304}', '\u{305}'];

impl Marker<'_, '_> {
    /// What to say of an equation that does not hold as it is read, if it may be meant otherwise.
    pub(super) fn meant_otherwise(
        &mut self,
        sides: [&Expr; 2],
        built: [ExprId; 2],
        here: Standing<'_>,
    ) -> Option<String> {
        self.of_a_later_function(sides, here)
            .or_else(|| self.of_an_unread_family(sides))
            .or_else(|| self.names_anew(sides, here))
            .or_else(|| self.of_a_mean(sides, here))
            .or_else(|| self.tells_sigma(sides))
            .or_else(|| raised_by_a_letter(sides))
            .or_else(|| self.at_a_point(sides, built, here))
    }

    /// A function that is defined further down, in another paragraph that does not belong to this
    /// one, may be another example.
    fn of_a_later_function(&self, sides: [&Expr; 2], here: Standing<'_>) -> Option<String> {
        let own = self.scope.outline.at(here.at);
        let left = defined(sides[0]).map(|(name, _)| spelled(name)).filter(|_| here.own_left);
        let names = sides.into_iter().flat_map(names_of);
        names.into_iter().find_map(|name| {
            let Meaning::Defined(definition, _) = self.scope.meaning(&name, here.at) else {
                return None;
            };
            let then = self.scope.outline.at(definition.at);
            let apart = then.block != own.block
                && (then.section != own.section || then.role != Role::Definition);
            let another = left.as_ref() == Some(&spelled(&name));
            (!definition.params.is_empty() && definition.at > here.at && (apart || another)).then(
                || format!("{} is defined further down, and may be another here", spelled(&name)),
            )
        })
    }

    /// "(1/m) Σ x_i = q": a name that stands by itself and that nothing before it has is named here.
    fn names_anew(&self, sides: [&Expr; 2], here: Standing<'_>) -> Option<String> {
        let name = match &sides[1].kind {
            FormulaKind::Name(name) if name.below.is_empty() => name,
            _ => return None,
        };
        let open = matches!(self.scope.meaning(name, here.at), Meaning::Free)
            && !self.scope.spoken.contains(&spelled(name))
            && !names_of(sides[0]).contains(name);
        let before = || {
            let mut all = statements(self.document).take_while(|(at, ..)| *at < here.at);
            all.any(|(_, _, s)| names_in(s).contains(name))
        };
        (open && !before()).then(|| format!("{} has no definition before this", spelled(name)))
    }

    /// z_2, where "z_i = …" could not be read.
    fn of_an_unread_family(&self, sides: [&Expr; 2]) -> Option<String> {
        let names = sides.into_iter().flat_map(names_of);
        names.filter(|name| !name.below.is_empty()).find_map(|name| {
            let family = |other: &&Name| {
                let letter = |part: &String| {
                    let mut all = part.chars();
                    all.next().is_some_and(char::is_lowercase) && all.next().is_none()
                };
                other.stem == name.stem
                    && other.above == name.above
                    && other.below.len() == name.below.len()
                    && other.below.iter().all(letter)
            };
            let other = self.scope.unread_names.iter().find(family)?;
            Some(format!("{} has a definition that could not be read", spelled(other)))
        })
    }

    /// x̄ beside the elements x_i is their mean by custom, and nobody says so.
    fn of_a_mean(&self, sides: [&Expr; 2], here: Standing<'_>) -> Option<String> {
        let names: Vec<Name> = sides.into_iter().flat_map(names_of).collect();
        names.iter().find_map(|name| {
            let (stem, accent) = unaccented(&name.stem)?;
            let open = MEANS.contains(&accent)
                && matches!(self.scope.meaning(name, here.at), Meaning::Free);
            let element = |n: &&Name| n.stem == stem && n.below.len() > name.below.len();
            let of = names.iter().find(element).filter(|_| open)?;
            Some(format!("{} may be the mean of {}", spelled(name), spelled(of)))
        })
    }

    /// "σ(z_i) = …" in exponentials, sums or cases tells what σ is, where no words call it the
    /// logistic function.
    fn tells_sigma(&self, [left, right]: [&Expr; 2]) -> Option<String> {
        let tells = |one: &Expr, other: &Expr| {
            applies_sigma(one) && !applies_sigma(other) && is_told_in_full(other) && !derives(one)
        };
        let told = tells(left, right) || tells(right, left);
        let named = || {
            const WORDS: &[&str] = &["sigmoid", "logistic"];
            self.document.items.iter().any(|item| match item {
                Item::Words(passage) => {
                    let text = passage.text.to_lowercase();
                    WORDS.iter().any(|word| text.contains(word))
                }
                Item::Row(_) => false,
            })
        };
        (told && !named()).then(|| "nobody says that σ is the logistic function".to_string())
    }

    /// "If x = 4 …. Since ∂f/∂y = 4": it holds at the point of which the paragraph speaks.
    fn at_a_point(
        &mut self,
        sides: [&Expr; 2],
        built: [ExprId; 2],
        here: Standing<'_>,
    ) -> Option<String> {
        if !is_numeric(sides[1]) && !is_numeric(sides[0]) {
            return None;
        }
        let block = self.scope.outline.at(here.at).block;
        let mut said: Vec<(Expr, Expr)> = Vec::new();
        for (of, name, value) in &self.points {
            if *of == block {
                said.push((name.clone(), value.clone()));
            }
        }
        let variables = self.scope.under_partials(&built).variables;
        let mut others = BTreeMap::new();
        for (name, value) in &said {
            let (Ok(name), Ok(value)) =
                (self.scope.build(name, here.at), self.scope.build(value, here.at))
            else {
                continue;
            };
            if !variables.contains(&name) {
                others.insert(name, value);
            }
        }
        if others.is_empty() {
            return None;
        }
        let put = self.scope.substituted(&built, &others)?;
        let holds = self.scope.judge(put[0], put[1], &self.unknowns).is_proved();
        holds.then(|| "it holds at the point that this paragraph speaks of".to_string())
    }
}

/// Whether σ is applied in an expression, as a function of known meaning.
fn applies_sigma(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |e| {
        found |= match &e.kind {
            FormulaKind::Call(Known::Sigmoid, _) => true,
            FormulaKind::Apply { head, .. } => head.stem == "σ",
            _ => false,
        }
    });
    found
}

fn derives(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |e| found |= matches!(e.kind, FormulaKind::Derivative { .. }));
    found
}

/// Whether an expression says a value in exponentials, sums over an index or cases.
fn is_told_in_full(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |e| {
        found |= matches!(
            &e.kind,
            FormulaKind::Call(Known::Exp, _) | FormulaKind::Cases(_) | FormulaKind::BigSum { .. }
        ) || matches!(&e.kind, FormulaKind::Power(base, _)
            if matches!(&base.kind, FormulaKind::Name(name) if name.stem == "e"));
    });
    found
}

/// Σ_t W^t: t above a name may be the number of a step, where the sum goes over t.
fn raised_by_a_letter(sides: [&Expr; 2]) -> Option<String> {
    let mut found = None;
    for side in sides {
        visit(side, &mut |e| {
            let FormulaKind::BigSum { indices, body, .. } = &e.kind else { return };
            visit(body, &mut |inner| {
                if let FormulaKind::Power(base, above) = &inner.kind
                    && let (FormulaKind::Name(base), FormulaKind::Name(above)) =
                        (&base.kind, &above.kind)
                    && above.below.is_empty()
                    && indices.contains(&above.stem)
                {
                    let (base, above) = (spelled(base), spelled(above));
                    found = Some(format!("{above} above {base} may be its number, and no power"));
                }
            });
        });
    }
    found
}
