//! Arguments that say nothing: h_j(x) that is h_j, since x is the same everywhere, P(j) that is
//! P_j, since a sum goes over j, and softmax(z_i) that is the i-th of what is made of all z.
//!
//! Goes in: a document. Comes out: the same with names in their place. What always holds: a function
//! that the document defines by its argument, or differentiates by it, keeps it.

use std::collections::{BTreeMap, BTreeSet};

use super::claim::{defined, holds_name, same};
use super::document::Document;
use super::indices::USUAL;
use super::names::spelled;
use super::numbered::statements;
use super::numbers::is_numeric;
use super::tex::syntax::{Expr, FormulaKind, Known, Name, Statement, visit};

/// What functions are called by: stem and mark above.
type Head = (String, Option<String>);

/// Puts names for what is applied without need.
pub(super) fn drop(document: &mut Document<'_>) {
    let mut seen = Seen::default();
    for statement in statements(&mut document.items) {
        seen.statement(statement);
    }
    let fixed = seen.fixed();
    let indexed = seen.indexed();
    let vectors = seen.vectors();
    if fixed.is_empty() && indexed.is_empty() && vectors.is_empty() {
        return;
    }
    for statement in statements(&mut document.items) {
        for side in statement.sides_mut() {
            change(side, [&fixed, &indexed, &vectors]);
        }
    }
}

fn head(name: &Name) -> Head {
    (name.stem.clone(), name.above.clone())
}

/// What a document shows of its functions.
#[derive(Default)]
struct Seen {
    /// The arguments of each, as they first stand; none where they differ.
    args: BTreeMap<Head, Option<Vec<Expr>>>,
    /// Those that stand without an argument, or with an index.
    plain: BTreeSet<Head>,
    /// Those that are functions for certain.
    functions: BTreeSet<Head>,
    /// By what something is differentiated.
    varied: BTreeSet<String>,
    /// What stands as a factor: w(x) is w times x then.
    factors: BTreeSet<Head>,
    /// Those that are applied without an index of their own.
    whole: BTreeSet<Head>,
    /// Those that stand with a letter of a sum, and those that stand with what is no index.
    summed: BTreeSet<Head>,
    others: BTreeSet<Head>,
    /// What those are called that are applied to elements alone, with the stem of these; none where
    /// they are of several.
    elements: BTreeMap<Head, Option<String>>,
    /// Those of which an equation says what they make of all elements.
    told: BTreeSet<Head>,
}

/// What is applied to one argument, and that.
fn applied(e: &Expr) -> Option<(Name, &Expr)> {
    match &e.kind {
        FormulaKind::Apply { head, primes: 0, args } => match &args[..] {
            [arg] if head.below.is_empty() => Some((head.clone(), arg)),
            _ => None,
        },
        FormulaKind::Call(Known::Sigmoid, arg) => {
            Some((Name { stem: "σ".to_string(), below: Vec::new(), above: None }, arg))
        }
        _ => None,
    }
}

/// An element of a vector: its name.
fn element(e: &Expr) -> Option<&Name> {
    match &e.kind {
        FormulaKind::Name(name) if name.below.len() == 1 => Some(name),
        _ => None,
    }
}

/// Whether a sum over all elements of a name stands in an expression.
fn sums_all(expr: &Expr, stem: &str) -> bool {
    let mut found = false;
    visit(expr, &mut |e| {
        if let FormulaKind::BigSum { indices, body, .. } = &e.kind {
            visit(body, &mut |e| {
                found |= element(e)
                    .is_some_and(|name| name.stem == stem && indices.contains(&name.below[0]));
            });
        }
    });
    found
}

