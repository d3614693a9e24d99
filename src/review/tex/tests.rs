//! Readings, and what must hold for any text.
//!
//! A file of `cases` has a formula a line, each a document of its own; in a file whose name
//! begins with `document`, all of them are one document. In one whose name begins with `macros`, a
//! line is a document, and its formulas stand between dollars. Its snapshot shows the readings.

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

/// The readings of the formulas between the dollars of a text, each with the macros of its place.
fn placed(text: &str) -> String {
    let macros = Macros::of(std::iter::once(text));
    let mut out = format!("{text}\n");
    let mut at = 0;
    for (nth, piece) in text.split('$').enumerate() {
        if !nth.is_multiple_of(2) {
            let macros = macros.at(at..at + piece.len());
            let lexicon = Lexicon::of(&[piece], &macros, &[]);
            for row in rows(piece, &macros, &lexicon, Dots::NONE) {
                out += &format!("    {}\n", print::line(&row));
            }
        }
        at += piece.len() + 1;
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
        } else if name.starts_with("macros") {
            formulas.iter().map(|text| placed(text)).collect()
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

#[test]
fn letters_are_written_as_they_are_read() {
    assert_eq!(written("net"), "net");
    assert_eq!(written("Γ"), "\\Gamma");
    assert_eq!(written("Δw"), "\\Delta w");
    assert_eq!(written("ŷ"), "\\hat{y}");
    assert_eq!(written("ℒ"), "\\mathcal{L}");
    let (macros, lexicon) = (Macros::default(), Lexicon::default());
    let letters = "αβγδεζηθϑικλμνξπρϱσςτυφχψωΓΘΛΞΠΣΥΦΨΩℓħŷâx̂γ̄w⃗āñℒ𝒟ℝ";
    for one in letters.chars().filter(|c| c.is_alphabetic()).map(|c| c.to_string()) {
        let read = rows(&written(&one), &macros, &lexicon, Dots::NONE);
        assert_eq!(print::line(&read[0]), format!("⟦{one}⟧"));
    }
    for one in ["x̂", "γ̄", "w⃗"] {
        let read = rows(&written(one), &macros, &lexicon, Dots::NONE);
        assert_eq!(print::line(&read[0]), format!("⟦{one}⟧"));
    }
}

#[test]
fn each_row_of_the_notation_is_read_as_it_says() {
    use notation::{Makes, Stands, TABLE};
    let (macros, lexicon) = (Macros::default(), Lexicon::default());
    for row in TABLE {
        let read = rows(row.example, &macros, &lexicon, Dots::NONE);
        let shown = print::line(&read[0]);
        match row.makes {
            Makes::Refused(why) => assert!(shown.starts_with("UNREAD") && shown.contains(why)),
            Makes::Beyond(why) => assert!(shown.starts_with("BEYOND") && shown.contains(why)),
            _ => assert!(shown.starts_with('⟦'), "{}: {shown}", row.example),
        }
        // Between two factors there are no arguments, and a command stands in one row.
        assert!(row.arguments == 0 || row.stands == Stands::Operand);
        for command in row.commands {
            assert_eq!(notation::of(command).map(|r| r.example), Some(row.example), "{command}");
        }
    }
}
