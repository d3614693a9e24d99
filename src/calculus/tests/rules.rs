//! The rules one by one: what each makes of an expression, and what it leaves alone.

use super::super::path::sites;
use super::super::rules::{Context, Rule, apply};
use super::super::sweep;
use super::*;
use crate::lang::print_formula;

/// What the rule makes of an expression at its root. In the text a and b are variables, p is a
/// name for a·b, q for a/b, n for another variable m, and c₁ + c₂ = 1; z is the local name of a + b.
fn made(rule: Rule, text: &str, by: Option<&str>) -> String {
    let mut g = Graph::new();
    let values = [("p", "a*b"), ("q", "a/b"), ("n", "m"), ("z", "a + b")];
    let mut bound: BTreeMap<&str, ExprId> = BTreeMap::new();
    for (name, value) in values {
        let value = filled(&mut g, value, &bound);
        bound.insert(name, g.named(name, value));
    }
    let e = filled(&mut g, text, &bound);
    let names = ["p", "q", "n"].map(|name| match g.node(bound[name]) {
        Node::Named(_, value) => (value, bound[name]),
        _ => unreachable!("it was just named"),
    });
    let cells = vec![g.var("c_1"), g.var("c_2")];
    let redex = match by {
        Some(by) => {
            let by = filled(&mut g, by, &bound);
            g.partial(e, by)
        }
        None => e,
    };
    let context = Context {
        winners: &Winners::new(),
        names: &names.into_iter().collect(),
        local: &Symbol::named("z"),
        fractions: &[bound["q"]],
        distributions: &[cells],
    };
    match apply(&mut g, rule, redex, &context) {
        Some(applied) => print_formula(&g, applied.contractum),
        None => "nothing".to_string(),
    }
}

