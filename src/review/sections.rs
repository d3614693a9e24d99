//! A section by itself: what a document says of a name in one section takes no verdict away in
//! another that has a definition of its own.
//!
//! Goes in: a document with its marks, and the same as it was read. Comes out: rows that are open as
//! the document is read, and that hold as their section alone is read, are proved. What always
//! holds: a row is read so only if each name that it leads to is defined in its section, or nowhere
//! and nothing else is said of it; nothing is refuted here.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::claim::{names_in, names_of, statements};
use super::document::{Document, Item};
use super::marker;
use super::names::spelled;
use super::prose::Outline;
use super::scope::Meaning;
use super::survey::{Survey, survey};
use super::tex::syntax::Name;
use super::{Mark, Review, Tally, arguments, arrays, numbered};

/// The most sections of a document that are read by themselves.
const MAX_SECTIONS: usize = 200;

/// Says the statements of a document in scalars.
pub(super) fn lower(document: &mut Document<'_>) {
    numbered::lower(document);
    arguments::drop(document);
    arrays::spread(document, None);
}

/// Proves what is open in a document and holds in its section alone.
pub(super) fn alone(review: &mut Review, document: &Document<'_>, read: &Document<'_>) {
    let outline = Outline::of(read);
    let sections: Vec<usize> = (0..read.items.len()).map(|at| outline.at(at).section).collect();
    let all: BTreeSet<usize> = sections.iter().copied().collect();
    if all.len() < 2 || all.len() > MAX_SECTIONS {
        return;
    }
    let open = |mark: &Mark| matches!(mark, Mark::Undecided { .. } | Mark::OutOfScope { .. });
    let mut whole: Option<Survey<'_>> = None;
    for section in all {
        let Some(first) = sections.iter().position(|s| *s == section) else { continue };
        let last = first + sections[first..].iter().take_while(|s| **s == section).count();
        let within = |source: usize| {
            read.items[first..last].iter().any(|item| match item {
                Item::Row(placed) => placed.source(&placed.row.span).contains(&source),
                Item::Words(_) => false,
            })
        };
        let rows = review.rows.iter();
        if !rows.clone().any(|r| r.claims.iter().any(|c| open(&c.mark)) && within(r.source.start)) {
            continue;
        }
        let mut part = read.part(first..last);
        lower(&mut part);
        let marks = marker::mark(&part, None);
        let proved = |row: &super::Row| {
            row.claims.iter().any(|claim| matches!(claim.mark, Mark::Proved { .. }))
        };
        if !marks.rows.iter().any(proved) {
            continue;
        }
        let own = survey(&part, None, 0);
        let whole = whole.get_or_insert_with(|| survey(document, None, 0));
        let vectors = arrays_beside(document, read, &part);
        for row in &mut review.rows {
            let Some(alone) = marks.rows.iter().find(|other| other.source == row.source) else {
                continue;
            };
            if alone.claims.len() != row.claims.len()
                || !stands(&part, first, [&own, whole], &vectors, row)
            {
                continue;
            }
            for (claim, other) in row.claims.iter_mut().zip(&alone.claims) {
                if let (true, Mark::Proved { error_bound, given }) =
                    (open(&claim.mark), &other.mark)
                    && claim.source == other.source
                {
                    let mut given = given.clone();
                    given.push("names as their section has them".to_string());
                    claim.mark = Mark::Proved { error_bound: *error_bound, given };
                }
            }
        }
    }
    review.tally = Tally::of(&review.rows);
}

/// Whether each name to which the display of a row leads has its meaning in the section, or none
/// anywhere.
fn stands(
    part: &Document<'_>,
    first: usize,
    [own, whole]: [&Survey<'_>; 2],
    vectors: &BTreeSet<String>,
    row: &super::Row,
) -> bool {
    let place = part.items.iter().position(|item| match item {
        Item::Row(placed) => placed.source(&placed.row.span) == row.source,
        Item::Words(_) => false,
    });
    let Some(place) = place else { return false };
    let passage = match &part.items[place] {
        Item::Row(placed) => placed.passage.clone(),
        Item::Words(_) => return false,
    };
    let mut names: Vec<(Name, usize)> = Vec::new();
    for (at, placed, statement) in statements(part) {
        if Rc::ptr_eq(&placed.passage, &passage) || at == place {
            names.extend(names_in(statement).into_iter().map(|name| (name, at)));
        }
    }
    let mut seen = BTreeSet::new();
    while let Some((name, at)) = names.pop() {
        if !seen.insert(spelled(&name)) {
            continue;
        }
        if vectors.contains(&name.stem) {
            return false;
        }
        match own.scope.meaning(&name, at) {
            Meaning::Defined(definition, _) | Meaning::Element(definition, ..) => {
                names.extend(names_of(&definition.body).into_iter().map(|n| (n, definition.at)));
            }
            Meaning::Cell(_) => return false,
            Meaning::Free => match own.scope.in_force(&name, at) {
                Some(definition) => {
                    names
                        .extend(names_of(&definition.body).into_iter().map(|n| (n, definition.at)));
                }
                None if !is_free(&name, first + at, whole) => return false,
                // What moves it by other sections is not known to this one.
                None if is_suspect(&name, whole) && !is_suspect(&name, own) => return false,
                None => {}
            },
        }
    }
    true
}

/// The stems of what is an array in a document and not in a part of it.
fn arrays_beside(
    document: &Document<'_>,
    read: &Document<'_>,
    part: &Document<'_>,
) -> BTreeSet<String> {
    let own: BTreeSet<&str> = part.arrays.axes.iter().map(|(of, ..)| of.stem.as_str()).collect();
    let all = document.arrays.axes.iter().map(|(of, ..)| of);
    let all = all.chain(read.told.iter().map(|(_, of, _)| of));
    all.map(|of| of.stem.clone()).filter(|stem| !own.contains(stem.as_str())).collect()
}

/// Whether a document says nowhere what a name is.
fn is_free(name: &Name, at: usize, Survey { scope, .. }: &Survey<'_>) -> bool {
    let defines = |key: &String| stem(key) == name.stem;
    matches!(scope.meaning(name, at), Meaning::Free)
        && scope.in_force(name, at).is_none()
        && !scope.definitions.keys().any(defines)
        && !scope.unread.iter().any(defines)
}

/// Whether something that a document differentiates seems to move a name.
fn is_suspect(name: &Name, Survey { scope, unknowns, .. }: &Survey<'_>) -> bool {
    let all = unknowns.suspect.keys().chain(&unknowns.strangers);
    all.into_iter().any(|symbol| stem(&scope.graph.symbol(*symbol).spelling()) == name.stem)
}

/// A name apart from its indices and marks.
fn stem(spelling: &str) -> &str {
    spelling.split(['_', '^', '[']).next().unwrap_or(spelling)
}
