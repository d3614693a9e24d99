//! Laws: what a true rewriting makes is never refuted, a derivative carried out is the one
//! written down, and nothing is proved that values deny.

use proptest::prelude::*;

use super::trees::Tree::{self, *};
use super::trees::{NAMES, build, derivative, mutated, rewritten, tree, value};
use super::*;
use crate::expr::{Branches, Rest, evaluate};
use crate::proof::local;
use crate::proof::look::Moves;
use crate::proof::normal::value_tests::{value_at, value_in_case};
use crate::proof::normal::{Fraction, within};
use crate::proof::probability::probably_equal;
use crate::proof::prove::MAX_STEPS;
use crate::proof::sample::Claim;
use crate::proof::survey::Survey;

fn verdict_on(lhs: &Tree, rhs: &Tree) -> Verdict {
    let mut g = Graph::new();
    let (l, r) = (build(&mut g, lhs), build(&mut g, rhs));
    let winners = Winners::new();
    let verdict = prove_in(&g, l, r, &Context { winners: &winners, leaves: Leaves::All });
    if let Verdict::Refuted(witness) = &verdict {
        assert!(witness.holds(&g, l, r, &winners));
    }
    verdict
}

/// Whether a true claim about `t` may get this verdict. A max of three and the same as a max of
/// a max need the order of the arguments, which is not always found.
fn expected(t: &Tree, verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Proved(_) => true,
        Verdict::Refuted(_) => false,
        Verdict::Undecided(Reason::NotFound) => has_wide_max(t),
        Verdict::Undecided(reason) => {
            matches!(reason, Reason::UndefinedCase | Reason::NeverDefined | Reason::TooLarge)
        }
    }
}

fn has_wide_max(t: &Tree) -> bool {
    match t {
        Num(..) | Var(_) => false,
        Neg(a) | Pow(a, _) | Root(a, ..) | Call(_, a) => has_wide_max(a),
        Add(a, b) | Sub(a, b) | Mul(a, b) | Div(a, b) | Beats(a, b) => {
            has_wide_max(a) || has_wide_max(b)
        }
        Max(all) => all.len() > 2 || all.iter().any(has_wide_max),
    }
}

/// Whether values deny `lhs = rhs`; asked with enough room for what f64 rounds.
fn denied(lhs: &Tree, rhs: &Tree) -> Option<[f64; 3]> {
    points().find(|at| match (value(lhs, at), value(rhs, at)) {
        (Some(l), Some(r)) => (l - r).abs() > 1e-3 * (1.0 + l.abs().max(r.abs())),
        _ => false,
    })
}

/// Points that no coordinate of an expression meets by chance.
fn points() -> impl Iterator<Item = [f64; 3]> {
    (1..60)
        .map(f64::from)
        .map(|n| [n * 0.618_034, n * 0.754_877, n * 0.569_840].map(|x| x.fract() * 4.0 - 2.0))
}

/// The same expressions with names for some of their parts, the same part under the same name.
fn named(g: &mut Graph, roots: [ExprId; 2], every: usize) -> [ExprId; 2] {
    let mut new = std::collections::BTreeMap::new();
    for id in g.reachable(&roots) {
        let children: Vec<ExprId> = g.children(id).iter().map(|c| new[c]).collect();
        let mut e = g.rebuild(id, &children);
        let leaf = matches!(g.node(e), crate::expr::Node::Var(_) | crate::expr::Node::Number(_));
        // What is under ∂ and the max of a bracket have to be what they were.
        let kept = matches!(g.node(e), crate::expr::Node::Max(_));
        if !leaf && !kept && id.index().is_multiple_of(every) {
            e = g.named(&format!("q_{}", id.index()), e);
        }
        new.insert(id, e);
    }
    roots.map(|r| new[&r])
}

/// A point, ties and kinks among them, where exact values deny `lhs = rhs`.
fn denied_exactly(g: &Graph, lhs: ExprId, rhs: ExprId) -> Option<[i64; 3]> {
    let grid = [-1, 0, 1, 2];
    let all = grid.iter().flat_map(|x| grid.iter().map(move |y| (*x, *y)));
    all.flat_map(|(x, y)| grid.iter().map(move |z| [x, y, *z])).find(|at| {
        let env = |s: crate::expr::SymbolId| {
            let place = NAMES.iter().position(|n| *n == g.symbol(s).spelling())?;
            Some(Rational::from(at[place]))
        };
        let value = |e| evaluate(g, e, &env, Branches::default());
        matches!((value(lhs), value(rhs)), (Ok(l), Ok(r)) if l != r)
    })
}

