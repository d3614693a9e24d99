//! The answers that the article's network must give: each proved, not compared as text.

use backproof::expr::{ExprId, Node};
use backproof::proof::{Context, Leaves};
use backproof::{
    Ask, Lesson, Lowered, Overrides, gradient_formulas, lesson, lower, parse_network,
    parse_network_with, prove_in,
};

const ARTICLE: &str = include_str!("../networks/article.bp");

/// The article's network in scalars alone.
const SCALARS: &str = "
    input  i_00, i_01, i_02, i_03, i_10, i_11, i_12, i_13
    input  i_20, i_21, i_22, i_23, i_30, i_31, i_32, i_33
    param  w_00, w_01, w_10, w_11, w_fc
    target t
    c_00 = i_00*w_11 + i_01*w_10 + i_10*w_01 + i_11*w_00
    c_01 = i_02*w_11 + i_03*w_10 + i_12*w_01 + i_13*w_00
    c_10 = i_20*w_11 + i_21*w_10 + i_30*w_01 + i_31*w_00
    c_11 = i_22*w_11 + i_23*w_10 + i_32*w_01 + i_33*w_00
    r_p  = max(c_00, c_01, c_10, c_11)
    r_fc = w_fc * r_p
    E    = (t - r_fc)^2 / 2
    assume r_p = c_10";

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}

fn article() -> Lesson {
    lesson(parse_network(ARTICLE).unwrap(), &Ask::default()).unwrap()
}

/// The lesson's graph, in which claims can be written with the names of the network.
fn scope(lesson: &Lesson) -> Lowered {
    let mut lowered = lower(&lesson.net).unwrap();
    lowered.graph = lesson.derivation.graph.clone();
    lowered.winners = lesson.derivation.winners.clone();
    lowered
}

fn assert_proved(scope: &Lowered, left: ExprId, right: ExprId, what: &str) {
    let context = Context { winners: &scope.winners, leaves: Leaves::All };
    let verdict = prove_in(&scope.graph, left, right, &context);
    assert!(verdict.is_proved(), "{what}: {verdict:?}");
}

/// The result that the lesson derives for ∂E/∂x.
fn result(lesson: &Lesson, scope: &mut Lowered, x: &str) -> ExprId {
    let x = scope.parse(x).unwrap();
    let d = &lesson.derivation;
    let goal = |id| matches!(d.graph.node(d.lemma(id).goal), Node::Partial { by, of } if by == x && of == d.loss);
    let id = d.ids().find(|id| goal(*id)).expect("it was asked for, or is on the way");
    d.lemma(id).result
}

#[test]
fn the_forward_equations() {
    let mut scope = scope(&article());
    for (cell, sum) in [
        ("c_00", "i_00*w_11 + i_10*w_01 + i_01*w_10 + i_11*w_00"),
        ("c_01", "i_02*w_11 + i_12*w_01 + i_03*w_10 + i_13*w_00"),
        ("c_10", "i_20*w_11 + i_30*w_01 + i_21*w_10 + i_31*w_00"),
        ("c_11", "i_22*w_11 + i_32*w_01 + i_23*w_10 + i_33*w_00"),
        ("r_fc", "w_fc*r_p"),
        ("E", "(t - r_fc)^2/2"),
    ] {
        let (left, right) = (scope.parse(cell).unwrap(), scope.parse(sum).unwrap());
        assert_proved(&scope, left, right, cell);
    }
    scope.winners.clear();
    let (left, right) = ("r_p", "max(c_00, c_01, c_10, c_11)");
    let (left, right) = (scope.parse(left).unwrap(), scope.parse(right).unwrap());
    assert_proved(&scope, left, right, "r_p, whoever wins");
}

#[test]
fn the_printed_misprints_are_refuted() {
    let mut scope = scope(&article());
    scope.winners.clear();
    for (cell, misprint) in [
        ("c_01", "i_02*w_11 + i_12*w_01 + i_03*w_10 + i_12*w_00"),
        ("r_p", "max(c_00, c_10, c_10, c_11)"),
    ] {
        let (left, right) = (scope.parse(cell).unwrap(), scope.parse(misprint).unwrap());
        let context = Context { winners: &scope.winners, leaves: Leaves::All };
        assert!(prove_in(&scope.graph, left, right, &context).is_refuted(), "{cell}");
    }
}

