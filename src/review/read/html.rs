//! HTML, laid out: tags and comments go, entities are resolved, blocks end paragraphs; code is
//! code; formulas in elements of their own (MathJax's scripts, the TeX that MathML carries along)
//! are taken as they are.

use std::ops::Range;

use html5gum::{DefaultEmitter, HtmlString, StartTag, Token, Tokenizer};

use super::Setting;
use super::passage::Passage;
use super::stream::{Dollars, Rules, Settled, Stream, Wall};

/// The elements before and after which a text ends.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "legend",
    "li",
    "main",
    "nav",
    "ol",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];

/// The elements in which nothing is maths.
const CODE: &[&str] = &["pre", "code", "kbd", "samp", "tt", "textarea", "xmp"];

/// The elements that are not seen.
const UNSEEN: &[&str] = &["style", "script", "template", "iframe", "noframes"];

/// The elements without an end.
const EMPTY: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];

/// What renderers of maths leave in a page beside its TeX: the picture of it.
const PICTURES: &[&str] = &[
    "katex-html",
    "MathJax",
    "MathJax_Display",
    "MathJax_Preview",
    "MathJax_CHTML",
    "MathJax_SVG",
    "MathJax_SVG_Display",
    "MJXc-display",
];

/// Where MathJax is told not to look.
const IGNORED: &[&str] = &["tex2jax_ignore", "mathjax_ignore"];

/// The stream of an HTML document.
pub fn stream(source: &str) -> (Stream, Rules) {
    let mut stream = Stream::new();
    feed(&mut stream, source, 0..source.len());
    let rules =
        Rules { dollars: Dollars::Prose, blank_lines: false, delimiters: true, markdown: false };
    (stream, rules)
}

/// An element that is taken as a whole.
struct Element {
    name: HtmlString,
    /// How many of this name are open.
    depth: usize,
    kind: Whole,
    /// Where it began in the stream.
    start: usize,
}

enum Whole {
    Unseen,
    Code,
    /// The formula so far.
    Script(Setting, Passage),
    /// How it stands, whether its TeX is being read, and the TeX.
    Math(Setting, bool, Option<Passage>),
}

/// Adds a stretch of HTML to a stream.
pub fn feed(stream: &mut Stream, source: &str, range: Range<usize>) {
    let html = &source[range.clone()];
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut reader = Reader { stream, source, whole: None };
    let mut done = range.start;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        let span = match &token {
            Token::StartTag(tag) => tag.span,
            Token::EndTag(tag) => tag.span,
            Token::Comment(comment) => comment.span,
            Token::Doctype(doctype) => doctype.span,
            Token::String(_) | Token::Error(_) => continue,
        };
        let place =
            range.start + span.start.min(html.len())..range.start + span.end.min(html.len());
        if place.start < done || place.end < place.start {
            continue;
        }
        reader.text(done..place.start);
        done = place.end;
        match token {
            Token::StartTag(tag) => reader.open(&tag, place),
            Token::EndTag(tag) => reader.close(&tag.name, place),
            _ => {}
        }
    }
    reader.text(done..range.end);
    reader.finish(range.end);
}

struct Reader<'a, 's> {
    stream: &'s mut Stream,
    source: &'a str,
    whole: Option<Element>,
}

impl Reader<'_, '_> {
    fn text(&mut self, range: Range<usize>) {
        let text = &mut self.stream.text;
        match self.whole.as_mut().map(|element| &mut element.kind) {
            Some(Whole::Unseen) => {}
            Some(Whole::Script(_, body)) => body.push(self.source, range),
            Some(Whole::Math(_, true, Some(body))) => {
                push_decoded(body, self.source, range, Entities::Html);
            }
            Some(Whole::Math(..) | Whole::Code) | None => {
                push_decoded(text, self.source, range, Entities::Html);
            }
        }
    }

