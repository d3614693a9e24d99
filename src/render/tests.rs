//! The four formats of one page, as snapshots; what other programs make of them.

mod laws;
mod reader;
mod sample;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser};

use super::tex::{Reader, Tex};
use super::{LatexStyle, SCHEMA, TextStyle, json, latex, markdown, text};
use crate::page::{Block, Inline, Page, Section};

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
    snapshot("render_json", &json(&sample::short()));
}

#[test]
fn a_page_in_ascii_on_a_narrow_terminal() {
    let style = TextStyle { width: 40, unicode: false, colour: false };
    snapshot("render_text_ascii", &text(&sample::page(), &style));
}

#[test]
fn a_page_on_a_wide_terminal() {
    snapshot(
        "render_text_wide",
        &text(&sample::page(), &TextStyle { width: 110, ..TextStyle::default() }),
    );
}

#[test]
fn colour_changes_nothing_but_the_colour() {
    let plain = text(&sample::page(), &TextStyle::default());
    let coloured = text(&sample::page(), &TextStyle { colour: true, ..TextStyle::default() });
    assert!(coloured.contains("\u{1b}[2mchain rule, z = t − r_fc\u{1b}[0m"), "{coloured}");
    let mut stripped = String::new();
    for (at, piece) in coloured.split('\u{1b}').enumerate() {
        stripped.push_str(if at == 0 { piece } else { piece.split_once('m').map_or("", |p| p.1) });
    }
    assert_eq!(stripped, plain);
}

#[test]
fn a_fragment_defines_nothing_and_stands_alone() {
    let fragment = latex(&sample::page(), &LatexStyle { fragment: true });
    for command in ["\\label", "\\ref", "\\eqref", "\\usepackage", "\\document"] {
        assert!(!fragment.contains(command), "{command}");
    }
    assert!(fragment.starts_with("\\begingroup") && fragment.ends_with("\\endgroup\n"));
    assert!(fragment.contains("\\tag{2.2}\n") && fragment.contains("derivative in (2.2) is"));
}

#[test]
fn every_key_of_the_json_is_documented() {
    fn keys(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (key, inside) in fields {
                    found.push(key.clone());
                    keys(inside, found);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
            _ => {}
        }
    }
    let value: serde_json::Value = json(&sample::page()).parse().unwrap_or_default();
    assert_eq!(value["schema"], SCHEMA);
    let mut found = Vec::new();
    keys(&value, &mut found);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 23, "{found:?}");
    let docs = include_str!("../../docs/json.md");
    for key in found {
        assert!(docs.contains(&format!("`{key}`")), "{key}");
    }
}

/// The formulas of a Markdown text as a parser finds them: first those in the text, then those
/// on display.
fn formulas(markdown: &str) -> (Vec<String>, Vec<String>) {
    let options = Options::ENABLE_MATH | Options::ENABLE_TABLES;
    let (mut inline, mut display) = (Vec::new(), Vec::new());
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::InlineMath(tex) => inline.push(tex.to_string()),
            Event::DisplayMath(tex) => display.push(tex.to_string()),
            Event::Html(html) | Event::InlineHtml(html) => panic!("read as HTML: {html}"),
            _ => {}
        }
    }
    (inline, display)
}

#[test]
fn every_formula_of_the_markdown_is_read_as_one_formula() {
    let page = sample::page();
    let (mut inline, mut display) = (Vec::new(), 0);
    let mut note = |inlines: &[Inline]| {
        for one in inlines {
            if let Inline::Math(math) = one {
                inline.push(Tex::inline(math, Reader::Web).one_line());
            }
        }
    };
    for section in &page.sections {
        note(&section.heading);
        for block in &section.blocks {
            match block {
                Block::Text(words) => note(words),
                Block::Table(table) => table
                    .header
                    .iter()
                    .chain(table.rows.iter().flatten())
                    .for_each(|cell| note(cell)),
                Block::Equations(_) => display += 1,
                Block::Code(_) => {}
            }
        }
    }
    let found = formulas(&markdown(&page));
    assert_eq!(found.0, inline);
    assert_eq!(found.1.len(), display);
    for tex in found.1 {
        assert!(tex.starts_with("\n\\begin{aligned}\n") && tex.ends_with("\n\\end{aligned}\n"));
    }
}

proptest! {
    #![proptest_config(crate::laws::laws(256))]

    #[test]
    fn words_come_through_markdown_as_they_are(words in "[ -~]{1,24}", code in "[ -~]{1,12}") {
        let page = Page {
            title: String::new(),
            sections: vec![Section {
                number: None,
                heading: Vec::new(),
                blocks: vec![Block::Text(vec![
                    Inline::Words(format!("{words} ")),
                    Inline::Math(sample::s("x_1")),
                    Inline::Words(" and ".into()),
                    Inline::Code(format!("f{code}")),
                    Inline::Words(words.clone()),
                ])],
            }],
        };
        let set = markdown(&page);
        let mut read = String::new();
        for event in Parser::new_ext(&set, Options::ENABLE_MATH | Options::ENABLE_TABLES) {
            match event {
                Event::Text(text) | Event::Code(text) => read.push_str(&text),
                Event::InlineMath(tex) => read.push_str(&format!("<{tex}>")),
                _ => {}
            }
        }
        let expected = format!("{words} <x_1> and f{code}{words}");
        prop_assert_eq!(read, expected.trim(), "{}", set);
    }
}
