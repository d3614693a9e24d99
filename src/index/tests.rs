//! What comes out for the layers of the language, to be read.

use super::cases::cases;
use super::{IndexDerivation, TensorName, derive, of_network};
use crate::lang::parse_network;
use crate::net::Network;

fn derived(net: &Network) -> IndexDerivation {
    let system = of_network(net).expect("it is small");
    let names: Vec<TensorName> = system.tensors.iter().map(|t| t.name.clone()).collect();
    derive(&system, &names).expect("it is short")
}

/// Forward formulas and results, one a line.
fn results(net: &Network) -> String {
    let derivation = derived(net);
    let mut lines = Vec::new();
    for tensor in &derivation.system.tensors {
        if let Some(d) = &tensor.definition {
            let at: Vec<&str> = d.axes.iter().map(|r| r.index.as_str()).collect();
            let at = if at.is_empty() { String::new() } else { format!("[{}]", at.join(", ")) };
            lines.push(format!("  {}{at} = {}", tensor.name, d.body));
        }
    }
    for lemma in &derivation.lemmas {
        lines.push(format!("  {} = {}", lemma.goal, lemma.result));
    }
    lines.join("\n")
}

#[test]
fn every_layer() {
    let all: Vec<String> =
        cases().iter().map(|(name, net)| format!("{name}\n{}\n", results(net))).collect();
    insta::assert_snapshot!(all.join("\n"));
}

/// The steps of the derivations that textbooks show.
#[test]
fn steps() {
    let mut text = String::new();
    for (name, net) in cases() {
        if !["stride", "softmax", "dense", "max-pool", "flatten", "residual"].contains(&name) {
            continue;
        }
        text += &format!("{name}\n");
        for lemma in &derived(&net).lemmas {
            text += &format!("  {}\n", lemma.goal);
            for step in &lemma.steps {
                text += &format!("    {:26} = {}\n", step.rule.name(), step.after);
            }
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn softmax_with_cross_entropy_ends_in_p_less_t() {
    let net = parse_network("param z[3]\ntarget t[3]\np = exp(z)/sum(exp(z))\nE = -sum(t*ln(p))\n")
        .expect("it is right");
    let mut system = of_network(&net).expect("it is small");
    let (z, t) = (TensorName::new("z"), TensorName::new("t"));
    let result = |system: &super::System| {
        let derivation = derive(system, std::slice::from_ref(&z)).expect("it is short");
        derivation.lemma(&z).expect("it was asked for").result.to_string()
    };
    assert_eq!(result(&system), "p[i]·Σ_k t[k] − t[i]");
    system.distributions.push((t, vec![0]));
    assert_eq!(result(&system), "p[i] − t[i]");
}

/// Inside a sum over j no other index is called j.
#[test]
fn no_letter_is_bound_inside_its_own_range() {
    fn check(f: &super::Formula, outer: &[String]) -> bool {
        let own: Vec<String> = f.binds().iter().map(|r| r.index.clone()).collect();
        let inner = [outer, &own].concat();
        own.iter().all(|l| !outer.contains(l)) && f.children().into_iter().all(|c| check(c, &inner))
    }
    for (name, net) in cases() {
        for lemma in &derived(&net).lemmas {
            let free: Vec<String> = lemma.free.iter().map(|r| r.index.clone()).collect();
            for step in &lemma.steps {
                assert!(check(&step.after, &free), "{name}: {}", step.after);
            }
        }
    }
}
