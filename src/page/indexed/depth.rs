//! The page of the equations for a network of any depth.

use super::Composer;
use super::set::Setter;
use crate::lesson::GeneralLesson;
use crate::page::derivation::Level;
use crate::page::words::{derivation, indexed as say};
use crate::page::{Block, Page, Section};

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
    let mut opening = composer.open(derivation::network());
    opening.blocks.push(Block::Text(say::any_depth(general.layer)));
    opening.blocks.push(composer.definitions());
    let mut sections = vec![opening];
    sections.extend(composer.derivatives());
    sections.push(Section {
        number: None,
        heading: derivation::proof(),
        blocks: vec![Block::Text(say::proved_for_any_depth(lesson.networks, lesson.every_size))],
    });
    Page { title: say::title_for_any_depth(general.layer), sections }
}
