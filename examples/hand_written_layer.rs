//! A layer written by hand, its gradients held against proved ones in a unit test.
//!
//! `cargo run --example hand_written_layer` shows the report for a mistake that is easily made;
//! `cargo test --example hand_written_layer` is the test that one would keep.

use std::collections::BTreeMap;

use backproof::concrete::given;
use backproof::{check_gradients, check_page, parse_network, render};

/// What the layer is meant to be, with the numbers of the test.
const MEANT: &str = "
    input  x[3, 3]
    param  k[2, 2]
    target t
    y = conv(x, k)
    E = (t - sum(y))^2 / 2
    given x = [[1, 2, 0], [-1, 0.5, 3], [2, 1, -1]]
    given k = [[0.5, -1], [2, 0.25]]
    given t = 1
";

/// The layer by hand: y[a,b] = Σ k[m,n]·x[a+m,b+n], E = (t − Σy)²/2, and ∂E/∂k. `turned` is the
/// mistake of turning the kernel on the way back.
fn gradient_by_hand(x: &[[f64; 3]; 3], k: &[[f64; 2]; 2], t: f64, turned: bool) -> Vec<f64> {
    let mut sum = 0.0;
    for (a, b, m, n) in windows() {
        sum += k[m][n] * x[a + m][b + n];
    }
    let mut slope = vec![0.0; 4];
    for (a, b, m, n) in windows() {
        let cell = if turned { (1 - m) * 2 + (1 - n) } else { m * 2 + n };
        slope[cell] += -(t - sum) * x[a + m][b + n];
    }
    slope
}

fn windows() -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..16).map(|i| (i & 1, i >> 1 & 1, i >> 2 & 1, i >> 3 & 1))
}

const X: [[f64; 3]; 3] = [[1.0, 2.0, 0.0], [-1.0, 0.5, 3.0], [2.0, 1.0, -1.0]];
const K: [[f64; 2]; 2] = [[0.5, -1.0], [2.0, 0.25]];

fn main() -> Result<(), backproof::Error> {
    let net = parse_network(MEANT)?;
    let k = net.find("k").expect("MEANT has a k");
    let theirs = BTreeMap::from([(k, gradient_by_hand(&X, &K, 1.0, true))]);
    let report = check_gradients(&net, &given(&net)?, &theirs)?;
    println!("{}", render::text(&check_page(&report), &render::TextStyle::default()));
    Ok(())
}

#[test]
fn the_layer_by_hand_is_right() {
    backproof::assert_gradients(MEANT, &[("k", &gradient_by_hand(&X, &K, 1.0, false))]);
}
