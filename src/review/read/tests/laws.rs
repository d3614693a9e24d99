//! What holds for every document.

use proptest::prelude::*;

use super::super::{MAX_DOCUMENT, MAX_FORMULA, MAX_PIECES};
use super::*;
use crate::diag::Kind;

const ALL: [DocumentFormat; 6] = [
    DocumentFormat::Latex,
    DocumentFormat::Markdown,
    DocumentFormat::Html,
    DocumentFormat::Text,
    DocumentFormat::Rst,
    DocumentFormat::Notebook,
];

const PARTS: &[&str] = &[
    "$",
    "$$",
    "\\",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "\\\\(",
    "\\\\)",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "&",
    "%",
    "`",
    "``",
    "```",
    "<",
    ">",
    "\n",
    "\n\n",
    " ",
    "    ",
    "a",
    "é",
    "1",
    "_",
    "*",
    "#",
    "- ",
    "> ",
    "|",
    ":",
    "\"",
    ";",
    "&lt;",
    "&lt",
    "&#",
    "&amp;",
    "\\begin{align}",
    "\\end{align}",
    "\\begin{verbatim}",
    "\\end{verbatim}",
    "\\begin{document}",
    "\\text{",
    "\\verb",
    "\\newcommand{\\x}{",
    "\\def\\x",
    ".. math::",
    ".. ",
    ":math:`",
    "::\n",
    "   ",
    "<em>",
    "</em>",
    "<p>",
    "</p>",
    "<pre>",
    "</pre>",
    "<code>",
    "</code>",
    "<!--",
    "-->",
    "<script type=\"math/tex\">",
    "</script>",
    "<math>",
    "</math>",
    "<annotation encoding=\"application/x-tex\">",
    "</annotation>",
    "```math\n",
    "\r\n",
    "\t",
    "\u{feff}",
    "[x](y",
    "<div>",
    "</div>",
];

fn document() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PARTS), 0..40).prop_map(|parts| parts.concat())
}

/// Places are in order, within the source and on its characters; what is copied is the same.
fn holds(source: &str, format: DocumentFormat, copied: bool) {
    let Ok(pieces) = pieces(source, format) else { return };
    let mut last = 0;
    for piece in &pieces {
        let passage = piece.passage();
        let whole = passage.source(0..passage.text.len());
        assert!(last <= whole.start && whole.end <= source.len(), "{source:?} {pieces:?}");
        last = whole.end;
        for (at, c) in passage.text.char_indices() {
            let place = passage.source(at..at + c.len_utf8());
            assert!(whole.start <= place.start && place.end <= whole.end, "{source:?} {piece:?}");
            let written = &source[place];
            assert!(!written.is_empty(), "{source:?} {piece:?}");
            if copied {
                assert_eq!(written, c.to_string(), "{source:?} {piece:?}");
            }
        }
        if copied && format == DocumentFormat::Text {
            assert_eq!(&source[whole], passage.text);
        }
    }
}

/// All letters of a document are in its pieces.
fn keeps(source: &str, format: DocumentFormat) {
    let letters = |text: &str| text.matches(['a', 'é', '1']).count();
    let kept: usize =
        pieces(source, format).unwrap().iter().map(|p| letters(&p.passage().text)).sum();
    assert_eq!(kept, letters(source), "{source:?}");
}

proptest! {
    #![proptest_config(crate::laws::laws(256))]

    #[test]
    fn every_byte_has_its_place(source in document()) {
        for format in ALL {
            let entities = matches!(format, DocumentFormat::Html | DocumentFormat::Markdown) && source.contains('&');
            let doubled = format == DocumentFormat::Markdown && source.contains("\\\\");
            let made = matches!(format, DocumentFormat::Html | DocumentFormat::Rst)
                || (format == DocumentFormat::Markdown && source.contains('<'));
            holds(&source, format, !entities && !doubled && !made);
        }
    }

    #[test]
    fn nothing_is_lost(parts in prop::collection::vec(prop::sample::select(
        &["$", "$$", "\\(", "\\)", "\\[", "\\]", "{", "}", "\\text{", "`", "```\n", "\n", "\n\n",
          "- ", "> ", " ", "a", "é", "1", "#", "    "][..]), 0..40)) {
        let source = parts.concat();
        for format in [DocumentFormat::Text, DocumentFormat::Latex, DocumentFormat::Markdown, DocumentFormat::Html, DocumentFormat::Rst] {
            keeps(&source, format);
        }
    }

    #[test]
    fn a_notebook_is_its_cells(source in document()) {
        let cell = serde_json::json!({"cell_type": "markdown", "source": source});
        let notebook = serde_json::json!({"cells": [cell]}).to_string();
        let texts = |source: &str, format| -> Vec<String> {
            pieces(source, format).unwrap().iter().map(|p| p.passage().text.clone()).collect()
        };
        prop_assert_eq!(texts(&notebook, DocumentFormat::Notebook), texts(&source, DocumentFormat::Markdown));
        holds(&notebook, DocumentFormat::Notebook, false);
    }

    #[test]
    fn any_text_at_all(source in ".*") {
        for format in ALL {
            holds(&source, format, false);
        }
        DocumentFormat::guess(&source);
    }
}

#[test]
fn limits_have_errors() {
    let formula = format!("a\n$${}$$", "x".repeat(MAX_FORMULA));
    assert!(pieces(&formula, DocumentFormat::Text).is_ok());
    let error = pieces(&formula.replacen("$$", "$$y", 1), DocumentFormat::Text).unwrap_err();
    assert_eq!(error.kind(), Kind::Limit);
    assert_eq!(error.span().unwrap().start, 4);
    let error = pieces(&"$x$ a ".repeat(MAX_PIECES / 2 + 1), DocumentFormat::Text).unwrap_err();
    assert_eq!(error.kind(), Kind::Limit);
    let error = pieces(&" ".repeat(MAX_DOCUMENT + 1), DocumentFormat::Text).unwrap_err();
    assert_eq!(error.kind(), Kind::Limit);
}

#[test]
fn deep_and_repetitive_documents_end() {
    for part in PARTS.iter().chain(&["$a}\\text{", "`$a ", ":math:`a ", "$\\text{ ", "\\verb|"]) {
        let source = part.repeat(20_000);
        for format in ALL {
            let _ = pieces(&source, format);
        }
    }
}
