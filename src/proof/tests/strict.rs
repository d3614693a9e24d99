//! What single parts of a proof refuse: each is asked by itself, so that no other part makes up
//! for it.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::super::against::equal_to_sweep;
use super::super::enclosure::Enclosure;
use super::super::look::{Look, Maxima, Moves};
use super::super::normal::Unknown;
use super::super::paths::Paths;
use super::super::{StepProof, against_sweep, replay};
use super::*;
use crate::calculus::{Derivation, Request, derive};
use crate::lang::parse_network;
use crate::lower::lower;
use crate::scalar::{Fault, Function, Interval, Scalar};

fn derivation(text: &str) -> Derivation {
    let lowered = lower(&parse_network(text).unwrap()).unwrap();
    let by = lowered.params.iter().copied().collect();
    derive(lowered, &Request { by, updates: false }).unwrap()
}

/// A derivation whose steps nobody sees is held against the sweep: whatever else its result is,
/// it is refused.
#[test]
fn a_result_that_is_not_the_gradient_does_not_pass_the_sweep() {
    for text in [
        "input x\nparam w\ny = tanh(w*x)\nE = y^2 + w",
        "input x\nparam w\nE = relu(w*x) + exp(w)",
        "param v, w\nq = v*w + 1\nE = max(q, w)^2",
    ] {
        assert!(against_sweep(&mut derivation(text)).is_ok(), "{text}");
        for lemma in 0..derivation(text).targets.len() {
            for how in 0..4 {
                let mut d = derivation(text);
                let place = d.targets[lemma].index();
                let (g, right) = (&mut d.graph, d.lemmas[place].result);
                let (one, two) = (g.integer(1), g.integer(2));
                d.lemmas[place].result = match how {
                    0 => g.add([right, one]),
                    1 => g.mul([two, right]),
                    2 => g.neg(right),
                    _ => two,
                };
                let error = against_sweep(&mut d).expect_err("it is wrong");
                // Before it is tried in numbers.
                let message = error.message();
                assert!(
                    message.starts_with("the reverse sweep does not prove"),
                    "{text}: {message}"
                );
            }
        }
    }
}

/// √w has a value at 0 and no slope: another point is looked for.
#[test]
fn a_point_without_a_slope_is_passed_over() {
    let text = "param w\nE = sqrt(w)\ngiven w = 0";
    assert!(against_sweep(&mut derivation(text)).is_ok());
    assert!(replay(&mut derivation(text)).is_ok());
}

#[test]
fn a_sum_over_paths_takes_each_path_once_and_by_its_own_quantity() {
    let mut g = Graph::new();
    let e = read(&mut g, "E:(p:(2*x)*q:(3*x))");
    let named = |g: &mut Graph, text: &str| read(g, text);
    let (p, q, x) = (named(&mut g, "p:(2*x)"), named(&mut g, "q:(3*x)"), g.var("x"));
    let of = |g: &mut Graph, end: ExprId, outer: ExprId, of: ExprId, by: ExprId| {
        let (left, right) = (g.partial(end, outer), g.partial(of, by));
        g.mul([left, right])
    };
    let before = g.partial(e, x);
    let (by_p, by_q) = (of(&mut g, e, p, p, x), of(&mut g, e, q, q, x));
    let crossed = of(&mut g, e, p, q, x);
    let elsewhere = of(&mut g, q, p, p, x);
    let by_itself = of(&mut g, e, x, x, x);
    let other = of(&mut g, e, q, q, p);
    let cases = [
        (vec![by_p, by_q], true),
        (vec![by_q, by_p], true),
        // One is missing, one is there twice.
        (vec![by_p], false),
        (vec![by_p, by_p], false),
        (vec![by_p, by_q, by_q], false),
        // ∂E/∂p·∂q/∂x, ∂q/∂p·∂p/∂x, ∂E/∂x·∂x/∂x, ∂E/∂q·∂q/∂p.
        (vec![crossed, by_q], false),
        (vec![elsewhere, by_q], false),
        (vec![by_itself], false),
        (vec![by_p, other], false),
    ];
    for (n, (terms, right)) in cases.into_iter().enumerate() {
        let after = if let [one] = terms.as_slice() { *one } else { g.add(terms) };
        let winners = Winners::new();
        let moves = Moves::new(&g, &winners);
        assert_eq!(Paths::to(&moves, e).prove(&moves, before, after), right, "case {n}");
        // Of a product that is no derivative of E nothing is said.
        assert!(!Paths::to(&moves, e).prove(&moves, after, after));
    }
}

