//! Tables of true and false claims, and laws.

mod guards;
mod laws;
mod notation;
mod strict;
mod trees;
mod waves;

use std::collections::BTreeSet;

use notation::read;

use super::*;
use crate::expr::{ExprId, Graph, Symbol, Winners};
use crate::scalar::Rational;

/// The verdict on `lhs = rhs` with every symbol a leaf.
fn judge(claim: &str) -> Verdict {
    let mut g = Graph::new();
    let (lhs, rhs) = claim.split_once('=').unwrap();
    let (lhs, rhs) = (read(&mut g, lhs), read(&mut g, rhs));
    let winners = Winners::new();
    let verdict = prove_in(&g, lhs, rhs, &Context { winners: &winners, leaves: Leaves::All });
    if let Verdict::Refuted(witness) = &verdict {
        assert!(witness.holds(&g, lhs, rhs, &winners), "{claim}: {witness:?}");
    }
    verdict
}

const EXACT: Verdict = Verdict::Proved(How::Exact);

#[test]
fn true_claims_are_proved() {
    for claim in [
        // Arithmetic.
        "(a + b)^2 = a^2 + 2*a*b + b^2",
        "(a + b)*(a - b) = a^2 - b^2",
        "a - (b - c) = a - b + c",
        "0.1 + 0.2 = 0.3",
        "-(-a) = a",
        "a + -b = a - b",
        "2*a/4 = a/2",
        "a/b/c = a/(b*c)",
        "a/(b/c) = a*c/b",
        "1/a + 1/b = (a + b)/(a*b)",
        "x/x = 1",
        "(x^2 - 1)/(x - 1) = x + 1",
        "(x^3 - y^3)/(x - y) = x^2 + x*y + y^2",
        "x^(-2) = 1/x^2",
        "x^0 = 1",
        "x^(3 - 1) = x^2",
        "(a/b)^(-3) = (b/a)^3",
        "1/(1 + 1/x) = x/(x + 1)",
        "a/(a+b) + b/(a+b) = 1",
        "1/(a-b) + 1/(b-a) = 0",
        "(a+b)^10*(a+b)^(-7) = (a+b)^3",
        "123456789012345678901234567890*x - 123456789012345678901234567889*x = x",
        "r:(w*x) - w*x = 0",
        // Exponentials and logarithms.
        "exp(a + b) = exp(a)*exp(b)",
        "exp(a - b) = exp(a)/exp(b)",
        "exp(u/2)^2 = exp(u)",
        "exp(u)^(1/2) = exp(u/2)",
        "exp(0) = 1",
        "exp(x)*exp(-x) = 1",
        "exp(2*x/3)*exp(x/3) = exp(x)",
        "exp((a + b)*c/d) = exp(a*c/d)*exp(b*c/d)",
        "exp(ln(x)) = x",
        "ln(exp(x)) = x",
        "exp(2*ln(x)) = x^2",
        "exp(-ln(x)/2) = 1/sqrt(x)",
        "ln(x/2) = ln(x) - ln(2)",
        "ln(1/8) = -3*ln(2)",
        "ln(6) = ln(2) + ln(3)",
        "ln(exp(a)/(exp(a) + exp(b))) = a - ln(exp(a) + exp(b))",
        "ln(1 + exp(-x)) = ln(1 + exp(x)) - x",
        "-ln(sigmoid(x)) = ln(1 + exp(-x))",
        "ln(sqrt(x)) = ln(x)/2",
        "2^x*2^y = 2^(x + y)",
        "x^y*x = x^(y + 1)",
        "x^y = exp(y*ln(x))",
        "(exp(x))^y = exp(x*y)",
        // The squashing functions.
        "sigmoid(x) = 1/(1 + exp(-x))",
        "sigmoid(x) = exp(x)/(1 + exp(x))",
        "sigmoid(-x) = 1 - sigmoid(x)",
        "tanh(x) = (exp(x) - exp(-x))/(exp(x) + exp(-x))",
        "tanh(x) = 2*sigmoid(2*x) - 1",
        "softplus(x) = ln(1 + exp(x))",
        "softplus(x) - softplus(-x) = x",
        "softplus(x) = -ln(sigmoid(-x))",
        "normal_cdf(-x) = 1 - normal_cdf(x)",
        "normal_cdf(a - b) + normal_cdf(b - a) = 1",
        "normal_cdf(x - x) = 1/2",
        "normal_pdf(a - b) = normal_pdf(b - a)",
        "normal_pdf(x)/normal_pdf(-x) = 1",
        "normal_cdf(abs(x)) - 1/2 = sign(x)*(normal_cdf(x) - 1/2)",
        "normal_pdf(abs(x)) = normal_pdf(x)",
        "tanh(2*x) = 2*tanh(x)/(1 + tanh(x)^2)",
        "tanh(a + b) = (tanh(a) + tanh(b))/(1 + tanh(a)*tanh(b))",
        "exp(a)/(exp(a)+exp(b)+exp(c)) + exp(b)/(exp(a)+exp(b)+exp(c)) + exp(c)/(exp(a)+exp(b)+exp(c)) = 1",
        "exp(a)/(exp(a)+exp(b)) = sigmoid(a - b)",
        // Roots.
        "sqrt(x)^2 = x",
        "sqrt(x)*sqrt(x) = x",
        "sqrt(8) = 2*sqrt(2)",
        "sqrt(4) = 2",
        "sqrt(1/2) = sqrt(2)/2",
        "1/sqrt(x) = sqrt(x)/x",
        "sqrt(1/x) = 1/sqrt(x)",
        "sqrt(x^2) = abs(x)",
        "sqrt(x^4) = x^2",
        "sqrt(a^2 - 2*a*b + b^2) = abs(a - b)",
        "sqrt(4*x) = 2*sqrt(x)",
        "sqrt(x)^3 = x*sqrt(x)",
        "x^(1/2) = sqrt(x)",
        "x^(3/2)/x = sqrt(x)",
        "sqrt(exp(x)) = exp(x/2)",
        "(x^(1/3))^3 = x",
        "1/(sqrt(a) + sqrt(b)) = (sqrt(a) - sqrt(b))/(a - b)",
        "sqrt(-x)^2 = -x",
        "sqrt(x)*abs(x) = x*sqrt(x)",
        "ln(x)*sign(x) = ln(x)",
        "max(1/sqrt(z), x, 0) = max(1/sqrt(z), max(x, 0))",
        "max(1, 0, x^3) = max(0, max(x^3, 1))",
        // Kinks.
        "abs(x)^2 = x^2",
        "abs(x)*abs(y) = abs(x*y)",
        "abs(-x) = abs(x)",
        "abs(x) = x*sign(x)",
        "abs(x)/x = sign(x)",
        "x/tanh(abs(x)) = abs(x)/tanh(x)",
        "1/(1/(2 + step(x))) = 2 + step(x)",
        "x/(1/(1 + exp(relu(x))))^2 = x*(1 + exp(relu(x)))^2",
        "abs(2*x - 2*y) = 2*abs(y - x)",
        "sign(x)^3 = sign(x)",
        "sign(-x) = -sign(x)",
        "relu(x) - relu(-x) = x",
        "relu(x) + relu(-x) = abs(x)",
        "relu(x)*relu(-x) = 0",
        "relu(x) = x*step(x)",
        "relu(2*x) = 2*relu(x)",
        "relu(relu(x)) = relu(x)",
        "step(relu(x)) = step(x)",
        "relu(x)^2 = x*relu(x)",
        "relu(x)^2 = relu(x)*abs(x)",
        "step(x)*step(x) = step(x)",
        "step(x*y) = step(x)*step(y) + step(-x)*step(-y)",
        "step(x - x) = 0",
        "sign(3 - 5) = -1",
        "relu(x^2 + 1) = x^2 + 1",
        "relu(-exp(x)) = 0",
        "abs(x^2 - 2*x + 1) = (x - 1)^2",
        "exp(relu(x)) = step(x)*exp(x) + 1 - step(x)",
        "tanh(abs(x)) = sign(x)*tanh(x)",
        "sqrt(relu(x))^2 = relu(x)",
        "((x + step(y))^(-2))^(1/3) = step(y)*((x + 1)^(-2))^(1/3) + (1 - step(y))*(x^(-2))^(1/3)",
        "ln(2 + step(x)) = step(x)*ln(3) + (1 - step(x))*ln(2)",
        "sqrt(x + step(y)) = step(y)*sqrt(x + 1) + (1 - step(y))*sqrt(x)",
        "2^relu(x) = step(x)*2^x + 1 - step(x)",
        "relu(a)*step(-relu(a) - 1) = 0",
        // Maxima.
        "max(a, b) = max(b, a)",
        "max(a, a) = a",
        "max(a) = a",
        "max(a, b) - max(-a, -b) = a + b + 2*max(a,b) - max(a,b) - a - b - max(-a,-b)",
        "max(a, b) + -max(-a, -b) = a + b",
        "max(a, b) = (a + b + abs(a - b))/2",
        "max(x, 0) = relu(x)",
        "max(a, b, c) = max(c, a, b)",
        "max(a, b, c) = max(a, max(b, c))",
        "max(a, b, a) = max(a, b)",
        "max(a + d, b + d, c + d) = max(a, b, c) + d",
        "max(2*a, 2*b, 2*c) = 2*max(a, b, c)",
        "max(a, a + 1) = a + 1",
        "max(a, b, c, e) = max(max(a, b), max(c, e))",
        "max(relu(a), relu(b)) = relu(max(a, b))",
        "max(relu(a), relu(b), relu(c)) = relu(max(a, b, c))",
        "wins(max(a, b), a) + wins(max(a, b), b) = 1",
        "wins(max(a, b, c), a)*wins(max(a, b, c), b) = 0",
        "wins(max(a, b, c), a) + wins(max(a, b, c), b) + wins(max(a, b, c), c) = 1",
        "wins(max(a, b), a) = step(a - b)",
        "max(a, b, c) = a*wins(max(a,b,c),a) + b*wins(max(a,b,c),b) + c*wins(max(a,b,c),c)",
        // Derivatives that are only written down.
        "d(x^2, x) = 2*x",
        "d(w*x, w) = x",
        "d(t, w) = 0",
        "d((t - w*r)^2/2, w) = (t - w*r)*(-r)",
        "d(z:(w*x)^2, z:(w*x)) = 2*w*x",
        "d(w*z:(w*x), z:(w*x)) = w",
        "d(sigmoid(x), x) = sigmoid(x)*(1 - sigmoid(x))",
        "d(tanh(x), x) = 1 - tanh(x)^2",
        "d(softplus(x), x) = sigmoid(x)",
        "d(normal_cdf(x), x) = normal_pdf(x)",
        "d(normal_pdf(x), x) = -x*normal_pdf(x)",
        "d(x*normal_cdf(x), x) = normal_cdf(x) + x*normal_pdf(x)",
        "d(normal_cdf(-x), x) = -normal_pdf(x)",
        "d(ln(x), x) = 1/x",
        "d(sqrt(x), x) = 1/(2*sqrt(x))",
        "d(exp(x*y), x) = y*exp(x*y)",
        "d(relu(x), x) = step(x)",
        "d(relu(x)^2/2, x) = relu(x)",
        "d(abs(x), x) = abs(x)/x",
        "d(max(a, b, c), a) = wins(max(a, b, c), a)",
        "d(max(a, b)^2, a) = 2*max(a, b)*wins(max(a, b), a)",
        "d(x^y, y) = x^y*ln(x)",
        "d(x^x, x) = x^x*(ln(x) + 1)",
        "d(2^x, x) = ln(2)*2^x",
        "d(-ln(exp(a)/(exp(a) + exp(b))), a) = exp(a)/(exp(a) + exp(b)) - 1",
        "d((y*relu(w*x) - t)^2/2, w) = (y*relu(w*x) - t)*y*step(w*x)*x",
    ] {
        assert_eq!(judge(claim), EXACT, "{claim}");
    }
}

