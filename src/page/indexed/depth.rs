//! The page of the equations for a network of any depth.

use super::Composer;
use super::set::Setter;
use crate::index::any_depth::GeneralLayer;
use crate::lesson::GeneralLesson;
use crate::page::derivation::{Level, words};
use crate::page::math::Math;
use crate::page::{Block, Inline, Page, Section};

/// The page of the equations for any depth.
pub fn general_page(lesson: &GeneralLesson, level: Level) -> Page {
    let general = &lesson.general;
    let mut composer = Composer {
        derivation: &general.derivation,
        set: Setter::of(&general.derivation.system),
        net: None,
        worked: &[],
        ways: &[],
        uncounted: false,
        verdict: &|_, _| "instantiated",
        level,
        labels: Vec::new(),
        section: 0,
        row: 0,
    };
    let (title, layer) = match general.layer {
        GeneralLayer::Dense => ("Dense layers, however many", "a dense layer"),
        GeneralLayer::Convolution => ("Convolutions, however many", "a convolution with stride 1"),
    };
    let mut opening = composer.open(vec![words("The network")]);
    let letter = |name: &str| Inline::Math(Math::symbol(name));
    opening.blocks.push(Block::Text(vec![
        words("Layer "),
        letter("l"),
        words(format!(" is {layer} with a function ")),
        letter("phi"),
        words(
            " after it; the layer before it feeds it, and the layer after it is of the same \
               kind. How many layers there are, what their sizes are, what ",
        ),
        letter("phi"),
        words(" is and how the loss "),
        letter("E"),
        words(
            " comes from the last layer is left open. Indices count from 0, and [P] is 1 where P \
               holds and 0 elsewhere.",
        ),
    ]));
    opening.blocks.push(composer.definitions());
    let mut sections = vec![opening];
    sections.extend(composer.derivatives());
    sections.push(Section {
        number: None,
        heading: vec![words("Proof")],
        blocks: vec![Block::Text(vec![words(format!(
            "Every line above was proved in {} networks of different depth, sizes and functions, \
             at each of their layers, with numbers in the place of the indices; and every result \
             equals the gradient that a reverse sweep through that whole network gives.",
            lesson.networks
        ))])],
    });
    Page { title: title.to_string(), sections }
}
