//! Layers of every kind: their derivations in indices replay, and no tampering passes.

use super::replay_indexed;
use crate::index::tests::layers::cases;
use crate::index::{
    Condition, Element, Formula, IndexDerivation, Rule, TensorName, all_values, derive, interpret,
    of_network,
};
use crate::lang::parse_network;
use crate::net::Network;
use crate::scalar::{Function, Scalar};

fn derived(net: &Network) -> IndexDerivation {
    let system = of_network(net).expect("it is small");
    let names: Vec<TensorName> = system.tensors.iter().map(|t| t.name.clone()).collect();
    derive(&system, &names).expect("it is short")
}

#[test]
fn every_layer_replays() {
    for (name, net) in cases() {
        let derivation = derived(&net);
        let steps: usize = derivation.lemmas.iter().map(|l| l.steps.len()).sum();
        let replay = replay_indexed(&net, &derivation).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!((replay.len(), replay.is_empty()), (steps, steps == 0));
    }
}

/// The first bracket in the formula replaced by 1.
fn without_a_bracket(f: &Formula, found: &mut bool) -> Formula {
    if matches!(f, Formula::Bracket(_) | Formula::Wins { .. }) && !*found {
        *found = true;
        return Formula::integer(1);
    }
    let children = f.children().into_iter().map(|c| without_a_bracket(c, found)).collect();
    f.rebuild(children)
}

/// Every formula that one change of a part makes of this one.
pub(super) fn changes(formula: &Formula) -> Vec<Formula> {
    let mut all = Vec::new();
    match formula {
        Formula::Number(q) => {
            let seven = crate::scalar::Rational::from(7);
            all.extend(q.mul(&seven).into_iter().chain([q.neg()]).map(Formula::Number));
        }
        Formula::Whole(a) => all.push(Formula::Whole(a.times_number(7))),
        Formula::Element(e) => {
            let tensor = TensorName::new(&format!("{}other", e.tensor.name));
            all.push(Formula::Element(Element { tensor, ..e.clone() }));
            let at = e.at.iter().map(|a| a.plus_number(1)).collect();
            all.extend((!e.at.is_empty()).then(|| Formula::Element(Element { at, ..e.clone() })));
        }
        Formula::Call(function, a) => {
            let other = if *function == Function::Exp { Function::Tanh } else { Function::Exp };
            all.push(Formula::Call(other, a.clone()));
        }
        Formula::Sum { body, .. } => all.push((**body).clone()),
        Formula::Bracket(Condition::Equal(a, b)) => {
            all.push(Formula::equal(a.clone(), b.plus_number(1)));
            all.push(Formula::within(a.clone(), b.clone()));
        }
        Formula::Bracket(Condition::Within { value, length }) => {
            all.push(Formula::within(value.plus_number(1), length.clone()));
            all.push(Formula::within(value.clone(), length.times_number(7)));
        }
        Formula::Sub(a, b) => all.push(Formula::Sub(b.clone(), a.clone())),
        Formula::Div(a, b) => all.push(Formula::Div(b.clone(), a.clone())),
        Formula::Pow(a, b) => all.push(Formula::Pow(b.clone(), a.clone())),
        Formula::Neg(a) => all.push((**a).clone()),
        Formula::Mul(factors) => all.push(Formula::Add(factors.clone())),
        Formula::Add(terms) => all.push(Formula::Mul(terms.clone())),
        _ => {}
    }
    let children: Vec<Formula> = formula.children().into_iter().cloned().collect();
    for (n, child) in children.iter().enumerate() {
        for other in changes(child) {
            let mut changed = children.clone();
            changed[n] = other;
            all.push(formula.rebuild(changed));
        }
    }
    all
}

