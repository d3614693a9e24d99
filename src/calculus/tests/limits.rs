//! What a derivation may cost, and what it says past that.

use super::super::derive::{derive_within, places_of};
use super::super::{MAX_LINE_PLACES, MAX_LINES, Request, derive};
use crate::diag::{Error, Kind};
use crate::expr::Graph;
use crate::lang::{parse_formula, parse_network};
use crate::lower::{Lowered, lower};

/// Of a network, what it lowers to and the request for all of its weights.
fn asked(text: &str) -> (Lowered, Request) {
    let net = parse_network(text).unwrap();
    let lowered = lower(&net).unwrap();
    let by = net.params().flat_map(|id| lowered.of(id).to_vec()).collect();
    (lowered, Request { by, updates: false })
}

fn refused(result: Result<super::super::Derivation, Error>, says: &str) {
    let Err(error) = result else { panic!("it should be too long") };
    assert_eq!(error.kind(), Kind::Limit);
    assert!(error.message().contains(says), "{}", error.message());
}

#[test]
fn a_place_of_a_line_is_each_node_that_is_not_behind_a_name() {
    let mut g = Graph::new();
    let sum = parse_formula(&mut g, "a*b + exp(a*b)").unwrap();
    assert_eq!(places_of(&g, sum, 100), 8);
    assert_eq!(places_of(&g, sum, 8), 8);
    // Past the limit it is not counted on.
    assert_eq!(places_of(&g, sum, 3), 4);
    let q = g.named("q", sum);
    let a = g.var("a");
    let slope = g.partial(q, a);
    for sealed in [q, slope] {
        let product = g.mul([sealed, a]);
        assert_eq!(places_of(&g, product, 100), 3);
    }
}

/// By the product rule, a product of n moving factors has a line of n products of n factors each.
#[test]
fn a_line_that_nobody_would_read_to_its_end_is_refused() {
    let terms = vec!["w"; 200].join("*");
    let (lowered, request) = asked(&format!("param w\nE = {terms}"));
    refused(derive(lowered, &request), &format!("{MAX_LINE_PLACES} parts each"));
    let terms = vec!["w"; 20].join("*");
    let (lowered, request) = asked(&format!("param w\nE = {terms}"));
    assert!(derive(lowered, &request).is_ok());
}

/// The line of so long a product is not even looked at.
#[test]
fn lines_that_take_more_than_the_graph_may_hold_are_refused() {
    let terms = vec!["w"; 2100].join("*");
    let (lowered, request) = asked(&format!("param w\nE = {terms}"));
    refused(derive(lowered, &request), &format!("have more than {MAX_LINES} parts"));
}

/// So many looks at a place suffice for a derivation, and one less does not.
#[test]
fn the_looks_at_a_place_are_counted_and_bounded() {
    // Of E = w, ∂E/∂w is looked at and then ∂w/∂w.
    for (text, looks) in [
        ("param w\nE = w", 2..=2),
        ("param w\nE = w^2 + 3*w", 10..=5_000),
        ("param w\nE = tanh(w*w) + exp(2*w)*(w - 1)", 10..=5_000),
        ("param w, v\nq = w*v + 1\nE = q^2 - (1 - q)*w", 10..=5_000),
    ] {
        let enough = |most: usize| {
            let (lowered, request) = asked(text);
            derive_within(lowered, &request, most)
        };
        let (mut low, mut high) = (0, 10_000);
        assert!(enough(low).is_err() && enough(high).is_ok());
        while high - low > 1 {
            let middle = low.midpoint(high);
            if enough(middle).is_ok() { high = middle } else { low = middle }
        }
        refused(enough(low), &format!("more than {low} places"));
        assert!(looks.contains(&high), "{high} looks for {text}");
    }
}