#[track_caller]
fn all(rows: &[(Rule, &str, &str)]) {
    let found: Vec<String> = rows.iter().map(|(rule, text, _)| made(*rule, text, None)).collect();
    let wrong: Vec<String> = rows
        .iter()
        .zip(&found)
        .filter(|((_, _, expected), found)| expected != found)
        .map(|((rule, text, e), f)| format!("{} of {text}: expected {e}, found {f}", rule.name()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_called_by_the_name_in_its_row() {
    assert_eq!(Rule::MaxWinner.name(), "max-winner");
    assert!(TABLE.iter().all(|row| row.rule.name() == row.name && row.rule.row().rule == row.rule));
}

#[test]
fn rules_under_a_derivative_match_their_own_form_alone() {
    let rows = [
        // u·∂/∂x of a bare x is a slope and no chain, and so is what does not move.
        (Rule::Chain, "a^2", "a", "nothing"),
        (Rule::Chain, "2^a", "a", "nothing"),
        (Rule::Chain, "exp(a)", "a", "nothing"),
        (Rule::Chain, "b^2", "a", "nothing"),
        (Rule::Chain, "exp(b)", "a", "nothing"),
        (Rule::Chain, "2^b", "a", "nothing"),
        (Rule::Chain, "a^a", "a", "nothing"),
        (Rule::Chain, "(a*b)^a", "a", "nothing"),
        (Rule::Chain, "exp(2*a)", "a", "d(exp(z), z)*d(z, a)"),
        (Rule::Chain, "(2*a)^3", "a", "d(z^3, z)*d(z, a)"),
        (Rule::Chain, "3^(2*a)", "a", "d(3^z, z)*d(z, a)"),
        (Rule::Chain, "exp(p)", "a", "d(exp(p), p)*d(p, a)"),
        // Only the local name is put back, also under ∂, but not where it is the variable.
        (Rule::PutBack, "z", "a", "d(a + b, a)"),
        (Rule::PutBack, "z", "z", "nothing"),
        (Rule::PutBack, "p", "a", "nothing"),
        (Rule::Definition, "p", "a", "d(a*b, a)"),
        (Rule::Definition, "p", "p", "nothing"),
        (Rule::Definition, "p", "m", "nothing"),
        (Rule::Constant, "b", "a", "0"),
        (Rule::Constant, "a*b", "a", "nothing"),
        (Rule::Identity, "a", "a", "1"),
        (Rule::Identity, "b", "a", "nothing"),
        // More than eight terms, of which some move.
        (Rule::ConstantTerms, "a + b + 1 + 2 + 3 + 4 + 5 + 6", "a", "nothing"),
        (Rule::ConstantTerms, "a + b + 1 + 2 + 3 + 4 + 5 + 6 + 7", "a", "d(a, a)"),
        (Rule::ConstantTerms, "a + b + 1 + 2 + 3 + 4 + 5 + 6 + a", "a", "d(a + a, a)"),
        (Rule::ConstantTerms, "a + a + a + a + a + a + a + a + a", "a", "nothing"),
        (Rule::ConstantTerms, "a + b + 1 + 2 + 3 + 4 + 5 + 6 + 7", "m", "nothing"),
        (Rule::Negation, "-a", "a", "-d(a, a)"),
        (Rule::Difference, "a - b", "a", "d(a, a) - d(b, a)"),
        (Rule::Sum, "a + b - m", "a", "d(a, a) + d(b, a) - d(m, a)"),
        (Rule::ConstantFactor, "2*a*b", "a", "2*b*d(a, a)"),
        (Rule::ConstantFactor, "a/2", "a", "0.5*d(a, a)"),
        (Rule::ConstantFactor, "a/b", "a", "1/b*d(a, a)"),
        (Rule::ConstantFactor, "a*p", "a", "nothing"),
        (Rule::Product, "a*p", "a", "d(a, a)*p + a*d(p, a)"),
        (Rule::Product, "a*b", "a", "nothing"),
        (Rule::Reciprocal, "b/a", "a", "(-b/a^2)*d(a, a)"),
        (Rule::Reciprocal, "p/a", "a", "nothing"),
        (Rule::Quotient, "p/a", "a", "(d(p, a)*a - p*d(a, a))/a^2"),
        (Rule::Quotient, "b/a", "a", "nothing"),
        (Rule::Quotient, "a/b", "a", "nothing"),
        (Rule::Power, "a^2", "a", "2*a"),
        (Rule::Power, "a^4", "a", "4*a^3"),
        (Rule::Power, "a^b", "a", "b*a^(b - 1)"),
        (Rule::Power, "a^p", "a", "nothing"),
        (Rule::Power, "p^2", "a", "nothing"),
        (Rule::Exponential, "b^a", "a", "b^a*ln(b)"),
        (Rule::Exponential, "p^a", "a", "nothing"),
        (Rule::GeneralPower, "a^p", "a", "p*a^(p - 1)*d(a, a) + a^p*ln(a)*d(p, a)"),
        (Rule::GeneralPower, "a^2", "a", "nothing"),
    ];
    let found: Vec<String> =
        rows.iter().map(|(rule, text, by, _)| made(*rule, text, Some(by))).collect();
    let wrong: Vec<String> = rows
        .iter()
        .zip(&found)
        .filter(|((.., expected), found)| expected != found)
        .map(|((r, t, by, e), f)| format!("{} d({t}, {by}): expected {e}, found {f}", r.name()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whatever u is, ∂u/∂u is 1 and nothing else is to be done with it.
#[test]
fn by_itself_everything_has_the_slope_one() {
    for text in ["a", "-a", "a + b", "a - b", "a*p", "p/a", "b/a", "a^2", "exp(a)", "z", "p"] {
        assert_eq!(made(Rule::Identity, text, Some(text)), "1");
        for rule in TABLE.iter().map(|row| row.rule) {
            // The strategy asks for a constant factor or an elementary slope by a name alone.
            if rule != Rule::Identity && rule <= Rule::Constant {
                assert_eq!(made(rule, text, Some(text)), "nothing", "{} of {text}", rule.name());
            }
        }
    }
}

#[test]
fn tidying_makes_what_a_reader_would() {
    use Rule::*;
    all(&[
        (ZeroProduct, "a*0*b", "0"),
        (ZeroProduct, "0/a", "0"),
        (ZeroProduct, "a*b", "nothing"),
        (DropZero, "a + 0 + b", "a + b"),
        (DropZero, "a - 0", "a"),
        (DropZero, "0 - a", "-a"),
        (DropZero, "a + b", "nothing"),
        (DropOne, "1*a", "a"),
        (DropOne, "a/1", "a"),
        (DropOne, "a^1", "a"),
        (DropOne, "a^0", "1"),
        (DropOne, "a*(1/b)", "a/b"),
        (DropOne, "a*(1/b)*b", "nothing"),
        (DropOne, "a*(1/2)", "nothing"),
        (DropOne, "a*b", "nothing"),
        (Signs, "-(-a)", "a"),
        (Signs, "(-a)*b", "-a*b"),
        (Signs, "(-a)*(-b)", "a*b"),
        (Signs, "(a + b)*(-m)", "nothing"),
        (Signs, "(a - b)*(-m)", "nothing"),
        (Signs, "(a - b)*(-(m + 1))", "-(a - b)*(m + 1)"),
        (Signs, "-(a*(-b))", "a*b"),
        (Signs, "(-a)/b", "-a/b"),
        (Signs, "a/(-b)", "-a/b"),
        (Signs, "(-a)/(-b)", "a/b"),
        (Signs, "a + (-b)", "a - b"),
        (Signs, "-a + b", "b - a"),
        (Signs, "-a - b", "-(a + b)"),
        (Signs, "-(a - b)", "b - a"),
        (Signs, "-(a - 1)", "1 - a"),
        (Signs, "-(1 - a^2)", "nothing"),
        (Signs, "-(a + b)", "nothing"),
        (Signs, "-((a - b)*m)", "(b - a)*m"),
        (Signs, "-((a - b)*m + (a - m)*b)", "(b - a)*m + (m - a)*b"),
        (Signs, "-((a - b)*m + a*b)", "nothing"),
        (Signs, "a - b", "nothing"),
        (Numbers, "2*3*a", "6*a"),
        (Numbers, "2 + a + 3", "5 + a"),
        (Numbers, "2 - 3", "-1"),
        (Numbers, "1/2*(-(2*a))", "-a"),
        (Numbers, "2^3", "8"),
        (Numbers, "2*a", "nothing"),
        (Cancel, "(a/b)*b", "a"),
        (Cancel, "(a*b)/(a*m)", "b/m"),
        (Cancel, "a/a", "1"),
        (Cancel, "a - a", "0"),
        (Cancel, "a/b", "nothing"),
        (Cancel, "a^3/a^2", "a"),
        (Collect, "a + a", "2*a"),
        (Collect, "3*a - 2*a", "a"),
        (Collect, "a*b - b*a", "0"),
        (Collect, "a + b", "nothing"),
        (Collect, "a + (b + a)", "2*a + b"),
    ]);
}

/// A product is looked into up to 64 factors, and a power up to the 16th.
#[test]
fn products_are_looked_into_within_limits() {
    let product = |factors: usize| format!("{}/a", vec!["a"; factors].join("*"));
    assert_ne!(made(Rule::Cancel, &product(60), None), "nothing");
    assert_eq!(made(Rule::Cancel, &product(70), None), "nothing");
    all(&[
        (Rule::Cancel, "a^16/a", "a^15"),
        (Rule::Cancel, "a^17/a", "nothing"),
        (Rule::Cancel, "a^0/a", "nothing"),
    ]);
}

#[test]
fn results_are_finished_where_that_is_shorter() {
    use Rule::*;
    all(&[
        (RecogniseName, "a*b", "p"),
        (RecogniseName, "a/b", "q"),
        // What is no more than a name itself stays, whatever else is defined as it.
        (RecogniseName, "m", "nothing"),
        (RecogniseName, "a*m/b", "q*m"),
        (RecogniseName, "a*a*m/(b*b)", "q^2*m"),
        (RecogniseName, "2*a/(3*b)", "2/3*q"),
        (RecogniseName, "-(a/b)", "nothing"),
        (RecogniseName, "m/b", "nothing"),
        (RecogniseName, "a + b", "nothing"),
        (RecogniseName, "exp(a/b)", "nothing"),
        (SplitFraction, "(a*m - a*a)/b", "a*m/b - a*a/b"),
        (SplitFraction, "(a - m)/b", "nothing"),
        (CommonFactor, "a - a*b", "a*(1 - b)"),
        (CommonFactor, "2*a^2 + a^2*b", "a^2*(2 + b)"),
        (CommonFactor, "a*b + a*m", "nothing"),
        (CommonFactor, "c_1*a + c_2*a", "a*(c_1 + c_2)"),
        (CommonFactor, "a*c_1 + a*c_2", "a*(c_1 + c_2)"),
        (CommonFactor, "m - c_1*a - c_2*a", "m - a*(c_1 + c_2)"),
        (CommonFactor, "c_1 + c_2", "nothing"),
        (CommonFactor, "c_1*a + c_2*b", "nothing"),
        (SumsToOne, "c_2 + c_1", "1"),
        (SumsToOne, "c_1 + c_2 + a", "nothing"),
        (MultiplyOut, "a*(1 - b) - (1 - a)*b", "a - a*b - b + a*b"),
        (MultiplyOut, "b*(a + 1) - b + m + x + y", "b*a + b - b + m + x + y"),
        (MultiplyOut, "a*b + b*a", "nothing"),
        (MultiplyOut, "a*(1 - b) + m", "nothing"),
        (MultiplyOut, "c_1*(1 - a) - c_2*a", "c_1 - c_1*a - c_2*a"),
        (MultiplyOut, "(a/m + b)*m", "a + b*m"),
        (MultiplyOut, "(a/m + b)*b", "nothing"),
        (MultiplyOut, "2*(a - b) + 2*b", "nothing"),
        // Two more terms take a factor each for the two that went.
        (MultiplyOut, "(a/m + b + x)*m", "nothing"),
        (MultiplyOut, "(a/m + b + x + y)*m", "nothing"),
        (MultiplyOut, "(a/m + b/m + x)*m", "a + b + x*m"),
        // Where no factor goes, what the sum itself could be is not asked here.
        (MultiplyOut, "(2*3*a + b)*m", "nothing"),
    ]);
}

/// What the rule makes of an expression, where nothing is named or given but winners.
fn bare(g: &mut Graph, rule: Rule, e: ExprId, winners: &Winners) -> Option<ExprId> {
    let context = Context {
        winners,
        names: &Default::default(),
        local: &Symbol::named("z"),
        fractions: &[],
        distributions: &[],
    };
    apply(g, rule, e, &context).map(|applied| applied.contractum)
}

#[test]
fn a_sum_or_a_product_of_one_is_that_one() {
    let mut g = Graph::new();
    let a = g.var("a");
    let (sum, product) = (g.add([a]), g.mul([a]));
    let none = Winners::new();
    assert_eq!(bare(&mut g, Rule::DropOne, product, &none), Some(a));
    assert_eq!(bare(&mut g, Rule::DropZero, sum, &none), Some(a));
    assert_eq!(bare(&mut g, Rule::DropOne, sum, &none), None);
    assert_eq!(bare(&mut g, Rule::DropZero, product, &none), None);
}

/// With an assumed winner a max has the slope of that; without, each argument counts where it
/// wins; and by itself it has neither.
#[test]
fn the_slope_of_a_max_is_that_of_what_wins() {
    let mut g = Graph::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| g.var(name));
    let max = g.max([a, b, a]);
    let [of_a, of_b] = [a, b].map(|x| g.partial(max, x));
    let (by_c, itself, no_max) = (g.partial(max, c), g.partial(max, max), g.partial(a, a));
    let (none, first) = (Winners::new(), [(max, b)].into_iter().collect::<Winners>());
    let slope = g.partial(b, a);
    assert_eq!(bare(&mut g, Rule::MaxWinner, of_a, &first), Some(slope));
    let slope = g.partial(b, b);
    assert_eq!(bare(&mut g, Rule::MaxWinner, of_b, &first), Some(slope));
    let wins = g.wins(max, a);
    let slope = g.mul([wins, no_max]);
    assert_eq!(bare(&mut g, Rule::MaxCases, of_a, &none), Some(slope));
    for e in [itself, no_max] {
        assert_eq!(bare(&mut g, Rule::MaxWinner, e, &first), None);
        assert_eq!(bare(&mut g, Rule::MaxCases, e, &none), None);
    }
    for e in [of_a, of_b, by_c] {
        assert_eq!(bare(&mut g, Rule::MaxWinner, e, &none), None);
        assert_eq!(bare(&mut g, Rule::MaxCases, e, &first), None);
    }
    assert_eq!(bare(&mut g, Rule::MaxCases, by_c, &none), None);
}

/// Behind a name, a derivative, a max or the bracket of one, nothing is rewritten.
#[test]
fn places_are_found_outermost_first_and_not_behind_what_is_sealed() {
    let mut g = Graph::new();
    let [a, b] = ["a", "b"].map(|name| g.var(name));
    let sum = g.add([a, b]);
    let max = g.max([a, b]);
    let sealed = [g.named("q", sum), g.partial(sum, a), max, g.wins(max, a)];
    let found = |g: &Graph, root, wanted: ExprId| -> Vec<Vec<u32>> {
        sites(g, root, &mut |_, e| e == wanted).into_iter().map(|(site, _)| site).collect()
    };
    for e in sealed {
        let root = g.mul([a, e, sum]);
        assert_eq!(found(&g, root, a), [vec![0], vec![2, 0]]);
        assert_eq!(found(&g, root, b), [vec![2, 1]]);
        assert_eq!(found(&g, root, e), [vec![1]]);
        assert_eq!(found(&g, root, root), [Vec::<u32>::new()]);
    }
    let twice = g.mul([sum, sum]);
    let all = sites(&g, twice, &mut |_, e| e == sum || e == a);
    assert_eq!(all, [(vec![0], sum), (vec![1], sum)]);
}

/// A chain of n products has its gradient in one product, up to a length; beyond that a product
/// stays a factor.
#[test]
fn the_sweep_writes_a_product_without_inner_parentheses_up_to_a_length() {
    let slope = |factors: usize| {
        let mut g = Graph::new();
        let w = g.var("w");
        let mut e = w;
        for n in 0..factors {
            let x = g.var(&format!("x_{n}"));
            e = g.mul([x, e]);
        }
        let slope = sweep::gradients(&mut g, e, &[w], &Winners::new())[0];
        let children = g.children(slope);
        let nested = children.iter().any(|c| matches!(g.node(*c), Node::Mul(_)));
        (children.len(), nested)
    };
    // One factor is no product.
    assert_eq!(slope(1), (0, false));
    for factors in [2, 3, 10, 64, 65] {
        assert_eq!(slope(factors), (factors, false), "{factors}");
    }
    assert_eq!(slope(66), (2, true));
}
