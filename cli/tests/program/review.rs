//! `backproof review` as a person meets it: exit codes, files, formats, refusals.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use super::run::{Run, command, folder, run, run_in};

const RIGHT: &str =
    "Let $E = (t - wx)^2/2$. Then\n\n$$\\frac{\\partial E}{\\partial w} = -(t - wx) \\cdot x$$\n";
const WRONG: &str =
    "Let $E = (t - wx)^2/2$. Then\n\n$$\\frac{\\partial E}{\\partial w} = (t - wx) \\cdot x$$\n";
const OPEN: &str = "$$\\frac{\\partial E}{\\partial w} = (t - wx) \\cdot x$$\n";

/// A run with a document on standard input.
fn piped(args: &[&str], text: &[u8]) -> Run {
    let folder = folder();
    let mut child = command(folder.path())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("it was asked for");
    // A program that refuses may not read to the end.
    let _ = stdin.write_all(text);
    drop(stdin);
    child.wait_with_output().expect("the program ends").into()
}

#[test]
fn the_exit_code_says_whether_something_is_refuted() {
    let cases: &[(&str, &[&str], i32)] = &[
        (RIGHT, &["review"], 0),
        (RIGHT, &["review", "-", "--strict"], 0),
        (WRONG, &["review", "-"], 1),
        (OPEN, &["review"], 0),
        (OPEN, &["review", "--strict"], 1),
    ];
    for (text, args, code) in cases {
        let run = piped(args, text.as_bytes());
        assert_eq!((run.code, run.stderr.as_str()), (*code, ""), "{text}{}", run.stdout);
    }
}

/// A review of nothing is no good news: it says how the document was read, and how it may be.
#[test]
fn a_document_in_which_nothing_is_stated_is_refused() {
    let code = "```\n$$E = w^2$$\n```\n";
    let cases: &[(&[&str], &str, &[&str])] = &[
        (&["review"], "words", &["read as plain text", "`$y = w x$`"]),
        (&["review"], "Then\nE = (t - y)^2/2\n", &["line 2 looks like an equation", "--from"]),
        (&["review"], "", &["no formula"]),
        (&["review", "--from", "markdown"], code, &["--from latex finds 1 equation in it"]),
        (&["review", "-"], "param w\nE = w^2", &["it is a network: `backproof derive"]),
        (&["review", "--format", "json"], "words", &["no formula"]),
    ];
    for (args, text, said) in cases {
        let run = piped(args, text.as_bytes());
        let told = run.refused();
        assert!(said.iter().all(|part| told.contains(part)), "{text}: {told}");
    }
}

#[test]
fn a_wrong_row_is_shown_with_its_place_and_its_repair() {
    let folder = folder();
    fs::write(folder.path().join("notes.md"), WRONG).unwrap();
    let report = run_in(folder.path(), &["review", "notes.md"]).stdout;
    assert!(report.starts_with("notes.md: 1 row is refuted (line 3)."), "{report}");
    for part in ["refuted: ", "--> notes.md:3:", "^", "the left side is ", "= help: "] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert!(report.contains("The one that asks for a verdict has one."), "{report}");
    let narrow = run_in(folder.path(), &["review", "notes.md", "--width", "50"]).stdout;
    assert!(narrow.lines().all(|line| line.chars().count() <= 50), "{narrow}");
    let coloured = run_in(folder.path(), &["review", "notes.md", "--color", "always"]).stdout;
    assert!(coloured.contains('\u{1b}') && !report.contains('\u{1b}'));
}

/// Who wants to find a mistake alone sees the way on, and not the answer.
#[test]
fn a_hint_is_the_next_line_in_place_of_the_repair() {
    let folder = folder();
    let asked = "Let $z = w x$ and $E = z^2$.\n\n$$\\frac{\\partial E}{\\partial w} = ?$$\n";
    fs::write(folder.path().join("notes.md"), format!("{WRONG}\n{asked}")).unwrap();
    let hinted = run_in(folder.path(), &["review", "notes.md", "--hint"]).stdout;
    assert!(hinted.contains("the next line is ∂E/∂w = ∂E/∂z·∂z/∂w (chain rule)"), "{hinted}");
    assert!(hinted.contains("look for a") && !hinted.contains(" should be "), "{hinted}");
    let plain = run_in(folder.path(), &["review", "notes.md"]).stdout;
    assert!(plain.contains(" should be ") && !plain.contains("the next line"), "{plain}");
}

#[test]
fn the_form_goes_by_the_name_of_the_output() {
    let folder = folder();
    fs::write(folder.path().join("notes.md"), WRONG).unwrap();
    let cases = [
        ("review.json", "\"schema\": \"backproof/review/1\""),
        ("review.sarif", "\"uri\": \"notes.md\""),
        ("marked.md", "\n> ✗ line 3"),
        ("review.xml", "<failure message=\"the two sides are not equal"),
        ("review.txt", "= help: "),
    ];
    for (name, part) in cases {
        let run = run_in(folder.path(), &["review", "notes.md", "-o", name]);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (1, "", ""));
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(text.contains(part), "{name}: {text}");
    }
    let refused = run_in(folder.path(), &["review", "notes.md", "-o", "review.pdf"]).refused();
    assert!(refused.contains("no review that ends in `.pdf`"), "{refused}");
    // A form that was asked for counts more than the name.
    let json = run_in(folder.path(), &["review", "notes.md", "-f", "json"]).stdout;
    assert!(json.starts_with('{'), "{json}");
}

