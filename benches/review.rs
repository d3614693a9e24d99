//! How many rows of a derivation are marked in a second, in a document that is right and in one
//! with mistakes, in a long document, and how the rooms share the time. `cargo bench --bench
//! review`.

use backproof::review::read::{DocumentFormat, pieces};
use backproof::review::review;
use backproof::{Network, parse_network};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const NETWORK: &str = include_str!("../networks/article.bp");
const RIGHT: &str = include_str!("../tests/review/convolution.md");
const WRONG: &str = include_str!("../tests/review/convolution-errors.md");
const OWN: &str = include_str!("../docs/derivations/article.md");

fn network() -> Network {
    parse_network(NETWORK).expect("a built-in network parses")
}

fn marked(bencher: Bencher, text: &str, net: Option<&Network>) {
    let rows = review(text, DocumentFormat::Markdown, net).expect("it can be read").rows.len();
    bencher.counter(ItemsCount::new(rows)).bench_local(|| {
        review(black_box(text), DocumentFormat::Markdown, net).map(|r| r.tally.proved)
    });
}

/// A correct derivation, held against its network.
#[divan::bench]
fn right(bencher: Bencher) {
    marked(bencher, RIGHT, Some(&network()));
}

/// The program's own derivation of the same network, with a reason on every row.
#[divan::bench]
fn own(bencher: Bencher) {
    marked(bencher, OWN, Some(&network()));
}

/// Mistakes cost more: for each, small changes are tried until one makes it true.
#[divan::bench]
fn wrong(bencher: Bencher) {
    marked(bencher, WRONG, Some(&network()));
}

/// A hundred sections, a document of 150 kB.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn long(bencher: Bencher) {
    marked(bencher, &RIGHT.repeat(100), Some(&network()));
}

/// Reading alone: words and formulas.
#[divan::bench]
fn reading(bencher: Bencher) {
    bencher.bench_local(|| pieces(black_box(RIGHT), DocumentFormat::Markdown).map(|p| p.len()));
}
