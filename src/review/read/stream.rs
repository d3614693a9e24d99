//! A document laid out for the search for formulas: one text, marks on it, and walls in it.

use std::ops::Range;

use super::passage::Passage;
use super::{Piece, Setting};

/// What the reader of a format hands on.
#[derive(Debug)]
pub struct Stream {
    /// The whole document without what is only its format's.
    pub text: Passage,
    /// Stretches of the text that are settled, in order and apart.
    pub marks: Vec<Mark>,
    /// Where something ends, in order.
    pub walls: Vec<(usize, Wall)>,
    /// From where on how the lines of Markdown are indented and quoted, in order.
    pub margins: Vec<(usize, Margin)>,
}

/// A stretch of the text that is settled.
#[derive(Debug)]
pub struct Mark {
    /// Which stretch.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Settled,
}

/// What a stretch of text is.
#[derive(Debug)]
pub enum Settled {
    /// Words in which dollars and backslashes mean nothing.
    Code,
    /// Words that Markdown takes for code without knowing of maths: nothing opens a formula
    /// there, but one that was opened before may end there.
    LooksLikeCode,
    /// A piece.
    Piece(Box<Piece>),
}

/// What ends at a wall; each kind of formula crosses some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wall {
    /// A block of Markdown, as a list item: no inline formula crosses it, but a display may,
    /// since a line of it that begins with a minus looks like an item.
    Block,
    /// A paragraph: only an environment whose end is there crosses it.
    Paragraph,
    /// Text of the same kind: nothing crosses it.
    Text,
}

/// What stands before each line of a block of Markdown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margin {
    /// How many quotations it stands in.
    pub quotes: usize,
    /// Whether it stands in a list.
    pub list: bool,
}

/// What opens a formula in a format, and what ends its paragraphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How single dollars are taken.
    pub dollars: Dollars,
    /// Whether a blank line ends a paragraph.
    pub blank_lines: bool,
    /// Whether TeX's delimiters mean anything.
    pub delimiters: bool,
    /// Whether the text is Markdown: `\\(` opens a formula as `\(` does, and lines have margins.
    pub markdown: bool,
}

/// How single dollars are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dollars {
    /// Every one is maths.
    Tex,
    /// Some are prices: the first of a pair must not be followed by a space, nor the second
    /// preceded by one or followed by a digit.
    Prose,
}

impl Stream {
    /// Nothing yet.
    pub fn new() -> Stream {
        let (marks, walls, margins) = (Vec::new(), Vec::new(), Vec::new());
        Stream { text: Passage::empty(0), marks, walls, margins }
    }

    /// How long the text is so far.
    pub fn len(&self) -> usize {
        self.text.text.len()
    }

    /// Something ends here.
    pub fn wall(&mut self, wall: Wall) {
        self.walls.push((self.len(), wall));
    }

    /// All since `start` is settled.
    pub fn mark(&mut self, start: usize, kind: Settled) {
        let range = start..self.len();
        if !range.is_empty() {
            self.marks.push(Mark { range, kind });
        }
    }

    /// All since `start` is a formula with this text.
    pub fn formula(&mut self, start: usize, body: Passage, setting: Setting) {
        self.mark(start, Settled::Piece(Box::new(Piece::Formula(body, setting))));
    }

    /// A stretch of the source that is code.
    pub fn code(&mut self, source: &str, range: Range<usize>) {
        let start = self.len();
        self.text.push(source, range);
        self.mark(start, Settled::Code);
    }
}

/// Plain text is a stream as it is.
pub fn plain(source: &str) -> (Stream, Rules) {
    let mut stream = Stream::new();
    stream.text.push(source, 0..source.len());
    let rules =
        Rules { dollars: Dollars::Prose, blank_lines: true, delimiters: true, markdown: false };
    (stream, rules)
}
