//! Readings, and what must hold for any text.
//!
//! A file of `cases` has a formula a line, each a document of its own; in a file whose name
//! begins with `document`, all of them are one document. Its snapshot shows the readings.

mod laws;
mod print;

use super::*;

/// The readings of formulas that make one document.
fn document(formulas: &[&str]) -> String {
    let macros = Macros::of(formulas.iter().copied());
    let lexicon = Lexicon::of(formulas, &macros, &[]);
    let mut dots = Dots::default();
    let mut out = String::new();
    for formula in formulas {
        out += formula;
        out += "\n";
        for row in rows(formula, &macros, &lexicon, &dots) {
            out += &format!("    {}\n", print::line(&row));
        }
        dots = Dots::after(formula, &macros);
    }
    out
}

#[test]
fn readings() {
    insta::glob!("tests/cases/*.txt", |path| {
        let text = std::fs::read_to_string(path).expect("a case can be read");
        let formulas: Vec<&str> = text.lines().collect();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let readings = if name.starts_with("document") {
            document(&formulas)
        } else {
            formulas.iter().map(|formula| document(&[formula])).collect()
        };
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "tests/snapshots" }, {
            insta::assert_snapshot!("readings", readings);
        });
    });
}

#[test]
fn names_that_the_caller_knows_are_one_name() {
    let macros = Macros::default();
    let lexicon = Lexicon::of(&["t = u = o", "out + t"], &macros, &["out_o1"]);
    let rows = rows("out + t", &macros, &lexicon, Dots::NONE);
    assert_eq!(print::line(&rows[0]), "⟦(+ out t)⟧");
}

#[test]
fn words_name_equations() {
    let names = |words| references(words).into_iter().map(|m| m.name).collect::<Vec<_>>();
    assert_eq!(names("By eq.(2.2) and eq. (2.5) in Eq (2.1),"), ["2.2", "2.5", "2.1"]);
    assert_eq!(
        names("equations (1), (2) and (3a); see \\eqref{eq:loss}"),
        ["1", "2", "3a", "eq:loss"]
    );
    assert_eq!(names("equation 3.1, with 4 weights"), ["3.1"]);
    assert_eq!(names("frequency (2.1), an equation for w, section 3"), [""; 0]);
    let words = "weiß: eq.(7)";
    let span = references(words)[0].span.clone();
    assert_eq!(&words[span], "7");
}
