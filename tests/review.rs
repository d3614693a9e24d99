//! Derivations as people write them, and the marks that they get: a document a file, its report a
//! snapshot. A first line `network: NAME` in a comment says what a document is about.

use backproof::Network;
use backproof::review::read::DocumentFormat;
use backproof::review::report::{Style, text};
use backproof::review::{Mark, NoteKind, Review, review};

fn network(name: &str) -> Network {
    let text = backproof::examples::find(name).expect("a built-in network").text;
    backproof::parse_network(text).expect("built-in networks are valid")
}

/// The network that a document names in its first line.
fn named(document: &str) -> Option<Network> {
    let first = document.lines().next()?;
    let (_, name) = first.split_once("network: ")?;
    Some(network(name.split_whitespace().next()?))
}

#[test]
fn documents() {
    insta::glob!("review/*", |path| {
        let document = std::fs::read_to_string(path).unwrap();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap();
        let format = DocumentFormat::of_name(name).expect("a known ending");
        let review = review(&document, format, named(&document).as_ref()).unwrap();
        let told = text(
            &review,
            &document,
            name,
            Style::default().with(|style| {
                style.colour = false;
                style.all = true;
            }),
        );
        insta::with_settings!({
            snapshot_path => "../snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!("review", told);
        });
    });
}

/// What we write ourselves passes our own marking: nothing refuted, and nothing open but a
/// formula with more elements than are tried.
#[test]
fn our_own_derivations_are_marked_right() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/derivations");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut seen, mut judged, mut asking) = (0, 0, 0);
    for path in files {
        let stem = path.file_stem().and_then(|n| n.to_str()).unwrap();
        let Some(example) = backproof::examples::find(stem) else { continue };
        let net = backproof::parse_network(example.text).unwrap();
        let document = std::fs::read_to_string(&path).unwrap();
        let format = DocumentFormat::of_name(path.to_str().unwrap()).expect("a known ending");
        let review = review(&document, format, Some(&net)).unwrap();
        for claim in review.rows.iter().flat_map(|row| &row.claims) {
            let fine = match &claim.mark {
                Mark::Unread { .. } => claim.text.contains("\\ldots"),
                Mark::Undecided { reason } => reason.ends_with("elements that were tried"),
                Mark::Refuted(_) | Mark::Follows { .. } => false,
                _ => true,
            };
            assert!(fine, "{}: {}: {:?}", path.display(), claim.text, claim.mark);
        }
        seen += 1;
        // By itself, a page may leave rows open; none of it is wrong.
        let alone = backproof::review::review(&document, format, None).unwrap();
        for claim in alone.rows.iter().flat_map(|row| &row.claims) {
            let fine = !matches!(claim.mark, Mark::Refuted(_) | Mark::Follows { .. });
            assert!(fine, "{} alone: {}: {:?}", path.display(), claim.text, claim.mark);
        }
        judged += alone.tally.judged();
        asking += alone.tally.asking();
    }
    assert!(seen > 40, "only {seen} derivations were found");
    assert!(judged * 100 > asking * 80, "alone, {judged} of {asking} are judged");
}

/// In each row of a table, and each item of a list, names have a meaning of their own, however the
/// document is written.
#[test]
fn cases_in_a_table_are_no_contradiction() {
    let first = "Let $r_1 = x$, $r_2 = 2 x$ and $y = r_p$.";
    let rows = [["$r_p = r_1$", "$y = x$"], ["$r_p = r_2$", "$y = 2 x$"]];
    let joined = |before: &str, between: &str, after: &str| -> String {
        rows.iter().map(|row| format!("{before}{}{after}", row.join(between))).collect()
    };
    let tex = |name: &str| {
        let rows = joined("{", "} & {", "} \\\\\n");
        format!(
            "{first}\n\n\\begin{{{name}}}{{ll}}\n{{case}} & {{y}} \\\\ \\hline\n{rows}\\end{{{name}}}\n"
        )
    };
    let documents = [
        (DocumentFormat::Latex, tex("tabular")),
        (DocumentFormat::Latex, tex("longtable")),
        (
            DocumentFormat::Markdown,
            format!("{first}\n\n| a | b |\n|---|---|\n{}", joined("| ", " | ", " |\n")),
        ),
        (DocumentFormat::Markdown, format!("{first}\n\n{}", joined("- ", ": ", "\n"))),
        (
            DocumentFormat::Html,
            format!(
                "<p>{first}</p><table>{}</table>",
                joined("<tr><td>", "</td><td>", "</td></tr>")
            ),
        ),
        (DocumentFormat::Html, format!("<p>{first}</p><ul>{}</ul>", joined("<li>", ": ", "</li>"))),
    ];
    for (format, text) in documents {
        let review = backproof::review::review(&text, format, None).unwrap();
        assert_eq!((review.tally.rows, review.tally.refuted), (7, 0), "{text}\n{review:?}");
    }
}

