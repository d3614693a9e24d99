//! What the strategy derives replays, and no tampering passes.

use super::*;
use crate::calculus::{Request, derive};
use crate::lang::parse_network;
use crate::lower::lower;

/// Kinks above and below names and one another, an assumed winner, a chain, two paths.
const NETWORKS: [&str; 3] = [
    "input x, y\nparam w, v\nh = tanh(w*x + v*y)\nm = max(h, v*x)\n\
     E = (m - y)^2 / 2 + w^3\nassume m = h",
    "input x\nparam w\nh = relu(w*x)\nk = relu(h)*abs(h - x)\nE = k^2/2",
    "input x\nparam w\nz = sqrt(relu(w*x) + 1)\ns = sign(w)*z\nE = relu(relu(s) - w)/z",
];

fn derivation(network: &str) -> Derivation {
    let net = parse_network(network).expect("it is right");
    let lowered = lower(&net).expect("it is small");
    let by = lowered.params.iter().copied().collect();
    derive(lowered, &Request { by, updates: true }).expect("it is small")
}

#[test]
fn what_the_strategy_derives_replays() {
    for (network, assumed) in NETWORKS.into_iter().zip([2, 0, 0]) {
        let mut d = derivation(network);
        let steps: usize = d.lemmas.iter().map(|l| l.steps.len()).sum();
        let replay = replay(&mut d).expect("it is right");
        assert_eq!(replay.len(), steps);
        assert_eq!(replay.count(StepProof::Assumed), assumed, "steps that chose a winner");
        assert_eq!(replay.count(StepProof::Probabilistic), 0);
    }
}

/// Every way to tamper with a step, at every step: none passes. All that stands after the
/// step is made to fit, so that only the truth of the step is in question.
#[test]
fn a_tampered_step_is_rejected() {
    let mut tried = 0;
    for network in NETWORKS {
        let lemmas = derivation(network).lemmas;
        for (at, lemma) in lemmas.iter().enumerate() {
            for n in 0..lemma.steps.len() {
                for how in 0..9 {
                    let mut d = derivation(network);
                    if !tamper(&mut d, at, n, how) {
                        continue;
                    }
                    tried += 1;
                    // The rewrite by itself, whatever the sweep and the trial would say.
                    let step = d.lemmas[at].steps.last().expect("it was tampered with");
                    let moves = Moves::new(&d.graph, &d.winners);
                    let wrong = (4..8).contains(&how);
                    assert!(
                        !wrong || local::proof(&moves, step.redex, step.contractum).is_none(),
                        "{network}: step {n} of lemma {at}, tampered with by {how}, is proved"
                    );
                    if tried % 4 > 0 && wrong {
                        continue;
                    }
                    assert!(
                        replay(&mut d).is_err(),
                        "{network}: step {n} of lemma {at}, tampered with by {how}, passed"
                    );
                }
            }
        }
    }
    assert!(tried > 700, "only {tried} were tried");
}

fn tamper(d: &mut Derivation, at: usize, n: usize, how: u8) -> bool {
    let Derivation { graph: g, lemmas, .. } = d;
    let two = g.integer(2);
    let lemma = &mut lemmas[at];
    let last = n + 1 == lemma.steps.len();
    let step = &mut lemma.steps[n];
    let wrong = match how {
        // Another line than the rewrite gives.
        0 => {
            step.after = g.mul([two, step.after]);
            None
        }
        // A line that does not follow on the one before.
        1 => {
            step.before = g.neg(step.before);
            None
        }
        // Another place.
        2 => {
            step.site.push(0);
            None
        }
        // A result that is not the last line.
        3 if last => {
            lemma.result = g.neg(lemma.result);
            return true;
        }
        // A wrong rewrite, carried through.
        4 => Some(g.add([step.contractum, two])),
        5 => Some(g.neg(step.contractum)),
        6 => Some(g.call(crate::scalar::Function::Abs, step.contractum)),
        7 => Some(g.call(crate::scalar::Function::Relu, step.contractum)),
        // What is to be proved, as its own proof.
        8 => {
            step.uses = Some(lemma_id(at));
            step.site.clear();
            (step.before, step.redex) = (lemma.goal, lemma.goal);
            step.contractum = g.neg(lemma.result);
            step.after = step.contractum;
            lemma.result = step.contractum;
            lemma.steps = vec![step.clone()];
            return true;
        }
        _ => return false,
    };
    if let Some(wrong) = wrong {
        // Taking the absolute value of what is nowhere negative is no mistake.
        let same = matches!(g.as_number(step.contractum), Some(q) if !q.is_negative());
        if same && how >= 6 || g.as_number(step.contractum).is_some_and(|q| q.is_zero()) && how != 4
        {
            return false;
        }
        step.contractum = wrong;
        step.after = crate::calculus::replace_at(g, step.before, &step.site, wrong);
    }
    let mut line = step.after;
    // The steps that follow are dropped, so that the line is the result.
    lemma.steps.truncate(n + 1);
    std::mem::swap(&mut lemma.result, &mut line);
    true
}