/// A wrong rewrite at every step, carried through to the last line: none passes.
#[test]
fn a_tampered_step_is_rejected() {
    let mut tried = 0;
    for text in [
        "input x[3, 3]\nparam w[2, 2]\nc = conv(x, w)\nE = sum(c^2)",
        "param x[2, 2], u[2]\ny = tanh(x*u)\nE = sum(y)",
        "param x[3]\ny = max(x)\nE = y^2",
    ] {
        let net = parse_network(text).expect("it is right");
        let right = derived(&net);
        for lemma in 0..right.lemmas.len() {
            for n in 0..right.lemmas[lemma].steps.len() {
                for how in 0..3 {
                    let mut d = right.clone();
                    let lemma = &mut d.lemmas[lemma];
                    lemma.steps.truncate(n + 1);
                    let step = &mut lemma.steps[n];
                    let old = step.contractum.clone();
                    step.contractum = match how {
                        0 => Formula::Add(vec![old.clone(), Formula::integer(1)]),
                        1 => Formula::Mul(vec![Formula::integer(2), old.clone()]),
                        _ => without_a_bracket(&old, &mut false),
                    };
                    // 2·0 is 0, and without a bracket nothing is left out.
                    if old == step.contractum || how == 1 && old.is_integer(0) {
                        continue;
                    }
                    step.after = step.before.put(&step.site, step.contractum.clone());
                    lemma.result = step.after.clone();
                    tried += 1;
                    let before = step.before.to_string();
                    let (rule, after) = (step.rule.name(), step.after.to_string());
                    let passed = replay_indexed(&net, &d).is_ok();
                    assert!(!passed, "tampered with by {how}, {rule}: {before} = {after}");
                }
            }
        }
    }
    assert!(tried > 100, "only {tried} were tried");
}

#[test]
fn a_step_must_follow_on_the_line_before() {
    let net = parse_network("input x[2]\nparam w[2]\ny = w*x\nE = sum(y)").expect("it is right");
    let mut d = derived(&net);
    let lemma = d.lemmas.iter_mut().find(|l| l.by.tensor.name == "w").expect("there is one");
    let place = lemma.steps.iter().position(|s| s.rule == Rule::Collapse).expect("one collapses");
    lemma.steps.remove(place);
    assert!(replay_indexed(&net, &d).is_err());
}

#[test]
fn a_distribution_is_assumed_and_said_so() {
    let text = "param z[3]\ntarget t[3]\np = exp(z)/sum(exp(z))\nE = -sum(t*ln(p))";
    let net = parse_network(text).expect("it is right");
    let mut system = of_network(&net).expect("it is small");
    system.distributions.push((TensorName::new("t"), vec![0]));
    let d = derive(&system, &[TensorName::new("z")]).expect("it is short");
    let replay = replay_indexed(&net, &d).expect("it is right");
    let lemma = d.lemmas.iter().position(|l| l.by.tensor.name == "z").expect("asked for");
    assert_eq!(d.lemmas[lemma].result.to_string(), "p[i] − t[i]");
    let step = d.lemmas[lemma].steps.iter().position(|s| s.rule == Rule::SumsToOne);
    let verdict = replay.verdict(lemma, step.expect("the sum of t is used"));
    assert_eq!(verdict, super::StepProof::Assumed);
    // Without the assumption it is false.
    let mut bare = d.clone();
    bare.system.distributions.clear();
    assert!(replay_indexed(&net, &bare).is_err());
}

