//! Names without a definition that seem to hide a dependence.
//!
//! A document that differentiates E by w, and whose definition of E leads to t and r and never
//! to w, keeps something back: one of t and r must depend on w. Neither may then be taken as
//! given, or every derivative through them would be 0. A name that a derivative is taken by, and
//! that nothing of this kind is said of, is a variable, and depends on nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::claim::{defined, names_in, names_of, same, statements};
use super::dependences::{self, Dependence, has_letter, step_of};
use super::document::Document;
use super::judge::{Suspicion, Unknowns};
use super::names::spelled;
use super::numbers::is_numeric;
use super::scope::{Meaning, Scope};
use super::tex::syntax::{Expr, FormulaKind, Name, visit};
use crate::expr::{ExprId, Node, SymbolId, Winners, depends_on};

/// What the document as a whole says of its names without a definition; the variables of
/// differentiation among them become leaves of the scope.
pub(super) fn unknowns(scope: &mut Scope<'_>, document: &Document<'_>) -> Unknowns {
    let mut unknowns = Unknowns::default();
    let mut variables = BTreeSet::new();
    let mut partials: Vec<(usize, &Expr, &Expr, Stands)> = Vec::new();
    for (at, _, statement) in statements(document) {
        let sides = statement.sides();
        for side in sides {
            let mut links: Vec<*const Expr> = Vec::new();
            visit(side, &mut |e| {
                if let FormulaKind::Product(factors) = &e.kind {
                    let derivatives =
                        factors.iter().filter(|f| matches!(f.kind, FormulaKind::Derivative { .. }));
                    let all: Vec<*const Expr> = derivatives.map(std::ptr::from_ref).collect();
                    if all.len() > 1 {
                        links.extend(all);
                    }
                }
            });
            visit(side, &mut |e| {
                if let FormulaKind::Derivative { of, by, .. } = &e.kind {
                    // What is differentiated for its own sake, not as a term of a sum rule.
                    let stands = match (std::ptr::eq(e, bare(side)), &links) {
                        (true, _) => Stands::Alone,
                        (false, links) if links.contains(&std::ptr::from_ref(e)) => Stands::Link,
                        _ => Stands::Inside,
                    };
                    partials.push((at, of, by, stands));
                }
            });
        }
    }
    let used = used(scope, document);
    let free = |scope: &mut Scope<'_>, expr: &Expr, at: usize| -> Vec<SymbolId> {
        let FormulaKind::Name(name) = &expr.kind else { return Vec::new() };
        let mut all = scope.each_element(name);
        all.retain(|name| matches!(scope.meaning(name, at), Meaning::Free));
        all.iter().map(|name| scope.symbol_of(name)).collect()
    };
    for (at, _, by, _) in &partials {
        variables.extend(free(scope, by, *at));
    }
    // What a network says is not kept back; a name that it does not know may be anything.
    if scope.cells.is_some() {
        for (at, of, ..) in &partials {
            for symbol in free(scope, of, *at) {
                variables.remove(&symbol);
                unknowns.suspect.insert(symbol, Suspicion::default());
            }
        }
        unknowns.strangers.clone_from(&variables);
        scope.leaves.extend(variables);
        return unknowns;
    }
    for symbol in &variables {
        if !used.contains(&*scope.graph.symbol(*symbol).spelling()) {
            unknowns.strangers.insert(*symbol);
        }
    }
    let several = defined_anew(document);
    let moved = variables.clone();
    for (at, of, by, stands) in partials {
        if matches!(&of.kind, FormulaKind::Name(name) if several.contains(&spelled(name))) {
            continue;
        }
        let generic = |e: &Expr| matches!(&e.kind, FormulaKind::Name(n) if scope.has_index(n));
        if stands == Stands::Inside || !matches!(of.kind, FormulaKind::Name(_)) {
            continue;
        }
        if generic(of) || generic(by) {
            // One element shows what the others would.
            let element = scope.elements(&[of, by], &[]).all.into_iter().next();
            scope.letters = element.unwrap_or_default();
        } else {
            scope.letters.clear();
        }
        let (Ok(of), Ok(by)) = (scope.build(of, at), scope.build(by, at)) else { continue };
        let none = Winners::new();
        if of == by || depends_on(&scope.graph, of, by, &none) {
            continue;
        }
        // ∂a/∂u where u is made of a is the other way round, and nothing that a hides.
        if depends_on(&scope.graph, by, of, &none) {
            continue;
        }
        // ∂z_1/∂w_21 where z_1 is made of w_11 and w_12: the document says where w acts.
        if scope.reaches_family(of, by) {
            continue;
        }
        // A variable that stands nowhere else says nothing about what depends on it.
        if scope
            .graph
            .symbol_of(by)
            .is_some_and(|s| !used.contains(&*scope.graph.symbol(s).spelling()))
        {
            continue;
        }
        for id in scope.graph.reachable(&[of]) {
            if let Node::Var(symbol) = scope.graph.node(id)
                && !scope.leaves.contains(&symbol)
            {
                let itself = scope.graph.symbol_of(of) == Some(symbol);
                // A link that leads nowhere makes a chain wrong; the variables below it are
                // variables for all that.
                if stands == Stands::Link && !itself && moved.contains(&symbol) {
                    continue;
                }
                variables.remove(&symbol);
                let why = format!(
                    ", and {} is differentiated by {}, which it does not depend on as far as it is \
                     defined",
                    shown(scope, of),
                    shown(scope, by)
                );
                let why = if itself { String::new() } else { why };
                let on = (!itself).then(|| BTreeSet::from([by]));
                suspect(&mut unknowns, symbol, Suspicion { on, step: false, why });
            }
        }
    }
    scope.letters.clear();
    scope.leaves.extend(variables);
    for said in dependences::told(document).into_iter().chain(steps(scope, document)) {
        depends(scope, &mut unknowns, said);
    }
    unknowns
}