impl Seen {
    fn statement(&mut self, statement: &Statement) {
        let mut over = BTreeSet::new();
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::BigSum { indices, .. } = &e.kind {
                    over.extend(indices.iter().cloned());
                }
            });
        }
        for side in statement.sides() {
            visit(side, &mut |e| self.part_of(e, &over));
        }
        // softmax(z_i) = exp(z_i) / Σ_j exp(z_j).
        if let Some((name, arg)) = statement.first.as_ref().and_then(applied)
            && let Some(of) = element(arg)
            && statement.rest.iter().any(|(_, side)| sums_all(side, &of.stem))
        {
            self.told.insert(head(&name));
        }
        // f(x) = x² is a function of x.
        if let (Some(first), true) = (&statement.first, !statement.rest.is_empty())
            && let FormulaKind::Apply { head: name, .. } = &first.kind
        {
            let params = defined(first).map(|(_, params)| params).unwrap_or_default();
            let holds = |side: &Expr| {
                let elements = |p: &Name| {
                    let mut found = false;
                    visit(side, &mut |e| {
                        found |= matches!(&e.kind, FormulaKind::Name(n) if n.stem == p.stem);
                    });
                    found
                };
                params.iter().any(|p| holds_name(side, p) || elements(p))
            };
            let indexed = params.iter().all(|p| over.contains(&p.stem));
            let mut values = statement.rest.iter().map(|(_, side)| side);
            if !indexed && values.any(|side| is_numeric(side) || holds(side)) {
                self.functions.insert(head(name));
            }
        }
    }

    fn part_of(&mut self, e: &Expr, over: &BTreeSet<String>) {
        if let Some((name, arg)) = applied(e) {
            let stem = element(arg).map(|name| name.stem.clone());
            let known = self.elements.entry(head(&name)).or_insert_with(|| stem.clone());
            if *known != stem {
                *known = None;
            }
        }
        match &e.kind {
            FormulaKind::Name(name) => {
                self.plain.insert(head(name));
            }
            FormulaKind::Product(all) => {
                self.factors.extend(all.iter().filter_map(|factor| match &factor.kind {
                    FormulaKind::Name(name) => Some(head(name)),
                    _ => None,
                }));
            }
            FormulaKind::Derivative { by, .. } => {
                if let FormulaKind::Name(name) = &by.kind {
                    self.varied.insert(name.stem.clone());
                }
            }
            FormulaKind::Apply { head: name, primes, args } => {
                let key = head(name);
                if *primes > 0 {
                    self.functions.insert(key.clone());
                }
                match name.below.is_empty() {
                    true => self.whole.insert(key.clone()),
                    false => self.plain.insert(key.clone()),
                };
                let known = self.args.entry(key.clone()).or_insert_with(|| Some(args.clone()));
                let alike = known.as_ref().is_some_and(|known| {
                    known.len() == args.len() && known.iter().zip(args).all(|(a, b)| same(a, b))
                });
                if !alike {
                    *known = None;
                }
                match index(args) {
                    Some(letter) if name.below.is_empty() && over.contains(&letter) => {
                        self.summed.insert(key);
                    }
                    Some(letter) if name.below.is_empty() && is_usual(&letter) => {}
                    _ => {
                        self.others.insert(key);
                    }
                }
            }
            _ => {}
        }
    }

    /// Those whose arguments are the same names everywhere.
    fn fixed(&self) -> BTreeSet<Head> {
        let all = self.args.iter().filter(|(head, args)| {
            let args = args.as_deref().unwrap_or_default();
            let name = |e: &Expr| match &e.kind {
                FormulaKind::Name(name) => !self.varied.contains(&name.stem),
                _ => false,
            };
            let otherwise = self.functions.contains(head)
                || self.factors.contains(head)
                || self.whole.contains(head) && self.varied.contains(&head.0);
            !args.is_empty() && args.iter().all(name) && self.plain.contains(head) && !otherwise
        });
        all.map(|(head, _)| head.clone()).collect()
    }

    /// Those that make vectors of vectors, and are written with elements of these.
    fn vectors(&self) -> BTreeSet<Head> {
        let own = |head: &&Head| self.elements.get(*head).is_some_and(Option::is_some);
        self.told.iter().filter(own).cloned().collect()
    }

    /// Those that stand with indices alone.
    fn indexed(&self) -> BTreeSet<Head> {
        let all = self.summed.iter();
        let none = [&self.others, &self.functions, &self.factors];
        all.filter(|head| none.iter().all(|heads| !heads.contains(head))).cloned().collect()
    }
}

/// The letter that an only argument is.
fn index(args: &[Expr]) -> Option<String> {
    let [Expr { kind: FormulaKind::Name(name), .. }] = args else { return None };
    let one = name.below.is_empty() && name.above.is_none() && name.stem.chars().count() == 1;
    one.then(|| spelled(name))
}

fn is_usual(letter: &str) -> bool {
    USUAL.contains(letter)
}

fn change(expr: &mut Expr, all: [&BTreeSet<Head>; 3]) {
    let [fixed, indexed, vectors] = all;
    if let Some((name, arg)) = applied(expr)
        && vectors.contains(&head(&name))
        && let Some(of) = element(arg)
    {
        expr.kind = FormulaKind::Name(Name { below: of.below.clone(), ..name });
        return;
    }
    if let FormulaKind::Apply { head: name, primes: 0, args } = &expr.kind {
        let key = head(name);
        let letter = index(args).filter(|_| indexed.contains(&key));
        if let Some(letter) = letter {
            let below = vec![letter];
            expr.kind = FormulaKind::Name(Name { below, ..name.clone() });
            return;
        }
        if fixed.contains(&key) {
            expr.kind = FormulaKind::Name(name.clone());
            return;
        }
    }
    expr.children_mut().into_iter().for_each(|e| change(e, all));
}