#[test]
fn false_claims_are_refuted() {
    for claim in [
        "a + b = a - b",
        "(a + b)^2 = a^2 + b^2",
        "x = 0",
        "1/3 = 0.333333333333333333333333333333",
        "x*(x - 2)*(x + 3)*(x - 1) = 0",
        "sqrt(x^2) = x",
        "abs(x) = x",
        "sqrt(-x)*abs(x) = x*sqrt(-x)",
        "max(1, 0, x^3) = max(0, x^3)",
        "relu(x) = x",
        "sign(x) = 1",
        "step(x) = step(-x)",
        "max(a, b) = a",
        "max(a, b, c) = max(a, b)",
        "max(a, a) = 2*a",
        "wins(max(a, b), a) = 1",
        "wins(max(a, a), a) = 0",
        "step(x - x) = 1",
        "relu(relu(x)) = x",
        "d(x^2, x) = x",
        "d((t - w*r)^2/2, w) = (t - w*r)*r",
        "d(t, w) = 1",
        "d(relu(x), x) = 1",
        "exp(x) = 1 + x",
        "exp(a*b) = exp(a)*exp(b)",
        "tanh(x) = sigmoid(x)",
        "softplus(x) = relu(x)",
        "normal_cdf(x) = sigmoid(x)",
        "normal_cdf(-x) = -normal_cdf(x)",
        "normal_pdf(x) = exp(-x^2/2)/2",
        "sigmoid(x) = 1/(1 + exp(x))",
        "ln(a + b) = ln(a) + ln(b)",
        "sqrt(a + b) = sqrt(a) + sqrt(b)",
        "d(sigmoid(x), x) = sigmoid(x)*(1 + sigmoid(x))",
        "d(tanh(x), x) = 1 - tanh(x)",
        "d(normal_pdf(x), x) = x*normal_pdf(x)",
        "d(softplus(x), x) = normal_cdf(x)",
        "x^y = y^x",
        "exp(1) = 2.718281828459",
        "x/2305843009213693951 = 0",
        "2305843009213693951*x = 0",
        "sqrt(2) = 1.41421356237",
        "1/(1/(2 + step(x))) = 1/(2 + step(x))",
        "1/(1/(2 + step(x))) = 1",
    ] {
        assert!(judge(claim).is_refuted(), "{claim}: {:?}", judge(claim));
    }
}

