//! LaTeX, laid out: comments are left out; the preamble, what is verbatim and the definitions of
//! commands are words; all else is searched for formulas.

use super::stream::{Dollars, Rules, Settled, Stream, Wall};

/// The environments whose content is printed as it stands.
const VERBATIM: &[&str] = &[
    "verbatim",
    "verbatim*",
    "Verbatim",
    "BVerbatim",
    "LVerbatim",
    "lstlisting",
    "minted",
    "alltt",
    "filecontents",
    "filecontents*",
];

/// The commands that define others, and how many groups in braces follow the name and the
/// optional arguments; `None` for the primitives, whose parameters end at a brace.
const DEFINITIONS: &[(&str, Option<usize>)] = &[
    ("newcommand", Some(1)),
    ("renewcommand", Some(1)),
    ("providecommand", Some(1)),
    ("DeclareRobustCommand", Some(1)),
    ("DeclareMathOperator", Some(1)),
    ("newenvironment", Some(2)),
    ("renewenvironment", Some(2)),
    ("def", None),
    ("gdef", None),
    ("edef", None),
];

const BEGIN: &str = "\\begin{document}";
const END: &str = "\\end{document}";

/// The stream of a LaTeX document, or of a part of one.
pub fn stream(source: &str) -> (Stream, Rules) {
    let mut reader = Reader { source, at: 0, from: 0, stream: Stream::new(), definitions: true };
    let begin = document(source);
    while reader.at < source.len() {
        if begin == Some(reader.at) {
            reader.keep(reader.at + BEGIN.len());
            reader.stream.mark(0, Settled::Code);
            reader.stream.wall(Wall::Text);
        }
        reader.step(begin.is_some_and(|begin| reader.at < begin));
    }
    reader.keep(source.len());
    let rules =
        Rules { dollars: Dollars::Tex, blank_lines: true, delimiters: true, markdown: false };
    (reader.stream, rules)
}

/// Where the document begins, if it has a preamble.
fn document(source: &str) -> Option<usize> {
    source.match_indices(BEGIN).map(|(at, _)| at).find(|at| {
        let line = source[..*at].rfind('\n').map_or(0, |n| n + 1);
        !source[line..*at].contains('%')
    })
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    /// What is not in the stream yet begins here.
    from: usize,
    stream: Stream,
    /// Whether definitions still have ends.
    definitions: bool,
}

