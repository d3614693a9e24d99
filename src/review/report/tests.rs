//! The outputs for a review that is made by hand and has every mark, and what holds for all.

use serde_json::Value;

use super::super::read::{DocumentFormat, Lines};
use super::super::{
    Claim, Counterexample, Mark, Note, NoteKind, Repair, Review, Row, Slip, Tally, Wrong,
};
use super::remark::{Gravity, TOPICS, remarks};
use super::{Artifact, Style, annotated, json, sarif, text};

const DOCUMENT: &str = r"# One neuron 𝒩 with one weight

Let $y = wx$, let $E = (t - y)^2/2$, and let $x = 2$.

$$
\begin{aligned}
\frac{\partial E}{\partial y} &= y - t \\
𝒩: \frac{\partial E}{\partial w} &= (y - t) \cdot t \\
&= yt - t^2 \\
&= t(y - t)
\end{aligned}
$$

By the chain rule, $\frac{dE}{dw} = \frac{dE}{dy} \cdot \frac{dy}{dw}$, as in eq. (1.6).

- A step of learning:

  $$w \leftarrow w - \eta \frac{\partial E}{\partial w}$$
  then another.

The greatest of $\max\{a, b, a\}$ is $a$, and $\frac{\partial E}{\partial q} = 0$.
With $\nabla_W E = \delta x^T$ and $W' = W - \eta \nabla_W E$ it goes on to $\frac{1}{y$.

$$E = \sum_i (t_i - y_i)^2 = 14.5$$
";

/// The place of the first `text` after the first `after`.
fn find(after: &str, text: &str) -> std::ops::Range<usize> {
    let from = DOCUMENT.find(after).expect("it stands in the document");
    let at = from + DOCUMENT[from..].find(text).expect("it follows");
    at..at + text.len()
}

fn row(text: &str, marks: Vec<Mark>) -> Row {
    let source = find(text, text);
    let place = Lines::of(DOCUMENT).place(source.start);
    let claims = marks.into_iter().map(|mark| {
        let (source, text) = (source.clone(), text.to_string());
        Claim { source, text, reading: None, mark, hint: None }
    });
    Row {
        cell: None,
        source: source.clone(),
        line: place.line,
        column: place.column,
        text: text.to_string(),
        label: None,
        claims: claims.collect(),
    }
}

fn note(kind: NoteKind, after: &str, text: &str, message: &str) -> Note {
    let source = find(after, text);
    let place = Lines::of(DOCUMENT).place(source.start);
    Note { kind, source, line: place.line, column: place.column, message: message.to_string() }
}

fn proved(error_bound: Option<f64>, given: &[&str]) -> Mark {
    Mark::Proved { error_bound, given: given.iter().map(|g| g.to_string()).collect() }
}

