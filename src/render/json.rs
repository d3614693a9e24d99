//! Pages in JSON, for programs. In: a [`Page`]. Out: the schema of `docs/json.md`. What holds:
//! keys stand in a fixed order; a field that has no value is there as `null` or `[]`; every
//! formula comes as one line of Unicode and as LaTeX.

use serde::Serialize;

use super::{math_latex, math_text};
use crate::page::{Block, Inline, Math, Page, Row, StepRecord};

/// The name and version of the schema.
pub const SCHEMA: &str = "backproof/page/1";

/// The page in JSON, indented, with a line end after it.
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
/// assert!(backproof::render::json(&page).contains("\"rule\": \"power\""));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn json(page: &Page) -> String {
    let page = PageJson {
        schema: SCHEMA,
        title: &page.title,
        sections: page
            .sections
            .iter()
            .map(|section| SectionJson {
                number: section.number,
                heading: inlines(&section.heading),
                blocks: section.blocks.iter().map(block).collect(),
            })
            .collect(),
    };
    match serde_json::to_string_pretty(&page) {
        Ok(text) => text + "\n",
        Err(error) => unreachable!("strings, numbers and lists always serialise: {error}"),
    }
}

#[derive(Serialize)]
struct PageJson<'a> {
    schema: &'static str,
    title: &'a str,
    sections: Vec<SectionJson<'a>>,
}

#[derive(Serialize)]
struct SectionJson<'a> {
    number: Option<u32>,
    heading: Vec<InlineJson<'a>>,
    blocks: Vec<BlockJson<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum BlockJson<'a> {
    Text { content: Vec<InlineJson<'a>> },
    Equations { rows: Vec<RowJson<'a>> },
    Table { header: Vec<Vec<InlineJson<'a>>>, rows: Vec<Vec<Vec<InlineJson<'a>>>> },
    Code { text: &'a str },
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum InlineJson<'a> {
    Words { text: &'a str },
    Strong { text: &'a str },
    Math { text: String, latex: String },
    Reference { label: String },
    Code { text: &'a str },
}

#[derive(Serialize)]
struct FormulaJson {
    text: String,
    latex: String,
}

#[derive(Serialize)]
struct RowJson<'a> {
    left: Option<FormulaJson>,
    relation: &'static str,
    right: FormulaJson,
    reason: Vec<InlineJson<'a>>,
    label: Option<String>,
    steps: Vec<StepJson>,
}

#[derive(Serialize)]
struct StepJson {
    rule: &'static str,
    redex: FormulaJson,
    contractum: FormulaJson,
    line: FormulaJson,
    verdict: &'static str,
}

fn block(block: &Block) -> BlockJson<'_> {
    match block {
        Block::Text(content) => BlockJson::Text { content: inlines(content) },
        Block::Equations(rows) => BlockJson::Equations { rows: rows.iter().map(row).collect() },
        Block::Table(table) => BlockJson::Table {
            header: table.header.iter().map(|cell| inlines(cell)).collect(),
            rows: table
                .rows
                .iter()
                .map(|row| row.iter().map(|cell| inlines(cell)).collect())
                .collect(),
        },
        Block::Code(text) => BlockJson::Code { text },
    }
}

fn inlines(inlines: &[Inline]) -> Vec<InlineJson<'_>> {
    inlines.iter().map(inline).collect()
}

fn inline(inline: &Inline) -> InlineJson<'_> {
    match inline {
        Inline::Words(text) => InlineJson::Words { text },
        Inline::Strong(text) => InlineJson::Strong { text },
        Inline::Math(math) => {
            let FormulaJson { text, latex } = formula(math);
            InlineJson::Math { text, latex }
        }
        Inline::Reference(label) => InlineJson::Reference { label: label.to_string() },
        Inline::Code(text) => InlineJson::Code { text },
    }
}

fn row(row: &Row) -> RowJson<'_> {
    RowJson {
        left: row.left.as_ref().map(formula),
        relation: row.relation.sign(),
        right: formula(&row.right),
        reason: inlines(&row.reason),
        label: row.label.map(|label| label.to_string()),
        steps: row.steps.iter().map(step).collect(),
    }
}

fn step(step: &StepRecord) -> StepJson {
    StepJson {
        rule: step.rule,
        redex: formula(&step.redex),
        contractum: formula(&step.contractum),
        line: formula(&step.line),
        verdict: step.verdict,
    }
}

fn formula(math: &Math) -> FormulaJson {
    FormulaJson { text: math_text(math, true), latex: math_latex(math) }
}
