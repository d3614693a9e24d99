//! How long the article's network takes from text to a proved page, room by room, and how the
//! engine does on a network the size of LeNet-5. `cargo bench` runs all of it.
//!
//! The article's network as a whole process is to take less than 5 ms.

use std::fmt::Write;

use backproof::calculus::sweep::gradients;
use backproof::concrete::{self, Decide};
use backproof::expr::{Branches, ExprId, Rest};
use backproof::lesson::in_order_of_lesson;
use backproof::net::Role;
use backproof::render::TextStyle;
use backproof::scalar::{Rational, Scalar};
use backproof::{
    Ask, Level, Lowered, Network, Request, derivation_page, derive, evaluate_all, lesson, lower,
    parse_network, render, replay,
};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const ARTICLE: &str = include_str!("../networks/article.bp");

fn article() -> Network {
    parse_network(ARTICLE).expect("the article's network parses")
}

/// Text to text: what `backproof derive` does between reading and printing.
#[divan::bench]
fn article_whole() -> String {
    let net = parse_network(black_box(ARTICLE)).expect("it parses");
    let lesson = lesson(net, &Ask::default()).expect("it is proved");
    render::text(&derivation_page(&lesson, Level::Textbook), &TextStyle::default())
}

#[divan::bench]
fn article_parse() -> Network {
    parse_network(black_box(ARTICLE)).expect("it parses")
}

/// Network to proved lesson: derivation, replay, the case of every winner, the numbers.
#[divan::bench]
fn article_lesson(bencher: Bencher) {
    bencher.with_inputs(article).bench_values(|net| lesson(net, &Ask::default()).is_ok());
}

/// The derivation alone, nothing proved.
#[divan::bench]
fn article_derive(bencher: Bencher) {
    bencher.with_inputs(assumed).bench_values(|(lowered, request)| derive(lowered, &request));
}

/// The proof of every step of a derivation.
#[divan::bench]
fn article_replay(bencher: Bencher) {
    bencher
        .with_inputs(|| {
            let (lowered, request) = assumed();
            derive(lowered, &request).expect("it is derived")
        })
        .bench_refs(|derivation| replay(derivation).expect("it is proved").len());
}

/// The article's network in scalars, and the derivation that is asked of it.
fn assumed() -> (Lowered, Request) {
    let net = article();
    let lowered = lower(&net).expect("it is small");
    let by = in_order_of_lesson(&net, &lowered);
    (
        lowered,
        Request::default().with(|request| {
            request.by = by;
            request.updates = true;
        }),
    )
}

#[divan::bench]
fn article_page(bencher: Bencher) {
    let lesson = lesson(article(), &Ask::default()).expect("it is proved");
    bencher.bench(|| derivation_page(black_box(&lesson), Level::Textbook));
}

#[divan::bench]
fn article_text(bencher: Bencher) {
    let lesson = lesson(article(), &Ask::default()).expect("it is proved");
    let page = derivation_page(&lesson, Level::Textbook);
    bencher.bench(|| render::text(black_box(&page), &TextStyle::default()));
}