/// Of a max of which nothing is known, its arguments are not asked for; else each of them once.
#[test]
fn a_bracket_is_looked_into_only_where_its_arguments_are_compared() {
    let mut g = Graph::new();
    let [a, b] = ["a", "b"].map(|name| g.var(name));
    let zero = g.integer(0);
    let nothing = g.div(a, zero);
    let (max, broken) = (g.max([a, b]), g.max([a, nothing]));
    let claims = [g.wins(max, a), g.wins(max, b), g.wins(broken, a)];
    let winners = Winners::new();
    let moves = Moves::new(&g, &winners);
    let unknown = |what: Unknown| -> Result<Enclosure, Fault> {
        match what {
            Unknown::Value(id) if id == a => Ok(Enclosure::one()),
            Unknown::Value(_) => Ok(Enclosure::integer(2)),
            _ => Ok(Enclosure::integer(7)),
        }
    };
    let look = |maxima: Maxima, e: ExprId| {
        let mut look = Look::new(&moves, &|_| false, &unknown, maxima, 100);
        (look.value(e).ok(), 100 - look.left())
    };
    for e in claims {
        assert!(look(Maxima::Unknown, e) == (Some(Enclosure::integer(7)), 1));
    }
    assert!(look(Maxima::Compared, claims[0]) == (Some(Enclosure::zero()), 3));
    assert!(look(Maxima::Compared, claims[1]) == (Some(Enclosure::one()), 3));
    assert!(look(Maxima::Compared, claims[2]).0.is_none());
}

/// What q is would be of a degree for which random points prove nothing, and needs not be known;
/// that h is the function of it has to be.
#[test]
fn an_equation_may_need_what_function_a_name_is_and_not_of_what() {
    let mut g = Graph::new();
    let mut power = g.var("x");
    let (one, two) = (g.integer(1), g.integer(2));
    for _ in 0..60 {
        power = g.mul([power, power]);
    }
    let q = g.named("q", power);
    let tanh = g.call(Function::Tanh, q);
    let h = g.named("h", tanh);
    let (left, right) = (g.mul([h, h]), g.pow(tanh, two));
    let (left, right) = (g.sub(one, left), g.sub(one, right));
    let winners = Winners::new();
    let moves = Moves::new(&g, &winners);
    let steps = Cell::new(MAX_STEPS);
    assert!(equal_to_sweep(&moves, &[(left, right)], &steps).is_ok());
    // Without a normal form.
    assert_eq!(steps.get(), MAX_STEPS);
}

/// A logarithm that is divided by a sum is no exponent of what it is of.
#[test]
fn an_exponential_undoes_a_logarithm_that_stands_alone() {
    for (claim, proved) in [
        ("exp(ln(a)) = a", true),
        ("exp(3*ln(a)) = a^3", true),
        ("exp(ln(a) + b) = a*exp(b)", true),
        ("exp(ln(a)/2) = sqrt(a)", true),
        ("exp(ln(a)/(b^2 + 1)) = a", false),
        ("exp(ln(a + 1)/(b + 1)) = a + 1", false),
        ("exp(2*ln(a)/(a + 1)) = a^2", false),
        ("exp(ln(a)/b) = a", false),
        ("exp(b*ln(a)) = a", false),
    ] {
        let verdict = judge(claim);
        assert_eq!(verdict.is_proved(), proved, "{claim}: {verdict:?}");
        assert_eq!(verdict.is_refuted(), !proved, "{claim}: {verdict:?}");
    }
}

/// ln of what has no small factor is a number of its own, and not nothing.
#[test]
fn logarithms_of_large_primes_count() {
    assert_eq!(judge("ln(2000006) = ln(2) + ln(1000003)"), EXACT);
    assert!(judge("ln(1000003) = 0").is_refuted());
    assert!(judge("ln(2000006) = ln(2)").is_refuted());
}

/// No two arguments of a max are the first of the greatest at once.
#[test]
fn the_product_of_two_winners_is_nothing() {
    assert_eq!(judge("wins(max(a, b), a)*wins(max(a, b), b) = 0"), EXACT);
    assert_eq!(judge("wins(max(a, b, c), a)*x*wins(max(a, b, c), c) = 0"), EXACT);
    assert_eq!(judge("wins(max(a, b), a)^2 = wins(max(a, b), a)"), EXACT);
}

