//! A review as SARIF 2.1.0 (Static Analysis Results Interchange Format, OASIS), so that a code
//! host shows each remark at its line.
//!
//! Only the part of the format that is used is written here, as plain data: crates that have all
//! of it generate it from its schema at build time, and cost more to compile than the rest of
//! the reports together. What always holds: a fix replaces bytes of the document by bytes that
//! mean the repair in the document's own format; where escapes would be needed, there is no fix.

use std::ops::Range;

use serde::Serialize;

use super::super::read::{DocumentFormat, Lines};
use super::super::{Repair, Review};
use super::remark::{Gravity, Remark, TOPICS, counterexample, following, remarks, repair};
use super::words::{lines, sentence, stopped};

/// The document that a review is of, as a SARIF file names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artifact<'a> {
    /// Its path, relative to the root of the repository for a code host.
    pub path: &'a str,
    /// Its text.
    pub source: &'a str,
    /// The format that it was read as.
    pub format: DocumentFormat,
}

impl<'a> Artifact<'a> {
    /// The document at that path, with that text, read as that format.
    pub fn new(path: &'a str, source: &'a str, format: DocumentFormat) -> Artifact<'a> {
        Artifact { path, source, format }
    }
}

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// A review as a SARIF log, indented, with a line break at the end. Columns count UTF-16 code
/// units, as the format has them by default.
///
/// ```
/// use backproof::review::{read::DocumentFormat, report, review};
/// let (source, format) = ("Let $y = x^2$. Then $\\frac{dy}{dx} = x$.", DocumentFormat::Markdown);
/// let artifact = report::Artifact::new("notes.md", source, format);
/// let log = report::sarif(&review(source, format, None)?, artifact);
/// assert!(log.contains(r#""ruleId": "refuted""#));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn sarif(review: &Review, artifact: Artifact<'_>) -> String {
    sarif_of_all(&[(review, artifact)])
}

/// Reviews of several documents as one SARIF log with one run.
pub fn sarif_of_all(reviews: &[(&Review, Artifact<'_>)]) -> String {
    let findings = reviews.iter().flat_map(|(review, artifact)| {
        let at = Places::of(*artifact);
        remarks(review).iter().map(|remark| result(remark, &at)).collect::<Vec<Finding>>()
    });
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "backproof",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: rules(),
                },
            },
            column_kind: "utf16CodeUnits",
            results: findings.collect(),
        }],
    };
    // Strings, numbers and lists of them: nothing that JSON could not hold.
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Finding>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Message,
    full_description: Message,
    help: Message,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

/// What the format calls a result.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Related>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Related {
    id: usize,
    message: Message,
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Uri,
    region: Region,
}

#[derive(Serialize)]
struct Uri {
    uri: String,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix {
    description: Message,
    artifact_changes: [Change; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    artifact_location: Uri,
    replacements: [Replacement; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Message,
}

fn level(gravity: Gravity) -> &'static str {
    match gravity {
        Gravity::Error => "error",
        Gravity::Warning => "warning",
        Gravity::Note => "note",
    }
}

fn rules() -> Vec<Descriptor> {
    let message = |text: &str| Message { text: text.to_string() };
    let rule = |facts: &super::remark::Facts| Descriptor {
        id: facts.id,
        short_description: message(facts.short),
        full_description: message(&format!("{} {}", facts.short, facts.full)),
        help: message(facts.full),
        default_configuration: Configuration { level: level(facts.gravity) },
    };
    TOPICS.iter().map(rule).collect()
}

fn result(remark: &Remark<'_>, at: &Places<'_>) -> Finding {
    let facts = remark.topic.facts();
    let mut message = stopped(&remark.message);
    let more = [
        remark.counterexample.map(counterexample),
        remark.repair.map(|found| repair(found, |text| format!("`{text}`"))),
        following(&remark.following),
    ];
    for text in more.into_iter().flatten() {
        message.push(' ');
        message.push_str(&sentence(&text));
    }
    let related = remark.following.iter().enumerate().map(|(nth, row)| Related {
        id: nth + 1,
        message: Message { text: format!("{} follows correctly", lines(&[row.line])) },
        physical_location: at.physical(&row.source),
    });
    Finding {
        rule_id: facts.id,
        rule_index: remark.topic as usize,
        level: level(facts.gravity),
        message: Message { text: message },
        locations: [Location { physical_location: at.physical(&remark.source) }],
        related_locations: related.collect(),
        fixes: remark.repair.and_then(|found| fix(found, at)).into_iter().collect(),
    }
}

fn fix(found: &Repair, at: &Places<'_>) -> Option<Fix> {
    // In these formats, other text than it stands here would have to be put in.
    let escaped: &[char] = match at.format {
        DocumentFormat::Notebook => &['\\', '"', '\n', '\t'],
        DocumentFormat::Html => &['&', '<', '>'],
        DocumentFormat::Latex
        | DocumentFormat::Markdown
        | DocumentFormat::Text
        | DocumentFormat::Rst => &[],
    };
    (!found.to.contains(escaped)).then(|| Fix {
        description: Message { text: stopped(&repair(found, |text| format!("`{text}`"))) },
        artifact_changes: [Change {
            artifact_location: at.uri(),
            replacements: [Replacement {
                deleted_region: at.region(&found.source),
                inserted_content: Message { text: found.to.clone() },
            }],
        }],
    })
}

/// Lines and columns as the format counts them.
struct Places<'a> {
    uri: String,
    format: DocumentFormat,
    lines: Lines<'a>,
    /// Where each line begins.
    starts: Vec<usize>,
    /// Where characters stand that are two code units in UTF-16.
    pairs: Vec<usize>,
}

impl Places<'_> {
    fn of(artifact: Artifact<'_>) -> Places<'_> {
        let source = artifact.source;
        let breaks = source.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        let pairs = source.char_indices().filter(|(_, c)| c.len_utf16() == 2).map(|(at, _)| at);
        Places {
            uri: uri(artifact.path),
            format: artifact.format,
            lines: Lines::of(source),
            starts: std::iter::once(0).chain(breaks).collect(),
            pairs: pairs.collect(),
        }
    }

    fn uri(&self) -> Uri {
        Uri { uri: self.uri.clone() }
    }

    fn physical(&self, source: &Range<usize>) -> Physical {
        Physical { artifact_location: self.uri(), region: self.region(source) }
    }

    fn region(&self, source: &Range<usize>) -> Region {
        let (start_line, start_column) = self.place(source.start);
        let (end_line, end_column) = self.place(source.end.max(source.start));
        Region { start_line, start_column, end_line, end_column }
    }

    fn place(&self, at: usize) -> (usize, usize) {
        let place = self.lines.place(at);
        let start = self.starts.get(place.line - 1).copied().unwrap_or(0);
        let before = |end: usize| self.pairs.partition_point(|pair| *pair < end);
        (place.line, place.column + before(at.max(start)) - before(start))
    }
}

/// A path as a URI reference: `notes%20on%20cnn.md`; what is no plain letter is escaped.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let drive = path.as_bytes().get(1) == Some(&b':');
    let mut out = match (path.starts_with('/'), drive) {
        (true, _) => "file://".to_string(),
        (false, true) => "file:///".to_string(),
        (false, false) => String::new(),
    };
    for (nth, byte) in path.bytes().enumerate() {
        match byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) || (drive && nth == 1) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
