//! Names: two quantities never meet, in the engine or in print.
//!
//! Random networks with names that look or are spelt alike: what the language accepts has a
//! symbol of its own for every cell, prints every cell in its own way in every format, and its
//! gradients agree with the backward pass over tensors, which knows no names at all.

mod draw;

use std::collections::{BTreeMap, BTreeSet};

use backproof::concrete::{self, Decide};
use backproof::expr::{Branches, Graph, Winners};
use backproof::lesson::indexed_lesson;
use backproof::net::Network;
use backproof::page::{Math, indexed_page};
use backproof::render::{math_latex, math_text};
use backproof::scalar::Rational;
use backproof::{Lowered, evaluate_all, gradients, lower, parse_formula, parse_network, prove_in};
use draw::Draw;

/// Stems and subscripts that a name is put together from: digits, Greek letters and their names,
/// look-alikes of other alphabets, letters with marks, hats.
const STEMS: [&str; 36] = [
    "w", "w", "w", "W", "W1", "w1", "w10", "h", "h", "η", "eta", "Eta", "µ", "mu", "μ", "o", "ο",
    "omicron", "a", "а", "α", "alpha", "é", "e", "xhat", "x", "ê", "ehat", "ｗ", "𝑤", "φ", "ϕ",
    "ж", "ß", "ss", "_w",
];
const BELOW: [&str; 20] = [
    "0", "1", "10", "00", "01", "0_1", "1_0", "10_0", "0_10", "1_10", "a", "а", "fc", "eta", "η",
    "ij", "fc_0", "_0", "", "11",
];
const SHAPES: [&[usize]; 9] = [&[], &[], &[], &[2], &[11], &[12], &[2, 2], &[2, 11], &[11, 2]];

fn any_name(draw: &mut Draw) -> String {
    let stem = STEMS[draw.below(STEMS.len())];
    match draw.below(2) {
        0 => stem.to_string(),
        _ => format!("{stem}_{}", BELOW[draw.below(BELOW.len())]),
    }
}

/// The text of a network of some weights with such names, each multiplied by another number, and
/// squared: no two have the same gradient.
fn text(names: &[(String, &[usize])]) -> String {
    let mut text = String::new();
    for (name, shape) in names {
        let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
        let shape =
            if shape.is_empty() { String::new() } else { format!("[{}]", lengths.join(", ")) };
        text.push_str(&format!("param {name}{shape}\n"));
    }
    let term = |(n, (name, shape)): (usize, &(String, &[usize]))| match shape.len() {
        0 => format!("{}*{name}^2", n + 2),
        _ => format!("{}*sum({name}^3)", n + 2),
    };
    let terms: Vec<String> = names.iter().enumerate().map(term).collect();
    text + &format!("Loss = {}\n", terms.join(" + "))
}

/// A network of a few such weights: each is taken where the language accepts it.
fn network(draw: &mut Draw) -> Option<(Network, String)> {
    let mut names: Vec<(String, &[usize])> = Vec::new();
    let mut last = None;
    for _ in 0..4 + draw.below(5) {
        names.push((any_name(draw), SHAPES[draw.below(SHAPES.len())]));
        match parse_network(&text(&names)) {
            Ok(net) => last = Some(net),
            Err(_) => {
                names.pop();
            }
        }
    }
    last.map(|net| (net, text(&names)))
}

fn cells(net: &Network, lowered: &Lowered) -> Vec<backproof::expr::ExprId> {
    net.quantities().flat_map(|(id, _)| lowered.of(id).to_vec()).collect()
}

#[test]
fn two_quantities_never_meet_in_the_engine() {
    let mut draw = Draw(1);
    let mut beside = 0;
    for _ in 0..400 {
        let Some((net, text)) = network(&mut draw) else { continue };
        let mut lowered = lower(&net).unwrap();
        let all = cells(&net, &lowered);
        let symbols: BTreeSet<_> = all.iter().map(|c| lowered.graph.symbol_of(*c)).collect();
        assert_eq!(symbols.len(), all.len(), "{text}");
        let stems: BTreeSet<&str> =
            net.quantities().map(|(_, q)| q.name.split('_').next().unwrap()).collect();
        beside += usize::from(stems.len() < net.quantities().count());
        // A value of its own for each cell.
        let value = |n: usize| Rational::from(3 + 2 * n as i64);
        let mut values = concrete::Values::new();
        let mut env = BTreeMap::new();
        for id in net.params() {
            for cell in lowered.of(id) {
                let own = value(env.len());
                env.insert(lowered.graph.symbol_of(*cell).unwrap(), own.clone());
                values.entry(id).or_insert_with(Vec::new).push(own);
            }
        }
        let params: Vec<_> = net.params().collect();
        let forward = concrete::forward(&net, &values, Decide::ByValue).unwrap();
        let backward = concrete::backward(&net, &forward, &params).unwrap();
        let by: Vec<_> = params.iter().flat_map(|id| lowered.of(*id).to_vec()).collect();
        let loss = lowered.loss;
        let slopes = gradients(&mut lowered.graph, loss, &by, &Winners::new());
        let leaf = |s| env.get(&s).cloned();
        let symbolic = evaluate_all(&lowered.graph, &slopes, &leaf, Branches::default()).unwrap();
        let concrete: Vec<Rational> =
            params.iter().flat_map(|id| backward.of(*id).unwrap().to_vec()).collect();
        assert_eq!(symbolic, concrete, "{text}");
    }
    assert!(beside > 100, "names with one stem met in {beside} networks");
}