/// A review that has every mark and every kind of note.
fn sample() -> Review {
    let point = |names: &[&str]| {
        let value = |(nth, name): (usize, &&str)| (name.to_string(), (nth + 2).to_string());
        names.iter().enumerate().map(value).collect()
    };
    let wrong = Wrong {
        message: "the two sides are not equal".to_string(),
        counterexample: Some(Counterexample {
            point: point(&["w", "x", "t"]),
            left: "6".to_string(),
            right: "8".to_string(),
        }),
        repair: Some(Repair {
            source: {
                let at = find(r"\cdot t", r"\cdot t");
                at.end - 1..at.end
            },
            from: "t".to_string(),
            to: "x".to_string(),
            slip: Some(Slip::Name),
        }),
    };
    let names: Vec<String> = (0..15).map(|n| format!("c_{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let numbers = Wrong {
        message: "the numbers are not equal: the left side is 13".to_string(),
        counterexample: Some(Counterexample {
            point: point(&names),
            left: "13".to_string(),
            right: "29/2".to_string(),
        }),
        repair: None,
    };
    let mut label = row(r"\frac{\partial E}{\partial y} &= y - t", vec![proved(None, &["t"])]);
    label.label = Some("1.1".to_string());
    Review {
        rows: vec![
            row("y = wx", vec![Mark::Definition { agrees: true }]),
            row("E = (t - y)^2/2", vec![Mark::Definition { agrees: false }]),
            row("x = 2", vec![Mark::Assumption { what: "x is 2".to_string() }]),
            label,
            row(
                r"\frac{\partial E}{\partial w} &= (y - t) \cdot t",
                vec![Mark::Refuted(Box::new(wrong))],
            ),
            row("&= yt - t^2", vec![Mark::Follows { line: 8 }]),
            row("&= t(y - t)", vec![proved(Some(1e-30), &[])]),
            row(
                r"\frac{dE}{dw} = \frac{dE}{dy} \cdot \frac{dy}{dw}",
                vec![Mark::Rule { name: "chain rule" }],
            ),
            row(r"w \leftarrow w - \eta \frac{\partial E}{\partial w}", vec![Mark::Update]),
            row(
                r"\frac{\partial E}{\partial q} = 0",
                vec![Mark::Undecided { reason: "q has no definition".to_string() }],
            ),
            row(
                r"\nabla_W E = \delta x^T",
                vec![Mark::OutOfScope { what: "a gradient by a matrix".to_string() }],
            ),
            row(
                r"W' = W - \eta \nabla_W E",
                vec![Mark::OutOfScope { what: "a gradient by a matrix".to_string() }],
            ),
            row(
                r"\frac{1}{y",
                vec![Mark::Unread { reason: "the brace is never closed".to_string() }],
            ),
            row(
                r"E = \sum_i (t_i - y_i)^2 = 14.5",
                vec![Mark::Refuted(Box::new(numbers)), Mark::Follows { line: 99 }],
            ),
        ],
        notes: vec![
            note(
                NoteKind::Reading,
                "{aligned}",
                "𝒩:",
                "`𝒩:` was taken for a word, not for a factor",
            ),
            note(
                NoteKind::Reference,
                "(1.6)",
                "(1.6)",
                "there is no equation (1.6) in this document",
            ),
            note(NoteKind::Repeated, "a\\}", "a", "a stands twice in this list"),
            note(NoteKind::NewMeaning, r"E = \sum", "E", "E has a new meaning from here on"),
        ],
        convention: Some("indices count from 1; the column comes before the row".to_string()),
        tally: Tally {
            rows: 14,
            read: 13,
            proved: 2,
            following: 1,
            refuted: 2,
            undecided: 1,
            definitions: 3,
            assumptions: 1,
            rules: 1,
            out_of_scope: 2,
        },
    }
}

/// A review in which all is well.
fn good() -> Review {
    let mut review = sample();
    review.rows.truncate(4);
    review.notes.clear();
    review.convention = None;
    review.tally =
        Tally { rows: 4, read: 4, proved: 1, definitions: 2, assumptions: 1, ..Tally::default() };
    review
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}

fn artifact() -> Artifact<'static> {
    Artifact { path: "docs/one neuron.md", source: DOCUMENT, format: DocumentFormat::Markdown }
}

#[test]
fn for_people() {
    let all = Style::default().with(|style| style.all = true);
    snapshot("text", &text(&sample(), DOCUMENT, "neuron.md", Style::default()));
    snapshot("text_all", &text(&sample(), DOCUMENT, "neuron.md", all));
    snapshot("text_good", &text(&good(), DOCUMENT, "neuron.md", all));
}

#[test]
fn for_programs() {
    snapshot("json", &json(&sample()));
    snapshot("sarif", &sarif(&sample(), artifact()));
}

#[test]
fn in_the_margin() {
    snapshot("annotated", &annotated(&sample(), DOCUMENT, DocumentFormat::Markdown));
}

#[test]
fn the_text_fits_its_width_and_colour_adds_only_escapes() {
    let all = Style::default().with(|style| style.all = true);
    let plain = text(&sample(), DOCUMENT, "neuron.md", all);
    for line in plain.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
    }
    let narrow = text(&sample(), DOCUMENT, "neuron.md", all.with(|style| style.width = 50));
    // The lines of the document keep their length, cut where they are too long.
    assert!(narrow.lines().all(|line| line.chars().count() <= 50), "{narrow}");
    let coloured = text(&sample(), DOCUMENT, "neuron.md", all.with(|style| style.colour = true));
    assert!(coloured.contains('\u{1b}') && !plain.contains('\u{1b}'));
    let mut without = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        without.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    assert_eq!(without + rest, plain);
}

#[test]
fn a_document_without_formulas_says_so() {
    let review =
        Review { rows: Vec::new(), notes: Vec::new(), convention: None, tally: Tally::default() };
    let report = text(&review, "words", "words.txt", Style::default());
    assert!(report.starts_with("words.txt: no formula in it states anything.\n"), "{report}");
}

#[test]
fn topics_stand_in_their_own_order() {
    for (nth, facts) in TOPICS.iter().enumerate() {
        assert_eq!(facts.topic as usize, nth);
    }
}

/// One missing definition leaves many rows open, and is told once.
#[test]
fn a_reason_that_many_rows_share_is_told_once() {
    let mut review = sample();
    for row in &mut review.rows[3..8] {
        row.claims[0].mark = Mark::Undecided { reason: "t has no definition".to_string() };
    }
    let report = text(&review, DOCUMENT, "neuron.md", Style::default());
    assert_eq!(report.matches("undecided: t has no definition").count(), 1, "{report}");
    assert!(report.contains("= note: the same holds of lines 8, 9, 10 and 14\n"), "{report}");
}