/// The steps before of what is defined by a recurrence: h_{t−1} in the definition of h_t is what h_t
/// was, and whatever moves each h moves it, but for what has a step of its own.
fn steps(scope: &Scope<'_>, document: &Document<'_>) -> Vec<Dependence> {
    let mut moved_by: Vec<Name> = Vec::new();
    for (_, _, statement) in statements(document) {
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::Derivative { by, .. } = &e.kind
                    && let FormulaKind::Name(by) = &by.kind
                    && !moved_by.contains(by)
                {
                    moved_by.push(by.clone());
                }
            });
        }
    }
    let mut found: Vec<Dependence> = Vec::new();
    for (at, _, statement) in statements(document) {
        for name in names_in(statement) {
            let Meaning::Defined(definition, _) = scope.meaning(&name, at) else { continue };
            for before in names_of(&definition.body) {
                let Some(letters) = step_of(&name, &before) else { continue };
                if !matches!(scope.meaning(&before, at), Meaning::Free)
                    || found.iter().any(|known| known.of == before)
                {
                    continue;
                }
                let free = |by: &&Name| !has_letter(by, &letters) && **by != before;
                for by in moved_by.iter().filter(free) {
                    let (whole, by) = (spelled(&name), by.clone());
                    let why = format!(", and may depend on {} as {whole} does", spelled(&by));
                    found.push(Dependence { at, of: before.clone(), by, why, step: true });
                }
            }
        }
    }
    found
}