proptest! {
    #![proptest_config(crate::laws::laws(600))]

    /// What is proved at its place holds on kinks as well as off them, names or no names, and
    /// under ∂.
    #[test]
    fn nothing_false_is_proved_at_its_place(
        t in tree(),
        moves in prop::collection::vec(any::<u8>(), 24),
        at in 0u32..20,
        v in 0usize..4,
        every in 1usize..5,
        change in any::<bool>(),
    ) {
        let mut g = Graph::new();
        let variables = NAMES.map(|name| g.var(name));
        let other = rewritten(&t, &mut moves.into_iter());
        let other = if change { mutated(&other, &mut at.clone()) } else { other };
        let mut lhs = build(&mut g, &t);
        let mut rhs = build(&mut g, &other);
        [lhs, rhs] = named(&mut g, [lhs, rhs], every);
        let mut by_hand = None;
        if let Some(by) = variables.get(v) {
            lhs = g.partial(lhs, *by);
            rhs = g.partial(rhs, *by);
            let slope = build(&mut g, &derivative(&other, v));
            by_hand = Some(slope);
        }
        let winners = Winners::new();
        let moves = Moves::new(&g, &winners);
        for other in std::iter::once(rhs).chain(by_hand) {
            if local::proof(&moves, lhs, other).is_some() {
                let point = denied_exactly(&g, lhs, other);
                let show = |e| crate::lang::print_formula(&g, e);
                prop_assert!(point.is_none(), "{} = {} at {point:?}", show(lhs), show(other));
            }
        }
    }

    #[test]
    fn a_true_rewriting_is_proved(t in tree(), moves in prop::collection::vec(any::<u8>(), 24)) {
        let other = rewritten(&t, &mut moves.into_iter());
        let verdict = verdict_on(&t, &other);
        prop_assert!(expected(&t, &verdict), "{t:?} = {other:?}: {verdict:?}");
    }

    #[test]
    fn a_normal_form_has_the_value_of_its_expression(
        t in tree(), by in 0usize..3, derived in any::<bool>(),
    ) {
        let mut g = Graph::new();
        let variables = NAMES.map(|name| g.var(name));
        let mut e = build(&mut g, &t);
        let mut t = t;
        if derived {
            e = g.partial(e, variables[by]);
            t = derivative(&t, by);
        }
        let branches = Branches { winners: None, rest: Rest::Symbolic, opaque: None };
        within(MAX_STEPS, || {
            let leaf = |symbol| Some(Fraction::variable(symbol));
            let Ok(normal) = evaluate(&g, e, &leaf, branches) else { return Ok(()) };
            for at in points().take(12) {
                let Some(truth) = value(&t, &at) else { continue };
                for found in [value_at(&normal, &at), value_in_case(&normal, &at)] {
                    let Some(found) = found else { continue };
                    let allowed = 1e-6 * (1.0 + truth.abs() + found.size);
                    let near = (found.value - truth).abs() <= allowed;
                    prop_assert!(near, "{t:?} at {at:?}: {} for {truth}: {normal:?}", found.value);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn nothing_false_is_proved(
        t in tree(), moves in prop::collection::vec(any::<u8>(), 24), at in 0u32..20,
    ) {
        let other = mutated(&rewritten(&t, &mut moves.into_iter()), &mut at.clone());
        if verdict_on(&t, &other).is_proved() {
            let point = denied(&t, &other);
            prop_assert!(point.is_none(), "{t:?} = {other:?} at {point:?}");
        }
    }

    #[test]
    fn nothing_false_passes_at_random_points(
        t in tree(), moves in prop::collection::vec(any::<u8>(), 24), at in 0u32..20,
    ) {
        let other = mutated(&rewritten(&t, &mut moves.into_iter()), &mut at.clone());
        let mut g = Graph::new();
        let (lhs, rhs) = (build(&mut g, &t), build(&mut g, &other));
        // A doubled side and its sum are equal, whatever the side is.
        let two = g.integer(2);
        let (twice, sum) = (g.mul([two, lhs]), g.add([lhs, lhs]));
        let winners = Winners::new();
        let context = Context { winners: &winners, leaves: Leaves::All };
        let passes = |lhs, rhs| {
            let survey = Survey::of(&g, lhs, rhs, &context).unwrap();
            let claim = Claim::new(&g, [lhs, rhs], &winners, &survey);
            probably_equal(&claim).is_some()
        };
        if passes(lhs, rhs) {
            let point = denied(&t, &other);
            prop_assert!(point.is_none(), "{t:?} = {other:?} at {point:?}");
        }
        if points().any(|at| value(&t, &at).is_some()) {
            prop_assert!(passes(twice, sum), "2·{t:?}");
        }
    }

    #[test]
    fn a_derivative_carried_out_is_the_one_written_down(t in tree(), v in 0usize..3) {
        let mut g = Graph::new();
        let of = build(&mut g, &t);
        let by = g.var(NAMES[v]);
        let slope = g.partial(of, by);
        let by_hand = build(&mut g, &derivative(&t, v));
        let winners = Winners::new();
        let verdict =
            prove_in(&g, slope, by_hand, &Context { winners: &winners, leaves: Leaves::All });
        prop_assert!(expected(&t, &verdict), "{t:?}: {verdict:?}");
    }
}