/// However long a statement is, its picture fits the page and shows what is to be changed.
#[test]
fn long_statements_are_cut_around_their_change() {
    let sum: Vec<String> = (0..60).map(|n| format!("x_{n}")).collect();
    let (line, lines) = (sum.join(" + "), sum.join("\n+ "));
    let source = format!("$y = {line} + z$\n\n$$\ny\n= {lines}\n$$\n");
    let mut review = sample();
    review.notes.clear();
    review.rows.retain(|row| matches!(row.mark(), Some(Mark::Refuted(_))));
    let at = source.find('z').unwrap();
    for (row, range) in review.rows.iter_mut().zip([1..at + 1, at + 6..source.len() - 3]) {
        row.claims.truncate(1);
        row.claims[0].source = range;
        let Mark::Refuted(wrong) = &mut row.claims[0].mark else { unreachable!() };
        if let Some(repair) = &mut wrong.repair {
            repair.source = at..at + 1;
        }
    }
    let report = text(&review, &source, "long.md", Style::default());
    assert!(report.lines().all(|line| line.chars().count() <= 80), "{report}");
    let place = format!("--> long.md:1:{}\n", at + 1);
    assert!(report.contains(&place) && report.contains("+ x_59 + z$\n"), "{report}");
}

/// What is wrong is complained of once, with what follows from it.
#[test]
fn rows_that_follow_are_part_of_the_remark() {
    let review = sample();
    let all = remarks(&review);
    let refuted = all.iter().filter(|r| r.topic.facts().gravity == Gravity::Error);
    let following: Vec<Vec<usize>> =
        refuted.map(|r| r.following.iter().map(|row| row.line).collect()).collect();
    assert_eq!(following, [vec![9], vec![]]);
}

/// Nothing panics, whatever the ranges are.
#[test]
fn ranges_that_do_not_fit_the_document_do_no_harm() {
    for (from, to) in [(0, 0), (3, 1), (15, 16), (17, 5000), (5000, 6000), (usize::MAX, 0)] {
        let mut review = sample();
        for row in &mut review.rows {
            row.source = from..to;
            for claim in &mut row.claims {
                claim.source = from..to;
                if let Mark::Refuted(wrong) = &mut claim.mark
                    && let Some(repair) = &mut wrong.repair
                {
                    repair.source = to..from;
                }
            }
        }
        for note in &mut review.notes {
            note.source = from..to;
        }
        for source in ["", "\n", "𝒩𝒩𝒩𝒩𝒩", DOCUMENT] {
            let all = Style::default().with(|style| (style.all, style.colour) = (true, true));
            assert!(!text(&review, source, "x", all).is_empty());
            assert!(!sarif(&review, Artifact { source, ..artifact() }).is_empty());
            for format in [
                DocumentFormat::Markdown,
                DocumentFormat::Html,
                DocumentFormat::Notebook,
                DocumentFormat::Latex,
            ] {
                assert!(!annotated(&review, source, format).is_empty());
            }
        }
    }
}

/// What code scanning needs of a SARIF log, field by field.
#[test]
fn the_log_has_what_a_code_host_needs() {
    let log: Value = serde_json::from_str(&sarif(&sample(), artifact())).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    assert_eq!(run["tool"]["driver"]["name"], "backproof");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for field in ["shortDescription", "fullDescription", "help"] {
            let text = rule[field]["text"].as_str().unwrap();
            assert!(text.ends_with('.') && text.len() <= 1024, "{text}");
        }
        assert!(
            ["error", "warning", "note"]
                .contains(&rule["defaultConfiguration"]["level"].as_str().unwrap())
        );
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), remarks(&sample()).len());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[index]["id"]);
        assert!(result["message"]["text"].as_str().is_some_and(|text| text.ends_with('.')));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "docs/one%20neuron.md");
        let units = |line: &str, column: &str| {
            let number = |name: &str| usize::try_from(place["region"][name].as_u64().unwrap());
            (number(line).unwrap(), number(column).unwrap())
        };
        let (start, end) = (units("startLine", "startColumn"), units("endLine", "endColumn"));
        assert!(start.0 >= 1 && start.1 >= 1 && start < end, "{place}");
    }
}

