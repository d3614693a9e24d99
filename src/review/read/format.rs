//! Which format a document has.

/// The formats of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DocumentFormat {
    /// LaTeX, with or without its preamble.
    Latex,
    /// Markdown with TeX in it, as GitHub, Pandoc and Jupyter read it.
    Markdown,
    /// HTML with TeX in it, for MathJax or from KaTeX.
    Html,
    /// Plain text with TeX in it.
    Text,
    /// reStructuredText with its `math` role and directive.
    Rst,
    /// A Jupyter notebook, of whose cells those in Markdown are read.
    Notebook,
}

/// The endings of names, without their dot.
const ENDINGS: &[(&str, DocumentFormat)] = &[
    ("tex", DocumentFormat::Latex),
    ("ltx", DocumentFormat::Latex),
    ("latex", DocumentFormat::Latex),
    ("md", DocumentFormat::Markdown),
    ("markdown", DocumentFormat::Markdown),
    ("html", DocumentFormat::Html),
    ("htm", DocumentFormat::Html),
    ("xhtml", DocumentFormat::Html),
    ("txt", DocumentFormat::Text),
    ("text", DocumentFormat::Text),
    ("rst", DocumentFormat::Rst),
    ("ipynb", DocumentFormat::Notebook),
];

/// So much of a text is looked at to guess its format.
const LOOK: usize = 1 << 16;

impl DocumentFormat {
    /// The format of a file by the ending of its name, in letters of either case.
    pub fn of_name(name: &str) -> Option<DocumentFormat> {
        let file = name.rsplit(['/', '\\']).next()?;
        let (stem, ending) = file.rsplit_once('.')?;
        let known = ENDINGS.iter().find(|(e, _)| e.eq_ignore_ascii_case(ending));
        known.filter(|_| !stem.is_empty()).map(|(_, format)| *format)
    }

    /// The format of a text by what stands in it; plain text where nothing tells.
    pub fn guess(text: &str) -> DocumentFormat {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let mut end = text.len().min(LOOK);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        let starts = |s: &str| text.get(..s.len()).is_some_and(|t| t.eq_ignore_ascii_case(s));
        let line = |test: fn(&str) -> bool| text.lines().any(|l| test(l.trim_start()));
        let notebook = ["\"cells\"", "\"worksheets\"", "\"nbformat\""];
        if text.starts_with('{') && notebook.iter().any(|key| text.contains(key)) {
            DocumentFormat::Notebook
        } else if starts("<!doctype html") || starts("<html") || starts("<?xml") {
            DocumentFormat::Html
        } else if line(|l| l.starts_with("\\documentclass") || l.starts_with("\\begin{document}")) {
            DocumentFormat::Latex
        } else if line(|l| l.starts_with(".. math::")) || text.contains(":math:`") {
            DocumentFormat::Rst
        } else if line(is_markdown) {
            DocumentFormat::Markdown
        } else if line(|l| l.starts_with("\\section{") || l.starts_with("\\newcommand")) {
            DocumentFormat::Latex
        } else if line(|l| l.starts_with("<p>") || l.starts_with("<div") || l.starts_with("<body"))
        {
            DocumentFormat::Html
        } else {
            DocumentFormat::Text
        }
    }
}

/// A line that nobody writes but in Markdown: a heading, a fence, a link.
fn is_markdown(line: &str) -> bool {
    let heading = line.trim_start_matches('#');
    let level = line.len() - heading.len();
    ((1..=6).contains(&level) && heading.starts_with(' '))
        || line.starts_with("```")
        || line.starts_with("~~~")
        || (line.contains("](") && line.contains('['))
}
