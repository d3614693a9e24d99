//! Small pieces of wording: lists of lines, numbers with their nouns, long texts cut short.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The most lines that a list names.
const MAX_LINES: usize = 12;
/// A longer value is cut.
const MAX_VALUE: usize = 32;
/// So much of it stays.
const VALUE_LEFT: usize = 20;

/// `line 8`; `lines 8 and 9`; `lines 8, 9 and 4 more`.
pub(super) fn lines(at: &[usize]) -> String {
    let named: Vec<String> = at.iter().take(MAX_LINES).map(usize::to_string).collect();
    match (at.len().saturating_sub(MAX_LINES), named.as_slice()) {
        (0, [one]) => format!("line {one}"),
        (0, [first @ .., last]) => format!("lines {} and {last}", first.join(", ")),
        (more, all) => format!("lines {} and {more} more", all.join(", ")),
    }
}

/// `1 row`, `2 rows`.
pub(super) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// A value, its middle left out if it is very long.
pub(super) fn shortened(value: &str) -> String {
    let length = value.chars().count();
    match length > MAX_VALUE {
        true => {
            let head: String = value.chars().take(VALUE_LEFT).collect();
            format!("{head}… ({length} characters)")
        }
        false => value.to_string(),
    }
}

/// A text on one line of at most `width` columns.
pub(super) fn cut(text: &str, width: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.width() <= width {
        return text;
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    let head: String = text.chars().take_while(fits).collect();
    format!("{}…", head.trim_end())
}

/// A text in lines of at most `width` columns, broken at spaces; a longer word has its own line.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

/// A sentence of our own words: a capital letter in front, a full stop at the end.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    stopped(&first.into_iter().chain(letters).collect::<String>())
}

/// A sentence that may begin with a name, which keeps its letter.
pub(super) fn stopped(text: &str) -> String {
    let stop = if text.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{text}{stop}")
}