fn lemma_id(at: usize) -> LemmaId {
    let d = derivation(NETWORKS[0]);
    d.ids().nth(at).unwrap_or_else(|| d.ids().last().expect("it has lemmas"))
}

/// What a network itself is at fault for is said of the network.
#[test]
fn a_loss_without_a_value_is_the_networks_fault() {
    for (network, said) in [
        (
            "param w\ny = ln(-1 - w^2)\nE = y*w",
            "E has no value at any point that was tried: in ln(-1 - w^2)",
        ),
        ("param w\nE = sqrt(0*w)", "its derivatives have none"),
    ] {
        let error = replay(&mut derivation(network)).expect_err("it has no value");
        assert_eq!(error.kind(), crate::diag::Kind::Domain);
        assert!(error.to_string().contains(said), "{error}");
    }
    for network in [
        "param w\nE = sqrt(1 - 100*w^2)",
        "param w\nE = ln(w - 50)",
        "param w\nE = ln(w - 12345.5)\ngiven w = 12346",
        "param w\nE = w + sqrt(0)",
        "param w, v\nE = ln(w)*ln(-v)*sqrt(1/1000 - w)",
    ] {
        assert!(replay(&mut derivation(network)).is_ok(), "{network}");
    }
}

fn softmax(given: &str) -> Derivation {
    let text = format!("input z[3]\ntarget t[3]\nE = cross_entropy(z, t)\n{given}");
    let net = parse_network(&text).expect("it is right");
    let lowered = lower(&net).expect("it is small");
    let by = lowered.of(net.find("z").expect("it is there")).to_vec();
    derive(lowered, &Request { by, updates: false }).expect("it is small")
}

fn results(d: &Derivation) -> Vec<String> {
    let show = |t: &LemmaId| crate::lang::print_formula(&d.graph, d.lemma(*t).result);
    d.targets.iter().map(show).collect()
}

#[test]
fn softmax_with_cross_entropy_ends_in_p_minus_t_where_the_target_sums_to_1() {
    for given in ["assume sum(t) = 1", "given t = [0, 1, 0]", "given t = [1/2, 1/2, 0]"] {
        let mut d = softmax(given);
        assert_eq!(results(&d), ["p[0] - t[0]", "p[1] - t[1]", "p[2] - t[2]"], "{given}");
        let replay = replay(&mut d).expect("it is right");
        assert_eq!(replay.count(StepProof::Assumed), 3, "a sum was used three times");
    }
    for given in ["", "given t = [1, 1, 0]", "given t = [2, -1, 0]"] {
        let mut d = softmax(given);
        assert_eq!(results(&d)[0], "t[1]*p[0] - t[0]*(1 - p[0]) + t[2]*p[0]", "{given}");
        assert_eq!(replay(&mut d).expect("it is right").count(StepProof::Assumed), 0);
    }
}

/// What is not given is no reason.
#[test]
fn a_sum_that_is_not_given_is_rejected() {
    let mut d = softmax("assume sum(t) = 1");
    d.distributions.clear();
    assert!(replay(&mut d).is_err(), "nothing is given");
    let mut d = softmax("assume sum(t) = 1");
    d.distributions[0].pop();
    assert!(replay(&mut d).is_err(), "another sum is given");
    let mut d = softmax("assume sum(t) = 1");
    d.lemmas.iter_mut().flat_map(|l| &mut l.steps).for_each(|s| s.given.clear());
    assert!(replay(&mut d).is_err(), "the step does not say on what it rests");
    // Nor does a given sum excuse another step.
    let mut d = softmax("assume sum(t) = 1");
    let (sum, one) = {
        let steps = d.lemmas.iter().flat_map(|l| &l.steps);
        steps.flat_map(|s| &s.given).copied().next().expect("it is used")
    };
    let last = d.lemmas.len() - 1;
    let two = d.graph.integer(2);
    let lemma = &mut d.lemmas[last];
    let step = lemma.steps.last_mut().expect("it has steps");
    (step.contractum, step.after) = (two, two);
    step.given = vec![(sum, one)];
    step.before = step.redex;
    lemma.result = two;
    assert!(replay(&mut d).is_err(), "a wrong step that names a given sum");
}

#[test]
fn a_line_that_is_too_large_to_be_proved_is_a_limit_and_no_fault() {
    // Each layer doubles the degree; a product over twenty of them is past every polynomial.
    let lines: Vec<String> =
        (0..20).map(|k| format!("h{} = (h{k} + 1)/(h{k}^2 + 1)", k + 1)).collect();
    let text = format!("input x\nparam w\nh0 = w*x\n{}\nE = h20", lines.join("\n"));
    match replay(&mut derivation(&text)) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), crate::diag::Kind::Limit, "{error}"),
    }
}
