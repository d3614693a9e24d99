//! Networks that are deep: each is derived, every step of it is proved exactly, and what is
//! derived stays short however many paths there are.

use std::fs;
use std::path::Path;

use backproof::proof::StepProof;
use backproof::{Ask, Level, derivation_page, lesson, parse_network, render};

#[test]
fn deep_networks_are_derived_and_proved() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/deep");
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 8);
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let net = parse_network(&fs::read_to_string(&file).unwrap()).unwrap();
        let lesson = lesson(net, &Ask::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let proved = lesson.replay.count(StepProof::Exact);
        assert_eq!(proved, lesson.replay.len(), "{name}: all is proved exactly");
        assert!(proved > 30, "{name}: only {proved} steps");
        let page = derivation_page(&lesson, Level::Outline);
        let text = render::text(&page, &render::TextStyle::default());
        let longest = text.len() / lesson.derivation.lemmas.len();
        assert!(longest < 4000, "{name}: {longest} bytes a lemma");
    }
}

/// A derivative that is too long to be put in has lines of its own, before it is spoken of.
#[test]
fn what_a_result_speaks_of_has_a_section() {
    let text = include_str!("cases/deep/residual.bp");
    let lesson = lesson(parse_network(text).unwrap(), &Ask::default()).unwrap();
    let page = derivation_page(&lesson, Level::Textbook);
    let text = render::text(&page, &render::TextStyle::default());
    let headed = text.find("∂z16/∂w and ∂z19/∂w\n");
    let spoken = text.find("(z16 + w · ∂z16/∂w)");
    assert!(headed.is_some() && headed < spoken, "{text}");
}

/// One element of many weights is derived along its own paths, whatever the others are.
#[test]
fn one_weight_of_many_is_derived_alone() {
    let text = "input x[400]\nparam w[400], v\ntarget t\ny = v*tanh(sum(w*x))\nE = (t - y)^2/2";
    let net = parse_network(text).unwrap();
    let w = net.find("w").unwrap();
    let ask = Ask::default().with(|ask| ask.by = vec![(w, Some(399))]);
    let lesson = lesson(net, &ask).unwrap();
    assert_eq!(lesson.derivation.targets.len(), 1);
    assert!(lesson.replay.len() < 40, "{} steps", lesson.replay.len());
}

/// A loss without a value is the network's fault, and is shown in its text.
#[test]
fn a_network_without_a_value_is_told_where() {
    let text = "param w\ny = 2*ln(-1 - w^2)\nE = y*w";
    let net = parse_network(text).unwrap();
    let error = lesson(net, &Ask::default()).err().unwrap();
    let said =
        "E has no value at any point that was tried: in ln(-1 - w^2), ln is not defined there";
    assert!(error.to_string().starts_with(said), "{error}");
    assert_eq!(error.span().map(|s| s.start), Some(8));
}
