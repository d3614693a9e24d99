//! Aligned equations in TeX. In: the rows of one block. Out: lines to be put into `align*` or
//! `aligned`, long ones broken. What holds: every line has a left side, a body that begins with
//! the sign it is aligned at, and at most one reason and one number.

use super::tex::{Reader, Tex, sign};
use crate::page::{Inline, Label, Row};

/// How wide a line of a display may be, in tenths of a letter.
pub(super) const LINE: usize = 850;
/// A left side wider than this has a line to itself.
const LEFT: usize = 400;
/// What a sign, a number and the space between columns take.
const SIGN: usize = 28;
const LABEL: usize = 70;
const GAP: usize = 40;
/// A letter among words.
const LETTER: usize = 8;
/// A column of reasons is not wrapped to less than this.
const MIN_REASON: usize = 170;

/// One line of a display.
pub(super) struct Aligned {
    /// What stands before the sign.
    pub(super) left: String,
    /// The sign and what follows.
    pub(super) body: String,
    /// Why it holds, where that stands beside it.
    pub(super) reason: Option<String>,
    /// Its number.
    pub(super) label: Option<Label>,
}

/// Lays rows out. The reasons stand beside the rows if there is room for all of them, and on
/// lines of their own if not. `reason_tex` sets one, in the share of the line, in percent, that it must
/// be wrapped to, if any.
pub(super) fn aligned(
    rows: &[Row],
    reader: Reader,
    reason_tex: impl Fn(&[Inline], Option<usize>) -> String,
) -> Vec<Aligned> {
    let lefts: Vec<Option<Tex>> =
        rows.iter().map(|row| row.left.as_ref().map(|left| Tex::display(left, reader))).collect();
    let rights: Vec<Tex> = rows.iter().map(|row| Tex::display(&row.right, reader)).collect();
    let widths = lefts.iter().flatten().map(Tex::width);
    let left_width = widths.filter(|width| *width <= LEFT).max().unwrap_or(0);
    let room = LINE - left_width - SIGN;
    let right_width = rights.iter().map(|right| right.width().min(room)).max().unwrap_or(0);
    let reason_width = rows.iter().map(|row| reason_width(&row.reason)).max().unwrap_or(0);
    let reason_room = room.saturating_sub(right_width + LABEL + GAP);
    // Only LaTeX can wrap words within a display.
    let least = if reader == Reader::Latex { reason_width.min(MIN_REASON) } else { reason_width };
    let beside = least <= reason_room;

    let mut lines = Vec::new();
    for ((row, left), right) in rows.iter().zip(lefts).zip(rights) {
        let mut left_tex = String::new();
        let mut indent = "";
        if let Some(left) = left {
            if left.width() > LEFT {
                for (at, part) in left.lines(LINE).into_iter().enumerate() {
                    lines.push(Aligned::of(continued(at, part.trim(), "")));
                }
                indent = "\\quad ";
            } else {
                left_tex = left.one_line();
            }
        }
        let room = if row.label.is_some() { room - LABEL } else { room };
        for (at, part) in right.lines(room).into_iter().enumerate() {
            let sign = format!("{indent}{} ", sign(row.relation));
            let mut line = Aligned::of(continued(at, part.trim(), &sign));
            line.left = std::mem::take(&mut left_tex);
            lines.push(line);
        }
        let Some(last) = lines.last_mut() else { continue };
        last.label = row.label;
        if row.reason.is_empty() {
            continue;
        }
        if beside {
            let wraps = self::reason_width(&row.reason) > reason_room;
            last.reason = Some(reason_tex(&row.reason, wraps.then_some(100 * reason_room / LINE)));
        } else {
            lines.push(Aligned::of(format!("\\qquad {}", reason_tex(&row.reason, None))));
        }
    }
    lines
}

impl Aligned {
    fn of(body: String) -> Aligned {
        Aligned { left: String::new(), body, reason: None, label: None }
    }

    /// The left side and the body with the mark of alignment between.
    pub(super) fn columns(&self) -> String {
        // A bracket right after the end of a line would be read as its option.
        let guard = if self.left.starts_with('[') { "{}" } else { "" };
        let gap = if self.left.is_empty() { "" } else { " " };
        format!("{guard}{}{gap}& {}", self.left, self.body)
    }
}

/// The first line after its sign; the others further in, the sign they begin with kept binary.
fn continued(at: usize, part: &str, sign: &str) -> String {
    if at == 0 { format!("{sign}{part}") } else { format!("\\qquad {{}} {part}") }
}

fn reason_width(reason: &[Inline]) -> usize {
    let width = |inline: &Inline| match inline {
        Inline::Words(text) | Inline::Strong(text) | Inline::Code(text) => {
            LETTER * text.chars().count()
        }
        Inline::Math(math) => Tex::inline(math, Reader::Web).width(),
        Inline::Reference(_) => 5 * LETTER,
    };
    reason.iter().map(width).sum()
}