    fn open(&mut self, tag: &StartTag<usize>, place: Range<usize>) {
        // A paragraph without its end is ended by the next block.
        let block = BLOCKS.iter().any(|b| is(&tag.name, b)) || is(&tag.name, "p");
        let paragraph = |e: &Element| matches!(e.kind, Whole::Unseen) && is(&e.name, "p");
        if block && self.whole.as_ref().is_some_and(paragraph) {
            self.finish(place.start);
        }
        if let Some(element) = &mut self.whole {
            if element.name == tag.name && !tag.self_closing {
                element.depth += 1;
            }
            if let Whole::Math(_, reading, body @ None) = &mut element.kind
                && is(&tag.name, "annotation")
                && value(tag, "encoding").eq_ignore_ascii_case("application/x-tex")
            {
                (*reading, *body) = (true, Some(Passage::empty(place.end)));
            }
            return;
        }
        self.edge(&tag.name, place.clone());
        self.begins(&tag.name, &place);
        if let Some(kind) = whole(tag, place.end)
            && !(tag.self_closing && is(&tag.name, "math"))
        {
            let start = self.stream.len();
            self.whole = Some(Element { name: tag.name.clone(), depth: 1, kind, start });
        }
    }

    fn close(&mut self, name: &HtmlString, place: Range<usize>) {
        let Some(element) = &mut self.whole else { return self.edge(name, place) };
        if let Whole::Math(_, reading, _) = &mut element.kind
            && is(name, "annotation")
        {
            *reading = false;
        }
        if element.name == *name {
            element.depth -= 1;
            if element.depth == 0 {
                self.finish(place.end);
                self.edge(name, place);
            }
        }
    }

    /// The element that is taken as a whole ends.
    fn finish(&mut self, end: usize) {
        let Some(Element { kind, start, .. }) = self.whole.take() else { return };
        let (body, setting) = match kind {
            Whole::Unseen => return,
            Whole::Code | Whole::Math(_, _, None) => {
                return self.stream.mark(start, Settled::Code);
            }
            Whole::Script(setting, body) => (without_cdata(body), setting),
            Whole::Math(setting, _, Some(body)) => (body, setting),
        };
        self.stream.text.truncate(start);
        let from = body.source(0..0).start;
        // The formula itself is not searched; its place in the stream is held by a space, which
        // belongs to no other.
        self.stream.wall(Wall::Text);
        self.stream.text.push_as(" ", from..end.max(from));
        self.stream.formula(start, body, setting);
        self.stream.wall(Wall::Text);
    }

    /// What begins a section, an item of a list or a row of a table, as Markdown has it.
    fn begins(&mut self, name: &HtmlString, place: &Range<usize>) {
        const SIGNS: &[(&str, &str)] = &[
            ("h1", "# "),
            ("h2", "## "),
            ("h3", "### "),
            ("h4", "#### "),
            ("h5", "##### "),
            ("h6", "###### "),
            ("hr", "---\n"),
            ("li", "- "),
            ("tr", "| "),
        ];
        if let Some((_, sign)) = SIGNS.iter().find(|(element, _)| is(name, element)) {
            self.stream.text.push_as(sign, place.clone());
        }
    }

    /// The beginning or the end of an element may end a line, a paragraph, or all.
    fn edge(&mut self, name: &HtmlString, place: Range<usize>) {
        // The cells of a row stand beside one another.
        if is(name, "td") || is(name, "th") {
            self.stream.text.push_as(" ", place);
            self.stream.wall(Wall::Text);
            return;
        }
        let wall = if is(name, "br") {
            None
        } else if is(name, "p") {
            Some(Wall::Paragraph)
        } else if BLOCKS.iter().any(|b| is(name, b)) {
            Some(Wall::Text)
        } else {
            return;
        };
        self.stream.text.push_as("\n", place);
        if let Some(wall) = wall {
            self.stream.wall(wall);
        }
    }
}

fn is(name: &HtmlString, text: &str) -> bool {
    name.as_slice() == text.as_bytes()
}

fn value<'t>(tag: &'t StartTag<usize>, name: &str) -> &'t str {
    let value = tag.attributes.get(name.as_bytes());
    value.and_then(|v| std::str::from_utf8(&v.value.0).ok()).unwrap_or_default()
}

/// Whether an element is taken as a whole, and as what.
fn whole(tag: &StartTag<usize>, at: usize) -> Option<Whole> {
    let of = |names: &[&str]| names.iter().any(|n| is(&tag.name, n));
    let class = |names: &[&str]| value(tag, "class").split_whitespace().any(|c| names.contains(&c));
    if is(&tag.name, "script")
        && let Some(mode) = value(tag, "type").trim().strip_prefix("math/tex")
    {
        let display = mode.contains("display");
        let setting = if display { Setting::Display } else { Setting::Inline };
        return Some(Whole::Script(setting, Passage::empty(at)));
    }
    if is(&tag.name, "math") {
        let display = value(tag, "display") == "block";
        let setting = if display { Setting::Display } else { Setting::Inline };
        return Some(Whole::Math(setting, false, None));
    }
    if of(UNSEEN)
        || (is_hidden(tag) && !of(EMPTY))
        || (of(&["span", "div", "mjx-container"]) && class(PICTURES))
    {
        return Some(Whole::Unseen);
    }
    (of(CODE) || (of(&["span", "div", "p", "section"]) && class(IGNORED))).then_some(Whole::Code)
}

