//! Markdown, laid out: its parser tells what is code, HTML and a block; the text stays as it is
//! written, since what Markdown makes of backslashes and underscores is not what TeX means.
//!
//! The parser knows nothing of formulas, so a line of one may look to it like a list, a heading
//! or code. Its blocks therefore bind inline formulas only; a display ends with its paragraph.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::html::{self, Entities};
use super::passage::Passage;
use super::stream::{Dollars, Margin, Rules, Settled, Stream, Wall};
use super::{Piece, Setting};

/// The first words after a fence that make its block a formula.
const MATHS: &[&str] = &["math", "{math}", "{.math}"];

/// The inline elements that are handed to the reader of HTML as a whole.
const WHOLE: &[&str] = &["script", "math", "style", "pre", "code", "kbd", "samp", "tt", "template"];

/// The inline elements that are read as a whole where they say that they are not shown.
const HIDDEN: &[&str] = &["span", "div", "p", "a", "b", "i", "em", "strong", "small", "label"];

/// The stream of a Markdown document.
pub fn stream(source: &str) -> (Stream, Rules) {
    let mut reader = Reader { source, done: 0, stream: Stream::new(), margins: vec![], last: 0 };
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut block = None;
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        reader.event(&mut block, event, range);
    }
    reader.upto(source.len());
    let rules =
        Rules { dollars: Dollars::Prose, blank_lines: true, delimiters: true, markdown: true };
    (reader.stream, rules)
}

/// What is being read and taken as a whole.
enum Block {
    /// A block of code, with its text if it is a formula.
    Code(Wall, Option<Passage>),
    Html,
    Metadata,
    /// An inline element of HTML: its name, and where it began and its first tag ended.
    Element(&'static str, Range<usize>),
}

/// What an event means for what is taken as a whole.
enum Inside {
    Still,
    Ended,
    /// It has no end, and the event is one like any other.
    Never,
}

struct Reader<'a> {
    source: &'a str,
    /// What is in the stream already ends here.
    done: usize,
    stream: Stream,
    margins: Vec<Margin>,
    /// Where the last event ended.
    last: usize,
}

