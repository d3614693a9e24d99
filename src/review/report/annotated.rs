//! A copy of the document with what a reader would write into its margin: block quotes of
//! Markdown after the formulas that they are about.
//!
//! What always holds: without the quotes and the summary at the end, the copy is the document
//! (of a notebook: its cells in Markdown); no quote stands within a formula or a block of code.

use std::borrow::Cow;
use std::ops::Range;

use super::super::read::{self, DocumentFormat, Lines, Piece, Setting};
use super::super::{Repair, Review};
use super::remark::{Remark, counterexample, following, remarks, repair};
use super::summary::{headline, kinds, read as rows_read};
use super::words::{cut, sentence, stopped};

/// So much of a formula is repeated in a remark, in columns.
const EXCERPT: usize = 48;
/// A longer statement is not repeated as it should read, in bytes.
const MAX_MENDED: usize = 200;

/// A copy of `source` in Markdown with the marks of its review.
///
/// ```
/// use backproof::review::{read::DocumentFormat, report, review};
/// let text = "Let $y = x^2$. Then\n\n$$\\frac{dy}{dx} = x$$\n";
/// let review = review(text, DocumentFormat::Markdown, None)?;
/// let copy = report::annotated(&review, text, DocumentFormat::Markdown);
/// assert!(copy.contains("\n> ✗ line 3, "));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn annotated(review: &Review, source: &str, format: DocumentFormat) -> String {
    let body = Body::of(source, format);
    let ends = paragraph_ends(&body, format);
    let lines = Lines::of(source);
    let mut quotes: Vec<(usize, String, String)> = Vec::new();
    for remark in remarks(review) {
        let (at, indent) = body.place_after(remark.source.start, &ends);
        quotes.push((at, indent, quote(&remark, source, &lines)));
    }
    // Remarks on the same paragraph stay in the order of the document.
    quotes.sort_by_key(|(at, ..)| *at);
    let mut out = String::new();
    let mut done = 0;
    for together in quotes.chunk_by(|a, b| a.0 == b.0) {
        let (at, indent, _) = &together[0];
        out.push_str(&body.text[done..*at]);
        done = *at;
        end_line(&mut out);
        for (nth, (_, _, text)) in together.iter().enumerate() {
            let gap = if nth == 0 { String::new() } else { format!("{indent}>") };
            out.push_str(&format!("{gap}\n{indent}> {text}\n"));
        }
        let next = body.text[done..].lines().next();
        if next.is_some_and(|line| !line.trim().is_empty()) {
            out.push('\n');
        }
    }
    out.push_str(&body.text[done..]);
    end_line(&mut out);
    out.push_str(&summary(review));
    out
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// A remark as a paragraph of Markdown.
fn quote(remark: &Remark<'_>, source: &str, lines: &Lines<'_>) -> String {
    let facts = remark.topic.facts();
    let mut out = format!("{} line {}", facts.sign, lines.place(remark.source.start).line);
    if !remark.text.trim().is_empty() {
        out.push_str(&format!(", {}", code(&cut(remark.text, EXCERPT))));
    }
    out.push_str(&format!(": {}", escaped(&stopped(&remark.message))));
    let more = [
        remark.counterexample.map(|found| escaped(&sentence(&counterexample(found)))),
        remark.repair.map(|found| sentence(&mended(found, remark, source))),
        following(&remark.following).map(|text| sentence(&text)),
    ];
    for text in more.into_iter().flatten() {
        out.push(' ');
        out.push_str(&text);
    }
    out
}

/// What is to be done, and how the statement reads then, if it is short.
fn mended(found: &Repair, remark: &Remark<'_>, source: &str) -> String {
    let (whole, at) = (&remark.source, &found.source);
    let said = repair(found, code);
    if at == whole || at.start < whole.start || whole.end < at.end {
        return said;
    }
    match (source.get(whole.start..at.start), source.get(at.end..whole.end)) {
        (Some(before), Some(after)) if before.len() + after.len() < MAX_MENDED => {
            let statement = [before, &found.to, after].concat();
            format!("{said}: {}", code(&statement))
        }
        _ => said,
    }
}

