//! Each guard of a verdict by a claim that only it keeps from being "proved".

use std::cell::Cell;

use super::super::prove::prove_where_defined;
use super::*;

/// Too large for a normal form, and greater than 0.
const LARGE: &str = "(a^2 + b^2 + c^2 + d^2 + e^2 + f^2 + 1)^30";

/// A number that is 0 and whose normal form is not, nor any enclosure of it.
const HIDDEN_ZERO: &str = "(sqrt(3 + 2*sqrt(2)) - 1 - sqrt(2))";

fn where_defined(claim: &str) -> Verdict {
    let mut g = Graph::new();
    let (lhs, rhs) = claim.split_once('=').unwrap();
    let (lhs, rhs) = (read(&mut g, lhs), read(&mut g, rhs));
    let winners = Winners::new();
    let context = Context { winners: &winners, leaves: Leaves::All };
    prove_where_defined(&g, lhs, rhs, &context, &Cell::new(MAX_STEPS))
}

/// Whichever way leads to the proof: a name as a variable, the whole normal form, random points.
#[test]
fn what_has_a_value_nowhere_is_not_proved() {
    let never = Verdict::Undecided(Reason::NeverDefined);
    for (value, verdict) in [("sqrt(-1 - x^2)", &never), ("sqrt(1 + x^2)", &EXACT)] {
        // A name for a function, a name for something else, and none.
        assert_eq!(judge(&format!("2*q:({value}) = q:({value}) + q:({value})")), *verdict);
        assert_eq!(judge(&format!("2*q:(x*{value}) = q:(x*{value}) + q:(x*{value})")), *verdict);
        assert_eq!(judge(&format!("2*{value} = {value} + {value}")), *verdict);
        // Where a case of a kink has no value, in the lenient way.
        let claim = format!("{value}*step(y)/step(y) = {value}");
        assert_eq!(where_defined(&claim), *verdict, "{claim}");
    }
    let large =
        |value: &str| judge(&format!("{LARGE}*{value}*2 = {value}*{LARGE} + {LARGE}*{value}"));
    assert_eq!(large("sqrt(-1 - x^2)"), never);
    let found = large("sqrt(1 + x^2)");
    assert!(matches!(found, Verdict::Proved(How::Probabilistic { .. })), "{found:?}");
}

#[test]
fn a_case_without_a_value_is_excused_only_where_that_was_asked_for() {
    let claim = "x*step(y)/step(y) = x";
    assert_eq!(judge(claim), Verdict::Undecided(Reason::UndefinedCase));
    assert_eq!(where_defined(claim), EXACT);
    assert!(!where_defined("x*step(y)/step(y) = x + 1").is_proved());
    // And its steps come from the budget that it is given.
    let mut g = Graph::new();
    let (l, r) = (read(&mut g, "(a + b)^2"), read(&mut g, "a^2 + 2*a*b + b^2"));
    let winners = Winners::new();
    let context = Context { winners: &winners, leaves: Leaves::All };
    let left = Cell::new(MAX_STEPS);
    assert_eq!(prove_where_defined(&g, l, r, &context, &left), EXACT);
    assert!(left.get() < MAX_STEPS);
    let spent = Cell::new(1);
    let verdict = prove_where_defined(&g, l, r, &context, &spent);
    assert_eq!((verdict, spent.get()), (Verdict::Undecided(Reason::TooLarge), 0));
}

/// A symbol that names two things is no variable: here they differ by less than any point shows.
#[test]
fn one_name_for_two_things_is_not_one_variable() {
    let mut g = Graph::new();
    let exp = read(&mut g, "exp(x)");
    let little = g.number(&"1e-40".parse().unwrap());
    let more = g.add([exp, little]);
    let (first, second) = (g.named("z", exp), g.named("z", more));
    let winners = Winners::new();
    let context = Context { winners: &winners, leaves: Leaves::All };
    assert!(!prove_in(&g, first, second, &context).is_proved());
    // Nor is a name that is a variable elsewhere in the claim.
    let z = g.var("z");
    let (left, right) = (g.mul([first, z]), g.mul([z, z]));
    assert!(!prove_in(&g, left, right, &context).is_proved());
    assert_eq!(prove_in(&g, first, first, &context), EXACT);
}

