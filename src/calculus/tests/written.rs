//! The strategy, by what it writes: each case is a network, and beside it stands every line of
//! every lemma, with the rule that led to it and the batch in which it was written.

use super::super::{Derivation, LemmaId, Request, derive};
use crate::lang::{parse_network, print_formula};
use crate::lower::lower;
use crate::net::Network;

/// The derivation by everything that the network has no formula for, and by what `by` names.
fn derived(net: &Network, by: &[&str], updates: bool) -> Derivation {
    let lowered = lower(net).expect("the cases are small");
    let of = |name: &str| lowered.of(net.find(name).expect("the case has it")).to_vec();
    let params = net.params().flat_map(|id| lowered.of(id).to_vec());
    let by = params.chain(by.iter().flat_map(|name| of(name))).collect();
    derive(lowered, &Request { by, updates }).expect("the cases are short")
}

/// The derivation as lines of text.
fn written(d: &Derivation) -> String {
    let g = &d.graph;
    let goal = |id: LemmaId| print_formula(g, d.lemma(id).goal);
    let mut out = String::new();
    for id in d.ids() {
        let lemma = d.lemma(id);
        out += &format!("{} ({:?})\n", goal(id), lemma.role);
        for step in &lemma.steps {
            let mut name = step.rule.name().to_string();
            if let Some(used) = step.uses {
                name += &format!(" {}", goal(used));
            }
            for (left, right) in &step.given {
                name += &format!(" [{} = {}]", print_formula(g, *left), print_formula(g, *right));
            }
            out += &format!("{:4} = {}    {name}\n", step.batch, print_formula(g, step.after));
        }
    }
    let names = |ids: &[LemmaId]| ids.iter().map(|id| goal(*id)).collect::<Vec<_>>().join(", ");
    out += &format!("asked for: {}\n", names(&d.targets));
    if !d.updates.is_empty() {
        out += &format!("updates: {}\n", names(&d.updates));
    }
    out
}

#[test]
fn derivations() {
    insta::glob!("cases/*.bp", |path| {
        let text = std::fs::read_to_string(path).expect("a case can be read");
        let net = parse_network(&text).expect("a case is a network");
        // `# by q, z` asks for more than the weights; `# updates` for what training does.
        let comment = |word: &str| text.lines().find_map(|l| l.strip_prefix(&format!("# {word}")));
        let by = comment("by ").map_or(Vec::new(), |names| names.split(", ").collect());
        let d = derived(&net, &by, comment("updates").is_some());
        insta::with_settings!({
            prepend_module_to_snapshot => false,
            snapshot_path => "snapshots",
            omit_expression => true,
        }, { insta::assert_snapshot!("derivations", written(&d)) });
    });
}

#[test]
fn the_handle_of_a_lemma_says_where_it_stands() {
    let net = parse_network("param u, w\nE = u*w").unwrap();
    let d = derived(&net, &[], false);
    assert_eq!(d.ids().map(LemmaId::index).collect::<Vec<_>>(), [0, 1]);
    for (n, id) in d.targets.iter().enumerate() {
        assert_eq!(id.index(), n);
        assert_eq!(d.lemma(*id), &d.lemmas[n]);
        assert_eq!(print_formula(&d.graph, d.by(*id).unwrap()), ["u", "w"][n]);
    }
}
