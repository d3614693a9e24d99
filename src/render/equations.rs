//! Aligned equations on a terminal. In: the rows of one block and the width of the page. Out:
//! lines. What holds: relation signs stand in one column; reasons stand in one column to the
//! right wherever they fit, beneath their row where not; numbers stand flush right.

use pretty::Arena;
use unicode_width::UnicodeWidthStr;

use super::flow::Flow;
use super::formula::{Formula, sign};
use super::line::{Line, Tone, lay_out};
use crate::page::Row;

/// Where equations begin.
const INDENT: usize = 2;
/// The least space between columns.
const GAP: usize = 2;
/// The space before the column of reasons.
const REASON_GAP: usize = 3;
/// A column of reasons is no narrower than this, unless every reason is.
const MIN_REASON: usize = 16;
/// What a column past the edge of the page costs, where a broken line costs 3.
const TOO_WIDE: usize = 1000;
/// How many places are tried for a column.
const MAX_CANDIDATES: usize = 64;

/// A row whose pieces are spelt and measured.
struct Piece {
    left: Option<Formula>,
    left_width: usize,
    sign: &'static str,
    right: Formula,
    right_width: usize,
    right_narrowest: usize,
    reason: Flow,
    reason_width: usize,
    label: String,
}

/// Where the columns stand.
#[derive(Clone, Copy)]
struct Columns {
    /// Of the relation sign.
    relation: usize,
    /// Of the right sides.
    right: usize,
    /// Of the reasons, if they have a column.
    reason: Option<usize>,
    /// Where reasons end.
    reason_end: usize,
}

/// Lays rows out on a page `width` columns wide.
pub(super) fn equations(rows: &[Row], width: usize, unicode: bool) -> Vec<Line> {
    let pieces: Vec<Piece> = rows.iter().map(|row| Piece::new(row, unicode)).collect();
    let columns = best_columns(&pieces, width);
    let mut lines = Vec::new();
    for piece in &pieces {
        piece.put(columns, width, &mut lines);
    }
    lines
}

impl Piece {
    fn new(row: &Row, unicode: bool) -> Piece {
        let left = row.left.as_ref().map(|left| Formula::new(left, unicode));
        let right = Formula::new(&row.right, unicode);
        let reason = Flow::new(&row.reason, unicode, Tone::Dim);
        Piece {
            left_width: left.as_ref().map_or(0, Formula::width),
            left,
            sign: sign(row.relation, unicode),
            right_width: right.width(),
            right_narrowest: right.narrowest(),
            right,
            reason_width: reason.width(),
            reason,
            label: row.label.map(|label| format!("({label})")).unwrap_or_default(),
        }
    }

    fn label_room(&self) -> usize {
        if self.label.is_empty() { 0 } else { self.label.width() + GAP }
    }

    fn has_own_left(&self, relation: usize) -> bool {
        INDENT + self.left_width + 1 > relation
    }

    fn put(&self, columns: Columns, width: usize, lines: &mut Vec<Line>) {
        let mut line = Line::default();
        if let Some(left) = &self.left {
            if self.has_own_left(columns.relation) {
                let arena = Arena::new();
                for part in lay_out(left.doc(&arena).nest(2), width - INDENT) {
                    lines.push(at(INDENT, &part));
                }
            } else {
                line.pad_to(columns.relation - 1 - self.left_width);
                line.push(Tone::Plain, &left.one_line());
            }
        }
        // A shorter sign stands flush with the right sides.
        line.pad_to(columns.right - 1 - self.sign.width());
        line.push(Tone::Plain, self.sign);
        for (number, part) in self.right_lines(width - columns.right).iter().enumerate() {
            if number > 0 {
                lines.push(std::mem::take(&mut line));
            }
            line.pad_to(columns.right);
            line.append(part);
        }

        let beside = columns.reason.filter(|reason| line.width() + GAP <= *reason);
        let (indent, end) = match columns.reason {
            Some(reason) => (reason, columns.reason_end),
            None => (columns.right + 2, width),
        };
        let mut reasons = Vec::new();
        if !self.reason.is_empty() {
            reasons = self.reason.lines(end.saturating_sub(indent), Tone::Dim);
        }
        let mut reasons = reasons.iter();
        if beside.is_some()
            && let Some(reason) = reasons.next()
        {
            line.pad_to(indent);
            line.append(reason);
        }
        if !self.label.is_empty() {
            if line.width() + GAP + self.label.width() > width {
                lines.push(std::mem::take(&mut line));
            }
            line.pad_to(width - self.label.width());
            line.push(Tone::Dim, &self.label);
        }
        lines.push(line);
        lines.extend(reasons.map(|reason| at(indent, reason)));
    }