/// A name under ∂ that depends on the variable is looked into; one that does not need not be.
#[test]
fn what_moves_with_the_variable_is_no_variable() {
    assert_eq!(judge("d(q:(exp(x))*y, x) = y*exp(x)"), EXACT);
    assert!(!judge("d(q:(exp(x))*y, x) = 0").is_proved());
    assert_eq!(judge("d(q:(exp(u))*y, y) = q:(exp(u))"), EXACT);
    assert_eq!(judge("d(q:(exp(x))*x, q:(exp(x))) = x"), EXACT);
}

/// Where a comparison is too close to be made at most points, what holds at the others is not
/// taken for all.
#[test]
fn a_minority_of_clear_points_is_not_enough() {
    // The argument of the kink is 0 but where every factor is positive.
    let of = |sum: &str| {
        judge(&format!("step({HIDDEN_ZERO} + {sum}) + step(-{HIDDEN_ZERO} - {sum}) = 1"))
    };
    let rarely = of("relu(x)*relu(y)*relu(z)*relu(u)");
    assert_eq!(rarely, Verdict::Undecided(Reason::Disagreement));
    assert_eq!(of("x"), EXACT);
}

/// What is seen at one point of the reals decides between "proved" and "nowhere defined", so a
/// claim that has a value only between 0 and 1 has to meet such a point.
#[test]
fn points_lie_between_0_and_1_too() {
    assert_eq!(judge("2*ln(1 - p)*ln(p) = ln(p)*ln(1 - p) + ln(1 - p)*ln(p)"), EXACT);
    assert_eq!(judge("ln(x)*ln(-y) = ln(-y)*ln(x)"), EXACT);
}

#[test]
fn a_claim_past_its_limits_is_told_so() {
    let mut g = Graph::new();
    let x = g.var("x");
    let many: Vec<ExprId> = (0..=MAX_NODES as i64).map(|n| g.integer(n)).collect();
    let sum = g.add(&many);
    let large = g.mul([sum, x]);
    let winners = Winners::new();
    let context = Context { winners: &winners, leaves: Leaves::All };
    let too_large = Verdict::Undecided(Reason::TooLarge);
    assert_eq!(prove_in(&g, large, x, &context), too_large);
    let few = g.add(&many[..100]);
    assert!(prove_in(&g, few, x, &context).is_refuted());
    // A derivative visits its operand again.
    let deep = g.add(&many[..MAX_NODES / 2]);
    let slopes: Vec<ExprId> = (0..5)
        .map(|n| {
            let by = g.var(&format!("y{n}"));
            let of = g.mul([deep, by]);
            g.partial(of, by)
        })
        .collect();
    let all = g.add(&slopes);
    assert_eq!(prove_in(&g, all, x, &context), too_large);
}

/// With fewer steps than the normal form takes, the same claim is proved at random points.
#[test]
fn a_smaller_budget_gives_a_weaker_proof() {
    let mut g = Graph::new();
    let (l, r) = (read(&mut g, "(a + b + c + d)^9"), read(&mut g, "((a + b + c + d)^3)^3"));
    let winners = Winners::new();
    let context = Context { winners: &winners, leaves: Leaves::All };
    assert_eq!(prove_within(&g, l, r, &context, MAX_STEPS), EXACT);
    let weak = prove_within(&g, l, r, &context, 10);
    let Verdict::Proved(How::Probabilistic { error_bound }) = weak else { panic!("{weak:?}") };
    assert!(error_bound > 0.0 && error_bound < 1e-40, "{error_bound}");
}