#[test]
fn two_cells_never_print_alike() {
    let mut draw = Draw(2);
    let mut count = 0;
    for _ in 0..400 {
        let Some((net, text)) = network(&mut draw) else { continue };
        let lowered = lower(&net).unwrap();
        let formats: [&dyn Fn(&Math) -> String; 3] =
            [&|m| math_text(m, true), &|m| math_text(m, false), &|m| math_latex(m)];
        for format in formats {
            let mut seen = BTreeMap::new();
            for cell in cells(&net, &lowered) {
                let symbol = lowered.graph.symbol(lowered.graph.symbol_of(cell).unwrap());
                let printed = format(&Math::Symbol(symbol.clone()));
                let other = seen.insert(printed.clone(), symbol.clone());
                assert_eq!(other, None, "both print as {printed} in\n{text}");
                count += 1;
            }
        }
    }
    assert!(count > 10_000, "only {count}");
}

/// Whatever is refused for its name is refused with the places of both.
#[test]
fn a_refused_name_is_shown_with_the_other() {
    let mut draw = Draw(3);
    let mut refused = 0;
    for _ in 0..4000 {
        let names: Vec<(String, &[usize])> =
            (0..2).map(|_| (any_name(&mut draw), SHAPES[draw.below(SHAPES.len())])).collect();
        let text = text(&names);
        if let Err(error) = parse_network(&text) {
            refused += 1;
            let told = error.snippet("net.bp", &text, false);
            // One line of the source for each of the two.
            let shown = names.iter().all(|(name, _)| told.contains(&format!("param {name}")));
            assert!(shown, "{told}");
        }
    }
    assert!(refused > 60, "only {refused}");
}

#[test]
fn a_formula_tells_an_element_from_a_name_that_is_spelt_like_it() {
    let mut g = Graph::new();
    let mut parse = |text| parse_formula(&mut g, text).unwrap();
    let (a, b, c) = (parse("w_10*x"), parse("w[10]*x"), parse("w[1, 0]*x"));
    let zero = parse("0");
    let difference = parse("w_10 - w[1, 0]");
    assert!(a != b && b != c && a != c);
    let winners = Winners::new();
    let context =
        backproof::proof::Context { winners: &winners, leaves: backproof::proof::Leaves::All };
    for (left, right) in [(a, b), (b, c), (a, c), (difference, zero)] {
        assert!(prove_in(&g, left, right, &context).is_refuted());
    }
}

/// As in the language, `c_10` is the quantity of that name, or else the element.
#[test]
fn a_formula_of_a_network_finds_elements_by_either_spelling() {
    let net = parse_network("param w[2, 2], v_10\nE = sum(w)*v_10").unwrap();
    let mut lowered = lower(&net).unwrap();
    let element = lowered.of(net.find("w").unwrap())[2];
    assert_eq!(lowered.parse("w_10").unwrap(), element);
    assert_eq!(lowered.parse("w[1, 0]").unwrap(), element);
    let scalar = lowered.of(net.find("v_10").unwrap())[0];
    assert_eq!(lowered.parse("v_10").unwrap(), scalar);
    for unknown in ["w_55", "w[10]", "w_100", "v[1, 0]", "w"] {
        let error = lowered.parse(unknown).unwrap_err();
        assert!(error.to_string().starts_with("the network has no "), "{unknown}: {error}");
    }
}

/// The learning rate and the local names of the chain rule keep away from what looks like them.
#[test]
fn names_that_a_page_adds_look_like_no_other() {
    let small = "input x\nparam η, z\nu = tanh(η*x*z)\nE = exp(u*x)";
    let large = "input x[90]\nparam η[40, 90], b[40]\nz = tanh(η @ x + b)\nE = sum(z^2)";
    let lesson = backproof::lesson(parse_network(small).unwrap(), &Default::default()).unwrap();
    let small = backproof::derivation_page(&lesson, backproof::Level::Textbook);
    let lesson = indexed_lesson(parse_network(large).unwrap(), &Default::default()).unwrap();
    let large = indexed_page(&lesson, backproof::Level::Textbook);
    for page in [small, large] {
        let shown = backproof::render::text(&page, &Default::default());
        assert!(shown.contains("α·") || shown.contains("α · "), "the learning rate is α: {shown}");
    }
}
