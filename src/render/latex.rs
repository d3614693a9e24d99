//! Pages in LaTeX. In: a [`Page`]. Out: a document of class `article`, or its body for a
//! document that has `amsmath`. What holds: the document compiles with `latex-base` alone; a
//! body defines nothing and no label, so that several fit into one document.

use std::collections::BTreeSet;

use super::display::{LINE, aligned};
use super::table::numeric_columns;
use super::tex::{Reader, Tex};
use crate::page::{Block, Inline, Label, Page, Row, Section, Table};
use crate::spell;

/// What of a document is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LatexStyle {
    /// Only the body, to be put into a document with `amsmath`.
    pub fragment: bool,
}

impl LatexStyle {
    /// The same with a change: `LatexStyle::default().with(|style| style.fragment = true)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut LatexStyle)) -> LatexStyle {
        change(&mut self);
        self
    }
}

const PREAMBLE: &str = "\\documentclass[11pt,a4paper]{article}
\\usepackage[utf8]{inputenc}
\\usepackage{amsmath,amssymb}
\\usepackage[margin=25mm]{geometry}
\\setlength{\\parindent}{0pt}
\\setlength{\\parskip}{6pt plus 2pt}
\\setlength{\\jot}{7pt}
\\allowdisplaybreaks
\\begin{document}
";

/// Lines of a display before it is begun anew: TeX measures it as one, and knows no height over
/// 16383 points.
const DISPLAY_LINES: usize = 100;
/// Rows of a table before it is begun anew, so that no table is longer than a page.
const TABLE_ROWS: usize = 36;
/// How wide a table may be, in tenths of a letter.
const TABLE_WIDTH: usize = LINE - 50;
/// A column of words is not wrapped to less than this.
const MIN_WRAPPED: usize = 240;

/// The page in LaTeX. Rows bear their numbers as tags; references in a document are links to
/// them, in a fragment plain numbers.
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
/// let style = backproof::render::LatexStyle::default().with(|style| style.fragment = true);
/// assert!(backproof::render::latex(&page, &style).contains("\\frac{\\partial E}{\\partial w}"));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn latex(page: &Page, style: &LatexStyle) -> String {
    let mut writer = Writer { labels: None, out: String::new() };
    if style.fragment {
        writer.out.push_str("\\begingroup\\allowdisplaybreaks\\setlength{\\jot}{7pt}\n");
    } else {
        writer.labels = Some(labels(page));
        writer.out.push_str(PREAMBLE);
    }
    if !page.title.is_empty() {
        let title = spell::latex_words(&page.title);
        if style.fragment {
            writer.out.push_str(&format!("\\section*{{{title}}}\n"));
        } else {
            writer.out.push_str(&format!("\\begin{{center}}\\LARGE {title}\\end{{center}}\n"));
        }
    }
    for section in &page.sections {
        writer.section(section, if style.fragment { "subsection" } else { "section" });
    }
    writer.out.push_str(if style.fragment { "\\endgroup\n" } else { "\\end{document}\n" });
    writer.out
}

fn labels(page: &Page) -> BTreeSet<Label> {
    let blocks = page.sections.iter().flat_map(|section| &section.blocks);
    blocks
        .filter_map(|block| match block {
            Block::Equations(rows) => Some(rows),
            _ => None,
        })
        .flatten()
        .filter_map(|row| row.label)
        .collect()
}

struct Writer {
    /// The labels that may be referred to; none in a fragment.
    labels: Option<BTreeSet<Label>>,
    out: String,
}

impl Writer {
    fn section(&mut self, section: &Section, command: &str) {
        if !section.heading.is_empty() {
            let number = section.number.map(|n| format!("{n}\\quad ")).unwrap_or_default();
            let heading = self.inlines(&section.heading);
            self.out.push_str(&format!("\n\\{command}*{{\\boldmath {number}{heading}}}\n"));
        }
        if matches!(section.blocks.first(), Some(Block::Equations(_))) {
            // A display opens an empty line of text above itself.
            self.out.push_str("\\vspace{-\\baselineskip}\n");
        }
        for block in &section.blocks {
            match block {
                Block::Text(words) => {
                    let words = self.inlines(words);
                    self.out.push_str(&format!("\n{words}\n"));
                }
                Block::Equations(rows) => self.equations(rows),
                Block::Table(table) => self.table(table),
                Block::Code(code) => self.code(code),
            }
        }
    }

    fn inlines(&self, inlines: &[Inline]) -> String {
        let one = |inline: &Inline| match inline {
            Inline::Words(text) => spell::latex_words(text),
            Inline::Strong(text) => format!("\\textbf{{{}}}", spell::latex_words(text)),
            Inline::Math(math) => format!("${}$", Tex::inline(math, Reader::Latex).one_line()),
            Inline::Reference(label) => match &self.labels {
                Some(labels) if labels.contains(label) => format!("\\eqref{{eq:{label}}}"),
                _ => format!("({label})"),
            },
            Inline::Code(text) => format!("\\texttt{{{}}}", spell::latex_code(text)),
        };
        inlines.iter().map(one).collect()
    }