#[test]
fn claims_without_a_meaning_everywhere_are_not_proved() {
    use Reason::*;
    for (claim, reason) in [
        // Nowhere defined, so true of nothing.
        ("0/0 = 0/0", NeverDefined),
        ("1/(x - x) = 1/(x - x)", NeverDefined),
        ("ln(-1 - x^2) = ln(-1 - x^2)", NeverDefined),
        ("sqrt(-2) = sqrt(-2)", NeverDefined),
        ("1/(exp(x)*exp(-x) - 1) = 1/(exp(x)*exp(-x) - 1)", NeverDefined),
        ("ln(x)*ln(-x) = ln(-x)*ln(x)", NeverDefined),
        (
            "1/(sqrt(3 + 2*sqrt(2)) - 1 - sqrt(2)) = 1/(sqrt(3 + 2*sqrt(2)) - 1 - sqrt(2))",
            NeverDefined,
        ),
        // Undefined in a whole region.
        // Not where x is 0.
        ("sign(x)^2 = 1", AtAJump),
        ("sign(x) = 2*step(x) - 1", AtAJump),
        ("step(x) + step(-x) = 1", AtAJump),
        ("exp(relu(x)) = step(x)*exp(x) + step(-x)", AtAJump),
        ("1/step(x) = step(x)", UndefinedCase),
        ("1/step(x) = 1", UndefinedCase),
        ("step(x)/step(x) = 1", UndefinedCase),
        ("0/step(x) = 0", UndefinedCase),
        ("1/(1 - step(x)*step(y)) = 1/(1 - step(x)*step(y))", UndefinedCase),
        ("1/(step(x) + step(-x) - 1) = 2/(step(x) + step(-x) - 1)", NeverDefined),
        ("1/(sign(x)^2 - 1) = 1", NeverDefined),
        // True where both sides are defined, but the domains differ.
        ("ln(x^2) = 2*ln(x)", NotFound),
        ("sqrt(x*y) = sqrt(x)*sqrt(y)", NotFound),
        // A derivative of a derivative.
        ("d(d(x^2, x), x) = 2", NestedPartial),
        // Zero as a function and not as a normal form: no comparison is close enough.
        ("sqrt(3 + 2*sqrt(2)) = 1 + sqrt(2)", NotFound),
        (
            "step(sqrt(3 + 2*sqrt(2)) - 1 - sqrt(2)) + step(1 + sqrt(2) - sqrt(3 + 2*sqrt(2))) = 1",
            NeverDefined,
        ),
    ] {
        assert_eq!(judge(claim), Verdict::Undecided(reason), "{claim}");
    }
}

