//! What speaks against a refutation: other ways in which a row that does not hold can be meant.
//!
//! Goes in: two sides that are not equal, and where they stand. Comes out: a reason why nobody can
//! call them wrong, if there is one. What always holds: nothing here proves a row.

use std::collections::{BTreeMap, BTreeSet};

use super::claim::{defined, names_in, names_of, statements};
use super::document::Item;
use super::marker::{Marker, Standing};
use super::names::{is_digits, spelled};
use super::numbers::is_numeric;
use super::prose::Role;
use super::scope::Meaning;
use super::tex::syntax::{Expr, FormulaKind, Known, Name, Part, visit};
use super::tex::unaccented;
use crate::expr::{ExprId, Node, Winners, depends_on};

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

    /// What to say if a name of one side stands for nothing, nothing else of the document speaks of
    /// it, and it is no part of the other side: who does not know what it is cannot call the
    /// equation wrong.
    pub(super) fn unknown_beside(
        &mut self,
        lhs: ExprId,
        rhs: ExprId,
        sides: [&Expr; 2],
        here: Standing<'_>,
    ) -> Option<String> {
        let none = Winners::new();
        for name in sides.iter().flat_map(|side| names_of(side)) {
            if self.scope.unread.contains(&spelled(&name)) {
                return Some(format!("{} has a definition that could not be read", spelled(&name)));
            }
            if self.scope.is_known(&name, here.at)
                || self.scope.is_introduced(&name, here.at)
                || self.is_another_argument(&name, sides, here)
            {
                continue;
            }
            let name = self.scope.indices.at(&name, &self.scope.letters);
            let id = self.scope.graph.var(&spelled(&name));
            let stands = [lhs, rhs].map(|side| depends_on(&self.scope.graph, side, id, &none));
            if stands[0] != stands[1] {
                return Some(format!("{} has no definition", spelled(&name)));
            }
        }
        None
    }

    /// The costs that nobody defines in some expressions, and whether words speak of a cost.
    pub(super) fn costs(&self, sides: &[&Expr]) -> impl Iterator<Item = (String, bool)> + use<> {
        let mut found = Vec::new();
        let (mut open, mut seen): (Vec<Name>, BTreeSet<String>) =
            (sides.iter().flat_map(|side| names_of(side)).collect(), BTreeSet::new());
        while let Some(name) = open.pop().filter(|_| !self.scope.costs.is_empty()) {
            let key = spelled(&name);
            if !seen.insert(key.clone()) {
                continue;
            }
            if let Some(told) = self.scope.costs.get(&key) {
                found.push((key, *told));
            } else if let Meaning::Defined(d, _) | Meaning::Element(d, ..) =
                self.scope.meaning(&name, usize::MAX)
            {
                open.extend(names_of(&d.body));
            }
        }
        found.into_iter()
    }

    /// What to say of an equation with an i or j that nobody defines where words speak of complex
    /// numbers.
    pub(super) fn may_be_imaginary(&self, sides: [&Expr; 2], here: Standing<'_>) -> Option<String> {
        let unit = |name: &Name| {
            matches!(name.stem.as_str(), "i" | "j" | "ⅈ" | "ⅉ")
                && name.below.is_empty()
                && name.above.is_none()
                && !self.scope.is_known(name, here.at)
        };
        let found = sides.iter().flat_map(|side| names_of(side)).find(unit)?;
        self.scope.complex.then(|| format!("{} may be the imaginary unit", spelled(&found)))
    }

    /// Whether a name stands only as the argument of a function that has a definition and stands with
    /// another argument on the left: S′(x) = S(t).
    fn is_another_argument(&self, name: &Name, sides: [&Expr; 2], here: Standing<'_>) -> bool {
        let own = |e: &Expr| matches!(&e.kind, FormulaKind::Name(n) if spelled(n) == spelled(name));
        let (mut all, mut applied, mut heads) = (0, 0, Vec::new());
        for side in sides {
            visit(side, &mut |e| {
                all += usize::from(own(e));
                if let FormulaKind::Apply { head, args, .. } = &e.kind
                    && self.scope.is_function(head, here.at)
                    && args.iter().any(own)
                {
                    (applied, _) = (applied + 1, heads.push(spelled(head)));
                }
            });
        }
        let mut beside = false;
        visit(sides[0], &mut |e| {
            beside |= matches!(&e.kind, FormulaKind::Apply { head, args, .. }
                if heads.contains(&spelled(head)) && !args.iter().any(own));
        });
        all > 0 && all == applied && beside
    }

    /// What to say of an equation for a name that is given, which would tie it to others.
    pub(super) fn ties_given(&self, left: &Expr, here: Standing<'_>) -> Option<String> {
        let FormulaKind::Name(name) = &left.kind else { return None };
        let given = !self.scope.is_known(name, here.at)
            && self.scope.cell(name).is_none()
            && self.scope.known_symbol(name).is_some_and(|s| self.scope.declared.contains(&s));
        given.then(|| format!("{} is given, and this would be a condition for it", spelled(name)))
    }

    /// What to say of an equation about f in a row that says what f_k is.
    pub(super) fn of_a_family(&self, sides: [&Expr; 2], here: Standing<'_>) -> Option<String> {
        let own = here.placed.row.parts.iter().filter_map(|part| match part {
            Part::Statement(s) if !s.rest.is_empty() => defined(s.first.as_ref()?).map(|(n, _)| n),
            _ => None,
        });
        let own: Vec<&Name> = own.filter(|name| !name.below.is_empty()).collect();
        let names = sides.iter().flat_map(|side| names_of(side));
        names.filter(|name| name.below.is_empty()).find_map(|name| {
            let member = own.iter().find(|one| one.stem == name.stem && one.above == name.above)?;
            Some(format!("{} may be {} here", spelled(&name), spelled(member)))
        })
    }

    /// Whether elements stand one by one beside a sum that goes over all of them: how many there
    /// are is then a part of the claim.
    pub(super) fn counts(&self, sides: [&Expr; 2]) -> bool {
        let mut summed: BTreeSet<String> = BTreeSet::new();
        let mut single: BTreeSet<String> = BTreeSet::new();
        for side in sides {
            visit(side, &mut |e| {
                if let FormulaKind::BigSum { body, .. } = &e.kind {
                    let names = names_of(body);
                    summed.extend(names.iter().map(|name| self.scope.indices.items(name).0));
                }
                if let FormulaKind::Name(name) = &e.kind
                    && name.below.iter().any(|part| is_digits(part))
                    && !self.document.labels.number(name)
                {
                    single.insert(self.scope.indices.items(name).0);
                }
            });
        }
        !summed.is_disjoint(&single)
    }

    /// What to say of an equation that holds where the elements of a name that nothing defines sum
    /// up to 1, as those of a label do.
    pub(super) fn holds_with_a_sum(&mut self, sides: [ExprId; 2]) -> Option<String> {
        /// The most names that are tried, and the most elements of one.
        const MOST: (usize, usize) = (3, 8);
        let variables = self.scope.under_partials(&sides).variables;
        let graph = &self.scope.graph;
        let mut families: BTreeMap<String, Vec<ExprId>> = BTreeMap::new();
        for id in graph.reachable(&sides) {
            if let Node::Var(symbol) = graph.node(id)
                && !variables.contains(&id)
                && let name = graph.symbol(symbol).spelling()
                && let Some((stem, at)) = name.rsplit_once('_')
                && at.bytes().all(|b| b.is_ascii_digit())
            {
                families.entry(stem.to_string()).or_default().push(id);
            }
        }
        let all = families.into_iter().filter(|(_, all)| (2..=MOST.1).contains(&all.len()));
        for (stem, all) in all.take(MOST.0) {
            let (last, others) = all.split_last()?;
            let mut terms = vec![self.scope.graph.integer(1)];
            for other in others {
                terms.push(self.scope.graph.neg(*other));
            }
            let rest = self.scope.graph.add(terms);
            let put = self.scope.substituted(&sides, &BTreeMap::from([(*last, rest)]))?;
            if self.scope.judge(put[0], put[1], &self.unknowns).is_proved() {
                return Some(format!("it holds if all {stem} sum up to 1, which nothing says"));
            }
        }
        None
    }

    /// What to say of an equation that does not hold with the meaning that a name has from a place
    /// on, as it seems, and holds with the one before.
    pub(super) fn with_older_meaning(
        &mut self,
        left: &Expr,
        right: &Expr,
        here: Standing<'_>,
    ) -> Option<String> {
        let mut names = names_of(left);
        names.extend(names_of(right));
        for name in names {
            let key = spelled(&name);
            let Some((nth, last)) = self.scope.without_last(&key, here.at) else { continue };
            let sides = (self.scope.build(left, here.at), self.scope.build(right, here.at));
            let holds = match sides {
                (Ok(lhs), Ok(rhs)) => self.scope.judge(lhs, rhs, &self.unknowns).is_proved(),
                _ => false,
            };
            self.scope.with_again(&key, nth, last);
            if holds {
                return Some(format!(
                    "it holds with what {key} was before, and not with what it is now"
                ));
            }
        }
        None
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