/// Layers as LeNet-5 has them, with smaller kernels, at their own sizes in the formulas and at smaller ones in the proof.
#[test]
fn large_layers_are_proved_at_smaller_sizes() {
    let mut b = crate::net::Builder::new();
    let leaf = |b: &mut crate::net::Builder, name: &str, lengths: &[usize]| {
        let shape = crate::net::Shape::new(lengths.to_vec());
        let id = b.declare(crate::net::Role::Param, name, shape).expect("a name");
        b.node_of(id)
    };
    let x = leaf(&mut b, "x", &[1, 28, 28]);
    let w1 = leaf(&mut b, "w1", &[6, 1, 3, 3]);
    let w2 = leaf(&mut b, "w2", &[16, 6, 3, 3]);
    let w3 = leaf(&mut b, "w3", &[120, 576]);
    let b3 = leaf(&mut b, "b3", &[120]);
    let w4 = leaf(&mut b, "w4", &[10, 120]);
    let t = leaf(&mut b, "t", &[10]);
    let named = |b: &mut crate::net::Builder, name: &str, id| {
        let id = b.define(name, id).expect("a name");
        b.node_of(id)
    };
    let mut make = || -> Result<Network, crate::diag::Error> {
        use crate::net::{Pooling, Shape, Window};
        use crate::scalar::Function;
        let padded = Window { padding: vec![[1, 1], [1, 1]], ..Window::plain(2) };
        let halves = Window { stride: vec![2, 2], ..Window::plain(2) };
        let c1 = b.conv(x, w1, padded)?;
        let c1 = named(&mut b, "c1", c1);
        let a1 = b.call(Function::Tanh, c1)?;
        let a1 = named(&mut b, "a1", a1);
        let p1 = b.pool(Pooling::Mean, a1, &[2, 2], halves.clone())?;
        let p1 = named(&mut b, "p1", p1);
        let c2 = b.conv(p1, w2, Window::plain(2))?;
        let c2 = named(&mut b, "c2", c2);
        let p2 = b.pool(Pooling::Max, c2, &[2, 2], halves)?;
        let p2 = named(&mut b, "p2", p2);
        let f = b.reshape(p2, Shape::new([576]))?;
        let f = named(&mut b, "f", f);
        let z3 = b.matmul(w3, f)?;
        let z3 = b.add(&[z3, b3])?;
        let z3 = named(&mut b, "z3", z3);
        let a3 = b.call(Function::Tanh, z3)?;
        let a3 = named(&mut b, "a3", a3);
        let z4 = b.matmul(w4, a3)?;
        let z4 = named(&mut b, "z4", z4);
        let e = b.call(Function::Exp, z4)?;
        let sum = b.sum(e)?;
        let p = b.div(e, sum)?;
        let p = named(&mut b, "p", p);
        let ln = b.call(Function::Ln, p)?;
        let product = b.mul(&[t, ln])?;
        let loss = b.sum(product)?;
        let loss = b.neg(loss)?;
        b.define("E", loss)?;
        std::mem::take(&mut b).finish()
    };
    let net = make().expect("a network");
    let d = derived(&net);
    let replay = replay_indexed(&net, &d).unwrap_or_else(|e| panic!("{e:?}"));
    let smaller = (0..d.lemmas.len()).filter(|l| replay.smaller_sizes(*l) > 0).count();
    assert!(smaller > 10, "{smaller} lemmas were proved at smaller sizes");
    let by_name = |name: &str| d.lemma(&TensorName::new(name)).expect("derived").result.to_string();
    assert_eq!(by_name("w2"), "Σ_{i,j} δ^c2[o, i, j]·p1[c, i + m, j + n]");
    assert_eq!(by_name("p2"), "δ^f[36o + 6i + j]");
}

#[test]
fn the_equations_for_any_depth_hold_in_networks_of_several() {
    use crate::index::any_depth;
    for general in [any_depth::dense(), any_depth::convolution()] {
        let general = general.expect("it is short");
        assert_eq!(super::prove_general(&general).unwrap_or_else(|e| panic!("{e:?}")), 3);
    }
}

/// The built-in networks, but for those whose scalars take long.
#[test]
fn the_examples_are_derived_in_indices() {
    for example in crate::examples::EXAMPLES {
        if ["lenet5", "wide", "xor"].contains(&example.name) {
            continue;
        }
        let net = parse_network(example.text).expect("it is right");
        replay_indexed(&net, &derived(&net)).unwrap_or_else(|e| panic!("{}: {e:?}", example.name));
    }
}