#[test]
fn the_format_is_named_or_told_by_the_text() {
    let html = "<p>Let $E = (t - wx)^2/2$, so $t &lt; 1$.</p>";
    for args in [&["review", "--from", "html"][..], &["review", "--from", "text"]] {
        assert_eq!(piped(args, html.as_bytes()).code, 0);
    }
    let notebook = r#"{"cells": [{"cell_type": "markdown", "source": ["Let $y = x^2$. ",
        "Then $\\frac{dy}{dx} = 3x$."]}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}"#;
    assert_eq!(piped(&["review"], notebook.as_bytes()).code, 1);
}

/// What backproof itself writes is right, in its own eyes.
#[test]
fn its_own_derivation_is_right() {
    let folder = folder();
    run_in(folder.path(), &["derive", "plain", "-o", "plain.md"]).good();
    run_in(folder.path(), &["review", "plain.md", "--strict", "--network", "plain"]).good();
}

#[test]
fn refusals() {
    let folder = folder();
    let file = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    file("latin.tex", b"na\xefve $x = 1$");
    file("paper.pdf", b"%PDF-1.7\n\xff");
    file("broken.ipynb", b"{\"cells\": [}");
    file("net.bp", b"param w\nE = relo(w)");
    file("notes.md", RIGHT.as_bytes());
    let mut text = String::new();
    let cases: &[&[&str]] = &[
        &["review", "none.md"],
        &["review", "."],
        &["review", "latin.tex"],
        &["review", "paper.pdf"],
        &["review", "broken.ipynb"],
        &["review", "notes.md", "--network", "net.bp"],
        &["review", "notes.md", "--network", "none.bp"],
        &["review", "--network", "-"],
        &["review", "notes.md", "-o", "none/review.md"],
    ];
    for args in cases {
        text.push_str(&format!("$ backproof {}\n", args.join(" ")));
        text.push_str(&run_in(folder.path(), args).refused());
        text.push('\n');
    }
    insta::with_settings!({
        snapshot_path => "../../../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!("review_refusals", text) });
    assert!(!folder.path().join("none").exists());
}

#[test]
fn the_help_says_what_the_exit_codes_mean() {
    let help = run(&["review", "-h"]).good();
    assert!(help.contains("Exit codes: 0 nothing is refuted"), "{help}");
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
}

#[test]
fn a_document_is_not_overwritten_by_its_review() {
    let folder = folder();
    fs::write(folder.path().join("mine.md"), RIGHT).unwrap();
    let run = run_in(folder.path(), &["review", "mine.md", "-o", "./mine.md"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("`./mine.md` is the document `mine.md`"), "{}", run.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("mine.md")).unwrap(), RIGHT);
}

/// Files and folders in one call: one report, one log, and the gravest exit code.
#[test]
fn several_documents_are_one_review() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("notes")).unwrap();
    fs::write(path("notes/right.md"), RIGHT).unwrap();
    fs::write(path("notes/plain.md"), "No formula at all.\n").unwrap();
    fs::write(path("notes/script.py"), "x = 1\n").unwrap();
    fs::write(path("wrong.md"), WRONG).unwrap();

    let good = run_in(folder.path(), &["review", "notes"]);
    assert_eq!(good.code, 0, "{}", good.stderr);

    let both = run_in(folder.path(), &["review", "notes", "wrong.md", "wrong.md"]);
    assert_eq!(both.code, 1);
    assert!(both.stdout.contains("2 documents: 1 row proved, 1 refuted"), "{}", both.stdout);
    assert_eq!(both.stdout.matches("wrong.md: 1 row is refuted").count(), 1, "{}", both.stdout);

    let json = run_in(folder.path(), &["review", "notes", "wrong.md", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["schema"], "backproof/reviews/1");
    assert_eq!(json["documents"][1]["path"], "wrong.md");

    let sarif = run_in(folder.path(), &["review", "notes", "wrong.md", "--format", "sarif"]);
    let sarif: serde_json::Value = serde_json::from_str(&sarif.stdout).unwrap();
    assert_eq!(sarif["runs"].as_array().unwrap().len(), 1);

    let junit = run_in(folder.path(), &["review", "notes", "wrong.md", "--format", "junit"]).stdout;
    assert!(junit.contains("tests=\"2\" skipped=\"0\" failures=\"1\""), "{junit}");

    let remarks = run_in(folder.path(), &["review", "notes", "wrong.md", "--format", "markdown"]);
    assert_eq!(remarks.code, 2);

    fs::create_dir(path("empty")).unwrap();
    let empty = run_in(folder.path(), &["review", "empty"]);
    assert_eq!(empty.code, 2);
    assert!(empty.stderr.contains("there is no document in `empty`"), "{}", empty.stderr);
}

/// A row of a notebook says in which of its cells it stands.
#[test]
fn a_row_of_a_notebook_names_its_cell() {
    let notebook = r#"{"cells": [
        {"cell_type": "code", "source": "1", "metadata": {}, "outputs": []},
        {"cell_type": "markdown", "id": "b7", "source": ["$1 + 1 = 3$"], "metadata": {}}],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"#;
    let run = piped(&["review", "--from", "notebook", "--format", "json"], notebook.as_bytes());
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["rows"][0]["cell"]["number"], 2);
    assert_eq!(json["rows"][0]["cell"]["id"], "b7");
}