#[test]
fn an_unknown_derivative_is_not_zero() {
    let mut g = Graph::new();
    let claims = ["d(E, w) = 0", "d(2*E, w) = 0", "d(w*x, w) = x", "d(r:(E), w) = 0"];
    let all: Vec<(ExprId, ExprId)> = claims
        .iter()
        .map(|claim| claim.split_once('=').unwrap())
        .map(|(l, r)| (read(&mut g, l), read(&mut g, r)))
        .collect();
    let symbol = |name| g.find_symbol(&Symbol::named(name)).unwrap();
    let unknown = |name| Verdict::Undecided(Reason::NoDefinition(symbol(name)));
    let winners = Winners::new();
    let none = BTreeSet::new();
    let nothing = Context { winners: &winners, leaves: Leaves::Declared(&none) };
    let strict: Vec<_> = all.iter().map(|(l, r)| prove_in(&g, *l, *r, &nothing)).collect();
    assert_eq!(strict, [unknown("E"), unknown("E"), unknown("x"), unknown("E")]);
    let leaves = BTreeSet::from([symbol("w"), symbol("x")]);
    let context = Context { winners: &winners, leaves: Leaves::Declared(&leaves) };
    let declared: Vec<_> = all.iter().map(|(l, r)| prove_in(&g, *l, *r, &context)).collect();
    assert_eq!(declared, [unknown("E"), unknown("E"), EXACT, unknown("E")]);
    // Its own variable needs no declaration.
    let (l, r) = (read(&mut g, "d(q^2, q)"), read(&mut g, "2*q"));
    assert_eq!(prove_in(&g, l, r, &nothing), EXACT);
    let Verdict::Undecided(reason) = &strict[0] else { unreachable!() };
    assert_eq!(reason.sentence(&g), "E has no definition");
    assert_eq!(strict[0].to_string(), "undecided: a symbol has no definition");
    assert_eq!(strict[0].sentence(&g), "undecided: E has no definition");
}