#[test]
fn softmax_with_cross_entropy_ends_in_p_less_t() {
    let example = crate::examples::EXAMPLES.iter().find(|e| e.name == "cross-entropy");
    let net = parse_network(example.expect("it is built in").text).expect("it is right");
    let d = derived(&net);
    let z = d.lemma(&TensorName::new("z")).expect("derived");
    assert_eq!(z.result.to_string(), "p[i] − t[i]");
}

/// A step is the line before with one part rewritten, and each of these is asked for by itself.
#[test]
fn each_line_follows_on_the_one_before() {
    let net = parse_network("input x[2]\nparam w[2]\ny = tanh(w*x)\nE = sum(y)").unwrap();
    let right = derived(&net).lemma(&TensorName::new("w")).expect("derived").clone();
    assert!(super::follows(&right).is_ok());
    let more = |f: &Formula| Formula::Add(vec![f.clone(), Formula::integer(1)]);
    let refused = |change: &dyn Fn(&mut crate::index::IndexLemma)| {
        let mut lemma = right.clone();
        change(&mut lemma);
        super::follows(&lemma).is_err()
    };
    // The first line is another goal's, the part was another, the next line is another, the last
    // is not the result.
    assert!(refused(&|lemma| lemma.goal = more(&lemma.goal)));
    for n in 0..right.steps.len() {
        assert!(refused(&|lemma| lemma.steps[n].redex = more(&lemma.steps[n].redex)), "{n}");
        assert!(refused(&|lemma| lemma.steps[n].contractum = Formula::integer(7)), "{n}");
    }
    assert!(refused(&|lemma| {
        let last = lemma.steps.last_mut().expect("there are some");
        last.after = more(&last.after);
        lemma.result = last.after.clone();
    }));
    assert!(refused(&|lemma| lemma.result = more(&lemma.result)));
}

#[test]
fn cells_that_are_tried_are_spread_evenly_with_both_ends() {
    for (few, most) in [(false, super::MAX_CELLS), (true, super::MAX_CELLS_OF_MANY)] {
        for count in [1, most - 1, most, most + 1, 2 * most, 1000] {
            let chosen = super::spread((0..count).collect::<Vec<_>>(), few);
            assert_eq!(chosen.len(), count.min(most));
            assert_eq!((chosen[0], chosen.last()), (0, Some(&(count - 1))));
            let gaps = || chosen.windows(2).map(|pair| pair[1] - pair[0]);
            let (least, largest) = (gaps().min().unwrap_or(1), gaps().max().unwrap_or(1));
            assert!(largest - least <= 1, "{count}: {chosen:?}");
        }
    }
}

/// Many claims are tried together at random points; what that does not show is proved alone.
#[test]
fn claims_of_a_large_layer_are_proved_together() {
    let mut g = crate::expr::Graph::new();
    let mut read = |text: &str| crate::lang::parse_formula(&mut g, text).expect("a formula");
    let (square, expanded) = (read("(a + b)^2"), read("a^2 + 2*a*b + b^2"));
    let wrong = read("a^2 + b^2");
    let pairs = [(square, expanded), (square, square), (square, wrong)];
    let (exact, random) = (Some(super::StepProof::Exact), Some(super::StepProof::Probabilistic));
    assert_eq!(
        super::claims::proved_all(&mut g, &pairs, false, &mut Default::default()),
        [exact, exact, None]
    );
    assert_eq!(
        super::claims::proved_all(&mut g, &pairs, true, &mut Default::default()),
        [random, exact, None]
    );
}