    fn equations(&mut self, rows: &[Row]) {
        let lines = aligned(rows, Reader::Latex, |reason, share| {
            let reason = self.inlines(reason);
            match share {
                None => format!("\\text{{\\small {reason}}}"),
                Some(share) => {
                    format!("\\parbox{{0.{share:02}\\linewidth}}{{\\raggedright\\small {reason}}}")
                }
            }
        });
        for lines in lines.chunks(DISPLAY_LINES) {
            self.out.push_str("\\begin{align*}\n");
            for (at, line) in lines.iter().enumerate() {
                self.out.push_str(&line.columns());
                if let Some(reason) = &line.reason {
                    self.out.push_str(&format!(" && {reason}"));
                }
                if let Some(label) = line.label {
                    self.out.push_str(&format!(" \\tag{{{label}}}"));
                    if self.labels.is_some() {
                        self.out.push_str(&format!("\\label{{eq:{label}}}"));
                    }
                }
                self.out.push_str(if at + 1 < lines.len() { " \\\\\n" } else { "\n" });
            }
            self.out.push_str("\\end{align*}\n");
        }
    }

    fn table(&mut self, table: &Table) {
        if table.header.is_empty() {
            return;
        }
        let Some(columns) = columns(table) else { return self.stacked(table) };
        let header = self.cells(&table.header);
        for rows in table.rows.chunks(TABLE_ROWS) {
            self.out.push_str(&format!(
                "\\begin{{center}}\\renewcommand{{\\arraystretch}}{{1.3}}\n\
                 \\begin{{tabular}}{{{columns}}}\n{header} \\\\ \\hline\n"
            ));
            for row in rows {
                let row = self.cells(row);
                self.out.push_str(&format!("{row} \\\\\n"));
            }
            self.out.push_str("\\end{tabular}\n\\end{center}\n");
        }
    }

    fn cells(&self, cells: &[Vec<Inline>]) -> String {
        let cells: Vec<String> =
            cells.iter().map(|cell| format!("{{{}}}", self.inlines(cell))).collect();
        cells.join(" & ")
    }

    /// One block for each row, one line for each cell.
    fn stacked(&mut self, table: &Table) {
        for row in &table.rows {
            self.out.push_str("\n\\noindent\\begin{tabular}{@{\\quad}lp{0.7\\linewidth}@{}}\n");
            for (head, cell) in table.header.iter().zip(row) {
                let (head, cell) = (self.inlines(head), self.inlines(cell));
                self.out.push_str(&format!("{{{head}}} & {{{cell}}} \\\\\n"));
            }
            self.out.push_str("\\end{tabular}\n");
        }
    }

    /// Code with every space kept, and no environment that its text could end.
    fn code(&mut self, code: &str) {
        self.out.push_str("\\begin{quote}\\ttfamily\\raggedright\n");
        for line in code.lines() {
            let line = spell::latex_code(&line.replace('\t', "    ")).replace(' ', "\\ ");
            self.out.push_str(&format!("\\mbox{{}}{line}\\par\n"));
        }
        self.out.push_str("\\end{quote}\n");
    }
}

/// The columns of a table as `tabular` wants them; none if they are too wide together. One
/// column that holds words may wrap.
fn columns(table: &Table) -> Option<String> {
    let widths: Vec<usize> = (0..table.header.len())
        .map(|at| {
            let column =
                table.rows.iter().filter_map(|row| row.get(at)).chain(table.header.get(at));
            column.map(|cell| cell_width(cell)).max().unwrap_or(0) + 24
        })
        .collect();
    let mut columns: Vec<String> = numeric_columns(table)
        .iter()
        .map(|number| if *number { "r".to_string() } else { "l".to_string() })
        .collect();
    let over = widths.iter().sum::<usize>().saturating_sub(TABLE_WIDTH);
    if over > 0 {
        let widest = (0..widths.len()).max_by_key(|at| widths[*at])?;
        let wraps = |row: &Vec<Vec<Inline>>| {
            row.get(widest).is_some_and(|cell| {
                cell.iter()
                    .any(|inline| matches!(inline, Inline::Words(text) if text.contains(' ')))
            })
        };
        let left = widths[widest].saturating_sub(over);
        if left < MIN_WRAPPED || !table.rows.iter().any(wraps) {
            return None;
        }
        let share = 100 * left / LINE;
        columns[widest] = format!("p{{0.{share:02}\\linewidth}}");
    }
    Some(columns.concat())
}

/// The width of a cell, estimated in tenths of a letter.
fn cell_width(cell: &[Inline]) -> usize {
    let one = |inline: &Inline| match inline {
        Inline::Words(text) | Inline::Strong(text) | Inline::Code(text) => 9 * text.chars().count(),
        Inline::Math(math) => Tex::inline(math, Reader::Latex).width(),
        Inline::Reference(_) => 50,
    };
    cell.iter().map(one).sum()
}