/// The article that the project started from, if it lies beside the project; its text is not
/// ours to copy.
fn article() -> Option<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/seed/article.txt");
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        println!("skipped: the article does not lie beside the project");
    }
    text
}

fn refuted(review: &Review) -> Vec<(usize, Option<(&str, &str)>)> {
    let claims = review.rows.iter().flat_map(|row| row.claims.iter().map(|c| (row.line, c)));
    claims
        .filter_map(|(line, claim)| match &claim.mark {
            Mark::Refuted(wrong) => {
                let repair = wrong.repair.as_ref().map(|r| (r.from.as_str(), r.to.as_str()));
                Some((line, repair))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn every_misprint_of_the_article_is_found_and_nothing_else_is_refuted() {
    let Some(text) = article() else { return };
    let review = review(&text, DocumentFormat::Text, Some(&network("article"))).unwrap();
    let missing = |w| ("w_{00}", w);
    assert_eq!(
        refuted(&review),
        [
            // A cell of the max stands twice, at both places.
            (100, Some(("c_{10}", "c_{01}"))),
            (106, Some(("i_{12}", "i_{13}"))),
            (114, Some(("c_{10}", "c_{01}"))),
            // ∂E over w without the ∂ below, four times in a row.
            (117, Some(("w_{00}", "\\partial w_{00}"))),
            (117, Some(("w_{10}", "\\partial w_{10}"))),
            (117, Some(("w_{01}", "\\partial w_{01}"))),
            (117, Some(("w_{11}", "\\partial w_{11}"))),
            // ∂x/∂x = 0, twice.
            (143, Some(("0", "1"))),
            // The left sides of eq. 3.1 and of the block behind it.
            (213, Some(missing("w_{10}"))),
            (228, Some(missing("w_{10}"))),
            (230, Some(("0", "1"))),
            // The update of the output weight, with the factor of a filter's weight.
            (
                321,
                Some((
                    "-\\eta.{(t - r_{fc}).(-w_{fc})}.(i_{31})",
                    "-\\eta.{(t - r_{fc}).(-r_{p})}"
                ))
            ),
        ]
    );
    let dangling: Vec<&str> = review
        .notes
        .iter()
        .filter(|n| n.kind == NoteKind::Reference)
        .map(|n| n.message.as_str())
        .collect();
    assert_eq!(dangling, ["there is no equation (1.6) in this document"]);
    assert_eq!(review.tally.undecided, 0);
    // Three rows are about a network that has other weights.
    assert_eq!(review.tally.out_of_scope, 3);
    assert_eq!(review.tally.read, review.tally.rows);
}

#[test]
fn without_the_network_the_article_shows_what_it_can_by_itself() {
    let Some(text) = article() else { return };
    let review = review(&text, DocumentFormat::Text, None).unwrap();
    let lines: Vec<usize> = refuted(&review).iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [117, 117, 117, 117, 143, 228, 230]);
    // Nothing says what r_fc is, so what is differentiated through it is not known to be wrong.
    let unknown = review.rows.iter().any(|row| match row.mark() {
        Some(Mark::Undecided { reason }) => reason.contains("r_fc has no definition"),
        _ => false,
    });
    assert!(unknown);
}

/// Small documents with their marks beside the rows: `%% NAME` begins one, and
/// `<!-- proved -->`, `<!-- not refuted, not proved -->` at the end of a line says what has to
/// become of the rows on it. "proved" of a line: a row of it is, and what else is on it defines or
/// assumes something.
#[test]
fn marks_beside_rows() {
    insta::glob!("cases/review/*.md", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let mut documents: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            match (line.strip_prefix("%% "), documents.last_mut()) {
                (Some(name), _) => documents.push((name.to_string(), String::new())),
                (None, Some((_, document))) => *document += &format!("{line}\n"),
                (None, None) => panic!("{}: a line before the first name", path.display()),
            }
        }
        let failed: Vec<String> = documents.iter().flat_map(|(n, d)| unlike(n, d)).collect();
        assert!(failed.is_empty(), "{}\n{}", path.display(), failed.join("\n"));
    });
}

/// The marks of a document that are not those beside its rows.
fn unlike(name: &str, document: &str) -> Vec<String> {
    let mut failed = Vec::new();
    let mut plain = String::new();
    let mut expected = Vec::new();
    for (nth, line) in document.lines().enumerate() {
        let (line, marks) = line.split_once("<!--").unwrap_or((line, ""));
        let marks = marks.trim_end().trim_end_matches("-->").trim();
        expected.extend((!marks.is_empty()).then(|| (nth + 1, marks.to_string())));
        plain += &format!("{}\n", line.trim_end());
    }
    let review = review(&plain, DocumentFormat::Markdown, None).unwrap();
    assert!(!expected.is_empty(), "{name}: no mark is expected");
    for (line, marks) in expected {
        let rows = review.rows.iter().flat_map(|row| &row.claims);
        let found: Vec<&str> = rows
            .filter(|claim| plain[..claim.source.start].matches('\n').count() + 1 == line)
            .map(|claim| claim.mark.word())
            .collect();
        for mark in marks.split(", ") {
            let quiet = |word: &&str| {
                matches!(*word, "definition" | "assumption" | "rule" | "update" | "proved")
            };
            let holds = match mark {
                "proved" => found.contains(&"proved") && found.iter().all(quiet),
                "not proved" => !found.iter().any(|w| matches!(*w, "proved" | "follows" | "rule")),
                "not refuted" => !found.contains(&"refuted"),
                other => found.contains(&other),
            };
            if !holds {
                failed.push(format!("{name}, line {line}: {mark} expected, and it is {found:?}"));
            }
        }
    }
    failed
}

/// What is proposed for the last wrong row of a document.
fn proposed(document: &str) -> Option<(String, String)> {
    let review = review(document, DocumentFormat::Markdown, None).unwrap();
    let all = refuted(&review);
    let (_, repair) = all.last().expect("a row is wrong");
    repair.map(|(from, to)| (from.trim().to_string(), to.trim().to_string()))
}

#[test]
fn repairs_mend_what_is_wrong_with_what_is_there() {
    let cases = [
        // Greek as LaTeX has it.
        (
            r"Let $F = \Psi^3 \Xi$, where $\Xi$ is given. Then $\frac{\partial F}{\partial \Psi} = 3 \Psi^2 \Psi$.",
            (r"\Psi", r"\Xi"),
        ),
        // A sign is lost in an exponent.
        (r"Let $p = e^{-s}$. Then $\frac{\partial p}{\partial s} = -e^{s}$.", ("s", "{-s}")),
        (
            r"Let $a = \frac{1}{1+\exp(-z)}$. Then $\frac{\partial a}{\partial z} = \frac{\exp(z)}{(1+\exp(-z))^2}$.",
            ("(z)", "(-z)"),
        ),
        // A sign of the chain rule over two ways.
        (
            r"Let $a = m^3$, $b = \tanh a$, $c = a b$ and $k = c^2$. Then $\frac{\partial k}{\partial a} = \frac{\partial k}{\partial c}\frac{\partial c}{\partial a} - \frac{\partial k}{\partial b}\frac{\partial b}{\partial a}$.",
            ("-", "+"),
        ),
    ];
    for (document, (from, to)) in cases {
        let expected = Some((from.to_string(), to.to_string()));
        assert_eq!(proposed(document), expected, "{document}");
    }
}

#[test]
fn repairs_leave_what_a_row_is_about() {
    // Not the row above once more.
    let beside = r"Let $q_1 = m_1 u$, $q_2 = m_2 u$ and $R = q_1 q_2 + q_1$, where $u$ is given.

$$\frac{\partial R}{\partial m_1} = (q_2 + 1) u$$
$$\frac{\partial R}{\partial m_2} = (q_2 + 1) u$$
";
    assert_eq!(proposed(beside), Some(("(q_2 + 1) u".to_string(), "(q_{1}) u".to_string())));
    // Not the left side once more, nor beside what is then 0.
    let again = r"Let $a_1 = b_1 c_1$, $a_2 = b_2 a_1$ and $K = (a_1 - t)^2 + a_2^2$. Then $\frac{\partial K}{\partial a_1} = \frac{\partial K}{\partial a_1} + \frac{\partial K}{\partial a_2}\frac{\partial a_2}{\partial a_1}$.";
    let repair = proposed(again);
    assert!(repair.as_ref().is_none_or(|(_, to)| to != "t" && !to.contains("a_0")), "{repair:?}");
}
