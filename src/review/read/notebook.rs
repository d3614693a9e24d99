//! A Jupyter notebook: the cells in Markdown, each by itself, with places in the file.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::passage::Passage;
use super::stream::Settled;
use super::{Piece, markdown, scan};
use crate::diag::{Error, Kind, Span};

/// Version 4 has cells, version 3 has them on worksheets.
#[derive(Deserialize)]
struct Notebook<'a> {
    #[serde(borrow)]
    cells: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    worksheets: Option<Vec<Worksheet<'a>>>,
}

#[derive(Deserialize)]
struct Worksheet<'a> {
    #[serde(borrow, default)]
    cells: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Cell<'a> {
    #[serde(borrow)]
    cell_type: Cow<'a, str>,
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
}

/// Where a cell stands: its bytes in the file, and its id, if it has one.
pub type CellPlace = (Range<usize>, Option<String>);

/// The cells of all kinds, in order.
pub fn cells(source: &str) -> Result<Vec<CellPlace>, Error> {
    let mut found = Vec::new();
    for raw in all(source)? {
        let cell: Cell<'_> = parse(source, raw.get())?;
        let start = offset(source, raw.get());
        found.push((start..start + raw.get().len(), cell.id.map(Cow::into_owned)));
    }
    Ok(found)
}

fn all(source: &str) -> Result<Vec<&RawValue>, Error> {
    let json = source.trim_start_matches('\u{feff}');
    let notebook: Notebook<'_> = parse(source, json)?;
    if notebook.cells.is_none() && notebook.worksheets.is_none() {
        return Err(Error::new(Kind::Syntax, "this JSON has no cells, so it is no notebook")
            .at(Span::new(0, 0)));
    }
    let sheets = notebook.worksheets.unwrap_or_default();
    let cells = notebook.cells.unwrap_or_default();
    Ok(cells.into_iter().chain(sheets.into_iter().flat_map(|s| s.cells)).collect())
}

/// The pieces of all cells, in order.
pub fn pieces(source: &str) -> Result<Vec<Piece>, Error> {
    let mut pieces = Vec::new();
    for cell in all(source)? {
        let cell: Cell<'_> = parse(source, cell.get())?;
        if let ("markdown" | "heading", Some(text)) = (&*cell.cell_type, cell.source) {
            let text = unescaped(source, text)?;
            let (mut stream, rules) = markdown::stream(&text.text);
            stream.text = stream.text.through(&text);
            for mark in &mut stream.marks {
                if let Settled::Piece(piece) = &mut mark.kind
                    && let Piece::Formula(body, _) = &mut **piece
                {
                    *body = body.through(&text);
                }
            }
            let first = pieces.len();
            scan::scan(stream, rules, &mut pieces)?;
            // Behind another one, a cell begins a paragraph.
            if let Some(Piece::Words(words)) = pieces.get_mut(first).filter(|_| first > 0)
                && let Some(sign) = words.text.chars().next()
            {
                // The break stands where its first sign does.
                let start = words.source(0..sign.len_utf8());
                let mut apart = Passage::empty(start.start);
                apart.push_as("\n\n", start);
                apart.push_slice(words, 0..words.text.len());
                *words = apart;
            }
        }
    }
    Ok(pieces)
}

/// Where a part of the source stands in it.
fn offset(source: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(source.as_ptr() as usize).min(source.len())
}

fn parse<'a, T: Deserialize<'a>>(source: &'a str, json: &'a str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|error| {
        let line = error.line().saturating_sub(1);
        let start = match line {
            0 => 0,
            nth => json.match_indices('\n').nth(nth - 1).map_or(json.len(), |(at, _)| at + 1),
        };
        // A column counts bytes, and may be one within a character.
        let mut at = (start + error.column().saturating_sub(1)).min(json.len());
        while !json.is_char_boundary(at) {
            at -= 1;
        }
        let end = at + json[at..].chars().next().map_or(0, char::len_utf8);
        let before = offset(source, json);
        let full = error.to_string();
        let message = full.rsplit_once(" at line ").map_or(&*full, |(message, _)| message);
        Error::new(Kind::Syntax, format!("this is no notebook: {message}"))
            .at(Span::new(before + at, before + end))
    })
}

/// The text of a JSON string, or of an array of strings one after the other.
fn unescaped(source: &str, value: &RawValue) -> Result<Passage, Error> {
    let raw = value.get();
    let start = offset(source, raw);
    let mut text = Passage::empty(start);
    if raw.starts_with('[') {
        let lines: Vec<&RawValue> =
            serde_json::from_str(raw).map_err(|_| no_text(start, raw.len()))?;
        for line in lines {
            push_string(&mut text, source, offset(source, line.get()), line.get())?;
        }
    } else {
        push_string(&mut text, source, start, raw)?;
    }
    Ok(text)
}

fn no_text(start: usize, len: usize) -> Error {
    Error::new(Kind::Syntax, "the source of a cell is a string or a list of strings")
        .at(Span::new(start, start + len))
}

/// Adds a JSON string, which the parser has found to be one.
fn push_string(text: &mut Passage, source: &str, start: usize, raw: &str) -> Result<(), Error> {
    let inside = raw.strip_prefix('"').and_then(|r| r.strip_suffix('"'));
    let inside = inside.ok_or_else(|| no_text(start, raw.len()))?;
    let start = start + 1;
    let (mut from, mut at) = (0, 0);
    while let Some(n) = inside[at..].find('\\') {
        at += n;
        text.push(source, start + from..start + at);
        let (sign, len) = escape(&inside[at..]);
        let mut utf8 = [0; 4];
        text.push_as(sign.encode_utf8(&mut utf8), start + at..start + at + len);
        at += len;
        from = at;
    }
    text.push(source, start + from..start + inside.len());
    Ok(())
}

/// The sign that an escape stands for, and the length of the escape.
fn escape(text: &str) -> (char, usize) {
    let simple = match text.as_bytes().get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => return unicode(text),
        Some(b'"') => '"',
        Some(b'/') => '/',
        Some(b'\\') => '\\',
        _ => return ('\\', 1),
    };
    (simple, 2)
}

fn unicode(text: &str) -> (char, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else { return ('\\', 1) };
    let pair = [first, unit(6).unwrap_or(0)];
    match char::decode_utf16(pair).next() {
        Some(Ok(sign)) => (sign, 6 * sign.len_utf16()),
        // Half of a pair stands for nothing.
        _ => (char::REPLACEMENT_CHARACTER, 6),
    }
}
