//! Claims that hold for every size, and claims that only look like it.

mod draw;
mod laws;
mod text;

use super::{Budget, Every, prove_every};
use crate::index::{System, TensorName};
use text::Given;

/// A system of the loss E, before anything is said of it.
fn without_tensors() -> System {
    System {
        tensors: Vec::new(),
        loss: TensorName::new("E"),
        distributions: Vec::new(),
        facts: Vec::new(),
        written_out: Vec::new(),
    }
}

/// The files of claims: `given …` begins anew, other words say what letters and tensors are,
/// `= …` is proved, `! …` is false, `? …` is true and open.
const FILES: &[(&str, &str)] = &[
    ("identities", include_str!("../../../../tests/cases/every/identities.txt")),
    ("false", include_str!("../../../../tests/cases/every/false.txt")),
];

#[test]
fn identities_are_proved_and_what_looks_like_one_is_not() {
    let mut wrong = Vec::new();
    let mut counts = [0; 3];
    for (file, text) in FILES {
        let mut given = Given::new();
        for (n, line) in text.lines().enumerate() {
            let line = line.trim();
            let Some((word, rest)) = line.split_once(' ') else {
                if line == "given" {
                    given = Given::new();
                }
                continue;
            };
            let expected = match word {
                "#" => continue,
                "=" => 0,
                "!" => 1,
                "?" => 2,
                _ => {
                    given.take(line);
                    continue;
                }
            };
            counts[expected] += 1;
            let (left, right) = given.claim(rest);
            let found = prove_every(&left, &right, &given.system, &given.facts, Budget::default());
            let proved = matches!(found, Every::Proved { .. });
            if proved != (expected == 0) {
                let place = n + 1;
                wrong.push(format!("{file}.txt:{place}: {left} = {right}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {counts:?}\n{}", wrong.len(), wrong.join("\n"));
}

/// The equations for a network of any depth hold for every size and every depth.
#[test]
fn every_line_for_any_depth_is_proved_for_every_size() {
    use crate::index::any_depth::{convolution, dense};
    for general in [dense(), convolution()] {
        let derivation = general.expect("it is short").derivation;
        for (lemma, lines) in derivation.lemmas.iter().zip(super::lines_for_every_size(&derivation))
        {
            for (step, proved) in lemma.steps.iter().zip(lines) {
                assert!(proved, "{}: {} = {}", step.rule.name(), step.before, step.after);
            }
        }
    }
}
