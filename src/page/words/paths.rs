//! The words about the paths along which a quantity, or one element of it, acts on the loss.

use num_bigint::BigUint;

use super::{code, grouped, joined, list, say};
use crate::page::math::Math;
use crate::page::{Inline, Label};

/// How many paths a quantity has, before as many of them as are listed. `count` is none past
/// what 128 bits hold, and so is `more`, the number of those that are not listed.
pub(in crate::page) fn of_quantity(
    from: Math,
    loss: Math,
    count: Option<u128>,
    listed: usize,
    more: Option<u128>,
) -> Vec<Inline> {
    let counted = match count {
        Some(count) => format!(" along {} paths", grouped(count)),
        None => " along more paths than 128 bits count".to_string(),
    };
    let end = match (more, listed) {
        (_, 0) => ".".to_string(),
        (Some(0), _) => ":".to_string(),
        (_, 1) => "; the first is".to_string(),
        (_, n) => format!("; the first {n} are"),
    };
    say![from, " acts on ", loss, counted, end]
}

/// How to see the paths that are left out, where they could be counted.
pub(in crate::page) fn left_out(more: Option<&dyn std::fmt::Display>) -> Vec<Inline> {
    let rest = match more {
        Some(n) => format!("{} more are", grouped(n)),
        None => "The rest is".to_string(),
    };
    say![format!("{rest} left out here; "), code("--paths N"), " lists up to N."]
}

/// An element with a single path.
pub(in crate::page) fn one_path(from: Math, loss: Math) -> Vec<Inline> {
    say![from, " acts on ", loss, " along one path:"]
}

/// How many paths an element has, and by how many routes, before as many routes as are shown.
pub(in crate::page) fn by_routes(
    from: Math,
    loss: Math,
    paths: &BigUint,
    routes: &BigUint,
    shown: usize,
) -> Vec<Inline> {
    let end = match shown {
        0 => ".".to_string(),
        1 if *routes == BigUint::from(1u32) => ". All of them go".to_string(),
        n if *routes == BigUint::from(n) => format!(", which take {n} routes:"),
        n => format!(
            ", which take {} routes; the first {} here:",
            grouped(routes),
            if n == 1 { "is".to_string() } else { format!("{n} are") }
        ),
    };
    say![from, " acts on ", loss, format!(" along {} paths", grouped(paths)), end]
}

/// Of the paths through a max most carry nothing.
pub(in crate::page) fn winners_only() -> Vec<Inline> {
    say![
        "Of the paths through a max only those through its winner carry anything; the bracket of \
         each of the others is 0."
    ]
}

/// Before the paths of an element, all of them or the first.
pub(in crate::page) fn listed(listed: usize, all: bool) -> Vec<Inline> {
    say![match listed {
        _ if all => "One by one:".to_string(),
        1 => "The first of them is".to_string(),
        n => format!("The first {n} of them are"),
    }]
}

/// Through how many cells of each tensor a route goes, and how many paths take it, where there
/// are several routes.
pub(in crate::page) fn route(cells: Vec<(usize, Math)>, paths: Option<&BigUint>) -> Vec<Inline> {
    let mut text = Vec::new();
    for (n, (cells, tensor)) in cells.into_iter().enumerate() {
        let before = if n == 0 { "through " } else { ", " };
        let what = match (n, cells) {
            (0, 1) => " cell of ",
            (0, _) => " cells of ",
            _ => " of ",
        };
        text.extend(say![format!("{before}{}{what}", grouped(cells)), tensor]);
    }
    if let Some(paths) = paths {
        let plural = if *paths == BigUint::from(1u32) { "" } else { "s" };
        text.extend(say![format!(": {} path{plural}", grouped(paths))]);
    }
    text
}

/// Before a derivative with every δ put in.
pub(in crate::page) fn all_put_in(results: Vec<Label>) -> Vec<Inline> {
    let mut text = say!["Along all of its paths, with "];
    text.extend(joined(results));
    text.extend(say![" put in for each δ, it is"]);
    text
}

/// In the place of a derivative that is too long with every δ put in.
pub(in crate::page) fn too_long(tensors: Vec<Math>) -> Vec<Inline> {
    let mut text = say!["Its δ are written out in the sections of "];
    text.extend(list(tensors));
    text.extend(say!["; in one formula they would fill pages."]);
    text
}

/// The paths could not be counted.
pub(in crate::page) fn uncounted(most: impl std::fmt::Display) -> Vec<Inline> {
    say![format!("Its paths are not counted: the network has more than {most} scalar operations.")]
}
