//! reStructuredText, laid out: formulas are what the `math` role and the `math` directive say;
//! dollars and backslashes mean nothing. Literal blocks, other code and comments are words.

use std::ops::Range;

use super::passage::Passage;
use super::stream::{Dollars, Rules, Settled, Stream, Wall};
use super::{Piece, Setting, Unclosed};

/// The directives whose content is no text.
const LITERAL: &[&str] = &[
    "code",
    "code-block",
    "sourcecode",
    "parsed-literal",
    "raw",
    "literalinclude",
    "highlight",
    "prompt",
    "doctest",
    "testcode",
    "testsetup",
    "testoutput",
    "ipython",
    "plot",
    "graphviz",
    "mermaid",
    "productionlist",
    "csv-table",
    "toctree",
];

const ROLE: &str = ":math:`";

/// The stream of a document in reStructuredText.
pub fn stream(source: &str) -> (Stream, Rules) {
    let lines = lines(source);
    let mut reader = Reader { source, lines: &lines, stream: Stream::new() };
    let mut nth = 0;
    while nth < lines.len() {
        nth = reader.block(nth);
    }
    let rules =
        Rules { dollars: Dollars::Tex, blank_lines: false, delimiters: false, markdown: false };
    (reader.stream, rules)
}

/// A line with its end.
struct Line {
    range: Range<usize>,
    /// Where its text begins.
    text: usize,
    /// In which column its text begins.
    indent: usize,
    blank: bool,
}

fn lines(source: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        let spaces = line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
        lines.push(Line {
            range: start..start + line.len(),
            text: start + spaces,
            indent: columns(&line[..spaces]),
            blank: line.trim().is_empty(),
        });
        start += line.len();
    }
    lines
}

fn columns(spaces: &str) -> usize {
    spaces.bytes().fold(0, |column, b| if b == b'\t' { (column / 8 + 1) * 8 } else { column + 1 })
}

struct Reader<'a> {
    source: &'a str,
    lines: &'a [Line],
    stream: Stream,
}