/// A piece of code, whatever stands in it.
fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match text.starts_with('`') || text.ends_with('`') {
        true => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

/// A message as Markdown shows it; what it puts between backticks is code there, too.
fn escaped(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() % 2 == 1;
    let part = |(nth, part): (usize, &&str)| match nth % 2 == 1 && paired {
        true => code(part),
        false => words(part),
    };
    let shown: Vec<String> = parts.iter().enumerate().map(part).collect();
    shown.join(if paired { "" } else { "\\`" })
}

/// Words in which no sign means anything to Markdown.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut last = ' ';
    while let Some(c) = letters.next() {
        // Between two letters, an underscore is itself.
        let inside = last.is_alphanumeric() && letters.peek().is_some_and(|c| c.is_alphanumeric());
        if "\\*{}[]<>#|$~".contains(c) || (c == '_' && !inside) {
            out.push('\\');
        }
        out.push(c);
        last = c;
    }
    out
}

/// What the copy ends with.
fn summary(review: &Review) -> String {
    let mut out = format!("\n---\n\n{}\n", escaped(&sentence(&headline(review))));
    if let Some(convention) = &review.convention {
        let convention = escaped(convention);
        out.push_str(&format!("\nThe author's own convention: {convention}.\n"));
    }
    out.push_str(&format!(
        "\n{}\n\n| mark | rows | |\n|---|---:|---|\n",
        sentence(&rows_read(review))
    ));
    for kind in kinds(review) {
        let sign = match kind.name {
            "proved" | "follow" => "✓ ",
            "refuted" => "✗ ",
            "undecided" | "not read" => "? ",
            _ => "",
        };
        out.push_str(&format!("| {sign}{} | {} | {} |\n", kind.name, kind.rows, kind.remark));
    }
    out
}

/// The text that is copied, and where its formulas stand.
struct Body<'a> {
    text: Cow<'a, str>,
    pieces: Vec<Placed>,
}

/// A piece of the document.
struct Placed {
    /// Where it stands in the document.
    source: Range<usize>,
    /// Where it stands in the copy.
    text: Range<usize>,
    /// How, if it is a formula.
    setting: Option<Setting>,
}

