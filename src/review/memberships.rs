//! Names with the spaces that they are of: `W \in \mathbb{R}^{2 \times 3}`. In goes the text of a
//! formula, out come the names, as text, and their shapes.

use super::shapes::{Length, Shape};

/// The memberships of a formula's text: what stands before ∈, as text, and the shape behind it.
pub(super) fn memberships(text: &str) -> Vec<(String, Shape)> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, sign) in signs(text) {
        let before = &text[start..at];
        let behind = &text[at + sign.len()..];
        start = at + sign.len();
        let Some(shape) = space(behind) else { continue };
        // From the last sign that ends another statement on.
        let from = before.rfind(['=', ';', '&', '.']).map_or(0, |at| at + 1);
        let from = before.rfind("\\\\").map_or(from, |at| from.max(at + 2));
        found.push((before[from..].trim().to_string(), shape));
    }
    found
}

/// Whether a text is nothing but a space of arrays, as it stands behind ∈.
pub(super) fn is_space(text: &str) -> bool {
    space(text).is_some_and(|shape| shape.is_array())
}

/// Where ∈ stands, and how it is written.
fn signs(text: &str) -> Vec<(usize, &'static str)> {
    let mut all: Vec<(usize, &str)> = text
        .match_indices("\\in")
        .filter(|(at, _)| !text[at + 3..].starts_with(|c: char| c.is_ascii_alphabetic()))
        .map(|(at, _)| (at, "\\in"))
        .collect();
    all.extend(text.match_indices('∈').map(|(at, _)| (at, "∈")));
    all.sort_unstable();
    all
}

/// ℝ with what stands above it, as a shape.
fn space(text: &str) -> Option<Shape> {
    const NUMBERS: &[&str] =
        &["\\mathbb{R}", "\\mathbb R", "\\mathbf{R}", "\\mathrm{R}", "\\R", "\\Re", "ℝ"];
    let text = text.trim_start();
    let rest = NUMBERS.iter().find_map(|sign| text.strip_prefix(sign))?.trim_start();
    let Some(rest) = rest.strip_prefix('^') else { return Some(Shape::Scalar) };
    let rest = rest.trim_start();
    let inside = match rest.strip_prefix('{') {
        Some(inside) => {
            let mut depth = 1;
            let end = inside.char_indices().find_map(|(at, c)| {
                depth += match c {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
                (depth == 0).then_some(at)
            })?;
            &inside[..end]
        }
        None => &rest[..rest.chars().next()?.len_utf8()],
    };
    sizes(inside)
}

/// `2 \times 3` as a shape.
pub(super) fn sizes(text: &str) -> Option<Shape> {
    let text = text.replace("\\times", "×").replace("\\cdot", "×").replace('*', "×");
    let lengths: Option<Vec<Length>> = text.split('×').map(length).collect();
    Some(match lengths?.as_slice() {
        [n] => Shape::Column(n.clone()),
        [n, Length::Number(1)] => Shape::Column(n.clone()),
        [Length::Number(1), n] => Shape::Row(n.clone()),
        [m, n] => Shape::Matrix(m.clone(), n.clone()),
        _ => return None,
    })
}

fn length(text: &str) -> Option<Length> {
    let text = text.trim();
    if let Ok(n) = text.parse::<i64>() {
        return (n > 0).then_some(Length::Number(n));
    }
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(c), None) if c.is_alphabetic() => Some(Length::Named(c.to_string())),
        (Some(_), _) => Some(Length::Unknown),
        (None, _) => None,
    }
}