    /// The right side in lines of at most `room` columns. The number is kept room for, unless it
    /// takes fewer lines to give it one of its own.
    fn right_lines(&self, room: usize) -> Vec<Line> {
        let lines = |room: usize| {
            let arena = Arena::new();
            lay_out(self.right.doc(&arena), room)
        };
        let kept = lines(room.saturating_sub(self.label_room()));
        if self.label.is_empty() || kept.len() < 3 {
            return kept;
        }
        let whole = lines(room);
        let last = whole.last().map_or(0, Line::width);
        let own_line = usize::from(last + self.label_room() > room);
        if whole.len() + own_line < kept.len() { whole } else { kept }
    }
}

fn at(indent: usize, part: &Line) -> Line {
    let mut line = Line::default();
    line.pad_to(indent);
    line.append(part);
    line
}

/// The columns that leave the fewest broken lines, the relation as far right as that allows.
fn best_columns(pieces: &[Piece], width: usize) -> Columns {
    let sign_width = pieces.iter().map(|piece| piece.sign.width()).max().unwrap_or(1);
    let mut lefts: Vec<usize> = pieces
        .iter()
        .filter(|piece| piece.left.is_some())
        .map(|piece| INDENT + piece.left_width + 1)
        .filter(|relation| *relation <= width / 2)
        .collect();
    lefts.push(INDENT + 2);
    lefts.sort_unstable_by(|a, b| b.cmp(a));
    lefts.dedup();
    lefts.truncate(MAX_CANDIDATES);
    let mut best = None;
    for relation in lefts {
        let right = relation + sign_width + 1;
        let (reason_cost, reason, reason_end) = best_reason(pieces, right, width);
        let mut cost = reason_cost;
        for piece in pieces {
            let room = width.saturating_sub(right + piece.label_room()).max(1);
            cost += 3 * (piece.right_width.saturating_sub(1) / room);
            if piece.left.is_some() && piece.has_own_left(relation) {
                cost += 4;
            }
            cost += TOO_WIDE * (right + piece.right_narrowest).saturating_sub(width);
        }
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, Columns { relation, right, reason, reason_end }));
        }
    }
    let narrow =
        Columns { relation: INDENT + 2, right: INDENT + 4, reason: None, reason_end: width };
    best.map_or(narrow, |(_, columns)| columns)
}

/// The column for the reasons, how many lines it costs, and where it ends.
fn best_reason(pieces: &[Piece], right: usize, width: usize) -> (usize, Option<usize>, usize) {
    let reasons = || pieces.iter().filter(|piece| !piece.reason.is_empty());
    let label_room = pieces.iter().map(Piece::label_room).max().unwrap_or(0);
    let end = width.saturating_sub(label_room);
    let widest = reasons().map(|piece| piece.reason_width).max().unwrap_or(0);
    let unbreakable = reasons().map(|piece| piece.reason.narrowest()).max().unwrap_or(0);
    let needed = widest.min(MIN_REASON).max(unbreakable);
    let mut candidates: Vec<usize> = reasons()
        .map(|piece| right + piece.right_width + REASON_GAP)
        .filter(|column| column + needed <= end)
        .collect();
    candidates.sort_unstable();
    candidates.dedup();
    candidates.truncate(MAX_CANDIDATES);
    let beneath = |room: usize| -> usize {
        reasons().map(|piece| 2 * piece.reason_width.div_ceil(room.max(1))).sum()
    };
    let mut best = (beneath(width.saturating_sub(right + 2)), None, width);
    for column in candidates {
        let cost = reasons()
            .map(|piece| {
                let lines = piece.reason_width.div_ceil(end - column).max(1);
                let beside = right + piece.right_width + GAP <= column;
                2 * (lines - usize::from(beside))
            })
            .sum();
        if cost < best.0 || best.1.is_none() && cost == best.0 {
            best = (cost, Some(column), end);
        }
    }
    best
}
