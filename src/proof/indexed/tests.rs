//! Layers of every kind: their derivations in indices replay, and no tampering passes.

use super::replay_indexed;
use crate::index::cases::cases;
use crate::index::{Formula, IndexDerivation, Rule, TensorName, derive, of_network};
use crate::lang::parse_network;
use crate::net::Network;

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
        assert_eq!(replay.len(), steps);
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
