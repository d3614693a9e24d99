//! The four formats of one page, as snapshots.

use super::sample;
use super::{LatexStyle, TextStyle, json, latex, markdown, text};

fn snapshot(name: &str, content: &str) {
    insta::with_settings!({
        snapshot_path => "../../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, content);
    });
}

#[test]
fn a_page_on_a_terminal() {
    snapshot("render_text", &text(&sample::page(), &TextStyle::default()));
}

#[test]
fn a_page_in_latex() {
    snapshot("render_latex", &latex(&sample::page(), &LatexStyle::default()));
}

#[test]
fn a_page_in_markdown() {
    snapshot("render_markdown", &markdown(&sample::page()));
}

#[test]
fn a_page_in_json() {
    snapshot("render_json", &json(&sample::page()));
}
