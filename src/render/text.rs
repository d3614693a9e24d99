//! Pages on a terminal. In: a [`Page`] and a style. Out: text. What holds: no line is wider than
//! the page, unless it is code or holds one unbreakable piece that is; no line ends in a space;
//! without `unicode` the text is 7-bit.

use super::equations::equations;
use super::flow::Flow;
use super::line::{Line, Tone};
use super::table::table;
use crate::page::{Block, Inline, Page, Section};
use crate::spell;

/// The narrowest page; a page that is asked to be narrower is set this wide, and the program refuses it.
pub const MIN_WIDTH: usize = 40;

/// How a page looks on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextStyle {
    /// The width of the page in columns, at least [`MIN_WIDTH`]. Text reads best up to 100.
    pub width: usize,
    /// Whether letters and signs beyond ASCII may be used.
    pub unicode: bool,
    /// Whether to colour, by ANSI escapes.
    pub colour: bool,
}

impl TextStyle {
    /// The same with a change: `TextStyle::default().with(|style| style.width = 60)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut TextStyle)) -> TextStyle {
        change(&mut self);
        self
    }
}

impl Default for TextStyle {
    /// 80 columns, Unicode, no colour.
    fn default() -> TextStyle {
        TextStyle { width: 80, unicode: true, colour: false }
    }
}

/// The page as text, with a line end after every line.
///
/// ```
/// use backproof::page::{Block, Inline, Math, Page, Row, Section};
/// use backproof::render::{TextStyle, text};
/// let loss = Row::new(
///     Some(Math::symbol("E")),
///     Math::Sum(vec![(false, Math::symbol("t")), (true, Math::symbol("r_fc"))]),
/// );
/// let heading = vec![Inline::Words("The loss".into())];
/// let page = Page::new("A page", vec![Section::new(heading, vec![Block::Equations(vec![loss])])]);
/// let style = TextStyle::default().with(|style| style.unicode = false);
/// assert_eq!(text(&page, &style), "A page\n======\n\n\nThe loss\n--------\n\n  E = t - r_fc\n");
/// ```
pub fn text(page: &Page, style: &TextStyle) -> String {
    let style = TextStyle { width: style.width.max(MIN_WIDTH), ..*style };
    let mut lines = Vec::new();
    let title = [Inline::Words(page.title.clone())];
    heading(Line::default(), &title, if style.unicode { "═" } else { "=" }, style, &mut lines);
    for section in &page.sections {
        put_section(section, style, &mut lines);
    }
    let mut out = String::new();
    for line in &lines {
        line.write(style.colour, &mut out);
    }
    out
}

fn put_section(section: &Section, style: TextStyle, lines: &mut Vec<Line>) {
    if !section.heading.is_empty() {
        if !lines.is_empty() {
            lines.extend([Line::default(), Line::default()]);
        }
        let number = section.number.map(|n| format!("{n}  ")).unwrap_or_default();
        let rule = if style.unicode { "─" } else { "-" };
        heading(Line::of(Tone::Bold, &number), &section.heading, rule, style, lines);
    }
    for block in &section.blocks {
        let set = put_block(block, style);
        if !lines.is_empty() && !set.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(set);
    }
}

/// A heading with a rule beneath, as long as the heading.
fn heading(number: Line, words: &[Inline], rule: &str, style: TextStyle, lines: &mut Vec<Line>) {
    let flow = Flow::new(words, style.unicode, Tone::Bold);
    if flow.is_empty() {
        return;
    }
    let indent = number.width();
    let mut longest = 0;
    let mut line = number;
    for part in flow.lines(style.width - indent, Tone::Bold) {
        line.pad_to(indent);
        line.append(&part);
        longest = longest.max(line.width());
        lines.push(std::mem::take(&mut line));
    }
    lines.push(Line::of(Tone::Dim, &rule.repeat(longest)));
}

fn put_block(block: &Block, style: TextStyle) -> Vec<Line> {
    match block {
        Block::Text(words) => {
            let flow = Flow::new(words, style.unicode, Tone::Plain);
            if flow.is_empty() { Vec::new() } else { flow.lines(style.width, Tone::Plain) }
        }
        Block::Equations(rows) => equations(rows, style.width, style.unicode),
        Block::Table(rows) => table(rows, style.width, style.unicode),
        Block::Code(code) => code.lines().map(|line| code_line(line, style)).collect(),
    }
}

fn code_line(code: &str, style: TextStyle) -> Line {
    let code = spell::words(&code.replace('\t', "    "), style.unicode).into_owned();
    Line::of(Tone::Code, &format!("    {code}"))
}
