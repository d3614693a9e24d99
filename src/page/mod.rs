//! Pages (floor 6): what a reader gets, before it is set in a format.
//!
//! A [`Page`] is sections of paragraphs, numbered equations and tables; its formulas are
//! [`Math`]. Renderers read pages and nothing else. Numbering, wording, the choice of what is
//! shown at a level, and where parentheses go are decided here; how a line breaks is not.

mod check;
mod derivation;
mod indexed;
mod math;
mod network;
mod supplied;
mod training;
mod typeset;
mod winner_cases;
mod winner_formula;
mod words;

pub use check::check_page;
#[doc(hidden)]
pub use derivation::MAX_LISTED;
pub use derivation::{Level, derivation_page};
pub use indexed::{general_page, indexed_page};
pub(crate) use math::Slot;
pub use math::{Big, Mark, Math, Relation};
#[doc(hidden)]
pub use network::MAX_CELLS;
pub use network::network_page;
pub use training::training_page;
#[doc(hidden)]
pub use typeset::{MAX_DEPTH, Typesetter};

/// A document.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// What it is called.
    pub title: String,
    /// Its sections, in order.
    pub sections: Vec<Section>,
}

/// A heading and what stands under it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Section {
    /// The number that its equations bear before the dot; none for a section without any.
    pub number: Option<u32>,
    /// The heading; formulas may stand in it.
    pub heading: Vec<Inline>,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Block {
    /// A paragraph.
    Text(Vec<Inline>),
    /// Equations, aligned at their relation sign.
    Equations(Vec<Row>),
    /// A table.
    Table(Table),
    /// Text to be set as it is (a piece of the language, a command).
    Code(String),
}

/// A piece of a paragraph.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Inline {
    /// Words, with the spaces around them.
    Words(String),
    /// Words with stress.
    Strong(String),
    /// A formula.
    Math(Math),
    /// A reference to a numbered row: (2.3).
    Reference(Label),
    /// A name or command, set as code.
    Code(String),
}

/// The number of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Label {
    /// The number of the section.
    pub section: u32,
    /// The number within it.
    pub row: u32,
}

/// One row of aligned equations.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// The left side; none where the row goes on from the one above it.
    pub left: Option<Math>,
    /// The sign between.
    pub relation: Relation,
    /// The right side.
    pub right: Math,
    /// Why this holds.
    pub reason: Vec<Inline>,
    /// Its number, if it has one.
    pub label: Option<Label>,
    /// The single rewrites that this row stands for, each proved.
    pub steps: Vec<StepRecord>,
}

/// One rewrite, as the JSON output lists it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepRecord {
    /// The rule's kebab-case name.
    pub rule: &'static str,
    /// The expression that was rewritten.
    pub redex: Math,
    /// What it became.
    pub contractum: Math,
    /// The whole line after the rewrite.
    pub line: Math,
    /// How it was proved: `exact`, `probabilistic` or `assumed`.
    pub verdict: &'static str,
}

/// A table whose cells are inline text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// The heads of the columns.
    pub header: Vec<Vec<Inline>>,
    /// The rows, each with as many cells as the header.
    pub rows: Vec<Vec<Vec<Inline>>>,
}

impl Page {
    /// A page of that title.
    pub fn new(title: impl Into<String>, sections: Vec<Section>) -> Page {
        Page { title: title.into(), sections }
    }
}

impl Section {
    /// A section without a number; the heading may be empty.
    pub fn new(heading: Vec<Inline>, blocks: Vec<Block>) -> Section {
        Section { number: None, heading, blocks }
    }
}

impl Table {
    /// A table; each of the rows has as many cells as the header.
    pub fn new(header: Vec<Vec<Inline>>, rows: Vec<Vec<Vec<Inline>>>) -> Table {
        Table { header, rows }
    }
}

impl Row {
    /// A row without reason, number or steps.
    pub fn new(left: Option<Math>, right: Math) -> Row {
        Row {
            left,
            relation: Relation::Equal,
            right,
            reason: Vec::new(),
            label: None,
            steps: Vec::new(),
        }
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.section, self.row)
    }
}