impl Reader<'_> {
    /// Puts all up to `end` into the stream.
    fn upto(&mut self, end: usize) {
        if end > self.done {
            let range = self.done..end;
            html::push_decoded(&mut self.stream.text, self.source, range, Entities::Markdown);
            self.done = end;
        }
    }

    /// The same for what is settled.
    fn settle(&mut self, end: usize, kind: Settled) {
        if end > self.done {
            let start = self.stream.len();
            self.stream.text.push(self.source, self.done..end);
            self.done = end;
            self.stream.mark(start, kind);
        }
    }

    fn wall(&mut self, at: usize, wall: Wall) {
        self.upto(at);
        self.stream.wall(wall);
    }

    fn event(&mut self, block: &mut Option<Block>, event: Event<'_>, range: Range<usize>) {
        let last = std::mem::replace(&mut self.last, range.end);
        match block {
            Some(open) => match self.inside(open, &event, &range) {
                Inside::Still => {}
                Inside::Ended => *block = None,
                Inside::Never => {
                    *block = None;
                    self.event(block, event, range);
                }
            },
            None => match event {
                Event::Start(tag) => *block = self.start(&tag, range),
                Event::End(tag) => self.end(tag, range, last),
                Event::Code(_) => self.code(range),
                Event::InlineHtml(tag) => *block = self.inline_html(&tag, range),
                Event::Rule => self.wall(range.start, Wall::Block),
                _ => {}
            },
        }
    }

    fn start(&mut self, tag: &Tag<'_>, range: Range<usize>) -> Option<Block> {
        let margin = self.margins.last().copied().unwrap_or_default();
        match tag {
            Tag::CodeBlock(kind) => {
                let (wall, maths) = match kind {
                    CodeBlockKind::Indented => (Wall::Block, false),
                    CodeBlockKind::Fenced(info) => {
                        let word = info.split_whitespace().next().unwrap_or_default();
                        (Wall::Text, MATHS.contains(&word))
                    }
                };
                self.wall(range.start, wall);
                return Some(Block::Code(wall, maths.then(|| Passage::empty(range.start))));
            }
            Tag::HtmlBlock => {
                self.wall(range.start, Wall::Text);
                return Some(Block::Html);
            }
            Tag::MetadataBlock(_) => return Some(Block::Metadata),
            Tag::BlockQuote(_) => {
                self.margin(range.start, Margin { quotes: margin.quotes + 1, ..margin });
            }
            Tag::Item => {
                self.wall(range.start, Wall::Block);
                self.margin(range.start, Margin { list: true, ..margin });
            }
            Tag::FootnoteDefinition(_) => {
                self.wall(range.start, Wall::Block);
                self.margin(range.start, Margin { list: true, ..margin });
            }
            Tag::Paragraph | Tag::Heading { .. } | Tag::TableCell => {
                self.wall(range.start, Wall::Block);
            }
            Tag::Link { link_type: LinkType::Autolink | LinkType::Email, .. } => {
                self.upto(range.start);
                self.settle(range.end, Settled::Code);
            }
            _ => {}
        }
        None
    }

    fn margin(&mut self, at: usize, margin: Margin) {
        self.upto(at);
        self.margins.push(margin);
        self.stream.margins.push((self.stream.len(), margin));
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>, last: usize) {
        match tag {
            TagEnd::BlockQuote(_) | TagEnd::Item | TagEnd::FootnoteDefinition => {
                self.wall(range.end, Wall::Block);
                self.margins.pop();
                let margin = self.margins.last().copied().unwrap_or_default();
                self.stream.margins.push((self.stream.len(), margin));
            }
            TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::TableCell => {
                self.wall(range.end, Wall::Block);
            }
            // The address of a link is no text.
            TagEnd::Link | TagEnd::Image => {
                let tail = last.max(self.done);
                if self.source.get(tail..range.end).is_some_and(|t| t.starts_with("](")) {
                    self.upto(tail);
                    self.settle(range.end, Settled::Code);
                }
            }
            _ => {}
        }
    }

    /// Code within a line, which GitHub takes for a formula between dollars.
    fn code(&mut self, range: Range<usize>) {
        let bytes = self.source.as_bytes();
        let before = range.start.checked_sub(1).filter(|at| bytes[*at] == b'$' && *at >= self.done);
        let opens = |at: usize| {
            let sign = self.source[..at].chars().next_back();
            !sign.is_some_and(|c| c.is_alphanumeric() || "\\$})]".contains(c))
        };
        match before.filter(|at| opens(*at) && bytes.get(range.end) == Some(&b'$')) {
            Some(before) => {
                let code = &self.source[range.clone()];
                let ticks = code.bytes().take_while(|b| *b == b'`').count();
                let inside = range.start + ticks..range.end - ticks.min(code.len() - ticks);
                let body = Passage::copy(self.source, inside);
                self.upto(before);
                let piece = Piece::Formula(body, Setting::Inline);
                self.settle(range.end + 1, Settled::Piece(Box::new(piece)));
            }
            None => {
                self.upto(range.start);
                self.settle(range.end, Settled::LooksLikeCode);
            }
        }
    }

    fn inline_html(&mut self, tag: &str, range: Range<usize>) -> Option<Block> {
        let name = tag.strip_prefix('<').unwrap_or_default();
        let name = &name[..name.bytes().take_while(u8::is_ascii_alphanumeric).count()];
        let is = |w: &&&str| w.eq_ignore_ascii_case(name);
        let hidden = || HIDDEN.iter().find(is).filter(|_| html::hides(tag));
        let whole = WHOLE.iter().find(is).or_else(hidden);
        match whole.filter(|_| !tag.ends_with("/>")) {
            Some(whole) => return Some(Block::Element(whole, range)),
            None => {
                self.upto(range.start);
                self.settle(range.end, Settled::Code);
            }
        }
        None
    }

    /// An event within what is taken as a whole.
    fn inside(&mut self, block: &mut Block, event: &Event<'_>, range: &Range<usize>) -> Inside {
        match (block, event) {
            (Block::Code(_, Some(body)), Event::Text(_)) => {
                body.push(self.source, range.clone());
                Inside::Still
            }
            (Block::Code(wall, body), Event::End(TagEnd::CodeBlock)) => {
                let kind = match body.take() {
                    Some(body) => Settled::Piece(Box::new(Piece::Formula(body, Setting::Display))),
                    None if *wall == Wall::Text => Settled::Code,
                    None => Settled::LooksLikeCode,
                };
                self.settle(range.end, kind);
                self.stream.wall(*wall);
                Inside::Ended
            }
            (Block::Html, Event::End(TagEnd::HtmlBlock)) => {
                self.html(range.end);
                self.stream.wall(Wall::Text);
                Inside::Ended
            }
            (Block::Metadata, Event::End(TagEnd::MetadataBlock(_))) => {
                self.settle(range.end, Settled::Code);
                self.stream.wall(Wall::Text);
                Inside::Ended
            }
            (Block::Element(name, from), Event::InlineHtml(tag)) => {
                let tag = tag.strip_prefix("</").unwrap_or_default();
                if !tag.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name)) {
                    return Inside::Still;
                }
                self.upto(from.start);
                self.html(range.end);
                Inside::Ended
            }
            // Its end is not in this paragraph: it was a tag like any other.
            (
                Block::Element(_, from),
                Event::End(
                    TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::TableCell | TagEnd::Item,
                )
                | Event::Start(Tag::Paragraph | Tag::Item | Tag::CodeBlock(_) | Tag::List(_)),
            ) => {
                self.upto(from.start);
                self.settle(from.end, Settled::Code);
                Inside::Never
            }
            _ => Inside::Still,
        }
    }

    fn html(&mut self, end: usize) {
        if end > self.done {
            html::feed(&mut self.stream, self.source, self.done..end);
            self.done = end;
        }
    }
}