#[test]
fn in_a_graph_made_by_hand_leaves_depend_on_nothing_else() {
    let mut g = Graph::new();
    let mut judged = |left: &str, right: &str| {
        let (l, r) = (read(&mut g, left), read(&mut g, right));
        prove(&g, l, r, &Winners::new()).sentence(&g)
    };
    assert_eq!(judged("d(w*x, w)", "x"), "proved");
    assert_eq!(judged("d(x, w)", "0"), "proved");
    assert_eq!(judged("d(w*x, w)", "w"), "refuted at w = 2, x = 3");
    // A name with a definition is no leaf.
    assert_eq!(judged("d(r:(w^2), w)", "2*w"), "proved");
    assert_eq!(
        Verdict::Proved(How::Probabilistic { error_bound: 3e-17 }).to_string(),
        "proved, but for an error of probability below 10^-16"
    );
}

#[test]
fn an_assumed_winner_replaces_its_max() {
    let mut g = Graph::new();
    let max = read(&mut g, "max(a, b, c)");
    let b = g.var("b");
    let winners = Winners::from([(max, b)]);
    let slope = read(&mut g, "d((t - w*max(a, b, c))^2/2, b)");
    let (right, wrong) = (read(&mut g, "(t - w*b)*(-w)"), read(&mut g, "(t - w*a)*(-w)"));
    let context = Context { winners: &winners, leaves: Leaves::All };
    assert_eq!(prove_in(&g, slope, right, &context), EXACT);
    let Verdict::Refuted(witness) = prove_in(&g, slope, wrong, &context) else { panic!() };
    // The point agrees with the assumption.
    let at = |name| {
        let s = g.find_symbol(&Symbol::named(name)).unwrap();
        witness.point.iter().find(|(t, _)| *t == s).unwrap().1.clone()
    };
    assert!(at("b") > at("a"), "{witness:?}");
    // Without the assumption the claim is false.
    let none = Winners::new();
    let free = Context { winners: &none, leaves: Leaves::All };
    assert!(prove_in(&g, slope, right, &free).is_refuted());
}

