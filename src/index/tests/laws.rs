//! The third witness: index formulas, evaluated by loops at the real sizes, against the concrete
//! backward pass, exactly.

use proptest::prelude::*;

use crate::concrete::{self, Decide};
use crate::index::{
    Affine, Cell, Formula, IndexDerivation, TensorName, derive, evaluate_all, of_network,
};
use crate::net::{Builder, Network, NodeId, Pooling, Role, Shape, Window};
use crate::scalar::Rational;

fn derived(net: &Network) -> IndexDerivation {
    let system = of_network(net).expect("it is small");
    let names: Vec<TensorName> = system.tensors.iter().map(|t| t.name.clone()).collect();
    derive(&system, &names).expect("it is short")
}

/// The formula with 1 where it is said who wins, or with whether that lies inside of the window.
fn without_winners(f: &Formula, inside: bool) -> Formula {
    match f {
        Formula::Wins { max, at, .. } => {
            let (lengths, within) = match max.as_ref() {
                Formula::MaxOf(all) => (vec![Affine::from(all.len())], Vec::new()),
                Formula::Max { ranges, within, .. } => {
                    let letters = ranges.iter().map(|range| range.index.clone());
                    let put = letters.zip(at.iter().cloned()).collect();
                    let within = within.iter().cloned();
                    let within = within.map(|c| Formula::Bracket(c).substitute(&put)).collect();
                    (ranges.iter().map(|range| range.length.clone()).collect(), within)
                }
                _ => (Vec::new(), Vec::new()),
            };
            let tests = at.iter().cloned().zip(lengths);
            let tests = tests.map(|(at, length)| Formula::within(at, length)).chain(within);
            Formula::product(if inside { tests.collect() } else { Vec::new() })
        }
        _ => {
            let parts = f.children().into_iter().map(|child| without_winners(child, inside));
            f.rebuild(parts.collect())
        }
    }
}

/// Every gradient by its formula, with δ from the concrete backward pass, equals the concrete one.
fn agrees(net: &Network, seed: u64) {
    let mut state = seed;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        Rational::from((state >> 33) as i64 % 1000 - 500)
    };
    let mut values = concrete::Values::new();
    for (id, _) in net.quantities().filter(|(_, q)| q.role != Role::Defined) {
        let count = net.shape(id).elements();
        values.insert(id, (0..count).map(|_| draw()).collect::<Vec<Rational>>());
    }
    let forward = concrete::forward(net, &values, Decide::ByValue).expect("rational");
    let all: Vec<_> = net.quantities().map(|(id, _)| id).collect();
    let gradients = concrete::backward(net, &forward, &all).expect("rational");
    let value = |cell: &Cell| -> Option<Rational> {
        let id = net.find(&cell.name)?;
        let at: Vec<usize> =
            cell.at.iter().map(|n| usize::try_from(*n).ok()).collect::<Option<_>>()?;
        let position = net.shape(id).position(&at)?;
        let table = if cell.delta { gradients.of(id)? } else { forward.of(id)? };
        Some(table[position].clone())
    };
    let derivation = derived(net);
    for lemma in &derivation.lemmas {
        let id = net.find(&lemma.by.tensor.name).expect("of the network");
        let found = evaluate_all(&derivation.system, &lemma.result, &lemma.free, &value);
        let wanted = gradients.of(id).map(<[Rational]>::to_vec);
        assert_eq!(found.ok(), wanted, "{} = {}", lemma.goal, lemma.result);
        // Whoever reads that an element is as great as its max reads it of one in the window.
        let [all, inside] = [false, true].map(|inside| without_winners(&lemma.result, inside));
        let [all, inside] = [all, inside]
            .map(|formula| evaluate_all(&derivation.system, &formula, &lemma.free, &value));
        assert_eq!(all, inside, "{} = {}", lemma.goal, lemma.result);
        // And the second line, in which derivatives are only written down.
        if let Some(step) = lemma.steps.first() {
            let line = evaluate_all(&derivation.system, &step.after, &lemma.free, &value);
            assert_eq!(line.ok(), gradients.of(id).map(<[Rational]>::to_vec), "{}", step.after);
        }
    }
}

#[derive(Clone, Debug)]
struct Draw {
    lengths: [usize; 2],
    size: [usize; 2],
    window: Window,
    channels: [usize; 2],
    batch: usize,
    kind: u8,
    seed: u64,
}

fn draws() -> impl Strategy<Value = Draw> {
    let pair = |from, to| prop::array::uniform2(from..to);
    let geometry =
        (pair(1usize, 4), pair(0usize, 2), pair(0usize, 2), pair(1usize, 3), any::<bool>());
    (pair(2usize, 6), pair(1usize, 4), geometry, pair(1usize, 3), 1usize..3, 0u8..9, any::<u64>())
        .prop_map(
            |(
                lengths,
                size,
                (stride, before, after, dilation, flip),
                channels,
                batch,
                kind,
                seed,
            )| {
                let padding = vec![[before[0], after[0]], [before[1], after[1]]];
                let (stride, dilation) = (stride.to_vec(), dilation.to_vec());
                let window = Window { stride, padding, dilation, flip, groups: 1 };
                Draw { lengths, size, window, channels, batch, kind, seed }
            },
        )
}