/// A network of LeNet-5's sizes: 32×32, six 5×5 filters, averages over 2×2, sixteen 5×5 filters
/// over all six maps, averages again, then 120, 84 and 10 neurons; tanh after each.
fn lenet() -> Network {
    let mut text = String::from("input x[32, 32]\nparam e[2, 2]\ntarget t\n");
    let mut line = |args: std::fmt::Arguments<'_>| {
        // Writing to a String does not fail.
        let _ = text.write_fmt(args);
        text.push('\n');
    };
    for k in 0..6 {
        line(format_args!("param fa{k}[5, 5], ba{k}"));
        line(format_args!("pa{k} = conv(tanh(conv(x, fa{k}) + ba{k}), e, stride: 2)"));
    }
    for k in 0..16 {
        for m in 0..6 {
            line(format_args!("param fb{k}m{m}[5, 5]"));
        }
        let maps: Vec<String> = (0..6).map(|m| format!("conv(pa{m}, fb{k}m{m})")).collect();
        line(format_args!("param bb{k}"));
        line(format_args!("pb{k} = conv(tanh({} + bb{k}), e, stride: 2)", maps.join(" + ")));
    }
    for j in 0..120 {
        for k in 0..16 {
            line(format_args!("param wc{j}k{k}[5, 5]"));
        }
        let maps: Vec<String> = (0..16).map(|k| format!("sum(wc{j}k{k} * pb{k})")).collect();
        line(format_args!("hc{j} = tanh({})", maps.join(" + ")));
    }
    for (layer, before, size, inputs) in [("d", "c", 84, 120), ("o", "d", 10, 84)] {
        for j in 0..size {
            let weights: Vec<String> = (0..inputs).map(|i| format!("w{layer}{j}i{i}")).collect();
            line(format_args!("param {}", weights.join(", ")));
            let terms: Vec<String> =
                (0..inputs).map(|i| format!("w{layer}{j}i{i} * h{before}{i}")).collect();
            line(format_args!("h{layer}{j} = tanh({})", terms.join(" + ")));
        }
    }
    let outputs: Vec<String> = (0..10).map(|j| format!("(t - ho{j})^2")).collect();
    line(format_args!("E = ({}) / 2", outputs.join(" + ")));
    parse_network(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[divan::bench(sample_count = 5)]
fn lenet_lower(bencher: Bencher) {
    let net = lenet();
    bencher.bench(|| lower(black_box(&net)).expect("it is within the limits"));
}

/// Every gradient by the reverse sweep, as expressions.
#[divan::bench(sample_count = 5)]
fn lenet_sweep(bencher: Bencher) {
    let net = lenet();
    bencher
        .with_inputs(|| {
            let lowered = lower(&net).expect("it is within the limits");
            let by = weights(&net, &lowered);
            (lowered, by)
        })
        .bench_refs(|(lowered, by)| {
            gradients(&mut lowered.graph, lowered.loss, by, &lowered.winners)
        });
}

/// Every gradient in `f64`: one pass over the expressions of the sweep.
#[divan::bench(sample_count = 5)]
fn lenet_evaluate(bencher: Bencher) {
    let net = lenet();
    let mut lowered = lower(&net).expect("it is within the limits");
    let by = weights(&net, &lowered);
    let swept = gradients(&mut lowered.graph, lowered.loss, &by, &lowered.winners);
    let branches = Branches { winners: Some(&lowered.winners), rest: Rest::ByValue, opaque: None };
    bencher.bench(|| {
        evaluate_all(&lowered.graph, &swept, &|_| Some(0.01f64), branches)
            .expect("it is defined everywhere")
    });
}

/// The same in tensors, without expressions: forward and backward.
#[divan::bench(sample_count = 5)]
fn lenet_backward(bencher: Bencher) {
    let net = lenet();
    let params: Vec<_> = net.params().collect();
    let values = net
        .quantities()
        .filter(|(_, q)| q.role != Role::Defined)
        .map(|(id, _)| (id, vec![0.01f64; net.shape(id).elements()]))
        .collect();
    bencher.bench(|| {
        let forward = concrete::forward(&net, &values, Decide::ByValue).expect("it is defined");
        concrete::backward(&net, &forward, &params).expect("it is defined")
    });
}

fn weights(net: &Network, lowered: &Lowered) -> Vec<ExprId> {
    net.params().flat_map(|id| lowered.of(id).to_vec()).collect()
}

/// One product of exact numbers, small and past 64 bits.
#[divan::bench(args = ["7/3", "123456789012345678901/9876543210987654321"])]
fn rational_product(bencher: Bencher, text: &str) {
    let q: Rational = text.parse().expect("it is a number");
    let p: Rational = "5/11".parse().expect("it is a number");
    bencher.bench(|| black_box(&q).mul(black_box(&p)));
}
