//! Networks written out in scalars: from the text to every gradient, how that grows with the
//! network, and what one evaluation of the gradients takes. `cargo bench --bench scalars`.

use std::fmt::Write;

use backproof::calculus::sweep::gradients;
use backproof::expr::{Branches, ExprId, Program, Rest, SymbolId};
use backproof::{Lowered, Network, evaluate_all, lower, parse_network};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const ARTICLE: &str = include_str!("../networks/article.bp");
const LENET: &str = include_str!("../networks/lenet5.bp");
/// A 28×28 image, six 5×5 filters, the greatest of each 2×2, an output: 1,014 weights.
const FILTERS: &str = "input i[1, 28, 28]
param k[6, 1, 5, 5], w[6, 12, 12]
target t
p = maxpool(conv(i, k))
r = sum(w * p)
E = (t - r)^2 / 2";

fn weights(net: &Network, lowered: &Lowered) -> Vec<ExprId> {
    net.params().flat_map(|id| lowered.of(id).to_vec()).collect()
}

/// The network in scalars, and every gradient by the reverse sweep.
fn swept(text: &str) -> (Lowered, Vec<ExprId>) {
    let net = parse_network(text).unwrap_or_else(|e| panic!("{e}"));
    let mut lowered = lower(&net).expect("it is within the limits");
    let by = weights(&net, &lowered);
    let gradients = gradients(&mut lowered.graph, lowered.loss, &by, &lowered.winners);
    (lowered, gradients)
}

#[divan::bench]
fn article_text_to_gradients() -> usize {
    swept(black_box(ARTICLE)).1.len()
}

#[divan::bench]
fn filters_text_to_gradients() -> usize {
    swept(black_box(FILTERS)).1.len()
}

#[divan::bench(sample_count = 20)]
fn lenet_text_to_gradients() -> usize {
    swept(black_box(LENET)).1.len()
}

/// Every gradient in `f64`, by a call of `evaluate_all`.
#[divan::bench(args = NETWORKS, sample_count = 20)]
fn evaluate_unprepared(bencher: Bencher, which: &str) {
    let (lowered, gradients) = swept(network(which));
    let values = values(&lowered, 0);
    let at = |s: SymbolId| Some(values[s.index()]);
    bencher.bench(|| {
        evaluate_all(&lowered.graph, &gradients, &at, by_value(&lowered)).expect("it is defined")
    });
}

/// Making the gradients ready.
#[divan::bench(args = NETWORKS, sample_count = 20)]
fn evaluate_compile(bencher: Bencher, which: &str) {
    let (lowered, gradients) = swept(network(which));
    bencher.bench(|| Program::new(&lowered.graph, &gradients, by_value(&lowered)).size());
}

/// Every gradient in `f64`, made ready before.
#[divan::bench(args = NETWORKS)]
fn evaluate_once(bencher: Bencher, which: &str) {
    let (lowered, gradients) = swept(network(which));
    let program = Program::new(&lowered.graph, &gradients, by_value(&lowered));
    let values = values(&lowered, 0);
    bencher.bench(|| program.evaluate_f64(&|s| Some(values[s.index()])).expect("it is defined"));
}

/// The same at 64 points; the counter says how many points a second.
#[divan::bench(args = NETWORKS, sample_count = 20)]
fn evaluate_64_points(bencher: Bencher, which: &str) {
    let (lowered, gradients) = swept(network(which));
    let program = Program::new(&lowered.graph, &gradients, by_value(&lowered));
    let symbols: Vec<SymbolId> =
        lowered.graph.symbols().filter_map(|s| lowered.graph.find_symbol(s)).collect();
    let values: Vec<f64> = (0..64).flat_map(|point| values(&lowered, point)).collect();
    let (mut batch, mut found) = (program.batch(&symbols), Vec::new());
    bencher
        .counter(ItemsCount::new(64usize))
        .bench_local(|| batch.evaluate(64, &values, &mut found).len());
}

fn by_value(lowered: &Lowered) -> Branches<'_> {
    Branches { winners: Some(&lowered.winners), rest: Rest::ByValue, opaque: None }
}

const NETWORKS: [&str; 2] = ["lenet", "filters"];

fn network(which: &str) -> &'static str {
    match which {
        "lenet" => LENET,
        _ => FILTERS,
    }
}

/// A value for each symbol: small, and no two neighbours alike.
fn values(lowered: &Lowered, point: usize) -> Vec<f64> {
    let value = |n: usize| (((n + point) * 7919) % 1000) as f64 / 4000.0 - 0.1;
    (0..lowered.graph.symbol_count()).map(value).collect()
}

/// Dense layers, of as many neurons as give about so many nodes together with the gradients;
/// and a convolution. What a node takes is the time by the number that stands beside it.
fn dense(nodes: usize) -> String {
    // Four or five nodes for every weight: its own, a product, and two gradients. No tensor may
    // have more than 2^20 elements, so that a large network has more layers.
    let layers = 2 + nodes / 4_000_000 * 2;
    let width = ((nodes / 4 / layers) as f64).sqrt() as usize;
    let mut text = format!("input h0[{width}]\ntarget t[{width}]\n");
    for n in 1..=layers {
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "param w{n}[{width}, {width}], b{n}[{width}]
h{n} = tanh(w{n} @ h{} + b{n})",
            n - 1
        );
    }
    text + &format!("E = sum((t - h{layers})^2) / 2")
}

fn convolution(nodes: usize) -> String {
    let side = ((nodes / 180) as f64).sqrt() as usize + 4;
    format!(
        "input i[1, {side}, {side}]
param k[3, 1, 5, 5], l[3]
target t
c = tanh(conv(i, k, l))
r = sum(c * c)
E = (t - r)^2 / 2"
    )
}

const SIZES: [usize; 5] = [20_000, 200_000, 2_000_000, 8_000_000, 20_000_000];

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn growth_dense(bencher: Bencher, nodes: usize) {
    growth(bencher, dense(nodes));
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn growth_convolution(bencher: Bencher, nodes: usize) {
    growth(bencher, convolution(nodes));
}

/// What lowering and sweep take a node: the items of the counter.
fn growth(bencher: Bencher, text: String) {
    let net = parse_network(&text).unwrap_or_else(|e| panic!("{e}"));
    let run = || {
        let mut lowered = lower(&net).expect("it is within the limits");
        let by = weights(&net, &lowered);
        black_box(gradients(&mut lowered.graph, lowered.loss, &by, &lowered.winners));
        lowered
    };
    let count = run().graph.len();
    bencher.counter(ItemsCount::new(count)).bench(run);
}
