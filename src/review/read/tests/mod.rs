//! Documents and the pieces that they should be taken apart into.

mod formats;
mod laws;
mod tex;

use super::{DocumentFormat, Lines, Piece, Place, Setting, pieces};

/// The pieces, one a line: words as `w`, formulas as `i` and `d`, unclosed ones as `u`.
fn shown(source: &str, format: DocumentFormat) -> String {
    let mut out = String::new();
    for piece in pieces(source, format).unwrap() {
        let letter = match &piece {
            Piece::Words(_) => 'w',
            Piece::Formula(_, Setting::Inline) => 'i',
            Piece::Formula(_, Setting::Display) => 'd',
            Piece::Unclosed(..) => 'u',
        };
        let text = piece.passage().text.replace('\n', "⏎");
        out.push_str(&format!("{letter}|{text}|\n"));
    }
    out
}

/// The formulas alone.
fn formulas(source: &str, format: DocumentFormat) -> Vec<String> {
    let all = pieces(source, format).unwrap();
    let formula = |p: Piece| match p {
        Piece::Formula(p, Setting::Inline) => Some(format!("i|{}|", p.text)),
        Piece::Formula(p, Setting::Display) => Some(format!("d|{}|", p.text)),
        Piece::Unclosed(p, _) => Some(format!("u|{}|", p.text)),
        Piece::Words(_) => None,
    };
    all.into_iter().filter_map(formula).collect()
}

#[track_caller]
fn check(format: DocumentFormat, source: &str, expected: &[&str]) {
    assert_eq!(formulas(source, format), expected, "{source}");
}

/// The source at the place of a word in the formulas of a document.
fn at(source: &str, format: DocumentFormat, word: &str) -> String {
    for piece in pieces(source, format).unwrap() {
        if let (Piece::Formula(p, _), Some(n)) = (&piece, piece.passage().text.find(word)) {
            return source[p.source(n..n + word.len())].to_owned();
        }
    }
    panic!("{word} is in no formula of {source}");
}

#[test]
fn places_count_lines_and_characters() {
    let text = format!("α β\nx{}y\n", "é".repeat(2000));
    let lines = Lines::of(&text);
    let place = |offset| {
        let Place { line, column } = lines.place(offset);
        (line, column)
    };
    assert_eq!(place(0), (1, 1));
    assert_eq!(place("α ".len()), (1, 3));
    assert_eq!(place("α ".len() + 1), (1, 3));
    assert_eq!(place(text.find('x').unwrap()), (2, 1));
    assert_eq!(place(text.find('y').unwrap()), (2, 2002));
    assert_eq!(place(text.len()), (3, 1));
    assert_eq!(place(usize::MAX), (3, 1));
}
