//! Damage to a text that was right: what is left out, doubled, moved or foreign.

use super::choices::Choices;

/// What is put into a text: brackets and signs of all languages read here, long runs, limits.
const FOREIGN: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\\",
    "$",
    "$$",
    "&",
    "%",
    "#",
    "_",
    "^",
    "|",
    "=",
    ",",
    ";",
    ":",
    ".",
    "'",
    "\"",
    "`",
    "<",
    ">",
    "*",
    "/",
    "@",
    "~",
    "!",
    "?",
    "-",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    " ",
    "0",
    "-1",
    "1e308",
    "1e309",
    "18446744073709551616",
    "4294967296",
    "1048577",
    "999999999999999999999999999999",
    "é",
    "e\u{301}",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "ŷ",
    "𝑤",
    "−",
    "∂",
    "Σ",
    "\0",
    "\u{7}",
    "NaN",
    "inf",
    "lambda",
    "**",
    "//",
    "==",
    "->",
    "\\frac",
    "\\left",
    "\\right",
    "\\begin{",
    "\\end{",
    "\\text{",
    "\\\\",
    "\\def\\x{\\x}",
    "\\newcommand",
    "```",
    "<!--",
    "&#x110000;",
    "&lt;",
    "given ",
    "assume ",
    "loss ",
    "param ",
    "input ",
];

/// The text with a few damages.
pub fn damaged(c: &mut Choices, text: String) -> String {
    let mut text = text;
    for _ in 0..1 + c.below(6) {
        let (from, to) = stretch(c, &text);
        match c.below(6) {
            0 => text.replace_range(from..to, ""),
            1 => text.insert_str(from, c.pick(FOREIGN)),
            2 => text.replace_range(from..to, c.pick(FOREIGN)),
            3 => {
                let copy = text[from..to].to_owned();
                let (at, _) = stretch(c, &text);
                text.insert_str(at, &copy);
            }
            4 => {
                let run = text[from..to].to_owned();
                let run = if run.is_empty() { c.pick(FOREIGN).to_owned() } else { run };
                let most = 1 << c.below(9);
                let times = 1 + c.below(most).min(2000 / run.len());
                text.insert_str(from, &run.repeat(times));
            }
            _ => text.truncate(from),
        }
    }
    text
}

/// A short stretch of the text, on its characters.
fn stretch(c: &mut Choices, text: &str) -> (usize, usize) {
    let on = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let from = on(c.below(text.len() + 1));
    let most = 1 + c.below(40);
    let to = on((from + c.below(most)).min(text.len()));
    (from, to.max(from))
}