/// Applying a fix to the document puts the repair in its place, by UTF-16 columns.
#[test]
fn a_fix_repairs_the_document() {
    let log: Value = serde_json::from_str(&sarif(&sample(), artifact())).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let fix = results.iter().find_map(|result| result["fixes"].get(0)).unwrap();
    let change = &fix["artifactChanges"][0]["replacements"][0];
    let number =
        |name: &str| usize::try_from(change["deletedRegion"][name].as_u64().unwrap()).unwrap() - 1;
    assert_eq!(number("startLine"), number("endLine"));
    let line = DOCUMENT.lines().nth(number("startLine")).unwrap();
    let units: Vec<u16> = line.encode_utf16().collect();
    let put = change["insertedContent"]["text"].as_str().unwrap();
    let mended = [
        String::from_utf16(&units[..number("startColumn")]).unwrap().as_str(),
        put,
        String::from_utf16(&units[number("endColumn")..]).unwrap().as_str(),
    ]
    .concat();
    assert_eq!(mended, r"𝒩: \frac{\partial E}{\partial w} &= (y - t) \cdot x \\");
}

/// Where the document's format would need escapes, there is no fix.
#[test]
fn no_fix_where_escapes_would_be_needed() {
    let mut review = sample();
    let log = |review: &Review, format| {
        sarif(review, Artifact { format, ..artifact() }).contains("\"fixes\"")
    };
    assert!(log(&review, DocumentFormat::Notebook) && log(&review, DocumentFormat::Html));
    for row in &mut review.rows {
        for claim in &mut row.claims {
            if let Mark::Refuted(wrong) = &mut claim.mark
                && let Some(repair) = &mut wrong.repair
            {
                repair.to = r"\partial x < y".to_string();
            }
        }
    }
    assert!(log(&review, DocumentFormat::Latex) && !log(&review, DocumentFormat::Notebook));
    assert!(!log(&review, DocumentFormat::Html));
}

/// Without what was added, the copy is the document.
#[test]
fn the_copy_is_the_document_with_quotes() {
    let copy = annotated(&sample(), DOCUMENT, DocumentFormat::Markdown);
    let (body, _) = copy.rsplit_once("\n---\n").unwrap();
    let words = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('>'));
        lines.map(str::to_string).collect()
    };
    assert_eq!(words(body), words(DOCUMENT));
    assert_eq!(copy.matches("> ✗").count(), 2);
}

/// Quotes stand neither in formulas nor in code, in any format.
#[test]
fn quotes_stand_between_paragraphs() {
    let cases = [
        (DocumentFormat::Markdown, "a $x=1$ b\n```\n\ncode\n\n```\n\nend\n", "```\n\n> "),
        (DocumentFormat::Markdown, "a\n\n```math\nx=1\n```\nend\n", "```\n\n> "),
        (DocumentFormat::Markdown, "a\n\n> $$\n> x=1\n> $$\n> b\n\nend\n", "> b\n\n> ✗"),
        (DocumentFormat::Latex, "a\n\\[x=1\\]\nb\n", "\\]\n\n> "),
        (DocumentFormat::Latex, "a\n\\begin{align}\nx=1\n\\end{align}\nb\n", "\\end{align}\n\n> "),
        (DocumentFormat::Html, "<p>a $$x=1$$ b</p>\n\n<p>c</p>\n", "</p>\n\n> "),
        (DocumentFormat::Rst, "a\n\n.. math::\n\n   x=1\n\nb\n", "x=1\n\n> "),
        (DocumentFormat::Text, "a $x=1$", "a $x=1$\n\n> "),
    ];
    for (format, source, wanted) in cases {
        let mut review = sample();
        let at = source.find("x=1").unwrap();
        review.rows.retain(|row| matches!(row.mark(), Some(Mark::Refuted(_))));
        review.rows.truncate(1);
        review.notes.clear();
        review.rows[0].claims[0].source = at..at + 3;
        let copy = annotated(&review, source, format);
        assert!(copy.contains(wanted), "{format:?}: {copy}");
    }
}

/// Of a notebook, the copy is what its cells in Markdown say.
#[test]
fn a_notebook_becomes_its_text() {
    let source = r#"{"cells": [
        {"cell_type": "markdown", "source": ["Let $y = 2$.\n", "\n", "$$\n", "x=1\n", "$$\n", "\n", "So."]},
        {"cell_type": "code", "source": ["print(1)"], "outputs": []},
        {"cell_type": "markdown", "source": ["The end."]}
    ], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}"#;
    let mut review = sample();
    let at = source.find("x=1").unwrap();
    review.rows.retain(|row| matches!(row.mark(), Some(Mark::Refuted(_))));
    review.rows.truncate(1);
    review.notes.clear();
    review.rows[0].claims[0].source = at..at + 3;
    let copy = annotated(&review, source, DocumentFormat::Notebook);
    let (body, _) = copy.rsplit_once("\n---\n").unwrap();
    let places: Vec<usize> =
        ["Let", "x=1", "> ✗", "So.\n\nThe end."].map(|t| body.find(t).expect(t)).to_vec();
    assert!(places.is_sorted() && !body.contains("print"), "{body}");
}
