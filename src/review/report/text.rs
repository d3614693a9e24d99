//! A review for people at a terminal: what was found in a sentence, a picture of each place where
//! there is something to say, and the table of marks.

use std::collections::BTreeMap;

use super::super::read::Lines;
use super::super::{Claim, Mark, Named, Review, Row};
use super::picture::picture;
use super::remark::{Remark, Topic, remarks};
use super::summary::{headline, kinds, read};
use super::words::{cut, lines, sentence, wrapped};

/// A narrower text has no room beside its margins.
const MIN_WIDTH: usize = 40;

/// How a review looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Style {
    /// With terminal escapes.
    pub colour: bool,
    /// With a list of all rows, each with its mark.
    pub all: bool,
    /// With the next line of a derivation in place of the change that would mend a row.
    pub hint: bool,
    /// The columns that there are, at least 40; 80 unless something else is said.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Style {
        Style { colour: false, all: false, hint: false, width: 80 }
    }
}

impl Style {
    /// The same with a change: `Style::default().with(|style| style.all = true)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Style)) -> Style {
        change(&mut self);
        self
    }
}

/// A review for people. `source` is the document, and `name` is what it is called
/// in front of a line: `notes.md`.
///
/// ```
/// use backproof::review::{read::DocumentFormat, report, review};
/// let text = r"Let $y = x^2$. Then $\frac{dy}{dx} = x$.";
/// let review = review(text, DocumentFormat::Markdown, None)?;
/// let report = report::text(&review, text, "notes.md", report::Style::default());
/// assert!(report.starts_with("notes.md: 1 row is refuted (line 1)."));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn text(review: &Review, source: &str, name: &str, style: Style) -> String {
    let width = style.width.max(MIN_WIDTH);
    let style = style.with(|style| style.width = width);
    let mut out = String::new();
    let paragraph = |out: &mut String, text: &str| {
        wrapped(text, width).iter().for_each(|line| push(out, line));
    };
    paragraph(&mut out, &format!("{name}: {}.", headline(review)));
    if let Some(convention) = &review.convention {
        paragraph(&mut out, &format!("The author's own convention: {convention}."));
    }
    let lines = Lines::of(source);
    let all = remarks(review);
    let mut shared = shared(&all, &lines);
    for remark in all.iter().filter(|remark| LISTED.iter().all(|(t, _)| *t != remark.topic)) {
        let also = match remark.topic {
            // The first has the picture, and names the others.
            Topic::Undecided => match shared.remove(remark.message.as_str()) {
                Some(also) => also,
                None => continue,
            },
            _ => Vec::new(),
        };
        out.push('\n');
        push(&mut out, &picture(remark, &also, source, &lines, name, style));
    }
    for (topic, heading) in LISTED {
        if let Some(list) = list(&all, *topic, &lines, width) {
            out.push('\n');
            push(&mut out, heading);
            out.push_str(&list);
        }
    }
    if style.all {
        out.push('\n');
        review.rows.iter().for_each(|row| margin(row, width, &mut out));
    }
    out.push('\n');
    table(review, width, &mut out);
    out
}

fn push(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// The lines that are undecided for each reason, but for the first.
fn shared<'r>(all: &'r [Remark<'_>], places: &Lines<'_>) -> BTreeMap<&'r str, Vec<usize>> {
    let mut shared: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for remark in all.iter().filter(|remark| remark.topic == Topic::Undecided) {
        let line = places.place(remark.source.start).line;
        shared.entry(&remark.message).or_default().push(line);
    }
    for at in shared.values_mut() {
        at.dedup();
        at.remove(0);
    }
    shared
}

/// What has no picture, for it is frequent and no fault: a line for each message.
const LISTED: &[(Topic, &str)] =
    &[(Topic::NewMeaning, "Names that are used anew:"), (Topic::OutOfScope, "Not judged:")];