#[test]
fn what_is_common_to_all_terms_is_divided_out() {
    assert_eq!(judge("(sqrt(x) + sqrt(x)*y)/sqrt(x) = 1 + y"), EXACT);
    assert_eq!(judge("(x*y + x^2*y^3)/(x*y) = 1 + x*y^2"), EXACT);
    assert_eq!(judge("max(x, x + 1) = x + 1"), EXACT);
    assert_eq!(judge("max(x + 1, y, x) = max(y, x + 1)"), EXACT);
}

/// Too large for a normal form, and greater than 0.
const LARGE: &str = "(a^2 + b^2 + c^2 + d^2 + e^2 + f^2 + 1)^30";

/// What does not move with a variable of differentiation is itself one, however large.
#[test]
fn a_name_that_stands_still_is_a_variable() {
    let q = format!("q:({LARGE})");
    assert_eq!(judge(&format!("d({q}*x^2, x) = 2*x*{q}")), EXACT);
    assert_eq!(judge(&format!("(x - {q})*(x + {q}) = x^2 - {q}^2")), EXACT);
    // And an assumed winner is no kink.
    let mut g = Graph::new();
    let claim = format!("{q}*max(x, y)*(x + 1) = {q}*x*max(x, y) + max(x, y)*{q}");
    let (lhs, rhs) = claim.split_once('=').unwrap();
    let (lhs, rhs) = (read(&mut g, lhs), read(&mut g, rhs));
    let (max, x) = (read(&mut g, "max(x, y)"), g.var("x"));
    let winners = Winners::from_iter([(max, x)]);
    let context = Context { winners: &winners, leaves: Leaves::All };
    assert_eq!(prove_in(&g, lhs, rhs, &context), EXACT);
    // Beside a kink nothing is known of the region where a name makes its argument 0.
    let beside = judge(&format!("{q}*relu(x)*2 = relu(x)*{q} + relu(x)*{q}"));
    assert!(matches!(beside, Verdict::Proved(How::Probabilistic { .. })), "{beside:?}");
}

/// A name that moves is no variable: what holds for one is refuted.
#[test]
fn a_name_that_moves_is_none() {
    for q in ["q:exp(x)", "q:(x^2)", "q:sqrt(x + y)", "q:p:exp(x)"] {
        let verdict = judge(&format!("d({q}*x, x) = {q}"));
        assert!(verdict.is_refuted(), "{q}: {verdict:?}");
        let verdict = judge(&format!("d(y*{q}, x) = 0"));
        assert!(verdict.is_refuted(), "{q}: {verdict:?}");
    }
}

/// Logarithms of p and 1 − p, as of probabilities, have values only between 0 and 1.
#[test]
fn points_between_0_and_1_are_among_those_that_are_tried() {
    let terms: Vec<String> =
        ["a", "b", "c", "d", "e", "f", "g", "h"].map(|p| format!("ln({p}*(1 - {p}))")).to_vec();
    let (left, right) = (terms.join(" + "), terms.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(judge(&format!("{left} = {}", right.join(" + "))), EXACT);
    assert!(judge(&format!("{left} = {} + a", right.join(" + "))).is_refuted());
}

/// Intervals that touch are not apart, and a witness of equal values is none.
#[test]
fn a_witness_has_values_that_are_apart() {
    let mut g = Graph::new();
    let (x, one, two) = (g.var("x"), g.integer(1), g.integer(2));
    let point = vec![(g.symbol_of(x).unwrap(), Rational::from(1))];
    let enclosed = |x: f64| Value::Enclosed(Interval::point(x).unwrap());
    let exact = |n: i64| Value::Exact(Rational::from(n));
    let holds = |lhs: Value, rhs: Value, right: ExprId| {
        Witness { point: point.clone(), lhs, rhs }.holds(&g, x, right, &Winners::new())
    };
    assert!(holds(enclosed(1.0), enclosed(2.0), two));
    assert!(holds(exact(1), exact(2), two));
    assert!(!holds(enclosed(1.0), enclosed(1.0), one));
    assert!(!holds(exact(1), exact(1), one));
    // Nor one of values that are not there, or of two kinds.
    assert!(!holds(enclosed(1.0), enclosed(3.0), two));
    assert!(!holds(exact(1), exact(3), two));
    assert!(!holds(exact(1), enclosed(2.0), two));
}

#[test]
fn the_kinds_of_proof_have_names() {
    let names: BTreeMap<&str, StepProof> =
        [StepProof::Exact, StepProof::Probabilistic, StepProof::Assumed]
            .map(|proof| (proof.name(), proof))
            .into();
    let words: Vec<&str> = names.keys().copied().collect();
    assert_eq!(words, ["assumed", "exact", "probabilistic"]);
    assert_eq!(names["exact"], StepProof::Exact);
}