#[test]
fn every_gradient_of_the_article() {
    let lesson = article();
    let mut scope = scope(&lesson);
    for (x, formula) in [
        ("w_fc", "(t - r_fc)*(-r_p)"),
        ("c_10", "(t - r_fc)*(-w_fc)"),
        ("w_00", "(t - r_fc)*(-w_fc)*i_31"),
        ("w_10", "(t - r_fc)*(-w_fc)*i_21"),
        ("w_01", "(t - r_fc)*(-w_fc)*i_30"),
        ("w_11", "(t - r_fc)*(-w_fc)*i_20"),
    ] {
        let derived = result(&lesson, &mut scope, x);
        let expected = scope.parse(formula).unwrap();
        assert_proved(&scope, derived, expected, x);
    }
    for (x, cell) in [("w_00", "i_31"), ("w_10", "i_21"), ("w_01", "i_30"), ("w_11", "i_20")] {
        let (c, w) = (scope.parse("c_10").unwrap(), scope.parse(x).unwrap());
        let slope = scope.graph.partial(c, w);
        let cell = scope.parse(cell).unwrap();
        assert_proved(&scope, slope, cell, x);
    }
}

#[test]
fn every_update_of_the_article() {
    let lesson = article();
    let mut scope = scope(&lesson);
    let d = &lesson.derivation;
    let eta = d.rate.expect("updates were asked for");
    for (x, formula) in [
        ("w_fc", "(t - r_fc)*r_p"),
        ("w_00", "(t - r_fc)*w_fc*i_31"),
        ("w_10", "(t - r_fc)*w_fc*i_21"),
        ("w_01", "(t - r_fc)*w_fc*i_30"),
        ("w_11", "(t - r_fc)*w_fc*i_20"),
    ] {
        let weight = scope.parse(x).unwrap();
        let at = d.targets.iter().position(|t| d.by(*t) == Some(weight)).unwrap();
        let step = d.lemma(d.updates[at]).result;
        let formula = scope.parse(formula).unwrap();
        let expected = scope.graph.mul([eta, formula]);
        assert_proved(&scope, step, expected, x);
    }
}

#[test]
fn every_other_winner_from_the_case_table() {
    let lesson = article();
    let mut scope = scope(&lesson);
    let cases = lesson.cases.as_ref().expect("there is a max");
    assert_eq!(cases.rows.len(), 4);
    for case in &cases.rows {
        for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let cell = scope.parse(&format!("c_{a}{b}")).unwrap();
            if case.winners[0] != cell {
                continue;
            }
            scope.winners.insert(cases.maxima[0], cell);
            for (m, n) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let weight = scope.parse(&format!("w_{m}{n}")).unwrap();
                let d = &lesson.derivation;
                let at = d.targets.iter().position(|t| d.by(*t) == Some(weight)).unwrap();
                let input = format!("i_{}{}", 2 * a + 1 - m, 2 * b + 1 - n);
                let expected = scope.parse(&format!("(t - r_fc)*(-w_fc)*{input}")).unwrap();
                assert_proved(&scope, case.gradients[at], expected, &input);
            }
        }
    }
}

#[test]
fn the_numbers() {
    let lesson = article();
    let mut scope = scope(&lesson);
    for (x, value) in
        [("w_fc", "35/8"), ("w_00", "15"), ("w_10", "5"), ("w_01", "5"), ("w_11", "10")]
    {
        let derived = result(&lesson, &mut scope, x);
        assert_eq!(lesson.numbers[&derived].to_string(), value, "∂E/∂{x}");
    }
}

#[test]
fn both_spellings_give_the_same_formulas() {
    let tensors = lower(&parse_network(ARTICLE).unwrap()).unwrap();
    let scalars = lower(&parse_network(SCALARS).unwrap()).unwrap();
    let show = |l: &Lowered| -> Vec<String> {
        // The definitions below the loss, each with the names that it is made of, as a page
        // spells them: `w_00` is a scalar of the one network and an element of the other.
        let spelt = |id| {
            let mut text = backproof::print_formula(&l.graph, id);
            for symbol in l.graph.symbols() {
                text = text.replace(&symbol.to_string(), &symbol.spelling());
            }
            text
        };
        let mut all: Vec<String> = l
            .graph
            .reachable(&[l.loss])
            .into_iter()
            .filter_map(|id| match l.graph.node(id) {
                Node::Named(s, value) => {
                    Some(format!("{} = {}", l.graph.symbol(s).spelling(), spelt(value)))
                }
                _ => None,
            })
            .collect();
        all.sort();
        all
    };
    assert_eq!(show(&tensors).len(), 7);
    assert_eq!(show(&tensors), show(&scalars));
    assert_eq!(
        gradient_formulas(SCALARS).unwrap(),
        gradient_formulas(ARTICLE.split("given").next().unwrap()).unwrap(),
    );
}