/// Layers with axes of length 1, which stay, and with a batch of matrices.
#[test]
fn axes_that_are_repeated_stay_so_at_smaller_sizes() {
    for (text, tensor) in [
        ("input x[50, 60]\nparam W[60, 40], b[1, 40]\ny = x @ W + b\nE = sum(y^2)", "b"),
        ("input x[9, 40, 30]\nparam W[30, 40]\ny = x @ W\nE = sum(y^2)", "W"),
        ("input x[9, 40, 30]\nparam W[1, 30, 40]\ny = x @ W\nE = sum(y^2)", "W"),
        ("input x[9, 40, 30]\nparam W[9, 30, 40]\ny = x @ W\nE = sum(y^2)", "W"),
        // A window that leaves an axis as long as it was, beside what skips it.
        ("input x[9, 9]\nparam w[3, 3]\nt = conv(x, w, padding: 1) + x\nE = sum(t^2)", "w"),
        (
            "input x[2, 3, 20, 20]\nparam w[3, 3, 3, 3]\na = relu(x)\n\
             b = conv(a, w, padding: 1) + a\nE = sum(b^2)",
            "w",
        ),
        ("param u[1200], v[1300]\nE = sum(concat(u, v)^2)", "v"),
    ] {
        let net = parse_network(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        let system = of_network(&net).expect("it is small");
        let d = derive(&system, &[TensorName::new(tensor)]).expect("it is short");
        let replay = replay_indexed(&net, &d).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        let lemma = d.lemmas.iter().position(|l| l.by.tensor.name == tensor).expect("asked for");
        assert!(replay.smaller_sizes(lemma) > 0, "{text}");
    }
}

/// What is proved at smaller sizes is the lemma itself and no other: a change of any part of a
/// step at the own sizes of a large layer does not pass.
#[test]
fn a_tampered_step_of_a_large_layer_is_rejected() {
    for (text, by) in [
        ("input x[50, 60]\nparam W[60, 40]\ny = x @ W\nE = sum(y^2)", "W"),
        ("input x[500]\nparam w[500]\ny = tanh(w*x)\nz = exp(y)\nE = sum(z^2)", "z"),
        ("input x[30, 30]\nparam w[3, 3]\nc = conv(x, w, padding: 1)\nE = mean(c^3)", "w"),
    ] {
        let net = parse_network(text).unwrap();
        let right = derived(&net);
        let lemma = right.lemmas.iter().position(|l| l.by.tensor.name == by).expect("asked for");
        assert!(replay_indexed(&net, &right).expect("it is right").smaller_sizes(lemma) > 0);
        let mut only = right.clone();
        only.lemmas.truncate(lemma + 1);
        for n in 0..right.lemmas[lemma].steps.len() {
            for change in changes(&right.lemmas[lemma].steps[n].contractum) {
                let mut d = only.clone();
                let tampered = &mut d.lemmas[lemma];
                tampered.steps.truncate(n + 1);
                let step = &mut tampered.steps[n];
                step.contractum = change;
                step.after = step.before.put(&step.site, step.contractum.clone());
                tampered.result = step.after.clone();
                let what = tampered.result.to_string();
                assert!(replay_indexed(&net, &d).is_err(), "step {n}: {what}");
            }
        }
    }
}

/// A derivation of other definitions than the network's does not pass, however large they are.
#[test]
fn a_large_layer_with_other_definitions_is_rejected() {
    let text = "input x[500]\nparam w[500]\ny = tanh(w*x)\nE = sum(2*y^2)";
    let net = parse_network(text).unwrap();
    assert!(replay_indexed(&net, &derived(&net)).is_ok());
    for (old, new) in [("tanh", "exp"), ("2*", "3*"), ("^2", "^3"), ("w*x", "w+x")] {
        let other = parse_network(&text.replace(old, new)).unwrap_or_else(|e| panic!("{e:?}"));
        assert!(replay_indexed(&net, &derived(&other)).is_err(), "{old} for {new}");
    }
}

/// A slice that takes an axis whole takes the smaller axis whole.
#[test]
fn a_slice_along_one_axis_is_proved_with_a_smaller_other() {
    use crate::net::{Builder, Range, Role, Shape};
    let mut b = Builder::new();
    let [x, w] = [("x", [8, 500]), ("w", [3, 500])].map(|(name, lengths)| {
        let id = b.declare(Role::Param, name, Shape::new(lengths)).unwrap();
        b.node_of(id)
    });
    let ranges = [Range { start: 1, step: 2, count: 3 }, Range { start: 0, step: 1, count: 500 }];
    let rows = b.slice(x, &ranges).unwrap();
    let y = b.mul(&[rows, w]).unwrap();
    let y = b.define("y", y).unwrap();
    let y = b.node_of(y);
    let sum = b.sum(y).unwrap();
    b.define("E", sum).unwrap();
    let net = b.finish().unwrap();
    let d = derived(&net);
    let replay = replay_indexed(&net, &d).unwrap_or_else(|e| panic!("{e:?}"));
    for tensor in ["x", "w"] {
        let lemma = d.lemmas.iter().position(|l| l.by.tensor.name == tensor).expect("asked for");
        assert!(replay.smaller_sizes(lemma) > 0, "{tensor}");
    }
}

/// Points between 0.1 and 1.1, some below 0.9 among the first eight.
#[test]
fn a_point_where_all_sides_have_values_is_looked_for_near_one() {
    let found = |text: &str| {
        let mut g = crate::expr::Graph::new();
        let e = crate::lang::parse_formula(&mut g, text).expect("a formula");
        super::claims::values_somewhere(&g, &[(e, e)])
    };
    for text in ["x", "sqrt(x - 0.1) + ln(1.2 - x)", "ln(x)/x", "exp(exp(x))", "ln(0.9 - x)"] {
        let values = found(text).unwrap_or_else(|| panic!("{text} has one"));
        assert_eq!((values.len(), values[0]), (2, values[1]));
    }
    assert!(found("x").is_some_and(|x| (0.1..=1.1).contains(&x[0])));
    for text in ["sqrt(-x)", "ln(x - 2)", "ln(0.05 - x)", "sqrt(-1 - x^2)"] {
        assert_eq!(found(text), None, "{text}");
    }
}

#[test]
fn of_a_layer_without_a_value_it_is_said_that_it_has_none() {
    let net = parse_network("param w[2]\ny = sqrt(-1 - w^2)\nE = sum(y)").expect("it is right");
    let system = of_network(&net).expect("it is small");
    let d = derive(&system, &[TensorName::new("w")]).expect("it is short");
    let error = replay_indexed(&net, &d).expect_err("there is nothing to prove");
    assert_eq!(error.kind(), crate::diag::Kind::Domain);
    let start = "nothing can be proved of the gradient by `w`: the layer that it acts on";
    assert!(error.message().starts_with(start), "{}", error.message());
}

/// What is wrong in a single layer of any depth does not pass: every layer is looked at.
#[test]
fn an_equation_for_any_depth_is_held_against_each_layer() {
    use crate::index::{Affine, any_depth};
    let general = any_depth::dense().expect("it is short");
    for place in 0..general.derivation.lemmas.len() {
        for layer in [1, 2] {
            let mut wrong = general.clone();
            let lemma = &mut wrong.derivation.lemmas[place];
            let step = lemma.steps.last_mut().expect("there are some");
            let there = Formula::equal(Affine::size("l"), Affine::number(layer));
            step.contractum = Formula::Add(vec![step.contractum.clone(), there]);
            step.after = step.before.put(&step.site, step.contractum.clone());
            lemma.result = step.after.clone();
            let passed = super::prove_general(&wrong).is_ok();
            assert!(!passed, "{} in layer {layer}", wrong.derivation.lemmas[place].goal);
        }
    }
}

/// What was kept of sums that recur in the loops of a line is what they come to anew.
#[test]
fn sums_that_recur_come_to_the_same() {
    use super::instance::{Instance, Scene};
    for (name, net) in cases() {
        let derivation = derived(&net);
        for (place, lemma) in derivation.lemmas.iter().enumerate() {
            let (cut, _) = super::cut_for(&net, &derivation, place);
            let layer = super::cut_out(&net, &cut).unwrap();
            if super::work(&layer.net) > super::MAX_EXACT_SIZE {
                continue;
            }
            let by = &lemma.by.tensor;
            let mut stages = super::Stages::default();
            let stage = stages.of(&layer, &derivation.system, by).unwrap();
            let scene = || Scene {
                tensors: &stage.tensors,
                deltas: &stage.deltas,
                total: stage.total,
                loss: &derivation.system.loss.name,
                by: &by.name,
                function: None,
            };
            let lines: Vec<&Formula> = lemma.steps.iter().map(|step| &step.after).collect();
            let cells = super::spread(all_values(&lemma.free, Vec::new()).unwrap(), true);
            let mut anew = Vec::new();
            for (letters, line) in cells.iter().flat_map(|c| lines.iter().map(move |l| (c, l))) {
                let mut instance = Instance::new(&mut stage.graph, &mut stage.slopes, scene());
                anew.push(interpret(&mut instance, line, &mut letters.clone()));
            }
            let mut instance = Instance::new(&mut stage.graph, &mut stage.slopes, scene());
            let ready: Vec<_> = lines.iter().map(|l| instance.ready(l, &cells[0])).collect();
            let mut kept = Vec::new();
            for (letters, line) in cells.iter().flat_map(|c| ready.iter().map(move |l| (c, l))) {
                kept.push(line.value(&mut instance, &mut letters.clone()));
            }
            assert_eq!(kept, anew, "{name}: {}", lemma.goal);
        }
    }
}

/// The slopes of a sum stand in the order of its terms, so that the sum of the slopes is the same
/// to the letter and takes no proof.
#[test]
fn a_sum_of_slopes_is_the_slope_of_the_sum() {
    let text = "input x[4, 3]\nparam W[5, 3], beta\ntarget t[4, 5]\nz = dense(x, W)\n\
                E = mse(z*sigmoid(beta*z), t)";
    let net = parse_network(text).unwrap();
    let derivation = derived(&net);
    let replay = replay_indexed(&net, &derivation).unwrap();
    let place = derivation.lemmas.iter().position(|l| l.by.tensor.name == "beta").unwrap();
    let steps = derivation.lemmas[place].steps.iter().enumerate();
    let sums = steps.filter(|(_, step)| step.rule == Rule::LinearityOfTheSum);
    let verdicts: Vec<_> = sums.map(|(n, _)| replay.verdict(place, n)).collect();
    assert_eq!(verdicts, [super::StepProof::Exact]);
}

/// A lemma is proved as strongly beside others about its layer as by itself.
#[test]
fn what_lemmas_about_one_layer_share_changes_no_proof() {
    let large = "input x[30, 30]\nparam w[3, 3], b\nc = tanh(conv(x, w, b, padding: 1))\n\
                 E = mean(c^3)";
    let large = ("a large layer", parse_network(large).unwrap());
    for (name, net) in cases().into_iter().chain([large]) {
        let derivation = derived(&net);
        let together = replay_indexed(&net, &derivation).unwrap();
        let whole = super::Whole::new(&net, &derivation);
        for (place, lemma) in derivation.lemmas.iter().enumerate() {
            let (cut, used) = super::cut_for(&net, &derivation, place);
            let mut staged = super::Staged::new(super::cut_out(&net, &cut).unwrap());
            let mut known = super::Renamed::default();
            let alone = super::replay(&whole, &mut staged, place, &used, &mut known).unwrap();
            let proofs: Vec<_> =
                (0..lemma.steps.len()).map(|step| together.verdict(place, step)).collect();
            let found = (proofs, together.smaller_sizes(place));
            assert_eq!(found, alone, "{name}: {}", lemma.goal);
        }
    }
}