/// Whether a page says that an element is not to be shown.
fn is_hidden(tag: &StartTag<usize>) -> bool {
    let style: String = value(tag, "style").chars().filter(|c| !c.is_whitespace()).collect();
    let style = style.to_ascii_lowercase();
    let unseen = |rule: &str| {
        let rule = rule.trim_end_matches("!important");
        matches!(rule, "display:none" | "visibility:hidden")
    };
    tag.attributes.contains_key("hidden".as_bytes()) || style.split(';').any(unseen)
}

/// Whether this is the beginning of an element that is not shown.
pub fn hides(tag: &str) -> bool {
    Tokenizer::new_with_emitter(tag, DefaultEmitter::<usize>::new_with_span())
        .any(|token| matches!(token, Ok(Token::StartTag(tag)) if is_hidden(&tag)))
}

/// A script without the marks that hide it from XML: `% <![CDATA[` and `%]]>`.
fn without_cdata(body: Passage) -> Passage {
    let text = &body.text;
    let begin = text.trim_start();
    let rest = begin.strip_prefix('%').unwrap_or(begin).trim_start_matches([' ', '\t']);
    let Some(inside) = rest.strip_prefix("<![CDATA[") else { return body };
    let from = text.len() - inside.len();
    let end = inside.trim_end();
    let Some(end) = end.strip_suffix("]]>") else { return body };
    let end = end.trim_end_matches([' ', '\t']);
    let to = from + end.strip_suffix('%').unwrap_or(end).len();
    body.slice(from..to)
}

/// Which references to characters count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entities {
    /// Those that browsers know, some without a semicolon.
    Html,
    /// Those with a semicolon.
    Markdown,
}

/// The entities of nearly every document, which need no table, nor, in HTML, a semicolon.
const COMMON: &[(&str, &str)] =
    &[("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("nbsp", "\u{a0}")];

/// The longest name of an entity, or number with zeros in front.
const LONGEST: usize = 40;

/// Adds a stretch of the source whose references to characters are resolved.
pub fn push_decoded(passage: &mut Passage, source: &str, range: Range<usize>, entities: Entities) {
    let mut from = range.start;
    let text = &source[range.clone()];
    for (at, _) in text.match_indices('&') {
        let start = range.start + at;
        if start < from {
            continue;
        }
        let name = source[start + 1..range.end]
            .bytes()
            .take(LONGEST)
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'#')
            .count();
        let semicolon = source.as_bytes()[..range.end].get(start + 1 + name) == Some(&b';');
        if name == 0 || (!semicolon && entities == Entities::Markdown) {
            continue;
        }
        let end = start + 1 + name + usize::from(semicolon);
        let word = &source[start + 1..start + 1 + name];
        let meaning = match COMMON.iter().find(|(n, _)| *n == word) {
            Some((_, meaning)) => Some((*meaning).to_owned()),
            None => numbered(word).or_else(|| resolved(&source[start..end])),
        };
        if let Some(meaning) = meaning {
            passage.push(source, from..start);
            passage.push_as(&meaning, start..end);
            from = end;
        }
    }
    passage.push(source, from..range.end);
}

/// The sign with a number, if HTML takes it for what it is.
fn numbered(word: &str) -> Option<String> {
    let digits = word.strip_prefix('#')?;
    let number = match digits.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
        None => digits.parse().ok()?,
    };
    let replaced = number == 0 || number == 0xd || (0x80..0xa0).contains(&number);
    char::from_u32(number).filter(|_| !replaced).map(String::from)
}

/// What a reference stands for, if it is one.
fn resolved(reference: &str) -> Option<String> {
    let mut out = String::new();
    // Of the same kind as above: another one would be the whole tokenizer once more.
    let emitter = DefaultEmitter::<usize>::new_with_span();
    for token in Tokenizer::new_with_emitter(reference, emitter) {
        let Ok(token) = token;
        if let Token::String(text) = token {
            out.push_str(&String::from_utf8_lossy(&text.value));
        }
    }
    (out != reference).then_some(out)
}