#[test]
fn with_no_winner_given_all_four_cases() {
    let text = ARTICLE.split("assume").next().unwrap();
    snapshot("article_cases", &gradient_formulas(text).unwrap());
}

#[test]
fn numbers_that_contradict_the_assumption_are_an_error() {
    let overrides = Overrides::default().with(|o| o.winners = vec!["c[0,0]".into()]);
    let net = parse_network_with(ARTICLE, &overrides).unwrap();
    let error = lesson(net, &Ask::default()).err().expect("c_10 is greater");
    assert_eq!(
        error.to_string(),
        "the given numbers make c[1, 0] = 7/4 the greatest, not c[0, 0] = 3/4 (assume c[1, 0] \
         instead, or leave the assumption out and the numbers decide)"
    );
}

#[test]
fn the_plain_network() {
    let text = include_str!("../networks/plain.bp");
    let lesson = lesson(parse_network(text).unwrap(), &Ask::default()).unwrap();
    let mut scope = scope(&lesson);
    let derived = result(&lesson, &mut scope, "w_h");
    let expected = scope.parse("(t - r_o)*(-w_o*i)").unwrap();
    assert_proved(&scope, derived, expected, "w_h");
}

/// A definition that the loss does not use changes no formula.
#[test]
fn adding_names_changes_nothing_else() {
    let text = ARTICLE.split("assume").next().unwrap();
    let before = gradient_formulas(text).unwrap();
    let head = text.split("r_p").next().unwrap();
    let more = text.replace(head, &format!("{head}p_first = max(c)\nz = sum(c)\neta = 2*z\n"));
    assert_eq!(gradient_formulas(&format!("{more}\nloss E")).unwrap(), before);
    let after = format!("{text}\nother = max(c) + sum(i)\nloss E");
    assert_eq!(gradient_formulas(&after).unwrap(), before);
}

/// A formula for every winner speaks only of cells that were asked for.
#[test]
fn a_formula_for_every_winner_claims_no_more_than_was_seen() {
    let net = parse_network(
        "input i[5,5]\nparam w[3,3], v\ntarget t\nc = conv(i, w)\nr = max(c)\nE = (t - v*r)^2/2",
    )
    .unwrap();
    let w = net.find("w").unwrap();
    let show = |by: Vec<(backproof::net::QuantityId, Option<usize>)>| {
        let ask = Ask::default().with(|ask| {
            ask.by = by;
            ask.updates = false;
        });
        let lesson = lesson(net.clone(), &ask).unwrap();
        let general = lesson.general.as_ref().unwrap();
        let g = &lesson.derivation.graph;
        let name = |e| g.symbol(g.symbol_of(e).unwrap()).spelling().into_owned();
        let row = |r: &backproof::lesson::GeneralRow| {
            format!("{}: {}", name(r.by), backproof::print_formula(g, r.gradient))
        };
        general.rows.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(show(vec![(w, Some(1))]), ["w_01: (t - v*r)*(-v)*i[a, b+1]"]);
    assert_eq!(show(vec![(w, None)]), ["w_m,n: (t - v*r)*(-v)*i[a+m, b+n]"]);
}

/// A formula need hold only where the loss has a value, and a loss without one has no gradient.
#[test]
fn functions_that_are_not_defined_everywhere() {
    for formula in ["1/relu(a)", "sqrt(relu(a))", "ln(relu(a))", "1/step(a)", "1/(relu(a)+relu(b))"]
    {
        let net = backproof::network_of_formula(formula, &[], &Overrides::default()).unwrap();
        let result = lesson(net, &Ask::default());
        assert!(result.is_ok(), "{formula}: {}", result.err().unwrap());
    }
    let given = Overrides::default().with(|o| o.given = vec!["w = -1".into()]);
    let net = backproof::network_of_formula("ln(w)", &[], &given).unwrap();
    assert!(lesson(net, &Ask::default()).is_err(), "ln(−1) has no value");
}
