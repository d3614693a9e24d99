//! Derivations in indices as a reader gets them.

use backproof::lesson::{AskIndexed, indexed_lesson};
use backproof::page::indexed_page;
use backproof::render::{TextStyle, text};
use backproof::{Level, lang, parse_network};

const TWO_CONVOLUTIONS: &str = "input x[4, 4]
param w[2, 2], k[2, 2]
target t
z = conv(x, w)
a = relu(z)
y = conv(a, k)
E = (t - sum(y))^2 / 2";

fn page(source: &str, by: &[&str], level: Level) -> String {
    let net = parse_network(source).unwrap();
    let chosen = by.iter().map(|name| lang::select(&net, name).unwrap());
    let by = chosen.map(|s| (s.quantity, s.position)).collect();
    let ask = AskIndexed::default().with(|ask| ask.by = by);
    text(&indexed_page(&indexed_lesson(net, &ask).unwrap(), level), &TextStyle::default())
}

fn snapshot(name: &str, value: String) {
    insta::with_settings!(
        {
            snapshot_path => "../snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        },
        { insta::assert_snapshot!(name, value) }
    );
}

#[test]
fn two_convolutions_layer_by_layer() {
    snapshot("indexed_two_convolutions", page(TWO_CONVOLUTIONS, &[], Level::Textbook));
}

#[test]
fn an_outline_has_a_line_for_each_layer() {
    let outline = page(TWO_CONVOLUTIONS, &[], Level::Outline);
    snapshot("indexed_outline", outline);
}

#[test]
fn an_element_that_is_named_is_worked_out() {
    let one = page(TWO_CONVOLUTIONS, &["x[0, 1]"], Level::Textbook);
    // The corner column is seen by two windows of the first filter's row.
    assert!(one.contains("∂E/∂x₀₁ = Σ_{m,n} "), "{one}");
    assert!(one.contains("For one element, x₀₁, the sum has 2 terms:"), "{one}");
    assert!(one.contains("= δ^z₀₁·w₀₀ + δ^z₀₀·w₀₁"), "{one}");
}

#[test]
fn the_paths_of_an_element_are_counted_and_named() {
    let one = page(TWO_CONVOLUTIONS, &["w[0, 1]"], Level::Textbook);
    // 4 cells of y mention 4 cells of a each.
    assert!(one.contains("w₀₁ acts on E along 16 paths."), "{one}");
    snapshot("indexed_paths", one);
}

/// The second route of a network that parts.
#[test]
fn routes_are_told_apart() {
    let one = page(
        "param w[3]\ntarget t[3]\nz = 2*w\ns = sum(exp(z))\np = exp(z)/s\nE = -sum(t*ln(p))",
        &["w[1]"],
        Level::Textbook,
    );
    assert!(one.contains("w₁ acts on E along 4 paths, which take 2 routes:"), "{one}");
}

/// Letters of indices are no names of the network, and subscripts of names no indices.
#[test]
fn letters_and_names_are_told_apart() {
    let one = page(
        "input i[4], j\nparam w_o[3, 4], k[3]\no = w_o @ i + k*j\nE = sum(o^2)",
        &[],
        Level::Outline,
    );
    snapshot("indexed_letters", one);
}

/// Normalisations that are written out, with their parts named or not: every one is proved, and
/// the derivative by what it takes in is short.
#[test]
fn norms_that_are_written_out() {
    insta::glob!("cases/norms/*.bp", |path| {
        let source = std::fs::read_to_string(path).unwrap();
        let outline = page(&source, &[], Level::Outline);
        snapshot("indexed_norms", outline);
    });
}