impl Reader<'_> {
    /// Puts all up to `end` into the stream.
    fn keep(&mut self, end: usize) {
        self.stream.text.push(self.source, self.from..end);
        (self.from, self.at) = (end, end);
    }

    /// Leaves all up to `end` out of the stream.
    fn skip(&mut self, end: usize) {
        (self.from, self.at) = (end, end);
    }

    fn code(&mut self, end: usize) {
        self.keep(self.at);
        let start = self.stream.len();
        self.keep(end);
        self.stream.mark(start, Settled::Code);
    }

    fn step(&mut self, preamble: bool) {
        let bytes = self.source.as_bytes();
        match bytes.get(self.at) {
            Some(b'%') => self.comment(),
            Some(b'\\') => self.command(preamble),
            _ => self.at += 1,
        }
    }

    /// A comment goes with the end of its line and the margin of the next, unless that is blank.
    fn comment(&mut self) {
        let (source, at) = (self.source, self.at);
        let end = source[at..].find('\n').map_or(source.len(), |n| at + n);
        self.keep(at);
        let Some(next) = source.get(end + 1..) else { return self.skip(end) };
        let line_start = source[..at].bytes().rev().find(|b| !matches!(b, b' ' | b'\t'));
        let text = next.trim_start_matches([' ', '\t']);
        let blank = text.starts_with(['\n', '\r']) || text.is_empty();
        if line_start.is_none_or(|b| b == b'\n') || !blank {
            self.skip(source.len() - text.len());
        } else {
            self.skip(end);
        }
    }

    fn command(&mut self, preamble: bool) {
        let (source, at) = (self.source, self.at);
        let bytes = source.as_bytes();
        let letters = bytes[at + 1..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let past = at + 1 + letters;
        let name = &source[at + 1..past];
        if letters == 0 {
            // An escaped sign stands for itself; one of several bytes is stepped over in steps.
            self.at = (at + 1 + usize::from(bytes.get(at + 1).is_some_and(u8::is_ascii)))
                .min(source.len());
        } else if name == "verb" || name == "lstinline" {
            self.verb(past);
        } else if name == "begin" {
            self.at = past;
            self.begin(at);
        } else if source[at..].starts_with(END) && !preamble {
            self.keep(at);
            self.stream.wall(Wall::Text);
            self.code(source.len());
        } else if let Some((_, groups)) = DEFINITIONS.iter().find(|(d, _)| *d == name)
            && !preamble
            && self.definitions
        {
            match definition(bytes, past, *groups) {
                Some(end) => self.code(end),
                None => {
                    self.definitions = false;
                    self.at = past;
                }
            }
        } else {
            self.at = past;
        }
    }

    /// `\verb|…|`, on one line.
    fn verb(&mut self, past: usize) {
        let rest = self.source[past..].strip_prefix('*').unwrap_or(&self.source[past..]);
        let mut signs = rest.chars();
        let Some(sign) = signs.next().filter(|c| !c.is_whitespace() && !c.is_alphanumeric()) else {
            self.at = past;
            return;
        };
        let inside = signs.as_str();
        let close = if sign == '{' { '}' } else { sign };
        match inside.find([close, '\n']).filter(|n| inside[*n..].starts_with(close)) {
            Some(n) => self.code(self.source.len() - inside.len() + n + close.len_utf8()),
            None => self.at = past,
        }
    }

    fn begin(&mut self, at: usize) {
        let source = self.source;
        let Some(inside) = source[self.at..].strip_prefix('{') else { return };
        let longest = VERBATIM.iter().map(|v| v.len()).max().unwrap_or(0) + 1;
        let Some(close) = inside.bytes().take(longest).position(|b| b == b'}') else { return };
        let name = &inside[..close];
        let end = |from: usize| {
            let close = format!("\\end{{{name}}}");
            source[from..].find(&close).map_or(source.len(), |n| from + n + close.len())
        };
        if VERBATIM.contains(&name) {
            let end = end(self.at);
            self.at = at;
            self.keep(at);
            self.stream.wall(Wall::Text);
            self.code(end);
            self.stream.wall(Wall::Text);
        } else if name == "comment" {
            let end = end(self.at);
            self.keep(at);
            self.skip(end);
        }
    }
}

/// Where a definition ends whose command ends at `at`.
fn definition(bytes: &[u8], mut at: usize, groups: Option<usize>) -> Option<usize> {
    let Some(groups) = groups else {
        // `\def\name#1#2{…}`
        let brace = bytes[at..].iter().position(|b| matches!(b, b'{' | b'\n'))?;
        return group(bytes, at + brace);
    };
    if bytes.get(at) == Some(&b'*') {
        at += 1;
    }
    at = spaces(bytes, at);
    if bytes.get(at) == Some(&b'\\') {
        at += 1 + bytes[at + 1..].iter().take_while(|b| b.is_ascii_alphabetic()).count().max(1);
    } else {
        at = group(bytes, at)?;
    }
    while bytes.get(spaces(bytes, at)) == Some(&b'[') {
        at = spaces(bytes, at);
        at += bytes[at..].iter().position(|b| *b == b']')? + 1;
    }
    for _ in 0..groups {
        at = group(bytes, spaces(bytes, at))?;
    }
    Some(at)
}

fn spaces(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// Where the group ends that begins at `at`.
fn group(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    let (mut depth, mut escaped) = (0usize, false);
    for (n, byte) in bytes[at..].iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at + n + 1),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}