/// The messages of a topic, each with its lines.
fn list(all: &[Remark<'_>], topic: Topic, places: &Lines<'_>, width: usize) -> Option<String> {
    let mut reasons: Vec<(&str, Vec<usize>)> = Vec::new();
    let mut more = 0;
    for remark in all.iter().filter(|remark| remark.topic == topic) {
        let line = places.place(remark.source.start).line;
        match reasons.iter().position(|(reason, _)| *reason == remark.message) {
            Some(nth) if reasons[nth].1.last() == Some(&line) => {}
            Some(nth) => reasons[nth].1.push(line),
            None if reasons.len() == MAX_LISTED => more += 1,
            None => reasons.push((&remark.message, vec![line])),
        }
    }
    let mut out = String::new();
    for (reason, at) in &reasons {
        for (nth, line) in
            wrapped(&format!("{}: {reason}", lines(at)), width - 4).iter().enumerate()
        {
            push(&mut out, &format!("{}{line}", if nth == 0 { "  " } else { "    " }));
        }
    }
    if more > 0 {
        push(&mut out, &format!("  and {more} more"));
    }
    (!out.is_empty()).then_some(out)
}

/// The most messages of one topic that are listed; the rest is counted.
const MAX_LISTED: usize = 40;
/// The column where a row's text begins.
const MARGIN: usize = 6 + 2 + 12 + 2;

/// A row with its mark in front, and what else was found of it below.
fn margin(row: &Row, width: usize, out: &mut String) {
    let Some(mark) = row.mark() else { return };
    let line = format!("{:>6}  {:<12}  {}", row.line, mark.word(), cut(&row.text, width - MARGIN));
    push(out, line.trim_end());
    for claim in &row.claims {
        for said in read_as(claim).into_iter().chain(aside(&claim.mark)) {
            for line in wrapped(&said, width - MARGIN - 2) {
                push(out, &format!("{:MARGIN$}  {line}", ""));
            }
        }
    }
}

/// `read as ∂E/∂w = (y − t)·x (E of line 3, y of line 4)`; nothing where it says no more than what
/// was written.
fn read_as(claim: &Claim) -> Option<String> {
    let reading = claim.reading.as_ref()?;
    let mut places: Vec<(Option<usize>, Vec<&str>)> = Vec::new();
    for Named { name, line } in &reading.names {
        match places.iter_mut().find(|(place, _)| place == line) {
            Some((_, names)) => names.push(name),
            None => places.push((*line, vec![name])),
        }
    }
    let of = |(line, names): &(Option<usize>, Vec<&str>)| match line {
        Some(line) => format!("{} of line {line}", names.join(", ")),
        None => format!("{} of the network", names.join(", ")),
    };
    let names = places.iter().map(of).collect::<Vec<_>>().join("; ");
    let plain = |text: &str| -> String { text.split([' ', '&', '{', '}', '\n']).collect() };
    match (plain(&reading.text) == plain(&claim.text), names.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("with {names}")),
        (false, true) => Some(format!("read as {}", reading.text)),
        (false, false) => Some(format!("read as {} ({names})", reading.text)),
    }
}

/// What a mark says besides its word, where that is short; the rest has its picture.
fn aside(mark: &Mark) -> Option<String> {
    match mark {
        Mark::Proved { given, .. } if !given.is_empty() => {
            Some(format!("given {}", given.join(", ")))
        }
        Mark::Follows { line } => Some(format!("correct, given line {line}")),
        Mark::Refuted(wrong) => Some(wrong.message.clone()),
        Mark::Undecided { reason } | Mark::Unread { reason } => Some(reason.clone()),
        Mark::Definition { agrees: true } => Some("as in the network".to_string()),
        Mark::Assumption { what } | Mark::OutOfScope { what } => Some(what.clone()),
        Mark::Rule { name } => Some((*name).to_string()),
        Mark::Proved { .. } | Mark::Definition { .. } | Mark::Update => None,
    }
}

/// How many rows there are of each kind.
fn table(review: &Review, width: usize, out: &mut String) {
    wrapped(&sentence(&read(review)), width).iter().for_each(|line| push(out, line));
    let kinds = kinds(review);
    let digits = kinds.iter().map(|kind| kind.rows.to_string().len()).max().unwrap_or(1);
    for kind in kinds {
        let count = format!("  {:<12}  {:>digits$}   ", kind.name, kind.rows);
        let mut remark = wrapped(&kind.remark, width - count.len()).into_iter();
        push(out, format!("{count}{}", remark.next().unwrap_or_default()).trim_end());
        let indent = count.len();
        remark.for_each(|line| push(out, &format!("{:indent$}{line}", "")));
    }
}
