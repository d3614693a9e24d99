//! Tables on a terminal. In: a table and the width of the page. Out: lines. What holds: columns
//! are padded by what a terminal shows; words wrap in their cells; a table that is too wide even
//! so is set one row under the other, each cell with its head before it.

use super::flow::Flow;
use super::line::{Line, Tone};
use crate::page::{Inline, Math, Table};

/// Where tables begin.
const INDENT: usize = 2;
/// The space between columns.
const GAP: usize = 3;
/// A column of words is not wrapped to less than this.
const MIN_WRAPPED: usize = 16;

/// Lays a table out on a page `width` columns wide.
pub(super) fn table(table: &Table, width: usize, unicode: bool) -> Vec<Line> {
    let columns = table.header.len();
    if columns == 0 {
        return Vec::new();
    }
    let flow = |cell: &Vec<Inline>, tone| Flow::new(cell, unicode, tone);
    let header: Vec<Flow> = table.header.iter().map(|cell| flow(cell, Tone::Bold)).collect();
    let rows: Vec<Vec<Flow>> = table
        .rows
        .iter()
        .map(|row| row.iter().take(columns).map(|cell| flow(cell, Tone::Plain)).collect())
        .collect();
    let mut natural = vec![0; columns];
    let mut least = vec![0; columns];
    for row in std::iter::once(&header).chain(&rows) {
        for (at, cell) in row.iter().enumerate() {
            natural[at] = natural[at].max(cell.width());
            least[at] = least[at].max(cell.narrowest());
        }
    }
    let room = width - INDENT;
    match fitted(&natural, &least, room.saturating_sub(GAP * (columns - 1))) {
        Some(widths) => grid(header, rows, &widths, &numeric_columns(table), unicode),
        None => stacked(&table.header, rows, room, unicode),
    }
}

/// Which columns hold nothing but numbers, and are set flush right.
pub(super) fn numeric_columns(table: &Table) -> Vec<bool> {
    let is_number = |cell: &Vec<Inline>| {
        matches!(&cell[..], [Inline::Math(Math::Number(_) | Math::Decimal(_))])
    };
    (0..table.header.len())
        .map(|at| {
            !table.rows.is_empty()
                && table.rows.iter().all(|row| row.get(at).is_some_and(is_number))
        })
        .collect()
}

/// The widths of columns that fit in `room` together, the widest ones wrapped; none if they
/// cannot.
fn fitted(natural: &[usize], least: &[usize], room: usize) -> Option<Vec<usize>> {
    let mut widths = natural.to_vec();
    let mut over = natural.iter().sum::<usize>().saturating_sub(room);
    while over > 0 {
        let spare = |at: usize| widths[at].saturating_sub(least[at].max(MIN_WRAPPED));
        let widest = (0..widths.len()).filter(|at| spare(*at) > 0).max_by_key(|at| widths[*at])?;
        let cut = spare(widest).min(over);
        widths[widest] -= cut;
        over -= cut;
    }
    Some(widths)
}

fn grid(
    header: Vec<Flow>,
    rows: Vec<Vec<Flow>>,
    widths: &[usize],
    numeric: &[bool],
    unicode: bool,
) -> Vec<Line> {
    let wraps = rows.iter().flatten().zip(widths.iter().cycle()).any(|(cell, w)| cell.width() > *w);
    let mut lines = Vec::new();
    put_row(header, widths, numeric, Tone::Bold, &mut lines);
    let mut rule = Line::default();
    for (at, width) in widths.iter().enumerate() {
        rule.pad_to(INDENT + widths[..at].iter().sum::<usize>() + GAP * at);
        rule.push(Tone::Dim, &if unicode { "─" } else { "-" }.repeat(*width));
    }
    lines.push(rule);
    for (at, row) in rows.into_iter().enumerate() {
        if wraps && at > 0 {
            lines.push(Line::default());
        }
        put_row(row, widths, numeric, Tone::Plain, &mut lines);
    }
    lines
}

fn put_row(row: Vec<Flow>, widths: &[usize], numeric: &[bool], tone: Tone, lines: &mut Vec<Line>) {
    let cells: Vec<Vec<Line>> =
        row.into_iter().zip(widths).map(|(cell, width)| cell.lines(*width, tone)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    for number in 0..height {
        let mut line = Line::default();
        let mut column = INDENT;
        for (at, cell) in cells.iter().enumerate() {
            if let Some(part) = cell.get(number) {
                let before = if numeric[at] { widths[at].saturating_sub(part.width()) } else { 0 };
                line.pad_to(column + before);
                line.append(part);
            }
            column += widths[at] + GAP;
        }
        lines.push(line);
    }
}

fn stacked(header: &[Vec<Inline>], rows: Vec<Vec<Flow>>, room: usize, unicode: bool) -> Vec<Line> {
    let head = |at: usize| Flow::new(&header[at], unicode, Tone::Dim);
    let widest = (0..header.len()).map(|at| head(at).width()).max().unwrap_or(0);
    // Heads stand in a column of their own while that leaves half of the page to the cells.
    let aligned = widest + 2 <= room / 2;
    let mut lines: Vec<Line> = Vec::new();
    for row in rows {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        for (at, cell) in row.into_iter().enumerate() {
            let column = INDENT + if aligned { widest + 2 } else { 2 };
            let mut heads = head(at).lines(room.saturating_sub(1), Tone::Dim);
            let mut line = Line::default();
            line.pad_to(INDENT);
            line.append(&heads.pop().unwrap_or_default());
            line.push(Tone::Dim, ":");
            for part in heads {
                let mut above = Line::default();
                above.pad_to(INDENT);
                above.append(&part);
                lines.push(above);
            }
            let below = !aligned && line.width() + 1 + cell.width() > INDENT + room;
            let start = if aligned || below { column } else { line.width() + 1 };
            if below {
                lines.push(std::mem::take(&mut line));
            }
            for part in cell.lines((INDENT + room).saturating_sub(start), Tone::Plain) {
                line.pad_to(start);
                line.append(&part);
                lines.push(std::mem::take(&mut line));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::fitted;

    #[test]
    fn the_widest_column_gives_way_first() {
        assert_eq!(fitted(&[10, 50, 20], &[10, 8, 20], 60), Some(vec![10, 30, 20]));
        assert_eq!(fitted(&[10, 50], &[10, 50], 55), None);
        assert_eq!(fitted(&[10, 50], &[10, 50], 60), Some(vec![10, 50]));
    }
}