impl Body<'_> {
    fn of(document: &str, format: DocumentFormat) -> Body<'_> {
        // What was reviewed can be read; if it is not, its paragraphs are still known.
        let pieces = read::pieces(document, format).unwrap_or_default();
        let mut text = String::new();
        let mut placed: Vec<Placed> = Vec::new();
        for piece in &pieces {
            let passage = piece.passage();
            let source = passage.source(0..passage.text.len());
            let (setting, marks) = match piece {
                Piece::Words(_) => (None, ""),
                Piece::Formula(_, setting) => (Some(*setting), marks(&passage.text, *setting)),
                Piece::Unclosed(_, unclosed) => (Some(unclosed.setting), ""),
            };
            let range = match format {
                DocumentFormat::Notebook => {
                    let last = placed.last().map_or(0, |last| last.source.end);
                    // Between two cells, one object of the notebook ends.
                    if document.get(last..source.start).is_some_and(|gap| gap.contains('}'))
                        && !passage.text.starts_with("\n\n")
                    {
                        text.push_str("\n\n");
                    }
                    text.push_str(marks);
                    let start = text.len();
                    text.push_str(&passage.text);
                    let end = text.len();
                    text.push_str(marks);
                    start..end
                }
                _ => source.clone(),
            };
            placed.push(Placed { source, text: range, setting });
        }
        let text = match format {
            DocumentFormat::Notebook => Cow::Owned(text),
            _ => Cow::Borrowed(document),
        };
        Body { text, pieces: placed }
    }

    /// Where a remark on a place of the document goes, and how far it is indented there.
    fn place_after(&self, source: usize, ends: &[usize]) -> (usize, String) {
        let nth = self.pieces.partition_point(|piece| piece.source.start <= source);
        let piece = nth.checked_sub(1).map(|nth| &self.pieces[nth]);
        let whole = self.text.len();
        let Some(piece) = piece else { return (next(ends, source, whole), String::new()) };
        let Some(setting) = piece.setting else {
            // Of words that were put together from escapes, the place is near enough.
            let inside = source - piece.source.start;
            let at = (piece.text.start + inside).min(piece.text.end);
            return (next(ends, at, whole), String::new());
        };
        let at = piece.text.end;
        let indent = self.indent(piece.text.start);
        let soon = (setting == Setting::Display).then(|| self.end_of_display(at)).flatten();
        match (soon, indent) {
            (Some(soon), Some(indent)) => (soon, indent),
            _ => (next(ends, at, whole), String::new()),
        }
    }

    /// The space in front of the line, if nothing but space stands before the formula's opening.
    fn indent(&self, at: usize) -> Option<String> {
        let start = self.text[..at].rfind('\n').map_or(0, |n| n + 1);
        let before = &self.text[start..at];
        let space = &before[..before.len() - before.trim_start().len()];
        let quoted = before.trim_start().starts_with('>');
        (!quoted).then(|| space.to_string())
    }

    /// The beginning of the line after a display, if nothing follows it on its own.
    fn end_of_display(&self, at: usize) -> Option<usize> {
        let rest = self.text[at..].trim_start();
        let rest = CLOSERS
            .iter()
            .find_map(|closer| rest.strip_prefix(closer))
            .or_else(|| self.text[..at].trim_end().ends_with('}').then_some(&self.text[at..]))?;
        let line = rest.split('\n').next().unwrap_or_default();
        let alone = line.chars().all(|c| c.is_whitespace() || ".,;".contains(c));
        let end = self.text.len() - rest.len() + line.len();
        alone.then(|| (end + 1).min(self.text.len()))
    }
}

/// What closes a display.
const CLOSERS: &[&str] = &["$$", "\\]", "```", "~~~"];

/// What encloses a formula of a notebook in the copy.
fn marks(formula: &str, setting: Setting) -> &'static str {
    match setting {
        Setting::Inline => "$",
        Setting::Display if formula.trim_start().starts_with("\\begin") => "",
        Setting::Display => "$$",
    }
}

fn next(ends: &[usize], at: usize, whole: usize) -> usize {
    ends.get(ends.partition_point(|end| *end < at)).copied().unwrap_or(whole)
}

/// Where blank lines begin that end a paragraph: none within a formula or a block of code.
fn paragraph_ends(body: &Body<'_>, format: DocumentFormat) -> Vec<usize> {
    let fenced = matches!(format, DocumentFormat::Markdown | DocumentFormat::Notebook);
    let mut formulas = body.pieces.iter().filter(|p| p.setting.is_some()).peekable();
    let mut fence: Option<&str> = None;
    let mut ends = Vec::new();
    let mut at = 0;
    for line in body.text.split_inclusive('\n') {
        let words = line.trim();
        if fenced {
            let mark = ["```", "~~~"].into_iter().find(|mark| words.starts_with(mark));
            fence = match (fence, mark) {
                (None, mark) => mark,
                (Some(open), Some(mark))
                    if open == mark && words.trim_matches(['`', '~']).is_empty() =>
                {
                    None
                }
                (open, _) => open,
            };
        }
        while formulas.next_if(|formula| formula.text.end <= at).is_some() {}
        let inside = formulas.peek().is_some_and(|formula| formula.text.start < at);
        if words.is_empty() && fence.is_none() && !inside {
            ends.push(at);
        }
        at += line.len();
    }
    ends
}
