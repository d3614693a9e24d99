//! Pages in Markdown with `$…$` and `$$…$$`, as GitHub renders it. In: a [`Page`]. Out:
//! CommonMark with tables and mathematics. What holds: each formula reaches the renderer of
//! formulas unchanged; words are shown as they are, whatever signs they hold.

use super::display::aligned;
use super::table::numeric_columns;
use super::tex::{Reader, Tex, words_tex};
use crate::page::{Block, Inline, Page, Row, Section, Table};

/// The page in Markdown.
///
/// ```
/// let net = backproof::parse_network(
///     "input x
///      param w
///      target t
///      y = w*x
///      E = (t - y)^2 / 2",
/// )?;
/// let lesson = backproof::lesson(net, &backproof::Ask::default())?;
/// let page = backproof::derivation_page(&lesson, backproof::Level::Textbook);
/// assert!(backproof::render::markdown(&page).contains("$w$"));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn markdown(page: &Page) -> String {
    let mut blocks = Vec::new();
    if !page.title.is_empty() {
        blocks.push(format!("# {}", escape(&page.title, false)));
    }
    for section in &page.sections {
        put_section(section, &mut blocks);
    }
    let mut out = blocks.join("\n\n");
    out.push('\n');
    out
}

fn put_section(section: &Section, blocks: &mut Vec<String>) {
    if !section.heading.is_empty() {
        let number = section.number.map(|n| format!("{n} ")).unwrap_or_default();
        blocks.push(format!("## {number}{}", inlines(&section.heading, false)));
    }
    for block in &section.blocks {
        match block {
            Block::Text(words) => {
                let text = inlines(words, false);
                blocks.push(guard_start(text.trim()));
            }
            Block::Equations(rows) if rows.is_empty() => {}
            Block::Equations(rows) => blocks.push(equations(rows)),
            Block::Table(of) if of.header.is_empty() => {}
            Block::Table(of) => blocks.push(table(of)),
            Block::Code(code) => {
                let fence = "`".repeat(longest_run(code, '`').max(2) + 1);
                blocks.push(format!("{fence}\n{}\n{fence}", code.trim_end_matches('\n')));
            }
        }
    }
}

fn equations(rows: &[Row]) -> String {
    let lines = aligned(rows, Reader::Web, |reason, _| reason_tex(reason));
    // `aligned` sets no tags, so numbers stand in a column of their own.
    let has_reasons = lines.iter().any(|line| line.reason.is_some());
    let mut out = String::from("$$\n\\begin{aligned}\n");
    for (at, line) in lines.iter().enumerate() {
        out.push_str(&line.columns());
        if let Some(reason) = &line.reason {
            out.push_str(&format!(" && \\quad {reason}"));
        }
        if let Some(label) = line.label {
            let skip = if has_reasons && line.reason.is_none() { " &&" } else { "" };
            out.push_str(&format!("{skip} && \\quad \\text{{({label})}}"));
        }
        out.push_str(if at + 1 < lines.len() { " \\\\\n" } else { "\n" });
    }
    out.push_str("\\end{aligned}\n$$");
    out
}

/// A reason, as words and formulas in turn: `\text{definition of }E`.
fn reason_tex(reason: &[Inline]) -> String {
    let mut tex = String::new();
    let mut words = String::new();
    for inline in reason {
        match inline {
            Inline::Words(text) | Inline::Strong(text) | Inline::Code(text) => words.push_str(text),
            Inline::Reference(label) => words.push_str(&format!("({label})")),
            Inline::Math(math) => {
                flush(&mut words, &mut tex);
                tex.push_str(&Tex::inline(math, Reader::Web).one_line());
            }
        }
    }
    flush(&mut words, &mut tex);
    tex
}

fn flush(words: &mut String, tex: &mut String) {
    if !words.is_empty() {
        tex.push_str(&words_tex(words, Reader::Web));
        words.clear();
    }
}

fn table(table: &Table) -> String {
    let line = |cells: &[Vec<Inline>]| {
        let cells: Vec<String> = cells.iter().map(|cell| inlines(cell, true)).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rules: Vec<&str> =
        numeric_columns(table).iter().map(|number| if *number { "---:" } else { "---" }).collect();
    let mut lines = vec![line(&table.header), format!("| {} |", rules.join(" | "))];
    lines.extend(table.rows.iter().map(|row| line(row)));
    lines.join("\n")
}

fn inlines(inlines: &[Inline], in_table: bool) -> String {
    let mut out = String::new();
    for inline in inlines {
        match inline {
            Inline::Words(text) => out.push_str(&escape(text, in_table)),
            Inline::Strong(text) => {
                // Stress opens only before a letter, so spaces go outside.
                let (before, after) = edges(text);
                let text = escape(text.trim(), in_table);
                out.push_str(&format!("{before}**{text}**{after}"));
            }
            Inline::Math(math) => {
                out.push_str(&format!("${}$", Tex::inline(math, Reader::Web).one_line()));
            }
            Inline::Reference(label) => out.push_str(&format!("({label})")),
            Inline::Code(text) => out.push_str(&code(text, in_table)),
        }
    }
    out
}

fn edges(text: &str) -> (&str, &str) {
    let edge = |there: bool| if there { " " } else { "" };
    (edge(text.starts_with(' ')), edge(text.ends_with(' ')))
}

fn code(text: &str, in_table: bool) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = if in_table { text.replace('|', "\\|") } else { text };
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

/// Words as they are: what Markdown would read as a sign is escaped.
fn escape(text: &str, in_table: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '$' | '~' | '&' => {
                out.push('\\');
                out.push(c);
            }
            '|' if in_table => out.push_str("\\|"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A paragraph that would begin a list or a heading gets its first sign escaped.
fn guard_start(text: &str) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    match text[digits..].chars().next() {
        Some('.' | ')') if digits > 0 => format!("{}\\{}", &text[..digits], &text[digits..]),
        Some('+' | '-' | '=') if digits == 0 => format!("\\{text}"),
        _ => text.to_string(),
    }
}
