//! The pages of a cross-check, as a student reads them: one snapshot for each kind of outcome.

use std::collections::BTreeMap;

use backproof::check::{Options, Report, check, check_gradients};
use backproof::page::check_page;
use backproof::{Network, concrete, parse_network, render};

const ARTICLE: &str = "input i[4, 4]
param w[2, 2], w_fc
target t
c = conv(i, w, stride: 2, flip: true)
r_p = max(c)
r_fc = w_fc * r_p
E = (t - r_fc)^2 / 2";

const VALUES: &str = "
given w = [[1, 2], [3, 4]]
given w_fc = 0.3
given t = 1
given i = [[1, 0.1, 2, 0.2], [0, 1, 3, 0.4], [5, 1, 2, 3], [0.7, 0.9, 0.3, 1]]";

fn network(text: &str) -> Network {
    parse_network(text).unwrap()
}

fn checked(text: &str) -> Report {
    check(&network(text), &Options::default()).unwrap()
}

fn page(name: &str, report: &Report) {
    let text = render::text(&check_page(report), &render::TextStyle::default());
    assert!(text.lines().all(|line| line.chars().count() <= 80));
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(format!("check_{name}"), text);
    });
}

#[test]
fn the_article_at_given_values() {
    page("given", &checked(&format!("{ARTICLE}{VALUES}\nassume r_p = c[1, 0]")));
}

#[test]
fn the_article_at_drawn_values() {
    page("drawn", &checked(&format!("{ARTICLE}\nassume r_p = c[1, 0]")));
}

#[test]
fn functions_are_checked_in_the_field() {
    let text = "input x[3]
param w[3], b
target t
y = sigmoid(sum(w * x) + b)
E = -t * ln(y) - (1 - t) * ln(1 - y)";
    page("functions", &checked(text));
}

#[test]
fn kinks_are_listed() {
    let text = "param x[3]
h = relu(x - 1)
E = sum(h) + max(x)^2
given x = [1, 1, 0.99]";
    page("kinks", &checked(text));
}

#[test]
fn what_is_left_out_is_counted() {
    let text = "input x[20]
param w[30, 20]
E = sum(w^2) * sum(x)^2 / 1000";
    page("sampled", &checked(text));
}

/// Scores of attention are long products, and exp of them leaves every range.
#[test]
fn values_are_drawn_smaller_where_larger_ones_overflow() {
    let text = "input x[4, 64]
param Q[64, 64], K[64, 64], V[64, 2]
q = x @ Q
k = x @ K
v = x @ V
a = softmax(q @ transpose(k), axis: 1)
E = sum((a @ v)^2)";
    let report = checked(text);
    assert!(report.agrees());
    assert!(report.points.iter().all(|p| p.unit == Some(64)), "{:?}", report.points[0].unit);
    page("smaller", &report);
}

#[test]
fn a_kernel_that_was_not_turned() {
    let net = network(&format!("{ARTICLE}{VALUES}"));
    let values = concrete::given::<f64>(&net).unwrap();
    let forward = backproof::forward(&net, &values, concrete::Decide::ByValue).unwrap();
    let [w, w_fc] = ["w", "w_fc"].map(|name| net.find(name).unwrap());
    let gradients = backproof::backward(&net, &forward, &[w, w_fc]).unwrap();
    let mut theirs = BTreeMap::from([w, w_fc].map(|id| (id, gradients.of(id).unwrap().to_vec())));
    let right = check_gradients(&net, net.values(), &theirs).unwrap();
    assert!(right.agrees());
    page("supplied", &right);
    theirs.get_mut(&w).unwrap().reverse();
    let wrong = check_gradients(&net, net.values(), &theirs).unwrap();
    assert!(!wrong.agrees());
    page("turned", &wrong);
}