/// Puts a name under suspicion for what it is said to depend on.
fn depends(scope: &mut Scope<'_>, unknowns: &mut Unknowns, said: Dependence) {
    let Dependence { at, of, by, why, step } = said;
    let by: Vec<Expr> = scope
        .each_element(&by)
        .into_iter()
        .map(|by| Expr { kind: FormulaKind::Name(by), span: 0..0 })
        .collect();
    for element in scope.each_element(&of) {
        if !matches!(scope.meaning(&element, at), Meaning::Free) {
            continue;
        }
        let symbol = scope.symbol_of(&element);
        let mut on = BTreeSet::new();
        for by in &by {
            on.extend(scope.build(by, at));
        }
        // ∂m/∂r where r is made of m is the other way round.
        let none = Winners::new();
        let itself = scope.graph.var(&spelled(&element));
        on.retain(|y| !depends_on(&scope.graph, *y, itself, &none));
        if on.is_empty() || step && scope.declared.contains(&symbol) {
            continue;
        }
        scope.leaves.remove(&symbol);
        scope.declared.remove(&symbol);
        let why = why.clone();
        suspect(unknowns, symbol, Suspicion { on: Some(on), step, why });
    }
}

/// One more suspicion of a name.
fn suspect(unknowns: &mut Unknowns, symbol: SymbolId, new: Suspicion) {
    let Some(known) = unknowns.suspect.get_mut(&symbol) else {
        unknowns.suspect.insert(symbol, new);
        return;
    };
    known.step &= new.step;
    known.on = match (known.on.take(), new.on) {
        (Some(known), Some(new)) => Some(known.union(&new).copied().collect()),
        _ => None,
    };
}

/// How a derivative stands in a side.
#[derive(Clone, Copy, PartialEq)]
enum Stands {
    /// It is the side, but for a number before it.
    Alone,
    /// It is one of several in a product.
    Link,
    /// It is a part of something else.
    Inside,
}

fn shown(scope: &Scope<'_>, id: ExprId) -> String {
    let name = scope.graph.symbol_of(id).map(|symbol| scope.shown(symbol));
    name.unwrap_or_else(|| "something".to_string())
}

/// The names that have several definitions: which one a derivative is about is decided later.
fn defined_anew(document: &Document<'_>) -> BTreeSet<String> {
    let mut bodies: BTreeMap<String, Vec<&Expr>> = BTreeMap::new();
    for (_, _, statement) in statements(document) {
        if let (Some(first), [(_, value), ..]) = (&statement.first, &statement.rest[..])
            && let Some((name, _)) = defined(first)
            && !is_numeric(value)
        {
            let all = bodies.entry(spelled(name)).or_default();
            if !all.iter().any(|known| same(known, value)) {
                all.push(value);
            }
        }
    }
    bodies.retain(|_, all| all.len() > 1);
    bodies.into_keys().collect()
}

/// A side without its numeric factors: ½·∂E/∂w is about ∂E/∂w.
fn bare(side: &Expr) -> &Expr {
    match &side.kind {
        FormulaKind::Neg(a) => bare(a),
        FormulaKind::Product(factors) => {
            let mut rest = factors.iter().filter(|f| !is_numeric(f));
            match (rest.next(), rest.next()) {
                (Some(only), None) => bare(only),
                _ => side,
            }
        }
        _ => side,
    }
}

/// The names that stand anywhere but below a ∂.
fn used(scope: &Scope<'_>, document: &Document<'_>) -> BTreeSet<String> {
    let (mut all, mut below) = (BTreeMap::new(), BTreeMap::new());
    for (_, _, statement) in statements(document) {
        for side in statement.sides() {
            visit(side, &mut |e| match &e.kind {
                FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } => {
                    all.entry(spelled(name)).or_insert((0usize, name)).0 += 1;
                }
                FormulaKind::Derivative { by, .. } => {
                    if let FormulaKind::Name(name) = &by.kind {
                        *below.entry(spelled(name)).or_insert(0usize) += 1;
                    }
                }
                _ => {}
            });
        }
    }
    all.retain(|name, (times, _)| *times > below.get(name).copied().unwrap_or(0));
    // Who speaks of w_jk speaks of its elements.
    let elements = all.values().filter(|(_, name)| scope.has_index(name));
    let elements: Vec<String> =
        elements.flat_map(|(_, name)| scope.each_element(name)).map(|e| spelled(&e)).collect();
    all.into_keys().chain(elements).collect()
}