#[test]
fn a_witness_is_small_and_checked_by_itself() {
    let mut g = Graph::new();
    let (l, r) = (read(&mut g, "x + y"), read(&mut g, "x - y"));
    let winners = Winners::new();
    let Verdict::Refuted(witness) = prove(&g, l, r, &winners) else { panic!() };
    let values: Vec<Rational> = witness.point.iter().map(|(_, q)| q.clone()).collect();
    assert_eq!(values, [Rational::from(2), Rational::from(3)]);
    assert_eq!(witness.lhs, Value::Exact(Rational::from(5)));
    assert_eq!(witness.rhs, Value::Exact(Rational::from(-1)));
    assert!(witness.holds(&g, l, r, &winners));
    assert!(!witness.holds(&g, l, l, &winners), "equal sides have no witness");
    let mut forged = witness.clone();
    forged.lhs = Value::Exact(Rational::from(6));
    assert!(!forged.holds(&g, l, r, &winners));
    forged.point.pop();
    assert!(!forged.holds(&g, l, r, &winners));
}

/// Claims that are too large for the normal form, or hostile.
#[test]
fn large_claims_are_answered() {
    let mut g = Graph::new();
    let vars: Vec<ExprId> = (0..10_000).map(|i| g.var(&format!("x{i}"))).collect();
    let back: Vec<ExprId> = vars.iter().rev().copied().collect();
    let (sum, reversed) = (g.add(&vars), g.add(&back));
    let two = g.integer(2);
    let (square, other) = (g.pow(sum, two), g.mul([reversed, sum]));
    let wrong = g.mul([sum, vars[0]]);
    let a = g.var("a");
    let b = g.var("b");
    let ab = g.add([a, b]);
    let ba = g.add([b, a]);
    let million = g.integer(1_000_000);
    let (huge, huge_back) = (g.pow(ab, million), g.pow(ba, million));
    let more = g.add([huge, a]);
    // A chain that doubles its degree at every step.
    let mut chain = ab;
    for _ in 0..200 {
        chain = g.mul([chain, chain]);
        chain = g.add([chain, a]);
    }
    let chain_more = g.add([chain, b]);
    // Functions in functions, with shared arguments.
    let mut nest = a;
    for _ in 0..3000 {
        let e = g.call(crate::scalar::Function::Tanh, nest);
        nest = g.add([e, nest]);
    }
    let nest_more = g.add([nest, b]);
    let relus: Vec<ExprId> =
        vars[..40].iter().map(|x| g.call(crate::scalar::Function::Relu, *x)).collect();
    let relu_sum = g.add(&relus);
    let relu_back: Vec<ExprId> = relus.iter().rev().copied().collect();
    let relu_reversed = g.add(&relu_back);
    let deep_relu = g.call(crate::scalar::Function::Relu, relu_sum);
    let deep_relu_back = g.call(crate::scalar::Function::Relu, relu_reversed);
    let winners = Winners::new();
    let judged = |l, r| prove(&g, l, r, &winners);
    let probable = |v: Verdict| matches!(v, Verdict::Proved(How::Probabilistic { error_bound }) if error_bound < 1e-12);
    assert!(judged(sum, reversed).is_proved());
    assert!(probable(judged(square, other)));
    assert!(judged(square, wrong).is_refuted());
    assert!(!judged(huge, more).is_proved());
    assert!(!judged(huge, huge_back).is_refuted());
    assert!(!judged(chain, chain_more).is_proved());
    assert!(!judged(nest, nest_more).is_proved());
    assert!(judged(relu_sum, relu_reversed).is_proved());
    assert!(judged(deep_relu, deep_relu_back).is_proved());
}

/// A name is not taken for a variable under a kink: h = relu(x) is 0 on a whole half-line, where
/// relu(h) − relu(−h) does not change with h.
#[test]
fn names_hide_no_kink() {
    let mut g = Graph::new();
    let x = g.var("x");
    let relu = |g: &mut Graph, a| g.call(crate::scalar::Function::Relu, a);
    let inside = relu(&mut g, x);
    let h = g.named("h", inside);
    let minus = g.neg(h);
    let (left, right) = (relu(&mut g, h), relu(&mut g, minus));
    let difference = g.sub(left, right);
    let slope = g.partial(difference, h);
    let one = g.integer(1);
    let winners = Winners::new();
    let context = Context { winners: &winners, leaves: Leaves::All };
    assert!(!prove_in(&g, slope, one, &context).is_proved());
}
