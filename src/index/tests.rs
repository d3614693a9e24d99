//! What comes out for the layers of the language, to be read.

mod laws;
pub(crate) mod layers;

use layers::cases;

use super::{Formula, IndexDerivation, Rule, TensorName, derive, of_network};
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

/// The closed form of Ioffe and Szegedy, and δ of the mean without its second term.
#[test]
fn a_normalisation_ends_in_its_closed_form() {
    let net = parse_network("param z[4], γ[4], β[4]\ny = layer_norm(z, γ, β)\nE = sum(y^3)\n")
        .expect("it is right");
    let derivation = derived(&net);
    let result = |name: &str| {
        let lemma = derivation.lemma(&TensorName::new(name)).expect("it was asked for");
        lemma.result.to_string()
    };
    assert_eq!(result("μ"), "−(Σ_i δ^xhat[i])/s");
    assert_eq!(result("z"), "(4·δ^xhat[i] − Σ_k δ^xhat[k] − xhat[i]·Σ_q δ^xhat[q]·xhat[q])/(4·s)");
}

/// A normalisation is found inside of a definition, too.
#[test]
fn normalisations_are_found() {
    let count = |text: &str| {
        let net = parse_network(text).expect("it is right");
        super::norms(&of_network(&net).expect("it is small")).len()
    };
    assert_eq!(count("param z[4], w[4]\nE = sum(w*layer_norm(z))"), 1);
    assert_eq!(count("param z[4], w[4]\na = layer_norm(z)\nE = sum(w*layer_norm(a))"), 2);
    assert_eq!(count("param z[4]\np = exp(z)/sum(exp(z))\nE = sum(p^2)"), 0);
}

/// Where the mean is none, or what is normalised acts on the loss beside it, there is neither.
#[test]
fn what_only_looks_like_a_normalisation_has_no_closed_form() {
    for text in [
        "param z[4]\nμ = sum(z)/3\nv = sum((z - μ)^2)/4\ns = sqrt(v + 1)\nx = (z - μ)/s\n\
         E = sum(x^3)",
        "param z[4]\nμ = sum(z)/4\nv = sum((z - μ)^2)/4\ns = sqrt(v + 1)\nx = (z - μ)/s\n\
         E = sum(x^3 + z)",
    ] {
        let derivation = derived(&parse_network(text).expect("it is right"));
        let used = |rule| {
            let mut steps = derivation.lemmas.iter().flat_map(|l| &l.steps);
            steps.any(|s| s.rule == rule)
        };
        assert!(!used(Rule::CommonDenominator), "{text}");
        assert_eq!(used(Rule::DeviationsVanish), text.contains("sum(z)/4"), "{text}");
    }
}

/// No index is called by a name of the network, nor by a letter of one.
#[test]
fn no_index_is_a_name() {
    for (name, net) in cases() {
        let derivation = derived(&net);
        let reserved = derivation.system.reserved();
        for lemma in &derivation.lemmas {
            let free = lemma.free.iter().map(|r| r.index.clone());
            let bound = lemma.steps.iter().flat_map(|s| s.after.letters());
            for letter in free.chain(bound) {
                assert!(!reserved.contains(&letter), "{name}: {letter} in {}", lemma.result);
            }
        }
    }
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

/// A line without a derivative is not searched for what the rules of differentiation act on; and
/// its parts have the numbers that they have in the list of them.
#[test]
fn nothing_but_derivatives_is_differentiated_and_children_are_numbered() {
    fn numbered(f: &Formula) {
        let all: Vec<&Formula> = (0..).map_while(|n| f.child(n)).collect();
        assert_eq!(all, f.children());
        all.into_iter().for_each(numbered);
    }
    for (name, net) in cases() {
        for step in derived(&net).lemmas.iter().flat_map(|lemma| &lemma.steps) {
            let derivative = matches!(step.redex, Formula::Partial { .. });
            assert!(derivative || !step.rule.differentiates(), "{name}: {}", step.redex);
            numbered(&step.before);
        }
    }
}