impl<'a> Reader<'a> {
    fn text(&self, nth: usize) -> &'a str {
        &self.source[self.lines[nth].text..self.lines[nth].range.end]
    }

    /// The block that begins with a line; the line after it.
    fn block(&mut self, nth: usize) -> usize {
        if self.lines[nth].blank {
            self.stream.text.push(self.source, self.lines[nth].range.clone());
            return nth + 1;
        }
        let Some(markup) = self.text(nth).strip_prefix(".. ") else {
            return self.paragraph(nth);
        };
        match directive(markup) {
            Some("math") => self.math(nth),
            Some(name) if LITERAL.contains(&name) => self.literal(nth, nth + 1),
            Some(_) => self.paragraph(nth),
            // A target, a footnote, a substitution; all else is a comment.
            None if markup.trim_start().starts_with(['_', '[', '|']) => self.paragraph(nth),
            None => self.literal(nth, nth + 1),
        }
    }

    /// The first line after the blank and the deeper lines from `from` on, without blank ones at
    /// the end.
    fn content_end(&self, from: usize, indent: usize) -> usize {
        let mut end = from;
        for (n, line) in self.lines.iter().enumerate().skip(from) {
            if !line.blank {
                if line.indent <= indent {
                    break;
                }
                end = n + 1;
            }
        }
        end
    }

    fn literal(&mut self, nth: usize, from: usize) -> usize {
        let end = self.content_end(from, self.lines[nth].indent);
        let range = self.lines[nth].range.start..self.lines[end - 1].range.end;
        self.stream.code(self.source, range);
        end
    }

    /// Lines up to a blank one or the next markup, and the literal block that they announce.
    fn paragraph(&mut self, nth: usize) -> usize {
        let mut end = nth + 1;
        while end < self.lines.len() && !self.lines[end].blank && !self.text(end).starts_with(".. ")
        {
            end += 1;
        }
        self.inline(self.lines[nth].range.start..self.lines[end - 1].range.end);
        let last = self.text(end - 1);
        let announces = last.trim_end().ends_with("::")
            && last.strip_prefix(".. ").is_none_or(|markup| directive(markup).is_none());
        if !announces {
            return end;
        }
        let past = self.content_end(end, self.lines[nth].indent);
        if past > end {
            let range = self.lines[end].range.start..self.lines[past - 1].range.end;
            self.stream.code(self.source, range);
        }
        past
    }

    /// A `math` directive: its argument and its content, of which blank lines make rows; its
    /// label comes as `\label{…}` where it stands, behind the argument and before the content.
    fn math(&mut self, nth: usize) -> usize {
        let lines = self.lines;
        let end = self.content_end(nth + 1, lines[nth].indent);
        let text = self.text(nth);
        let name = text.find("::").map_or(text.len(), |n| n + 2);
        let argument = lines[nth].text + name;
        let argument = argument + leading(&self.source[argument..lines[nth].range.end]);
        let whole = lines[nth].range.start..lines[end - 1].range.end;
        let mut body = Passage::empty(argument);
        let mut written = !self.source[argument..lines[nth].range.end].trim().is_empty();
        if written {
            body.push(self.source, argument..lines[nth].range.end);
        }
        let mut first = nth + 1;
        while first < end {
            let option = self.text(first).strip_prefix(':').and_then(|o| o.split_once(':'));
            let Some((name, value)) = option.filter(|(n, _)| is_word(n)) else { break };
            if matches!(name, "label" | "name") && !value.trim().is_empty() {
                let at = lines[first].text + name.len() + 2 + leading(value);
                let label = value.trim();
                body.push_as(&format!("\\label{{{label}}}"), at..at + label.len());
            }
            first += 1;
        }
        let margin = lines[first..end].iter().filter(|line| !line.blank);
        let margin = margin.map(|line| line.indent).min().unwrap_or(0);
        let mut gap: Option<Range<usize>> = None;
        for line in &lines[first..end] {
            if line.blank {
                gap = Some(gap.map_or(line.range.start, |g| g.start)..line.range.end);
                continue;
            }
            if let Some(gap) = gap.take().filter(|_| written) {
                // Unless the row before ends with one already.
                let done = body.text.trim_end().ends_with("\\\\");
                body.push_as(if done { "\n" } else { "\\\\\n" }, gap);
            }
            body.push(self.source, past_margin(self.source, line, margin)..line.range.end);
            written = true;
        }
        let len = body.text.trim_end().len();
        body.truncate(len);
        let start = self.stream.len();
        self.stream.text.push(self.source, whole);
        if written {
            self.stream.formula(start, body, Setting::Display);
        } else {
            self.stream.mark(start, Settled::Code);
        }
        end
    }

    /// The roles of a paragraph.
    fn inline(&mut self, range: Range<usize>) {
        self.stream.wall(Wall::Text);
        let (source, end) = (self.source, range.end);
        let bytes = source.as_bytes();
        let (mut from, mut at) = (range.start, range.start);
        while at < end {
            let rest = &source[at..end];
            if let Some(sign) = rest.strip_prefix('\\') {
                at += 1 + sign.chars().next().map_or(0, char::len_utf8);
            } else if let Some(literal) = rest.strip_prefix("``") {
                let close = literal.find("``").map_or(rest.len(), |n| n + 4);
                at += close + rest[close..].bytes().take_while(|b| *b == b'`').count();
            } else if rest.starts_with(ROLE) {
                self.stream.text.push(source, from..at);
                from = at;
                at = self.role(at, end);
                let start = self.stream.len();
                self.stream.text.push(source, from..at);
                let piece = self.role_piece(from, at);
                self.stream.mark(start, Settled::Piece(Box::new(piece)));
                from = at;
            } else if let Some(inside) = rest.strip_prefix('`') {
                let close = inside.find('`').map_or(end, |n| at + 1 + n);
                let inside = at + 1..close;
                let past = (close + 1).min(end);
                if source[past..end].starts_with(":math:") && close < end {
                    self.stream.text.push(source, from..at);
                    let start = self.stream.len();
                    from = past + ":math:".len();
                    self.stream.text.push(source, at..from);
                    let body = Passage::copy(source, inside);
                    self.stream.formula(start, body, Setting::Inline);
                    at = from;
                } else {
                    at = past;
                }
            } else {
                at += 1;
                while at < end && !matches!(bytes[at], b'`' | b'\\' | b':') {
                    at += 1;
                }
            }
        }
        self.stream.text.push(source, from..end);
        self.stream.wall(Wall::Text);
    }

    /// Where a role ends: past its backquote, or at the end of the paragraph.
    fn role(&self, at: usize, end: usize) -> usize {
        let inside = at + ROLE.len();
        self.source[inside..end].find('`').map_or(end, |n| inside + n + 1)
    }

    fn role_piece(&self, from: usize, past: usize) -> Piece {
        let inside = from + ROLE.len();
        if past > inside && self.source[..past].ends_with('`') {
            return Piece::Formula(Passage::copy(self.source, inside..past - 1), Setting::Inline);
        }
        let unclosed = Unclosed {
            setting: Setting::Inline,
            opener: ROLE.to_owned(),
            place: from..inside,
            closer: "`".to_owned(),
        };
        Piece::Unclosed(Passage::copy(self.source, inside..past), unclosed)
    }
}

/// The name of the directive of a line, without its dots.
fn directive(markup: &str) -> Option<&str> {
    let (name, _) = markup.trim_start().split_once("::")?;
    is_word(name).then_some(name)
}

fn is_word(name: &str) -> bool {
    let of_word =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'.' | b':');
    !name.is_empty() && name.bytes().all(of_word)
}

fn leading(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// Where a line begins without a margin of so many columns.
fn past_margin(source: &str, line: &Line, margin: usize) -> usize {
    let mut column = 0;
    for (n, byte) in source[line.range.start..line.text].bytes().enumerate() {
        column = if byte == b'\t' { (column / 8 + 1) * 8 } else { column + 1 };
        if column > margin {
            return line.range.start + n;
        }
    }
    line.text
}
