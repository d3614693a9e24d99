//! The rules against dual numbers, one by one and all together.

mod held;
mod limits;
mod rules;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rustc_hash::FxHashMap;

use super::rules::{Context, Row, Rule, TABLE, apply};
use super::tidied::{NARROW, is_wide};
use super::{Request, derive, replace_at, subterm};
use crate::expr::{Branches, ExprId, Graph, Node, Rest, Symbol, SymbolId, Winners, evaluate};
use crate::lower::Lowered;
use crate::scalar::{Function, Prime, Scalar};

/// A stream of choices from a seed.
struct Choices(u64);

impl Choices {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// A random expression over x, y and some names, with an assumed winner for half of its maxima.
fn random(g: &mut Graph, c: &mut Choices, winners: &mut Winners, depth: usize) -> ExprId {
    if depth == 0 || c.below(6) == 0 {
        return match c.below(6) {
            0 | 1 => g.var("x"),
            2 => g.var("y"),
            3 => g.var("b"),
            _ => {
                let n = [0, 1, 2, 3, -1, 5][c.below(6)];
                g.integer(n)
            }
        };
    }
    let mut one = |g: &mut Graph, c: &mut Choices| random(g, c, winners, depth - 1);
    match c.below(11) {
        0 => {
            let count = 2 + c.below(9);
            let args: Vec<ExprId> = (0..count).map(|_| one(g, c)).collect();
            g.add(args)
        }
        1 | 2 => {
            let count = 2 + c.below(2);
            let args: Vec<ExprId> = (0..count).map(|_| one(g, c)).collect();
            g.mul(args)
        }
        3 => {
            let (a, b) = (one(g, c), one(g, c));
            g.sub(a, b)
        }
        4 => {
            let a = one(g, c);
            g.neg(a)
        }
        5 => {
            let (a, b) = (one(g, c), one(g, c));
            g.div(a, b)
        }
        6 => {
            let base = if c.below(3) == 0 { g.var("x") } else { one(g, c) };
            // The prime field knows whole powers as such only where they are written so.
            let exponent = match c.below(5) {
                0 => {
                    let (x, y) = (g.var("x"), g.var("y"));
                    g.add([x, y])
                }
                4 => g.var("x"),
                n => g.integer(n as i64),
            };
            g.pow(base, exponent)
        }
        7 | 8 => {
            let a = one(g, c);
            g.call(Function::ALL[c.below(Function::ALL.len())], a)
        }
        9 => {
            let args: Vec<ExprId> = (0..2 + c.below(2)).map(|_| one(g, c)).collect();
            let max = g.max(&args);
            if c.below(2) == 0 {
                winners.insert(max, args[0]);
            }
            max
        }
        _ => {
            let a = one(g, c);
            let name = format!("q_{}", a.index());
            g.named(&name, a)
        }
    }
}

/// The value at a random point of the prime field, or `None` where it is undefined.
fn value(g: &Graph, e: ExprId, winners: &Winners, seed: u64) -> Option<Prime> {
    let free = |s: SymbolId| {
        let mut c = Choices(seed ^ (s.index() as u64) << 17);
        Prime::new(c.below(usize::MAX) as u64)
    };
    // t_1 + t_2 = 1 everywhere.
    let env = |s: SymbolId| match (&*g.symbol(s).spelling(), g.find_symbol(&Symbol::named("t_1"))) {
        ("t_2", Some(other)) => Prime::one().sub(&free(other)).ok(),
        _ => Some(free(s)),
    };
    let branches = Branches { winners: Some(winners), rest: Rest::Drawn(seed), opaque: None };
    evaluate(g, e, &env, branches).ok()
}

/// Whether two expressions agree at three points, as far as both are defined there: 0^(x − x)
/// has a slope, and no longer one when its exponent is held as a variable.
fn agree(g: &Graph, a: ExprId, b: ExprId, winners: &Winners) -> bool {
    (1..4).all(|seed| match (value(g, a, winners, seed), value(g, b, winners, seed)) {
        (Some(left), Some(right)) => left == right,
        _ => true,
    })
}

/// Every place of an expression, names and derivatives not looked into.
fn places(g: &Graph, root: ExprId) -> Vec<Vec<u32>> {
    let mut all = Vec::new();
    let mut stack = vec![(Vec::new(), root)];
    while let Some((site, e)) = stack.pop() {
        all.push(site.clone());
        for (n, child) in g.children(e).into_iter().enumerate() {
            let mut below: Vec<u32> = site.clone();
            below.push(n as u32);
            stack.push((below, child));
        }
    }
    all
}

#[test]
fn every_rule_holds_wherever_it_matches() {
    let mut hits: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..10_000 {
        let mut c = Choices(seed);
        let mut g = Graph::new();
        let mut winners = Winners::new();
        let e = random(&mut g, &mut c, &mut winners, 3);
        let x = g.var("x");
        let z = g.named("z", e);
        let line = match c.below(4) {
            0 => e,
            1 => g.partial(z, x),
            2 => z,
            _ => g.partial(e, x),
        };
        let (names, fractions) = names_in(&g, line);
        let local = Symbol::named("z");
        let context = Context {
            winners: &winners,
            names: &names,
            local: &local,
            fractions: &fractions,
            distributions: &[],
        };
        for site in places(&g, line) {
            let redex = subterm(&g, line, &site).expect("the place was just found");
            for row in TABLE {
                let Some(applied) = apply(&mut g, row.rule, redex, &context) else { continue };
                assert!(
                    agree(&g, redex, applied.contractum, &winners),
                    "{} is wrong at seed {seed}: {:?} is not {:?}",
                    row.name,
                    crate::lang::print_formula(&g, redex),
                    crate::lang::print_formula(&g, applied.contractum),
                );
                *hits.entry(row.name).or_default() += 1;
            }
        }
    }
    let finishing = |row: &&Row| row.rule >= Rule::RecogniseName;
    for row in TABLE.iter().filter(|row| row.apply.is_some() && !finishing(row)) {
        let count = hits.get(row.name).copied().unwrap_or(0);
        assert!(count >= 5, "{} matched only {count} times", row.name);
    }
}

/// The quantities in an expression by what they are, and those that are quotients.
fn names_in(g: &Graph, e: ExprId) -> (FxHashMap<ExprId, ExprId>, Vec<ExprId>) {
    let (mut names, mut fractions) = (FxHashMap::default(), Vec::new());
    for id in g.reachable(&[e]) {
        if let Node::Named(_, value) = g.node(id) {
            names.entry(value).or_insert(id);
            if matches!(g.node(value), Node::Div(..)) {
                fractions.push(id);
            }
        }
    }
    (names, fractions)
}

/// The rules that finish a result need an occasion, so they get one: u, v and w are random.
#[test]
fn finishing_rules_hold_wherever_they_match() {
    let occasions: [(Rule, &str); 13] = [
        (Rule::RecogniseName, "q*0 + r*v*u/w"),
        (Rule::RecogniseName, "q*0 + u*u*v/(w*w)"),
        (Rule::RecogniseName, "q*0 - 3*u/(2*w^2)"),
        (Rule::SplitFraction, "q*0 + (u*v*w - u*u*v)/w^2"),
        (Rule::SplitFraction, "q*0 + (u - 2*u*v)/(w*v)"),
        (Rule::CommonFactor, "u*v - u*u*v"),
        (Rule::CommonFactor, "2*u^2 + 3*u^2*v - u^3"),
        (Rule::CommonFactor, "w - t_1*u - t_2*u"),
        (Rule::MultiplyOut, "u*(1 - v) - (1 - u)*v"),
        (Rule::MultiplyOut, "t_1*(1 - v) - t_2*v"),
        (Rule::MultiplyOut, "(u + v)*(u - v) + v^2 + v*(1 - v)"),
        (Rule::MultiplyOut, "(u/w - v/(1 - w))*w*(1 - w)*v"),
        (Rule::SumsToOne, "w + u*(t_2 + t_1)"),
    ];
    for (rule, text) in occasions {
        let mut hits = 0;
        for seed in 0..300 {
            let mut c = Choices(seed);
            let mut g = Graph::new();
            let winners = Winners::new();
            let [u, v, w] = [0, 1, 2].map(|_| random(&mut g, &mut c, &mut Winners::new(), 1));
            let quotient = g.div(u, w);
            let q = g.named("q", quotient);
            let bound: BTreeMap<&str, ExprId> =
                [("u", u), ("v", v), ("w", w), ("q", q)].into_iter().collect();
            let line = filled(&mut g, text, &bound);
            let (names, fractions) = names_in(&g, line);
            let cells = vec![g.var("t_1"), g.var("t_2")];
            let context = Context {
                winners: &winners,
                names: &names,
                local: &Symbol::named("z"),
                fractions: &fractions,
                distributions: &[cells],
            };
            for site in places(&g, line) {
                let redex = subterm(&g, line, &site).expect("the place was just found");
                let Some(applied) = apply(&mut g, rule, redex, &context) else { continue };
                assert!(
                    agree(&g, redex, applied.contractum, &winners),
                    "{} is wrong at seed {seed}: {} is not {}",
                    rule.name(),
                    crate::lang::print_formula(&g, redex),
                    crate::lang::print_formula(&g, applied.contractum),
                );
                hits += 1;
            }
        }
        assert!(hits >= 20, "{} matched only {hits} times in {text}", rule.name());
    }
}

/// The formula with expressions for some of its letters.
fn filled(g: &mut Graph, text: &str, bound: &BTreeMap<&str, ExprId>) -> ExprId {
    let formula = crate::lang::parse_formula(g, text).expect("it is a formula");
    let mut made: BTreeMap<ExprId, ExprId> = BTreeMap::new();
    for id in g.reachable(&[formula]) {
        let name = g.symbol_of(id).map(|s| g.symbol(s).spelling().into_owned());
        let new = match name.and_then(|name| bound.get(name.as_str()).copied()) {
            Some(expression) => expression,
            None => {
                let children: Vec<ExprId> = g.children(id).iter().map(|c| made[c]).collect();
                g.rebuild(id, &children)
            }
        };
        made.insert(id, new);
    }
    made[&formula]
}

fn lowered(g: Graph, loss: ExprId, winners: Winners, params: BTreeSet<ExprId>) -> Lowered {
    Lowered {
        graph: g,
        cells: Vec::new(),
        loss,
        winners,
        maxima: Vec::new(),
        values: BTreeMap::new(),
        params,
        distributions: Vec::new(),
    }
}

fn ends_in_the_dual_number(seed: u64) -> Result<(), TestCaseError> {
    let mut c = Choices(seed);
    let mut g = Graph::new();
    let mut winners = Winners::new();
    let e = random(&mut g, &mut c, &mut winners, 4);
    let loss = g.named("E", e);
    let x = g.var("x");
    let y = g.var("y");
    let params = BTreeSet::from([x, y]);
    let request = Request { by: vec![x, y], updates: false };
    let d = derive(lowered(g, loss, winners, params), &request).expect("it is small");
    for (at, lemma) in d.lemmas.iter().enumerate() {
        let mut line = lemma.goal;
        for step in &lemma.steps {
            prop_assert_eq!(step.before, line);
            line = step.after;
            prop_assert!(
                agree(&d.graph, step.redex, step.contractum, &d.winners),
                "{}: {} is not {}",
                step.rule.name(),
                crate::lang::print_formula(&d.graph, step.redex),
                crate::lang::print_formula(&d.graph, step.contractum)
            );
        }
        prop_assert_eq!(line, lemma.result);
        let left = d.graph.reachable(&[lemma.result]).into_iter().any(|id| {
            matches!(d.graph.node(id), crate::expr::Node::Partial { .. })
                && !d.lemmas[..at].iter().any(|known| known.goal == id)
        });
        prop_assert!(!left, "a derivative is left in the result");
    }
    Ok(())
}

/// What a draw once found.
#[test]
fn derivations_that_once_did_not_end_there() {
    ends_in_the_dual_number(1_201_180_893_848_700_469).unwrap();
}

proptest! {
    #![proptest_config(crate::laws::laws(400))]

    /// What the strategy makes of a random expression is what dual numbers say, line by line,
    /// and no derivative is left but those that have lemmas of their own above.
    #[test]
    fn a_derivation_ends_in_the_dual_number(seed: u64) {
        ends_in_the_dual_number(seed)?;
    }

    /// Reverse accumulation gives what dual numbers say.
    #[test]
    fn the_sweep_is_the_dual_number(seed: u64) {
        let mut c = Choices(seed);
        let mut g = Graph::new();
        let mut winners = Winners::new();
        let e = random(&mut g, &mut c, &mut winners, 4);
        let x = g.var("x");
        let slope = super::sweep::gradients(&mut g, e, &[x], &winners)[0];
        let partial = g.partial(e, x);
        prop_assert!(agree(&g, partial, slope, &winners));
    }
}

/// Every place of an expression that tidying looks at.
fn tidied_places(g: &Graph, root: ExprId) -> Vec<ExprId> {
    let (mut all, mut stack) = (BTreeSet::new(), vec![root]);
    while let Some(e) = stack.pop() {
        if all.insert(e) && !super::path::is_sealed(g, e) {
            stack.extend(g.children(e));
        }
    }
    all.into_iter().collect()
}

proptest! {
    #![proptest_config(crate::laws::laws(400))]

    /// Tidied gradients are those of the sweep: they agree wherever both have a value, every max
    /// in them is one of the sweep's, so that its winner is known, and nothing is left to tidy; of
    /// a node that is too wide, no zeros.
    #[test]
    fn tidied_gradients_are_the_swept_ones(seed: u64) {
        let mut c = Choices(seed);
        let mut g = Graph::new();
        let mut winners = Winners::new();
        let e = random(&mut g, &mut c, &mut winners, 4);
        let by = [g.var("x"), g.var("y"), g.var("b")];
        let swept = super::sweep::gradients(&mut g, e, &by, &winners);
        let tidied = super::gradients(&mut g, e, &by, &winners);
        let maxima = |g: &Graph, roots: &[ExprId]| -> BTreeSet<ExprId> {
            let is_max = |id: &ExprId| matches!(g.node(*id), Node::Max(_));
            g.reachable(roots).into_iter().filter(is_max).collect()
        };
        prop_assert!(maxima(&g, &tidied).is_subset(&maxima(&g, &swept)));
        let names = FxHashMap::default();
        let local = Symbol::named("local");
        let context = Context {
            winners: &winners, names: &names, local: &local, fractions: &[], distributions: &[],
        };
        for (swept, tidied) in swept.into_iter().zip(tidied) {
            prop_assert!(agree(&g, swept, tidied, &winners));
            for place in tidied_places(&g, tidied) {
                for row in TABLE.iter().filter(|row| row.group == super::Group::Tidy) {
                    if is_wide(&g, place) && !NARROW.contains(&row.rule) {
                        continue;
                    }
                    let found = apply(&mut g, row.rule, place, &context);
                    let found = found.filter(|a| a.contractum != place);
                    prop_assert!(found.is_none(), "{}: {}", row.name, crate::lang::print_formula(&g, place));
                }
            }
        }
    }
}

#[test]
fn gradients_are_written_as_a_textbook_does() {
    let written = |loss: &str, by: &str| {
        let mut g = Graph::new();
        let e = crate::lang::parse_formula(&mut g, loss).expect("it is right");
        let x = g.var(by);
        let slope = super::gradients(&mut g, e, &[x], &Winners::new())[0];
        crate::lang::print_formula(&g, slope)
    };
    assert_eq!(written("(t - w*x)^2/2", "w"), "(w*x - t)*x");
    assert_eq!(written("0*w + 1*x*w", "w"), "x");
    assert_eq!(written("w*x + w*y + 0", "w"), "y + x");
    for loss in ["max(w*x, 0*w + u)^2", "w*w*w", "x/w + w/x", "1*sqrt(w) + 0*exp(w)^3"] {
        let slope = written(loss, "w");
        let untidy =
            ["1*", "*1)", " + 0 ", "^1 ", "0*x", "0*exp"].iter().any(|u| slope.contains(u));
        assert!(!untidy, "{loss}: {slope}");
    }
}

#[test]
fn an_assumed_winner_stays_one() {
    let mut g = Graph::new();
    let e =
        crate::lang::parse_formula(&mut g, "(1*w*x + 0 - max(w*x + 0*w, y*1))^2").expect("right");
    let is_max = |g: &Graph, id: &ExprId| matches!(g.node(*id), Node::Max(_));
    let max = g.reachable(&[e]).into_iter().find(|id| is_max(&g, id)).expect("there is one");
    let winner = g.children(max)[1];
    let winners = Winners::from_iter([(max, winner)]);
    let x = g.var("x");
    let slope = super::gradients(&mut g, e, &[x], &winners)[0];
    assert!(g.reachable(&[slope]).contains(&max), "{}", crate::lang::print_formula(&g, slope));
    let partial = g.partial(e, x);
    assert!(agree(&g, partial, slope, &winners));
}

/// Chains whose gradients are shared at every level are tidied in time that grows with them.
#[test]
fn long_chains_are_tidied() {
    for step in ["h*h", "h + w*tanh(h)", "h*w + h", "1*h*w + 0"] {
        let mut g = Graph::new();
        let w = g.var("w");
        let mut h = w;
        for n in 0..400 {
            let text = step.replace("h*", "h_#*").replace("h)", "h_#)").replace("h ", "h_# ");
            let text = if text.ends_with('h') { format!("{text}_#") } else { text };
            let text = text.replace('#', &n.to_string());
            let formula = crate::lang::parse_formula(&mut g, &text).expect("it is right");
            let leaf = g.var(&format!("h_{n}"));
            let named = g.named(&format!("q_{n}"), h);
            let mut put = FxHashMap::from_iter([(leaf, named)]);
            for id in g.reachable(&[formula]) {
                let children: Vec<ExprId> =
                    g.children(id).iter().map(|c| put.get(c).copied().unwrap_or(*c)).collect();
                if id != leaf {
                    put.insert(id, g.rebuild(id, &children));
                }
            }
            h = put[&formula];
        }
        let slopes = super::gradients(&mut g, h, &[w], &Winners::new());
        assert_eq!(slopes.len(), 1);
    }
}

#[test]
fn a_rewrite_splices_products_into_products_only_where_it_is_new() {
    let mut g = Graph::new();
    let (a, b, c, d) = (g.var("a"), g.var("b"), g.var("c"), g.var("d"));
    let bc = g.mul([b, c]);
    let nested = g.mul([a, bc]);
    let da = g.mul([d, a]);
    let spliced = replace_at(&mut g, nested, &[0], da);
    assert_eq!(spliced, g.mul([d, a, bc]), "the author's nesting stays");
    assert_eq!(subterm(&g, nested, &[1, 0]), Some(b));
    assert_eq!(subterm(&g, nested, &[2]), None);
}