/// One layer and a sum of squares, or nothing where the geometry does not fit.
fn network(d: &Draw) -> Option<Network> {
    let mut b = Builder::new();
    let leaf = |b: &mut Builder, name: &str, lengths: Vec<usize>| -> Option<NodeId> {
        let id = b.declare(Role::Param, name, Shape::new(lengths)).ok()?;
        Some(b.node_of(id))
    };
    let ([h, w], [m, n], [c, o]) = (d.lengths, d.size, d.channels);
    let plain = Window { flip: false, ..d.window.clone() };
    let y = match d.kind {
        0 => {
            let x = leaf(&mut b, "x", vec![h, w])?;
            let k = leaf(&mut b, "w", vec![m, n])?;
            b.conv(x, k, d.window.clone()).ok()?
        }
        1 => {
            let x = leaf(&mut b, "x", vec![d.batch, c, h, w])?;
            let k = leaf(&mut b, "w", vec![o, c, m, n])?;
            b.conv(x, k, d.window.clone()).ok()?
        }
        2 => {
            let x = leaf(&mut b, "x", vec![2 * c, h, w])?;
            let k = leaf(&mut b, "w", vec![2 * o, c, m, n])?;
            b.conv(x, k, Window { groups: 2, ..d.window.clone() }).ok()?
        }
        3..=5 => {
            let kinds = [Pooling::Max, Pooling::Mean, Pooling::MeanInside];
            let x = leaf(&mut b, "x", vec![c, h, w])?;
            b.pool(kinds[usize::from(d.kind) - 3], x, &[m, n], plain).ok()?
        }
        6 => {
            let x = leaf(&mut b, "x", vec![h, w, c * o])?;
            b.reshape(x, Shape::new([h * c, o * w])).ok()?
        }
        7 => {
            let x = leaf(&mut b, "x", vec![d.batch, h, w])?;
            let k = leaf(&mut b, "w", vec![w, m])?;
            let product = b.matmul(x, k).ok()?;
            let bias = leaf(&mut b, "v", vec![if o == 1 { 1 } else { h }, m])?;
            b.add(&[product, bias]).ok()?
        }
        _ => {
            let x = leaf(&mut b, "x", vec![h, w])?;
            let u = leaf(&mut b, "u", vec![h, 1])?;
            let product = b.mul(&[x, u]).ok()?;
            let most = b.max_along(product, &[d.seed as usize % 2]).ok()?;
            let fewest = b.sum_along(product, &[1]).ok()?;
            b.concat(&[most, fewest], 0).ok()?
        }
    };
    let y = b.define("y", y).ok()?;
    let y = b.node_of(y);
    let two = b.number(&Rational::from(2)).ok()?;
    let square = b.pow(y, two).ok()?;
    let total = if b.shape(square).is_scalar() { square } else { b.sum(square).ok()? };
    b.define("E", total).ok()?;
    b.finish().ok()
}

proptest! {
    #![proptest_config(crate::laws::laws(200))]

    #[test]
    fn formulas_agree_with_the_concrete_backward_pass(draw in draws()) {
        if let Some(net) = network(&draw) {
            agrees(&net, draw.seed);
        }
    }
}

/// A max over what has no name, with strides, with padding, over slices and concatenations.
#[test]
fn a_winner_stands_beside_its_window_and_inside_of_the_padding() {
    for text in [
        "param v[4]\na = maxpool(v)\nE = sum(a)",
        "param v[7]\na = maxpool(v, window: [3], stride: 2)\nE = sum(a^2)",
        "param v[6]\na = maxpool(v, window: [2], stride: 1, dilation: [3])\nE = sum(a^2)",
        "param v[5, 6]\na = maxpool(v, window: [2, 2], padding: 1)\nE = sum(a^2)",
        "param v[3, 2]\nE = max(v[0:2, 0])^2",
        "input x[4]\nparam w[3]\np = maxpool(conv(x, w, padding: 1), window: [2], padding: 1)\n\
         E = sum(p^2)",
        "input x[4]\nparam b\np = maxpool(concat(x, x, axis: 0) + b, window: [2], padding: 1)\n\
         E = sum(p^2)",
        "input x[4]\nparam w[4], b\np = maxpool(w*x + b, window: [2], padding: 1)\nE = sum(p^2)",
        "param u[3], v[4]\nE = sum(concat(u, v)^2)",
        "param v[5]\nE = sum(v[1:4]^2) + max(v[0:2])",
    ] {
        let net = crate::lang::parse_network(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        (1..4).for_each(|seed| agrees(&net, seed));
    }
}
